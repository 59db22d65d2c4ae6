//! Protobuf as it lies in the request: fields are read one after another, and text and bytes are handed out where they are, so that
//! nothing is copied before it is written into its column.
//!
//! What is refused is what the generated decoders of protobuf refuse, so that no sender is told otherwise here than elsewhere: a
//! length that runs over its message, text that is not UTF-8, a known field of another wire type, messages nested too deeply.

use crate::text::Text;

/// Why a message can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Broken(&'static str);

/// The rest of a message.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Message<'a> {
    rest: &'a [u8],
    /// How many messages deep its fields may go.
    depth: u32,
}

/// Most messages within one another in a request, the request itself not counted.
pub(super) const DEPTH_MAX: u32 = 100;

const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const BYTES: u64 = 2;
const GROUP: u64 = 3;
const GROUP_END: u64 = 4;
const FIXED32: u64 = 5;

/// The key of a field that is an integer, an enum or a boolean.
pub(super) const fn varint(number: u32) -> u64 {
    key(number, VARINT)
}

/// The key of a field of eight bytes.
pub(super) const fn fixed64(number: u32) -> u64 {
    key(number, FIXED64)
}

/// The key of a field of four bytes.
pub(super) const fn fixed32(number: u32) -> u64 {
    key(number, FIXED32)
}

/// The key of a field that is text, bytes or a message.
pub(super) const fn bytes(number: u32) -> u64 {
    key(number, BYTES)
}

/// The fields a message knows, as a set.
pub(super) const fn known(numbers: &[u32]) -> u32 {
    let mut set = 0;
    let mut rest = numbers;
    while let [number, more @ ..] = rest {
        set |= 1_u32.wrapping_shl(*number);
        rest = more;
    }
    set
}

const fn key(number: u32, wire_type: u64) -> u64 {
    (number as u64) << 3 | wire_type
}

impl<'a> Message<'a> {
    /// A whole message, within which there may be so many others.
    pub(super) fn new(bytes: &'a [u8], depth: u32) -> Self {
        Self { rest: bytes, depth }
    }

    /// The key of the next field; `None` at the end.
    #[inline]
    pub(super) fn key(&mut self) -> Result<Option<u64>, Broken> {
        match self.rest.split_first() {
            None => Ok(None),
            // Numbers up to 15: all that matter.
            Some((&byte, rest)) if (8..0x80).contains(&byte) => {
                self.rest = rest;
                Ok(Some(u64::from(byte)))
            }
            Some(_) => self.long_key().map(Some),
        }
    }

    #[inline]
    pub(super) fn varint(&mut self) -> Result<u64, Broken> {
        match self.rest.split_first() {
            Some((&byte, rest)) if byte < 0x80 => {
                self.rest = rest;
                Ok(u64::from(byte))
            }
            _ => self.long_varint(),
        }
    }

