//! `GET /api/environments/{env}/rejections`: what was refused in the last ten minutes, and what to do about it.

use crate::ask::{Answer, Ask, json_answer};
use crate::rejection::{MINUTES, Rejection};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Named, Shape, must};
use crate::table::time_text;
use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use std::future::ready;
use waggle_access::Permission;

pub(crate) const RESOURCE: Resource = Resource {
    name: "Rejections",
    about: "What was sent and not taken of late.",
    routes: &[Route::own(
        "GET",
        "/api/environments/{env}/rejections",
        Need::Person(&[Permission::RunQueries]),
        |ask| Box::pin(ready(list(&ask))),
    )
    .about("Lists why events and whole requests were refused in the last ten minutes, since this server started.")
    .answers(&[(
        200,
        Content::Json(Shape::Object(&[
            must("minutes", Shape::Whole, "Of how many last minutes."),
            must(
                "rejections",
                Shape::List(&Shape::Named(&REJECTION)),
                "Of senders of this environment, the newest first.",
            ),
            must(
                "of_unknown_senders",
                Shape::List(&Shape::Named(&REJECTION)),
                "Of requests without a key that is known: they may be meant for any environment of this server.",
            ),
        ])),
    )])],
};

const REJECTION: Named = Named {
    name: "Rejection",
    about: "Refusals of one kind.",
    members: &[
        must(
            "protocol",
            Shape::Text,
            "The way they came: events, batch, otlp_http, otlp_grpc, kinesis or xray.",
        ),
        must("reason", Shape::Text, "Why, in one word."),
        must("advice", Shape::Text, "Why, and what to do about it."),
        must(
            "count",
            Shape::Whole,
            "How many: events, or requests that were refused as a whole.",
        ),
        must("last_at", Shape::Time, "When the last of them came."),
    ],
};

fn list(ask: &Ask) -> Answer {
    let now_ns = ask.state.clock.now_ns();
    let of = |whose| -> Vec<Json> {
        let found = ask.state.rejections.of(whose, now_ns);
        found.iter().map(rejection_json).collect()
    };
    json_answer(
        StatusCode::OK,
        &json!({
            "minutes": MINUTES,
            "rejections": of(Some(ask.caller.tenant)),
            "of_unknown_senders": of(None),
        }),
    )
}

fn rejection_json(rejection: &Rejection) -> Json {
    json!({
        "protocol": rejection.protocol.name(),
        "reason": rejection.reason,
        "advice": advice(rejection.reason),
        "count": rejection.count,
        "last_at": time_text(rejection.last_ns),
    })
}

/// What whoever reads a reason should know. The reasons are those of `waggle_events_rejected`.
fn advice(reason: &str) -> &'static str {
    match reason {
        "missing_key" => "There was no API key; send one in the header x-honeycomb-team.",
        "unknown_key" => "The API key is not known here; check that all of it was copied.",
        "forbidden" => "The API key may not send events; make one that may.",
        "missing_dataset" => {
            "A classic key needs the header x-honeycomb-dataset; keys of an environment do not."
        }
        "unknown_dataset" => {
            "The dataset does not exist and the key may not make it, or its name can't be used."
        }
        "too_many_datasets" => "The environment has as many datasets as it may have.",
        "unsupported_content_type" => {
            "The content type is not one of the protocol's; OTLP takes application/x-protobuf and application/json."
        }
        "missing_request_id" => "Firehose sends its request id; something on the way dropped it.",
        "malformed" => "The body could not be read as what its content type says it is.",
        "empty" => "There was nothing in the body or in the event.",
        "too_large" => {
            "The body or the event is larger than the server takes; send smaller batches."
        }
        "too_many_columns" => "The event has more fields than an event may have.",
        "dataset_too_many_columns" => {
            "The dataset has as many columns as it may have; names that hold ids are the usual cause."
        }
        "rate_limited" => "The key has sent more events than it may for now.",
        "busy" => "The server takes in more than it can store; clients send again after a pause.",
        "waiting_full" => {
            "Too many X-Ray documents wait for the segment that they belong to (xray-pending-bytes-max); clients send again after a pause."
        }
        "disk_full" => "The server's disk is full; nothing is taken in until there is room.",
        _ => "The server is not taking in events now; its log says why.",
    }
}

#[cfg(test)]
mod tests {
    use super::advice;

    #[test]
    fn documents_that_may_not_wait_have_an_advice_of_their_own() {
        assert!(advice("waiting_full").contains("xray-pending-bytes-max"));
    }
}
