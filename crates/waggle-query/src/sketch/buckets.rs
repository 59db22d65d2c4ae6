//! Quantiles of values of which only buckets are known: the histograms of metrics, from any number of series.
//!
//! The values of a bucket are taken to lie evenly in it: on a line between its bounds where those were given one by one, on a
//! logarithmic scale where they are powers. The quantile q of n values is the smallest value up to which q * n of them lie. Buckets of
//! several histograms need not fit together for that. Merging adds counts, so any split of the rows gives the same answer; where there
//! are too many different buckets, neighbours are joined, and the answer is as much less exact.
//! Documented in docs/guide/questions.md.

use crate::bytes::{ByteReader, ByteWrite, Damaged};
use std::cmp::Ordering;
use std::mem::take;
use waggle_model::{BucketCounts, ExplicitBucket};

/// Values between two bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Span {
    pub(crate) lower: f64,
    pub(crate) upper: f64,
    /// Whether they lie evenly on a logarithmic scale.
    is_power: bool,
    pub(crate) count: u64,
}

impl Span {
    /// Equal values.
    pub(crate) fn of_value(value: f64, count: u64) -> Self {
        Self {
            lower: value,
            upper: value,
            is_power: false,
            count,
        }
    }

    fn order(&self, other: &Self) -> Ordering {
        let by_bounds = self.lower.total_cmp(&other.lower);
        let by_bounds = by_bounds.then_with(|| self.upper.total_cmp(&other.upper));
        by_bounds.then_with(|| self.is_power.cmp(&other.is_power))
    }

    /// The same with finite bounds, none beyond the smallest and the largest value where those are finite; `None` when nothing bounds it.
    pub(crate) fn within(&self, min: f64, max: f64) -> Option<Self> {
        let (lower, upper) = (self.lower.max(min), self.upper.min(max));
        let (lower, upper) = match (lower.is_finite(), upper.is_finite()) {
            (true, true) => (lower, upper.max(lower)),
            (true, false) => (lower, lower),
            // Most things measured are not negative.
            (false, true) if upper > 0.0 => (0.0, upper),
            (false, true) => (upper, upper),
            (false, false) => return None,
        };
        Some(Self {
            lower,
            upper,
            ..*self
        })
    }

    /// Which part of the values is not above a value. The bounds are finite.
    fn part_up_to(&self, value: f64) -> f64 {
        if value >= self.upper {
            1.0
        } else if value <= self.lower {
            0.0
        } else if self.is_power && self.lower > 0.0 {
            (value / self.lower).ln() / (self.upper / self.lower).ln()
        } else if self.is_power && self.upper < 0.0 {
            1.0 - (value / self.upper).ln() / (self.lower / self.upper).ln()
        } else {
            // Halves, so that no difference of finite numbers is infinite.
            (value / 2.0 - self.lower / 2.0) / (self.upper / 2.0 - self.lower / 2.0)
        }
    }

    /// The value up to which a part of the values lies.
    fn value_at(&self, part: f64) -> f64 {
        if self.is_power && self.lower > 0.0 {
            self.lower * (self.upper / self.lower).powf(part)
        } else if self.is_power && self.upper < 0.0 {
            self.upper * (self.lower / self.upper).powf(1.0 - part)
        } else {
            self.lower * (1.0 - part) + self.upper * part
        }
    }
}

/// The buckets of a histogram as ranges of values, in no order.
pub(crate) fn spans(counts: &BucketCounts) -> Vec<Span> {
    let explicit = counts.explicit.iter().map(|bucket| {
        let ExplicitBucket {
            lower,
            upper,
            count,
        } = *bucket;
        Span {
            lower,
            upper,
            is_power: false,
            count,
        }
    });
    let mut spans: Vec<Span> = explicit.collect();
    let Some(buckets) = &counts.exponential else {
        return spans;
    };
    let step = (-f64::from(buckets.scale)).exp2();
    // The last buckets of a float's range have a bound outside of it.
    let power = |index: f64| (index * step).exp2().min(f64::MAX);
    if buckets.zero > 0 {
        spans.push(Span::of_value(0.0, buckets.zero));
    }
    for (index, count) in &buckets.positive {
        let index = f64::from(*index);
        spans.push(Span {
            lower: power(index),
            upper: power(index + 1.0),
            is_power: true,
            count: *count,
        });
    }
    for (index, count) in &buckets.negative {
        let index = f64::from(*index);
        spans.push(Span {
            lower: -power(index + 1.0),
            upper: -power(index),
            is_power: true,
            count: *count,
        });
    }
    spans
}

