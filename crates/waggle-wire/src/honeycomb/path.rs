//! The dataset's name in the request path. Clients disagree about the slash: libhoney-py and -js send it as it is, libhoney-go encodes
//! it; so the name is everything after the route's prefix.

/// The dataset name of a path below `/1/batch/`, `/1/events/` or `/1/kinesis_events/`, percent-decoded; the path is the raw one, without its query.
///
/// `None` where no name is left, or for `__all__`, which stands for a whole environment and takes no events: answer
/// [`HoneycombError::UnknownDataset`](super::HoneycombError::UnknownDataset). Source: spec/honeycomb-api.md sections 4.2 and 4.3.
pub fn dataset_name_from_path(path: &str) -> Option<String> {
    let encoded = path
        .strip_prefix("/1/batch/")
        .or_else(|| path.strip_prefix("/1/events/"))
        .or_else(|| path.strip_prefix("/1/kinesis_events/"))?;
    let name = percent_decode(encoded);
    let is_usable = !name.trim().is_empty() && name != "__all__";
    is_usable.then_some(name)
}

/// Decodes `%XX`; a percent sign that starts no such triple stays, bytes that are not UTF-8 become U+FFFD.
fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match tail.split_first_chunk() {
            Some((&[high, low], tail)) if byte == b'%' => match (hex(high), hex(low)) {
                (Some(high), Some(low)) => {
                    bytes.push((high << 4) | low);
                    rest = tail;
                }
                _ => bytes.push(byte),
            },
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests;
