//! A `queue_log` of any size for benchmarks, written as fast as a disk takes it. Read
//! [`write_large_queue_log`].
//!
//! Simpler than the demo's traffic: a steady stream of calls into eight queues, of which one in
//! eight is lost, with lines of many calls interleaved as on a busy PBX.

use std::io::{self, Write};

use super::random::Rng;

/// What to write.
#[derive(Clone, Copy, Debug)]
pub struct Large {
    /// At least so many bytes or, spread over a time, about so many.
    pub bytes: u64,
    /// Same seed, same calls.
    pub seed: u64,
    /// The seconds since 1970 over which calls arrive, evenly; as densely as in the busiest hours
    /// if there are none.
    pub over: Option<(i64, i64)>,
}

/// Writes a `queue_log` (the last calls are completed) and returns the number of lines.
pub fn write_large_queue_log(mut out: impl Write, large: Large) -> io::Result<u64> {
    let mut stream = Stream::new(large);
    let mut written = 0;
    loop {
        let open = large.over.map_or(written < large.bytes, |(_, until)| stream.now < until);
        if !open && !stream.is_busy() {
            break;
        }
        stream.second(open);
        if BUFFER <= stream.buffer.len() {
            written += stream.flush(&mut out)?;
        }
    }
    stream.flush(&mut out)?;
    out.flush()?;
    Ok(stream.n_lines)
}

const BUFFER: usize = 256 * 1024;
/// Longer than any call, in seconds; a power of two.
const WHEEL: usize = 2048;
/// Calls that begin in each second, unless they are spread over a time.
const CALLS_A_SECOND: i64 = 4;
/// What a call takes.
const BYTES_A_CALL: u64 = 270;
/// Where the log begins, unless it is told: 1 July 2023 in Rome.
const BEGIN: i64 = 1_688_169_600;
const MILLION: u64 = 1_000_000;

#[derive(Clone, Copy)]
struct Step {
    kind: Kind,
    arrived: i64,
    channel: i64,
    queue: u8,
    operator: u8,
    waited: i64,
    talk: i64,
}

#[derive(Clone, Copy)]
enum Kind {
    Enter,
    Connect,
    Complete,
    Abandon,
}

/// Steps to come, by second, around a wheel.
struct Stream {
    rng: Rng,
    /// Calls in a million seconds, if they are spread over a time.
    rate: Option<u64>,
    wheel: Vec<Vec<Step>>,
    n_pending: u64,
    now: i64,
    channel: i64,
    buffer: Vec<u8>,
    n_lines: u64,
}

impl Stream {
    fn new(Large { bytes, seed, over }: Large) -> Self {
        let seconds = |(from, until): (i64, i64)| (until - from).max(1).unsigned_abs();
        Self {
            rng: Rng::stream(seed, "large", 0),
            rate: over.map(|over| bytes.saturating_mul(MILLION) / BYTES_A_CALL / seconds(over)),
            wheel: vec![Vec::new(); WHEEL],
            n_pending: 0,
            now: over.map_or(BEGIN, |(from, _)| from),
            channel: 0,
            buffer: Vec::with_capacity(2 * BUFFER),
            n_lines: 0,
        }
    }

    const fn is_busy(&self) -> bool {
        0 < self.n_pending
    }

    /// Writes the lines of one second; `open` lets new calls in.
    fn second(&mut self, open: bool) {
        if open {
            for _ in 0..self.arrivals() {
                self.begin();
            }
        }
        let slot = slot(self.now);
        let mut steps = std::mem::take(self.wheel.get_mut(slot).expect("inside the wheel"));
        for step in &steps {
            self.line(*step);
        }
        self.n_pending -= steps.len() as u64;
        steps.clear();
        // Nothing was added meanwhile: steps are planned at least a second ahead.
        if let Some(emptied) = self.wheel.get_mut(slot) {
            *emptied = steps;
        }
        self.now += 1;
    }

    /// How many calls begin in this second.
    fn arrivals(&mut self) -> u64 {
        match self.rate {
            Some(rate) => {
                let one_more = self.rng.next() % MILLION < rate % MILLION;
                rate / MILLION + u64::from(one_more)
            }
            None => self.rng.between(1, 2 * CALLS_A_SECOND - 1).unsigned_abs(),
        }
    }

    fn begin(&mut self) {
        let draw = self.rng.next();
        let bits = |from: u32, n: u32| i64::try_from((draw >> from) & ((1 << n) - 1)).unwrap_or(0);
        self.channel += 2;
        let lost = bits(0, 3) == 0;
        let waited = 2 + bits(3, 4) + if bits(7, 1) == 0 { bits(8, 7) } else { 0 };
        let talk = 20 + bits(15, 8) + bits(23, 7);
        let menu = 8 + bits(30, 4);
        let step = Step {
            kind: Kind::Enter,
            arrived: self.now,
            channel: self.channel,
            queue: u8::try_from(bits(34, 3)).unwrap_or(0),
            operator: u8::try_from(bits(37, 6)).unwrap_or(0),
            waited,
            talk,
        };
        self.head(step);
        self.plan(self.now + menu, step);
        if lost {
            self.plan(self.now + menu + waited, Step { kind: Kind::Abandon, ..step });
        } else {
            self.plan(self.now + menu + waited, Step { kind: Kind::Connect, ..step });
            let end = self.now + menu + waited + talk;
            self.plan(end, Step { kind: Kind::Complete, ..step });
        }
    }

    fn plan(&mut self, at: i64, step: Step) {
        if let Some(steps) = self.wheel.get_mut(slot(at)) {
            steps.push(step);
            self.n_pending += 1;
        }
    }

