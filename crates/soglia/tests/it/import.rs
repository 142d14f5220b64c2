//! Files as they really come: overlapping, dirty, cut short, unrelated, growing, and disks that
//! are full. Read [`a_file_that_has_grown_adds_only_what_is_new`] first.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::support::{
    Log, MONDAY, Place, Ran, command, contract_with, counts, dispositions, figures, temp, write,
};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../soglia-sources/fixtures");

/// What became of the only file of an import.
pub fn outcome(ran: &Ran) -> Value {
    let all = ran.json();
    assert_eq!(all.as_array().map(Vec::len), Some(1), "{all}");
    let one = all[0].clone();
    balances(&one);
    one
}

/// Rows read = facts + duplicates + rejects + ignored.
fn balances(outcome: &Value) {
    let n = |name: &str| outcome[name].as_u64().expect("a count");
    let parts = n("fact_rows") + n("duplicates") + n("rejected") + n("ignored");
    assert_eq!(n("rows"), parts, "{outcome}");
}

pub fn n(outcome: &Value, name: &str) -> u64 {
    outcome[name].as_u64().unwrap_or_else(|| panic!("no `{name}` in {outcome}"))
}

fn three_calls() -> Log {
    let mut log = Log::default();
    log.answered(MONDAY, "cup_prenotazione", 10, 60);
    log.answered(MONDAY + 100, "cup_prenotazione", 30, 60);
    log.abandoned(MONDAY + 200, "cup_prenotazione", 15);
    log
}

/// `soglia import … 2>&1 | head -1`: who stops reading does not stop the import.
#[test]
fn nobody_need_read_what_is_told() {
    let dir = temp();
    let place = Place::new(dir.path());
    let file = three_calls().write(dir.path(), "monday");
    let gone = || {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        writer
    };
    let file_name = file.to_str().expect("a path in UTF-8");
    let asked = ["import", "--json", "--format", "queue-log", file_name];
    let asked = place.arguments(&asked);
    let ended = command().args(asked).stdout(gone()).stderr(gone()).status().expect("it runs");
    assert_eq!(ended.code(), Some(0));
    let again = place.import(&[&file]).ok().json();
    assert_eq!(again[0]["already"], true, "{again}");
}

#[test]
fn a_file_that_has_grown_adds_only_what_is_new() {
    let dir = temp();
    let place = Place::new(dir.path());
    let mut log = three_calls();
    let first = outcome(&place.import(&[&log.write(dir.path(), "monday")]).ok());
    assert_eq!((n(&first, "rows"), n(&first, "calls")), (8, 3));
    log.answered(MONDAY + 300, "cup_disdette", 20, 60);
    log.abandoned(MONDAY + 400, "cup_disdette", 40);
    let second = outcome(&place.import(&[&log.write(dir.path(), "monday")]).ok());
    assert_eq!((n(&second, "rows"), n(&second, "duplicates")), (13, 8));
    assert_eq!(n(&second, "calls"), 2);
    let again = outcome(&place.import(&[&log.write(dir.path(), "renamed")]).ok());
    assert_eq!(again["already"], true);
    assert_eq!(counts(&place.measure("2023-07"), "cup", "K1"), (2, 5));
    assert_eq!(counts(&place.measure("2023-07"), "cup", "K3"), (2, 5));
}

#[test]
fn equal_rows_of_one_file_are_events_of_their_own() {
    let dir = temp();
    let place = Place::new(dir.path());
    let case = "P-1;;Telefono;03/07/2023 08:00:58;;;;;;03/07/2023 08:04:23;03/07/2023 08:04:23;;\
                1;1;booked;prenotazione;NO;;D;regionale\n";
    let header = fs::read_to_string(example("cases.csv")).expect("an example");
    let header = header.lines().next().expect("a header").to_owned() + "\n";
    let mapping = example("cases.toml");
    let import = |name: &str, text: &str| {
        let file = write(dir.path(), name, text);
        let arguments = ["--mapping", as_text(&mapping), as_text(&file)];
        let all = [&["import", "--json", "--quiet"], &arguments[..]].concat();
        outcome(&place.soglia(&all).ok())
    };
    let twice = import("twice.csv", &format!("{header}{case}{case}"));
    assert_eq!((n(&twice, "duplicates"), n(&twice, "fact_rows")), (0, 2));
    let thrice = import("thrice.csv", &format!("{header}{case}{case}{case}"));
    assert_eq!((n(&thrice, "duplicates"), n(&thrice, "fact_rows")), (2, 1));
}

