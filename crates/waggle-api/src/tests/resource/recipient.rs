use super::{Walk, check_rules, installation, long};
use serde_json::{Value as Json, json};
use waggle_access::Permission;
use waggle_metastore::Recipient;

const PATH: &str = "/1/recipients";

fn webhook(name: &str) -> Json {
    json!({
        "webhook_name": name, "webhook_url": "https://example.com/hook", "webhook_secret": "s3cret",
        "webhook_headers": [{"header": "Authorization", "value": "Bearer abc"}],
        "webhook_payloads": {
            "template_variables": [{"name": "severity", "default_value": "low"}],
            "payload_templates": {"trigger": {"body": "{ \"name\": {{ .Name }} }"}},
        },
    })
}

#[tokio::test]
async fn recipients_of_every_type_are_kept() {
    let installation = installation().await;
    let key = "0123456789abcdef0123456789abcdef";
    for (recipient_type, details, changed) in [
        (
            "email",
            json!({"email_address": "a@example.com"}),
            json!({"email_address": "b@example.com"}),
        ),
        (
            "slack",
            json!({"slack_channel": "#alerts"}),
            json!({"slack_channel": "#more"}),
        ),
        (
            "pagerduty",
            json!({"pagerduty_integration_name": "ops", "pagerduty_integration_key": key}),
            json!({"pagerduty_integration_name": "dev", "pagerduty_integration_key": key}),
        ),
        (
            "webhook",
            webhook("hook"),
            json!({"webhook_name": "hook", "webhook_url": "http://other/"}),
        ),
        (
            "msteams_workflow",
            json!({"webhook_name": "t", "webhook_url": "https://teams.example.com/x"}),
            json!({"webhook_name": "u", "webhook_url": "https://teams.example.com/x"}),
        ),
    ] {
        Walk {
            path: PATH,
            body: json!({"type": recipient_type, "details": details}),
            expected: json!({"type": recipient_type, "details": details}),
            change: json!({"type": recipient_type, "details": changed}),
            changed: json!({"type": recipient_type, "details": changed}),
            has_get: true,
            delete_status: 204,
            permission: Permission::ManageRecipients,
            is_team_wide: true,
        }
        .run(&installation)
        .await;
    }
}

