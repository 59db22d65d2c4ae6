//! Many traces in one picture: the service graph of a range or of some traces, and figures over time. Source: spec/xray.md section 5.5.

use super::READ;
use super::call::{Call, Outcome, Reply, reply};
use super::error::Refusal;
use super::filter::{Search, of_group, range_of};
use super::page::{NEXT_TOKEN, Pages, TOKEN};
use super::reading::{Loaded, Reader, away, trace_ids};
use super::window::RangeType;
use crate::route::{Resource, Route};
use crate::shape::{Content, Member, Shape, may, must};
use parking_lot::Mutex;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use std::sync::Arc;
use waggle_model::{DatasetScope, ScanRequest, TimeRange};
use waggle_wire::xray::TraceId;
use waggle_xray::{
    COLUMNS, Filter, GraphBuilder, GraphNode, OfTraces, RowStore, Seconds, Selector, SeriesBuilder,
};

pub(crate) const RESOURCE: Resource = Resource {
    name: "X-Ray service graph",
    about: "Who calls whom, how often and with what result, made of traces of any protocol.",
    routes: &[
        Route::operation("GetServiceGraph", "/ServiceGraph", READ, |call| {
            Box::pin(get_service_graph(call))
        })
        .about("Returns the services of a range of time and their calls.")
        .takes(Shape::Object(&[START, END, GROUP_NAME, GROUP_ARN, TOKEN]))
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[
                START, END, SERVICES, OLD_GROUPS, NEXT_TOKEN,
            ])),
        )]),
        Route::operation("GetTraceGraph", "/TraceGraph", READ, |call| {
            Box::pin(get_trace_graph(call))
        })
        .about("Returns the services of some traces and their calls.")
        .takes(Shape::Object(&[
            must(
                "TraceIds",
                Shape::List(&Shape::Text),
                "1 to 100 ids of traces.",
            ),
            TOKEN,
        ]))
        .answers(&[(200, Content::Json(Shape::Object(&[SERVICES, NEXT_TOKEN])))]),
        Route::operation(
            "GetTimeSeriesServiceStatistics",
            "/TimeSeriesServiceStatistics",
            READ,
            |call| Box::pin(get_statistics(call)),
        )
        .about("Returns figures of services or calls over time.")
        .takes(Shape::Object(&[
            START,
            END,
            GROUP_NAME,
            GROUP_ARN,
            may(
                "EntitySelectorExpression",
                Shape::Text,
                "Which services or calls; requests from outside unless given.",
            ),
            may(
                "Period",
                Shape::Whole,
                "Seconds of a bucket; 60 unless given.",
            ),
            may(
                "ForecastStatistics",
                Shape::Flag,
                "Taken, and not answered.",
            ),
            TOKEN,
        ]))
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[
                must(
                    "TimeSeriesServiceStatistics",
                    Shape::List(&Shape::Any),
                    "The buckets with data.",
                ),
                OLD_GROUPS,
                NEXT_TOKEN,
            ])),
        )]),
    ],
};

pub(super) const START: Member = must("StartTime", Shape::Number, "Seconds since 1970, included.");
pub(super) const END: Member = must("EndTime", Shape::Number, "Seconds since 1970, excluded.");
pub(super) const GROUP_NAME: Member = may("GroupName", Shape::Text, "Only traces of this group.");
pub(super) const GROUP_ARN: Member = may("GroupARN", Shape::Text, "The same by its ARN.");
const SERVICES: Member = must(
    "Services",
    Shape::List(&Shape::Any),
    "The services, with their calls.",
);
const OLD_GROUPS: Member = must(
    "ContainsOldGroupVersions",
    Shape::Flag,
    "False: a group's filter is true of old traces too.",
);

/// Nodes on a page.
pub(super) const NODES_PAGE: usize = 100;
/// Buckets on a page.
const BUCKETS_PAGE: usize = 1_000;
const IDS_MAX: usize = 100;
/// Traces on a page of a search.
const SEARCH_PAGE: usize = 200;
/// Seconds of a bucket unless the request says.
const PERIOD_DEFAULT_S: i64 = 60;
const LINKS_MISSING: &str = "edges of some links are missing: there are more than xray-graph-links-max, or lead to more traces than xray-graph-linked-traces-max";
/// Into how many parts a range is dealt, more when one part does not fit.
const PARTS: [u64; 4] = [1, 4, 16, 64];

async fn get_service_graph(call: Call) -> Outcome {
    let input = call.input()?;
    let pages = Pages::of(&input)?;
    let range = range_of(&input)?;
    let reader = Reader::new(&call).await?;
    let filter = of_group(&call, &input).await?;
    let links_max = reader.state.config.xray_limits.graph_links_max;
    let graph = graph_of_range(&reader, range, filter, links_max).await?;
    let (nodes, next) = pages.slice(graph.nodes, NODES_PAGE)?;
    let answered = answer(
        json!({
            "StartTime": Seconds(range.start_ns),
            "EndTime": Seconds(range.end_ns),
            "Services": nodes,
            "ContainsOldGroupVersions": false,
        }),
        next,
    )?;
    Ok(warned(answered, graph.has_all_links))
}

