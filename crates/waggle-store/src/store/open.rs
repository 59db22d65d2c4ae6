//! The start: what the metastore lists is readable, what the log holds is in memory, everything else in the folder is rubbish.

use super::view::View;
use super::{Store, StoreConfig, blocking};
use crate::admit::{Admission, AdmitLimits};
use crate::block::BlockCache;
use crate::block_files::BlockFiles;
use crate::disk::Disk;
use crate::metrics::Metrics;
use crate::wal::{self, Request, SegmentState, Settled, Wal, WalConfig};
use crate::{Error, Result};
use hashbrown::HashSet;
use std::any::Any;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, Weak};
use waggle_metastore::Metastore;
use waggle_model::Clock;

impl Store {
    /// Opens the folder, making it when it is missing, and takes up what an earlier process left: blocks the metastore lists, and log
    /// segments that no commit covers, which are read back into memory. Runs within a tokio runtime, where its tasks then live.
    ///
    /// # Errors
    /// `InUse` when another process has the folder, `WalDamaged` when acknowledged events can't be read back, `Io`, `Metastore`.
    pub async fn open(
        config: StoreConfig,
        disk: Arc<dyn Disk>,
        metastore: Arc<dyn Metastore>,
        clock: Clock,
    ) -> Result<Arc<Self>> {
        let metrics = Metrics::new();
        let (wal_dir, block_dir) = (config.wal_dir(), config.block_dir());
        create_dir(&*disk, &config.data_dir)?;
        let lock = lock(&*disk, &config.data_dir)?;
        create_dir(&*disk, &wal_dir)?;
        create_dir(&*disk, &block_dir)?;

        let next_file = remove_orphans(&*disk, &block_dir, &metastore.block_files().await?)?;
        let cache = Arc::new(BlockCache::new(config.cache_bytes));
        let files = BlockFiles::new(
            Arc::clone(&disk),
            block_dir,
            next_file,
            config.open_blocks,
            cache,
        );
        let view = Arc::new(View::new(metastore.blocks().await?, metrics.clone()));

        let covered = metastore.wal_covered_through().await?.unwrap_or(0);
        let last = {
            let (disk, view, wal_dir) = (Arc::clone(&disk), Arc::clone(&view), wal_dir.clone());
            let (metrics, now_ns) = (metrics.clone(), clock.now_ns());
            blocking(move || recover(&*disk, &wal_dir, covered, &view, &metrics, now_ns)).await?
        };

        let settled = Settled::default();
        let wal = Wal::start(
            Arc::clone(&disk),
            WalConfig {
                dir: wal_dir,
                segment_bytes: config.wal_segment_bytes,
                queue_records: config.wal_queue_requests,
                queue_bytes: config.wal_queue_bytes,
                queue_wait: config.append_wait,
            },
            last + 1,
            settled.clone(),
            metrics.clone(),
            {
                let view = Arc::clone(&view);
                Box::new(move |segment| view.add_generation(Arc::clone(segment)))
            },
            Arc::clone(&config.on_failure.0),
        )?;
        let limits = AdmitLimits {
            datasets_max: config.datasets_max,
            columns_max: config.columns_max,
        };
        let admission = Admission::new(Arc::clone(&metastore), clock.clone(), limits);
        let store = Arc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            config,
            disk,
            metastore,
            clock,
            metrics,
            admission,
            wal,
            view,
            files: Arc::new(files),
            settled,
            memory_freed: tokio::sync::Notify::new(),
            grown: tokio::sync::Notify::new(),
            is_stopping: Arc::default(),
            flushing: tokio::sync::Mutex::default(),
            tasks: parking_lot::Mutex::default(),
            lock: parking_lot::Mutex::new(Some(lock)),
        });
        store.start_tasks();
        Ok(store)
    }
}

fn create_dir(disk: &dyn Disk, dir: &Path) -> Result<()> {
    disk.create_dir(dir)
        .map_err(|source| Error::io(dir, source))
}

fn lock(disk: &dyn Disk, data_dir: &Path) -> Result<Box<dyn Any + Send + Sync>> {
    let path = data_dir.join("lock");
    disk.lock(&path).map_err(|error| match error.kind() {
        ErrorKind::WouldBlock => Error::InUse(data_dir.to_owned()),
        _ => Error::io(&path, error),
    })
}

/// Removes files that no listed block lives in; returns the number of the next new file.
fn remove_orphans(disk: &dyn Disk, dir: &Path, referenced: &[String]) -> Result<u64> {
    let referenced: HashSet<&str> = referenced.iter().map(String::as_str).collect();
    let names = disk.list(dir).map_err(|source| Error::io(dir, source))?;
    for name in names.iter().filter(|name| !referenced.contains(&***name)) {
        let path = dir.join(name);
        tracing::info!(file = %path.display(), "removing a block file that no commit mentions");
        disk.remove(&path)
            .map_err(|source| Error::io(&path, source))?;
    }
    let numbers = referenced
        .into_iter()
        .chain(names.iter().map(String::as_str))
        .filter_map(BlockFiles::number);
    Ok(numbers.max().map_or(1, |number| number + 1))
}

/// Reads segments that blocks do not cover back into memory, removes the others; returns the last number that was used.
///
/// Memory: as much as the generations took before the stop, which a limit had bounded.
fn recover(
    disk: &dyn Disk,
    dir: &Path,
    covered: u64,
    view: &View,
    metrics: &Metrics,
    now_ns: i64,
) -> Result<u64> {
    let (done, segments): (Vec<u64>, Vec<u64>) = wal::segments(disk, dir)?
        .into_iter()
        .partition(|number| *number <= covered);
    for number in done {
        wal::remove(disk, dir, number)?;
    }
    let mut last = covered;
    for (index, number) in segments.iter().copied().enumerate() {
        wal::check_follows(dir, last, number)?;
        let is_last = index + 1 == segments.len();
        let segment = Arc::new(SegmentState::replayed(number));
        view.add_generation(Arc::clone(&segment));
        let mut row_count = 0;
        let replayed = wal::replay(disk, dir, number, is_last, &mut |request| {
            let Request { tenant, batches } = request;
            row_count += batches.iter().map(|(_, batch)| batch.len()).sum::<usize>();
            let is_inserted = view.insert(number, tenant, &batches, now_ns);
            debug_assert!(is_inserted, "the generation was just added");
        })?;
        segment
            .bytes
            .store(replayed.whole_bytes, std::sync::atomic::Ordering::Relaxed);
        metrics.wal_replayed_records.inc_by(replayed.record_count);
        if replayed.record_count == 0 {
            // The number is used again: numbers without a gap are how a lost file would be noticed.
            view.drop_generation(number);
            wal::remove(disk, dir, number)?;
        } else {
            tracing::info!(
                segment = number,
                records = replayed.record_count,
                rows = row_count,
                "read events back from the log"
            );
            last = number;
        }
    }
    view.measure();
    Ok(last)
}