    /// An enum or an integer of 32 bits: of a longer one the low bits.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "as protobuf says: a larger value is cut to its low bits"
    )]
    pub(super) fn int32(&mut self) -> Result<i32, Broken> {
        self.varint().map(|value| value as i32)
    }

    #[inline]
    pub(super) fn fixed64(&mut self) -> Result<u64, Broken> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(UNDERFLOW)?;
        self.rest = rest;
        Ok(u64::from_le_bytes(*bytes))
    }

    pub(super) fn fixed32(&mut self) -> Result<u32, Broken> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(UNDERFLOW)?;
        self.rest = rest;
        Ok(u32::from_le_bytes(*bytes))
    }

    pub(super) fn double(&mut self) -> Result<f64, Broken> {
        self.fixed64().map(f64::from_bits)
    }

    /// An integer of 32 bits without a sign: of a longer one the low bits.
    pub(super) fn uint32(&mut self) -> Result<u32, Broken> {
        self.int32().map(i32::cast_unsigned)
    }

    /// An integer of 32 bits whose sign is its lowest bit.
    pub(super) fn sint32(&mut self) -> Result<i32, Broken> {
        let value = self.uint32()?;
        let magnitude = (value >> 1).cast_signed();
        Ok(if value & 1 == 1 {
            !magnitude
        } else {
            magnitude
        })
    }

    #[inline]
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Broken> {
        let length = self.varint()?;
        let (bytes, rest) = usize::try_from(length)
            .ok()
            .and_then(|length| self.rest.split_at_checked(length))
            .ok_or(UNDERFLOW)?;
        self.rest = rest;
        Ok(bytes)
    }

    #[inline]
    pub(super) fn text(&mut self) -> Result<Text<'a>, Broken> {
        Text::new(self.bytes()?).ok_or(Broken("a string is not UTF-8"))
    }

    pub(super) fn str(&mut self) -> Result<&'a str, Broken> {
        self.text().map(Text::as_str)
    }

    /// The message in this field.
    #[inline]
    pub(super) fn message(&mut self) -> Result<Self, Broken> {
        let depth = self.depth.checked_sub(1).ok_or(TOO_DEEP)?;
        Ok(Self {
            rest: self.bytes()?,
            depth,
        })
    }

    /// What is left of it, as bytes.
    pub(super) fn rest(self) -> &'a [u8] {
        self.rest
    }

    /// Reads past a field that the message does not have.
    #[cold]
    pub(super) fn skip(&mut self, key: u64, known: u32) -> Result<(), Broken> {
        let number = key >> 3;
        let is_known = u32::try_from(number)
            .ok()
            .and_then(|number| known.checked_shr(number))
            .is_some_and(|set| set & 1 == 1);
        if is_known {
            return Err(Broken("a field has the wrong wire type"));
        }
        self.skip_unknown(key, self.depth)
    }

    fn skip_unknown(&mut self, key: u64, depth: u32) -> Result<(), Broken> {
        let inner_depth = depth.checked_sub(1).ok_or(TOO_DEEP)?;
        match key & 7 {
            VARINT => self.varint().map(drop),
            FIXED64 => self.fixed64().map(drop),
            BYTES => self.bytes().map(drop),
            FIXED32 => self.fixed32().map(drop),
            GROUP => loop {
                let inner = self.key()?.ok_or(UNDERFLOW)?;
                if inner & 7 != GROUP_END {
                    self.skip_unknown(inner, inner_depth)?;
                } else if inner >> 3 == key >> 3 {
                    return Ok(());
                } else {
                    return Err(GROUP_ENDS);
                }
            },
            GROUP_END => Err(GROUP_ENDS),
            _ => Err(Broken("a field has a wire type that does not exist")),
        }
    }

    #[cold]
    fn long_key(&mut self) -> Result<u64, Broken> {
        let key = self.varint()?;
        let number = u32::try_from(key).map_err(|_| Broken("a field's number is too large"))? >> 3;
        match key & 7 {
            6 | 7 => Err(Broken("a field has a wire type that does not exist")),
            _ if number == 0 => Err(Broken("a field has the number 0")),
            _ => Ok(key),
        }
    }

    /// A varint of several bytes: seven bits of each, the lowest first.
    fn long_varint(&mut self) -> Result<u64, Broken> {
        const INVALID: Broken = Broken("an integer is broken");
        let mut value = 0_u64;
        let mut shift = 0_u32;
        for (&byte, count) in self.rest.iter().zip(1_usize..=10) {
            value |= u64::from(byte & 0x7f).wrapping_shl(shift);
            shift = shift.wrapping_add(7);
            if byte < 0x80 {
                // The tenth byte has the last bit only.
                if count == 10 && byte > 1 {
                    return Err(INVALID);
                }
                self.rest = self.rest.get(count..).unwrap_or_default();
                return Ok(value);
            }
        }
        Err(INVALID)
    }
}

const UNDERFLOW: Broken = Broken("a field runs over the end of its message");
const TOO_DEEP: Broken = Broken("messages are nested too deeply");
const GROUP_ENDS: Broken = Broken("a group ends that did not begin");

#[cfg(test)]
mod tests;
