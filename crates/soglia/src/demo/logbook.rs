//! Calls written down as Asterisk's `queue_log` has them. Read [`Logbook`] first.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};

use super::call::{Call, Door, Exit, Ring, RingResult, Visit};
use super::floor::{Change, Duty};
use super::hours::{FIRST, Hours};
use super::shape::{CC, CUP, Plan, Service};

/// Lines of a log, in any order until they are written.
#[derive(Default)]
pub struct Logbook {
    text: String,
    lines: Vec<(i64, usize, usize)>,
}

impl Logbook {
    /// Puts a line down; `text` is what follows the time.
    fn put(&mut self, at: i64, text: std::fmt::Arguments<'_>) {
        let from = self.text.len();
        writeln!(self.text, "{at}|{text}").expect("writing to memory");
        self.lines.push((at, from, self.text.len()));
    }

    /// Puts down the starts of the queueing system.
    pub fn restarts(&mut self, at: &[i64]) {
        for &at in at {
            self.put(at, format_args!("NONE|NONE|NONE|QUEUESTART|"));
        }
    }

    /// Puts down reloads of the configuration.
    pub fn reloads(&mut self, at: impl Iterator<Item = i64>) {
        for at in at {
            self.put(at, format_args!("NONE|NONE|NONE|CONFIGRELOAD|"));
        }
    }

    /// Puts down operators' changes.
    pub fn duties(&mut self, service: Service, duties: &[Duty]) {
        for duty in duties {
            self.duty(plan_of(service), duty);
        }
    }

    fn duty(&mut self, plan: &Plan, duty: &Duty) {
        let operator = plan.first_operator + duty.operator;
        let (all, each, by, why) = match duty.change {
            Change::Joined => (None, "ADDMEMBER", "MANAGER", ""),
            Change::Left => (None, "REMOVEMEMBER", "MANAGER", ""),
            Change::Paused => (Some("PAUSEALL"), "PAUSE", "NONE", "Pausa"),
            Change::Resumed => (Some("UNPAUSEALL"), "UNPAUSE", "NONE", ""),
        };
        if let Some(all) = all {
            self.put(duty.at, format_args!("NONE|NONE|OP{operator}|{all}|{why}"));
        }
        for queue in plan.queues {
            let queue = queue.name;
            self.put(duty.at, format_args!("{by}|{queue}|OP{operator}|{each}|{why}"));
        }
    }

    /// Puts down calls, whose channels must have been numbered.
    pub fn calls(&mut self, calls: &[Call]) {
        for call in calls {
            self.call(plan_of(call.service), call);
        }
    }

    fn call(&mut self, plan: &Plan, call: &Call) {
        let id = call_id(call);
        let number = plan.number;
        self.put(call.arrived, format_args!("{id}|NONE|NONE|INFO|DID|{number}"));
        let chose = call.chose;
        match call.door {
            Door::Queue(queue) | Door::Full(queue) => {
                // The operator on call at night is reached without a menu.
                if call.arrived < chose {
                    let key = plan.queues.get(queue).map_or("", |q| q.key);
                    let choice = format_args!("{id}|NONE|NONE|INFO|IVR|principale|{key}|OK");
                    self.put(chose, choice);
                }
                if let Door::Full(_) = call.door {
                    let queue = queue_name(plan, queue);
                    self.put(chose, format_args!("{id}|{queue}|NONE|INFO|STATO|FULL"));
                }
            }
            Door::Contained(what) => {
                self.put(chose, format_args!("{id}|NONE|NONE|INFO|IVR|principale|5|OK"));
                let heard = chose + 25 + i64::from(call.channel % 30);
                self.put(heard, format_args!("{id}|NONE|NONE|INFO|IVR|{what}|servito"));
            }
            Door::LeftEarly => {}
            Door::LeftLate => {
                self.put(chose, format_args!("{id}|NONE|NONE|INFO|IVR|principale||TIMEOUT"));
            }
            Door::Closed(queue) => {
                let queue = queue_name(plan, queue);
                self.put(chose, format_args!("{id}|{queue}|NONE|CLOSED|"));
            }
        }
        let caller = call.caller.map_or_else(|| "anonymous".to_owned(), |n| format!("0000{n:06}"));
        for (index, visit) in call.visits.iter().enumerate() {
            let next = call.visits.get(index + 1).map(|v| v.queue);
            self.visit(plan, call, (&id, &caller), visit, next);
        }
        self.labels(plan, call, &id);
    }

    /// What the operator's form adds when the call is over.
    fn labels(&mut self, plan: &Plan, call: &Call, id: &str) {
        let Some(visit) = call.visits.last().filter(|v| matches!(v.exit, Exit::Talked { .. }))
        else {
            return;
        };
        let queue = queue_name(plan, visit.queue);
        let labels = [("ARGOMENTO", call.topic), ("CLASSE", call.class), ("SISTEMA", call.system)];
        for (label, value) in labels.into_iter().filter(|(_, value)| !value.is_empty()) {
            let line = format_args!("{id}|{queue}|NONE|INFO|{label}|{value}");
            self.put(call.ended(), line);
        }
    }

