//! Parts of a review that are kept like entries: versions, states, reasons, authors.

use super::actions::{COMPLETE, START};
use super::{
    Choice, Derived, Field, Register, Remark, Transition, Value, Values, check_nothing, closed,
    fill_nothing, in_order, open,
};
use crate::access::Permission as P;
use crate::text::Label;

const REVIEW: Field = Field::line("review", "Riesame", "Review").required();
const AREA: Field = Field::choice("area", "Area", "Area", AREAS).required();

const AREAS: &[Choice] = &[
    Choice::new("digital_agenda", "Supporto all'Agenda Digitale", "Digital-agenda support"),
    Choice::new("contact_centre", "Contact Center e CUP", "Contact centre and booking"),
];

/// An input element of the review.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InputElement {
    /// Its name in files.
    pub code: &'static str,
    /// Its name for people.
    pub label: Label,
    /// Clause of ISO 9001:2008, or empty where the client added it.
    pub iso_2008: &'static str,
    /// Clause of ISO 9001:2015, or empty.
    pub iso_2015: &'static str,
    /// The register that feeds it; nothing for what measures feed.
    pub register: Option<&'static str>,
}

/// The twelve input elements of the digital-agenda area.
pub const INPUTS_DIGITAL_AGENDA: [InputElement; 12] = [
    element("inspections", "Verbali visite ispettive", "Inspection minutes", "5.6.2 a", "9.3.2 c6"),
    element(
        "complaints",
        "Valutazioni dei reclami da parte degli utenti",
        "Evaluation of users' complaints",
        "5.6.2 b",
        "9.3.2 c1",
    ),
    element(
        "findings",
        "Rilievi e prescrizioni della committenza",
        "Client's findings and orders",
        "5.6.2 b",
        "9.3.2 c1",
    ),
    element("finances", "Avanzamento dati economici", "Financial progress", "", ""),
    element("status", "Stato programma di progetto", "Project status", "", ""),
    InputElement {
        code: "performance",
        label: Label::new(
            "Prestazioni dei servizi attraverso gli indicatori definiti negli SLA",
            "Performance of services by the indicators of the contract",
        ),
        iso_2008: "5.6.2 c",
        iso_2015: "9.3.2 c3",
        register: None,
    },
    element(
        "actions",
        "Azioni correttive e preventive",
        "Corrective and preventive actions",
        "5.6.2 d",
        "9.3.2 c4",
    ),
    element(
        "feasibility",
        "Studi di fattibilità e documentazione inerente a nuovi progetti per l'Agenda Digitale",
        "Feasibility studies and documents of new digital-agenda projects",
        "",
        "",
    ),
    element(
        "follow_up",
        "Azioni a seguire da precedenti resoconti",
        "Follow-up of earlier reviews",
        "5.6.2 e",
        "9.3.2 a",
    ),
    element(
        "training",
        "Attività formative effettuate ed efficacia delle azioni",
        "Training held and its effect",
        "",
        "9.3.2 e",
    ),
    element(
        "monitoring",
        "Modifiche al sistema di monitoraggio",
        "Changes to the monitoring system",
        "5.6.2 f",
        "9.3.2 b",
    ),
    element(
        "recommendations",
        "Raccomandazioni per il miglioramento",
        "Recommendations for improvement",
        "5.6.2 g",
        "9.3.2 f",
    ),
];

/// The eleven input elements of the contact-centre area: there are no feasibility studies.
pub const INPUTS: [InputElement; 11] = without_feasibility();

const fn element(
    code: &'static str,
    it: &'static str,
    en: &'static str,
    iso_2008: &'static str,
    iso_2015: &'static str,
) -> InputElement {
    InputElement { code, label: Label::new(it, en), iso_2008, iso_2015, register: Some(code) }
}

const fn without_feasibility() -> [InputElement; 11] {
    let [
        inspections,
        complaints,
        findings,
        finances,
        status,
        performance,
        actions,
        _,
        follow_up,
        training,
        monitoring,
        recommendations,
    ] = INPUTS_DIGITAL_AGENDA;
    [
        inspections,
        complaints,
        findings,
        finances,
        status,
        performance,
        actions,
        follow_up,
        training,
        monitoring,
        recommendations,
    ]
}

