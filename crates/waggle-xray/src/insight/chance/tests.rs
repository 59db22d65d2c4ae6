//! The test against numbers worked out by hand, and against exact fractions.

use super::{Share, chance, ln_factorial};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

fn share(faults: u64, total: u64) -> Share {
    Share { faults, total }
}

fn check(recent: Share, past: Share, expected: f64) {
    let got = chance(recent, past);
    assert!(
        (got - expected).abs() <= 1e-9 * expected,
        "{recent:?} {past:?}: {got}, not {expected}"
    );
}

#[test]
fn the_chance_is_that_of_the_lady_tasting_tea() {
    // Of 4 + 4 cups all four right: 1 of 70 ways; three or more: (1 + 16) of 70.
    check(share(4, 4), share(0, 4), 1.0 / 70.0);
    check(share(3, 4), share(1, 4), 17.0 / 70.0);
    // 5 of 5 fail after 60 that did not: one way of the C(65, 5) = 8,259,888.
    check(share(5, 5), share(0, 60), 1.0 / 8_259_888.0);
    // 2 of 10 after 1 of 10: C(10,2) C(10,1) + C(10,3) = 570 of the C(20, 3) = 1,140.
    check(share(2, 10), share(1, 10), 0.5);
}

#[test]
fn nothing_follows_from_no_past_and_no_faults() {
    check(share(100, 100), share(0, 0), 1.0);
    check(share(0, 100), share(50, 100), 1.0);
    // What always fails fails again.
    check(share(100, 100), share(900, 900), 1.0);
}

#[test]
fn large_counts_are_no_trouble() {
    // Three times the rate of a hundred million: beyond all doubt, and no number is lost on the way.
    let got = chance(share(30_000, 1_000_000), share(1_000_000, 100_000_000));
    assert_eq!(got, 0.0);
    let same = chance(share(10_000, 1_000_000), share(1_000_000, 100_000_000));
    assert!((0.4..0.6).contains(&same), "{same}");
}

#[test]
fn far_fewer_faults_than_before_are_no_wonder() {
    check(share(1, 40_001), share(30_000, 600_000), 1.0);
    check(share(1, 8_001), share(6_000, 60_000), 1.0);
    // Where the first term has all of its digits, the sum of the others is the same 1.
    check(share(1, 801), share(600, 6_000), 1.0);
}

fn choose(of: u64, count: u64) -> u128 {
    (0..u128::from(count)).fold(1, |ways, step| ways * (u128::from(of) - step) / (step + 1))
}

#[test]
fn random_counts_agree_with_fractions() {
    let seed = rand::random::<u64>();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    for _ in 0..5_000 {
        let of = |random: &mut StdRng, total: u64| share(random.random_range(0..=total), total);
        let (most, other) = (random.random_range(0..40), random.random_range(1..40));
        let (recent, past) = (of(&mut random, most), of(&mut random, other));
        let faults = recent.faults + past.faults;
        let ways: u128 = (recent.faults..=recent.total.min(faults))
            .filter(|count| faults - count <= past.total)
            .map(|count| choose(recent.total, count) * choose(past.total, faults - count))
            .sum();
        let all = choose(recent.total + past.total, faults);
        check(recent, past, ways as f64 / all as f64);
    }
}

#[test]
fn the_series_meets_the_product() {
    let product: f64 = (2..=40_u64).map(|factor| (factor as f64).ln()).sum();
    assert!((ln_factorial(40) - product).abs() < 1e-11);
}
