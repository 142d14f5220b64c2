//! Accounts, roles, sessions and tokens. Read [`login`] first, then [`Users`], then [`admit`].
//!
//! Passwords are kept as argon2id hashes, sessions and tokens as SHA-256 of random numbers: who
//! reads the database cannot come in with it. Secrets of one-time codes are sealed with a key that
//! stands outside it ([`crate::secrets`]). Every change, every login and every look at single
//! calls has its link in the audit trail.

mod identities;
mod password;
mod sessions;
mod throttle;
mod totp;

use std::collections::BTreeSet;

use serde_json::json;
use soglia_domain::access::{Grant, Permission, Role, separation_warnings};
use soglia_domain::text::Text;
use soglia_domain::time::Instant;

use crate::actor::{Actor, By};
use crate::canonical::{canonical, sha256};
use crate::commitment::random;
use crate::database::{Param, Row, Tx};
use crate::error::RegisterError;
use crate::trail::Event;

pub(crate) use self::identities::known_as;
pub use self::identities::{Admission, Arrival, Identity, Known, admit, is_linked};
pub use self::password::LENGTH_MIN;
pub use self::sessions::{
    Credentials, IDLE_MAX, NewToken, SESSION_MAX, Token, login, logout, session, token_actor,
};
pub use self::throttle::{BLOCK_MAX, FREE_FAILURES};
pub use self::totp::{Enrolment, code_at};

/// A user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct User {
    /// `U-3`: what the trail names.
    pub id: String,
    /// What they write to come in; nothing once erased.
    pub login: Option<String>,
    /// Their name.
    pub name: Option<String>,
    /// Their address.
    pub email: Option<String>,
    /// Whether they have a password here.
    pub password: LocalPassword,
    /// Who they are at identity providers.
    pub identities: Vec<Identity>,
    /// Whether a one-time code is asked for.
    pub second_factor: SecondFactor,
    /// Whether they may come in.
    pub standing: Standing,
    /// What was granted and not revoked.
    pub grants: Vec<(String, Grant)>,
}

/// Whether a user has a password here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LocalPassword {
    /// They have.
    Set,
    /// They come in by an identity provider only.
    None,
}

/// Whether a one-time code is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SecondFactor {
    /// It is.
    On,
    /// It is not.
    Off,
}

/// Whether a user may come in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Yes.
    Active,
    /// Not any more.
    Disabled,
    /// Not any more, and nobody knows who it was.
    Erased,
}

/// What is needed for a new account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewUser {
    /// Letters, digits, `.`, `-`, `_`; not told apart by case.
    pub login: String,
    /// The name for people.
    pub name: String,
    /// Where to write to.
    pub email: Option<String>,
    /// The password; nothing for whoever comes in by an identity provider only.
    pub password: Option<String>,
}

/// The accounts, seen through a transaction.
#[derive(Debug)]
pub struct Users<'t>(pub &'t mut Tx);

const COLUMNS: &str = "id, login, name, email, totp_secret, state, password";

