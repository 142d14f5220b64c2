//! Erasure: what may not be kept goes, the rest still verifies.

use soglia_domain::retention::RetentionRule;
use soglia_domain::time::Instant;
use soglia_registers::accounts::{self, Known, NewUser, Standing, Users};
use soglia_registers::actor::{Actor, By};
use soglia_registers::database::Location;
use soglia_registers::erasure::{self, Part, Plan, Subject};
use soglia_registers::error::RegisterError;
use soglia_registers::query::Query;
use soglia_registers::trail;

use crate::support::{DAY, NOW, World, by, console, register};

both!(
    old_complaints_lose_their_persons,
    one_persons_data_go_out_and_are_erased,
    an_erasure_without_a_certificate_is_tampering,
    reasons_and_sessions_grow_old,
);

const COMPLAINT: &[(&str, &str)] = &[
    ("received_on", "2023-11-02"),
    ("channel", "email"),
    ("kind", "complaint"),
    ("topic", "attesa"),
    ("complainant", "Anna Bianchi"),
    ("contact", "0971/123456"),
    ("text", "Ho atteso mezz'ora"),
];

fn later(days: i64) -> Instant {
    Instant::from_millis(NOW.as_millis() + days * DAY.get())
}

fn at(actor: &Actor, at: Instant) -> By<'_> {
    By { actor, at, reason: "scadenza dei termini" }
}

async fn plan(world: &World, now: Instant) -> Plan {
    let mut tx = world.read().await;
    let rules = RetentionRule::defaults();
    erasure::plan_retention(&mut tx, &world.setting, &rules, now).await.expect("a plan")
}

/// Whether a text stands anywhere in the database.
async fn stands_somewhere(world: &World, text: &str) -> bool {
    let tables = [
        ("entry_versions", "field_values || body"),
        ("entry_values", "text"),
        ("entries", "search || search_personal || COALESCE(import_key, '')"),
        ("trail", "COALESCE(detail, '') || digest || object"),
        ("users", "COALESCE(login, '') || COALESCE(name, '') || COALESCE(email, '')"),
        ("certificates", "text"),
    ];
    let mut tx = world.read().await;
    for (table, columns) in tables {
        let sql = format!("SELECT COUNT(*) FROM {table} WHERE LOWER({columns}) LIKE $1");
        let like = format!("%{}%", text.to_lowercase());
        if 0 < tx.one(&sql, &[like.into()]).await.expect("a count").int(0) {
            return true;
        }
    }
    false
}

async fn old_complaints_lose_their_persons(world: World) {
    let entry = world.create("complaints", COMPLAINT).await;
    let answer = [("answered_on", "2023-11-20"), ("answer", "Scuse"), ("outcome", "founded")];
    let entry = world.advance(&entry, "answer", &answer).await;
    let file = world.files.store("lettera.txt", b"lettera di Anna").expect("a text");
    let sha256 = file.sha256.clone();
    let actor = console();
    let mut tx = world.db.write().await.expect("a transaction");
    let entry = tx.attach(&by(&actor), &world.setting, &entry.id, entry.version, file).await;
    let entry = entry.expect("attached");
    tx.commit().await.expect("a commit");
    let closed = world.advance(&entry, "close", &[]).await;
    let open = world.create("complaints", COMPLAINT).await;

    // A year after 15 January 2024, to the day; the complaint still open stays.
    assert!(plan(&world, later(365)).await.is_empty());
    let due = plan(&world, later(367)).await;
    assert_eq!(due.files.iter().collect::<Vec<_>>(), [&sha256]);
    let fields: Vec<(i64, &str)> = due
        .parts
        .iter()
        .map(|part| match part {
            Part::Value { entry, version, field } if *entry == closed.id => {
                (*version, field.get(..5).unwrap_or(field))
            }
            other => panic!("{other:?} is not the closed complaint's"),
        })
        .collect();
    assert_eq!(fields.len(), 3 + 4 + 5 + 5, "{fields:?}");
    assert!(stands_somewhere(&world, "mezz'ora").await, "the plan erased nothing");

    let by = at(&actor, later(367));
    let certificate = erasure::carry_out(&world.db, &world.files, &by, &due).await;
    let certificate = certificate.expect("carried out");
    assert_eq!(certificate.id, "C-1");
    let mut tx = world.read().await;
    assert_eq!(erasure::certificate(&mut tx, "C-1").await.expect("it is kept"), certificate);
    drop(tx);
    assert!(!world.files.has(&sha256));
    let erased = world.entry(&closed.id).await;
    assert_eq!((erased.state.code, erased.words("topic")), ("closed", Some("attesa")));
    assert_eq!((erased.value("text"), erased.value("answer")), (None, None));
    assert!(erased.hidden.contains("text") && erased.hidden.contains("complainant"));
    assert_eq!(world.entry(&open.id).await, open);
    assert!(!stands_somewhere(&world, "lettera.txt").await);
    if let Location::Sqlite(path) = &world.location {
        // Nor in the bytes of the files: `lettera.txt` stood only in what was erased.
        for name in ["registers.sqlite", "registers.sqlite-wal"] {
            let bytes = std::fs::read(path.with_file_name(name)).expect("a file");
            let found = bytes.windows(11).any(|window| window == b"lettera.txt");
            assert!(!found, "{name}");
        }
    }
    let verified = trail::verify(&world.db, None).await.expect("a look");
    assert_eq!((verified.broken, verified.n_erased), (None, 17));
    assert!(plan(&world, later(367)).await.is_empty(), "once is enough");

    // Life goes on: the entry can be corrected, what was erased stays erased.
    let corrected = world.edit(&erased, &[("topic", "tempi")]).await;
    let read = world.entry(&corrected.id).await;
    assert!(read.hidden.contains("text") && read.value("text").is_none());
    world.assert_trail_holds().await;
}

