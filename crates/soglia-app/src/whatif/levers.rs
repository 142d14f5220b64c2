//! A scenario as a form describes it: levers with a place where nothing changes. Read [`Board`]
//! first, then [`Board::toml`].
//!
//! What the levers say is written as a scenario file and read back like any other, so that what a
//! page answers and what `soglia whatif` answers for the exported file cannot differ.

use std::fmt::Write as _;

use soglia_domain::contract::{Contract, Service};
use soglia_domain::text::{Lang, Text, nearest};
use soglia_report::format::say;
use soglia_sim::learn::history::NO_GROUP;
use soglia_sim::scenario::Scenario;
use soglia_sim::scenario::file::parse;

use super::Present;

/// The code of the scenario that levers describe.
pub const CODE: &str = "leve";

/// The name of its file.
pub const FILE: &str = "leve.toml";

/// The queue that puts some calls first.
const FIRST_QUEUE: &str = "prima";

/// The days of changed hours.
const DAYS: &str = "days = [\"monday\", \"tuesday\", \"wednesday\", \"thursday\", \"friday\"]";

/// Minutes beside a changed opening or closing from which callers move, and whose operators are
/// taken for the hours added.
const BESIDE_MINS: i64 = 60;

/// All levers, as they stand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Board {
    /// In groups.
    pub panels: Vec<Panel>,
    service: String,
    hours: Option<Hours>,
    /// For each group: its code, queues it does not serve, mean operators beside opening and
    /// closing.
    groups: Vec<Group>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Group {
    code: String,
    others: Vec<String>,
    beside: (u32, u32),
}

/// When the service is open on working days, in minutes from midnight.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Hours {
    open: i64,
    close: i64,
    /// From when to when it is closed in between.
    pauses: Vec<(i64, i64)>,
}

/// Levers about the same thing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Panel {
    /// What about.
    pub title: &'static str,
    /// What to know.
    pub about: String,
    /// The levers.
    pub levers: Vec<Lever>,
}

/// One thing that can be moved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lever {
    /// Its name in forms and addresses.
    pub key: String,
    /// Its name for people.
    pub label: String,
    /// What is counted.
    pub unit: &'static str,
    /// How it is set.
    pub form: Form,
    /// Where nothing changes.
    pub now: i64,
    /// Where it stands.
    pub value: i64,
}

/// How a lever is set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Form {
    /// A whole number from one to another, by steps.
    Number(i64, i64, i64),
    /// A time of day in minutes from midnight, from one to another, by steps.
    Clock(i64, i64, i64),
    /// One of these: code and name; the value is the place in the list.
    Choice(Vec<(String, String)>),
}

/// What a form asks for and no lever can do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LeverError {
    /// There is no such lever.
    #[error("there is no lever `{name}`")]
    Unknown {
        /// The name.
        name: String,
        /// One that is nearly called so.
        near: Option<String>,
    },
    /// A value that it cannot take.
    #[error("`{name}` cannot be `{text}`: {allowed}")]
    Value {
        /// The lever.
        name: String,
        /// The value.
        text: String,
        /// What it can be.
        allowed: String,
    },
}

impl LeverError {
    /// The same for people.
    pub fn text(&self) -> Text {
        match self {
            Self::Unknown { name, near } => {
                let near_it = near.as_ref().map_or_else(String::new, |n| format!("; forse `{n}`"));
                let near_en =
                    near.as_ref().map_or_else(String::new, |n| format!("; perhaps `{n}`"));
                Text::new(
                    &format!("non c'è nessuna leva `{name}`{near_it}"),
                    &format!("there is no lever `{name}`{near_en}"),
                )
            }
            Self::Value { name, text, allowed } => Text::new(
                &format!("`{name}` non può essere `{text}`: {allowed}"),
                &format!("`{name}` cannot be `{text}`: {allowed}"),
            ),
        }
    }
}

impl Lever {
    fn number(key: &str, label: String, unit: &'static str, bounds: (i64, i64, i64)) -> Self {
        let (min, max, step) = bounds;
        let form = Form::Number(min, max, step);
        Self { key: key.to_owned(), label, unit, form, now: 0, value: 0 }
    }

    /// The same, with nothing changed elsewhere than at zero.
    fn at(self, now: i64) -> Self {
        Self { now, value: now, ..self }
    }

    /// Whether it was moved.
    pub const fn is_moved(&self) -> bool {
        self.now != self.value
    }

