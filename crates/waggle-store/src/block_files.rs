//! The folder of block files: names, writing, and a bounded number of open ones.

use crate::block::{Block, BlockCache, BlockPlace, RangeRead, encode_block};
use crate::disk::{Disk, DiskFile};
use crate::store::flush::BlockPlan;
use crate::{Error, ReadError, Result, Source};
use hashbrown::HashMap;
use parking_lot::Mutex;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use waggle_metastore::{Block as ListedBlock, BlockId, NewBlock};

/// Ends the name of a file that is complete.
const SUFFIX: &str = ".blocks";
/// Ends the name of a file while it is written.
const UNFINISHED: &str = ".unfinished";

/// Block files by name.
pub(crate) struct BlockFiles {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    next: AtomicU64,
    open_max: usize,
    cache: Arc<BlockCache>,
    open: Mutex<Open>,
}

/// Blocks whose directories are in memory, and the files they are in.
#[derive(Default)]
struct Open {
    blocks: HashMap<BlockId, OpenBlock>,
    files: HashMap<String, Weak<BlockFile>>,
    uses: u64,
}

struct OpenBlock {
    block: Arc<Block>,
    last_use: u64,
}

/// A file of blocks on a disk.
struct BlockFile {
    file: Arc<dyn DiskFile>,
    name: String,
}

/// Writes one new file.
pub(crate) struct FileWriter {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    name: String,
    now_ns: i64,
}

/// A file that is on stable storage but for its name.
pub(crate) struct WrittenFile {
    pub(crate) name: String,
    pub(crate) blocks: Vec<NewBlock>,
}

impl BlockFiles {
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        dir: PathBuf,
        next: u64,
        open_max: usize,
        cache: Arc<BlockCache>,
    ) -> Self {
        Self {
            disk,
            dir,
            next: next.into(),
            open_max: open_max.max(1),
            cache,
            open: Mutex::default(),
        }
    }

    /// The number in the name of a file, complete or not.
    pub(crate) fn number(name: &str) -> Option<u64> {
        let name = name.strip_suffix(UNFINISHED).unwrap_or(name);
        name.strip_suffix(SUFFIX)?.parse().ok()
    }

    /// A block to read from, opened if it is not open already.
    pub(crate) fn source(&self, listed: &ListedBlock) -> Result<Source, ReadError> {
        if let Some(block) = self.open.lock().find(listed.id) {
            return Ok(Source::Block(block));
        }
        // Two readers may open the same block at once: the later one stays open, both can be read.
        let place = BlockPlace {
            dataset: listed.block.dataset,
            offset: listed.block.offset,
            length: listed.block.length,
        };
        let file = self.file(&listed.block.file)?;
        let block = Arc::new(Block::open(file, place, Arc::clone(&self.cache))?);
        let evicted = self
            .open
            .lock()
            .keep(listed.id, Arc::clone(&block), self.open_max);
        drop(evicted);
        Ok(Source::Block(block))
    }

    /// Closes blocks that are not listed any more.
    pub(crate) fn forget(&self, blocks: impl Iterator<Item = BlockId>) {
        let mut open = self.open.lock();
        let forgotten: Vec<_> = blocks.filter_map(|id| open.blocks.remove(&id)).collect();
        drop(open);
        drop(forgotten);
    }

    fn file(&self, name: &str) -> Result<Arc<BlockFile>, ReadError> {
        if let Some(file) = self.open.lock().files.get(name).and_then(Weak::upgrade) {
            return Ok(file);
        }
        let path = self.dir.join(name);
        let file = self.disk.open(&path).map_err(|source| ReadError::Io {
            file: path.display().to_string(),
            source,
        })?;
        let file = Arc::new(BlockFile {
            file,
            name: path.display().to_string(),
        });
        let mut open = self.open.lock();
        open.files.retain(|_, file| file.strong_count() > 0);
        open.files.insert(name.to_owned(), Arc::downgrade(&file));
        Ok(file)
    }

    /// Starts a new file.
    pub(crate) fn writer(&self, now_ns: i64) -> FileWriter {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        FileWriter {
            disk: Arc::clone(&self.disk),
            dir: self.dir.clone(),
            name: format!("{number:016}{SUFFIX}"),
            now_ns,
        }
    }

    /// Waits until the names of all written files are on stable storage.
    pub(crate) fn sync_names(&self) -> Result<()> {
        self.disk
            .sync_dir(&self.dir)
            .map_err(|source| Error::io(&self.dir, source))
    }

    /// Removes a file that no list mentions. Should it fail, the next start does it.
    pub(crate) fn discard(&self, name: &str) {
        let path = self.dir.join(name);
        if let Err(error) = self.disk.remove(&path) {
            tracing::warn!(%error, file = %path.display(), "a block file without blocks stays until the next start");
        }
    }
}

