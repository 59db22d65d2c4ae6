//! `/1/triggers/{dataset|__all__}`. Source: spec/honeycomb-api.md section 15.2. Which queries a trigger may ask is in
//! [`super::trigger_query`].
//!
//! Triggers are kept and shown; nothing evaluates them in this version, so none is ever `triggered`. `/api/environments/{env}/alerting`
//! says so to people.

use super::artifact::{TAGS, no_content, read_tags, tags_json, with_times};
use super::notified::{self, NEW_NOTIFIED, NOTIFIED, Told};
use super::query::query_json;
use super::query_annotation::query_of;
use super::query_result::percent_encoded;
use super::trigger_query::{self, AskedQuery};
use crate::ask::{ALL_DATASETS, Answer, Ask, json_answer};
use crate::form::{Form, read};
use crate::problem::Problem;
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Named as NamedShape, Shape, may, must};
use crate::spec::{QUERY, QUERY_SPEC};
use axum::http::{HeaderValue, StatusCode, header};
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use waggle_access::Permission;
use waggle_metastore::{
    AlertType, Baseline, BaselineType, DayOfWeek, EvaluationWindow, Named, Stored, Threshold,
    ThresholdOp, Trigger,
};
use waggle_model::DatasetId;

pub(crate) const RESOURCE: Resource = Resource {
    name: "Triggers",
    about: "Queries that are asked again and again, and who is told when an answer passes a threshold. They are kept; this version does not evaluate them yet.",
    routes: &[
        Route::v1("GET", "/1/triggers/{dataset}", NEED, |ask| {
            Box::pin(list(ask))
        })
        .about("Lists the triggers of a dataset, or of all with `__all__`.")
        .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&TRIGGER))))]),
        Route::v1("POST", "/1/triggers/{dataset}", NEED, |ask| {
            Box::pin(create(ask))
        })
        .about("Makes a trigger.")
        .takes(Shape::Named(&NEW_TRIGGER))
        .makes(
            "trigger",
            "/id",
            r#"{"name": "Too many errors", "query": {"calculations": [{"op": "COUNT"}]}, "threshold": {"op": ">", "value": 100}}"#,
        )
        .answers(&[(201, Content::Json(Shape::Named(&TRIGGER)))]),
        Route::v1("GET", "/1/triggers/{dataset}/{id}", NEED, |ask| {
            Box::pin(get(ask))
        })
        .about("Returns a trigger.")
        .id("trigger")
        .answers(&[(200, Content::Json(Shape::Named(&TRIGGER)))]),
        Route::v1("PUT", "/1/triggers/{dataset}/{id}", NEED, |ask| {
            Box::pin(update(ask))
        })
        .about("Replaces a trigger; what is absent is as if it were new, but for `disabled` and the query, which stay.")
        .id("trigger")
        .takes(Shape::Named(&NEW_TRIGGER))
        .answers(&[(200, Content::Json(Shape::Named(&TRIGGER)))]),
        Route::v1("DELETE", "/1/triggers/{dataset}/{id}", NEED, |ask| {
            Box::pin(delete(ask))
        })
        .about("Deletes a trigger.")
        .id("trigger")
        .answers(&[(204, Content::Nothing)]),
    ],
};

