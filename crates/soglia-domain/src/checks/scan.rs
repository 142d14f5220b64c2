//! Finds dates, numbers, sentences and words in texts written by people. Read [`dates`] first.

use jiff::civil::Date;

const MONTHS: [(&str, &str); 12] = [
    ("gennaio", "january"),
    ("febbraio", "february"),
    ("marzo", "march"),
    ("aprile", "april"),
    ("maggio", "may"),
    ("giugno", "june"),
    ("luglio", "july"),
    ("agosto", "august"),
    ("settembre", "september"),
    ("ottobre", "october"),
    ("novembre", "november"),
    ("dicembre", "december"),
];

/// A date in a text, and the words before it.
pub(super) struct DateSeen {
    pub date: Date,
    /// The text as written.
    pub written: String,
    /// The few words before it, in lower case.
    pub before: String,
}

/// Finds dates such as `31/12/2023`, `31-12-2023` and `2023-12-31`.
pub(super) fn dates(text: &str) -> Vec<DateSeen> {
    let mut found = Vec::new();
    let words: Vec<&str> = text.split_whitespace().collect();
    for (index, word) in words.iter().enumerate() {
        let bare = word.trim_matches(|c: char| !c.is_ascii_digit());
        let Some(date) = date(bare) else { continue };
        let first = index.saturating_sub(3);
        let before = words.get(first..index).unwrap_or_default().join(" ").to_lowercase();
        found.push(DateSeen { date, written: bare.to_owned(), before });
    }
    found
}

fn date(word: &str) -> Option<Date> {
    let parts: Vec<&str> = word.split(['/', '-', '.']).collect();
    let [first, month, last] = parts.as_slice() else { return None };
    let (year, day) = if first.len() == 4 { (first, last) } else { (last, first) };
    if year.len() != 4 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// Finds months such as `ottobre 2022`, as their first day.
pub(super) fn months(text: &str) -> Vec<(Date, String)> {
    let words = words(text);
    let pairs = words.iter().zip(words.iter().skip(1));
    pairs
        .filter_map(|(name, year)| {
            let month = MONTHS.iter().position(|(it, en)| name == it || name == en)?;
            let year = year.parse::<i16>().ok().filter(|year| (1900..2200).contains(year))?;
            let date = Date::new(year, i8::try_from(month).ok()? + 1, 1).ok()?;
            Some((date, format!("{name} {year}")))
        })
        .collect()
}

/// Splits a text into sentences; a full stop between digits or before a lower-case letter ends
/// none.
pub(super) fn sentences(text: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut current = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        current.push(c);
        let ends = match c {
            '\n' => chars.peek().is_none_or(|next| *next == '\n'),
            '.' | ';' => chars.peek().is_none_or(|next| next.is_whitespace()),
            _ => false,
        };
        if ends {
            sentences.push(std::mem::take(&mut current));
        }
    }
    sentences.push(current);
    sentences.retain(|sentence| !sentence.trim().is_empty());
    sentences
}

/// Splits a text into lower-case words of letters and digits.
pub(super) fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Finds where a phrase begins in a text, as whole words without regard to case or punctuation.
pub(super) fn find_phrase(words: &[String], phrase: &[String]) -> Option<usize> {
    if phrase.is_empty() {
        return None;
    }
    words.windows(phrase.len()).position(|window| window == phrase)
}

/// A number of contacts in a text, and the words after it.
pub(super) struct CountSeen {
    pub written: String,
    /// The few words after what is counted, in lower case.
    pub after: Vec<String>,
}

/// Finds counts of contacts, calls or cases, such as `5.000 contatti`.
pub(super) fn counts(text: &str) -> Vec<CountSeen> {
    const COUNTED: [&str; 8] =
        ["contatti", "chiamate", "casi", "richieste", "contacts", "calls", "cases", "requests"];
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let mut found = Vec::new();
    for (index, pair) in words.windows(2).enumerate() {
        let [number, noun] = pair else { continue };
        let is_number = number.chars().next().is_some_and(|c| c.is_ascii_digit())
            && number.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '’' | '\''));
        let noun = noun.trim_matches(|c: char| !c.is_alphanumeric());
        if is_number && COUNTED.contains(&noun) {
            let after = words.iter().skip(index + 1).take(4).cloned().collect();
            found.push(CountSeen { written: format!("{number} {noun}"), after });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_months_are_found() {
        let found = dates("a tutto il 31/12/2022. Verifica del 2023-09-09, art. 3.2.1");
        let shown: Vec<String> =
            found.iter().map(|d| format!("{} after `{}`", d.date, d.before)).collect();
        assert_eq!(
            shown,
            ["2022-12-31 after `a tutto il`", "2023-09-09 after `31/12/2022. verifica del`"]
        );
        let found = months("a partire da ottobre 2022, il \"Bonus\"; in May 2023");
        let shown: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(shown, ["ottobre 2022", "may 2023"]);
    }

    #[test]
    fn sentences_survive_abbreviated_numbers() {
        let found = sentences("Punte di 5.000 contatti. Poi calano; infine\n\nsi fermano");
        assert_eq!(found.len(), 4, "{found:?}");
    }

    #[test]
    fn counts_come_with_what_follows() {
        let found = counts("punte superiori ai 5.000 contatti al giorno, oltre 300 chiamate.");
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].after, ["contatti", "al", "giorno,", "oltre"]);
        assert_eq!(found[1].written, "300 chiamate");
    }
}
