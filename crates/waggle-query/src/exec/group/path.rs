//! Groups by way of codes: one step per breakdown, from the path of the values so far to the path one value longer.
//!
//! A row costs one look into an array per breakdown. The arrays grow with the combinations that occur, not with those that could.

use super::GroupTable;
use super::value::ValueTable;
use crate::calculation::NO_CELL;
use crate::chunk::TypedBuffer;
use crate::number::NumberKey;
use waggle_model::{ColumnType, QueryError};
use waggle_store::column::{CHUNK_ROWS, Column, TypedColumn};

/// All arrays together may have this many places, unless there is one breakdown.
const SLOTS_MAX: usize = 1 << 20;
/// They may have this many places per row, so that a small run does not pay for a large product.
const SLOTS_PER_ROW: usize = 4;
/// The integers of one breakdown of several may have this many different values: status codes, not durations.
const NUMBERS_MAX: usize = 61;
/// Integers may lie this far apart to be looked up in an array.
const NUMBERS_SPAN_MAX: i64 = 4_096;

const UNKNOWN: u32 = u32::MAX - 1;
/// Codes before those of numbers and texts: no value, false, true.
const FIRST_CODE: usize = 3;

/// Codes to groups for one source.
pub(super) struct Paths {
    steps: Vec<Step>,
    slots_max: usize,
    slot_count: usize,
    codes: Vec<u32>,
}

/// One breakdown.
struct Step {
    numbers: NumberCodes,
    /// How many codes it has: those before the numbers, of the numbers, of the texts.
    radix: usize,
    /// For `path * radix + code` the path that is one value longer, or after the last breakdown the group; [`UNKNOWN`] until it is
    /// met.
    slots: Vec<u32>,
    /// The path that each path of this step continues, and with which value number.
    paths: Vec<(u32, u32)>,
}

/// Integers numbered by first appearance.
#[derive(Default)]
struct NumberCodes {
    min: i64,
    codes_max: usize,
    /// Code of `min + index`; [`UNKNOWN`] until it is met.
    codes: Vec<u32>,
    values: Vec<i64>,
}

impl Paths {
    /// `columns` has the column of each breakdown, at least one. `None` when one of them has values without codes: floats, or integers
    /// that nothing is known about.
    pub(super) fn new(columns: &[Option<&Column>], row_count: u32) -> Option<Self> {
        let numbers_max = match columns.len() {
            1 => usize::MAX,
            _ => NUMBERS_MAX,
        };
        let mut steps: Vec<Step> = columns
            .iter()
            .map(|column| Step::new(*column, numbers_max))
            .collect::<Option<_>>()?;
        let slots_max = match columns.len() {
            1 => usize::MAX,
            _ => SLOTS_MAX.min(row_count as usize * SLOTS_PER_ROW),
        };
        let first = steps.first_mut()?;
        if first.radix > slots_max {
            return None;
        }
        first.slots.resize(first.radix, UNKNOWN);
        Some(Self {
            slot_count: first.radix,
            steps,
            slots_max,
            codes: Vec::with_capacity(CHUNK_ROWS),
        })
    }

    /// Writes the group of each position to `out`. False when there are too many combinations or numbers: then `out` means nothing and
    /// this has come to its end.
    pub(super) fn groups(
        &mut self,
        table: &mut GroupTable,
        columns: &[&[TypedBuffer]],
        positions: &[u16],
        out: &mut Vec<u32>,
    ) -> Result<bool, QueryError> {
        out.clear();
        out.resize(positions.len(), 0);
        let mut codes = std::mem::take(&mut self.codes);
        for (index, column) in columns.iter().enumerate() {
            if !self.steps[index].read_codes(column, positions, &mut codes) {
                return Ok(false);
            }
            for (place, code) in out.iter_mut().zip(&codes) {
                let step = &self.steps[index];
                let path = *place;
                let slot = path as usize * step.radix + *code as usize;
                *place = step.slots[slot];
                if *place == UNKNOWN {
                    let value = step.value(&mut table.tables[index], column, *code);
                    let Some(next) = self.meet(table, index, path, value)? else {
                        return Ok(false);
                    };
                    self.steps[index].slots[slot] = next;
                    *place = next;
                }
            }
        }
        self.codes = codes;
        Ok(true)
    }

