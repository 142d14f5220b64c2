//! What does not go together in a scenario file whose every value is right. Read [`check`] first.
//!
//! What a history must say (whether a queue or a group is there) is not known here: it is looked up
//! when the scenario meets one.

use soglia_domain::calendar::Slot;
use soglia_domain::contract::{Faults, Path};

use super::{
    Changed, Duration, Line, RawHandling, RawHours, RawMove, RawOperators, RawQueue, RawScenario,
    RawSlot,
};

/// The longest time that a scenario may name, in microseconds.
const LONGEST_US: i64 = 86_400_000_000;

/// Shares of callers that may be tried for one move: each plays all weeks again.
const SHARES_MAX: usize = 10;

/// Says everything that does not go together.
pub(super) fn check(file: &RawScenario, faults: &mut Faults<'_, '_>) {
    let at = |table: &str, n: usize| Path::default().key(table).item(n);
    for (n, queue) in file.queue.iter().enumerate() {
        let before = file.queue.iter().take(n).map(|other| &other.name);
        check_queue(queue, before, &at("queue", n), faults);
    }
    for (n, hours) in file.hours.iter().enumerate() {
        check_hours(hours, &at("hours", n), faults);
    }
    for (n, handling) in file.handling.iter().enumerate() {
        check_handling(handling, &at("handling", n), faults);
    }
    for (n, offer) in file.call_back.iter().enumerate() {
        check_duration(Some(&offer.after), &at("call_back", n).key("after"), faults);
    }
    for (n, operators) in file.operators.iter().enumerate() {
        check_operators(operators, &at("operators", n), faults);
    }
    for (n, training) in file.cross_training.iter().enumerate() {
        if training.learn.is_empty() {
            let place = at("cross_training", n).key("learn");
            let hint = "name what they learn: `learn = [{ queue = \"…\", preference = 1 }]`";
            faults.add(&place, "at least one queue", "none", hint);
        }
    }
}

fn check_queue<'q>(
    queue: &RawQueue,
    mut before: impl Iterator<Item = &'q Line>,
    place: &Path,
    faults: &mut Faults<'_, '_>,
) {
    let RawQueue { name: Line(name), takes, served_by, head_start, capacity, overflow } = queue;
    if before.any(|Line(other)| other == name) {
        let hint = "put everything about a queue into one table";
        let found = format!("`{name}` once more");
        faults.add(&place.key("name"), "each queue once", &found, hint);
    }
    let same = takes.is_none() && served_by.is_empty() && overflow.is_none();
    if same && head_start.is_none() && capacity.is_none() {
        let expected = "one of `takes`, `served_by`, `head_start`, `capacity` or `overflow`";
        faults.add(place, expected, "a queue without any", "say what is to change");
    }
    check_duration(head_start.as_ref(), &place.key("head_start"), faults);
    let Some(overflow) = overflow else { return };
    let place = place.key("overflow");
    check_duration(Some(&overflow.after), &place.key("after"), faults);
    if overflow.to.0 == *name {
        let hint = "name the queue that takes those who wait too long here";
        let found = format!("`{name}` itself");
        faults.add(&place.key("to"), "another queue", &found, hint);
    }
}

fn check_hours(hours: &RawHours, place: &Path, faults: &mut Faults<'_, '_>) {
    let RawHours { queues: _, weekdays, saturday, sunday, moves } = hours;
    let days = [("weekdays", weekdays), ("saturday", saturday), ("sunday", sunday)];
    if days.iter().all(|(_, slots)| slots.is_none()) {
        let expected = "at least one of `weekdays`, `saturday` or `sunday`";
        faults.add(place, expected, "no day", "e.g. `weekdays = [\"07:00-19:00\"]`");
    }
    for (day, slots) in &days {
        let slots = slots.as_deref().unwrap_or_default();
        for (n, (one, next)) in slots.iter().zip(slots.iter().skip(1)).enumerate() {
            if next.0.open() < one.0.close() {
                let found = format!("`{}` after `{}`", shown(next.0), shown(one.0));
                let hint = "write the hours of a day in order, without overlap";
                let expected = "hours that begin when those before are over";
                faults.add(&place.key(day).item(n + 1), expected, &found, hint);
            }
        }
    }
    let opened = days.iter().flat_map(|(_, slots)| slots.as_deref().unwrap_or_default());
    let opened: Vec<Slot> = opened.map(|RawSlot(slot)| *slot).collect();
    for (n, moving) in moves.iter().enumerate() {
        check_move(moving, &opened, &place.key("move").item(n), faults);
    }
}

fn check_move(moving: &RawMove, opened: &[Slot], place: &Path, faults: &mut Faults<'_, '_>) {
    let RawMove { from: RawSlot(from), to: RawSlot(to), shares } = moving;
    if shares.is_empty() || SHARES_MAX < shares.len() {
        let expected = format!("from 1 to {SHARES_MAX} shares");
        let hint = "nobody knows the share: give a range, e.g. `[\"0%\", \"15%\", \"30%\"]`";
        faults.add(&place.key("shares"), &expected, &shares.len().to_string(), hint);
    }
    let inside = |slot: &Slot| slot.open() <= to.open() && to.close() <= slot.close();
    if !opened.iter().any(inside) {
        let hint = "callers who call when it is closed are turned away";
        let found = format!("`{}`", shown(*to));
        faults.add(&place.key("to"), "a time within the new hours", &found, hint);
    }
    if from == to {
        let found = format!("`{}` for both", shown(*to));
        faults.add(&place.key("to"), "another time than `from`", &found, "say when they will call");
    }
}

