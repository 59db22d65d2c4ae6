//! `/1/datasets`. Source: spec/honeycomb-api.md section 9.1.

use crate::ask::{Answer, Ask, json_answer};
use crate::problem::{Detail, DetailCode, Problem};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Member, Named, Shape, may, must};
use crate::spec::whole_number;
use crate::table::time_text;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Map, Value as Json, json};
use waggle_access::Permission;
use waggle_metastore::{Dataset, DatasetChange, Error};
use waggle_wire::xray::is_pending_name;

pub(crate) const RESOURCE: Resource = Resource {
    name: "Datasets",
    about: "Named sets of events. The first event makes its dataset; here they are made on purpose, described, protected and deleted.",
    routes: &[
        Route::v1("GET", "/1/datasets", READ, |ask| Box::pin(list(ask)))
            .about("Lists the datasets of the environment.")
            .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&DATASET))))]),
        Route::v1("POST", "/1/datasets", Need::MakeDatasets, |ask| {
            Box::pin(create(ask))
        })
        .about("Makes a dataset, or returns the one of that name.")
        .takes(Shape::Named(&NEW_DATASET))
        .makes("dataset", "/slug", r#"{"name": "<env>-shop"}"#)
        .answers(&[
            (201, Content::Json(Shape::Named(&DATASET))),
            (200, Content::Json(Shape::Named(&DATASET))),
        ]),
        Route::v1("GET", "/1/datasets/{dataset}", READ, |ask| {
            Box::pin(get(ask))
        })
        .about("Returns a dataset.")
        .answers(&[(200, Content::Json(Shape::Named(&DATASET)))]),
        Route::v1("PUT", "/1/datasets/{dataset}", WRITE, |ask| {
            Box::pin(update(ask))
        })
        .about("Changes a dataset; its name stays.")
        .takes(Shape::Named(&DATASET_CHANGE))
        .answers(&[(200, Content::Json(Shape::Named(&DATASET)))]),
        Route::v1("DELETE", "/1/datasets/{dataset}", WRITE, |ask| {
            Box::pin(delete(ask))
        })
        .about("Deletes a dataset with its events; refused while it is protected.")
        .answers(&[(202, Content::Nothing)]),
    ],
};

const READ: Need = Need::OneOf(&[
    Permission::CreateDatasets,
    Permission::ManageColumns,
    Permission::RunQueries,
]);
const WRITE: Need = Need::OneOf(&[Permission::CreateDatasets]);

pub(crate) const DATASET: Named = Named {
    name: "Dataset",
    about: "A named set of events.",
    members: &[
        must("name", Shape::Text, "The name to show."),
        must("slug", Shape::Text, "The name in addresses."),
        must("description", Shape::Text, "What people wrote about it."),
        must("expand_json_depth", Shape::Whole, DEPTH),
        must("settings", Shape::Object(SETTINGS), "Settings."),
        must("dataset_type", Shape::Text, TYPE),
        must(
            "regular_columns_count",
            Shape::Whole,
            "How many columns it has.",
        ),
        must(
            "last_written_at",
            Shape::OrNull(&Shape::Time),
            "When an event last came.",
        ),
        must("created_at", Shape::Time, "When it was made."),
    ],
};
const NEW_DATASET: Named = Named {
    name: "NewDataset",
    about: "A dataset to be made.",
    members: &[
        must("name", Shape::Text, "1 to 255 characters."),
        may(
            "description",
            Shape::OrNull(&Shape::Text),
            "At most 1,024 characters.",
        ),
        may("expand_json_depth", Shape::OrNull(&Shape::Whole), DEPTH),
        may(
            "settings",
            Shape::OrNull(&Shape::Object(NEW_SETTINGS)),
            "Settings.",
        ),
        may("dataset_type", Shape::OrNull(&Shape::Text), TYPE),
    ],
};
pub(crate) const DATASET_CHANGE: Named = Named {
    name: "DatasetChange",
    about: "New values for a dataset.",
    members: &[
        must("description", Shape::Text, "At most 1,024 characters."),
        must("expand_json_depth", Shape::Whole, DEPTH),
        may(
            "settings",
            Shape::OrNull(&Shape::Object(NEW_SETTINGS)),
            "Settings.",
        ),
        may("dataset_type", Shape::OrNull(&Shape::Text), TYPE),
    ],
};
pub(crate) const TYPE: &str =
    "`events`, or `metrics`: its metrics are series, which calculations follow through time.";
