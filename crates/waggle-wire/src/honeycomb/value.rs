//! Field values: what of a JSON or msgpack value ends in which column. Source: spec/honeycomb-api.md sections 4.5 and 4.7.

use crate::json::{JsonText, copy_container, key_text};
use crate::row::{JSON_TEXT_BYTES_MAX, Row};
use crate::token::{Malformed, Reader, Token};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Most levels that may become dotted names.
const EXPAND_DEPTH_MAX: u8 = 10;

/// Reads the members of a map, whose opening token has been read, as fields of the row. Returns how many members there were, counting
/// those that are no field: a null, an empty name.
///
/// A name that comes twice keeps its first value, as everywhere in Waggle.
pub(crate) fn read_fields(
    reader: &mut impl Reader,
    row: &mut Row<'_>,
    name: &mut String,
    expand_json_depth: u8,
) -> Result<u64, Malformed> {
    name.clear();
    read_members(reader, row, name, expand_json_depth.min(EXPAND_DEPTH_MAX))
}

/// Reads a sample rate: a number above zero, also as text, rounded half up; anything else is 1.
pub(super) fn sample_rate(token: &Token<'_>) -> u32 {
    match token {
        Token::Int(value) => u32::try_from(*value).map_or_else(
            |_| if *value > 0 { SAMPLE_RATE_MAX } else { 1 },
            |value| value.clamp(1, SAMPLE_RATE_MAX),
        ),
        Token::Float(value) => sample_rate_from_float(*value),
        Token::Text(text) => sample_rate_from_text(text),
        _ => 1,
    }
}

/// As [`sample_rate`], of a header.
pub(crate) fn sample_rate_from_text(text: &str) -> u32 {
    text.trim().parse().map_or(1, sample_rate_from_float)
}

/// Rounds half up into 1 ..= 2^31 - 1; not a number counts as 1. Source: spec/honeycomb-api.md section 6.5, used for both protocols.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the range before the cast"
)]
pub(crate) fn sample_rate_from_float(rate: f64) -> u32 {
    if rate.is_nan() {
        return 1;
    }
    (rate + 0.5).floor().clamp(1.0, f64::from(SAMPLE_RATE_MAX)) as u32
}

/// The largest sample rate. Source: spec/honeycomb-api.md section 6.5.
pub(crate) const SAMPLE_RATE_MAX: u32 = 2_147_483_647;

/// What a map's next key turned out to be.
enum Key {
    End,
    Name,
    /// A container, a null: no column can be called that.
    Unusable,
}

fn read_members(
    reader: &mut impl Reader,
    row: &mut Row<'_>,
    name: &mut String,
    depth: u8,
) -> Result<u64, Malformed> {
    let prefix_bytes = name.len();
    let mut count = 0_u64;
    loop {
        match read_key(reader, name)? {
            Key::End => return Ok(count),
            Key::Name if !row.is_refused() => read_value(reader, row, name, depth)?,
            Key::Name | Key::Unusable => reader.skip_value()?,
        }
        name.truncate(prefix_bytes);
        count = count.saturating_add(1);
    }
}

/// Reads a key and appends it to `name`, after a dot unless it is the first part.
fn read_key(reader: &mut impl Reader, name: &mut String) -> Result<Key, Malformed> {
    match reader.next()? {
        Token::End => Ok(Key::End),
        Token::Array | Token::Map => {
            reader.skip_container()?;
            Ok(Key::Unusable)
        }
        Token::Text(key) => Ok(append_key(name, key)),
        token => Ok(key_text(&token).map_or(Key::Unusable, |key| append_key(name, &key))),
    }
}

fn append_key(name: &mut String, key: &str) -> Key {
    if key.is_empty() {
        return Key::Unusable;
    }
    if !name.is_empty() {
        name.push('.');
    }
    name.push_str(key);
    Key::Name
}

/// Reads one value as the field of this name.
pub(crate) fn read_value(
    reader: &mut impl Reader,
    row: &mut Row<'_>,
    name: &mut String,
    depth: u8,
) -> Result<(), Malformed> {
    let is_map = match reader.next()? {
        Token::Text(value) => {
            row.put_str(name, value);
            return Ok(());
        }
        Token::Int(value) => {
            row.put_int(name, value);
            return Ok(());
        }
        Token::Float(value) => {
            row.put_float(name, value);
            return Ok(());
        }
        Token::Bool(value) => {
            row.put_bool(name, value);
            return Ok(());
        }
        Token::Bytes(value) => {
            match std::str::from_utf8(value) {
                Ok(text) => row.put_str(name, text),
                Err(_) => row.put_str(name, &STANDARD.encode(value)),
            }
            return Ok(());
        }
        Token::Time(value) => {
            row.put_str(name, &super::time_text(value));
            return Ok(());
        }
        Token::Null | Token::Unknown | Token::End => return Ok(()),
        Token::Array => false,
        Token::Map => true,
    };
    if let Some(depth) = depth.checked_sub(1)
        && is_map
    {
        read_members(reader, row, name, depth)?;
        return Ok(());
    }
    let mut text = JsonText::new(row.limits().string_bytes_max.min(JSON_TEXT_BYTES_MAX));
    copy_container(reader, is_map, &mut text)?;
    row.put_str(name, text.as_str());
    Ok(())
}
