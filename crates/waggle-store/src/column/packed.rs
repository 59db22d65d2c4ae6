//! Integers bit-packed in chunks of 1024: codes, numbers, times and row numbers as blocks hold them, on disk and in memory.
//!
//! Each chunk stores its smallest value and the distance of every value from it, in as many bits as the largest distance needs; the
//! smallest value and the width are a zone map for nothing. Full chunks are in FastLanes order, which unpacks a chunk in a few
//! vector instructions per word, in the narrowest lanes that the distances fit. A last chunk with fewer values would waste most of such a layout, and thousands of sparse columns
//! consist of nothing else: it is a plain bit stream on disk, and unpacked in memory.

mod kernel;
mod lane;

pub(crate) use lane::{Lane, Lanes};

use super::{CHUNK_ROWS, CHUNK_WORDS};
use std::cmp::Ordering;
use std::ops::Range;

/// Packed integers that can be read by the chunk or one at a time.
#[derive(Clone, Debug)]
pub struct Packed<T: Lane> {
    count: usize,
    lanes: Lanes,
    chunks: Box<[Chunk<T>]>,
    words: Box<[u64]>,
    /// Values of the last chunk when it is not full.
    tail: Box<[T]>,
}

#[derive(Clone, Copy, Debug)]
struct Chunk<T> {
    base: T,
    width: u8,
    /// Its first word. Meaningless for the tail.
    start: u32,
}

/// Packed integers as they are stored: a base and a width per chunk, then the words of all chunks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PackedParts<T: Lane> {
    pub(crate) count: usize,
    pub(crate) lanes: Lanes,
    pub(crate) bases: Vec<T>,
    pub(crate) widths: Vec<u8>,
    pub(crate) words: Vec<u64>,
}

impl<T: Lane> PackedParts<T> {
    /// The words of each chunk.
    pub(crate) fn chunk_words(&self) -> impl Iterator<Item = &[u64]> {
        let mut rest = &*self.words;
        let widths = self.widths.iter().enumerate();
        widths.map(move |(index, width)| {
            let values = (self.count - index * CHUNK_ROWS).min(CHUNK_ROWS);
            let count = (values * usize::from(*width)).div_ceil(WORD_BITS);
            let (words, after) = rest.split_at(count);
            rest = after;
            words
        })
    }
}

/// Packed integers without their words: what chunks there are, and where.
#[derive(Clone, Debug)]
pub(crate) struct PackedHead<T> {
    count: usize,
    lanes: Lanes,
    chunks: Vec<Chunk<T>>,
    word_count: usize,
}

/// Where a chunk begins whose words were not read: past every array of words.
const MISSING: u32 = u32::MAX;

/// From this many values of a chunk on, unpacking all of it is faster than picking them.
const PICK_MAX: usize = 96;

const WORD_BITS: usize = 64;

/// Packs values. Where `present` is given, slots whose bit is 0 hold anything and take on whatever packs best.
pub(crate) fn pack<T: Lane>(values: &[T], present: Option<&[u64]>) -> PackedParts<T> {
    let chunk_count = values.len().div_ceil(CHUNK_ROWS);
    let mut parts = PackedParts {
        count: values.len(),
        lanes: Lanes::Narrow,
        bases: Vec::with_capacity(chunk_count),
        widths: Vec::with_capacity(chunk_count),
        words: Vec::new(),
    };
    let mut distances = [0; CHUNK_ROWS];
    for (index, chunk) in values.chunks(CHUNK_ROWS).enumerate() {
        let words = present.map(|words| {
            let first = index * CHUNK_ROWS / 64;
            &words[first..first + chunk.len().div_ceil(64)]
        });
        let (base, largest) = spread(chunk, words, &mut distances);
        let width = width_of(largest);
        #[expect(clippy::cast_possible_truncation, reason = "at most 64")]
        parts.widths.push(width as u8);
        parts.bases.push(base);
        let start = parts.words.len();
        let length = (chunk.len() * width).div_ceil(WORD_BITS);
        parts.words.resize(start + length, 0);
        if chunk.len() == CHUNK_ROWS {
            lane::pack(width, &distances, &mut parts.words[start..]);
        } else {
            pack_stream(width, &distances[..chunk.len()], &mut parts.words[start..]);
        }
    }
    parts
}

