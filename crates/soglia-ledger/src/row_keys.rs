//! Which rows the ledger already has: record key and occurrence counter. Read [`Known`] first.
//!
//! A row's key is a hash of its bytes. The n-th occurrence of a row in a file is a duplicate if
//! the ledger has taken in that row at least n times from the same stream; never is a row skipped
//! because of its time. The day of a row only says in which part of the index its key is looked
//! up, so that memory stays bounded by a few days of traffic.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

/// A row's key: the first 16 bytes of BLAKE3 over its bytes.
pub type Key = [u8; 16];

/// The day bucket of rows that have no instant of their own.
pub const UNDATED: i32 = i32::MIN;

/// Keys held in memory at once: about 300 MB.
const KEYS_MAX: usize = 4_000_000;

/// Rows by key, each with how often it was taken in.
pub type KeyCounts = HashMap<Key, u32, BuildKeyHasher>;

/// Builds [`KeyHasher`]s.
pub type BuildKeyHasher = BuildHasherDefault<KeyHasher>;

/// Takes a key's own bytes for its hash: they are one already.
#[derive(Clone, Copy, Default, Debug)]
pub struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk::<8>() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    /// The length of the key, which is always the same.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Makes a row's key.
pub fn key_of(row: &[u8]) -> Key {
    let hash = blake3::hash(row);
    let mut key = [0; 16];
    key.copy_from_slice(hash.as_bytes().get(..16).expect("a hash has 32 bytes"));
    key
}

/// How often the rows of one stream were taken in, looked up day by day.
pub struct Known<L> {
    load: L,
    overlapping: bool,
    days: HashMap<i32, KeyCounts>,
    order: VecDeque<i32>,
    n_keys: usize,
    evicted: Vec<i32>,
}

/// Rows out of order by more than is held in memory.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "rows of day {day} stand too far from each other to tell duplicates (limit {KEYS_MAX} rows)"
)]
pub struct TooDisordered {
    /// Days since 1970-01-01.
    pub day: i32,
}

impl<L, E> Known<L>
where
    L: FnMut(i32) -> Result<KeyCounts, E>,
    E: From<TooDisordered>,
{
    /// `load` reads a day's keys with their counts; it is not asked when nothing overlaps.
    pub fn new(overlapping: bool, load: L) -> Self {
        Self {
            load,
            overlapping,
            days: HashMap::new(),
            order: VecDeque::new(),
            n_keys: 0,
            evicted: Vec::new(),
        }
    }

    /// Takes one occurrence of a row: `true` if the ledger already has it.
    pub fn take(&mut self, day: i32, key: &Key) -> Result<bool, E> {
        if !self.overlapping {
            return Ok(false);
        }
        if !self.days.contains_key(&day) {
            self.bring_in(day)?;
        }
        let Some(left) = self.days.get_mut(&day).and_then(|keys| keys.get_mut(key)) else {
            return Ok(false);
        };
        if *left == 0 {
            return Ok(false);
        }
        *left -= 1;
        Ok(true)
    }

    fn bring_in(&mut self, day: i32) -> Result<(), E> {
        if self.evicted.contains(&day) {
            return Err(TooDisordered { day }.into());
        }
        let keys = (self.load)(day)?;
        self.n_keys += keys.len();
        while KEYS_MAX < self.n_keys
            && let Some(oldest) = self.order.pop_front()
        {
            let gone = self.days.remove(&oldest).unwrap_or_default();
            self.n_keys -= gone.len();
            if !gone.is_empty() {
                // A day without known rows can be looked up again without losing a count.
                self.evicted.push(oldest);
            }
        }
        self.days.insert(day, keys);
        self.order.push_back(day);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_of_two_equal_rows_is_new_when_one_is_known() {
        let key = key_of(b"1|a");
        let mut known =
            Known::new(true, |_| Ok::<_, TooDisordered>(KeyCounts::from_iter([(key, 1)])));
        assert_eq!(known.take(0, &key), Ok(true));
        assert_eq!(known.take(0, &key), Ok(false));
        assert_eq!(known.take(0, &key_of(b"1|b")), Ok(false));
    }

    #[test]
    fn nothing_is_looked_up_when_no_import_overlaps() {
        let mut known = Known::new(false, |_| -> Result<KeyCounts, TooDisordered> {
            panic!("must not be asked")
        });
        assert_eq!(known.take(0, &key_of(b"1|a")), Ok(false));
    }
}