impl Users<'_> {
    /// Makes an account.
    pub async fn create(&mut self, by: &By<'_>, new: NewUser) -> Result<User, RegisterError> {
        require(by)?;
        let NewUser { login, name, email, password } = new;
        let login = tidy_login(&login)?;
        if self.find(&login).await?.is_some() {
            return Err(RegisterError::Reference { reference: login, register: "users" });
        }
        let hash = match password {
            Some(password) => Some(password::hash(&login, password).await?),
            None => None,
        };
        let number = self.0.next_number("users").await?;
        let id = format!("U-{number}");
        self.0
            .run(
                "INSERT INTO users (id, number, login, name, email, password, totp_step, state, \
                 version, created_ms) VALUES ($1, $2, $3, $4, $5, $6, 0, 'active', 1, $7)",
                &[
                    (&id).into(),
                    number.into(),
                    (&login).into(),
                    name.trim().into(),
                    Param::from(email),
                    Param::from(hash),
                    by.at.as_millis().into(),
                ],
            )
            .await?;
        self.record(by, "user.create", &id, json!({ "login": login })).await?;
        self.get(&id).await
    }

    /// Sets a password; whoever was in with the old one is out.
    pub async fn set_password(
        &mut self,
        by: &By<'_>,
        id: &str,
        password: String,
    ) -> Result<(), RegisterError> {
        require_self_or(by, id)?;
        let login = self.get(id).await?.login.ok_or(RegisterError::Login)?;
        let hash = password::hash(&login, password).await?;
        let sql = "UPDATE users SET password = $2, version = version + 1 WHERE id = $1";
        self.0.run(sql, &[id.into(), hash.into()]).await?;
        sessions::revoke_all(self.0, id, by.at).await?;
        self.record(by, "user.password", id, json!({})).await
    }

    /// Begins the use of one-time codes: nothing changes until one was typed in right.
    pub fn begin_second_factor(login: &str) -> Enrolment {
        Enrolment::new(login, random::<20>())
    }

    /// Turns one-time codes on, with a code as proof that the app has the secret.
    pub async fn confirm_second_factor(
        &mut self,
        by: &By<'_>,
        id: &str,
        enrolment: &Enrolment,
        code: &str,
    ) -> Result<(), RegisterError> {
        require_self_or(by, id)?;
        let step = enrolment.accepts(code, by.at, 0).ok_or(RegisterError::Login)?;
        let sealed = self.0.vault.seal(id, &enrolment.secret)?;
        let sql = "UPDATE users SET totp_secret = $2, totp_step = $3, version = version + 1 \
                   WHERE id = $1";
        let params = [id.into(), sealed.into(), step.into()];
        if self.0.run(sql, &params).await? == 0 {
            return Err(RegisterError::unknown("user", id));
        }
        self.record(by, "user.second_factor", id, json!({ "set": "on" })).await
    }

    /// Turns one-time codes off, when the telephone is lost. Only an administrator can.
    pub async fn drop_second_factor(&mut self, by: &By<'_>, id: &str) -> Result<(), RegisterError> {
        require(by)?;
        let sql = "UPDATE users SET totp_secret = NULL, version = version + 1 WHERE id = $1";
        if self.0.run(sql, &[id.into()]).await? == 0 {
            return Err(RegisterError::unknown("user", id));
        }
        sessions::revoke_all(self.0, id, by.at).await?;
        self.record(by, "user.second_factor", id, json!({ "set": "off" })).await
    }

    /// Lets a user in again, or shuts them out at once.
    pub async fn set_standing(
        &mut self,
        by: &By<'_>,
        id: &str,
        standing: Standing,
    ) -> Result<(), RegisterError> {
        require(by)?;
        if self.get(id).await?.standing == Standing::Erased {
            return Err(RegisterError::unknown("user", id));
        }
        let state = match standing {
            Standing::Active => "active",
            Standing::Disabled | Standing::Erased => "disabled",
        };
        let sql = "UPDATE users SET state = $2, version = version + 1 WHERE id = $1";
        self.0.run(sql, &[id.into(), state.into()]).await?;
        if standing != Standing::Active {
            sessions::revoke_all(self.0, id, by.at).await?;
        }
        self.record(by, "user.standing", id, json!({ "state": state })).await
    }

    /// Grants a role. Returns what to think about: roles that should not meet in one person.
    pub async fn grant(
        &mut self,
        by: &By<'_>,
        id: &str,
        grant: Grant,
    ) -> Result<(String, Vec<Text>), RegisterError> {
        require(by)?;
        let mut all: Vec<Grant> =
            self.get(id).await?.grants.into_iter().map(|(_, grant)| grant).collect();
        let number = self.0.next_number("grants").await?;
        let grant_id = format!("G-{number}");
        self.0
            .run(
                "INSERT INTO grants (id, number, user_id, role, contract, service, from_ms, \
                 until_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                &[
                    (&grant_id).into(),
                    number.into(),
                    id.into(),
                    grant.role.code().into(),
                    Param::from(grant.contract.clone()),
                    Param::from(grant.service.clone()),
                    Param::from(grant.from.map(Instant::as_millis)),
                    Param::from(grant.until.map(Instant::as_millis)),
                ],
            )
            .await?;
        let written = grant_json(&grant_id, id, &grant);
        self.record(by, "user.grant", id, written).await?;
        all.push(grant);
        Ok((grant_id, separation_warnings(&all, by.at)))
    }

    /// Takes a role back, from now on.
    pub async fn revoke(&mut self, by: &By<'_>, grant_id: &str) -> Result<(), RegisterError> {
        require(by)?;
        let sql = "SELECT user_id FROM grants WHERE id = $1 AND revoked_ms IS NULL";
        let row = self.0.maybe(sql, &[grant_id.into()]).await?;
        let user = row.ok_or_else(|| RegisterError::unknown("grant", grant_id))?.text(0);
        let sql = "UPDATE grants SET revoked_ms = $2 WHERE id = $1";
        self.0.run(sql, &[grant_id.into(), by.at.as_millis().into()]).await?;
        self.record(by, "user.revoke", &user, json!({ "grant": grant_id })).await
    }

    /// Makes a token for a program, with one role. Its text is shown once and not kept.
    pub async fn create_token(
        &mut self,
        by: &By<'_>,
        new: NewToken,
    ) -> Result<(Token, String), RegisterError> {
        require(by)?;
        sessions::create_token(self.0, by, new).await
    }

    /// The tokens that hold at an instant, in the order of their numbers.
    pub async fn tokens(&mut self, at: Instant) -> Result<Vec<Token>, RegisterError> {
        sessions::tokens(self.0, at).await
    }

    /// Makes a token worthless.
    pub async fn revoke_token(&mut self, by: &By<'_>, id: &str) -> Result<(), RegisterError> {
        require(by)?;
        sessions::revoke_token(self.0, by, id).await
    }

    /// All users, in the order of their numbers.
    pub async fn list(&mut self) -> Result<Vec<User>, RegisterError> {
        let sql = format!("SELECT {COLUMNS} FROM users ORDER BY number");
        let mut users = Vec::new();
        for row in self.0.rows(&sql, &[]).await? {
            users.push(self.with_grants(&row).await?);
        }
        Ok(users)
    }

    /// A user by id.
    pub async fn get(&mut self, id: &str) -> Result<User, RegisterError> {
        let sql = format!("SELECT {COLUMNS} FROM users WHERE id = $1");
        let row = self.0.maybe(&sql, &[id.into()]).await?;
        self.with_grants(&row.ok_or_else(|| RegisterError::unknown("user", id))?).await
    }

    /// A user by login.
    pub async fn find(&mut self, login: &str) -> Result<Option<User>, RegisterError> {
        let sql = format!("SELECT {COLUMNS} FROM users WHERE login = $1");
        let login = login.trim().to_lowercase();
        match self.0.maybe(&sql, &[login.into()]).await? {
            Some(row) => Ok(Some(self.with_grants(&row).await?)),
            None => Ok(None),
        }
    }

    /// Whoever does something by this account.
    pub async fn actor(&mut self, id: &str) -> Result<Actor, RegisterError> {
        let user = self.get(id).await?;
        if user.standing != Standing::Active {
            return Err(RegisterError::Login);
        }
        let grants = user.grants.into_iter().map(|(_, grant)| grant).collect();
        Ok(Actor::user(&user.id, grants))
    }

    async fn with_grants(&mut self, row: &Row) -> Result<User, RegisterError> {
        let id = row.text(0);
        let sql = "SELECT id, role, contract, service, from_ms, until_ms FROM grants \
                   WHERE user_id = $1 AND revoked_ms IS NULL ORDER BY number";
        let rows = self.0.rows(sql, &[(&id).into()]).await?;
        let grants = rows.iter().map(|row| {
            let code = row.text(1);
            let problem = || RegisterError::unknown("role", &code);
            let role = Role::parse(&code).ok_or_else(problem)?;
            let grant = Grant {
                role,
                contract: row.text_opt(2),
                service: row.text_opt(3),
                from: row.int_opt(4).map(Instant::from_millis),
                until: row.int_opt(5).map(Instant::from_millis),
            };
            Ok((row.text(0), grant))
        });
        let grants = grants.collect::<Result<_, RegisterError>>()?;
        let second_factor =
            if row.text_opt(4).is_some() { SecondFactor::On } else { SecondFactor::Off };
        let standing = match row.text(5).as_str() {
            "active" => Standing::Active,
            "erased" => Standing::Erased,
            _ => Standing::Disabled,
        };
        let identities = identities::of_user(self.0, &id).await?;
        let password =
            if row.text_opt(6).is_some() { LocalPassword::Set } else { LocalPassword::None };
        Ok(User {
            id,
            login: row.text_opt(1),
            name: row.text_opt(2),
            email: row.text_opt(3),
            password,
            identities,
            second_factor,
            standing,
            grants,
        })
    }

    async fn record(
        &mut self,
        by: &By<'_>,
        action: &str,
        object: &str,
        mut detail: serde_json::Value,
    ) -> Result<(), RegisterError> {
        // Roles are compared with their links; what names a person must not outlive its erasure.
        let compared = ["user.grant", "user.revoke"].contains(&action);
        let digest = if compared { sha256(canonical(&detail).as_bytes()) } else { String::new() };
        detail["reason"] = by.reason()?.into();
        let (actor, at) = (by.actor.id(), by.at);
        self.0.record(Event { actor, at, action, object, digest: &digest, detail }).await?;
        Ok(())
    }
}

