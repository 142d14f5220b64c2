//! How numbers, dates and durations look in Italian and English. Read [`amount`] first.

use jiff::civil::Date;
use jiff::tz::TimeZone;
pub use soglia_domain::period::weekday_name as weekday;
use soglia_domain::period::{Grain, Period, month_name};
use soglia_domain::ratio::{Ratio, Rounding};
use soglia_domain::text::Lang;
use soglia_domain::verdict::{NaReason, TargetDirection, Verdict};

use crate::model::{Amount, ReportPeriod, Target, Unit};

/// Picks the text of a language.
pub const fn say<'a>(lang: Lang, italian: &'a str, english: &'a str) -> &'a str {
    match lang {
        Lang::It => italian,
        Lang::En => english,
    }
}

/// What stands where a value does not apply.
pub const fn not_applicable(lang: Lang) -> &'static str {
    say(lang, "n.a.", "n/a")
}

/// An integer with its thousands separated.
pub fn integer(lang: Lang, n: u64) -> String {
    grouped(lang, &n.to_string())
}

/// A decimal string with a point, as people of the language write it.
pub fn decimal(lang: Lang, text: &str) -> String {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(w, f)| (w, Some(f)));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |rest| ("−", rest));
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return text.to_owned();
    }
    let mark = say(lang, ",", ".");
    let fraction = fraction.map(|f| format!("{mark}{f}")).unwrap_or_default();
    format!("{sign}{}{fraction}", grouped(lang, digits))
}

/// Cents as a decimal number of euro.
pub fn cents(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let cents = cents.unsigned_abs();
    format!("{sign}{}.{:02}", cents / 100, cents % 100)
}

/// Euro as people of the language write them.
pub fn euro(lang: Lang, cents: i64) -> String {
    let number = decimal(lang, &self::cents(cents));
    match lang {
        Lang::It => format!("{number}\u{a0}€"),
        Lang::En => format!("€{number}"),
    }
}

fn grouped(lang: Lang, digits: &str) -> String {
    let separator = say(lang, ".", ",");
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if 0 < at && (digits.len() - at).is_multiple_of(3) {
            out.push_str(separator);
        }
        out.push(digit);
    }
    out
}

/// A value with its unit.
pub fn amount(lang: Lang, amount: &Amount) -> String {
    let number = decimal(lang, &amount.decimal);
    match (amount.unit, lang) {
        (Unit::Percent, _) => format!("{number}%"),
        (Unit::ServiceHours, Lang::It) => format!("{number} h lavorative"),
        (Unit::ServiceHours, Lang::En) => format!("{number} service hours"),
        (Unit::Hours, _) => format!("{number} h"),
        (Unit::Minutes, Lang::It) => format!("{number}'"),
        (Unit::Minutes, Lang::En) => format!("{number} min"),
        (Unit::Seconds, Lang::It) => format!("{number}''"),
        (Unit::Seconds, Lang::En) => format!("{number} s"),
        (Unit::Count, _) => number,
    }
}

/// A value, or the sign that there is none.
pub fn amount_or_na(lang: Lang, value: Option<&Amount>) -> String {
    value.map_or_else(|| not_applicable(lang).to_owned(), |value| amount(lang, value))
}

/// A target with its direction in words: a bound without one can be misread.
pub fn target(lang: Lang, target: &Target) -> String {
    let bound = amount(lang, &trimmed(&target.bound));
    let all = target.bound.unit == Unit::Percent && trimmed(&target.bound).decimal == "100";
    let words = match (target.direction, target.inclusive) {
        (TargetDirection::AtLeast, true) if all => return bound,
        (TargetDirection::AtLeast, true) => say(lang, "almeno", "at least"),
        (TargetDirection::AtLeast, false) => say(lang, "più di", "more than"),
        (TargetDirection::AtMost, true) => say(lang, "al massimo", "at most"),
        (TargetDirection::AtMost, false) => say(lang, "meno di", "less than"),
    };
    format!("{words} {bound}")
}

/// A bound is written by people: `95.00` is printed as 95.
fn trimmed(amount: &Amount) -> Amount {
    let decimal = match amount.decimal.split_once('.') {
        Some((whole, fraction)) => match fraction.trim_end_matches('0') {
            "" => whole.to_owned(),
            kept => format!("{whole}.{kept}"),
        },
        None => amount.decimal.clone(),
    };
    Amount { decimal, unit: amount.unit }
}