    /// What its field shows: a number, `07:00`, a code.
    pub fn shown(&self) -> String {
        self.written(self.value)
    }

    /// A value as its field shows it.
    pub fn written(&self, value: i64) -> String {
        match &self.form {
            Form::Number(..) => value.to_string(),
            Form::Clock(..) => clock(value),
            Form::Choice(choices) => {
                let at = usize::try_from(value).ok();
                at.and_then(|at| choices.get(at)).map(|(code, _)| code.clone()).unwrap_or_default()
            }
        }
    }

    /// The ends and the step of its slider, if it has one.
    pub const fn range(&self) -> Option<(i64, i64, i64)> {
        match self.form {
            Form::Number(min, max, step) | Form::Clock(min, max, step) => Some((min, max, step)),
            Form::Choice(_) => None,
        }
    }

    /// Whether it is set as a time of day.
    pub const fn is_clock(&self) -> bool {
        matches!(self.form, Form::Clock(..))
    }

    /// What it can be chosen from: code, name, whether it is chosen.
    pub fn choices(&self) -> Vec<(&str, &str, bool)> {
        let Form::Choice(choices) = &self.form else { return Vec::new() };
        let chosen = usize::try_from(self.value).ok();
        let all = choices.iter().enumerate();
        all.map(|(at, (code, name))| (code.as_str(), name.as_str(), Some(at) == chosen)).collect()
    }

    fn read(&mut self, text: &str) -> Result<(), LeverError> {
        let text = text.trim();
        let (found, allowed) = match &self.form {
            Form::Number(min, max, _) => {
                let found = text.trim_start_matches('+').parse::<i64>().ok();
                (found.filter(|n| min <= n && n <= max), format!("{min} … {max}"))
            }
            Form::Clock(min, max, _) => {
                let found = minutes(text).filter(|n| min <= n && n <= max);
                (found, format!("{} … {}", clock(*min), clock(*max)))
            }
            Form::Choice(choices) => {
                let at = choices.iter().position(|(code, _)| code == text);
                let codes: Vec<&str> = choices.iter().map(|(code, _)| code.as_str()).collect();
                (at.and_then(|at| i64::try_from(at).ok()), codes.join(", "))
            }
        };
        self.value = found.ok_or_else(|| LeverError::Value {
            name: self.key.clone(),
            text: text.to_owned(),
            allowed,
        })?;
        Ok(())
    }
}

fn clock(minutes: i64) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

fn minutes(text: &str) -> Option<i64> {
    match text.split_once(':') {
        Some((hours, minutes)) => {
            let (hours, minutes) = (hours.parse::<i64>().ok()?, minutes.parse::<i64>().ok()?);
            ((0..24).contains(&hours) && (0..60).contains(&minutes)).then_some(hours * 60 + minutes)
        }
        None => text.parse().ok(),
    }
}

impl Board {
    /// The levers that a present has, where nothing changes.
    pub fn new(contract: &Contract, service: &Service, present: &Present, lang: Lang) -> Self {
        let hours = hours(service, present);
        let groups = groups(present, hours.as_ref());
        let mut panels = vec![calls(lang), staff(contract, &groups, lang)];
        panels.extend(hours.as_ref().map(|hours| opening(hours, lang)));
        let topics = topics(service, present, lang);
        panels.extend(ivr(&topics, lang));
        panels.extend(training(contract, &groups, lang));
        panels.push(first(present, &topics, lang));
        panels.push(call_back(lang));
        Self { panels, service: service.code.clone(), hours, groups }
    }

