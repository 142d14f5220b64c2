//! Parsers that read as a contract agrees. Read [`the_dialplans_own_events`] first.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use soglia_domain::contract::{Contract, parse};
use soglia_domain::facts::{Call, Disposition, Fact};
use soglia_domain::time::Instant;
use soglia_sources::amazon_connect::{AmazonConnect, AmazonConnectConfig};
use soglia_sources::asterisk_cdr::CdrConfig;
use soglia_sources::freeswitch::FreeSwitchConfig;
use soglia_sources::genesys::GenesysConfig;
use soglia_sources::outcome::{Emitted, Totals};
use soglia_sources::queue_log::{End, QueueLogConfig, QueueLogParser};

const HEAD: &str = r#"[contract]
code = "c1"
title = "Prova"
authority = "Comune"
supplier = ["Ditta"]

[[calendar.main]]
valid_from = 2022-01-01
always = true

[service.cup]
name = "CUP"
calendar = "main"

"#;

fn contract(tables: &str) -> Contract {
    parse(&format!("{HEAD}{tables}"), "contract.toml").unwrap_or_else(|error| panic!("{error}"))
}

fn calls(log: &str, contract: &Contract) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut parser = QueueLogParser::new(QueueLogConfig::agreed("1", TimeZone::UTC, contract));
    let mut take = |emitted| {
        if let Emitted::Fact { fact: Fact::Call(call, _), .. } = emitted {
            calls.push(call);
        }
    };
    for (row, line) in (1..).zip(log.split_inclusive('\n')) {
        parser.push(row, line.as_bytes(), &mut take);
    }
    parser.finish(End::Final, &mut take);
    calls.sort_by(|a, b| a.id.cmp(&b.id));
    calls
}

const LOG: &str = "\
1688364000|1.1|NONE|NONE|INFO|MENU|5|FINE
1688364010|1.2|NONE|NONE|INFO|IVR|principale|servito
1688364020|1.3|q|NONE|ENTERQUEUE||+390971555000|1
1688364025|1.3|q|SIP/201|CONNECT|5|1.9|1
1688364060|1.3|q|SIP/201|COMPLETECALLER|5|35|1
1688364061|1.3|q|NONE|INFO|MOTIVO|disdetta
1688364070|1.4|q|NONE|ENTERQUEUE||0971222333|1
1688364075|1.4|q|SIP/201|CONNECT|5|1.9|1
1688364080|1.4|q|NONE|INFO|MOTIVO|disdetta
1688364090|1.4|q|SIP/201|COMPLETECALLER|5|15|1
1688364100|1.5|q|NONE|ENTERQUEUE||0971222444|1
1688364110|1.5|q|SIP/999|CONNECT|10|1.9|1
1688364120|1.5|q|SIP/999|COMPLETEAGENT|10|10|1
1688364130|1.6|q|NONE|ENTERQUEUE||0971222555|1
1688364140|1.6|q|NONE|RICHIAMAMI|
1688364150|1.6|q|NONE|EXITWITHKEY|9|1|1|20
";

const AGREED: &str = r#"[source]
test_callers = ["0971 555000"]

[[source.queue_log.event]]
event = "INFO"
params = ["MENU", "*", "FINE"]
means = "ivr_served"
value = 1

[[source.queue_log.event]]
event = "INFO"
params = ["MOTIVO"]
means = "topic"

[[source.queue_log.event]]
event = "RICHIAMAMI"
means = "callback_requested"

[[operator_group]]
code = "booking"
members = ["SIP/201", "SIP/202", "SIP/203", "SIP/204", "SIP/205"]
"#;

fn told(calls: &[Call]) -> String {
    calls.iter().fold(String::new(), |mut text, call| {
        let Call { id, disposition, topic, group, .. } = call;
        let (topic, group) = (topic.as_deref().unwrap_or("-"), group.as_deref().unwrap_or("-"));
        writeln!(text, "{id} {} {topic} {group}", disposition.name()).expect("text grows");
        text
    })
}

