//! Coming in by an identity provider: who is linked, who is refused, what the trail keeps.

use soglia_domain::access::{Grant, Role};
use soglia_domain::time::{Instant, Millis};
use soglia_registers::accounts::{
    self, Admission, Arrival, Credentials, Known, LocalPassword, NewUser, Standing, Users,
};
use soglia_registers::error::RegisterError;
use soglia_registers::trail;

use crate::support::{NOW, World, by, console, person};

both!(
    who_is_linked_comes_in,
    a_name_is_waited_for_once,
    refusals_are_recorded_and_cost_time,
    links_are_made_and_taken_back,
    without_a_password_nobody_comes_in_by_one,
);

const ISSUER: &str = "https://login.regione.example";

async fn user(world: &World, login: &str) -> String {
    let (login, name) = (login.to_owned(), "Anna Bianchi".to_owned());
    let new = NewUser { login, name, email: None, password: None };
    let mut tx = world.db.write().await.expect("a transaction");
    let user = Users(&mut tx).create(&by(&console()), new).await.expect("a new account");
    tx.commit().await.expect("a commit");
    user.id
}

async fn link(world: &World, user: &str, known: Known) -> Result<String, RegisterError> {
    let mut tx = world.db.write().await?;
    let identity = Users(&mut tx).link(&by(&console()), user, ISSUER, known).await?;
    tx.commit().await?;
    Ok(identity.id)
}

fn arrival(subject: &str, name: Option<&str>) -> Arrival {
    Arrival {
        issuer: ISSUER.to_owned(),
        subject: subject.to_owned(),
        name: name.map(str::to_owned),
        address: "192.0.2.7".to_owned(),
    }
}

async fn admit(world: &World, arrival: &Arrival, at: Instant) -> Admission {
    accounts::admit(&world.db, arrival, at).await.expect("an answer")
}

async fn who_is_linked_comes_in(world: World) {
    let id = user(&world, "anna").await;
    link(&world, &id, Known::Subject("sub-1".into())).await.expect("linked");
    let Admission::In(secret) = admit(&world, &arrival("sub-1", None), NOW).await else {
        panic!("she is linked")
    };
    let actor = accounts::session(&world.db, &secret, NOW).await.expect("it lasts");
    assert_eq!(actor.id(), id);
    assert!(accounts::is_linked(&world.db, ISSUER, "sub-1").await.expect("a look"));
    // The same subject elsewhere, or another one here, is somebody else.
    let elsewhere = Arrival { issuer: "https://other.example".into(), ..arrival("sub-1", None) };
    assert_eq!(admit(&world, &elsewhere, NOW).await, Admission::Unknown);
    assert_eq!(admit(&world, &arrival("SUB-1", None), NOW).await, Admission::Unknown);
    let mut tx = world.read().await;
    let links = trail::links_of(&mut tx, &id).await.expect("links");
    let last = links.last().expect("a link");
    assert_eq!((last.action.as_str(), last.actor.as_str()), ("login.ok", id.as_str()));
    assert_eq!(last.detail_text("provider").as_deref(), Some(ISSUER));
    drop(tx);
    // Going out says by whom the session began; a second time there is nothing to end.
    let ended = accounts::logout(&world.db, &secret, NOW).await.expect("out");
    assert_eq!(ended.as_deref(), Some(ISSUER));
    assert_eq!(accounts::logout(&world.db, &secret, NOW).await.expect("out"), None);
    assert!(accounts::session(&world.db, &secret, NOW).await.is_err());
    world.assert_trail_holds().await;
}

async fn a_name_is_waited_for_once(world: World) {
    let id = user(&world, "anna").await;
    link(&world, &id, Known::Name(" Anna@Regione.Example ".into())).await.expect("linked");
    assert_eq!(admit(&world, &arrival("sub-1", None), NOW).await, Admission::Unknown);
    let first = arrival("sub-1", Some("anna@regione.example"));
    assert!(matches!(admit(&world, &first, NOW).await, Admission::In(_)));
    // From now on the subject counts, and the name belongs to nobody.
    assert!(matches!(admit(&world, &arrival("sub-1", None), NOW).await, Admission::In(_)));
    let other = arrival("sub-2", Some("anna@regione.example"));
    assert_eq!(admit(&world, &other, NOW).await, Admission::Unknown);
    let mut tx = world.read().await;
    let found = Users(&mut tx).get(&id).await.expect("a user");
    assert_eq!(found.identities[0].known, Known::Subject("sub-1".into()));
    let links = trail::links_of(&mut tx, &id).await.expect("links");
    let actions: Vec<&str> = links.iter().map(|link| link.action.as_str()).collect();
    assert_eq!(actions, ["user.create", "user.link", "user.bind", "login.ok", "login.ok"]);
    drop(tx);
    world.assert_trail_holds().await;
}

