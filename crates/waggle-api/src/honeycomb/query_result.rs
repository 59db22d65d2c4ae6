//! `/1/query_results/{dataset|__all__}`: a query runs in the background, and its result is kept. Source: spec/honeycomb-api.md
//! section 12.2.
//!
//! The times are the ones asked for: Honeycomb cuts them to whole minutes, which would hide what arrived a moment ago.

use super::query::{find_query, no_query, query_json, spec_object};
use crate::ask::{Answer, Ask, http_date, json_answer, text_answer};
use crate::derived::with_kept;
use crate::kept;
use crate::metric::with_metrics;
use crate::own::query::result_json;
use crate::picture;
use crate::problem::{Detail, DetailCode, Problem, ProblemKind};
use crate::route::{Need, Resource, Route};
use crate::running::{QueryRun, RunningResult};
use crate::shape::{Content, Member, Named, Shape, may, must};
use crate::spec::{QUERY, is_relational, read_spec, whole_number};
use crate::state::ApiState;
use crate::table::{HEATMAP, POINT, ROW};
use axum::http::{HeaderValue, StatusCode, header};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;
use tokio::task::JoinHandle;
use waggle_access::Permission;
use waggle_metastore::{Query, QueryAnswer, QueryId, QueryOutcome, QueryResultId};
use waggle_model::{ByDefinition, DatasetScope, QueryOptions, QuerySpec, Tenant, TimeRange};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Query results",
    about: "Answers to saved queries. They stay readable when the events are gone.",
    routes: &[
        Route::v1("POST", "/1/query_results/{dataset}", NEED, |ask| {
            Box::pin(create(ask))
        })
        .about("Runs a saved query.")
        .takes(Shape::Named(&NEW_RESULT))
        .makes("result", "/id", r#"{"query_id": "<query>"}"#)
        .answers(&[(201, Content::Json(Shape::Named(&RESULT)))]),
        Route::v1("GET", "/1/query_results/{dataset}/{id}", NEED, |ask| {
            Box::pin(get(ask))
        })
        .about("Returns a result; waits up to a second for one that is not complete.")
        .id("result")
        .query(&[may(
            "include_series",
            Shape::Flag,
            "`false` leaves the series out.",
        )])
        .answers(&[(200, Content::Json(Shape::Named(&RESULT)))]),
    ],
};

const NEED: Need = Need::AllOf(&[Permission::ManageColumns, Permission::RunQueries]);

const NEW_RESULT: Named = Named {
    name: "NewQueryResult",
    about: "Which query to run, and how much of the answer is wanted.",
    members: &[
        must(
            "query_id",
            Shape::Text,
            "Id of a query of the same dataset.",
        ),
        may(
            "disable_series",
            Shape::OrNull(&Shape::Flag),
            "True for no series; lets `limit` go beyond 1,000.",
        ),
        may(
            "disable_total_by_aggregate",
            Shape::OrNull(&Shape::Flag),
            "True for no total.",
        ),
        may(
            "disable_other_by_aggregate",
            Shape::OrNull(&Shape::Flag),
            "True for no row of the groups beyond the limit.",
        ),
        may(
            "limit",
            Shape::OrNull(&Shape::Whole),
            "Most groups, at most 10,000; counts only with `disable_series`.",
        ),
    ],
};
const RESULT: Named = Named {
    name: "QueryResult",
    about: "The answer to a query, or that there is none yet.",
    members: &[
        must("query", Shape::Named(&QUERY), "The query."),
        must("id", Shape::Text, "Its id."),
        must("complete", Shape::Flag, "True when `data` is there."),
        may("data", Shape::Object(DATA), "The answer."),
        must(
            "links",
            Shape::Object(&[
                must("query_url", Shape::Text, "Address of the result in the UI."),
                must(
                    "graph_image_url",
                    Shape::Text,
                    "Address of its picture, for whoever has it and for some days.",
                ),
            ]),
            "Addresses for people.",
        ),
    ],
};
const DATA: &[Member] = &[
    must(
        "series",
        Shape::List(&Shape::Named(&POINT)),
        "One row per time and group.",
    ),
    must(
        "results",
        Shape::List(&Shape::Named(&ROW)),
        "One row per group.",
    ),
    may(
        "total_by_aggregate",
        Shape::Named(&ROW),
        "The row of all groups.",
    ),
    may(
        "total_by_aggregate_series",
        Shape::List(&Shape::Named(&POINT)),
        "The row of all groups, per time.",
    ),
    may(
        "other_by_aggregate",
        Shape::Named(&ROW),
        "The row of the groups beyond the limit.",
    ),
    may(
        "heatmaps",
        Shape::Map(&Shape::Named(&HEATMAP)),
        "Waggle's own: heatmaps by the name of their calculation, where the query has any.",
    ),
];