/// Says of a graph that edges are missing.
pub(super) fn warned(answered: Reply, has_all_links: bool) -> Reply {
    match has_all_links {
        true => answered,
        false => answered.warn(LINKS_MISSING),
    }
}

async fn get_trace_graph(call: Call) -> Outcome {
    let input = call.input()?;
    let pages = Pages::of(&input)?;
    let texts = input.texts("TraceIds", 1..=IDS_MAX, 1..=35)?;
    let ids = trace_ids(&input.must("TraceIds", texts)?)?;
    let reader = Reader::new(&call).await?;
    let graph = graph_of(&reader, &ids).await?;
    let (nodes, next) = pages.slice(graph.nodes, NODES_PAGE)?;
    let answered = answer(json!({ "Services": nodes }), next)?;
    Ok(warned(answered, graph.has_all_links))
}

/// A finished graph.
pub(super) struct Graph {
    pub(super) nodes: Vec<GraphNode>,
    /// Whether every link between its traces and others is an edge.
    pub(super) has_all_links: bool,
}

/// The graph of the traces of a range that pass, with so many links at once; its numbers are the same on all pages.
pub(super) async fn graph_of_range(
    reader: &Reader,
    range: TimeRange,
    filter: Filter,
    links_max: usize,
) -> Result<Graph, Refusal> {
    let traces = Traces::passing(range, filter);
    let graph = traces
        .fold(reader, move || GraphBuilder::new(range, links_max))
        .await?;
    finish(reader, graph).await
}

/// The graph of some traces.
pub(super) async fn graph_of(reader: &Reader, ids: &[TraceId]) -> Result<Graph, Refusal> {
    let add = |graph: &mut GraphBuilder, loaded: &Loaded| loaded.ask(|trace, _| graph.add(trace));
    let links_max = reader.state.config.xray_limits.graph_links_max;
    let graph = GraphBuilder::new(TimeRange::ALL, links_max);
    let graph = reader.fold(ids, graph, add).await?;
    // Links among them first: those are none of the traces that may be looked up.
    let mut own = graph.linked_traces();
    own.retain(|id| ids.contains(id));
    let graph = reader.fold(&own, graph, link).await?;
    finish(reader, graph).await
}

fn link(graph: &mut GraphBuilder, loaded: &Loaded) {
    loaded.ask(|trace, _| graph.link(trace));
}

/// Draws the links to traces that the graph is not of, and numbers the nodes.
async fn finish(reader: &Reader, graph: GraphBuilder) -> Result<Graph, Refusal> {
    let mut linked = graph.linked_traces();
    let linked_max = reader.state.config.xray_limits.graph_linked_traces_max;
    let are_looked_up = linked.len() <= linked_max;
    linked.truncate(linked_max);
    let graph = reader.fold(&linked, graph, link).await?;
    let finish = move || Graph {
        has_all_links: are_looked_up && graph.has_all_links(),
        nodes: graph.finish(),
    };
    Ok(away(finish).await)
}

async fn get_statistics(call: Call) -> Outcome {
    let input = call.input()?;
    let pages = Pages::of(&input)?;
    let range = range_of(&input)?;
    let selector = match input.text("EntitySelectorExpression", 1..=Selector::CHARS_MAX)? {
        None => None,
        Some(text) => Some(Selector::parse(text)?),
    };
    let period_s = input
        .whole("Period", 1..=86_400)?
        .unwrap_or(PERIOD_DEFAULT_S);
    input.flag("ForecastStatistics")?;
    let reader = Reader::new(&call).await?;
    let traces = Traces::passing(range, of_group(&call, &input).await?);
    let start = move || SeriesBuilder::new(range, period_s, selector.clone());
    let series = traces.fold(&reader, start).await?;
    let points = away(move || series.finish()).await;
    let (points, next) = pages.slice(points, BUCKETS_PAGE)?;
    answer(
        json!({
            "TimeSeriesServiceStatistics": points,
            "ContainsOldGroupVersions": false,
        }),
        next,
    )
}

/// The traces of a range that are in a group.
pub(super) enum Traces {
    /// All of them.
    All(TimeRange),
    /// Those that pass.
    Filtered(TimeRange, Filter),
}

impl Traces {
    pub(super) fn passing(range: TimeRange, filter: Filter) -> Self {
        match filter.is_all() {
            true => Self::All(range),
            false => Self::Filtered(range, filter),
        }
    }