const NEED: Need = Need::OneOf(&[Permission::ManageTriggers]);
const OP: Shape = Shape::Choice(&[">", ">=", "<", "<="]);
const SCHEDULE: Shape = Shape::Object(&[must(
    "window",
    Shape::Object(&[
        must(
            "days_of_week",
            Shape::List(&Shape::Choice(&[
                "sunday",
                "monday",
                "tuesday",
                "wednesday",
                "thursday",
                "friday",
                "saturday",
            ])),
            "1 to 7 days on which it begins.",
        ),
        must("start_time", Shape::Text, "`HH:mm`, UTC."),
        must(
            "end_time",
            Shape::Text,
            "`HH:mm`, UTC; of the next day when not after the start.",
        ),
    ]),
    "The hours in which it looks.",
)]);
const SCHEDULE_TYPE: Shape = Shape::Choice(&["frequency", "window"]);
const ALERT_TYPE: Shape = Shape::Choice(&["on_change", "on_true"]);
const BASELINE: Shape = Shape::Object(&[
    may(
        "offset_minutes",
        Shape::Whole,
        "60, 1440, 10080 or 40320: how much earlier.",
    ),
    may(
        "type",
        Shape::Choice(&["value", "percentage"]),
        "What is compared with the threshold: now minus earlier, or that by now in percent.",
    ),
]);
/// A trigger as it is shown.
pub(crate) const TRIGGER: NamedShape = NamedShape {
    name: "Trigger",
    about: "A query with a threshold.",
    members: &[
        must("id", Shape::Text, "Its id."),
        must("name", Shape::Text, "Its name."),
        must("description", Shape::Text, "Free text."),
        must("tags", TAGS, "Labels."),
        must("dataset_slug", Shape::Text, "Its dataset, or `__all__`."),
        must("query_id", Shape::Text, "The query."),
        must(
            "query",
            Shape::OrNull(&Shape::Named(&QUERY)),
            "The same, written out; null when an erasure took it away.",
        ),
        must(
            "threshold",
            Shape::Object(&[
                must("op", OP, "The comparison."),
                must("value", Shape::Number, "What an answer is compared with."),
                must("exceeded_limit", Shape::Whole, "So many answers in a row."),
            ]),
            "When an answer is too much.",
        ),
        must("frequency", Shape::Whole, "Seconds between two looks."),
        must("alert_type", ALERT_TYPE, "When people are told."),
        must("disabled", Shape::Flag, "True while nobody looks."),
        must(
            "triggered",
            Shape::Flag,
            "True while the answer is too much.",
        ),
        must("evaluation_schedule_type", SCHEDULE_TYPE, "When it looks."),
        may("evaluation_schedule", SCHEDULE, "Of the type window."),
        may(
            "baseline_details",
            BASELINE,
            "What is compared with an earlier time.",
        ),
        must("recipients", NOTIFIED, "Who is told."),
        must("created_at", Shape::Time, "When it was made."),
        must("updated_at", Shape::Time, "When it was last changed."),
    ],
};
/// A trigger as it is made.
pub(crate) const NEW_TRIGGER: NamedShape = NamedShape {
    name: "NewTrigger",
    about: "A query with a threshold, to be made.",
    members: &[
        must("name", Shape::Text, "1 to 120 characters."),
        may("description", Shape::Text, "At most 1,023 characters."),
        may("tags", TAGS, "At most 10 labels."),
        may("query_id", Shape::Text, "The query, or else `query`."),
        may(
            "query",
            Shape::Named(&QUERY_SPEC),
            "The query written out, or else `query_id`.",
        ),
        must(
            "threshold",
            Shape::Object(&[
                must("op", OP, "The comparison."),
                must("value", Shape::Number, "What an answer is compared with."),
                may(
                    "exceeded_limit",
                    Shape::Whole,
                    "1 to 5 answers in a row; 1 unless given.",
                ),
            ]),
            "When an answer is too much.",
        ),
        may(
            "frequency",
            Shape::Whole,
            "60 to 86,400 seconds, whole minutes; 900 unless given.",
        ),
        may(
            "alert_type",
            ALERT_TYPE,
            "When people are told; on_change unless given.",
        ),
        may("disabled", Shape::Flag, "True so that nobody looks."),
        may(
            "evaluation_schedule_type",
            SCHEDULE_TYPE,
            "When it looks; frequency unless given.",
        ),
        may("evaluation_schedule", SCHEDULE, "Of the type window."),
        may(
            "baseline_details",
            BASELINE,
            "What is compared with an earlier time; `{}` for none.",
        ),
        may("recipients", NEW_NOTIFIED, "Who is told."),
    ],
};

const NAME_CHARS_MAX: usize = 120;
const DESCRIPTION_CHARS_MAX: usize = 1_023;
const FREQUENCY_DEFAULT_S: u32 = 900;
const MINUTE_S: u32 = 60;
const DAY_S: u32 = 86_400;
const OFFSETS_MINUTES: [u32; 4] = [60, 1_440, 10_080, 40_320];

/// `GET /1/triggers/{dataset}`.
pub(crate) async fn list(ask: Ask) -> Answer {
    let triggers = ask.artifacts::<Trigger>().await?;
    let slugs = ask.slugs().await?;
    let mut answer = Vec::with_capacity(triggers.len());
    for trigger in &triggers {
        answer.push(trigger_json(&ask, trigger, &slugs).await?);
    }
    json_answer(StatusCode::OK, &answer)
}

/// `POST /1/triggers/{dataset}`.
pub(crate) async fn create(ask: Ask) -> Answer {
    let place = ask.place().await?;
    let trigger = read_checked(&ask, None).await?;
    let trigger = ask.create_artifact(&place, trigger).await?;
    let mut answer = answer(&ask, StatusCode::CREATED, &trigger).await?;
    let dataset = percent_encoded(ask.path("dataset"));
    let location = format!("{}/1/triggers/{dataset}/{}", ask.origin, trigger.id.0);
    if let Ok(location) = HeaderValue::from_str(&location) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    Ok(answer)
}

