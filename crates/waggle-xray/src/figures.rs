//! Counts and times of entities, and their histograms. Source: spec/xray.md section 5.4.

use crate::seconds::Seconds;
use crate::trace::Entity;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Most distinct values of a histogram in an answer.
pub(crate) const VALUES_MAX: usize = 100;
/// Values of a histogram that grows are merged when there are more than the first of these, until there are no more than the second.
const VALUES_GROWN_MAX: usize = 4_096;
const VALUES_SHRUNK_MAX: usize = 1_024;

const NS_PER_MS: i64 = 1_000_000;
/// The largest count that readers take: of 32 bits. Source: spec/xray.md section 3.2.
const COUNT_MAX: u64 = i32::MAX as u64;

/// What some completed entities add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Entities that are nothing of the below.
    pub ok_count: u64,
    /// Throttled, without fault.
    pub throttle_count: u64,
    /// With an error, and nothing else.
    pub error_count: u64,
    /// With a fault.
    pub fault_count: u64,
    /// Sum of their times.
    pub total_ns: i64,
    /// Their times.
    pub histogram: Histogram,
}

impl Figures {
    /// Counts an entity; one in progress does not count.
    pub fn add(&mut self, entity: &Entity) {
        let Some(response_ns) = entity.response_ns() else {
            return;
        };
        let count = if entity.is_fault {
            &mut self.fault_count
        } else if entity.is_throttle {
            &mut self.throttle_count
        } else if entity.is_error {
            &mut self.error_count
        } else {
            &mut self.ok_count
        };
        *count += 1;
        self.total_ns = self.total_ns.saturating_add(response_ns);
        self.histogram.add(response_ns);
    }

    /// Counts what other figures count.
    pub fn merge(&mut self, other: &Self) {
        self.ok_count += other.ok_count;
        self.throttle_count += other.throttle_count;
        self.error_count += other.error_count;
        self.fault_count += other.fault_count;
        self.total_ns = self.total_ns.saturating_add(other.total_ns);
        self.histogram.merge(&other.histogram);
    }

    /// All entities that were counted.
    pub fn total_count(&self) -> u64 {
        self.ok_count + self.throttle_count + self.error_count + self.fault_count
    }

    /// The figures as answers show them.
    pub fn statistics(&self) -> Statistics {
        Statistics {
            ok_count: self.ok_count,
            error_statistics: ErrorStatistics {
                throttle_count: self.throttle_count,
                other_count: self.error_count,
                total_count: self.throttle_count + self.error_count,
            },
            fault_statistics: FaultStatistics {
                other_count: self.fault_count,
                total_count: self.fault_count,
            },
            total_count: self.total_count(),
            total_response_time: Seconds(self.total_ns),
        }
    }
}

/// `ServiceStatistics` and `EdgeStatistics`; every count is always there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the members are those of X-Ray's shape")]
pub struct Statistics {
    pub ok_count: u64,
    pub error_statistics: ErrorStatistics,
    pub fault_statistics: FaultStatistics,
    pub total_count: u64,
    pub total_response_time: Seconds,
}

/// `ErrorStatistics`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the members are those of X-Ray's shape")]
pub struct ErrorStatistics {
    pub throttle_count: u64,
    pub other_count: u64,
    pub total_count: u64,
}

/// `FaultStatistics`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the members are those of X-Ray's shape")]
pub struct FaultStatistics {
    pub other_count: u64,
    pub total_count: u64,
}

/// How often each time occurred, to the millisecond.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Count per milliseconds.
    counts: BTreeMap<i64, u64>,
}

/// `HistogramEntry`
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the members are those of X-Ray's shape")]
pub struct HistogramEntry {
    pub value: Seconds,
    pub count: u64,
}

impl Histogram {
    /// Counts a time.
    pub fn add(&mut self, ns: i64) {
        let ms = ns.saturating_add(NS_PER_MS / 2).div_euclid(NS_PER_MS);
        *self.counts.entry(ms).or_default() += 1;
        self.shrink();
    }

    /// Counts what another histogram counts.
    pub fn merge(&mut self, other: &Self) {
        for (ms, count) in &other.counts {
            *self.counts.entry(*ms).or_default() += count;
        }
        self.shrink();
    }

    fn shrink(&mut self) {
        if self.counts.len() > VALUES_GROWN_MAX {
            merge_nearest(&mut self.counts, VALUES_SHRUNK_MAX);
        }
    }

    /// Number of distinct values that are kept.
    pub fn value_count(&self) -> usize {
        self.counts.len()
    }

    /// The values, ascending, at most [`VALUES_MAX`].
    pub fn entries(&self) -> Vec<HistogramEntry> {
        let mut counts = self.counts.clone();
        merge_nearest(&mut counts, VALUES_MAX);
        let entries = counts.into_iter();
        entries
            .map(|(ms, count)| HistogramEntry {
                value: Seconds(ms.saturating_mul(NS_PER_MS)),
                count: count.min(COUNT_MAX),
            })
            .collect()
    }
}

/// Merges the two values that lie nearest to each other, the smaller ones first, until there are no more than so many. A merged value is
/// the mean of what it counts.
fn merge_nearest(counts: &mut BTreeMap<i64, u64>, values_max: usize) {
    let mut gaps: BTreeSet<(i64, i64)> = BTreeSet::new();
    if counts.len() > values_max {
        let values: Vec<i64> = counts.keys().copied().collect();
        gaps = values
            .windows(2)
            .map(|pair| (pair[1] - pair[0], pair[0]))
            .collect();
    }
    while counts.len() > values_max {
        let Some((gap, left)) = gaps.pop_first() else {
            return;
        };
        let right = left + gap;
        let before = counts.range(..left).next_back().map(|(value, _)| *value);
        let after = counts.range(right + 1..).next().map(|(value, _)| *value);
        if let Some(before) = before {
            gaps.remove(&(left - before, before));
        }
        if let Some(after) = after {
            gaps.remove(&(after - right, right));
        }
        let left_count = counts.remove(&left).unwrap_or_default();
        let right_count = counts.remove(&right).unwrap_or_default();
        let count = left_count + right_count;
        let value = left + mean_offset(gap, right_count, count);
        counts.insert(value, count);
        if let Some(before) = before {
            gaps.insert((value - before, before));
        }
        if let Some(after) = after {
            gaps.insert((after - value, value));
        }
    }
}

/// The part of a gap that the right one of two values pulls their mean over, rounded down.
fn mean_offset(gap: i64, right_count: u64, count: u64) -> i64 {
    let offset = i128::from(gap) * i128::from(right_count) / i128::from(count.max(1));
    i64::try_from(offset).unwrap_or(gap)
}

#[cfg(test)]
mod tests;
