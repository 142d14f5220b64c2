//! What a change would do to the contract's own figures. Read [`answer`] first.
//!
//! Every scenario meets the same weeks, the same calls and the same luck as the present, so that a
//! difference is a difference of rules. What was not seen of recorded calls is drawn several times
//! (*imputations*), each time with patience estimated from another resample of the waits: how much
//! the answers differ says how sure they are.

mod summary;

use soglia_domain::text::Text;
use soglia_domain::verdict::{Compare, Target};

use crate::indicator::{CallRule, Caveat, Counts, Fate};
use crate::learn::history::QUARTER_US;
use crate::learn::model::Learned;
use crate::learn::patience_by_type::PatienceTable;
use crate::random::Key;
use crate::replicate::{Estimate, Precision, replicate};
use crate::scenario::{ApplyError, Scenario};
use crate::week::{Week, observed};

/// Quarters of an hour in a week.
const QUARTERS_OF_WEEK: usize = 672;
/// Quarters of an hour in a day.
const QUARTERS_OF_DAY: usize = 96;
/// Resamples of the waits from which patience is estimated; further imputations use them again.
pub const RESAMPLES: u32 = 8;
/// Label of the resamples' numbers.
const RESAMPLE: u64 = 0x5245_5341;
/// Label of drawn weeks.
const DRAWN: u64 = 0x4452_4157;

/// An indicator of the contract that the simulator can count.
#[derive(Clone, PartialEq, Debug)]
pub struct Indicator {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: Text,
    /// Its rule.
    pub rule: CallRule,
    /// What it is to reach.
    pub target: Target,
    /// What is compared with the target.
    pub compare: Compare,
    /// Weeks of the period for which it is reported.
    pub weeks: u32,
}

/// Which weeks are played.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// Those that were recorded, with the calls that came.
    Recorded,
    /// Weeks drawn from what was learned, with the hours and operators of the recorded ones.
    Drawn,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What was learned.
    pub learned: &'a Learned,
    /// Mondays of the weeks.
    pub mondays: &'a [i64],
    /// What the present is like beyond what the events show.
    pub base: &'a Scenario,
    /// The changes to try.
    pub scenarios: &'a [Scenario],
    /// What the contract promises.
    pub indicators: &'a [Indicator],
    /// Which weeks are played.
    pub source: Source,
    /// How sure the difference of each indicator is to be; replications are weeks.
    pub precision: Precision,
    /// What everything random follows from.
    pub seed: u64,
    /// Threads; they change nothing but the time it takes.
    pub threads: usize,
}

/// What was found.
#[derive(Clone, PartialEq, Debug)]
pub struct Answers {
    /// The present as it was observed in the weeks of history.
    pub observed: Vec<Counts>,
    /// The present as it is simulated.
    pub base: Figures,
    /// Each scenario, each of its variants.
    pub scenarios: Vec<Answer>,
    /// Weeks played, imputations included.
    pub n_weeks: u32,
    /// Weeks of history played; for drawn weeks those whose hours and operators were used.
    pub n_mondays: u32,
    /// Weeks that the precision asked for needs, if those played were not enough and it can be
    /// told.
    pub weeks_needed: Option<u32>,
    /// Whether drawn weeks are like those observed; nothing for recorded ones.
    pub likeness: Option<Likeness>,
    /// What indicators look at and the simulator does not, by indicator.
    pub caveats: Vec<(String, Caveat)>,
}

impl Answers {
    /// Says whether the weeks played are like those observed, as far as that is not the replay's to
    /// say: recorded weeks are those observed.
    pub fn like_observed(&self) -> bool {
        self.likeness.is_none_or(Likeness::holds)
    }
}

/// How many weeks and days that were observed lie where 95 of 100 drawn ones do, by the first
/// indicator; days by their weekday.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Likeness {
    /// Weeks inside.
    pub weeks: u32,
    /// Of so many.
    pub of_weeks: u32,
    /// Days inside.
    pub days: u32,
    /// Of so many that had calls enough to judge.
    pub of_days: u32,
}

