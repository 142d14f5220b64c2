//! Originals as delivered: compressed, named by their content. Read [`Objects`] first.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// The folder of originals: `objects/ab/abcd….zst`, the SHA-256 being that of the bytes delivered.
#[derive(Clone, Debug)]
pub struct Objects {
    dir: PathBuf,
}

/// A file taken in, identified by its bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Object {
    /// SHA-256 of the bytes delivered, hexadecimal.
    pub sha256: String,
    /// How many bytes were delivered.
    pub bytes: u64,
}

/// Bytes read at a time while copying.
const COPY_CHUNK: usize = 1 << 20;

impl Objects {
    /// Names the folder; it is made on first use.
    pub fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// Copies a file in. What is parsed later is this copy, so a file that changes meanwhile
    /// cannot make two stories; that it changed is an error all the same.
    pub fn store(&self, source: &Path, progress: &mut dyn FnMut(u64)) -> io::Result<Object> {
        fs::create_dir_all(&self.dir)?;
        let before = fs::metadata(source)?;
        if before.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a folder, not a file"));
        }
        let mut input = File::open(source)?;
        let mut temporary = tempfile::NamedTempFile::new_in(&self.dir)?;
        let (sha256, bytes) = compress(&mut input, temporary.as_file_mut(), progress)?;
        let after = fs::metadata(source)?;
        if before.len() != after.len()
            || before.modified()? != after.modified()?
            || bytes != after.len()
        {
            return Err(io::Error::other(
                "changed while it was being read; import it again when nobody writes to it",
            ));
        }
        self.put(temporary, &sha256)?;
        Ok(Object { sha256, bytes })
    }

    /// Keeps a text, such as a mapping file's, under the SHA-256 of its bytes.
    pub fn keep_text(&self, text: &str) -> io::Result<Object> {
        self.keep(&mut text.as_bytes(), &mut |_| ())
    }

    /// Takes an original over from another ledger; one that is no longer what was delivered is an
    /// error.
    pub fn adopt(
        &self,
        from: &Self,
        sha256: &str,
        progress: &mut dyn FnMut(u64),
    ) -> io::Result<Object> {
        let object = self.keep(&mut from.open(sha256)?, progress)?;
        if object.sha256 == sha256 {
            return Ok(object);
        }
        fs::remove_file(self.path(&object.sha256))?;
        let problem = format!("original {sha256} is damaged: its bytes hash to {}", object.sha256);
        Err(io::Error::new(io::ErrorKind::InvalidData, problem))
    }

    fn keep(&self, input: &mut impl Read, progress: &mut dyn FnMut(u64)) -> io::Result<Object> {
        fs::create_dir_all(&self.dir)?;
        let mut temporary = tempfile::NamedTempFile::new_in(&self.dir)?;
        let (sha256, bytes) = compress(input, temporary.as_file_mut(), progress)?;
        self.put(temporary, &sha256)?;
        Ok(Object { sha256, bytes })
    }

    fn put(&self, temporary: tempfile::NamedTempFile, sha256: &str) -> io::Result<()> {
        let path = self.path(sha256);
        if !path.exists() {
            let folder = path.parent().expect("an object stands in a folder");
            fs::create_dir_all(folder)?;
            temporary.as_file().sync_all()?;
            temporary.persist(&path).map_err(|failed| failed.error)?;
        }
        Ok(())
    }

    /// Opens an original as it was delivered.
    pub fn open(&self, sha256: &str) -> io::Result<impl Read + Send + use<>> {
        let file = File::open(self.path(sha256)).map_err(|cause| {
            io::Error::new(cause.kind(), format!("original {sha256} is missing: {cause}"))
        })?;
        zstd::Decoder::new(file)
    }

    /// Opens the text inside an original: gzip, xz and zstd are undone, recognised by their first
    /// bytes, whatever the file was called.
    pub fn open_text(&self, sha256: &str) -> io::Result<Box<dyn BufRead + Send>> {
        decompress(self.open(sha256)?)
    }

    /// Copies an original out to `path`, decompressed as by [`Self::open_text`].
    pub fn extract(&self, sha256: &str, path: &Path) -> io::Result<()> {
        let mut out = BufWriter::new(File::create(path)?);
        io::copy(&mut self.open_text(sha256)?, &mut out)?;
        out.flush()
    }

    /// Where an original stands.
    pub fn path(&self, sha256: &str) -> PathBuf {
        let folder = sha256.get(..2).unwrap_or("00");
        self.dir.join(folder).join(format!("{sha256}.zst"))
    }

    /// Removes temporary files and folders that a killed import left behind.
    pub fn sweep(&self) -> io::Result<()> {
        let Ok(entries) = fs::read_dir(&self.dir) else { return Ok(()) };
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                fs::remove_file(entry.path())?;
            } else if entry.file_name().to_string_lossy().starts_with('.') {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    }
}

