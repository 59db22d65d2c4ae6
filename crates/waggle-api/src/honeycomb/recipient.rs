//! `/1/recipients`: where alerts of the team go. Source: spec/honeycomb-api.md section 15.1.
//!
//! The details hold addresses and keys that open doors, so they are sealed before they are stored and never logged. Whoever may manage
//! recipients reads them in the clear, as with the public service.

use super::artifact::{no_content, with_times};
use super::recipient_details::{self, DETAILS};
use super::trigger::{TRIGGER, trigger_json};
use crate::ask::{Answer, Ask, json_answer};
use crate::form::{Form, read};
use crate::problem::{DetailCode, Problem};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Named as NamedShape, Shape, must};
use axum::http::StatusCode;
use serde_json::{Map, Value as Json, json};
use waggle_access::Permission;
use waggle_metastore::{
    ArtifactKind, Named, Place, Recipient, RecipientType, Stored, Trigger, Use,
};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Recipients",
    about: "Where alerts go, for the whole team.",
    routes: &[
        Route::v1("GET", "/1/recipients", NEED, |ask| Box::pin(list(ask)))
            .about("Lists the recipients of the team.")
            .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&RECIPIENT))))]),
        Route::v1("POST", "/1/recipients", NEED, |ask| Box::pin(create(ask)))
            .about("Makes a recipient.")
            .takes(Shape::Named(&NEW_RECIPIENT))
            .makes(
                "recipient",
                "/id",
                r#"{"type": "email", "details": {"email_address": "<env>@example.com"}}"#,
            )
            .answers(&[(201, Content::Json(Shape::Named(&RECIPIENT)))]),
        Route::v1("GET", "/1/recipients/{id}", NEED, |ask| Box::pin(get(ask)))
            .about("Returns a recipient.")
            .id("recipient")
            .answers(&[(200, Content::Json(Shape::Named(&RECIPIENT)))]),
        Route::v1("PUT", "/1/recipients/{id}", NEED, |ask| {
            Box::pin(update(ask))
        })
        .about("Replaces the details of a recipient; its type stays.")
        .id("recipient")
        .takes(Shape::Named(&NEW_RECIPIENT))
        .answers(&[(200, Content::Json(Shape::Named(&RECIPIENT)))]),
        Route::v1("DELETE", "/1/recipients/{id}", NEED, |ask| {
            Box::pin(delete(ask))
        })
        .about("Deletes a recipient that no trigger and no burn alert uses.")
        .id("recipient")
        .answers(&[(204, Content::Nothing)]),
        Route::v1("GET", "/1/recipients/{id}/triggers", NEED, |ask| {
            Box::pin(triggers(ask))
        })
        .about("Lists the triggers of the key's environment that use a recipient.")
        .id("recipient")
        .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&TRIGGER))))]),
    ],
};

const NEED: Need = Need::OneOf(&[Permission::ManageRecipients]);
const TYPE: Shape = Shape::Choice(&[
    "email",
    "slack",
    "pagerduty",
    "webhook",
    "msteams_workflow",
    "msteams",
]);
pub(crate) const RECIPIENT: NamedShape = NamedShape {
    name: "Recipient",
    about: "A place that takes alerts.",
    members: &[
        must("id", Shape::Text, "Its id."),
        must("type", TYPE, "How it is reached."),
        must("details", DETAILS, "Where it is, by its type."),
        must("created_at", Shape::Time, "When it was made."),
        must("updated_at", Shape::Time, "When it was last changed."),
    ],
};
pub(crate) const NEW_RECIPIENT: NamedShape = NamedShape {
    name: "NewRecipient",
    about: "A place that takes alerts, to be made.",
    members: &[
        must(
            "type",
            TYPE,
            "How it is reached; msteams only for old ones.",
        ),
        must("details", DETAILS, "Where it is, by its type."),
    ],
};

/// For which purpose details are sealed.
const SEAL: &str = "recipient";

/// `GET /1/recipients`.
pub(crate) async fn list(ask: Ask) -> Answer {
    let recipients = ask.artifacts_of_environment::<Recipient>().await?;
    let recipients: Result<Vec<Json>, Problem> = recipients
        .iter()
        .map(|recipient| recipient_json(&ask, recipient))
        .collect();
    json_answer(StatusCode::OK, &recipients?)
}

/// `POST /1/recipients`: 409 for a second one of the same type and target.
pub(crate) async fn create(ask: Ask) -> Answer {
    let object = ask.object()?;
    let (recipient_type, details) = read(&object, |form| read_recipient(form, None))?;
    let recipient = create_recipient(&ask, recipient_type, &details).await?;
    json_answer(StatusCode::CREATED, &recipient_json(&ask, &recipient)?)
}

