//! Trace and span ids as the text that is stored and searched. Source: spec/honeycomb-api.md section 6.1.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Sets `text` to the trace id: lower-case hex; of a 16-byte id whose first half is zero, the second half only, which is how senders of
/// 64-bit ids write them.
pub(super) fn set_trace_id(text: &mut String, id: &[u8]) {
    let id = match id.split_first_chunk() {
        Some(([0, 0, 0, 0, 0, 0, 0, 0], half)) if half.len() == 8 => half,
        _ => id,
    };
    set_id(text, id, 24);
}

/// Sets `text` to the span id: lower-case hex.
pub(super) fn set_span_id(text: &mut String, id: &[u8]) {
    set_id(text, id, 12);
}

/// True for an id that stands for none: empty, or zeros only, as some SDKs send outside of any span.
pub(super) fn is_absent(id: &[u8]) -> bool {
    id.iter().all(|&byte| byte == 0)
}

/// `mistaken_bytes`: the length of an id whose hex text a client took for base64. Encoding it as base64 gives back the hex text.
fn set_id(text: &mut String, id: &[u8], mistaken_bytes: usize) {
    let mut bytes = std::mem::take(text).into_bytes();
    bytes.clear();
    if id.len() == mistaken_bytes {
        *text = STANDARD.encode(id);
        return;
    }
    let digits = |byte: &u8| [hex_digit(byte >> 4), hex_digit(byte & 0xf)];
    bytes.extend(id.iter().flat_map(digits));
    *text = String::from_utf8(bytes).unwrap_or_default();
}

/// The digit of a number below 16.
fn hex_digit(value: u8) -> u8 {
    match value {
        0..10 => b'0'.wrapping_add(value),
        _ => b'a'.wrapping_add(value.wrapping_sub(10)),
    }
}