impl Likeness {
    /// Says whether at most one of ten weeks, and of ten days, lies outside; a share of a week or
    /// of a day is rounded.
    pub fn holds(self) -> bool {
        let few = |inside: u32, of: u32| of - inside.min(of) <= (of + 5) / 10;
        few(self.weeks, self.of_weeks) && few(self.days, self.of_days) && 0 < self.of_weeks
    }
}

/// What one scenario would do.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: Text,
    /// The share of callers that moves, where some could.
    pub moved: Option<f64>,
    /// Its figures.
    pub figures: Figures,
    /// For each indicator: the difference from the present.
    pub differences: Vec<Difference>,
}

/// An indicator's difference from the present.
#[derive(Clone, PartialEq, Debug)]
pub struct Difference {
    /// Of the whole; nothing where there is nothing to count on one side.
    pub total: Option<Estimate>,
    /// Of the whole, had each topic the share of the calls that it has now; topics that have none
    /// any more left out.
    pub fixed_mix: Option<f64>,
    /// Whether the whole moves one way and the topics the other, because the mix changes (Simpson's
    /// paradox).
    pub mix_misleads: bool,
    /// By topic, in the order of [`Figures::topics`]; nothing where there is nothing to count on
    /// one side.
    pub topics: Vec<Option<Estimate>>,
}

/// Figures of the present or of a scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct Figures {
    /// Each indicator.
    pub indicators: Vec<IndicatorFigure>,
    /// By topic.
    pub topics: Vec<TopicFigure>,
    /// The quarter of an hour of the week in which the first indicator is worst: its number from
    /// Monday, and its share. Only quarters with [`WORST_CALLS`] calls a week or more.
    pub worst_quarter: Option<(usize, f64)>,
    /// Calls that joined a queue, a week.
    pub offered_per_week: f64,
    /// Of those, further attempts of callers who were not served.
    pub redials_per_week: f64,
    /// Calls that the IVR contained, a week.
    pub contained_per_week: f64,
    /// Callers who asked to be called back, a week.
    pub call_backs_per_week: f64,
    /// Share of the calls offered that gave up.
    pub abandoned: Option<f64>,
    /// Mean wait of those answered, in seconds.
    pub wait_secs: Option<f64>,
    /// Share of their time that operators are busy.
    pub occupancy: Option<f64>,
    /// Hours of operators a week, what they stay longer included.
    pub operator_hours: f64,
}

/// Calls a week from which a quarter of an hour counts as the worst.
pub const WORST_CALLS: f64 = 5.0;

/// An indicator's figure.
#[derive(Clone, PartialEq, Debug)]
pub struct IndicatorFigure {
    /// The share, with its interval; nothing where there was nothing to count.
    pub estimate: Option<Estimate>,
    /// Over all weeks played.
    pub counts: Counts,
    /// Whether all weeks together meet the target.
    pub met: Option<bool>,
    /// The probability that a whole period of such weeks meets it.
    pub p_met: Option<f64>,
}

/// A topic's figures.
#[derive(Clone, PartialEq, Debug)]
pub struct TopicFigure {
    /// The first type with the topic.
    pub kind: usize,
    /// For each indicator.
    pub counts: Vec<Counts>,
}

/// What became of one week, as far as it is told.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Played {
    /// By indicator, then by topic (the number of its first type).
    indicators: Vec<Vec<Counts>>,
    /// The first indicator by quarter of an hour.
    quarters: Vec<Counts>,
    offered: u64,
    answered: u64,
    abandoned: u64,
    redials: u64,
    contained: u64,
    call_backs: u64,
    wait_us: i64,
    busy_us: i64,
    present_us: i64,
}

/// The present played beforehand, so that a question about it plays its changes only.
///
/// It belongs to the question it was made from: the same weeks, base, indicators, source and seed.
/// Only the scenarios may be others.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    tables: Vec<PatienceTable>,
    weeks: Vec<(Week, Played)>,
}

