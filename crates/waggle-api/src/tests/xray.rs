//! The operations of X-Ray, signed as AWS's SDKs sign them. The signer here is a second writing-down of Signature Version 4, which knows
//! nothing of the server's; agreement with botocore's own is shown in the acceptance suite.

mod group;
mod insight;
mod people;
mod policy;
mod sampling;
mod segment;
mod setting;
mod sign;
mod tag;

use super::{Answer, Installation};
use axum::body::Body;
use axum::http::Request;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::BodyExt;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

const REGION: &str = "eu-x-1";

impl Installation {
    /// Calls an operation and returns what it says.
    #[track_caller]
    fn xray_done(&self, path: &str, body: &Json) -> impl Future<Output = Json> {
        let sent = self
            .ask("POST", path)
            .json(body)
            .signed_by(&self.aws)
            .send();
        let place = format!("{path} {body}");
        async move {
            let answer = sent.await;
            assert_eq!(answer.status, 200, "{place}: {}", answer.text());
            answer.json()
        }
    }

    /// Calls an operation that must refuse as invalid.
    #[track_caller]
    fn xray_refused(&self, path: &str, body: &Json, text: &str) -> impl Future<Output = ()> {
        let sent = self
            .ask("POST", path)
            .json(body)
            .signed_by(&self.aws)
            .send();
        let text = text.to_owned();
        async move {
            let answer = sent.await;
            answer.check_xray_error(400, "InvalidRequestException", &text);
        }
    }

    /// Calls an operation with the credentials of `production`.
    async fn xray(&self, path: &str, body: &Json) -> Answer {
        let call = self.ask("POST", path).json(body);
        call.signed_by(&self.aws).send().await
    }
}

impl Answer {
    /// Checks a refusal: status, name in header and body, both spellings of the text.
    #[track_caller]
    fn check_xray_error(&self, status: u16, name: &str, text: &str) {
        let json = self.json();
        let place = format!("{}: {}", self.status, self.text());
        assert_eq!(self.status, status, "{place}");
        assert_eq!(self.header("x-amzn-errortype"), name, "{place}");
        assert_eq!(json["__type"], name, "{place}");
        assert_eq!(json["message"], json["Message"], "{place}");
        let message = json["message"].as_str().unwrap();
        assert!(message.contains(text), "{text} is not in {place}");
        assert_eq!(self.header("x-amzn-requestid").len(), 36, "{place}");
        assert!(self.header("date").ends_with(" GMT"), "{place}");
    }
}

/// Adds the headers of a signature over content type, host and time, as boto3 does.
pub(super) async fn sign(
    request: Request<Body>,
    aws: &(String, String),
    now_ns: i64,
) -> Request<Body> {
    sign_for(request, aws, now_ns, "xray").await
}

async fn sign_for(
    request: Request<Body>,
    (id, secret): &(String, String),
    now_ns: i64,
    service: &str,
) -> Request<Body> {
    let (mut parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let time = jiff::Timestamp::from_nanosecond(i128::from(now_ns)).unwrap();
    let time = time.strftime("%Y%m%dT%H%M%SZ").to_string();
    let day = &time[..8];
    parts.headers.insert("x-amz-date", time.parse().unwrap());
    let names: Vec<&str> = ["content-type", "host", "x-amz-date"]
        .into_iter()
        .filter(|name| parts.headers.contains_key(*name))
        .collect();
    let mut canonical = format!("{}\n{}\n\n", parts.method, parts.uri.path());
    for name in &names {
        let value = parts.headers[*name].to_str().unwrap().trim();
        canonical.push_str(&format!("{name}:{value}\n"));
    }
    canonical.push_str(&format!("\n{}\n{}", names.join(";"), hash(&body)));
    let scope = format!("{day}/{REGION}/{service}/aws4_request");
    let canonical = hash(canonical.as_bytes());
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{canonical}");
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in [day, REGION, service, "aws4_request", &to_sign] {
        key = keyed(&key, part);
    }
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={}, Signature={}",
        names.join(";"),
        hex(&key)
    );
    let authorization = authorization.parse().unwrap();
    parts.headers.insert("authorization", authorization);
    Request::from_parts(parts, Body::from(body))
}

fn keyed(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
