//! Resource policies: kept for clients that manage them, and not enforced, which every answer says. Source: spec/xray.md section 7.

use super::call::{Call, Input, Outcome, reply};
use super::error::{Code, Refusal};
use super::page::{NEXT_TOKEN, Pages, TOKEN};
use super::sampling::seconds;
use super::{MANAGE, READ};
use crate::route::{Resource, Route};
use crate::shape::{Content, Member, Named, Shape, may, must};
use serde_json::{Map, Value as Json, json};
use std::ops::RangeInclusive;
use waggle_metastore::{
    ArtifactKind, ArtifactLimits, Error as MetastoreError, Place, ResourcePolicy, Stored,
};

pub(crate) const RESOURCE: Resource = Resource {
    name: "X-Ray resource policies",
    about: "Texts that are kept for clients that manage them. They are not enforced.",
    routes: &[
        Route::operation("PutResourcePolicy", "/PutResourcePolicy", MANAGE, |call| {
            Box::pin(put(call))
        })
        .about("Keeps a policy. It is not enforced.")
        .takes(Shape::Object(&[
            must("PolicyName", Shape::Text, NAME_ABOUT),
            must(
                "PolicyDocument",
                Shape::Text,
                "A JSON object of at most 5120 bytes.",
            ),
            may(
                "PolicyRevisionId",
                Shape::Text,
                "Only in place of this revision; `0` for a new policy only.",
            ),
            may(
                "BypassPolicyLockoutCheck",
                Shape::Flag,
                "Nobody can be locked out.",
            ),
        ]))
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[must(
                "ResourcePolicy",
                Shape::Named(&POLICY),
                "The policy.",
            )])),
        )]),
        Route::operation(
            "ListResourcePolicies",
            "/ListResourcePolicies",
            READ,
            |call| Box::pin(list(call)),
        )
        .about("Lists the policies.")
        .takes(Shape::Object(&[TOKEN]))
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[
                must(
                    "ResourcePolicies",
                    Shape::List(&Shape::Named(&POLICY)),
                    "The policies.",
                ),
                NEXT_TOKEN,
            ])),
        )]),
        Route::operation(
            "DeleteResourcePolicy",
            "/DeleteResourcePolicy",
            MANAGE,
            |call| Box::pin(delete(call)),
        )
        .about("Deletes a policy.")
        .takes(Shape::Object(&[
            must("PolicyName", Shape::Text, NAME_ABOUT),
            REVISION,
        ]))
        .answers(&[(200, Content::Json(Shape::Object(&[])))]),
    ],
};

const NAME_ABOUT: &str = "1 to 128 letters, digits and any of `_+=,.@-`.";
const REVISION: Member = may("PolicyRevisionId", Shape::Text, "Only this revision.");
const POLICY: Named = Named {
    name: "XRayResourcePolicy",
    about: "A text that is kept and not enforced.",
    members: &[
        must("PolicyName", Shape::Text, NAME_ABOUT),
        must("PolicyDocument", Shape::Text, "The text, as it was sent."),
        must(
            "PolicyRevisionId",
            Shape::Text,
            "Another after each change.",
        ),
        must("LastUpdatedTime", Shape::Number, "In seconds since 1970."),
    ],
};

const WARNING: &str = "resource policies are kept and not enforced";
const NAME_CHARS: RangeInclusive<usize> = 1..=128;
const DOCUMENT_BYTES_MAX: usize = 5_120;
/// The revision of a policy that must not exist yet.
const NEW: &str = "0";
/// Policies on one page: a token that holds a name of any length is short enough only if there is one page.
const PAGE: usize = 1_000;

