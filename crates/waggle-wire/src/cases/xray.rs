//! Cases of X-Ray. For `/TraceSegments` the body holds documents, one per line, which are sent as one request; the rows are those of
//! documents whose service is known: `service` names the one of subsegments. A document that would wait gives the row it waits as; with
//! `give-up: yes` it gives its rows all the same. For `/TelemetryRecords` the body is the request, for `udp` a datagram.

use super::{Case, NOW_NS, Outcome, body, print};
use crate::Reply;
use crate::xray::{
    Datagram, Document, DocumentFacts, Source, dataset_name, decode_segments, decode_telemetry,
    map_document, map_pending, read_datagram, segments_reply,
};
use waggle_model::{EventBatch, PENDING_DATASET};

pub(super) fn run(case: &Case) -> Outcome {
    let body = body::expand(&case.body);
    match case.header("path").unwrap() {
        "/TelemetryRecords" => telemetry(case, &body),
        "udp" => datagram(case, &body),
        _ => segments(case, &body),
    }
}

/// The request that a case's body stands for.
pub(super) fn request(body: &str) -> String {
    let documents: Vec<_> = body.lines().filter(|line| !line.is_empty()).collect();
    serde_json::json!({ "TraceSegmentDocuments": documents }).to_string()
}

fn segments(case: &Case, body: &str) -> Outcome {
    let documents = decode_segments(request(body).as_bytes(), 1_000).unwrap();
    let documents: Vec<_> = documents.iter().map(String::as_bytes).collect();
    documents_outcome(case, &documents, Source::Api)
}

fn documents_outcome(case: &Case, documents: &[&[u8]], source: Source) -> Outcome {
    let mut outcome = Outcome::default();
    let mut rejected = Vec::new();
    for document in documents {
        match Document::parse(document) {
            Ok(document) => outcome.events.extend(rows(case, &document, source)),
            Err(error) => rejected.push(error),
        }
    }
    outcome.refusals = rejected.iter().map(|error| format!("{error:?}")).collect();
    let reply = Reply {
        status: 200,
        content_type: Some("application/json"),
        body: Vec::new(),
    };
    match source {
        Source::Api => outcome.reply(&reply, &segments_reply(&rejected)),
        Source::Udp => outcome,
    }
}

fn rows(case: &Case, document: &Document, source: Source) -> Vec<String> {
    let entity = document.entity();
    let facts = DocumentFacts {
        service: case.header("service"),
        received_ns: NOW_NS,
        source,
    };
    let limits = case.limits();
    let is_owned = facts.service.is_some() || !entity.is_subsegment();
    if case.is_set("give-up") || (is_owned && !entity.is_in_progress()) {
        let mut batch = EventBatch::new(dataset_name(document, facts.service));
        map_document(document, facts, &limits, &mut batch).unwrap();
        return print::rows(&batch);
    }
    let mut batch = EventBatch::new(PENDING_DATASET);
    map_pending(document, facts, false, &limits, &mut batch).unwrap();
    print::rows(&batch)
}

fn datagram(case: &Case, body: &str) -> Outcome {
    match read_datagram(body.as_bytes()) {
        Some(Ok(Datagram::Documents(documents))) => {
            documents_outcome(case, &documents, Source::Udp)
        }
        Some(Ok(other)) => panic!("cases of OTLP are in its folder: {other:?}"),
        Some(Err(error)) => Outcome {
            refusals: vec![error.to_string()],
            ..Outcome::default()
        },
        None => Outcome::default(),
    }
}

fn telemetry(case: &Case, body: &str) -> Outcome {
    let reply = |status| Reply {
        status,
        content_type: Some("application/json"),
        body: Vec::new(),
    };
    match decode_telemetry(body.as_bytes(), NOW_NS, &case.limits()) {
        Ok(batch) => Outcome {
            events: print::rows(&batch),
            ..Outcome::default()
        }
        .reply(&reply(200), "{}"),
        Err(error) => Outcome {
            refusals: vec![error.to_string()],
            ..Outcome::default()
        }
        .reply(&reply(400), ""),
    }
}
