//! Where the values of one source are counted before they become histograms.
//!
//! The bounds of a source's values are known, so every bin has a place from the start: with few cells one array holds them all, and a
//! value costs one increment. With many cells that array would leave the caches; then values are noted as they come, with their cell,
//! and sorted by cell when they are drained.

use super::{Bins, Histogram, bin_of, may_be_dense};

/// Places that stay in a core's own cache.
const PLACES_MAX: usize = 1 << 18;

/// To go through so many places when they are drained costs about as much as to sort one value.
const PLACES_PER_ROW: usize = 8;
/// Up to this many values of a cell are handed over one by one.
const SINGLES_MIN: usize = 64;

/// Values of weight 1 by cell.
#[derive(Clone, Debug)]
pub(crate) struct HistogramScratch {
    first: i32,
    span: usize,
    /// Smallest and largest value per cell; the wrong way round while there is none.
    ranges: Vec<(f64, f64)>,
    counts: Counts,
    /// What was noted, while it is drained.
    sorted: Option<Sorted>,
}

/// Noted values in the order of their cells.
#[derive(Clone, Debug)]
struct Sorted {
    /// The bins of each cell together.
    bins: Vec<i32>,
    /// Where those of each cell end.
    ends: Vec<u32>,
    /// Bins that were not drained yet.
    left: usize,
}

/// What one cell has counted.
pub(crate) enum CellCounts<'a> {
    Histogram(Histogram),
    /// Bins, the smallest value and the largest.
    Singles(&'a [i32], f64, f64),
}

impl CellCounts<'_> {
    /// Adds them to a histogram.
    pub(crate) fn add_to(self, histogram: &mut Histogram) {
        match self {
            Self::Histogram(part) => histogram.absorb(part),
            Self::Singles(bins, min, max) => histogram.add_singles(bins, min, max),
        }
    }
}

#[derive(Clone, Debug)]
enum Counts {
    /// Of bin `first + index` of a cell at `cell * span + index`.
    Places(Vec<u32>),
    /// Cell and bin of each value.
    Noted(Vec<(u32, i32)>),
}

impl HistogramScratch {
    /// Makes room for values between two bounds, both finite. So many `rows` come before they are drained.
    pub(crate) fn new(cells: usize, rows: usize, min: f64, max: f64) -> Self {
        let first = bin_of(min);
        let span = (bin_of(max) - first + 1).max(1) as usize;
        let places = cells.saturating_mul(span);
        let counts = match places <= PLACES_MAX.min(rows.saturating_mul(PLACES_PER_ROW)) {
            true => Counts::Places(Vec::new()),
            false => Counts::Noted(Vec::new()),
        };
        Self {
            first,
            span,
            ranges: Vec::new(),
            counts,
            sorted: None,
        }
    }

    pub(crate) fn reserve(&mut self, cells: usize) {
        let more = cells.saturating_sub(self.ranges.len());
        self.ranges.reserve_exact(more);
    }

    pub(crate) fn grow(&mut self, cells: usize) {
        if cells <= self.ranges.len() {
            return;
        }
        let empty = (f64::INFINITY, f64::NEG_INFINITY);
        self.ranges.resize(cells, empty);
        let Counts::Places(places) = &mut self.counts else {
            return;
        };
        if cells.saturating_mul(self.span) <= PLACES_MAX {
            places.resize(cells * self.span, 0);
            return;
        }
        let mut noted = Vec::new();
        for (place, count) in places.iter().enumerate() {
            let bin = self.first + (place % self.span) as i32;
            let value = ((place / self.span) as u32, bin);
            noted.extend(std::iter::repeat_n(value, *count as usize));
        }
        self.counts = Counts::Noted(noted);
    }

    /// Counts a value that lies within the bounds; NaN is left out.
    pub(crate) fn add(&mut self, cell: usize, value: f64) {
        self.add_all(&[cell as u32], &[value]);
    }

    /// Counts values, each in a cell.
    pub(crate) fn add_all(&mut self, cells: &[u32], values: &[f64]) {
        debug_assert!(self.sorted.is_none(), "every cell with values is drained");
        let ranges = &mut self.ranges[..];
        let (first, span) = (self.first, self.span);
        match &mut self.counts {
            Counts::Places(places) => {
                let places = &mut places[..];
                for (cell, value) in cells.iter().zip(values) {
                    let cell = *cell as usize;
                    widen(&mut ranges[cell], *value);
                    // The bins of NaN lie beyond all others.
                    let index = (bin_of(*value) - first) as usize;
                    if index < span {
                        places[cell * span + index] += 1;
                    }
                }
            }
            Counts::Noted(noted) => {
                let values = cells.iter().zip(values);
                for (cell, value) in values.clone() {
                    widen(&mut ranges[*cell as usize], *value);
                }
                // To know that there are none to leave out, as nearly always, makes room once for all.
                if values.clone().any(|(_, value)| value.is_nan()) {
                    let values = values.filter(|(_, value)| !value.is_nan());
                    noted.extend(values.map(|(cell, value)| (*cell, bin_of(*value))));
                } else {
                    noted.extend(values.map(|(cell, value)| (*cell, bin_of(*value))));
                }
            }
        }
    }