#[test]
fn the_list_of_many_imports_stays_few_files() {
    let dir = temp();
    let place = Place::new(dir.path());
    let file = |at: i64| {
        let mut log = Log::default();
        log.answered(MONDAY + 100 * at, "cup_prenotazione", 10, 60);
        log.write(dir.path(), &format!("log-{at:02}"))
    };
    let files: Vec<PathBuf> = (0..36).map(file).collect();
    let (first, last) = files.split_at(35);
    place.import(&first.iter().map(PathBuf::as_path).collect::<Vec<_>>()).ok();
    // The next import clears away the files that one was written in place of.
    place.import(&[last.first().expect("one is left")]).ok();
    let list = place.ledger.join("tables/imports");
    let list = fs::read_dir(list).expect("it is readable").map(|entry| entry.expect("an entry"));
    let names = list.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let written = names.filter(|name| name.ends_with(".parquet")).count();
    assert!(written < 10, "{written} files");
    let again = place.import(&[&files[3]]).ok();
    assert_eq!(outcome(&again)["already"], true, "the first imports are known");
    assert_eq!(counts(&place.measure("2023-07"), "cup", "K1"), (36, 36));
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/mappings").join(name)
}

fn as_text(path: &Path) -> &str {
    path.to_str().expect("paths are UTF-8")
}

#[test]
fn a_messy_file_is_taken_in_and_balances() {
    let dir = temp();
    let contract = contract_with(dir.path(), &["cup", "1501"]);
    let place = Place { contract, ..Place::new(dir.path()) };
    let file = Path::new(FIXTURES).join("queue_log/recoverable-errors.log");
    let arguments =
        ["import", "--json", "--format", "queue-log", "--service", "cup", as_text(&file)];
    let ran = place.soglia(&arguments).ok();
    let outcome = outcome(&ran);
    assert!(0 < n(&outcome, "rejected") && 0 < n(&outcome, "calls"), "{outcome}");
    let listed = place.soglia(&["ledger", "rejects", "--csv"]).ok().out;
    // A call of no service is one line for all its rows.
    let rows: u64 = listed
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(3).and_then(|n| n.parse::<u64>().ok()).expect("a count"))
        .sum();
    assert_eq!(rows, n(&outcome, "rejected"), "{listed}");
}

#[test]
fn calls_of_an_unknown_queue_are_rejected_and_counted() {
    let dir = temp();
    let place = Place::new(dir.path());
    let mut log = three_calls();
    log.answered(MONDAY + 300, "farmacia", 5, 60);
    let file = log.write(dir.path(), "log");
    let one = outcome(&place.import(&[&file]).ok());
    assert_eq!((n(&one, "calls"), n(&one, "rejected")), (3, 3));
    let rejects = place.soglia(&["ledger", "rejects"]).ok().out;
    assert!(rejects.contains("unknown_queue") && rejects.contains("farmacia"), "{rejects}");
}

#[test]
fn too_many_rejects_end_with_code_5_and_the_file_is_in() {
    let dir = temp();
    let place = Place::new(dir.path());
    let mut log = three_calls();
    log.line(MONDAY + 300, "", "", "", "");
    let file = log.write(dir.path(), "log");
    let import = |most: &str| {
        let arguments = ["import", "--json", "--format", "queue-log", "--max-rejects", most];
        place.soglia(&[&arguments[..], &[as_text(&file)]].concat())
    };
    let ran = import("0").code(5);
    assert!(ran.err.contains("error: ") && ran.err.contains("hint: "), "{}", ran.err);
    assert_eq!(n(&outcome(&ran), "calls"), 3);
    import("1").ok();
    assert_eq!(counts(&place.measure("2023-07"), "cup", "K3"), (1, 3));
}

