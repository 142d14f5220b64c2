//! A scenario done to a week. Read [`Scenario::apply`] first.
//!
//! Every change works by numbers that belong to the call (*common random numbers*): the same
//! callers move, call more often or are content with the IVR in each scenario that asks for as
//! many.

use soglia_domain::text::nearest;

use super::staff::{When, without};
use super::{Calls, Change, Move, Scenario};
use crate::centre::{CentreError, Operator, Span};
use crate::learn::history::{DAY_US, QUARTER_US, TypeInfo};
use crate::learn::model::Learned;
use crate::num;
use crate::random::Purpose;
use crate::table::Call;
use crate::week::{Mark, Staff, Week};

/// What a scenario asks for and the present does not have.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum ApplyError {
    /// A name that is not there.
    #[error("there is no {what} `{name}`")]
    Unknown {
        /// Of what kind.
        what: &'static str,
        /// The name.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// No calls fit.
    #[error("no calls fit `{of}`")]
    NoCalls {
        /// What was asked for.
        of: String,
        /// The types of calls there are.
        known: Vec<String>,
    },
    /// A group that is there already is said to be a new one.
    #[error("group of operators `{group}` is there already and does not serve queue `{queue}`")]
    Serves {
        /// The group.
        group: String,
        /// The queue.
        queue: String,
    },
    /// The change makes a centre that cannot be.
    #[error("the scenario makes a centre that cannot be simulated")]
    Centre(#[from] CentreError),
}

impl ApplyError {
    /// Returns what to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { name, known, .. } => {
                let near = nearest(name, known.iter().map(String::as_str));
                let near = near.map(|near| format!("did you mean `{near}`?"));
                near.or_else(|| Some(format!("there are: {}", known.join(", "))))
            }
            Self::NoCalls { known, .. } => Some(format!(
                "queue, topic and class of the calls there are (rare ones are taken together): {}",
                known.join("; ")
            )),
            Self::Serves { .. } => Some(
                "`serves` is for new groups: `[[cross_training]]` or `[[preference]]` teach those \
                 there are"
                    .to_owned(),
            ),
            Self::Centre(_) => None,
        }
    }
}

/// Labels of numbers that decide on additional calls.
const TWIN: u64 = 0x5457_494E;

impl Scenario {
    /// Returns the week as it would be; `variant` chooses among the shares of callers that move.
    pub fn apply(
        &self,
        base: &Week,
        learned: &Learned,
        variant: usize,
    ) -> Result<Week, ApplyError> {
        let mut week = base.clone();
        for change in &self.changes {
            week.change(change, learned, variant)?;
        }
        Ok(week)
    }
}

impl Week {
    fn change(
        &mut self,
        change: &Change,
        learned: &Learned,
        variant: usize,
    ) -> Result<(), ApplyError> {
        match change {
            Change::Demand { of, times } => self.demand(&self.fitting(of)?, *times),
            Change::Handling { of, system, times, wrap_us, rang_us } => {
                let systems = &learned.history.systems;
                let system = system.as_ref().map(|name| position("booking system", name, systems));
                let longer = Longer {
                    system: system.transpose()?,
                    times: *times,
                    wrap_us: *wrap_us,
                    rang_us: *rang_us,
                };
                self.handling(&self.fitting(of)?, longer);
            }
            Change::Contain { of, share } => {
                let fitting = self.fitting(of)?;
                for (kind, _) in self.centre.types.iter_mut().zip(&fitting).filter(|(_, f)| **f) {
                    kind.contained = 1.0 - (1.0 - kind.contained) * (1.0 - share);
                }
            }
            Change::Queue(change) => self.queue(change)?,
            Change::Hours { queues, weekly, moves } => {
                let open = |week: &Self| -> Vec<Vec<Span>> {
                    (0..week.centre.groups.len()).map(|group| week.open_for(group)).collect()
                };
                let before = open(self);
                self.hours(queues, weekly, learned)?;
                for (group, (before, after)) in before.iter().zip(open(self)).enumerate() {
                    self.go_home(group, &without(before, &after));
                }
                for m in moves {
                    self.moved(queues, m, variant);
                }
            }
            Change::Operators { group, days, between, staff, serves } => {
                let group = self.group_or_new(group, serves)?;
                let when = When::new(*days, *between, &self.open_for(group));
                self.operators_change(group, &when, *staff);
            }
            Change::CrossTrain { group, n, learn } => self.cross_train(group, *n, learn)?,
            Change::CallBack { of, after_us, share, reached } => {
                let fitting = self.fitting(of)?;
                self.call_back(&fitting, *after_us, *share, *reached);
            }
            Change::Prefer { queue, group, tier } => self.prefer(queue, group, *tier)?,
        }
        Ok(())
    }

    /// Which types fit; at least one must.
    pub(super) fn fitting(&self, of: &Calls) -> Result<Vec<bool>, ApplyError> {
        let fitting: Vec<bool> = self.types.iter().map(|kind| of.fit(kind)).collect();
        if fitting.contains(&true) {
            return Ok(fitting);
        }
        let known = self.types.iter().map(TypeInfo::name).collect();
        Err(ApplyError::NoCalls { of: of.to_string(), known })
    }

