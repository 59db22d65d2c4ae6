//! The ascending order of a dictionary's ids, by which one of them is found. Sorted ids of blocks come with it; others have it made when
//! so many have been looked for that it pays.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// So many ids are looked for entry by entry, before the entries are sorted: sorting costs about as much.
const SEARCHES_UNSORTED: u32 = 64;

/// The entries of ids in ascending order, alike ones by their number.
#[derive(Debug, Default)]
pub struct IdOrder {
    codes: OnceLock<Vec<u32>>,
    searches: AtomicU32,
}

impl IdOrder {
    /// Of ids that were sorted before.
    pub(crate) fn known(codes: Vec<u32>) -> Self {
        Self {
            codes: OnceLock::from(codes),
            searches: AtomicU32::new(0),
        }
    }

    /// Bytes it occupies in memory by now.
    pub(super) fn heap_bytes(&self) -> usize {
        self.codes.get().map_or(0, |codes| codes.len() * 4)
    }

    /// The entries of `width` bytes that are equal to an id, ascending.
    pub(super) fn find(&self, bytes: &[u8], width: usize, id: &[u8]) -> Vec<u32> {
        let entry = |code: u32| {
            let first = code as usize * width;
            bytes.get(first..first + width).unwrap_or_default()
        };
        let codes = match self.codes.get() {
            Some(codes) => codes,
            None if self.searches.fetch_add(1, Ordering::Relaxed) < SEARCHES_UNSORTED => {
                return (0..)
                    .zip(bytes.chunks_exact(width))
                    .filter(|(_, other)| *other == id)
                    .map(|(code, _)| code)
                    .collect();
            }
            None => self.codes.get_or_init(|| {
                let mut codes: Vec<u32> = (0..)
                    .zip(bytes.chunks_exact(width))
                    .map(|(code, _)| code)
                    .collect();
                codes.sort_unstable_by(|one, other| {
                    entry(*one).cmp(entry(*other)).then(one.cmp(other))
                });
                codes
            }),
        };
        let first = codes.partition_point(|code| entry(*code) < id);
        let equal = codes[first..].iter().take_while(|code| entry(**code) == id);
        equal.copied().collect()
    }
}

impl Clone for IdOrder {
    fn clone(&self) -> Self {
        Self {
            codes: self.codes.clone(),
            searches: AtomicU32::new(self.searches.load(Ordering::Relaxed)),
        }
    }
}
