//! What the facts show: counts, waits and durations by hour, day and month. Read [`Traffic`]
//! first.
//!
//! Months are sums of days' counts, never means of their percentages.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use soglia_domain::contract::{Contract, Indicator, Service};
use soglia_domain::facts::Disposition;
use soglia_domain::period::{Grain, Period};
use soglia_domain::rule::Rule;
use soglia_domain::text::Text;
use soglia_ledger::session::Session;
use soglia_measure::calls;
use soglia_measure::histogram::Histogram;
use soglia_measure::measurement::{self, Report};
use soglia_measure::plan::{CallsPass, Scans, covers};
use soglia_measure::profile::{By, CaseColumn, profile};
use soglia_measure::tally::{Class, ClassKey, Tally};
use soglia_report::model::{
    Coverage, DailyVolumes, DayVolume, DurationStats, DurationTrend, Finding, HourProfile,
    MonthShare, MonthlyShare, StatedFinding, SystemDurations, TopicComparison, TopicCount, WaitBin,
    WaitDistribution,
};

use super::{figures, last_day, words};
use soglia_measure::MeasureError;

/// Borders of the classes of waits, in milliseconds; a rule's own limit is always among them.
const WAITS_MS: [u64; 9] =
    [5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000];

/// The calls of a period by day and hour.
pub struct Traffic<'a> {
    contract: &'a Contract,
    period: &'a Period,
    /// By day, for each way in which a rule looks at calls.
    days: BTreeMap<CallsPass, Arc<Tally>>,
}

/// A day's counts for an indicator: what met the rule, what counts.
type DayCounts = BTreeMap<Date, (u64, u64)>;

impl<'a> Traffic<'a> {
    /// Counts the calls of all services.
    pub async fn read(scans: &mut Scans<'a>) -> Result<Self, MeasureError> {
        let Scans { contract, period, .. } = *scans;
        let indicators = contract.services.iter().flat_map(|service| &service.indicators);
        let versions = indicators.flat_map(|indicator| &indicator.versions);
        let mut passes: Vec<CallsPass> =
            versions.filter_map(|version| CallsPass::of(&version.rule)).collect();
        passes.push(CallsPass::ordinary());
        let mut days = BTreeMap::new();
        for pass in passes {
            let tally = scans.days(&pass).await?;
            days.insert(pass, tally);
        }
        Ok(Self { contract, period, days })
    }

    /// What the analysis of a service shows, in the order of the report.
    pub async fn findings(
        &self,
        scans: &mut Scans<'_>,
        service: &Service,
        report: &Report,
    ) -> Result<Vec<Finding>, MeasureError> {
        let mut found = Vec::new();
        if 0 < self.arrived(service) {
            found.push(Finding::HourProfile(self.hour_profile(service)));
            found.extend(self.daily(service).map(Finding::Daily));
            found.extend(self.waits(service).map(Finding::Waits));
            found.extend(self.monthly(service).into_iter().map(Finding::MonthlyShare));
            found.extend(self.duration_trend(service).map(Finding::DurationTrend));
        }
        found.extend(self.topics(scans, service).await?.map(Finding::Topics));
        let systems = self.booking_systems(scans, service).await?;
        if !systems.is_empty() {
            found.push(Finding::BookingSystems(systems));
        }
        let own = report.findings.iter().filter(|one| one.service == service.code);
        let more: Vec<Finding> =
            own.filter(|one| !is_shown(&one.code, &found)).map(stated).collect();
        found.extend(more);
        Ok(found)
    }

    /// Days of a service covered by data.
    pub fn coverage(&self, service: &Service) -> Coverage {
        let calls = self.open_calls_by_day(service);
        let open: Vec<Date> =
            self.dates().filter(|date| !service.calendar.slots_on(*date).is_empty()).collect();
        let gaps: Vec<Date> =
            open.iter().copied().filter(|date| !calls.contains_key(date)).collect();
        Coverage {
            service: service.name.clone(),
            days_open: open.len() as u64,
            days_with_calls: (open.len() - gaps.len()) as u64,
            gaps,
        }
    }

