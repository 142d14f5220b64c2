//! Functions that mapping expressions have beyond SQL's own. Read [`Clock`] first, then the table
//! in [`all`].

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Builder, StringArray, TimestampMillisecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, TimeUnit, TimestampMillisecondType};
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
    Volatility,
};
use jiff::civil::{DateTime, Time};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp};
use soglia_domain::time::Instant;
use soglia_sources::mapping::Ambiguous;

/// Turns local times into instants, as the mapping says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    pub zone: TimeZone,
    pub ambiguous: Ambiguous,
}

impl Hash for Clock {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.zone.iana_name().hash(state);
        self.ambiguous.hash(state);
    }
}

impl Clock {
    /// Finds the instant of a local time.
    pub fn instant(&self, local: DateTime) -> Result<i64, String> {
        let found = self.zone.to_ambiguous_timestamp(local);
        let offset = match (found.offset(), self.ambiguous) {
            (AmbiguousOffset::Unambiguous { offset }, _) => offset,
            (AmbiguousOffset::Fold { before, .. }, Ambiguous::Earlier) => before,
            (AmbiguousOffset::Fold { after, .. }, Ambiguous::Later) => after,
            (AmbiguousOffset::Fold { .. }, Ambiguous::Reject) => {
                return Err(format!(
                    "local time `{local}` occurs twice and `ambiguous_local_time` is `reject`"
                ));
            }
            (AmbiguousOffset::Gap { .. }, _) => {
                return Err(format!(
                    "local time `{local}` does not exist: clocks were put forward"
                ));
            }
        };
        let timestamp = offset.to_timestamp(local).map_err(|error| error.to_string())?;
        Ok(Instant::from_timestamp(timestamp).as_millis())
    }

    /// Reads text as an instant: with an offset as it stands, otherwise as local time.
    pub fn read(&self, text: &str) -> Result<i64, String> {
        if let Ok(timestamp) = text.parse::<Timestamp>() {
            return Ok(Instant::from_timestamp(timestamp).as_millis());
        }
        let local: DateTime = text.parse().map_err(|_| {
            format!("`{text}` is not a date and time such as `2023-07-03 09:15:00`")
        })?;
        self.instant(local)
    }

    /// Reads text written in `format`.
    fn read_as(&self, format: &str, text: &str) -> Result<i64, String> {
        let parsed = parse(format, text)?;
        if parsed.offset().is_some() || parsed.timestamp().is_some() {
            let timestamp = parsed.to_timestamp().map_err(|error| error.to_string())?;
            return Ok(Instant::from_timestamp(timestamp).as_millis());
        }
        let local = parsed.to_datetime().map_err(|error| format!("`{text}`: {error}"))?;
        self.instant(local)
    }

    /// Reads a time of day on the day that puts it nearest to `reference`.
    fn read_near(&self, format: &str, text: &str, reference: i64) -> Result<i64, String> {
        let time = parse(format, text)?.to_time().map_err(|error| format!("`{text}`: {error}"))?;
        let day = Instant::from_millis(reference).in_zone(&self.zone).datetime();
        let on = |time: Time, days: i64| {
            let date = day.date().checked_add(Span::new().days(days)).map_err(|e| e.to_string())?;
            self.instant(date.to_datetime(time))
        };
        // Half a day is the farthest that the same day can be right.
        let same = on(time, 0);
        let half_day = 12 * 3_600_000;
        match same {
            Ok(same) if same - reference > half_day => on(time, -1),
            Ok(same) if reference - same > half_day => on(time, 1),
            other => other,
        }
    }
}

fn parse(format: &str, text: &str) -> Result<BrokenDownTime, String> {
    BrokenDownTime::parse(format, text)
        .map_err(|error| format!("`{text}` is not in the format `{format}` ({error})"))
}

/// Reads `H:MM:SS`, `MM:SS` or seconds, with decimals after a point or comma, as milliseconds.
fn read_seconds(text: &str) -> Result<i64, String> {
    let bad = || format!("`{text}` is not a duration such as `0:03:25`, `03:25` or `205`");
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
    let mut total: i64 = 0;
    for (position, part) in whole.split(':').enumerate() {
        let number = part.parse::<u32>().map_err(|_| bad())?;
        if 2 < position || (0 < position && 59 < number) || part.starts_with('+') {
            return Err(bad());
        }
        total = total * 60 + i64::from(number);
    }
    if 3 < fraction.len() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad());
    }
    let millis = format!("{fraction:0<3}").parse::<i64>().map_err(|_| bad())?;
    let total = total * 1000 + millis;
    Ok(if negative { -total } else { total })
}

