//! Documents nobody sent: of segments that are inferred from calls, and of spans that came by OTLP or as Honeycomb events. Source:
//! spec/xray.md sections 5.1 and 8.4.

use crate::trace::{Annotation, Entity, Namespace, Row, Trace};
use std::collections::BTreeMap;
use waggle_model::ValueRef;
use waggle_wire::xray::{Json, Object};

const NS_PER_S: i64 = 1_000_000_000;

/// A segment inferred from a call: what the call says of the callee. `sent` is what was sent of the call.
pub(super) fn made_inferred(trace: &Trace, segment: &Entity, sent: Option<&Object>) -> Object {
    let mut made = Made::new(segment);
    made.text("trace_id", &trace.id.to_xray());
    if let Some(parent) = segment.parent_id {
        made.text("parent_id", &parent.to_string());
    }
    match sent {
        Some(sent) => {
            for name in ["http", "aws", "sql"] {
                if let Some(value) = sent.get(name) {
                    made.put(name, value.clone());
                }
            }
        }
        None => made.http(segment),
    }
    made.flags(segment);
    if let Some(origin) = &segment.origin {
        made.text("origin", origin);
    }
    made.put("inferred", Json::Bool(true));
    made.0
}

/// A segment or subsegment of a span, and types and messages of what was thrown in it. What has no place of its own in a document is
/// metadata.
pub(super) fn made_from_row(
    trace: &Trace,
    index: usize,
    is_entry: bool,
    row: &Row<'_>,
    thrown: &[(String, String)],
) -> Object {
    let entity = &trace.entities[index];
    let mut made = Made::new(entity);
    if is_entry {
        made.text("trace_id", &trace.id.to_xray());
        if let Some(parent) = entity.parent_id {
            made.text("parent_id", &parent.to_string());
        }
    }
    if is_entry && !entity.is_segment() {
        made.text("type", "subsegment");
    }
    match entity.namespace {
        Namespace::Aws => made.text("namespace", "aws"),
        Namespace::Remote => made.text("namespace", "remote"),
        Namespace::Local => {}
    }
    let texts = [
        ("origin", &entity.origin),
        ("user", &entity.user),
        ("resource_arn", &entity.resource_arn),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            made.text(name, text);
        }
    }
    made.http(entity);
    made.flags(entity);
    made.members("aws", row, &AWS);
    if entity.has_sql {
        made.members("sql", row, &SQL);
    }
    made.cause(trace, index, row, thrown);
    if !entity.annotations.is_empty() {
        let annotations = entity.annotations.iter();
        let members = annotations.map(|(key, value)| (Box::from(&**key), json_of(value)));
        made.put("annotations", object(members.collect()));
    }
    made.metadata(row);
    if !entity.links.is_empty() {
        let links = entity.links.iter().map(|link| {
            let mut members = vec![(Box::from("trace_id"), string(&link.trace_id.to_xray()))];
            members.extend(link.id.map(|id| (Box::from("id"), string(&id.to_string()))));
            object(members)
        });
        made.put("links", Json::Array(links.collect()));
    }
    made.0
}

/// Members of `aws` and the columns they are in.
const AWS: [(&str, &[&str]); 8] = [
    ("operation", &["aws.operation"]),
    ("region", &["aws.region", "cloud.region"]),
    ("request_id", &["aws.request_id", "aws.requestId"]),
    ("account_id", &["aws.account_id", "cloud.account.id"]),
    (
        "queue_url",
        &["aws.queue_url", "aws.queue.url", "messaging.url"],
    ),
    ("table_name", &["aws.table_name", "aws.table.name"]),
    ("bucket_name", &["aws.bucket_name", "aws.s3.bucket"]),
    ("function_name", &["aws.function_name", "faas.invoked_name"]),
];

const SQL: [(&str, &[&str]); 4] = [
    ("url", &["db.connection_string"]),
    ("database_type", &["db.system", "db.system.name"]),
    ("user", &["db.user"]),
    ("sanitized_query", &["db.query.text", "db.statement"]),
];

/// Columns that are members of a document, or say nothing that one does not.
const NOT_METADATA: [&str; 38] = [
    "trace.trace_id",
    "trace.span_id",
    "trace.parent_id",
    "duration_ms",
    "error",
    "status_code",
    "type",
    "meta.signal_type",
    "span.num_events",
    "span.num_links",
    "http.request.method",
    "http.method",
    "http.response.status_code",
    "http.status_code",
    "url.full",
    "http.url",
    "user_agent.original",
    "http.user_agent",
    "client.address",
    "http.client_ip",
    "enduser.id",
    "user.id",
    "aws.xray.resource_arn",
    "aws.xray.annotations",
    "aws.operation",
    "aws.region",
    "aws.request_id",
    "aws.account_id",
    "aws.queue_url",
    "aws.table_name",
    "aws.bucket_name",
    "aws.function_name",
    "db.connection_string",
    "db.system",
    "db.user",
    "db.query.text",
    "exception.message",
    "exception.stacktrace",
];

/// A document that grows.
struct Made(Object);

impl Made {
    fn new(entity: &Entity) -> Self {
        let mut made = Self(Object::default());
        made.text("name", &entity.name);
        made.text("id", &entity.id.to_string());
        made.put("start_time", seconds(entity.start_ns));
        match entity.end_ns {
            Some(end_ns) => made.put("end_time", seconds(end_ns)),
            None => made.put("in_progress", Json::Bool(true)),
        }
        made
    }

