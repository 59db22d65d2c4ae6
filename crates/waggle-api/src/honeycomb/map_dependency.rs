//! `/1/maps/dependencies/requests`: which services call which, asked for first and fetched page by page then. Source:
//! spec/honeycomb-api.md sections 2.4 and 15.5.

use crate::ask::{Answer, Ask, http_date, json_answer};
use crate::form::{Form, read};
use crate::page::{AFTER, LINKS, Page, SIZE};
use crate::problem::{Problem, ProblemKind};
use crate::route::{Need, Resource, Route};
use crate::service_map::{Dependency, MapAnswer, MapQuestion, MapRequest};
use crate::shape::{Content, Named, Shape, joined, may, must};
use crate::spec::{WINDOW, read_window};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Map, Value as Json, json};
use std::collections::HashSet;
use std::time::Duration;
use waggle_access::Permission;

pub(crate) const RESOURCE: Resource = Resource {
    name: "Map dependencies",
    about: "Which services call which, counted from spans. A map is computed in the background and kept until newer ones take its place.",
    routes: &[
        Route::v1("POST", "/1/maps/dependencies/requests", NEED, |ask| {
            Box::pin(create(ask))
        })
        .about("Asks for a map.")
        .query(&[may(
            "limit",
            Shape::Whole,
            "Most pairs of services: 10,000 unless given, at most 64,000.",
        )])
        .takes(Shape::Named(&QUESTION))
        .makes("map", "/request_id", r#"{"time_range": 7200}"#)
        .answers(&[
            (200, Content::Json(Shape::Named(&REQUEST))),
            (201, Content::Json(Shape::Named(&REQUEST))),
        ]),
        Route::v1("GET", "/1/maps/dependencies/requests/{id}", NEED, |ask| {
            Box::pin(get(ask))
        })
        .about("Returns a page of a map, or that it is not ready.")
        .id("map")
        .query(&[SIZE, AFTER])
        .answers(&[(200, Content::Json(Shape::Named(&PAGE)))]),
    ],
};

const NEED: Need = Need::OneOf(&[Permission::ReadServiceMaps]);
const STATUS: Shape = Shape::Choice(&["pending", "ready", "error"]);
const NODE: Shape = Shape::Object(&[
    must("name", Shape::Text, "Its name."),
    must("type", Shape::Choice(&["service"]), "What it is."),
]);
const QUESTION: Named = Named {
    name: "MapQuestion",
    about: "Which times and services; all of it may be absent.",
    members: &joined::<{ WINDOW.len() + 1 }>(
        WINDOW,
        &[may(
            "filters",
            Shape::List(&NODE),
            "Only calls from or to one of these, at most 100.",
        )],
    ),
};
const REQUEST: Named = Named {
    name: "MapRequest",
    about: "A map that was asked for.",
    members: &[
        must("request_id", Shape::Text, "Its id."),
        must("status", STATUS, "How far it is."),
    ],
};
const PAGE: Named = Named {
    name: "MapPage",
    about: "Some of the dependencies of a map, the busiest first.",
    members: &[
        must("request_id", Shape::Text, "The id of the map."),
        must("status", STATUS, "How far it is."),
        must(
            "dependencies",
            Shape::OrNull(&Shape::List(&Shape::Object(&[
                must("parent_node", NODE, "Who calls."),
                must("child_node", NODE, "Who is called."),
                must("call_count", Shape::Whole, "How often."),
            ]))),
            "Null before the map is ready.",
        ),
        must("links", LINKS, "Where to go on."),
    ],
};

const LIMIT_DEFAULT: i64 = 10_000;
const LIMIT_MAX: i64 = 64_000;
const FILTERS_MAX: usize = 100;
const NAME_CHARS_MAX: usize = 10_000;

/// `POST /1/maps/dependencies/requests`: 201 while it is computed, 200 when it is ready at once.
async fn create(ask: Ask) -> Answer {
    let limit = ask.query_number("limit")?.unwrap_or(LIMIT_DEFAULT);
    let limit = usize::try_from(limit)
        .ok()
        .filter(|_| (1..=LIMIT_MAX).contains(&limit));
    let limit = limit
        .ok_or_else(|| Problem::bad_request(format!("limit must be between 1 and {LIMIT_MAX}")))?;
    let object = match ask.body.is_empty() {
        true => Map::new(),
        false => ask.object()?,
    };
    let window = read_window(&object).map_err(Problem::invalid)?;
    let question = MapQuestion {
        range: window.resolve(ask.now_ns()),
        services: read(&object, read_services)?,
        limit,
    };
    let begun = ask.state.maps.begin(&ask.state, ask.tenant(), question);
    let request = begun.ok_or_else(|| {
        Problem::new(
            ProblemKind::RateLimited,
            "too many maps are being computed; try again",
        )
    })?;
    let answer = request.answer(Duration::ZERO).await;
    let status = match answer {
        None => StatusCode::CREATED,
        Some(_) => StatusCode::OK,
    };
    let json = json!({ "request_id": request.id, "status": status_of(answer.as_ref()) });
    let mut response = json_answer(status, &json)?;
    let location = format!("{}/1/maps/dependencies/requests/{}", ask.origin, request.id);
    put(response.headers_mut(), header::LOCATION, &location);
    put_time(response.headers_mut(), &request);
    Ok(response)
}

/// `GET /1/maps/dependencies/requests/{id}`: waits a moment for one that is being computed.
async fn get(ask: Ask) -> Answer {
    let request = ask.state.maps.find(ask.tenant(), ask.path("id"));
    let request = request.ok_or_else(|| Problem::not_found("Map request not found"))?;
    let page = Page::read(&ask.query)?;
    let answer = request.answer(ask.state.config.result_wait).await;
    let (dependencies, next) = match &answer {
        Some(Ok(dependencies)) => {
            let places = (0..).map(|number| (number, String::new()));
            let path = format!("/1/maps/dependencies/requests/{}", request.id);
            let (page, next) = page.of(places.zip(dependencies.iter()), &path, &[]);
            let page: Vec<Json> = page.into_iter().map(dependency_json).collect();
            (Json::from(page), next)
        }
        Some(Err(_)) | None => (Json::Null, None),
    };
    let json = json!({
        "request_id": request.id,
        "status": status_of(answer.as_ref()),
        "dependencies": dependencies,
        "links": { "next": next },
    });
    let mut response = json_answer(StatusCode::OK, &json)?;
    if matches!(answer, Some(Ok(_))) {
        let kept = "private, max-age=3600";
        put(response.headers_mut(), header::CACHE_CONTROL, kept);
    }
    put_time(response.headers_mut(), &request);
    Ok(response)
}

fn put(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}

fn put_time(headers: &mut HeaderMap, request: &MapRequest) {
    put(
        headers,
        header::LAST_MODIFIED,
        &http_date(request.asked_at_ns),
    );
}

fn status_of(answer: Option<&MapAnswer>) -> &'static str {
    match answer {
        None => "pending",
        Some(Ok(_)) => "ready",
        Some(Err(_)) => "error",
    }
}

/// The services of which one must call or be called.
fn read_services(form: &Form<'_>) -> HashSet<String> {
    let filters = form.objects("filters", FILTERS_MAX);
    let services = filters.iter().map(|filter| {
        let node_type = filter.text("type", usize::MAX);
        if !node_type.is_empty() && node_type != "service" {
            filter.invalid("type", "must be service");
        }
        filter.text("name", NAME_CHARS_MAX)
    });
    services.collect()
}

fn dependency_json(dependency: &Dependency) -> Json {
    json!({
        "parent_node": { "name": dependency.parent, "type": "service" },
        "child_node": { "name": dependency.child, "type": "service" },
        "call_count": dependency.call_count,
    })
}
