//! One column counted on both sides, over all sources.
//!
//! Where a row of the query has a value, one place in an array goes up: by dictionary code, by integer where integers lie close
//! together, by bin for other numbers. The arrays of a source are added to what is kept by value afterwards.

use super::sides::{ChunkSides, Sides};
use super::values::{Numbers, Pair, Texts};
use crate::chunk::each_bit;
use crate::exec::{ExecError, Watch};
use crate::filter::and;
use crate::number::Number;
use std::sync::Arc;
use waggle_model::ColumnType;
use waggle_store::column::{CHUNK_ROWS, CHUNK_WORDS, ChunkBuffer, Column, Dictionary, TypedColumn};

/// Integers of a source may lie this far apart to be counted in an array.
const SPAN_MAX: i64 = 4_096;
/// A column of ids that shows no id twice in so many rows has none that is worth counting.
const IDS_MAX: u64 = 65_536;

/// What is known of one column.
pub(super) struct ColumnCounts {
    pub(super) texts: Texts,
    pub(super) bools: [Pair; 2],
    pub(super) numbers: Numbers,
    /// Rows with a value, unweighted.
    pub(super) row_count: u64,
    /// Most different texts.
    values_max: usize,
    bytes: usize,
}

impl ColumnCounts {
    pub(super) fn new(values_max: usize) -> Self {
        Self {
            texts: Texts::default(),
            bools: [Pair::default(); 2],
            numbers: Numbers::default(),
            row_count: 0,
            values_max,
            bytes: 0,
        }
    }

    /// Adds the rows of one source. `scratch` is room for counts, used again and again: to have it cleared by the system each time costs
    /// more than to count.
    pub(super) fn add(
        &mut self,
        column: &Column,
        sides: &Sides,
        scratch: &mut Vec<Pair>,
        watch: &Watch,
    ) -> Result<(), ExecError> {
        for typed in &column.types {
            match (typed.dictionary(), typed.column_type()) {
                (Some(dictionary), _) => {
                    self.add_texts(typed, dictionary, sides, scratch, watch)?;
                }
                (None, ColumnType::Boolean) => self.add_bools(typed, sides, watch)?,
                (None, ColumnType::Float) => self.add_floats(typed, sides, watch)?,
                (None, _) => self.add_ints(typed, sides, watch)?,
            }
        }
        let bytes = self.texts.heap_bytes() + self.numbers.heap_bytes();
        watch.account(self.bytes, bytes)?;
        self.bytes = bytes;
        Ok(())
    }

    /// Gives the memory back.
    pub(super) fn release(self, watch: &Watch) -> Result<(), ExecError> {
        watch.account(self.bytes, 0)
    }

    fn add_texts(
        &mut self,
        typed: &TypedColumn,
        dictionary: &Arc<Dictionary>,
        sides: &Sides,
        scratch: &mut Vec<Pair>,
        watch: &Watch,
    ) -> Result<(), ExecError> {
        if self.texts.is_full() {
            return Ok(());
        }
        // Ids of which nearly every row has its own: an array by code would have a place per row of the source.
        if matches!(**dictionary, Dictionary::Ids { .. }) && dictionary.len() == typed.value_count()
        {
            return self.add_ids(typed, dictionary, sides, watch);
        }
        let bytes = dictionary.len() * size_of::<Pair>();
        watch.account(0, bytes)?;
        scratch.clear();
        scratch.resize(dictionary.len(), Pair::default());
        let mut buffer = ChunkBuffer::default();
        self.row_count += each_chunk(
            typed,
            sides,
            watch,
            &mut buffer,
            |chunk, buffer| typed.read_codes(chunk, buffer),
            |code: u32, side, weight| scratch[code as usize].0[side] += weight,
        )?;
        self.texts.add_counts(dictionary, scratch, self.values_max);
        watch.account(bytes, 0)
    }

    fn add_ids(
        &mut self,
        typed: &TypedColumn,
        dictionary: &Arc<Dictionary>,
        sides: &Sides,
        watch: &Watch,
    ) -> Result<(), ExecError> {
        let mut buffer = ChunkBuffer::default();
        for chunk in &sides.chunks {
            watch.check()?;
            typed.read_codes(chunk.chunk, &mut buffer);
            let mut rows = chunk.rows;
            and(&mut rows, &buffer.present);
            each_bit(&rows, |position| {
                let code = buffer.values[position];
                let side = usize::from(chunk.side[position]);
                self.row_count += 1;
                self.texts.add(
                    dictionary,
                    code,
                    side,
                    chunk.weight(position),
                    self.values_max,
                );
            });
            if self.row_count >= IDS_MAX && self.texts.len() as u64 == self.row_count {
                self.texts.give_up();
            }
            if self.texts.is_full() {
                break;
            }
        }
        Ok(())
    }

