//! `/1/columns/{dataset}`. Source: spec/honeycomb-api.md section 9.2.

use super::dataset::description;
use crate::ask::{Answer, Ask, json_answer};
use crate::problem::{Detail, DetailCode, Problem};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Named, Shape, may, must};
use crate::table::time_text;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Map, Value as Json, json};
use waggle_access::Permission;
use waggle_metastore::{Column, ColumnChange, ColumnId, Error, NewColumn};
use waggle_model::{ColumnType, DatasetScope};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Columns",
    about: "What a dataset's events have. The first value makes its column; here they are described, hidden, typed and deleted.",
    routes: &[
        Route::v1("GET", "/1/columns/{dataset}", READ, |ask| {
            Box::pin(list(ask))
        })
        .about("Lists the columns of a dataset, or of all with `__all__`; with `key_name` returns one.")
        .query(&[may("key_name", Shape::Text, "Name of the one column to return.")])
        .answers(&[(
            200,
            Content::Json(Shape::Either(&[
                Shape::List(&Shape::Named(&COLUMN)),
                Shape::Named(&COLUMN),
            ])),
        )]),
        Route::v1("POST", "/1/columns/{dataset}", WRITE, |ask| {
            Box::pin(create(ask))
        })
        .about("Makes a column; with `__all__` in every dataset that does not have it, and returns the first of them.")
        .takes(Shape::Named(&NEW_COLUMN))
        .makes("column", "/id", r#"{"key_name": "customer", "type": "string"}"#)
        .answers(&[(201, Content::Json(Shape::Named(&COLUMN)))]),
        Route::v1("GET", "/1/columns/{dataset}/{id}", READ, |ask| {
            Box::pin(get(ask))
        })
        .about("Returns a column.")
        .id("column")
        .answers(&[(200, Content::Json(Shape::Named(&COLUMN)))]),
        Route::v1("PUT", "/1/columns/{dataset}/{id}", WRITE, |ask| {
            Box::pin(update(ask))
        })
        .about("Changes a column; its name stays. With another type, all its values are read as that one, those that came before too; what can't be is left out, and is there again when the type is changed back.")
        .id("column")
        .takes(Shape::Named(&COLUMN_CHANGE))
        .answers(&[(200, Content::Json(Shape::Named(&COLUMN)))]),
        Route::v1("DELETE", "/1/columns/{dataset}/{id}", WRITE, |ask| {
            Box::pin(delete(ask))
        })
        .about("Deletes a column with its values.")
        .id("column")
        .answers(&[(204, Content::Nothing)]),
    ],
};

const READ: Need = Need::OneOf(&[Permission::ManageColumns, Permission::RunQueries]);
const WRITE: Need = Need::OneOf(&[Permission::ManageColumns]);

/// A column; `/api/` shows the same.
pub(crate) const COLUMN: Named = Named {
    name: "Column",
    about: "What a dataset's events have.",
    members: &[
        must("id", Shape::Text, "Its id."),
        must("key_name", Shape::Text, "Its name."),
        must("type", TYPE, "What its values are read as."),
        must("description", Shape::Text, "What people wrote about it."),
        must("hidden", Shape::Flag, "True when lists leave it out."),
        must(
            "last_written",
            Shape::OrNull(&Shape::Time),
            "When a value last came.",
        ),
        must("created_at", Shape::Time, "When it was made."),
        must("updated_at", Shape::Time, "When it was last changed."),
    ],
};
const NEW_COLUMN: Named = Named {
    name: "NewColumn",
    about: "A column to be made.",
    members: &[
        must("key_name", Shape::Text, "1 to 255 characters."),
        may(
            "type",
            Shape::OrNull(&TYPE),
            "What its values are expected to be; string unless given.",
        ),
        may(
            "description",
            Shape::OrNull(&Shape::Text),
            "At most 255 characters.",
        ),
        may(
            "hidden",
            Shape::OrNull(&Shape::Flag),
            "True when lists leave it out.",
        ),
    ],
};
pub(crate) const COLUMN_CHANGE: Named = Named {
    name: "ColumnChange",
    about: "New values for a column; what is absent stays.",
    members: &[
        may(
            "type",
            Shape::OrNull(&TYPE),
            "What its values are read as; the type that they came with reads them as they are.",
        ),
        may(
            "description",
            Shape::OrNull(&Shape::Text),
            "At most 255 characters.",
        ),
        may(
            "hidden",
            Shape::OrNull(&Shape::Flag),
            "True when lists leave it out.",
        ),
    ],
};
const TYPE: Shape = Shape::Choice(&["string", "float", "integer", "boolean", HISTOGRAM]);
/// What clients declare for metrics datasets. Its values are read as numbers.
const HISTOGRAM: &str = "histogram";

