use super::{check_members, check_rules, installation, long};
use crate::tests::Installation;
use serde_json::{Value as Json, json};
use waggle_access::Permission;
use waggle_metastore::KeyKind;

const PATH: &str = "/1/burn_alerts/shop";

/// An installation with an SLO and a recipient.
async fn with_slo() -> (Installation, String, String) {
    let installation = installation().await;
    let field = json!({"alias": "is_good", "expression": "LT($duration_ms, 500)"});
    installation.make("/1/derived_columns/shop", &field).await;
    let slo = json!({"name": "n", "sli": {"alias": "is_good"}, "time_period_days": 30, "target_per_million": 980_000});
    let slo = installation.make_id("/1/slos/shop", &slo).await;
    let recipient = json!({"type": "email", "details": {"email_address": "a@example.com"}});
    let recipient = installation.make_id("/1/recipients", &recipient).await;
    (installation, slo, recipient)
}

#[tokio::test]
async fn burn_alerts_are_kept() {
    let (installation, slo, recipient) = with_slo().await;
    let list = format!("{PATH}?slo_id={slo}");
    installation.get(&list).await.check(200, &json!([]));
    let told = json!([{"id": recipient, "type": "email", "target": "a@example.com"}]);
    for (own, changed) in [
        (
            json!({"exhaustion_minutes": 240}),
            json!({"exhaustion_minutes": 0}),
        ),
        (
            json!({"alert_type": "budget_rate", "budget_rate_window_minutes": 60, "budget_rate_decrease_threshold_per_million": 1}),
            json!({"budget_rate_window_minutes": 120, "budget_rate_decrease_threshold_per_million": 1_000_000}),
        ),
    ] {
        let with = |members: &Json| {
            let mut body = json!({"recipients": [{"id": recipient}], "description": "hurry"});
            for (member, value) in members.as_object().unwrap() {
                body[member] = value.clone();
            }
            body
        };
        let mut body = with(&own);
        body["slo"] = json!({"id": slo});
        let made = installation.make(PATH, &body).await;
        check_members(&made, &own, PATH);
        check_members(
            &made,
            &json!({"triggered": false, "slo": {"id": slo}, "recipients": told, "description": "hurry"}),
            PATH,
        );
        let one = format!("{PATH}/{}", made["id"].as_str().unwrap());
        installation.get(&one).await.check(200, &made);
        let listed = installation.get(&list).await.json();
        assert_eq!(listed.as_array().unwrap().len(), 1);
        assert_eq!(listed[0].get("recipients"), None);
        assert_eq!(listed[0]["id"], made["id"]);

        let answer = installation.send("PUT", &one, &with(&changed)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        check_members(&answer.json(), &changed, PATH);
        assert_eq!(answer.json()["alert_type"], made["alert_type"]);

        let staging = installation
            .key_with(
                installation.staging,
                KeyKind::Configuration,
                Permission::all(),
            )
            .await;
        let rest = Permission::all().filter(|permission| *permission != Permission::ManageSlos);
        let powerless = installation
            .key_with(installation.production, KeyKind::Configuration, rest)
            .await;
        for (key, status) in [(staging, 404), (powerless, 403)] {
            let call = installation.ask("GET", &one);
            let answer = call.header("x-honeycomb-team", &key).send().await;
            assert_eq!(answer.status, status);
        }
        let elsewhere = one.replace("/shop/", "/other/");
        let answer = installation.get(&elsewhere).await;
        answer.check_error(404, "Burn alert not found");
        assert_eq!(installation.delete(&one).await.status, 204);
        assert_eq!(installation.delete(&one).await.status, 404);
        installation.get(&list).await.check(200, &json!([]));
    }
}

#[tokio::test]
async fn what_a_burn_alert_uses_stays() {
    let (installation, slo, recipient) = with_slo().await;
    let body =
        json!({"slo": {"id": slo}, "exhaustion_minutes": 1, "recipients": [{"id": recipient}]});
    let alert = installation.make_id(PATH, &body).await;
    let slo_path = format!("/1/slos/shop/{slo}");
    let answer = installation.delete(&slo_path).await;
    answer.check_error(409, "this SLO has burn alerts; delete them first");
    let recipient_path = format!("/1/recipients/{recipient}");
    assert_eq!(installation.delete(&recipient_path).await.status, 409);
    assert_eq!(
        installation.delete(&format!("{PATH}/{alert}")).await.status,
        204
    );
    assert_eq!(installation.delete(&slo_path).await.status, 204);
    assert_eq!(installation.delete(&recipient_path).await.status, 204);
}

#[tokio::test]
async fn wrong_burn_alerts_are_named_field_by_field() {
    let (installation, slo, recipient) = with_slo().await;
    let base =
        json!({"slo": {"id": slo}, "exhaustion_minutes": 1, "recipients": [{"id": recipient}]});
    let rate = |window: Json, threshold: Json| {
        json!({"alert_type": "budget_rate", "budget_rate_window_minutes": window,
               "budget_rate_decrease_threshold_per_million": threshold})
    };
    let window = "budget_rate_window_minutes";
    let threshold = "budget_rate_decrease_threshold_per_million";
    check_rules(
        &installation,
        "POST",
        PATH,
        &base,
        &[
            (
                json!({"alert_type": "soon"}),
                "alert_type",
                "invalid",
                "must be one of exhaustion_time, budget_rate",
            ),
            (
                json!({"description": long(1_024)}),
                "description",
                "invalid",
                "must have at most 1023 characters",
            ),
            (json!({"slo": null}), "slo", "missing", "cannot be blank"),
            (
                json!({"slo": {"id": ""}}),
                "slo.id",
                "missing",
                "cannot be blank",
            ),
            (
                json!({"slo": {"id": "x"}}),
                "slo.id",
                "invalid",
                "there is no such SLO",
            ),
            (
                json!({"exhaustion_minutes": null}),
                "exhaustion_minutes",
                "missing",
                "cannot be blank",
            ),
            (
                json!({"exhaustion_minutes": -1}),
                "exhaustion_minutes",
                "invalid",
                "must be between 0 and 4294967295",
            ),
            (
                rate(json!(59), json!(1)),
                window,
                "invalid",
                "must be between 60 and 4294967295",
            ),
            (
                rate(json!(null), json!(1)),
                window,
                "missing",
                "cannot be blank",
            ),
            (
                rate(json!(60), json!(0)),
                threshold,
                "invalid",
                "must be between 1 and 1000000",
            ),
            (
                rate(json!(60), json!(1_000_001)),
                threshold,
                "invalid",
                "must be between 1 and 1000000",
            ),
            (
                json!({"recipients": null}),
                "recipients",
                "missing",
                "cannot be blank",
            ),
            (
                json!({"recipients": []}),
                "recipients",
                "invalid",
                "needs at least one recipient",
            ),
            (
                json!({"recipients": [{"type": "marker", "target": "x"}]}),
                "recipients[0].type",
                "invalid",
                "only triggers make markers",
            ),
        ],
    )
    .await;
    let alert = installation.make_id(PATH, &base).await;
    check_rules(
        &installation,
        "PUT",
        &format!("{PATH}/{alert}"),
        &base,
        &[
            (
                json!({"alert_type": "budget_rate"}),
                "alert_type",
                "invalid",
                "can't be changed; make another burn alert",
            ),
            (
                json!({"slo": {"id": "x"}}),
                "slo.id",
                "invalid",
                "can't be changed; make another burn alert",
            ),
        ],
    )
    .await;
    let answer = installation.get(PATH).await;
    assert_eq!(answer.json()["type_detail"][0]["field"], "slo_id");
    let answer = installation.get(&format!("{PATH}?slo_id=nobody")).await;
    answer.check_error(404, "SLO not found");
    let answer = installation
        .get(&format!("/1/burn_alerts/other?slo_id={slo}"))
        .await;
    answer.check_error(404, "SLO not found");
}

/// What the UI shows of an SLO with a session and no key.
#[tokio::test]
async fn people_see_the_alerts_and_the_history_of_an_slo() {
    let installation = installation().await;
    let cookie = installation.sign_in().await;
    let field = json!({"alias": "good", "expression": "true"});
    installation.make("/1/derived_columns/shop", &field).await;
    let slo = json!({"name": "s", "sli": {"alias": "good"}, "time_period_days": 30, "target_per_million": 990_000});
    let slo = installation.make_id("/1/slos/shop", &slo).await;
    let recipient = json!({"type": "email", "details": {"email_address": "a@example.com"}});
    let recipient = installation.make_id("/1/recipients", &recipient).await;
    let alert =
        json!({"slo": {"id": slo}, "exhaustion_minutes": 60, "recipients": [{"id": recipient}]});
    installation.make("/1/burn_alerts/shop", &alert).await;
    let here = "/api/environments/production";
    let person = |method: &str, path: &str| {
        let call = installation.ask(method, &format!("{here}{path}"));
        call.header("cookie", &cookie)
    };
    let path = format!("/datasets/shop/burn-alerts?slo_id={slo}");
    let seen = person("GET", &path).send().await;
    let listed = installation
        .get(&format!("/1/burn_alerts/shop?slo_id={slo}"))
        .await;
    seen.check(200, &listed.json());
    let now_s = crate::tests::NOW_NS / 1_000_000_000;
    let question = json!({"ids": [slo], "start_time": now_s - 7_200, "end_time": now_s});
    let path = "/1/reporting/slos/historical";
    let known = installation.send("POST", path, &question).await;
    let seen = person("POST", "/slos/history").json(&question).send().await;
    seen.check(200, &known.json());
}
