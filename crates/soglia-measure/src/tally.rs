//! One pass over the calls, enough for every indicator and every disputed alternative. Read
//! [`Tally`] first.
//!
//! Rules differ in which calls they count and where they put the limit, not in what they must know
//! of a call: its disposition, whether the service was open, which approved exclusion touches it,
//! and a few durations. So calls are counted by class, with a histogram of each duration, and each
//! rule is then a sum over classes ([`crate::calls`]).

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use soglia_domain::facts::Disposition;

use crate::bytes::{Damaged, Reader, put, put_text};
use crate::histogram::Histogram;

/// What a pass must know of the contract: made by [`crate::plan`], sent to whoever runs the pass.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// Services, in the order of their index in [`ClassKey`].
    pub services: Vec<ServiceSpec>,
    /// What calls are counted apart by.
    pub dimension: Dimension,
    /// Which column each argument of the pass is; a column that is not there has no values.
    pub columns: Vec<Column>,
}

/// A column that a pass can look at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// The service's code.
    Service,
    /// The disposition's name.
    Disposition,
    /// Arrival.
    Arrived,
    /// Local hours since 1970-01-01T00:00.
    LocalHour,
    /// Entering the first queue.
    Queued,
    /// First ring.
    FirstRang,
    /// Answer.
    Answered,
    /// Call-back.
    CalledBack,
    /// Wait in the queue.
    WaitMs,
    /// Talk.
    TalkMs,
    /// Hold.
    HoldMs,
    /// First queue.
    FirstQueue,
    /// The text of a text dimension.
    Text,
}

/// What a pass must know of a service.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ServiceSpec {
    /// The service's code.
    pub code: String,
    /// Opening intervals, milliseconds UTC, ascending, covering the period with a margin.
    pub open: Vec<(i64, i64)>,
    /// Approved exclusions, in the order of their index in [`ClassKey`].
    pub exclusions: Vec<ExclusionSpec>,
    /// How long a call-back may take; `None`: until the end of the service day.
    pub callback_limit: Option<i64>,
    /// When service days end, ascending: needed where there is no limit.
    pub day_ends: Vec<i64>,
}

/// An approved exclusion.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ExclusionSpec {
    /// Its code.
    pub code: String,
    /// From, milliseconds UTC.
    pub from: i64,
    /// Until, milliseconds UTC.
    pub until: i64,
    /// Only this queue.
    pub queue: Option<String>,
}

/// What calls are counted apart by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Nothing: one figure a service.
    None,
    /// The local day.
    Day,
    /// The local hour of the day and the weekday: `weekday * 24 + hour`, Monday 0.
    HourOfWeek,
    /// A text that the query hands over: queue, operator group.
    Text,
}

/// Calls that every rule treats alike, but for durations.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ClassKey {
    /// Index of the service.
    pub service: u16,
    /// Code of the disposition.
    pub disposition: u8,
    /// Whether the service was open when the call arrived.
    pub open: bool,
    /// 1 + index of the exclusion that touches it, 0 for none.
    pub exclusion: u16,
    /// Whether a requested call-back came in time.
    pub called_back: bool,
}

impl ClassKey {
    /// The disposition.
    pub fn disposition(self) -> Disposition {
        Disposition::from_code(self.disposition).expect("codes are written by `Disposition::code`")
    }

    fn put(self, out: &mut Vec<u8>) {
        put(out, u64::from(self.service));
        put(out, u64::from(self.disposition));
        put(out, u64::from(self.open) | u64::from(self.called_back) << 1);
        put(out, u64::from(self.exclusion));
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damaged> {
        let (service, disposition) = (reader.narrow()?, reader.narrow()?);
        Disposition::from_code(disposition).ok_or(Damaged)?;
        let flags: u8 = reader.narrow()?;
        let (open, called_back) = (flags & 1 != 0, flags & 2 != 0);
        Ok(Self { service, disposition, open, exclusion: reader.narrow()?, called_back })
    }
}

/// What is known of the calls of one class.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Class {
    /// How many calls.
    pub n: u64,
    /// How many of them arrived in each local hour of the day; counted by day only.
    pub by_hour: [u64; 24],
    /// Queue entry to answer, or to leaving the queue.
    pub wait: Histogram,
    /// Arrival to answer: the wait as lived by the citizen.
    pub wait_from_arrival: Histogram,
    /// First ring to answer.
    pub ring_to_answer: Histogram,
    /// Queue entry to first ring.
    pub wait_to_ring: Histogram,
    /// Arrival to first ring.
    pub arrival_to_ring: Histogram,
    /// Conversation and hold.
    pub talk_hold: Histogram,
}

