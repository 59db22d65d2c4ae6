//! Quantiles within 1/128 of the true value, whatever the distribution.
//!
//! A bin is the exponent and the first six mantissa bits of a float, so its width is at most 1/64 of its values and its middle at
//! most 1/128 away from any of them. Finding a bin is a shift; merging adds counts, which is why any split of the rows gives the
//! same bins. The exact smallest and largest value are kept too, and answers are held between them: a group of one row is exact.

mod scratch;

use crate::bytes::{ByteReader, ByteWrite, Damaged};

pub(crate) use scratch::HistogramScratch;

const MANTISSA_SHIFT: u32 = 52 - 6;
/// So many values are kept one by one before anything is counted: a cell of a query with many groups rarely has more, and to add
/// one at the end of a list touches less memory than to count it.
const SINGLES_MAX: usize = 2_048;
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
    /// The bin of each value, all of weight 1, as they came.
    Singles(Vec<i32>),
    /// Bin and weight, ascending: few bins, or bins far apart.
    Sparse(Vec<(i32, u64)>),
    /// Weight of bin `first + index`: many bins close together, as durations make them. Weights of more than 32 bits are in a list.
    Dense { first: i32, weights: Vec<u32> },
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            bins: Bins::Singles(Vec::new()),
            weight: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
        }
    }
}

impl Histogram {
    /// Counts a value `weight` times.
    pub fn add(&mut self, value: f64, weight: u64) {
        if !self.add_in_place(value, weight) {
            self.note(value, weight);
            self.bins.add(bin_of(value), weight);
        }
    }

    /// The same if it takes no memory and little time; else it does nothing and returns false.
    pub(crate) fn add_in_place(&mut self, value: f64, weight: u64) -> bool {
        let bin = bin_of(value);
        match &mut self.bins {
            Bins::Dense { first, weights } => {
                // A bin below the first one becomes an index beyond the last.
                let Some(place) = weights.get_mut((bin - *first) as usize) else {
                    return false;
                };
                let Some(sum) = sum(*place, weight) else {
                    return false;
                };
                *place = sum;
            }
            Bins::Singles(bins) if weight == 1 && bins.len() < bins.capacity() => bins.push(bin),
            Bins::Singles(_) | Bins::Sparse(_) => return false,
        }
        self.note(value, weight);
        true
    }

    fn note(&mut self, value: f64, weight: u64) {
        debug_assert!(!value.is_nan(), "NaN has no place among numbers");
        self.weight = self.weight.saturating_add(weight);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
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
        self.bins.merge(&other.bins);
    }

    /// The same with a histogram that is not needed any more.
    pub(crate) fn absorb(&mut self, other: Self) {
        if self.weight == 0 {
            *self = other;
        } else {
            self.merge(&other);
        }
    }

    /// Adds values of weight 1 by their bins; the smallest and the largest of them are given.
    fn add_singles(&mut self, bins: &[i32], min: f64, max: f64) {
        self.weight = self.weight.saturating_add(bins.len() as u64);
        self.min = self.min.min(min);
        self.max = self.max.max(max);
        self.bins.add_singles(bins);
    }

    /// The value of nearest rank `ceil(per_mille / 1000 * n)`, within 1/128 of the exact one; `None` without values.
    pub fn quantile(&self, per_mille: u32) -> Option<f64> {
        if self.weight == 0 {
            return None;
        }
        let rank = (u128::from(self.weight) * u128::from(per_mille)).div_ceil(1_000);
        let rank = u64::try_from(rank.max(1)).unwrap_or(u64::MAX);
        let bin = self.bins.at_rank(rank)?;
        Some(middle_of(bin).clamp(self.min, self.max))
    }

    /// Calls `visit` with the middle of each bin, held between the smallest and the largest value, and its weight.
    pub(crate) fn each(&self, mut visit: impl FnMut(f64, u64)) {
        self.bins
            .each(|bin, weight| visit(middle_of(bin).clamp(self.min, self.max), weight));
    }

