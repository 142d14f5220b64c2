//! Passwords: argon2id, in a thread of their own because they are meant to be slow.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use crate::error::RegisterError;

/// The shortest password.
pub const LENGTH_MIN: usize = 12;
/// The longest: hashing costs time for every byte.
const LENGTH_MAX: usize = 200;
/// A hash of nothing in particular: it makes unknown logins take as long as known ones.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29nbGlhLW5vYm9keS4$\
                      Zm9yIHVua25vd24gbG9naW5zIG9ubHksIG5ldmVyISE";

/// Hashes a password that does.
pub(super) async fn hash(login: &str, password: String) -> Result<String, RegisterError> {
    check(login, &password)?;
    let hashed = tokio::task::spawn_blocking(move || {
        Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string())
    });
    let hashed = hashed.await.expect("hashing does not panic");
    Ok(hashed.expect("the parameters are argon2's own and the length was checked"))
}

/// Says whether a password is the one that was hashed. Without a hash it says no, as slowly.
pub(super) async fn verify(password: String, hash: Option<String>) -> bool {
    if LENGTH_MAX < password.len() {
        return false;
    }
    let verified = tokio::task::spawn_blocking(move || {
        let known = hash.is_some();
        let text = hash.unwrap_or_else(|| NOBODY.to_owned());
        let right = PasswordHash::new(&text).is_ok_and(|hash| {
            Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
        });
        right && known
    });
    verified.await.expect("verifying does not panic")
}

fn check(login: &str, password: &str) -> Result<(), RegisterError> {
    let lower = password.to_lowercase();
    let first = lower.chars().next();
    if password.chars().count() < LENGTH_MIN {
        return Err(RegisterError::Password("it needs 12 characters at least"));
    }
    if LENGTH_MAX < password.len() {
        return Err(RegisterError::Password("200 bytes are the most"));
    }
    if lower.contains(login) {
        return Err(RegisterError::Password("it contains the login"));
    }
    if lower.chars().all(|c| Some(c) == first) || lower.chars().all(|c| c.is_ascii_digit()) {
        return Err(RegisterError::Password("it is one character repeated, or only digits"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_passwords_are_refused() {
        for weak in ["corta", "aaaaaaaaaaaaaa", "123456789012", "xannaxxxxxxxx", "ANNA-e-basta-12"]
        {
            assert!(check("anna", weak).is_err(), "{weak}");
        }
        assert!(check("anna", "cavallo corretto graffetta").is_ok());
        assert!(check("anna", &"è".repeat(101)).is_err(), "too long");
    }

    #[test]
    fn the_hash_of_nobody_can_be_read() {
        assert!(PasswordHash::new(NOBODY).is_ok());
    }
}
