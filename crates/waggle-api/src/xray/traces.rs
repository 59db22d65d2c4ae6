//! Traces one by one: whole, in a list, and as they came. Source: spec/xray.md sections 3.8, 4 and 8.5.

use super::READ;
use super::call::{Call, Outcome, reply};
use super::error::Refusal;
use super::filter::{self, Candidates, Search, cursor_of, position_of, range_of};
use super::page::{NEXT_TOKEN, Pages, TOKEN};
use super::reading::{Loaded, Reader, trace_ids};
use super::window::RangeType;
use crate::ask::{Answer, Ask};
use crate::problem::Problem;
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Named, Shape, may, must};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;
use serde_json::json;
use waggle_access::Permission;
use waggle_wire::xray::TraceId;
use waggle_xray::{Filter, Seconds, TraceSummary, is_sampled};

pub(crate) const RESOURCE: Resource = Resource {
    name: "X-Ray traces",
    about: "Traces as X-Ray's clients read them, whatever protocol they came by.",
    routes: &[
        Route::operation("BatchGetTraces", "/Traces", READ, |call| {
            Box::pin(batch_get(call))
        })
        .about("Returns traces with the documents of their segments, five to a page.")
        .takes(Shape::Object(&[
            must("TraceIds", Shape::List(&Shape::Text), "1 to 100 ids of traces."),
            TOKEN,
        ]))
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[
                must("Traces", Shape::List(&Shape::Named(&TRACE)), "The traces."),
                must("UnprocessedTraceIds", Shape::List(&Shape::Text), "Ids of the request that nobody knows, on every page."),
                NEXT_TOKEN,
            ])),
        )]),
        Route::operation("GetTraceSummaries", "/TraceSummaries", READ, |call| {
            Box::pin(get_summaries(call))
        })
        .about("Lists traces of a range of time, the newest first. A page may be empty and still have one behind it.")
        .takes(Shape::Object(&[
            must("StartTime", Shape::Number, "Seconds since 1970, included."),
            must("EndTime", Shape::Number, "Seconds since 1970, excluded."),
            may("TimeRangeType", Shape::Choice(&RangeType::NAMES), "`TraceId` unless given."),
            may("Sampling", Shape::Flag, "Whether a part of the traces is enough."),
            may("SamplingStrategy", Shape::Any, "Which part: `FixedRate` with a `Value` of 0 to 1."),
            may("FilterExpression", Shape::Text, "Which traces; all unless given."),
            TOKEN,
        ]))
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[
                must("TraceSummaries", Shape::List(&Shape::Any), "What is to be said of each trace."),
                must("ApproximateTime", Shape::Number, "Everything since then has been looked at."),
                must("TracesProcessedCount", Shape::Whole, "How many traces were looked at for this page."),
                NEXT_TOKEN,
            ])),
        )]),
        Route::v1(
            "GET",
            "/1/xray/documents/{trace_id}",
            Need::AllOf(&[Permission::RunQueries]),
            |ask| Box::pin(documents(ask)),
        )
        .about("Returns every document that was accepted for a trace exactly as it came, one JSON object a line, in order of arrival.")
        .answers(&[(200, Content::Bytes(&["application/x-ndjson"]))]),
    ],
};

const TRACE: Named = Named {
    name: "XRayTrace",
    about: "A trace with the documents of its segments.",
    members: &[
        must("Id", Shape::Text, "Its id."),
        must(
            "Duration",
            Shape::Number,
            "Seconds from the first start to the last end.",
        ),
        must(
            "LimitExceeded",
            Shape::Flag,
            "Whether it is larger than what is read of one.",
        ),
        must(
            "Segments",
            Shape::List(&Shape::Any),
            "`Id` and `Document`, which is JSON as text.",
        ),
    ],
};

