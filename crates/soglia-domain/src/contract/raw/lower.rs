//! From the file's tables to a contract: names are resolved, dates put in order, what contradicts
//! itself is reported. Read [`lower`] first.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::file::{
    RawCalendar, RawContract, RawExclusion, RawHead, RawHolidays, RawPenalties, RawQueue, RawRole,
    RawService, RawSteps, RawTerms, RawText,
};
use super::lower_rule::{Lowered, lower_version, written};
use super::lower_sources::{lower_groups, lower_sources};
use super::problem::{Path, Reporter, alternatives};
use super::values::{
    Code, Day, Line, Moment, Money, Named, Points, Rate, RawSlot, Share, Zone, permille,
};
use crate::calendar::{
    CalendarError, CalendarException, CalendarVersion, ServiceCalendar, SiteHoliday, Slot,
};
use crate::contract::{
    ActivityGroup, Area, Contract, Exclusion, Indicator, Penalties, PenaltyRate, QueueUse,
    RoleAssignment, Service,
};
use crate::holiday::HolidaySet;
use crate::penalty::StepsCounted;
use crate::register::Terms;
use crate::rule::Rule;
use crate::text::{Text, nearest};

const ZONE_DEFAULT: &str = "Europe/Rome";

/// Makes the contract, or reports why it cannot be made.
pub(super) fn lower(raw: RawContract, reporter: &mut Reporter<'_>) -> Option<Contract> {
    let RawContract {
        contract: head,
        role,
        area,
        calendar,
        service,
        source,
        operator_group,
        exclusion,
        penalties,
        terms,
    } = raw;
    let RawHead {
        code: Code(code),
        title,
        register,
        zone,
        authority: Line(authority),
        supplier,
        succession,
        signatories,
        distribution,
        ignored_queues,
    } = head;
    let sources = lower_sources(source, reporter);
    let operator_groups = lower_groups(operator_group, &sources.queue_log.extensions, reporter);
    let (zone, zone_name) = zone.map_or_else(default_zone, |Zone(zone)| zone);
    let path = Path::default().key("contract");
    let supplier = lower_supplier(supplier, &path.key("supplier"), reporter);
    let roles = lower_roles(role, reporter);
    let signatories = role_codes(signatories, &roles, &path.key("signatories"), reporter);
    let distribution = role_codes(distribution, &roles, &path.key("distribution"), reporter);
    let areas = lower_areas(area, reporter);
    let calendars = lower_calendars(calendar, &zone, reporter);
    let services = lower_services(service, &calendars, reporter);
    let ignored_queues: Vec<String> = ignored_queues.into_iter().map(|Line(q)| q).collect();
    if reporter.is_empty() {
        check_queues(&services, &ignored_queues, reporter);
        check_numbers(&services, reporter);
    }
    // What refers to services is checked only when all of them could be made.
    let known = reporter.is_empty().then_some(services.as_slice());
    let exclusions = lower_exclusions(exclusion, known, reporter);
    let penalties = penalties.map(|raw| lower_penalties(raw, known, reporter));
    reporter.is_empty().then(|| Contract {
        code,
        title: title.into_text(),
        register: register.map(|Line(text)| text),
        zone,
        zone_name,
        authority,
        supplier,
        succession: succession.map(|Line(text)| text),
        roles,
        signatories,
        distribution,
        areas,
        services,
        ignored_queues,
        sources,
        operator_groups,
        exclusions,
        penalties,
        terms: lower_terms(&terms),
        warnings: Vec::new(),
        file_hash: String::new(),
    })
}

fn lower_supplier(raw: Vec<Line>, path: &Path, reporter: &mut Reporter<'_>) -> Vec<String> {
    if raw.is_empty() {
        reporter.add(path, "at least one company", "an empty list", None);
    }
    raw.into_iter().map(|Line(name)| name).collect()
}

fn default_zone() -> (TimeZone, String) {
    let zone = TimeZone::get(ZONE_DEFAULT).expect("the zone database is inside the binary");
    (zone, ZONE_DEFAULT.to_owned())
}

