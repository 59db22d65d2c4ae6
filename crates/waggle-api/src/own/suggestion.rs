//! `/api/environments/{env}/datasets/{dataset}/suggestions`: what a dataset offers to whoever begins to ask about it.

use crate::ask::{Answer, Ask, json_answer};
use crate::form::{Form, read};
use crate::honeycomb::query::checked_spec;
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Member, Shape, must};
use crate::spec::QUERY_SPEC;
use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use waggle_access::Permission;
use waggle_metastore::{DatasetGuide, Place, Stored};
use waggle_model::{DatasetId, DatasetScope};

const PATH: &str = "/api/environments/{env}/datasets/{dataset}/suggestions";
const ANSWERS: &[(u16, Content)] = &[(200, Content::Json(Shape::Object(SUGGESTIONS)))];

pub(crate) const RESOURCE: Resource = Resource {
    name: "Suggestions",
    about: "What a dataset offers to whoever begins to ask about it.",
    routes: &[
        Route::own(
            "GET",
            PATH,
            Need::Person(&[Permission::RunQueries]),
            |ask| Box::pin(get(ask)),
        )
        .about("Returns the suggestions of a dataset; there are none until somebody makes some.")
        .answers(ANSWERS),
        Route::own(
            "PUT",
            PATH,
            Need::Person(&[Permission::ManageColumns]),
            |ask| Box::pin(set(ask)),
        )
        .about("Replaces the suggestions of a dataset.")
        .takes(Shape::Object(SUGGESTIONS))
        .answers(ANSWERS),
    ],
};

const SUGGESTIONS: &[Member] = &[
    must(
        "groupings",
        Shape::List(&Shape::Text),
        "Columns to group by, the best first; at most 20.",
    ),
    must(
        "query",
        Shape::OrNull(&Shape::Named(&QUERY_SPEC)),
        "The query that the builder begins with.",
    ),
];

const GROUPINGS_MAX: usize = 20;
const COLUMN_CHARS_MAX: usize = 255;

async fn get(ask: Ask) -> Answer {
    let dataset = ask.dataset(ask.tenant()).await?.id;
    let guide: Option<Stored<DatasetGuide>> = ask.artifact_of_key(&key_of(dataset)).await?;
    answer(&guide.map(|guide| guide.value).unwrap_or_default())
}

async fn set(ask: Ask) -> Answer {
    let dataset = ask.dataset(ask.tenant()).await?.id;
    let guide = read(&ask.object()?, read_guide)?;
    if let Some(query) = &guide.query {
        let scope = DatasetScope::One(dataset);
        checked_spec(&ask.state, ask.tenant(), &scope, query).await?;
    }
    let found = ask.artifact_of_key(&key_of(dataset)).await?;
    let place = Place::of_dataset(Some(dataset));
    let written = ask.write_artifact(found, &place, guide).await?;
    answer(&written.value)
}

fn key_of(dataset: DatasetId) -> String {
    dataset.0.to_string()
}

fn read_guide(form: &Form<'_>) -> DatasetGuide {
    let groupings = form.texts("groupings", GROUPINGS_MAX);
    for (number, column) in groupings.iter().enumerate() {
        let length = column.chars().count();
        if !(1..=COLUMN_CHARS_MAX).contains(&length) {
            form.invalid(
                &format!("groupings[{number}]"),
                format!("must have 1 to {COLUMN_CHARS_MAX} characters"),
            );
        }
    }
    let query = form.get("query").filter(|query| !query.is_null()).cloned();
    if query.as_ref().is_some_and(|query| !query.is_object()) {
        form.incorrect_type("query", "must be a JSON object");
    }
    DatasetGuide { groupings, query }
}

fn answer(guide: &DatasetGuide) -> Answer {
    let query = guide.query.as_ref().unwrap_or(&Json::Null);
    json_answer(
        StatusCode::OK,
        &json!({ "groupings": guide.groupings, "query": query }),
    )
}
