//! SQL, exports and imports as a user has them: over HTTP and by the commands, with DuckDB reading what left.

use crate::server::{KEY, Server, handed, repository, run, run_client};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

const SQL: &str = "/api/environments/production/sql";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const EVENTS: usize = 2_000;
const START_NS: i64 = 1_767_225_600_123_456_789;

/// Sends orders and customers, some of them through blocks.
async fn fill(server: &Server) {
    let orders: Vec<Value> = (0..EVENTS)
        .map(|n| {
            let time_ns = START_NS + n as i64 * 1_000_000_007;
            let (seconds, fraction) = (time_ns / 1_000_000_000, time_ns % 1_000_000_000);
            let amount = if n % 10 == 0 { json!(n) } else { json!(n as f64 + 0.25) };
            let mixed = match n % 3 {
                0 => json!("text"),
                1 => json!(7),
                _ => json!(true),
            };
            json!({
                "time": format!("{seconds}.{fraction:09}"),
                "samplerate": n % 4 + 1,
                "data": {
                    "customer": format!("c{}", n % 5), "amount": amount, "mixed": mixed,
                    "trace.trace_id": if n % 100 == 7 { TRACE.to_owned() } else { format!("{n:032x}") },
                    "note": if n % 7 == 0 { json!("a, \"b\"\nc") } else { Value::Null },
                },
            })
        })
        .collect();
    let customers: Vec<Value> = (0..4)
        .map(|n| {
            let country = ["AT", "DE"][n % 2];
            json!({"data": {"id": format!("c{n}"), "country": country}})
        })
        .collect();
    for (dataset, events) in [("orders", orders), ("customers", customers)] {
        for part in events.chunks(500) {
            server
                .post(&format!("/1/batch/{dataset}"), &json!(part))
                .await;
        }
    }
}

async fn rows(server: &Server, sql: &str) -> Value {
    server.post(SQL, &json!({"sql": sql})).await["rows"].clone()
}

#[tokio::test]
async fn sql_joins_windows_and_refuses() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--flush-interval", "1s"]);
    fill(&server).await;
    assert_eq!(
        rows(
            &server,
            "SELECT c.country, count(*) AS n, max(o.amount) FROM orders o JOIN customers c ON o.customer = c.id
             GROUP BY c.country ORDER BY c.country"
        )
        .await,
        json!([["AT", 800, 1997.25], ["DE", 800, 1998.25]])
    );
    assert_eq!(
        rows(
            &server,
            "SELECT customer, amount FROM (
               SELECT *, row_number() OVER (PARTITION BY customer ORDER BY timestamp) AS place FROM orders)
             WHERE place = 2 ORDER BY customer LIMIT 2"
        )
        .await,
        json!([["c0", 5.25], ["c1", 6.25]])
    );
    let answer = server
        .post(SQL, &json!({"sql": "SELECT \"trace.trace_id\", timestamp FROM orders ORDER BY timestamp", "rows_max": 1}))
        .await;
    assert_eq!(
        answer["columns"],
        json!([{"name": "trace.trace_id", "type": "string"}, {"name": "timestamp", "type": "timestamp"}])
    );
    assert_eq!(
        answer["rows"],
        json!([[
            "00000000000000000000000000000000",
            "2026-01-01T00:00:00.123456789Z"
        ]])
    );
    assert_eq!(answer["truncated"], true);
    let csv = server
        .request(reqwest::Method::POST, SQL)
        .header("accept", "text/csv")
        .json(&json!({"sql": "SELECT count(*) AS n, 'a,b' AS t FROM orders"}))
        .send()
        .await
        .unwrap();
    assert_eq!(csv.text().await.unwrap(), "n,t\r\n2000,\"a,b\"\r\n");

    for (sql, said, line, column) in [
        (
            "DROP TABLE orders",
            "only SELECT can be run here, not DROP",
            0,
            0,
        ),
        (
            "COPY orders TO '/tmp/x.csv'",
            "only SELECT can be run here, not COPY",
            0,
            0,
        ),
        ("SET x = 1", "only SELECT can be run here, not SET", 0, 0),
        (
            "INSERT INTO orders VALUES (1)",
            "only SELECT can be run here, not INSERT",
            0,
            0,
        ),
        ("SELECT *\nFROM '/etc/passwd'", "passwd", 0, 0),
        ("SELECT nothing FROM orders", "nothing", 1, 8),
        ("SELECT *\nFORM orders", "FORM", 2, 1),
    ] {
        let answer = server
            .request(reqwest::Method::POST, SQL)
            .json(&json!({"sql": sql}))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 400, "{sql}");
        let body: Value = answer.json().await.unwrap();
        let error = body["error"].as_str().unwrap();
        assert!(error.contains(said), "{sql}: {error}");
        if line > 0 {
            assert_eq!(
                body["place"],
                json!({"line": line, "column": column}),
                "{sql}: {error}"
            );
        }
    }
    let stranger = server
        .http
        .post(format!("{}{SQL}", server.origin))
        .json(&json!({"sql": "SELECT 1"}))
        .send();
    assert_eq!(stranger.await.unwrap().status(), 401);
}

