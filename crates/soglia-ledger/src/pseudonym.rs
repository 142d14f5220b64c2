//! Keyed pseudonyms of callers. Read [`Pseudonyms`] first.
//!
//! A caller's number becomes the first 16 bytes of BLAKE3 keyed with a random key; each half-year
//! has its own key in a file of its own, so that callers of different periods cannot be linked and
//! a period's key can be destroyed, after which nobody can tell whose pseudonym it was.

use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::PathBuf;

use jiff::civil::Date;
use soglia_domain::facts::RawCaller;
use soglia_sources::labels::normalised;

/// The keys of one ledger.
#[derive(Debug)]
pub struct Pseudonyms {
    dir: PathBuf,
    keys: HashMap<Period, Option<[u8; 32]>>,
}

/// A half-year: the year, and 1 or 2.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Period(i16, u8);

impl Pseudonyms {
    /// Names the folder of keys; keys are made when first needed.
    pub fn new(dir: PathBuf) -> Self {
        Self { dir, keys: HashMap::new() }
    }

    /// Replaces a caller. `None` once the period's key was destroyed.
    pub fn replace(&mut self, caller: &RawCaller, on: Date) -> io::Result<Option<[u8; 16]>> {
        let period = Period(on.year(), if on.month() <= 6 { 1 } else { 2 });
        let key = if let Some(key) = self.keys.get(&period) {
            *key
        } else {
            let key = self.load_or_make(&period.to_string())?;
            self.keys.insert(period, key);
            key
        };
        Ok(key.map(|key| {
            let hash = blake3::keyed_hash(&key, normalised(caller.expose()).as_bytes());
            let mut short = [0; 16];
            short.copy_from_slice(hash.as_bytes().get(..16).expect("a hash has 32 bytes"));
            short
        }))
    }

    /// Destroys a period's key for good; `false` if there was none.
    pub fn destroy(&mut self, period: &str) -> io::Result<bool> {
        let path = self.dir.join(format!("{period}.key"));
        let existed = path.exists();
        if existed {
            let mut file = OpenOptions::new().write(true).open(&path)?;
            file.write_all(&[0; 32])?;
            file.sync_all()?;
            fs::remove_file(&path)?;
        }
        fs::create_dir_all(&self.dir)?;
        File::create(self.dir.join(format!("{period}.destroyed")))?.sync_all()?;
        self.keys.retain(|known, _| known.to_string() != period);
        Ok(existed)
    }

    fn load_or_make(&self, period: &str) -> io::Result<Option<[u8; 32]>> {
        if self.dir.join(format!("{period}.destroyed")).exists() {
            return Ok(None);
        }
        let path = self.dir.join(format!("{period}.key"));
        let mut key = [0; 32];
        match File::open(&path) {
            Ok(mut file) => {
                file.read_exact(&mut key).map_err(|cause| {
                    let path = path.display();
                    io::Error::new(cause.kind(), format!("key file `{path}` is damaged: {cause}"))
                })?;
            }
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => {
                key = random_key();
                self.write_new(&path, &key)?;
            }
            Err(other) => return Err(other),
        }
        Ok(Some(key))
    }

    fn write_new(&self, path: &std::path::Path, key: &[u8; 32]) -> io::Result<()> {
        fs::create_dir_all(&self.dir)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.dir)?; // readable by its owner only
        file.write_all(key)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|failed| failed.error)?;
        Ok(())
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-H{}", self.0, self.1)
    }
}

/// 32 bytes from the operating system (two random UUIDs hold 244 random bits).
fn random_key() -> [u8; 32] {
    let mut key = [0; 32];
    let (first, second) = key.split_at_mut(16);
    first.copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    second.copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    *blake3::hash(&key).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn caller(number: &str) -> RawCaller {
        RawCaller::new(number).expect("a number")
    }

    #[test]
    fn same_period_same_pseudonym_other_period_another() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let mut keys = Pseudonyms::new(dir.path().to_owned());
        let july = keys.replace(&caller("0000 123456"), date(2023, 7, 1)).expect("key");
        let august = keys.replace(&caller("0000123456"), date(2023, 8, 1)).expect("key");
        let january = keys.replace(&caller("0000123456"), date(2024, 1, 1)).expect("key");
        assert_eq!(july, august);
        assert_ne!(july, january);
        let mut again = Pseudonyms::new(dir.path().to_owned());
        assert_eq!(again.replace(&caller("+390000123456"), date(2023, 9, 1)).expect("key"), july);
    }

    #[test]
    fn a_destroyed_key_never_comes_back() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let mut keys = Pseudonyms::new(dir.path().to_owned());
        keys.replace(&caller("0000123456"), date(2023, 7, 1)).expect("key");
        assert!(keys.destroy("2023-H2").expect("destroy"));
        let mut again = Pseudonyms::new(dir.path().to_owned());
        assert_eq!(again.replace(&caller("0000123456"), date(2023, 7, 1)).expect("key"), None);
    }
}