/// Bits of a number, 0 for 0.
pub(crate) fn width_of(number: u64) -> usize {
    (u64::BITS - number.leading_zeros()) as usize
}

/// Fills in the distances from the smallest value, 0 for absent ones, and returns that value and the largest distance.
fn spread<T: Lane>(
    chunk: &[T],
    present: Option<&[u64]>,
    distances: &mut [u64; CHUNK_ROWS],
) -> (T, u64) {
    let Some(present) = present else {
        let base = chunk.iter().copied().min().unwrap_or_default();
        let top = chunk.iter().copied().max().unwrap_or_default();
        for (distance, value) in distances.iter_mut().zip(chunk) {
            *distance = value.distance(base);
        }
        return (base, top.distance(base));
    };
    let is_present = |index: usize| present[index / 64] >> (index % 64) & 1 == 1;
    let mut bounds: Option<(T, T)> = None;
    for (index, &value) in chunk.iter().enumerate() {
        if is_present(index) {
            bounds = Some(bounds.map_or((value, value), |(low, high)| {
                (low.min(value), high.max(value))
            }));
        }
    }
    let (base, top) = bounds.unwrap_or_default();
    for (index, (distance, value)) in distances.iter_mut().zip(chunk).enumerate() {
        *distance = if is_present(index) {
            value.distance(base)
        } else {
            0
        };
    }
    (base, top.distance(base))
}

/// Value `i` takes bits `i * width` and up, lowest first.
fn pack_stream(width: usize, distances: &[u64], words: &mut [u64]) {
    let mut pending: u128 = 0;
    let mut pending_bits = 0;
    let mut words = words.iter_mut();
    for &distance in distances {
        pending |= u128::from(distance) << pending_bits;
        pending_bits += width;
        if pending_bits >= WORD_BITS {
            if let Some(word) = words.next() {
                *word = low_word(pending);
            }
            pending >>= WORD_BITS;
            pending_bits -= WORD_BITS;
        }
    }
    if let Some(word) = words.next() {
        *word = low_word(pending);
    }
}

fn unpack_stream<T: Lane>(width: usize, base: T, count: usize, words: &[u64]) -> Box<[T]> {
    let mut pending: u128 = 0;
    let mut pending_bits = 0;
    let mut words = words.iter();
    (0..count)
        .map(|_| {
            if pending_bits < width {
                let word = words.next().copied().unwrap_or_default();
                pending |= u128::from(word) << pending_bits;
                pending_bits += WORD_BITS;
            }
            let distance = low_word(pending) & mask(width);
            pending >>= width;
            pending_bits -= width;
            base.offset(distance)
        })
        .collect()
}

#[expect(clippy::cast_possible_truncation, reason = "the low word is asked for")]
fn low_word(bits: u128) -> u64 {
    bits as u64
}

#[inline]
fn mask(width: usize) -> u64 {
    if width == 64 {
        u64::MAX
    } else {
        (1 << width) - 1
    }
}

