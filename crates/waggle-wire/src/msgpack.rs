//! msgpack, read as the same tokens as JSON. libhoney-go and refinery send it.

use crate::token::{Malformed, Reader, Token};
use rmp::Marker;

/// Reads one msgpack value.
pub(crate) struct MsgpackReader<'i> {
    rest: &'i [u8],
    input_bytes: usize,
    /// For each open container the number of keys and values still to come.
    remaining: Vec<u64>,
    depth_max: usize,
    deepest: usize,
    text: String,
}

impl<'i> MsgpackReader<'i> {
    /// Reads a value with at most `depth_max` containers open at once.
    pub(crate) fn new(input: &'i [u8], depth_max: usize) -> Self {
        Self {
            rest: input,
            input_bytes: input.len(),
            remaining: Vec::new(),
            depth_max,
            deepest: 0,
            text: String::new(),
        }
    }

    fn open(&mut self, token: Token<'static>, count: u64) -> Result<Token<'static>, Malformed> {
        if self.remaining.len() >= self.depth_max {
            return Err(self.malformed(Malformed::TOO_DEEP));
        }
        self.remaining.push(count);
        self.deepest = self.deepest.max(self.remaining.len());
        Ok(token)
    }

    fn array(&mut self, count: u32) -> Result<Token<'static>, Malformed> {
        self.open(Token::Array, u64::from(count))
    }

    fn map(&mut self, count: u32) -> Result<Token<'static>, Malformed> {
        self.open(Token::Map, u64::from(count).saturating_mul(2))
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (bytes, rest) = self
            .rest
            .split_first_chunk()
            .ok_or_else(|| self.malformed("unexpected end"))?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn bytes(&mut self, count: u32) -> Result<&'i [u8], Malformed> {
        let (bytes, rest) = usize::try_from(count)
            .ok()
            .and_then(|count| self.rest.split_at_checked(count))
            .ok_or_else(|| self.malformed("unexpected end"))?;
        self.rest = rest;
        Ok(bytes)
    }

    fn length8(&mut self) -> Result<u32, Malformed> {
        self.take().map(|[byte]: [u8; 1]| u32::from(byte))
    }

    fn length16(&mut self) -> Result<u32, Malformed> {
        self.take()
            .map(|bytes| u32::from(u16::from_be_bytes(bytes)))
    }

    fn length32(&mut self) -> Result<u32, Malformed> {
        self.take().map(u32::from_be_bytes)
    }

    fn string(&mut self, count: u32) -> Result<Token<'_>, Malformed> {
        let bytes = self.bytes(count)?;
        Ok(Token::Text(match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(_) => {
                self.text = String::from_utf8_lossy(bytes).into_owned();
                &self.text
            }
        }))
    }

    fn extension(&mut self, count: u32) -> Result<Token<'static>, Malformed> {
        let [kind] = self.take().map(|[byte]: [u8; 1]| [byte.cast_signed()])?;
        let bytes = self.bytes(count)?;
        if kind != -1 {
            return Ok(Token::Unknown);
        }
        Ok(timestamp_ns(bytes).map_or(Token::Unknown, Token::Time))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "an unsigned integer above the signed range becomes the nearest float, as the spec says"
    )]
    fn unsigned(value: u64) -> Token<'static> {
        i64::try_from(value).map_or(Token::Float(value as f64), Token::Int)
    }
}