/// Most ids of one request.
const IDS_MAX: usize = 100;
const ID_CHARS: std::ops::RangeInclusive<usize> = 1..=35;
/// Traces on a page of whole traces.
const TRACES_PAGE: usize = 5;
/// Traces on a page of summaries.
const SUMMARIES_PAGE: usize = 100;
/// Pages of a search that are read for one page of summaries while none of their traces passes.
const SEARCHES_MAX: usize = 5;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TraceAnswer {
    id: String,
    duration: Seconds,
    limit_exceeded: bool,
    segments: Vec<SegmentAnswer>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SegmentAnswer {
    id: String,
    document: String,
}

async fn batch_get(call: Call) -> Outcome {
    let input = call.input()?;
    let pages = Pages::of(&input)?;
    let texts = input.texts("TraceIds", 1..=IDS_MAX, ID_CHARS)?;
    let ids = trace_ids(&input.must("TraceIds", texts)?)?;
    let reader = Reader::new(&call).await?;
    let mut at = match pages.start() {
        Some(position) => Position::parse(position)?,
        // What is unknown of a single page is known when it is read.
        None if ids.len() <= TRACES_PAGE => Position::default(),
        None => Position::first(&reader.has_entities(&ids).await?),
    };
    let mut left = (at.start..ids.len()).filter(|index| !at.is_unknown(*index));
    let shown: Vec<usize> = left.by_ref().take(TRACES_PAGE).collect();
    let next = left.next();
    let of_page: Vec<TraceId> = shown.iter().map(|index| ids[*index]).collect();
    let add = |traces: &mut Vec<_>, loaded: &Loaded| traces.push(trace_answer(loaded));
    let traces = reader.fold(&of_page, Vec::new(), add).await?;
    for (index, trace) in shown.iter().zip(&traces) {
        // Erased since the first page.
        if trace.is_none() {
            at.unknown |= 1 << index;
        }
    }
    let unknown = (0..ids.len()).filter(|index| at.is_unknown(*index));
    let mut answer = json!({
        "Traces": traces.into_iter().flatten().collect::<Vec<_>>(),
        "UnprocessedTraceIds": unknown.map(|index| ids[index].to_xray()).collect::<Vec<_>>(),
    });
    if let Some(start) = next {
        let token = pages.token(&Position { start, ..at }.to_string());
        answer["NextToken"] = token.into();
    }
    reply(&answer)
}

/// Where a page of traces begins, and which ids of the request nobody knows: every page names all of them, since clients that put pages
/// together take the list of the first.
#[derive(Default)]
struct Position {
    /// Place of the first id.
    start: usize,
    /// One bit for each id, of which there are at most [`IDS_MAX`].
    unknown: u128,
}

impl Position {
    fn first(is_known: &[bool]) -> Self {
        let places = is_known.iter().enumerate();
        let unknown = places.filter(|(_, is_known)| !**is_known);
        Self {
            start: 0,
            unknown: unknown.fold(0, |bits, (index, _)| bits | 1 << index),
        }
    }

    fn parse(text: &str) -> Result<Self, Refusal> {
        let parsed = text.split_once('.').and_then(|(start, unknown)| {
            Some(Self {
                start: start.parse().ok()?,
                unknown: u128::from_str_radix(unknown, 16).ok()?,
            })
        });
        parsed.ok_or_else(|| Refusal::invalid("NextToken is not one that this server gave"))
    }

    fn is_unknown(&self, index: usize) -> bool {
        self.unknown >> index & 1 == 1
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{:x}", self.start, self.unknown)
    }
}

/// `None` for a trace of which there is no segment and no span.
pub(super) fn trace_answer(loaded: &Loaded) -> Option<TraceAnswer> {
    loaded.ask(|trace, rows| {
        let documents = waggle_xray::segment_documents(trace, rows);
        (!documents.is_empty()).then(|| TraceAnswer {
            id: trace.id.to_xray(),
            duration: Seconds(trace.duration_ns()),
            limit_exceeded: loaded.is_cut,
            segments: documents
                .into_iter()
                .map(|document| SegmentAnswer {
                    id: document.id.to_string(),
                    document: document.text,
                })
                .collect(),
        })
    })
}

async fn get_summaries(call: Call) -> Outcome {
    let input = call.input()?;
    let pages = Pages::of(&input)?;
    let range = range_of(&input)?;
    let range_type = RangeType::of_name(input.choice("TimeRangeType", &RangeType::NAMES)?);
    let rate = sample_rate(&input)?;
    let filter = match input.text("FilterExpression", 0..=usize::MAX)? {
        None => Filter::all(),
        Some(text) => filter::parse(&call, text).await?,
    };
    let mut after = pages.start().map(cursor_of).transpose()?;
    let reader = Reader::new(&call).await?;
    let mut search = Search::new(&reader, range_type, range, filter, SUMMARIES_PAGE).await?;
    let mut summaries: Vec<TraceSummary> = Vec::new();
    let mut processed_count = 0;
    let mut reached_ns = range.start_ns;
    for _ in 0..SEARCHES_MAX {
        let Candidates {
            ids,
            reached_ns: reached,
            next,
        } = search.page(&reader, after.take()).await?;
        reached_ns = reached;
        processed_count += ids.len();
        let filter = search.filter.clone();
        let add = move |summaries: &mut Vec<_>, loaded: &Loaded| {
            summaries.extend(summarize(loaded, range_type, range, &filter));
        };
        let sampled: Vec<TraceId> = ids.into_iter().filter(|id| is_sampled(*id, rate)).collect();
        summaries = reader.fold(&sampled, Vec::new(), add).await?;
        after = next;
        if !summaries.is_empty() || after.is_none() {
            break;
        }
    }
    summaries.sort_by(|one, other| {
        let newest = other.start_time.cmp(&one.start_time);
        newest.then_with(|| one.id.cmp(&other.id))
    });
    let mut answer = json!({
        "TraceSummaries": summaries,
        "ApproximateTime": Seconds(reached_ns.clamp(range.start_ns, range.end_ns)),
        "TracesProcessedCount": processed_count,
    });
    if let Some(after) = after {
        answer["NextToken"] = pages.token(&position_of(&after)).into();
    }
    reply(&answer)
}

fn summarize(
    loaded: &Loaded,
    range_type: RangeType,
    range: waggle_model::TimeRange,
    filter: &Filter,
) -> Option<TraceSummary> {
    loaded.ask(|trace, _| {
        if trace.entities.is_empty() {
            return None;
        }
        let matched_ns = range_type.matches(trace, range)?;
        filter
            .matches(trace)
            .then(|| TraceSummary::of(trace, matched_ns))
    })
}

/// Which part of the traces is wanted.
fn sample_rate(input: &super::call::Input) -> Result<f64, Refusal> {
    let strategy = input.object("SamplingStrategy")?;
    let mut rate = None;
    if let Some(strategy) = &strategy {
        let name = strategy.choice("Name", &["PartialScan", "FixedRate"])?;
        let value = strategy.number("Value", 0.0..=1.0)?;
        rate = value.filter(|_| name == Some("FixedRate"));
    }
    let is_sampling = input.flag("Sampling")? == Some(true);
    Ok(rate.filter(|_| is_sampling).unwrap_or(1.0))
}

/// `GET /1/xray/documents/{trace_id}`
async fn documents(ask: Ask) -> Answer {
    let id = TraceId::parse(ask.path("trace_id"))
        .ok_or_else(|| Problem::not_found("no document was accepted for this trace"))?;
    let reader = Reader::of(ask.state.clone(), ask.caller.tenant).await?;
    let add = |lines: &mut String, loaded: &Loaded| {
        let documents = loaded.ask(|_, rows| waggle_xray::accepted_documents(rows));
        for (seq, document) in documents.into_iter().enumerate() {
            let line = json!({
                "seq": seq,
                "received_at": Seconds(document.received_ns),
                "source": document.source,
                "document": document.text,
            });
            lines.push_str(&line.to_string());
            lines.push('\n');
        }
    };
    let lines = reader.fold(&[id], String::new(), add).await?;
    if lines.is_empty() {
        return Err(Problem::not_found(
            "no document was accepted for this trace",
        ));
    }
    let content_type = [(header::CONTENT_TYPE, "application/x-ndjson")];
    Ok((StatusCode::OK, content_type, lines).into_response())
}
