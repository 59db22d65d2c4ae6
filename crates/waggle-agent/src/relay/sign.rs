//! Signature Version 4 in its header form, as AWS's daemon signs, for who has credentials and no API key. Source: spec/xray.md section 3.5.

use super::Credentials;
use hmac::{Hmac, KeyInit, Mac};
use hyper::Request;
use hyper::header::{AUTHORIZATION, HOST, HeaderName, HeaderValue, InvalidHeaderValue};
use sha2::{Digest, Sha256};
use std::fmt::Write;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// A Waggle server takes any region.
const REGION: &str = "local";
const DATE: HeaderName = HeaderName::from_static("x-amz-date");

/// Signs a request with its body and its `Host`, as of a time in seconds since 1970.
///
/// # Errors
/// The access key id has characters that no header may have.
pub(super) fn sign<B>(
    request: &mut Request<B>,
    body: &[u8],
    credentials: &Credentials,
    now_s: i64,
) -> Result<(), InvalidHeaderValue> {
    let time = jiff::Timestamp::from_second(now_s).unwrap_or_default();
    let time = time.strftime("%Y%m%dT%H%M%SZ").to_string();
    let day = time.get(..8).unwrap_or_default();
    let scope = format!("{day}/{REGION}/xray/aws4_request");
    let host = request.headers().get(HOST);
    let host = host.and_then(|host| host.to_str().ok());
    let canonical = format!(
        "{}\n{}\n{}\nhost:{}\nx-amz-date:{time}\n\nhost;x-amz-date\n{}",
        request.method(),
        encoded(request.uri().path()),
        sorted(request.uri().query().unwrap_or_default()),
        host.unwrap_or_default(),
        hex(&Sha256::digest(body)),
    );
    let hash = hex(&Sha256::digest(canonical.as_bytes()));
    let to_sign = format!("{ALGORITHM}\n{time}\n{scope}\n{hash}");
    let mut key = format!("AWS4{}", credentials.secret_access_key).into_bytes();
    for part in [day, REGION, "xray", "aws4_request", &to_sign] {
        key = keyed(&key, part.as_bytes());
    }
    let authorization = format!(
        "{ALGORITHM} Credential={}/{scope}, SignedHeaders=host;x-amz-date, Signature={}",
        credentials.access_key_id,
        hex(&key)
    );
    let headers = request.headers_mut();
    headers.insert(DATE, HeaderValue::from_str(&time)?);
    let authorization = HeaderValue::from_str(&authorization)?;
    headers.insert(AUTHORIZATION, authorization);
    Ok(())
}

/// The path, which is encoded already, encoded once more.
fn encoded(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                encoded.push(char::from(byte));
            }
            // Writing to a string can't fail.
            _ => _ = write!(encoded, "%{byte:02X}"),
        }
    }
    encoded
}

/// The parameters in order.
fn sorted(query: &str) -> String {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<String> = pairs
        .map(|pair| match pair.contains('=') {
            true => pair.to_owned(),
            false => format!("{pair}="),
        })
        .collect();
    pairs.sort_unstable();
    pairs.join("&")
}

fn keyed(key: &[u8], part: &[u8]) -> Vec<u8> {
    // A key of any length will do.
    let Ok(mut keyed) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    keyed.update(part);
    keyed.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        _ = write!(text, "{byte:02x}");
    }
    text
}
