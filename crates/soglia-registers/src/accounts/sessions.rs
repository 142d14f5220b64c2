//! Coming in: logins, sessions, tokens of programs.

use serde_json::json;
use soglia_domain::access::{Grant, Role};
use soglia_domain::time::{Instant, Millis};

use super::totp::Enrolment;
use super::{Users, password, throttle};
use crate::actor::{Actor, By};
use crate::canonical::sha256;
use crate::commitment::random_hex;
use crate::database::{Database, Param, Row, Tx};
use crate::error::RegisterError;
use crate::secrets;
use crate::trail::Event;

/// A session ends after so long without use.
pub const IDLE_MAX: Millis = Millis::from_mins(30);
/// A session ends after so long in any case.
pub const SESSION_MAX: Millis = Millis::from_hours(12);
/// A session's last use is written at most this often.
const TOUCH_AFTER: Millis = Millis::from_mins(1);
/// What tokens of programs begin with, so that scanners of leaked secrets know them.
const TOKEN_PREFIX: &str = "soglia_";

/// What somebody types in to come in.
#[derive(Clone)]
pub struct Credentials {
    /// The login.
    pub login: String,
    /// The password.
    pub password: String,
    /// The one-time code, if the account asks for it.
    pub code: Option<String>,
    /// Where from.
    pub address: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials({} from {})", self.login, self.address)
    }
}

/// What is needed for a token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// Its role, where it holds, and until when.
    pub grant: Grant,
    /// When it ends.
    pub expires: Instant,
}

/// A token of a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    /// `T-2`: what the trail names.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// Its role and where it holds.
    pub grant: Grant,
    /// When it ends.
    pub expires: Instant,
}

/// Lets somebody in. Returns the session's secret, which is not kept.
///
/// Says only that the login failed, whatever was wrong; after [`throttle::FREE_FAILURES`]
/// failures of an account or an address each one costs time.
pub async fn login(
    database: &Database,
    credentials: Credentials,
    now: Instant,
) -> Result<String, RegisterError> {
    let Credentials { login, password, code, address } = credentials;
    let login = login.trim().to_lowercase();
    let mut tx = database.read().await?;
    let account = format!("login:{}", secrets::index_key(&mut tx).await?.hash(&login));
    let subjects = [account.clone(), format!("address:{address}")];
    throttle::require_open(&mut tx, &subjects, now).await?;
    let sql = "SELECT id, password, totp_secret, state FROM users WHERE login = $1";
    let row = tx.maybe(sql, &[(&login).into()]).await?;
    drop(tx);
    let hash = row.as_ref().filter(|row| row.text(3) == "active").and_then(|row| row.text_opt(1));
    let right = password::verify(password, hash).await;
    let mut tx = database.write().await?;
    // Whoever guessed at the same time may have used up the attempts.
    throttle::require_open(&mut tx, &subjects, now).await?;
    let user = match row {
        Some(row) if right => {
            let id = row.text(0);
            code_is_right(&mut tx, &id, code.as_deref(), now).await?.then_some(id)
        }
        _ => None,
    };
    let Some(user) = user else {
        let blocked = throttle::count_failure(&mut tx, &subjects, now).await?;
        for object in blocked {
            let detail = json!({ "reason": "too many failures" });
            let (actor, action) = ("soglia", "login.blocked");
            tx.record(Event { actor, at: now, action, object: &object, digest: "", detail })
                .await?;
        }
        tx.finish().await?;
        return Err(RegisterError::Login);
    };
    throttle::clear(&mut tx, &account).await?;
    let secret = begin(&mut tx, &user, None, &address, now).await?;
    tx.commit().await?;
    Ok(secret)
}

