//! Expressions planned once and evaluated batch by batch. Read [`Planner`], then [`Evaluated`].

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, new_null_array};
use arrow::compute::concat;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, DataFusionError};
use datafusion::config::Dialect;
use datafusion::logical_expr::{Expr, Volatility};
use datafusion::optimizer::simplify_expressions::{ExprSimplifier, SimplifyContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::sql::sqlparser::ast::{Expr as SqlExpr, visit_expressions};
use soglia_domain::text::nearest;
use soglia_sources::mapping::{Expression, Kind, N_FIELDS, RAW, WrongMapping};

use super::columns;
use super::functions::{self, Clock};

/// Plans expressions in the query engine's own dialect.
pub(super) struct Planner {
    session: SessionContext,
}

impl Planner {
    pub fn new(clock: &Clock) -> Self {
        let mut config = SessionConfig::new().with_target_partitions(1);
        let options = config.options_mut();
        // Names of columns are taken as the file has them.
        options.sql_parser.enable_ident_normalization = false;
        options.sql_parser.map_string_types_to_utf8view = false;
        // `to_timestamp` and its relatives yield instants, not wall-clock times.
        options.execution.time_zone = Some("+00:00".to_owned());
        let session = SessionContext::new_with_config(config);
        for function in functions::all(clock) {
            session.register_udf(function);
        }
        Self { session }
    }

    /// Finds the names of columns that an expression uses.
    pub fn names(&self, expression: &Expression) -> Result<BTreeSet<String>, WrongMapping> {
        let parsed = self.session.state().sql_to_expr(&expression.sql, &Dialect::Generic).map_err(
            |error| {
                let hint =
                    "names with blanks or signs stand in double quotes, texts in single ones";
                expression.wrong(plain(&error), Some(hint.to_owned()))
            },
        )?;
        let mut names = BTreeSet::new();
        let _: ControlFlow<()> = visit_expressions(&parsed, |part| {
            if let SqlExpr::Identifier(name) = part {
                names.insert(name.value.clone());
            }
            ControlFlow::Continue(())
        });
        Ok(names)
    }

    /// Rewrites an expression as the engine evaluates it: some functions exist only as others.
    fn simplify(&self, expr: Expr, schema: &DFSchema) -> Result<Expr, DataFusionError> {
        let state = self.session.state();
        let context = SimplifyContext::builder()
            .with_schema(Arc::new(schema.clone()))
            .with_config_options(Arc::clone(state.config_options()))
            .build();
        let simplifier = ExprSimplifier::new(context);
        simplifier.simplify(simplifier.coerce(expr, schema)?)
    }

    /// Plans an expression over rows of `schema`.
    pub fn plan(
        &self,
        expression: &Expression,
        schema: &SchemaRef,
    ) -> Result<Planned, WrongMapping> {
        let known = || schema.fields().iter().map(|field| field.name().as_str());
        let names = self.names(expression)?;
        if let Some(unknown) = names.iter().find(|name| known().all(|k| k != name.as_str())) {
            let shown: Vec<_> = known().filter(|k| ![RAW, N_FIELDS].contains(k)).collect();
            let hint = match nearest(unknown, known()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the columns are {}", shown.join(", ")),
            };
            return Err(expression.wrong(format!("there is no column `{unknown}`"), Some(hint)));
        }
        let refuse = |error: DataFusionError| expression.wrong(plain(&error), None);
        let df_schema = DFSchema::try_from(Arc::clone(schema)).map_err(refuse)?;
        let logical = self.session.parse_sql_expr(&expression.sql, &df_schema).map_err(refuse)?;
        if let Some(fault) = Fault::find(&logical).map_err(refuse)? {
            let (problem, hint) = fault.told();
            return Err(expression.wrong(problem, Some(hint.to_owned())));
        }
        let simplified = self.simplify(logical, &df_schema).map_err(refuse)?;
        let physical = self.session.create_physical_expr(simplified, &df_schema).map_err(refuse)?;
        let data_type = physical.data_type(schema).map_err(refuse)?;
        let uses = schema
            .fields()
            .iter()
            .enumerate()
            .filter(|(_, field)| names.contains(field.name()))
            .map(|(at, _)| at)
            .collect();
        Ok(Planned { expression: expression.clone(), physical, data_type, uses })
    }
}

/// What an expression may not do here.
enum Fault {
    /// A function depends on the moment or on chance.
    Unrepeatable(String),
    /// Other rows or tables are asked for.
    OtherRows,
}

impl Fault {
    fn find(expr: &Expr) -> Result<Option<Self>, DataFusionError> {
        let mut found = None;
        expr.apply(|part| {
            found = match part {
                Expr::ScalarFunction(call)
                    if call.func.signature().volatility != Volatility::Immutable =>
                {
                    Some(Self::Unrepeatable(call.func.name().to_owned()))
                }
                Expr::AggregateFunction(_)
                | Expr::WindowFunction(_)
                | Expr::ScalarSubquery(_)
                | Expr::InSubquery(_)
                | Expr::Exists(_) => Some(Self::OtherRows),
                _ => return Ok(TreeNodeRecursion::Continue),
            };
            Ok(TreeNodeRecursion::Stop)
        })?;
        Ok(found)
    }

    fn told(self) -> (String, &'static str) {
        match self {
            Self::Unrepeatable(function) => (
                format!("`{function}` gives another value at every import"),
                "a mapping may only use what stands in the file",
            ),
            Self::OtherRows => (
                "the expression needs other rows".to_owned(),
                "a mapping sees one row at a time: no aggregates, no queries",
            ),
        }
    }
}

/// The engine's message without its own prefixes.
fn plain(error: &DataFusionError) -> String {
    let text = error.strip_backtrace();
    let mut text = text.lines().next().unwrap_or_default();
    let prefixes = [
        "Execution error: ",
        "Arrow error: ",
        "Error during planning: ",
        "SQL error: ",
        "Schema error: ",
        "External error: ",
        "Optimizer rule 'simplify_expressions' failed",
        "caused by",
        "This feature is not implemented: ",
    ];
    if let Some(rest) = text.strip_prefix("SQL error: ParserError(\"") {
        text = rest.trim_end_matches("\")");
    }
    while let Some(rest) = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)) {
        text = rest.trim_start();
    }
    let mut chars = text.trim_end_matches('.').chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => "the expression cannot be evaluated".to_owned(),
    }
}

