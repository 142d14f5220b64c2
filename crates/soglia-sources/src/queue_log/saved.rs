//! Calls that are still open when a file ends, in a form that can be stored. Read [`OpenState`]
//! first.
//!
//! Version 2. A reader of a later version reads this one; an older reader refuses a later version
//! by its number. Version 1 forgot calls that were told at the end of a file, all but their ids.

use serde::{Deserialize, Serialize};
use soglia_domain::facts::{Direction, QueueExit, Rows};
use soglia_domain::time::{Instant, Millis};

use super::journey::{After, Journey, Leg, Mark, QueueNo, Refusal, Refused, Stage};
use crate::outcome::EarlierRows;

/// Hands the calls left open by one file to the parser of the next.
///
/// Callers' numbers stand in it in clear, as [`OpenState::map_callers`] finds them: whoever stores
/// it replaces them first. Operators stand in it only as hashes that cannot be compared between
/// calls.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenState {
    version: u32,
    pub(super) next_seq: u64,
    pub(super) previous: i64,
    pub(super) queues: Vec<String>,
    pub(super) calls: Vec<SavedCall>,
    /// How often calls that may go on were told at the end of a file.
    #[serde(default)]
    pub(super) tellings: i64,
    pub(super) closed: Vec<u64>,
    pub(super) closed_until: i64,
}

/// A state that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SavedStateError {
    /// Not the JSON of a state.
    #[error("failed to read the open calls of the previous file")]
    Json(#[from] serde_json::Error),
    /// Written by a later version.
    #[error("open calls are saved in version `{found}`, this program reads up to `{VERSION}`")]
    Version {
        /// The version found.
        found: u32,
    },
}

const VERSION: u32 = 2;

impl OpenState {
    /// A state with nothing in it yet.
    pub(super) fn new(next_seq: u64, previous: Instant, queues: Vec<String>) -> Self {
        Self {
            version: VERSION,
            next_seq,
            previous: previous.as_millis(),
            queues,
            ..Self::default()
        }
    }

    /// Reads what [`OpenState::to_json`] wrote.
    pub fn from_json(text: &str) -> Result<Self, SavedStateError> {
        let state: Self = serde_json::from_str(text)?;
        if state.version == 0 || VERSION < state.version {
            return Err(SavedStateError::Version { found: state.version });
        }
        Ok(state)
    }

