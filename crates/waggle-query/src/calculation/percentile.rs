//! P001 to P999: the value of nearest rank, within 1/128, from a log-linear histogram that all of them share. Of values that came as the
//! buckets of a metric's histogram, the estimate that those allow.

use super::{
    Calculation, ColumnRule, Expected, Partial, Rows, each_histogram, each_number, pairs, state,
    state_mut,
};
use crate::bytes::{ByteReader, ByteWrite, Damaged};
use crate::chunk::TypedBuffer;
use crate::sketch::{Histogram, HistogramScratch, MergedBuckets, Span};
use std::any::Any;
use std::mem::take;
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
        let state = state::<Histograms>(partial);
        let values = &state.cells[cell];
        let quantile = match state.buckets.get(cell) {
            Some(Some(buckets)) => {
                let mut others = Vec::new();
                values.each(|value, weight| others.push(Span::of_value(value, weight)));
                buckets.quantile(self.per_mille, &others)
            }
            _ => values.quantile(self.per_mille),
        };
        quantile.map_or(Cell::Null, Cell::Float)
    }
}

#[derive(Default)]
struct Histograms {
    cells: Vec<Histogram>,
    bin_bytes: usize,
    /// What came as buckets; as long as `cells` once there was such, else empty.
    buckets: Vec<Option<Box<MergedBuckets>>>,
    bucket_bytes: usize,
    /// Where values of weight 1 are counted first, when their bounds are known.
    scratch: Option<HistogramScratch>,
}

impl Histograms {
    fn change<R>(&mut self, cell: usize, change: impl FnOnce(&mut Histogram) -> R) -> R {
        let histogram = &mut self.cells[cell];
        let before = histogram.heap_bytes();
        let result = change(histogram);
        self.bin_bytes += histogram.heap_bytes();
        self.bin_bytes -= before;
        result
    }

    fn change_buckets(&mut self, cell: usize, change: impl FnOnce(&mut MergedBuckets)) {
        if self.buckets.is_empty() {
            self.buckets.resize(self.cells.len(), None);
        }
        let place = &mut self.buckets[cell];
        self.bucket_bytes -= place.as_ref().map_or(0, |known| bytes_of(known));
        let merged = place.get_or_insert_default();
        change(merged);
        self.bucket_bytes += bytes_of(merged);
    }
}

fn bytes_of(buckets: &MergedBuckets) -> usize {
    size_of::<MergedBuckets>() + buckets.heap_bytes()
}

impl Partial for Histograms {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
    fn reserve(&mut self, cells: usize) {
        self.cells
            .reserve_exact(cells.saturating_sub(self.cells.len()));
        if let Some(scratch) = &mut self.scratch {
            scratch.reserve(cells);
        }
    }
    fn grow(&mut self, cells: usize) {
        if self.cells.len() < cells {
            self.cells.resize_with(cells, Histogram::default);
        }
        if !self.buckets.is_empty() {
            self.buckets.resize(cells.max(self.buckets.len()), None);
        }
        if let Some(scratch) = &mut self.scratch {
            scratch.grow(cells);
        }
    }
    fn expect(&mut self, cells: usize, values: &Expected) {
        let numbers = values.numbers;
        self.scratch =
            numbers.map(|(min, max)| HistogramScratch::new(cells, values.rows, min, max));
    }
    fn update(&mut self, rows: &Rows<'_>, column: &[TypedBuffer]) {
        each_histogram(rows, column, |cell, counts, weight| {
            self.change_buckets(cell, |merged| merged.add(counts, weight));
        });
        if let (Some(scratch), None) = (&mut self.scratch, rows.weights) {
            for buffer in column {
                match buffer {
                    TypedBuffer::Floats(values) => match rows.dense(values) {
                        Some(values) => scratch.add_all(rows.cells, values),
                        None => rows.each_value(values, |cell, value, _| scratch.add(cell, value)),
                    },
                    TypedBuffer::Ints(values) => rows.each_value(values, |cell, value, _| {
                        scratch.add(cell, value as f64);
                    }),
                    TypedBuffer::Strings(..) | TypedBuffer::Bools(_) => {}
                }
            }
            return;
        }
        each_number(rows, column, |cell, value, weight| {
            if !self.cells[cell].add_in_place(value.as_f64(), weight) {
                self.change(cell, |cell| cell.add(value.as_f64(), weight));
            }
        });
    }
    fn absorb(&mut self, other: &mut dyn Partial, moves: &[(u32, u32)]) {
        let other = state_mut::<Self>(other);
        for (from, to) in moves {
            let part = other.change(*from as usize, take);
            self.change(*to as usize, |cell| cell.absorb(part));
            if let Some(part) = other.buckets.get_mut(*from as usize).and_then(Option::take) {
                other.bucket_bytes -= bytes_of(&part);
                self.change_buckets(*to as usize, |merged| merged.merge(&part));
            }
        }
        if let Some(scratch) = &mut other.scratch {
            scratch.drain(moves, |to, counts| {
                self.change(to, |cell| counts.add_to(cell))
            });
        }
    }
    fn merge(&mut self, other: &dyn Partial, first: usize, cells: &[u32]) {
        for (other, cell) in pairs(&state::<Self>(other).cells, first, cells) {
            self.change(cell, |cell| cell.merge(other));
        }
        for (other, cell) in pairs(&state::<Self>(other).buckets, first, cells) {
            if let Some(other) = other {
                self.change_buckets(cell, |merged| merged.merge(other));
            }
        }
    }
    fn encode(&self, out: &mut Vec<u8>) {
        for cell in &self.cells {
            cell.encode(out);
        }
        let known = self.buckets.iter().enumerate();
        let known = known.filter_map(|(cell, buckets)| Some((cell, buckets.as_ref()?)));
        out.put_u64(known.clone().count() as u64);
        for (cell, buckets) in known {
            out.put_u64(cell as u64);
            buckets.encode(out);
        }
    }
    fn decode(&mut self, bytes: &mut ByteReader<'_>) -> Result<(), Damaged> {
        for cell in 0..self.cells.len() {
            let part = Histogram::decode(bytes)?;
            self.change(cell, |cell| cell.absorb(part));
        }
        for _ in 0..bytes.length()? {
            let cell = usize::try_from(bytes.u64()?).unwrap_or(usize::MAX);
            if cell >= self.cells.len() {
                return Err(Damaged("buckets of no cell"));
            }
            let part = MergedBuckets::decode(bytes)?;
            self.change_buckets(cell, |merged| merged.merge(&part));
        }
        Ok(())
    }
    fn heap_bytes(&self) -> usize {
        let scratch = self
            .scratch
            .as_ref()
            .map_or(0, HistogramScratch::heap_bytes);
        let buckets = self.buckets.capacity() * size_of::<Option<Box<MergedBuckets>>>();
        self.cells.capacity() * size_of::<Histogram>()
            + self.bin_bytes
            + buckets
            + self.bucket_bytes
            + scratch
    }
    fn is_exact(&self) -> bool {
        false
    }
}
