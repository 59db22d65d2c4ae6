//! Making a block of runs, of blocks, or of both: rows are put in the order of time without ever being rows.
//!
//! One permutation is computed from the times; then each column on its own is read from every input, scattered through the permutation,
//! encoded and forgotten. The memory needed beyond the inputs' own is the result, 20 bytes a row for the permutation, and one column of
//! all inputs, as it is stored and as plain values. The same rows always give the same bytes, whether they come from runs or blocks.

mod gather;
mod id;
mod number;
mod reference;
mod text;

use super::bytes::{align, head_bytes, number, put_array, put_packed, put_parts};
use super::directory::{
    ColumnBounds, ColumnEntry, Directory, Extent, PARTS, Part, Role, VERSION, signature,
};
use super::layout::{LAYOUT_ID_REFERENCES, LAYOUT_INTEGERS, PRESENCE_ALL};
use crate::column::{Column, Lane, Presence, TypedColumn, Values, pack};
use crate::memtable::Run;
use crate::source::{ARRIVAL_COLUMN, ReadError, Source};
use gather::{Order, Piece};
use reference::Target;
use std::collections::BTreeSet;
use std::sync::Arc;
use waggle_model::{ColumnType, DatasetId};

/// A block ready to be stored.
#[derive(Clone, Debug)]
pub struct EncodedBlock {
    /// The block's bytes, a multiple of 8. They hold no absolute offsets, so several blocks can follow one another in a file.
    pub bytes: Vec<u8>,
    /// The dataset of all rows.
    pub dataset: DatasetId,
    /// Number of rows.
    pub row_count: u32,
    /// Smallest and largest time, both included.
    pub time_bounds_ns: (i64, i64),
    /// The events' columns, one entry per name and type, ordered so.
    pub columns: Vec<ColumnEntry>,
}

/// How a column was written, and what is known of it.
struct Written {
    value_count: usize,
    presence: u8,
    layout: u8,
    parameter: u8,
    bounds: Option<ColumnBounds>,
}

/// The bytes of a column being written, part after part.
struct ColumnBytes<'a> {
    out: &'a mut Vec<u8>,
    /// Where the part that is being written began.
    start: usize,
    parts: [Extent; PARTS],
}

impl<'a> ColumnBytes<'a> {
    fn new(out: &'a mut Vec<u8>) -> Self {
        align(out);
        Self {
            start: out.len(),
            out,
            parts: [Extent::default(); PARTS],
        }
    }

    /// Writes packed values, and checksums by which chunks of them can be read without the others where there are many.
    fn put_values<T: Lane>(&mut self, values: &[T], present: Option<&[u64]>) {
        let parts = pack(values, present);
        put_parts(self.out, &parts);
        let start = self.start;
        self.end(Part::Values);
        if self.start - start < IN_CHUNKS_FROM {
            return;
        }
        let head = start..start + head_bytes::<T>(values.len());
        let mut checksums = vec![crc32c::crc32c(&self.out[head])];
        checksums.extend(parts.chunk_words().map(|words| {
            let bytes: &[u8] = bytemuck::cast_slice(words);
            crc32c::crc32c(bytes)
        }));
        put_array(self.out, &checksums);
        self.end(Part::Index);
    }

    /// Ends a part. Those that were not ended are empty.
    fn end(&mut self, part: Part) {
        align(self.out);
        self.parts[part as usize] = Extent {
            bytes: (self.out.len() - self.start) as u64,
            checksum: crc32c::crc32c(&self.out[self.start..]),
        };
        self.start = self.out.len();
    }
}

/// The column whose ids other columns of ids refer to when they can: parents are spans of the same block, nearly always.
const REFERENCE_TARGET: &str = "trace.span_id";

/// Packed values of so many bytes can be read by the chunk; less is read at once.
const IN_CHUNKS_FROM: usize = 4 * 1024;

/// Why a source with added columns never comes here.
const ONLY_STORED: &str = "blocks are made of what is stored, queries add columns";

/// A source whose rows go into a block.
#[derive(Clone, Debug)]
pub struct BlockInput {
    /// The rows.
    pub source: Source,
    /// Rows to leave out: row `r` if bit `r % 64` of word `r / 64` is set. Words that are missing at the end are 0.
    pub erased: Option<Arc<[u64]>>,
}

