//! Functions over whole chunks: loops over arrays and bits instead of a call per row. Each gives what the function gives row by row, or
//! says that it can't for the types in this chunk.

use super::lanes::{Lanes, Tables, is_set, put, set};
use crate::chunk::{Bits, each_bit};
use crate::number::Number;
use std::cmp::Ordering;
use waggle_expression::{Datum, Function};
use waggle_store::column::{CHUNK_ROWS, CHUNK_WORDS, ChunkBuffer, Interner};

/// A function that has a loop of its own.
#[derive(Clone, Copy)]
pub(super) enum Fast {
    Arithmetic(fn(f64, f64) -> f64),
    Compare(fn(Ordering) -> bool),
    And,
    Or,
    Not,
    Exists,
    Float,
    If,
    Coalesce,
}

impl Fast {
    pub(super) fn of(function: &Function) -> Option<Self> {
        Some(match function.name {
            "SUM" => Self::Arithmetic(|left, right| left + right),
            "SUB" => Self::Arithmetic(|left, right| left - right),
            "MUL" => Self::Arithmetic(|left, right| left * right),
            "DIV" => Self::Arithmetic(|left, right| left / right),
            "MOD" => Self::Arithmetic(|left, right| left % right),
            "LT" => Self::Compare(Ordering::is_lt),
            "LTE" => Self::Compare(Ordering::is_le),
            "GT" => Self::Compare(Ordering::is_gt),
            "GTE" => Self::Compare(Ordering::is_ge),
            "EQUALS" => Self::Compare(Ordering::is_eq),
            "AND" => Self::And,
            "OR" => Self::Or,
            "NOT" => Self::Not,
            "EXISTS" => Self::Exists,
            "FLOAT" => Self::Float,
            "IF" => Self::If,
            "COALESCE" => Self::Coalesce,
            _ => return None,
        })
    }

    /// Fills `out`, which is empty; false when it has to be done row by row.
    pub(super) fn run(
        self,
        arguments: &[&Lanes],
        remaps: &mut [Remap],
        out: &mut Lanes,
        tables: &mut Tables,
    ) -> bool {
        match self {
            Self::Arithmetic(join) => arithmetic(arguments, join, out, tables),
            Self::Compare(holds) => return compare(arguments, holds, out),
            Self::And | Self::Or | Self::Not => return logic(self, arguments, out),
            Self::Exists => {
                out.bools.present = [u64::MAX; CHUNK_WORDS];
                out.bools.values = arguments[0].present();
            }
            Self::Float => {
                numbers(arguments[0], &mut out.floats.values, tables);
                out.floats.present = [u64::MAX; CHUNK_WORDS];
            }
            Self::If => return choose(arguments, remaps, out, tables),
            Self::Coalesce => {
                let mut texts = tables.take(out.table);
                let mut open = [u64::MAX; CHUNK_WORDS];
                for (argument, remap) in arguments.iter().zip(remaps) {
                    let mut rows = argument.present();
                    crate::filter::and(&mut rows, &open);
                    remap.copy(argument, &rows, out, &mut texts, tables);
                    without(&mut open, &rows);
                }
                tables.put_back(out.table, texts);
            }
        }
        true
    }
}

/// What arithmetic takes the values of all rows for.
fn numbers(lanes: &Lanes, out: &mut [f64; CHUNK_ROWS], tables: &Tables) {
    let is_everywhere = |present: &Bits| present.iter().all(|word| *word == u64::MAX);
    if is_everywhere(&lanes.floats.present) {
        out.copy_from_slice(&*lanes.floats.values);
        return;
    }
    if is_everywhere(&lanes.ints.present) {
        for (out, value) in out.iter_mut().zip(&*lanes.ints.values) {
            *out = *value as f64;
        }
        return;
    }
    out.fill(0.0);
    each_bit(&lanes.floats.present, |row| {
        out[row] = lanes.floats.values[row]
    });
    each_bit(&lanes.ints.present, |row| {
        out[row] = lanes.ints.values[row] as f64
    });
    each_bit(&lanes.texts.present, |row| {
        out[row] = Datum::Text(tables.text(lanes.table, lanes.texts.values[row])).number();
    });
}

/// Joins from the left; what is not finite in the end is empty.
fn arithmetic(arguments: &[&Lanes], join: fn(f64, f64) -> f64, out: &mut Lanes, tables: &Tables) {
    let values = &mut out.floats.values;
    numbers(arguments[0], values, tables);
    let mut right = Box::new([0.0; CHUNK_ROWS]);
    for argument in &arguments[1..] {
        numbers(argument, &mut right, tables);
        for (left, right) in values.iter_mut().zip(&*right) {
            *left = join(*left, *right);
        }
    }
    for (word, values) in out.floats.present.iter_mut().zip(values.chunks(64)) {
        for (bit, value) in values.iter().enumerate() {
            *word |= u64::from(value.is_finite()) << bit;
        }
    }
}