/// The type of every instant.
pub(super) fn instant_type() -> DataType {
    DataType::Timestamp(TimeUnit::Millisecond, Some(Arc::from("+00:00")))
}

/// Seconds with three decimals, exact.
pub(super) const SECONDS: DataType = DataType::Decimal128(20, 3);

/// The functions, bound to a clock.
pub(super) fn all(clock: &Clock) -> Vec<ScalarUDF> {
    let utc = Clock { zone: TimeZone::UTC, ambiguous: Ambiguous::Reject };
    [
        (Kind::LocalInstant, clock),
        (Kind::UtcInstant, &utc),
        (Kind::LocalInstantNear, clock),
        (Kind::PlusSeconds, &utc),
        (Kind::Seconds, &utc),
    ]
    .into_iter()
    .map(|(kind, clock)| ScalarUDF::new_from_impl(Function::new(kind, clock.clone())))
    .collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    /// `local_instant(text or timestamp [, format])`
    LocalInstant,
    /// `utc_instant(text or timestamp [, format])`
    UtcInstant,
    /// `local_instant_near(text, format, instant)`
    LocalInstantNear,
    /// `plus_seconds(instant, number)`
    PlusSeconds,
    /// `seconds(text)`
    Seconds,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Function {
    kind: Kind,
    clock: Clock,
    signature: Signature,
}

impl Function {
    fn new(kind: Kind, clock: Clock) -> Self {
        let arity = match kind {
            Kind::LocalInstant | Kind::UtcInstant => vec![1, 2],
            Kind::LocalInstantNear => vec![3],
            Kind::PlusSeconds => vec![2],
            Kind::Seconds => vec![1],
        };
        let any = arity.into_iter().map(TypeSignature::Any).collect();
        Self { kind, clock, signature: Signature::one_of(any, Volatility::Immutable) }
    }

    /// Says what is wrong with the types of the arguments.
    fn check(&self, types: &[DataType]) -> Result<()> {
        let wanted: &[fn(&DataType) -> bool] = match self.kind {
            Kind::LocalInstant | Kind::UtcInstant => &[is_text_or_wall_clock, is_text],
            Kind::LocalInstantNear => &[is_text, is_text, is_instant],
            Kind::PlusSeconds => &[is_instant, is_number],
            Kind::Seconds => &[is_text],
        };
        for (position, (fits, data_type)) in wanted.iter().zip(types).enumerate() {
            if !fits(data_type) {
                return plan_err!(
                    "`{}` cannot take a value of type {data_type} as argument {}; it is written \
                     `{}`",
                    self.name(),
                    position + 1,
                    self.usage()
                );
            }
        }
        Ok(())
    }

    const fn usage(&self) -> &'static str {
        match self.kind {
            Kind::LocalInstant => "local_instant(text or timestamp without zone [, format])",
            Kind::UtcInstant => "utc_instant(text or timestamp without zone [, format])",
            Kind::LocalInstantNear => "local_instant_near(text, format, instant)",
            Kind::PlusSeconds => "plus_seconds(instant, number)",
            Kind::Seconds => "seconds(text)",
        }
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &'static str {
        match self.kind {
            Kind::LocalInstant => "local_instant",
            Kind::UtcInstant => "utc_instant",
            Kind::LocalInstantNear => "local_instant_near",
            Kind::PlusSeconds => "plus_seconds",
            Kind::Seconds => "seconds",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.check(types)?;
        Ok(if self.kind == Kind::Seconds { SECONDS } else { instant_type() })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let mut arrays = args.args.into_iter().map(|arg| Argument::new(arg, rows));
        let mut next = || arrays.next().unwrap_or_else(|| exec_err!("an argument is missing"));
        let made = match self.kind {
            Kind::LocalInstant | Kind::UtcInstant => {
                let text = next()?;
                instants(&self.clock, &text, next().ok().as_ref(), rows)
            }
            Kind::LocalInstantNear => near(&self.clock, &next()?, &next()?, &next()?, rows),
            Kind::PlusSeconds => plus(&next()?, &next()?, rows),
            Kind::Seconds => seconds(&next()?, rows),
        };
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&made?, 0)?));
        }
        made.map(ColumnarValue::Array)
    }
}

