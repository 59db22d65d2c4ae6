//! Reading chunks: the innermost loops of every query.
//!
//! Where every row has a slot, a chunk is one copy or one unpacking straight into the caller's buffer. Where only listed rows have
//! one, their values are picked and put in place one by one.

use super::packed::Packed;
use super::presence::slots_between;
use super::{
    CHUNK_ROWS, CHUNK_WORDS, ChunkBuffer, Codes, Listed, Presence, TypedColumn, Values, chunk_rows,
    first_bits,
};
use std::ops::Range;

impl TypedColumn {
    /// Reads dictionary entries of a text column. A column of another type reads as absent; so with the readers below.
    pub fn read_codes(&self, chunk: usize, out: &mut ChunkBuffer<u32>) {
        out.present = [0; CHUNK_WORDS];
        if let Values::Strings { codes, .. } = &self.values {
            match codes {
                Codes::Plain(codes) => self.read(chunk, &**codes, out),
                Codes::Packed(codes) => self.read(chunk, &**codes, out),
                Codes::Identity => self.read(chunk, &SlotNumbers, out),
            }
        }
    }

    /// Reads dictionary entries as numbers of 16 bits, many at a time. False, and nothing is read, where that can't be: when the
    /// dictionary has more than 65,536 entries, or only listed rows have a slot.
    pub fn read_codes_u16(&self, chunk: usize, out: &mut ChunkBuffer<u16>) -> bool {
        let (
            Presence::All | Presence::Bits(_),
            Values::Strings {
                codes: Codes::Packed(codes),
                dictionary,
            },
        ) = (&self.presence, &self.values)
        else {
            return false;
        };
        if dictionary.len() > 1 << 16 {
            return false;
        }
        codes.unpack_u16(chunk, &mut out.values);
        self.read_presence(chunk, &mut out.present);
        true
    }

    /// Reads the floats of a decimal column as integers. Returns the power of ten by which each is to be divided, once, to be the float;
    /// `None`, and every row absent, for other columns.
    pub fn read_decimals(&self, chunk: usize, out: &mut ChunkBuffer<i64>) -> Option<u8> {
        out.present = [0; CHUNK_WORDS];
        match &self.values {
            Values::Decimals { integers, exponent } => {
                self.read(chunk, &**integers, out);
                Some(*exponent)
            }
            _ => None,
        }
    }

    /// The power of ten of a decimal column; `None` for others.
    pub fn exponent(&self) -> Option<u8> {
        match &self.values {
            Values::Decimals { exponent, .. } => Some(*exponent),
            _ => None,
        }
    }

    /// Reads integers.
    pub fn read_ints(&self, chunk: usize, out: &mut ChunkBuffer<i64>) {
        out.present = [0; CHUNK_WORDS];
        match &self.values {
            Values::Ints(values) => self.read(chunk, &**values, out),
            Values::PackedInts(values) => self.read(chunk, &**values, out),
            Values::ListedInts(values) => self.read(chunk, &**values, out),
            _ => {}
        }
    }

    /// Reads floats.
    pub fn read_floats(&self, chunk: usize, out: &mut ChunkBuffer<f64>) {
        out.present = [0; CHUNK_WORDS];
        match &self.values {
            Values::Floats(values) => self.read(chunk, &**values, out),
            Values::Decimals { integers, exponent } => {
                let decimals = Decimals {
                    integers,
                    exponent: *exponent,
                };
                self.read(chunk, &decimals, out);
            }
            _ => {}
        }
    }

    /// Reads booleans.
    pub fn read_bools(&self, chunk: usize, out: &mut ChunkBuffer<bool>) {
        out.present = [0; CHUNK_WORDS];
        match &self.values {
            Values::Bools(values) => self.read(chunk, &**values, out),
            Values::BoolBits(words) => self.read(chunk, &Bits(words), out),
            _ => {}
        }
    }

    /// Reads which rows of a chunk have a value, and no value: bit `i % 64` of word `i / 64` stands for row `i` of the chunk.
    pub fn read_presence(&self, chunk: usize, present: &mut [u64; CHUNK_WORDS]) {
        self.presence.read(self.row_count, chunk, present);
    }

