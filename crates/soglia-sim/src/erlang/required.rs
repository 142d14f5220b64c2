//! How many operators are needed. Read [`Requirement`] first.

use super::{
    InputError, Load, OPERATORS_MAX, ServiceLevelKind, Steady, blocking, check_limit,
    check_patience, erlang_a, erlang_c, priority, priority_with_patience,
};
use crate::num;

/// What is asked of the operators.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Requirement {
    /// The share to reach, e.g. 0.8.
    pub level: f64,
    /// Within how many seconds.
    pub limit_secs: f64,
    /// Of which calls.
    pub kind: ServiceLevelKind,
    /// The most that operators may be busy, e.g. 0.85; 1 for no limit.
    pub occupancy_max: f64,
    /// The share of calls that may give up, e.g. 0.05; 1 for no limit.
    pub abandoned_max: f64,
}

impl Requirement {
    /// A share of the calls offered answered within a limit, whatever the occupancy.
    pub const fn of_offered(level: f64, limit_secs: f64) -> Self {
        let kind = ServiceLevelKind::OfOffered;
        Self { level, limit_secs, kind, occupancy_max: 1.0, abandoned_max: 1.0 }
    }

    fn check(&self) -> Result<(), InputError> {
        check_limit(self.limit_secs)?;
        if !(0.0..1.0).contains(&self.level) {
            return Err(InputError::Share(self.level));
        }
        check_occupancy(self.occupancy_max)?;
        if !(0.0 < self.abandoned_max && self.abandoned_max <= 1.0) {
            return Err(InputError::Abandoned(self.abandoned_max));
        }
        Ok(())
    }
}

fn check_occupancy(share: f64) -> Result<(), InputError> {
    if 0.0 < share && share <= 1.0 { Ok(()) } else { Err(InputError::Occupancy(share)) }
}

/// Returns the fewest operators that block at most `blocked_max` of the calls (Erlang B).
pub fn required_erlang_b(load: Load, blocked_max: f64) -> Result<u32, InputError> {
    if !(0.0 < blocked_max && blocked_max < 1.0) {
        return Err(InputError::Blocked(blocked_max));
    }
    fewest(0, |operators| Ok(blocking(load.erlangs(), operators) <= blocked_max))
}

/// Returns the fewest operators that meet a requirement if everybody waits (Erlang C).
pub fn required_erlang_c(load: Load, requirement: &Requirement) -> Result<u32, InputError> {
    requirement.check()?;
    if load.erlangs() <= 0.0 {
        return Ok(0);
    }
    fewest(1, |operators| {
        Ok(match erlang_c(load, operators, requirement.limit_secs)? {
            Steady::Stable(value) => {
                requirement.level <= value.levels.of(requirement.kind)
                    && value.occupancy <= requirement.occupancy_max
            }
            Steady::Unstable { .. } => false,
        })
    })
}

/// Returns the fewest operators that meet a requirement if callers give up (Erlang A).
pub fn required_erlang_a(
    load: Load,
    patience_secs: f64,
    requirement: &Requirement,
) -> Result<u32, InputError> {
    requirement.check()?;
    check_patience(load, patience_secs)?;
    if load.erlangs() <= 0.0 {
        return Ok(0);
    }
    fewest(1, |operators| {
        let value = erlang_a(load, operators, patience_secs, requirement.limit_secs)?;
        Ok(requirement.level <= value.levels.of(requirement.kind)
            && value.occupancy <= requirement.occupancy_max
            && value.abandoned <= requirement.abandoned_max)
    })
}

/// Returns the fewest operators with whom each class, highest first, has its share in time if
/// everybody waits ([`priority`]), and who are busy for at most a share of their time; nothing is
/// asked for a class whose share is 0.
///
/// The levels hold for more operators too, so the answer is the first that meets them all.
pub fn required_priority(
    calls_per_hour: &[f64],
    handling_secs: f64,
    levels: &[f64],
    limit_secs: f64,
    occupancy_max: f64,
) -> Result<u32, InputError> {
    if let Some(level) = levels.iter().find(|level| !(0.0..1.0).contains(*level)) {
        return Err(InputError::Share(*level));
    }
    check_occupancy(occupancy_max)?;
    let erlangs = Load::new(calls_per_hour.iter().sum(), handling_secs)?.erlangs();
    fewest(1, |operators| {
        if occupancy_max < erlangs / f64::from(operators) {
            return Ok(false);
        }
        Ok(match priority(calls_per_hour, handling_secs, operators, limit_secs)? {
            Steady::Stable(classes) => {
                classes.iter().zip(levels).all(|(class, level)| *level <= class.within)
            }
            Steady::Unstable { .. } => false,
        })
    })
}

/// Returns the fewest operators with whom the highest class has its share of offered calls in time
/// and at most a share of every class gives up ([`priority_with_patience`]).
pub fn required_priority_with_patience(
    calls_per_hour: &[f64],
    handling_secs: f64,
    patience_secs: f64,
    requirement: &Requirement,
) -> Result<u32, InputError> {
    requirement.check()?;
    fewest(1, |operators| {
        let limit_secs = requirement.limit_secs;
        let classes = priority_with_patience(
            calls_per_hour,
            handling_secs,
            operators,
            patience_secs,
            limit_secs,
        )?;
        let highest = classes.first().and_then(|class| class.highest);
        Ok(highest.is_none_or(|highest| {
            requirement.level <= highest.levels.of(requirement.kind)
                && highest.occupancy <= requirement.occupancy_max
        }) && classes.iter().all(|class| class.abandoned <= requirement.abandoned_max))
    })
}

/// Returns the people to employ so that `operators` are present when a share is absent
/// (*shrinkage*: leave, training, breaks): 14 operators at 30 % are 20 positions.
pub fn positions(operators: u32, shrinkage: f64) -> Result<u32, InputError> {
    if !(0.0..1.0).contains(&shrinkage) {
        return Err(InputError::Share(shrinkage));
    }
    // A whole number of people divided by a decimal share may miss the whole number by a rounding.
    Ok(num::ceil_u32(f64::from(operators) / (1.0 - shrinkage) - 1e-9))
}

/// The least number for which `enough` holds; once it holds it goes on holding.
fn fewest(from: u32, enough: impl Fn(u32) -> Result<bool, InputError>) -> Result<u32, InputError> {
    let mut too_few = None;
    let mut candidate = from;
    while !enough(candidate)? {
        if OPERATORS_MAX <= candidate {
            return Err(InputError::NeverEnough);
        }
        too_few = Some(candidate);
        candidate = (candidate.max(1) * 2).min(OPERATORS_MAX);
    }
    let mut high = candidate;
    let mut low = too_few.map_or(from, |few| few + 1);
    while low < high {
        let middle = low.midpoint(high);
        if enough(middle)? {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(high)
}
