//! Figures as pages show them. Read [`Line`] first.
//!
//! Values, targets and verdicts come formatted from the report's own functions, so that a page and
//! a document cannot say different things.

use soglia_app::measured::Measured;
use soglia_domain::contract::{Indicator, Service};
use soglia_domain::period::Period;
use soglia_domain::text::Lang;
use soglia_domain::verdict::Verdict;
use soglia_report::chart::trend::{self, Trend};
use soglia_report::document::{Block, Cell, Column, Figure, Section, Table, TableStyle, Tone};
use soglia_report::format;
use soglia_report::model::{IndicatorResult, ServiceReport};

use crate::figures::Month;

/// An indicator as a line of a table or a tile.
pub struct Line {
    /// The service's code.
    pub service: String,
    /// Its code.
    pub code: String,
    /// What it measures.
    pub name: String,
    /// The value.
    pub value: String,
    /// The target.
    pub target: String,
    /// `OK`, `KO` or `NA`: also the class that colours it.
    pub verdict: &'static str,
    /// Why it does not apply.
    pub why: Option<&'static str>,
    /// What met the rule and what counts.
    pub ratio: Option<(u64, u64)>,
    /// Whether data may still change it.
    pub provisional: bool,
    /// Disputed readings that would change the verdict.
    pub fragile: usize,
}

/// A service of the report.
pub fn service_of<'m>(measured: &'m Measured, code: &str) -> Option<&'m ServiceReport> {
    let mut services = measured.input.areas.iter().flat_map(|area| &area.services);
    services.find(|service| service.code == code)
}

/// The lines of a service's indicators.
pub fn lines(service: &Service, found: &ServiceReport, lang: Lang) -> Vec<Line> {
    let lines = found
        .indicators
        .iter()
        .filter_map(|result| Some(line(service, service.indicator(&result.code)?, result, lang)));
    lines.collect()
}

/// One indicator's line.
pub fn line(
    service: &Service,
    indicator: &Indicator,
    result: &IndicatorResult,
    lang: Lang,
) -> Line {
    let (verdict, why) = match &result.verdict {
        Verdict::Ok => ("OK", None),
        Verdict::Ko => ("KO", None),
        Verdict::Na(reason) => ("NA", Some(format::na_reason(lang, *reason))),
    };
    let changing = |other: &&soglia_report::model::Alternative| {
        std::mem::discriminant(&other.verdict) != std::mem::discriminant(&result.verdict)
    };
    Line {
        service: service.code.clone(),
        code: result.code.clone(),
        name: indicator.name.get(lang).to_owned(),
        value: format::amount_or_na(lang, result.value.as_ref()),
        target: format::target(lang, &result.target),
        verdict,
        why,
        ratio: result.ratio,
        provisional: result.provisional,
        fragile: result.sensitivity.iter().filter(changing).count(),
    }
}

/// A figure with the sentence that it shows.
pub struct Shown {
    /// Its place among the service's sections: part of the addresses of its files.
    pub nth: usize,
    /// Heading.
    pub title: String,
    /// What stands before the drawing.
    pub paragraphs: Vec<String>,
    /// The drawing with its table.
    pub figure: Option<Figure>,
    /// A table without a drawing.
    pub table: Option<soglia_report::document::Table>,
}

/// What a section of the report shows, up to its drawing: what follows there speaks of annexes.
pub fn shown(nth: usize, section: Section) -> Shown {
    let mut shown =
        Shown { nth, title: section.title, paragraphs: Vec::new(), figure: None, table: None };
    for block in section.blocks {
        match block {
            Block::Para { text } | Block::Remark { text, .. } => shown.paragraphs.push(text),
            Block::Figure(figure) => {
                shown.figure = Some(figure);
                break;
            }
            Block::Table(table) => {
                shown.table = Some(table);
                break;
            }
            _ => {}
        }
    }
    shown
}

/// A section with all that stands in it.
pub struct Told {
    /// Address inside the page.
    pub id: String,
    /// Heading.
    pub title: String,
    /// What stands in it, in order.
    pub parts: Vec<Part>,
}

