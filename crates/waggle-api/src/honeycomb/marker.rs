//! `/1/markers/{dataset|__all__}`: moments that charts show. Source: spec/honeycomb-api.md section 14.

use super::artifact::with_times;
use crate::ask::{Answer, Ask, json_answer};
use crate::form::{Form, read};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Named, Shape, may, must};
use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use waggle_access::Permission;
use waggle_metastore::{Marker, MarkerSetting, Stored};
use waggle_model::DatasetScope;

pub(crate) const RESOURCE: Resource = Resource {
    name: "Markers",
    about: "Moments and spans of time that charts show, of a dataset or of the whole environment.",
    routes: &[
        Route::v1("GET", "/1/markers/{dataset}", NEED, |ask| {
            Box::pin(list(ask))
        })
        .about("Lists the markers of a dataset, or of all with `__all__`, each with the colour of its type.")
        .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&MARKER))))]),
        Route::v1("POST", "/1/markers/{dataset}", NEED, |ask| {
            Box::pin(create(ask))
        })
        .about("Makes a marker.")
        .takes(Shape::Named(&MARKER_VALUES))
        .makes("marker", "/id", r#"{"message": "deploy 42", "type": "deploy"}"#)
        .answers(&[(201, Content::Json(Shape::Named(&MARKER)))]),
        Route::v1("PUT", "/1/markers/{dataset}/{id}", NEED, |ask| {
            Box::pin(update(ask))
        })
        .about("Changes a marker; what is absent stays.")
        .id("marker")
        .takes(Shape::Named(&MARKER_VALUES))
        .answers(&[(200, Content::Json(Shape::Named(&MARKER)))]),
        Route::v1("DELETE", "/1/markers/{dataset}/{id}", NEED, |ask| {
            Box::pin(delete(ask))
        })
        .about("Deletes a marker and returns it.")
        .id("marker")
        .answers(&[(200, Content::Json(Shape::Named(&MARKER)))]),
    ],
};

const NEED: Need = Need::OneOf(&[Permission::ManageMarkers]);
pub(crate) const MARKER: Named = Named {
    name: "Marker",
    about: "A moment or a span of time.",
    members: &[
        must("id", Shape::Text, "Its id."),
        must("start_time", Shape::Whole, "Seconds since the Unix epoch."),
        may(
            "end_time",
            Shape::Whole,
            "Seconds since the Unix epoch; absent for a moment.",
        ),
        may("message", Shape::Text, "What happened."),
        may("type", Shape::Text, "What kind of thing happened."),
        may("url", Shape::Text, "Where to read more."),
        may(
            "color",
            Shape::Text,
            "The colour of the type, in lists only.",
        ),
        must("created_at", Shape::Time, "When it was made."),
        must("updated_at", Shape::Time, "When it was last changed."),
    ],
};
pub(crate) const MARKER_VALUES: Named = Named {
    name: "MarkerValues",
    about: "What is to be said of a marker.",
    members: &[
        may(
            "start_time",
            Shape::Whole,
            "Seconds since the Unix epoch; now unless given.",
        ),
        may(
            "end_time",
            Shape::Whole,
            "Seconds since the Unix epoch; absent for a moment.",
        ),
        may("message", Shape::Text, "What happened."),
        may(
            "type",
            Shape::Text,
            "What kind of thing happened; settings give it a colour.",
        ),
        may("url", Shape::Text, "Where to read more."),
    ],
};

/// Latest second that fits in nanoseconds.
const SECOND_MAX: i64 = i64::MAX / NS_PER_S;
const NS_PER_S: i64 = 1_000_000_000;
/// Most characters of a message.
pub(super) const MESSAGE_CHARS_MAX: usize = 10_000;
const TYPE_CHARS_MAX: usize = 255;
const URL_CHARS_MAX: usize = 2_048;

/// `GET /1/markers/{dataset}`, each marker with the colour of its type.
pub(crate) async fn list(ask: Ask) -> Answer {
    let markers = ask.artifacts::<Marker>().await?;
    coloured(&ask, &markers).await
}

/// What a chart of the path's dataset shows: its own markers and those of the whole environment.
pub(crate) async fn shown(ask: Ask) -> Answer {
    let scope = ask.scope(ask.tenant()).await?;
    let mut markers = ask.artifacts_of_environment::<Marker>().await?;
    if let DatasetScope::One(dataset) = scope {
        markers.retain(|marker| marker.place.dataset.is_none_or(|place| place == dataset));
    }
    coloured(&ask, &markers).await
}