    /// Appends this as bytes: smallest and largest value, then bins and their weights.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let mut bins = Vec::new();
        self.bins.each(|bin, weight| bins.push((bin, weight)));
        out.put_u64(bins.len() as u64);
        if bins.is_empty() {
            return;
        }
        out.put_f64(self.min);
        out.put_f64(self.max);
        let mut previous = 0;
        for (bin, weight) in bins {
            out.put_i64(i64::from(bin) - previous);
            out.put_u64(weight);
            previous = i64::from(bin);
        }
    }

    /// Reads what [`encode`](Self::encode) wrote.
    pub(crate) fn decode(bytes: &mut ByteReader<'_>) -> Result<Self, Damaged> {
        let mut histogram = Self::default();
        let count = bytes.length()?;
        if count == 0 {
            return Ok(histogram);
        }
        (histogram.min, histogram.max) = (bytes.f64()?, bytes.f64()?);
        let limit = bin_of(f64::INFINITY);
        let mut bin = 0_i32;
        for _ in 0..count {
            bin = bytes
                .i32()?
                .checked_add(bin)
                .filter(|bin| (-1 - limit..=limit).contains(bin))
                .ok_or(Damaged("a bin is out of bounds"))?;
            let weight = bytes.u64()?;
            histogram.weight = histogram.weight.saturating_add(weight);
            histogram.bins.add(bin, weight);
        }
        let has_range = histogram.min <= histogram.max;
        if !has_range || histogram.weight == 0 {
            return Err(Damaged("a histogram has no range"));
        }
        Ok(histogram)
    }

    /// Bytes of heap.
    pub fn heap_bytes(&self) -> usize {
        match &self.bins {
            Bins::Singles(bins) => bins.capacity() * size_of::<i32>(),
            Bins::Sparse(bins) => bins.capacity() * size_of::<(i32, u64)>(),
            Bins::Dense { weights, .. } => weights.capacity() * size_of::<u32>(),
        }
    }
}

