//! Sampling rules and targets. Source: spec/xray.md section 6.

use crate::ApiConfig;
use crate::tests::{Installation, NOW_NS};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use waggle_access::Permission;
use waggle_model::Clock;

const NOW_S: f64 = 1_732_270_000.123;
const CLIENT: &str = "aaaaaaaaaaaaaaaaaaaaaaa1";

fn rule(name: &str, priority: u16) -> Json {
    json!({
        "RuleName": name, "Priority": priority, "FixedRate": 0.5, "ReservoirSize": 10, "ServiceName": "shop",
        "ServiceType": "*", "Host": "*", "HTTPMethod": "GET", "URLPath": "/c?rt*", "ResourceARN": "*", "Version": 1,
    })
}

fn create(rule: &Json) -> Json {
    json!({ "SamplingRule": rule })
}

/// An installation whose clock can be moved.
async fn moving(config: ApiConfig) -> (Installation, Arc<AtomicI64>) {
    let now_ns = Arc::new(AtomicI64::new(NOW_NS));
    let clock = Arc::clone(&now_ns);
    let clock = Clock::new(move || clock.load(Ordering::Relaxed));
    (Installation::at(clock, config).await, now_ns)
}

/// What clients ask for goes without a signature through the daemon's port, and signed through the main door.
impl Installation {
    async fn rules(&self) -> Vec<Json> {
        let answer = self.xray_done("/GetSamplingRules", &json!({})).await;
        answer["SamplingRuleRecords"].as_array().unwrap().clone()
    }