    /// True when no row of the chunk has a value, by a look that costs less than reading it. False may be wrong.
    pub fn is_chunk_absent(&self, chunk: usize) -> bool {
        self.presence.is_chunk_absent(self.row_count, chunk)
    }

    /// Bounds, both included, within which every integer of the chunk lies. They may be wider than the values, and mean nothing where
    /// the chunk has none; `None` when nothing is known, as for other types and plain arrays.
    pub fn chunk_bounds(&self, chunk: usize) -> Option<(i64, i64)> {
        match &self.values {
            Values::PackedInts(values) => self.packed_bounds(chunk, |chunk| values.bounds(chunk)),
            Values::ListedInts(values) => self.packed_bounds(chunk, |chunk| values.bounds(chunk)),
            _ => None,
        }
    }

    /// The same for the codes of a text column.
    pub fn code_bounds(&self, chunk: usize) -> Option<(u32, u32)> {
        match &self.values {
            Values::Strings {
                codes: Codes::Packed(codes),
                ..
            } => self.packed_bounds(chunk, |chunk| codes.bounds(chunk)),
            _ => None,
        }
    }

    /// The same for floats.
    pub fn float_bounds(&self, chunk: usize) -> Option<(f64, f64)> {
        match &self.values {
            Values::Decimals { integers, exponent } => {
                let (low, high) = self.packed_bounds(chunk, |chunk| integers.bounds(chunk))?;
                // The upper bound may lie beyond what a decimal can be; no value does.
                let high = high.min(DECIMAL_MAX);
                Some((
                    decimal_value(low, *exponent),
                    decimal_value(high, *exponent),
                ))
            }
            _ => None,
        }
    }

    /// The first row whose value is at least `value`, in an integer column without gaps whose values ascend.
    pub(crate) fn lower_bound(&self, value: i64) -> u32 {
        let slot = match &self.values {
            Values::PackedInts(values) => values.lower_bound(value),
            Values::Ints(values) => values.partition_point(|other| *other < value),
            _ => 0,
        };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "slots number at most the rows, which are u32"
        )]
        let row = slot as u32;
        row
    }

    /// True for a column of integers in which [`lower_bound`](Self::lower_bound) finds its way.
    pub(crate) fn is_searchable(&self) -> bool {
        let has_integers = matches!(self.values, Values::PackedInts(_) | Values::Ints(_));
        has_integers && matches!(self.presence, Presence::All)
    }

    /// Bounds of the rows of a chunk from those of the chunks of slots they are in.
    fn packed_bounds<T: Ord>(
        &self,
        chunk: usize,
        bounds: impl Fn(usize) -> Option<(T, T)>,
    ) -> Option<(T, T)> {
        let slots = match &self.presence {
            Presence::All | Presence::Bits(_) => return bounds(chunk),
            Presence::Ranked(ranked) => ranked.slots(chunk),
            Presence::Rows(rows) => slots_between(rows, chunk, self.row_count),
            Presence::Positions(positions) => positions.slots(chunk),
        };
        let last = slots.end.checked_sub(1).filter(|_| !slots.is_empty())?;
        let (low, high) = bounds(slots.start / CHUNK_ROWS)?;
        let (last_low, last_high) = bounds(last / CHUNK_ROWS)?;
        Some((low.min(last_low), high.max(last_high)))
    }

    fn read<T: Copy, S: SlotValues<T> + ?Sized>(
        &self,
        chunk: usize,
        values: &S,
        out: &mut ChunkBuffer<T>,
    ) {
        match &self.presence {
            Presence::All => {
                let (start, end) = chunk_rows(chunk, self.row_count);
                values.read_chunk(start as usize..end as usize, &mut out.values);
                out.present = first_bits((end - start) as usize);
            }
            Presence::Bits(words) => {
                let (start, end) = chunk_rows(chunk, self.row_count);
                if start == end {
                    return;
                }
                values.read_chunk(start as usize..end as usize, &mut out.values);
                let words = &words[start as usize / 64..(end as usize).div_ceil(64)];
                out.present[..words.len()].copy_from_slice(words);
            }
            Presence::Rows(rows) => {
                let slots = slots_between(rows, chunk, self.row_count);
                scatter(values, slots.clone(), &rows[slots], out);
            }
            Presence::Positions(positions) => {
                let slots = positions.slots(chunk);
                if slots.is_empty() {
                    return;
                }
                let mut rows = [0; CHUNK_ROWS];
                let count = slots.len();
                positions.read(slots.clone(), &mut rows);
                scatter(values, slots, &rows[..count], out);
            }
            Presence::Ranked(ranked) => {
                let slots = ranked.slots(chunk);
                if slots.is_empty() {
                    return;
                }
                let mut rows = [0; CHUNK_ROWS];
                ranked.read(chunk, &mut rows);
                let count = slots.len();
                scatter(values, slots, &rows[..count], out);
            }
        }
    }
}

