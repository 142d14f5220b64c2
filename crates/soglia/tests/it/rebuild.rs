//! Originals read again by other rules, into a new ledger. Read
//! [`a_corrected_mapping_counts_once_in_a_new_ledger`] first.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::import::{large, n, outcome};
use crate::support::{
    Dice, Figures, Log, MONDAY, Place, Ran, command, contract_with, counts, dispositions, figures,
    temp, write,
};

/// A mapping of calls whose dates are read by a format.
fn mapping(dir: &Path, name: &str, format: &str) -> PathBuf {
    write(
        dir,
        name,
        format!(
            "fact = \"calls\"\nservice = \"cup\"\n\n[read]\nformat = \"csv\"\ndelimiter = \";\"\n\n\
             [columns]\nid = \"id\"\narrived = \"local_instant(quando, '{format}')\"\n\
             first_queue = \"'cup_prenotazione'\"\n\
             queued = \"local_instant(quando, '{format}')\"\nwait_s = \"seconds(attesa)\"\n\
             disposition = \"'answered'\"\n"
        ),
    )
}

const AMERICAN: &str = "%m/%d/%Y %H:%M:%S";
const ITALIAN: &str = "%d/%m/%Y %H:%M:%S";

/// Calls of 3 to 8 July; read the American way they are of the third of six months.
const CALLS: &str = "id;quando;attesa\nC-1;03/07/2023 09:00:00;5\nC-2;04/07/2023 09:00:00;30\n\
    C-3;05/07/2023 09:00:00;10\nC-4;06/07/2023 09:00:00;10\n";

fn text(path: &Path) -> &str {
    path.to_str().expect("paths are UTF-8")
}

fn import_mapped(place: &Place, mapping: &Path, file: &Path) -> Ran {
    place.soglia(&["import", "--json", "--quiet", "--mapping", text(mapping), text(file)])
}

fn rebuild(place: &Place, out: &Path, more: &[&str]) -> Ran {
    let mut arguments = vec!["ledger", "rebuild", "--json", "--out", text(out)];
    arguments.extend(more);
    place.soglia(&arguments)
}

/// Every file of a folder with its bytes.
fn bytes_of(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).expect("the folder is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(bytes_of(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).expect("a file can be read"));
        }
    }
    found
}

/// Table and service → rows before and after.
fn compared(ran: &Ran) -> BTreeMap<String, (i64, i64)> {
    let all = ran.json();
    let rows = all["compared"].as_array().expect("a comparison").clone();
    rows.iter()
        .map(|row| {
            let word = |name: &str| row[name].as_str().expect("text").to_owned();
            let number = |name: &str| row[name].as_i64().expect("a count");
            (format!("{} {}", word("table"), word("service")), (number("old"), number("new")))
        })
        .collect()
}

#[test]
fn a_corrected_mapping_counts_once_in_a_new_ledger() {
    let dir = temp();
    let place = Place::new(dir.path());
    let wrong = mapping(dir.path(), "wrong.toml", AMERICAN);
    let right = mapping(dir.path(), "right.toml", ITALIAN);
    let file = write(dir.path(), "luglio.csv", CALLS);
    outcome(&import_mapped(&place, &wrong, &file).ok());
    let before = bytes_of(&place.ledger.join("tables"));
    let refused = import_mapped(&place, &right, &file).code(5);
    assert!(refused.err.contains("would count twice"), "{}", refused.err);
    assert!(refused.err.contains("soglia ledger rebuild"), "{}", refused.err);
    let grown = format!("{CALLS}C-5;07/07/2023 09:00:00;10\n");
    let grown = write(dir.path(), "agosto.csv", grown);
    let refused = import_mapped(&place, &right, &grown).code(5);
    assert!(refused.err.contains("call `C-1`, which import 1"), "{}", refused.err);
    assert_eq!(bytes_of(&place.ledger.join("tables")).len(), before.len(), "nothing was taken in");

    let out = dir.path().join("new");
    let ran = rebuild(&place, &out, &["--mapping", text(&right)]).ok();
    let calls = compared(&ran);
    assert_eq!(calls["calls cup"], (4, 4));
    let new = Place { ledger: out, ..place.clone() };
    assert_eq!(counts(&new.measure("2023-07"), "cup", "K1"), (3, 4));
    let more = outcome(&import_mapped(&new, &right, &grown).ok());
    assert_eq!((n(&more, "duplicates"), n(&more, "calls")), (4, 1));
    assert_eq!(outcome(&import_mapped(&new, &right, &file).ok())["already"], true);
}

