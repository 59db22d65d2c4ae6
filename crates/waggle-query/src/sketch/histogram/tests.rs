use super::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const SEED: u64 = 20_261_122;

/// Values of many sizes: the exponent is as random as the digits.
fn values(rng: &mut StdRng, count: usize, exponents: std::ops::Range<i32>) -> Vec<(f64, u64)> {
    (0..count)
        .map(|_| {
            let sign = if rng.random_bool(0.3) { -1.0 } else { 1.0 };
            let value = match rng.random_range(0..20) {
                0 => 0.0,
                _ => {
                    sign * rng.random_range(1.0..2.0)
                        * 2_f64.powi(rng.random_range(exponents.clone()))
                }
            };
            (value, rng.random_range(1..5))
        })
        .collect()
}

fn histogram(values: &[(f64, u64)]) -> Histogram {
    let mut histogram = Histogram::default();
    for (value, weight) in values {
        histogram.add(*value, *weight);
    }
    histogram
}

fn exact(values: &[(f64, u64)], per_mille: u64) -> f64 {
    let mut repeated: Vec<f64> = values
        .iter()
        .flat_map(|(value, weight)| std::iter::repeat_n(*value, *weight as usize))
        .collect();
    repeated.sort_by(f64::total_cmp);
    let rank = (repeated.len() as u64 * per_mille).div_ceil(1_000).max(1);
    repeated[rank as usize - 1]
}

#[test]
fn every_quantile_is_within_one_part_in_128() {
    println!("seed {SEED}");
    let mut rng = StdRng::seed_from_u64(SEED);
    for (count, exponents) in [
        (1, 0..1),
        (2, -3..3),
        (20, -3..3),
        (3_000, -10..10),
        (3_000, -1_000..1_000),
        (20_000, -300..300),
    ] {
        let values = values(&mut rng, count, exponents);
        let histogram = histogram(&values);
        for per_mille in [1, 10, 50, 100, 250, 500, 750, 900, 950, 990, 999] {
            let expected = exact(&values, u64::from(per_mille));
            let answer = histogram.quantile(per_mille).unwrap();
            assert!(
                (answer - expected).abs() <= expected.abs() / 128.0,
                "{per_mille} per mille of {count}: {answer}, exactly {expected}"
            );
        }
    }
}

#[test]
fn any_split_and_any_order_of_merging_gives_the_same_answers() {
    println!("seed {SEED}");
    let mut rng = StdRng::seed_from_u64(SEED + 1);
    for round in 0..60 {
        let width = [3, 50, 1_000][round % 3];
        let values = values(&mut rng, 300, -width..width);
        let whole = histogram(&values);
        let (first, second) = values.split_at(rng.random_range(0..=values.len()));
        let (second, third) = second.split_at(rng.random_range(0..=second.len()));
        let [first, second, third] = [first, second, third].map(histogram);
        let merged = |parts: [&Histogram; 3]| {
            let mut all = Histogram::default();
            for part in parts {
                all.merge(part);
            }
            all
        };
        let mut nested = second.clone();
        nested.merge(&third);
        let mut nested_last = first.clone();
        nested_last.merge(&nested);
        for other in [
            merged([&first, &second, &third]),
            merged([&third, &first, &second]),
            nested_last,
        ] {
            for per_mille in 0..=1_000 {
                assert_eq!(whole.quantile(per_mille), other.quantile(per_mille));
            }
        }
    }
}

#[test]
fn the_edges_of_the_number_line_have_bins() {
    for value in [
        0.0,
        -0.0,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        f64::INFINITY,
        f64::NEG_INFINITY,
        5e-324,
    ] {
        let mut histogram = Histogram::default();
        histogram.add(value, 1);
        assert_eq!(histogram.quantile(500), Some(value));
    }
    assert_eq!(Histogram::default().quantile(500), None);
}

#[test]
fn far_apart_bins_do_not_cost_the_span_between_them() {
    let mut histogram = Histogram::default();
    for exponent in -1_000..1_000 {
        histogram.add(2_f64.powi(exponent), 1);
        histogram.add(-(2_f64.powi(exponent)), 1);
    }
    assert!(
        histogram.heap_bytes() < 200_000,
        "{}",
        histogram.heap_bytes()
    );
}
