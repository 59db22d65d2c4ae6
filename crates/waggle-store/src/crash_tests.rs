//! The promise of the store under a disk that stops, tears and forgets: what was acknowledged is there, once; a request that was not
//! is there whole or not at all; what was seen after one restart is there after the next; what was erased or deleted stays away, and an
//! erasure that a stop interrupted is carried out. And under a disk that ages: a flipped bit costs
//! the record of the log or the block that it hit, is named, and costs nothing else.

mod ledger;

use crate::Store;
use crate::testing::{Bed, events, with_filters};
use ledger::Ledger;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// The soak tries thousands: `cargo nextest run -p waggle-store --features soak --release crash_tests`.
const SEEDS: u64 = if cfg!(feature = "soak") { 10_000 } else { 200 };
const DAMAGE_SEEDS: u64 = SEEDS / 2;
const LIVES: usize = 3;
const WRITERS: usize = 3;
/// Event numbers of one request: number of the request times this, plus its row.
const ROWS_MAX: i64 = 8;

#[test]
fn nothing_acknowledged_is_lost_or_doubled() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let mut gone = Gone::default();
    for seed in 0..SEEDS {
        println!("seed {seed}");
        let of_seed = runtime.block_on(check(seed));
        gone.erased += of_seed.erased;
        gone.unmarked += of_seed.unmarked;
    }
    println!("{gone:?}");
    assert!(gone.erased > 0 && gone.unmarked > 0, "{gone:?}");
}

/// How much was taken away on purpose.
#[derive(Debug, Default)]
struct Gone {
    erased: usize,
    unmarked: usize,
}

async fn check(seed: u64) -> Gone {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut bed = Bed::new(seed).await;
    bed.config.wal_segment_bytes = rng.random_range(300..4_000);
    bed.config.generation_rows = rng.random_range(10..200);
    bed.config.shared_block_rows = rng.random_range(0..20);
    bed.config.block_rows = rng.random_range(20..100);
    bed.config.touch_interval = Duration::from_millis(1);
    bed.config.append_wait = Duration::from_millis(300);
    with_filters(&mut bed);
    let bed = Arc::new(bed);
    let mut ledger = Ledger::default();
    for life in 0..LIVES {
        // Every k-th call is the last one for some seed; the first dozen are those of the start itself.
        let calls = if life == 0 {
            1 + seed % 150
        } else {
            rng.random_range(1..150)
        };
        bed.disk.crash_in(calls);
        if rng.random_bool(0.2) {
            bed.disk.fill_in(rng.random_range(1..60));
        }
        if rng.random_bool(0.1) {
            bed.disk.fail_sync_in(rng.random_range(1..20));
        }
        if let Ok(store) = bed.open().await {
            // The whole machine stops: nothing is committed after the last call of the disk.
            bed.disk.on_crash(store.stopper());
            ledger.check(&bed, &store, false);
            live(&bed, &store, &mut ledger, &mut rng).await;
            store.kill().await;
        }
        bed.disk.crash();
        if rng.random_bool(0.8) {
            bed.disk.restart();
        } else {
            bed.disk.restart_process();
        }
    }
    let store = bed.open().await.unwrap();
    ledger.check(&bed, &store, true);
    ledger.wait_for_erasures(&bed).await;
    ledger.check(&bed, &store, true);
    store.flush().await.unwrap();
    ledger.check(&bed, &store, true);
    store.compact().await.unwrap();
    ledger.check(&bed, &store, true);
    store.shutdown().await.unwrap();
    drop(store);
    bed.disk.restart();
    let store = bed.open().await.unwrap();
    ledger.check(&bed, &store, true);
    store.kill().await;
    let is_covered = bed.metastore.block_files().await.unwrap().len();
    let files = bed.disk.mount().list("/data/blocks".as_ref()).unwrap();
    assert_eq!(files.len(), is_covered, "orphans stay: {files:?}");
    ledger.gone()
}

