use super::*;
use crate::testing;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

#[test]
fn it_sorts_whatever_the_order_was() {
    for seed in 0..60 {
        let mut rng = StdRng::seed_from_u64(seed);
        let count = rng.random_range(0..4_000);
        let mut items: Vec<u32> = (0..count).collect();
        match seed % 4 {
            0 => {}
            1 => items.reverse(),
            2 => items.rotate_left(count as usize / 3),
            _ => {
                for index in (1..items.len()).rev() {
                    items.swap(index, rng.random_range(0..=index));
                }
            }
        }
        let (left, right) = items.split_at(items.len() / 2);
        let parts = [left.to_vec(), right.to_vec()];
        let mut items = concat(&parts, &testing::watch()).unwrap();
        sort(&mut items, &testing::watch(), |one, other| one.cmp(other)).unwrap();
        assert!(items.iter().copied().eq(0..count), "seed {seed}");
    }
}

#[test]
fn it_stops_in_the_middle() {
    let watch = testing::watch();
    let mut items: Vec<u32> = (0..100_000).rev().collect();
    let compared = std::cell::Cell::new(0);
    let answer = sort(&mut items, &watch, |one, other| {
        compared.set(compared.get() + 1);
        if compared.get() == 1_000 {
            watch.fail(ExecError::Cancelled);
        }
        one.cmp(other)
    });
    assert!(matches!(answer, Err(ExecError::Cancelled)));
    assert!(compared.get() < 2_000, "{}", compared.get());
    assert!(concat(&[items], &watch).is_err());
}