/// Reports a validity that ends before it begins.
fn check_validity(
    from: Option<Date>,
    until: Option<Date>,
    path: &Path,
    reporter: &mut Reporter<'_>,
) {
    if let (Some(from), Some(until)) = (from, until)
        && until <= from
    {
        let hint = "`valid_until` is the first day that is no longer valid".to_owned();
        let expected = format!("a day after `valid_from`, `{from}`");
        reporter.add(&path.key("valid_until"), expected, format!("`{until}`"), Some(hint));
    }
}

/// Whether two validities share a day.
fn overlap(a: (Option<Date>, Option<Date>), b: (Option<Date>, Option<Date>)) -> bool {
    let before = |until: Option<Date>, from: Option<Date>| match (until, from) {
        (Some(until), Some(from)) => until <= from,
        _ => false,
    };
    !before(a.1, b.0) && !before(b.1, a.0)
}

fn lower_roles(raw: Vec<RawRole>, reporter: &mut Reporter<'_>) -> Vec<RoleAssignment> {
    let path = Path::default().key("role");
    let mut roles: Vec<RoleAssignment> = Vec::new();
    for (index, raw) in raw.into_iter().enumerate() {
        let RawRole { role: Code(role), title, person: Line(person), valid_from, valid_until } =
            raw;
        let valid_from = valid_from.map(|Day(date)| date);
        let valid_until = valid_until.map(|Day(date)| date);
        check_validity(valid_from, valid_until, &path.item(index), reporter);
        let title = title.into_text();
        roles.push(RoleAssignment { role, title, person, valid_from, valid_until });
    }
    roles
}

fn role_codes(
    codes: Vec<Code>,
    roles: &[RoleAssignment],
    path: &Path,
    reporter: &mut Reporter<'_>,
) -> Vec<String> {
    let known: Vec<&str> = roles.iter().map(|role| role.role.as_str()).collect();
    codes
        .into_iter()
        .enumerate()
        .map(|(index, Code(code))| {
            check_known(&code, &known, "role", &path.item(index), reporter);
            code
        })
        .collect()
}

/// Reports a name that nothing in the file has.
fn check_known(
    name: &str,
    known: &[&str],
    what: &str,
    path: &Path,
    reporter: &mut Reporter<'_>,
) -> bool {
    if known.contains(&name) {
        return true;
    }
    let article = if what.starts_with('i') { "an" } else { "a" };
    let mut words: Vec<&str> = known.to_vec();
    words.dedup();
    let expected = if words.is_empty() {
        format!("{article} {what} of this file, which has none")
    } else {
        format!("{article} {what} of this file: {}", alternatives(words))
    };
    let hint = nearest(name, known.iter().copied()).map(|word| format!("did you mean `{word}`?"));
    reporter.add(path, expected, format!("`{name}`"), hint);
    false
}

fn lower_areas(raw: Vec<super::file::RawArea>, reporter: &mut Reporter<'_>) -> Vec<Area> {
    let mut areas: Vec<Area> = Vec::new();
    for (index, raw) in raw.into_iter().enumerate() {
        let Code(code) = raw.code;
        if areas.iter().any(|area| area.code == code) {
            let path = Path::default().key("area").item(index).key("code");
            reporter.add(&path, "a code of its own", format!("`{code}` again"), None);
        }
        let activities = raw.group.into_iter().map(|group| ActivityGroup {
            name: group.name.into_text(),
            items: group.items.into_iter().map(RawText::into_text).collect(),
        });
        areas.push(Area { code, name: raw.name.into_text(), activities: activities.collect() });
    }
    areas
}

/// Calendars that could be made; the others are reported, their names still known.
type Calendars = BTreeMap<String, Option<ServiceCalendar>>;

fn lower_calendars(
    raw: Named<Vec<RawCalendar>>,
    zone: &TimeZone,
    reporter: &mut Reporter<'_>,
) -> Calendars {
    let mut calendars = Calendars::new();
    for (name, raw) in raw.0 {
        let path = Path::default().key("calendar").key(&name);
        let mut versions = Vec::new();
        for (index, raw) in raw.into_iter().enumerate() {
            let path = path.item(index);
            let version = lower_calendar(raw, &path, reporter);
            let alone =
                version.map(|v| (ServiceCalendar::new(&*name, zone.clone(), vec![v.clone()]), v));
            match alone {
                Some((Ok(_), version)) => versions.push(Some(version)),
                Some((Err(error), _)) => {
                    calendar_problem(&error, &path, reporter);
                    versions.push(None);
                }
                None => versions.push(None),
            }
        }
        let complete: Option<Vec<CalendarVersion>> = versions.into_iter().collect();
        let calendar = complete.and_then(|versions| {
            ServiceCalendar::new(&*name, zone.clone(), versions)
                .map_err(|error| calendar_problem(&error, &path, reporter))
                .ok()
        });
        calendars.insert(name, calendar);
    }
    calendars
}