/// Longest time range of a result: seven days.
const RANGE_MAX_NS: i64 = 7 * 24 * 3_600 * 1_000_000_000;
/// Most groups with `disable_series`.
const LIMIT_MAX: u64 = 10_000;
/// Most groups otherwise, and the default.
const LIMIT_DEFAULT: usize = 1_000;

/// `POST /1/query_results/{dataset}`.
pub(crate) async fn create(ask: Ask) -> Answer {
    let tenant = ask.caller.tenant;
    let scope = ask.scope(tenant).await?;
    let object = ask.object()?;
    let options = ResultOptions::read(&object)?;
    let query_id = match object.get("query_id") {
        Some(Json::String(id)) if !id.is_empty() => QueryId(id.clone()),
        _ => {
            return Err(Problem::invalid_field(
                "query_id",
                DetailCode::Missing,
                "cannot be blank",
            ));
        }
    };
    let query = find_query(&ask.state, tenant, &query_id)
        .await?
        .filter(|query| query.scope == scope)
        .ok_or_else(no_query)?;
    let (mut spec, range) = runnable(&ask, &query, &options)?;
    with_metrics(&ask.state, tenant, &scope, &mut spec).await?;
    with_kept(&ask.state, tenant, &scope, &mut spec).await?;
    if ask.state.runs.is_full(tenant.team) {
        return Err(Problem::new(
            ProblemKind::RateLimited,
            "too many queries are running; try again",
        ));
    }
    let standing =
        ask.state
            .rates
            .query(&ask.caller, is_relational(&spec), ask.state.clock.now_ns())?;
    let asked = Asked {
        state: ask.state.clone(),
        tenant,
        scope,
        spec,
        range,
        options: options.for_engine(),
    };
    // The query runs while its beginning is written down: 201 promises that the result is there, also after a restart.
    let answering = AbortOnDrop(tokio::spawn(asked.answer()));
    let result = ask
        .state
        .metastore
        .create_query_result(
            tenant,
            &query.id,
            &options.to_json().to_string(),
            &ask.caller.run_by(),
            ask.state.clock.now_ns(),
        )
        .await?;
    let running = ask.state.runs.begin(tenant.team, result.id.clone());
    let run = QueryRun {
        query: query.clone(),
        result: result.clone(),
    };
    tokio::spawn(finish(ask.state.clone(), run, answering, running));
    let location = format!(
        "{}/1/query_results/{}/{}",
        ask.origin,
        percent_encoded(ask.path("dataset")),
        result.id.0
    );
    let head = ResultHead {
        query: embedded_query(&query, &options)?,
        id: result.id.0.clone(),
        complete: false,
        links: links(&ask, &result.id),
    };
    let mut answer = json_answer(StatusCode::CREATED, &head)?;
    if let Ok(location) = HeaderValue::from_str(&location) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    if let Some(standing) = standing {
        standing.write(answer.headers_mut());
    }
    Ok(answer)
}

