//! Users' complaints, with the time to answer them.

use jiff::Span;

use super::{
    Choice, Derived, Field, Register, Remark, Terms, Transition, Value, Values, closed,
    days_between, days_late, in_order, open,
};
use crate::access::Permission as P;
use crate::text::Label;

const RECEIVED_ON: Field = Field::date("received_on", "Ricevuto il", "Received on").required();
const CHANNEL: Field = Field::choice("channel", "Canale", "Channel", CHANNELS).required();
const KIND: Field = Field::choice("kind", "Tipo", "Kind", KINDS).required();
const TOPIC: Field = Field::line("topic", "Argomento", "Topic").required();
const COMPLAINANT: Field = Field::line("complainant", "Reclamante", "Complainant").personal();
const CONTACT: Field = Field::line("contact", "Recapito", "Contact").personal();
const TEXT: Field = Field::text("text", "Testo", "Text").required().personal();
const DUE_ON: Field = Field::date("due_on", "Rispondere entro il", "Answer due on");
const ANSWERED_ON: Field = Field::date("answered_on", "Risposto il", "Answered on");
const ANSWER: Field = Field::text("answer", "Risposta", "Answer").personal();
const OUTCOME: Field = Field::choice("outcome", "Esito", "Outcome", OUTCOMES);
const CAUSE: Field = Field::line("cause", "Causa accertata", "Cause found");

const CHANNELS: &[Choice] = &[
    Choice::new("phone", "telefono", "telephone"),
    Choice::new("email", "posta elettronica", "e-mail"),
    Choice::new("pec", "PEC", "certified e-mail"),
    Choice::new("letter", "lettera", "letter"),
    Choice::new("desk", "sportello", "desk"),
    Choice::new("web", "modulo in rete", "web form"),
];

const KINDS: &[Choice] = &[
    Choice::new("complaint", "reclamo", "complaint"),
    Choice::new("report", "segnalazione", "report"),
    Choice::new("suggestion", "suggerimento", "suggestion"),
    Choice::new("praise", "elogio", "praise"),
];

const OUTCOMES: &[Choice] = &[
    Choice::new("founded", "fondato", "founded"),
    Choice::new("partly_founded", "fondato in parte", "partly founded"),
    Choice::new("unfounded", "infondato", "unfounded"),
];

/// Users' complaints.
pub const COMPLAINTS: Register = Register {
    code: "complaints",
    prefix: "REC",
    label: Label::new("Reclami", "Complaints"),
    about: Label::new(
        "Reclami, segnalazioni, suggerimenti ed elogi degli utenti, con il termine di risposta.",
        "Users' complaints, reports, suggestions and praise, with the time to answer.",
    ),
    fields: &[
        RECEIVED_ON,
        CHANNEL,
        KIND,
        TOPIC,
        COMPLAINANT,
        CONTACT,
        TEXT,
        DUE_ON,
        ANSWERED_ON,
        ANSWER,
        OUTCOME,
        CAUSE,
    ],
    states: &[
        open("received", "ricevuto", "received"),
        open("in_hand", "in lavorazione", "in hand"),
        open("answered", "risposto", "answered"),
        closed("closed", "chiuso", "closed"),
        closed("withdrawn", "ritirato", "withdrawn"),
    ],
    transitions: &[
        Transition {
            code: "take",
            label: Label::new("prendi in carico", "take in hand"),
            from: &["received"],
            to: "in_hand",
            needs: &[],
            by: &[P::RecordComplaints],
        },
        Transition {
            code: "answer",
            label: Label::new("rispondi", "answer"),
            from: &["received", "in_hand"],
            to: "answered",
            needs: &["answered_on", "answer", "outcome"],
            by: &[P::RecordSupplier, P::RecordClient],
        },
        Transition {
            code: "reopen",
            label: Label::new("riapri", "reopen"),
            from: &["answered", "closed"],
            to: "in_hand",
            needs: &[],
            by: &[P::RecordComplaints],
        },
        Transition {
            code: "close",
            label: Label::new("chiudi", "close"),
            from: &["answered"],
            to: "closed",
            needs: &["answered_on", "outcome"],
            by: &[P::RecordSupplier, P::RecordClient],
        },
        Transition {
            code: "withdraw",
            label: Label::new("registra il ritiro", "record the withdrawal"),
            from: &["received", "in_hand"],
            to: "withdrawn",
            needs: &[],
            by: &[P::RecordComplaints],
        },
    ],
    record: &[P::RecordComplaints],
    fill,
    check,
    derived: &[
        Derived {
            code: "days_to_answer",
            label: Label::new("Giorni per rispondere", "Days to answer"),
            compute: |values, _| {
                let days = days_between(values.date(&RECEIVED_ON)?, values.date(&ANSWERED_ON)?);
                u64::try_from(days).ok().map(Value::Count)
            },
        },
        Derived {
            code: "days_late",
            label: Label::new("Giorni di ritardo", "Days late"),
            compute: |values, today| days_late(values, &DUE_ON, &ANSWERED_ON, today),
        },
    ],
};

fn fill(values: &mut Values, terms: Terms) {
    if let (Some(received), None) = (values.date(&RECEIVED_ON), values.date(&DUE_ON)) {
        let due = received.saturating_add(Span::new().days(terms.complaint_days));
        values.put(&DUE_ON, Some(Value::Date(due)));
    }
}

fn check(values: &Values) -> Vec<Remark> {
    let mut remarks = Vec::new();
    remarks.extend(in_order(values, &RECEIVED_ON, &ANSWERED_ON));
    remarks.extend(in_order(values, &RECEIVED_ON, &DUE_ON));
    remarks
}
