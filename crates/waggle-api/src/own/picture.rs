//! `/api/picture`: the picture of a kept result for whoever has a token, and where people get such tokens.

use crate::ask::{Answer, Ask, json_answer};
use crate::honeycomb::query::query_json;
use crate::honeycomb::query_result::find_run;
use crate::kept;
use crate::listen::body;
use crate::picture::{PATH, link, png, token};
use crate::problem::{Problem, ProblemKind};
use crate::route::{Face, Need, Resource, Route};
use crate::shape::{Content, Shape, must};
use crate::state::ApiState;
use crate::table::time_text;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use bytes::Bytes;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use waggle_access::Permission;
use waggle_metastore::{QueryAnswer, QueryResultId};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Pictures of results",
    about: "What programs show beside a link to a result.",
    routes: &[
        Route::raw("GET", PATH, Face::Own, Need::Nothing, |m| on(m, get))
            .about("Returns the picture that a token is for, until the token is over.")
            .query(&[must("of", Shape::Text, "The token.")])
            .answers(&[(200, Content::Bytes(&["image/png"]))]),
        Route::own(
            "GET",
            "/api/environments/{env}/results/{id}/picture",
            Need::Person(&[Permission::RunQueries]),
            |ask| Box::pin(share(ask)),
        )
        .about("Makes a token for the picture of a result: with it in a link, others see the picture without signing in.")
        .id("result")
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[
                must(
                    "token",
                    Shape::Text,
                    "For the parameter `picture` of the result's page: programs that unfold the link then show the picture.",
                ),
                must("image_url", Shape::Text, "The picture."),
                must("expires_at", Shape::Time, "When both are worth nothing."),
            ])),
        )]),
    ],
};

const NO_PICTURE: &str = "no picture is to be had with this token";

async fn get(
    State(state): State<ApiState>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    picture(&state, query.get("of").map_or("", String::as_str))
        .await
        .unwrap_or_else(Problem::into_own)
}

/// Whatever is wrong with a token, the answer is the same. Few are drawn at once, and none of a very long result: no key is asked for.
async fn picture(state: &ApiState, token: &str) -> Answer {
    let none = || Problem::not_found(NO_PICTURE);
    let token = state.access.picture(token).ok_or_else(none)?;
    let Ok(permit) = Arc::clone(&state.limits.pictures).try_acquire_owned() else {
        return Err(Problem::new(
            ProblemKind::Unavailable,
            "as many pictures as may be are being drawn; try again",
        ));
    };
    let run = find_run(state, token.tenant, &QueryResultId(token.result)).await?;
    let run = run.ok_or_else(none)?;
    let outcome = run.result.outcome.as_ref().map(|outcome| &outcome.answer);
    let Some(QueryAnswer::Complete(stored)) = outcome else {
        return Err(none());
    };
    let bytes_max = state.config.picture_result_bytes_max;
    if kept::length_max(stored) > bytes_max {
        return Err(Problem::not_found(format!(
            "there is no picture of a result of more than {bytes_max} bytes"
        )));
    }
    let query = query_json(&run.query)?;
    // Whoever goes away before has it drawn all the same, so that nobody has more drawn at once by asking and leaving.
    let picture = tokio::spawn(drawn(permit, query, stored.clone())).await;
    let picture = picture.map_err(|error| Problem::internal(&error))?;
    let picture = picture.map_err(|error| Problem::internal(&error))?;
    let headers = [
        (header::CONTENT_TYPE, "image/png"),
        (header::CACHE_CONTROL, "private, max-age=3600"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, picture).into_response())
}

async fn drawn(permit: OwnedSemaphorePermit, query: Json, stored: Bytes) -> io::Result<Vec<u8>> {
    let answer = kept::decompressed(stored).await?;
    body::run(true, move || {
        let _permit = permit;
        let answer: Json = serde_json::from_slice(&answer)?;
        Ok(png(&query, &answer))
    })
    .await
}

async fn share(ask: Ask) -> Answer {
    let id = QueryResultId(ask.path("id").to_owned());
    let run = find_run(&ask.state, ask.tenant(), &id).await?;
    run.ok_or_else(|| Problem::not_found("result not found"))?;
    let token = token(&ask.state, ask.tenant(), &id);
    let origin = ask.state.config.origin.as_deref().unwrap_or(&ask.origin);
    json_answer(
        StatusCode::OK,
        &json!({
            "token": ask.state.access.sign_picture(&token),
            "image_url": link(&ask.state, origin, &token),
            "expires_at": time_text(token.expires_at_s.saturating_mul(1_000_000_000)),
        }),
    )
}
