//! From a generation to blocks: encode, make the files durable, commit once, swap in memory, let the log segment go.
//!
//! The order is what keeps the promises. Files are durable before a commit mentions them; the commit lists all blocks of the generation
//! and covers its segment at one moment, so that no start ever finds rows in both or in neither; readers change over under one lock;
//! and the segment goes last. A stop between any two steps leaves either orphan files or a covered segment, and the next start removes
//! both.

use super::{Store, blocking};
use crate::block::BlockInput;
use crate::block_files::WrittenFile;
use crate::memtable::Run;
use crate::memtable::generation::Generation;
use crate::{Error, Result, Source, wal};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use waggle_metastore::{Block as ListedBlock, BlockId, NewBlock};
use waggle_model::Tenant;

/// Events of a block, about: what a dataset collected beyond it while its generation was being sealed goes into another.
const BLOCK_ROWS: u64 = 1 << 20;
const COMMIT_RETRY: Duration = Duration::from_millis(500);

/// Rows that become one block.
pub(crate) struct BlockPlan {
    pub(crate) tenant: Tenant,
    pub(crate) inputs: Vec<BlockInput>,
}

impl Store {
    /// Turns generations below `end` into blocks, oldest first. With `u64::MAX` it stops at the first that is still being written to;
    /// with another number it waits for it.
    pub(super) async fn flush_before(&self, end: u64) -> Result<()> {
        let mut settled = self.settled.subscribe();
        let _turn = self.flushing.lock().await;
        loop {
            self.check_log()?;
            settled.borrow_and_update();
            let oldest = self.view.generations().into_iter().next();
            let Some(oldest) = oldest.filter(|oldest| oldest.segment.number < end) else {
                return Ok(());
            };
            if oldest.segment.is_settled() {
                self.flush_generation(&oldest).await?;
            } else if end == u64::MAX {
                return Ok(());
            } else if settled.changed().await.is_err() {
                return Err(Error::Stopped("the log has ended".to_owned()));
            }
        }
    }

    async fn flush_generation(&self, generation: &Generation) -> Result<()> {
        let start = Instant::now();
        let number = generation.segment.number;
        let blocks = self
            .write_files(plan_files(generation, &self.config))
            .await?;
        let ids = self.commit(number, &blocks).await?;
        let (listed, unlisted): (Vec<_>, Vec<_>) = blocks
            .into_iter()
            .zip(ids)
            .partition(|(_, id)| id.is_some());
        let listed: Vec<ListedBlock> = listed
            .into_iter()
            .filter_map(|(block, id)| id.map(|id| ListedBlock { id, block }))
            .collect();
        let block_count = listed.len();
        let written_bytes = listed.iter().map(|listed| listed.block.length).sum();
        self.metrics.flush_written_bytes.inc_by(written_bytes);
        self.view.replace_generation(generation, listed);
        self.memory_freed.notify_waiters();
        self.blocks_added.notify_one();
        self.remove_unlisted(unlisted.iter().map(|(block, _)| block.file.as_str()));

        let (disk, wal_dir) = (Arc::clone(&self.disk), self.config.wal_dir());
        let let_go = match generation.segment.is_damaged() {
            true => wal::set_aside,
            false => wal::remove,
        };
        // Should this fail, the next start removes it.
        if let Err(error) = blocking(move || let_go(&*disk, &wal_dir, number)).await {
            tracing::warn!(%error, "a log file that blocks cover stays until the next start");
        }
        self.metrics
            .flush_seconds
            .observe(start.elapsed().as_secs_f64());
        tracing::info!(
            segment = number,
            rows = generation.row_count(),
            blocks = block_count,
            elapsed_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
            "events became blocks"
        );
        Ok(())
    }

    /// Writes the files, a few at a time; none stays when one fails.
    async fn write_files(&self, plans: Vec<Vec<BlockPlan>>) -> Result<Vec<NewBlock>> {
        let mut plans = VecDeque::from(plans);
        let mut writing = JoinSet::new();
        let mut written: Vec<WrittenFile> = Vec::new();
        let mut failure = None;
        loop {
            while failure.is_none() && writing.len() < self.config.flush_files.max(1) {
                let Some(plan) = plans.pop_front() else {
                    break;
                };
                let writer = self.files.writer(self.clock.now_ns(), None);
                writing.spawn_blocking(move || writer.write(&plan));
            }
            match writing.join_next().await {
                None => break,
                Some(Ok(Ok(file))) => written.extend(file),
                Some(Ok(Err(error))) => failure = Some(error),
                Some(Err(error)) => failure = Some(Error::Stopped(error.to_string())),
            }
        }
        if failure.is_none() && !written.is_empty() {
            let files = Arc::clone(&self.files);
            failure = blocking(move || files.sync_names()).await.err();
        }
        match failure {
            None => Ok(written.into_iter().flat_map(|file| file.blocks).collect()),
            Some(error) => {
                let names = written.iter().map(|file| file.name.as_str());
                names.for_each(|name| self.files.discard(name));
                Err(error)
            }
        }
    }

