//! What a query reads: blocks and memtable runs behind one set of calls, with columns that a query adds to them.

mod extended;

pub use extended::{Definition, ExtendedSource, ExtraColumns};

use crate::block::Block;
use crate::column::{Column, ColumnPresence, TypedColumn};
use crate::memtable::Run;
use std::ops::Range;
use std::sync::Arc;
use waggle_model::{ColumnType, DatasetId, TimeRange};

/// Why stored data could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The bytes are not what was written: a checksum, a length or a value is wrong. Reading stops; nothing is guessed.
    #[error("{file} is damaged: {message}")]
    Corrupt {
        /// The file.
        file: String,
        /// What is wrong.
        message: String,
    },
    /// A newer version of this program wrote them; that one can read them.
    #[error("{file} can't be read by this version of Waggle: {message}")]
    Unsupported {
        /// The file.
        file: String,
        /// What is unknown here.
        message: String,
    },
    /// The disk refused.
    #[error("{file} can't be read: {source}")]
    Io {
        /// The file.
        file: String,
        /// The cause.
        source: std::io::Error,
    },
}

/// The column with the time at which each row was accepted, in whole seconds since the Unix epoch. It is stored like those of events and
/// found by this name alone: lists of columns leave it out, and what a sender calls so is overwritten. Rows from before it was kept, and those
/// that a query makes up, have no value.
///
/// Whole seconds, because they cost next to nothing: the rows of a chunk mostly came within a few of each other.
pub const ARRIVAL_COLUMN: &str = "\0arrival_s";

