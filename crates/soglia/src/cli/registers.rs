//! The command line of the registers. Read [`RegisterCommand`] first.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Work with the registers.
///
/// A register has fields, states and steps from one state to another; `fields` lists them. Nothing
/// is ever deleted: a correction is a new version, every change has an author and a reason, and
/// the audit trail covers all of it.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example, the life of a complaint:\n  \
    soglia register fields complaints\n  \
    soglia register add complaints --service cup --reason 'e-mail del 2/11' \\\n      \
    received_on=2023-11-02 channel=email kind=complaint topic=attesa \\\n      \
    text='Ho atteso mezz'\\''ora'\n  \
    soglia register move REC-1 answer --reason 'risposta inviata' \\\n      \
    answered_on=2023-11-20 outcome=founded answer='Ci scusiamo'\n  \
    soglia register list complaints --open --where 'due_on<=2023-12-31'")]
pub enum RegisterCommand {
    /// The registers and how many entries they have, or the entries of one
    List(ListArgs),
    /// The fields, states and steps of a register
    Fields {
        /// The register
        #[arg(value_name = "REGISTER")]
        register: String,
    },
    /// One entry with its figures, links and files
    Show {
        /// The entry, e.g. REC-12
        #[arg(value_name = "ENTRY")]
        entry: String,
        /// Also every version, with author and reason
        #[arg(long)]
        history: bool,
    },
    /// Enter something new
    Add {
        /// The register
        #[arg(value_name = "REGISTER")]
        register: String,
        /// The service it is about
        #[arg(long, value_name = "CODE")]
        service: Option<String>,
        /// The number that somebody else gave it
        #[arg(long, value_name = "TEXT")]
        reference: Option<String>,
        #[command(flatten)]
        write: Write,
    },
    /// Correct an entry: the old version stays
    Edit {
        /// The entry
        #[arg(value_name = "ENTRY")]
        entry: String,
        /// The version you read; if another one came since, nothing is written
        #[arg(long, value_name = "N")]
        version: Option<i64>,
        #[command(flatten)]
        write: Write,
    },
    /// Move an entry on by one of its steps
    Move {
        /// The entry
        #[arg(value_name = "ENTRY")]
        entry: String,
        /// The step
        #[arg(value_name = "STEP")]
        step: String,
        /// The version you read; if another one came since, nothing is written
        #[arg(long, value_name = "N")]
        version: Option<i64>,
        #[command(flatten)]
        write: Write,
    },
    /// Attach a file to an entry
    Attach {
        /// The entry
        #[arg(value_name = "ENTRY")]
        entry: String,
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        why: Why,
    },
    /// Write a register as CSV, or as a workbook if the file ends with .xlsx
    Export {
        /// The register
        #[arg(value_name = "REGISTER")]
        register: String,
        /// The file; stdout if none is named
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Act as this account, with its roles
        #[arg(long = "as", value_name = "LOGIN")]
        login: Option<String>,
    },
    /// Take a CSV or XLSX file in: each row is inserted, unchanged or rejected with its reason
    Import {
        /// The register
        #[arg(value_name = "REGISTER")]
        register: String,
        /// The file, with the columns that `export` writes
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Say what would happen, change nothing
        #[arg(long)]
        dry_run: bool,
        /// End with code 5 if more rows are rejected
        #[arg(long, value_name = "N")]
        max_rejects: Option<usize>,
        #[command(flatten)]
        why: Why,
    },
    /// Note the contract file; what changed since the last one is logged by the program
    NoteContract {
        #[command(flatten)]
        why: Why,
    },
}

/// Who writes, and why.
#[derive(Debug, Args)]
pub struct Why {
    /// Why; the audit trail keeps it
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Act as this account, with its roles, not as whoever sits at the machine
    #[arg(long = "as", value_name = "LOGIN")]
    pub login: Option<String>,
}

/// Who writes, why and what.
#[derive(Debug, Args)]
pub struct Write {
    #[command(flatten)]
    pub why: Why,
    /// Fields as `name=value`; `name=` empties one
    #[arg(value_name = "FIELD=VALUE")]
    pub fields: Vec<String>,
}

/// Which entries.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// The register; without it, all of them with their counts
    #[arg(value_name = "REGISTER")]
    pub register: Option<String>,
    /// Words that all stand somewhere in the entry
    #[arg(long, value_name = "WORDS", default_value = "")]
    pub search: String,
    /// Condition on a field: `kind=praise`, `due_on<=2023-12-31`, `answered_on=` (empty)
    #[arg(long = "where", value_name = "CONDITION")]
    pub conditions: Vec<String>,
    /// Only these states
    #[arg(long, value_name = "STATE")]
    pub state: Vec<String>,
    /// Only entries with something left to do
    #[arg(long)]
    pub open: bool,
    /// Only of this service
    #[arg(long, value_name = "CODE")]
    pub service: Option<String>,
    /// Only entries that point there: `indicator:cup/K1`, `call:1688.1`, `entry:NC-3`
    #[arg(long, value_name = "LINK")]
    pub link: Option<String>,
    /// Entries to list
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub limit: u32,
    /// Entries to skip
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub skip: u32,
    /// Act as this account, with its roles
    #[arg(long = "as", value_name = "LOGIN")]
    pub login: Option<String>,
}

