//! Some columns of many rows, by their meaning, handed on as they are read: for answers that are more than sums, over more traces than could be kept.

use crate::chunk::each_bit;
use crate::exec::{ExecError, Selector, Watch};
use crate::filter::FilterSet;
use crate::relation::texts_of;
use std::borrow::Cow;
use std::sync::Arc;
use waggle_model::{
    ColumnType, FilterCombination, FilterOp, FilterSpec, FilterValue, QueryStats, ScanRequest,
    ScanVisitor, ValueRef,
};
use waggle_store::column::{ChunkBuffer, Column, TypedColumn};
use waggle_store::{Snapshot, Source};

/// Reads the rows, source by source.
pub(crate) fn scan_rows(
    snapshot: &Snapshot,
    request: &ScanRequest,
    visit: &mut ScanVisitor<'_>,
    watch: &Watch,
) -> Result<QueryStats, ExecError> {
    let has_key = FilterSpec {
        column: request.key.clone(),
        op: FilterOp::Exists,
        value: FilterValue::None,
    };
    let filters = FilterSet::new(&[has_key], FilterCombination::And)?;
    let mut stats = QueryStats::default();
    for source in &snapshot.by_definition(None).sources {
        if !scan(source, request, &filters, visit, watch, &mut stats)? {
            break;
        }
    }
    watch.limits()?;
    stats.elapsed_ns = watch.elapsed_ns();
    Ok(stats)
}

/// One type of one column, with a chunk of it.
struct Open<'c> {
    /// Which column of the request.
    index: usize,
    typed: &'c TypedColumn,
    values: Chunk,
}

enum Chunk {
    Text(ChunkBuffer<u32>),
    Int(ChunkBuffer<i64>),
    Float(ChunkBuffer<f64>),
    Bool(ChunkBuffer<bool>),
}

/// Returns false when the visitor wants no more.
fn scan(
    source: &Source,
    request: &ScanRequest,
    filters: &FilterSet,
    visit: &mut ScanVisitor<'_>,
    watch: &Watch,
    stats: &mut QueryStats,
) -> Result<bool, ExecError> {
    let Some(mut selector) = Selector::new(source, request.range, filters)? else {
        return Ok(true);
    };
    let Some(key) = source.column(&request.key)? else {
        return Ok(true);
    };
    let Some(keys) = texts_of(&key.types) else {
        return Ok(true);
    };
    let Some(key_texts) = keys.dictionary() else {
        return Ok(true);
    };
    stats.blocks_read += u64::from(source.stored_bytes() > 0);
    let mut columns: Vec<(usize, Arc<Column>)> = Vec::new();
    for (index, name) in request.columns.iter().enumerate() {
        stats.bytes_read += source.column_bytes(name);
        columns.extend(source.column(name)?.map(|column| (index, column)));
    }
    let mut open: Vec<Open<'_>> = columns
        .iter()
        .flat_map(|(index, column)| column.types.iter().map(|typed| (*index, typed)))
        .map(|(index, typed)| Open {
            index,
            typed,
            values: match typed.column_type() {
                ColumnType::String => Chunk::Text(ChunkBuffer::default()),
                ColumnType::Integer => Chunk::Int(ChunkBuffer::default()),
                ColumnType::Float => Chunk::Float(ChunkBuffer::default()),
                ColumnType::Boolean => Chunk::Bool(ChunkBuffer::default()),
            },
        })
        .collect();
    let (part, parts) = request.part;
    let mut codes = ChunkBuffer::default();
    for chunk in selector.chunks() {
        watch.check()?;
        let (selected, rows_read) = selector.select(chunk)?;
        stats.rows_read += rows_read;
        watch.add_rows_read(rows_read);
        keys.read_codes(chunk, &mut codes);
        let mut positions: Vec<usize> = Vec::new();
        each_bit(&selected, |position| {
            let is_of_part = || key_texts.hash(codes.values[position]) % parts.max(1) == part;
            if codes.has(position) && (parts <= 1 || is_of_part()) {
                positions.push(position);
            }
        });
        if positions.is_empty() {
            continue;
        }
        for open in &mut open {
            match &mut open.values {
                Chunk::Text(codes) => open.typed.read_codes(chunk, codes),
                Chunk::Int(ints) => open.typed.read_ints(chunk, ints),
                Chunk::Float(floats) => open.typed.read_floats(chunk, floats),
                Chunk::Bool(bools) => open.typed.read_bools(chunk, bools),
            }
        }
        let times = selector.times(chunk)?;
        for position in positions {
            stats.rows_matched += 1;
            // Texts of ids are made when they are asked for, and must live as long as the row is shown.
            let texts: Vec<Option<Cow<'_, str>>> = open
                .iter()
                .map(|open| match (&open.values, open.typed.dictionary()) {
                    (Chunk::Text(codes), Some(dictionary)) if codes.has(position) => {
                        Some(dictionary.text(codes.values[position]))
                    }
                    _ => None,
                })
                .collect();
            let mut values: Vec<Option<ValueRef<'_>>> = vec![None; request.columns.len()];
            for (open, text) in open.iter().zip(&texts) {
                let value = match (&open.values, text) {
                    (Chunk::Text(_), text) => text.as_deref().map(ValueRef::String),
                    (Chunk::Int(ints), _) => ints
                        .has(position)
                        .then(|| ValueRef::Int(ints.values[position])),
                    (Chunk::Float(floats), _) => floats
                        .has(position)
                        .then(|| ValueRef::Float(floats.values[position])),
                    (Chunk::Bool(bools), _) => bools
                        .has(position)
                        .then(|| ValueRef::Bool(bools.values[position])),
                };
                if value.is_some() {
                    values[open.index] = value;
                }
            }
            let key = key_texts.text(codes.values[position]);
            if !visit(times.values[position], &key, &values) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
