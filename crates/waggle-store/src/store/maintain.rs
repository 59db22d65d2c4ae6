//! Work on blocks that are there already: merging them, letting old ones go, writing them again without what was deleted.
//!
//! One piece of work at a time, each ended by one commit that lists what is new and unlists what it replaces. New files are durable
//! before, old ones are removed after; whoever still reads an old one has it open and keeps it. A stop in between leaves files that no
//! list mentions, and the next start removes them.

use super::Store;
use crate::compaction::pace::{Pace, in_background};
use crate::compaction::plan;
use crate::compaction::rewrite::{Rewrite, Rewritten, rewrite};
use crate::{Error, ReadError, Result};
use hashbrown::{HashMap, HashSet};
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;
use waggle_metastore::{Block as ListedBlock, BlockId, Error as MetastoreError, NewBlock};

/// How often a metastore that does not answer is asked again.
const COMMIT_RETRY: Duration = Duration::from_millis(500);

/// What stands in the place of what.
#[derive(Debug, Default)]
pub(super) struct Replaced {
    pub(super) added: Vec<Arc<ListedBlock>>,
    /// Rows that are in none of the new blocks.
    pub(super) left_out: u64,
}

impl Store {
    /// Merges blocks until there is nothing left to merge; returns how many were.
    ///
    /// # Errors
    /// When blocks can't be read or written, or the metastore refuses. Nothing has changed then but what earlier merges did.
    pub async fn compact(&self) -> Result<usize> {
        let mut merged = 0;
        loop {
            match self.compact_once().await? {
                0 => return Ok(merged),
                count => merged += count,
            }
        }
    }

    /// Does the most useful piece of work; returns how many blocks it read, 0 when there is nothing to do. What was deleted leaves the
    /// disk first.
    pub(super) async fn compact_once(&self) -> Result<usize> {
        let _turn = self.maintaining.lock().await;
        let unclean = self.blocks_to_clean();
        let work = match unclean.is_empty() {
            true => self.plan_compaction(),
            false => unclean.iter().map(Rewrite::of_one).collect(),
        };
        let count = work.iter().map(|rewrite| rewrite.inputs.len()).sum();
        if count > 0 {
            self.rewrite_blocks(work).await?;
        }
        Ok(count)
    }

    /// Merges of many small datasets are done together, so that they share a file; a large one is done alone.
    fn plan_compaction(&self) -> Vec<Rewrite> {
        let shape = self.config.shape();
        let damaged = self.damaged.lock().clone();
        let mut small = Vec::new();
        let mut small_bytes = 0;
        for (_, blocks) in self.view.blocks_by_dataset() {
            let blocks: Vec<_> = blocks
                .into_iter()
                .filter(|listed| !damaged.contains(&listed.id))
                .collect();
            let Some(merge) = plan::plan(&blocks, shape) else {
                continue;
            };
            let Some(first) = merge.inputs.first() else {
                continue;
            };
            let work = Rewrite {
                tenant: first.block.tenant,
                inputs: merge.inputs,
                cut: merge.cut,
                from_ns: None,
                erased: None,
            };
            if work.row_count() > self.config.shared_block_rows {
                return vec![work];
            }
            small_bytes += work.bytes();
            small.push(work);
            if small_bytes >= self.config.shared_file_bytes {
                break;
            }
        }
        small
    }

    /// Writes blocks again and puts what comes out in their place. The caller holds the turn.
    pub(super) async fn rewrite_blocks(&self, work: Vec<Rewrite>) -> Result<Replaced> {
        let inputs: Vec<Arc<ListedBlock>> = work
            .iter()
            .flat_map(|rewrite| rewrite.inputs.clone())
            .collect();
        let read_bytes: u64 = inputs.iter().map(|listed| listed.block.length).sum();
        self.check_room(read_bytes)?;
        let pace = Arc::new(Pace::new(
            self.config.compaction_bytes_per_second,
            Arc::clone(&self.is_leaving),
        ));
        let (files, shared_rows) = (Arc::clone(&self.files), self.config.shared_block_rows);
        let now_ns = self.clock.now_ns();
        let outcome = in_background(move || {
            let rewritten = rewrite(&work, &files, shared_rows, &pace, now_ns)?;
            if rewritten.files.is_empty() {
                return Ok(rewritten);
            }
            match files.sync_names() {
                Ok(()) => Ok(rewritten),
                Err(error) => {
                    rewritten
                        .files
                        .iter()
                        .for_each(|file| files.discard(&file.name));
                    Err(error)
                }
            }
        })
        .await;
        let Rewritten { files, left_out } = match outcome {
            Ok(rewritten) => rewritten,
            Err(error) => {
                self.note_damage(&error, &inputs);
                return Err(error);
            }
        };
        let added: Vec<NewBlock> = files.into_iter().flat_map(|file| file.blocks).collect();
        let written_bytes: u64 = added.iter().map(|block| block.length).sum();
        let added = self.replace(added, &inputs).await?;
        let metrics = &self.metrics;
        metrics.compacted_blocks.inc_by(inputs.len() as u64);
        metrics.compaction_read_bytes.inc_by(read_bytes);
        metrics.compaction_written_bytes.inc_by(written_bytes);
        self.view.measure();
        tracing::info!(
            blocks = inputs.len(),
            into = added.len(),
            read_bytes,
            written_bytes,
            left_out,
            "blocks were written again"
        );
        Ok(Replaced { added, left_out })
    }

