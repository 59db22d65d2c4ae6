use super::{Demand, quotas};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Quotas of clients `a`, `b`, `c` and so on with these rates.
fn check(reservoir: u32, rates: &[f64], expected: &[u32]) {
    let names: Vec<String> = (b'a'..)
        .take(rates.len())
        .map(|c| char::from(c).to_string())
        .collect();
    let demands: Vec<Demand<'_>> = names
        .iter()
        .zip(rates)
        .map(|(client, rate)| Demand {
            client,
            rate: *rate,
        })
        .collect();
    assert_eq!(
        quotas(reservoir, &demands),
        expected,
        "{reservoir} of {rates:?}"
    );
}

#[test]
fn a_reservoir_is_shared() {
    check(0, &[9.0, 1.0], &[0, 0]);
    check(5, &[], &[]);
    check(10, &[100.0], &[10]);
    // Alone and idle: the whole reservoir for a burst.
    check(10, &[0.1], &[10]);
    // Equal shares; what is over goes to the busiest, then by name.
    check(10, &[50.0, 60.0, 50.0], &[3, 4, 3]);
    check(11, &[50.0, 60.0, 50.0], &[4, 4, 3]);
    // Who asks for less keeps that much, rounded up and at least one.
    check(10, &[1.2, 60.0], &[2, 8]);
    check(10, &[0.0, 60.0], &[1, 9]);
    check(12, &[1.0, 60.0, 50.0], &[1, 6, 5]);
    // More clients than there is to share: the busiest get one.
    check(2, &[1.0, 3.0, 2.0], &[0, 1, 1]);
    check(1, &[2.0, 2.0], &[1, 0]);
}

#[test]
fn nothing_is_given_out_that_is_not_there() {
    let seed = rand::random::<u64>();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    for _ in 0..5_000 {
        let clients = random.random_range(0..12_usize);
        let reservoir = random.random_range(0..40_u32);
        let names: Vec<String> = (0..clients)
            .map(|client| format!("{client:024x}"))
            .collect();
        let demands: Vec<Demand<'_>> = names
            .iter()
            .map(|client| Demand {
                client,
                rate: f64::from(random.random_range(0..200_u32)) / 10.0,
            })
            .collect();
        let given = quotas(reservoir, &demands);
        let total: u32 = given.iter().sum();
        assert!(total <= reservoir, "{reservoir} {demands:?} {given:?}");
        let is_enough = reservoir as usize >= clients;
        assert!(
            !is_enough || given.iter().all(|quota| *quota > 0),
            "{reservoir} {demands:?}"
        );
        // Nobody who wants more goes short while something is left.
        let is_short = demands
            .iter()
            .zip(&given)
            .any(|(demand, quota)| demand.rate > f64::from(*quota));
        assert!(
            !is_short || total == reservoir,
            "{reservoir} {demands:?} {given:?}"
        );
        // The order in which clients came does not matter.
        let turned: Vec<Demand<'_>> = demands.iter().rev().cloned().collect();
        let mut again = quotas(reservoir, &turned);
        again.reverse();
        assert_eq!(again, given);
    }
}
