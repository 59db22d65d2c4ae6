//! A trace that a filter matches has a row that the narrowed conditions let through, whatever its columns hold.

use super::Narrowed;
use crate::filter::{Filter, NoGroups};
use crate::trace::tests::{StoredRow, T1, trace_of_rows};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use waggle_model::{FilterOp, FilterSpec, FilterValue, Value};

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

/// The root of a trace, without a service, or a span below it.
fn span(number: u8, columns: &[(&str, Value)]) -> StoredRow {
    let mut fields = vec![
        (
            "trace.span_id".to_owned(),
            text(&format!("a00000000000000{number}")),
        ),
        ("duration_ms".to_owned(), Value::Float(1.0)),
    ];
    if number > 0 {
        fields.push(("trace.parent_id".to_owned(), text("a000000000000000")));
    }
    for (column, value) in columns {
        fields.push(((*column).to_owned(), value.clone()));
    }
    fields.sort_by(|one, other| one.0.cmp(&other.0));
    (i64::from(number), fields)
}

/// What storage says of one row, for the operators that texts and presence are narrowed to.
fn holds(spec: &FilterSpec, fields: &[(String, Value)]) -> bool {
    let have = fields.iter().find(|(column, _)| *column == spec.column);
    let have = have.map(|(_, value)| value);
    let (have_text, wanted) = match (have, &spec.value) {
        (Some(Value::String(have)), FilterValue::One(Value::String(wanted))) => (have, wanted),
        (have, FilterValue::Many(wanted)) => {
            assert_eq!(spec.op, FilterOp::In);
            return have.is_some_and(|have| wanted.contains(have));
        }
        (have, FilterValue::None) => return have.is_some() == (spec.op == FilterOp::Exists),
        (have, FilterValue::One(wanted)) => {
            let number = |value: Option<&Value>| match value {
                Some(Value::Int(number)) => Some(*number as f64),
                Some(Value::Float(number)) => Some(*number),
                _ => None,
            };
            let (Some(have_number), Some(wanted)) = (number(have), number(Some(wanted))) else {
                // What is absent, or no text, contains nothing.
                return spec.op == FilterOp::DoesNotContain
                    || spec.op == FilterOp::Equal && have == Some(wanted);
            };
            return match spec.op {
                FilterOp::Equal => have_number == wanted,
                FilterOp::GreaterOrEqual => have_number >= wanted,
                FilterOp::Less => have_number < wanted,
                op => panic!("{op:?} of numbers"),
            };
        }
    };
    match spec.op {
        FilterOp::Equal => have_text == wanted,
        FilterOp::StartsWith => have_text.starts_with(wanted.as_str()),
        FilterOp::EndsWith => have_text.ends_with(wanted.as_str()),
        FilterOp::Contains => have_text.contains(wanted.as_str()),
        FilterOp::DoesNotContain => !have_text.contains(wanted.as_str()),
        op => panic!("{op:?} of texts"),
    }
}

fn lets_through(narrowed: &Narrowed, rows: &[StoredRow]) -> bool {
    let passes = |group: &Vec<Vec<FilterSpec>>, fields: &[(String, Value)]| {
        let mut alternatives = group.iter();
        alternatives.any(|conditions| conditions.iter().all(|spec| holds(spec, fields)))
    };
    let mut sets = std::iter::once(&narrowed.rows).chain(&narrowed.with);
    sets.all(|set| {
        let mut rows = rows.iter();
        rows.any(|(_, fields)| set.groups.iter().all(|group| passes(group, fields)))
    })
}

/// Whether a filter matches; if so, the narrowed one must let it through.
fn matches(expression: &str, rows: &[StoredRow]) -> bool {
    let filter = Filter::parse(expression, &NoGroups).unwrap();
    let is_match = filter.matches(&trace_of_rows(T1, rows));
    if is_match && let Some(narrowed) = filter.narrow(&|_| Vec::new()) {
        assert!(lets_through(&narrowed, rows), "{expression}: {rows:#?}");
    }
    is_match
}

