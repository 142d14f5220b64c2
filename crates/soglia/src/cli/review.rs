//! The command line of reviews and penalties. Read [`ReviewCommand`] first.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, ValueEnum};

use super::registers::Why;

/// The semester's review: prepared, discussed, approved, signed, published.
///
/// A review takes the period's figures, findings and checks from the ledger, and what the registers
/// have about it. People settle its input elements, decide on computed findings, complete the
/// improvement sheets, answer remarks. Approval is refused while anything is open or a text says
/// something else than the figures; from then on the figures are sealed and nothing moves but
/// signatures and publication. A REVIEW is named by its number (RIE-1) or its period (2023-H2).
#[derive(Debug, Subcommand)]
#[command(after_help = "Example, the life of a review:\n  \
    soglia review open --period 2023-H2 --reason 'riesame del semestre'\n  \
    soglia review show 2023-H2\n  \
    soglia review input ELI-3 present --evidence 'Verbale 12/2023' --reason agli\\ atti\n  \
    soglia review finding OSS-1 accept --reason 'confermata'\n  \
    soglia review sheet SCH-1 complete --reason 'completa'\n  \
    soglia review discuss 2023-H2 --reason 'inviata al fornitore'\n  \
    soglia review remark 2023-H2 --on cup/K1 --text '…' --reason 'osservazione' --as qualita\n  \
    soglia review check 2023-H2\n  \
    soglia review approve 2023-H2 --place Cittalta --date 2024-02-02 --reason 'approvato'\n  \
    soglia review document 2023-H2 --out da-firmare.pdf\n  \
    soglia review sign 2023-H2 firmato.pdf --role monitoring_manager \\\n      \
    --signer 'C. Belmonte' \\\n      \
    --signed-on 2024-02-03 --reason 'firma'\n  \
    soglia review publish 2023-H2 --protocol 'Prot. 31/2024' --out pubblicato --reason 'albo'")]
