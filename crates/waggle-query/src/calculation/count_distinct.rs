//! COUNT_DISTINCT: how many different values; exact up to 2,000 in a cell, then within a standard error of 0.81 %.

use super::{Calculation, ColumnRule, Partial, Rows, pairs, state};
use crate::bytes::{ByteReader, Damaged};
use crate::chunk::{Bits, TypedBuffer};
use crate::number::{Number, bool_hash};
use crate::sketch::DistinctCounter;
use std::any::Any;
use waggle_model::Cell;

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
}

impl Distincts {
    /// Takes in the values of one type; `hash` gives that of a place in the chunk.
    fn insert(&mut self, rows: &Rows<'_>, present: &Bits, hash: impl Fn(usize) -> u64) {
        rows.each(|position, cell, _| {
            if present[position / 64] >> (position % 64) & 1 == 0 {
                return;
            }
            let hash = hash(position);
            if !self.cells[cell].insert_in_place(hash) {
                self.change(cell, |counter| counter.insert(hash));
            }
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
    fn grow(&mut self, cells: usize) {
        self.cells.resize_with(cells, DistinctCounter::default);
    }
    fn update(&mut self, rows: &Rows<'_>, column: &[TypedBuffer]) {
        for buffer in column {
            let present = buffer.present();
            match buffer {
                TypedBuffer::Strings(codes, dictionary) => {
                    self.insert(rows, present, |at| dictionary.hash(codes.values[at]));
                }
                TypedBuffer::Ints(values) => self.insert(rows, present, |at| {
                    Number::Int(values.values[at]).key().stable_hash()
                }),
                TypedBuffer::Floats(values) => self.insert(rows, present, |at| {
                    Number::Float(values.values[at]).key().stable_hash()
                }),
                TypedBuffer::Bools(values) => {
                    self.insert(rows, present, |at| bool_hash(values.values[at]));
                }
            }
        }
    }
    fn merge(&mut self, other: &dyn Partial, cells: &[u32]) {
        for (other, cell) in pairs(&state::<Self>(other).cells, cells) {
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
        self.cells.capacity() * size_of::<DistinctCounter>() + self.hash_bytes
    }
    fn is_exact(&self) -> bool {
        !self.is_approximate
    }
}