/// `GET /1/query_results/{dataset}/{id}`: waits a moment for a running query.
pub(crate) async fn get(ask: Ask) -> Answer {
    let tenant = ask.caller.tenant;
    let scope = ask.scope(tenant).await?;
    let id = QueryResultId(ask.path("id").to_owned());
    let find = async || {
        let run = find_run(&ask.state, tenant, &id).await?;
        run.filter(|run| run.query.scope == scope)
            .ok_or_else(no_result)
    };
    let mut run = find().await?;
    if run.result.outcome.is_none() {
        let wait = ask.state.runs.wait(&id);
        if tokio::time::timeout(ask.state.config.result_wait, wait)
            .await
            .is_ok()
        {
            run = find().await?;
        }
    }
    let options_object: Map<String, Json> = serde_json::from_str(&run.result.options_json)
        .map_err(|error| Problem::internal(&error))?;
    // A result of the UI has no options of ours; the defaults show all of it.
    let options = ResultOptions::read(&options_object)?;
    let is_without_series = ask.query("include_series") == Some("false");
    let head = ResultHead {
        query: embedded_query(&run.query, &options)?,
        id: id.0.clone(),
        complete: false,
        links: links(&ask, &id),
    };
    let Some(outcome) = &run.result.outcome else {
        return json_answer(StatusCode::OK, &head);
    };
    let stored = match &outcome.answer {
        QueryAnswer::Complete(stored) => kept::decompressed(stored.clone())
            .await
            .map_err(|error| Problem::internal(&error))?,
        QueryAnswer::Failed(reason) => return Err(Problem::bad_request(reason.clone())),
        QueryAnswer::Forgotten => return Err(forgotten()),
    };
    let is_large = stored.len() >= ask.state.config.offload_bytes_min;
    let text = crate::listen::body::run(is_large, move || {
        head.completed(&stored, options, is_without_series)
    })
    .await
    .map_err(|error| Problem::internal(&error))?;
    let mut answer = text_answer(StatusCode::OK, text);
    let headers = answer.headers_mut();
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, max-age=86400"),
    );
    if let Ok(time) = HeaderValue::from_str(&http_date(outcome.completed_at_ns)) {
        headers.insert(header::LAST_MODIFIED, time);
    }
    Ok(answer)
}

/// A run with its query, be it written down or not yet.
pub(crate) async fn find_run(
    state: &ApiState,
    tenant: Tenant,
    id: &QueryResultId,
) -> Result<Option<Arc<QueryRun>>, Problem> {
    if let Some(run) = state.runs.ended(tenant, id) {
        return Ok(Some(run));
    }
    let Some(result) = state.metastore.query_result(tenant, id).await? else {
        return Ok(None);
    };
    let query = state.metastore.query(tenant, &result.query).await?;
    Ok(query.map(|query| Arc::new(QueryRun { query, result })))
}

fn no_result() -> Problem {
    Problem::not_found("Query result not found")
}

/// The answer about a result that has become too old.
pub(crate) fn forgotten() -> Problem {
    Problem::not_found("the result is no longer kept; run the query again")
}

fn runnable(
    ask: &Ask,
    query: &Query,
    options: &ResultOptions,
) -> Result<(QuerySpec, TimeRange), Problem> {
    let object = Json::Object(spec_object(query)?);
    let mut spec = read_spec(&object).map_err(Problem::invalid)?.spec;
    if let Some(limit) = options.effective_limit() {
        spec.limit = Some(limit);
    }
    let range = spec.window.resolve(ask.state.clock.now_ns());
    if range.end_ns.saturating_sub(range.start_ns) > RANGE_MAX_NS {
        return Err(Problem::bad_request(
            "the time range of a query result can be at most 7 days",
        ));
    }
    Ok((spec, range))
}

/// The saved query with its id, showing the limit that counts.
fn embedded_query(query: &Query, options: &ResultOptions) -> Result<Json, Problem> {
    let mut json = query_json(query)?;
    if let Some(limit) = options.effective_limit() {
        json["limit"] = limit.into();
    }
    Ok(json)
}

