//! Operators as a scenario changes them. Read [`Week::operators_change`] first.
//!
//! Operators with exact hours keep them wherever the scenario does not touch them: people who come
//! and go every few minutes would each finish a call beyond their time, which is capacity that is
//! not there.

use super::StaffChange;
use super::apply::ApplyError;
use crate::centre::{Operator, Span};
use crate::learn::history::{DAY_US, SLOT_US};
use crate::num;
use crate::week::{SLOTS_OF_WEEK, Staff, Week};

/// Parts of a window in which whole operators are added or taken away.
const BLOCK_US: i64 = 3_600_000_000;

/// When a change holds.
pub(super) struct When {
    /// The parts of a week that were named: whoever goes is gone in them.
    asked: Vec<Span>,
    /// Those in which whoever comes is there.
    at_work: Vec<Span>,
}

impl When {
    /// Days and times as they were named; where they were not, a queue of the group must be open
    /// for anybody to come.
    pub(super) fn new(days: Option<[bool; 7]>, between: Option<Span>, open: &[Span]) -> Self {
        let all_day = Span { from_us: 0, until_us: DAY_US };
        let asked = windows(days.unwrap_or([true; 7]), between.unwrap_or(all_day));
        let at_work = match (days, between) {
            (Some(_), Some(_)) => asked.clone(),
            (None, Some(_)) => {
                let opens = |window: &&Span| {
                    let midnight_us = window.from_us.div_euclid(DAY_US) * DAY_US;
                    let day = Span { from_us: midnight_us, until_us: midnight_us + DAY_US };
                    open.iter().any(|span| common(*span, day).is_some())
                };
                asked.iter().filter(opens).copied().collect()
            }
            (_, None) => {
                let of = |window: &Span| {
                    let window = *window;
                    open.iter().filter_map(move |span| common(*span, window))
                };
                asked.iter().flat_map(of).collect()
            }
        };
        Self { asked, at_work }
    }
}

/// Spans in order without those of others.
pub(super) fn without(spans: &[Span], others: &[Span]) -> Vec<Span> {
    let mut rest = spans.to_vec();
    for other in others {
        rest = rest.iter().flat_map(|span| outside(*span, *other)).collect();
    }
    rest
}

/// What of a span lies before and after another.
fn outside(span: Span, other: Span) -> impl Iterator<Item = Span> {
    let before = Span { until_us: span.until_us.min(other.from_us), ..span };
    let after = Span { from_us: span.from_us.max(other.until_us), ..span };
    [before, after].into_iter().filter(|span| span.from_us < span.until_us)
}

fn common(one: Span, other: Span) -> Option<Span> {
    let both = Span {
        from_us: one.from_us.max(other.from_us),
        until_us: one.until_us.min(other.until_us),
    };
    (both.from_us < both.until_us).then_some(both)
}

/// The parts of a week on some days at some time.
fn windows(days: [bool; 7], between: Span) -> Vec<Span> {
    let of_day = |(day, _): (i64, bool)| Span {
        from_us: day * DAY_US + between.from_us,
        until_us: day * DAY_US + between.until_us,
    };
    (0..).zip(days).filter(|(_, chosen)| *chosen).map(of_day).collect()
}

impl Week {
    pub(super) fn operators_change(&mut self, group: usize, when: &When, staff: StaffChange) {
        match &mut self.staff {
            Staff::Exact(operators) => change_exact(operators, group, when, staff),
            Staff::Levels(levels) => {
                levels.resize(self.centre.groups.len(), vec![0.0; SLOTS_OF_WEEK]);
                if let Some(levels) = levels.get_mut(group) {
                    levels.resize(SLOTS_OF_WEEK, 0.0);
                    change_levels(levels, when, staff);
                }
            }
        }
    }

    /// Operators of a group are not there in some spans: none of their queues is open any more.
    pub(super) fn go_home(&mut self, group: usize, spans: &[Span]) {
        let when = When { asked: spans.to_vec(), at_work: Vec::new() };
        if !spans.is_empty() {
            self.operators_change(group, &when, StaffChange::Set(0));
        }
    }

    pub(super) fn cross_train(
        &mut self,
        name: &str,
        n: u32,
        learn: &[(String, u8)],
    ) -> Result<(), ApplyError> {
        let from = self.group(name)?;
        let trained = self.copy_group(from, &format!("{name}+"), learn)?;
        match &mut self.staff {
            Staff::Exact(operators) => {
                for _ in 0..n {
                    if operators.iter().all(|o| o.group != from) {
                        break;
                    }
                    one_after_the_other(operators, from, trained);
                }
            }
            Staff::Levels(levels) => {
                levels.resize(trained + 1, vec![0.0; SLOTS_OF_WEEK]);
                let own = levels.get(from).cloned().unwrap_or_default();
                let taken: Vec<f64> = own.iter().map(|level| level.min(f64::from(n))).collect();
                if let Some(own) = levels.get_mut(from) {
                    own.iter_mut().zip(&taken).for_each(|(level, taken)| *level -= taken);
                }
                if let Some(slot) = levels.get_mut(trained) {
                    *slot = taken;
                }
            }
        }
        Ok(())
    }
}

