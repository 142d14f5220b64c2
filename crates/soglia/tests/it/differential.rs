//! The same figures computed by another engine from the same files. Read
//! `tests/differential/check.py`, then [`the_demo_agrees`].

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::support::{CONTRACT, Dice, Log, MONDAY, Place, demo, temp, write};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/differential/check.py");
/// The engine that the script uses.
const ENGINE: &str = "duckdb==2.0.0";

/// A Python with DuckDB, made once and kept beside the build; nothing where that fails.
fn python() -> Option<&'static Path> {
    static PYTHON: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = PYTHON.get_or_init(|| {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("differential");
        let python = dir.join("bin/python");
        let works = |python: &Path| succeeds(Command::new(python).args(["-c", "import duckdb"]));
        if !works(&python) {
            succeeds(Command::new("python3").args(["-m", "venv"]).arg(&dir));
            succeeds(Command::new(&python).args(["-m", "pip", "install", "--quiet", ENGINE]));
        }
        works(&python).then_some(python)
    });
    if found.is_none() {
        println!("skipped: no Python with {ENGINE}, and none could be installed");
    }
    found.as_deref()
}

fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// Runs the script; it prints what differs.
fn agree(python: &Path, dir: &Path, place: &Place, report: &Value, what: &str) {
    let measurement = write(dir, "measurement.json", report.to_string());
    let output = Command::new(python)
        .arg(SCRIPT)
        .arg("--ledger")
        .arg(&place.ledger)
        .arg("--contract")
        .arg(&place.contract)
        .arg("--measurement")
        .arg(measurement)
        .output()
        .expect("Python starts");
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {out}{err}");
}

#[test]
fn the_demo_agrees() {
    let Some(python) = python() else { return };
    let demo = demo();
    agree(python, temp().path(), &demo.place, &demo.report, "demo");
}

/// Seconds of working time that nasty data cluster around.
const EDGES: [i64; 8] = [0, 1, 5, 19, 20, 21, 180, 240];

/// Instants of a day in seconds after 08:00 that nasty data cluster around: before opening, at
/// opening, within, the last second, closing time, night.
const MOMENTS: [i64; 10] = [-3600, -1, 0, 1, 7_200, 20_000, 39_580, 39_599, 39_600, 43_200];

/// Days after Monday 3 July 2023 at 08:00 in Rome, as seconds: ordinary ones, Ferragosto and the
/// day after, a Saturday, the Friday, Sunday and Monday around the end of summer time, All
/// Saints' Day, the last working day of the year.
fn days() -> Vec<i64> {
    let summer = [0, 1, 4, 5, 11, 43, 44, 60, 116].map(|day| day * 86_400);
    let winter = [118, 119, 121, 150, 179].map(|day| day * 86_400 + 3600);
    summer.into_iter().chain(winter).collect()
}

fn moment(dice: &mut Dice, days: &[i64]) -> i64 {
    let day = days[usize::try_from(dice.below(days.len() as u64)).expect("few days")];
    let fixed = MOMENTS[usize::try_from(dice.below(10)).expect("ten moments")];
    let offset = if dice.below(2) == 0 { fixed } else { dice.upto(39_600) };
    MONDAY + day + offset
}

fn edge(dice: &mut Dice) -> i64 {
    match dice.below(3) {
        0 => EDGES[usize::try_from(dice.below(8)).expect("eight edges")],
        1 => dice.upto(45),
        _ => dice.upto(600),
    }
}

