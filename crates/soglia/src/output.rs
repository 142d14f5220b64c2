//! Tables for people and CSV for programs. Read [`Table`] first.

use std::io::{self, Write};

/// A table of text; columns of numbers are aligned to the right.
#[derive(Debug, Default)]
pub struct Table {
    headers: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Begins a table.
    pub fn new<S: Into<String>>(headers: impl IntoIterator<Item = S>) -> Self {
        Self { headers: headers.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Names the columns in a language, for people.
    #[must_use]
    pub fn in_lang(mut self, lang: soglia_domain::text::Lang) -> Self {
        if lang == soglia_domain::text::Lang::It {
            for header in &mut self.headers {
                if let Some((_, it)) = ITALIAN.iter().find(|(name, _)| name == header) {
                    str::clone_into(it, header);
                }
            }
        }
        self
    }

    /// Adds a row.
    pub fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Writes it with aligned columns.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let widths: Vec<usize> = (0..self.headers.len())
            .map(|at| {
                let cells = self.rows.iter().filter_map(|row| row.get(at));
                cells.chain(self.headers.get(at)).map(|c| c.chars().count()).max().unwrap_or(0)
            })
            .collect();
        let right: Vec<bool> = (0..self.headers.len())
            .map(|at| {
                let mut cells = self.rows.iter().filter_map(|row| row.get(at)).peekable();
                cells.peek().is_some() && cells.all(|cell| is_number(cell))
            })
            .collect();
        let line = |cells: &[String]| {
            let parts: Vec<String> = cells
                .iter()
                .zip(widths.iter().zip(&right))
                .map(|(cell, (width, right))| {
                    let pad = " ".repeat(width - cell.chars().count().min(*width));
                    if *right { format!("{pad}{cell}") } else { format!("{cell}{pad}") }
                })
                .collect();
            parts.join("  ").trim_end().to_owned()
        };
        writeln!(out, "{}", line(&self.headers))?;
        let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
        writeln!(out, "{}", rule.join("  "))?;
        for row in &self.rows {
            writeln!(out, "{}", line(row))?;
        }
        Ok(())
    }

    /// Writes it as CSV.
    pub fn print_csv(&self, out: impl Write) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(&self.headers)?;
        for row in &self.rows {
            writer.write_record(row)?;
        }
        writer.flush()
    }
}

/// Names of columns in Italian.
const ITALIAN: [(&str, &str); 59] = [
    ("agreement", "confronto"),
    ("alternative", "lettura"),
    ("answered", "risposte"),
    ("arrived", "arrivate"),
    ("balance", "quadra"),
    ("calls", "chiamate"),
    ("changes", "cambia"),
    ("channel", "canale"),
    ("code", "codice"),
    ("computed", "calcolato"),
    ("count", "conteggio"),
    ("counts", "conta"),
    ("day", "giorno"),
    ("declared", "dichiarato"),
    ("denominator", "denominatore"),
    ("detail", "dettaglio"),
    ("difference", "differenza"),
    ("difference_pp", "differenza_pp"),
    ("duplicates", "doppie"),
    ("excluded", "esclusi"),
    ("facts", "fatti"),
    ("first row's text", "testo della prima riga"),
    ("from", "dal"),
    ("group", "gruppo"),
    ("ignored", "ignorate"),
    ("in_time", "in_tempo"),
    ("in_time_%", "in_tempo_%"),
    ("indicator", "indicatore"),
    ("lost", "perse"),
    ("lost_%", "perse_%"),
    ("meaning", "significato"),
    ("new", "dopo"),
    ("note", "note"),
    ("numerator", "numeratore"),
    ("offered", "offerte"),
    ("old", "prima"),
    ("open", "aperte"),
    ("period", "periodo"),
    ("question", "domanda"),
    ("queue", "coda"),
    ("reason", "motivo"),
    ("rejected", "scartate"),
    ("row", "riga"),
    ("rows", "righe"),
    ("rule", "regola"),
    ("service", "servizio"),
    ("stream", "flusso"),
    ("table", "tabella"),
    ("talk_mean_s", "conversazione_media_s"),
    ("target", "obiettivo"),
    ("text", "testo"),
    ("to", "al"),
    ("together", "insieme"),
    ("topic", "argomento"),
    ("unit", "unità"),
    ("value", "valore"),
    ("verdict", "esito"),
    ("wait_mean_s", "attesa_media_s"),
    ("wait_p95_s", "attesa_p95_s"),
];

fn is_number(cell: &str) -> bool {
    let body = cell.trim_end_matches(['%', ' ', 's', 'h']);
    !body.is_empty() && body.chars().all(|c| c.is_ascii_digit() || ".,-+".contains(c))
        || matches!(cell, "–" | "n/a" | "n.a." | "")
}

/// A number with thousands separated as people write them in the language.
pub fn grouped(n: u64, lang: soglia_domain::text::Lang) -> String {
    let mark = match lang {
        soglia_domain::text::Lang::It => '.',
        soglia_domain::text::Lang::En => ',',
    };
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if 0 < at && (digits.len() - at).is_multiple_of(3) {
            text.push(mark);
        }
        text.push(digit);
    }
    text
}

/// A figure's value in a language, or that it has none.
pub fn value_or_na(value: Option<&str>, lang: soglia_domain::text::Lang) -> String {
    let none = match lang {
        soglia_domain::text::Lang::It => "n.a.",
        soglia_domain::text::Lang::En => "n/a",
    };
    value.map_or_else(|| none.to_owned(), |value| localised(value, lang))
}

/// A decimal string with the language's decimal mark.
pub fn localised(value: &str, lang: soglia_domain::text::Lang) -> String {
    match lang {
        soglia_domain::text::Lang::It => value.replace('.', ","),
        soglia_domain::text::Lang::En => value.to_owned(),
    }
}
