//! The distinct texts of a column, each with a stable 64-bit hash.
//!
//! The hash is part of the on-disk format: merging sources, distinct counts and membership tests compare hashes and touch the text
//! only when a person will read it.

use super::id_order::IdOrder;
use super::texts::Texts;
use hashbrown::HashTable;
use std::borrow::Cow;
use xxhash_rust::xxh3::xxh3_64;

/// The hash of a text that blocks store and every source agrees on: XXH3, 64 bits, seed 0, over the UTF-8 bytes.
pub fn stable_hash(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}

/// Distinct texts, numbered from 0.
#[derive(Clone, Debug)]
pub enum Dictionary {
    /// Any text: entry `c` is `texts[ends[c - 1]..ends[c]]`.
    Text {
        /// Stable hash per entry.
        hashes: Vec<u64>,
        /// End offset per entry.
        ends: Vec<u32>,
        /// UTF-8 of all entries.
        texts: Texts,
        /// True when hashes ascend: large dictionaries of blocks do, so that entries are found and merged without a hash table.
        is_hash_ordered: bool,
    },
    /// Ids: each entry is `width` bytes and reads as `2 * width` lower-case hex digits. Entries may repeat.
    Ids {
        /// Bytes per entry: 8 or 16.
        width: usize,
        /// All entries.
        bytes: Vec<u8>,
        /// By which one of them is found.
        order: IdOrder,
    },
}

impl Dictionary {
    /// Number of entries.
    pub fn len(&self) -> usize {
        match self {
            Self::Text { ends, .. } => ends.len(),
            Self::Ids { width, bytes, .. } => bytes.len() / width,
        }
    }

    /// True when there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text of an entry; empty for one that does not exist.
    pub fn text(&self, code: u32) -> Cow<'_, str> {
        match self {
            Self::Text { ends, texts, .. } => {
                debug_assert!(texts.is_loaded(), "whoever asks for texts has them loaded");
                Cow::Borrowed(text_at(ends, texts.bytes(), code))
            }
            Self::Ids { width, bytes, .. } => Cow::Owned(hex(id_at(bytes, *width, code))),
        }
    }

    /// An entry that reads as 16 or 32 lower-case hex digits, as a number and its width in bytes, 8 or 16; `None` for any other.
    pub fn id(&self, code: u32) -> Option<(u128, usize)> {
        match self {
            Self::Text { ends, texts, .. } => {
                parse_id(text_at(ends, texts.bytes(), code).as_bytes())
            }
            Self::Ids { width, bytes, .. } => {
                let id = id_at(bytes, *width, code);
                let mut number = [0; 16];
                number.get_mut(16 - id.len()..)?.copy_from_slice(id);
                (!id.is_empty()).then_some((u128::from_be_bytes(number), *width))
            }
        }
    }

    /// The stable hash of an entry's text.
    pub fn hash(&self, code: u32) -> u64 {
        match self {
            Self::Text { hashes, .. } => hashes.get(code as usize).copied().unwrap_or_default(),
            Self::Ids { width, bytes, .. } => {
                let mut digits = [0; 32];
                let id = id_at(bytes, *width, code);
                write_hex(id, &mut digits);
                xxh3_64(&digits[..id.len() * 2])
            }
        }
    }

    /// The stable hashes of all entries, where they are kept; none for ids.
    pub fn hashes(&self) -> &[u64] {
        match self {
            Self::Text { hashes, .. } => hashes,
            Self::Ids { .. } => &[],
        }
    }

    /// Every entry that has this text: at most one, but for ids, which may repeat.
    pub fn find(&self, text: &str) -> Vec<u32> {
        match self {
            Self::Text {
                hashes,
                ends,
                texts,
                is_hash_ordered,
            } => {
                let hash = stable_hash(text);
                let candidates = if *is_hash_ordered {
                    let first = hashes.partition_point(|other| *other < hash);
                    first..first + hashes[first..].partition_point(|other| *other == hash)
                } else {
                    0..hashes.len()
                };
                candidates
                    .filter(|&code| hashes[code] == hash)
                    .map(|code| code as u32)
                    .filter(|&code| text_at(ends, texts.bytes(), code) == text)
                    .collect()
            }
            Self::Ids {
                width,
                bytes,
                order,
            } => match parse_id(text.as_bytes()) {
                Some((id, id_width)) if id_width == *width => {
                    let id = id.to_be_bytes();
                    let id = &id[16 - *width..];
                    order.find(bytes, *width, id)
                }
                _ => Vec::new(),
            },
        }
    }

    /// A dictionary without entries.
    pub fn empty() -> Self {
        Self::Text {
            hashes: Vec::new(),
            ends: Vec::new(),
            texts: Texts::plain(Vec::new()),
            is_hash_ordered: true,
        }
    }

    /// Makes texts readable that were left as they are stored; only [`Source::coded_column`](crate::Source::coded_column) gives such.
    ///
    /// # Errors
    /// Says what is wrong with the stored texts.
    pub(crate) fn load_texts(&self) -> Result<(), String> {
        match self {
            Self::Text { ends, texts, .. } => texts.load(ends),
            Self::Ids { .. } => Ok(()),
        }
    }

    /// False where only hashes can be read yet.
    pub fn has_texts(&self) -> bool {
        match self {
            Self::Text { texts, .. } => texts.is_loaded(),
            Self::Ids { .. } => true,
        }
    }

    /// True when the entries' hashes ascend.
    pub fn is_hash_ordered(&self) -> bool {
        matches!(
            self,
            Self::Text {
                is_hash_ordered: true,
                ..
            }
        )
    }

    /// Bytes this dictionary occupies in memory.
    pub fn heap_bytes(&self) -> usize {
        match self {
            Self::Text {
                hashes,
                ends,
                texts,
                is_hash_ordered: _,
            } => hashes.len() * 8 + ends.len() * 4 + texts.len(),
            // An order that is made later, of ids in memory above all, is at most half as much again.
            Self::Ids { bytes, order, .. } => bytes.len() + order.heap_bytes(),
        }
    }
}

