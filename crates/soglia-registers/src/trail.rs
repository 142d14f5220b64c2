//! The audit trail: append-only, chained by hashes. Read [`Tx::record`] first, then [`verify`].
//!
//! Each link's hash covers its content and the previous link's hash, so nothing can be changed,
//! taken out or put in without breaking every later link. What it cannot show by itself is that
//! the *last* links were cut off: keep the [`Head`] elsewhere (backups do) and ask for it.

use std::fmt;

use serde_json::{Value, json};

use soglia_domain::time::Instant;

use crate::accounts;
use crate::canonical::{canonical, sha256};
use crate::commitment::{Committed, Standing};
use crate::database::{Database, Param, Row, Tx};
use crate::error::RegisterError;
use crate::versions;

/// Links read at a time.
const PAGE: i64 = 1000;
/// What the first link has for a previous one.
pub const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What is about to be recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event<'a> {
    /// Who: a user's id, `console:…` or `soglia`.
    pub actor: &'a str,
    /// When.
    pub at: Instant,
    /// What was done, e.g. `entry.move`.
    pub action: &'a str,
    /// To what, e.g. `REC-12`.
    pub object: &'a str,
    /// The hash of what was written elsewhere; empty if nothing was.
    pub digest: &'a str,
    /// Reason and particulars; can be erased without breaking the chain.
    pub detail: Value,
}

/// One link of the chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// Its place, from 1.
    pub seq: i64,
    /// When.
    pub at: Instant,
    /// Who.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub object: String,
    /// The hash of what was written elsewhere.
    pub digest: String,
    /// Reason and particulars, as canonical JSON.
    pub detail: Committed,
    /// The previous link's hash.
    pub previous: String,
    /// This link's hash.
    pub hash: String,
}

/// The newest link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    /// Its place; 0 before the first link.
    pub seq: i64,
    /// Its hash.
    pub hash: String,
}

/// What verification found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// Links that follow from one another.
    pub n_links: i64,
    /// Versions of entries that are what was recorded.
    pub n_versions: i64,
    /// Texts that were erased by a certificate.
    pub n_erased: i64,
    /// The newest link.
    pub head: Head,
    /// The first thing that does not follow.
    pub broken: Option<Broken>,
}

/// The first broken link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Broken {
    /// Its place.
    pub seq: i64,
    /// What it is about.
    pub object: String,
    /// What is wrong.
    pub fault: Fault,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "link {} ({}): {}", self.seq, self.object, self.fault.text())
    }
}

/// What is wrong with a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// A link is missing before it, or it stands twice.
    Gap,
    /// It names another link as the previous one.
    Previous,
    /// Its content is not what its hash covers.
    Content,
    /// Its reason was changed.
    Detail,
    /// Its reason is gone without a certificate.
    DetailMissing,
    /// The version that it recorded is not there.
    VersionMissing,
    /// The version that it recorded was changed.
    Version,
    /// A version was written that no link recorded.
    VersionUnrecorded,
    /// A value of the version was changed.
    FieldValue,
    /// A value of the version is gone without a certificate.
    FieldMissing,
    /// The entry shown is not the newest version.
    Current,
    /// A role stands in the database that no link granted, or that one took back.
    Grant,
    /// The newest link is not the one remembered.
    Head,
}

impl Fault {
    /// Returns the fault in words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Gap => "a link is missing or stands twice",
            Self::Previous => "it does not follow from the link before",
            Self::Content => "its content was changed",
            Self::Detail => "its reason was changed",
            Self::DetailMissing => "its reason was removed without a certificate",
            Self::VersionMissing => "the version that it recorded is missing",
            Self::Version => "the version that it recorded was changed",
            Self::VersionUnrecorded => "a version was written that no link recorded",
            Self::FieldValue => "a value of the version was changed",
            Self::FieldMissing => "a value of the version was removed without a certificate",
            Self::Current => "the entry shown is not its newest version",
            Self::Grant => "a role stands there that no link granted, or that one took back",
            Self::Head => "the newest link is not the one remembered",
        }
    }
}

