use crate::disk::{Disk, RealDisk};
use crate::testing::{Bed, events, new_tenant, numbers};
use crate::wal::segments;
use crate::{ARRIVAL_COLUMN, Error, ReadError, Store};
use prometheus_client::registry::Registry;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use waggle_model::{
    AppendError, Clock, DatasetScope, EventSink, PENDING_DATASET, TimeRange, Value,
};

/// Waits for a condition that something else brings about.
async fn until(condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait)
        .await
        .expect("the condition comes true");
}

fn all(range: std::ops::Range<i64>) -> Vec<i64> {
    range.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_there_after_append_flush_and_restart() {
    let bed = Bed::new(1).await;
    let store = bed.open().await.unwrap();
    let outcome = bed
        .append(&store, vec![events("a", 0..10), events("b", 10..15)])
        .await
        .unwrap();
    assert_eq!(outcome.accepted_count, 15);
    assert_eq!(bed.numbers(&store), all(0..15));
    let b = outcome.datasets[1].unwrap();
    let only_b = store
        .snapshot(bed.tenant, &DatasetScope::One(b), TimeRange::ALL)
        .unwrap();
    assert_eq!(numbers(&only_b), all(10..15));

    store.flush().await.unwrap();
    assert_eq!(bed.numbers(&store), all(0..15));
    assert_eq!(store.stats().memtable_rows, 0);
    assert_eq!(store.stats().block_count, 2);
    bed.append(&store, vec![events("a", 15..20)]).await.unwrap();
    let stats = store.stats();
    assert_eq!(stats.datasets[0].event_count, 15);
    assert_eq!(stats.datasets[0].unflushed_count, 5);
    assert!(stats.datasets[0].stored_bytes > 0);

    store.kill().await;
    bed.disk.restart();
    let store = bed.open().await.unwrap();
    assert_eq!(bed.numbers(&store), all(0..20));
    store.shutdown().await.unwrap();
    let error = bed.append(&store, vec![events("a", 20..21)]).await;
    assert!(matches!(error, Err(AppendError::Unavailable(_))));
    drop(store);
    bed.disk.restart();
    let store = bed.open().await.unwrap();
    assert_eq!(bed.numbers(&store), all(0..20));
    assert_eq!(store.stats().memtable_rows, 0);
    assert_eq!(
        segments(&*bed.disk.mount(), Path::new("/data/wal"))
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_must_be_stored_take_all_others_with_them() {
    let bed = Bed::new(3).await;
    let store = bed.open().await.unwrap();
    bed.append(&store, vec![events("a", 0..1)]).await.unwrap();
    let batches = || vec![events("a", 1..3), events("b", 3..5)];
    let must_a = [(0, 1)];
    let must_b = [(1, 0)];
    let refused = store
        .append_together(bed.tenant, batches(), false, &must_b)
        .await
        .unwrap();
    assert_eq!((refused.accepted_count, refused.rejects.len()), (0, 2));
    assert_eq!(bed.numbers(&store), all(0..1));
    let stored = store
        .append_together(bed.tenant, batches(), false, &must_a)
        .await
        .unwrap();
    assert_eq!((stored.accepted_count, stored.rejects.len()), (2, 2));
    assert_eq!(bed.numbers(&store), all(0..3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_never_sees_another() {
    let bed = Bed::new(2).await;
    let other = new_tenant(&*bed.metastore, "two").await;
    let store = bed.open().await.unwrap();
    let outcome = bed.append(&store, vec![events("a", 0..3)]).await.unwrap();
    let theirs = store
        .append(other, vec![events("a", 3..5)], true)
        .await
        .unwrap();
    assert_ne!(outcome.datasets, theirs.datasets);
    for _ in 0..2 {
        for scope in [
            DatasetScope::All,
            DatasetScope::One(outcome.datasets[0].unwrap()),
        ] {
            let mine = store.snapshot(bed.tenant, &scope, TimeRange::ALL).unwrap();
            assert_eq!(numbers(&mine), all(0..3));
            let not_mine = store.snapshot(other, &scope, TimeRange::ALL).unwrap();
            let expected = if scope == DatasetScope::All {
                3..5
            } else {
                0..0
            };
            assert_eq!(numbers(&not_mine), all(expected));
        }
        store.flush().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_internal_dataset_is_read_only_by_its_name() {
    let bed = Bed::new(21).await;
    let store = bed.open().await.unwrap();
    let batches = vec![events("a", 0..3), events(PENDING_DATASET, 3..5)];
    let outcome = bed.append(&store, batches).await.unwrap();
    let pending = DatasetScope::One(outcome.datasets[1].unwrap());
    let check = |store: &Store| {
        assert_eq!(bed.numbers(store), all(0..3));
        let named = store.snapshot(bed.tenant, &pending, TimeRange::ALL);
        assert_eq!(numbers(&named.unwrap()), all(3..5));
    };
    check(&store);
    store.kill().await;
    bed.disk.restart();
    let store = bed.open().await.unwrap();
    check(&store);
    store.flush().await.unwrap();
    check(&store);
    store.kill().await;
    bed.disk.restart();
    check(&bed.open().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_outside_the_range_are_not_opened() {
    let bed = Bed::new(3).await;
    let store = bed.open().await.unwrap();
    bed.append(&store, vec![events("a", 0..10)]).await.unwrap();
    store.flush().await.unwrap();
    bed.append(&store, vec![events("a", 100..110)])
        .await
        .unwrap();
    let blocks = bed.metastore.blocks().await.unwrap();
    let file = Path::new("/data/blocks").join(&blocks[0].block.file);
    bed.disk.cut(&file, 20);
    let read = |start_ns, end_ns| {
        let range = TimeRange { start_ns, end_ns };
        store.snapshot(bed.tenant, &DatasetScope::All, range)
    };
    assert_eq!(numbers(&read(10, 200).unwrap()), all(100..110));
    assert!(read(10, 100).unwrap().sources.is_empty());
    assert!(matches!(read(9, 100), Err(ReadError::Io { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn small_datasets_share_a_file_and_large_ones_do_not() {
    let mut bed = Bed::new(4).await;
    bed.config.shared_block_rows = 100;
    let store = bed.open().await.unwrap();
    let mut batches: Vec<_> = (0..20)
        .map(|n| events(&format!("small {n}"), n * 10..n * 10 + 10))
        .collect();
    batches.push(events("large", 200..400));
    bed.append(&store, batches).await.unwrap();
    store.flush().await.unwrap();
    assert_eq!(store.stats().block_count, 21);
    assert_eq!(bed.metastore.block_files().await.unwrap().len(), 2);
    assert_eq!(bed.numbers(&store), all(0..400));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_stores_never_share_a_folder() {
    let bed = Bed::new(5).await;
    let store = bed.open().await.unwrap();
    let error = bed.open().await.unwrap_err();
    assert!(matches!(error, Error::InUse(_)), "{error}");
    assert!(error.to_string().contains("/data is in use"), "{error}");
    store.shutdown().await.unwrap();
    bed.open().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn generations_become_blocks_by_rows_age_log_bytes_and_memory() {
    let rows = |config: &mut crate::StoreConfig| config.generation_rows = 50;
    let age = |config: &mut crate::StoreConfig| config.generation_age = Duration::from_secs(60);
    let bytes = |config: &mut crate::StoreConfig| config.wal_segment_bytes = 3_000;
    let memory = |config: &mut crate::StoreConfig| config.memory_bytes = 8_000;
    let limits: [&dyn Fn(&mut crate::StoreConfig); 4] = [&rows, &age, &bytes, &memory];
    for limit in limits {
        let mut bed = Bed::new(6).await;
        limit(&mut bed.config);
        let store = bed.open().await.unwrap();
        for number in 0..10 {
            let batch = events("a", number * 10..number * 10 + 10);
            bed.append(&store, vec![batch]).await.unwrap();
            bed.now_ns.fetch_add(10_000_000_000, Ordering::Relaxed);
        }
        until(|| store.stats().block_count > 0).await;
        assert_eq!(bed.numbers(&store), all(0..100));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_flush_turns_appends_away_and_recovers() {
    let mut bed = Bed::new(7).await;
    bed.config.memory_bytes = 4_000;
    bed.config.append_wait = Duration::from_millis(50);
    let store = bed.open().await.unwrap();
    // A flush waits for its turn, so memory is not given back while this is held.
    let turn = store.flushing.lock().await;
    let mut accepted = 0;
    let busy = loop {
        match bed
            .append(&store, vec![events("a", accepted..accepted + 1)])
            .await
        {
            Ok(_) => accepted += 1,
            Err(error) => break error,
        }
        assert!(accepted < 1_000);
    };
    assert!(matches!(busy, AppendError::Busy));
    drop(turn);
    until(|| store.stats().block_count > 0).await;
    let batch = events("a", accepted..accepted + 1);
    bed.append(&store, vec![batch]).await.unwrap();
    assert_eq!(bed.numbers(&store), all(0..accepted + 1));
}

/// After something breaks, nothing is acknowledged, the hook is called once, and what was acknowledged is there after a restart.
async fn check_end_of_log(seed: u64, break_it: impl Fn(&Bed)) {
    println!("seed {seed}");
    let bed = Bed::new(seed).await;
    let store = bed.open().await.unwrap();
    let before = i64::try_from(seed % 5).unwrap();
    for number in 0..before {
        bed.append(&store, vec![events("a", number..number + 1)])
            .await
            .unwrap();
    }
    break_it(&bed);
    let mut acked = all(0..before);
    let mut failed = 0;
    for number in before..before + 60 {
        match bed
            .append(&store, vec![events("a", number..number + 1)])
            .await
        {
            Ok(_) => {
                assert_eq!(failed, 0, "acknowledged after a failure");
                acked.push(number);
            }
            Err(AppendError::Unavailable(_)) => failed += 1,
            Err(error) => panic!("a broken store is not {error}"),
        }
    }
    assert!(failed > 0);
    assert_eq!(bed.failures.load(Ordering::Relaxed), 1);
    assert!(store.flush().await.is_err());
    store.kill().await;
    bed.disk.restart();
    let store = bed.open().await.unwrap();
    let found = bed.numbers(&store);
    assert_eq!(&found[..acked.len()], acked);
    assert!(found.len() <= acked.len() + 1, "{found:?}");
}

/// A disk that fills up at some call: what it has no room for is refused as such, reads go on, and with room everything goes on.
async fn check_full_disk(seed: u64, fill: impl Fn(&Bed)) {
    println!("seed {seed}");
    let mut bed = Bed::new(seed).await;
    bed.config.wal_segment_bytes = 900;
    bed.config.disk_reserve_bytes = 0;
    let store = bed.open().await.unwrap();
    let (mut acked, mut refused) = (Vec::new(), 0);
    fill(&bed);
    for number in 0..100 {
        match bed
            .append(&store, vec![events("a", number..number + 1)])
            .await
        {
            Ok(_) => acked.push(number),
            Err(AppendError::Full) if refused < 5 => refused += 1,
            Err(AppendError::Full) => break,
            Err(error) => panic!("{error}"),
        }
        if number % 7 == seed as i64 % 7 {
            drop(store.flush().await);
        }
        assert_eq!(bed.numbers(&store), acked);
    }
    assert!(refused > 0, "the disk did not fill up");
    assert_eq!(bed.failures.load(Ordering::Relaxed), 0);
    if seed.is_multiple_of(3) {
        store.kill().await;
        bed.disk.restart();
    } else {
        bed.disk.make_room();
        bed.append(&store, vec![events("a", 200..203)])
            .await
            .unwrap();
        acked.extend(200..203);
        assert_eq!(bed.numbers(&store), acked);
        match seed % 3 {
            1 => store.kill().await,
            _ => store.shutdown().await.unwrap(),
        }
    }
    bed.disk.make_room();
    let store = bed.open().await.unwrap();
    assert_eq!(bed.numbers(&store), acked);
    store.flush().await.unwrap();
    assert_eq!(bed.numbers(&store), acked);
    let listed = bed.metastore.block_files().await.unwrap().len();
    let files = bed.disk.mount().list(Path::new("/data/blocks")).unwrap();
    assert_eq!(files.len(), listed, "{files:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_turns_events_away_and_recovers() {
    for seed in 0..60 {
        check_full_disk(seed, |bed| bed.disk.fill_after(seed * 70)).await;
    }
    for seed in 0..90 {
        check_full_disk(seed, |bed| bed.disk.fill_in(1 + seed)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_leave_the_reserve_to_blocks() {
    let mut bed = Bed::new(15).await;
    bed.config.disk_reserve_bytes = 100_000;
    let store = bed.open().await.unwrap();
    store.takes_in().unwrap();
    bed.disk.fill_after(103_000);
    let mut next = 0;
    while bed
        .append(&store, vec![events("a", next..next + 1)])
        .await
        .is_ok()
    {
        next += 1;
    }
    assert!((3..30).contains(&next), "{next} events in 3,000 bytes");
    assert!(matches!(store.takes_in(), Err(Error::Full)));
    bed.disk.make_room();
    store.takes_in().unwrap();
    bed.disk.fill_after(100_000);
    assert!(matches!(store.takes_in(), Err(Error::Full)));
    assert!(matches!(
        bed.append(&store, vec![events("a", next..next + 1)]).await,
        Err(AppendError::Full)
    ));
    // Blocks may use it, and what they give back is room for events.
    store.flush().await.unwrap();
    bed.append(&store, vec![events("a", next..next + 1)])
        .await
        .unwrap();
    assert_eq!(bed.numbers(&store), all(0..next + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_sync_ends_the_log() {
    for seed in 0..20 {
        check_end_of_log(seed, |bed| bed.disk.fail_sync_in(1 + seed % 7)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_too_full_for_blocks_keeps_events_in_the_log() {
    let bed = Bed::new(8).await;
    let store = bed.open().await.unwrap();
    bed.append(&store, vec![events("a", 0..100)]).await.unwrap();
    // Room for the header of the next segment, not for a block.
    bed.disk.fill_after(100);
    assert!(matches!(store.flush().await, Err(Error::Full)));
    assert_eq!(bed.numbers(&store), all(0..100));
    assert_eq!(store.stats().block_count, 0);
    bed.disk.fill_after(1 << 20);
    store.flush().await.unwrap();
    assert_eq!(bed.numbers(&store), all(0..100));
    assert_eq!(bed.metastore.block_files().await.unwrap().len(), 1);
    store.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_whose_caller_left_is_whole_or_not_at_all() {
    let bed = Bed::new(9).await;
    let store = bed.open().await.unwrap();
    for number in 0..200 {
        let append = bed.append(&store, vec![events("a", number..number + 1)]);
        let patience = Duration::from_micros(u64::try_from(number).unwrap() * 5);
        drop(tokio::time::timeout(patience, append).await);
    }
    store.flush().await.unwrap();
    let before = bed.numbers(&store);
    store.kill().await;
    bed.disk.restart();
    let store = bed.open().await.unwrap();
    assert_eq!(bed.numbers(&store), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_dataset_disappears_with_its_files() {
    let mut bed = Bed::new(10).await;
    bed.config.touch_interval = Duration::from_millis(1);
    let store = bed.open().await.unwrap();
    let outcome = bed.append(&store, vec![events("a", 0..3)]).await.unwrap();
    store.flush().await.unwrap();
    bed.append(&store, vec![events("a", 3..5), events("b", 5..6)])
        .await
        .unwrap();
    let deleted = outcome.datasets[0].unwrap();
    let unprotected = waggle_metastore::DatasetChange {
        is_delete_protected: Some(false),
        ..Default::default()
    };
    bed.metastore
        .update_dataset(bed.tenant, deleted, unprotected)
        .await
        .unwrap();
    bed.metastore
        .delete_dataset(bed.tenant, deleted)
        .await
        .unwrap();
    until(|| bed.numbers(&store) == [5]).await;
    until(|| {
        bed.disk
            .mount()
            .list(Path::new("/data/blocks"))
            .unwrap()
            .is_empty()
    })
    .await;
    // The name makes a new dataset.
    let outcome = bed.append(&store, vec![events("a", 6..7)]).await.unwrap();
    assert_ne!(outcome.datasets[0], Some(deleted));
    store.flush().await.unwrap();
    assert_eq!(bed.numbers(&store), [5, 6]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_failed_after_it_happened_is_not_repeated() {
    let bed = Bed::new(11).await;
    let store = bed.open().await.unwrap();
    bed.append(&store, vec![events("a", 0..3)]).await.unwrap();
    store.flush().await.unwrap();
    let listed = bed.metastore.blocks().await.unwrap();
    let blocks = [listed[0].block.clone()];
    let covered = bed.metastore.wal_covered_through().await.unwrap().unwrap();
    let ids = store.committed(covered, &blocks).await.unwrap();
    assert_eq!(ids, Some(vec![Some(listed[0].id)]));
    assert_eq!(store.committed(covered + 1, &blocks).await.unwrap(), None);
}

/// Readers see every acknowledged event exactly once while generations become blocks under them.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_see_each_event_once_during_flushes() {
    let mut bed = Bed::new(12).await;
    bed.config.generation_rows = 200;
    bed.config.touch_interval = Duration::ZERO;
    let bed = Arc::new(bed);
    let store = bed.open().await.unwrap();
    let acked = Arc::new(std::sync::atomic::AtomicI64::new(0));
    let is_done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let (bed, store) = (Arc::clone(&bed), Arc::clone(&store));
            let (acked, is_done) = (Arc::clone(&acked), Arc::clone(&is_done));
            std::thread::spawn(move || {
                let mut reads = 0;
                while !is_done.load(Ordering::Acquire) {
                    let before = acked.load(Ordering::Acquire);
                    let found = bed.numbers(&store);
                    let after = acked.load(Ordering::Acquire) + 7;
                    let count = i64::try_from(found.len()).unwrap();
                    assert_eq!(found, all(0..count), "an event is missing or twice");
                    assert!(
                        before <= count && count <= after,
                        "{before} {count} {after}"
                    );
                    reads += 1;
                }
                reads
            })
        })
        .collect();
    let mut next = 0;
    for _ in 0..600 {
        // New datasets all the time: looking for deleted ones must not take them away.
        let batch = events(&format!("dataset {}", next / 50), next..next + 7);
        bed.append(&store, vec![batch]).await.unwrap();
        next += 7;
        acked.store(next, Ordering::Release);
    }
    store.flush().await.unwrap();
    is_done.store(true, Ordering::Release);
    for reader in readers {
        let reads: usize = reader.join().unwrap();
        assert!(reads > 0);
    }
    assert!(store.stats().block_count > 5);
    assert_eq!(bed.numbers(&store), all(0..next));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_on_a_real_disk_keeps_everything() {
    let folder = tempfile::tempdir().unwrap();
    let mut bed = Bed::new(13).await;
    bed.config.data_dir = folder.path().join("data");
    let open = || {
        let (config, metastore) = (bed.config.clone(), Arc::clone(&bed.metastore));
        Store::open(config, Arc::new(RealDisk), metastore, Clock::fixed(1))
    };
    for round in 0..4 {
        let store = open().await.unwrap();
        assert_eq!(bed.numbers(&store), all(0..round * 10));
        assert!(matches!(open().await, Err(Error::InUse(_))));
        let batch = events("a", round * 10..round * 10 + 10);
        bed.append(&store, vec![batch]).await.unwrap();
        match round {
            0 => store.kill().await,
            1 => {
                store.flush().await.unwrap();
                store.kill().await;
            }
            _ => store.shutdown().await.unwrap(),
        }
    }
    assert_eq!(RealDisk.list(&bed.config.wal_dir()).unwrap(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_of_the_store_can_be_read() {
    let bed = Bed::new(14).await;
    let store = bed.open().await.unwrap();
    let mut registry = Registry::default();
    store.register_metrics(&mut registry);
    bed.append(&store, vec![events("a", 0..5)]).await.unwrap();
    let read = || {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        text
    };
    let text = read();
    for line in [
        "waggle_rows_stored_total 5",
        "waggle_appends_started_total 1",
        "waggle_appends_finished_total 1",
        "waggle_wal_fsync_seconds_count 1",
        "waggle_wal_records_total 1",
        "waggle_memtable_rows 5",
        "waggle_generations 1",
        "waggle_blocks 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    store.flush().await.unwrap();
    let text = read();
    for line in [
        "waggle_memtable_rows 0",
        "waggle_memtable_bytes 0",
        "waggle_blocks 1",
        "waggle_flush_seconds_count 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
}

impl Store {
    /// Waits until no flush is under way, and keeps the next one from beginning.
    pub(crate) async fn flushing_turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.flushing.lock().await
    }

    /// What a crash of the machine does to the process, but for the disk.
    pub(crate) fn stopper(self: &Arc<Self>) -> impl Fn() + Send + 'static {
        let store = Arc::downgrade(self);
        move || {
            if let Some(store) = store.upgrade() {
                store.wal.fail("the machine has stopped".to_owned());
            }
        }
    }

    /// Ends the process without ceremony: nothing more reaches the disk or the metastore when this returns.
    pub(crate) async fn kill(self: Arc<Self>) {
        self.is_leaving.store(true, Ordering::Relaxed);
        self.wal.fail("killed".to_owned());
        // A commit that is under way in the database's thread would outlive its task, as it would not outlive a process.
        let turn = self.maintaining.lock().await;
        let other_turn = self.flushing.lock().await;
        let tasks = std::mem::take(&mut *self.tasks.lock());
        for task in tasks {
            task.abort();
            drop(task.await);
        }
        drop((turn, other_turn));
        while Arc::strong_count(&self) > 1 {
            tokio::task::yield_now().await;
        }
        self.wal.close();
    }
}

/// When the events of a store were accepted, by their numbers.
fn arrivals(bed: &Bed, store: &Store) -> Vec<(i64, Option<i64>)> {
    let snapshot = store
        .snapshot(bed.tenant, &DatasetScope::All, TimeRange::ALL)
        .unwrap();
    let mut arrivals = Vec::new();
    for source in &snapshot.sources {
        assert!(!source.column_names().contains(&ARRIVAL_COLUMN.to_owned()));
        let types = source.column_types();
        assert!(types.iter().all(|(name, _)| name != ARRIVAL_COLUMN));
        let number = source.column("number").unwrap().unwrap();
        let arrived = source.column(ARRIVAL_COLUMN).unwrap();
        for row in 0..source.row_count() {
            let int = |column: &crate::column::Column| match column.value(row) {
                Some(Value::Int(value)) => Some(value),
                _ => None,
            };
            let arrived = arrived.as_ref().and_then(|column| int(column));
            arrivals.push((int(&number).unwrap(), arrived));
        }
    }
    arrivals.sort_unstable();
    arrivals
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_of_arrival_stays_with_each_event() {
    const S: i64 = 1_000_000_000;
    let bed = Bed::new(4).await;
    let at = |second: i64| bed.now_ns.store(second * S + S / 2, Ordering::Relaxed);
    let store = bed.open().await.unwrap();
    at(100);
    // A sender says something else of its own.
    let mut first = events("a", 0..3);
    first.fill_int(ARRIVAL_COLUMN, 5);
    bed.append(&store, vec![first]).await.unwrap();
    at(103);
    let both = vec![events("a", 3..4), events("b", 4..5)];
    bed.append(&store, both).await.unwrap();
    let mut expected = vec![(0, 100), (1, 100), (2, 100), (3, 103), (4, 103)];
    let check = |store: &Store, expected: &[(i64, i64)]| {
        let found: Vec<(i64, i64)> = arrivals(&bed, store)
            .into_iter()
            .map(|(number, arrived)| (number, arrived.unwrap()))
            .collect();
        assert_eq!(found, expected);
    };
    check(&store, &expected);
    store.kill().await;
    bed.disk.restart();
    at(200);
    let store = bed.open().await.unwrap();
    check(&store, &expected);
    store.flush().await.unwrap();
    check(&store, &expected);
    bed.append(&store, vec![events("a", 5..6)]).await.unwrap();
    expected.push((5, 200));
    store.flush().await.unwrap();
    check(&store, &expected);
    store.shutdown().await.unwrap();
}