async fn put(call: Call) -> Outcome {
    let input = call.input()?;
    let name = name(&input)?;
    let document = input.text("PolicyDocument", 0..=usize::MAX)?;
    let document = input.must("PolicyDocument", document)?;
    let revision = input.any_text("PolicyRevisionId")?;
    input.flag("BypassPolicyLockoutCheck")?;
    if document.len() > DOCUMENT_BYTES_MAX {
        let message = format!("PolicyDocument must have at most {DOCUMENT_BYTES_MAX} bytes");
        return Err(Refusal::new(Code::PolicySizeLimitExceeded, message));
    }
    if let Err(error) = serde_json::from_str::<Map<String, Json>>(document) {
        let message = format!("PolicyDocument is not a JSON object: {error}");
        return Err(Refusal::new(Code::MalformedPolicyDocument, message));
    }
    let policy = ResourcePolicy {
        name: name.to_owned(),
        document: document.to_owned(),
    };
    let found = find(&call, name).await?;
    check_revision(found.as_ref(), revision)?;
    let metastore = call.state.metastore.as_ref();
    let (tenant, now_ns) = (call.caller.tenant, call.state.clock.now_ns());
    let bytes_max = call.state.config.environment_artifacts_bytes_max;
    let written = match found {
        Some(found) => {
            let changed = Stored {
                value: policy,
                ..found
            };
            let written = metastore.update_artifact(tenant, changed, bytes_max, now_ns);
            written.await
        }
        None => {
            let limits = ArtifactLimits {
                count_max: call.state.config.resource_policies_max,
                bytes_max,
            };
            let place = Place::default();
            let written = metastore.create_artifact(tenant, &place, policy, limits, now_ns);
            written.await
        }
    };
    let written = written.map_err(|error| match error {
        MetastoreError::LimitReached { limit, .. } => Refusal::new(
            Code::PolicyCountLimitExceeded,
            format!("there may be at most {limit} resource policies (resource-policies-max)"),
        ),
        MetastoreError::Conflict(_) => changed_meanwhile(),
        other => other.into(),
    })?;
    Ok(reply(&json!({ "ResourcePolicy": json(&written) }))?.warn(WARNING))
}

async fn list(call: Call) -> Outcome {
    let pages = Pages::of(&call.input()?)?;
    let metastore = call.state.metastore.as_ref();
    let policies = metastore.artifacts::<ResourcePolicy>(call.caller.tenant);
    let mut policies = policies.await?;
    policies.sort_by(|a, b| a.value.name.cmp(&b.value.name));
    let (policies, token) = pages.cut(policies, |policy| policy.value.name.clone(), PAGE);
    let policies: Vec<Json> = policies.iter().map(json).collect();
    let mut answer = json!({ "ResourcePolicies": policies });
    if let Some(token) = token {
        answer["NextToken"] = token.into();
    }
    Ok(reply(&answer)?.warn(WARNING))
}

async fn delete(call: Call) -> Outcome {
    let input = call.input()?;
    let name = name(&input)?;
    let revision = input.any_text("PolicyRevisionId")?;
    let found = find(&call, name).await?;
    let found =
        found.ok_or_else(|| Refusal::invalid(format!("there is no resource policy {name}")))?;
    check_revision(Some(&found), revision)?;
    let metastore = call.state.metastore.as_ref();
    let kind = ArtifactKind::ResourcePolicy;
    metastore
        .delete_artifact(call.caller.tenant, kind, &found.id)
        .await?;
    Ok(reply(&json!({}))?.warn(WARNING))
}

async fn find(call: &Call, name: &str) -> Result<Option<Stored<ResourcePolicy>>, Refusal> {
    let metastore = call.state.metastore.as_ref();
    let found = metastore.artifact_of_key::<ResourcePolicy>(call.caller.tenant, name);
    Ok(found.await?)
}

fn name(input: &Input) -> Result<&str, Refusal> {
    let name = input.must("PolicyName", input.text("PolicyName", NAME_CHARS)?)?;
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if !name.chars().all(is_allowed) {
        return Err(input.refuse("PolicyName", "must have letters, digits and _+=,.@- only"));
    }
    Ok(name)
}

fn check_revision(
    found: Option<&Stored<ResourcePolicy>>,
    wanted: Option<&str>,
) -> Result<(), Refusal> {
    let is_right = match (found, wanted) {
        (_, None) | (None, Some(NEW)) => true,
        (Some(found), Some(wanted)) => revision(found) == wanted,
        (None, Some(_)) => false,
    };
    if is_right {
        Ok(())
    } else {
        Err(changed_meanwhile())
    }
}

fn changed_meanwhile() -> Refusal {
    Refusal::new(
        Code::InvalidPolicyRevisionId,
        "the policy has another revision than PolicyRevisionId says",
    )
}

/// Of two policies of one name, one after the other, no two revisions are the same.
fn revision(policy: &Stored<ResourcePolicy>) -> String {
    format!("{}-{}", policy.id.0, policy.version)
}

fn json(policy: &Stored<ResourcePolicy>) -> Json {
    json!({
        "PolicyName": policy.value.name,
        "PolicyDocument": policy.value.document,
        "PolicyRevisionId": revision(policy),
        "LastUpdatedTime": seconds(policy.updated_at_ns),
    })
}
