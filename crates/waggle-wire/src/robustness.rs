//! Random bytes and damaged requests through every decoder: whatever a stranger sends is answered, never a panic. Each test prints its
//! seed when it fails, and proptest keeps the input that did it.

use crate::cases::read_corpus;
use crate::honeycomb::{
    EventHeaders, EventOptions, Format, batch_reply, decode_batch, decode_event,
};
use crate::kinesis::{KinesisOutcome, decode_records, kinesis_reply};
use crate::otlp::{ContentType, Signal, decode_json, reference};
use crate::otlp::{
    Encoding, OtlpHeaders, decode_logs, decode_metrics, decode_traces, export_reply, rejected_count,
};
use crate::xray::{
    Document, DocumentFacts, Source, dataset_name, decode_segments, decode_telemetry, map_document,
    map_pending, map_settled, read_datagram,
};
use crate::{ContentEncoding, decompress};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use proptest::prelude::*;
use prost::Message;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use waggle_model::{EventBatch, EventLimits};

const TRACES: &str = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},
{"key":"list","value":{"arrayValue":{"values":[{"intValue":"1"},{"kvlistValue":{"values":[{"key":"a","value":{"boolValue":true}}]}}]}}}]},
"scopeSpans":[{"scope":{"name":"lib","version":"1"},"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174",
"parentSpanId":"eee19b7ec3c1b173","traceState":"ot=th:c","name":"GET /","kind":2,"startTimeUnixNano":"1700000000000000000",
"endTimeUnixNano":"1700000000100000000","attributes":[{"key":"m","value":{"kvlistValue":{"values":[{"key":"d","value":
{"doubleValue":1.5}}]}}},{"key":"b","value":{"bytesValue":"aGk="}}],"events":[{"name":"exception","timeUnixNano":"1","attributes":
[{"key":"exception.type","value":{"stringValue":"E"}}]}],"links":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":
"eee19b7ec3c1b174"}],"status":{"code":2,"message":"bad"}}]}]}]}"#;

const BATCH: &str = r#"[{"data":{"a":1,"b":"x","c":[1,{"d":null}],"e":{"f":{"g":1.5}},"h":true,"i":null},"time":"2020-01-02T03:04:05.5Z",
"samplerate":4},{"data":{}},7,{"time":1577934245123,"data":{"s":"\ud83d\udc1d"}}]"#;

/// Everything a body can meet. The outcome does not matter here.
fn decode_everything(body: &[u8]) {
    let limits = EventLimits {
        columns_max: 20,
        string_bytes_max: 50,
        event_bytes_max: 2_000,
        ..EventLimits::default()
    };
    let headers = OtlpHeaders::default();
    for encoding in [Encoding::Protobuf, Encoding::Json] {
        let traces = decode_traces(body, encoding, &headers, &limits);
        let logs = decode_logs(body, encoding, &headers, &limits, 1);
        let metrics = decode_metrics(body, encoding, &headers, &limits, 1);
        for (signal, decoded) in [
            (Signal::Traces, traces),
            (Signal::Logs, logs),
            (Signal::Metrics, metrics),
        ] {
            if let Ok(decoded) = decoded {
                let rejected = rejected_count(&decoded, &[]);
                export_reply(signal, ContentType::Json, &rejected);
            }
        }
    }
    for format in [Format::Json, Format::Msgpack, Format::Sniff] {
        for expand_json_depth in [0, 1, 255] {
            let options = EventOptions {
                limits: &limits,
                now_ns: 1,
                expand_json_depth,
            };
            let headers = EventHeaders::default();
            drop(decode_event("d", body, format, headers, &options));
            if let Ok(decoded) = decode_records("d", body, 10_000, 80_000, &options) {
                let accepted = decoded.batches.iter().map(EventBatch::len).sum();
                let outcome = KinesisOutcome {
                    accepted,
                    refused: decoded.refused.len(),
                    reason: decoded.refused.first().copied(),
                };
                kinesis_reply("id", 1, Ok(outcome));
            }
            if let Ok(decoded) = decode_batch("d", body, format, &options) {
                let taken = decoded.entries.iter().filter(|entry| entry.is_ok()).count();
                assert_eq!(taken, decoded.batch.len());
                batch_reply(&decoded.entries, &[]);
            }
        }
    }
    for encoding in [ContentEncoding::Gzip, ContentEncoding::Zstd] {
        if let Ok(output) = decompress(encoding, body, 10_000) {
            assert!(output.len() <= 10_000);
        }
    }
}

