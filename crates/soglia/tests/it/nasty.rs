//! Generated facts that tie at limits, edges and boundaries, and contracts to read them by. Read
//! [`nasty`] first.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::support::{CONTRACT, Dice, Log, MONDAY, Place, write};

/// Seconds of working time that nasty data cluster around.
const EDGES: [i64; 8] = [0, 1, 5, 19, 20, 21, 180, 240];

/// Instants of a day in seconds after 08:00 that nasty data cluster around: before opening, at
/// opening, within, around the midday break that some contracts have, the last second, closing
/// time, night.
const MOMENTS: [i64; 12] =
    [-3600, -1, 0, 1, 7_200, 18_000, 21_600, 20_000, 39_580, 39_599, 39_600, 43_200];

/// The second half-year's first version of each rule ends here where a contract has two.
const CHANGE: &str = "2023-10-02";

/// Days after Monday 3 July 2023 at 08:00 in Rome, as seconds: ordinary ones, Ferragosto and the
/// day after, a Saturday, the last days of September and the first of October, the Friday, Sunday
/// and Monday around the end of summer time, All Saints' Day, the last working day of the year.
fn days() -> Vec<i64> {
    let summer = [0, 1, 4, 5, 11, 43, 44, 60, 88, 91, 92, 116].map(|day| day * 86_400);
    let winter = [118, 119, 121, 150, 179].map(|day| day * 86_400 + 3600);
    summer.into_iter().chain(winter).collect()
}

fn pick<T: Copy>(dice: &mut Dice, from: &[T]) -> T {
    from[usize::try_from(dice.below(from.len() as u64)).expect("few")]
}

fn moment(dice: &mut Dice, days: &[i64]) -> i64 {
    let (day, fixed) = (pick(dice, days), pick(dice, &MOMENTS));
    let offset = if dice.below(2) == 0 { fixed } else { dice.upto(39_600) };
    MONDAY + day + offset
}

fn edge(dice: &mut Dice) -> i64 {
    match dice.below(3) {
        0 => pick(dice, &EDGES),
        1 => dice.upto(45),
        _ => dice.upto(600),
    }
}

/// A ledger with everything nasty in it, under the reference contract.
pub fn nasty(dir: &Path, seed: u64) -> Place {
    let mut dice = Dice::new(seed);
    let place = Place::new(dir);
    let (log, calls) = nasty_log(&mut dice);
    place.import(&[&log.write(dir, "queue_log")]).ok();
    for sheet in [
        nasty_calls(&mut dice),
        nasty_cases(&mut dice, &calls),
        nasty_messages(&mut dice),
        nasty_records(&mut dice),
        nasty_batches(&mut dice),
        nasty_outages(&mut dice),
    ] {
        sheet.import(dir, &place);
    }
    place
}

/// Calls that tie at limits and edges, in several queues, with transfers, time-outs, call-backs and
/// tests; and those answered: identifier, arrival, whether they are the service `cup`'s.
fn nasty_log(dice: &mut Dice) -> (Log, Vec<(String, i64, bool)>) {
    let queues = ["cup_prenotazione", "cup_priorita", "cup_disdette", "cc_assistenza", "cc_spid"];
    let days = days();
    let mut instants: Vec<i64> = (0..1_500).map(|_| moment(dice, &days)).collect();
    // Over the end of the year: on the 31st, which is a Sunday, and on the last working evening.
    instants.extend([1_704_063_590, 1_704_063_599, 1_703_872_799, 1_703_872_800]);
    // Over the night in which the rules change: answered and ended under the new ones.
    instants.extend([1_696_197_590, 1_696_197_595, 1_696_197_599, 1_696_197_600]);
    instants.sort_unstable();
    let mut log = Log::default();
    let mut calls = Vec::new();
    for at in instants {
        let queue = pick(dice, &queues);
        let (wait, talk) = (edge(dice), edge(dice));
        let cup = queue.starts_with("cup");
        match dice.below(14) {
            0..=2 => drop(log.abandoned(at, queue, wait)),
            3 => {
                let id = log.enter(at, queue);
                log.line(at + wait, &id, queue, "NONE", &format!("EXITWITHTIMEOUT|1|1|{wait}"));
            }
            4 => calls.push((second_queue(dice, &mut log, at, queue, talk), at, cup)),
            5 => asks_for_a_call_back(dice, &mut log, at, queue),
            6 => {
                let id = log.enter(at, queue);
                log.line(at, &id, queue, "NONE", "INFO|TEST");
                log.line(at + wait, &id, queue, "NONE", &format!("ABANDON|1|1|{wait}"));
            }
            7 => {
                let id = log.enter(at, queue);
                log.line(at + wait, &id, queue, "NONE", &format!("EXITWITHKEY|1|1|1|{wait}"));
            }
            _ => calls.push((log.answered(at, queue, wait, talk), at, cup)),
        }
    }
    (log, calls)
}

