//! One row of a CDR file, whatever its columns. Read [`Layout::of`] first, then [`CdrRow::read`].

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use soglia_domain::time::{Instant, Millis};

use crate::queue_log::line::{born, fraction_millis, read_civil};

/// Where each column stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Layout {
    columns: Vec<Option<Column>>,
}

/// The columns that are used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Column {
    Src,
    Dst,
    Context,
    DstChannel,
    App,
    Data,
    Start,
    End,
    Duration,
    Disposition,
    Uniqueid,
    Linkedid,
    Userfield,
}

/// The columns of `Master.csv`; installations leave out the last ones, or add three.
const MASTER: &str = "accountcode,src,dst,dcontext,clid,channel,dstchannel,lastapp,lastdata,start,\
                      answer,end,duration,billsec,disposition,amaflags,uniqueid,userfield,\
                      peeraccount,linkedid,sequence";

/// The columns of a `cdr_custom` file as commonly configured.
const CUSTOM: &str = "clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,start,answer,end,\
                      duration,billsec,disposition,amaflags,accountcode,uniqueid,linkedid,\
                      userfield,sequence";

/// What the first row of a file says about the others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum FirstRow {
    /// It names the columns.
    Header(Layout),
    /// It is data already.
    Data(Layout),
    /// It fits no known layout.
    Unknown,
}

impl Layout {
    /// Finds the layout from a file's first row.
    pub(super) fn of(fields: &[String]) -> FirstRow {
        let named = Self::named(fields.iter().map(String::as_str));
        if named.has_what_is_needed() {
            return FirstRow::Header(named);
        }
        let (master, custom) = (Self::named(MASTER.split(',')), Self::named(CUSTOM.split(',')));
        let fits = |layout: &Self| {
            let start = layout.field(fields, Column::Start);
            read_civil(start.as_bytes()).is_some()
        };
        match fields.len() {
            20 if fits(&custom) => FirstRow::Data(custom),
            17..=21 if fits(&master) => FirstRow::Data(master),
            _ => FirstRow::Unknown,
        }
    }

    fn named<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let columns = names.map(|name| {
            Some(match name.trim().to_ascii_lowercase().as_str() {
                "src" => Column::Src,
                "dst" => Column::Dst,
                "dcontext" => Column::Context,
                "dstchannel" => Column::DstChannel,
                "lastapp" => Column::App,
                "lastdata" => Column::Data,
                "start" | "calldate" => Column::Start,
                "end" => Column::End,
                "duration" => Column::Duration,
                "disposition" => Column::Disposition,
                "uniqueid" => Column::Uniqueid,
                "linkedid" => Column::Linkedid,
                "userfield" => Column::Userfield,
                _ => return None,
            })
        });
        Self { columns: columns.collect() }
    }

    fn has_what_is_needed(&self) -> bool {
        [Column::Start, Column::Duration, Column::Uniqueid]
            .iter()
            .all(|needed| self.columns.contains(&Some(*needed)))
    }

    fn field<'a>(&self, fields: &'a [String], column: Column) -> &'a str {
        let at = self.columns.iter().position(|found| *found == Some(column));
        at.and_then(|at| fields.get(at)).map_or("", |field| field.trim())
    }
}

/// What is used of a row.
pub(super) struct CdrRow<'a> {
    pub(super) uniqueid: &'a str,
    /// The id that all rows of a call share: `linkedid`, or `uniqueid` where there is none.
    pub(super) call: &'a str,
    pub(super) src: &'a str,
    pub(super) dst: &'a str,
    pub(super) context: &'a str,
    pub(super) dst_channel: &'a str,
    pub(super) app: &'a str,
    pub(super) data: &'a str,
    pub(super) userfield: &'a str,
    pub(super) disposition: &'a str,
    pub(super) start: Instant,
    /// Start plus duration: local ends go back when clocks do.
    pub(super) end: Instant,
    pub(super) precision: Millis,
}

