//! Arguments of commands about changes: `whatif`, `replay`, `scenario`.

use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{Args, Subcommand, ValueEnum};

/// Say what a change would do to the contract's figures.
///
/// A scenario is a TOML file beside the contract that says what would be different: a new queue,
/// other hours, operators, cross-training, the IVR, handling times, demand, call-back. The last
/// weeks of the service's own calls are played as they were and under each scenario, with the same
/// luck, and the contract's own indicators are counted on both. Before that the weeks are replayed
/// as they were: where the simulator does not give back what happened, the answer carries
/// "not calibrated", with the worst hours and what would explain them.
#[derive(Debug, Args)]
#[command(after_help = "\
The same seed gives the same figures on any number of threads.

Intervals are for 95 %. With recorded weeks they say where the figure of *these* weeks would have
been; with `--drawn` they are for the mean of weeks like them. Where they are wider than
--half-width asks for, the weeks that would be needed are printed.

Examples:
  soglia scenario check scenarios/coda-prioritaria.toml
  soglia whatif --scenario scenarios/coda-prioritaria.toml --weeks 8
  soglia whatif --scenario a.toml --scenario b.toml --base oggi.toml --drawn --half-width 0.2
  soglia whatif --scenario a.toml --format json > risposta.json")]
pub struct WhatIf {
    /// A scenario file; several are answered side by side
    #[arg(long, required = true, value_name = "FILE")]
    pub scenario: Vec<PathBuf>,
    /// Which history is played
    #[command(flatten)]
    pub history: HistoryArgs,
    /// Draw weeks from what was learned instead of playing those recorded
    #[arg(long)]
    pub drawn: bool,
    /// Half-width asked for, in percentage points
    #[arg(long, default_value_t = 0.1, value_name = "POINTS")]
    pub half_width: f64,
    /// Weeks played at most, with all that was not seen drawn anew each time; recorded weeks are
    /// played equally often, twice at least
    #[arg(long, default_value_t = 160, value_name = "N",
        value_parser = clap::value_parser!(u32).range(2..=100_000))]
    pub weeks_max: u32,
    /// How to write it
    #[arg(long, value_enum, default_value = "table")]
    pub format: FigureFormat,
}

/// Which history is played.
#[derive(Clone, Debug, Args)]
pub struct HistoryArgs {
    /// The service; may be left out where the contract, or a scenario, names only one
    #[arg(long, value_name = "CODE")]
    pub service: Option<String>,
    /// A scenario file that describes the present where the events do not show it: queues that the
    /// platform puts first, work after calls
    #[arg(long, value_name = "FILE")]
    pub base: Option<PathBuf>,
    /// Who was at work: a CSV file with the columns group, from, until (2023-12-04T08:00), and
    /// perhaps operators and service; without it that is inferred from the events (also `roster`
    /// in soglia.toml)
    #[arg(long, value_name = "FILE")]
    pub roster: Option<PathBuf>,
    /// As if the end of this period were today: 2023-H2, 2023-Q3, 2023-07; later calls are not
    /// looked at
    #[arg(long, value_name = "PERIOD")]
    pub period: Option<String>,
    /// Whole weeks of history, the last ones
    #[arg(long, default_value_t = 8, value_name = "N",
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=520))]
    pub weeks: usize,
    /// What everything random follows from
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    pub seed: u64,
    /// Threads; all processors by default
    #[arg(long, value_name = "N",
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=1024))]
    pub threads: Option<usize>,
}

/// Play the last weeks again and compare every week, day, hour and topic with what was observed.
///
/// This is the gate before any what-if: within 0.5 points for a week and for a topic with 500
/// calls, 1 point for a day, 5 points for an hour with 100 calls, 0.3 points for calls lost, 2
/// points for a group's share. Outside, the worst hours are listed, and likely causes are tried by
/// playing the weeks again with each: the smaller the remaining difference, the likelier the cause.
#[derive(Debug, Args)]
#[command(after_help = "\
Ends with code 10 where the replay is not calibrated.

Examples:
  soglia replay --service cup
  soglia replay --service cup --roster turni-effettivi.csv --planned turni-previsti.csv
  soglia replay --service cup --base oggi.toml --weeks 4 --format csv > confronto.csv")]
pub struct Replay {
    /// Which history is played
    #[command(flatten)]
    pub history: HistoryArgs,
    /// Who was to be at work, written like a roster: the share of these hours in which nobody was
    /// there is printed (shrinkage)
    #[arg(long, value_name = "FILE")]
    pub planned: Option<PathBuf>,
    /// How to write it
    #[arg(long, value_enum, default_value = "table")]
    pub format: FigureFormat,
}

/// How to write figures.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum FigureFormat {
    /// For people
    Table,
    /// JSON
    Json,
    /// CSV, one line a figure
    Csv,
}

/// Check or describe scenario files.
#[derive(Debug, Subcommand)]
pub enum ScenarioCommand {
    /// Check scenario files: every problem with its line and what to do
    ///
    /// With a contract, the topics and queues that a file names are compared with those of the
    /// contract.
    Check {
        /// The files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Print the JSON Schema of scenario files
    Schema,
}
