//! Columns of calls as a pass sees them, wherever a batch comes from. Read [`Columns`] first.

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, DictionaryArray, Int32Array, Int64Array,
    PrimitiveArray, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Int32Type};
use arrow::error::ArrowError;
use soglia_domain::facts::Disposition;

use crate::tally::{Column, NONE, Pass, Seen};

/// The columns of a batch, by what they are; a column that is not there is empty.
///
/// Each is laid out plainly once for the batch, nulls as [`NONE`] and [`NO_CODE`], so that looking
/// at a call is reading numbers.
pub struct Columns {
    len: usize,
    services: Vec<u16>,
    dispositions: Vec<u16>,
    arrived: Vec<i64>,
    queued: Vec<i64>,
    rang: Vec<i64>,
    answered: Vec<i64>,
    called_back: Vec<i64>,
    local_hour: Option<Int32Array>,
    wait: Vec<i64>,
    talk: Vec<i64>,
    hold: Vec<i64>,
    queues: Words,
    texts: Words,
}

/// A value that the pass does not know.
pub const NO_CODE: u16 = u16::MAX;

/// The code that each row's value of a text column has in the pass.
pub fn codes(array: &ArrayRef, code: impl Fn(&str) -> Option<u16>) -> Result<Vec<u16>, ArrowError> {
    let Words { keys, texts } = Words::new(array)?;
    let codes: Vec<u16> = texts.iter().map(|text| code(text).unwrap_or(NO_CODE)).collect();
    let keys = keys.as_ref().map(|keys| {
        let code = |key: i32| usize::try_from(key).ok().and_then(|key| codes.get(key).copied());
        spread(keys, NO_CODE, |key| code(key).unwrap_or(NO_CODE))
    });
    Ok(keys.unwrap_or_default())
}

/// A dictionary column.
#[derive(Default)]
struct Words {
    keys: Option<Int32Array>,
    texts: Vec<String>,
}

impl Words {
    /// Makes a dictionary of a text column that is none.
    fn new(array: &ArrayRef) -> Result<Self, ArrowError> {
        let wanted = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let array = arrow::compute::cast(array, &wanted)?;
        let words: &DictionaryArray<Int32Type> = array.as_dictionary();
        let values: &StringArray = words.values().as_string();
        let texts = values.iter().map(|value| value.unwrap_or_default().to_owned()).collect();
        Ok(Self { keys: Some(words.keys().clone()), texts })
    }

    #[inline]
    fn text(&self, row: usize) -> &str {
        let Some(keys) = self.keys.as_ref().filter(|keys| keys.is_valid(row)) else { return "" };
        let key = usize::try_from(keys.value(row)).ok();
        key.and_then(|key| self.texts.get(key)).map_or("", String::as_str)
    }
}

impl Columns {
    /// Takes the columns out of a batch: `arrays` are those that `columns` names, in its order.
    pub fn new(columns: &[Column], arrays: &[ArrayRef], pass: &Pass) -> Result<Self, ArrowError> {
        let find = |column: Column| {
            columns.iter().position(|c| *c == column).and_then(|at| arrays.get(at))
        };
        let micros = |column| -> Result<Vec<i64>, ArrowError> {
            find(column).map_or(Ok(Vec::new()), |array| {
                let array: TimestampMicrosecondArray = downcast(array)?;
                Ok(spread(&array, NONE, |micros| micros.div_euclid(1000)))
            })
        };
        let longs = |column| -> Result<Vec<i64>, ArrowError> {
            find(column).map_or(Ok(Vec::new()), |array| {
                Ok(spread(&downcast::<Int64Array>(array)?, NONE, |value| value))
            })
        };
        let coded = |column, code: &dyn Fn(&str) -> Option<u16>| {
            find(column).map_or(Ok(Vec::new()), |array| codes(array, code))
        };
        let words = |column| find(column).map_or_else(|| Ok(Words::default()), Words::new);
        let disposition = |name: &str| Disposition::from_name(name).map(|d| u16::from(d.code()));
        Ok(Self {
            len: arrays.first().map_or(0, Array::len),
            services: coded(Column::Service, &|code| pass.service_index(code))?,
            dispositions: coded(Column::Disposition, &disposition)?,
            arrived: micros(Column::Arrived)?,
            queued: micros(Column::Queued)?,
            rang: micros(Column::FirstRang)?,
            answered: micros(Column::Answered)?,
            called_back: micros(Column::CalledBack)?,
            local_hour: find(Column::LocalHour).map(downcast).transpose()?,
            wait: longs(Column::WaitMs)?,
            talk: longs(Column::TalkMs)?,
            hold: longs(Column::HoldMs)?,
            queues: words(Column::FirstQueue)?,
            texts: words(Column::Text)?,
        })
    }

    /// The rows there are.
    pub fn rows(&self) -> std::ops::Range<usize> {
        0..self.len
    }

    /// One call; `None` if it belongs to no service of the pass.
    #[inline]
    pub fn seen(&self, row: usize) -> Option<Seen<'_>> {
        let code = |codes: &[u16]| codes.get(row).copied().filter(|code| *code != NO_CODE);
        let long = |column: &[i64]| column.get(row).copied().unwrap_or(NONE);
        Some(Seen {
            service: code(&self.services)?,
            disposition: u8::try_from(code(&self.dispositions)?).ok()?,
            arrived: long(&self.arrived),
            local_hour: self.local_hour.as_ref().map_or(0, |hours| hours.value(row)),
            queued: long(&self.queued),
            rang: long(&self.rang),
            answered: long(&self.answered),
            called_back: long(&self.called_back),
            wait: long(&self.wait),
            talk: long(&self.talk),
            hold: long(&self.hold),
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

/// The values of a column, one a row.
fn spread<T: ArrowPrimitiveType, V: Copy>(
    array: &PrimitiveArray<T>,
    none: V,
    value: impl Fn(T::Native) -> V,
) -> Vec<V> {
    let Some(nulls) = array.nulls().filter(|nulls| 0 < nulls.null_count()) else {
        return array.values().iter().map(|own| value(*own)).collect();
    };
    let mut out = vec![none; array.len()];
    for (from, until) in nulls.valid_slices() {
        let own = array.values().get(from..until).unwrap_or_default();
        let places = out.get_mut(from..until).unwrap_or_default();
        for (place, own) in places.iter_mut().zip(own) {
            *place = value(*own);
        }
    }
    out
}
