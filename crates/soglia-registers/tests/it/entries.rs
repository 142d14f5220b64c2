//! Entries: made, corrected, moved, linked, searched; nobody's work is lost.

use soglia_domain::access::Role;
use soglia_domain::register::{self, Stage, Weight};
use soglia_registers::entries::{Draft, Edit, Link, LinkKind};
use soglia_registers::error::RegisterError;
use soglia_registers::query::{Filter, Order, Query};
use soglia_registers::trail;

use crate::support::{CONTRACT, NOW, World, by, changes, console, draft, person, register};

both!(
    every_register_keeps_what_is_entered,
    nothing_is_deleted,
    two_people_lose_nothing,
    states_are_explicit,
    a_reason_is_always_asked_for,
    terms_are_filled_in,
    roles_decide_who_writes_what,
    personal_data_are_hidden,
    what_is_not_ones_own_is_not_there,
    operations_happen_where_the_contract_says,
    files_are_attached_and_taken_off,
    search_filters_and_pages,
    links_lead_both_ways,
    references_are_unique,
);

const COMPLAINT: &[(&str, &str)] = &[
    ("received_on", "2023-11-02"),
    ("channel", "email"),
    ("kind", "complaint"),
    ("topic", "attesa"),
    ("complainant", "Anna Bianchi"),
    ("contact", "anna@posta.example"),
    ("text", "Ho atteso mezz'ora"),
];

/// Something for every required field of a register.
fn anything(code: &str) -> Vec<(&'static str, String)> {
    use soglia_domain::register::{Kind, Need};
    let required = register(code).fields.iter().filter(|field| field.need == Need::Required);
    let value = |kind: Kind, code: &str| match (kind, code) {
        (_, "from_time" | "until_time") => "18:30".to_owned(),
        (Kind::Line, _) => "riga".to_owned(),
        (Kind::Text, _) => "testo\nin due righe".to_owned(),
        (Kind::Date, "until_on") => "2023-11-03".to_owned(),
        (Kind::Date, _) => "2023-11-02".to_owned(),
        (Kind::Count, _) => "12".to_owned(),
        (Kind::Money, _) => "1234.50".to_owned(),
        (Kind::Choice(choices), _) => choices[0].code.to_owned(),
    };
    required.map(|field| (field.code, value(field.kind, field.code))).collect()
}

async fn every_register_keeps_what_is_entered(world: World) {
    for register in register::ALL {
        let fields = anything(register.code);
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(code, text)| (*code, text.as_str())).collect();
        let entry = world.create(register.code, &fields).await;
        assert_eq!(entry.id, format!("{}-1", register.prefix));
        assert_eq!(entry.state.code, register.first_state().code);
        let read = world.entry(&entry.id).await;
        assert_eq!(read, entry);
        for (code, text) in fields {
            let value = read.value(code).map(ToString::to_string);
            assert_eq!(value.as_deref(), Some(text), "{}", register.code);
        }
        let bare = world.create_as(&console(), register.code, &[]).await;
        assert!(matches!(bare, Err(RegisterError::Refused(_))), "{} is empty", register.code);
    }
    world.assert_trail_holds().await;
}

async fn nothing_is_deleted(world: World) {
    let first = world.create("complaints", COMPLAINT).await;
    let second = world.edit(&first, &[("topic", "cortesia"), ("contact", "")]).await;
    assert_eq!((second.version, second.value("contact")), (2, None));
    let mut tx = world.read().await;
    assert_eq!(tx.entry_at(&first.id, 1).await.expect("the first").values, first.values);
    assert_eq!(tx.entry_at(&first.id, 2).await.expect("the second").values, second.values);
    assert!(tx.entry_at(&first.id, 3).await.is_err());
    drop(tx);
    // Also a closed entry can be corrected, and one sees that it was.
    let answered = world
        .advance(
            &second,
            "answer",
            &[("answered_on", "2023-11-20"), ("answer", "Scuse"), ("outcome", "founded")],
        )
        .await;
    let closed = world.advance(&answered, "close", &[]).await;
    assert_eq!(closed.state.stage, Stage::Closed);
    let corrected = world.edit(&closed, &[("outcome", "partly_founded")]).await;
    assert_eq!((corrected.version, corrected.state.code), (5, "closed"));
    let refused = world.edit_as(&console(), &corrected, &[("outcome", "")]).await;
    assert!(matches!(refused, Err(RegisterError::Refused(_))), "its state needs an outcome");
    let verified = trail::verify(&world.db, None).await.expect("a look");
    assert_eq!((verified.n_versions, verified.broken), (5, None));
}

