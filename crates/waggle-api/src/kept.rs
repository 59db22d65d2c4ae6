//! How a result is kept: its JSON, compressed when it is long, because it says the same names in every row.

use crate::listen::body;
use bytes::Bytes;
use std::io;

/// Shorter results are kept as they are.
const COMPRESSED_BYTES_MIN: usize = 4 << 10;
/// Level 1 shrinks a long result to a tenth or less, and more effort hardly helps.
const LEVEL: i32 = 1;
/// A frame of Zstandard begins with this, and JSON never does. Source: RFC 8878 section 3.1.1.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Longest result that is read back. One is as long as a thousand groups with a thousand buckets make it.
const RESULT_BYTES_MAX: usize = 1 << 30;

/// The form in which a result is written down.
pub(crate) async fn compressed(json: Bytes) -> Bytes {
    if json.len() < COMPRESSED_BYTES_MIN {
        return json;
    }
    body::run(true, move || match zstd::bulk::compress(&json, LEVEL) {
        Ok(compressed) => compressed.into(),
        Err(error) => {
            tracing::warn!(%error, "a result is kept uncompressed");
            json
        }
    })
    .await
}

/// The JSON of a result that was written down.
///
/// # Errors
/// When the bytes are not what was written.
pub(crate) async fn decompressed(stored: Bytes) -> io::Result<Bytes> {
    if !stored.starts_with(&ZSTD_MAGIC) {
        return Ok(stored);
    }
    body::run(true, move || {
        let json = zstd::bulk::decompress(&stored, length_max(&stored).min(RESULT_BYTES_MAX))?;
        Ok(json.into())
    })
    .await
}

/// The most bytes that the JSON of a result can have, as its head says.
pub(crate) fn length_max(stored: &[u8]) -> usize {
    match stored.starts_with(&ZSTD_MAGIC) {
        true => zstd::bulk::Decompressor::upper_bound(stored).unwrap_or(RESULT_BYTES_MAX),
        false => stored.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_result_comes_back_as_it_was() {
        let long = Bytes::from(r#"{"name":"GET /","COUNT":1},"#.repeat(1_000));
        for json in [Bytes::from("{}"), long] {
            let kept = compressed(json.clone()).await;
            assert!(kept.len() <= json.len().min(COMPRESSED_BYTES_MIN));
            assert_eq!(length_max(&kept), json.len());
            assert_eq!(decompressed(kept).await.unwrap(), json);
        }
        let damaged = Bytes::from(ZSTD_MAGIC.to_vec());
        assert!(decompressed(damaged).await.is_err());
    }
}
