//! Rows that come again changed. Read [`a_request_delivered_again_counts_once`] first.

use std::path::{Path, PathBuf};

use crate::import::{n, outcome};
use crate::support::{Place, Ran, counts, temp, write};

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
    let status = place.soglia(&["ledger", "status"]).ok().out;
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
