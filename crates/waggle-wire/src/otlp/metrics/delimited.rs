//! Requests one after another, each behind its length, as AWS metric streams write them.

use super::decode_metrics;
use crate::otlp::protobuf::Message;
use crate::otlp::{Decoded, Encoding, OtlpHeaders};
use waggle_model::EventLimits;

/// Decodes requests that lie one after another, as one. `None` where the bytes are no such requests.
pub(crate) fn decode_delimited_metrics(
    bytes: &[u8],
    headers: &OtlpHeaders<'_>,
    limits: &EventLimits,
    now_ns: i64,
) -> Option<Decoded> {
    /// The key of a request's only field.
    const ENTRIES: u8 = 0x0a;
    let mut requests = Message::new(bytes, 0);
    // One message behind another is one with the fields of both.
    let mut joined = Vec::with_capacity(bytes.len());
    while !requests.rest().is_empty() {
        let request = requests.bytes().ok()?;
        if request.first().is_some_and(|&key| key != ENTRIES) {
            return None;
        }
        joined.extend_from_slice(request);
    }
    decode_metrics(&joined, Encoding::Protobuf, headers, limits, now_ns).ok()
}
