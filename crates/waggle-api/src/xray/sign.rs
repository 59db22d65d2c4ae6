//! Signature Version 4 in its header form: what a request says about its sender, and what of it was signed.
//! Source: spec/xray.md section 3.5.
//!
//! Only texts are made here; the secret, and whether the signature is right, are the access crate's.

use super::error::{Code, Refusal};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, Uri, header};
use jiff::Timestamp;
use std::fmt::Write;
use waggle_access::{AwsSignature, sha256_hex};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The service that credentials must be meant for.
const SERVICE: &str = "xray";
const TERMINATOR: &str = "aws4_request";
/// How far the clocks of client and server may be apart.
const SKEW_MINUTES: i64 = 5;
const NS_PER_SECOND: i64 = 1_000_000_000;
const SIGNED_HEADERS_MAX: usize = 100;

static AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");
static CONTENT_SHA256: HeaderName = HeaderName::from_static("x-amz-content-sha256");
static SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// What a request says about its sender. Nothing of it is proved.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) access_key_id: String,
    pub(crate) region: String,
    day: String,
    signed_headers: Vec<String>,
    signature: String,
    /// When it was signed, as `yyyymmddThhmmssZ`.
    time: String,
    signed_at_s: i64,
}

/// True for requests that are signed in any version of Amazon's: nothing else speaks so.
pub(crate) fn is_signed(headers: &HeaderMap) -> bool {
    let authorization = headers.get(header::AUTHORIZATION);
    authorization.is_some_and(|value| value.as_bytes().starts_with(b"AWS4-"))
}

/// True for requests that are signed, or that an SDK of Amazon's sends unsigned: none of these is a person's browser, whatever stands
/// before the server may add.
pub(crate) fn is_of_sdk(method: &Method, headers: &HeaderMap) -> bool {
    const OF_SDKS: [&str; 4] = [
        "amz-sdk-invocation-id",
        "amz-sdk-request",
        "x-amz-date",
        "x-amzn-xray-timestamp",
    ];
    let is_call = method == Method::POST;
    is_signed(headers) || is_call && OF_SDKS.iter().any(|name| headers.contains_key(*name))
}

impl Claim {
    /// Reads the headers of a request.
    ///
    /// # Errors
    /// `MissingAuthenticationTokenException` without a signature, or with one in the address; `IncompleteSignatureException` for one
    /// that can't be read; `UnrecognizedClientException` with a session's token, for there are no sessions.
    pub(crate) fn of(parts: &Parts) -> Result<Self, Refusal> {
        let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
        let Some(authorization) = values.next() else {
            return Err(Refusal::new(
                Code::MissingAuthenticationToken,
                match parts.uri.query().is_some_and(is_presigned) {
                    true => "A signature in the address is not taken; sign the headers.",
                    false => "The request has no Authorization header.",
                },
            ));
        };
        if values.next().is_some() {
            return Err(incomplete("There are several Authorization headers."));
        }
        let authorization = authorization.to_str().unwrap_or_default();
        let Some(fields) = authorization.trim().strip_prefix(ALGORITHM) else {
            return Err(incomplete(format!(
                "The Authorization header must begin with {ALGORITHM}."
            )));
        };
        if !fields.starts_with(' ') {
            return Err(incomplete(format!(
                "The Authorization header must begin with {ALGORITHM}."
            )));
        }
        let field = |name: &str| {
            let mut found = fields.split(',').filter_map(|field| {
                let (key, value) = field.trim().split_once('=')?;
                (key == name).then_some(value)
            });
            match (found.next(), found.next()) {
                (Some(value), None) if !value.is_empty() => Ok(value),
                _ => Err(incomplete(format!(
                    "The Authorization header must have one {name}."
                ))),
            }
        };
        let scope: Vec<&str> = field("Credential")?.split('/').collect();
        let &[access_key_id, day, region, service, TERMINATOR] = scope.as_slice() else {
            return Err(incomplete(format!(
                "Credential must be access key id, day, region, service and {TERMINATOR} with slashes between them."
            )));
        };
        let signed_headers: Vec<String> = field("SignedHeaders")?
            .split(';')
            .map(str::to_owned)
            .collect();
        if signed_headers.len() > SIGNED_HEADERS_MAX {
            return Err(incomplete("SignedHeaders has too many names."));
        }
        if !signed_headers.iter().any(|name| name == "host") {
            return Err(incomplete("The Host header must be among SignedHeaders."));
        }
        let signature = field("Signature")?.to_owned();
        let (time, signed_at_s) = signing_time(&parts.headers)?;
        if parts.headers.contains_key(&SECURITY_TOKEN) {
            return Err(Refusal::new(
                Code::UnrecognizedClient,
                "The security token included in the request is invalid: there are no temporary credentials here.",
            ));
        }
        if service != SERVICE {
            return Err(invalid(format!(
                "Credential must be for the service {SERVICE}, not for {service}."
            )));
        }
        if time.get(..8) != Some(day) {
            return Err(invalid(format!(
                "The day of Credential is {day}, the request is of {time}."
            )));
        }
        Ok(Self {
            access_key_id: access_key_id.to_owned(),
            region: region.to_owned(),
            day: day.to_owned(),
            signed_headers,
            signature,
            time,
            signed_at_s,
        })
    }

