//! Which fields a span has, said once: every encoding of the data writes what this lists.

use super::table::{Column, Tables};
use super::{Row, Sparse, SparseValue};

/// Takes the attributes of one span, one after the other.
pub(crate) trait Sink {
    /// A column with few values: value number `code`.
    fn coded(&mut self, column: &Column, code: usize);
    fn text(&mut self, key: &str, value: &str);
    fn int(&mut self, key: &str, value: i64);
    fn float(&mut self, key: &str, value: f64);
    /// Something that is true of this span; where it is not, the column has no value.
    fn claim(&mut self, key: &str);
}

/// What [`super::otlp`] says in a span's own fields, for encodings without such fields.
pub(crate) const KINDS: [&str; 6] = [
    "unspecified",
    "internal",
    "server",
    "client",
    "producer",
    "consumer",
];

/// Gives `sink` the attributes of a span.
pub(crate) fn attributes(sink: &mut impl Sink, tables: &Tables, row: &Row, sparse: &[Sparse]) {
    sink.coded(&tables.service, row.service);
    sink.coded(&tables.pod, row.pod);
    sink.coded(&tables.host, row.pod % 120);
    sink.coded(&tables.node, row.pod % 60);
    sink.coded(&tables.namespace, row.service % 8);
    sink.coded(&tables.cluster, row.region % 3);
    sink.coded(&tables.zone, row.region * 3 + row.pod % 3);
    sink.coded(&tables.region, row.region);
    sink.coded(&tables.build, row.build);
    sink.coded(&tables.library, row.service % 30);
    sink.coded(&tables.library_version, row.service % 20);
    sink.coded(&tables.sdk_version, row.service % 8);
    sink.coded(&tables.peer, row.peer);
    sink.coded(&tables.tier, row.tier);
    sink.coded(&tables.customer, row.customer);
    sink.coded(&tables.flag, row.flag);
    sink.coded(&tables.platform, row.platform);
    sink.coded(&tables.country, row.country);
    if let Some(http) = &row.http {
        sink.coded(&tables.route, http.route);
        sink.coded(&tables.method, http.method);
        sink.coded(&tables.user_agent, row.user_agent);
    }
    if let Some(statement) = row.statement {
        sink.coded(&tables.statement, statement);
        sink.coded(&tables.database, row.service % 4);
    }
    if let Some(exception) = row.exception {
        sink.coded(&tables.exception, exception);
    }
    if let Some(annotation) = row.annotation {
        sink.coded(&tables.annotation, annotation);
    }
    if let Some(http) = &row.http {
        sink.int("http_status_code", http.status);
        sink.int("resp_len", http.response_bytes);
        sink.int("req_len", http.request_bytes);
    }
    sink.text("user_id", &format!("user_{:07}", row.user));
    sink.int("net_peer_port", row.port);
    sink.int("thread_id", row.thread);
    sink.int("sampling_weight", row.sampling_weight);
    sink.float("queue_ms", row.queue_ms);
    for one in sparse {
        let key = &tables.sparse[one.column];
        match one.value {
            SparseValue::Text(code) => sink.coded(&tables.sparse_strings[one.column], code),
            SparseValue::Int(value) => sink.int(key, value),
            SparseValue::Float(value) => sink.float(key, value),
        }
    }
}
