//! How long a start after a crash takes, and what merging does to a folder of blocks.
//!
//! `keep_times start <folder> [<MiB>]` fills a log of so many MiB (default 1024) with wide spans, leaves it as a killed process would,
//! and times the start. `keep_times merge <data folder>` merges the blocks of a server's folder (take a copy) and tells what it cost.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a measurement may stop at the first surprise"
)]

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::any::Any;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use waggle_metastore::{Metastore, SqliteMetastore};
use waggle_model::{Clock, EventBatch, EventSink, Tenant};
use waggle_store::disk::{Disk, DiskFile, RealDisk};
use waggle_store::{Store, StoreConfig};

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["start", folder] => start(Path::new(folder), 1024).await,
        ["start", folder, mebibytes] => start(Path::new(folder), mebibytes.parse().unwrap()).await,
        ["merge", folder] => merge(Path::new(folder)).await,
        _ => panic!("keep_times start <folder> [<MiB>] | merge <data folder>"),
    }
}

async fn start(folder: &Path, mebibytes: u64) {
    let (metastore, tenant) = metastore(folder).await;
    let mut config = StoreConfig::new(folder);
    config.memory_bytes = 64 << 30;
    let store = open(&config, Arc::new(NoBlocks), &metastore).await;
    let mut rng = StdRng::seed_from_u64(1);
    let mut rows = 0;
    while store.stats().wal_bytes < mebibytes << 20 {
        let appends = (0..8).map(|_| {
            let batch = spans(&mut rng, rows, 1_000);
            rows += 1_000;
            store.append(tenant, vec![batch], true)
        });
        for append in appends.collect::<Vec<_>>() {
            append.await.unwrap();
        }
    }
    let wal_bytes = store.stats().wal_bytes;
    // Nothing is flushed: NoBlocks has no room for blocks.
    drop(store.shutdown().await);
    drop(store);
    println!("{rows} spans in a log of {} MiB", wal_bytes >> 20);
    for run in 1..=3 {
        let begin = Instant::now();
        let store = open(&config, Arc::new(NoBlocks), &metastore).await;
        let elapsed = begin.elapsed();
        assert_eq!(store.stats().memtable_rows, rows.unsigned_abs());
        println!(
            "run {run}: ready after {elapsed:.2?}, {:.0} MiB/s",
            (wal_bytes >> 20) as f64 / elapsed.as_secs_f64()
        );
        drop(store.shutdown().await);
    }
    let store = open(&config, Arc::new(RealDisk), &metastore).await;
    let begin = Instant::now();
    store.flush().await.unwrap();
    println!("then all in blocks after {:.2?}", begin.elapsed());
    store.shutdown().await.unwrap();
}

async fn merge(folder: &Path) {
    let (metastore, _) = metastore(folder).await;
    let mut config = StoreConfig::new(folder);
    config.is_compacting = false;
    config.compaction_bytes_per_second = 0;
    let store = open(&config, Arc::new(RealDisk), &metastore).await;
    let tell = async |when: &str| {
        let blocks = metastore.blocks().await.unwrap();
        let bytes: u64 = blocks.iter().map(|listed| listed.block.length).sum();
        let rows: u64 = blocks.iter().map(|listed| listed.block.row_count).sum();
        println!(
            "{when}: {} blocks, {rows} rows, {bytes} bytes, {:.1} a row",
            blocks.len(),
            bytes as f64 / rows as f64
        );
        bytes
    };
    let before = tell("before").await;
    let begin = Instant::now();
    let merged = store.compact().await.unwrap();
    let elapsed = begin.elapsed();
    tell("after").await;
    println!(
        "{merged} blocks merged in {elapsed:.2?}, {:.1} MB/s read",
        before as f64 / 1e6 / elapsed.as_secs_f64()
    );
    store.shutdown().await.unwrap();
}

async fn open(
    config: &StoreConfig,
    disk: Arc<dyn Disk>,
    metastore: &Arc<dyn Metastore>,
) -> Arc<Store> {
    let clock = Clock::fixed(1_732_000_000_000_000_000);
    let store = Store::open(config.clone(), disk, Arc::clone(metastore), clock).await;
    store.unwrap()
}

async fn metastore(folder: &Path) -> (Arc<dyn Metastore>, Tenant) {
    std::fs::create_dir_all(folder).unwrap();
    let metastore = SqliteMetastore::open(&folder.join("metastore.sqlite"))
        .await
        .unwrap();
    let metastore: Arc<dyn Metastore> = Arc::new(metastore);
    let team = match metastore.teams().await.unwrap().pop() {
        Some(team) => team,
        None => metastore.create_team("team", 1).await.unwrap(),
    };
    let environment = match metastore.environments(team.id).await.unwrap().pop() {
        Some(environment) => environment,
        None => metastore
            .create_environment(team.id, "production", 1)
            .await
            .unwrap(),
    };
    (metastore, environment.tenant)
}

/// Spans of 33 attributes, as the benchmark's.
fn spans(rng: &mut StdRng, first: i64, count: i64) -> EventBatch {
    let mut batch = EventBatch::new("checkout");
    for number in first..first + count {
        batch.begin_row();
        batch.put_str("trace.trace_id", format!("{:032x}", rng.random::<u128>()));
        batch.put_str("trace.span_id", format!("{:016x}", rng.random::<u64>()));
        batch.put_str("trace.parent_id", format!("{:016x}", rng.random::<u64>()));
        batch.put_float(
            "duration_ms",
            f64::from(rng.random_range(0..1_000_000)) / 1_000.0,
        );
        batch.put_int(
            "http.status_code",
            [200, 200, 200, 404, 500][rng.random_range(0..5)],
        );
        batch.put_bool("error", rng.random_bool(0.02));
        batch.put_str("user.id", format!("user-{}", rng.random_range(0..100_000)));
        for column in 0..20 {
            let value = format!("value {}", rng.random_range(0..50));
            batch.put_str(format!("attribute.{column}"), &value);
        }
        for column in 0..6 {
            batch.put_int(format!("number.{column}"), rng.random_range(0..10_000));
        }
        batch.end_row(1_732_000_000_000_000_000 + number * 10_000, 1);
    }
    batch
}

/// A disk without room for blocks: everything stays in the log.
#[derive(Debug)]
struct NoBlocks;

impl Disk for NoBlocks {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        RealDisk.create_dir(dir)
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        RealDisk.list(dir)
    }
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        match path
            .extension()
            .is_some_and(|extension| extension == "unfinished")
        {
            true => Err(io::ErrorKind::StorageFull.into()),
            false => RealDisk.create(path),
        }
    }
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        RealDisk.open(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        RealDisk.sync_dir(dir)
    }
    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        RealDisk.free_bytes(dir)
    }
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Any + Send + Sync>> {
        RealDisk.lock(path)
    }
}
