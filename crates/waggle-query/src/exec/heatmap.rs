//! Heat maps over all rows. The first pass has found the smallest and largest value; this one counts rows per bucket and bin.

use crate::bytes::{ByteReader, ByteWrite, Damaged};
use crate::calculation::{Rows, each_number};
use crate::chunk::TypedBuffer;
use crate::plan::Buckets;
use waggle_model::Heatmap;

/// Bins of a map, unless all values are equal.
const BINS: usize = 50;

/// The edges of the bins.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    min: f64,
    max: f64,
    step: f64,
    /// Lower edge of each bin, ascending.
    edges: Vec<f64>,
}

impl Scale {
    /// Cuts the range into 50 bins of equal width, or makes one bin when there is no width to cut.
    pub(super) fn new(min: f64, max: f64) -> Self {
        let step = match max - min {
            width if width.is_finite() => width / BINS as f64,
            // The difference of two large numbers can be infinite, that of their parts is not.
            _ => max / BINS as f64 - min / BINS as f64,
        };
        let (step, bins) = if step > 0.0 { (step, BINS) } else { (0.0, 1) };
        let edges = (0..bins).map(|bin| min + bin as f64 * step).collect();
        Self {
            min,
            max,
            step,
            edges,
        }
    }

    /// The last bin whose lower edge is not above the value.
    fn bin(&self, value: f64) -> usize {
        // A division hits it or a neighbour; the edges decide.
        let last = self.edges.len() - 1;
        let mut bin = (((value - self.min) / self.step) as usize).min(last);
        while bin > 0 && self.edges[bin] > value {
            bin -= 1;
        }
        while bin < last && self.edges[bin + 1] <= value {
            bin += 1;
        }
        bin
    }
}

/// Weighted counts per bucket and bin.
pub(super) struct Grid {
    bins: usize,
    counts: Vec<u64>,
}

impl Grid {
    pub(super) fn new(scale: &Scale, buckets: usize) -> Self {
        let bins = scale.edges.len();
        Self {
            bins,
            counts: vec![0; bins * buckets],
        }
    }

    /// Counts the numbers of a column; the cells of `rows` are buckets.
    pub(super) fn update(&mut self, scale: &Scale, rows: &Rows<'_>, column: &[TypedBuffer]) {
        each_number(rows, column, |bucket, value, weight| {
            let value = value.as_f64();
            if value.is_finite() {
                self.counts[bucket * self.bins + scale.bin(value)] += weight;
            }
        });
    }

    /// Adds counts of the same scale; bucket 0 of the others is bucket `shift` here. None of theirs lies outside.
    pub(super) fn merge(&mut self, other: &Self, shift: i64) {
        let shift = shift * self.bins as i64;
        let (from, to) = ((-shift).max(0) as usize, shift.max(0) as usize);
        let others = other.counts.iter().skip(from);
        for (count, other) in self.counts.iter_mut().skip(to).zip(others) {
            *count += other;
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.counts.capacity() * size_of::<u64>()
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        for count in &self.counts {
            out.put_u64(*count);
        }
    }

    pub(super) fn decode(&mut self, bytes: &mut ByteReader<'_>) -> Result<(), Damaged> {
        for count in &mut self.counts {
            *count = bytes.u64()?;
        }
        Ok(())
    }

    pub(super) fn finish(&self, scale: &Scale, buckets: &Buckets) -> Heatmap {
        let (times_ns, counts) = self
            .counts
            .chunks_exact(self.bins)
            .enumerate()
            .filter(|(_, counts)| counts.iter().any(|count| *count > 0))
            .map(|(bucket, counts)| (buckets.start_ns(bucket), counts.to_vec()))
            .unzip();
        Heatmap {
            min_value: scale.min,
            max_value: scale.max,
            step_size: scale.step,
            times_ns,
            counts,
        }
    }
}
