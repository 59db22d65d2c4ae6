//! The loops that pack and unpack a full chunk: 1024 numbers of `width` bits in lanes of 8, 16, 32 or 64 bits.
//!
//! A row is 128 bytes whatever the lane, so every step is the same operation on 128 bytes beside one another, which compilers turn
//! into vector instructions. Lanes of 8 and 16 bits are handled eight and four at a time inside words of 64 bits, since common
//! processors shift nothing narrower. The loops are compiled for several instruction sets, and the best one the processor has is taken
//! at run time: that takes the only unsafe calls of this crate.

use crate::column::{CHUNK_ROWS, CHUNK_WORDS};

/// Words of 64 bits in a row.
const ROW_WORDS: usize = 16;

/// Defines a function that runs `body` compiled for the best instruction set there is.
macro_rules! best_of {
    ($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*) = $body:ident) => {
        $(#[$doc])*
        pub(super) fn $name($($argument: $type),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
                fn avx512($($argument: $type),*) {
                    $body($($argument),*);
                }
                #[target_feature(enable = "avx2")]
                fn avx2($($argument: $type),*) {
                    $body($($argument),*);
                }
                if is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
                {
                    #[expect(unsafe_code, reason = "safe code, compiled for more instructions")]
                    // SAFETY: the processor has what the function is compiled for; avx512bw implies avx512f.
                    return unsafe { avx512($($argument),*) };
                }
                if is_x86_feature_detected!("avx2") {
                    #[expect(unsafe_code, reason = "safe code, compiled for more instructions")]
                    // SAFETY: the processor has what the function is compiled for.
                    return unsafe { avx2($($argument),*) };
                }
            }
            $body($($argument),*);
        }
    };
}

best_of! {
    /// Unpacks numbers of at most 32 bits and adds `base`, wrapping around.
    unpack_u32(lane_bits: usize, width: usize, base: u32, words: &[u64], values: &mut [u32; CHUNK_ROWS])
        = unpack_u32_body
}

best_of! {
    /// Unpacks numbers and adds `base`, wrapping around.
    unpack_i64(lane_bits: usize, width: usize, base: i64, words: &[u64], values: &mut [i64; CHUNK_ROWS])
        = unpack_i64_body
}

best_of! {
    /// Unpacks numbers that, with `base` added, have at most 16 bits. Lanes must have 8 or 16.
    unpack_u16(lane_bits: usize, width: usize, base: u16, words: &[u64], values: &mut [u16; CHUNK_ROWS])
        = unpack_u16_body
}

best_of! {
    /// Sets bit `i` where number `i`, as its distance from the base, lies from `low` to `low + span`, both included, and clears the
    /// others. Neither bound may have more than `width` bits.
    between(lane_bits: usize, width: usize, low: u64, span: u64, words: &[u64], bits: &mut [u64; CHUNK_WORDS])
        = between_body
}

best_of! {
    /// Packs numbers that lie in lanes already, each in the lowest `width` bits of its own. `words` must be zeros.
    pack_lanes(lane_bits: usize, width: usize, lanes: &[u64], words: &mut [u64]) = pack_lanes_body
}

#[inline(always)]
fn unpack_u32_body(
    lane_bits: usize,
    width: usize,
    base: u32,
    words: &[u64],
    values: &mut [u32; CHUNK_ROWS],
) {
    match lane_bits {
        8 => {
            let mut lanes = [0; 8 * ROW_WORDS];
            unpack_lanes(8, width, words, &mut lanes);
            let lanes: &[u8] = bytemuck::cast_slice(&lanes);
            for (value, lane) in values.iter_mut().zip(lanes) {
                *value = base.wrapping_add(u32::from(*lane));
            }
        }
        16 => {
            let mut lanes = [0; 16 * ROW_WORDS];
            unpack_lanes(16, width, words, &mut lanes);
            let lanes: &[u16] = bytemuck::cast_slice(&lanes);
            for (value, lane) in values.iter_mut().zip(lanes) {
                *value = base.wrapping_add(u32::from(*lane));
            }
        }
        _ => unpack_32(width, base, bytemuck::cast_slice(words), values),
    }
}