/// The smallest and the largest value that a histogram can have, where something bounds it; `None` without values.
pub(crate) fn value_range(counts: &BucketCounts) -> Option<(f64, f64)> {
    let min = counts.min.unwrap_or(f64::NEG_INFINITY);
    let max = counts.max.unwrap_or(f64::INFINITY);
    let spans = spans(counts);
    let within = spans.iter().filter_map(|span| span.within(min, max));
    within
        .map(|span| (span.lower, span.upper))
        .reduce(|one, next| (one.0.min(next.0), one.1.max(next.1)))
}

/// Different buckets that are kept, at most: 256 KiB. Histograms of one metric have some hundreds.
const SPANS_MAX: usize = 8_192;

/// The buckets of any number of histograms.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MergedBuckets {
    /// In the order of their bounds, no two with the same.
    spans: Vec<Span>,
    /// The smallest value of all; minus infinity when one of the histograms does not know its.
    min: f64,
    max: f64,
}

impl Default for MergedBuckets {
    fn default() -> Self {
        Self {
            spans: Vec::new(),
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
        }
    }
}

impl MergedBuckets {
    /// Adds a histogram `weight` times.
    pub(crate) fn add(&mut self, counts: &BucketCounts, weight: u64) {
        let mut spans = spans(counts);
        if spans.is_empty() {
            return;
        }
        for span in &mut spans {
            span.count = span.count.saturating_mul(weight);
        }
        self.note(
            counts.min.unwrap_or(f64::NEG_INFINITY),
            counts.max.unwrap_or(f64::INFINITY),
        );
        self.add_spans(&spans);
    }

    /// Adds all that another has.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.note(other.min, other.max);
        self.add_spans(&other.spans);
    }

    fn note(&mut self, min: f64, max: f64) {
        self.min = self.min.min(min);
        self.max = self.max.max(max);
    }

    fn add_spans(&mut self, spans: &[Span]) {
        let known_count = self.spans.len();
        for span in spans {
            let known = self.spans[..known_count].binary_search_by(|known| known.order(span));
            match known {
                Ok(index) => {
                    let count = &mut self.spans[index].count;
                    *count = count.saturating_add(span.count);
                }
                Err(_) => self.spans.push(*span),
            }
        }
        if self.spans.len() > known_count {
            add_up(&mut self.spans);
        }
        while self.spans.len() > SPANS_MAX {
            self.join_neighbours();
        }
    }

    /// Makes one of each two. Only such as are bounded on the same sides, so that none loses a bound.
    fn join_neighbours(&mut self) {
        let sides = |span: &Span| (span.lower.is_finite(), span.upper.is_finite());
        let mut spans = take(&mut self.spans);
        spans.sort_by_key(sides);
        let alike = spans.chunk_by(|one, next| sides(one) == sides(next));
        self.spans = alike
            .flat_map(|alike| alike.chunks(2))
            .filter_map(|pair| {
                pair.iter().copied().reduce(|one, next| Span {
                    lower: one.lower.min(next.lower),
                    upper: one.upper.max(next.upper),
                    is_power: one.is_power && next.is_power,
                    count: one.count.saturating_add(next.count),
                })
            })
            .collect();
        add_up(&mut self.spans);
    }

    /// The quantile of all values, those of `others` included; `None` without values, or when nothing bounds some of them.
    pub(crate) fn quantile(&self, per_mille: u32, others: &[Span]) -> Option<f64> {
        let mut spans = Vec::with_capacity(self.spans.len() + others.len());
        for span in &self.spans {
            spans.push(match span.is_power {
                // The estimate as a whole is kept between the smallest and the largest value.
                true => *span,
                false => span.within(self.min, self.max)?,
            });
        }
        let value_of = |spans: &[Span]| quantile(spans, f64::from(per_mille) / 1_000.0);
        if others.is_empty() {
            // A value between the two where there are two.
            return value_of(&spans).map(|value| value.min(self.max).max(self.min));
        }
        spans.extend_from_slice(others);
        value_of(&spans)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.spans.capacity() * size_of::<Span>()
    }

    /// Appends this as bytes.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.put_f64(self.min);
        out.put_f64(self.max);
        out.put_u64(self.spans.len() as u64);
        for span in &self.spans {
            out.put_f64(span.lower);
            out.put_f64(span.upper);
            out.push(u8::from(span.is_power));
            out.put_u64(span.count);
        }
    }

    /// Reads what [`encode`](Self::encode) wrote.
    pub(crate) fn decode(bytes: &mut ByteReader<'_>) -> Result<Self, Damaged> {
        let mut merged = Self::default();
        merged.note(bytes.f64()?, bytes.f64()?);
        let mut spans = Vec::new();
        for _ in 0..bytes.length()? {
            let span = Span {
                lower: bytes.f64()?,
                upper: bytes.f64()?,
                is_power: bytes.bool()?,
                count: bytes.u64()?,
            };
            if span.lower.is_nan() || span.upper.is_nan() || span.lower > span.upper {
                return Err(Damaged("the bounds of a bucket are none"));
            }
            spans.push(span);
        }
        merged.add_spans(&spans);
        Ok(merged)
    }
}

