//! Keys: the database's own, for hashes by which things are known again, and the one outside it,
//! which seals the secrets of one-time codes. Read [`Vault`] first.
//!
//! Whoever gets hold of the database, or of a backup, must not be able to make anybody's one-time
//! codes: their secrets are sealed with a key that stands in a file of its own, and is in no
//! backup.

use std::fs;
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::Sha256;

use crate::canonical::hex;
use crate::commitment::{random, random_hex};
use crate::database::Tx;
use crate::error::RegisterError;
use crate::files::{private_folder, write_whole};

/// What sealed secrets begin with; a later way to seal them has another number.
const SEALED: &str = "v1:";
/// The name of the database's key for hashes.
const INDEX: &str = "index";
/// Bytes of a key.
const KEY_BYTES: usize = 32;

/// Where the key comes from that seals secrets.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Vault {
    /// Nobody named one: secrets can neither be sealed nor opened.
    #[default]
    Closed,
    /// A file; it is made when the first secret is sealed.
    File(PathBuf),
    /// The key itself, as 64 hexadecimal digits.
    Key(String),
}

/// Without the key.
impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Closed => write!(f, "Closed"),
            Self::File(path) => write!(f, "File({})", path.display()),
            Self::Key(_) => write!(f, "Key(…)"),
        }
    }
}

impl Vault {
    /// Takes a key as it was written into the environment.
    pub fn key(text: &str) -> Result<Self, RegisterError> {
        let key = Self::Key(text.trim().to_owned());
        key.bytes()?;
        Ok(key)
    }

    /// Seals a secret for one user; what was sealed for another one does not open for them.
    pub(crate) fn seal(&self, user: &str, secret: &str) -> Result<String, RegisterError> {
        if let Self::File(path) = self
            && !path.exists()
        {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new("."));
            private_folder(folder)?;
            let line = format!("{}\n", random_hex::<KEY_BYTES>());
            write_whole(folder, path, line.as_bytes())?;
        }
        let nonce = random::<NONCE_LEN>();
        let mut bytes = secret.as_bytes().to_vec();
        self.cipher()?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(user.as_bytes()),
                &mut bytes,
            )
            .map_err(|_| RegisterError::Key { problem: "it seals nothing".to_owned() })?;
        Ok(format!("{SEALED}{}{}", hex(&nonce), hex(&bytes)))
    }

    /// Opens a secret that was sealed for a user.
    pub(crate) fn open(&self, user: &str, sealed: &str) -> Result<String, RegisterError> {
        let wrong = |problem: &str| RegisterError::Key { problem: problem.to_owned() };
        let broken = || wrong("a sealed secret in the database is broken");
        let bytes = sealed.strip_prefix(SEALED).and_then(unhex).ok_or_else(broken)?;
        let (nonce, rest) = bytes.split_at_checked(NONCE_LEN).ok_or_else(broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
        let mut rest = rest.to_vec();
        let opened = self
            .cipher()?
            .open_in_place(nonce, Aad::from(user.as_bytes()), &mut rest)
            .map_err(|_| wrong("it is not the one that the secrets were sealed with"))?;
        String::from_utf8(opened.to_vec()).map_err(|_| broken())
    }

    fn cipher(&self) -> Result<LessSafeKey, RegisterError> {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &self.bytes()?);
        Ok(LessSafeKey::new(key.expect("a key of 32 bytes is what the cipher takes")))
    }

    fn bytes(&self) -> Result<Vec<u8>, RegisterError> {
        let text = match self {
            Self::Closed => {
                return Err(RegisterError::Key { problem: "none was named".to_owned() });
            }
            Self::File(path) => {
                fs::read_to_string(path).map_err(|cause| RegisterError::file(path, cause))?
            }
            Self::Key(text) => text.clone(),
        };
        let bytes = unhex(text.trim()).filter(|bytes| bytes.len() == KEY_BYTES);
        let problem = || format!("a key is {} hexadecimal digits", 2 * KEY_BYTES);
        bytes.ok_or_else(|| RegisterError::Key { problem: problem() })
    }
}

/// Whether a stored secret is sealed, or stands as an older program wrote it.
pub(crate) fn is_sealed(stored: &str) -> bool {
    stored.starts_with(SEALED)
}

