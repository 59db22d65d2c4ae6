//! Histograms that hold what was counted, however many values there are.

use super::{Histogram, VALUES_GROWN_MAX, VALUES_MAX};

#[test]
fn few_values_are_kept_as_they_are() {
    let mut histogram = Histogram::default();
    for ms in [5, 3, 5] {
        histogram.add(ms * 1_000_000 + 400_000);
    }
    let entries: Vec<(f64, u64)> = histogram
        .entries()
        .iter()
        .map(|entry| (entry.value.as_f64(), entry.count))
        .collect();
    assert_eq!(entries, [(0.003, 1), (0.005, 2)]);
}

#[test]
fn many_values_are_merged_and_none_is_lost() {
    let mut histogram = Histogram::default();
    let count = 3 * VALUES_GROWN_MAX as i64;
    for number in 0..count {
        histogram.add(number * number % 1_000_003 * 1_000_000);
    }
    assert!(histogram.value_count() <= VALUES_GROWN_MAX);
    let entries = histogram.entries();
    assert_eq!(entries.len(), VALUES_MAX);
    assert!(entries.windows(2).all(|pair| pair[0].value < pair[1].value));
    assert_eq!(
        entries.iter().map(|entry| entry.count).sum::<u64>(),
        count as u64
    );
}

#[test]
fn the_nearest_are_merged_first() {
    let mut histogram = Histogram::default();
    for number in 0..VALUES_MAX as i64 {
        histogram.add(number * 10 * 1_000_000);
    }
    histogram.add(21 * 1_000_000);
    let entries = histogram.entries();
    assert_eq!(entries.len(), VALUES_MAX);
    assert_eq!((entries[2].value.as_f64(), entries[2].count), (0.02, 2));
    assert_eq!((entries[3].value.as_f64(), entries[3].count), (0.03, 1));
}