const ELEMENT_CODES: &[Choice] = &[
    Choice::new("inspections", "visite ispettive", "inspections"),
    Choice::new("complaints", "reclami", "complaints"),
    Choice::new("findings", "rilievi e prescrizioni", "findings and orders"),
    Choice::new("finances", "dati economici", "finances"),
    Choice::new("status", "stato del progetto", "project status"),
    Choice::new("performance", "prestazioni dei servizi", "performance of services"),
    Choice::new("actions", "azioni correttive e preventive", "corrective and preventive actions"),
    Choice::new("feasibility", "studi di fattibilità", "feasibility studies"),
    Choice::new("follow_up", "azioni a seguire", "follow-up"),
    Choice::new("training", "attività formative", "training"),
    Choice::new("monitoring", "modifiche al monitoraggio", "changes to the monitoring"),
    Choice::new("recommendations", "raccomandazioni", "recommendations"),
];

/// Reviews.
pub const REVIEWS: Register = Register {
    code: "reviews",
    prefix: "RIE",
    label: Label::new("Riesami", "Reviews"),
    about: Label::new(
        "Riesami di un periodo: bozza, discussione, approvazione, pubblicazione.",
        "Reviews of a period: draft, discussion, approval, publication.",
    ),
    fields: &[
        Field::line("period", "Periodo", "Period").required(),
        Field::choice(
            "profile",
            "Schema",
            "Profile",
            &[
                Choice::new("iso_2008", "ISO 9001:2008 (schema di riferimento)", "ISO 9001:2008"),
                Choice::new("iso_2015", "ISO 9001:2015", "ISO 9001:2015"),
            ],
        )
        .required(),
        Field::date("as_of", "Dati al", "Data as of").required(),
        Field::text("preamble", "Premessa", "Preamble"),
        Field::text("outputs", "Elementi in uscita", "Outputs"),
        Field::text("resources", "Esigenze di risorse", "Resource needs"),
        Field::line("seal", "Sigillo delle misure", "Measurements' seal"),
        Field::line("document", "Impronta del documento approvato", "Approved document's SHA-256"),
        Field::line("issued_place", "Luogo", "Place"),
        Field::date("issued_on", "Data", "Date"),
        Field::line("protocol", "Protocollo", "Register number"),
        Field::text(
            "unsigned_why",
            "Perché pubblicato senza tutte le firme",
            "Why published without all signatures",
        ),
    ],
    states: &[
        open("draft", "bozza", "draft"),
        open("in_discussion", "in discussione", "in discussion"),
        open("approved", "approvato", "approved"),
        closed("published", "pubblicato", "published"),
        closed("rectified", "rettificato", "rectified"),
    ],
    transitions: &[
        Transition {
            code: "discuss",
            label: Label::new("metti in discussione", "open the discussion"),
            from: &["draft"],
            to: "in_discussion",
            needs: &[],
            by: &[P::PrepareReview],
        },
        Transition {
            code: "redraft",
            label: Label::new("riporta in bozza", "back to draft"),
            from: &["in_discussion"],
            to: "draft",
            needs: &[],
            by: &[P::PrepareReview],
        },
        Transition {
            code: "approve",
            label: Label::new("approva", "approve"),
            from: &["in_discussion"],
            to: "approved",
            needs: &["seal", "document", "issued_place", "issued_on"],
            by: &[P::ApproveReview],
        },
        Transition {
            code: "publish",
            label: Label::new("pubblica", "publish"),
            from: &["approved"],
            to: "published",
            needs: &["seal", "document", "issued_place", "issued_on"],
            by: &[P::PublishReview],
        },
        Transition {
            code: "rectify",
            label: Label::new("rettifica con un nuovo riesame", "rectify by a new review"),
            from: &["approved", "published"],
            to: "rectified",
            needs: &[],
            by: &[P::ApproveReview],
        },
    ],
    record: &[P::PrepareReview],
    fill: fill_nothing,
    check: check_nothing,
    derived: &[],
};

