//! Demo data: a fictitious Region's second half of 2023, as its platforms would deliver it. Read
//! [`generate`] first.
//!
//! Two services on one PBX, in six monthly `queue_log` files, and the exports of a ticketing
//! system. The traffic is played second by second (`floor`), then put right by a few calls
//! (`exact`), so that the counts are those of [`Sizes`] and the twenty indicators print what the
//! reference report prints. Same seed, same bytes: no clock, no floating-point numbers.

mod call;
mod exact;
mod floor;
mod hours;
mod large;
mod logbook;
mod night;
mod random;
mod shape;
mod tables;
mod traffic;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use exact::play_exactly;
use hours::{Day, Hours};
pub use large::{Large, write_large_queue_log};
use logbook::{Logbook, number_channels, plan_of};
pub use shape::{Counts, Service};
use tables::Tables;

/// How much to make, and which counts to reach.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sizes {
    /// Health bookings.
    pub cup: Counts,
    /// Help desk.
    pub cc: Counts,
    /// Written contacts of the two services.
    pub messages: (i64, i64),
    /// People called by the two services.
    pub outbound: (i64, i64),
    /// Calls come on every n-th working day only.
    pub every_nth_day: usize,
}

impl Sizes {
    /// The counts that print the reference report's values.
    pub const fn full() -> Self {
        Self {
            cup: Counts {
                offered: 109_850,
                lost: 13_457,
                prompt: 62_373,
                brief: 62_417,
                escalated: 588,
                resolved: 587,
            },
            cc: Counts {
                offered: 50_000,
                lost: 705,
                prompt: 49_025,
                brief: 49_293,
                escalated: 2,
                resolved: 2,
            },
            messages: (5_480, 4_120),
            outbound: (3_160, 640),
            every_nth_day: 1,
        }
    }

    /// About a hundredth, of the same shape: for tests.
    #[cfg(test)]
    pub const fn hundredth() -> Self {
        Self {
            cup: Counts {
                offered: 1_100,
                lost: 135,
                prompt: 625,
                brief: 624,
                escalated: 6,
                resolved: 5,
            },
            cc: Counts {
                offered: 500,
                lost: 7,
                prompt: 490,
                brief: 491,
                escalated: 2,
                resolved: 2,
            },
            messages: (55, 41),
            outbound: (32, 7),
            every_nth_day: 20,
        }
    }
}

/// What was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DemoFiles {
    /// The contract.
    pub contract: PathBuf,
    /// The queue log, one file a month, in order.
    pub queue_logs: Vec<PathBuf>,
    /// Files to import through a mapping: mapping file, service if the file has only one, files.
    pub mapped: Vec<Mapped>,
    /// Changes to try with `whatif`.
    pub scenarios: Vec<PathBuf>,
    /// What the supplier says it reached.
    pub declared: PathBuf,
    /// The note that says that all of it is invented.
    pub readme: PathBuf,
}

/// Files of one layout.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mapped {
    /// How to read them.
    pub mapping: PathBuf,
    /// Whose they are, when they do not say it themselves.
    pub service: Option<&'static str>,
    /// The files, in order.
    pub files: Vec<PathBuf>,
}

const CONTRACT: &str = include_str!("../../../examples/reference/contract.toml");
/// Scenarios for `whatif`: the recommendations of the reference report.
const SCENARIOS: [(&str, &str); 3] = [
    (
        "coda-prioritaria.toml",
        include_str!("../../../examples/reference/scenarios/coda-prioritaria.toml"),
    ),
    ("code-ivr.toml", include_str!("../../../examples/reference/scenarios/code-ivr.toml")),
    (
        "formazione-incrociata.toml",
        include_str!("../../../examples/reference/scenarios/formazione-incrociata.toml"),
    ),
];
const CASES: &str = include_str!("demo/files/casi.toml");
const MESSAGES: &str = include_str!("demo/files/messaggi.toml");
const CAMPAIGNS: &str = include_str!("demo/files/campagne.toml");
const OUTAGES: &str = include_str!("demo/files/interruzioni.toml");
/// The report of the half-year as the fictitious supplier typed it.
pub const DECLARED: &str = include_str!("demo/files/resoconto-dichiarato.toml");
const README: &str = include_str!("demo/files/LEGGIMI.txt");

