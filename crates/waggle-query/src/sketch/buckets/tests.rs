use super::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

fn merged(texts: &[&str]) -> MergedBuckets {
    let mut merged = MergedBuckets::default();
    for text in texts {
        merged.add(&BucketCounts::parse(text).unwrap(), 1);
    }
    merged
}

#[track_caller]
fn check(texts: &[&str], per_mille: u32, expected: Option<f64>) {
    let found = merged(texts).quantile(per_mille, &[]);
    match (found, expected) {
        (Some(found), Some(expected)) => {
            let difference = (found - expected).abs();
            assert!(difference <= 1e-12 * expected.abs(), "{texts:?}: {found}");
        }
        _ => assert_eq!(found, expected, "{texts:?}"),
    }
}

#[test]
fn quantiles_have_their_hand_values() {
    // Rank 5 of 10: all 4 of the first bucket, and 1 of 4 in the second.
    let one = "hist 0..10:4 10..20:4 20..inf:2";
    check(&[one], 500, Some(12.5));
    check(&[one], 400, Some(10.0));
    // Nothing is known above 20, and then that 30 is the largest.
    check(&[one], 950, Some(20.0));
    check(&["hist 0..10:4 10..20:4 20..inf:2 max=30"], 950, Some(27.5));
    // The same bounds: 6 and 4 of ten; rank 5 is 5/6 of the first bucket.
    check(
        &["hist 0..10:4 10..20:1", "hist 0..10:2 10..20:3"],
        500,
        Some(50.0 / 6.0),
    );
    // One knows its smallest value: with the other's unknown it narrows nothing.
    check(&["hist 0..10:4 min=8", "hist 0..10:4"], 500, Some(5.0));
    check(
        &["hist 0..10:4 min=8", "hist 0..10:4 min=6"],
        500,
        Some(8.0),
    );
    // Other bounds: up to x in 5..10 there are 10 * x/10 + 6 * (x-5)/10; 8 of 16 are at x = 6.875.
    check(&["hist 0..10:10", "hist 5..15:6"], 500, Some(6.875));
    // Below zero, and without a lower bound.
    check(&["hist -20..-10:2 -10..0:2"], 250, Some(-15.0));
    check(&["hist -inf..-5:4"], 500, Some(-5.0));
    check(&["hist -inf..8:4"], 500, Some(4.0));
    // On a logarithmic scale the middle of 4..16 is 8.
    check(&["hist scale=-1 +1:4"], 500, Some(8.0));
    check(&["hist scale=-1 -1:4"], 500, Some(-8.0));
    check(&["hist scale=-1 -1:4"], 750, Some(-(2_f64.powf(2.5))));
    check(&["hist scale=0 zero=6 +0:2"], 500, Some(0.0));
    check(&["hist scale=0 +0:2 max=1.25"], 999, Some(1.25));
    check(&["hist"], 500, None);
    check(&["hist -inf..inf:3"], 500, None);
    check(&["hist -inf..inf:4 min=0 max=8"], 750, Some(6.0));
}

#[test]
fn single_values_count_beside_buckets() {
    let merged = merged(&["hist 0..10:4"]);
    let others = [Span::of_value(100.0, 4), Span::of_value(5.0, 2)];
    // Up to 5 there are 2 of the bucket and the two at 5; up to 10 two more; the rest is at 100.
    assert_eq!(merged.quantile(300, &others), Some(5.0));
    assert_eq!(merged.quantile(500, &others), Some(7.5));
    assert_eq!(merged.quantile(900, &others), Some(100.0));
}

