//! Cases of Honeycomb's own ingest. The body is JSON. Where nothing speaks against it (`only: json`), it runs as msgpack too and must
//! give the same rows and reply.

use super::{Case, NOW_NS, Outcome, body, print};
use crate::honeycomb::{
    EventHeaders, EventOptions, Format, HoneycombError, batch_reply, dataset_name_from_path,
    decode_batch, decode_event, error_reply, event_reply,
};
use crate::{ContentEncoding, Reply, decompress};
use waggle_model::EventLimits;

pub(super) fn run(case: &Case) -> Outcome {
    let format = Format::from_content_type(case.header("content-type"));
    let json = body::expand(&case.body);
    let msgpack = serde_json::from_str(&json).ok().map(|value| {
        let mut bytes = Vec::new();
        body::to_msgpack(&value, &mut bytes);
        bytes
    });
    let is_msgpack = format == Format::Msgpack || case.is_set("msgpack");
    let plain = match &msgpack {
        Some(msgpack) if is_msgpack => msgpack.clone(),
        _ => json.into_bytes(),
    };
    let outcome = answer(case, format, &body::sent(case, plain));
    if let Some(msgpack) = msgpack
        && case.header("only").is_none()
        && !is_msgpack
    {
        let other = answer(case, Format::Msgpack, &body::sent(case, msgpack));
        assert_eq!(other.events, outcome.events, "msgpack: {}", case.title);
        assert_eq!(other.refusals, outcome.refusals, "msgpack: {}", case.title);
        assert_eq!(other.reply, outcome.reply, "msgpack: {}", case.title);
    }
    outcome
}

fn answer(case: &Case, format: Format, sent: &[u8]) -> Outcome {
    match take_in(case, format, sent) {
        Ok(outcome) => outcome,
        Err(error) => with_reply(Outcome::default(), &error_reply(error)),
    }
}

fn take_in(case: &Case, format: Format, sent: &[u8]) -> Result<Outcome, HoneycombError> {
    let path = case.header("path").unwrap();
    let dataset = dataset_name_from_path(path).ok_or(HoneycombError::UnknownDataset)?;
    let encoding = ContentEncoding::from_header(case.header("content-encoding"));
    let bytes = decompress(encoding, sent, case.number("body-bytes-max", 15_000_000))?;
    let limits: EventLimits = case.limits();
    let options = EventOptions {
        limits: &limits,
        now_ns: NOW_NS,
        expand_json_depth: case.number("expand-json-depth", 0) as u8,
    };
    if path.starts_with("/1/events/") {
        let headers = EventHeaders {
            time: case.header("x-honeycomb-event-time"),
            sample_rate: case.header("x-honeycomb-samplerate"),
        };
        let batch = decode_event(dataset, &bytes, format, headers, &options)?;
        let outcome = Outcome {
            events: print::rows(&batch),
            ..Outcome::default()
        };
        return Ok(with_reply(outcome, &event_reply()));
    }
    let decoded = decode_batch(dataset, &bytes, format, &options)?;
    let refusals = decoded
        .entries
        .iter()
        .enumerate()
        .filter_map(|(index, entry)| Some(format!("{index}: {:?}", entry.as_ref().err()?)))
        .collect();
    let outcome = Outcome {
        events: print::rows(&decoded.batch),
        refusals,
        reply: Vec::new(),
    };
    Ok(with_reply(outcome, &batch_reply(&decoded.entries, &[])))
}

fn with_reply(outcome: Outcome, reply: &Reply) -> Outcome {
    let body = String::from_utf8(reply.body.clone()).unwrap();
    outcome.reply(reply, &body)
}
