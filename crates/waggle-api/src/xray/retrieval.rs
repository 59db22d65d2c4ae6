//! Retrievals: traces that are asked for first and fetched later. Nothing here is far away, so what was asked for is there at once. Source:
//! spec/xray.md section 7.
//!
//! Kept in memory, so that a restart forgets them: a client then asks again.

use super::READ;
use super::call::{Call, Input, Outcome, reply};
use super::error::{Code, Refusal};
use super::filter::range_of;
use super::graph::{END, START, graph_of, warned};
use super::page::{NEXT_TOKEN, Pages, TOKEN};
use super::reading::{Loaded, Reader, trace_ids};
use crate::route::{Resource, Route};
use crate::shape::{Content, Member, Shape, may, must};
use crate::state::ApiState;
use parking_lot::Mutex;
use serde_json::{Value as Json, json};
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::future::ready;
use waggle_model::Tenant;
use waggle_wire::xray::TraceId;
use waggle_xray::{Room, Seconds};

pub(crate) const RESOURCE: Resource = Resource {
    name: "X-Ray retrievals",
    about: "Traces that are asked for first and fetched later.",
    routes: &[
        Route::operation(
            "StartTraceRetrieval",
            "/StartTraceRetrieval",
            READ,
            |call| Box::pin(ready(start(&call))),
        )
        .about("Asks for traces; they are there at once, for an hour.")
        .takes(Shape::Object(&[
            must(
                "TraceIds",
                Shape::List(&Shape::Text),
                "Up to 100 ids of traces.",
            ),
            START,
            END,
        ]))
        .answers(&[(200, Content::Json(Shape::Object(&[RETRIEVAL])))]),
        Route::operation(
            "ListRetrievedTraces",
            "/ListRetrievedTraces",
            READ,
            |call| Box::pin(list(call)),
        )
        .about("Returns the traces, five to a page.")
        .takes(Shape::Object(&[
            RETRIEVAL,
            may(
                "TraceFormat",
                Shape::Choice(&FORMATS),
                "`XRAY` unless given.",
            ),
            TOKEN,
        ]))
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[
                STATUS,
                must("TraceFormat", Shape::Choice(&FORMATS), "As asked for."),
                must(
                    "Traces",
                    Shape::List(&Shape::Any),
                    "The traces, with a document per segment or span.",
                ),
                NEXT_TOKEN,
            ])),
        )]),
        Route::operation(
            "GetRetrievedTracesGraph",
            "/GetRetrievedTracesGraph",
            READ,
            |call| Box::pin(graph(call)),
        )
        .about("Returns the service graph of the traces.")
        .takes(Shape::Object(&[RETRIEVAL, TOKEN]))
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[
                STATUS,
                must(
                    "Services",
                    Shape::List(&Shape::Any),
                    "`Service` and its `Links`.",
                ),
                NEXT_TOKEN,
            ])),
        )]),
        Route::operation(
            "CancelTraceRetrieval",
            "/CancelTraceRetrieval",
            READ,
            |call| Box::pin(ready(cancel(&call))),
        )
        .about("Gives a retrieval up; it then has no traces.")
        .takes(Shape::Object(&[RETRIEVAL]))
        .answers(&[(200, Content::Json(Shape::Object(&[])))]),
    ],
};

const RETRIEVAL: Member = must("RetrievalToken", Shape::Text, "Which retrieval.");
const STATUS: Member = must(
    "RetrievalStatus",
    Shape::Text,
    "`COMPLETE`, or `CANCELLED`.",
);
const FORMATS: [&str; 2] = ["XRAY", "OTEL"];

const IDS_MAX: usize = 100;
/// How long a retrieval can be asked about.
const LIFETIME_NS: i64 = 3_600_000_000_000;
/// Most retrievals that are kept of a tenant; the oldest goes for a new one.
const KEPT_MAX: usize = 1_000;
/// Most of all tenants: beyond, the oldest of whoever has the most goes.
const KEPT_ALL_MAX: usize = 10_000;
const TRACES_PAGE: usize = 5;
/// Documents of a trace on a page. Source: spec/xray.md section 3.2.
const DOCUMENTS_PAGE: usize = 100;
/// Most bytes of a document, by the same section; and how many documents a trace may be split into before something is cut.
const ROOM: Room = Room {
    bytes_max: 204_800,
    documents_max: 10 * DOCUMENTS_PAGE,
};
/// Services on a page.
const SERVICES_PAGE: usize = 1_000;

