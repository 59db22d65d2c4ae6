//! When the faults of one service were unusual: minutes compared with the hour before them.
//!
//! A minute is unusual against a past when both hold: in the minute itself more than [`TIMES_MIN`] times the past's part of the requests
//! failed, and the [`RECENT`] minutes up to it have so many faults that chance alone would bring them less often than
//! [`CHANCE_MAX`] (see [`chance`]). The first guards against rises that are certain but small, as of services with very many requests;
//! the second against single faults of services with few. An insight begins when a minute is unusual against the [`PAST`] minutes before
//! the recent ones, keeps that past to the end, so that a long trouble does not become its own measure, and ends with the last unusual
//! minute that has no other within [`RECENT`] behind it.
//!
//! None begins before the one before it ended. Besides that, what is found depends on the minutes from `RECENT + PAST` before its start on
//! and on nothing else: whoever looks at a part of the series that has those finds the same.

use super::chance::{Share, chance};

/// Minutes whose faults are weighed together.
pub(super) const RECENT: i64 = 5;
/// Minutes before those that they are compared with.
pub(super) const PAST: i64 = 60;
/// One false alarm in a million minutes that are looked at, if faults were independent of one another.
const CHANCE_MAX: f64 = 1e-6;
/// How many times the past's part must fail.
const TIMES_MIN: u64 = 2;

/// Requests of one service and those of them that failed by themselves, by minute: a sum that grows, so that any stretch is a difference.
#[derive(Debug, Default)]
pub(super) struct Series {
    /// Minutes with requests, ascending, each with the sum up to and with it.
    sums: Vec<(i64, Share)>,
}

/// When faults were unusual, in minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unusual {
    /// The first one.
    pub(super) start: i64,
    /// Behind the last one.
    pub(super) end: i64,
    /// What it was compared with.
    pub(super) past: Share,
}

impl Series {
    /// A series of minutes that ascend.
    pub(super) fn new(minutes: impl Iterator<Item = (i64, Share)>) -> Self {
        let mut sum = Share::default();
        let sums = minutes.map(|(minute, share)| {
            sum.faults += share.faults;
            sum.total += share.total;
            (minute, sum)
        });
        Self {
            sums: sums.collect(),
        }
    }

    /// All times with unusual faults that show from a minute on, each at most so many minutes long. None begins in another.
    pub(super) fn all(&self, first: i64, length_max: i64) -> Vec<Unusual> {
        let mut found: Vec<Unusual> = Vec::new();
        for (minute, _) in &self.sums {
            let free = found.last().map_or(i64::MIN, |last| last.end);
            if *minute >= first.max(free) {
                found.extend(self.found_in(*minute, free, length_max));
            }
        }
        found
    }

    /// The one that begins in a minute.
    pub(super) fn at(&self, start: i64, length_max: i64) -> Option<Unusual> {
        let minutes = start..start.saturating_add(RECENT);
        let mut found = minutes.filter_map(|minute| self.found_in(minute, start, length_max));
        found.find(|unusual| unusual.start == start)
    }

    /// The one that shows in a minute for the first time, and does not begin before another.
    fn found_in(&self, minute: i64, free: i64, length_max: i64) -> Option<Unusual> {
        let recent = minute.saturating_sub(RECENT - 1);
        let past = self.sum(recent.saturating_sub(PAST), recent);
        if !self.is_unusual(minute, past) {
            return None;
        }
        let start = (recent.max(free)..=minute).find(|minute| self.is_high(*minute, past))?;
        let mut last = minute;
        for next in self.behind(minute) {
            if next - last > RECENT || next - start >= length_max {
                break;
            }
            if self.is_unusual(next, past) {
                last = next;
            }
        }
        Some(Unusual {
            start,
            end: last.saturating_add(1),
            past,
        })
    }

    fn is_unusual(&self, minute: i64, past: Share) -> bool {
        let recent = self.sum(minute.saturating_sub(RECENT - 1), minute.saturating_add(1));
        self.is_high(minute, past) && chance(recent, past) < CHANCE_MAX
    }

    fn is_high(&self, minute: i64, past: Share) -> bool {
        let here = self.sum(minute, minute.saturating_add(1));
        let times = |one: u64, other: u64| u128::from(one) * u128::from(other);
        times(here.faults, past.total) > times(past.faults, here.total) * u128::from(TIMES_MIN)
    }

    fn behind(&self, minute: i64) -> impl Iterator<Item = i64> {
        let place = self.sums.partition_point(|(known, _)| *known <= minute);
        self.sums.iter().skip(place).map(|(minute, _)| *minute)
    }

    /// The sum of the minutes from one to before another.
    fn sum(&self, start: i64, end: i64) -> Share {
        let before = |minute: i64| {
            let count = self.sums.partition_point(|(known, _)| *known < minute);
            let last = count.checked_sub(1).and_then(|last| self.sums.get(last));
            last.map_or_else(Share::default, |(_, sum)| *sum)
        };
        let (before, all) = (before(start), before(end));
        Share {
            faults: all.faults - before.faults,
            total: all.total - before.total,
        }
    }
}

#[cfg(test)]
mod tests;
