//! From the mapping file as written to the mapping as meant. Read [`parse`].

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::tz::TimeZone;
use soglia_domain::text::nearest;
use soglia_domain::time::Millis;
use toml::Spanned;

use super::raw::{
    Encoding, Format, OnError, Ordered, RawColumn, RawMapping, RawRead, RawRepair, RawSkip,
};
use super::text::TextLayout;
use super::{
    Column, Definition, Expression, FactKind, Layout, Repair, SheetLayout, Skip, WrongMapping,
};

pub(super) fn parse(text: &str, file: &str) -> Result<Definition, WrongMapping> {
    let place = Place { text, file: Arc::from(file) };
    let raw: RawMapping = toml::from_str(text).map_err(|error| place.syntax(&error))?;
    let zone = raw.zone.as_ref().map(|name| place.zone(name)).transpose()?;
    let precision = match &raw.precision {
        None => Millis::from_secs(1),
        Some(text) => place.precision(text)?,
    };
    let layout = place.layout(&raw.read)?;
    let columns = place.columns(raw.fact, raw.columns)?;
    let lets: Vec<_> = raw
        .lets
        .0
        .into_iter()
        .map(|(name, column)| {
            let expression = place.column(format!("let.{name}"), column);
            (name, expression)
        })
        .collect();
    Ok(Definition {
        file: Arc::clone(&place.file),
        source: Arc::from(text),
        fact: raw.fact,
        service: raw.service,
        zone,
        ambiguous: raw.ambiguous_local_time,
        precision,
        layout,
        declared: raw.read.columns.map(Spanned::into_inner),
        repairs: raw.repair.into_iter().map(|rule| place.repair(rule)).collect(),
        skips: raw.skip.into_iter().map(|rule| place.skip(rule)).collect(),
        lets,
        columns,
    })
}

/// The file being read, to say where things stand.
struct Place<'a> {
    text: &'a str,
    file: Arc<str>,
}

