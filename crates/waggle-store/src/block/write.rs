//! Sealing runs into a block: rows are put in the order of time without ever being rows.
//!
//! One permutation is computed from the times; then each column on its own is scattered through it, encoded and forgotten, so that
//! the memory needed beyond the runs and the result is that of one column. The same runs always give the same bytes.

mod gather;
mod number;
mod text;

use super::bytes::{align, put_packed};
use super::directory::{ColumnBounds, ColumnEntry, Directory, Role, VERSION, signature};
use super::layout::{LAYOUT_INTEGERS, PRESENCE_ALL};
use crate::column::{Column, TypedColumn};
use crate::memtable::Run;
use gather::{Order, Piece};
use std::collections::BTreeMap;
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

/// Makes one block of the rows of runs, sorted by time; rows of one time keep the order of the runs and of the rows within them.
///
/// # Panics
/// When there is no row, when runs belong to different datasets, or when rows number 2^32 or more: the caller seals a memtable of
/// one dataset, far smaller than that.
pub fn encode_block(runs: &[Arc<Run>]) -> EncodedBlock {
    let dataset = runs.first().map(|run| run.dataset());
    let row_count: usize = runs.iter().map(|run| run.row_count() as usize).sum();
    let dataset = dataset.filter(|_| row_count > 0);
    assert!(
        runs.iter().all(|run| Some(run.dataset()) == dataset),
        "a block holds rows of one dataset, at least one"
    );
    let order = Order::new(runs.iter().map(|run| (&**run.times(), run.row_count())));
    let time_bounds_ns = order.time_bounds_ns();

    let mut bytes = signature(VERSION).to_vec();
    let mut entries = Vec::new();
    let mut add = |role, name: &str, column_type, encode: &dyn Fn(&mut Vec<u8>) -> Written| {
        align(&mut bytes);
        let start = bytes.len();
        let written = encode(&mut bytes);
        align(&mut bytes);
        entries.push(ColumnEntry {
            name: name.into(),
            column_type,
            value_count: super::bytes::number(written.value_count),
            bounds: written.bounds,
            stored_bytes: (bytes.len() - start) as u64,
            role,
            presence: written.presence,
            layout: written.layout,
            parameter: written.parameter,
            offset: start as u64,
            checksum: crc32c::crc32c(&bytes[start..]),
        });
    };

    add(Role::Time, "", ColumnType::Integer, &|out| {
        put_packed(out, order.times(), None);
        Written {
            value_count: row_count,
            presence: PRESENCE_ALL,
            layout: LAYOUT_INTEGERS,
            parameter: 0,
            bounds: Some(ColumnBounds::Ints(time_bounds_ns.0, time_bounds_ns.1)),
        }
    });
    let rates = pieces(&order, runs.iter().map(|run| Some(&**run.sample_rates())));
    let all_rates_one = number::is_always(&rates, 1);
    if !all_rates_one {
        add(Role::SampleRate, "", ColumnType::Integer, &|out| {
            encode(&rates, ColumnType::Integer, &order, out)
        });
    }
    for (name, columns) in columns_by_name(runs) {
        for column_type in [
            ColumnType::String,
            ColumnType::Integer,
            ColumnType::Float,
            ColumnType::Boolean,
        ] {
            let typed = columns.iter().map(|column| {
                let mut types = column.iter().flat_map(|column| &column.types);
                types.find(|typed| typed.column_type() == column_type)
            });
            let pieces = pieces(&order, typed);
            if pieces.iter().any(|piece| piece.column.value_count() > 0) {
                add(Role::Event, name, column_type, &|out| {
                    encode(&pieces, column_type, &order, out)
                });
            }
        }
    }

    let directory = Directory {
        dataset: dataset.unwrap_or(DatasetId(0)),
        row_count: order.row_count(),
        time_bounds_ns,
        all_rates_one,
        entries,
    };
    directory.write(&mut bytes);
    let columns = directory
        .entries
        .into_iter()
        .filter(|entry| entry.role == Role::Event);
    EncodedBlock {
        bytes,
        dataset: directory.dataset,
        row_count: directory.row_count,
        time_bounds_ns,
        columns: columns.collect(),
    }
}

/// Every column that occurs, with its part in each run, in the order of names.
fn columns_by_name(runs: &[Arc<Run>]) -> BTreeMap<&str, Vec<Option<&Column>>> {
    let mut names: BTreeMap<&str, Vec<Option<&Column>>> = BTreeMap::new();
    for (index, run) in runs.iter().enumerate() {
        for (name, column) in run.columns() {
            let parts = names.entry(name).or_insert_with(|| vec![None; runs.len()]);
            parts[index] = Some(column);
        }
    }
    names
}

fn pieces<'a>(
    order: &'a Order,
    columns: impl Iterator<Item = Option<&'a TypedColumn>>,
) -> Vec<Piece<'a>> {
    columns
        .enumerate()
        .filter_map(|(part, column)| {
            Some(Piece {
                column: column?,
                places: order.places(part),
            })
        })
        .collect()
}

fn encode(
    pieces: &[Piece<'_>],
    column_type: ColumnType,
    order: &Order,
    out: &mut Vec<u8>,
) -> Written {
    let row_count = order.row_count();
    match column_type {
        ColumnType::String => text::encode_strings(pieces, row_count, out),
        ColumnType::Integer => number::encode_ints(pieces, row_count, out),
        ColumnType::Float => number::encode_floats(pieces, row_count, out),
        ColumnType::Boolean => number::encode_bools(pieces, row_count, out),
    }
}