#[test]
fn the_dialplans_own_events() {
    insta::assert_snapshot!(told(&calls(LOG, &contract(AGREED))), @r"
    1.1 ivr_contained - -
    1.2 ivr_contained - -
    1.3 test disdetta booking
    1.4 answered disdetta booking
    1.5 answered - -
    1.6 callback_requested - -
    ");
    insta::assert_snapshot!(told(&calls(LOG, &contract(""))), @r"
    1.2 ivr_contained - -
    1.3 answered - -
    1.4 answered - -
    1.5 answered - -
    1.6 abandoned_in_queue - -
    ");
}

#[test]
fn common_words_can_be_switched_off() {
    let only = contract("[source.queue_log]\ncommon_events = \"ignored\"\n");
    assert!(!calls(LOG, &only).iter().any(|call| call.id == "1.2"), "INFO|IVR says nothing");
    assert!(calls(LOG, &contract("")).iter().any(|call| call.id == "1.2"));
}

#[test]
fn other_platforms_read_as_agreed() {
    let contract = contract(
        "[source.asterisk_cdr]\noutbound_contexts = [\"campagne\"]\ndialled_mark = \"did=\"\n\
         [source.freeswitch]\npublic_contexts = [\"citizens\"]\nlabels = { topic = \"motivo\" }\n\
         [source.genesys.labels]\nbooking_system = \"sistema\"\n\
         [source.amazon_connect]\nopen_limit = \"48h\"\n",
    );
    let cdr = CdrConfig::agreed(TimeZone::UTC, &contract);
    assert!(cdr.outbound_contexts.contains("campagne"));
    assert_eq!(cdr.outbound_contexts.len(), 1, "the contract's list, not added to the default");
    assert_eq!((cdr.dialled_mark.as_str(), cdr.extension_digits_max), ("did=", 5));
    assert!(cdr.queue_contexts.contains("coda"), "what is left out stays the default");
    let freeswitch = FreeSwitchConfig::agreed(&contract);
    assert_eq!(freeswitch.public_contexts, ["citizens"]);
    assert_eq!(freeswitch.labels.topic.as_deref(), Some("motivo"));
    let genesys = GenesysConfig::agreed(&contract);
    assert_eq!(genesys.labels.booking_system.as_deref(), Some("sistema"));
    let connect = AmazonConnectConfig::agreed(&contract);
    assert_eq!(connect.open_limit.get(), 48 * 3_600_000);
}

/// Reads Connect's records, one file each.
fn connect(files: &[&str], contract: &Contract) -> (Vec<Emitted>, Vec<Totals>) {
    let mut out = Vec::new();
    let mut totals = Vec::new();
    let mut open = AmazonConnect::default().open(nameless);
    for (at, text) in files.iter().enumerate() {
        // Each file is read by a program of its own, as imports are.
        let saved = serde_json::to_string(&open).expect("plain data");
        let open_again = serde_json::from_str(&saved).expect("what was written");
        let mut parser = AmazonConnect::resume(AmazonConnectConfig::agreed(contract), open_again);
        let read = parser.read(&format!("{at}"), text.as_bytes(), &mut |one| out.push(one));
        totals.push(read.expect("contact records"));
        open = parser.open(nameless);
    }
    assert!(totals.iter().all(Totals::balance), "{totals:?}");
    (out, totals)
}

fn record(id: &str, day: u32, more: &str) -> String {
    format!(
        "{{\"ContactId\":\"{id}\",\"Channel\":\"VOICE\",\"InitiationMethod\":\"INBOUND\",\
         \"InitiationTimestamp\":\"2023-07-{day:02}T08:00:00Z\",\
         \"LastUpdateTimestamp\":\"2023-07-{day:02}T08:10:00Z\"{more}}}\n"
    )
}

const ENDED: &str = ",\"DisconnectTimestamp\":\"2023-07-03T08:05:00Z\"";

fn told_connect(out: &[Emitted]) -> String {
    let mut text = String::new();
    for one in out {
        let Emitted::Fact { fact, earlier, .. } = one else { panic!("{one:?}") };
        let n: u32 = earlier.iter().map(|rows| rows.n).sum();
        match fact {
            Fact::Call(call, _) => {
                let name = call.disposition.name();
                writeln!(text, "{} {name} at {}, {n} rows before", call.id, call.arrived)
            }
            Fact::Message(message) => {
                writeln!(text, "{} message, excluded {:?}", message.id, message.excluded)
            }
            other => panic!("{other:?}"),
        }
        .expect("text grows");
    }
    text
}

#[test]
fn legs_whose_first_contact_never_comes_become_what_is_known() {
    let answered = ",\"InitialContactId\":\"root\",\"PreviousContactId\":\"root\",\
        \"Queue\":{\"Name\":\"q\",\"EnqueueTimestamp\":\"2023-07-03T08:00:00Z\",\
        \"DequeueTimestamp\":\"2023-07-03T08:00:09Z\"},\
        \"Agent\":{\"ConnectedToAgentTimestamp\":\"2023-07-03T08:00:09Z\"}";
    let leg = record("leg", 3, &format!("{ENDED}{answered}"));
    let never_ends = record("open", 3, "");
    let mail = record("mail", 3, &format!("{ENDED},\"InitialContactId\":\"first\""))
        .replace("VOICE", "EMAIL")
        .replace("INBOUND", "AGENT_REPLY");
    let first = format!("{leg}{never_ends}{mail}");
    let thirteen = record("later", 16, &ENDED.replace("-03T", "-16T"));
    let fourteen = record("later-2", 17, &ENDED.replace("-03T", "-17T"));
    let fifteen = record("later-3", 18, &ENDED.replace("-03T", "-18T"));
    let silent = contract("");
    let (out, totals) = connect(&[&first, &thirteen, &fourteen], &silent);
    assert_eq!(told_connect(&out).lines().count(), 2, "exactly two weeks are not more: {out:?}");
    assert_eq!(totals.last().map(|t| t.open_calls), Some(3));
    let (out, totals) = connect(&[&first, &thirteen, &fifteen], &silent);
    insta::assert_snapshot!(told_connect(&out), @r#"
    later ivr_contained at 2023-07-16T08:00:00.000Z, 0 rows before
    later-3 ivr_contained at 2023-07-18T08:00:00.000Z, 0 rows before
    root answered at 2023-07-03T08:00:00.000Z, 1 rows before
    open technical_failure at 2023-07-03T08:00:00.000Z, 1 rows before
    first message, excluded Some("first_contact_missing")
    "#);
    let last = totals.last().expect("three files");
    assert_eq!((last.open_calls, last.pending_rows), (0, 0));
    insta::assert_snapshot!(format!("{:?}", last.anomalies), @r#"
    {"contact_never_ended": 1, "first_contact_missing": 2}
    "#);
    let (sooner, _) = connect(
        &[&first, &record("next", 6, &ENDED.replace("-03T", "-06T"))],
        &contract("[source.amazon_connect]\nopen_limit = \"48h\"\n"),
    );
    assert_eq!(told_connect(&sooner).lines().count(), 4, "the contract's own limit counts");
    let Some(Emitted::Fact { fact: Fact::Call(call, _), .. }) = sooner.get(1) else {
        panic!("a call: {sooner:?}");
    };
    assert_eq!(call.disposition, Disposition::Answered);
}

/// Keeps nothing of a caller's number.
fn nameless(_: &str, _: Instant) -> String {
    String::new()
}