fn waggle(server: &Server, arguments: &[&str]) -> Output {
    run(Command::new(env!("CARGO_BIN_EXE_waggle"))
        .args(arguments)
        .args(["--endpoint", &server.origin])
        .env("WAGGLE_API_KEY", KEY))
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_leaves_as_parquet_comes_back_as_the_same_events() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--flush-interval", "1s"]);
    fill(&server).await;
    let files = tempfile::tempdir().unwrap();
    let file = path(files.path(), "orders.parquet");
    waggle(&server, &["export", "--dataset", "orders", "-o", &file]);
    let imported = waggle(&server, &["import", &file, "--dataset", "again"]);
    let said = String::from_utf8(imported.stderr).unwrap();
    assert!(
        said.contains("2000 of 2000 events stored in again"),
        "{said}"
    );

    for breakdown in ["mixed", "customer", "note"] {
        let spec = json!({
            "calculations": [{"op": "COUNT"}, {"op": "SUM", "column": "amount"}, {"op": "P95", "column": "amount"},
                {"op": "COUNT_DISTINCT", "column": "trace.trace_id"}],
            "breakdowns": [breakdown], "orders": [{"column": breakdown, "order": "ascending"}],
            "start_time": 1_767_225_600, "end_time": 1_767_229_200,
        });
        let before = server.query("orders", spec.clone()).await;
        let after = server.query("again", spec).await;
        for part in ["results", "series", "total", "total_series"] {
            assert_eq!(before[part], after[part], "{breakdown}: {part}");
        }
    }
    let all = "SELECT timestamp, sample_rate, amount, customer, mixed, note FROM";
    assert_eq!(
        rows(&server, &format!("{all} orders ORDER BY timestamp")).await,
        rows(&server, &format!("{all} again ORDER BY timestamp")).await
    );

    // A part of it, chosen by time and filter.
    let lines = path(files.path(), "part.ndjson");
    let filters = r#"[{"column": "mixed", "op": "=", "value": true}]"#;
    waggle(
        &server,
        &[
            "export",
            "--dataset",
            "orders",
            "-o",
            &lines,
            "--filters",
            filters,
            "--end",
            "2026-01-01T00:00:10Z",
        ],
    );
    let lines = std::fs::read_to_string(&lines).unwrap();
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["time"], "2026-01-01T00:00:02.123456803Z");
    assert_eq!(lines[0]["samplerate"], 3);
    assert_eq!(lines[0]["data"]["amount"], 2.25);
    // Lines are what the batch door takes.
    server.post("/1/batch/lines", &json!(lines)).await;
    assert_eq!(
        rows(&server, "SELECT count(*) FROM lines").await,
        json!([[3]])
    );

    let csv = path(files.path(), "orders.csv");
    waggle(&server, &["export", "--dataset", "orders", "-o", &csv]);
    let csv = std::fs::read_to_string(csv).unwrap();
    assert!(csv.starts_with("timestamp,sample_rate,amount,customer,mixed,note,trace.trace_id\r\n"));
    assert!(csv.contains(",\"a, \"\"b\"\"\nc\","), "{}", &csv[..400]);
}