impl Class {
    fn merge(&mut self, other: &Self) {
        self.n += other.n;
        for (own, more) in self.by_hour.iter_mut().zip(&other.by_hour) {
            *own += more;
        }
        self.wait.merge(&other.wait);
        self.wait_from_arrival.merge(&other.wait_from_arrival);
        self.ring_to_answer.merge(&other.ring_to_answer);
        self.wait_to_ring.merge(&other.wait_to_ring);
        self.arrival_to_ring.merge(&other.arrival_to_ring);
        self.talk_hold.merge(&other.talk_hold);
    }

    const fn histograms(&self) -> [&Histogram; 6] {
        let Self { wait, wait_from_arrival, ring_to_answer, wait_to_ring, .. } = self;
        [
            wait,
            wait_from_arrival,
            ring_to_answer,
            wait_to_ring,
            &self.arrival_to_ring,
            &self.talk_hold,
        ]
    }

    fn put(&self, out: &mut Vec<u8>) {
        put(out, self.n);
        self.by_hour.iter().for_each(|n| put(out, *n));
        self.histograms().iter().for_each(|histogram| histogram.put(out));
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damaged> {
        let n = reader.number()?;
        let mut by_hour = [0; 24];
        for count in &mut by_hour {
            *count = reader.number()?;
        }
        Ok(Self {
            n,
            by_hour,
            wait: Histogram::read(reader)?,
            wait_from_arrival: Histogram::read(reader)?,
            ring_to_answer: Histogram::read(reader)?,
            wait_to_ring: Histogram::read(reader)?,
            arrival_to_ring: Histogram::read(reader)?,
            talk_hold: Histogram::read(reader)?,
        })
    }
}

/// Calls by value of the dimension and by class.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Cells, sorted, so that equal tallies are equal bytes.
    pub cells: BTreeMap<(String, ClassKey), Class>,
}

impl Tally {
    /// Adds another tally's counts.
    pub fn merge(&mut self, other: Self) {
        for (key, class) in other.cells {
            match self.cells.entry(key) {
                std::collections::btree_map::Entry::Vacant(empty) => {
                    empty.insert(class);
                }
                std::collections::btree_map::Entry::Occupied(mut full) => {
                    full.get_mut().merge(&class);
                }
            }
        }
    }

    /// Forgets all days but those from one to the day before another; of a tally by day.
    pub fn retain_days(&mut self, first: Date, until: Date) {
        let (first, until) = (first.to_string(), until.to_string());
        self.cells.retain(|(day, _), _| first <= *day && *day < until);
    }

    /// The same calls, no longer counted apart.
    #[must_use]
    pub fn total(&self) -> Self {
        let mut total = Self::default();
        for ((_, key), class) in &self.cells {
            total.cells.entry((String::new(), *key)).or_default().merge(class);
        }
        total
    }

    /// Arrivals of one service by weekday, Monday first, and hour of the day; of a tally by day.
    pub fn hours_of_week(&self, service: u16) -> [[u64; 24]; 7] {
        let mut counts = [[0; 24]; 7];
        for (day, _, class) in self.of_service(service) {
            let Ok(date) = day.parse::<Date>() else { continue };
            let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
            let Some(hours) = counts.get_mut(weekday) else { continue };
            for (count, n) in hours.iter_mut().zip(&class.by_hour) {
                *count += n;
            }
        }
        counts
    }

    /// The tally as bytes; equal tallies are equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for ((value, key), class) in &self.cells {
            put_text(&mut out, value);
            key.put(&mut out);
            class.put(&mut out);
        }
        out
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        Self::read(Reader::new(bytes))
    }

    /// Reads a tally that is the rest of what is being read.
    pub fn read(mut reader: Reader<'_>) -> Result<Self, Damaged> {
        let mut tally = Self::default();
        while reader.end().is_err() {
            let value = reader.text()?.to_owned();
            let key = ClassKey::read(&mut reader)?;
            tally.cells.insert((value, key), Class::read(&mut reader)?);
        }
        Ok(tally)
    }

    /// Whether any call asked to be called back.
    pub fn any_callback(&self) -> bool {
        let code = Disposition::CallbackRequested.code();
        self.cells.keys().any(|(_, key)| key.disposition == code)
    }

    /// Forgets the calls that asked to be called back.
    pub fn drop_callbacks(&mut self) {
        let code = Disposition::CallbackRequested.code();
        self.cells.retain(|(_, key), _| key.disposition != code);
    }

    /// Classes of one service.
    pub fn of_service(&self, service: u16) -> impl Iterator<Item = (&str, ClassKey, &Class)> {
        self.cells
            .iter()
            .filter(move |((_, key), _)| key.service == service)
            .map(|((value, key), class)| (value.as_str(), *key, class))
    }
}