#[tokio::test]
async fn what_opens_doors_lies_nowhere_in_the_clear() {
    let installation = installation().await;
    let body = json!({"type": "webhook", "details": webhook("night shift")});
    installation.make(PATH, &body).await;
    let stored = installation
        .metastore
        .artifacts::<Recipient>(installation.production)
        .await
        .unwrap();
    let bytes = String::from_utf8_lossy(&stored[0].value.sealed_details).into_owned();
    let text = format!("{bytes} {:?} {}", stored[0], stored[0].value.target_hash);
    for secret in ["s3cret", "Bearer", "example.com", "night"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_target_is_there_once() {
    let installation = installation().await;
    let email = |address: &str| json!({"type": "email", "details": {"email_address": address}});
    installation.make(PATH, &email("a@example.com")).await;
    let second = installation.make_id(PATH, &email("b@example.com")).await;
    let again = installation
        .send("POST", PATH, &email("a@example.com"))
        .await;
    again.check_error(409, "A resource by that name already exists.");
    let moved = installation
        .send("PUT", &format!("{PATH}/{second}"), &email("a@example.com"))
        .await;
    assert_eq!(moved.status, 409);
    let slack = json!({"type": "slack", "details": {"slack_channel": "a@example.com"}});
    installation.make(PATH, &slack).await;
}

#[tokio::test]
async fn wrong_recipients_are_named_field_by_field() {
    let installation = installation().await;
    let typed =
        |recipient_type: &str, details: Json| json!({"type": recipient_type, "details": details});
    let hook = |patch: Json| {
        let mut details = webhook("hook");
        for (member, value) in patch.as_object().unwrap() {
            details[member] = value.clone();
        }
        typed("webhook", details)
    };
    let header = |header: Json| hook(json!({"webhook_headers": [header]}));
    let variable = |name: &str, value: &str| {
        hook(
            json!({"webhook_payloads": {"template_variables": [{"name": name, "default_value": value}]}}),
        )
    };
    let blank = "cannot be blank";
    let variable_path = "details.webhook_payloads.template_variables";
    let variable_text = "must start with a lower-case letter and go on with letters and digits";
    check_rules(
        &installation,
        "POST",
        PATH,
        &typed("email", json!({"email_address": "a@example.com"})),
        &[
            (json!({"type": null}), "type", "missing", blank),
            (json!({"type": "pigeon"}), "type", "invalid",
             "must be one of email, slack, pagerduty, webhook, msteams_workflow, msteams"),
            (typed("msteams", json!({"webhook_name": "t", "webhook_url": "https://x"})), "type", "invalid",
             "msteams is switched off by its maker; use msteams_workflow"),
            (json!({"details": null}), "details", "missing", blank),
            (typed("email", json!({})), "details.email_address", "missing", blank),
            (typed("email", json!({"email_address": "nobody"})), "details.email_address", "invalid", "must be an e-mail address"),
            (typed("slack", json!({})), "details.slack_channel", "missing", blank),
            (typed("pagerduty", json!({})), "details.pagerduty_integration_name", "missing", blank),
            (typed("pagerduty", json!({"pagerduty_integration_key": "short"})), "details.pagerduty_integration_key", "invalid",
             "must have 32 characters"),
            (typed("msteams_workflow", json!({"webhook_name": "x"})), "details.webhook_url", "missing", blank),
            (hook(json!({"webhook_name": ""})), "details.webhook_name", "missing", blank),
            (hook(json!({"webhook_name": long(256)})), "details.webhook_name", "invalid", "must have at most 255 characters"),
            (hook(json!({"webhook_url": "ftp://x"})), "details.webhook_url", "invalid", "must be a URL of http or https"),
            (hook(json!({"webhook_url": format!("https://{}", long(2_048))})), "details.webhook_url", "invalid",
             "must have at most 2048 characters"),
            (hook(json!({"webhook_secret": long(256)})), "details.webhook_secret", "invalid", "must have at most 255 characters"),
            (hook(json!({"webhook_headers": vec![json!({"header": "a"}); 6]})), "details.webhook_headers", "invalid",
             "must have at most 5 entries"),
            (header(json!({"header": long(65)})), "details.webhook_headers[0].header", "invalid", "must have at most 64 characters"),
            (header(json!({"header": "a b"})), "details.webhook_headers[0].header", "invalid", "is not the name of a header"),
            (header(json!({"header": "a", "value": long(751)})), "details.webhook_headers[0].value", "invalid",
             "must have at most 750 characters"),
            (header(json!({"header": "User-agent"})), "details.webhook_headers[0].header", "invalid", "is set by the delivery itself"),
            (header(json!({"header": "Content-Type"})), "details.webhook_headers[0].header", "invalid", "is set by the delivery itself"),
            (header(json!({"header": "X-Honeycomb-Webhook-Token"})), "details.webhook_headers[0].header", "invalid",
             "is set by the delivery itself"),
            (hook(json!({"webhook_payloads": {"template_variables": vec![json!({"name": "a"}); 11]}})), variable_path, "invalid",
             "must have at most 10 entries"),
            (variable("Upper", "x"), "details.webhook_payloads.template_variables[0].name", "invalid", variable_text),
            (variable(&long(65), "x"), "details.webhook_payloads.template_variables[0].name", "invalid", "must have at most 64 characters"),
            (variable("a", &long(257)), "details.webhook_payloads.template_variables[0].default_value", "invalid",
             "must have at most 256 characters"),
            (hook(json!({"webhook_payloads": {"template_variables": [{"name": "a"}, {"name": "a"}]}})),
             "details.webhook_payloads.template_variables[1].name", "invalid", "is there twice"),
            (hook(json!({"webhook_payloads": {"payload_templates": {"trigger": {}}}})),
             "details.webhook_payloads.payload_templates.trigger.body", "missing", blank),
            (hook(json!({"webhook_payloads": {"payload_templates": {"budget_rate": {"body": long(20_001)}}}})),
             "details.webhook_payloads.payload_templates.budget_rate.body", "invalid", "must have at most 20000 characters"),
        ],
    )
    .await;
    let id = installation
        .make_id(PATH, &typed("slack", json!({"slack_channel": "#a"})))
        .await;
    let path = format!("{PATH}/{id}");
    check_rules(
        &installation,
        "PUT",
        &path,
        &typed("slack", json!({"slack_channel": "#a"})),
        &[(
            typed("email", json!({"email_address": "a@b"})),
            "type",
            "invalid",
            "can't be changed; make another recipient",
        )],
    )
    .await;
}

#[tokio::test]
async fn a_recipient_in_use_stays_and_lists_its_triggers() {
    let installation = installation().await;
    let body = json!({"type": "slack", "details": {"slack_channel": "#a"}});
    let id = installation.make_id(PATH, &body).await;
    let one = format!("{PATH}/{id}");
    let triggers = format!("{one}/triggers");
    installation.get(&triggers).await.check(200, &json!([]));
    let body = json!({
        "name": "t", "query": {"calculations": [{"op": "COUNT"}]}, "threshold": {"op": ">", "value": 1},
        "recipients": [{"id": id}],
    });
    let trigger = installation.make("/1/triggers/shop", &body).await;
    installation
        .get(&triggers)
        .await
        .check(200, &json!([trigger]));
    installation.delete(&one).await.check_error(
        409,
        "a trigger or burn alert uses this recipient; take it out there first",
    );
    let path = format!("/1/triggers/shop/{}", trigger["id"].as_str().unwrap());
    assert_eq!(installation.delete(&path).await.status, 204);
    assert_eq!(installation.delete(&one).await.status, 204);
    assert_eq!(installation.get(&triggers).await.status, 404);
}
