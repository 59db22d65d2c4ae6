use super::{Walk, check_rules, installation, long};
use crate::tests::Installation;
use serde_json::{Value as Json, json};
use waggle_access::Permission;

fn body() -> Json {
    json!({
        "name": "Too slow", "query": {"calculations": [{"op": "P99", "column": "duration_ms"}]},
        "threshold": {"op": ">", "value": 100},
    })
}

fn with(patch: &Json) -> Json {
    let mut body = body();
    for (member, value) in patch.as_object().unwrap() {
        body[member] = value.clone();
    }
    body
}

#[tokio::test]
async fn triggers_are_kept() {
    let installation = installation().await;
    let full = json!({
        "name": "Too slow", "description": "look at the database",
        "query": {"calculations": [{"op": "P99", "column": "duration_ms"}], "breakdowns": ["name"], "time_range": 1_800},
        "threshold": {"op": ">=", "value": 99.5, "exceeded_limit": 3}, "frequency": 600, "alert_type": "on_true", "disabled": true,
        "tags": [{"key": "team", "value": "shop"}],
        "evaluation_schedule_type": "window",
        "evaluation_schedule": {"window": {"days_of_week": ["friday", "monday"], "start_time": "13:00", "end_time": "06:05"}},
        "baseline_details": {"offset_minutes": 1440, "type": "percentage"},
        "recipients": [{"type": "marker", "target": "too slow"}],
    });
    for (path, slug) in [
        ("/1/triggers/shop", "shop"),
        ("/1/triggers/__all__", "__all__"),
    ] {
        let mut expected = full.clone();
        expected["dataset_slug"] = json!(slug);
        expected["triggered"] = json!(false);
        expected["evaluation_schedule"]["window"]["days_of_week"] = json!(["monday", "friday"]);
        for member in ["query", "recipients"] {
            expected.as_object_mut().unwrap().remove(member);
        }
        Walk {
            path,
            body: full.clone(),
            expected,
            change: json!({"name": "Other", "threshold": {"op": "<", "value": 0}}),
            changed: json!({
                "name": "Other", "description": "", "threshold": {"op": "<", "value": 0.0, "exceeded_limit": 1}, "frequency": 900,
                "alert_type": "on_change", "disabled": true, "tags": [], "evaluation_schedule_type": "frequency", "recipients": [],
            }),
            has_get: true,
            delete_status: 204,
            permission: Permission::ManageTriggers,
            is_team_wide: false,
        }
        .run(&installation)
        .await;
    }
}

#[tokio::test]
async fn a_trigger_shows_its_query_both_ways() {
    let installation = installation().await;
    let answer = installation.send("POST", "/1/triggers/shop", &body()).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let made = answer.json();
    let id = made["id"].as_str().unwrap();
    let place = format!("http://waggle.test:8080/1/triggers/shop/{id}");
    assert_eq!(answer.header("location"), place);
    let query_id = made["query_id"].as_str().unwrap();
    assert_eq!(
        made["query"],
        json!({"calculations": [{"op": "P99", "column": "duration_ms"}], "time_range": 900, "id": query_id}),
        "the range is the frequency unless it is given"
    );
    installation
        .get(&format!("/1/queries/shop/{query_id}"))
        .await
        .check(200, &made["query"]);
    assert_eq!(made.get("baseline_details"), None);
    assert_eq!(made.get("evaluation_schedule"), None);

    let saved = json!({"name": "n", "query_id": query_id, "threshold": {"op": ">", "value": 1}});
    let second = installation.make("/1/triggers/shop", &saved).await;
    assert_eq!(second["query"], made["query"]);
    let elsewhere = installation.send("POST", "/1/triggers/other", &saved).await;
    assert_eq!(elsewhere.status, 422);
    assert_eq!(
        elsewhere.json()["type_detail"][0]["description"],
        "there is no such query in this dataset"
    );
    let kept = installation
        .send(
            "PUT",
            &format!("/1/triggers/shop/{id}"),
            &json!({"name": "x", "threshold": {"op": ">", "value": 1}, "baseline_details": {}}),
        )
        .await;
    assert_eq!(kept.json()["query_id"], json!(query_id));
}

