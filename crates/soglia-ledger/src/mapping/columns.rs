//! The columns of each fact table, as mapping files name them, and the facts made from them. Read
//! [`Column`] first.

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

use super::functions::{SECONDS, instant_type};
use super::raw::FactKind;

/// A column that a mapping can fill.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name in mapping files.
    pub name: &'static str,
    /// What its expression must yield.
    pub kind: Kind,
    /// Whether the mapping must have it, and every row a value.
    pub required: bool,
    /// What it means.
    pub meaning: &'static str,
}

/// What an expression must yield.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Text; whole numbers are written out.
    Text,
    /// A timestamp with a zone.
    Instant,
    /// A number of seconds, or an interval.
    Seconds,
    /// True or false.
    Boolean,
    /// A whole number from 0 to 4 294 967 295.
    Count,
}

const fn must(name: &'static str, kind: Kind, meaning: &'static str) -> Column {
    Column { name, kind, required: true, meaning }
}

const fn may(name: &'static str, kind: Kind, meaning: &'static str) -> Column {
    Column { name, kind, required: false, meaning }
}

const SERVICE: Column = may("service", Kind::Text, "service code; else `service` of the mapping");

const CALLS: &[Column] = &[
    must("id", Kind::Text, "the platform's identifier, unique over all files"),
    SERVICE,
    may("direction", Kind::Text, "`inbound` (default), `outbound` or `internal`"),
    must("arrived", Kind::Instant, "when it reached the platform"),
    must("disposition", Kind::Text, "what became of it, one of the ten names below"),
    may("dialled", Kind::Text, "the number that was dialled"),
    may("ivr_path", Kind::Text, "the IVR choices made"),
    may("first_queue", Kind::Text, "the first queue entered"),
    may("queued", Kind::Instant, "when the first queue was entered"),
    may("first_rang", Kind::Instant, "when an operator's phone first rang"),
    may("answered", Kind::Instant, "when an operator answered; else `queued` + `wait_s`"),
    may("ended", Kind::Instant, "when the call ended for the caller"),
    may("wait_s", Kind::Seconds, "queue to answer or to leaving; else from the instants"),
    may("talk_s", Kind::Seconds, "conversation, without hold"),
    may("hold_s", Kind::Seconds, "time on hold"),
    may("wrap_s", Kind::Seconds, "after-call work"),
    may("transfers", Kind::Count, "transfers after the first answer; 0 by default"),
    may("called_back", Kind::Instant, "when a requested call-back reached the caller"),
    may("topic", Kind::Text, "topic code"),
    may("priority_class", Kind::Text, "priority class of the prescription (U, B, D, P)"),
    may("booking_system", Kind::Text, "booking system used"),
    may("group", Kind::Text, "the operator's group, never the operator"),
    may("caller", Kind::Text, "caller's number or customer code; pseudonymised on import"),
];

const MESSAGES: &[Column] = &[
    must("id", Kind::Text, "the platform's identifier"),
    SERVICE,
    must("channel", Kind::Text, "`email`, `pec`, `fax`, `sms`, `letter`, `web_form`"),
    must("received", Kind::Instant, "when it was received; for letters, registered"),
    may("first_reply", Kind::Instant, "when a person first gave a qualified reply"),
    may("resolved", Kind::Instant, "when the request was resolved, if later"),
    may("case", Kind::Text, "the case it belongs to"),
    may("topic", Kind::Text, "topic code"),
    may("excluded", Kind::Text, "why it needs no reply: `spam`, `duplicate`, `receipt` …"),
    may("sender", Kind::Text, "the sender's address; pseudonymised on import"),
];

const CASES: &[Column] = &[
    must("id", Kind::Text, "the platform's identifier"),
    SERVICE,
    may("opened_by", Kind::Text, "id of the call or message that opened it"),
    may("channel", Kind::Text, "the channel of that contact"),
    must("opened", Kind::Instant, "when it was opened"),
    may("escalated", Kind::Instant, "when it was handed to the second level"),
    may("taken_in_charge", Kind::Instant, "when the second level took it in charge"),
    may("suspended_from", Kind::Instant, "start of the one suspension"),
    may("suspended_until", Kind::Instant, "its end; empty while it lasts"),
    may("suspension_reason", Kind::Text, "its reason"),
    may("suspensions", Kind::Text, "several, as JSON: `[{\"from\", \"until\", \"reason\"}]`"),
    may("resolved", Kind::Instant, "when it was resolved"),
    may("closed", Kind::Instant, "when it was closed"),
    may("reopened", Kind::Instant, "when it was first reopened"),
    must("contacts", Kind::Count, "contacts it took; 1 is closed in the opening contact"),
    may("closed_by_level", Kind::Count, "1 or 2"),
    may("outcome", Kind::Text, "outcome code"),
    may("topic", Kind::Text, "topic code"),
    may("priority_class", Kind::Text, "priority class of the prescription (U, B, D, P)"),
    may("booking_system", Kind::Text, "booking system used"),
    may("third_party", Kind::Boolean, "handed to a third party; false by default"),
    may("cancelled", Kind::Text, "why it was cancelled, if it was"),
];