/// A piece of a section; one of its fields holds something.
#[derive(Default)]
pub struct Part {
    /// A paragraph.
    pub text: Option<String>,
    /// A remark set apart: the class that colours it, and its text.
    pub note: Option<(&'static str, String)>,
    /// A list.
    pub list: Vec<String>,
    /// A drawing with its table.
    pub figure: Option<Figure>,
    /// A table.
    pub table: Option<Table>,
}

/// A section as pages show it.
pub fn told(section: Section) -> Told {
    let part = |block: Block| match block {
        Block::Para { text } => Part { text: Some(text), ..Part::default() },
        Block::Labelled { label, text } => {
            Part { text: Some(format!("{label}: {text}")), ..Part::default() }
        }
        Block::List { items } => Part { list: items, ..Part::default() },
        Block::Remark { tone, text } => Part { note: Some((class(tone), text)), ..Part::default() },
        Block::Table(table) => Part { table: Some(table), ..Part::default() },
        Block::Figure(figure) => Part { figure: Some(figure), ..Part::default() },
        Block::Signatures { .. } => Part::default(),
    };
    let parts = section.blocks.into_iter().map(part).collect();
    Told { id: section.id, title: section.title, parts }
}

/// The class that colours a tone.
pub const fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Bad => "bad",
        Tone::Attention => "attention",
        Tone::Neutral => "",
    }
}

/// Lines as CSV, for programs: what stands in them is made by us and no formula.
pub fn csv_of<const N: usize>(heads: &[&str; N], lines: &[[String; N]]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    writer.write_record(heads).expect("writing to memory does not fail");
    for line in lines {
        writer.write_record(line).expect("writing to memory does not fail");
    }
    writer.into_inner().expect("writing to memory does not fail")
}

/// A month's figure of one indicator.
pub struct Point {
    /// `2023-07`.
    pub label: String,
    /// The month's name.
    pub month: String,
    /// The value, printed.
    pub value: String,
    /// `OK`, `KO`, `NA`.
    pub verdict: &'static str,
    /// Numerator and denominator.
    pub ratio: Option<(u64, u64)>,
    number: Option<f64>,
    short: String,
}

/// An indicator month by month.
pub fn points(months: &[Month], service: &str, indicator: &str, lang: Lang) -> Vec<Point> {
    let one = |month: &Month| {
        let Month { period, report } = month;
        let found = report.find(service, indicator);
        let value = found.and_then(|m| m.value.clone());
        Point {
            label: period.label().to_owned(),
            month: period.name(lang),
            value: value.as_ref().map_or_else(
                || format::not_applicable(lang).to_owned(),
                |value| print(value, found.map_or("", |m| m.unit), lang),
            ),
            verdict: found.map_or("NA", |m| m.verdict),
            ratio: found.and_then(|m| m.numerator.zip(m.denominator)),
            number: value.and_then(|value| value.parse().ok()),
            short: short_month(period, lang),
        }
    };
    months.iter().map(one).collect()
}

fn short_month(period: &Period, lang: Lang) -> String {
    format::month_short(lang, period.first_date())
}

/// A measured value with its unit.
pub fn print(value: &str, unit: &str, lang: Lang) -> String {
    let number = format::decimal(lang, value);
    match unit {
        "%" => format!("{number}%"),
        unit => format!("{number} {unit}"),
    }
}

