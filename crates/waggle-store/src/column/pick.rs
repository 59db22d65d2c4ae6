//! Reading single rows: for queries that have found a few, where unpacking whole chunks would cost more than picking values.

use super::read::decimal_value;
use super::{
    CHUNK_ROWS, CHUNK_WORDS, ChunkBuffer, Codes, Positions, Presence, TypedColumn, Values,
    first_bits,
};

impl TypedColumn {
    /// Reads the dictionary entries of `rows`, which ascend and are at most 1024, to the front of `out`: value and bit `i` are those of
    /// `rows[i]`. A column of another type reads as absent; so with the readers below.
    pub fn pick_codes(&self, rows: &[u32], out: &mut ChunkBuffer<u32>) {
        out.present = [0; CHUNK_WORDS];
        if let Values::Strings { codes, .. } = &self.values {
            match codes {
                Codes::Plain(codes) => self.pick(rows, out, |slot| codes[slot]),
                Codes::Packed(codes) => self.pick(rows, out, |slot| codes.get(slot)),
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "slots number at most the rows, which are u32"
                )]
                Codes::Identity => self.pick(rows, out, |slot| slot as u32),
            }
        }
    }

    /// Reads the integers of `rows`.
    pub fn pick_ints(&self, rows: &[u32], out: &mut ChunkBuffer<i64>) {
        out.present = [0; CHUNK_WORDS];
        match &self.values {
            Values::Ints(values) => self.pick(rows, out, |slot| values[slot]),
            Values::PackedInts(values) => self.pick(rows, out, |slot| values.get(slot)),
            Values::ListedInts(values) => self.pick(rows, out, |slot| values.get(slot)),
            _ => {}
        }
    }

    /// Reads the floats of `rows`.
    pub fn pick_floats(&self, rows: &[u32], out: &mut ChunkBuffer<f64>) {
        out.present = [0; CHUNK_WORDS];
        match &self.values {
            Values::Floats(values) => self.pick(rows, out, |slot| values[slot]),
            Values::Decimals { integers, exponent } => {
                self.pick(rows, out, |slot| {
                    decimal_value(integers.get(slot), *exponent)
                });
            }
            _ => {}
        }
    }

    /// Reads the booleans of `rows`.
    pub fn pick_bools(&self, rows: &[u32], out: &mut ChunkBuffer<bool>) {
        out.present = [0; CHUNK_WORDS];
        match &self.values {
            Values::Bools(values) => self.pick(rows, out, |slot| values[slot]),
            Values::BoolBits(words) => {
                self.pick(rows, out, |slot| words[slot / 64] >> (slot % 64) & 1 == 1);
            }
            _ => {}
        }
    }

    fn pick<T>(&self, rows: &[u32], out: &mut ChunkBuffer<T>, value: impl Fn(usize) -> T) {
        let ChunkBuffer { present, values } = out;
        let mut put = |index: usize, slot: usize| {
            values[index] = value(slot);
            present[index / 64] |= 1 << (index % 64);
        };
        match &self.presence {
            Presence::All => {
                for (value_at, row) in values.iter_mut().zip(rows) {
                    *value_at = value(*row as usize);
                }
                *present = first_bits(rows.len());
            }
            Presence::Bits(words) => {
                for (index, row) in rows.iter().enumerate() {
                    if words[*row as usize / 64] >> (row % 64) & 1 == 1 {
                        put(index, *row as usize);
                    }
                }
            }
            Presence::Rows(list) => each_common(rows, 0, list, put),
            Presence::Positions(positions) => each_position(rows, positions, put),
            Presence::Ranked(ranked) => {
                for (index, row) in rows.iter().enumerate() {
                    if let Some(slot) = ranked.find(*row) {
                        put(index, slot);
                    }
                }
            }
        }
    }
}

/// Calls `put` with the index of each row that is in the list and its slot there; `list` begins with slot `first`.
fn each_common(rows: &[u32], first: usize, list: &[u32], mut put: impl FnMut(usize, usize)) {
    let mut place = 0;
    for (index, row) in rows.iter().enumerate() {
        place += list[place..].partition_point(|other| other < row);
        match list.get(place) {
            Some(other) if other == row => put(index, first + place),
            Some(_) => {}
            None => break,
        }
    }
}

/// The same for a packed list, of which only the parts with these rows are unpacked.
fn each_position(rows: &[u32], positions: &Positions, mut put: impl FnMut(usize, usize)) {
    let mut list = [0; CHUNK_ROWS];
    if positions.len() <= CHUNK_ROWS {
        let list = &mut list;
        positions.read(0..positions.len(), list);
        return each_common(rows, 0, &list[..positions.len()], put);
    }
    let mut index = 0;
    while let Some(row) = rows.get(index) {
        let chunk = *row as usize / CHUNK_ROWS;
        let count = rows[index..]
            .iter()
            .take_while(|row| **row as usize / CHUNK_ROWS == chunk)
            .count();
        let slots = positions.slots(chunk);
        if !slots.is_empty() {
            let (first, length) = (slots.start, slots.len());
            positions.read(slots, &mut list);
            each_common(
                &rows[index..index + count],
                first,
                &list[..length],
                |at, slot| {
                    put(index + at, slot);
                },
            );
        }
        index += count;
    }
}

#[cfg(test)]
mod tests;