/// What of a source is soon to be read, for [`Source::will_read`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// Event times.
    Times,
    /// All of a column.
    Column(&'a str),
    /// Some chunks of a column, which are not known yet.
    Some(&'a str),
    /// Which rows have a value in a column.
    Presence(&'a str),
}

/// Rows of one dataset that can be read column by column.
#[derive(Clone, Debug)]
pub enum Source {
    /// Rows in memory.
    Run(Arc<Run>),
    /// Rows on disk or in an object store.
    Block(Arc<Block>),
    /// Either of them, with more columns.
    Extended(Arc<ExtendedSource>),
}

/// Everything there was at one moment, within a tenant, a scope and a range of time.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The sources, in no order. Their times may overlap.
    pub sources: Vec<Source>,
}

impl Snapshot {
    /// The same, each source read as [`Source::by_definition`] says.
    #[must_use]
    pub fn by_definition(&self, names: Option<&[&str]>) -> Self {
        let sources = self.sources.iter();
        Self {
            sources: sources.map(|source| source.by_definition(names)).collect(),
        }
    }
}

impl Source {
    /// The rows as they are stored, without what a query added.
    pub fn base(&self) -> &Self {
        match self {
            Self::Run(_) | Self::Block(_) => self,
            Self::Extended(extended) => extended.base().base(),
        }
    }

    /// The block that the rows are in, if they are in one.
    pub fn block(&self) -> Option<&Arc<Block>> {
        match self.base() {
            Self::Block(block) => Some(block),
            Self::Run(_) | Self::Extended(_) => None,
        }
    }

    /// Whether a column is one that a query added.
    pub fn is_extra(&self, name: &str) -> bool {
        match self {
            Self::Run(_) | Self::Block(_) => false,
            Self::Extended(extended) => extended.has(name) || extended.base().is_extra(name),
        }
    }

    /// Whether some row may have a value in a column. Reads nothing.
    pub fn has_column(&self, name: &str) -> bool {
        match self {
            Self::Run(run) => run.column(name).is_some(),
            Self::Block(block) => !block.entries_of(name).is_empty(),
            Self::Extended(extended) => extended.has_column(name),
        }
    }

    /// The types in which values of a column are stored. Reads nothing.
    pub fn stored_types(&self, name: &str) -> Vec<ColumnType> {
        match self {
            Self::Run(run) => {
                let column = run.column(name).into_iter();
                let types = column.flat_map(|column| &column.types);
                types.map(TypedColumn::column_type).collect()
            }
            Self::Block(block) => {
                let entries = block.entries_of(name).iter();
                entries.map(|entry| entry.column_type).collect()
            }
            Self::Extended(extended) => extended.base().stored_types(name),
        }
    }

    /// The same rows, in which the names of columns that are usual for a meaning, these or all, stand for the columns that have the meaning
    /// here. Costs nothing where those are the usual ones.
    #[must_use]
    pub fn by_definition(&self, names: Option<&[&str]>) -> Self {
        match self.definition().and_then(|known| known.columns(names)) {
            None => self.clone(),
            Some(columns) => Self::Extended(Arc::new(ExtendedSource::new(self.clone(), columns))),
        }
    }

    /// What its columns mean, where that is not what most sources call them.
    pub fn definition(&self) -> Option<&Arc<dyn Definition>> {
        match self {
            Self::Run(_) | Self::Block(_) => None,
            Self::Extended(extended) => extended
                .definition()
                .or_else(|| extended.base().definition()),
        }
    }

    /// The columns that [`by_definition`](Self::by_definition) puts under the usual names; `None` where those have their meanings themselves.
    pub fn meanings(&self) -> Option<Arc<dyn ExtraColumns>> {
        self.definition()?.columns(None)
    }

    /// Tells how its columns are read from how they were read before somebody chose other types or meanings; 0 when nobody has.
    pub fn reading_key(&self) -> u64 {
        match self {
            Self::Run(_) | Self::Block(_) => 0,
            Self::Extended(extended) => {
                let below = extended.base().reading_key();
                below.rotate_left(1) ^ extended.key()
            }
        }
    }

    /// The dataset of all rows.
    pub fn dataset(&self) -> DatasetId {
        match self {
            Self::Run(run) => run.dataset(),
            Self::Block(block) => block.dataset(),
            Self::Extended(extended) => extended.base().dataset(),
        }
    }

    /// Number of rows.
    pub fn row_count(&self) -> u32 {
        match self {
            Self::Run(run) => run.row_count(),
            Self::Block(block) => block.row_count(),
            Self::Extended(extended) => extended.base().row_count(),
        }
    }

    /// Smallest and largest time, both included.
    pub fn time_bounds_ns(&self) -> (i64, i64) {
        match self {
            Self::Run(run) => run.time_bounds_ns(),
            Self::Block(block) => block.time_bounds_ns(),
            Self::Extended(extended) => extended.base().time_bounds_ns(),
        }
    }

    /// True when times ascend with the row number.
    pub fn is_time_sorted(&self) -> bool {
        match self {
            Self::Run(_) => false,
            Self::Block(_) => true,
            Self::Extended(extended) => extended.base().is_time_sorted(),
        }
    }

    /// Event times: an integer column without gaps.
    ///
    /// # Errors
    /// [`ReadError`] when the block can't be read; so with the readers below.
    pub fn times(&self) -> Result<Arc<TypedColumn>, ReadError> {
        match self {
            Self::Run(run) => Ok(Arc::clone(run.times())),
            Self::Block(block) => block.times(),
            Self::Extended(extended) => extended.base().times(),
        }
    }

    /// Sample rates: an integer column without gaps. `None` when every rate is 1.
    pub fn sample_rates(&self) -> Result<Option<Arc<TypedColumn>>, ReadError> {
        match self {
            Self::Run(run) => Ok(Some(Arc::clone(run.sample_rates()))),
            Self::Block(block) => block.sample_rates(),
            Self::Extended(extended) => extended.sample_rates(),
        }
    }

    /// A column by name; `None` when no row has it.
    pub fn column(&self, name: &str) -> Result<Option<Arc<Column>>, ReadError> {
        match self {
            Self::Run(run) => Ok(run.column(name).map(Arc::clone)),
            Self::Block(block) => block.column(name),
            Self::Extended(extended) => extended.column(name),
        }
    }

    /// The same, where texts that a block has compressed may still be so: hashes and codes can be read, texts only of dictionaries that say so.
    pub fn coded_column(&self, name: &str) -> Result<Option<Arc<Column>>, ReadError> {
        match self {
            Self::Block(block) => block.coded_column(name),
            Self::Extended(extended) => extended.coded_column(name),
            Self::Run(_) => self.column(name),
        }
    }

    /// A column where only some chunks, ascending, will be looked at: to read others may panic. Of a block not much more is read.
    pub fn column_in(
        &self,
        name: &str,
        chunks: &[usize],
    ) -> Result<Option<Arc<Column>>, ReadError> {
        match self {
            Self::Block(block) => block.column_in(name, chunks),
            Self::Extended(extended) => extended.column_in(name, chunks),
            Self::Run(_) => self.column(name),
        }
    }

    /// True when a column is in memory, or in no row; then [`column_in`](Self::column_in) gains nothing.
    pub fn has_in_memory(&self, name: &str) -> bool {
        match self {
            Self::Run(_) => true,
            Self::Block(block) => block.has_in_memory(name),
            Self::Extended(extended) => extended.has_in_memory(name),
        }
    }

    /// Which rows have a value in a column, without reading its values; `None` when no row has.
    pub fn presence(&self, name: &str) -> Result<Option<Arc<ColumnPresence>>, ReadError> {
        match self {
            Self::Run(run) => Ok(run.column(name).map(|column| Arc::new(column.presence()))),
            Self::Block(block) => block.presence(name),
            Self::Extended(extended) => extended.presence(name),
        }
    }

    /// The rows, ascending, whose value in a column is this text. A block whose ids are sorted says that there are none after reading a
    /// few kilobytes.
    pub fn rows_with(&self, name: &str, text: &str) -> Result<Vec<u32>, ReadError> {
        match self {
            Self::Run(run) => Ok(run
                .column(name)
                .map_or_else(Vec::new, |column| column.rows_with(text))),
            Self::Block(block) => block.rows_with(name, text),
            Self::Extended(extended) => extended.rows_with(name, text),
        }
    }

    /// Lets the storage begin to fetch what is not in memory. Returns at once; for the sources that a query reads next.
    pub fn will_read(&self, wanted: &[Wanted<'_>]) {
        match self {
            Self::Run(_) => {}
            Self::Block(block) => block.will_read(wanted),
            Self::Extended(extended) => extended.will_read(wanted),
        }
    }

    /// Names of all columns of events, in no order.
    pub fn column_names(&self) -> Vec<String> {
        match self {
            Self::Run(run) => run
                .columns()
                .filter(|(name, _)| *name != ARRIVAL_COLUMN)
                .map(|(name, _)| name.to_owned())
                .collect(),
            Self::Block(block) => {
                let mut names: Vec<String> = block
                    .entries()
                    .iter()
                    .filter(|entry| &*entry.name != ARRIVAL_COLUMN)
                    .map(|entry| entry.name.to_string())
                    .collect();
                // A column with several types has several entries, one after another.
                names.dedup();
                names
            }
            Self::Extended(extended) => extended.column_names(),
        }
    }

    /// Names of all stored columns of events, each with every type that occurs in it, in no order. Reads nothing.
    pub fn column_types(&self) -> Vec<(String, ColumnType)> {
        match self {
            Self::Run(run) => run
                .columns()
                .filter(|(name, _)| *name != ARRIVAL_COLUMN)
                .flat_map(|(name, column)| {
                    let types = column.types.iter().map(TypedColumn::column_type);
                    types.map(|column_type| (name.to_owned(), column_type))
                })
                .collect(),
            Self::Block(block) => block
                .entries()
                .iter()
                .filter(|entry| &*entry.name != ARRIVAL_COLUMN)
                .map(|entry| (entry.name.to_string(), entry.column_type))
                .collect(),
            Self::Extended(extended) => extended.base().column_types(),
        }
    }

    /// The rows that can lie in `range`: exactly those inside when times are sorted, else all rows or none.
    pub fn rows_in(&self, range: TimeRange) -> Result<Range<u32>, ReadError> {
        let (first, last) = self.time_bounds_ns();
        if self.row_count() == 0 || last < range.start_ns || first >= range.end_ns {
            return Ok(0..0);
        }
        match self {
            Self::Run(run) => Ok(0..run.row_count()),
            Self::Block(block) => block.rows_in(range),
            Self::Extended(extended) => extended.base().rows_in(range),
        }
    }

    /// Bytes this source occupies on disk; 0 in memory.
    pub fn stored_bytes(&self) -> u64 {
        match self {
            Self::Run(_) => 0,
            Self::Block(block) => block.stored_bytes(),
            Self::Extended(extended) => extended.base().stored_bytes(),
        }
    }

    /// Bytes that a column occupies on disk, and so costs to read; 0 in memory. Of one that a query added, those of the columns it is
    /// made of.
    pub fn column_bytes(&self, name: &str) -> u64 {
        match self {
            Self::Run(_) => 0,
            Self::Block(block) => {
                let types = block.entries_of(name);
                types.iter().map(|entry| entry.stored_bytes).sum()
            }
            Self::Extended(extended) => extended.column_bytes(name),
        }
    }
}
