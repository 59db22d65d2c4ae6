//! Columns of text: the dictionaries of all sources become one.

use super::gather::{Gathered, Piece, gather};
use super::reference::Target;
use super::{ColumnBytes, Written, id};
use crate::block::bytes::{number, put_array, put_packed, put_u32, put_u64};
use crate::block::directory::{ColumnBounds, Part};
use crate::block::layout::{DICTIONARY_COMPRESSED, DICTIONARY_HASH_ORDERED, LAYOUT_TEXT};
use crate::column::{Dictionary, Interner};
use std::sync::Arc;

/// Dictionaries with more entries than this are in the order of their hashes, smaller ones in that of first appearance.
const FIRST_APPEARANCE_MAX: usize = 4096;

/// Dictionary text longer than this is compressed.
const PLAIN_BYTES_MAX: usize = 4096;

const ZSTD_LEVEL: i32 = 3;

/// No code yet.
pub(super) const NONE: u32 = u32::MAX;

/// The dictionaries of all pieces, as if they were one after another.
pub(super) struct Sources<'a> {
    /// The code each dictionary's entry 0 has here, ascending.
    parts: Vec<(u32, &'a Arc<Dictionary>)>,
    entry_count: usize,
}

pub(super) fn encode_strings(
    pieces: &[Piece<'_>],
    row_count: u32,
    target: Option<&Target>,
    column: &mut ColumnBytes<'_>,
) -> Written {
    let sources = Sources::new(pieces);
    let codes = sources.gather(pieces, row_count);
    match id::encode_ids(&sources, &codes, target, column) {
        Some(written) => written,
        None => encode_texts(&sources, &codes, column),
    }
}

impl<'a> Sources<'a> {
    pub(super) fn new(pieces: &[Piece<'a>]) -> Self {
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

    /// The values of a column as entries of all dictionaries.
    pub(super) fn gather(&self, pieces: &[Piece<'_>], row_count: u32) -> Gathered<u32> {
        gather(pieces, row_count, |piece, column, chunk, buffer| {
            column.read_codes(chunk, buffer);
            let (first, _) = self.parts[piece];
            for code in buffer.values.iter_mut() {
                *code = code.wrapping_add(first);
            }
        })
    }

    pub(super) fn entry_count(&self) -> usize {
        self.entry_count
    }

    fn entry(&self, code: u32) -> (&'a Dictionary, u32) {
        let part = self.parts.partition_point(|(first, _)| *first <= code) - 1;
        let (first, dictionary) = self.parts[part];
        (dictionary, code - first)
    }

    pub(super) fn id(&self, code: u32) -> Option<(u128, usize)> {
        let (dictionary, code) = self.entry(code);
        dictionary.id(code)
    }
}

/// Writes text of any kind: codes, then hashes, lengths and bytes of the distinct ones.
fn encode_texts(
    sources: &Sources<'_>,
    codes: &Gathered<u32>,
    column: &mut ColumnBytes<'_>,
) -> Written {
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
    let presence = codes.put_presence(column);
    column.put_values(&codes.values, codes.present());
    put_dictionary(&dictionary, column.out);
    column.end(Part::Dictionary);
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
        texts,
        is_hash_ordered,
    } = dictionary
    else {
        unreachable!("interners make dictionaries of text");
    };
    let bytes = texts.bytes();
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
    let stored = compressed.as_deref().unwrap_or(bytes);
    put_u64(out, bytes.len() as u64);
    put_u64(out, stored.len() as u64);
    put_array(out, stored);
}
