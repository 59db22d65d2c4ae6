//! What Amazon Data Firehose delivers: records in base64, whose contents tell what they are. Source: spec/honeycomb-api.md section 4.8.
//!
//! A record that can't be read costs itself only: Firehose sends a refused request again as a whole, so that its neighbours would come
//! twice.

mod log;
mod reply;

pub use reply::{KinesisError, KinesisOutcome, kinesis_reply};

use crate::honeycomb::{EventOptions, read_fields, time_from_token};
use crate::json::JsonReader;
use crate::otlp::{OtlpHeaders, decode_delimited_metrics};
use crate::row::Row;
use crate::token::{DEPTH_MAX, DEPTH_READ_MAX, Malformed, Reader, Token};
use crate::{ContentEncoding, DecompressError, decompress};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use log::{LogGroup, read_log_events};
use std::collections::BTreeMap;
use waggle_model::{EventBatch, MetricType, RejectReason};

/// The events of one delivery.
#[derive(Clone, Debug, Default)]
pub struct DecodedRecords {
    /// One batch for logs and plain JSON, and one for each record of metrics.
    pub batches: Vec<EventBatch>,
    /// Of metrics: how many data points each row of each batch is made of; batches without metrics come last and have none here.
    pub points: Vec<Vec<usize>>,
    /// Why events, or records as a whole, were refused.
    pub refused: Vec<RejectReason>,
    /// What kind each metric is, by name.
    pub metrics: BTreeMap<String, MetricType>,
}

/// Decodes the decompressed body of one delivery. No record may decompress to more than `bytes_max` bytes, nor all of them to more than
/// `all_bytes_max`: logs come compressed within their records, about ten to one.
///
/// # Errors
/// [`KinesisError::Malformed`] for a body that is no delivery; what is wrong with a record is in [`DecodedRecords::refused`].
pub fn decode_records(
    dataset: &str,
    body: &[u8],
    bytes_max: usize,
    all_bytes_max: usize,
    options: &EventOptions<'_>,
) -> Result<DecodedRecords, KinesisError> {
    let mut records = Records {
        dataset,
        options,
        bytes_max,
        bytes_left: all_bytes_max,
        events: EventBatch::new(dataset),
        decoded: DecodedRecords::default(),
        name: String::new(),
    };
    records.read(&mut JsonReader::new(body, DEPTH_MAX))?;
    let mut decoded = records.decoded;
    if !records.events.is_empty() {
        decoded.batches.push(records.events);
    }
    Ok(decoded)
}

struct Records<'a> {
    dataset: &'a str,
    options: &'a EventOptions<'a>,
    bytes_max: usize,
    bytes_left: usize,
    events: EventBatch,
    decoded: DecodedRecords,
    name: String,
}

