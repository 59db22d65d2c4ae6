//! What each type of recipient says of where it is. Source: spec/honeycomb-api.md section 15.1.

use crate::form::Form;
use crate::shape::{Shape, may, must};
use serde_json::{Map, Value as Json, json};
use std::collections::HashSet;
use waggle_metastore::RecipientType;

const NAME_CHARS_MAX: usize = 255;
const URL_CHARS_MAX: usize = 2_048;
const EMAIL_CHARS_MAX: usize = 254;
const SECRET_CHARS_MAX: usize = 255;
const PAGERDUTY_KEY_CHARS: usize = 32;
const HEADERS_MAX: usize = 5;
const HEADER_CHARS_MAX: usize = 64;
const HEADER_VALUE_CHARS_MAX: usize = 750;
/// Headers that the delivery itself sets.
const RESERVED_HEADERS: [&str; 3] = ["content-type", "user-agent", "x-honeycomb-webhook-token"];
const VARIABLES_MAX: usize = 10;
const VARIABLE_NAME_CHARS_MAX: usize = 64;
/// Most characters of the value of a template's variable.
pub(super) const VARIABLE_VALUE_CHARS_MAX: usize = 256;
const TEMPLATE_CHARS_MAX: usize = 20_000;
const TEMPLATES: [&str; 3] = ["trigger", "budget_rate", "exhaustion_time"];

const TEMPLATE: Shape = Shape::Object(&[must(
    "body",
    Shape::Text,
    "The template, at most 20,000 characters.",
)]);
/// The member `details`.
pub(super) const DETAILS: Shape = Shape::Object(&[
    may("email_address", Shape::Text, "Of email."),
    may("slack_channel", Shape::Text, "Of slack."),
    may("pagerduty_integration_name", Shape::Text, "Of pagerduty."),
    may(
        "pagerduty_integration_key",
        Shape::Text,
        "Of pagerduty: 32 characters.",
    ),
    may(
        "webhook_name",
        Shape::Text,
        "Of webhook and msteams_workflow.",
    ),
    may(
        "webhook_url",
        Shape::Text,
        "Of webhook and msteams_workflow.",
    ),
    may(
        "webhook_secret",
        Shape::Text,
        "Of webhook: is sent in a header.",
    ),
    may(
        "webhook_headers",
        Shape::List(&Shape::Object(&[
            must("header", Shape::Text, "The name, at most 64 characters."),
            may("value", Shape::Text, "The value, at most 750 characters."),
        ])),
        "Of webhook: at most 5 more headers.",
    ),
    may(
        "webhook_payloads",
        Shape::Object(&[
            may(
                "template_variables",
                Shape::List(&Shape::Object(&[
                    must("name", Shape::Text, "A letter, then letters and digits."),
                    may("default_value", Shape::Text, "At most 256 characters."),
                ])),
                "At most 10 variables, to which triggers give values.",
            ),
            may(
                "payload_templates",
                Shape::Object(&[
                    may("trigger", TEMPLATE, "For triggers."),
                    may("budget_rate", TEMPLATE, "For burn alerts of that type."),
                    may("exhaustion_time", TEMPLATE, "For burn alerts of that type."),
                ]),
                "Templates of the bodies.",
            ),
        ]),
        "Of webhook: bodies of its own.",
    ),
]);

/// What people call the recipient: its address, or its name where the address is secret.
pub(super) fn target(recipient_type: RecipientType, details: &Map<String, Json>) -> String {
    let member = match recipient_type {
        RecipientType::Email => "email_address",
        RecipientType::Slack => "slack_channel",
        RecipientType::PagerDuty => "pagerduty_integration_name",
        RecipientType::Webhook | RecipientType::MsTeamsWorkflow | RecipientType::MsTeams => {
            "webhook_name"
        }
    };
    let target = details.get(member).and_then(Json::as_str);
    target.unwrap_or_default().to_owned()
}

/// The details that name a target and nothing else, for the types that have no secret.
pub(super) fn of_target(recipient_type: RecipientType, target: &str) -> Option<Map<String, Json>> {
    let member = match recipient_type {
        RecipientType::Email if is_email(target) => "email_address",
        RecipientType::Slack => "slack_channel",
        _ => return None,
    };
    let mut details = Map::new();
    details.insert(member.to_owned(), target.into());
    Some(details)
}