#[tokio::test]
async fn recipients_are_found_or_made() {
    let installation = installation().await;
    let pagerduty = json!({"type": "pagerduty", "details": {
        "pagerduty_integration_name": "ops", "pagerduty_integration_key": "0123456789abcdef0123456789abcdef",
    }});
    let pagerduty = installation.make_id("/1/recipients", &pagerduty).await;
    let made = installation
        .make(
            "/1/triggers/shop",
            &with(&json!({"recipients": [
                {"id": pagerduty, "details": {"pagerduty_severity": "warning"}},
                {"type": "email", "target": "a@example.com"},
                {"type": "marker", "target": "fired"},
            ]})),
        )
        .await;
    let recipients = installation.get("/1/recipients").await.json();
    assert_eq!(recipients.as_array().unwrap().len(), 2);
    let email = recipients[1]["id"].clone();
    let shown = made["recipients"].as_array().unwrap();
    assert_eq!(
        shown[..2],
        [
            json!({"id": pagerduty, "type": "pagerduty", "target": "ops", "details": {"pagerduty_severity": "warning"}}),
            json!({"id": email, "type": "email", "target": "a@example.com"}),
        ]
    );
    assert_eq!(
        (&shown[2]["type"], &shown[2]["target"]),
        (&json!("marker"), &json!("fired"))
    );
    // What was shown can be sent back, and nothing is made twice.
    let path = format!("/1/triggers/shop/{}", made["id"].as_str().unwrap());
    let again = with(&json!({"recipients": shown}));
    let changed = installation.send("PUT", &path, &again).await;
    assert_eq!(changed.json()["recipients"], made["recipients"]);
    let by_target = with(&json!({"recipients": [{"type": "email", "target": "a@example.com"}]}));
    let changed = installation.send("PUT", &path, &by_target).await;
    assert_eq!(changed.json()["recipients"][0]["id"], email);
    check_rules(
        &installation,
        "POST",
        "/1/triggers/shop",
        &body(),
        &[
            (json!({"recipients": [{"id": "nobody"}]}), "recipients[0].id", "invalid", "there is no such recipient"),
            (json!({"recipients": [{"type": "webhook", "target": "x"}]}), "recipients[0].target", "invalid", "there is no such recipient"),
            (json!({"recipients": [{"type": "email", "target": "x"}]}), "recipients[0].target", "invalid", "there is no such recipient"),
            (json!({"recipients": [{}]}), "recipients[0].id", "missing", "cannot be blank"),
            (json!({"recipients": [{"type": "marker", "target": long(10_001)}]}), "recipients[0].target", "invalid",
             "must have at most 10000 characters"),
            (json!({"recipients": [{"id": "x", "details": {"pagerduty_severity": "bad"}}]}), "recipients[0].details.pagerduty_severity",
             "invalid", "must be one of critical, error, warning, info"),
            (json!({"recipients": [{"id": "x", "details": {"variables": [{"name": "a", "value": long(257)}]}}]}),
             "recipients[0].details.variables[0].value", "invalid", "must have at most 256 characters"),
        ],
    )
    .await;
}

