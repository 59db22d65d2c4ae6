use super::*;

#[test]
fn quantiles_are_named_as_percentiles_are() {
    for (quantile, ending) in [
        (0.0, ".min"),
        (-0.0, ".min"),
        (1.0, ".max"),
        (0.5, ".p50"),
        (0.05, ".p05"),
        (0.9, ".p90"),
        (0.25, ".p25"),
        (0.999, ".p999"),
        (0.9999, ".p9999"),
        (1e-12, ".min"),
        (2.0, ".q2"),
        (f64::NAN, ".qNaN"),
    ] {
        assert_eq!(quantile_ending(quantile), ending, "{quantile}");
    }
}

#[test]
fn attributes_are_the_same_in_any_order_and_encoding_of_repeats() {
    let attribute = |key: &'static str, text: &'static str| Attribute {
        key: key.into(),
        value: crate::otlp::view::Value::String(text.into()),
    };
    let (a, b, again) = (
        attribute("a", "1"),
        attribute("b", "2"),
        attribute("a", "3"),
    );
    let identity = |attributes: &[Attribute<'_>]| {
        let mut identity = Identity::default();
        identity.of(&[], attributes).0.to_vec()
    };
    assert_eq!(
        identity(&[a.clone(), b.clone()]),
        identity(&[b.clone(), a.clone()])
    );
    assert_eq!(
        identity(&[a.clone(), b.clone(), again.clone()]),
        identity(&[a.clone(), b.clone()])
    );
    assert_ne!(identity(&[a.clone(), b]), identity(&[again, a]));
}

#[test]
fn both_encodings_declare_the_type_of_a_metric() {
    let body = br#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[
        {"name":"a","sum":{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[{"asInt":"3"}]}},
        {"name":"b","sum":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_CUMULATIVE","isMonotonic":"true","dataPoints":[{"asInt":3}]}},
        {"name":"c","sum":{"aggregation_temporality":"1","is_monotonic":null,"dataPoints":[{"asInt":"3"}]}},
        {"name":"d","histogram":{"aggregationTemporality":1,"dataPoints":[{"count":"3"}]}},
        {"name":"e","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[{"count":"3"}]}}
    ]}]}]}"#;
    let headers = OtlpHeaders::default();
    let limits = EventLimits::default();
    let decoded = decode_metrics(body, Encoding::Json, &headers, &limits, 7).unwrap();
    let kinds: Vec<(&str, &str)> = decoded
        .metrics
        .iter()
        .map(|(name, kind)| (name.as_str(), kind.name()))
        .collect();
    let expected = [
        ("a", "sum(delta,monotonic)"),
        ("b", "sum(cumulative,monotonic)"),
        ("c", "sum(delta)"),
        ("d", "histogram(delta)"),
        ("e", "histogram(cumulative)"),
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn a_histogram_of_more_buckets_than_are_kept_has_no_text() {
    use waggle_model::FILLED_BUCKETS_MAX;
    for (filled, is_kept) in [(FILLED_BUCKETS_MAX, true), (FILLED_BUCKETS_MAX + 1, false)] {
        let mut point = PointView {
            count: filled as u64,
            ..PointView::default()
        };
        // Empty buckets cost nothing.
        point.positive.counts = vec![0; 100_000];
        point.positive.counts[50_000..50_000 + filled].fill(1);
        let counts = buckets::counts(Kind::ExponentialHistogram, &point);
        assert_eq!(
            counts.map(|counts| counts.bucket_count()),
            is_kept.then_some(filled)
        );
    }
}