/// What a measurement counts, for people.
pub fn unit(code: &'static str, lang: Lang) -> &'static str {
    let say = |it: &'static str, en: &'static str| format::say(lang, it, en);
    match code {
        "call" => say("chiamate", "calls"),
        "queue_entry" => say("ingressi in coda", "queue entries"),
        "message" => say("contatti scritti", "written contacts"),
        "case" => say("casi", "cases"),
        "record" => say("nominativi", "records"),
        "attempt" => say("tentativi", "attempts"),
        "contact" => say("contatti", "contacts"),
        "batch" => say("pacchetti", "batches"),
        "ms" => say("millisecondi di servizio concordato", "milliseconds of agreed service"),
        other => other,
    }
}

/// The drawing of an indicator month by month.
pub fn trend(
    points: &[Point],
    (code, name): (&str, &str),
    bound: Option<(f64, String)>,
    lang: Lang,
) -> Option<Figure> {
    if points.iter().filter(|point| point.number.is_some()).count() < 2 {
        return None;
    }
    let caption = match lang {
        Lang::It => format!("{code} mese per mese"),
        Lang::En => format!("{code} month by month"),
    };
    let said: Vec<String> =
        points.iter().map(|p| format!("{}: {} ({})", p.month, p.value, p.verdict)).collect();
    let alt = format!("{name}. {}.", said.join("; "));
    let drawing = Trend {
        months: points.iter().map(|point| point.short.clone()).collect(),
        lines: vec![trend::Line {
            name: code.to_owned(),
            points: points.iter().map(|p| Some((p.number?, p.value.clone()))).collect(),
        }],
        bound,
    };
    let id = format!("f-trend-{code}");
    let svg = trend::draw(&id, (&caption, &alt), &drawing);
    let table = points_table(points, code, &caption, lang);
    Some(Figure { id, caption, alt, svg, table, plot: None })
}

fn points_table(points: &[Point], code: &str, caption: &str, lang: Lang) -> Table {
    let number = |n: Option<u64>| n.map_or_else(String::new, |n| format::integer(lang, n));
    let row = |point: &Point| {
        vec![
            Cell::head(point.month.clone()),
            Cell::text(number(point.ratio.map(|(met, _)| met))),
            Cell::text(number(point.ratio.map(|(_, all)| all))),
            Cell::text(point.value.clone()),
            Cell::text(point.verdict),
        ]
    };
    Table {
        id: format!("t-trend-{code}"),
        caption: caption.to_owned(),
        columns: vec![
            Column::text(format::say(lang, "Mese", "Month"), 3.0),
            Column::number(format::say(lang, "Numeratore", "Numerator"), 2.0),
            Column::number(format::say(lang, "Denominatore", "Denominator"), 2.0),
            Column::number(code, 2.0),
            Column::text(format::say(lang, "Esito", "Verdict"), 1.0),
        ],
        rows: points.iter().map(row).collect(),
        style: TableStyle::Plain,
    }
}

/// A table as CSV: what a spreadsheet would run as a formula is made text.
pub fn csv(table: &Table) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    let safe = |text: String| {
        let is_number =
            text.trim_start_matches(['-', '+']).starts_with(|c: char| c.is_ascii_digit());
        if text.starts_with(['=', '@', '\t', '+', '-']) && !is_number {
            format!("'{text}")
        } else {
            text
        }
    };
    let heads = table.columns.iter().map(|column| safe(column.title.clone()));
    writer.write_record(heads).expect("writing to memory does not fail");
    for row in &table.rows {
        let cells = row.iter().map(|cell| {
            let badge = cell.badge.as_ref().map(|badge| badge.text.clone());
            let parts: Vec<String> = cell.lines.iter().cloned().chain(badge).collect();
            safe(parts.join(" "))
        });
        writer.write_record(cells).expect("writing to memory does not fail");
    }
    writer.into_inner().expect("writing to memory does not fail")
}

/// A page of a list.
pub struct Paging {
    /// The page, from 1.
    pub page: usize,
    /// Rows on a page.
    pub per: usize,
    /// Rows in all, if that is known.
    pub total: Option<u64>,
    /// Whether there is a next page.
    pub more: bool,
    /// The address, up to the number.
    base: String,
}

impl Paging {
    /// Rows on a page.
    pub const PER: usize = 50;

    /// Where a list stands; `more` says whether rows follow.
    pub fn new(visit: &crate::access::Visit, total: Option<u64>, more: bool) -> Self {
        let pairs = url::form_urlencoded::parse(visit.query.as_bytes());
        let mut base = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in pairs.filter(|(name, _)| name != "page") {
            base.append_pair(&name, &value);
        }
        let query = base.finish();
        let base = if query.is_empty() {
            format!("{}?page=", visit.path)
        } else {
            format!("{}?{query}&page=", visit.path)
        };
        Self { page: visit.page(), per: Self::PER, total, more, base }
    }

    /// Rows before this page.
    pub fn skip(visit: &crate::access::Visit) -> usize {
        (visit.page() - 1).saturating_mul(Self::PER)
    }

    /// The address of the page before.
    pub fn previous(&self) -> Option<String> {
        (1 < self.page).then(|| format!("{}{}", self.base, self.page - 1))
    }

    /// The address of the page after.
    pub fn next(&self) -> Option<String> {
        self.more.then(|| format!("{}{}", self.base, self.page + 1))
    }
}