/// A planned expression.
pub(super) struct Planned {
    pub expression: Expression,
    physical: Arc<dyn PhysicalExpr>,
    data_type: DataType,
    /// Positions of the columns it uses.
    pub uses: Vec<usize>,
}

/// An expression's values for some rows, and the rows for which it failed.
pub(super) struct Evaluated {
    /// One value a row; none where it failed.
    pub values: ArrayRef,
    /// Position among the rows, and what happened.
    pub failed: Vec<(usize, String)>,
}

impl Planned {
    /// The field under which later expressions see the values.
    pub fn field(&self, name: &str) -> Field {
        Field::new(name, self.data_type.clone(), true)
    }

    /// Checks that the values can fill a column.
    pub fn check(&self, kind: Kind) -> Result<(), WrongMapping> {
        if columns::accepts(kind, &self.data_type) {
            return Ok(());
        }
        let problem = format!(
            "the expression yields {}, but the column takes {}",
            type_name(&self.data_type),
            kind.name()
        );
        Err(self.expression.wrong(problem, Some(columns::advice(kind, &self.data_type).to_owned())))
    }

    /// Checks that the values can take the place of a column's.
    pub fn check_replaces(&self, column: &Field) -> Result<(), WrongMapping> {
        let (made, held) = (&self.data_type, column.data_type());
        let as_text = *held == DataType::Utf8 && columns::accepts(Kind::Text, made);
        if made == held || as_text || *made == DataType::Null {
            return Ok(());
        }
        let (made, held) = (type_name(made), type_name(held));
        let problem = format!("the expression yields {made}, but the column holds {held}");
        Err(self.expression.wrong(problem, Some("add a CAST".to_owned())))
    }

    /// Evaluates to values of the expression's own type.
    pub fn evaluate(&self, rows: &RecordBatch) -> Evaluated {
        self.attempt(rows, &self.data_type, &|array| Ok(Arc::clone(array)))
    }

    /// Evaluates to the one array type of a kind.
    pub fn evaluate_as(&self, rows: &RecordBatch, kind: Kind) -> Evaluated {
        let target = match kind {
            Kind::Text => DataType::Utf8,
            Kind::Instant => functions::instant_type(),
            Kind::Boolean => DataType::Boolean,
            Kind::Seconds | Kind::Count => DataType::Int64,
        };
        self.attempt(rows, &target, &|array| columns::finish(kind, array))
    }

