//! `/1/batch`: an array of events, each of which is taken or refused alone.

use super::value::{read_fields, sample_rate};
use super::{Decode, EventOptions, Format, HoneycombError, expect, time};
use crate::row::Row;
use crate::token::{DEPTH_MAX, Malformed, Reader, Token};
use waggle_model::{EventBatch, EventLimits, RejectReason};

/// A decoded `/1/batch` request.
#[derive(Clone, Debug)]
pub struct DecodedBatch {
    /// The rows of the entries that were taken.
    pub batch: EventBatch,
    /// For each entry of the request, in order, its row in `batch` or why it has none.
    pub entries: Vec<Result<usize, RejectReason>>,
}

/// Decodes a decompressed body.
///
/// # Errors
/// Only for what is wrong with the request as a whole; what is wrong with an entry is in [`DecodedBatch::entries`].
pub fn decode_batch(
    dataset: impl Into<String>,
    body: &[u8],
    format: Format,
    options: &EventOptions<'_>,
) -> Result<DecodedBatch, HoneycombError> {
    let decode = DecodeBatch {
        batch: EventBatch::new(dataset),
        options,
    };
    decode.run(format, body)
}

struct DecodeBatch<'a> {
    batch: EventBatch,
    options: &'a EventOptions<'a>,
}

impl Decode for DecodeBatch<'_> {
    type Output = DecodedBatch;

    fn decode<R: Reader>(mut self, reader: &mut R) -> Result<DecodedBatch, HoneycombError> {
        expect(reader, &Token::Array)?;
        let mut entries = Vec::new();
        let mut name = String::new();
        loop {
            let entry = match reader.next()? {
                Token::End => break,
                Token::Map => read_entry(reader, &mut self.batch, self.options, &mut name)?,
                Token::Array => {
                    reader.skip_container()?;
                    reader.take_deepest();
                    Err(RejectReason::Malformed)
                }
                _ => Err(RejectReason::Malformed),
            };
            entries.push(entry);
        }
        reader.finish()?;
        Ok(DecodedBatch {
            batch: self.batch,
            entries,
        })
    }
}

/// Reads one entry, whose opening token has been read.
fn read_entry<R: Reader>(
    reader: &mut R,
    batch: &mut EventBatch,
    options: &EventOptions<'_>,
    name: &mut String,
) -> Result<Result<usize, RejectReason>, Malformed> {
    let limits: &EventLimits = options.limits;
    let mut row = Row::begin(batch, limits);
    let mut time_ns = None;
    let mut rate = 1;
    let mut has_data = false;
    loop {
        let member = match reader.next()? {
            Token::End => break,
            Token::Text("data") if !has_data => Member::Data,
            Token::Text("time") => Member::Time,
            Token::Text("samplerate") => Member::SampleRate,
            Token::Array | Token::Map => {
                reader.skip_container()?;
                Member::Other
            }
            _ => Member::Other,
        };
        match member {
            Member::Other => reader.skip_value()?,
            Member::Data => {
                has_data = read_data(reader, &mut row, options, name)?;
            }
            Member::Time => {
                let token = reader.next()?;
                let is_container = matches!(token, Token::Array | Token::Map);
                time_ns = time::from_token(&token);
                if is_container {
                    reader.skip_container()?;
                }
            }
            Member::SampleRate => {
                let token = reader.next()?;
                let is_container = matches!(token, Token::Array | Token::Map);
                rate = sample_rate(&token);
                if is_container {
                    reader.skip_container()?;
                }
            }
        }
    }
    if reader.take_deepest() > DEPTH_MAX {
        row.refuse(RejectReason::Malformed);
    }
    if !has_data {
        row.refuse(RejectReason::Empty);
    }
    Ok(row.end(time_ns.unwrap_or(options.now_ns), rate))
}

enum Member {
    Data,
    Time,
    SampleRate,
    Other,
}

/// Reads the value of `data`; false when there is nothing in it.
fn read_data(
    reader: &mut impl Reader,
    row: &mut Row<'_>,
    options: &EventOptions<'_>,
    name: &mut String,
) -> Result<bool, Malformed> {
    match reader.next()? {
        Token::Map => Ok(read_fields(reader, row, name, options.expand_json_depth)? > 0),
        Token::Null => Ok(false),
        token => {
            if token == Token::Array {
                reader.skip_container()?;
            }
            row.refuse(RejectReason::Malformed);
            Ok(true)
        }
    }
}