#[test]
fn a_mapping_that_moves_no_instant_may_be_corrected() {
    let dir = temp();
    let place = Place::new(dir.path());
    let first = mapping(dir.path(), "first.toml", ITALIAN);
    let file = write(dir.path(), "luglio.csv", format!("{CALLS}C-5;07/07/2023 09:00:00;due\n"));
    let one = outcome(&import_mapped(&place, &first, &file).ok());
    assert_eq!((n(&one, "rejected"), n(&one, "calls")), (1, 4));
    let text = fs::read_to_string(&first).expect("it was written");
    let better =
        text.replace("seconds(attesa)", "seconds(CASE attesa WHEN 'due' THEN '2' ELSE attesa END)");
    let better = write(dir.path(), "better.toml", better);
    let two = outcome(&import_mapped(&place, &better, &file).ok());
    assert_eq!((n(&two, "duplicates"), n(&two, "calls"), n(&two, "rejected")), (4, 1, 0));
    assert_eq!(two["anomalies"]["already_read_by_other_rules"], 4);
}

#[test]
fn another_zone_is_another_rule() {
    let dir = temp();
    let place = Place::new(dir.path());
    let mapping = mapping(dir.path(), "calls.toml", ITALIAN);
    // Eight in the evening is the same day of UTC in Rome, and the next one in New York.
    let night = "id;quando;attesa\nC-1;03/07/2023 20:00:00;5\n";
    let file = write(dir.path(), "luglio.csv", night);
    let import = |file: &Path, zone: &[&str]| {
        let base = ["import", "--json", "--quiet", "--mapping", text(&mapping), text(file)];
        place.soglia(&[&base, zone].concat())
    };
    outcome(&import(&file, &["--zone", "America/New_York"]).ok());
    let grown = write(dir.path(), "agosto.csv", format!("{night}C-2;04/07/2023 09:00:00;5\n"));
    let refused = import(&grown, &[]).code(5);
    assert!(refused.err.contains("call `C-1`, which import 1"), "{}", refused.err);
    let same = outcome(&import(&grown, &["--zone", "America/New_York"]).ok());
    assert_eq!((n(&same, "duplicates"), n(&same, "calls")), (1, 1));
}

/// A ledger of two logs that complete each other, and a mapped table.
fn three_imports(dir: &Path) -> Place {
    let contract = contract_with(dir, &[]);
    let place = Place { contract, ..Place::new(dir) };
    let mut log = Log::default();
    log.answered(MONDAY, "cup_prenotazione", 10, 60);
    log.abandoned(MONDAY + 100, "cup_prenotazione", 40);
    let open = log.enter(MONDAY + 200, "cup_prenotazione");
    let first = log.write(dir, "queue_log.1");
    let mut rest = Log::default();
    rest.line(MONDAY + 215, &open, "cup_prenotazione", "OP2100", "CONNECT|15|1.1|1");
    rest.line(MONDAY + 300, &open, "cup_prenotazione", "OP2100", "COMPLETECALLER|15|85|1");
    rest.answered(MONDAY + 400, "farmacia", 10, 60);
    let second = rest.write(dir, "queue_log");
    place.import(&[&first, &second]).ok();
    let calls = write(dir, "luglio.csv", CALLS);
    import_mapped(&place, &mapping(dir, "calls.toml", ITALIAN), &calls).ok();
    place
}