/// Makes the database's key for hashes if it has none yet, and replaces the hashes that an older
/// program made without one.
pub(crate) async fn prepare(tx: &mut Tx) -> Result<(), RegisterError> {
    let sql = "SELECT COUNT(*) FROM secrets WHERE name = $1";
    if 0 < tx.one(sql, &[INDEX.into()]).await?.int(0) {
        return Ok(());
    }
    let sql = "INSERT INTO secrets (name, value) VALUES ($1, $2)";
    tx.run(sql, &[INDEX.into(), random_hex::<KEY_BYTES>().into()]).await?;
    let key = index_key(tx).await?;
    let sql = "SELECT id, import_key FROM entries WHERE import_key IS NOT NULL";
    for row in tx.rows(sql, &[]).await? {
        let sql = "UPDATE entries SET import_key = $2 WHERE id = $1";
        tx.run(sql, &[row.text(0).into(), key.hash(&row.text(1)).into()]).await?;
    }
    Ok(())
}

/// The database's key for hashes.
pub(crate) struct IndexKey(String);

/// Reads the database's key for hashes.
pub(crate) async fn index_key(tx: &mut Tx) -> Result<IndexKey, RegisterError> {
    let row = tx.maybe("SELECT value FROM secrets WHERE name = $1", &[INDEX.into()]).await?;
    let problem = || RegisterError::Corrupt {
        object: "secrets".to_owned(),
        problem: "the key for hashes is gone".to_owned(),
    };
    Ok(IndexKey(row.ok_or_else(problem)?.text(0)))
}

impl IndexKey {
    /// The hash by which something is known again by this database, and by no other.
    pub fn hash(&self, text: &str) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes());
        let mut mac = mac.expect("keys of any length do");
        mac.update(text.as_bytes());
        hex(&mac.finalize().into_bytes())
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let pair = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    };
    digits.chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(digit: char) -> Vault {
        Vault::key(&digit.to_string().repeat(64)).expect("a key")
    }

    #[test]
    fn sealed_secrets_open_for_their_user_with_their_key() {
        let sealed = vault('a').seal("U-1", "GEZDGNBVGY3TQOJQ").expect("sealed");
        assert!(is_sealed(&sealed) && !sealed.contains("GEZDGNBV"), "{sealed}");
        assert_ne!(vault('a').seal("U-1", "GEZDGNBVGY3TQOJQ").expect("sealed"), sealed);
        assert_eq!(vault('a').open("U-1", &sealed).expect("opened"), "GEZDGNBVGY3TQOJQ");
        for (vault, user) in [(vault('b'), "U-1"), (vault('a'), "U-2"), (Vault::Closed, "U-1")] {
            assert!(vault.open(user, &sealed).is_err(), "{vault:?} {user}");
        }
        let mut changed = sealed.clone();
        let last = changed.pop().expect("it has characters");
        changed.push(if last == '0' { '1' } else { '0' });
        for broken in [changed.as_str(), "v1:", "v1:00", "v1:zz", "GEZDGNBV"] {
            assert!(vault('a').open("U-1", broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn keys_are_sixty_four_digits() {
        for text in ["", "abc", &"g".repeat(64), &"a".repeat(66)] {
            assert!(Vault::key(text).is_err(), "{text}");
        }
        assert_eq!(format!("{:?}", vault('a')), "Key(…)");
        assert_eq!(unhex("00ff"), Some(vec![0, 255]));
        assert_eq!(unhex("00f"), None);
    }

    #[test]
    fn a_key_file_is_made_once_and_for_its_owner() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("registers/secrets.key");
        let vault = Vault::File(path.clone());
        assert!(vault.open("U-1", "v1:00").is_err(), "nothing to open with");
        let sealed = vault.seal("U-1", "secret").expect("sealed");
        let key = fs::read_to_string(&path).expect("it was made");
        vault.seal("U-2", "other").expect("sealed");
        assert_eq!(fs::read_to_string(&path).expect("it is there"), key, "made once");
        assert_eq!(vault.open("U-1", &sealed).expect("opened"), "secret");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&path).expect("it is there").permissions().mode();
            assert_eq!(mode & 0o077, 0, "nobody else reads it");
        }
    }
}
