//! Coming in by an identity provider (OpenID Connect). Read [`admit`] first.
//!
//! Only who was linked comes in: an administrator says which person at the provider an account
//! belongs to, either by the provider's own lasting name for them (the *subject*) or by a name or
//! address that is waited for. The first arrival with that name binds the account to the subject;
//! from then on the name does not matter any more.

use serde_json::json;
use soglia_domain::time::Instant;

use super::{Users, require, sessions, throttle};
use crate::actor::By;
use crate::database::{Database, Param, Row, Tx};
use crate::error::RegisterError;
use crate::secrets;
use crate::trail::Event;

/// The longest subject that the standard allows; names and issuers are kept to twice as much.
const SUBJECT_MAX: usize = 255;

/// Who somebody is at a provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// `I-4`: what the trail names.
    pub id: String,
    /// The provider.
    pub issuer: String,
    /// How the person is known there.
    pub known: Known,
}

/// How a person is known at a provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Known {
    /// By the provider's own lasting name for them.
    Subject(String),
    /// By a name or address that is waited for; not told apart by case.
    Name(String),
}

/// Somebody whom a provider vouches for.
#[derive(Clone)]
pub struct Arrival {
    /// The provider.
    pub issuer: String,
    /// Its lasting name for the person.
    pub subject: String,
    /// The name or address that an account may be waiting for.
    pub name: Option<String>,
    /// Where from.
    pub address: String,
}

/// What becomes of an arrival.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Admission {
    /// They are in: the session's secret, which is not kept.
    In(String),
    /// No account is linked to them.
    Unknown,
    /// Their account is out of use.
    ShutOut,
}

impl std::fmt::Debug for Arrival {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Arrival(by {} from {})", self.issuer, self.address)
    }
}

impl Known {
    fn tidy(self) -> Result<Self, RegisterError> {
        let fits = |text: &str, max: usize| {
            !text.is_empty() && text.len() <= max && !text.chars().any(char::is_control)
        };
        let (fits, tidy) = match self {
            Self::Subject(text) => {
                let text = text.trim().to_owned();
                (fits(&text, SUBJECT_MAX), Self::Subject(text))
            }
            Self::Name(text) => {
                let text = tidy_name(&text);
                (fits(&text, 2 * SUBJECT_MAX), Self::Name(text))
            }
        };
        if fits { Ok(tidy) } else { Err(unusable(tidy.text())) }
    }

    /// The subject or the name.
    pub fn text(&self) -> &str {
        match self {
            Self::Subject(text) | Self::Name(text) => text,
        }
    }
}

fn unusable(text: &str) -> RegisterError {
    RegisterError::Unknown { kind: "possible name at a provider like", name: text.to_owned() }
}

