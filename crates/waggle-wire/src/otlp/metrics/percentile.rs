//! Percentiles estimated from the buckets of a histogram, since buckets are all that a histogram tells of its values.
//!
//! The rank of quantile q among n values is q * n. The bucket that holds this rank is found by adding up counts, and the values of a
//! bucket are taken to lie evenly in it: on a line between its bounds where bounds are given one by one, on a logarithmic scale where
//! they are powers. Where the smallest and largest value are known, they narrow the first and the last bucket.

use super::point::{Buckets, PointView};

/// The percentiles a histogram becomes, by the end of their column's name.
/// Source: spec/honeycomb-api.md section 11.2 and spec/product.md QM-04.
pub(in crate::otlp) const PERCENTILES: [(&str, f64); 13] = [
    (".p001", 0.001),
    (".p01", 0.01),
    (".p05", 0.05),
    (".p10", 0.1),
    (".p20", 0.2),
    (".p25", 0.25),
    (".p50", 0.5),
    (".p75", 0.75),
    (".p80", 0.8),
    (".p90", 0.9),
    (".p95", 0.95),
    (".p99", 0.99),
    (".p999", 0.999),
];

/// The quantile of a histogram with bounds given one by one; `None` where its buckets can't tell.
pub(super) fn explicit(quantile: f64, point: &PointView<'_>) -> Option<f64> {
    let (counts, bounds) = (&point.bucket_counts, &point.bounds);
    if counts.len() != bounds.len().saturating_add(1) {
        return None;
    }
    let (bucket, part) = find(quantile, counts.iter().copied())?;
    let before = bucket.checked_sub(1).and_then(|before| bounds.get(before));
    let lower = larger(before.copied(), point.min);
    let upper = smaller(bounds.get(bucket).copied(), point.max);
    match (lower, upper) {
        (Some(lower), Some(upper)) => Some(lower + (upper - lower).max(0.0) * part),
        // The first bucket has no lower bound; most things measured are not negative.
        (None, Some(upper)) if upper > 0.0 => Some(upper * part),
        (None, one) | (one, None) => one,
    }
}

/// The quantile of a histogram whose bounds are powers; `None` where it has no values.
pub(super) fn exponential(quantile: f64, point: &PointView<'_>) -> Option<f64> {
    let (negative, positive) = (&point.negative, &point.positive);
    let counts = negative.counts.iter().rev().copied();
    let counts = counts.chain([point.zero_count]);
    let counts = counts.chain(positive.counts.iter().copied());
    let (bucket, part) = find(quantile, counts)?;
    let zero = negative.counts.len();
    let value = if let Some(index) = bucket.checked_sub(zero.saturating_add(1)) {
        power(point.scale, positive, index, part)
    } else if bucket == zero {
        0.0
    } else {
        // The negative ones come from the far end, and in a bucket the larger magnitude is first.
        let index = zero.saturating_sub(bucket).saturating_sub(1);
        -power(point.scale, negative, index, 1.0 - part)
    };
    let value = point.min.map_or(value, |min| value.max(min));
    Some(point.max.map_or(value, |max| value.min(max)))
}

/// The magnitude at this part of a bucket: its bounds are 2^(index * 2^-scale) and the next.
fn power(scale: i32, buckets: &Buckets, index: usize, part: f64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "no sender has 2^53 buckets: each is a byte at least"
    )]
    let index = index as f64;
    let exponent = f64::from(buckets.offset) + index + part;
    (exponent * (-f64::from(scale)).exp2()).exp2()
}

/// The bucket that holds the quantile's rank, and how far into the bucket it lies, from 0 to 1.
fn find(quantile: f64, counts: impl Iterator<Item = u64> + Clone) -> Option<(usize, f64)> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "an estimate needs no more digits than a float has"
    )]
    let counts = counts.map(|count| count as f64).enumerate();
    let total: f64 = counts.clone().map(|(_, count)| count).sum();
    let rank = quantile * total;
    let mut before = 0.0;
    let mut last = None;
    for (bucket, count) in counts.filter(|&(_, count)| count > 0.0) {
        if before + count >= rank {
            return Some((bucket, (rank - before) / count));
        }
        before += count;
        last = Some((bucket, 1.0));
    }
    last
}

fn larger(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    one.map_or(other, |one| Some(other.map_or(one, |other| one.max(other))))
}

fn smaller(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    one.map_or(other, |one| Some(other.map_or(one, |other| one.min(other))))
}

#[cfg(test)]
mod tests;