    /// Moves levers as a form or an address says; other names are somebody else's.
    pub fn read<'p>(
        mut self,
        pairs: impl IntoIterator<Item = (&'p str, &'p str)>,
    ) -> Result<Self, LeverError> {
        for (name, text) in pairs {
            let known: Vec<String> = self.levers().map(|lever| lever.key.clone()).collect();
            let mut levers = self.panels.iter_mut().flat_map(|panel| &mut panel.levers);
            match levers.find(|lever| lever.key == name) {
                Some(_) if text.trim().is_empty() => {}
                Some(lever) => lever.read(text)?,
                None if name.contains('.') => {
                    let near = nearest(name, known.iter().map(String::as_str));
                    let near = near.map(str::to_owned);
                    return Err(LeverError::Unknown { name: name.to_owned(), near });
                }
                None => {}
            }
        }
        self.check_hours()?;
        Ok(self)
    }

    /// Operators who come or go need hours that end after they begin.
    fn check_hours(&self) -> Result<(), LeverError> {
        let (from, until) = (self.value("from"), self.value("until"));
        if from < until || self.moved("op.").next().is_none() {
            return Ok(());
        }
        Err(LeverError::Value {
            name: "until".to_owned(),
            text: until.to_string(),
            allowed: format!("{} … 24", from + 1),
        })
    }

    /// All levers.
    pub fn levers(&self) -> impl Iterator<Item = &Lever> {
        self.panels.iter().flat_map(|panel| &panel.levers)
    }

    /// What was moved, as an address says it.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let moved = self.levers().filter(|lever| lever.is_moved());
        moved.map(|lever| (lever.key.clone(), lever.shown())).collect()
    }

    /// Whether anything changes: some levers only say how another would.
    pub fn is_moved(&self) -> bool {
        !self.changes().is_empty()
    }

    /// The scenario that the levers describe.
    ///
    /// # Panics
    /// If the file written is none: it is made by the same rules that read it.
    pub fn scenario(&self) -> Scenario {
        parse(&self.toml(), FILE).expect("levers write scenario files")
    }

    /// The same as a scenario file.
    pub fn toml(&self) -> String {
        let mut text = String::from(
            "# Scenario scritto dalle leve di Soglia; `soglia whatif --scenario` lo prova.\n\n\
             [scenario]\n",
        );
        let code = quoted(CODE);
        let service = quoted(&self.service);
        write!(
            text,
            "code = {code}\nname = {{ it = \"Le leve\", en = \"The levers\" }}\n\
             service = {service}\n"
        )
        .expect("a text takes everything");
        text.push_str(&self.changes());
        text
    }

    fn value(&self, key: &str) -> i64 {
        self.levers().find(|lever| lever.key == key).map_or(0, |lever| lever.value)
    }

    /// The changes of the file, in its own order.
    fn changes(&self) -> String {
        let mut text = String::new();
        self.write_first(&mut text);
        self.write_hours(&mut text);
        let demand = self.value("demand");
        if demand != 0 {
            add(&mut text, &format!("[[demand]]\nchange = \"{demand:+}%\"\n"));
        }
        let (handling, after) = (self.value("handling"), self.value("after_call"));
        if handling != 0 || after != 0 {
            let change = format!("[[handling]]\nchange = \"{handling:+}%\"\n");
            add(&mut text, &format!("{change}after_call = \"{after}s\"\n"));
        }
        for (topic, share) in self.moved("ivr.") {
            let topic = quoted(topic);
            let calls = format!("[[ivr]]\ncalls = {{ topic = {topic} }}\n");
            add(&mut text, &format!("{calls}contained = \"{share}%\"\n"));
        }
        let (share, after) = (self.value("call_back"), self.value("call_back_after"));
        if 0 < share {
            let after = format!("[[call_back]]\nafter = \"{after}s\"\n");
            add(&mut text, &format!("{after}accepted = \"{share}%\"\n"));
        }
        self.write_staff(&mut text);
        for (code, n) in self.moved("train.") {
            let Some(group) = self.groups.iter().find(|group| group.code == code) else { continue };
            let learn = group.others.iter();
            let learn = learn.map(|q| format!("{{ queue = {}, preference = 1 }}", quoted(q)));
            let learn = learn.collect::<Vec<_>>().join(", ");
            let head = format!("[[cross_training]]\ngroup = {}\n", quoted(code));
            add(&mut text, &format!("{head}operators = {n}\nlearn = [{learn}]\n"));
        }
        text
    }

    /// Levers of a family that were moved: what about, and where they stand.
    fn moved<'b>(&'b self, family: &'b str) -> impl Iterator<Item = (&'b str, i64)> {
        self.levers()
            .filter(|lever| lever.is_moved())
            .filter_map(move |lever| Some((lever.key.strip_prefix(family)?, lever.value)))
    }

    fn write_first(&self, text: &mut String) {
        let ahead = self.value("ahead");
        let chosen = self.levers().find(|lever| lever.key == "first").map(Lever::shown);
        let Some((kind, name)) = chosen.as_deref().and_then(|chosen| chosen.split_once(':')) else {
            return;
        };
        if ahead == 0 {
            return;
        }
        let takes = match kind {
            "class" => format!("classes = [{}]", quoted(name)),
            _ => format!("topic = {}", quoted(name)),
        };
        let queue = quoted(FIRST_QUEUE);
        let head = format!("[[queue]]\nname = {queue}\ntakes = {{ {takes} }}\n");
        add(text, &format!("{head}head_start = \"{ahead}min\"\n"));
    }

    /// Opens and closes at other times, and lets some callers call in the hours added.
    fn write_hours(&self, text: &mut String) {
        let Some(hours) = &self.hours else { return };
        let (was_open, was_closed) = (hours.open, hours.close);
        let (opens, closes) = (self.value("opens"), self.value("closes"));
        if (opens, closes) == (was_open, was_closed) || closes <= opens {
            return;
        }
        let slots: Vec<String> =
            hours.slots(opens, closes).iter().map(|one| format!("\"{one}\"")).collect();
        add(text, &format!("[[hours]]\nweekdays = [{}]\n", slots.join(", ")));
        let most = self.value("moves");
        if most == 0 {
            return;
        }
        let half = if most % 2 == 0 { format!("{}", most / 2) } else { format!("{}.5", most / 2) };
        let mut moving = |from: (i64, i64), to: (i64, i64)| {
            let (from, to) = (slot(from.0, from.1), slot(to.0, to.1));
            let head = format!("[[hours.move]]\nfrom = \"{from}\"\nto = \"{to}\"\n");
            add(text, &format!("{head}shares = [\"0%\", \"{half}%\", \"{most}%\"]\n"));
        };
        if opens < was_open {
            moving((was_open, was_open + BESIDE_MINS), (opens, was_open));
        } else if was_open < opens {
            moving((was_open, opens), (opens, opens + BESIDE_MINS));
        }
        if was_closed < closes {
            moving((was_closed - BESIDE_MINS, was_closed), (was_closed, closes));
        } else if closes < was_closed {
            moving((closes, was_closed), (closes - BESIDE_MINS, closes));
        }
    }

    fn write_staff(&self, text: &mut String) {
        let (from, until) = (self.value("from"), self.value("until"));
        for (group, plus) in self.moved("op.") {
            let head = format!("[[operators]]\ngroup = {}\n", quoted(group));
            let between = match (from, until) {
                (0, 24) => String::new(),
                (from, until) => format!("between = \"{}\"\n", slot(from * 60, until * 60)),
            };
            add(text, &format!("{head}{between}plus = {plus}\n"));
        }
        let Some(Hours { open: was_open, close: was_closed, .. }) = self.hours else { return };
        let (opens, closes, percent) =
            (self.value("opens"), self.value("closes"), self.value("added"));
        for group in &self.groups {
            let share = |n: u32| (i64::from(n) * percent + 50) / 100;
            let mut there = |(from, until): (i64, i64), n: i64| {
                let head = format!("[[operators]]\ngroup = {}\n{DAYS}\n", quoted(&group.code));
                let between = format!("between = \"{}\"\n", slot(from, until));
                add(text, &format!("{head}{between}set = {n}\n"));
            };
            if opens < was_open {
                there((opens, was_open), share(group.beside.0));
            }
            if was_closed < closes {
                there((was_closed, closes), share(group.beside.1));
            }
        }
    }
}

