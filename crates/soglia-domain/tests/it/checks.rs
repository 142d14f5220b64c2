//! Coherence checks, on the printed figures of a real annex and on made-up faults.

use std::path::PathBuf;

use jiff::civil::{Date, date};
use soglia_domain::checks::{
    Check, DeclaredError, Figure, Figures, FindingSeen, IndicatorFigures, Inspection, Printed,
    ServiceFigures, TextBlock, check_contract, check_declared, check_results, is_declared,
    parse_declared, parse_printed,
};
use soglia_domain::contract::{Contract, parse};
use soglia_domain::ratio::Rounding;
use soglia_domain::verdict::{Bound, Compare, NaReason, Target, TargetDirection, Verdict};

/// Code, measure, then printed value and printed target of the two services, as in the annex.
const ANNEX: [(&str, &str, [&str; 2], [&str; 2]); 10] = [
    (
        "K1",
        "inbound_answered_within_threshold",
        ["56,78%", "98,05%"],
        ["95% dei casi", "95% dei casi"],
    ),
    ("K2", "written_answered_within_limit", ["100%", "100%"], ["100% dei casi", "100%"]),
    ("K3", "inbound_lost_rate", ["12,25%", "1,41%"], ["5%", "5%"]),
    ("K4", "first_contact_resolution_rate", ["99,39%", "100%"], ["95%", "95%"]),
    (
        "K5",
        "first_contact_handled_within_limit",
        ["65,15%", "100%"],
        ["4 minuti nel 95% dei casi", "98%"],
    ),
    ("K6", "second_level_resolution_rate", ["99,83%", "100%"], ["100%", "100%"]),
    ("K7", "second_level_resolved_within_limit", ["100%\"", "100%"], ["100%", "100%"]),
    ("K8", "outbound_positive_outcome_rate", ["100%", "100%"], ["100%", "100%"]),
    ("K9", "outbound_batch_turnaround", ["n/a", "n/a"], ["4 h lavorative", "4 h lavorative"]),
    ("K10", "service_continuity", ["100%", "100%"], ["99,5%", "99,5%"]),
];

const OBJECTIVES: [&str; 10] = [
    "Monitoraggio tempo massimo di attesa",
    "Monitoraggio tempo massimo di risposta nel caso di contatto via Mail, Fax, SMS, Lettere",
    "Percentuale chiamate entranti perse",
    "Percentuali chiamate evase al primo contatto",
    "Tempo medio di soluzione al primo contatto",
    "Percentuale di chiamate risolte al secondo livello",
    "Tempo medio di soluzione al secondo livello",
    "Efficacia acquisizione dati",
    "Efficienza operativa",
    "Continuità di funzionamento",
];

fn verdict(value: &str, target: &str, measure: &str, compare: Compare) -> Verdict {
    let Some(value) = parse_printed(value).share() else {
        return Verdict::Na(NaReason::NotMeasured);
    };
    let bound = parse_printed(target).share().expect("a share to reach");
    let direction = match measure {
        "inbound_lost_rate" => TargetDirection::AtMost,
        _ => TargetDirection::AtLeast,
    };
    Target { direction, inclusive: true, bound: Bound::Share(bound) }.judge(value, compare)
}

