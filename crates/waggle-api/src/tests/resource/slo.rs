use super::{Walk, check_rules, installation, long};
use crate::tests::{Installation, NOW_NS};
use serde_json::{Value as Json, json};
use waggle_access::Permission;
use waggle_model::{Cell, DatasetScope, QuerySpec, ResultTable, SeriesPoint};

const HOUR_S: i64 = 3_600;
const HOUR_NS: i64 = HOUR_S * 1_000_000_000;
const NOW_S: i64 = NOW_NS / 1_000_000_000;

/// An installation with the indicator `is_good` in both datasets of `production`.
async fn with_indicator() -> Installation {
    let installation = installation().await;
    for dataset in ["shop", "other"] {
        let body = json!({"alias": "is_good", "expression": "LT($duration_ms, 500)"});
        installation
            .make(&format!("/1/derived_columns/{dataset}"), &body)
            .await;
    }
    installation
}

fn body() -> Json {
    json!({"name": "Checkout works", "sli": {"alias": "is_good"}, "time_period_days": 30, "target_per_million": 980_000})
}

fn wide(slugs: &[&str]) -> Json {
    let mut body = body();
    body["dataset_slugs"] = json!(slugs);
    body
}

#[tokio::test]
async fn slos_are_kept() {
    let installation = with_indicator().await;
    for (path, new, slugs) in [
        ("/1/slos/shop", body(), json!(["shop"])),
        (
            "/1/slos/__all__",
            wide(&["shop", "other"]),
            json!(["shop", "other"]),
        ),
    ] {
        let mut full = new.clone();
        full["description"] = json!("for the shop");
        full["tags"] = json!([{"key": "team", "value": "shop"}]);
        full["reset_at"] = json!("2024-11-01T00:00:00Z");
        let mut expected = full.clone();
        expected["dataset_slugs"] = slugs;
        let mut change = new.clone();
        change["name"] = json!("Other");
        change["time_period_days"] = json!(7);
        let mut changed = change.clone();
        changed["dataset_slugs"] = expected["dataset_slugs"].clone();
        changed["reset_at"] = full["reset_at"].clone();
        changed["description"] = json!("");
        changed["tags"] = json!([]);
        Walk {
            path,
            body: full,
            expected,
            change,
            changed,
            has_get: true,
            delete_status: 204,
            permission: Permission::ManageSlos,
            is_team_wide: false,
        }
        .run(&installation)
        .await;
    }
}

#[tokio::test]
async fn a_dataset_sees_the_slos_that_read_it() {
    let installation = with_indicator().await;
    let of_shop = installation.make("/1/slos/shop", &body()).await;
    let of_other = installation
        .make("/1/slos/__all__", &wide(&["other"]))
        .await;
    let get = |path: &'static str| installation.get(path);
    get("/1/slos/shop").await.check(200, &json!([of_shop]));
    get("/1/slos/other").await.check(200, &json!([of_other]));
    get("/1/slos/__all__")
        .await
        .check(200, &json!([of_shop, of_other]));
    let path = format!("/1/slos/other/{}", of_shop["id"].as_str().unwrap());
    installation
        .get(&path)
        .await
        .check_error(404, "SLO not found");
}

#[tokio::test]
async fn indicators_follow_no_metric_through_time() {
    let installation = with_indicator().await;
    let fields = "/1/derived_columns/shop";
    let slo = installation.make("/1/slos/shop", &body()).await;
    let slo = format!("/1/slos/shop/{}", slo["id"].as_str().unwrap());
    for function in ["LAST", "INCREASE", "RATE", "SUMMARIZE"] {
        let alias = format!("by_{function}");
        let expression = format!("LT({function}($queue.length), 10)");
        let field = json!({"alias": alias, "expression": expression});
        let free = installation.make(fields, &field).await;
        let text = format!(
            "{function} follows a metric through time; an SLO judges each event by itself, so its calculated field can't use it"
        );
        let wrong = [(
            json!({"sli": {"alias": alias}}),
            "sli.alias",
            "invalid",
            text.as_str(),
        )];
        for (method, path) in [("POST", "/1/slos/shop"), ("PUT", slo.as_str())] {
            check_rules(&installation, method, path, &body(), &wrong).await;
        }
        // The field of an SLO doesn't become such a one either, others may.
        let path = format!("{fields}?alias=is_good");
        let used = installation.get(&path).await.json();
        let path = |field: &Json| format!("{fields}/{}", field["id"].as_str().unwrap());
        let text = format!("the SLO Checkout works uses it: {text}");
        let wrong = [(
            json!({"expression": expression}),
            "expression",
            "invalid",
            text.as_str(),
        )];
        check_rules(&installation, "PUT", &path(&used), &json!({}), &wrong).await;
        let change = json!({"expression": format!("GT({function}($queue.length), 10)")});
        let changed = installation.send("PUT", &path(&free), &change).await;
        assert_eq!(changed.status, 200, "{}", changed.text());
    }
}

