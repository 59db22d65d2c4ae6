//! Opening a block and reading its columns.

use super::RangeRead;
use super::bytes::Fault;
use super::cache::{BlockCache, CachedColumn, Key, Kind};
use super::directory::{ColumnEntry, Directory, Extent, Part, Role, TRAILER_BYTES, Trailer};
use super::layout::{LAYOUT_ID_REFERENCES, PRESENCE_ALL, decode_column, decode_presence};
use crate::checksum::is_whole;
use crate::column::{
    CHUNK_ROWS, ChunkBuffer, Column, ColumnPresence, Presence, TypedColumn, TypedPresence,
};
use crate::source::{ReadError, Wanted};
use std::cell::Cell;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use waggle_model::{DatasetId, TimeRange};

/// Where a block is and whose it must be: the part of its metastore row that reading needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockPlace {
    /// The dataset of all rows. A block that says otherwise is refused: another tenant's rows must not come out here.
    pub dataset: DatasetId,
    /// First byte of the block in its file.
    pub offset: u64,
    /// Bytes of the block.
    pub length: u64,
}

/// A sealed block whose directory is in memory. Columns are read when they are asked for and kept in the [`BlockCache`] until it
/// is full or the block is dropped.
pub struct Block {
    file: Arc<dyn RangeRead>,
    place: BlockPlace,
    directory: Directory,
    cache: Arc<BlockCache>,
    number: u64,
}

/// The end of a block that is read at once. Most directories are smaller, and then nothing more is read to open the block.
const TAIL_BYTES: u64 = 64 * 1024;

/// Columns with less than this between them are fetched together: a disk takes as long to begin anew.
const GAP_BYTES: u64 = 64 * 1024;

/// A buffer larger than this is not kept for the next column.
const SCRATCH_BYTES_MAX: usize = 8 << 20;

