//! Signature Version 4 in its header form, as AWS's daemon signs, for who has credentials and no API key. Source: spec/xray.md section 3.5.

use super::Credentials;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::{HeaderName, HeaderValue, InvalidHeaderValue};
use sha2::{Digest, Sha256};
use std::fmt::Write;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// A Waggle server takes any region.
const REGION: &str = "local";
const DATE: HeaderName = HeaderName::from_static("x-amz-date");

/// Signs a request whose body is known, as of a time in seconds since 1970.
///
/// # Errors
/// The access key id has characters that no header may have.
pub(super) fn sign(
    request: &mut reqwest::Request,
    credentials: &Credentials,
    now_s: i64,
) -> Result<(), InvalidHeaderValue> {
    let time = jiff::Timestamp::from_second(now_s).unwrap_or_default();
    let time = time.strftime("%Y%m%dT%H%M%SZ").to_string();
    let day = time.get(..8).unwrap_or_default();
    let scope = format!("{day}/{REGION}/xray/aws4_request");
    let body = request.body().and_then(|body| body.as_bytes());
    let canonical = format!(
        "{}\n{}\n{}\nhost:{}\nx-amz-date:{time}\n\nhost;x-amz-date\n{}",
        request.method(),
        encoded(request.url().path()),
        sorted(request.url().query().unwrap_or_default()),
        host_of(request.url()),
        hex(&Sha256::digest(body.unwrap_or_default())),
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
    headers.insert(reqwest::header::AUTHORIZATION, authorization);
    Ok(())
}

/// The `Host` header that is sent: without the port that the scheme means anyway.
fn host_of(url: &reqwest::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
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
