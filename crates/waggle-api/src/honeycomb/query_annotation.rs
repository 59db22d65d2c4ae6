//! `/1/query_annotations/{dataset|__all__}`: names for saved queries. Source: spec/honeycomb-api.md section 12.3.

use super::artifact::{no_artifact, no_content, with_times};
use super::board::is_seen;
use super::query::find_query;
use crate::ask::{Answer, Ask, json_answer};
use crate::form::{Form, read};
use crate::problem::Problem;
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Named, Shape, may, must};
use axum::http::StatusCode;
use serde_json::{Map, Value as Json, json};
use std::collections::HashSet;
use waggle_access::Permission;
use waggle_metastore::{ArtifactId, Board, PanelContent, Query, QueryAnnotation, QueryId, Stored};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Query annotations",
    about: "Names and descriptions of saved queries. A query may have several.",
    routes: &[
        Route::v1("GET", "/1/query_annotations/{dataset}", NEED, |ask| {
            Box::pin(list(ask))
        })
        .about("Lists the query annotations of a dataset, or of all with `__all__`.")
        .query(&[may(
            "include_board_annotations",
            Shape::Text,
            "`true` lists those that boards made too.",
        )])
        .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&ANNOTATION))))]),
        Route::v1("POST", "/1/query_annotations/{dataset}", NEED, |ask| {
            Box::pin(create(ask))
        })
        .about("Makes a query annotation.")
        .takes(Shape::Named(&NEW_ANNOTATION))
        .makes(
            "query_annotation",
            "/id",
            r#"{"name": "Slow requests", "query_id": "<query>"}"#,
        )
        .answers(&[(201, Content::Json(Shape::Named(&ANNOTATION)))]),
        Route::v1("GET", "/1/query_annotations/{dataset}/{id}", NEED, |ask| {
            Box::pin(get(ask))
        })
        .about("Returns a query annotation.")
        .id("query_annotation")
        .answers(&[(200, Content::Json(Shape::Named(&ANNOTATION)))]),
        Route::v1("PUT", "/1/query_annotations/{dataset}/{id}", NEED, |ask| {
            Box::pin(update(ask))
        })
        .about("Changes a query annotation; its query stays.")
        .id("query_annotation")
        .takes(Shape::Named(&ANNOTATION_CHANGE))
        .answers(&[(200, Content::Json(Shape::Named(&ANNOTATION)))]),
        Route::v1(
            "DELETE",
            "/1/query_annotations/{dataset}/{id}",
            NEED,
            |ask| Box::pin(delete(ask)),
        )
        .about("Deletes a query annotation.")
        .id("query_annotation")
        .answers(&[(204, Content::Nothing)]),
    ],
};

const NEED: Need = Need::OneOf(&[Permission::ManageColumns]);
const SOURCE: Shape = Shape::Choice(&["query", "board"]);
pub(crate) const ANNOTATION: Named = Named {
    name: "QueryAnnotation",
    about: "A name for a query.",
    members: &[
        must("id", Shape::Text, "Its id."),
        must("name", Shape::Text, "The name."),
        must("description", Shape::Text, "Free text."),
        must("query_id", Shape::Text, "The query."),
        must("source", SOURCE, "Who made it."),
        must("created_at", Shape::Time, "When it was made."),
        must("updated_at", Shape::Time, "When it was last changed."),
    ],
};
pub(crate) const NEW_ANNOTATION: Named = Named {
    name: "NewQueryAnnotation",
    about: "A name for a query, to be made.",
    members: &[
        must("name", Shape::Text, "1 to 320 characters."),
        may("description", Shape::Text, "At most 1,023 characters."),
        must("query_id", Shape::Text, "The query."),
        may("source", SOURCE, "Who makes it; query unless given."),
    ],
};
pub(crate) const ANNOTATION_CHANGE: Named = Named {
    name: "QueryAnnotationChange",
    about: "Another name for the same query.",
    members: &[
        must("name", Shape::Text, "1 to 320 characters."),
        may("description", Shape::Text, "At most 1,023 characters."),
        may("query_id", Shape::Text, "The query, which stays."),
    ],
};

const NAME_CHARS_MAX: usize = 320;
const DESCRIPTION_CHARS_MAX: usize = 1_023;

/// `GET /1/query_annotations/{dataset}`; with `?include_board_annotations=true` those that boards made too.
pub(crate) async fn list(ask: Ask) -> Answer {
    let mut annotations = ask.artifacts::<QueryAnnotation>().await?;
    if ask.query("include_board_annotations") == Some("true") {
        let hidden = of_others_boards(&ask).await?;
        annotations.retain(|annotation| !is_hidden(annotation, &hidden));
    } else {
        annotations.retain(|annotation| !annotation.value.is_of_board);
    }
    let annotations: Vec<Json> = annotations.iter().map(annotation_json).collect();
    json_answer(StatusCode::OK, &annotations)
}