fn add(text: &mut String, table: &str) {
    text.push('\n');
    text.push_str(table);
}

fn slot(from: i64, until: i64) -> String {
    format!("{}-{}", clock(from.max(0)), clock(until.min(1440)))
}

/// A text between quotation marks, as TOML and JSON both have it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text.replace('\u{7f}', "")).to_string()
}

impl Hours {
    /// The hours of a day's slots, if callers and operators of an hour beside its ends can be told.
    fn of(slots: &[(i64, i64)]) -> Option<Self> {
        let ((open, _), (_, close)) = (*slots.first()?, *slots.last()?);
        let between = slots.iter().zip(slots.iter().skip(1));
        let pauses = between.map(|(one, next)| (one.1, next.0)).collect();
        let hours = Self { open, close, pauses };
        // Hours that reach midnight leave no room for an hour beside them.
        let room = BESIDE_MINS <= open && close <= 1440 - BESIDE_MINS;
        (room && open <= hours.opens_last() && hours.closes_first() <= close).then_some(hours)
    }

    fn middle(&self) -> i64 {
        self.open.midpoint(self.close) / 15 * 15
    }

    /// The latest opening: an hour of the morning stays.
    fn opens_last(&self) -> i64 {
        let pause = self.pauses.first().map_or(self.close, |(from, _)| *from);
        self.middle().min(pause / 15 * 15) - BESIDE_MINS
    }