fn instants(
    clock: &Clock,
    value: &Argument,
    format: Option<&Argument>,
    rows: usize,
) -> Result<ArrayRef> {
    if matches!(value.array.data_type(), DataType::Timestamp(_, None)) {
        let wall_clock = value.cast(&DataType::Timestamp(TimeUnit::Millisecond, None))?;
        let wall_clock = wall_clock.as_primitive::<TimestampMillisecondType>();
        return instant_array((0..rows).map(|row| {
            let Some(millis) = value.at(row, wall_clock).map(|at| wall_clock.value(at)) else {
                return Ok(None);
            };
            let local = Timestamp::from_millisecond(millis).map_err(|e| e.to_string())?;
            clock.instant(TimeZone::UTC.to_datetime(local)).map(Some)
        }));
    }
    let text = value.text()?;
    let formats = format.map(|format| Ok::<_, DataFusionError>((format, format.text()?)));
    let formats = formats.transpose()?;
    instant_array((0..rows).map(|row| {
        let Some(text) = value.str(row, &text) else {
            return Ok(None);
        };
        match &formats {
            None => clock.read(text).map(Some),
            Some((format, formats)) => match format.str(row, formats) {
                Some(format) => clock.read_as(format, text).map(Some),
                None => Ok(None),
            },
        }
    }))
}

fn near(
    clock: &Clock,
    text: &Argument,
    format: &Argument,
    reference: &Argument,
    rows: usize,
) -> Result<ArrayRef> {
    let (texts, formats) = (text.text()?, format.text()?);
    let references = reference.cast(&instant_type())?;
    let references = references.as_primitive::<TimestampMillisecondType>();
    instant_array((0..rows).map(|row| {
        let found = (
            text.str(row, &texts),
            format.str(row, &formats),
            reference.at(row, references).map(|at| references.value(at)),
        );
        match found {
            (Some(text), Some(format), Some(at)) => clock.read_near(format, text, at).map(Some),
            _ => Ok(None),
        }
    }))
}

fn plus(instant: &Argument, number: &Argument, rows: usize) -> Result<ArrayRef> {
    let (instants, numbers) = (instant.cast(&instant_type())?, number.cast(&SECONDS)?);
    let instants = instants.as_primitive::<TimestampMillisecondType>();
    let numbers = numbers.as_primitive::<Decimal128Type>();
    instant_array((0..rows).map(|row| {
        let (Some(at), Some(by)) = (instant.at(row, instants), number.at(row, numbers)) else {
            return Ok(None);
        };
        let sum = i64::try_from(numbers.value(by)).ok();
        sum.and_then(|millis| instants.value(at).checked_add(millis))
            .map(Some)
            .ok_or_else(|| "the sum is too far away".to_owned())
    }))
}

fn seconds(text: &Argument, rows: usize) -> Result<ArrayRef> {
    let texts = text.text()?;
    let mut made = Decimal128Builder::with_capacity(rows).with_data_type(SECONDS);
    for row in 0..rows {
        match text.str(row, &texts) {
            Some(text) => match read_seconds(text) {
                Ok(millis) => made.append_value(i128::from(millis)),
                Err(problem) => return exec_err!("{problem}"),
            },
            None => made.append_null(),
        }
    }
    Ok(Arc::new(made.finish()))
}

fn instant_array(instants: impl Iterator<Item = Result<Option<i64>, String>>) -> Result<ArrayRef> {
    let made: TimestampMillisecondArray =
        instants.collect::<Result<_, String>>().map_err(DataFusionError::Execution)?;
    Ok(Arc::new(made.with_timezone("+00:00")))
}

/// An argument, one value for every row or one for all.
struct Argument {
    array: ArrayRef,
    constant: bool,
}

impl Argument {
    fn new(value: ColumnarValue, rows: usize) -> Result<Self> {
        let constant = matches!(value, ColumnarValue::Scalar(_));
        Ok(Self { array: value.into_array(if constant { 1 } else { rows })?, constant })
    }

    fn cast(&self, to: &DataType) -> Result<ArrayRef> {
        Ok(cast(&self.array, to)?)
    }

