//! What expressions yielded, as the typed columns that facts are made from. Read [`Columns`] first.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, DurationMillisecondArray, Int64Array,
    IntervalMonthDayNanoArray, StringArray, TimestampMillisecondArray,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{
    DataType, Decimal128Type, DurationMillisecondType, Int64Type, IntervalMonthDayNanoType,
    IntervalUnit, TimeUnit, TimestampMillisecondType,
};
use arrow::util::display::FormatOptions;
use soglia_sources::mapping::{FactKind, Kind};

use super::functions::{SECONDS, instant_type};

/// Decides whether an expression of `data_type` can fill the column.
pub(super) fn accepts(kind: Kind, data_type: &DataType) -> bool {
    if let DataType::Dictionary(_, values) = data_type {
        return accepts(kind, values);
    }
    if *data_type == DataType::Null {
        return true;
    }
    match kind {
        Kind::Text => {
            data_type.is_integer()
                || matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
        }
        Kind::Instant => matches!(data_type, DataType::Timestamp(_, Some(_))),
        Kind::Seconds => {
            data_type.is_numeric()
                || matches!(data_type, DataType::Duration(_) | DataType::Interval(_))
        }
        Kind::Boolean => *data_type == DataType::Boolean,
        Kind::Count => data_type.is_integer(),
    }
}

/// Says what to write instead.
pub(super) fn advice(kind: Kind, data_type: &DataType) -> &'static str {
    match (kind, data_type) {
        (Kind::Text, _) => "write `CAST(… AS VARCHAR)`",
        (Kind::Instant, DataType::Timestamp(_, None)) => {
            "say what the time means: `local_instant(…)` for the clock on the wall, \
             `utc_instant(…)` for UTC"
        }
        (Kind::Instant, _) => "write `local_instant(…, '%d/%m/%Y %H:%M:%S')`",
        (Kind::Seconds, _) => {
            "write `seconds(…)` for `0:03:25`, `CAST(… AS BIGINT)` for whole seconds"
        }
        (Kind::Boolean, _) => "write a comparison such as `pianificato = 'SI'`",
        (Kind::Count, _) => "write `CAST(… AS BIGINT)`",
    }
}

/// Turns what an expression yielded into the one array type of the kind.
pub(super) fn finish(kind: Kind, array: &ArrayRef) -> Result<ArrayRef, String> {
    match kind {
        Kind::Text => convert(array, &DataType::Utf8),
        Kind::Instant => convert(array, &instant_type()),
        Kind::Boolean => convert(array, &DataType::Boolean),
        Kind::Count => convert(array, &DataType::Int64),
        Kind::Seconds => match array.data_type() {
            DataType::Duration(_) => {
                let spans = convert(array, &DataType::Duration(TimeUnit::Millisecond))?;
                let spans: &DurationMillisecondArray =
                    spans.as_primitive::<DurationMillisecondType>();
                Ok(Arc::new(spans.iter().collect::<Int64Array>()))
            }
            DataType::Interval(_) => interval_millis(array),
            _ => {
                let seconds = convert(array, &SECONDS)?;
                let seconds: &Decimal128Array = seconds.as_primitive::<Decimal128Type>();
                let millis = seconds.iter().map(|value| {
                    value.map(i64::try_from).transpose().map_err(|_| "too long".to_owned())
                });
                Ok(Arc::new(millis.collect::<Result<Int64Array, _>>()?))
            }
        },
    }
}

fn convert(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, String> {
    if array.data_type() == to {
        return Ok(Arc::clone(array));
    }
    let options = CastOptions { safe: false, format_options: FormatOptions::default() };
    cast_with_options(array, to, &options).map_err(|error| error.to_string())
}

fn interval_millis(array: &ArrayRef) -> Result<ArrayRef, String> {
    let spans = convert(array, &DataType::Interval(IntervalUnit::MonthDayNano))?;
    let spans: &IntervalMonthDayNanoArray = spans.as_primitive::<IntervalMonthDayNanoType>();
    let millis = spans.iter().map(|span| match span {
        None => Ok(None),
        Some(span) if span.months == 0 => {
            Ok(Some(i64::from(span.days) * 86_400_000 + span.nanoseconds / 1_000_000))
        }
        Some(_) => Err("a month is not a number of seconds".to_owned()),
    });
    Ok(Arc::new(millis.collect::<Result<Int64Array, _>>()?))
}

/// The finished columns of some rows, by position in [`FactKind::columns`].
pub(super) struct Columns {
    pub kind: FactKind,
    pub arrays: Vec<Option<ArrayRef>>,
}

impl Columns {
    pub fn text(&self, name: &str) -> Texts<'_> {
        Texts(self.find(name).map(AsArray::as_string::<i32>))
    }

    pub fn instant(&self, name: &str) -> Instants<'_> {
        Instants(self.find(name).map(AsArray::as_primitive::<TimestampMillisecondType>))
    }

    pub fn whole(&self, name: &str) -> Wholes<'_> {
        Wholes(self.find(name).map(AsArray::as_primitive::<Int64Type>))
    }

    pub fn boolean(&self, name: &str) -> Booleans<'_> {
        Booleans(self.find(name).map(AsArray::as_boolean))
    }

    fn find(&self, name: &str) -> Option<&ArrayRef> {
        let at = self.kind.columns().iter().position(|column| column.name == name);
        self.arrays.get(at.expect("callers name columns of the kind"))?.as_ref()
    }
}

/// A text column, if it is mapped.
#[derive(Clone, Copy)]
pub(super) struct Texts<'a>(Option<&'a StringArray>);

impl<'a> Texts<'a> {
    /// The row's text without surrounding blanks, if it has any.
    pub fn at(self, row: usize) -> Option<&'a str> {
        let array = self.0.filter(|array| array.is_valid(row))?;
        let text = array.value(row).trim();
        (!text.is_empty()).then_some(text)
    }

    pub fn owned(self, row: usize) -> Option<String> {
        self.at(row).map(str::to_owned)
    }
}

/// A column of instants, if it is mapped.
#[derive(Clone, Copy)]
pub(super) struct Instants<'a>(Option<&'a TimestampMillisecondArray>);

impl Instants<'_> {
    pub fn at(self, row: usize) -> Option<i64> {
        self.0.filter(|array| array.is_valid(row)).map(|array| array.value(row))
    }
}

/// A column of whole numbers or milliseconds, if it is mapped.
#[derive(Clone, Copy)]
pub(super) struct Wholes<'a>(Option<&'a Int64Array>);

impl Wholes<'_> {
    pub fn at(self, row: usize) -> Option<i64> {
        self.0.filter(|array| array.is_valid(row)).map(|array| array.value(row))
    }
}

/// A column of truth values, if it is mapped.
#[derive(Clone, Copy)]
pub(super) struct Booleans<'a>(Option<&'a BooleanArray>);

impl Booleans<'_> {
    pub fn at(self, row: usize) -> Option<bool> {
        self.0.filter(|array| array.is_valid(row)).map(|array| array.value(row))
    }
}
