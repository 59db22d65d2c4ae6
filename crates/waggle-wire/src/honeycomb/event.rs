//! `/1/events`: the body is the event, its time and sample rate are headers.

use super::value::{read_fields, sample_rate_from_text};
use super::{Decode, EventOptions, Format, HoneycombError, expect, time};
use crate::row::Row;
use crate::token::{DEPTH_MAX, Reader, Token};
use waggle_model::{EventBatch, RejectReason};

/// What `/1/events` says about its event outside the body.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventHeaders<'a> {
    /// `X-Honeycomb-Event-Time`.
    pub time: Option<&'a str>,
    /// `X-Honeycomb-Samplerate`.
    pub sample_rate: Option<&'a str>,
}

/// Decodes the one event of a decompressed body into a batch of one row.
///
/// # Errors
/// The reason the event is refused; [`error_reply`](super::error_reply) is the answer.
pub fn decode_event(
    dataset: impl Into<String>,
    body: &[u8],
    format: Format,
    headers: EventHeaders<'_>,
    options: &EventOptions<'_>,
) -> Result<EventBatch, HoneycombError> {
    if body.len() > options.limits.event_bytes_max {
        return Err(HoneycombError::TooLarge);
    }
    let mut batch = EventBatch::new(dataset);
    let decode = DecodeEvent {
        batch: &mut batch,
        headers,
        options,
    };
    decode.run(format, body)?;
    Ok(batch)
}

struct DecodeEvent<'a> {
    batch: &'a mut EventBatch,
    headers: EventHeaders<'a>,
    options: &'a EventOptions<'a>,
}

impl Decode for DecodeEvent<'_> {
    type Output = ();

    fn decode<R: Reader>(self, reader: &mut R) -> Result<(), HoneycombError> {
        expect(reader, &Token::Map)?;
        let options = self.options;
        let mut row = Row::begin(self.batch, options.limits);
        let mut name = String::new();
        let count = read_fields(reader, &mut row, &mut name, options.expand_json_depth)?;
        reader.finish()?;
        if reader.take_deepest() > DEPTH_MAX {
            return Err(HoneycombError::Malformed);
        }
        if count == 0 {
            row.refuse(RejectReason::Empty);
        }
        let time_ns = self.headers.time.and_then(time::from_text);
        let sample_rate = self.headers.sample_rate.map_or(1, sample_rate_from_text);
        row.end(time_ns.unwrap_or(options.now_ns), sample_rate)
            .map(|_| ())
            .map_err(HoneycombError::Refused)
    }
}
