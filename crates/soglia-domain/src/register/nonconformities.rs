//! Non-conformities.

use super::{
    Choice, Derived, Field, Register, Remark, Transition, Values, closed, days_late, fill_nothing,
    in_order, open,
};
use crate::access::Permission as P;
use crate::text::Label;

const DETECTED_ON: Field = Field::date("detected_on", "Rilevata il", "Detected on").required();
const SOURCE: Field = Field::choice("source", "Origine", "Source", SOURCES).required();
const GRAVITY: Field = Field::choice("gravity", "Gravità", "Gravity", GRAVITIES).required();
const TITLE: Field = Field::line("title", "Titolo", "Title").required();
const DESCRIPTION: Field = Field::text("description", "Descrizione", "Description").required();
const REQUIREMENT: Field =
    Field::line("requirement", "Requisito non soddisfatto", "Requirement not met");
const TREATMENT: Field = Field::text("treatment", "Trattamento immediato", "Immediate treatment");
const CAUSE: Field = Field::text("cause", "Causa", "Cause");
const DUE_ON: Field = Field::date("due_on", "Risolvere entro il", "To be solved by");
const SOLVED_ON: Field = Field::date("solved_on", "Risolta il", "Solved on");
const VERIFICATION: Field = Field::text("verification", "Verifica", "Verification");

const SOURCES: &[Choice] = &[
    Choice::new("indicator", "indicatore", "indicator"),
    Choice::new("inspection", "visita ispettiva", "inspection"),
    Choice::new("complaint", "reclamo", "complaint"),
    Choice::new("supplier", "rilevazione del fornitore", "found by the supplier"),
    Choice::new("data", "qualità dei dati", "quality of data"),
];

const GRAVITIES: &[Choice] =
    &[Choice::new("minor", "minore", "minor"), Choice::new("major", "maggiore", "major")];

/// Non-conformities.
pub const NONCONFORMITIES: Register = Register {
    code: "nonconformities",
    prefix: "NC",
    label: Label::new("Non conformità", "Non-conformities"),
    about: Label::new(
        "Requisiti non soddisfatti: trattamento, causa, azioni collegate e verifica.",
        "Requirements not met: treatment, cause, linked actions and verification.",
    ),
    fields: &[
        DETECTED_ON,
        SOURCE,
        GRAVITY,
        TITLE,
        DESCRIPTION,
        REQUIREMENT,
        TREATMENT,
        CAUSE,
        DUE_ON,
        SOLVED_ON,
        VERIFICATION,
    ],
    states: &[
        open("open", "aperta", "open"),
        open("analysed", "analizzata", "analysed"),
        open("solved", "risolta", "solved"),
        closed("closed", "chiusa", "closed"),
        closed("unfounded", "infondata", "unfounded"),
    ],
    transitions: &[
        Transition {
            code: "analyse",
            label: Label::new("registra la causa", "record the cause"),
            from: &["open"],
            to: "analysed",
            needs: &["treatment", "cause"],
            by: &[P::RecordSupplier],
        },
        Transition {
            code: "solve",
            label: Label::new("dichiara risolta", "declare solved"),
            from: &["analysed"],
            to: "solved",
            needs: &["solved_on"],
            by: &[P::RecordSupplier],
        },
        Transition {
            code: "reopen",
            label: Label::new("riapri", "reopen"),
            from: &["solved", "closed"],
            to: "open",
            needs: &[],
            by: &[P::RecordClient],
        },
        Transition {
            code: "close",
            label: Label::new("verifica e chiudi", "verify and close"),
            from: &["solved"],
            to: "closed",
            needs: &["solved_on", "verification"],
            by: &[P::RecordClient],
        },
        Transition {
            code: "dismiss",
            label: Label::new("dichiara infondata", "declare unfounded"),
            from: &["open", "analysed"],
            to: "unfounded",
            needs: &[],
            by: &[P::RecordClient],
        },
    ],
    record: &[P::RecordClient, P::RecordSupplier],
    fill: fill_nothing,
    check,
    derived: &[Derived {
        code: "days_late",
        label: Label::new("Giorni di ritardo", "Days late"),
        compute: |values, today| days_late(values, &DUE_ON, &SOLVED_ON, today),
    }],
};

fn check(values: &Values) -> Vec<Remark> {
    let mut remarks = Vec::new();
    remarks.extend(in_order(values, &DETECTED_ON, &DUE_ON));
    remarks.extend(in_order(values, &DETECTED_ON, &SOLVED_ON));
    remarks
}
