//! Two answers agree when they should, and only then.

use super::{Answer, What};
use crate::scenario::{Engine, Queries, Query};
use serde_json::{Value, json};
use std::path::Path;

fn query(id: &str) -> Query {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let queries = Queries::open(&folder, "queries").unwrap().queries;
    queries.into_iter().find(|query| query.id == id).unwrap()
}

fn of_peer(query: &Query, engine: Engine, rows: &Value) -> Answer {
    let rows: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row.as_object().unwrap().clone())
        .collect();
    Answer::of_peer(query, engine, &rows).unwrap()
}

fn of_waggle(query: &Query, body: &Value) -> Answer {
    Answer::of_waggle(query, &[body.to_string().into_bytes()]).unwrap()
}

#[test]
fn counts_are_exact() {
    let query = query("Q6");
    let exact = of_peer(
        &query,
        Engine::DuckDb,
        &json!([{"name": "a", "c": 3}, {"name": null, "c": 1}]),
    );
    let body = |count| json!({"data": {"results": [{"data": {"name": "a", "COUNT": count}}, {"data": {"COUNT": 1}}]}});
    let right = of_waggle(&query, &body(3));
    assert_eq!(
        right
            .compare(&query, &exact, What::Everything)
            .unwrap()
            .rows,
        2
    );
    let wrong = of_waggle(&query, &body(4));
    let error = wrong.compare(&query, &exact, What::Everything).unwrap_err();
    assert!(error.to_string().contains("is 4 in place of 3"), "{error}");
}

#[test]
fn percentiles_have_their_error() {
    let query = query("Q12");
    let row = |p99: f64| json!([{"http_route": "/", "c": 7, "p[0]": p99}]);
    let exact = of_peer(&query, Engine::DuckDb, &row(100.0));
    let near = of_peer(&query, Engine::DuckDb, &row(100.7));
    let agreement = near.compare(&query, &exact, What::Everything).unwrap();
    assert!((0.006..0.008).contains(&agreement.error));
    let far = of_peer(&query, Engine::DuckDb, &row(101.0));
    assert!(far.compare(&query, &exact, What::Everything).is_err());
    assert!(far.compare(&query, &exact, What::Counts).is_ok());
}

#[test]
fn defaults_of_clickhouse_are_no_value() {
    let query = query("Q10");
    let row = |route: Value, status: Value| json!([{"service_name": "a", "http_route": route, "http_status_code": status, "region": "r", "c": 1, "a": 2.0, "m": 2.0, "p[0]": 2.0}]);
    let duck = of_peer(&query, Engine::DuckDb, &row(Value::Null, Value::Null));
    let click = of_peer(&query, Engine::ClickHouse, &row(json!(""), json!(0)));
    assert_eq!(duck, click);
    assert_ne!(
        duck,
        of_peer(&query, Engine::DuckDb, &row(json!(""), json!(0)))
    );
}

#[test]
fn ends_of_top_lists_may_differ_where_counts_are_equal() {
    let query = query("Q5");
    let of = |rows: Value| of_peer(&query, Engine::DuckDb, &rows);
    let exact = of(json!([{"user_id": "a", "c": 3}, {"user_id": "b", "c": 2}]));
    let other_end = of(json!([{"user_id": "a", "c": 3}, {"user_id": "x", "c": 2}]));
    assert!(other_end.compare(&query, &exact, What::Everything).is_ok());
    let other_top = of(json!([{"user_id": "x", "c": 3}, {"user_id": "b", "c": 2}]));
    assert!(other_top.compare(&query, &exact, What::Everything).is_err());
}

#[test]
fn buckets_are_numbered_from_1970_and_parts_are_added() {
    let query = query("Q1");
    let body = |count| json!({"data": {"series": [{"time": "1970-01-01T00:02:00Z", "data": {"COUNT": count}}]}});
    let bodies = [body(1), body(4)].map(|body| body.to_string().into_bytes());
    let both = Answer::of_waggle(&query, &bodies).unwrap();
    let exact = of_peer(&query, Engine::DuckDb, &json!([{"b": 2, "c": 5}]));
    assert_eq!(both, exact);
}
