//! `GET /1/auth`, and POST as some clients use it: what a key is and may do. Source: spec/honeycomb-api.md section 3.

use crate::ask::{Answer, Ask, json_answer};
use crate::caller::key_of;
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Named, Shape, may, must};
use crate::table::time_text;
use axum::http::StatusCode;
use serde_json::{Map, Value as Json, json};
use waggle_access::Permission;
use waggle_metastore::KeyKind;

pub(crate) const RESOURCE: Resource = Resource {
    name: "Auth",
    about: "What a key is and what it may do.",
    routes: &[
        Route::v1("GET", "/1/auth", Need::AnyKey, |ask| {
            Box::pin(async move { get(&ask) })
        })
        .about("Returns what the key is, where it belongs and what it may do.")
        .answers(&[(200, Content::Json(Shape::Named(&AUTH)))]),
        Route::v1("POST", "/1/auth", Need::AnyKey, |ask| {
            Box::pin(async move { get(&ask) })
        })
        .about("The same, for clients that post.")
        .answers(&[(200, Content::Json(Shape::Named(&AUTH)))]),
    ],
};

const AUTH: Named = Named {
    name: "Auth",
    about: "A key of the first version of the API.",
    members: &[
        must("id", Shape::OrNull(&Shape::Text), "Public id of the key."),
        must(
            "type",
            Shape::Choice(&["configuration", "ingest"]),
            "What the key is for.",
        ),
        must(
            "api_key_access",
            Shape::Map(&Shape::Flag),
            "What the key may do. `createDatasets` has a twin `create_datasets`, which Terraform reads.",
        ),
        must(
            "environment",
            Shape::Named(&NAME_AND_SLUG),
            "Its environment; both texts are empty for a classic key.",
        ),
        must("team", Shape::Named(&NAME_AND_SLUG), "Its team."),
        may(
            "time_to_live",
            Shape::Time,
            "When the key ends, if it does.",
        ),
    ],
};

pub(crate) const NAME_AND_SLUG: Named = Named {
    name: "NameAndSlug",
    about: "A name to show and a name for addresses.",
    members: &[
        must("name", Shape::Text, "The name to show."),
        must("slug", Shape::Text, "The name in addresses."),
    ],
};

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
    let mut body = json!({
        "id": caller.key_id().map(|id| &id.0),
        "type": caller.kind().name(),
        "api_key_access": access,
        "environment": environment,
        "team": { "name": caller.team_name, "slug": caller.team_slug },
    });
    if let Some(expires_at_ns) = caller.expires_at_ns {
        body["time_to_live"] = time_text(expires_at_ns).into();
    }
    json_answer(StatusCode::OK, &body)
}