impl Place<'_> {
    fn line(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or(self.text);
        before.bytes().filter(|byte| *byte == b'\n').count() + 1
    }

    fn wrong(
        &self,
        at: usize,
        key: &str,
        problem: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) -> WrongMapping {
        WrongMapping {
            file: self.file.to_string(),
            line: self.line(at),
            key: key.to_owned(),
            problem: problem.into(),
            hint: hint.into(),
        }
    }

    fn syntax(&self, error: &toml::de::Error) -> WrongMapping {
        let at = error.span().map_or(0, |span| span.start);
        let end = error.span().map_or(at, |span| span.end);
        let words = self.text.get(at..end).unwrap_or_default().lines().next().unwrap_or_default();
        let key = if words.is_empty() || 40 < words.len() { "mapping" } else { words };
        let hint = "docs/how-to/bring-your-data.md lists the keys of a mapping file";
        self.wrong(at, key, error.message().replace('\n', ", "), hint.to_owned())
    }

    fn zone(&self, name: &Spanned<String>) -> Result<TimeZone, WrongMapping> {
        TimeZone::get(name.get_ref()).map_err(|_| {
            let problem = format!("`{}` is not a time zone", name.get_ref());
            let hint = "write a name such as `Europe/Rome`".to_owned();
            self.wrong(name.span().start, "zone", problem, hint)
        })
    }

    fn precision(&self, text: &Spanned<String>) -> Result<Millis, WrongMapping> {
        let found = Millis::parse(text.get_ref()).filter(|span| Millis::ZERO < *span);
        found.ok_or_else(|| {
            let problem = format!("`{}` is not a duration", text.get_ref());
            let hint = "write `1s`, `1ms` or `1min`".to_owned();
            self.wrong(text.span().start, "precision", problem, hint)
        })
    }

    fn layout(&self, read: &RawRead) -> Result<Layout, WrongMapping> {
        self.check_options(read)?;
        let names = match (read.header, &read.columns) {
            (Some(false), Some(names)) => Some(names.get_ref().clone()),
            (Some(false), None) if read.format != Format::Parquet => {
                let problem = "without a header the names of the columns are needed";
                let hint = "add `columns = [\"…\", …]`, one name for each field".to_owned();
                return Err(self.wrong(self.read_at(), "read.columns", problem, hint));
            }
            _ => None,
        };
        if let Some(columns) = &read.columns {
            let mut seen = BTreeSet::new();
            if let Some(twice) = columns.get_ref().iter().find(|name| !seen.insert(*name)) {
                let problem = format!("`{twice}` is named twice");
                return Err(self.wrong(columns.span().start, "read.columns", problem, None));
            }
        }
        let nulls = read.nulls.clone();
        Ok(match read.format {
            Format::Parquet => Layout::Parquet,
            Format::Xlsx => Layout::Sheet(SheetLayout {
                sheet: read.sheet.clone(),
                skip_rows: read.skip_rows,
                names,
                nulls,
            }),
            Format::Csv | Format::Tsv => Layout::Text(TextLayout {
                delimiter: self.delimiter(read)?,
                quote: match &read.quote {
                    None => Some(b'"'),
                    Some(quote) if quote.get_ref().is_empty() => None,
                    Some(quote) => Some(self.one_byte(quote, "read.quote")?),
                },
                encoding: read.encoding,
                skip_rows: read.skip_rows,
                names,
                nulls,
            }),
        })
    }

    /// Refuses options that the format does not have, so that none is ignored in silence.
    fn check_options(&self, read: &RawRead) -> Result<(), WrongMapping> {
        let text = matches!(read.format, Format::Csv | Format::Tsv);
        let parquet = read.format == Format::Parquet;
        let encoded = read.encoding != Encoding::Utf8;
        let misplaced = [
            ("delimiter", read.delimiter.is_some() && !text),
            ("quote", read.quote.is_some() && !text),
            ("encoding", encoded && !text),
            ("sheet", read.sheet.is_some() && read.format != Format::Xlsx),
            ("header", read.header.is_some() && parquet),
            ("skip_rows", 0 < read.skip_rows && parquet),
        ];
        match misplaced.into_iter().find(|(_, misplaced)| *misplaced) {
            None => Ok(()),
            Some((option, _)) => {
                let format = match read.format {
                    Format::Xlsx => "xlsx",
                    Format::Parquet => "parquet",
                    Format::Csv | Format::Tsv => "csv or tsv",
                };
                let problem = format!("has no meaning for format {format}");
                let hint = "remove it".to_owned();
                Err(self.wrong(self.read_at(), &format!("read.{option}"), problem, hint))
            }
        }
    }

    fn read_at(&self) -> usize {
        self.text.find("[read]").unwrap_or_default()
    }

    fn delimiter(&self, read: &RawRead) -> Result<u8, WrongMapping> {
        match &read.delimiter {
            Some(delimiter) => self.one_byte(delimiter, "read.delimiter"),
            None if read.format == Format::Tsv => Ok(b'\t'),
            None => Ok(b','),
        }
    }

    fn one_byte(&self, text: &Spanned<String>, key: &str) -> Result<u8, WrongMapping> {
        match text.get_ref().as_bytes() {
            [byte] if byte.is_ascii() => Ok(*byte),
            _ => {
                let problem = format!("`{}` is not one ASCII character", text.get_ref());
                let hint = r#"write `";"`, `","`, `"|"` or `"\t"`"#.to_owned();
                Err(self.wrong(text.span().start, key, problem, hint))
            }
        }
    }

    fn columns(
        &self,
        fact: FactKind,
        raw: Ordered<Spanned<RawColumn>>,
    ) -> Result<Vec<(&'static Column, Expression)>, WrongMapping> {
        let known = fact.columns();
        let mut columns = Vec::new();
        for (name, column) in raw.0 {
            let Some(found) = known.iter().find(|known| known.name == name) else {
                let problem = format!("{} have no column `{name}`", fact.name());
                let names: Vec<_> = known.iter().map(|known| known.name).collect();
                let hint = match nearest(&name, names.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("they have {}", names.join(", ")),
                };
                let at = column.span().start;
                return Err(self.wrong(at, &format!("columns.{name}"), problem, hint));
            };
            columns.push((found, self.column(format!("columns.{name}"), column)));
        }
        let missing: Vec<_> = known
            .iter()
            .filter(|known| known.required)
            .filter(|known| columns.iter().all(|(found, _)| found.name != known.name))
            .map(|known| format!("`{}` ({}: {})", known.name, known.kind.name(), known.meaning))
            .collect();
        if missing.is_empty() {
            return Ok(columns);
        }
        let at = self.text.find("[columns]").unwrap_or_default();
        let problem = format!("{} need {}", fact.name(), missing.join(" and "));
        Err(self.wrong(at, "columns", problem, "add an SQL expression for each".to_owned()))
    }

    fn column(&self, key: String, column: Spanned<RawColumn>) -> Expression {
        let at = column.span().start;
        match column.into_inner() {
            RawColumn::Sql(sql) => self.expression(at, key, sql, OnError::Reject),
            RawColumn::Choice(choice) => self.expression(at, key, choice.sql, choice.on_error),
        }
    }

    fn repair(&self, rule: RawRepair) -> Repair {
        let key = |part: &str| format!("repair.{}.{part}", rule.name);
        let sql = |part: &str, sql: Spanned<String>| {
            let at = sql.span().start;
            self.expression(at, key(part), sql.into_inner(), OnError::Reject)
        };
        let set = rule.set.0.into_iter().map(|(name, value)| {
            let expression = sql(&format!("set.{name}"), value);
            (name, expression)
        });
        let set = set.collect();
        Repair { when: sql("when", rule.when), set, name: rule.name.clone() }
    }

    fn skip(&self, rule: RawSkip) -> Skip {
        let at = rule.when.span().start;
        let key = format!("skip.{}.when", rule.reason);
        Skip {
            when: self.expression(at, key, rule.when.into_inner(), OnError::Reject),
            reason: rule.reason,
        }
    }

    fn expression(&self, at: usize, key: String, sql: String, on_error: OnError) -> Expression {
        Expression { file: Arc::clone(&self.file), line: self.line(at), key, sql, on_error }
    }
}