#[tokio::test]
async fn wrong_triggers_are_named_field_by_field() {
    let installation = installation().await;
    let threshold = |threshold: Json| json!({"threshold": threshold});
    let window = |days: Json, start: &str| {
        json!({"evaluation_schedule_type": "window",
               "evaluation_schedule": {"window": {"days_of_week": days, "start_time": start, "end_time": "10:00"}}})
    };
    let percentage = |op: &str, value: i64| json!({"threshold": {"op": op, "value": value}, "baseline_details": {"offset_minutes": 60, "type": "percentage"}});
    let percentage_text =
        "a percentage baseline needs >= with a positive value or <= with a negative one";
    let schedule = "evaluation_schedule.window";
    check_rules(
        &installation,
        "POST",
        "/1/triggers/shop",
        &body(),
        &[
            (json!({"name": ""}), "name", "missing", "cannot be blank"),
            (
                json!({"name": long(121)}),
                "name",
                "invalid",
                "must have at most 120 characters",
            ),
            (
                json!({"description": long(1_024)}),
                "description",
                "invalid",
                "must have at most 1023 characters",
            ),
            (
                json!({"query": null}),
                "query",
                "missing",
                "cannot be blank",
            ),
            (
                json!({"query": 7}),
                "query",
                "incorrect_type",
                "must be a JSON object",
            ),
            (
                json!({"query_id": "x"}),
                "query",
                "invalid",
                "either query or query_id can be given, not both",
            ),
            (
                json!({"query": null, "query_id": "x"}),
                "query_id",
                "invalid",
                "there is no such query in this dataset",
            ),
            (
                json!({"threshold": null}),
                "threshold",
                "missing",
                "cannot be blank",
            ),
            (
                threshold(json!({"value": 1})),
                "threshold.op",
                "missing",
                "cannot be blank",
            ),
            (
                threshold(json!({"op": "=", "value": 1})),
                "threshold.op",
                "invalid",
                "must be one of >, >=, <, <=",
            ),
            (
                threshold(json!({"op": ">"})),
                "threshold.value",
                "missing",
                "cannot be blank",
            ),
            (
                threshold(json!({"op": ">", "value": "1"})),
                "threshold.value",
                "incorrect_type",
                "must be a number",
            ),
            (
                threshold(json!({"op": ">", "value": 1, "exceeded_limit": 6})),
                "threshold.exceeded_limit",
                "invalid",
                "must be between 1 and 5",
            ),
            (
                threshold(json!({"op": ">", "value": 1, "exceeded_limit": 0})),
                "threshold.exceeded_limit",
                "invalid",
                "must be between 1 and 5",
            ),
            (
                json!({"frequency": 30}),
                "frequency",
                "invalid",
                "must be between 60 and 86400",
            ),
            (
                json!({"frequency": 86_460}),
                "frequency",
                "invalid",
                "must be between 60 and 86400",
            ),
            (
                json!({"frequency": 90}),
                "frequency",
                "invalid",
                "must be a multiple of 60",
            ),
            (
                json!({"alert_type": "never"}),
                "alert_type",
                "invalid",
                "must be one of on_change, on_true",
            ),
            (
                json!({"disabled": "no"}),
                "disabled",
                "incorrect_type",
                "must be true or false",
            ),
            (
                json!({"evaluation_schedule_type": "moon"}),
                "evaluation_schedule_type",
                "invalid",
                "must be one of frequency, window",
            ),
            (
                json!({"evaluation_schedule_type": "window"}),
                "evaluation_schedule",
                "missing",
                "cannot be blank",
            ),
            (
                window(json!([]), "10:00"),
                &format!("{schedule}.days_of_week"),
                "missing",
                "cannot be blank",
            ),
            (
                window(json!(["Monday"]), "10:00"),
                &format!("{schedule}.days_of_week[0]"),
                "invalid",
                "must be the lower-case English name of a day",
            ),
            (
                window(json!(["monday", "monday"]), "10:00"),
                &format!("{schedule}.days_of_week[1]"),
                "invalid",
                "is there twice",
            ),
            (
                window(json!(["monday"]), "24:00"),
                &format!("{schedule}.start_time"),
                "invalid",
                "must have the form HH:mm",
            ),
            (
                window(json!(["monday"]), "9:00"),
                &format!("{schedule}.start_time"),
                "invalid",
                "must have the form HH:mm",
            ),
            (
                json!({"baseline_details": {"offset_minutes": 61, "type": "value"}}),
                "baseline_details.offset_minutes",
                "invalid",
                "must be one of 60, 1440, 10080, 40320",
            ),
            (
                json!({"baseline_details": {"type": "value"}}),
                "baseline_details.offset_minutes",
                "missing",
                "cannot be blank",
            ),
            (
                json!({"baseline_details": {"offset_minutes": 60}}),
                "baseline_details.type",
                "missing",
                "cannot be blank",
            ),
            (percentage(">", 1), "threshold", "invalid", percentage_text),
            (
                percentage(">=", -1),
                "threshold",
                "invalid",
                percentage_text,
            ),
            (percentage("<=", 1), "threshold", "invalid", percentage_text),
        ],
    )
    .await;
    for (op, value) in [(">=", 1), ("<=", -1)] {
        installation
            .make("/1/triggers/shop", &with(&percentage(op, value)))
            .await;
    }
}