    /// What comes after a path that goes on with a value for the first time; `None` when there is no room.
    fn meet(
        &mut self,
        table: &mut GroupTable,
        index: usize,
        path: u32,
        value: u32,
    ) -> Result<Option<u32>, QueryError> {
        if let Some(after) = self.steps.get_mut(index + 1) {
            self.slot_count += after.radix;
            if self.slot_count > self.slots_max {
                return Ok(None);
            }
            after.slots.resize(after.slots.len() + after.radix, UNKNOWN);
            let paths = &mut self.steps[index].paths;
            paths.push((path, value));
            return Ok(Some(paths.len() as u32 - 1));
        }
        let mut key = vec![value; index + 1];
        let mut path = path;
        for (place, step) in key.iter_mut().zip(&self.steps[..index]).rev() {
            (path, *place) = step.paths[path as usize];
        }
        table.group(&key).map(Some)
    }
}

impl Step {
    fn new(column: Option<&Column>, numbers_max: usize) -> Option<Self> {
        let mut numbers = NumberCodes::default();
        let mut entries = 0;
        for typed in column.iter().flat_map(|column| &column.types) {
            match (typed.dictionary(), typed.column_type()) {
                (Some(dictionary), _) => entries = dictionary.len(),
                (None, ColumnType::Boolean) => {}
                (None, ColumnType::Integer) => numbers = NumberCodes::new(typed, numbers_max)?,
                (None, _) => return None,
            }
        }
        Some(Self {
            radix: FIRST_CODE + numbers.codes_max + entries,
            numbers,
            slots: Vec::new(),
            paths: Vec::new(),
        })
    }

    /// Reads the code of each position; false when there are too many numbers.
    fn read_codes(
        &mut self,
        column: &[TypedBuffer],
        positions: &[u16],
        out: &mut Vec<u32>,
    ) -> bool {
        out.clear();
        out.resize(positions.len(), 0);
        let first_entry = (FIRST_CODE + self.numbers.codes_max) as u32;
        let rows = || positions.iter().map(|position| usize::from(*position));
        for buffer in column {
            match buffer {
                TypedBuffer::Strings(codes, _) => {
                    for (code, at) in out.iter_mut().zip(rows()) {
                        if codes.has(at) {
                            *code = first_entry + codes.values[at];
                        }
                    }
                }
                TypedBuffer::Bools(values) => {
                    for (code, at) in out.iter_mut().zip(rows()) {
                        if values.has(at) {
                            *code = 1 + u32::from(values.values[at]);
                        }
                    }
                }
                TypedBuffer::Ints(values) => {
                    for (code, at) in out.iter_mut().zip(rows()) {
                        if values.has(at) {
                            let Some(number) = self.numbers.code(values.values[at]) else {
                                return false;
                            };
                            *code = FIRST_CODE as u32 + number;
                        }
                    }
                }
                TypedBuffer::Floats(_) => return false,
            }
        }
        true
    }

    /// The value number of a code.
    fn value(&self, table: &mut ValueTable, column: &[TypedBuffer], code: u32) -> u32 {
        let first_entry = FIRST_CODE + self.numbers.codes_max;
        match code {
            0 => table.null(),
            1 => table.bool(false),
            2 => table.bool(true),
            _ if (code as usize) < first_entry => {
                let number = self.numbers.values[code as usize - FIRST_CODE];
                table.number(NumberKey::Int(number))
            }
            _ => {
                let dictionary = column.iter().find_map(|buffer| match buffer {
                    TypedBuffer::Strings(_, dictionary) => Some(dictionary),
                    _ => None,
                });
                dictionary.map_or(NO_CELL, |dictionary| {
                    super::source::string_of(table, dictionary, code - first_entry as u32)
                })
            }
        }
    }
}

impl NumberCodes {
    /// `None` when the integers are not known to lie close together.
    fn new(typed: &TypedColumn, codes_max: usize) -> Option<Self> {
        let chunks = 0..(typed.row_count() as usize).div_ceil(CHUNK_ROWS);
        let (mut min, mut max) = (i64::MAX, i64::MIN);
        for chunk in chunks.filter(|chunk| !typed.is_chunk_absent(*chunk)) {
            let (low, high) = typed.chunk_bounds(chunk)?;
            (min, max) = (min.min(low), max.max(high));
        }
        let span = max
            .checked_sub(min)
            .filter(|span| (0..NUMBERS_SPAN_MAX).contains(span))?;
        let span = span as usize + 1;
        Some(Self {
            min,
            codes_max: codes_max.min(span),
            codes: vec![UNKNOWN; span],
            values: Vec::new(),
        })
    }

    fn code(&mut self, value: i64) -> Option<u32> {
        let place = self.codes.get_mut(value.wrapping_sub(self.min) as usize)?;
        if *place == UNKNOWN {
            if self.values.len() >= self.codes_max {
                return None;
            }
            *place = self.values.len() as u32;
            self.values.push(value);
        }
        Some(*place)
    }
}
