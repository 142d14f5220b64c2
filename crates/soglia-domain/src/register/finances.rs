//! Financial progress: what was foreseen, invoiced and paid.

use super::{
    Derived, Field, Register, Remark, Transition, Value, Values, closed, fill_nothing, in_order,
    open,
};
use crate::access::Permission as P;
use crate::text::Label;

const PERIOD: Field = Field::line("period", "Periodo", "Period").required();
const ITEM: Field = Field::line("item", "Voce", "Item").required();
const BUDGET: Field = Field::money("budget", "Previsto", "Foreseen").required();
const ACCRUED: Field = Field::money("accrued", "Maturato", "Accrued");
const INVOICED: Field = Field::money("invoiced", "Fatturato", "Invoiced");
const INVOICE: Field = Field::line("invoice", "Fattura", "Invoice");
const INVOICED_ON: Field = Field::date("invoiced_on", "Fatturato il", "Invoiced on");
const PENALTIES: Field = Field::money("penalties", "Penali trattenute", "Penalties deducted");
const PAID: Field = Field::money("paid", "Pagato", "Paid");
const PAID_ON: Field = Field::date("paid_on", "Pagato il", "Paid on");
const NOTES: Field = Field::text("notes", "Note", "Notes");

/// Financial progress.
pub const FINANCES: Register = Register {
    code: "finances",
    prefix: "ECO",
    label: Label::new("Avanzamento dati economici", "Financial progress"),
    about: Label::new(
        "Importi previsti, maturati, fatturati e pagati per periodo e voce.",
        "Amounts foreseen, accrued, invoiced and paid by period and item.",
    ),
    fields: &[
        PERIOD,
        ITEM,
        BUDGET,
        ACCRUED,
        INVOICED,
        INVOICE,
        INVOICED_ON,
        PENALTIES,
        PAID,
        PAID_ON,
        NOTES,
    ],
    states: &[
        open("foreseen", "previsto", "foreseen"),
        open("accrued", "maturato", "accrued"),
        open("invoiced", "fatturato", "invoiced"),
        closed("paid", "pagato", "paid"),
        closed("cancelled", "annullato", "cancelled"),
    ],
    transitions: &[
        Transition {
            code: "accrue",
            label: Label::new("registra il maturato", "record what accrued"),
            from: &["foreseen"],
            to: "accrued",
            needs: &["accrued"],
            by: &[P::RecordClient, P::RecordSupplier],
        },
        Transition {
            code: "invoice",
            label: Label::new("registra la fattura", "record the invoice"),
            from: &["accrued"],
            to: "invoiced",
            needs: &["invoiced", "invoice", "invoiced_on"],
            by: &[P::RecordClient],
        },
        Transition {
            code: "pay",
            label: Label::new("registra il pagamento", "record the payment"),
            from: &["invoiced"],
            to: "paid",
            needs: &["paid", "paid_on"],
            by: &[P::RecordClient],
        },
        Transition {
            code: "cancel",
            label: Label::new("annulla", "cancel"),
            from: &["foreseen", "accrued"],
            to: "cancelled",
            needs: &[],
            by: &[P::RecordClient],
        },
    ],
    record: &[P::RecordClient],
    fill: fill_nothing,
    check,
    derived: &[Derived {
        code: "left",
        label: Label::new("Residuo sul previsto", "Left of what was foreseen"),
        compute: |values, _| {
            let used = values.cents(&ACCRUED)?;
            Some(Value::Money(values.cents(&BUDGET)?.checked_sub(used)?))
        },
    }],
};

fn check(values: &Values) -> Vec<Remark> {
    let mut remarks = Vec::new();
    remarks.extend(in_order(values, &INVOICED_ON, &PAID_ON));
    let (invoiced, paid) = (values.cents(&INVOICED), values.cents(&PAID));
    if let (Some(invoiced), Some(paid)) = (invoiced, paid)
        && paid + values.cents(&PENALTIES).unwrap_or(0) != invoiced
    {
        remarks.push(Remark::warning(
            &PAID,
            "pagato e penali non fanno il fatturato",
            "what was paid and deducted is not what was invoiced",
        ));
    }
    if let (Some(accrued), Some(invoiced)) = (values.cents(&ACCRUED), invoiced)
        && accrued < invoiced
    {
        remarks.push(Remark::warning(
            &INVOICED,
            "si fattura più di quanto è maturato",
            "more was invoiced than accrued",
        ));
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_that_do_not_fit_are_noticed() {
        let check_sums = |accrued: &str, invoiced: &str, penalties: &str, paid: &str| {
            let fields = [
                ("accrued", accrued),
                ("invoiced", invoiced),
                ("penalties", penalties),
                ("paid", paid),
            ];
            let values = Values::parse(&FINANCES, fields).expect("good values");
            check(&values).into_iter().map(|remark| remark.field).collect::<Vec<_>>()
        };
        assert_eq!(check_sums("100", "100", "", "100"), Vec::<&str>::new());
        assert_eq!(check_sums("100", "100", "0.50", "99.50"), Vec::<&str>::new());
        assert_eq!(check_sums("100", "100", "", "99.99"), ["paid"]);
        assert_eq!(check_sums("99", "100", "", "100"), ["invoiced"]);
        assert_eq!(check_sums("100", "100", "", ""), Vec::<&str>::new(), "not paid yet");
    }
}