/// Calls that tie at limits and edges, in several queues, with transfers and time-outs.
fn nasty_log(dice: &mut Dice) -> (Log, Vec<(String, i64, bool)>) {
    let queues = ["cup_prenotazione", "cup_priorita", "cup_disdette", "cc_assistenza", "cc_spid"];
    let days = days();
    let mut instants: Vec<i64> = (0..1_500).map(|_| moment(dice, &days)).collect();
    // Over the end of the year: on the 31st, which is a Sunday, and on the last working evening.
    instants.extend([1_704_063_590, 1_704_063_599, 1_703_872_799, 1_703_872_800]);
    instants.sort_unstable();
    let mut log = Log::default();
    let mut calls = Vec::new();
    for at in instants {
        let queue = queues[usize::try_from(dice.below(5)).expect("five queues")];
        let (wait, talk) = (edge(dice), edge(dice));
        let cup = queue.starts_with("cup");
        match dice.below(10) {
            0..=2 => drop(log.abandoned(at, queue, wait)),
            3 => {
                let id = log.enter(at, queue);
                log.line(at + wait, &id, queue, "NONE", &format!("EXITWITHTIMEOUT|1|1|{wait}"));
            }
            4 => {
                // Times out into the second queue of the same service, and is answered there.
                let id = log.enter(at, queue);
                let left = at + wait;
                log.line(left, &id, queue, "NONE", &format!("EXITWITHTIMEOUT|1|1|{wait}"));
                let other = if cup { "cup_informazioni" } else { "cc_pec" };
                log.line(left, &id, other, "NONE", "ENTERQUEUE||0971555000|1");
                let answered = left + dice.upto(30);
                let waited = answered - left;
                log.line(answered, &id, other, "Bea", &format!("CONNECT|{waited}|{answered}.2|1"));
                let rest = format!("COMPLETEAGENT|{waited}|{talk}|1");
                log.line(answered + talk, &id, other, "Bea", &rest);
                calls.push((id, at, cup));
            }
            _ => calls.push((log.answered(at, queue, wait, talk), at, cup)),
        }
    }
    (log, calls)
}

/// Local time as the mapping of the example reads it.
fn italian(at: i64) -> String {
    let zone = jiff::tz::TimeZone::get("Europe/Rome").expect("the zone is bundled");
    let at = jiff::Timestamp::from_second(at).expect("an ordinary time").to_zoned(zone);
    at.strftime("%d/%m/%Y %H:%M:%S").to_string()
}

/// Cases with everything that can happen to one, in the layout of `examples/mappings/cases.toml`.
fn nasty_cases(dice: &mut Dice, calls: &[(String, i64, bool)], cup: bool) -> String {
    let header = fs::read_to_string(example("cases.csv")).expect("the example is there");
    let mut text = header.lines().next().expect("a header").to_owned() + "\n";
    for (number, (call, at, _)) in calls.iter().filter(|call| call.2 == cup).enumerate() {
        let opened = at + 30;
        let escalated = (dice.below(3) == 0).then(|| opened + dice.upto(4_000));
        let from = escalated.unwrap_or(opened);
        let long = [240, 14_400, 14_401, 90_000, 700_000];
        let took = long[usize::try_from(dice.below(5)).expect("five")] - dice.upto(3);
        let suspended = escalated.filter(|_| dice.below(3) == 0).map(|at| at + dice.upto(9_000));
        let awake = suspended.map(|at| at + dice.upto(80_000));
        let ended = from + took;
        let resolved = (dice.below(6) != 0).then_some(ended);
        let closed = (dice.below(7) != 0).then(|| ended + dice.upto(900));
        let reopened = closed.filter(|_| dice.below(9) == 0).map(|at| at + dice.upto(1_500_000));
        let contacts = 1 + u64::from(dice.below(8) == 0);
        let pick = |dice: &mut Dice, of: u64, yes: &'static str| {
            if dice.below(of) == 0 { yes } else { "" }
        };
        let outcome = ["booked", "no_availability", "agenda_closed", "information"];
        let outcome = outcome[usize::try_from(dice.below(4)).expect("four")];
        let third_party = if escalated.is_some() && dice.below(8) == 0 { "SI" } else { "NO" };
        let cancelled = pick(dice, 15, "annullata");
        let cell = |at: Option<i64>| at.map(italian).unwrap_or_default();
        let reason = if suspended.is_some() { "attesa cittadino" } else { "" };
        writeln!(
            text,
            "{number};{call};Telefono;{};{};;{};{};{reason};{};{};{};{contacts};;{outcome};altro;\
             {third_party};{cancelled};;",
            italian(opened),
            cell(escalated),
            cell(suspended),
            cell(awake),
            cell(resolved),
            cell(closed),
            cell(reopened),
        )
        .expect("text grows");
    }
    text
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/mappings").join(name)
}

