//! `soglia report`. Read [`run`] first, then [`write`].

use std::io::Write;
use std::path::{Path, PathBuf};

use soglia_app::measured::Measured;
use soglia_app::review;
use soglia_domain::contract::Contract;
use soglia_domain::period::Period;
use soglia_domain::text::Lang;
use soglia_ledger::session::Session;
use soglia_ledger::store::Ledger;
use soglia_measure::measurement::Report;
use soglia_report::ReportError;
use soglia_report::model::ReportInput;

use super::{opened, period};
use crate::cli::ReportArgs;
use crate::config::Settings;
use crate::error::{DONE, Done, Failure};

/// A file of this name in a ledger's folder says that its data are invented.
pub const SIMULATED: &str = "SIMULATED";

/// The name of the contract file that `soglia demo` writes: nobody names it on the command line.
const DEMO_CONTRACT: &str = "contract.toml";

/// Writes the semester's review.
pub async fn run(settings: &Settings, args: ReportArgs) -> Done {
    let (contract, ledger, session) = opened(settings).await?;
    let period = period(&args.period.period, &contract)?;
    let simulated = ledger.dir().join(SIMULATED).exists();
    let source = Source { contract: &contract, ledger: &ledger, session: &session };
    let review = source.review(settings, &period, &args.out, simulated).await?;
    let mut out = std::io::stdout().lock();
    for path in &review.paths {
        writeln!(out, "{}", path.display())?;
    }
    if !settings.quiet {
        review.summary(&contract);
    }
    Ok(DONE)
}

/// Measures a period and writes the review as HTML and PDF; returns where they are, and the
/// figures in them.
pub async fn write(
    settings: &Settings,
    contract: &Contract,
    ledger: &Ledger,
    session: &Session,
    period: &Period,
    out: &Path,
    simulated: bool,
) -> Result<(Vec<PathBuf>, Report), Failure> {
    let source = Source { contract, ledger, session };
    let review = source.review(settings, period, out, simulated).await?;
    Ok((review.paths, review.report))
}

/// What a review is written from.
struct Source<'a> {
    contract: &'a Contract,
    ledger: &'a Ledger,
    session: &'a Session,
}

/// A review as it was written.
struct Review {
    paths: Vec<PathBuf>,
    report: Report,
    /// Whether data that came after the seal were left out.
    pinned: bool,
}

impl Source<'_> {
    /// Measures and writes; a sealed period is measured over the data it was sealed with.
    async fn review(
        &self,
        settings: &Settings,
        period: &Period,
        out: &Path,
        simulated: bool,
    ) -> Result<Review, Failure> {
        let Source { contract, ledger, session } = self;
        let notice = simulated.then(review::simulated_notice);
        let file = contract_name(settings);
        let lang = settings.lang;
        let measured =
            Measured::read(ledger, session, contract, &file, period, lang, notice).await?;
        let Some(measured) = measured else {
            let nothing = format!("the ledger has no data in {}", period.label());
            return Err(Failure::no_data(nothing)
                .hint("`soglia ledger status` shows which days are covered"));
        };
        warn_if_moved(&measured);
        let paths = documents(&measured.input, lang, period, measured.written, out)?;
        Ok(Review { paths, report: measured.report, pinned: measured.pinned })
    }
}

/// The contract file's name, without its folder: the same report from another folder is the same.
fn contract_name(settings: &Settings) -> String {
    let path = PathBuf::from(settings.contract_file());
    path.file_name()
        .map_or_else(|| DEMO_CONTRACT.to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Says that a sealed period is not written as it was sealed.
fn warn_if_moved(measured: &Measured) {
    let Some(sealed) = measured.sealed.as_ref().filter(|_| !measured.is_vouched()) else { return };
    eprintln!(
        "warning: {} is sealed, but with this contract file {} figures differ from the sealed ones",
        sealed.period, measured.moved
    );
    eprintln!("hint: the report is written without the seal; `soglia verify` says what differs");
}

/// Writes both documents, each complete or not at all.
fn documents(
    input: &ReportInput,
    lang: Lang,
    period: &Period,
    written: jiff::Timestamp,
    out: &Path,
) -> Result<Vec<PathBuf>, Failure> {
    let name = match lang {
        Lang::It => format!("resoconto-{}", period.label()),
        Lang::En => format!("report-{}", period.label()),
    };
    let html = soglia_report::html(input, lang).map_err(refused)?;
    let pdf = soglia_report::pdf(input, lang, written).map_err(refused)?;
    std::fs::create_dir_all(out).map_err(|cause| unwritable(cause, out))?;
    let mut paths = Vec::new();
    for (extension, bytes) in [("html", html.into_bytes()), ("pdf", pdf)] {
        let path = out.join(format!("{name}.{extension}"));
        replace(out, &path, &bytes).map_err(|cause| unwritable(cause, &path))?;
        paths.push(path);
    }
    Ok(paths)
}

/// Writes a file beside its place, then renames it there.
fn replace(folder: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".soglia-");
    // A document is to be read by others, unlike most temporary files.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o644));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|failed| failed.error)?;
    Ok(())
}

fn unwritable(cause: std::io::Error, path: &Path) -> Failure {
    let what = format!("failed to write `{}`", path.display());
    Failure::configuration(anyhow::Error::from(cause).context(what))
        .hint("check who owns the folder and that the disk is not full")
}

fn refused(error: ReportError) -> Failure {
    let hint = error.hint();
    Failure::internal(error).hint(hint)
}

impl Review {
    /// Says in a few lines what the report says.
    fn summary(&self, contract: &Contract) {
        let report = &self.report;
        for service in &contract.services {
            let codes = |verdict: &str| -> Vec<&str> {
                let own = report.measurements.iter().filter(|m| m.service == service.code);
                own.filter(|m| m.verdict == verdict).map(|m| m.indicator.as_str()).collect()
            };
            let listed = |codes: &[&str]| match codes {
                [] => String::new(),
                codes => format!(" ({})", codes.join(", ")),
            };
            let (met, missed, idle) = (codes("OK"), codes("KO"), codes("NA"));
            eprintln!(
                "{} {}: {} targets met, {} missed{}, {} not applicable{}",
                report.period.label,
                service.code,
                met.len(),
                missed.len(),
                listed(&missed),
                idle.len(),
                listed(&idle)
            );
        }
        if report.measurements.iter().any(|m| m.provisional) {
            eprintln!("note: the data of the period are still open, figures may change");
        }
        if self.pinned {
            eprintln!("note: the period is sealed; data that came later are not in the report");
        }
    }
}
