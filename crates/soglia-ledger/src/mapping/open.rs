//! Files as they come: plain or compressed. Read [`open`].

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::error::MappingError;

/// Opens a file and unpacks gzip, xz and Zstandard, told by their first bytes.
pub(super) fn open(path: &Path) -> Result<Box<dyn Read>, MappingError> {
    let io = |source| MappingError::io(path, source);
    let mut file = File::open(path).map_err(io)?;
    let mut magic = [0; 6];
    let mut known = 0;
    while let Some(rest) = magic.get_mut(known..).filter(|rest| !rest.is_empty()) {
        match file.read(rest).map_err(io)? {
            0 => break,
            n => known += n,
        }
    }
    file.seek(SeekFrom::Start(0)).map_err(io)?;
    Ok(match magic.get(..known).unwrap_or_default() {
        [0x1f, 0x8b, ..] => Box::new(flate2::read::MultiGzDecoder::new(file)),
        [0xfd, b'7', b'z', b'X', b'Z', 0] => {
            Box::new(liblzma::read::XzDecoder::new_multi_decoder(file))
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            Box::new(zstd::stream::read::Decoder::new(file).map_err(io)?)
        }
        _ => Box::new(file),
    })
}
