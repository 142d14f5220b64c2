//! Rows and parameters in the two types that the tables have: text and whole numbers.

use sqlx::database::Database as Dialect;
use sqlx::postgres::PgRow;
use sqlx::query::Query;
use sqlx::sqlite::SqliteRow;
use sqlx::{Column, Encode, Row as _, Type, TypeInfo, ValueRef};

use crate::error::RegisterError;

/// A parameter of a statement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Param {
    /// Text, or nothing.
    Text(Option<String>),
    /// A whole number, or nothing.
    Int(Option<i64>),
}

/// A row of a result; columns are read by position.
#[derive(Clone, Debug)]
pub struct Row(Vec<Cell>);

#[derive(Clone, Debug)]
enum Cell {
    Null,
    Text(String),
    Int(i64),
}

impl From<&str> for Param {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<String> for Param {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<&String> for Param {
    fn from(text: &String) -> Self {
        Self::Text(Some(text.clone()))
    }
}

impl From<i64> for Param {
    fn from(number: i64) -> Self {
        Self::Int(Some(number))
    }
}

impl From<Option<&str>> for Param {
    fn from(text: Option<&str>) -> Self {
        Self::Text(text.map(ToOwned::to_owned))
    }
}

impl From<Option<String>> for Param {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<Option<i64>> for Param {
    fn from(number: Option<i64>) -> Self {
        Self::Int(number)
    }
}

/// Binds parameters in order.
pub(super) fn bind<'q, D>(
    query: Query<'q, D, D::Arguments>,
    params: &[Param],
) -> Query<'q, D, D::Arguments>
where
    D: Dialect,
    Option<String>: Encode<'q, D> + Type<D>,
    Option<i64>: Encode<'q, D> + Type<D>,
{
    params.iter().fold(query, |query, param| match param {
        Param::Text(text) => query.bind(text.clone()),
        Param::Int(number) => query.bind(*number),
    })
}

impl Row {
    /// SQLite lets a column hold what it was not made for; only somebody else's statement does so.
    pub(super) fn from_sqlite(row: &SqliteRow) -> Result<Self, RegisterError> {
        let cells = row.columns().iter().enumerate().map(|(at, column)| {
            let raw = row.try_get_raw(at)?;
            let (declared, held) = (column.type_info().name().to_owned(), raw.type_info());
            match held.name() {
                _ if raw.is_null() => Ok(Cell::Null),
                "TEXT" if declared != "INTEGER" => Ok(Cell::Text(row.try_get(at)?)),
                "INTEGER" => Ok(Cell::Int(row.try_get(at)?)),
                other => Err(RegisterError::Corrupt {
                    object: column.name().to_owned(),
                    problem: format!("the column holds {other}, not {declared}"),
                }),
            }
        });
        Ok(Self(cells.collect::<Result<_, _>>()?))
    }

    pub(super) fn from_postgres(row: &PgRow) -> Result<Self, RegisterError> {
        let cells = row.columns().iter().enumerate().map(|(at, column)| {
            if row.try_get_raw(at)?.is_null() {
                return Ok(Cell::Null);
            }
            Ok(match column.type_info().name() {
                "TEXT" | "VARCHAR" | "NAME" => Cell::Text(row.try_get(at)?),
                "INT4" => Cell::Int(i64::from(row.try_get::<i32, _>(at)?)),
                _ => Cell::Int(row.try_get(at)?),
            })
        });
        Ok(Self(cells.collect::<Result<_, sqlx::Error>>()?))
    }

    /// The text of a column that is never empty.
    ///
    /// # Panics
    /// If the column is missing, empty or a number: the query and its reader stand side by side.
    pub fn text(&self, at: usize) -> String {
        self.text_opt(at).expect("the column is NOT NULL")
    }

    /// The text of a column, or nothing.
    pub fn text_opt(&self, at: usize) -> Option<String> {
        match self.0.get(at) {
            Some(Cell::Text(text)) => Some(text.clone()),
            Some(Cell::Null) => None,
            other => unreachable!("column {at} is read as text but is {other:?}"),
        }
    }

    /// The number of a column that is never empty.
    ///
    /// # Panics
    /// As [`Row::text`].
    pub fn int(&self, at: usize) -> i64 {
        self.int_opt(at).expect("the column is NOT NULL")
    }

    /// The number of a column, or nothing.
    pub fn int_opt(&self, at: usize) -> Option<i64> {
        match self.0.get(at) {
            Some(Cell::Int(number)) => Some(*number),
            Some(Cell::Null) => None,
            other => unreachable!("column {at} is read as a number but is {other:?}"),
        }
    }
}
