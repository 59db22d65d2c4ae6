//! `/1/boards/{id}/views`: named sets of filters of a board. Source: spec/honeycomb-api.md section 13.

use super::artifact::{no_artifact, no_content};
use super::board::seen_board;
use crate::ask::{Answer, Ask, json_answer};
use crate::form::{Form, read};
use crate::problem::Problem;
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Named, Shape, may, must};
use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use waggle_access::Permission;
use waggle_metastore::{BoardView, Place, Stored, ViewFilter};
use waggle_model::FilterOp;

pub(crate) const RESOURCE: Resource = Resource {
    name: "Board views",
    about: "Named sets of filters for a board, at most 50 of one.",
    routes: &[
        Route::v1("GET", "/1/boards/{id}/views", NEED, |ask| {
            Box::pin(list(ask))
        })
        .about("Lists the views of a board.")
        .id("board")
        .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&VIEW))))]),
        Route::v1("POST", "/1/boards/{id}/views", NEED, |ask| {
            Box::pin(create(ask))
        })
        .about("Makes a view of a board.")
        .id("board")
        .takes(Shape::Named(&NEW_VIEW))
        .makes(
            "view",
            "/id",
            r#"{"name": "Errors", "filters": [{"column": "error", "operation": "exists"}]}"#,
        )
        .answers(&[(201, Content::Json(Shape::Named(&VIEW)))]),
        Route::v1("GET", "/1/boards/{id}/views/{view}", NEED, |ask| {
            Box::pin(get(ask))
        })
        .about("Returns a view of a board.")
        .id("board")
        .answers(&[(200, Content::Json(Shape::Named(&VIEW)))]),
        Route::v1("PUT", "/1/boards/{id}/views/{view}", NEED, |ask| {
            Box::pin(update(ask))
        })
        .about("Changes a view of a board.")
        .id("board")
        .takes(Shape::Named(&NEW_VIEW))
        .answers(&[(200, Content::Json(Shape::Named(&VIEW)))]),
        Route::v1("DELETE", "/1/boards/{id}/views/{view}", NEED, |ask| {
            Box::pin(delete(ask))
        })
        .about("Deletes a view of a board.")
        .id("board")
        .answers(&[(204, Content::Nothing)]),
    ],
};

const NEED: Need = Need::OneOf(&[Permission::ManageBoards]);
const FILTERS: Shape = Shape::List(&Shape::Object(&[
    must("column", Shape::Text, "The column."),
    must("operation", Shape::Text, "A filter operator of queries."),
    may(
        "value",
        Shape::Any,
        "What it compares with; a list for `in` and `not-in`, absent for `exists` and `does-not-exist`.",
    ),
]));
pub(crate) const VIEW: Named = Named {
    name: "BoardView",
    about: "A named set of filters.",
    members: &[
        must("id", Shape::Text, "Its id."),
        must("name", Shape::Text, "Its name, unique on its board."),
        must("filters", FILTERS, "At least one."),
    ],
};
pub(crate) const NEW_VIEW: Named = Named {
    name: "NewBoardView",
    about: "A named set of filters, to be made.",
    members: &[
        must(
            "name",
            Shape::Text,
            "1 to 255 characters, unique on its board.",
        ),
        must("filters", FILTERS, "1 to 100 filters."),
    ],
};

const VIEWS_MAX: usize = 50;
const NAME_CHARS_MAX: usize = 255;
const FILTERS_MAX: usize = 100;
const COLUMN_CHARS_MAX: usize = 255;
/// Of a value or list of values, as JSON.
const VALUE_BYTES_MAX: usize = 10_000;

/// `GET /1/boards/{id}/views`.
pub(crate) async fn list(ask: Ask) -> Answer {
    let board = seen_board(&ask).await?;
    let views = ask
        .state
        .metastore
        .artifact_parts::<BoardView>(ask.tenant(), &board.id)
        .await?;
    let views: Vec<Json> = views.iter().map(view_json).collect();
    json_answer(StatusCode::OK, &views)
}