/// Plays the first `n` weeks of a question as they are; its scenarios are not looked at.
pub fn rehearse(question: &Question<'_>, n: u32) -> Result<Rehearsal, ApplyError> {
    let mut rehearsal = Rehearsal { tables: question.patience_tables(), weeks: Vec::new() };
    let job = |n: u32| question.present(n, &rehearsal.tables);
    let weeks = replicate(0, n, question.threads, job);
    rehearsal.weeks = weeks.into_iter().collect::<Result<_, _>>()?;
    Ok(rehearsal)
}

/// Plays the weeks as they are and under each scenario, until the answer is sure enough.
///
/// `progress` is told after each batch how many weeks have been played and how wide the widest
/// interval is.
pub fn answer(
    question: &Question<'_>,
    progress: &mut dyn FnMut(u32, f64),
) -> Result<Answers, ApplyError> {
    answer_after(&rehearse(question, 0)?, question, progress)
}

/// The same after a rehearsal: the same bits, sooner.
pub fn answer_after(
    rehearsal: &Rehearsal,
    question: &Question<'_>,
    progress: &mut dyn FnMut(u32, f64),
) -> Result<Answers, ApplyError> {
    let n_mondays = crate::num::id(question.mondays.len()).max(1);
    // Whether a scenario can be is seen before anything is played.
    for (scenario, variant) in variants(question.scenarios) {
        let base = question.week(0, &question.learned.patience)?;
        scenario.apply(&base, question.learned, variant)?.run()?;
    }
    let mut played: Vec<Vec<Played>> = Vec::new();
    // Whole imputations, which have every week once: two at least, or nothing is known of how much
    // they differ.
    let batch = question.precision.n_batch.max(2 * n_mondays).div_ceil(n_mondays) * n_mondays;
    let most = question.weeks_most();
    loop {
        let first = crate::num::id(played.len());
        let job = |n: u32| question.play(n, rehearsal);
        let results = replicate(first, batch.min(most - first), question.threads, job);
        played.extend(results.into_iter().collect::<Result<Vec<_>, _>>()?);
        let answers = summary::summarise(question, &played, n_mondays);
        let n = crate::num::id(played.len());
        let width = summary::widest(&answers);
        progress(n, width.unwrap_or(f64::INFINITY));
        if width.is_none_or(|width| width <= question.precision.half_width) || most <= n {
            return Ok(answers);
        }
    }
}

/// Each scenario with each of its variants.
fn variants(scenarios: &[Scenario]) -> impl Iterator<Item = (&Scenario, usize)> {
    scenarios.iter().flat_map(|s| (0..s.n_variants()).map(move |variant| (s, variant)))
}

