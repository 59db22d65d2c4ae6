//! Columns of integers, floats and booleans.

use super::gather::{Gathered, Piece, gather};
use super::{ColumnBytes, Written};
use crate::block::bytes::{put_array, put_packed};
use crate::block::directory::{ColumnBounds, Part};
use crate::block::layout::{
    EXPONENT_MAX, LAYOUT_BOOLEANS, LAYOUT_DECIMALS, LAYOUT_FLOATS, LAYOUT_INTEGERS,
};
use crate::column::{ChunkBuffer, as_decimal};

/// True when every value of an integer column without gaps is this one.
pub(super) fn is_always(pieces: &[Piece<'_>], value: i64) -> bool {
    let mut buffer = ChunkBuffer::default();
    pieces.iter().all(|piece| {
        piece.chunks().all(|(chunk, places)| {
            piece.column.read_ints(chunk, &mut buffer);
            let mut is_always = true;
            piece.visit(places, &buffer, &mut |_, other| {
                is_always &= other == value;
            });
            is_always
        })
    })
}

pub(super) fn encode_ints(
    pieces: &[Piece<'_>],
    row_count: u32,
    column: &mut ColumnBytes<'_>,
) -> Written {
    let gathered = gather(pieces, row_count, |_, column, chunk, buffer| {
        column.read_ints(chunk, buffer);
    });
    let (mut low, mut high) = (i64::MAX, i64::MIN);
    gathered.visit(|value| {
        low = low.min(value);
        high = high.max(value);
    });
    let presence = gathered.put_presence(column);
    put_packed(column.out, &gathered.values, gathered.present());
    column.end(Part::Values);
    Written {
        value_count: gathered.value_count,
        presence,
        layout: LAYOUT_INTEGERS,
        parameter: 0,
        bounds: Some(ColumnBounds::Ints(low, high)),
    }
}

pub(super) fn encode_floats(
    pieces: &[Piece<'_>],
    row_count: u32,
    column: &mut ColumnBytes<'_>,
) -> Written {
    let gathered = gather(pieces, row_count, |_, column, chunk, buffer| {
        column.read_floats(chunk, buffer);
    });
    let bounds = float_bounds(&gathered);
    if let Some((integers, exponent)) = decimals(&gathered) {
        let presence = integers.put_presence(column);
        put_packed(column.out, &integers.values, integers.present());
        column.end(Part::Values);
        return Written {
            value_count: integers.value_count,
            presence,
            layout: LAYOUT_DECIMALS,
            parameter: exponent,
            bounds,
        };
    }
    let gathered = gathered.without_gaps();
    let presence = gathered.put_presence(column);
    put_array(column.out, &gathered.values);
    column.end(Part::Values);
    Written {
        value_count: gathered.value_count,
        presence,
        layout: LAYOUT_FLOATS,
        parameter: 0,
        bounds,
    }
}

fn float_bounds(gathered: &Gathered<f64>) -> Option<ColumnBounds> {
    let (mut low, mut high, mut has_nan) = (f64::INFINITY, f64::NEG_INFINITY, false);
    gathered.visit(|value| {
        low = low.min(value);
        high = high.max(value);
        has_nan |= value.is_nan();
    });
    (low <= high).then_some(ColumnBounds::Floats { low, high, has_nan })
}

/// The values as integers over one power of ten, the smallest that fits all; `None` when a single value is not exactly that.
fn decimals(gathered: &Gathered<f64>) -> Option<(Gathered<i64>, u8)> {
    let mut exponent = 0;
    let fits = gathered.visit_while(|value| {
        while as_decimal(value, exponent).is_none() {
            exponent += 1;
            if exponent > EXPONENT_MAX {
                return false;
            }
        }
        true
    });
    if !fits {
        return None;
    }
    // What fitted a smaller power need not fit the final one: it may be too large.
    let mut exact = true;
    let integers = gathered.map(|value| {
        as_decimal(value, exponent).unwrap_or_else(|| {
            exact = false;
            0
        })
    });
    exact.then_some((integers, exponent))
}

pub(super) fn encode_bools(
    pieces: &[Piece<'_>],
    row_count: u32,
    column: &mut ColumnBytes<'_>,
) -> Written {
    let gathered = gather(pieces, row_count, |_, column, chunk, buffer| {
        column.read_bools(chunk, buffer);
    });
    let (mut low, mut high) = (true, false);
    gathered.visit(|value| {
        low &= value;
        high |= value;
    });
    let words: Vec<u64> = gathered
        .values
        .chunks(64)
        .map(|values| {
            let bits = values.iter().enumerate();
            bits.fold(0, |word, (bit, value)| word | u64::from(*value) << bit)
        })
        .collect();
    let presence = gathered.put_presence(column);
    put_array(column.out, &words);
    column.end(Part::Values);
    Written {
        value_count: gathered.value_count,
        presence,
        layout: LAYOUT_BOOLEANS,
        parameter: 0,
        bounds: Some(ColumnBounds::Bools(low, high)),
    }
}