fn verdicts(service: usize, compare: Compare) -> String {
    let names = ANNEX.iter().map(|(_, measure, values, targets)| {
        verdict(values[service], targets[service], measure, compare).name()
    });
    names.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_annex_has_these_verdicts() {
    assert_eq!(verdicts(0, Compare::Exact), "KO OK KO OK KO KO OK OK NA OK");
    assert_eq!(verdicts(1, Compare::Exact), "OK OK OK OK OK OK OK OK NA OK");
}

#[test]
fn rounding_to_whole_percent_changes_one_verdict() {
    let whole = Compare::Rounded(Rounding::half_up(0));
    assert_eq!(verdicts(0, whole), "KO OK KO OK KO OK OK OK NA OK");
    assert_eq!(verdicts(1, whole), "OK OK OK OK OK OK OK OK NA OK");
}

#[test]
fn targets_of_the_annex_are_read_in_all_three_ways() {
    let kinds: Vec<&str> = ANNEX
        .iter()
        .map(|(.., targets)| match parse_printed(targets[0]) {
            Printed::Share(_) => "share",
            Printed::Time { share: Some(_), .. } => "time in a share",
            Printed::Time { working: true, .. } => "working time",
            Printed::Time { .. } => "time",
            Printed::NotAvailable => "n/a",
            Printed::Unreadable => "?",
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "share",
            "share",
            "share",
            "share",
            "time in a share",
            "share",
            "share",
            "share",
            "working time",
            "share"
        ]
    );
}

fn annex_service(service: usize, code: &str, name: &str) -> ServiceFigures {
    let indicators =
        ANNEX.iter().zip(OBJECTIVES).map(|((code, measure, values, targets), name)| {
            IndicatorFigures {
                code: (*code).to_owned(),
                measure: (*measure).to_owned(),
                names: vec![name.to_owned()],
                figure: Figure::Printed(parse_printed(values[service])),
                verdict: verdict(values[service], targets[service], measure, Compare::Exact),
            }
        });
    ServiceFigures {
        code: code.to_owned(),
        names: vec![name.to_owned()],
        indicators: indicators.collect(),
    }
}

fn half_year(texts: Vec<TextBlock>) -> Figures {
    Figures {
        first: date(2023, 7, 1),
        last: date(2023, 12, 31),
        services: vec![annex_service(0, "cup", "CUP"), annex_service(1, "cc", "Contact Center")],
        texts,
        known_dates: Vec::new(),
        findings: Vec::new(),
        inspections: Vec::new(),
    }
}

fn block(section: &str, text: &str) -> TextBlock {
    TextBlock { section: section.to_owned(), text: text.to_owned() }
}

fn shown(checks: &[Check]) -> String {
    let line = |c: &Check| {
        let (service, indicator) = (c.service.as_deref(), c.indicator.as_deref());
        let at = [service, indicator].into_iter().flatten().collect::<Vec<_>>().join("/");
        format!("{} {} {at}: {}", c.code, c.severity.name(), c.text.it)
    };
    checks.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Headings in capitals open a section; what follows is its text.
fn sections(text: &str) -> Vec<TextBlock> {
    let mut blocks: Vec<TextBlock> = Vec::new();
    // Rows of the annex are figures, not sentences.
    let is_row = |line: &&str| 1 < line.matches('\t').count();
    let lines = text.lines().filter(|line| !is_row(line)).map(str::trim);
    for line in lines.filter(|line| !line.is_empty()) {
        let letters: String = line.chars().filter(|c| c.is_alphabetic()).collect();
        let is_heading = 8 <= letters.chars().count() && letters.to_uppercase() == letters;
        match blocks.last_mut() {
            Some(last) if !is_heading => {
                last.text.push_str(line);
                last.text.push('\n');
            }
            _ => blocks.push(block(line, "")),
        }
    }
    blocks
}

#[test]
fn the_reference_report_contradicts_itself() {
    let shared = std::env::var_os("SOGLIA_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let path = shared.join("reference/resoconto-2023-H2.txt");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: {} missing", path.display());
        return;
    };
    let mut figures = half_year(sections(&text));
    figures.known_dates = ["2022-05-05", "2021-12-31", "2021-04-29", "2024-02-02"]
        .map(|day| day.parse::<Date>().expect("a date"))
        .to_vec();
    let checks = check_results(&figures);
    let has = |code: &str, service: Option<&str>, indicator: Option<&str>| {
        checks.iter().any(|c| {
            c.code == code && c.service.as_deref() == service && c.indicator.as_deref() == indicator
        })
    };
    let all = shown(&checks);
    assert!(has("N1", Some("cup"), Some("K6")), "K6 is missed, the text says it was met:\n{all}");
    assert!(has("N3", Some("cc"), Some("K1")), "K1 was met, the text says it was missed:\n{all}");
    let verdict_checks = checks.iter().filter(|c| matches!(c.code, "N1" | "N3")).count();
    assert_eq!(verdict_checks, 2, "and no others:\n{all}");
    let as_of = checks.iter().any(|c| c.code == "N2" && c.text.it.contains("31/12/2022"));
    assert!(as_of, "the second preamble is a year old:\n{all}");
    let stale = checks.iter().any(|c| c.code == "N4" && c.text.it.contains("ottobre 2022"));
    assert!(stale, "a finding of 2022 in a report on 2023:\n{all}");
    let saturday = checks.iter().any(|c| c.code == "N9" && c.text.it.contains("2023-09-09"));
    assert!(saturday, "an inspection on a Saturday:\n{all}");
    for word in ["contat center", "ijr", "tempo massima"] {
        let found = checks.iter().any(|c| c.code == "N12" && c.text.it.contains(word));
        assert!(found, "`{word}`:\n{all}");
    }
    let empty = checks.iter().any(|c| c.code == "N13" && c.text.it.contains("AZIONI A SEGUIRE"));
    assert!(empty, "a heading with nothing under it:\n{all}");
    assert!(has("N14", Some("cup"), Some("K9")) && has("N14", Some("cc"), Some("K9")), "{all}");
    let peak = checks.iter().any(|c| c.code == "N17" && c.text.it.contains("5.000 contatti"));
    assert!(peak, "a number without a unit of time:\n{all}");
    assert!(has("N18", Some("cc"), Some("K6")) && has("N18", Some("cc"), Some("K7")), "{all}");
    assert!(!has("N18", Some("cup"), Some("K6")), "{all}");
}

#[test]
fn a_text_that_agrees_raises_nothing() {
    let texts = vec![
        block(
            "Misurazione",
            "I livelli di servizio del CUP sono stati rispettati, fatta eccezione per «Tempo \
             massimo di attesa», «Percentuale chiamate entranti perse», «Tempo medio di soluzione \
             al primo contatto» e «Percentuale di chiamate risolte al secondo livello».",
        ),
        block("Analisi", "Il Contact Center ha avuto 300 chiamate al giorno fino al 31/12/2023."),
        block("Altro", "Per il Contact Center tutti gli obiettivi sono stati raggiunti."),
    ];
    let mut figures = half_year(texts);
    for service in &mut figures.services {
        service.indicators.retain(|i| !matches!(i.code.as_str(), "K4" | "K9"));
    }
    assert_eq!(shown(&check_results(&figures)), "");
}

#[test]
fn a_text_that_says_all_was_met_is_contradicted() {
    let text = block("Misurazione", "Per il CUP tutti gli obiettivi sono stati raggiunti.");
    let figures = half_year(vec![text]);
    let found: Vec<String> = check_results(&figures)
        .into_iter()
        .filter(|c| c.code == "N1")
        .filter_map(|c| c.indicator)
        .collect();
    assert_eq!(found, ["K1", "K3", "K5", "K6"]);
}

#[test]
fn a_vague_text_claims_nothing() {
    let texts = vec![
        block("Analisi", "Il CUP ha raggiunto 5.000 chiamate al giorno."),
        block("Analisi", "Per il CUP gli obiettivi non sono stati raggiunti."),
    ];
    let checks = check_results(&half_year(texts));
    assert!(checks.iter().all(|c| !matches!(c.code, "N1" | "N3")), "{}", shown(&checks));
}

#[test]
fn english_texts_are_checked_too() {
    let mut figures = half_year(vec![block(
        "Measurement",
        "Service levels of the Contact Center were met except “calls answered within 20 s”.",
    )]);
    figures.services[1].indicators[0].names.push("Calls answered within 20 s".to_owned());
    let found = check_results(&figures);
    let found: Vec<_> = found.iter().filter(|c| c.code == "N3").collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].indicator.as_deref(), Some("K1"));
}