impl Tx {
    /// Appends a link and returns its place.
    pub async fn record(&mut self, event: Event<'_>) -> Result<i64, RegisterError> {
        let Event { actor, at, action, object, digest, detail } = event;
        let head = head(self).await?;
        let detail = Committed::new(canonical(&detail));
        let mut link = Link {
            seq: head.seq + 1,
            at,
            actor: actor.to_owned(),
            action: action.to_owned(),
            object: object.to_owned(),
            digest: digest.to_owned(),
            detail,
            previous: head.hash,
            hash: String::new(),
        };
        link.hash = link.computed();
        let params = [
            link.seq.into(),
            link.at.as_millis().into(),
            Param::from(&link.actor),
            Param::from(&link.action),
            Param::from(&link.object),
            Param::from(&link.digest),
            Param::from(link.detail.text.clone()),
            Param::from(link.detail.salt.clone()),
            Param::from(&link.detail.commitment),
            Param::from(&link.previous),
            Param::from(&link.hash),
        ];
        self.run(
            "INSERT INTO trail (seq, at_ms, actor, action, object, digest, detail, salt, \
             commitment, previous, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            &params,
        )
        .await?;
        let params = [link.seq.into(), Param::from(&link.hash)];
        self.run("UPDATE trail_head SET seq = $1, hash = $2 WHERE one = 1", &params).await?;
        self.recorded += 1;
        Ok(link.seq)
    }
}

impl Link {
    /// The hash that its content asks for.
    fn computed(&self) -> String {
        let content = json!({
            "seq": self.seq,
            "at": self.at.as_millis(),
            "actor": self.actor,
            "action": self.action,
            "object": self.object,
            "digest": self.digest,
            "detail": self.detail.commitment,
            "previous": self.previous,
        });
        sha256(canonical(&content).as_bytes())
    }

    /// A member of the detail, if it is a text and was not erased.
    pub fn detail_text(&self, member: &str) -> Option<String> {
        let detail: Value = serde_json::from_str(self.detail.text.as_deref()?).ok()?;
        Some(detail.get(member)?.as_str()?.to_owned())
    }

    fn from_row(row: &Row) -> Self {
        Self {
            seq: row.int(0),
            at: Instant::from_millis(row.int(1)),
            actor: row.text(2),
            action: row.text(3),
            object: row.text(4),
            digest: row.text(5),
            detail: Committed {
                text: row.text_opt(6),
                salt: row.text_opt(7),
                commitment: row.text(8),
            },
            previous: row.text(9),
            hash: row.text(10),
        }
    }
}

const COLUMNS: &str = "seq, at_ms, actor, action, object, digest, detail, salt, commitment, \
                       previous, hash";

/// The newest link, as remembered.
pub async fn head(tx: &mut Tx) -> Result<Head, RegisterError> {
    let row = tx.one("SELECT seq, hash FROM trail_head WHERE one = 1", &[]).await?;
    Ok(Head { seq: row.int(0), hash: row.text(1) })
}

/// Links after a place, oldest first.
pub async fn links(tx: &mut Tx, after: i64, limit: i64) -> Result<Vec<Link>, RegisterError> {
    let sql = format!("SELECT {COLUMNS} FROM trail WHERE $1 < seq ORDER BY seq LIMIT $2");
    let rows = tx.rows(&sql, &[after.into(), limit.into()]).await?;
    Ok(rows.iter().map(Link::from_row).collect())
}

/// The links about one object, oldest first.
pub async fn links_of(tx: &mut Tx, object: &str) -> Result<Vec<Link>, RegisterError> {
    let sql = format!("SELECT {COLUMNS} FROM trail WHERE object = $1 ORDER BY seq");
    let rows = tx.rows(&sql, &[object.into()]).await?;
    Ok(rows.iter().map(Link::from_row).collect())
}

