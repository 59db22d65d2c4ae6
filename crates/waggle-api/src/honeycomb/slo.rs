//! `/1/slos/{dataset|__all__}`, and their history. Source: spec/honeycomb-api.md section 15.3.
//!
//! Compliance and budget are computed when they are asked for; burn alerts are not evaluated in this version, so no SLO is `triggered`.

use super::artifact::{TAGS, no_content, read_tags, tags_json, with_times};
use crate::ask::{Answer, Ask, json_answer};
use crate::derived::visible;
use crate::form::{Form, read};
use crate::problem::{Detail, DetailCode, Problem};
use crate::route::{Need, Resource, Route};
use crate::service_level::{self, Counts};
use crate::shape::{Content, Named, Shape, may, must};
use crate::table::time_text;
use axum::http::StatusCode;
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeSet, HashMap};
use waggle_access::Permission;
use waggle_metastore::{ArtifactKind, BurnAlert, DerivedColumn, Slo, Stored, Use};
use waggle_model::{DatasetId, DatasetScope, TimeRange};

pub(crate) const RESOURCE: Resource = Resource {
    name: "SLOs",
    about: "Promises about how many events are good. Compliance and budget are computed when asked for; nobody is told about them in this version.",
    routes: &[
        Route::v1("GET", "/1/slos/{dataset}", NEED, |ask| Box::pin(list(ask)))
            .about("Lists the SLOs that read a dataset, or all with `__all__`.")
            .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&SLO))))]),
        Route::v1("POST", "/1/slos/{dataset}", NEED, |ask| {
            Box::pin(create(ask))
        })
        .about("Makes an SLO.")
        .takes(Shape::Named(&NEW_SLO))
        .makes(
            "slo",
            "/id",
            r#"{"name": "Checkout works", "sli": {"alias": "is_slow"}, "time_period_days": 30, "target_per_million": 999000}"#,
        )
        .answers(&[(201, Content::Json(Shape::Named(&SLO)))]),
        Route::v1("GET", "/1/slos/{dataset}/{id}", NEED, |ask| Box::pin(get(ask)))
            .about("Returns an SLO; with `detailed` also how it does.")
            .id("slo")
            .query(&[may("detailed", Shape::Text, "Empty or `true` adds compliance, budget, status and burn rate.")])
            .answers(&[(200, Content::Json(Shape::Named(&SLO)))]),
        Route::v1("PUT", "/1/slos/{dataset}/{id}", NEED, |ask| {
            Box::pin(update(ask))
        })
        .about("Replaces an SLO.")
        .id("slo")
        .takes(Shape::Named(&NEW_SLO))
        .answers(&[(200, Content::Json(Shape::Named(&SLO)))]),
        Route::v1("DELETE", "/1/slos/{dataset}/{id}", NEED, |ask| {
            Box::pin(delete(ask))
        })
        .about("Deletes an SLO that has no burn alerts.")
        .id("slo")
        .answers(&[(204, Content::Nothing)]),
        Route::v1("POST", "/1/reporting/slos/historical", NEED, |ask| {
            Box::pin(history(ask))
        })
        .about("Returns how SLOs did, hour by hour.")
        .takes(Shape::Named(&HISTORY_QUESTION))
        .answers(&[(200, Content::Json(HISTORY))]),
    ],
};

/// How SLOs did, by their ids.
pub(crate) const HISTORY: Shape = Shape::Map(&Shape::List(&Shape::Object(&[
    must("timestamp", Shape::Whole, "Seconds since the Unix epoch."),
    must(
        "compliance",
        Shape::Number,
        "Good events of the period before, in percent.",
    ),
    must(
        "budget_remaining",
        Shape::Number,
        "Of the failures allowed, in percent.",
    ),
])));

