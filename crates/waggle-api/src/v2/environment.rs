//! `/2/teams/{team}/environments`. Source: spec/honeycomb-api.md section 8.

use super::document::{LINK, Sent, attribute_pointer, kind};
use super::{TeamAsk, answer, answer_page};
use crate::ask::Answer;
use crate::page::{AFTER, LINKS, SIZE};
use crate::problem::Problem;
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Member, Named, Shape, may, must};
use crate::state::ApiState;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value as Json, json};
use waggle_access::Scope;
use waggle_metastore::{
    DatasetChange, ENVIRONMENT_COLORS, Environment, EnvironmentChange, Error, color_after,
    environment_of_public_id, environment_public_id,
};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Environments",
    about: "The environments of a team: each has datasets and keys of its own.",
    routes: &[
        Route::v2("GET", "/2/teams/{team}/environments", READ, |ask| {
            Box::pin(list(ask))
        })
        .about("Lists the environments of the team, the oldest first.")
        .query(&[SIZE, AFTER])
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[
                must("data", Shape::List(&Shape::Named(&ENVIRONMENT)), "The environments."),
                must("links", LINKS, "Where there are more."),
            ])),
        )]),
        Route::v2("POST", "/2/teams/{team}/environments", WRITE, |ask| {
            Box::pin(create(ask))
        })
        .about("Makes an environment, protected from deletion.")
        .takes(Shape::Object(&[must(
            "data",
            Shape::Named(&NEW_ENVIRONMENT),
            "The environment.",
        )]))
        .makes(
            "environment",
            "/data/id",
            r#"{"data": {"type": "environments", "attributes": {"name": "<env> two", "description": "for trying things", "color": "gold"}}}"#,
        )
        .answers(&[(201, Content::Json(Shape::Object(ONE)))]),
        Route::v2("GET", "/2/teams/{team}/environments/{id}", READ, |ask| {
            Box::pin(get(ask))
        })
        .about("Returns an environment.")
        .id("environment")
        .answers(&[(200, Content::Json(Shape::Object(ONE)))]),
        Route::v2("PATCH", "/2/teams/{team}/environments/{id}", WRITE, |ask| {
            Box::pin(update(ask))
        })
        .about("Changes an environment; its name stays.")
        .id("environment")
        .takes(Shape::Object(&[must(
            "data",
            Shape::Named(&CHANGED_ENVIRONMENT),
            "The environment.",
        )]))
        .answers(&[(200, Content::Json(Shape::Object(ONE)))]),
        Route::v2("DELETE", "/2/teams/{team}/environments/{id}", WRITE, |ask| {
            Box::pin(delete(ask))
        })
        .about("Deletes an environment with its keys, datasets and events; refused while it is protected.")
        .id("environment")
        .answers(&[(204, Content::Nothing)]),
    ],
};

const READ: Need = Need::Manager(Scope::ReadEnvironments);
const WRITE: Need = Need::Manager(Scope::WriteEnvironments);
const TYPE: &str = "environments";
const TEXT_CHARS_MAX: usize = 255;
/// Most environments of a team.
const ENVIRONMENTS_MAX: usize = 1_000;

const ONE: &[Member] = &[must("data", Shape::Named(&ENVIRONMENT), "The environment.")];
const ENVIRONMENT: Named = Named {
    name: "Environment",
    about: "An environment of a team.",
    members: &[
        must("id", Shape::Text, "Its id."),
        kind(&[TYPE]),
        must(
            "attributes",
            Shape::Object(&[
                must("name", Shape::Text, "The name to show."),
                must("slug", Shape::Text, "The name in addresses."),
                must("description", Shape::Text, "What people wrote about it."),
                must(
                    "color",
                    Shape::Choice(ENVIRONMENT_COLORS),
                    "The colour people know it by.",
                ),
                must(
                    "settings",
                    Shape::Object(&[must(
                        "delete_protected",
                        Shape::Flag,
                        "True while it can't be deleted.",
                    )]),
                    "Settings.",
                ),
            ]),
            "The environment.",
        ),
        LINK,
    ],
};
const NEW_ENVIRONMENT: Named = Named {
    name: "NewEnvironment",
    about: "An environment to be made.",
    members: &[
        kind(&[TYPE]),
        must(
            "attributes",
            Shape::Object(&[
                must("name", Shape::Text, "1 to 255 characters."),
                may(
                    "description",
                    Shape::OrNull(&Shape::Text),
                    "At most 255 characters.",
                ),
                may(
                    "color",
                    Shape::OrNull(&Shape::Choice(ENVIRONMENT_COLORS)),
                    "The colour people know it by.",
                ),
            ]),
            "The environment.",
        ),
    ],
};
const CHANGED_ENVIRONMENT: Named = Named {
    name: "EnvironmentChange",
    about: "New values for an environment; what is absent stays.",
    members: &[
        kind(&[TYPE]),
        may("id", Shape::Text, "The id of the path."),
        may(
            "attributes",
            Shape::Object(&[
                may(
                    "description",
                    Shape::OrNull(&Shape::Text),
                    "At most 255 characters.",
                ),
                may(
                    "color",
                    Shape::OrNull(&Shape::Choice(ENVIRONMENT_COLORS)),
                    "The colour people know it by.",
                ),
                may(
                    "settings",
                    Shape::OrNull(&Shape::Object(&[may(
                        "delete_protected",
                        Shape::OrNull(&Shape::Flag),
                        "True while it can't be deleted.",
                    )])),
                    "Settings.",
                ),
            ]),
            "The new values.",
        ),
    ],
};

