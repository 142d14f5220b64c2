//! Operators needed in each interval. Read [`erlang`] first.

use super::{StaffingError, Work};
use crate::erlang::{Load, Requirement, required_erlang_a, required_erlang_c};

/// Operators by day and interval of the day.
pub type Levels = Vec<Vec<u32>>;

/// Computes for each open interval the fewest operators that meet a requirement if the interval
/// went on for ever: Erlang A, or Erlang C where nobody gives up. At least `present_min` are asked
/// for while the service is open.
///
/// It knows nothing of what the interval before leaves behind, of breaks, or of days that are
/// busier than expected: a start, not an answer.
pub fn erlang(
    work: &Work,
    handling_secs: f64,
    patience_secs: Option<f64>,
    requirement: &Requirement,
    present_min: u32,
) -> Result<Levels, StaffingError> {
    let an_hour = 60.0 / f64::from(work.interval_mins);
    let level = |calls: Option<f64>| -> Result<u32, StaffingError> {
        let Some(calls) = calls else { return Ok(0) };
        let load = Load::new(calls * an_hour, handling_secs)?;
        let operators = match patience_secs {
            Some(patience_secs) => required_erlang_a(load, patience_secs, requirement)?,
            None => required_erlang_c(load, requirement)?,
        };
        Ok(operators.max(present_min))
    };
    work.days.iter().map(|day| day.calls.iter().map(|calls| level(*calls)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::staffing::WorkDay;

    #[test]
    fn each_interval_is_staffed_for_itself() {
        let mut calls = vec![None; 96];
        calls[32] = Some(150.0);
        calls[33] = Some(0.0);
        let days = vec![WorkDay { date: jiff::civil::date(2024, 1, 8), calls }];
        let work = Work { interval_mins: 15, days };
        let requirement = Requirement::of_offered(0.8, 20.0);
        // 600 calls an hour, 240 s: 46 without patience, 41 with two minutes of it.
        let with = erlang(&work, 240.0, Some(120.0), &requirement, 2).expect("a need");
        let without = erlang(&work, 240.0, None, &requirement, 0).expect("a need");
        assert_eq!((with[0][32], with[0][33], with[0][34]), (41, 2, 0));
        assert_eq!((without[0][32], without[0][33]), (46, 0));
    }
}
