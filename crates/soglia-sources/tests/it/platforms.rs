//! FreeSWITCH, Amazon Connect and Genesys fixtures against what they must become. Read the
//! snapshots as tables; the laws below hold for any bytes at all.

use std::fmt::Write;
use std::io::BufReader;

use proptest::prelude::*;
use soglia_domain::facts::{Call, Disposition, Fact, Message, QueueExit};
use soglia_domain::time::{Instant, Millis};
use soglia_sources::amazon_connect::{self, AmazonConnect, AmazonConnectConfig};
use soglia_sources::freeswitch::{self, FreeSwitchConfig};
use soglia_sources::genesys::{self, GenesysConfig};
use soglia_sources::json_records::SourceError;
use soglia_sources::labels::Labels;
use soglia_sources::outcome::{Emitted, Totals};

use crate::shared_data;

type Read = Result<(Vec<Emitted>, Totals), SourceError>;

fn labels() -> Labels {
    Labels {
        topic: Some("tema".to_owned()),
        priority_class: Some("classe".to_owned()),
        disposition: Some("esito".to_owned()),
        ..Labels::default()
    }
}

fn freeswitch(bytes: &[u8]) -> Read {
    let config = FreeSwitchConfig { labels: labels(), ..FreeSwitchConfig::default() };
    let mut out = Vec::new();
    let totals = freeswitch::read(bytes, &config, &mut |one| out.push(one))?;
    Ok((out, totals))
}

fn connect(bytes: &[u8]) -> Read {
    let mut out = Vec::new();
    let config = AmazonConnectConfig { labels: labels(), ..Default::default() };
    let totals = amazon_connect::read(bytes, config, &mut |one| out.push(one))?;
    Ok((out, totals))
}

fn genesys(bytes: &[u8]) -> Read {
    let mut out = Vec::new();
    let config = GenesysConfig { labels: labels() };
    let totals = genesys::read(bytes, &config, &mut |one| out.push(one))?;
    Ok((out, totals))
}

fn table(read: Read) -> String {
    let (emitted, totals) = match read {
        Ok(read) => read,
        Err(error) => return format!("refused: {error}\n"),
    };
    let mut out = String::new();
    for one in &emitted {
        out.push_str(&line(one));
        out.push('\n');
    }
    assert!(totals.balance(), "rows must balance: {totals:?}");
    write!(
        out,
        "\nrows {} = facts {} + pending {} + duplicates {} + rejected {} + ignored {}\n\
         facts {}, calls {}, queue entries {}, open {}, anomalies {:?}\n",
        totals.rows,
        totals.fact_rows,
        totals.pending_rows,
        totals.duplicate_rows,
        totals.rejected_rows,
        totals.ignored_rows,
        totals.n_facts,
        totals.n_calls,
        totals.n_queue_entries,
        totals.open_calls,
        totals.anomalies,
    )
    .expect("strings take everything");
    out
}

fn line(emitted: &Emitted) -> String {
    match emitted {
        Emitted::Fact { fact: Fact::Call(call, entries), revision, .. } => {
            let mut text = call_line(call);
            write!(text, " | rev {}", revision.map_or("-".to_owned(), at_millis)).expect("string");
            for e in entries {
                write!(
                    text,
                    "\n    {} {:<22} {:<10} {} → {} wait {}",
                    e.ordinal,
                    e.queue,
                    e.exit.name(),
                    clock(Some(e.entered)),
                    clock(Some(e.left)),
                    e.wait
                )
                .expect("string");
            }
            text
        }
        Emitted::Fact { fact: Fact::Message(message), revision, .. } => {
            format!("{} | rev {}", message_line(message), revision.map_or("-".into(), at_millis))
        }
        Emitted::Fact { fact, .. } => format!("{fact:?}"),
        Emitted::Withdrawn { id, .. } => format!("withdrawn {id}"),
        Emitted::Duplicate { row, why } => format!("duplicate row {row}: {why}"),
        Emitted::Rejected(rejected) => {
            let text: String = rejected.text.chars().take(90).collect();
            format!("rejected row {}: {} | {}", rejected.row, rejected.reason, text.trim_end())
        }
        Emitted::Ignored { row, why, .. } => format!("ignored row {row}: {why}"),
    }
}

