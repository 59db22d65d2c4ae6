//! X-Ray's sampling rules and groups for people: the same objects and the same words as of X-Ray's own operations, where only signed calls
//! are let in. Lists are whole, since few may be made; what an object is called stands in the path.

use crate::ask::{Answer, Ask, json_answer};
use crate::problem::{Problem, ProblemKind};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Shape, must};
use crate::xray::call::{Call, Input};
use crate::xray::error::{Code, Refusal};
use crate::xray::group::{self, Found, GROUP};
use crate::xray::sampling::{kept, rule};
use crate::xray::{sender, tag};
use axum::http::StatusCode;
use std::sync::Arc;
use waggle_access::Permission;

const LOOK: Need = Need::Person(&[Permission::RunQueries]);
const CHANGE: Need = Need::Person(&[Permission::ManageColumns]);
const RULE: Content = Content::Json(Shape::Named(&rule::RECORD));
const ONE_GROUP: Content = Content::Json(Shape::Named(&GROUP));

pub(crate) const RESOURCE: Resource = Resource {
    name: "X-Ray settings of the UI",
    about: "Sampling rules and groups, for people.",
    routes: &[
        Route::own(
            "GET",
            "/api/environments/{env}/xray/sampling-rules",
            LOOK,
            |ask| Box::pin(rules(ask)),
        )
        .about("Lists the sampling rules in the order in which they are tried; the last is the default one.")
        .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&rule::RECORD))))]),
        Route::own(
            "POST",
            "/api/environments/{env}/xray/sampling-rules",
            CHANGE,
            |ask| Box::pin(make_rule(ask)),
        )
        .about("Makes a sampling rule.")
        .takes(Shape::Named(&rule::RULE))
        .answers(&[(201, RULE)])
        .makes(
            "sampling_rule",
            "/SamplingRule/RuleName",
            r#"{"RuleName":"rule-<env>","Priority":10,"FixedRate":0.1,"ReservoirSize":1,"ServiceName":"*","ServiceType":"*","Host":"*","HTTPMethod":"GET","URLPath":"/cart","ResourceARN":"*","Version":1}"#,
        ),
        Route::own(
            "PATCH",
            "/api/environments/{env}/xray/sampling-rules/{id}",
            CHANGE,
            |ask| Box::pin(change_rule(ask)),
        )
        .about("Changes what is given of a sampling rule; of the default one only rate and reservoir. The name stays.")
        .id("sampling_rule")
        .takes(Shape::Named(&rule::RULE))
        .answers(&[(200, RULE)]),
        Route::own(
            "DELETE",
            "/api/environments/{env}/xray/sampling-rules/{id}",
            CHANGE,
            |ask| Box::pin(delete_rule(ask)),
        )
        .about("Deletes a sampling rule and returns what it was.")
        .id("sampling_rule")
        .answers(&[(200, RULE)]),
        Route::own(
            "POST",
            "/api/environments/{env}/xray/matching-rule",
            LOOK,
            |ask| Box::pin(matching_rule(ask)),
        )
        .about("Tells which sampling rule decides about a request, and in what it differs from the rules that are tried before. What is not given of the request matches anything, but for attributes.")
        .takes(rule::REQUEST)
        .answers(&[(200, Content::Json(rule::MATCHED))]),
        Route::own("GET", "/api/environments/{env}/xray/groups", LOOK, |ask| {
            Box::pin(groups(ask))
        })
        .about("Lists the groups, the default one first.")
        .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&GROUP))))]),
        Route::own("POST", "/api/environments/{env}/xray/groups", CHANGE, |ask| {
            Box::pin(make_group(ask))
        })
        .about("Makes a group.")
        .takes(Shape::Object(&[
            must("GroupName", Shape::Text, group::NAME_ABOUT),
            group::FILTER,
            group::INSIGHTS,
        ]))
        .answers(&[(201, ONE_GROUP)])
        .makes(
            "group",
            "/GroupName",
            r#"{"GroupName":"group-<env>","FilterExpression":"fault"}"#,
        ),
        Route::own(
            "PATCH",
            "/api/environments/{env}/xray/groups/{id}",
            CHANGE,
            |ask| Box::pin(change_group(ask)),
        )
        .about("Changes what is given of a group; of the default one only its insights. The name stays.")
        .id("group")
        .takes(Shape::Object(&[group::FILTER, group::INSIGHTS]))
        .answers(&[(200, ONE_GROUP)]),
        Route::own(
            "DELETE",
            "/api/environments/{env}/xray/groups/{id}",
            CHANGE,
            |ask| Box::pin(delete_group(ask)),
        )
        .about("Deletes a group and returns what it was. Its traces stay.")
        .id("group")
        .answers(&[(200, ONE_GROUP)]),
    ],
};

