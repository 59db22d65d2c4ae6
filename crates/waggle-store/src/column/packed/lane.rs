//! The types whose values are bit-packed, and how wide their lanes are.

use super::kernel;
use crate::column::CHUNK_ROWS;
use bytemuck::Pod;
use std::fmt::Debug;

/// How the lanes of a full chunk were chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lanes {
    /// As wide as the type. Format version 1.
    Whole,
    /// The narrowest of 8, 16, 32 and 64 bits that a distance fits, so that most chunks unpack many values at a time.
    Narrow,
}

/// An integer that is stored as its distance from the smallest one of its chunk.
pub trait Lane: Pod + Ord + Default + Debug + Send + Sync {
    /// Bits of a value.
    const BITS: usize;

    /// The distance from `base` to this value, which must not be smaller.
    fn distance(self, base: Self) -> u64;

    /// The value at a distance from this one, wrapping around.
    fn offset(self, distance: u64) -> Self;

    /// The value at a distance from this one, stopping at the largest there is.
    fn offset_at_most(self, distance: u64) -> Self;

    /// Unpacks a full chunk.
    fn unpack(
        lane_bits: usize,
        width: usize,
        base: Self,
        words: &[u64],
        values: &mut [Self; CHUNK_ROWS],
    );
}

impl Lane for u32 {
    const BITS: usize = 32;

    fn distance(self, base: Self) -> u64 {
        self.wrapping_sub(base).into()
    }

    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "distances of this lane have at most 32 bits"
    )]
    fn offset(self, distance: u64) -> Self {
        self.wrapping_add(distance as u32)
    }

    fn offset_at_most(self, distance: u64) -> Self {
        self.saturating_add(u32::try_from(distance).unwrap_or(u32::MAX))
    }

    fn unpack(
        lane_bits: usize,
        width: usize,
        base: Self,
        words: &[u64],
        values: &mut [Self; CHUNK_ROWS],
    ) {
        kernel::unpack_u32(lane_bits, width, base, words, values);
    }
}

impl Lane for i64 {
    const BITS: usize = 64;

    fn distance(self, base: Self) -> u64 {
        self.wrapping_sub(base).cast_unsigned()
    }

    #[inline]
    fn offset(self, distance: u64) -> Self {
        self.wrapping_add_unsigned(distance)
    }

    fn offset_at_most(self, distance: u64) -> Self {
        self.saturating_add_unsigned(distance)
    }

    fn unpack(
        lane_bits: usize,
        width: usize,
        base: Self,
        words: &[u64],
        values: &mut [Self; CHUNK_ROWS],
    ) {
        kernel::unpack_i64(lane_bits, width, base, words, values);
    }
}

impl Lanes {
    /// Bits of the lanes that hold distances of `width` bits from values of `T`.
    #[inline]
    pub(super) fn bits<T: Lane>(self, width: usize) -> usize {
        match self {
            Self::Whole => T::BITS,
            Self::Narrow => narrow(width),
        }
    }
}

#[inline]
fn narrow(width: usize) -> usize {
    match width {
        0..=8 => 8,
        9..=16 => 16,
        17..=32 => 32,
        _ => 64,
    }
}

/// Packs a full chunk of distances into `16 * width` words, in narrow lanes.
pub(super) fn pack(width: usize, distances: &[u64; CHUNK_ROWS], words: &mut [u64]) {
    let mut lanes = [0_u64; CHUNK_ROWS];
    match narrow(width) {
        8 => narrow_to(distances, &mut lanes, |distance| distance as u8),
        16 => narrow_to(distances, &mut lanes, |distance| distance as u16),
        32 => narrow_to(distances, &mut lanes, |distance| distance as u32),
        _ => lanes = *distances,
    }
    kernel::pack_lanes(narrow(width), width, &lanes, words);
}

fn narrow_to<N: Pod>(
    distances: &[u64; CHUNK_ROWS],
    lanes: &mut [u64; CHUNK_ROWS],
    narrow: impl Fn(u64) -> N,
) {
    let lanes: &mut [N] = bytemuck::cast_slice_mut(lanes);
    for (lane, distance) in lanes.iter_mut().zip(distances) {
        *lane = narrow(*distance);
    }
}