    /// Days of the period.
    fn dates(&self) -> impl Iterator<Item = Date> {
        let until = self.period.until_date();
        std::iter::successors(Some(self.period.first_date()), |date| date.tomorrow().ok())
            .take_while(move |date| *date < until)
    }

    fn index_of(&self, service: &Service) -> Option<u16> {
        let at = self.contract.services.iter().position(|other| other.code == service.code)?;
        u16::try_from(at).ok()
    }

    /// Classes of a service by day, as a pass sees them.
    fn classes_by_day(
        &self,
        service: &Service,
        pass: &CallsPass,
    ) -> BTreeMap<Date, Vec<(ClassKey, &Class)>> {
        let (first, last) = (self.period.first_date(), last_day(self.period));
        let mut days: BTreeMap<Date, Vec<(ClassKey, &Class)>> = BTreeMap::new();
        let (Some(tally), Some(index)) = (self.days.get(pass), self.index_of(service)) else {
            return days;
        };
        for (day, key, class) in tally.of_service(index) {
            let Ok(date) = day.parse::<Date>() else { continue };
            // Calls attributed by their answer or end may have arrived the day before the period.
            days.entry(date.clamp(first, last)).or_default().push((key, class));
        }
        days
    }

    fn arrived(&self, service: &Service) -> u64 {
        let days = self.classes_by_day(service, &CallsPass::ordinary());
        days.values().flatten().map(|(_, class)| class.n).sum()
    }

    fn open_calls_by_day(&self, service: &Service) -> BTreeMap<Date, u64> {
        let days = self.classes_by_day(service, &CallsPass::ordinary());
        let open = days.into_iter().map(|(date, classes)| {
            let n = classes.iter().filter(|(key, _)| key.open).map(|(_, class)| class.n).sum();
            (date, n)
        });
        open.filter(|(_, n)| 0 < *n).collect()
    }

    fn hour_profile(&self, service: &Service) -> HourProfile {
        let days = self.days.get(&CallsPass::ordinary()).zip(self.index_of(service));
        let counts = days.map(|(days, index)| days.hours_of_week(index)).unwrap_or_default();
        HourProfile { counts }
    }

    /// Counts of an indicator about calls by day, each day by the rule in force on it.
    fn counts(&self, service: &Service, indicator: &Indicator) -> DayCounts {
        let covers = covers(self.contract, service);
        let mut counts = DayCounts::new();
        for version in &indicator.versions {
            let Some(pass) = CallsPass::of(&version.rule) else { continue };
            for (date, classes) in self.classes_by_day(service, &pass) {
                let in_force = indicator.version_on(date);
                if in_force.is_none_or(|other| other.version != version.version) {
                    continue;
                }
                let classes = classes.into_iter();
                let code = &indicator.code;
                let counted = match &version.rule {
                    Rule::AnsweredWithin(rule) => {
                        calls::answered_within(classes, rule, &covers, code)
                    }
                    Rule::Lost(rule) => calls::lost(classes, rule, &covers, code),
                    _ => continue,
                };
                let day = counts.entry(date).or_default();
                day.0 += counted.num;
                day.1 += counted.den;
            }
        }
        counts
    }

