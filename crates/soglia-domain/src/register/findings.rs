//! Findings and orders of the client.

use super::{
    Choice, Derived, Field, Register, Remark, Transition, Values, closed, days_late, fill_nothing,
    in_order, open,
};
use crate::access::Permission as P;
use crate::text::Label;

const ISSUED_ON: Field = Field::date("issued_on", "Data", "Date").required();
const KIND: Field = Field::choice("kind", "Tipo", "Kind", KINDS).required();
const SUBJECT: Field = Field::line("subject", "Oggetto", "Subject").required();
const TEXT: Field = Field::text("text", "Testo", "Text").required();
const PROTOCOL: Field = Field::line("protocol", "Protocollo", "Register number");
const DUE_ON: Field = Field::date("due_on", "Adempiere entro il", "To be met by");
const REPLY: Field = Field::text("reply", "Risposta del fornitore", "Supplier's reply");
const MET_ON: Field = Field::date("met_on", "Adempiuto il", "Met on");
const VERIFIED: Field = Field::text("verified", "Verifica", "Verification");

const KINDS: &[Choice] = &[
    Choice::new("finding", "rilievo", "finding"),
    Choice::new("order", "prescrizione", "order"),
    Choice::new("request", "richiesta", "request"),
];

/// The client's findings and orders.
pub const FINDINGS: Register = Register {
    code: "findings",
    prefix: "RIL",
    label: Label::new("Rilievi e prescrizioni della committenza", "Client's findings and orders"),
    about: Label::new(
        "Ciò che la committenza ha rilevato o prescritto, con scadenza e chiusura.",
        "What the client found or ordered, with deadline and closure.",
    ),
    fields: &[ISSUED_ON, KIND, SUBJECT, TEXT, PROTOCOL, DUE_ON, REPLY, MET_ON, VERIFIED],
    states: &[
        open("issued", "emesso", "issued"),
        open("replied", "con risposta", "replied"),
        open("met", "adempiuto", "met"),
        closed("closed", "chiuso", "closed"),
        closed("withdrawn", "ritirato", "withdrawn"),
    ],
    transitions: &[
        Transition {
            code: "reply",
            label: Label::new("rispondi", "reply"),
            from: &["issued"],
            to: "replied",
            needs: &["reply"],
            by: &[P::RecordSupplier],
        },
        Transition {
            code: "meet",
            label: Label::new("dichiara adempiuto", "declare met"),
            from: &["issued", "replied"],
            to: "met",
            needs: &["met_on"],
            by: &[P::RecordSupplier],
        },
        Transition {
            code: "refuse",
            label: Label::new("non accettare l'adempimento", "do not accept it"),
            from: &["met"],
            to: "issued",
            needs: &[],
            by: &[P::RecordClient],
        },
        Transition {
            code: "close",
            label: Label::new("verifica e chiudi", "verify and close"),
            from: &["met"],
            to: "closed",
            needs: &["met_on", "verified"],
            by: &[P::RecordClient],
        },
        Transition {
            code: "withdraw",
            label: Label::new("ritira", "withdraw"),
            from: &["issued", "replied"],
            to: "withdrawn",
            needs: &[],
            by: &[P::RecordClient],
        },
    ],
    record: &[P::RecordClient],
    fill: fill_nothing,
    check,
    derived: &[Derived {
        code: "days_late",
        label: Label::new("Giorni di ritardo", "Days late"),
        compute: |values, today| days_late(values, &DUE_ON, &MET_ON, today),
    }],
};

fn check(values: &Values) -> Vec<Remark> {
    let mut remarks = Vec::new();
    remarks.extend(in_order(values, &ISSUED_ON, &DUE_ON));
    remarks.extend(in_order(values, &ISSUED_ON, &MET_ON));
    remarks
}
