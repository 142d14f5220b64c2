//! The pass over the calls as an aggregate function of the query engine. Read [`udaf`] first.
//!
//! `soglia_tally(spec, service, disposition, …)` runs wherever the engine runs: embedded, or on
//! the executors of a cluster, which know it by its name. Its value is a [`Tally`] as bytes.

use std::any::Any;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility,
};
use datafusion::physical_expr::expressions::Literal;

use crate::columns::Columns;
use crate::tally::{Pass, Spec, Tally};

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
        let columns = Columns::new(&spec.columns, values.get(1..).unwrap_or_default(), pass)
            .map_err(|problem| DataFusionError::ArrowError(Box::new(problem), None))?;
        for seen in columns.rows().filter_map(|row| columns.seen(row)) {
            pass.add(&seen);
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