async fn two_people_lose_nothing(world: World) {
    let read = world.create("complaints", COMPLAINT).await;
    let anna = person("U-1", &[Role::MonitoringManager]);
    let aldo = person("U-2", &[Role::SupplierQuality]);
    let hers = world.edit_as(&anna, &read, &[("topic", "attesa in coda")]).await;
    let hers = hers.expect("she was first");
    let his = [("topic", "attesa al telefono"), ("cause", "poco personale")];
    let Err(RegisterError::Conflict(conflict)) = world.edit_as(&aldo, &read, &his).await else {
        panic!("he read an older version")
    };
    assert_eq!((conflict.base_version, &conflict.theirs), (1, &hers));
    assert_eq!(conflict.both, ["topic"]);
    let text = |values: &register::Values, code| values.get(code).map(ToString::to_string);
    assert_eq!(text(&conflict.base, "topic").as_deref(), Some("attesa"));
    assert_eq!(text(&conflict.yours, "topic").as_deref(), Some("attesa al telefono"));
    assert_eq!(text(&conflict.yours, "cause").as_deref(), Some("poco personale"));
    assert_eq!(world.entry(&read.id).await, hers, "nothing was written");
    // Having seen both, he writes again on the newest version.
    let both = world.edit_as(&aldo, &hers, &his).await.expect("he read the newest");
    assert_eq!(both.words("topic"), Some("attesa al telefono"));
    // A step with an old version is a conflict too.
    let stale = world.advance_as(&anna, &hers, "take", &[]).await;
    assert!(matches!(stale, Err(RegisterError::Conflict(_))));
}

async fn states_are_explicit(world: World) {
    let entry = world
        .create(
            "nonconformities",
            &[
                ("detected_on", "2023-10-02"),
                ("source", "indicator"),
                ("gravity", "major"),
                ("title", "K1"),
                ("description", "sotto soglia"),
            ],
        )
        .await;
    let Err(problem) = world.advance_as(&console(), &entry, "close", &[]).await else {
        panic!("it is not solved")
    };
    assert_eq!(problem.to_string(), "`NC-1` is `open`, from where it cannot `close`");
    assert_eq!(problem.hint().as_deref(), Some("from there it can: analyse, dismiss"));
    let without = world.advance_as(&console(), &entry, "analyse", &[("cause", "coda")]).await;
    let Err(RegisterError::Refused(missing)) = without else { panic!("the treatment is missing") };
    assert_eq!(missing.iter().map(|remark| remark.field).collect::<Vec<_>>(), ["treatment"]);
    let fields = [("cause", "coda"), ("treatment", "più operatori")];
    let entry = world.advance(&entry, "analyse", &fields).await;
    let early = world.advance_as(&console(), &entry, "solve", &[("solved_on", "2023-09-30")]).await;
    assert!(matches!(early, Err(RegisterError::Refused(_))), "solved before it was detected");
    let entry = world.advance(&entry, "solve", &[("solved_on", "2023-12-01")]).await;
    let entry = world.advance(&entry, "close", &[("verification", "K1 al 96 %")]).await;
    let entry = world.advance(&entry, "reopen", &[]).await;
    assert_eq!((entry.state.code, entry.version), ("open", 5));
    let mut tx = world.read().await;
    let links = trail::links_of(&mut tx, &entry.id).await.expect("links");
    let steps: Vec<_> = links.iter().map(|link| link.detail_text("state")).collect();
    let steps: Vec<&str> = steps.iter().flatten().map(String::as_str).collect();
    assert_eq!(steps, ["open", "analysed", "solved", "closed", "open"]);
}

