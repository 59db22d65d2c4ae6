//! The folder of block files: names, writing, and a bounded number of open ones.

use crate::block::{Block, BlockCache, BlockPlace, RangeRead, encode_sources};
use crate::compaction::pace::Pace;
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
/// Bytes that background work writes at once.
const PACED_BYTES: usize = 1 << 20;

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
    /// Columns of listed blocks that were deleted and are still in the file.
    hidden: HashMap<BlockId, Arc<[String]>>,
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

/// A file that is read at a bounded speed.
struct PacedFile {
    file: Arc<BlockFile>,
    pace: Arc<Pace>,
}

/// Writes one new file.
pub(crate) struct FileWriter {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    name: String,
    pace: Option<Arc<Pace>>,
    now_ns: i64,
}

/// A file that is on stable storage but for its name.
#[derive(Debug)]
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
        loop {
            let (open, hidden) = self.open.lock().find(listed.id);
            if let Some(block) = open {
                return Ok(Source::Block(block));
            }
            // Two readers may open the same block at once: the later one stays open, both can be read.
            let file = self.file(&listed.block.file)?;
            let block = self.open_block(file, listed, hidden.as_deref(), &self.cache)?;
            let mut open = self.open.lock();
            if open.hidden.get(&listed.id) != hidden.as_ref() {
                // A column was deleted meanwhile.
                continue;
            }
            let evicted = open.keep(listed.id, Arc::clone(&block), self.open_max);
            drop(open);
            drop(evicted);
            return Ok(Source::Block(block));
        }
    }

    /// Opens blocks, those that are not open yet with their directories on the way from the storage all at once.
    pub(crate) fn sources<'a>(
        &self,
        listed: &'a [Arc<ListedBlock>],
    ) -> Result<Vec<Source>, (&'a ListedBlock, ReadError)> {
        let is_open = |listed: &ListedBlock| self.open.lock().blocks.contains_key(&listed.id);
        let closed = listed.iter().filter(|listed| !is_open(listed));
        // Held until they are read, so that they stay open; one that can't be opened says so below.
        let files: Vec<Arc<BlockFile>> = closed
            .filter_map(|listed| {
                let file = self.file(&listed.block.file).ok()?;
                let (offset, length) = Block::tail(listed.block.offset, listed.block.length);
                file.will_read(offset, length);
                Some(file)
            })
            .collect();
        let sources = listed
            .iter()
            .map(|listed| self.source(listed).map_err(|error| (&**listed, error)))
            .collect();
        drop(files);
        sources
    }

    /// Opens as many blocks as are kept open, the newest first. What can't be opened is left to whoever reads it.
    pub(crate) fn open_newest(&self, mut blocks: Vec<Arc<ListedBlock>>) {
        blocks.sort_unstable_by_key(|listed| std::cmp::Reverse(listed.block.max_time_ns));
        blocks.truncate(self.open_max);
        for listed in &blocks {
            drop(self.source(listed));
        }
    }

    /// A block to read once, at a bounded speed, without displacing what queries have in memory.
    pub(crate) fn read_past_cache(
        &self,
        listed: &ListedBlock,
        pace: &Arc<Pace>,
    ) -> Result<Source, ReadError> {
        let hidden = self.open.lock().hidden.get(&listed.id).cloned();
        let file = PacedFile {
            file: self.file(&listed.block.file)?,
            pace: Arc::clone(pace),
        };
        let no_cache = Arc::new(BlockCache::new(0));
        let block = self.open_block(Arc::new(file), listed, hidden.as_deref(), &no_cache)?;
        Ok(Source::Block(block))
    }

    fn open_block(
        &self,
        file: Arc<dyn RangeRead>,
        listed: &ListedBlock,
        hidden: Option<&[String]>,
        cache: &Arc<BlockCache>,
    ) -> Result<Arc<Block>, ReadError> {
        let place = BlockPlace {
            dataset: listed.block.dataset,
            offset: listed.block.offset,
            length: listed.block.length,
        };
        let mut block = Block::open(file, place, Arc::clone(cache))?;
        if let Some(hidden) = hidden {
            block.hide_columns(hidden);
        }
        Ok(Arc::new(block))
    }

    /// Leaves columns out of these blocks for whoever opens them from now on.
    pub(crate) fn hide_columns(&self, blocks: &[BlockId], names: &[String]) {
        let mut open = self.open.lock();
        let mut closed = Vec::new();
        for id in blocks {
            let hidden = open.hidden.entry(*id).or_default();
            *hidden = hidden.iter().chain(names).cloned().collect();
            closed.extend(open.blocks.remove(id));
        }
        drop(open);
        drop(closed);
    }

    /// Blocks in whose files there are columns that were deleted.
    pub(crate) fn with_hidden_columns(&self) -> Vec<BlockId> {
        self.open.lock().hidden.keys().copied().collect()
    }

    /// Closes blocks that are not listed any more.
    pub(crate) fn forget(&self, blocks: impl Iterator<Item = BlockId>) {
        let mut open = self.open.lock();
        let Open {
            blocks: known,
            hidden,
            ..
        } = &mut *open;
        let forgotten: Vec<_> = blocks
            .filter_map(|id| {
                hidden.remove(&id);
                known.remove(&id)
            })
            .collect();
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

    /// Starts a new file, written at a bounded speed if one is given.
    pub(crate) fn writer(&self, now_ns: i64, pace: Option<Arc<Pace>>) -> FileWriter {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        FileWriter {
            disk: Arc::clone(&self.disk),
            dir: self.dir.clone(),
            name: format!("{number:016}{SUFFIX}"),
            pace,
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
    /// The block if it is open, and what must be hidden of it.
    fn find(&mut self, id: BlockId) -> (Option<Arc<Block>>, Option<Arc<[String]>>) {
        self.uses += 1;
        let open = self.blocks.get_mut(&id).map(|open| {
            open.last_use = self.uses;
            Arc::clone(&open.block)
        });
        (open, self.hidden.get(&id).cloned())
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
        self.read_into(offset, &mut buffer)?;
        Ok(buffer)
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_at(offset, buffer)
    }

    fn will_read(&self, offset: u64, length: u64) {
        self.file.will_read(offset, length);
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl RangeRead for PacedFile {
    fn read_at(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        self.pace.spend(length)?;
        self.file.read_at(offset, length)
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.pace.spend(buffer.len())?;
        self.file.read_into(offset, buffer)
    }

    fn name(&self) -> &str {
        self.file.name()
    }
}

impl FileWriter {
    /// Encodes the blocks one after another and makes the file durable under its name; no file when no rows are left for it.
    ///
    /// # Errors
    /// When the disk refuses, or an input can't be read; the unfinished file is gone, or goes at the next start.
    pub(crate) fn write(&self, plans: &[BlockPlan]) -> Result<Option<WrittenFile>> {
        let unfinished = self.dir.join(format!("{}{UNFINISHED}", self.name));
        let written = self.write_to(&unfinished, plans);
        if !matches!(written, Ok(Some(_))) {
            drop(self.disk.remove(&unfinished));
        }
        written
    }

    fn write_to(&self, unfinished: &Path, plans: &[BlockPlan]) -> Result<Option<WrittenFile>> {
        let fail = |source| Error::io(unfinished, source);
        let file: Arc<dyn DiskFile> = self.disk.create(unfinished).map_err(fail)?;
        let mut offset = 0;
        let mut blocks = Vec::with_capacity(plans.len());
        for plan in plans {
            let Some(encoded) = encode_sources(&plan.inputs, &|_| true)? else {
                continue;
            };
            self.append(&*file, &encoded.bytes).map_err(fail)?;
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
            // Blocks begin at multiples of 8, and their lengths are such.
            offset += length;
        }
        if blocks.is_empty() {
            return Ok(None);
        }
        file.sync().map_err(fail)?;
        self.disk
            .rename(unfinished, &self.dir.join(&self.name))
            .map_err(fail)?;
        Ok(Some(WrittenFile {
            name: self.name.clone(),
            blocks,
        }))
    }

    fn append(&self, file: &dyn DiskFile, bytes: &[u8]) -> io::Result<()> {
        let Some(pace) = &self.pace else {
            return file.append(bytes);
        };
        for part in bytes.chunks(PACED_BYTES) {
            pace.spend(part.len())?;
            file.append(part)?;
        }
        Ok(())
    }
}