impl Reader for MsgpackReader<'_> {
    fn next(&mut self) -> Result<Token<'_>, Malformed> {
        if let Some(remaining) = self.remaining.last_mut() {
            if *remaining == 0 {
                self.remaining.pop();
                return Ok(Token::End);
            }
            *remaining = remaining.saturating_sub(1);
        }
        let [byte] = self.take()?;
        match Marker::from_u8(byte) {
            Marker::Null => Ok(Token::Null),
            Marker::False => Ok(Token::Bool(false)),
            Marker::True => Ok(Token::Bool(true)),
            Marker::FixPos(value) => Ok(Token::Int(i64::from(value))),
            Marker::FixNeg(value) => Ok(Token::Int(i64::from(value))),
            Marker::U8 => self
                .take()
                .map(|b| Token::Int(i64::from(u8::from_be_bytes(b)))),
            Marker::U16 => self
                .take()
                .map(|b| Token::Int(i64::from(u16::from_be_bytes(b)))),
            Marker::U32 => self
                .take()
                .map(|b| Token::Int(i64::from(u32::from_be_bytes(b)))),
            Marker::U64 => self.take().map(|b| Self::unsigned(u64::from_be_bytes(b))),
            Marker::I8 => self
                .take()
                .map(|b| Token::Int(i64::from(i8::from_be_bytes(b)))),
            Marker::I16 => self
                .take()
                .map(|b| Token::Int(i64::from(i16::from_be_bytes(b)))),
            Marker::I32 => self
                .take()
                .map(|b| Token::Int(i64::from(i32::from_be_bytes(b)))),
            Marker::I64 => self.take().map(|b| Token::Int(i64::from_be_bytes(b))),
            Marker::F32 => self
                .take()
                .map(|b| Token::Float(f64::from(f32::from_be_bytes(b)))),
            Marker::F64 => self.take().map(|b| Token::Float(f64::from_be_bytes(b))),
            Marker::FixStr(count) => self.string(u32::from(count)),
            Marker::Str8 => self.length8().and_then(|count| self.string(count)),
            Marker::Str16 => self.length16().and_then(|count| self.string(count)),
            Marker::Str32 => self.length32().and_then(|count| self.string(count)),
            Marker::Bin8 => self
                .length8()
                .and_then(|count| self.bytes(count))
                .map(Token::Bytes),
            Marker::Bin16 => self
                .length16()
                .and_then(|count| self.bytes(count))
                .map(Token::Bytes),
            Marker::Bin32 => self
                .length32()
                .and_then(|count| self.bytes(count))
                .map(Token::Bytes),
            Marker::FixArray(count) => self.array(u32::from(count)),
            Marker::Array16 => self.length16().and_then(|count| self.array(count)),
            Marker::Array32 => self.length32().and_then(|count| self.array(count)),
            Marker::FixMap(count) => self.map(u32::from(count)),
            Marker::Map16 => self.length16().and_then(|count| self.map(count)),
            Marker::Map32 => self.length32().and_then(|count| self.map(count)),
            Marker::FixExt1 => self.extension(1),
            Marker::FixExt2 => self.extension(2),
            Marker::FixExt4 => self.extension(4),
            Marker::FixExt8 => self.extension(8),
            Marker::FixExt16 => self.extension(16),
            Marker::Ext8 => self.length8().and_then(|count| self.extension(count)),
            Marker::Ext16 => self.length16().and_then(|count| self.extension(count)),
            Marker::Ext32 => self.length32().and_then(|count| self.extension(count)),
            Marker::Reserved => Err(self.malformed("reserved marker")),
        }
    }

    fn take_deepest(&mut self) -> usize {
        std::mem::take(&mut self.deepest)
    }

    fn finish(&mut self) -> Result<(), Malformed> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.malformed("more than one document"))
        }
    }

    fn malformed(&self, what: &'static str) -> Malformed {
        Malformed {
            what,
            offset: self.input_bytes.saturating_sub(self.rest.len()),
        }
    }
}

/// Nanoseconds since the Unix epoch of a timestamp extension of 4, 8 or 12 bytes, clamped to what an `i64` holds.
fn timestamp_ns(bytes: &[u8]) -> Option<i64> {
    let (seconds, nanoseconds) = match bytes.len() {
        4 => (i64::from(u32::from_be_bytes(bytes.try_into().ok()?)), 0),
        8 => {
            let packed = u64::from_be_bytes(bytes.try_into().ok()?);
            let seconds = i64::try_from(packed & 0x3_ffff_ffff).ok()?;
            (seconds, u32::try_from(packed >> 34).ok()?)
        }
        12 => {
            let (nanoseconds, seconds) = bytes.split_first_chunk()?;
            let seconds = i64::from_be_bytes(seconds.try_into().ok()?);
            (seconds, u32::from_be_bytes(*nanoseconds))
        }
        _ => return None,
    };
    Some(
        seconds
            .saturating_mul(1_000_000_000)
            .saturating_add(i64::from(nanoseconds)),
    )
}

#[cfg(test)]
mod tests;
