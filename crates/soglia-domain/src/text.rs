//! Text in the languages of the interface. Read [`Text`] first.

/// A language of the interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Lang {
    /// Italian, the default.
    #[default]
    It,
    /// English.
    En,
}

/// A text in Italian and, if somebody wrote it, in English.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Text {
    /// Italian.
    pub it: String,
    /// English; the Italian text stands in where it is missing.
    pub en: Option<String>,
}

impl Text {
    /// Makes a text in both languages.
    pub fn new(it: &str, en: &str) -> Self {
        Self { it: it.to_owned(), en: Some(en.to_owned()) }
    }

    /// Returns the text in a language.
    pub fn get(&self, lang: Lang) -> &str {
        match (lang, &self.en) {
            (Lang::En, Some(en)) => en,
            _ => &self.it,
        }
    }
}

/// A text of the program itself, in both languages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Label {
    /// Italian.
    pub it: &'static str,
    /// English.
    pub en: &'static str,
}

impl Label {
    /// Makes a label.
    pub const fn new(it: &'static str, en: &'static str) -> Self {
        Self { it, en }
    }

    /// Returns the text in a language.
    pub const fn get(self, lang: Lang) -> &'static str {
        match lang {
            Lang::It => self.it,
            Lang::En => self.en,
        }
    }
}