fn call_line(call: &Call) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or("-".to_owned());
    format!(
        "{:<14} {:<8} {:<18} {} arrived {} answered {} ended {} | wait {} talk {} hold {} wrap {} \
         | transfers {} back {} rang {} | {} {} topic {} class {} group {} from {} | {} \
         rows {}-{}/{}",
        call.id,
        call.direction.name(),
        call.disposition.name(),
        call.arrived.to_string().get(..10).unwrap_or_default(),
        clock(Some(call.arrived)),
        clock(call.answered),
        clock(call.ended),
        long(call.wait),
        long(call.talk),
        long(call.hold),
        long(call.wrap),
        call.transfers,
        clock(call.called_back),
        clock(call.first_rang),
        text(&call.dialled),
        text(&call.ivr_path),
        text(&call.topic),
        text(&call.priority_class),
        text(&call.group),
        call.caller.as_ref().map_or("-", |caller| caller.expose()),
        call.precision,
        call.rows.first,
        call.rows.last,
        call.rows.n,
    )
}

fn message_line(message: &Message) -> String {
    format!(
        "{:<14} {:<8} received {} replied {} topic {} from {} | rows {}-{}/{}",
        message.id,
        message.channel,
        clock(Some(message.received)),
        clock(message.first_reply),
        message.topic.as_deref().unwrap_or("-"),
        message.sender.as_ref().map_or("-", |sender| sender.expose()),
        message.rows.first,
        message.rows.last,
        message.rows.n,
    )
}

fn at_millis(millis: i64) -> String {
    clock(Some(Instant::from_millis(millis)))
}

fn clock(at: Option<Instant>) -> String {
    at.map_or("-".to_owned(), |at| at.to_string().get(11..23).unwrap_or_default().to_owned())
}

fn long(span: Option<Millis>) -> String {
    span.map_or("-".to_owned(), |span| span.to_string())
}

macro_rules! fixture {
    ($read:ident, $name:literal) => {
        table($read(include_bytes!(concat!("../../fixtures/", $name))))
    };
}

#[test]
fn freeswitch_fixtures() {
    insta::assert_snapshot!("freeswitch_basic_csv", fixture!(freeswitch, "freeswitch/basic.csv"));
    insta::assert_snapshot!("freeswitch_basic_json", fixture!(freeswitch, "freeswitch/basic.json"));
    insta::assert_snapshot!("freeswitch_messy_csv", fixture!(freeswitch, "freeswitch/messy.csv"));
    let messy = fixture!(freeswitch, "freeswitch/messy.jsonl");
    insta::assert_snapshot!("freeswitch_messy_json", messy);
    let change = fixture!(freeswitch, "freeswitch/clock-change.csv");
    insta::assert_snapshot!("freeswitch_clock_change", change);
    let cut = fixture!(freeswitch, "freeswitch/truncated.csv")
        + &fixture!(freeswitch, "freeswitch/truncated.json");
    insta::assert_snapshot!("freeswitch_truncated", cut);
    let other = fixture!(freeswitch, "freeswitch/unrelated.csv")
        + &fixture!(freeswitch, "freeswitch/unrelated.json");
    insta::assert_snapshot!("freeswitch_unrelated", other);
}

#[test]
fn amazon_connect_fixtures() {
    insta::assert_snapshot!("connect_basic", fixture!(connect, "amazon_connect/basic.jsonl"));
    insta::assert_snapshot!("connect_messy", fixture!(connect, "amazon_connect/messy.jsonl"));
    let change = fixture!(connect, "amazon_connect/clock-change.json");
    insta::assert_snapshot!("connect_clock_change", change);
    let cut = fixture!(connect, "amazon_connect/truncated.json");
    insta::assert_snapshot!("connect_truncated", cut);
    let other = fixture!(connect, "amazon_connect/unrelated.csv")
        + &fixture!(connect, "amazon_connect/unrelated.json");
    insta::assert_snapshot!("connect_unrelated", other);
}

