//! The member `recipients` of triggers and burn alerts: who is told. Source: spec/honeycomb-api.md section 15.1.

use super::marker::MESSAGE_CHARS_MAX;
use super::recipient::{create_recipient, details_of, unknown};
use super::recipient_details::{VARIABLE_VALUE_CHARS_MAX, of_target, target};
use crate::ask::Ask;
use crate::form::Form;
use crate::problem::Problem;
use crate::shape::{Member, Shape, may, must};
use serde_json::{Map, Value as Json, json};
use waggle_metastore::{
    ArtifactId, Named, Notified, PagerDutySeverity, Recipient, RecipientType, Stored, Variable,
};

const RECIPIENTS_MAX: usize = 100;
const VARIABLES_MAX: usize = 10;
const VARIABLE_NAME_CHARS_MAX: usize = 64;
const MARKER: &str = "marker";

const TYPE: Shape = Shape::Choice(&[
    "email",
    "slack",
    "pagerduty",
    "webhook",
    "msteams_workflow",
    "msteams",
    "marker",
]);
const NOTIFIED_DETAILS: Member = may(
    "details",
    Shape::Object(&[
        may(
            "pagerduty_severity",
            Shape::Choice(&["critical", "error", "warning", "info"]),
            "How urgent it is for PagerDuty; critical unless given.",
        ),
        may(
            "variables",
            Shape::List(&Shape::Object(&[
                must(
                    "name",
                    Shape::Text,
                    "A variable of the webhook's templates.",
                ),
                must("value", Shape::Text, "Its value, at most 256 characters."),
            ])),
            "Values for the templates of a webhook.",
        ),
    ]),
    "What this recipient is told differently.",
);
/// Who is told, as it is shown.
pub(super) const NOTIFIED: Shape = Shape::List(&Shape::Object(&[
    must("id", Shape::Text, "The recipient."),
    must("type", TYPE, "How it is reached."),
    must("target", Shape::Text, "Its address or name."),
    NOTIFIED_DETAILS,
]));
/// Who is to be told.
pub(super) const NEW_NOTIFIED: Shape = Shape::List(&Shape::Object(&[
    may("id", Shape::Text, "The recipient."),
    may("type", TYPE, "In place of an id: how it is reached."),
    may(
        "target",
        Shape::Text,
        "In place of an id: its address or name; of a marker its message, at most 10,000 characters.",
    ),
    NOTIFIED_DETAILS,
]));

/// An entry as it was sent.
pub(super) struct Told {
    path: String,
    by: By,
    severity: PagerDutySeverity,
    variables: Vec<Variable>,
}

enum By {
    Id(String),
    Target(RecipientType, String),
    Marker(String),
}

/// Reads the member `recipients`. Only triggers can make markers.
pub(super) fn read_recipients(form: &Form<'_>, may_be_marker: bool) -> Vec<Told> {
    let items = form.objects("recipients", RECIPIENTS_MAX);
    items
        .iter()
        .map(|item| read_recipient(item, may_be_marker))
        .collect()
}

fn read_recipient(item: &Form<'_>, may_be_marker: bool) -> Told {
    let id = item.text_or_empty("id", usize::MAX);
    let is_marker = item.get("type").is_some_and(|sent| sent == MARKER);
    let by = if is_marker {
        if !may_be_marker {
            item.invalid("type", "only triggers make markers");
        }
        By::Marker(item.text("target", MESSAGE_CHARS_MAX))
    } else if !id.is_empty() {
        By::Id(id)
    } else if item.get("type").is_none() {
        item.missing("id");
        By::Id(id)
    } else {
        By::Target(item.choice("type"), item.text("target", usize::MAX))
    };
    let details = item.object("details");
    let variables = details
        .as_ref()
        .map(|details| details.objects("variables", VARIABLES_MAX));
    let variables = variables.into_iter().flatten().map(|variable| Variable {
        name: variable.text("name", VARIABLE_NAME_CHARS_MAX),
        value: variable.text_or_empty("value", VARIABLE_VALUE_CHARS_MAX),
    });
    Told {
        path: item.at(""),
        by,
        variables: variables.collect(),
        severity: details
            .as_ref()
            .map(|details| details.choice("pagerduty_severity"))
            .unwrap_or_default(),
    }
}

/// Finds the recipients, and makes those that are named by an address and do not exist, if the caller may.
pub(super) async fn resolve(ask: &Ask, named: Vec<Told>) -> Result<Vec<Notified>, Problem> {
    let mut notified = Vec::with_capacity(named.len());
    for entry in named {
        let id = match entry.by {
            By::Marker(message) => {
                notified.push(Notified::Marker { message });
                continue;
            }
            By::Id(id) => match ask.artifact_by_id::<Recipient>(&id).await? {
                Some(recipient) => recipient.id,
                None => return Err(unknown(format!("{}.id", entry.path))),
            },
            By::Target(recipient_type, wanted) => match find(ask, recipient_type, &wanted).await? {
                Some(recipient) => recipient.id,
                None => match of_target(recipient_type, &wanted) {
                    Some(details) => {
                        ask.caller
                            .require(waggle_access::Permission::ManageRecipients)?;
                        create_recipient(ask, recipient_type, &details).await?.id
                    }
                    None => return Err(unknown(format!("{}.target", entry.path))),
                },
            },
        };
        notified.push(Notified::Recipient {
            id,
            pagerduty_severity: entry.severity,
            variables: entry.variables,
        });
    }
    Ok(notified)
}

async fn find(
    ask: &Ask,
    recipient_type: RecipientType,
    target: &str,
) -> Result<Option<Stored<Recipient>>, Problem> {
    let hash = ask.state.access.fingerprint(target);
    let key = Recipient::key_of(recipient_type, &hash);
    ask.artifact_of_key(&key).await
}

/// The member `recipients` of an answer.
pub(super) async fn recipients_json(ask: &Ask, notified: &[Notified]) -> Result<Json, Problem> {
    let mut answer = Vec::with_capacity(notified.len());
    for entry in notified {
        match entry {
            Notified::Marker { message } => answer.push(json!({
                "id": ask.state.access.fingerprint(message).get(..11),
                "type": MARKER,
                "target": message,
            })),
            Notified::Recipient {
                id,
                pagerduty_severity,
                variables,
            } => {
                let json = recipient_json(ask, id, *pagerduty_severity, variables).await?;
                answer.extend(json);
            }
        }
    }
    Ok(answer.into())
}

async fn recipient_json(
    ask: &Ask,
    id: &ArtifactId,
    severity: PagerDutySeverity,
    variables: &[Variable],
) -> Result<Option<Json>, Problem> {
    let Some(recipient) = ask.artifact_by_id::<Recipient>(&id.0).await? else {
        return Ok(None);
    };
    let recipient_type = recipient.value.recipient_type;
    let mut json = json!({
        "id": id.0,
        "type": recipient_type.name(),
        "target": target(recipient_type, &details_of(ask, &recipient)?),
    });
    let mut details = Map::new();
    if recipient_type == RecipientType::PagerDuty {
        details.insert("pagerduty_severity".to_owned(), severity.name().into());
    }
    if !variables.is_empty() {
        let variables = variables.iter();
        let variables = variables.map(|one| json!({ "name": one.name, "value": one.value }));
        details.insert("variables".to_owned(), variables.collect());
    }
    if !details.is_empty() {
        json["details"] = Json::Object(details);
    }
    Ok(Some(json))
}