/// Numbers with numbers only.
fn compare(arguments: &[&Lanes], holds: fn(Ordering) -> bool, out: &mut Lanes) -> bool {
    let (left, right) = (arguments[0], arguments[1]);
    if !left.only_numbers() || !right.only_numbers() {
        return false;
    }
    out.bools.present = [u64::MAX; CHUNK_WORDS];
    let mut both = left.present();
    crate::filter::and(&mut both, &right.present());
    each_bit(&both, |row| {
        let order = number(left, row).compare(number(right, row));
        if order.is_some_and(holds) {
            set(&mut out.bools.values, row);
        }
    });
    true
}

fn number(lanes: &Lanes, row: usize) -> Number {
    match lanes.floats.has(row) {
        true => Number::Float(lanes.floats.values[row]),
        false => Number::Int(lanes.ints.values[row]),
    }
}

/// The rows in which a condition holds; `None` when there is text.
fn truth(lanes: &Lanes) -> Option<Bits> {
    if !lanes.texts.is_empty() {
        return None;
    }
    let mut truth = lanes.bools.values;
    each_bit(&lanes.ints.present, |row| {
        if lanes.ints.values[row] != 0 {
            set(&mut truth, row);
        }
    });
    each_bit(&lanes.floats.present, |row| {
        if lanes.floats.values[row] != 0.0 {
            set(&mut truth, row);
        }
    });
    Some(truth)
}

fn logic(function: Fast, arguments: &[&Lanes], out: &mut Lanes) -> bool {
    let mut all = [u64::MAX; CHUNK_WORDS];
    let mut any = [0; CHUNK_WORDS];
    for argument in arguments {
        let Some(truth) = truth(argument) else {
            return false;
        };
        for index in 0..CHUNK_WORDS {
            all[index] &= truth[index];
            any[index] |= truth[index];
        }
    }
    out.bools.present = [u64::MAX; CHUNK_WORDS];
    out.bools.values = match function {
        Fast::Or => any,
        Fast::Not => any.map(|word| !word),
        _ => all,
    };
    true
}

fn choose(
    arguments: &[&Lanes],
    remaps: &mut [Remap],
    out: &mut Lanes,
    tables: &mut Tables,
) -> bool {
    let conditions = arguments.chunks_exact(2).map(|pair| truth(pair[0]));
    let Some(conditions) = conditions.collect::<Option<Vec<Bits>>>() else {
        return false;
    };
    let mut texts = tables.take(out.table);
    let mut open = [u64::MAX; CHUNK_WORDS];
    for (index, mut rows) in conditions.into_iter().enumerate() {
        crate::filter::and(&mut rows, &open);
        let value = index * 2 + 1;
        remaps[value].copy(arguments[value], &rows, out, &mut texts, tables);
        without(&mut open, &rows);
    }
    if arguments.len() % 2 == 1 {
        let last = arguments.len() - 1;
        remaps[last].copy(arguments[last], &open, out, &mut texts, tables);
    }
    tables.put_back(out.table, texts);
    true
}

fn without(bits: &mut Bits, other: &Bits) {
    for (word, other) in bits.iter_mut().zip(other) {
        *word &= !other;
    }
}

/// What entries of an argument's table are in the table of the result.
#[derive(Default)]
pub(super) struct Remap(Vec<u32>);

const UNKNOWN: u32 = u32::MAX;

impl Remap {
    /// Copies the values of some rows.
    fn copy(
        &mut self,
        from: &Lanes,
        rows: &Bits,
        to: &mut Lanes,
        texts: &mut Interner,
        tables: &Tables,
    ) {
        for (index, wanted) in rows.iter().enumerate() {
            let present = from.bools.present[index] & wanted;
            to.bools.present[index] |= present;
            to.bools.values[index] |= from.bools.values[index] & present;
        }
        copy_lane(&from.ints, rows, &mut to.ints);
        copy_lane(&from.floats, rows, &mut to.floats);
        let mut wanted = from.texts.present;
        crate::filter::and(&mut wanted, rows);
        each_bit(&wanted, |row| {
            let code = from.texts.values[row];
            put(
                &mut to.texts,
                row,
                self.code(code, from.table, texts, tables),
            );
        });
    }

    fn code(&mut self, code: u32, table: usize, texts: &mut Interner, tables: &Tables) -> u32 {
        let index = code as usize;
        if index >= self.0.len() {
            self.0.resize(index + 1, UNKNOWN);
        }
        if self.0[index] == UNKNOWN {
            self.0[index] = texts.intern(&tables.text(table, code));
        }
        self.0[index]
    }
}

fn copy_lane<T: Copy>(from: &ChunkBuffer<T>, rows: &Bits, to: &mut ChunkBuffer<T>) {
    for (index, wanted) in rows.iter().enumerate() {
        let present = from.present[index] & wanted;
        if present == 0 {
            continue;
        }
        to.present[index] |= present;
        let lane = index * 64..index * 64 + 64;
        if present == u64::MAX {
            to.values[lane.clone()].copy_from_slice(&from.values[lane]);
            continue;
        }
        for row in lane.filter(|row| is_set(rows, *row) && from.has(*row)) {
            to.values[row] = from.values[row];
        }
    }
}