#[test]
fn genesys_fixtures() {
    insta::assert_snapshot!("genesys_basic", fixture!(genesys, "genesys/basic.json"));
    insta::assert_snapshot!("genesys_messy", fixture!(genesys, "genesys/messy.jsonl"));
    insta::assert_snapshot!("genesys_clock_change", fixture!(genesys, "genesys/clock-change.json"));
    insta::assert_snapshot!("genesys_truncated", fixture!(genesys, "genesys/truncated.json"));
    let other =
        fixture!(genesys, "genesys/unrelated.json") + &fixture!(genesys, "genesys/unrelated.txt");
    insta::assert_snapshot!("genesys_unrelated", other);
}

/// Files as the importer meets them: the same contacts in one file or one contact per file.
#[test]
fn contacts_in_files_of_their_own_become_the_same_calls() {
    let whole = include_str!("../../fixtures/amazon_connect/basic.jsonl");
    let (together, _) = connect(whole.as_bytes()).expect("contact records");
    let mut parser =
        AmazonConnect::new(AmazonConnectConfig { labels: labels(), ..Default::default() });
    let mut apart = Vec::new();
    let mut n_earlier = 0;
    for (at, record) in whole.lines().enumerate() {
        // Half-way the program stops: what is open is written and read again.
        let saved = serde_json::to_string(&parser.open(nameless)).expect("plain data");
        assert!(!saved.contains("+3900000000"), "no caller is written: {saved}");
        let totals = parser
            .read(&format!("file-{at}"), record.as_bytes(), &mut |one| apart.push(one))
            .expect("a contact record");
        assert!(totals.balance(), "{totals:?}");
    }
    assert!(parser.open(nameless) == AmazonConnect::default().open(nameless), "nothing stays open");
    let mut ids = |emitted: &[Emitted], count: bool| {
        let mut seen = Vec::new();
        for one in emitted {
            let Emitted::Fact { fact, earlier, .. } = one else { continue };
            if count {
                n_earlier += earlier.iter().map(|rows| rows.n).sum::<u32>();
            }
            seen.push(match fact {
                Fact::Call(call, entries) => {
                    format!("{} {:?} {:?} {}", call.id, call.disposition, call.wait, entries.len())
                }
                other => match other {
                    Fact::Message(m) => format!("{} {:?}", m.id, m.first_reply),
                    _ => unreachable!("contact records are calls and messages"),
                },
            });
        }
        seen.sort();
        seen
    };
    assert_eq!(ids(&together, false), ids(&apart, true));
    assert_eq!(n_earlier, 4, "the first legs of four chains stood in earlier files");
}

#[test]
fn open_contacts_survive_being_written() {
    let whole = include_str!("../../fixtures/amazon_connect/basic.jsonl");
    let leg = |id: &str| {
        let mark = format!("\"ContactId\":\"{id}\"");
        whole.lines().find(|line| line.contains(&mark)).expect("in the fixture").to_owned()
    };
    let config = AmazonConnectConfig::default;
    let mut first = AmazonConnect::new(config());
    let totals = first.read("a", leg("moved").as_bytes(), &mut |one| panic!("{one:?}"));
    let totals = totals.expect("a contact record");
    assert_eq!((totals.pending_rows, totals.open_calls), (1, 1));
    let saved = serde_json::to_string(&first.open(nameless)).expect("plain data");
    let open = serde_json::from_str(&saved).expect("what was written");
    let mut second = AmazonConnect::resume(config(), open);
    let mut out = Vec::new();
    second.read("b", leg("moved-2").as_bytes(), &mut |one| out.push(one)).expect("a record");
    let [Emitted::Fact { fact: Fact::Call(call, entries), earlier, .. }] = out.as_slice() else {
        panic!("one call: {out:?}");
    };
    assert_eq!((call.id.as_str(), call.transfers, entries.len()), ("moved", 1, 2));
    assert_eq!(earlier.iter().map(|rows| rows.file.as_str()).collect::<Vec<_>>(), ["a"]);
    assert_eq!(call.caller, None, "callers' numbers are never written");
}

