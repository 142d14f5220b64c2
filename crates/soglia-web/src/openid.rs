//! Sign-in by OpenID Connect: an organisation's own accounts open Soglia's. Read [`OpenId`] first;
//! the pages are in [`crate::pages::openid`].
//!
//! The authorization code flow with PKCE. A sign-in begins with a [`Ticket`] in a cookie, from
//! which `state`, `nonce` and the code verifier are derived; nothing is remembered here meanwhile.
//! The provider's description is fetched when it is needed, kept for a while, and fetched again
//! when its keys changed: a provider that is down stops sign-ins, not the server.

mod failure;
mod setting;
mod ticket;

use std::collections::HashMap;
use std::sync::{Arc, Mutex as Plain, PoisonError};
use std::time::Duration;

use chrono::DateTime;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim,
    CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreResponseType,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AdditionalClaims, AuthType, AuthenticationContextClass,
    AuthenticationFlow, AuthorizationCode, ClaimsVerificationError, Client, ClientId, ClientSecret,
    CsrfToken, EmptyExtraTokenFields, EndSessionUrl, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    IdToken, IdTokenClaims, IdTokenFields, LanguageTag, LogoutRequest, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout,
    RedirectUrl, Scope, SignatureVerificationError, StandardErrorResponse, StandardTokenResponse,
    SubjectIdentifier, TokenResponse, TokenUrl, UserInfoClaims, UserInfoUrl,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use soglia_domain::text::Lang;
use soglia_domain::time::{Instant, Millis};
use soglia_registers::accounts::SESSION_MAX;
use tokio::sync::Mutex;

pub use self::failure::Failure;
pub use self::setting::{LocalSignIn, OpenIdSetting, Secret, SettingError, is_safe};
pub use self::ticket::{TICKET_LASTS, Ticket};

/// The path to which the provider sends people back.
pub const CALLBACK: &str = "/login/openid/callback";

/// How long the provider may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// The provider's description is fetched again after so long.
const KEPT: Millis = Millis::from_hours(1);
/// It is not fetched again sooner than that, whatever comes in.
const FETCH_AGAIN_AFTER: Millis = Millis::from_mins(1);
/// A provider that did not answer is left alone for so long.
const REST: Millis = Millis::from_secs(5);
/// A token may be of a clock that is ahead by so much.
const CLOCKS_DIFFER: Millis = Millis::from_mins(5);
/// ID tokens remembered at most, for going out at the provider too.
const REMEMBERED_MAX: usize = 10_000;

/// Signatures that are believed: those that nobody but the provider can make.
const SIGNATURES: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Claims beyond the standard ones.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct More(Map<String, Value>);

impl AdditionalClaims for More {}

type Token =
    IdToken<More, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
type Claims = IdTokenClaims<More, CoreGenderClaim>;
type Fields = IdTokenFields<
    More,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Party = Client<
    More,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// An identity provider, and what Soglia is to it.
pub struct OpenId {
    setting: OpenIdSetting,
    public: String,
    http: reqwest::Client,
    key: String,
    provider: Mutex<Provider>,
    tokens: Plain<HashMap<String, (Instant, Token)>>,
}

/// What is known of the provider.
#[derive(Default)]
struct Provider {
    found: Option<(Instant, Arc<ProviderMetadataWithLogout>)>,
    failed: Option<Instant>,
}

/// How fresh the provider's description has to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Kept,
    New,
}

/// Somebody whom the provider vouches for, as the ID token says.
pub struct Vouched {
    /// The provider's lasting name for them.
    pub subject: String,
    claims: Value,
    token: Token,
    access: AccessToken,
}

impl OpenId {
    /// Takes the settings; `public` is the address by which browsers reach Soglia, `key` a random
    /// text that lasts as long as the program.
    pub fn new(setting: OpenIdSetting, public: &str, key: String) -> Result<Self, SettingError> {
        let public = public.trim_end_matches('/').to_owned();
        setting.check(&public)?;
        let http = reqwest::ClientBuilder::new()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(ANSWER_MAX)
            .connect_timeout(ANSWER_MAX / 2)
            .build()
            .map_err(|cause| SettingError::Client(crate::reply::chain(&cause)))?;
        let provider = Mutex::new(Provider::default());
        let tokens = Plain::new(HashMap::new());
        Ok(Self { setting, public, http, key, provider, tokens })
    }

    /// The settings.
    pub fn setting(&self) -> &OpenIdSetting {
        &self.setting
    }

    /// The name on the button.
    pub fn label(&self) -> &str {
        &self.setting.label
    }

    /// Looks whether the provider answers, so that whoever starts the program learns it.
    pub async fn look(&self, now: Instant) -> Result<(), Failure> {
        self.metadata(Wanted::Kept, now).await.map(|_| ())
    }