const DEPTH: &str = "Levels of nested objects that become columns, 0 to 10.";
const PROTECTED: &str = "True while it can't be deleted.";
const SETTINGS: &[Member] = &[must("delete_protected", Shape::Flag, PROTECTED)];
const NEW_SETTINGS: &[Member] = &[may(
    "delete_protected",
    Shape::OrNull(&Shape::Flag),
    PROTECTED,
)];

const DESCRIPTION_CHARS_MAX: usize = 1_024;
const EXPAND_JSON_DEPTH_MAX: i64 = 10;

/// `GET /1/datasets`.
pub(crate) async fn list(ask: Ask) -> Answer {
    let summaries = ask
        .state
        .metastore
        .dataset_summaries(ask.caller.tenant)
        .await?;
    let datasets: Vec<Json> = summaries
        .iter()
        .map(|summary| dataset_json(&summary.dataset, summary.column_count))
        .collect();
    json_answer(StatusCode::OK, &datasets)
}

/// `GET /1/datasets/{dataset}`.
pub(crate) async fn get(ask: Ask) -> Answer {
    let dataset = ask.dataset(ask.caller.tenant).await?;
    answer(&ask, StatusCode::OK, &dataset).await
}

/// `POST /1/datasets`: 201 for a new one, 200 for one that was there.
pub(crate) async fn create(ask: Ask) -> Answer {
    let object = ask.object()?;
    let settings = Settings::read(&object, Required::Name)?;
    let name = settings.name.unwrap_or_default();
    if is_pending_name(&name) {
        return Err(unusable_name());
    }
    let tenant = ask.caller.tenant;
    let ensured = ask
        .state
        .metastore
        .ensure_dataset(
            tenant,
            &name,
            ask.state.config.environment_datasets_max,
            ask.state.clock.now_ns(),
        )
        .await
        .map_err(|error| match error {
            Error::LimitReached { .. } => {
                Problem::conflict("environment has reached the maximum number of datasets allowed")
            }
            Error::Invalid { .. } => unusable_name(),
            other => other.into(),
        })?;
    if !ensured.is_new {
        return answer(&ask, StatusCode::OK, &ensured.dataset).await;
    }
    let dataset = ask
        .state
        .metastore
        .update_dataset(
            tenant,
            ensured.dataset.id,
            DatasetChange {
                // A dataset that someone made on purpose is protected until someone says otherwise.
                is_delete_protected: Some(settings.change.is_delete_protected.unwrap_or(true)),
                ..settings.change
            },
        )
        .await?;
    ask.state.depths.clear();
    answer(&ask, StatusCode::CREATED, &dataset).await
}

/// `PUT /1/datasets/{dataset}`.
pub(crate) async fn update(ask: Ask) -> Answer {
    let dataset = ask.dataset(ask.caller.tenant).await?;
    let object = ask.object()?;
    let settings = Settings::read(&object, Required::Settings)?;
    let dataset = ask
        .state
        .metastore
        .update_dataset(ask.caller.tenant, dataset.id, settings.change)
        .await?;
    ask.state.depths.clear();
    answer(&ask, StatusCode::OK, &dataset).await
}

/// `DELETE /1/datasets/{dataset}`: 202 without a body; 409 while it is protected.
pub(crate) async fn delete(ask: Ask) -> Answer {
    let tenant = ask.caller.tenant;
    let dataset = ask.dataset(tenant).await?;
    ask.state.keeper.delete_dataset(tenant, dataset.id).await?;
    ask.state.depths.clear();
    Ok(StatusCode::ACCEPTED.into_response())
}

fn unusable_name() -> Problem {
    Problem::conflict("we could not create a dataset with that name")
}

async fn answer(ask: &Ask, status: StatusCode, dataset: &Dataset) -> Answer {
    let columns = ask
        .state
        .metastore
        .columns(ask.caller.tenant, dataset.id)
        .await?;
    json_answer(status, &dataset_json(dataset, columns.len() as u64))
}

