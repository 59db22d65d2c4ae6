//! The values of a part of an expression in one chunk, apart by type like those of a column, and the texts they refer to.

use crate::chunk::Bits;
use std::borrow::Cow;
use std::sync::Arc;
use waggle_expression::Datum;
use waggle_store::column::{CHUNK_ROWS, CHUNK_WORDS, ChunkBuffer, Dictionary, Interner};

/// Values of up to 1024 rows. A row has a value in at most one lane, or none.
pub(crate) struct Lanes {
    pub(super) bools: BoolLane,
    pub(super) ints: ChunkBuffer<i64>,
    pub(super) floats: ChunkBuffer<f64>,
    /// Entries of the table.
    pub(super) texts: ChunkBuffer<u32>,
    pub(super) table: usize,
}

/// Booleans as bits.
#[derive(Default)]
pub(super) struct BoolLane {
    pub(super) present: Bits,
    /// Only set where it is present.
    pub(super) values: Bits,
}

impl Lanes {
    pub(crate) fn new(table: usize) -> Self {
        Self {
            bools: BoolLane::default(),
            ints: ChunkBuffer::default(),
            floats: ChunkBuffer::default(),
            texts: ChunkBuffer::default(),
            table,
        }
    }

    /// Forgets all values.
    pub(crate) fn clear(&mut self) {
        self.bools = BoolLane::default();
        self.ints.present = [0; CHUNK_WORDS];
        self.floats.present = [0; CHUNK_WORDS];
        self.texts.present = [0; CHUNK_WORDS];
    }

    /// Which rows have a value.
    pub(super) fn present(&self) -> Bits {
        let mut present = self.bools.present;
        for (index, word) in present.iter_mut().enumerate() {
            *word |=
                self.ints.present[index] | self.floats.present[index] | self.texts.present[index];
        }
        present
    }

    /// Whether all values are numbers.
    pub(super) fn only_numbers(&self) -> bool {
        self.texts.is_empty() && self.bools.present.iter().all(|word| *word == 0)
    }

    /// The value of a row.
    pub(super) fn datum<'t>(&self, row: usize, tables: &'t Tables) -> Datum<'t> {
        if self.floats.has(row) {
            Datum::Float(self.floats.values[row])
        } else if self.texts.has(row) {
            Datum::Text(tables.text(self.table, self.texts.values[row]))
        } else if self.ints.has(row) {
            Datum::Int(self.ints.values[row])
        } else if is_set(&self.bools.present, row) {
            Datum::Bool(is_set(&self.bools.values, row))
        } else {
            Datum::Null
        }
    }

    /// Gives a row, which has no value yet, its value. Text needs `texts`, the table of these lanes.
    pub(super) fn put(&mut self, row: usize, datum: &Datum<'_>, texts: &mut Interner) {
        match datum {
            Datum::Null => {}
            Datum::Bool(value) => self.put_bool(row, *value),
            Datum::Int(value) => put(&mut self.ints, row, *value),
            Datum::Float(value) => put(&mut self.floats, row, *value),
            Datum::Text(text) => put(&mut self.texts, row, texts.intern(text)),
        }
    }

    pub(crate) fn put_bool(&mut self, row: usize, value: bool) {
        set(&mut self.bools.present, row);
        if value {
            set(&mut self.bools.values, row);
        }
    }

    /// Gives a row a text of the table.
    pub(crate) fn put_text(&mut self, row: usize, code: u32) {
        put(&mut self.texts, row, code);
    }

    pub(crate) fn put_int(&mut self, row: usize, value: i64) {
        put(&mut self.ints, row, value);
    }

    pub(crate) fn put_float(&mut self, row: usize, value: f64) {
        put(&mut self.floats, row, value);
    }

    /// The same value in every row.
    pub(super) fn fill(&mut self, datum: &Datum<'_>, texts: &mut Interner) {
        for row in 0..CHUNK_ROWS {
            self.put(row, datum, texts);
        }
    }
}

/// Gives a row a value.
pub(super) fn put<T>(lane: &mut ChunkBuffer<T>, row: usize, value: T) {
    set(&mut lane.present, row);
    lane.values[row] = value;
}

pub(super) fn set(bits: &mut Bits, row: usize) {
    bits[row / 64] |= 1 << (row % 64);
}

pub(super) fn is_set(bits: &Bits, row: usize) -> bool {
    bits[row / 64] >> (row % 64) & 1 == 1
}

/// All texts that values of one expression in one source refer to.
#[derive(Default)]
pub(crate) struct Tables(Vec<Table>);

enum Table {
    /// Those of a column, or known before the first row.
    Known(Arc<Dictionary>),
    /// Those that are met on the way.
    Growing(Interner),
}

impl Tables {
    /// Adds a table of known texts and returns its number.
    pub(super) fn add(&mut self, dictionary: Arc<Dictionary>) -> usize {
        self.0.push(Table::Known(dictionary));
        self.0.len() - 1
    }

    /// Adds a table that can grow.
    pub(crate) fn add_growing(&mut self) -> usize {
        self.0.push(Table::Growing(Interner::default()));
        self.0.len() - 1
    }

    pub(super) fn text(&self, table: usize, code: u32) -> Cow<'_, str> {
        match &self.0[table] {
            Table::Known(dictionary) => dictionary.text(code),
            Table::Growing(interner) => Cow::Borrowed(interner.text(code)),
        }
    }

    /// Takes a growing table out, to add to it while others are read; [`put_back`](Self::put_back) ends that.
    pub(crate) fn take(&mut self, table: usize) -> Interner {
        match &mut self.0[table] {
            Table::Growing(interner) => std::mem::take(interner),
            Table::Known(_) => Interner::default(),
        }
    }

    pub(crate) fn put_back(&mut self, table: usize, interner: Interner) {
        if let Table::Growing(place) = &mut self.0[table] {
            *place = interner;
        }
    }

    /// Bytes of the texts that were met on the way.
    pub(crate) fn heap_bytes(&self) -> usize {
        let growing = self.0.iter().map(|table| match table {
            Table::Known(_) => 0,
            Table::Growing(interner) => interner.heap_bytes(),
        });
        growing.sum()
    }

    /// The texts of a table as those of a column.
    pub(super) fn into_dictionary(mut self, table: usize) -> Arc<Dictionary> {
        match self.0.swap_remove(table) {
            Table::Known(dictionary) => dictionary,
            Table::Growing(interner) => Arc::new(interner.into_dictionary()),
        }
    }
}