pub enum ReviewCommand {
    /// Begin the review of a period: elements, sheets, findings, open actions, signature slots
    Open {
        /// The period: 2023-H2
        #[arg(long, value_name = "PERIOD")]
        period: String,
        /// The layout: ISO 9001:2008 (the reference report's) or 2015
        #[arg(long, value_name = "PROFILE", default_value = "iso_2008",
            value_parser = PossibleValuesParser::new(["iso_2008", "iso_2015"]))]
        profile: String,
        #[command(flatten)]
        why: Why,
    },
    /// The reviews of the contract
    List {
        /// Write JSON
        #[arg(long)]
        json: bool,
    },
    /// A review with all that belongs to it, and what stands in its way
    Show {
        /// RIE-1, or its period
        #[arg(value_name = "REVIEW")]
        review: String,
        /// Write JSON, schema soglia.review/1
        #[arg(long)]
        json: bool,
        /// Act as this account, with its roles
        #[arg(long = "as", value_name = "LOGIN")]
        login: Option<String>,
    },
    /// Take the figures and computed findings anew; what people wrote stays
    Refresh {
        /// RIE-1, or its period
        #[arg(value_name = "REVIEW")]
        review: String,
        #[command(flatten)]
        why: Why,
    },
    /// The coherence checks, and what must be settled before approval; code 10 if anything must
    Check {
        /// RIE-1, or its period
        #[arg(value_name = "REVIEW")]
        review: String,
        /// Write JSON
        #[arg(long)]
        json: bool,
    },
    /// Write the review's own texts: preamble, outputs, resources
    Write {
        /// RIE-1, or its period
        #[arg(value_name = "REVIEW")]
        review: String,
        /// What precedes the analysis
        #[arg(long, value_name = "TEXT")]
        preamble: Option<String>,
        /// Recommendations and improvements decided
        #[arg(long, value_name = "TEXT")]
        outputs: Option<String>,
        /// What is needed for them
        #[arg(long, value_name = "TEXT")]
        resources: Option<String>,
        #[command(flatten)]
        why: Why,
    },
    /// Settle an input element
    Input {
        /// ELI-3
        #[arg(value_name = "ELEMENT")]
        element: String,
        /// Whether it is there
        #[arg(value_enum, value_name = "STATE")]
        state: InputState,
        /// What shows it
        #[arg(long, value_name = "TEXT")]
        evidence: Option<String>,
        /// Why it does not apply
        #[arg(long, value_name = "TEXT")]
        because: Option<String>,
        #[command(flatten)]
        why: Why,
    },
    /// Decide on a finding
    Finding {
        /// OSS-2
        #[arg(value_name = "FINDING")]
        finding: String,
        /// What becomes of it; a rejection's reason is `--reason`
        #[arg(value_enum, value_name = "DECISION")]
        decision: Decision,
        /// The text in its place, for `edit`: it is marked as edited
        #[arg(long, value_name = "TEXT", required_if_eq("decision", "edit"))]
        text: Option<String>,
        #[command(flatten)]
        why: Why,
    },
    /// Write a finding of one's own
    AddFinding(AddFinding),
    /// Complete, reopen or fill in an improvement sheet
    Sheet {
        /// SCH-1
        #[arg(value_name = "SHEET")]
        sheet: String,
        /// What to do after the fields were filled in
        #[arg(value_enum, value_name = "STEP")]
        step: SheetStep,
        /// Fields as `name=value`: process, source, responsible, frequency, resources …
        #[arg(value_name = "FIELD=VALUE")]
        fields: Vec<String>,
        #[command(flatten)]
        why: Why,
    },
    /// Add an action to an improvement sheet; its effect is measured in the next period
    Action(AddAction),
    /// Remark on a figure or section, or deal with a remark
    Remark(Remark),
    /// Open the discussion with the parties
    Discuss {
        /// RIE-1, or its period
        #[arg(value_name = "REVIEW")]
        review: String,
        #[command(flatten)]
        why: Why,
    },
    /// Take it back to draft
    Redraft {
        /// RIE-1, or its period
        #[arg(value_name = "REVIEW")]
        review: String,
        #[command(flatten)]
        why: Why,
    },
    /// Approve: the figures are sealed, the document is made; refused while texts contradict
    /// figures
    Approve {
        /// RIE-1, or its period
        #[arg(value_name = "REVIEW")]
        review: String,
        /// Where it is issued
        #[arg(long, value_name = "PLACE")]
        place: String,
        /// Its date
        #[arg(long, value_name = "DATE")]
        date: String,
        /// The body's own look: a template set, as for `soglia report`
        #[arg(long, value_name = "DIR")]
        template: Option<PathBuf>,
        /// A scenario file for the chapter of scenarios, as for `soglia report`; it stays attached
        /// to the review
        #[arg(long, value_name = "FILE")]
        scenario: Vec<PathBuf>,
        /// Who was at work, for scenarios: see `soglia replay --help` (also `roster` in
        /// soglia.toml); it stays attached too
        #[arg(long, value_name = "FILE", requires = "scenario")]
        roster: Option<PathBuf>,
        #[command(flatten)]
        why: Why,
    },
    /// Write the approved document, which is what people sign
    Document {
        /// RIE-1, or its period
        #[arg(value_name = "REVIEW")]
        review: String,
        /// The file
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Record a file signed elsewhere (PAdES, CAdES) and show whether it holds the document
    Sign(Sign),
    /// Record that somebody does not sign
    Refuse {
        /// RIE-1, or its period
        #[arg(value_name = "REVIEW")]
        review: String,
        /// The role that should have signed
        #[arg(long, value_name = "ROLE")]
        role: String,
        #[command(flatten)]
        why: Why,
    },
    /// Publish: writes the document, the signed files and a list of hashes
    Publish {
        /// RIE-1, or its period
        #[arg(value_name = "REVIEW")]
        review: String,
        /// The number in the body's register of documents
        #[arg(long, value_name = "TEXT")]
        protocol: Option<String>,
        /// Publish although signatures are missing, and why; the audit trail keeps it
        #[arg(long, value_name = "WHY")]
        unsigned: Option<String>,
        /// A folder that is not there yet
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        #[command(flatten)]
        why: Why,
    },
    /// Mark an approved review as rectified and begin another one of its period
    Rectify {
        /// RIE-1, or its period
        #[arg(value_name = "REVIEW")]
        review: String,
        #[command(flatten)]
        why: Why,
    },
    /// Measure what a course changed: its group before and after, never a person
    Training(Training),
}