fn calendar_problem(error: &CalendarError, path: &Path, reporter: &mut Reporter<'_>) {
    let expected = match error {
        CalendarError::SlotOverlap { .. } => "slots in order, without overlap",
        CalendarError::NoVersion { .. } => "at least one version",
        CalendarError::VersionOrder { .. } => "a version that begins before it ends",
        CalendarError::VersionOverlap { .. } => "versions in order, without overlap",
        CalendarError::SiteHoliday { .. } => "a day of the year",
        CalendarError::ExceptionTwice { .. } => "one exception for each day",
        CalendarError::ExceptionOutside { .. } => "exceptions within their version",
        _ => "a calendar that can be used",
    };
    reporter.add(path, expected, format!("a fault: {error}"), Some(error.hint().to_owned()));
}

fn lower_calendar(
    raw: RawCalendar,
    path: &Path,
    reporter: &mut Reporter<'_>,
) -> Option<CalendarVersion> {
    let RawCalendar {
        valid_from: Day(valid_from),
        valid_until,
        always,
        weekdays,
        monday,
        tuesday,
        wednesday,
        thursday,
        friday,
        saturday,
        sunday,
        holidays,
        site_holidays,
        exceptions,
    } = raw;
    let days = [monday, tuesday, wednesday, thursday, friday, saturday, sunday];
    let some_hours = weekdays.is_some() || days.iter().any(Option::is_some);
    let weekly = if always == Some(true) {
        if some_hours || holidays.is_some() {
            let expected = "`always = true` without hours or holidays of its own";
            reporter.add(&path.key("always"), expected, "both", None);
            return None;
        }
        let day = Slot::new(0, 24 * 60).expect("a whole day is a slot");
        std::array::from_fn(|_| vec![day])
    } else {
        if !some_hours {
            let hint = "write `weekdays = [\"08:00-19:00\"]`, single days, or `always = true`";
            reporter.add(path, "opening hours", "none", Some(hint.to_owned()));
            return None;
        }
        if holidays.is_none() {
            let hint = "write `holidays = \"italy\"` or `holidays = \"none\"`".to_owned();
            reporter.add(&path.key("holidays"), "`italy` or `none`", "nothing", Some(hint));
            return None;
        }
        weekly(weekdays, days)
    };
    let holidays = match holidays {
        Some(RawHolidays::Italy) => HolidaySet::Italy,
        Some(RawHolidays::None) | None => HolidaySet::None,
    };
    let site_holidays = site_holidays.into_iter().map(|raw| SiteHoliday {
        month: raw.month,
        day: raw.day,
        name: raw.name.0,
    });
    let exceptions = exceptions.into_iter().map(|raw| CalendarException {
        date: raw.date.0,
        slots: slots(raw.slots),
        reason: raw.reason.0,
    });
    Some(CalendarVersion {
        valid_from,
        valid_until: valid_until.map(|Day(date)| date),
        weekly,
        holidays,
        site_holidays: site_holidays.collect(),
        exceptions: exceptions.collect(),
    })
}

fn slots(raw: Vec<RawSlot>) -> Vec<Slot> {
    raw.into_iter().map(|RawSlot(slot)| slot).collect()
}

/// A day's own hours win over those of weekdays; other days are closed.
fn weekly(weekdays: Option<Vec<RawSlot>>, days: [Option<Vec<RawSlot>>; 7]) -> [Vec<Slot>; 7] {
    let weekdays = weekdays.map(slots).unwrap_or_default();
    let mut days = days.into_iter().enumerate().map(|(index, day)| match day {
        Some(day) => slots(day),
        None if index < 5 => weekdays.clone(),
        None => Vec::new(),
    });
    std::array::from_fn(|_| days.next().unwrap_or_default())
}