    fn demand(&mut self, fitting: &[bool], times: f64) {
        let fits = |call: &Call| fitting.get(usize::from(call.kind)).copied().unwrap_or(false);
        if times < 1.0 {
            self.table = self.table.thinned(|call| if fits(call) { times } else { 1.0 });
            return;
        }
        let mut more = Vec::new();
        for call in self.table.calls.iter().filter(|call| fits(call)) {
            let own = self.table.key_of(call.root).split(TWIN);
            let whole = num::floor_usize(times - 1.0);
            let rest = times - 1.0 - whole as f64;
            let n = whole + usize::from(own.uniform(Purpose::Thin, 0) < rest);
            for twin in 0..n {
                // Somewhere in the same quarter of an hour, with the needs of the call it copies.
                let u = own.uniform(Purpose::Move, u8::try_from(twin).unwrap_or(u8::MAX));
                let quarter_us = call.at_us.div_euclid(QUARTER_US) * QUARTER_US;
                let at_us = quarter_us + num::round_i64(u * (QUARTER_US - 1) as f64);
                let root = num::id(self.marks.len());
                let mark = self.mark(call).unwrap_or(Mark { rang_us: 0, system: None });
                self.marks.push(mark);
                more.push(Call { at_us, root, ..*call });
            }
        }
        self.table.calls.extend(more);
        self.table.calls.sort_by_key(|call| call.at_us);
    }

    fn handling(&mut self, fitting: &[bool], longer: Longer) {
        let systems: Vec<Option<Mark>> =
            self.table.calls.iter().map(|call| self.mark(call)).collect();
        let fits = |call: &Call, mark: Option<Mark>| {
            let of_type = fitting.get(usize::from(call.kind)).copied().unwrap_or(false);
            let of_system = longer
                .system
                .is_none_or(|system| mark.is_some_and(|mark| mark.system == Some(system)));
            (of_type && of_system).then(|| mark.map_or(0, |mark| mark.rang_us))
        };
        let mut marks = self.marks.clone();
        for (call, mark) in self.table.calls.iter_mut().zip(systems) {
            if let Some(rang_us) = fits(call, mark) {
                longer.stretch(call, rang_us);
                let at = usize::try_from(call.root).ok();
                if let Some(mark) = at.and_then(|at| marks.get_mut(at)) {
                    mark.rang_us = (mark.rang_us + longer.rang_us).max(0);
                }
            }
        }
        let before = self.clone();
        self.known = self.known.mapped(|call| {
            if let Some(rang_us) = fits(call, before.mark(call)) {
                longer.stretch(call, rang_us);
            }
        });
        self.marks = marks;
    }

    fn moved(&mut self, queues: &[String], how: &Move, variant: usize) {
        let share = how.share(variant).unwrap_or(0.0);
        let key = self.table.key;
        let types = &self.centre.types;
        let names = &self.centre.queues;
        let affected = |call: &Call| {
            let queue = types.get(usize::from(call.kind)).and_then(|k| names.get(k.queue));
            queues.is_empty() || queue.is_some_and(|queue| queues.contains(&queue.name))
        };
        self.table = self.table.mapped(|call| {
            let day_us = call.at_us.div_euclid(DAY_US) * DAY_US;
            let within = call.at_us - day_us;
            let u = key.split(u64::from(call.root)).uniform(Purpose::Move, 0);
            if how.from.holds(within) && affected(call) && u < share {
                let place = (within - how.from.from_us) as f64 / how.from.length_us() as f64;
                call.at_us =
                    day_us + how.to.from_us + num::round_i64(place * how.to.length_us() as f64);
            }
        });
    }

    /// Adds operators with their hours, which makes the staff exact.
    #[must_use]
    pub fn with_operators(mut self, operators: Vec<Operator>) -> Self {
        self.staff = Staff::Exact(operators);
        self
    }
}

/// Handling as a scenario changes it.
#[derive(Clone, Copy, Debug)]
struct Longer {
    system: Option<usize>,
    times: f64,
    wrap_us: i64,
    rang_us: i64,
}

impl Longer {
    fn stretch(self, call: &mut Call, rang_us: i64) {
        let talk_us = (call.talk_us - rang_us).max(0) as f64;
        let rings_us = (rang_us + self.rang_us).max(0);
        call.talk_us = rings_us + num::round_i64(talk_us * self.times);
        call.wrap_us = (call.wrap_us + self.wrap_us).max(0);
    }
}

/// The place of a name among those known.
pub(super) fn position(
    what: &'static str,
    name: &str,
    known: &[String],
) -> Result<usize, ApplyError> {
    known.iter().position(|one| one == name).ok_or_else(|| ApplyError::Unknown {
        what,
        name: name.to_owned(),
        known: known.to_vec(),
    })
}
