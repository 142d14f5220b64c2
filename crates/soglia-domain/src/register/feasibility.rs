//! Feasibility studies and documents of new projects.

use super::{
    Choice, Field, Register, Remark, Transition, Values, closed, fill_nothing, in_order, open,
};
use crate::access::Permission as P;
use crate::text::Label;

const TITLE: Field = Field::line("title", "Titolo", "Title").required();
const AREA: Field = Field::line("area", "Ambito", "Area").required();
const REQUESTED_ON: Field = Field::date("requested_on", "Richiesto il", "Requested on").required();
const NEED: Field = Field::text("need", "Esigenza", "Need").required();
const SUMMARY: Field = Field::text("summary", "Sintesi", "Summary");
const COST: Field = Field::money("cost", "Costo stimato", "Estimated cost");
const INDICATORS: Field =
    Field::text("indicators", "Indicatori di monitoraggio proposti", "Indicators proposed");
const DELIVERED_ON: Field = Field::date("delivered_on", "Consegnato il", "Delivered on");
const DECIDED_ON: Field = Field::date("decided_on", "Deciso il", "Decided on");
const DECISION: Field = Field::choice("decision", "Decisione", "Decision", DECISIONS);

const DECISIONS: &[Choice] = &[
    Choice::new("go", "si realizza", "go"),
    Choice::new("later", "rinviato", "later"),
    Choice::new("no", "non si realizza", "no"),
];

/// Feasibility studies.
pub const FEASIBILITY: Register = Register {
    code: "feasibility",
    prefix: "SDF",
    label: Label::new("Studi di fattibilità", "Feasibility studies"),
    about: Label::new(
        "Studi e documentazione di nuovi progetti per l'Agenda Digitale.",
        "Studies and documents of new projects of the digital agenda.",
    ),
    fields: &[
        TITLE,
        AREA,
        REQUESTED_ON,
        NEED,
        SUMMARY,
        COST,
        INDICATORS,
        DELIVERED_ON,
        DECIDED_ON,
        DECISION,
    ],
    states: &[
        open("requested", "richiesto", "requested"),
        open("delivered", "consegnato", "delivered"),
        closed("decided", "deciso", "decided"),
        closed("withdrawn", "ritirato", "withdrawn"),
    ],
    transitions: &[
        Transition {
            code: "deliver",
            label: Label::new("consegna", "deliver"),
            from: &["requested"],
            to: "delivered",
            needs: &["summary", "delivered_on"],
            by: &[P::RecordSupplier, P::RecordClient],
        },
        Transition {
            code: "return",
            label: Label::new("chiedi di integrare", "ask for more"),
            from: &["delivered"],
            to: "requested",
            needs: &[],
            by: &[P::RecordClient],
        },
        Transition {
            code: "decide",
            label: Label::new("decidi", "decide"),
            from: &["delivered"],
            to: "decided",
            needs: &["decision", "decided_on"],
            by: &[P::RecordClient],
        },
        Transition {
            code: "withdraw",
            label: Label::new("ritira", "withdraw"),
            from: &["requested", "delivered"],
            to: "withdrawn",
            needs: &[],
            by: &[P::RecordClient],
        },
    ],
    record: &[P::RecordClient, P::RecordSupplier],
    fill: fill_nothing,
    check,
    derived: &[],
};

fn check(values: &Values) -> Vec<Remark> {
    let mut remarks = Vec::new();
    remarks.extend(in_order(values, &REQUESTED_ON, &DELIVERED_ON));
    remarks.extend(in_order(values, &DELIVERED_ON, &DECIDED_ON));
    remarks
}
