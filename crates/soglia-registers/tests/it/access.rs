//! Accounts: passwords, one-time codes, sessions, tokens, roles, the log of accesses.

use soglia_domain::access::{Grant, Permission, Role};
use soglia_domain::time::{Instant, Millis};
use soglia_registers::accounts::{
    self, Credentials, IDLE_MAX, NewToken, NewUser, SESSION_MAX, SecondFactor, Standing, Users,
};
use soglia_registers::actor::{Actor, By};
use soglia_registers::error::RegisterError;
use soglia_registers::secrets::Vault;
use soglia_registers::trail;

use crate::support::{CONTRACT, NOW, World, by, console, person};

both!(
    who_has_the_password_comes_in,
    guessing_costs_time,
    one_time_codes_are_good_once,
    sessions_end,
    roles_are_granted_and_taken_back,
    roles_nobody_granted_are_found,
    tokens_have_one_role,
    looking_at_calls_leaves_a_trace,
);

const PASSWORD: &str = "cavallo corretto graffetta";

async fn user(world: &World, login: &str) -> String {
    let new = NewUser {
        login: login.to_owned(),
        name: "Anna Bianchi".to_owned(),
        email: None,
        password: Some(PASSWORD.to_owned()),
    };
    let mut tx = world.db.write().await.expect("a transaction");
    let user = Users(&mut tx).create(&by(&console()), new).await.expect("a new account");
    tx.commit().await.expect("a commit");
    user.id
}

fn with(login: &str, password: &str, code: Option<String>) -> Credentials {
    Credentials {
        login: login.to_owned(),
        password: password.to_owned(),
        code,
        address: "192.0.2.1".to_owned(),
    }
}

async fn login(world: &World, password: &str, at: Instant) -> Result<String, RegisterError> {
    accounts::login(&world.db, with("anna", password, None), at).await
}

