//! Training events and what they changed, for groups and never for a person.

use super::{
    Choice, Derived, Field, Register, Remark, Transition, Value, Values, closed, fill_nothing,
    in_order, open,
};
use crate::access::Permission as P;
use crate::ratio::{Rounding, RoundingMode, decimal, round_div};
use crate::text::Label;

/// The smallest group whose figures may be kept: fewer would point at persons.
pub const GROUP_MIN: u64 = 5;

const HELD_ON: Field = Field::date("held_on", "Data", "Date").required();
const TITLE: Field = Field::line("title", "Titolo", "Title").required();
const TOPICS: Field = Field::text("topics", "Argomenti", "Topics").required();
const REASON: Field = Field::line("reason", "Motivo", "Reason");
const HOURS: Field = Field::count("hours", "Ore", "Hours").required();
const GROUP: Field = Field::line("group", "Gruppo di operatori", "Group of operators").required();
const GROUP_SIZE: Field =
    Field::count("group_size", "Operatori del gruppo", "Operators in the group").required();
const ATTENDED: Field = Field::count("attended", "Partecipanti", "Attended");
const MEASURE: Field =
    Field::choice("measure", "Misura dell'effetto", "Measure of effect", MEASURES);
const BEFORE_PERIOD: Field = Field::line("before_period", "Periodo prima", "Period before");
const BEFORE_SUM: Field =
    Field::count("before_sum", "Prima: secondi o casi riusciti", "Before: seconds or cases met");
const BEFORE_N: Field =
    Field::count("before_n", "Prima: contatti o casi", "Before: contacts or cases");
const AFTER_PERIOD: Field = Field::line("after_period", "Periodo dopo", "Period after");
const AFTER_SUM: Field =
    Field::count("after_sum", "Dopo: secondi o casi riusciti", "After: seconds or cases met");
const AFTER_N: Field = Field::count("after_n", "Dopo: contatti o casi", "After: contacts or cases");
const JUDGEMENT: Field = Field::text("judgement", "Giudizio di efficacia", "Judgement of effect");
const JUDGED_ON: Field = Field::date("judged_on", "Giudicata il", "Judged on");

const MEASURES: &[Choice] = &[
    Choice::new("handling_time", "tempo medio di gestione", "mean handling time"),
    Choice::new("first_contact", "risolti al primo contatto", "solved at first contact"),
    Choice::new("within_limit", "gestiti entro il limite", "handled within the limit"),
];

const EVIDENCE: &[&str] = &[
    "measure",
    "before_period",
    "before_sum",
    "before_n",
    "after_period",
    "after_sum",
    "after_n",
    "judgement",
    "judged_on",
];

/// Training events.
pub const TRAINING: Register = Register {
    code: "training",
    prefix: "FOR",
    label: Label::new("Attività formative", "Training"),
    about: Label::new(
        "Corsi svolti e loro effetto, misurato sul gruppo prima e dopo.",
        "Courses held and their effect, measured on the group before and after.",
    ),
    fields: &[
        HELD_ON,
        TITLE,
        TOPICS,
        REASON,
        HOURS,
        GROUP,
        GROUP_SIZE,
        ATTENDED,
        MEASURE,
        BEFORE_PERIOD,
        BEFORE_SUM,
        BEFORE_N,
        AFTER_PERIOD,
        AFTER_SUM,
        AFTER_N,
        JUDGEMENT,
        JUDGED_ON,
    ],
    states: &[
        open("planned", "programmata", "planned"),
        open("held", "svolta", "held"),
        closed("effective", "efficace", "effective"),
        closed("ineffective", "inefficace", "ineffective"),
        closed("cancelled", "annullata", "cancelled"),
    ],
    transitions: &[
        Transition {
            code: "hold",
            label: Label::new("registra lo svolgimento", "record that it was held"),
            from: &["planned"],
            to: "held",
            needs: &["attended"],
            by: &[P::RecordSupplier],
        },
        Transition {
            code: "confirm",
            label: Label::new("conferma l'efficacia", "confirm that it worked"),
            from: &["held"],
            to: "effective",
            needs: EVIDENCE,
            by: &[P::RecordClient, P::RecordSupplier],
        },
        Transition {
            code: "fail",
            label: Label::new("dichiara inefficace", "declare that it did not work"),
            from: &["held"],
            to: "ineffective",
            needs: EVIDENCE,
            by: &[P::RecordClient, P::RecordSupplier],
        },
        Transition {
            code: "cancel",
            label: Label::new("annulla", "cancel"),
            from: &["planned"],
            to: "cancelled",
            needs: &[],
            by: &[P::RecordSupplier],
        },
    ],
    record: &[P::RecordSupplier],
    fill: fill_nothing,
    check,
    derived: &[
        Derived {
            code: "before",
            label: Label::new("Prima", "Before"),
            compute: |values, _| figure(values, &BEFORE_SUM, &BEFORE_N),
        },
        Derived {
            code: "after",
            label: Label::new("Dopo", "After"),
            compute: |values, _| figure(values, &AFTER_SUM, &AFTER_N),
        },
    ],
};

