//! Keys made in the UI: the secret is in the answer and nowhere else, ever again.

use crate::ask::{Answer, Ask, json_answer};
use crate::problem::{DetailCode, Problem};
use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use waggle_access::Permissions;
use waggle_metastore::KeyKind;

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
    let created = ask
        .state
        .access
        .create_key(
            ask.caller.tenant,
            KeyKind::Configuration,
            name,
            Permissions::all(),
        )
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
