//! Columns of calls as a pass sees them, wherever a batch comes from. Read [`Columns`] first.

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Int32Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Int32Type};
use arrow::error::ArrowError;
use soglia_domain::facts::Disposition;

use crate::tally::{Column, NONE, Pass, Seen};

/// The columns of a batch, by what they are.
pub struct Columns {
    len: usize,
    services: Words,
    dispositions: Words,
    arrived: Option<TimestampMicrosecondArray>,
    queued: Option<TimestampMicrosecondArray>,
    rang: Option<TimestampMicrosecondArray>,
    answered: Option<TimestampMicrosecondArray>,
    called_back: Option<TimestampMicrosecondArray>,
    local_hour: Option<Int32Array>,
    wait: Option<Int64Array>,
    talk: Option<Int64Array>,
    hold: Option<Int64Array>,
    queues: Words,
    texts: Words,
}

/// A dictionary column: the code that each of its values has in the pass.
#[derive(Default)]
pub struct Words {
    keys: Option<Int32Array>,
    codes: Vec<Option<u16>>,
    texts: Vec<String>,
}

impl Words {
    /// Looks each value of a column up, dictionary or not.
    pub fn new(array: &ArrayRef, code: impl Fn(&str) -> Option<u16>) -> Result<Self, ArrowError> {
        let wanted = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let array = arrow::compute::cast(array, &wanted)?;
        let words: &DictionaryArray<Int32Type> = array.as_dictionary();
        let values: &StringArray = words.values().as_string();
        let texts: Vec<String> =
            values.iter().map(|value| value.unwrap_or_default().to_owned()).collect();
        let codes = texts.iter().map(|text| code(text)).collect();
        Ok(Self { keys: Some(words.keys().clone()), codes, texts })
    }

    fn key(&self, row: usize) -> Option<usize> {
        let keys = self.keys.as_ref()?;
        keys.is_valid(row).then(|| usize::try_from(keys.value(row)).ok()).flatten()
    }

    /// The code of a row's value, if it has one.
    #[inline]
    pub fn code(&self, row: usize) -> Option<u16> {
        self.codes.get(self.key(row)?).copied().flatten()
    }

    #[inline]
    fn text(&self, row: usize) -> &str {
        self.key(row).and_then(|key| self.texts.get(key)).map_or("", String::as_str)
    }
}

impl Columns {
    /// Takes the columns out of a batch: `arrays` are those that `columns` names, in its order.
    pub fn new(columns: &[Column], arrays: &[ArrayRef], pass: &Pass) -> Result<Self, ArrowError> {
        let find = |column: Column| {
            columns.iter().position(|c| *c == column).and_then(|at| arrays.get(at))
        };
        let micros = |column| -> Result<Option<TimestampMicrosecondArray>, ArrowError> {
            find(column).map(downcast::<TimestampMicrosecondArray>).transpose()
        };
        let longs = |column| find(column).map(downcast::<Int64Array>).transpose();
        let ints = |column| find(column).map(downcast::<Int32Array>).transpose();
        let words = |column, code: &dyn Fn(&str) -> Option<u16>| {
            find(column).map_or_else(|| Ok(Words::default()), |array| Words::new(array, code))
        };
        let disposition = |name: &str| Disposition::from_name(name).map(|d| u16::from(d.code()));
        Ok(Self {
            len: arrays.first().map_or(0, Array::len),
            services: words(Column::Service, &|code| pass.service_index(code))?,
            dispositions: words(Column::Disposition, &disposition)?,
            arrived: micros(Column::Arrived)?,
            queued: micros(Column::Queued)?,
            rang: micros(Column::FirstRang)?,
            answered: micros(Column::Answered)?,
            called_back: micros(Column::CalledBack)?,
            local_hour: ints(Column::LocalHour)?,
            wait: longs(Column::WaitMs)?,
            talk: longs(Column::TalkMs)?,
            hold: longs(Column::HoldMs)?,
            queues: words(Column::FirstQueue, &|_| None)?,
            texts: words(Column::Text, &|_| None)?,
        })
    }

    /// The rows there are.
    pub fn rows(&self) -> std::ops::Range<usize> {
        0..self.len
    }

    /// One call; `None` if it belongs to no service of the pass.
    #[inline]
    pub fn seen(&self, row: usize) -> Option<Seen<'_>> {
        let disposition = u8::try_from(self.dispositions.code(row)?).ok()?;
        Some(Seen {
            service: self.services.code(row)?,
            disposition,
            arrived: at(self.arrived.as_ref(), row),
            local_hour: self.local_hour.as_ref().map_or(0, |hours| hours.value(row)),
            queued: at(self.queued.as_ref(), row),
            rang: at(self.rang.as_ref(), row),
            answered: at(self.answered.as_ref(), row),
            called_back: at(self.called_back.as_ref(), row),
            wait: long(self.wait.as_ref(), row),
            talk: long(self.talk.as_ref(), row),
            hold: long(self.hold.as_ref(), row),
            queue: self.queues.text(row),
            text: self.texts.text(row),
        })
    }
}

fn downcast<A: Clone + 'static>(array: &ArrayRef) -> Result<A, ArrowError> {
    array.as_any().downcast_ref::<A>().cloned().ok_or_else(|| {
        let text = format!("a column of calls has the unexpected type {}", array.data_type());
        ArrowError::SchemaError(text)
    })
}

/// An instant in milliseconds.
#[inline]
fn at(column: Option<&TimestampMicrosecondArray>, row: usize) -> i64 {
    match column {
        Some(column) if column.is_valid(row) => column.value(row).div_euclid(1000),
        _ => NONE,
    }
}

#[inline]
fn long(column: Option<&Int64Array>, row: usize) -> i64 {
    match column {
        Some(column) if column.is_valid(row) => column.value(row),
        _ => NONE,
    }
}
