//! How long handling takes, by type and booking system. Read [`HandlingTable::of`] first.
//!
//! Where enough calls were seen their own durations are drawn again (*empirical*): no family of
//! curves fits two booking systems at once. Where they are few a log-normal curve is fitted, its
//! mean drawn towards that of the type by a weight that grows with the number of calls.

use super::history::{History, HistoryEnd};
use crate::distribution::{Distribution, SECOND_US, Sample};
use crate::num;

/// Calls from which their own durations are drawn.
pub const EMPIRICAL_MIN: usize = 200;
/// Calls at which a cell's own mean weighs as much as its type's.
pub const HALF_WEIGHT: f64 = 50.0;

/// How long handling takes for calls of a type that used a booking system.
#[derive(Clone, PartialEq, Debug)]
pub struct Handling {
    /// The type; nothing for all types.
    pub kind: Option<usize>,
    /// The booking system; nothing for all.
    pub system: Option<usize>,
    /// Calls answered.
    pub n: usize,
    /// Of the type's calls, the share that used this system.
    pub share: f64,
    /// Conversation and hold.
    pub talk: Distribution,
    /// Mean conversation in seconds, as seen.
    pub talk_mean_secs: f64,
    /// Standard deviation over mean, as seen.
    pub talk_cv: f64,
    /// Whether the durations are drawn again or a curve was fitted.
    pub fit: Fit,
}

/// How a distribution was made.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Fit {
    /// The durations themselves.
    Empirical,
    /// A log-normal curve.
    LogNormal {
        /// The weight of the cell's own mean against its type's.
        own_weight: f64,
    },
}

/// Handling times of a history.
#[derive(Clone, PartialEq, Debug)]
pub struct HandlingTable {
    /// By type.
    pub types: Vec<Handling>,
    /// By type and booking system, where calls have one.
    pub systems: Vec<Handling>,
    /// After-call work of all; nothing where no platform says it.
    pub wrap: Option<Distribution>,
}

impl HandlingTable {
    /// Learns from the calls that were answered.
    pub fn of(history: &History) -> Self {
        let mut talks: Vec<Vec<(Option<usize>, i64)>> = vec![Vec::new(); history.types.len()];
        let mut wraps = Vec::new();
        for call in &history.calls {
            let HistoryEnd::Answered { talk_us, wrap_us } = call.end else { continue };
            if let Some(talks) = talks.get_mut(call.kind) {
                talks.push((call.system, talk_us.max(0)));
            }
            wraps.extend(wrap_us);
        }
        let every: Vec<i64> = talks.iter().flatten().map(|(_, us)| *us).collect();
        let all = cell((None, None), &every, every.len(), None);
        let mut types = Vec::new();
        let mut systems = Vec::new();
        for (kind, talks) in talks.iter().enumerate() {
            let of_type: Vec<i64> = talks.iter().map(|(_, us)| *us).collect();
            let whole = cell((Some(kind), None), &of_type, of_type.len(), Some(&all));
            for system in 0..history.systems.len() {
                let own: Vec<i64> =
                    talks.iter().filter(|(s, _)| *s == Some(system)).map(|(_, us)| *us).collect();
                if !own.is_empty() {
                    let of = (Some(kind), Some(system));
                    systems.push(cell(of, &own, of_type.len(), Some(&whole)));
                }
            }
            types.push(whole);
        }
        Self { types, systems, wrap: Sample::new(wraps).map(Distribution::Sample) }
    }

    /// Returns the systems of a type with their shares, in the history's order.
    pub fn systems_of(&self, kind: usize) -> impl Iterator<Item = &Handling> {
        self.systems.iter().filter(move |cell| cell.kind == Some(kind))
    }

    /// Returns the conversations of a type; of a type nobody answered, a minute's guess.
    pub fn talk(&self, kind: usize) -> Distribution {
        self.types
            .get(kind)
            .map_or(Distribution::LogNormal { mean_secs: 60.0, cv: 0.8 }, |cell| cell.talk.clone())
    }

    /// Returns after-call work, none where it is not recorded.
    pub fn wrap(&self) -> Distribution {
        self.wrap.clone().unwrap_or(Distribution::Constant { secs: 0.0 })
    }
}

/// One cell, drawn towards the next larger one where it is small.
fn cell(
    (kind, system): (Option<usize>, Option<usize>),
    talks_us: &[i64],
    n_of_type: usize,
    larger: Option<&Handling>,
) -> Handling {
    let secs: Vec<f64> = talks_us.iter().map(|us| *us as f64 / SECOND_US as f64).collect();
    let (mean, spread) = if secs.is_empty() { (0.0, 0.0) } else { num::mean_and_spread(&secs) };
    let cv = if 0.0 < mean && 1 < secs.len() { spread / mean } else { 0.0 };
    let n = secs.len();
    let sample = if EMPIRICAL_MIN <= n { Sample::new(talks_us.to_vec()) } else { None };
    let (talk, fit) = if let Some(sample) = sample {
        (Distribution::Sample(sample), Fit::Empirical)
    } else {
        let own_weight = if larger.is_some() { n as f64 / (n as f64 + HALF_WEIGHT) } else { 1.0 };
        let (wide_mean, wide_cv) =
            larger.map_or((mean, cv), |wide| (wide.talk_mean_secs, wide.talk_cv));
        let towards = |own: f64, wide: f64| own_weight * own + (1.0 - own_weight) * wide;
        let (mean_secs, cv) = (towards(mean, wide_mean), towards(cv, wide_cv));
        (Distribution::LogNormal { mean_secs, cv }, Fit::LogNormal { own_weight })
    };
    let share = n as f64 / n_of_type.max(1) as f64;
    Handling { kind, system, n, share, talk, talk_mean_secs: mean, talk_cv: cv, fit }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::history::HistoryCall;

    #[test]
    fn few_calls_lean_on_their_type() {
        let call = |topic: &str, system: &str, secs: i64| HistoryCall {
            at_us: 0,
            queue: Some("q".to_owned()),
            topic: Some(topic.to_owned()),
            class: None,
            system: Some(system.to_owned()),
            group: None,
            caller: None,
            wait_us: 0,
            rang_us: 0,
            end: HistoryEnd::Answered { talk_us: secs * SECOND_US, wrap_us: Some(SECOND_US) },
        };
        let mut calls = vec![call("book", "new", 100); 300];
        calls.extend(vec![call("book", "old", 200); 50]);
        let history = History::new(&calls, 1).expect("calls");
        let table = HandlingTable::of(&history);
        let all = &table.types[0];
        assert_eq!((all.n, all.fit), (350, Fit::Empirical));
        assert!((all.talk_mean_secs - 40_000.0 / 350.0).abs() < 1e-9);
        let [new, old] = &table.systems[..] else { panic!("two systems") };
        assert_eq!((new.fit, new.n), (Fit::Empirical, 300));
        assert_eq!(old.fit, Fit::LogNormal { own_weight: 0.5 });
        let mean = f64::midpoint(200.0, all.talk_mean_secs);
        assert!((old.talk.mean_secs().expect("a mean") - mean).abs() < 1e-9);
        assert!((old.share - 50.0 / 350.0).abs() < 1e-12);
        assert_eq!(table.wrap().mean_secs(), Some(1.0));
    }
}
