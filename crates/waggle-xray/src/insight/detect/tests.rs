//! Times found in series made by hand, and in random ones as slow loops over the definition find them.

use super::{Series, Unusual};
use crate::insight::chance::Share;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;

const LENGTH_MAX: i64 = 360;

/// Minutes from 0, each with its faults and requests.
fn series(minutes: &[(u64, u64)]) -> Series {
    let shares = minutes
        .iter()
        .map(|(faults, total)| (*faults, *total))
        .map(|(faults, total)| Share { faults, total });
    Series::new((0..).zip(shares))
}

fn found(minutes: &[(u64, u64)]) -> Vec<(i64, i64)> {
    let all = series(minutes).all(0, LENGTH_MAX);
    all.iter()
        .map(|unusual| (unusual.start, unusual.end))
        .collect()
}

fn hours(parts: &[(usize, (u64, u64))]) -> Vec<(u64, u64)> {
    let parts = parts.iter();
    parts
        .flat_map(|(count, minute)| std::iter::repeat_n(*minute, *count))
        .collect()
}

#[test]
fn a_burst_is_found_from_its_first_to_its_last_minute() {
    // 65 minutes of 1 in 100, six minutes of 30 in 100, 20 minutes as before. At minute 65 the recent ones are four of 1 and one of 30
    // in 100: 34 of 500 against 60 of 6,000.
    let minutes = hours(&[(65, (1, 100)), (6, (30, 100)), (20, (1, 100))]);
    assert_eq!(found(&minutes), [(65, 71)]);
    let past = Share {
        faults: 60,
        total: 6_000,
    };
    let (start, end) = (65, 71);
    assert_eq!(
        series(&minutes).at(65, LENGTH_MAX),
        Some(Unusual { start, end, past })
    );
    assert_eq!(series(&minutes).at(60, LENGTH_MAX), None);
}

#[test]
fn no_past_no_change_and_single_faults_are_nothing() {
    assert_eq!(found(&hours(&[(200, (1, 100))])), []);
    assert_eq!(found(&hours(&[(200, (100, 100))])), []);
    // Nothing is known of the time before.
    assert_eq!(found(&hours(&[(30, (50, 100))])), []);
    // 3 of 100 among 500 after 0 of 6,000: C(500, 3) / C(6500, 3), one in two thousand.
    assert_eq!(found(&hours(&[(65, (0, 100)), (1, (3, 100))])), []);
    // Certain, but less than twice what it was.
    let little = hours(&[(65, (1_000, 100_000)), (10, (1_900, 100_000))]);
    assert_eq!(found(&little), []);
}

#[test]
fn of_a_service_with_one_request_a_minute_five_faults_in_a_row_are_found() {
    // Five of five after none of sixty: one of C(65, 5) ways, one in eight million. Four of five: 5 of C(65, 4), one in 135,000.
    let minutes = hours(&[(65, (0, 1)), (5, (1, 1)), (10, (0, 1))]);
    assert_eq!(found(&minutes), [(65, 70)]);
    assert_eq!(
        found(&hours(&[(65, (0, 1)), (4, (1, 1)), (10, (0, 1))])),
        []
    );
}

#[test]
fn a_rest_of_five_minutes_ends_it() {
    let with_rest = |rest| {
        hours(&[
            (65, (0, 100)),
            (2, (50, 100)),
            (rest, (0, 100)),
            (2, (50, 100)),
        ])
    };
    assert_eq!(found(&with_rest(4)), [(65, 73)]);
    // Minute 72 is the sixth behind the last one.
    assert_eq!(found(&with_rest(5)), [(65, 67), (72, 74)]);
}

#[test]
fn a_long_trouble_is_one_until_it_is_the_rule() {
    let minutes = hours(&[(65, (0, 100)), (500, (50, 100))]);
    assert_eq!(found(&minutes), [(65, 65 + LENGTH_MAX)]);
}

#[test]
fn the_next_one_begins_behind_the_last_one() {
    // At most ten minutes long: at minute 75 the hour before the last five has 300 of 6,000, and is one part of ten of what fails now.
    let minutes = hours(&[(65, (0, 100)), (20, (50, 100))]);
    let series = series(&minutes);
    let all = series.all(0, 10);
    let spans: Vec<(i64, i64)> = all.iter().map(|one| (one.start, one.end)).collect();
    assert_eq!(spans, [(65, 75), (75, 85)]);
    for unusual in all {
        assert_eq!(series.at(unusual.start, 10), Some(unusual));
    }
}

#[test]
fn what_shows_before_the_first_minute_is_left_out() {
    let minutes = hours(&[(65, (0, 100)), (6, (50, 100)), (20, (0, 100))]);
    let series = series(&minutes);
    let starts = |first: i64| -> Vec<i64> {
        let all = series.all(first, LENGTH_MAX);
        all.iter().map(|unusual| unusual.start).collect()
    };
    assert_eq!(starts(65), [65]);
    assert_eq!(starts(71), [0; 0]);
}

