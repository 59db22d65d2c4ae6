use super::*;

fn counts(text: &str) -> BucketCounts {
    BucketCounts::parse(text).unwrap()
}

#[test]
fn what_came_since_is_the_difference_unless_it_began_anew() {
    for (after, before, expected) in [
        (
            "hist 0..5:3 5..10:7 sum=50",
            "hist 0..5:3 5..10:2 sum=20",
            Some("hist 5..10:5 sum=30"),
        ),
        ("hist 0..5:3", "hist", Some("hist 0..5:3")),
        ("hist sum=1", "hist sum=1", Some("hist sum=0")),
        ("hist 0..5:3", "hist sum=0", Some("hist 0..5:3")),
        ("hist 0..5:3 5..10:7", "hist 0..5:4", None),
        ("hist 0..5:9", "hist 0..5:3 5..10:1", None),
        ("hist 0..6:9", "hist 0..5:3", None),
        ("hist 0..5:9", "hist scale=0 +1:1", None),
        ("hist 0..5:9", "hist scale=0", Some("hist 0..5:9")),
        (
            "hist scale=2 zero=3 +4:5,6 -1:2",
            "hist scale=2 zero=1 +4:5,2",
            Some("hist scale=2 zero=2 -1:2 +5:4"),
        ),
        ("hist scale=2 zero=3", "hist scale=2 zero=4", None),
        // 4 and 5 of scale 2 are 2 of scale 1.
        (
            "hist scale=1 +2:9",
            "hist scale=2 +4:5,1",
            Some("hist scale=1 +2:3"),
        ),
        ("hist scale=2 +4:9", "hist scale=1 +2:1", None),
        (
            "hist scale=2 +4:9",
            "hist scale=1",
            Some("hist scale=2 +4:9"),
        ),
    ] {
        let found = since(&counts(after), &counts(before));
        assert_eq!(found, expected.map(counts), "{after} since {before}");
    }
}

#[test]
fn sums_join_bounds_and_scales() {
    let mut sum = Sum::default();
    for text in [
        "hist 0..5:3 5..10:1 sum=20",
        "hist 0..5:1 0..10:2 sum=5",
        "hist scale=2 zero=1 -4:1 +-1:4 +7:1 sum=1",
        "hist scale=1 +-1:2 +3:5 sum=2",
    ] {
        sum.add(&counts(text));
    }
    let expected = "hist scale=1 zero=1 -2:1 +-1:6 +3:6 0..5:4 0..10:2 5..10:1 sum=28";
    assert_eq!(sum.0, counts(expected));
    sum.add(&counts("hist"));
    assert_eq!(sum.0.sum, None);
}

#[test]
fn a_sum_has_no_more_buckets_than_a_text_may() {
    let mut sum = Sum::default();
    let mut total = 0;
    for step in 0..6 {
        let first = step * 3_000;
        let ones = vec!["1"; 2_000].join(",");
        let ranges = (0..2_000).map(|at| format!(" {}..{}:1", first + at, first + at + 1));
        let text = format!(
            "hist scale=9 +-{first}:{ones}{}",
            ranges.collect::<String>()
        );
        sum.add(&counts(&text));
        total += 4_000;
        assert!(sum.0.bucket_count() <= FILLED_BUCKETS_MAX);
        assert_eq!(sum.0.total(), total);
        assert_eq!(BucketCounts::parse(&sum.0.to_string()), Some(sum.0.clone()));
    }
    assert_eq!(value_range(&sum.0).map(|(_, max)| max), Some(17_000.0));
    // The finest powers there are, and the coarsest, which can't be made coarser.
    for scale in [i32::MAX, i32::MIN] {
        let mut sum = Sum::default();
        for first in [0, 5_000] {
            let ones = vec!["1"; 4_000].join(",");
            sum.add(&counts(&format!("hist scale={scale} +{first}:{ones}")));
        }
        assert_eq!(sum.0.total(), 8_000);
    }
}
