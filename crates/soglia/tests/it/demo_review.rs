//! The demo's review beside the reference report: section by section, row by row, and what a report
//! typed by hand contradicts. Read [`every_section_of_the_reference_report_has_its_content`] first.

use serde_json::Value;

use crate::demo::{CC, CUP};
use crate::support::{Ran, demo, temp};

/// Runs a command on the demo's ledger and registers.
fn run(arguments: &[&str]) -> Ran {
    let registers = demo().dir.join("registers");
    let mut all: Vec<&str> = arguments.to_vec();
    all.extend(["--registers", registers.to_str().expect("UTF-8")]);
    demo().place.soglia(&all)
}

/// The demo's report for programs.
fn report(lang: &str) -> Value {
    let folder = temp();
    let out = folder.path().to_str().expect("UTF-8");
    let period = ["report", "--period", "2023-H2", "--formats", "json", "--quiet"];
    run(&[&period[..], &["--lang", lang, "--out", out]].concat()).ok();
    let stem = if lang == "it" { "resoconto" } else { "report" };
    let text = std::fs::read_to_string(folder.path().join(format!("{stem}-2023-H2.json")));
    serde_json::from_str(&text.expect("it was written")).expect("JSON")
}

fn sections(report: &Value) -> &[Value] {
    report["document"]["sections"].as_array().expect("sections")
}

/// Everything that stands in a section and in those below it, as text.
fn content(report: &Value, id: &str) -> String {
    let all = sections(report);
    let at = all.iter().position(|one| one["id"] == id);
    let at = at.unwrap_or_else(|| panic!("there is no section `{id}`"));
    let level = all[at]["level"].as_u64();
    let below = all[at + 1..].iter().take_while(|one| level < one["level"].as_u64());
    std::iter::once(&all[at]).chain(below).map(|one| one["blocks"].to_string()).collect()
}

/// What the reference report has, in its order: what it is, our section, and words that must stand
/// there. Where it says *n/a* the reason stands instead; where a heading is empty, it is said.
const REFERENCE: [(&str, &str, &[&str]); 32] = [
    ("premise of the first area", "s-digital-agenda-premessa", &["Rep. 2207", "31/12/2023"]),
    ("department of the presidency", "s-digital-agenda-attivita-1", &["Direzione Generale"]),
    ("taxes", "s-digital-agenda-attivita-2", &["Sportello front office", "back office"]),
    ("press office", "s-digital-agenda-attivita-3", &["Multimediale"]),
    ("citizens' desk", "s-digital-agenda-attivita-4", &["Sportello front office"]),
    ("the president's office", "s-digital-agenda-attivita-5", &["Gabinetto"]),
    ("health department", "s-digital-agenda-attivita-6", &["Programmazione Sanitaria"]),
    ("public relations and bulletin", "s-digital-agenda-attivita-7", &["URP Formazione"]),
    ("agriculture", "s-digital-agenda-attivita-8", &["Agricoltura"]),
    ("technical assistance", "s-digital-agenda-attivita-9", &["bandi"]),
    ("digitisation", "s-digital-agenda-attivita-10", &["Verifica del corretto funzionamento"]),
    ("internationalisation", "s-digital-agenda-attivita-11", &["items"]),
    ("inputs of the first area", "s-digital-agenda-ingresso", &["Studi di fattibilità"]),
    ("inspections", "s-digital-agenda-verifiche", &["09/09/2023", "Prot. 5120/2023"]),
    ("feedback, nothing in the reference", "s-digital-agenda-informazioni", &["reclami"]),
    ("performance, from the log", "s-digital-agenda-prestazioni", &["Operazioni", "criticità"]),
    ("training, n/a", "s-digital-agenda-formazione", &["Non applicabile", "corsi"]),
    ("new projects, n/a", "s-digital-agenda-progetti", &["Non applicabile", "fattibilità"]),
    ("measurement of the first area", "s-digital-agenda-misurazione", &["non fissa indicatori"]),
    ("follow-up, n/a", "s-digital-agenda-azioni", &["Non applicabile"]),
    ("client's requests", "s-digital-agenda-richieste", &["nuova organizzazione"]),
    ("premise of the second area", "s-contact-centre-premessa", &["in entrata e in uscita"]),
    ("inputs of the second area", "s-contact-centre-ingresso", &["Mancante", "Presente"]),
    ("inspections, n/a", "s-contact-centre-verifiche", &["Non applicabile"]),
    ("complaints and findings", "s-contact-centre-informazioni", &["reclamo", "RIL-1"]),
    ("performance of CUP", "s-cup-prestazioni", &["lunedì mattina", "sistema di prenotazione"]),
    ("performance of the help desk", "s-cc-prestazioni", &["Bonus energia", "firma digitale"]),
    ("training and its effect", "s-contact-centre-formazione", &["FOR-1", " s"]),
    ("measurement", "s-contact-centre-misurazione", &["NC-1", "AZ-1", "ECO-", "PRG-"]),
    ("follow-up", "s-contact-centre-azioni", &["SEG-1", "lunedì"]),
    ("recommendations", "s-contact-centre-raccomandazioni", &["7:00", "primo livello"]),
    ("signatures", "s-firme", &["Corrado Belmonte", "Marta Scialpi", "Bruno Tedeschi"]),
];

