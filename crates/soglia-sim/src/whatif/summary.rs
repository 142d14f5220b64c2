//! Weeks played, made into figures. Read [`summarise`] first.
//!
//! Shares are never averaged over weeks: counts of all weeks are added, then divided. For recorded
//! weeks an interval is for *these* weeks: it says where the figure lies that the change would have
//! had, given what nobody saw; for drawn weeks it is for the mean of weeks like them.

use soglia_domain::ratio::Ratio;
use soglia_domain::verdict::{TargetDirection, Verdict};

use super::{
    Answer, Answers, Difference, Figures, Indicator, IndicatorFigure, Likeness, Played,
    QUARTERS_OF_DAY, Question, Source, TopicFigure, WORST_CALLS, variants,
};
use crate::indicator::Counts;
use crate::num;
use crate::random::Key;
use crate::replay::Limits;
use crate::replicate::Estimate;
use crate::tally::share;

/// Periods drawn for the probability of meeting a target.
const PERIODS: u32 = 1000;
/// Label of their numbers.
const PERIOD: u64 = 0x5045_5249;

/// Makes figures and differences; `played` has for each replication the present, then each variant.
pub(super) fn summarise(
    question: &Question<'_>,
    played: &[Vec<Played>],
    n_mondays: u32,
) -> Answers {
    let column =
        |at: usize| -> Vec<&Played> { played.iter().filter_map(|all| all.get(at)).collect() };
    let present = column(0);
    let mut scenarios = Vec::new();
    for (n, (scenario, variant)) in variants(question.scenarios).enumerate() {
        let changed = column(n + 1);
        let differences = (0..question.indicators.len())
            .map(|i| difference(question, &present, &changed, i, n_mondays))
            .collect();
        scenarios.push(Answer {
            code: scenario.code.clone(),
            name: scenario.name.clone(),
            moved: scenario.share_moved(variant),
            figures: figures(question, &changed, n_mondays),
            differences,
        });
    }
    let caveats = question.indicators.iter().flat_map(|indicator| {
        indicator.rule.caveats().into_iter().map(|caveat| (indicator.code.clone(), caveat))
    });
    let observed = question.observed();
    let seen: Vec<&Played> = observed.iter().collect();
    let mut answers = Answers {
        observed: (0..question.indicators.len()).map(|i| sum(&seen, i, None)).collect(),
        base: figures(question, &present, n_mondays),
        scenarios,
        n_weeks: num::id(played.len()),
        n_mondays,
        weeks_needed: None,
        likeness: (question.source == Source::Drawn).then(|| likeness(question, &seen, &present)),
        caveats: caveats.collect(),
    };
    answers.weeks_needed = weeks_needed(question, &answers);
    answers
}

/// The weeks that would make the least sure difference as sure as was asked.
fn weeks_needed(question: &Question<'_>, answers: &Answers) -> Option<u32> {
    let width = widest(answers).filter(|width| width.is_finite())?;
    let asked = question.precision.half_width;
    if width <= asked {
        return None;
    }
    let times = width / asked;
    // More imputations do not narrow what these weeks leave open; more weeks do.
    let of = match question.source {
        Source::Recorded => answers.n_mondays,
        Source::Drawn => answers.n_weeks,
    };
    Some(num::ceil_u32(times * times * f64::from(of)).max(of + 1))
}

/// The half-width of the least sure difference of any indicator; of the present without scenarios.
/// Nothing where there is nothing to count.
pub(super) fn widest(answers: &Answers) -> Option<f64> {
    if answers.scenarios.is_empty() {
        let present = answers.base.indicators.iter().filter_map(|i| i.estimate);
        return present.map(|estimate| estimate.half_width).reduce(f64::max);
    }
    let differences = answers.scenarios.iter().flat_map(|answer| &answer.differences);
    differences.filter_map(|d| d.total).map(|total| total.half_width).reduce(f64::max)
}