fn dataset_json(dataset: &Dataset, column_count: u64) -> Json {
    json!({
        "name": dataset.name,
        "slug": dataset.slug,
        "description": dataset.description,
        "expand_json_depth": dataset.expand_json_depth,
        "settings": { "delete_protected": dataset.is_delete_protected },
        "dataset_type": type_name(dataset),
        "regular_columns_count": column_count,
        "last_written_at": dataset.last_written_at_ns.map(time_text),
        "created_at": time_text(dataset.created_at_ns),
    })
}

/// The `dataset_type` of a dataset.
pub(crate) fn type_name(dataset: &Dataset) -> &'static str {
    match dataset.is_metrics {
        true => "metrics",
        false => "events",
    }
}

/// Which members must be there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Required {
    Name,
    Settings,
}

/// The members of a request body that can be set.
struct Settings {
    name: Option<String>,
    change: DatasetChange,
}

impl Settings {
    fn read(object: &Map<String, Json>, required: Required) -> Result<Self, Problem> {
        let mut details = Vec::new();
        let name = match object.get("name") {
            Some(Json::String(name)) if !name.trim().is_empty() => Some(name.clone()),
            Some(Json::Null | Json::String(_)) | None => {
                if required == Required::Name {
                    details.push(Detail::new("name", DetailCode::Missing, "cannot be blank"));
                }
                None
            }
            Some(_) => {
                details.push(Detail::new(
                    "name",
                    DetailCode::IncorrectType,
                    "must be a string",
                ));
                None
            }
        };
        let is_required = required == Required::Settings;
        let description = description(object, is_required, DESCRIPTION_CHARS_MAX, &mut details);
        let expand_json_depth = match object.get("expand_json_depth") {
            None | Some(Json::Null) => {
                if is_required {
                    details.push(Detail::new(
                        "expand_json_depth",
                        DetailCode::Missing,
                        "cannot be blank",
                    ));
                }
                None
            }
            Some(value) => match whole_number(value) {
                Some(depth) if (0..=EXPAND_JSON_DEPTH_MAX).contains(&depth) => {
                    u8::try_from(depth).ok()
                }
                Some(_) => {
                    details.push(Detail::new(
                        "expand_json_depth",
                        DetailCode::Invalid,
                        "must be between 0 and 10",
                    ));
                    None
                }
                None => {
                    details.push(Detail::new(
                        "expand_json_depth",
                        DetailCode::IncorrectType,
                        "must be a whole number",
                    ));
                    None
                }
            },
        };
        let protected = object
            .get("settings")
            .and_then(|settings| settings.get("delete_protected"));
        let is_delete_protected = match protected {
            None | Some(Json::Null) => None,
            Some(Json::Bool(is_protected)) => Some(*is_protected),
            Some(_) => {
                details.push(Detail::new(
                    "settings.delete_protected",
                    DetailCode::IncorrectType,
                    "must be true or false",
                ));
                None
            }
        };
        let is_metrics = match object.get("dataset_type") {
            None | Some(Json::Null) => None,
            Some(Json::String(kind)) if kind == "metrics" => Some(true),
            Some(Json::String(kind)) if kind == "events" => Some(false),
            Some(_) => {
                details.push(Detail::new(
                    "dataset_type",
                    DetailCode::Invalid,
                    "must be events or metrics",
                ));
                None
            }
        };
        if !details.is_empty() {
            return Err(Problem::invalid(details));
        }
        Ok(Self {
            name,
            change: DatasetChange {
                description,
                expand_json_depth,
                is_delete_protected,
                is_metrics,
            },
        })
    }
}

/// The `description` member of a dataset or column.
pub(super) fn description(
    object: &Map<String, Json>,
    is_required: bool,
    chars_max: usize,
    details: &mut Vec<Detail>,
) -> Option<String> {
    match object.get("description") {
        None | Some(Json::Null) => {
            if is_required {
                details.push(Detail::new(
                    "description",
                    DetailCode::Missing,
                    "must be given",
                ));
            }
            None
        }
        Some(Json::String(text)) if text.chars().count() <= chars_max => Some(text.clone()),
        Some(Json::String(_)) => {
            details.push(Detail::new(
                "description",
                DetailCode::Invalid,
                format!("must have at most {chars_max} characters"),
            ));
            None
        }
        Some(_) => {
            details.push(Detail::new(
                "description",
                DetailCode::IncorrectType,
                "must be a string",
            ));
            None
        }
    }
}
