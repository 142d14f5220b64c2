//! What each event of a queue does to its call. Read `dispatch` first: one arm per event.

use soglia_domain::facts::{Direction, QueueExit, Rows};
use soglia_domain::time::{Instant, Millis};

use super::journey::{After, Journey, Leg, Mark, QueueNo, Stage, Talk, joined};
use super::line::{self, Line, Params};
use super::parser::{Outcome, QueueLogParser, Taken};
use crate::hash::stable;
use crate::labels::normalised;
use crate::outcome::{Emitted, Totals};

impl QueueLogParser {
    /// One arm per event.
    pub(super) fn dispatch(
        &mut self,
        row: u64,
        line: &Line<'_>,
        out: &mut impl FnMut(Emitted),
    ) -> Outcome {
        match line.event {
            b"ENTERQUEUE" => self.enter(row, line, out),
            b"CONNECT" => self.connect(row, line),
            b"COMPLETEAGENT" | b"COMPLETECALLER" => self.complete(row, line),
            b"ABANDON" => self.leave(row, line, Exit::by(QueueExit::Abandoned, 2)),
            b"EXITWITHTIMEOUT" => self.leave(row, line, Exit::by(QueueExit::TimedOut, 2)),
            b"EXITEMPTY" => self.leave(row, line, Exit::by(QueueExit::Emptied, 2)),
            b"EXITWITHKEY" => self.leave(row, line, Exit::by(QueueExit::KeyPressed, 3)),
            b"WITHDRAW" => self.leave(row, line, Exit::by(QueueExit::Withdrawn, 2)),
            b"SYSCOMPAT" => self.leave(row, line, Exit::by(QueueExit::Failed, usize::MAX)),
            b"RINGNOANSWER" | b"RINGCANCELED" | b"AGENTDUMP" => self.ring(row, line),
            b"BLINDTRANSFER" | b"TRANSFER" => self.transfer(row, line),
            b"ATTENDEDTRANSFER" => self.attended(row, line),
            b"QUEUESTART" => {
                self.restart(line.stamp.at);
                Ok(Taken::Ignored("platform_start"))
            }
            b"CONFIGRELOAD" => Ok(Taken::Ignored("platform_event")),
            b"ADDMEMBER"
            | b"REMOVEMEMBER"
            | b"PAUSE"
            | b"UNPAUSE"
            | b"PAUSEALL"
            | b"UNPAUSEALL"
            | b"PENALTY"
            | b"RINGINUSE"
            | b"AGENTLOGIN"
            | b"AGENTLOGOFF"
            | b"AGENTCALLBACKLOGIN"
            | b"AGENTCALLBACKLOGOFF" => Ok(Taken::Ignored("member_event")),
            b"OUTCALL" => Ok(Taken::Ignored("operator_outbound")),
            _ => self.custom(row, line, out),
        }
    }

    fn enter(&mut self, row: u64, line: &Line<'_>, out: &mut impl FnMut(Emitted)) -> Outcome {
        let queue = self.queue(line.queue)?;
        let slot = match self.find(line.id) {
            Some(slot) => slot,
            None => self.begin(line, out)?,
        };
        let (caller, position) = entering(line.params);
        let caller = String::from_utf8_lossy(caller).into_owned();
        let extension = is_extension(&caller, self.config.extension_digits_max);
        let tests = &self.config.test_callers;
        let test = !tests.is_empty() && tests.contains(normalised(&caller).as_ref());
        let (journey, totals) = self.touch(slot, row, line);
        if journey.caller.is_none() && !caller.is_empty() {
            journey.caller = Some(caller);
            if extension && journey.direction == Direction::Inbound {
                journey.direction = Direction::Internal;
            }
        }
        if test {
            journey.marks.insert(Mark::Test);
        }
        let mut leg = Leg::new(queue, line.stamp.at, position);
        leg.rows = Rows::one(row);
        journey.enter(leg, totals);
        self.set_alarm(slot);
        Ok(Taken::Call)
    }

    fn connect(&mut self, row: u64, line: &Line<'_>) -> Outcome {
        let slot = self.known(line, "orphan_connect")?;
        let queue = self.queue(line.queue)?;
        let group = std::str::from_utf8(line.member)
            .ok()
            .and_then(|member| self.config.groups.get(member).cloned());
        let extension = self.extension_of(line.member);
        let at = line.stamp.at;
        let held = line.params.secs(0);
        let rang = line.params.secs(2).map(|ring| at + Millis::new(-ring.get()));
        let (journey, totals) = self.touch(slot, row, line);
        if journey.leg(queue, Stage::Waiting).is_none() {
            if journey.leg(queue, Stage::Talking).is_some() {
                totals.note("connected_twice");
                return Ok(Taken::Call);
            }
            // The entry's own row is missing; the hold time tells when it was.
            totals.note("connected_without_entry");
            let entered = at + Millis::new(-held.unwrap_or(Millis::ZERO).get());
            journey.enter(Leg::new(queue, entered, None), totals);
        }
        let hash = |text: &[u8]| stable(&[&journey.id, text]);
        let (member, extension) = (hash(line.member), extension.map(|text| hash(text.as_bytes())));
        if let Some(leg) = journey.leg(queue, Stage::Waiting) {
            leg.rows = joined(leg.rows, Rows::one(row));
            leg.connect(at, held, totals);
            (leg.member, leg.extension) = (Some(member), extension);
            let entered = leg.entered;
            if let Some(rang) = rang {
                rings(&mut journey.first_rang, rang.max(entered).min(at.max(entered)));
            }
        }
        journey.group = journey.group.take().or(group);
        journey.ended = None;
        self.set_alarm(slot);
        Ok(Taken::Call)
    }

