//! Finding the rows of one id: of one trace, most of all.
//!
//! A block whose ids are sorted answers "not here" after reading a few kilobytes: the index, which stays in memory, and one group of
//! ids. Only where the id is, its codes are read, and of those only the chunks that can hold its code are unpacked.

use super::cache::{CachedColumn, Kind};
use super::directory::{Part, Role};
use super::ids::IdIndex;
use super::layout::LAYOUT_SORTED_IDS;
use super::read::{Block, MIXED_UP};
use crate::block::bytes::ByteReader;
use crate::column::{CHUNK_ROWS, ChunkBuffer, Column, parse_id};
use crate::source::ReadError;
use std::sync::Arc;

impl Block {
    /// The rows, ascending, whose value in a column is this text: ids are looked up, other columns are read.
    ///
    /// # Errors
    /// [`ReadError`] when what is needed can't be read, is damaged, or is of a newer version.
    pub fn rows_with(&self, name: &str, text: &str) -> Result<Vec<u32>, ReadError> {
        if !self.may_hold(name, text)? {
            return Ok(Vec::new());
        }
        let column = self.column(name)?;
        Ok(column.map_or_else(Vec::new, |column| column.rows_with(text)))
    }

    /// False when no row has this text in a column, as far as the index of its ids tells. Reads little.
    fn may_hold(&self, name: &str, text: &str) -> Result<bool, ReadError> {
        let range = self.directory().find(Role::Event, name);
        let entries = &self.directory().entries[range.clone()];
        let Some(entry) = entries
            .iter()
            .find(|entry| entry.layout == LAYOUT_SORTED_IDS)
        else {
            return Ok(!range.is_empty());
        };
        let values = self.key(range.start, Kind::Values);
        if self.cache().peek(values).is_some() {
            return Ok(true);
        }
        let key = self.key(range.start, Kind::Index);
        let read = || {
            let bytes = self.read_part(entry, name, Part::Index)?;
            let index = IdIndex::read(&mut ByteReader::new(&bytes, self.directory().lanes()));
            let index = index.map_err(|fault| self.error(name, fault))?;
            Ok(CachedColumn::Index(Arc::new(index)))
        };
        let CachedColumn::Index(index) = self.cache().get_or_read(key, read)? else {
            return Err(self.error(name, MIXED_UP.into()));
        };
        let Some((id, width)) = parse_id(text.as_bytes()) else {
            return Ok(false);
        };
        if width != index.width() {
            return Ok(false);
        }
        let id = id.to_be_bytes();
        let id = &id[16 - width..];
        for group in index.groups_of(id) {
            let bytes = self.read_inside(entry, name, Part::Dictionary, index.range(group))?;
            let found = index.find(group, &bytes, id);
            if found.map_err(|fault| self.error(name, fault))? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Column {
    /// The rows, ascending, whose value is this text.
    pub fn rows_with(&self, text: &str) -> Vec<u32> {
        let mut rows = Vec::new();
        let mut buffer = ChunkBuffer::default();
        for typed in &self.types {
            let Some(dictionary) = typed.dictionary() else {
                continue;
            };
            let mut codes = dictionary.find(text);
            codes.sort_unstable();
            let (Some(&low), Some(&high)) = (codes.first(), codes.last()) else {
                continue;
            };
            for first in (0..typed.row_count()).step_by(CHUNK_ROWS) {
                let chunk = first as usize / CHUNK_ROWS;
                let bounds = typed.code_bounds(chunk).unwrap_or((0, u32::MAX));
                if high < bounds.0 || bounds.1 < low || typed.is_chunk_absent(chunk) {
                    continue;
                }
                typed.read_codes(chunk, &mut buffer);
                for (row, (index, code)) in (first..).zip(buffer.values.iter().enumerate()) {
                    if buffer.has(index) && codes.binary_search(code).is_ok() {
                        rows.push(row);
                    }
                }
            }
        }
        rows
    }
}
