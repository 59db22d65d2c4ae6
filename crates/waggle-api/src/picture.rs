//! Pictures of kept results, for programs that show a link with a picture of where it leads. Such a program has no key: whoever shares a
//! result hands out a token for its picture, which ends after a while and opens nothing else.

mod chart;
mod draw;
mod font;
mod png;

use crate::state::ApiState;
use axum::body::Body;
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chart::Chart;
use http_body_util::BodyExt;
use serde_json::Value as Json;
use waggle_access::PictureToken;
use waggle_metastore::QueryResultId;
use waggle_model::Tenant;

/// Pixels across and down: what programs that show links crop least. Source: Open Graph's common proportion of 1.91 to 1.
const WIDTH: usize = 1_200;
const HEIGHT: usize = 630;
const DAY_S: i64 = 86_400;
/// Where a picture is served.
pub(crate) const PATH: &str = "/api/picture";

/// Address of the picture of a result, for as long as the setting says.
pub(crate) fn link(state: &ApiState, origin: &str, token: &PictureToken) -> String {
    let token = state.access.sign_picture(token);
    format!("{origin}{PATH}?of={token}")
}

/// What to sign for the picture of a result.
pub(crate) fn token(state: &ApiState, tenant: Tenant, result: &QueryResultId) -> PictureToken {
    let age_s = i64::try_from(state.config.picture_link_age.as_secs()).unwrap_or(i64::MAX);
    let now_s = state.clock.now_ns() / 1_000_000_000;
    // Up to the end of a day, so that the address of a picture stays the same for as long and browsers keep it.
    let ends_s = now_s.saturating_add(age_s).div_euclid(DAY_S);
    PictureToken {
        tenant,
        result: result.0.clone(),
        expires_at_s: ends_s.saturating_add(1).saturating_mul(DAY_S),
    }
}

/// The PNG of a result, from its query and its kept answer.
pub(crate) fn png(query: &Json, answer: &Json) -> Vec<u8> {
    let chart = Chart::of(query, answer);
    png::encode(&draw::drawn(&chart, WIDTH, HEIGHT), &draw::PALETTE)
}

/// Says on the page of a shared result where its picture is, for programs that unfold links. Only a page whose address has a good token
/// for that very result says anything.
pub(crate) async fn announced<B>(
    state: &ApiState,
    origin: &str,
    address: &Uri,
    page: axum::http::Response<B>,
) -> Response
where
    B: axum::body::HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    let token = parameter(address, "picture").and_then(|text| state.access.picture(text));
    let token = token.filter(|token| {
        let of_page = address.path().rsplit_once("/result/");
        of_page.is_some_and(|(_, result)| result == token.result)
    });
    let is_html = page.headers().get(header::CONTENT_TYPE);
    let is_html = is_html.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let Some(token) = token.filter(|_| is_html) else {
        return page.into_response();
    };
    let (mut parts, body) = page.into_parts();
    let Ok(body) = body.collect().await else {
        return (
            axum::http::StatusCode::INTERNAL_SERVER_ERROR,
            "the page could not be read",
        )
            .into_response();
    };
    let html = String::from_utf8_lossy(&body.to_bytes()).into_owned();
    let image = escaped(&link(state, origin, &token));
    let tags = format!(
        r#"<meta property="og:title" content="A result in Waggle"><meta property="og:image" content="{image}"><meta property="og:image:width" content="{WIDTH}"><meta property="og:image:height" content="{HEIGHT}"><meta name="twitter:card" content="summary_large_image">"#
    );
    parts.headers.remove(header::CONTENT_LENGTH);
    let html = html.replacen("</head>", &format!("{tags}</head>"), 1);
    Response::from_parts(parts, Body::from(html))
}

/// A parameter of an address; tokens need no escaping.
fn parameter<'a>(address: &'a Uri, name: &str) -> Option<&'a str> {
    let pairs = address.query()?.split('&');
    pairs
        .filter_map(|pair| pair.split_once('='))
        .find_map(|(known, value)| (known == name).then_some(value))
}

/// The address of the server comes from the request's headers: nothing of it may end the attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
}

#[cfg(test)]
mod tests;