/// Begins a session, by a password or by an identity provider, and records it. Returns its secret.
pub(super) async fn begin(
    tx: &mut Tx,
    user: &str,
    issuer: Option<&str>,
    address: &str,
    now: Instant,
) -> Result<String, RegisterError> {
    let secret = random_hex::<32>();
    let expires = now + SESSION_MAX;
    tx.run(
        "INSERT INTO sessions (token_hash, user_id, created_ms, seen_ms, expires_ms, issuer) \
         VALUES ($1, $2, $3, $3, $4, $5)",
        &[
            sha256(secret.as_bytes()).into(),
            user.into(),
            now.as_millis().into(),
            expires.as_millis().into(),
            Param::from(issuer),
        ],
    )
    .await?;
    let mut detail = json!({ "reason": "login", "address": address });
    if let Some(issuer) = issuer {
        detail["provider"] = issuer.into();
    }
    let (actor, object) = (user, user);
    tx.record(Event { actor, at: now, action: "login.ok", object, digest: "", detail }).await?;
    Ok(secret)
}

/// Whether a one-time code is right, where one is asked for; it is then used up.
async fn code_is_right(
    tx: &mut Tx,
    user: &str,
    code: Option<&str>,
    now: Instant,
) -> Result<bool, RegisterError> {
    let sql = "SELECT totp_secret, totp_step FROM users WHERE id = $1 AND state = 'active'";
    let Some(row) = tx.maybe(sql, &[user.into()]).await? else { return Ok(false) };
    let Some(secret) = row.text_opt(0) else { return Ok(true) };
    let sealed = secrets::is_sealed(&secret);
    let secret = if sealed { tx.vault.open(user, &secret)? } else { secret };
    let enrolment = Enrolment::stored(&secret);
    let Some(step) = code.and_then(|code| enrolment.accepts(code, now, row.int(1))) else {
        return Ok(false);
    };
    // An older program wrote it as it was.
    let secret = tx.vault.seal(user, &secret)?;
    let sql = "UPDATE users SET totp_step = $2, totp_secret = $3 WHERE id = $1";
    tx.run(sql, &[user.into(), step.into(), secret.into()]).await?;
    Ok(true)
}

/// Whose session it is, if it still lasts.
pub async fn session(
    database: &Database,
    secret: &str,
    now: Instant,
) -> Result<Actor, RegisterError> {
    let hash = sha256(secret.as_bytes());
    let mut tx = database.read().await?;
    let sql = "SELECT user_id, seen_ms, expires_ms FROM sessions \
               WHERE token_hash = $1 AND revoked_ms IS NULL";
    let row = tx.maybe(sql, &[(&hash).into()]).await?.ok_or(RegisterError::Login)?;
    let (seen, expires) = (Instant::from_millis(row.int(1)), Instant::from_millis(row.int(2)));
    if expires <= now || seen + IDLE_MAX <= now {
        return Err(RegisterError::Login);
    }
    let actor = Users(&mut tx).actor(&row.text(0)).await?;
    drop(tx);
    if seen + TOUCH_AFTER <= now {
        let mut tx = database.write().await?;
        let sql = "UPDATE sessions SET seen_ms = $2 WHERE token_hash = $1";
        tx.run(sql, &[hash.into(), now.as_millis().into()]).await?;
        tx.finish().await?;
    }
    Ok(actor)
}

/// Ends a session. Returns the identity provider by which it began, if it was one.
pub async fn logout(
    database: &Database,
    secret: &str,
    now: Instant,
) -> Result<Option<String>, RegisterError> {
    let hash = sha256(secret.as_bytes());
    let mut tx = database.write().await?;
    let sql = "SELECT issuer FROM sessions WHERE token_hash = $1 AND revoked_ms IS NULL";
    let row = tx.maybe(sql, &[(&hash).into()]).await?;
    let sql = "UPDATE sessions SET revoked_ms = $2 WHERE token_hash = $1 AND revoked_ms IS NULL";
    tx.run(sql, &[hash.into(), now.as_millis().into()]).await?;
    tx.finish().await?;
    Ok(row.and_then(|row| row.text_opt(0)))
}

/// Ends all sessions of a user.
pub(super) async fn revoke_all(tx: &mut Tx, user: &str, now: Instant) -> Result<(), RegisterError> {
    let sql = "UPDATE sessions SET revoked_ms = $2 WHERE user_id = $1 AND revoked_ms IS NULL";
    tx.run(sql, &[user.into(), now.as_millis().into()]).await?;
    Ok(())
}

