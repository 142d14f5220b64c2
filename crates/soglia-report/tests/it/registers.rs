//! What people wrote down, in the place where a review speaks of it. Read [`held`] first.

use soglia_domain::register::{Register, Values, by_code};
use soglia_domain::text::Lang;
use soglia_report::document::{Block, Document};
use soglia_report::model::{RegisterEntry, Registers, ReportInput};
use soglia_report::template::Template;
use soglia_report::{Edition, Format};

use crate::sample;

fn entry(
    id: &str,
    register: &str,
    service: &str,
    state: &str,
    fields: &[(&str, &str)],
) -> RegisterEntry {
    let register: &'static Register = by_code(register).expect(register);
    let values = Values::parse(register, fields.iter().copied());
    RegisterEntry {
        id: id.to_owned(),
        register,
        service: (!service.is_empty()).then(|| service.to_owned()),
        state: register.state(state).expect(state),
        values: values.unwrap_or_else(|problems| panic!("{id}: {problems:?}")),
        reason: None,
    }
}

/// The half-year with registers and a review in discussion.
pub fn held() -> ReportInput {
    let mut input = sample::half_year();
    for area in &mut input.areas {
        area.inputs.clear();
        area.analysis.clear();
        area.outputs.clear();
    }
    let mut entries = happened();
    entries.extend(review());
    input.registers = Some(Registers { entries });
    input
}

fn happened() -> Vec<RegisterEntry> {
    vec![
        entry(
            "ISP-1",
            "inspections",
            "",
            "closed",
            &[
                ("held_on", "2023-09-07"),
                ("place", "Ufficio Amministrazione Digitale"),
                ("kind", "on_site"),
                ("inspectors", "Dott. Ezio Lontra"),
                ("subject", "Presidio"),
                ("outcome", "remarks"),
                ("minutes", "prot. 4411/2023"),
            ],
        ),
        entry(
            "REC-1",
            "complaints",
            "cup",
            "closed",
            &[
                ("received_on", "2023-10-02"),
                ("channel", "phone"),
                ("kind", "complaint"),
                ("topic", "attesa"),
                ("complainant", "Ada Ontani"),
                ("text", "ho atteso un'ora"),
                ("due_on", "2023-11-01"),
                ("answered_on", "2023-10-12"),
                ("outcome", "founded"),
            ],
        ),
        entry(
            "REC-2",
            "complaints",
            "cup",
            "received",
            &[
                ("received_on", "2023-11-02"),
                ("channel", "pec"),
                ("kind", "complaint"),
                ("topic", "attesa"),
                ("text", "nessuno ha richiamato"),
                ("due_on", "2023-12-02"),
            ],
        ),
        entry(
            "PEN-1",
            "penalties",
            "cup",
            "applied",
            &[
                ("detected_on", "2023-12-20"),
                ("period", "2023-H2"),
                ("indicator", "cup/K1"),
                ("clause", "art. 12"),
                ("facts", "K1 sotto soglia"),
                ("basis", "38 × 1.000,00 €"),
                ("amount", "38000.00"),
                ("notified_on", "2024-01-08"),
                ("arguments", "l'avvio delle agende è del committente"),
                ("argued_on", "2024-01-18"),
                ("decision", "accolta in parte"),
                ("decided_on", "2024-01-30"),
                ("decided", "12345.50"),
            ],
        ),
        entry(
            "FOR-1",
            "training",
            "cup",
            "held",
            &[
                ("held_on", "2023-10-10"),
                ("title", "Nuovo applicativo"),
                ("topics", "agende"),
                ("hours", "6"),
                ("group", "primo livello"),
                ("group_size", "24"),
                ("attended", "22"),
            ],
        ),
        entry(
            "ECO-1",
            "finances",
            "",
            "accrued",
            &[
                ("period", "2023-Q3"),
                ("item", "CUP"),
                ("budget", "400000"),
                ("accrued", "391200.40"),
            ],
        ),
        entry(
            "OPE-1",
            "operations",
            "",
            "confirmed",
            &[
                ("done_on", "2023-07-10"),
                ("area", "Tributi"),
                ("place", "Sportello"),
                ("kind", "front_office"),
                ("activity", "assistenza"),
                ("hours", "120"),
                ("quantity", "310"),
            ],
        ),
        entry(
            "RAC-1",
            "recommendations",
            "cup",
            "made",
            &[
                ("made_on", "2024-01-15"),
                ("period", "2023-H2"),
                ("kind", "process"),
                ("title", "Coda dedicata"),
                ("text", "Coda dedicata alle richieste con priorità."),
                ("grounds", "K1 al 56,78%"),
                ("expected", "K1 oltre 80%"),
            ],
        ),
        entry(
            "SEG-1",
            "follow_up",
            "cup",
            "reviewed",
            &[
                ("period", "2023-H2"),
                ("item", "AZM-1"),
                ("title", "Più operatori il lunedì"),
                ("first_seen", "2023-H1"),
                ("state_then", "done"),
                ("progress", "attuata a luglio"),
            ],
        ),
    ]
}

