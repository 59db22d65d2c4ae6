//! boto3 and the AWS CLI read X-Ray's golden documents and a trace of OpenTelemetry: spec/xray.md sections 9.1 to 9.3 and 9.5.

use crate::clients::python;
use crate::server::{KEY, Server, handed, run, run_client};
use crate::xray_api::aws_key;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const T1: &str = "1-6a000000-000000000000000000000001";
const T2: &str = "1-6a00003c-000000000000000000000002";
const T3: &str = "1-6a000078-000000000000000000000003";

/// The golden documents D1 to D6, as a JSON list in a file.
pub(crate) fn documents(folder: &Path) -> std::path::PathBuf {
    let case = include_str!("../../../waggle-wire/src/xray/cases/golden.case");
    let (_, body) = case.split_once("--- body\n").unwrap();
    let (body, _) = body.split_once("--- events").unwrap();
    let documents: Vec<&str> = body.lines().filter(|line| !line.is_empty()).collect();
    let path = folder.join("documents.json");
    std::fs::write(&path, json!(documents).to_string()).unwrap();
    path
}

fn ids(traces: &[&str]) -> Value {
    json!(traces)
}

#[tokio::test]
async fn spans_of_opentelemetry_are_read_as_documents() {
    let Some(mut client) = python("xray_otel_documents.py") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let data_dir = data.path().join("data");
    let server = Server::start(&data_dir, &[]);
    let (id, secret) = aws_key(&data_dir);
    let seen = run_client(
        client
            .env("WAGGLE_ENDPOINT", &server.origin)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", &server.origin)
            .env(
                "OTEL_EXPORTER_OTLP_HEADERS",
                format!("x-honeycomb-team={KEY}"),
            )
            .env("AWS_ACCESS_KEY_ID", &id)
            .env("AWS_SECRET_ACCESS_KEY", &secret),
    );
    let segments = seen["segments"].as_array().unwrap();
    let find = |name: &str| segments.iter().find(|made| made["name"] == name).unwrap();
    let shop = find("shop");
    assert_eq!(shop["origin"], "AWS::EC2::Instance");
    assert_eq!(shop["aws"]["ec2"], json!({"instance_id": "i-0aa"}));
    assert_eq!(shop["aws"]["xray"]["sdk"], "opentelemetry for python");
    assert_eq!(shop["service"]["version"], "1.4.2");
    assert_eq!(shop["http"]["response"]["status"], 500);
    assert_eq!(
        shop["metadata"]["default"]["otel.resource.cloud.platform"],
        "aws_ec2"
    );
    let children = shop["subsegments"].as_array().unwrap();
    let child = |name: &str| children.iter().find(|made| made["name"] == name).unwrap();
    let aws = json!({"operation": "GetItem", "region": "eu-x-1", "table_name": "carts"});
    assert_eq!(child("DynamoDB")["aws"], aws);
    assert_eq!(find("DynamoDB")["aws"], aws, "inferred");
    assert_eq!(find("ledger")["sql"], child("ledger")["sql"]);
    let failed = child("find");
    let exceptions = failed["cause"]["exceptions"].as_array().unwrap();
    let told: Vec<(&Value, &Value)> = exceptions
        .iter()
        .map(|exception| (&exception["type"], &exception["message"]))
        .collect();
    assert_eq!(
        told,
        [
            (&json!("RuntimeError"), &json!("no cart")),
            (&json!("KeyError"), &json!("'cart 7'"))
        ]
    );
    assert_eq!(exceptions[0]["cause"], exceptions[1]["id"]);
    let innermost = &exceptions[0]["stack"][0];
    assert_eq!(
        (&innermost["path"], &innermost["label"]),
        (&seen["file"], &json!("find_cart"))
    );
    assert!(innermost["line"].is_u64());
    assert_eq!(failed["links"][0]["attributes"], json!({"why": "retry"}));
    assert_eq!(
        failed["metadata"]["default"]["otel.events"][0]["attributes"],
        json!({"try": 2})
    );
    assert_eq!(failed["metadata"]["default"].get("process.pid"), None);
    let path = &seen["causes"][0]["Services"][0]["EntityPath"];
    assert_eq!(
        path[1]["Exceptions"],
        json!([{"Name": "RuntimeError", "Message": "no cart"}, {"Name": "KeyError", "Message": "'cart 7'"}])
    );
    assert_eq!(seen["xray"], seen["segments"]);
    for form in ["XRAY", "OTEL"] {
        let (pages, spans) = (&seen["wide"][form][0], &seen["wide"][form][1]);
        let pages: Vec<u64> = pages
            .as_array()
            .unwrap()
            .iter()
            .map(|count| count.as_u64().unwrap())
            .collect();
        assert!(pages.len() >= 3, "{pages:?}");
        let (last, others) = pages.split_last().unwrap();
        assert!(
            others.iter().all(|count| *count == 100) && *last > 0,
            "{pages:?}"
        );
        assert_eq!(spans, 400, "{form}: none is lost");
    }
    let spans = seen["otel"].as_array().unwrap();
    let failed = spans.iter().find(|span| span["name"] == "find").unwrap();
    let events: Vec<&Value> = failed["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["name"])
        .collect();
    assert_eq!(events, ["looked up", "exception"]);
    assert_eq!(
        failed["links"][0]["traceId"],
        "6a00003c000000000000000000000002"
    );
}

#[tokio::test]
async fn boto3_and_the_aws_cli_read_what_was_sent() {
    let Some(mut client) = python("xray_read.py") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let data_dir = data.path().join("data");
    let server = Server::start(&data_dir, &[]);
    let (id, secret) = aws_key(&data_dir);
    let seen = run_client(
        client
            .env("WAGGLE_ENDPOINT", &server.origin)
            .env("WAGGLE_KEY", KEY)
            .env("WAGGLE_DOCUMENTS", documents(data.path()))
            .env("AWS_ACCESS_KEY_ID", &id)
            .env("AWS_SECRET_ACCESS_KEY", &secret),
    );
    assert_eq!(seen["unprocessed"], json!([]));

    let summaries = seen["summaries"].as_array().unwrap();
    let order: Vec<&str> = summaries
        .iter()
        .map(|summary| summary["Id"].as_str().unwrap())
        .collect();
    assert_eq!(order, [T3, T2, T1]);
    assert_eq!(summaries[2]["Duration"], 0.26);
    assert_eq!(summaries[2]["ResponseTime"], 0.24);
    assert_eq!(summaries[2]["Revision"], 3);
    assert_eq!(summaries[0]["Http"]["HttpStatus"], 429);
    assert_eq!(
        summaries[1]["FaultRootCauses"][0]["Services"][1]["Name"],
        "bank.example"
    );
    let filters = [
        ("fault", ids(&[T2])),
        ("error", ids(&[T3])),
        ("throttle", ids(&[T3])),
        ("ok", ids(&[T1])),
        (r#"annotation.tier = "gold""#, ids(&[T1])),
        ("annotation.items > 2", ids(&[T1])),
        (r#"user = "u-17""#, ids(&[T1])),
        (r#"service("bank.example") { fault }"#, ids(&[T2])),
        (r#"edge("shop.example","bank.example")"#, ids(&[T2])),
        (r#"service(id(type: "AWS::DynamoDB::Table"))"#, ids(&[T1])),
        ("inferred AND ok", ids(&[T1])),
        ("service() { responsetime >= 0.24 }", ids(&[T2, T1])),
        (r#"http.url ENDSWITH "/cart" !throttle"#, ids(&[T1])),
        (
            r#"rootcause.fault.exception { name = "BankDown" }"#,
            ids(&[T2]),
        ),
        ("!annotation.tier", ids(&[T3, T2])),
        (r#"group.name = "faulty""#, ids(&[T2])),
        (r#"annotation.items = "3""#, ids(&[])),
    ];
    for (filter, expected) in filters {
        assert_eq!(seen["filters"][filter], expected, "{filter}");
    }
    assert_eq!(seen["sampled_none"], 0);
    assert_eq!(
        seen["quarters"],
        json!({"TraceId": [[T1], []], "Event": [[], [T1]], "Service": [[], [T1]]})
    );
    assert_eq!(
        seen["refusal"],
        "Invalid filter expression at position 7: expected a value, found the end of the expression"
    );

    assert_eq!(
        seen["unknown"],
        json!(["1-6a000000-0000000000000000000000ff"])
    );
    // Every page has all of them, and the last is the answer that the paginator puts together.
    assert_eq!(seen["all_unknown"], json!([true, true, true]));
    assert_eq!(seen["all_known"], true);
    assert_eq!(seen["few_known"], json!([3, 13, false]));
    assert_eq!(
        seen["traces"],
        json!([
            {"id": T1, "duration": 0.26, "verbatim": [false, true, false, false],
             "segments": ["a100000000000001", "b100000000000001", "cbdfa885baaaa75c", "52c5f059dd81a17a"]},
            {"id": T2, "duration": 0.3, "verbatim": [true, false], "segments": ["a200000000000001", "27858916007090e5"]},
            {"id": T3, "duration": 0.006, "verbatim": [true], "segments": ["a300000000000001"]},
        ])
    );
    let graph = &seen["graph"];
    assert_eq!(graph.as_object().unwrap().len(), 6);
    assert_eq!(
        graph["shop.example/AWS::EC2::Instance"],
        json!({"total": 3, "time": 0.546, "edges": {
            "carts/AWS::DynamoDB::Table": 0.04, "ledger@db1/Database::SQL": 0.08, "pricing.example/": 0.1, "bank.example/remote": 0.2}})
    );
    assert_eq!(graph["pricing.example/"]["time"], 0.08);
    assert_eq!(
        graph["shop.example/client"]["edges"],
        json!({"shop.example/AWS::EC2::Instance": 0.546})
    );
    let unfinished = json!({
        "slow.example/client": [null, {"slow.example/": 0}],
        "slow.example/": [0, {"bank.example/remote": 0}],
        "bank.example/remote": [0, {}],
        "fast.example/client": [null, {"fast.example/": 1}],
        "fast.example/": [1, {}],
    });
    assert_eq!(
        seen["unfinished"],
        json!([unfinished, unfinished, unfinished])
    );
    assert_eq!(seen["unfinished_series"], json!([[1], [1]]));
    assert_eq!(
        seen["group_graph"],
        json!(["bank.example", "shop.example", "shop.example"])
    );
    assert_eq!(
        (&seen["series"], &seen["service_series"]),
        (&json!([1, 1, 1]), &json!([1]))
    );
    assert_eq!(seen["retrieved"], json!(["COMPLETE", [4, 2]]));
    // As OpenTelemetry's spans: kind 2 is a server's, 3 a client's; status 2 is an error. Nothing is inferred.
    let (shop, pricing) = ("a100000000000001", "a100000000000002");
    assert_eq!(
        seen["retrieved_otel"],
        json!([
            [
                [shop, "shop.example", 2, null, 0],
                [pricing, "pricing.example", 3, shop, 0],
                ["b100000000000001", "pricing.example", 2, pricing, 0],
                ["a100000000000003", "DynamoDB", 3, shop, 0],
                ["a100000000000004", "ledger@db1", 3, shop, 0],
            ],
            [
                ["a200000000000001", "shop.example", 2, null, 2],
                ["a200000000000002", "bank.example", 3, "a200000000000001", 2],
            ],
        ])
    );
    assert_eq!(
        (&seen["retrieved_graph"], &seen["cancelled"]),
        (&json!(6), &json!("CANCELLED"))
    );
    assert_eq!(seen["missing"], "ResourceNotFoundException");

    assert_eq!(
        seen["otel"],
        json!([{"is_it": true, "entry": "otel-shop", "services": ["otel-shop/", "otel-bank/remote"],
            "http": {"HttpURL": "http://shop/pay", "HttpStatus": 503, "HttpMethod": "GET"}}])
    );
    assert_eq!(
        seen["otel_document"],
        json!(["otel-shop", true, "otel-bank", "remote"])
    );

    // The same through the command line.
    let python = handed("WAGGLE_TEST_PYTHON").unwrap();
    let mut aws = Command::new(Path::new(&python).with_file_name("aws"));
    aws.args([
        "xray",
        "get-trace-summaries",
        "--start-time",
        "1778384880",
        "--end-time",
        "1778385060",
    ])
    .args([
        "--filter-expression",
        "fault",
        "--query",
        "TraceSummaries[].Id",
        "--output",
        "text",
    ])
    .args(["--endpoint-url", &server.origin, "--region", "eu-x-1"])
    .env("AWS_ACCESS_KEY_ID", &id)
    .env("AWS_SECRET_ACCESS_KEY", &secret);
    let output = run(&mut aws);
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), T2);

    // Every accepted document, as it came.
    let lines = server
        .request(reqwest::Method::GET, &format!("/1/xray/documents/{T2}"))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let texts: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(texts.len(), 2);
    assert_eq!(texts[0]["source"], "api");
    assert!(
        texts[0]["document"]
            .as_str()
            .unwrap()
            .contains("\"in_progress\":true")
    );
}
