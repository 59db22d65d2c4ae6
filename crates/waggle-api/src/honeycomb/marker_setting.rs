//! `/1/marker_settings/{dataset|__all__}`: the colours of marker types. Source: spec/honeycomb-api.md section 14.

use super::artifact::with_times;
use crate::ask::{Answer, Ask, json_answer};
use crate::form::{Form, read};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Named, Shape, may, must};
use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use waggle_access::Permission;
use waggle_metastore::{MarkerSetting, Stored};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Marker settings",
    about: "The colours of marker types.",
    routes: &[
        Route::v1("GET", "/1/marker_settings/{dataset}", NEED, |ask| {
            Box::pin(list(ask))
        })
        .about("Lists the marker settings of a dataset, or of all with `__all__`.")
        .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&SETTING))))]),
        Route::v1("POST", "/1/marker_settings/{dataset}", NEED, |ask| {
            Box::pin(create(ask))
        })
        .about("Makes a marker setting.")
        .takes(Shape::Named(&NEW_SETTING))
        .makes(
            "marker_setting",
            "/id",
            r##"{"type": "deploy", "color": "#F96E11"}"##,
        )
        .answers(&[(201, Content::Json(Shape::Named(&SETTING)))]),
        Route::v1("PUT", "/1/marker_settings/{dataset}/{id}", NEED, |ask| {
            Box::pin(update(ask))
        })
        .about("Changes a marker setting; what is absent stays.")
        .id("marker_setting")
        .takes(Shape::Named(&SETTING_CHANGE))
        .answers(&[(200, Content::Json(Shape::Named(&SETTING)))]),
        Route::v1("DELETE", "/1/marker_settings/{dataset}/{id}", NEED, |ask| {
            Box::pin(delete(ask))
        })
        .about("Deletes a marker setting and returns it.")
        .id("marker_setting")
        .answers(&[(200, Content::Json(Shape::Named(&SETTING)))]),
    ],
};

const NEED: Need = Need::OneOf(&[Permission::ManageMarkers]);
const SETTING: Named = Named {
    name: "MarkerSetting",
    about: "The colour of a type of markers.",
    members: &[
        must("id", Shape::Text, "Its id."),
        must("type", Shape::Text, "The type."),
        must("color", Shape::Text, "`#RRGGBB`."),
        must("created_at", Shape::Time, "When it was made."),
        must(
            "updated_at",
            Shape::OrNull(&Shape::Time),
            "When it was last changed, if ever.",
        ),
    ],
};
const NEW_SETTING: Named = Named {
    name: "NewMarkerSetting",
    about: "A colour for a type of markers.",
    members: &[
        must("type", Shape::Text, "The type, 1 to 255 characters."),
        must("color", Shape::Text, "`#RRGGBB`."),
    ],
};
const SETTING_CHANGE: Named = Named {
    name: "MarkerSettingChange",
    about: "Another colour for a type of markers.",
    members: &[
        may("type", Shape::Text, "The type, 1 to 255 characters."),
        may("color", Shape::Text, "`#RRGGBB`."),
    ],
};

const TYPE_CHARS_MAX: usize = 255;

/// `GET /1/marker_settings/{dataset}`.
pub(crate) async fn list(ask: Ask) -> Answer {
    let settings = ask.artifacts::<MarkerSetting>().await?;
    let settings: Vec<Json> = settings.iter().map(setting_json).collect();
    json_answer(StatusCode::OK, &settings)
}

/// `POST /1/marker_settings/{dataset}`: 409 for a type that has a setting.
pub(crate) async fn create(ask: Ask) -> Answer {
    let place = ask.place().await?;
    let object = ask.object()?;
    let setting = read(&object, read_setting)?;
    let setting = ask.create_artifact(&place, setting).await?;
    json_answer(StatusCode::CREATED, &setting_json(&setting))
}

/// `PUT /1/marker_settings/{dataset}/{id}`.
pub(crate) async fn update(ask: Ask) -> Answer {
    let mut setting = ask.artifact::<MarkerSetting>().await?;
    let mut object = ask.object()?;
    object
        .entry("type")
        .or_insert_with(|| setting.value.marker_type.clone().into());
    object
        .entry("color")
        .or_insert_with(|| setting.value.color.clone().into());
    setting.value = read(&object, read_setting)?;
    let setting = ask.update_artifact(setting).await?;
    json_answer(StatusCode::OK, &setting_json(&setting))
}

/// `DELETE /1/marker_settings/{dataset}/{id}`: 200 with the setting.
pub(crate) async fn delete(ask: Ask) -> Answer {
    let setting = ask.artifact::<MarkerSetting>().await?;
    ask.delete_artifact(&setting).await?;
    json_answer(StatusCode::OK, &setting_json(&setting))
}

fn read_setting(form: &Form<'_>) -> MarkerSetting {
    let color = form.text("color", usize::MAX);
    let is_color = color.strip_prefix('#').is_some_and(|digits| {
        digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    if !is_color && !color.is_empty() {
        form.invalid("color", "must have the form #RRGGBB");
    }
    MarkerSetting {
        marker_type: form.text("type", TYPE_CHARS_MAX),
        color,
    }
}

fn setting_json(setting: &Stored<MarkerSetting>) -> Json {
    let json = json!({
        "id": setting.id.0,
        "type": setting.value.marker_type,
        "color": setting.value.color,
    });
    let mut json = with_times(json, setting);
    if setting.version == 1 {
        json["updated_at"] = Json::Null;
    }
    json
}
