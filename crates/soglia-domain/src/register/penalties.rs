//! Penalties, with both parties heard: detected, notified, answered, decided.

use jiff::Span;

use super::{
    Derived, Field, Register, Remark, Terms, Transition, Value, Values, closed, days_between,
    in_order, open,
};
use crate::access::Permission as P;
use crate::text::Label;

/// When the miss was seen.
pub const DETECTED_ON: Field = Field::date("detected_on", "Rilevata il", "Detected on").required();
/// The period whose figure missed its target.
pub const PERIOD: Field = Field::line("period", "Periodo", "Period").required();
/// The indicator, or nothing for other penalties.
pub const INDICATOR: Field = Field::line("indicator", "Indicatore", "Indicator");
/// The clause that foresees the penalty.
pub const CLAUSE: Field = Field::line("clause", "Clausola", "Clause").required();
/// What happened.
pub const FACTS: Field = Field::text("facts", "Fatti", "Facts").required();
/// How the amount follows from figures and contract.
pub const BASIS: Field = Field::text("basis", "Calcolo", "Computation");
/// The seal of the measurement it rests on.
pub const SEAL: Field = Field::line("seal", "Sigillo della misura", "Measurement's seal");
/// What the parameters of the contract give.
pub const AMOUNT: Field = Field::money("amount", "Importo proposto", "Amount proposed");
/// When the supplier was told.
pub const NOTIFIED_ON: Field = Field::date("notified_on", "Contestata il", "Notified on");
/// How: the certified mail's number, for instance.
pub const NOTIFIED_BY: Field =
    Field::line("notified_by", "Atto di contestazione", "Document of notification");
/// Until when the supplier may answer.
pub const REPLY_DUE_ON: Field =
    Field::date("reply_due_on", "Controdeduzioni entro il", "Counter-arguments due on");
/// What the supplier says.
pub const ARGUMENTS: Field = Field::text("arguments", "Controdeduzioni", "Counter-arguments");
/// When they came.
pub const ARGUED_ON: Field = Field::date("argued_on", "Ricevute il", "Received on");
/// When it was decided.
pub const DECIDED_ON: Field = Field::date("decided_on", "Decisa il", "Decided on");
/// Why so.
pub const DECISION: Field = Field::text("decision", "Motivazione", "Grounds of the decision");
/// The amount decided.
pub const DECIDED: Field = Field::money("decided", "Importo deciso", "Amount decided");
/// The invoice or guarantee it was taken from.
pub const DEDUCTED_FROM: Field = Field::line("deducted_from", "Trattenuta da", "Deducted from");
/// When.
pub const DEDUCTED_ON: Field = Field::date("deducted_on", "Trattenuta il", "Deducted on");

