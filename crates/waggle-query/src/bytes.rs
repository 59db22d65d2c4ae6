//! Partial states as bytes: numbers as varints (7 bits a byte, lowest first), so that the many small ones stay small.

use std::fmt;

/// Why bytes are no partial state of this plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged(pub(crate) &'static str);

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a partial state of this query: {}", self.0)
    }
}

impl std::error::Error for Damaged {}

/// Appends numbers.
pub(crate) trait ByteWrite {
    fn put_u64(&mut self, value: u64);
    fn put_i64(&mut self, value: i64);
    fn put_f64(&mut self, value: f64);
    fn put_bytes(&mut self, bytes: &[u8]);
}

impl ByteWrite for Vec<u8> {
    fn put_u64(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.push(value as u8);
    }

    /// Small numbers of either sign stay small: 0, -1, 1, -2 become 0, 1, 2, 3.
    fn put_i64(&mut self, value: i64) {
        self.put_u64(((value << 1) ^ (value >> 63)).cast_unsigned());
    }

    fn put_f64(&mut self, value: f64) {
        self.extend_from_slice(&value.to_bits().to_le_bytes());
    }

    /// With their length before them.
    fn put_bytes(&mut self, bytes: &[u8]) {
        self.put_u64(bytes.len() as u64);
        self.extend_from_slice(bytes);
    }
}

/// Reads what [`ByteWrite`] wrote, and trusts none of it.
#[derive(Debug)]
pub struct ByteReader<'a>(&'a [u8]);

impl<'a> ByteReader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Damaged> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Damaged("too short"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Damaged> {
        let (first, rest) = self.0.split_first().ok_or(Damaged("too short"))?;
        self.0 = rest;
        Ok(*first)
    }

    pub(crate) fn bool(&mut self) -> Result<bool, Damaged> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Damaged("neither true nor false")),
        }
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Damaged> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Damaged("a number is too large"))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Damaged> {
        u32::try_from(self.u64()?).map_err(|_| Damaged("a number is too large"))
    }

    pub(crate) fn i64(&mut self) -> Result<i64, Damaged> {
        let value = self.u64()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    pub(crate) fn i32(&mut self) -> Result<i32, Damaged> {
        i32::try_from(self.i64()?).map_err(|_| Damaged("a number is too large"))
    }

    pub(crate) fn f64(&mut self) -> Result<f64, Damaged> {
        let bytes = self.take(8)?.try_into().map_err(|_| Damaged("too short"))?;
        Ok(f64::from_bits(u64::from_le_bytes(bytes)))
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Damaged> {
        let length = self.length()?;
        std::str::from_utf8(self.take(length)?).map_err(|_| Damaged("a text is not UTF-8"))
    }

    /// How many things follow. There can't be more of them than bytes, so nobody reserves memory for a number that is wrong.
    pub(crate) fn length(&mut self) -> Result<usize, Damaged> {
        usize::try_from(self.u64()?)
            .ok()
            .filter(|length| *length <= self.0.len())
            .ok_or(Damaged("too short"))
    }

    pub(crate) fn end(&self) -> Result<(), Damaged> {
        match self.0 {
            [] => Ok(()),
            _ => Err(Damaged("too long")),
        }
    }
}
