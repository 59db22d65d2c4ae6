//! `GET /api/environments/{env}/alerting`: whether anybody looks after triggers, SLOs and burn alerts. In this version nobody does, and a
//! trigger that never fires must not look like a service that never fails.

use crate::ask::{Answer, Ask, json_answer};
use crate::honeycomb::burn_alert::{self, BURN_ALERT};
use crate::honeycomb::slo::{self, HISTORY, HISTORY_QUESTION, NEW_SLO, SLO};
use crate::honeycomb::trigger::{self, NEW_TRIGGER, TRIGGER};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Shape, may, must};
use axum::http::StatusCode;
use serde_json::json;
use waggle_access::Permission;
use waggle_metastore::{BurnAlert, Slo, Trigger};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Alerting",
    about: "Whether anybody looks after triggers, SLOs and burn alerts.",
    routes: &[
        Route::own("GET", "/api/environments/{env}/alerting", LOOK, |ask| {
            Box::pin(get(ask))
        })
        .about("Says whether triggers and burn alerts are evaluated, and how many there are.")
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[
                must(
                    "evaluated",
                    Shape::Flag,
                    "True when they are evaluated and people are told.",
                ),
                must("note", Shape::Text, "The same for people."),
                must("triggers", Shape::Whole, "Triggers of the environment."),
                must("slos", Shape::Whole, "SLOs of the environment."),
                must(
                    "burn_alerts",
                    Shape::Whole,
                    "Burn alerts of the environment.",
                ),
            ])),
        )]),
        Route::own(
            "GET",
            "/api/environments/{env}/datasets/{dataset}/triggers",
            LOOK,
            |ask| Box::pin(trigger::list(ask)),
        )
        .about("Lists the triggers of a dataset, or of all with `__all__`.")
        .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&TRIGGER))))]),
        Route::own(
            "POST",
            "/api/environments/{env}/datasets/{dataset}/triggers",
            Need::Person(&[Permission::ManageTriggers]),
            |ask| Box::pin(trigger::create(ask)),
        )
        .about("Makes a trigger.")
        .takes(Shape::Named(&NEW_TRIGGER))
        .answers(&[(201, Content::Json(Shape::Named(&TRIGGER)))]),
        Route::own(
            "DELETE",
            "/api/environments/{env}/datasets/{dataset}/triggers/{id}",
            Need::Person(&[Permission::ManageTriggers]),
            |ask| Box::pin(trigger::delete(ask)),
        )
        .about("Deletes a trigger.")
        .id("trigger")
        .answers(&[(204, Content::Nothing)]),
        Route::own(
            "GET",
            "/api/environments/{env}/datasets/{dataset}/slos",
            LOOK,
            |ask| Box::pin(slo::list(ask)),
        )
        .about("Lists the SLOs of a dataset, or of all with `__all__`.")
        .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&SLO))))]),
        Route::own(
            "POST",
            "/api/environments/{env}/datasets/{dataset}/slos",
            Need::Person(&[Permission::ManageSlos]),
            |ask| Box::pin(slo::create(ask)),
        )
        .about("Makes an SLO.")
        .takes(Shape::Named(&NEW_SLO))
        .answers(&[(201, Content::Json(Shape::Named(&SLO)))]),
        Route::own(
            "GET",
            "/api/environments/{env}/datasets/{dataset}/slos/{id}",
            LOOK,
            |ask| Box::pin(slo::get(ask)),
        )
        .about("Returns an SLO; with `detailed` also how it does.")
        .id("slo")
        .query(&[may(
            "detailed",
            Shape::Text,
            "Empty or `true` adds compliance, budget, status and burn rate.",
        )])
        .answers(&[(200, Content::Json(Shape::Named(&SLO)))]),
        Route::own(
            "POST",
            "/api/environments/{env}/slos/history",
            LOOK,
            |ask| Box::pin(slo::history(ask)),
        )
        .about("Returns how SLOs did, hour by hour.")
        .takes(Shape::Named(&HISTORY_QUESTION))
        .answers(&[(200, Content::Json(HISTORY))]),
        Route::own(
            "GET",
            "/api/environments/{env}/datasets/{dataset}/burn-alerts",
            LOOK,
            |ask| Box::pin(burn_alert::list(ask)),
        )
        .about("Lists the burn alerts of an SLO, without recipients.")
        .query(&[must("slo_id", Shape::Text, "The SLO.")])
        .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&BURN_ALERT))))]),
    ],
};

const LOOK: Need = Need::Person(&[Permission::RunQueries]);

const NOTE: &str = "Triggers and burn alerts are kept, but this version of Waggle does not evaluate them: nobody is told anything. \
                    The compliance and budget of SLOs are computed when they are asked for.";

async fn get(ask: Ask) -> Answer {
    let triggers = ask.artifacts_of_environment::<Trigger>().await?;
    let slos = ask.artifacts_of_environment::<Slo>().await?;
    let burn_alerts = ask.artifacts_of_environment::<BurnAlert>().await?;
    json_answer(
        StatusCode::OK,
        &json!({
            "evaluated": false,
            "note": NOTE,
            "triggers": triggers.len(),
            "slos": slos.len(),
            "burn_alerts": burn_alerts.len(),
        }),
    )
}