impl From<Source> for BlockInput {
    fn from(source: Source) -> Self {
        Self {
            source,
            erased: None,
        }
    }
}

/// Makes one block of the rows of runs, sorted by time; rows of one time keep the order of the runs and of the rows within them.
///
/// # Panics
/// When there is no row, when runs belong to different datasets, or when rows number 2^32 or more: the caller seals a memtable of
/// one dataset, far smaller than that.
pub fn encode_block(runs: &[Arc<Run>]) -> EncodedBlock {
    let inputs: Vec<BlockInput> = runs
        .iter()
        .map(|run| Source::Run(Arc::clone(run)).into())
        .collect();
    match encode_sources(&inputs, &|_| true) {
        Ok(Some(encoded)) => encoded,
        Ok(None) => unreachable!("a memtable that is sealed has rows"),
        Err(error) => unreachable!("runs are in memory and can be read: {error}"),
    }
}

/// Makes one block of the rows of any sources, sorted by time, without the erased rows and without the columns that `keeps_column`
/// refuses by name. Rows of one time keep the order of the inputs and of the rows within them. `None` when no row is left.
///
/// What is left out is in no byte of the result: dictionaries hold only what remaining rows refer to.
/// Columns are read past the [`BlockCache`](super::BlockCache), so that queries keep theirs.
///
/// # Errors
/// [`ReadError`] when a block can't be read or is damaged. Nothing is left out silently.
///
/// # Panics
/// When inputs belong to different datasets, or when rows number 2^32 or more.
pub fn encode_sources(
    inputs: &[BlockInput],
    keeps_column: &dyn Fn(&str) -> bool,
) -> Result<Option<EncodedBlock>, ReadError> {
    let Some(dataset) = inputs.first().map(|input| input.source.dataset()) else {
        return Ok(None);
    };
    assert!(
        inputs.iter().all(|input| input.source.dataset() == dataset),
        "a block holds rows of one dataset"
    );
    let order = Order::new(inputs)?;
    let row_count = order.row_count() as usize;
    if row_count == 0 {
        return Ok(None);
    }
    let time_bounds_ns = order.time_bounds_ns();

    let mut bytes = signature(VERSION).to_vec();
    let mut entries = Vec::new();
    let mut add =
        |role, name: &str, column_type, encode: &dyn Fn(&mut ColumnBytes<'_>) -> Written| {
            let mut column = ColumnBytes::new(&mut bytes);
            let start = column.start;
            let written = encode(&mut column);
            entries.push(ColumnEntry {
                name: name.into(),
                column_type,
                value_count: number(written.value_count),
                bounds: written.bounds,
                stored_bytes: column.parts.iter().map(|part| part.bytes).sum(),
                role,
                presence: written.presence,
                layout: written.layout,
                parameter: written.parameter,
                reference: 0,
                target: None,
                offset: start as u64,
                parts: column.parts,
            });
        };

    add(Role::Time, "", ColumnType::Integer, &|column| {
        put_packed(column.out, order.times(), None);
        column.end(Part::Values);
        Written {
            value_count: row_count,
            presence: PRESENCE_ALL,
            layout: LAYOUT_INTEGERS,
            parameter: 0,
            bounds: Some(ColumnBounds::Ints(time_bounds_ns.0, time_bounds_ns.1)),
        }
    });
    let rates = sample_rates(inputs)?;
    let rates = order.pieces(rates.iter().map(|rates| Some(&**rates)));
    let all_rates_one = number::is_always(&rates, 1);
    if !all_rates_one {
        add(Role::SampleRate, "", ColumnType::Integer, &|column| {
            encode(&rates, ColumnType::Integer, &order, None, column)
        });
    }
    let target = match keeps_column(REFERENCE_TARGET) {
        true => target(inputs, &order)?,
        false => None,
    };
    for name in column_names(inputs) {
        if !keeps_column(&name) {
            continue;
        }
        let columns = inputs
            .iter()
            .map(|input| column(&input.source, &name))
            .collect::<Result<Vec<_>, _>>()?;
        for column_type in [
            ColumnType::String,
            ColumnType::Integer,
            ColumnType::Float,
            ColumnType::Boolean,
        ] {
            let pieces = order.pieces(columns.iter().map(|column| {
                let mut types = column.iter().flat_map(|column| &column.types);
                types.find(|typed| typed.column_type() == column_type)
            }));
            if pieces.iter().any(|piece| piece.value_count() > 0) {
                let target = target.as_ref().filter(|_| name != REFERENCE_TARGET);
                add(Role::Event, &name, column_type, &|column| {
                    encode(&pieces, column_type, &order, target, column)
                });
            }
        }
    }

    let target = entries.iter().position(|entry| {
        &*entry.name == REFERENCE_TARGET && entry.column_type == ColumnType::String
    });
    for entry in &mut entries {
        if entry.layout == LAYOUT_ID_REFERENCES {
            entry.reference = number(target.unwrap_or_default());
        }
    }
    let mut directory = Directory {
        version: VERSION,
        dataset,
        row_count: order.row_count(),
        time_bounds_ns,
        all_rates_one,
        entries,
    };
    assert!(
        directory.resolve().is_ok(),
        "references were written only because there are ids"
    );
    directory.write(&mut bytes);
    let columns = directory
        .entries
        .into_iter()
        .filter(|entry| entry.role == Role::Event && &*entry.name != ARRIVAL_COLUMN);
    Ok(Some(EncodedBlock {
        bytes,
        dataset: directory.dataset,
        row_count: directory.row_count,
        time_bounds_ns,
        columns: columns.collect(),
    }))
}

