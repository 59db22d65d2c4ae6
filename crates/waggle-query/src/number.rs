//! Integers and floats as one kind of number: `5` and `5.0` are the same value wherever a query compares, groups or counts.

use std::cmp::Ordering;

/// A number as it was stored.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    Int(i64),
    Float(f64),
}

/// A number as an identity: equal numbers have equal keys, whatever type they arrived in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum NumberKey {
    Int(i64),
    /// Bits of a float that is no 64-bit integer; NaN has one representation.
    Float(u64),
}

const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

impl Number {
    /// The identity of this number.
    pub(crate) fn key(self) -> NumberKey {
        match self {
            Self::Int(value) => NumberKey::Int(value),
            Self::Float(value) if value.is_nan() => NumberKey::Float(f64::NAN.to_bits()),
            Self::Float(value)
                if value.trunc() == value && (-TWO_TO_63..TWO_TO_63).contains(&value) =>
            {
                NumberKey::Int(value as i64)
            }
            Self::Float(value) => NumberKey::Float(value.to_bits()),
        }
    }

    /// The nearest float.
    pub(crate) fn as_f64(self) -> f64 {
        match self {
            Self::Int(value) => value as f64,
            Self::Float(value) => value,
        }
    }

    /// Compares exactly, without rounding an integer to a float; `None` when either is NaN.
    pub(crate) fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(left), Self::Int(right)) => Some(left.cmp(&right)),
            (Self::Float(left), Self::Float(right)) => left.partial_cmp(&right),
            (Self::Int(left), Self::Float(right)) => compare_int_float(left, right),
            (Self::Float(left), Self::Int(right)) => {
                compare_int_float(right, left).map(Ordering::reverse)
            }
        }
    }
}

fn compare_int_float(left: i64, right: f64) -> Option<Ordering> {
    if right.is_nan() {
        None
    } else if right >= TWO_TO_63 {
        Some(Ordering::Less)
    } else if right < -TWO_TO_63 {
        Some(Ordering::Greater)
    } else {
        let whole = right.trunc();
        let fraction = 0.0_f64.partial_cmp(&(right - whole))?;
        Some(left.cmp(&(whole as i64)).then(fraction))
    }
}

impl NumberKey {
    /// A hash that is the same on every machine and in every run: sketches hold it.
    pub(crate) fn stable_hash(self) -> u64 {
        match self {
            Self::Int(value) => mix(value.cast_unsigned() ^ 0x9e37_79b9_7f4a_7c15),
            Self::Float(bits) => mix(bits ^ 0xd1b5_4a32_d192_ed03),
        }
    }
}

/// The stable hash of a boolean, apart from those of the numbers 0 and 1.
pub(crate) fn bool_hash(value: bool) -> u64 {
    mix(u64::from(value) ^ 0x8cb9_2ba7_2f3d_8dd7)
}

/// Spreads every bit of the input over the output. Source: the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests;
