//! Groups of one source: each row's group gets a small number that means nothing elsewhere, and what it is in the table of all groups
//! is asked once per group.

use super::GroupTable;
use super::code::ColumnCodes;
use super::counted::CountedCodes;
use super::path::Paths;
use super::value::ValueTable;
use crate::calculation::{NO_CELL, Rows};
use crate::chunk::TypedBuffer;
use crate::exec::{ExecError, Watch};
use crate::number::{Number, NumberKey};
use std::mem::take;
use std::sync::Arc;
use waggle_model::QueryError;
use waggle_store::column::{Column, Dictionary};

/// Groups of one source, by what is quickest for its columns.
pub(in crate::exec) struct SourceGroups {
    way: Way,
    /// Of each group here the one in the table; [`UNKNOWN`] until it is asked for.
    globals: Vec<u32>,
    /// In a frozen table most groups are the rest, so groups are translated row by row, and there are as few here as there.
    is_frozen: bool,
}

enum Way {
    /// There are no breakdowns.
    One,
    /// The only breakdown's codes are the groups.
    Codes(ColumnCodes),
    /// Combinations of codes.
    Paths(Paths),
    /// Values without codes: the groups are those of the table.
    Values(Values),
}

/// Per breakdown, and per type of its column, the value number of each code; [`UNKNOWN`] until it is met.
#[derive(Default)]
struct Values {
    numbers: Vec<Vec<Vec<u32>>>,
    keys: Vec<u32>,
}

const UNKNOWN: u32 = u32::MAX;
/// Where a row has no value, in place of a value number.
const ABSENT: u32 = NO_CELL - 1;

impl SourceGroups {
    /// `columns` has the column of each breakdown, `row_count` how many rows can come.
    pub(in crate::exec) fn new(
        columns: &[Option<&Column>],
        row_count: u32,
        table: &GroupTable,
    ) -> Self {
        let alone = match columns {
            [column] => ColumnCodes::new(*column, true),
            _ => None,
        };
        let way = match alone {
            _ if columns.is_empty() => Way::One,
            Some(codes) if codes.radix <= row_count as usize || table.rest.is_some() => {
                Way::Codes(codes)
            }
            _ => match Paths::new(columns, row_count) {
                Some(paths) => Way::Paths(paths),
                None => Way::Values(Values::default()),
            },
        };
        let mut groups = Self {
            way,
            globals: Vec::new(),
            is_frozen: table.rest.is_some(),
        };
        groups.find_frozen(table);
        groups
    }

    /// Of one breakdown with few groups and many codes, looks for the codes of the groups instead of the groups of the codes.
    fn find_frozen(&mut self, table: &GroupTable) {
        if let (Way::Codes(codes), Some(rest), [values]) =
            (&self.way, table.rest, &table.tables[..])
        {
            self.globals.resize(codes.radix, UNKNOWN);
            codes.find_texts(values, &mut self.globals, rest, |number| {
                table.index.find(&[number], &table.keys).unwrap_or(rest)
            });
        }
    }

    /// How many groups there are so far: their numbers are below it.
    pub(in crate::exec) fn len(&self, table: &GroupTable) -> usize {
        match &self.way {
            _ if self.is_frozen => table.len(),
            Way::One => 1,
            Way::Codes(codes) => codes.radix,
            Way::Paths(paths) => paths.len(),
            Way::Values(_) => table.len(),
        }
    }

    /// How many groups there can be, if that is known.
    pub(in crate::exec) fn len_max(&self, table: &GroupTable) -> usize {
        match &self.way {
            Way::Paths(paths) if !self.is_frozen => paths.len_max(),
            Way::Values(_) if !self.is_frozen => usize::MAX,
            _ => self.len(table),
        }
    }

    pub(in crate::exec) fn heap_bytes(&self) -> usize {
        let paths = match &self.way {
            Way::Paths(paths) => paths.heap_bytes(),
            _ => 0,
        };
        paths + self.globals.capacity() * size_of::<u32>()
    }

    /// Writes the group of each row to `out`. `columns` has the buffers of each breakdown. False when the numbers of groups so far have
    /// come to their end: what was gathered by them must be moved on, then call again.
    pub(in crate::exec) fn groups(
        &mut self,
        table: &mut GroupTable,
        columns: &[&[TypedBuffer]],
        rows: &Rows<'_>,
        out: &mut Vec<u32>,
    ) -> Result<bool, QueryError> {
        let is_numbered = match &mut self.way {
            Way::One => {
                out.clear();
                out.resize(rows.positions.len(), 0);
                true
            }
            Way::Codes(codes) => {
                out.clear();
                out.resize(rows.positions.len(), 0);
                columns
                    .first()
                    .is_some_and(|column| codes.append(column, rows, out))
            }
            Way::Paths(paths) => paths.groups(columns, rows, out),
            Way::Values(values) => {
                values.groups(table, columns, rows, out)?;
                return Ok(true);
            }
        };
        if is_numbered && self.is_frozen {
            for group in out {
                *group = self.global(table, *group)?;
            }
        }
        Ok(is_numbered)
    }

    /// Counts each row at the number its group has here. False, and nothing is done, unless all rows have texts that are numbered by
    /// their codes.
    pub(in crate::exec) fn count(
        &self,
        column: &[TypedBuffer],
        rows: &Rows<'_>,
        counts: &mut Vec<u32>,
    ) -> bool {
        let (Way::Codes(codes), [TypedBuffer::Strings(entries, _)], false) =
            (&self.way, column, self.is_frozen)
        else {
            return false;
        };
        let Some(entries) = rows.dense(entries) else {
            return false;
        };
        if counts.is_empty() {
            *counts = vec![0; codes.radix];
        }
        let counts = &mut counts[codes.first_entry() as usize..];
        for entry in entries {
            counts[*entry as usize] += 1;
        }
        true
    }

