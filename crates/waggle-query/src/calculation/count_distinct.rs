//! COUNT_DISTINCT: how many different values; exact up to 2,000 in a cell, then within a standard error of 0.81 %.

use super::{Calculation, ColumnRule, Expected, Partial, Rows, pairs, state, state_mut};
use crate::bytes::{ByteReader, Damaged};
use crate::chunk::TypedBuffer;
use crate::number::{Number, bool_hash};
use crate::sketch::{DistinctCounter, DistinctScratch};
use std::any::Any;
use std::mem::take;
use std::sync::Arc;
use waggle_model::Cell;
use waggle_store::column::{ChunkBuffer, Dictionary};

pub(super) struct CountDistinct;

impl Calculation for CountDistinct {
    fn name(&self) -> &'static str {
        "COUNT_DISTINCT"
    }
    fn column_rule(&self) -> ColumnRule {
        ColumnRule::Required
    }
    fn state_name(&self) -> &'static str {
        "distinct"
    }
    fn start(&self) -> Box<dyn Partial> {
        Box::new(Distincts::default())
    }
    fn finish(&self, partial: &dyn Partial, cell: usize) -> Cell {
        let count = state::<Distincts>(partial).cells[cell].count();
        Cell::Int(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

#[derive(Default)]
struct Distincts {
    cells: Vec<DistinctCounter>,
    hash_bytes: usize,
    is_approximate: bool,
    /// Where texts are noted first, and from its first use the dictionary they are entries of.
    scratch: Option<DistinctScratch>,
    dictionary: Option<Arc<Dictionary>>,
}

impl Distincts {
    /// Takes in the values of one type.
    fn insert<T: Copy>(
        &mut self,
        rows: &Rows<'_>,
        values: &ChunkBuffer<T>,
        hash: impl Fn(T) -> u64,
    ) {
        rows.each_value(values, |cell, value, _| {
            let hash = hash(value);
            if !self.cells[cell].insert_in_place(hash) {
                self.change(cell, |counter| counter.insert(hash));
            }
        });
    }

    /// Moves what was noted of a cell to one of these.
    fn drain(
        &mut self,
        scratch: &mut DistinctScratch,
        dictionary: &Dictionary,
        from: u32,
        to: u32,
    ) {
        let are_different = matches!(dictionary, Dictionary::Text { .. });
        let hashes = dictionary.hashes();
        self.change(to as usize, |counter| {
            scratch.drain(from, counter, are_different, |entry| {
                match hashes.get(entry as usize) {
                    Some(hash) => *hash,
                    None => dictionary.hash(entry),
                }
            });
        });
    }

    fn change(&mut self, cell: usize, change: impl FnOnce(&mut DistinctCounter)) {
        let counter = &mut self.cells[cell];
        let before = counter.heap_bytes();
        change(counter);
        self.is_approximate |= !counter.is_exact();
        self.hash_bytes += counter.heap_bytes();
        self.hash_bytes -= before;
    }
}

impl Partial for Distincts {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
    fn reserve(&mut self, cells: usize) {
        self.cells
            .reserve_exact(cells.saturating_sub(self.cells.len()));
    }
    fn grow(&mut self, cells: usize) {
        let known = self.cells.len();
        if known < cells {
            self.cells.resize_with(cells, DistinctCounter::default);
        }
        match self.scratch.take() {
            Some(mut scratch) if scratch.has_room(cells) => {
                scratch.grow(cells);
                self.scratch = Some(scratch);
            }
            Some(mut scratch) => {
                for cell in 0..known as u32 {
                    if let Some(dictionary) = self.dictionary.clone() {
                        self.drain(&mut scratch, &dictionary, cell, cell);
                    }
                }
            }
            None => {}
        }
    }
    fn expect(&mut self, cells: usize, values: &Expected) {
        self.scratch = match values.entries {
            0 => None,
            entries => DistinctScratch::new(cells, values.rows, entries),
        };
    }
    fn update(&mut self, rows: &Rows<'_>, column: &[TypedBuffer]) {
        for buffer in column {
            match buffer {
                TypedBuffer::Strings(codes, dictionary) => match &mut self.scratch {
                    Some(scratch) => {
                        self.dictionary
                            .get_or_insert_with(|| Arc::clone(dictionary));
                        rows.each_value(codes, |cell, code, _| scratch.add(cell, code));
                    }
                    None => self.insert(rows, codes, |code| dictionary.hash(code)),
                },
                TypedBuffer::Ints(values) => {
                    self.insert(rows, values, |value| Number::Int(value).key().stable_hash());
                }
                TypedBuffer::Floats(values) => self.insert(rows, values, |value| {
                    Number::Float(value).key().stable_hash()
                }),
                TypedBuffer::Bools(values) => self.insert(rows, values, bool_hash),
            }
        }
    }
    fn absorb(&mut self, other: &mut dyn Partial, moves: &[(u32, u32)]) {
        let other = state_mut::<Self>(other);
        for (from, to) in moves {
            let part = &mut other.cells[*from as usize];
            other.hash_bytes -= part.heap_bytes();
            let part = take(part);
            self.change(*to as usize, |counter| counter.absorb(part));
            if let (Some(scratch), Some(dictionary)) = (&mut other.scratch, &other.dictionary) {
                self.drain(scratch, dictionary, *from, *to);
            }
        }
    }
    fn merge(&mut self, other: &dyn Partial, first: usize, cells: &[u32]) {
        for (other, cell) in pairs(&state::<Self>(other).cells, first, cells) {
            self.change(cell, |counter| counter.merge(other));
        }
    }
    fn encode(&self, out: &mut Vec<u8>) {
        for cell in &self.cells {
            cell.encode(out);
        }
    }
    fn decode(&mut self, bytes: &mut ByteReader<'_>) -> Result<(), Damaged> {
        for cell in 0..self.cells.len() {
            let other = DistinctCounter::decode(bytes)?;
            self.change(cell, |counter| counter.merge(&other));
        }
        Ok(())
    }
    fn heap_bytes(&self) -> usize {
        self.cells.capacity() * size_of::<DistinctCounter>()
            + self.hash_bytes
            + self.scratch.as_ref().map_or(0, DistinctScratch::heap_bytes)
    }
    fn is_exact(&self) -> bool {
        !self.is_approximate
    }
}
