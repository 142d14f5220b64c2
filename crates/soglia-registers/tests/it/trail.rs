//! The audit trail: what was tampered with is found, at its place.

use serde_json::json;
use soglia_registers::database::Location;
use soglia_registers::trail::{self, Event, Fault, Head};

use crate::support::{NOW, World, console};

both!(
    a_whole_chain_holds,
    every_way_of_tampering_is_found,
    the_database_itself_refuses_to_edit_links,
    a_cut_tail_is_seen_by_who_kept_the_head,
    writers_come_one_after_the_other,
    what_is_not_committed_has_not_happened,
);

const COMPLAINT: &[(&str, &str)] = &[
    ("received_on", "2023-11-02"),
    ("channel", "email"),
    ("kind", "complaint"),
    ("topic", "attesa"),
    ("complainant", "Anna Bianchi"),
    ("text", "Ho atteso mezz'ora"),
];

async fn a_whole_chain_holds(world: World) {
    let entry = world.create("complaints", COMPLAINT).await;
    let entry = world.edit(&entry, &[("topic", "tempo di attesa")]).await;
    world.advance(&entry, "take", &[]).await;
    let verified = trail::verify(&world.db, None).await.expect("a look");
    assert_eq!((verified.n_links, verified.n_versions, verified.broken), (3, 3, None));
    let mut tx = world.read().await;
    let links = trail::links_of(&mut tx, &entry.id).await.expect("links");
    let actions: Vec<&str> = links.iter().map(|link| link.action.as_str()).collect();
    assert_eq!(actions, ["entry.create", "entry.edit", "entry.move"]);
    assert!(links.iter().all(|link| link.actor == "console:tester" && link.at == NOW));
    assert_eq!(links[0].detail_text("reason").as_deref(), Some("prova"));
}

async fn every_way_of_tampering_is_found(world: World) {
    // Each statement is tried on a database of its own: what came before must not hide it.
    let cases: [(&str, &str, i64, Fault); 11] = [
        ("actor", "UPDATE trail SET actor = 'altro' WHERE seq = 2", 2, Fault::Content),
        ("time", "UPDATE trail SET at_ms = at_ms - 1 WHERE seq = 2", 2, Fault::Content),
        ("reason", "UPDATE trail SET detail = '{}' WHERE seq = 2", 2, Fault::Detail),
        (
            "reason removed",
            "UPDATE trail SET detail = NULL, salt = NULL WHERE seq = 2",
            2,
            Fault::DetailMissing,
        ),
        (
            "hash recomputed, so to say",
            "UPDATE trail SET hash = previous WHERE seq = 2",
            2,
            Fault::Content,
        ),
        (
            "a value",
            "UPDATE entry_versions SET field_values = \
             REPLACE(field_values, 'mezz''ora', 'un minuto') WHERE version = 1",
            1,
            Fault::FieldValue,
        ),
        (
            "a value removed",
            "UPDATE entry_versions SET field_values = '{}' WHERE version = 2",
            2,
            Fault::FieldMissing,
        ),
        (
            "the state of a version",
            "UPDATE entry_versions SET body = REPLACE(body, 'in_hand', 'received') \
             WHERE version = 3",
            3,
            Fault::Version,
        ),
        ("a version", "DELETE FROM entry_versions WHERE version = 2", 2, Fault::VersionMissing),
        ("what is shown", "UPDATE entries SET state = 'closed'", 3, Fault::Current),
        (
            "a value shown",
            "UPDATE entry_values SET text = 'lode' WHERE field = 'topic'",
            3,
            Fault::Current,
        ),
    ];
    let entry = world.create("complaints", COMPLAINT).await;
    let entry = world.edit(&entry, &[("topic", "tempo di attesa")]).await;
    world.advance(&entry, "take", &[]).await;
    for (what, sql, seq, fault) in cases {
        let undo = Undo::new(&world).await;
        world.tamper(sql).await;
        let broken = trail::verify(&world.db, None).await.expect("a look").broken;
        let broken = broken.unwrap_or_else(|| panic!("{what} was not noticed"));
        assert_eq!((broken.seq, broken.fault), (seq, fault), "{what}");
        undo.run(&world).await;
        world.assert_trail_holds().await;
    }
    world.tamper("DELETE FROM trail WHERE seq = 2 AND object = 'nothing'").await;
    world.assert_trail_holds().await;
}

