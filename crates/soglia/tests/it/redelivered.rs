//! Rows that come again changed. Read [`a_request_delivered_again_counts_once`] first.

use std::path::{Path, PathBuf};

use crate::import::{n, outcome};
use crate::support::{Log, MONDAY, Place, Ran, counts, dispositions, temp, write};

const HEADER: &str = "pratica;id_chiamata;canale;aperta;passata_al_2_livello;presa_in_carico;\
    sospesa_dal;sospesa_al;motivo_sospensione;risolta;chiusa;riaperta;contatti;livello_chiusura;\
    esito;argomento;a_terzi;motivo_annullamento;classe_priorita;sistema\n";

/// A request of July, still open or closed in the contact that opened it.
fn request(id: &str, closed: &str) -> String {
    format!(
        "{id};;Telefono;03/07/2023 08:00:58;;;;;;{closed};{closed};;1;1;booked;prenotazione;NO;;D;\
         regionale\n"
    )
}

fn cases_mapping() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/mappings/cases.toml")
}

fn import(place: &Place, mapping: &Path, file: &Path) -> Ran {
    let text = |path: &Path| path.to_str().expect("paths are UTF-8").to_owned();
    place.soglia(&["import", "--json", "--quiet", "--mapping", &text(mapping), &text(file)])
}

#[test]
fn a_request_delivered_again_counts_once() {
    let dir = temp();
    let place = Place::new(dir.path());
    let closed = "03/07/2023 08:04:23";
    let july = format!("{HEADER}{}{}", request("P-1", ""), request("P-2", closed));
    let july = write(dir.path(), "luglio.csv", july);
    outcome(&import(&place, &cases_mapping(), &july).ok());
    assert_eq!(counts(&place.measure("2023-07"), "cup", "K4"), (1, 1), "P-1 is still open");

    // August's file has July's requests as they are by then, and a new one.
    let rows = [request("P-1", closed), request("P-2", closed), request("P-3", closed)];
    let august = write(dir.path(), "agosto.csv", format!("{HEADER}{}", rows.concat()));
    let taken = outcome(&import(&place, &cases_mapping(), &august).ok());
    assert_eq!((n(&taken, "facts"), n(&taken, "duplicates")), (2, 1));
    assert_eq!(taken["anomalies"]["replaced_by_a_later_delivery"], 1);
    assert_eq!(counts(&place.measure("2023-07"), "cup", "K4"), (3, 3), "each request once");

    // Once more changed: the newest stands, whatever was replaced before.
    let again = request("P-1", "03/07/2023 08:09:00").replace(";1;1;booked", ";2;1;booked");
    let later = write(dir.path(), "settembre.csv", format!("{HEADER}{again}"));
    let taken = outcome(&import(&place, &cases_mapping(), &later).ok());
    assert_eq!(taken["anomalies"]["replaced_by_a_later_delivery"], 1, "the newest one only");
    let (num, den) = counts(&place.measure("2023-07"), "cup", "K4");
    assert_eq!((num, den), (2, 3), "a second contact");
    let status = place.soglia(&["ledger", "status", "--lang", "en"]).ok().out;
    assert!(status.contains("settembre.csv") && !status.contains("WRONG"), "{status}");
}

#[test]
fn a_call_delivered_again_counts_once() {
    let dir = temp();
    let place = Place::new(dir.path());
    let mapping = write(
        dir.path(),
        "calls.toml",
        "fact = \"calls\"\nservice = \"cup\"\nzone = \"Europe/Rome\"\n\n[read]\n\
         format = \"csv\"\ndelimiter = \";\"\n\n[columns]\nid = \"id\"\n\
         arrived = \"local_instant(quando, '%d/%m/%Y %H:%M:%S')\"\n\
         first_queue = \"'cup_prenotazione'\"\n\
         queued = \"local_instant(quando, '%d/%m/%Y %H:%M:%S')\"\n\
         wait_s = \"seconds(attesa)\"\ndisposition = \"'answered'\"\n",
    );
    let rows = |wait: u8| {
        format!("id;quando;attesa\nC-1;03/07/2023 09:00:00;{wait}\nC-2;03/07/2023 09:01:00;5\n")
    };
    let first = write(dir.path(), "prima.csv", rows(50));
    outcome(&import(&place, &mapping, &first).ok());
    assert_eq!(counts(&place.measure("2023-07"), "cup", "K1"), (1, 2));
    let second = write(dir.path(), "seconda.csv", rows(5));
    outcome(&import(&place, &mapping, &second).ok());
    let report = place.measure("2023-07");
    assert_eq!(counts(&report, "cup", "K1"), (2, 2), "counts kept before no longer stand");
    assert_eq!(report["dispositions"]["cup"]["answered"], 2);
    let story = place.soglia(&["call", "C-1"]).ok().out;
    assert!(story.contains("prima.csv") || story.contains("seconda.csv"), "{story}");
    // Two rows of one file cannot replace each other: that is worth a look, and both count.
    let twice = "id;quando;attesa\nC-3;03/07/2023 10:00:00;5\nC-3;03/07/2023 10:00:00;6\n";
    let taken = outcome(&import(&place, &mapping, &write(dir.path(), "t.csv", twice)).ok());
    assert_eq!(taken["anomalies"]["identifier_repeated_in_the_file"], 1);
}

