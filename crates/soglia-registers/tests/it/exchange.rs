//! Registers as files: totals balance, nothing is taken in twice.

use soglia_domain::access::Role;
use soglia_registers::erasure::{self, Subject};
use soglia_registers::error::RegisterError;
use soglia_registers::exchange::{self, Imported};
use soglia_registers::query::Query;

use crate::support::{CONTRACT, NOW, World, another_location, by, console, person, register};
use soglia_registers::database::Database;

both!(
    a_file_taken_in_twice_changes_nothing,
    every_row_has_one_fate,
    what_goes_out_comes_in_again,
    whoever_may_not_enter_may_not_import,
    what_was_erased_is_known_again_and_not_found_by_trying,
    a_workbook_goes_out_and_comes_in_again,
);

const FILE: &str = "\
reference;service;state;received_on;channel;kind;topic;complainant;text;answered_on;answer;outcome
P1;cup;;02/11/2023;email;complaint;attesa;Anna;Ho atteso;;;
;cup;;2023-11-03;pec;praise;cortesia;;Grazie;;;
;cup;;2023-11-03;pec;praise;cortesia;;Grazie;;;
P2;;closed;2023-11-04;phone;complaint;linea;Aldo;'=caduta;2023-11-10;Scuse;founded
";

async fn import(world: &World, text: &str) -> Result<Imported, RegisterError> {
    import_as(world, &console(), text).await
}

async fn import_as(
    world: &World,
    actor: &soglia_registers::actor::Actor,
    text: &str,
) -> Result<Imported, RegisterError> {
    let mut tx = world.db.write().await?;
    let register = register("complaints");
    let (by, setting) = (by(actor), &world.setting);
    let imported =
        exchange::import(&mut tx, &by, setting, register, CONTRACT, text.as_bytes()).await?;
    tx.commit().await?;
    Ok(imported)
}

async fn a_file_taken_in_twice_changes_nothing(world: World) {
    let first = import(&world, FILE).await.expect("a good file");
    assert_eq!(first.inserted, ["REC-1", "REC-2", "REC-3", "REC-4"]);
    let again = import(&world, FILE).await.expect("a good file");
    assert_eq!((again.rows, again.unchanged, again.inserted.len()), (4, 4, 0));
    let closed = world.entry("REC-4").await;
    assert_eq!((closed.state.code, closed.words("text")), ("closed", Some("=caduta")));
    assert_eq!(
        world.entry("REC-1").await.value("due_on").map(ToString::to_string).as_deref(),
        Some("2023-12-02")
    );
    // Also after a correction, and with commas and a byte order mark.
    let entry = world.entry("REC-2").await;
    world.edit(&entry, &[("topic", "gentilezza")]).await;
    let commas = format!("\u{feff}{}", FILE.replace(';', ","));
    let again = import(&world, &commas).await.expect("a good file");
    assert_eq!((again.unchanged, again.inserted.len(), again.rejected.len()), (4, 0, 0));
    // One more of the same is one more.
    let row = ";cup;;2023-11-03;pec;praise;cortesia;;Grazie;;;\n";
    let more = import(&world, &format!("{FILE}{row}")).await.expect("a good file");
    assert_eq!((more.unchanged, more.inserted.len()), (4, 1));
    world.assert_trail_holds().await;
}