    /// Where to send the browser.
    pub async fn address(
        &self,
        ticket: &Ticket,
        lang: Lang,
        now: Instant,
    ) -> Result<String, Failure> {
        let metadata = self.metadata(Wanted::Kept, now).await?;
        let party = self.party(&metadata)?;
        let verifier = PkceCodeVerifier::new(ticket.derived(&self.key, "verifier"));
        let state = ticket.derived(&self.key, "state");
        let nonce = ticket.derived(&self.key, "nonce");
        let scopes = self.setting.scopes.iter().filter(|scope| *scope != "openid");
        let mut request = party
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                || CsrfToken::new(state),
                || Nonce::new(nonce),
            )
            .add_scopes(scopes.map(|scope| Scope::new(scope.clone())))
            .add_ui_locale(LanguageTag::new(
                match lang {
                    Lang::It => "it",
                    Lang::En => "en",
                }
                .to_owned(),
            ))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        for level in &self.setting.acr {
            request =
                request.add_auth_context_value(AuthenticationContextClass::new(level.clone()));
        }
        let (address, _, _) = request.url();
        Ok(address.into())
    }

    /// Whether a callback belongs to a ticket that was given here, not too long ago.
    pub fn accepts(
        &self,
        ticket: &Ticket,
        state: &str,
        issuer: Option<&str>,
        now: Instant,
    ) -> Result<(), Failure> {
        if !crate::access::same(&ticket.derived(&self.key, "state"), state) {
            return Err(Failure::State);
        }
        if !ticket.lasts(now) {
            return Err(Failure::TooLate);
        }
        if issuer.is_some_and(|issuer| issuer != self.setting.issuer) {
            return Err(Failure::Token("the callback names another issuer".to_owned()));
        }
        Ok(())
    }

    /// Exchanges the code of a callback for an ID token, and checks it.
    pub async fn vouched(
        &self,
        ticket: &Ticket,
        code: &str,
        now: Instant,
    ) -> Result<Vouched, Failure> {
        let metadata = self.metadata(Wanted::Kept, now).await?;
        let party = self.party(&metadata)?;
        let verifier = PkceCodeVerifier::new(ticket.derived(&self.key, "verifier"));
        let answer = party
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|_| Failure::provider("it names no token endpoint"))?
            .set_pkce_verifier(verifier)
            .request_async(&self.http)
            .await
            .map_err(|error| failure::of_exchange(&error))?;
        let token = answer.id_token().ok_or(Failure::provider("it sent no ID token"))?;
        let nonce = Nonce::new(ticket.derived(&self.key, "nonce"));
        let claims = match checked(&party, token, &nonce, answer.access_token(), now) {
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => {
                // The provider's keys may have changed.
                let metadata = self.metadata(Wanted::New, now).await?;
                let party = self.party(&metadata)?;
                checked(&party, token, &nonce, answer.access_token(), now)
            }
            checked => checked,
        }
        .map_err(|error| failure::of_token(&error))?;
        self.setting.assured(claims.auth_context_ref(), claims.auth_method_refs())?;
        Ok(Vouched {
            subject: claims.subject().to_string(),
            claims: serde_json::to_value(claims).unwrap_or_default(),
            token: token.clone(),
            access: answer.access_token().clone(),
        })
    }

    /// The name or address under which an account may wait for somebody: a claim of the ID token,
    /// or of the provider's answer to whoever has the access token.
    pub async fn name_of(
        &self,
        vouched: &Vouched,
        now: Instant,
    ) -> Result<Option<String>, Failure> {
        if let Some(name) = self.setting.name_in(&vouched.claims) {
            return Ok(Some(name));
        }
        let metadata = self.metadata(Wanted::Kept, now).await?;
        let party = self.party(&metadata)?;
        let subject = SubjectIdentifier::new(vouched.subject.clone());
        let Ok(request) = party.user_info(vouched.access.clone(), Some(subject)) else {
            return Ok(None);
        };
        let claims: UserInfoClaims<More, CoreGenderClaim> = request
            .request_async(&self.http)
            .await
            .map_err(|error| failure::of_user_info(&error))?;
        let claims = serde_json::to_value(&claims).unwrap_or_default();
        Ok(self.setting.name_in(&claims))
    }

    /// Remembers the ID token of a session, for going out at the provider too.
    pub fn remember(&self, session: &str, vouched: Vouched, now: Instant) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.retain(|_, (since, _)| now < *since + SESSION_MAX);
        if tokens.len() < REMEMBERED_MAX {
            tokens.insert(session.to_owned(), (now, vouched.token));
        }
    }

    /// Where to send whoever goes out, so that the provider's session ends too; nothing if the
    /// provider has no such place.
    pub async fn way_out(&self, session: &str, now: Instant) -> Result<Option<String>, Failure> {
        let token = {
            let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
            tokens.remove(session).map(|(_, token)| token)
        };
        let metadata = self.metadata(Wanted::Kept, now).await?;
        let Some(end) = metadata.additional_metadata().end_session_endpoint.clone() else {
            return Ok(None);
        };
        let back = PostLogoutRedirectUrl::new(format!("{}/login", self.public))
            .map_err(|_| Failure::provider("the public address is none"))?;
        let mut request = LogoutRequest::from(end)
            .set_client_id(ClientId::new(self.setting.client_id.clone()))
            .set_post_logout_redirect_uri(back);
        if let Some(token) = &token {
            request = request.set_id_token_hint(token);
        }
        Ok(Some(request.http_get_url().into()))
    }

    fn party(&self, metadata: &ProviderMetadataWithLogout) -> Result<Party, Failure> {
        let secret = self.setting.client_secret.as_ref();
        let secret = secret.map(|secret| ClientSecret::new(secret.text().to_owned()));
        let back = RedirectUrl::new(format!("{}{CALLBACK}", self.public))
            .map_err(|_| Failure::provider("the public address is none"))?;
        let methods = metadata.token_endpoint_auth_methods_supported();
        let by_body = methods.is_some_and(|methods| {
            methods.contains(&CoreClientAuthMethod::ClientSecretPost)
                && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
        });
        let way = if by_body { AuthType::RequestBody } else { AuthType::BasicAuth };
        let id = ClientId::new(self.setting.client_id.clone());
        let party: Party = Client::from_provider_metadata(metadata.clone(), id, secret);
        Ok(party.set_redirect_uri(back).set_auth_type(way))
    }

    /// The provider's description with its keys.
    async fn metadata(
        &self,
        wanted: Wanted,
        now: Instant,
    ) -> Result<Arc<ProviderMetadataWithLogout>, Failure> {
        let mut provider = self.provider.lock().await;
        if let Some((at, found)) = &provider.found {
            let lasts = if wanted == Wanted::New { FETCH_AGAIN_AFTER } else { KEPT };
            if now < *at + lasts {
                return Ok(Arc::clone(found));
            }
        }
        if provider.failed.is_some_and(|at| now < at + REST) {
            return Err(Failure::Away);
        }
        match self.fetched().await {
            Ok(found) => {
                let found = Arc::new(found);
                *provider = Provider { found: Some((now, Arc::clone(&found))), failed: None };
                Ok(found)
            }
            Err(failure) => {
                provider.failed = Some(now);
                Err(failure)
            }
        }
    }

    async fn fetched(&self) -> Result<ProviderMetadataWithLogout, Failure> {
        let issuer = self.setting.issuer_url();
        let found = ProviderMetadataWithLogout::discover_async(issuer, &self.http)
            .await
            .map_err(|error| failure::of_discovery(&error))?;
        let mut named = vec![found.authorization_endpoint().url(), found.jwks_uri().url()];
        named.extend(found.token_endpoint().map(TokenUrl::url));
        named.extend(found.userinfo_endpoint().map(UserInfoUrl::url));
        let end = &found.additional_metadata().end_session_endpoint;
        named.extend(end.as_ref().map(EndSessionUrl::url));
        match named.into_iter().find(|url| !is_safe(url)) {
            Some(url) => Err(Failure::provider(&format!("`{url}` is not HTTPS"))),
            None => Ok(found),
        }
    }
}

