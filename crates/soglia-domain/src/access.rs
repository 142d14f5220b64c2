//! Who may do what. Read [`Role`] first, then [`ROLES`], which is the whole table.
//!
//! A role is held for a contract and, if it must be, for one service only ([`Grant`]). Some roles
//! should not be held by the same person; [`separation_warnings`] says which.

use crate::text::{Label, Text};
use crate::time::Instant;

/// What somebody is in a contract.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// The body's monitoring manager.
    MonitoringManager,
    /// Director of the contract's execution.
    Dec,
    /// The person responsible for the project.
    Rup,
    /// The supplier's quality lead.
    SupplierQuality,
    /// The supplier's manager of a service.
    SupplierServiceManager,
    /// An operator of the contact centre.
    Operator,
    /// Somebody who looks and changes nothing.
    Auditor,
    /// Keeps accounts and backups, not contents.
    Administrator,
}

/// What can be allowed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Permission {
    /// See registers and reviews; personal data masked.
    Read,
    /// See personal data in them.
    ReadPersonal,
    /// See and verify the audit trail.
    ReadTrail,
    /// See single calls, saying what for.
    SeeCalls,
    /// Take registers out as files.
    Export,
    /// Enter and handle complaints.
    RecordComplaints,
    /// Enter operations of the support areas.
    RecordOperations,
    /// Enter what the body records: inspections, findings, finances, studies.
    RecordClient,
    /// Enter what the supplier records: actions, training, progress.
    RecordSupplier,
    /// Detect a penalty and notify it.
    ProposePenalty,
    /// Answer a notified penalty.
    AnswerPenalty,
    /// Decide on a penalty.
    DecidePenalty,
    /// Ask that a time be left out of the figures.
    RequestExclusion,
    /// Approve or refuse such a request.
    DecideExclusion,
    /// Write the review.
    PrepareReview,
    /// Remark on its figures.
    RemarkReview,
    /// Approve it.
    ApproveReview,
    /// Publish it.
    PublishReview,
    /// Add a signed file.
    SignReview,
    /// Keep accounts.
    ManageUsers,
    /// Keep backups, retention, contract files.
    ManageRecords,
}

/// A role with its names and permissions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RoleRow {
    /// The role.
    pub role: Role,
    /// The name in files and commands.
    pub code: &'static str,
    /// The name for people.
    pub label: Label,
    /// What it may do.
    pub may: &'static [Permission],
}

/// A role held somewhere for a time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// The contract; nothing for all of them.
    pub contract: Option<String>,
    /// The service; nothing for all of the contract.
    pub service: Option<String>,
    /// From when.
    pub from: Option<Instant>,
    /// Until when (exclusive).
    pub until: Option<Instant>,
}

use Permission as P;

/// The table of permissions.
pub const ROLES: [RoleRow; 8] = [
    RoleRow {
        role: Role::MonitoringManager,
        code: "monitoring_manager",
        label: Label::new("Dirigente di monitoraggio", "Monitoring manager"),
        may: &[
            P::Read,
            P::ReadPersonal,
            P::ReadTrail,
            P::SeeCalls,
            P::Export,
            P::RecordComplaints,
            P::RecordOperations,
            P::RecordClient,
            P::PrepareReview,
            P::RemarkReview,
            P::ApproveReview,
            P::PublishReview,
            P::SignReview,
        ],
    },
    RoleRow {
        role: Role::Dec,
        code: "dec",
        label: Label::new(
            "Direttore dell'esecuzione (DEC)",
            "Director of the contract's execution (DEC)",
        ),
        may: &[
            P::Read,
            P::ReadPersonal,
            P::ReadTrail,
            P::SeeCalls,
            P::Export,
            P::RecordComplaints,
            P::RecordOperations,
            P::RecordClient,
            P::ProposePenalty,
            P::PrepareReview,
            P::RemarkReview,
            P::SignReview,
        ],
    },
    RoleRow {
        role: Role::Rup,
        code: "rup",
        label: Label::new("Responsabile unico del progetto (RUP)", "Project lead (RUP)"),
        may: &[
            P::Read,
            P::ReadPersonal,
            P::ReadTrail,
            P::SeeCalls,
            P::Export,
            P::RecordClient,
            P::DecidePenalty,
            P::DecideExclusion,
            P::RemarkReview,
            P::ApproveReview,
            P::PublishReview,
            P::SignReview,
        ],
    },
    RoleRow {
        role: Role::SupplierQuality,
        code: "supplier_quality",
        label: Label::new("Responsabile qualità del fornitore", "Supplier's quality lead"),
        may: SUPPLIER,
    },
    RoleRow {
        role: Role::SupplierServiceManager,
        code: "supplier_service_manager",
        label: Label::new("Responsabile di servizio del fornitore", "Supplier's service manager"),
        may: SUPPLIER,
    },
    RoleRow {
        role: Role::Operator,
        code: "operator",
        label: Label::new("Operatore", "Operator"),
        may: &[P::Read, P::RecordComplaints, P::RecordOperations],
    },
    RoleRow {
        role: Role::Auditor,
        code: "auditor",
        label: Label::new("Revisore (sola lettura)", "Auditor (read-only)"),
        may: &[P::Read, P::ReadTrail, P::SeeCalls, P::Export],
    },
    RoleRow {
        role: Role::Administrator,
        code: "administrator",
        label: Label::new("Amministratore del sistema", "Administrator"),
        may: &[P::ReadTrail, P::ManageUsers, P::ManageRecords],
    },
];