async fn every_row_has_one_fate(world: World) {
    import(&world, FILE).await.expect("a good file");
    let text = "\
id;reference;state;received_on;channel;kind;topic;text;answered_on
;;;2023-11-02;email;complaint;a;b;
;;;ieri;email;complaint;a;b;
;;;2023-11-02;fax;complaint;a;b;
;;;2023-11-02;email;complaint;;b;
;;;2023-11-02;email;complaint;a;b;2023-10-01
;;closed;2023-11-02;email;complaint;a;b;
;;lost;2023-11-02;email;complaint;a;b;
;P1;;2023-11-02;email;complaint;a;b;
REC-1;;;2023-11-02;email;complaint;a;c;
;;;2023-11-02;email;complaint
";
    let imported = import(&world, text).await.expect("it can be read");
    assert_eq!((imported.rows, imported.inserted.len(), imported.unchanged), (10, 1, 0));
    let reasons: Vec<String> = imported
        .rejected
        .iter()
        .map(|rejected| format!("{}: {}", rejected.line, rejected.reason))
        .collect();
    let expected = [
        "3: `ieri` in `received_on` is no date",
        "4: `fax` in `channel` is none of `phone`, `email`, `pec`, `letter`, `desk`, `web`",
        "5: “Topic” is missing",
        "6: “Answered on” comes before “Received on”",
        "7: “Answered on” is missing; “Outcome” is missing",
        "8: there is no state `lost`",
        "9: the reference `P1` is that of `REC-1`, which says something else",
        "10: `REC-1` says something else; correct it in the register, or empty the column `id`",
        "11: it has 6 cells, not 9",
    ];
    assert_eq!(reasons, expected);
    for (text, problem) in [
        ("received_on;colour\n", "there is no column `colour` in `complaints`"),
        ("kind;kind\n", "the column `kind` stands there twice"),
    ] {
        let Err(RegisterError::Table(found)) = import(&world, text).await else { panic!("{text}") };
        assert_eq!(found, problem);
    }
}

async fn what_goes_out_comes_in_again(world: World) {
    import(&world, FILE).await.expect("a good file");
    let entry = world.entry("REC-1").await;
    world.edit(&entry, &[("text", "due righe\ncon; e \"virgolette\"")]).await;
    let today = world.setting.date(NOW);
    let register = register("complaints");
    let mut tx = world.read().await;
    let query = Query { order: soglia_registers::query::Order::Oldest, ..Query::new(register) };
    let all = tx.find_all(&console(), NOW, &query).await.expect("all");
    drop(tx);
    let file = exchange::export(register, &all, today);
    let file = String::from_utf8(file).expect("text");
    let again = import(&world, &file).await.expect("its own file");
    assert_eq!((again.rows, again.unchanged), (4, 4));

    let location = another_location(&world);
    let (db, _) = Database::open(location, &world.backups(), NOW).await.expect("another one");
    let other = World { db, ..world };
    let moved = import(&other, &file).await.expect("a good file");
    assert_eq!(moved.inserted.len(), 4, "{:?}", moved.rejected);
    let mut tx = other.read().await;
    let there = tx.find_all(&console(), NOW, &query).await.expect("all");
    for (here, there) in all.iter().zip(&there) {
        assert_eq!(
            (&here.values, here.state, &here.reference, &here.service),
            (&there.values, there.state, &there.reference, &there.service,)
        );
    }
}

async fn whoever_may_not_enter_may_not_import(world: World) {
    let auditor = person("U-3", &[Role::Auditor]);
    let imported = import_as(&world, &auditor, FILE).await.expect("it can be read");
    assert_eq!((imported.inserted.len(), imported.rejected.len()), (0, 4));
    assert!(imported.rejected.iter().all(|row| row.reason.contains("may not")));
    // An operator may enter complaints, but not bring them to their end.
    let operator = person("U-4", &[Role::Operator]);
    let imported = import_as(&world, &operator, FILE).await.expect("it can be read");
    assert_eq!((imported.inserted.len(), imported.rejected.len()), (3, 1));
}

/// The key of each row of a file, by which it is known again.
async fn import_keys(world: &World) -> Vec<String> {
    let mut tx = world.read().await;
    let sql = "SELECT import_key FROM entries WHERE import_key IS NOT NULL ORDER BY number";
    let rows = tx.rows(sql, &[]).await.expect("keys");
    rows.iter().map(|row| row.text(0)).collect()
}

