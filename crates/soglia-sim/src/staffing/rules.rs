//! Working rules and costs, as a file says them. Read [`Rules::parse`] first.

use jiff::civil::{Date, Time, Weekday};
use serde::Deserialize;
use soglia_domain::time::Millis;

use super::StaffingError;

/// What shifts there may be, what they cost, and what a position may work.
#[derive(Clone, PartialEq, Debug)]
pub struct Rules {
    /// The shifts of a day, by start, then length, then breaks.
    pub patterns: Vec<Pattern>,
    /// How many are present at least while the service is open.
    pub present_min: u32,
    /// How many may be present at once.
    pub present_max: u32,
    /// What a position may work.
    pub position: Position,
    /// What it costs.
    pub cost: Cost,
}

/// A shift: when it starts and ends, and its breaks, in minutes from midnight; a shift may end
/// after midnight, its hours count for the day of its start.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Pattern {
    /// The first minute.
    pub from_mins: u32,
    /// The first minute after it.
    pub until_mins: u32,
    /// Breaks, in order.
    pub breaks: Vec<Pause>,
}

/// A break of a shift.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Pause {
    /// Its first minute, from midnight of the shift's day.
    pub from_mins: u32,
    /// The first minute after it.
    pub until_mins: u32,
    /// Whether its time is paid.
    pub pay: Pay,
}

/// Whether a time is paid.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Pay {
    /// It is.
    Paid,
    /// It is not.
    Unpaid,
}

/// What one position may work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    /// Minutes between the end of a shift and the start of the next.
    pub rest_mins: u32,
    /// Days in a week.
    pub days_a_week: u32,
    /// Paid minutes in a week.
    pub mins_a_week: u32,
}

/// What work costs, in cents.
#[derive(Clone, PartialEq, Debug)]
pub struct Cost {
    /// Its currency, for printing.
    pub currency: String,
    /// A paid hour.
    pub hour_cents: u32,
    /// A shift, whatever its length.
    pub shift_cents: u32,
    /// What some hours cost more.
    pub premiums: Vec<Premium>,
    /// The share of paid time in which nobody is there: leave, training, illness.
    pub shrinkage: f64,
}

