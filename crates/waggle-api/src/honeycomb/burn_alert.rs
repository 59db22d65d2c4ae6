//! `/1/burn_alerts/{dataset|__all__}`. Source: spec/honeycomb-api.md section 15.4.
//!
//! Burn alerts are kept and shown; nothing evaluates them in this version, so none is ever `triggered`.

use super::artifact::{no_artifact, no_content, with_times};
use super::notified::{self, NEW_NOTIFIED, NOTIFIED, Told};
use crate::ask::{Answer, Ask, json_answer};
use crate::form::{Form, read};
use crate::problem::{DetailCode, Problem};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Member, Named as NamedShape, Shape, may, must};
use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use waggle_access::Permission;
use waggle_metastore::{
    ArtifactId, ArtifactKind, BurnAlert, BurnAlertType, BurnCondition, Named, Slo, Stored, Use,
};
use waggle_model::DatasetScope;

pub(crate) const RESOURCE: Resource = Resource {
    name: "Burn alerts",
    about: "Who is told when the budget of an SLO runs out. They are kept; this version does not evaluate them yet.",
    routes: &[
        Route::v1("GET", "/1/burn_alerts/{dataset}", NEED, |ask| {
            Box::pin(list(ask))
        })
        .about("Lists the burn alerts of an SLO, without recipients.")
        .query(&[must("slo_id", Shape::Text, "The SLO.")])
        .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&BURN_ALERT))))]),
        Route::v1("POST", "/1/burn_alerts/{dataset}", NEED, |ask| {
            Box::pin(create(ask))
        })
        .about("Makes a burn alert.")
        .takes(Shape::Named(&NEW_BURN_ALERT))
        .makes(
            "burn_alert",
            "/id",
            r#"{"slo": {"id": "<slo>"}, "exhaustion_minutes": 240, "recipients": [{"id": "<recipient>"}]}"#,
        )
        .answers(&[(201, Content::Json(Shape::Named(&BURN_ALERT)))]),
        Route::v1("GET", "/1/burn_alerts/{dataset}/{id}", NEED, |ask| {
            Box::pin(get(ask))
        })
        .about("Returns a burn alert.")
        .id("burn_alert")
        .answers(&[(200, Content::Json(Shape::Named(&BURN_ALERT)))]),
        Route::v1("PUT", "/1/burn_alerts/{dataset}/{id}", NEED, |ask| {
            Box::pin(update(ask))
        })
        .about("Replaces a burn alert; its type and SLO stay.")
        .id("burn_alert")
        .takes(Shape::Named(&BURN_ALERT_CHANGE))
        .answers(&[(200, Content::Json(Shape::Named(&BURN_ALERT)))]),
        Route::v1("DELETE", "/1/burn_alerts/{dataset}/{id}", NEED, |ask| {
            Box::pin(delete(ask))
        })
        .about("Deletes a burn alert.")
        .id("burn_alert")
        .answers(&[(204, Content::Nothing)]),
    ],
};

