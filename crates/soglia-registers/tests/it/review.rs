//! The life of a review: begun, discussed, approved, signed, published, rectified.

use soglia_domain::access::Role;
use soglia_domain::checks::{Check, Severity};
use soglia_domain::contract::Contract;
use soglia_domain::period::Period;
use soglia_domain::register::{ELEMENTS, FOLLOW_UP, REVIEW_FINDINGS, Register, SHEETS, SIGNATURES};
use soglia_domain::text::Text;
use soglia_registers::canonical::sha256;
use soglia_registers::entries::{Entry, Step};
use soglia_registers::error::{RegisterError, Rule};
use soglia_registers::query::{Order, Query};
use soglia_registers::review::{
    self, Approval, NewReview, Proposed, SheetFigure, SignatureFormat, SignedFile,
};

use crate::support::{NOW, World, by, changes, console, contract, person, register};

both!(
    a_review_lives_from_draft_to_publication,
    the_reference_contract_has_twenty_sheets,
    open_items_are_carried_over,
    findings_keep_their_first_period,
    measured_effects_stand_beside_expected_ones,
    an_approved_review_does_not_move,
    a_signed_file_is_compared_with_what_was_approved,
);

const DOCUMENT: &[u8] = b"%PDF-1.7 the review as approved\n%%EOF\n";

fn period(label: &str) -> Period {
    Period::parse(label, &contract().zone).expect("a period")
}

fn named(register: &Register) -> &'static Register {
    crate::support::register(register.code)
}

async fn begin(world: &World, label: &str) -> Result<Entry, RegisterError> {
    let actor = console();
    let mut tx = world.db.write().await?;
    let new = NewReview { period: &period(label), profile: "iso_2008" };
    let review = review::begin(&mut tx, &by(&actor), &world.setting, &contract(), new).await?;
    tx.commit().await?;
    Ok(review)
}

async fn parts(world: &World, register: &Register, review: &Entry) -> Vec<Entry> {
    let actor = console();
    let mut tx = world.read().await;
    let (by, contract) = (by(&actor), contract());
    review::parts(&mut tx, &by, &contract, named(register), &review.id).await.expect("parts")
}

fn figure(indicator: &str, num: u64, den: u64, verdict: &str) -> SheetFigure {
    let hundredths = num * 10_000 / den;
    SheetFigure {
        service: "cup".into(),
        indicator: indicator.into(),
        measured: format!("{},{:02} %", hundredths / 100, hundredths % 100),
        counts: Some((num, den)),
        target: if indicator == "K1" { "≥ 95 %" } else { "≤ 5 %" }.into(),
        unit: "%".into(),
        verdict: verdict.into(),
        na_reason: None,
    }
}

async fn fill(world: &World, review: &Entry, figures: &[SheetFigure]) -> Vec<Entry> {
    let actor = console();
    let mut tx = world.db.write().await.expect("a transaction");
    let (by, setting, contract) = (by(&actor), &world.setting, contract());
    let sheets = review::fill_sheets(&mut tx, &by, setting, &contract, review, figures).await;
    let sheets = sheets.expect("sheets");
    let _ = tx.finish().await;
    sheets
}

async fn obstacles(world: &World, review: &Entry, checks: &[Check]) -> Vec<String> {
    let actor = console();
    let mut tx = world.read().await;
    let found = review::obstacles(&mut tx, &by(&actor), &contract(), review, checks).await;
    found.expect("a look").into_iter().map(|text| text.en.expect("English")).collect()
}

async fn approve(world: &World, review: &Entry, checks: &[Check]) -> Result<Entry, RegisterError> {
    let rup = person("U-1", &[Role::Rup]);
    let document = sha256(DOCUMENT);
    let approval = Approval {
        seal: "5ea1",
        document: &document,
        place: "Cittalta",
        date: "2024-02-02".parse().expect("a date"),
    };
    let mut tx = world.db.write().await?;
    let (by, setting) = (by(&rup), &world.setting);
    let approved =
        review::approve(&mut tx, &by, setting, &contract(), review, approval, checks).await?;
    tx.commit().await?;
    Ok(approved)
}