    fn text(&self) -> Result<StringArray> {
        Ok(self.cast(&DataType::Utf8)?.as_string::<i32>().clone())
    }

    /// Where the row's value stands, if it has one.
    fn at(&self, row: usize, array: &dyn Array) -> Option<usize> {
        let at = if self.constant { 0 } else { row };
        array.is_valid(at).then_some(at)
    }

    /// The row's text without surrounding blanks, if it has any.
    fn str<'a>(&self, row: usize, texts: &'a StringArray) -> Option<&'a str> {
        let text = texts.value(self.at(row, texts)?).trim();
        (!text.is_empty()).then_some(text)
    }
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_text(values),
        other => {
            matches!(
                other,
                DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null
            )
        }
    }
}

fn is_text_or_wall_clock(data_type: &DataType) -> bool {
    is_text(data_type) || matches!(data_type, DataType::Timestamp(_, None))
}

fn is_instant(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Timestamp(_, Some(_)) | DataType::Null)
}

fn is_number(data_type: &DataType) -> bool {
    data_type.is_numeric() || *data_type == DataType::Null
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(ambiguous: Ambiguous) -> Clock {
        let zone = TimeZone::get("Europe/Rome").expect("bundled");
        Clock { zone, ambiguous }
    }

    fn show(instant: Result<i64, String>) -> String {
        match instant {
            Ok(millis) => Instant::from_millis(millis).to_string(),
            Err(problem) => problem,
        }
    }

    #[test]
    fn local_times_are_read_in_their_zone() {
        let earlier = clock(Ambiguous::Earlier);
        let italian = "%d/%m/%Y %H:%M:%S";
        let cases = [
            ("03/07/2023 09:15:00", "2023-07-03T07:15:00.000Z"),
            ("3/7/2023 9:15:00", "2023-07-03T07:15:00.000Z"),
            ("29/10/2023 02:30:00", "2023-10-29T00:30:00.000Z"),
        ];
        for (text, expected) in cases {
            assert_eq!(show(earlier.read_as(italian, text)), expected);
        }
        assert_eq!(
            show(clock(Ambiguous::Later).read_as(italian, "29/10/2023 02:30:00")),
            "2023-10-29T01:30:00.000Z"
        );
        assert!(show(earlier.read_as(italian, "26/03/2023 02:30:00")).contains("does not exist"));
        assert!(
            show(clock(Ambiguous::Reject).read_as(italian, "29/10/2023 02:30:00"))
                .contains("occurs twice")
        );
        assert!(show(earlier.read_as(italian, "31/02/2023 10:00:00")).contains("31/02/2023"));
        assert!(show(earlier.read_as(italian, "03/07/2023 09:15:00 x")).contains("not in the"));
        assert_eq!(show(earlier.read("2023-07-03T09:15:00+01:00")), "2023-07-03T08:15:00.000Z");
        assert_eq!(show(earlier.read("2023-07-03 09:15")), "2023-07-03T07:15:00.000Z");
    }

    #[test]
    fn times_of_day_fall_on_the_nearest_day() {
        let clock = clock(Ambiguous::Reject);
        let evening = clock.read("2023-07-03 23:58:00").expect("valid");
        let time = "%H:%M:%S";
        assert_eq!(show(clock.read_near(time, "0:03:40", evening)), "2023-07-03T22:03:40.000Z");
        assert_eq!(show(clock.read_near(time, "23:57:10", evening)), "2023-07-03T21:57:10.000Z");
        let night = clock.read("2023-07-04 00:01:00").expect("valid");
        assert_eq!(show(clock.read_near(time, "23:59:00", night)), "2023-07-03T21:59:00.000Z");
    }

    #[test]
    fn durations_are_read_exactly() {
        for (text, millis) in [
            ("0:03:25", 205_000),
            ("03:25", 205_000),
            ("205", 205_000),
            ("205,5", 205_500),
            ("26:00:00", 93_600_000),
            ("-0:00:02", -2000),
        ] {
            assert_eq!(read_seconds(text), Ok(millis), "{text}");
        }
        for text in ["", "abc", "0:75:00", "1:2:3:4", "1.2345", "1:-2"] {
            assert!(read_seconds(text).is_err(), "{text}");
        }
    }
}
