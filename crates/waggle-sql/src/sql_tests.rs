//! SQL as its users meet it: what can be asked, what is refused, where an error is, and that conditions the scan decides mean the same
//! as those that DataFusion decides.

use crate::engine::SqlConfig;
use crate::testing::Installation;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use waggle_model::{
    DatasetId, QueryError, SqlEngine, SqlError, SqlPlace, SqlRequest, SqlType, TimeRange, Value,
};
use waggle_testkit::{Event, random_events};

const S: i64 = 1_000_000_000;
const RANGE: TimeRange = TimeRange {
    start_ns: 1_700_000_000 * S,
    end_ns: 1_700_003_600 * S,
};

const ENDLESS: &str =
    "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b";

fn event(second: i64, fields: &[(&str, Value)]) -> Event {
    Event {
        timestamp_ns: RANGE.start_ns + second * S,
        sample_rate: 1,
        dataset: DatasetId(0),
        fields: fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect::<BTreeMap<_, _>>(),
    }
}

fn text(value: &str) -> Value {
    Value::String(value.to_owned())
}

/// Orders of ours, customers of ours, and a dataset of another tenant that is called like one of ours.
async fn shop() -> Installation {
    let installation = Installation::new(SqlConfig::default()).await;
    let mut rng = StdRng::seed_from_u64(1);
    let orders: Vec<Event> = (0..100)
        .map(|n| {
            let amount = match n % 10 {
                0 => Value::Int(n),
                _ => Value::Float(n as f64 + 0.5),
            };
            event(
                n,
                &[
                    ("customer", text(&format!("c{}", n % 4))),
                    ("amount", amount),
                    (
                        "http.status",
                        Value::Int(if n % 5 == 0 { 500 } else { 200 }),
                    ),
                    ("ok", Value::Bool(n % 5 != 0)),
                ],
            )
        })
        .collect();
    let customers: Vec<Event> = (0..3)
        .map(|n| {
            let country = text(["AT", "DE", "FR"][n as usize]);
            event(n, &[("id", text(&format!("c{n}"))), ("Country", country)])
        })
        .collect();
    let theirs = vec![event(0, &[("secret", text("nobody may see this"))])];
    let orders_id = installation.dataset(installation.tenant, "orders").await;
    let customers_id = installation
        .dataset(installation.tenant, "Known Customers")
        .await;
    let secret_id = installation.dataset(installation.stranger, "secret").await;
    let twin_id = installation.dataset(installation.stranger, "orders").await;
    let (ours, others) = (installation.tenant, installation.stranger);
    installation.put(&mut rng, ours, orders_id, &orders).await;
    installation
        .put(&mut rng, ours, customers_id, &customers)
        .await;
    installation.put(&mut rng, others, secret_id, &theirs).await;
    installation.put(&mut rng, others, twin_id, &theirs).await;
    installation
}

#[tokio::test]
async fn a_dataset_is_a_table_with_typed_columns() {
    let shop = shop().await;
    let answer = shop
        .ask("SELECT * FROM orders ORDER BY timestamp LIMIT 1")
        .await
        .unwrap();
    let columns: Vec<(&str, SqlType)> = answer
        .columns
        .iter()
        .map(|column| (column.name.as_str(), column.column_type))
        .collect();
    assert_eq!(
        columns,
        [
            ("timestamp", SqlType::Timestamp),
            ("sample_rate", SqlType::Integer),
            ("amount", SqlType::Float),
            ("customer", SqlType::String),
            ("http.status", SqlType::Integer),
            ("ok", SqlType::Boolean),
        ]
    );
    assert_eq!(
        answer.rows,
        [[
            Some(text("2023-11-14T22:13:20Z")),
            Some(Value::Int(1)),
            Some(Value::Float(0.0)),
            Some(text("c0")),
            Some(Value::Int(500)),
            Some(Value::Bool(false)),
        ]]
    );
}

