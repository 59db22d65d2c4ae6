//! Erasing events that match a filter, for whoever has a right to be forgotten: first how many there are, then the job, then its record.

use super::row::range_of;
use crate::ask::{Answer, Ask, json_answer};
use crate::derived::{columns_of, refuse_calculated};
use crate::problem::{DetailCode, Problem};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Named, Shape, joined, may, must};
use crate::spec::read_row_clauses;
use crate::spec::{BOUNDS, FILTER_COMBINATION, FILTERS};
use crate::table::time_text;
use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use waggle_access::Permission;
use waggle_metastore::{Erasure, ErasureId, ErasureState, RunBy};
use waggle_model::{DatasetId, EraseRequest, FilterSpec, TimeRange, TimeWindow};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Erasure",
    about: "Erasing events that match a filter, and the record of it.",
    routes: &[
        Route::own(
            "POST",
            "/api/environments/{env}/datasets/{dataset}/erase",
            Need::Administrator,
            |ask| Box::pin(erase(ask)),
        )
        .about("Counts the events that match, and erases them when `dry_run` is false.")
        .takes(Shape::Named(&REQUEST))
        .makes(
            "erasure",
            "/id",
            r#"{"filters": [{"column": "user", "op": "=", "value": "u-1"}], "dry_run": false}"#,
        )
        .answers(&[
            (
                200,
                Content::Json(Shape::Object(&[
                    must("dry_run", Shape::Flag, "True."),
                    must("event_count", Shape::Whole, "How many match."),
                ])),
            ),
            (202, Content::Json(Shape::Named(&ERASURE))),
        ]),
        Route::own("GET", "/api/environments/{env}/erasures", LOOK, |ask| {
            Box::pin(list(ask))
        })
        .about("Lists the erasures, the newest first.")
        .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&ERASURE))))]),
        Route::own(
            "GET",
            "/api/environments/{env}/erasures/{id}",
            LOOK,
            |ask| Box::pin(get(ask)),
        )
        .about("Returns an erasure.")
        .id("erasure")
        .answers(&[(200, Content::Json(Shape::Named(&ERASURE)))]),
    ],
};

const LOOK: Need = Need::Person(&[Permission::RunQueries]);

const REQUEST: Named = Named {
    name: "EraseRequest",
    about: "Which events go.",
    members: &joined::<{ BOUNDS.len() + 4 }>(
        BOUNDS,
        &[
            must(
                "filters",
                FILTERS,
                "At least one; calculated fields and columns with a chosen type are refused. Saved queries lose a value when its filter is enough on its own, of all times.",
            ),
            may(
                "filter_combination",
                FILTER_COMBINATION,
                "AND unless given.",
            ),
            may(
                "time_range",
                Shape::OrNull(&Shape::Whole),
                "Seconds from the start, up to the end or up to now; events of all times unless one is given.",
            ),
            may(
                "dry_run",
                Shape::OrNull(&Shape::Flag),
                "False erases; anything else counts.",
            ),
        ],
    ),
};
const ERASURE: Named = Named {
    name: "Erasure",
    about: "The record of an erasure: never the values, which shall be nowhere.",
    members: &[
        must("id", Shape::Whole, "Its id."),
        must(
            "state",
            Shape::Choice(&["running", "done", "failed"]),
            "How far it is.",
        ),
        must("event_count", Shape::Whole, "How many events went."),
        must(
            "filters",
            Shape::Text,
            "Which columns were compared, and how.",
        ),
        must("asked_by", Shape::Text, "Who asked for it."),
        must("created_at", Shape::Time, "When."),
        must(
            "finished_at",
            Shape::OrNull(&Shape::Time),
            "When it was done.",
        ),
        must("failure", Shape::OrNull(&Shape::Text), "Why it failed."),
    ],
};

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
    refuse_calculated(&ask.state, tenant, dataset.id, &clauses).await?;
    refuse_chosen_types(&ask, dataset.id, &clauses.filters).await?;
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

/// Refuses filters on columns that queries read as another type than their values came in: an erasure compares values as they are stored, and
/// would erase other events than queries show for the same filters.
async fn refuse_chosen_types(
    ask: &Ask,
    dataset: DatasetId,
    filters: &[FilterSpec],
) -> Result<(), Problem> {
    let metastore = &ask.state.metastore;
    for (index, name) in columns_of(filters).enumerate() {
        let column = metastore.column_by_name(ask.caller.tenant, dataset, name);
        let Some(column) = column.await?.filter(|column| column.is_chosen) else {
            continue;
        };
        return Err(Problem::invalid_field(
            format!("filters[{index}].column"),
            DetailCode::Invalid,
            format!(
                "the type of {name} was chosen to be {}, but an erasure compares values as they came: first set the type back to {}, the one \
                 they came with, and look at the events again",
                column.column_type.name(),
                column.seen_type.name(),
            ),
        ));
    }
    Ok(())
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