    /// Adds every trace with a segment that ended in the range, or is in progress and began there, to what `start` makes.
    pub(super) async fn fold<B: OfTraces + Send + 'static>(
        self,
        reader: &Reader,
        start: impl Fn() -> B + Send + Sync + 'static,
    ) -> Result<B, Refusal> {
        match self {
            Self::All(range) => scan(reader, range, start).await,
            Self::Filtered(range, filter) => search(reader, range, filter, start()).await,
        }
    }
}

/// Documents that wait, by the trace they are of.
type Waiting = HashMap<TraceId, Vec<Arc<str>>>;

/// Reads the columns that figures are made of, all traces at once or, when they are too many, part by part.
async fn scan<B: OfTraces + Send + 'static>(
    reader: &Reader,
    range: TimeRange,
    start: impl Fn() -> B + Send + Sync + 'static,
) -> Result<B, Refusal> {
    let limits = &reader.state.config.xray_limits;
    let spread_ns = i64::try_from(limits.trace_spread.as_nanos()).unwrap_or(i64::MAX);
    let range = TimeRange {
        start_ns: range.start_ns.saturating_sub(spread_ns),
        end_ns: range.end_ns,
    };
    // Before the rows: what gets its events meanwhile is there twice, and the rows of what has ended count.
    let mut waiting = Waiting::new();
    for (trace_id, text) in reader.state.segments.waiting(reader.tenant, range) {
        waiting.entry(trace_id).or_default().push(text);
    }
    'parts: for parts in PARTS {
        let mut built = start();
        let mut waiting = waiting.clone();
        for part in 0..parts {
            let request = ScanRequest {
                scope: DatasetScope::All,
                range,
                key: "trace.trace_id".to_owned(),
                columns: COLUMNS.to_vec(),
                part: (part, parts),
            };
            let Some(mut rows) = read_part(reader, &request, limits.graph_bytes_max).await? else {
                continue 'parts;
            };
            let is_last = part + 1 == parts;
            let of_part = waiting.extract_if(|id, _| is_last || rows.has(*id));
            let of_part: Vec<(TraceId, Vec<Arc<str>>)> = of_part.collect();
            for (trace_id, texts) in of_part {
                for text in texts {
                    rows.add_document(trace_id, text);
                }
            }
            built = away(move || {
                built.add_rows(rows);
                built
            })
            .await;
        }
        return Ok(built);
    }
    let most = limits.graph_bytes_max >> 20;
    Err(Refusal::invalid(format!(
        "there are more spans than fit into 64 parts of {most} MiB (xray-graph-bytes-max); ask for a shorter range"
    )))
}

/// The rows of one part; `None` when they do not fit.
async fn read_part(
    reader: &Reader,
    request: &ScanRequest,
    bytes_max: usize,
) -> Result<Option<RowStore>, Refusal> {
    let rows = Arc::new(Mutex::new(Some(RowStore::default())));
    let kept = Arc::clone(&rows);
    let mut row_count: u64 = 0;
    let visit = Box::new(
        move |time_ns: i64, trace_id: &str, values: &[Option<waggle_model::ValueRef<'_>>]| {
            let mut rows = kept.lock();
            let Some(store) = rows.as_mut() else {
                return false;
            };
            store.add(trace_id, time_ns, values);
            row_count += 1;
            // To add up what is held costs more than to hold a row.
            if row_count.is_multiple_of(1_024) && store.bytes() > bytes_max {
                *rows = None;
                return false;
            }
            true
        },
    );
    let engine = &reader.state.engine;
    engine.scan(reader.tenant, request, visit).await?;
    let rows = rows.lock().take();
    Ok(rows)
}

/// Looks for the traces that pass, and reads them page by page.
async fn search<B: OfTraces + Send + 'static>(
    reader: &Reader,
    range: TimeRange,
    filter: Filter,
    mut built: B,
) -> Result<B, Refusal> {
    let traces_max = reader.state.config.xray_limits.group_traces_max;
    let mut search = Search::new(reader, RangeType::Service, range, filter, SEARCH_PAGE).await?;
    let mut after = None;
    let mut trace_count = 0;
    loop {
        let page = search.page(reader, after).await?;
        trace_count += page.ids.len();
        if trace_count > traces_max {
            let message = format!(
                "the group has more than {traces_max} traces (xray-group-traces-max); ask for a shorter range"
            );
            return Err(Refusal::invalid(message));
        }
        let filter = search.filter.clone();
        let passing = move |built: &mut B, loaded: &Loaded| {
            loaded.ask(|trace, _| {
                if filter.matches(trace) {
                    built.add(trace);
                }
            });
        };
        built = reader.fold(&page.ids, built, passing).await?;
        after = page.next;
        if after.is_none() {
            return Ok(built);
        }
    }
}

/// Answers with the token of the next page, if there is one.
pub(super) fn answer(mut json: Json, next: Option<String>) -> Outcome {
    if let Some(next) = next {
        json["NextToken"] = next.into();
    }
    reply(&json)
}