/// `GET /1/triggers/{dataset}/{id}`.
pub(crate) async fn get(ask: Ask) -> Answer {
    let trigger = ask.artifact::<Trigger>().await?;
    answer(&ask, StatusCode::OK, &trigger).await
}

/// `PUT /1/triggers/{dataset}/{id}`.
pub(crate) async fn update(ask: Ask) -> Answer {
    let mut trigger = ask.artifact::<Trigger>().await?;
    trigger.value = read_checked(&ask, Some(&trigger)).await?;
    let trigger = ask.update_artifact(trigger).await?;
    answer(&ask, StatusCode::OK, &trigger).await
}

/// `DELETE /1/triggers/{dataset}/{id}`.
pub(crate) async fn delete(ask: Ask) -> Answer {
    let trigger = ask.artifact::<Trigger>().await?;
    ask.delete_artifact(&trigger).await?;
    no_content()
}

async fn answer(ask: &Ask, status: StatusCode, trigger: &Stored<Trigger>) -> Answer {
    let slugs = ask.slugs().await?;
    json_answer(status, &trigger_json(ask, trigger, &slugs).await?)
}

async fn read_checked(ask: &Ask, before: Option<&Stored<Trigger>>) -> Result<Trigger, Problem> {
    let object = ask.object()?;
    let (mut trigger, query, told) = read(&object, |form| read_trigger(form, before))?;
    let scope = match before {
        Some(before) => trigger_query::scope_of(before),
        None => ask.scope(ask.tenant()).await?,
    };
    // The recipients come last: some are made on the way, which a wrong query must not do.
    trigger.query_id = trigger_query::checked(ask, &scope, query, trigger.frequency_s).await?;
    trigger.notified = notified::resolve(ask, told).await?;
    Ok(trigger)
}

fn read_trigger(
    form: &Form<'_>,
    before: Option<&Stored<Trigger>>,
) -> (Trigger, AskedQuery, Vec<Told>) {
    let query = trigger_query::read_query(form, before);
    let frequency = u32_multiple(form);
    let threshold = read_threshold(form);
    let trigger = Trigger {
        name: form.text("name", NAME_CHARS_MAX),
        description: form.text_or_empty("description", DESCRIPTION_CHARS_MAX),
        tags: read_tags(form),
        query_id: String::new(),
        threshold,
        frequency_s: frequency,
        alert_type: form.choice::<AlertType>("alert_type"),
        is_disabled: form
            .optional_flag("disabled")
            .unwrap_or_else(|| before.is_some_and(|before| before.value.is_disabled)),
        window: read_schedule(form),
        baseline: read_baseline(form, threshold),
        notified: Vec::new(),
    };
    (trigger, query, notified::read_recipients(form, true))
}

fn u32_multiple(form: &Form<'_>) -> u32 {
    let frequency = form
        .optional_u32("frequency", MINUTE_S..=DAY_S)
        .unwrap_or(FREQUENCY_DEFAULT_S);
    if !frequency.is_multiple_of(MINUTE_S) {
        form.invalid("frequency", "must be a multiple of 60");
    }
    frequency
}

fn read_threshold(form: &Form<'_>) -> Threshold {
    let Some(threshold) = form.required_object("threshold") else {
        return Threshold {
            op: ThresholdOp::Greater,
            value: 0.0,
            exceeded_limit: 1,
        };
    };
    if threshold.get("op").is_none_or(|op| op == "") {
        threshold.missing("op");
    }
    Threshold {
        op: threshold.choice("op"),
        value: threshold.number("value"),
        exceeded_limit: threshold.optional_u32("exceeded_limit", 1..=5).unwrap_or(1),
    }
}

fn read_schedule(form: &Form<'_>) -> Option<EvaluationWindow> {
    let schedule_type = form.text_or_empty("evaluation_schedule_type", usize::MAX);
    match schedule_type.as_str() {
        "" | "frequency" => None,
        "window" => {
            let window = form
                .required_object("evaluation_schedule")?
                .required_object("window")?;
            Some(EvaluationWindow {
                days_of_week: read_days(&window),
                start_minute: read_time_of_day(&window, "start_time"),
                end_minute: read_time_of_day(&window, "end_time"),
            })
        }
        _ => {
            form.invalid(
                "evaluation_schedule_type",
                "must be one of frequency, window",
            );
            None
        }
    }
}