    /// Hands over what some cells have counted, by pairs of cell here and number for `visit`, and forgets it. All cells with values must be
    /// drained, each once, before more values come.
    pub(crate) fn drain(
        &mut self,
        moves: &[(u32, u32)],
        mut visit: impl FnMut(usize, CellCounts<'_>),
    ) {
        let Self {
            first,
            span,
            ranges,
            counts,
            sorted: being_drained,
        } = self;
        let mut take_range = |cell: u32| {
            let empty = (f64::INFINITY, f64::NEG_INFINITY);
            std::mem::replace(&mut ranges[cell as usize], empty)
        };
        match counts {
            Counts::Places(places) => {
                for (from, to) in moves {
                    let (min, max) = take_range(*from);
                    if min > max {
                        continue;
                    }
                    let start = *from as usize * *span;
                    let low = (bin_of(min) - *first) as usize;
                    let high = (bin_of(max) - *first) as usize;
                    let counts = &mut places[start + low..=start + high];
                    let histogram = of_counts(*first + low as i32, counts, min, max);
                    visit(*to as usize, CellCounts::Histogram(histogram));
                    counts.fill(0);
                }
            }
            Counts::Noted(noted) => {
                let sorted = being_drained.get_or_insert_with(|| Sorted::new(noted, ranges.len()));
                noted.clear();
                for (from, to) in moves {
                    let start = match from.checked_sub(1) {
                        None => 0,
                        Some(before) => sorted.ends[before as usize],
                    };
                    let bins = &sorted.bins[start as usize..sorted.ends[*from as usize] as usize];
                    sorted.left -= bins.len();
                    if !bins.is_empty() {
                        let empty = (f64::INFINITY, f64::NEG_INFINITY);
                        let (min, max) = std::mem::replace(&mut ranges[*from as usize], empty);
                        visit(*to as usize, CellCounts::Singles(bins, min, max));
                    }
                }
                if sorted.left == 0 {
                    *being_drained = None;
                }
            }
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let counts = match &self.counts {
            Counts::Places(places) => places.capacity() * size_of::<u32>(),
            // Sorted, they are there twice.
            Counts::Noted(noted) => noted.capacity() * (size_of::<(u32, i32)>() + size_of::<i32>()),
        };
        counts + self.ranges.capacity() * size_of::<(f64, f64)>()
    }
}

#[inline]
fn widen((min, max): &mut (f64, f64), value: f64) {
    if value < *min {
        *min = value;
    }
    if value > *max {
        *max = value;
    }
}

impl Sorted {
    fn new(noted: &[(u32, i32)], cells: usize) -> Self {
        let mut ends = vec![0; cells + 1];
        for (cell, _) in noted {
            ends[*cell as usize + 1] += 1;
        }
        let mut sum = 0;
        for end in &mut ends {
            sum += *end;
            *end = sum;
        }
        let mut bins = vec![0; noted.len()];
        for (cell, bin) in noted {
            let place = &mut ends[*cell as usize];
            bins[*place as usize] = *bin;
            *place += 1;
        }
        Self {
            left: bins.len(),
            bins,
            ends,
        }
    }
}

fn of_counts(first: i32, counts: &[u32], min: f64, max: f64) -> Histogram {
    let weight: u64 = counts.iter().map(|count| u64::from(*count)).sum();
    let bins = if weight <= SINGLES_MIN as u64 {
        let bins = (first..).zip(counts);
        let repeated = bins.flat_map(|(bin, count)| std::iter::repeat_n(bin, *count as usize));
        Bins::Singles(repeated.collect())
    } else if may_be_dense(
        counts.iter().filter(|count| **count > 0).count(),
        counts.len(),
    ) {
        Bins::Dense {
            first,
            weights: counts.to_vec(),
        }
    } else {
        let bins = (first..).zip(counts).filter(|(_, count)| **count > 0);
        Bins::Sparse(bins.map(|(bin, count)| (bin, u64::from(*count))).collect())
    };
    Histogram {
        bins,
        weight,
        min,
        max,
    }
}
