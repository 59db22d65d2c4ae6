//! A series of histograms: what its points have counted in each step, as one histogram.
//!
//! Points of a series of deltas are added up. Of a cumulative series it is what came since the point before: a histogram in which some
//! bucket holds less than in the one before, or whose buckets are others, has begun anew, and all it holds came since. Sums are
//! treated as the counts are. The smallest and the largest value are those of the points, held within the buckets that are left.

use super::Steps;
use super::points::InSeries;
use super::series::{Function, Place, Point, newest};
use crate::exec::ExecError;
use crate::sketch::value_range;
use hashbrown::HashMap;
use std::sync::Arc;
use waggle_expression::TemporalFunction;
use waggle_model::{BucketCounts, ExplicitBucket, ExponentialBuckets, FILLED_BUCKETS_MAX};
use waggle_store::column::Dictionary;

/// A histogram of a metric. Its point's value is the number of values in it.
#[derive(Clone, Copy)]
pub(super) struct HistogramPoint {
    pub(super) point: Point,
    pub(super) histogram: HistogramText,
}

/// What a row tells of a histogram.
#[derive(Clone, Copy)]
pub(super) struct HistogramText {
    /// Its text's entry in the dictionary of the source.
    pub(super) code: u32,
    pub(super) total: u64,
    pub(super) sum: Option<f64>,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
}

impl InSeries for HistogramPoint {
    fn point(&self) -> &Point {
        &self.point
    }
}

/// The texts of the points, by source.
pub(super) type Texts = HashMap<u32, Arc<Dictionary>>;

impl HistogramPoint {
    fn read(&self, texts: &Texts) -> BucketCounts {
        let dictionary = texts.get(&self.point.place.source);
        let text = dictionary.map(|dictionary| dictionary.text(self.histogram.code));
        let counts = text.and_then(|text| BucketCounts::parse(&text));
        let HistogramText {
            code: _,
            total: _,
            sum,
            min,
            max,
        } = self.histogram;
        BucketCounts {
            sum,
            min,
            max,
            ..counts.unwrap_or_default()
        }
    }
}

/// How a point goes on from the one before.
#[derive(Clone, Copy, PartialEq)]
enum Follows {
    /// It does not: it is the first, or what happened meanwhile is not known.
    Nothing,
    TheOneBefore,
    /// It began anew since.
    Zero,
}

impl Function {
    /// Calls `emit` with the histogram of each step, and the row it belongs to; else as [`each_value`](Self::each_value).
    /// `look` is called with what each step costs: its buckets. There is none of RATE: a histogram counts in whole numbers.
    pub(super) fn each_histogram(
        &self,
        points: &[HistogramPoint],
        texts: &Texts,
        steps: Steps,
        mut look: impl FnMut(usize) -> Result<(), ExecError>,
        mut emit: impl FnMut(Place, BucketCounts),
    ) -> Result<(), ExecError> {
        let is_delta = points
            .first()
            .is_some_and(|point| point.point.series.is_delta());
        let follows = match self.function() {
            TemporalFunction::Rate => return Ok(()),
            TemporalFunction::Increase if !is_delta => self.follows(points, texts, &mut look)?,
            _ => Vec::new(),
        };
        self.each_step(points, steps, |start, end, _| {
            let last = match self.function() {
                TemporalFunction::Last => newest(&points[start..end]),
                _ => &points[end - 1],
            };
            let counts = match self.function() {
                TemporalFunction::Last => Some(last.read(texts)),
                TemporalFunction::Increase if !is_delta => {
                    increase(points, &follows, start, end, texts, &mut look)?
                }
                _ => {
                    let mut sum = Sum::default();
                    for point in &points[start..end] {
                        let counts = point.read(texts);
                        look(1 + counts.bucket_count())?;
                        sum.add(&counts);
                    }
                    Some(sum.finish(&points[start..end]))
                }
            };
            if let Some(counts) = counts {
                emit(last.point.place, counts);
            }
            Ok(())
        })
    }

    fn follows(
        &self,
        points: &[HistogramPoint],
        texts: &Texts,
        mut look: impl FnMut(usize) -> Result<(), ExecError>,
    ) -> Result<Vec<Follows>, ExecError> {
        let mut follows = Vec::with_capacity(points.len());
        let mut before: Option<(i64, BucketCounts)> = None;
        for point in points {
            let counts = point.read(texts);
            look(1 + counts.bucket_count())?;
            follows.push(match &before {
                Some((time_ns, before)) if self.is_near(*time_ns, point.point.time_ns) => {
                    match since(&counts, before) {
                        Some(_) => Follows::TheOneBefore,
                        None => Follows::Zero,
                    }
                }
                _ => Follows::Nothing,
            });
            before = Some((point.point.time_ns, counts));
        }
        Ok(follows)
    }
}