/// Look into the audit trail.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Follow the chain and all that it covers; code 10 at the first broken link
    Verify {
        /// A head kept elsewhere (backups have one): the chain must contain it
        #[arg(long, value_name = "SEQ:HASH")]
        expect: Option<String>,
    },
    /// List links, newest last
    Log {
        /// Only about this entry, user, certificate …
        #[arg(long, value_name = "NAME")]
        object: Option<String>,
        /// Links to list
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: u32,
    },
}

/// Put a backup where no registers are.
///
/// Every file is checked against the backup's list, nothing that is there is overwritten, and the
/// audit trail is followed to its end.
#[derive(Debug, Args)]
pub struct Restore {
    /// The folder that `backup` wrote
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

/// Accounts, roles and tokens.
#[derive(Debug, Subcommand)]
#[command(after_help = "Passwords are read from the standard input, one line:\n  \
    soglia user add anna --name 'Anna Bianchi' --reason 'incarico' < password.txt\n  \
    soglia user grant anna monitoring_manager --reason 'incarico prot. 12/2024'\n  \
    soglia user link anna --name anna.bianchi@regione.example --reason 'incarico'")]
pub enum UserCommand {
    /// Accounts and what was granted to them
    List,
    /// The roles and what each may do
    Roles,
    /// Make an account
    Add {
        /// What they write to come in
        #[arg(value_name = "LOGIN")]
        login: String,
        /// Their name
        #[arg(long, value_name = "TEXT")]
        name: String,
        /// Where to write to
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
        /// For whoever comes in by an identity provider only; nothing is read
        #[arg(long)]
        without_password: bool,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Let a person come in by the identity provider (OpenID Connect) with an account
    #[command(group(clap::ArgGroup::new("known").required(true).args(["subject", "name"])))]
    Link {
        /// The account
        #[arg(value_name = "LOGIN")]
        login: String,
        /// The provider's own name for the person (`sub`); whoever is refused reads it
        #[arg(long, value_name = "TEXT")]
        subject: Option<String>,
        /// The name or address that the provider has for them; holds for the first time
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        /// The provider (also `issuer` in `[openid]` of soglia.toml)
        #[arg(long, value_name = "URL", env = "SOGLIA_OIDC_ISSUER")]
        issuer: Option<String>,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Take that back; whoever is in is out
    Unlink {
        /// The identity, as `user list` shows it: `I-1`
        #[arg(value_name = "IDENTITY")]
        identity: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Set a password; whoever was in is out
    Password {
        /// The account
        #[arg(value_name = "LOGIN")]
        login: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Grant a role
    Grant {
        /// The account
        #[arg(value_name = "LOGIN")]
        login: String,
        /// The role; `soglia user roles` lists them
        #[arg(value_name = "ROLE")]
        role: String,
        /// Only for this service
        #[arg(long, value_name = "CODE")]
        service: Option<String>,
        /// For all contracts, as administrators need
        #[arg(long, conflicts_with = "service")]
        everywhere: bool,
        /// From this day
        #[arg(long, value_name = "DATE")]
        from: Option<String>,
        /// Until this day, which is left out
        #[arg(long, value_name = "DATE")]
        until: Option<String>,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Take a role back
    Revoke {
        /// The grant, as `user list` shows it
        #[arg(value_name = "GRANT")]
        grant: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Shut an account out at once
    Disable {
        /// The account
        #[arg(value_name = "LOGIN")]
        login: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Let an account in again
    Enable {
        /// The account
        #[arg(value_name = "LOGIN")]
        login: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Make a token for a program; it is shown once
    Token {
        /// What it is for
        #[arg(value_name = "NAME")]
        name: String,
        /// Its role
        #[arg(value_name = "ROLE")]
        role: String,
        /// Days that it lasts
        #[arg(long, default_value_t = 90, value_name = "N")]
        days: u16,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Make a token worthless
    RevokeToken {
        /// Its number: `T-1`
        #[arg(value_name = "TOKEN")]
        token: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// Erase what may not be kept.
///
/// Without `--carry-out` nothing is changed: what would be erased is listed. With it, a
/// certificate says what was; the audit trail still verifies.
#[derive(Debug, Subcommand)]
pub enum EraseCommand {
    /// By the rules of retention; the defaults are to be confirmed by the data-protection officer
    Old {
        /// Another number of months: `complaints=24`
        #[arg(long = "months", value_name = "RULE=N")]
        months: Vec<String>,
        /// Do it
        #[arg(long)]
        carry_out: bool,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// One person's data: written out as JSON, then erased if asked for
    Person {
        /// What is known of them: telephone number, tax code, address, name
        #[arg(required = true, value_name = "IDENTIFIER")]
        identifiers: Vec<String>,
        /// The file for the person; it must not be there
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Erase them
        #[arg(long)]
        carry_out: bool,
        /// Why: the request's number, for instance
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}