async fn rules(ask: Ask) -> Answer {
    json_answer(StatusCode::OK, &rule::all(&call_of(&ask)).await?)
}

async fn make_rule(ask: Ask) -> Answer {
    let call = call_of(&ask);
    let sent = call.input()?;
    let tags = tag::of_new(&sent)?;
    json_answer(StatusCode::CREATED, &rule::make(&call, &sent, tags).await?)
}

async fn change_rule(ask: Ask) -> Answer {
    let call = call_of(&ask);
    let sent = call.input()?;
    let name = rule_name(&ask, &call).await?;
    stay(&sent, "RuleName", name)?;
    json_answer(StatusCode::OK, &rule::alter(&call, name, &sent).await?)
}

async fn delete_rule(ask: Ask) -> Answer {
    let call = call_of(&ask);
    let name = rule_name(&ask, &call).await?;
    json_answer(StatusCode::OK, &rule::remove(&call, name).await?)
}

async fn matching_rule(ask: Ask) -> Answer {
    let call = call_of(&ask);
    json_answer(
        StatusCode::OK,
        &rule::matching(&call, &call.input()?).await?,
    )
}

async fn groups(ask: Ask) -> Answer {
    json_answer(StatusCode::OK, &group::all(&call_of(&ask)).await?)
}

async fn make_group(ask: Ask) -> Answer {
    let call = call_of(&ask);
    let made = group::make(&call, &call.input()?).await?;
    json_answer(StatusCode::CREATED, &made)
}

async fn change_group(ask: Ask) -> Answer {
    let call = call_of(&ask);
    let sent = call.input()?;
    let found = group_of(&ask, &call).await?;
    stay(&sent, "GroupName", ask.path("id"))?;
    json_answer(StatusCode::OK, &group::alter(&call, found, &sent).await?)
}

async fn delete_group(ask: Ask) -> Answer {
    let call = call_of(&ask);
    let found = group_of(&ask, &call).await?;
    json_answer(StatusCode::OK, &group::remove(&call, found).await?)
}

/// The request as operations see it.
fn call_of(ask: &Ask) -> Call {
    Call {
        state: ask.state.clone(),
        caller: Arc::clone(&ask.caller),
        region: sender::NO_REGION.to_owned(),
        operation: "",
        body: ask.body.clone(),
    }
}

/// The name in the path, of a rule that exists.
async fn rule_name<'a>(ask: &'a Ask, call: &Call) -> Result<&'a str, Problem> {
    let name = ask.path("id");
    match kept::read(call).await?.rule(name) {
        Some(_) => Ok(name),
        None => Err(Problem::not_found("Sampling rule not found")),
    }
}

async fn group_of(ask: &Ask, call: &Call) -> Result<Found, Problem> {
    let found = group::by_name(call, ask.path("id")).await?;
    found.ok_or_else(|| Problem::not_found("Group not found"))
}

/// Refuses another name than that of the path: nothing can be renamed.
fn stay(sent: &Input, member: &str, name: &str) -> Result<(), Problem> {
    match sent.any_text(member)? {
        Some(sent_name) if sent_name != name => Err(sent.refuse(member, "can't be changed").into()),
        _ => Ok(()),
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let kind = match refusal.code {
            Code::Serialization => return Self::unparseable(),
            Code::RuleLimitExceeded => ProblemKind::Conflict,
            Code::ServiceUnavailable => ProblemKind::Unavailable,
            Code::InternalFailure => ProblemKind::Internal,
            _ => ProblemKind::Invalid,
        };
        Self::new(kind, refusal.message)
    }
}
