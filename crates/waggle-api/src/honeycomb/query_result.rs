//! `/1/query_results/{dataset|__all__}`: a query runs in the background, and its result is kept. Source: spec/honeycomb-api.md
//! section 12.2.
//!
//! The times are the ones asked for: Honeycomb cuts them to whole minutes, which would hide what arrived a moment ago.

use super::query::{no_query, query_json, spec_object};
use crate::ask::{Answer, Ask, json_answer, text_answer};
use crate::own::query::OwnResult;
use crate::problem::{Detail, DetailCode, Problem, ProblemKind};
use crate::running::RunningResult;
use crate::spec::{read_spec, whole_number};
use crate::state::ApiState;
use axum::http::{HeaderValue, StatusCode, header};
use futures::FutureExt;
use serde_json::{Map, Value as Json, json};
use std::panic::AssertUnwindSafe;
use waggle_metastore::{Query, QueryAnswer, QueryId, QueryOutcome, QueryResult, QueryResultId};
use waggle_model::{DatasetScope, QueryOptions, QuerySpec, Tenant, TimeRange};

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
    let query = ask
        .state
        .metastore
        .query(tenant, &query_id)
        .await?
        .filter(|query| query.scope == scope)
        .ok_or_else(no_query)?;
    let (spec, range) = runnable(&ask, &query, &options)?;
    if ask.state.running.is_full() {
        return Err(Problem::new(
            ProblemKind::RateLimited,
            "too many queries are running; try again",
        ));
    }
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
    let running = ask.state.running.begin(result.id.clone());
    let run = Run {
        state: ask.state.clone(),
        tenant,
        scope,
        spec,
        range,
        options: options.for_engine(),
        result: result.id.clone(),
    };
    tokio::spawn(run.finish(running));
    let location = format!(
        "{}/1/query_results/{}/{}",
        ask.origin,
        percent_encoded(ask.path("dataset")),
        result.id.0
    );
    let body = json!({
        "query": embedded_query(&query, &options)?,
        "id": result.id.0,
        "complete": false,
        "links": links(&ask, &result.id),
    });
    let mut answer = json_answer(StatusCode::CREATED, &body)?;
    if let Ok(location) = HeaderValue::from_str(&location) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    Ok(answer)
}

/// `GET /1/query_results/{dataset}/{id}`: waits a moment for a running query.
pub(crate) async fn get(ask: Ask) -> Answer {
    let tenant = ask.caller.tenant;
    let scope = ask.scope(tenant).await?;
    let id = QueryResultId(ask.path("id").to_owned());
    let mut result = find(&ask, tenant, &id).await?;
    let query = ask
        .state
        .metastore
        .query(tenant, &result.query)
        .await?
        .filter(|query| query.scope == scope)
        .ok_or_else(no_result)?;
    if result.outcome.is_none() {
        let wait = ask.state.running.wait(&id);
        if tokio::time::timeout(ask.state.config.result_wait, wait)
            .await
            .is_ok()
        {
            result = find(&ask, tenant, &id).await?;
        }
    }
    let options_object: Map<String, Json> =
        serde_json::from_str(&result.options_json).map_err(|error| Problem::internal(&error))?;
    // A result of the UI has no options of ours; the defaults show all of it.
    let options = ResultOptions::read(&options_object)?;
    let is_without_series = ask.query("include_series") == Some("false");
    let mut body = json!({
        "query": embedded_query(&query, &options)?,
        "id": id.0,
        "complete": false,
        "links": links(&ask, &id),
    });
    let Some(outcome) = result.outcome else {
        return json_answer(StatusCode::OK, &body);
    };
    let stored = match outcome.answer {
        QueryAnswer::Complete(stored) => stored,
        QueryAnswer::Failed(reason) => return Err(Problem::bad_request(reason)),
    };
    let is_large = stored.len() >= ask.state.config.offload_bytes_min;
    let text = crate::listen::body::run(is_large, move || {
        let stored: Map<String, Json> = serde_json::from_str(&stored)?;
        body["complete"] = Json::Bool(true);
        body["data"] = options.data(stored, is_without_series);
        serde_json::to_string(&body)
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

async fn find(ask: &Ask, tenant: Tenant, id: &QueryResultId) -> Result<QueryResult, Problem> {
    ask.state
        .metastore
        .query_result(tenant, id)
        .await?
        .ok_or_else(no_result)
}

fn no_result() -> Problem {
    Problem::not_found("Query result not found")
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
    })
}

/// Everything a background run needs.
struct Run {
    state: ApiState,
    tenant: Tenant,
    scope: DatasetScope,
    spec: QuerySpec,
    range: TimeRange,
    options: QueryOptions,
    result: QueryResultId,
}

impl Run {
    /// Runs the query and stores how it ended, by a panic too; whoever waits is woken when `running` is dropped, after that.
    async fn finish(self, running: RunningResult) {
        let started_ns = self.state.clock.now_ns();
        let (answer, rows_read) = match AssertUnwindSafe(self.answer()).catch_unwind().await {
            Ok(answered) => answered,
            Err(_) => (failed(&Problem::internal(&"a query panicked")), 0),
        };
        let completed_at_ns = self.state.clock.now_ns();
        let elapsed_ns = completed_at_ns.saturating_sub(started_ns);
        let outcome = QueryOutcome {
            answer,
            completed_at_ns,
            elapsed_ns: u64::try_from(elapsed_ns).unwrap_or(0),
            rows_read,
        };
        let stored = self
            .state
            .metastore
            .finish_query_result(self.tenant, &self.result, &outcome)
            .await;
        if let Err(error) = stored {
            tracing::error!(%error, result = self.result.0, "query result not stored");
        }
        drop(running);
    }

    /// The result as it is to be stored, and the rows it took.
    async fn answer(&self) -> (QueryAnswer, u64) {
        let answered = self
            .state
            .engine
            .query(
                self.tenant,
                self.scope.clone(),
                &self.spec,
                self.range,
                self.options,
            )
            .await;
        let table = match answered {
            Ok(table) => table,
            Err(error) => return (failed(&Problem::from(error)), 0),
        };
        let rows_read = table.stats.rows_read;
        match OwnResult::to_text(table).await {
            Ok(text) => (QueryAnswer::Complete(text), rows_read),
            Err(error) => (failed(&Problem::internal(&error)), rows_read),
        }
    }
}

fn failed(problem: &Problem) -> QueryAnswer {
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
            disable_series: self.disable_series,
            limit_default: LIMIT_DEFAULT,
            limit_max: self.effective_limit().unwrap_or(0).max(LIMIT_DEFAULT),
        }
    }

    /// The `data` member, from a result as it is stored.
    fn data(self, mut stored: Map<String, Json>, is_without_series: bool) -> Json {
        let mut take = |member: &str| stored.remove(member).unwrap_or(Json::Null);
        let mut data = Map::new();
        let series = take("series");
        let series = if is_without_series { json!([]) } else { series };
        data.insert("series".to_owned(), series);
        data.insert("results".to_owned(), take("results"));
        if !self.disable_total {
            data.insert(
                "total_by_aggregate".to_owned(),
                json!({ "data": take("total") }),
            );
            if !is_without_series {
                data.insert("total_by_aggregate_series".to_owned(), take("total_series"));
            }
        }
        let other = take("other");
        if !self.disable_other && !other.is_null() {
            data.insert("other_by_aggregate".to_owned(), json!({ "data": other }));
        }
        Json::Object(data)
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

fn http_date(time_ns: i64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(time_ns))
        .map(|time| time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
        .unwrap_or_default()
}