/// `POST /1/boards/{id}/views`: 409 for the 51st, and for a name that the board has.
pub(crate) async fn create(ask: Ask) -> Answer {
    let board = seen_board(&ask).await?;
    let object = ask.object()?;
    let view = read(&object, read_view)?;
    let place = Place::within(&board.id);
    let created = ask.create_one_of(&place, view, VIEWS_MAX).await?;
    json_answer(StatusCode::CREATED, &view_json(&created))
}

/// `GET /1/boards/{id}/views/{view}`.
pub(crate) async fn get(ask: Ask) -> Answer {
    json_answer(StatusCode::OK, &view_json(&view_of(&ask).await?))
}

/// `PUT /1/boards/{id}/views/{view}`.
pub(crate) async fn update(ask: Ask) -> Answer {
    let mut view = view_of(&ask).await?;
    let object = ask.object()?;
    view.value = read(&object, read_view)?;
    let view = ask.update_artifact(view).await?;
    json_answer(StatusCode::OK, &view_json(&view))
}

/// `DELETE /1/boards/{id}/views/{view}`.
pub(crate) async fn delete(ask: Ask) -> Answer {
    let view = view_of(&ask).await?;
    ask.delete_artifact(&view).await?;
    no_content()
}

async fn view_of(ask: &Ask) -> Result<Stored<BoardView>, Problem> {
    let board = seen_board(ask).await?;
    let view = ask.artifact_by_id::<BoardView>(ask.path("view")).await?;
    view.filter(|view| view.place.parent.as_ref() == Some(&board.id))
        .ok_or_else(no_artifact::<BoardView>)
}

fn read_view(form: &Form<'_>) -> BoardView {
    let name = form.text("name", NAME_CHARS_MAX);
    let items = form.objects("filters", FILTERS_MAX);
    match form.get("filters") {
        None => form.missing("filters"),
        Some(Json::Array(filters)) if filters.is_empty() => {
            form.invalid("filters", "needs at least one filter");
        }
        Some(_) => {}
    }
    BoardView {
        name,
        filters: items.iter().map(read_filter).collect(),
    }
}

fn read_filter(form: &Form<'_>) -> ViewFilter {
    let operation = form.text("operation", usize::MAX);
    let value = form.get("value").cloned();
    match FilterOp::from_name(&operation) {
        _ if value.as_ref().is_some_and(is_too_long) => {
            form.invalid(
                "value",
                format!("must have at most {VALUE_BYTES_MAX} bytes"),
            );
        }
        None if operation.is_empty() => {}
        None => {
            let names: Vec<&str> = FilterOp::ALL.iter().map(|(_, name)| *name).collect();
            form.invalid("operation", format!("must be one of {}", names.join(", ")));
        }
        Some(FilterOp::Exists | FilterOp::DoesNotExist) => {
            if value.is_some() {
                form.invalid("value", format!("{operation} takes no value"));
            }
        }
        Some(FilterOp::In | FilterOp::NotIn) => match &value {
            Some(Json::Array(values)) if values.iter().all(is_scalar) => {}
            Some(_) => form.incorrect_type("value", "must be a list of values"),
            None => form.missing("value"),
        },
        Some(_) => match &value {
            Some(value) if is_scalar(value) => {}
            Some(_) => form.incorrect_type("value", "must be a string, number or boolean"),
            None => form.missing("value"),
        },
    }
    ViewFilter {
        column: form.text("column", COLUMN_CHARS_MAX),
        operation,
        value,
    }
}

fn is_too_long(value: &Json) -> bool {
    value.to_string().len() > VALUE_BYTES_MAX
}

fn is_scalar(value: &Json) -> bool {
    !matches!(value, Json::Array(_) | Json::Object(_) | Json::Null)
}

fn view_json(view: &Stored<BoardView>) -> Json {
    let filters = view.value.filters.iter().map(|filter| {
        let mut json = json!({ "column": filter.column, "operation": filter.operation });
        if let Some(value) = &filter.value {
            json["value"] = value.clone();
        }
        json
    });
    json!({
        "id": view.id.0,
        "name": view.value.name,
        "filters": filters.collect::<Vec<_>>(),
    })
}
