//! Hours of operators as a rostering system writes them. Read [`Roster::parse`] first.
//!
//! A line says that so many operators of a group are there from one instant to another, on the
//! service's own clocks. Nobody is named in it.

use jiff::civil::DateTime;
use soglia_domain::text::nearest;
use soglia_sim::centre::Span;
use soglia_sim::learn::history::NO_GROUP;
use soglia_sim::learn::presence::Presence;

/// Columns that a roster must have.
const REQUIRED: [&str; 3] = ["group", "from", "until"];
/// Columns that it may have.
const OPTIONAL: [&str; 2] = ["operators", "service"];
/// Problems that are told at once.
const TOLD: usize = 20;
/// The longest time at work without a break that is believed.
const LONGEST_HOURS: i64 = 24;
/// The most operators of one line.
const MOST: u32 = 10_000;

/// Hours of operators.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Roster {
    /// The file's name, without its folder.
    pub name: String,
    /// The file's text.
    pub text: String,
    rows: Vec<Row>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Row {
    service: Option<String>,
    group: String,
    span: Span,
    n: u32,
}

/// What is wrong with a roster's file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", told(.0))]
pub struct RosterProblems(Vec<String>);

/// Why a roster does not fit a service.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RosterError {
    /// Several services, and no column that tells them apart.
    #[error("the roster does not say whose hours it has: the contract has several services")]
    Service,
    /// A service that the contract does not have.
    #[error("the roster has hours of service `{service}`, which the contract does not have")]
    Unknown {
        /// The service.
        service: String,
        /// Those that it has.
        known: Vec<String>,
    },
    /// A group that answers no calls.
    #[error("the roster has group `{group}`, which answers no calls of service `{service}`")]
    Group {
        /// The group.
        group: String,
        /// The service.
        service: String,
        /// Groups that do.
        known: Vec<String>,
    },
    /// A week that is to be played and has no hours.
    #[error("the roster has nobody in the week from `{0}`, which has calls")]
    Week(String),
}

impl RosterError {
    /// What to do.
    pub fn hint(&self) -> String {
        match self {
            Self::Service => "add a column `service` with the service's code".to_owned(),
            Self::Unknown { service, known } => {
                match nearest(service, known.iter().map(String::as_str)) {
                    Some(near) => format!("perhaps `{near}`"),
                    None => format!("services of the contract: {}", known.join(", ")),
                }
            }
            Self::Group { group, known, .. } => {
                match nearest(group, known.iter().map(String::as_str)) {
                    Some(near) => format!("perhaps `{near}`"),
                    None => format!("groups that answer calls: {}", known.join(", ")),
                }
            }
            Self::Week(_) => {
                "complete the roster: 8 weeks are played unless `--weeks` says otherwise".to_owned()
            }
        }
    }
}

fn told(problems: &[String]) -> String {
    let mut lines: Vec<&str> = problems.iter().take(TOLD).map(String::as_str).collect();
    let more = problems.len().saturating_sub(TOLD);
    let rest = format!("and {more} more");
    if 0 < more {
        lines.push(&rest);
    }
    lines.join("\n")
}

impl Roster {
    /// Reads a file with a head: `group`, `from` and `until` (`2023-12-04T08:00`), perhaps
    /// `operators` (1 without it) and `service`, between commas or semicolons.
    pub fn parse(name: &str, text: &str) -> Result<Self, RosterProblems> {
        let (name, file) = (name.to_owned(), text.to_owned());
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let head = text.lines().next().unwrap_or_default();
        let delimiter = if head.contains(';') { b';' } else { b',' };
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let head = reader.headers().cloned().unwrap_or_default();
        let columns = Columns::of(&head)?;
        let (mut rows, mut problems) = (Vec::new(), Vec::new());
        for record in reader.records() {
            match record {
                Ok(record) => {
                    let line = record.position().map_or(0, csv::Position::line);
                    match columns.row(&record) {
                        Ok(row) => rows.push(row),
                        Err(what) => problems.push(format!("line {line}: {what}")),
                    }
                }
                Err(error) => problems.push(error.to_string()),
            }
        }
        if rows.is_empty() && problems.is_empty() {
            problems.push("expected a line for each group and time, found none".to_owned());
        }
        if problems.is_empty() {
            Ok(Self { name, text: file, rows })
        } else {
            Err(RosterProblems(problems))
        }
    }