/// Every column that occurs, in the order of names, and the time of arrival.
fn column_names(inputs: &[BlockInput]) -> BTreeSet<String> {
    let names = inputs.iter().map(|input| input.source.column_names());
    let mut names: BTreeSet<String> = names.flatten().collect();
    names.insert(ARRIVAL_COLUMN.to_owned());
    names
}

/// A column of a source, past the cache.
fn column(source: &Source, name: &str) -> Result<Option<Arc<Column>>, ReadError> {
    match source {
        Source::Run(run) => Ok(run.column(name).map(Arc::clone)),
        Source::Block(block) => Ok(block.read_column(name)?.map(Arc::new)),
        Source::Extended(_) => unreachable!("{ONLY_STORED}"),
    }
}

/// Sample rates of every source, past the cache.
fn sample_rates(inputs: &[BlockInput]) -> Result<Vec<Arc<TypedColumn>>, ReadError> {
    let rates = inputs.iter().map(|input| match &input.source {
        Source::Run(run) => Ok(Arc::clone(run.sample_rates())),
        Source::Block(block) => Ok(Arc::new(block.read_sample_rates()?.unwrap_or_else(|| {
            let ones = vec![1; block.row_count() as usize];
            TypedColumn::new(block.row_count(), Presence::All, Values::Ints(ones.into()))
        }))),
        Source::Extended(_) => unreachable!("{ONLY_STORED}"),
    });
    rates.collect()
}

/// The ids that other columns may refer to.
fn target(inputs: &[BlockInput], order: &Order) -> Result<Option<Target>, ReadError> {
    let columns = inputs
        .iter()
        .map(|input| column(&input.source, REFERENCE_TARGET))
        .collect::<Result<Vec<_>, _>>()?;
    let pieces = order.pieces(columns.iter().map(|column| {
        let mut types = column.iter().flat_map(|column| &column.types);
        types.find(|typed| typed.column_type() == ColumnType::String)
    }));
    Ok(Target::new(&pieces, order.row_count()))
}

fn encode(
    pieces: &[Piece<'_>],
    column_type: ColumnType,
    order: &Order,
    target: Option<&Target>,
    column: &mut ColumnBytes<'_>,
) -> Written {
    let row_count = order.row_count();
    match column_type {
        ColumnType::String => text::encode_strings(pieces, row_count, target, column),
        ColumnType::Integer => number::encode_ints(pieces, row_count, column),
        ColumnType::Float => number::encode_floats(pieces, row_count, column),
        ColumnType::Boolean => number::encode_bools(pieces, row_count, column),
    }
}
