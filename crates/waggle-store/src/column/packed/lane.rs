//! The one door to the FastLanes kernels: the types whose values are bit-packed, and every unchecked call behind an assertion.

use crate::column::CHUNK_ROWS;
use fastlanes::{BitPacking, FoR};
use std::fmt::Debug;

/// An integer that is stored as its distance from the smallest one of its chunk.
pub trait Lane: Copy + Ord + Default + Debug + Send + Sync + 'static {
    /// The unsigned type of the same size, which holds distances and packed words.
    type Word: bytemuck::Pod + Into<u64> + Debug + Send + Sync;
    /// Bits of a word.
    const WORD_BITS: usize;

    /// The distance from `base` to this value, which must not be smaller.
    fn distance(self, base: Self) -> Self::Word;

    /// The value at a distance from this one, wrapping around.
    fn offset(self, distance: u64) -> Self;

    /// The value at a distance from this one, stopping at the largest there is.
    fn offset_at_most(self, distance: u64) -> Self;

    /// The low bits of a number.
    fn word(bits: u64) -> Self::Word;

    /// Packs 1024 distances of `width` bits into `32 * width` (u32) or `16 * width` (i64) words.
    fn pack(width: usize, distances: &[Self::Word; CHUNK_ROWS], words: &mut [Self::Word]);

    /// Unpacks 1024 values.
    fn unpack(width: usize, base: Self, words: &[Self::Word], values: &mut [Self; CHUNK_ROWS]);
}

impl Lane for u32 {
    type Word = u32;
    const WORD_BITS: usize = 32;

    fn distance(self, base: Self) -> u32 {
        self.wrapping_sub(base)
    }

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

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the low bits are asked for"
    )]
    fn word(bits: u64) -> u32 {
        bits as u32
    }

    fn pack(width: usize, distances: &[u32; CHUNK_ROWS], words: &mut [u32]) {
        check_lengths(width, Self::WORD_BITS, words.len());
        #[expect(unsafe_code, reason = "the width and both lengths are asserted above")]
        // SAFETY: the input has 1024 values, the output 1024 * width / 32 words.
        unsafe {
            u32::unchecked_pack(width, distances, words);
        }
    }

    fn unpack(width: usize, base: u32, words: &[u32], values: &mut [u32; CHUNK_ROWS]) {
        check_lengths(width, Self::WORD_BITS, words.len());
        #[expect(unsafe_code, reason = "the width and both lengths are asserted above")]
        // SAFETY: the input has 1024 * width / 32 words, the output room for 1024 values.
        unsafe {
            u32::unchecked_unfor_pack(width, words, base, values);
        }
    }
}

impl Lane for i64 {
    type Word = u64;
    const WORD_BITS: usize = 64;

    #[expect(
        clippy::cast_sign_loss,
        reason = "a distance of two's complement numbers is unsigned"
    )]
    fn distance(self, base: Self) -> u64 {
        self.wrapping_sub(base) as u64
    }

    fn offset(self, distance: u64) -> Self {
        self.wrapping_add_unsigned(distance)
    }

    fn offset_at_most(self, distance: u64) -> Self {
        self.saturating_add_unsigned(distance)
    }

    fn word(bits: u64) -> u64 {
        bits
    }

    fn pack(width: usize, distances: &[u64; CHUNK_ROWS], words: &mut [u64]) {
        check_lengths(width, Self::WORD_BITS, words.len());
        #[expect(unsafe_code, reason = "the width and both lengths are asserted above")]
        // SAFETY: the input has 1024 values, the output 1024 * width / 64 words.
        unsafe {
            u64::unchecked_pack(width, distances, words);
        }
    }

    fn unpack(width: usize, base: i64, words: &[u64], values: &mut [i64; CHUNK_ROWS]) {
        check_lengths(width, Self::WORD_BITS, words.len());
        let values: &mut [u64; CHUNK_ROWS] = bytemuck::cast_mut(values);
        #[expect(clippy::cast_sign_loss, reason = "the sum wraps in two's complement")]
        let base = base as u64;
        #[expect(unsafe_code, reason = "the width and both lengths are asserted above")]
        // SAFETY: the input has 1024 * width / 64 words, the output room for 1024 values.
        unsafe {
            u64::unchecked_unfor_pack(width, words, base, values);
        }
    }
}

fn check_lengths(width: usize, bits: usize, words: usize) {
    assert!(width <= bits, "a packed value fits its lane");
    assert_eq!(words, CHUNK_ROWS * width / bits, "a full chunk's words");
}