/// What some points have counted since the one before them; `None` when none of them continues another.
fn increase(
    points: &[HistogramPoint],
    follows: &[Follows],
    start: usize,
    end: usize,
    texts: &Texts,
    mut look: impl FnMut(usize) -> Result<(), ExecError>,
) -> Result<Option<BucketCounts>, ExecError> {
    let mut sum = Sum::default();
    let mut continues = false;
    let mut first = start;
    while first < end {
        let mut last = first;
        while last + 1 < end && follows[last + 1] == Follows::TheOneBefore {
            look(1)?;
            last += 1;
        }
        // Of points that go on from one another only the ends matter.
        let base = match follows[first] {
            Follows::Nothing => points[first].read(texts),
            Follows::TheOneBefore => points[first - 1].read(texts),
            Follows::Zero => nothing(),
        };
        if follows[first] != Follows::Nothing || last > first {
            continues = true;
            let counts = points[last].read(texts);
            look(1 + counts.bucket_count() + base.bucket_count())?;
            if let Some(counts) = since(&counts, &base) {
                sum.add(&counts);
            }
        }
        first = last + 1;
    }
    Ok(continues.then(|| sum.finish(&points[start..end])))
}

/// A histogram of no values.
fn nothing() -> BucketCounts {
    BucketCounts {
        sum: Some(0.0),
        ..BucketCounts::default()
    }
}

/// What a histogram has counted since an earlier one of its series; `None` when it does not go on from that.
fn since(counts: &BucketCounts, before: &BucketCounts) -> Option<BucketCounts> {
    let mut explicit = Vec::with_capacity(counts.explicit.len());
    let mut earlier = before.explicit.iter().peekable();
    for bucket in &counts.explicit {
        let has_bounds =
            |other: &&ExplicitBucket| (other.lower, other.upper) == (bucket.lower, bucket.upper);
        let known = earlier.next_if(|other| has_bounds(other));
        let count = bucket
            .count
            .checked_sub(known.map_or(0, |known| known.count))?;
        if count > 0 {
            explicit.push(ExplicitBucket { count, ..*bucket });
        }
    }
    if earlier.next().is_some() {
        return None;
    }
    let exponential = match (&counts.exponential, &before.exponential) {
        (None, None) => None,
        (None, Some(before)) if has_values(before) => return None,
        (None, Some(_)) => None,
        (Some(buckets), None) => Some(buckets.clone()),
        (Some(buckets), Some(before)) => {
            if before.scale < buckets.scale && has_values(before) {
                return None;
            }
            let before = at_scale(before, buckets.scale.min(before.scale));
            Some(ExponentialBuckets {
                scale: buckets.scale,
                zero: buckets.zero.checked_sub(before.zero)?,
                positive: less(&buckets.positive, &before.positive)?,
                negative: less(&buckets.negative, &before.negative)?,
            })
        }
    };
    let sum = match (counts.sum, before.sum) {
        (Some(sum), Some(before)) => Some(sum - before),
        _ => None,
    };
    Some(BucketCounts {
        explicit,
        exponential,
        sum,
        min: None,
        max: None,
    })
}

fn has_values(buckets: &ExponentialBuckets) -> bool {
    buckets.zero > 0 || !buckets.positive.is_empty() || !buckets.negative.is_empty()
}

/// Buckets without what was in them before; `None` when that is more.
fn less(buckets: &[(i32, u64)], before: &[(i32, u64)]) -> Option<Vec<(i32, u64)>> {
    let mut earlier = before.iter().peekable();
    let mut rest = Vec::with_capacity(buckets.len());
    for (index, count) in buckets {
        let known = earlier.next_if(|(other, _)| other == index);
        match count.checked_sub(known.map_or(0, |(_, known)| *known))? {
            0 => {}
            count => rest.push((*index, count)),
        }
    }
    earlier.next().is_none().then_some(rest)
}

/// The same values in buckets of a scale that is not finer.
fn at_scale(buckets: &ExponentialBuckets, scale: i32) -> ExponentialBuckets {
    let shift = buckets.scale.saturating_sub(scale).clamp(0, 31);
    let side = |buckets: &[(i32, u64)]| {
        let mut coarse: Vec<(i32, u64)> = Vec::with_capacity(buckets.len());
        for (index, count) in buckets {
            let index = index >> shift;
            match coarse.last_mut() {
                Some(last) if last.0 == index => last.1 = last.1.saturating_add(*count),
                _ => coarse.push((index, *count)),
            }
        }
        coarse
    };
    ExponentialBuckets {
        scale,
        zero: buckets.zero,
        positive: side(&buckets.positive),
        negative: side(&buckets.negative),
    }
}