fn text_at<'a>(ends: &[u32], bytes: &'a [u8], code: u32) -> &'a str {
    std::str::from_utf8(bytes_at(ends, bytes, code)).unwrap_or_default()
}

fn bytes_at<'a>(ends: &[u32], bytes: &'a [u8], code: u32) -> &'a [u8] {
    let code = code as usize;
    let Some(&end) = ends.get(code) else {
        return &[];
    };
    let start = if code == 0 { 0 } else { ends[code - 1] };
    bytes.get(start as usize..end as usize).unwrap_or_default()
}

fn id_at(bytes: &[u8], width: usize, code: u32) -> &[u8] {
    bytes
        .get(code as usize * width..(code as usize + 1) * width)
        .unwrap_or_default()
}

fn write_hex(id: &[u8], digits: &mut [u8; 32]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (pair, byte) in digits.chunks_exact_mut(2).zip(id) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
}

fn hex(id: &[u8]) -> String {
    let mut digits = [0; 32];
    write_hex(id, &mut digits);
    digits[..id.len() * 2]
        .iter()
        .map(|digit| char::from(*digit))
        .collect()
}

/// Reads 16 or 32 lower-case hex digits as a number and its width in bytes, 8 or 16; `None` for any other text.
pub(crate) fn parse_id(text: &[u8]) -> Option<(u128, usize)> {
    /// Value per digit; 255 for any other byte.
    const NIBBLES: [u8; 256] = {
        let mut nibbles = [255; 256];
        let mut value = 0;
        while value < 16 {
            nibbles[b"0123456789abcdef"[value] as usize] = value as u8;
            value += 1;
        }
        nibbles
    };
    if text.len() != 16 && text.len() != 32 {
        return None;
    }
    let mut seen = 0;
    let mut id = 0_u128;
    for half in text.chunks_exact(16) {
        let mut number = 0_u64;
        for &byte in half {
            let nibble = NIBBLES[usize::from(byte)];
            seen |= nibble;
            number = number << 4 | u64::from(nibble & 15);
        }
        id = id << 64 | u128::from(number);
    }
    (seen < 16).then_some((id, text.len() / 2))
}