    /// Writes it in one line.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("plain structs, strings and integers always serialise")
    }

    /// How many calls are open and were not told yet.
    pub fn n_calls(&self) -> usize {
        self.calls.iter().filter(|call| call.told.is_none()).count()
    }

    /// Replaces every caller's number by what the function makes of it.
    pub fn map_callers(&mut self, mut replace: impl FnMut(&str) -> String) {
        for caller in self.calls.iter_mut().filter_map(|call| call.caller.as_mut()) {
            *caller = replace(caller);
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedCall {
    seq: u64,
    id: Bytes,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<Bytes>,
    arrived: i64,
    last: i64,
    precision: i64,
    rows: Vec<EarlierRows>,
    legs: Vec<SavedLeg>,
    direction: String,
    caller: Option<String>,
    dialled: Option<String>,
    ivr_path: String,
    first_rang: Option<i64>,
    refused: Option<(char, Option<u32>)>,
    marks: String,
    called_back: Option<i64>,
    topic: Option<String>,
    priority_class: Option<String>,
    booking_system: Option<String>,
    group: Option<String>,
    transfers: u32,
    talk: i64,
    talked_until: Option<i64>,
    ended: Option<i64>,
    onward: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told: Option<i64>,
}

/// An id: text where it is UTF-8, as almost always, else its bytes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Bytes {
    Text(String),
    Raw(Vec<u8>),
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedLeg {
    queue: u32,
    entered: i64,
    answered: Option<i64>,
    left: Option<i64>,
    exit: Option<char>,
    stage: char,
    position: Option<u32>,
    member: Option<u64>,
    extension: Option<u64>,
}

impl SavedCall {
    /// Saves a call that had rows in a file.
    pub(super) fn save(journey: Journey, file: &str) -> Self {
        let Journey {
            seq,
            id,
            aliases,
            arrived,
            last,
            precision,
            rows,
            mut earlier,
            legs,
            direction,
            caller,
            dialled,
            ivr_path,
            first_rang,
            refused,
            marks,
            called_back,
            topic,
            priority_class,
            booking_system,
            group,
            transfers,
            talk,
            talked_until,
            ended,
            after,
            alarm: _,
            told,
        } = journey;
        if 0 < rows.n {
            let Rows { first, last, n } = rows;
            earlier.push(EarlierRows { file: file.to_owned(), first, last, n });
        }
        Self {
            seq,
            id: Bytes::save(id),
            aliases: aliases.into_iter().map(Bytes::save).collect(),
            arrived: arrived.as_millis(),
            last: last.as_millis(),
            precision: precision.get(),
            rows: earlier,
            legs: legs.iter().map(SavedLeg::save).collect(),
            direction: direction.name().to_owned(),
            caller,
            dialled,
            ivr_path,
            first_rang: first_rang.map(Instant::as_millis),
            refused: refused.map(|Refused { why, queue }| {
                (code_of(&REFUSALS, why), queue.map(|QueueNo(no)| no))
            }),
            marks: marks.into_iter().map(|mark| code_of(&MARKS, mark)).collect(),
            called_back: called_back.map(Instant::as_millis),
            topic,
            priority_class,
            booking_system,
            group,
            transfers,
            talk: talk.get(),
            talked_until: talked_until.map(Instant::as_millis),
            ended: ended.map(Instant::as_millis),
            onward: after == After::Onward,
            told,
        }
    }

    /// Takes the call up again. What a newer program might have written and this one does not
    /// know falls back to its plainest meaning.
    pub(super) fn restore(self) -> Journey {
        let Self {
            seq,
            id,
            aliases,
            arrived,
            last,
            precision,
            rows,
            legs,
            direction,
            caller,
            dialled,
            ivr_path,
            first_rang,
            refused,
            marks,
            called_back,
            topic,
            priority_class,
            booking_system,
            group,
            transfers,
            talk,
            talked_until,
            ended,
            onward,
            told,
        } = self;
        let at = Instant::from_millis;
        Journey {
            aliases: aliases.into_iter().map(Bytes::restore).collect(),
            precision: Millis::new(precision),
            earlier: rows,
            legs: legs.into_iter().map(SavedLeg::restore).collect(),
            direction: Direction::from_name(&direction).unwrap_or(Direction::Inbound),
            caller,
            dialled,
            ivr_path,
            first_rang: first_rang.map(at),
            refused: refused.and_then(|(why, queue)| {
                Some(Refused { why: of_code(&REFUSALS, why)?, queue: queue.map(QueueNo) })
            }),
            marks: marks.chars().filter_map(|mark| of_code(&MARKS, mark)).collect(),
            called_back: called_back.map(at),
            topic,
            priority_class,
            booking_system,
            group,
            transfers,
            talk: Millis::new(talk),
            talked_until: talked_until.map(at),
            ended: ended.map(at),
            after: if onward { After::Onward } else { After::Nothing },
            told,
            ..Journey::new(seq, &id.restore(), at(arrived), at(last))
        }
    }
}

impl Bytes {
    fn save(bytes: Box<[u8]>) -> Self {
        String::from_utf8(bytes.into_vec())
            .map_or_else(|error| Self::Raw(error.into_bytes()), Self::Text)
    }

    fn restore(self) -> Box<[u8]> {
        match self {
            Self::Text(text) => text.into_bytes().into(),
            Self::Raw(bytes) => bytes.into(),
        }
    }
}

impl SavedLeg {
    fn save(leg: &Leg) -> Self {
        let Leg {
            queue: QueueNo(queue),
            entered,
            answered,
            left,
            exit,
            stage,
            position,
            rows: _,
            member,
            extension,
        } = *leg;
        Self {
            queue,
            entered: entered.as_millis(),
            answered: answered.map(Instant::as_millis),
            left: left.map(Instant::as_millis),
            exit: exit.map(|exit| code_of(&EXITS, exit)),
            stage: code_of(&STAGES, stage),
            position,
            member,
            extension,
        }
    }

    fn restore(self) -> Leg {
        let Self { queue, entered, answered, left, exit, stage, position, member, extension } =
            self;
        Leg {
            answered: answered.map(Instant::from_millis),
            left: left.map(Instant::from_millis),
            exit: exit.and_then(|exit| of_code(&EXITS, exit)),
            stage: of_code(&STAGES, stage).unwrap_or(Stage::Done),
            member,
            extension,
            ..Leg::new(QueueNo(queue), Instant::from_millis(entered), position)
        }
    }
}

const REFUSALS: [(char, Refusal); 3] =
    [('f', Refusal::Full), ('n', Refusal::NoOperators), ('c', Refusal::Closed)];
const STAGES: [(char, Stage); 3] =
    [('w', Stage::Waiting), ('t', Stage::Talking), ('d', Stage::Done)];
const MARKS: [(char, Mark); 6] = [
    ('s', Mark::Served),
    ('c', Mark::Callback),
    ('t', Mark::Test),
    ('r', Mark::Restarted),
    ('u', Mark::TalkUnknown),
    ('f', Mark::Fault),
];
const EXITS: [(char, QueueExit); 8] = [
    ('c', QueueExit::Answered),
    ('a', QueueExit::Abandoned),
    ('t', QueueExit::TimedOut),
    ('e', QueueExit::Emptied),
    ('k', QueueExit::KeyPressed),
    ('w', QueueExit::Withdrawn),
    ('r', QueueExit::Redirected),
    ('f', QueueExit::Failed),
];

fn code_of<T: PartialEq + Copy>(codes: &[(char, T)], value: T) -> char {
    let found = codes.iter().find(|(_, of)| *of == value);
    found.map(|(code, _)| *code).expect("every value has a code")
}

fn of_code<T: Copy>(codes: &[(char, T)], code: char) -> Option<T> {
    codes.iter().find(|(of, _)| *of == code).map(|(_, value)| *value)
}
