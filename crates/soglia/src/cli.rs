//! The command line. Read [`Cli`] first.

mod planning;
mod registers;
mod review;
mod serve;
mod simulation;

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

pub use self::planning::{
    Erlang, ErlangModel, Forecast, ForecastGrain, Projection, Staffing, StaffingScope,
};
pub use self::registers::{
    AuditCommand, EraseCommand, ListArgs, RegisterCommand, Restore, UserCommand, Why, Write,
};
pub use self::review::{
    AddAction, AddFinding, Decision, InputState, PenaltyCommand, Remark, RemarkStep, ReviewCommand,
    SheetStep, Sign, Training,
};
pub use self::serve::{OpenIdArgs, ProxyHeader, Serve};
pub use self::simulation::{FigureFormat, HistoryArgs, Replay, ScenarioCommand, WhatIf};

/// Contact-centre contracts, measured from what the platforms recorded.
///
/// The way of the data: `import` takes the supplier's files into a ledger, `measure` computes the
/// contract's indicators, `explain` goes from a figure to the calls behind it, `seal` freezes a
/// period, `report` writes the semester's review. Beside them, `register` keeps what people write
/// down, `review` takes a semester from its figures to the signed document, and `audit verify`
/// proves that nobody changed anything. Try it: `soglia demo --out demo`.
#[derive(Debug, Parser)]
#[command(name = "soglia", version, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 done · 1 internal error · 2 usage · 3 configuration · \
    4 no data in the period · 5 rows rejected beyond --max-rejects · 10 target missed \
    (--fail-on-breach), seal or audit trail broken, review not ready (review check)")]
pub struct Cli {
    /// What everybody understands.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Folder of the ledger (also `ledger` in soglia.toml)
    #[arg(long, global = true, env = "SOGLIA_LEDGER", value_name = "DIR")]
    pub ledger: Option<PathBuf>,
    /// Folder of the registers: database, attachments, backups (also `registers` in soglia.toml)
    #[arg(long, global = true, env = "SOGLIA_REGISTERS", value_name = "DIR")]
    pub registers: Option<PathBuf>,
    /// PostgreSQL in the place of the folder's own database (also `database` in soglia.toml)
    #[arg(
        long,
        global = true,
        env = "SOGLIA_DATABASE",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database: Option<String>,
    /// Contract file (also `contract` in soglia.toml)
    #[arg(long, global = true, env = "SOGLIA_CONTRACT", value_name = "FILE")]
    pub contract: Option<PathBuf>,
    /// Language of names and texts
    #[arg(long, global = true, env = "SOGLIA_LANG", value_enum)]
    pub lang: Option<Lang>,
    /// Print errors only
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

/// A language.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Lang {
    /// Italiano
    It,
    /// English
    En,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Take files into the ledger
    Import(Import),
    /// Compute the contract's indicators for a period
    Measure(Measure),
    /// Show how a figure came about, and the calls behind it
    Explain(Explain),
    /// Show one call's whole story, down to the rows of the file
    Call(Call),
    /// Freeze a period's figures
    Seal(Seal),
    /// Recompute a sealed measurement and say what differs
    Verify(Verify),
    /// Write the semester's review as HTML and PDF
    Report(ReportArgs),
    /// Operators and service levels by closed formulas
    Erlang(Erlang),
    /// Forecast a service's calls by quarter-hour
    Forecast(Forecast),
    /// What a running period still needs, and whether it is still possible
    Projection(Projection),
    /// Operators and shifts for a service's forecast
    Staffing(Staffing),
    /// Look into the ledger
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Check, explain or describe contract files
    #[command(subcommand)]
    Contract(ContractCommand),
    /// Complaints, findings, actions, penalties …: list, enter, correct, move on, take in and out
    #[command(subcommand)]
    Register(RegisterCommand),
    /// The semester's review: prepared, discussed, approved, signed, published
    #[command(subcommand)]
    Review(ReviewCommand),
    /// Penalties: detected from figures, notified, answered, decided under the cap
    #[command(subcommand)]
    Penalty(PenaltyCommand),
    /// Look into the audit trail and verify it
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Write the registers and their attachments to a new folder
    Backup {
        /// The folder; it must not be there
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Put a backup where no registers are
    Restore(Restore),
    /// Accounts, roles and tokens
    #[command(subcommand)]
    User(UserCommand),
    /// Erase what may not be kept, with a certificate
    #[command(subcommand)]
    Erase(EraseCommand),
    /// Show everything as pages in a browser
    Serve(Serve),
    /// Say what a change would do to the contract's figures, on the service's own history
    #[command(name = "whatif")]
    WhatIf(WhatIf),
    /// Play the last weeks again: may what-if answers be trusted?
    Replay(Replay),
    /// Check or describe scenario files
    #[command(subcommand)]
    Scenario(ScenarioCommand),
    /// Make a fictitious Region's semester and run the main job on it
    Demo(Demo),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page (roff)
    Man,
}

/// Take files into the ledger.
///
/// Every row becomes a fact, a duplicate, a reject or an ignored row, and the totals balance. A
/// file taken in twice changes nothing; a file delivered again with more rows adds only the new
/// ones. Each file is one atomic commit: killed at any instant, it has either happened or not.
#[derive(Debug, Args)]
#[command(
    group = clap::ArgGroup::new("how").args(["format", "mapping"]).required(true),
    after_help = "Examples:\n  soglia import --format queue-log /var/log/asterisk/queue_log*\n  \
    soglia import --mapping casi.toml --service cup casi-2023-07.csv"
)]
pub struct Import {
    /// Service of rows that nothing else assigns to one
    ///
    /// A row's own service, the service of its queue and that of the number dialled come first.
    /// Calls of a queue that the contract does not know stay rejected (`unknown_queue`): an unknown
    /// queue is more likely to belong to nobody than to this service. Name the queue in the
    /// contract, under a service or under `ignored_queues`. Only a contract that maps no queue at
    /// all leaves every call to this option.
    #[arg(long, value_name = "CODE")]
    pub service: Option<String>,
    /// Format of the files
    #[arg(long, value_name = "NAME",
        value_parser = PossibleValuesParser::new(soglia_ledger::import::Format::NAMES))]
    pub format: Option<String>,
    /// Mapping file for CSV, TSV, XLSX or Parquet
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// Name of the platform, where several of one kind deliver to one ledger
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// Zone of local times in the files, e.g. UTC; the contract's (or the mapping's) by default
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
    /// End with code 5 if a file has more rejected rows
    #[arg(long, value_name = "N")]
    pub max_rejects: Option<u64>,
    /// Write what became of each file to stdout as JSON
    #[arg(long)]
    pub json: bool,
    /// The files; queue logs are taken in the order of their first instant
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// A period.
#[derive(Clone, Debug, Args)]
pub struct PeriodArg {
    /// `2023-H2`, `2023-Q3`, `2023-07`, `2023-W30`, `2023-07-14`, `2023-07-01..2023-10-01`
    #[arg(long, value_name = "PERIOD")]
    pub period: String,
}