fn lower_services(
    raw: Named<RawService>,
    calendars: &Calendars,
    reporter: &mut Reporter<'_>,
) -> Vec<Service> {
    if raw.0.is_empty() {
        let hint = Some("add a table such as `[service.cup]`".to_owned());
        reporter.add(&Path::default().key("service"), "at least one service", "nothing", hint);
    }
    let made =
        raw.0.into_iter().filter_map(|(code, raw)| lower_service(code, raw, calendars, reporter));
    made.collect()
}

fn lower_service(
    code: String,
    raw: RawService,
    calendars: &Calendars,
    reporter: &mut Reporter<'_>,
) -> Option<Service> {
    let RawService {
        name,
        calendar: Code(calendar),
        written_calendar,
        second_level_calendar,
        outbound_calendar,
        numbers,
        queue,
        topics,
        booking_systems,
        indicator,
    } = raw;
    let path = Path::default().key("service").key(&code);
    let known: Vec<&str> = calendars.keys().map(String::as_str).collect();
    let mut find = |key: &str, name: &str| {
        check_known(name, &known, "calendar", &path.key(key), reporter);
        calendars.get(name).cloned().flatten()
    };
    let own = find("calendar", &calendar);
    let mut other = |key: &str, name: Option<Code>| match name {
        Some(Code(name)) => find(key, &name),
        None => own.clone(),
    };
    let written_calendar = other("written_calendar", written_calendar);
    let second_level_calendar = other("second_level_calendar", second_level_calendar);
    let outbound_calendar = other("outbound_calendar", outbound_calendar);
    let queues = lower_queues(queue, &path.key("queue"), reporter);
    let lowered = indicator.into_iter().enumerate().filter_map(|(index, raw)| {
        let path = path.key("indicator").item(index);
        lower_version(raw, path, reporter)
    });
    let lowered: Vec<Lowered> = lowered.collect();
    check_population(&lowered, reporter);
    let indicators = gather(lowered, reporter);
    Some(Service {
        code,
        name: name.into_text(),
        queues,
        numbers: numbers.into_iter().map(|Line(number)| number).collect(),
        calendar: own?,
        written_calendar: written_calendar?,
        second_level_calendar: second_level_calendar?,
        outbound_calendar: outbound_calendar?,
        topics: named(topics),
        booking_systems: named(booking_systems),
        indicators,
    })
}

/// Codes and their names, in the file's order.
fn named(names: Named<RawText>) -> Vec<(String, Text)> {
    names.0.into_iter().map(|(code, name)| (code, name.into_text())).collect()
}

fn lower_queues(raw: Vec<RawQueue>, path: &Path, reporter: &mut Reporter<'_>) -> Vec<QueueUse> {
    let mut queues: Vec<QueueUse> = Vec::new();
    for (index, raw) in raw.into_iter().enumerate() {
        let used = QueueUse {
            queue: raw.name.0,
            purpose: raw.purpose.map(|Code(purpose)| purpose),
            valid_from: raw.valid_from.map(|Day(date)| date),
            valid_until: raw.valid_until.map(|Day(date)| date),
        };
        let path = path.item(index);
        check_validity(used.valid_from, used.valid_until, &path, reporter);
        if queues.iter().any(|other| same_queue(other, &used)) {
            let found = format!("`{}` again, for the same days", used.queue);
            reporter.add(&path.key("name"), "each queue once", found, None);
        }
        queues.push(used);
    }
    queues
}

fn same_queue(a: &QueueUse, b: &QueueUse) -> bool {
    a.queue == b.queue && overlap((a.valid_from, a.valid_until), (b.valid_from, b.valid_until))
}

/// A queue belongs to one service at a time.
fn check_queues(services: &[Service], ignored: &[String], reporter: &mut Reporter<'_>) {
    for (position, service) in services.iter().enumerate() {
        for (index, used) in service.queues.iter().enumerate() {
            let path = Path::default().key("service").key(&service.code).key("queue").item(index);
            let earlier = services.iter().take(position);
            for other in earlier.filter(|s| s.queues.iter().any(|q| same_queue(q, used))) {
                let found = format!("`{}`, which belongs to `{}` too", used.queue, other.code);
                let hint = "end one validity where the other begins".to_owned();
                reporter.add(
                    &path.key("name"),
                    "a queue of one service at a time",
                    found,
                    Some(hint),
                );
            }
            if ignored.contains(&used.queue) {
                let found = format!("`{}`, which `ignored_queues` lists", used.queue);
                reporter.add(&path.key("name"), "a queue that is not ignored", found, None);
            }
        }
    }
}

