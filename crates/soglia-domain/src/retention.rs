//! How long what may be kept. Read [`RetentionRule`] first, then [`DEFAULTS`].
//!
//! The defaults are a proposal for the body's data-protection officer, not a legal opinion. What
//! they erase is data about persons; aggregates, verdicts, reviews and the audit trail's chain
//! stay.

use jiff::Span;
use jiff::civil::Date;

use crate::text::Label;

/// One rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RetentionRule {
    /// Its name.
    pub code: String,
    /// What it is about.
    pub what: Kept,
    /// How many months after the entry was closed, or the link made.
    pub months: u16,
}

/// What a rule is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kept {
    /// Personal fields and attached files of a register's closed entries.
    Register(String),
    /// What somebody said they looked at single calls for.
    Accesses,
    /// Where logins came from.
    Logins,
    /// Sessions that are over.
    Sessions,
}

/// A rule that the program proposes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DefaultRule {
    /// Its name; registers by their own.
    pub code: &'static str,
    /// Months.
    pub months: u16,
    /// Why so long.
    pub why: Label,
}

/// What the program proposes.
pub const DEFAULTS: [DefaultRule; 5] = [
    DefaultRule {
        code: "complaints",
        months: 12,
        why: Label::new(
            "il testo di un reclamo serve finché si può ripresentare",
            "the text of a complaint is needed while it can come up again",
        ),
    },
    DefaultRule {
        code: "inspections",
        months: 120,
        why: Label::new(
            "i nomi degli ispettori durano quanto i verbali",
            "inspectors' names last as long as the minutes",
        ),
    },
    DefaultRule {
        code: "accesses",
        months: 24,
        why: Label::new(
            "chi ha guardato le chiamate si controlla fino alla fine delle contestazioni",
            "who looked at calls can be checked until disputes are over",
        ),
    },
    DefaultRule {
        code: "logins",
        months: 12,
        why: Label::new("gli indirizzi servono alla sicurezza", "addresses serve security"),
    },
    DefaultRule {
        code: "sessions",
        months: 1,
        why: Label::new("una sessione finita non serve", "a session that is over is of no use"),
    },
];

impl RetentionRule {
    /// The rules that the program proposes.
    pub fn defaults() -> Vec<Self> {
        let rules = DEFAULTS.iter().map(|rule| Self::parse(rule.code, rule.months));
        rules.map(|rule| rule.expect("the defaults name what there is")).collect()
    }

    /// Makes a rule about something named: a register, `accesses`, `logins`, `sessions`.
    pub fn parse(code: &str, months: u16) -> Option<Self> {
        let what = match code {
            "accesses" => Kept::Accesses,
            "logins" => Kept::Logins,
            "sessions" => Kept::Sessions,
            register => Kept::Register(crate::register::by_code(register)?.code.to_owned()),
        };
        Some(Self { code: code.to_owned(), what, months })
    }

    /// The last day whose data are old enough on `today`: what ended on it or before is erased.
    pub fn last_day(&self, today: Date) -> Date {
        today.saturating_sub(Span::new().months(i32::from(self.months)))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn months_are_the_calendars() {
        let rule = RetentionRule::parse("complaints", 12).expect("a register");
        assert_eq!(rule.last_day(date(2024, 2, 29)), date(2023, 2, 28));
        assert_eq!(rule.last_day(date(2024, 1, 15)), date(2023, 1, 15));
        assert!(RetentionRule::parse("nothing", 1).is_none());
        assert_eq!(RetentionRule::defaults().len(), DEFAULTS.len());
    }
}
