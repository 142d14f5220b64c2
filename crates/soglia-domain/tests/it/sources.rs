//! The contract file's tables about sources and groups: what is read, what is refused. Read
//! [`settings_are_read`] first.

use soglia_domain::card::sources_card;
use soglia_domain::contract::{CommonEvents, Contract, Meaning, parse};
use soglia_domain::text::Lang;
use soglia_domain::time::Millis;

const HEAD: &str = r#"[contract]
code = "c1"
title = "Prova"
authority = "Comune"
supplier = ["Ditta"]

[[calendar.main]]
valid_from = 2024-01-01
always = true

[service.cup]
name = "CUP"
calendar = "main"

"#;

fn read(tables: &str) -> Contract {
    parse(&format!("{HEAD}{tables}"), "contract.toml").unwrap_or_else(|error| panic!("{error}"))
}

/// Everything that is wrong, lines counted from the first of `tables`.
fn refused(tables: &str) -> String {
    let Err(error) = parse(&format!("{HEAD}{tables}"), "contract.toml") else {
        return "accepted".to_owned();
    };
    let before = HEAD.lines().count();
    let problems = error.problems.into_iter().map(|mut problem| {
        problem.line -= before;
        problem.to_string()
    });
    problems.collect::<Vec<_>>().join("\n")
}

const SETTINGS: &str = r#"[source]
test_callers = ["0971 555000", "+39 02 5550001"]

[source.queue_log]
common_events = "ignored"
extension_digits_max = 4
extensions = { "Bea Conti" = "201" }
quiet = "5min"
open_limit = "48h"

[[source.queue_log.event]]
event = "INFO"
params = ["MENU", "*", "FINE"]
means = "ivr_served"
value = 1

[[source.queue_log.event]]
event = "INFO"
params = ["MENU"]
means = "ivr_choice"

[[source.queue_log.event]]
event = "RICHIAMAMI"
means = "callback_requested"

[source.asterisk_cdr]
outbound_contexts = ["campagne"]
dialled_mark = "did="

[source.freeswitch]
public_contexts = ["citizens"]
labels = { topic = "motivo" }

[source.amazon_connect]
open_limit = "168h"
labels = { disposition = "esito", ivr_path = "percorso" }

[source.genesys.labels]
booking_system = "sistema"

[[operator_group]]
code = "booking"
name = { it = "Prenotazioni", en = "Bookings" }
members = ["SIP/201", "SIP/202", "SIP/203", "SIP/204", "SIP/205"]
platform_names = ["Prenotazioni CUP"]

[[operator_group]]
code = "info"
operators = 12
"#;

#[test]
fn settings_are_read() {
    let contract = read(SETTINGS);
    let sources = &contract.sources;
    assert_eq!(sources.test_callers.len(), 2);
    let log = &sources.queue_log;
    assert_eq!(log.common_events, CommonEvents::Ignored);
    assert_eq!((log.extension_digits_max, log.onward), (Some(4), None));
    assert_eq!(log.quiet, Some(Millis::from_mins(5)));
    let rules: Vec<(&str, Meaning, usize)> =
        log.events.iter().map(|rule| (rule.event.as_str(), rule.means, rule.value)).collect();
    assert_eq!(
        rules,
        [
            ("INFO", Meaning::IvrServed, 1),
            ("INFO", Meaning::IvrChoice, 1),
            ("RICHIAMAMI", Meaning::CallbackRequested, 0),
        ],
        "the value follows the parameters named"
    );
    assert_eq!(sources.amazon_connect.open_limit, Some(Millis::from_hours(168)));
    assert_eq!(sources.freeswitch.labels.topic.as_deref(), Some("motivo"));
    assert_eq!(sources.genesys.labels.booking_system.as_deref(), Some("sistema"));
    let code = |name: &str| contract.operator_group(name).map(|group| group.code.as_str());
    assert_eq!(code("Prenotazioni CUP"), Some("booking"));
    assert_eq!((code("info"), code("SIP/201")), (Some("info"), None));
    assert_eq!(contract.operator_groups.iter().map(|g| g.size).collect::<Vec<_>>(), [5, 12]);
}

#[test]
fn a_contract_that_is_silent_leaves_the_defaults() {
    let contract = read("");
    assert_eq!(contract.sources, soglia_domain::contract::Sources::default());
    assert_eq!(contract.operator_groups, []);
}

