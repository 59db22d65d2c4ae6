//! Rows of one source counted by the codes of the only breakdown, before anybody has asked which groups these are.
//!
//! With hundreds of thousands of values a table of all groups leaves every cache, and every source would have to go through all of it.
//! So the counts wait as they are until all sources are through; then the groups are found by the highest bits of their hashes, one
//! part after another, in tables that stay in a core's own cache and know nothing of each other.

use super::code::ColumnCodes;
use super::value::ValueTable;
use crate::bytes::ByteWrite;
use std::ops::Range;
use std::sync::Arc;
use waggle_store::column::Dictionary;

/// Texts are in no more parts than 2 to the power of this.
pub(in crate::exec) const PART_BITS_MAX: u32 = 8;

/// All texts whose hashes begin with the same bits; the first part has all that is not text too.
#[derive(Clone, Copy, Debug)]
pub(in crate::exec) struct HashPart {
    /// At most [`PART_BITS_MAX`].
    pub(in crate::exec) bits: u32,
    /// Below 2 to the power of `bits`.
    pub(in crate::exec) number: u32,
}

/// Rows by code.
pub(in crate::exec) struct CountedCodes {
    codes: ColumnCodes,
    dictionary: Arc<Dictionary>,
    /// Code and rows of what is not text.
    others: Vec<(u32, u32)>,
    texts: Texts,
    /// Where texts end whose hashes begin with the same [`PART_BITS_MAX`] bits: they are together.
    ends: Vec<u32>,
}

enum Texts {
    /// Rows of each code, where the hashes of the dictionary ascend.
    InOrder(Vec<u32>),
    /// Hash, entry and rows.
    Grouped(Vec<(u64, u32, u32)>),
}

impl CountedCodes {
    /// Takes the rows of all codes; codes beyond the last have none.
    pub(super) fn new(codes: ColumnCodes, rows: Vec<u32>) -> Self {
        let first = codes.first_entry() as usize;
        match &codes.dictionary {
            Some(dictionary)
                if dictionary.is_hash_ordered() && rows.len() == first + dictionary.len() =>
            {
                let others = (0..).zip(&rows[..first]).filter(|(_, rows)| **rows > 0);
                Self {
                    others: others.map(|(code, rows)| (code, *rows)).collect(),
                    dictionary: Arc::clone(dictionary),
                    texts: Texts::InOrder(rows),
                    ends: ends_in_order(dictionary.hashes()),
                    codes,
                }
            }
            _ => Self::of_some(codes, (0..).zip(rows)),
        }
    }

    /// Takes some codes and their rows.
    pub(super) fn of_some(codes: ColumnCodes, rows: impl Iterator<Item = (u32, u32)>) -> Self {
        let first = codes.first_entry();
        let dictionary = codes.dictionary.clone();
        let dictionary = dictionary.unwrap_or_else(|| Arc::new(Dictionary::empty()));
        let (mut others, mut texts) = (Vec::new(), Vec::new());
        for (code, rows) in rows.filter(|(_, rows)| *rows > 0) {
            match code.checked_sub(first) {
                None => others.push((code, rows)),
                Some(entry) => texts.push((dictionary.hash(entry), entry, rows)),
            }
        }
        let (texts, ends) = by_highest_bits(&texts);
        Self {
            codes,
            dictionary,
            others,
            texts: Texts::Grouped(texts),
            ends,
        }
    }

    /// The dictionary that the texts are in; one without entries when there are none.
    pub(in crate::exec) fn dictionary(&self) -> Arc<Dictionary> {
        Arc::clone(&self.dictionary)
    }

