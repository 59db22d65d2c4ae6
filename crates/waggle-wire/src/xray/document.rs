//! One document: its bytes as they came, and what they say, checked once. Source: spec/xray.md sections 2 and 2.8.
//!
//! A broken document is refused alone, never the batch it came in; a broken embedded subsegment is left out of the walk, and its parent
//! stays. What is merely odd (an end before the start, unknown namespaces, names outside X-Ray's alphabet) is kept.

use super::entity::Entity;
use super::id::{EntityId, TraceId};
use super::tree::{Json, Object};
use crate::json::JsonReader;
use crate::row::cut;
use crate::token::{Reader as _, Token};
use std::fmt;

/// Most bytes of one document. Source: spec/xray.md section 2.
pub const DOCUMENT_BYTES_MAX: usize = 65_536;

/// Most containers open at once in a document. Source: spec/xray.md section 2.8.
pub const DEPTH_MAX: usize = 64;

/// Most documents of one array: a few bytes each would otherwise make a datagram tens of thousands of documents.
const ARRAY_DOCUMENTS_MAX: usize = 1_000;

/// Most bytes of an id that is repeated in a refusal.
const ID_BYTES_MAX: usize = 64;

/// The byte order mark that some editors write at the start of UTF-8 text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A document that can be stored.
#[derive(Clone, Debug)]
pub struct Document {
    text: Box<str>,
    root: Object,
    trace_id: TraceId,
    dropped_count: usize,
}

/// Why a document was refused. Shown as the message X-Ray's clients know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid segment. ErrorCode: {code}")]
pub struct Rejected {
    /// What is wrong.
    pub code: RejectCode,
    /// The document's id as sent, where one could be read.
    pub id: Option<String>,
}

/// What is wrong with a document. Source: spec/xray.md section 2.8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectCode {
    /// Not UTF-8, not JSON, or not an object.
    ParseError,
    /// No `id`.
    MissingId,
    /// `id` is not 16 hex digits.
    InvalidId,
    /// No `name`, an empty one, or one that is not text.
    MissingName,
    /// `trace_id` is missing or none.
    InvalidTraceId,
    /// `start_time` is not a finite number.
    MissingStartTime,
    /// Neither `end_time` nor `in_progress: true`.
    MissingEndTime,
    /// A subsegment sent alone without `parent_id`.
    MissingParentId,
    /// More bytes than [`DOCUMENT_BYTES_MAX`].
    SegmentTooLarge,
    /// Nested too deeply, or a time beyond the year 2262; also the answer to a trace over its limit.
    InvalidSegment,
}

impl Document {
    /// Reads one document.
    ///
    /// # Errors
    /// [`Rejected`]: this document can't be stored; others of the same request may be.
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejected> {
        let reject = |code| Rejected {
            code,
            id: readable_id(bytes),
        };
        if bytes.len() > DOCUMENT_BYTES_MAX {
            return Err(reject(RejectCode::SegmentTooLarge));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| reject(RejectCode::ParseError))?;
        let json = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let tree = Json::parse(json, DEPTH_MAX).map_err(|malformed| {
            reject(match malformed.is_too_deep() {
                true => RejectCode::InvalidSegment,
                false => RejectCode::ParseError,
            })
        })?;
        let Json::Object(root) = tree else {
            return Err(reject(RejectCode::ParseError));
        };
        let trace_id = check(&root).map_err(reject)?;
        let mut document = Self {
            text: text.into(),
            root,
            trace_id,
            dropped_count: 0,
        };
        document.dropped_count = count_broken(document.entity());
        Ok(document)
    }

    /// The text exactly as it came.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The trace the document belongs to.
    pub fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    /// The document's own entity: a segment, or a subsegment sent alone.
    pub fn entity(&self) -> Entity<'_> {
        Entity::of_document(&self.root)
    }

    /// All entities: the document's own first, then those embedded, each before its children, in the order written.
    pub fn entities(&self) -> impl Iterator<Item = Entity<'_>> {
        let mut open = vec![self.entity()];
        std::iter::from_fn(move || {
            let entity = open.pop()?;
            let children: Vec<_> = entity.subsegments().collect();
            open.extend(children.into_iter().rev());
            Some(entity)
        })
    }

    /// Embedded subsegments that are broken and therefore not among [`entities`](Self::entities). Those inside of them are not counted.
    pub fn dropped_count(&self) -> usize {
        self.dropped_count
    }

    /// The members of the document as written.
    pub fn root(&self) -> &Object {
        &self.root
    }
}