    fn add_bools(
        &mut self,
        typed: &TypedColumn,
        sides: &Sides,
        watch: &Watch,
    ) -> Result<(), ExecError> {
        let bools = &mut self.bools;
        self.row_count += each_chunk(
            typed,
            sides,
            watch,
            &mut ChunkBuffer::default(),
            |chunk, buffer| typed.read_bools(chunk, buffer),
            |value: bool, side, weight| bools[usize::from(value)].0[side] += weight,
        )?;
        Ok(())
    }

    fn add_floats(
        &mut self,
        typed: &TypedColumn,
        sides: &Sides,
        watch: &Watch,
    ) -> Result<(), ExecError> {
        let numbers = &mut self.numbers;
        self.row_count += each_chunk(
            typed,
            sides,
            watch,
            &mut ChunkBuffer::default(),
            |chunk, buffer| typed.read_floats(chunk, buffer),
            |value: f64, side, weight| numbers.add(Number::Float(value), side, weight),
        )?;
        Ok(())
    }

    fn add_ints(
        &mut self,
        typed: &TypedColumn,
        sides: &Sides,
        watch: &Watch,
    ) -> Result<(), ExecError> {
        let mut buffer = ChunkBuffer::default();
        let read = |chunk, buffer: &mut ChunkBuffer<i64>| typed.read_ints(chunk, buffer);
        let Some((min, span)) = span_of(typed, sides) else {
            let numbers = &mut self.numbers;
            self.row_count += each_chunk(
                typed,
                sides,
                watch,
                &mut buffer,
                read,
                |value, side, weight| numbers.add(Number::Int(value), side, weight),
            )?;
            return Ok(());
        };
        let mut counts = vec![Pair::default(); span];
        self.row_count += each_chunk(
            typed,
            sides,
            watch,
            &mut buffer,
            read,
            |value, side, weight| counts[value.wrapping_sub(min) as usize].0[side] += weight,
        )?;
        for (index, counts) in counts.iter().enumerate() {
            let value = min.wrapping_add(index as i64);
            for (side, count) in counts.0.iter().enumerate().filter(|(_, count)| **count > 0) {
                self.numbers.add(Number::Int(value), side, *count);
            }
        }
        Ok(())
    }
}

/// The smallest integer that the query's rows can have and how many there are from there on, when they lie close together.
fn span_of(typed: &TypedColumn, sides: &Sides) -> Option<(i64, usize)> {
    let (mut min, mut max) = (i64::MAX, i64::MIN);
    for chunk in &sides.chunks {
        if !typed.is_chunk_absent(chunk.chunk) {
            let (low, high) = typed.chunk_bounds(chunk.chunk)?;
            (min, max) = (min.min(low), max.max(high));
        }
    }
    let span = max.checked_sub(min)?;
    (0..SPAN_MAX)
        .contains(&span)
        .then_some((min, span as usize + 1))
}

/// Calls `count` with the value, side and weight of each row of the query that has one; returns how many there are.
fn each_chunk<T: Copy>(
    typed: &TypedColumn,
    sides: &Sides,
    watch: &Watch,
    buffer: &mut ChunkBuffer<T>,
    read: impl Fn(usize, &mut ChunkBuffer<T>),
    mut count: impl FnMut(T, usize, u64),
) -> Result<u64, ExecError> {
    let mut row_count = 0;
    for chunk in &sides.chunks {
        watch.check()?;
        if typed.is_chunk_absent(chunk.chunk) {
            continue;
        }
        read(chunk.chunk, buffer);
        let mut rows = chunk.rows;
        and(&mut rows, &buffer.present);
        row_count += count_chunk(chunk, &rows, &buffer.values, &mut count);
    }
    Ok(row_count)
}

fn count_chunk<T: Copy>(
    chunk: &ChunkSides,
    rows: &[u64; CHUNK_WORDS],
    values: &[T; CHUNK_ROWS],
    count: &mut impl FnMut(T, usize, u64),
) -> u64 {
    match &chunk.weights {
        None if *rows == [u64::MAX; CHUNK_WORDS] => {
            for (value, side) in values.iter().zip(chunk.side.iter()) {
                count(*value, usize::from(*side & 1), 1);
            }
        }
        None => each_bit(rows, |position| {
            count(values[position], usize::from(chunk.side[position] & 1), 1);
        }),
        Some(weights) => each_bit(rows, |position| {
            let weight = weights[position].cast_unsigned();
            count(
                values[position],
                usize::from(chunk.side[position] & 1),
                weight,
            );
        }),
    }
    rows.iter().map(|word| u64::from(word.count_ones())).sum()
}
