//! One line of a `queue_log`, cut into fields without copying. Read [`Line`] first.
//!
//! `unixtime|callid|queue|member|EVENT|parameters…`; the first field may also be a local date and
//! time with microseconds, as the database export writes it.

use std::io::{self, BufRead};

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use soglia_domain::time::{Instant, Millis};

use crate::shown::{Asked, Shown, Wanted, lines};

/// A line's fields, trimmed of blanks.
pub(super) struct Line<'a> {
    pub(super) stamp: Stamp,
    pub(super) id: &'a [u8],
    pub(super) queue: &'a [u8],
    pub(super) member: &'a [u8],
    pub(super) event: &'a [u8],
    pub(super) params: Params<'a>,
}

/// When a line was written, and how precisely its clock tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stamp {
    pub(super) at: Instant,
    pub(super) precision: Millis,
}

/// What is wrong with a line that cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum BadLine {
    TooFewFields { n: usize },
    BadInstant,
    NoEvent,
}

impl<'a> Line<'a> {
    /// Reads a line without its end. `near` settles which of two local hours is meant when clocks
    /// go back.
    pub(super) fn read(text: &'a [u8], zone: &TimeZone, near: Instant) -> Result<Self, BadLine> {
        let mut rest = Some(text);
        let mut fields = [b"".as_slice(); 5];
        let mut n = 0;
        for field in &mut fields {
            let Some(tail) = rest else { break };
            let (head, after) = cut(tail);
            *field = head.trim_ascii();
            rest = after;
            n += 1;
        }
        let [stamp, id, queue, member, event] = fields;
        let stamp = read_stamp(stamp, zone, near).ok_or(BadLine::BadInstant)?;
        if n < 5 {
            return Err(BadLine::TooFewFields { n });
        }
        if event.is_empty() {
            return Err(BadLine::NoEvent);
        }
        Ok(Self { stamp, id, queue, member, event, params: Params(rest) })
    }
}

/// Splits at the first bar.
fn cut(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|&b| b == b'|') {
        Some(at) => (text.get(..at).unwrap_or(text), text.get(at + 1..)),
        None => (text, None),
    }
}

/// What stands after the event.
#[derive(Clone, Copy)]
pub(super) struct Params<'a>(Option<&'a [u8]>);

impl<'a> Params<'a> {
    /// The parameters one by one, trimmed.
    pub(super) fn iter(self) -> impl Iterator<Item = &'a [u8]> {
        self.0.into_iter().flat_map(|all| all.split(|&b| b == b'|')).map(<[u8]>::trim_ascii)
    }

    /// A parameter, 0-based; empty when it is not there.
    pub(super) fn at(self, n: usize) -> &'a [u8] {
        self.iter().nth(n).unwrap_or_default()
    }

    /// Whole seconds.
    pub(super) fn secs(self, n: usize) -> Option<Millis> {
        number(self.at(n)).map(Millis::from_secs)
    }

    /// Milliseconds.
    pub(super) fn millis(self, n: usize) -> Option<Millis> {
        number(self.at(n)).map(Millis::new)
    }

    /// How many there are, without the empty one that the last bar leaves.
    pub(super) fn len(self) -> usize {
        let n = self.iter().count();
        if 0 < n && self.at(n - 1).is_empty() { n - 1 } else { n }
    }
}

/// A count of at most nine digits.
pub(super) fn number(text: &[u8]) -> Option<i64> {
    (text.len() <= 9).then(|| digits(text)).flatten()
}

/// A non-negative integer of at most eighteen digits.
fn digits(text: &[u8]) -> Option<i64> {
    if text.is_empty() || 18 < text.len() {
        return None;
    }
    text.iter()
        .try_fold(0_i64, |sum, &b| b.is_ascii_digit().then(|| sum * 10 + i64::from(b - b'0')))
}

/// The last second of the year 2099: what a log puts later is damaged, and must not end the calls
/// that are open.
const SECS_MAX: i64 = 4_102_444_799;

/// Reads the first field: seconds since the epoch, with or without a fraction, or a local date
/// and time.
pub(super) fn read_stamp(text: &[u8], zone: &TimeZone, near: Instant) -> Option<Stamp> {
    if text.get(4) == Some(&b'-') {
        return read_local(text, zone, near);
    }
    let point = text.iter().position(|&b| b == b'.');
    let whole = point.map_or(Some(text), |at| text.get(..at))?;
    let secs = digits(whole).filter(|secs| *secs <= SECS_MAX)?;
    match point {
        None => Some(Stamp { at: Instant::from_secs(secs), precision: Millis::from_secs(1) }),
        Some(at) => {
            let millis = fraction_millis(text.get(at + 1..)?)?;
            let at = Instant::from_millis(secs * 1000 + millis);
            Some(Stamp { at, precision: Millis::new(1) })
        }
    }
}

/// Thousandths of a decimal fraction of one to nine digits, cut.
pub(crate) fn fraction_millis(text: &[u8]) -> Option<i64> {
    if 9 < text.len() {
        return None;
    }
    digits(text)?;
    let kept = text.get(..3).unwrap_or(text);
    let scale = [1000, 100, 10, 1].get(kept.len())?;
    digits(kept).map(|value| value * scale)
}

