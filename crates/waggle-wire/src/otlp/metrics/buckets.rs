//! The buckets of a histogram as they are kept: what percentiles and heat maps over series and time are made of.

use super::point::{Buckets, Kind, PointView};
use waggle_model::{BucketCounts, ExplicitBucket, ExponentialBuckets, FILLED_BUCKETS_MAX};

/// The buckets of a point; `None` when its kind has none, or too many of them are filled for a text. Where they can't be told apart,
/// all values are in one without bounds.
pub(super) fn counts(kind: Kind, point: &PointView<'_>) -> Option<BucketCounts> {
    let sides = [
        &point.bucket_counts,
        &point.positive.counts,
        &point.negative.counts,
    ];
    let filled = sides.into_iter().flatten().filter(|count| **count > 0);
    // Counted first: a body of some kilobytes, unpacked, has millions of them.
    if filled.take(FILLED_BUCKETS_MAX + 1).count() > FILLED_BUCKETS_MAX {
        return None;
    }
    let known = match kind {
        Kind::IntHistogram | Kind::Histogram => explicit(point),
        Kind::ExponentialHistogram => exponential(point),
        Kind::IntGauge | Kind::Gauge | Kind::IntSum | Kind::Sum | Kind::Summary => return None,
    };
    Some(known.unwrap_or_else(|| {
        let all = ExplicitBucket {
            lower: f64::NEG_INFINITY,
            upper: f64::INFINITY,
            count: point.count,
        };
        BucketCounts {
            explicit: [all].into_iter().filter(|all| all.count > 0).collect(),
            ..BucketCounts::default()
        }
    }))
}

fn explicit(point: &PointView<'_>) -> Option<BucketCounts> {
    let (counts, bounds) = (&point.bucket_counts, &point.bounds);
    let ascend = |pair: &[f64]| matches!(pair, [one, next] if one < next);
    if counts.len() != bounds.len().saturating_add(1)
        || bounds.iter().any(|bound| !bound.is_finite())
        || !bounds.windows(2).all(ascend)
    {
        return None;
    }
    let lowers = [f64::NEG_INFINITY]
        .into_iter()
        .chain(bounds.iter().copied());
    let uppers = bounds.iter().copied().chain([f64::INFINITY]);
    let buckets = lowers.zip(uppers).zip(counts);
    let buckets = buckets.map(|((lower, upper), count)| ExplicitBucket {
        lower,
        upper,
        count: *count,
    });
    Some(BucketCounts {
        explicit: buckets.filter(|bucket| bucket.count > 0).collect(),
        ..BucketCounts::default()
    })
}

fn exponential(point: &PointView<'_>) -> Option<BucketCounts> {
    let side = |buckets: &Buckets| -> Option<Vec<(i32, u64)>> {
        let counts = buckets.counts.iter().enumerate();
        let filled = counts.filter(|(_, count)| **count > 0);
        filled
            .map(|(index, count)| {
                let index = i32::try_from(index).ok()?;
                Some((buckets.offset.checked_add(index)?, *count))
            })
            .collect()
    };
    Some(BucketCounts {
        exponential: Some(ExponentialBuckets {
            scale: point.scale,
            zero: point.zero_count,
            positive: side(&point.positive)?,
            negative: side(&point.negative)?,
        }),
        ..BucketCounts::default()
    })
}