const OUTBOUND_RECORDS: &[Column] = &[
    must("id", Kind::Text, "the platform's identifier"),
    SERVICE,
    may("batch", Kind::Text, "the batch it came in"),
    must("released", Kind::Instant, "when the client released it"),
    must("attempts", Kind::Count, "calls attempted"),
    may("reached", Kind::Instant, "when somebody was reached"),
    may("closed", Kind::Instant, "when it reached a terminal outcome"),
    may("outcome", Kind::Text, "`positive`, `refused`, `wrong_number`, `unreachable`, `excluded`"),
];

const OUTBOUND_BATCHES: &[Column] = &[
    must("id", Kind::Text, "the platform's identifier"),
    SERVICE,
    must("released", Kind::Instant, "when a complete, valid list was released"),
    must("n_records", Kind::Count, "records in the list"),
    may("first_attempt", Kind::Instant, "when the first call was made"),
    may("last_attempt", Kind::Instant, "when the last attempt was made"),
    may("completed", Kind::Instant, "when the last record reached a terminal outcome"),
];

const OUTAGES: &[Column] = &[
    must("id", Kind::Text, "the platform's identifier"),
    SERVICE,
    must("component", Kind::Text, "the component, as the contract names it"),
    must("from", Kind::Instant, "from when"),
    may("until", Kind::Instant, "until when; empty while it lasts"),
    may("planned", Kind::Boolean, "planned maintenance; false by default"),
    may("notified", Kind::Instant, "when planned maintenance was notified"),
    may("cause", Kind::Text, "cause code"),
    may("weight_permille", Kind::Count, "share of the service lost, 1 to 1000; 1000 by default"),
];

impl FactKind {
    /// Returns the columns that a mapping can fill, the same for every mapping of this kind.
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Calls => CALLS,
            Self::Messages => MESSAGES,
            Self::Cases => CASES,
            Self::OutboundRecords => OUTBOUND_RECORDS,
            Self::OutboundBatches => OUTBOUND_BATCHES,
            Self::Outages => OUTAGES,
        }
    }

    /// Finds the column that holds a person's number or address.
    pub(super) const fn private_column(self) -> Option<&'static str> {
        match self {
            Self::Calls => Some("caller"),
            Self::Messages => Some("sender"),
            _ => None,
        }
    }
}

impl Kind {
    /// Returns the name used in documentation and errors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Instant => "instant",
            Self::Seconds => "seconds",
            Self::Boolean => "boolean",
            Self::Count => "count",
        }
    }

    /// Decides whether an expression of `data_type` can fill the column.
    pub(super) fn accepts(self, data_type: &DataType) -> bool {
        if let DataType::Dictionary(_, values) = data_type {
            return self.accepts(values);
        }
        if *data_type == DataType::Null {
            return true;
        }
        match self {
            Self::Text => {
                data_type.is_integer()
                    || matches!(
                        data_type,
                        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
                    )
            }
            Self::Instant => matches!(data_type, DataType::Timestamp(_, Some(_))),
            Self::Seconds => {
                data_type.is_numeric()
                    || matches!(data_type, DataType::Duration(_) | DataType::Interval(_))
            }
            Self::Boolean => *data_type == DataType::Boolean,
            Self::Count => data_type.is_integer(),
        }
    }

    /// Says what to write instead.
    pub(super) fn advice(self, data_type: &DataType) -> &'static str {
        match (self, data_type) {
            (Self::Text, _) => "write `CAST(… AS VARCHAR)`",
            (Self::Instant, DataType::Timestamp(_, None)) => {
                "say what the time means: `local_instant(…)` for the clock on the wall, \
                 `utc_instant(…)` for UTC"
            }
            (Self::Instant, _) => "write `local_instant(…, '%d/%m/%Y %H:%M:%S')`",
            (Self::Seconds, _) => {
                "write `seconds(…)` for `0:03:25`, `CAST(… AS BIGINT)` for whole seconds"
            }
            (Self::Boolean, _) => "write a comparison such as `pianificato = 'SI'`",
            (Self::Count, _) => "write `CAST(… AS BIGINT)`",
        }
    }

    /// Turns what an expression yielded into the one array type of the kind.
    pub(super) fn finish(self, array: &ArrayRef) -> Result<ArrayRef, String> {
        match self {
            Self::Text => convert(array, &DataType::Utf8),
            Self::Instant => convert(array, &instant_type()),
            Self::Boolean => convert(array, &DataType::Boolean),
            Self::Count => convert(array, &DataType::Int64),
            Self::Seconds => match array.data_type() {
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