fn review() -> Vec<RegisterEntry> {
    let rejected = RegisterEntry {
        reason: Some("riguarda un altro periodo".to_owned()),
        ..finding("OSS-3", "rejected", "Picco dopo il subentro.", "", "2022-H1")
    };
    vec![
        entry(
            "RIE-1",
            "reviews",
            "",
            "in_discussion",
            &[
                ("period", "2023-H2"),
                ("profile", "iso_2008"),
                ("as_of", "2023-12-31"),
                ("preamble", "Premessa del riesame."),
                ("resources", "Quattro operatori in più."),
                ("issued_place", "Montechiaro"),
                ("issued_on", "2024-02-02"),
                ("protocol", "prot. 77/2024"),
            ],
        ),
        element("ELI-1", "digital_agenda", "inspections", "present", "Verbale del 07/09/2023"),
        element("ELI-2", "contact_centre", "finances", "missing", "1: ECO-1"),
        element("ELI-3", "contact_centre", "status", "not_applicable", ""),
        finding("OSS-1", "accepted", "Il traffico è concentrato il lunedì.", "", "2023-H2"),
        finding("OSS-2", "edited", "Durata media 4'.", "Durata media oltre 4'.", "2023-H2"),
        rejected,
        finding("OSS-4", "proposed", "Le attese crescono in ottobre.", "", "2023-H2"),
        entry(
            "NOT-1",
            "remarks",
            "",
            "answered",
            &[
                ("review", "RIE-1"),
                ("target", "cup/K3"),
                ("figure", "12,25%"),
                ("text", "Mancano i guasti del gestore."),
                ("answer", "Non sono documentati."),
            ],
        ),
        entry(
            "SCH-1",
            "sheets",
            "cup",
            "complete",
            &[
                ("review", "RIE-1"),
                ("indicator", "K1"),
                ("process", "Gestione degli SLA"),
                ("objective", "attesa"),
                ("indicator_text", "risposte entro 20''"),
                ("unit", "%"),
                ("measured", "56,78%"),
                ("target", "95%"),
                ("verdict", "KO"),
                ("resources", "2 operatori"),
            ],
        ),
        action("AZM-2", "SCH-1", "planned", "Nuove code IVR", &[]),
        action(
            "AZM-1",
            "SCH-0",
            "measured",
            "Più operatori il lunedì",
            &[
                ("done_on", "2023-07-03"),
                ("measured", "-3,10 pp (59,88 % → 56,78 %)"),
                ("measured_in", "2023-H2"),
            ],
        ),
        entry(
            "FIR-1",
            "signatures",
            "",
            "signed",
            &[
                ("review", "RIE-1"),
                ("place", "1"),
                ("role", "monitoring_manager"),
                ("signer", "Ing. Elena Sorgente"),
                ("signed_on", "2024-02-05"),
                ("format", "pades"),
                ("signed_sha256", "c0ffee"),
                ("document", "beef"),
                ("holds_document", "byte_for_byte"),
            ],
        ),
    ]
}

fn element(id: &str, area: &str, code: &str, state: &str, evidence: &str) -> RegisterEntry {
    let mut fields = vec![("review", "RIE-1"), ("area", area), ("element", code)];
    if !evidence.is_empty() {
        fields.push(("evidence", evidence));
    }
    if state == "not_applicable" {
        fields.push(("why", "il programma è chiuso"));
    }
    entry(id, "elements", "", state, &fields)
}

