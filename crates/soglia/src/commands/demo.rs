//! `soglia demo`. Read [`run`] first.

mod desk;
pub mod people;

use std::io::Write;
use std::path::{Path, PathBuf};

use soglia_app::measured::Measured;
use soglia_app::review;
use soglia_domain::contract::Contract;
use soglia_ledger::import::{Format, Request};
use soglia_ledger::store::{Ledger, Locked};
use soglia_measure::compare::{self, Agreement};
use soglia_measure::measurement::Report;

use self::desk::Desk;
use super::figures::Reader;
use super::{import, now, session};
use crate::cli::Demo;
use crate::config::{Settings, read_contract};
use crate::demo::{DemoFiles, Large, Sizes, generate, write_large_queue_log};
use crate::error::{DONE, Done, Failure};

/// The fictitious semester.
const PERIOD: &str = "2023-H2";

/// Makes a fictitious Region's semester and runs the main job on it.
pub async fn run(settings: &Settings, args: Demo) -> Done {
    let out = &args.out;
    if let Some(bytes) = args.large_queue_log {
        std::fs::create_dir_all(out)?;
        let path = out.join("queue_log");
        let file = std::io::BufWriter::new(std::fs::File::create(&path)?);
        let over = args.over.as_deref().map(spread_over).transpose()?;
        let lines = write_large_queue_log(file, Large { bytes, seed: args.seed, over })?;
        writeln!(std::io::stdout(), "{}: {lines} lines", path.display())?;
        return Ok(DONE);
    }
    let ledger_dir = out.join("ledger");
    if ledger_dir.exists() && !args.sources_only {
        return Err(Failure::usage(format!("`{}` exists already", ledger_dir.display()))
            .hint("name another folder, or remove this one"));
    }
    let say = |text: &str| {
        if !settings.quiet {
            note!("{text}");
        }
    };
    say("Making the semester of a fictitious Region, as its platforms would deliver it …");
    let files = generate(out, args.seed, &Sizes::full(), &mut |text| say(&format!("  {text}")))?;
    if args.sources_only {
        writeln!(std::io::stdout(), "{}", out.join("sources").display())?;
        return Ok(DONE);
    }
    let contract = read_contract(&files.contract)?;
    say("Taking it into the ledger …");
    let ledger = Ledger::open_or_create(&ledger_dir).await?;
    std::fs::write(
        ledger_dir.join(super::report::SIMULATED),
        "made by `soglia demo`: nothing here happened\n",
    )?;
    take_in(settings, &ledger, &contract, &files).await?;
    say("Measuring …");
    let period = super::period(PERIOD, &contract)?;
    let session = session(&ledger, None).await?;
    let file = super::report::contract_name(settings);
    let notice = Some(review::simulated_notice());
    let lang = settings.lang;
    let measured = Measured::read(&ledger, &session, &contract, &file, &period, lang, notice);
    let mut measured = measured
        .await?
        .ok_or_else(|| Failure::no_data(format!("the ledger has no data in {PERIOD}")))?;
    say("Filling the registers, opening the review, writing the report …");
    let desk = Desk::new(out, &contract).await?;
    Box::pin(desk.fill(out, &session, &period, &measured.report)).await?;
    desk.put_written(&period, &mut measured).await?;
    let documents = super::report::write(&measured, (lang, &period), &out.join("report"))?;
    summary(settings, &contract, &measured.report, &files, &documents, out)
}

/// The seconds of a period, by the clocks of the fictitious Region.
fn spread_over(text: &str) -> Result<(i64, i64), Failure> {
    let zone = jiff::tz::TimeZone::get("Europe/Rome").map_err(Failure::internal)?;
    let period = super::period_in(text, &zone)?;
    Ok((period.start().as_millis() / 1000, period.end().as_millis() / 1000))
}

/// Imports everything that was delivered.
async fn take_in(
    settings: &Settings,
    ledger: &Ledger,
    contract: &Contract,
    files: &DemoFiles,
) -> Result<(), Failure> {
    let mut locked = ledger.lock().await?;
    take_files(settings, &mut locked, contract, &Format::QueueLog, None, &files.queue_logs).await?;
    for mapped in &files.mapped {
        let format = import::read_mapping(&mapped.mapping)?;
        take_files(settings, &mut locked, contract, &format, mapped.service, &mapped.files).await?;
    }
    Ok(())
}

async fn take_files(
    settings: &Settings,
    locked: &mut Locked,
    contract: &Contract,
    format: &Format,
    service: Option<&str>,
    files: &[PathBuf],
) -> Result<(), Failure> {
    for (at, path) in files.iter().enumerate() {
        let request = Request {
            path,
            format,
            service,
            source: None,
            contract,
            zone: None,
            more_follow: at + 1 < files.len(),
            now: now(),
        };
        import::one(locked, &request, settings).await?;
    }
    Ok(())
}

/// Prints the figures, the declared ones beside them, and where everything is.
fn summary(
    settings: &Settings,
    contract: &Contract,
    report: &Report,
    files: &DemoFiles,
    documents: &[PathBuf],
    out: &Path,
) -> Done {
    let mut stdout = std::io::stdout().lock();
    let document = serde_json::from_str(&report.to_json()).map_err(Failure::internal)?;
    let (lang, reader) = (settings.lang, Reader::Person(settings.lang));
    super::figures::table(&document, reader).in_lang(lang).print(&mut stdout)?;
    let declared = super::measure::read_declared(&files.declared)?;
    for c in compare::compare(contract, report, &declared) {
        if c.agreement != Agreement::Agrees {
            writeln!(
                stdout,
                "declared {} {}: {}, computed {} ({})",
                c.service,
                c.indicator,
                c.declared,
                c.computed,
                c.agreement.name()
            )?;
        }
    }
    writeln!(stdout, "\nSimulated data: no such Region, no such calls.")?;
    writeln!(stdout, "contract   {}", files.contract.display())?;
    writeln!(stdout, "sources    {}", out.join("sources").display())?;
    writeln!(stdout, "ledger     {}", out.join("ledger").display())?;
    writeln!(stdout, "registers  {}", out.join("registers").display())?;
    for document in documents {
        writeln!(stdout, "report     {}", document.display())?;
    }
    let options = format!(
        "--ledger {} --contract {}",
        out.join("ledger").display(),
        files.contract.display()
    );
    writeln!(
        stdout,
        "\nNext: soglia explain K1 --service cup --period {PERIOD} --calls late {options}"
    )?;
    if let Some(scenario) = files.scenarios.first() {
        writeln!(stdout, "      soglia whatif --scenario {} {options}", scenario.display())?;
    }
    let registers = out.join("registers");
    writeln!(
        stdout,
        "      soglia review check {PERIOD} --registers {} {options}",
        registers.display()
    )?;
    writeln!(stdout, "      soglia serve --demo {}", out.display())?;
    Ok(DONE)
}
