//! Scenario files: a difference to the contract's present, in TOML. Read [`parse`] first.
//!
//! The documentation of the types below is the documentation of the file: the published JSON Schema
//! is made from them, and files are checked against it, so that everything wrong with one is said
//! at once, with line, key and hint. What the changes name (queues, groups, topics) is looked up
//! when the scenario meets a history.

mod check;

use std::borrow::Cow;
use std::sync::LazyLock;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use soglia_domain::calendar::Slot;
use soglia_domain::contract::{ContractError, parse_change, parse_share, read_beside, schema_of};
use soglia_domain::text::Text;
use soglia_domain::time::Millis;

use super::{Calls, Change, Move, QueueChange, Scenario, StaffChange};
use crate::centre::Span;

static SCHEMA: LazyLock<Value> = LazyLock::new(schema);

/// Returns the JSON Schema (draft 2020-12) of scenario files.
pub fn schema() -> Value {
    schema_of::<RawScenario>("Soglia scenario file")
}

/// Reads a scenario file's text; `file` is its name as errors say it.
///
/// ```
/// let text = "[scenario]\ncode = \"ivr\"\nname = \"IVR\"\n\n[[ivr]]\ncontained = \"60\"\n";
/// let error = soglia_sim::scenario::file::parse(text, "ivr.toml").expect_err("no percentage");
/// let problem = &error.problems[0];
/// assert_eq!((problem.line, problem.key.as_str()), (6, "ivr[0].contained"));
/// ```
pub fn parse(text: &str, file: &str) -> Result<Scenario, ContractError> {
    read_beside(text, file, &SCHEMA, check::check).map(RawScenario::lower)
}

/// A change to the present, to be tried before it is made. What a file does not say stays as it is.
/// Changes are done in this order: queues, hours, demand, handling, IVR, call-back, operators,
/// cross-training, preferences.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
struct RawScenario {
    /// What the scenario is called.
    scenario: RawHead,
    /// New queues, or other rules for those there are.
    #[serde(default)]
    queue: Vec<RawQueue>,
    /// Other opening hours.
    #[serde(default)]
    hours: Vec<RawHours>,
    /// More or fewer calls.
    #[serde(default)]
    demand: Vec<RawDemand>,
    /// Longer or shorter handling.
    #[serde(default)]
    handling: Vec<RawHandling>,
    /// Calls that the IVR answers.
    #[serde(default)]
    ivr: Vec<RawIvr>,
    /// Callers who wait are offered to be called back.
    #[serde(default)]
    call_back: Vec<RawCallBack>,
    /// More or fewer operators.
    #[serde(default)]
    operators: Vec<RawOperators>,
    /// Operators who learn to serve other queues.
    #[serde(default)]
    cross_training: Vec<RawCrossTraining>,
    /// The order in which operators and queues prefer each other.
    #[serde(default)]
    preference: Vec<RawPreference>,
}

/// What the scenario is called.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
struct RawHead {
    /// Short code, e.g. `priority_queue`.
    code: Code,
    /// Name for people.
    name: RawText,
    /// What it is about, in some sentences; pages show the file's first comment without it.
    about: Option<RawText>,
    /// The service it changes; may be left out where the contract has only one.
    service: Option<Code>,
}

/// A text, in Italian or in both languages.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(untagged)]
enum RawText {
    /// The text.
    Plain(Line),
    /// The text in Italian and in English.
    Both(RawBoth),
}

/// The text in Italian and in English.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
struct RawBoth {
    /// Italian.
    it: Line,
    /// English.
    en: Option<Line>,
}

/// Which calls: those that fit every part given.
#[derive(Deserialize, JsonSchema, Debug, Default)]
#[serde(deny_unknown_fields)]
struct RawCalls {
    /// The queue they join.
    queue: Option<Line>,
    /// Their topic, as the contract's `topics` name it.
    topic: Option<Line>,
    /// Their priority class, any of these.
    #[serde(default)]
    classes: Vec<Line>,
}