/// Times out into the second queue of the same service, and is answered there.
fn second_queue(dice: &mut Dice, log: &mut Log, at: i64, queue: &str, talk: i64) -> String {
    let id = log.enter(at, queue);
    let wait = edge(dice);
    let left = at + wait;
    log.line(left, &id, queue, "NONE", &format!("EXITWITHTIMEOUT|1|1|{wait}"));
    let other = if queue.starts_with("cup") { "cup_informazioni" } else { "cc_pec" };
    log.line(left, &id, other, "NONE", "ENTERQUEUE||0971555000|1");
    let answered = left + dice.upto(30);
    let waited = answered - left;
    log.line(answered, &id, other, "Bea", &format!("CONNECT|{waited}|{answered}.2|1"));
    log.line(answered + talk, &id, other, "Bea", &format!("COMPLETEAGENT|{waited}|{talk}|1"));
    id
}

/// Leaves a number in the first or in the second queue, and is called back at once or not at all.
fn asks_for_a_call_back(dice: &mut Dice, log: &mut Log, at: i64, queue: &str) {
    let id = log.enter(at, queue);
    let mut queue = queue;
    let mut left = at + edge(dice);
    if dice.below(2) == 0 {
        log.line(left, &id, queue, "NONE", "EXITWITHTIMEOUT|1|1|1");
        queue = if queue.starts_with("cup") { "cup_informazioni" } else { "cc_pec" };
        log.line(left, &id, queue, "NONE", "ENTERQUEUE||0971555000|1");
        left += dice.upto(30);
    }
    log.line(left, &id, queue, "NONE", "INFO|CALLBACK");
    if dice.below(2) == 0 {
        log.line(left, &id, queue, "NONE", "INFO|CALLEDBACK");
    }
    log.line(left, &id, queue, "NONE", "EXITWITHKEY|1|1|1|1");
}

/// How a column of a sheet is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// As it stands.
    Text,
    /// UTC.
    Instant,
    /// A whole number.
    Number,
    /// `yes` or nothing.
    Truth,
}

/// A table as CSV, with a mapping made for it: its columns are the fact's own.
pub struct Sheet {
    fact: &'static str,
    columns: &'static [(&'static str, Kind)],
    text: String,
    n: u64,
}