    fn visit(
        &mut self,
        plan: &Plan,
        call: &Call,
        (id, caller): (&str, &str),
        visit: &Visit,
        next: Option<usize>,
    ) {
        let queue = queue_name(plan, visit.queue);
        let place = visit.place;
        let line = format_args!("{id}|{queue}|NONE|ENTERQUEUE||{caller}|{place}");
        self.put(visit.entered, line);
        for ring in &visit.rings {
            self.ring(plan, (id, queue), visit, ring);
        }
        let waited = visit.left - visit.entered;
        let left = visit.left;
        match visit.exit {
            Exit::Waiting => unreachable!("the day is over"),
            Exit::Talked { until } => {
                let operator = visit.rings.last().map_or(0, |ring| ring.operator);
                let operator = plan.first_operator + operator;
                let talk = until - left;
                let head = format_args!("{id}|{queue}|OP{operator}");
                let tail = format_args!("{waited}|{talk}|{place}");
                if let Some(next) = next {
                    let extension = plan.queues.get(next).map_or("", |q| q.extension);
                    let line = format_args!("{head}|BLINDTRANSFER|{extension}|agenti|{tail}");
                    self.put(until, line);
                } else if call.caller_ends {
                    self.put(until, format_args!("{head}|COMPLETECALLER|{tail}"));
                } else {
                    self.put(until, format_args!("{head}|COMPLETEAGENT|{tail}"));
                    self.put(until, format_args!("{id}|{queue}|NONE|INFO|STATO|CONTINUE"));
                }
            }
            Exit::Abandoned(at) => {
                self.put(left, format_args!("{id}|{queue}|NONE|ABANDON|{at}|{place}|{waited}"));
            }
            Exit::TimedOut(at) => {
                let line = format_args!("{id}|{queue}|NONE|EXITWITHTIMEOUT|{at}|{place}|{waited}");
                self.put(left, line);
                if let Some(next) = next {
                    let next = queue_name(plan, next);
                    let line = format_args!("{id}|NONE|NONE|INFO|TRABOCCO|{queue}|{next}|TIMEOUT");
                    self.put(left, line);
                } else {
                    self.put(left, format_args!("{id}|{queue}|NONE|INFO|STATO|TIMEOUT"));
                }
            }
            Exit::Emptied(at) => {
                self.put(left, format_args!("{id}|{queue}|NONE|EXITEMPTY|{at}|{place}|{waited}"));
                self.put(left, format_args!("{id}|{queue}|NONE|INFO|STATO|LEAVEEMPTY"));
            }
            Exit::Changed(at) => {
                let line = format_args!("{id}|{queue}|NONE|EXITWITHKEY|1|{at}|{place}|{waited}");
                self.put(left, line);
            }
        }
    }

    fn ring(&mut self, plan: &Plan, (id, queue): (&str, &str), visit: &Visit, ring: &Ring) {
        let operator = plan.first_operator + ring.operator;
        let Ring { from, until, channel, .. } = *ring;
        let seconds = until - from;
        // Real phones do not stop on the second.
        let millis = seconds * 1000 + i64::from(channel % 700);
        match ring.result {
            RingResult::Ringing => unreachable!("no phone rings at night"),
            RingResult::Answered => {
                let waited = until - visit.entered;
                let line = format_args!(
                    "{id}|{queue}|OP{operator}|CONNECT|{waited}|{from}.{channel}|{seconds}"
                );
                self.put(until, line);
            }
            RingResult::NoAnswer => {
                let millis = seconds * 1000;
                self.put(until, format_args!("{id}|{queue}|OP{operator}|RINGNOANSWER|{millis}"));
            }
            RingResult::Cancelled => {
                self.put(until, format_args!("{id}|{queue}|OP{operator}|RINGCANCELED|{millis}"));
            }
        }
    }

    /// Writes one compressed file a month into `dir`, as a rotation at midnight leaves them.
    pub fn write(mut self, hours: &Hours, dir: &Path) -> io::Result<Vec<PathBuf>> {
        self.lines.sort_by_key(|&(at, _, _)| at);
        let mut paths = Vec::new();
        let mut rest = self.lines.as_slice();
        for (&until, month) in hours.month_starts().iter().skip(1).zip(FIRST.month()..) {
            let (lines, later) = rest.split_at(rest.partition_point(|&(at, _, _)| at < until));
            rest = later;
            let path = dir.join(format!("queue_log-{}-{month:02}.gz", FIRST.year()));
            // No name and no time in the header: the same lines are the same bytes.
            let mut gz =
                GzBuilder::new().write(BufWriter::new(File::create(&path)?), Compression::new(4));
            for &(_, from, to) in lines {
                let line = self.text.get(from..to).expect("lines are cut where they were put");
                gz.write_all(line.as_bytes())?;
            }
            gz.finish()?.flush()?;
            paths.push(path);
        }
        assert!(rest.is_empty(), "every call ends inside the half-year");
        Ok(paths)
    }
}

/// The identifier of a call in the PBX.
pub fn call_id(call: &Call) -> String {
    format!("{}.{}", call.arrived, call.channel)
}

/// Numbers the channels of calls and phones in the order in which they opened, from 0 after each
/// restart, as the PBX does.
pub fn number_channels(calls: &mut [Call], restarts: &[i64]) {
    let mut openings: Vec<(i64, &mut u32)> = Vec::new();
    for call in calls.iter_mut() {
        openings.push((call.arrived, &mut call.channel));
        for ring in call.visits.iter_mut().flat_map(|v| v.rings.iter_mut()) {
            openings.push((ring.from, &mut ring.channel));
        }
    }
    openings.sort_by_key(|(at, _)| *at);
    let mut epoch = 0;
    let mut next = 0;
    for (at, channel) in openings {
        let now = restarts.partition_point(|&restart| restart <= at);
        if now != epoch {
            epoch = now;
            next = 0;
        }
        *channel = next;
        next += 1;
    }
}

/// The plan of a service.
pub const fn plan_of(service: Service) -> &'static Plan {
    match service {
        Service::Cup => &CUP,
        Service::Cc => &CC,
    }
}

fn queue_name(plan: &Plan, queue: usize) -> &'static str {
    plan.queues.get(queue).map_or("", |q| q.name)
}
