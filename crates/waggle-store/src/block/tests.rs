use super::layout::{LAYOUT_ID_REFERENCES, PRESENCE_BITMAP};
use super::*;
use crate::column::{CHUNK_ROWS, ChunkBuffer, Column, TypedColumn};
use crate::memtable::{Run, RunBuilder};
use crate::source::{ARRIVAL_COLUMN, ReadError, Source};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use waggle_model::{ColumnType, DatasetId, EventBatch, TimeRange, Value};

mod damage;
mod fixture;
mod merge;
mod parents;
mod reading;
mod round_trip;

const DATASET: DatasetId = DatasetId(7);

/// A row as a person would write it down.
#[derive(Clone, Debug, Default)]
struct Row {
    time: i64,
    rate: u32,
    fields: Vec<(String, Value)>,
}

/// A file in memory that counts how often it is read.
struct MemoryFile {
    bytes: Vec<u8>,
    reads: AtomicUsize,
    /// What it was told will be read.
    named: Mutex<Vec<(u64, u64)>>,
}

impl RangeRead for MemoryFile {
    fn read_at(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let start = usize::try_from(offset).unwrap();
        let end = start.checked_add(length);
        end.and_then(|end| self.bytes.get(start..end))
            .map(<[u8]>::to_vec)
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn will_read(&self, offset: u64, length: u64) {
        self.named.lock().push((offset, length));
    }

    fn name(&self) -> &str {
        "memory"
    }
}

fn file(bytes: Vec<u8>) -> Arc<MemoryFile> {
    Arc::new(MemoryFile {
        bytes,
        reads: AtomicUsize::new(0),
        named: Mutex::default(),
    })
}

fn open(bytes: Vec<u8>) -> Result<Block, ReadError> {
    let place = BlockPlace {
        dataset: DATASET,
        offset: 0,
        length: bytes.len() as u64,
    };
    Block::open(file(bytes), place, Arc::new(BlockCache::new(1 << 30)))
}

fn run(rows: &[Row]) -> Arc<Run> {
    let mut builder = RunBuilder::new(DATASET);
    // Two batches, so that dictionaries of batches are merged on the way as well.
    for half in rows.chunks(rows.len().div_ceil(2).max(1)) {
        let mut batch = EventBatch::new("d");
        for row in half {
            batch.begin_row();
            for (name, value) in &row.fields {
                batch.put(name, value.as_ref());
            }
            batch.end_row(row.time, row.rate);
        }
        builder.append(&batch);
    }
    Arc::new(builder.seal())
}

/// Encodes runs of rows and returns them in the order the block must have.
fn encode(runs: &[Vec<Row>]) -> (EncodedBlock, Vec<Row>) {
    let sealed: Vec<Arc<Run>> = runs.iter().map(|rows| run(rows)).collect();
    let mut rows: Vec<Row> = runs.iter().flatten().cloned().collect();
    rows.sort_by_key(|row| row.time);
    (encode_block(&sealed), rows)
}

/// Checks that a source reads as these rows, in every way there is to read it.
fn check(source: &Source, rows: &[Row]) {
    assert_eq!(source.dataset(), DATASET);
    assert_eq!(source.row_count() as usize, rows.len());
    let bounds = (rows[0].time, rows[rows.len() - 1].time);
    assert_eq!(source.time_bounds_ns(), bounds);
    assert!(source.is_time_sorted());

    let times: Vec<Option<Value>> = rows.iter().map(|row| Some(Value::Int(row.time))).collect();
    check_typed(&source.times().unwrap(), &times);
    let rates = source.sample_rates().unwrap();
    assert_eq!(rates.is_none(), rows.iter().all(|row| row.rate == 1));
    if let Some(rates) = rates {
        let expected: Vec<Option<Value>> = rows
            .iter()
            .map(|row| Some(Value::Int(row.rate.into())))
            .collect();
        check_typed(&rates, &expected);
    }

    let mut columns: BTreeMap<&str, Vec<Option<Value>>> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        for (name, value) in &row.fields {
            let values = columns
                .entry(name)
                .or_insert_with(|| vec![None; rows.len()]);
            // The first writer of a column wins.
            values[index].get_or_insert_with(|| value.clone());
        }
    }
    let names: BTreeSet<String> = source.column_names().into_iter().collect();
    assert!(names.iter().map(String::as_str).eq(columns.keys().copied()));
    assert!(source.column("no such column").unwrap().is_none());
    for (name, values) in &columns {
        let column = source.column(name).unwrap().unwrap();
        check_column(&column, values);
    }
}

