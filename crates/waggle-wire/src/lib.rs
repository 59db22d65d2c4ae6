//! Wire protocols: bytes to model and back.
//!
//! What comes in: the bytes of one request, the facts the face took from its headers, and the limits on one event. What goes out:
//! [`waggle_model::EventBatch`]es with the rows in the order sent, a reason for every row refused, and replies as plain status, content
//! type and body.
//! What this crate never does: open sockets, read clocks or the environment, look up keys or datasets, or panic on what a stranger sent.
#![warn(missing_docs)]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::string_slice,
        clippy::cast_lossless,
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss
    )
)]

mod content_type;
mod decompress;
pub mod honeycomb;
mod json;
pub mod kinesis;
mod msgpack;
pub mod otlp;
mod receiver;
mod reply;
mod row;
mod text;
mod token;
pub mod xray;

pub use content_type::media_type;
pub use decompress::{ContentEncoding, DecompressError, decompress};
pub use receiver::{RECEIVERS, Receiver};
pub use reply::Reply;

#[cfg(test)]
mod cases;
#[cfg(test)]
mod robustness;
