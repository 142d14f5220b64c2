//! What an administrator says about an identity provider. Read [`OpenIdSetting`] first.

use openidconnect::{AuthenticationContextClass, AuthenticationMethodReference, IssuerUrl};
use serde_json::Value;
use url::Url;

use super::Failure;

/// What an administrator says about an identity provider.
#[derive(Clone, Debug)]
pub struct OpenIdSetting {
    /// The provider's address, exactly as it names itself.
    pub issuer: String,
    /// What Soglia is called there.
    pub client_id: String,
    /// What Soglia proves itself with; nothing for a public client.
    pub client_secret: Option<Secret>,
    /// The name on the button.
    pub label: String,
    /// What is asked for; `openid` always.
    pub scopes: Vec<String>,
    /// The claim with the name or address under which accounts may wait for somebody.
    pub claim: String,
    /// Levels of assurance (`acr`) of which one is required; none for any.
    pub acr: Vec<String>,
    /// Ways of proving who one is (`amr`) of which one is required; none for any.
    pub amr: Vec<String>,
    /// Whether passwords of Soglia's own open it too.
    pub local: LocalSignIn,
}

/// Whether passwords of Soglia's own open it too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LocalSignIn {
    /// They do.
    Offered,
    /// They do not.
    Closed,
}

/// A text that is never printed.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret without the line's end that files have.
    pub fn new(text: &str) -> Option<Self> {
        Some(Self(text.trim().to_owned())).filter(|secret| !secret.0.is_empty())
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// Why the settings do not do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SettingError {
    /// An address is none, or not a safe one.
    #[error("`{address}` cannot be the {what}: expected an address with `https://`")]
    Address {
        /// What it should be.
        what: &'static str,
        /// What was written.
        address: String,
    },
    /// Something has to be said.
    #[error("the identity provider has no {0}")]
    Missing(&'static str),
    /// Connections cannot be made at all.
    #[error("failed to prepare connections to the identity provider: {0}")]
    Client(String),
}

/// HTTPS, or this machine.
pub fn is_safe(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}

impl OpenIdSetting {
    pub(super) fn check(&self, public: &str) -> Result<(), SettingError> {
        let is_address = |text: &str| Url::parse(text).is_ok_and(|url| is_safe(&url));
        for (what, address) in
            [("issuer of the identity provider", self.issuer.as_str()), ("public address", public)]
        {
            if !is_address(address) {
                return Err(SettingError::Address { what, address: address.to_owned() });
            }
        }
        for (what, text) in [("client id", &self.client_id), ("claim", &self.claim)] {
            if text.trim().is_empty() {
                return Err(SettingError::Missing(what));
            }
        }
        Ok(())
    }

    pub(super) fn issuer_url(&self) -> IssuerUrl {
        IssuerUrl::new(self.issuer.clone()).expect("it was checked when the settings were taken")
    }

    /// The name or address in some claims. An address counts only if the provider has verified
    /// that it is the person's.
    pub(super) fn name_in(&self, claims: &Value) -> Option<String> {
        if self.claim == "email" && claims.get("email_verified") != Some(&Value::Bool(true)) {
            return None;
        }
        let name = claims.get(&self.claim)?.as_str()?.trim();
        (!name.is_empty() && name.len() <= 500).then(|| name.to_owned())
    }

    /// Refuses whoever came in at the provider by less than what is required.
    pub(super) fn assured(
        &self,
        level: Option<&AuthenticationContextClass>,
        ways: Option<&Vec<AuthenticationMethodReference>>,
    ) -> Result<(), Failure> {
        let level = level.map(|level| level.as_str());
        if !self.acr.is_empty() && !self.acr.iter().any(|one| Some(one.as_str()) == level) {
            return Err(Failure::Level);
        }
        let mut ways = ways.into_iter().flatten();
        let proven = ways.any(|way| self.amr.iter().any(|one| one == way.as_str()));
        if self.amr.is_empty() || proven { Ok(()) } else { Err(Failure::Level) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn setting() -> OpenIdSetting {
        OpenIdSetting {
            issuer: "https://login.regione.example/realms/ente".to_owned(),
            client_id: "soglia".to_owned(),
            client_secret: Secret::new("segreto\n"),
            label: "Regione".to_owned(),
            scopes: vec!["openid".to_owned()],
            claim: "email".to_owned(),
            acr: Vec::new(),
            amr: Vec::new(),
            local: LocalSignIn::Offered,
        }
    }

    #[test]
    fn addresses_are_https_or_this_machine() {
        let public = "https://soglia.regione.example";
        assert_eq!(setting().check(public), Ok(()));
        for issuer in ["http://127.0.0.1:3000", "http://[::1]:3000", "http://localhost"] {
            let setting = OpenIdSetting { issuer: issuer.to_owned(), ..setting() };
            assert_eq!(setting.check("http://127.0.0.1:8080"), Ok(()), "{issuer}");
        }
        for issuer in ["http://login.regione.example", "login.regione.example", "ftp://x", ""] {
            let setting = OpenIdSetting { issuer: issuer.to_owned(), ..setting() };
            assert!(matches!(setting.check(public), Err(SettingError::Address { .. })), "{issuer}");
        }
        assert!(setting().check("http://0.0.0.0:8080").is_err());
        let nameless = OpenIdSetting { client_id: " ".to_owned(), ..setting() };
        assert_eq!(nameless.check(public), Err(SettingError::Missing("client id")));
    }

    #[test]
    fn an_address_counts_only_if_it_was_verified() {
        let named = |claims: Value| setting().name_in(&claims);
        let anna = Some("anna@regione.example".to_owned());
        assert_eq!(named(json!({ "email": "anna@regione.example", "email_verified": true })), anna);
        for claims in [
            json!({ "email": "anna@regione.example" }),
            json!({ "email": "anna@regione.example", "email_verified": false }),
            json!({ "email": "anna@regione.example", "email_verified": "true" }),
            json!({ "email": " ", "email_verified": true }),
            json!({ "email": 7, "email_verified": true }),
            json!({}),
        ] {
            assert_eq!(named(claims.clone()), None, "{claims}");
        }
        let other = OpenIdSetting { claim: "fiscal_number".to_owned(), ..setting() };
        let claims = json!({ "fiscal_number": "TINIT-BNCNNA80A41G942X" });
        assert_eq!(other.name_in(&claims).as_deref(), Some("TINIT-BNCNNA80A41G942X"));
    }

    #[test]
    fn levels_that_are_required_must_be_there() {
        let level = AuthenticationContextClass::new("https://www.spid.gov.it/SpidL2".to_owned());
        let ways = vec![AuthenticationMethodReference::new("mfa".to_owned())];
        assert!(setting().assured(None, None).is_ok());
        let acr = vec!["https://www.spid.gov.it/SpidL2".to_owned()];
        let strict = OpenIdSetting { acr, ..setting() };
        assert!(strict.assured(Some(&level), None).is_ok());
        assert!(strict.assured(None, Some(&ways)).is_err());
        let strict = OpenIdSetting { amr: vec!["mfa".to_owned()], ..setting() };
        assert!(strict.assured(None, Some(&ways)).is_ok());
        assert!(strict.assured(Some(&level), None).is_err());
    }

    #[test]
    fn secrets_are_not_printed() {
        let text = format!("{:?}", setting());
        assert!(!text.contains("segreto"), "{text}");
        assert!(Secret::new(" \n").is_none());
    }
}