#[test]
fn the_same_rules_give_the_same_ledger() {
    let dir = temp();
    let place = three_imports(dir.path());
    place.soglia(&["seal", "--period", "2023-07"]).ok();
    let before = bytes_of(&place.ledger);
    let out = dir.path().join("folder/new");
    // The mapping file is gone: what was kept is enough.
    fs::remove_file(dir.path().join("calls.toml")).expect("it was there");
    let ran = rebuild(&place, &out, &[]).ok();
    assert!(before == bytes_of(&place.ledger), "the old ledger was touched");
    for (what, (old, new)) in compared(&ran) {
        assert_eq!(old, new, "{what}");
    }
    let files = ran.json()["files"].clone();
    let names: Vec<&str> =
        files.as_array().expect("files").iter().filter_map(|f| f["file"].as_str()).collect();
    assert_eq!(names, ["queue_log.1", "queue_log", "luglio.csv"], "in the order of then");
    let new = Place { ledger: out.clone(), ..place.clone() };
    let report = |place: &Place| {
        let report = place.measure("2023-07");
        (figures(&report), report["dispositions"].clone(), report["seal"].clone())
    };
    assert_eq!(report(&new), report(&place), "and the seal was taken over");
    let status = new.soglia(&["ledger", "status", "--lang", "en"]).ok().out;
    assert!(status.contains("mapping:calls") && !status.contains("WRONG"), "{status}");
    assert!(!out.with_file_name("new.rebuilding").exists());
    let pseudonyms = |place: &Place| bytes_of(&place.ledger.join("keys")).into_values().collect();
    let (a, b): (Vec<Vec<u8>>, Vec<Vec<u8>>) = (pseudonyms(&place), pseudonyms(&new));
    assert_eq!(a, b, "callers keep their pseudonyms");
}

#[test]
fn a_corrected_contract_reads_logs_again_and_the_seal_shows_it() {
    let dir = temp();
    let place = three_imports(dir.path());
    assert_eq!(dispositions(&place.measure("2023-07"), "cup").get("answered"), Some(&6));
    place.soglia(&["seal", "--period", "2023-07"]).ok();
    let contract = contract_with(dir.path(), &["farmacia"]);
    let corrected = Place { contract, ..place.clone() };
    let out = dir.path().join("new");
    let ran = rebuild(&corrected, &out, &[]).ok();
    let rows = compared(&ran);
    assert_eq!((rows["calls cup"], rows["rows rejected "]), ((7, 8), (3, 0)));
    let new = Place { ledger: out, ..corrected };
    let ran =
        new.soglia(&["measure", "--period", "2023-07", "--format", "csv", "--lang", "en"]).ok();
    let adjustment = ran.err.lines().find(|line| line.starts_with("adjustment: cup K1"));
    let adjustment = adjustment.unwrap_or_else(|| panic!("no adjustment in {}", ran.err));
    assert!(adjustment.contains("sealed 5/7") && adjustment.contains("6/8"), "{adjustment}");
    let seal = fs::read_dir(new.ledger.join("seals")).expect("taken over").flatten().next();
    let seal = seal.expect("one seal").path();
    let verified = new.soglia(&["verify", text(&seal)]).code(10);
    assert!(verified.out.contains("numerator"), "{}", verified.out);
}

#[test]
fn a_rebuild_that_fails_leaves_nothing() {
    let dir = temp();
    let place = three_imports(dir.path());
    let out = dir.path().join("new");
    let object = bytes_of(&place.ledger.join("objects"));
    let (path, bytes) = object.iter().next().expect("originals are kept");
    fs::write(path, &bytes[..bytes.len() / 2]).expect("it can be damaged");
    let failed = rebuild(&place, &out, &[]);
    assert!(failed.code == 5 || failed.code == 2, "{failed:?}");
    assert!(!out.exists() && !out.with_file_name("new.rebuilding").exists());
    fs::write(path, bytes).expect("and restored");
    rebuild(&place, &out, &[]).ok();
    rebuild(&place, &out, &[]).code(2);
}