#[tokio::test]
async fn duckdb_reads_the_file_with_equal_counts_and_sums() {
    let Some(python) = handed("WAGGLE_TEST_PYTHON") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--flush-interval", "1s"]);
    fill(&server).await;
    let files = tempfile::tempdir().unwrap();
    let file = path(files.path(), "orders.parquet");
    waggle(&server, &["export", "--dataset", "orders", "-o", &file]);
    let seen = run_client(
        Command::new(python)
            .arg(repository().join("tests/clients/read_parquet.py"))
            .arg(&file),
    );
    let total = rows(&server, "SELECT sum(amount) FROM orders").await;
    assert_eq!(seen["sum"], total[0][0]);
    assert_eq!(seen["rows"], EVENTS);
    assert_eq!(seen["weight"], EVENTS / 4 * 10);
    assert_eq!(seen["first"], START_NS);
    assert_eq!(seen["out_of_order"], 0);
    assert_eq!(seen["codecs"], json!(["ZSTD"]));
    assert_eq!(seen["trace"], 20);
    let types = &seen["types"];
    assert_eq!(types["amount"], "DOUBLE");
    assert_eq!(types["amount:integer"], "BIGINT");
    assert_eq!(types["mixed"], "VARCHAR");
    assert_eq!(types["timestamp"], "TIMESTAMPTZ_NS");
}

/// One table in the ways that pyarrow writes: codecs, pages, encodings, units of time, INT96 as Spark has it.
#[tokio::test]
async fn files_of_another_writer_are_imported_with_every_value() {
    let Some(python) = handed("WAGGLE_TEST_PYTHON") else {
        return;
    };
    let files = tempfile::tempdir().unwrap();
    let script = repository().join("tests/clients/write_parquet.py");
    run(Command::new(python).arg(script).arg(files.path()));
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--flush-interval", "1s"]);
    for name in ["snappy", "zstd", "gzip", "none"] {
        let file = path(files.path(), &format!("{name}.parquet"));
        let imported = waggle(&server, &["import", &file, "--dataset", name]);
        let said = String::from_utf8(imported.stderr).unwrap();
        let expected = format!("1000 of 1000 events stored in {name}");
        assert!(said.contains(&expected), "{said}");
        let ask = async |columns: &str| {
            let answer = rows(&server, &format!("SELECT {columns} FROM {name}")).await;
            answer[0].clone()
        };
        assert_eq!(
            ask("count(*), min(timestamp), max(timestamp)").await,
            json!([1000, "2026-01-01T00:00:00Z", "2026-01-01T00:24:58.5Z"]),
            "{name}"
        );
        assert_eq!(
            ask("round(sum(amount), 2), round(sum(large), 2), min(unsigned), count(ok), count(*) FILTER (WHERE ok)")
                .await,
            json!([4995.0, 4995.0, 9_223_372_036_854_777_856.0, 900, 400]),
            "{name}"
        );
        assert_eq!(
            ask("count(name), count(DISTINCT name), min(raw), min(day), max(day), min(\"at\")")
                .await,
            json!([666, 7, "ff00", "2026-01-02", "2026-01-02", "10:30:00"]),
            "{name}"
        );
        assert_eq!(
            ask(
                "count(\"nested.code\"), sum(\"nested.code\"), count(\"nested.inner.label\"), \
                count(tags), min(tags), max(attributes)"
            )
            .await,
            json!([800, 400_000, 400, 750, "[\"a\",null]", "{\"k\":7}"]),
            "{name}"
        );
    }
    // A codec that is not built in is named, and nothing is stored.
    let file = path(files.path(), "brotli.parquet");
    let refused = Command::new(env!("CARGO_BIN_EXE_waggle"))
        .args(["import", &file, "--dataset", "brotli"])
        .args(["--endpoint", &server.origin])
        .env("WAGGLE_API_KEY", KEY)
        .output()
        .unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        !refused.status.success() && said.to_lowercase().contains("brotli"),
        "{said}"
    );
}
