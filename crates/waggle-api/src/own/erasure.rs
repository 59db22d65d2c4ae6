//! Erasing events that match a filter, for whoever has a right to be forgotten: first how many there are, then the job, then its record.

use super::row::range_of;
use crate::ask::{Answer, Ask, json_answer};
use crate::problem::{DetailCode, Problem};
use crate::spec::read_row_clauses;
use crate::table::time_text;
use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use waggle_metastore::{Erasure, ErasureId, ErasureState, RunBy};
use waggle_model::{EraseRequest, TimeRange, TimeWindow};

const LIST_MAX: usize = 1_000;

/// `POST /api/environments/{env}/datasets/{dataset}/erase`: counts unless the body says `"dry_run": false`.
pub(crate) async fn erase(ask: Ask) -> Answer {
    let tenant = ask.caller.tenant;
    let dataset = ask.dataset(tenant).await?;
    let object = ask.object()?;
    let clauses = read_row_clauses(&object).map_err(Problem::invalid)?;
    if clauses.filters.is_empty() {
        return Err(Problem::invalid_field(
            "filters",
            DetailCode::Missing,
            "must say which events; to erase all of them, delete the dataset",
        ));
    }
    let is_dry_run = match object.get("dry_run") {
        None | Some(Json::Null | Json::Bool(true)) => true,
        Some(Json::Bool(false)) => false,
        Some(_) => {
            return Err(Problem::invalid_field(
                "dry_run",
                DetailCode::IncorrectType,
                "must be true or false",
            ));
        }
    };
    // Whoever names no time means all of it, not the last two hours.
    let has_times = clauses.window != TimeWindow::default()
        || object.contains_key("start_time_ns")
        || object.contains_key("end_time_ns");
    let range = match has_times {
        true => range_of(&ask, &object, clauses.window)?,
        false => TimeRange::ALL,
    };
    let request = EraseRequest {
        dataset: dataset.id,
        range,
        filters: clauses.filters,
        filter_combination: clauses.filter_combination,
        asked_by: match ask.caller.run_by() {
            RunBy::Key(id) => format!("key {}", id.0),
            RunBy::User(id) => format!("user {}", id.0),
            RunBy::Nobody => "this machine".to_owned(),
        },
    };
    let keeper = &ask.state.keeper;
    if is_dry_run {
        let event_count = keeper.count_erasable(tenant, &request).await?;
        return json_answer(
            StatusCode::OK,
            &json!({ "dry_run": true, "event_count": event_count }),
        );
    }
    let id = ErasureId(keeper.erase(tenant, request).await?);
    let erasure = find(&ask, id).await?;
    json_answer(StatusCode::ACCEPTED, &erasure_json(&erasure))
}

/// `GET /api/environments/{env}/erasures`: the newest first.
pub(crate) async fn list(ask: Ask) -> Answer {
    let metastore = &ask.state.metastore;
    let erasures = metastore.erasures(ask.caller.tenant, LIST_MAX).await?;
    let erasures: Vec<Json> = erasures.iter().map(erasure_json).collect();
    json_answer(StatusCode::OK, &erasures)
}

/// `GET /api/environments/{env}/erasures/{id}`.
pub(crate) async fn get(ask: Ask) -> Answer {
    let id = ask.path("id").parse().map_err(|_| no_erasure())?;
    let erasure = find(&ask, ErasureId(id)).await?;
    json_answer(StatusCode::OK, &erasure_json(&erasure))
}

async fn find(ask: &Ask, id: ErasureId) -> Result<Erasure, Problem> {
    let found = ask.state.metastore.erasure(ask.caller.tenant, id).await?;
    found.ok_or_else(no_erasure)
}

fn no_erasure() -> Problem {
    Problem::not_found("erasure not found")
}

fn erasure_json(erasure: &Erasure) -> Json {
    let Erasure {
        id,
        asked,
        state,
        row_count,
        failure,
        finished_at_ns,
    } = erasure;
    json!({
        "id": id.0,
        "state": match state {
            ErasureState::Running => "running",
            ErasureState::Done => "done",
            ErasureState::Failed => "failed",
        },
        "event_count": row_count,
        "filters": asked.filter_text,
        "asked_by": asked.asked_by,
        "created_at": time_text(asked.created_at_ns),
        "finished_at": finished_at_ns.map(time_text),
        "failure": failure,
    })
}