const NEED: Need = Need::OneOf(&[Permission::ManageSlos]);
const TYPE: Shape = Shape::Choice(&["exhaustion_time", "budget_rate"]);
const OF_SLO: Shape = Shape::Object(&[must("id", Shape::Text, "The SLO.")]);
const MINUTES: Member = may(
    "exhaustion_minutes",
    Shape::Whole,
    "Of exhaustion_time: told when the budget would be gone so soon; 0 when it is gone.",
);
const WINDOW: Member = may(
    "budget_rate_window_minutes",
    Shape::Whole,
    "Of budget_rate: the time in which the budget falls, at least 60.",
);
const DECREASE: Member = may(
    "budget_rate_decrease_threshold_per_million",
    Shape::Whole,
    "Of budget_rate: by how many millionths it falls, 1 to 1,000,000.",
);
pub(crate) const BURN_ALERT: NamedShape = NamedShape {
    name: "BurnAlert",
    about: "Who is told about a budget.",
    members: &[
        must("id", Shape::Text, "Its id."),
        must("alert_type", TYPE, "When people are told."),
        must("description", Shape::Text, "Free text."),
        must("triggered", Shape::Flag, "True while the budget runs out."),
        must("slo", OF_SLO, "Whose budget."),
        MINUTES,
        WINDOW,
        DECREASE,
        may("recipients", NOTIFIED, "Who is told; absent in lists."),
        must("created_at", Shape::Time, "When it was made."),
        must("updated_at", Shape::Time, "When it was last changed."),
    ],
};
const NEW_BURN_ALERT: NamedShape = NamedShape {
    name: "NewBurnAlert",
    about: "Who is to be told about a budget.",
    members: &[
        may(
            "alert_type",
            TYPE,
            "When people are told; exhaustion_time unless given.",
        ),
        may("description", Shape::Text, "At most 1,023 characters."),
        must("slo", OF_SLO, "Whose budget."),
        MINUTES,
        WINDOW,
        DECREASE,
        must("recipients", NEW_NOTIFIED, "Who is told, at least one."),
    ],
};
const BURN_ALERT_CHANGE: NamedShape = NamedShape {
    name: "BurnAlertChange",
    about: "New values for a burn alert.",
    members: &[
        may("alert_type", TYPE, "Its type, which stays."),
        may("description", Shape::Text, "At most 1,023 characters."),
        may("slo", OF_SLO, "Its SLO, which stays."),
        MINUTES,
        WINDOW,
        DECREASE,
        must("recipients", NEW_NOTIFIED, "Who is told, at least one."),
    ],
};

const DESCRIPTION_CHARS_MAX: usize = 1_023;
const WINDOW_MINUTES_MIN: u32 = 60;
const PER_MILLION: u32 = 1_000_000;

/// `GET /1/burn_alerts/{dataset}?slo_id=`.
pub(crate) async fn list(ask: Ask) -> Answer {
    ask.scope(ask.tenant()).await?;
    let Some(id) = ask.query("slo_id").filter(|id| !id.is_empty()) else {
        return Err(Problem::invalid_field(
            "slo_id",
            DetailCode::Missing,
            "cannot be blank",
        ));
    };
    let slo = slo_of(&ask, id).await?.ok_or_else(no_artifact::<Slo>)?;
    let used = Use::Artifact(ArtifactKind::Slo, slo.id);
    let alerts = ask
        .state
        .metastore
        .artifact_users::<BurnAlert>(ask.tenant(), &used)
        .await?;
    let alerts: Vec<Json> = alerts.iter().map(alert_json).collect();
    json_answer(StatusCode::OK, &alerts)
}

/// `POST /1/burn_alerts/{dataset}`.
async fn create(ask: Ask) -> Answer {
    ask.scope(ask.tenant()).await?;
    let object = ask.object()?;
    let (alert, told) = read(&object, |form| read_alert(form, None))?;
    let slo = slo_of(&ask, &alert.slo_id.0).await?.ok_or_else(|| {
        Problem::invalid_field("slo.id", DetailCode::Invalid, "there is no such SLO")
    })?;
    let alert = BurnAlert {
        notified: notified::resolve(&ask, told).await?,
        ..alert
    };
    let alert = ask.create_artifact(&slo.place, alert).await?;
    answer(&ask, StatusCode::CREATED, &alert).await
}

/// `GET /1/burn_alerts/{dataset}/{id}`.
async fn get(ask: Ask) -> Answer {
    let alert = find(&ask).await?;
    answer(&ask, StatusCode::OK, &alert).await
}

/// `PUT /1/burn_alerts/{dataset}/{id}`.
async fn update(ask: Ask) -> Answer {
    let mut alert = find(&ask).await?;
    let object = ask.object()?;
    let (changed, told) = read(&object, |form| read_alert(form, Some(&alert.value)))?;
    alert.value = BurnAlert {
        notified: notified::resolve(&ask, told).await?,
        ..changed
    };
    let alert = ask.update_artifact(alert).await?;
    answer(&ask, StatusCode::OK, &alert).await
}

/// `DELETE /1/burn_alerts/{dataset}/{id}`.
async fn delete(ask: Ask) -> Answer {
    let alert = find(&ask).await?;
    ask.delete_artifact(&alert).await?;
    no_content()
}

