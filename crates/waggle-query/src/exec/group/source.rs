//! Group numbers for the rows of one source, by way of its dictionary codes where it has them.

use super::GroupTable;
use super::value::ValueTable;
use crate::calculation::NO_CELL;
use crate::chunk::TypedBuffer;
use crate::number::{Number, NumberKey};
use waggle_model::{ColumnType, QueryError};
use waggle_store::column::{CHUNK_ROWS, Column, Dictionary};

/// A source may have this many combinations of codes for them to be looked up in an array.
const SLOTS_MAX: usize = 1 << 20;
/// An array may have this many places per row, so that a small run does not pay for a large product.
const SLOTS_PER_ROW: usize = 4;

/// Group numbers for the rows of one source.
pub(in crate::exec) struct SourceGroups {
    /// Per breakdown, and per type of its column, the value number of each code; [`UNKNOWN`] until it is met.
    numbers: Vec<Vec<Vec<u32>>>,
    /// How far apart the codes of neighbouring breakdowns are, and how many codes each has, when `slots` is in use.
    radixes: Vec<usize>,
    /// Group per combination of codes; [`UNKNOWN`] until it is met. Empty when there are too many combinations.
    slots: Vec<u32>,
    codes: Vec<u32>,
    keys: Vec<u32>,
}

const UNKNOWN: u32 = u32::MAX - 1;
/// Codes before the dictionary's: no value, false, true.
const FIRST_ENTRY: u32 = 3;

impl SourceGroups {
    /// `columns` has the column of each breakdown.
    pub(in crate::exec) fn new(columns: &[Option<&Column>], row_count: u32) -> Self {
        let numbers = columns
            .iter()
            .map(|column| {
                column
                    .iter()
                    .flat_map(|column| &column.types)
                    .map(|typed| match typed.dictionary() {
                        Some(dictionary) => vec![UNKNOWN; dictionary.len()],
                        None => Vec::new(),
                    })
                    .collect()
            })
            .collect();
        let radixes: Option<Vec<usize>> = columns.iter().map(|column| radix(*column)).collect();
        let slots_max = SLOTS_MAX.min(row_count as usize * SLOTS_PER_ROW);
        let product = radixes.as_ref().and_then(|radixes| {
            let product = radixes
                .iter()
                .try_fold(1_usize, |product, radix| product.checked_mul(*radix))?;
            (product <= slots_max || radixes.len() == 1).then_some(product)
        });
        Self {
            numbers,
            slots: vec![UNKNOWN; product.unwrap_or_default()],
            radixes: radixes.unwrap_or_default(),
            codes: Vec::new(),
            keys: Vec::new(),
        }
    }

    /// Writes the group of each position to `out`. `columns` has the buffers of each breakdown.
    pub(in crate::exec) fn groups(
        &mut self,
        table: &mut GroupTable,
        columns: &[&[TypedBuffer]],
        positions: &[u16],
        out: &mut Vec<u32>,
    ) -> Result<(), QueryError> {
        out.clear();
        if columns.is_empty() {
            out.resize(positions.len(), 0);
            return Ok(());
        }
        if self.slots.is_empty() {
            self.by_values(table, columns, positions, out)
        } else {
            self.by_codes(table, columns, positions, out)
        }
    }

    fn by_codes(
        &mut self,
        table: &mut GroupTable,
        columns: &[&[TypedBuffer]],
        positions: &[u16],
        out: &mut Vec<u32>,
    ) -> Result<(), QueryError> {
        out.resize(positions.len(), 0);
        for (column, radix) in columns.iter().zip(&self.radixes) {
            codes_of(column, positions, &mut self.codes);
            for (slot, code) in out.iter_mut().zip(&self.codes) {
                *slot = *slot * *radix as u32 + code;
            }
        }
        let mut key = vec![0; columns.len()];
        for place in out.iter_mut() {
            let slot = *place as usize;
            if self.slots[slot] == UNKNOWN {
                let mut rest = slot;
                for breakdown in (0..columns.len()).rev() {
                    let code = (rest % self.radixes[breakdown]) as u32;
                    rest /= self.radixes[breakdown];
                    key[breakdown] =
                        value_of_code(&mut table.tables[breakdown], columns[breakdown], code);
                }
                self.slots[slot] = table.group(&key)?;
            }
            *place = self.slots[slot];
        }
        Ok(())
    }