    /// Holds the time of signing against the clock.
    ///
    /// # Errors
    /// `InvalidSignatureException`, in the words by which clients know that their clock is wrong.
    pub(crate) fn check_time(&self, now_ns: i64) -> Result<(), Refusal> {
        let now_s = now_ns.div_euclid(NS_PER_SECOND);
        let skew_s = SKEW_MINUTES * 60;
        let (earliest_s, latest_s) = (now_s - skew_s, now_s + skew_s);
        let time = &self.time;
        let now = basic(now_s);
        if self.signed_at_s < earliest_s {
            return Err(invalid(format!(
                "Signature expired: {time} is now earlier than {} ({now} - {SKEW_MINUTES} min.)",
                basic(earliest_s)
            )));
        }
        if self.signed_at_s > latest_s {
            return Err(invalid(format!(
                "Signature not yet current: {time} is still later than {} ({now} + {SKEW_MINUTES} min.)",
                basic(latest_s)
            )));
        }
        Ok(())
    }

    /// Writes down what was signed. `body` is as it was sent, not decompressed.
    ///
    /// # Errors
    /// `InvalidSignatureException` when a signed header is missing, or the body is not signed or not the one that was.
    pub(crate) fn string_to_sign(&self, parts: &Parts, body: &[u8]) -> Result<String, Refusal> {
        let mut canonical = String::new();
        line(&mut canonical, parts.method.as_str());
        line(&mut canonical, &encoded_path(parts.uri.path()));
        line(
            &mut canonical,
            &sorted_query(parts.uri.query().unwrap_or_default()),
        );
        for name in &self.signed_headers {
            let value = header_value(&parts.headers, &parts.uri, name).ok_or_else(|| {
                invalid(format!(
                    "The header {name} was signed, and is not in the request."
                ))
            })?;
            line(&mut canonical, &format!("{name}:{value}"));
        }
        line(&mut canonical, "");
        line(&mut canonical, &self.signed_headers.join(";"));
        let hash = sha256_hex(body);
        if let Some(given) = parts.headers.get(&CONTENT_SHA256)
            && given.as_bytes() != hash.as_bytes()
        {
            return Err(invalid(
                "X-Amz-Content-Sha256 is not the hash of the body, which must be signed.",
            ));
        }
        canonical.push_str(&hash);
        Ok(format!(
            "{ALGORITHM}\n{}\n{}/{}/{SERVICE}/{TERMINATOR}\n{}",
            self.time,
            self.day,
            self.region,
            sha256_hex(canonical.as_bytes())
        ))
    }

    /// The signature of a text, for the access crate to check.
    pub(crate) fn signature<'a>(&'a self, string_to_sign: &'a str) -> AwsSignature<'a> {
        AwsSignature {
            day: &self.day,
            region: &self.region,
            service: SERVICE,
            string_to_sign,
            signature: &self.signature,
        }
    }
}

fn is_presigned(query: &str) -> bool {
    query
        .split('&')
        .any(|pair| pair.to_ascii_lowercase().starts_with("x-amz-signature="))
}

/// `X-Amz-Date`, else `Date`: as signed, and in seconds since 1970.
fn signing_time(headers: &HeaderMap) -> Result<(String, i64), Refusal> {
    let text = |name: &HeaderName| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    if let Some(time) = text(&AMZ_DATE) {
        let seconds = basic_seconds(time);
        let seconds =
            seconds.ok_or_else(|| incomplete("X-Amz-Date must be a time as yyyymmddThhmmssZ."))?;
        return Ok((time.to_owned(), seconds));
    }
    let Some(date) = text(&header::DATE) else {
        return Err(incomplete("There must be an X-Amz-Date or a Date header."));
    };
    let seconds = basic_seconds(date).or_else(|| {
        let time = jiff::fmt::rfc2822::parse(date).ok()?;
        Some(time.timestamp().as_second())
    });
    let seconds = seconds.ok_or_else(|| incomplete("The Date header is no time."))?;
    Ok((basic(seconds), seconds))
}

/// Reads `yyyymmddThhmmssZ`.
fn basic_seconds(text: &str) -> Option<i64> {
    let is_basic = text.len() == 16
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 => byte == b'T',
            15 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        });
    let time = is_basic.then(|| text.parse::<Timestamp>().ok()).flatten()?;
    Some(time.as_second())
}

/// Writes `yyyymmddThhmmssZ`.
fn basic(seconds: i64) -> String {
    Timestamp::from_second(seconds)
        .map(|time| time.strftime("%Y%m%dT%H%M%SZ").to_string())
        .unwrap_or_default()
}

/// The values of a header, trimmed and with single spaces, several with commas between them. Over HTTP/2 the host is in the address.
fn header_value(headers: &HeaderMap, uri: &Uri, name: &str) -> Option<String> {
    if name == "host" && !headers.contains_key(header::HOST) {
        return uri
            .authority()
            .map(|authority| authority.as_str().to_owned());
    }
    let values: Vec<String> = headers
        .get_all(name)
        .iter()
        .map(|value| {
            let value = String::from_utf8_lossy(value.as_bytes());
            let words: Vec<&str> = value.split(' ').filter(|word| !word.is_empty()).collect();
            words.join(" ")
        })
        .collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// The path, which is encoded already, encoded once more, as every service but S3 wants it.
fn encoded_path(path: &str) -> String {
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

/// The parameters in order, as they came.
fn sorted_query(query: &str) -> String {
    let mut pairs: Vec<(&str, &str)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn incomplete(message: impl Into<String>) -> Refusal {
    Refusal::new(Code::IncompleteSignature, message)
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(Code::InvalidSignature, message)
}

#[cfg(test)]
mod tests;
