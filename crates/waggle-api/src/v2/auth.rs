//! `GET /2/auth`: what a management key is. Source: spec/honeycomb-api.md section 3.
//!
//! The team travels along as `included`: the Go client takes its slug from there and makes every other path with it.

use super::document::{RELATED, TIMESTAMPS, kind, related_json, timestamps_json};
use super::{TeamAsk, answer};
use crate::ask::Answer;
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Member, Named, Shape, must};
use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use waggle_metastore::team_public_id;

pub(crate) const RESOURCE: Resource = Resource {
    name: "Management key",
    about: "What a management key is and may do.",
    routes: &[Route::v2("GET", "/2/auth", Need::AnyManager, |ask| {
        Box::pin(async move { get(&ask) })
    })
    .about("Returns what the management key is and may do, and its team.")
    .answers(&[(200, Content::Json(Shape::Named(&AUTH)))])],
};

const AUTH: Named = Named {
    name: "ManagementAuth",
    about: "A management key and its team.",
    members: &[
        must(
            "data",
            Shape::Object(&[
                must("id", Shape::Text, "Public id of the key."),
                kind(&["api-keys"]),
                must("attributes", Shape::Object(ATTRIBUTES), "The key."),
                must("relationships", Shape::Object(OF_TEAM), "Its team."),
            ]),
            "The key.",
        ),
        must(
            "included",
            Shape::List(&Shape::Object(&[
                must("id", Shape::Text, "Id of the team."),
                kind(&["teams"]),
                must(
                    "attributes",
                    Shape::Named(&crate::honeycomb::auth::NAME_AND_SLUG),
                    "The team.",
                ),
            ])),
            "The team.",
        ),
    ],
};
const ATTRIBUTES: &[Member] = &[
    must("name", Shape::Text, "What people call it."),
    must(
        "key_type",
        Shape::Choice(&["management"]),
        "What it is for.",
    ),
    must("disabled", Shape::Flag, "True when it is refused for now."),
    must("scopes", Shape::List(&Shape::Text), "What it may do."),
    TIMESTAMPS,
];
const OF_TEAM: &[Member] = &[must("team", RELATED, "Its team.")];

fn get(ask: &TeamAsk) -> Answer {
    let key = &ask.manager.key;
    let team = &ask.manager.team;
    let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.name()).collect();
    let body: Json = json!({
        "data": {
            "id": key.id.0,
            "type": "api-keys",
            "attributes": {
                "name": key.name,
                "key_type": key.kind.name(),
                "disabled": key.is_disabled,
                "scopes": scopes,
                "timestamps": timestamps_json(key),
            },
            "relationships": {
                "team": related_json(&team_public_id(team.id), "teams"),
            },
        },
        "included": [{
            "id": team_public_id(team.id),
            "type": "teams",
            "attributes": { "name": team.name, "slug": team.slug },
        }],
    });
    answer(StatusCode::OK, &body)
}