async fn a_reason_is_always_asked_for(world: World) {
    let actor = console();
    let silent = soglia_registers::actor::By { reason: "  ", ..by(&actor) };
    let mut tx = world.db.write().await.expect("a transaction");
    let register = register("complaints");
    let created =
        tx.create(&silent, &world.setting, register, draft("complaints", COMPLAINT)).await;
    assert!(matches!(created, Err(RegisterError::NoReason)));
}

async fn terms_are_filled_in(world: World) {
    let entry = world.create("complaints", COMPLAINT).await;
    assert_eq!(entry.value("due_on").map(ToString::to_string).as_deref(), Some("2023-12-02"));
    let today = "2024-01-15".parse().expect("a date");
    let derived = |entry: &soglia_registers::entries::Entry, code: &str| {
        let derived = entry.register.derived.iter().find(|derived| derived.code == code);
        let value = (derived.expect(code).compute)(&entry.values, today);
        value.map(|value| value.to_string())
    };
    assert_eq!(derived(&entry, "days_late").as_deref(), Some("44"), "nobody answered");
    let answer = [("answered_on", "2023-12-05"), ("answer", "Scuse"), ("outcome", "founded")];
    let entry = world.advance(&entry, "answer", &answer).await;
    assert_eq!(derived(&entry, "days_late").as_deref(), Some("3"));
    assert_eq!(derived(&entry, "days_to_answer").as_deref(), Some("33"));
    let saturday = world
        .create(
            "inspections",
            &[
                ("held_on", "2023-09-09"),
                ("place", "Ufficio"),
                ("kind", "on_site"),
                ("subject", "Verifica"),
            ],
        )
        .await;
    let remarks = saturday.register.remarks(&saturday.values, saturday.state.code);
    assert_eq!(remarks.len(), 1);
    assert_eq!((remarks[0].weight, remarks[0].field), (Weight::Warning, "held_on"));
}

async fn roles_decide_who_writes_what(world: World) {
    let manager = person("U-1", &[Role::MonitoringManager]);
    let quality = person("U-2", &[Role::SupplierQuality]);
    let auditor = person("U-3", &[Role::Auditor]);
    let finding = [
        ("issued_on", "2023-10-02"),
        ("kind", "order"),
        ("subject", "Code"),
        ("text", "Aprire una coda"),
    ];
    for actor in [&quality, &auditor] {
        let refused = world.create_as(actor, "findings", &finding).await;
        assert!(matches!(refused, Err(RegisterError::Forbidden { .. })), "{}", actor.id());
    }
    let entry = world.create_as(&manager, "findings", &finding).await.expect("it is hers");
    let words = world.edit_as(&quality, &entry, &[("text", "Altro")]).await;
    assert!(matches!(words, Err(RegisterError::Forbidden { .. })), "the order is the client's");
    let reply = world.edit_as(&manager, &entry, &[("reply", "Va bene")]).await;
    assert!(matches!(reply, Err(RegisterError::Forbidden { .. })), "the reply is the supplier's");
    let entry =
        world.advance_as(&quality, &entry, "reply", &[("reply", "Va bene")]).await.expect("his");
    let more =
        world.advance_as(&quality, &entry, "meet", &[("met_on", "2023-11-02"), ("text", "Altro")]);
    assert!(matches!(more.await, Err(RegisterError::Forbidden { .. })), "nothing beyond the step");
    let entry = world.advance_as(&quality, &entry, "meet", &[("met_on", "2023-11-02")]).await;
    let entry = entry.expect("his");
    let closing = world.advance_as(&quality, &entry, "close", &[("verified", "sì")]).await;
    assert!(matches!(closing, Err(RegisterError::Forbidden { .. })));
    world.advance_as(&manager, &entry, "close", &[("verified", "sì")]).await.expect("hers");
    // Another contract, or another service, is not theirs.
    let mut tx = world.db.write().await.expect("a transaction");
    let elsewhere = Draft { contract: "rep-2".into(), ..draft("findings", &finding) };
    let created = tx.create(&by(&manager), &world.setting, register("findings"), elsewhere).await;
    assert!(matches!(created, Err(RegisterError::Forbidden { .. })));
    let found = tx.find(&manager, NOW, &Query::new(register("findings"))).await.expect("a look");
    assert_eq!(found.total, 1);
    let stranger = soglia_registers::actor::Actor::user("U-9", Vec::new());
    let found = tx.find(&stranger, NOW, &Query::new(register("findings"))).await.expect("a look");
    assert_eq!(found.total, 0);
}