/// One call as a pass sees it: instants in milliseconds UTC, `i64::MIN` where there is none.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Index of the service, from [`Spec::services`].
    pub service: u16,
    /// Code of the disposition.
    pub disposition: u8,
    /// Arrival.
    pub arrived: i64,
    /// Local hours since 1970-01-01T00:00.
    pub local_hour: i32,
    /// Entering the first queue.
    pub queued: i64,
    /// First ring.
    pub rang: i64,
    /// Answer.
    pub answered: i64,
    /// Call-back.
    pub called_back: i64,
    /// Wait in the queue.
    pub wait: i64,
    /// Talk.
    pub talk: i64,
    /// Hold.
    pub hold: i64,
    /// First queue.
    pub queue: &'a str,
    /// Value of a text dimension.
    pub text: &'a str,
}

/// No value.
pub const NONE: i64 = i64::MIN;

/// Runs a pass: remembers where in the calendars the last call fell, since calls come by time.
#[derive(Debug)]
pub struct Pass {
    spec: Spec,
    cursors: Vec<usize>,
    tallies: BTreeMap<String, Vec<Option<Class>>>,
    last_value: i64,
    last_hour: i32,
    last: Vec<Option<Class>>,
    last_name: Option<String>,
    exclusions_max: usize,
}

impl Pass {
    /// Begins a pass.
    pub fn new(spec: Spec) -> Self {
        let cursors = vec![0; spec.services.len()];
        let exclusions_max =
            spec.services.iter().map(|service| service.exclusions.len()).max().unwrap_or(0);
        Self {
            spec,
            cursors,
            tallies: BTreeMap::new(),
            last_value: NONE,
            last_hour: i32::MIN,
            last: Vec::new(),
            last_name: None,
            exclusions_max,
        }
    }

    /// Finds a service's index.
    pub fn service_index(&self, code: &str) -> Option<u16> {
        let at = self.spec.services.iter().position(|service| service.code == code)?;
        u16::try_from(at).ok()
    }

    /// Counts a call.
    #[inline]
    pub fn add(&mut self, seen: &Seen<'_>) {
        self.turn_to(seen);
        let open = self.is_open(seen);
        let exclusion = self.exclusion(seen);
        let called_back = self.called_back_in_time(seen);
        let at = self.slot(seen, open.is_some(), exclusion, called_back);
        if self.last.len() <= at {
            self.last.resize_with(at + 1, || None);
        }
        let Some(slot) = self.last.get_mut(at) else { return };
        let class = slot.get_or_insert_default();
        if self.spec.dimension == Dimension::Day {
            let hour = usize::try_from(seen.local_hour.rem_euclid(24)).unwrap_or(0);
            if let Some(count) = class.by_hour.get_mut(hour) {
                *count += 1;
            }
        }
        count(class, seen);
    }

    /// Hands over what was counted and begins again, for the calls to come.
    pub fn take(&mut self) -> Tally {
        self.put_away();
        self.last_hour = i32::MIN;
        let mut tally = Tally::default();
        let span = self.exclusions_max + 1;
        for (value, classes) in std::mem::take(&mut self.tallies) {
            for (at, class) in classes.into_iter().enumerate() {
                let Some(class) = class else { continue };
                tally.cells.insert((value.clone(), key_of(at, span)), class);
            }
        }
        tally
    }

    /// Makes `last` the classes of the call's value of the dimension.
    #[inline]
    fn turn_to(&mut self, seen: &Seen<'_>) {
        match self.spec.dimension {
            Dimension::None => {
                if self.last_name.is_none() {
                    self.last_name = Some(String::new());
                }
            }
            Dimension::Day | Dimension::HourOfWeek => {
                // Calls come by time: mostly this one arrived in the hour of the one before it.
                if seen.local_hour == self.last_hour {
                    return;
                }
                self.last_hour = seen.local_hour;
                let value = self.time_value(seen.local_hour);
                if value != self.last_value || self.last_name.is_none() {
                    self.put_away();
                    self.last_value = value;
                    self.bring_out(time_name(self.spec.dimension, value));
                }
            }
            Dimension::Text => {
                if self.last_name.as_deref() != Some(seen.text) {
                    self.put_away();
                    self.bring_out(seen.text.to_owned());
                }
            }
        }
    }

    fn time_value(&self, local_hour: i32) -> i64 {
        let hour = i64::from(local_hour);
        match self.spec.dimension {
            Dimension::HourOfWeek => {
                // 1970-01-01 was a Thursday.
                (hour.div_euclid(24) + 3).rem_euclid(7) * 24 + hour.rem_euclid(24)
            }
            _ => hour.div_euclid(24),
        }
    }

    fn put_away(&mut self) {
        if let Some(name) = self.last_name.take() {
            self.tallies.insert(name, std::mem::take(&mut self.last));
        }
    }

    fn bring_out(&mut self, name: String) {
        self.last = self.tallies.remove(&name).unwrap_or_default();
        self.last_name = Some(name);
    }

