//! Usage by dataset and day, with a clock that the tests move.

use super::{Call, Installation, NOW_NS};
use crate::tests::sink::Mood;
use crate::{ApiConfig, write_usage};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use waggle_access::Permission;
use waggle_metastore::KeyKind;
use waggle_model::{Clock, RejectReason};

const DAY_NS: i64 = 86_400_000_000_000;
const PATH: &str = "/api/environments/production/usage";

async fn moving() -> (Installation, Arc<AtomicI64>) {
    let now_ns = Arc::new(AtomicI64::new(NOW_NS));
    let shown_ns = Arc::clone(&now_ns);
    let clock = Clock::new(move || shown_ns.load(Ordering::Relaxed));
    (Installation::at(clock, ApiConfig::default()).await, now_ns)
}

fn counted(events: u64, bytes: u64) -> Json {
    json!({"events": events, "bytes": bytes, "metric_events": 0, "data_points": 0})
}

fn send(installation: &Installation, dataset: &str, events: &Json) -> Call {
    let path = format!("/1/batch/{dataset}");
    installation.ask_with_key("POST", &path).json(events)
}

#[tokio::test]
async fn what_is_taken_in_is_counted_by_dataset_and_day() {
    let (installation, now_ns) = moving().await;
    let get = async || installation.ask_with_key("GET", PATH).send().await;
    // It is the 22nd, 10:06 in the morning: 71.4 % of the month are over.
    let mut nothing = counted(0, 0);
    nothing["start"] = "2024-10-23".into();
    nothing["end"] = "2024-11-22".into();
    for list in ["months", "environments", "keys", "datasets"] {
        nothing[list] = json!([]);
    }
    nothing["this_month"] = counted(0, 0);
    nothing["this_month"]["month"] = "2024-11".into();
    nothing["this_month"]["projected_events"] = 0.into();
    nothing["this_month"]["projected_data_points"] = 0.into();
    get().await.check(200, &nothing);
    // 4 bytes of a name and 8 of a number, whatever the sample rate; 5 and 3 of a text.
    let events =
        json!([{"data": {"took": 1}, "samplerate": 50}, {"data": {"other": "abc"}}, {"data": 7}]);
    assert_eq!(
        send(&installation, "Shop", &events).send().await.status,
        200
    );
    write_usage(&installation.state).await.unwrap();
    installation
        .sink
        .set(Mood::Refuse(1, RejectReason::TooLarge));
    let events = json!([{"data": {"took": 1}}, {"data": {"took": 2}}]);
    assert_eq!(
        send(&installation, "shop", &events).send().await.status,
        200
    );
    installation.sink.set(Mood::Busy);
    assert_eq!(
        send(&installation, "shop", &events).send().await.status,
        429
    );
    installation.sink.set(Mood::Take);
    now_ns.fetch_add(DAY_NS, Ordering::Relaxed);
    assert_eq!(
        send(&installation, "shop", &events).send().await.status,
        200
    );
    let one = json!([{"data": {"took": 1}}]);
    assert_eq!(send(&installation, "other", &one).send().await.status, 200);
    let with = |mut counts: Json, members: Json| {
        let members = members.as_object().unwrap().clone();
        counts.as_object_mut().unwrap().extend(members);
        counts
    };
    let all = counted(6, 68);
    let key = installation.access.caller(&installation.key).await.unwrap();
    let expected = with(
        all.clone(),
        json!({
            "start": "2024-10-24", "end": "2024-11-23",
            // 6 events in 22.421 of 30 days.
            "this_month": with(all.clone(), json!({
                "month": "2024-11", "projected_events": 8, "projected_data_points": 0,
            })),
            "months": [with(all.clone(), json!({"month": "2024-11"}))],
            "environments": [with(all.clone(), json!({"environment": "production"}))],
            "keys": [with(all, json!({
                "key": key.key_id().unwrap().0, "name": "first key",
            }))],
            "datasets": [
                with(counted(5, 56), json!({
                    "environment": "production", "dataset": "shop", "name": "Shop",
                    "days": [
                        with(counted(3, 32), json!({"day": "2024-11-22"})),
                        with(counted(2, 24), json!({"day": "2024-11-23"})),
                    ],
                })),
                with(counted(1, 12), json!({
                    "environment": "production", "dataset": "other", "name": "other",
                    "days": [with(counted(1, 12), json!({"day": "2024-11-23"}))],
                })),
            ],
        }),
    );
    // Written down or not, it is the same.
    for _ in 0..2 {
        get().await.check(200, &expected);
        write_usage(&installation.state).await.unwrap();
    }
    let path = format!("{PATH}?start=2024-11-22&end=2024-11-22");
    let day = installation.ask_with_key("GET", &path).send().await.json();
    assert_eq!((&day["events"], &day["bytes"]), (&json!(3), &json!(32)));
    // What was taken in stays so when the dataset goes.
    let shop = installation.dataset(installation.production, "shop").await;
    let unprotected = waggle_metastore::DatasetChange {
        is_delete_protected: Some(false),
        ..waggle_metastore::DatasetChange::default()
    };
    let metastore = &installation.metastore;
    let changed = metastore.update_dataset(installation.production, shop, unprotected);
    changed.await.unwrap();
    let deleted = metastore.delete_dataset(installation.production, shop);
    deleted.await.unwrap();
    let left = get().await.json();
    assert_eq!(left["events"], 6);
    assert_eq!(
        (
            &left["datasets"][0]["dataset"],
            &left["datasets"][0]["events"]
        ),
        (&Json::Null, &json!(5))
    );
    let staging = "/api/environments/staging/usage";
    let cookie = installation.sign_in().await;
    let other = installation.ask("GET", staging).header("cookie", &cookie);
    assert_eq!(other.send().await.json()["events"], 0);
}

