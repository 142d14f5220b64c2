//! Why a sign-in by an identity provider did not come about. Read [`Failure`] first.
//!
//! Each failure has a sentence for whoever stands before the door and one for whoever keeps the
//! program. Neither quotes what a provider or a browser sent, but for the provider's error codes.

use axum::http::StatusCode;
use openidconnect::core::CoreErrorResponseType;
use openidconnect::{
    ClaimsVerificationError, DiscoveryError, RequestTokenError, StandardErrorResponse,
    UserInfoError,
};
use soglia_domain::text::Text;

use crate::reply::chain;

/// Why a sign-in did not come about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// The provider does not answer, or not as the standard asks.
    Provider(String),
    /// The provider failed a moment ago and is left alone; the console was told then.
    Away,
    /// The provider does not accept what Soglia proves itself with.
    Rejected(String),
    /// The provider sent the person back with an error.
    Refused(String),
    /// The callback belongs to no sign-in that this browser began.
    State,
    /// The sign-in was begun too long ago.
    TooLate,
    /// The code was used already, or is too old.
    Code,
    /// The ID token is not good.
    Token(String),
    /// The ID token is too old.
    Expired(String),
    /// The person came in at the provider by less than what is required.
    Level,
}

impl Failure {
    pub(super) fn provider(problem: &str) -> Self {
        Self::Provider(problem.to_owned())
    }

    /// An error code out of a callback, if it looks like one.
    pub fn refused(code: &str) -> Self {
        let plain = |c: char| c.is_ascii_lowercase() || c == '_';
        let known = !code.is_empty() && code.len() <= 40 && code.chars().all(plain);
        Self::Refused(if known { code.to_owned() } else { "?".to_owned() })
    }

    /// What whoever keeps the program reads on its console; nothing where there is nothing to do.
    pub fn for_keeper(&self) -> Option<String> {
        match self {
            Self::Provider(problem) => Some(format!("the identity provider failed: {problem}")),
            Self::Rejected(code) => Some(format!(
                "the identity provider does not accept the client (`{code}`): check client id, \
                 secret and redirect address"
            )),
            Self::Refused(code) => Some(format!("the identity provider refused: `{code}`")),
            Self::Token(problem) | Self::Expired(problem) => {
                Some(format!("an ID token was refused: {problem}"))
            }
            Self::Level => {
                Some("an ID token lacks the level of assurance that is required".to_owned())
            }
            Self::Away | Self::State | Self::TooLate | Self::Code => None,
        }
    }

    /// The status of the page. A provider's failure is none of this server's.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Provider(_) | Self::Away | Self::Rejected(_) => StatusCode::FAILED_DEPENDENCY,
            Self::State | Self::TooLate | Self::Code => StatusCode::BAD_REQUEST,
            Self::Refused(_) | Self::Token(_) | Self::Expired(_) | Self::Level => {
                StatusCode::FORBIDDEN
            }
        }
    }

    /// What happened, for whoever stands before the door.
    pub fn text(&self, label: &str) -> Text {
        let both = |it: &str, en: &str| Text::new(it, en);
        match self {
            Self::Provider(_) | Self::Away => Text::new(
                &format!("{label} ora non risponde come dovrebbe."),
                &format!("{label} does not answer as it should at the moment."),
            ),
            Self::Rejected(_) => Text::new(
                &format!("{label} non riconosce questo programma."),
                &format!("{label} does not recognise this program."),
            ),
            Self::Refused(code) => Text::new(
                &format!("{label} non ha concesso l'accesso ({code})."),
                &format!("{label} did not grant the sign-in ({code})."),
            ),
            Self::State => both(
                "Questa risposta non appartiene a un accesso iniziato in questo browser, oppure è \
                 già stata usata.",
                "This answer belongs to no sign-in begun in this browser, or it was used already.",
            ),
            Self::TooLate => both(
                "È passato troppo tempo da quando l'accesso è iniziato.",
                "Too much time has passed since the sign-in began.",
            ),
            Self::Code => both(
                "Il codice di questo accesso è già stato usato o è scaduto.",
                "The code of this sign-in was used already, or has expired.",
            ),
            Self::Token(_) => Text::new(
                &format!("Quello che {label} ha risposto non è valido per questo programma."),
                &format!("What {label} answered is not valid for this program."),
            ),
            Self::Expired(_) => Text::new(
                &format!("La risposta di {label} è già scaduta."),
                &format!("The answer of {label} has expired already."),
            ),
            Self::Level => Text::new(
                &format!("Con {label} è entrato con un livello di sicurezza troppo basso."),
                &format!("You came in at {label} by too low a level of security."),
            ),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Text {
        let both = |it: &str, en: &str| Text::new(it, en);
        match self {
            Self::Provider(_) | Self::Away => both(
                "Riprovi tra qualche minuto; se dura, lo dica a chi tiene il servizio, che trova \
                 la causa sulla console del programma.",
                "Try again in some minutes; if it lasts, tell whoever keeps the service, who finds \
                 the cause on the program's console.",
            ),
            Self::Rejected(_) => both(
                "Lo dica a chi tiene il servizio: identificativo, segreto o indirizzo di ritorno \
                 non sono quelli registrati presso il fornitore di identità.",
                "Tell whoever keeps the service: client id, secret or redirect address are not \
                 those registered with the identity provider.",
            ),
            Self::Refused(_) | Self::State | Self::TooLate | Self::Code => {
                both("Inizi l'accesso da capo.", "Begin the sign-in anew.")
            }
            Self::Token(_) | Self::Expired(_) => both(
                "Riprovi; se si ripete, lo dica a chi tiene il servizio (spesso è l'orologio di \
                 una delle due macchine).",
                "Try again; if it happens again, tell whoever keeps the service (often it is the \
                 clock of one of the two machines).",
            ),
            Self::Level => both(
                "Acceda con il secondo fattore, o con il livello che l'amministratore richiede.",
                "Sign in with a second factor, or by the level that the administrator requires.",
            ),
        }
    }
}

pub(super) fn of_discovery<E: std::error::Error + 'static>(error: &DiscoveryError<E>) -> Failure {
    Failure::Provider(chain(error))
}

