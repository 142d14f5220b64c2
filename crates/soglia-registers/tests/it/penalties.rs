//! Penalties: both parties are heard, each does its part, the cap is kept.

use soglia_domain::access::Role;
use soglia_domain::penalty::{PenaltyError, StepsCounted};
use soglia_domain::ratio::Ratio;
use soglia_domain::text::Lang;
use soglia_domain::time::Instant;
use soglia_registers::actor::{Actor, By};
use soglia_registers::entries::{Entry, Setting, Step};
use soglia_registers::error::{RegisterError, Rule};
use soglia_registers::exchange;
use soglia_registers::penalties::{self, Cap, Missed};

use crate::support::{CONTRACT, DAY, NOW, World, by, changes, console, contract, person, register};

both!(
    both_parties_are_heard,
    the_cap_is_kept,
    time_to_answer_is_given,
    time_to_answer_is_not_shortened,
    only_what_the_contract_foresees,
);

/// 38.22 points under 95 %, as in the reference report: 38 steps of 0.5 ‰ of 100 000 €.
fn missed() -> Missed<'static> {
    let contract = contract();
    let service = contract.service("cup").expect("a service");
    let indicator = service.indicator("K1").expect("an indicator");
    Missed {
        service: "cup",
        indicator: "K1",
        period: "2023-H2",
        measured: Ratio::new(5678, 10_000).expect("calls were counted"),
        target: indicator.versions.first().expect("a version").target,
        seal: Some("5ea1"),
        counted: StepsCounted::Completed,
        clause: "art. 12",
        lang: Lang::It,
    }
}

async fn detect(world: &World, actor: &Actor) -> Result<Entry, RegisterError> {
    let mut tx = world.db.write().await?;
    let entry = penalties::detect(&mut tx, &by(actor), &world.setting, missed()).await?;
    tx.commit().await?;
    Ok(entry)
}

const NOTIFY: &[(&str, &str)] = &[("notified_on", "2024-01-16"), ("notified_by", "PEC 31/2024")];
const ARGUE: &[(&str, &str)] = &[("argued_on", "2024-01-20"), ("arguments", "Guasto di rete")];

async fn both_parties_are_heard(world: World) {
    let dec = person("U-1", &[Role::Dec]);
    let rup = person("U-2", &[Role::Rup]);
    let supplier = person("U-3", &[Role::SupplierServiceManager]);
    assert!(detect(&world, &supplier).await.is_err(), "the supplier does not propose");
    let entry = detect(&world, &dec).await.expect("the DEC proposes");
    assert_eq!(entry.value("amount").map(ToString::to_string).as_deref(), Some("1900.00"));
    let basis = entry.words("basis").expect("how it follows");
    assert!(basis.contains("5678/10000 (56.78 %) contro 95.00 %"), "{basis}");
    assert!(basis.contains("38 scatti"), "{basis}");
    let early = world.advance_as(&rup, &entry, "apply", &[]).await;
    assert!(matches!(early, Err(RegisterError::Transition { .. })), "nobody was heard");
    let entry = world.advance_as(&dec, &entry, "notify", NOTIFY).await.expect("notified");
    assert_eq!(entry.value("reply_due_on").map(ToString::to_string).as_deref(), Some("2024-01-31"));
    assert!(world.advance_as(&dec, &entry, "argue", ARGUE).await.is_err(), "not the DEC's words");
    let entry = world.advance_as(&supplier, &entry, "argue", ARGUE).await.expect("its words");
    let decide = [
        ("decision", "Il guasto spiega metà della mancanza"),
        ("decided_on", "2024-02-01"),
        ("decided", "950.00"),
    ];
    for other in [&dec, &supplier] {
        let refused = world.advance_as(other, &entry, "apply", &decide).await;
        assert!(matches!(refused, Err(RegisterError::Forbidden { .. })), "{}", other.id());
    }
    let more = [decide[0], decide[1], ("decided", "1900.01")];
    let refused = world.advance_as(&rup, &entry, "apply", &more).await;
    assert!(matches!(refused, Err(RegisterError::Refused(_))), "more than was notified");
    let entry = world.advance_as(&rup, &entry, "apply", &decide).await.expect("decided");
    let edited = world.edit_as(&dec, &entry, &[("decided", "1.00")]).await;
    assert!(matches!(edited, Err(RegisterError::Forbidden { .. })), "a decision is the RUP's");
    let deduct = [("deducted_from", "Fattura 7/2024"), ("deducted_on", "2024-02-10")];
    let less = [deduct[0], deduct[1], ("decided", "1.00")];
    let other = world.advance_as(&dec, &entry, "deduct", &less).await;
    assert!(matches!(other, Err(RegisterError::Forbidden { .. })), "nor changed by a step");
    let same = [deduct[0], deduct[1], ("decided", "950.00")];
    let entry = world.advance_as(&dec, &entry, "deduct", &same).await.expect("deducted");
    assert_eq!(entry.state.code, "deducted");
    world.assert_trail_holds().await;
}

