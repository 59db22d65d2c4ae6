//! What X-Ray lets people set and Waggle has no choice in: encryption, indexing, where spans go. Each answers what is true and refuses
//! to pretend. Source: spec/xray.md section 7.

use super::call::{Call, Outcome, reply};
use super::error::{Code, Refusal};
use super::page::{NEXT_TOKEN, Pages, TOKEN};
use super::{MANAGE, READ};
use crate::route::{Resource, Route};
use crate::shape::{Content, Member, Named, Shape, may, must};
use serde_json::{Value as Json, json};

pub(crate) const RESOURCE: Resource = Resource {
    name: "X-Ray settings",
    about: "Encryption, indexing and destination of what X-Ray clients send: what is so, and nothing else.",
    routes: &[
        Route::operation("GetEncryptionConfig", "/EncryptionConfig", READ, |call| {
            Box::pin(async move { get_encryption(&call) })
        })
        .about("Returns how X-Ray data is encrypted.")
        .takes(Shape::Object(&[]))
        .answers(&[(200, Content::Json(Shape::Object(ENCRYPTION)))]),
        Route::operation(
            "PutEncryptionConfig",
            "/PutEncryptionConfig",
            MANAGE,
            |call| Box::pin(async move { put_encryption(&call) }),
        )
        .about("Changes nothing: only the setting that is so already is taken.")
        .takes(Shape::Object(&[
            must(
                "Type",
                Shape::Choice(ENCRYPTION_TYPES),
                "`NONE`; `KMS` is refused.",
            ),
            may(
                "KeyId",
                Shape::Text,
                "1 to 3000 characters; a key of AWS, of which there is none here.",
            ),
        ]))
        .answers(&[(200, Content::Json(Shape::Object(ENCRYPTION)))]),
        Route::operation("GetIndexingRules", "/GetIndexingRules", READ, |call| {
            Box::pin(async move { get_indexing(&call) })
        })
        .about("Lists the one indexing rule, which is that everything is indexed.")
        .takes(Shape::Object(&[TOKEN]))
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[
                must(
                    "IndexingRules",
                    Shape::List(&Shape::Named(&INDEXING_RULE)),
                    "The rule.",
                ),
                NEXT_TOKEN,
            ])),
        )]),
        Route::operation(
            "UpdateIndexingRule",
            "/UpdateIndexingRule",
            MANAGE,
            |call| Box::pin(async move { update_indexing(&call) }),
        )
        .about("Changes nothing: only 100 percent is taken.")
        .takes(Shape::Object(&[
            must("Name", Shape::Text, "`Default`."),
            must(
                "Rule",
                Shape::Object(&[must(
                    "Probabilistic",
                    Shape::Object(&[must("DesiredSamplingPercentage", Shape::Number, "100.")]),
                    "How much is indexed.",
                )]),
                "What becomes of it.",
            ),
        ]))
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[must(
                "IndexingRule",
                Shape::Named(&INDEXING_RULE),
                "The rule.",
            )])),
        )]),
        Route::operation(
            "GetTraceSegmentDestination",
            "/GetTraceSegmentDestination",
            READ,
            |call| Box::pin(async move { get_destination(&call) }),
        )
        .about("Returns where spans go.")
        .takes(Shape::Object(&[]))
        .answers(&[(200, Content::Json(Shape::Object(DESTINATION)))]),
        Route::operation(
            "UpdateTraceSegmentDestination",
            "/UpdateTraceSegmentDestination",
            MANAGE,
            |call| Box::pin(async move { update_destination(&call) }),
        )
        .about("Changes nothing: only the destination that is so already is taken.")
        .takes(Shape::Object(&[
            may(
                "Destination",
                Shape::Choice(DESTINATIONS),
                "`XRay`; `CloudWatchLogs` is refused.",
            ),
            may("CloudWatchLogsConfiguration", Shape::Any, "Refused."),
        ]))
        .answers(&[(200, Content::Json(Shape::Object(DESTINATION)))]),
    ],
};

