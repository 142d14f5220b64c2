//! An import killed at any instant has either happened or not. Read
//! [`a_killed_import_leaves_all_or_nothing`] first.

use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::import::large;
use crate::support::{Dice, Place, command, figures, temp, write};

/// How many times an import is killed.
const ROUNDS: u64 = 12;

fn start(place: &Place, file: &Path) -> Child {
    let file = file.to_str().expect("paths are UTF-8");
    let arguments = ["import", "--quiet", "--format", "queue-log", file];
    let mut command = command();
    command.args(place.arguments(&arguments)).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("the program starts")
}

/// What counts, without what names the imports behind it.
fn outcome(report: &Value) -> (Value, std::collections::BTreeMap<(String, String), String>) {
    let printed = figures(report).into_iter().map(|(key, figure)| (key, format!("{figure:?}")));
    (report["dispositions"].clone(), printed.collect())
}

#[test]
fn a_killed_import_leaves_all_or_nothing() {
    let dir = temp();
    let text = large(24_000);
    let text = text.text();
    // The file grows from import to import: what was in must not come twice.
    let middle = text[..text.len() / 2].rfind('\n').expect("lines") + 1;
    let half = write(dir.path(), "half", &text[..middle]);
    let whole = write(dir.path(), "whole", text);

    let quiet = temp();
    let undisturbed = Place::new(quiet.path());
    let began = Instant::now();
    undisturbed.import(&[&half]).ok();
    undisturbed.import(&[&whole]).ok();
    let span = began.elapsed() / 2;
    let expected = outcome(&undisturbed.measure("2023-07"));

    let mut dice = Dice::new(9);
    let mut killed = 0;
    let place = Place::new(dir.path());
    for round in 0..ROUNDS {
        if round % 4 == 0 && place.ledger.exists() {
            std::fs::remove_dir_all(&place.ledger).expect("the ledger can be removed");
        }
        let file = if round % 4 < 2 { &half } else { &whole };
        let before = figures_of(&place);
        let mut child = start(&place, file);
        sleep(span.mul_f64(f64::from(u32::try_from(dice.below(110)).unwrap_or(0)) / 100.0));
        let in_time = child.try_wait().expect("the child is ours").is_none();
        child.kill().expect("the child is ours");
        child.wait().expect("the child is ours");
        killed += u64::from(in_time);
        all_or_nothing(&place, before.as_ref());
        if round % 4 == 3 {
            place.import(&[&half]).ok();
            place.import(&[&whole]).ok();
            assert_eq!(outcome(&place.measure("2023-07")), expected, "round {round}");
            balances(&place);
        }
        sleep(Duration::from_millis(1));
    }
    assert!(ROUNDS / 3 <= killed, "only {killed} imports were killed while they ran");
}

/// The figures, if there are any yet.
fn figures_of(place: &Place) -> Option<Value> {
    let arguments = ["measure", "--period", "2023-07", "--format", "json", "--no-sensitivity"];
    let ran = place.soglia(&arguments);
    match ran.code {
        0 => Some(ran.json()),
        // No data, or no ledger yet.
        3 | 4 => None,
        code => panic!("{code}: {}", ran.err),
    }
}

/// Readers see what was there, or all of what came: never a part.
fn all_or_nothing(place: &Place, before: Option<&Value>) {
    let now = figures_of(place);
    let imports = |report: Option<&Value>| {
        report.and_then(|report| report["ledger"]["import_no"].as_i64()).unwrap_or(0)
    };
    let came = imports(now.as_ref()) - imports(before);
    assert!(came == 0 || came == 1, "{came} imports came of one");
    if came == 0 {
        assert_eq!(now.as_ref(), before);
    }
    if now.is_some() {
        balances(place);
    }
}

fn balances(place: &Place) {
    let status = place.soglia(&["ledger", "status", "--lang", "en"]).ok().out;
    assert!(status.contains("quadratura: balances"), "{status}");
    assert!(!status.contains("WRONG") && !status.contains("DOES NOT"), "{status}");
}