/// Follows the whole chain and everything that it covers; stops at the first thing that does not
/// follow. `expected` is a head kept elsewhere: the chain must contain it.
pub async fn verify(
    database: &Database,
    expected: Option<&Head>,
) -> Result<Verified, RegisterError> {
    let mut tx = database.read().await?;
    let head = head(&mut tx).await?;
    let mut verified = Verified {
        n_links: 0,
        n_versions: 0,
        n_erased: 0,
        head: Head { seq: 0, hash: BEGINNING.to_owned() },
        broken: None,
    };
    loop {
        let page = links(&mut tx, verified.head.seq, PAGE).await?;
        if page.is_empty() {
            break;
        }
        for link in page {
            let fault = match follow(&verified.head, &link, expected) {
                Some(fault) => Some(fault),
                None => look_behind(&mut tx, &link, &mut verified).await?,
            };
            if let Some(fault) = fault {
                verified.broken =
                    Some(Broken { seq: link.seq, object: link.object.clone(), fault });
                return Ok(verified);
            }
            verified.n_links += 1;
            verified.head = Head { seq: link.seq, hash: link.hash };
        }
    }
    let unseen = expected.is_some_and(|expected| verified.head.seq < expected.seq);
    if verified.head != head || unseen {
        let broken = Broken { seq: head.seq, object: String::new(), fault: Fault::Head };
        verified.broken = Some(broken);
    } else {
        verified.broken = versions::unrecorded(&mut tx).await?;
        if verified.broken.is_none() {
            let grant = accounts::unrecorded_grant(&mut tx).await?;
            let fault = Fault::Grant;
            verified.broken = grant.map(|object| Broken { seq: head.seq, object, fault });
        }
    }
    Ok(verified)
}

/// Whether a link follows from the one before and is what its hash covers.
fn follow(before: &Head, link: &Link, expected: Option<&Head>) -> Option<Fault> {
    let remembered = expected.filter(|expected| expected.seq == link.seq);
    if link.seq != before.seq + 1 {
        Some(Fault::Gap)
    } else if link.previous != before.hash {
        Some(Fault::Previous)
    } else if link.computed() != link.hash {
        Some(Fault::Content)
    } else if link.detail.standing() == Standing::Broken {
        Some(Fault::Detail)
    } else if remembered.is_some_and(|expected| expected.hash != link.hash) {
        Some(Fault::Head)
    } else {
        None
    }
}

/// Whether what a link recorded is still there, or was erased by a certificate.
async fn look_behind(
    tx: &mut Tx,
    link: &Link,
    verified: &mut Verified,
) -> Result<Option<Fault>, RegisterError> {
    if link.detail.standing() == Standing::Erased {
        if !is_erased(tx, &format!("trail:{}", link.seq), "detail").await? {
            return Ok(Some(Fault::DetailMissing));
        }
        verified.n_erased += 1;
    }
    if !versions::is_version_action(&link.action) {
        return Ok(None);
    }
    match versions::check(tx, link).await? {
        Ok(n_erased) => {
            verified.n_versions += 1;
            verified.n_erased += n_erased;
            Ok(None)
        }
        Err(fault) => Ok(Some(fault)),
    }
}

/// Whether a certificate says that a part of an object was erased.
pub(crate) async fn is_erased(
    tx: &mut Tx,
    object: &str,
    part: &str,
) -> Result<bool, RegisterError> {
    // The certificate itself must be recorded, or anybody could write one.
    let sql = "SELECT COUNT(*) FROM erasures e \
               JOIN certificates c ON c.id = e.certificate \
               JOIN trail t ON t.object = c.id AND t.action = 'erase.certificate' \
               AND t.digest = c.sha256 WHERE e.object = $1 AND e.part = $2";
    Ok(0 < tx.one(sql, &[object.into(), part.into()]).await?.int(0))
}
