//! The pass over the calls as an aggregate function of the query engine. Read [`udaf`] first.
//!
//! `soglia_tally(spec, service, disposition, …)` runs wherever the engine runs: embedded, or on
//! the executors of a cluster, which know it by its name. Its value is a [`Tally`] as bytes.

use std::any::Any;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, DictionaryArray, Int32Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, FieldRef, Int32Type};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility,
};
use datafusion::physical_expr::expressions::Literal;
use soglia_domain::facts::Disposition;

use crate::tally::{Column, NONE, Pass, Seen, Spec, Tally};

/// The function's name.
pub const NAME: &str = "soglia_tally";

/// Makes the function, to be registered with a session.
pub fn udaf() -> AggregateUDF {
    AggregateUDF::new_from_impl(TallyFunction {
        signature: Signature::variadic_any(Volatility::Immutable),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct TallyFunction {
    signature: Signature,
}

impl AggregateUDFImpl for TallyFunction {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let literal =
            args.exprs.first().and_then(|e| (e.as_ref() as &dyn Any).downcast_ref::<Literal>());
        let spec = specification(literal.map(Literal::value))?;
        Ok(Box::new(TallyAccumulator {
            pass: Pass::new(spec.clone()),
            spec,
            merged: Tally::default(),
        }))
    }

    fn state_fields(&self, _: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new("tally", DataType::Binary, true))])
    }
}

/// The specification must be a dictionary: the engine repeats literals once a row, and a dictionary
/// repeats a key, not the text.
fn specification(literal: Option<&ScalarValue>) -> Result<Spec> {
    let Some(ScalarValue::Dictionary(_, value)) = literal else {
        return Err(plan_error("the first argument must be a specification, as a dictionary"));
    };
    let Some(Some(json)) = value.try_as_str() else {
        return Err(plan_error("the specification must be text"));
    };
    serde_json::from_str(json)
        .map_err(|problem| plan_error(&format!("the specification is damaged: {problem}")))
}

fn plan_error(text: &str) -> DataFusionError {
    DataFusionError::Plan(format!("{NAME}: {text}"))
}

#[derive(Debug)]
struct TallyAccumulator {
    spec: Spec,
    pass: Pass,
    merged: Tally,
}

impl TallyAccumulator {
    fn take(&mut self) -> Tally {
        let mut tally = std::mem::take(&mut self.merged);
        tally.merge(self.pass.take());
        tally
    }

    fn as_scalar(&mut self) -> ScalarValue {
        ScalarValue::Binary(Some(self.take().to_bytes()))
    }
}

impl Accumulator for TallyAccumulator {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let Self { spec, pass, .. } = self;
        let columns = Columns::new(spec, values.get(1..).unwrap_or_default(), pass)?;
        for row in 0..columns.len {
            if let Some(seen) = columns.seen(row) {
                pass.add(&seen);
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let Some(states) = states.first().and_then(|s| s.as_any().downcast_ref::<BinaryArray>())
        else {
            return Err(plan_error("its state is binary"));
        };
        for state in states.iter().flatten() {
            let tally = Tally::from_bytes(state)
                .map_err(|problem| DataFusionError::External(Box::new(problem)))?;
            self.merged.merge(tally);
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.as_scalar()])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(self.as_scalar())
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

/// The columns of a batch, by what they are.
struct Columns {
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
struct Words {
    keys: Option<Int32Array>,
    codes: Vec<Option<u16>>,
    texts: Vec<String>,
}

impl Words {
    fn new(array: &ArrayRef, code: impl Fn(&str) -> Option<u16>) -> Result<Self> {
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

    #[inline]
    fn code(&self, row: usize) -> Option<u16> {
        self.codes.get(self.key(row)?).copied().flatten()
    }

    #[inline]
    fn text(&self, row: usize) -> &str {
        self.key(row).and_then(|key| self.texts.get(key)).map_or("", String::as_str)
    }
}

impl Columns {
    fn new(spec: &Spec, arrays: &[ArrayRef], pass: &Pass) -> Result<Self> {
        let find = |column: Column| {
            spec.columns.iter().position(|c| *c == column).and_then(|at| arrays.get(at))
        };
        let micros = |column| -> Result<Option<TimestampMicrosecondArray>> {
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

    /// One call; `None` if it belongs to no service of the pass.
    #[inline]
    fn seen(&self, row: usize) -> Option<Seen<'_>> {
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

fn downcast<A: Clone + 'static>(array: &ArrayRef) -> Result<A> {
    array.as_any().downcast_ref::<A>().cloned().ok_or_else(|| {
        plan_error(&format!("a column has the unexpected type {}", array.data_type()))
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
