//! `soglia report`. Read [`run`] first, then [`write`].

use std::io::Write;
use std::path::{Path, PathBuf};

use soglia_app::measured::Measured;
use soglia_app::roster::Roster;
use soglia_app::whatif::ScenarioFile;
use soglia_app::whatif::study::StudyError;
use soglia_app::{review, semester};
use soglia_domain::contract::Contract;
use soglia_domain::period::Period;
use soglia_domain::text::Lang;
use soglia_ledger::session::Session;
use soglia_ledger::store::Ledger;
use soglia_measure::measurement::Report;
use soglia_registers::database::Location;
use soglia_report::template::{Template, TemplateError};
use soglia_report::{Edition, Format, ReportError};

use super::register::Opened;
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
    let wanted = Wanted {
        formats: formats(&args.formats)?,
        template: args.template.as_deref().map_or_else(|| Ok(Template::default()), template)?,
        scenarios: scenarios(&args.scenario)?,
        roster: super::roster::given(settings, args.roster.as_deref())?,
    };
    let review = source.review(settings, &period, (&args.out, &wanted), simulated).await?;
    let mut out = std::io::stdout().lock();
    for path in &review.paths {
        writeln!(out, "{}", path.display())?;
    }
    if !settings.quiet {
        review.summary(&contract);
    }
    Ok(DONE)
}

/// Writes what was measured as HTML and PDF; returns where they are.
pub fn write(
    measured: &Measured,
    (lang, period): (Lang, &Period),
    out: &Path,
) -> Result<Vec<PathBuf>, Failure> {
    let (template, scenarios) = (Template::default(), Vec::new());
    let wanted = Wanted { formats: USUAL.to_vec(), template, scenarios, roster: None };
    documents(measured, (lang, period), out, &wanted)
}

/// What is written unless somebody asks for more.
const USUAL: [Format; 2] = [Format::Html, Format::Pdf];

/// Which documents are written, and how they look.
struct Wanted {
    formats: Vec<Format>,
    template: Template,
    scenarios: Vec<ScenarioFile>,
    roster: Option<Roster>,
}

/// Reads scenario files.
pub fn scenarios(paths: &[PathBuf]) -> Result<Vec<ScenarioFile>, Failure> {
    paths.iter().map(|path| super::scenario::read_file(path)).collect()
}

/// Plays scenarios on the data that a document stands on, and adds what comes of it.
pub async fn add_scenarios(
    settings: &Settings,
    ledger: &Ledger,
    (contract, period): (&Contract, &Period),
    measured: &mut Measured,
    (scenarios, roster): (Vec<ScenarioFile>, Option<&Roster>),
) -> Result<(), Failure> {
    // The figures are the same on any number of threads.
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut progress = |weeks, width| super::whatif::progress(settings, weeks, width);
    let of = (contract, period);
    let played = measured.play(ledger, of, scenarios, roster, threads, &mut progress);
    played.await.map_err(|error| match error {
        StudyError::Present(error) => super::replay::no_present(error),
        StudyError::Apply(error) => super::replay::failed(error),
        StudyError::Service { .. } => {
            Failure::usage(error).hint("write `service` into the scenario's head")
        }
    })
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
        (out, wanted): (&Path, &Wanted),
        simulated: bool,
    ) -> Result<Review, Failure> {
        let Source { contract, ledger, session } = self;
        let notice = simulated.then(review::simulated_notice);
        let file = contract_name(settings);
        let lang = settings.lang;
        let measured =
            Measured::read(ledger, session, contract, &file, period, lang, notice).await?;
        let Some(mut measured) = measured else {
            let nothing = format!("the ledger has no data in {}", period.label());
            return Err(Failure::no_data(nothing)
                .hint("`soglia ledger status` shows which days are covered"));
        };
        warn_if_moved(&measured);
        if settings.has_registers() {
            put_written(settings, contract, period, &mut measured).await?;
        }
        let played = (wanted.scenarios.clone(), wanted.roster.as_ref());
        add_scenarios(settings, ledger, (contract, period), &mut measured, played).await?;
        let paths = documents(&measured, (lang, period), out, wanted)?;
        Ok(Review { paths, report: measured.report, pinned: measured.pinned })
    }
}