/// Input elements of a review.
pub const ELEMENTS: Register = Register {
    code: "elements",
    prefix: "ELI",
    label: Label::new("Elementi in ingresso", "Input elements"),
    about: Label::new(
        "Elementi in ingresso di un riesame: presenti, non applicabili (perché) o mancanti.",
        "A review's input elements: present, not applicable (why) or missing.",
    ),
    fields: &[
        REVIEW,
        AREA,
        Field::choice("element", "Elemento", "Element", ELEMENT_CODES).required(),
        Field::text("evidence", "Evidenze", "Evidence"),
        Field::text("why", "Perché non si applica", "Why it does not apply"),
    ],
    states: &[
        open("missing", "mancante", "missing"),
        closed("present", "presente", "present"),
        closed("not_applicable", "non applicabile", "not applicable"),
    ],
    transitions: &[
        Transition {
            code: "provide",
            label: Label::new("segna come presente", "mark as present"),
            from: &["missing", "not_applicable"],
            to: "present",
            needs: &["evidence"],
            by: &[P::PrepareReview],
        },
        Transition {
            code: "waive",
            label: Label::new("segna come non applicabile", "mark as not applicable"),
            from: &["missing", "present"],
            to: "not_applicable",
            needs: &["why"],
            by: &[P::PrepareReview],
        },
        Transition {
            code: "clear",
            label: Label::new("segna come mancante", "mark as missing"),
            from: &["present", "not_applicable"],
            to: "missing",
            needs: &[],
            by: &[P::PrepareReview],
        },
    ],
    record: &[P::PrepareReview],
    fill: fill_nothing,
    check: check_nothing,
    derived: &[],
};

const PERIOD: Field = Field::line("period", "Periodo", "Period").required();
const FIRST_SEEN: Field = Field::line("first_seen", "Osservata dal", "First seen").required();

/// Findings of a review's analysis.
pub const REVIEW_FINDINGS: Register = Register {
    code: "review_findings",
    prefix: "OSS",
    label: Label::new("Osservazioni dell'analisi", "Findings of the analysis"),
    about: Label::new(
        "Osservazioni calcolate dal programma o scritte da una persona: accettate, modificate (e \
         lo si vede) o respinte con un motivo.",
        "Findings computed by the program or written by a person: accepted, edited (and marked) \
         or rejected with a reason.",
    ),
    fields: &[
        REVIEW,
        AREA,
        PERIOD,
        FIRST_SEEN,
        Field::choice(
            "section",
            "Sezione",
            "Section",
            &[
                Choice::new("inspections", "Verifiche ispettive", "Inspections"),
                Choice::new("feedback", "Informazioni di ritorno", "Feedback"),
                Choice::new("performance", "Prestazioni dei processi", "Process performance"),
                Choice::new("training", "Attività formative", "Training"),
                Choice::new("new_projects", "Nuovi progetti", "New projects"),
                Choice::new(
                    "improvement",
                    "Misurazione, analisi e miglioramento",
                    "Measurement, analysis and improvement",
                ),
                Choice::new("follow_up", "Azioni a seguire", "Follow-up"),
            ],
        )
        .required(),
        Field::choice(
            "origin",
            "Origine",
            "Origin",
            &[
                Choice::new("computed", "calcolata", "computed"),
                Choice::new("person", "scritta da una persona", "written by a person"),
            ],
        )
        .required(),
        Field::line("key", "Chiave", "Key").required(),
        Field::text("proposed", "Testo proposto", "Proposed text").required(),
        Field::text("proposed_en", "Testo proposto in inglese", "Proposed text in English"),
        Field::text("text", "Testo modificato", "Edited text"),
    ],
    states: &[
        open("proposed", "proposta", "proposed"),
        closed("accepted", "accettata", "accepted"),
        closed("edited", "modificata", "edited"),
        closed("rejected", "respinta", "rejected"),
    ],
    transitions: &[
        Transition {
            code: "accept",
            label: Label::new("accetta", "accept"),
            from: &["proposed", "rejected", "edited"],
            to: "accepted",
            needs: &[],
            by: &[P::PrepareReview],
        },
        Transition {
            code: "edit",
            label: Label::new("modifica", "edit"),
            from: &["proposed", "accepted", "rejected"],
            to: "edited",
            needs: &["text"],
            by: &[P::PrepareReview],
        },
        Transition {
            code: "reject",
            label: Label::new("respingi", "reject"),
            from: &["proposed", "accepted", "edited"],
            to: "rejected",
            needs: &[],
            by: &[P::PrepareReview],
        },
    ],
    record: &[P::PrepareReview],
    fill: fill_nothing,
    check: check_nothing,
    derived: &[Derived {
        code: "carried_over",
        label: Label::new("Ripresa da", "Carried over from"),
        compute: |values, _| {
            let first = values.words(&FIRST_SEEN)?;
            (values.words(&PERIOD)? != first).then(|| Value::Text(first.to_owned()))
        },
    }],
};