/// What the token endpoint answered is never quoted: it may hold tokens.
pub(super) fn of_exchange<E: std::error::Error + 'static>(
    error: &RequestTokenError<E, StandardErrorResponse<CoreErrorResponseType>>,
) -> Failure {
    match error {
        RequestTokenError::ServerResponse(answer) => match answer.error() {
            CoreErrorResponseType::InvalidGrant => Failure::Code,
            other => Failure::Rejected(other.as_ref().to_owned()),
        },
        RequestTokenError::Request(cause) => Failure::Provider(chain(cause)),
        RequestTokenError::Parse(..) => {
            Failure::provider("the answer of its token endpoint cannot be read")
        }
        RequestTokenError::Other(_) => {
            Failure::provider("the answer of its token endpoint is not what it should be")
        }
    }
}

pub(super) fn of_user_info<E: std::error::Error + 'static>(error: &UserInfoError<E>) -> Failure {
    match error {
        UserInfoError::Request(cause) => Failure::Provider(chain(cause)),
        UserInfoError::ClaimsVerification(error) => of_token(error),
        UserInfoError::Response(status, ..) => {
            Failure::Provider(format!("its user-info endpoint answered {status}"))
        }
        _ => Failure::provider("the answer of its user-info endpoint cannot be read"),
    }
}

pub(super) fn of_token(error: &ClaimsVerificationError) -> Failure {
    match error {
        ClaimsVerificationError::Expired(_) => Failure::Expired(chain(error)),
        other => Failure::Token(chain(other)),
    }
}

#[cfg(test)]
mod tests {
    use soglia_domain::text::Lang;

    use super::*;

    #[test]
    fn what_a_callback_says_is_not_repeated_unless_it_is_a_code() {
        let text = Failure::refused("access_denied").text("X");
        assert!(text.get(Lang::En).contains("access_denied"), "{text:?}");
        for wrong in ["", "<script>", "Please call +39 06", &"a".repeat(41)] {
            assert_eq!(Failure::refused(wrong), Failure::Refused("?".to_owned()), "{wrong}");
        }
    }

    #[test]
    fn every_failure_is_explained_and_none_is_the_servers() {
        let text = || "x".to_owned();
        for failure in [
            Failure::Provider(text()),
            Failure::Away,
            Failure::Rejected(text()),
            Failure::Refused(text()),
            Failure::State,
            Failure::TooLate,
            Failure::Code,
            Failure::Token(text()),
            Failure::Expired(text()),
            Failure::Level,
        ] {
            assert!(failure.status().is_client_error(), "{failure:?}");
            assert!(failure.text("X").en.is_some_and(|en| en != failure.text("X").it));
            assert!(failure.hint().en.is_some_and(|en| en != failure.hint().it));
        }
    }
}