    /// Indicators about calls in force in the period.
    fn call_indicators<'s>(&self, service: &'s Service) -> impl Iterator<Item = &'s Indicator> {
        let period = self.period;
        service.indicators.iter().filter(move |indicator| {
            let version = figures::version_of(indicator, period);
            version.is_some_and(|version| version.call_population().is_some())
        })
    }

    /// Calls day by day, with the first indicator about answers in time (or about lost calls).
    fn daily(&self, service: &Service) -> Option<DailyVolumes> {
        let in_time = |indicator: &&Indicator| {
            let version = figures::version_of(indicator, self.period);
            version.is_some_and(|version| matches!(version.rule, Rule::AnsweredWithin(_)))
        };
        let first = self.call_indicators(service).find(in_time);
        let indicator = first.or_else(|| self.call_indicators(service).next())?;
        let counts = self.counts(service, indicator);
        let arrived = self.classes_by_day(service, &CallsPass::ordinary());
        let notes = self.notes(service);
        let days = self.dates().map(|date| {
            let (met, counted) = counts.get(&date).copied().unwrap_or_default();
            let n_calls = arrived.get(&date).into_iter().flatten().map(|(_, class)| class.n).sum();
            DayVolume { date, n_calls, met, counted, note: notes.get(&date).cloned() }
        });
        Some(DailyVolumes {
            indicator: indicator.code.clone(),
            target: figures::version_of(indicator, self.period).map(figures::target),
            days: days.collect(),
        })
    }

    /// Approved exclusions, on the first day that they touch.
    fn notes(&self, service: &Service) -> BTreeMap<Date, Text> {
        let mut notes = BTreeMap::new();
        for exclusion in self.contract.exclusions.iter().filter(|e| e.service == service.code) {
            if exclusion.until <= self.period.start() || self.period.end() <= exclusion.from {
                continue;
            }
            let from = exclusion.from.max(self.period.start());
            let Text { it, en } = words::reason(&exclusion.reason);
            let document = &exclusion.document;
            let note = Text {
                it: format!("{it} ({document})"),
                en: en.map(|en| format!("{en} ({document})")),
            };
            notes.entry(from.in_zone(&self.contract.zone).date()).or_insert(note);
        }
        notes
    }

    /// Waits of calls answered in opening hours, against the limit of the first rule with one.
    fn waits(&self, service: &Service) -> Option<WaitDistribution> {
        let limited = service.indicators.iter().find_map(|indicator| {
            let version = figures::version_of(indicator, self.period)?;
            match &version.rule {
                Rule::AnsweredWithin(rule) => Some((CallsPass::of(&version.rule)?, rule.limit)),
                _ => None,
            }
        });
        let (pass, limit) = limited?;
        let mut waits = Histogram::default();
        for (key, class) in self.classes_by_day(service, &pass).values().flatten() {
            if key.open && key.disposition() == Disposition::Answered {
                waits.merge(&class.wait);
            }
        }
        let limit_ms = u64::try_from(limit.span.get()).ok()?;
        Some(WaitDistribution {
            bins: bins(&waits, limit_ms),
            limit_ms,
            stats: Some(stats(&waits)?),
        })
    }

    /// Each indicator about calls, month by month.
    fn monthly(&self, service: &Service) -> Vec<MonthlyShare> {
        let months = self.months();
        if months.len() < 2 {
            return Vec::new();
        }
        let of = |indicator: &Indicator| {
            let counts = self.counts(service, indicator);
            let share = |month: &Period| {
                let days = counts.range(month.first_date()..month.until_date());
                let sum = |(met, all): (u64, u64), (_, day): (&Date, &(u64, u64))| {
                    (met + day.0, all + day.1)
                };
                let (met, counted) = days.fold((0, 0), sum);
                MonthShare { month: month.first_date(), met, counted }
            };
            MonthlyShare {
                indicator: indicator.code.clone(),
                name: indicator.name.clone(),
                target: figures::version_of(indicator, self.period).map(figures::target),
                months: months.iter().map(share).collect(),
            }
        };
        self.call_indicators(service).map(of).collect()
    }

    fn months(&self) -> Vec<Period> {
        self.period.split(Grain::Month, &self.contract.zone)
    }

    /// Conversations month by month, against the limit of the rule about their duration.
    fn duration_trend(&self, service: &Service) -> Option<DurationTrend> {
        let days = self.classes_by_day(service, &CallsPass::ordinary());
        let of = |month: &Period| {
            let mut talks = Histogram::default();
            let range = days.range(month.first_date()..month.until_date());
            for (key, class) in range.flat_map(|(_, classes)| classes) {
                if key.disposition() == Disposition::Answered {
                    talks.merge(&class.talk_hold);
                }
            }
            (month.first_date(), stats(&talks))
        };
        let months: Vec<_> = self.months().iter().map(of).collect();
        let known = months.iter().filter(|(_, stats)| stats.is_some()).count();
        if known < 2 {
            return None;
        }
        let limit = service.indicators.iter().find_map(|indicator| {
            match &figures::version_of(indicator, self.period)?.rule {
                Rule::HandledWithin(rule) => u64::try_from(rule.limit.span.get()).ok(),
                _ => None,
            }
        });
        Some(DurationTrend { limit_ms: limit, months })
    }

    /// What people called about: the first half of the months against the second.
    async fn topics(
        &self,
        scans: &mut Scans<'_>,
        service: &Service,
    ) -> Result<Option<TopicComparison>, MeasureError> {
        let topics = scans.topics(&service.code).await?;
        let Some(topics) = topics.as_ref() else { return Ok(None) };
        let middle = topics.middle;
        let half = |from: Date, until: Date| {
            Period::parse(&format!("{from}..{until}"), &self.contract.zone)
                .expect("months of one period are in order")
        };
        let (first, until) = (self.period.first_date(), self.period.until_date());
        let (before, after) = (half(first, middle), half(middle, until));
        let (mut old, mut new) = (topics.before.clone(), topics.after.clone());
        if old.is_empty() && new.is_empty() {
            old = self.calls_by_topic(scans.session, service, &before).await?;
            new = self.calls_by_topic(scans.session, service, &after).await?;
        }
        // A half without data is no half in which nobody called.
        if old.is_empty() || new.is_empty() {
            return Ok(None);
        }
        let mut codes: Vec<&String> = service.topics.iter().map(|(code, _)| code).collect();
        let mut others: Vec<&String> =
            old.keys().chain(new.keys()).filter(|code| !codes.contains(code)).collect();
        others.sort_unstable_by_key(|code| (code.is_empty(), *code));
        others.dedup();
        codes.extend(others);
        let rows: Vec<TopicCount> = codes
            .into_iter()
            .map(|code| TopicCount {
                topic: topic_name(service, code),
                before: old.get(code).copied().unwrap_or(0),
                after: new.get(code).copied().unwrap_or(0),
            })
            .filter(|row| 0 < row.before + row.after)
            .collect();
        let named = old.keys().chain(new.keys()).any(|code| !code.is_empty());
        Ok(named.then(|| TopicComparison {
            before: (first, last_day(&before)),
            after: (middle, last_day(&after)),
            rows,
        }))
    }

    /// Answered calls by topic, where no cases were delivered.
    async fn calls_by_topic(
        &self,
        session: &Session,
        service: &Service,
        period: &Period,
    ) -> Result<BTreeMap<String, u64>, MeasureError> {
        let calls = profile(session, self.contract, period, &service.code, By::Topic).await?;
        Ok(calls.into_iter().map(|(topic, line)| (topic, line.answered)).collect())
    }

    /// Conversations by the booking system used: of cases; of calls where there are no cases.
    async fn booking_systems(
        &self,
        scans: &mut Scans<'_>,
        service: &Service,
    ) -> Result<Vec<SystemDurations>, MeasureError> {
        let cases = scans.cases_by(&service.code, CaseColumn::BookingSystem).await?;
        let mut talks: Vec<(String, Histogram)> =
            cases.iter().map(|(system, (_, talk))| (system.clone(), talk.clone())).collect();
        if talks.is_empty() {
            let by = By::BookingSystem;
            let (session, contract) = (scans.session, self.contract);
            let calls = profile(session, contract, self.period, &service.code, by).await?;
            talks = calls.into_iter().map(|(system, line)| (system, line.talk)).collect();
        }
        if talks.iter().all(|(system, _)| system.is_empty()) {
            return Ok(Vec::new());
        }
        // Contacts without a system come last.
        talks.sort_by_key(|(system, _)| system.is_empty());
        let rows = talks.into_iter().filter_map(|(system, talk)| {
            let system = if system.is_empty() {
                Text::new("non indicato", "not stated")
            } else {
                name_of(&system, &service.booking_systems)
            };
            Some(SystemDurations { system, stats: stats(&talk)? })
        });
        Ok(rows.collect())
    }
}