/// A new queue, or other rules for one that is there.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
struct RawQueue {
    /// Its name.
    name: Line,
    /// Calls that join it from now on; needed for a new queue.
    takes: Option<RawCalls>,
    /// Groups that serve it; those of the queue that its calls come from when left out.
    #[serde(default)]
    served_by: Vec<RawGroupOf>,
    /// Its calls count as if they had waited so much longer; others overtake them only when they
    /// have waited longer still.
    head_start: Option<Duration>,
    /// How many may wait; one more is turned away.
    capacity: Option<u32>,
    /// Another queue for those who wait too long.
    overflow: Option<RawOverflow>,
}

/// A group that serves a queue.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
struct RawGroupOf {
    /// The group, as the contract's `operator_group` names it.
    group: Line,
    /// 0 for those asked first, which is the default.
    #[serde(default)]
    preference: u8,
}

/// A queue that a group serves.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
struct RawQueueOf {
    /// The queue.
    queue: Line,
    /// 0 for those served first, which is the default.
    #[serde(default)]
    preference: u8,
}

/// Another queue for those who wait too long.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
struct RawOverflow {
    /// After this wait.
    after: Duration,
    /// The queue.
    to: Line,
}

/// Other opening hours; days left out stay as they are, holidays stay closed.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
struct RawHours {
    /// Only of these queues; of all when left out.
    #[serde(default)]
    queues: Vec<Line>,
    /// Monday to Friday, e.g. `["07:00-19:00"]`.
    weekdays: Option<Vec<RawSlot>>,
    /// Saturday.
    saturday: Option<Vec<RawSlot>>,
    /// Sunday.
    sunday: Option<Vec<RawSlot>>,
    /// Callers who will call at another time because of it.
    #[serde(default, rename = "move")]
    moves: Vec<RawMove>,
}

/// Callers who will call at another time.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
struct RawMove {
    /// From this time of day, e.g. `08:00-09:00`.
    from: RawSlot,
    /// To this one.
    to: RawSlot,
    /// The share of them: nobody knows it, so give a range, e.g. `["0%", "15%", "30%"]`; each is
    /// tried.
    shares: Vec<Share>,
}

/// More or fewer calls.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
struct RawDemand {
    /// Which calls; all when left out.
    #[serde(default)]
    calls: RawCalls,
    /// How many more, e.g. `+35%`.
    change: Changed,
}

/// Longer or shorter handling.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
struct RawHandling {
    /// Of which calls; of all when left out.
    #[serde(default)]
    calls: RawCalls,
    /// Only with this booking system.
    booking_system: Option<Line>,
    /// How much longer conversations take, e.g. `-20%`.
    change: Option<Changed>,
    /// So much more work after each call.
    after_call: Option<Duration>,
}

/// Calls that the IVR answers.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
struct RawIvr {
    /// Which calls; all when left out.
    #[serde(default)]
    calls: RawCalls,
    /// The share of those that join a queue today.
    contained: Share,
}

/// Callers who wait are offered to be called back.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
struct RawCallBack {
    /// Which callers; all when left out.
    #[serde(default)]
    calls: RawCalls,
    /// After this wait.
    after: Duration,
    /// The share that accepts.
    accepted: Share,
    /// The share of attempts that reach the caller; 80% when left out.
    reached: Option<Share>,
}

/// More or fewer operators; one of `plus`, `set` and `change`.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
struct RawOperators {
    /// Their group; a new one is made when it `serves` something.
    group: Line,
    /// On these days; when left out, on every day on which a queue that they serve is open.
    days: Option<Vec<Weekday>>,
    /// At this time of day; when left out, those who come are there while a queue that they serve
    /// is open, and those who go are gone all day.
    between: Option<RawSlot>,
    /// So many more, or fewer with a minus.
    #[schemars(range(min = -5000, max = 5000))]
    plus: Option<i32>,
    /// Exactly so many.
    #[schemars(range(max = 5000))]
    set: Option<u32>,
    /// So much more, e.g. `+10%`.
    change: Option<Changed>,
    /// Queues that a new group serves.
    #[serde(default)]
    serves: Vec<RawQueueOf>,
}