#[tokio::test]
async fn wrong_slos_are_named_field_by_field() {
    let installation = with_indicator().await;
    check_rules(
        &installation,
        "POST",
        "/1/slos/shop",
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
            (json!({"sli": null}), "sli", "missing", "cannot be blank"),
            (
                json!({"sli": {}}),
                "sli.alias",
                "missing",
                "cannot be blank",
            ),
            (
                json!({"sli": {"alias": "x"}}),
                "sli.alias",
                "invalid",
                "there is no calculated field x in the dataset",
            ),
            (
                json!({"time_period_days": null}),
                "time_period_days",
                "missing",
                "cannot be blank",
            ),
            (
                json!({"time_period_days": 0}),
                "time_period_days",
                "invalid",
                "must be between 1 and 366",
            ),
            (
                json!({"time_period_days": 367}),
                "time_period_days",
                "invalid",
                "must be between 1 and 366",
            ),
            (
                json!({"target_per_million": null}),
                "target_per_million",
                "missing",
                "cannot be blank",
            ),
            (
                json!({"target_per_million": 1_000_000}),
                "target_per_million",
                "invalid",
                "must be between 0 and 999999",
            ),
            (
                json!({"target_per_million": -1}),
                "target_per_million",
                "invalid",
                "must be between 0 and 999999",
            ),
            (
                json!({"target_per_million": 1.5}),
                "target_per_million",
                "incorrect_type",
                "must be a whole number",
            ),
            (
                json!({"reset_at": "yesterday"}),
                "reset_at",
                "invalid",
                "must be a time as in RFC 3339",
            ),
            (
                json!({"tags": [{"key": "T", "value": "a"}]}),
                "tags[0].key",
                "invalid",
                "must consist of lower-case letters",
            ),
        ],
    )
    .await;
    let many: Vec<String> = (0..11).map(|index| format!("d{index}")).collect();
    check_rules(
        &installation,
        "POST",
        "/1/slos/__all__",
        &wide(&["shop"]),
        &[
            (
                json!({"dataset_slugs": null}),
                "dataset_slugs",
                "missing",
                "cannot be blank",
            ),
            (
                json!({"dataset_slugs": []}),
                "dataset_slugs",
                "missing",
                "cannot be blank",
            ),
            (
                json!({"dataset_slugs": many}),
                "dataset_slugs",
                "invalid",
                "must have at most 10 entries",
            ),
            (
                json!({"dataset_slugs": ["nobody"]}),
                "dataset_slugs[0]",
                "invalid",
                "there is no such dataset",
            ),
            (
                json!({"dataset_slugs": ["shop", "shop"]}),
                "dataset_slugs[1]",
                "invalid",
                "is there twice",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn an_indicator_in_use_stays() {
    let installation = with_indicator().await;
    let slo = installation.make_id("/1/slos/shop", &body()).await;
    let field = installation
        .get("/1/derived_columns/shop?alias=is_good")
        .await
        .json();
    let field = format!("/1/derived_columns/shop/{}", field["id"].as_str().unwrap());
    assert_eq!(installation.delete(&field).await.status, 409);
    let path = format!("/1/slos/shop/{slo}");
    assert_eq!(installation.delete(&path).await.status, 204);
    assert_eq!(installation.delete(&field).await.status, 204);
}

fn counted(good: i64, counted: i64) -> Vec<Cell> {
    vec![Cell::Int(good), Cell::Int(counted)]
}

#[tokio::test]
async fn details_are_computed_from_the_events() {
    let installation = with_indicator().await;
    *installation.engine.table.lock() =
        Some(Box::new(|spec: &QuerySpec, mut table: ResultTable| {
            let names: Vec<_> = spec.calculations.iter().map(|c| c.label()).collect();
            assert_eq!(names, ["good", "counted"]);
            assert_eq!(
                spec.calculated_fields[0].expression,
                "LT($duration_ms, 500)"
            );
            let hours = (table.range.end_ns - table.range.start_ns) / HOUR_NS;
            table.total = match hours {
                4 => counted(94, 100),
                _ => counted(990, 1_000),
            };
            table
        }));
    let id = installation
        .make_id("/1/slos/__all__", &wide(&["shop", "other"]))
        .await;
    let path = format!("/1/slos/__all__/{id}");
    assert_eq!(installation.get(&path).await.json().get("compliance"), None);
    for query in ["?detailed", "?detailed=true"] {
        let slo = installation.get(&format!("{path}{query}")).await.json();
        // Two datasets, each with the same: of 2000 counted events 20 failed, and 40 may.
        let number = |member: &str| slo[member].as_f64().unwrap();
        assert!((number("compliance") - 99.0).abs() < 1e-9, "{slo}");
        assert!((number("budget_remaining") - 50.0).abs() < 1e-9, "{slo}");
        assert!((number("burn_rate") - 3.0).abs() < 1e-9, "{slo}");
        assert_eq!(slo["status"], "no_alerts");
    }
    let asked = installation.engine.asked.lock().clone();
    let lengths: Vec<i64> = asked[..4]
        .iter()
        .map(|asked| (asked.range.end_ns - asked.range.start_ns) / HOUR_NS)
        .collect();
    assert_eq!(lengths, [720, 720, 4, 4]);
    assert!(asked.iter().all(|asked| asked.scope != DatasetScope::All));
}

#[tokio::test]
async fn a_reset_and_the_lack_of_events_show() {
    let installation = with_indicator().await;
    *installation.engine.table.lock() = Some(Box::new(|_: &QuerySpec, mut table: ResultTable| {
        table.total = counted(0, 0);
        table
    }));
    let mut slo = body();
    slo["reset_at"] = json!("2024-11-22T09:06:40.123Z");
    let id = installation.make_id("/1/slos/shop", &slo).await;
    let slo = installation
        .get(&format!("/1/slos/shop/{id}?detailed"))
        .await
        .json();
    assert_eq!(slo["status"], "no_events");
    assert_eq!(
        (
            &slo["compliance"],
            &slo["budget_remaining"],
            &slo["burn_rate"]
        ),
        (&json!(100.0), &json!(100.0), &json!(0.0))
    );
    for asked in installation.engine.asked.lock().iter() {
        assert_eq!((asked.range.end_ns - asked.range.start_ns) / HOUR_NS, 1);
    }
}

/// One event an hour, of which every seventh fails; more in the hours of the last day.
fn in_hour(hour: i64) -> (i64, i64) {
    let events = if hour > NOW_S / HOUR_S - 24 { 14 } else { 1 };
    let failed = i64::from(hour % 7 == 0);
    (events - failed, events)
}

#[tokio::test]
async fn history_is_the_period_before_every_hour() {
    let installation = with_indicator().await;
    *installation.engine.table.lock() =
        Some(Box::new(|spec: &QuerySpec, mut table: ResultTable| {
            assert_eq!(spec.granularity_s, Some(3_600));
            let hours = table.range.start_ns / HOUR_NS..table.range.end_ns / HOUR_NS;
            assert!(hours.end - hours.start <= 1_000);
            table.total_series = hours
                .map(|hour| {
                    let (good, all) = in_hour(hour);
                    SeriesPoint {
                        time_ns: hour * HOUR_NS,
                        values: counted(good, all),
                    }
                })
                .collect();
            table
        }));
    let id = installation.make_id("/1/slos/shop", &body()).await;
    let (start_time, end_time) = (NOW_S - 50 * HOUR_S, NOW_S);
    let answer = installation
        .send(
            "POST",
            "/1/reporting/slos/historical",
            &json!({"ids": [id], "start_time": start_time, "end_time": end_time}),
        )
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let moments = answer.json()[&id].as_array().unwrap().clone();
    assert_eq!(moments.len(), 51);
    for (index, moment) in moments.iter().enumerate() {
        let hour = start_time / HOUR_S + i64::try_from(index).unwrap();
        assert_eq!(moment["timestamp"], hour * HOUR_S);
        let (mut good, mut all) = (0, 0);
        for past in hour - 720..hour {
            let (good_then, all_then) = in_hour(past);
            good += good_then;
            all += all_then;
        }
        let (good, all) = (
            f64::from(i32::try_from(good).unwrap()),
            f64::from(i32::try_from(all).unwrap()),
        );
        let budget = 100.0 * (1.0 - (all - good) / (all * 0.02));
        let number = |member: &str| moment[member].as_f64().unwrap();
        assert!(
            (number("compliance") - 100.0 * good / all).abs() < 1e-6,
            "{index} {moment}"
        );
        assert!(
            (number("budget_remaining") - budget).abs() < 1e-6,
            "{index} {moment}"
        );
    }
}

#[tokio::test]
async fn wrong_questions_about_history_are_refused() {
    let installation = with_indicator().await;
    let id = installation.make_id("/1/slos/shop", &body()).await;
    check_rules(
        &installation,
        "POST",
        "/1/reporting/slos/historical",
        &json!({"ids": [id], "start_time": NOW_S - 10, "end_time": NOW_S}),
        &[
            (json!({"ids": null}), "ids", "missing", "cannot be blank"),
            (json!({"ids": []}), "ids", "missing", "cannot be blank"),
            (
                json!({"ids": vec![id.as_str(); 25]}),
                "ids",
                "invalid",
                "must have at most 24 entries",
            ),
            (
                json!({"ids": ["nobody"]}),
                "ids[0]",
                "invalid",
                "there is no such SLO",
            ),
            (
                json!({"start_time": null}),
                "start_time",
                "missing",
                "cannot be blank",
            ),
            (
                json!({"start_time": NOW_S - 367 * 86_400}),
                "start_time",
                "invalid",
                "must be within the last year",
            ),
            (
                json!({"end_time": NOW_S + 1}),
                "end_time",
                "invalid",
                "must not be in the future",
            ),
            (
                json!({"end_time": NOW_S - 11}),
                "start_time",
                "invalid",
                "must not be after end_time",
            ),
        ],
    )
    .await;
}