/// The retrievals of this process: like a map of services, a restart forgets them.
#[derive(Default)]
pub(crate) struct Retrievals(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    by_token: HashMap<String, Retrieval>,
    /// Tokens, oldest first: of each tenant, so that none ends what another has begun.
    order: HashMap<Tenant, VecDeque<String>>,
}

#[derive(Clone)]
struct Retrieval {
    tenant: Tenant,
    ids: Vec<TraceId>,
    started_ns: i64,
    is_cancelled: bool,
}

impl Kept {
    /// Forgets those of all tenants whose time is over.
    fn forget_over(&mut self, now_ns: i64) {
        let Self { by_token, order } = self;
        by_token.retain(|_, retrieval| retrieval.is_alive(now_ns));
        order.retain(|_, tokens| {
            tokens.retain(|token| by_token.contains_key(token));
            !tokens.is_empty()
        });
    }

    fn forget_oldest(&mut self, tenant: Tenant) {
        let oldest = self.order.get_mut(&tenant).and_then(VecDeque::pop_front);
        if let Some(oldest) = oldest {
            self.by_token.remove(&oldest);
        }
    }
}

impl Retrieval {
    fn is_alive(&self, now_ns: i64) -> bool {
        now_ns.saturating_sub(self.started_ns) < LIFETIME_NS
    }
}

impl Retrievals {
    fn begin(&self, retrieval: Retrieval) -> String {
        let token = super::error::request_id();
        let mut kept = self.0.lock();
        kept.forget_over(retrieval.started_ns);
        let begun_count = kept.order.get(&retrieval.tenant).map_or(0, VecDeque::len);
        if begun_count >= KEPT_MAX {
            kept.forget_oldest(retrieval.tenant);
        } else if kept.by_token.len() >= KEPT_ALL_MAX {
            let most = kept.order.iter().max_by_key(|(_, tokens)| tokens.len());
            if let Some(tenant) = most.map(|(tenant, _)| *tenant) {
                kept.forget_oldest(tenant);
            }
        }
        let order = kept.order.entry(retrieval.tenant).or_default();
        order.push_back(token.clone());
        kept.by_token.insert(token.clone(), retrieval);
        token
    }

    fn find(&self, tenant: Tenant, token: &str, now_ns: i64) -> Option<Retrieval> {
        let kept = self.0.lock();
        let found = kept.by_token.get(token)?;
        (found.tenant == tenant && found.is_alive(now_ns)).then(|| found.clone())
    }

    fn cancel(&self, token: &str) {
        if let Some(retrieval) = self.0.lock().by_token.get_mut(token) {
            retrieval.is_cancelled = true;
        }
    }
}

fn start(call: &Call) -> Outcome {
    let input = call.input()?;
    let texts = input.texts("TraceIds", 0..=IDS_MAX, 1..=35)?;
    let ids = trace_ids(&input.must("TraceIds", texts)?)?;
    range_of(&input)?;
    let token = call.state.retrievals.begin(Retrieval {
        tenant: call.caller.tenant,
        ids,
        started_ns: call.state.clock.now_ns(),
        is_cancelled: false,
    });
    reply(&json!({ "RetrievalToken": token }))
}

/// The retrieval of a request, and its token.
fn of(state: &ApiState, tenant: Tenant, input: &Input) -> Result<(Retrieval, String), Refusal> {
    let token = input.text("RetrievalToken", 0..=1_020)?;
    let token = input.must("RetrievalToken", token)?;
    let found = state.retrievals.find(tenant, token, state.clock.now_ns());
    let found = found.ok_or_else(|| {
        let message = "there is no such retrieval, or its hour is over";
        Refusal::about(Code::ResourceNotFound, token, message)
    })?;
    Ok((found, token.to_owned()))
}

