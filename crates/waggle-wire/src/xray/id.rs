//! Ids of traces and entities as numbers: one form for every spelling, cheap to copy, compare and hash. Source: spec/xray.md sections 1.7
//! and 8.1.

use std::fmt;

/// The id of a trace: 128 bits, not all zero. Shown as W3C does, 32 lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId(u128);

/// The id of an entity: 64 bits, shown as 16 lower-case hex digits. Their order is the order of the texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityId(u64);

impl TraceId {
    /// Reads `1-<8 hex>-<24 hex>` or 32 hex digits, in either case; `None` for anything else and for zero.
    pub fn parse(text: &str) -> Option<Self> {
        let value = match text.len() {
            32 => hex(text)?,
            35 => {
                let (time, random) = text.strip_prefix("1-")?.split_once('-')?;
                if time.len() != 8 {
                    return None;
                }
                hex(time)? << 96 | hex(random)?
            }
            _ => return None,
        };
        (value != 0).then_some(Self(value))
    }

    /// The form X-Ray's clients use: `1-`, 8 hex digits, `-`, 24 hex digits.
    pub fn to_xray(self) -> String {
        format!("1-{:08x}-{:024x}", self.0 >> 96, self.0 & (u128::MAX >> 32))
    }

    /// The time that X-Ray's ids begin with, in seconds since the Unix epoch; of ids made otherwise, a number that means nothing.
    pub fn time_s(self) -> i64 {
        i64::try_from(self.0 >> 96).unwrap_or_default()
    }

    /// The text in the column `trace.trace_id`, the same as an OTLP span of this trace has: the second half alone where the first is zero.
    pub fn to_column(self) -> String {
        match u64::try_from(self.0) {
            Ok(half) => format!("{half:016x}"),
            Err(_) => self.to_string(),
        }
    }
}

impl EntityId {
    /// The id of all zeros.
    pub(super) const ZERO: Self = Self(0);

    /// The id of these bytes, the first one first.
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(u64::from_be_bytes(bytes))
    }

    /// Reads 16 hex digits in either case; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 16 {
            return None;
        }
        hex(text)?.try_into().ok().map(Self)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Hex digits only: the number parser of the standard library would take a sign.
fn hex(text: &str) -> Option<u128> {
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex
        .then(|| u128::from_str_radix(text, 16).ok())
        .flatten()
}

#[cfg(test)]
mod tests;
