//! Clients that break in their own ways (spec/xray.md section 10): what Grafana's data source asks and takes for granted, OpenTelemetry as
//! AWS distributes it, the sampler of the SDK for Node.js, and AWS's daemon.

use crate::clients::{javascript, python};
use crate::server::{Server, eventually, run_client};
use crate::xray_api::aws_key;
use crate::xray_reads::documents;
use serde_json::json;

const T1: &str = "1-6a000000-000000000000000000000001";
const T2: &str = "1-6a00003c-000000000000000000000002";
const T3: &str = "1-6a000078-000000000000000000000003";

#[test]
fn grafana_finds_what_it_takes_for_granted() {
    let Some(mut client) = python("xray_grafana.py") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let data_dir = data.path().join("data");
    let server = Server::start(&data_dir, &[]);
    let (id, secret) = aws_key(&data_dir);
    let seen = run_client(
        client
            .env("WAGGLE_ENDPOINT", &server.origin)
            .env("WAGGLE_DOCUMENTS", documents(data.path()))
            .env("AWS_ACCESS_KEY_ID", &id)
            .env("AWS_SECRET_ACCESS_KEY", &secret),
    );
    // Quarters of 45 s: from ...880, 925, 970 and 1015.
    assert_eq!(seen["quarters"], json!([[T1], [T2], [], [T3]]));
    assert_eq!(seen["years"], json!([[], [], [], [T1, T2, T3]]));
    assert_eq!(seen["faults"], json!([[], [T2], [], []]));
    assert_eq!(
        seen["graph"],
        json!([
            "bank.example",
            "carts",
            "ledger@db1",
            "pricing.example",
            "shop.example",
            "shop.example"
        ])
    );
    assert_eq!(seen["every 60 s"], json!([1, 1, 1]));
    assert_eq!(seen["every 300 s"], json!([2, 1]));
}

#[tokio::test]
async fn adot_samples_by_the_servers_rules_and_sends_by_udp() {
    let Some(mut client) = python("xray_adot.py") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let seen = run_client(client.env("AWS_XRAY_DAEMON_ADDRESS", &server.xray));
    assert_eq!(seen["complaints"], json!([]));
    let sampled = &seen["sampled"];
    assert_eq!(
        (&sampled["health"], &sampled["pay"]),
        (&json!(0), &json!(40))
    );
    // 200 times one half; the bounds are missed less than once in a billion runs.
    let halves = sampled["cart"].as_i64().unwrap();
    assert!((57..=143).contains(&halves), "{halves}");
    let counts =
        |requests: i64, sampled: i64| json!({"RequestCount": requests, "SampledCount": sampled});
    let reported = &seen["reported"];
    assert_eq!(reported["never"], counts(40, 0));
    assert_eq!(reported["machines"], counts(40, 40));
    assert_eq!(reported["half"], counts(200, halves));
    assert_eq!(reported.get("others"), None);
    assert_eq!(seen["same"], true);
    let id = seen["trace"].as_str().unwrap();
    let header = seen["header"].as_str().unwrap();
    assert!(header.starts_with(&format!("Root={id};Parent=")) && header.ends_with(";Sampled=1"));

    eventually("all spans are there", async || {
        let spec =
            json!({"time_range": 600, "calculations": [{"op": "COUNT"}], "breakdowns": ["name"]});
        let answer = server.query("adot-shop", spec).await;
        let count = |name: &str| {
            let rows = answer["results"].as_array()?.iter();
            let mut found = rows.filter(|row| row["data"]["name"] == name);
            found.next()?["data"]["COUNT"].as_i64()
        };
        let all = [
            count("pay"),
            count("cart"),
            count("caller"),
            count("callee"),
        ];
        (all == [Some(40), Some(halves), Some(1), Some(1)]).then(|| {
            assert_eq!((count("health"), count("dropped")), (None, None));
        })
    })
    .await;
    let metrics = server
        .http
        .get(format!("{}/metrics", server.origin))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(metrics.contains("waggle_xray_documents_total{outcome=\"Unsampled\"} 1\n"));
    eventually("the metric is there", async || {
        let spec =
            json!({"time_range": 600, "calculations": [{"op": "SUM", "column": "adot.orders"}]});
        let answer = server.query("__all__", spec).await;
        (answer["results"][0]["data"]["SUM(adot.orders)"] == 3.0).then_some(())
    })
    .await;
}

#[test]
fn the_sampler_of_the_node_sdk_decides_by_the_servers_rules_and_reports() {
    let Some(mut client) = javascript("xray_node_sampler.mjs") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let seen = run_client(client.env("AWS_XRAY_DAEMON_ADDRESS", &server.xray));
    assert_eq!(seen["complaints"], json!([]));
    assert_eq!(seen["sampled"], json!({"/health": 0, "/pay/now": 40}));
    let never = json!({"RequestCount": 40, "SampledCount": 0, "BorrowCount": 0});
    assert_eq!(seen["reported"]["never"], never);
    let always = &seen["reported"]["always"];
    assert!(always["RequestCount"].as_i64() >= Some(40), "{always}");
    assert_eq!(always["SampledCount"], always["RequestCount"]);
}

/// It gives up after 2 seconds, tries once more, and then drops what it has; of an entry without an id it reads no further.
#[tokio::test]
async fn awss_daemon_is_answered_in_time_and_with_ids_first() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let patience = std::time::Duration::from_secs(2);
    let daemon = reqwest::Client::builder()
        .timeout(patience)
        .build()
        .unwrap();
    let document = |number: usize, more: &str| {
        let long = "x".repeat(10_000);
        format!(
            r#"{{"name":"shop","id":"{number:016x}","trace_id":"1-6a000000-{number:024x}","start_time":1778384900,"metadata":{{"a":{{"b":"{long}"}}}}{more}}}"#
        )
    };
    // A whole batch, of which one has no id and one no end.
    let mut documents: Vec<String> = (1..=48)
        .map(|number| document(number, r#","end_time":1778384901"#))
        .collect();
    documents.insert(0, r#"{"name":"shop"}"#.to_owned());
    documents.push(document(50, ""));
    let body = json!({ "TraceSegmentDocuments": documents });
    let url = format!("http://{}/TraceSegments", server.xray);
    // The second is the daemon's other try, when an answer was lost on its way: the documents are taken once.
    for attempt in 1..=2 {
        let answer = daemon.post(&url).json(&body).send().await;
        let answer = answer.unwrap_or_else(|error| panic!("attempt {attempt}: {error}"));
        let answer: serde_json::Value = answer.json().await.unwrap();
        let entries = answer["UnprocessedTraceSegments"].as_array().unwrap();
        let of = |member: &str| -> Vec<_> { entries.iter().map(|e| e[member].clone()).collect() };
        assert_eq!(of("Id"), [json!("0000000000000032"), json!(null)]);
        assert_eq!(of("ErrorCode"), ["MissingEndTime", "MissingId"]);
    }
    let spec = json!({
        "start_time": 1_778_384_000, "end_time": 1_778_386_000,
        "calculations": [{"op": "COUNT"}, {"op": "COUNT_DISTINCT", "column": "trace.trace_id"}],
    });
    let answer = server.query("shop", spec).await;
    assert_eq!(
        answer["total"],
        json!({"COUNT": 48, "COUNT_DISTINCT(trace.trace_id)": 48})
    );
}
