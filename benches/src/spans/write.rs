//! Protobuf by hand: the client shares the machine with the server, so attributes with few values are encoded once and
//! copied. The test decodes what comes out with prost.

const TAG_ATTRIBUTE: u8 = 9 << 3 | 2;
const TAG_KEY: u8 = 1 << 3 | 2;
const TAG_VALUE: u8 = 2 << 3 | 2;
const TAG_STRING: u8 = 1 << 3 | 2;
const TAG_INT: u8 = 3 << 3;
const TAG_DOUBLE: u8 = 4 << 3 | 1;

/// Appends a varint.
pub(crate) fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a length-delimited field.
pub(crate) fn bytes(out: &mut Vec<u8>, field: u8, value: &[u8]) {
    out.push(field << 3 | 2);
    varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

/// Appends a fixed 64-bit field.
pub(crate) fn fixed64(out: &mut Vec<u8>, field: u8, value: u64) {
    out.push(field << 3 | 1);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Appends a span attribute with a string.
pub(crate) fn string_attribute(out: &mut Vec<u8>, key: &str, value: &str) {
    let value_bytes = 1 + varint_bytes(value.len() as u64) + value.len();
    attribute_head(out, key, value_bytes);
    out.push(TAG_STRING);
    varint(out, value.len() as u64);
    out.extend_from_slice(value.as_bytes());
}

/// Appends a span attribute with a whole number.
pub(crate) fn int_attribute(out: &mut Vec<u8>, key: &str, value: i64) {
    attribute_head(out, key, 1 + varint_bytes(value as u64));
    out.push(TAG_INT);
    varint(out, value as u64);
}

/// Appends a span attribute with a number.
pub(crate) fn double_attribute(out: &mut Vec<u8>, key: &str, value: f64) {
    attribute_head(out, key, 9);
    out.push(TAG_DOUBLE);
    out.extend_from_slice(&value.to_le_bytes());
}

fn attribute_head(out: &mut Vec<u8>, key: &str, value_bytes: usize) {
    let key_bytes = 1 + varint_bytes(key.len() as u64) + key.len();
    let pair_bytes = key_bytes + 1 + varint_bytes(value_bytes as u64) + value_bytes;
    out.push(TAG_ATTRIBUTE);
    varint(out, pair_bytes as u64);
    out.push(TAG_KEY);
    varint(out, key.len() as u64);
    out.extend_from_slice(key.as_bytes());
    out.push(TAG_VALUE);
    varint(out, value_bytes as u64);
}

fn varint_bytes(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}