    /// True when the texts of both are in one dictionary.
    pub(in crate::exec) fn has_dictionary_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.dictionary, &other.dictionary)
    }

    /// Codes there are or may be.
    pub(in crate::exec) fn len(&self) -> usize {
        let texts = match &self.texts {
            Texts::InOrder(_) => self.dictionary.len(),
            Texts::Grouped(texts) => texts.len(),
        };
        self.others.len() + texts
    }

    /// Bytes of heap, without those of the dictionary, which several may share.
    pub(in crate::exec) fn heap_bytes(&self) -> usize {
        let texts = match &self.texts {
            Texts::InOrder(rows) => rows.capacity() * size_of::<u32>(),
            Texts::Grouped(texts) => texts.capacity() * size_of::<(u64, u32, u32)>(),
        };
        texts + self.others.capacity() * size_of::<(u32, u32)>()
    }

    /// Visits every code that has rows.
    pub(super) fn each(&self, visit: &mut impl FnMut(&ColumnCodes, u32, u32)) {
        for (code, rows) in &self.others {
            visit(&self.codes, *code, *rows);
        }
        let first = self.codes.first_entry();
        match &self.texts {
            Texts::InOrder(rows) => {
                let texts = (first..).zip(&rows[first as usize..]);
                for (code, rows) in texts.filter(|(_, rows)| **rows > 0) {
                    visit(&self.codes, code, *rows);
                }
            }
            Texts::Grouped(texts) => {
                for (_, entry, rows) in texts {
                    visit(&self.codes, first + entry, *rows);
                }
            }
        }
    }

    /// Appends the values that have rows and how many each has.
    pub(in crate::exec) fn encode(&self, out: &mut Vec<u8>) {
        let (mut values, mut rows) = (ValueTable::default(), Vec::new());
        self.each(&mut |codes, code, count| {
            add(&mut rows, codes.value(&mut values, code), count);
        });
        values.encode(out);
        for count in rows {
            out.put_u64(count);
        }
    }

    /// Adds the rows of a part to those of its values, of which `dictionary` is the number among the table's.
    pub(super) fn add_part(
        &self,
        part: HashPart,
        dictionary: u32,
        table: &mut ValueTable,
        counts: &mut Vec<u64>,
    ) {
        if part.number == 0 {
            for (code, rows) in &self.others {
                add(counts, self.codes.value(table, *code), *rows);
            }
        }
        let range = self.texts_of(part);
        match &self.texts {
            Texts::InOrder(rows) => {
                let rows = &rows[self.codes.first_entry() as usize..][range.clone()];
                let entries = range.start as u32..;
                let hashes = &self.dictionary.hashes()[range];
                for ((entry, hash), rows) in entries.zip(hashes).zip(rows) {
                    if *rows > 0 {
                        add(counts, table.text_of_part(*hash, dictionary, entry), *rows);
                    }
                }
            }
            Texts::Grouped(texts) => {
                for (hash, entry, rows) in &texts[range] {
                    add(counts, table.text_of_part(*hash, dictionary, *entry), *rows);
                }
            }
        }
    }

    /// Where a part is among the texts.
    fn texts_of(&self, part: HashPart) -> Range<usize> {
        let width = 1 << (PART_BITS_MAX - part.bits);
        let end = |groups: u32| match groups.checked_sub(1) {
            None => 0,
            Some(last) => self.ends[last as usize] as usize,
        };
        end(part.number * width)..end((part.number + 1) * width)
    }
}

/// Adds rows of a value; one that is new has the next number.
#[inline]
fn add(counts: &mut Vec<u64>, number: u32, rows: u32) {
    match counts.get_mut(number as usize) {
        Some(count) => *count += u64::from(rows),
        None => counts.push(u64::from(rows)),
    }
}

fn highest_bits(hash: u64) -> usize {
    (hash >> (u64::BITS - PART_BITS_MAX)) as usize
}

fn ends_in_order(hashes: &[u64]) -> Vec<u32> {
    let ends = (0..1 << PART_BITS_MAX)
        .map(|bits| hashes.partition_point(|hash| highest_bits(*hash) <= bits) as u32);
    ends.collect()
}

/// Brings those with the same highest bits together, and tells where they end.
fn by_highest_bits(texts: &[(u64, u32, u32)]) -> (Vec<(u64, u32, u32)>, Vec<u32>) {
    let mut places = vec![0; (1 << PART_BITS_MAX) + 1];
    for (hash, ..) in texts {
        places[highest_bits(*hash) + 1] += 1;
    }
    let mut sum = 0;
    for place in &mut places {
        sum += *place;
        *place = sum;
    }
    let mut grouped = vec![(0, 0, 0); texts.len()];
    for text in texts {
        let place = &mut places[highest_bits(text.0)];
        grouped[*place as usize] = *text;
        *place += 1;
    }
    // Where each began is where the one before it ends.
    places.pop();
    (grouped, places)
}
