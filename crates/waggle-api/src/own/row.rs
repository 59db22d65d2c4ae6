//! Raw rows and traces: the events themselves, with every field.

use crate::ask::{Answer, Ask, refuse_unknown, text_answer};
use crate::derived::{add_kept, columns_of};
use crate::listen::body;
use crate::metric::add_defaults;
use crate::problem::{DetailCode, Problem};
use crate::route::LIMIT;
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Member, Named, Shape, joined, may, must};
use crate::spec::{ROW_CLAUSES, have_relation, read_row_clauses, whole_number};
use crate::table::{NEXT, RAW_ROW, STATS};
use crate::table::{Rows, Stats};
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use std::collections::HashMap;
use waggle_access::Permission;
use waggle_model::{
    DatasetId, RowRequest, Tenant, TimeRange, TimeWindow, TraceChoice, TraceRequest,
};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Rows and traces",
    about: "The events themselves, with every field.",
    routes: &[
        Route::own(
            "POST",
            "/api/environments/{env}/datasets/{dataset}/rows",
            LOOK,
            |ask| Box::pin(rows(ask)),
        )
        .about("Returns the events that pass the filters, the newest first.")
        .takes(Shape::Named(&REQUEST))
        .query(&[BY_DEFINITION])
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[
                must("rows", Shape::List(&Shape::Named(&RAW_ROW)), "The events."),
                NEXT,
                must("stats", Shape::Named(&STATS), "What the answer cost."),
            ])),
        )]),
        Route::own(
            "GET",
            "/api/environments/{env}/traces/{trace_id}",
            LOOK,
            |ask| Box::pin(trace(ask)),
        )
        .about("Returns the events of a trace from all datasets, the oldest first.")
        .query(&[
            may("start", Shape::Number, "Seconds since 1970, included."),
            may("end", Shape::Number, "Seconds since 1970, excluded."),
            LIMIT,
        ])
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[
                must("trace_id", Shape::Text, "Its id."),
                must("total_rows", Shape::Whole, "How many events it has."),
                must("rows", Shape::List(&Shape::Named(&RAW_ROW)), "The events."),
                must("stats", Shape::Named(&STATS), "What the answer cost."),
            ])),
        )]),
    ],
};

pub(super) const LOOK: Need = Need::Person(&[Permission::RunQueries]);

/// How long the steps of a chart are whose rows are asked for.
pub(super) const GRANULARITY: Member = may(
    "granularity",
    Shape::OrNull(&Shape::Number),
    "Seconds of a step in which calculated fields follow series of metrics, as the answer of the query has it; 0 or absent chooses.",
);

/// Asks for rows by meanings.
const BY_DEFINITION: Member = may(
    "by_definition",
    Shape::Choice(&["true", "false"]),
    "With `true`, `service.name`, `duration_ms`, `trace.trace_id` and the other columns of most datasets' definitions stand for what the definition of each dataset names.",
);