/// Remarks beside the figures of a review.
pub const REMARKS: Register = Register {
    code: "remarks",
    prefix: "NOT",
    label: Label::new("Osservazioni delle parti", "Remarks of the parties"),
    about: Label::new(
        "Osservazioni accanto alle cifre di un riesame, con la risposta.",
        "Remarks beside the figures of a review, with their answers.",
    ),
    fields: &[
        REVIEW,
        Field::line("target", "Cifra o sezione", "Figure or section").required(),
        Field::line("figure", "Cifra osservata", "Figure remarked on"),
        Field::text("text", "Osservazione", "Remark").required(),
        Field::text("answer", "Risposta", "Answer"),
    ],
    states: &[
        open("made", "formulata", "made"),
        open("answered", "con risposta", "answered"),
        closed("settled", "risolta", "settled"),
        closed("maintained", "mantenuta", "maintained"),
        closed("withdrawn", "ritirata", "withdrawn"),
    ],
    transitions: &[
        Transition {
            code: "answer",
            label: Label::new("rispondi", "answer"),
            from: &["made"],
            to: "answered",
            needs: &["answer"],
            by: &[P::PrepareReview, P::RemarkReview],
        },
        Transition {
            code: "settle",
            label: Label::new("risolvi", "settle"),
            from: &["answered"],
            to: "settled",
            needs: &["answer"],
            by: &[P::RemarkReview],
        },
        Transition {
            code: "maintain",
            label: Label::new("mantieni", "maintain"),
            from: &["answered"],
            to: "maintained",
            needs: &["answer"],
            by: &[P::RemarkReview],
        },
        Transition {
            code: "withdraw",
            label: Label::new("ritira", "withdraw"),
            from: &["made", "answered"],
            to: "withdrawn",
            needs: &[],
            by: &[P::RemarkReview],
        },
    ],
    record: &[P::RemarkReview],
    fill: fill_nothing,
    check: check_nothing,
    derived: &[],
};

/// Improvement sheets, in the layout of the reference report.
pub const SHEETS: Register = Register {
    code: "sheets",
    prefix: "SCH",
    label: Label::new("Schede Piano di miglioramento", "Improvement sheets"),
    about: Label::new(
        "Una scheda per indicatore e servizio: valore, obiettivo, verdetto, azioni e risorse.",
        "One sheet for each indicator and service: value, target, verdict, actions, resources.",
    ),
    fields: &[
        REVIEW,
        Field::line("indicator", "Codice", "Code").required(),
        Field::line("process", "Processo", "Process"),
        Field::line("objective", "Obiettivo", "Objective").required(),
        Field::text("indicator_text", "Indicatore", "Indicator").required(),
        Field::line("unit", "Unità di misura", "Unit").required(),
        Field::line("measured", "Valore misurato", "Measured value").required(),
        Field::count("numerator", "Numeratore", "Numerator"),
        Field::count("denominator", "Denominatore", "Denominator"),
        Field::line("target", "Valore da raggiungere", "Target").required(),
        Field::date("target_date", "Da raggiungere entro il", "Target date"),
        Field::text("source", "Modalità e documenti di rilevazione", "Source documents"),
        Field::line("responsible", "Responsabile", "Responsible"),
        Field::line("frequency", "Frequenza", "Frequency"),
        Field::choice(
            "verdict",
            "Obiettivo raggiunto",
            "Verdict",
            &[
                Choice::new("OK", "OK", "OK"),
                Choice::new("KO", "KO", "KO"),
                Choice::new("NA", "n/a", "n/a"),
            ],
        )
        .required(),
        Field::line("na_reason", "Perché n/a", "Why n/a"),
        Field::text("resources", "Risorse", "Resources"),
    ],
    states: &[
        open("draft", "in compilazione", "being filled in"),
        closed("complete", "completa", "complete"),
    ],
    transitions: &[
        Transition {
            code: "complete",
            label: Label::new("completa", "complete"),
            from: &["draft"],
            to: "complete",
            needs: &["process", "source", "responsible", "frequency"],
            by: &[P::PrepareReview],
        },
        Transition {
            code: "reopen",
            label: Label::new("riapri", "reopen"),
            from: &["complete"],
            to: "draft",
            needs: &[],
            by: &[P::PrepareReview],
        },
    ],
    record: &[P::PrepareReview],
    fill: fill_nothing,
    check: check_nothing,
    derived: &[],
};

const ACTION_DECIDED_ON: Field = Field::date("decided_on", "Decisa il", "Decided on").required();
const ACTION_DUE_ON: Field = Field::date("due_on", "Scadenza", "Due on").required();
const ACTION_DONE_ON: Field = Field::date("done_on", "Attuata il", "Done on");

