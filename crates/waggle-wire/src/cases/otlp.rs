//! Cases of OTLP. The body is OTLP/JSON; it runs as JSON and as the protobuf of the same request, and both must give the rows of the
//! reference. The content type says which reply is printed.

use super::{Case, NOW_NS, Outcome, body, print};
use crate::otlp::{
    ContentType, Decoded, Encoding, OtlpError, OtlpHeaders, RpcStatus, Signal, decode_json,
    decode_logs, decode_metrics, decode_traces, decompress_body, error_reply, export_reply,
    grpc_code, reference, rejected_count,
};
use crate::{ContentEncoding, Reply};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use waggle_model::EventLimits;

pub(super) fn run(case: &Case) -> Outcome {
    let signal = signal(case.header("path").unwrap());
    let content_type = match ContentType::from_header(case.header("content-type")) {
        Ok(content_type) => content_type,
        Err(error) => return refused(None, &error),
    };
    let key = case.header("key").unwrap_or("environment");
    let headers = OtlpHeaders {
        classic_key: key == "classic",
        dataset: case.header("x-honeycomb-dataset"),
    };
    if key == "none" {
        return refused(Some(content_type), &OtlpError::MissingKey);
    }
    let request = Request {
        signal,
        headers,
        limits: case.limits(),
    };
    match request.run(case, content_type) {
        Ok(decoded) => accepted(signal, content_type, &decoded),
        Err(error) => refused(Some(content_type), &error),
    }
}

/// The signal that this path takes.
pub(super) fn signal(path: &str) -> Signal {
    match path {
        "/v1/traces" => Signal::Traces,
        "/v1/logs" => Signal::Logs,
        "/v1/metrics" => Signal::Metrics,
        path => panic!("no signal at {path}"),
    }
}

struct Request<'a> {
    signal: Signal,
    headers: OtlpHeaders<'a>,
    limits: EventLimits,
}

impl Request<'_> {
    fn run(&self, case: &Case, content_type: ContentType) -> Result<Decoded, OtlpError> {
        let json = body::expand(&case.body).into_bytes();
        let plain = match content_type.encoding() {
            Encoding::Json => json.clone(),
            Encoding::Protobuf if case.is_set("hex") || case.header("zeros").is_some() => {
                Vec::new()
            }
            Encoding::Protobuf => to_protobuf(self.signal, &json).expect("the body is OTLP/JSON"),
        };
        let sent = body::sent(case, plain);
        let encoding = ContentEncoding::from_header(case.header("content-encoding"));
        let bytes_max = case.number("body-bytes-max", 20 << 20);
        let bytes = decompress_body(self.signal, encoding, &sent, bytes_max)?;
        let decoded = self.decode(&bytes, content_type.encoding())?;
        let protobuf = to_protobuf(self.signal, &json);
        if let Some(protobuf) = protobuf.filter(|_| case.header("only").is_none()) {
            let expected = lines(&decoded);
            for (path, other) in [
                ("JSON", self.decode(&json, Encoding::Json)),
                ("protobuf", self.decode(&protobuf, Encoding::Protobuf)),
                ("reference", Ok(self.reference(&protobuf))),
            ] {
                assert_eq!(lines(&other?), expected, "{path}: {}", case.title);
            }
        }
        Ok(decoded)
    }

    fn decode(&self, body: &[u8], encoding: Encoding) -> Result<Decoded, OtlpError> {
        match self.signal {
            Signal::Traces => decode_traces(body, encoding, &self.headers, &self.limits),
            Signal::Logs => decode_logs(body, encoding, &self.headers, &self.limits, NOW_NS),
            Signal::Metrics => decode_metrics(body, encoding, &self.headers, &self.limits, NOW_NS),
        }
    }

    fn reference(&self, protobuf: &[u8]) -> Decoded {
        let (headers, limits) = (&self.headers, &self.limits);
        match self.signal {
            Signal::Traces => reference::decode_traces(protobuf, headers, limits),
            Signal::Logs => reference::decode_logs(protobuf, headers, limits, NOW_NS),
            Signal::Metrics => reference::decode_metrics(protobuf, headers, limits, NOW_NS),
        }
        .unwrap()
    }
}

pub(super) fn to_protobuf(signal: Signal, json: &[u8]) -> Option<Vec<u8>> {
    match signal {
        Signal::Traces => decode_json::<ExportTraceServiceRequest>(json)
            .ok()
            .map(|(request, _)| request.encode_to_vec()),
        Signal::Logs => decode_json::<ExportLogsServiceRequest>(json)
            .ok()
            .map(|(request, _)| request.encode_to_vec()),
        Signal::Metrics => decode_json::<ExportMetricsServiceRequest>(json)
            .ok()
            .map(|(request, _)| request.encode_to_vec()),
    }
}

fn accepted(signal: Signal, content_type: ContentType, decoded: &Decoded) -> Outcome {
    let reply = export_reply(signal, content_type, &rejected_count(decoded, &[]));
    let body = match (content_type.encoding(), signal) {
        (Encoding::Json, _) => String::from_utf8(reply.body.clone()).unwrap(),
        (Encoding::Protobuf, Signal::Traces) => {
            format!(
                "{:?}",
                ExportTraceServiceResponse::decode(&*reply.body).unwrap()
            )
        }
        (Encoding::Protobuf, Signal::Logs) => {
            format!(
                "{:?}",
                ExportLogsServiceResponse::decode(&*reply.body).unwrap()
            )
        }
        (Encoding::Protobuf, Signal::Metrics) => {
            format!(
                "{:?}",
                ExportMetricsServiceResponse::decode(&*reply.body).unwrap()
            )
        }
    };
    let (events, refusals) = lines(decoded);
    Outcome {
        events,
        refusals,
        reply: Vec::new(),
    }
    .reply(&reply, &body)
}

/// One line per row, an entry per batch even where it is empty; one line per refused row.
fn lines(decoded: &Decoded) -> (Vec<String>, Vec<String>) {
    let mut events = Vec::new();
    for batch in &decoded.batches {
        events.extend(print::rows(batch));
        if batch.is_empty() {
            events.push(format!("no rows for {}", batch.dataset));
        }
    }
    let refusals = decoded
        .refusals
        .iter()
        .map(|refusal| {
            let place = refusal.place;
            format!(
                "{}/{}/{} {:?}: {:?}",
                place.resource, place.scope, place.record, place.part, refusal.reason
            )
        })
        .collect();
    (events, refusals)
}

fn refused(content_type: Option<ContentType>, error: &OtlpError) -> Outcome {
    let reply: Reply = error_reply(content_type, error);
    let body = match content_type.map(ContentType::encoding) {
        Some(Encoding::Protobuf) => {
            let status = RpcStatus::decode(&*reply.body).unwrap();
            format!("{status:?}")
        }
        _ => String::from_utf8(reply.body.clone()).unwrap(),
    };
    let mut outcome = Outcome::default().reply(&reply, &body);
    outcome
        .reply
        .push(format!("gRPC {} {error}", grpc_code(error)));
    outcome
}