#[test]
fn files_that_cannot_be_read_change_nothing() {
    let dir = temp();
    let place = Place::new(dir.path());
    place.import(&[&three_calls().write(dir.path(), "log")]).ok();
    let before = place.measure("2023-07");
    let mut log = Log::default();
    for call in 0..500 {
        log.answered(MONDAY + 3600 + call * 10, "cup_prenotazione", call % 37, 60);
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(log.text().as_bytes()).expect("in memory");
    let packed = gzip.finish().expect("in memory");
    let half = packed.get(..packed.len() / 2).expect("a half");
    let cut = write(dir.path(), "cut.gz", half);
    let folder = dir.path().join("folder");
    fs::create_dir(&folder).expect("a folder");
    let bad = [
        (cut, "cut.gz"),
        (Path::new(FIXTURES).join("queue_log/unrelated.log"), "unrelated.log"),
        (folder, "is a folder, not a file"),
        (dir.path().join("missing"), "hint: check the path"),
        (write(dir.path(), "garbage", [0_u8, 159, 146, 150].repeat(999)), "garbage"),
    ];
    for (path, said) in bad {
        let ran = place.import(&[&path]).code(5);
        assert!(ran.err.starts_with("error: ") && ran.err.contains(said), "{}", ran.err);
        assert_eq!(place.measure("2023-07"), before, "{}", path.display());
    }
    let whole = write(dir.path(), "cut.gz", &packed);
    assert_eq!(n(&outcome(&place.import(&[&whole]).ok()), "calls"), 500);
}

/// Rotation leaves empty files behind: they do not keep the others out.
#[test]
fn an_empty_file_is_an_import_of_no_rows() {
    for format in ["queue-log", "asterisk-cdr", "freeswitch", "amazon-connect", "genesys"] {
        let dir = temp();
        let place = Place::new(dir.path());
        let empty = write(dir.path(), "queue_log.1", "");
        let taken = outcome(&place.import_as(format, &[&empty]).ok());
        assert_eq!((n(&taken, "rows"), &taken["anomalies"]["empty_file"]), (0, &Value::from(1)));
        place.soglia(&["measure", "--period", "2023-07"]).code(4);
    }
    let dir = temp();
    let place = Place::new(dir.path());
    let text = three_calls().text().to_owned();
    let cut = text.match_indices('\n').nth(3).expect("lines").0 + 1;
    let (monday, tuesday) = text.split_at(cut);
    let monday = write(dir.path(), "queue_log.2", monday);
    let empty = write(dir.path(), "queue_log.1", "");
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(b"").expect("in memory");
    let packed = write(dir.path(), "queue_log.3.gz", packed.finish().expect("in memory"));
    place.import(&[&monday, &empty, &packed]).ok();
    // What was open before the empty file is still open after it.
    place.import(&[&write(dir.path(), "queue_log", tuesday)]).ok();
    let report = place.measure("2023-07");
    assert_eq!(counts(&report, "cup", "K3"), (1, 3), "{report}");
}

#[test]
fn a_call_open_at_the_end_is_completed_by_the_next_file() {
    let dir = temp();
    let place = Place::new(dir.path());
    let mut log = three_calls();
    log.answered(MONDAY + 300, "cup_prenotazione", 20, 60);
    let text = log.text();
    let cut = text.rfind("|Bea Conti|CONNECT").expect("the last call's answer");
    let cut = text[..cut].rfind('\n').expect("lines") + 1;
    let (monday, tuesday) = text.split_at(cut);
    let first = outcome(&place.import(&[&write(dir.path(), "monday", monday)]).ok());
    assert_eq!((n(&first, "calls"), n(&first, "open_calls")), (3, 1));
    assert!(0 < n(&first, "pending_rows"), "{first}");
    let provisional = place.measure("2023-07-03");
    assert_eq!(counts(&provisional, "cup", "K3"), (1, 3));
    assert_eq!(provisional["measurements"][0]["provisional"], true);
    let second = outcome(&place.import(&[&write(dir.path(), "tuesday", tuesday)]).ok());
    assert_eq!((n(&second, "calls"), n(&second, "open_calls")), (1, 0));
    let whole = place.measure("2023-07-03");
    assert_eq!(counts(&whole, "cup", "K1"), (2, 4));
    assert_eq!(counts(&whole, "cup", "K3"), (1, 4));
}

#[test]
fn every_format_takes_its_fixture() {
    let formats = [
        ("queue-log", "queue_log/basic.log"),
        ("asterisk-cdr", "asterisk_cdr/basic.csv"),
        ("freeswitch", "freeswitch/basic.csv"),
        ("freeswitch", "freeswitch/basic.json"),
        ("amazon-connect", "amazon_connect/basic.jsonl"),
        ("genesys", "genesys/basic.json"),
    ];
    for (format, file) in formats {
        let dir = temp();
        let queues = ["cup", "CUP", "riserva", "specialisti", "cup@comune.invalid", "coda-cup"];
        let contract = contract_with(dir.path(), &queues);
        let place = Place { contract, ..Place::new(dir.path()) };
        let file = Path::new(FIXTURES).join(file);
        let import = || {
            let arguments = ["import", "--json", "--format", format, "--service", "cc"];
            outcome(&place.soglia(&[&arguments[..], &[as_text(&file)]].concat()).ok())
        };
        let one = import();
        assert!(0 < n(&one, "calls"), "{format}: {one}");
        assert_eq!(import()["already"], true, "{format}");
        let status = place.soglia(&["ledger", "status", "--lang", "en"]).ok().out;
        assert!(status.contains("quadratura: balances") && !status.contains("WRONG"), "{status}");
        for other in ["queue-log", "asterisk-cdr", "freeswitch", "amazon-connect", "genesys"] {
            if other != format {
                let ran = place.import_as(other, &[&file]);
                assert_eq!(ran.code, 5, "{format} read as {other}: {}", ran.err);
            }
        }
    }
}

/// Records of FreeSWITCH for calls answered for so many seconds; the end is the revision.
fn freeswitch(calls: impl IntoIterator<Item = (i64, i64)>) -> String {
    let basic = Path::new(FIXTURES).join("freeswitch/basic.csv");
    let basic = fs::read_to_string(basic).expect("a fixture");
    let mut text = basic.lines().next().expect("a header").to_owned() + "\n";
    for (call, talk) in calls {
        let start = MONDAY + call;
        let (answered, end) = (start + 20, start + 20 + talk);
        writeln!(
            text,
            "call-{call},inbound,public,,+390000000001,800000000,{start},{start}000000,{end},\
             {end}000000,member,cup@comune.invalid,{start},{answered},{end},,answered,,true,0,\
             NORMAL_CLEARING,,,1001,"
        )
        .expect("text grows");
    }
    text
}

#[test]
fn a_revised_record_replaces_the_one_of_any_earlier_import() {
    let dir = temp();
    let contract = contract_with(dir.path(), &["cup@comune.invalid"]);
    let place = Place { contract, ..Place::new(dir.path()) };
    let import = |name: &str, text: String| {
        let file = write(dir.path(), name, text);
        outcome(&place.import_as("freeswitch", &[&file]).ok())
    };
    // More than are looked up at a time; the first one comes again at the end.
    let many = import("many", freeswitch((0..40_000).map(|call| (call, 60)).chain([(0, 60)])));
    assert_eq!((n(&many, "calls"), n(&many, "duplicates")), (40_000, 1));
    let other = import("other", freeswitch((50_000..50_100).map(|call| (call, 60))));
    assert_eq!((n(&other, "calls"), n(&other, "duplicates")), (100, 0));
    // Of a thousand known ones every second is revised; a thousand are new.
    let talk = |call: i64| if call % 2 == 0 { 90 } else { 60 };
    let revised = import("revised", freeswitch((39_000..41_000).map(|call| (call, talk(call)))));
    assert_eq!((n(&revised, "calls"), n(&revised, "duplicates")), (1_500, 500));
    let older = freeswitch((39_000..39_100).map(|call| (call, 60)).chain([(50_000, 70)]));
    let older = import("older", older);
    assert_eq!((n(&older, "calls"), n(&older, "duplicates")), (1, 100));
    let answered = dispositions(&place.measure("2023-07"), "cup");
    assert_eq!(answered.into_iter().collect::<Vec<_>>(), [("answered".to_owned(), 41_100)]);
    let status = place.soglia(&["ledger", "status", "--lang", "en"]).ok().out;
    assert!(status.contains("quadratura: balances") && !status.contains("WRONG"), "{status}");
}

#[test]
fn a_tester_is_known_when_the_contact_ends_in_the_next_file() {
    let dir = temp();
    let queue = "Prenotazione";
    let contract = contract_with(dir.path(), &[queue]);
    let text = fs::read_to_string(&contract).expect("it was written");
    let record = |id: &str, more: &str| {
        format!(
            "{{\"ContactId\":\"{id}\",\"Channel\":\"VOICE\",\
             \"InitiationMethod\":\"INBOUND\",\"InitiationTimestamp\":\
             \"2023-07-14T09:00:00Z\",\"DisconnectTimestamp\":\"2023-07-14T09:06:00Z\",\
             \"LastUpdateTimestamp\":\"2023-07-14T09:07:00Z\",\
             \"CustomerEndpoint\":{{\"Address\":\"+390000000001\"}},\
             \"Queue\":{{\"Name\":\"{queue}\",\"EnqueueTimestamp\":\"2023-07-14T09:00:01Z\",\
             \"DequeueTimestamp\":\"2023-07-14T09:00:15Z\"}},\
             \"Agent\":{{\"Username\":\"x\",\
             \"ConnectedToAgentTimestamp\":\"2023-07-14T09:00:15Z\"}}{more}}}\n"
        )
    };
    let first = write(dir.path(), "a.jsonl", record("one", ",\"NextContactId\":\"two\""));
    let second = record("two", ",\"InitialContactId\":\"one\",\"PreviousContactId\":\"one\"")
        .replace("INBOUND", "TRANSFER");
    let second = write(dir.path(), "b.jsonl", second);
    for (testers, found) in [("0000 555001", "answered"), ("+39 0000 000001", "test")] {
        let text = text.replace("\"0000 555001\"", &format!("\"{testers}\""));
        let contract = write(dir.path(), &format!("{found}.toml"), text);
        let ledger = dir.path().join(found);
        let place = Place { contract, ledger: ledger.clone() };
        let open = outcome(&place.import_as("amazon-connect", &[&first]).ok());
        assert_eq!((n(&open, "calls"), n(&open, "open_calls")), (0, 1));
        outcome(&place.import_as("amazon-connect", &[&second]).ok());
        let seen = dispositions(&place.measure("2023-07"), "cup");
        assert_eq!(seen.get(found), Some(&1), "{seen:?}");
    }
}

/// CDR rows of calls that met no queue, a hundred a day.
fn cdr(calls: std::ops::Range<i64>) -> String {
    let mut text = String::new();
    for call in calls {
        let (day, minute, second) = (call / 100 + 3, call % 100 / 60, call % 60);
        let (from, to) = (format!("{minute:02}:{second:02}"), format!("{minute:02}:{second:02}"));
        writeln!(
            text,
            "\"\",\"0000654321\",\"s\",\"ivr\",\"\",\"PJSIP/t-3\",\"\",\"Playback\",\"benvenuto\",\
             \"2023-07-{day:02} 23:{from}\",\"2023-07-{day:02} 23:{from}\",\
             \"2023-07-{day:02} 23:{to}\",0,0,\"ANSWERED\",\"DOCUMENTATION\",\"pbx-{call}.1\",\"\",\
             \"\",\"pbx-{call}.1\",{call}"
        )
        .expect("text grows");
    }
    text
}

#[test]
fn call_detail_records_delivered_again_are_known_by_their_day() {
    let dir = temp();
    let place = Place::new(dir.path());
    let import = |name: &str, text: String| {
        let file = write(dir.path(), name, text);
        let arguments = ["import", "--json", "--format", "asterisk-cdr", "--service", "cup"];
        outcome(&place.soglia(&[&arguments[..], &[as_text(&file)]].concat()).ok())
    };
    let counts = |one: &Value| (n(one, "calls"), n(one, "duplicates"));
    assert_eq!(counts(&import("first", cdr(0..1000))), (1000, 0));
    assert_eq!(counts(&import("second", cdr(900..1200))), (200, 100));
    assert_eq!(counts(&import("whole", cdr(0..1300))), (100, 1200));
    // The second of two equal rows is a row of its own, whatever the order of days.
    let mixed = cdr(1250..1260) + &cdr(5..6) + &cdr(1400..1401) + &cdr(5..6);
    assert_eq!(n(&import("mixed", mixed), "duplicates"), 11);
    let status = place.soglia(&["ledger", "status", "--lang", "en"]).ok().out;
    assert!(status.contains("quadratura: balances") && !status.contains("WRONG"), "{status}");
}

/// A log large enough that its import takes a while.
pub fn large(calls: i64) -> Log {
    let queues = ["cup_prenotazione", "cup_disdette", "cc_assistenza", "cc_pec"];
    let mut log = Log::default();
    for (call, queue) in (0..calls).zip(queues.iter().cycle()) {
        // Ten days, weekends among them, of eleven hours each.
        let (day, within) = (call * 10 / calls, call % (calls / 10).max(1));
        let at = MONDAY + day * 86_400 + within * 39_600 * 10 / calls;
        if call % 7 == 3 {
            log.abandoned(at, queue, call % 53);
        } else {
            log.answered(at, queue, call % 41, call % 599);
        }
    }
    log
}

#[test]
fn a_file_that_changes_while_it_is_read_is_refused_or_consistent() {
    let dir = temp();
    let place = Place::new(dir.path());
    let mut log = large(20_000);
    let path = log.write(dir.path(), "growing");
    let old = log.text().len();
    for call in 0..2_000 {
        log.answered(MONDAY + 864_000 + call, "cc_firma", 1, 2);
    }
    let more = log.text()[old..].to_owned();
    let done = AtomicBool::new(false);
    let ran = thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = OpenOptions::new().append(true).open(&path).expect("the file is there");
            for line in more.split_inclusive('\n') {
                if !done.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_micros(300));
                }
                file.write_all(line.as_bytes()).expect("the disk has room");
            }
        });
        let ran = place.import(&[&path]);
        done.store(true, Ordering::Relaxed);
        ran
    });
    if ran.code == 0 {
        outcome(&ran);
    } else {
        assert_eq!(ran.code, 5, "{}", ran.err);
        assert!(ran.err.contains("changed while it was being read"), "{}", ran.err);
        place.soglia(&["measure", "--period", "2023-07"]).code(4);
    }
    outcome(&place.import(&[&path]).ok());
    let (clean_dir, text) = (temp(), log.text());
    let clean = Place::new(clean_dir.path());
    clean.import(&[&write(clean_dir.path(), "quiet", text)]).ok();
    for service in ["cup", "cc"] {
        let pair = |place: &Place| dispositions(&place.measure("2023-07"), service);
        assert_eq!(pair(&place), pair(&clean));
    }
}