/// The rows as they were.
struct Undo {
    trail: Vec<Vec<(String, Option<String>)>>,
    versions: Vec<(i64, i64, String, String)>,
}

impl Undo {
    async fn new(world: &World) -> Self {
        let mut tx = world.read().await;
        let rows = tx
            .rows("SELECT seq, actor, at_ms, detail, salt, hash FROM trail ORDER BY seq", &[])
            .await
            .expect("rows");
        let trail = rows.iter().map(|row| {
            vec![
                ("seq".to_owned(), Some(row.int(0).to_string())),
                ("actor".to_owned(), Some(row.text(1))),
                ("at_ms".to_owned(), Some(row.int(2).to_string())),
                ("detail".to_owned(), row.text_opt(3)),
                ("salt".to_owned(), row.text_opt(4)),
                ("hash".to_owned(), Some(row.text(5))),
            ]
        });
        let trail = trail.collect();
        let sql = "SELECT version, seq, body, field_values FROM entry_versions ORDER BY version";
        let rows = tx.rows(sql, &[]).await.expect("rows");
        let versions =
            rows.iter().map(|row| (row.int(0), row.int(1), row.text(2), row.text(3))).collect();
        Self { trail, versions }
    }

    async fn run(self, world: &World) {
        for row in self.trail {
            let seq = row[0].1.clone().expect("a number");
            for (column, value) in row.into_iter().skip(1) {
                let number = column == "at_ms";
                let value = match value {
                    None => "NULL".to_owned(),
                    Some(value) if number => value,
                    Some(value) => format!("'{}'", value.replace('\'', "''")),
                };
                let sql = format!("UPDATE trail SET {column} = {value} WHERE seq = {seq}");
                world.tamper_quietly(&sql).await;
            }
        }
        for (version, seq, body, values) in self.versions {
            let quoted = |text: &str| text.replace('\'', "''");
            let sql = format!(
                "INSERT INTO entry_versions (entry, version, seq, body, field_values) \
                 VALUES ('REC-1', {version}, {seq}, '{0}', '{1}') \
                 ON CONFLICT (entry, version) DO UPDATE SET body = '{0}', field_values = '{1}'",
                quoted(&body),
                quoted(&values)
            );
            world.tamper_quietly(&sql).await;
        }
        world.tamper_quietly("UPDATE entries SET state = 'in_hand'").await;
        let sql = "UPDATE entry_values SET text = 'tempo di attesa' WHERE field = 'topic'";
        world.tamper_quietly(sql).await;
    }
}

async fn the_database_itself_refuses_to_edit_links(world: World) {
    world.create("complaints", COMPLAINT).await;
    for sql in ["UPDATE trail SET actor = 'x'", "DELETE FROM trail"] {
        let mut tx = world.db.write().await.expect("a transaction");
        let problem = tx.run(sql, &[]).await.expect_err("the trigger refuses");
        let cause = std::error::Error::source(&problem).expect("a cause").to_string();
        assert!(cause.contains("append-only"), "{cause}");
    }
    world.assert_trail_holds().await;
}