/// What is wrong with a row that cannot be read: code and detail.
pub(super) type BadRow = (&'static str, String);

impl<'a> CdrRow<'a> {
    /// Reads a row.
    pub(super) fn read(
        layout: &Layout,
        fields: &'a [String],
        zone: &TimeZone,
    ) -> Result<Self, BadRow> {
        let of = |column| layout.field(fields, column);
        let uniqueid = of(Column::Uniqueid);
        if uniqueid.is_empty() {
            return Err(("no_call_id", "the column `uniqueid` is empty or missing".to_owned()));
        }
        let duration = of(Column::Duration);
        let (duration, precision) = read_duration(duration)
            .ok_or_else(|| ("bad_duration", format!("`{duration}` is no number of seconds")))?;
        let text = of(Column::Start);
        let civil = read_civil(text.as_bytes())
            .ok_or_else(|| ("bad_instant", format!("`{text}` is no local date and time")))?;
        let end = read_civil(of(Column::End).as_bytes());
        let clues = Clues { duration, end, born: born(uniqueid.as_bytes()) };
        let start = resolve(civil, zone, &clues)
            .ok_or_else(|| ("bad_instant", format!("`{text}` is beyond the years known")))?;
        let linked = of(Column::Linkedid);
        Ok(Self {
            uniqueid,
            call: if linked.is_empty() { uniqueid } else { linked },
            src: of(Column::Src),
            dst: of(Column::Dst),
            context: of(Column::Context),
            dst_channel: of(Column::DstChannel),
            app: of(Column::App),
            data: of(Column::Data),
            userfield: of(Column::Userfield),
            disposition: of(Column::Disposition),
            start,
            end: start + duration,
            precision: precision.max(Millis::from_secs(1)),
        })
    }
}

/// Reads `14` or `14.032998`, and how precise it is.
fn read_duration(text: &str) -> Option<(Millis, Millis)> {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(w, f)| (w, Some(f)));
    if whole.is_empty() || 9 < whole.len() || !whole.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let secs = Millis::from_secs(whole.parse().ok()?);
    match fraction {
        None => Some((secs, Millis::from_secs(1))),
        Some(fraction) => {
            let millis = Millis::new(fraction_millis(fraction.as_bytes())?);
            Some((secs + millis, Millis::new(1)))
        }
    }
}

/// What tells which of two equal local hours is meant.
struct Clues {
    duration: Millis,
    end: Option<DateTime>,
    born: Option<Instant>,
}

/// The instant of a local start. In the hour that is repeated when clocks go back: the one that,
/// with the duration, gives the local end that was written; if both do, the first one that is not
/// before the channel's birth, which the unique id tells.
fn resolve(civil: DateTime, zone: &TimeZone, clues: &Clues) -> Option<Instant> {
    let ambiguous = zone.to_ambiguous_timestamp(civil);
    let first = Instant::from_timestamp(ambiguous.compatible().ok()?);
    if !matches!(ambiguous.offset(), AmbiguousOffset::Fold { .. }) {
        return Some(first);
    }
    let later = Instant::from_timestamp(ambiguous.later().ok()?);
    let ends_right = |start: &Instant| {
        clues.end.is_none_or(|end| {
            let found = (*start + clues.duration).in_zone(zone).datetime();
            let apart = found.duration_since(end).as_secs().abs();
            apart <= 2
        })
    };
    let alive =
        |start: &Instant| clues.born.is_none_or(|born| born <= *start + Millis::from_secs(2));
    let fits = |start: &Instant| ends_right(start) && alive(start);
    [first, later].into_iter().find(fits).or(Some(first))
}

/// Cuts a CSV line into fields; nothing when a quote is not closed.
pub(super) fn split(line: &str, fields: &mut Vec<String>) -> Option<()> {
    fields.clear();
    let mut rest = line;
    loop {
        let mut field = String::new();
        if let Some(mut quoted) = rest.strip_prefix('"') {
            loop {
                let (inside, after) = quoted.split_once('"')?;
                field.push_str(inside);
                let Some(more) = after.strip_prefix('"') else {
                    rest = after;
                    break;
                };
                field.push('"');
                quoted = more;
            }
        }
        let end = rest.find(',').unwrap_or(rest.len());
        let (tail, after) = rest.split_at(end);
        field.push_str(tail);
        fields.push(field);
        match after.strip_prefix(',') {
            Some(more) => rest = more,
            None => return Some(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_may_hold_quotes_and_commas() {
        let check = |line: &str, expect: Option<&[&str]>| {
            let mut fields = Vec::new();
            let found = split(line, &mut fields).map(|()| fields);
            let found: Option<Vec<&str>> =
                found.as_ref().map(|all| all.iter().map(String::as_str).collect());
            assert_eq!(found.as_deref(), expect, "{line}");
        };
        check("a,\"b,c\",", Some(&["a", "b,c", ""]));
        check("\"\"\"Ada\"\" <1>\",2", Some(&["\"Ada\" <1>", "2"]));
        check("", Some(&[""]));
        check("a,\"b", None);
    }

    #[test]
    fn a_repeated_hour_is_told_by_duration_end_and_id() {
        let zone = TimeZone::get("Europe/Rome").expect("bundled");
        let first = Instant::from_secs(1_792_889_400); // 02:50 in summer time
        let check = |duration: i64, end: &str, born: Option<Instant>, expect: Instant| {
            let clues = Clues {
                duration: Millis::from_secs(duration),
                end: read_civil(end.as_bytes()),
                born,
            };
            let civil = read_civil(b"2026-10-25 02:50:00").expect("a date");
            assert_eq!(resolve(civil, &zone, &clues), Some(expect), "{end}");
        };
        let later = first + Millis::from_hours(1);
        check(1200, "2026-10-25 02:10:00", None, first);
        check(1200, "2026-10-25 03:10:00", None, later);
        check(60, "2026-10-25 02:51:00", Some(first), first);
        check(60, "2026-10-25 02:51:00", Some(later), later);
        check(60, "2026-10-25 02:51:00", None, first);
    }
}