#[test]
fn every_section_of_the_reference_report_has_its_content() {
    let report = report("it");
    let mut before = 0;
    for (what, id, words) in REFERENCE {
        let at = sections(&report).iter().position(|one| one["id"] == id);
        let at = at.unwrap_or_else(|| panic!("{what}: there is no section `{id}`"));
        assert!(before <= at, "{what}: `{id}` stands elsewhere than in the reference report");
        before = at;
        let text = content(&report, id);
        for word in words {
            assert!(text.contains(word), "{what}: `{word}` is not in `{id}`:\n{text}");
        }
    }
    let areas = ["s-digital-agenda", "s-contact-centre", "s-schede"].map(|id| content(&report, id));
    for text in &areas {
        assert!(!text.contains("Da compilare"), "something is still to be filled in:\n{text}");
    }
    let cover = report["document"]["cover"].to_string();
    for part in ["Monitoraggio esterno", "Regione Valdoro", "Piano di monitoraggio", "Ferrante"] {
        assert!(cover.contains(part), "{part} is not on the cover: {cover}");
    }
    let notice = report["document"]["notice"].as_str();
    assert!(notice.is_some_and(|text| text.contains("simulati")), "{notice:?}");
}

/// Twelve and eleven input elements, with what the reference report says of each.
#[test]
fn input_elements_are_present_not_applicable_or_missing() {
    let shown = run(&["review", "show", "2023-H2", "--json"]).ok().json();
    let elements = shown["elements"].as_array().expect("elements");
    let states = |area: &str| -> Vec<(&str, &str)> {
        let own = elements.iter().filter(|one| one["values"]["area"] == area);
        own.map(|one| (word(&one["values"]["element"]), word(&one["state"]))).collect()
    };
    let (present, idle, missing) = ("present", "not_applicable", "missing");
    let first = [
        ("inspections", present),
        ("complaints", idle),
        ("findings", idle),
        ("finances", present),
        ("status", present),
        ("performance", idle),
        ("actions", idle),
        ("feasibility", idle),
        ("follow_up", idle),
        ("training", idle),
        ("monitoring", present),
        ("recommendations", present),
    ];
    assert_eq!(states("digital_agenda"), first);
    let second = [
        ("inspections", idle),
        ("complaints", present),
        ("findings", present),
        ("finances", present),
        ("status", present),
        ("performance", present),
        ("actions", present),
        ("follow_up", missing),
        ("training", present),
        ("monitoring", present),
        ("recommendations", present),
    ];
    assert_eq!(states("contact_centre"), second);
}

fn word(value: &Value) -> &str {
    value.as_str().expect("a word")
}

#[test]
fn the_twenty_rows_have_the_reference_values_actions_and_resources() {
    let report = report("it");
    let targets: [[&str; 10]; 2] = [
        ["95%", "100%", "5%", "95%", "95%", "100%", "100%", "100%", "4 h", "99,5%"],
        ["95%", "100%", "5%", "95%", "98%", "100%", "100%", "100%", "4 h", "99,5%"],
    ];
    for (nth, (service, values)) in [("cup", CUP), ("cc", CC)].into_iter().enumerate() {
        let own = format!("s-scheda-{service}-");
        let pages = sections(&report)
            .iter()
            .filter(|one| one["id"].as_str().is_some_and(|id| id.starts_with(&own)));
        let tables = pages.flat_map(|page| page["blocks"].as_array().expect("blocks"));
        let tables = tables.filter(|block| block["kind"] == "table");
        let rows: Vec<&Value> =
            tables.flat_map(|table| table["rows"].as_array().expect("rows")).collect();
        assert_eq!(rows.len(), 10, "{service}");
        for (k, (row, (value, verdict))) in rows.into_iter().zip(values).enumerate() {
            let at = format!("{service} K{}", k + 1);
            let line = |column: usize| row[column]["lines"][0].as_str().unwrap_or_default();
            assert!(line(1).starts_with(&format!("K{} – ", k + 1)), "{at}: {}", line(1));
            let printed = value.replace('.', ",");
            let measured = if printed.is_empty() { "n.a.".to_owned() } else { printed + "%" };
            assert_eq!(line(3), measured, "{at}");
            assert!(line(4).contains(targets[nth][k]), "{at}: {}", line(4));
            let badge = row[6]["badge"]["text"].as_str().unwrap_or_default();
            assert!(
                badge.starts_with(if verdict == "NA" { "n.a." } else { verdict }),
                "{at}: {badge}"
            );
            let is_missed = verdict == "KO";
            assert_eq!(line(7).starts_with("AZM-"), is_missed, "{at}: {}", line(7));
            assert!(!line(7).is_empty() && !line(8).is_empty(), "{at} has actions and resources");
        }
    }
}