/// A dialled number belongs to one service.
fn check_numbers(services: &[Service], reporter: &mut Reporter<'_>) {
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for service in services {
        for (index, number) in service.numbers.iter().enumerate() {
            if let Some(owner) = owners.insert(number, &service.code) {
                let path = Path::default().key("service").key(&service.code);
                let found = format!("`{number}`, which belongs to `{owner}`");
                let expected = "a number of one service";
                reporter.add(&path.key("numbers").item(index), expected, found, None);
            }
        }
    }
}

/// Question Q10e: calls answered in time and calls lost are counted over the same calls.
fn check_population(lowered: &[Lowered], reporter: &mut Reporter<'_>) {
    let days = |item: &Lowered| {
        let later = lowered
            .iter()
            .filter(|other| other.code == item.code)
            .map(|other| other.version.valid_from)
            .filter(|from| item.version.valid_from < *from)
            .min();
        (Some(item.version.valid_from), item.version.valid_until.or(later))
    };
    for item in lowered {
        let Rule::Lost(lost) = &item.version.rule else { continue };
        for other in lowered.iter().filter(|other| overlap(days(other), days(item))) {
            let Rule::AnsweredWithin(answered) = &other.version.rule else { continue };
            let pairs = written(&answered.population).into_iter().zip(written(&lost.population));
            for ((key, theirs), (_, ours)) in pairs.filter(|(theirs, ours)| theirs != ours) {
                reporter.add(
                    &item.path.key(key),
                    format!("`{theirs}`, as in `{}`", other.code),
                    format!("`{ours}`"),
                    Some(format!(
                        "`{}` and `{}` must count the same calls (question Q10e)",
                        other.code, item.code
                    )),
                );
            }
        }
    }
}

/// Puts the versions of each indicator together, in the order of their first appearance.
fn gather(lowered: Vec<Lowered>, reporter: &mut Reporter<'_>) -> Vec<Indicator> {
    let mut indicators: Vec<Indicator> = Vec::new();
    for item in lowered {
        let Lowered { code, process, objective, name, mut version, path } = item;
        check_validity(Some(version.valid_from), version.valid_until, &path, reporter);
        let Some(indicator) = indicators.iter_mut().find(|i| i.code == code) else {
            let Some(name) = name else {
                let hint = Some("add `name = …`".to_owned());
                reporter.add(&path.key("name"), "the indicator's name", "nothing", hint);
                continue;
            };
            let objective = objective.unwrap_or_else(|| name.clone());
            indicators.push(Indicator { code, process, objective, name, versions: vec![version] });
            continue;
        };
        let last = indicator.versions.last_mut().expect("an indicator starts with a version");
        let free_from = last.valid_until.unwrap_or(last.valid_from);
        if version.valid_from <= last.valid_from || version.valid_from < free_from {
            reporter.add(
                &path.key("valid_from"),
                format!("a day after `{code}`'s earlier version, from `{}`", last.valid_from),
                format!("`{}`", version.valid_from),
                Some(
                    "an indicator's versions stand in order; give another a code of its own".into(),
                ),
            );
            continue;
        }
        if last.rule.measure() != version.rule.measure() {
            reporter.add(
                &path.key("measure"),
                format!("`{}`, as in the earlier version", last.rule.measure()),
                format!("`{}`", version.rule.measure()),
                Some("an indicator that measures something else needs a code of its own".into()),
            );
            continue;
        }
        last.valid_until.get_or_insert(version.valid_from);
        version.version = last.version + 1;
        indicator.process = process.or(indicator.process.take());
        if let Some(objective) = objective {
            indicator.objective = objective;
        }
        if let Some(name) = name {
            indicator.name = name;
        }
        indicator.versions.push(version);
    }
    indicators
}

