//! Files kept beside the tables, that follow from them and can be lost. Read [`Beside`] first.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A folder inside a ledger's.
#[derive(Clone, Debug)]
pub struct Beside {
    dir: PathBuf,
}

impl Beside {
    /// The folder of a name.
    pub fn new(ledger: &crate::store::Ledger, name: &str) -> Self {
        Self { dir: ledger.dir().join(name) }
    }

    /// Whether there is a file of a name.
    pub fn has(&self, name: &str) -> bool {
        self.dir.join(name).is_file()
    }

    /// A file's bytes; none if it cannot be read.
    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.dir.join(name)).ok()
    }

    /// Writes a file, complete or not at all.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.dir)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
        file.write_all(bytes)?;
        file.persist(self.dir.join(name)).map_err(|failed| failed.error)?;
        Ok(())
    }
}

/// Opens a file of a table.
pub fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}
