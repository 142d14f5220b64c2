//! Attachments: files named by their content. Read [`Files`] first.
//!
//! What a file is called says nothing about what it is, so its first bytes decide; what is none of
//! the known kinds is refused. The folder holds each content once: `ab/abcd…`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::canonical::sha256;
use crate::entries::Attached;
use crate::error::RegisterError;

/// The largest attachment: 50 MiB.
pub const BYTES_MAX: usize = 50 * 1024 * 1024;
/// The longest file name.
pub const NAME_MAX: usize = 200;

/// The folder of attachments.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Files {
    folder: PathBuf,
}

impl Files {
    /// Names the folder; it is made on first use.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Takes a file in: checked, hashed, written once.
    pub fn store(&self, name: &str, bytes: &[u8]) -> Result<Attached, RegisterError> {
        let refuse = |problem: String| RegisterError::Attachment { name: name.to_owned(), problem };
        let name = plain_name(name).ok_or_else(|| refuse("its name has no letters".into()))?;
        if BYTES_MAX < bytes.len() {
            return Err(refuse(format!("it has {} bytes, {BYTES_MAX} is the most", bytes.len())));
        }
        let media = media_type(bytes).ok_or_else(|| {
            refuse(
                "it is none of PDF, signed PDF (p7m), PNG, JPEG, ZIP, Office, mail or text".into(),
            )
        })?;
        if !extension_fits(&name, media) {
            return Err(refuse(format!("its name says something else than its content, {media}")));
        }
        let sha256 = sha256(bytes);
        let path = self.path(&sha256);
        if !path.exists() {
            let folder = path.parent().expect("a content stands in a folder");
            write_whole(folder, &path, bytes)?;
        }
        let length = u64::try_from(bytes.len()).expect("lengths fit");
        Ok(Attached { sha256, media: media.to_owned(), bytes: length, name: Some(name) })
    }

    /// Reads a file back; its content must still have its hash.
    pub fn read(&self, wanted: &str) -> Result<Vec<u8>, RegisterError> {
        let path = self.path(wanted);
        let bytes = fs::read(&path).map_err(|cause| RegisterError::file(&path, cause))?;
        let found = sha256(&bytes);
        if found != wanted {
            let problem = format!("its content has the hash {found}");
            return Err(RegisterError::Corrupt { object: wanted.to_owned(), problem });
        }
        Ok(bytes)
    }

    /// Whether a content is there.
    pub fn has(&self, sha256: &str) -> bool {
        self.path(sha256).exists()
    }

    /// Removes a content for good.
    pub(crate) fn erase(&self, sha256: &str) -> Result<(), RegisterError> {
        let path = self.path(sha256);
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
                Err(RegisterError::file(&path, cause))
            }
            _ => Ok(()),
        }
    }

    /// The hashes of all contents, sorted.
    pub fn list(&self) -> Result<Vec<String>, RegisterError> {
        let mut found = Vec::new();
        if !self.folder.exists() {
            return Ok(found);
        }
        for folder in read_dir(&self.folder)? {
            if !folder.is_dir() {
                continue;
            }
            let names = read_dir(&folder)?
                .into_iter()
                .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
            found.extend(names.filter(|name| name.len() == 64));
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Where a content stands.
    pub fn path(&self, sha256: &str) -> PathBuf {
        self.folder.join(sha256.get(..2).unwrap_or("00")).join(sha256)
    }
}

/// Makes a folder that only its owner can look into; one that is there stays as it is.
pub(crate) fn private_folder(folder: &Path) -> Result<(), RegisterError> {
    if folder.exists() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|cause| RegisterError::file(folder, cause))
}

/// Writes a file that is either whole or not there.
pub(crate) fn write_whole(folder: &Path, path: &Path, bytes: &[u8]) -> Result<(), RegisterError> {
    let fail = |cause| RegisterError::file(path, cause);
    private_folder(folder)?;
    let mut temporary = tempfile::NamedTempFile::new_in(folder).map_err(fail)?;
    temporary.write_all(bytes).map_err(fail)?;
    temporary.as_file().sync_all().map_err(fail)?;
    temporary.persist(path).map_err(|failed| fail(failed.error))?;
    Ok(())
}

fn read_dir(folder: &Path) -> Result<Vec<PathBuf>, RegisterError> {
    let fail = |cause| RegisterError::file(folder, cause);
    let entries = fs::read_dir(folder).map_err(fail)?;
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(fail)).collect()
}

/// The last part of a path, without control characters.
fn plain_name(name: &str) -> Option<String> {
    let name = name.rsplit(['/', '\\']).next()?;
    let name: String = name.chars().filter(|c| !c.is_control()).take(NAME_MAX).collect();
    let name = name.trim().to_owned();
    name.chars().any(char::is_alphanumeric).then_some(name)
}

/// What a file is, by its first bytes.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    const ZIP: &[u8] = b"PK\x03\x04";
    match bytes {
        [] => None,
        _ if bytes.starts_with(b"%PDF-") => Some("application/pdf"),
        _ if bytes.starts_with(b"\x89PNG\r\n\x1a\n") => Some("image/png"),
        _ if bytes.starts_with(b"\xff\xd8\xff") => Some("image/jpeg"),
        _ if bytes.starts_with(ZIP) => Some(zip_type(bytes)),
        _ if is_signed_data(bytes) => Some("application/pkcs7-mime"),
        _ => text_type(bytes),
    }
}