    /// Says whether every line is about a service that the contract has: hours of a name that is
    /// mistyped would be nobody's.
    pub fn check_services(&self, known: &[&str]) -> Result<(), RosterError> {
        let mut named = self.rows.iter().filter_map(|row| row.service.as_deref());
        match named.find(|service| !known.contains(service)) {
            None => Ok(()),
            Some(service) => Err(RosterError::Unknown {
                service: service.to_owned(),
                known: known.iter().map(|&code| code.to_owned()).collect(),
            }),
        }
    }

    /// Who of a service's groups is there in the weeks of the days `[first, until)`; nothing if the
    /// roster is about other services. `alone` is the service's code where the contract has no
    /// other.
    pub fn presence(
        &self,
        service: &str,
        alone: Option<&str>,
        groups: &[String],
        days: (i64, i64),
    ) -> Result<Option<Presence>, RosterError> {
        let mut spans: Vec<Vec<Span>> = vec![Vec::new(); groups.len()];
        for row in &self.rows {
            match row.service.as_deref().or(alone) {
                Some(own) if own == service => {}
                Some(_) => continue,
                None => return Err(RosterError::Service),
            }
            let found = groups.iter().position(|group| *group == row.group);
            let Some(own) = found.and_then(|at| spans.get_mut(at)) else {
                return Err(RosterError::Group {
                    group: row.group.clone(),
                    service: service.to_owned(),
                    known: groups.to_vec(),
                });
            };
            own.extend((0..row.n).map(|_| row.span));
        }
        let some = spans.iter().any(|spans| !spans.is_empty());
        Ok(some.then(|| Presence::given(&spans, days)))
    }
}

/// Where each column stands.
struct Columns {
    group: usize,
    from: usize,
    until: usize,
    operators: Option<usize>,
    service: Option<usize>,
}

impl Columns {
    fn of(head: &csv::StringRecord) -> Result<Self, RosterProblems> {
        let known = || REQUIRED.into_iter().chain(OPTIONAL);
        let mut problems = Vec::new();
        for name in head {
            if !known().any(|known| known == name) {
                let near = nearest(name, known());
                let near = near.map_or_else(String::new, |near| format!("; perhaps `{near}`"));
                problems.push(format!(
                    "line 1: expected columns {}, found `{name}`{near}",
                    known().collect::<Vec<_>>().join(", ")
                ));
            }
        }
        let place = |name: &str| head.iter().position(|own| own == name);
        for name in REQUIRED {
            if place(name).is_none() {
                problems.push(format!("line 1: column `{name}` is missing"));
            }
        }
        match (place("group"), place("from"), place("until")) {
            (Some(group), Some(from), Some(until)) if problems.is_empty() => Ok(Self {
                group,
                from,
                until,
                operators: place("operators"),
                service: place("service"),
            }),
            _ => Err(RosterProblems(problems)),
        }
    }

    fn row(&self, record: &csv::StringRecord) -> Result<Row, String> {
        let field = |at: usize| record.get(at).unwrap_or_default();
        let instant = |at: usize, name: &str| {
            let text = field(at);
            local_us(text)
                .ok_or_else(|| format!("expected `{name}` as 2023-12-04T08:00, found `{text}`"))
        };
        let (from_us, until_us) = (instant(self.from, "from")?, instant(self.until, "until")?);
        let span = Span { from_us, until_us };
        let longest_us = LONGEST_HOURS * 3_600_000_000;
        if !(1..=longest_us).contains(&span.length_us()) {
            return Err(format!(
                "expected `until` within {LONGEST_HOURS} hours after `from`, found `{}` and `{}`",
                field(self.from),
                field(self.until)
            ));
        }
        let n = match self.operators.map(field) {
            None | Some("") => 1,
            Some(text) => text.parse().ok().filter(|n| *n <= MOST).ok_or_else(|| {
                format!("expected a number of `operators` up to {MOST}, found `{text}`")
            })?,
        };
        let group = field(self.group);
        let group = if group.is_empty() { NO_GROUP } else { group }.to_owned();
        let service = self.service.map(field).filter(|code| !code.is_empty()).map(str::to_owned);
        Ok(Row { service, group, span, n })
    }
}