async fn what_was_erased_is_known_again_and_not_found_by_trying(world: World) {
    import(&world, FILE).await.expect("a good file");
    let keys = import_keys(&world).await;
    // Another database gives the same rows other keys: they hold no hash that anybody can make.
    let location = another_location(&world);
    let (db, _) = Database::open(location, &world.backups(), NOW).await.expect("another one");
    let mut tx = db.write().await.expect("a transaction");
    let (actor, register) = (console(), register("complaints"));
    let bytes = FILE.as_bytes();
    exchange::import(&mut tx, &by(&actor), &world.setting, register, CONTRACT, bytes)
        .await
        .expect("a good file");
    let sql = "SELECT import_key FROM entries WHERE import_key IS NOT NULL ORDER BY number";
    let others = tx.rows(sql, &[]).await.expect("keys");
    assert_eq!(others.len(), keys.len());
    assert!(others.iter().all(|row| !keys.contains(&row.text(0))));
    drop(tx);
    // What is erased does not come back with the old file.
    let subject = Subject::new(&["Ho atteso"]).expect("long enough");
    let mut tx = world.db.write().await.expect("a transaction");
    let data = erasure::find_subject(&mut tx, &by(&actor), &subject).await.expect("a search");
    tx.commit().await.expect("a commit");
    let (files, plan) = (&world.files, &data.plan);
    erasure::carry_out(&world.db, files, &by(&actor), plan).await.expect("erased");
    assert_eq!(world.entry("REC-1").await.value("text"), None);
    let again = import(&world, FILE).await.expect("a good file");
    assert_eq!((again.unchanged, again.inserted.len()), (4, 0));
}

async fn a_workbook_goes_out_and_comes_in_again(world: World) {
    import(&world, FILE).await.expect("a good file");
    let register_of = |code: &str| register(code);
    let (actor, lang) = (console(), soglia_domain::text::Lang::It);
    let today = world.setting.date(NOW);
    let mut tx = world.read().await;
    let complaints = register_of("complaints");
    let all = tx.find_all(&actor, NOW, &Query::new(complaints)).await.expect("all");
    drop(tx);
    let bytes = exchange::export_xlsx(complaints, &all, today, lang).expect("a workbook");
    assert!(bytes.starts_with(b"PK"));
    let again = exchange::export_xlsx(complaints, &all, today, lang).expect("a workbook");
    assert_eq!(bytes, again, "the same entries are the same bytes");
    let location = another_location(&world);
    let (db, _) = Database::open(location, &world.backups(), NOW).await.expect("another one");
    let mut tx = db.write().await.expect("a transaction");
    let (by_actor, setting) = (by(&actor), &world.setting);
    let taken = exchange::import(&mut tx, &by_actor, setting, complaints, CONTRACT, &bytes).await;
    let taken = taken.expect("it can be read");
    assert_eq!((taken.rows, taken.inserted.len()), (4, 4), "{:?}", taken.rejected);
    let closed = tx.find_all(&actor, NOW, &Query::new(complaints)).await.expect("all");
    let texts: Vec<&str> = closed.iter().filter_map(|entry| entry.words("text")).collect();
    assert!(texts.contains(&"=caduta"), "a text stays a text: {texts:?}");
    let taken = exchange::import(&mut tx, &by_actor, setting, complaints, CONTRACT, &bytes).await;
    assert_eq!(taken.expect("it can be read").unchanged, 4);
    let broken = b"PK\x03\x04 and no more";
    let taken = exchange::import(&mut tx, &by_actor, setting, complaints, CONTRACT, broken).await;
    assert!(matches!(taken, Err(RegisterError::Table(_))));
    // Euro are numbers, and come back to the cent.
    let finances = register_of("finances");
    let fields = [("period", "2023-H2"), ("item", "Canone"), ("budget", "1234567.89")];
    let fee = world.create("finances", &fields).await;
    let bytes = exchange::export_xlsx(finances, &[fee], today, lang).expect("a workbook");
    let taken = exchange::import(&mut tx, &by_actor, setting, finances, CONTRACT, &bytes).await;
    let taken = taken.expect("it can be read");
    let back = tx.entry(&taken.inserted[0]).await.expect("it is there");
    let budget = back.value("budget").map(ToString::to_string);
    assert_eq!(budget.as_deref(), Some("1234567.89"));
}
