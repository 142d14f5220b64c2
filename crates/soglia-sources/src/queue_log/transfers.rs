//! Transfers with consultation: which call an operator's own leg belongs to. Read
//! [`QueueLogParser::attended`] first.

use soglia_domain::facts::Direction;

use super::events::talk_ends;
use super::journey::{After, Journey, Leg, QueueNo, Stage, Talk};
use super::line::Line;
use super::parser::{Outcome, QueueLogParser, Taken};
use crate::hash::stable;

impl QueueLogParser {
    /// A transfer with consultation. It is written under the citizen's id, or, when the operator
    /// consulted a queue's application, under the id of the operator's own leg.
    pub(super) fn attended(&mut self, row: u64, line: &Line<'_>) -> Outcome {
        let queue = self.queue(line.queue)?;
        let own = self.find(line.id);
        let citizen = own
            .filter(|slot| self.talks_in(*slot, queue))
            .or_else(|| self.talking_to(queue, line.member, own));
        let Some(slot) = citizen else {
            let slot = self.known(line, "orphan_attended_transfer")?;
            let (_, totals) = self.touch(slot, row, line);
            totals.note("transfer_without_conversation");
            self.set_alarm(slot);
            return Ok(Taken::Call);
        };
        let consulting = match own {
            Some(own) if own != slot => Some(own),
            _ => self.consulting(slot, queue),
        };
        let n = line.params.len();
        let reported = n.checked_sub(2).and_then(|at| line.params.secs(at));
        let at = line.stamp.at;
        let (journey, totals) = self.touch(slot, row, line);
        talk_ends(journey, queue, row, Talk { answered: at, until: at, reported }, totals);
        journey.transfers = journey.transfers.saturating_add(1);
        journey.after = After::Onward;
        if let Some(leg) = consulting.and_then(|slot| self.take(slot)) {
            let leg = self.withdraw(leg);
            self.by_id.insert(leg.id.clone(), slot);
            for id in &leg.aliases {
                self.by_id.insert(id.clone(), slot);
            }
            if let Some(journey) = self.calls.get_mut(slot).and_then(Option::as_mut) {
                journey.join(leg);
            }
        }
        self.set_alarm(slot);
        Ok(Taken::Call)
    }

    /// Is a call in conversation in a queue?
    fn talks_in(&self, slot: usize, queue: QueueNo) -> bool {
        self.journey(slot).is_some_and(|journey| talking_leg(journey, queue).is_some())
    }

    /// The call, other than the consultation, that a member was talking to in a queue: the one
    /// connected last.
    fn talking_to(&self, queue: QueueNo, member: &[u8], but: Option<usize>) -> Option<usize> {
        let mut best = None;
        for (slot, journey) in (0..).zip(&self.calls) {
            let Some(journey) = journey.as_ref().filter(|_| Some(slot) != but) else {
                continue;
            };
            let Some(leg) = talking_leg(journey, queue) else {
                continue;
            };
            if leg.member == Some(stable(&[&journey.id, member])) {
                best = best.max(Some((leg.answered, journey.seq, slot)));
            }
        }
        best.map(|(_, _, slot)| slot)
    }

    /// The operator's own leg that a transfer from a queue hands the citizen to: one from the
    /// operator's extension; if that is not known, the only consultation going on.
    fn consulting(&mut self, citizen: usize, queue: QueueNo) -> Option<usize> {
        let journey = self.journey(citizen)?;
        let leg = talking_leg(journey, queue)?;
        let (since, extension) = (leg.answered?, leg.extension);
        let going_on: Vec<(usize, bool)> = (0..)
            .zip(&self.calls)
            .filter_map(|(slot, other)| Some((slot, other.as_ref()?)))
            .filter(|(slot, other)| {
                *slot != citizen && other.direction == Direction::Internal && other.is_open()
            })
            .filter(|(_, other)| other.legs.iter().all(|leg| since <= leg.entered))
            .map(|(slot, other)| {
                let caller = other.caller.as_deref().unwrap_or_default().as_bytes();
                (slot, extension == Some(stable(&[&journey.id, caller])))
            })
            .collect();
        let own = going_on.iter().find(|(_, own)| *own).map(|(slot, _)| *slot);
        match (own, extension, going_on.as_slice()) {
            (Some(slot), _, _) => Some(slot),
            (None, None, [(slot, _)]) => Some(*slot),
            (None, None, [_, _, ..]) => {
                self.totals.note("transfer_to_one_of_several");
                None
            }
            _ => None,
        }
    }

    /// The extension of a member: from the configuration, or the last digits of its name.
    pub(super) fn extension_of(&self, member: &[u8]) -> Option<String> {
        let member = std::str::from_utf8(member).ok()?;
        if let Some(extension) = self.config.extensions.get(member) {
            return Some(extension.clone());
        }
        let mut runs = member.split(|c: char| !c.is_ascii_digit());
        let fits = |run: &&str| 2 <= run.len() && run.len() <= self.config.extension_digits_max;
        runs.rfind(fits).map(str::to_owned)
    }
}

fn talking_leg(journey: &Journey, queue: QueueNo) -> Option<&Leg> {
    journey.legs.iter().rev().find(|leg| leg.queue == queue && leg.stage == Stage::Talking)
}
