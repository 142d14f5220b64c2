//! One batch of rows on its way through the mapping's expressions. Read [`Plan::map`] first.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray, UInt64Array};
use arrow::compute::{cast, interleave, take_record_batch};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use soglia_domain::text::nearest;
use soglia_sources::mapping::text::Fault;
use soglia_sources::mapping::{Column, Kind, Layout, N_FIELDS, OnError, RAW, WrongMapping};
use soglia_sources::shown::{Shown, Wanted};

use super::columns::Columns;
use super::delivery::{Batch, Row};
use super::error::MappingError;
use super::facts::{Context, Refusal, facts};
use super::functions::Clock;
use super::plan::{Evaluated, Planned, Planner, with_pseudo_columns};
use super::{MappedOutcome, MappedRow, Mapping, mask_anywhere};

/// The column of the operator's group: what it is read from may be the operator's name.
const GROUP: &str = "group";

/// A mapping planned for the columns of one file.
pub(super) struct Plan<'a> {
    mapping: &'a Mapping,
    clock: Clock,
    /// Columns of the file, without the pseudo-columns.
    width: usize,
    repairs: Vec<PlannedRepair>,
    skips: Vec<Planned>,
    lets: Vec<(Planned, SchemaRef)>,
    columns: Vec<(&'static Column, Planned)>,
    /// Columns that the fact's person or the group of its operator is read from, those of `let`
    /// among them.
    private: Vec<usize>,
    /// Columns of the file that no expression reads: nobody knows whom they name.
    unread: Vec<usize>,
}

struct PlannedRepair {
    name: String,
    when: Planned,
    /// Position of the column, and its new value.
    set: Vec<(usize, Planned)>,
}