const SUPPLIER: &[Permission] = &[
    P::Read,
    P::ReadPersonal,
    P::SeeCalls,
    P::Export,
    P::RecordComplaints,
    P::RecordOperations,
    P::RecordSupplier,
    P::AnswerPenalty,
    P::RequestExclusion,
    P::RemarkReview,
    P::SignReview,
];

/// Roles that one person should not hold in one contract, and why.
const APART: [(Role, Role, Label); 5] = [
    (
        Role::Rup,
        Role::Dec,
        Label::new(
            "chi propone una penale la deciderebbe; per contratti complessi la norma li vuole \
             distinti",
            "whoever proposes a penalty would decide it; for complex contracts the law wants two \
             persons",
        ),
    ),
    (
        Role::Rup,
        Role::MonitoringManager,
        Label::new(
            "chi scrive il riesame lo userebbe per decidere",
            "whoever writes the review would decide by it",
        ),
    ),
    (
        Role::Dec,
        Role::MonitoringManager,
        Label::new(
            "chi misura e chi contesta sarebbero la stessa persona",
            "whoever measures and whoever objects would be one person",
        ),
    ),
    (
        Role::Administrator,
        Role::Rup,
        Label::new(
            "chi amministra gli accessi deciderebbe nel merito",
            "whoever keeps the accounts would decide on contents",
        ),
    ),
    (
        Role::Administrator,
        Role::Auditor,
        Label::new(
            "chi controlla gli accessi li amministrerebbe",
            "whoever audits the accounts would keep them",
        ),
    ),
];

impl Role {
    /// Returns the role's row of the table.
    pub fn row(self) -> &'static RoleRow {
        ROLES.iter().find(|row| row.role == self).expect("every role has a row")
    }

    /// Returns the name used in files and commands.
    pub fn code(self) -> &'static str {
        self.row().code
    }

    /// Finds a role by that name.
    pub fn parse(code: &str) -> Option<Self> {
        ROLES.iter().find(|row| row.code == code).map(|row| row.role)
    }

    /// Says whether the role is the supplier's.
    pub const fn is_suppliers(self) -> bool {
        matches!(self, Self::SupplierQuality | Self::SupplierServiceManager | Self::Operator)
    }

    /// Says whether the role belongs to the body that pays.
    pub const fn is_clients(self) -> bool {
        matches!(self, Self::MonitoringManager | Self::Dec | Self::Rup)
    }
}

impl Grant {
    /// A role everywhere and for ever.
    pub const fn everywhere(role: Role) -> Self {
        Self { role, contract: None, service: None, from: None, until: None }
    }

    /// Says whether the grant allows something in a contract, about a service, at an instant. A
    /// grant for one service does not reach what concerns the whole contract.
    pub fn allows(
        &self,
        permission: Permission,
        contract: &str,
        service: Option<&str>,
        at: Instant,
    ) -> bool {
        let in_contract = self.contract.as_deref().is_none_or(|own| own == contract);
        let in_service = self.service.as_deref().is_none_or(|own| service == Some(own));
        in_contract && in_service && self.holds(at) && self.role.row().may.contains(&permission)
    }

