//! Arguments of planning: formulas, forecast, projection, shifts. Read [`Erlang`] first.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use soglia_sim::erlang::ServiceLevelKind;

use super::{OutputFormat, PeriodArg};

/// The names of the service levels in use.
fn service_levels() -> PossibleValuesParser {
    PossibleValuesParser::new(ServiceLevelKind::ALL.map(ServiceLevelKind::name))
}

/// Operators and service levels by closed formulas.
///
/// One kind of operators, a steady load, handling times without memory. With --operators it says
/// what they do; with --service-level (or --max-blocked) how many are needed. With fewer operators
/// than load, Erlang C and priorities without patience are *unstable*, never a number. Needs no
/// ledger.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  soglia erlang --model a --calls 150 --interval 15m --aht 240s --patience 120s --operators 38..42
  soglia erlang --model c --calls 600 --aht 4min --service-level 80/20 --shrinkage 30%
  soglia erlang --model priority --calls 100,500 --aht 240s --patience 120s --operators 40
  soglia erlang --model b --calls 60 --aht 180s --max-blocked 1%")]
pub struct Erlang {
    /// What callers do when all operators are busy
    #[arg(long, value_enum)]
    pub model: ErlangModel,
    /// Calls in an interval; with priorities one number a class, highest first
    #[arg(long, value_name = "N[,N…]", value_delimiter = ',', required = true)]
    pub calls: Vec<f64>,
    /// The interval in which they come
    #[arg(long, value_name = "DURATION", default_value = "1h")]
    pub interval: String,
    /// Mean handling time: conversation and after-call work
    #[arg(long, value_name = "DURATION")]
    pub aht: String,
    /// Mean time that callers wait before they give up
    #[arg(long, value_name = "DURATION")]
    pub patience: Option<String>,
    /// How many operators there are: 40, 38..44 or 38,40,44
    #[arg(long, value_name = "N")]
    pub operators: Option<String>,
    /// The limit of the service level
    #[arg(long, value_name = "DURATION", default_value = "20s", conflicts_with = "service_level")]
    pub limit: String,
    /// Ask for the operators that answer so many percent within so many seconds, e.g. 80/20; with
    /// priorities and patience of the highest class, without patience of every class
    #[arg(long, value_name = "PERCENT/SECONDS", conflicts_with = "operators")]
    pub service_level: Option<String>,
    /// The service level that is meant: of which calls
    #[arg(long, value_name = "WHICH", default_value = "of-offered",
        value_parser = service_levels())]
    pub of: String,
    /// The most that operators may be busy, with --service-level
    #[arg(long, value_name = "PERCENT", requires = "service_level")]
    pub max_occupancy: Option<String>,
    /// The share of calls that may give up, with --service-level
    #[arg(long, value_name = "PERCENT", requires = "service_level")]
    pub max_abandoned: Option<String>,
    /// Ask for the operators that refuse at most so many calls (model b)
    #[arg(long, value_name = "PERCENT", conflicts_with_all = ["operators", "service_level"])]
    pub max_blocked: Option<String>,
    /// Share of paid time in which operators are away: turns operators into positions
    #[arg(long, value_name = "PERCENT")]
    pub shrinkage: Option<String>,
    /// How to write it
    #[arg(long, value_enum, default_value = "table")]
    pub format: OutputFormat,
}

/// What callers do when all operators are busy.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ErlangModel {
    /// They are refused (Erlang B)
    B,
    /// They wait for ever (Erlang C)
    C,
    /// They give up (Erlang A)
    A,
    /// Higher classes go first; they wait for ever, or give up with --patience
    Priority,
}

impl ErlangModel {
    /// The name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::B => "b",
            Self::C => "c",
            Self::A => "a",
            Self::Priority => "priority",
        }
    }
}

/// Forecast a service's calls by quarter-hour.
///
/// The mean of the last four days of the same weekday (the median of six where one of them was not
/// ordinary), with a band and with the error that the method made on the last weeks, beside the
/// error that nobody can avoid. It stands on the ledger's last day, not on today's clock.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  soglia forecast --service cup --date 2024-01-08
  soglia forecast --service cup --weeks 2 --grain day --format csv
  soglia forecast --service cup --date 2023-12-15 --as-of 2023-12-15T11:00")]
