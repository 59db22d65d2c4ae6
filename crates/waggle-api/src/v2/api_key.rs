//! `/2/teams/{team}/api-keys`: the configuration and ingest keys of a team's environments. Source: spec/honeycomb-api.md section 8.
//!
//! Management keys are not among them: one that could make others would never be got rid of.

use super::document::{
    LINK, RELATED, Sent, TIMESTAMPS, attribute_pointer, kind, related_json, timestamps_json,
};
use super::{TeamAsk, answer, answer_page};
use crate::ask::Answer;
use crate::page::{AFTER, LINKS, SIZE, wrong};
use crate::problem::{DetailCode, Problem};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Member, Named, Shape, may, must};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Map, Value as Json, json};
use waggle_access::{KeyRequest, Permission, Permissions, Scope};
use waggle_metastore::{
    Key, KeyChange, KeyId, KeyKind, UserId, environment_of_public_id, environment_public_id,
    user_public_id,
};

pub(crate) const RESOURCE: Resource = Resource {
    name: "API keys",
    about: "The configuration and ingest keys of a team's environments.",
    routes: &[
        Route::v2("GET", "/2/teams/{team}/api-keys", READ, |ask| {
            Box::pin(list(ask))
        })
        .about("Lists the keys of the team, the oldest first.")
        .query(&[
            may(
                "filter[type]",
                Shape::Choice(&["configuration", "ingest"]),
                "Only keys of this type.",
            ),
            SIZE,
            AFTER,
        ])
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[
                must("data", Shape::List(&Shape::Named(&KEY)), "The keys."),
                must("links", LINKS, "Where there are more."),
            ])),
        )]),
        Route::v2("POST", "/2/teams/{team}/api-keys", WRITE, |ask| {
            Box::pin(create(ask))
        })
        .about("Makes a key. Its secret is in this answer and nowhere else.")
        .takes(Shape::Object(&[must(
            "data",
            Shape::Named(&NEW_KEY),
            "The key.",
        )]))
        .makes("api_key", "/data/id", EXAMPLE)
        .answers(&[(201, Content::Json(Shape::Object(ONE)))]),
        Route::v2("GET", "/2/teams/{team}/api-keys/{id}", READ, |ask| {
            Box::pin(get(ask))
        })
        .about("Returns a key.")
        .id("api_key")
        .answers(&[(200, Content::Json(Shape::Object(ONE)))]),
        Route::v2("PATCH", "/2/teams/{team}/api-keys/{id}", WRITE, |ask| {
            Box::pin(update(ask))
        })
        .about("Renames a key, disables or enables it, or changes what a configuration key may do.")
        .id("api_key")
        .takes(Shape::Object(&[must(
            "data",
            Shape::Named(&CHANGED_KEY),
            "The key.",
        )]))
        .answers(&[(200, Content::Json(Shape::Object(ONE)))]),
        Route::v2("DELETE", "/2/teams/{team}/api-keys/{id}", WRITE, |ask| {
            Box::pin(delete(ask))
        })
        .about("Deletes a key; its bearer is unknown at once.")
        .id("api_key")
        .answers(&[(204, Content::Nothing)]),
    ],
};

const READ: Need = Need::Manager(Scope::ReadKeys);
const WRITE: Need = Need::Manager(Scope::WriteKeys);
const NAME_CHARS_MAX: usize = 100;
const TYPE: &str = "api-keys";
const EXAMPLE: &str = r#"{"data": {"type": "api-keys",
    "attributes": {"key_type": "ingest", "name": "ci", "disabled": false, "permissions": {"create_datasets": true}},
    "relationships": {"environment": {"data": {"id": "<environment>", "type": "environments"}}}}}"#;

const KEY_TYPE: Shape = Shape::Choice(&["configuration", "ingest"]);
const PERMISSIONS: Shape = Shape::Map(&Shape::Flag);
const ONE: &[Member] = &[must("data", Shape::Named(&KEY), "The key.")];