impl Sheet {
    /// A table without rows.
    pub fn new(fact: &'static str, columns: &'static [(&'static str, Kind)]) -> Self {
        let names: Vec<String> = columns.iter().map(|(name, _)| format!("c_{name}")).collect();
        Self { fact, columns, text: names.join(";") + "\n", n: 0 }
    }

    /// Adds a row; cells are in the order of the columns.
    pub fn row(&mut self, cells: &[String]) {
        assert_eq!(cells.len(), self.columns.len(), "{}: a cell for each column", self.fact);
        self.text += &(cells.join(";") + "\n");
        self.n += 1;
    }

    /// Imports it; every row must become a fact.
    pub fn import(&self, dir: &Path, place: &Place) {
        let mut mapping = format!(
            "fact = \"{}\"\nzone = \"UTC\"\n\n[read]\nformat = \"csv\"\ndelimiter = \";\"\n\n\
             [columns]\n",
            self.fact
        );
        for (name, kind) in self.columns {
            let sql = match kind {
                Kind::Text => format!("c_{name}"),
                Kind::Instant => format!("utc_instant(c_{name}, '%Y-%m-%dT%H:%M:%S%.f')"),
                Kind::Number => format!("CAST(c_{name} AS BIGINT)"),
                Kind::Truth => format!("coalesce(c_{name} = 'yes', false)"),
            };
            writeln!(mapping, "{name} = \"{sql}\"").expect("text grows");
        }
        let mapping = write(dir, &format!("{}.toml", self.fact), mapping);
        let file = write(dir, &format!("{}.csv", self.fact), &self.text);
        let (mapping, file) = (mapping.to_str(), file.to_str());
        let arguments = ["import", "--quiet", "--json", "--mapping", mapping.expect("UTF-8")];
        let ran = place.soglia(&[&arguments[..], &[file.expect("UTF-8")]].concat()).ok();
        let all = ran.json();
        assert_eq!(all[0]["fact_rows"], self.n, "{}: {}", self.fact, ran.err);
    }
}

/// An instant, with thousandths of a second where they are not zero.
fn utc(millis: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(millis).expect("an ordinary time");
    at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S%.3f").to_string()
}

fn cell(at: Option<i64>) -> String {
    at.map(|at| utc(at * 1000)).unwrap_or_default()
}

fn number(n: Option<i64>) -> String {
    n.map(|n| n.to_string()).unwrap_or_default()
}

fn yes(dice: &mut Dice, of: u64) -> String {
    if dice.below(of) == 0 { "yes".to_owned() } else { String::new() }
}

/// Columns of [`nasty_calls`].
const CALL_COLUMNS: [(&str, Kind); 14] = [
    ("id", Kind::Text),
    ("service", Kind::Text),
    ("direction", Kind::Text),
    ("arrived", Kind::Instant),
    ("disposition", Kind::Text),
    ("first_queue", Kind::Text),
    ("queued", Kind::Instant),
    ("first_rang", Kind::Instant),
    ("answered", Kind::Instant),
    ("ended", Kind::Instant),
    ("talk_s", Kind::Number),
    ("hold_s", Kind::Number),
    ("wrap_s", Kind::Number),
    ("called_back", Kind::Instant),
];

/// What becomes of them, some things oftener than others.
const CALL_KINDS: [&str; 14] = [
    "answered",
    "answered",
    "abandoned_in_queue",
    "abandoned_in_queue",
    "abandoned_in_ivr",
    "ivr_contained",
    "out_of_hours",
    "rejected",
    "released_by_system",
    "callback_requested",
    "callback_requested",
    "callback_requested",
    "technical_failure",
    "test",
];

/// Calls of a platform that records no queue entries but dispositions of every kind, rings,
/// call-backs and thousandths of a second.
fn nasty_calls(dice: &mut Dice) -> Sheet {
    let mut sheet = Sheet::new("calls", &CALL_COLUMNS);
    let days = days();
    for n in 0..1_500 {
        let kind = pick(dice, &CALL_KINDS);
        let (service, queue) = pick(
            dice,
            &[("cup", "cup_prenotazione"), ("cup", "cup_priorita"), ("cc", "cc_assistenza")],
        );
        let thousandths = pick(dice, &[0, 0, 1, 999]);
        let arrived = moment(dice, &days) * 1000;
        let met_queue = match kind {
            "abandoned_in_ivr" | "ivr_contained" => false,
            "out_of_hours" | "rejected" | "callback_requested" => dice.below(2) == 0,
            _ => true,
        };
        let queued = met_queue.then(|| arrived + pick(dice, &[0, 4_000, 20_000]));
        let wait = edge(dice) * 1000 + thousandths;
        let left = queued.unwrap_or(arrived) + wait;
        let rang = (met_queue && dice.below(2) == 0).then(|| left - dice.upto(9) * 1000);
        let rang = rang.filter(|rang| queued.is_none_or(|queued| queued <= *rang));
        let answered = (kind == "answered").then_some(left);
        let talk = answered.filter(|_| dice.below(12) != 0).map(|_| edge(dice));
        let back = [1_000, 3_600_000, 7_200_000, 7_200_001, 21_600_000, 39_600_000, 86_400_000 * 3];
        let called_back = (kind == "callback_requested" && dice.below(4) != 0)
            .then(|| arrived + pick(dice, &back));
        let outbound = if dice.below(25) == 0 { "outbound" } else { "inbound" };
        let at = |at: Option<i64>| at.map(utc).unwrap_or_default();
        let extra = |dice: &mut Dice| talk.filter(|_| dice.below(3) == 0).map(|_| edge(dice));
        let (hold, wrap) = (extra(dice), extra(dice));
        sheet.row(&[
            format!("m-{n}"),
            service.to_owned(),
            outbound.to_owned(),
            utc(arrived),
            kind.to_owned(),
            if met_queue { queue.to_owned() } else { String::new() },
            at(queued),
            at(rang),
            at(answered),
            utc(left + talk.unwrap_or(0) * 1000),
            number(talk),
            number(hold),
            number(wrap),
            at(called_back),
        ]);
    }
    sheet
}

/// Cases with everything that can happen to one; some calls open two, some open one of a message.
fn nasty_cases(dice: &mut Dice, calls: &[(String, i64, bool)]) -> Sheet {
    use Kind::{Instant, Number, Text, Truth};
    let mut sheet = Sheet::new(
        "cases",
        &[
            ("id", Text),
            ("service", Text),
            ("opened_by", Text),
            ("channel", Text),
            ("opened", Instant),
            ("escalated", Instant),
            ("suspensions", Text),
            ("resolved", Instant),
            ("closed", Instant),
            ("reopened", Instant),
            ("contacts", Number),
            ("outcome", Text),
            ("third_party", Truth),
            ("cancelled", Text),
        ],
    );
    let twice = calls
        .iter()
        .flat_map(|call| std::iter::repeat_n(call, if call.1.rem_euclid(7) == 6 { 2 } else { 1 }));
    for (n, (call, at, cup)) in twice.enumerate() {
        let opened = at + pick(dice, &[0, 30, 90_000]);
        let escalated = (dice.below(3) == 0).then(|| opened + dice.upto(4_000));
        let from = escalated.unwrap_or(opened);
        let took = pick(dice, &[240, 14_400, 14_401, 90_000, 700_000]) - dice.upto(3);
        let ended = from + took;
        let resolved = (dice.below(6) != 0).then_some(ended);
        let closed = (dice.below(7) != 0).then(|| ended + dice.upto(900));
        let reopened = closed.filter(|_| dice.below(9) == 0).map(|at| at + dice.upto(1_500_000));
        let (opened_by, channel) = match dice.below(12) {
            0 => ("m-0".to_owned(), "email"),
            1 => (String::new(), "phone"),
            2 => (format!("nobody-{n}"), "phone"),
            3 => (call.clone(), ""),
            _ => (call.clone(), "phone"),
        };
        let outcome = pick(dice, &["booked", "no_availability", "agenda_closed", ""]);
        let third_party = if escalated.is_some() { yes(dice, 8) } else { String::new() };
        let cancelled = if dice.below(15) == 0 { "withdrawn" } else { "" };
        let contacts = 1 + i64::from(dice.below(8) == 0);
        sheet.row(&[
            format!("k-{n}"),
            if *cup { "cup" } else { "cc" }.to_owned(),
            opened_by,
            channel.to_owned(),
            cell(Some(opened)),
            cell(escalated),
            suspensions(dice, from),
            cell(resolved),
            cell(closed),
            cell(reopened),
            contacts.to_string(),
            outcome.to_owned(),
            third_party,
            cancelled.to_owned(),
        ]);
    }
    sheet
}

/// Up to three suspensions, which may overlap, begin early, or last for ever.
fn suspensions(dice: &mut Dice, from: i64) -> String {
    let n = dice.below(6).saturating_sub(2);
    if n == 0 {
        return String::new();
    }
    let all: Vec<String> = (0..n)
        .map(|_| {
            let begin = from - 600 + dice.upto(9_000);
            let end = (dice.below(5) != 0).then(|| begin + dice.upto(80_000));
            let end =
                end.map_or_else(|| "null".to_owned(), |end| format!("'{}Z'", cell(Some(end))));
            format!("{{'from': '{}Z', 'until': {end}, 'reason': 'citizen'}}", cell(Some(begin)))
        })
        .collect();
    // Quoted for CSV.
    format!("\"[{}]\"", all.join(", ").replace('\'', "\"\""))
}

fn nasty_messages(dice: &mut Dice) -> Sheet {
    use Kind::{Instant, Text};
    let mut sheet = Sheet::new(
        "messages",
        &[
            ("id", Text),
            ("service", Text),
            ("channel", Text),
            ("received", Instant),
            ("first_reply", Instant),
            ("resolved", Instant),
            ("case", Text),
            ("excluded", Text),
        ],
    );
    let days = days();
    let nine_hours = [0, 600, 32_399, 32_400, 32_401, 50_400, 86_400, 90_000, 300_000, 900_000];
    for n in 0..900 {
        let received = moment(dice, &days);
        let reply = (dice.below(6) != 0).then(|| received + pick(dice, &nine_hours));
        let resolved = reply.filter(|_| dice.below(4) != 0).map(|at| at + dice.upto(40_000));
        let case =
            if dice.below(2) == 0 { format!("p-{}", dice.below(200)) } else { String::new() };
        sheet.row(&[
            format!("w-{n:04}"),
            pick(dice, &["cup", "cc"]).to_owned(),
            pick(dice, &["email", "pec", "fax", "sms", "letter", "web_form"]).to_owned(),
            cell(Some(received)),
            cell(reply),
            cell(resolved),
            case,
            pick(dice, &["", "", "", "", "", "spam", "duplicate"]).to_owned(),
        ]);
    }
    sheet
}

fn nasty_records(dice: &mut Dice) -> Sheet {
    use Kind::{Instant, Number, Text};
    let mut sheet = Sheet::new(
        "outbound_records",
        &[
            ("id", Text),
            ("service", Text),
            ("released", Instant),
            ("attempts", Number),
            ("reached", Instant),
            ("closed", Instant),
            ("outcome", Text),
        ],
    );
    let days = days();
    let outcomes =
        ["positive", "positive", "refused", "unreachable", "wrong_number", "excluded", ""];
    for n in 0..600 {
        let released = moment(dice, &days);
        let closed = (dice.below(8) != 0).then(|| released + dice.upto(900_000));
        let reached = closed.filter(|_| dice.below(3) != 0).map(|at| at - 60);
        sheet.row(&[
            format!("r-{n}"),
            pick(dice, &["cup", "cc"]).to_owned(),
            cell(Some(released)),
            dice.below(5).to_string(),
            cell(reached),
            cell(closed),
            pick(dice, &outcomes).to_owned(),
        ]);
    }
    sheet
}

fn nasty_batches(dice: &mut Dice) -> Sheet {
    use Kind::{Instant, Number, Text};
    let mut sheet = Sheet::new(
        "outbound_batches",
        &[
            ("id", Text),
            ("service", Text),
            ("released", Instant),
            ("n_records", Number),
            ("first_attempt", Instant),
            ("last_attempt", Instant),
            ("completed", Instant),
        ],
    );
    let days = days();
    for n in 0..200 {
        let released = moment(dice, &days);
        let first = (dice.below(9) != 0).then(|| released + dice.upto(7_200));
        let took = [14_399, 14_400, 14_401, 28_800, 100_000, 260_000];
        let last = first.map(|_| released + pick(dice, &took));
        let completed = last.filter(|_| dice.below(6) != 0).map(|at| at + dice.upto(60));
        sheet.row(&[
            format!("l-{n}"),
            pick(dice, &["cup", "cc"]).to_owned(),
            cell(Some(released)),
            pick(dice, &[1, 40, 99, 100, 101, 200, 250]).to_string(),
            cell(first),
            cell(last),
            cell(completed),
        ]);
    }
    sheet
}

fn nasty_outages(dice: &mut Dice) -> Sheet {
    use Kind::{Instant, Number, Text, Truth};
    let mut sheet = Sheet::new(
        "outages",
        &[
            ("id", Text),
            ("service", Text),
            ("component", Text),
            ("from", Instant),
            ("until", Instant),
            ("planned", Truth),
            ("notified", Instant),
            ("cause", Text),
            ("weight_permille", Number),
        ],
    );
    let days = days();
    let components = ["telephony_inbound", "ivr", "agent_desktop", "posta"];
    for n in 0..70 {
        let from = moment(dice, &days);
        let until = (n != 7).then(|| from + pick(dice, &[1, 59, 1_500, 14_400, 30_000, 200_000]));
        let notified =
            (dice.below(2) == 0).then(|| from - pick(dice, &[600, 172_799, 172_800, 400_000]));
        sheet.row(&[
            format!("g-{n}"),
            pick(dice, &["cup", "cc"]).to_owned(),
            pick(dice, &components).to_owned(),
            cell(Some(from)),
            cell(until),
            yes(dice, 3),
            cell(notified),
            pick(dice, &["power", "carrier", ""]).to_owned(),
            pick(dice, &[1000, 1000, 500, 1]).to_string(),
        ]);
    }
    sheet
}

/// Changes of the reference contract: what to look for, what to put there.
pub type Changes = &'static [(&'static str, &'static str)];

/// A contract that differs from the reference contract.
pub struct Variation {
    /// What it is about.
    pub what: &'static str,
    /// What is changed in it, for both services.
    pub changes: Changes,
    /// What is changed in a second version of every rule, from [`CHANGE`].
    pub later: Option<Changes>,
    /// What stands at its end: approved exclusions, another calendar.
    pub more: &'static str,
}

/// Another reading of everything that can be read otherwise.
const OTHERWISE: Changes = &[
    ("limit = \"20s\"", "limit = \"21s\""),
    ("boundary = \"inclusive\"", "boundary = \"exclusive\""),
    ("legs = \"first\"", "legs = \"each\""),
    ("attribution = \"arrival\"", "attribution = \"end\""),
    ("callback = \"deferred\"", "callback = \"answered_at_callback\""),
    ("out_of_hours = \"excluded\"", "out_of_hours = \"included\""),
    ("attribution = \"due\"", "attribution = \"closing\""),
    ("open_at_end = \"failure_if_overdue\"", "open_at_end = \"failure\""),
    ("limit = \"4min\"", "limit = \"180s\""),
    ("unreachable = \"included\"", "unreachable = \"excluded\""),
    ("multiples = \"ceil\"", "multiples = \"pro_rata\""),
    ("degraded_weight = \"0%\"", "degraded_weight = \"50%\""),
];

/// Exclusions that overlap, meet, name indicators, queues and another service; edges at instants
/// at which something happens.
const EXCLUSIONS: &str = r#"
[[exclusion]]
code = "X1"
service = "cup"
reason = "force_majeure"
from = 2023-07-03T08:00:00+02:00
until = 2023-07-03T08:00:01+02:00
approved_by = "Corrado Belmonte"
approved_on = 2023-07-05
document = "Prot. 1/2023"

[[exclusion]]
code = "X2"
service = "cup"
indicators = ["K1", "K3", "K5", "K4", "K8"]
reason = "client_caused"
from = 2023-07-03T00:00:00+02:00
until = 2023-07-04T10:00:00+02:00
queue = "cup_prenotazione"
approved_by = "Corrado Belmonte"
approved_on = 2023-07-05
document = "Prot. 2/2023"

[[exclusion]]
code = "X3"
service = "cup"
indicators = ["K3", "K9", "K10"]
reason = "prank"
from = 2023-07-04T08:00:00+02:00
until = 2023-07-08T10:00:00+02:00
approved_by = "Corrado Belmonte"
approved_on = 2023-07-09
document = "Prot. 3/2023"

[[exclusion]]
code = "X4"
service = "cup"
reason = "test_calls"
from = 2023-07-07T08:00:00+02:00
until = 2023-07-14T18:59:59+02:00
approved_by = "Corrado Belmonte"
approved_on = 2023-07-20
document = "Prot. 4/2023"

[[exclusion]]
code = "X5"
service = "cup"
reason = "planned_maintenance"
from = 2023-07-14T18:59:59+02:00
until = 2023-07-14T19:00:00+02:00
queue = "cup_priorita"
approved_by = "Corrado Belmonte"
approved_on = 2023-07-20
document = "Prot. 5/2023"

[[exclusion]]
code = "X6"
service = "cc"
indicators = ["K2", "K4", "K5", "K6", "K7", "K9", "K10"]
reason = "force_majeure"
from = 2023-09-28T00:00:00+02:00
until = 2023-10-03T10:00:00+02:00
approved_by = "Corrado Belmonte"
approved_on = 2023-10-20
document = "Prot. 6/2023"
"#;

/// Hours that differ from week to week, with a Saturday.
const DESK: &str = r#"
[[calendar.desk]]
valid_from = 2022-05-05
weekdays = ["09:00-13:00", "13:30-20:00"]
saturday = ["08:00-12:00"]
holidays = "italy"

[[calendar.desk]]
valid_from = 2023-09-28
weekdays = ["07:00-19:00"]
holidays = "italy"
"#;

const fn plain(what: &'static str, changes: Changes) -> Variation {
    Variation { what, changes, later: None, more: "" }
}

/// Contracts under which the nasty data are read.
pub const VARIATIONS: [Variation; 17] = [
    plain("as it stands", &[]),
    plain("answered only", &[("denominator = \"offered\"", "denominator = \"answered\"")]),
    plain(
        "early abandons left out, exclusive limit",
        &[
            ("\"count_in_denominator\"", "\"exclude\""),
            ("boundary = \"inclusive\"", "boundary = \"exclusive\""),
        ],
    ),
    plain(
        "early abandons met, short ones left out",
        &[("\"count_in_denominator\"", "\"count_as_met\""), ("\"0s\"", "\"5s\"")],
    ),
    plain(
        "wide population",
        &[
            ("population = \"queue_offered\"", "population = \"all_inbound\""),
            ("out_of_hours = \"excluded\"", "out_of_hours = \"included\""),
            ("rejected = \"lost\"", "rejected = \"excluded\""),
            ("ivr_contained = \"excluded\"", "ivr_contained = \"answered_at_once\""),
            ("ended_by = \"both\"", "ended_by = \"caller_only\""),
        ],
    ),
    plain(
        "each leg, by its answer",
        &[
            ("legs = \"first\"", "legs = \"each\""),
            ("attribution = \"arrival\"", "attribution = \"answer\""),
        ],
    ),
    plain(
        "call-backs as answers, by the answer",
        &[
            ("callback = \"deferred\"", "callback = \"answered_at_callback\""),
            ("attribution = \"arrival\"", "attribution = \"answer\""),
        ],
    ),
    plain(
        "call-backs within two hours, waits from the IVR, by the end",
        &[
            ("callback = \"deferred\"", "callback = \"deferred\"\ncallback_limit = \"2h\""),
            ("wait_start = \"queue_entry\"", "wait_start = \"ivr_entry\""),
            ("attribution = \"arrival\"", "attribution = \"end\""),
        ],
    ),
    Variation {
        what: "a midday break, other hours for the second level",
        changes: &[
            ("weekdays = [\"08:00-19:00\"]", "weekdays = [\"08:00-13:00\", \"14:00-19:00\"]"),
            ("second_level_calendar = \"operators\"", "second_level_calendar = \"desk\""),
        ],
        later: None,
        more: DESK,
    },
    plain(
        "written contacts by the case, solved, by receipt",
        &[
            ("threads = \"each_message\"", "threads = \"each_case\""),
            ("answer = \"first_reply\"", "answer = \"resolution\""),
            ("attribution = \"due\"", "attribution = \"receipt\""),
            ("attribution = \"closing\"", "attribution = \"receipt\""),
        ],
    ),
    plain(
        "cases, strictly",
        &[
            ("reopen_window_days = 0", "reopen_window_days = 7"),
            ("unavailable_counts = true", "unavailable_counts = false"),
            ("third_level = \"neither\"", "third_level = \"failure\""),
            ("open_at_end = \"failure_if_overdue\"", "open_at_end = \"failure\""),
            ("suspensions = \"stop_clock\"", "suspensions = \"ignored\""),
            ("attribution = \"closing\"", "attribution = \"due\""),
        ],
    ),
    plain(
        "by the clock",
        &[
            ("clock = \"service_hours\"", "clock = \"elapsed\""),
            ("start = \"escalation\"", "start = \"opening\""),
            ("open_at_end = \"failure_if_overdue\"", "open_at_end = \"excluded\""),
            ("attribution = \"due\"", "attribution = \"closing\""),
        ],
    ),
    plain(
        "cases, all of them; calls, all of them",
        &[
            ("denominator = \"escalated\"", "denominator = \"all_cases\""),
            ("denominator = \"resolved_and_overdue\"", "denominator = \"resolved\""),
            ("denominator = \"first_contact\"", "denominator = \"answered\""),
            ("unit = \"case\"   # casi, non chiamate", "unit = \"call\""),
            ("inbound_too = false", "inbound_too = true"),
        ],
    ),
    plain(
        "attempts, batches together, degradation",
        &[
            ("unit = \"contact_record\"", "unit = \"attempt\""),
            ("aggregate = \"all\"", "aggregate = \"mean\""),
            ("small_batch = \"whole_package\"", "small_batch = \"pro_rata\""),
            ("end = \"last_outcome\"", "end = \"last_attempt\""),
            ("degraded_weight = \"0%\"", "degraded_weight = \"33.3%\""),
            ("excluded_causes = []", "excluded_causes = [\"carrier\"]"),
            (
                "{ code = \"ivr\", agreed = \"service_hours\" }",
                "{ code = \"ivr\", agreed = \"elapsed\" }",
            ),
        ],
    ),
    Variation { what: "excluded", changes: &[], later: None, more: EXCLUSIONS },
    Variation { what: "two versions", changes: &[], later: Some(OTHERWISE), more: "" },
    Variation {
        what: "two versions, the other first, excluded",
        changes: OTHERWISE,
        later: Some(&[("inbound_too = false", "inbound_too = true")]),
        more: EXCLUSIONS,
    },
];

impl Variation {
    /// The contract's text.
    pub fn text(&self) -> String {
        let reference = fs::read_to_string(CONTRACT).expect("the contract is there");
        let mut text = self.change(&reference, self.changes);
        if let Some(later) = self.later {
            let versions: String =
                indicators(&reference).iter().map(|one| self.version(one, later)).collect();
            text += &versions;
        }
        text + self.more
    }

    fn change(&self, text: &str, changes: Changes) -> String {
        let mut text = text.to_owned();
        for (from, to) in changes {
            assert!(text.contains(from), "{}: the contract has no {from}", self.what);
            text = text.replace(from, to);
        }
        text
    }

    /// A rule again, from a later day on.
    fn version(&self, one: &str, changes: Changes) -> String {
        let day = format!("valid_from = {CHANGE}");
        let mut text = one.replace("valid_from = 2022-05-05", &day);
        assert!(text.contains(&day), "{}: a rule says since when it is in force", self.what);
        for (from, to) in changes {
            text = text.replace(from, to);
        }
        text
    }
}

/// The indicators' parts of a contract.
fn indicators(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut within = false;
    for line in text.lines() {
        if line.starts_with('[') {
            within = line.ends_with(".indicator]]");
            if within {
                found.push(String::new());
            }
        }
        if let Some(last) = found.last_mut().filter(|_| within) {
            last.push_str(line);
            last.push('\n');
        }
    }
    found
}