#[inline(always)]
fn unpack_i64_body(
    lane_bits: usize,
    width: usize,
    base: i64,
    words: &[u64],
    values: &mut [i64; CHUNK_ROWS],
) {
    match lane_bits {
        8 => {
            let mut lanes = [0; 8 * ROW_WORDS];
            unpack_lanes(8, width, words, &mut lanes);
            let lanes: &[u8] = bytemuck::cast_slice(&lanes);
            for (value, lane) in values.iter_mut().zip(lanes) {
                *value = base.wrapping_add(i64::from(*lane));
            }
        }
        16 => {
            let mut lanes = [0; 16 * ROW_WORDS];
            unpack_lanes(16, width, words, &mut lanes);
            let lanes: &[u16] = bytemuck::cast_slice(&lanes);
            for (value, lane) in values.iter_mut().zip(lanes) {
                *value = base.wrapping_add(i64::from(*lane));
            }
        }
        32 => {
            let mut lanes = [0; CHUNK_ROWS];
            unpack_32(width, 0, bytemuck::cast_slice(words), &mut lanes);
            for (value, lane) in values.iter_mut().zip(lanes) {
                *value = base.wrapping_add(i64::from(lane));
            }
        }
        _ => unpack_64(
            width,
            base.cast_unsigned(),
            words,
            bytemuck::cast_mut(values),
        ),
    }
}

#[inline(always)]
fn unpack_u16_body(
    lane_bits: usize,
    width: usize,
    base: u16,
    words: &[u64],
    values: &mut [u16; CHUNK_ROWS],
) {
    if lane_bits == 8 {
        let mut lanes = [0; 8 * ROW_WORDS];
        unpack_lanes(8, width, words, &mut lanes);
        let lanes: &[u8] = bytemuck::cast_slice(&lanes);
        for (value, lane) in values.iter_mut().zip(lanes) {
            *value = base.wrapping_add(u16::from(*lane));
        }
    } else {
        let mut lanes = [0; 16 * ROW_WORDS];
        unpack_lanes(16, width, words, &mut lanes);
        let lanes: &[u16] = bytemuck::cast_slice(&lanes);
        for (value, lane) in values.iter_mut().zip(lanes) {
            *value = base.wrapping_add(*lane);
        }
    }
}

#[inline(always)]
fn between_body(
    lane_bits: usize,
    width: usize,
    low: u64,
    span: u64,
    words: &[u64],
    bits: &mut [u64; CHUNK_WORDS],
) {
    match lane_bits {
        8 => {
            let mut lanes = [0; 8 * ROW_WORDS];
            unpack_lanes(8, width, words, &mut lanes);
            let lanes: &[u8] = bytemuck::cast_slice(&lanes);
            let (low, span) = (low as u8, span as u8);
            set_bits(lanes, bits, |lane| lane.wrapping_sub(low) <= span);
        }
        16 => {
            let mut lanes = [0; 16 * ROW_WORDS];
            unpack_lanes(16, width, words, &mut lanes);
            let lanes: &[u16] = bytemuck::cast_slice(&lanes);
            let (low, span) = (low as u16, span as u16);
            set_bits(lanes, bits, |lane| lane.wrapping_sub(low) <= span);
        }
        32 => {
            let mut lanes = [0; CHUNK_ROWS];
            unpack_32(width, 0, bytemuck::cast_slice(words), &mut lanes);
            let (low, span) = (low as u32, span as u32);
            set_bits(&lanes, bits, |lane| lane.wrapping_sub(low) <= span);
        }
        _ => {
            let mut lanes = [0; CHUNK_ROWS];
            unpack_64(width, 0, words, &mut lanes);
            set_bits(&lanes, bits, |lane| lane.wrapping_sub(low) <= span);
        }
    }
}

/// Sets the bit of each lane that passes.
#[inline(always)]
fn set_bits<T: Copy>(lanes: &[T], bits: &mut [u64; CHUNK_WORDS], test: impl Fn(T) -> bool) {
    for (word, lanes) in bits.iter_mut().zip(lanes.as_chunks::<64>().0) {
        let mut answers = [0_u8; 64];
        for (answer, lane) in answers.iter_mut().zip(lanes) {
            *answer = u8::from(test(*lane));
        }
        *word = 0;
        for (index, eight) in answers.as_chunks::<8>().0.iter().enumerate() {
            // The product moves the lowest bit of each byte to its place in the highest one.
            let eight = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
            *word |= eight << (index * 8);
        }
    }
}