fn check_column(column: &Column, expected: &[Option<Value>]) {
    for (row, value) in expected.iter().enumerate() {
        assert!(same(&column.value(row as u32), value), "row {row}");
    }
    let types: BTreeSet<ColumnType> = expected
        .iter()
        .flatten()
        .map(|value| value.as_ref().column_type())
        .collect();
    let stored: Vec<ColumnType> = column.types.iter().map(TypedColumn::column_type).collect();
    assert!(types.into_iter().eq(stored));
    for typed in &column.types {
        let expected: Vec<Option<Value>> = expected
            .iter()
            .map(|value| {
                value
                    .clone()
                    .filter(|value| value.as_ref().column_type() == typed.column_type())
            })
            .collect();
        check_typed(typed, &expected);
    }
}

fn check_typed(typed: &TypedColumn, expected: &[Option<Value>]) {
    assert_eq!(typed.row_count() as usize, expected.len());
    assert_eq!(typed.value_count(), expected.iter().flatten().count());
    assert_eq!(typed.is_everywhere(), expected.iter().all(Option::is_some));
    for row in (0..expected.len()).step_by(expected.len() / 500 + 1) {
        assert!(same(&typed.value(row as u32), &expected[row]), "row {row}");
    }
    assert_eq!(typed.value(expected.len() as u32), None);
    let mut codes = ChunkBuffer::default();
    let mut ints = ChunkBuffer::default();
    let mut floats = ChunkBuffer::default();
    let mut bools = ChunkBuffer::default();
    let past_end = [None; 0];
    let chunks = expected.chunks(CHUNK_ROWS).chain([&past_end[..]]);
    for (chunk, expected) in chunks.enumerate() {
        typed.read_codes(chunk, &mut codes);
        typed.read_ints(chunk, &mut ints);
        typed.read_floats(chunk, &mut floats);
        typed.read_bools(chunk, &mut bools);
        let is_absent = expected.iter().all(Option::is_none);
        assert!(is_absent || !typed.is_chunk_absent(chunk));
        let present = codes.present.iter().chain(&ints.present);
        let present = present.chain(&floats.present).chain(&bools.present);
        let present: u32 = present.map(|word| word.count_ones()).sum();
        assert_eq!(present as usize, expected.iter().flatten().count());
        for (index, value) in expected.iter().enumerate() {
            let text = |code| {
                let dictionary = typed.dictionary().unwrap();
                Value::String(dictionary.text(code).into_owned())
            };
            let read = [
                codes.has(index).then(|| text(codes.values[index])),
                ints.has(index).then(|| Value::Int(ints.values[index])),
                floats
                    .has(index)
                    .then(|| Value::Float(floats.values[index])),
                bools.has(index).then(|| Value::Bool(bools.values[index])),
            ];
            let mut read = read.into_iter().flatten();
            assert!(same(&read.next(), value), "chunk {chunk} row {index}");
        }
        check_bounds(typed, chunk, expected);
    }
}

fn check_bounds(typed: &TypedColumn, chunk: usize, expected: &[Option<Value>]) {
    for value in expected.iter().flatten() {
        match value {
            Value::Int(value) => assert!(
                typed
                    .chunk_bounds(chunk)
                    .is_none_or(|(low, high)| low <= *value && *value <= high)
            ),
            Value::Float(value) => assert!(
                typed
                    .float_bounds(chunk)
                    .is_none_or(|(low, high)| low <= *value && *value <= high)
            ),
            Value::String(value) => {
                let dictionary = typed.dictionary().unwrap();
                let found = dictionary.find(value);
                assert!(!found.is_empty());
                assert!(typed.code_bounds(chunk).is_none_or(|(low, high)| {
                    found.iter().any(|code| low <= *code && *code <= high)
                }));
            }
            Value::Bool(_) => {}
        }
    }
}

/// Equal to the bit: NaN is itself, and zero is not minus zero.
fn same(left: &Option<Value>, right: &Option<Value>) -> bool {
    match (left, right) {
        (Some(Value::Float(left)), Some(Value::Float(right))) => left.to_bits() == right.to_bits(),
        _ => left == right,
    }
}