#[test]
fn more_contacts_than_are_held_are_all_read() {
    let one = include_str!("../../fixtures/amazon_connect/basic.jsonl").lines().next();
    let one = one.expect("the fixture has lines");
    let many: String =
        (0..45_000).map(|n| one.replace("\"answered\"", &format!("\"{n}\"")) + "\n").collect();
    let mut n_calls = 0_u64;
    let reader = BufReader::new(many.as_bytes());
    let totals =
        amazon_connect::read(reader, AmazonConnectConfig::default(), &mut |_| n_calls += 1);
    let totals = totals.expect("contact records");
    assert_eq!((totals.n_calls, n_calls), (45_000, 45_000));
    assert!(totals.balance());
}

/// A published contact record: queued at 17:14:46 and answered at 17:20:32, so a wait of 346 s,
/// which is also what the record's own `Duration` says; 239 s of talk and 221 s of hold; handed
/// to an outside number at 17:28:12; the caller hung up at 17:47:28.
#[test]
fn a_published_contact_record() {
    let Some(bytes) = shared_data::file("platforms/amazon-connect-ctr.json") else { return };
    let (emitted, totals) = connect(&bytes).expect("contact records");
    assert!(totals.balance());
    let [Emitted::Fact { fact: Fact::Call(call, entries), revision, .. }] = emitted.as_slice()
    else {
        panic!("one call: {emitted:?}");
    };
    assert_eq!(call.disposition, Disposition::Answered);
    assert_eq!(call.wait, Some(Millis::from_secs(346)));
    assert_eq!(call.talk, Some(Millis::from_secs(239)));
    assert_eq!(call.hold, Some(Millis::from_secs(221)));
    assert_eq!(call.wrap, Some(Millis::from_secs(5)));
    assert_eq!(call.transfers, 1);
    assert_eq!(call.arrived.to_string(), "2022-01-05T17:12:59.000Z");
    assert_eq!(call.ended.map(|at| at.to_string()).as_deref(), Some("2022-01-05T17:47:28.000Z"));
    assert_eq!(call.group.as_deref(), Some("TCC ALL"));
    assert_eq!(call.precision, Millis::from_secs(1));
    assert_eq!(entries.first().map(|e| e.exit), Some(QueueExit::Answered));
    assert_eq!(revision.map(at_millis).as_deref(), Some("17:48:35.000"));
}

/// Two published chats: the operator joined at 12:28:04.569 and at 15:30:57.809; the second
/// writes days without a leading zero and does not say when the conversation ended.
#[test]
fn published_conversations() {
    for (name, received, replied) in [
        ("platforms/conversation1.json", "12:27:53.386", "12:28:04.569"),
        ("platforms/conversation2.json", "15:30:51.418", "15:30:57.809"),
    ] {
        let Some(bytes) = shared_data::file(name) else { return };
        let (emitted, totals) = genesys(&bytes).expect("conversations");
        assert!(totals.balance());
        let [Emitted::Fact { fact: Fact::Message(message), .. }] = emitted.as_slice() else {
            panic!("one chat: {emitted:?}");
        };
        assert_eq!(message.channel, "chat");
        assert_eq!(clock(Some(message.received)), received);
        assert_eq!(clock(message.first_reply), replied);
        let padded = totals.anomalies.get("unpadded_instant").copied().unwrap_or(0);
        assert_eq!(padded > 0, name.contains('2'));
    }
}

