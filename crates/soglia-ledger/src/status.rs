//! What the ledger holds and what is missing. Read [`coverage`] first.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{Int32Type, Int64Type};
use jiff::civil::Date;
use soglia_domain::contract::Contract;

use crate::session::Session;
use crate::store::LedgerError;
use crate::tables::Table;

/// Calls of one service on one local day, by disposition.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DayCount {
    /// Calls that arrived.
    pub calls: u64,
    /// The same by disposition; their sum is `calls`.
    pub dispositions: BTreeMap<String, u64>,
}

/// What the ledger holds, by service and local day.
pub type Coverage = BTreeMap<String, BTreeMap<Date, DayCount>>;

/// Counts calls by service and day.
pub async fn coverage(session: &Session) -> Result<Coverage, LedgerError> {
    let sql = "SELECT CAST(service AS VARCHAR), CAST(floor(local_hour / 24.0) AS INT), \
               CAST(disposition AS VARCHAR), count(*) FROM calls GROUP BY 1, 2, 3";
    let mut found = Coverage::new();
    for batch in session.rows(sql).await? {
        let (services, dispositions) = (words(&batch, 0)?, words(&batch, 2)?);
        let days = batch.column(1).as_primitive::<Int32Type>();
        let counts = batch.column(3).as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            let Some(date) = date_of(days.value(row)) else { continue };
            let n = u64::try_from(counts.value(row)).unwrap_or(0);
            let service = if services.is_valid(row) { services.value(row) } else { "" };
            let day = found.entry(service.to_owned()).or_default().entry(date).or_default();
            day.calls += n;
            *day.dispositions.entry(dispositions.value(row).to_owned()).or_default() += n;
        }
    }
    Ok(found)
}

/// A column as text, whatever the engine made of it.
fn words(batch: &RecordBatch, at: usize) -> Result<StringArray, LedgerError> {
    let text = arrow::compute::cast(batch.column(at), &arrow::datatypes::DataType::Utf8);
    let text = text.map_err(datafusion::error::DataFusionError::from)?;
    Ok(text.as_string::<i32>().clone())
}

/// The date of a day counted from 1970-01-01.
pub fn date_of(days: i32) -> Option<Date> {
    jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(days)).ok()
}

/// The contract's days on which the facts of each import, or of one, lie: first and last.
pub async fn days(
    session: &Session,
    import_no: Option<i64>,
) -> Result<BTreeMap<i64, (Date, Date)>, LedgerError> {
    let filter = import_no.map_or_else(String::new, |no| format!("WHERE import_no = {no}"));
    let dated = Table::FACTS.into_iter().filter(|table| table.sort_column().is_some());
    let parts: Vec<String> = dated
        .map(|table| format!("SELECT import_no, local_hour FROM {} {filter}", table.name()))
        .collect();
    let sql = format!(
        "SELECT import_no, CAST(floor(min(local_hour) / 24.0) AS INT), \
         CAST(floor(max(local_hour) / 24.0) AS INT) FROM ({}) GROUP BY 1",
        parts.join(" UNION ALL ")
    );
    let mut found = BTreeMap::new();
    for batch in session.rows(&sql).await? {
        let imports = batch.column(0).as_primitive::<Int64Type>();
        let day = |at: usize, row: usize| batch.column(at).as_primitive::<Int32Type>().value(row);
        for row in 0..batch.num_rows() {
            if let Some(span) = date_of(day(1, row)).zip(date_of(day(2, row))) {
                found.insert(imports.value(row), span);
            }
        }
    }
    Ok(found)
}

/// Service days without any call, between the first and the last day that have some.
pub fn gaps(contract: &Contract, coverage: &Coverage) -> BTreeMap<String, Vec<Date>> {
    let mut found = BTreeMap::new();
    for service in &contract.services {
        let Some(days) = coverage.get(&service.code) else { continue };
        let (Some(first), Some(last)) = (days.keys().next(), days.keys().next_back()) else {
            continue;
        };
        let mut missing = Vec::new();
        let mut date = *first;
        while date <= *last {
            if !days.contains_key(&date) && !service.calendar.slots_on(date).is_empty() {
                missing.push(date);
            }
            match date.tomorrow() {
                Ok(next) => date = next,
                Err(_) => break,
            }
        }
        found.insert(service.code.clone(), missing);
    }
    found
}

/// A rejected row, as listed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reject {
    /// The import.
    pub import_no: i64,
    /// The row, 1-based; the first of several.
    pub row: i64,
    /// How many rows it stands for.
    pub rows: i32,
    /// A stable code.
    pub code: String,
    /// What was wrong.
    pub detail: String,
    /// The row's text.
    pub text: String,
}

/// Lists rejected rows by import and row.
pub async fn rejects(
    session: &Session,
    import_no: Option<i64>,
    skip: usize,
    limit: usize,
) -> Result<Vec<Reject>, LedgerError> {
    let filter = import_no.map_or_else(String::new, |no| format!("WHERE import_no = {no}"));
    let sql = format!(
        "SELECT import_no, row, rows, CAST(code AS VARCHAR), detail, text FROM rejected_rows \
         {filter} ORDER BY import_no, row LIMIT {limit} OFFSET {skip}"
    );
    let mut found = Vec::new();
    for batch in session.rows(&sql).await? {
        let (imports, rows) = (
            batch.column(0).as_primitive::<Int64Type>(),
            batch.column(1).as_primitive::<Int64Type>(),
        );
        let counts = batch.column(2).as_primitive::<Int32Type>();
        let columns: Vec<StringArray> =
            (3..6).map(|at| words(&batch, at)).collect::<Result<_, _>>()?;
        let text = |at: usize, row: usize| {
            columns.get(at - 3).map(|column| column.value(row).to_owned()).unwrap_or_default()
        };
        for row in 0..batch.num_rows() {
            found.push(Reject {
                import_no: imports.value(row),
                row: rows.value(row),
                rows: counts.value(row),
                code: text(3, row),
                detail: text(4, row),
                text: text(5, row),
            });
        }
    }
    Ok(found)
}

/// A run of duplicates, as listed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Duplicates {
    /// The import.
    pub import_no: i64,
    /// First row.
    pub first: i64,
    /// Last row.
    pub last: i64,
    /// Why.
    pub reason: String,
}

/// Lists runs of duplicates by import and row.
pub async fn duplicates(
    session: &Session,
    import_no: Option<i64>,
    skip: usize,
    limit: usize,
) -> Result<Vec<Duplicates>, LedgerError> {
    let filter = import_no.map_or_else(String::new, |no| format!("WHERE import_no = {no}"));
    let sql = format!(
        "SELECT import_no, row_first, row_last, CAST(reason AS VARCHAR) FROM duplicate_rows \
         {filter} ORDER BY import_no, row_first LIMIT {limit} OFFSET {skip}"
    );
    let mut found = Vec::new();
    for batch in session.rows(&sql).await? {
        let long = |at: usize, row: usize| batch.column(at).as_primitive::<Int64Type>().value(row);
        let reasons = words(&batch, 3)?;
        for row in 0..batch.num_rows() {
            found.push(Duplicates {
                import_no: long(0, row),
                first: long(1, row),
                last: long(2, row),
                reason: reasons.value(row).to_owned(),
            });
        }
    }
    Ok(found)
}