/// Records that somebody looks at single calls, and what for.
pub async fn log_access(
    tx: &mut Tx,
    by: &By<'_>,
    contract: &str,
    service: Option<&str>,
    call: &str,
) -> Result<(), RegisterError> {
    by.actor.require(&[Permission::SeeCalls], contract, service, by.at)?;
    let detail = json!({ "reason": by.reason()?, "contract": contract });
    tx.record(Event {
        actor: by.actor.id(),
        at: by.at,
        action: "access.call",
        object: &format!("call:{call}"),
        digest: "",
        detail,
    })
    .await?;
    Ok(())
}

fn require(by: &By<'_>) -> Result<(), RegisterError> {
    by.reason()?;
    by.actor.require_everywhere(Permission::ManageUsers, by.at)
}

fn require_self_or(by: &By<'_>, id: &str) -> Result<(), RegisterError> {
    if by.actor.id() == id { by.reason().map(|_| ()) } else { require(by) }
}

/// Looks for a role in the database that no link of the trail granted as it stands, or that one
/// took back.
pub(crate) async fn unrecorded_grant(tx: &mut Tx) -> Result<Option<String>, RegisterError> {
    let sql = "SELECT digest FROM trail WHERE action IN ('user.grant', 'user.revoke')";
    let links = tx.rows(sql, &[]).await?;
    let digests: BTreeSet<String> = links.iter().map(|row| row.text(0)).collect();
    let digest = |content: &serde_json::Value| sha256(canonical(content).as_bytes());
    let sql = "SELECT id, user_id, role, contract, service, from_ms, until_ms, revoked_ms \
               FROM grants ORDER BY number";
    for row in tx.rows(sql, &[]).await? {
        let id = row.text(0);
        let content = json!({
            "grant": id,
            "user": row.text(1),
            "role": row.text(2),
            "contract": row.text_opt(3),
            "service": row.text_opt(4),
            "from": row.int_opt(5),
            "until": row.int_opt(6),
        });
        let taken_back = digests.contains(&digest(&json!({ "grant": id })));
        let stands = row.int_opt(7).is_none();
        if !digests.contains(&digest(&content)) || (stands && taken_back) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

fn grant_json(grant_id: &str, user: &str, grant: &Grant) -> serde_json::Value {
    json!({
        "grant": grant_id,
        "user": user,
        "role": grant.role.code(),
        "contract": grant.contract,
        "service": grant.service,
        "from": grant.from.map(Instant::as_millis),
        "until": grant.until.map(Instant::as_millis),
    })
}

fn tidy_login(login: &str) -> Result<String, RegisterError> {
    let login = login.trim().to_lowercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
    if login.len() < 2 || 64 < login.len() || !login.chars().all(plain) {
        return Err(RegisterError::Unknown { kind: "possible login like", name: login });
    }
    Ok(login)
}