    fn put(&mut self, name: &str, value: Json) {
        self.0.members.push((name.into(), value));
    }

    fn text(&mut self, name: &str, text: &str) {
        self.put(name, string(text));
    }

    fn flags(&mut self, entity: &Entity) {
        let flags = [
            ("error", entity.is_error),
            ("fault", entity.is_fault),
            ("throttle", entity.is_throttle),
        ];
        for (name, is_set) in flags {
            if is_set {
                self.put(name, Json::Bool(true));
            }
        }
    }

    fn http(&mut self, entity: &Entity) {
        let http = &entity.http;
        let request = [
            ("method", &http.method),
            ("url", &http.url),
            ("user_agent", &http.user_agent),
            ("client_ip", &http.client_ip),
        ];
        let request: Vec<(Box<str>, Json)> = request
            .into_iter()
            .filter_map(|(name, text)| Some((name.into(), string(text.as_deref()?))))
            .collect();
        let mut members = Vec::new();
        if !request.is_empty() {
            members.push(("request".into(), object(request)));
        }
        if let Some(status) = http.status {
            let status = Json::Number(status.to_string().into());
            let response = object(vec![("status".into(), status)]);
            members.push(("response".into(), response));
        }
        if !members.is_empty() {
            self.put("http", object(members));
        }
    }

    fn members(&mut self, name: &str, row: &Row<'_>, columns: &[(&str, &[&str])]) {
        let members: Vec<(Box<str>, Json)> = columns
            .iter()
            .filter_map(|(member, columns)| {
                let value = columns.iter().find_map(|column| row.fields.get(column))?;
                Some(((*member).into(), json_of_field(value)))
            })
            .collect();
        if !members.is_empty() {
            self.put(name, object(members));
        }
    }

    /// What was thrown; without it, the message of a status that says error.
    fn cause(&mut self, trace: &Trace, index: usize, row: &Row<'_>, thrown: &[(String, String)]) {
        let entity = &trace.entities[index];
        let mut thrown = thrown.to_vec();
        if thrown.is_empty()
            && entity.is_fault
            && let Some(ValueRef::String(message)) = row.fields.get("status_message")
        {
            thrown.push((String::new(), message.to_owned()));
        }
        if thrown.is_empty() {
            return;
        }
        let exceptions = thrown.iter().enumerate().map(|(number, (name, message))| {
            let seed = format!(
                "waggle-exception:{}:{}:{number}",
                trace.id.to_xray(),
                entity.id
            );
            let id = crate::trace::hashed_id(&seed);
            let mut members = vec![(Box::from("id"), string(&id.to_string()))];
            if !name.is_empty() {
                members.push(("type".into(), string(name)));
            }
            members.push(("message".into(), string(message)));
            if entity.namespace != Namespace::Local {
                members.push(("remote".into(), Json::Bool(true)));
            }
            object(members)
        });
        let exceptions = Json::Array(exceptions.collect());
        self.put("cause", object(vec![("exceptions".into(), exceptions)]));
    }

    fn metadata(&mut self, row: &Row<'_>) {
        let mut others: BTreeMap<String, Json> = BTreeMap::new();
        row.fields.each(&mut |name, value| {
            if !NOT_METADATA.contains(&name) {
                others.insert(name.to_owned(), json_of_field(value));
            }
        });
        if let Some(ValueRef::String(id)) = row.fields.get("trace.span_id")
            && waggle_wire::xray::EntityId::parse(id).is_none()
        {
            let original = object(vec![("span_id".into(), string(id))]);
            others.insert("waggle".to_owned(), original);
        }
        if !others.is_empty() {
            let members = others.into_iter().map(|(name, value)| (name.into(), value));
            let default = object(members.collect());
            self.put("metadata", object(vec![("default".into(), default)]));
        }
    }
}

fn string(text: &str) -> Json {
    Json::String(text.into())
}

fn object(members: Vec<(Box<str>, Json)>) -> Json {
    Json::Object(Object { members })
}

fn json_of(value: &Annotation) -> Json {
    match value {
        Annotation::Text(text) => string(text),
        Annotation::Number(number) => json_of_field(ValueRef::Float(*number)),
        Annotation::Bool(truth) => Json::Bool(*truth),
    }
}

fn json_of_field(value: ValueRef<'_>) -> Json {
    match value {
        ValueRef::String(text) => string(text),
        ValueRef::Int(number) => Json::Number(number.to_string().into()),
        ValueRef::Float(number) if number.is_finite() => Json::Number(number.to_string().into()),
        ValueRef::Float(_) => Json::Null,
        ValueRef::Bool(truth) => Json::Bool(truth),
    }
}

/// Nanoseconds as seconds, exactly.
fn seconds(ns: i64) -> Json {
    let whole = ns.div_euclid(NS_PER_S);
    let fraction = ns.rem_euclid(NS_PER_S);
    let (sign, whole, fraction) = match (whole < 0, fraction) {
        (true, 1..) => ("-", -(whole + 1), NS_PER_S - fraction),
        (true, _) => ("-", -whole, 0),
        (false, _) => ("", whole, fraction),
    };
    let digits = format!("{fraction:09}");
    let digits = digits.trim_end_matches('0');
    let text = match digits.is_empty() {
        true => format!("{sign}{whole}.0"),
        false => format!("{sign}{whole}.{digits}"),
    };
    Json::Number(text.into())
}
