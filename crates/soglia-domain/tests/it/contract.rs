//! Contract files: the examples are read, broken files are refused with everything that is wrong.

use std::fmt::Write as _;
use std::path::PathBuf;

use proptest::prelude::*;
use soglia_domain::contract::{Contract, json_schema, parse};
use soglia_domain::penalty::StepsCounted;
use soglia_domain::rule::{Clock, Rule};
use soglia_domain::verdict::{Bound, Compare, TargetDirection};

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn example(name: &str) -> String {
    let path = repository().join("examples").join(name).join("contract.toml");
    std::fs::read_to_string(&path).expect("the example is in the repository")
}

fn parsed(text: &str) -> Contract {
    parse(text, "contract.toml").unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_reference_contract_is_read() {
    let contract = parsed(&example("reference"));
    assert_eq!(contract.zone_name, "Europe/Rome");
    let services: Vec<&str> = contract.services.iter().map(|s| s.code.as_str()).collect();
    assert_eq!(services, ["cup", "cc"], "in the file's order");
    for service in &contract.services {
        let codes: Vec<&str> = service.indicators.iter().map(|i| i.code.as_str()).collect();
        assert_eq!(codes, ["K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8", "K9", "K10"]);
        assert_eq!(service.queues.len(), 4);
    }
    assert_eq!(contract.areas.len(), 2);
    assert_eq!(contract.areas[0].activities.len(), 11);
    let codes: Vec<&str> = contract.warnings.iter().map(|w| w.code).collect();
    assert_eq!(codes, ["W-ROLES"], "the defaults raise no other remark");
}

#[test]
fn targets_and_limits_of_the_reference_contract_are_exact() {
    let contract = parsed(&example("reference"));
    let mut shown = String::new();
    for service in &contract.services {
        for indicator in &service.indicators {
            let version = &indicator.versions[0];
            let direction = match version.target.direction {
                TargetDirection::AtLeast => ">=",
                TargetDirection::AtMost => "<=",
            };
            let bound = match version.target.bound {
                Bound::Share(share) => share.to_string(),
                Bound::Duration(span) => span.to_string(),
            };
            let limit = match &version.rule {
                Rule::AnsweredWithin(rule) => rule.limit.span.to_string(),
                Rule::RepliedWithin(rule) => rule.limit.span.to_string(),
                Rule::HandledWithin(rule) => rule.limit.span.to_string(),
                Rule::SecondLevelWithin(rule) => rule.limit.span.to_string(),
                _ => "-".to_owned(),
            };
            let code = &indicator.code;
            writeln!(shown, "{} {code} {limit} {direction} {bound}", service.code)
                .expect("memory is written");
        }
    }
    insta::assert_snapshot!(shown, @r"
    cup K1 20s >= 95/100
    cup K2 9h >= 100/100
    cup K3 - <= 5/100
    cup K4 - >= 95/100
    cup K5 4min >= 95/100
    cup K6 - >= 100/100
    cup K7 4h >= 100/100
    cup K8 - >= 100/100
    cup K9 - <= 4h
    cup K10 - >= 995/1000
    cc K1 20s >= 95/100
    cc K2 9h >= 100/100
    cc K3 - <= 5/100
    cc K4 - >= 95/100
    cc K5 9min >= 98/100
    cc K6 - >= 100/100
    cc K7 4h >= 100/100
    cc K8 - >= 100/100
    cc K9 - <= 4h
    cc K10 - >= 995/1000
    ");
}

#[test]
fn the_schema_names_the_measures_and_kinds_of_the_rules() {
    let schema = json_schema();
    let branches = schema["$defs"]["Indicator"]["oneOf"].as_array().expect("one for each measure");
    let published: Vec<(&str, &str)> = branches
        .iter()
        .map(|branch| (&branch["title"], &branch["properties"]["kind"]["const"]))
        .map(|(measure, kind)| (measure.as_str().expect("text"), kind.as_str().expect("text")))
        .collect();
    let contract = parsed(&example("reference"));
    let rules = contract.services[0].indicators.iter().map(|i| &i.versions[0].rule);
    let rules: Vec<(&str, &str)> = rules.map(|rule| (rule.measure(), rule.kind())).collect();
    assert_eq!(published, rules);
}

#[test]
fn the_second_contract_is_read() {
    let contract = parsed(&example("second"));
    let service = contract.service("helpline").expect("its only service");
    let level = service.indicator("SL").expect("service level");
    assert_eq!(level.versions.len(), 2);
    let date = |text: &str| text.parse().expect("a date");
    assert_eq!(level.versions[0].valid_until, Some(date("2025-01-01")));
    assert_eq!(level.version_on(date("2024-12-31")).map(|v| v.version), Some(1));
    assert_eq!(level.version_on(date("2025-01-01")).map(|v| v.version), Some(2));
    assert_eq!(level.version_on(date("2023-12-31")).map(|v| v.version), None);
    assert!(matches!(level.versions[0].compare, Compare::Rounded(r) if r.decimals == 1));
    assert_eq!(level.versions[0].tolerance_milli_points, 50);
    let Rule::Availability(up) = &service.indicator("UP").expect("UP").versions[0].rule else {
        panic!("UP measures availability");
    };
    assert_eq!(up.planned_notice, None);
    assert_eq!(up.degraded_permille, 500);
    assert_eq!(up.components[0].agreed, Clock::Elapsed);
    assert_eq!(up.components[1].agreed, Clock::ServiceHours);
    let penalties = contract.penalties.as_ref().expect("penalties");
    assert_eq!((penalties.cap_permille, penalties.contract_value_cents), (100, 48_000_000));
    assert_eq!(penalties.counted, StepsCounted::Begun);
    assert_eq!(penalties.clause.as_deref(), Some("Annex C, art. 4"));
    assert_eq!((contract.terms.complaint_days, contract.terms.penalty_days), (20, 10));
    assert_eq!(penalties.rates[0].step_centi_points, 50);
    assert_eq!(penalties.rates[0].micro_rate, 300);
    let codes: Vec<&str> = contract.warnings.iter().map(|w| w.code).collect();
    assert_eq!(codes, ["W-ROUNDING", "W-ROUNDING", "W-BOUNDARY"]);
    let at = |text: &str| {
        soglia_domain::time::Instant::from_timestamp(text.parse().expect("a timestamp"))
    };
    let owner = |queue: &str, text: &str| {
        contract.service_of_queue(queue, at(text)).map(|s| s.code.clone())
    };
    assert_eq!(owner("Help Line", "2025-02-28T22:59:59Z").as_deref(), Some("helpline"));
    assert_eq!(owner("Help Line", "2025-02-28T23:00:00Z"), None);
}

#[test]
fn the_published_schema_is_the_one_in_the_program() {
    let path = repository().join("docs/contract.schema.json");
    let mut schema = serde_json::to_string_pretty(&json_schema()).expect("a schema is JSON");
    schema.push('\n');
    if std::env::var_os("SOGLIA_UPDATE").is_some() {
        std::fs::write(&path, &schema).expect("docs/ can be written");
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        published == schema,
        "docs/contract.schema.json is not current: run the tests with SOGLIA_UPDATE=1"
    );
}

/// A contract that is right, from which the broken ones are made.
const GOOD: &str = r#"[contract]
code = "c1"
title = "Prova"
authority = "Comune"
supplier = ["Ditta"]

[[calendar.main]]
valid_from = 2024-01-01
weekdays = ["08:00-19:00"]
holidays = "italy"

[service.cup]
name = "CUP"
calendar = "main"
numbers = ["0800"]

[[service.cup.queue]]
name = "q1"

[[service.cup.indicator]]
code = "K1"
measure = "inbound_answered_within_threshold"
name = "In tempo"
limit = "20s"
target = { at_least = "95%" }
valid_from = 2024-01-01

[[service.cup.indicator]]
code = "K3"
measure = "inbound_lost_rate"
name = "Perse"
target = { at_most = "5%" }
valid_from = 2024-01-01
"#;

/// Everything that is wrong with the good contract after replacing `from` by `to`.
fn broken(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "`{from}` is not in the good contract");
    refused(&GOOD.replacen(from, to, 1))
}

fn refused(text: &str) -> String {
    match parse(text, "contract.toml") {
        Ok(_) => "accepted".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_good_contract_is_good() {
    assert_eq!(refused(GOOD), "accepted");
}

#[test]
fn a_duration_needs_its_unit() {
    insta::assert_snapshot!(broken("limit = \"20s\"", "limit = \"20 seconds\""), @r"
    contract.toml:24:9: service.cup.indicator[0].limit: expected a duration such as `20s`, above zero and up to a year, found `20 seconds`
    hint: write the number and its unit together: `250ms`, `20s`, `4min`, `9h`, `1h30min`
    ");
}

#[test]
fn a_duration_is_a_text() {
    insta::assert_snapshot!(broken("limit = \"20s\"", "limit = 20"), @r"
    contract.toml:24:9: service.cup.indicator[0].limit: expected a duration such as `20s`, above zero and up to a year, found the number `20`
    hint: write the number and its unit together: `250ms`, `20s`, `4min`, `9h`, `1h30min`
    ");
}

#[test]
fn a_limit_is_above_zero() {
    insta::assert_snapshot!(broken("limit = \"20s\"", "limit = \"0s\""), @r"
    contract.toml:24:9: service.cup.indicator[0].limit: expected a duration such as `20s`, above zero and up to a year, found `0s`
    hint: write the number and its unit together: `250ms`, `20s`, `4min`, `9h`, `1h30min`
    ");
}

#[test]
fn a_limit_is_at_most_a_year() {
    insta::assert_snapshot!(broken("limit = \"20s\"", "limit = \"9000h\""), @r"
    contract.toml:24:9: service.cup.indicator[0].limit: expected a duration such as `20s`, above zero and up to a year, found `9000h`
    hint: write the number and its unit together: `250ms`, `20s`, `4min`, `9h`, `1h30min`
    ");
}

#[test]
fn a_missing_limit() {
    insta::assert_snapshot!(broken("limit = \"20s\"\n", ""), @r"
    contract.toml:20:1: service.cup.indicator[0].limit: expected a duration such as `20s`, above zero and up to a year, found nothing
    hint: add `limit = …`
    ");
}

#[test]
fn a_mistyped_key() {
    insta::assert_snapshot!(broken("limit = \"20s\"", "limt = \"20s\""), @r"
    contract.toml:20:1: service.cup.indicator[0].limit: expected a duration such as `20s`, above zero and up to a year, found nothing
    hint: add `limit = …`
    contract.toml:24:1: service.cup.indicator[0].limt: expected a key of `inbound_answered_within_threshold`: `abandon_before_threshold`, `attribution`, `boundary`, `callback`, `callback_limit`, `denominator`, `ivr_contained`, `legs`, `limit`, `out_of_hours`, `population`, `rejected`, `short_abandon`, `unit`, `wait_start` or `wait_stop`, found an unknown key
    hint: did you mean `limit`?
    ");
}

#[test]
fn a_parameter_of_another_measure() {
    insta::assert_snapshot!(broken("name = \"Perse\"", "name = \"Perse\"\nlimit = \"20s\""), @r"
    contract.toml:32:1: service.cup.indicator[1].limit: expected a key of `inbound_lost_rate`: `attribution`, `callback`, `callback_limit`, `ended_by`, `ivr_contained`, `legs`, `out_of_hours`, `population`, `rejected`, `short_abandon`, `short_abandon_in_denominator` or `unit`, found an unknown key
    hint: `limit` is a parameter of `inbound_answered_within_threshold`, `written_answered_within_limit`, `first_contact_handled_within_limit` or `second_level_resolved_within_limit`
    ");
}

#[test]
fn an_unknown_measure() {
    insta::assert_snapshot!(broken("measure = \"inbound_lost_rate\"", "measure = \"inbound_lost_rat\""), @r"
    contract.toml:30:11: service.cup.indicator[1].measure: expected one of `inbound_answered_within_threshold`, `written_answered_within_limit`, `inbound_lost_rate`, `first_contact_resolution_rate`, `first_contact_handled_within_limit`, `second_level_resolution_rate`, `second_level_resolved_within_limit`, `outbound_positive_outcome_rate`, `outbound_batch_turnaround` or `service_continuity`, found `inbound_lost_rat`
    hint: did you mean `inbound_lost_rate`?
    ");
}

#[test]
fn a_missing_measure() {
    insta::assert_snapshot!(broken("measure = \"inbound_lost_rate\"\n", ""), @r"
    contract.toml:28:1: service.cup.indicator[1].measure: expected one of `inbound_answered_within_threshold`, `written_answered_within_limit`, `inbound_lost_rate`, `first_contact_resolution_rate`, `first_contact_handled_within_limit`, `second_level_resolution_rate`, `second_level_resolved_within_limit`, `outbound_positive_outcome_rate`, `outbound_batch_turnaround` or `service_continuity`, found nothing
    hint: add `measure = …`
    ");
}

#[test]
fn a_word_of_another_measure() {
    insta::assert_snapshot!(broken("limit = \"20s\"", "limit = \"20s\"\ndenominator = \"escalated\""), @r"contract.toml:25:15: service.cup.indicator[0].denominator: expected one of `offered` or `answered`, found `escalated`");
}

#[test]
fn a_kind_that_contradicts() {
    insta::assert_snapshot!(broken("limit = \"20s\"", "limit = \"20s\"\nkind = \"mean\""), @r"contract.toml:25:8: service.cup.indicator[0].kind: expected `share_within_limit`, found `mean`");
}

#[test]
fn a_unit_that_contradicts() {
    insta::assert_snapshot!(broken("limit = \"20s\"", "limit = \"20s\"\nunit = \"case\""), @r"
    contract.toml:25:8: service.cup.indicator[0].unit: expected `call`, found `case`
    hint: did you mean `call`?
    ");
}

#[test]
fn a_percentage_needs_its_sign() {
    insta::assert_snapshot!(broken("at_least = \"95%\"", "at_least = \"95\""), @r"
    contract.toml:25:23: service.cup.indicator[0].target.at_least: expected a percentage such as `95%`, or a duration such as `4h`, found `95`
    hint: write the unit: `95%` for a share, `4h` for a time
    ");
}

#[test]
fn a_percentage_with_a_comma() {
    insta::assert_snapshot!(broken("at_least = \"95%\"", "at_least = \"95,5%\""), @r"
    contract.toml:25:23: service.cup.indicator[0].target.at_least: expected a percentage such as `95%`, or a duration such as `4h`, found `95,5%`
    hint: decimals are written with a point: `99.5%`
    ");
}

#[test]
fn a_percentage_above_a_hundred() {
    insta::assert_snapshot!(broken("at_least = \"95%\"", "at_least = \"950%\""), @r"
    contract.toml:25:23: service.cup.indicator[0].target.at_least: expected a percentage such as `95%`, or a duration such as `4h`, found `950%`
    hint: a share is at most `100%`
    ");
}

#[test]
fn a_target_with_two_bounds() {
    insta::assert_snapshot!(broken("at_least = \"95%\"", "at_least = \"95%\", at_most = \"99%\""), @r"
    contract.toml:25:1: service.cup.indicator[0].target: expected exactly one of `at_least` and `at_most`, found both
    hint: lost calls and times are `at_most`, everything else is `at_least`
    ");
}

#[test]
fn a_target_with_no_bound() {
    insta::assert_snapshot!(broken("{ at_least = \"95%\" }", "{}"), @r"
    contract.toml:25:1: service.cup.indicator[0].target: expected exactly one of `at_least` and `at_most`, found neither
    hint: lost calls and times are `at_most`, everything else is `at_least`
    ");
}

#[test]
fn a_share_with_a_time_for_target() {
    insta::assert_snapshot!(broken("at_most = \"5%\"", "at_most = \"4h\""), @r#"contract.toml:32:22: service.cup.indicator[1].target.at_most: expected a percentage, because `inbound_lost_rate` is a share, found `at_most = "4h"`"#);
}

#[test]
fn a_share_with_a_package() {
    insta::assert_snapshot!(broken("at_most = \"5%\"", "at_most = \"5%\", per = 100"), @r"contract.toml:32:34: service.cup.indicator[1].target.per: expected no `per` with `inbound_lost_rate`, found a number of records");
}

#[test]
fn a_quoted_date() {
    insta::assert_snapshot!(broken("valid_from = 2024-01-01\nweekdays", "valid_from = \"2024-01-01\"\nweekdays"), @r"
    contract.toml:8:14: calendar.main[0].valid_from: expected a date such as `2022-05-05`, without quotes, found `2024-01-01`
    hint: take the quotes away
    ");
}

#[test]
fn a_date_that_does_not_exist() {
    insta::assert_snapshot!(broken("valid_from = 2024-01-01\nweekdays", "valid_from = 2024-02-30\nweekdays"), @r"
    contract.toml:8:14: expected valid TOML, found a fault: invalid date, expected day between 01 and 29
    hint: see https://toml.io for the syntax
    ");
}

#[test]
fn a_slot_that_ends_before_it_starts() {
    insta::assert_snapshot!(broken("08:00-19:00", "19:00-08:00"), @r"
    contract.toml:9:13: calendar.main[0].weekdays[0]: expected a slot such as `08:00-19:00`, ending after it starts, found `19:00-08:00`
    hint: midnight at the end of a day is `24:00`
    ");
}

#[test]
fn slots_that_overlap() {
    insta::assert_snapshot!(broken("[\"08:00-19:00\"]", "[\"08:00-13:00\", \"12:00-19:00\"]"), @r"
    contract.toml:7:1: calendar.main[0]: expected slots in order, without overlap, found a fault: slot `12:00-19:00` of Monday begins before `08:00-13:00` ends
    hint: write the slots of a day in order, without overlaps
    ");
}

#[test]
fn a_calendar_without_hours() {
    insta::assert_snapshot!(broken("weekdays = [\"08:00-19:00\"]\n", ""), @r#"
    contract.toml:7:1: calendar.main[0]: expected opening hours, found none
    hint: write `weekdays = ["08:00-19:00"]`, single days, or `always = true`
    "#);
}

#[test]
fn a_calendar_without_a_word_on_holidays() {
    insta::assert_snapshot!(broken("holidays = \"italy\"\n", ""), @r#"
    contract.toml:7:1: calendar.main[0].holidays: expected `italy` or `none`, found nothing
    hint: write `holidays = "italy"` or `holidays = "none"`
    "#);
}

#[test]
fn an_unknown_calendar() {
    insta::assert_snapshot!(broken("calendar = \"main\"", "calendar = \"mian\""), @r"
    contract.toml:14:12: service.cup.calendar: expected a calendar of this file: `main`, found `mian`
    hint: did you mean `main`?
    ");
}

#[test]
fn an_unknown_zone() {
    insta::assert_snapshot!(broken("authority", "zone = \"Europe/Roma\"\nauthority"), @r"contract.toml:4:8: contract.zone: expected the name of a time zone, such as `Europe/Rome`, found `Europe/Roma`");
}

#[test]
fn a_queue_in_two_services() {
    insta::assert_snapshot!(broken("numbers = [\"0800\"]", "numbers = [\"0800\"]\n\n[service.cc]\nname = \"CC\"\ncalendar = \"main\"\nnumbers = [\"0800\"]\nqueue = [{ name = \"q1\" }]\n\n[service.cup.topics]"), @r"
    contract.toml:20:12: service.cc.numbers[0]: expected a number of one service, found `0800`, which belongs to `cup`
    contract.toml:21:19: service.cc.queue[0].name: expected a queue of one service at a time, found `q1`, which belongs to `cup` too
    hint: end one validity where the other begins
    ");
}

#[test]
fn the_same_code_without_a_later_date() {
    insta::assert_snapshot!(broken("code = \"K3\"\nmeasure = \"inbound_lost_rate\"", "code = \"K1\"\nmeasure = \"inbound_lost_rate\""), @r"
    contract.toml:33:14: service.cup.indicator[1].valid_from: expected a day after `K1`'s earlier version, from `2024-01-01`, found `2024-01-01`
    hint: an indicator's versions stand in order; give another a code of its own
    ");
}

#[test]
fn calls_that_are_not_the_same() {
    insta::assert_snapshot!(broken("name = \"Perse\"", "name = \"Perse\"\nshort_abandon = \"5s\"\nlegs = \"each\""), @r"
    contract.toml:32:17: service.cup.indicator[1].short_abandon: expected `0s`, as in `K1`, found `5s`
    hint: `K1` and `K3` must count the same calls (question Q10e)
    contract.toml:33:8: service.cup.indicator[1].legs: expected `first`, as in `K1`, found `each`
    hint: `K1` and `K3` must count the same calls (question Q10e)
    ");
}

#[test]
fn a_role_that_nobody_has() {
    insta::assert_snapshot!(broken("authority", "signatories = [\"dec\"]\nauthority"), @r"contract.toml:4:16: contract.signatories[0]: expected a role of this file, which has none, found `dec`");
}

#[test]
fn not_toml() {
    insta::assert_snapshot!(broken("limit = \"20s\"", "limit = \"20s"), @r#"
    contract.toml:24:13: expected valid TOML, found a fault: invalid basic string, expected `"`
    hint: see https://toml.io for the syntax
    "#);
}

#[test]
fn a_key_twice() {
    insta::assert_snapshot!(broken("limit = \"20s\"", "limit = \"20s\"\nlimit = \"30s\""), @r"
    contract.toml:25:1: expected valid TOML, found a fault: duplicate key
    hint: see https://toml.io for the syntax
    ");
}

#[test]
fn a_flag_in_words() {
    insta::assert_snapshot!(broken("name = \"Perse\"", "name = \"Perse\"\nshort_abandon_in_denominator = \"yes\""), @r"contract.toml:32:32: service.cup.indicator[1].short_abandon_in_denominator: expected `true` or `false`, found `yes`");
}

#[test]
fn everything_at_once() {
    insta::assert_snapshot!(broken("limit = \"20s\"\ntarget = { at_least = \"95%\" }", "limit = \"20\"\nclok = \"x\"\ntarget = { at_lest = \"95%\" }\nrounding = { display_decimals = 12 }"), @r"
    contract.toml:24:9: service.cup.indicator[0].limit: expected a duration such as `20s`, above zero and up to a year, found `20`
    hint: write the number and its unit together: `250ms`, `20s`, `4min`, `9h`, `1h30min`
    contract.toml:25:1: service.cup.indicator[0].clok: expected a key of `inbound_answered_within_threshold`: `abandon_before_threshold`, `attribution`, `boundary`, `callback`, `callback_limit`, `denominator`, `ivr_contained`, `legs`, `limit`, `out_of_hours`, `population`, `rejected`, `short_abandon`, `unit`, `wait_start` or `wait_stop`, found an unknown key
    contract.toml:26:12: service.cup.indicator[0].target.at_lest: expected one of `at_least`, `at_most`, `exclusive` or `per`, found an unknown key
    hint: did you mean `at_least`?
    contract.toml:27:33: service.cup.indicator[0].rounding.display_decimals: expected a whole number from 0 to 6, found the number `12`
    ");
}

#[test]
fn an_empty_file() {
    insta::assert_snapshot!(refused(""), @r"
    contract.toml:1:1: contract: expected a table, found nothing
    hint: add `contract = …`
    ");
}

#[test]
fn exclusions_and_penalties_refer_to_what_exists() {
    let text = format!(
        "{GOOD}\n[[exclusion]]\ncode = \"E\"\nservice = \"cup\"\nindicators = [\"K9\"]\n\
         reason = \"prank\"\nfrom = 2024-03-01T10:00:00Z\nuntil = 2024-03-01T09:00:00Z\n\
         approved_by = \"A\"\napproved_on = 2024-03-02\ndocument = \"D\"\n\
         [penalties]\ncontract_value = \"1000\"\ncap = \"10%\"\n\
         rate = [{{ service = \"cc\", indicator = \"K1\", step = \"0%\", rate = \"1%\" }}]\n"
    );
    insta::assert_snapshot!(refused(&text), @r"
    contract.toml:38:15: exclusion[0].indicators[0]: expected an indicator of this file: `K1` or `K3`, found `K9`
    hint: did you mean `K1`?
    contract.toml:41:9: exclusion[0].until: expected an instant after `from`, `2024-03-01T10:00:00.000Z`, found `2024-03-01T09:00:00.000Z`
    contract.toml:48:21: penalties.rate[0].service: expected a service of this file: `cup`, found `cc`
    contract.toml:48:52: penalties.rate[0].step: expected whole hundredths of a percentage point above zero, such as `0.5%`, found another step
    ");
}

#[test]
fn an_instant_needs_its_offset() {
    let text = format!(
        "{GOOD}\n[[exclusion]]\ncode = \"E\"\nservice = \"cup\"\nreason = \"prank\"\n\
         from = 2024-03-01T10:00:00\nuntil = 2024-03-01T11:00:00Z\n\
         approved_by = \"A\"\napproved_on = 2024-03-02\ndocument = \"\"\n"
    );
    insta::assert_snapshot!(refused(&text), @r"
    contract.toml:39:8: exclusion[0].from: expected an instant with its offset, such as `2023-07-01T08:00:00+02:00`, found the date or time `2024-03-01T10:00:00`
    hint: civil times are ambiguous when clocks change: add `+01:00`, `+02:00` or `Z`
    contract.toml:43:12: exclusion[0].document: expected a text that is not empty, found an empty text
    ");
}

#[test]
fn parameters_that_exclude_each_other() {
    let text = format!(
        "{GOOD}\n[[service.cup.indicator]]\ncode = \"K2\"\n\
         measure = \"written_answered_within_limit\"\nname = \"N\"\nlimit = \"9h\"\n\
         start_at_opening = true\nchannels = []\ntarget = {{ at_least = \"90%\" }}\n\
         valid_from = 2024-01-01\n\
         [[service.cup.indicator]]\ncode = \"K9\"\nmeasure = \"outbound_batch_turnaround\"\n\
         name = \"N\"\ntarget = {{ at_least = \"90%\" }}\nvalid_from = 2024-01-01\n\
         [[service.cup.indicator]]\ncode = \"K10\"\nmeasure = \"service_continuity\"\n\
         name = \"N\"\ncomponents = [\"ivr\", \"ivr\"]\ndegraded_weight = \"0.05%\"\n\
         planned_maintenance = \"counted\"\nplanned_notice = \"48h\"\n\
         target = {{ at_least = \"99%\" }}\nvalid_from = 2024-01-01\n"
    );
    insta::assert_snapshot!(refused(&text), @r#"
    contract.toml:40:20: service.cup.indicator[2].start_at_opening: expected `start_at_opening` only with `clock = "elapsed"`, found `clock = "service_hours"`
    hint: service hours always start at the next opening
    contract.toml:41:12: service.cup.indicator[2].channels: expected at least one channel, found an empty list
    contract.toml:48:23: service.cup.indicator[3].target.at_least: expected `at_most` and the time for a package, such as `4h`, found `at_least` and a percentage
    contract.toml:54:22: service.cup.indicator[4].components[1]: expected each name once, found `ivr` twice
    contract.toml:55:19: service.cup.indicator[4].degraded_weight: expected whole tenths of a percent, such as `50%`, found a finer share
    contract.toml:57:18: service.cup.indicator[4].planned_notice: expected no notice with `planned_maintenance = "counted"`, found a notice
    "#);
}

#[test]
fn a_mean_is_judged_against_its_limit() {
    let with = |target: &str| {
        format!(
            "{GOOD}\n[[service.cup.indicator]]\ncode = \"K5\"\nname = \"N\"\n\
             measure = \"first_contact_handled_within_limit\"\nlimit = \"4min\"\n\
             verdict_on = \"mean\"\ntarget = {target}\nvalid_from = 2024-01-01\n"
        )
    };
    assert_eq!(refused(&with("{ at_most = \"4min\" }")), "accepted");
    insta::assert_snapshot!(refused(&with("{ at_least = \"95%\" }")), @r#"contract.toml:41:23: service.cup.indicator[2].target.at_least: expected `at_most = "4min"`, the limit of the mean, found `at_least` and a percentage"#);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}") {
        let _ = parse(&text, "f");
    }

    #[test]
    fn a_damaged_contract_is_read_or_refused(
        which in any::<bool>(),
        from in any::<prop::sample::Index>(),
        length in 0_usize..40,
        insert in r#"[\[\]{}="'.,#%\n a-z0-9è-]{0,12}"#,
    ) {
        let mut text = if which { example("reference") } else { example("second") };
        let mut start = from.index(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let mut end = (start + length).min(text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        text.replace_range(start..end, &insert);
        if let Err(error) = parse(&text, "f") {
            prop_assert!(!error.problems.is_empty());
            for problem in &error.problems {
                prop_assert!(1 <= problem.line && 1 <= problem.column);
            }
        }
    }
}