#[test]
fn counts_of_the_second_level_must_add_up() {
    let mut figures = half_year(Vec::new());
    let cup = &mut figures.services[0].indicators;
    cup[3].figure = Figure::Counts { num: 95_805, den: 96_393 };
    cup[5].figure = Figure::Counts { num: 587, den: 588 };
    cup[6].figure = Figure::Counts { num: 587, den: 587 };
    cup.truncate(7);
    figures.services.truncate(1);
    assert_eq!(shown(&check_results(&figures)), "");
    figures.services[0].indicators[5].figure = Figure::Counts { num: 587, den: 600 };
    insta::assert_snapshot!(shown(&check_results(&figures)), @r"N18 warning cup/K6: K4 lascia 588 casi al secondo livello, ma K6 ne conta 600");
}

#[test]
fn findings_and_inspections_are_dated() {
    let mut figures = half_year(Vec::new());
    figures.services.clear();
    let finding = |code: &str, first_seen, labelled| FindingSeen {
        code: code.to_owned(),
        first_seen,
        labelled,
    };
    figures.findings = vec![
        finding("I2", date(2022, 5, 1), false),
        finding("I6", date(2022, 10, 1), true),
        finding("I1", date(2023, 7, 1), false),
    ];
    let inspection = |date| Inspection { what: "Ufficio".to_owned(), date };
    figures.inspections =
        [date(2023, 9, 9), date(2023, 9, 10), date(2023, 11, 1), date(2023, 9, 11)]
            .map(inspection)
            .to_vec();
    insta::assert_snapshot!(shown(&check_results(&figures)), @r"
    N4 warning : il rilievo «I2», del 2022-05-01, è riportato come nuovo
    N9 warning : «Ufficio»: la verifica ispettiva del 2023-09-09 cade in un giorno non lavorativo (sabato)
    N9 warning : «Ufficio»: la verifica ispettiva del 2023-09-10 cade in un giorno non lavorativo (domenica)
    N9 warning : «Ufficio»: la verifica ispettiva del 2023-11-01 cade in un giorno non lavorativo (Ognissanti)
    ");
}

fn example(name: &str) -> Contract {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let text = std::fs::read_to_string(root.join(name).join("contract.toml"));
    parse(&text.expect("the example is in the repository"), "contract.toml")
        .unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn remarks_on_the_reference_contract() {
    insta::assert_snapshot!(shown(&check_contract(&example("reference"))), @r"
    N16 warning : Ing. Corrado Belmonte ricopre insieme i ruoli rup, dec, monitoring_manager: di norma sono separati (all. I.2 art. 8 e all. II.14 art. 32 D.Lgs. 36/2023), verificare
    N6 note cup/K1: il nome dice «tempo massimo», ma si misura una quota (`share_within_limit`)
    N6 note cup/K2: il nome dice «tempo massimo», ma si misura una quota (`share_within_limit`)
    N8 note cup/K2: l'obiettivo nomina e-mail, fax, SMS, lettera, l'indicatore e-mail, fax, SMS; la regola conta e-mail, PEC, fax, SMS, lettera
    N6 note cup/K5: il nome dice «tempo medio», ma si misura una quota (`share_within_limit`)
    N7 note cup/K6: il nome dice «numero», ma il valore è una percentuale: stampare numeratore e denominatore
    N6 note cup/K7: il nome dice «tempo medio», ma si misura una quota (`share_within_limit`)
    N7 note cup/K8: il nome dice «numero», ma il valore è una percentuale: stampare numeratore e denominatore
    N6 note cc/K1: il nome dice «tempo massimo», ma si misura una quota (`share_within_limit`)
    N6 note cc/K2: il nome dice «tempo massimo», ma si misura una quota (`share_within_limit`)
    N8 note cc/K2: l'obiettivo nomina e-mail, fax, SMS, lettera, l'indicatore e-mail, fax, SMS; la regola conta e-mail, PEC, fax, SMS, lettera
    N6 note cc/K5: il nome dice «tempo medio», ma si misura una quota (`share_within_limit`)
    N7 note cc/K6: il nome dice «numero», ma il valore è una percentuale: stampare numeratore e denominatore
    N6 note cc/K7: il nome dice «tempo medio», ma si misura una quota (`share_within_limit`)
    N7 note cc/K8: il nome dice «numero», ma il valore è una percentuale: stampare numeratore e denominatore
    ");
}

#[test]
fn remarks_on_the_second_contract() {
    insta::assert_snapshot!(shown(&check_contract(&example("second"))), @r"
    N10 warning helpline/SL: scheda incompleta: manca processo
    N10 warning helpline/ABN: scheda incompleta: manca processo
    N10 warning helpline/MAIL: scheda incompleta: manca processo
    N10 warning helpline/CALLS-100: scheda incompleta: manca processo
    N10 warning helpline/UP: scheda incompleta: manca processo
    ");
}

const DECLARED: &str = r#"# typed by hand
format = "soglia.declared/1"
title = "Resoconto"

[[text]]
section = "Azioni a seguire"

[[row]]
service = "cup"
indicator = "K3"
process = "SLA"
name = "Chiamate perse"
value = "12,25%"
target = "5%"
source = "Resoconti trimestrali"
responsible = "RQ"
frequency = "Semestrale"
reached = "OK"

[[row]]
service = "cup"
indicator = "K4"
value = "99,39%"
target = "95%"

[[row]]
service = "cup"
indicator = "K5"
process = "SLA"
name = "Chiamate gestite entro 4 minuti"
value = "65,15%"
target = "4 minuti nel 95% dei casi"
source = "Database delle chiamate"
responsible = "DT"
frequency = "Semestrale"

[[row]]
service = "cup"
indicator = "K99"
value = "1%"
"#;

#[test]
fn rows_that_were_typed_are_held_against_the_contract() {
    assert!(is_declared(DECLARED.as_bytes()) && !is_declared(b"title = 'x'\n"));
    let declared = parse_declared(DECLARED).expect("it is well written");
    let mut measured = half_year(Vec::new());
    for service in &mut measured.services {
        service.indicators.retain(|one| matches!(one.code.as_str(), "K3" | "K4" | "K5"));
    }
    let found = check_declared(&example("reference"), &measured, &declared);
    insta::assert_snapshot!(shown(&found), @r"
    N1 error cup/K3: la casella dice OK, il valore misurato è KO
    N5 warning cup/K3: «5%» non dice il verso: il contratto vuole al massimo questo valore
    N10 warning cup/K4: scheda incompleta: manca processo, indicatore, fonte, responsabile, frequenza
    N11 warning : gli obiettivi sono scritti in 2 modi: «95%», «4 minuti nel 95% dei casi»
    N13 warning : «Azioni a seguire» è vuota: scrivere «nessuno» o «non applicabile», con il motivo
    N15 warning : «Semestrale» con «Resoconti trimestrali» in 1 righe: frequenza di misura e di resoconto sono due campi
    W-ROW warning cup/K99: il contratto non ha questo indicatore
    ");
}

#[test]
fn a_declared_report_that_cannot_be_read_says_why() {
    let wrong = |from: &str, to: &str| parse_declared(&DECLARED.replace(from, to)).expect_err(to);
    assert_eq!(
        wrong("declared/1", "declared/9"),
        DeclaredError::Format("soglia.declared/9".into())
    );
    assert!(matches!(wrong("title", "titolo"), DeclaredError::Syntax(_)));
    let dated = "\n[[inspection]]\nwhat = \"x\"\ndate = 2023-09-09T10:00:00\n";
    let dated = parse_declared(&[DECLARED, dated].concat()).expect_err("an hour is no date");
    assert_eq!(dated, DeclaredError::Date("2023-09-09T10:00:00".into()));
    let long = DECLARED.replace("# typed", &format!("# {}", "x".repeat(1 << 20)));
    assert!(matches!(parse_declared(&long), Err(DeclaredError::TooLong(_))));
}