/// Reads `2026-11-23 04:18:12` or `2026-11-23T04:18:12.123456` in a zone.
fn read_local(text: &[u8], zone: &TimeZone, near: Instant) -> Option<Stamp> {
    let civil = read_civil(text.get(..19)?)?;
    let (millis, precision) = match text.get(19) {
        None => (0, Millis::from_secs(1)),
        Some(b'.') => (fraction_millis(text.get(20..)?)?, Millis::new(1)),
        Some(_) => return None,
    };
    let at = in_zone(civil, zone, near)? + Millis::new(millis);
    let plausible = (0..=SECS_MAX * 1000).contains(&at.as_millis());
    plausible.then_some(Stamp { at, precision })
}

/// Reads `2026-11-23 04:18:12`.
pub(crate) fn read_civil(text: &[u8]) -> Option<DateTime> {
    let part = |from: usize, to: usize| digits(text.get(from..to)?);
    let marks = [(4, b"-"), (7, b"-"), (10, b" T"), (13, b":"), (16, b":")] as [(usize, &[u8]); 5];
    let marked = marks.iter().all(|(at, any)| text.get(*at).is_some_and(|b| any.contains(b)));
    if !marked || text.len() != 19 {
        return None;
    }
    let small = |from, to| i8::try_from(part(from, to)?).ok();
    DateTime::new(
        i16::try_from(part(0, 4)?).ok()?,
        small(5, 7)?,
        small(8, 10)?,
        small(11, 13)?,
        small(14, 16)?,
        small(17, 19)?,
        0,
    )
    .ok()
}

/// How far back a log may go before an hour that clocks repeat is taken for the second one.
const DISORDER: Millis = Millis::from_mins(1);

/// The instant of a local date and time. In the hour that is repeated when clocks go back, the
/// first one unless that would lie before `near`; in the hour that is skipped, what a clock that
/// was not put forward would show.
pub(crate) fn in_zone(civil: DateTime, zone: &TimeZone, near: Instant) -> Option<Instant> {
    let ambiguous = zone.to_ambiguous_timestamp(civil);
    let folded = matches!(ambiguous.offset(), AmbiguousOffset::Fold { .. });
    let first = Instant::from_timestamp(ambiguous.compatible().ok()?);
    if folded && first + DISORDER < near {
        return ambiguous.later().ok().map(Instant::from_timestamp);
    }
    Some(first)
}

/// The start of a call's unique id, as the platform counts it: `centralino-1795409935.0` began in
/// second 1795409935.
pub(crate) fn born(id: &[u8]) -> Option<Instant> {
    let tail = id.rsplit(|&b| b == b'-').next()?;
    let point = tail.iter().position(|&b| b == b'.')?;
    digits(tail.get(point + 1..)?)?;
    let secs = tail.get(..point).filter(|secs| (9..=11).contains(&secs.len()))?;
    digits(secs).filter(|secs| *secs <= SECS_MAX).map(Instant::from_secs)
}

/// Reads lines as they may be shown.
pub fn shown(input: impl BufRead, wanted: Wanted<'_>) -> io::Result<Shown> {
    lines(input, wanted, |line, asked| match asked {
        Asked::For => String::from_utf8_lossy(&masked(line)).into_owned(),
        Asked::Not => String::new(),
    })
}

/// A line as it may be kept: callers' numbers and names, and members, become `…`.
pub(super) fn masked(text: &[u8]) -> Vec<u8> {
    let structured = cut(text).0.trim_ascii().iter().all(|b| b"0123456789.-: T".contains(b));
    let fields: Vec<&[u8]> = text.split(|&b| b == b'|').collect();
    let enters = fields.get(4).is_some_and(|event| event.trim_ascii() == b"ENTERQUEUE");
    let mut out = Vec::with_capacity(text.len());
    for (n, field) in fields.into_iter().enumerate() {
        if 0 < n {
            out.push(b'|');
        }
        match n {
            0..=1 if structured => out.extend_from_slice(field),
            3 if !matches!(field.trim_ascii(), b"" | b"NONE") => out.extend_from_slice(HIDDEN),
            _ if enters && 5 <= n && 2 < field.len() => out.extend_from_slice(HIDDEN),
            // The operator's own leg.
            _ if born(field.trim_ascii()).is_some() => out.extend_from_slice(field),
            _ => mask_numbers(field, &mut out),
        }
    }
    out
}

