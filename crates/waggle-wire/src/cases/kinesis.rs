//! Cases of Firehose deliveries. The body is the delivery, whose `data` may be an object that says what lies in the record: `$text`, `$json`
//! (documents, one after another), `$gzip` (the same, compressed), `$metrics` (OTLP/JSON requests, sent as protobuf behind their lengths),
//! `$hex`. Text is sent as it is.

use super::body::{expand, from_hex, sent};
use super::otlp::to_protobuf;
use super::{Case, NOW_NS, Outcome, print};
use crate::honeycomb::{EventOptions, dataset_name_from_path};
use crate::kinesis::{KinesisError, KinesisOutcome, decode_records, kinesis_reply};
use crate::otlp::Signal;
use crate::{ContentEncoding, decompress};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::io::Write as _;

pub(super) fn run(case: &Case) -> Outcome {
    let request_id = case.header("x-amz-firehose-request-id").unwrap_or_default();
    let mut outcome = Outcome::default();
    let taken = take(case, &mut outcome);
    let reply = kinesis_reply(request_id, NOW_NS, taken);
    let body = String::from_utf8(reply.body.clone()).unwrap();
    outcome.reply(&reply, &body)
}

fn take(case: &Case, outcome: &mut Outcome) -> Result<KinesisOutcome, KinesisError> {
    if case.header("x-amz-firehose-request-id").is_none() {
        return Err(KinesisError::MissingRequestId);
    }
    let dataset =
        dataset_name_from_path(case.header("path").unwrap()).ok_or(KinesisError::UnknownDataset)?;
    let encoding = ContentEncoding::from_header(case.header("content-encoding"));
    let sent = sent(case, delivery(&expand(&case.body)));
    let bytes_max = case.number("body-bytes-max", 20 << 20);
    let body = decompress(encoding, &sent, bytes_max)?;
    let limits = case.limits();
    let options = EventOptions {
        limits: &limits,
        now_ns: NOW_NS,
        expand_json_depth: case.number("expand-json-depth", 0) as u8,
    };
    let decoded = decode_records(&dataset, &body, bytes_max, bytes_max * 8, &options)?;
    outcome.events = decoded.batches.iter().flat_map(print::rows).collect();
    outcome.refusals = decoded.refused.iter().map(|r| format!("{r:?}")).collect();
    Ok(KinesisOutcome {
        accepted: outcome.events.len(),
        refused: decoded.refused.len(),
        reason: decoded.refused.first().copied(),
    })
}

/// The delivery with its records as they are sent; a body that is no JSON is sent as it is.
pub(super) fn delivery(body: &str) -> Vec<u8> {
    let Ok(mut delivery) = serde_json::from_str::<Value>(body) else {
        return body.as_bytes().to_vec();
    };
    if let Some(records) = delivery["records"].as_array_mut() {
        for record in records {
            if let Some(bytes) = record.get("data").and_then(content) {
                record["data"] = STANDARD.encode(bytes).into();
            }
        }
    }
    delivery.to_string().into_bytes()
}

fn content(data: &Value) -> Option<Vec<u8>> {
    let (kind, value) = data.as_object()?.iter().next()?;
    Some(match &**kind {
        "$text" => value.as_str().unwrap().as_bytes().to_vec(),
        "$json" => documents(value),
        "$gzip" => {
            let level = flate2::Compression::default();
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(&documents(value)).unwrap();
            encoder.finish().unwrap()
        }
        "$metrics" => {
            let mut bytes = Vec::new();
            for request in value.as_array().unwrap() {
                let json = request.to_string();
                let request = to_protobuf(Signal::Metrics, json.as_bytes()).unwrap();
                prost::encoding::encode_varint(request.len() as u64, &mut bytes);
                bytes.extend(request);
            }
            bytes
        }
        "$hex" => from_hex(value.as_str().unwrap()),
        kind => panic!("unknown content {kind}"),
    })
}

fn documents(value: &Value) -> Vec<u8> {
    let documents = value.as_array().unwrap().iter();
    let lines: Vec<_> = documents.map(Value::to_string).collect();
    lines.join("\n").into_bytes()
}