/// Actions of improvement sheets.
pub const SHEET_ACTIONS: Register = Register {
    code: "sheet_actions",
    prefix: "AZM",
    label: Label::new("Azioni di miglioramento", "Improvement actions"),
    about: Label::new(
        "Azioni di una scheda, con responsabile, scadenza, effetto atteso ed effetto misurato.",
        "A sheet's actions, with owner, due date, expected effect and measured effect.",
    ),
    fields: &[
        Field::line("sheet", "Scheda", "Sheet").required(),
        ACTION_DECIDED_ON,
        Field::line("title", "Azione", "Action").required(),
        Field::text("description", "Descrizione", "Description"),
        Field::line("owner", "Responsabile (ruolo)", "Owner (role)").required(),
        ACTION_DUE_ON,
        ACTION_DONE_ON,
        Field::line("expected", "Effetto atteso", "Expected effect").required(),
        Field::line("measured", "Effetto misurato", "Measured effect"),
        Field::line("measured_in", "Misurato nel", "Measured in"),
        Field::text("resources", "Risorse", "Resources"),
    ],
    states: &[
        open("planned", "pianificata", "planned"),
        open("under_way", "in corso", "under way"),
        open("done", "attuata", "done"),
        closed("measured", "effetto misurato", "effect measured"),
        closed("dropped", "abbandonata", "dropped"),
    ],
    transitions: &[
        START,
        COMPLETE,
        Transition {
            code: "measure",
            label: Label::new("registra l'effetto misurato", "record the measured effect"),
            from: &["done"],
            to: "measured",
            needs: &["done_on", "measured", "measured_in"],
            by: &[P::PrepareReview],
        },
        Transition {
            code: "drop",
            label: Label::new("abbandona", "drop"),
            from: &["planned", "under_way"],
            to: "dropped",
            needs: &[],
            by: &[P::PrepareReview, P::RecordClient],
        },
    ],
    record: &[P::PrepareReview, P::RecordSupplier],
    fill: fill_nothing,
    check: |values: &Values| -> Vec<Remark> {
        let due = in_order(values, &ACTION_DECIDED_ON, &ACTION_DUE_ON);
        due.into_iter().chain(in_order(values, &ACTION_DECIDED_ON, &ACTION_DONE_ON)).collect()
    },
    derived: &[],
};

/// Signature slots of a review.
pub const SIGNATURES: Register = Register {
    code: "signatures",
    prefix: "FIR",
    label: Label::new("Firme", "Signatures"),
    about: Label::new(
        "Spazi di firma per ruolo: il file firmato altrove, la sua impronta e il firmatario.",
        "Signature slots by role: the file signed elsewhere, its hash and its signer.",
    ),
    fields: &[
        REVIEW,
        Field::count("place", "Ordine", "Order").required(),
        Field::line("role", "Ruolo", "Role").required(),
        Field::line("signer", "Firmatario dichiarato", "Declared signer"),
        Field::date("signed_on", "Firmato il", "Signed on"),
        Field::choice(
            "format",
            "Formato",
            "Format",
            &[
                Choice::new("pades", "PAdES (nel PDF)", "PAdES (inside the PDF)"),
                Choice::new("cades", "CAdES (.p7m)", "CAdES (.p7m)"),
            ],
        ),
        Field::line("signed_sha256", "Impronta del file firmato", "Signed file's SHA-256"),
        Field::line("document", "Impronta del documento approvato", "Approved document's SHA-256"),
        Field::choice(
            "holds_document",
            "Contiene il documento approvato",
            "Holds the approved document",
            &[
                Choice::new("byte_for_byte", "sì, byte per byte", "yes, byte for byte"),
                Choice::new("not_shown", "non dimostrato", "not shown"),
            ],
        ),
    ],
    states: &[
        open("empty", "da firmare", "to be signed"),
        closed("signed", "firmato", "signed"),
        closed("refused", "rifiutato", "refused"),
    ],
    transitions: &[
        Transition {
            code: "sign",
            label: Label::new("registra il file firmato", "record the signed file"),
            from: &["empty", "refused"],
            to: "signed",
            needs: &[
                "signer",
                "signed_on",
                "format",
                "signed_sha256",
                "document",
                "holds_document",
            ],
            by: &[P::SignReview],
        },
        Transition {
            code: "refuse",
            label: Label::new("registra il rifiuto", "record the refusal"),
            from: &["empty"],
            to: "refused",
            needs: &[],
            by: &[P::SignReview],
        },
    ],
    record: &[P::PrepareReview],
    fill: fill_nothing,
    check: check_nothing,
    derived: &[],
};