#[test]
fn a_rebuild_into_the_ledger_or_for_no_stream_is_refused() {
    let dir = temp();
    let place = three_imports(dir.path());
    let refused = |out: &Path, more: &[&str]| {
        let ran = rebuild(&place, out, more).code(2);
        assert!(ran.err.contains("hint: "), "{}", ran.err);
        ran.err
    };
    assert!(refused(&place.ledger.join("new"), &[]).contains("lies in the ledger"));
    assert!(refused(dir.path(), &[]).contains("exists already"));
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/mappings/cases.toml");
    let out = dir.path().join("new");
    assert!(refused(&out, &["--mapping", text(&cases)]).contains("no such stream"));
    let calls = mapping(dir.path(), "calls-2.toml", ITALIAN);
    let named = format!("mapping:calls/cc={}", text(&calls));
    assert!(refused(&out, &["--mapping", &named]).contains("no such stream"));
    let twice = ["--mapping", text(&calls), "--mapping", text(&calls)];
    assert!(refused(&out, &twice).contains("a new mapping already"));
    assert!(!out.exists());
    let named = format!("mapping:calls={}", text(&calls));
    rebuild(&place, &out, &["--mapping", &named]).ok();
}

#[test]
fn a_killed_rebuild_is_all_or_nothing() {
    let dir = temp();
    let place = Place::new(dir.path());
    let log = large(12_000);
    let log = log.text();
    let middle = log[..log.len() / 2].rfind('\n').expect("lines") + 1;
    place.import(&[&write(dir.path(), "half", &log[..middle])]).ok();
    place.import(&[&write(dir.path(), "whole", log)]).ok();
    let before = bytes_of(&place.ledger);
    let expected = figures(&place.measure("2023-07"));
    let began = Instant::now();
    rebuild(&place, &dir.path().join("whole-one"), &[]).ok();
    let span = began.elapsed();
    let out = dir.path().join("new");
    let partial = out.with_file_name("new.rebuilding");
    let mut dice = Dice::new(7);
    let mut refused = 0;
    for _ in 0..6 {
        let arguments = ["ledger", "rebuild", "--quiet", "--out", text(&out)];
        let mut command = command();
        command.args(place.arguments(&arguments)).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the program starts");
        let part = f64::from(u32::try_from(dice.below(100)).unwrap_or(0)) / 100.0;
        sleep(span.mul_f64(part));
        child.kill().expect("the child is ours");
        child.wait().expect("the child is ours");
        sleep(Duration::from_millis(1));
        if partial.join("soglia-ledger").exists() {
            refused += 1;
            let half = Place { ledger: partial.clone(), ..place.clone() };
            let ran = half.soglia(&["ledger", "status"]).code(3);
            assert!(ran.err.contains("unfinished rebuild"), "{}", ran.err);
        }
        if out.exists() {
            whole(&place, &out, &expected);
            fs::remove_dir_all(&out).expect("the ledger can be removed");
        }
    }
    assert!(0 < refused, "no rebuild was killed while it ran");
    rebuild(&place, &out, &[]).ok();
    assert!(!out.join("rebuilding").exists(), "its last step is done");
    whole(&place, &out, &expected);
    assert!(!partial.exists(), "what was left was removed");
    assert!(before == bytes_of(&place.ledger), "the old ledger was touched");
}

/// A new ledger, unless its last step is missing: then the next rebuild removes it.
fn whole(place: &Place, out: &Path, expected: &Figures) {
    if out.join("rebuilding").exists() {
        return;
    }
    let new = Place { ledger: out.to_owned(), ..place.clone() };
    let found: Value = new.measure("2023-07");
    assert!(*expected == figures(&found), "{found}");
}
