//! The shape JSON and msgpack share: a stream of tokens. Everything above it (events, batches, values, OTLP/JSON) is written once and
//! reads both, without building a tree of the input first.

/// One step of a document. After [`Token::Map`] keys and values alternate until [`Token::End`]; after [`Token::Array`] values follow
/// until [`Token::End`].
#[derive(Debug, PartialEq)]
pub(crate) enum Token<'t> {
    Null,
    Bool(bool),
    /// An integer that fits; larger ones arrive as floats.
    Int(i64),
    Float(f64),
    Text(&'t str),
    /// msgpack only.
    Bytes(&'t [u8]),
    /// A msgpack timestamp, nanoseconds since the Unix epoch, clamped to what an `i64` holds.
    Time(i64),
    /// A msgpack extension that is not a timestamp.
    Unknown,
    Array,
    Map,
    End,
}

/// The input is not a document of its format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {offset}")]
pub(crate) struct Malformed {
    pub(crate) what: &'static str,
    pub(crate) offset: usize,
}

impl Malformed {
    /// What is wrong with input that opens more containers at once than its reader allows.
    pub(crate) const TOO_DEEP: &str = "too deeply nested";

    pub(crate) fn is_too_deep(self) -> bool {
        self.what == Self::TOO_DEEP
    }
}

/// Most containers open at once in an event, or in a request that is one document. Deeper input is malformed: no client means it.
pub(crate) const DEPTH_MAX: usize = 200;

/// Most containers open at once in a request of many events, so that a deeper one loses itself only: beyond, memory per level would
/// no longer be bounded.
pub(crate) const DEPTH_READ_MAX: usize = 100_000;

/// A source of tokens.
pub(crate) trait Reader {
    /// Reads one token. Must not be called again after an error, nor after the end of the outermost value.
    fn next(&mut self) -> Result<Token<'_>, Malformed>;

    /// Most containers that were open at once since the last call.
    fn take_deepest(&mut self) -> usize;

    /// Checks that nothing follows the outermost value.
    fn finish(&mut self) -> Result<(), Malformed>;

    /// Makes an error that points at the place reached.
    fn malformed(&self, what: &'static str) -> Malformed;

    /// Reads past one whole value.
    fn skip_value(&mut self) -> Result<(), Malformed> {
        match self.next()? {
            Token::Array | Token::Map => self.skip_container(),
            _ => Ok(()),
        }
    }

    /// Reads past the rest of the innermost open container.
    fn skip_container(&mut self) -> Result<(), Malformed> {
        let mut depth = 1_usize;
        while depth > 0 {
            match self.next()? {
                Token::Array | Token::Map => depth = depth.saturating_add(1),
                Token::End => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        Ok(())
    }
}