impl<'a> Plan<'a> {
    /// Plans for a file whose columns are the first `width` of `schema`; pseudo-columns follow.
    pub fn new(
        mapping: &'a Mapping,
        schema: &SchemaRef,
        width: usize,
        clock: Clock,
        path: &Path,
    ) -> Result<Self, MappingError> {
        recognise(mapping, schema, path)?;
        let planner = Planner::new(&clock);
        let repairs = mapping.definition.repairs.iter().map(|rule| {
            let set = rule.set.iter().map(|(name, value)| {
                let at = schema.index_of(name).map_err(|_| {
                    value.wrong(format!("there is no column `{name}` to set"), None)
                })?;
                let planned = planner.plan(value, schema)?;
                planned.check_replaces(schema.field(at))?;
                Ok((at, planned))
            });
            let when = planner.plan(&rule.when, schema)?;
            when.check(Kind::Boolean)?;
            let set = set.collect::<Result<_, WrongMapping>>()?;
            Ok(PlannedRepair { name: rule.name.clone(), when, set })
        });
        let repairs = repairs.collect::<Result<_, WrongMapping>>()?;
        let skips = mapping.definition.skips.iter().map(|rule| {
            let when = planner.plan(&rule.when, schema)?;
            when.check(Kind::Boolean)?;
            Ok(when)
        });
        let skips = skips.collect::<Result<_, WrongMapping>>()?;
        let (lets, schema_of_columns) = plan_lets(mapping, &planner, schema)?;
        let columns = mapping.definition.columns.iter().map(|(column, expression)| {
            let planned = planner.plan(expression, &schema_of_columns)?;
            planned.check(column.kind)?;
            Ok((*column, planned))
        });
        let columns: Vec<(&'static Column, Planned)> =
            columns.collect::<Result<_, WrongMapping>>()?;
        let private = private(mapping, &columns, &lets, schema.fields().len());
        let read = |column: &usize| mapping.used.contains(schema.field(*column).name());
        let unread = (0..width).filter(|column| !read(column)).collect();
        Ok(Self { mapping, clock, width, repairs, skips, lets, columns, private, unread })
    }

    /// Plans for text columns as far as they are known, to find mistakes before any file is read.
    pub fn check(mapping: &'a Mapping, schema: &Schema, clock: Clock) -> Result<(), MappingError> {
        let width = schema.fields().len();
        let schema = Arc::new(with_pseudo_columns(schema));
        Self::new(mapping, &schema, width, clock, Path::new("")).map(drop)
    }

    /// Turns rows into outcomes, in order.
    pub fn map(&self, batch: Batch) -> Vec<MappedRow> {
        let Batch { rows, mut cells } = batch;
        let mut fates: Vec<Fate> = rows.iter().map(Fate::of).collect();
        self.repair(&mut cells, &mut fates);
        for (row, fate) in rows.iter().zip(&mut fates) {
            if fate.outcome.is_none() && fate.repaired.is_none() && row.n_fields != self.width {
                let (n, width) = (row.n_fields, self.width);
                let detail = format!("the row has {n} fields, not {width}");
                fate.reject(Refusal { code: "wrong_field_count", detail });
                fate.cells_known = CellsKnown::No;
            }
        }
        self.skip(&cells, &mut fates);
        self.make_facts(&cells, &rows, &mut fates);
        let cells = &cells;
        let finish = |(at, (row, fate)): (usize, (Row, Fate))| self.finish(cells, at, row, fate);
        rows.into_iter().zip(fates).enumerate().map(finish).collect()
    }

    /// Applies to each row the first repair rule that matches it.
    fn repair(&self, cells: &mut RecordBatch, fates: &mut [Fate]) {
        let delivered = cells.clone();
        for rule in &self.repairs {
            let (met, failed) = rule.when.matches(&delivered);
            self.reject(&rule.when, &failed, &delivered, None, fates);
            let chosen = chosen(&met, fates, |fate| fate.repaired.is_none());
            if chosen.is_empty() {
                continue;
            }
            let part = take(&delivered, &chosen);
            let mut columns = cells.columns().to_vec();
            for (column, value) in &rule.set {
                let Evaluated { values, failed } = value.evaluate(&part);
                self.reject(value, &failed, &part, Some(&chosen), fates);
                if let Some(old) = columns.get_mut(*column) {
                    *old = replaced(old, &values, &chosen);
                }
            }
            *cells = RecordBatch::try_new(cells.schema(), columns)
                .expect("a repair changes neither types nor numbers of rows");
            for at in chosen {
                if let Some(fate) = fates.get_mut(at) {
                    fate.repaired = Some(rule.name.clone());
                }
            }
        }
    }

    /// Sets apart the rows that the mapping says are not facts.
    fn skip(&self, cells: &RecordBatch, fates: &mut [Fate]) {
        for (rule, when) in self.mapping.definition.skips.iter().zip(&self.skips) {
            let (met, failed) = when.matches(cells);
            self.reject(when, &failed, cells, None, fates);
            for at in chosen(&met, fates, |_| true) {
                if let Some(fate) = fates.get_mut(at) {
                    fate.outcome = Some(MappedOutcome::Ignored { reason: rule.reason.clone() });
                }
            }
        }
    }

    /// Evaluates the columns of the rows that are left.
    fn make_facts(&self, cells: &RecordBatch, rows: &[Row], fates: &mut [Fate]) {
        let alive = |(at, fate): (usize, &Fate)| fate.outcome.is_none().then_some(at);
        let live: Vec<usize> = fates.iter().enumerate().filter_map(alive).collect();
        if live.is_empty() {
            return;
        }
        let mut part = if live.len() == rows.len() { cells.clone() } else { take(cells, &live) };
        for (planned, schema) in &self.lets {
            let Evaluated { values, failed } = planned.evaluate(&part);
            self.reject(planned, &failed, &part, Some(&live), fates);
            let mut columns = part.columns().to_vec();
            columns.push(values);
            part = RecordBatch::try_new(Arc::clone(schema), columns)
                .expect("an expression has one value for each row, of its own type");
        }
        let known = self.mapping.definition.fact.columns();
        let mut arrays: Vec<Option<ArrayRef>> = vec![None; known.len()];
        for (column, planned) in &self.columns {
            let Evaluated { values, failed } = planned.evaluate_as(&part, column.kind);
            self.reject(planned, &failed, &part, Some(&live), fates);
            let at = known.iter().position(|known| known.name == column.name);
            if let Some(place) = at.and_then(|at| arrays.get_mut(at)) {
                *place = Some(values);
            }
        }
        let columns = Columns { kind: self.mapping.definition.fact, arrays };
        let context = Context {
            service: self.mapping.service(),
            precision: self.mapping.definition.precision,
            clock: &self.clock,
        };
        let numbers: Vec<u64> =
            live.iter().filter_map(|at| rows.get(*at)).map(|row| row.number).collect();
        for (at, made) in live.into_iter().zip(facts(&columns, &numbers, &context)) {
            let Some(fate) = fates.get_mut(at) else {
                continue;
            };
            match made {
                _ if fate.outcome.is_some() => {}
                Err(refusal) => fate.reject(refusal),
                Ok((fact, instant)) => {
                    let day = instant.as_millis().div_euclid(86_400_000);
                    fate.day = i32::try_from(day).ok();
                    fate.outcome = Some(MappedOutcome::Fact(fact));
                }
            }
        }
    }

    /// Rejects the rows for which an expression failed. `live` says which rows of the batch those
    /// of `rows` are, if not all.
    fn reject(
        &self,
        planned: &Planned,
        failed: &[(usize, String)],
        rows: &RecordBatch,
        live: Option<&[usize]>,
        fates: &mut [Fate],
    ) {
        if planned.expression.on_error == OnError::Null {
            return;
        }
        for (at, problem) in failed {
            let whole = live.map_or(Some(*at), |live| live.get(*at).copied());
            let fate = whole.and_then(|at| fates.get_mut(at));
            if let Some(fate) = fate.filter(|fate| fate.outcome.is_none()) {
                let detail = planned.describe(problem, rows, *at, &self.private);
                fate.reject(Refusal { code: "bad_value", detail });
            }
        }
    }

    fn finish(&self, cells: &RecordBatch, at: usize, row: Row, fate: Fate) -> MappedRow {
        let Fate { outcome, repaired, day, cells_known } = fate;
        let outcome = outcome.expect("every row is a fact, a reject or ignored by now");
        let raw = match outcome {
            MappedOutcome::Rejected { .. } => self.without_people(cells, at, row.raw, cells_known),
            _ => row.raw,
        };
        MappedRow { row: row.number, raw, day, outcome, repaired }
    }

    /// A rejected row's text, as it may be kept.
    fn without_people(
        &self,
        cells: &RecordBatch,
        at: usize,
        text: String,
        known: CellsKnown,
    ) -> String {
        if self.private.is_empty() && self.unread.is_empty() {
            return text;
        }
        if known == CellsKnown::No {
            return mask_anywhere(&text);
        }
        let delivered = self.private.iter().filter(|column| **column < cells.num_columns());
        let private = delivered.filter_map(|column| cell(cells, *column, at));
        let unread = self.unread.iter().filter_map(|column| cell(cells, *column, at));
        private
            .filter(|value| 1 < value.len())
            .chain(unread.filter(|value| may_name_somebody(value)))
            .fold(text, |text, value| text.replace(&value, "…"))
    }

    /// Rows of a batch as they may be shown.
    pub fn shown(&self, batch: &Batch, wanted: Wanted<'_>) -> Shown {
        let rows = batch.rows.iter().enumerate();
        let chosen = rows.filter(|(_, row)| (wanted.chosen)(row.number));
        chosen.map(|(at, row)| (row.number, self.shown_row(&batch.cells, at, row))).collect()
    }

    fn shown_row(&self, cells: &RecordBatch, at: usize, row: &Row) -> String {
        if row.fault.is_some() || row.n_fields != self.width {
            return mask_anywhere(&row.raw);
        }
        let delimiter = match &self.mapping.definition.layout {
            Layout::Text(layout) => char::from(layout.delimiter),
            Layout::Sheet(_) | Layout::Parquet => '\t',
        };
        let hidden = |column: &usize| self.private.contains(column) || self.unread.contains(column);
        let values = (0..self.width).map(|column| match cell(cells, column, at) {
            Some(value) if hidden(&column) && !value.is_empty() => "…".to_owned(),
            value => value.unwrap_or_default(),
        });
        values.collect::<Vec<_>>().join(&delimiter.to_string())
    }
}

/// A cell as text, unless it is null.
fn cell(cells: &RecordBatch, column: usize, at: usize) -> Option<String> {
    let values = cast(cells.column(column), &DataType::Utf8).ok()?;
    let values: &StringArray = values.as_string();
    values.is_valid(at).then(|| values.value(at).to_owned())
}

/// Whether a value is more than a mark or a small number.
fn may_name_somebody(value: &str) -> bool {
    let count = |of: fn(&char) -> bool| value.chars().filter(of).count();
    2 < count(|c| c.is_alphabetic()) || 5 < count(char::is_ascii_digit)
}

/// What is known about a row so far.
struct Fate {
    outcome: Option<MappedOutcome>,
    repaired: Option<String>,
    day: Option<i32>,
    /// Whether the row's cells stand where they should.
    cells_known: CellsKnown,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CellsKnown {
    Yes,
    No,
}

impl Fate {
    fn of(row: &Row) -> Self {
        let outcome = row.fault.map(|fault| match fault {
            Fault::Rejected(code, detail) => {
                MappedOutcome::Rejected { code, detail: detail.to_owned() }
            }
            Fault::Ignored(reason) => MappedOutcome::Ignored { reason: reason.to_owned() },
        });
        let cells_known = if row.fault.is_none() { CellsKnown::Yes } else { CellsKnown::No };
        Self { outcome, repaired: None, day: None, cells_known }
    }

