//! Cells that hold a figure, for people and for programs at once. Read [`count`] first.

use jiff::civil::Date;
use soglia_domain::ratio::{Ratio, Rounding};
use soglia_domain::text::Lang;

use crate::document::{Cell, Datum};
use crate::format;
use crate::model::{Amount, Unit};

/// A whole number.
pub fn count(lang: Lang, n: u64) -> Cell {
    Cell::text(format::integer(lang, n)).with(Datum::Count(n))
}

/// A share of two integers, with one decimal.
pub fn share(lang: Lang, part: u64, whole: u64) -> Cell {
    let mut cell = Cell::text(format::share(lang, part, whole));
    cell.data.extend(percent(part, whole));
    cell
}

/// The share of [`share`] for programs; nothing if nothing counts.
pub fn percent(part: u64, whole: u64) -> Option<Datum> {
    let ratio = Ratio::new(part.min(whole), whole)?;
    Some(Datum::Percent(ratio.percent(Rounding::half_up(1))))
}

/// What met a rule and what counts.
pub fn ratio(lang: Lang, ratio: Option<(u64, u64)>) -> Cell {
    match ratio {
        Some((met, counted)) => Cell::text(format::ratio_line(lang, (met, counted)))
            .with(Datum::Count(met))
            .with(Datum::Count(counted)),
        None => Cell::text(format::not_applicable(lang)),
    }
}

/// A value with its unit, or the sign that there is none.
pub fn amount(lang: Lang, value: Option<&Amount>) -> Cell {
    let mut cell = Cell::text(format::amount_or_na(lang, value));
    cell.data.extend(value.map(datum));
    cell
}

/// A value for programs.
pub fn datum(amount: &Amount) -> Datum {
    match amount.unit {
        Unit::Percent => Datum::Percent(amount.decimal.clone()),
        Unit::Count => {
            let decimal = || Datum::Decimal(amount.decimal.clone());
            amount.decimal.parse().map_or_else(|_| decimal(), Datum::Count)
        }
        Unit::ServiceHours | Unit::Hours | Unit::Minutes | Unit::Seconds => {
            Datum::Decimal(amount.decimal.clone())
        }
    }
}

/// A duration.
pub fn duration(lang: Lang, millis: u64) -> Cell {
    Cell::text(format::duration(lang, millis)).with(Datum::Millis(millis))
}

/// A day.
pub fn day(lang: Lang, date: Date) -> Cell {
    Cell::text(format::day(lang, date)).with(Datum::Date(date))
}