fn topic_name(service: &Service, code: &str) -> Text {
    if code.is_empty() {
        return Text::new("senza argomento", "without a topic");
    }
    name_of(code, &service.topics)
}

/// The contract's name of a code; the code itself where the contract has none.
fn name_of(code: &str, names: &[(String, Text)]) -> Text {
    let named = names.iter().find(|(known, _)| known == code);
    named.map_or_else(|| Text { it: code.to_owned(), en: None }, |(_, name)| name.clone())
}

/// Plain statistics of durations, if there are any.
fn stats(durations: &Histogram) -> Option<DurationStats> {
    let millis = |value: Option<i64>| u64::try_from(value?).ok();
    Some(DurationStats {
        n: durations.n(),
        mean_ms: millis(durations.mean())?,
        p50_ms: millis(durations.percentile(50))?,
        p90_ms: millis(durations.percentile(90))?,
        p95_ms: millis(durations.percentile(95))?,
        max_ms: millis(durations.max())?,
    })
    .filter(|stats| 0 < stats.n)
}

/// Classes of waits; a wait on a border is in the class that ends there.
fn bins(waits: &Histogram, limit_ms: u64) -> Vec<WaitBin> {
    let mut borders: Vec<u64> = WAITS_MS.into_iter().chain([limit_ms]).collect();
    borders.retain(|border| 0 < *border);
    borders.sort_unstable();
    borders.dedup();
    let until = |border: u64| {
        let border = i64::try_from(border).unwrap_or(i64::MAX);
        waits.count_while(|millis| millis <= border)
    };
    let mut from_ms = 0;
    let mut before = 0;
    let mut bins: Vec<WaitBin> = borders
        .into_iter()
        .map(|to_ms| {
            let all = until(to_ms);
            let bin = WaitBin { from_ms, to_ms: Some(to_ms), n: all - before };
            (from_ms, before) = (to_ms, all);
            bin
        })
        .collect();
    bins.push(WaitBin { from_ms, to_ms: None, n: waits.n() - before });
    bins
}