    /// The earliest closing: an hour of the afternoon stays.
    fn closes_first(&self) -> i64 {
        let pause = self.pauses.last().map_or(self.open, |(_, until)| *until);
        self.middle().max((pause + 14) / 15 * 15) + BESIDE_MINS
    }

    /// The slots of a day with other ends: pauses stay.
    fn slots(&self, opens: i64, closes: i64) -> Vec<String> {
        let from = std::iter::once(opens).chain(self.pauses.iter().map(|(_, until)| *until));
        let until = self.pauses.iter().map(|(from, _)| *from).chain([closes]);
        from.zip(until).map(|(from, until)| slot(from, until)).collect()
    }
}

/// From when to when the service is open on working days, if it is the same on all of them.
fn hours(service: &Service, present: &Present) -> Option<Hours> {
    let monday = present.last_monday();
    let days = monday.series(jiff::Span::new().days(1)).take(5);
    let mut found =
        days.map(|day| service.calendar.slots_on(day)).filter(|slots| !slots.is_empty());
    let slots = found.next()?;
    if found.any(|other| other != slots) {
        return None;
    }
    let slots: Vec<(i64, i64)> =
        slots.iter().map(|slot| (i64::from(slot.open()), i64::from(slot.close()))).collect();
    Hours::of(&slots)
}

fn groups(present: &Present, hours: Option<&Hours>) -> Vec<Group> {
    let learned = &present.learned;
    let group = |(at, code): (usize, &String)| {
        let served =
            |queue: usize| learned.skills.iter().any(|s| s.group == at && s.queue == queue);
        let others = learned.queues.iter().enumerate().filter(|(queue, _)| !served(*queue));
        let week = learned.presence.typical_week(at, &present.mondays);
        let around = |from: i64| mean_level(&week, from);
        let beside =
            hours.map_or((0, 0), |day| (around(day.open), around(day.close - BESIDE_MINS)));
        let others = others.map(|(_, name)| name.clone()).collect();
        Group { code: code.clone(), others, beside }
    };
    learned.history.groups.iter().enumerate().map(group).collect()
}

/// Operators of an hour on working days, by slots of five minutes; rounded.
fn mean_level(week: &[f64], from_mins: i64) -> u32 {
    const SLOTS: usize = 288;
    let first = usize::try_from(from_mins / 5).unwrap_or(0);
    let n = usize::try_from(BESIDE_MINS / 5).unwrap_or(1);
    let levels: Vec<f64> = week
        .chunks(SLOTS)
        .take(5)
        .filter(|day| day.iter().any(|level| 0.0 < *level))
        .flat_map(|day| day.iter().skip(first).take(n).copied())
        .collect();
    let sum: f64 = levels.iter().sum();
    let mean = sum / (levels.len().max(1)) as f64;
    u32::try_from(soglia_sim::num::round_i64(mean)).unwrap_or(0)
}

/// A topic: its code and its name.
type Topic = (String, String);

fn topics(service: &Service, present: &Present, lang: Lang) -> Vec<Topic> {
    let mut codes: Vec<&String> =
        present.learned.history.types.iter().map(|t| &t.topic).filter(|t| !t.is_empty()).collect();
    codes.sort();
    codes.dedup();
    let named = |code: &String| {
        let name = service.topics.iter().find(|(known, _)| known == code);
        name.map_or_else(|| code.clone(), |(_, name)| name.get(lang).to_owned())
    };
    codes.into_iter().map(|code| (code.clone(), named(code))).collect()
}

fn group_name(contract: &Contract, code: &str, lang: Lang) -> String {
    match contract.operator_group(code) {
        Some(group) => group.name.get(lang).to_owned(),
        None if code == NO_GROUP => say(lang, "Operatori", "Operators").to_owned(),
        None => code.to_owned(),
    }
}

fn calls(lang: Lang) -> Panel {
    let owned = |it: &'static str, en: &'static str| say(lang, it, en).to_owned();
    Panel {
        title: say(lang, "Chiamate", "Calls"),
        about: String::new(),
        levers: vec![
            Lever::number("demand", owned("Quante chiamate", "How many calls"), "%", (-50, 100, 1)),
            Lever::number(
                "handling",
                owned("Durata delle conversazioni", "Length of conversations"),
                "%",
                (-50, 50, 1),
            ),
            Lever::number(
                "after_call",
                owned("Lavoro in più dopo la chiamata", "More work after the call"),
                "s",
                (0, 120, 5),
            ),
        ],
    }
}