    async fn rule_names(&self) -> Vec<String> {
        let rules = self.rules().await;
        let name = |rule: &Json| {
            rule["SamplingRule"]["RuleName"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        rules.iter().map(name).collect()
    }

    async fn last_change(&self) -> f64 {
        let sent = json!({"SamplingStatisticsDocuments": []});
        let answer = self.xray_done("/SamplingTargets", &sent).await;
        answer["LastRuleModification"].as_f64().unwrap()
    }
}

#[tokio::test]
async fn there_is_a_rule_for_everything() {
    let installation = Installation::new().await;
    let expected = json!({"SamplingRuleRecords": [{
        "SamplingRule": {
            "RuleName": "Default",
            "RuleARN": "arn:aws:xray:eu-x-1:000000000000:sampling-rule/Default",
            "ResourceARN": "*", "Priority": 10000, "FixedRate": 0.05, "ReservoirSize": 1, "ServiceName": "*",
            "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1, "Attributes": {},
        },
        "CreatedAt": 0.0,
        "ModifiedAt": 0.0,
    }]});
    for body in ["", "{}", "{\"NextToken\":null}"] {
        let call = installation.ask("POST", "/GetSamplingRules").body(body);
        call.signed_by(&installation.aws)
            .send()
            .await
            .check(200, &expected);
    }
    // Never; but to old SDKs 0 is no time.
    assert_eq!(installation.last_change().await, 1.0);
    // Whoever may send may ask.
    let tenant = installation.production;
    let aws = installation
        .aws_key_with(tenant, [Permission::SendEvents])
        .await;
    for path in ["/GetSamplingRules", "/SamplingStatisticSummaries"] {
        let call = installation.ask("POST", path).signed_by(&aws);
        assert_eq!(call.send().await.status, 200, "{path}");
    }
    let reader = installation
        .aws_key_with(tenant, [Permission::RunQueries])
        .await;
    for (path, status) in [
        ("/GetSamplingRules", 403),
        ("/SamplingStatisticSummaries", 200),
    ] {
        let call = installation.ask("POST", path).signed_by(&reader);
        assert_eq!(call.send().await.status, status, "{path}");
    }
}

#[tokio::test]
async fn the_last_change_never_goes_back() {
    let (installation, now_ns) = moving(ApiConfig::default()).await;
    for (name, step_ns) in [("a", 0), ("b", -60_000_000_000)] {
        now_ns.fetch_add(step_ns, Ordering::Relaxed);
        installation
            .xray_done("/CreateSamplingRule", &create(&rule(name, 1)))
            .await;
        assert_eq!(installation.last_change().await, NOW_S);
    }
}

#[tokio::test]
async fn a_rule_is_called_as_its_arn_says() {
    let installation = Installation::new().await;
    let arn = |name: &str| format!("arn:aws:xray:us-y-2:000000000000:sampling-rule/{name}");
    let mut sent = rule("carts", 20);
    sent["RuleARN"] = arn("carts").into();
    let mut by_arn = rule("", 21);
    by_arn["RuleARN"] = arn("pays").into();
    by_arn.as_object_mut().unwrap().remove("RuleName");
    for sent in [&sent, &by_arn] {
        installation
            .xray_done("/CreateSamplingRule", &create(sent))
            .await;
    }
    assert_eq!(
        installation.rule_names().await,
        ["carts", "pays", "Default"]
    );
    sent["RuleName"] = "others".into();
    let neither = json!({"SamplingRule": {"Version": 1}});
    by_arn["RuleARN"] = "nobodys".into();
    for (sent, text) in [
        (create(&sent), "RuleARN is of another rule than RuleName"),
        (create(&by_arn), "RuleARN is not the ARN of a sampling rule"),
        (neither, "RuleName must be given"),
    ] {
        installation
            .xray_refused("/CreateSamplingRule", &sent, text)
            .await;
    }
}

#[tokio::test]
async fn rules_are_made_changed_and_deleted() {
    let (installation, now_ns) = moving(ApiConfig::default()).await;
    let mut sent = rule("carts", 20);
    sent["Attributes"] = json!({"tier": "g*"});
    let made = installation
        .xray_done("/CreateSamplingRule", &create(&sent))
        .await;
    let mut expected = sent.clone();
    expected["RuleARN"] = "arn:aws:xray:eu-x-1:000000000000:sampling-rule/carts".into();
    let record = json!({"SamplingRule": expected, "CreatedAt": NOW_S, "ModifiedAt": NOW_S});
    assert_eq!(made["SamplingRuleRecord"], record);
    for (name, priority) in [("b", 5), ("a", 20), ("z", 1)] {
        installation
            .xray_done("/CreateSamplingRule", &create(&rule(name, priority)))
            .await;
    }
    let names = ["z", "b", "a", "carts", "Default"];
    assert_eq!(installation.rule_names().await, names);
    assert_eq!(installation.last_change().await, NOW_S);

    now_ns.fetch_add(60_000_000_000, Ordering::Relaxed);
    let boost = json!({"MaxRate": 0.9, "CooldownWindowMinutes": 5});
    for (update, member, value) in [
        (
            json!({"RuleName": "carts", "FixedRate": 1}),
            "FixedRate",
            json!(1.0),
        ),
        (
            json!({"RuleARN": "arn:aws:xray:us-y-2:000000000000:sampling-rule/carts", "Priority": 30}),
            "Priority",
            json!(30),
        ),
        (
            json!({"RuleName": "carts", "URLPath": ""}),
            "URLPath",
            json!(""),
        ),
        (
            json!({"RuleName": "carts", "Attributes": {}}),
            "Attributes",
            json!({}),
        ),
        (
            json!({"RuleName": "carts", "SamplingRateBoost": boost}),
            "SamplingRateBoost",
            boost.clone(),
        ),
    ] {
        let changed = installation
            .xray_done(
                "/UpdateSamplingRule",
                &json!({"SamplingRuleUpdate": update}),
            )
            .await;
        let record = &changed["SamplingRuleRecord"];
        assert_eq!(record["SamplingRule"][member], value, "{update}");
        assert_eq!(
            (&record["CreatedAt"], &record["ModifiedAt"]),
            (&json!(NOW_S), &json!(NOW_S + 60.0))
        );
        assert_eq!(record["SamplingRule"]["Host"], "*");
    }
    assert_eq!(installation.last_change().await, NOW_S + 60.0);

    now_ns.fetch_add(60_000_000_000, Ordering::Relaxed);
    let gone = installation
        .xray_done("/DeleteSamplingRule", &json!({"RuleName": "carts"}))
        .await;
    assert_eq!(gone["SamplingRuleRecord"]["SamplingRule"]["Priority"], 30);
    assert_eq!(installation.rule_names().await, ["z", "b", "a", "Default"]);
    // Clients must hear of what is gone.
    assert_eq!(installation.last_change().await, NOW_S + 120.0);
}

#[tokio::test]
async fn of_the_default_rule_rate_and_reservoir_change() {
    let installation = Installation::new().await;
    let update = |update: Json| json!({ "SamplingRuleUpdate": update });
    let sent =
        update(json!({"RuleName": "Default", "FixedRate": 0.2, "ReservoirSize": 7, "Host": "*"}));
    let changed = installation.xray_done("/UpdateSamplingRule", &sent).await;
    let changed = &changed["SamplingRuleRecord"];
    assert_eq!(changed["SamplingRule"]["FixedRate"], 0.2);
    assert_eq!(changed["SamplingRule"]["ReservoirSize"], 7);
    assert_eq!(
        (&changed["CreatedAt"], &changed["ModifiedAt"]),
        (&json!(0.0), &json!(NOW_S))
    );
    for wrong in [
        json!({"Priority": 1}),
        json!({"Host": "a"}),
        json!({"Attributes": {"a": "b"}}),
    ] {
        let mut wrong = wrong;
        wrong["RuleName"] = "Default".into();
        installation
            .xray_refused(
                "/UpdateSamplingRule",
                &update(wrong),
                "only FixedRate and ReservoirSize",
            )
            .await;
    }
    let name = json!({"RuleName": "Default"});
    installation
        .xray_refused("/DeleteSamplingRule", &name, "can't be deleted")
        .await;
    installation
        .xray_refused(
            "/CreateSamplingRule",
            &create(&rule("Default", 1)),
            "always there",
        )
        .await;
    assert_eq!(installation.rules().await[0], *changed);
}

#[tokio::test]
async fn wrong_rules_are_refused_by_member_and_limit() {
    let installation = Installation::new().await;
    installation
        .xray_done("/CreateSamplingRule", &create(&rule("a", 1)))
        .await;
    for (member, value, text) in [
        ("RuleName", json!("a"), "is the name of another"),
        (
            "RuleName",
            json!(""),
            "SamplingRule.RuleName must have 1 to 32 characters, has 0",
        ),
        ("RuleName", json!("x".repeat(33)), "1 to 32 characters"),
        (
            "RuleName",
            json!(null),
            "SamplingRule.RuleName must be given",
        ),
        ("RuleName", json!("a\tb"), "control characters"),
        (
            "Priority",
            json!(0),
            "SamplingRule.Priority must be between 1 and 9999, is 0",
        ),
        ("Priority", json!(10_000), "between 1 and 9999"),
        (
            "Priority",
            json!(null),
            "SamplingRule.Priority must be given",
        ),
        (
            "FixedRate",
            json!(1.01),
            "SamplingRule.FixedRate must be between 0 and 1, is 1.01",
        ),
        ("FixedRate", json!(-0.1), "between 0 and 1"),
        (
            "ReservoirSize",
            json!(-1),
            "SamplingRule.ReservoirSize must be between 0",
        ),
        ("Version", json!(2), "SamplingRule.Version must be 1, is 2"),
        ("Version", json!(null), "SamplingRule.Version must be given"),
        (
            "Host",
            json!("x".repeat(65)),
            "SamplingRule.Host must have at most 64 characters, has 65",
        ),
        ("ServiceName", json!("x".repeat(65)), "at most 64"),
        ("ServiceType", json!("x".repeat(65)), "at most 64"),
        ("HTTPMethod", json!("x".repeat(11)), "at most 10"),
        ("URLPath", json!("x".repeat(129)), "at most 128"),
        ("ResourceARN", json!("x".repeat(501)), "at most 500"),
        ("ResourceARN", json!(null), "must be given"),
        ("Attributes", json!({"": "a"}), "1 to 32"),
        (
            "Attributes",
            json!({"a": "x".repeat(33)}),
            "SamplingRule.Attributes.a must have 1 to 32",
        ),
        (
            "Attributes",
            json!({"a": "b", "c": "b", "d": "b", "e": "b", "f": "b", "g": "b"}),
            "at most 5 members, has 6",
        ),
        (
            "SamplingRateBoost",
            json!({"MaxRate": 2, "CooldownWindowMinutes": 1}),
            "SamplingRateBoost.MaxRate must be between",
        ),
        (
            "SamplingRateBoost",
            json!({"MaxRate": 1}),
            "CooldownWindowMinutes must be given",
        ),
    ] {
        let mut wrong = rule("b", 2);
        wrong[member] = value;
        installation
            .xray_refused("/CreateSamplingRule", &create(&wrong), text)
            .await;
    }
    installation
        .xray_refused(
            "/CreateSamplingRule",
            &json!({}),
            "SamplingRule must be given",
        )
        .await;
    let arn = "arn:aws:xray:eu-x-1:000000000000:sampling-rule/a";
    for (path, sent, text) in [
        (
            "/DeleteSamplingRule",
            json!({}),
            "one of RuleName and RuleARN",
        ),
        (
            "/DeleteSamplingRule",
            json!({"RuleName": "a", "RuleARN": arn}),
            "one of RuleName and RuleARN",
        ),
        (
            "/DeleteSamplingRule",
            json!({"RuleName": "b"}),
            "there is no sampling rule b",
        ),
        (
            "/DeleteSamplingRule",
            json!({"RuleARN": "a"}),
            "not the ARN of a sampling rule",
        ),
        (
            "/UpdateSamplingRule",
            json!({"SamplingRuleUpdate": {"RuleName": "b"}}),
            "there is no sampling rule b",
        ),
        (
            "/UpdateSamplingRule",
            json!({"SamplingRuleUpdate": {"RuleName": "a", "Priority": 0}}),
            "SamplingRuleUpdate.Priority",
        ),
    ] {
        installation.xray_refused(path, &sent, text).await;
    }
    assert_eq!(installation.rule_names().await, ["a", "Default"]);
}

#[tokio::test]
async fn rules_have_a_limit_and_pages_and_belong_to_one_environment() {
    let config = ApiConfig {
        sampling_rules_max: 130,
        ..ApiConfig::default()
    };
    let installation = Installation::with(config).await;
    for number in 1..=130 {
        let rule = rule(&format!("rule {number}"), 9_999 - number);
        installation
            .xray_done("/CreateSamplingRule", &create(&rule))
            .await;
    }
    let answer = installation
        .xray("/CreateSamplingRule", &create(&rule("more", 1)))
        .await;
    answer.check_xray_error(400, "RuleLimitExceededException", "at most 130");
    let first = installation
        .xray_done("/GetSamplingRules", &json!({}))
        .await;
    let rest = json!({"NextToken": first["NextToken"]});
    let rest = installation.xray_done("/GetSamplingRules", &rest).await;
    let count = |page: &Json| page["SamplingRuleRecords"].as_array().unwrap().len();
    assert_eq!((count(&first), count(&rest)), (100, 31));
    assert_eq!(rest["NextToken"], Json::Null);

    let theirs = installation
        .aws_key_with(installation.staging, Permission::all())
        .await;
    let ask = |path: &str, body: &Json| {
        installation
            .ask("POST", path)
            .json(body)
            .signed_by(&theirs)
            .send()
    };
    let rules = ask("/GetSamplingRules", &json!({})).await.json();
    assert_eq!(count(&rules), 1);
    let arn = "arn:aws:xray:eu-x-1:000000000000:sampling-rule/rule 1";
    let refused = ask("/DeleteSamplingRule", &json!({"RuleARN": arn})).await;
    refused.check_xray_error(400, "InvalidRequestException", "there is no sampling rule");
    let refused = ask("/ListTagsForResource", &json!({"ResourceARN": arn})).await;
    refused.check_xray_error(404, "ResourceNotFoundException", "rule 1");
}

#[tokio::test]
async fn changes_at_once_are_all_kept() {
    let installation = Installation::new().await;
    let made = (1..=8).map(|number| {
        let sent = create(&rule(&format!("rule {number}"), number));
        let installation = &installation;
        async move { installation.xray_done("/CreateSamplingRule", &sent).await }
    });
    futures::future::join_all(made).await;
    assert_eq!(installation.rules().await.len(), 9);
}

fn report(rule: &str, client: &str, at: impl Into<Json>, request_count: u32) -> Json {
    json!({
        "RuleName": rule, "ClientID": client, "Timestamp": at.into(), "RequestCount": request_count,
        "SampledCount": 3, "BorrowCount": 1,
    })
}

#[tokio::test]
async fn targets_share_the_reservoir() {
    let (installation, now_ns) = moving(ApiConfig::default()).await;
    installation
        .xray_done("/CreateSamplingRule", &create(&rule("carts", 1)))
        .await;
    let ask = |client: &str, count| {
        let documents = json!([report("carts", client, NOW_S, count)]);
        let body = json!({"SamplingStatisticsDocuments": documents});
        let installation = &installation;
        async move { installation.xray_done("/SamplingTargets", &body).await }
    };
    let expected = json!({
        "SamplingTargetDocuments": [{
            "RuleName": "carts", "FixedRate": 0.5, "ReservoirQuota": 10, "ReservoirQuotaTTL": 1_732_270_300, "Interval": 10,
        }],
        "LastRuleModification": NOW_S,
        "UnprocessedStatistics": [],
        "UnprocessedBoostStatistics": [],
    });
    assert_eq!(ask(CLIENT, 500).await, expected);
    let quota = |answer: Json| {
        answer["SamplingTargetDocuments"][0]["ReservoirQuota"]
            .as_u64()
            .unwrap()
    };
    let other = CLIENT.replace('1', "2");
    // 20 requests in ten seconds are two a second.
    assert_eq!(quota(ask(&other, 20).await), 2);
    assert_eq!(quota(ask(CLIENT, 500).await), 8);
    now_ns.fetch_add(31_000_000_000, Ordering::Relaxed);
    assert_eq!(quota(ask(CLIENT, 500).await), 10, "the other is gone");

    // OpenTelemetry's name for the count, no boosts, times as texts and whole numbers.
    let mut odd = report("Default", CLIENT, "2024-11-22T10:06:40Z", 19);
    odd.as_object_mut().unwrap().remove("SampledCount");
    odd["SampleCount"] = json!(19);
    let sent =
        json!({"SamplingStatisticsDocuments": [odd], "SamplingBoostStatisticsDocuments": null});
    let answer = installation.xray_done("/SamplingTargets", &sent).await;
    assert_eq!(answer["UnprocessedStatistics"], json!([]));
    assert_eq!(answer["SamplingTargetDocuments"][0]["FixedRate"], 0.05);

    let sums = installation
        .xray_done("/SamplingStatisticSummaries", &json!({}))
        .await;
    let sum = |rule: &str, requests: u32, borrowed: u32, sampled: u32| {
        json!({
            "RuleName": rule, "Timestamp": 1_732_270_000, "RequestCount": requests,
            "BorrowCount": borrowed, "SampledCount": sampled,
        })
    };
    let expected = [sum("Default", 19, 1, 19), sum("carts", 1_520, 4, 12)];
    assert_eq!(sums, json!({ "SamplingStatisticSummaries": expected }));
}

#[tokio::test]
async fn one_wrong_report_costs_no_other() {
    let installation = Installation::new().await;
    let good = report("Default", CLIENT, NOW_S, 1);
    let mut negative = good.clone();
    negative["RequestCount"] = json!(-1);
    let mut short = good.clone();
    short["ClientID"] = json!("a");
    let boost = json!({
        "RuleName": "Default", "ServiceName": "shop", "Timestamp": NOW_S, "AnomalyCount": 1, "TotalCount": 2,
        "SampledAnomalyCount": 0,
    });
    let sent = json!({
        "SamplingStatisticsDocuments": [
            report("nobodys", CLIENT, NOW_S, 1), good, report("Default", CLIENT, NOW_S - 601.0, 1),
            negative, short, 7, {"RuleName": "Default"}, {},
        ],
        "SamplingBoostStatisticsDocuments": [boost, {"RuleName": "nobodys", "Timestamp": NOW_S}],
    });
    let answer = installation.xray_done("/SamplingTargets", &sent).await;
    assert_eq!(
        answer["SamplingTargetDocuments"].as_array().unwrap().len(),
        1
    );
    let refused = |list: &str| -> Vec<(String, String)> {
        let text = |refused: &Json, member: &str| refused[member].as_str().unwrap().to_owned();
        let refused = answer[list].as_array().unwrap().iter();
        refused
            .map(|one| (text(one, "RuleName"), text(one, "ErrorCode")))
            .collect()
    };
    let pairs = |expected: &[(&str, &str)]| -> Vec<(String, String)> {
        let owned = |(rule, code): &(&str, &str)| ((*rule).to_owned(), (*code).to_owned());
        expected.iter().map(owned).collect()
    };
    let invalid = "InvalidStatistics";
    let expected = pairs(&[
        ("nobodys", "RuleNotFound"),
        ("Default", "StatisticsTooOld"),
        ("Default", invalid),
        ("Default", invalid),
        ("", invalid),
        ("Default", invalid),
        ("", invalid),
    ]);
    assert_eq!(refused("UnprocessedStatistics"), expected);
    assert_eq!(
        refused("UnprocessedBoostStatistics"),
        pairs(&[("nobodys", "RuleNotFound")])
    );
    let path = "/SamplingTargets";
    installation
        .xray_refused(
            path,
            &json!({}),
            "SamplingStatisticsDocuments must be given",
        )
        .await;
    let many = json!({"SamplingStatisticsDocuments": vec![json!({}); 26]});
    installation
        .xray_refused(path, &many, "at most 25 items, has 26")
        .await;
}