#[test]
fn a_part_of_a_series_gives_the_same() {
    let minutes = hours(&[(300, (1, 50)), (9, (20, 50)), (300, (1, 50))]);
    let whole = series(&minutes).at(300, LENGTH_MAX);
    assert!(whole.is_some());
    let part = (300 - 65..).zip(&minutes[300 - 65..]);
    let part = Series::new(part.map(|(minute, (faults, total))| {
        let (faults, total) = (*faults, *total);
        (minute, Share { faults, total })
    }));
    assert_eq!(part.at(300, LENGTH_MAX), whole);
    assert_eq!(part.all(300 - 65, LENGTH_MAX), [whole.unwrap()]);
}

/// The definition, with a sum for every question.
struct Naive {
    minutes: BTreeMap<i64, (u64, u64)>,
}

impl Naive {
    fn sum(&self, minutes: std::ops::Range<i64>) -> (u64, u64) {
        let minutes = minutes.filter_map(|minute| self.minutes.get(&minute));
        minutes.fold((0, 0), |(a, b), (faults, total)| (a + faults, b + total))
    }

    fn is_high(&self, minute: i64, past: (u64, u64)) -> bool {
        let here = self.sum(minute..minute + 1);
        past.1 > 0 && here.0 * past.1 > 2 * past.0 * here.1
    }

    fn is_unusual(&self, minute: i64, past: (u64, u64)) -> bool {
        let recent = self.sum(minute - 4..minute + 1);
        self.is_high(minute, past) && naive_chance(recent, past) < 1e-6
    }

    fn all(&self, length_max: i64) -> Vec<(i64, i64)> {
        let mut found: Vec<(i64, i64)> = Vec::new();
        let (Some(first), Some(last)) = (self.minutes.keys().min(), self.minutes.keys().max())
        else {
            return found;
        };
        let mut minute = *first;
        while minute <= *last {
            let past = self.sum(minute - 64..minute - 4);
            if self.minutes.contains_key(&minute) && self.is_unusual(minute, past) {
                let free = found.last().map_or(i64::MIN, |last| last.1);
                let start = (free.max(minute - 4)..=minute)
                    .find(|m| self.is_high(*m, past))
                    .unwrap();
                let mut end = minute + 1;
                let mut next = minute + 1;
                while next < end + 5 && next - start < length_max {
                    if self.is_unusual(next, past) {
                        end = next + 1;
                    }
                    next += 1;
                }
                found.push((start, end));
                minute = end;
            } else {
                minute += 1;
            }
        }
        found
    }
}

/// Sums of logarithms, one factor at a time.
fn naive_chance(recent: (u64, u64), past: (u64, u64)) -> f64 {
    let ln_choose = |of: u64, count: u64| -> f64 {
        (0..count)
            .map(|step| ((of - step) as f64).ln() - ((step + 1) as f64).ln())
            .sum()
    };
    let faults = recent.0 + past.0;
    (recent.0..=recent.1.min(faults))
        .filter(|count| faults - count <= past.1)
        .map(|count| {
            let ways = ln_choose(recent.1, count) + ln_choose(past.1, faults - count);
            (ways - ln_choose(recent.1 + past.1, faults)).exp()
        })
        .sum()
}

#[test]
fn random_series_agree_with_the_definition() {
    let seed = rand::random::<u64>();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut found_count = 0;
    for round in 0..60 {
        let length_max = random.random_range(3..100);
        let mut minutes = BTreeMap::new();
        let traffic = random.random_range(1..30);
        let mut rate: f64 = 0.02;
        for minute in 0..random.random_range(60..400_i64) {
            if random.random_bool(0.02) {
                rate = [0.0, 0.02, 0.1, 0.6, 1.0][random.random_range(0..5)];
            }
            if random.random_bool(0.1) {
                continue;
            }
            let total = random.random_range(0..=traffic);
            let faults = (0..total).filter(|_| random.random_bool(rate)).count() as u64;
            minutes.insert(minute - 100, (faults, total));
        }
        let series = Series::new(minutes.iter().map(|(minute, (faults, total))| {
            let (faults, total) = (*faults, *total);
            (*minute, Share { faults, total })
        }));
        let all = series.all(i64::MIN, length_max);
        found_count += all.len();
        let spans: Vec<(i64, i64)> = all
            .iter()
            .map(|unusual| (unusual.start, unusual.end))
            .collect();
        assert_eq!(spans, Naive { minutes }.all(length_max), "round {round}");
    }
    assert!(found_count > 0);
}