fn check_handling(handling: &RawHandling, place: &Path, faults: &mut Faults<'_, '_>) {
    let RawHandling { calls: _, booking_system: _, change, after_call } = handling;
    if change.is_none() && after_call.is_none() {
        let hint = "e.g. `change = \"-20%\"`, or `after_call = \"15s\"`";
        faults.add(place, "`change` or `after_call`", "neither", hint);
    }
    if let Some(Changed(times)) = change
        && *times <= 0.0
    {
        let hint = "calls that need nobody are contained by the voice menu: `[[ivr]]`";
        faults.add(&place.key("change"), "a change above -100%", "`-100%`", hint);
    }
    check_duration(after_call.as_ref(), &place.key("after_call"), faults);
}

fn check_operators(operators: &RawOperators, place: &Path, faults: &mut Faults<'_, '_>) {
    let RawOperators { group: _, days, between: _, plus, set, change, serves: _ } = operators;
    let given = [("plus", plus.is_some()), ("set", set.is_some()), ("change", change.is_some())];
    let given: Vec<String> =
        given.iter().filter(|(_, given)| *given).map(|(key, _)| format!("`{key}`")).collect();
    if given.len() != 1 {
        let found = if given.is_empty() { "none".to_owned() } else { given.join(" and ") };
        let hint = "so many more: `plus`; exactly so many: `set`; so much more: `change`";
        faults.add(place, "one of `plus`, `set` and `change`", &found, hint);
    }
    if days.as_ref().is_some_and(Vec::is_empty) {
        let hint = "leave `days` out for every day on which their queues are open";
        faults.add(&place.key("days"), "at least one day", "none", hint);
    }
}

fn check_duration(duration: Option<&Duration>, place: &Path, faults: &mut Faults<'_, '_>) {
    if let Some(Duration(us)) = duration
        && LONGEST_US < *us
    {
        let found = format!("{} hours", us / 3_600_000_000);
        faults.add(place, "at most a day (`24h`)", &found, "nobody waits longer than that");
    }
}

fn shown(slot: Slot) -> String {
    let clock = |mins: u16| format!("{:02}:{:02}", mins / 60, mins % 60);
    format!("{}-{}", clock(slot.open()), clock(slot.close()))
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    fn said(text: &str) -> String {
        let text = format!("[scenario]\ncode = \"x\"\nname = \"X\"\n\n{text}\n");
        parse(&text, "x.toml").expect_err("a fault").to_string()
    }

    #[test]
    fn what_does_not_go_together_is_said_with_place_and_hint() {
        for (text, expected) in [
            ("[[operators]]\ngroup = \"a\"", "x.toml:5:1: operators[0]: expected one of `plus`"),
            ("[[operators]]\ngroup = \"a\"\nplus = 1\nset = 2", "found `plus` and `set`"),
            ("[[operators]]\ngroup = \"a\"\nplus = 99999999", "-5000 to 5000"),
            ("[[operators]]\ngroup = \"a\"\nset = 99999999", "from 0 to 5000"),
            ("[[operators]]\ngroup = \"a\"\nset = 1\ndays = []", "operators[0].days"),
            ("[[hours]]\nweekdays = [\"07:00-12:00\", \"11:00-19:00\"]", ":6:29: hours[0].week"),
            ("[[hours]]\nqueues = [\"a\"]", "at least one of `weekdays`"),
            (
                "[[hours]]\nweekdays = [\"07:00-19:00\"]\n[[hours.move]]\nfrom = \"08:00-09:00\"\n\
                 to = \"05:00-06:00\"\nshares = []",
                "hours[0].move[0].to: expected a time within the new hours",
            ),
            (
                "[[hours]]\nweekdays = [\"07:00-19:00\"]\n[[hours.move]]\nfrom = \"08:00-09:00\"\n\
                 to = \"07:00-08:00\"\nshares = []",
                "x.toml:10:10: hours[0].move[0].shares: expected from 1 to 10 shares, found 0",
            ),
            ("[[handling]]\nchange = \"-100%\"", "expected a change above -100%"),
            ("[[handling]]\ncalls = { topic = \"a\" }", "expected `change` or `after_call`"),
            ("[[queue]]\nname = \"a\"", "expected one of `takes`"),
            ("[[queue]]\nname = \"a\"\nhead_start = \"900h\"", "queue[0].head_start: expected at"),
            (
                "[[queue]]\nname = \"a\"\noverflow = { to = \"a\", after = \"10s\" }",
                "queue[0].overflow.to: expected another queue, found `a` itself",
            ),
            (
                "[[queue]]\nname = \"a\"\ncapacity = 1\n[[queue]]\nname = \"a\"\ncapacity = 2",
                "queue[1].name: expected each queue once",
            ),
            ("[[queue]]\nname = \" \"\ncapacity = 1", "queue[0].name"),
            ("[[cross_training]]\ngroup = \"a\"\noperators = 2\nlearn = []", "at least one queue"),
            ("[[cross_training]]\ngroup = \"a\"\noperators = 0\nlearn = []", "from 1 to 5000"),
        ] {
            let said = said(text);
            assert!(said.contains(expected), "{expected}\n{said}");
        }
    }
}
