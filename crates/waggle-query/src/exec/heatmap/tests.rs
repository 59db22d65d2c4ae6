use super::{DecimalBins, Scale};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use waggle_store::column::decimal_value;

#[test]
fn integers_of_decimals_fall_into_the_bins_of_their_values() {
    for seed in 0..300 {
        println!("seed {seed}");
        let rng = &mut StdRng::seed_from_u64(seed);
        let exponent = rng.random_range(0..9);
        let span = [0, 1, 49, 50, 3_000, 1 << 20, 1 << 49][rng.random_range(0..7)];
        let low = rng.random_range(-1_000_000..1_000_000);
        let high = low + rng.random_range(0..=span);
        let value = |integer| decimal_value(integer, exponent);
        let scale = Scale::new(value(low), value(high));
        let bins = DecimalBins::new(&scale, exponent).unwrap();
        let edges: Vec<i64> = bins
            .ends
            .iter()
            .copied()
            .filter(|end| *end < high)
            .collect();
        let inside = (0..1_000).map(|_| rng.random_range(low..=high));
        let near_edges = edges.iter().flat_map(|edge| [edge - 1, *edge, edge + 1]);
        for integer in inside.chain(near_edges).chain([low, high]) {
            if (low..=high).contains(&integer) {
                assert_eq!(bins.bin(integer), scale.bin(value(integer)), "{integer}");
            }
        }
    }
}