/// A local instant in microseconds since 1970-01-01T00:00.
fn local_us(text: &str) -> Option<i64> {
    let instant: DateTime = text.parse().ok()?;
    instant.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp().as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONDAY: i64 = 19_695;

    fn parse(text: &str) -> Result<Roster, RosterProblems> {
        Roster::parse("turni.csv", text)
    }

    fn hours(roster: &Roster, service: &str, alone: Option<&str>) -> Vec<f64> {
        let groups = ["desk a".to_owned(), "desk b".to_owned()];
        let found = roster.presence(service, alone, &groups, (MONDAY, MONDAY + 5));
        let found = found.expect("a roster that fits").expect("hours");
        found.levels.iter().map(|levels| levels.iter().sum::<f64>() / 12.0).collect()
    }

    #[test]
    fn hours_of_groups_are_added_up() {
        let text = "\u{feff}Group;from;until;operators\n";
        assert!(parse(text).is_err(), "names are as they are written");
        let text = "group;from;until;operators;service\n\
                    desk a;2023-12-04T08:00;2023-12-04 11:30;4;cup\n\
                    desk b;2023-12-04T22:00;2023-12-05T06:00;;cup\n\
                    desk z;2023-12-04T22:00;2023-12-05T06:00;1;cc\n";
        let roster = parse(text).expect("a roster");
        let found = hours(&roster, "cup", None);
        assert!((found[0] - 14.0).abs() < 1e-9 && (found[1] - 8.0).abs() < 1e-9, "{found:?}");
        let other = roster.presence("other", None, &[], (MONDAY, MONDAY + 5));
        assert_eq!(other, Ok(None));
        let error = roster.presence("cc", None, &["desk x".to_owned()], (MONDAY, MONDAY + 5));
        let error = error.expect_err("no such group");
        assert_eq!(
            (error.hint().as_str(), error.to_string().contains("desk z")),
            ("perhaps `desk x`", true)
        );
    }

    #[test]
    fn a_service_that_the_contract_has_not_is_told() {
        let text = "service,group,from,until\ncup,a,2023-12-04T08:00,2023-12-04T10:00\n\
                    cuo,a,2023-12-04T08:00,2023-12-04T10:00\n";
        let roster = parse(text).expect("a roster");
        assert_eq!(roster.check_services(&["cup", "cuo"]), Ok(()));
        let error = roster.check_services(&["cup", "cc"]).expect_err("no `cuo`");
        assert!(error.to_string().contains("`cuo`"), "{error}");
        assert_eq!(error.hint(), "perhaps `cup`");
    }

    #[test]
    fn one_service_needs_no_name() {
        let text = "from,until,group\n2023-12-04T08:00,2023-12-04T10:00,desk b\n";
        let roster = parse(text).expect("a roster");
        assert!((hours(&roster, "cup", Some("cup"))[1] - 2.0).abs() < 1e-9);
        let groups = ["desk b".to_owned()];
        let error = roster.presence("cup", None, &groups, (MONDAY, MONDAY + 5));
        assert_eq!(error, Err(RosterError::Service));
    }

    #[test]
    fn every_problem_is_told_with_its_line() {
        let text = "group,from,until,operators\n\
                    a,2023-12-04,x,1\n\
                    a,2023-12-04T10:00,2023-12-04T09:00,1\n\
                    a,2023-12-04T10:00,2023-12-06T09:00,1\n\
                    a,2023-12-04T10:00,2023-12-04T11:00,-3\n\
                    a\n";
        let told = parse(text).expect_err("problems").to_string();
        for (line, what) in [
            (2, "expected `until` as 2023-12-04T08:00, found `x`"),
            (3, "within 24 hours after `from`"),
            (4, "within 24 hours after `from`"),
            (5, "expected a number of `operators` up to 10000, found `-3`"),
            (6, "expected `from` as"),
        ] {
            let own = told.lines().find(|own| own.starts_with(&format!("line {line}:")));
            assert!(own.is_some_and(|own| own.contains(what)), "{line}: {told}");
        }
        let told = parse("gruop,from,until\n").expect_err("a head").to_string();
        assert!(told.contains("perhaps `group`") && told.contains("`group` is missing"), "{told}");
        for nothing in ["", "group,from,until\n"] {
            assert!(parse(nothing).is_err());
        }
        let many = format!("group,from,until\n{}", "a,x,y\n".repeat(30));
        let told = parse(&many).expect_err("problems").to_string();
        assert!(told.ends_with("and 10 more"), "{told}");
    }
}