const NEED: Need = Need::OneOf(&[Permission::ManageSlos]);
const SLI: Shape = Shape::Object(&[must(
    "alias",
    Shape::Text,
    "The calculated field that says whether an event is good; no value does not count. It follows no metric through time (LAST, RATE ...).",
)]);
pub(crate) const SLO: Named = Named {
    name: "Slo",
    about: "A promise about how many events are good.",
    members: &[
        must("id", Shape::Text, "Its id."),
        must("name", Shape::Text, "Its name."),
        must("description", Shape::Text, "Free text."),
        must("sli", SLI, "What is good."),
        must("time_period_days", Shape::Whole, "Over how many days."),
        must(
            "target_per_million",
            Shape::Whole,
            "Good events of a million.",
        ),
        must("tags", TAGS, "Labels."),
        must(
            "reset_at",
            Shape::OrNull(&Shape::Time),
            "Events before count no more.",
        ),
        must(
            "dataset_slugs",
            Shape::List(&Shape::Text),
            "The datasets it reads.",
        ),
        must("created_at", Shape::Time, "When it was made."),
        must("updated_at", Shape::Time, "When it was last changed."),
        may(
            "compliance",
            Shape::Number,
            "Good events of the period, in percent.",
        ),
        may(
            "budget_remaining",
            Shape::Number,
            "Of the failures allowed, in percent; may be below 0.",
        ),
        may(
            "status",
            Shape::Choice(&["normal", "triggered", "no_alerts", "no_events"]),
            "How its burn alerts are.",
        ),
        may(
            "burn_rate",
            Shape::Number,
            "How many times as fast as allowed events failed in the last 4 hours.",
        ),
    ],
};
/// An SLO as it is made.
pub(crate) const NEW_SLO: Named = Named {
    name: "NewSlo",
    about: "A promise, to be made.",
    members: &[
        must("name", Shape::Text, "1 to 120 characters."),
        may("description", Shape::Text, "At most 1,023 characters."),
        must("sli", SLI, "What is good."),
        must("time_period_days", Shape::Whole, "1 to 366 days."),
        must(
            "target_per_million",
            Shape::Whole,
            "0 to 999,999 good events of a million.",
        ),
        may("tags", TAGS, "At most 10 labels."),
        may(
            "reset_at",
            Shape::OrNull(&Shape::Time),
            "Events before count no more; stays unless given.",
        ),
        may(
            "dataset_slugs",
            Shape::List(&Shape::Text),
            "1 to 10 datasets, with `__all__` only.",
        ),
    ],
};
pub(crate) const HISTORY_QUESTION: Named = Named {
    name: "SloHistoryQuestion",
    about: "Which SLOs and times.",
    members: &[
        must("ids", Shape::List(&Shape::Text), "1 to 24 SLOs."),
        must(
            "start_time",
            Shape::Whole,
            "Seconds since the Unix epoch, at most a year ago.",
        ),
        must(
            "end_time",
            Shape::Whole,
            "Seconds since the Unix epoch, not after now.",
        ),
    ],
};

const NAME_CHARS_MAX: usize = 120;
const DESCRIPTION_CHARS_MAX: usize = 1_023;
const DAYS_MAX: u32 = 366;
const TARGET_MAX: u32 = 999_999;
const DATASETS_MAX: usize = 10;
const HISTORY_SLOS_MAX: usize = 24;
const YEAR_S: i64 = 366 * 86_400;
const NS_PER_S: i64 = 1_000_000_000;

/// `GET /1/slos/{dataset}`.
pub(crate) async fn list(ask: Ask) -> Answer {
    let scope = ask.scope(ask.tenant()).await?;
    let mut slos = ask.artifacts_of_environment::<Slo>().await?;
    slos.retain(|slo| is_read(slo, &scope));
    let slugs = ask.slugs().await?;
    let slos: Vec<Json> = slos.iter().map(|slo| slo_json(slo, &slugs)).collect();
    json_answer(StatusCode::OK, &slos)
}

/// `POST /1/slos/{dataset}`.
pub(crate) async fn create(ask: Ask) -> Answer {
    let place = ask.place().await?;
    let slo = read_checked(&ask, place.dataset, None).await?;
    let slo = ask.create_artifact(&place, slo).await?;
    json_answer(StatusCode::CREATED, &slo_json(&slo, &ask.slugs().await?))
}

/// `GET /1/slos/{dataset}/{id}`.
pub(crate) async fn get(ask: Ask) -> Answer {
    let slo = find(&ask).await?;
    let mut json = slo_json(&slo, &ask.slugs().await?);
    if matches!(ask.query("detailed"), Some("" | "true" | "1")) {
        let state = service_level::state_of(&ask.state, ask.tenant(), &slo).await?;
        let target = slo.value.target_per_million;
        json["compliance"] = state.period.compliance().into();
        json["budget_remaining"] = state.period.budget_remaining(target).into();
        json["burn_rate"] = state.burn.burn_rate(target).into();
        json["status"] = status_of(&ask, &slo, state.period).await?.into();
    }
    json_answer(StatusCode::OK, &json)
}