/// How many of the weeks and days observed lie where drawn ones do.
fn likeness(question: &Question<'_>, observed: &[&Played], drawn: &[&Played]) -> Likeness {
    let level = question.precision.level;
    let limits = Limits::default();
    let mut found = Likeness::default();
    let weeks: Vec<f64> = drawn.iter().filter_map(|one| sum(&[*one], 0, None).share()).collect();
    for one in observed {
        let counts = sum(&[*one], 0, None);
        let Some(share) = counts.share().filter(|_| limits.week_calls <= counts.den) else {
            continue;
        };
        found.of_weeks += 1;
        found.weeks += u32::from(next_one(&weeks, share, level));
    }
    for day in 0..7 {
        let of = |one: &&Played| {
            let quarters = one.quarters.iter().skip(day * QUARTERS_OF_DAY).take(QUARTERS_OF_DAY);
            let mut counts = Counts::default();
            quarters.for_each(|quarter| counts.add(*quarter));
            counts
        };
        let days: Vec<f64> = drawn.iter().filter_map(|one| of(one).share()).collect();
        for counts in observed.iter().map(of).filter(|counts| limits.day_calls <= counts.den) {
            let Some(share) = counts.share() else { continue };
            found.of_days += 1;
            found.days += u32::from(next_one(&days, share, level));
        }
    }
    found
}

/// Whether a value lies where one more beside these would, by Student's t.
fn next_one(values: &[f64], value: f64, level: f64) -> bool {
    let n = num::id(values.len());
    if n < 2 {
        return false;
    }
    let (mean, spread) = num::mean_and_spread(values);
    let one_more = (1.0 + 1.0 / f64::from(n)).sqrt();
    (value - mean).abs() <= num::student_two_sided(n - 1, level) * spread * one_more + 1e-9
}

/// Values of independent units: an imputation of all weeks, or a drawn week.
fn units<'p>(
    question: &Question<'_>,
    played: &'p [&'p Played],
    n_mondays: u32,
) -> std::slice::Chunks<'p, &'p Played> {
    let size = match question.source {
        Source::Recorded => usize::try_from(n_mondays).unwrap_or(1),
        Source::Drawn => 1,
    };
    played.chunks(size.max(1))
}

/// An interval: for the mean of drawn weeks, or for the one outcome that recorded weeks would have
/// had.
fn estimate(question: &Question<'_>, values: &[f64], total: f64) -> Estimate {
    let found = Estimate::of(values, question.precision.level);
    let half_width = match question.source {
        Source::Drawn => found.half_width,
        // The truth is one more outcome, as uncertain as each that was drawn.
        Source::Recorded => found.half_width * (1.0 + f64::from(found.n)).sqrt(),
    };
    Estimate { mean: total, half_width, ..found }
}

fn sum(played: &[&Played], indicator: usize, topic: Option<usize>) -> Counts {
    let mut total = Counts::default();
    for one in played {
        let topics = one.indicators.get(indicator).map_or(&[][..], Vec::as_slice);
        let chosen = topics.iter().enumerate().filter(|(t, _)| topic.is_none_or(|own| own == *t));
        for (_, counts) in chosen {
            total.add(*counts);
        }
    }
    total
}

fn difference(
    question: &Question<'_>,
    present: &[&Played],
    changed: &[&Played],
    indicator: usize,
    n_mondays: u32,
) -> Difference {
    let of = |topic: Option<usize>| {
        let pairs = units(question, present, n_mondays).zip(units(question, changed, n_mondays));
        let values: Vec<f64> = pairs
            .filter_map(|(before, after)| {
                let before = sum(before, indicator, topic).share()?;
                Some(sum(after, indicator, topic).share()? - before)
            })
            .collect();
        let before = sum(present, indicator, topic).share()?;
        let after = sum(changed, indicator, topic).share()?;
        Some(estimate(question, &values, after - before))
    };
    let total = of(None);
    let topics: Vec<(usize, Option<Estimate>)> =
        topics_of(question, present).into_iter().map(|topic| (topic, of(Some(topic)))).collect();
    let known = topics.iter().filter_map(|(topic, estimate)| {
        Some((sum(present, indicator, Some(*topic)).den as f64, (*estimate)?.mean))
    });
    let (calls, moved) =
        known.fold((0.0, 0.0), |(n, sum), (calls, d)| (n + calls, sum + calls * d));
    let fixed_mix = (0.0 < calls && total.is_some()).then(|| moved / calls);
    // The whole and the topics at their present shares move apart by more than chance.
    let mix_misleads = total.zip(fixed_mix).is_some_and(|(total, mix)| {
        total.mean * mix < 0.0 && total.half_width < (total.mean - mix).abs()
    });
    let topics = topics.into_iter().map(|(_, estimate)| estimate).collect();
    Difference { total, fixed_mix, mix_misleads, topics }
}

