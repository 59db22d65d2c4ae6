//! Quantiles within 1/128 of the true value, whatever the distribution.
//!
//! A bin is the exponent and the first six mantissa bits of a float, so its width is at most 1/64 of its values and its middle at
//! most 1/128 away from any of them. Finding a bin is a shift; merging adds counts, which is why any split of the rows gives the
//! same bins. The exact smallest and largest value are kept too, and answers are held between them: a group of one row is exact.

const MANTISSA_SHIFT: u32 = 52 - 6;
/// Up to this many bins a list is smaller than anything else and a search in it is quick.
const SPARSE_BINS_MAX: usize = 32;
/// From this many bins on a flat array is taken whatever its span: insertion into the list would cost more.
const SPARSE_BINS_LIMIT: usize = 4_096;
/// A flat array may hold this many empty places per used bin.
const DENSE_SPAN_PER_BIN: usize = 16;

/// Weighted counts of values in log-linear bins. NaN is no value and must not be added.
#[derive(Clone, Debug)]
pub struct Histogram {
    bins: Bins,
    weight: u64,
    min: f64,
    max: f64,
}

#[derive(Clone, Debug)]
enum Bins {
    /// Bin and weight, ascending: few bins, or bins far apart.
    Sparse(Vec<(i32, u64)>),
    /// Weight of bin `first + index`: many bins close together, as durations make them.
    Dense { first: i32, weights: Vec<u64> },
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            bins: Bins::Sparse(Vec::new()),
            weight: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
        }
    }
}

impl Histogram {
    /// Counts a value `weight` times.
    pub fn add(&mut self, value: f64, weight: u64) {
        debug_assert!(!value.is_nan(), "NaN has no place among numbers");
        self.weight = self.weight.saturating_add(weight);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.bins.add(bin_of(value), weight);
    }

    /// Adds everything another histogram has counted.
    pub fn merge(&mut self, other: &Self) {
        if other.weight == 0 {
            return;
        }
        if self.weight == 0 {
            self.clone_from(other);
            return;
        }
        self.weight = self.weight.saturating_add(other.weight);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        other.bins.each(|bin, weight| self.bins.add(bin, weight));
    }

    /// The value of nearest rank `ceil(per_mille / 1000 * n)`, within 1/128 of the exact one; `None` without values.
    pub fn quantile(&self, per_mille: u32) -> Option<f64> {
        if self.weight == 0 {
            return None;
        }
        let rank = (u128::from(self.weight) * u128::from(per_mille)).div_ceil(1_000);
        let rank = u64::try_from(rank.max(1)).unwrap_or(u64::MAX);
        let mut seen = 0_u64;
        let mut found = None;
        self.bins.each(|bin, weight| {
            seen = seen.saturating_add(weight);
            if found.is_none() && seen >= rank {
                found = Some(bin);
            }
        });
        found.map(|bin| middle_of(bin).clamp(self.min, self.max))
    }

    /// Bytes of heap.
    pub fn heap_bytes(&self) -> usize {
        match &self.bins {
            Bins::Sparse(bins) => bins.capacity() * size_of::<(i32, u64)>(),
            Bins::Dense { weights, .. } => weights.capacity() * size_of::<u64>(),
        }
    }
}

impl Bins {
    fn add(&mut self, bin: i32, weight: u64) {
        match self {
            Self::Sparse(bins) => {
                match bins.binary_search_by_key(&bin, |(bin, _)| *bin) {
                    Ok(index) => bins[index].1 = bins[index].1.saturating_add(weight),
                    Err(index) => bins.insert(index, (bin, weight)),
                }
                if bins.len() > SPARSE_BINS_MAX
                    && let Some(dense) = densify(bins)
                {
                    *self = dense;
                }
            }
            Self::Dense { first, weights } => {
                let last = *first + weights.len() as i32 - 1;
                if bin >= *first && bin <= last {
                    let place = &mut weights[(bin - *first) as usize];
                    *place = place.saturating_add(weight);
                    return;
                }
                let used = weights.iter().filter(|weight| **weight > 0).count() + 1;
                let span = (last.max(bin) - bin.min(*first) + 1) as usize;
                if may_be_dense(used, span) {
                    widen(first, weights, bin);
                } else {
                    let mut bins = Vec::with_capacity(used);
                    self.each(|bin, weight| bins.push((bin, weight)));
                    *self = Self::Sparse(bins);
                }
                self.add(bin, weight);
            }
        }
    }

    fn each(&self, mut visit: impl FnMut(i32, u64)) {
        match self {
            Self::Sparse(bins) => {
                for (bin, weight) in bins {
                    visit(*bin, *weight);
                }
            }
            Self::Dense { first, weights } => {
                for (bin, weight) in (*first..).zip(weights) {
                    if *weight > 0 {
                        visit(bin, *weight);
                    }
                }
            }
        }
    }
}

fn may_be_dense(used: usize, span: usize) -> bool {
    used > SPARSE_BINS_LIMIT || span <= used * DENSE_SPAN_PER_BIN
}

fn densify(bins: &[(i32, u64)]) -> Option<Bins> {
    let (first, last) = (bins.first()?.0, bins.last()?.0);
    let span = (last - first + 1) as usize;
    if !may_be_dense(bins.len(), span) {
        return None;
    }
    let mut weights = vec![0; span];
    for (bin, weight) in bins {
        weights[(bin - first) as usize] = *weight;
    }
    Some(Bins::Dense { first, weights })
}

/// Makes room for `bin`, and for half as many again on that side: values near the edge rarely come alone.
fn widen(first: &mut i32, weights: &mut Vec<u64>, bin: i32) {
    let slack = (weights.len() / 2).min(64);
    if bin < *first {
        let missing = (*first - bin) as usize + slack;
        weights.splice(0..0, std::iter::repeat_n(0, missing));
        *first -= missing as i32;
    } else {
        weights.resize((bin - *first) as usize + 1 + slack, 0);
    }
}

/// The bin of a value; bins ascend with values. Zero and numbers too small for a normal float share the middle one.
fn bin_of(value: f64) -> i32 {
    let magnitude = (value.abs().to_bits() >> MANTISSA_SHIFT) as i32;
    if value < 0.0 {
        -1 - magnitude
    } else {
        magnitude
    }
}

fn middle_of(bin: i32) -> f64 {
    let magnitude = if bin < 0 { -1 - bin } else { bin } as u64;
    let low = f64::from_bits(magnitude << MANTISSA_SHIFT);
    let middle = if magnitude == 0 || low.is_infinite() {
        low
    } else {
        f64::from_bits((magnitude << MANTISSA_SHIFT) | (1 << (MANTISSA_SHIFT - 1)))
    };
    if bin < 0 { -middle } else { middle }
}

#[cfg(test)]
mod tests;