async fn coloured(ask: &Ask, markers: &[Stored<Marker>]) -> Answer {
    let settings = ask
        .state
        .metastore
        .artifacts::<MarkerSetting>(ask.tenant())
        .await?;
    let markers: Vec<Json> = markers
        .iter()
        .map(|marker| {
            let mut json = marker_json(marker);
            if let Some(color) = color_of(marker, &settings) {
                json["color"] = color.into();
            }
            json
        })
        .collect();
    json_answer(StatusCode::OK, &markers)
}

/// The colour of the marker's type: its dataset's setting, else the environment's.
fn color_of<'a>(marker: &Stored<Marker>, settings: &'a [Stored<MarkerSetting>]) -> Option<&'a str> {
    let of_type = || {
        let settings = settings.iter();
        settings.filter(|setting| setting.value.marker_type == marker.value.marker_type)
    };
    let of_dataset = of_type().find(|setting| setting.place.dataset == marker.place.dataset);
    let found = of_dataset.or_else(|| of_type().find(|setting| setting.place.dataset.is_none()));
    found.map(|setting| setting.value.color.as_str())
}

/// `POST /1/markers/{dataset}`.
pub(crate) async fn create(ask: Ask) -> Answer {
    let place = ask.place().await?;
    let object = ask.object()?;
    let new = Marker {
        start_time_s: ask.now_ns().div_euclid(NS_PER_S),
        end_time_s: None,
        message: String::new(),
        marker_type: String::new(),
        url: String::new(),
    };
    let marker = read(&object, |form| read_marker(form, new))?;
    let marker = ask.create_artifact(&place, marker).await?;
    json_answer(StatusCode::CREATED, &marker_json(&marker))
}

/// `PUT /1/markers/{dataset}/{id}`: what is not sent stays as it is, because honeymarker sends only what changed.
pub(crate) async fn update(ask: Ask) -> Answer {
    let mut marker = ask.artifact::<Marker>().await?;
    let object = ask.object()?;
    marker.value = read(&object, |form| read_marker(form, marker.value.clone()))?;
    let marker = ask.update_artifact(marker).await?;
    json_answer(StatusCode::OK, &marker_json(&marker))
}

/// `DELETE /1/markers/{dataset}/{id}`: 200 with the marker, which honeymarker insists on.
pub(crate) async fn delete(ask: Ask) -> Answer {
    let marker = ask.artifact::<Marker>().await?;
    ask.delete_artifact(&marker).await?;
    json_answer(StatusCode::OK, &marker_json(&marker))
}

fn read_marker(form: &Form<'_>, before: Marker) -> Marker {
    let seconds = -SECOND_MAX..=SECOND_MAX;
    // Go clients send 0 for a time they do not mean.
    let time = |field| {
        let time = form.optional_whole(field, seconds.clone());
        time.filter(|time| *time != 0)
    };
    let marker = Marker {
        start_time_s: time("start_time").unwrap_or(before.start_time_s),
        end_time_s: time("end_time").or(before.end_time_s),
        message: form
            .optional_text("message", MESSAGE_CHARS_MAX)
            .unwrap_or(before.message),
        marker_type: form
            .optional_text("type", TYPE_CHARS_MAX)
            .unwrap_or(before.marker_type),
        url: form
            .optional_text("url", URL_CHARS_MAX)
            .unwrap_or(before.url),
    };
    if marker
        .end_time_s
        .is_some_and(|end| end < marker.start_time_s)
    {
        form.invalid("end_time", "must not be before start_time");
    }
    marker
}

fn marker_json(marker: &Stored<Marker>) -> Json {
    let value = &marker.value;
    let mut json = json!({ "id": marker.id.0, "start_time": value.start_time_s });
    // As the public service does, what is empty is left out.
    if let Some(end_time_s) = value.end_time_s {
        json["end_time"] = end_time_s.into();
    }
    for (field, text) in [
        ("message", &value.message),
        ("type", &value.marker_type),
        ("url", &value.url),
    ] {
        if !text.is_empty() {
            json[field] = text.as_str().into();
        }
    }
    with_times(json, marker)
}