#[tokio::test]
async fn aggregates_joins_and_windows_are_answered() {
    let shop = shop().await;
    assert_eq!(
        shop.rows("SELECT count(*), sum(amount), max(timestamp) FROM orders")
            .await,
        [[
            Some(Value::Int(100)),
            Some(Value::Float(4_950.0 + 45.0)),
            Some(text("2023-11-14T22:14:59Z"))
        ]]
    );
    let joined = shop
        .rows(
            r#"SELECT c."Country", count(*) AS n FROM orders o JOIN "known-customers" c ON o.customer = c.id
               WHERE NOT o.ok GROUP BY c."Country" ORDER BY n DESC, 1"#,
        )
        .await;
    assert_eq!(
        joined,
        [
            [Some(text("AT")), Some(Value::Int(5))],
            [Some(text("DE")), Some(Value::Int(5))],
            [Some(text("FR")), Some(Value::Int(5))],
        ]
    );
    let windows = shop
        .rows(
            r#"WITH ranked AS (
                 SELECT customer, amount, row_number() OVER (PARTITION BY customer ORDER BY amount DESC) AS place FROM orders)
               SELECT customer, amount FROM ranked WHERE place = 1 ORDER BY customer"#,
        )
        .await;
    assert_eq!(
        windows,
        [
            [Some(text("c0")), Some(Value::Float(96.5))],
            [Some(text("c1")), Some(Value::Float(97.5))],
            [Some(text("c2")), Some(Value::Float(98.5))],
            [Some(text("c3")), Some(Value::Float(99.5))],
        ]
    );
    let minutes = shop
        .rows(
            "SELECT date_trunc('minute', timestamp) AS minute, count(*) FROM orders \
             WHERE timestamp >= '2023-11-14T22:14:00Z' GROUP BY minute ORDER BY minute",
        )
        .await;
    assert_eq!(
        minutes,
        [[Some(text("2023-11-14T22:14:00Z")), Some(Value::Int(60))]]
    );
}

#[tokio::test]
async fn columns_without_events_and_empty_datasets_are_there() {
    let shop = shop().await;
    shop.dataset(shop.tenant, "empty").await;
    assert_eq!(
        shop.rows("SELECT count(*), max(timestamp) FROM empty")
            .await,
        [[Some(Value::Int(0)), None]]
    );
    let orders = shop.dataset(shop.tenant, "orders").await;
    let new = waggle_metastore::NewColumn {
        is_histogram: false,
        key_name: "promised".to_owned(),
        column_type: waggle_model::ColumnType::Integer,
        description: String::new(),
        is_hidden: false,
    };
    let made = shop
        .metastore
        .create_column(shop.tenant, orders, new, 100, 0)
        .await;
    made.unwrap();
    assert_eq!(
        shop.rows("SELECT count(promised), count(*) FROM orders WHERE promised IS NULL")
            .await,
        [[Some(Value::Int(0)), Some(Value::Int(100))]]
    );
}