/// Where the values of a row go: the first of them, in values. The others follow it.
#[inline(always)]
pub(super) fn first_of_row(row: usize) -> usize {
    const ORDER: [usize; 8] = [0, 4, 2, 6, 1, 5, 3, 7];
    ORDER[row / 8 % 8] * 16 + row % 8 * 128
}

/// Lanes of 8 or 16 bits, several in a word of 64.
#[inline(always)]
fn unpack_lanes(lane_bits: usize, width: usize, words: &[u64], lanes: &mut [u64]) {
    if width == 0 {
        return;
    }
    let keep = in_each_lane(width, lane_bits);
    for row in 0..lane_bits {
        let bit = row * width;
        let (word, shift) = (bit / lane_bits, bit % lane_bits);
        let place = first_of_row(row) * lane_bits / 64;
        let out = &mut lanes[place..place + ROW_WORDS];
        let low = &words[word * ROW_WORDS..(word + 1) * ROW_WORDS];
        if shift + width <= lane_bits {
            for (out, low) in out.iter_mut().zip(low) {
                *out = low >> shift & keep;
            }
        } else {
            // What is shifted in from a neighbour lane is masked off on either side.
            let keep_low = in_each_lane(lane_bits - shift, lane_bits);
            let keep_high = keep & !keep_low;
            let high = &words[(word + 1) * ROW_WORDS..(word + 2) * ROW_WORDS];
            for ((out, low), high) in out.iter_mut().zip(low).zip(high) {
                *out = low >> shift & keep_low | high << (lane_bits - shift) & keep_high;
            }
        }
    }
}

/// Defines the unpacking of whole lanes.
macro_rules! unpack_whole {
    ($name:ident, $lane:ty) => {
        #[inline(always)]
        fn $name(width: usize, base: $lane, words: &[$lane], values: &mut [$lane; CHUNK_ROWS]) {
            const BITS: usize = <$lane>::BITS as usize;
            const LANES: usize = CHUNK_ROWS / BITS;
            if width == 0 {
                values.fill(base);
                return;
            }
            let keep = <$lane>::MAX >> (BITS - width);
            for row in 0..BITS {
                let bit = row * width;
                let (word, shift) = (bit / BITS, bit % BITS);
                let place = first_of_row(row);
                let out = &mut values[place..place + LANES];
                let low = &words[word * LANES..(word + 1) * LANES];
                if shift + width <= BITS {
                    for (out, low) in out.iter_mut().zip(low) {
                        *out = base.wrapping_add(low >> shift & keep);
                    }
                } else {
                    let high = &words[(word + 1) * LANES..(word + 2) * LANES];
                    for ((out, low), high) in out.iter_mut().zip(low).zip(high) {
                        let distance = (low >> shift | high << (BITS - shift)) & keep;
                        *out = base.wrapping_add(distance);
                    }
                }
            }
        }
    };
}

unpack_whole!(unpack_32, u32);
unpack_whole!(unpack_64, u64);

#[inline(always)]
fn pack_lanes_body(lane_bits: usize, width: usize, lanes: &[u64], words: &mut [u64]) {
    if width == 0 {
        return;
    }
    for row in 0..lane_bits {
        let bit = row * width;
        let (word, shift) = (bit / lane_bits, bit % lane_bits);
        let place = first_of_row(row) * lane_bits / 64;
        let row = &lanes[place..place + ROW_WORDS];
        let keep = in_each_lane(width.min(lane_bits - shift), lane_bits);
        let low = &mut words[word * ROW_WORDS..(word + 1) * ROW_WORDS];
        for (out, lane) in low.iter_mut().zip(row) {
            *out |= (lane & keep) << shift;
        }
        if shift + width > lane_bits {
            let keep = in_each_lane(shift + width - lane_bits, lane_bits);
            let high = &mut words[(word + 1) * ROW_WORDS..(word + 2) * ROW_WORDS];
            for (out, lane) in high.iter_mut().zip(row) {
                *out = lane >> (lane_bits - shift) & keep;
            }
        }
    }
}

/// The lowest `bits` bits of every lane in a word.
#[inline(always)]
fn in_each_lane(bits: usize, lane_bits: usize) -> u64 {
    let lane = u64::MAX >> (64 - lane_bits);
    let one_in_each = u64::MAX / lane;
    (u64::MAX >> (64 - bits)).wrapping_mul(one_in_each)
}