impl Records<'_> {
    fn read(&mut self, reader: &mut JsonReader<'_>) -> Result<(), Malformed> {
        if reader.next()? != Token::Map {
            return Err(reader.malformed("expected an object"));
        }
        let mut has_records = false;
        loop {
            match reader.next()? {
                Token::End => break,
                Token::Text("records") if !has_records => {
                    has_records = true;
                    self.read_list(reader)?;
                }
                _ => reader.skip_value()?,
            }
        }
        if !has_records {
            return Err(reader.malformed("expected records"));
        }
        reader.finish()
    }

    fn read_list(&mut self, reader: &mut JsonReader<'_>) -> Result<(), Malformed> {
        if reader.next()? != Token::Array {
            return Err(reader.malformed("expected an array"));
        }
        loop {
            let is_record = match reader.next()? {
                Token::End => return Ok(()),
                Token::Map => true,
                Token::Array => {
                    reader.skip_container()?;
                    false
                }
                _ => false,
            };
            let data = if is_record { read_data(reader)? } else { None };
            let taken = match data {
                Some(data) => self.take(&data),
                None => Err(RejectReason::Malformed),
            };
            self.decoded.refused.extend(taken.err());
        }
    }

    fn take(&mut self, data: &[u8]) -> Result<(), RejectReason> {
        const GZIP: &[u8] = &[0x1f, 0x8b];
        let encoding = match data.starts_with(GZIP) {
            true => ContentEncoding::Gzip,
            false => ContentEncoding::Identity,
        };
        let bytes_max = self.bytes_max.min(self.bytes_left);
        let content = decompress(encoding, data, bytes_max).map_err(|error| match error {
            DecompressError::TooLarge => RejectReason::TooLarge,
            DecompressError::Malformed(_) => RejectReason::Malformed,
        })?;
        self.bytes_left = self.bytes_left.saturating_sub(content.len());
        if content.trim_ascii().is_empty() {
            return Err(RejectReason::Empty);
        }
        let headers = OtlpHeaders {
            classic_key: false,
            dataset: Some(self.dataset),
        };
        let EventOptions { limits, now_ns, .. } = *self.options;
        if let Some(mut metrics) = decode_delimited_metrics(&content, &headers, limits, now_ns) {
            let refused = metrics.refusals.iter().map(|refusal| refusal.reason);
            self.decoded.refused.extend(refused);
            for batch in metrics.batches {
                // The points of a request are all of its one batch.
                self.decoded
                    .points
                    .push(std::mem::take(&mut metrics.points));
                self.decoded.batches.push(batch);
            }
            self.decoded.metrics.extend(metrics.metrics);
            return Ok(());
        }
        self.take_documents(&content)
    }

    /// JSON documents, one after another.
    fn take_documents(&mut self, content: &[u8]) -> Result<(), RejectReason> {
        let mut rest = content.trim_ascii();
        while !rest.is_empty() {
            let mut reader = JsonReader::new(rest, DEPTH_READ_MAX);
            reader.skip_value()?;
            let after = reader.rest();
            let bytes = rest.len().saturating_sub(after.len());
            let document = rest.get(..bytes).unwrap_or_default();
            let is_deep = reader.take_deepest() > DEPTH_MAX;
            let taken = match is_deep {
                true => Err(RejectReason::Malformed),
                false => self.take_document(document),
            };
            self.decoded.refused.extend(taken.err());
            rest = after.trim_ascii_start();
        }
        Ok(())
    }

    fn take_document(&mut self, document: &[u8]) -> Result<(), RejectReason> {
        let (group, time_ns) = scan(document)?;
        let mut reader = JsonReader::new(document, DEPTH_MAX);
        match group {
            Some(group) => {
                let (events, name) = (&mut self.events, &mut self.name);
                let refused = read_log_events(&mut reader, &group, events, name, self.options)?;
                self.decoded.refused.extend(refused);
                Ok(())
            }
            None => {
                reader.next()?;
                let mut row = Row::begin(&mut self.events, self.options.limits);
                let depth = self.options.expand_json_depth;
                // The document was read once already, so that no row is left open here.
                let count = read_fields(&mut reader, &mut row, &mut self.name, depth).unwrap_or(0);
                if count == 0 {
                    row.refuse(RejectReason::Empty);
                }
                row.end(time_ns.unwrap_or(self.options.now_ns), 1).map(drop)
            }
        }
    }
}

impl From<Malformed> for RejectReason {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// The bytes of a record whose opening token has been read; `None` where it has none.
fn read_data(reader: &mut JsonReader<'_>) -> Result<Option<Vec<u8>>, Malformed> {
    let mut data = None;
    loop {
        match reader.next()? {
            Token::End => return Ok(data),
            Token::Text("data") => {}
            _ => {
                reader.skip_value()?;
                continue;
            }
        }
        match reader.next()? {
            Token::Text(text) => data = STANDARD.decode(text).ok(),
            Token::Array | Token::Map => reader.skip_container()?,
            _ => {}
        }
    }
}

/// Looks through a document: what it says of a log group if it is a subscription record of CloudWatch Logs, and which time it says.
fn scan(document: &[u8]) -> Result<(Option<LogGroup>, Option<i64>), Malformed> {
    let mut reader = JsonReader::new(document, DEPTH_MAX);
    if reader.next()? != Token::Map {
        return Err(reader.malformed("expected an object"));
    }
    let mut group = LogGroup::default();
    let (mut has_events, mut timestamp_ns, mut time_ns) = (false, None, None);
    loop {
        let text = match reader.next()? {
            Token::End => break,
            Token::Text("messageType") => &mut group.message_type,
            Token::Text("owner") => &mut group.owner,
            Token::Text("logGroup") => &mut group.name,
            Token::Text("logStream") => &mut group.stream,
            Token::Text("logEvents") => {
                let token = reader.next()?;
                has_events = token == Token::Array;
                if matches!(token, Token::Array | Token::Map) {
                    reader.skip_container()?;
                }
                continue;
            }
            Token::Text(name @ ("timestamp" | "time")) => {
                let place = match name {
                    "timestamp" => &mut timestamp_ns,
                    _ => &mut time_ns,
                };
                let token = reader.next()?;
                let is_container = matches!(token, Token::Array | Token::Map);
                *place = time_from_token(&token);
                if is_container {
                    reader.skip_container()?;
                }
                continue;
            }
            _ => {
                reader.skip_value()?;
                continue;
            }
        };
        match reader.next()? {
            Token::Text(value) => value.clone_into(text),
            Token::Array | Token::Map => reader.skip_container()?,
            _ => {}
        }
    }
    let is_group = has_events && !group.message_type.is_empty();
    Ok((is_group.then_some(group), timestamp_ns.or(time_ns)))
}