const KEY: Named = Named {
    name: "ApiKey",
    about: "A key of an environment.",
    members: &[
        must("id", Shape::Text, "Its public id."),
        kind(&[TYPE]),
        must(
            "attributes",
            Shape::Object(&[
                must("key_type", KEY_TYPE, "What it is for."),
                must("name", Shape::Text, "What people call it."),
                must("disabled", Shape::Flag, "True when it is refused for now."),
                must("permissions", PERMISSIONS, "What it may do."),
                TIMESTAMPS,
                may(
                    "secret",
                    Shape::Text,
                    "Only when it is made. A client of an ingest key sends the id followed by this; one of a configuration key this alone.",
                ),
            ]),
            "The key.",
        ),
        must(
            "relationships",
            Shape::Object(&[
                must("environment", RELATED, "Its environment."),
                may("creator", RELATED, "Who made it, when a person did."),
                may("editor", RELATED, "Who last changed it, when a person did."),
            ]),
            "What it belongs to.",
        ),
        LINK,
    ],
};
const NEW_KEY: Named = Named {
    name: "NewApiKey",
    about: "A key to be made.",
    members: &[
        kind(&[TYPE]),
        must(
            "attributes",
            Shape::Object(&[
                must("key_type", KEY_TYPE, "What it is for."),
                must("name", Shape::Text, "1 to 100 characters."),
                may(
                    "disabled",
                    Shape::OrNull(&Shape::Flag),
                    "True to refuse it for now.",
                ),
                may(
                    "permissions",
                    Shape::OrNull(&PERMISSIONS),
                    "What it may do; `create_datasets` alone for an ingest key.",
                ),
            ]),
            "The key.",
        ),
        must(
            "relationships",
            Shape::Object(&[must("environment", RELATED, "Its environment.")]),
            "What it belongs to.",
        ),
    ],
};
const CHANGED_KEY: Named = Named {
    name: "ApiKeyChange",
    about: "New values for a key; what is absent stays.",
    members: &[
        kind(&[TYPE]),
        may("id", Shape::Text, "The id of the path."),
        may(
            "attributes",
            Shape::Object(&[
                may("name", Shape::OrNull(&Shape::Text), "1 to 100 characters."),
                may(
                    "disabled",
                    Shape::OrNull(&Shape::Flag),
                    "True to refuse it for now.",
                ),
                may(
                    "permissions",
                    Shape::OrNull(&PERMISSIONS),
                    "What it may do. Those that are absent stay.",
                ),
            ]),
            "The new values.",
        ),
    ],
};

async fn list(ask: TeamAsk) -> Answer {
    let wanted = match ask.query("filter[type]") {
        None => None,
        Some(name) => match KeyKind::from_name(name) {
            Some(kind) if is_honeycombs(kind) => Some(kind),
            _ => return Err(wrong("filter[type]", "must be configuration or ingest")),
        },
    };
    let keys = ask.state.metastore.keys(ask.manager.team.id).await?;
    let keys = keys
        .iter()
        .filter(|key| is_honeycombs(key.kind))
        .filter(|key| wanted.is_none_or(|kind| key.kind == kind))
        .map(|key| {
            let place = (key.created_at_ns, key.id.0.clone());
            (place, key_json(&ask, key, None))
        });
    let path = format!("{}/api-keys", ask.team_path());
    let others: Vec<(&str, &str)> = wanted
        .map(|kind| ("filter[type]", kind.name()))
        .into_iter()
        .collect();
    answer_page(&ask, keys, &path, &others)
}

async fn get(ask: TeamAsk) -> Answer {
    let key = find(&ask).await?;
    one(&ask, StatusCode::OK, &key, None)
}

async fn create(ask: TeamAsk) -> Answer {
    let mut sent = Sent::read(ask.json()?, TYPE, None)?;
    let kind = match sent
        .text("key_type", 100)
        .as_deref()
        .map(KeyKind::from_name)
    {
        Some(Some(kind)) if is_honeycombs(kind) => kind,
        None => {
            sent.missing(attribute_pointer("key_type"));
            KeyKind::Ingest
        }
        Some(_) => {
            let pointer = attribute_pointer("key_type");
            sent.invalid(pointer, "must be configuration or ingest");
            KeyKind::Ingest
        }
    };
    let name = sent.name("name", NAME_CHARS_MAX);
    let is_disabled = sent.flag("disabled").unwrap_or(false);
    let permissions = permissions(&mut sent, kind, Permissions::default());
    let environment = sent.related("environment", "environments");
    let environment = environment.as_deref().and_then(environment_of_public_id);
    sent.end()?;
    let team = ask.manager.team.id;
    let found = match environment {
        Some(environment) => ask.state.metastore.environment(team, environment).await?,
        None => None,
    };
    let environment = found.ok_or_else(|| {
        Problem::invalid_field(
            "/data/relationships/environment/data/id",
            DetailCode::Invalid,
            "no environment of the team has this id",
        )
    })?;
    let request = KeyRequest {
        permissions: permissions.unwrap_or_default(),
        is_disabled,
        ..KeyRequest::new(environment.tenant.environment, kind, &name)
    };
    let made = ask.state.access.create_key(team, request).await;
    let made = made.map_err(|error| Problem::from(error).of_attributes())?;
    // An ingest key's value begins with its id; what follows is the secret.
    let secret = made.value.strip_prefix(&made.key.id.0);
    let secret = secret.unwrap_or(&made.value);
    one(&ask, StatusCode::CREATED, &made.key, Some(secret))
}

