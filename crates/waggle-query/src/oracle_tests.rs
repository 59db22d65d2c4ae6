//! The engine against the plain one of the test kit, over random events and random queries.
//!
//! A failure prints its seed; put that into [`REPLAY`] to run nothing else.

mod check;
mod dense;
mod groups;
mod histograms;
mod kept;
mod queries;
mod readings;
mod rows;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::ops::Range;
use waggle_model::{TimeRange, Value};

/// The seed to run alone, from a failure.
const REPLAY: Option<u64> = None;
const FIRST_SEED: u64 = 1_000_000;

/// Runs a case per seed and names the seed of the first that fails.
fn each_seed(cases: Range<u64>, case: fn(&mut StdRng)) {
    let seeds = match REPLAY {
        Some(seed) => seed..seed + 1,
        None => FIRST_SEED + cases.start..FIRST_SEED + cases.end,
    };
    println!("seeds {seeds:?}");
    for seed in seeds {
        let outcome = std::panic::catch_unwind(|| case(&mut StdRng::seed_from_u64(seed)));
        if let Err(panic) = outcome {
            println!("failed with seed {seed}: set REPLAY to Some({seed})");
            std::panic::resume_unwind(panic);
        }
    }
}

fn random_range(rng: &mut StdRng) -> TimeRange {
    let start_s = rng.random_range(-100..2_000_000_000_i64);
    let length_s = [1, 60, 600, 7_200, 86_400, 2_419_200][rng.random_range(0..6)];
    TimeRange {
        start_ns: start_s * 1_000_000_000,
        end_ns: (start_s + length_s) * 1_000_000_000,
    }
}

fn random_count(rng: &mut StdRng) -> usize {
    match rng.random_range(0..20) {
        0 => 0,
        1 => rng.random_range(2_000..5_000),
        _ => rng.random_range(1..400),
    }
}

fn text(rng: &mut StdRng, name: &str, count: u32) -> Value {
    Value::String(format!("{name}-{}", rng.random_range(0..count)))
}