#[tokio::test]
async fn queries_that_a_trigger_cannot_ask_are_refused() {
    let installation = installation().await;
    let p99 = json!({"op": "P99", "column": "duration_ms"});
    let count = json!({"op": "COUNT"});
    let having = json!({"calculate_op": "COUNT", "op": ">", "value": 10});
    let query = |query: Json| json!({"query": query});
    let one = "a trigger needs exactly one calculation besides the one of its having";
    let at_most = "must be at most 4 times the frequency and at most one day";
    let rules: Vec<(Json, &str, &str, &str)> = vec![
        (
            query(json!({"calculations": [p99, count]})),
            "query.calculations",
            "invalid",
            one,
        ),
        (
            query(json!({"calculations": [{"op": "HEATMAP", "column": "duration_ms"}]})),
            "query.calculations",
            "invalid",
            "a trigger can't use HEATMAP",
        ),
        (
            query(json!({"calculations": [p99, count], "havings": [having, having]})),
            "query.havings",
            "invalid",
            "a trigger can have at most one",
        ),
        (
            query(json!({"calculations": [count], "orders": [{"op": "COUNT"}]})),
            "query.orders",
            "invalid",
            "a trigger's query has no orders",
        ),
        (
            query(json!({"calculations": [count], "limit": 10})),
            "query.limit",
            "invalid",
            "a trigger's query has no limit",
        ),
        (
            query(json!({"calculations": [count], "time_range": 900, "start_time": 1_700_000_000})),
            "query.start_time",
            "invalid",
            "a trigger's query has no start_time",
        ),
        (
            query(json!({"calculations": [count], "time_range": 900, "end_time": 1_700_000_000})),
            "query.end_time",
            "invalid",
            "a trigger's query has no end_time",
        ),
        (
            query(json!({"calculations": [count], "time_range": 900, "granularity": 60})),
            "query.granularity",
            "invalid",
            "a trigger's query has no granularity",
        ),
        (
            query(json!({"calculations": [count], "time_range": 899})),
            "query.time_range",
            "invalid",
            "must be at least the frequency, 900 seconds",
        ),
        (
            query(json!({"calculations": [count], "time_range": 3_601})),
            "query.time_range",
            "invalid",
            at_most,
        ),
        (
            json!({"frequency": 86_400, "query": {"calculations": [count], "time_range": 86_401}}),
            "query.time_range",
            "invalid",
            at_most,
        ),
        (
            query(json!({"calculations": [{"op": "MEDIAN", "column": "a"}]})),
            "query.calculations[0].op",
            "invalid",
            "unknown calculation MEDIAN",
        ),
    ];
    check_rules(&installation, "POST", "/1/triggers/shop", &body(), &rules).await;

    let saved = |query: Json| {
        let installation: &Installation = &installation;
        async move {
            let id = installation.make_id("/1/queries/shop", &query).await;
            let body = json!({"name": "n", "query_id": id, "threshold": {"op": ">", "value": 1}});
            installation.send("POST", "/1/triggers/shop", &body).await
        }
    };
    let default_range = saved(json!({})).await;
    assert_eq!(
        default_range.json()["type_detail"][0]["description"],
        at_most
    );
    assert_eq!(saved(json!({"time_range": 3_600})).await.status, 201);
    for query in [
        json!({"calculations": [p99, count], "havings": [having]}),
        json!({"calculations": [count], "havings": [having]}),
        json!({}),
    ] {
        installation
            .make("/1/triggers/shop", &with(&json!({"query": query})))
            .await;
    }
}

#[tokio::test]
async fn people_are_told_that_nothing_is_evaluated() {
    let installation = installation().await;
    installation.make("/1/triggers/shop", &body()).await;
    let answer = installation
        .get("/api/environments/production/alerting")
        .await;
    let mut told = answer.json();
    let note = told["note"].take();
    assert!(note.as_str().unwrap().contains("does not evaluate"));
    assert_eq!(
        told,
        json!({"evaluated": false, "note": null, "triggers": 1, "slos": 0, "burn_alerts": 0})
    );
}