/// Hours that cost more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Premium {
    /// On which weekdays, Monday 0.
    pub weekdays: Vec<i8>,
    /// From which minute of the day.
    pub from_mins: u32,
    /// Until which.
    pub until_mins: u32,
    /// How much more, in percent.
    pub percent: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    shifts: RawShifts,
    #[serde(default, rename = "break")]
    breaks: Vec<RawBreak>,
    #[serde(default)]
    limits: RawLimits,
    #[serde(default)]
    cost: RawCost,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawShifts {
    lengths: Vec<String>,
    first_start: String,
    last_end: String,
    every: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBreak {
    shifts_from: String,
    length: String,
    after_start: String,
    before_end: String,
    every: String,
    #[serde(default)]
    paid: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawLimits {
    min_present: u32,
    max_present: u32,
    rest: String,
    days_a_week: u32,
    hours_a_week: String,
}

impl Default for RawLimits {
    /// Eleven hours of rest and 48 hours a week are the bounds of the European directive on
    /// working time (2003/88/EC, articles 3 and 6).
    fn default() -> Self {
        Self {
            min_present: 1,
            max_present: 1000,
            rest: "11h".to_owned(),
            days_a_week: 6,
            hours_a_week: "48h".to_owned(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawCost {
    currency: String,
    hour: String,
    shift: String,
    shrinkage: String,
    premium: Vec<RawPremium>,
}

impl Default for RawCost {
    fn default() -> Self {
        Self {
            currency: "EUR".to_owned(),
            hour: "0".to_owned(),
            shift: "0".to_owned(),
            shrinkage: "0%".to_owned(),
            premium: Vec::new(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPremium {
    days: Vec<String>,
    #[serde(default = "midnight")]
    from: String,
    #[serde(default = "end_of_day")]
    until: String,
    percent: u32,
}

fn midnight() -> String {
    "00:00".to_owned()
}

fn end_of_day() -> String {
    "24:00".to_owned()
}

/// The most patterns of a day that are tried.
pub const PATTERNS_MAX: usize = 20_000;

impl Rules {
    /// Reads rules, for intervals of so many minutes.
    ///
    /// ```
    /// # use soglia_sim::staffing::rules::Rules;
    /// let rules = Rules::parse(r#"
    ///     [shifts]
    ///     lengths = ["4h", "8h"]
    ///     first_start = "07:00"
    ///     last_end = "20:00"
    ///     every = "30min"
    ///     [[break]]                # 30 minutes, from 3 to 5 hours after the start
    ///     shifts_from = "6h"
    ///     length = "30min"
    ///     after_start = "3h"
    ///     before_end = "2h30min"
    ///     every = "30min"
    /// "#, 15)?;
    /// // 19 shifts of four hours; 11 of eight, each with five places for its break.
    /// assert_eq!(rules.patterns.len(), 19 + 11 * 5);
    /// # Ok::<(), soglia_sim::staffing::StaffingError>(())
    /// ```
    pub fn parse(text: &str, interval_mins: u16) -> Result<Self, StaffingError> {
        let raw: Raw = toml::from_str(text).map_err(|problem| {
            bad("the file", format!("cannot be read: {}", problem.to_string().trim_end()))
        })?;
        let grid = u32::from(interval_mins);
        let patterns = patterns(&raw, grid)?;
        let limits = &raw.limits;
        let position = Position {
            rest_mins: span("limits.rest", &limits.rest, 1)?,
            days_a_week: limits.days_a_week.clamp(1, 7),
            mins_a_week: span("limits.hours_a_week", &limits.hours_a_week, 1)?,
        };
        if limits.max_present < limits.min_present {
            return Err(bad("limits.max_present", "is below `min_present`".to_owned()));
        }
        Ok(Self {
            patterns,
            present_min: limits.min_present,
            present_max: limits.max_present,
            position,
            cost: cost(&raw.cost)?,
        })
    }
}

fn bad(what: &str, problem: String) -> StaffingError {
    StaffingError::Rules { what: what.to_owned(), problem }
}

/// Minutes of a duration that is a whole number of steps.
fn span(what: &str, text: &str, grid: u32) -> Result<u32, StaffingError> {
    let found = || format!("must be whole minutes such as `30min` or `6h`, found `{text}`");
    let millis = Millis::parse(text).ok_or_else(|| bad(what, found()))?.get();
    let mins = u32::try_from(millis / 60_000).map_err(|_| bad(what, found()))?;
    if millis % 60_000 != 0 {
        return Err(bad(what, found()));
    }
    on_grid(what, mins, grid)
}

/// Minutes from midnight of a wall clock's time, up to 24:00 and beyond it up to 36:00.
fn clock(what: &str, text: &str, grid: u32) -> Result<u32, StaffingError> {
    let parts = text
        .split_once(':')
        .and_then(|(hour, minute)| Some((hour.parse::<u32>().ok()?, minute.parse::<u32>().ok()?)));
    let Some((hour, minute)) = parts.filter(|(hour, minute)| *hour <= 36 && *minute < 60) else {
        return Err(bad(what, format!("must be a time such as `07:30`, found `{text}`")));
    };
    on_grid(what, hour * 60 + minute, grid)
}

fn on_grid(what: &str, mins: u32, grid: u32) -> Result<u32, StaffingError> {
    if mins.is_multiple_of(grid) {
        return Ok(mins);
    }
    Err(bad(what, format!("must fall on intervals of {grid} minutes, found {mins} minutes")))
}

fn patterns(raw: &Raw, grid: u32) -> Result<Vec<Pattern>, StaffingError> {
    let first = clock("shifts.first_start", &raw.shifts.first_start, grid)?;
    let last = clock("shifts.last_end", &raw.shifts.last_end, grid)?;
    let every = span("shifts.every", &raw.shifts.every, grid)?.max(grid);
    let mut found = Vec::new();
    for length in &raw.shifts.lengths {
        let length = span("shifts.lengths", length, grid)?;
        if length == 0 {
            return Err(bad("shifts.lengths", "must not be 0".to_owned()));
        }
        let mut from = first;
        while from + length <= last {
            with_breaks(raw, (from, from + length), grid, &mut found)?;
            if PATTERNS_MAX < found.len() {
                let problem = format!("and `break` make more than {PATTERNS_MAX} patterns");
                return Err(bad("shifts", problem));
            }
            from += every;
        }
    }
    if found.is_empty() {
        let problem = "leaves no shift: all are longer than the time between `first_start` and \
                       `last_end`";
        return Err(bad("shifts.lengths", problem.to_owned()));
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Adds the shift with each place for its breaks.
fn with_breaks(
    raw: &Raw,
    (from, until): (u32, u32),
    grid: u32,
    found: &mut Vec<Pattern>,
) -> Result<(), StaffingError> {
    let mut partial: Vec<Vec<Pause>> = vec![Vec::new()];
    for rule in &raw.breaks {
        if until - from < span("break.shifts_from", &rule.shifts_from, 1)? {
            continue;
        }
        let length = span("break.length", &rule.length, grid)?;
        let earliest = from + span("break.after_start", &rule.after_start, grid)?;
        let before_end = span("break.before_end", &rule.before_end, grid)?;
        let every = span("break.every", &rule.every, grid)?.max(grid);
        let pay = if rule.paid { Pay::Paid } else { Pay::Unpaid };
        let places = (earliest..).step_by(every.try_into().unwrap_or(1));
        let places: Vec<Pause> = places
            .take_while(|at| at + length + before_end <= until)
            .map(|at| Pause { from_mins: at, until_mins: at + length, pay })
            .collect();
        if places.is_empty() {
            let problem = format!("of shifts of {} minutes has no place in them", until - from);
            return Err(bad("break", problem));
        }
        partial = partial
            .iter()
            .flat_map(|earlier| places.iter().map(move |place| (earlier, *place)))
            .filter(|(earlier, place)| earlier.iter().all(|b| b.until_mins < place.from_mins))
            .map(|(earlier, place)| earlier.iter().copied().chain([place]).collect())
            .collect();
    }
    found.extend(partial.into_iter().map(|breaks| Pattern {
        from_mins: from,
        until_mins: until,
        breaks,
    }));
    Ok(())
}

fn cost(raw: &RawCost) -> Result<Cost, StaffingError> {
    let premium = |raw: &RawPremium| -> Result<Premium, StaffingError> {
        let weekdays = raw.days.iter().map(|day| weekday(day)).collect::<Result<_, _>>()?;
        let from_mins = clock("cost.premium.from", &raw.from, 1)?;
        let until_mins = clock("cost.premium.until", &raw.until, 1)?;
        if until_mins <= from_mins {
            return Err(bad("cost.premium", "must end after it begins".to_owned()));
        }
        Ok(Premium { weekdays, from_mins, until_mins, percent: raw.percent })
    };
    let percent = raw.shrinkage.trim_end().strip_suffix('%').and_then(|n| n.trim().parse().ok());
    let shrinkage = percent.map(|percent: f64| percent / 100.0);
    Ok(Cost {
        currency: raw.currency.clone(),
        hour_cents: cents("cost.hour", &raw.hour)?,
        shift_cents: cents("cost.shift", &raw.shift)?,
        premiums: raw.premium.iter().map(premium).collect::<Result<_, _>>()?,
        shrinkage: shrinkage.filter(|share| (0.0..1.0).contains(share)).ok_or_else(|| {
            bad(
                "cost.shrinkage",
                format!("must be a share such as `30%`, found `{}`", raw.shrinkage),
            )
        })?,
    })
}

/// `18.50` to 1850.
fn cents(what: &str, text: &str) -> Result<u32, StaffingError> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let valid = !whole.is_empty() && digits(whole) && fraction.len() <= 2 && digits(fraction);
    let value = format!("{whole}{fraction:0<2}").parse().ok().filter(|_| valid);
    value.ok_or_else(|| bad(what, format!("must be an amount such as `18.50`, found `{text}`")))
}

fn weekday(text: &str) -> Result<i8, StaffingError> {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let at = days.iter().position(|day| *day == text);
    at.and_then(|at| i8::try_from(at).ok()).ok_or_else(|| {
        bad("cost.premium.days", format!("must be from `mon` to `sun`, found `{text}`"))
    })
}

impl Pattern {
    /// Says whether an operator on this shift is at work in a whole span of minutes.
    pub fn works(&self, from_mins: u32, until_mins: u32) -> bool {
        self.from_mins <= from_mins
            && until_mins <= self.until_mins
            && self.breaks.iter().all(|b| until_mins <= b.from_mins || b.until_mins <= from_mins)
    }

    /// Returns the spans at work, breaks left out, in minutes from midnight.
    pub fn spans(&self) -> Vec<(u32, u32)> {
        let mut spans = Vec::new();
        let mut from = self.from_mins;
        for pause in &self.breaks {
            spans.push((from, pause.from_mins));
            from = pause.until_mins;
        }
        spans.push((from, self.until_mins));
        spans.retain(|(from, until)| from < until);
        spans
    }

    /// Returns the paid minutes.
    pub fn paid_mins(&self) -> u32 {
        let unpaid = self.breaks.iter().filter(|pause| pause.pay == Pay::Unpaid);
        let unpaid: u32 = unpaid.map(|pause| pause.until_mins - pause.from_mins).sum();
        self.until_mins - self.from_mins - unpaid
    }

    fn is_paid(&self, minute: u32) -> bool {
        let unpaid =
            |b: &Pause| b.pay == Pay::Unpaid && b.from_mins <= minute && minute < b.until_mins;
        !self.breaks.iter().any(unpaid)
    }

    /// Returns its start on the wall clock.
    pub fn start(&self) -> Time {
        super::time_of(self.from_mins as usize)
    }

    /// Returns its end on the wall clock.
    pub fn end(&self) -> Time {
        super::time_of(self.until_mins as usize)
    }
}

impl Cost {
    /// Returns what a shift costs on a day, in hundredths of a cent so that premiums stay whole;
    /// where an hour costs nothing, paid minutes stand in for money.
    pub fn of(&self, pattern: &Pattern, date: Date) -> u64 {
        if self.hour_cents == 0 && self.shift_cents == 0 {
            return u64::from(pattern.paid_mins());
        }
        // Sixtieths of a cent times a hundred: whole for each minute and percent.
        let minutes = (pattern.from_mins..pattern.until_mins).filter(|m| pattern.is_paid(*m));
        let of_minute =
            |minute: u32| u64::from(self.hour_cents) * u64::from(100 + self.percent(date, minute));
        let hours: u64 = minutes.map(of_minute).sum();
        hours / 60 + u64::from(self.shift_cents) * 100
    }

    /// What a minute of a shift that began on a date costs more; premiums add up.
    fn percent(&self, date: Date, minute: u32) -> u32 {
        let date = if minute < 1440 { date } else { date.tomorrow().unwrap_or(date) };
        let weekday = date.weekday();
        let minute = minute % 1440;
        let holds = |premium: &&Premium| {
            let days =
                |day: &i8| Weekday::from_monday_zero_offset(*day).is_ok_and(|d| d == weekday);
            premium.weekdays.iter().any(days)
                && premium.from_mins <= minute
                && minute < premium.until_mins
        };
        self.premiums.iter().filter(holds).map(|premium| premium.percent).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const DAY: &str = r#"
        [shifts]
        lengths = ["8h"]
        first_start = "14:00"
        last_end = "22:00"
        every = "30min"
        [[break]]
        shifts_from = "6h"
        length = "30min"
        after_start = "4h"
        before_end = "3h30min"
        every = "30min"
        [cost]
        hour = "20.00"
        shift = "1.5"
        shrinkage = "25%"
        [[cost.premium]]
        days = ["mon", "sun"]
        from = "20:00"
        percent = 10
        [[cost.premium]]
        days = ["sun"]
        percent = 50
    "#;

    #[test]
    fn a_shift_costs_its_paid_hours_and_premiums() {
        let rules = Rules::parse(DAY, 15).expect("rules");
        let [shift] = &rules.patterns[..] else { panic!("{:?}", rules.patterns) };
        assert_eq!(shift.spans(), [(840, 1080), (1110, 1320)]);
        assert!(shift.works(1065, 1080) && !shift.works(1080, 1095) && !shift.works(825, 840));
        assert_eq!(shift.paid_mins(), 450);
        // Tuesday 7.5 h of 20 and 1.50; Monday 2 h with 10 % more; Sunday 50 % more besides.
        assert_eq!(rules.cost.of(shift, date(2024, 1, 9)), 15_150 * 100);
        assert_eq!(rules.cost.of(shift, date(2024, 1, 8)), (15_150 + 400) * 100);
        assert_eq!(rules.cost.of(shift, date(2024, 1, 7)), (15_150 + 400 + 7500) * 100);
        assert!((rules.cost.shrinkage - 0.25).abs() < 1e-12);
    }

    #[test]
    fn faults_are_named() {
        let fault = |from: &str, to: &str| {
            let error = Rules::parse(&DAY.replace(from, to), 15).expect_err("a fault");
            error.to_string().lines().next().unwrap_or_default().to_owned()
        };
        assert_eq!(
            fault("\"8h\"", "\"8h5min\""),
            "`shifts.lengths` must fall on intervals of 15 minutes, found 485 minutes",
        );
        assert_eq!(
            fault("\"8h\"", "\"9h\""),
            "`shifts.lengths` leaves no shift: all are longer than the time between \
             `first_start` and `last_end`",
        );
        assert_eq!(
            fault("after_start = \"4h\"", "after_start = \"5h\""),
            "`break` of shifts of 480 minutes has no place in them",
        );
        assert_eq!(
            fault("20.00", "20,00"),
            "`cost.hour` must be an amount such as `18.50`, found `20,00`"
        );
        assert_eq!(
            fault("\"14:00\"", "\"2 pm\""),
            "`shifts.first_start` must be a time such as `07:30`, found `2 pm`"
        );
        assert_eq!(
            fault("\"mon\"", "\"lun\""),
            "`cost.premium.days` must be from `mon` to `sun`, found `lun`",
        );
        assert!(fault("shifts_from", "shift_from").starts_with("`the file` cannot be read"));
    }
}