fn compress(
    input: &mut impl Read,
    file: &mut File,
    progress: &mut dyn FnMut(u64),
) -> io::Result<(String, u64)> {
    let out = BufWriter::with_capacity(COPY_CHUNK, file);
    let mut encoder = zstd::Encoder::new(out, 1)?;
    let copied = copy_hashing(input, &mut encoder, progress)?;
    encoder.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok(copied)
}

fn copy_hashing(
    input: &mut impl Read,
    output: &mut impl Write,
    progress: &mut dyn FnMut(u64),
) -> io::Result<(String, u64)> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0_u8; COPY_CHUNK];
    let mut total = 0_u64;
    loop {
        let n = input.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        let chunk = buffer.get(..n).unwrap_or_default();
        hasher.update(chunk);
        output.write_all(chunk)?;
        total += n as u64;
        progress(total);
    }
    Ok((hex(&hasher.finalize()), total))
}

/// Undoes gzip, xz and zstd, recognised by their first bytes.
pub fn decompress(reader: impl Read + Send + 'static) -> io::Result<Box<dyn BufRead + Send>> {
    let mut reader = BufReader::with_capacity(COPY_CHUNK, reader);
    let magic = reader.fill_buf()?.to_vec();
    Ok(if magic.starts_with(&[0x1f, 0x8b]) {
        Box::new(BufReader::with_capacity(COPY_CHUNK, flate2::bufread::MultiGzDecoder::new(reader)))
    } else if magic.starts_with(&[0xfd, b'7', b'z', b'X', b'Z', 0]) {
        let decoder = liblzma::bufread::XzDecoder::new_multi_decoder(reader);
        Box::new(BufReader::with_capacity(COPY_CHUNK, decoder))
    } else if magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        Box::new(BufReader::with_capacity(COPY_CHUNK, zstd::Decoder::with_buffer(reader)?))
    } else {
        Box::new(reader)
    })
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_original_comes_back_as_delivered_and_decompressed() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let objects = Objects::new(dir.path().join("objects"));
        let text = b"1|a\n2|b\n".to_vec();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(&text).expect("in memory");
        let packed = gzip.finish().expect("in memory");
        let source = dir.path().join("log.1");
        fs::write(&source, &packed).expect("write");
        let object = objects.store(&source, &mut |_| ()).expect("store");
        assert_eq!(object.bytes, packed.len() as u64);
        assert_eq!(object.sha256, hex(&Sha256::digest(&packed)));
        let mut back = Vec::new();
        objects.open(&object.sha256).expect("open").read_to_end(&mut back).expect("read");
        assert_eq!(back, packed);
        let mut plain = Vec::new();
        objects.open_text(&object.sha256).expect("open").read_to_end(&mut plain).expect("read");
        assert_eq!(plain, text);
    }

    #[test]
    fn a_folder_is_no_file() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let objects = Objects::new(dir.path().join("objects"));
        let failed = objects.store(dir.path(), &mut |_| ()).expect_err("a folder");
        assert_eq!(failed.to_string(), "is a folder, not a file");
    }
}
