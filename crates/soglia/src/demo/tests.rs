//! A tally that shares no code with the generator: lines are cut at bars and semicolons, hours come
//! from a table of holidays and two offsets.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use tempfile::TempDir;

use super::*;

/// What one call id met in the log.
#[derive(Default, Debug)]
struct Seen {
    number: String,
    arrived: i64,
    queued: Option<i64>,
    answered: Option<i64>,
    talk: i64,
    until: i64,
    full: bool,
    n_entries: u32,
    files: Vec<usize>,
    exits: Vec<String>,
}

#[derive(Default, PartialEq, Eq, Debug)]
struct Tally {
    offered: i64,
    lost: i64,
    prompt: i64,
    brief: i64,
    first_contact: i64,
    escalated: i64,
    resolved: i64,
    closed: i64,
}

impl Tally {
    fn of(counts: &Counts) -> Self {
        let answered = counts.answered();
        Self {
            offered: counts.offered,
            lost: counts.lost,
            prompt: counts.prompt,
            brief: counts.brief,
            first_contact: answered - counts.escalated,
            escalated: counts.escalated,
            resolved: counts.resolved,
            closed: answered,
        }
    }
}

/// Seconds since 1970 → (days since 1970, second of the day), local.
fn local(at: i64) -> (i64, i64) {
    let at = at + if at < 1_698_541_200 { 7200 } else { 3600 };
    (at / 86_400, at % 86_400)
}

/// Monday to Friday 8 to 19, not on 15/8, 1/11, 8/12, 25/12, 26/12.
fn in_hours(at: i64) -> bool {
    let (day, second) = local(at);
    let weekday = (day + 3) % 7;
    let holidays = [19_584, 19_662, 19_699, 19_716, 19_717];
    weekday < 5 && !holidays.contains(&day) && (8 * 3600..19 * 3600).contains(&second)
}

/// `dd/mm/yyyy HH:MM:SS`, local → seconds since 1970. No instant of the exports is ambiguous.
fn italian(text: &str) -> i64 {
    let n: Vec<i64> =
        text.split(['/', ' ', ':']).map(|part| part.parse().expect("a number")).collect();
    let (day, month, year) = (n[0], n[1], n[2]);
    let months = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let leap = i64::from(year == 2024 && 2 < month);
    let days =
        (year - 1970) * 365 + 13 + months[usize::try_from(month - 1).unwrap()] + day - 1 + leap;
    let naive = days * 86_400 + n[3] * 3600 + n[4] * 60 + n[5];
    let summer = naive < 1_698_541_200 + 7200;
    naive - if summer { 7200 } else { 3600 }
}

/// Open seconds between two instants, by brute force in steps of 20 s.
fn open_seconds(from: i64, until: i64) -> i64 {
    (from..until).step_by(20).filter(|&at| in_hours(at)).map(|_| 20).sum()
}