/// A share of two integers, in per cent with one decimal; the sign for none if nothing counts.
pub fn share(lang: Lang, part: u64, whole: u64) -> String {
    match Ratio::new(part.min(whole), whole) {
        Some(ratio) => {
            format!("{}%", decimal(lang, &ratio.percent(Rounding::half_up(1))))
        }
        None => not_applicable(lang).to_owned(),
    }
}

/// A share for prose: 1 decimal, or the exact integers when there are few.
pub fn ratio_line(lang: Lang, (met, counted): (u64, u64)) -> String {
    let of = say(lang, "su", "of");
    format!("{} {of} {}", integer(lang, met), integer(lang, counted))
}

/// A duration in minutes and seconds; below a minute in seconds with one decimal if it has one.
pub fn duration(lang: Lang, millis: u64) -> String {
    let tenths = (millis + 50) / 100;
    if tenths < 600 {
        let text = if tenths.is_multiple_of(10) {
            (tenths / 10).to_string()
        } else {
            decimal(lang, &format!("{}.{}", tenths / 10, tenths % 10))
        };
        return match lang {
            Lang::It => format!("{text}''"),
            Lang::En => format!("{text} s"),
        };
    }
    let secs = (millis + 500) / 1000;
    let (hours, mins, secs) = (secs / 3600, secs / 60 % 60, secs % 60);
    match (lang, hours, secs) {
        (Lang::It, 0, 0) => format!("{mins}'"),
        (Lang::It, 0, _) => format!("{mins}' {secs:02}''"),
        (Lang::It, ..) => format!("{hours} h {mins:02}'"),
        (Lang::En, 0, 0) => format!("{mins} min"),
        (Lang::En, 0, _) => format!("{mins} min {secs:02} s"),
        (Lang::En, ..) => format!("{hours} h {mins:02} min"),
    }
}

/// A day: `31/12/2023`, or `31 December 2023`.
pub fn day(lang: Lang, date: Date) -> String {
    match lang {
        Lang::It => format!("{:02}/{:02}/{}", date.day(), date.month(), date.year()),
        Lang::En => format!("{} {} {}", date.day(), month_name(lang, date.month()), date.year()),
    }
}

/// A day of a chart or a dense table: `04/09`, or `4 Sep`.
pub fn day_short(lang: Lang, date: Date) -> String {
    match lang {
        Lang::It => format!("{:02}/{:02}", date.day(), date.month()),
        Lang::En => format!("{} {}", date.day(), month_short(lang, date)),
    }
}

/// A day with its year, for narrow columns: `31/12/2023`, or `31 Dec 2023`.
pub fn day_narrow(lang: Lang, date: Date) -> String {
    match lang {
        Lang::It => day(lang, date),
        Lang::En => format!("{} {}", day_short(lang, date), date.year()),
    }
}

/// A month with its year.
pub fn month(lang: Lang, date: Date) -> String {
    format!("{} {}", month_name(lang, date.month()), date.year())
}

/// The first three letters of a month.
pub fn month_short(lang: Lang, date: Date) -> String {
    month_name(lang, date.month()).chars().take(3).collect()
}

/// The weekday of a date.
pub fn weekday_of(lang: Lang, date: Date) -> &'static str {
    let idx = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or_default();
    weekday(lang, idx)
}

/// The first three letters of a weekday.
pub fn weekday_short(lang: Lang, idx: usize) -> String {
    weekday(lang, idx).chars().take(3).collect()
}

/// The name of a period: year, half-year, quarter, month, or its days.
pub fn period(lang: Lang, period: &ReportPeriod) -> String {
    let (first, last) = (period.first, period.last);
    let grains = [Grain::Year, Grain::HalfYear, Grain::Quarter, Grain::Month];
    // Names depend on days only, whatever the zone.
    let units = grains.into_iter().filter_map(|g| Period::containing(g, first, &TimeZone::UTC));
    let mut whole =
        units.filter(|u| u.first_date() == first && u.until_date().yesterday().ok() == Some(last));
    whole.next().map_or_else(|| days(lang, first, last), |unit| unit.name(lang))
}

/// Two days, as a range.
pub fn days(lang: Lang, first: Date, last: Date) -> String {
    let (from, to) = (day(lang, first), day(lang, last));
    match lang {
        _ if first == last => from,
        Lang::It => format!("dal {from} al {to}"),
        Lang::En => format!("from {from} to {to}"),
    }
}

/// A verdict as it is printed.
pub const fn verdict(lang: Lang, verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "OK",
        Verdict::Ko => "KO",
        Verdict::Na(_) => not_applicable(lang),
    }
}

