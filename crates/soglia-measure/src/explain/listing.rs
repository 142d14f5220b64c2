//! What is listed, and the page of it that is kept. Read [`Listing`] first.

use soglia_domain::time::Instant;

use crate::calls::Counted;

/// What to list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// What met the rule (for K3: what was not lost).
    Met,
    /// What counts and did not meet it.
    Missed,
    /// Answered (replied to, resolved, completed), but after the limit.
    Late,
    /// Missed without an answer.
    Lost,
    /// Left out, for any reason or for one.
    Excluded(Option<String>),
    /// Everything that was looked at.
    All,
}

impl Wanted {
    /// Reads `late`, `lost`, `met`, `missed`, `excluded`, `excluded:out_of_hours`, `all`.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "met" => Self::Met,
            "missed" => Self::Missed,
            "late" => Self::Late,
            "lost" => Self::Lost,
            "all" => Self::All,
            "excluded" => Self::Excluded(None),
            other => Self::Excluded(Some(other.strip_prefix("excluded:")?.to_owned())),
        })
    }

    /// How much an item adds to the integer that the list stands behind; nothing if it is not
    /// wanted.
    pub(super) fn weight(&self, class: &Class) -> u64 {
        let left_out: u64 = class.counted.excluded.values().sum();
        match self {
            Self::All => class.counted.den + left_out,
            Self::Met => class.met(),
            Self::Missed => class.missed(),
            Self::Late if class.answered => class.missed(),
            Self::Lost if !class.answered => class.missed(),
            Self::Late | Self::Lost => 0,
            Self::Excluded(None) => left_out,
            Self::Excluded(Some(reason)) => {
                class.counted.excluded.get(reason).copied().unwrap_or(0)
            }
        }
    }
}

/// How items were counted: one, or calls of one kind.
pub(super) struct Class {
    pub(super) counted: Counted,
    pub(super) answered: bool,
    pub(super) loss_counts: bool,
}

impl Class {
    pub(super) fn new(counted: Counted, answered: bool) -> Self {
        Self { counted, answered, loss_counts: false }
    }

    /// How much of it is what the contract wants; K3 counts what it does not want.
    fn met(&self) -> u64 {
        if self.loss_counts { self.counted.den - self.counted.num } else { self.counted.num }
    }

    fn missed(&self) -> u64 {
        self.counted.den - self.met()
    }

    fn name(&self) -> String {
        match self.counted.excluded.keys().next() {
            Some(reason) if self.counted.den == 0 => format!("excluded:{reason}"),
            _ if self.missed() == 0 => "met".to_owned(),
            _ if 0 < self.met() => "met in part".to_owned(),
            _ if self.answered => "late".to_owned(),
            _ => "lost".to_owned(),
        }
    }
}

/// One item behind a figure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Behind {
    /// Its identifier.
    pub id: String,
    /// Its main instant.
    pub at: Instant,
    /// How it was counted: `met`, `late`, `lost`, `excluded:…`.
    pub class: String,
    /// The version of the rule that counted it.
    pub version: u32,
    /// What matters in it.
    pub details: Vec<(&'static str, String)>,
    /// The import it came from.
    pub import_no: i64,
    /// Its first and last row there.
    pub rows: (i64, i64),
}

/// What a page of items is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Page {
    /// The items, oldest first.
    pub items: Vec<Behind>,
    /// How many there are in all.
    pub total: u64,
    /// What they add up to: the measured integer. It is `total` wherever an item counts once; an
    /// outbound record counts once for each attempt, an outage by the millisecond.
    pub counted: u64,
}

/// Items taken so far: no more than the page needs are kept, in whatever order they come.
pub(super) struct Listing<'w> {
    pub(super) wanted: &'w Wanted,
    /// The places of the page's items among all.
    pub(super) from: u64,
    pub(super) until: u64,
    /// Items that stand before the page and were counted without being read.
    passed: u64,
    pub(super) page: Page,
}

impl<'w> Listing<'w> {
    pub(super) fn new(wanted: &'w Wanted, skip: u64, limit: usize) -> Self {
        let until = skip.saturating_add(limit as u64);
        Self { wanted, from: skip, until, passed: 0, page: Page::default() }
    }

    /// Counts items of calls, each of them once, that are not read.
    pub(super) fn pass(&mut self, n: u64) {
        self.page.total += n;
        self.page.counted += n;
        if self.page.total <= self.from {
            self.passed += n;
        }
    }

    /// How many of the items read, oldest first, stand before the end of the page.
    fn keep(&self) -> usize {
        usize::try_from(self.until - self.passed).unwrap_or(usize::MAX)
    }

    pub(super) fn into_page(mut self) -> Page {
        self.tidy();
        let before = usize::try_from(self.from - self.passed).unwrap_or(usize::MAX);
        self.page.items.drain(..before.min(self.page.items.len()));
        self.page
    }

    pub(super) fn take(&mut self, class: &Class, make: impl FnOnce(String) -> Behind) {
        let weight = self.wanted.weight(class);
        if weight == 0 {
            return;
        }
        self.page.total += 1;
        self.page.counted += weight;
        self.page.items.push(make(class.name()));
        if self.keep().saturating_add(4096) < self.page.items.len() {
            self.tidy();
        }
    }

    fn tidy(&mut self) {
        self.page.items.sort_by(|a, b| (a.at, &a.id, &a.details).cmp(&(b.at, &b.id, &b.details)));
        self.page.items.truncate(self.keep());
    }
}