async fn who_has_the_password_comes_in(world: World) {
    let id = user(&world, "Anna").await;
    let secret = login(&world, PASSWORD, NOW).await.expect("right");
    let actor = accounts::session(&world.db, &secret, NOW).await.expect("it lasts");
    assert_eq!(actor.id(), id);
    for (login, password) in [("anna", "sbagliata e basta"), ("aldo", PASSWORD), ("anna", "")] {
        let failed = accounts::login(&world.db, with(login, password, None), NOW).await;
        assert!(matches!(failed, Err(RegisterError::Login)), "{login}");
    }
    // Nothing in the database opens the door.
    let mut tx = world.read().await;
    let row = tx.one("SELECT token_hash FROM sessions", &[]).await.expect("a row");
    assert_ne!(row.text(0), secret);
    let row = tx.one("SELECT password FROM users", &[]).await.expect("a row");
    assert!(row.text(0).starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", row.text(0));
    drop(tx);
    // The same login twice, or a weak password, is refused.
    let mut tx = world.db.write().await.expect("a transaction");
    for (login, password) in [("ANNA", PASSWORD), ("bruno", "corta"), ("a b", PASSWORD)] {
        let (login, password) = (login.to_owned(), Some(password.to_owned()));
        let new = NewUser { login, password, name: "x".into(), email: None };
        assert!(Users(&mut tx).create(&by(&console()), new).await.is_err());
    }
    let manager = person("U-9", &[Role::MonitoringManager]);
    let (login, password) = ("bruno".to_owned(), Some(PASSWORD.to_owned()));
    let new = NewUser { login, password, name: "x".into(), email: None };
    let refused = Users(&mut tx).create(&by(&manager), new).await;
    assert!(matches!(refused, Err(RegisterError::Forbidden { .. })));
    drop(tx);
    // A new password ends what the old one opened.
    let mut tx = world.db.write().await.expect("a transaction");
    let own = By { actor: &actor, at: NOW, reason: "scaduta" };
    let changed = Users(&mut tx).set_password(&own, &id, "altra frase lunga".into()).await;
    changed.expect("one's own");
    let others = Users(&mut tx).set_password(&own, "U-2", "altra frase lunga".into()).await;
    assert!(others.is_err(), "not somebody else's");
    tx.commit().await.expect("a commit");
    assert!(accounts::session(&world.db, &secret, NOW).await.is_err());
    assert!(login_fails(&world, PASSWORD).await);
    self::login(&world, "altra frase lunga", NOW).await.expect("the new one");
    world.assert_trail_holds().await;
}

async fn login_fails(world: &World, password: &str) -> bool {
    matches!(login(world, password, NOW).await, Err(RegisterError::Login))
}

async fn guessing_costs_time(world: World) {
    user(&world, "anna").await;
    for _ in 0..5 {
        assert!(login_fails(&world, "non la so davvero").await);
    }
    let blocked = login(&world, PASSWORD, NOW).await;
    let Err(RegisterError::Throttled { wait_secs }) = blocked else {
        panic!("even the right one has to wait: {blocked:?}")
    };
    assert_eq!(wait_secs, 2);
    let later = NOW + Millis::from_secs(2);
    login(&world, PASSWORD, later).await.expect("after the wait");
    // The account is free again; the address is not forgotten.
    let failed = accounts::login(&world.db, with("aldo", "qualcosa a caso", None), later).await;
    assert!(matches!(failed, Err(RegisterError::Login)));
    let failed = accounts::login(&world.db, with("carla", "qualcosa a caso", None), later).await;
    assert!(matches!(failed, Err(RegisterError::Throttled { .. })), "{failed:?}");
    let elsewhere = Credentials { address: "192.0.2.2".into(), ..with("anna", PASSWORD, None) };
    accounts::login(&world.db, elsewhere, later).await.expect("from another address");
    let mut tx = world.read().await;
    let links = trail::links(&mut tx, 0, 100).await.expect("links");
    let blocks = links.iter().filter(|link| link.action == "login.blocked").count();
    assert_eq!(blocks, 2, "once for the account, once for the address");
}

async fn one_time_codes_are_good_once(world: World) {
    let id = user(&world, "anna").await;
    let enrolment = Users::begin_second_factor("anna");
    assert!(enrolment.address.starts_with("otpauth://totp/Soglia:anna?secret="));
    let code = |at: Instant| accounts::code_at(&enrolment.secret, at);
    let mut tx = world.db.write().await.expect("a transaction");
    let actor = console();
    let wrong = Users(&mut tx).confirm_second_factor(&by(&actor), &id, &enrolment, "000").await;
    assert!(wrong.is_err(), "nothing changes until a code was right");
    let right = code(NOW).expect("a code");
    let confirmed =
        Users(&mut tx).confirm_second_factor(&by(&actor), &id, &enrolment, &right).await;
    confirmed.expect("the app has the secret");
    tx.commit().await.expect("a commit");
    let later = NOW + Millis::from_secs(30);
    let attempt = |code: Option<String>, at: Instant| {
        accounts::login(&world.db, with("anna", PASSWORD, code), at)
    };
    assert!(attempt(None, later).await.is_err(), "without a code");
    assert!(attempt(code(NOW), later).await.is_err(), "with the one used to confirm");
    attempt(code(later), later).await.expect("with a new one");
    secrets_are_sealed(&world, &id, &enrolment.secret).await;
    let later = later + Millis::from_secs(30);
    assert!(attempt(code(later), later).await.is_err(), "not twice");
    let mut tx = world.db.write().await.expect("a transaction");
    assert_eq!(Users(&mut tx).get(&id).await.expect("a user").second_factor, SecondFactor::On);
    Users(&mut tx).drop_second_factor(&by(&actor), &id).await.expect("the telephone is lost");
    tx.commit().await.expect("a commit");
    attempt(None, later).await.expect("without a code again");
}

/// What stands in the database makes nobody's codes, nor does it with another key.
async fn secrets_are_sealed(world: &World, id: &str, secret: &str) {
    let stored = async || {
        let mut tx = world.read().await;
        let sql = "SELECT totp_secret FROM users WHERE id = $1";
        tx.one(sql, &[id.into()]).await.expect("a user").text(0)
    };
    let sealed = stored().await;
    assert!(sealed.starts_with("v1:") && !sealed.contains(secret), "{sealed}");
    let at = NOW + Millis::from_secs(60);
    let code = || with("anna", PASSWORD, accounts::code_at(secret, at));
    for vault in [Vault::Closed, Vault::key(&"0".repeat(64)).expect("a key")] {
        let other = world.db.clone().with_vault(vault);
        let failed = accounts::login(&other, code(), at).await;
        assert!(matches!(failed, Err(RegisterError::Key { .. })), "{failed:?}");
    }
    // As an older program left it: good once more, then sealed.
    world.tamper(&format!("UPDATE users SET totp_secret = '{secret}'")).await;
    accounts::login(&world.db, code(), at).await.expect("the code is right");
    let again = stored().await;
    assert!(again.starts_with("v1:") && again != sealed, "{again}");
}

async fn sessions_end(world: World) {
    let id = user(&world, "anna").await;
    let secret = login(&world, PASSWORD, NOW).await.expect("right");
    let lasts = |secret: String, after: Millis| {
        let db = world.db.clone();
        async move { accounts::session(&db, &secret, NOW + after).await.is_ok() }
    };
    let short = Millis::from_mins(29);
    assert!(lasts(secret.clone(), short).await);
    assert!(lasts(secret.clone(), short + short).await, "it was used meanwhile");
    assert!(!lasts(secret.clone(), short + short + IDLE_MAX).await, "not used for half an hour");
    let secret = login(&world, PASSWORD, NOW).await.expect("right");
    let mut at = Millis::ZERO;
    while at + short < SESSION_MAX {
        at = at + short;
        assert!(lasts(secret.clone(), at).await);
    }
    assert!(!lasts(secret.clone(), SESSION_MAX).await, "twelve hours are the most");
    let secret = login(&world, PASSWORD, NOW).await.expect("right");
    accounts::logout(&world.db, &secret, NOW).await.expect("out");
    assert!(!lasts(secret, Millis::ZERO).await);
    let secret = login(&world, PASSWORD, NOW).await.expect("right");
    let mut tx = world.db.write().await.expect("a transaction");
    let shut = Users(&mut tx).set_standing(&by(&console()), &id, Standing::Disabled).await;
    shut.expect("disabled");
    tx.commit().await.expect("a commit");
    assert!(!lasts(secret, Millis::ZERO).await, "at once");
    assert!(login_fails(&world, PASSWORD).await);
    assert!(!lasts("0".repeat(64), Millis::ZERO).await);
}

async fn roles_are_granted_and_taken_back(world: World) {
    let id = user(&world, "anna").await;
    let actor = console();
    let here = |role: Role| Grant { contract: Some(CONTRACT.into()), ..Grant::everywhere(role) };
    let mut tx = world.db.write().await.expect("a transaction");
    let (rup, warnings) =
        Users(&mut tx).grant(&by(&actor), &id, here(Role::Rup)).await.expect("granted");
    assert_eq!(warnings, []);
    let (_, warnings) =
        Users(&mut tx).grant(&by(&actor), &id, here(Role::Dec)).await.expect("granted");
    assert_eq!(warnings.len(), 1, "the same person proposes and decides");
    assert!(warnings[0].it.contains("deciderebbe"), "{}", warnings[0].it);
    tx.commit().await.expect("a commit");
    let secret = login(&world, PASSWORD, NOW).await.expect("right");
    let may = |actor: &Actor, permission: Permission| {
        actor.may(&[permission], CONTRACT, Some("cup"), NOW)
    };
    let session = accounts::session(&world.db, &secret, NOW).await.expect("it lasts");
    assert!(may(&session, Permission::DecidePenalty) && may(&session, Permission::ProposePenalty));
    let mut tx = world.db.write().await.expect("a transaction");
    Users(&mut tx).revoke(&by(&actor), &rup).await.expect("taken back");
    assert!(Users(&mut tx).revoke(&by(&actor), &rup).await.is_err(), "only once");
    tx.commit().await.expect("a commit");
    let session = accounts::session(&world.db, &secret, NOW).await.expect("it lasts");
    assert!(!may(&session, Permission::DecidePenalty), "from the next request on");
    assert!(may(&session, Permission::ProposePenalty));
    let mut tx = world.read().await;
    let actions: Vec<String> = trail::links_of(&mut tx, &id)
        .await
        .expect("links")
        .into_iter()
        .map(|link| link.action)
        .collect();
    let expected = ["user.create", "user.grant", "user.grant", "login.ok", "user.revoke"];
    assert_eq!(actions, expected);
}

async fn roles_nobody_granted_are_found(world: World) {
    let id = user(&world, "anna").await;
    let actor = console();
    let mut tx = world.db.write().await.expect("a transaction");
    let grant = Grant::everywhere(Role::Auditor);
    Users(&mut tx).grant(&by(&actor), &id, grant.clone()).await.expect("granted");
    let (second, _) = Users(&mut tx).grant(&by(&actor), &id, grant).await.expect("granted");
    Users(&mut tx).revoke(&by(&actor), &second).await.expect("taken back");
    tx.commit().await.expect("a commit");
    world.assert_trail_holds().await;
    let cases = [
        (
            "UPDATE grants SET role = 'rup' WHERE id = 'G-1'",
            "G-1",
            "UPDATE grants SET role = 'auditor' WHERE id = 'G-1'",
        ),
        (
            "UPDATE grants SET revoked_ms = NULL WHERE id = 'G-2'",
            "G-2",
            "UPDATE grants SET revoked_ms = 1 WHERE id = 'G-2'",
        ),
        (
            "INSERT INTO grants (id, number, user_id, role) VALUES ('G-3', 3, 'U-1', 'rup')",
            "G-3",
            "DELETE FROM grants WHERE id = 'G-3'",
        ),
    ];
    for (sql, object, undo) in cases {
        world.tamper(sql).await;
        let broken = trail::verify(&world.db, None).await.expect("a look").broken;
        let broken = broken.unwrap_or_else(|| panic!("{sql}"));
        assert_eq!((broken.object.as_str(), broken.fault), (object, trail::Fault::Grant));
        world.tamper(undo).await;
        world.assert_trail_holds().await;
    }
}

async fn tokens_have_one_role(world: World) {
    let actor = console();
    let grant = Grant { contract: Some(CONTRACT.into()), ..Grant::everywhere(Role::Auditor) };
    let expires = NOW + Millis::from_hours(24);
    let new = NewToken { name: "open data".into(), grant, expires };
    let mut tx = world.db.write().await.expect("a transaction");
    let (token, secret) = Users(&mut tx).create_token(&by(&actor), new).await.expect("a new token");
    tx.commit().await.expect("a commit");
    assert!(secret.starts_with("soglia_"));
    let program = accounts::token_actor(&world.db, &secret, NOW).await.expect("it holds");
    assert_eq!(program.id(), token.id);
    assert!(program.may(&[Permission::Export], CONTRACT, None, NOW));
    assert!(!program.may(&[Permission::RecordClient], CONTRACT, None, NOW));
    assert!(!program.may(&[Permission::Export], "rep-2", None, NOW));
    assert!(accounts::token_actor(&world.db, &secret, expires).await.is_err(), "it is over");
    assert!(accounts::token_actor(&world.db, "soglia_00", NOW).await.is_err());
    let mut tx = world.db.write().await.expect("a transaction");
    Users(&mut tx).revoke_token(&by(&actor), &token.id).await.expect("revoked");
    tx.commit().await.expect("a commit");
    assert!(accounts::token_actor(&world.db, &secret, NOW).await.is_err());
    world.assert_trail_holds().await;
}

async fn looking_at_calls_leaves_a_trace(world: World) {
    let manager = person("U-1", &[Role::MonitoringManager]);
    let operator = person("U-2", &[Role::Operator]);
    let look = |actor: Actor, reason: &'static str| {
        let db = world.db.clone();
        async move {
            let by = By { actor: &actor, at: NOW, reason };
            let mut tx = db.write().await?;
            accounts::log_access(&mut tx, &by, CONTRACT, Some("cup"), "1688364031.17").await?;
            tx.commit().await
        }
    };
    assert!(matches!(look(operator, "curiosità").await, Err(RegisterError::Forbidden { .. })));
    assert!(matches!(look(manager.clone(), " ").await, Err(RegisterError::NoReason)));
    look(manager, "reclamo REC-1").await.expect("it has a purpose");
    let mut tx = world.read().await;
    let links = trail::links_of(&mut tx, "call:1688364031.17").await.expect("links");
    assert_eq!(links.len(), 1);
    assert_eq!(links[0].actor, "U-1");
    assert_eq!(links[0].detail_text("reason").as_deref(), Some("reclamo REC-1"));
}