/// A small disk, taken off again when the test ends.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn new(at: &Path, size: &str) -> Option<Self> {
        fs::create_dir_all(at).expect("a folder");
        let options = format!("size={size}");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "soglia-test"])
            .arg(at)
            .output()
            .is_ok_and(|output| output.status.success());
        if !mounted {
            println!("skipped: this user cannot mount a small disk");
        }
        mounted.then(|| Self(at.to_owned()))
    }

    fn grow(&self, size: &str) {
        let options = format!("remount,size={size}");
        let status = Command::new("mount").args(["-o", &options]).arg(&self.0).status();
        assert!(status.expect("mount starts").success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_said_and_harms_nothing() {
    let dir = temp();
    let at = dir.path().join("disk");
    let Some(disk) = SmallDisk::new(&at, "1m") else { return };
    let place = Place::new(&at);
    // Another week: a call that both files had would be a duplicate.
    let mut small = Log::default();
    small.answered(MONDAY + 21 * 86_400, "cup_prenotazione", 5, 60);
    place.import(&[&small.write(dir.path(), "small")]).ok();
    let before = place.measure("2023-07");
    // Names that do not repeat, so that compression does not make room.
    let mut log = large(30_000);
    log.answered(MONDAY + 864_000, "cup_prenotazione", 3, 4);
    let file = log.write(dir.path(), "big");
    let ran = place.import(&[&file]);
    assert!(ran.code == 1 || ran.code == 5, "{}: {}", ran.code, ran.err);
    assert!(ran.err.contains("No space left") || ran.err.contains("disk is full"), "{}", ran.err);
    assert_eq!(place.measure("2023-07"), before, "what was in is still in, and nothing else");
    disk.grow("200m");
    let one = outcome(&place.import(&[&file]).ok());
    assert_eq!(n(&one, "calls"), 30_001);
    let status = place.soglia(&["ledger", "status", "--lang", "en"]).ok().out;
    assert!(!status.contains("WRONG") && !status.contains("DOES NOT"), "{status}");
}

/// Whoever comes while a ledger is being made is told so, and spoils nothing.
#[test]
fn a_ledger_is_made_by_one_at_a_time() {
    let dir = temp();
    let place = Place::new(dir.path());
    fs::create_dir(&place.ledger).expect("a folder");
    let lock = fs::File::create(place.ledger.join("lock")).expect("a file");
    lock.try_lock().expect("nobody else is here");
    let file = three_calls().write(dir.path(), "monday");
    let ran = place.import(&[&file]).code(1);
    assert!(ran.err.contains("another import is writing to"), "{}", ran.err);
    assert!(ran.err.contains("hint: wait for it to end"), "{}", ran.err);
    drop(lock);
    place.import(&[&file]).ok();

    // And in earnest: all but one are told to wait, or find what the first made.
    let dir = temp();
    let place = Place::new(dir.path());
    let names: Vec<String> = (0..4).map(|n| format!("log.{n}")).collect();
    let running: Vec<_> = names
        .iter()
        .map(|name| {
            let file = three_calls().write(dir.path(), name);
            let asked = ["import", "--format", "queue-log", as_text(&file)];
            let asked = place.arguments(&asked);
            command().args(asked).stderr(std::process::Stdio::piped()).spawn().expect("it starts")
        })
        .collect();
    for one in running {
        let ended = one.wait_with_output().expect("it ends");
        let err = String::from_utf8_lossy(&ended.stderr).into_owned();
        let told = err.contains("another import is writing to");
        assert!(ended.status.success() || told, "{err}");
    }
    let taken = outcome(&place.import(&[&dir.path().join("log.0")]).ok());
    assert_eq!(taken["already"], true, "{taken}");
    assert_eq!(counts(&place.measure("2023-07"), "cup", "K3"), (1, 3));
}

/// A damaged table is read by its own name, and is a fault of the data.
#[test]
fn a_table_that_cannot_be_read_is_called_by_its_name() {
    let dir = temp();
    let place = Place::new(dir.path());
    let mapping = |format: &str| {
        let text = format!(
            "fact = \"calls\"\nservice = \"cup\"\n[read]\nformat = \"{format}\"\n[columns]\n\
             id = \"id\"\narrived = \"local_instant(quando)\"\ndisposition = \"'answered'\"\n"
        );
        write(dir.path(), &format!("{format}.toml"), text)
    };
    for format in ["xlsx", "parquet", "csv"] {
        let file = write(dir.path(), &format!("luglio.{format}"), "PK\u{3}\u{4} cut short");
        let mapping = mapping(format);
        let asked = ["import", "--mapping", as_text(&mapping), as_text(&file)];
        let ran = place.soglia(&asked).code(5);
        assert!(ran.err.contains(as_text(&file)), "{}", ran.err);
        assert!(!ran.err.contains("objects"), "no file of the ledger's: {}", ran.err);
    }
    let broken = write(dir.path(), "broken.toml", "fact = \"calls\"\n");
    place.soglia(&["import", "--mapping", as_text(&broken), as_text(&broken)]).code(3);
}

/// Files of the ledger that somebody removed or cut are missed before any figure is computed.
#[test]
fn a_lost_file_of_the_ledger_is_an_error() {
    let dir = temp();
    let place = Place::new(dir.path());
    place.import(&[&three_calls().write(dir.path(), "monday")]).ok();
    let before = place.measure("2023-07");
    let calls = place.ledger.join("tables/calls");
    let file = fs::read_dir(&calls)
        .expect("the table's folder")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|end| end == "parquet"))
        .expect("a file of calls");
    let bytes = fs::read(&file).expect("it can be read");
    let asked: [&[&str]; 4] = [
        &["ledger", "status"],
        &["ledger", "rejects"],
        &["measure", "--period", "2023-07"],
        &["call", "1"],
    ];
    for (damage, problem) in [(None, "is missing"), (Some(&bytes[..9]), "has 9 bytes instead of")] {
        match damage {
            None => fs::remove_file(&file).expect("it can be removed"),
            Some(left) => fs::write(&file, left).expect("it can be written"),
        }
        for asked in asked {
            let ran = place.soglia(asked).code(1);
            assert!(ran.err.contains(problem) && ran.err.contains("`calls`"), "{}", ran.err);
            assert!(ran.err.contains("hint: ") && ran.err.contains("rebuild"), "{}", ran.err);
        }
    }
    let out = dir.path().join("new");
    let ran = place.soglia(&["ledger", "rebuild", "--out", as_text(&out)]).ok();
    assert!(ran.out.contains('–'), "nobody knows what there was: {}", ran.out);
    let rebuilt = Place { ledger: out, ..place.clone() };
    assert_eq!(figures(&rebuilt.measure("2023-07")), figures(&before));
    fs::write(&file, bytes).expect("it can be put back");
    assert_eq!(figures(&place.measure("2023-07")), figures(&before));
}