async fn a_cut_tail_is_seen_by_who_kept_the_head(world: World) {
    for _ in 0..3 {
        world.create("complaints", COMPLAINT).await;
    }
    let head = trail::verify(&world.db, None).await.expect("a look").head;
    assert_eq!(head.seq, 3);
    let kept = trail::verify(&world.db, Some(&head)).await.expect("a look");
    assert_eq!(kept.broken, None);
    // The last entry is removed with everything that belongs to it, and the head is set back.
    for table in ["entry_values", "entry_links", "entry_files", "entry_versions"] {
        world.tamper_quietly(&format!("DELETE FROM {table} WHERE entry = 'REC-3'")).await;
    }
    world.tamper_quietly("DELETE FROM entries WHERE id = 'REC-3'").await;
    world.tamper_quietly("DELETE FROM trail WHERE seq = 3").await;
    let hash = "(SELECT hash FROM trail WHERE seq = 2)";
    world.tamper_quietly(&format!("UPDATE trail_head SET seq = 2, hash = {hash}")).await;
    world.assert_trail_holds().await;
    let broken = trail::verify(&world.db, Some(&head)).await.expect("a look").broken;
    assert_eq!(broken.map(|broken| broken.fault), Some(Fault::Head));
    let other = Head { seq: 2, hash: head.hash };
    let broken = trail::verify(&world.db, Some(&other)).await.expect("a look").broken;
    assert_eq!(broken.map(|broken| (broken.seq, broken.fault)), Some((2, Fault::Head)));
}

async fn writers_come_one_after_the_other(world: World) {
    let world = std::sync::Arc::new(world);
    let tasks: Vec<_> = (0..12)
        .map(|_| {
            let world = std::sync::Arc::clone(&world);
            tokio::spawn(async move {
                for _ in 0..4 {
                    world.create("complaints", COMPLAINT).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no task fails");
    }
    let verified = trail::verify(&world.db, None).await.expect("a look");
    assert_eq!((verified.n_links, verified.broken), (48, None));
    let mut tx = world.read().await;
    let row = tx.one("SELECT COUNT(DISTINCT number), MAX(number) FROM entries", &[]).await;
    let row = row.expect("a count");
    assert_eq!((row.int(0), row.int(1)), (48, 48));
}

async fn what_is_not_committed_has_not_happened(world: World) {
    world.create("complaints", COMPLAINT).await;
    let mut tx = world.db.write().await.expect("a transaction");
    let actor = console();
    let draft = crate::support::draft("complaints", COMPLAINT);
    let register = crate::support::register("complaints");
    let by = crate::support::by(&actor);
    let entry = tx.create(&by, &world.setting, register, draft).await.expect("a good entry");
    assert_eq!(entry.id, "REC-2");
    drop(tx);
    let verified = trail::verify(&world.db, None).await.expect("a look");
    assert_eq!((verified.n_links, verified.broken), (1, None));
    assert!(world.read().await.entry("REC-2").await.is_err());
    // A change without a link is a fault of the program and cannot be committed.
    let tx = world.db.write().await.expect("a transaction");
    let commit = tokio::spawn(tx.commit()).await;
    assert!(commit.is_err(), "it panics");
}

/// A link about something that is no entry.
#[test]
fn links_of_other_things_are_followed_too() {
    crate::support::on_sqlite(|world| async move {
        assert!(matches!(world.location, Location::Sqlite(_)));
        let mut tx = world.db.write().await.expect("a transaction");
        let detail = json!({ "reason": "prova", "purpose": "reclamo REC-1" });
        let event = Event {
            actor: "U-1",
            at: NOW,
            action: "access.call",
            object: "call:1688.1",
            digest: "",
            detail,
        };
        assert_eq!(tx.record(event).await.expect("a link"), 1);
        tx.commit().await.expect("a commit");
        world.assert_trail_holds().await;
    });
}

/// SQLite does not mind what a column holds; we do.
#[test]
fn numbers_that_are_none_are_an_error_not_a_panic() {
    crate::support::on_sqlite(|world| async move {
        world.create("complaints", COMPLAINT).await;
        world.tamper("UPDATE trail SET at_ms = 'ieri' WHERE seq = 1").await;
        let problem = trail::verify(&world.db, None).await.expect_err("it cannot be read");
        assert!(problem.to_string().contains("holds TEXT, not INTEGER"), "{problem}");
    });
}
