//! Comparing a chunk with an interval where it lies packed: filters compare most of what they look at, and neither have the values
//! to be widened for that nor written down.

use super::read::decimals_between;
use super::{CHUNK_WORDS, Codes, Presence, TypedColumn, Values};

impl TypedColumn {
    /// Sets the bits of the chunk's rows whose integer lies from `low` to `high`, both included, and clears the others; bits of rows
    /// without a value mean nothing. The integers are what is stored: of a text column the dictionary entries, of a decimal column what
    /// [`decimals_between`](Self::decimals_between) speaks of. False, and no bit means anything, where values are not packed or
    /// only listed rows have a slot.
    pub fn between(
        &self,
        chunk: usize,
        (low, high): (i64, i64),
        found: &mut [u64; CHUNK_WORDS],
    ) -> bool {
        if !self.has_slot_per_row() {
            return false;
        }
        match &self.values {
            Values::Strings {
                codes: Codes::Packed(codes),
                ..
            } => {
                if high < 0 || low > i64::from(u32::MAX) {
                    *found = [0; CHUNK_WORDS];
                    return true;
                }
                let low = u32::try_from(low).unwrap_or_default();
                let high = u32::try_from(high).unwrap_or(u32::MAX);
                codes.between(chunk, (low, high), found);
            }
            Values::PackedInts(integers) | Values::Decimals { integers, .. } => {
                integers.between(chunk, (low, high), found);
            }
            Values::ListedInts(integers) => integers.between(chunk, (low, high), found),
            _ => return false,
        }
        true
    }

    /// True when every row has a slot, with a value or without.
    pub fn has_slot_per_row(&self) -> bool {
        matches!(self.presence, Presence::All | Presence::Bits(_))
    }

    /// The stored integers of a decimal column that stand for floats from `low` to `high`, both included; the first is above the
    /// second when none does. `None` for other columns.
    pub fn decimals_between(&self, low: f64, high: f64) -> Option<(i64, i64)> {
        Some(decimals_between((low, high), self.exponent()?))
    }
}
