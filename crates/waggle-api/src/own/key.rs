//! Keys of an environment, for the people who manage them: made, named, disabled and deleted. The secret is in the answer that makes
//! one and nowhere else, ever again.

use crate::ask::{Answer, Ask, json_answer};
use crate::problem::{DetailCode, Problem};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Named, Shape, may, must};
use crate::table::time_text;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value as Json, json};
use waggle_access::{KeyRequest, Permission, Permissions};
use waggle_metastore::{Key, KeyChange, KeyId, KeyKind, RunBy, UserId};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Keys in the UI",
    about: "Keys made by people.",
    routes: &[
        Route::own(
            "GET",
            "/api/environments/{env}/keys",
            Need::Administrator,
            |ask| Box::pin(list(ask)),
        )
        .about("Lists the keys of the environment, the oldest first, without their secrets.")
        .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&KEY))))]),
        Route::own(
            "POST",
            "/api/environments/{env}/keys",
            Need::Administrator,
            |ask| Box::pin(create(ask)),
        )
        .about("Makes a key. Its secret is in this answer and nowhere else.")
        .takes(Shape::Object(&[
            must("name", Shape::Text, "1 to 100 characters."),
            may(
                "kind",
                Shape::Choice(&["configuration", "ingest"]),
                "What it is for; configuration unless given.",
            ),
            may(
                "permissions",
                Shape::List(&Shape::Text),
                "What it may do; everything unless given.",
            ),
        ]))
        .answers(&[(201, Content::Json(Shape::Named(&MADE_KEY)))]),
        Route::own(
            "PUT",
            "/api/environments/{env}/keys/{id}",
            Need::Administrator,
            |ask| Box::pin(update(ask)),
        )
        .about("Renames a key, disables or enables it; what is absent stays.")
        .id("api_key")
        .takes(Shape::Object(&[
            may("name", Shape::Text, "1 to 100 characters."),
            may("disabled", Shape::Flag, "True to refuse it for now."),
        ]))
        .answers(&[(200, Content::Json(Shape::Named(&KEY)))]),
        Route::own(
            "DELETE",
            "/api/environments/{env}/keys/{id}",
            Need::Administrator,
            |ask| Box::pin(delete(ask)),
        )
        .about("Deletes a key; its bearer is unknown at once.")
        .id("api_key")
        .answers(&[(204, Content::Nothing)]),
    ],
};

const KEY: Named = Named {
    name: "Key",
    about: "A key of the environment.",
    members: &[
        must("id", Shape::Text, "Its public id."),
        must("name", Shape::Text, "What people call it."),
        must("kind", Shape::Text, "What it is for."),
        must("disabled", Shape::Flag, "True when it is refused for now."),
        must(
            "permissions",
            Shape::List(&Shape::Text),
            "What it may do, beside sending events for an ingest key.",
        ),
        must("created_at", Shape::Time, "When it was made."),
        must("updated_at", Shape::Time, "When it was last changed."),
    ],
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

/// `GET /api/environments/{env}/keys`.
async fn list(ask: Ask) -> Answer {
    let tenant = ask.caller.tenant;
    let keys = ask.state.metastore.keys(tenant.team).await?;
    let keys: Vec<Json> = keys
        .iter()
        .filter(|key| key.environment == Some(tenant.environment))
        .map(key_json)
        .collect();
    json_answer(StatusCode::OK, &keys)
}

/// `POST /api/environments/{env}/keys`.
async fn create(ask: Ask) -> Answer {
    let object = ask.object()?;
    let Some(Json::String(name)) = object.get("name") else {
        return Err(Problem::invalid_field(
            "name",
            DetailCode::Missing,
            "cannot be blank",
        ));
    };
    let kind = match object.get("kind") {
        None | Some(Json::Null) => KeyKind::Configuration,
        Some(kind) => match kind.as_str() {
            Some("configuration") => KeyKind::Configuration,
            Some("ingest") => KeyKind::Ingest,
            _ => {
                return Err(Problem::invalid_field(
                    "kind",
                    DetailCode::Invalid,
                    "must be configuration or ingest",
                ));
            }
        },
    };
    let request = KeyRequest {
        permissions: permissions(object.get("permissions"), kind)?,
        made_by: person(&ask),
        ..KeyRequest::new(ask.caller.tenant.environment, kind, name)
    };
    let team = ask.caller.tenant.team;
    let created = ask.state.access.create_key(team, request).await?;
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

/// `PUT /api/environments/{env}/keys/{id}`.
async fn update(ask: Ask) -> Answer {
    let key = find(&ask).await?;
    let object = ask.object()?;
    let name = match object.get("name") {
        None | Some(Json::Null) => None,
        Some(Json::String(name)) => Some(name.clone()),
        Some(_) => return Err(wrong_type("name", "must be a string")),
    };
    let is_disabled = match object.get("disabled") {
        None | Some(Json::Null) => None,
        Some(Json::Bool(is_disabled)) => Some(*is_disabled),
        Some(_) => return Err(wrong_type("disabled", "must be true or false")),
    };
    let change = KeyChange {
        name,
        permissions: None,
        is_disabled,
        changed_by: person(&ask),
    };
    let team = ask.caller.tenant.team;
    let changed = ask.state.access.update_key(team, &key.id, change).await?;
    json_answer(StatusCode::OK, &key_json(&changed))
}

/// `DELETE /api/environments/{env}/keys/{id}`.
async fn delete(ask: Ask) -> Answer {
    let key = find(&ask).await?;
    let team = ask.caller.tenant.team;
    ask.state.access.delete_key(team, &key.id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The key of the path's `{id}`, of the path's environment.
async fn find(ask: &Ask) -> Result<Key, Problem> {
    let tenant = ask.caller.tenant;
    let id = KeyId(ask.path("id").to_owned());
    let key = ask.state.metastore.key(tenant.team, &id).await?;
    key.filter(|key| key.environment == Some(tenant.environment))
        .ok_or_else(|| Problem::not_found("API key not found"))
}

fn permissions(sent: Option<&Json>, kind: KeyKind) -> Result<Permissions, Problem> {
    let all = || match kind {
        KeyKind::Ingest => [Permission::CreateDatasets].into_iter().collect(),
        _ => Permissions::all(),
    };
    let names = match sent {
        None | Some(Json::Null) => return Ok(all()),
        Some(Json::Array(names)) => names,
        Some(_) => return Err(wrong_type("permissions", "must be a list")),
    };
    let permission = |name: &Json| {
        let permission = name.as_str().and_then(Permission::from_name);
        permission.filter(|permission| all().contains(*permission))
    };
    let permissions: Option<Permissions> = names.iter().map(permission).collect();
    permissions.ok_or_else(|| {
        Problem::invalid_field(
            "permissions",
            DetailCode::Invalid,
            format!("has one that a key of kind {} can't have", kind.name()),
        )
    })
}

fn person(ask: &Ask) -> Option<UserId> {
    match ask.caller.run_by() {
        RunBy::User(user) => Some(user),
        RunBy::Key(_) | RunBy::Nobody => None,
    }
}

fn wrong_type(field: &str, message: &str) -> Problem {
    Problem::invalid_field(field, DetailCode::IncorrectType, message)
}

fn key_json(key: &Key) -> Json {
    let permissions: Vec<&str> = key.permissions.iter().map(Permission::name).collect();
    json!({
        "id": key.id.0,
        "name": key.name,
        "kind": key.kind.name(),
        "disabled": key.is_disabled,
        "permissions": permissions,
        "created_at": time_text(key.created_at_ns),
        "updated_at": time_text(key.updated_at_ns),
    })
}
