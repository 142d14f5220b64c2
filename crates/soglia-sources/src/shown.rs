//! Rows of originals as they may be shown: numbers and names of people replaced by `…`. Read
//! [`Wanted`] first; each format has a function `shown`.

use std::io::{self, BufRead};

/// Rows that somebody asks for.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// The last of them, 1-based: nothing is read beyond it.
    pub last: u64,
    /// Whether a row is one of them.
    pub chosen: &'a dyn Fn(u64) -> bool,
}

/// Rows by number, each with its text.
pub type Shown = Vec<(u64, String)>;

/// Reads a source of which each row is a line; `mask` makes of a line what may be shown, and sees
/// the lines that nobody asked for as well.
pub(crate) fn lines(
    mut input: impl BufRead,
    wanted: Wanted<'_>,
    mut mask: impl FnMut(&[u8], Asked) -> String,
) -> io::Result<Shown> {
    let mut shown = Shown::new();
    let mut line = Vec::new();
    for row in 1..=wanted.last {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let text = line.trim_ascii_end();
        if (wanted.chosen)(row) {
            shown.push((row, mask(text, Asked::For)));
        } else {
            mask(text, Asked::Not);
        }
    }
    Ok(shown)
}

/// Whether somebody asked for a line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    For,
    Not,
}
