//! The list of blocks: a block is visible from the moment its row is committed until the moment it is removed, and never before or
//! after, whatever files lie on the disk.

use crate::Result;
use async_trait::async_trait;
use waggle_model::{DatasetId, Tenant};

/// Id of a block, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockId(pub i64);

/// A block to be listed. `file`, `offset` and `length` say where its bytes are: small blocks share a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBlock {
    /// Whose events.
    pub tenant: Tenant,
    /// The dataset of the events.
    pub dataset: DatasetId,
    /// Name of the file or object, as the store understands it.
    pub file: String,
    /// Where the block starts in the file, in bytes.
    pub offset: u64,
    /// How long it is, in bytes.
    pub length: u64,
    /// Its events.
    pub row_count: u64,
    /// The earliest event time in it.
    pub min_time_ns: i64,
    /// The latest event time in it.
    pub max_time_ns: i64,
    /// Version of the block format.
    pub format_version: u32,
    /// When it was written.
    pub created_at_ns: i64,
}

/// A listed block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its id.
    pub id: BlockId,
    /// What was listed.
    pub block: NewBlock,
}

/// Rows about blocks.
#[async_trait]
pub trait Blocks: Send + Sync {
    /// Lists blocks, unlists others and records how far the log is covered, all at one moment.
    ///
    /// Returns the ids of `added` in their order; `None` where the dataset was deleted meanwhile: its events are gone by intention, so
    /// the rest of the commit stands. `wal_covered_through` only moves forward: a smaller number than the stored one is ignored.
    ///
    /// # Errors
    /// `Conflict` when a block of `removed` is not listed any more (another compaction or a deletion was faster): nothing was changed,
    /// and the caller must look at the list again.
    async fn commit_blocks(
        &self,
        added: &[NewBlock],
        removed: &[BlockId],
        wal_covered_through: Option<u64>,
    ) -> Result<Vec<Option<BlockId>>>;

    /// Lists every block of the installation, by tenant, dataset and earliest event.
    async fn blocks(&self) -> Result<Vec<Block>>;

    /// Lists every block of a tenant, by dataset and earliest event.
    async fn tenant_blocks(&self, tenant: Tenant) -> Result<Vec<Block>>;

    /// Lists the names of all files that a block lives in, each once, by name. Any other block file is rubbish.
    async fn block_files(&self) -> Result<Vec<String>>;

    /// Returns the number of the last log file whose events are all in blocks; `None` before the first.
    async fn wal_covered_through(&self) -> Result<Option<u64>>;
}
