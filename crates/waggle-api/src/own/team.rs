//! The team behind an environment, for people: its members, its environments, and new ones.

use crate::ask::{Answer, Ask, json_answer};
use crate::problem::{DetailCode, Problem};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Named, Shape, may, must};
use crate::table::time_text;
use crate::v2::environment;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Map, Value as Json, json};
use waggle_access::Permission;
use waggle_metastore::{ENVIRONMENT_COLORS, Environment, EnvironmentChange, Error, color_after};

const LOOK: Need = Need::Person(&[Permission::RunQueries]);

pub(crate) const RESOURCE: Resource = Resource {
    name: "Team of the UI",
    about: "Members and environments of the team, for people.",
    routes: &[
        Route::own("GET", "/api/environments/{env}/members", LOOK, |ask| {
            Box::pin(members(ask))
        })
        .about("Lists the people of the team.")
        .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&MEMBER))))]),
        Route::own("GET", "/api/environments/{env}/environments", LOOK, |ask| {
            Box::pin(list(ask))
        })
        .about("Lists the environments of the team.")
        .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&ENVIRONMENT))))]),
        Route::own(
            "POST",
            "/api/environments/{env}/environments",
            Need::Administrator,
            |ask| Box::pin(create(ask)),
        )
        .about("Makes another environment of the team.")
        .takes(Shape::Object(&[
            must("name", Shape::Text, "1 to 255 characters."),
            may("description", Shape::Text, "At most 255 characters."),
            may(
                "color",
                Shape::Choice(ENVIRONMENT_COLORS),
                "The colour people know it by; one that differs from the neighbours' unless given.",
            ),
        ]))
        .answers(&[(201, Content::Json(Shape::Named(&ENVIRONMENT)))]),
        Route::own(
            "PUT",
            "/api/environments/{env}/environment",
            Need::Administrator,
            |ask| Box::pin(update(ask)),
        )
        .about("Changes what is given of the environment; its name stays.")
        .takes(Shape::Object(&[
            may("description", Shape::Text, "At most 255 characters."),
            may(
                "color",
                Shape::Choice(ENVIRONMENT_COLORS),
                "The colour people know it by.",
            ),
            may(
                "delete_protected",
                Shape::Flag,
                "True while it can't be deleted.",
            ),
        ]))
        .answers(&[(200, Content::Json(Shape::Named(&ENVIRONMENT)))]),
        Route::own(
            "DELETE",
            "/api/environments/{env}/environment",
            Need::Administrator,
            |ask| Box::pin(delete(ask)),
        )
        .about("Deletes the environment with its keys, datasets and boards; refused while it is protected, and of the team's last one.")
        .answers(&[(204, Content::Nothing)]),
    ],
};

const MEMBER: Named = Named {
    name: "Member",
    about: "A person of the team.",
    members: &[
        must("email", Shape::Text, "E-mail address."),
        must("name", Shape::Text, "Name."),
        must(
            "role",
            Shape::Choice(&["administrator", "member"]),
            "What the person may do.",
        ),
        must("created_at", Shape::Time, "When the account was made."),
    ],
};
const ENVIRONMENT: Named = Named {
    name: "TeamEnvironment",
    about: "An environment of the team.",
    members: &[
        must("name", Shape::Text, "The name to show."),
        must("slug", Shape::Text, "The name in addresses."),
        must("description", Shape::Text, "What people wrote about it."),
        must(
            "color",
            Shape::Choice(ENVIRONMENT_COLORS),
            "The colour people know it by.",
        ),
        must(
            "delete_protected",
            Shape::Flag,
            "True while it can't be deleted.",
        ),
        must("created_at", Shape::Time, "When it was made."),
    ],
};
const TEXT_CHARS_MAX: usize = 255;

/// `GET /api/environments/{env}/members`.
async fn members(ask: Ask) -> Answer {
    let users = ask.state.metastore.users(ask.caller.tenant.team).await?;
    let members: Vec<Json> = users
        .iter()
        .map(|user| {
            json!({
                "email": user.email,
                "name": user.name,
                "role": user.role.name(),
                "created_at": time_text(user.created_at_ns),
            })
        })
        .collect();
    json_answer(StatusCode::OK, &members)
}