#[test]
fn columns_that_are_there_and_say_nothing_hide_no_trace() {
    let cases: [(&str, &[(&str, Value)]); 6] = [
        (
            "service(\"GET cart\")",
            &[
                ("name", text("GET cart")),
                ("span.kind", text("client")),
                ("peer.service", text("")),
            ],
        ),
        (
            "service(\"PutItem\")",
            &[
                ("name", text("PutItem")),
                ("span.kind", text("internal")),
                ("rpc.system", text("aws-api")),
            ],
        ),
        (
            "service(\"PutItem\")",
            &[
                ("name", text("PutItem")),
                ("span.kind", text("internal")),
                ("aws.service", Value::Int(5)),
            ],
        ),
        (
            "http.url ENDSWITH \"/pay\"",
            &[("http.target", text("/pay")), ("http.url", text(""))],
        ),
        (
            "service(\"unknown_service\")",
            &[("service.name", text(""))],
        ),
        (
            "http.url = \"/pay\"",
            &[("http.url", Value::Bool(true)), ("url.path", text("/pay"))],
        ),
    ];
    for (expression, columns) in cases {
        let rows = match expression.contains("http.url") || expression.contains("unknown") {
            true => vec![span(0, columns)],
            false => vec![span(0, &[("service.name", text("shop"))]), span(1, columns)],
        };
        assert!(matches(expression, &rows), "{expression}");
    }
}

#[test]
fn no_trace_that_matches_is_hidden() {
    const COLUMNS: [&str; 19] = [
        "name",
        "service.name",
        "aws.local.service",
        "peer.service",
        "aws.service",
        "aws.remote.service",
        "db.name",
        "db.namespace",
        "rpc.service",
        "http.host",
        "net.peer.name",
        "server.address",
        "aws.table_name",
        "aws.queue.url",
        "http.url",
        "url.full",
        "http.target",
        "url.path",
        "http.method",
    ];
    const EXPRESSIONS: [&str; 16] = [
        "service(\"a\")",
        "service(\"b\")",
        "service(\"unknown_service\")",
        "edge(\"a\", \"b\")",
        "http.url = \"a\"",
        "http.url ENDSWITH \"a/b\"",
        "http.url CONTAINS \"b\"",
        "http.url != \"a\"",
        "fault",
        "fault AND http.method = \"a\"",
        "service(\"a\") { fault } AND http.method = \"b\"",
        "service() { fault http.method = \"a\" }",
        "service(\"b\") { error OR http.method = \"a\" }",
        "edge(\"a\", \"b\") { fault }",
        "annotation.k = 5 AND service(\"a\") { annotation.k = 5 http.status >= 500 }",
        "(fault OR error) (http.method = \"a\" OR http.status = 404) service(\"b\")",
    ];
    let mut matched = 0;
    for seed in 0..800 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut rows = Vec::new();
        for number in 0..rng.random_range(1..4) {
            let mut columns = Vec::new();
            for column in COLUMNS {
                let value = match rng.random_range(0..12) {
                    0 => text("a"),
                    1 => text("b"),
                    2 | 3 => text(""),
                    4 => Value::Int(5),
                    5 => text("a/b"),
                    _ => continue,
                };
                columns.push((column, value));
            }
            let kinds = ["client", "internal", "server", "producer"];
            columns.push(("span.kind", text(kinds[rng.random_range(0..kinds.len())])));
            if rng.random_bool(0.2) {
                columns.push(("rpc.system", text("aws-api")));
            }
            for (column, value) in [
                ("http.status_code", Value::Int(404)),
                ("http.response.status_code", Value::Int(503)),
                ("status_code", Value::Int(2)),
                ("error", Value::Bool(true)),
                ("xray.fault", Value::Bool(true)),
                ("k", Value::Int(5)),
            ] {
                if rng.random_bool(0.3) {
                    columns.push((column, value));
                }
            }
            rows.push(span(number, &columns));
        }
        for expression in EXPRESSIONS {
            matched += usize::from(matches(expression, &rows));
        }
    }
    assert!(matched > 2_000, "{matched}");
}