/// Brings a review to where it can be approved.
async fn ready(world: &World, label: &str) -> Entry {
    let review = begin(world, label).await.expect("a new review");
    for element in parts(world, &ELEMENTS, &review).await {
        world.advance(&element, "waive", &[("why", "nessun fatto nel periodo")]).await;
    }
    let figures = [figure("K1", 62_373, 109_850, "KO"), figure("K3", 13_457, 109_850, "KO")];
    for sheet in fill(world, &review, &figures).await {
        let missing = [
            ("process", "GESTIONE DEGLI SLA"),
            ("responsible", "RQ"),
            ("frequency", "half_year"),
            ("source", "Resoconti"),
        ];
        world.advance(&sheet, "complete", &missing).await;
    }
    world.advance(&review, "discuss", &[]).await
}

async fn a_review_lives_from_draft_to_publication(world: World) {
    let review = begun(&world).await;
    let (review, remark) = discussed(&world, &review).await;
    sheets_filled(&world, &review).await;
    settled_and_approved(&world, &review, &remark).await;
    world.assert_trail_holds().await;
}

/// Begun, with its elements settled.
async fn begun(world: &World) -> Entry {
    world
        .create(
            "complaints",
            &[
                ("received_on", "2023-12-31"),
                ("channel", "email"),
                ("kind", "complaint"),
                ("topic", "attesa"),
                ("text", "testo"),
            ],
        )
        .await;
    let review = begin(world, "2023-H2").await.expect("a new review");
    assert!(begin(world, "2023-H2").await.is_err(), "one at a time");
    let elements = parts(world, &ELEMENTS, &review).await;
    let of = |area: &str| elements.iter().filter(|e| e.words("area") == Some(area)).count();
    assert_eq!((of("digital_agenda"), of("contact_centre")), (12, 11));
    let complaints = |area| {
        let own = elements
            .iter()
            .find(|e| e.words("element") == Some("complaints") && e.words("area") == Some(area));
        own.and_then(|e| e.words("evidence"))
    };
    assert_eq!(complaints("contact_centre"), Some("1: REC-1"));
    assert_eq!(complaints("digital_agenda"), None, "complaints are about the services");
    assert_eq!(parts(world, &SIGNATURES, &review).await.len(), 1);
    let early = obstacles(world, &review, &[]).await;
    assert_eq!(early.len(), 3, "{early:?}");
    assert!(early[0].starts_with("input elements missing: ELI-1, "));
    assert_eq!(early[1..], ["no sheet for cup/K1", "no sheet for cup/K3"]);
    for element in elements {
        let evidence = element.words("evidence").map(ToOwned::to_owned);
        match evidence {
            Some(_) => world.advance(&element, "provide", &[]).await,
            None => world.advance(&element, "waive", &[("why", "nessuno")]).await,
        };
    }
    review
}

/// In discussion, where remarks belong.
async fn discussed(world: &World, review: &Entry) -> (Entry, Entry) {
    let supplier = person("U-2", &[Role::SupplierQuality]);
    let remark = [
        ("review", review.id.as_str()),
        ("target", "cup/K1"),
        ("figure", "56,78 %"),
        ("text", "Il denominatore comprende le chiamate di prova"),
    ];
    let early = world.create_as(&supplier, "remarks", &remark).await;
    assert!(matches!(early, Err(RegisterError::Rule(Rule::NotInDiscussion { .. }))));
    let review = world.advance(review, "discuss", &[]).await;
    let remark = world.create_as(&supplier, "remarks", &remark).await.expect("now");
    (review, remark)
}

async fn sheets_filled(world: &World, review: &Entry) {
    let figures = [figure("K1", 62_373, 109_850, "KO"), figure("K3", 13_457, 109_850, "KO")];
    let sheets = fill(world, review, &figures).await;
    assert_eq!(sheets.len(), 2);
    assert_eq!(fill(world, review, &figures).await, sheets, "the same figures change nothing");
    assert_eq!(sheets[0].words("process"), Some("GESTIONE DEGLI SLA"));
    assert_eq!(sheets[1].words("process"), None, "the contract does not say");
    let incomplete = world.advance_as(&console(), &sheets[1], "complete", &[]).await;
    let Err(RegisterError::Refused(missing)) = incomplete else { panic!("fields are missing") };
    let missing: Vec<&str> = missing.iter().map(|remark| remark.field).collect();
    assert_eq!(missing, ["process", "responsible", "frequency"]);
    world.advance(&sheets[0], "complete", &[]).await;
    let fields = [("process", "SLA"), ("responsible", "RQ"), ("frequency", "half_year")];
    world.advance(&sheets[1], "complete", &fields).await;
}