/// Everything X-Ray's clients send. A document that is taken keeps its text, and has a row of its own whatever is in it.
fn decode_xray(body: &[u8]) {
    let limits = EventLimits {
        columns_max: 20,
        string_bytes_max: 50,
        ..EventLimits::default()
    };
    drop(read_datagram(body));
    drop(decode_segments(body, 3));
    drop(decode_telemetry(body, 1, &limits));
    let Ok(document) = Document::parse(body) else {
        return;
    };
    assert_eq!(document.text().as_bytes(), body);
    let facts = DocumentFacts {
        service: Some("s"),
        received_ns: 1,
        source: Source::Udp,
    };
    let mut batch = EventBatch::new(dataset_name(&document, facts.service));
    map_document(&document, facts, &limits, &mut batch).unwrap();
    map_pending(&document, facts, true, &limits, &mut batch).unwrap();
    let entity = document.entity();
    let (trace_id, id) = (document.trace_id(), entity.id());
    map_settled(trace_id, id, entity.start_ns(), 1, &limits, &mut batch).unwrap();
    let entities = document.entities().count();
    assert!(batch.len() >= entities + 2);
    let texts = batch.columns().iter().find(|c| &*c.name == "xray.document");
    let texts = &texts.unwrap().strings;
    assert!(
        texts
            .codes
            .iter()
            .all(|&code| texts.entry(code) == document.text())
    );
}

fn traces_protobuf() -> Vec<u8> {
    decode_json::<ExportTraceServiceRequest>(TRACES.as_bytes())
        .unwrap()
        .0
        .encode_to_vec()
}

fn batch_msgpack() -> Vec<u8> {
    let mut bytes = Vec::new();
    crate::cases::to_msgpack(&serde_json::from_str(BATCH).unwrap(), &mut bytes);
    bytes
}

fn valid_requests() -> Vec<Vec<u8>> {
    let json = [TRACES.as_bytes().to_vec(), BATCH.as_bytes().to_vec()];
    let mut requests: Vec<_> = json
        .into_iter()
        .chain([traces_protobuf(), batch_msgpack()])
        .collect();
    let zstd: Vec<_> = requests
        .iter()
        .map(|body| zstd::stream::encode_all(&**body, 1).unwrap())
        .collect();
    requests.extend(zstd);
    requests
}

#[test]
fn the_requests_to_damage_are_valid() {
    let limits = EventLimits::default();
    let headers = OtlpHeaders::default();
    let traces = decode_traces(TRACES.as_bytes(), Encoding::Json, &headers, &limits).unwrap();
    assert_eq!(traces.batches[0].len(), 3);
    let options = EventOptions {
        limits: &limits,
        now_ns: 1,
        expand_json_depth: 0,
    };
    for body in [BATCH.as_bytes(), &batch_msgpack()] {
        let batch = decode_batch("d", body, Format::Sniff, &options).unwrap();
        assert_eq!(batch.batch.len(), 2);
    }
}

#[test]
fn every_prefix_is_answered() {
    for request in valid_requests() {
        for length in 0..request.len() {
            decode_everything(&request[..length]);
        }
    }
}

/// What a fuzzer does first, without one: bytes changed, put in, taken out, and pieces moved.
fn damage(random: &mut StdRng, body: &mut Vec<u8>) {
    for _ in 0..random.random_range(1..5) {
        let place = random.random_range(0..=body.len());
        match random.random_range(0..5) {
            0 => body.insert(place, random.random()),
            1 => body.truncate(place),
            2 if place < body.len() => body[place] ^= 1 << random.random_range(0..8),
            3 if place < body.len() => drop(body.remove(place)),
            _ => {
                let end = random.random_range(place..=body.len());
                let piece = body[place..end].to_vec();
                let to = random.random_range(0..=body.len());
                body.splice(to..to, piece);
            }
        }
    }
}

/// Runs `check` on every file of the corpora, as it is and damaged.
fn with_corpora(targets: &[&str], times: u64, mut check: impl FnMut(&[u8], &str)) {
    for target in targets {
        for (name, body) in read_corpus(target) {
            check(&body, &name);
            for seed in 0..times {
                let mut damaged = body.clone();
                damage(&mut StdRng::seed_from_u64(seed), &mut damaged);
                check(&damaged, &format!("{name} damaged with seed {seed}"));
            }
        }
    }
}

#[test]
fn corpora_are_answered() {
    let targets = [
        "otlp_traces",
        "otlp_logs",
        "otlp_metrics",
        "kinesis",
        "honeycomb_json",
        "honeycomb_msgpack",
    ];
    with_corpora(&targets, 6, |body, _| decode_everything(body));
}

#[test]
fn corpora_of_xray_are_answered() {
    let targets = ["xray_document", "xray_datagram", "xray_request"];
    with_corpora(&targets, 60, |body, _| decode_xray(body));
}

#[test]
fn corpora_of_otlp_give_what_the_reference_gives() {
    let limits = EventLimits::default();
    let targets = ["otlp_traces", "otlp_logs", "otlp_metrics"];
    with_corpora(&targets, 60, |body, what| {
        for signal in [Signal::Traces, Signal::Logs, Signal::Metrics] {
            reference::check(signal, body, &limits, what);
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_bytes_are_answered(body in prop::collection::vec(any::<u8>(), 0..200)) {
        decode_everything(&body);
        decode_xray(&body);
    }

    #[test]
    fn damaged_requests_are_answered(
        which in 0_usize..8,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..3), 1..6),
    ) {
        let mut body = valid_requests().swap_remove(which);
        for (place, byte, kind) in damage {
            let place = place.index(body.len());
            match kind {
                0 => body[place] = byte,
                1 => body.insert(place, byte),
                _ => {
                    body.remove(place);
                }
            }
        }
        decode_everything(&body);
    }
}