/// Penalties.
pub const PENALTIES: Register = Register {
    code: "penalties",
    prefix: "PEN",
    label: Label::new("Penali", "Penalties"),
    about: Label::new(
        "Penali con tutto il contraddittorio: rilevata, contestata, controdedotta, decisa.",
        "Penalties with both parties heard: detected, notified, answered, decided.",
    ),
    fields: &[
        DETECTED_ON,
        PERIOD,
        INDICATOR,
        CLAUSE,
        FACTS,
        BASIS,
        SEAL,
        AMOUNT,
        NOTIFIED_ON,
        NOTIFIED_BY,
        REPLY_DUE_ON,
        ARGUMENTS,
        ARGUED_ON,
        DECIDED_ON,
        DECISION,
        DECIDED,
        DEDUCTED_FROM,
        DEDUCTED_ON,
    ],
    states: &[
        open("detected", "rilevata", "detected"),
        open("notified", "contestata", "notified"),
        open("argued", "controdedotta", "answered"),
        open("unanswered", "termine scaduto", "time to answer is over"),
        open("applied", "applicata", "applied"),
        closed("waived", "archiviata", "waived"),
        closed("deducted", "trattenuta", "deducted"),
        closed("withdrawn", "ritirata", "withdrawn"),
    ],
    transitions: &[
        Transition {
            code: "notify",
            label: Label::new("contesta", "notify"),
            from: &["detected"],
            to: "notified",
            needs: &["amount", "basis", "notified_on", "notified_by", "reply_due_on"],
            by: &[P::ProposePenalty],
        },
        Transition {
            code: "argue",
            label: Label::new("controdeduci", "answer"),
            from: &["notified"],
            to: "argued",
            needs: &["arguments", "argued_on"],
            by: &[P::AnswerPenalty],
        },
        Transition {
            code: "expire",
            label: Label::new("registra la scadenza del termine", "record that time is over"),
            from: &["notified"],
            to: "unanswered",
            needs: &["reply_due_on"],
            by: &[P::ProposePenalty, P::DecidePenalty],
        },
        Transition {
            code: "apply",
            label: Label::new("applica", "apply"),
            from: &["argued", "unanswered"],
            to: "applied",
            needs: &["decision", "decided_on", "decided"],
            by: &[P::DecidePenalty],
        },
        Transition {
            code: "waive",
            label: Label::new("archivia", "waive"),
            from: &["argued", "unanswered"],
            to: "waived",
            needs: &["decision", "decided_on"],
            by: &[P::DecidePenalty],
        },
        Transition {
            code: "deduct",
            label: Label::new("registra la trattenuta", "record the deduction"),
            from: &["applied"],
            to: "deducted",
            needs: &["decided", "deducted_from", "deducted_on"],
            by: &[P::ProposePenalty, P::DecidePenalty],
        },
        Transition {
            code: "withdraw",
            label: Label::new("ritira", "withdraw"),
            from: &["detected", "notified"],
            to: "withdrawn",
            needs: &[],
            by: &[P::ProposePenalty],
        },
    ],
    record: &[P::ProposePenalty],
    fill,
    check,
    derived: &[Derived {
        code: "days_to_reply",
        label: Label::new("Giorni per controdedurre", "Days given to answer"),
        compute: |values, _| {
            let days = days_between(values.date(&NOTIFIED_ON)?, values.date(&REPLY_DUE_ON)?);
            u64::try_from(days).ok().map(Value::Count)
        },
    }],
};

fn fill(values: &mut Values, terms: Terms) {
    if let (Some(notified), None) = (values.date(&NOTIFIED_ON), values.date(&REPLY_DUE_ON)) {
        let due = notified.saturating_add(Span::new().days(terms.penalty_days));
        values.put(&REPLY_DUE_ON, Some(Value::Date(due)));
    }
}

fn check(values: &Values) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let order = [&DETECTED_ON, &NOTIFIED_ON, &ARGUED_ON, &DECIDED_ON, &DEDUCTED_ON];
    for pair in order.windows(2) {
        if let [earlier, later] = pair {
            remarks.extend(in_order(values, earlier, later));
        }
    }
    remarks.extend(in_order(values, &NOTIFIED_ON, &DECIDED_ON));
    remarks.extend(in_order(values, &NOTIFIED_ON, &REPLY_DUE_ON));
    for field in [&AMOUNT, &DECIDED] {
        if values.cents(field).is_some_and(|cents| cents <= 0) {
            let (it, en) = ("una penale è maggiore di zero", "a penalty is more than nothing");
            remarks.push(Remark::refused(field, it, en));
        }
    }
    if let (Some(proposed), Some(decided)) = (values.cents(&AMOUNT), values.cents(&DECIDED))
        && proposed < decided
    {
        remarks.push(Remark::refused(
            &DECIDED,
            "si decide più di quanto è stato contestato",
            "more is decided than was notified",
        ));
    }
    if let (Some(due), Some(argued)) = (values.date(&REPLY_DUE_ON), values.date(&ARGUED_ON))
        && due < argued
    {
        remarks.push(Remark::warning(
            &ARGUED_ON,
            "le controdeduzioni sono arrivate dopo il termine",
            "the answer came after its time",
        ));
    }
    remarks
}