/// A morning with a call in the IVR, one that a queue gave up and another took, one that a caller
/// left by key and came back to, a transfer, and a restart while somebody was in the IVR.
fn morning() -> String {
    let queue = "cup_prenotazione";
    let mut log = Log::default();
    let ivr = |log: &mut Log, at: i64, id: &str| log.line(at, id, "NONE", "NONE", "DID|0855550100");
    ivr(&mut log, MONDAY, "1.1");
    log.line(MONDAY + 20, "1.1", queue, "NONE", "ENTERQUEUE||0971555001|1");
    log.line(MONDAY + 25, "1.1", queue, "NONE", "EXITWITHTIMEOUT|1|1|5");
    log.line(MONDAY + 60, "1.1", "cup_disdette", "NONE", "ENTERQUEUE||0971555001|1");
    log.line(MONDAY + 70, "1.1", "cup_disdette", "Bea Conti", "CONNECT|10|1.7|2");
    ivr(&mut log, MONDAY + 80, "1.2");
    log.line(MONDAY + 90, "1.1", "cup_disdette", "Bea Conti", "COMPLETECALLER|10|20|1");
    log.line(MONDAY + 95, "1.2", queue, "NONE", "ENTERQUEUE||0971555002|1");
    log.line(MONDAY + 99, "1.2", queue, "NONE", "ABANDON|1|1|4");
    log.line(MONDAY + 100, "1.2", "cup_disdette", "NONE", "ENTERQUEUE||0971555002|1");
    log.line(MONDAY + 140, "1.2", "cup_disdette", "NONE", "ABANDON|1|1|40");
    ivr(&mut log, MONDAY + 150, "1.3");
    log.line(MONDAY + 160, "NONE", "NONE", "NONE", "QUEUESTART|");
    ivr(&mut log, MONDAY + 170, "1.4");
    log.text().to_owned()
}

/// Wherever a log is rotated, and whenever its parts are delivered, the calls are the same.
#[test]
fn a_log_cut_anywhere_and_delivered_in_parts_gives_the_same_calls() {
    let text = morning();
    let seen = |parts: &[&str]| {
        let dir = temp();
        let place = Place::new(dir.path());
        for (at, part) in parts.iter().enumerate() {
            let file = write(dir.path(), &format!("queue_log.{at}"), part);
            let file = file.to_str().expect("paths are UTF-8");
            let ran = place.soglia(&[
                "import",
                "--json",
                "--format",
                "queue-log",
                "--service",
                "cup",
                file,
            ]);
            let taken = outcome(&ran.ok());
            assert!(taken["anomalies"].get("call_id_seen_again").is_none(), "{taken}");
        }
        let report = place.measure("2023-07");
        let figures = (counts(&report, "cup", "K1"), counts(&report, "cup", "K3"));
        (figures, dispositions(&report, "cup"))
    };
    let whole = seen(&[&text]);
    assert_eq!(whole.1.values().sum::<u64>(), 4, "{whole:?}");
    assert_eq!(whole.1.get("technical_failure"), Some(&1), "{whole:?}");
    let cuts = text.match_indices('\n').map(|(at, _)| at + 1).filter(|at| *at < text.len());
    for cut in cuts {
        let (one, two) = text.split_at(cut);
        assert_eq!(seen(&[one, two]), whole, "cut before: {}", two.lines().next().unwrap_or(""));
    }
}

/// A file that the ledger has already does not keep open what the file before it left.
#[test]
fn a_log_followed_by_one_that_is_known_has_ended() {
    let dir = temp();
    let place = Place::new(dir.path());
    let mut old = Log::default();
    old.answered(MONDAY + 86_400, "cup_prenotazione", 10, 20);
    let tuesday = old.write(dir.path(), "tuesday");
    place.import(&[&tuesday]).ok();
    let mut new = Log::default();
    new.abandoned(MONDAY, "cup_prenotazione", 30);
    let monday = new.write(dir.path(), "monday");
    let again = new.write(dir.path(), "monday.again");
    let all = place.import(&[&monday, &again, &tuesday]).ok().json();
    assert_eq!((all[0]["calls"].as_u64(), all[0]["open_calls"].as_u64()), (Some(1), Some(0)));
    assert_eq!((&all[1]["already"], &all[2]["already"]), (&true.into(), &true.into()), "{all}");
}

/// A call that the CDR completed before the log went on with it counts once.
#[test]
fn a_call_completed_before_its_end_counts_once() {
    let dir = temp();
    let place = Place::new(dir.path());
    let (log, cdr) = (crate::joined::LOG, crate::joined::CDR);
    let (one, two) = log.split_at(log.find('\n').expect("lines") + 1);
    let one = one.replace("cup_prenotazione|NONE|ENTERQUEUE||0000123456|1", "|NONE|DID|0855550100");
    let import = |format: &str, name: &str, text: &str| {
        let file = write(dir.path(), name, text);
        let file = file.to_str().expect("paths are UTF-8");
        let asked = ["import", "--json", "--service", "cup", "--zone", "UTC", "--format", format];
        outcome(&place.soglia(&[&asked[..], &[file]].concat()).ok())
    };
    assert_eq!(n(&import("queue-log", "queue_log.1", &one), "calls"), 1, "told as it stands");
    assert_eq!(n(&import("asterisk-cdr", "Master.csv", cdr), "calls"), 2, "and completed");
    let two = format!("{}\n{two}", log.lines().next().expect("a line"));
    let taken = import("queue-log", "queue_log", &two);
    assert_eq!(taken["anomalies"]["ended_in_a_later_file"], 1, "{taken}");
    let report = place.measure("2023-07");
    assert_eq!(counts(&report, "cup", "K1"), (1, 1), "{report}");
    assert_eq!(dispositions(&report, "cup").get("answered"), Some(&1), "{report}");
}
