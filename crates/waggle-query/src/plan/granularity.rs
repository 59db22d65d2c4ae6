//! Time buckets: how wide when nobody says, and which one a moment is in.

use waggle_model::TimeRange;

/// An automatic granularity gives at most this many buckets.
const BUCKETS_MAX: i128 = 240;

const S: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * S;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Widths from a second on that people think in. Neighbours differ by a factor of at most 3.5, so one of them always gives between
/// 60 and 240 buckets.
const STEPS_NS: [i64; 24] = [
    S,
    2 * S,
    5 * S,
    10 * S,
    15 * S,
    30 * S,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
    28 * DAY,
    91 * DAY,
    182 * DAY,
];

/// The narrowest human step that gives at most 240 buckets; below a second, 1, 2 or 5 times a power of ten nanoseconds.
pub(super) fn automatic_granularity_ns(range: TimeRange) -> i64 {
    let length = length_ns(range);
    let fits = |step: i64| i128::from(step) * BUCKETS_MAX >= length;
    let mut power = 1;
    while power < S {
        for step in [power, 2 * power, 5 * power] {
            if fits(step) {
                return step;
            }
        }
        power *= 10;
    }
    if let Some(step) = STEPS_NS.into_iter().find(|step| fits(*step)) {
        return step;
    }
    let mut step = i128::from(364 * DAY);
    while step * BUCKETS_MAX < length {
        step *= 2;
    }
    i64::try_from(step).unwrap_or(i64::MAX)
}

/// Length of a range; 0 when it is empty or the wrong way round.
pub(super) fn length_ns(range: TimeRange) -> i128 {
    (i128::from(range.end_ns) - i128::from(range.start_ns)).max(0)
}

/// The buckets of a range, aligned to multiples of the granularity since the Unix epoch. The first and last may stick out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Buckets {
    pub(crate) granularity_ns: i64,
    /// Number of the first bucket, counted from the epoch.
    first: i64,
    pub(crate) count: usize,
}

impl Buckets {
    /// As wide as asked for, or else so that people can read the chart.
    pub(super) fn asked(range: TimeRange, granularity_ns: Option<i64>) -> Self {
        let granularity_ns = granularity_ns.unwrap_or_else(|| automatic_granularity_ns(range));
        Self::new(range, granularity_ns)
    }

    pub(super) fn new(range: TimeRange, granularity_ns: i64) -> Self {
        let granularity_ns = granularity_ns.max(1);
        let first = range.start_ns.div_euclid(granularity_ns);
        let count = if length_ns(range) == 0 {
            0
        } else {
            let last = (range.end_ns - 1).div_euclid(granularity_ns);
            usize::try_from(i128::from(last) - i128::from(first) + 1).unwrap_or(usize::MAX)
        };
        Self {
            granularity_ns,
            first,
            count,
        }
    }

    /// How far bucket 0 of others of the same width is from bucket 0 of these.
    pub(crate) fn shift_of(&self, other: &Self) -> i64 {
        other.first - self.first
    }

    /// The bucket of a moment inside the range.
    pub(crate) fn of(&self, time_ns: i64) -> usize {
        (time_ns.div_euclid(self.granularity_ns) - self.first) as usize
    }

    /// The moments of a bucket, as far as they can be told.
    pub(crate) fn range(&self, bucket: usize) -> TimeRange {
        TimeRange {
            start_ns: self.start_ns(bucket),
            end_ns: self.start_ns(bucket + 1),
        }
    }

    /// Start of a bucket.
    pub(crate) fn start_ns(&self, bucket: usize) -> i64 {
        (self.first + bucket as i64).saturating_mul(self.granularity_ns)
    }
}