/// Writes `dir/contract.toml` and everything that the platforms deliver into `dir/sources`, making
/// the folders where needed and replacing files of the same names.
pub fn generate(
    dir: &Path,
    seed: u64,
    sizes: &Sizes,
    progress: &mut dyn FnMut(&str),
) -> io::Result<DemoFiles> {
    let sources = dir.join("sources");
    fs::create_dir_all(&sources)?;
    let hours = Hours::new();
    let days: Vec<Day> = hours.days.iter().step_by(sizes.every_nth_day.max(1)).cloned().collect();
    let tables = Tables { dir: &sources, hours: &hours, days: &days, seed };
    let maintenance = night::maintenance(&hours);
    let restarts: Vec<i64> = maintenance.iter().map(|m| m.restarted).collect();

    let mut log = Logbook::default();
    log.restarts(&restarts);
    log.reloads(hours.month_starts().iter().skip(1).map(|midnight| midnight - 60));
    let mut calls = night::on_call(&hours, seed);
    calls.extend(night::too_early(&days, seed));
    let mut stretches = Vec::new();
    for (service, counts) in [(Service::Cup, sizes.cup), (Service::Cc, sizes.cc)] {
        let plan = plan_of(service);
        progress(&format!("playing {} calls of service {}", counts.offered, plan.code));
        let drawn = traffic::calls_in_hours(plan, &days, counts.offered, seed);
        let mut played = play_exactly(plan, &days, &drawn, &counts, seed);
        log.duties(service, &played.duties);
        stretches.push((
            plan,
            counts,
            calls.len()..calls.len() + played.calls.len(),
            played.escalated,
        ));
        calls.append(&mut played.calls);
        calls.extend(traffic::calls_aside(plan, &hours, &days, counts.offered, seed));
    }
    number_channels(&mut calls, &restarts);
    progress("writing the queue log");
    log.calls(&calls);
    let queue_logs = log.write(&hours, &sources)?;

    progress("writing the ticketing system's exports");
    let casi = write_text(&sources, "casi.toml", CASES)?;
    let mut mapped = Vec::new();
    for (plan, counts, stretch, escalated) in stretches {
        let of_service = calls.get(stretch).expect("the service's calls stand there");
        let files = tables.cases(plan, of_service, &escalated, &counts)?;
        mapped.push(Mapped { mapping: casi.clone(), service: Some(plan.code), files });
    }
    let others = [
        (tables.messages(sizes.messages.0, sizes.messages.1)?, "messaggi.toml", MESSAGES),
        (tables.campaigns(sizes.outbound.0, sizes.outbound.1)?, "campagne.toml", CAMPAIGNS),
        (tables.outages(&maintenance)?, "interruzioni.toml", OUTAGES),
    ];
    for (file, name, text) in others {
        let mapping = write_text(&sources, name, text)?;
        mapped.push(Mapped { mapping, service: None, files: vec![file] });
    }
    write_text(dir, "resoconto-dichiarato.toml", DECLARED)?;
    let folder = dir.join("scenarios");
    fs::create_dir_all(&folder)?;
    let scenarios = SCENARIOS.map(|(name, text)| write_text(&folder, name, text));
    Ok(DemoFiles {
        scenarios: scenarios.into_iter().collect::<io::Result<_>>()?,
        contract: write_text(dir, "contract.toml", CONTRACT)?,
        queue_logs,
        mapped,
        declared: tables.declared()?,
        readme: write_text(&sources, "LEGGIMI.txt", README)?,
    })
}

fn write_text(dir: &Path, name: &str, text: &str) -> io::Result<PathBuf> {
    let path = dir.join(name);
    fs::write(&path, text)?;
    Ok(path)
}

#[cfg(test)]
mod tests;