async fn personal_data_are_hidden(world: World) {
    world.create("complaints", COMPLAINT).await;
    let auditor = person("U-3", &[Role::Auditor]);
    let manager = person("U-1", &[Role::MonitoringManager]);
    let mut tx = world.read().await;
    let register = register("complaints");
    let look = |search: &str| Query { search: search.to_owned(), ..Query::new(register) };
    let seen = tx.find(&auditor, NOW, &look("")).await.expect("a look").entries.remove(0);
    assert_eq!((seen.value("complainant"), seen.value("text")), (None, None));
    assert!(seen.hidden.contains("complainant") && seen.hidden.contains("text"));
    assert_eq!(seen.words("topic"), Some("attesa"));
    let seen = tx.find(&manager, NOW, &look("")).await.expect("a look").entries.remove(0);
    assert_eq!(seen.words("complainant"), Some("Anna Bianchi"));
    // Nor can they be guessed by searching.
    assert_eq!(tx.find(&auditor, NOW, &look("bianchi")).await.expect("a look").total, 0);
    assert_eq!(tx.find(&manager, NOW, &look("BIANCHI")).await.expect("a look").total, 1);
    let filter = Filter::parse(register, "complainant=Anna Bianchi").expect("a condition");
    let by_name = Query { filters: vec![filter], ..Query::new(register) };
    assert!(tx.find(&auditor, NOW, &by_name).await.is_err());
    assert_eq!(tx.find(&manager, NOW, &by_name).await.expect("a look").total, 1);
    let field = register.field("complainant").expect("a field");
    let by_order = Query { order: Order::Up(field), ..Query::new(register) };
    assert!(tx.find(&auditor, NOW, &by_order).await.is_err());
}

async fn what_is_not_ones_own_is_not_there(world: World) {
    let entry = world.create("complaints", COMPLAINT).await;
    let elsewhere = soglia_domain::access::Grant {
        contract: Some("rep-2".to_owned()),
        ..soglia_domain::access::Grant::everywhere(Role::Rup)
    };
    let stranger = soglia_registers::actor::Actor::user("U-8", vec![elsewhere]);
    let operator = person("U-4", &[Role::Operator]);
    let mut tx = world.read().await;
    let hidden = tx.entry_for(&stranger, NOW, &entry.id).await;
    assert!(matches!(hidden, Err(RegisterError::Unknown { .. })));
    let masked = tx.entry_for(&operator, NOW, &entry.id).await.expect("hers to see");
    assert_eq!((masked.value("text"), masked.words("topic")), (None, Some("attesa")));
    drop(tx);
    // Nor does a conflict show what is hidden.
    world.edit(&entry, &[("complainant", "Anna Bianchi Neri")]).await;
    let conflict = world.edit_as(&operator, &entry, &[("topic", "altro")]).await;
    let Err(RegisterError::Conflict(conflict)) = conflict else { panic!("an older version") };
    for values in [&conflict.base, &conflict.yours, &conflict.theirs.values] {
        assert_eq!(values.get("complainant"), None);
    }
    assert_eq!(conflict.both, Vec::<&str>::new());
}