async fn settled_and_approved(world: &World, review: &Entry, remark: &Entry) {
    let open = obstacles(world, review, &[]).await;
    assert_eq!(open, [format!("remarks still open: {}", remark.id)]);
    assert!(matches!(
        approve(world, review, &[]).await,
        Err(RegisterError::Rule(Rule::NotReady(_)))
    ));
    let remark = world.advance(remark, "answer", &[("answer", "Sono escluse")]).await;
    let supplier = person("U-2", &[Role::SupplierQuality]);
    world.advance_as(&supplier, &remark, "settle", &[]).await.expect("it is the supplier's");
    let contradiction = Check {
        code: "N1",
        severity: Severity::Error,
        service: Some("cup".into()),
        indicator: Some("K1".into()),
        text: Text::new("il testo dice rispettato", "the text says met"),
    };
    let warning = Check { severity: Severity::Warning, ..contradiction.clone() };
    assert_eq!(
        obstacles(world, review, std::slice::from_ref(&contradiction)).await,
        ["N1: the text says met"]
    );
    assert!(approve(world, review, &[contradiction]).await.is_err(), "text against figures");
    let generic = world.advance_as(&console(), review, "approve", &[]).await;
    assert!(matches!(generic, Err(RegisterError::Rule(Rule::OwnStep(_)))), "not around it");
    let approved = approve(world, review, &[warning]).await.expect("ready");
    assert_eq!((approved.state.code, approved.words("seal")), ("approved", Some("5ea1")));
    // Whoever publishes gives the number under which it is published, and changes nothing else.
    let rup = person("U-1", &[Role::Rup]);
    let other = [("protocol", "Prot. 31/2024"), ("outputs", "altro")];
    assert!(world.advance_as(&rup, &approved, "publish", &other).await.is_err());
    let unsigned = world.advance_as(&rup, &approved, "publish", &other[..1]).await;
    assert!(matches!(unsigned, Err(RegisterError::Rule(Rule::Unsigned(_)))), "nobody signed");
    let confirmed = [other[0], ("unsigned_why", "la firma arriva per posta")];
    let published = world.advance_as(&rup, &approved, "publish", &confirmed).await;
    let published = published.expect("the RUP publishes, and says why");
    assert_eq!(published.words("unsigned_why"), Some("la firma arriva per posta"));
    assert_eq!(published.state.code, "published");
    assert_eq!(published.words("protocol"), Some("Prot. 31/2024"));
}

async fn the_reference_contract_has_twenty_sheets(world: World) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/reference/contract.toml");
    let text = std::fs::read_to_string(path).expect("an example");
    let reference = soglia_domain::contract::parse(&text, path).expect("a good contract");
    let actor = console();
    let mut tx = world.db.write().await.expect("a transaction");
    let (by, setting) = (by(&actor), &world.setting);
    let new = NewReview { period: &period("2023-H2"), profile: "iso_2008" };
    let review = review::begin(&mut tx, &by, setting, &reference, new).await.expect("begun");
    let figures: Vec<SheetFigure> = reference
        .services
        .iter()
        .flat_map(|service| service.indicators.iter().map(|i| (service.code.clone(), i)))
        .map(|(service, indicator)| SheetFigure {
            service,
            indicator: indicator.code.clone(),
            measured: "n/a".into(),
            counts: None,
            target: "95 %".into(),
            unit: "%".into(),
            verdict: "NA".into(),
            na_reason: Some("no_activity".into()),
        })
        .collect();
    let missing = review::obstacles(&mut tx, &by, &reference, &review, &[]).await.expect("a look");
    let no_sheet = missing.iter().filter(|text| text.it.starts_with("manca la scheda")).count();
    assert_eq!((figures.len(), no_sheet), (20, 20));
    let sheets = review::fill_sheets(&mut tx, &by, setting, &reference, &review, &figures).await;
    let sheets = sheets.expect("sheets");
    // What the contract leaves out (N10) keeps a sheet from being complete.
    let complete = |sheet: &Entry| {
        ["process", "source", "responsible", "frequency"].iter().all(|f| sheet.value(f).is_some())
    };
    let incomplete = sheets.iter().filter(|sheet| !complete(sheet)).count();
    assert_eq!(sheets.len(), 20);
    assert!(incomplete < 20, "the contract fills in what it has");
    let slots = review::parts(&mut tx, &by, &reference, named(&SIGNATURES), &review.id).await;
    assert_eq!(slots.expect("slots").len(), reference.signatories.len());
}

