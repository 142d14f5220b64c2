//! Inspections and their minutes.

use jiff::civil::Weekday;

use super::{
    Choice, Derived, Field, Register, Remark, Transition, Value, Values, closed, days_late,
    fill_nothing, in_order, open,
};
use crate::access::Permission as P;
use crate::holiday::HolidaySet;
use crate::text::Label;

const HELD_ON: Field = Field::date("held_on", "Data della visita", "Date of the visit").required();
const PLACE: Field = Field::line("place", "Luogo", "Place").required();
const KIND: Field = Field::choice("kind", "Tipo", "Kind", KINDS).required();
const INSPECTORS: Field = Field::line("inspectors", "Ispettori", "Inspectors").personal();
const SUBJECT: Field = Field::text("subject", "Oggetto", "Subject").required();
const FINDINGS: Field = Field::text("findings", "Rilievi", "Findings");
const OUTCOME: Field = Field::choice("outcome", "Esito", "Outcome", OUTCOMES);
const MINUTES: Field = Field::line("minutes", "Protocollo del verbale", "Minutes' register number");
const REPLY_DUE_ON: Field = Field::date("reply_due_on", "Risposta entro il", "Reply due on");
const REPLIED_ON: Field = Field::date("replied_on", "Risposta il", "Replied on");

const KINDS: &[Choice] = &[
    Choice::new("on_site", "in sede", "on site"),
    Choice::new("remote", "a distanza", "remote"),
    Choice::new("documents", "documentale", "of documents"),
];

const OUTCOMES: &[Choice] = &[
    Choice::new("conforming", "conforme", "conforming"),
    Choice::new("remarks", "con osservazioni", "with remarks"),
    Choice::new("nonconforming", "non conforme", "not conforming"),
];

/// Inspections.
pub const INSPECTIONS: Register = Register {
    code: "inspections",
    prefix: "ISP",
    label: Label::new("Visite ispettive", "Inspections"),
    about: Label::new(
        "Visite presso gli uffici e le sedi, con verbale e rilievi.",
        "Visits to offices and sites, with minutes and findings.",
    ),
    fields: &[
        HELD_ON,
        PLACE,
        KIND,
        INSPECTORS,
        SUBJECT,
        FINDINGS,
        OUTCOME,
        MINUTES,
        REPLY_DUE_ON,
        REPLIED_ON,
    ],
    states: &[
        open("planned", "programmata", "planned"),
        open("held", "svolta", "held"),
        open("reported", "verbalizzata", "reported"),
        closed("closed", "chiusa", "closed"),
        closed("cancelled", "annullata", "cancelled"),
    ],
    transitions: &[
        Transition {
            code: "hold",
            label: Label::new("registra lo svolgimento", "record that it was held"),
            from: &["planned"],
            to: "held",
            needs: &[],
            by: &[P::RecordClient],
        },
        Transition {
            code: "report",
            label: Label::new("verbalizza", "report"),
            from: &["held"],
            to: "reported",
            needs: &["outcome", "minutes"],
            by: &[P::RecordClient],
        },
        Transition {
            code: "close",
            label: Label::new("chiudi", "close"),
            from: &["reported"],
            to: "closed",
            needs: &["outcome", "minutes"],
            by: &[P::RecordClient],
        },
        Transition {
            code: "cancel",
            label: Label::new("annulla", "cancel"),
            from: &["planned"],
            to: "cancelled",
            needs: &[],
            by: &[P::RecordClient],
        },
    ],
    record: &[P::RecordClient],
    fill: fill_nothing,
    check,
    derived: &[Derived {
        code: "days_late",
        label: Label::new("Giorni di ritardo della risposta", "Days the reply is late"),
        compute: |values, today| days_late(values, &REPLY_DUE_ON, &REPLIED_ON, today),
    }],
};

fn check(values: &Values) -> Vec<Remark> {
    let mut remarks = Vec::new();
    remarks.extend(in_order(values, &HELD_ON, &REPLIED_ON));
    remarks.extend(in_order(values, &HELD_ON, &REPLY_DUE_ON));
    let on_site = values.get(KIND.code) == Some(&Value::Choice("on_site"));
    if let Some(date) = values.date(&HELD_ON).filter(|_| on_site) {
        let weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        if weekend || HolidaySet::Italy.holiday_on(date).is_some() {
            remarks.push(Remark::warning(
                &HELD_ON,
                "una visita in ufficio in un giorno non lavorativo",
                "a visit to an office on a day that is not a working day",
            ));
        }
    }
    remarks
}