/// Brings a penalty to where it can be decided.
async fn argued(world: &World) -> Entry {
    let entry = detect(world, &console()).await.expect("detected");
    let entry = world.advance(&entry, "notify", NOTIFY).await;
    world.advance(&entry, "argue", ARGUE).await
}

fn decide(amount: &str) -> [(&str, &str); 3] {
    [("decision", "Confermata"), ("decided_on", "2024-02-01"), ("decided", amount)]
}

async fn the_cap_is_kept(world: World) {
    // The cap is a tenth of 100 000 €; five penalties of 1 900 € leave 500 €.
    for _ in 0..5 {
        let entry = argued(&world).await;
        world.advance(&entry, "apply", &decide("1900.00")).await;
    }
    let waived = argued(&world).await;
    let why = [("decision", "Forza maggiore"), ("decided_on", "2024-02-01")];
    world.advance(&waived, "waive", &why).await;
    let last = argued(&world).await;
    let refused = world.advance_as(&console(), &last, "apply", &decide("500.01")).await;
    let Err(problem @ RegisterError::Rule(Rule::Cap { room_cents: 50_000, .. })) = refused else {
        panic!("it is above the cap: {refused:?}")
    };
    assert!(problem.to_string().contains("500.00 € of 10000.00 €"), "{problem}");
    let last = world.advance(&last, "apply", &decide("500.00")).await;
    let refused = world.edit_as(&console(), &last, &[("decided", "500.01")]).await;
    assert!(matches!(refused, Err(RegisterError::Rule(Rule::Cap { .. }))), "nor by a correction");
    let mut tx = world.read().await;
    let cap = penalties::cap(&mut tx, &contract()).await.expect("a look");
    let expected = Cap { cap_cents: 1_000_000, applied_cents: 1_000_000, room_cents: 0 };
    assert_eq!(cap, Some(expected));
}

async fn time_to_answer_is_given(world: World) {
    let entry = detect(&world, &console()).await.expect("detected");
    let entry = world.advance(&entry, "notify", NOTIFY).await;
    let register = register("penalties");
    let actor = console();
    let expire = |at: Instant| {
        let by = By { actor: &actor, at, reason: "termine scaduto" };
        let (world, entry) = (&world, &entry);
        async move {
            let changes = changes(register, &[]);
            let step = Step { version: entry.version, transition: "expire", changes };
            let mut tx = world.db.write().await?;
            let entry = tx.advance(&by, &world.setting, &entry.id, step).await?;
            tx.commit().await?;
            Ok::<_, RegisterError>(entry)
        }
    };
    // 31 January is the last day to answer; NOW is the 15th.
    let after = |days: i64| Instant::from_millis(NOW.as_millis() + days * DAY.get());
    let early = expire(after(16)).await;
    assert!(matches!(early, Err(RegisterError::Rule(Rule::TimeToAnswer { .. }))), "the last day");
    // Nor does a file of entries take the time away.
    let mut tx = world.db.write().await.expect("a transaction");
    let file = "service;state;detected_on;period;clause;facts;notified_on;notified_by;\
                reply_due_on\n\
                cup;unanswered;2024-01-10;2023-H2;art. 12;Ritardo;2024-01-12;PEC 9/2024;\
                2024-01-31\n";
    let (by_actor, setting) = (by(&actor), &world.setting);
    let imported =
        exchange::import(&mut tx, &by_actor, setting, register, CONTRACT, file.as_bytes()).await;
    let imported = imported.expect("it can be read");
    drop(tx);
    assert_eq!((imported.inserted.len(), imported.rejected.len()), (0, 1), "{imported:?}");
    let why = format!("{:?}", imported.rejected);
    assert!(why.contains("2024-01-31"), "{why}");
    let entry = expire(after(17)).await.expect("time is over");
    assert_eq!(entry.state.code, "unanswered");
    world.advance(&entry, "apply", &decide("1900.00")).await;
}