fn staff(contract: &Contract, groups: &[Group], lang: Lang) -> Panel {
    let mut levers: Vec<Lever> = groups
        .iter()
        .map(|group| {
            let name = group_name(contract, &group.code, lang);
            let unit = say(lang, "operatori", "operators");
            Lever::number(&format!("op.{}", group.code), name, unit, (-20, 20, 1))
        })
        .collect();
    let hour = |key: &str, label: &str, now: i64| {
        let unit = say(lang, "ore", "o'clock");
        Lever::number(key, label.to_owned(), unit, (0, 24, 1)).at(now)
    };
    levers.push(hour("from", say(lang, "Dalle", "From"), 0));
    levers.push(hour("until", say(lang, "Alle", "Until"), 24));
    let about = say(
        lang,
        "Quanti in più o in meno, ogni giorno di apertura, nelle ore indicate; dalle 0 alle 24 \
         chi si aggiunge c'è finché le sue code sono aperte.",
        "How many more or fewer, on every day of opening, in the hours given; from 0 to 24 those \
         who come are there while their queues are open.",
    );
    Panel { title: say(lang, "Operatori", "Operators"), about: about.to_owned(), levers }
}

fn opening(hours: &Hours, lang: Lang) -> Panel {
    let owned = |it: &'static str, en: &'static str| say(lang, it, en).to_owned();
    let clock = |key: &str, label: String, now: i64, (min, max): (i64, i64)| Lever {
        key: key.to_owned(),
        label,
        unit: "",
        form: Form::Clock(min, max, 15),
        now,
        value: now,
    };
    let mut about = owned(
        "Dal lunedì al venerdì. Quanti chiameranno a un'altra ora non lo sa nessuno: si provano \
         nessuno, la metà e quanti qui indicati di chi oggi chiama nell'ora accanto.",
        "Monday to Friday. Nobody knows how many will call at another hour: none, half and as many \
         as given here of those who now call in the hour beside are tried.",
    );
    if !hours.pauses.is_empty() {
        about.push_str(say(lang, " La pausa resta com'è.", " The break stays as it is."));
    }
    let (opens, closes) = ((0, hours.opens_last()), (hours.closes_first(), 1439 / 15 * 15));
    Panel {
        title: say(lang, "Orario", "Opening hours"),
        about,
        levers: vec![
            clock("opens", owned("Apre alle", "Opens at"), hours.open, opens),
            clock("closes", owned("Chiude alle", "Closes at"), hours.close, closes),
            Lever::number("moves", owned("Si spostano al più", "Move at most"), "%", (0, 60, 1))
                .at(30),
            Lever::number(
                "added",
                owned(
                    "Operatori nelle ore aggiunte, rispetto all'ora accanto",
                    "Operators in the hours added, of those in the hour beside",
                ),
                "%",
                (0, 200, 5),
            )
            .at(100),
        ],
    }
}

fn ivr(topics: &[Topic], lang: Lang) -> Option<Panel> {
    let lever =
        |(code, name): &Topic| Lever::number(&format!("ivr.{code}"), name.clone(), "%", (0, 90, 1));
    let about = say(
        lang,
        "Quanti, di chi oggi entra in coda, si accontentano del risponditore.",
        "How many of those who now join a queue are content with the voice menu.",
    );
    (!topics.is_empty()).then(|| Panel {
        title: say(lang, "IVR per argomento", "IVR by topic"),
        about: about.to_owned(),
        levers: topics.iter().map(lever).collect(),
    })
}

/// Groups that do not serve every queue can learn the others.
fn training(contract: &Contract, groups: &[Group], lang: Lang) -> Option<Panel> {
    if groups.is_empty() {
        return None;
    }
    let learners = groups.iter().filter(|group| !group.others.is_empty());
    let levers: Vec<Lever> = learners
        .map(|group| {
            let name = group_name(contract, &group.code, lang);
            let name = format!("{name} → {}", group.others.join(", "));
            let unit = say(lang, "operatori", "operators");
            Lever::number(&format!("train.{}", group.code), name, unit, (0, 20, 1))
        })
        .collect();
    let about = if levers.is_empty() {
        say(
            lang,
            "Gli eventi mostrano che ogni gruppo risponde già a ogni coda: nulla da imparare.",
            "The events show that every group serves every queue already: nothing to learn.",
        )
    } else {
        say(
            lang,
            "Quanti imparano le altre code; le servono quando nella loro non aspetta nessuno.",
            "How many learn the other queues; they serve them when nobody waits in their own.",
        )
    };
    let title = say(lang, "Formazione incrociata", "Cross-training");
    Some(Panel { title, about: about.to_owned(), levers })
}