impl Open {
    fn find(&mut self, id: BlockId) -> Option<Arc<Block>> {
        self.uses += 1;
        let open = self.blocks.get_mut(&id)?;
        open.last_use = self.uses;
        Some(Arc::clone(&open.block))
    }

    /// Keeps a block open; returns those that are closed for it, an eighth at a time, the longest unused.
    fn keep(&mut self, id: BlockId, block: Arc<Block>, open_max: usize) -> Vec<OpenBlock> {
        let mut evicted = Vec::new();
        if self.blocks.len() >= open_max {
            let mut uses: Vec<u64> = self.blocks.values().map(|open| open.last_use).collect();
            uses.sort_unstable();
            let limit = uses[uses.len() / 8];
            let old = self.blocks.extract_if(|_, open| open.last_use <= limit);
            evicted.extend(old.map(|(_, open)| open));
        }
        let last_use = self.uses;
        evicted.extend(self.blocks.insert(id, OpenBlock { block, last_use }));
        evicted
    }
}

impl RangeRead for BlockFile {
    fn read_at(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut buffer = vec![0; length];
        self.file.read_at(offset, &mut buffer)?;
        Ok(buffer)
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl FileWriter {
    /// Encodes the blocks one after another and makes the file durable under its name.
    ///
    /// # Errors
    /// When the disk refuses; the unfinished file is gone, or goes at the next start.
    pub(crate) fn write(&self, plans: &[BlockPlan]) -> Result<WrittenFile> {
        let unfinished = self.dir.join(format!("{}{UNFINISHED}", self.name));
        self.write_to(&unfinished, plans).map_err(|source| {
            drop(self.disk.remove(&unfinished));
            Error::io(&unfinished, source)
        })
    }

    fn write_to(&self, unfinished: &Path, plans: &[BlockPlan]) -> io::Result<WrittenFile> {
        let file: Arc<dyn DiskFile> = self.disk.create(unfinished)?;
        let mut offset = 0;
        let mut blocks = Vec::with_capacity(plans.len());
        for plan in plans {
            let encoded = encode_block(&plan.runs);
            file.append(&encoded.bytes)?;
            let length = encoded.bytes.len() as u64;
            blocks.push(NewBlock {
                tenant: plan.tenant,
                dataset: encoded.dataset,
                file: self.name.clone(),
                offset,
                length,
                row_count: u64::from(encoded.row_count),
                min_time_ns: encoded.time_bounds_ns.0,
                max_time_ns: encoded.time_bounds_ns.1,
                // The eighth byte of every block is its version.
                format_version: encoded.bytes.get(7).copied().map_or(0, u32::from),
                created_at_ns: self.now_ns,
            });
            offset += length;
            // Blocks begin at multiples of 8.
            let padding = length.next_multiple_of(8) - length;
            file.append(&[0; 8][..usize::try_from(padding).unwrap_or_default()])?;
            offset += padding;
        }
        file.sync()?;
        self.disk.rename(unfinished, &self.dir.join(&self.name))?;
        Ok(WrittenFile {
            name: self.name.clone(),
            blocks,
        })
    }
}