/// Adds what people wrote down; registers that are named must be there.
async fn put_written(
    settings: &Settings,
    contract: &Contract,
    period: &Period,
    measured: &mut Measured,
) -> Result<(), Failure> {
    if let Location::Sqlite(path) = settings.database()?
        && !path.exists()
    {
        let nothing = format!("there are no registers in `{}`", settings.registers()?.display());
        return Err(Failure::configuration(anyhow::anyhow!(nothing)).hint(
            "`soglia register add` makes them; leave `--registers` out for a report without",
        ));
    }
    let opened = Opened::new(settings).await?;
    let mut tx = opened.database.read().await?;
    let (files, Measured { report, input, .. }) = (&opened.files, measured);
    semester::put_written(&mut tx, files, contract, period, report, input, opened.now).await?;
    tx.finish().await?;
    Ok(())
}

/// The contract file's name, without its folder: the same report from another folder is the same.
pub fn contract_name(settings: &Settings) -> String {
    let path = PathBuf::from(settings.contract_file());
    path.file_name()
        .map_or_else(|| DEMO_CONTRACT.to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Says that a sealed period is not written as it was sealed.
fn warn_if_moved(measured: &Measured) {
    let Some(sealed) = measured.sealed.as_ref().filter(|_| !measured.is_vouched()) else { return };
    note!(
        "warning: {} is sealed, but with this contract file {} figures differ from the sealed ones",
        sealed.period,
        measured.moved
    );
    note!("hint: the report is written without the seal; `soglia verify` says what differs");
}

/// Reads the names of formats; each is written once.
fn formats(names: &[String]) -> Result<Vec<Format>, Failure> {
    let mut formats = Vec::new();
    for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        let known = || Format::ALL.map(Format::code);
        let format = Format::parse(name).ok_or_else(|| {
            Failure::usage(format!("there is no format `{name}`"))
                .hint(format!("there are: {}", known().join(", ")))
        })?;
        if !formats.contains(&format) {
            formats.push(format);
        }
    }
    if formats.is_empty() {
        return Err(Failure::usage("no format was named").hint("leave `--formats` out for both"));
    }
    Ok(formats)
}

/// Reads a template set.
pub fn template(folder: &Path) -> Result<Template, Failure> {
    let read = |name: &str| {
        let path = folder.join(name);
        std::fs::read(&path).map_err(|cause| TemplateFailure::File(unreadable(cause, &path)))
    };
    let path = folder.join("template.toml");
    let toml = std::fs::read_to_string(&path).map_err(|cause| unreadable(cause, &path))?;
    Template::parse(&toml, read).map_err(|failed| match failed {
        TemplateFailure::File(failure) => failure,
        TemplateFailure::Content(error) => {
            let hint = error.hint();
            let what = format!("failed to use `{}`", path.display());
            Failure::configuration(anyhow::Error::from(error).context(what)).hint(hint)
        }
    })
}

/// Why a template set was not read.
enum TemplateFailure {
    File(Failure),
    Content(TemplateError),
}

impl From<TemplateError> for TemplateFailure {
    fn from(error: TemplateError) -> Self {
        Self::Content(error)
    }
}

fn unreadable(cause: std::io::Error, path: &Path) -> Failure {
    let what = format!("failed to read `{}`", path.display());
    Failure::configuration(anyhow::Error::from(cause).context(what))
        .hint("a template set is a folder with `template.toml` and the logo that it names")
}

/// Writes the documents, each complete or not at all.
fn documents(
    measured: &Measured,
    (lang, period): (Lang, &Period),
    out: &Path,
    wanted: &Wanted,
) -> Result<Vec<PathBuf>, Failure> {
    let name = match lang {
        Lang::It => format!("resoconto-{}", period.label()),
        Lang::En => format!("report-{}", period.label()),
    };
    let edition = Edition::new(&measured.input, lang, &wanted.template, measured.written);
    let edition = edition.map_err(refused)?;
    let mut paths = Vec::new();
    for format in &wanted.formats {
        for file in edition.files(*format, &name).map_err(refused)? {
            let path = out.join(&file.name);
            let folder = path.parent().unwrap_or(out);
            std::fs::create_dir_all(folder).map_err(|cause| unwritable(cause, folder))?;
            replace(folder, &path, &file.bytes).map_err(|cause| unwritable(cause, &path))?;
            paths.push(path);
        }
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
            note!(
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
            note!("note: the data of the period are still open, figures may change");
        }
        if self.pinned {
            note!("note: the period is sealed; data that came later are not in the report");
        }
    }
}