/// Lets one operator at a time change groups, from the week's beginning to its end: where seats
/// were read from the events, one person is several of them, one after the other.
fn one_after_the_other(operators: &mut [Operator], from: usize, to: usize) {
    let mut at_us = i64::MIN;
    loop {
        let next = operators
            .iter_mut()
            .filter(|o| o.group == from)
            .filter_map(|o| Some((o.presence.first()?.from_us, o)))
            .filter(|(from_us, _)| at_us <= *from_us)
            .min_by_key(|(from_us, _)| *from_us);
        let Some((_, operator)) = next else { return };
        operator.group = to;
        at_us = operator.presence.last().map_or(i64::MAX, |span| span.until_us);
    }
}

fn change_levels(levels: &mut [f64], when: &When, staff: StaffChange) {
    for (level, from_us) in levels.iter_mut().zip((0..).map(|slot: i64| slot * SLOT_US)) {
        let within = |windows: &[Span]| windows.iter().any(|window| window.holds(from_us));
        let (asked, at_work) = (within(&when.asked), within(&when.at_work));
        *level = match staff {
            StaffChange::Plus(more) if 0 < more && at_work => *level + f64::from(more),
            StaffChange::Plus(more) if more < 0 && asked => (*level + f64::from(more)).max(0.0),
            StaffChange::Set(n) if at_work => f64::from(n),
            StaffChange::Set(_) if asked => 0.0,
            StaffChange::Times(times) if asked => *level * times,
            _ => *level,
        };
    }
}

fn change_exact(operators: &mut Vec<Operator>, group: usize, when: &When, staff: StaffChange) {
    let come = |operators: &mut Vec<Operator>, n: u32| {
        operators.extend((0..n).map(|_| Operator { group, presence: when.at_work.clone() }));
    };
    match staff {
        StaffChange::Plus(more) => {
            come(operators, u32::try_from(more).unwrap_or(0));
            for window in &when.asked {
                change_by(operators, group, *window, more.min(0));
            }
        }
        StaffChange::Set(n) => {
            for operator in operators.iter_mut().filter(|o| o.group == group) {
                for window in &when.asked {
                    cut(operator, *window);
                }
            }
            come(operators, n);
        }
        StaffChange::Times(times) => {
            // Whole operators by the hour; what is left of one goes on to the next hour.
            let mut owed = 0.0;
            for block in when.asked.iter().flat_map(|window| blocks(*window)) {
                owed += present(operators, group, block) * (times - 1.0);
                let whole = num::round_i64(owed);
                owed -= whole as f64;
                change_by(operators, group, block, i32::try_from(whole).unwrap_or(0));
            }
        }
    }
    operators.retain(|operator| !operator.presence.is_empty());
}

fn blocks(window: Span) -> impl Iterator<Item = Span> {
    let n = window.length_us().div_euclid(BLOCK_US) + 1;
    (0..n)
        .map(move |block| Span {
            from_us: window.from_us + block * BLOCK_US,
            until_us: (window.from_us + (block + 1) * BLOCK_US).min(window.until_us),
        })
        .filter(|block| block.from_us < block.until_us)
}

/// Mean number of a group's operators in a block.
fn present(operators: &[Operator], group: usize, block: Span) -> f64 {
    let inside =
        |span: &Span| (span.until_us.min(block.until_us) - span.from_us.max(block.from_us)).max(0);
    let of_group = operators.iter().filter(|o| o.group == group);
    let us: i64 = of_group.flat_map(|o| &o.presence).map(inside).sum();
    us as f64 / block.length_us() as f64
}

/// So many more operators in a window, or fewer.
fn change_by(operators: &mut Vec<Operator>, group: usize, window: Span, more: i32) {
    for _ in 0..more {
        operators.push(Operator { group, presence: vec![window] });
    }
    for _ in more..0 {
        take_one(operators, group, window);
    }
}

/// Takes one operator at a time away, from the window's beginning to its end.
fn take_one(operators: &mut [Operator], group: usize, window: Span) {
    let mut at_us = window.from_us;
    while at_us < window.until_us {
        // Whoever is there, for longest; or else whoever comes next.
        let there = operators
            .iter()
            .enumerate()
            .filter(|(_, o)| o.group == group)
            .flat_map(|(n, o)| o.presence.iter().map(move |span| (n, *span)))
            .filter(|(_, span)| at_us < span.until_us && span.from_us < window.until_us)
            .min_by_key(|(n, span)| (span.from_us.max(at_us), -span.until_us, *n));
        let Some((n, span)) = there else { return };
        let until_us = span.until_us.min(window.until_us);
        if let Some(operator) = operators.get_mut(n) {
            cut(operator, Span { from_us: span.from_us.max(at_us), until_us });
        }
        at_us = until_us;
    }
}