#[test]
fn random_buckets_agree_with_the_plainest_search() {
    for seed in 0..500 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut texts = Vec::new();
        for _ in 0..rng.random_range(1..6) {
            let mut text = "hist".to_owned();
            if rng.random_bool(0.5) {
                let mut bound = rng.random_range(-20..20);
                for _ in 0..rng.random_range(0..6) {
                    let next = bound + rng.random_range(1..10);
                    text += &format!(" {bound}..{next}:{}", rng.random_range(1..9));
                    bound = next + rng.random_range(0..3);
                }
            } else {
                text += &format!(" scale={}", rng.random_range(-1..3));
                for side in ["-", "+"] {
                    let (first, count) = (rng.random_range(-3..6), rng.random_range(1..9));
                    text += &format!(" {side}{first}:{count},2");
                }
            }
            texts.push(text);
        }
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let merged = merged(&texts);
        let all: Vec<Span> = texts
            .iter()
            .flat_map(|text| spans(&BucketCounts::parse(text).unwrap()))
            .collect();
        for per_mille in [1, 250, 500, 990, 999] {
            let total: f64 = all.iter().map(|span| span.count as f64).sum();
            let rank = total * f64::from(per_mille) / 1_000.0;
            let up_to = |value: f64| -> f64 {
                let parts = all.iter();
                parts.map(|s| s.count as f64 * s.part_up_to(value)).sum()
            };
            let (mut low, mut high) = (-1e4, 1e4);
            for _ in 0..200 {
                let middle = (low + high) / 2.0;
                if up_to(middle) < rank {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            let found = merged.quantile(per_mille, &[]);
            match found {
                None => assert!(all.is_empty(), "seed {seed}"),
                Some(found) => assert!(
                    // A flat stretch has its end within a rounding of its begin.
                    (found - high).abs() < 1e-6 || (up_to(found) - rank).abs() < 1e-9 * total,
                    "seed {seed}: P{per_mille} of {texts:?}: {found} not {high}"
                ),
            }
        }
    }
}

#[test]
fn bins_hold_every_value_once() {
    let edges = [0.0, 10.0, 20.0, 30.0];
    let bins = |text: &str| {
        let mut bins = [0; 4];
        let counts = BucketCounts::parse(text).unwrap();
        each_bin(&counts, &edges, |bin, count| bins[bin] += count);
        bins
    };
    assert_eq!(bins("hist 0..20:4 20..40:2"), [2, 2, 1, 1]);
    // 1 of 3 belongs to each third; a single value is where the middle of its bucket is.
    assert_eq!(bins("hist 0..30:3"), [1, 1, 1, 0]);
    assert_eq!(bins("hist 0..30:1"), [0, 1, 0, 0]);
    assert_eq!(bins("hist 10..inf:5"), [0, 5, 0, 0]);
    assert_eq!(bins("hist 0..inf:4 min=20 max=20"), [0, 0, 4, 0]);
    assert_eq!(bins("hist scale=0 zero=3 +4:8"), [3, 3, 4, 1]);
    assert_eq!(bins("hist -inf..inf:7"), [0; 4]);
}

#[test]
fn the_range_is_that_of_the_outermost_values() {
    let range = |text: &str| value_range(&BucketCounts::parse(text).unwrap());
    assert_eq!(range("hist"), None);
    assert_eq!(range("hist 5..10:1 20..inf:2"), Some((5.0, 20.0)));
    assert_eq!(
        range("hist 5..10:1 20..inf:2 min=7 max=50"),
        Some((7.0, 50.0))
    );
    assert_eq!(range("hist scale=0 -1:1 +2:1"), Some((-4.0, 8.0)));
    assert_eq!(
        range("hist scale=20 +2147483647:1"),
        Some((f64::MAX, f64::MAX))
    );
}

#[test]
fn histograms_of_ever_other_buckets_are_held_in_bounded_memory() {
    // Each run lies below the one before it; together they are the values 2^-8 up to 2^8, evenly on a logarithmic scale.
    let mut merged = MergedBuckets::default();
    let ones = vec!["1"; 2_048].join(",");
    for run in (-8..8).rev() {
        let text = format!(
            "hist scale=11 +{}:{ones} -{}:{ones}",
            run * 2_048,
            run * 2_048
        );
        merged.add(&BucketCounts::parse(&text).unwrap(), 1);
        assert!(merged.spans.len() <= SPANS_MAX, "{}", merged.spans.len());
    }
    let total: u64 = merged.spans.iter().map(|span| span.count).sum();
    assert_eq!(total, 2 * 16 * 2_048);
    for (per_mille, expected) in [(750, 1.0), (875, 16.0), (250, -1.0)] {
        let found = merged.quantile(per_mille, &[]).unwrap();
        assert!((found / expected - 1.0).abs() < 0.01, "{found}");
    }
    // What nothing bounds on one side is not joined with what is bounded.
    let mut merged = MergedBuckets::default();
    for first in 0..16 {
        let ranges = (0..1_024).map(|at| format!(" -inf..{}:1", first * 1_024 + at + 1));
        let text = format!("hist{} 20000..30000:1", ranges.collect::<String>());
        merged.add(&BucketCounts::parse(&text).unwrap(), 1);
    }
    assert!(merged.spans.len() <= SPANS_MAX);
    let bounded = merged.spans.iter().filter(|span| span.lower.is_finite());
    let bounded: Vec<_> = bounded
        .map(|span| (span.lower, span.upper, span.count))
        .collect();
    assert_eq!(bounded, [(20_000.0, 30_000.0, 16)]);
}