async fn open_items_are_carried_over(world: World) {
    let action = [
        ("decided_on", "2023-03-01"),
        ("kind", "corrective"),
        ("title", "Nuove code IVR"),
        ("cause", "una coda sola"),
        ("action", "Aprire code per informazioni e cancellazioni"),
        ("owner", "DT"),
        ("due_on", "2023-09-30"),
    ];
    let open = world.create("actions", &action).await;
    let dropped = world.create("actions", &action).await;
    world.advance(&dropped, "drop", &[]).await;
    let mut recent = action;
    recent[0] = ("decided_on", "2023-10-01");
    recent[6] = ("due_on", "2024-03-31");
    let recent = world.create("actions", &recent).await;
    let follow_ups = async || {
        let mut tx = world.read().await;
        let query = Query { order: Order::Oldest, ..Query::new(register(FOLLOW_UP.code)) };
        let all = tx.find_all(&console(), NOW, &query).await.expect("all");
        let line = |entry: &Entry| {
            let words = |field: &str| entry.words(field).unwrap_or_default().to_owned();
            format!(
                "{} {} {} {}",
                words("period"),
                words("item"),
                words("first_seen"),
                words("state_then")
            )
        };
        all.iter().map(line).collect::<Vec<_>>()
    };
    begin(&world, "2023-H2").await.expect("a review");
    let first = format!("2023-H2 {} 2023-H1 planned", open.id);
    assert_eq!(
        follow_ups().await,
        std::slice::from_ref(&first),
        "what was decided before and is open"
    );
    let actor = console();
    let mut tx = world.db.write().await.expect("a transaction");
    let (contract, period) = (contract(), period("2023-H2"));
    let again = review::carry_over(&mut tx, &by(&actor), &world.setting, &contract, &period).await;
    assert_eq!(again.expect("a look"), [], "not twice");
    drop(tx);
    world.advance(&open, "start", &[]).await;
    begin(&world, "2024-H1").await.expect("the next review");
    assert_eq!(
        follow_ups().await,
        [
            first,
            format!("2024-H1 {} 2023-H1 under_way", open.id),
            format!("2024-H1 {} 2023-H2 planned", recent.id),
        ]
    );
    let mut tx = world.read().await;
    let entry = tx.entry("SEG-1").await.expect("it is there");
    assert_eq!(entry.created.1, "soglia", "the program carries over");
    assert_eq!(
        entry.links.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [format!("entry:{}", open.id)]
    );
}

async fn propose(world: &World, review: &Entry, text: &str) -> Entry {
    let finding = Proposed {
        key: "peak:cup".into(),
        area: "contact_centre".into(),
        section: "performance".into(),
        service: Some("cup".into()),
        text: text.into(),
        text_en: None,
    };
    let manager = person("U-1", &[Role::MonitoringManager]);
    let mut tx = world.db.write().await.expect("a transaction");
    let (by, setting) = (by(&manager), &world.setting);
    let entries = review::propose(&mut tx, &by, setting, &contract(), review, &[finding]).await;
    let _ = tx.finish().await;
    entries.expect("proposed").remove(0)
}

async fn findings_keep_their_first_period(world: World) {
    let first = begin(&world, "2023-H1").await.expect("a review");
    let finding = propose(&world, &first, "Picco il lunedì mattina: 41 %").await;
    assert_eq!((finding.state.code, finding.words("first_seen")), ("proposed", Some("2023-H1")));
    assert_eq!(propose(&world, &first, "Picco il lunedì mattina: 41 %").await, finding);
    let own = [("text", "Picco il lunedì, per l'apertura delle agende")];
    let edited = world.advance(&finding, "edit", &own).await;
    assert_eq!(edited.state.code, "edited", "the edit is marked");
    let renewed = propose(&world, &first, "Picco il lunedì mattina: 42 %").await;
    assert_eq!(renewed.state.code, "edited");
    assert_eq!(renewed.words("text"), Some("Picco il lunedì, per l'apertura delle agende"));
    assert_eq!(renewed.words("proposed"), Some("Picco il lunedì mattina: 42 %"));

    let second = begin(&world, "2023-H2").await.expect("the next review");
    let again = propose(&world, &second, "Picco il lunedì mattina: 43 %").await;
    assert_eq!(
        (again.words("period"), again.words("first_seen")),
        (Some("2023-H2"), Some("2023-H1"))
    );
    let today = world.setting.date(NOW);
    let carried = |entry: &Entry| {
        (entry.register.derived[0].compute)(&entry.values, today).map(|value| value.to_string())
    };
    assert_eq!((carried(&renewed), carried(&again).as_deref()), (None, Some("2023-H1")));
    assert_eq!(
        obstacles(&world, &second, &[]).await[1],
        format!("findings to decide on: {}", again.id)
    );
    let rejected = world.advance(&again, "reject", &[]).await;
    assert_eq!(rejected.state.code, "rejected");
    assert_eq!(parts(&world, &REVIEW_FINDINGS, &second).await.len(), 1);
}

