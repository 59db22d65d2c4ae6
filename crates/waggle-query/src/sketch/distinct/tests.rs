use super::*;
use crate::number::mix;

fn counter(values: impl IntoIterator<Item = u64>) -> DistinctCounter {
    let mut counter = DistinctCounter::default();
    for value in values {
        counter.insert(mix(value.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    }
    counter
}

#[test]
fn small_counts_are_exact() {
    for count in [
        0,
        1,
        FEW_MAX as u64,
        FEW_MAX as u64 + 1,
        500,
        EXACT_MAX as u64,
    ] {
        let counter = counter((0..count).chain(0..count));
        assert!(counter.is_exact());
        assert_eq!(counter.count(), count);
    }
}

#[test]
fn large_counts_are_within_four_standard_errors() {
    for count in [2_001, 10_000, 40_000, 70_000, 300_000] {
        let counter = counter(0..count);
        assert!(!counter.is_exact());
        let error = (counter.count() as f64 - count as f64).abs() / count as f64;
        assert!(error < 4.0 * 0.0081, "{} for {count}", counter.count());
    }
}

#[test]
fn any_split_and_any_order_of_merging_gives_the_same_count() {
    for (whole, cut, overlap) in [
        (10, 3, 2),
        (100, 10, 50),
        (2_000, 1_890, 100),
        (2_001, 1_000, 0),
        (30_000, 5, 5),
        (30_000, 15_000, 3_000),
    ] {
        let expected = counter(0..whole).count();
        let (first, second) = (counter(0..cut + overlap), counter(cut..whole));
        let mut forward = first.clone();
        forward.merge(&second);
        let mut backward = second.clone();
        backward.merge(&first);
        assert_eq!(forward.count(), expected);
        assert_eq!(backward.count(), expected);
        assert_eq!(forward.is_exact(), whole <= EXACT_MAX as u64);
    }
}
