//! `/api/environments/{env}/service-map`: what people say about the map of services.

use crate::ask::{Answer, Ask, json_answer};
use crate::form::{Form, read};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Member, Shape, must};
use axum::http::StatusCode;
use serde_json::json;
use waggle_access::Permission;
use waggle_metastore::{Gateways, Place};

const PATH: &str = "/api/environments/{env}/service-map";
const ANSWERS: &[(u16, Content)] = &[(200, Content::Json(Shape::Object(SETTINGS)))];

pub(crate) const RESOURCE: Resource = Resource {
    name: "Service map",
    about: "What people say about the map of services.",
    routes: &[
        Route::own(
            "GET",
            PATH,
            Need::Person(&[Permission::RunQueries]),
            |ask| Box::pin(get(ask)),
        )
        .about("Returns the services that are declared to be gateways.")
        .answers(ANSWERS),
        Route::own(
            "PUT",
            PATH,
            Need::Person(&[Permission::ManageColumns]),
            |ask| Box::pin(set(ask)),
        )
        .about("Declares gateways: maps show calls through them as calls of what is behind them.")
        .takes(Shape::Object(SETTINGS))
        .answers(ANSWERS),
    ],
};

const SETTINGS: &[Member] = &[must(
    "gateways",
    Shape::List(&Shape::Text),
    "Names of services, at most 100.",
)];

/// An environment has one list.
const KEY: &str = "";
const GATEWAYS_MAX: usize = 100;
const NAME_CHARS_MAX: usize = 1_024;

async fn get(ask: Ask) -> Answer {
    let gateways = ask.artifact_of_key::<Gateways>(KEY).await?;
    answer(&gateways.map(|gateways| gateways.value).unwrap_or_default())
}

async fn set(ask: Ask) -> Answer {
    let gateways = read(&ask.object()?, read_gateways)?;
    let found = ask.artifact_of_key(KEY).await?;
    let place = Place::default();
    let written = ask.write_artifact(found, &place, gateways).await?;
    answer(&written.value)
}

fn read_gateways(form: &Form<'_>) -> Gateways {
    if form.get("gateways").is_none() {
        form.missing("gateways");
    }
    let mut services = form.texts("gateways", GATEWAYS_MAX);
    for (number, name) in services.iter().enumerate() {
        if !(1..=NAME_CHARS_MAX).contains(&name.chars().count()) {
            form.invalid(
                &format!("gateways[{number}]"),
                format!("must have 1 to {NAME_CHARS_MAX} characters"),
            );
        }
    }
    services.sort();
    services.dedup();
    Gateways { services }
}

fn answer(gateways: &Gateways) -> Answer {
    json_answer(StatusCode::OK, &json!({ "gateways": gateways.services }))
}