/// Compute the contract's indicators for a period.
#[derive(Debug, Args)]
pub struct Measure {
    #[command(flatten)]
    pub period: PeriodArg,
    /// How to write it
    #[arg(long, value_enum, default_value = "table")]
    pub format: OutputFormat,
    /// Split the period: one line each day, week, month, quarter …
    #[arg(long, value_enum, value_name = "GRAIN")]
    pub each: Option<Grain>,
    /// Count calls apart by something
    #[arg(long, value_name = "WHAT",
        conflicts_with_all = ["each", "declared", "fail_on_breach"],
        value_parser = clap::builder::PossibleValuesParser::new(
            soglia_measure::profile::By::ALL.map(soglia_measure::profile::By::name)))]
    pub by: Option<String>,
    /// Compare with values the supplier declared: CSV with service, indicator, value and, where
    /// they are of several periods, period
    #[arg(long, value_name = "FILE", conflicts_with = "each")]
    pub declared: Option<PathBuf>,
    /// Do not try the disputed alternatives
    #[arg(long)]
    pub no_sensitivity: bool,
    /// End with code 10 if a target is missed
    #[arg(long)]
    pub fail_on_breach: bool,
}

/// How to write figures.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum OutputFormat {
    /// For people
    Table,
    /// Canonical JSON, schema soglia.measure/1
    Json,
    /// CSV, one line a figure
    Csv,
}

/// A stretch of the calendar.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Grain {
    /// Days
    Day,
    /// ISO weeks
    Week,
    /// Months
    Month,
    /// Quarters
    Quarter,
    /// Half-years
    HalfYear,
    /// Years
    Year,
}

/// Show how a figure came about.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
        soglia explain K1 --service cup --period 2023-H2 --calls late --limit 20")]
pub struct Explain {
    /// The indicator's code
    #[arg(value_name = "INDICATOR")]
    pub indicator: String,
    /// The service's code
    #[arg(long, value_name = "CODE")]
    pub service: String,
    #[command(flatten)]
    pub period: PeriodArg,
    /// List the items behind: met, missed, late, lost, excluded, excluded:REASON, all
    #[arg(long, value_name = "WHICH")]
    pub calls: Option<String>,
    /// Items to list
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub limit: usize,
    /// Items to skip
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub skip: u64,
    /// Write the list as CSV
    #[arg(long)]
    pub csv: bool,
}

