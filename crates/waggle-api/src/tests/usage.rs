//! Usage by dataset and day, with a clock that the tests move.

use super::{Call, Installation, NOW_NS};
use crate::tests::sink::Mood;
use crate::{ApiConfig, write_usage};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use waggle_model::{Clock, RejectReason};

const DAY_NS: i64 = 86_400_000_000_000;
const PATH: &str = "/api/environments/production/usage";

async fn moving() -> (Installation, Arc<AtomicI64>) {
    let now_ns = Arc::new(AtomicI64::new(NOW_NS));
    let shown_ns = Arc::clone(&now_ns);
    let clock = Clock::new(move || shown_ns.load(Ordering::Relaxed));
    (Installation::at(clock, ApiConfig::default()).await, now_ns)
}

fn send(installation: &Installation, dataset: &str, events: &Json) -> Call {
    let path = format!("/1/batch/{dataset}");
    installation.ask_with_key("POST", &path).json(events)
}

#[tokio::test]
async fn what_is_taken_in_is_counted_by_dataset_and_day() {
    let (installation, now_ns) = moving().await;
    let get = async || installation.ask_with_key("GET", PATH).send().await;
    let nothing = json!({
        "start": "2024-10-23", "end": "2024-11-22", "events": 0, "bytes": 0, "datasets": [],
    });
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
    let expected = json!({
        "start": "2024-10-24", "end": "2024-11-23", "events": 6, "bytes": 68,
        "datasets": [
            {"dataset": "shop", "name": "Shop", "events": 5, "bytes": 56, "days": [
                {"day": "2024-11-22", "events": 3, "bytes": 32},
                {"day": "2024-11-23", "events": 2, "bytes": 24},
            ]},
            {"dataset": "other", "name": "other", "events": 1, "bytes": 12, "days": [
                {"day": "2024-11-23", "events": 1, "bytes": 12},
            ]},
        ],
    });
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
