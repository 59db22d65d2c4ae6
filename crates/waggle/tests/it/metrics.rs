//! Metrics of OpenTelemetry's Python SDK, followed through time by queries of Honeycomb's API.

use crate::clients::python;
use crate::server::{KEY, Server, run_client};
use serde_json::{Value, json};

/// Runs a query as clients of `/1` do: make it, run it, fetch the result until it is complete.
async fn run(server: &Server, dataset: &str, spec: Value) -> Value {
    let query = server.post(&format!("/1/queries/{dataset}"), &spec).await;
    let run = json!({"query_id": query["id"]});
    let result = server
        .post(&format!("/1/query_results/{dataset}"), &run)
        .await;
    let path = format!(
        "/1/query_results/{dataset}/{}",
        result["id"].as_str().unwrap()
    );
    loop {
        let result = server.get(&path).await;
        if result["complete"] == true {
            return result["data"].clone();
        }
    }
}

/// The value of a calculation per minute since `start` and group.
fn points(data: &Value, start: i64, label: &str, group: &str) -> Vec<(i64, String, f64)> {
    let points = data["series"].as_array().unwrap().iter();
    let mut points: Vec<_> = points
        .filter_map(|point| {
            let time: jiff::Timestamp = point["time"].as_str().unwrap().parse().unwrap();
            let group = point["data"][group].to_string().replace('"', "");
            Some((
                (time.as_second() - start) / 60,
                group,
                point["data"][label].as_f64()?,
            ))
        })
        .collect();
    points.sort_by(|left, right| (left.0, &left.1).cmp(&(right.0, &right.1)));
    points
}

#[tokio::test]
async fn counters_of_the_python_sdk_are_followed_through_time() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let Some(mut client) = python("otlp_metrics.py") else {
        return;
    };
    // A whole multiple of ten minutes, an hour ago.
    let start = (jiff::Timestamp::now().as_second() - 3_600) / 600 * 600;
    let arguments = [&server.otlp_http, KEY, "shop-metrics", &start.to_string()];
    let answers = run_client(client.args(arguments));
    assert_eq!(answers, json!(vec!["SUCCESS"; 22]));

    let spec = |expression: &str, op: &str, granularity: i64| {
        json!({
            "calculated_fields": [{"name": "t", "expression": expression}],
            "calculations": [{"op": op, "column": "t"}],
            "breakdowns": ["host.name"],
            "granularity": granularity,
            "start_time": start,
            "end_time": start + 600,
        })
    };
    let shop = |spec: Value| run(&server, "shop-metrics", spec);

    // Host a: 31 requests a minute, 4 of which begin in the first five minutes of the data. Host b: 61, the reset at minute 6 included.
    let rate = shop(spec("RATE($requests, 300)", "SUM", 300)).await;
    let expected = [
        (0, "a", 4.0 * 31.0 / 300.0),
        (0, "b", 4.0 * 61.0 / 300.0),
        (5, "a", 5.0 * 31.0 / 300.0),
        (5, "b", 5.0 * 61.0 / 300.0),
    ];
    let found = points(&rate, start, "SUM(t)", "host.name");
    assert_eq!(found.len(), expected.len(), "{rate}");
    for (found, (minute, host, value)) in found.iter().zip(expected) {
        assert_eq!((found.0, found.1.as_str()), (minute, host));
        assert!((found.2 - value).abs() < 1e-9, "{found:?} {value}");
    }

    // The whole, by the attribute that is a number: each code is a series of its own.
    let mut by_code = spec("INCREASE($requests)", "SUM", 60);
    by_code["breakdowns"] = json!(["code"]);
    let increase = shop(by_code).await;
    let total = |code: i64| {
        let rows = increase["results"].as_array().unwrap().iter();
        let row = rows.map(|row| &row["data"]).find(|row| row["code"] == code);
        row.and_then(|row| row["SUM(t)"].as_f64())
    };
    assert_eq!(
        (total(200), total(500)),
        (Some(9.0 * 90.0), Some(18.0)),
        "{increase}"
    );

    let last = shop(spec("LAST($queue)", "MAX", 300)).await;
    let found = points(&last, start, "MAX(t)", "host.name");
    let expected = [
        (0, "a", 40.0),
        (0, "b", 40.0),
        (5, "a", 90.0),
        (5, "b", 90.0),
    ];
    assert_eq!(
        found,
        expected.map(|(minute, host, value)| (minute, host.to_owned(), value))
    );

    // What clients asked before goes on as it was: the values as they are.
    let plain = shop(json!({
        "calculations": [{"op": "MAX", "column": "requests"}, {"op": "COUNT"}],
        "start_time": start, "end_time": start + 660,
    }))
    .await;
    let row = &plain["results"][0]["data"];
    assert_eq!(row["MAX(requests)"].as_f64(), Some(360.0), "{plain}");
}