/// `GET /1/recipients/{id}`.
pub(crate) async fn get(ask: Ask) -> Answer {
    let recipient = ask.artifact::<Recipient>().await?;
    json_answer(StatusCode::OK, &recipient_json(&ask, &recipient)?)
}

/// `PUT /1/recipients/{id}`.
pub(crate) async fn update(ask: Ask) -> Answer {
    let mut recipient = ask.artifact::<Recipient>().await?;
    let object = ask.object()?;
    let before = recipient.value.recipient_type;
    let (recipient_type, details) = read(&object, |form| read_recipient(form, Some(before)))?;
    recipient.value = sealed(&ask, recipient_type, &details)?;
    let recipient = ask.update_artifact(recipient).await?;
    json_answer(StatusCode::OK, &recipient_json(&ask, &recipient)?)
}

/// `DELETE /1/recipients/{id}`: 409 while something uses it.
pub(crate) async fn delete(ask: Ask) -> Answer {
    let recipient = ask.artifact::<Recipient>().await?;
    let in_use = "a trigger or burn alert uses this recipient; take it out there first";
    ask.delete_unused(&recipient, in_use).await?;
    no_content()
}

/// `GET /1/recipients/{id}/triggers`.
pub(crate) async fn triggers(ask: Ask) -> Answer {
    let recipient = ask.artifact::<Recipient>().await?;
    let used = Use::Artifact(ArtifactKind::Recipient, recipient.id);
    let triggers = ask
        .state
        .metastore
        .artifact_users::<Trigger>(ask.tenant(), &used)
        .await?;
    let slugs = ask.slugs().await?;
    let mut answer = Vec::with_capacity(triggers.len());
    for trigger in &triggers {
        answer.push(trigger_json(&ask, trigger, &slugs).await?);
    }
    json_answer(StatusCode::OK, &answer)
}

/// Makes a recipient of checked details.
pub(super) async fn create_recipient(
    ask: &Ask,
    recipient_type: RecipientType,
    details: &Map<String, Json>,
) -> Result<Stored<Recipient>, Problem> {
    let recipient = sealed(ask, recipient_type, details)?;
    ask.create_artifact(&Place::default(), recipient).await
}

/// The details of a recipient in the clear.
pub(super) fn details_of(
    ask: &Ask,
    recipient: &Stored<Recipient>,
) -> Result<Map<String, Json>, Problem> {
    let opened = ask
        .state
        .access
        .open(SEAL, &recipient.value.sealed_details)?;
    serde_json::from_str(&opened).map_err(|error| Problem::internal(&error))
}

fn sealed(
    ask: &Ask,
    recipient_type: RecipientType,
    details: &Map<String, Json>,
) -> Result<Recipient, Problem> {
    let text = Json::Object(details.clone()).to_string();
    let target = recipient_details::target(recipient_type, details);
    Ok(Recipient {
        recipient_type,
        target_hash: ask.state.access.fingerprint(&target),
        sealed_details: ask.state.access.seal(SEAL, &text)?,
    })
}

fn read_recipient(
    form: &Form<'_>,
    before: Option<RecipientType>,
) -> (RecipientType, Map<String, Json>) {
    let recipient_type = match form.optional_choice::<RecipientType>("type") {
        Some(found) => found,
        None => {
            if form.get("type").is_none_or(|sent| sent == "") {
                form.missing("type");
            }
            return (RecipientType::Email, Map::new());
        }
    };
    match before {
        Some(before) if before != recipient_type => {
            form.invalid("type", "can't be changed; make another recipient");
        }
        None if recipient_type == RecipientType::MsTeams => form.invalid(
            "type",
            "msteams is switched off by its maker; use msteams_workflow",
        ),
        _ => {}
    }
    let details = match form.required_object("details") {
        Some(details) => recipient_details::read_details(&details, recipient_type),
        None => Map::new(),
    };
    (recipient_type, details)
}

fn recipient_json(ask: &Ask, recipient: &Stored<Recipient>) -> Result<Json, Problem> {
    let json = json!({
        "id": recipient.id.0,
        "type": recipient.value.recipient_type.name(),
        "details": details_of(ask, recipient)?,
    });
    Ok(with_times(json, recipient))
}

/// A finding about a recipient that is named and can't be found.
pub(super) fn unknown(path: String) -> Problem {
    Problem::invalid_field(path, DetailCode::Invalid, "there is no such recipient")
}