/// Bytes that look like the formats: fixtures, cut, glued and with bytes changed.
fn spoiled() -> impl Strategy<Value = Vec<u8>> {
    let seeds: [&[u8]; 9] = [
        include_bytes!("../../fixtures/freeswitch/basic.csv"),
        include_bytes!("../../fixtures/freeswitch/messy.csv"),
        include_bytes!("../../fixtures/freeswitch/basic.json"),
        include_bytes!("../../fixtures/freeswitch/messy.jsonl"),
        include_bytes!("../../fixtures/amazon_connect/basic.jsonl"),
        include_bytes!("../../fixtures/amazon_connect/messy.jsonl"),
        include_bytes!("../../fixtures/amazon_connect/clock-change.json"),
        include_bytes!("../../fixtures/genesys/basic.json"),
        include_bytes!("../../fixtures/genesys/messy.jsonl"),
    ];
    let change = (any::<prop::sample::Index>(), any::<u8>());
    let cut = (any::<prop::sample::Index>(), any::<prop::sample::Index>());
    (prop::sample::select(seeds.to_vec()), cut, prop::collection::vec(change, 0..6)).prop_map(
        |(seed, (from, to), changes)| {
            let mut bytes = seed.to_vec();
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            // Mostly a whole file with its end cut off, at times a piece from the middle.
            if from % 3 == 0 {
                bytes.drain(..from.min(to));
            } else {
                bytes.truncate(from.max(to));
            }
            bytes
        },
    )
}

/// What must hold whatever the bytes were.
fn laws(read: Read) {
    let Ok((emitted, totals)) = read else { return };
    assert!(totals.balance(), "{totals:?}");
    let mut again = Totals { rows: totals.rows, ..Totals::default() };
    for one in &emitted {
        again.count(one);
        let Emitted::Fact { fact: Fact::Call(call, entries), .. } = one else { continue };
        assert_eq!(
            call.answered.is_some() || call.direction != soglia_domain::facts::Direction::Inbound,
            call.disposition == Disposition::Answered
                || call.direction != soglia_domain::facts::Direction::Inbound,
            "an answer has an instant: {call:?}"
        );
        assert!(call.wait.is_none_or(|wait| Millis::ZERO <= wait), "{call:?}");
        assert!(call.talk.is_none_or(|talk| Millis::ZERO <= talk), "{call:?}");
        assert_eq!(call.first_queue.is_some(), !entries.is_empty());
        for entry in entries {
            assert_eq!(entry.left - entry.entered, entry.wait);
            assert!(Millis::ZERO <= entry.wait, "{entry:?}");
            assert_eq!(entry.answered.is_some(), entry.exit == QueueExit::Answered);
        }
    }
    assert_eq!(again.fact_rows, totals.fact_rows);
    assert_eq!(again.n_queue_entries, totals.n_queue_entries);
    assert_eq!(again.rejected_rows, totals.rejected_rows);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn spoiled_files_never_panic_and_always_balance(bytes in spoiled()) {
        laws(freeswitch(&bytes));
        laws(connect(&bytes));
        laws(genesys(&bytes));
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        laws(freeswitch(&bytes));
        laws(connect(&bytes));
        laws(genesys(&bytes));
    }

    #[test]
    fn chunks_of_the_stream_do_not_matter(bytes in spoiled(), size in 1_usize..64) {
        let chunked = || BufReader::with_capacity(size, bytes.as_slice());
        let mut out = Vec::new();
        let config = FreeSwitchConfig { labels: labels(), ..FreeSwitchConfig::default() };
        let small = freeswitch::read(chunked(), &config, &mut |one| out.push(one)).ok();
        let whole = freeswitch(&bytes).ok();
        prop_assert_eq!(small.map(|totals| (out, totals)), whole);
        let mut out = Vec::new();
        let config = GenesysConfig { labels: labels() };
        let small = genesys::read(chunked(), &config, &mut |one| out.push(one)).ok();
        prop_assert_eq!(small.map(|totals| (out, totals)), genesys(&bytes).ok());
    }
}

/// Keeps nothing of a caller's number.
fn nameless(_: &str, _: Instant) -> String {
    String::new()
}