#[tokio::test]
async fn a_dataset_of_metrics_follows_each_metric_by_its_type() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let Some(mut client) = python("otlp_metrics.py") else {
        return;
    };
    let dataset = json!({"name": "metrics", "dataset_type": "metrics"});
    let made = server.post("/1/datasets", &dataset).await;
    assert_eq!(made["dataset_type"], "metrics", "{made}");
    let start = (jiff::Timestamp::now().as_second() - 3_600) / 600 * 600;
    let arguments = [&server.otlp_http, KEY, "metrics", &start.to_string()];
    run_client(client.args(arguments));

    let ask = |calculations: Value| {
        run(
            &server,
            "metrics",
            json!({"calculations": calculations, "start_time": start, "end_time": start + 600, "granularity": 60}),
        )
    };
    let answer = ask(json!([
        {"op": "SUM", "column": "requests"},
        {"op": "MAX", "column": "queue"},
        {"op": "COUNT_DATAPOINTS", "column": "requests"},
    ]))
    .await;
    let row = &answer["results"][0]["data"];
    // Nine minutes of 31 and 61 requests; ten points of two hosts and two codes.
    assert_eq!(row["SUM(requests)"].as_f64(), Some(828.0), "{answer}");
    assert_eq!(row["MAX(queue)"].as_f64(), Some(90.0), "{answer}");
    assert_eq!(row["COUNT_DATAPOINTS(requests)"], 40, "{answer}");

    let ops = ["P50", "P75", "SUM", "AVG", "MIN", "MAX", "HISTOGRAM_COUNT"];
    let calculations = |column: &str| -> Vec<Value> {
        let calculations = ops.iter();
        calculations
            .map(|op| json!({"op": op, "column": column}))
            .collect()
    };
    let answer = ask(json!(calculations("latency"))).await;
    let row = &answer["results"][0]["data"];
    // In nine minutes 9 values of 3, in the bucket from 0 to 5, and 9 of 30, in that from 25 to 50: the buckets, and that no value is
    // below 3 or above 30.
    let expected = [5.0, 27.5, 297.0, 16.5, 3.0, 30.0, 18.0];
    for (op, expected) in ops.iter().zip(expected) {
        let found = row[format!("{op}(latency)")].as_f64();
        assert_eq!(found, Some(expected), "{op} {answer}");
    }
    let answer = ask(json!(calculations("payload"))).await;
    let row = &answer["results"][0]["data"];
    let expected = [100.0, 1_000.0, 9_900.0, 550.0, 100.0, 1_000.0, 18.0];
    for (op, expected) in ops.iter().zip(expected) {
        let found = row[format!("{op}(payload)")].as_f64().unwrap_or_default();
        assert!((found - expected).abs() <= expected * 1e-3, "{op} {answer}");
    }
    let answer = ask(json!([{"op": "HEATMAP", "column": "latency"}])).await;
    let map = &answer["heatmaps"]["HEATMAP(latency)"];
    assert_eq!(map["min_value"].as_f64(), Some(3.0), "{answer}");
    assert_eq!(map["max_value"].as_f64(), Some(30.0), "{answer}");
    let counts = map["counts"].as_array().unwrap();
    let sums = counts.iter().map(|bins| {
        let bins = bins.as_array().unwrap().iter();
        bins.filter_map(Value::as_u64).sum::<u64>()
    });
    assert_eq!(sums.collect::<Vec<_>>(), [2; 9], "{answer}");

    let path = "/api/environments/production/datasets/metrics/metrics";
    let metrics = server.get(path).await;
    let expected = json!([
        {"name": "latency", "type": "histogram(cumulative)", "default": "INCREASE"},
        {"name": "payload", "type": "histogram(cumulative)", "default": "INCREASE"},
        {"name": "queue", "type": "gauge", "default": "LAST"},
        {"name": "requests", "type": "sum(cumulative,monotonic)", "default": "INCREASE"},
    ]);
    assert_eq!(metrics["metrics"], expected);
    let attributes = async |metric: &str| {
        let answer = server.get(&format!("{path}/{metric}/attributes")).await;
        let names = answer["attributes"].as_array().unwrap().clone();
        let has = |name: &str| names.iter().any(|known| known == name);
        assert!(
            has("host.name") && !has("meta.series") && !has(metric),
            "{names:?}"
        );
        has("code")
    };
    assert!(attributes("requests").await);
    assert!(!attributes("queue").await);
}