/// An office document says what it is in the names of its first parts.
fn zip_type(bytes: &[u8]) -> &'static str {
    let head = bytes.get(..bytes.len().min(4096)).unwrap_or_default();
    let has = |needle: &[u8]| head.windows(needle.len()).any(|window| window == needle);
    if has(b"mimetypeapplication/vnd.oasis.opendocument.text") {
        "application/vnd.oasis.opendocument.text"
    } else if has(b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet") {
        "application/vnd.oasis.opendocument.spreadsheet"
    } else if has(b"[Content_Types].xml") || has(b"_rels/.rels") {
        "application/vnd.openxmlformats-officedocument"
    } else {
        "application/zip"
    }
}

/// CMS signed data in DER or BER: a sequence that begins with the identifier of signed data.
fn is_signed_data(bytes: &[u8]) -> bool {
    const SIGNED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
    let head = bytes.get(..bytes.len().min(24)).unwrap_or_default();
    head.first() == Some(&0x30)
        && head.windows(SIGNED_DATA.len()).any(|window| window == SIGNED_DATA)
}

fn text_type(bytes: &[u8]) -> Option<&'static str> {
    let text = std::str::from_utf8(bytes).ok()?;
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return None;
    }
    let start = text.trim_start().to_ascii_lowercase();
    let markup = ["<!doctype html", "<html", "<script", "<svg", "<?xml"];
    if markup.iter().any(|mark| start.starts_with(mark)) {
        return None;
    }
    let mail = ["from:", "received:", "return-path:", "mime-version:", "delivered-to:"];
    if mail.iter().any(|mark| start.starts_with(mark)) {
        return Some("message/rfc822");
    }
    Some("text/plain")
}

/// Whether a name's ending fits the content; names without one fit everything.
fn extension_fits(name: &str, media: &str) -> bool {
    let Some((_, extension)) = name.rsplit_once('.') else { return true };
    let known: &[&str] = match media {
        "application/pdf" => &["pdf"],
        "image/png" => &["png"],
        "image/jpeg" => &["jpg", "jpeg"],
        "application/pkcs7-mime" => &["p7m"],
        "application/vnd.oasis.opendocument.text" => &["odt"],
        "application/vnd.oasis.opendocument.spreadsheet" => &["ods"],
        "application/vnd.openxmlformats-officedocument" => &["docx", "xlsx", "pptx"],
        "application/zip" => &["zip", "docx", "xlsx", "pptx", "odt", "ods"],
        "message/rfc822" => &["eml", "txt"],
        _ => &["txt", "csv", "tsv", "md", "json", "eml", "log", "toml"],
    };
    known.contains(&extension.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, bytes: &[u8], expected: Option<&str>) {
        let folder = tempfile::tempdir().expect("a folder");
        let files = Files::new(folder.path().to_owned());
        let stored = files.store(name, bytes);
        assert_eq!(stored.as_ref().ok().map(|file| file.media.as_str()), expected, "{name}");
    }

    #[test]
    fn content_decides_not_the_name() {
        check("verbale.pdf", b"%PDF-1.7 ...", Some("application/pdf"));
        check("verbale.PDF", b"%PDF-1.7 ...", Some("application/pdf"));
        check("verbale.pdf", b"MZ\x90\x00 program", None);
        check("verbale.exe", b"%PDF-1.7 ...", None);
        check("note.txt", "criticità\n".as_bytes(), Some("text/plain"));
        check("note.txt", b"\xff\xfe\x00", None);
        check("note.txt", b"<script>alert(1)</script>", None);
        check("posta.eml", b"Return-Path: <a@b.example>\n\ntesto", Some("message/rfc822"));
        check("vuoto.txt", b"", None);
        let cades = b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80rest";
        check("verbale.pdf.p7m", cades, Some("application/pkcs7-mime"));
        check(
            "foglio.xlsx",
            b"PK\x03\x04....[Content_Types].xml",
            Some("application/vnd.openxmlformats-officedocument"),
        );
    }

    #[test]
    fn names_are_only_names() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = Files::new(folder.path().to_owned());
        let stored = files.store("../../etc/passwd.txt", b"testo").expect("it is text");
        assert_eq!(stored.name.as_deref(), Some("passwd.txt"));
        assert!(files.store("...", b"testo").is_err());
        let large = vec![b'a'; BYTES_MAX + 1];
        assert!(files.store("grande.txt", &large).is_err());
    }

    #[test]
    fn a_content_stands_once_and_is_checked() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = Files::new(folder.path().to_owned());
        let one = files.store("a.txt", b"testo").expect("text");
        let two = files.store("b.txt", b"testo").expect("text");
        assert_eq!(one.sha256, two.sha256);
        assert_eq!(files.list().expect("a list"), std::slice::from_ref(&one.sha256));
        assert_eq!(files.read(&one.sha256).expect("its bytes"), b"testo");
        fs::write(files.path(&one.sha256), b"altro").expect("writable");
        assert!(matches!(files.read(&one.sha256), Err(RegisterError::Corrupt { .. })));
    }
}