async fn measured_effects_stand_beside_expected_ones(world: World) {
    let first = begin(&world, "2023-H1").await.expect("a review");
    let sheets = fill(&world, &first, &[figure("K1", 5678, 10_000, "KO")]).await;
    let actor = console();
    let fields = [
        ("sheet", sheets[0].id.as_str()),
        ("decided_on", "2023-07-20"),
        ("title", "Implementazione di nuove code IVR"),
        ("owner", "DT"),
        ("due_on", "2023-10-31"),
        ("expected", "+10 pp"),
    ];
    let draft = soglia_registers::entries::Draft {
        links: soglia_registers::entries::Link::parse("indicator:cup/K1").into_iter().collect(),
        ..crate::support::draft("sheet_actions", &fields)
    };
    let mut tx = world.db.write().await.expect("a transaction");
    let (by_actor, setting) = (by(&actor), &world.setting);
    let action = tx.create(&by_actor, setting, register("sheet_actions"), draft).await;
    let action = action.expect("a good action");
    tx.commit().await.expect("a commit");
    let nowhere = world.edit_as(&actor, &action, &[("sheet", "SCH-999")]).await;
    assert!(matches!(nowhere, Err(RegisterError::Unknown { .. })), "a sheet that is not there");
    let elsewhere = world.edit_as(&actor, &action, &[("sheet", &first.id)]).await;
    assert!(matches!(elsewhere, Err(RegisterError::Unknown { .. })), "a review is no sheet");
    world.advance(&action, "complete", &[("done_on", "2023-10-15")]).await;
    // Within its own review there is nothing to compare with.
    fill(&world, &first, &[figure("K1", 5678, 10_000, "KO")]).await;
    assert_eq!(world.entry(&action.id).await.state.code, "done");
    let second = begin(&world, "2023-H2").await.expect("the next review");
    fill(&world, &second, &[figure("K1", 18_999, 30_000, "KO")]).await;
    let measured = world.entry(&action.id).await;
    assert_eq!(measured.state.code, "measured");
    assert_eq!(measured.words("expected"), Some("+10 pp"));
    assert_eq!(measured.words("measured"), Some("+6.55 pp (56,78 % → 63,33 %)"));
    assert_eq!(measured.words("measured_in"), Some("2023-H2"));
    assert_eq!(parts(&world, &SHEETS, &second).await.len(), 1);
}

async fn an_approved_review_does_not_move(world: World) {
    let review = ready(&world, "2023-H2").await;
    let review = approve(&world, &review, &[]).await.expect("ready");
    let edited = world.edit_as(&console(), &review, &[("preamble", "altro")]).await;
    assert!(matches!(edited, Err(RegisterError::Rule(Rule::ReviewFixed { .. }))));
    for moved in [("preamble", "altro"), ("document", "x"), ("seal", "y")] {
        let publish = [("issued_place", "Potenza"), ("issued_on", "2024-02-20"), moved];
        let published = world.advance_as(&console(), &review, "publish", &publish).await;
        assert!(
            matches!(published, Err(RegisterError::Rule(Rule::ReviewFixed { .. }))),
            "{moved:?}"
        );
    }
    for register in [&ELEMENTS, &SHEETS] {
        let part = parts(&world, register, &review).await.remove(0);
        let field = if register.code == "sheets" { "resources" } else { "why" };
        let edited = world.edit_as(&console(), &part, &[(field, "altro")]).await;
        assert!(matches!(edited, Err(RegisterError::Rule(Rule::ReviewFixed { .. }))));
        let step = register.transitions_from(part.state.code).next().expect("a way").code;
        let moved = world.advance_as(&console(), &part, step, &[]).await;
        assert!(moved.is_err(), "{}", register.code);
    }
    // A rectification is another review; the first one stays as it was signed.
    let actor = console();
    let mut tx = world.db.write().await.expect("a transaction");
    let new = NewReview { period: &period("2023-H2"), profile: "iso_2015" };
    let (by, setting) = (by(&actor), &world.setting);
    let second = review::rectify(&mut tx, &by, setting, &contract(), &review, new).await;
    let second = second.expect("a new one");
    tx.commit().await.expect("a commit");
    assert_eq!((second.id.as_str(), second.state.code), ("RIE-2", "draft"));
    let first = world.entry(&review.id).await;
    assert_eq!((first.state.code, first.words("seal")), ("rectified", Some("5ea1")));
    world.assert_trail_holds().await;
}