    /// Lists new blocks in the place of others at one moment, for the metastore and for readers, and lets the files of the others go.
    ///
    /// # Errors
    /// `Metastore` with a conflict when the others are not there any more: their dataset was deleted. The new files are gone then.
    pub(super) async fn replace(
        &self,
        added: Vec<NewBlock>,
        removed: &[Arc<ListedBlock>],
    ) -> Result<Vec<Arc<ListedBlock>>> {
        let removed_ids: Vec<BlockId> = removed.iter().map(|listed| listed.id).collect();
        let ids = match self.commit_replacement(&added, &removed_ids).await {
            Ok(ids) => ids,
            Err(error) => {
                if !matches!(error, Error::Stopped(_)) {
                    self.remove_unlisted(added.iter().map(|block| block.file.as_str()));
                }
                return Err(error);
            }
        };
        let (listed, unlisted): (Vec<_>, Vec<_>) =
            added.into_iter().zip(ids).partition(|(_, id)| id.is_some());
        let listed: Vec<ListedBlock> = listed
            .into_iter()
            .filter_map(|(block, id)| id.map(|id| ListedBlock { id, block }))
            .collect();
        self.view.replace_blocks(&removed_ids, listed.clone());
        self.remove_files_of(removed);
        self.remove_unlisted(unlisted.iter().map(|(block, _)| block.file.as_str()));
        Ok(listed.into_iter().map(Arc::new).collect())
    }

    /// A call that failed may have happened all the same: until it is known, nothing else is done.
    async fn commit_replacement(
        &self,
        added: &[NewBlock],
        removed: &[BlockId],
    ) -> Result<Vec<Option<BlockId>>> {
        self.check_log()?;
        let error = match self.metastore.commit_blocks(added, removed, None).await {
            Ok(ids) => return Ok(ids),
            Err(error @ MetastoreError::Conflict(_)) => return Err(error.into()),
            Err(error) => error,
        };
        tracing::error!(%error, "the commit of rewritten blocks failed; asking whether it happened");
        let listed = loop {
            self.check_log()?;
            match self.metastore.blocks().await {
                Ok(listed) => break listed,
                Err(error) => tracing::error!(%error, "the metastore does not answer"),
            }
            tokio::time::sleep(COMMIT_RETRY).await;
        };
        let places: HashMap<(&str, u64), BlockId> = listed
            .iter()
            .map(|listed| ((listed.block.file.as_str(), listed.block.offset), listed.id))
            .collect();
        let is_listed: HashSet<BlockId> = listed.iter().map(|listed| listed.id).collect();
        if removed.iter().any(|id| is_listed.contains(id)) {
            return Err(error.into());
        }
        let id = |block: &NewBlock| places.get(&(block.file.as_str(), block.offset)).copied();
        Ok(added.iter().map(id).collect())
    }

    /// Remembers blocks that can't be read, so that merging goes on without them.
    fn note_damage(&self, error: &Error, inputs: &[Arc<ListedBlock>]) {
        let Error::Block(read_error) = error else {
            return;
        };
        if matches!(read_error, ReadError::Io { source, .. } if source.kind() == ErrorKind::Interrupted)
        {
            // The store stops: nothing is wrong with the block.
            return;
        }
        // The error names the file and the place in it; a block is found by both.
        let text = read_error.to_string();
        let is_meant = |listed: &&Arc<ListedBlock>| {
            text.contains(&listed.block.file)
                && (!text.contains("block at byte ")
                    || text.contains(&format!("block at byte {}", listed.block.offset)))
        };
        let mut damaged = self.damaged.lock();
        let found: Vec<BlockId> = inputs.iter().filter(is_meant).map(|l| l.id).collect();
        let all = || inputs.iter().map(|listed| listed.id).collect();
        let found = if found.is_empty() { all() } else { found };
        if found.iter().any(|id| !damaged.contains(id)) {
            self.metrics.damaged_blocks.inc_by(found.len() as u64);
            tracing::error!(%error, "a block can't be read; it stays as it is, and is merged with no other");
        }
        damaged.extend(found);
    }

    /// Background work leaves the reserve alone, and some room for what comes in meanwhile.
    fn check_room(&self, bytes: u64) -> Result<()> {
        let free = self.disk.free_bytes(&self.config.block_dir());
        let needed = self.config.disk_reserve_bytes.saturating_add(bytes);
        match free {
            Ok(free) if free < needed => Err(Error::Full),
            // A disk that does not tell is found out by writing.
            Ok(_) | Err(_) => Ok(()),
        }
    }
}