async fn list(call: Call) -> Outcome {
    let input = call.input()?;
    let pages = Pages::of(&input)?;
    let (retrieval, _) = of(&call.state, call.caller.tenant, &input)?;
    let format = input.choice("TraceFormat", &FORMATS)?.unwrap_or("XRAY");
    if retrieval.is_cancelled {
        return reply(
            &json!({ "RetrievalStatus": "CANCELLED", "TraceFormat": format, "Traces": [] }),
        );
    }
    let start = Position::parse(pages.start().unwrap_or_default());
    let ids: Vec<TraceId> = retrieval
        .ids
        .iter()
        .skip(start.trace)
        .take(TRACES_PAGE)
        .copied()
        .collect();
    let mut page = Page {
        traces: Vec::with_capacity(ids.len()),
        next: start,
        is_full: false,
    };
    let add = move |page: &mut Page, loaded: &Loaded| page.add(loaded, format);
    let reader = Reader::new(&call).await?;
    page = reader.fold(&ids, page, add).await?;
    let mut answer = json!({
        "RetrievalStatus": "COMPLETE",
        "TraceFormat": format,
        "Traces": page.traces,
    });
    if page.next.trace < retrieval.ids.len() {
        answer["NextToken"] = pages.token(&page.next.to_string()).into();
    }
    reply(&answer)
}

/// Where a page begins: a trace, and how many of its documents were on pages before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Position {
    trace: usize,
    document: usize,
}

impl Position {
    fn parse(text: &str) -> Self {
        let (trace, document) = text.split_once('.').unwrap_or((text, "0"));
        Self {
            trace: trace.parse().unwrap_or_default(),
            document: document.parse().unwrap_or_default(),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.trace, self.document)
    }
}

/// Traces of an answer. One with more documents than a trace of an answer has goes on on the next page.
struct Page {
    traces: Vec<Json>,
    next: Position,
    is_full: bool,
}

impl Page {
    fn add(&mut self, loaded: &Loaded, format: &str) {
        if self.is_full {
            return;
        }
        let begin = self.next.document;
        let (mut trace, documents) = loaded.ask(|trace, rows| {
            let documents = match format {
                "OTEL" => waggle_xray::span_documents(trace, rows, ROOM.bytes_max),
                _ => waggle_xray::segment_documents_within(trace, rows, ROOM),
            };
            let head = json!({
                "Id": trace.id.to_xray(),
                "Duration": Seconds(trace.duration_ns()),
            });
            (head, documents)
        });
        let end = begin.saturating_add(DOCUMENTS_PAGE).min(documents.len());
        let spans = documents.get(begin..end).unwrap_or_default().iter();
        let spans = spans.map(|span| json!({ "Id": span.id.to_string(), "Document": span.text }));
        if !loaded.is_empty() {
            trace["Spans"] = spans.collect();
            self.traces.push(trace);
        }
        self.is_full = end < documents.len();
        self.next = match self.is_full {
            true => Position {
                document: end,
                ..self.next
            },
            false => Position {
                trace: self.next.trace.saturating_add(1),
                document: 0,
            },
        };
    }
}

async fn graph(call: Call) -> Outcome {
    let input = call.input()?;
    let pages = Pages::of(&input)?;
    let (retrieval, _) = of(&call.state, call.caller.tenant, &input)?;
    if retrieval.is_cancelled {
        return reply(&json!({ "RetrievalStatus": "CANCELLED", "Services": [] }));
    }
    let graph = graph_of(&Reader::new(&call).await?, &retrieval.ids).await?;
    let nodes = graph.nodes;
    let start: usize = pages.start().unwrap_or("0").parse().unwrap_or(usize::MAX);
    let end = nodes.len().min(start.saturating_add(SERVICES_PAGE));
    let shown = nodes.get(start..end).unwrap_or_default().iter();
    let services: Vec<Json> = shown
        .map(|node| json!({ "Service": node, "Links": [] }))
        .collect();
    let mut answer = json!({ "RetrievalStatus": "COMPLETE", "Services": services });
    if end < nodes.len() {
        answer["NextToken"] = pages.token(&end.to_string()).into();
    }
    Ok(warned(reply(&answer)?, graph.has_all_links))
}

fn cancel(call: &Call) -> Outcome {
    let input = call.input()?;
    let (_, token) = of(&call.state, call.caller.tenant, &input)?;
    call.state.retrievals.cancel(&token);
    reply(&json!({}))
}

#[cfg(test)]
mod tests;