async fn list(ask: TeamAsk) -> Answer {
    let environments = ask
        .state
        .metastore
        .environments(ask.manager.team.id)
        .await?;
    let environments = environments.iter().map(|environment| {
        let place = (environment.tenant.environment.0, String::new());
        (place, environment_json(&ask, environment))
    });
    let path = format!("{}/environments", ask.team_path());
    answer_page(&ask, environments, &path, &[])
}

async fn get(ask: TeamAsk) -> Answer {
    let environment = find(&ask).await?;
    one(&ask, StatusCode::OK, &environment)
}

async fn create(ask: TeamAsk) -> Answer {
    let mut sent = Sent::read(ask.json()?, TYPE, None)?;
    let name = sent.name("name", TEXT_CHARS_MAX);
    let description = sent.text("description", TEXT_CHARS_MAX);
    let color = color(&mut sent);
    sent.end()?;
    let team = ask.manager.team.id;
    let metastore = &ask.state.metastore;
    let count = metastore.environments(team).await?.len();
    if count >= ENVIRONMENTS_MAX {
        return Err(Problem::conflict(format!(
            "there are already {ENVIRONMENTS_MAX} environments, the most there may be"
        )));
    }
    let made = metastore
        .create_environment(team, &name, ask.state.clock.now_ns())
        .await
        .map_err(|error| match error {
            Error::Conflict(_) => Problem::conflict("an environment of this name exists already"),
            other => Problem::from(other).of_attributes(),
        })?;
    let color = color.unwrap_or_else(|| color_after(count));
    let change = EnvironmentChange {
        description,
        color: Some(color),
        is_delete_protected: None,
    };
    let made = metastore.update_environment(made.tenant, change).await?;
    one(&ask, StatusCode::CREATED, &made)
}

async fn update(ask: TeamAsk) -> Answer {
    let environment = find(&ask).await?;
    let id = environment_public_id(environment.tenant.environment);
    let mut sent = Sent::read(ask.json()?, TYPE, Some(&id))?;
    if let Some(name) = sent.text("name", TEXT_CHARS_MAX)
        && name != environment.name
    {
        sent.invalid(attribute_pointer("name"), "can't be changed");
    }
    let description = sent.text("description", TEXT_CHARS_MAX);
    let color = color(&mut sent);
    let is_delete_protected = match sent.object("settings").as_ref() {
        None => None,
        Some(settings) => match settings.get("delete_protected") {
            None | Some(Json::Null) => None,
            Some(Json::Bool(is_protected)) => Some(*is_protected),
            Some(_) => {
                let pointer = format!("{}/delete_protected", attribute_pointer("settings"));
                sent.incorrect_type(pointer, "must be true or false");
                None
            }
        },
    };
    sent.end()?;
    let change = EnvironmentChange {
        description,
        color,
        is_delete_protected,
    };
    let metastore = &ask.state.metastore;
    let changed = metastore
        .update_environment(environment.tenant, change)
        .await?;
    one(&ask, StatusCode::OK, &changed)
}

async fn delete(ask: TeamAsk) -> Answer {
    let environment = find(&ask).await?;
    remove(&ask.state, &environment).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Deletes an environment with all that it has; refused while it is protected. Nobody sends any more once the keys are gone; then the
/// datasets go, and with the last of them the environment can.
pub(crate) async fn remove(state: &ApiState, environment: &Environment) -> Result<(), Problem> {
    if environment.is_delete_protected {
        return Err(Problem::conflict("the environment is delete protected"));
    }
    let tenant = environment.tenant;
    let metastore = &state.metastore;
    for key in metastore.keys(tenant.team).await? {
        if key.environment == Some(tenant.environment) {
            state.access.delete_key(tenant.team, &key.id).await?;
        }
    }
    for dataset in metastore.datasets(tenant).await? {
        let unprotected = DatasetChange {
            is_delete_protected: Some(false),
            ..DatasetChange::default()
        };
        metastore
            .update_dataset(tenant, dataset.id, unprotected)
            .await?;
        state.keeper.delete_dataset(tenant, dataset.id).await?;
    }
    state.depths.clear();
    Ok(metastore.delete_environment(tenant).await?)
}

async fn find(ask: &TeamAsk) -> Result<Environment, Problem> {
    let found = match environment_of_public_id(ask.path("id")) {
        None => None,
        Some(id) => {
            let team = ask.manager.team.id;
            ask.state.metastore.environment(team, id).await?
        }
    };
    found.ok_or_else(|| Problem::not_found("Environment not found"))
}

fn color(sent: &mut Sent) -> Option<String> {
    let color = sent.text("color", TEXT_CHARS_MAX)?;
    if ENVIRONMENT_COLORS.contains(&color.as_str()) {
        return Some(color);
    }
    let text = format!("must be one of {}", ENVIRONMENT_COLORS.join(", "));
    sent.invalid(attribute_pointer("color"), text);
    None
}

fn one(ask: &TeamAsk, status: StatusCode, environment: &Environment) -> Answer {
    answer(
        status,
        &json!({ "data": environment_json(ask, environment) }),
    )
}

fn environment_json(ask: &TeamAsk, environment: &Environment) -> Json {
    let id = environment_public_id(environment.tenant.environment);
    let path = format!("{}/environments/{id}", ask.team_path());
    json!({
        "id": id,
        "type": TYPE,
        "attributes": {
            "name": environment.name,
            "slug": environment.slug,
            "description": environment.description,
            "color": environment.color,
            "settings": { "delete_protected": environment.is_delete_protected },
        },
        "links": { "self": path },
    })
}