/// Collects distinct texts, numbering them by first appearance.
#[derive(Clone, Debug, Default)]
pub struct Interner {
    table: HashTable<u32>,
    hashes: Vec<u64>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

impl Interner {
    /// The number of a text, new or known.
    pub fn intern(&mut self, text: &str) -> u32 {
        self.intern_hashed(stable_hash(text), text)
    }

    /// The number of a text, new or known, given as its UTF-8 bytes.
    pub(crate) fn intern_bytes(&mut self, text: &[u8]) -> u32 {
        self.intern_hashed_bytes(xxh3_64(text), text)
    }

    /// The same for a text whose stable hash is known.
    pub fn intern_hashed(&mut self, hash: u64, text: &str) -> u32 {
        self.intern_hashed_bytes(hash, text.as_bytes())
    }

    fn intern_hashed_bytes(&mut self, hash: u64, text: &[u8]) -> u32 {
        let Self {
            table,
            hashes,
            ends,
            bytes,
        } = self;
        if let Some(&code) = table.find(hash, |&code| {
            hashes[code as usize] == hash && bytes_at(ends, bytes, code) == text
        }) {
            return code;
        }
        assert!(
            bytes.len() + text.len() <= u32::MAX as usize,
            "runs and blocks are sealed far below 4 GiB of one column"
        );
        #[expect(
            clippy::cast_possible_truncation,
            reason = "asserted above; there are no more entries than rows, which are u32"
        )]
        let (code, end) = (ends.len() as u32, (bytes.len() + text.len()) as u32);
        hashes.push(hash);
        ends.push(end);
        bytes.extend_from_slice(text);
        table.insert_unique(hash, code, |&code| hashes[code as usize]);
        code
    }

    /// A text by its number; empty for one that does not exist.
    pub fn text(&self, code: u32) -> &str {
        text_at(&self.ends, &self.bytes, code)
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// UTF-8 bytes of all texts together.
    pub fn text_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes of heap this interner occupies, roughly.
    pub fn heap_bytes(&self) -> usize {
        self.hashes.len() * 20 + self.bytes.len()
    }

    /// The texts as a dictionary; the interner can go on.
    pub fn to_dictionary(&self) -> Dictionary {
        Dictionary::Text {
            hashes: self.hashes.clone(),
            ends: self.ends.clone(),
            texts: Texts::plain(self.bytes.clone()),
            is_hash_ordered: false,
        }
    }

    /// The texts as a dictionary; the interner starts over in the same memory.
    pub(crate) fn take_dictionary(&mut self) -> Dictionary {
        let dictionary = self.to_dictionary();
        self.table.clear();
        self.hashes.clear();
        self.ends.clear();
        self.bytes.clear();
        dictionary
    }

    /// The texts as a dictionary.
    pub fn into_dictionary(self) -> Dictionary {
        Dictionary::Text {
            hashes: self.hashes,
            ends: self.ends,
            texts: Texts::plain(self.bytes),
            is_hash_ordered: false,
        }
    }

    /// The texts as a dictionary in the order of their hashes, and for each number so far the entry it has become.
    pub(crate) fn into_hash_ordered(self) -> (Dictionary, Vec<u32>) {
        let count = self.ends.len();
        let mut order: Vec<u32> = (0..count as u32).collect();
        order.sort_unstable_by(|&left, &right| {
            let hashes = self.hashes[left as usize].cmp(&self.hashes[right as usize]);
            hashes.then_with(|| {
                let text = |code| text_at(&self.ends, &self.bytes, code);
                text(left).cmp(text(right))
            })
        });
        let mut places = vec![0; count];
        let mut hashes = Vec::with_capacity(count);
        let mut ends = Vec::with_capacity(count);
        let mut bytes = Vec::with_capacity(self.bytes.len());
        for (place, &code) in order.iter().enumerate() {
            places[code as usize] = place as u32;
            hashes.push(self.hashes[code as usize]);
            bytes.extend_from_slice(text_at(&self.ends, &self.bytes, code).as_bytes());
            ends.push(bytes.len() as u32);
        }
        let dictionary = Dictionary::Text {
            hashes,
            ends,
            texts: Texts::plain(bytes),
            is_hash_ordered: true,
        };
        (dictionary, places)
    }
}