impl<T: Lane> PackedHead<T> {
    /// Checks that widths and the number of words belong together.
    ///
    /// # Errors
    /// As [`Packed::from_parts`].
    pub(crate) fn new(
        count: usize,
        lanes: Lanes,
        bases: &[T],
        widths: &[u8],
        word_count: usize,
    ) -> Result<Self, &'static str> {
        let chunk_count = count.div_ceil(CHUNK_ROWS);
        if bases.len() != chunk_count || widths.len() != chunk_count {
            return Err("packed chunks and values differ in number");
        }
        if widths.iter().any(|width| usize::from(*width) > T::BITS) {
            return Err("a packed width is wider than its lane");
        }
        let mut chunks = Vec::with_capacity(chunk_count);
        let mut start = 0_usize;
        for (index, (&base, &width)) in bases.iter().zip(widths).enumerate() {
            let values = (count - index * CHUNK_ROWS).min(CHUNK_ROWS);
            chunks.push(Chunk {
                base,
                width,
                start: u32::try_from(start).map_err(|_| "there are too many packed words")?,
            });
            start += (values * usize::from(width)).div_ceil(WORD_BITS);
        }
        match start.cmp(&word_count) {
            Ordering::Less => Err("there are more packed words than values"),
            Ordering::Greater => Err("packed words are missing"),
            Ordering::Equal => Ok(Self {
                count,
                lanes,
                chunks,
                word_count,
            }),
        }
    }

    /// The words of a chunk, which must be one.
    pub(crate) fn words(&self, chunk: usize) -> Range<usize> {
        let end = self.chunks.get(chunk + 1);
        let end = end.map_or(self.word_count, |next| next.start as usize);
        self.chunks[chunk].start as usize..end
    }

    /// The values of some chunks, ascending, each with its words. Bounds are known of all; to read a value of another chunk is a panic.
    pub(crate) fn with_some<'w>(
        mut self,
        some: impl Iterator<Item = (usize, &'w [u64])>,
    ) -> Packed<T> {
        let mut words = Vec::new();
        let mut tail = Box::default();
        let mut next = 0;
        for (chunk, chunk_words) in some {
            for missing in &mut self.chunks[next..chunk] {
                missing.start = MISSING;
            }
            next = chunk + 1;
            self.chunks[chunk].start = words.len() as u32;
            if (chunk + 1) * CHUNK_ROWS > self.count {
                tail = unpack_tail(self.chunks[chunk], self.count, chunk_words);
            }
            words.extend_from_slice(chunk_words);
        }
        for missing in &mut self.chunks[next..] {
            missing.start = MISSING;
        }
        Packed {
            count: self.count,
            lanes: self.lanes,
            chunks: self.chunks.into(),
            words: words.into(),
            tail,
        }
    }
}

/// The values of the last chunk, which is not full.
fn unpack_tail<T: Lane>(last: Chunk<T>, count: usize, words: &[u64]) -> Box<[T]> {
    let Chunk { base, width, .. } = last;
    unpack_stream(usize::from(width), base, count % CHUNK_ROWS, words)
}

