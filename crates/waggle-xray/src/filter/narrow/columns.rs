//! Which columns say what: the other direction of how rows are read as entities (`trace/row.rs`).

use super::{Group, SIDE, STATE, absent, condition, exists, number, rank_of, spec};
use crate::filter::expression::{Test, TextOp};
use waggle_model::{FilterOp, FilterSpec, FilterValue, Value};

/// Most characters of a name; longer ones are cut.
const NAME_CHARS_MAX: usize = 200;

const STATUSES: [&str; 2] = ["http.response.status_code", "http.status_code"];

pub(super) fn fault() -> Group {
    let mut alternatives = vec![
        vec![is_true("xray.fault")],
        vec![is_true("error"), absent("xray.type")],
        vec![equal_int("status_code", 2), absent("xray.type")],
    ];
    for status in STATUSES {
        let at_least = spec(status, FilterOp::GreaterOrEqual, number(500.0));
        alternatives.push(vec![at_least, absent("xray.type")]);
    }
    Group {
        alternatives,
        rank: STATE,
    }
}

pub(super) fn error() -> Group {
    let mut alternatives = vec![vec![is_true("xray.error")]];
    for status in STATUSES {
        let from = spec(status, FilterOp::GreaterOrEqual, number(400.0));
        let below = spec(status, FilterOp::Less, number(500.0));
        alternatives.push(vec![from, below, absent("xray.type")]);
    }
    Group {
        alternatives,
        rank: STATE,
    }
}

pub(super) fn throttle() -> Group {
    let mut alternatives = vec![vec![is_true("xray.throttle")]];
    for status in STATUSES {
        alternatives.push(vec![equal_int(status, 429), absent("xray.type")]);
    }
    Group {
        alternatives,
        rank: STATE,
    }
}

/// A URL stands in a column, or is put together from others: then the columns for it are absent, empty or no texts. That they have no text
/// with a slash says less, and tells rows of documents and of most spans all the same.
pub(super) fn url(op: TextOp, text: &str) -> Group {
    const WHOLE: [&str; 2] = ["url.full", "http.url"];
    let test = Test::Text(op, text.to_owned());
    let mut alternatives: Vec<_> = WHOLE.map(|column| condition(column, &test)).into();
    let parts = [
        "http.target",
        "url.path",
        "http.request.method",
        "http.method",
    ];
    for part in parts {
        let mut conditions = vec![exists(part)];
        conditions.extend(WHOLE.map(has_no_slash));
        alternatives.push(conditions);
    }
    Group {
        alternatives,
        rank: rank_of(&test).max(SIDE),
    }
}

fn has_no_slash(column: &str) -> FilterSpec {
    let slash = FilterValue::One(Value::String("/".to_owned()));
    spec(column, FilterOp::DoesNotContain, slash)
}

/// Rows of segments of this name.
pub(super) fn segment_name(name: &str) -> Vec<Vec<FilterSpec>> {
    let mut alternatives: Vec<Vec<FilterSpec>> = ["service.name", "aws.local.service"]
        .iter()
        .map(|column| vec![named(column, name)])
        .collect();
    if name == "unknown_service" {
        // The columns for the name may be there, empty.
        alternatives.push(vec![exists("trace.span_id")]);
    }
    // The service a document is filed under is cut and trimmed.
    alternatives.push(vec![named("name", name), exists("xray.type")]);
    alternatives
}

/// Rows of calls that lead to a node of this name.
pub(super) fn call_name(name: &str) -> Vec<Vec<FilterSpec>> {
    let columns = [
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
        "aws.table.name",
        "aws.queue_url",
        "aws.queue.url",
        "messaging.url",
        "aws.bucket_name",
        "aws.s3.bucket",
        "aws.function_name",
        "faas.invoked_name",
    ];
    let mut alternatives: Vec<Vec<FilterSpec>> = columns
        .iter()
        .map(|column| vec![named(column, name)])
        .collect();
    for prefix in ["AWS.SDK.", "AWS::", "AWS.SDK.AWS::"] {
        let prefixed = format!("{prefix}{name}");
        alternatives.push(vec![named("aws.remote.service", &prefixed)]);
    }
    for list in ["aws.dynamodb.table_names", "aws.resource_names"] {
        alternatives.push(vec![exists(list)]);
    }
    // `database@host`
    for (at, _) in name.match_indices('@') {
        let database = name.get(..at).unwrap_or_default();
        alternatives.push(vec![named("db.name", database)]);
        alternatives.push(vec![named("db.namespace", database)]);
    }
    // A call that says nothing of whom it calls has its own name, cleaned. The columns above may be there all the same, empty or no texts.
    let kinds = vec![text("client"), text("producer"), text("consumer")];
    let is_call = [
        spec("span.kind", FilterOp::In, FilterValue::Many(kinds)),
        named("rpc.system", "aws-api"),
        exists("aws.service"),
    ];
    for is_call in is_call {
        alternatives.push(vec![is_call, absent("xray.type")]);
    }
    alternatives
}

/// A name in a column; one as long as names get may go on there.
fn named(column: &str, name: &str) -> FilterSpec {
    let op = match name.chars().count() >= NAME_CHARS_MAX {
        true => FilterOp::StartsWith,
        false => FilterOp::Equal,
    };
    spec(column, op, FilterValue::One(text(name)))
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn is_true(column: &str) -> FilterSpec {
    spec(column, FilterOp::Equal, FilterValue::One(Value::Bool(true)))
}

fn equal_int(column: &str, value: i64) -> FilterSpec {
    spec(column, FilterOp::Equal, FilterValue::One(Value::Int(value)))
}
