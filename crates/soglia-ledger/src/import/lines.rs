//! Lines of an original, read and hashed ahead of the parser. Read [`Lines`] first.
//!
//! Decompressing, cutting into lines and hashing them needs nothing of what the parser knows, so a
//! thread of its own does it, a few blocks ahead.

use std::io::{self, BufRead, Read as _};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::row_keys::{Key, key_of};

/// Bytes of the longest line that is read as one; a longer one is cut there.
const LINE_MAX: usize = 1 << 20;

/// Bytes after which a block is handed over.
const BLOCK_BYTES: usize = 256 * 1024;

/// Blocks that may wait for the parser.
const BLOCKS_WAITING: usize = 4;

/// A row of a text file.
pub struct Row<'a> {
    /// Its bytes, without the line end.
    pub line: &'a [u8],
    /// Its bucket in the index of known rows.
    pub day: i32,
    /// Its key.
    pub key: Key,
}

/// Rows with their keys, one after the other.
pub struct Lines {
    blocks: Option<Receiver<io::Result<Block>>>,
    thread: Option<JoinHandle<()>>,
    block: Block,
    next: usize,
}

#[derive(Default)]
struct Block {
    text: Vec<u8>,
    rows: Vec<Cut>,
}

/// Where a line stands in its block.
struct Cut {
    start: usize,
    end: usize,
    day: i32,
    key: Key,
}

impl Lines {
    /// Starts to read; `day_of` tells a line's bucket.
    pub fn new(
        text: Box<dyn BufRead + Send>,
        day_of: impl Fn(&[u8]) -> i32 + Send + 'static,
    ) -> io::Result<Self> {
        let (full, blocks) = sync_channel(BLOCKS_WAITING);
        let thread = std::thread::Builder::new()
            .name("soglia-reader".to_owned())
            .spawn(move || read_all(text, &day_of, &full))?;
        let (blocks, thread) = (Some(blocks), Some(thread));
        Ok(Self { blocks, thread, block: Block::default(), next: 0 })
    }

    /// The next row; none at the end.
    pub fn next(&mut self) -> io::Result<Option<Row<'_>>> {
        while self.block.rows.len() <= self.next {
            let Some(block) = self.blocks.as_ref().and_then(|blocks| blocks.recv().ok()) else {
                self.end();
                return Ok(None);
            };
            (self.block, self.next) = (block?, 0);
        }
        let cut = self.block.rows.get(self.next);
        self.next += 1;
        Ok(cut.map(|cut| Row {
            line: self.block.text.get(cut.start..cut.end).unwrap_or_default(),
            day: cut.day,
            key: cut.key,
        }))
    }

    /// The thread is over: by the end of the text, unless it panicked.
    fn end(&mut self) {
        drop(self.blocks.take());
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
            std::panic::resume_unwind(panic);
        }
    }
}

fn read_all(
    mut text: Box<dyn BufRead + Send>,
    day_of: &impl Fn(&[u8]) -> i32,
    full: &SyncSender<io::Result<Block>>,
) {
    loop {
        let block = read_block(&mut text, day_of);
        let last = block.as_ref().map_or(true, |block| block.rows.is_empty());
        if full.send(block).is_err() || last {
            return;
        }
    }
}

fn read_block(text: &mut impl BufRead, day_of: &impl Fn(&[u8]) -> i32) -> io::Result<Block> {
    let mut block =
        Block { text: Vec::with_capacity(BLOCK_BYTES + BLOCK_BYTES / 4), rows: Vec::new() };
    while block.text.len() < BLOCK_BYTES {
        let start = block.text.len();
        if !read_line(text, &mut block.text)? {
            break;
        }
        let line = block.text.get(start..).unwrap_or_default();
        let (day, key) = (day_of(line), key_of(line));
        block.rows.push(Cut { start, end: block.text.len(), day, key });
    }
    Ok(block)
}

/// Appends the next line without its end; `false` when there is none.
pub fn read_line(text: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    let start = line.len();
    let n = text.by_ref().take(LINE_MAX as u64).read_until(b'\n', line)?;
    if n == LINE_MAX && line.last() != Some(&b'\n') {
        skip_rest(text)?;
    }
    let own = line.get(start..).unwrap_or_default();
    let kept = own.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |at| at + 1);
    line.truncate(start + kept);
    Ok(n != 0)
}

fn skip_rest(text: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = text.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let at = buffer.iter().position(|byte| *byte == b'\n');
        let used = at.map_or(buffer.len(), |at| at + 1);
        text.consume(used);
        if at.is_some() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All rows, and the error that ended them if one did.
    fn rows(text: impl BufRead + Send + 'static) -> (Vec<Vec<u8>>, Option<String>) {
        let day_of = |line: &[u8]| i32::try_from(line.len()).unwrap_or(0);
        let mut lines = Lines::new(Box::new(text), day_of).expect("a thread");
        let mut found = Vec::new();
        loop {
            match lines.next() {
                Ok(Some(Row { line, day, key })) => {
                    assert_eq!(day, day_of(line));
                    assert_eq!(key, key_of(line));
                    found.push(line.to_vec());
                }
                Ok(None) => return (found, None),
                Err(error) => return (found, Some(error.to_string())),
            }
        }
    }

    #[test]
    fn lines_are_the_same_however_many_blocks_they_fill() {
        let expect: Vec<Vec<u8>> = (0..100_000)
            .map(|n| if n % 7 == 0 { vec![] } else { format!("{n}|a").into() })
            .collect();
        let mut text = expect.join(&b"\r\n"[..]);
        assert!(2 * BLOCK_BYTES < text.len(), "several blocks");
        assert_eq!(rows(io::Cursor::new(text.clone())), (expect.clone(), None));
        text.extend_from_slice(b"\r\n");
        assert_eq!(rows(io::Cursor::new(text)), (expect, None));
        assert_eq!(rows(io::empty()), (vec![], None));
    }

    #[test]
    fn a_line_without_end_is_cut_and_the_next_one_read() {
        let mut text = vec![b'x'; 3 * LINE_MAX];
        text.extend_from_slice(b"\nnext");
        assert_eq!(rows(io::Cursor::new(text)).0, [vec![b'x'; LINE_MAX], b"next".to_vec()]);
    }

    /// A text that breaks off.
    struct Broken;

    impl io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("torn"))
        }
    }

    #[test]
    fn an_error_comes_after_the_blocks_before_it() {
        let text = io::BufReader::new(io::Read::chain(io::Cursor::new(b"1|a\n2".to_vec()), Broken));
        let (found, error) = rows(text);
        assert_eq!(error.as_deref(), Some("torn"));
        assert!(found.len() <= 2, "what stood before it may have been in the same block");
        let mut long = vec![b'x'; BLOCK_BYTES];
        long.push(b'\n');
        let text = io::BufReader::new(io::Read::chain(io::Cursor::new(long), Broken));
        assert_eq!(rows(text), (vec![vec![b'x'; BLOCK_BYTES]], Some("torn".to_owned())));
    }
}
