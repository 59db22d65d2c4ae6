//! Heat maps over all rows. The first pass has found the smallest and largest value; this one counts rows per bucket and bin.

use crate::bytes::{ByteReader, ByteWrite, Damaged};
use crate::calculation::{Rows, each_histogram, each_number};
use crate::chunk::TypedBuffer;
use crate::plan::Buckets;
use crate::sketch::each_bin;
use waggle_model::Heatmap;
use waggle_store::column::{ChunkBuffer, decimal_value};

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

/// The bins of decimals by their integers: of a column of one power of ten no value has to be computed.
pub(super) struct DecimalBins {
    /// The integer of the smallest value.
    low: i64,
    shift: u32,
    /// By the distance from the smallest integer, shifted: the bin of the first integer of such a slot. No slot has more than one
    /// edge of a bin inside.
    slots: Vec<u8>,
    /// For each bin the first integer that is beyond it.
    ends: Vec<i64>,
}

/// Slots of a table, at most.
const SLOTS_MAX: u64 = 2_048;

impl DecimalBins {
    /// `None` when the values of the scale are too large for decimals.
    pub(super) fn new(scale: &Scale, exponent: u8) -> Option<Self> {
        let low = first_at_least(scale.min, exponent)?;
        let high = first_at_least(scale.max, exponent)?;
        let span = high.abs_diff(low);
        let shift = (span / SLOTS_MAX + 1).next_power_of_two().ilog2();
        let edges = scale.edges.iter().skip(1);
        let mut ends: Vec<i64> = edges
            .map(|edge| first_at_least(*edge, exponent))
            .collect::<Option<_>>()?;
        let slots = (0..=span >> shift).map(|slot| {
            let first = low.saturating_add_unsigned(slot << shift);
            ends.partition_point(|end| *end <= first) as u8
        });
        let slots = slots.collect();
        ends.push(i64::MAX);
        Some(Self {
            low,
            shift,
            slots,
            ends,
        })
    }

    #[inline]
    fn bin(&self, integer: i64) -> usize {
        let slot = (integer.wrapping_sub(self.low).cast_unsigned() >> self.shift) as usize;
        let bin = usize::from(self.slots[slot.min(self.slots.len() - 1)]);
        bin + usize::from(integer >= self.ends[bin])
    }
}

/// The smallest integer whose decimal is not below a value.
fn first_at_least(value: f64, exponent: u8) -> Option<i64> {
    /// Decimals are smaller than this.
    const INTEGERS_END: f64 = (1_i64 << 51) as f64;
    let guess = value / decimal_value(1, exponent);
    if guess.abs() >= INTEGERS_END {
        return None;
    }
    let mut integer = guess as i64;
    while decimal_value(integer - 1, exponent) >= value {
        integer -= 1;
    }
    while decimal_value(integer, exponent) < value {
        integer += 1;
    }
    Some(integer)
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

    /// Counts the numbers of a column, and what its histograms have counted; the cells of `rows` are buckets.
    pub(super) fn update(&mut self, scale: &Scale, rows: &Rows<'_>, column: &[TypedBuffer]) {
        each_number(rows, column, |bucket, value, weight| {
            let value = value.as_f64();
            if value.is_finite() {
                let count = &mut self.counts[bucket * self.bins + scale.bin(value)];
                *count = count.saturating_add(weight);
            }
        });
        each_histogram(rows, column, |bucket, counts, weight| {
            let bins = &mut self.counts[bucket * self.bins..][..self.bins];
            each_bin(counts, &scale.edges, |bin, count| {
                bins[bin] = bins[bin].saturating_add(count.saturating_mul(weight));
            });
        });
    }

    /// Counts the decimals of a column by their integers.
    pub(super) fn update_decimals(
        &mut self,
        bins: &DecimalBins,
        rows: &Rows<'_>,
        integers: &ChunkBuffer<i64>,
    ) {
        if let Some(values) = rows.dense(integers)
            && let Some(bucket) = rows.cells.first()
            && rows.cells.iter().all(|cell| cell == bucket)
        {
            // Neighbours are often in one bin: each of four counters waits for itself only.
            let mut counts = [[0_u32; BINS]; 4];
            let (fours, rest) = values.as_chunks::<4>();
            for four in fours {
                for (counts, value) in counts.iter_mut().zip(four) {
                    counts[bins.bin(*value)] += 1;
                }
            }
            for value in rest {
                counts[0][bins.bin(*value)] += 1;
            }
            let sums = &mut self.counts[*bucket as usize * self.bins..][..self.bins];
            for (bin, sum) in sums.iter_mut().enumerate() {
                let more = counts.iter().map(|counts| u64::from(counts[bin]));
                *sum = sum.saturating_add(more.sum());
            }
            return;
        }
        rows.each_value(integers, |bucket, value, weight| {
            let count = &mut self.counts[bucket * self.bins + bins.bin(value)];
            *count = count.saturating_add(weight);
        });
    }

    /// Adds counts of the same scale; bucket 0 of the others is bucket `shift` here. None of theirs lies outside.
    pub(super) fn merge(&mut self, other: &Self, shift: i64) {
        let shift = shift * self.bins as i64;
        let (from, to) = ((-shift).max(0) as usize, shift.max(0) as usize);
        let others = other.counts.iter().skip(from);
        for (count, other) in self.counts.iter_mut().skip(to).zip(others) {
            *count = count.saturating_add(*other);
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

#[cfg(test)]
mod tests;