pub struct Forecast {
    /// The service's code
    #[arg(long, value_name = "CODE")]
    pub service: String,
    /// One day
    #[arg(long, value_name = "DATE", required_unless_present = "weeks")]
    pub date: Option<String>,
    /// So many weeks after the last day known
    #[arg(long, value_name = "N", conflicts_with = "date",
        value_parser = clap::value_parser!(u32).range(1..=53))]
    pub weeks: Option<u32>,
    /// Pretend that this was the present: a date (its morning), or a date and a time
    #[arg(long, value_name = "DATE[THH:MM]")]
    pub as_of: Option<String>,
    /// Lines for each quarter-hour, hour or day
    #[arg(long, value_enum, default_value = "quarter")]
    pub grain: ForecastGrain,
    /// How counts of the past become a forecast
    #[arg(long, value_name = "NAME", default_value = "usual",
        value_parser = PossibleValuesParser::new(
            soglia_sim::forecast::Method::ALL.iter().map(|method| method.name())))]
    pub method: String,
    /// Share of counts that a band holds
    #[arg(long, value_name = "PERCENT", default_value = "90%")]
    pub level: String,
    /// Weeks of the past on which the method is tried
    #[arg(long, value_name = "N", default_value_t = 8,
        value_parser = clap::value_parser!(u32).range(1..=104))]
    pub backtest: u32,
    /// How to write it
    #[arg(long, value_enum, default_value = "table")]
    pub format: OutputFormat,
}

/// The grain of a forecast's lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ForecastGrain {
    /// Quarter-hours
    Quarter,
    /// Hours
    Hour,
    /// Days
    Day,
}

/// What a running period still needs to reach its targets, and whether that is still possible.
///
/// For each indicator of calls: of the calls still to come, how many may be late or lost, in exact
/// integers; and how likely that is if the days that are left go like the last four of the same
/// weekday.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  soglia projection --period 2023-H2 --as-of 2023-11-01")]
pub struct Projection {
    #[command(flatten)]
    pub period: PeriodArg,
    /// The first day that is still to come; by default the day after the ledger's last
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<String>,
    /// Only this service
    #[arg(long, value_name = "CODE")]
    pub service: Option<String>,
    /// How to write it
    #[arg(long, value_enum, default_value = "table")]
    pub format: OutputFormat,
}

/// Operators and shifts for a service's forecast.
///
/// The need by Erlang A in each quarter-hour, the shifts that cover it at least cost under working
/// rules, then cuts from simulation: shifts that reach the goal over all days for less. Weeks that
/// had no part in it are the judge. One pool of operators who all do the same.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  soglia staffing --service cup --from 2024-01-08 --days 7 --rules turni.toml \\
      --patience 120s --service-level 80/20")]
pub struct Staffing {
    /// The service's code
    #[arg(long, value_name = "CODE")]
    pub service: String,
    /// The first day; by default the first Monday after the last day known
    #[arg(long, value_name = "DATE")]
    pub from: Option<String>,
    /// So many days
    #[arg(long, value_name = "N", default_value_t = 7,
        value_parser = clap::value_parser!(u32).range(1..=35))]
    pub days: u32,
    /// Pretend that this day was the present
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<String>,
    /// Working rules and costs: a TOML file (docs/staffing.md)
    #[arg(long, value_name = "FILE")]
    pub rules: PathBuf,
    /// The goal: percent within seconds
    #[arg(long, value_name = "PERCENT/SECONDS", default_value = "80/20")]
    pub service_level: String,
    /// The service level that is meant: of which calls
    #[arg(long, value_name = "WHICH", default_value = "of-offered",
        value_parser = service_levels())]
    pub of: String,
    /// Over what the goal is taken
    #[arg(long, value_enum, default_value = "whole")]
    pub scope: StaffingScope,
    /// The level that Erlang A must promise in every quarter-hour
    #[arg(long, value_name = "PERCENT", default_value = "50%")]
    pub floor: String,
    /// Mean time that callers wait before they give up
    #[arg(long, value_name = "DURATION")]
    pub patience: String,
    /// Mean handling time, instead of that of the last four weeks
    #[arg(long, value_name = "DURATION")]
    pub aht: Option<String>,
    /// Repetitions of the days that judge the shifts
    #[arg(long, value_name = "N", default_value_t = 200,
        value_parser = clap::value_parser!(u32).range(10..=10_000))]
    pub repetitions: u32,
    /// Another seed judges by other days
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How to write it
    #[arg(long, value_enum, default_value = "table")]
    pub format: OutputFormat,
}

/// Over what a goal is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum StaffingScope {
    /// Over all days together, as a contract counts
    Whole,
    /// Over each day
    Day,
    /// Over each hour of each day
    Hour,
}
