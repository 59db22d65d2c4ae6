//! Reading some chunks of a column: for queries whose filters leave few rows, where the whole column would be read for them.
//!
//! Each chunk of packed values has a checksum of its own, so a part is checked like the whole. What is read so is not kept; a column that
//! is asked for again is read as a whole and kept.

use super::bytes::{ByteReader, Fault, head_bytes};
use super::cache::Kind;
use super::directory::{ColumnEntry, Part, Role};
use super::layout::{
    LAYOUT_DECIMALS, LAYOUT_INTEGERS, LAYOUT_LISTED_INTEGERS, LAYOUT_TEXT, PRESENCE_ALL,
    PRESENCE_BITMAP, SomePacked, assemble,
};
use super::read::Block;
use crate::checksum::is_whole;
use crate::column::{CHUNK_ROWS, Column, Lane, Lanes, Packed, TypedColumn};
use crate::source::ReadError;
use std::ops::Range;
use std::sync::Arc;

/// Chunks with less than this between them are read together: a disk takes as long to begin anew.
const GAP_BYTES: usize = 16 * 1024;

/// Of more than one chunk in so many the whole column is read.
const WHOLE_FROM: usize = 2;

/// Parts that are read in any case are fetched ahead of time up to this size.
const AHEAD_BYTES_MAX: u64 = 64 * 1024;

impl Block {
    /// A column of which only some chunks, ascending, are certain to be there; to read others may panic. What is known of it without
    /// reading rows is known of all.
    ///
    /// # Errors
    /// [`ReadError`] when what is needed can't be read, is damaged, or is of a newer version.
    pub fn column_in(
        &self,
        name: &str,
        chunks: &[usize],
    ) -> Result<Option<Arc<Column>>, ReadError> {
        let range = self.directory().find(Role::Event, name);
        let entries = &self.directory().entries[range.clone()];
        let all = (self.row_count() as usize).div_ceil(CHUNK_ROWS);
        let in_part = chunks.len() * WHOLE_FROM < all
            && entries.iter().any(ColumnEntry::is_in_chunks)
            && self
                .cache()
                .may_read_part(self.key(range.start, Kind::Values));
        if !in_part {
            return self.column(name);
        }
        let types = entries.iter().map(|entry| match entry.is_in_chunks() {
            true => self.read_some(entry, name, chunks),
            false => self.read_type(entry, name, true),
        });
        let types = types.collect::<Result<_, _>>()?;
        let column = Column { types };
        self.load_texts(&column, name)?;
        Ok(Some(Arc::new(column)))
    }

    /// True when a column is in memory or in no row.
    pub(crate) fn has_in_memory(&self, name: &str) -> bool {
        let range = self.directory().find(Role::Event, name);
        range.is_empty()
            || self
                .cache()
                .peek(self.key(range.start, Kind::Values))
                .is_some()
    }

    /// What is read of a column whichever chunks are, as far as it is small: offsets from the beginning of the block.
    pub(super) fn around_chunks(&self, entry: &ColumnEntry) -> impl Iterator<Item = (u64, u64)> {
        let (values, _) = entry.part(Part::Values);
        let (index, part) = entry.part(Part::Index);
        let head = head_bytes_of(entry, self.row_count()) as u64;
        let after = (index, entry.offset + entry.stored_bytes);
        let parts = [
            (entry.offset, values + head),
            if after.1 - after.0 <= AHEAD_BYTES_MAX {
                after
            } else {
                (index, index + part.bytes)
            },
        ];
        parts.into_iter()
    }

    fn read_some(
        &self,
        entry: &ColumnEntry,
        name: &str,
        chunks: &[usize],
    ) -> Result<TypedColumn, ReadError> {
        let row_count = self.row_count();
        let presence = self.read_presence(entry, name)?.presence;
        let after = self.read_after_values(entry, name)?;
        let (index, dictionary) = after.split_at(entry.part(Part::Index).1.bytes as usize);
        self.check(name, index, entry.part(Part::Index).1)?;
        self.check(name, dictionary, entry.part(Part::Dictionary).1)?;
        let packed = match entry.layout {
            LAYOUT_TEXT | LAYOUT_LISTED_INTEGERS => {
                SomePacked::Codes(self.read_chunks(entry, name, index, chunks)?)
            }
            _ => SomePacked::Ints(self.read_chunks(entry, name, index, chunks)?),
        };
        assemble(entry, row_count, presence, packed, dictionary, chunks)
            .map_err(|fault| self.error(name, fault))
    }