impl RejectCode {
    /// The name in `ErrorCode`.
    pub fn name(self) -> &'static str {
        match self {
            Self::ParseError => "ParseError",
            Self::MissingId => "MissingId",
            Self::InvalidId => "InvalidId",
            Self::MissingName => "MissingName",
            Self::InvalidTraceId => "InvalidTraceId",
            Self::MissingStartTime => "MissingStartTime",
            Self::MissingEndTime => "MissingEndTime",
            Self::MissingParentId => "MissingParentId",
            Self::SegmentTooLarge => "SegmentTooLarge",
            Self::InvalidSegment => "InvalidSegment",
        }
    }
}

impl fmt::Display for RejectCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The documents in what a client sent as one: an array is taken as one document per element, where it lies; anything else as one.
///
/// # Errors
/// [`RejectCode::ParseError`] for an array that is not JSON, [`RejectCode::SegmentTooLarge`] for one of more than 1,000.
pub fn split_documents(bytes: &[u8]) -> Result<Vec<&[u8]>, Rejected> {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if start.trim_ascii_start().first() != Some(&b'[') {
        return Ok(vec![bytes]);
    }
    let parse_error = |_| Rejected {
        code: RejectCode::ParseError,
        id: None,
    };
    // One level more than a document may have: the array itself.
    let mut reader = JsonReader::new(start, DEPTH_MAX.saturating_add(1));
    let mut documents = Vec::new();
    reader.next().map_err(parse_error)?;
    while !reader.at_end() {
        if documents.len() == ARRAY_DOCUMENTS_MAX {
            return Err(Rejected {
                code: RejectCode::SegmentTooLarge,
                id: None,
            });
        }
        let before = reader.rest();
        reader.skip_value().map_err(parse_error)?;
        let length = before.len().saturating_sub(reader.rest().len());
        let element = before.get(..length).unwrap_or_default().trim_ascii_start();
        let element = element.strip_prefix(b",").unwrap_or(element);
        documents.push(element.trim_ascii_start());
    }
    reader.next().map_err(parse_error)?;
    reader.finish().map_err(parse_error)?;
    Ok(documents)
}

/// Checks the document's own entity and returns its trace.
fn check(root: &Object) -> Result<TraceId, RejectCode> {
    check_entity(root)?;
    let trace_id = root
        .str("trace_id")
        .and_then(TraceId::parse)
        .ok_or(RejectCode::InvalidTraceId)?;
    let entity = Entity::of_document(root);
    if entity.is_subsegment() && entity.parent_id().is_none() {
        return Err(RejectCode::MissingParentId);
    }
    Ok(trace_id)
}

/// Checks what every entity must have, in the order in which clients are told.
pub(super) fn check_entity(object: &Object) -> Result<(), RejectCode> {
    match object.get("id") {
        None | Some(Json::Null) => return Err(RejectCode::MissingId),
        Some(id) => id
            .as_str()
            .and_then(EntityId::parse)
            .ok_or(RejectCode::InvalidId)?,
    };
    if object.str("name").is_none_or(str::is_empty) {
        return Err(RejectCode::MissingName);
    }
    check_time(object, "start_time", RejectCode::MissingStartTime)?;
    if object.bool("in_progress") != Some(true) {
        check_time(object, "end_time", RejectCode::MissingEndTime)?;
    }
    Ok(())
}

fn check_time(object: &Object, name: &str, missing: RejectCode) -> Result<(), RejectCode> {
    let time = object.get(name).ok_or(missing)?;
    time.as_f64().ok_or(missing)?;
    super::entity::time_ns(object, name)
        .map(|_| ())
        .ok_or(RejectCode::InvalidSegment)
}

fn count_broken(entity: Entity<'_>) -> usize {
    let mut count = 0_usize;
    let mut open = vec![entity];
    while let Some(entity) = open.pop() {
        let written = entity.object().array("subsegments").len();
        let before = open.len();
        open.extend(entity.subsegments());
        let whole = open.len().saturating_sub(before);
        count = count.saturating_add(written.saturating_sub(whole));
    }
    count
}

/// The id of a document that can't be read as a whole, if it comes before what is wrong.
fn readable_id(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = JsonReader::new(bytes, DEPTH_MAX);
    let Ok(Token::Map) = reader.next() else {
        return None;
    };
    while let Ok(Token::Text(name)) = reader.next() {
        let is_id = name == "id";
        match reader.next().ok()? {
            Token::Text(id) if is_id => return Some(cut(id, ID_BYTES_MAX).to_owned()),
            Token::Array | Token::Map => reader.skip_container().ok()?,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests;