/// Reads the details that the type has; others are ignored.
pub(super) fn read_details(form: &Form<'_>, recipient_type: RecipientType) -> Map<String, Json> {
    let mut details = Map::new();
    let mut put = |field: &str, value: Json| {
        details.insert(field.to_owned(), value);
    };
    match recipient_type {
        RecipientType::Email => {
            let address = form.text("email_address", EMAIL_CHARS_MAX);
            if !address.is_empty() && !is_email(&address) {
                form.invalid("email_address", "must be an e-mail address");
            }
            put("email_address", address.into());
        }
        RecipientType::Slack => put(
            "slack_channel",
            form.text("slack_channel", NAME_CHARS_MAX).into(),
        ),
        RecipientType::PagerDuty => {
            let name = form.text("pagerduty_integration_name", NAME_CHARS_MAX);
            let key = form.text("pagerduty_integration_key", usize::MAX);
            if !key.is_empty() && key.chars().count() != PAGERDUTY_KEY_CHARS {
                form.invalid(
                    "pagerduty_integration_key",
                    format!("must have {PAGERDUTY_KEY_CHARS} characters"),
                );
            }
            put("pagerduty_integration_name", name.into());
            put("pagerduty_integration_key", key.into());
        }
        RecipientType::MsTeamsWorkflow | RecipientType::MsTeams => {
            put(
                "webhook_name",
                form.text("webhook_name", NAME_CHARS_MAX).into(),
            );
            put("webhook_url", read_url(form).into());
        }
        RecipientType::Webhook => {
            put(
                "webhook_name",
                form.text("webhook_name", NAME_CHARS_MAX).into(),
            );
            put("webhook_url", read_url(form).into());
            if let Some(secret) = form.optional_text("webhook_secret", SECRET_CHARS_MAX) {
                put("webhook_secret", secret.into());
            }
            if form.get("webhook_headers").is_some() {
                put("webhook_headers", read_headers(form));
            }
            if let Some(payloads) = form.object("webhook_payloads") {
                put("webhook_payloads", read_payloads(&payloads));
            }
        }
    }
    details
}

fn is_email(text: &str) -> bool {
    let is_plain = !text.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    is_plain
        && text
            .rsplit_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
}

fn read_url(form: &Form<'_>) -> String {
    let url = form.text("webhook_url", URL_CHARS_MAX);
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    let is_url = rest.is_some_and(|rest| {
        !rest.is_empty() && !rest.contains(char::is_whitespace) && !rest.starts_with('/')
    });
    if !url.is_empty() && !is_url {
        form.invalid("webhook_url", "must be a URL of http or https");
    }
    url
}

fn read_headers(form: &Form<'_>) -> Json {
    let items = form.objects("webhook_headers", HEADERS_MAX);
    let mut headers = Vec::with_capacity(items.len());
    for item in &items {
        let header = item.text("header", HEADER_CHARS_MAX);
        let value = item.text_or_empty("value", HEADER_VALUE_CHARS_MAX);
        let name = axum::http::HeaderName::from_bytes(header.as_bytes());
        match name {
            _ if header.is_empty() => {}
            Err(_) => item.invalid("header", "is not the name of a header"),
            Ok(name) if RESERVED_HEADERS.contains(&name.as_str()) => {
                item.invalid("header", "is set by the delivery itself");
            }
            Ok(_) => {}
        }
        if axum::http::HeaderValue::from_str(&value).is_err() {
            item.invalid("value", "is not the value of a header");
        }
        headers.push(json!({ "header": header, "value": value }));
    }
    headers.into()
}

fn read_payloads(form: &Form<'_>) -> Json {
    let mut payloads = Map::new();
    if form.get("template_variables").is_some() {
        let items = form.objects("template_variables", VARIABLES_MAX);
        let mut names = HashSet::new();
        let mut variables = Vec::with_capacity(items.len());
        for item in &items {
            let name = item.text("name", VARIABLE_NAME_CHARS_MAX);
            if !name.is_empty() && !is_variable_name(&name) {
                item.invalid(
                    "name",
                    "must start with a lower-case letter and go on with letters and digits",
                );
            } else if !names.insert(name.clone()) {
                item.invalid("name", "is there twice");
            }
            let default_value = item.text_or_empty("default_value", VARIABLE_VALUE_CHARS_MAX);
            variables.push(json!({ "name": name, "default_value": default_value }));
        }
        payloads.insert("template_variables".to_owned(), variables.into());
    }
    if let Some(templates) = form.object("payload_templates") {
        let mut read = Map::new();
        for kind in TEMPLATES {
            if let Some(template) = templates.object(kind) {
                let body = template.text("body", TEMPLATE_CHARS_MAX);
                read.insert(kind.to_owned(), json!({ "body": body }));
            }
        }
        payloads.insert("payload_templates".to_owned(), Json::Object(read));
    }
    Json::Object(payloads)
}

fn is_variable_name(name: &str) -> bool {
    let mut letters = name.bytes();
    letters
        .next()
        .is_some_and(|letter| letter.is_ascii_lowercase())
        && letters.all(|letter| letter.is_ascii_alphanumeric())
}