impl<T: Lane> Packed<T> {
    /// Takes stored parts, which come from a disk and are checked here.
    ///
    /// # Errors
    /// Says what does not fit together: numbers of chunks, widths or words.
    pub(crate) fn from_parts(parts: PackedParts<T>) -> Result<Self, &'static str> {
        let PackedParts {
            count,
            lanes,
            bases,
            widths,
            words,
        } = parts;
        let head = PackedHead::new(count, lanes, &bases, &widths, words.len())?;
        let PackedHead { chunks, .. } = head;
        let tail = match chunks.last() {
            Some(&last) if !count.is_multiple_of(CHUNK_ROWS) => {
                unpack_tail(last, count, &words[last.start as usize..])
            }
            _ => Box::default(),
        };
        Ok(Self {
            count,
            lanes,
            chunks: chunks.into(),
            words: words.into(),
            tail,
        })
    }

    /// Packs values.
    #[cfg(test)]
    pub(crate) fn new(values: &[T]) -> Self {
        Self::from_parts(pack(values, None)).unwrap()
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.count
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Number of chunks.
    pub fn chunk_count(&self) -> usize {
        self.chunks.len()
    }

    /// Bounds that hold for every value of a chunk; the lower one occurs, the upper one may be too high. `None` past the end.
    pub fn bounds(&self, chunk: usize) -> Option<(T, T)> {
        let &Chunk { base, width, .. } = self.chunks.get(chunk)?;
        Some((base, base.offset_at_most(mask(usize::from(width)))))
    }

    /// Unpacks a chunk and returns how many values it has.
    pub fn unpack(&self, chunk: usize, values: &mut [T; CHUNK_ROWS]) -> usize {
        if (chunk + 1) * CHUNK_ROWS <= self.count {
            let Chunk { base, width, .. } = self.chunks[chunk];
            let width = usize::from(width);
            let lane_bits = self.lanes.bits::<T>(width);
            T::unpack(lane_bits, width, base, self.chunk_words(chunk), values);
            CHUNK_ROWS
        } else if chunk * CHUNK_ROWS < self.count {
            values[..self.tail.len()].copy_from_slice(&self.tail);
            self.tail.len()
        } else {
            0
        }
    }

    /// Sets bit `i` where value `i` of a chunk lies from `low` to `high`, both included, and clears the others.
    pub(crate) fn between(&self, chunk: usize, (low, high): (T, T), bits: &mut [u64; CHUNK_WORDS]) {
        *bits = [0; CHUNK_WORDS];
        let Some(&Chunk { base, width, .. }) = self.chunks.get(chunk) else {
            return;
        };
        if low > high || high < base {
            return;
        }
        if (chunk + 1) * CHUNK_ROWS > self.count {
            for (index, value) in self.tail.iter().enumerate() {
                bits[index / 64] |= u64::from(low <= *value && *value <= high) << (index % 64);
            }
            return;
        }
        let width = usize::from(width);
        let nearest = if low <= base { 0 } else { low.distance(base) };
        let farthest = high.distance(base).min(mask(width));
        if nearest <= farthest {
            let lane_bits = self.lanes.bits::<T>(width);
            let span = farthest - nearest;
            kernel::between(
                lane_bits,
                width,
                nearest,
                span,
                self.chunk_words(chunk),
                bits,
            );
        }
    }

    /// The value in a slot.
    ///
    /// # Panics
    /// When there is no such slot.
    #[inline]
    pub fn get(&self, slot: usize) -> T {
        assert!(slot < self.count, "slot {slot} of {}", self.count);
        let (chunk, index) = (slot / CHUNK_ROWS, slot % CHUNK_ROWS);
        if (chunk + 1) * CHUNK_ROWS > self.count {
            self.tail[index]
        } else {
            let Chunk { base, width, .. } = self.chunks[chunk];
            let width = usize::from(width);
            let lane_bits = self.lanes.bits::<T>(width);
            pick(lane_bits, width, base, self.chunk_words(chunk), index)
        }
    }

    /// Visits the values of some slots in order, each with its distance from the first slot.
    pub fn visit(&self, slots: Range<usize>, mut visit: impl FnMut(usize, T)) {
        let first = slots.start;
        let mut slot = first;
        while slot < slots.end {
            let chunk = slot / CHUNK_ROWS;
            let chunk_start = chunk * CHUNK_ROWS;
            let end = slots.end.min(chunk_start + CHUNK_ROWS);
            let inside = slot - chunk_start..end - chunk_start;
            if chunk_start + CHUNK_ROWS > self.count {
                for (index, value) in self.tail[inside].iter().enumerate() {
                    visit(slot - first + index, *value);
                }
            } else if inside.len() > PICK_MAX {
                let mut values = [T::default(); CHUNK_ROWS];
                self.unpack(chunk, &mut values);
                for (index, value) in values[inside].iter().enumerate() {
                    visit(slot - first + index, *value);
                }
            } else {
                let Chunk { base, width, .. } = self.chunks[chunk];
                let width = usize::from(width);
                let lane_bits = self.lanes.bits::<T>(width);
                let words = self.chunk_words(chunk);
                for (index, place) in inside.enumerate() {
                    let value = pick(lane_bits, width, base, words, place);
                    visit(slot - first + index, value);
                }
            }
            slot = end;
        }
    }

    /// Visits all values by the chunk: a slice of at most 1024 each.
    ///
    /// # Errors
    /// The first one `visit` returns.
    pub(crate) fn try_for_each_chunk<E>(
        &self,
        mut visit: impl FnMut(&[T]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut values = [T::default(); CHUNK_ROWS];
        for chunk in 0..self.chunks.len() {
            let count = self.unpack(chunk, &mut values);
            visit(&values[..count])?;
        }
        Ok(())
    }

    /// The first slot whose value is at least `value`, given that values ascend.
    pub fn lower_bound(&self, value: T) -> usize {
        // A chunk's base is its first value, so the slot lies in the last chunk that begins below, or right after it.
        let Some(chunk) = self
            .chunks
            .partition_point(|chunk| chunk.base < value)
            .checked_sub(1)
        else {
            return 0;
        };
        let start = chunk * CHUNK_ROWS;
        let (mut low, mut high) = (start, self.count.min(start + CHUNK_ROWS));
        while low < high {
            let middle = low + (high - low) / 2;
            if self.get(middle) < value {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Bytes of heap.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.chunks) + size_of_val(&*self.words) + size_of_val(&*self.tail)
    }

    #[inline]
    fn chunk_words(&self, chunk: usize) -> &[u64] {
        let Chunk { width, start, .. } = self.chunks[chunk];
        let start = start as usize;
        &self.words[start..start + CHUNK_ROWS / WORD_BITS * usize::from(width)]
    }
}

impl Packed<u32> {
    /// Unpacks a chunk into numbers of 16 bits and returns how many values it has. All values of the array must be below 65,536.
    pub(super) fn unpack_u16(&self, chunk: usize, values: &mut [u16; CHUNK_ROWS]) -> usize {
        if (chunk + 1) * CHUNK_ROWS <= self.count {
            let Chunk { base, width, .. } = self.chunks[chunk];
            let width = usize::from(width);
            let lane_bits = self.lanes.bits::<u32>(width);
            if lane_bits <= 16 {
                let words = self.chunk_words(chunk);
                kernel::unpack_u16(lane_bits, width, base as u16, words, values);
                return CHUNK_ROWS;
            }
        }
        let mut wide = [0; CHUNK_ROWS];
        let count = self.unpack(chunk, &mut wide);
        for (value, wide) in values.iter_mut().zip(&wide[..count]) {
            *value = *wide as u16;
        }
        count
    }
}

/// Reads one value of a full chunk.
///
/// FastLanes lays 1024 values out in lanes; word `w` of lane `l` is at `w * lanes + l`. Row `r` of a lane, which takes bits `r * width`
/// and up, holds value `ORDER[r / 8] * 16 + r % 8 * 128 + l`.
#[inline]
fn pick<T: Lane>(lane_bits: usize, width: usize, base: T, words: &[u64], index: usize) -> T {
    // This permutation is its own inverse.
    const ORDER: [usize; 8] = [0, 4, 2, 6, 1, 5, 3, 7];
    if width == 0 {
        return base;
    }
    let lanes = CHUNK_ROWS / lane_bits;
    let lane = index % lanes;
    let row = ORDER[(index % 128 - lane) / 16 % 8] * 8 + index / 128;
    let bit = row * width;
    let (word, shift) = (bit / lane_bits, bit % lane_bits);
    let load = |word: usize| {
        let bit = (word * lanes + lane) * lane_bits;
        words[bit / WORD_BITS] >> (bit % WORD_BITS) & mask(lane_bits)
    };
    let mut distance = load(word) >> shift;
    if shift + width > lane_bits {
        distance |= load(word + 1) << (lane_bits - shift);
    }
    base.offset(distance & mask(width))
}

#[cfg(test)]
mod tests;