/// Operators who learn to serve other queues.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
struct RawCrossTraining {
    /// Their group.
    group: Line,
    /// How many of them.
    #[schemars(range(min = 1, max = 5000))]
    operators: u32,
    /// What they learn; with preference 0 they serve it like their own queues, with 1 only when
    /// nobody waits there.
    learn: Vec<RawQueueOf>,
}

/// The order in which operators and queues prefer each other.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
struct RawPreference {
    /// The queue.
    queue: Line,
    /// The group; it serves the queue from now on.
    group: Line,
    /// 0 first.
    preference: u8,
}

/// A day of the week.
#[derive(Deserialize, JsonSchema, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
enum Weekday {
    /// Monday.
    Monday,
    /// Tuesday.
    Tuesday,
    /// Wednesday.
    Wednesday,
    /// Thursday.
    Thursday,
    /// Friday.
    Friday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

/// Declares a leaf of the file: the form that contract files give it, and how it is read.
macro_rules! leaf {
    ($(
        $(#[$doc:meta])*
        $name:ident($inner:ty) = $form:literal, $pattern:literal, $parse:expr;
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Debug)]
        struct $name($inner);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
                let text = String::deserialize(source)?;
                let parse: fn(&str) -> Option<$inner> = $parse;
                parse(&text).map(Self).ok_or_else(|| {
                    serde::de::Error::custom(format_args!("`{text}` is no {}", $form))
                })
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "x-soglia-form": $form })
            }
        }
    )*};
}

leaf! {
    /// A text that is not empty.
    Line(String) = "text", r"\S", |text| Some(text.trim().to_owned());
    /// A code.
    Code(String) = "code", r"^[A-Za-z0-9_.\-]{1,64}$", |text| Some(text.to_owned());
    /// A duration, in microseconds.
    Duration(i64) = "duration", r"^(0|([0-9]+(\.[0-9]+)?(ms|s|min|m|h) ?)+)$",
        |text| Millis::parse(text).map(|span| span.get() * 1000);
    /// A share.
    Share(f64) = "share", r"^[0-9]+(\.[0-9]+)?%$",
        |text| parse_share(text).map(|ratio| ratio.num() as f64 / ratio.den() as f64);
    /// A change, as a factor.
    Changed(f64) = "change", r"^[+\-][0-9]+(\.[0-9]+)?%$",
        |text| parse_change(text).map(|thousandths| f64::from(thousandths) / 100_000.0);
    /// Part of a day.
    RawSlot(Slot) = "slot", r"^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$",
        |text| Slot::parse(text).ok();
}

/// The share of attempts to call back that reach the caller, where the file does not say.
const REACHED: f64 = 0.8;