/// A line of call detail records as it may be kept: callers' numbers, names that stand before a
/// number in angle brackets, and operators' telephones become `…`.
pub(crate) fn masked_record(line: &[u8]) -> String {
    let mut out = Vec::with_capacity(line.len());
    let mut quoted = false;
    let fields = line.split(|&b| {
        quoted ^= b == b'"';
        b == b',' && !quoted
    });
    for (n, field) in fields.enumerate() {
        if 0 < n {
            out.push(b',');
        }
        let bare = unquoted(field.trim_ascii());
        let slash = bare.iter().position(|&b| b == b'/');
        let technology = slash
            .and_then(|at| bare.get(..at))
            .filter(|word| !word.is_empty() && word.iter().all(u8::is_ascii_alphabetic));
        match technology {
            _ if field.contains(&b'<') => out.extend_from_slice(HIDDEN),
            _ if born(bare).is_some() => out.extend_from_slice(field),
            Some(word) => {
                out.extend_from_slice(word);
                out.push(b'/');
                out.extend_from_slice(HIDDEN);
            }
            None => mask_numbers(field, &mut out),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A field without the quotes around it.
fn unquoted(field: &[u8]) -> &[u8] {
    let inner = field.strip_prefix(b"\"").unwrap_or(field);
    inner.strip_suffix(b"\"").unwrap_or(inner)
}

const HIDDEN: &[u8] = "…".as_bytes();

/// Digits in a row from which on a number may be somebody's telephone.
const NUMBER_LEN: usize = 5;

fn mask_numbers(field: &[u8], out: &mut Vec<u8>) {
    let mut rest = field;
    while !rest.is_empty() {
        let n = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let (head, tail) = rest.split_at(n.max(1));
        out.extend_from_slice(if NUMBER_LEN <= n { HIDDEN } else { head });
        rest = tail;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rome() -> TimeZone {
        TimeZone::get("Europe/Rome").expect("bundled")
    }

    #[test]
    fn instants_are_epochs_or_local_times() {
        let check = |text: &str, expect: Option<(i64, i64)>| {
            let found = read_stamp(text.as_bytes(), &rome(), Instant::from_secs(0));
            assert_eq!(
                found.map(|stamp| (stamp.at.as_millis(), stamp.precision.get())),
                expect,
                "{text}"
            );
        };
        check("1795409094", Some((1_795_409_094_000, 1000)));
        check("1795409094.25", Some((1_795_409_094_250, 1)));
        check("2026-11-23 05:44:54.123456", Some((1_795_409_094_123, 1)));
        check("2026-11-23T05:44:54", Some((1_795_409_094_000, 1000)));
        for bad in ["", "-5", "1e9", "1795409094.", "1795409094.x", "4102444800", "2026-11-23"] {
            check(bad, None);
        }
        check("2026-13-23 05:44:54", None);
        check("7586-08-17 06:39:10", None);
        check("2026-11-23 05:44:54Z", None);
    }

    #[test]
    fn the_repeated_hour_follows_the_order_of_the_log() {
        let first = Instant::from_secs(1_792_887_300); // 2026-10-25 02:15 in summer time
        let read = |near| {
            read_stamp(b"2026-10-25 02:15:00", &rome(), near).expect("a valid local time").at
        };
        assert_eq!(read(Instant::from_secs(0)), first);
        assert_eq!(read(first + Millis::from_secs(30)), first);
        assert_eq!(read(first + Millis::from_mins(44)), first + Millis::from_hours(1));
    }

    #[test]
    fn ids_tell_when_they_were_born() {
        let check = |id: &str, secs: Option<i64>| {
            assert_eq!(born(id.as_bytes()), secs.map(Instant::from_secs), "{id}");
        };
        check("1795409093.0", Some(1_795_409_093));
        check("centralino-1795409935.12", Some(1_795_409_935));
        check("NONE", None);
        check("12.5", None);
        check("1795409093.x", None);
    }

    #[test]
    fn rejects_hide_people() {
        let check = |text: &str, expect: &str| {
            assert_eq!(String::from_utf8_lossy(&masked(text.as_bytes())), expect);
        };
        check(
            "1795409094|1795409093.0|cup|NONE|ENTERQUEUE||0600000101|1|Verdi Ada",
            "1795409094|1795409093.0|cup|NONE|ENTERQUEUE||…|1|…",
        );
        check(
            "1795409094|17954.0|cup|Nadia Neri|CONNECT|2|179540.1|2",
            "1795409094|17954.0|cup|…|CONNECT|2|….1|2",
        );
        check(
            "1795409094|1.0|cup|NONE|INFO|RICHIAMATA|+390600000109",
            "1795409094|1.0|cup|NONE|INFO|RICHIAMATA|+…",
        );
        check(
            "1795409094|17954.0|cup|Nadia Neri|CONNECT|2|1795409090.1|2",
            "1795409094|17954.0|cup|…|CONNECT|2|1795409090.1|2",
        );
        check("Verdi,0600000101,cup", "Verdi,…,cup");
    }

    #[test]
    fn records_hide_people() {
        let check = |text: &str, expect: &str| assert_eq!(masked_record(text.as_bytes()), expect);
        check(
            r#""06000001","cup","""Neri, Ada"" <0600000101>","PJSIP/trunk-1","PJSIP/nadia""#,
            r#""…","cup",…,PJSIP/…,PJSIP/…"#,
        );
        check(
            r#"Queue,"cup,tc,,,90","2026-03-02 08:03:12",12,"1772434980.4","did=0855550100""#,
            r#"Queue,"cup,tc,,,90","2026-03-02 08:03:12",12,"1772434980.4","did=…""#,
        );
        check(r#""x","Neri Ada <06"#, r#""x",…"#);
    }
}