    fn reject(&mut self, refusal: Refusal) {
        let Refusal { code, detail } = refusal;
        self.outcome = Some(MappedOutcome::Rejected { code, detail });
    }
}

/// Positions of the rows that meet a condition, have no outcome yet and are `wanted`.
fn chosen(met: &BooleanArray, fates: &[Fate], wanted: impl Fn(&Fate) -> bool) -> Vec<usize> {
    met.iter()
        .zip(fates)
        .enumerate()
        .filter(|(_, (met, fate))| *met == Some(true) && fate.outcome.is_none() && wanted(fate))
        .map(|(at, _)| at)
        .collect()
}

fn take(rows: &RecordBatch, chosen: &[usize]) -> RecordBatch {
    let indices: UInt64Array = chosen.iter().map(|at| *at as u64).collect();
    take_record_batch(rows, &indices).expect("positions lie within the batch")
}

/// The column with the values of the chosen rows replaced.
fn replaced(old: &ArrayRef, new: &ArrayRef, chosen: &[usize]) -> ArrayRef {
    let new = cast(new, old.data_type()).expect("plans check that values fit their column");
    let mut source: Vec<(usize, usize)> = (0..old.len()).map(|at| (0, at)).collect();
    for (position, at) in chosen.iter().enumerate() {
        if let Some(place) = source.get_mut(*at) {
            *place = (1, position);
        }
    }
    interleave(&[old.as_ref(), new.as_ref()], &source).expect("both have the same type")
}

/// Checks that the file has the columns that the mapping uses.
fn recognise(mapping: &Mapping, schema: &Schema, path: &Path) -> Result<(), MappingError> {
    let declared = mapping.definition.declared.iter().flatten();
    let wanted: Vec<&String> = declared.chain(&mapping.used).collect();
    let missing: Vec<&String> =
        wanted.iter().copied().filter(|name| schema.index_of(name).is_err()).collect();
    let Some(first) = missing.first() else {
        return Ok(());
    };
    if path.as_os_str().is_empty() {
        // Planning says it better: which expression uses a column that was not declared.
        return Ok(());
    }
    let has: Vec<&str> = schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .filter(|name| ![RAW, N_FIELDS].contains(name))
        .collect();
    if missing.len() == wanted.len() {
        let problem = format!(
            "is not the kind of file that `{}` describes: it has none of the columns {}",
            mapping.definition.file,
            list(missing.iter().map(|name| name.as_str()))
        );
        let hint = match has.as_slice() {
            [only] => format!("its only column is `{only}`: is `delimiter` right?"),
            _ => format!("its columns are {}", list(has.into_iter())),
        };
        return Err(MappingError::data(path, problem, Some(hint)));
    }
    let hint = match nearest(first, has.iter().copied()) {
        Some(near) => format!("it has `{near}`; change the mapping or the file's header"),
        None => format!("its columns are {}", list(has.into_iter())),
    };
    let names = list(missing.iter().map(|name| name.as_str()));
    let problem = format!("lacks columns that `{}` uses: {names}", mapping.definition.file);
    Err(MappingError::data(path, problem, Some(hint)))
}

/// Some names in backticks, at most twelve.
fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN_MAX: usize = 12;
    let mut quoted: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    quoted.dedup();
    if SHOWN_MAX < quoted.len() {
        let more = quoted.len() - SHOWN_MAX;
        quoted.truncate(SHOWN_MAX);
        return format!("{} and {more} more", quoted.join(", "));
    }
    quoted.join(", ")
}

type PlannedLets = (Vec<(Planned, SchemaRef)>, SchemaRef);

fn plan_lets(
    mapping: &Mapping,
    planner: &Planner,
    schema: &SchemaRef,
) -> Result<PlannedLets, WrongMapping> {
    let mut before = Arc::clone(schema);
    let mut lets = Vec::new();
    for (name, expression) in &mapping.definition.lets {
        if before.index_of(name).is_ok() {
            let problem = format!("`{name}` is already a column of the file");
            return Err(expression.wrong(problem, Some("choose another name".to_owned())));
        }
        let planned = planner.plan(expression, &before)?;
        let mut fields: Vec<_> = before.fields().iter().cloned().collect();
        fields.push(Arc::new(planned.field(name)));
        before = Arc::new(Schema::new(fields));
        lets.push((planned, Arc::clone(&before)));
    }
    Ok((lets, before))
}

/// Finds the columns that the fact's person or the group of its operator is read from, those of
/// `let` among them.
fn private(
    mapping: &Mapping,
    columns: &[(&'static Column, Planned)],
    lets: &[(Planned, SchemaRef)],
    n_delivered: usize,
) -> Vec<usize> {
    let person = mapping.definition.fact.private_column();
    let mut uses: Vec<usize> = columns
        .iter()
        .filter(|(column, _)| Some(column.name) == person || column.name == GROUP)
        .flat_map(|(_, planned)| planned.uses.clone())
        .collect();
    // From the last to the first: an expression only uses earlier ones.
    for (at, (planned, _)) in lets.iter().enumerate().rev() {
        if uses.contains(&(n_delivered + at)) {
            uses.extend(&planned.uses);
        }
    }
    uses.sort_unstable();
    uses.dedup();
    uses
}