    /// Goes on by values, which always works and leaves no number without rows.
    pub(in crate::exec) fn give_up(&mut self) {
        if !matches!(self.way, Way::One) {
            self.way = Way::Values(Values::default());
        }
    }

    /// What was counted by the codes of the only breakdown, as it is: `rows` has those of each group here and is empty afterwards, and
    /// what comes goes on by values. `None`, and nothing is changed, when the groups are not those of codes.
    pub(in crate::exec) fn take_counted(&mut self, rows: &mut Vec<u32>) -> Option<CountedCodes> {
        if self.is_frozen {
            return None;
        }
        match std::mem::replace(&mut self.way, Way::Values(Values::default())) {
            Way::Codes(codes) => Some(CountedCodes::new(codes, take(rows))),
            Way::Paths(paths) => match paths.into_alone() {
                Ok((codes, of_groups)) => {
                    let counted = CountedCodes::of_some(codes, of_groups.zip(rows.iter().copied()));
                    rows.clear();
                    Some(counted)
                }
                Err(paths) => {
                    self.way = Way::Paths(paths);
                    None
                }
            },
            way => {
                self.way = way;
                None
            }
        }
    }

    /// The group in the table for each of the groups here that has been met, ascending; with its number there.
    pub(in crate::exec) fn globals(
        &mut self,
        table: &mut GroupTable,
        met: &[u32],
        out: &mut Vec<u32>,
        watch: &Watch,
    ) -> Result<(), ExecError> {
        out.clear();
        if self.is_frozen || matches!(self.way, Way::One | Way::Values(_)) {
            out.extend_from_slice(met);
            return Ok(());
        }
        if let (Way::Codes(_), [values]) = (&self.way, &mut table.tables[..]) {
            values.reserve(met.len());
        }
        let mut steps = watch.steps();
        for group in met {
            steps.step()?;
            out.push(self.global(table, *group)?);
        }
        Ok(())
    }

    #[inline]
    fn global(&mut self, table: &mut GroupTable, group: u32) -> Result<u32, QueryError> {
        match self.globals.get(group as usize) {
            Some(global) if *global != UNKNOWN => Ok(*global),
            _ => self.meet(table, group),
        }
    }

    #[cold]
    fn meet(&mut self, table: &mut GroupTable, group: u32) -> Result<u32, QueryError> {
        let global = match &self.way {
            Way::One | Way::Values(_) => group,
            Way::Codes(codes) => {
                let number = codes.value(&mut table.tables[0], group);
                table.group(&[number])?
            }
            Way::Paths(paths) => paths.global(table, group)?,
        };
        if group as usize >= self.globals.len() {
            self.globals.resize(group as usize + 1, UNKNOWN);
        }
        self.globals[group as usize] = global;
        Ok(global)
    }
}

impl Values {
    fn groups(
        &mut self,
        table: &mut GroupTable,
        columns: &[&[TypedBuffer]],
        rows: &Rows<'_>,
        out: &mut Vec<u32>,
    ) -> Result<(), QueryError> {
        let width = columns.len();
        out.clear();
        if self.numbers.is_empty() {
            self.numbers = columns.iter().map(|column| unknown(column)).collect();
        }
        self.keys.clear();
        self.keys.resize(rows.positions.len() * width, ABSENT);
        for (breakdown, column) in columns.iter().enumerate() {
            let values = &mut table.tables[breakdown];
            let mut keys = Places {
                keys: &mut self.keys,
                breakdown,
                width,
            };
            for (buffer, numbers) in column.iter().zip(&mut self.numbers[breakdown]) {
                match buffer {
                    TypedBuffer::Strings(codes, dictionary) => {
                        rows.each_index(codes, |index, code| {
                            keys.set(index, text_of(values, dictionary, code, numbers));
                        });
                    }
                    TypedBuffer::Ints(ints) => rows.each_index(ints, |index, value| {
                        keys.set(index, values.number(NumberKey::Int(value)));
                    }),
                    TypedBuffer::Floats(floats) => rows.each_index(floats, |index, value| {
                        keys.set(index, values.number(Number::Float(value).key()));
                    }),
                    TypedBuffer::Bools(bools) => rows.each_index(bools, |index, value| {
                        keys.set(index, values.bool(value));
                    }),
                }
            }
            for key in self.keys.iter_mut().skip(breakdown).step_by(width) {
                if *key == ABSENT {
                    *key = values.null();
                }
            }
        }
        for key in self.keys.chunks_exact(width) {
            out.push(table.group(key)?);
        }
        Ok(())
    }
}

/// The value numbers of one breakdown among those of all.
struct Places<'a> {
    keys: &'a mut [u32],
    breakdown: usize,
    width: usize,
}

impl Places<'_> {
    fn set(&mut self, index: usize, number: u32) {
        self.keys[index * self.width + self.breakdown] = number;
    }
}

fn text_of(
    table: &mut ValueTable,
    dictionary: &Arc<Dictionary>,
    code: u32,
    numbers: &mut [u32],
) -> u32 {
    let number = &mut numbers[code as usize];
    if *number == UNKNOWN {
        *number = table.text(dictionary, code);
    }
    *number
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