#[test]
fn the_card_says_what_was_agreed() {
    let contract = read(SETTINGS);
    insta::assert_snapshot!(sources_card(&contract, Lang::It).to_text(), @r"
    c1 · lettura delle fonti
    ========================
    Chiamate di prova: chi chiama da +39 02 5550001, 0971 555000
    Eventi propri di queue_log:
      INFO|MENU|*|FINE → risolta dall'IVR (valore: parametro 2)
      INFO|MENU → scelta nell'IVR (valore: parametro 2)
      RICHIAMAMI → richiamata richiesta
      ogni altro evento senza effetto
    Attributi di FreeSWITCH: motivo → argomento
    Attributi di Amazon Connect:
      percorso → percorso nell'IVR
      esito → esito senza operatore
    Attributi di Genesys Cloud: sistema → sistema di prenotazione
    Gruppi di operatori:
      Prenotazioni (booking): 5 operatori
      info (info): 12 operatori
    ");
    insta::assert_snapshot!(sources_card(&contract, Lang::En).to_text(), @r"
    c1 · reading the sources
    ========================
    Test calls: calls from +39 02 5550001, 0971 555000
    Custom events of queue_log:
      INFO|MENU|*|FINE → served by the IVR (value: parameter 2)
      INFO|MENU → choice in the IVR (value: parameter 2)
      RICHIAMAMI → call-back requested
      no other event counts
    Attributes of FreeSWITCH: motivo → topic
    Attributes of Amazon Connect:
      percorso → path through the IVR
      esito → outcome without an operator
    Attributes of Genesys Cloud: sistema → booking system
    Groups of operators:
      Bookings (booking): 5 operators
      info (info): 12 operators
    ");
    insta::assert_snapshot!(sources_card(&read(""), Lang::En).to_text(), @r"
    c1 · reading the sources
    ========================
    Test calls: no caller is a test
    Groups of operators: none: nothing is recorded about groups
    ");
}

#[test]
fn events_that_contradict_are_refused() {
    insta::assert_snapshot!(refused(r#"[[source.queue_log.event]]
event = "CONNECT"
means = "topic"

[[source.queue_log.event]]
event = "INFO"
params = ["A", "*"]
means = "closed"
value = 2

[[source.queue_log.event]]
event = "INFO"
params = ["A", "B"]
means = "topik"
"#), @r"
    contract.toml:14:9: source.queue_log.event[2].means: expected one of `dialled`, `ivr_choice`, `ivr_served`, `queue_status`, `full`, `no_operators`, `closed`, `emptied`, `callback_requested`, `called_back`, `outbound`, `test`, `topic`, `priority_class`, `booking_system`, `note` or `not_contact`, found `topik`
    hint: did you mean `topic`?
    ");
    insta::assert_snapshot!(refused(r#"[[source.queue_log.event]]
event = "CONNECT"
means = "topic"

[[source.queue_log.event]]
event = "INFO"
params = ["A", "*"]
means = "closed"
value = 2

[[source.queue_log.event]]
event = "INFO"
params = ["A", "B"]
means = "topic"

[[source.queue_log.event]]
event = "INFO|MENU"
means = "note"
"#), @r#"
    contract.toml:2:9: source.queue_log.event[0].event: expected an event that the dialplan writes, such as `INFO`, found `CONNECT`
    hint: the queue application's own events always mean the same
    contract.toml:9:9: source.queue_log.event[1].value: expected a meaning that has a value, such as `topic`, found one that has none
    hint: leave it out
    contract.toml:11:1: source.queue_log.event[2]: expected a rule that some event can reach, found one whose events the rule [1] has decided already
    hint: put the narrower rule first
    contract.toml:16:1: source.queue_log.event[3]: expected an event and its parameters, apart from each other, found a `|`
    hint: write the parameters as a list: `params = ["IVR", "*"]`
    "#);
}

#[test]
fn a_mistyped_format_or_setting_is_refused() {
    insta::assert_snapshot!(refused("[source.queuelog]\nquiet = \"5min\"\n"), @r"
    contract.toml:1:9: source.queuelog: expected one of `amazon_connect`, `asterisk_cdr`, `freeswitch`, `genesys`, `queue_log` or `test_callers`, found an unknown key
    hint: did you mean `queue_log`?
    ");
    insta::assert_snapshot!(refused("[source.queue_log]\nquiet = \"2h\"\n"), @r"
    contract.toml:1:9: source.queue_log.onward: expected at least `quiet`, 2h, found 1h
    hint: a call that may go on is waited for longer than one that is over
    ");
    insta::assert_snapshot!(refused("[source.queue_log]\nextension_digits_max = 40\n"), @r"contract.toml:2:24: source.queue_log.extension_digits_max: expected a whole number from 0 to 15, found the number `40`");
    insta::assert_snapshot!(
        refused("[source.genesys.labels]\ntopic = \"a\"\ndisposition = \"a\"\n"), @r"contract.toml:3:15: source.genesys.labels.disposition: expected an attribute of its own, found `a`, which is `topic` already");
    insta::assert_snapshot!(refused("[source]\ntest_callers = [\"0971*\", \"02\", \"02\"]\n"), @r"
    contract.toml:2:17: source.test_callers[0]: expected a caller's number, found `0971*`
    hint: write each number in full, as the platform does
    contract.toml:2:32: source.test_callers[2]: expected each once, found `02` again
    ");
    insta::assert_snapshot!(
        refused("[source.asterisk_cdr]\ninternal_contexts = [\"a\"]\nqueue_contexts = [\"a\"]\n"),
        @r"contract.toml:3:18: source.asterisk_cdr.queue_contexts: expected a context of one kind, found `a`, which `internal_contexts` has too");
}

fn group(members: &[&str]) -> String {
    format!("[[operator_group]]\ncode = \"g\"\nmembers = {members:?}\n")
}

#[test]
fn a_group_of_four_is_refused() {
    insta::assert_snapshot!(refused(&group(&["A", "B", "C", "D"])), @r"
    contract.toml:3:11: operator_group[0].members: expected at least 5 operators, found 4
    hint: join it with another group: figures of few are figures of persons (art. 4 L. 300/1970); a member written in several ways counts once
    ");
    insta::assert_snapshot!(refused("[[operator_group]]\ncode = \"g\"\noperators = 4\n"), @r"
    contract.toml:3:13: operator_group[0].operators: expected at least 5 operators, found 4
    hint: join it with another group: figures of few are figures of persons (art. 4 L. 300/1970); a member written in several ways counts once
    ");
    insta::assert_snapshot!(refused("[[operator_group]]\ncode = \"g\"\n"), @r"
    contract.toml:1:1: operator_group[0].members: expected at least 5 operators, found 0
    hint: join it with another group: figures of few are figures of persons (art. 4 L. 300/1970); a member written in several ways counts once
    ");
    assert_eq!(refused(&group(&["A", "B", "C", "D", "E"])), "accepted");
    assert_eq!(refused("[[operator_group]]\ncode = \"g\"\noperators = 5\n"), "accepted");
}

#[test]
fn an_operator_written_in_several_ways_counts_once() {
    let ways = ["SIP/201", "PJSIP/201", "Local/201@agents/n", "201", "sip/201"];
    assert!(refused(&group(&ways)).contains("at least 5 operators, found 1"));
    let spaced = ["Bea Conti", "bea conti", "Bea  Conti", "BEA CONTI", "BEA   conti"];
    assert!(refused(&group(&spaced)).contains("at least 5 operators, found 1"));
    let named = group(&["Bea Conti", "SIP/201", "SIP/202", "SIP/203", "SIP/204"]);
    assert_eq!(refused(&named), "accepted");
    let known = format!("[source.queue_log.extensions]\n\"Bea Conti\" = \"201\"\n\n{named}");
    assert!(refused(&known).contains("at least 5 operators, found 4"));
}

#[test]
fn patterns_and_wrong_counts_do_not_make_a_group() {
    insta::assert_snapshot!(refused(&group(&["SIP/2*", "A", "B", "C", "D"])), @r"
    contract.toml:3:12: operator_group[0].members[0]: expected one member's name, found `SIP/2*`
    hint: name each member as the fourth field of the log does; patterns are not read
    ");
    let inflated = "operators = 9\n";
    insta::assert_snapshot!(refused(&(group(&["A", "B"]) + inflated)), @r"
    contract.toml:4:13: operator_group[0].operators: expected `2`, as `members` lists, or neither of the two, found the number `9`
    contract.toml:4:13: operator_group[0].operators: expected at least 5 operators, found 2
    hint: join it with another group: figures of few are figures of persons (art. 4 L. 300/1970); a member written in several ways counts once
    ");
}

#[test]
fn an_operator_and_a_name_belong_to_one_group() {
    let two = group(&["A", "B", "C", "D", "E"])
        + "\n[[operator_group]]\ncode = \"h\"\nmembers = [\"a\", \"F\", \"G\", \"H\", \"I\"]\n\
           platform_names = [\"g\"]\n";
    insta::assert_snapshot!(refused(&two), @r"
    contract.toml:6:8: operator_group[1].code: expected names of one group, found `g`, which means `g`
    contract.toml:7:12: operator_group[1].members[0]: expected an operator of one group, found `a`, who is in `g`
    ");
}
