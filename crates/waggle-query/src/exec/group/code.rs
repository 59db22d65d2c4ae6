//! The values of one breakdown in one source as small numbers: no value, false, true, integers that lie close together, dictionary
//! entries.

use super::value::ValueTable;
use crate::calculation::{NO_CELL, Rows};
use crate::chunk::TypedBuffer;
use crate::number::NumberKey;
use std::sync::Arc;
use waggle_model::ColumnType;
use waggle_store::column::{CHUNK_ROWS, Column, Dictionary, TypedColumn};

/// The integers of one breakdown of several may have this many different values: status codes, not durations.
const NUMBERS_MAX: usize = 61;
/// Integers may lie this far apart to be looked up in an array.
const NUMBERS_SPAN_MAX: i64 = 4_096;

const UNKNOWN: u32 = u32::MAX;
/// Codes before those of numbers and texts: no value, false, true.
const FIRST_CODE: usize = 3;

/// Codes of one breakdown.
pub(super) struct ColumnCodes {
    numbers: NumberCodes,
    pub(super) dictionary: Option<Arc<Dictionary>>,
    /// How many codes there are: those before the numbers, of the numbers, of the entries.
    pub(super) radix: usize,
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

impl ColumnCodes {
    /// `None` when the column has values without codes: floats, or integers that nothing is known about. A breakdown that `is_alone`
    /// can have more integers.
    pub(super) fn new(column: Option<&Column>, is_alone: bool) -> Option<Self> {
        let numbers_max = if is_alone { usize::MAX } else { NUMBERS_MAX };
        let mut numbers = NumberCodes::default();
        let mut known = None;
        for typed in column.iter().flat_map(|column| &column.types) {
            match (typed.dictionary(), typed.column_type()) {
                (Some(dictionary), _) => known = Some(Arc::clone(dictionary)),
                (None, ColumnType::Boolean) => {}
                (None, ColumnType::Integer) => numbers = NumberCodes::new(typed, numbers_max)?,
                (None, _) => return None,
            }
        }
        let entries = known.as_ref().map_or(0, |dictionary| dictionary.len());
        Some(Self {
            radix: FIRST_CODE + numbers.codes_max + entries,
            numbers,
            dictionary: known,
        })
    }

    /// Makes of each code so far `code * radix + code of this column`; false when there are too many numbers.
    pub(super) fn append(
        &mut self,
        column: &[TypedBuffer],
        rows: &Rows<'_>,
        codes: &mut [u32],
    ) -> bool {
        let radix = self.radix as u32;
        let first_entry = self.first_entry();
        if let [TypedBuffer::Strings(entries, _)] = column
            && let Some(entries) = rows.dense(entries)
        {
            for (code, entry) in codes.iter_mut().zip(entries) {
                *code = code.wrapping_mul(radix).wrapping_add(first_entry + entry);
            }
            return true;
        }
        for code in codes.iter_mut() {
            *code = code.wrapping_mul(radix);
        }
        let mut is_known = true;
        for buffer in column {
            match buffer {
                TypedBuffer::Strings(entries, _) => match rows.run() {
                    // Which rows have a value is often anybody's guess, so nothing branches on it.
                    Some(run) => {
                        for ((code, position), entry) in
                            codes.iter_mut().zip(run.clone()).zip(&entries.values[run])
                        {
                            let is_present = u32::from(entries.has(position));
                            let entry_code = first_entry.wrapping_add(*entry);
                            *code = code.wrapping_add(entry_code & is_present.wrapping_neg());
                        }
                    }
                    None => {
                        rows.each_index(entries, |index, entry| {
                            codes[index] += first_entry + entry;
                        });
                    }
                },
                TypedBuffer::Bools(values) => {
                    rows.each_index(values, |index, value| codes[index] += 1 + u32::from(value));
                }
                TypedBuffer::Ints(values) => {
                    let numbers = &mut self.numbers;
                    match rows.run() {
                        Some(run) => {
                            for ((code, position), value) in
                                codes.iter_mut().zip(run.clone()).zip(&values.values[run])
                            {
                                let is_present = values.has(position);
                                let mut number = numbers.known(*value);
                                if (number == UNKNOWN) & is_present {
                                    match numbers.meet(*value) {
                                        Some(met) => number = met,
                                        None => is_known = false,
                                    }
                                }
                                let number_code = number.wrapping_add(FIRST_CODE as u32);
                                let is_present = u32::from(is_present);
                                *code = code.wrapping_add(number_code & is_present.wrapping_neg());
                            }
                        }
                        None => {
                            rows.each_index(values, |index, value| match numbers.code(value) {
                                Some(code) => codes[index] += FIRST_CODE as u32 + code,
                                None => is_known = false,
                            });
                        }
                    }
                }
                TypedBuffer::Floats(_) => is_known = false,
            }
        }
        is_known
    }

    /// The value number of a code.
    pub(super) fn value(&self, table: &mut ValueTable, code: u32) -> u32 {
        match code {
            0 => table.null(),
            1 => table.bool(false),
            2 => table.bool(true),
            _ if code < self.first_entry() => {
                let number = self.numbers.values[code as usize - FIRST_CODE];
                table.number(NumberKey::Int(number))
            }
            _ => self.dictionary.as_ref().map_or(NO_CELL, |dictionary| {
                table.text(dictionary, code - self.first_entry())
            }),
        }
    }

    /// Sets the groups of all texts: `rest`, or for those that the table knows what `group` says of their number. Does nothing when a
    /// search for each would take longer than asking for them as they come.
    pub(super) fn find_texts(
        &self,
        table: &ValueTable,
        groups: &mut [u32],
        rest: u32,
        group: impl Fn(u32) -> u32,
    ) {
        if let Some(dictionary) = self.dictionary.as_ref()
            && dictionary.is_hash_ordered()
        {
            let groups = &mut groups[self.first_entry() as usize..];
            groups.fill(rest);
            for (number, text) in table.texts() {
                for code in dictionary.find(&text) {
                    groups[code as usize] = group(number);
                }
            }
        }
    }

    /// The code of the first entry; those before it are of no value, booleans and numbers.
    pub(super) fn first_entry(&self) -> u32 {
        (FIRST_CODE + self.numbers.codes_max) as u32
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
        match self.known(value) {
            UNKNOWN => self.meet(value),
            code => Some(code),
        }
    }

    /// The code of a value that has been met, else [`UNKNOWN`].
    #[inline]
    fn known(&self, value: i64) -> u32 {
        let place = value.wrapping_sub(self.min) as usize;
        self.codes.get(place).copied().unwrap_or(UNKNOWN)
    }

    #[cold]
    fn meet(&mut self, value: i64) -> Option<u32> {
        let place = self.codes.get_mut(value.wrapping_sub(self.min) as usize)?;
        if self.values.len() >= self.codes_max {
            return None;
        }
        *place = self.values.len() as u32;
        self.values.push(value);
        Some(*place)
    }
}
