//! `GET /api/environments/{env}/alerting`: whether anybody looks after triggers, SLOs and burn alerts. In this version nobody does, and a
//! trigger that never fires must not look like a service that never fails.

use crate::ask::{Answer, Ask, json_answer};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Shape, must};
use axum::http::StatusCode;
use serde_json::json;
use waggle_access::Permission;
use waggle_metastore::{BurnAlert, Slo, Trigger};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Alerting",
    about: "Whether anybody looks after triggers, SLOs and burn alerts.",
    routes: &[Route::own(
        "GET",
        "/api/environments/{env}/alerting",
        Need::Person(&[Permission::RunQueries]),
        |ask| Box::pin(get(ask)),
    )
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
    )])],
};

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