/// Puts the values of `slots` where their rows say.
fn scatter<T: Copy, S: SlotValues<T> + ?Sized>(
    values: &S,
    slots: Range<usize>,
    rows: &[u32],
    out: &mut ChunkBuffer<T>,
) {
    let ChunkBuffer {
        present,
        values: places,
    } = out;
    values.visit(slots, |index, value| {
        let place = rows[index] as usize % CHUNK_ROWS;
        places[place] = value;
        present[place / 64] |= 1 << (place % 64);
    });
}

/// Values by slot, whatever holds them.
trait SlotValues<T> {
    /// Reads a whole chunk of slots into the front of `out`. The first slot is a multiple of 1024.
    fn read_chunk(&self, slots: Range<usize>, out: &mut [T; CHUNK_ROWS]);

    /// Visits slots in order, each with its distance from the first.
    fn visit(&self, slots: Range<usize>, visit: impl FnMut(usize, T));
}

impl<T: Copy> SlotValues<T> for [T] {
    fn read_chunk(&self, slots: Range<usize>, out: &mut [T; CHUNK_ROWS]) {
        out[..slots.len()].copy_from_slice(&self[slots]);
    }

    fn visit(&self, slots: Range<usize>, mut visit: impl FnMut(usize, T)) {
        for (index, value) in self[slots].iter().enumerate() {
            visit(index, *value);
        }
    }
}

impl<T: super::Lane> SlotValues<T> for Packed<T> {
    fn read_chunk(&self, slots: Range<usize>, out: &mut [T; CHUNK_ROWS]) {
        self.unpack(slots.start / CHUNK_ROWS, out);
    }

    fn visit(&self, slots: Range<usize>, visit: impl FnMut(usize, T)) {
        Self::visit(self, slots, visit);
    }
}

impl SlotValues<i64> for Listed {
    fn read_chunk(&self, slots: Range<usize>, out: &mut [i64; CHUNK_ROWS]) {
        self.unpack(slots.start / CHUNK_ROWS, out);
    }

    fn visit(&self, slots: Range<usize>, visit: impl FnMut(usize, i64)) {
        Self::visit(self, slots, visit);
    }
}

/// Entry = slot.
struct SlotNumbers;

#[expect(
    clippy::cast_possible_truncation,
    reason = "slots number at most the rows, which are u32"
)]
impl SlotValues<u32> for SlotNumbers {
    fn read_chunk(&self, slots: Range<usize>, out: &mut [u32; CHUNK_ROWS]) {
        let first = slots.start as u32;
        for (index, place) in out[..slots.len()].iter_mut().enumerate() {
            *place = first + index as u32;
        }
    }

    fn visit(&self, slots: Range<usize>, mut visit: impl FnMut(usize, u32)) {
        for (index, slot) in slots.enumerate() {
            visit(index, slot as u32);
        }
    }
}

struct Bits<'a>(&'a [u64]);