async fn operations_happen_where_the_contract_says(world: World) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/reference/contract.toml");
    let text = std::fs::read_to_string(path).expect("an example");
    let contract = soglia_domain::contract::parse(&text, path).expect("a good contract");
    let operation = |area: &str| Draft {
        contract: contract.code.clone(),
        ..draft(
            "operations",
            &[
                ("done_on", "2023-11-02"),
                ("area", area),
                ("place", "Sportello"),
                ("kind", "front_office"),
                ("activity", "Accoglienza"),
            ],
        )
    };
    let setting = soglia_registers::entries::Setting {
        contract: Some(contract.clone()),
        ..world.setting.clone()
    };
    let actor = console();
    let mut tx = world.db.write().await.expect("a transaction");
    let register = register("operations");
    for area in ["Tributi", "Taxes"] {
        tx.create(&by(&actor), &setting, register, operation(area)).await.expect(area);
    }
    let other = tx.create(&by(&actor), &setting, register, operation("Cucina")).await;
    let Err(RegisterError::Refused(remarks)) = other else { panic!("no such area") };
    assert!(remarks[0].text.it.contains("Tributi; Ufficio Stampa; "), "{}", remarks[0].text.it);
}

async fn files_are_attached_and_taken_off(world: World) {
    let entry = world.create("complaints", COMPLAINT).await;
    let file = world.files.store("reclamo.pdf", b"%PDF-1.7 reclamo").expect("a PDF");
    let actor = console();
    let mut tx = world.db.write().await.expect("a transaction");
    let with = tx.attach(&by(&actor), &world.setting, &entry.id, 1, file.clone()).await;
    let with = with.expect("attached");
    tx.commit().await.expect("a commit");
    assert_eq!(with.files, std::slice::from_ref(&file));
    let with = world.edit(&with, &[("topic", "rumore")]).await;
    assert_eq!(with.files, std::slice::from_ref(&file), "a correction keeps the files");
    let mut tx = world.db.write().await.expect("a transaction");
    let off = tx.detach(&by(&actor), &world.setting, &entry.id, 3, &file.sha256).await;
    assert_eq!(off.expect("taken off").files, []);
    tx.commit().await.expect("a commit");
    let mut tx = world.read().await;
    assert_eq!(
        tx.entry_at(&entry.id, 3).await.expect("version 3").files,
        std::slice::from_ref(&file)
    );
    assert!(world.files.has(&file.sha256), "the content stays");
    world.assert_trail_holds().await;
}

async fn search_filters_and_pages(world: World) {
    for n in 1..=25 {
        let day = format!("2023-10-{n:02}");
        let kind = if n % 5 == 0 { "praise" } else { "complaint" };
        let topic = format!("tema {n} al 100%");
        let fields = [
            ("received_on", day.as_str()),
            ("channel", "email"),
            ("kind", kind),
            ("topic", &topic),
            ("text", "testo"),
        ];
        world.create("complaints", &fields).await;
    }
    let actor = console();
    let register = register("complaints");
    let mut tx = world.read().await;
    let page = Query { limit: 10, offset: 20, ..Query::new(register) };
    let found = tx.find(&actor, NOW, &page).await.expect("a look");
    let ids: Vec<&str> = found.entries.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!((found.total, ids), (25, vec!["REC-5", "REC-4", "REC-3", "REC-2", "REC-1"]));
    let filters = |texts: &[&str]| {
        texts.iter().map(|text| Filter::parse(register, text).expect(text)).collect::<Vec<_>>()
    };
    let cases: [(&[&str], &str, i64); 7] = [
        (&["kind=praise"], "", 5),
        (&["received_on>=2023-10-21", "kind=complaint"], "", 4),
        (&["received_on<=2023-10-02"], "", 2),
        (&["answered_on="], "", 25),
        (&["answered_on!="], "", 0),
        (&[], "tema rec-1", 11),
        (&[], "100% rec-7", 1),
    ];
    for (texts, search, expected) in cases {
        let (filters, search) = (filters(texts), search.to_owned());
        let query = Query { filters, search, ..Query::new(register) };
        let total = tx.find(&actor, NOW, &query).await.expect("a look").total;
        assert_eq!(total, expected, "{texts:?}");
    }
    let field = register.field("received_on").expect("a field");
    let query = Query { order: Order::Up(field), limit: 1, ..Query::new(register) };
    let first = tx.find(&actor, NOW, &query).await.expect("a look").entries.remove(0);
    assert_eq!(first.id, "REC-1");
    let query = Query { stage: Some(Stage::Closed), ..Query::new(register) };
    assert_eq!(tx.find(&actor, NOW, &query).await.expect("a look").total, 0);
    let query = Query { states: vec!["nowhere".into()], ..Query::new(register) };
    assert!(tx.find(&actor, NOW, &query).await.is_err());
    let all = tx.find_all(&actor, NOW, &Query::new(register)).await.expect("all");
    assert_eq!(all.len(), 25);
}