    /// Evaluates a condition; rows for which it failed do not meet it and are reported.
    pub fn matches(&self, rows: &RecordBatch) -> (BooleanArray, Vec<(usize, String)>) {
        let Evaluated { values, failed } = self.evaluate_as(rows, Kind::Boolean);
        (values.as_boolean().clone(), failed)
    }

    /// Evaluates all rows at once; where that fails, halves them until the rows at fault stand
    /// alone.
    fn attempt(
        &self,
        rows: &RecordBatch,
        target: &DataType,
        finish: &dyn Fn(&ArrayRef) -> Result<ArrayRef, String>,
    ) -> Evaluated {
        let n = rows.num_rows();
        let tried = self
            .physical
            .evaluate(rows)
            .and_then(|value| value.into_array(n))
            .map_err(|error| plain(&error))
            .and_then(|array| finish(&array));
        let problem = match tried {
            Ok(values) => {
                return Evaluated { values, failed: Vec::new() };
            }
            Err(problem) => problem,
        };
        if n <= 1 {
            return Evaluated {
                values: new_null_array(target, n),
                failed: (0..n).map(|at| (at, problem.clone())).collect(),
            };
        }
        let middle = n / 2;
        let first = self.attempt(&rows.slice(0, middle), target, finish);
        let second = self.attempt(&rows.slice(middle, n - middle), target, finish);
        let later = second.failed.into_iter().map(|(at, problem)| (at + middle, problem));
        Evaluated {
            values: concat(&[first.values.as_ref(), second.values.as_ref()])
                .expect("both halves have the target's type"),
            failed: first.failed.into_iter().chain(later).collect(),
        }
    }

    /// Describes a failure: column, values and expression. Values of `private` columns stay out.
    pub fn describe(
        &self,
        problem: &str,
        rows: &RecordBatch,
        at: usize,
        private: &[usize],
    ) -> String {
        let values: Vec<String> = self
            .uses
            .iter()
            .map(|column| {
                let name = rows.schema_ref().field(*column).name().clone();
                if private.contains(column) || name == RAW {
                    return format!("{name} = …");
                }
                format!("{name} = {}", shown(rows.column(*column), at))
            })
            .collect();
        let Expression { key, sql, .. } = &self.expression;
        let column = key.rsplit_once('.').map_or(key.as_str(), |(_, name)| name);
        let problem = if private.iter().any(|column| self.uses.contains(column)) {
            "the value cannot be converted"
        } else {
            problem
        };
        format!("`{column}`: {problem}; {} in `{sql}`", values.join(", "))
    }
}

/// A cell's value in backticks, or `null`.
fn shown(array: &ArrayRef, at: usize) -> String {
    if array.is_null(at) {
        return "null".to_owned();
    }
    match ArrayFormatter::try_new(array, &FormatOptions::default()) {
        Ok(formatter) => format!("`{}`", formatter.value(at)),
        Err(_) => "…".to_owned(),
    }
}

fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".to_owned(),
        DataType::Timestamp(_, None) => "a timestamp without a zone".to_owned(),
        DataType::Timestamp(_, Some(_)) => "an instant".to_owned(),
        DataType::Boolean => "true or false".to_owned(),
        DataType::Interval(_) | DataType::Duration(_) => "an interval".to_owned(),
        number if number.is_numeric() => "a number".to_owned(),
        other => format!("`{other}`"),
    }
}

/// A schema of text columns, as text formats have them.
pub(super) fn text_schema(names: impl IntoIterator<Item = String>) -> Schema {
    let fields: Vec<_> =
        names.into_iter().map(|name| Field::new(name, DataType::Utf8, true)).collect();
    Schema::new(fields)
}

/// Adds the columns that every file has: the number of fields and the row's text.
pub(super) fn with_pseudo_columns(schema: &Schema) -> Schema {
    let mut fields: Vec<_> = schema.fields().iter().cloned().collect();
    for (name, data_type) in [(N_FIELDS, DataType::Int64), (RAW, DataType::Utf8)] {
        if schema.field_with_name(name).is_err() {
            fields.push(Arc::new(Field::new(name, data_type, true)));
        }
    }
    Schema::new(fields)
}