impl Bins {
    fn add(&mut self, bin: i32, weight: u64) {
        match self {
            Self::Singles(bins) if weight == 1 && bins.len() < SINGLES_MAX => bins.push(bin),
            Self::Singles(bins) => {
                *self = counted(bins);
                self.add(bin, weight);
            }
            Self::Sparse(bins) => {
                match bins.binary_search_by_key(&bin, |(bin, _)| *bin) {
                    Ok(index) => bins[index].1 = bins[index].1.saturating_add(weight),
                    Err(index) => bins.insert(index, (bin, weight)),
                }
                if bins.len() > SPARSE_BINS_MAX
                    && u32::try_from(weight).is_ok()
                    && let Some(dense) = densify(bins)
                {
                    *self = dense;
                }
            }
            Self::Dense { first, weights } => {
                let last = *first + weights.len() as i32 - 1;
                let place = weights.get_mut((bin - *first) as usize);
                let is_inside = place.is_some();
                if let Some(place) = place
                    && let Some(sum) = sum(*place, weight)
                {
                    *place = sum;
                    return;
                }
                let used = weights.iter().filter(|weight| **weight > 0).count() + 1;
                let span = (last.max(bin) - bin.min(*first) + 1) as usize;
                if !is_inside && may_be_dense(used, span) && u32::try_from(weight).is_ok() {
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

    fn merge(&mut self, other: &Self) {
        match (&mut *self, other) {
            (_, Self::Singles(others)) => self.add_singles(others),
            (
                Self::Dense { first, weights },
                Self::Dense {
                    first: other_first,
                    weights: others,
                },
            ) => {
                let end = *first + weights.len() as i32;
                let other_end = *other_first + others.len() as i32;
                let is_inside = *other_first >= *first && other_end <= end;
                let used = || weights.iter().filter(|weight| **weight > 0).count();
                let span = (end.max(other_end) - (*first).min(*other_first)) as usize;
                if !is_inside && !may_be_dense(used(), span) {
                    return other.each(|bin, weight| self.add(bin, weight));
                }
                if *other_first < *first {
                    let missing = (*first - *other_first) as usize;
                    weights.splice(0..0, std::iter::repeat_n(0, missing));
                    *first = *other_first;
                }
                if other_end > end {
                    weights.resize((other_end - *first) as usize, 0);
                }
                let start = *other_first;
                let places = &mut weights[(start - *first) as usize..];
                let mut overflown = Vec::new();
                for (index, (place, weight)) in places.iter_mut().zip(others).enumerate() {
                    match place.checked_add(*weight) {
                        Some(sum) => *place = sum,
                        None => overflown.push((start + index as i32, u64::from(*weight))),
                    }
                }
                overflown
                    .into_iter()
                    .for_each(|(bin, weight)| self.add(bin, weight));
            }
            (_, Self::Dense { .. }) => {
                let few = std::mem::replace(self, other.clone());
                few.each(|bin, weight| self.add(bin, weight));
            }
            _ => other.each(|bin, weight| self.add(bin, weight)),
        }
    }

    /// Adds values of weight 1.
    fn add_singles(&mut self, singles: &[i32]) {
        match self {
            Self::Singles(bins) if bins.len() + singles.len() <= SINGLES_MAX => {
                bins.extend_from_slice(singles);
            }
            Self::Singles(bins) => {
                bins.extend_from_slice(singles);
                *self = counted(bins);
            }
            Self::Dense { first, weights } => {
                let first = *first;
                let mut outside = Vec::new();
                for bin in singles {
                    match weights.get_mut((*bin - first) as usize) {
                        Some(place) if *place < u32::MAX => *place += 1,
                        _ => outside.push(*bin),
                    }
                }
                outside.into_iter().for_each(|bin| self.add(bin, 1));
            }
            Self::Sparse(_) => singles.iter().for_each(|bin| self.add(*bin, 1)),
        }
    }

    /// The bin in which the value of this rank is, counted from 1.
    fn at_rank(&self, rank: u64) -> Option<i32> {
        let mut seen = 0_u64;
        let mut reaches = |weight: u64| {
            seen = seen.saturating_add(weight);
            seen >= rank
        };
        match self {
            Self::Singles(bins) => single_at_rank(bins, rank),
            Self::Sparse(bins) => {
                let mut bins = bins.iter();
                bins.find(|(_, weight)| reaches(*weight))
                    .map(|(bin, _)| *bin)
            }
            Self::Dense { first, weights } => {
                // By groups first: sums of many weights are quick, and the search for one is not.
                let groups = weights.chunks(16);
                let mut before = 0_u64;
                let (group, weights) = groups.enumerate().find(|(_, weights)| {
                    let sum = weights.iter().map(|weight| u64::from(*weight)).sum::<u64>();
                    let is_inside = before + sum >= rank;
                    before += if is_inside { 0 } else { sum };
                    is_inside
                })?;
                let index = weights.iter().position(|weight| {
                    before += u64::from(*weight);
                    before >= rank
                })?;
                Some(*first + (group * 16 + index) as i32)
            }
        }
    }

    fn each(&self, mut visit: impl FnMut(i32, u64)) {
        match self {
            Self::Singles(bins) => bins.iter().for_each(|bin| visit(*bin, 1)),
            Self::Sparse(bins) => {
                for (bin, weight) in bins {
                    visit(*bin, *weight);
                }
            }
            Self::Dense { first, weights } => {
                for (bin, weight) in (*first..).zip(weights) {
                    if *weight > 0 {
                        visit(bin, u64::from(*weight));
                    }
                }
            }
        }
    }
}

/// The bin of this rank among single values, counted from 1.
fn single_at_rank(bins: &[i32], rank: u64) -> Option<i32> {
    let index = rank as usize - 1;
    let (first, last) = (*bins.iter().min()?, *bins.iter().max()?);
    let span = (last - first + 1) as usize;
    if span > bins.len() * DENSE_SPAN_PER_BIN {
        let mut bins = bins.to_vec();
        return (index < bins.len()).then(|| *bins.select_nth_unstable(index).1);
    }
    let mut counts = vec![0_u32; span];
    for bin in bins {
        counts[(bin - first) as usize] += 1;
    }
    let mut seen = 0;
    let place = counts.iter().position(|count| {
        seen += *count as usize;
        seen > index
    });
    place.map(|place| first + place as i32)
}

/// Single values counted by bin.
fn counted(singles: &[i32]) -> Bins {
    if let (Some(first), Some(last)) = (singles.iter().min(), singles.iter().max())
        && let span = (last - first + 1) as usize
        && span <= singles.len() * DENSE_SPAN_PER_BIN
    {
        let mut weights = vec![0; span];
        for bin in singles {
            weights[(bin - first) as usize] += 1;
        }
        let used = weights.iter().filter(|weight| **weight > 0).count();
        if used > SPARSE_BINS_MAX && may_be_dense(used, span) {
            let first = *first;
            return Bins::Dense { first, weights };
        }
    }
    let mut singles = singles.to_vec();
    singles.sort_unstable();
    let bins: Vec<(i32, u64)> = singles
        .chunk_by(|left, right| left == right)
        .map(|same| (same[0], same.len() as u64))
        .collect();
    match densify(&bins) {
        Some(dense) if bins.len() > SPARSE_BINS_MAX => dense,
        _ => Bins::Sparse(bins),
    }
}

/// A weight in a flat array with more added to it, if it still fits.
#[inline]
fn sum(place: u32, weight: u64) -> Option<u32> {
    u32::try_from(weight).ok()?.checked_add(place)
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
        weights[(bin - first) as usize] = u32::try_from(*weight).ok()?;
    }
    Some(Bins::Dense { first, weights })
}

/// Makes room for `bin`, and for half as many again on that side: values near the edge rarely come alone.
fn widen(first: &mut i32, weights: &mut Vec<u32>, bin: i32) {
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
#[inline]
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