/// `PUT /1/slos/{dataset}/{id}`.
async fn update(ask: Ask) -> Answer {
    let mut slo = find(&ask).await?;
    slo.value = read_checked(&ask, slo.place.dataset, Some(&slo.value)).await?;
    let slo = ask.update_artifact(slo).await?;
    json_answer(StatusCode::OK, &slo_json(&slo, &ask.slugs().await?))
}

/// `DELETE /1/slos/{dataset}/{id}`.
async fn delete(ask: Ask) -> Answer {
    let slo = find(&ask).await?;
    let in_use = "this SLO has burn alerts; delete them first";
    ask.delete_unused(&slo, in_use).await?;
    no_content()
}

/// An SLO as the path's `{dataset}` sees it: one of the whole environment is seen by the datasets it reads.
pub(super) async fn find(ask: &Ask) -> Result<Stored<Slo>, Problem> {
    let scope = ask.scope(ask.tenant()).await?;
    let slo = ask.artifact_by_id::<Slo>(ask.path("id")).await?;
    slo.filter(|slo| is_read(slo, &scope))
        .ok_or_else(super::artifact::no_artifact::<Slo>)
}

fn is_read(slo: &Stored<Slo>, scope: &DatasetScope) -> bool {
    match scope {
        DatasetScope::All => true,
        DatasetScope::One(dataset) => slo.value.dataset_ids.contains(&dataset.0),
    }
}

async fn status_of(ask: &Ask, slo: &Stored<Slo>, period: Counts) -> Result<&'static str, Problem> {
    if period.counted <= 0.0 {
        return Ok("no_events");
    }
    let used = Use::Artifact(ArtifactKind::Slo, slo.id.clone());
    let alerts = ask
        .state
        .metastore
        .artifact_users::<BurnAlert>(ask.tenant(), &used)
        .await?;
    Ok(match alerts.is_empty() {
        true => "no_alerts",
        false => "normal",
    })
}

async fn read_checked(
    ask: &Ask,
    dataset: Option<DatasetId>,
    before: Option<&Slo>,
) -> Result<Slo, Problem> {
    let object = ask.object()?;
    let (mut slo, slugs) = read(&object, |form| read_slo(form, dataset, before))?;
    let mut details = Vec::new();
    let mut invalid = |field: String, text: String| {
        details.push(Detail::new(field, DetailCode::Invalid, text));
    };
    let mut datasets = Vec::new();
    match dataset {
        Some(dataset) => datasets.push(dataset),
        None => {
            for (index, slug) in slugs.iter().enumerate() {
                match ask.state.metastore.find_dataset(ask.tenant(), slug).await? {
                    Some(dataset) if datasets.contains(&dataset.id) => {
                        invalid(
                            format!("dataset_slugs[{index}]"),
                            "is there twice".to_owned(),
                        );
                    }
                    Some(dataset) => datasets.push(dataset.id),
                    None => {
                        let text = "there is no such dataset".to_owned();
                        invalid(format!("dataset_slugs[{index}]"), text);
                    }
                }
            }
        }
    }
    let mut fields = BTreeSet::new();
    for dataset in &datasets {
        match indicator(ask, *dataset, &slo.sli_alias).await? {
            Some(field) => {
                if let Some(text) = service_level::refusal_of(&field.value.expression) {
                    invalid("sli.alias".to_owned(), text);
                    break;
                }
                fields.insert(field.id.0);
            }
            None => {
                let text = format!(
                    "there is no calculated field {} in the dataset",
                    slo.sli_alias
                );
                invalid("sli.alias".to_owned(), text);
                break;
            }
        }
    }
    if !details.is_empty() {
        return Err(Problem::invalid(details));
    }
    slo.dataset_ids = datasets.iter().map(|dataset| dataset.0).collect();
    slo.sli_field_ids = fields.into_iter().collect();
    Ok(slo)
}

/// The calculated field of a name that queries of a dataset see.
async fn indicator(
    ask: &Ask,
    dataset: DatasetId,
    alias: &str,
) -> Result<Option<Stored<DerivedColumn>>, Problem> {
    let scope = DatasetScope::One(dataset);
    let fields = visible(&ask.state, ask.tenant(), &scope).await?;
    Ok(fields.into_iter().find(|field| field.value.alias == alias))
}