const DESCRIPTION_CHARS_MAX: usize = 255;
const KEY_NAME_CHARS_MAX: usize = 255;
/// Most columns of `__all__` in one list: environments have many datasets, and the list is not paged.
const LIST_MAX: usize = 100_000;

/// `GET /1/columns/{dataset}`, with `?key_name=` one object.
pub(crate) async fn list(ask: Ask) -> Answer {
    let tenant = ask.caller.tenant;
    let columns = match ask.scope(tenant).await? {
        DatasetScope::One(dataset) => {
            if let Some(key_name) = ask.query("key_name") {
                let column = ask
                    .state
                    .metastore
                    .column_by_name(tenant, dataset, key_name)
                    .await?
                    .ok_or_else(no_column)?;
                return json_answer(StatusCode::OK, &column_json(&column));
            }
            ask.state.metastore.columns(tenant, dataset).await?
        }
        DatasetScope::All => {
            let text = ask.query("key_name").unwrap_or_default();
            let page = ask
                .state
                .metastore
                .search_columns(tenant, &DatasetScope::All, text, LIST_MAX)
                .await?;
            if let Some(key_name) = ask.query("key_name") {
                let column = page
                    .columns
                    .iter()
                    .find(|column| column.key_name == key_name)
                    .ok_or_else(no_column)?;
                return json_answer(StatusCode::OK, &column_json(column));
            }
            page.columns
        }
    };
    let columns: Vec<Json> = columns.iter().map(column_json).collect();
    json_answer(StatusCode::OK, &columns)
}

/// `GET /1/columns/{dataset}/{id}`.
pub(crate) async fn get(ask: Ask) -> Answer {
    let dataset = ask.dataset(ask.caller.tenant).await?;
    let id = ColumnId(ask.path("id").to_owned());
    let column = ask
        .state
        .metastore
        .column(ask.caller.tenant, dataset.id, &id)
        .await?
        .ok_or_else(no_column)?;
    json_answer(StatusCode::OK, &column_json(&column))
}

/// `POST /1/columns/{dataset}`. With `__all__` it is made in every dataset that does not have it, and the answer is one of them.
pub(crate) async fn create(ask: Ask) -> Answer {
    let scope = ask.scope(ask.caller.tenant).await?;
    let object = ask.object()?;
    let key_name = match object.get("key_name") {
        Some(Json::String(name)) if !name.trim().is_empty() => name.clone(),
        None | Some(Json::Null | Json::String(_)) => {
            return Err(Problem::bad_request("Key name cannot be blank"));
        }
        Some(_) => {
            return Err(Problem::invalid_field(
                "key_name",
                DetailCode::IncorrectType,
                "must be a string",
            ));
        }
    };
    if key_name.chars().count() > KEY_NAME_CHARS_MAX {
        return Err(Problem::invalid_field(
            "key_name",
            DetailCode::Invalid,
            format!("must have at most {KEY_NAME_CHARS_MAX} characters"),
        ));
    }
    let change = read_change(&object)?;
    let column = NewColumn {
        key_name,
        column_type: change.column_type.unwrap_or(ColumnType::String),
        is_histogram: change.is_histogram.unwrap_or(false),
        description: change.description.unwrap_or_default(),
        is_hidden: change.is_hidden.unwrap_or(false),
    };
    let tenant = ask.caller.tenant;
    let (metastore, now_ns) = (&ask.state.metastore, ask.state.clock.now_ns());
    let columns_max = ask.state.config.dataset_columns_max;
    let made = match scope {
        DatasetScope::One(dataset) => {
            metastore
                .create_column(tenant, dataset, column, columns_max, now_ns)
                .await
        }
        DatasetScope::All => metastore
            .create_column_everywhere(tenant, column, columns_max, now_ns)
            .await
            .and_then(|made| made.into_iter().next().ok_or(Error::NotFound("dataset"))),
    };
    ask.state.engine.forget_definitions(tenant);
    let column = made.map_err(|error| match error {
        Error::Conflict(_) => Problem::conflict("column already exists"),
        other => other.into(),
    })?;
    json_answer(StatusCode::CREATED, &column_json(&column))
}

