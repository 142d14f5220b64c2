//! The same counts by day, queue, hour of the week and so on. Read [`profile`] first.
//!
//! A period's figures are sums of its days' counts, never means of its days' percentages.

use std::collections::BTreeMap;

use jiff::civil::Date;
use soglia_domain::contract::{Contract, GROUP_SIZE_MIN};
use soglia_domain::facts::Disposition;
use soglia_domain::period::{Grain, Period};
use soglia_domain::rule::Rule;
use soglia_ledger::session::Session;

use crate::MeasureError;
use crate::calls::{self, Counted};
use crate::histogram::Histogram;
use crate::plan::{CallsPass, Clocks, Look, covers, quoted, sql_instant};
use crate::tally::Tally;

/// What to count apart by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// The local day.
    Day,
    /// Weekday and hour.
    HourOfWeek,
    /// The first queue.
    Queue,
    /// The operators' group.
    Group,
    /// The topic of the call's own record.
    Topic,
    /// The priority class.
    PriorityClass,
    /// The booking system.
    BookingSystem,
}

impl By {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Day,
        Self::HourOfWeek,
        Self::Queue,
        Self::Group,
        Self::Topic,
        Self::PriorityClass,
        Self::BookingSystem,
    ];

    /// Returns the name used on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::HourOfWeek => "hour-of-week",
            Self::Queue => "queue",
            Self::Group => "group",
            Self::Topic => "topic",
            Self::PriorityClass => "priority-class",
            Self::BookingSystem => "booking-system",
        }
    }

    /// Finds the value with a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.name() == name)
    }

    const fn look(self) -> Look<'static> {
        match self {
            Self::Day => Look::Days,
            Self::HourOfWeek => Look::HourOfWeek,
            Self::Queue => Look::Text("first_queue"),
            Self::Group => Look::Text("operator_group"),
            Self::Topic => Look::Text("topic"),
            Self::PriorityClass => Look::Text("priority_class"),
            Self::BookingSystem => Look::Text("booking_system"),
        }
    }
}

/// One line of a profile.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Line {
    /// Calls that arrived.
    pub arrived: u64,
    /// Calls answered.
    pub answered: u64,
    /// K1's counts.
    pub in_time: Counted,
    /// K3's counts.
    pub lost: Counted,
    /// Waits of answered calls.
    pub wait: Histogram,
    /// Conversation and hold of answered calls.
    pub talk: Histogram,
}

impl Line {
    /// Adds another line's calls.
    fn merge(&mut self, other: Self) {
        let Self { arrived, answered, in_time, lost, wait, talk } = other;
        self.arrived += arrived;
        self.answered += answered;
        self.in_time.merge(in_time);
        self.lost.merge(lost);
        self.wait.merge(&wait);
        self.talk.merge(&talk);
    }
}

/// Lines by value of the dimension, for one service.
pub type Profile = BTreeMap<String, Line>;

/// Counts a service's calls apart by something, each by the rules in force when it arrived.
pub async fn profile(
    session: &Session,
    contract: &Contract,
    period: &Period,
    service: &str,
    by: By,
) -> Result<Profile, MeasureError> {
    let clocks = contract.service(service).map_or(Clocks::Queue, Clocks::of_service);
    let look = (by.look(), clocks);
    let mut profile = Profile::new();
    for piece in pieces(contract, period, service) {
        let tally = CallsPass::ordinary().run(session, contract, &piece, look).await?;
        for (value, line) in of_tally(contract, &piece, &tally, service) {
            profile.entry(value).or_default().merge(line);
        }
    }
    Ok(match by {
        By::Group => without_small_groups(contract, profile),
        _ => profile,
    })
}

/// The period, cut where a rule about calls of the service changes.
fn pieces(contract: &Contract, period: &Period, service: &str) -> Vec<Period> {
    let versions = contract.service(service).into_iter().flat_map(|service| &service.indicators);
    let versions = versions
        .flat_map(|indicator| &indicator.versions)
        .filter(|version| version.call_population().is_some());
    let mut edges: Vec<_> = versions
        .flat_map(|version| [Some(version.valid_from), version.valid_until])
        .flatten()
        .filter(|date| period.first_date() < *date && *date < period.until_date())
        .chain([period.first_date(), period.until_date()])
        .collect();
    edges.sort_unstable();
    edges.dedup();
    let pairs = edges.iter().zip(edges.iter().skip(1));
    let parse = |label: String| {
        Period::parse(&label, &contract.zone).expect("two dates in order are a period")
    };
    pairs.map(|(first, until)| parse(format!("{first}..{until}"))).collect()
}

/// Joins to the calls of no group those of groups that must not be seen.
///
/// A group is seen if the contract names it, and so says that it has at least five operators, and
/// if at least five of its calls were answered: fewer cannot be those of five operators. If the
/// rest would then hold the answered calls of hidden groups and almost nothing else, subtraction
/// would show them, so the smallest group that is left is hidden too. Conversations of the rest are
/// not told: nobody knows of how many operators they are.
fn without_small_groups(contract: &Contract, profile: Profile) -> Profile {
    let enough = u64::from(GROUP_SIZE_MIN);
    let is_shown = |name: &str, line: &Line| {
        let named = contract.operator_groups.iter().any(|group| group.code == name);
        named && enough <= line.answered
    };
    let (mut shown, hidden): (Profile, Profile) =
        profile.into_iter().partition(|(name, line)| is_shown(name, line));
    let mut rest = Line::default();
    for line in hidden.into_values() {
        rest.merge(line);
    }
    while 0 < rest.answered && rest.answered < enough {
        let smallest = shown.iter().min_by_key(|(_, line)| line.answered);
        let Some(name) = smallest.map(|(name, _)| name.clone()) else { break };
        rest.merge(shown.remove(&name).unwrap_or_default());
    }
    rest.talk = Histogram::default();
    if 0 < rest.arrived {
        shown.insert(String::new(), rest);
    }
    shown
}