fn check(values: &Values) -> Vec<Remark> {
    let mut remarks = Vec::new();
    remarks.extend(in_order(values, &HELD_ON, &JUDGED_ON));
    if let Some(size) = values.count(&GROUP_SIZE) {
        if size < GROUP_MIN {
            let it = format!("i gruppi hanno almeno {GROUP_MIN} operatori");
            let en = format!("groups have {GROUP_MIN} operators at least");
            remarks.push(Remark::refused(&GROUP_SIZE, &it, &en));
        }
        if values.count(&ATTENDED).is_some_and(|attended| size < attended) {
            remarks.push(Remark::refused(
                &ATTENDED,
                "i partecipanti sono più degli operatori del gruppo",
                "more attended than the group has operators",
            ));
        }
    }
    let share = values.words(&MEASURE).is_some_and(|measure| measure != "handling_time");
    for (sum, n) in [(&BEFORE_SUM, &BEFORE_N), (&AFTER_SUM, &AFTER_N)] {
        let (sum_value, n_value) = (values.count(sum), values.count(n));
        if n_value == Some(0) {
            remarks.push(Remark::refused(
                n,
                "senza contatti non c'è misura",
                "there is no measure without contacts",
            ));
        } else if share && n_value < sum_value && n_value.is_some() {
            remarks.push(Remark::refused(
                sum,
                "i casi riusciti sono più dei casi",
                "more cases were met than there were",
            ));
        }
    }
    remarks
}

/// A mean in seconds with one decimal, or a percentage with two.
fn figure(values: &Values, sum: &Field, n: &Field) -> Option<Value> {
    let (total, count) = (values.count(sum)?, values.count(n).filter(|n| 0 < *n)?);
    let (total, count) = (u128::from(total), u128::from(count));
    let text = if values.words(&MEASURE)? == "handling_time" {
        format!("{} s", decimal(round_div(total * 10, count, RoundingMode::HalfUp), 1))
    } else {
        let Rounding { decimals, mode } = Rounding::half_up(2);
        format!("{} %", decimal(round_div(total * 10_000, count, mode), decimals))
    };
    Some(Value::Text(text))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn held(fields: &[(&str, &str)]) -> Values {
        let always = [
            ("held_on", "2023-09-20"),
            ("title", "Nuovo applicativo"),
            ("topics", "Prenotazione"),
            ("hours", "8"),
            ("group", "primo livello CUP"),
            ("group_size", "20"),
        ];
        let fields = always.iter().chain(fields).copied();
        Values::parse(&TRAINING, fields).expect("good values")
    }

    fn check_fields(fields: &[(&str, &str)]) -> Vec<&'static str> {
        check(&held(fields)).into_iter().map(|remark| remark.field).collect()
    }

    #[test]
    fn figures_are_a_groups_never_a_persons() {
        assert_eq!(check_fields(&[]), Vec::<&str>::new());
        assert_eq!(check_fields(&[("group_size", "5")]), Vec::<&str>::new());
        assert_eq!(check_fields(&[("group_size", "4")]), ["group_size"]);
        assert_eq!(check_fields(&[("attended", "21")]), ["attended"]);
        assert!(TRAINING.fields.iter().all(|field| field.code != "operator"));
    }

    #[test]
    fn effects_are_measured_before_and_after() {
        let times = [
            ("measure", "handling_time"),
            ("before_sum", "254100"),
            ("before_n", "1000"),
            ("after_sum", "241950"),
            ("after_n", "1000"),
        ];
        let show = |values: &Values| {
            let figures = TRAINING.derived.iter();
            let texts = figures.filter_map(|d| (d.compute)(values, date(2024, 1, 1)));
            texts.map(|value| value.to_string()).collect::<Vec<_>>().join(" → ")
        };
        assert_eq!(show(&held(&times)), "254.1 s → 242.0 s");
        let shares = [
            ("measure", "first_contact"),
            ("before_sum", "6515"),
            ("before_n", "10000"),
            ("after_sum", "2"),
            ("after_n", "3"),
        ];
        assert_eq!(show(&held(&shares)), "65.15 % → 66.67 %");
        assert_eq!(check_fields(&[shares[0], ("after_sum", "4"), ("after_n", "3")]), ["after_sum"]);
        assert_eq!(check_fields(&[("before_sum", "4"), ("before_n", "0")]), ["before_n"]);
    }
}