#[tokio::test]
async fn wrong_days_are_named() {
    let (installation, _) = moving().await;
    for (query, text) in [
        ("start=yesterday", "start: must be a day like 2026-11-01"),
        ("end=2024-13-01", "end: must be a day like 2026-11-01"),
        ("start=2024-11-23", "start: must not be after end"),
        (
            "start=2001-01-01",
            "start: must be less than 3660 days before end",
        ),
    ] {
        let path = format!("{PATH}?{query}");
        let answer = installation.ask_with_key("GET", &path).send().await;
        assert_eq!(answer.status, 422, "{query}: {}", answer.text());
        let found = answer.json();
        let found = format!(
            "{}: {}",
            found["field"].as_str().unwrap_or_default(),
            found["error"].as_str().unwrap_or_default()
        );
        assert!(found.contains(text), "{found}");
    }
}

/// Two points of one second and attribute set are one event, another attribute makes another; a store that refuses the second event refuses
/// its one point.
#[tokio::test]
async fn data_points_of_metrics_are_counted_apart() {
    let (installation, _) = moving().await;
    let point = |host: &str| {
        json!({"timeUnixNano": NOW_NS.to_string(), "asInt": "5",
               "attributes": [{"key": "host", "value": {"stringValue": host}}]})
    };
    let gauge = |name: &str, points: Json| json!({"name": name, "gauge": {"dataPoints": points}});
    let export = json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": [
        gauge("memory", json!([point("a"), point("b")])),
        gauge("threads", json!([point("a")])),
    ]}]}]});
    let send = async || {
        let call = installation
            .ask_with_key("POST", "/v1/metrics")
            .json(&export);
        assert_eq!(call.send().await.status, 200);
        installation.ask_with_key("GET", PATH).send().await.json()
    };
    let numbers = |json: &Json| {
        ["events", "metric_events", "data_points"].map(|name| json[name].as_u64().unwrap())
    };
    let usage = send().await;
    assert_eq!(numbers(&usage), [2, 2, 3]);
    installation
        .sink
        .set(Mood::Refuse(1, RejectReason::TooLarge));
    let usage = send().await;
    assert_eq!(numbers(&usage), [3, 3, 5]);
    assert_eq!(numbers(&usage["datasets"][0]["days"][0]), [3, 3, 5]);
    assert_eq!(numbers(&usage["this_month"]), [3, 3, 5]);
    assert_eq!(usage["this_month"]["projected_data_points"], 7);
}

#[tokio::test]
async fn usage_is_told_apart_by_key_and_environment() {
    let (installation, now_ns) = moving().await;
    let kind = KeyKind::Ingest;
    let permissions = || [Permission::CreateDatasets];
    let one = installation
        .key_with(installation.production, kind, permissions())
        .await;
    let staged = installation
        .key_with(installation.staging, kind, permissions())
        .await;
    let send = async |key: &str, count: usize| {
        let events: Vec<Json> = (0..count).map(|_| json!({"data": {"n": 1}})).collect();
        let call = installation.ask("POST", "/1/batch/shop");
        let call = call.header("x-honeycomb-team", key).json(&json!(events));
        assert_eq!(call.send().await.status, 200);
    };
    send(&one, 3).await;
    send(&installation.key, 2).await;
    send(&staged, 7).await;
    // Forty days on, so that three months are looked at.
    now_ns.fetch_add(40 * DAY_NS, Ordering::Relaxed);
    send(&one, 1).await;
    let own = format!("{PATH}?start=2024-10-01");
    let usage = installation.ask_with_key("GET", &own).send().await.json();
    let listed = |list: &Json, name: &str| -> Vec<(String, u64)> {
        let items = list.as_array().unwrap().iter();
        items
            .map(|item| {
                let what = item[name].as_str().unwrap_or("none").to_owned();
                (what, item["events"].as_u64().unwrap())
            })
            .collect()
    };
    let named = |pairs: &[(&str, u64)]| -> Vec<(String, u64)> {
        let pairs = pairs.iter();
        pairs
            .map(|(name, events)| ((*name).to_owned(), *events))
            .collect()
    };
    assert_eq!(usage["events"], 6);
    assert_eq!(
        listed(&usage["keys"], "name"),
        named(&[("another", 4), ("first key", 2)])
    );
    assert_eq!(
        listed(&usage["months"], "month"),
        named(&[("2024-11", 5), ("2025-01", 1)])
    );
    assert_eq!(
        listed(&usage["environments"], "environment"),
        named(&[("production", 6)])
    );
    assert_eq!(usage["this_month"]["events"], 1);
    // A key that is deleted is still told from the others, and what it sent stays counted.
    let key = installation.access.caller(&one).await.unwrap();
    let key = key.key_id().unwrap();
    let team = installation.production.team;
    installation.access.delete_key(team, key).await.unwrap();
    let usage = installation.ask_with_key("GET", &own).send().await.json();
    assert_eq!(usage["keys"][0]["key"], key.0);
    assert_eq!(usage["keys"][0]["name"], Json::Null);
    assert_eq!(usage["keys"][0]["events"], 4);

    let all = format!("{own}&environments=all");
    let refused = installation.ask_with_key("GET", &all).send().await;
    refused.check_error(403, "a key sees its own environment only");
    let cookie = installation.sign_in().await;
    let usage = installation
        .ask("GET", &all)
        .header("cookie", &cookie)
        .send()
        .await;
    let usage = usage.json();
    assert_eq!(usage["events"], 13);
    assert_eq!(
        listed(&usage["environments"], "environment"),
        named(&[("staging", 7), ("production", 6)])
    );
    assert_eq!(
        listed(&usage["datasets"], "environment"),
        named(&[("staging", 7), ("production", 6)])
    );
}