/// `POST /1/query_annotations/{dataset}`.
pub(crate) async fn create(ask: Ask) -> Answer {
    let place = ask.place().await?;
    let object = ask.object()?;
    let annotation = read(&object, read_annotation)?;
    let query = query_of(&ask, &annotation.query_id).await?;
    let scope = ask.scope(ask.tenant()).await?;
    if query.is_none_or(|query| query.scope != scope) {
        return Err(unknown_query());
    }
    let annotation = ask.create_artifact(&place, annotation).await?;
    json_answer(StatusCode::CREATED, &annotation_json(&annotation))
}

/// `GET /1/query_annotations/{dataset}/{id}`.
pub(crate) async fn get(ask: Ask) -> Answer {
    let annotation = seen_annotation(&ask).await?;
    json_answer(StatusCode::OK, &annotation_json(&annotation))
}

/// `PUT /1/query_annotations/{dataset}/{id}`. The query can't be changed.
pub(crate) async fn update(ask: Ask) -> Answer {
    let mut annotation = seen_annotation(&ask).await?;
    let mut object: Map<String, Json> = ask.object()?;
    // Some clients leave out what can't be changed.
    object
        .entry("query_id")
        .or_insert_with(|| annotation.value.query_id.clone().into());
    let changed = read(&object, read_annotation)?;
    if changed.query_id != annotation.value.query_id {
        return Err(Problem::bad_request(
            "the query of an annotation can't be changed; make another annotation",
        ));
    }
    annotation.value = QueryAnnotation {
        is_of_board: annotation.value.is_of_board,
        ..changed
    };
    let annotation = ask.update_artifact(annotation).await?;
    json_answer(StatusCode::OK, &annotation_json(&annotation))
}

/// `DELETE /1/query_annotations/{dataset}/{id}`.
pub(crate) async fn delete(ask: Ask) -> Answer {
    let annotation = seen_annotation(&ask).await?;
    ask.delete_artifact(&annotation).await?;
    no_content()
}

/// The annotation of the path's `{id}`, unless it is one of others' boards.
async fn seen_annotation(ask: &Ask) -> Result<Stored<QueryAnnotation>, Problem> {
    let annotation = ask.artifact::<QueryAnnotation>().await?;
    if annotation.value.is_of_board && is_hidden(&annotation, &of_others_boards(ask).await?) {
        return Err(no_artifact::<QueryAnnotation>());
    }
    Ok(annotation)
}

/// What only boards say that the caller does not see is seen in no other way; names that people gave to queries are everybody's.
fn is_hidden(annotation: &Stored<QueryAnnotation>, of_others: &HashSet<ArtifactId>) -> bool {
    annotation.value.is_of_board && of_others.contains(&annotation.id)
}

/// The annotations that boards name, if only such as the caller does not see.
async fn of_others_boards(ask: &Ask) -> Result<HashSet<ArtifactId>, Problem> {
    let (mut seen, mut others) = (HashSet::new(), HashSet::new());
    for board in ask.artifacts_of_environment::<Board>().await? {
        let named = match is_seen(ask, &board.value) {
            true => &mut seen,
            false => &mut others,
        };
        for panel in board.value.panels {
            if let PanelContent::Query { annotation_id, .. } = panel.content {
                named.insert(annotation_id);
            }
        }
    }
    others.retain(|annotation| !seen.contains(annotation));
    Ok(others)
}

/// A query of the caller's tenant.
pub(crate) async fn query_of(ask: &Ask, id: &str) -> Result<Option<Query>, Problem> {
    find_query(&ask.state, ask.tenant(), &QueryId(id.to_owned())).await
}

/// The answer for a query that does not exist where it should. Source: spec/honeycomb-api.md section 12.3.
pub(crate) fn unknown_query() -> Problem {
    Problem::bad_request("Query ID included in body is invalid")
}

fn read_annotation(form: &Form<'_>) -> QueryAnnotation {
    QueryAnnotation {
        name: form.text("name", NAME_CHARS_MAX),
        description: form.text_or_empty("description", DESCRIPTION_CHARS_MAX),
        query_id: form.text("query_id", usize::MAX),
        is_of_board: form.optional_text("source", usize::MAX).as_deref() == Some("board"),
    }
}

fn annotation_json(annotation: &Stored<QueryAnnotation>) -> Json {
    let value = &annotation.value;
    let json = json!({
        "id": annotation.id.0,
        "name": value.name,
        "description": value.description,
        "query_id": value.query_id,
        "source": if value.is_of_board { "board" } else { "query" },
    });
    with_times(json, annotation)
}