/// Who comes with a program's token, if it still holds.
pub async fn token_actor(
    database: &Database,
    secret: &str,
    now: Instant,
) -> Result<Actor, RegisterError> {
    if !secret.starts_with(TOKEN_PREFIX) {
        return Err(RegisterError::Login);
    }
    let hash = sha256(secret.as_bytes());
    // Nobody waits for the one writer to find out that a token is none.
    let mut tx = database.read().await?;
    let sql = "SELECT id, role, contract, service, used_ms FROM api_tokens \
               WHERE token_hash = $1 AND revoked_ms IS NULL AND $2 < expires_ms";
    let params = [(&hash).into(), now.as_millis().into()];
    let row = tx.maybe(sql, &params).await?.ok_or(RegisterError::Login)?;
    drop(tx);
    if row.int_opt(4).is_none_or(|used| Instant::from_millis(used) + TOUCH_AFTER <= now) {
        let mut tx = database.write().await?;
        tx.run("UPDATE api_tokens SET used_ms = $2 WHERE token_hash = $1", &params).await?;
        tx.finish().await?;
    }
    let role = Role::parse(&row.text(1)).ok_or(RegisterError::Login)?;
    let grant = Grant {
        role,
        contract: row.text_opt(2),
        service: row.text_opt(3),
        from: None,
        until: None,
    };
    Ok(Actor::user(&row.text(0), vec![grant]))
}

pub(super) async fn create_token(
    tx: &mut Tx,
    by: &By<'_>,
    new: NewToken,
) -> Result<(Token, String), RegisterError> {
    let NewToken { name, grant, expires } = new;
    let number = tx.next_number("api_tokens").await?;
    let id = format!("T-{number}");
    let secret = format!("{TOKEN_PREFIX}{}", random_hex::<32>());
    tx.run(
        "INSERT INTO api_tokens (token_hash, id, number, name, role, contract, service, \
         created_ms, created_by, expires_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            sha256(secret.as_bytes()).into(),
            (&id).into(),
            number.into(),
            (&name).into(),
            grant.role.code().into(),
            Param::from(grant.contract.clone()),
            Param::from(grant.service.clone()),
            by.at.as_millis().into(),
            by.actor.id().into(),
            expires.as_millis().into(),
        ],
    )
    .await?;
    let detail = json!({
        "reason": by.reason()?,
        "name": name,
        "role": grant.role.code(),
        "contract": grant.contract,
        "service": grant.service,
        "expires": expires.as_millis(),
    });
    record(tx, by, "token.create", &id, detail).await?;
    Ok((Token { id, name, grant, expires }, secret))
}

pub(super) async fn tokens(tx: &mut Tx, at: Instant) -> Result<Vec<Token>, RegisterError> {
    let sql = "SELECT id, name, role, contract, service, expires_ms FROM api_tokens \
               WHERE revoked_ms IS NULL AND $1 < expires_ms ORDER BY number";
    let rows = tx.rows(sql, &[at.as_millis().into()]).await?;
    let one = |row: &Row| {
        let code = row.text(2);
        let role = Role::parse(&code).ok_or_else(|| RegisterError::unknown("role", &code))?;
        let grant = Grant {
            role,
            contract: row.text_opt(3),
            service: row.text_opt(4),
            from: None,
            until: None,
        };
        let expires = Instant::from_millis(row.int(5));
        Ok(Token { id: row.text(0), name: row.text(1), grant, expires })
    };
    rows.iter().map(one).collect()
}

pub(super) async fn revoke_token(tx: &mut Tx, by: &By<'_>, id: &str) -> Result<(), RegisterError> {
    let sql = "UPDATE api_tokens SET revoked_ms = $2 WHERE id = $1 AND revoked_ms IS NULL";
    if tx.run(sql, &[id.into(), by.at.as_millis().into()]).await? == 0 {
        return Err(RegisterError::unknown("token", id));
    }
    record(tx, by, "token.revoke", id, json!({ "reason": by.reason()? })).await
}

async fn record(
    tx: &mut Tx,
    by: &By<'_>,
    action: &str,
    object: &str,
    detail: serde_json::Value,
) -> Result<(), RegisterError> {
    let actor = by.actor.id();
    tx.record(Event { actor, at: by.at, action, object, digest: "", detail }).await?;
    Ok(())
}
