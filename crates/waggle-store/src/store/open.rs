//! The start: what the metastore lists is readable, what the log holds is in memory, everything else in the folder is rubbish.

use super::view::View;
use super::{Store, StoreConfig, blocking};
use crate::admit::{Admission, AdmitLimits};
use crate::block::BlockCache;
use crate::block_files::BlockFiles;
use crate::disk::Disk;
use crate::metrics::Metrics;
use crate::wal::{self, Damage, Request, SegmentState, Settled, Wal, WalConfig};
use crate::{Error, Result};
use hashbrown::HashSet;
use parking_lot::Mutex;
use std::any::Any;
use std::io::ErrorKind;
use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use waggle_metastore::Metastore;
use waggle_model::{Clock, DatasetId};

impl Store {
    /// Opens the folder, making it when it is missing, and takes up what an earlier process left: blocks the metastore lists, and log
    /// segments that no commit covers, which are read back into memory. Runs within a tokio runtime, where its tasks then live.
    ///
    /// # Errors
    /// `InUse` when another process has the folder, `WalDamaged` when a whole log file is missing or a newer program wrote it, `Io`,
    /// `Metastore`. Damage within a log file is logged and costs the records it hit.
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
        let view = Arc::new(View::new(
            metastore.blocks().await?,
            config.shape(),
            metrics.clone(),
        ));

        let internal = metastore.internal_datasets().await?;
        view.add_internal(internal.iter().map(|dataset| dataset.id));
        for (block, column) in metastore.hidden_columns().await? {
            files.hide_columns(&[block], &[column]);
        }
        let erasures = metastore.running_erasures().await?;
        let deletions = metastore.column_deletions().await?;
        let existing: HashSet<DatasetId> = metastore
            .retentions()
            .await?
            .iter()
            .map(|retention| retention.dataset)
            .collect();

        let covered = metastore.wal_covered_through().await?.unwrap_or(0);
        let last = {
            let (disk, view, wal_dir) = (Arc::clone(&disk), Arc::clone(&view), wal_dir.clone());
            let (metrics, now_ns) = (metrics.clone(), clock.now_ns());
            blocking(move || recover(&*disk, &wal_dir, covered, &view, &metrics, now_ns)).await?
        };
        // The log remembers what was deleted.
        view.keep_datasets(&existing);
        for deletion in deletions {
            for generation in view.generations() {
                if generation.segment.number <= deletion.wal_through {
                    generation.strip(deletion.dataset, &deletion.key_name);
                }
            }
        }

        let settled = Settled::default();
        let wal = Wal::start(
            Arc::clone(&disk),
            WalConfig {
                dir: wal_dir,
                segment_bytes: config.wal_segment_bytes,
                queue_records: config.wal_queue_requests,
                queue_bytes: config.wal_queue_bytes,
                queue_wait: config.append_wait,
                reserve_bytes: config.disk_reserve_bytes,
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
        let on_internal = {
            let view = Arc::clone(&view);
            Box::new(move |dataset| view.add_internal([dataset]))
        };
        let admission = Admission::new(Arc::clone(&metastore), clock.clone(), limits, on_internal);
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
            maintaining: tokio::sync::Mutex::default(),
            limits_changed: tokio::sync::Notify::new(),
            blocks_added: tokio::sync::Notify::new(),
            damaged: Mutex::default(),
            is_leaving: Arc::default(),
            tasks: Mutex::default(),
            lock: Mutex::new(Some(lock)),
        });
        store.start_tasks();
        store.resume_erasures(erasures).await?;
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
/// Segments are read at the same time, one a core; the rows of each keep their order. Memory: as much as the generations took before the
/// stop, which a limit had bounded.
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
    for number in segments.iter().copied() {
        wal::check_follows(dir, last, number)?;
        last = number;
    }
    let states: Vec<_> = segments
        .iter()
        .map(|number| Arc::new(SegmentState::replayed(*number)))
        .collect();
    for state in &states {
        view.add_generation(Arc::clone(state));
    }
    let read = |index: usize| {
        let number = segments[index];
        let mut row_count = 0;
        let replayed = wal::replay(disk, dir, number, number == last, &mut |request| {
            let Request { tenant, batches } = request;
            row_count += batches.iter().map(|(_, batch)| batch.len()).sum::<usize>();
            let is_inserted = view.insert(number, tenant, &batches, now_ns);
            debug_assert!(is_inserted, "the generation was just added");
        })?;
        Ok((replayed, row_count))
    };
    for (state, found) in states.iter().zip(in_parallel(segments.len(), &read)) {
        let (replayed, row_count) = found?;
        let number = state.number;
        for Damage {
            start,
            end,
            was_durable,
        } in &replayed.damages
        {
            metrics.wal_damages.inc();
            state.set_damaged();
            tracing::error!(
                file = %wal::path(dir, number).display(),
                start,
                end,
                was_durable,
                "the log is damaged; the events of these bytes are lost, all others are kept"
            );
        }
        state.bytes.store(replayed.whole_bytes, Ordering::Relaxed);
        metrics.wal_replayed_records.inc_by(replayed.record_count);
        if replayed.record_count == 0 && !state.is_damaged() {
            // The number is used again: numbers without a gap are how a lost file would be noticed.
            view.drop_generation(number);
            wal::remove(disk, dir, number)?;
            last = number - 1;
        } else {
            tracing::info!(
                segment = number,
                records = replayed.record_count,
                rows = row_count,
                "read events back from the log"
            );
        }
    }
    view.measure();
    Ok(last)
}

/// Calls `work` with 0 to `count - 1`, as many at a time as there are cores; returns the answers in this order.
fn in_parallel<T: Send>(
    count: usize,
    work: &(dyn Fn(usize) -> Result<T> + Sync),
) -> Vec<Result<T>> {
    let next = AtomicUsize::new(0);
    let answers: Vec<Mutex<Option<Result<T>>>> = (0..count).map(|_| Mutex::default()).collect();
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores.min(count) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(answer) = answers.get(index) else {
                        return;
                    };
                    *answer.lock() = Some(work(index));
                }
            });
        }
    });
    let stopped = || Err(Error::Stopped("reading the log panicked".to_owned()));
    answers
        .into_iter()
        .map(|answer| answer.into_inner().unwrap_or_else(stopped))
        .collect()
}