fn read_days(window: &Form<'_>) -> Vec<DayOfWeek> {
    let names = window.texts("days_of_week", DayOfWeek::ALL.len());
    let mut found: Vec<DayOfWeek> = Vec::new();
    for (index, name) in names.iter().enumerate() {
        match DayOfWeek::from_name(name) {
            Some(day) if found.contains(&day) => {
                window.invalid(&format!("days_of_week[{index}]"), "is there twice");
            }
            Some(day) => found.push(day),
            None => window.invalid(
                &format!("days_of_week[{index}]"),
                "must be the lower-case English name of a day",
            ),
        }
    }
    if names.is_empty() {
        window.missing("days_of_week");
    }
    found.sort_by_key(|day| DayOfWeek::ALL.iter().position(|(other, _)| other == day));
    found
}

/// Minutes after midnight.
fn read_time_of_day(window: &Form<'_>, field: &str) -> u32 {
    let text = window.text(field, usize::MAX);
    let parsed = text.split_once(':').and_then(|(hours, minutes)| {
        let number = |digits: &str, below: u32| {
            let is_right = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
            let number = digits.parse::<u32>().ok().filter(|_| is_right)?;
            (number < below).then_some(number)
        };
        Some(number(hours, 24)? * 60 + number(minutes, 60)?)
    });
    if parsed.is_none() && !text.is_empty() {
        window.invalid(field, "must have the form HH:mm");
    }
    parsed.unwrap_or(0)
}

fn read_baseline(form: &Form<'_>, threshold: Threshold) -> Option<Baseline> {
    let details = form.object("baseline_details")?;
    if details.is_empty() {
        return None;
    }
    let offset_minutes = details.u32("offset_minutes", 0..=u32::MAX);
    if details.get("offset_minutes").is_some() && !OFFSETS_MINUTES.contains(&offset_minutes) {
        details.invalid("offset_minutes", "must be one of 60, 1440, 10080, 40320");
    }
    if details.get("type").is_none_or(|sent| sent == "") {
        details.missing("type");
    }
    let baseline_type = details.choice::<BaselineType>("type");
    let is_possible = match threshold.op {
        ThresholdOp::GreaterOrEqual => threshold.value > 0.0,
        ThresholdOp::LessOrEqual => threshold.value < 0.0,
        ThresholdOp::Greater | ThresholdOp::Less => false,
    };
    if baseline_type == BaselineType::Percentage && !is_possible {
        form.invalid(
            "threshold",
            "a percentage baseline needs >= with a positive value or <= with a negative one",
        );
    }
    Some(Baseline {
        offset_minutes,
        baseline_type,
    })
}

/// A trigger in the words of the API.
pub(super) async fn trigger_json(
    ask: &Ask,
    trigger: &Stored<Trigger>,
    slugs: &HashMap<DatasetId, String>,
) -> Result<Json, Problem> {
    let value = &trigger.value;
    // An erasure takes away the queries that hold what it erased.
    let query = match query_of(ask, &value.query_id).await? {
        Some(query) => query_json(&query)?,
        None => Json::Null,
    };
    let dataset_slug = match trigger.place.dataset {
        Some(dataset) => slugs.get(&dataset).cloned().unwrap_or_default(),
        None => ALL_DATASETS.to_owned(),
    };
    let mut json = json!({
        "id": trigger.id.0,
        "name": value.name,
        "description": value.description,
        "tags": tags_json(&value.tags),
        "dataset_slug": dataset_slug,
        "query_id": value.query_id,
        "query": query,
        "threshold": {
            "op": value.threshold.op.name(),
            "value": value.threshold.value,
            "exceeded_limit": value.threshold.exceeded_limit,
        },
        "frequency": value.frequency_s,
        "alert_type": value.alert_type.name(),
        "disabled": value.is_disabled,
        "triggered": false,
        "evaluation_schedule_type": if value.window.is_some() { "window" } else { "frequency" },
        "recipients": notified::recipients_json(ask, &value.notified).await?,
    });
    if let Some(window) = &value.window {
        let time = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        let days: Vec<&str> = window.days_of_week.iter().map(|day| day.name()).collect();
        json["evaluation_schedule"] = json!({ "window": {
            "days_of_week": days,
            "start_time": time(window.start_minute),
            "end_time": time(window.end_minute),
        }});
    }
    if let Some(baseline) = value.baseline {
        json["baseline_details"] = json!({
            "offset_minutes": baseline.offset_minutes,
            "type": baseline.baseline_type.name(),
        });
    }
    Ok(with_times(json, trigger))
}