/// `PUT /1/columns/{dataset}/{id}`. A `key_name` in the body is ignored: it never changes.
pub(crate) async fn update(ask: Ask) -> Answer {
    let dataset = ask.dataset(ask.caller.tenant).await?;
    let id = ColumnId(ask.path("id").to_owned());
    let object = ask.object()?;
    let change = read_change(&object)?;
    let column = ask
        .state
        .metastore
        .update_column(
            ask.caller.tenant,
            dataset.id,
            &id,
            change,
            ask.state.clock.now_ns(),
        )
        .await;
    ask.state.engine.forget_definitions(ask.caller.tenant);
    let column = column.map_err(|error| match error {
        Error::NotFound(_) => no_column(),
        other => other.into(),
    })?;
    json_answer(StatusCode::OK, &column_json(&column))
}

/// `DELETE /1/columns/{dataset}/{id}`: 204 once no answer shows its values.
pub(crate) async fn delete(ask: Ask) -> Answer {
    let tenant = ask.caller.tenant;
    let dataset = ask.dataset(tenant).await?;
    let deleted = ask
        .state
        .keeper
        .delete_columns(tenant, dataset.id, &[ask.path("id").to_owned()])
        .await?;
    ask.state.engine.forget_definitions(tenant);
    if !deleted.in_use.is_empty() {
        return Err(Problem::conflict(
            "the dataset's definition uses this column; take it out there first",
        ));
    }
    if deleted.deleted.is_empty() {
        return Err(no_column());
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn no_column() -> Problem {
    Problem::not_found("Column not found")
}

fn read_change(object: &Map<String, Json>) -> Result<ColumnChange, Problem> {
    let mut details = Vec::new();
    let column_type = match object.get("type") {
        None | Some(Json::Null) => None,
        Some(Json::String(name)) if name == HISTOGRAM => Some(ColumnType::Float),
        Some(Json::String(name)) => {
            let found = ColumnType::from_name(name);
            if found.is_none() {
                details.push(Detail::new(
                    "type",
                    DetailCode::Invalid,
                    "must be string, float, integer, boolean or histogram",
                ));
            }
            found
        }
        Some(_) => {
            details.push(Detail::new(
                "type",
                DetailCode::IncorrectType,
                "must be a string",
            ));
            None
        }
    };
    let is_hidden = match object.get("hidden") {
        None | Some(Json::Null) => None,
        Some(Json::Bool(is_hidden)) => Some(*is_hidden),
        Some(_) => {
            details.push(Detail::new(
                "hidden",
                DetailCode::IncorrectType,
                "must be true or false",
            ));
            None
        }
    };
    let description = description(object, false, DESCRIPTION_CHARS_MAX, &mut details);
    if !details.is_empty() {
        return Err(Problem::invalid(details));
    }
    Ok(ColumnChange {
        column_type,
        is_histogram: column_type.map(|_| object.get("type").is_some_and(|name| name == HISTOGRAM)),
        description,
        is_hidden,
    })
}

/// A column in the words of the API; `/api/` uses the same.
pub(crate) fn column_json(column: &Column) -> Json {
    json!({
        "id": column.id.0,
        "key_name": column.key_name,
        "type": match column.is_histogram {
            true => HISTOGRAM,
            false => column.column_type.name(),
        },
        "description": column.description,
        "hidden": column.is_hidden,
        "last_written": column.last_written_at_ns.map(time_text),
        "created_at": time_text(column.created_at_ns),
        "updated_at": time_text(column.updated_at_ns),
    })
}