impl Question<'_> {
    /// Patience as other samples of the same waits would show it; only where weeks are recorded
    /// does it matter.
    fn patience_tables(&self) -> Vec<PatienceTable> {
        if self.source == Source::Drawn {
            return Vec::new();
        }
        let key = Key::new(self.seed).split(RESAMPLE);
        let job = |n: u32| PatienceTable::resampled(&self.learned.history, key.split(u64::from(n)));
        let n_mondays = crate::num::id(self.mondays.len()).max(1);
        replicate(0, RESAMPLES.min(self.precision.n_max.div_ceil(n_mondays)), self.threads, job)
    }

    /// The present of one replication.
    fn week(&self, n: u32, patience: &PatienceTable) -> Result<Week, ApplyError> {
        let n_mondays = crate::num::id(self.mondays.len()).max(1);
        let at = usize::try_from(n % n_mondays).unwrap_or(0);
        let monday = self.mondays.get(at).copied().unwrap_or(0);
        let key = Key::new(self.seed);
        let week = match self.source {
            Source::Recorded => {
                let key = key.split(monday.unsigned_abs()).split(u64::from(n / n_mondays));
                Week::recorded(self.learned, monday, patience, key)
            }
            Source::Drawn => {
                Week::drawn(self.learned, monday, key.split(DRAWN).split(u64::from(n)))
            }
        };
        self.base.apply(&week, self.learned, 0)
    }

    /// One replication's present, played.
    fn present(&self, n: u32, tables: &[PatienceTable]) -> Result<(Week, Played), ApplyError> {
        let n_mondays = crate::num::id(self.mondays.len()).max(1);
        let n_tables = crate::num::id(tables.len()).max(1);
        let table = usize::try_from(n / n_mondays % n_tables).ok().and_then(|at| tables.get(at));
        let base = self.week(n, table.unwrap_or(&self.learned.patience))?;
        let played = self.count(&base)?;
        Ok((base, played))
    }

    /// Plays one week as it is and under each scenario.
    fn play(&self, n: u32, rehearsal: &Rehearsal) -> Result<Vec<Played>, ApplyError> {
        let known = usize::try_from(n).ok().and_then(|n| rehearsal.weeks.get(n));
        let made = match known {
            Some(_) => None,
            None => Some(self.present(n, &rehearsal.tables)?),
        };
        let Some((base, present)) = known.or(made.as_ref()) else { return Ok(Vec::new()) };
        let mut played = vec![present.clone()];
        for (scenario, variant) in variants(self.scenarios) {
            let week = scenario.apply(base, self.learned, variant)?;
            played.push(self.count(&week)?);
        }
        Ok(played)
    }

    fn count(&self, week: &Week) -> Result<Played, ApplyError> {
        let lived = week.run()?;
        let mut played = self.count_fates(&lived.fates);
        played.busy_us = lived.busy_us.iter().sum();
        played.present_us = lived.present_us.iter().sum();
        Ok(played)
    }

    fn count_fates(&self, fates: &[Fate]) -> Played {
        use crate::engine::End;
        let n_types = self.learned.history.types.len();
        let mut played = Played {
            indicators: vec![vec![Counts::default(); n_types]; self.indicators.len()],
            quarters: vec![Counts::default(); QUARTERS_OF_WEEK],
            offered: 0,
            answered: 0,
            abandoned: 0,
            redials: 0,
            contained: 0,
            call_backs: 0,
            wait_us: 0,
            busy_us: 0,
            present_us: 0,
        };
        for fate in fates {
            let topic = self.learned.topic_of.get(fate.kind).copied().unwrap_or(0);
            for (i, indicator) in self.indicators.iter().enumerate() {
                let counts = indicator.rule.count(fate);
                let of_topic =
                    played.indicators.get_mut(i).and_then(|topics| topics.get_mut(topic));
                if let Some(slot) = of_topic {
                    slot.add(counts);
                }
                let quarter = usize::try_from(fate.at_us / QUARTER_US).unwrap_or(usize::MAX);
                if let Some(slot) = played.quarters.get_mut(quarter).filter(|_| i == 0) {
                    slot.add(counts);
                }
            }
            match fate.end {
                End::Contained => played.contained += 1,
                End::OutOfHours | End::NotReached | End::Waiting => {}
                End::Answered | End::Abandoned | End::Released | End::Refused | End::CallBack => {
                    played.offered += 1;
                    played.redials += u64::from(0 < fate.attempt);
                    played.abandoned += u64::from(fate.end == End::Abandoned);
                    played.call_backs += u64::from(fate.end == End::CallBack);
                    if fate.end == End::Answered {
                        played.answered += 1;
                        played.wait_us += fate.wait_us;
                    }
                }
            }
        }
        played
    }

    /// The weeks of history as they were recorded.
    fn observed(&self) -> Vec<Played> {
        let week = |monday: &i64| self.count_fates(&observed(self.learned, *monday));
        self.mondays.iter().map(week).collect()
    }

    /// How many weeks are played at most: recorded ones are played as often as each other.
    fn weeks_most(&self) -> u32 {
        let unit = match self.source {
            Source::Recorded => crate::num::id(self.mondays.len()).max(1),
            Source::Drawn => 1,
        };
        (self.precision.n_max / unit).max(2) * unit
    }
}