async fn one_persons_data_go_out_and_are_erased(world: World) {
    let hers = world.create("complaints", COMPLAINT).await;
    let mut others = COMPLAINT.to_vec();
    others[4] = ("complainant", "Aldo Neri");
    others[5] = ("contact", "0971/654321");
    let his = world.create("complaints", &others).await;
    let finding = [
        ("issued_on", "2023-11-10"),
        ("kind", "request"),
        ("subject", "Caso di Anna Bianchi"),
        ("text", "Richiamare l'utente"),
    ];
    let finding = world.create("findings", &finding).await;
    let actor = console();
    let mut tx = world.db.write().await.expect("a transaction");
    for login in ["a.bianchi", "old.bianchi"] {
        let new = NewUser {
            login: login.to_owned(),
            name: "Anna Bianchi".to_owned(),
            email: None,
            password: Some("cavallo corretto graffetta".to_owned()),
        };
        Users(&mut tx).create(&by(&actor), new).await.expect("an account");
    }
    let known = Known::Name("anna.bianchi@regione.example".into());
    let link = Users(&mut tx).link(&by(&actor), "U-2", "https://login.example", known).await;
    link.expect("linked");
    let disabled = Users(&mut tx).set_standing(&by(&actor), "U-2", Standing::Disabled).await;
    disabled.expect("out of use");
    tx.commit().await.expect("a commit");

    let subject = Subject::new(&["+39 0971 123456", "Anna Bianchi"]).expect("long enough");
    let mut tx = world.db.write().await.expect("a transaction");
    let data = erasure::find_subject(&mut tx, &by(&actor), &subject).await.expect("a search");
    tx.commit().await.expect("a commit");
    let entries = data.export["entries"].as_array().expect("entries");
    let ids: Vec<&str> = entries.iter().filter_map(|entry| entry["entry"].as_str()).collect();
    assert_eq!(ids, [hers.id.as_str(), finding.id.as_str()]);
    assert_eq!(entries[0]["values"]["text"], "Ho atteso mezz'ora");
    assert_eq!(data.export["accounts"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        data.plan.kept,
        [
            format!("{}: `subject` will be empty, write it anew", finding.id),
            "U-1: the account is in use, disable it first".to_owned(),
        ]
    );
    assert!(stands_somewhere(&world, "anna bianchi").await);

    let plan = data.plan;
    erasure::carry_out(&world.db, &world.files, &by(&actor), &plan).await.expect("erased");
    assert_eq!(world.entry(&his.id).await, his, "nobody else's");
    let mut tx = world.read().await;
    let query = Query { search: "bianchi".into(), ..Query::new(register("complaints")) };
    assert_eq!(tx.find(&actor, NOW, &query).await.expect("a look").total, 0);
    let users = Users(&mut tx).list().await.expect("users");
    assert_eq!((users[0].name.as_deref(), users[1].name.as_deref()), (Some("Anna Bianchi"), None));
    assert_eq!(users[1].standing, Standing::Erased);
    drop(tx);
    assert!(!stands_somewhere(&world, "old.bianchi").await);
    assert!(!stands_somewhere(&world, "anna.bianchi@regione").await, "nor at the provider");
    hashes_of_what_is_gone_say_nothing(&world).await;
    world.assert_trail_holds().await;
    // The active account is what is left of her.
    let mut tx = world.db.write().await.expect("a transaction");
    Users(&mut tx).set_standing(&by(&actor), "U-1", Standing::Disabled).await.expect("out");
    let data = erasure::find_subject(&mut tx, &by(&actor), &subject).await.expect("a search");
    tx.commit().await.expect("a commit");
    let parts: Vec<Part> = data.plan.parts.into_iter().collect();
    let [Part::Detail { .. }, Part::Account { user }] = parts.as_slice() else {
        panic!("the account and the link that made it: {parts:?}")
    };
    assert_eq!(user, "U-1");
}

/// No digest in the trail is the hash of a login that was erased: logins are easily tried.
async fn hashes_of_what_is_gone_say_nothing(world: &World) {
    let guesses = ["old.bianchi".to_owned(), r#"{"login":"old.bianchi"}"#.to_owned()];
    let guesses = guesses.map(|text| soglia_registers::canonical::sha256(text.as_bytes()));
    for guess in guesses {
        assert!(!stands_somewhere(world, &guess).await);
    }
}

async fn an_erasure_without_a_certificate_is_tampering(world: World) {
    world.create("complaints", COMPLAINT).await;
    world.tamper("UPDATE trail SET detail = NULL, salt = NULL WHERE seq = 1").await;
    let sql =
        "INSERT INTO erasures (object, part, certificate) VALUES ('trail:1', 'detail', 'C-1')";
    world.tamper(sql).await;
    let broken = trail::verify(&world.db, None).await.expect("a look").broken;
    assert_eq!(broken.map(|broken| broken.fault), Some(trail::Fault::DetailMissing));
    let sql = "INSERT INTO certificates (id, number, made_ms, sha256, text) \
               VALUES ('C-1', 1, 0, 'x', 'x')";
    world.tamper(sql).await;
    let broken = trail::verify(&world.db, None).await.expect("a look").broken;
    assert_eq!(broken.map(|broken| broken.fault), Some(trail::Fault::DetailMissing));
}

async fn reasons_and_sessions_grow_old(world: World) {
    let actor = console();
    let mut tx = world.db.write().await.expect("a transaction");
    let call = "1688364031.17";
    let look = accounts::log_access(&mut tx, &by(&actor), "rep-1", Some("cup"), call).await;
    look.expect("noted");
    let new = NewUser {
        login: "anna".into(),
        name: "Anna".into(),
        email: None,
        password: Some("cavallo corretto graffetta".into()),
    };
    Users(&mut tx).create(&by(&actor), new).await.expect("an account");
    tx.commit().await.expect("a commit");
    let credentials = accounts::Credentials {
        login: "anna".into(),
        password: "cavallo corretto graffetta".into(),
        code: None,
        address: "192.0.2.1".into(),
    };
    accounts::login(&world.db, credentials, NOW).await.expect("in");
    let kinds = |plan: &Plan| {
        let detail = plan.parts.iter().filter(|part| matches!(part, Part::Detail { .. })).count();
        let session = plan.parts.iter().filter(|part| matches!(part, Part::Session { .. }));
        (detail, session.count())
    };
    assert_eq!(kinds(&plan(&world, later(20)).await), (0, 0));
    assert_eq!(kinds(&plan(&world, later(40)).await), (0, 1));
    assert_eq!(kinds(&plan(&world, later(370)).await), (1, 1), "where the login came from");
    let all = plan(&world, later(740)).await;
    assert_eq!(kinds(&all), (2, 1), "and what the call was looked at for");
    erasure::carry_out(&world.db, &world.files, &at(&actor, later(740)), &all).await.expect("gone");
    assert!(!stands_somewhere(&world, "192.0.2.1").await);
    world.assert_trail_holds().await;
    // Whoever may not keep records may not erase them.
    let manager = crate::support::person("U-1", &[soglia_domain::access::Role::MonitoringManager]);
    let refused = erasure::carry_out(&world.db, &world.files, &by(&manager), &all).await;
    assert!(matches!(refused, Err(RegisterError::Forbidden { .. })));
}
