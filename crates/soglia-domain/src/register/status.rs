//! Project status: milestones planned and reached.

use super::{
    Derived, Field, Register, Remark, Transition, Values, closed, days_late, fill_nothing,
    in_order, open,
};
use crate::access::Permission as P;
use crate::text::Label;

const MILESTONE: Field = Field::line("milestone", "Traguardo", "Milestone").required();
const DELIVERABLE: Field = Field::text("deliverable", "Prodotto", "Deliverable");
const PLAN: Field = Field::line("plan", "Piano di riferimento", "Plan it stands in");
const STARTED_ON: Field = Field::date("started_on", "Avvio", "Started on");
const PLANNED_ON: Field = Field::date("planned_on", "Previsto il", "Planned for").required();
const EXPECTED_ON: Field = Field::date("expected_on", "Atteso il", "Now expected on");
const REACHED_ON: Field = Field::date("reached_on", "Raggiunto il", "Reached on");
const ACCEPTANCE: Field = Field::text("acceptance", "Verifica di conformità", "Acceptance");

/// Project status.
pub const STATUS: Register = Register {
    code: "status",
    prefix: "PRG",
    label: Label::new("Stato programma di progetto", "Project status"),
    about: Label::new(
        "Traguardi del progetto, previsti e raggiunti.",
        "The project's milestones, planned and reached.",
    ),
    fields: &[
        MILESTONE,
        DELIVERABLE,
        PLAN,
        STARTED_ON,
        PLANNED_ON,
        EXPECTED_ON,
        REACHED_ON,
        ACCEPTANCE,
    ],
    states: &[
        open("planned", "previsto", "planned"),
        open("under_way", "in corso", "under way"),
        open("reached", "raggiunto", "reached"),
        closed("accepted", "accettato", "accepted"),
        closed("cancelled", "annullato", "cancelled"),
    ],
    transitions: &[
        Transition {
            code: "start",
            label: Label::new("avvia", "start"),
            from: &["planned"],
            to: "under_way",
            needs: &["started_on"],
            by: &[P::RecordSupplier],
        },
        Transition {
            code: "reach",
            label: Label::new("dichiara raggiunto", "declare reached"),
            from: &["planned", "under_way"],
            to: "reached",
            needs: &["reached_on"],
            by: &[P::RecordSupplier],
        },
        Transition {
            code: "refuse",
            label: Label::new("non accettare", "do not accept"),
            from: &["reached"],
            to: "under_way",
            needs: &[],
            by: &[P::RecordClient],
        },
        Transition {
            code: "accept",
            label: Label::new("accetta", "accept"),
            from: &["reached"],
            to: "accepted",
            needs: &["reached_on", "acceptance"],
            by: &[P::RecordClient],
        },
        Transition {
            code: "cancel",
            label: Label::new("annulla", "cancel"),
            from: &["planned", "under_way"],
            to: "cancelled",
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
        compute: |values, today| days_late(values, &PLANNED_ON, &REACHED_ON, today),
    }],
};

fn check(values: &Values) -> Vec<Remark> {
    let mut remarks = Vec::new();
    remarks.extend(in_order(values, &STARTED_ON, &REACHED_ON));
    remarks.extend(in_order(values, &STARTED_ON, &EXPECTED_ON));
    remarks
}