impl SlotValues<bool> for Bits<'_> {
    fn read_chunk(&self, slots: Range<usize>, out: &mut [bool; CHUNK_ROWS]) {
        let words = &self.0[slots.start / 64..slots.end.div_ceil(64)];
        for (places, word) in out.chunks_exact_mut(64).zip(words) {
            for (bit, place) in places.iter_mut().enumerate() {
                *place = word >> bit & 1 == 1;
            }
        }
    }

    fn visit(&self, slots: Range<usize>, mut visit: impl FnMut(usize, bool)) {
        for (index, slot) in slots.enumerate() {
            visit(index, self.0[slot / 64] >> (slot % 64) & 1 == 1);
        }
    }
}

/// Decimals hold integers of at most this size, so that turning one into a float is exact and needs no conversion instruction.
const DECIMAL_MAX: i64 = (1 << 51) - 1;

/// Adding a number of at most 51 bits to this float puts it into the mantissa as it is, two's complement.
const MANTISSA: f64 = 6_755_399_441_055_744.0;

struct Decimals<'a> {
    integers: &'a Packed<i64>,
    exponent: u8,
}

impl SlotValues<f64> for Decimals<'_> {
    fn read_chunk(&self, slots: Range<usize>, out: &mut [f64; CHUNK_ROWS]) {
        // The integers are unpacked into the floats' own places and converted there: baseline vector instructions have no
        // conversion from 64-bit integers, but they can add.
        let integers: &mut [i64; CHUNK_ROWS] = bytemuck::cast_mut(out);
        self.integers.unpack(slots.start / CHUNK_ROWS, integers);
        let power = power_of_ten(self.exponent);
        for value in out.iter_mut() {
            let shifted = value.to_bits().wrapping_add(MANTISSA.to_bits());
            *value = (f64::from_bits(shifted) - MANTISSA) / power;
        }
    }

    fn visit(&self, slots: Range<usize>, mut visit: impl FnMut(usize, f64)) {
        self.integers.visit(slots, |index, integer| {
            visit(index, decimal_value(integer, self.exponent));
        });
    }
}

/// The float a decimal stands for: the integer divided by the power of ten, rounded once.
pub fn decimal_value(integer: i64, exponent: u8) -> f64 {
    let shifted = MANTISSA.to_bits().wrapping_add_signed(integer);
    (f64::from_bits(shifted) - MANTISSA) / power_of_ten(exponent)
}

/// The integer that stands for a float; `None` when dividing it again does not give exactly this float, bit by bit.
pub(crate) fn as_decimal(value: f64, exponent: u8) -> Option<i64> {
    let scaled = value * power_of_ten(exponent);
    #[expect(clippy::cast_precision_loss, reason = "51 bits fit a float")]
    let is_small = scaled.abs() <= DECIMAL_MAX as f64;
    if !is_small {
        return None;
    }
    // Rounds to the nearest integer and reads it off the mantissa.
    let shifted = (scaled + MANTISSA).to_bits();
    let integer = shifted.wrapping_sub(MANTISSA.to_bits()).cast_signed();
    (decimal_value(integer, exponent).to_bits() == value.to_bits()).then_some(integer)
}

/// The integers whose decimals lie within bounds, both included; the first is above the second when there are none.
pub(super) fn decimals_between((low, high): (f64, f64), exponent: u8) -> (i64, i64) {
    // Decimals ascend with their integers, but not evenly where they are rounded: the edges are searched for.
    let first = |is_inside: &dyn Fn(f64) -> bool| {
        let (mut from, mut to) = (-DECIMAL_MAX, DECIMAL_MAX + 1);
        while from < to {
            let middle = from + (to - from) / 2;
            match is_inside(decimal_value(middle, exponent)) {
                true => to = middle,
                false => from = middle + 1,
            }
        }
        from
    };
    let start = first(&|value| value >= low);
    let end = first(&|value| value > high);
    (start, end - 1)
}

/// Powers that a float holds exactly.
fn power_of_ten(exponent: u8) -> f64 {
    const POWERS: [f64; 23] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];
    POWERS
        .get(usize::from(exponent))
        .copied()
        .unwrap_or(f64::NAN)
}