const ENCRYPTION_TYPES: &[&str] = &["NONE", "KMS"];
const ENCRYPTION: &[Member] = &[must(
    "EncryptionConfig",
    Shape::Object(&[
        must(
            "Status",
            Shape::Choice(&["UPDATING", "ACTIVE"]),
            "`ACTIVE`.",
        ),
        must("Type", Shape::Choice(ENCRYPTION_TYPES), "`NONE`."),
    ]),
    "How it is encrypted.",
)];
const INDEXING_RULE: Named = Named {
    name: "XRayIndexingRule",
    about: "How much of what is sent can be searched for.",
    members: &[
        must("Name", Shape::Text, "`Default`."),
        must("ModifiedAt", Shape::Number, "0: it never changes."),
        must(
            "Rule",
            Shape::Any,
            "100 percent desired, and 100 percent so.",
        ),
    ],
};
const DESTINATIONS: &[&str] = &["XRay", "CloudWatchLogs"];
const DESTINATION: &[Member] = &[
    must("Destination", Shape::Choice(DESTINATIONS), "`XRay`."),
    must("Status", Shape::Choice(&["PENDING", "ACTIVE"]), "`ACTIVE`."),
];
/// The one indexing rule.
const DEFAULT: &str = "Default";

fn get_encryption(call: &Call) -> Outcome {
    call.input()?;
    reply(&encryption())
}

fn put_encryption(call: &Call) -> Outcome {
    let input = call.input()?;
    let wanted = input.choice("Type", ENCRYPTION_TYPES)?;
    input.text("KeyId", 1..=3_000)?;
    if input.must("Type", wanted)? == "KMS" {
        return Err(input.refuse(
            "Type",
            "KMS is not offered: no key management service of AWS can be reached from here",
        ));
    }
    if input.has("KeyId") {
        return Err(input.refuse("KeyId", "must be absent with Type NONE"));
    }
    reply(&encryption())
}

fn encryption() -> Json {
    json!({ "EncryptionConfig": { "Status": "ACTIVE", "Type": "NONE" } })
}

fn get_indexing(call: &Call) -> Outcome {
    Pages::of(&call.input()?)?;
    reply(&json!({ "IndexingRules": [indexing_rule()] }))
}

fn update_indexing(call: &Call) -> Outcome {
    let input = call.input()?;
    let name = input.must("Name", input.any_text("Name")?)?;
    let rule = input.must("Rule", input.object("Rule")?)?;
    let probabilistic = rule.must("Probabilistic", rule.object("Probabilistic")?)?;
    let member = "DesiredSamplingPercentage";
    let wanted = probabilistic.number(member, 0.0..=100.0)?;
    let wanted = probabilistic.must(member, wanted)?;
    if name != DEFAULT {
        let message = format!("there is no indexing rule {name}");
        return Err(Refusal::about(Code::ResourceNotFound, name, message));
    }
    if wanted < 100.0 {
        return Err(probabilistic.refuse(
            member,
            "must be 100: everything that is sent is indexed here",
        ));
    }
    reply(&json!({ "IndexingRule": indexing_rule() }))
}

fn indexing_rule() -> Json {
    json!({
        "Name": DEFAULT,
        "ModifiedAt": 0,
        "Rule": {
            "Probabilistic": {
                "DesiredSamplingPercentage": 100.0,
                "ActualSamplingPercentage": 100.0,
            },
        },
    })
}

fn get_destination(call: &Call) -> Outcome {
    call.input()?;
    reply(&destination())
}

fn update_destination(call: &Call) -> Outcome {
    let input = call.input()?;
    let wanted = input.choice("Destination", DESTINATIONS)?;
    if wanted == Some("CloudWatchLogs") || input.has("CloudWatchLogsConfiguration") {
        return Err(input.refuse(
            "Destination",
            "must be XRay: there is no CloudWatch here; spans are kept as events and asked for by queries",
        ));
    }
    reply(&destination())
}

fn destination() -> Json {
    json!({ "Destination": "XRay", "Status": "ACTIVE" })
}
