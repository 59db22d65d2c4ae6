use super::*;
use crate::otlp::metrics::point::Buckets;

fn check(actual: Option<f64>, expected: Option<f64>) {
    match (actual, expected) {
        (Some(actual), Some(expected)) => {
            assert!(
                (actual - expected).abs() < 1e-9,
                "{actual} is not {expected}"
            );
        }
        (actual, expected) => assert_eq!(actual, expected),
    }
}

fn point(counts: &[u64], bounds: &[f64]) -> PointView<'static> {
    PointView {
        bucket_counts: counts.to_vec(),
        bounds: bounds.to_vec(),
        ..PointView::default()
    }
}

#[test]
fn values_lie_evenly_between_the_bounds_of_their_bucket() {
    let histogram = point(&[0, 10, 30, 10, 0], &[0.0, 10.0, 20.0, 40.0]);
    check(explicit(0.2, &histogram), Some(10.0));
    check(explicit(0.5, &histogram), Some(15.0));
    check(explicit(0.9, &histogram), Some(30.0));
    check(explicit(1.0, &histogram), Some(40.0));
}

#[test]
fn open_ends_reach_as_far_as_is_known() {
    let mut histogram = point(&[10, 0, 10], &[10.0, 20.0]);
    check(explicit(0.25, &histogram), Some(5.0));
    check(explicit(0.75, &histogram), Some(20.0));
    (histogram.min, histogram.max) = (Some(8.0), Some(60.0));
    check(explicit(0.25, &histogram), Some(9.0));
    check(explicit(0.75, &histogram), Some(40.0));
    let below_zero = point(&[10, 0], &[-5.0]);
    check(explicit(0.5, &below_zero), Some(-5.0));
}

#[test]
fn a_single_value_is_known_exactly() {
    let mut histogram = point(&[0, 1, 0], &[10.0, 20.0]);
    (histogram.min, histogram.max) = (Some(12.5), Some(12.5));
    for (_, quantile) in PERCENTILES {
        check(explicit(quantile, &histogram), Some(12.5));
    }
}

#[test]
fn buckets_that_cannot_tell_give_nothing() {
    check(explicit(0.5, &point(&[], &[])), None);
    check(explicit(0.5, &point(&[0, 0], &[1.0])), None);
    check(explicit(0.5, &point(&[1, 1], &[1.0, 2.0])), None);
    check(explicit(0.5, &point(&[7], &[])), None);
    check(exponential(0.5, &PointView::default()), None);
}

#[test]
fn buckets_whose_bounds_are_powers_are_read_on_their_scale() {
    let buckets = |offset, counts: &[u64]| Buckets {
        offset,
        counts: counts.to_vec(),
    };
    // Scale 0: bounds are powers of two, here (4, 8] and (8, 16].
    let mut histogram = PointView {
        positive: buckets(2, &[10, 10]),
        ..PointView::default()
    };
    check(exponential(0.5, &histogram), Some(8.0));
    check(exponential(0.75, &histogram), Some(2_f64.powf(3.5)));
    histogram.max = Some(9.0);
    check(exponential(0.99, &histogram), Some(9.0));
    // Scale 1: bounds are powers of the root of two.
    histogram.scale = 1;
    check(exponential(0.5, &histogram), Some(2_f64.powf(1.5)));
    // [-8, -4), zeros, (4, 8].
    let histogram = PointView {
        negative: buckets(2, &[10]),
        zero_count: 10,
        positive: buckets(2, &[10]),
        ..PointView::default()
    };
    check(exponential(1.0 / 6.0, &histogram), Some(-(2_f64.powf(2.5))));
    check(exponential(0.5, &histogram), Some(0.0));
    check(exponential(1.0, &histogram), Some(8.0));
}