/// Whether an input element is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum InputState {
    /// It is there
    Present,
    /// It does not apply; say why
    NotApplicable,
    /// It is missing
    Missing,
}

/// What becomes of a finding.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Decision {
    /// It stands as computed
    Accept,
    /// It stands in other words, marked as edited
    Edit,
    /// It does not stand in the review
    Reject,
}

/// What to do with a sheet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum SheetStep {
    /// Only fill in fields
    Fill,
    /// Declare it complete
    Complete,
    /// Reopen it
    Reopen,
}

/// A finding written by a person.
#[derive(Debug, Args)]
pub struct AddFinding {
    /// RIE-1, or its period
    #[arg(value_name = "REVIEW")]
    pub review: String,
    /// The area
    #[arg(long, default_value = "contact_centre",
        value_parser = PossibleValuesParser::new(["digital_agenda", "contact_centre"]))]
    pub area: String,
    /// The section of the analysis
    #[arg(long, default_value = "performance",
        value_parser = PossibleValuesParser::new(["inspections", "feedback", "performance",
            "training", "new_projects", "improvement", "follow_up"]))]
    pub section: String,
    /// The service it is about
    #[arg(long, value_name = "CODE")]
    pub service: Option<String>,
    /// The text
    #[arg(long, value_name = "TEXT")]
    pub text: String,
    #[command(flatten)]
    pub why: Why,
}

/// An action of an improvement sheet.
#[derive(Debug, Args)]
pub struct AddAction {
    /// SCH-1
    #[arg(value_name = "SHEET")]
    pub sheet: String,
    /// What is to be done
    #[arg(long, value_name = "TEXT")]
    pub title: String,
    /// Who does it: a role
    #[arg(long, value_name = "ROLE")]
    pub owner: String,
    /// Until when
    #[arg(long, value_name = "DATE")]
    pub due: String,
    /// What it should change: `+10 pp`
    #[arg(long, value_name = "TEXT")]
    pub expected: String,
    /// What it needs
    #[arg(long, value_name = "TEXT")]
    pub resources: Option<String>,
    /// When it was decided; today if left out
    #[arg(long, value_name = "DATE")]
    pub decided: Option<String>,
    #[command(flatten)]
    pub why: Why,
}

/// A remark: made on a review, or dealt with.
#[derive(Debug, Args)]
pub struct Remark {
    /// A review (to remark on it), or a remark, NOT-1 (to deal with it)
    #[arg(value_name = "REVIEW|REMARK")]
    pub target: String,
    /// What to do with a remark
    #[arg(value_enum, value_name = "STEP", conflicts_with = "on")]
    pub step: Option<RemarkStep>,
    /// The figure or section remarked on: `cup/K1`, `training`
    #[arg(long, value_name = "WHAT")]
    pub on: Option<String>,
    /// The remark, or the answer to it
    #[arg(long, value_name = "TEXT")]
    pub text: Option<String>,
    #[command(flatten)]
    pub why: Why,
}

/// What to do with a remark.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum RemarkStep {
    /// Answer it
    Answer,
    /// It is settled by the answer
    Settle,
    /// It is maintained in spite of the answer
    Maintain,
    /// It is withdrawn
    Withdraw,
}

/// A file signed elsewhere.
#[derive(Debug, Args)]
pub struct Sign {
    /// RIE-1, or its period
    #[arg(value_name = "REVIEW")]
    pub review: String,
    /// The signed file: PDF (PAdES) or .p7m (CAdES); which one, its first bytes say
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The role whose slot it fills
    #[arg(long, value_name = "ROLE")]
    pub role: String,
    /// Who signed, as the signature says
    #[arg(long, value_name = "NAME")]
    pub signer: String,
    /// When
    #[arg(long, value_name = "DATE")]
    pub signed_on: String,
    #[command(flatten)]
    pub why: Why,
}

/// What to measure about a course.
#[derive(Debug, Args)]
pub struct Training {
    /// FOR-1
    #[arg(value_name = "ENTRY")]
    pub entry: String,
    /// A period before the course
    #[arg(long, value_name = "PERIOD")]
    pub before: String,
    /// A period after it
    #[arg(long, value_name = "PERIOD")]
    pub after: String,
    /// Mean conversation and hold, cases solved at first contact, calls within the rule's limit
    #[arg(long, value_name = "WHAT", default_value = "handling_time",
        value_parser = PossibleValuesParser::new(
            ["handling_time", "first_contact", "within_limit"]))]
    pub measure: String,
    #[command(flatten)]
    pub why: Why,
}