    fn complete(&mut self, row: u64, line: &Line<'_>) -> Outcome {
        let slot = self.known(line, "orphan_complete")?;
        let queue = self.queue(line.queue)?;
        let (at, reported) = (line.stamp.at, line.params.secs(1));
        let (journey, totals) = self.touch(slot, row, line);
        let talk = Talk { answered: at, until: at, reported };
        if let Some(until) = talk_ends(journey, queue, row, talk, totals) {
            journey.ended = Some(journey.ended.map_or(until, |before| before.max(until)));
            journey.after = After::Nothing;
        }
        self.set_alarm(slot);
        Ok(Taken::Call)
    }

    fn leave(&mut self, row: u64, line: &Line<'_>, exit: Exit) -> Outcome {
        let slot = self.known(line, exit.orphan())?;
        let queue = self.queue(line.queue)?;
        let reported = line.params.secs(exit.wait_at);
        let (journey, totals) = self.touch(slot, row, line);
        let Some(leg) = journey.leg(queue, Stage::Waiting) else {
            totals.note("left_without_waiting");
            return Ok(Taken::Call);
        };
        leg.rows = joined(leg.rows, Rows::one(row));
        leg.leave(exit.how, line.stamp.at, reported, totals);
        let left = leg.left;
        match exit.how {
            QueueExit::Abandoned => {
                journey.ended = left;
                journey.after = After::Nothing;
            }
            QueueExit::Failed => {
                journey.marks.insert(Mark::Fault);
                journey.after = After::Onward;
            }
            _ => journey.after = After::Onward,
        }
        self.set_alarm(slot);
        Ok(Taken::Call)
    }

    /// A telephone rang in vain, or its operator put the caller back.
    fn ring(&mut self, row: u64, line: &Line<'_>) -> Outcome {
        let slot = self.known(line, "orphan_ring")?;
        let queue = self.queue(line.queue)?;
        let rang = line.params.millis(0).map(|ms| line.stamp.at + Millis::new(-ms.get()));
        let (journey, _) = self.touch(slot, row, line);
        if let Some(leg) = journey.leg(queue, Stage::Waiting) {
            leg.rows = joined(leg.rows, Rows::one(row));
            let entered = leg.entered;
            if let Some(rang) = rang {
                rings(&mut journey.first_rang, rang.max(entered));
            }
        }
        self.set_alarm(slot);
        Ok(Taken::Call)
    }

    fn transfer(&mut self, row: u64, line: &Line<'_>) -> Outcome {
        let slot = self.known(line, "orphan_transfer")?;
        let queue = self.queue(line.queue)?;
        let (at, reported) = (line.stamp.at, line.params.secs(3));
        let (journey, totals) = self.touch(slot, row, line);
        let talk = Talk { answered: at, until: at, reported };
        if talk_ends(journey, queue, row, talk, totals).is_some() {
            journey.transfers = journey.transfers.saturating_add(1);
            journey.after = After::Onward;
        }
        self.set_alarm(slot);
        Ok(Taken::Call)
    }
}

/// How an event takes a call out of a queue, and which parameter holds the wait.
#[derive(Clone, Copy)]
struct Exit {
    how: QueueExit,
    wait_at: usize,
}

impl Exit {
    const fn by(how: QueueExit, wait_at: usize) -> Self {
        Self { how, wait_at }
    }

    const fn orphan(&self) -> &'static str {
        match self.how {
            QueueExit::Abandoned => "orphan_abandon",
            _ => "orphan_exit",
        }
    }
}

/// The caller and position of an ENTERQUEUE row: `url|caller|position[|name]`, or without the
/// URL, in either order: the longer of two is the caller's number.
fn entering(params: Params<'_>) -> (&[u8], Option<u32>) {
    let position = |text: &[u8]| line::number(text).and_then(|n| u32::try_from(n).ok());
    let mut found = params.iter();
    let (one, two, three) = (found.next(), found.next(), found.next());
    match (one.unwrap_or_default(), two.unwrap_or_default(), three) {
        (_, caller, Some(place)) if !place.is_empty() => (caller, position(place)),
        (b"", caller, _) | (caller, b"", _) => (caller, None),
        (one, two, _) if one.len() < two.len() => (two, position(one)),
        (one, two, _) => (one, position(two)),
    }
}

/// Only digits, and few.
fn is_extension(caller: &str, digits_max: usize) -> bool {
    !caller.is_empty() && caller.len() <= digits_max && caller.bytes().all(|b| b.is_ascii_digit())
}

fn rings(first: &mut Option<Instant>, rang: Instant) {
    *first = Some(first.map_or(rang, |before| before.min(rang)));
}

/// Ends the conversation in a queue. Without a CONNECT row the reported length tells when it
/// began; without either, the row is only kept as part of the story.
pub(super) fn talk_ends(
    journey: &mut Journey,
    queue: QueueNo,
    row: u64,
    talk: Talk,
    totals: &mut Totals,
) -> Option<Instant> {
    if journey.leg(queue, Stage::Talking).is_none()
        && let Some(leg) = journey.leg(queue, Stage::Waiting)
    {
        totals.note("ended_without_connect");
        let spoke = talk.reported.unwrap_or(Millis::ZERO);
        leg.connect((talk.until + Millis::new(-spoke.get())).max(leg.entered), None, totals);
    }
    let Some(leg) = journey.leg(queue, Stage::Talking) else {
        totals.note("ended_without_conversation");
        return None;
    };
    leg.stage = Stage::Done;
    leg.rows = joined(leg.rows, Rows::one(row));
    let answered = leg.answered.unwrap_or(talk.until);
    Some(journey.hung_up(Talk { answered, ..talk }, totals))
}