fn links(ask: &Ask, result: &QueryResultId) -> Json {
    let origin = ask.state.config.origin.as_deref().unwrap_or(&ask.origin);
    let dataset = match ask.path("dataset") {
        crate::ask::ALL_DATASETS => String::new(),
        dataset => format!("/datasets/{}", percent_encoded(dataset)),
    };
    json!({
        "query_url": format!(
            "{origin}/{}/environments/{}{dataset}/result/{}",
            ask.caller.team_slug, ask.caller.environment_slug, result.0
        ),
        "graph_image_url": picture::link(
            &ask.state,
            origin,
            &picture::token(&ask.state, ask.caller.tenant, result),
        ),
    })
}

/// A result but for its data.
#[derive(Serialize)]
struct ResultHead {
    query: Json,
    id: String,
    complete: bool,
    links: Json,
}

impl ResultHead {
    /// The whole answer. The parts of the stored result are copied as they are written: they may be large.
    fn completed(
        mut self,
        stored: &[u8],
        options: ResultOptions,
        is_without_series: bool,
    ) -> Result<String, serde_json::Error> {
        self.complete = true;
        let stored: StoredResult<'_> = serde_json::from_slice(stored)?;
        serde_json::to_string(&WholeResult {
            data: options.data(&stored, is_without_series),
            head: self,
        })
    }
}

#[derive(Serialize)]
struct WholeResult<'a> {
    #[serde(flatten)]
    head: ResultHead,
    data: ResultData<'a>,
}

/// The members of a kept result that are shown here, unread.
#[derive(Deserialize)]
struct StoredResult<'a> {
    #[serde(borrow)]
    series: &'a RawValue,
    results: &'a RawValue,
    total: &'a RawValue,
    total_series: &'a RawValue,
    other: &'a RawValue,
    #[serde(borrow)]
    heatmaps: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct ResultData<'a> {
    series: Series<'a>,
    results: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_by_aggregate: Option<Row<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_by_aggregate_series: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    other_by_aggregate: Option<Row<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    heatmaps: Option<&'a RawValue>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Series<'a> {
    Shown(&'a RawValue),
    Hidden([(); 0]),
}

#[derive(Serialize)]
struct Row<'a> {
    data: &'a RawValue,
}

/// What runs in the background.
struct Asked {
    state: ApiState,
    tenant: Tenant,
    scope: DatasetScope,
    spec: QuerySpec,
    range: TimeRange,
    options: QueryOptions,
}

impl Asked {
    /// How the query ended.
    async fn answer(self) -> QueryOutcome {
        let started_ns = self.state.clock.now_ns();
        let answered = self
            .state
            .engine
            .query(
                self.tenant,
                self.scope,
                &self.spec,
                self.range,
                self.options,
            )
            .await;
        let (answer, rows_read) = match answered {
            Err(error) => (failed(&Problem::from(error)), 0),
            Ok(table) => {
                let rows_read = table.stats.rows_read;
                let written: Result<Bytes, Problem> = result_json(table).await;
                (
                    written.map_or_else(|problem| failed(&problem), QueryAnswer::Complete),
                    rows_read,
                )
            }
        };
        let completed_at_ns = self.state.clock.now_ns();
        let elapsed_ns = completed_at_ns.saturating_sub(started_ns);
        QueryOutcome {
            answer,
            completed_at_ns,
            elapsed_ns: u64::try_from(elapsed_ns).unwrap_or(0),
            rows_read,
        }
    }
}

