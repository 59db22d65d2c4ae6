//! How many spans or records one of them stands for. Source: spec/honeycomb-api.md section 6.5.

use super::view::{Attribute, Value};
use crate::honeycomb::{sample_rate_from_float, sample_rate_from_text};

/// True for an attribute that says the sample rate and so is no column.
pub(super) fn is_rate(attribute: &Attribute<'_>) -> bool {
    matches!(attribute.key.as_bytes(), b"sampleRate" | b"SampleRate")
}

/// The rates that a list of attributes says, and how: `sampleRate` in any list beats `SampleRate` in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rates {
    lower: Option<u32>,
    upper: Option<u32>,
}

impl Rates {
    pub(super) fn of(attributes: &[Attribute<'_>]) -> Self {
        let mut rates = Self::default();
        for attribute in attributes.iter().filter(|attribute| is_rate(attribute)) {
            if matches!(attribute.value, Value::Unset) {
                continue;
            }
            let place = match attribute.key.as_bytes() {
                b"sampleRate" => &mut rates.lower,
                _ => &mut rates.upper,
            };
            place.get_or_insert_with(|| from_value(&attribute.value));
        }
        rates
    }

    /// These, and where they say nothing those of a list that comes later.
    pub(super) fn or(self, later: Self) -> Self {
        Self {
            lower: self.lower.or(later.lower),
            upper: self.upper.or(later.upper),
        }
    }

    pub(super) fn rate(self) -> Option<u32> {
        self.lower.or(self.upper)
    }
}

/// The rate that a span's tracestate says. A count that is not whole is rounded up for as many spans as its fraction says; `id` is what
/// decides for one span, so that a request sent twice gets the same answer.
pub(super) fn from_trace_state(trace_state: &str, id: &[u8]) -> Option<u32> {
    if trace_state.is_empty() {
        return None;
    }
    let threshold = match threshold_text(trace_state) {
        Some(threshold) => threshold,
        None => trace_state
            .split(';')
            .find_map(|item| item.trim().strip_prefix("th="))?,
    };
    Some(rounded(adjusted_count(threshold)?, id))
}

fn from_value(value: &Value<'_>) -> u32 {
    match value {
        Value::String(text) => sample_rate_from_text(text.as_str()),
        #[expect(
            clippy::cast_precision_loss,
            reason = "integers a float can't hold exactly lie far above the largest rate"
        )]
        Value::Int(rate) => sample_rate_from_float(*rate as f64),
        Value::Float(rate) => sample_rate_from_float(*rate),
        _ => 1,
    }
}

/// The threshold of the first `ot` member.
fn threshold_text(trace_state: &str) -> Option<&str> {
    trace_state
        .split(',')
        .find_map(|member| member.trim().strip_prefix("ot="))?
        .split(';')
        .find_map(|item| item.trim().strip_prefix("th:"))
}

/// 2^56 / (2^56 - T), where T is up to 14 hex digits, filled up with zeros on the right.
fn adjusted_count(threshold: &str) -> Option<f64> {
    const DIGITS: usize = 14;
    let is_hex = threshold.bytes().all(|byte| byte.is_ascii_hexdigit());
    if threshold.is_empty() || threshold.len() > DIGITS || !is_hex {
        return None;
    }
    let padded = format!("{threshold:0<DIGITS$}");
    let threshold = u64::from_str_radix(&padded, 16).ok()?;
    let whole = 1_u64 << 56;
    #[expect(
        clippy::cast_precision_loss,
        reason = "the quotient needs no more digits than a float has"
    )]
    let count = whole as f64 / whole.saturating_sub(threshold) as f64;
    Some(count)
}

fn rounded(count: f64, id: &[u8]) -> u32 {
    let floor = count.floor();
    let is_up = count <= 100.0 && count - floor > fraction_of(id);
    sample_rate_from_float(if is_up { floor + 1.0 } else { floor })
}

/// A number in 0..1, evenly spread over ids.
fn fraction_of(id: &[u8]) -> f64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for &byte in id {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^= state >> 31;
    #[expect(
        clippy::cast_precision_loss,
        reason = "53 bits and a power of two fit a float exactly"
    )]
    let fraction = (state >> 11) as f64 / (1_u64 << 53) as f64;
    fraction
}

#[cfg(test)]
mod tests;