/// `GET /api/environments/{env}/environments`.
async fn list(ask: Ask) -> Answer {
    let team = ask.caller.tenant.team;
    let environments = ask.state.metastore.environments(team).await?;
    let environments: Vec<Json> = environments.iter().map(environment_json).collect();
    json_answer(StatusCode::OK, &environments)
}

/// `POST /api/environments/{env}/environments`.
async fn create(ask: Ask) -> Answer {
    let object = ask.object()?;
    let name = text(&object, "name")?.unwrap_or_default();
    if name.is_empty() {
        return Err(Problem::invalid_field(
            "name",
            DetailCode::Missing,
            "cannot be blank",
        ));
    }
    let mut change = read_change(&object)?;
    let metastore = &ask.state.metastore;
    let team = ask.caller.tenant.team;
    let count = metastore.environments(team).await?.len();
    change.color.get_or_insert_with(|| color_after(count));
    let made = metastore
        .create_environment(team, &name, ask.state.clock.now_ns())
        .await
        .map_err(|error| match error {
            Error::Conflict(_) => Problem::conflict("an environment of this name exists already"),
            other => other.into(),
        })?;
    let made = metastore.update_environment(made.tenant, change).await?;
    json_answer(StatusCode::CREATED, &environment_json(&made))
}

/// `PUT /api/environments/{env}/environment`.
async fn update(ask: Ask) -> Answer {
    let change = read_change(&ask.object()?)?;
    let metastore = &ask.state.metastore;
    let changed = metastore.update_environment(ask.caller.tenant, change);
    json_answer(StatusCode::OK, &environment_json(&changed.await?))
}

/// `DELETE /api/environments/{env}/environment`.
async fn delete(ask: Ask) -> Answer {
    let tenant = ask.caller.tenant;
    let environments = ask.state.metastore.environments(tenant.team).await?;
    if environments.len() == 1 {
        return Err(Problem::conflict(
            "it is the team's last environment; make another one first",
        ));
    }
    let doomed = environments.iter().find(|e| e.tenant == tenant);
    let doomed = doomed.ok_or_else(|| Problem::not_found("Environment not found"))?;
    environment::remove(&ask.state, doomed).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// What is given of an environment's description, colour and protection.
fn read_change(object: &Map<String, Json>) -> Result<EnvironmentChange, Problem> {
    let color = text(object, "color")?;
    if color
        .as_deref()
        .is_some_and(|color| !ENVIRONMENT_COLORS.contains(&color))
    {
        let colors = ENVIRONMENT_COLORS.join(", ");
        return Err(invalid("color", format!("must be one of {colors}")));
    }
    let is_delete_protected = match object.get("delete_protected") {
        None | Some(Json::Null) => None,
        Some(Json::Bool(is_protected)) => Some(*is_protected),
        Some(_) => return Err(invalid("delete_protected", "must be true or false")),
    };
    Ok(EnvironmentChange {
        description: text(object, "description")?,
        color,
        is_delete_protected,
    })
}

fn text(object: &Map<String, Json>, member: &'static str) -> Result<Option<String>, Problem> {
    match object.get(member) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) if text.chars().count() <= TEXT_CHARS_MAX => {
            Ok(Some(text.trim().to_owned()))
        }
        Some(_) => Err(invalid(
            member,
            format!("must be a string of at most {TEXT_CHARS_MAX} characters"),
        )),
    }
}

fn invalid(member: &str, description: impl Into<String>) -> Problem {
    Problem::invalid_field(member, DetailCode::Invalid, description)
}

fn environment_json(environment: &Environment) -> Json {
    json!({
        "name": environment.name,
        "slug": environment.slug,
        "description": environment.description,
        "color": environment.color,
        "delete_protected": environment.is_delete_protected,
        "created_at": time_text(environment.created_at_ns),
    })
}
