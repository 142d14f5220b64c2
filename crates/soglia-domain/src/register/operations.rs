//! The operations log of the digital-agenda support areas, which the contract names.

use super::{
    Choice, Field, Register, Remark, Transition, Values, closed, fill_nothing, in_order, open,
};
use crate::access::Permission as P;
use crate::text::Label;

const DONE_ON: Field = Field::date("done_on", "Data", "Date").required();
const UNTIL: Field = Field::date("last_day", "Fino al", "Last day");
const AREA: Field = Field::line("area", "Area", "Area").required();
const PLACE: Field = Field::line("place", "Ufficio", "Office").required();
const KIND: Field = Field::choice("kind", "Tipo", "Kind", KINDS).required();
const ACTIVITY: Field = Field::text("activity", "Attività svolta", "Activity").required();
const REQUEST: Field = Field::line("request", "Richiesta", "Request");
const HOURS: Field = Field::count("hours", "Ore", "Hours");
const QUANTITY: Field = Field::count("quantity", "Pratiche o interventi", "Files or interventions");
const RESULT: Field = Field::text("result", "Risultato", "Result");
const ISSUES: Field = Field::text("issues", "Criticità", "Issues");

const KINDS: &[Choice] = &[
    Choice::new("support", "supporto", "support"),
    Choice::new("front_office", "front office", "front office"),
    Choice::new("back_office", "back office", "back office"),
    Choice::new("technical_assistance", "assistenza tecnica", "technical assistance"),
    Choice::new("digitisation", "digitalizzazione", "digitisation"),
];

/// The operations log.
pub const OPERATIONS: Register = Register {
    code: "operations",
    prefix: "OPE",
    label: Label::new("Registro operazioni svolte", "Operations log"),
    about: Label::new(
        "Attività di supporto all'Agenda Digitale, per area e ufficio.",
        "Support activities of the digital agenda, by area and office.",
    ),
    fields: &[
        DONE_ON, UNTIL, AREA, PLACE, KIND, ACTIVITY, REQUEST, HOURS, QUANTITY, RESULT, ISSUES,
    ],
    states: &[
        open("logged", "registrata", "logged"),
        closed("confirmed", "confermata", "confirmed"),
        open("disputed", "contestata", "disputed"),
        closed("cancelled", "annullata", "cancelled"),
    ],
    transitions: &[
        Transition {
            code: "confirm",
            label: Label::new("conferma", "confirm"),
            from: &["logged", "disputed"],
            to: "confirmed",
            needs: &[],
            by: &[P::RecordClient],
        },
        Transition {
            code: "dispute",
            label: Label::new("contesta", "dispute"),
            from: &["logged"],
            to: "disputed",
            needs: &[],
            by: &[P::RecordClient],
        },
        Transition {
            code: "cancel",
            label: Label::new("annulla", "cancel"),
            from: &["logged", "disputed"],
            to: "cancelled",
            needs: &[],
            by: &[P::RecordOperations],
        },
    ],
    record: &[P::RecordOperations],
    fill: fill_nothing,
    check: |values: &Values| -> Vec<Remark> {
        in_order(values, &DONE_ON, &UNTIL).into_iter().collect()
    },
    derived: &[],
};
