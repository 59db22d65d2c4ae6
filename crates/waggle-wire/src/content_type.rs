//! Content types as clients write them: any case, often with parameters that mean nothing to a receiver.

/// Returns the media type of a `Content-Type` header without its parameters and surrounding space. Compare ignoring ASCII case.
pub fn media_type(header: &str) -> &str {
    header
        .split_once(';')
        .map_or(header, |(media_type, _)| media_type)
        .trim()
}