    /// Index and dictionary, by one read.
    fn read_after_values(&self, entry: &ColumnEntry, name: &str) -> Result<Vec<u8>, ReadError> {
        let index = entry.part(Part::Index).1.bytes;
        let length = index + entry.part(Part::Dictionary).1.bytes;
        self.read_from(entry, name, Part::Index, length)
    }

    fn read_chunks<T: Lane>(
        &self,
        entry: &ColumnEntry,
        name: &str,
        index: &[u8],
        chunks: &[usize],
    ) -> Result<Packed<T>, ReadError> {
        let fail = |fault: Fault| self.error(name, fault);
        let slots = self.row_count() as usize;
        let chunk_count = slots.div_ceil(CHUNK_ROWS);
        let mut checksums = ByteReader::new(index, Lanes::Narrow);
        let checksums: Vec<u32> = checksums.array(1 + chunk_count).map_err(fail)?;
        let (head_checksum, checksums) = checksums.split_at(1);
        let head_bytes = head_bytes::<T>(slots);
        let head = self.read_inside(entry, name, Part::Values, 0..head_bytes)?;
        if !is_whole(&head, head_checksum[0]) {
            return Err(fail("the checksum of the widths is wrong".into()));
        }
        let mut reader = ByteReader::new(&head, Lanes::Narrow);
        let head = reader.packed_head::<T>(slots).map_err(fail)?;

        let bytes_of = |chunk: usize| {
            let words = head.words(chunk);
            head_bytes + words.start * 8..head_bytes + words.end * 8
        };
        let mut reads: Vec<Range<usize>> = Vec::new();
        for &chunk in chunks {
            let bytes = bytes_of(chunk);
            match reads.last_mut() {
                Some(last) if bytes.start <= last.end + GAP_BYTES => last.end = bytes.end,
                _ => reads.push(bytes),
            }
        }
        for range in &reads {
            self.will_read_inside(entry, Part::Values, range);
        }
        let mut found: Vec<(usize, Vec<u64>)> = Vec::with_capacity(chunks.len());
        let mut chunks = chunks.iter().copied().peekable();
        for range in reads {
            let bytes = self.read_inside(entry, name, Part::Values, range.clone())?;
            while let Some(chunk) = chunks.next_if(|chunk| bytes_of(*chunk).end <= range.end) {
                let place = bytes_of(chunk);
                let words = &bytes[place.start - range.start..place.end - range.start];
                if !is_whole(words, checksums[chunk]) {
                    return Err(fail(Fault::corrupt(format!(
                        "the checksum of chunk {chunk} is wrong"
                    ))));
                }
                let words = ByteReader::new(words, Lanes::Narrow).array(words.len() / 8);
                found.push((chunk, words.map_err(fail)?));
            }
        }
        let found = found.iter().map(|(chunk, words)| (*chunk, &**words));
        Ok(head.with_some(found))
    }
}

impl ColumnEntry {
    /// True when chunks of the column can be read without the others.
    pub(super) fn is_in_chunks(&self) -> bool {
        let is_packed = matches!(
            self.layout,
            LAYOUT_TEXT | LAYOUT_INTEGERS | LAYOUT_DECIMALS | LAYOUT_LISTED_INTEGERS
        );
        let has_slot_per_row = matches!(self.presence, PRESENCE_ALL | PRESENCE_BITMAP);
        is_packed && has_slot_per_row && self.part(Part::Index).1.bytes > 0
    }
}

fn head_bytes_of(entry: &ColumnEntry, row_count: u32) -> usize {
    match entry.layout {
        LAYOUT_TEXT | LAYOUT_LISTED_INTEGERS => head_bytes::<u32>(row_count as usize),
        _ => head_bytes::<i64>(row_count as usize),
    }
}