/// No caller and no operator shows where rows are shown, whatever the format.
#[test]
fn rows_are_shown_without_people() {
    let formats = [
        ("queue-log", "queue_log/basic.log", "", "ENTERQUEUE"),
        ("asterisk-cdr", "asterisk_cdr/basic.csv", "1772434800.1", "from-trunk"),
        ("freeswitch", "freeswitch/basic.csv", "", ""),
        ("freeswitch", "freeswitch/basic.json", "", ""),
        ("amazon-connect", "amazon_connect/basic.jsonl", "answered", "\"ContactId\":\"answered\""),
        ("genesys", "genesys/basic.json", "answered", "\"conversationId\": \"answered\""),
    ];
    for (format, file, call, shown) in formats {
        let dir = temp();
        let queues = ["cup", "CUP", "riserva", "specialisti", "cup@comune.invalid", "coda-cup"];
        let contract = contract_with(dir.path(), &queues);
        let place = Place { contract, ..Place::new(dir.path()) };
        let text = fs::read_to_string(Path::new(FIXTURES).join(file)).expect("a fixture");
        let first = write(dir.path(), "first", &text);
        let again = write(dir.path(), "again", format!("{text}\n"));
        let asked = ["import", "--quiet", "--service", "cc", "--format", format];
        place.soglia(&[&asked[..], &[as_text(&first), as_text(&again)]].concat()).ok();
        let duplicates = place.soglia(&["ledger", "duplicates", "--limit", "1000"]).ok().out;
        assert!(2 < duplicates.lines().count(), "{format}: {duplicates}");
        no_people(&duplicates);
        no_people(&place.soglia(&["ledger", "rejects", "--csv"]).ok().out);
        if !call.is_empty() {
            let story = place.soglia(&["call", call, "--lang", "en"]).ok().out;
            assert!(story.contains(shown), "{format}: {story}");
            let rows = story.lines().filter(|line| line.contains("…) row "));
            rows.for_each(no_people);
        }
    }
}

