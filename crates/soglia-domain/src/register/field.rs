//! Fields of registers. Read [`Field`] first.

use crate::text::Label;

/// A field of a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field {
    /// The name in files and commands.
    pub code: &'static str,
    /// The name for people.
    pub label: Label,
    /// What it holds.
    pub kind: Kind,
    /// Whether it must be filled in.
    pub need: Need,
    /// Whether it may name people.
    pub privacy: Privacy,
}

/// What a field holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A line of text.
    Line,
    /// Text of several lines.
    Text,
    /// A civil date.
    Date,
    /// A whole number, not negative.
    Count,
    /// Euro, to the cent.
    Money,
    /// One of a list.
    Choice(&'static [Choice]),
}

/// One of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Choice {
    /// The name in files and commands.
    pub code: &'static str,
    /// The name for people.
    pub label: Label,
}

/// Whether a field must be filled in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// From the beginning.
    Required,
    /// It can stay empty, unless a transition asks for it.
    Optional,
}

/// Whether a field may name people.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Privacy {
    /// It says nothing about a person.
    Plain,
    /// It is about a person: masked without permission, erased on request and by retention.
    Personal,
}

impl Field {
    /// A line of text.
    pub const fn line(code: &'static str, it: &'static str, en: &'static str) -> Self {
        Self::new(code, it, en, Kind::Line)
    }

    /// Text of several lines.
    pub const fn text(code: &'static str, it: &'static str, en: &'static str) -> Self {
        Self::new(code, it, en, Kind::Text)
    }

    /// A civil date.
    pub const fn date(code: &'static str, it: &'static str, en: &'static str) -> Self {
        Self::new(code, it, en, Kind::Date)
    }

    /// A whole number.
    pub const fn count(code: &'static str, it: &'static str, en: &'static str) -> Self {
        Self::new(code, it, en, Kind::Count)
    }

    /// Euro, to the cent.
    pub const fn money(code: &'static str, it: &'static str, en: &'static str) -> Self {
        Self::new(code, it, en, Kind::Money)
    }

    /// One of a list.
    pub const fn choice(
        code: &'static str,
        it: &'static str,
        en: &'static str,
        choices: &'static [Choice],
    ) -> Self {
        Self::new(code, it, en, Kind::Choice(choices))
    }

    /// It must be filled in from the beginning.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { need: Need::Required, ..self }
    }

    /// It is about a person.
    #[must_use]
    pub const fn personal(self) -> Self {
        Self { privacy: Privacy::Personal, ..self }
    }

    const fn new(code: &'static str, it: &'static str, en: &'static str, kind: Kind) -> Self {
        let label = Label::new(it, en);
        Self { code, label, kind, need: Need::Optional, privacy: Privacy::Plain }
    }
}

impl Choice {
    /// Makes a choice.
    pub const fn new(code: &'static str, it: &'static str, en: &'static str) -> Self {
        Self { code, label: Label::new(it, en) }
    }
}
