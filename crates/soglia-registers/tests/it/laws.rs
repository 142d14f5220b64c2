//! Laws on random input: what goes out comes in, and history only grows.

use proptest::prelude::*;
use soglia_registers::error::RegisterError;
use soglia_registers::exchange;
use soglia_registers::query::{Order, Query};
use soglia_registers::trail;

use crate::support::{CONTRACT, NOW, World, by, console, on_sqlite, register};

/// A complaint as people might type it, formulas, quotes and line breaks included.
type Complaint = (String, String, u8, String);

fn complaint() -> impl Strategy<Value = Complaint> {
    let line = "[=+@'\"; àß€\\-a-z0-9]{0,12}[a-z]";
    let text = "[=+@'\"; \nàß€,\\-a-zA-Z0-9]{0,40}[a-z.]";
    (line, text, 1_u8..=28, "[ '+0-9/]{0,10}")
}

fn fields(complaint: &Complaint) -> Vec<(&'static str, String)> {
    let (topic, text, day, contact) = complaint;
    vec![
        ("received_on", format!("2023-11-{day:02}")),
        ("channel", "email".to_owned()),
        ("kind", "complaint".to_owned()),
        ("topic", topic.clone()),
        ("text", text.clone()),
        ("contact", contact.clone()),
    ]
}

/// One thing that somebody does to an entry.
#[derive(Clone, Copy, Debug)]
enum Act {
    Edit(u8),
    EditStale(u8),
    Step(&'static str),
}

fn act() -> impl Strategy<Value = Act> {
    let steps = ["take", "answer", "reopen", "close", "withdraw"];
    prop_oneof![
        any::<u8>().prop_map(Act::Edit),
        any::<u8>().prop_map(Act::EditStale),
        (0..steps.len()).prop_map(move |at| Act::Step(steps[at])),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_goes_out_comes_in(complaints in prop::collection::vec(complaint(), 1..6)) {
        on_sqlite(|world| async move { out_and_in(&world, &complaints).await });
    }

    #[test]
    fn history_only_grows(acts in prop::collection::vec(act(), 1..14)) {
        on_sqlite(|world| async move { live(&world, &acts).await });
    }
}

async fn out_and_in(world: &World, complaints: &[Complaint]) {
    for complaint in complaints {
        let fields = fields(complaint);
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(code, text)| (*code, text.as_str())).collect();
        world.create("complaints", &fields).await;
    }
    let (actor, register) = (console(), register("complaints"));
    let mut tx = world.db.write().await.expect("a transaction");
    let query = Query { order: Order::Oldest, ..Query::new(register) };
    let all = tx.find_all(&actor, NOW, &query).await.expect("all");
    let file = exchange::export(register, &all, world.setting.date(NOW));
    let (by, setting) = (by(&actor), &world.setting);
    let imported = exchange::import(&mut tx, &by, setting, register, CONTRACT, &file).await;
    let imported = imported.expect("its own file");
    let n = u64::try_from(complaints.len()).expect("few");
    assert_eq!((imported.rows, imported.unchanged), (n, n), "{:?}", imported.rejected);
}

async fn live(world: &World, acts: &[Act]) {
    let actor = console();
    let complaint = ("attesa".to_owned(), "testo".to_owned(), 2, String::new());
    let first = fields(&complaint);
    let first: Vec<(&str, &str)> = first.iter().map(|(c, t)| (*c, t.as_str())).collect();
    let mut versions = vec![world.create("complaints", &first).await];
    for act in acts {
        let newest = versions.last().expect("there is one").clone();
        let result = match act {
            Act::Edit(n) => {
                world.edit_as(&actor, &newest, &[("topic", &format!("tema {n}"))]).await
            }
            Act::EditStale(n) => {
                let stale = versions.first().expect("there is one");
                let result = world.edit_as(&actor, stale, &[("cause", &format!("{n}"))]).await;
                if 1 < versions.len() {
                    assert!(matches!(result, Err(RegisterError::Conflict(_))));
                }
                result
            }
            Act::Step(step) => {
                let fields =
                    [("answered_on", "2023-11-20"), ("answer", "sì"), ("outcome", "founded")];
                let fields = if *step == "answer" { &fields[..] } else { &[] };
                world.advance_as(&actor, &newest, step, fields).await
            }
        };
        if let Ok(entry) = result {
            assert_eq!(entry.version, newest.version + 1);
            versions.push(entry);
        }
    }
    let mut tx = world.read().await;
    for version in &versions {
        let read = tx.entry_at(&version.id, version.version).await.expect("it is there");
        assert_eq!((&read.values, read.state), (&version.values, version.state));
    }
    drop(tx);
    let verified = trail::verify(&world.db, None).await.expect("a look");
    let n = i64::try_from(versions.len()).expect("few");
    assert_eq!((verified.n_versions, verified.broken), (n, None));
}