    /// Says whether the grant is in force.
    pub fn holds(&self, at: Instant) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

/// Says which of one person's grants should not meet in one contract.
pub fn separation_warnings(grants: &[Grant], at: Instant) -> Vec<Text> {
    let mut warnings = Vec::new();
    for (nth, one) in grants.iter().enumerate() {
        for other in grants.iter().skip(nth + 1) {
            if one.holds(at)
                && other.holds(at)
                && meet(one, other)
                && let Some(why) = apart(one.role, other.role)
            {
                let (first, second) = (one.role.min(other.role), one.role.max(other.role));
                let (one, other) = (first.row().label, second.row().label);
                let text = Text::new(
                    &format!("{} e {}: {}", one.it, other.it, why.it),
                    &format!("{} and {}: {}", one.en, other.en, why.en),
                );
                if !warnings.contains(&text) {
                    warnings.push(text);
                }
            }
        }
    }
    warnings
}

fn meet(one: &Grant, other: &Grant) -> bool {
    match (&one.contract, &other.contract) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

fn apart(one: Role, other: Role) -> Option<Label> {
    const PARTIES: Label = Label::new(
        "la stessa persona starebbe da entrambe le parti del contratto",
        "one person would stand on both sides of the contract",
    );
    let both = |a: Role, b: Role| (one == a && other == b) || (one == b && other == a);
    let opposed =
        (one.is_suppliers() && other.is_clients()) || (one.is_clients() && other.is_suppliers());
    if opposed {
        return Some(PARTIES);
    }
    APART.iter().find(|(a, b, _)| both(*a, *b)).map(|(_, _, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_secs(1_700_000_000);

    #[test]
    fn a_grant_reaches_as_far_as_it_says() {
        let grant = Grant {
            role: Role::SupplierQuality,
            contract: Some("rep-1".into()),
            service: Some("cup".into()),
            from: None,
            until: Some(NOW),
        };
        let before = Instant::from_millis(NOW.as_millis() - 1);
        assert!(grant.allows(P::RecordSupplier, "rep-1", Some("cup"), before));
        assert!(!grant.allows(P::RecordSupplier, "rep-1", Some("cup"), NOW), "until is exclusive");
        assert!(!grant.allows(P::RecordSupplier, "rep-2", Some("cup"), before));
        assert!(!grant.allows(P::RecordSupplier, "rep-1", Some("cc"), before));
        assert!(!grant.allows(P::RecordSupplier, "rep-1", None, before), "not the whole contract");
        assert!(!grant.allows(P::DecidePenalty, "rep-1", Some("cup"), before));
    }

    #[test]
    fn who_proposes_does_not_decide() {
        for row in &ROLES {
            let proposes = row.may.contains(&P::ProposePenalty);
            let decides = row.may.contains(&P::DecidePenalty);
            let answers = row.may.contains(&P::AnswerPenalty);
            let n = usize::from(proposes) + usize::from(decides) + usize::from(answers);
            assert!(n <= 1, "{} has two parts in one penalty", row.code);
            assert_eq!(Role::parse(row.code), Some(row.role));
        }
        let auditor = Role::Auditor.row().may;
        let changes = [P::RecordClient, P::RecordSupplier, P::ManageUsers, P::PrepareReview];
        assert!(changes.iter().all(|permission| !auditor.contains(permission)));
    }

    #[test]
    fn warnings_name_roles_that_should_be_apart() {
        let warn = |roles: &[Role]| {
            let grants: Vec<Grant> = roles.iter().copied().map(Grant::everywhere).collect();
            separation_warnings(&grants, NOW).len()
        };
        assert_eq!(warn(&[Role::Rup]), 0);
        assert_eq!(warn(&[Role::Rup, Role::Dec, Role::MonitoringManager]), 3);
        assert_eq!(warn(&[Role::Dec, Role::Rup, Role::Dec]), 1, "each pair once");
        assert_eq!(warn(&[Role::SupplierQuality, Role::Dec]), 1);
        let elsewhere = Grant { contract: Some("b".into()), ..Grant::everywhere(Role::Dec) };
        let here = Grant { contract: Some("a".into()), ..Grant::everywhere(Role::Rup) };
        assert_eq!(separation_warnings(&[here, elsewhere], NOW).len(), 0);
    }
}