/// What is changed in the reference contract, for both services.
const VARIATIONS: [(&str, &[(&str, &str)]); 9] = [
    ("as it stands", &[]),
    ("answered only", &[("denominator = \"offered\"", "denominator = \"answered\"")]),
    (
        "early abandons left out, exclusive limit",
        &[
            ("\"count_in_denominator\"", "\"exclude\""),
            ("boundary = \"inclusive\"", "boundary = \"exclusive\""),
        ],
    ),
    (
        "early abandons met, short ones left out",
        &[("\"count_in_denominator\"", "\"count_as_met\""), ("\"0s\"", "\"5s\"")],
    ),
    (
        "wide population",
        &[
            ("population = \"queue_offered\"", "population = \"all_inbound\""),
            ("out_of_hours = \"excluded\"", "out_of_hours = \"included\""),
            ("rejected = \"lost\"", "rejected = \"excluded\""),
            ("ended_by = \"both\"", "ended_by = \"caller_only\""),
        ],
    ),
    (
        "other limits",
        &[("limit = \"20s\"", "limit = \"21s\""), ("limit = \"4min\"", "limit = \"180s\"")],
    ),
    (
        "cases, strictly",
        &[
            ("reopen_window_days = 0", "reopen_window_days = 7"),
            ("unavailable_counts = true", "unavailable_counts = false"),
            ("third_level = \"neither\"", "third_level = \"failure\""),
            ("open_at_end = \"failure_if_overdue\"", "open_at_end = \"failure\""),
            ("suspensions = \"stop_clock\"", "suspensions = \"ignored\""),
        ],
    ),
    (
        "cases, by the clock",
        &[
            ("clock = \"service_hours\"", "clock = \"elapsed\""),
            ("start = \"escalation\"", "start = \"opening\""),
            ("open_at_end = \"failure_if_overdue\"", "open_at_end = \"excluded\""),
        ],
    ),
    (
        "cases, all of them",
        &[
            ("denominator = \"escalated\"", "denominator = \"all_cases\""),
            ("denominator = \"resolved_and_overdue\"", "denominator = \"resolved\""),
        ],
    ),
];

#[test]
fn nasty_data_agree_under_every_variation() {
    let Some(python) = python() else { return };
    let dir = temp();
    let mut dice = Dice::new(2023);
    let (log, calls) = nasty_log(&mut dice);
    let mut place = Place::new(dir.path());
    place.import(&[&log.write(dir.path(), "queue_log")]).ok();
    // The example names one service; here the command line does.
    let mapping = fs::read_to_string(example("cases.toml")).expect("the example is there");
    let mapping = write(dir.path(), "cases.toml", mapping.replace("service = \"cup\"\n", ""));
    for (service, cup) in [("cup", true), ("cc", false)] {
        let cases = nasty_cases(&mut dice, &calls, cup);
        let file = write(dir.path(), &format!("cases-{service}.csv"), cases);
        let (mapping, file) = (mapping.to_str(), file.to_str());
        let arguments = ["--service", service, "--mapping", mapping.expect("UTF-8")];
        let all = [&["import", "--quiet"], &arguments[..], &[file.expect("UTF-8")]].concat();
        place.soglia(&all).ok();
    }
    let reference = fs::read_to_string(CONTRACT).expect("the contract is there");
    for (what, changes) in VARIATIONS {
        let mut text = reference.clone();
        for (from, to) in changes {
            assert!(text.contains(from), "{what}: the contract has no {from}");
            text = text.replace(from, to);
        }
        place.contract = write(dir.path(), "contract.toml", text);
        // Parts of the half-year have edges of their own; one more reading each is enough.
        let parts: &[&str] = if changes.is_empty() {
            &["2023-H2", "2023-Q3", "2023-10", "2023-12-29"]
        } else {
            &["2023-H2"]
        };
        for period in parts {
            let report = place.measure(period);
            agree(python, dir.path(), &place, &report, &format!("{what}, {period}"));
        }
    }
}
