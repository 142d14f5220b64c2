//! Text in the languages of the interface, and words that people mistype. Read [`Text`] first.

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

/// Returns the known word nearest to a mistyped one, if any is near enough.
pub fn nearest<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let allowed = 1 + word.chars().count() / 4;
    known
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The edit distance between two words, without regard to case and to `-` against `_`.
fn distance(a: &str, b: &str) -> usize {
    let fold = |word: &str| -> Vec<char> {
        word.chars().map(|c| if c == '-' { '_' } else { c.to_ascii_lowercase() }).collect()
    };
    let (a, b) = (fold(a), fold(b));
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut previous = i + 1;
        for (cell, right) in row.iter_mut().skip(1).zip(&b) {
            let above = *cell;
            let changed = diagonal + usize::from(left != right);
            *cell = changed.min(above + 1).min(previous + 1);
            diagonal = above;
            previous = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_word_finds_its_neighbour() {
        let known = ["limit", "denominator", "attribution"];
        assert_eq!(nearest("limt", known), Some("limit"));
        assert_eq!(nearest("Denominator", known), Some("denominator"));
        assert_eq!(nearest("colour", known), None);
        let columns = ["data_chiamata", "esito", "coda"];
        assert_eq!(nearest("data_chiamta", columns), Some("data_chiamata"));
        assert_eq!(nearest("ESITO", columns), Some("esito"));
        assert_eq!(nearest("operatore", columns), None);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }
}