/// Whether names of columns are those of meanings.
fn by_definition(ask: &Ask) -> Result<bool, Problem> {
    match ask.query("by_definition") {
        None | Some("" | "false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Problem::bad_request("by_definition must be true or false")),
    }
}

const REQUEST: Named = Named {
    name: "RowsRequest",
    about: "Which events to show.",
    members: &joined::<{ ROW_CLAUSES.len() + 3 }>(
        ROW_CLAUSES,
        &[
            GRANULARITY,
            may(
                "limit",
                Shape::OrNull(&Shape::Whole),
                "Most events, 1 to 1,000.",
            ),
            may(
                "before",
                Shape::OrNull(&Shape::Text),
                "The `next` of the page before.",
            ),
        ],
    ),
};

const ROWS_DEFAULT: usize = 100;
const ROWS_MAX: usize = 1_000;
const NS_PER_S: i64 = 1_000_000_000;
/// Answers of more rows are written on a blocking thread.
pub(super) const ROWS_INLINE_MAX: usize = 100;

/// `POST /api/environments/{env}/datasets/{dataset}/rows`: newest first.
pub(crate) async fn rows(ask: Ask) -> Answer {
    let tenant = ask.caller.tenant;
    let scope = ask.scope(tenant).await?;
    let object = ask.object()?;
    refuse_unknown(&ask.json()?, &Shape::Named(&REQUEST))?;
    let mut clauses = read_row_clauses(&object).map_err(Problem::invalid)?;
    let named = columns_of(&clauses.filters).map(str::to_owned).collect();
    let fields = &mut clauses.calculated_fields;
    add_defaults(&ask.state, tenant, &scope, &named, fields).await?;
    add_kept(&ask.state, tenant, &scope, named, fields).await?;
    let request = RowRequest {
        by_definition: by_definition(&ask)?,
        calculated_fields: clauses.calculated_fields,
        granularity_ns: granularity(&object)?,
        range: range_of(&ask, &object, clauses.window)?,
        filters: clauses.filters,
        filter_combination: clauses.filter_combination,
        usage_mode: clauses.usage_mode,
        limit: limit(&object)?,
        before: match object.get("before") {
            None | Some(Json::Null) => None,
            Some(Json::String(before)) => Some(before.clone()),
            Some(_) => return Err(invalid("before", "must be the next of an earlier page")),
        },
    };
    ask.count_query(have_relation(&request.filters))?;
    let page = ask.state.engine.rows(tenant, scope, &request).await?;
    let slugs = slugs(&ask, tenant).await?;
    let text = body::run(page.rows.len() > ROWS_INLINE_MAX, move || {
        serde_json::to_string(&RowsAnswer {
            rows: Rows {
                rows: &page.rows,
                slugs: &slugs,
            },
            next: page.next.as_deref(),
            stats: Stats(&page.stats),
        })
    })
    .await
    .map_err(|error| Problem::internal(&error))?;
    Ok(text_answer(StatusCode::OK, text))
}

#[derive(Serialize)]
struct RowsAnswer<'a> {
    rows: Rows<'a>,
    next: Option<&'a str>,
    stats: Stats<'a>,
}

/// `GET /api/environments/{env}/traces/{trace_id}?start=&end=&limit=`: oldest first, from all datasets.
pub(crate) async fn trace(ask: Ask) -> Answer {
    let tenant = ask.caller.tenant;
    let request = TraceRequest {
        trace_id: ask.path("trace_id").to_owned(),
        range: trace_range(&ask)?,
        limit: trace_limit(&ask)?,
        choice: TraceChoice::Oldest,
    };
    let trace = ask.state.engine.trace(tenant, &request).await?;
    if trace.row_count == 0 {
        return Err(Problem::not_found("no trace has this id"));
    }
    let slugs = slugs(&ask, tenant).await?;
    let text = body::run(trace.rows.len() > ROWS_INLINE_MAX, move || {
        serde_json::to_string(&TraceAnswer {
            trace_id: &request.trace_id,
            total_rows: trace.row_count,
            rows: Rows {
                rows: &trace.rows,
                slugs: &slugs,
            },
            stats: Stats(&trace.stats),
        })
    })
    .await
    .map_err(|error| Problem::internal(&error))?;
    Ok(text_answer(StatusCode::OK, text))
}

/// Where to look for a trace: everywhere unless the query parameters say it.
pub(super) fn trace_range(ask: &Ask) -> Result<TimeRange, Problem> {
    let mut range = TimeRange::ALL;
    if let Some(start_ns) = seconds(ask, "start")? {
        range.start_ns = start_ns;
    }
    if let Some(end_ns) = seconds(ask, "end")? {
        range.end_ns = end_ns;
    }
    Ok(range)
}

/// Most rows of a trace: as the query parameter says, never more than the setting.
pub(super) fn trace_limit(ask: &Ask) -> Result<usize, Problem> {
    let rows_max = ask.state.config.trace_rows_max;
    match ask.query_number("limit")? {
        None => Ok(rows_max),
        Some(limit) => usize::try_from(limit)
            .ok()
            .filter(|limit| (1..=rows_max).contains(limit))
            .ok_or_else(|| Problem::bad_request(format!("limit must be between 1 and {rows_max}"))),
    }
}