fn refusal(error: Result<waggle_model::SqlAnswer, SqlError>) -> (String, Option<SqlPlace>) {
    match error {
        Err(SqlError::Invalid { message, place }) => (message, place),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn only_select_is_run() {
    let shop = shop().await;
    for (sql, word) in [
        ("CREATE TABLE t (a INT)", "CREATE"),
        (
            "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
            "CREATE",
        ),
        ("CREATE VIEW v AS SELECT 1", "CREATE"),
        ("DROP TABLE orders", "DROP"),
        ("COPY orders TO '/tmp/stolen.csv'", "COPY"),
        ("COPY (SELECT 1) TO 'x.parquet' STORED AS PARQUET", "COPY"),
        ("SET datafusion.execution.batch_size = 1", "SET"),
        ("RESET datafusion.execution.batch_size", "RESET"),
        ("INSERT INTO orders VALUES (1)", "INSERT"),
        ("UPDATE orders SET amount = 1", "UPDATE"),
        ("DELETE FROM orders", "DELETE"),
        ("TRUNCATE TABLE orders", "TRUNCATE"),
        ("PREPARE p AS SELECT 1", "PREPARE"),
        ("EXECUTE p", "EXECUTE"),
        ("BEGIN", "BEGIN"),
        ("COMMIT", "COMMIT"),
        ("SHOW TABLES", "SHOW"),
        ("EXPLAIN SELECT 1", "EXPLAIN"),
        ("DESCRIBE orders", "DESCRIBE"),
        ("SELECT 1 INTO t", "SELECT INTO"),
        (
            "WITH w AS (INSERT INTO orders VALUES (1)) SELECT 1",
            "INSERT",
        ),
    ] {
        let (message, _) = refusal(shop.ask(sql).await);
        assert!(
            message.starts_with("only SELECT can be run here") && message.contains(word)
                || sql.starts_with("WITH"),
            "{sql}: {message}"
        );
    }
    for sql in ["", "  -- nothing", "SELECT 1; SELECT 2"] {
        refusal(shop.ask(sql).await);
    }
}

#[tokio::test]
async fn nothing_but_the_tenants_datasets_can_be_named() {
    let shop = shop().await;
    for table in [
        "secret",
        "'/etc/passwd'",
        "\"/etc/passwd\"",
        "'https://example.com/x.parquet'",
        "information_schema.tables",
        "information_schema.df_settings",
        "theirs.public.orders",
        "waggle.theirs.orders",
        "\"Known Customers\"",
        "ORDERS",
        "read_csv('/etc/passwd')",
        "parquet_metadata('/etc/passwd')",
    ] {
        let sql = format!("SELECT * FROM {table}");
        let (message, _) = refusal(shop.ask(&sql).await);
        assert!(!message.contains("nobody may see this"), "{message}");
    }
    // The same name is another table for another tenant.
    let theirs = shop.ask_as(shop.stranger, "SELECT * FROM orders").await;
    assert_eq!(theirs.unwrap().columns.last().unwrap().name, "secret");
    let (message, _) = refusal(shop.ask("SELECT secret FROM orders").await);
    assert!(message.contains("secret"), "{message}");
}

#[tokio::test]
async fn an_error_says_where_it_is() {
    let shop = shop().await;
    let place = |line, column| Some(SqlPlace { line, column });
    let (message, at) = refusal(shop.ask("SELECT *\nFORM orders").await);
    assert_eq!(at, place(2, 1), "{message}");
    let (message, at) = refusal(shop.ask("SELECT amount,\n  nonsense FROM orders").await);
    assert!(message.contains("nonsense"), "{message}");
    assert_eq!(at, place(2, 3), "{message}");
    let (message, at) = refusal(shop.ask("SELECT 1\nFROM nowhere").await);
    assert!(message.contains("nowhere"), "{message}");
    assert_eq!(at, place(2, 6), "{message}");
    refusal(shop.ask("SELECT 1 / 0").await);
    refusal(shop.ask("SELECT customer + ok FROM orders").await);
}

#[tokio::test]
async fn limits_are_kept_and_named() {
    let shop = shop().await;
    let request = SqlRequest {
        text: "SELECT amount FROM orders ORDER BY amount".to_owned(),
        rows_max: Some(7),
    };
    let answer = shop.sql.sql(shop.tenant, &request).await.unwrap();
    assert!(answer.is_truncated);
    assert_eq!(answer.rows.len(), 7);
    assert_eq!(answer.rows[6], [Some(Value::Float(6.5))]);

    let hungry = "SELECT a.value FROM generate_series(1, 5000000) a ORDER BY a.value DESC";
    let strict = Installation::new(SqlConfig {
        deadline_ms: 300,
        ..SqlConfig::default()
    })
    .await;
    match strict.ask(ENDLESS).await.unwrap_err() {
        SqlError::Query(QueryError::Deadline(300)) => {}
        other => panic!("{other:?}"),
    }
    let small = Installation::new(SqlConfig {
        memory_bytes_max: 1 << 20,
        ..SqlConfig::default()
    })
    .await;
    match small.ask(hungry).await.unwrap_err() {
        SqlError::Query(QueryError::TooLarge { limit, .. }) => assert_eq!(limit, 1 << 20),
        other => panic!("{other:?}"),
    }
    let long = format!("SELECT '{}'", "x".repeat(70_000));
    refusal(small.ask(&long).await);
}

#[tokio::test]
async fn deep_texts_are_planned_or_refused_and_never_end_the_process() {
    let shop = shop().await;
    let sum = |terms: usize| format!("SELECT {}", vec!["1"; terms].join("+"));
    assert_eq!(shop.rows(&sum(300)).await, [[Some(Value::Int(300))]]);
    let (message, _) = refusal(shop.ask(&sum(5_000)).await);
    assert!(message.contains("1000 operators"), "{message}");
    let conditions = vec!["amount = 1.5 OR ok"; 30].join(" OR ");
    let sql = format!("SELECT count(*) FROM orders WHERE {conditions}");
    assert_eq!(shop.rows(&sql).await, [[Some(Value::Int(80))]]);
    let list = (0..5_000).map(|n| format!("'c{n}'")).collect::<Vec<_>>();
    let sql = format!(
        "SELECT count(*) FROM orders WHERE customer IN ({})",
        list.join(", ")
    );
    assert_eq!(shop.rows(&sql).await, [[Some(Value::Int(100))]]);
    refusal(
        shop.ask(&format!("SELECT {}1{}", "(".repeat(900), ")".repeat(900)))
            .await,
    );
}

#[tokio::test]
async fn functions_that_swell_are_left_out() {
    let shop = shop().await;
    for call in [
        "repeat('x', 2000000000)",
        "lpad('x', 2000000000)",
        "generate_series(1, 1000000000)",
        "array_repeat(1, 1000000000)",
    ] {
        refusal(shop.ask(&format!("SELECT {call}")).await);
    }
}

#[tokio::test]
async fn a_query_that_nobody_waits_for_gives_its_turn_back() {
    let installation = Installation::new(SqlConfig {
        queries_max: 1,
        wait_ms_max: 100,
        ..SqlConfig::default()
    })
    .await;
    let patience = std::time::Duration::from_millis(500);
    let (endless, second) = tokio::join!(
        tokio::time::timeout(patience, installation.ask(ENDLESS)),
        installation.ask("SELECT 1"),
    );
    assert!(endless.is_err(), "it has no end");
    assert!(matches!(second, Err(SqlError::Query(QueryError::Busy))));
    // The first has been dropped; its turn is free as soon as its threads have noticed.
    let freed = tokio::time::timeout(patience * 20, async {
        while installation.ask("SELECT 1").await.is_err() {}
    });
    freed.await.unwrap();
}

#[tokio::test]
async fn conditions_mean_the_same_in_the_scan_and_outside() {
    const CASES: u64 = 12;
    for seed in 0..CASES {
        println!("seed {seed}");
        let mut rng = StdRng::seed_from_u64(seed);
        let installation = Installation::new(SqlConfig {
            threads: rng.random_range(1..4),
            ..SqlConfig::default()
        })
        .await;
        let dataset = installation.dataset(installation.tenant, "d").await;
        let count = rng.random_range(1..3_000);
        let events = random_events(&mut rng, count, RANGE);
        installation
            .put(&mut rng, installation.tenant, dataset, &events)
            .await;
        assert_eq!(
            installation.rows("SELECT count(*) FROM d").await,
            [[Some(Value::Int(count as i64))]]
        );
        for _ in 0..20 {
            let condition = random_condition(&mut rng);
            let inside = format!("SELECT count(*) FROM d WHERE {condition}");
            // A condition in the select list can't be pushed down.
            let outside =
                format!("SELECT count(*) FROM (SELECT {condition} AS passes FROM d) WHERE passes");
            // A projection of a volatile value keeps the filter above it.
            let outside = outside.replace("AS passes", "AS passes, random() AS r");
            let inside = installation.rows(&inside).await;
            let outside = installation.rows(&outside).await;
            assert_eq!(inside, outside, "{condition}");
        }
    }
}

fn random_condition(rng: &mut StdRng) -> String {
    let op = ["=", "<>", "<", "<=", ">", ">="][rng.random_range(0..6)];
    let second = rng.random_range(0..3_600);
    let (minute, second) = (second / 60, second % 60);
    match rng.random_range(0..12) {
        0 => format!("name {op} 'GET /cart'"),
        1 => format!("status {op} {}", [200, 404, 0][rng.random_range(0..3)]),
        2 => format!("duration_ms {op} 12.5"),
        3 => ["error", "NOT error", "error IS NULL", "error = false"][rng.random_range(0..4)]
            .to_owned(),
        4 => format!(
            "mixed {op} '{}'",
            ["5", "true", "", "5.5"][rng.random_range(0..4)]
        ),
        5 => "name IN ('GET /', 'POST /cart', '')".to_owned(),
        6 => "name NOT IN ('GET /', 'a')".to_owned(),
        7 => format!("status IN (200, {second})"),
        8 => [
            "mixed IS NULL",
            "mixed IS NOT NULL",
            "\"sparse.number\" IS NOT NULL",
        ][rng.random_range(0..3)]
        .to_owned(),
        9 => format!(
            "timestamp {op} '2023-11-14T22:{:02}:{second:02}Z'",
            13 + minute % 40
        ),
        10 => format!("200 {op} status AND nasty {op} 0.0"),
        _ => format!("\"sparse.number\" {op} 0 OR name LIKE 'GET%'"),
    }
}