async fn links_lead_both_ways(world: World) {
    let complaint = world.create("complaints", COMPLAINT).await;
    let actor = console();
    let links = vec![
        Link::new(LinkKind::Entry, &complaint.id),
        Link::new(LinkKind::Indicator, "cup/K1"),
        Link::new(LinkKind::Call, "1688364031.17"),
        Link::new(LinkKind::Entry, &complaint.id),
    ];
    let fields = [
        ("detected_on", "2023-11-02"),
        ("source", "complaint"),
        ("gravity", "minor"),
        ("title", "Attesa"),
        ("description", "Attesa oltre il dovuto"),
    ];
    let mut tx = world.db.write().await.expect("a transaction");
    let draft = Draft { links, ..draft("nonconformities", &fields) };
    let entry = tx.create(&by(&actor), &world.setting, register("nonconformities"), draft).await;
    let entry = entry.expect("a good entry");
    tx.commit().await.expect("a commit");
    let written: Vec<String> = entry.links.iter().map(ToString::to_string).collect();
    assert_eq!(written, ["indicator:cup/K1", "call:1688364031.17", "entry:REC-1"]);
    let mut tx = world.read().await;
    for text in ["entry:REC-1", "indicator:cup/K1", "call:1688364031.17"] {
        let link = Link::parse(text);
        let query = Query { link, ..Query::new(register("nonconformities")) };
        let found = tx.find(&actor, NOW, &query).await.expect("a look");
        assert_eq!(found.entries, std::slice::from_ref(&entry), "{text}");
    }
    drop(tx);
    world.assert_trail_holds().await;
    let edit = Edit { version: 1, links: Some(Vec::new()), ..Edit::default() };
    let mut tx = world.db.write().await.expect("a transaction");
    tx.edit(&by(&actor), &world.setting, &entry.id, edit).await.expect("no links any more");
    tx.commit().await.expect("a commit");
    let mut tx = world.read().await;
    let link = Link::parse("indicator:cup/K1");
    let query = Query { link, ..Query::new(register("nonconformities")) };
    assert_eq!(tx.find(&actor, NOW, &query).await.expect("a look").total, 0);
    drop(tx);
    world.assert_trail_holds().await;
}

async fn references_are_unique(world: World) {
    let actor = console();
    let with = |reference: &str| Draft {
        reference: Some(reference.to_owned()),
        ..draft("complaints", COMPLAINT)
    };
    let mut tx = world.db.write().await.expect("a transaction");
    let register = register("complaints");
    tx.create(&by(&actor), &world.setting, register, with("Prot. 1/2023")).await.expect("new");
    let again = tx.create(&by(&actor), &world.setting, register, with("Prot. 1/2023")).await;
    assert!(matches!(again, Err(RegisterError::Reference { .. })));
    let elsewhere = Draft { contract: "rep-2".into(), ..with("Prot. 1/2023") };
    tx.create(&by(&actor), &world.setting, register, elsewhere).await.expect("another contract");
    let other = tx.create(&by(&actor), &world.setting, register, with("Prot. 2/2023")).await;
    let other = other.expect("new");
    let reference = Some(Some("Prot. 1/2023".to_owned()));
    let edit = Edit { version: 1, reference, ..Edit::default() };
    let taken = tx.edit(&by(&actor), &world.setting, &other.id, edit).await;
    assert!(matches!(taken, Err(RegisterError::Reference { .. })));
    let topic = changes(register, &[("topic", "altro")]);
    let edit = Edit { version: 1, changes: topic, ..Edit::default() };
    tx.edit(&by(&actor), &world.setting, &other.id, edit).await.expect("its own stays");
    tx.commit().await.expect("a commit");
    assert_eq!(world.entry(&other.id).await.contract, CONTRACT);
}