#[derive(Serialize)]
struct TraceAnswer<'a> {
    trace_id: &'a str,
    total_rows: usize,
    rows: Rows<'a>,
    stats: Stats<'a>,
}

pub(super) async fn slugs(
    ask: &Ask,
    tenant: Tenant,
) -> Result<HashMap<DatasetId, String>, Problem> {
    let datasets = ask.state.metastore.datasets(tenant).await?;
    Ok(datasets
        .into_iter()
        .map(|dataset| (dataset.id, dataset.slug))
        .collect())
}

/// A time in seconds among the query parameters, perhaps with a fraction, in nanoseconds.
fn seconds(ask: &Ask, name: &'static str) -> Result<Option<i64>, Problem> {
    let Some(text) = ask
        .query(name)
        .map(str::trim)
        .filter(|text| !text.is_empty())
    else {
        return Ok(None);
    };
    if let Ok(whole) = text.parse::<i64>() {
        return Ok(Some(whole.saturating_mul(NS_PER_S)));
    }
    match text.parse::<f64>() {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the conversion saturates, and a fraction of a second needs no nanosecond"
        )]
        Ok(decimal) if decimal.is_finite() => Ok(Some((decimal * 1e9) as i64)),
        _ => Err(Problem::bad_request(format!(
            "{name} must be seconds since 1970"
        ))),
    }
}

/// The range of a request: its window, each end of which may be given in nanoseconds instead.
pub(super) fn range_of(
    ask: &Ask,
    object: &Map<String, Json>,
    window: TimeWindow,
) -> Result<TimeRange, Problem> {
    let mut range = window.resolve(ask.state.clock.now_ns());
    if let Some(start_ns) = nanoseconds(object, "start_time_ns")? {
        range.start_ns = start_ns;
    }
    if let Some(end_ns) = nanoseconds(object, "end_time_ns")? {
        range.end_ns = end_ns;
    }
    if range.start_ns > range.end_ns {
        return Err(invalid("start_time_ns", "must not be after the end"));
    }
    Ok(range)
}

/// How long a step is, in nanoseconds; an answer over a short time has steps of less than a second.
pub(super) fn granularity(object: &Map<String, Json>) -> Result<Option<i64>, Problem> {
    let seconds = match object.get("granularity") {
        None | Some(Json::Null) => return Ok(None),
        Some(value) => value.as_f64().filter(|seconds| *seconds >= 0.0),
    };
    let seconds = seconds.ok_or_else(|| invalid("granularity", "must be seconds"))?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the conversion saturates, and a nanosecond is the shortest step"
    )]
    let granularity_ns = (seconds * 1e9).round() as i64;
    Ok((granularity_ns > 0).then_some(granularity_ns))
}

/// A time in nanoseconds as text, because JavaScript's numbers can't hold it.
pub(super) fn nanoseconds(
    object: &Map<String, Json>,
    field: &'static str,
) -> Result<Option<i64>, Problem> {
    match object.get(field) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => text
            .parse()
            .map(Some)
            .map_err(|_| invalid(field, "must be nanoseconds since 1970 as text")),
        Some(_) => Err(invalid(field, "must be nanoseconds since 1970 as text")),
    }
}

fn limit(object: &Map<String, Json>) -> Result<usize, Problem> {
    match object.get("limit") {
        None | Some(Json::Null) => Ok(ROWS_DEFAULT),
        Some(value) => whole_number(value)
            .and_then(|limit| usize::try_from(limit).ok())
            .filter(|limit| (1..=ROWS_MAX).contains(limit))
            .ok_or_else(|| invalid("limit", "must be between 1 and 1000")),
    }
}

fn invalid(field: &str, description: &str) -> Problem {
    Problem::invalid_field(field, DetailCode::Invalid, description)
}
