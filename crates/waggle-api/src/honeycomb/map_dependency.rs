//! `/1/maps/dependencies/requests`: which services call which, asked for first and fetched page by page then. Source:
//! spec/honeycomb-api.md sections 2.4 and 15.5.

use crate::ask::{Answer, Ask, http_date, json_answer};
use crate::form::{Form, read};
use crate::problem::{Problem, ProblemKind};
use crate::route::{Need, Resource, Route};
use crate::service_map::{Dependency, MapAnswer, MapQuestion, MapRequest};
use crate::shape::{Content, Named, Shape, may, must};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Map, Value as Json, json};
use std::time::Duration;
use waggle_access::Permission;
use waggle_model::TimeWindow;

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
        .query(&[
            may(
                "page[size]",
                Shape::Whole,
                "1 to 100 pairs; 20 unless given.",
            ),
            may(
                "page[after]",
                Shape::Text,
                "Where the page starts, from the `next` of another.",
            ),
        ])
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
    members: &[
        may("start_time", Shape::Whole, "Seconds since the Unix epoch."),
        may("end_time", Shape::Whole, "Seconds since the Unix epoch."),
        may("time_range", Shape::Whole, "Seconds; 7200 unless given."),
        may(
            "filters",
            Shape::List(&NODE),
            "Only calls from or to one of these, at most 100.",
        ),
    ],
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
        must(
            "links",
            Shape::Object(&[must(
                "next",
                Shape::OrNull(&Shape::Text),
                "The next page, or null.",
            )]),
            "Where to go on.",
        ),
    ],
};

const LIMIT_DEFAULT: i64 = 10_000;
const LIMIT_MAX: i64 = 64_000;
const PAGE_DEFAULT: i64 = 20;
const PAGE_MAX: i64 = 100;
const FILTERS_MAX: usize = 100;
const NAME_CHARS_MAX: usize = 10_000;
/// Latest second that fits in nanoseconds.
const SECOND_MAX: i64 = i64::MAX / 1_000_000_000;

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
    let mut question = read(&object, |form| read_question(form, ask.now_ns()))?;
    question.limit = limit;
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
    let size = ask.query_number("page[size]")?.unwrap_or(PAGE_DEFAULT);
    let size = usize::try_from(size)
        .ok()
        .filter(|_| (1..=PAGE_MAX).contains(&size));
    let size = size.ok_or_else(|| {
        Problem::bad_request(format!("page[size] must be between 1 and {PAGE_MAX}"))
    })?;
    let start = match ask.query("page[after]") {
        None | Some("") => 0,
        Some(cursor) => usize::from_str_radix(cursor, 16)
            .map_err(|_| Problem::bad_request("page[after] is not from a page of this map"))?,
    };
    let answer = request.answer(ask.state.config.result_wait).await;
    let (dependencies, next) = match &answer {
        Some(Ok(dependencies)) => {
            let rest = dependencies.get(start..).unwrap_or_default();
            let page: Vec<Json> = rest.iter().take(size).map(dependency_json).collect();
            let path = format!("/1/maps/dependencies/requests/{}", request.id);
            let next = (rest.len() > size)
                .then(|| format!("{path}?page[size]={size}&page[after]={:x}", start + size));
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

fn read_question(form: &Form<'_>, now_ns: i64) -> MapQuestion {
    let seconds = |field| form.optional_whole(field, 0..=SECOND_MAX);
    let window = TimeWindow {
        start_s: seconds("start_time"),
        end_s: seconds("end_time"),
        range_s: seconds("time_range"),
    };
    match window {
        TimeWindow {
            start_s: Some(_),
            end_s: Some(_),
            range_s: Some(_),
        } => form.invalid(
            "time_range",
            "can't be given with both start_time and end_time",
        ),
        TimeWindow {
            start_s: Some(start),
            end_s: Some(end),
            range_s: None,
        } if start > end => form.invalid("start_time", "must not be after end_time"),
        _ => {}
    }
    let filters = form.objects("filters", FILTERS_MAX);
    let services = filters.iter().map(|filter| {
        let node_type = filter.text("type", usize::MAX);
        if !node_type.is_empty() && node_type != "service" {
            filter.invalid("type", "must be service");
        }
        filter.text("name", NAME_CHARS_MAX)
    });
    MapQuestion {
        range: window.resolve(now_ns),
        services: services.collect(),
        limit: 0,
    }
}

fn dependency_json(dependency: &Dependency) -> Json {
    json!({
        "parent_node": { "name": dependency.parent, "type": "service" },
        "child_node": { "name": dependency.child, "type": "service" },
        "call_count": dependency.call_count,
    })
}
