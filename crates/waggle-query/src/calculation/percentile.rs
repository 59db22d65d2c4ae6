//! P001 to P999: the value of nearest rank, within 1/128, from a log-linear histogram that all of them share.

use super::{Calculation, ColumnRule, Partial, Rows, each_number, pairs, state};
use crate::bytes::{ByteReader, Damaged};
use crate::chunk::TypedBuffer;
use crate::sketch::Histogram;
use std::any::Any;
use waggle_model::Cell;

/// One percentile.
pub(super) struct Percentile {
    name: &'static str,
    per_mille: u32,
}

impl Percentile {
    pub(super) const fn new(name: &'static str, per_mille: u32) -> Self {
        Self { name, per_mille }
    }
}

impl Calculation for Percentile {
    fn name(&self) -> &'static str {
        self.name
    }
    fn column_rule(&self) -> ColumnRule {
        ColumnRule::Required
    }
    fn state_name(&self) -> &'static str {
        "histogram"
    }
    fn start(&self) -> Box<dyn Partial> {
        Box::new(Histograms::default())
    }
    fn finish(&self, partial: &dyn Partial, cell: usize) -> Cell {
        state::<Histograms>(partial).cells[cell]
            .quantile(self.per_mille)
            .map_or(Cell::Null, Cell::Float)
    }
}

#[derive(Default)]
struct Histograms {
    cells: Vec<Histogram>,
    bin_bytes: usize,
}

impl Partial for Histograms {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn grow(&mut self, cells: usize) {
        self.cells.resize_with(cells, Histogram::default);
    }
    fn update(&mut self, rows: &Rows<'_>, column: &[TypedBuffer]) {
        each_number(rows, column, |cell, value, weight| {
            let histogram = &mut self.cells[cell];
            if histogram.add_in_place(value.as_f64(), weight) {
                return;
            }
            let before = histogram.heap_bytes();
            histogram.add(value.as_f64(), weight);
            self.bin_bytes += histogram.heap_bytes();
            self.bin_bytes -= before;
        });
    }
    fn merge(&mut self, other: &dyn Partial, cells: &[u32]) {
        for (other, cell) in pairs(&state::<Self>(other).cells, cells) {
            let histogram = &mut self.cells[cell];
            let before = histogram.heap_bytes();
            histogram.merge(other);
            self.bin_bytes += histogram.heap_bytes();
            self.bin_bytes -= before;
        }
    }
    fn encode(&self, out: &mut Vec<u8>) {
        for cell in &self.cells {
            cell.encode(out);
        }
    }
    fn decode(&mut self, bytes: &mut ByteReader<'_>) -> Result<(), Damaged> {
        let cells: Vec<u32> = (0..self.cells.len() as u32).collect();
        let mut other = Self::default();
        for _ in &cells {
            other.cells.push(Histogram::decode(bytes)?);
        }
        self.merge(&other, &cells);
        Ok(())
    }
    fn heap_bytes(&self) -> usize {
        self.cells.capacity() * size_of::<Histogram>() + self.bin_bytes
    }
    fn is_exact(&self) -> bool {
        false
    }
}