fn first(present: &Present, topics: &[Topic], lang: Lang) -> Panel {
    let owned = |it: &'static str, en: &'static str| say(lang, it, en).to_owned();
    let mut choices = vec![("none".to_owned(), owned("nessuno", "nobody"))];
    choices.extend(topics.iter().map(|(code, name)| (format!("topic:{code}"), name.clone())));
    let types = &present.learned.history.types;
    let mut classes: Vec<&String> = types.iter().map(|t| &t.class).collect();
    classes.retain(|class| !class.is_empty());
    classes.sort();
    classes.dedup();
    let class_of = |code: &&String| {
        (format!("class:{code}"), format!("{} {code}", say(lang, "classe", "class")))
    };
    choices.extend(classes.iter().map(class_of));
    let about = owned(
        "In una coda propria, come se aspettassero da tanti minuti in più: la precedenza \
         invecchia, nessuno resta in attesa senza fine.",
        "In a queue of their own, as if they had waited so many minutes longer: precedence ages, \
         nobody waits for ever.",
    );
    Panel {
        title: say(lang, "Precedenza", "Priority"),
        about,
        levers: vec![
            Lever {
                key: "first".to_owned(),
                label: owned("Chi passa avanti", "Who goes first"),
                unit: "",
                form: Form::Choice(choices),
                now: 0,
                value: 0,
            },
            Lever::number("ahead", owned("Di quanto", "By how much"), "min", (0, 15, 1)),
        ],
    }
}