/// Whether a computed sentence would repeat a finding that is shown with its figures.
fn is_shown(code: &str, found: &[Finding]) -> bool {
    found.iter().any(|finding| match finding {
        Finding::HourProfile(_) => code == "I1",
        Finding::Daily(_) => code == "I2",
        Finding::BookingSystems(_) => code == "I3",
        Finding::DurationTrend(_) => code == "I4",
        Finding::Topics(_) | Finding::Waits(_) | Finding::MonthlyShare(_) | Finding::Stated(_) => {
            false
        }
    })
}

fn stated(finding: &measurement::Finding) -> Finding {
    let in_lang = |lang: &str| finding.text.get(lang).cloned();
    let text = Text { it: in_lang("it").unwrap_or_default(), en: in_lang("en") };
    Finding::Stated(StatedFinding { text, first_seen: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(secs: &[i64]) -> Histogram {
        let mut waits = Histogram::default();
        for secs in secs {
            waits.add(secs * 1000);
        }
        waits
    }

    #[test]
    fn a_wait_on_a_border_is_in_the_class_that_ends_there() {
        let bins = bins(&waits(&[0, 5, 6, 20, 21, 4000]), 20_000);
        let n: Vec<u64> = bins.iter().map(|bin| bin.n).collect();
        assert_eq!(n, [2, 1, 1, 1, 0, 0, 0, 0, 0, 1]);
        assert_eq!(bins.last().map(|bin| bin.to_ms), Some(None));
    }

    #[test]
    fn the_rule_s_own_limit_is_a_border() {
        let bins = bins(&waits(&[14, 15, 16]), 15_000);
        let within: u64 = bins
            .iter()
            .filter(|bin| bin.to_ms.is_some_and(|to| to <= 15_000))
            .map(|bin| bin.n)
            .sum();
        assert_eq!(within, 2);
        assert!(bins.windows(2).all(|pair| match pair {
            [a, b] => a.to_ms == Some(b.from_ms),
            _ => true,
        }));
    }

    #[test]
    fn no_durations_have_no_statistics() {
        assert_eq!(stats(&Histogram::default()), None);
        assert_eq!(stats(&waits(&[2, 4])).map(|s| (s.n, s.mean_ms)), Some((2, 3000)));
    }

    #[test]
    fn sentences_are_not_repeated() {
        let found = [Finding::HourProfile(HourProfile { counts: [[0; 24]; 7] })];
        assert!(is_shown("I1", &found));
        assert!(!is_shown("I6", &found));
    }
}