fn finding(id: &str, state: &str, proposed: &str, text: &str, first: &str) -> RegisterEntry {
    let mut fields = vec![
        ("review", "RIE-1"),
        ("area", "contact_centre"),
        ("period", "2023-H2"),
        ("first_seen", first),
        ("section", "performance"),
        ("origin", "computed"),
        ("key", id),
        ("proposed", proposed),
    ];
    if !text.is_empty() {
        fields.push(("text", text));
    }
    entry(id, "review_findings", "cup", state, &fields)
}

fn action(id: &str, sheet: &str, state: &str, title: &str, more: &[(&str, &str)]) -> RegisterEntry {
    let mut fields = vec![
        ("sheet", sheet),
        ("decided_on", "2023-06-30"),
        ("title", title),
        ("owner", "Direzione tecnica"),
        ("due_on", "2024-03-31"),
        ("expected", "K1 +10 punti"),
    ];
    fields.extend_from_slice(more);
    entry(id, "sheet_actions", "cup", state, &fields)
}

fn composed(input: &ReportInput, lang: Lang) -> Document {
    let template = Template::default();
    let edition = Edition::new(input, lang, &template, jiff::Timestamp::UNIX_EPOCH);
    edition.expect("the sample is sound").document().clone()
}

/// The words of a section and of those below it.
fn section(document: &Document, id: &str) -> String {
    let at = document.sections.iter().position(|section| section.id == id).expect(id);
    let level = document.sections[at].level;
    let rest = document.sections[at + 1..].iter().take_while(|section| level < section.level);
    let sections = std::iter::once(&document.sections[at]).chain(rest);
    let mut words = String::new();
    for block in sections.flat_map(|section| &section.blocks) {
        words.push_str(&said(block));
        words.push('\n');
    }
    words
}

fn said(block: &Block) -> String {
    match block {
        Block::Para { text } | Block::Remark { text, .. } => text.clone(),
        Block::Labelled { label, text } => format!("{label} {text}"),
        Block::List { items } => items.join("\n"),
        Block::Table(table) => {
            let cells = table.rows.iter().flatten();
            let lines = cells.flat_map(|cell| {
                let badge = cell.badge.iter().map(|badge| badge.text.clone());
                cell.lines.iter().cloned().chain(badge).chain(cell.small.iter().cloned())
            });
            format!("{}\n{}", table.caption, lines.collect::<Vec<_>>().join("\n"))
        }
        Block::Figure(figure) => figure.caption.clone(),
        Block::Signatures { place_date, slots, .. } => {
            let lines = slots.iter().flat_map(|slot| slot.lines.clone());
            format!("{place_date}\n{}", lines.collect::<Vec<_>>().join("\n"))
        }
    }
}

#[track_caller]
fn says(words: &str, all: &[&str]) {
    for wanted in all {
        assert!(words.contains(wanted), "`{wanted}` is missing in:\n{words}");
    }
}

#[test]
fn every_register_stands_where_the_review_speaks_of_it() {
    let document = composed(&held(), Lang::It);
    says(&section(&document, "s-agenda-verifiche"), &["ISP-1", "07/09/2023", "con osservazioni"]);
    says(&section(&document, "s-agenda-prestazioni"), &["Tributi", "310"]);
    says(&section(&document, "s-contact-formazione"), &["FOR-1", "Nuovo applicativo"]);
    let measured = section(&document, "s-contact-misurazione");
    says(&measured, &["PEN-1", "38.000,00 €", "12.345,50 €", "l'avvio delle agende", "applicata"]);
    says(&section(&document, "s-agenda-misurazione"), &["ECO-1", "391.200,40 €", "8.799,60 €"]);
    says(&section(&document, "s-contact-azioni"), &["SEG-1", "2023-H1"]);
    let outputs = section(&document, "s-contact-uscita");
    says(&outputs, &["RAC-1 – Coda dedicata.", "K1 oltre 80%", "Quattro operatori in più."]);
    let complaints = section(&document, "s-contact-informazioni");
    says(&complaints, &["Reclami e segnalazioni", "reclamo", "10"]);
}

