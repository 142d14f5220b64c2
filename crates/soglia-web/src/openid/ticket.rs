//! What a browser carries while somebody is at the identity provider. Read [`Ticket`] first.
//!
//! The cookie holds when and where the sign-in began, and a random text. `state`, `nonce` and the
//! code verifier are hashes of it with a key that only the running program has: nothing has to be
//! remembered here, nobody can make a ticket, and a callback that was seen on its way belongs to
//! no other browser.

use soglia_domain::time::{Instant, Millis};

use crate::access::{hash, random};
use crate::pages::inside;

/// So long may somebody take at the provider.
pub const TICKET_LASTS: Millis = Millis::from_mins(15);
/// Longer addresses are forgotten: cookies are small.
const NEXT_MAX: usize = 1500;

/// A sign-in that was begun.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ticket {
    begun: Instant,
    random: String,
    next: String,
}

impl Ticket {
    /// A ticket for a new sign-in, which leads to `next`, if that is inside.
    pub fn new(begun: Instant, next: &str) -> Self {
        let next = inside(next);
        let next = if next.len() <= NEXT_MAX { next } else { "/" };
        Self { begun, random: random(), next: next.to_owned() }
    }

    /// Reads a cookie; whether it is worth anything shows when its `state` is compared.
    pub fn parse(cookie: &str) -> Option<Self> {
        let mut parts = cookie.splitn(3, '.');
        let begun = Instant::from_millis(parts.next()?.parse().ok()?);
        let random = parts.next()?.to_owned();
        let query = format!("next={}", parts.next()?);
        let (_, next) = url::form_urlencoded::parse(query.as_bytes()).next()?;
        Some(Self { begun, random, next: inside(&next).to_owned() })
    }

    /// The cookie.
    pub fn cookie(&self) -> String {
        let next: String = url::form_urlencoded::byte_serialize(self.next.as_bytes()).collect();
        format!("{}.{}.{next}", self.begun.as_millis(), self.random)
    }

    /// Where it leads.
    pub fn next(&self) -> &str {
        &self.next
    }

    pub(super) fn lasts(&self, now: Instant) -> bool {
        now < self.begun + TICKET_LASTS
    }

    /// 64 digits that only whoever has the key can make of this ticket.
    pub(super) fn derived(&self, key: &str, purpose: &str) -> String {
        hash(&[key, purpose, &self.cookie()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_secs(1_705_309_200);

    #[test]
    fn a_ticket_comes_back_as_it_went() {
        let ticket = Ticket::new(NOW, "/services/cup?period=2023-H2&x=à");
        let again = Ticket::parse(&ticket.cookie()).expect("it is one");
        assert_eq!(again, ticket);
        assert_eq!(again.next(), "/services/cup?period=2023-H2&x=à");
        assert!(ticket.cookie().bytes().all(|byte| byte.is_ascii_graphic() && byte != b';'));
        for wrong in ["", "x", "1.2", "x.y.z"] {
            assert_eq!(Ticket::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Ticket::new(NOW, "https://elsewhere.example").next(), "/");
        assert_eq!(Ticket::new(NOW, &format!("/{}", "x".repeat(2000))).next(), "/");
    }

    #[test]
    fn what_is_derived_depends_on_key_purpose_and_ticket() {
        let ticket = Ticket::new(NOW, "/");
        let state = ticket.derived("key", "state");
        assert_eq!(state.len(), 64);
        assert_eq!(Ticket::parse(&ticket.cookie()).expect("one").derived("key", "state"), state);
        let later = ticket.cookie().replacen("1705309200000", "1705309200001", 1);
        let later = Ticket::parse(&later).expect("one");
        for other in [
            ticket.derived("other", "state"),
            ticket.derived("key", "nonce"),
            later.derived("key", "state"),
            Ticket::new(NOW, "/").derived("key", "state"),
        ] {
            assert_ne!(other, state);
        }
        assert!(ticket.lasts(NOW) && !ticket.lasts(NOW + TICKET_LASTS));
    }
}