/// Penalties: detected from figures, notified, answered, decided, deducted.
///
/// The amount follows from the contract's parameters. Detecting is not applying: the supplier is
/// heard, the RUP decides, and all penalties together stay under the contract's cap.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  \
    soglia penalty detect cup/K1 --period 2023-H2 --reason 'soglia non raggiunta'\n  \
    soglia penalty notify PEN-1 --on 2024-02-05 --by 'PEC 31/2024' --reason 'contestazione'\n  \
    soglia penalty argue PEN-1 --on 2024-02-12 --text '…' --reason 'controdeduzioni'\n  \
    soglia penalty apply PEN-1 --on 2024-02-20 --amount 950.00 --text '…' --reason 'decisione'\n  \
    soglia penalty cap")]
pub enum PenaltyCommand {
    /// Penalties of the contract
    List {
        /// Write JSON
        #[arg(long)]
        json: bool,
    },
    /// What may still be applied under the contract's cap
    Cap {
        /// Write JSON
        #[arg(long)]
        json: bool,
    },
    /// Enter a penalty for a missed target, with the amount that the contract gives
    Detect {
        /// Service and indicator: cup/K1
        #[arg(value_name = "SERVICE/INDICATOR")]
        indicator: String,
        /// The period whose figure missed its target
        #[arg(long, value_name = "PERIOD")]
        period: String,
        /// The clause that foresees it; the contract's own if left out
        #[arg(long, value_name = "TEXT")]
        clause: Option<String>,
        #[command(flatten)]
        why: Why,
    },
    /// Tell the supplier; its time to answer begins
    Notify {
        /// PEN-1
        #[arg(value_name = "PENALTY")]
        penalty: String,
        /// When
        #[arg(long, value_name = "DATE")]
        on: String,
        /// The document of notification
        #[arg(long, value_name = "TEXT")]
        by: String,
        /// Until when it may be answered: the contract's term if left out, never less
        #[arg(long, value_name = "DATE")]
        due: Option<String>,
        #[command(flatten)]
        why: Why,
    },
    /// The supplier's counter-arguments
    Argue {
        /// PEN-1
        #[arg(value_name = "PENALTY")]
        penalty: String,
        /// When they came
        #[arg(long, value_name = "DATE")]
        on: String,
        /// What they say
        #[arg(long, value_name = "TEXT")]
        text: String,
        #[command(flatten)]
        why: Why,
    },
    /// Record that the time to answer is over
    Expire {
        /// PEN-1
        #[arg(value_name = "PENALTY")]
        penalty: String,
        #[command(flatten)]
        why: Why,
    },
    /// Decide to apply it, at most at the amount notified
    Apply {
        /// PEN-1
        #[arg(value_name = "PENALTY")]
        penalty: String,
        /// When
        #[arg(long, value_name = "DATE")]
        on: String,
        /// The amount in euro
        #[arg(long, value_name = "EURO")]
        amount: String,
        /// The grounds
        #[arg(long, value_name = "TEXT")]
        text: String,
        #[command(flatten)]
        why: Why,
    },
    /// Decide not to apply it
    Waive {
        /// PEN-1
        #[arg(value_name = "PENALTY")]
        penalty: String,
        /// When
        #[arg(long, value_name = "DATE")]
        on: String,
        /// The grounds
        #[arg(long, value_name = "TEXT")]
        text: String,
        #[command(flatten)]
        why: Why,
    },
    /// Record what it was deducted from
    Deduct {
        /// PEN-1
        #[arg(value_name = "PENALTY")]
        penalty: String,
        /// When
        #[arg(long, value_name = "DATE")]
        on: String,
        /// The invoice or guarantee
        #[arg(long, value_name = "TEXT")]
        from: String,
        #[command(flatten)]
        why: Why,
    },
    /// Take back what was detected or notified
    Withdraw {
        /// PEN-1
        #[arg(value_name = "PENALTY")]
        penalty: String,
        #[command(flatten)]
        why: Why,
    },
}
