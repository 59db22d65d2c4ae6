//! The law of merging: whatever is appended, flushed, merged and restarted in whatever order, the same rows are there, in every range.

use crate::Store;
use crate::testing::{Bed, events};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeSet;
use std::sync::Arc;
use waggle_model::{DatasetScope, TimeRange, Value};

const SEEDS: u64 = 60;
const STEPS: usize = 30;

#[test]
fn merging_changes_no_answer() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    for seed in 0..SEEDS {
        println!("seed {seed}");
        runtime.block_on(check(seed));
    }
}

async fn check(seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut bed = Bed::new(seed).await;
    bed.config.block_rows = rng.random_range(20..200);
    bed.config.shared_block_rows = rng.random_range(0..40);
    bed.config.generation_rows = rng.random_range(20..200);
    bed.config.wal_segment_bytes = rng.random_range(2_000..20_000);
    // Half of them merge in the background as well.
    bed.config.is_compacting = seed.is_multiple_of(2);
    let mut store = bed.open().await.unwrap();
    let mut sent: BTreeSet<i64> = BTreeSet::new();
    let mut now = 1_000;
    for _ in 0..STEPS {
        match rng.random_range(0..10) {
            0..5 => {
                now += 100;
                let mut batch = BTreeSet::new();
                for _ in 0..rng.random_range(1..60) {
                    // Mostly now, sometimes long ago: the number is the time.
                    let oldest = if rng.random_bool(0.1) { 0 } else { now - 100 };
                    let number = rng.random_range(oldest..now);
                    if sent.insert(number) {
                        batch.insert(number);
                    }
                }
                let dataset = format!("dataset {}", rng.random_range(0..3));
                bed.append(&store, vec![events(&dataset, batch)])
                    .await
                    .unwrap();
            }
            5 | 6 => store.flush().await.unwrap(),
            7 | 8 => {
                store.compact().await.unwrap();
            }
            _ => {
                store.shutdown().await.unwrap();
                drop(store);
                bed.disk.restart();
                store = bed.open().await.unwrap();
            }
        }
        let all: Vec<i64> = sent.iter().copied().collect();
        assert_eq!(bed.numbers(&store), all);
        let start_ns = rng.random_range(0..now);
        let range = TimeRange {
            start_ns,
            end_ns: rng.random_range(start_ns..now + 1),
        };
        let expected: Vec<i64> = sent.range(range.start_ns..range.end_ns).copied().collect();
        assert_eq!(numbers_in(&bed, &store, range), expected, "{range:?}");
    }
    store.flush().await.unwrap();
    store.compact().await.unwrap();
    assert_eq!(store.compact().await.unwrap(), 0, "merging has an end");
    let listed = bed.metastore.block_files().await.unwrap();
    let mut files = bed.disk.mount().list("/data/blocks".as_ref()).unwrap();
    files.sort_unstable();
    assert_eq!(files, listed, "old files are gone");
    store.shutdown().await.unwrap();
}

/// The numbers of the events in a range, as a query reads them.
fn numbers_in(bed: &Bed, store: &Arc<Store>, range: TimeRange) -> Vec<i64> {
    let snapshot = store.snapshot(bed.tenant, &DatasetScope::All, range);
    let mut numbers = Vec::new();
    for source in snapshot.unwrap().sources {
        let column = source.column("number").unwrap().unwrap();
        for row in source.rows_in(range).unwrap() {
            match column.value(row) {
                Some(Value::Int(number)) if range.contains(number) => numbers.push(number),
                Some(Value::Int(_)) => assert!(!source.is_time_sorted()),
                other => panic!("row {row} has the number {other:?}"),
            }
        }
    }
    numbers.sort_unstable();
    numbers
}