/// Appends from several tasks, flushes, merges and erases now and then, until the disk stops or there is enough.
async fn live(bed: &Arc<Bed>, store: &Arc<Store>, ledger: &mut Ledger, rng: &mut StdRng) {
    if rng.random_bool(0.2) {
        ledger.delete_mark(bed, store).await;
    }
    let erasing = match rng.random_bool(0.4) {
        true => ledger.doom(rng),
        false => Vec::new(),
    };
    let erasing = {
        let (bed, store) = (Arc::clone(bed), Arc::clone(store));
        tokio::spawn(async move { ledger::erase(&bed, &store, erasing).await })
    };
    let mut writers = Vec::new();
    for _ in 0..WRITERS {
        let requests: Vec<(i64, i64)> = (0..rng.random_range(1..12))
            .map(|_| ledger.send(rng.random_range(1..ROWS_MAX)))
            .collect();
        let (bed, store) = (Arc::clone(bed), Arc::clone(store));
        writers.push(tokio::spawn(async move {
            let mut acked = Vec::new();
            for (request, rows) in requests {
                let first = request * ROWS_MAX;
                let middle = first + rows / 2;
                let batches = vec![
                    ledger::marked(first..middle),
                    events(&format!("dataset {}", request % 5), middle..first + rows),
                ];
                if bed.append(&store, batches).await.is_ok() {
                    acked.push(request);
                }
            }
            acked
        }));
    }
    let flushes = rng.random_range(0..3);
    let flusher = {
        let store = Arc::clone(store);
        tokio::spawn(async move {
            for _ in 0..flushes {
                tokio::task::yield_now().await;
                drop(store.flush().await);
                drop(store.compact().await);
            }
        })
    };
    for writer in writers {
        ledger.promised.extend(writer.await.unwrap());
    }
    flusher.await.unwrap();
    ledger.erasures.extend(erasing.await.unwrap());
}

#[test]
fn damage_is_named_and_costs_only_what_it_hit() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    for seed in 0..DAMAGE_SEEDS {
        println!("seed {seed}");
        runtime.block_on(check_damage(seed));
    }
}

const REQUESTS: i64 = 24;
const REQUEST_ROWS: i64 = 5;

/// Flips bits of a store with two blocks and a log of several files, and reads each request by its time.
async fn check_damage(seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut bed = Bed::new(seed).await;
    bed.config.wal_segment_bytes = 1_500;
    bed.config.is_compacting = false;
    let store = bed.open().await.unwrap();
    let request = |number: i64| {
        let first = number * ROWS_MAX;
        first..first + REQUEST_ROWS
    };
    let append = async |number| {
        let batch = events("a", request(number));
        bed.append(&store, vec![batch]).await.unwrap();
    };
    for number in 0..REQUESTS / 2 {
        append(number).await;
        if number % 6 == 5 {
            store.flush().await.unwrap();
        }
    }
    // The rest stays in the log.
    let turn = store.flushing_turn().await;
    for number in REQUESTS / 2..REQUESTS {
        append(number).await;
    }
    let listed = bed.metastore.blocks().await.unwrap();
    store.stopper()();
    drop(turn);
    store.kill().await;

    let mut hit_files = BTreeSet::new();
    let mut log_flips = 0;
    let mount = bed.disk.mount();
    for _ in 0..rng.random_range(1..4) {
        let dir = ["/data/wal", "/data/blocks"][rng.random_range(0..2)];
        let files = mount.list(dir.as_ref()).unwrap();
        let Some(file) = files.get(rng.random_range(0..files.len().max(1))) else {
            continue;
        };
        let path = std::path::Path::new(dir).join(file);
        let length = mount.open(&path).unwrap().length().unwrap();
        let offset = rng.random_range(0..usize::try_from(length).unwrap());
        bed.disk.flip_bit(&path, offset);
        log_flips += usize::from(dir.ends_with("wal"));
        hit_files.insert(file.clone());
    }
    drop(mount);
    bed.disk.restart_process();
    bed.config.generation_age = Duration::from_secs(86_400);
    let store = bed.open().await.unwrap();
    let mut lost = 0;
    for number in 0..REQUESTS {
        let expected = request(number);
        let range = waggle_model::TimeRange {
            start_ns: expected.start,
            end_ns: expected.end,
        };
        let block = listed.iter().find(|listed| {
            listed.block.min_time_ns < range.end_ns && listed.block.max_time_ns >= range.start_ns
        });
        match (bed.try_numbers_in(&store, range), block) {
            (Ok(found), _) if found == expected.clone().collect::<Vec<_>>() => {}
            (Ok(found), None) => {
                assert_eq!(found, [0_i64; 0], "request {number} is there in part");
                lost += 1;
            }
            (Err(error), Some(block)) => {
                let file = &block.block.file;
                assert!(hit_files.contains(file), "{error}");
                assert!(error.to_string().contains(file), "{error}");
            }
            (found, block) => panic!("request {number}: {found:?} in {block:?}"),
        }
    }
    assert!(
        lost <= log_flips,
        "{lost} requests lost by {log_flips} flipped bits of the log"
    );
    store.kill().await;
}
