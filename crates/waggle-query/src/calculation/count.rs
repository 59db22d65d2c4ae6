//! COUNT: events, each taken as often as its sample rate says; COUNT(column) only those that have the column.

use super::{Calculation, ColumnRule, Partial, Rows, pairs, state, state_mut};
use crate::bytes::{ByteReader, ByteWrite, Damaged};
use crate::chunk::TypedBuffer;
use std::any::Any;
use std::mem::take;
use waggle_model::Cell;

pub(super) struct Count;

impl Calculation for Count {
    fn name(&self) -> &'static str {
        "COUNT"
    }
    fn column_rule(&self) -> ColumnRule {
        ColumnRule::Optional
    }
    fn state_name(&self) -> &'static str {
        "count"
    }
    fn start(&self) -> Box<dyn Partial> {
        Box::new(Counts::default())
    }
    fn finish(&self, partial: &dyn Partial, cell: usize) -> Cell {
        let count = state::<Counts>(partial).0[cell];
        Cell::Int(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

/// Weight per cell.
#[derive(Default)]
struct Counts(Vec<u64>);

impl Partial for Counts {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
    fn reserve(&mut self, cells: usize) {
        self.0.reserve_exact(cells.saturating_sub(self.0.len()));
    }
    fn grow(&mut self, cells: usize) {
        self.0.resize(cells, 0);
    }
    fn update(&mut self, rows: &Rows<'_>, column: &[TypedBuffer]) {
        if column.is_empty() {
            rows.each(|_, cell, weight| self.0[cell] += weight);
            return;
        }
        // A row has at most one type, so no row is counted twice.
        for buffer in column {
            rows.each_present(buffer.present(), |_, cell, weight| self.0[cell] += weight);
        }
    }
    fn update_without_column(&mut self, cell: usize, count: u64) {
        self.0[cell] += count;
    }
    fn absorb(&mut self, other: &mut dyn Partial, moves: &[(u32, u32)]) {
        let other = state_mut::<Self>(other);
        for (from, to) in moves {
            self.0[*to as usize] += take(&mut other.0[*from as usize]);
        }
    }
    fn merge(&mut self, other: &dyn Partial, first: usize, cells: &[u32]) {
        for (count, cell) in pairs(&state::<Self>(other).0, first, cells) {
            self.0[cell] += count;
        }
    }
    fn encode(&self, out: &mut Vec<u8>) {
        for count in &self.0 {
            out.put_u64(*count);
        }
    }
    fn decode(&mut self, bytes: &mut ByteReader<'_>) -> Result<(), Damaged> {
        for count in &mut self.0 {
            *count += bytes.u64()?;
        }
        Ok(())
    }
    fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<u64>()
    }
}