/// Signature, issuer, audience, expiry, nonce, and that the access token is the one meant.
fn checked<'t>(
    party: &Party,
    token: &'t Token,
    nonce: &Nonce,
    access: &AccessToken,
    now: Instant,
) -> Result<&'t Claims, ClaimsVerificationError> {
    let time = DateTime::from_timestamp_millis(now.as_millis()).unwrap_or_default();
    let verifier = party.id_token_verifier().set_allowed_algs(SIGNATURES).set_time_fn(move || time);
    let claims = token.claims(&verifier, nonce)?;
    if (now + CLOCKS_DIFFER).as_millis() < claims.issue_time().timestamp_millis() {
        return Err(ClaimsVerificationError::Other("it is of the future".to_owned()));
    }
    if let Some(expected) = claims.access_token_hash() {
        let other = |_| ClaimsVerificationError::Other("the token's hash".to_owned());
        let algorithm =
            token.signing_alg().map_err(ClaimsVerificationError::SignatureVerification)?;
        let key =
            token.signing_key(&verifier).map_err(ClaimsVerificationError::SignatureVerification)?;
        let found = AccessTokenHash::from_token(access, algorithm, key).map_err(other)?;
        if found != *expected {
            let text = "the access token is not the one that the ID token means";
            return Err(ClaimsVerificationError::Other(text.to_owned()));
        }
    }
    Ok(claims)
}
