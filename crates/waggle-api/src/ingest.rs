//! Events coming in: key, body, decode, append, answer, in each protocol's own order and words. The words are in `waggle-wire`.

pub(crate) mod admit;
pub(crate) mod depth;
pub(crate) mod events;
pub(crate) mod kinesis;
pub(crate) mod otlp;
pub(crate) mod segment;