    fn head(&mut self, step: Step) {
        self.start(step);
        self.text(b"NONE|NONE|INFO|DID|");
        self.text(if step.queue < 4 { b"08005550101" } else { b"08005550102" });
        self.end();
    }

    fn line(&mut self, step: Step) {
        let Step { kind, queue, operator, waited, talk, .. } = step;
        self.start(step);
        let name = QUEUES.get(usize::from(queue)).copied().unwrap_or(b"cup_prenotazione");
        self.text(name);
        match kind {
            Kind::Enter => {
                self.text(b"|NONE|ENTERQUEUE||0000");
                self.number(100_000 + (step.channel.wrapping_mul(7919)) % 900_000);
                self.text(b"|1");
            }
            Kind::Connect => {
                self.operator(operator);
                self.text(b"|CONNECT|");
                self.number(waited);
                self.text(b"|");
                self.number(self.now - 2);
                self.text(b".");
                self.number(step.channel + 1);
                self.text(b"|2");
            }
            Kind::Complete => {
                self.operator(operator);
                self.text(if operator % 3 == 0 { b"|COMPLETEAGENT|" } else { b"|COMPLETECALLER|" });
                self.number(waited);
                self.text(b"|");
                self.number(talk);
                self.text(b"|1");
            }
            Kind::Abandon => {
                self.text(b"|NONE|ABANDON|1|1|");
                self.number(waited);
            }
        }
        self.end();
    }

    fn start(&mut self, step: Step) {
        self.number(self.now);
        self.text(b"|");
        self.number(step.arrived);
        self.text(b".");
        self.number(step.channel);
        self.text(b"|");
    }

    fn operator(&mut self, operator: u8) {
        self.text(b"|OP");
        self.number(2101 + i64::from(operator));
    }

    fn end(&mut self) {
        self.text(b"\n");
        self.n_lines += 1;
    }

    fn text(&mut self, text: &[u8]) {
        self.buffer.extend_from_slice(text);
    }

    /// Writes a number that is not negative, in decimal.
    fn number(&mut self, number: i64) {
        let mut digits = [b'0'; 20];
        let mut rest = number.unsigned_abs();
        let mut at = digits.len();
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
            at -= 1;
            if rest == 0 {
                break;
            }
        }
        self.buffer.extend_from_slice(digits.get(at..).unwrap_or_default());
    }

    fn flush(&mut self, out: &mut impl Write) -> io::Result<u64> {
        out.write_all(&self.buffer)?;
        let written = self.buffer.len() as u64;
        self.buffer.clear();
        Ok(written)
    }
}

const QUEUES: [&[u8]; 8] = [
    b"cup_prenotazione",
    b"cup_priorita",
    b"cup_informazioni",
    b"cup_disdette",
    b"cc_assistenza",
    b"cc_pec",
    b"cc_firma",
    b"cc_spid",
];

/// Where a second stands on the wheel.
fn slot(at: i64) -> usize {
    usize::try_from(at.unsigned_abs() % (WHEEL as u64)).expect("below the wheel's size")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_call_is_completed_and_the_size_is_reached() {
        let mut bytes = Vec::new();
        let large = Large { bytes: 1_000_000, seed: 3, over: None };
        let n_lines = write_large_queue_log(&mut bytes, large).expect("memory");
        assert!((1_000_000..1_700_000).contains(&bytes.len()), "{}", bytes.len());
        let text = String::from_utf8(bytes).expect("ASCII");
        assert_eq!(text.lines().count() as u64, n_lines);
        let mut open: BTreeMap<&str, i64> = BTreeMap::new();
        let mut last = 0;
        for line in text.lines() {
            let fields: Vec<&str> = line.split('|').collect();
            let (at, id, event) = (fields[0].parse::<i64>().expect("epoch"), fields[1], fields[4]);
            assert!(last <= at);
            last = at;
            match event {
                "ENTERQUEUE" => *open.entry(id).or_default() += 1,
                "COMPLETECALLER" | "COMPLETEAGENT" | "ABANDON" => {
                    *open.entry(id).or_default() -= 1;
                }
                "CONNECT" | "INFO" => {}
                other => panic!("{other}"),
            }
        }
        assert!(1000 < open.len());
        assert!(open.values().all(|&n| n == 0));
    }

    #[test]
    fn same_seed_same_bytes() {
        let make = |seed| {
            let mut bytes = Vec::new();
            let large = Large { bytes: 100_000, seed, over: None };
            write_large_queue_log(&mut bytes, large).expect("memory");
            bytes
        };
        assert_eq!(make(1), make(1));
        assert_ne!(make(1), make(2));
    }

    #[test]
    fn calls_are_spread_over_the_time_asked_for() {
        let (from, until) = (BEGIN, BEGIN + 30 * 86_400);
        let mut bytes = Vec::new();
        let large = Large { bytes: 2_000_000, seed: 5, over: Some((from, until)) };
        write_large_queue_log(&mut bytes, large).expect("memory");
        let text = String::from_utf8(bytes).expect("ASCII");
        let mut days = [0_u64; 30];
        for line in text.lines().filter(|line| line.contains("|DID|")) {
            let at: i64 = line[..10].parse().expect("epoch");
            days[usize::try_from((at - from) / 86_400).expect("not before the time")] += 1;
        }
        let all: u64 = days.iter().sum();
        assert!((6_500..8_300).contains(&all), "{all} calls in {} bytes", text.len());
        assert!(days.iter().all(|n| (180..320).contains(n)), "{days:?}");
    }
}