/// The topics with calls in the present.
fn topics_of(question: &Question<'_>, played: &[&Played]) -> Vec<usize> {
    (0..question.learned.history.types.len())
        .filter(|&topic| {
            (0..question.indicators.len()).any(|i| 0 < sum(played, i, Some(topic)).den)
        })
        .collect()
}

fn figures(question: &Question<'_>, played: &[&Played], n_mondays: u32) -> Figures {
    let n_weeks = (played.len().max(1)) as f64;
    let total = |of: fn(&Played) -> u64| played.iter().map(|one| of(one)).sum::<u64>();
    let per_week = |of: fn(&Played) -> u64| total(of) as f64 / n_weeks;
    let us = |of: fn(&Played) -> i64| played.iter().map(|one| of(one)).sum::<i64>() as f64;
    let topics = topics_of(question, played).into_iter().map(|topic| TopicFigure {
        kind: topic,
        counts: (0..question.indicators.len()).map(|i| sum(played, i, Some(topic))).collect(),
    });
    let indicators = question.indicators.iter().enumerate().map(|(i, indicator)| {
        let values: Vec<f64> = units(question, played, n_mondays)
            .filter_map(|unit| sum(unit, i, None).share())
            .collect();
        let counts = sum(played, i, None);
        IndicatorFigure {
            estimate: counts.share().map(|share| estimate(question, &values, share)),
            counts,
            met: met(indicator, counts),
            p_met: p_met(question, indicator, played, i),
        }
    });
    let present_us = us(|one| one.present_us);
    let answered = total(|one| one.answered);
    Figures {
        indicators: indicators.collect(),
        topics: topics.collect(),
        worst_quarter: worst_quarter(question, played),
        offered_per_week: per_week(|one| one.offered),
        redials_per_week: per_week(|one| one.redials),
        contained_per_week: per_week(|one| one.contained),
        call_backs_per_week: per_week(|one| one.call_backs),
        abandoned: share(total(|one| one.abandoned), total(|one| one.offered)),
        wait_secs: (0 < answered).then(|| us(|one| one.wait_us) / 1e6 / answered as f64),
        occupancy: (0.0 < present_us).then(|| us(|one| one.busy_us) / present_us),
        operator_hours: present_us / 3.6e9 / n_weeks,
    }
}

fn met(indicator: &Indicator, counts: Counts) -> Option<bool> {
    let ratio = Ratio::new(counts.num, counts.den)?;
    Some(indicator.target.judge(ratio, indicator.compare) == Verdict::Ok)
}

/// The share of periods, put together from the weeks played, that meet the target.
fn p_met(
    question: &Question<'_>,
    indicator: &Indicator,
    played: &[&Played],
    i: usize,
) -> Option<f64> {
    let weeks: Vec<Counts> =
        played.iter().map(|one| sum(std::slice::from_ref(one), i, None)).collect();
    let mut stream = Key::new(question.seed).split(PERIOD).stream();
    let (mut n, mut n_met) = (0_u32, 0_u32);
    for _ in 0..PERIODS {
        let mut period = Counts::default();
        for _ in 0..indicator.weeks.max(1) {
            let at = num::floor_usize(stream.uniform() * weeks.len() as f64);
            period.add(weeks.get(at).copied().unwrap_or_default());
        }
        if let Some(met) = met(indicator, period) {
            n += 1;
            n_met += u32::from(met);
        }
    }
    (0 < n).then(|| f64::from(n_met) / f64::from(n))
}

/// The quarter of an hour in which the first indicator is worst.
fn worst_quarter(question: &Question<'_>, played: &[&Played]) -> Option<(usize, f64)> {
    let n_weeks = played.len().max(1) as f64;
    let mut quarters = vec![Counts::default(); super::QUARTERS_OF_WEEK];
    for one in played {
        for (total, counts) in quarters.iter_mut().zip(&one.quarters) {
            total.add(*counts);
        }
    }
    let enough = |counts: &Counts| WORST_CALLS * n_weeks <= counts.den as f64;
    let shares = quarters.iter().enumerate().filter(|(_, counts)| enough(counts));
    let shares = shares.filter_map(|(quarter, counts)| counts.share().map(|s| (quarter, s)));
    let by_share = |one: &(usize, f64), other: &(usize, f64)| one.1.total_cmp(&other.1);
    match question.indicators.first()?.target.direction {
        TargetDirection::AtLeast => shares.min_by(by_share),
        TargetDirection::AtMost => shares.max_by(by_share),
    }
}