/// Takes part of an operator's hours away.
fn cut(operator: &mut Operator, part: Span) {
    let rest = |span: &Span| outside(*span, part);
    operator.presence = operator.presence.iter().flat_map(rest).collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operator(spans: &[(i64, i64)]) -> Operator {
        let presence = spans.iter().map(|&(from, until)| Span::of_secs(from, until)).collect();
        Operator { group: 0, presence }
    }

    #[test]
    fn operators_are_taken_and_added_only_where_asked() {
        let hour = 3600;
        let window = Span::of_secs(hour, 3 * hour);
        let floor = [
            operator(&[(0, 2 * hour)]),
            operator(&[(0, 4 * hour)]),
            operator(&[(2 * hour, 4 * hour)]),
        ];
        let changed = |staff: StaffChange| {
            let mut operators = floor.to_vec();
            let when = When { asked: vec![window], at_work: vec![window] };
            change_exact(&mut operators, 0, &when, staff);
            let before = present(&operators, 0, Span::of_secs(0, hour));
            let after = present(&operators, 0, Span::of_secs(3 * hour, 4 * hour));
            assert!((before - 2.0).abs() < 1e-9 && (after - 2.0).abs() < 1e-9);
            present(&operators, 0, window)
        };
        for (staff, n) in [
            (StaffChange::Plus(3), 5.0),
            (StaffChange::Plus(-1), 1.0),
            (StaffChange::Plus(-5), 0.0),
            (StaffChange::Set(4), 4.0),
            (StaffChange::Times(0.5), 1.0),
            (StaffChange::Times(1.75), 3.5),
        ] {
            let found = changed(staff);
            assert!((found - n).abs() < 1e-9, "{staff:?}: {found} for {n}");
        }
    }

    #[test]
    fn spans_without_others_are_what_is_left() {
        let spans = [Span::of_secs(0, 10), Span::of_secs(20, 30)];
        let left = without(&spans, &[Span::of_secs(4, 6), Span::of_secs(8, 22)]);
        assert_eq!(left, [Span::of_secs(0, 4), Span::of_secs(6, 8), Span::of_secs(22, 30)]);
        assert_eq!(without(&spans, &spans), []);
        assert_eq!(without(&spans, &[]), spans);
    }

    #[test]
    fn one_after_the_other_changes_groups() {
        let mut operators = vec![operator(&[(0, 10)]), operator(&[(5, 20)]), operator(&[(12, 30)])];
        one_after_the_other(&mut operators, 0, 1);
        let groups: Vec<usize> = operators.iter().map(|o| o.group).collect();
        assert_eq!(groups, [1, 0, 1]);
    }

    #[test]
    fn windows_repeat_on_the_days_chosen() {
        let days = [true, false, false, false, false, false, true];
        let found = windows(days, Span::of_secs(0, 60));
        assert_eq!(found, [Span::of_secs(0, 60), Span::of_secs(6 * 86_400, 6 * 86_400 + 60)]);
    }

    #[test]
    fn whoever_comes_without_hours_is_there_while_a_queue_is_open() {
        let hour = 3600;
        // Monday with a pause, and Tuesday.
        let open = [
            Span::of_secs(8 * hour, 13 * hour),
            Span::of_secs(14 * hour, 18 * hour),
            Span::of_secs(32 * hour, 40 * hour),
        ];
        let week = Span::of_secs(0, 7 * 24 * hour);
        let hours = |when: &When, staff: StaffChange| {
            let mut operators = vec![operator(&[(0, 20 * hour)])];
            change_exact(&mut operators, 0, when, staff);
            let mut levels = vec![0.0; SLOTS_OF_WEEK];
            levels.iter_mut().take(20 * 12).for_each(|level| *level = 1.0);
            change_levels(&mut levels, when, staff);
            let exact = present(&operators, 0, week) * 168.0;
            assert!((levels.iter().sum::<f64>() / 12.0 - exact).abs() < 1e-9, "{staff:?}");
            num::round_i64(exact)
        };
        let lunch = Some(Span::of_secs(12 * hour, 15 * hour));
        let sunday = Some([false, false, false, false, false, false, true]);
        for (days, between, staff, expected) in [
            (None, None, StaffChange::Plus(2), 20 + 2 * 17),
            (None, None, StaffChange::Plus(-1), 0),
            (None, None, StaffChange::Set(3), 3 * 17),
            (None, None, StaffChange::Set(0), 0),
            // Two open days, three hours.
            (None, lunch, StaffChange::Plus(1), 20 + 2 * 3),
            (sunday, None, StaffChange::Plus(1), 20),
            (sunday, lunch, StaffChange::Plus(1), 20 + 3),
        ] {
            let found = hours(&When::new(days, between, &open), staff);
            assert_eq!(found, expected, "{days:?} {between:?} {staff:?}");
        }
    }
}
