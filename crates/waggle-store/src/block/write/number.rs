//! Columns of integers, floats and booleans.

use super::gather::{Gathered, Piece, gather};
use super::{ColumnBytes, Written};
use crate::block::bytes::{align, number, put_array, put_u32};
use crate::block::directory::{ColumnBounds, Part};
use crate::block::layout::{
    EXPONENT_MAX, LAYOUT_BOOLEANS, LAYOUT_DECIMALS, LAYOUT_FLOATS, LAYOUT_INTEGERS,
    LAYOUT_LISTED_INTEGERS,
};
use crate::column::{ChunkBuffer, as_decimal, width_of};
use hashbrown::HashSet;

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
    let layout = match list(&gathered) {
        Some((places, list)) => {
            column.put_values(&places.values, places.present());
            put_u32(column.out, number(list.len()));
            align(column.out);
            put_array(column.out, &list);
            column.end(Part::Dictionary);
            LAYOUT_LISTED_INTEGERS
        }
        None => {
            column.put_values(&gathered.values, gathered.present());
            LAYOUT_INTEGERS
        }
    };
    Written {
        value_count: gathered.value_count,
        presence,
        layout,
        parameter: 0,
        bounds: Some(ColumnBounds::Ints(low, high)),
    }
}

/// So many different integers are listed at most.
const LISTED_MAX: usize = 256;

/// The distinct integers, ascending, and the place of each value among them; `None` where that does not take three quarters of the bits or
/// less, or the list takes most of what is saved.
fn list(gathered: &Gathered<i64>) -> Option<(Gathered<u32>, Vec<i64>)> {
    let hasher = foldhash::fast::FixedState::default();
    let mut known: HashSet<i64, _> = HashSet::with_hasher(hasher);
    let is_few = gathered.visit_while(|value| {
        known.insert(value);
        known.len() <= LISTED_MAX
    });
    if !is_few {
        return None;
    }
    let mut list: Vec<i64> = known.into_iter().collect();
    list.sort_unstable();
    let spread = list.last()?.wrapping_sub(*list.first()?).cast_unsigned();
    let (listed, plain) = (width_of(list.len() as u64 - 1), width_of(spread));
    let saved_bits = plain.saturating_sub(listed) * gathered.value_count;
    if listed * 4 > plain * 3 || saved_bits < (list.len() + 1) * 128 {
        return None;
    }
    let places = gathered.map(|value| number(list.partition_point(|other| *other < value)));
    Some((places, list))
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
        column.put_values(&integers.values, integers.present());
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