impl RawScenario {
    fn lower(self) -> Scenario {
        let Self { scenario, queue, hours, demand, handling, ivr, .. } = self;
        let mut changes: Vec<Change> = Vec::new();
        changes.extend(queue.into_iter().map(RawQueue::lower));
        changes.extend(hours.into_iter().map(RawHours::lower));
        changes.extend(demand.into_iter().map(|raw| {
            let RawDemand { calls, change: Changed(times) } = raw;
            Change::Demand { of: calls.lower(), times }
        }));
        changes.extend(handling.into_iter().map(|raw| {
            let RawHandling { calls, booking_system, change, after_call } = raw;
            Change::Handling {
                of: calls.lower(),
                system: booking_system.map(|Line(name)| name),
                times: change.map_or(1.0, |Changed(times)| times),
                wrap_us: after_call.map_or(0, |Duration(us)| us),
                rang_us: 0,
            }
        }));
        changes.extend(ivr.into_iter().map(|raw| {
            let RawIvr { calls, contained: Share(share) } = raw;
            Change::Contain { of: calls.lower(), share }
        }));
        changes.extend(self.call_back.into_iter().map(|raw| {
            let RawCallBack { calls, after: Duration(after_us), accepted: Share(share), reached } =
                raw;
            let reached = reached.map_or(REACHED, |Share(reached)| reached);
            Change::CallBack { of: calls.lower(), after_us, share, reached }
        }));
        changes.extend(self.operators.into_iter().map(RawOperators::lower));
        changes.extend(self.cross_training.into_iter().map(|raw| {
            let RawCrossTraining { group: Line(group), operators: n, learn } = raw;
            Change::CrossTrain { group, n, learn: queues_of(learn) }
        }));
        changes.extend(self.preference.into_iter().map(|raw| {
            let RawPreference { queue: Line(queue), group: Line(group), preference: tier } = raw;
            Change::Prefer { queue, group, tier }
        }));
        let RawHead { code: Code(code), name, about, service } = scenario;
        let (name, about) = (name.lower(), about.map(RawText::lower));
        Scenario { code, name, about, service: service.map(|Code(code)| code), changes }
    }
}

impl RawText {
    fn lower(self) -> Text {
        match self {
            Self::Plain(Line(it)) => Text { it, en: None },
            Self::Both(RawBoth { it: Line(it), en }) => Text { it, en: en.map(|Line(en)| en) },
        }
    }
}

impl RawCalls {
    fn lower(self) -> Calls {
        let Self { queue, topic, classes } = self;
        Calls {
            queue: queue.map(|Line(name)| name),
            topic: topic.map(|Line(name)| name),
            classes: classes.into_iter().map(|Line(name)| name).collect(),
        }
    }
}

impl RawQueue {
    fn lower(self) -> Change {
        let Self { name: Line(name), takes, served_by, head_start, capacity, overflow } = self;
        let served_by = served_by.into_iter().map(|raw| {
            let RawGroupOf { group: Line(group), preference } = raw;
            (group, preference)
        });
        let overflow = overflow.map(|raw| {
            let RawOverflow { after: Duration(after_us), to: Line(to) } = raw;
            (after_us, to)
        });
        Change::Queue(QueueChange {
            name,
            takes: takes.map(RawCalls::lower),
            served_by: served_by.collect(),
            head_start_us: head_start.map(|Duration(us)| us),
            capacity,
            overflow,
        })
    }
}

impl RawHours {
    fn lower(self) -> Change {
        let Self { queues, weekdays, saturday, sunday, moves } = self;
        let slots = |raw: Option<Vec<RawSlot>>| -> Option<Vec<Slot>> {
            raw.map(|slots| slots.into_iter().map(|RawSlot(slot)| slot).collect())
        };
        let (weekdays, saturday, sunday) = (slots(weekdays), slots(saturday), slots(sunday));
        let weekly = std::array::from_fn(|day| match day {
            5 => saturday.clone(),
            6 => sunday.clone(),
            _ => weekdays.clone(),
        });
        let moves = moves.into_iter().map(|raw| {
            let RawMove { from: RawSlot(from), to: RawSlot(to), shares } = raw;
            let shares = shares.into_iter().map(|Share(share)| share).collect();
            Move { from: span(from), to: span(to), shares }
        });
        let queues = queues.into_iter().map(|Line(name)| name).collect();
        Change::Hours { queues, weekly, moves: moves.collect() }
    }
}

impl RawOperators {
    fn lower(self) -> Change {
        let Self { group: Line(group), days, between, plus, set, change, serves } = self;
        let chosen = days.map(|days| {
            use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
            [Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday]
                .map(|day| days.contains(&day))
        });
        let staff = match (plus, set, change) {
            (Some(plus), _, _) => StaffChange::Plus(plus),
            (None, Some(n), _) => StaffChange::Set(n),
            (None, None, Some(Changed(times))) => StaffChange::Times(times),
            (None, None, None) => StaffChange::Plus(0),
        };
        Change::Operators {
            group,
            days: chosen,
            between: between.map(|RawSlot(slot)| span(slot)),
            staff,
            serves: queues_of(serves),
        }
    }
}