/// A query that ends with whoever wants its answer.
struct AbortOnDrop(JoinHandle<QueryOutcome>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Shows and stores how a query ended, by a panic too; whoever waits is woken when `running` is dropped, after that.
async fn finish(
    state: ApiState,
    mut run: QueryRun,
    mut answering: AbortOnDrop,
    running: RunningResult,
) {
    let outcome = match (&mut answering.0).await {
        Ok(outcome) => outcome,
        Err(error) => QueryOutcome {
            answer: failed(&Problem::internal(&error)),
            completed_at_ns: state.clock.now_ns(),
            elapsed_ns: 0,
            rows_read: 0,
        },
    };
    run.result.outcome = Some(outcome);
    let metastore = Arc::clone(&state.metastore);
    state.runs.end(metastore, run, true).await;
    drop(running);
}

/// How a run ends that met a problem.
pub(crate) fn failed(problem: &Problem) -> QueryAnswer {
    QueryAnswer::Failed(problem.full_text())
}

/// How a result is asked for.
#[derive(Clone, Copy, Debug, Default)]
struct ResultOptions {
    disable_series: bool,
    disable_total: bool,
    disable_other: bool,
    limit: Option<u64>,
}

impl ResultOptions {
    fn read(object: &Map<String, Json>) -> Result<Self, Problem> {
        let mut details = Vec::new();
        let mut flag = |field: &str| match object.get(field) {
            None | Some(Json::Null) => false,
            Some(Json::Bool(is_set)) => *is_set,
            Some(_) => {
                details.push(Detail::new(
                    field,
                    DetailCode::IncorrectType,
                    "must be true or false",
                ));
                false
            }
        };
        let disable_series = flag("disable_series");
        let disable_total = flag("disable_total_by_aggregate");
        let disable_other = flag("disable_other_by_aggregate");
        let limit = match object.get("limit") {
            None | Some(Json::Null) => None,
            Some(value) => match whole_number(value).map(u64::try_from) {
                Some(Ok(limit)) if limit <= LIMIT_MAX => (limit > 0).then_some(limit),
                Some(_) => {
                    details.push(Detail::new(
                        "limit",
                        DetailCode::Invalid,
                        format!("must be between 1 and {LIMIT_MAX}"),
                    ));
                    None
                }
                None => {
                    details.push(Detail::new(
                        "limit",
                        DetailCode::IncorrectType,
                        "must be a whole number",
                    ));
                    None
                }
            },
        };
        if !details.is_empty() {
            return Err(Problem::invalid(details));
        }
        Ok(Self {
            disable_series,
            disable_total,
            disable_other,
            limit,
        })
    }

    fn to_json(self) -> Json {
        json!({
            "disable_series": self.disable_series,
            "disable_total_by_aggregate": self.disable_total,
            "disable_other_by_aggregate": self.disable_other,
            "limit": self.limit,
        })
    }

    /// The limit of the request, which only counts without series.
    fn effective_limit(self) -> Option<usize> {
        self.limit
            .filter(|_| self.disable_series)
            .and_then(|limit| usize::try_from(limit).ok())
    }

    fn for_engine(self) -> QueryOptions {
        QueryOptions {
            by_definition: ByDefinition::Nothing,
            disable_series: self.disable_series,
            disable_total: self.disable_total,
            disable_other: self.disable_other,
            limit_default: LIMIT_DEFAULT,
            limit_max: self.effective_limit().unwrap_or(0).max(LIMIT_DEFAULT),
        }
    }

    /// The `data` member, from a result as it is kept.
    fn data<'a>(self, stored: &StoredResult<'a>, is_without_series: bool) -> ResultData<'a> {
        let is_total_shown = !self.disable_total;
        let is_other_shown = !self.disable_other && stored.other.get() != "null";
        ResultData {
            series: match is_without_series {
                true => Series::Hidden([]),
                false => Series::Shown(stored.series),
            },
            results: stored.results,
            total_by_aggregate: is_total_shown.then_some(Row { data: stored.total }),
            total_by_aggregate_series: (is_total_shown && !is_without_series)
                .then_some(stored.total_series),
            other_by_aggregate: is_other_shown.then_some(Row { data: stored.other }),
            heatmaps: stored
                .heatmaps
                .filter(|heatmaps| !is_without_series && heatmaps.get() != "{}"),
        }
    }
}

/// Encodes a path segment: everything but unreserved characters.
pub(crate) fn percent_encoded(segment: &str) -> String {
    use std::fmt::Write;
    let mut encoded = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            // Writing to a String does not fail.
            _ => _ = write!(encoded, "%{byte:02X}"),
        }
    }
    encoded
}