    /// The end of the opening interval that holds the arrival, if one does.
    #[inline]
    fn is_open(&mut self, seen: &Seen<'_>) -> Option<i64> {
        let service = usize::from(seen.service);
        let open = &self.spec.services.get(service)?.open;
        let cursor = self.cursors.get_mut(service)?;
        // Calls come by time: mostly this one falls into the interval of the one before it, or into
        // the closing time before that.
        if let Some((from, until)) = open.get(*cursor)
            && seen.arrived < *until
        {
            if *from <= seen.arrived {
                return Some(*until);
            }
            let before = cursor.checked_sub(1).and_then(|before| open.get(before));
            if before.is_none_or(|(_, until)| *until <= seen.arrived) {
                return None;
            }
        }
        let at = open.partition_point(|(_, until)| *until <= seen.arrived);
        *cursor = at;
        open.get(at).filter(|(from, _)| *from <= seen.arrived).map(|(_, until)| *until)
    }

    #[inline]
    fn exclusion(&self, seen: &Seen<'_>) -> usize {
        let Some(service) = self.spec.services.get(usize::from(seen.service)) else { return 0 };
        service
            .exclusions
            .iter()
            .position(|e| {
                e.from <= seen.arrived
                    && seen.arrived < e.until
                    && e.queue.as_deref().is_none_or(|queue| queue == seen.queue)
            })
            .map_or(0, |at| at + 1)
    }

    #[inline]
    fn called_back_in_time(&self, seen: &Seen<'_>) -> bool {
        if seen.disposition != Disposition::CallbackRequested.code() || seen.called_back == NONE {
            return false;
        }
        let Some(service) = self.spec.services.get(usize::from(seen.service)) else { return false };
        if let Some(limit) = service.callback_limit {
            return seen.called_back - seen.arrived <= limit;
        }
        // A service day may have several slots, and a service may never close.
        let at = service.day_ends.partition_point(|end| *end <= seen.arrived);
        service.day_ends.get(at).is_some_and(|end| seen.called_back <= *end)
    }

    #[inline]
    fn slot(&self, seen: &Seen<'_>, open: bool, exclusion: usize, called_back: bool) -> usize {
        let mut at = usize::from(seen.service);
        at = at * Disposition::ALL.len() + usize::from(seen.disposition);
        at = at * 2 + usize::from(open);
        at = at * (self.exclusions_max + 1) + exclusion;
        at * 2 + usize::from(called_back)
    }
}

/// The class that [`Pass::slot`] gave a position to.
fn key_of(at: usize, span: usize) -> ClassKey {
    let called_back = at % 2 == 1;
    let at = at / 2;
    let exclusion = u16::try_from(at % span).expect("a contract has fewer exclusions");
    let at = at / span;
    let open = at % 2 == 1;
    let at = at / 2;
    let disposition = u8::try_from(at % Disposition::ALL.len()).expect("ten dispositions");
    let service = u16::try_from(at / Disposition::ALL.len()).expect("few services");
    ClassKey { service, disposition, open, exclusion, called_back }
}

#[inline]
fn count(class: &mut Class, seen: &Seen<'_>) {
    class.n += 1;
    if seen.disposition == Disposition::CallbackRequested.code() {
        // Their wait ends with the call-back, if there was one.
        if seen.called_back != NONE {
            class.wait_from_arrival.add(seen.called_back - seen.arrived);
            if seen.queued != NONE {
                class.wait.add(seen.called_back - seen.queued);
            }
        }
        return;
    }
    if seen.wait != NONE {
        class.wait.add(seen.wait);
    }
    if seen.answered != NONE {
        class.wait_from_arrival.add(seen.answered - seen.arrived);
        if seen.rang != NONE {
            class.ring_to_answer.add(seen.answered - seen.rang);
        }
    }
    if seen.rang != NONE {
        class.arrival_to_ring.add(seen.rang - seen.arrived);
        if seen.queued != NONE {
            class.wait_to_ring.add(seen.rang - seen.queued);
        }
    }
    if seen.talk != NONE {
        class.talk_hold.add(seen.talk + if seen.hold == NONE { 0 } else { seen.hold });
    }
}

/// A value of a time dimension as text that sorts: `2023-07-14`, `0-08` (Monday, 8 o'clock).
fn time_name(dimension: Dimension, value: i64) -> String {
    match dimension {
        Dimension::HourOfWeek => format!("{}-{:02}", value / 24, value % 24),
        _ => day_name(value),
    }
}

/// A day since 1970-01-01 as a date.
fn day_name(days: i64) -> String {
    i32::try_from(days)
        .ok()
        .and_then(soglia_ledger::status::date_of)
        .map_or_else(|| format!("day {days}"), |date| date.to_string())
}
