//! Keys made in the UI: the secret is in the answer and nowhere else, ever again.

use crate::ask::{Answer, Ask, json_answer};
use crate::problem::{DetailCode, Problem};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Named, Shape, must};
use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use waggle_access::{KeyRequest, Permissions};
use waggle_metastore::{KeyKind, RunBy};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Keys in the UI",
    about: "Keys made by people.",
    routes: &[Route::own(
        "POST",
        "/api/environments/{env}/keys",
        Need::Administrator,
        |ask| Box::pin(create(ask)),
    )
    .about("Makes a configuration key with every permission. Its secret is in this answer and nowhere else.")
    .takes(Shape::Object(&[must(
        "name",
        Shape::Text,
        "1 to 100 characters.",
    )]))
    .answers(&[(201, Content::Json(Shape::Named(&MADE_KEY)))])],
};

const MADE_KEY: Named = Named {
    name: "MadeKey",
    about: "A new key and the only sight of its secret.",
    members: &[
        must("id", Shape::Text, "Its public id."),
        must("name", Shape::Text, "What people call it."),
        must("key", Shape::Text, "What clients send."),
        must("kind", Shape::Text, "What it is for."),
    ],
};

/// `POST /api/environments/{env}/keys`: a configuration key with every permission.
pub(crate) async fn create(ask: Ask) -> Answer {
    let object = ask.object()?;
    let Some(Json::String(name)) = object.get("name") else {
        return Err(Problem::invalid_field(
            "name",
            DetailCode::Missing,
            "cannot be blank",
        ));
    };
    let request = KeyRequest {
        permissions: Permissions::all(),
        made_by: match ask.caller.run_by() {
            RunBy::User(user) => Some(user),
            RunBy::Key(_) | RunBy::Nobody => None,
        },
        ..KeyRequest::new(ask.caller.tenant.environment, KeyKind::Configuration, name)
    };
    let created = ask
        .state
        .access
        .create_key(ask.caller.tenant.team, request)
        .await?;
    json_answer(
        StatusCode::CREATED,
        &json!({
            "id": created.key.id.0,
            "name": created.key.name,
            "key": created.value,
            "kind": created.key.kind.name(),
        }),
    )
}
