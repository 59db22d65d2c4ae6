//! HEATMAP: its cells are empty; what it keeps is the range of values, from which a second pass makes the map over all rows.

use super::{
    Calculation, ColumnRule, Partial, Rows, each_histogram, each_number, pairs, state, state_mut,
};
use crate::bytes::{ByteReader, ByteWrite, Damaged};
use crate::chunk::TypedBuffer;
use crate::sketch::value_range;
use std::any::Any;
use waggle_model::Cell;

pub(super) struct Heatmap;

impl Calculation for Heatmap {
    fn name(&self) -> &'static str {
        "HEATMAP"
    }
    fn column_rule(&self) -> ColumnRule {
        ColumnRule::Required
    }
    fn is_scalar(&self) -> bool {
        false
    }
    fn state_name(&self) -> &'static str {
        "range"
    }
    fn start(&self) -> Box<dyn Partial> {
        Box::new(Ranges::default())
    }
    fn finish(&self, _: &dyn Partial, _: usize) -> Cell {
        Cell::Null
    }
}

/// Smallest and largest finite value per cell.
#[derive(Default)]
struct Ranges(Vec<Option<(f64, f64)>>);

impl Ranges {
    fn note(&mut self, cell: usize, min: f64, max: f64) {
        let range = &mut self.0[cell];
        *range = Some(range.map_or((min, max), |(low, high)| (low.min(min), high.max(max))));
    }
}

impl Partial for Ranges {
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
        self.0.resize(cells, None);
    }
    fn update(&mut self, rows: &Rows<'_>, column: &[TypedBuffer]) {
        each_number(rows, column, |cell, value, _| {
            let value = value.as_f64();
            if value.is_finite() {
                self.note(cell, value, value);
            }
        });
        each_histogram(rows, column, |cell, counts, _| {
            if let Some((min, max)) = value_range(counts) {
                self.note(cell, min, max);
            }
        });
    }
    fn absorb(&mut self, other: &mut dyn Partial, moves: &[(u32, u32)]) {
        let other = state_mut::<Self>(other);
        for (from, to) in moves {
            if let Some((min, max)) = other.0[*from as usize].take() {
                self.note(*to as usize, min, max);
            }
        }
    }
    fn note_range(&mut self, cell: usize, (min, max): (f64, f64)) -> bool {
        self.note(cell, min, max);
        true
    }
    fn merge(&mut self, other: &dyn Partial, first: usize, cells: &[u32]) {
        for (range, cell) in pairs(&state::<Self>(other).0, first, cells) {
            if let Some((min, max)) = range {
                self.note(cell, *min, *max);
            }
        }
    }
    fn encode(&self, out: &mut Vec<u8>) {
        for range in &self.0 {
            let (min, max) = range.unwrap_or((f64::INFINITY, f64::NEG_INFINITY));
            out.put_f64(min);
            out.put_f64(max);
        }
    }
    fn decode(&mut self, bytes: &mut ByteReader<'_>) -> Result<(), Damaged> {
        for cell in 0..self.0.len() {
            let (min, max) = (bytes.f64()?, bytes.f64()?);
            if min.is_finite() && max.is_finite() {
                self.note(cell, min, max);
            }
        }
        Ok(())
    }
    fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<Option<(f64, f64)>>()
    }
    fn value_range(&self, cell: usize) -> Option<(f64, f64)> {
        self.0[cell]
    }
}
