//! Columns of text: the dictionaries of runs become one, and ids become bytes.

use super::Written;
use super::gather::{Gathered, Piece, gather};
use crate::block::bytes::{align, number, put_array, put_packed, put_u32, put_u64};
use crate::block::directory::ColumnBounds;
use crate::block::layout::{
    DICTIONARY_COMPRESSED, DICTIONARY_HASH_ORDERED, LAYOUT_ID_ENTRIES, LAYOUT_ID_SLOTS, LAYOUT_TEXT,
};
use crate::column::{Dictionary, Interner};
use hashbrown::HashTable;
use std::hash::BuildHasher;
use std::sync::Arc;

/// Dictionaries with more entries than this are in the order of their hashes, smaller ones in that of first appearance.
const FIRST_APPEARANCE_MAX: usize = 4096;

/// Dictionary text longer than this is compressed.
const PLAIN_BYTES_MAX: usize = 4096;

const ZSTD_LEVEL: i32 = 3;

/// After this many values a column of ids that has hardly seen one twice is taken to be unique.
const UNIQUE_PROBE: usize = 65_536;

/// No code yet.
const NONE: u32 = u32::MAX;

/// The dictionaries of all pieces, as if they were one after another.
struct Sources<'a> {
    /// The code each dictionary's entry 0 has here, ascending.
    parts: Vec<(u32, &'a Arc<Dictionary>)>,
    entry_count: usize,
}

