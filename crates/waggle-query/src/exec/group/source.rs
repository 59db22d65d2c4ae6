//! Group numbers for the rows of one source, by way of its dictionary codes where it has them.

use super::GroupTable;
use super::path::Paths;
use super::value::ValueTable;
use crate::calculation::NO_CELL;
use crate::chunk::TypedBuffer;
use crate::number::{Number, NumberKey};
use waggle_model::QueryError;
use waggle_store::column::{CHUNK_ROWS, Column, Dictionary};

/// Group numbers for the rows of one source.
pub(in crate::exec) struct SourceGroups {
    /// The quick way, as long as it is open.
    paths: Option<Paths>,
    /// Per breakdown, and per type of its column, the value number of each code; [`UNKNOWN`] until it is met.
    numbers: Vec<Vec<Vec<u32>>>,
    keys: Vec<u32>,
}

const UNKNOWN: u32 = u32::MAX - 1;

impl SourceGroups {
    /// `columns` has the column of each breakdown.
    pub(in crate::exec) fn new(columns: &[Option<&Column>], row_count: u32) -> Self {
        Self {
            paths: Paths::new(columns, row_count),
            numbers: Vec::new(),
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
        if columns.is_empty() {
            out.clear();
            out.resize(positions.len(), 0);
            return Ok(());
        }
        if let Some(paths) = &mut self.paths {
            if paths.groups(table, columns, positions, out)? {
                return Ok(());
            }
            self.paths = None;
        }
        self.by_values(table, columns, positions, out)
    }

    fn by_values(
        &mut self,
        table: &mut GroupTable,
        columns: &[&[TypedBuffer]],
        positions: &[u16],
        out: &mut Vec<u32>,
    ) -> Result<(), QueryError> {
        let width = columns.len();
        out.clear();
        if self.numbers.is_empty() {
            self.numbers = columns.iter().map(|column| unknown(column)).collect();
        }
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

/// A place for the value number of each entry of each type.
fn unknown(column: &[TypedBuffer]) -> Vec<Vec<u32>> {
    column
        .iter()
        .map(|buffer| match buffer {
            TypedBuffer::Strings(_, dictionary) => vec![UNKNOWN; dictionary.len()],
            _ => Vec::new(),
        })
        .collect()
}

pub(super) fn string_of(table: &mut ValueTable, dictionary: &Dictionary, code: u32) -> u32 {
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