fn tidy_name(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Whether an account is linked to a subject already: nobody needs to ask for a name then.
pub async fn is_linked(
    database: &Database,
    issuer: &str,
    subject: &str,
) -> Result<bool, RegisterError> {
    let mut tx = database.read().await?;
    Ok(by_subject(&mut tx, issuer, subject).await?.is_some())
}

/// Lets in whom an account is linked to. Refusals are recorded, without saying who it was; whoever
/// keeps coming has to wait, longer each time.
pub async fn admit(
    database: &Database,
    arrival: &Arrival,
    now: Instant,
) -> Result<Admission, RegisterError> {
    let Arrival { issuer, subject, name, address } = arrival;
    let mut tx = database.write().await?;
    let key = secrets::index_key(&mut tx).await?;
    let who = format!("identity:{}", key.hash(&format!("{issuer}\n{subject}")));
    throttle::require_open(&mut tx, std::slice::from_ref(&who), now).await?;
    let holder = match by_subject(&mut tx, issuer, subject).await? {
        Some(holder) => Some(holder),
        None => awaited(&mut tx, arrival).await?,
    };
    let Some(Holder { identity, user, is_active, is_bound }) = holder else {
        refuse(&mut tx, arrival, &who, &who, "no account is linked", now).await?;
        tx.commit().await?;
        return Ok(Admission::Unknown);
    };
    if !is_active {
        refuse(&mut tx, arrival, &who, &user, "the account is out of use", now).await?;
        tx.commit().await?;
        return Ok(Admission::ShutOut);
    }
    if !is_bound {
        let sql = "UPDATE identities SET subject = $2, awaited = NULL WHERE id = $1";
        tx.run(sql, &[(&identity).into(), subject.into()]).await?;
        let detail = json!({
            "reason": "first sign-in", "identity": identity, "provider": issuer,
            "subject": subject, "name": name,
        });
        let (actor, object) = (user.as_str(), user.as_str());
        tx.record(Event { actor, at: now, action: "user.bind", object, digest: "", detail })
            .await?;
    }
    throttle::clear(&mut tx, &who).await?;
    let secret = sessions::begin(&mut tx, &user, Some(issuer), address, now).await?;
    tx.commit().await?;
    Ok(Admission::In(secret))
}

/// Whose identity it is.
struct Holder {
    identity: String,
    user: String,
    is_active: bool,
    is_bound: bool,
}

async fn by_subject(
    tx: &mut Tx,
    issuer: &str,
    subject: &str,
) -> Result<Option<Holder>, RegisterError> {
    let sql = "SELECT i.id, i.user_id, u.state FROM identities i JOIN users u ON u.id = i.user_id \
               WHERE i.issuer = $1 AND i.subject = $2";
    let row = tx.maybe(sql, &[issuer.into(), subject.into()]).await?;
    Ok(row.map(|row| holder(&row, true)))
}

async fn awaited(tx: &mut Tx, arrival: &Arrival) -> Result<Option<Holder>, RegisterError> {
    let Some(name) = arrival.name.as_deref().map(tidy_name) else { return Ok(None) };
    let sql = "SELECT i.id, i.user_id, u.state FROM identities i JOIN users u ON u.id = i.user_id \
               WHERE i.issuer = $1 AND i.awaited = $2";
    let row = tx.maybe(sql, &[(&arrival.issuer).into(), name.into()]).await?;
    Ok(row.map(|row| holder(&row, false)))
}

fn holder(row: &Row, is_bound: bool) -> Holder {
    let is_active = row.text(2) == "active";
    Holder { identity: row.text(0), user: row.text(1), is_active, is_bound }
}

async fn refuse(
    tx: &mut Tx,
    arrival: &Arrival,
    who: &str,
    object: &str,
    reason: &str,
    now: Instant,
) -> Result<(), RegisterError> {
    throttle::count_failure(tx, std::slice::from_ref(&who.to_owned()), now).await?;
    let detail = json!({
        "reason": reason, "provider": arrival.issuer, "address": arrival.address,
    });
    let (actor, action) = ("soglia", "login.refused");
    tx.record(Event { actor, at: now, action, object, digest: "", detail }).await?;
    Ok(())
}

impl Users<'_> {
    /// Lets a person come in by a provider with this account.
    pub async fn link(
        &mut self,
        by: &By<'_>,
        id: &str,
        issuer: &str,
        known: Known,
    ) -> Result<Identity, RegisterError> {
        require(by)?;
        let (issuer, known) = (issuer.trim(), known.tidy()?);
        if issuer.is_empty() || 2 * SUBJECT_MAX < issuer.len() {
            return Err(unusable(issuer));
        }
        // Nobody is linked to an account that does not exist.
        self.get(id).await?;
        let (subject, awaited) = match &known {
            Known::Subject(text) => (Some(text.as_str()), None),
            Known::Name(text) => (None, Some(text.as_str())),
        };
        let sql = "SELECT COUNT(*) FROM identities WHERE issuer = $1 \
                   AND (subject = $2 OR awaited = $3)";
        let params = [issuer.into(), Param::from(subject), Param::from(awaited)];
        if 0 < self.0.one(sql, &params).await?.int(0) {
            let reference = known.text().to_owned();
            return Err(RegisterError::Reference { reference, register: "identities" });
        }
        let number = self.0.next_number("identities").await?;
        let identity = format!("I-{number}");
        self.0
            .run(
                "INSERT INTO identities (id, number, user_id, issuer, subject, awaited) \
                 VALUES ($1, $2, $3, $4, $5, $6)",
                &[
                    (&identity).into(),
                    number.into(),
                    id.into(),
                    issuer.into(),
                    Param::from(subject),
                    Param::from(awaited),
                ],
            )
            .await?;
        let detail = json!({
            "identity": identity, "provider": issuer, "subject": subject, "name": awaited,
        });
        self.record(by, "user.link", id, detail).await?;
        Ok(Identity { id: identity, issuer: issuer.to_owned(), known })
    }

    /// Takes that back, from now on; whoever is in is out.
    pub async fn unlink(&mut self, by: &By<'_>, identity: &str) -> Result<String, RegisterError> {
        require(by)?;
        let sql = "SELECT user_id FROM identities WHERE id = $1 \
                   AND (subject IS NOT NULL OR awaited IS NOT NULL)";
        let row = self.0.maybe(sql, &[identity.into()]).await?;
        let user = row.ok_or_else(|| RegisterError::unknown("identity", identity))?.text(0);
        // The row stays, so that its number is not given to another one.
        let sql = "UPDATE identities SET subject = NULL, awaited = NULL WHERE id = $1";
        self.0.run(sql, &[identity.into()]).await?;
        sessions::revoke_all(self.0, &user, by.at).await?;
        self.record(by, "user.unlink", &user, json!({ "identity": identity })).await?;
        Ok(user)
    }

    /// Whether anybody who may come in is linked to a provider.
    pub async fn anybody_linked(&mut self, issuer: &str) -> Result<bool, RegisterError> {
        let sql = "SELECT COUNT(*) FROM identities i JOIN users u ON u.id = i.user_id \
                   WHERE i.issuer = $1 AND u.state = 'active' \
                   AND (i.subject IS NOT NULL OR i.awaited IS NOT NULL)";
        Ok(0 < self.0.one(sql, &[issuer.into()]).await?.int(0))
    }
}

/// The identities of a user, in the order of their numbers.
pub(super) async fn of_user(tx: &mut Tx, user: &str) -> Result<Vec<Identity>, RegisterError> {
    let sql = "SELECT id, issuer, subject, awaited FROM identities WHERE user_id = $1 \
               AND (subject IS NOT NULL OR awaited IS NOT NULL) ORDER BY number";
    let rows = tx.rows(sql, &[user.into()]).await?;
    let one = |row: &Row| {
        let known = match (row.text_opt(2), row.text_opt(3)) {
            (Some(subject), _) => Known::Subject(subject),
            (None, name) => Known::Name(name.unwrap_or_default()),
        };
        Identity { id: row.text(0), issuer: row.text(1), known }
    };
    Ok(rows.iter().map(one).collect())
}

/// What a user is called at providers, for whoever looks for a person's data.
pub(crate) async fn known_as(tx: &mut Tx, user: &str) -> Result<Vec<String>, RegisterError> {
    let identities = of_user(tx, user).await?;
    Ok(identities.into_iter().map(|one| one.known.text().to_owned()).collect())
}
