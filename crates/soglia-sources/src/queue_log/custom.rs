//! Events that the dialplan writes. Read [`QueueLogParser::custom`] first.

use soglia_domain::facts::{Direction, QueueExit};

use super::config::Meaning;
use super::journey::{Mark, Refusal, Refused, Stage};
use super::line::Line;
use super::parser::{Outcome, QueueLogParser, Refuse, Taken, callable};
use crate::outcome::Emitted;

impl QueueLogParser {
    /// An event that the dialplan wrote.
    pub(super) fn custom(
        &mut self,
        row: u64,
        line: &Line<'_>,
        out: &mut impl FnMut(Emitted),
    ) -> Outcome {
        let params = line.params;
        let Some((means, value)) = self.rules.meaning(line.event, params) else {
            if is_cut_short(line.event) {
                return Err(Refuse("truncated_event", "the event's name is cut short"));
            }
            return Ok(self.story(row, line, "custom_event"));
        };
        let text =
            |n: usize| params.iter().nth(n).map(|text| String::from_utf8_lossy(text).into_owned());
        let first = || text(value).filter(|text| !text.is_empty());
        let means = match means {
            Meaning::QueueStatus => status(params.at(value)),
            means => means,
        };
        if means == Meaning::NotContact {
            return Ok(Taken::Ignored("member_event"));
        }
        if !self.starts_or_changes(line.id, means) {
            return Ok(self.story(row, line, "custom_event"));
        }
        let queue = match line.queue {
            b"" | b"NONE" => None,
            name => Some(self.queue(name)?),
        };
        let slot = match self.find(line.id) {
            Some(slot) => slot,
            None => self.begin(line, out)?,
        };
        let (journey, totals) = self.touch(slot, row, line);
        let refuse = |why| Some(Refused { why, queue });
        match means {
            Meaning::Dialled => journey.dialled = journey.dialled.take().or_else(first),
            Meaning::IvrChoice => {
                let choice = text(value + 1).filter(|text| !text.is_empty());
                let choice = choice.or_else(|| text(value + 2).map(|text| text.to_lowercase()));
                walk(&mut journey.ivr_path, first(), choice);
            }
            Meaning::IvrServed => {
                walk(&mut journey.ivr_path, first(), text(value + 1));
                journey.marks.insert(Mark::Served);
            }
            Meaning::Full => journey.refused = refuse(Refusal::Full),
            Meaning::NoOperators => journey.refused = refuse(Refusal::NoOperators),
            Meaning::Closed => journey.refused = refuse(Refusal::Closed),
            Meaning::Emptied => {
                if let Some(leg) = queue.and_then(|queue| journey.leg(queue, Stage::Waiting)) {
                    leg.leave(QueueExit::Emptied, line.stamp.at, None, totals);
                }
            }
            Meaning::CallbackRequested => drop(journey.marks.insert(Mark::Callback)),
            Meaning::CalledBack => journey.called_back = Some(line.stamp.at),
            Meaning::Outbound => journey.direction = Direction::Outbound,
            Meaning::Test => drop(journey.marks.insert(Mark::Test)),
            Meaning::Topic => journey.topic = first(),
            Meaning::PriorityClass => journey.priority_class = first(),
            Meaning::BookingSystem => journey.booking_system = first(),
            Meaning::QueueStatus | Meaning::Note | Meaning::NotContact => {}
        }
        self.set_alarm(slot);
        Ok(Taken::Call)
    }

    /// Can an event change its call? Some also tell of a call that was not known; what an operator
    /// or the platform adds to a call long closed does not.
    fn starts_or_changes(&self, id: &[u8], means: Meaning) -> bool {
        match means {
            Meaning::Note | Meaning::QueueStatus | Meaning::NotContact => false,
            Meaning::Emptied | Meaning::CalledBack | Meaning::Topic => self.find(id).is_some(),
            _ => callable(id) && !self.is_late(id),
        }
    }

    /// A row without consequence: part of its call's story if there is one.
    fn story(&mut self, row: u64, line: &Line<'_>, why: &'static str) -> Taken {
        match self.find(line.id) {
            Some(slot) => {
                self.touch(slot, row, line);
                self.set_alarm(slot);
                Taken::Call
            }
            None if self.is_late(line.id) => Taken::Ignored("late_row"),
            None => Taken::Ignored(why),
        }
    }
}

/// What a status of the queue application means, told by the dialplan after the queue.
fn status(value: &[u8]) -> Meaning {
    match value {
        b"FULL" => Meaning::Full,
        b"JOINEMPTY" | b"JOINUNAVAIL" => Meaning::NoOperators,
        b"CLOSED" | b"CHIUSO" => Meaning::Closed,
        b"LEAVEEMPTY" | b"LEAVEUNAVAIL" => Meaning::Emptied,
        _ => Meaning::Note,
    }
}

/// Adds `menu:choice` to the path through the IVR.
fn walk(path: &mut String, menu: Option<String>, choice: Option<String>) {
    if PATH_MAX < path.len() {
        return;
    }
    if !path.is_empty() {
        path.push('/');
    }
    path.push_str(&menu.unwrap_or_default());
    path.push(':');
    path.push_str(&choice.unwrap_or_default());
}

/// Bytes after which a path through the IVR does not grow.
const PATH_MAX: usize = 500;

/// Is this the beginning of a known event's name, as the end of a truncated file leaves it?
fn is_cut_short(event: &[u8]) -> bool {
    const KNOWN: [&[u8]; 20] = [
        b"ENTERQUEUE",
        b"CONNECT",
        b"COMPLETEAGENT",
        b"COMPLETECALLER",
        b"ABANDON",
        b"EXITWITHTIMEOUT",
        b"EXITEMPTY",
        b"EXITWITHKEY",
        b"WITHDRAW",
        b"SYSCOMPAT",
        b"RINGNOANSWER",
        b"RINGCANCELED",
        b"AGENTDUMP",
        b"BLINDTRANSFER",
        b"ATTENDEDTRANSFER",
        b"QUEUESTART",
        b"CONFIGRELOAD",
        b"REMOVEMEMBER",
        b"ADDMEMBER",
        b"UNPAUSEALL",
    ];
    KNOWN.iter().any(|known| known.starts_with(event) && event.len() < known.len())
}