thread_local! {
    /// What a column's bytes are read into before they are decoded: fresh memory for each would cost as much as the reading.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

const TIMES: &str = "times";
const SAMPLE_RATES: &str = "sample rates";
pub(super) const MIXED_UP: &str = "the cache holds something else in its place";

impl Block {
    /// A number that no other block has in this process that was opened with the same cache, not even one of the same bytes.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Opens a block by reading its directory.
    ///
    /// # Errors
    /// [`ReadError`] when the directory can't be read, is damaged, or is of a newer version.
    pub fn open(
        file: Arc<dyn RangeRead>,
        place: BlockPlace,
        cache: Arc<BlockCache>,
    ) -> Result<Self, ReadError> {
        let directory = read_directory(&*file, place, &cache)?;
        if directory.dataset != place.dataset {
            let fault = Fault::corrupt(format!(
                "it belongs to dataset {}, not {}",
                directory.dataset.0, place.dataset.0
            ));
            return Err(error(&*file, place.offset, "", fault));
        }
        let number = cache.register();
        Ok(Self {
            file,
            place,
            directory,
            cache,
            number,
        })
    }

    /// The part of a block that [`open`](Self::open) reads first, as offset and length in its file.
    pub(crate) fn tail(offset: u64, length: u64) -> (u64, u64) {
        let start = length.saturating_sub(TAIL_BYTES);
        (offset.saturating_add(start), length - start)
    }

    /// Leaves columns out, as if no row had them.
    pub(crate) fn hide_columns(&mut self, names: &[String]) {
        self.directory.entries.retain(|entry| {
            entry.role != Role::Event || !names.iter().any(|name| **name == *entry.name)
        });
    }

    /// The dataset of all rows.
    pub fn dataset(&self) -> DatasetId {
        self.directory.dataset
    }

    /// Number of rows, at least one.
    pub fn row_count(&self) -> u32 {
        self.directory.row_count
    }

    /// Smallest and largest time, both included.
    pub fn time_bounds_ns(&self) -> (i64, i64) {
        self.directory.time_bounds_ns
    }

    /// Bytes on disk.
    pub fn stored_bytes(&self) -> u64 {
        self.place.length
    }

    /// The events' columns as the directory describes them: one entry per name and type, in the order of names.
    pub fn entries(&self) -> &[ColumnEntry] {
        let first = self
            .directory
            .entries
            .partition_point(|entry| entry.role < Role::Event);
        &self.directory.entries[first..]
    }

    /// The entries of one column, one per type; none when no row has it. What they tell costs no read.
    pub fn entries_of(&self, name: &str) -> &[ColumnEntry] {
        &self.directory.entries[self.directory.find(Role::Event, name)]
    }

    /// Event times, ascending: an integer column without gaps.
    ///
    /// # Errors
    /// [`ReadError`] when the column can't be read, is damaged, or is of a newer version; so with the readers below.
    pub fn times(&self) -> Result<Arc<TypedColumn>, ReadError> {
        self.special(Role::Time, || self.read_times())
    }

    /// Sample rates: an integer column without gaps. `None` when every rate is 1.
    pub fn sample_rates(&self) -> Result<Option<Arc<TypedColumn>>, ReadError> {
        if self.directory.all_rates_one {
            return Ok(None);
        }
        self.special(Role::SampleRate, || {
            self.read_special(Role::SampleRate, SAMPLE_RATES)
        })
        .map(Some)
    }

    /// A column by name; `None` when no row has it.
    pub fn column(&self, name: &str) -> Result<Option<Arc<Column>>, ReadError> {
        let column = self.coded_column(name)?;
        if let Some(column) = &column {
            self.load_texts(column, name)?;
        }
        Ok(column)
    }

    /// The same, where texts that are compressed may still be: hashes and codes can be read, texts only of dictionaries that say so.
    pub fn coded_column(&self, name: &str) -> Result<Option<Arc<Column>>, ReadError> {
        let range = self.directory.find(Role::Event, name);
        if range.is_empty() {
            return Ok(None);
        }
        let key = self.key(range.start, Kind::Values);
        let read = || {
            let column = self.read_types(range, name, true)?;
            Ok(CachedColumn::Event(Arc::new(column)))
        };
        match self.cache.get_or_read(key, read)? {
            CachedColumn::Event(column) => Ok(Some(column)),
            _ => Err(self.error(name, MIXED_UP.into())),
        }
    }

    /// Which rows have a value in a column; `None` when no row has. Reads nothing else of the column, and nothing at all when every row
    /// has one or the column is in the cache.
    pub fn presence(&self, name: &str) -> Result<Option<Arc<ColumnPresence>>, ReadError> {
        let range = self.directory.find(Role::Event, name);
        if range.is_empty() {
            return Ok(None);
        }
        if let Some(CachedColumn::Event(column)) =
            self.cache.peek(self.key(range.start, Kind::Values))
        {
            return Ok(Some(Arc::new(column.presence())));
        }
        let key = self.key(range.start, Kind::Presence);
        let read = || {
            let entries = self.directory.entries[range].iter();
            let types = entries.map(|entry| self.read_presence(entry, name));
            let types = types.collect::<Result<_, _>>()?;
            Ok(CachedColumn::Presence(Arc::new(ColumnPresence { types })))
        };
        match self.cache.get_or_read(key, read)? {
            CachedColumn::Presence(presence) => Ok(Some(presence)),
            _ => Err(self.error(name, MIXED_UP.into())),
        }
    }

    pub(super) fn read_presence(
        &self,
        entry: &ColumnEntry,
        name: &str,
    ) -> Result<TypedPresence, ReadError> {
        let Directory { row_count, .. } = self.directory;
        let presence = if entry.presence == PRESENCE_ALL && entry.value_count == row_count {
            Presence::All
        } else if self.directory.version == 1 {
            return self
                .read(entry, name, None)
                .map(|typed| TypedPresence::of(&typed));
        } else {
            let bytes = self.read_part(entry, name, Part::Presence)?;
            decode_presence(entry, row_count, self.directory.lanes(), &bytes)
                .map_err(|fault| self.error(name, fault))?
        };
        Ok(TypedPresence {
            column_type: entry.column_type,
            row_count,
            presence,
        })
    }

    /// Reads a column past the cache; so with the two readers below. For whoever goes through a whole block once.
    pub(super) fn read_column(&self, name: &str) -> Result<Option<Column>, ReadError> {
        let range = self.directory.find(Role::Event, name);
        if range.is_empty() {
            return Ok(None);
        }
        let column = self.read_types(range, name, false)?;
        self.load_texts(&column, name)?;
        Ok(Some(column))
    }

    pub(super) fn load_texts(&self, column: &Column, name: &str) -> Result<(), ReadError> {
        for dictionary in column.types.iter().filter_map(TypedColumn::dictionary) {
            let loaded = dictionary.load_texts();
            loaded.map_err(|message| self.error(name, Fault::corrupt(message)))?;
        }
        Ok(())
    }

    pub(super) fn read_times(&self) -> Result<TypedColumn, ReadError> {
        let times = self.read_special(Role::Time, TIMES)?;
        if !times.is_searchable() {
            return Err(self.error(TIMES, "their layout is not one for times".into()));
        }
        self.check_times(&times)
            .map_err(|fault| self.error(TIMES, fault))?;
        Ok(times)
    }

    pub(super) fn read_sample_rates(&self) -> Result<Option<TypedColumn>, ReadError> {
        if self.directory.all_rates_one {
            return Ok(None);
        }
        self.read_special(Role::SampleRate, SAMPLE_RATES).map(Some)
    }

    /// Lets the storage begin to fetch what is not in memory. Returns at once; for the blocks that a query reads next.
    pub fn will_read(&self, wanted: &[Wanted<'_>]) {
        let mut ranges: Vec<(u64, u64)> = Vec::with_capacity(wanted.len());
        for wanted in wanted {
            let (role, name) = match *wanted {
                Wanted::Times => (Role::Time, ""),
                Wanted::Column(name) | Wanted::Some(name) | Wanted::Presence(name) => {
                    (Role::Event, name)
                }
            };
            let entries = self.directory.find(role, name);
            let is_kept = |kind| self.cache.peek(self.key(entries.start, kind)).is_some();
            let is_presence = matches!(wanted, Wanted::Presence(_));
            if is_kept(Kind::Values) || is_presence && is_kept(Kind::Presence) {
                continue;
            }
            for entry in &self.directory.entries[entries] {
                if is_presence && self.directory.version > 1 {
                    let (offset, part) = entry.part(Part::Presence);
                    ranges.push((offset, offset + part.bytes));
                } else if matches!(wanted, Wanted::Some(_)) && entry.is_in_chunks() {
                    ranges.extend(self.around_chunks(entry));
                } else {
                    let entries = [Some(entry), entry.target.as_deref()];
                    let entries = entries.into_iter().flatten();
                    ranges.extend(
                        entries.map(|entry| (entry.offset, entry.offset + entry.stored_bytes)),
                    );
                }
            }
        }
        ranges.retain(|(start, end)| start < end);
        ranges.sort_unstable();
        let mut ranges = ranges.into_iter();
        let Some(mut range) = ranges.next() else {
            return;
        };
        for next in ranges {
            if next.0 <= range.1 + GAP_BYTES {
                range.1 = range.1.max(next.1);
            } else {
                self.file
                    .will_read(self.place.offset + range.0, range.1 - range.0);
                range = next;
            }
        }
        self.file
            .will_read(self.place.offset + range.0, range.1 - range.0);
    }

    /// The rows whose time lies in `range`, exactly. Reads the times only when the range cuts the block.
    pub fn rows_in(&self, range: TimeRange) -> Result<Range<u32>, ReadError> {
        let (first, last) = self.time_bounds_ns();
        if range.start_ns >= range.end_ns || last < range.start_ns || first >= range.end_ns {
            return Ok(0..0);
        }
        if range.start_ns <= first && last < range.end_ns {
            return Ok(0..self.row_count());
        }
        let times = self.times()?;
        Ok(times.lower_bound(range.start_ns)..times.lower_bound(range.end_ns))
    }

    /// Times or sample rates, from the cache or into it.
    fn special(
        &self,
        role: Role,
        read: impl FnOnce() -> Result<TypedColumn, ReadError>,
    ) -> Result<Arc<TypedColumn>, ReadError> {
        let key = self.key(self.directory.find(role, "").start, Kind::Values);
        let read = || Ok(CachedColumn::Special(Arc::new(read()?)));
        match self.cache.get_or_read(key, read)? {
            CachedColumn::Special(column) => Ok(column),
            _ => Err(self.error("", MIXED_UP.into())),
        }
    }

    pub(super) fn key(&self, entry: usize, kind: Kind) -> Key {
        Key {
            block: self.number,
            entry,
            kind,
        }
    }

    /// Times or sample rates: every row has one.
    fn read_special(&self, role: Role, what: &str) -> Result<TypedColumn, ReadError> {
        let index = self.directory.find(role, "").start;
        let column = self.read(&self.directory.entries[index], what, None)?;
        match column.is_everywhere() {
            true => Ok(column),
            false => Err(self.error(what, "a row lacks a value".into())),
        }
    }

    fn check_times(&self, times: &TypedColumn) -> Result<(), Fault> {
        let mut previous = self.directory.time_bounds_ns.0;
        let mut buffer = ChunkBuffer::default();
        for first in (0..times.row_count()).step_by(CHUNK_ROWS) {
            times.read_ints(first as usize / CHUNK_ROWS, &mut buffer);
            let count = (times.row_count() - first).min(CHUNK_ROWS as u32);
            let times = &buffer.values[..count as usize];
            if times.first().is_some_and(|first| *first < previous) || !times.is_sorted() {
                return Err("times do not ascend".into());
            }
            previous = times.last().copied().unwrap_or(previous);
        }
        if previous != self.directory.time_bounds_ns.1 {
            return Err("times and the directory differ".into());
        }
        Ok(())
    }

    fn read_types(
        &self,
        range: Range<usize>,
        name: &str,
        is_cached: bool,
    ) -> Result<Column, ReadError> {
        let entries = self.directory.entries[range].iter();
        let types = entries.map(|entry| self.read_type(entry, name, is_cached));
        types
            .collect::<Result<_, _>>()
            .map(|types| Column { types })
    }

    pub(super) fn read_type(
        &self,
        entry: &ColumnEntry,
        name: &str,
        is_cached: bool,
    ) -> Result<TypedColumn, ReadError> {
        match entry.layout {
            LAYOUT_ID_REFERENCES => self.read_references(entry, name, is_cached),
            _ => self.read(entry, name, None),
        }
    }

    /// Reads a column whose ids are those of another one, through the cache if it is asked for itself through it.
    fn read_references(
        &self,
        entry: &ColumnEntry,
        name: &str,
        is_cached: bool,
    ) -> Result<TypedColumn, ReadError> {
        let Some(target) = &entry.target else {
            return Err(self.error(name, "the column it refers to is missing".into()));
        };
        let column = match is_cached {
            true => self.column(&target.name)?,
            false => None,
        };
        let mut types = column.iter().flat_map(|column| &column.types);
        match types.find(|typed| typed.column_type() == target.column_type) {
            Some(target) => self.read(entry, name, Some(target)),
            // Not to be cached, or hidden.
            None => {
                let target = self.read(target, &target.name, None)?;
                self.read(entry, name, Some(&target))
            }
        }
    }

    fn read(
        &self,
        entry: &ColumnEntry,
        name: &str,
        target: Option<&TypedColumn>,
    ) -> Result<TypedColumn, ReadError> {
        let offset = self.place.offset + entry.offset;
        let mut bytes = SCRATCH.take();
        let column = self.read_with(&mut bytes, offset, entry, name, target);
        if bytes.capacity() <= SCRATCH_BYTES_MAX {
            SCRATCH.set(bytes);
        }
        column
    }

    fn read_with(
        &self,
        bytes: &mut Vec<u8>,
        offset: u64,
        entry: &ColumnEntry,
        name: &str,
        target: Option<&TypedColumn>,
    ) -> Result<TypedColumn, ReadError> {
        read_range_into(&*self.file, offset, entry.stored_bytes, bytes, &self.cache)?;
        let mut rest = &bytes[..];
        for part in &entry.parts {
            let (bytes, after) = rest.split_at(part.bytes as usize);
            self.check(name, bytes, *part)?;
            rest = after;
        }
        let Directory { row_count, .. } = self.directory;
        decode_column(entry, row_count, self.directory.lanes(), bytes, target)
            .map_err(|fault| self.error(name, fault))
    }

    pub(super) fn directory(&self) -> &Directory {
        &self.directory
    }

    pub(super) fn cache(&self) -> &BlockCache {
        &self.cache
    }

    /// Reads some bytes of a part of a column. The caller checks them.
    pub(super) fn read_inside(
        &self,
        entry: &ColumnEntry,
        name: &str,
        part: Part,
        range: Range<usize>,
    ) -> Result<Vec<u8>, ReadError> {
        let (offset, part) = entry.part(part);
        if range.start > range.end || range.end as u64 > part.bytes {
            return Err(self.error(name, "an index leads out of its column".into()));
        }
        let offset = self.place.offset + offset + range.start as u64;
        read_range(&*self.file, offset, range.len() as u64, &self.cache)
    }

    /// Reads so many bytes of a column from the beginning of a part on. The caller checks them.
    pub(super) fn read_from(
        &self,
        entry: &ColumnEntry,
        name: &str,
        part: Part,
        length: u64,
    ) -> Result<Vec<u8>, ReadError> {
        let (offset, _) = entry.part(part);
        if offset + length > entry.offset + entry.stored_bytes {
            return Err(self.error(name, "a part leads out of its column".into()));
        }
        read_range(&*self.file, self.place.offset + offset, length, &self.cache)
    }

    /// Reads a part of a column.
    pub(super) fn read_part(
        &self,
        entry: &ColumnEntry,
        name: &str,
        part: Part,
    ) -> Result<Vec<u8>, ReadError> {
        let (offset, part) = entry.part(part);
        let offset = self.place.offset + offset;
        let bytes = read_range(&*self.file, offset, part.bytes, &self.cache)?;
        self.check(name, &bytes, part)?;
        Ok(bytes)
    }

    /// Lets the storage begin to fetch some bytes of a part of a column.
    pub(super) fn will_read_inside(&self, entry: &ColumnEntry, part: Part, range: &Range<usize>) {
        let (offset, _) = entry.part(part);
        let offset = self.place.offset + offset + range.start as u64;
        self.file.will_read(offset, range.len() as u64);
    }

    pub(super) fn check(&self, name: &str, bytes: &[u8], part: Extent) -> Result<(), ReadError> {
        match is_whole(bytes, part.checksum) {
            true => Ok(()),
            false => Err(self.error(name, "the checksum is wrong".into())),
        }
    }

    pub(super) fn error(&self, column: &str, fault: Fault) -> ReadError {
        error(&*self.file, self.place.offset, column, fault)
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        self.cache.forget(self.number);
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block")
            .field("file", &self.file.name())
            .field("place", &self.place)
            .field("row_count", &self.row_count())
            .finish_non_exhaustive()
    }
}

fn read_directory(
    file: &dyn RangeRead,
    place: BlockPlace,
    cache: &BlockCache,
) -> Result<Directory, ReadError> {
    let BlockPlace { offset, length, .. } = place;
    let fail = |fault| error(file, offset, "", fault);
    let tail_start = length.saturating_sub(TAIL_BYTES);
    let Some(tail_offset) = offset.checked_add(tail_start) else {
        return Err(fail("it lies beyond all files".into()));
    };
    let tail = read_range(file, tail_offset, length - tail_start, cache)?;
    let Some((before, trailer)) = tail.split_last_chunk::<TRAILER_BYTES>() else {
        return Err(fail("it is too short".into()));
    };
    let trailer = Trailer::read(trailer, length).map_err(fail)?;
    let known = before.len() as u64;
    let missing = u64::from(trailer.directory_bytes).saturating_sub(known);
    let read_again;
    let directory = if missing == 0 {
        &before[(known - u64::from(trailer.directory_bytes)) as usize..]
    } else {
        read_again = read_range(
            file,
            offset + trailer.directory_offset,
            u64::from(trailer.directory_bytes),
            cache,
        )?;
        &read_again
    };
    if !is_whole(directory, trailer.directory_checksum) {
        return Err(fail("the directory's checksum is wrong".into()));
    }
    Directory::read(directory, trailer.directory_offset, trailer.version).map_err(fail)
}

fn read_range(
    file: &dyn RangeRead,
    offset: u64,
    length: u64,
    cache: &BlockCache,
) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    read_range_into(file, offset, length, &mut bytes, cache)?;
    Ok(bytes)
}

/// The same in the place of whatever is in `bytes`.
fn read_range_into(
    file: &dyn RangeRead,
    offset: u64,
    length: u64,
    bytes: &mut Vec<u8>,
    cache: &BlockCache,
) -> Result<(), ReadError> {
    let fail = |source| ReadError::Io {
        file: file.name().to_owned(),
        source,
    };
    let length =
        usize::try_from(length).map_err(|_| fail(std::io::ErrorKind::OutOfMemory.into()))?;
    if bytes.is_empty() {
        // Comes as zeros from the system; to fill it would touch every page once more.
        *bytes = vec![0; length];
    } else {
        bytes.resize(length, 0);
    }
    file.read_into(offset, bytes).map_err(fail)?;
    cache.count_read(bytes.len() as u64);
    Ok(())
}

fn error(file: &dyn RangeRead, offset: u64, column: &str, fault: Fault) -> ReadError {
    let mut place = format!("block at byte {offset}");
    if !column.is_empty() {
        place = format!("{place}, column {column}");
    }
    let file = file.name().to_owned();
    match fault {
        Fault::Corrupt(message) => ReadError::Corrupt {
            file,
            message: format!("{place}: {message}"),
        },
        Fault::Unsupported(message) => ReadError::Unsupported {
            file,
            message: format!("{place}: {message}"),
        },
    }
}