fn unpack(path: &Path) -> String {
    let mut text = String::new();
    MultiGzDecoder::new(fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text
}

fn read_log(files: &[PathBuf]) -> BTreeMap<String, Seen> {
    let mut calls: BTreeMap<String, Seen> = BTreeMap::new();
    let mut last = 0;
    for (index, path) in files.iter().enumerate() {
        for line in unpack(path).lines() {
            let f: Vec<&str> = line.split('|').collect();
            let at: i64 = f[0].parse().unwrap();
            assert!(last <= at, "times never go back: {line}");
            last = at;
            if f[1] == "NONE" || f[1] == "MANAGER" {
                continue;
            }
            let call = calls.entry(f[1].to_owned()).or_default();
            call.files.push(index);
            match f[4] {
                "INFO" if f[5] == "DID" => {
                    f[6].clone_into(&mut call.number);
                    call.arrived = at;
                }
                "INFO" => call.full |= f[5..] == ["STATO", "FULL"],
                "ENTERQUEUE" => {
                    call.queued.get_or_insert(at);
                    call.n_entries += 1;
                }
                "CONNECT" => {
                    call.answered.get_or_insert(at);
                    call.until = at;
                }
                "COMPLETECALLER" | "COMPLETEAGENT" => {
                    assert_eq!(f[6].parse::<i64>().unwrap(), at - call.until, "{line}");
                    call.talk += at - call.until;
                }
                "BLINDTRANSFER" => call.talk += at - call.until,
                "RINGNOANSWER" | "RINGCANCELED" | "CLOSED" => {}
                exit => call.exits.push(exit.to_owned()),
            }
        }
    }
    calls
}

fn tally(files: &DemoFiles, number: &str, code: &str, limit: i64) -> Tally {
    let mut tally = Tally::default();
    let calls = read_log(&files.queue_logs);
    for call in calls.values().filter(|c| c.number == number) {
        let Some(offered) = call.queued.or(call.full.then_some(call.arrived)) else { continue };
        assert_eq!(in_hours(call.arrived), in_hours(offered), "{call:?}");
        if !in_hours(offered) {
            continue;
        }
        tally.offered += 1;
        tally.lost += i64::from(call.answered.is_none());
        tally.prompt += i64::from(call.answered.is_some_and(|at| at - offered <= 20));
    }
    let cases = files.mapped.iter().find(|m| m.service == Some(code)).unwrap();
    for path in &cases.files {
        for row in fs::read_to_string(path).unwrap().lines().skip(1) {
            let f: Vec<&str> = row.split(';').collect();
            let call = calls.get(f[1]).expect("the case's call is in the log");
            assert!(in_hours(call.queued.unwrap()) && call.answered == Some(italian(f[3])));
            tally.closed += i64::from(!f[7].is_empty());
            if f[4].is_empty() {
                tally.first_contact += 1;
                tally.brief += i64::from(call.talk <= limit);
                assert_eq!(f[8..10], ["1", "1"]);
            } else {
                tally.escalated += 1;
                if !f[6].is_empty() {
                    tally.resolved += 1;
                    let open = open_seconds(italian(f[4]), italian(f[6]));
                    assert!(open <= 4 * 3600, "{open} s: {row}");
                }
            }
        }
    }
    tally
}

fn make(seed: u64, sizes: &Sizes) -> (TempDir, DemoFiles) {
    let dir = tempfile::tempdir().unwrap();
    let files = generate(dir.path(), seed, sizes, &mut |_| {}).unwrap();
    (dir, files)
}

#[test]
fn the_half_year_has_exactly_the_counts_of_the_reference_report() {
    let sizes = Sizes::full();
    let (_dir, files) = make(2023, &sizes);
    assert_eq!(tally(&files, "08005550101", "cup", 240), Tally::of(&sizes.cup));
    assert_eq!(tally(&files, "08005550102", "cc", 540), Tally::of(&sizes.cc));
    check_messy_cases(&files);
}

#[test]
fn small_and_other_seeds_keep_their_counts() {
    let sizes = Sizes::hundredth();
    for seed in [1, 2, 3] {
        let (_dir, files) = make(seed, &sizes);
        assert_eq!(tally(&files, "08005550101", "cup", 240), Tally::of(&sizes.cup), "{seed}");
        assert_eq!(tally(&files, "08005550102", "cc", 540), Tally::of(&sizes.cc), "{seed}");
    }
}

#[test]
fn same_seed_same_bytes() {
    let sizes = Sizes::hundredth();
    let bytes = |seed| {
        let (dir, files) = make(seed, &sizes);
        let mut paths = files.queue_logs.clone();
        paths.extend(files.mapped.iter().flat_map(|m| m.files.clone()));
        let read =
            |p: &PathBuf| (p.strip_prefix(dir.path()).unwrap().to_owned(), fs::read(p).unwrap());
        paths.iter().map(read).collect::<Vec<_>>()
    };
    assert_eq!(bytes(7), bytes(7));
    for ((name, one), (_, other)) in bytes(7).iter().zip(bytes(8)) {
        if !name.ends_with("interruzioni.csv") {
            assert_ne!(*one, other, "{}", name.display());
        }
    }
}

#[test]
fn files_continue_each_other() {
    let (_dir, files) = make(4, &Sizes::hundredth());
    let calls = read_log(&files.queue_logs);
    for boundary in 0..5 {
        let over = |c: &&Seen| c.files.contains(&boundary) && c.files.contains(&(boundary + 1));
        let open = calls.values().find(over).expect("a call open over the end of the month");
        assert!(open.answered.is_some() && 0 < open.talk);
    }
}

/// Whatever else a real log and real exports have.
fn check_messy_cases(files: &DemoFiles) {
    let calls = read_log(&files.queue_logs);
    let mut exits: BTreeMap<&str, u32> = BTreeMap::new();
    for exit in calls.values().flat_map(|c| &c.exits) {
        *exits.entry(exit).or_default() += 1;
    }
    for exit in ["ABANDON", "EXITWITHTIMEOUT", "EXITEMPTY", "EXITWITHKEY"] {
        assert!(exits.get(exit).is_some_and(|n| 3 <= *n), "{exits:?}");
    }
    assert!(calls.values().any(|c| 1 < c.n_entries && c.answered.is_some()));
    assert!(calls.values().any(|c| c.full));
    // The hour that occurs twice on 29 October.
    let twice = 1_698_537_600..1_698_544_800;
    assert!(calls.values().any(|c| c.answered.is_some() && twice.contains(&c.arrived)));
    // Written contacts: each reply within nine open hours, each exclusion without reply.
    let messages = files.mapped.iter().find(|m| m.mapping.ends_with("messaggi.toml")).unwrap();
    for row in fs::read_to_string(&messages.files[0]).unwrap().lines().skip(1) {
        let f: Vec<&str> = row.split(';').collect();
        if f[7].is_empty() {
            assert!(open_seconds(italian(f[4]), italian(f[5])) <= 9 * 3600, "{row}");
        } else {
            assert!(f[5].is_empty(), "{row}");
        }
    }
}

#[test]
fn the_contract_knows_the_numbers_queues_and_topics() {
    let contract: toml::Value = toml::from_str(CONTRACT).unwrap();
    for plan in [plan_of(Service::Cup), plan_of(Service::Cc)] {
        let service = &contract["service"][plan.code];
        assert!(service["numbers"].as_array().unwrap().contains(&plan.number.into()));
        let topics = service["topics"].as_table().unwrap();
        for queue in plan.queues {
            let known = |q: &toml::Value| q["name"].as_str() == Some(queue.name);
            assert!(service["queue"].as_array().unwrap().iter().any(known), "{}", queue.name);
            assert!(queue.topics.iter().all(|(_, topic)| topics.contains_key(*topic)));
        }
    }
}
