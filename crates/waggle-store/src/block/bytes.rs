//! Writing and reading the numbers of a block: little-endian, every array at a multiple of 8 bytes, no length trusted.

use crate::column::{CHUNK_ROWS, Lane, Lanes, Packed, PackedHead, PackedParts, pack};
use bytemuck::Pod;
use std::borrow::Cow;
use std::sync::Arc;

const _: () = assert!(
    cfg!(target_endian = "little"),
    "blocks are little-endian and are copied, not converted"
);

/// What is wrong with the bytes of a block.
#[derive(Debug)]
pub(super) enum Fault {
    /// They are not what was written.
    Corrupt(Cow<'static, str>),
    /// A newer program wrote them.
    Unsupported(String),
}

impl From<&'static str> for Fault {
    fn from(message: &'static str) -> Self {
        Self::Corrupt(message.into())
    }
}

impl Fault {
    pub(super) fn corrupt(message: String) -> Self {
        Self::Corrupt(message.into())
    }
}

/// Appends zeros up to a multiple of 8 bytes.
pub(super) fn align(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(8), 0);
}

pub(super) fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

pub(super) fn put_u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_le_bytes());
}

/// Appends an array and aligns what follows it.
pub(super) fn put_array<T: Pod>(out: &mut Vec<u8>, values: &[T]) {
    out.extend_from_slice(bytemuck::cast_slice(values));
    align(out);
}

/// Appends packed integers; see docs/format.md, "packed array".
pub(super) fn put_packed<T: Lane>(out: &mut Vec<u8>, values: &[T], present: Option<&[u64]>) {
    put_parts(out, &pack(values, present));
}

/// Appends integers that are packed already.
pub(super) fn put_parts<T: Lane>(out: &mut Vec<u8>, parts: &PackedParts<T>) {
    let PackedParts {
        count,
        lanes: _,
        bases,
        widths,
        words,
    } = parts;
    put_u32(out, number(*count));
    put_u32(out, number(words.len()));
    put_array(out, bases);
    put_array(out, widths);
    put_array(out, words);
}

/// Bytes of a packed array before its words.
pub(super) fn head_bytes<T: Lane>(count: usize) -> usize {
    let chunks = count.div_ceil(CHUNK_ROWS);
    8 + (chunks * size_of::<T>()).next_multiple_of(8) + chunks.next_multiple_of(8)
}

/// A count as it is stored.
///
/// # Panics
/// When it does not fit 32 bits: a block is sealed far below that.
pub(super) fn number(count: usize) -> u32 {
    assert!(count <= u32::MAX as usize, "counts of a block fit 32 bits");
    #[expect(clippy::cast_possible_truncation, reason = "asserted above")]
    let count = count as u32;
    count
}

/// Reads a column's bytes from front to back.
pub(super) struct ByteReader<'a> {
    bytes: &'a [u8],
    at: usize,
    lanes: Lanes,
}

impl<'a> ByteReader<'a> {
    /// Reads bytes of which packed arrays have lanes of this kind.
    pub(super) fn new(bytes: &'a [u8], lanes: Lanes) -> Self {
        Self {
            bytes,
            at: 0,
            lanes,
        }
    }

    pub(super) fn u32(&mut self) -> Result<u32, Fault> {
        self.fixed().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Fault> {
        self.fixed().map(u64::from_le_bytes)
    }

    pub(super) fn i64(&mut self) -> Result<i64, Fault> {
        self.fixed().map(i64::from_le_bytes)
    }

    pub(super) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let fixed = rest.first_chunk().ok_or(ENDS_EARLY)?;
        self.at += N;
        Ok(*fixed)
    }

    pub(super) fn slice(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let end = self.at.checked_add(length).ok_or(ENDS_EARLY)?;
        let slice = self.bytes.get(self.at..end).ok_or(ENDS_EARLY)?;
        self.at = end;
        Ok(slice)
    }

    /// Reads an array and the zeros that align what follows it.
    pub(super) fn array<T: Pod>(&mut self, count: usize) -> Result<Vec<T>, Fault> {
        let length = count.checked_mul(size_of::<T>()).ok_or(ENDS_EARLY)?;
        let bytes = self.slice(length)?;
        let mut values = vec![T::zeroed(); count];
        bytemuck::cast_slice_mut(&mut values).copy_from_slice(bytes);
        self.align()?;
        Ok(values)
    }

    /// The same into an array that is shared: collected directly, because a copy of a long one costs more than reading it.
    pub(super) fn shared_array<T: Pod>(&mut self, count: usize) -> Result<Arc<[T]>, Fault> {
        let length = count.checked_mul(size_of::<T>()).ok_or(ENDS_EARLY)?;
        let values = self.slice(length)?.chunks_exact(size_of::<T>());
        let values = values.map(bytemuck::pod_read_unaligned).collect();
        self.align()?;
        Ok(values)
    }

    pub(super) fn align(&mut self) -> Result<(), Fault> {
        let padding = self.at.next_multiple_of(8) - self.at;
        self.slice(padding).map(|_| ())
    }

    /// Reads packed integers, of which there must be `count`.
    pub(super) fn packed<T: Lane>(&mut self, count: usize) -> Result<Packed<T>, Fault> {
        if self.u32()? as usize != count {
            return Err("a packed array has the wrong number of values".into());
        }
        let word_count = self.u32()? as usize;
        let chunk_count = count.div_ceil(CHUNK_ROWS);
        let parts = PackedParts {
            count,
            lanes: self.lanes,
            bases: self.array(chunk_count)?,
            widths: self.array(chunk_count)?,
            words: self.array(match self.lanes {
                Lanes::Narrow => word_count,
                // Two words of 32 bits, the first one lower, are one of 64; an odd one is followed by zeros.
                Lanes::Whole => (word_count * T::BITS / 8).div_ceil(8),
            })?,
        };
        Ok(Packed::from_parts(parts)?)
    }

    /// Reads what is before the words of packed integers, of which there must be `count`. Lanes are narrow.
    pub(super) fn packed_head<T: Lane>(&mut self, count: usize) -> Result<PackedHead<T>, Fault> {
        if self.u32()? as usize != count {
            return Err("a packed array has the wrong number of values".into());
        }
        let word_count = self.u32()? as usize;
        let chunk_count = count.div_ceil(CHUNK_ROWS);
        let bases: Vec<T> = self.array(chunk_count)?;
        let widths: Vec<u8> = self.array(chunk_count)?;
        let head = PackedHead::new(count, Lanes::Narrow, &bases, &widths, word_count);
        Ok(head?)
    }

    /// Checks that nothing is left.
    pub(super) fn finish(self) -> Result<(), Fault> {
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            Err("there are bytes left over".into())
        }
    }
}

const ENDS_EARLY: &str = "the bytes end too early";