/// Makes a profile of a tally made by some dimension, by the rules of the period's first day.
fn of_tally(contract: &Contract, period: &Period, tally: &Tally, service: &str) -> Profile {
    let Some(at) = contract.services.iter().position(|s| s.code == service) else {
        return Profile::new();
    };
    let (Some(service), Ok(index)) = (contract.services.get(at), u16::try_from(at)) else {
        return Profile::new();
    };
    let covers = covers(contract, service);
    let versions: Vec<(&str, &Rule)> = service
        .indicators
        .iter()
        .filter_map(|i| Some((i.code.as_str(), &i.version_on(period.first_date())?.rule)))
        .collect();
    let mut profile = Profile::new();
    for (value, key, class) in tally.of_service(index) {
        let line = profile.entry(value.to_owned()).or_default();
        line.arrived += class.n;
        if key.disposition() == Disposition::Answered {
            line.answered += class.n;
            line.wait.merge(&class.wait);
            line.talk.merge(&class.talk_hold);
        }
        for (code, rule) in &versions {
            let one = std::iter::once((key, class));
            match rule {
                Rule::AnsweredWithin(rule) => {
                    line.in_time.merge(calls::answered_within(one, rule, &covers, code));
                }
                Rule::Lost(rule) => line.lost.merge(calls::lost(one, rule, &covers, code)),
                _ => {}
            }
        }
    }
    profile
}

/// Cases by the value of a column: how many, and their conversations' durations.
pub type CasesBy = BTreeMap<String, (u64, Histogram)>;

/// Counts cases of a service by a column of `cases`, with their conversations' durations.
pub async fn cases_by(
    session: &Session,
    period: &Period,
    service: &str,
    column: CaseColumn,
) -> Result<CasesBy, MeasureError> {
    let name = column.name();
    let sql = format!(
        "SELECT coalesce(CAST(k.{name} AS VARCHAR), '') AS value, \
         c.talk_ms + coalesce(c.hold_ms, 0) AS talk_ms, count(*) AS n \
         FROM (SELECT opened_by, {name} FROM cases WHERE service = '{service}' AND \
         opened >= {start} AND opened < {end}) k LEFT JOIN \
         (SELECT call_id, talk_ms, hold_ms FROM calls WHERE service = '{service}' AND \
         arrived < {end}) c ON k.opened_by = c.call_id GROUP BY 1, 2",
        service = quoted(service),
        start = sql_instant(period.start()),
        end = sql_instant(period.end()),
    );
    let mut found = CasesBy::new();
    crate::rows::stream(session, &sql, |batch| {
        use arrow::array::Array;
        let columns = crate::rows::Columns(batch);
        let (values, talk, n) =
            (columns.texts("value")?, columns.longs("talk_ms")?, columns.longs("n")?);
        for row in 0..batch.num_rows() {
            let count = u64::try_from(n.value(row)).unwrap_or(0);
            let (total, histogram) = found.entry(values.value(row).to_owned()).or_default();
            *total += count;
            if talk.is_valid(row) {
                histogram.add_n(talk.value(row), count);
            }
        }
        Ok(())
    })
    .await?;
    Ok(found)
}

/// Cases by topic before and after the middle of a period.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Topics {
    /// Where the second half of the months begins.
    pub middle: Date,
    /// Cases opened before it.
    pub before: BTreeMap<String, u64>,
    /// Cases opened since.
    pub after: BTreeMap<String, u64>,
}

/// Counts cases of a service by topic in both halves of a period; a single month has no halves.
pub async fn topics(
    session: &Session,
    contract: &Contract,
    period: &Period,
    service: &str,
) -> Result<Option<Topics>, MeasureError> {
    let months = period.split(Grain::Month, &contract.zone);
    let Some(second) = months.get(months.len() / 2).filter(|_| 1 < months.len()) else {
        return Ok(None);
    };
    let sql = format!(
        "SELECT coalesce(CAST(topic AS VARCHAR), '') AS topic, opened >= {middle} AS later, \
         count(*) AS n FROM cases WHERE service = '{service}' AND opened >= {start} AND \
         opened < {end} GROUP BY 1, 2",
        service = quoted(service),
        start = sql_instant(period.start()),
        middle = sql_instant(second.start()),
        end = sql_instant(period.end()),
    );
    let mut found =
        Topics { middle: second.first_date(), before: BTreeMap::new(), after: BTreeMap::new() };
    crate::rows::stream(session, &sql, |batch| {
        let columns = crate::rows::Columns(batch);
        let (topics, later, n) =
            (columns.texts("topic")?, columns.flags("later")?, columns.longs("n")?);
        for row in 0..batch.num_rows() {
            let half = if later.value(row) { &mut found.after } else { &mut found.before };
            let n = u64::try_from(n.value(row)).unwrap_or(0);
            *half.entry(topics.value(row).to_owned()).or_default() += n;
        }
        Ok(())
    })
    .await?;
    Ok(Some(found))
}

/// A column of `cases` to count by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum CaseColumn {
    /// The topic.
    Topic,
    /// The priority class.
    PriorityClass,
    /// The booking system used.
    BookingSystem,
    /// The channel.
    Channel,
    /// The outcome.
    Outcome,
}

impl CaseColumn {
    const fn name(self) -> &'static str {
        match self {
            Self::Topic => "topic",
            Self::PriorityClass => "priority_class",
            Self::BookingSystem => "booking_system",
            Self::Channel => "channel",
            Self::Outcome => "outcome",
        }
    }
}