async fn sign(
    world: &World,
    slot: &Entry,
    name: &str,
    bytes: &[u8],
    document: &[u8],
) -> Result<Entry, RegisterError> {
    let signer = person("U-5", &[Role::Rup]);
    let p7m = name.to_ascii_lowercase().ends_with("p7m");
    let format = if p7m { SignatureFormat::Cades } else { SignatureFormat::Pades };
    let signed_on = "2024-02-05".parse().expect("a date");
    let signed = SignedFile { name, bytes, format, signer: "Elio Quaranta", signed_on, document };
    let mut tx = world.db.write().await?;
    let (by, setting) = (by(&signer), &world.setting);
    let slot = review::sign(&mut tx, &by, setting, &world.files, slot, signed).await?;
    tx.commit().await?;
    Ok(slot)
}

async fn a_signed_file_is_compared_with_what_was_approved(world: World) {
    let review = ready(&world, "2023-H2").await;
    let slot = parts(&world, &SIGNATURES, &review).await.remove(0);
    let signed = [DOCUMENT, b"1 0 obj << /Type /Sig >> endobj\n%%EOF\n"].concat();
    let early = sign(&world, &slot, "riesame.pdf", &signed, DOCUMENT).await;
    assert!(matches!(early, Err(RegisterError::Rule(Rule::NotApproved { .. }))));
    let review = approve(&world, &review, &[]).await.expect("ready");
    let other = sign(&world, &slot, "riesame.pdf", &signed, b"%PDF-1.7 another").await;
    assert!(matches!(other, Err(RegisterError::Rule(Rule::OtherDocument { .. }))));
    let kind = sign(&world, &slot, "riesame.pdf.p7m", &signed, DOCUMENT).await;
    assert!(matches!(kind, Err(RegisterError::Attachment { .. })), "a PDF is no envelope");
    let around = world.advance_as(&console(), &slot, "sign", &changes_of_sign()).await;
    assert!(matches!(around, Err(RegisterError::Rule(Rule::OwnStep(_)))));
    let done = sign(&world, &slot, "riesame.pdf", &signed, DOCUMENT).await.expect("signed");
    assert_eq!(done.state.code, "signed");
    assert_eq!(done.words("holds_document"), Some("byte_for_byte"));
    assert_eq!(done.words("signed_sha256"), Some(sha256(&signed).as_str()));
    assert_eq!(done.words("document"), review.words("document"));
    assert_eq!(world.files.read(&done.files[0].sha256).expect("its bytes"), signed);
    let by_hand = [("signed_sha256", "x"), ("holds_document", "not_shown")];
    let edited = world.edit_as(&console(), &done, &by_hand).await;
    assert!(matches!(edited, Err(RegisterError::Rule(Rule::OwnStep(_)))), "nor corrected by hand");
    // Another file that does not hold the document is kept, and it is said.
    let mut tx = world.db.write().await.expect("a transaction");
    let actor = console();
    let empty = parts(&world, &SIGNATURES, &review).await.remove(0);
    let step = Step {
        version: empty.version,
        transition: "refuse",
        changes: changes(empty.register, &[]),
    };
    let refused = tx.advance(&by(&actor), &world.setting, &empty.id, step).await;
    assert!(matches!(refused, Err(RegisterError::Transition { .. })), "it is signed already");
}

fn changes_of_sign() -> [(&'static str, &'static str); 6] {
    [
        ("signer", "Nessuno"),
        ("signed_on", "2024-02-05"),
        ("format", "pades"),
        ("signed_sha256", "x"),
        ("document", "x"),
        ("holds_document", "byte_for_byte"),
    ]
}

/// The contract of these tests has what they count on.
#[test]
fn the_contract_is_small() {
    let contract: Contract = contract();
    let indicators: Vec<&str> =
        contract.services[0].indicators.iter().map(|i| i.code.as_str()).collect();
    assert_eq!(indicators, ["K1", "K3"]);
    assert_eq!(contract.signatories, ["dec"]);
}