/// Puts buckets in order and adds those of the same bounds up. Runs that are in order already cost one look at each.
fn add_up(spans: &mut Vec<Span>) {
    spans.sort_by(Span::order);
    spans.dedup_by(|next, kept| {
        let is_same = kept.order(next).is_eq();
        if is_same {
            kept.count = kept.count.saturating_add(next.count);
        }
        is_same
    });
}

/// The smallest value up to which this part of all values lies.
fn quantile(spans: &[Span], part: f64) -> Option<f64> {
    let total: f64 = spans.iter().map(|span| span.count as f64).sum();
    let rank = part * total;
    let up_to = |value: f64, spans: &[Span]| -> f64 {
        let parts = spans.iter();
        parts
            .map(|span| span.count as f64 * span.part_up_to(value))
            .sum()
    };
    let mut edges: Vec<f64> = spans
        .iter()
        .flat_map(|span| [span.lower, span.upper])
        .collect();
    edges.sort_unstable_by(f64::total_cmp);
    edges.dedup();
    // What was added up in another order may miss the last of them by a rounding.
    let end = edges.partition_point(|edge| up_to(*edge, spans) < rank);
    let end = end.min(edges.len().checked_sub(1)?);
    let upper = edges[end];
    let Some(lower) = end.checked_sub(1).map(|before| edges[before]) else {
        return Some(upper);
    };
    // Between two edges only some of the buckets go on.
    let is_open = |span: &Span| span.lower <= lower && span.upper >= upper;
    let open: Vec<Span> = spans.iter().filter(|span| is_open(span)).copied().collect();
    let below: f64 = spans
        .iter()
        .filter(|span| span.upper <= lower)
        .map(|span| span.count as f64)
        .sum();
    if open.is_empty() {
        return Some(upper);
    }
    if let [only] = &open[..] {
        let part = (rank - below) / only.count as f64;
        return Some(only.value_at(part.clamp(0.0, 1.0)).clamp(lower, upper));
    }
    let (mut low, mut high) = (lower, upper);
    loop {
        let middle = low / 2.0 + high / 2.0;
        if middle <= low || middle >= high {
            return Some(high);
        }
        match below + up_to(middle, &open) < rank {
            true => low = middle,
            false => high = middle,
        }
    }
}

/// Spreads a histogram's values over bins, which the ascending `edges` begin. They are whole numbers, and together all values that
/// something bounds.
pub(crate) fn each_bin(counts: &BucketCounts, edges: &[f64], mut visit: impl FnMut(usize, u64)) {
    let min = counts.min.unwrap_or(f64::NEG_INFINITY);
    let max = counts.max.unwrap_or(f64::INFINITY);
    let spans = spans(counts);
    let spans: Vec<Span> = spans
        .iter()
        .filter_map(|span| span.within(min, max))
        .collect();
    let total = spans.iter().map(|span| span.count);
    let total = total.fold(0, u64::saturating_add);
    let mut before = 0;
    for bin in 0..edges.len() {
        let below = match edges.get(bin + 1) {
            None => total,
            Some(end) => {
                let below = spans.iter().map(|span| match span.lower == span.upper {
                    true if span.lower < *end => span.count as f64,
                    true => 0.0,
                    false => span.count as f64 * span.part_up_to(*end),
                });
                (below.sum::<f64>().round() as u64).clamp(before, total)
            }
        };
        if below > before {
            visit(bin, below - before);
        }
        before = below;
    }
}

#[cfg(test)]
mod tests;