fn read_slo(
    form: &Form<'_>,
    dataset: Option<DatasetId>,
    before: Option<&Slo>,
) -> (Slo, Vec<String>) {
    let sli = form.required_object("sli");
    // With a dataset in the path the slugs only say what is known already.
    let slugs = match dataset {
        Some(_) => Vec::new(),
        None => form.texts("dataset_slugs", DATASETS_MAX),
    };
    if dataset.is_none() {
        match form.get("dataset_slugs") {
            None => form.missing("dataset_slugs"),
            Some(Json::Array(slugs)) if slugs.is_empty() => form.missing("dataset_slugs"),
            Some(_) => {}
        }
    }
    let slo = Slo {
        name: form.text("name", NAME_CHARS_MAX),
        description: form.text_or_empty("description", DESCRIPTION_CHARS_MAX),
        sli_alias: sli
            .map(|sli| sli.text("alias", usize::MAX))
            .unwrap_or_default(),
        sli_field_ids: Vec::new(),
        time_period_days: form.u32("time_period_days", 1..=DAYS_MAX),
        target_per_million: form.u32("target_per_million", 0..=TARGET_MAX),
        tags: read_tags(form),
        dataset_ids: Vec::new(),
        reset_at_ns: match form.optional_text("reset_at", usize::MAX) {
            None => before.and_then(|before| before.reset_at_ns),
            Some(text) => read_time(form, &text),
        },
    };
    (slo, slugs)
}

fn read_time(form: &Form<'_>, text: &str) -> Option<i64> {
    let time = text.parse::<jiff::Timestamp>().ok();
    let time_ns = time.and_then(|time| i64::try_from(time.as_nanosecond()).ok());
    if time_ns.is_none() {
        form.invalid("reset_at", "must be a time as in RFC 3339");
    }
    time_ns
}

/// `POST /1/reporting/slos/historical`.
pub(crate) async fn history(ask: Ask) -> Answer {
    let object = ask.object()?;
    let now_s = ask.now_ns().div_euclid(NS_PER_S);
    let (ids, range) = read(&object, |form| read_history(form, now_s))?;
    let mut answer = Map::new();
    for (index, id) in ids.iter().enumerate() {
        let slo = ask.artifact_by_id::<Slo>(id).await?;
        let slo = slo.ok_or_else(|| {
            let text = "there is no such SLO";
            Problem::invalid_field(format!("ids[{index}]"), DetailCode::Invalid, text)
        })?;
        let moments = service_level::history_of(&ask.state, ask.tenant(), &slo, range).await?;
        let target = slo.value.target_per_million;
        let moments = moments.iter().map(|moment| {
            json!({
                "timestamp": moment.time_s,
                "compliance": moment.period.compliance(),
                "budget_remaining": moment.period.budget_remaining(target),
            })
        });
        answer.insert(id.clone(), moments.collect());
    }
    json_answer(StatusCode::OK, &Json::Object(answer))
}

fn read_history(form: &Form<'_>, now_s: i64) -> (Vec<String>, TimeRange) {
    let ids = form.texts("ids", HISTORY_SLOS_MAX);
    match form.get("ids") {
        None => form.missing("ids"),
        Some(Json::Array(ids)) if ids.is_empty() => form.missing("ids"),
        Some(_) => {}
    }
    let any = i64::MIN / NS_PER_S..=i64::MAX / NS_PER_S;
    let start = form.whole("start_time", any.clone());
    let end = form.whole("end_time", any);
    if form.get("start_time").is_some() && start < now_s - YEAR_S {
        form.invalid("start_time", "must be within the last year");
    }
    if end > now_s {
        form.invalid("end_time", "must not be in the future");
    }
    if start > end {
        form.invalid("start_time", "must not be after end_time");
    }
    let range = TimeRange {
        start_ns: start.saturating_mul(NS_PER_S),
        end_ns: end.saturating_mul(NS_PER_S),
    };
    (ids, range)
}

fn slo_json(slo: &Stored<Slo>, slugs: &HashMap<DatasetId, String>) -> Json {
    let value = &slo.value;
    let datasets = value.dataset_ids.iter().map(|id| DatasetId(*id));
    let dataset_slugs: Vec<&String> = datasets.filter_map(|id| slugs.get(&id)).collect();
    let json = json!({
        "id": slo.id.0,
        "name": value.name,
        "description": value.description,
        "sli": { "alias": value.sli_alias },
        "time_period_days": value.time_period_days,
        "target_per_million": value.target_per_million,
        "tags": tags_json(&value.tags),
        "reset_at": value.reset_at_ns.map(time_text),
        "dataset_slugs": dataset_slugs,
    });
    with_times(json, slo)
}
