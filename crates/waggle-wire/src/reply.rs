//! What a face sends back, as values: no face decides a status or words a message of an ingest protocol itself.

/// One HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status code.
    pub status: u16,
    /// Content type; `None` for an empty body without one.
    pub content_type: Option<&'static str>,
    /// Body bytes.
    pub body: Vec<u8>,
}
