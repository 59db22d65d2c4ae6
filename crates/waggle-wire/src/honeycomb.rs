//! Honeycomb's own ingest: one event per request (`/1/events`) and many (`/1/batch`), as JSON or msgpack.
//! Source: spec/honeycomb-api.md section 4.

mod batch;
mod event;
mod key;
mod path;
mod reply;
mod time;
mod value;

pub use batch::{DecodedBatch, decode_batch};
pub use event::{EventHeaders, decode_event};
pub use key::is_classic_key;
pub use path::dataset_name_from_path;
pub(crate) use reply::reject_text;
pub use reply::{batch_reply, error_reply, event_reply};
pub(crate) use time::{from_token as time_from_token, time_text};
pub(crate) use value::{read_fields, read_value, sample_rate_from_float, sample_rate_from_text};

use crate::json::JsonReader;
use crate::msgpack::MsgpackReader;
use crate::token::{DEPTH_READ_MAX, Malformed, Reader, Token};
use crate::{DecompressError, media_type};
use waggle_model::{EventLimits, RejectReason};

/// What a decoder needs to know besides the bytes.
#[derive(Clone, Copy, Debug)]
pub struct EventOptions<'a> {
    /// Limits on one event.
    pub limits: &'a EventLimits,
    /// Time of receipt, nanoseconds since the Unix epoch: the time of an event that does not say its own.
    pub now_ns: i64,
    /// How many levels of nested maps become dotted names instead of JSON text; the dataset's setting, 0 to 10.
    pub expand_json_depth: u8,
}

/// How a body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON.
    Json,
    /// msgpack.
    Msgpack,
    /// Not said, or a name that says nothing: the first byte tells.
    Sniff,
}

/// Why a whole request, or the one event of `/1/events`, was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoneycombError {
    /// There is no body.
    #[error("Request body should not be empty.")]
    Empty,
    /// The body is not what its content type or encoding says.
    #[error("Request body is malformed and cannot be read.")]
    Malformed,
    /// The body is longer than allowed; the client should send less at once.
    #[error("Request body is too large.")]
    TooLarge,
    /// There is no key, or nobody knows it.
    #[error("unknown API key - check your credentials")]
    UnknownKey,
    /// The key may not send events.
    #[error("this API key does not have permission to send events")]
    Forbidden,
    /// The path names no dataset that could take events.
    #[error("dataset not found")]
    UnknownDataset,
    /// The key has sent more events than it may for now; the client should send again after a pause.
    #[error("Request dropped due to rate limiting.")]
    RateLimited,
    /// The store can't keep up; the client should send again after a pause.
    #[error("Request dropped due to rate limiting.")]
    Busy,
    /// The store is stopping; the client should send again.
    #[error("the server is not taking in events, try again later")]
    Unavailable,
    /// The event broke a limit on events.
    #[error("{}", reply::reject_text(*.0))]
    Refused(RejectReason),
}

impl Format {
    /// Reads a `Content-Type` header. Unknown types are sniffed: curl calls everything a form.
    pub fn from_content_type(header: Option<&str>) -> Self {
        let media_type = media_type(header.unwrap_or_default());
        if media_type.eq_ignore_ascii_case("application/json") {
            Self::Json
        } else if media_type.eq_ignore_ascii_case("application/msgpack")
            || media_type.eq_ignore_ascii_case("application/x-msgpack")
        {
            Self::Msgpack
        } else {
            Self::Sniff
        }
    }

    /// Decides by the first byte: every msgpack map and array starts at 0x80 or above, every JSON document below.
    fn is_msgpack(self, body: &[u8]) -> bool {
        match self {
            Self::Json => false,
            Self::Msgpack => true,
            Self::Sniff => body.first().is_some_and(|&byte| byte >= 0x80),
        }
    }
}

impl From<DecompressError> for HoneycombError {
    fn from(error: DecompressError) -> Self {
        match error {
            DecompressError::TooLarge => Self::TooLarge,
            DecompressError::Malformed(_) => Self::Malformed,
        }
    }
}

impl From<Malformed> for HoneycombError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// Runs one of the two readers over `body`.
trait Decode {
    type Output;

    fn decode<R: Reader>(self, reader: &mut R) -> Result<Self::Output, HoneycombError>;

    fn run(self, format: Format, body: &[u8]) -> Result<Self::Output, HoneycombError>
    where
        Self: Sized,
    {
        if body.trim_ascii().is_empty() {
            return Err(HoneycombError::Empty);
        }
        if format.is_msgpack(body) {
            self.decode(&mut MsgpackReader::new(body, DEPTH_READ_MAX))
        } else {
            self.decode(&mut JsonReader::new(body, DEPTH_READ_MAX))
        }
    }
}

/// Reads the opening token of the whole document.
fn expect(reader: &mut impl Reader, token: &Token<'static>) -> Result<(), HoneycombError> {
    if reader.next()? == *token {
        Ok(())
    } else {
        Err(HoneycombError::Malformed)
    }
}