/// Each contradiction of a report typed by hand, where it is found: in the declared report, in the
/// contract, or in the measures.
#[test]
fn each_contradiction_is_found_and_listed() {
    let standing = run(&["review", "check", "2023-H2", "--json"]).code(10).json();
    let list = |checks: &Value| checks.as_array().expect("a list").clone();
    let (declared, own) = (list(&standing["declared"]["found"]), list(&standing["checks"]));
    let has = |code: &str, words: &str, about: Option<(&str, &str)>| {
        let found = declared.iter().any(|check| {
            let text = check["text"]["it"].as_str().unwrap_or_default();
            let place = about.is_none_or(|(service, indicator)| {
                check["service"] == service && check["indicator"] == indicator
            });
            check["code"] == code && text.contains(words) && place
        });
        assert!(found, "{code} ({words}) is not found in {declared:#?}");
    };
    has("N1", "dà per raggiunto K6", Some(("cup", "K6")));
    has("N2", "31/12/2022", None);
    has("N3", "dà per mancato K1", Some(("cc", "K1")));
    has("N4", "ottobre 2022", None);
    has("N4", "Picco del subentro", None);
    has("N5", "non dice il verso", Some(("cup", "K3")));
    has("N6", "tempo medio", Some(("cup", "K5")));
    has("N6", "tempo massimo", Some(("cc", "K1")));
    has("N7", "numeratore e denominatore", Some(("cup", "K6")));
    has("N8", "letter", Some(("cup", "K2")));
    has("N9", "sabato", None);
    has("N10", "responsabile", Some(("cup", "K4")));
    has("N10", "frequenza", Some(("cc", "K3")));
    has("N10", "fonte", Some(("cup", "K10")));
    has("N11", "4 minuti nel 95% dei casi", None);
    has("N12", "contat center", None);
    has("N12", "ijr", None);
    has("N13", "Azioni a seguire", None);
    has("N14", "contano gli stessi contatti", Some(("cup", "K9")));
    has("N15", "Semestrale", None);
    has("N16", "Corrado Belmonte", None);
    has("N17", "5.000 contatti", None);
    has("N18", "nessun caso è passato al secondo livello", Some(("cc", "K6")));
    // The computed verdicts that no text contradicts are not reported.
    let verdicts = declared.iter().filter(|check| check["code"] == "N1" || check["code"] == "N3");
    assert_eq!(verdicts.count(), 2);
    // The review's own texts agree with the figures: what keeps it from approval is something else.
    assert!(own.iter().all(|check| check["severity"] != "error"), "{own:#?}");
    let obstacles = standing["obstacles"].to_string();
    assert!(obstacles.contains("elementi in ingresso mancanti"), "{obstacles}");
    for lang in ["it", "en"] {
        let printed = content(&report(lang), "s-dichiarato");
        for n in 1..=18 {
            assert!(printed.contains(&format!("\"N{n}\"")), "N{n} is not in the {lang} report");
        }
    }
}

/// The measured effect of the course is a figure of the ledger, and what is said follows from it.
#[test]
fn the_effect_of_training_is_measured() {
    let shown = run(&["register", "show", "FOR-1", "--lang", "it"]).ok().out;
    assert!(shown.contains("2023-08") && shown.contains("2023-10"), "{shown}");
    assert!(shown.contains(" s"), "a mean in seconds: {shown}");
    let verified = run(&["audit", "verify"]).ok().out;
    assert!(verified.contains("whole; head "), "{verified}");
}