/// Why an indicator does not apply.
pub const fn na_reason(lang: Lang, reason: NaReason) -> &'static str {
    match reason {
        NaReason::NoActivity => say(lang, "nessuna attività nel periodo", "no activity"),
        NaReason::NotMeasured => say(lang, "dati non consegnati", "no data delivered"),
        NaReason::NotForeseen => {
            say(lang, "attività non prevista dal contratto", "not foreseen by the contract")
        }
        NaReason::ExcludedByAgreement => {
            say(lang, "tutto escluso per accordo", "everything excluded by agreement")
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use soglia_domain::verdict::Compare;

    use super::*;

    #[test]
    fn numbers_look_as_people_write_them() {
        assert_eq!(integer(Lang::It, 109_850), "109.850");
        assert_eq!(integer(Lang::En, 1_000_000), "1,000,000");
        assert_eq!(integer(Lang::It, 999), "999");
        assert_eq!(decimal(Lang::It, "56.78"), "56,78");
        assert_eq!(decimal(Lang::It, "-1234.5"), "−1.234,5");
        assert_eq!(decimal(Lang::En, "12345.60"), "12,345.60");
        assert_eq!(decimal(Lang::It, "non un numero"), "non un numero");
        assert_eq!(euro(Lang::It, 1_234_550), "12.345,50\u{a0}€");
        assert_eq!(euro(Lang::En, -7), "€−0.07");
        assert_eq!(share(Lang::It, 1, 0), "n.a.");
        assert_eq!(share(Lang::It, 1, 3), "33,3%");
    }

    #[test]
    fn targets_say_which_way_is_good() {
        let at_most = |decimal: &str, unit| Target {
            direction: TargetDirection::AtMost,
            inclusive: true,
            compare: Compare::Exact,
            bound: Amount { decimal: decimal.to_owned(), unit },
            date: None,
        };
        let at_least = |decimal: &str| Target {
            direction: TargetDirection::AtLeast,
            ..at_most(decimal, Unit::Percent)
        };
        assert_eq!(target(Lang::It, &at_most("5.00", Unit::Percent)), "al massimo 5%");
        assert_eq!(
            target(Lang::It, &at_most("4", Unit::ServiceHours)),
            "al massimo 4 h lavorative"
        );
        assert_eq!(target(Lang::It, &at_least("99.50")), "almeno 99,5%");
        let less = Target { inclusive: false, ..at_most("8", Unit::Percent) };
        assert_eq!(target(Lang::It, &less), "meno di 8%");
        assert_eq!(target(Lang::En, &at_least("100.00")), "100%");
    }

    #[test]
    fn days_of_narrow_columns_keep_their_year() {
        assert_eq!(day_narrow(Lang::It, date(2023, 9, 7)), "07/09/2023");
        assert_eq!(day_narrow(Lang::En, date(2023, 9, 7)), "7 Sep 2023");
    }

    #[test]
    fn durations_read_like_the_contract() {
        assert_eq!(duration(Lang::It, 20_000), "20''");
        assert_eq!(duration(Lang::It, 19_970), "20''");
        assert_eq!(duration(Lang::It, 7_250), "7,3''");
        assert_eq!(duration(Lang::It, 240_000), "4'");
        assert_eq!(duration(Lang::It, 252_000), "4' 12''");
        assert_eq!(duration(Lang::En, 252_000), "4 min 12 s");
        assert_eq!(duration(Lang::It, 3_900_000), "1 h 05'");
        assert_eq!(duration(Lang::It, 59_960), "1'");
    }

    #[test]
    fn periods_have_names() {
        let name = |first, last| {
            period(
                Lang::It,
                &ReportPeriod { first, last, zone: "Europe/Rome".to_owned(), data_until: None },
            )
        };
        assert_eq!(name(date(2023, 7, 1), date(2023, 12, 31)), "II semestre 2023");
        assert_eq!(name(date(2023, 1, 1), date(2023, 6, 30)), "I semestre 2023");
        assert_eq!(name(date(2023, 7, 1), date(2023, 9, 30)), "III trimestre 2023");
        assert_eq!(name(date(2024, 2, 1), date(2024, 2, 29)), "febbraio 2024");
        assert_eq!(name(date(2023, 1, 1), date(2023, 12, 31)), "anno 2023");
        assert_eq!(name(date(2023, 7, 3), date(2023, 7, 9)), "dal 03/07/2023 al 09/07/2023");
        assert_eq!(name(date(2023, 7, 3), date(2023, 7, 3)), "03/07/2023");
        assert_eq!(name(date(2023, 2, 1), date(2023, 7, 31)), "dal 01/02/2023 al 31/07/2023");
    }
}