fn call_back(lang: Lang) -> Panel {
    let owned = |it: &'static str, en: &'static str| say(lang, it, en).to_owned();
    Panel {
        title: say(lang, "Ricontatto", "Call-back"),
        about: owned(
            "Chi aspetta può chiedere di essere richiamato, senza perdere il posto.",
            "Whoever waits may ask to be called back, without losing their place.",
        ),
        levers: vec![
            Lever::number(
                "call_back",
                owned("Quanti accettano", "How many accept"),
                "%",
                (0, 100, 5),
            ),
            Lever::number(
                "call_back_after",
                owned("Dopo un'attesa di", "After waiting for"),
                "s",
                (10, 300, 5),
            )
            .at(60),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A board with hours and two groups, as a small centre has it.
    fn board() -> Board {
        board_open(&[(480, 1140)])
    }

    fn board_open(slots: &[(i64, i64)]) -> Board {
        let hours = Hours::of(slots).expect("hours with room beside them");
        let group = |code: &str, others: &[&str]| Group {
            code: code.to_owned(),
            others: others.iter().map(|&queue| queue.to_owned()).collect(),
            beside: (4, 3),
        };
        let groups = vec![group("sede a", &[]), group("sede \"b\"", &["coda 2"])];
        let topics = vec![("information".to_owned(), "Informazioni".to_owned())];
        let levers = |panel: Option<Panel>| panel.expect("levers");
        let op = |group: &Group| {
            Lever::number(&format!("op.{}", group.code), String::new(), "", (-20, 20, 1))
        };
        let hour = |key: &str, now| Lever::number(key, String::new(), "", (0, 24, 1)).at(now);
        let train = Lever::number("train.sede \"b\"", String::new(), "", (0, 20, 1));
        let mut staff: Vec<Lever> = groups.iter().map(op).collect();
        staff.extend([hour("from", 0), hour("until", 24), train]);
        let first = Lever {
            key: "first".to_owned(),
            label: String::new(),
            unit: "",
            form: Form::Choice(vec![
                ("none".to_owned(), String::new()),
                ("class:U".to_owned(), String::new()),
            ]),
            now: 0,
            value: 0,
        };
        let ahead = Lever::number("ahead", String::new(), "min", (0, 15, 1));
        let about = String::new();
        let panels = vec![
            calls(Lang::It),
            Panel { title: "", about: about.clone(), levers: staff },
            opening(&hours, Lang::It),
            levers(ivr(&topics, Lang::It)),
            Panel { title: "", about, levers: vec![first, ahead] },
            call_back(Lang::It),
        ];
        Board { panels, service: "cup".to_owned(), hours: Some(hours), groups }
    }

    #[test]
    fn nothing_moved_changes_nothing() {
        let board = board();
        assert!(!board.is_moved() && board.pairs().is_empty());
        let scenario = board.scenario();
        assert_eq!((scenario.changes.len(), scenario.service.as_deref()), (0, Some("cup")));
    }

    #[test]
    fn every_lever_is_written_and_read_back() {
        let pairs = [
            ("demand", "+10"),
            ("handling", "-5"),
            ("op.sede \"b\"", "2"),
            ("from", "9"),
            ("until", "12"),
            ("opens", "07:00"),
            ("closes", "20:00"),
            ("moves", "15"),
            ("ivr.information", "40"),
            ("train.sede \"b\"", "3"),
            ("first", "class:U"),
            ("ahead", "5"),
            ("call_back", "30"),
            ("period", "2023-H2"),
            ("after_call", ""),
        ];
        let moved = board().read(pairs).expect("levers");
        let text = moved.toml();
        for said in [
            "change = \"+10%\"",
            "change = \"-5%\"",
            "group = \"sede \\\"b\\\"\"\nbetween = \"09:00-12:00\"\nplus = 2",
            "weekdays = [\"07:00-20:00\"]",
            "shares = [\"0%\", \"7.5%\", \"15%\"]",
            "from = \"18:00-19:00\"\nto = \"19:00-20:00\"",
            "between = \"07:00-08:00\"\nset = 4",
            "learn = [{ queue = \"coda 2\", preference = 1 }]",
            "classes = [\"U\"]",
            "accepted = \"30%\"",
        ] {
            assert!(text.contains(said), "{said} in\n{text}");
        }
        let scenario = moved.scenario();
        assert_eq!((scenario.changes.len(), scenario.n_variants()), (12, 3));
        let again = board().read(moved.pairs().iter().map(|(k, v)| (k.as_str(), v.as_str())));
        assert_eq!(again, Ok(moved));
    }

    #[test]
    fn a_break_stays_where_it_is() {
        let day = [(480, 780), (870, 1080)];
        let moved = board_open(&day).read([("opens", "07:00"), ("closes", "19:30")]);
        let text = moved.expect("levers").toml();
        for said in [
            "weekdays = [\"07:00-13:00\", \"14:30-19:30\"]",
            "from = \"08:00-09:00\"\nto = \"07:00-08:00\"",
            "from = \"17:00-18:00\"\nto = \"18:00-19:30\"",
        ] {
            assert!(text.contains(said), "{said} in\n{text}");
        }
        let later = board_open(&day).read([("opens", "12:00"), ("closes", "15:30")]);
        let scenario = later.expect("an hour stays on both sides").scenario();
        assert_eq!(scenario.changes.len(), 1);
        let wrong = |pair| board_open(&day).read([pair]).expect_err("no lever").to_string();
        assert_eq!(wrong(("opens", "12:15")), "`opens` cannot be `12:15`: 00:00 … 12:00");
        assert_eq!(wrong(("closes", "15:15")), "`closes` cannot be `15:15`: 15:30 … 23:45");
        // Half an hour before the break is too little to say who calls beside it.
        assert_eq!(Hours::of(&[(480, 510), (600, 1080)]), None);
        assert_eq!(Hours::of(&[(0, 600)]), None, "nothing is left before midnight");
    }

    #[test]
    fn levers_that_say_only_how_change_nothing_alone() {
        for pair in [("moves", "60"), ("added", "0"), ("ahead", "5"), ("call_back_after", "120")] {
            assert!(!board().read([pair]).expect("a lever").is_moved(), "{pair:?}");
        }
    }

    #[test]
    fn what_no_lever_can_do_is_refused() {
        let wrong = |pair: (&str, &str)| board().read([pair]).expect_err("no lever").to_string();
        assert_eq!(wrong(("demand", "900")), "`demand` cannot be `900`: -50 … 100");
        assert_eq!(wrong(("opens", "25:00")), "`opens` cannot be `25:00`: 00:00 … 12:30");
        assert_eq!(wrong(("first", "class:X")), "`first` cannot be `class:X`: none, class:U");
        assert_eq!(wrong(("ivr.informatio", "1")), "there is no lever `ivr.informatio`");
        let hours = board().read([("op.sede a", "2"), ("from", "14"), ("until", "9")]);
        let error = hours.expect_err("hours that end before they begin").to_string();
        assert_eq!(error, "`until` cannot be `9`: 15 … 24");
        assert!(board().read([("from", "14"), ("until", "9")]).is_ok(), "nobody comes or goes");
    }
}