    fn by_values(
        &mut self,
        table: &mut GroupTable,
        columns: &[&[TypedBuffer]],
        positions: &[u16],
        out: &mut Vec<u32>,
    ) -> Result<(), QueryError> {
        let width = columns.len();
        self.keys.clear();
        self.keys.resize(positions.len() * width, 0);
        for (breakdown, column) in columns.iter().enumerate() {
            let values = &mut table.tables[breakdown];
            let null = match column_is_full(column, positions) {
                true => NO_CELL,
                false => values.null(),
            };
            let keys = &mut self.keys;
            keys.iter_mut()
                .skip(breakdown)
                .step_by(width)
                .for_each(|place| *place = null);
            for (buffer, numbers) in column.iter().zip(&mut self.numbers[breakdown]) {
                let present = buffer.present();
                for (index, position) in positions.iter().enumerate() {
                    let position = usize::from(*position);
                    if present[position / 64] >> (position % 64) & 1 == 0 {
                        continue;
                    }
                    keys[index * width + breakdown] = match buffer {
                        TypedBuffer::Strings(codes, dictionary) => {
                            let code = codes.values[position];
                            let number = &mut numbers[code as usize];
                            if *number == UNKNOWN {
                                *number = string_of(values, dictionary, code);
                            }
                            *number
                        }
                        TypedBuffer::Ints(buffer) => {
                            values.number(NumberKey::Int(buffer.values[position]))
                        }
                        TypedBuffer::Floats(buffer) => {
                            values.number(Number::Float(buffer.values[position]).key())
                        }
                        TypedBuffer::Bools(buffer) => values.bool(buffer.values[position]),
                    };
                }
            }
        }
        for key in self.keys.chunks_exact(width) {
            out.push(table.group(key)?);
        }
        Ok(())
    }
}

/// Number of codes of a column; `None` when numbers occur in it, which have no codes.
fn radix(column: Option<&Column>) -> Option<usize> {
    let mut entries = 0;
    for typed in column.iter().flat_map(|column| &column.types) {
        match (typed.dictionary(), typed.column_type()) {
            (Some(dictionary), _) => entries = dictionary.len(),
            (None, ColumnType::Boolean) => {}
            (None, _) => return None,
        }
    }
    Some(entries + FIRST_ENTRY as usize)
}

fn codes_of(column: &[TypedBuffer], positions: &[u16], out: &mut Vec<u32>) {
    out.clear();
    out.resize(positions.len(), 0);
    for buffer in column {
        for (code, position) in out.iter_mut().zip(positions) {
            let position = usize::from(*position);
            match buffer {
                TypedBuffer::Strings(codes, _) if codes.has(position) => {
                    *code = codes.values[position] + FIRST_ENTRY;
                }
                TypedBuffer::Bools(values) if values.has(position) => {
                    *code = 1 + u32::from(values.values[position]);
                }
                _ => {}
            }
        }
    }
}

fn value_of_code(table: &mut ValueTable, column: &[TypedBuffer], code: u32) -> u32 {
    match code {
        0 => table.null(),
        1 => table.bool(false),
        2 => table.bool(true),
        _ => {
            let dictionary = column.iter().find_map(|buffer| match buffer {
                TypedBuffer::Strings(_, dictionary) => Some(dictionary),
                _ => None,
            });
            dictionary.map_or(NO_CELL, |dictionary| {
                string_of(table, dictionary, code - FIRST_ENTRY)
            })
        }
    }
}

fn string_of(table: &mut ValueTable, dictionary: &Dictionary, code: u32) -> u32 {
    table.string(dictionary.hash(code), || dictionary.text(code))
}

/// True when every position has a value: only then is "no value" not a value of the breakdown.
fn column_is_full(column: &[TypedBuffer], positions: &[u16]) -> bool {
    positions.iter().all(|position| {
        let position = usize::from(*position);
        debug_assert!(position < CHUNK_ROWS, "positions lie in the chunk");
        column
            .iter()
            .any(|buffer| buffer.present()[position / 64] >> (position % 64) & 1 == 1)
    })
}