pub(super) fn encode_strings(pieces: &[Piece<'_>], row_count: u32, out: &mut Vec<u8>) -> Written {
    let sources = Sources::new(pieces);
    let codes = gather(pieces, row_count, |piece, column, chunk, buffer| {
        column.read_codes(chunk, buffer);
        let (first, _) = sources.parts[piece];
        for code in buffer.values.iter_mut() {
            *code = code.wrapping_add(first);
        }
    });
    match encode_ids(&sources, &codes, out) {
        Some(written) => written,
        None => encode_texts(&sources, &codes, out),
    }
}

impl<'a> Sources<'a> {
    fn new(pieces: &[Piece<'a>]) -> Self {
        let mut entry_count = 0;
        let parts = pieces
            .iter()
            .filter_map(|piece| piece.column.dictionary())
            .map(|dictionary| {
                let first = number(entry_count);
                entry_count += dictionary.len();
                (first, dictionary)
            })
            .collect();
        Self { parts, entry_count }
    }

    fn entry(&self, code: u32) -> (&'a Dictionary, u32) {
        let part = self.parts.partition_point(|(first, _)| *first <= code) - 1;
        let (first, dictionary) = self.parts[part];
        (dictionary, code - first)
    }

    fn id(&self, code: u32) -> Option<(u128, usize)> {
        let (dictionary, code) = self.entry(code);
        dictionary.id(code)
    }
}

/// Writes text of any kind: codes, then hashes, lengths and bytes of the distinct ones.
fn encode_texts(sources: &Sources<'_>, codes: &Gathered<u32>, out: &mut Vec<u8>) -> Written {
    let mut interner = Interner::default();
    let mut known = vec![NONE; sources.entry_count];
    let mut codes = codes.map(|code| {
        let place = &mut known[code as usize];
        if *place == NONE {
            let (dictionary, entry) = sources.entry(code);
            *place = interner.intern_hashed(dictionary.hash(entry), &dictionary.text(entry));
        }
        *place
    });
    drop(known);
    let dictionary = if interner.len() > FIRST_APPEARANCE_MAX {
        let (dictionary, places) = interner.into_hash_ordered();
        codes = codes.map(|code| places[code as usize]);
        dictionary
    } else {
        interner.into_dictionary()
    };
    let presence = codes.put_presence(out);
    put_packed(out, &codes.values, codes.present());
    put_dictionary(&dictionary, out);
    Written {
        value_count: codes.value_count,
        presence,
        layout: LAYOUT_TEXT,
        parameter: 0,
        bounds: Some(ColumnBounds::Strings {
            entry_count: dictionary.len() as u64,
        }),
    }
}

fn put_dictionary(dictionary: &Dictionary, out: &mut Vec<u8>) {
    let Dictionary::Text {
        hashes,
        ends,
        bytes,
        is_hash_ordered,
    } = dictionary
    else {
        unreachable!("interners make dictionaries of text");
    };
    let compressed = if bytes.len() > PLAIN_BYTES_MAX {
        // Compression fails only for want of memory; the text as it is then does as well.
        let compressed = zstd::bulk::compress(bytes, ZSTD_LEVEL).ok();
        compressed.filter(|compressed| compressed.len() < bytes.len())
    } else {
        None
    };
    let mut flags = 0;
    if *is_hash_ordered {
        flags |= DICTIONARY_HASH_ORDERED;
    }
    if compressed.is_some() {
        flags |= DICTIONARY_COMPRESSED;
    }
    put_u32(out, number(ends.len()));
    put_u32(out, flags);
    put_array(out, hashes);
    let starts = std::iter::once(&0).chain(ends);
    let lengths: Vec<u32> = ends
        .iter()
        .zip(starts)
        .map(|(end, start)| end - start)
        .collect();
    put_packed(out, &lengths, None);
    let stored = compressed.as_ref().unwrap_or(bytes);
    put_u64(out, bytes.len() as u64);
    put_u64(out, stored.len() as u64);
    put_array(out, stored);
}

/// What the values of a column are as ids.
enum Ids {
    /// Few per value: the distinct ones by first appearance, and codes.
    Few(Vec<u128>, Gathered<u32>),
    /// Nearly unique.
    Many,
    /// One at least is no id, or of another width.
    Not,
}

/// Writes ids as bytes; `None`, and nothing written, when not every value is an id of one width.
fn encode_ids(sources: &Sources<'_>, codes: &Gathered<u32>, out: &mut Vec<u8>) -> Option<Written> {
    let mut first = None;
    codes.visit_while(|code| {
        first = Some(code);
        false
    });
    let (_, width) = sources.id(first?)?;
    match find_ids(sources, codes, width) {
        Ids::Not => None,
        Ids::Few(ids, codes) => {
            let presence = codes.put_presence(out);
            put_packed(out, &codes.values, codes.present());
            put_ids(&ids, width, out);
            Some(Written {
                value_count: codes.value_count,
                presence,
                layout: LAYOUT_ID_ENTRIES,
                parameter: 0,
                bounds: Some(ColumnBounds::Strings {
                    entry_count: ids.len() as u64,
                }),
            })
        }
        Ids::Many => {
            let mut all_ids = true;
            let ids = codes.map(|code| match sources.id(code) {
                Some((id, id_width)) if id_width == width => id,
                _ => {
                    all_ids = false;
                    0
                }
            });
            if !all_ids {
                return None;
            }
            let ids = ids.without_gaps();
            let presence = ids.put_presence(out);
            put_ids(&ids.values, width, out);
            Some(Written {
                value_count: ids.value_count,
                presence,
                layout: LAYOUT_ID_SLOTS,
                parameter: 0,
                bounds: Some(ColumnBounds::Strings {
                    entry_count: ids.value_count as u64,
                }),
            })
        }
    }
}

fn find_ids(sources: &Sources<'_>, codes: &Gathered<u32>, width: usize) -> Ids {
    let hasher = foldhash::fast::FixedState::default();
    let mut table: HashTable<u32> = HashTable::new();
    let mut ids: Vec<u128> = Vec::new();
    let mut known = vec![NONE; sources.entry_count];
    let mut numbered: Vec<u32> = Vec::with_capacity(codes.value_count);
    let mut are_ids = true;
    let finished = codes.visit_while(|code| {
        let place = &mut known[code as usize];
        if *place == NONE {
            let Some((id, id_width)) = sources.id(code) else {
                are_ids = false;
                return false;
            };
            if id_width != width {
                are_ids = false;
                return false;
            }
            let hash = hasher.hash_one(id);
            let found = table
                .find(hash, |&entry| ids[entry as usize] == id)
                .copied();
            *place = found.unwrap_or_else(|| {
                let entry = number(ids.len());
                ids.push(id);
                table.insert_unique(hash, entry, |&entry| hasher.hash_one(ids[entry as usize]));
                entry
            });
        }
        numbered.push(*place);
        numbered.len() != UNIQUE_PROBE || ids.len() < UNIQUE_PROBE / 16 * 15
    });
    if !are_ids {
        return Ids::Not;
    }
    if !finished || ids.len() * 2 > codes.value_count {
        return Ids::Many;
    }
    let mut numbered = numbered.into_iter();
    let codes = codes.map(|_| numbered.next().unwrap_or_default());
    Ids::Few(ids, codes)
}

fn put_ids(ids: &[u128], width: usize, out: &mut Vec<u8>) {
    put_u32(out, number(ids.len()));
    put_u32(out, number(width));
    out.reserve(ids.len() * width);
    for id in ids {
        out.extend_from_slice(&id.to_be_bytes()[16 - width..]);
    }
    align(out);
}