async fn update(ask: TeamAsk) -> Answer {
    let key = find(&ask).await?;
    let mut sent = Sent::read(ask.json()?, TYPE, Some(&key.id.0))?;
    let name = sent.text("name", NAME_CHARS_MAX);
    let is_disabled = sent.flag("disabled");
    let permissions = match key.kind {
        KeyKind::Configuration => permissions(&mut sent, key.kind, key.permissions),
        _ => {
            if sent.object("permissions").is_some() {
                let pointer = attribute_pointer("permissions");
                sent.invalid(pointer, "can't be changed on an ingest key");
            }
            None
        }
    };
    sent.end()?;
    let change = KeyChange {
        name,
        permissions,
        is_disabled,
        changed_by: None,
    };
    let team = ask.manager.team.id;
    let changed = ask.state.access.update_key(team, &key.id, change).await;
    let changed = changed.map_err(|error| Problem::from(error).of_attributes())?;
    one(&ask, StatusCode::OK, &changed, None)
}

async fn delete(ask: TeamAsk) -> Answer {
    let key = find(&ask).await?;
    let team = ask.manager.team.id;
    ask.state.access.delete_key(team, &key.id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// True for the kinds of keys that Honeycomb's API knows.
fn is_honeycombs(kind: KeyKind) -> bool {
    matches!(kind, KeyKind::Configuration | KeyKind::Ingest)
}

async fn find(ask: &TeamAsk) -> Result<Key, Problem> {
    let id = KeyId(ask.path("id").to_owned());
    let key = ask.state.metastore.key(ask.manager.team.id, &id).await?;
    key.filter(|key| is_honeycombs(key.kind))
        .ok_or_else(|| Problem::not_found("API key not found"))
}

/// The flags of a body over those there are; `None` when there are none in the body.
fn permissions(sent: &mut Sent, kind: KeyKind, before: Permissions) -> Option<Permissions> {
    let flags = sent.object("permissions")?;
    let mut permissions: Vec<Permission> = before.iter().collect();
    for (name, flag) in flags {
        let pointer = format!("{}/{name}", attribute_pointer("permissions"));
        let permission = Permission::from_name(&name).filter(|permission| {
            kind == KeyKind::Configuration || *permission == Permission::CreateDatasets
        });
        match (permission, flag) {
            (Some(permission), Json::Bool(may)) => {
                permissions.retain(|other| *other != permission);
                if may {
                    permissions.push(permission);
                }
            }
            (Some(_), Json::Null) => {}
            (Some(_), _) => sent.incorrect_type(pointer, "must be true or false"),
            (None, _) => {
                let text = format!(
                    "is no permission that a key of type {} can have",
                    kind.name()
                );
                sent.invalid(pointer, text);
            }
        }
    }
    Some(permissions.into_iter().collect())
}

fn one(ask: &TeamAsk, status: StatusCode, key: &Key, secret: Option<&str>) -> Answer {
    answer(status, &json!({ "data": key_json(ask, key, secret) }))
}

fn key_json(ask: &TeamAsk, key: &Key, secret: Option<&str>) -> Json {
    let permissions: Map<String, Json> = match key.kind {
        KeyKind::Ingest => vec![Permission::CreateDatasets],
        _ => Permission::all().collect(),
    }
    .into_iter()
    .map(|permission| {
        let may = key.permissions.contains(permission);
        (permission.name().to_owned(), Json::Bool(may))
    })
    .collect();
    let mut attributes = json!({
        "key_type": key.kind.name(),
        "name": key.name,
        "disabled": key.is_disabled,
        "permissions": permissions,
        "timestamps": timestamps_json(key),
    });
    if let Some(secret) = secret {
        attributes["secret"] = secret.into();
    }
    let mut relationships = Map::new();
    if let Some(environment) = key.environment {
        let id = environment_public_id(environment);
        relationships.insert("environment".to_owned(), related_json(&id, "environments"));
    }
    let mut person = |name: &str, user: Option<UserId>| {
        if let Some(user) = user {
            let related = related_json(&user_public_id(user), "users");
            relationships.insert(name.to_owned(), related);
        }
    };
    person("creator", key.made_by);
    person("editor", key.changed_by);
    json!({
        "id": key.id.0,
        "type": TYPE,
        "attributes": attributes,
        "relationships": relationships,
        "links": { "self": format!("{}/api-keys/{}", ask.team_path(), key.id.0) },
    })
}