async fn refusals_are_recorded_and_cost_time(world: World) {
    let id = user(&world, "anna").await;
    link(&world, &id, Known::Subject("sub-1".into())).await.expect("linked");
    let mut tx = world.db.write().await.expect("a transaction");
    let shut = Users(&mut tx).set_standing(&by(&console()), &id, Standing::Disabled).await;
    shut.expect("out of use");
    tx.commit().await.expect("a commit");
    let mine = arrival("sub-1", None);
    assert_eq!(admit(&world, &mine, NOW).await, Admission::ShutOut);
    let mut tx = world.read().await;
    let links = trail::links_of(&mut tx, &id).await.expect("links");
    let last = links.last().expect("a link");
    assert_eq!((last.action.as_str(), last.actor.as_str()), ("login.refused", "soglia"));
    drop(tx);
    // Whoever is unknown stays unnamed in the trail, and cannot fill it.
    for _ in 0..5 {
        let named = arrival("sub-9", Some("zoe@elsewhere.example"));
        assert_eq!(admit(&world, &named, NOW).await, Admission::Unknown);
    }
    let blocked = accounts::admit(&world.db, &arrival("sub-9", None), NOW).await;
    assert!(matches!(blocked, Err(RegisterError::Throttled { wait_secs: 2 })), "{blocked:?}");
    let later = NOW + Millis::from_secs(2);
    assert_eq!(admit(&world, &arrival("sub-9", None), later).await, Admission::Unknown);
    let mut tx = world.read().await;
    let links = trail::links(&mut tx, 0, 1000).await.expect("links");
    let refused: Vec<_> = links.iter().filter(|link| link.action == "login.refused").collect();
    assert_eq!(refused.len(), 7);
    for link in &refused {
        let detail = link.detail.text.as_deref().unwrap_or_default();
        assert!(!detail.contains("sub-9") && !detail.contains("zoe"), "{detail}");
        assert!(!link.object.contains("sub-"), "{}", link.object);
    }
    drop(tx);
    world.assert_trail_holds().await;
}

async fn links_are_made_and_taken_back(world: World) {
    let (anna, bruno) = (user(&world, "anna").await, user(&world, "bruno").await);
    let identity = link(&world, &anna, Known::Subject("sub-1".into())).await.expect("linked");
    let twice = link(&world, &bruno, Known::Subject("sub-1".into())).await;
    assert!(matches!(twice, Err(RegisterError::Reference { .. })), "{twice:?}");
    for wrong in ["", "  ", "a\u{7}b", "x".repeat(256).as_str()] {
        assert!(link(&world, &anna, Known::Subject(wrong.into())).await.is_err(), "{wrong:?}");
    }
    assert!(link(&world, "U-9", Known::Subject("sub-2".into())).await.is_err(), "nobody");
    let manager = person("U-1", &[Role::MonitoringManager]);
    let mut tx = world.db.write().await.expect("a transaction");
    let known = Known::Subject("sub-3".into());
    let refused = Users(&mut tx).link(&by(&manager), &anna, ISSUER, known).await;
    assert!(matches!(refused, Err(RegisterError::Forbidden { .. })), "only administrators");
    drop(tx);
    let Admission::In(secret) = admit(&world, &arrival("sub-1", None), NOW).await else {
        panic!("she is linked")
    };
    let mut tx = world.db.write().await.expect("a transaction");
    assert!(Users(&mut tx).anybody_linked(ISSUER).await.expect("a look"));
    let whose = Users(&mut tx).unlink(&by(&console()), &identity).await.expect("taken back");
    assert_eq!(whose, anna);
    assert!(Users(&mut tx).unlink(&by(&console()), &identity).await.is_err(), "only once");
    assert!(!Users(&mut tx).anybody_linked(ISSUER).await.expect("a look"));
    tx.commit().await.expect("a commit");
    assert!(accounts::session(&world.db, &secret, NOW).await.is_err(), "at once");
    assert_eq!(admit(&world, &arrival("sub-1", None), NOW).await, Admission::Unknown);
    // Another account may have it now, under another number.
    let second = link(&world, &bruno, Known::Subject("sub-1".into())).await.expect("linked");
    assert_eq!((identity.as_str(), second.as_str()), ("I-1", "I-2"));
    world.assert_trail_holds().await;
}

async fn without_a_password_nobody_comes_in_by_one(world: World) {
    let id = user(&world, "anna").await;
    let mut tx = world.db.write().await.expect("a transaction");
    assert_eq!(Users(&mut tx).get(&id).await.expect("a user").password, LocalPassword::None);
    let grant = Grant::everywhere(Role::Auditor);
    Users(&mut tx).grant(&by(&console()), &id, grant).await.expect("granted");
    tx.commit().await.expect("a commit");
    for password in ["", "cavallo corretto graffetta"] {
        let credentials = Credentials {
            login: "anna".to_owned(),
            password: password.to_owned(),
            code: None,
            address: "192.0.2.1".to_owned(),
        };
        let failed = accounts::login(&world.db, credentials, NOW).await;
        assert!(matches!(failed, Err(RegisterError::Login)), "{failed:?}");
    }
    let mut tx = world.db.write().await.expect("a transaction");
    let set = Users(&mut tx)
        .set_password(&by(&console()), &id, "cavallo corretto graffetta".to_owned())
        .await;
    set.expect("an administrator may give one");
    assert_eq!(Users(&mut tx).get(&id).await.expect("a user").password, LocalPassword::Set);
    tx.commit().await.expect("a commit");
}