/// Nothing of the people of the fixtures.
#[track_caller]
fn no_people(text: &str) {
    for person in ["0000000001", "33355501", "08555501", "Nome Cognome", "operatore.uno", "Ada"] {
        assert!(!text.contains(person), "`{person}` in {text}");
    }
}

/// Of a mapped row, cells show that the mapping reads, but for those about people; the case that a
/// call opened shows its row as well.
#[test]
fn mapped_rows_are_shown_by_their_mapping() {
    let dir = temp();
    let place = Place::new(dir.path());
    let head = |fact: &str| {
        format!("fact = \"{fact}\"\nservice = \"cup\"\n[read]\nformat = \"csv\"\n[columns]\n")
    };
    let calls = head("calls")
        + "id = \"id\"\narrived = \"local_instant(quando)\"\ndisposition = \"'abandoned_in_ivr'\"\n\
           caller = \"numero\"\ngroup = \"gruppo\"\n";
    let cases = head("cases")
        + "id = \"pratica\"\nopened = \"local_instant(aperta)\"\nopened_by = \"chiamata\"\n\
           contacts = \"1\"\n";
    let mapped = |name: &str, mapping: &str, rows: &str| {
        let mapping = write(dir.path(), &format!("{name}.toml"), mapping);
        let file = write(dir.path(), &format!("{name}.csv"), rows);
        let asked = ["import", "--quiet", "--mapping", as_text(&mapping), as_text(&file)];
        place.soglia(&asked).ok();
    };
    let rows = "id,quando,numero,gruppo,operatrice\n\
        C-1,2023-07-03 00:30:00,0971555001,Bea Conti,Bea Conti\n\
        C-2,ieri,0971555002,Bea Conti,Dora Festa\n";
    mapped("chiamate", &calls, rows);
    mapped("pratiche", &cases, "pratica,aperta,chiamata,note\nP-1,2023-07-03 00:31:00,C-1,Ada\n");
    let story = place.soglia(&["call", "C-1", "--lang", "en"]).ok().out;
    assert!(story.contains(") row 2: C-1,2023-07-03 00:30:00,…,…,…"), "{story}");
    assert!(story.contains(") row 2: P-1,2023-07-03 00:31:00,C-1,…"), "{story}");
    let rejects = place.soglia(&["ledger", "rejects"]).ok().out;
    for person in ["0971555002", "Bea Conti", "Dora"] {
        assert!(!rejects.contains(person) && rejects.contains("ieri"), "{rejects}");
    }
    // Half past midnight in Rome is still the day before in UTC.
    let status = place.soglia(&["ledger", "status", "--lang", "en"]).ok().out;
    assert!(status.contains("2023-07-03  2023-07-03"), "{status}");
    assert!(!status.contains("2023-07-02"), "{status}");
    let italian = place.soglia(&["ledger", "status", "--lang", "it"]).ok().out;
    assert!(italian.contains("scartate") && italian.contains("quadratura: torna"), "{italian}");
}

/// `soglia completions bash | head -3`.
#[test]
fn nobody_need_read_completions() {
    for asked in [&["completions", "bash"][..], &["completions", "zsh"], &["man"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let ended = command().args(asked).stdout(writer).output().expect("it runs");
        let err = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!((ended.status.code(), err.as_str()), (Some(0), ""), "{asked:?}");
    }
}

#[test]
fn how_to_read_a_file_is_asked_for() {
    let dir = temp();
    let ran = Place::new(dir.path()).soglia(&["import", "file"]).code(2);
    assert!(ran.err.contains("--format") && ran.err.contains("--mapping"), "{}", ran.err);
}
