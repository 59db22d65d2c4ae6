//! Content encodings, undone with a cap on the output, so that a few kilobytes sent can never become gigabytes held.

use std::borrow::Cow;
use std::io::{ErrorKind, Read};

/// The content encoding of a request body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentEncoding {
    /// The body is as it is.
    Identity,
    /// gzip, one or more members.
    Gzip,
    /// zstd, one or more frames.
    Zstd,
    /// A name nobody here knows. The body is taken as it is: clients send made-up names with plain bodies.
    Unknown,
}

/// Why a body could not be decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecompressError {
    /// The body, decompressed, is longer than allowed; the client should send less at once.
    #[error("request body is too large")]
    TooLarge,
    /// The body is not what its encoding says, or stops early.
    #[error("invalid {0} data")]
    Malformed(&'static str),
}

impl ContentEncoding {
    /// Reads a `Content-Encoding` header; an absent or empty one is [`ContentEncoding::Identity`].
    pub fn from_header(header: Option<&str>) -> Self {
        let name = header.unwrap_or_default().trim();
        if name.is_empty() || name.eq_ignore_ascii_case("identity") {
            Self::Identity
        } else if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            Self::Gzip
        } else if name.eq_ignore_ascii_case("zstd") {
            Self::Zstd
        } else {
            Self::Unknown
        }
    }
}

/// Undoes `encoding`. The output is at most `bytes_max` bytes, and no more than that is ever allocated for it.
///
/// # Errors
/// [`DecompressError::TooLarge`] for a longer body, compressed or not; [`DecompressError::Malformed`] for a broken or truncated one.
pub fn decompress(
    encoding: ContentEncoding,
    body: &[u8],
    bytes_max: usize,
) -> Result<Cow<'_, [u8]>, DecompressError> {
    match encoding {
        ContentEncoding::Identity | ContentEncoding::Unknown if body.len() > bytes_max => {
            Err(DecompressError::TooLarge)
        }
        ContentEncoding::Identity | ContentEncoding::Unknown => Ok(Cow::Borrowed(body)),
        ContentEncoding::Gzip => {
            let decoder = flate2::bufread::MultiGzDecoder::new(body);
            read_capped(decoder, body.len(), bytes_max, "gzip").map(Cow::Owned)
        }
        ContentEncoding::Zstd => {
            let malformed = |_| DecompressError::Malformed("zstd");
            let mut decoder = zstd::stream::read::Decoder::with_buffer(body).map_err(malformed)?;
            // A frame names its own window, and the decoder allocates it: never more than the output could fill.
            decoder
                .window_log_max(window_log_max(bytes_max))
                .map_err(malformed)?;
            read_capped(decoder, body.len(), bytes_max, "zstd").map(Cow::Owned)
        }
    }
}

/// The smallest window that holds `bytes_max`, but at least the 8 MiB every decoder must support and at most zstd's own default.
fn window_log_max(bytes_max: usize) -> u32 {
    bytes_max
        .checked_next_power_of_two()
        .map_or(27, usize::ilog2)
        .clamp(23, 27)
}

fn read_capped(
    mut decoder: impl Read,
    compressed_bytes: usize,
    bytes_max: usize,
    name: &'static str,
) -> Result<Vec<u8>, DecompressError> {
    const CHUNK_BYTES: usize = 64 * 1024;
    let mut output = Vec::with_capacity(compressed_bytes.saturating_mul(3).min(bytes_max));
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let count = match decoder.read(&mut chunk) {
            Ok(0) => return Ok(output),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => return Err(DecompressError::Malformed(name)),
        };
        let bytes = chunk.get(..count).unwrap_or_default();
        let needed = output.len().saturating_add(bytes.len());
        if needed > bytes_max {
            return Err(DecompressError::TooLarge);
        }
        if needed > output.capacity() {
            // Doubling as usual, but stopping at the cap.
            let capacity = output.capacity().saturating_mul(2).clamp(needed, bytes_max);
            output.reserve_exact(capacity.saturating_sub(output.len()));
        }
        output.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests;