#[test]
fn no_person_stands_in_a_document() {
    let html = Edition::new(&held(), Lang::It, &Template::default(), jiff::Timestamp::UNIX_EPOCH)
        .and_then(|edition| edition.html())
        .expect("the sample is sound");
    for personal in ["Ezio Lontra", "Ada Ontani", "ho atteso un'ora", "nessuno ha richiamato"] {
        assert!(!html.contains(personal), "`{personal}` is printed");
    }
}

#[test]
fn elements_are_present_missing_or_do_not_apply() {
    let document = composed(&held(), Lang::It);
    let agenda = section(&document, "s-agenda-ingresso");
    says(&agenda, &["Presente", "Verbale del 07/09/2023", "ISO 9001:2008, 5.6.2 a", "Nessuno"]);
    let contact = section(&document, "s-contact-ingresso");
    says(
        &contact,
        &[
            "Mancante",
            "nei registri, da confermare: 1: ECO-1",
            "il programma è chiuso",
            "Nel registro 2 voci: REC-1, REC-2.",
        ],
    );
    let mut without = held();
    without.registers = None;
    let document = composed(&without, Lang::It);
    let all = section(&document, "s-contact-ingresso");
    assert_eq!(all.matches("Da compilare").count(), 12, "without registers nobody knows: {all}");
    // With registers and without a review, what is not there is none.
    without.registers = Some(Registers::default());
    let all = section(&composed(&without, Lang::It), "s-contact-ingresso");
    assert_eq!(all.matches("Nessuno").count(), 11, "{all}");
}

#[test]
fn findings_show_what_people_decided() {
    let document = composed(&held(), Lang::It);
    says(
        &section(&document, "s-cup-prestazioni"),
        &[
            "Il traffico è concentrato il lunedì.",
            "Durata media oltre 4'.",
            "Testo modificato; il programma proponeva: «Durata media 4'.»",
            "Osservazione respinta: «Picco dopo il subentro.». Motivo: riguarda un altro periodo.",
            "vista dal 2022-H1",
            "Osservazione da decidere: «Le attese crescono in ottobre.»",
        ],
    );
}

#[test]
fn sheets_have_actions_and_their_measured_effect() {
    let document = composed(&held(), Lang::It);
    says(
        &section(&document, "s-scheda-cup-1"),
        &[
            "AZM-2: Nuove code IVR. Responsabile: Direzione tecnica; entro il 31/03/2024; effetto \
         atteso: K1 +10 punti; pianificata",
            "2 operatori",
        ],
    );
    let effects = section(&document, "s-effetti");
    says(&effects, &["AZM-1", "K1 +10 punti", "-3,10 pp (59,88 % → 56,78 %)", "effetto misurato"]);
    assert!(!effects.contains("AZM-2"), "the review's own actions have no effect yet");
}

#[test]
fn remarks_signatures_and_the_state_of_the_review_are_told() {
    let document = composed(&held(), Lang::It);
    assert!(
        document.cover.contract_lines.iter().any(|line| line == "Riesame RIE-1: in discussione")
    );
    assert!(document.cover.contract_lines.iter().any(|line| line == "Protocollo: prot. 77/2024"));
    says(&section(&document, "s-osservazioni"), &["NOT-1", "12,25%", "Non sono documentati."]);
    says(
        &section(&document, "s-firme"),
        &[
            "Montechiaro, lì 02/02/2024",
            "Firmato da Ing. Elena Sorgente il 05/02/2024 (PADES): contiene il documento approvato.",
            "SHA-256: c0ffee",
        ],
    );
    says(&section(&document, "s-contact-premessa"), &["Premessa del riesame."]);
    let english = composed(&held(), Lang::En);
    says(&section(&english, "s-osservazioni"), &["answered"]);
}

#[test]
fn registers_are_in_every_format() {
    let template = Template::default();
    let input = held();
    let written = "2024-02-02T09:30:00Z".parse().expect("a timestamp");
    for lang in [Lang::It, Lang::En] {
        let edition = Edition::new(&input, lang, &template, written).expect("it is sound");
        for format in Format::ALL {
            for file in edition.files(format, "registers").expect("it can be written") {
                let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
                let name = format!("{}-{}", edition.document().lang, file.name.replace('/', "-"));
                std::fs::write(folder.join(name), &file.bytes).expect("it can be kept");
            }
        }
    }
}
