//! Corrective and preventive actions, with the check of their effectiveness.

use super::{
    Choice, Derived, Field, Register, Remark, Transition, Values, closed, days_late, fill_nothing,
    in_order, open,
};
use crate::access::Permission as P;
use crate::text::Label;

const DECIDED_ON: Field = Field::date("decided_on", "Decisa il", "Decided on").required();
const KIND: Field = Field::choice("kind", "Tipo", "Kind", KINDS).required();
const TITLE: Field = Field::line("title", "Titolo", "Title").required();
const CAUSE: Field = Field::text("cause", "Causa da rimuovere", "Cause to remove").required();
const ACTION: Field = Field::text("action", "Azione", "Action").required();
const OWNER: Field = Field::line("owner", "Responsabile (ruolo)", "Owner (role)").required();
const DUE_ON: Field = Field::date("due_on", "Scadenza", "Due on").required();
const DONE_ON: Field = Field::date("done_on", "Attuata il", "Done on");
const CHECK_ON: Field =
    Field::date("check_on", "Verifica di efficacia il", "Effectiveness to be checked on");
const EXPECTED: Field = Field::text("expected", "Effetto atteso", "Expected effect");
const EVIDENCE: Field = Field::text("evidence", "Effetto misurato", "Measured effect");
const CHECKED_ON: Field = Field::date("checked_on", "Verificata il", "Checked on");

const KINDS: &[Choice] = &[
    Choice::new("corrective", "correttiva", "corrective"),
    Choice::new("preventive", "preventiva", "preventive"),
];

/// An action begins.
pub(super) const START: Transition = Transition {
    code: "start",
    label: Label::new("avvia", "start"),
    from: &["planned"],
    to: "under_way",
    needs: &[],
    by: &[P::RecordSupplier],
};

/// An action is declared done.
pub(super) const COMPLETE: Transition = Transition {
    code: "complete",
    label: Label::new("dichiara attuata", "declare done"),
    from: &["planned", "under_way"],
    to: "done",
    needs: &["done_on"],
    by: &[P::RecordSupplier],
};

/// Corrective and preventive actions.
pub const ACTIONS: Register = Register {
    code: "actions",
    prefix: "AZ",
    label: Label::new("Azioni correttive e preventive", "Corrective and preventive actions"),
    about: Label::new(
        "Azioni decise, con responsabile e scadenza, e la verifica che abbiano avuto effetto.",
        "Actions decided, with owner and due date, and the check that they had an effect.",
    ),
    fields: &[
        DECIDED_ON, KIND, TITLE, CAUSE, ACTION, OWNER, DUE_ON, DONE_ON, CHECK_ON, EXPECTED,
        EVIDENCE, CHECKED_ON,
    ],
    states: &[
        open("planned", "pianificata", "planned"),
        open("under_way", "in corso", "under way"),
        open("done", "attuata", "done"),
        closed("effective", "efficace", "effective"),
        closed("ineffective", "inefficace", "ineffective"),
        closed("dropped", "abbandonata", "dropped"),
    ],
    transitions: &[
        START,
        COMPLETE,
        Transition {
            code: "confirm",
            label: Label::new("conferma l'efficacia", "confirm that it worked"),
            from: &["done"],
            to: "effective",
            needs: &["done_on", "evidence", "checked_on"],
            by: &[P::RecordClient],
        },
        Transition {
            code: "fail",
            label: Label::new("dichiara inefficace", "declare that it did not work"),
            from: &["done"],
            to: "ineffective",
            needs: &["done_on", "evidence", "checked_on"],
            by: &[P::RecordClient],
        },
        Transition {
            code: "resume",
            label: Label::new("riprendi", "resume"),
            from: &["ineffective", "done"],
            to: "under_way",
            needs: &[],
            by: &[P::RecordClient, P::RecordSupplier],
        },
        Transition {
            code: "drop",
            label: Label::new("abbandona", "drop"),
            from: &["planned", "under_way"],
            to: "dropped",
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
        compute: |values, today| days_late(values, &DUE_ON, &DONE_ON, today),
    }],
};

fn check(values: &Values) -> Vec<Remark> {
    let mut remarks = Vec::new();
    remarks.extend(in_order(values, &DECIDED_ON, &DUE_ON));
    remarks.extend(in_order(values, &DECIDED_ON, &DONE_ON));
    remarks.extend(in_order(values, &DONE_ON, &CHECKED_ON));
    remarks
}
