//! What can go wrong. Read [`RegisterError`] first.

use std::path::{Path, PathBuf};

use soglia_domain::access::Permission;
use soglia_domain::ratio::decimal;
use soglia_domain::register::{Remark, ValueProblem};

use crate::entries::Conflict;

/// Why something was not done. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The database did not answer as it should.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// The database's address cannot be read.
    #[error("failed to read the database's address")]
    Address {
        /// Why.
        #[source]
        cause: sqlx::Error,
    },
    /// The layout could not be brought up to date.
    #[error("failed to bring the database's layout up to date")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A file could not be read or written.
    #[error("failed to use `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// A program outside did not do its work.
    #[error("`{program}` failed: {message}")]
    Program {
        /// The program.
        program: &'static str,
        /// What it said.
        message: String,
    },
    /// What stands in the database does not make sense.
    #[error("what stands in the database for `{object}` cannot be read: {problem}")]
    Corrupt {
        /// What it is about.
        object: String,
        /// What is wrong.
        problem: String,
    },
    /// There is no such thing.
    #[error("there is no {kind} `{name}`")]
    Unknown {
        /// What was looked for.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// Somebody may not do it.
    #[error("`{actor}` may not do this: it takes {}", permissions(needed))]
    Forbidden {
        /// Who.
        actor: String,
        /// Any of these would do.
        needed: Vec<Permission>,
    },
    /// Somebody else changed the entry in the meantime.
    #[error(
        "`{}` was changed meanwhile: version {} was read, {} is the newest",
        .0.theirs.id, .0.base_version, .0.theirs.version
    )]
    Conflict(Box<Conflict>),
    /// Values cannot be read.
    #[error("{}", problems(.0))]
    Values(Vec<ValueProblem>),
    /// The entry does not fit together, or lacks something.
    #[error("{}", remarks(.0))]
    Refused(Vec<Remark>),
    /// The entry cannot go that way.
    #[error("`{entry}` is `{state}`, from where it cannot `{transition}`")]
    Transition {
        /// The entry.
        entry: String,
        /// Where it is.
        state: &'static str,
        /// Where it should go.
        transition: String,
        /// Where it can go.
        possible: Vec<&'static str>,
    },
    /// A rule of the register forbids it.
    #[error("{0}")]
    Rule(Rule),
    /// A reason is missing.
    #[error("every change has a reason, this one has none")]
    NoReason,
    /// The reference is already there.
    #[error("the reference `{reference}` is already used in `{register}`")]
    Reference {
        /// The reference.
        reference: String,
        /// The register.
        register: &'static str,
    },
    /// A file is not what it says, or too large.
    #[error("`{name}` cannot be attached: {problem}")]
    Attachment {
        /// Its name.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// The file is no table of the register.
    #[error("the file cannot be taken in: {0}")]
    Table(String),
    /// The account or the credentials are not right; deliberately says no more.
    #[error("the login failed")]
    Login,
    /// Too many logins failed.
    #[error("too many attempts, wait {wait_secs} seconds")]
    Throttled {
        /// For how long.
        wait_secs: u64,
    },
    /// A password or code does not do.
    #[error("the password is too weak: {0}")]
    Password(&'static str),
    /// A backup is not what it was.
    #[error("the backup in `{}` is not whole: {problem}", folder.display())]
    Backup {
        /// The folder.
        folder: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Something stands where something new should go.
    #[error("`{}` is there already, nothing is overwritten", .0.display())]
    Occupied(PathBuf),
    /// The key that seals secrets is missing or wrong.
    #[error("the key of the secrets cannot be used: {problem}")]
    Key {
        /// What is wrong.
        problem: String,
    },
    /// A contract file cannot be read.
    #[error("the contract file cannot be read: {0}")]
    Contract(String),
}

/// A rule of a register.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Rule {
    /// The cap of all penalties.
    #[error(
        "the decided amount exceeds what is left under the contract's cap ({} € of {} €)",
        euro(*room_cents), euro(*cap_cents)
    )]
    Cap {
        /// What is left.
        room_cents: u64,
        /// The cap.
        cap_cents: u64,
    },
    /// The contract has no penalties.
    #[error("the contract foresees no penalties, there is no cap to keep")]
    NoPenalties,
    /// The contract's parameters give no amount.
    #[error("the contract's parameters give no amount")]
    NoAmount(#[source] soglia_domain::penalty::PenaltyError),
    /// The time to answer is not over.
    #[error("the supplier can still answer until {until}")]
    TimeToAnswer {
        /// The last day.
        until: jiff::civil::Date,
    },
    /// The time to answer would be shorter than it was, or than the contract's.
    #[error("the supplier has until {until} to answer; the time may be longer, never shorter")]
    TimeShortened {
        /// The last day.
        until: jiff::civil::Date,
    },
    /// The review is approved.
    #[error("the review `{review}` is `{state}`, its parts are fixed; rectify it by a new one")]
    ReviewFixed {
        /// The review.
        review: String,
        /// Its state.
        state: &'static str,
    },
    /// The review is not in discussion.
    #[error("remarks are made while the review is in discussion, `{review}` is `{state}`")]
    NotInDiscussion {
        /// The review.
        review: String,
        /// Its state.
        state: &'static str,
    },
    /// The review is not ready.
    #[error("the review cannot be approved: {}", .0.join("; "))]
    NotReady(Vec<String>),
    /// Signatures come after approval.
    #[error("signatures are added once the review is approved, `{review}` is `{state}`")]
    NotApproved {
        /// The review.
        review: String,
        /// Its state.
        state: &'static str,
    },
    /// Not everybody signed, and nobody said why it is published all the same.
    #[error("nobody signed as {}", .0.join(", "))]
    Unsigned(Vec<String>),
    /// There is a step for it that checks more.
    #[error("use the step made for it, which checks more: {0}")]
    OwnStep(&'static str),
    /// A signed file is not the approved document.
    #[error("the approved document is `{approved}`, this one is `{found}`")]
    OtherDocument {
        /// What was approved.
        approved: String,
        /// What was given.
        found: String,
    },
}

impl RegisterError {
    /// Wraps a failure with a file.
    pub fn file(path: &Path, cause: std::io::Error) -> Self {
        Self::File { path: path.to_owned(), cause }
    }

    /// Names a thing that is not there.
    pub fn unknown(kind: &'static str, name: &str) -> Self {
        Self::Unknown { kind, name: name.to_owned() }
    }

    /// Says what to do, if anybody knows.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Conflict(_) => {
                "look at the newest version, then make your change again".to_owned()
            }
            Self::Values(problems) => problems.first()?.hint().to_owned(),
            Self::Transition { possible, .. } if possible.is_empty() => {
                "nothing leads out of that state".to_owned()
            }
            Self::Transition { possible, .. } => {
                format!("from there it can: {}", possible.join(", "))
            }
            Self::NoReason => "say why, in a few words".to_owned(),
            Self::Forbidden { .. } => "an administrator grants roles".to_owned(),
            Self::Rule(Rule::NoPenalties) => {
                "write `[penalties]` with value, cap and rates into the contract".to_owned()
            }
            Self::Rule(Rule::Unsigned(_)) => {
                "to publish without these signatures, say why (`unsigned_why`)".to_owned()
            }
            Self::Rule(Rule::Cap { .. }) => {
                "decide a lower amount; beyond the cap the contract may be terminated".to_owned()
            }
            Self::Occupied(_) => "move it away, or name another place".to_owned(),
            Self::Key { .. } => {
                "name the key's file, or its 64 digits in SOGLIA_SECRETS_KEY; without it, turn \
                 second factors off and on again"
                    .to_owned()
            }
            Self::Program { .. } => "install PostgreSQL's client programs".to_owned(),
            _ => return None,
        })
    }
}

fn permissions(needed: &[Permission]) -> String {
    needed.iter().map(|p| format!("`{p:?}`")).collect::<Vec<_>>().join(" or ")
}

fn problems(problems: &[ValueProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn remarks(remarks: &[Remark]) -> String {
    let lang = soglia_domain::text::Lang::En;
    let texts = remarks.iter().map(|remark| remark.text.get(lang).to_owned());
    texts.collect::<Vec<_>>().join("; ")
}

fn euro(cents: u64) -> String {
    decimal(cents.into(), 2)
}
