//! Recorded traffic from end to end. Read [`the_bank_of_1999`] first. The data are not in the
//! repository; where they are missing, the tests say so.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Place, contract_with, counts, dispositions, figures, shared, temp, write};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/bank-1999");

#[test]
fn the_bank_of_1999() {
    let Some(folder) = shared("anonymous-bank") else { return };
    let dir = temp();
    let contract = Path::new(EXAMPLE).join("contract.toml");
    let place = Place { ledger: dir.path().join("bank"), contract };
    let mapping = format!("{EXAMPLE}/mapping.toml");
    let months = ["january", "february", "march", "april", "may", "june"];
    let files: Vec<PathBuf> =
        months.iter().map(|month| folder.join(format!("{month}.txt.xz"))).collect();
    let mut arguments = vec!["import", "--json", "--quiet", "--mapping", mapping.as_str()];
    arguments.extend(files.iter().map(|file| file.to_str().expect("UTF-8")));
    let outcomes = place.soglia(&arguments).ok().json();
    let sum = |name: &str| {
        let all = outcomes.as_array().expect("a list");
        all.iter().map(|outcome| outcome[name].as_u64().expect("a count")).sum::<u64>()
    };
    assert_eq!((sum("rows"), sum("ignored"), sum("rejected")), (213_268, 1_970, 0));
    assert_eq!(sum("calls"), 213_268 - 1_970);

    let report = place.measure("1999-01-01..1999-07-01");
    assert_eq!(counts(&report, "bank", "K1"), (86_579, 199_939));
    assert_eq!(counts(&report, "bank", "K3"), (33_171, 199_939));
    let figures = figures(&report);
    let value = |code: &str| figures[&("bank".to_owned(), code.to_owned())].2.clone();
    assert_eq!(value("K1").as_deref(), Some("43.30"));
    assert_eq!(value("K3").as_deref(), Some("16.59"));
    let statistics = &report["measurements"][0]["statistics"];
    assert_eq!(statistics["wait_answered_sum_s"], "9982553.000");
    let counts = dispositions(&report, "bank");
    assert_eq!(counts["answered"], 166_768);
    assert_eq!(counts["abandoned_in_queue"], 33_171);
    assert_eq!(counts["abandoned_in_ivr"], 11_359);
}

#[test]
fn asterisk_22_as_it_was_recorded() {
    let Some(log) = shared("asterisk-22/queue_log") else { return };
    let dir = temp();
    // The queues of the recording become the queues of one service that is always open.
    let names = ["anagrafe", "tributi", "urp", "overflow", "notturno", "piccola", "vip"];
    let contract = contract_with(dir.path(), &names);
    let always = fs::read_to_string(&contract)
        .expect("it was just written")
        .replace("weekdays = [\"08:00-19:00\"]", "always = true")
        .replace("holidays = \"italy\"\n", "");
    let contract = write(dir.path(), "contract.toml", always);
    let place = Place { ledger: dir.path().join("ledger"), contract };
    let log = log.to_str().expect("UTF-8");
    let arguments = ["import", "--json", "--format", "queue-log", "--service", "cup", log];
    let outcome = place.soglia(&arguments).ok().json()[0].clone();
    assert_eq!(outcome["rows"], 143);
    let report = place.measure("2026-H2");
    let counted = dispositions(&report, "cup");
    assert_eq!(counted.values().sum::<u64>(), outcome["calls"].as_u64().expect("a count"));
    let lost = ["abandoned_in_queue", "released_by_system", "rejected"];
    let lost: u64 = lost.iter().map(|name| counted.get(*name).copied().unwrap_or(0)).sum();
    let answered = counted["answered"];
    let (k3_lost, offered) = counts(&report, "cup", "K3");
    let called_back = counted.get("callback_requested").copied().unwrap_or(0);
    assert_eq!((k3_lost, offered), (lost + called_back, answered + lost + called_back));
    let status = place.soglia(&["ledger", "status", "--lang", "en"]).ok().out;
    assert!(status.contains("quadratura: balances") && !status.contains("WRONG"), "{status}");
}