fn queues_of(raw: Vec<RawQueueOf>) -> Vec<(String, u8)> {
    raw.into_iter()
        .map(|raw| {
            let RawQueueOf { queue: Line(queue), preference } = raw;
            (queue, preference)
        })
        .collect()
}

fn span(slot: Slot) -> Span {
    Span::of_secs(i64::from(slot.open()) * 60, i64::from(slot.close()) * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_file_is_read() {
        let text = r#"
            [scenario]
            code = "all"
            name = { it = "Tutto", en = "Everything" }
            about = { it = "Prova ogni cosa.", en = "Tries everything." }
            service = "cup"

            [[queue]]
            name = "urgent"
            takes = { topic = "priority", classes = ["U", "B"] }
            served_by = [{ group = "desk" }]
            head_start = "2min"
            capacity = 10
            overflow = { after = "3min", to = "booking" }

            [[hours]]
            weekdays = ["07:00-19:00"]
            move = [{ from = "08:00-09:00", to = "07:00-08:00", shares = ["0%", "15%", "30%"] }]

            [[demand]]
            change = "+35%"

            [[handling]]
            booking_system = "old"
            change = "-20%"
            after_call = "15s"

            [[ivr]]
            calls = { topic = "information" }
            contained = "60%"

            [[call_back]]
            after = "60s"
            accepted = "40%"

            [[operators]]
            group = "desk"
            days = ["monday", "friday"]
            between = "07:00-08:00"
            plus = -2

            [[cross_training]]
            group = "desk"
            operators = 4
            learn = [{ queue = "urgent", preference = 1 }]

            [[preference]]
            queue = "urgent"
            group = "desk"
            preference = 0
        "#;
        let scenario = parse(text, "all.toml").expect("a scenario");
        assert_eq!((scenario.code.as_str(), scenario.changes.len()), ("all", 9));
        let about = scenario.about.as_ref().and_then(|about| about.en.as_deref());
        assert_eq!(about, Some("Tries everything."));
        assert_eq!((scenario.n_variants(), scenario.share_moved(1)), (3, Some(0.15)));
        let Change::Operators { days, between, staff, .. } = &scenario.changes[6] else {
            panic!("operators come seventh");
        };
        assert_eq!(*days, Some([true, false, false, false, true, false, false]));
        let early = Some(Span::of_secs(25_200, 28_800));
        assert_eq!((*between, *staff), (early, StaffChange::Plus(-2)));
        let Change::Handling { times, wrap_us, .. } = scenario.changes[3] else {
            panic!("handling comes fourth");
        };
        assert!((times - 0.8).abs() < 1e-12 && wrap_us == 15_000_000);
    }

    #[test]
    fn everything_wrong_is_said_with_its_place() {
        let text = "[scenario]\ncode = \"x\"\nname = \"X\"\n\n[[demand]]\nchange = \"35%\"\n\n\
                    [[ivr]]\ncontaned = \"60%\"\n\n[[operators]]\ngroup = \"desk\"\nplus = 1.5\n\
                    days = [\"mon\"]\n";
        let error = parse(text, "x.toml").expect_err("four faults");
        let said: Vec<String> = error.problems.iter().map(ToString::to_string).collect();
        let begins = |at: usize, place: &str| said[at].starts_with(&format!("x.toml:{place}: "));
        assert_eq!(said.len(), 5, "{said:#?}");
        assert!(begins(0, "6:10: demand[0].change"), "{}", said[0]);
        assert!(said[0].contains("hint: write the sign"), "{}", said[0]);
        assert!(said.iter().any(|s| s.contains("did you mean `contained`?")), "{said:#?}");
        assert!(said.iter().any(|s| s.contains("operators[0].days[0]")), "{said:#?}");
    }
}
