//! Requests to leave a time out of the figures, force majeure among them.

use super::{
    Choice, Derived, Field, Register, Remark, Transition, Value, Values, closed, fill_nothing,
    in_order, open,
};
use crate::access::Permission as P;
use crate::text::Label;

const FROM_ON: Field = Field::date("from_on", "Dal", "From").required();
const FROM_TIME: Field = Field::line("from_time", "Dalle ore", "From (time)").required();
const UNTIL_ON: Field = Field::date("until_on", "Al", "Until").required();
const UNTIL_TIME: Field = Field::line("until_time", "Alle ore", "Until (time)").required();
const REASON: Field = Field::choice("reason", "Motivo", "Reason", REASONS).required();
const INDICATORS: Field = Field::line("indicators", "Indicatori", "Indicators");
const QUEUE: Field = Field::line("queue", "Coda", "Queue");
const FACTS: Field = Field::text("facts", "Fatti", "Facts").required();
const REQUESTED_ON: Field = Field::date("requested_on", "Richiesta il", "Requested on").required();
const OPINION: Field = Field::text("opinion", "Parere del DEC", "DEC's opinion");
const DECIDED_ON: Field = Field::date("decided_on", "Decisa il", "Decided on");
const DECISION: Field = Field::text("decision", "Motivazione", "Grounds of the decision");
const DOCUMENT: Field = Field::line("document", "Atto", "Document");

const REASONS: &[Choice] = &[
    Choice::new("force_majeure", "forza maggiore", "force majeure"),
    Choice::new("client_caused", "causa della committenza", "caused by the client"),
    Choice::new("planned_maintenance", "manutenzione programmata", "planned maintenance"),
    Choice::new("test_calls", "chiamate di prova", "test calls"),
    Choice::new("prank", "chiamate moleste", "nuisance calls"),
];

/// Exclusions and force majeure.
pub const EXCLUSIONS: Register = Register {
    code: "exclusions",
    prefix: "ESC",
    label: Label::new("Esclusioni e forza maggiore", "Exclusions and force majeure"),
    about: Label::new(
        "Richieste di non contare un tempo, e chi le ha approvate. Una esclusione approvata va poi \
         scritta nel contratto in formato TOML, da cui le misure la leggono.",
        "Requests not to count a time, and who approved them. An approved exclusion is then \
         written into the contract file, where measures read it.",
    ),
    fields: &[
        FROM_ON,
        FROM_TIME,
        UNTIL_ON,
        UNTIL_TIME,
        REASON,
        INDICATORS,
        QUEUE,
        FACTS,
        REQUESTED_ON,
        OPINION,
        DECIDED_ON,
        DECISION,
        DOCUMENT,
    ],
    states: &[
        open("requested", "richiesta", "requested"),
        open("examined", "istruita", "examined"),
        closed("approved", "approvata", "approved"),
        closed("refused", "respinta", "refused"),
        closed("withdrawn", "ritirata", "withdrawn"),
    ],
    transitions: &[
        Transition {
            code: "examine",
            label: Label::new("esprimi il parere", "give an opinion"),
            from: &["requested"],
            to: "examined",
            needs: &["opinion"],
            by: &[P::RecordClient],
        },
        Transition {
            code: "approve",
            label: Label::new("approva", "approve"),
            from: &["examined"],
            to: "approved",
            needs: &["opinion", "decision", "decided_on", "document"],
            by: &[P::DecideExclusion],
        },
        Transition {
            code: "refuse",
            label: Label::new("respingi", "refuse"),
            from: &["examined"],
            to: "refused",
            needs: &["opinion", "decision", "decided_on"],
            by: &[P::DecideExclusion],
        },
        Transition {
            code: "withdraw",
            label: Label::new("ritira", "withdraw"),
            from: &["requested", "examined"],
            to: "withdrawn",
            needs: &[],
            by: &[P::RequestExclusion],
        },
    ],
    record: &[P::RequestExclusion, P::RecordClient],
    fill: fill_nothing,
    check,
    derived: &[Derived {
        code: "contract_entry",
        label: Label::new("Voce per il contratto", "Entry for the contract file"),
        compute: |values, _| {
            let (from, until) = (span_end(values, true)?, span_end(values, false)?);
            Some(Value::Text(format!("from = {from}, until = {until}")))
        },
    }],
};

fn span_end(values: &Values, begin: bool) -> Option<String> {
    let (on, time) = if begin { (&FROM_ON, &FROM_TIME) } else { (&UNTIL_ON, &UNTIL_TIME) };
    Some(format!("{}T{}:00", values.date(on)?, values.words(time)?))
}

fn check(values: &Values) -> Vec<Remark> {
    let mut remarks = Vec::new();
    remarks.extend(in_order(values, &FROM_ON, &UNTIL_ON));
    remarks.extend(in_order(values, &REQUESTED_ON, &DECIDED_ON));
    for field in [&FROM_TIME, &UNTIL_TIME] {
        if values.words(field).is_some_and(|time| !is_time(time)) {
            let (it, en) = ("le ore si scrivono come `18:30`", "times are written as `18:30`");
            remarks.push(Remark::refused(field, it, en));
        }
    }
    let times = (values.words(&FROM_TIME), values.words(&UNTIL_TIME));
    if values.date(&FROM_ON) == values.date(&UNTIL_ON)
        && let (Some(from), Some(until)) = times
        && until <= from
    {
        let (it, en) = ("il tempo è vuoto", "the time is empty");
        remarks.push(Remark::refused(&UNTIL_TIME, it, en));
    }
    remarks
}

fn is_time(text: &str) -> bool {
    let Some((hours, minutes)) = text.split_once(':') else { return false };
    let two = |part: &str, most: u8| {
        part.len() == 2 && part.parse::<u8>().is_ok_and(|number| number <= most)
    };
    two(hours, 23) && two(minutes, 59)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_times_and_not_empty() {
        let check_times = |from: &str, until_on: &str, until: &str| {
            let fields = [
                ("from_on", "2023-09-17"),
                ("from_time", from),
                ("until_on", until_on),
                ("until_time", until),
                ("requested_on", "2023-09-20"),
            ];
            let values = Values::parse(&EXCLUSIONS, fields).expect("good values");
            check(&values).into_iter().map(|remark| remark.field).collect::<Vec<_>>()
        };
        assert_eq!(check_times("18:00", "2023-09-17", "18:01"), Vec::<&str>::new());
        assert_eq!(check_times("18:00", "2023-09-18", "06:00"), Vec::<&str>::new());
        assert_eq!(check_times("18:00", "2023-09-17", "18:00"), ["until_time"]);
        assert_eq!(check_times("24:00", "2023-09-18", "6:00"), ["from_time", "until_time"]);
        assert_eq!(check_times("18:00", "2023-09-16", "19:00"), ["until_on"]);
    }
}
