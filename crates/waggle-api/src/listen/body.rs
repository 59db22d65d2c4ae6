//! Request bodies, never larger than allowed: capped as they arrive and capped again as they are decompressed.

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use waggle_wire::{ContentEncoding, DecompressError};

/// How many times its limit an oversized body may be before the connection is given up instead of read to its end.
///
/// A client that is still sending does not read: answering at once and closing would show it a broken pipe instead of our words.
const DRAIN_FACTOR: usize = 4;

/// Why there is no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// Longer than allowed.
    TooLarge,
    /// The client went away, or broke the protocol.
    Interrupted,
}

/// Reads a body of at most `bytes_max` bytes.
pub(crate) async fn collect(mut body: Body, bytes_max: usize) -> Result<Bytes, BodyError> {
    // What the client says comes; memory for more than this much is only taken when it is there.
    const EXPECTED_MAX: u64 = 4 << 20;
    let expected = usize::try_from(body.size_hint().lower().min(EXPECTED_MAX)).unwrap_or(0);
    let mut first = Bytes::new();
    let mut rest: Option<BytesMut> = None;
    let mut total: usize = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| BodyError::Interrupted)?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        total = total.saturating_add(data.len());
        if total > bytes_max {
            drain(body, bytes_max.saturating_mul(DRAIN_FACTOR)).await;
            return Err(BodyError::TooLarge);
        }
        match &mut rest {
            Some(rest) => rest.extend_from_slice(&data),
            // Most bodies arrive in one frame, which is then handed on without a copy.
            None if first.is_empty() => first = data,
            None => {
                let capacity = total.saturating_mul(2).max(expected).min(bytes_max);
                let mut joined = BytesMut::with_capacity(capacity);
                joined.extend_from_slice(&first);
                joined.extend_from_slice(&data);
                rest = Some(joined);
            }
        }
    }
    Ok(rest.map_or(first, BytesMut::freeze))
}

async fn drain(mut body: Body, bytes_max: usize) {
    let mut total: usize = 0;
    while let Some(Ok(frame)) = body.frame().await {
        total = total.saturating_add(frame.data_ref().map_or(0, Bytes::len));
        if total > bytes_max {
            return;
        }
    }
}

/// The encoding the client says the body has.
pub(crate) fn content_encoding(headers: &HeaderMap) -> ContentEncoding {
    ContentEncoding::from_header(header_text(headers, &header::CONTENT_ENCODING))
}

/// Undoes the encoding without copying a body that has none.
pub(crate) fn decompress(
    encoding: ContentEncoding,
    body: Bytes,
    bytes_max: usize,
) -> Result<Bytes, DecompressError> {
    match waggle_wire::decompress(encoding, &body, bytes_max)? {
        std::borrow::Cow::Borrowed(_) => Ok(body),
        std::borrow::Cow::Owned(decompressed) => Ok(decompressed.into()),
    }
}

/// True when decompressing and decoding so many bytes would hold up other requests on this thread.
pub(crate) fn is_large(encoding: ContentEncoding, bytes: usize, offload_bytes_min: usize) -> bool {
    /// What telemetry usually shrinks by.
    const RATIO: usize = 12;
    let expected = match encoding {
        ContentEncoding::Gzip | ContentEncoding::Zstd => bytes.saturating_mul(RATIO),
        ContentEncoding::Identity | ContentEncoding::Unknown => bytes,
    };
    expected >= offload_bytes_min
}

/// Runs `work` here or, when `is_large`, on a blocking thread. A panic there goes on here, into the request's fence.
pub(crate) async fn run<T: Send + 'static>(
    is_large: bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    if !is_large {
        return work();
    }
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The task is never aborted, so only a runtime that is shutting down ends up here.
            Err(_) => std::future::pending().await,
        },
    }
}

/// A body of two parts, neither of which is copied.
pub(crate) fn joined(head: Bytes, rest: Bytes) -> Body {
    Body::new(Joined([head, rest]))
}

/// What is still to be sent.
struct Joined([Bytes; 2]);

impl HttpBody for Joined {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let part = self.0.iter_mut().find(|part| !part.is_empty());
        Poll::Ready(part.map(|part| Ok(Frame::data(std::mem::take(part)))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.iter().all(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|part| part.len() as u64).sum())
    }
}

/// A header as text; `None` when absent or not visible ASCII.
pub(crate) fn header_text<'a>(
    headers: &'a HeaderMap,
    name: &axum::http::HeaderName,
) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests;
