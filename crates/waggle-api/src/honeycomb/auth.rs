//! `GET /1/auth`, and POST as some clients use it: what a key is and may do. Source: spec/honeycomb-api.md section 3.

use crate::ask::{Answer, Ask, json_answer};
use crate::caller::key_of;
use axum::http::StatusCode;
use serde_json::{Map, Value as Json, json};
use waggle_access::Permission;
use waggle_metastore::KeyKind;

/// `GET /1/auth`.
pub(crate) fn get(ask: &Ask) -> Answer {
    let caller = &ask.caller;
    let mut access = Map::new();
    for permission in Permission::all() {
        // The answer to an ingest key lists only what such a key can be given.
        let is_listed =
            caller.kind() != KeyKind::Ingest || permission == Permission::CreateDatasets;
        if let Some(name) = permission.auth_name().filter(|_| is_listed) {
            access.insert(name.to_owned(), Json::Bool(caller.may(permission)));
        }
    }
    // Terraform's client reads this spelling.
    access.insert(
        "create_datasets".to_owned(),
        Json::Bool(caller.may(Permission::CreateDatasets)),
    );
    let is_classic = key_of(&ask.headers).is_some_and(waggle_access::is_classic);
    let environment = if is_classic {
        json!({ "name": "", "slug": "" })
    } else {
        json!({ "name": caller.environment_name, "slug": caller.environment_slug })
    };
    json_answer(
        StatusCode::OK,
        &json!({
            "id": caller.key_id().map(|id| &id.0),
            "type": caller.kind().name(),
            "api_key_access": access,
            "environment": environment,
            "team": { "name": caller.team_name, "slug": caller.team_slug },
        }),
    )
}