/// Checks a service and its indicators by name.
fn check_reference(
    service: &str,
    indicators: &[(&str, Path)],
    services: &[Service],
    path: &Path,
    reporter: &mut Reporter<'_>,
) {
    let known: Vec<&str> = services.iter().map(|s| s.code.as_str()).collect();
    if !check_known(service, &known, "service", &path.key("service"), reporter) {
        return;
    }
    let found = services.iter().find(|s| s.code == service);
    let codes: Vec<&str> =
        found.iter().flat_map(|s| &s.indicators).map(|i| i.code.as_str()).collect();
    for (code, path) in indicators {
        check_known(code, &codes, "indicator", path, reporter);
    }
}

fn lower_exclusions(
    raw: Vec<RawExclusion>,
    services: Option<&[Service]>,
    reporter: &mut Reporter<'_>,
) -> Vec<Exclusion> {
    let mut exclusions: Vec<Exclusion> = Vec::new();
    for (index, raw) in raw.into_iter().enumerate() {
        let path = Path::default().key("exclusion").item(index);
        let (Moment(from), Moment(until)) = (raw.from, raw.until);
        if until <= from {
            let expected = format!("an instant after `from`, `{from}`");
            reporter.add(&path.key("until"), expected, format!("`{until}`"), None);
        }
        let indicators: Vec<String> = raw.indicators.into_iter().map(|Code(code)| code).collect();
        let Code(service) = raw.service;
        let queue = raw.queue.map(|Line(queue)| queue);
        if let Some(services) = services {
            let items = path.key("indicators");
            let indicators: Vec<(&str, Path)> =
                indicators.iter().enumerate().map(|(i, code)| (&**code, items.item(i))).collect();
            check_reference(&service, &indicators, services, &path, reporter);
            if let (Some(queue), Some(service)) =
                (&queue, services.iter().find(|s| s.code == service))
            {
                let queues: Vec<&str> = service.queues.iter().map(|q| q.queue.as_str()).collect();
                check_known(queue, &queues, "queue", &path.key("queue"), reporter);
            }
        }
        let Code(code) = raw.code;
        if exclusions.iter().any(|other| other.code == code) {
            let found = format!("`{code}` again");
            reporter.add(&path.key("code"), "a code of its own", found, None);
        }
        exclusions.push(Exclusion {
            code,
            service,
            indicators,
            reason: raw.reason.0,
            from,
            until,
            queue,
            approved_by: raw.approved_by.0,
            approved_on: raw.approved_on.0,
            document: raw.document.0,
        });
    }
    exclusions
}

fn lower_penalties(
    raw: RawPenalties,
    services: Option<&[Service]>,
    reporter: &mut Reporter<'_>,
) -> Penalties {
    let path = Path::default().key("penalties");
    let Share(cap) = raw.cap;
    let cap_permille = permille(cap).unwrap_or_else(|| {
        let expected = "whole tenths of a percent, such as `10%`";
        reporter.add(&path.key("cap"), expected, "a finer share", None);
        0
    });
    let mut rates = Vec::new();
    for (index, raw) in raw.rate.into_iter().enumerate() {
        let path = path.key("rate").item(index);
        let (Code(service), Code(indicator)) = (raw.service, raw.indicator);
        if let Some(services) = services {
            let indicators = [(&*indicator, path.key("indicator"))];
            check_reference(&service, &indicators, services, &path, reporter);
        }
        let (Points(step), Rate(micro_rate)) = (raw.step, raw.rate);
        if step == 0 || step % 10 != 0 {
            let expected = "whole hundredths of a percentage point above zero, such as `0.5%`";
            reporter.add(&path.key("step"), expected, "another step", None);
        }
        let step_centi_points = step / 10;
        rates.push(PenaltyRate { service, indicator, step_centi_points, micro_rate });
    }
    let Money(contract_value_cents) = raw.contract_value;
    let counted = match raw.steps {
        Some(RawSteps::Begun) => StepsCounted::Begun,
        Some(RawSteps::Completed) | None => StepsCounted::Completed,
    };
    let clause = raw.clause.map(|Line(clause)| clause);
    Penalties { contract_value_cents, cap_permille, counted, clause, rates }
}

fn lower_terms(raw: &RawTerms) -> Terms {
    let RawTerms { complaint_days, penalty_days } = raw;
    let Terms { complaint_days: complaints, penalty_days: penalties } = Terms::default();
    Terms {
        complaint_days: complaint_days.unwrap_or(complaints),
        penalty_days: penalty_days.unwrap_or(penalties),
    }
}