/// The burn alert of the path, if its `{dataset}` sees the SLO.
async fn find(ask: &Ask) -> Result<Stored<BurnAlert>, Problem> {
    ask.scope(ask.tenant()).await?;
    let alert = ask.artifact_by_id::<BurnAlert>(ask.path("id")).await?;
    let alert = alert.ok_or_else(no_artifact::<BurnAlert>)?;
    match slo_of(ask, &alert.value.slo_id.0).await? {
        Some(_) => Ok(alert),
        None => Err(no_artifact::<BurnAlert>()),
    }
}

/// An SLO that the path's `{dataset}` sees.
async fn slo_of(ask: &Ask, id: &str) -> Result<Option<Stored<Slo>>, Problem> {
    let scope = ask.scope(ask.tenant()).await?;
    let slo = ask.artifact_by_id::<Slo>(id).await?;
    Ok(slo.filter(|slo| match &scope {
        DatasetScope::All => true,
        DatasetScope::One(dataset) => slo.value.dataset_ids.contains(&dataset.0),
    }))
}

async fn answer(ask: &Ask, status: StatusCode, alert: &Stored<BurnAlert>) -> Answer {
    let mut json = alert_json(alert);
    json["recipients"] = notified::recipients_json(ask, &alert.value.notified).await?;
    json_answer(status, &json)
}

fn read_alert(form: &Form<'_>, before: Option<&BurnAlert>) -> (BurnAlert, Vec<Told>) {
    let sent_type = form.optional_choice::<BurnAlertType>("alert_type");
    let type_before = before.map(|before| before.condition.burn_alert_type());
    if sent_type.is_some() && type_before.is_some() && sent_type != type_before {
        form.invalid("alert_type", "can't be changed; make another burn alert");
    }
    let told = notified::read_recipients(form, false);
    match form.get("recipients") {
        None => form.missing("recipients"),
        Some(Json::Array(recipients)) if recipients.is_empty() => {
            form.invalid("recipients", "needs at least one recipient");
        }
        Some(_) => {}
    }
    let alert = BurnAlert {
        slo_id: read_slo_id(form, before),
        description: form.text_or_empty("description", DESCRIPTION_CHARS_MAX),
        condition: match type_before.or(sent_type).unwrap_or_default() {
            BurnAlertType::ExhaustionTime => BurnCondition::ExhaustionTime {
                exhaustion_minutes: form.u32("exhaustion_minutes", 0..=u32::MAX),
            },
            BurnAlertType::BudgetRate => BurnCondition::BudgetRate {
                window_minutes: form.u32(WINDOW.name, WINDOW_MINUTES_MIN..=u32::MAX),
                decrease_per_million: form.u32(DECREASE.name, 1..=PER_MILLION),
            },
        },
        notified: Vec::new(),
    };
    (alert, told)
}

fn read_slo_id(form: &Form<'_>, before: Option<&BurnAlert>) -> ArtifactId {
    let Some(before) = before else {
        let slo = form.required_object("slo");
        let id = slo.map(|slo| slo.text("id", usize::MAX));
        return ArtifactId(id.unwrap_or_default());
    };
    let sent = form.object("slo");
    let sent = sent.and_then(|slo| slo.optional_text("id", usize::MAX));
    if sent.is_some_and(|id| id != before.slo_id.0) {
        form.invalid("slo.id", "can't be changed; make another burn alert");
    }
    before.slo_id.clone()
}

fn alert_json(alert: &Stored<BurnAlert>) -> Json {
    let value = &alert.value;
    let mut json = json!({
        "id": alert.id.0,
        "alert_type": value.condition.burn_alert_type().name(),
        "description": value.description,
        "triggered": false,
        "slo": { "id": value.slo_id.0 },
    });
    match value.condition {
        BurnCondition::ExhaustionTime { exhaustion_minutes } => {
            json[MINUTES.name] = exhaustion_minutes.into();
        }
        BurnCondition::BudgetRate {
            window_minutes,
            decrease_per_million,
        } => {
            json[WINDOW.name] = window_minutes.into();
            json[DECREASE.name] = decrease_per_million.into();
        }
    }
    with_times(json, alert)
}
