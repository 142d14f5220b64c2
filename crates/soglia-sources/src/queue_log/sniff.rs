//! Is a file a `queue_log`, and when does it begin? Read [`sniff`] first.

use jiff::tz::TimeZone;
use soglia_domain::time::Instant;

use super::line::{BadLine, Line};
use crate::outcome::NotThisFormat;

/// The instant of a line, to put files in order; nothing when the line has none.
pub fn first_instant(line: &[u8], zone: &TimeZone) -> Option<Instant> {
    let line = Line::read(trimmed(line), zone, Instant::from_secs(0)).ok()?;
    Some(line.stamp.at)
}

/// Checks whether a file's first lines (a few dozen are plenty) can be a `queue_log`: at least
/// half of those that are not empty must read as one.
pub fn sniff<'a>(
    lines: impl IntoIterator<Item = &'a [u8]>,
    zone: &TimeZone,
) -> Result<(), NotThisFormat> {
    let (mut good, mut bad, mut first) = (0_u64, 0_u64, None);
    for (row, text) in (1_u64..).zip(lines) {
        let text = trimmed(text);
        if text.is_empty() {
            continue;
        }
        match Line::read(text, zone, Instant::from_secs(0)) {
            Ok(_) => good += 1,
            Err(problem) => {
                bad += 1;
                first = first.or(Some((row, problem)));
            }
        }
    }
    match first {
        None if good == 0 => Err(not(1, "is empty, and so are those that follow".to_owned())),
        Some((row, problem)) if good < bad => Err(not(row, said(problem))),
        _ => Ok(()),
    }
}

fn not(row: u64, problem: String) -> NotThisFormat {
    NotThisFormat { format: "queue_log", row, problem }
}

fn said(problem: BadLine) -> String {
    match problem {
        BadLine::TooFewFields { n } => {
            format!("has {n} fields, where `time|callid|queue|member|EVENT|…` has at least 5")
        }
        BadLine::BadInstant => {
            "does not begin with seconds since 1970 or a local date and time, then `|`".to_owned()
        }
        BadLine::NoEvent => "names no event in its fifth field".to_owned(),
    }
}

/// A line without byte order mark, line end and blanks around.
pub(super) fn trimmed(line: &[u8]) -> &[u8] {
    line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii()
}