    /// Lists the blocks and covers the segment at one moment.
    ///
    /// A failed call may have happened all the same, and its files may be listed: the covered number tells, since nothing else moves it.
    /// Until it is known, nothing else is done.
    async fn commit(&self, number: u64, blocks: &[NewBlock]) -> Result<Vec<Option<BlockId>>> {
        loop {
            self.check_log()?;
            let error = match self
                .metastore
                .commit_blocks(blocks, &[], Some(number))
                .await
            {
                Ok(ids) => return Ok(ids),
                Err(error) => error,
            };
            tracing::error!(%error, segment = number, "the commit of blocks failed; asking whether it happened");
            self.metrics.flush_failures.inc();
            loop {
                self.check_log()?;
                tokio::time::sleep(COMMIT_RETRY).await;
                match self.committed(number, blocks).await {
                    Ok(Some(ids)) => return Ok(ids),
                    Ok(None) => break,
                    Err(error) => tracing::error!(%error, "the metastore does not answer"),
                }
            }
        }
    }

    /// The ids of blocks that a commit listed without saying so; `None` when it did not happen.
    pub(super) async fn committed(
        &self,
        number: u64,
        blocks: &[NewBlock],
    ) -> Result<Option<Vec<Option<BlockId>>>> {
        if self.metastore.wal_covered_through().await? < Some(number) {
            return Ok(None);
        }
        let listed = self.metastore.blocks().await?;
        let id = |block: &NewBlock| {
            let is_same = |listed: &&ListedBlock| {
                listed.block.file == block.file && listed.block.offset == block.offset
            };
            listed.iter().find(is_same).map(|listed| listed.id)
        };
        Ok(Some(blocks.iter().map(id).collect()))
    }

    pub(super) fn check_log(&self) -> Result<()> {
        match self.wal.failure() {
            Some(reason) => Err(Error::Stopped(reason.to_owned())),
            None => Ok(()),
        }
    }

    /// Removes the files of blocks that are in no list any more, unless other blocks live in them.
    pub(super) fn remove_unlisted<'a>(&self, files: impl Iterator<Item = &'a str>) {
        let mut files: Vec<&str> = files.collect();
        files.sort_unstable();
        files.dedup();
        if files.is_empty() {
            return;
        }
        let listed = self.view.blocks();
        for file in files {
            if !listed.iter().any(|listed| listed.block.file == file) {
                self.files.discard(file);
            }
        }
    }

    /// Removes the last segment, which has no record.
    pub(super) fn remove_open_segment(&self) {
        for generation in self.view.generations() {
            let number = generation.segment.number;
            if generation.row_count() == 0
                && let Err(error) = wal::remove(&*self.disk, &self.config.wal_dir(), number)
            {
                tracing::warn!(%error, "an empty log file stays until the next start");
            }
        }
    }
}

/// Which blocks a generation becomes, and which of them share a file.
fn plan_files(generation: &Generation, config: &super::StoreConfig) -> Vec<Vec<BlockPlan>> {
    let mut files = Vec::new();
    let mut shared = Vec::new();
    let mut shared_bytes = 0;
    for table in generation.all_tables() {
        for runs in split_runs(table.seal()) {
            let row_count: u64 = runs.iter().map(|run| u64::from(run.row_count())).sum();
            let heap_bytes: u64 = runs.iter().map(|run| run.heap_bytes() as u64).sum();
            let plan = BlockPlan {
                tenant: table.tenant,
                inputs: runs
                    .into_iter()
                    .map(|run| Source::Run(run).into())
                    .collect(),
            };
            if row_count > config.shared_block_rows {
                files.push(vec![plan]);
                continue;
            }
            // Memory is more than the encoded bytes: the file stays below its size.
            shared_bytes += heap_bytes;
            shared.push(plan);
            if shared_bytes >= config.shared_file_bytes {
                files.push(std::mem::take(&mut shared));
                shared_bytes = 0;
            }
        }
    }
    if !shared.is_empty() {
        files.push(shared);
    }
    files
}

fn split_runs(runs: Vec<Arc<Run>>) -> Vec<Vec<Arc<Run>>> {
    let mut blocks: Vec<Vec<Arc<Run>>> = Vec::new();
    let mut row_count = BLOCK_ROWS;
    for run in runs {
        let rows = u64::from(run.row_count());
        if row_count + rows > BLOCK_ROWS + BLOCK_ROWS / 8 || blocks.is_empty() {
            blocks.push(Vec::new());
            row_count = 0;
        }
        row_count += rows;
        if let Some(block) = blocks.last_mut() {
            block.push(run);
        }
    }
    blocks
}

impl Store {
    /// Removes the files of blocks of deleted datasets.
    pub(super) fn remove_files_of(&self, blocks: &[Arc<ListedBlock>]) {
        self.files.forget(blocks.iter().map(|listed| listed.id));
        self.remove_unlisted(blocks.iter().map(|listed| listed.block.file.as_str()));
    }
}