/// Histograms added up.
struct Sum(BucketCounts);

impl Default for Sum {
    fn default() -> Self {
        Self(nothing())
    }
}

impl Sum {
    fn add(&mut self, counts: &BucketCounts) {
        let Self(all) = self;
        all.explicit.extend_from_slice(&counts.explicit);
        add_up(&mut all.explicit);
        if let Some(buckets) = &counts.exponential {
            let known = all.exponential.take();
            all.exponential = Some(match known {
                None => buckets.clone(),
                Some(known) => {
                    let scale = known.scale.min(buckets.scale);
                    let (known, buckets) = (at_scale(&known, scale), at_scale(buckets, scale));
                    ExponentialBuckets {
                        scale,
                        zero: known.zero.saturating_add(buckets.zero),
                        positive: more(&known.positive, &buckets.positive),
                        negative: more(&known.negative, &buckets.negative),
                    }
                }
            });
        }
        all.sum = match (all.sum, counts.sum) {
            (Some(sum), Some(more)) => Some(sum + more),
            _ => None,
        };
        hold(all);
    }

    /// All of them, with what some points tell of the smallest and largest value.
    fn finish(self, points: &[HistogramPoint]) -> BucketCounts {
        let Self(mut all) = self;
        let extreme = |of: fn(&HistogramText) -> Option<f64>, outer: fn(f64, f64) -> f64| {
            let with_values = points.iter().filter(|point| point.histogram.total > 0);
            let mut values = with_values.map(|point| of(&point.histogram));
            let first = values.next()??;
            values.try_fold(first, |known, value| Some(outer(known, value?)))
        };
        all.min = extreme(|histogram| histogram.min, f64::min);
        all.max = extreme(|histogram| histogram.max, f64::max);
        let range = value_range(&all);
        all.min = all.min.and_then(|_| Some(range?.0));
        all.max = all.max.and_then(|_| Some(range?.1));
        all
    }
}

fn more(one: &[(i32, u64)], other: &[(i32, u64)]) -> Vec<(i32, u64)> {
    let mut sums = [one, other].concat();
    // Of two runs that are in order it looks at each bucket once.
    sums.sort_by_key(|(index, _)| *index);
    sums.dedup_by(|next, kept| {
        let is_same = kept.0 == next.0;
        if is_same {
            kept.1 = kept.1.saturating_add(next.1);
        }
        is_same
    });
    sums
}

/// Puts buckets in order and adds those of the same bounds up.
fn add_up(buckets: &mut Vec<ExplicitBucket>) {
    buckets.sort_by(|one, next| {
        let by_lower = one.lower.total_cmp(&next.lower);
        by_lower.then_with(|| one.upper.total_cmp(&next.upper))
    });
    buckets.dedup_by(|next, kept| {
        let is_same = (kept.lower, kept.upper) == (next.lower, next.upper);
        if is_same {
            kept.count = kept.count.saturating_add(next.count);
        }
        is_same
    });
}

/// Joins buckets until there are no more than a text may have: powers on a coarser scale, others with a neighbour that is bounded on
/// the same sides.
fn hold(all: &mut BucketCounts) {
    // An index has 32 bits and each time halves either kind in the end: no more are needed.
    for _ in 0..u64::BITS {
        if all.bucket_count() <= FILLED_BUCKETS_MAX {
            return;
        }
        let powers = all.bucket_count() - all.explicit.len();
        match &all.exponential {
            Some(buckets) if powers > FILLED_BUCKETS_MAX / 2 => {
                all.exponential = Some(at_scale(buckets, buckets.scale.saturating_sub(1)));
            }
            _ => join_neighbours(&mut all.explicit),
        }
    }
}

fn join_neighbours(buckets: &mut Vec<ExplicitBucket>) {
    let sides = |bucket: &ExplicitBucket| (bucket.lower.is_finite(), bucket.upper.is_finite());
    buckets.sort_by_key(sides);
    let alike = buckets.chunk_by(|one, next| sides(one) == sides(next));
    let pairs = alike.flat_map(|alike| alike.chunks(2));
    *buckets = pairs
        .filter_map(|pair| {
            pair.iter().copied().reduce(|one, next| ExplicitBucket {
                lower: one.lower.min(next.lower),
                upper: one.upper.max(next.upper),
                count: one.count.saturating_add(next.count),
            })
        })
        .collect();
    add_up(buckets);
}

#[cfg(test)]
mod tests;