/// Show one call's whole story.
#[derive(Debug, Args)]
pub struct Call {
    /// The platform's identifier of the call
    #[arg(value_name = "ID")]
    pub id: String,
}

/// Freeze a period's figures.
#[derive(Debug, Args)]
pub struct Seal {
    #[command(flatten)]
    pub period: PeriodArg,
}

/// Recompute a sealed measurement.
#[derive(Debug, Args)]
pub struct Verify {
    /// The sealed file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Write the semester's review.
#[derive(Debug, Args)]
pub struct ReportArgs {
    #[command(flatten)]
    pub period: PeriodArg,
    /// Folder for the documents
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Which documents: html, pdf (PDF/A-2a), pdf-a3 (with the data inside), docx, xlsx, json,
    /// opendata (CSV and their catalogue)
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "html,pdf")]
    pub formats: Vec<String>,
    /// Folder of a template set: `template.toml` and the logo
    #[arg(long, value_name = "DIR", env = "SOGLIA_TEMPLATE")]
    pub template: Option<PathBuf>,
    /// A scenario file for the chapter of scenarios: what the change would do, played on the last
    /// weeks of the period; repeat it for several
    #[arg(long, value_name = "FILE")]
    pub scenario: Vec<PathBuf>,
    /// Who was at work, for scenarios: see `soglia replay --help` (also `roster` in soglia.toml)
    #[arg(long, value_name = "FILE")]
    pub roster: Option<PathBuf>,
}

/// Look into the ledger.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Imports, coverage by day and service, gaps, quadratura
    Status {
        /// Also list every day
        #[arg(long)]
        days: bool,
    },
    /// Rows that could not be read, with text and reason
    Rejects(Rows),
    /// Rows that the ledger already had
    Duplicates(Rows),
    /// Read all originals again, by another contract or mapping, into a new ledger
    ///
    /// The ledger is only read. Its imports are repeated in order, each with the format, service,
    /// platform, zone and file name of then; files read through a mapping use the one that was kept
    /// with them, or the one given here. Keys of pseudonyms and seals are taken over as they are.
    /// At the end the rows of both ledgers are compared. A rebuild that is killed leaves nothing
    /// that could be mistaken for a ledger.
    #[command(after_help = "Example:\n  soglia ledger rebuild --ledger ledger --out ledger-2 \
        --contract contract.toml --mapping mapping:cases/cup=casi.toml")]
    Rebuild(Rebuild),
    /// Destroy a half-year's key of callers' pseudonyms, for good
    DestroyKey {
        /// The half-year, e.g. 2023-H2
        period: String,
        /// Say that you mean it
        #[arg(long)]
        yes: bool,
    },
}

/// What to rebuild.
#[derive(Debug, Args)]
pub struct Rebuild {
    /// Folder of the new ledger; it must not exist yet
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Mapping file instead of the one kept; with STREAM (see `ledger status`) where several
    /// streams fill the same table
    #[arg(long, value_name = "[STREAM=]FILE")]
    pub mapping: Vec<String>,
    /// Write what became of each file, and the comparison, to stdout as JSON
    #[arg(long)]
    pub json: bool,
}

/// Which rows.
#[derive(Debug, Args)]
pub struct Rows {
    /// Only of this import
    #[arg(long, value_name = "NO")]
    pub import: Option<i64>,
    /// Rows to list
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub limit: usize,
    /// Rows to skip
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub skip: usize,
    /// Write CSV
    #[arg(long)]
    pub csv: bool,
}

/// Check, explain or describe contract files.
#[derive(Debug, Subcommand)]
pub enum ContractCommand {
    /// Check a contract file: every problem with its line and what to do
    Check {
        /// The file
        file: PathBuf,
    },
    /// Print each indicator's definition card, generated from its rule
    Explain {
        /// The file
        file: PathBuf,
        /// Only this service
        #[arg(long)]
        service: Option<String>,
        /// Only this indicator
        #[arg(long)]
        indicator: Option<String>,
    },
    /// Print the JSON Schema of contract files
    Schema,
}

/// Make a fictitious Region's semester and run the main job on it.
#[derive(Debug, Args)]
pub struct Demo {
    /// Folder for everything
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Another seed makes another semester with the same figures
    #[arg(long, default_value_t = 2023)]
    pub seed: u64,
    /// Only write the sources, as the platforms would deliver them
    #[arg(long)]
    pub sources_only: bool,
    /// Only write one queue log of this many bytes, for benchmarks
    #[arg(long, value_name = "BYTES", conflicts_with = "sources_only")]
    pub large_queue_log: Option<u64>,
    /// Spread the calls of that log evenly over a period, such as 2023-H2
    #[arg(long, value_name = "PERIOD", requires = "large_queue_log")]
    pub over: Option<String>,
}