async fn time_to_answer_is_not_shortened(world: World) {
    let dec = person("U-1", &[Role::Dec]);
    let entry = detect(&world, &dec).await.expect("detected");
    let short = [NOTIFY[0], NOTIFY[1], ("reply_due_on", "2024-01-30")];
    let refused = world.advance_as(&dec, &entry, "notify", &short).await;
    let shortened = |result: &Result<Entry, RegisterError>, last: &str| {
        matches!(result, Err(RegisterError::Rule(Rule::TimeShortened { until }))
            if until.to_string() == last)
    };
    assert!(shortened(&refused, "2024-01-31"), "the contract gives 15 days: {refused:?}");
    let long = [NOTIFY[0], NOTIFY[1], ("reply_due_on", "2024-02-10")];
    let entry = world.advance_as(&dec, &entry, "notify", &long).await.expect("more is given");
    for fields in [
        &[("reply_due_on", "2024-02-09")][..],
        &[("reply_due_on", "")],
        &[("notified_on", "2024-01-15"), ("reply_due_on", "2024-02-01")],
    ] {
        let refused = world.edit_as(&dec, &entry, fields).await;
        assert!(shortened(&refused, "2024-02-10"), "{fields:?}: {refused:?}");
    }
    let later = [("notified_on", "2024-01-31")];
    let refused = world.edit_as(&dec, &entry, &later).await;
    assert!(shortened(&refused, "2024-02-15"), "told later, answered later: {refused:?}");
    let entry = world.edit_as(&dec, &entry, &[("reply_due_on", "2024-02-20")]).await;
    let entry = entry.expect("longer is no harm");
    // A contract that gives more time from now on takes nothing back.
    let mut terms = world.setting.terms;
    terms.penalty_days = 60;
    let setting = Setting { terms, ..world.setting.clone() };
    let mut tx = world.db.write().await.expect("a transaction");
    let step = Step {
        version: entry.version,
        transition: "argue",
        changes: changes(entry.register, ARGUE),
    };
    let supplier = person("U-3", &[Role::SupplierServiceManager]);
    let argued = tx.advance(&by(&supplier), &setting, &entry.id, step).await;
    assert_eq!(argued.expect("its words").state.code, "argued");
}

async fn only_what_the_contract_foresees(world: World) {
    let actor = console();
    let mut tx = world.db.write().await.expect("a transaction");
    let met = Missed { measured: Ratio::new(95, 100).expect("a share"), ..missed() };
    let problem = penalties::detect(&mut tx, &by(&actor), &world.setting, met).await;
    assert!(matches!(problem, Err(RegisterError::Rule(Rule::NoAmount(PenaltyError::Met)))));
    let other = Missed { indicator: "K3", ..missed() };
    let problem = penalties::detect(&mut tx, &by(&actor), &world.setting, other).await;
    assert!(matches!(problem, Err(RegisterError::Unknown { .. })), "no rate for it");
    let mut without = contract();
    without.penalties = None;
    let setting = Setting { contract: Some(without), ..world.setting.clone() };
    let problem = penalties::detect(&mut tx, &by(&actor), &setting, missed()).await;
    assert!(matches!(problem, Err(RegisterError::Rule(Rule::NoPenalties))));
}
