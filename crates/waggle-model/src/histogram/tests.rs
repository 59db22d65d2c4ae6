use super::*;

fn bucket(lower: f64, upper: f64, count: u64) -> ExplicitBucket {
    ExplicitBucket {
        lower,
        upper,
        count,
    }
}

#[test]
fn what_is_written_is_read_back() {
    let explicit = BucketCounts {
        explicit: vec![
            bucket(f64::NEG_INFINITY, -0.5, 7),
            bucket(0.0, 5.0, 3),
            bucket(1e300, f64::INFINITY, 1),
        ],
        sum: Some(31.5),
        max: Some(1e-7),
        ..BucketCounts::default()
    };
    let powers = BucketCounts {
        exponential: Some(ExponentialBuckets {
            scale: -3,
            zero: 2,
            positive: vec![(-1, 4), (0, 1), (9, 8)],
            negative: vec![(-7, 2), (i32::MAX, 3)],
        }),
        min: Some(-2.0),
        ..BucketCounts::default()
    };
    for (counts, text, total) in [
        (BucketCounts::default(), "hist", 0),
        (
            explicit,
            "hist -inf..-0.5:7 0..5:3 1e300..inf:1 sum=31.5 max=1e-7",
            11,
        ),
        (
            powers,
            "hist scale=-3 zero=2 --7:2 -2147483647:3 +-1:4,1 +9:8 min=-2",
            20,
        ),
    ] {
        assert_eq!(counts.to_string(), text);
        assert_eq!(BucketCounts::parse(text), Some(counts.clone()));
        assert_eq!(counts.total(), total);
    }
}

#[test]
fn no_other_text_is_read() {
    for text in [
        "",
        "history",
        "hist ",
        "hist 5..0:1",
        "hist 0..NaN:1",
        "hist 0..5:0",
        "hist 0..5:-1",
        "hist 5..9:1 0..5:1",
        "hist 0..5:1 0..5:1",
        "hist +1:1",
        "hist scale=1 +3:1 +2:1",
        "hist scale=1 +2147483647:1,1",
        "hist scale=1 scale=2",
        "hist scale=1 +1:",
        "hist sum=inf",
        "hist mean=1",
        "hist  0..5:1",
    ] {
        assert_eq!(BucketCounts::parse(text), None, "{text}");
    }
}

#[test]
fn more_buckets_than_any_exporter_makes_are_no_histogram() {
    let run = |count: usize| format!("hist scale=0 +0:{}", vec!["1"; count].join(","));
    let ranges = |count: usize| {
        let ranges = (0..count).map(|at| format!(" {at}..{}:1", at + 1));
        format!("hist{}", ranges.collect::<String>())
    };
    for text in [&run, &ranges as &dyn Fn(usize) -> String] {
        let most = BucketCounts::parse(&text(FILLED_BUCKETS_MAX)).unwrap();
        assert_eq!(most.bucket_count(), FILLED_BUCKETS_MAX);
        assert_eq!(BucketCounts::parse(&text(FILLED_BUCKETS_MAX + 1)), None);
        // Both kinds together have no more.
        let both = format!("{} 0.5..0.75:1", run(FILLED_BUCKETS_MAX));
        assert_eq!(BucketCounts::parse(&both), None);
    }
}
