//! Who does something, when and why. Read [`By`] first.

use soglia_domain::access::{Grant, Permission};
use soglia_domain::time::Instant;

use crate::error::RegisterError;

/// Whoever does something: a user, the console, the program itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Actor {
    id: String,
    power: Power,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Power {
    Granted(Vec<Grant>),
    All,
}

/// Who, when and why: goes with every change into the audit trail.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// When.
    pub at: Instant,
    /// Why; never empty.
    pub reason: &'a str,
}

impl Actor {
    /// A user, or a token, with what was granted.
    pub fn user(id: &str, grants: Vec<Grant>) -> Self {
        Self { id: id.to_owned(), power: Power::Granted(grants) }
    }

    /// Whoever sits at the machine and could read the database's file anyway. The trail names the
    /// account of the operating system.
    pub fn console(account: &str) -> Self {
        Self { id: format!("console:{account}"), power: Power::All }
    }

    /// The program, where it acts by itself: changes of the contract file, carried-over items.
    pub fn program() -> Self {
        Self { id: "soglia".to_owned(), power: Power::All }
    }

    /// The name in the trail.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Says whether the actor may do any of these things.
    pub fn may(
        &self,
        any: &[Permission],
        contract: &str,
        service: Option<&str>,
        at: Instant,
    ) -> bool {
        match &self.power {
            Power::All => true,
            Power::Granted(grants) => grants.iter().any(|grant| {
                any.iter().any(|permission| grant.allows(*permission, contract, service, at))
            }),
        }
    }

    /// Refuses unless the actor may do any of these things.
    pub fn require(
        &self,
        any: &[Permission],
        contract: &str,
        service: Option<&str>,
        at: Instant,
    ) -> Result<(), RegisterError> {
        if self.may(any, contract, service, at) {
            return Ok(());
        }
        Err(RegisterError::Forbidden { actor: self.id.clone(), needed: any.to_vec() })
    }

    /// Refuses unless the actor may do something everywhere: what concerns accounts and records
    /// belongs to no contract.
    pub fn require_everywhere(
        &self,
        permission: Permission,
        at: Instant,
    ) -> Result<(), RegisterError> {
        if self.scopes(permission, at).is_none() {
            return Ok(());
        }
        Err(RegisterError::Forbidden { actor: self.id.clone(), needed: vec![permission] })
    }

    /// Where a permission holds: contracts and services, or nothing for no limit.
    pub fn scopes(
        &self,
        permission: Permission,
        at: Instant,
    ) -> Option<Vec<(Option<String>, Option<String>)>> {
        let Power::Granted(grants) = &self.power else { return None };
        let holding = grants
            .iter()
            .filter(|grant| grant.holds(at) && grant.role.row().may.contains(&permission));
        let scopes: Vec<_> =
            holding.map(|grant| (grant.contract.clone(), grant.service.clone())).collect();
        (!scopes.contains(&(None, None))).then_some(scopes)
    }
}

impl By<'_> {
    /// The reason, refused if it is empty.
    pub(crate) fn reason(&self) -> Result<&str, RegisterError> {
        let reason = self.reason.trim();
        if reason.is_empty() { Err(RegisterError::NoReason) } else { Ok(reason) }
    }
}
