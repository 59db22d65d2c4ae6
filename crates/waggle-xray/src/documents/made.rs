//! Documents nobody sent: of segments that are inferred from calls, and of spans that came by OTLP or as Honeycomb events. Every column
//! of a span is a member of its document; what has no place of its own is metadata. Source: spec/xray.md sections 5.1, 8.3 and 8.4.

mod aws;
mod cause;
mod metadata;

pub(super) use metadata::is_of_otlp;

use crate::trace::{
    Annotation, Attached, Attachment, Entity, Fields, Namespace, Row, Trace, annotation_key, int,
    link_of, text,
};
use hashbrown::HashSet;
use waggle_model::ValueRef;
use waggle_wire::xray::{Json, Object};

const NS_PER_S: i64 = 1_000_000_000;

/// A span of which a document is made.
#[derive(Clone, Copy)]
pub(super) struct Span<'r, 'a> {
    pub(super) trace: &'r Trace,
    /// Its entity.
    pub(super) index: usize,
    /// Its document stands alone.
    pub(super) is_entry: bool,
    pub(super) row: &'r Row<'a>,
    /// The row of the segment that it is part of, if that is another span.
    pub(super) owner: Option<&'r Row<'a>>,
    /// Rows of what was thrown, of what else happened, and of links.
    pub(super) attached: &'r Attached<'r, 'a>,
}

/// A segment inferred from a call: what the call says of the callee. `call` is the document of the call, sent or made.
pub(super) fn made_inferred(trace: &Trace, segment: &Entity, call: &Object) -> Object {
    let mut made = begun(segment);
    put_text(&mut made, "trace_id", &trace.id.to_xray());
    if let Some(parent) = segment.parent_id {
        put_text(&mut made, "parent_id", &parent.to_string());
    }
    for name in ["http", "aws", "sql"] {
        if let Some(value) = call.get(name) {
            put(&mut made, name, value.clone());
        }
    }
    put_flags(&mut made, segment);
    if let Some(origin) = &segment.origin {
        put_text(&mut made, "origin", origin);
    }
    put(&mut made, "inferred", Json::Bool(true));
    made
}

/// A segment or subsegment of a span.
pub(super) fn made_from_row(span: &Span<'_, '_>) -> Object {
    let entity = &span.trace.entities[span.index];
    let mut made = Made::new(span.row.fields, entity);
    if span.is_entry {
        put_entry(&mut made.object, span.trace, entity);
    }
    match entity.namespace {
        Namespace::Aws => made.text("namespace", "aws"),
        Namespace::Remote => made.text("namespace", "remote"),
        Namespace::Local => {}
    }
    let texts: [(&str, _, &[&str]); 3] = [
        ("origin", &entity.origin, &["xray.origin"]),
        ("user", &entity.user, &["enduser.id", "user.id"]),
        (
            "resource_arn",
            &entity.resource_arn,
            &["aws.xray.resource_arn", "cloud.resource_id"],
        ),
    ];
    for (name, text, columns) in texts {
        let Some(text) = text else { continue };
        made.text(name, text);
        made.mark_said(columns, Some(text));
    }
    made.http(entity);
    put_flags(&mut made.object, entity);
    if entity.is_segment() {
        made.service();
    }
    made.aws(entity);
    if entity.has_sql {
        made.sql();
    }
    made.cause(span);
    if let Some(ids) = made.take_parsed("xray.precursor_ids") {
        made.put("precursor_ids", ids);
    }
    made.annotations(entity);
    made.metadata(span);
    made.links(span);
    made.object
}

/// What the document of an entity says that stands alone.
pub(super) fn put_entry(document: &mut Object, trace: &Trace, entity: &Entity) {
    let mut missing = |name: &str, value: String| {
        if document.get(name).is_none() {
            put_text(document, name, &value);
        }
    };
    missing("trace_id", trace.id.to_xray());
    if let Some(parent) = entity.parent_id {
        missing("parent_id", parent.to_string());
    }
    if !entity.is_segment() {
        missing("type", "subsegment".to_owned());
    }
}

/// Members of `service` that OpenTelemetry has, and their columns.
const SERVICE: [(&str, &str); 3] = [
    ("version", "service.version"),
    ("compiler", "process.runtime.name"),
    ("compiler_version", "process.runtime.version"),
];

const SQL: [(&str, &[&str]); 4] = [
    ("url", &["db.connection_string"]),
    ("database_type", &["db.system", "db.system.name"]),
    ("user", &["db.user"]),
    ("sanitized_query", &["db.query.text", "db.statement"]),
];

/// A document that grows, and the columns of its span that are in it.
struct Made<'a> {
    object: Object,
    fields: &'a dyn Fields,
    /// The row is of an entity that X-Ray's clients sent.
    is_xray: bool,
    used: HashSet<Box<str>>,
}

impl<'a> Made<'a> {
    fn new(fields: &'a dyn Fields, entity: &Entity) -> Self {
        Self {
            object: begun(entity),
            fields,
            is_xray: text(fields, "xray.type").is_some(),
            used: HashSet::new(),
        }
    }

    fn put(&mut self, name: &str, value: Json) {
        put(&mut self.object, name, value);
    }

    fn text(&mut self, name: &str, text: &str) {
        put_text(&mut self.object, name, text);
    }

    fn value_of(&self, column: &str) -> Option<ValueRef<'a>> {
        self.fields.get(column)
    }

    fn text_of(&self, column: &str) -> Option<&'a str> {
        text(self.fields, column)
    }

    fn has(&self, column: &str) -> bool {
        self.value_of(column).is_some()
    }

    fn is_used(&self, column: &str) -> bool {
        self.used.contains(column)
    }

    fn mark(&mut self, column: &str) {
        self.used.insert(column.into());
    }

    /// The value of the first of some columns that is there; it is then in the document.
    fn take(&mut self, columns: &[&str]) -> Option<Json> {
        let column = columns.iter().find(|column| self.has(column))?;
        self.mark(column);
        self.value_of(column).map(json_of_field)
    }

    /// The value of a column that may be JSON text in place of a list or an object.
    fn take_parsed(&mut self, column: &str) -> Option<Json> {
        let value = self.take(&[column])?;
        Some(match &value {
            Json::String(text) if text.trim_start().starts_with(['[', '{']) => {
                Json::from_text(text).unwrap_or(value)
            }
            _ => value,
        })
    }

    fn http(&mut self, entity: &Entity) {
        let http = &entity.http;
        let texts = [
            ("method", &http.method),
            ("url", &http.url),
            ("user_agent", &http.user_agent),
            ("client_ip", &http.client_ip),
        ];
        let mut request: Vec<(Box<str>, Json)> = texts
            .into_iter()
            .filter_map(|(name, text)| Some((name.into(), string(text.as_deref()?))))
            .collect();
        let columns: [(&[&str], _); 4] = [
            (&["http.request.method", "http.method"], &http.method),
            (&["url.full", "http.url"], &http.url),
            (
                &["user_agent.original", "http.user_agent"],
                &http.user_agent,
            ),
            (&["client.address", "http.client_ip"], &http.client_ip),
        ];
        for (columns, said) in columns {
            self.mark_said(columns, said.as_deref());
        }
        for column in ["http.response.status_code", "http.status_code"] {
            if http.status.is_some() && self.value_of(column) == http.status.map(ValueRef::Int) {
                self.mark(column);
            }
        }
        if let Some(is_forwarded) = self.is_forwarded() {
            request.push(("x_forwarded_for".into(), Json::Bool(is_forwarded)));
        }
        if let Some(ValueRef::Bool(is_traced)) = self.value_of("aws.xray.traced") {
            self.mark("aws.xray.traced");
            request.push(("traced".into(), Json::Bool(is_traced)));
        }
        let mut response = Vec::new();
        if let Some(status) = http.status {
            response.push(("status".into(), number(status)));
        }
        let lengths = ["http.response.body.size", "http.response_content_length"];
        let length = lengths
            .iter()
            .find_map(|column| Some((column, int(self.fields, column)?)));
        if let Some((column, length)) = length {
            self.mark(column);
            response.push(("content_length".into(), number(length)));
        }
        let parts = [("request", request), ("response", response)];
        let parts = parts.into_iter().filter(|(_, members)| !members.is_empty());
        let members: Vec<(Box<str>, Json)> = parts
            .map(|(name, members)| (name.into(), object(members)))
            .collect();
        if !members.is_empty() {
            self.put("http", object(members));
        }
    }

    /// Annotations as their columns have them: an entity has numbers as floats. Of two keys that became one the first is an annotation.
    fn annotations(&mut self, entity: &Entity) {
        let mut members: Vec<(Box<str>, Json)> = Vec::new();
        let mut known: HashSet<&str> = HashSet::new();
        for (key, annotation) in &entity.annotations {
            if !known.insert(key) {
                continue;
            }
            let value = match self.annotation_column(key, annotation) {
                Some(column) => self.take(&[&column]),
                None => None,
            };
            let value = value.unwrap_or_else(|| json_of(annotation));
            members.push((Box::from(&**key), value));
        }
        if !members.is_empty() {
            self.put("annotations", object(members));
        }
    }

    fn annotation_column(&self, key: &str, annotation: &Annotation) -> Option<String> {
        let is_it = |column: &str| {
            let value = self.value_of(column);
            value.is_some_and(|value| is_same(annotation, value))
        };
        let own = [format!("annotation.{key}"), key.to_owned()];
        if let Some(column) = own.into_iter().find(|column| is_it(column)) {
            return Some(column);
        }
        let mut found = None;
        self.fields.each(&mut |column, _| {
            if found.is_none() && annotation_key(column) == key && is_it(column) {
                found = Some(column.to_owned());
            }
        });
        found
    }

    /// Marks the columns that say what is in the document.
    fn mark_said(&mut self, columns: &[&str], said: Option<&str>) {
        for column in columns {
            if said.is_some() && self.text_of(column) == said {
                self.mark(column);
            }
        }
    }

    /// Whether the client's address was said by a proxy. The older name of its column means that.
    fn is_forwarded(&mut self) -> Option<bool> {
        if let Some(ValueRef::Bool(is_forwarded)) = self.value_of("aws.xray.x_forwarded_for") {
            self.mark("aws.xray.x_forwarded_for");
            return Some(is_forwarded);
        }
        let is_older = self.has("http.client_ip") && !self.has("client.address");
        is_older.then_some(true)
    }

    fn service(&mut self) {
        let mut members: Vec<(Box<str>, Json)> = Vec::new();
        for (member, column) in SERVICE {
            members.extend(self.take(&[column]).map(|value| (member.into(), value)));
        }
        for name in self.names_after("xray.service.") {
            let value = self.take_parsed(&format!("xray.service.{name}"));
            members.extend(value.map(|value| (name.into(), value)));
        }
        if !members.is_empty() {
            self.put("service", object(members));
        }
    }

    fn sql(&mut self) {
        let mut members: Vec<(Box<str>, Json)> = Vec::new();
        for (member, columns) in SQL {
            members.extend(self.take(columns).map(|value| (member.into(), value)));
        }
        for name in self.names_after("xray.sql.") {
            let value = self.take_parsed(&format!("xray.sql.{name}"));
            members.extend(value.map(|value| (name.into(), value)));
        }
        if !members.is_empty() {
            self.put("sql", object(members));
        }
    }

    fn links(&mut self, span: &Span<'_, '_>) {
        let entity = &span.trace.entities[span.index];
        let rows = span.attached.rows(entity.id, Attachment::Link);
        let links = rows.filter_map(|row| {
            let link = link_of(row.fields)?;
            let mut members = vec![(Box::from("trace_id"), string(&link.trace_id.to_xray()))];
            members.extend(link.id.map(|id| (Box::from("id"), string(&id.to_string()))));
            let own = own_fields(row.fields, self.fields);
            if !own.is_empty() {
                let own = own.into_iter();
                let attributes = own.map(|(name, value)| (name.into(), json_of_field(value)));
                members.push(("attributes".into(), object(attributes.collect())));
            }
            Some(object(members))
        });
        let links: Vec<Json> = links.collect();
        if !links.is_empty() {
            self.put("links", Json::Array(links));
        }
    }
}

/// Columns of an event or a link that say whose it is, and nothing of itself.
const NOT_OWN: [&str; 12] = [
    "error",
    "meta.annotation_type",
    "meta.invalid_time_since_span_start",
    "meta.signal_type",
    "meta.time_since_span_start_ms",
    "name",
    "parent_name",
    "service.name",
    "trace.link.span_id",
    "trace.link.trace_id",
    "trace.parent_id",
    "trace.trace_id",
];

/// What an event or a link says itself: its row also has what is said of its resource and its library, and so has that of its span.
/// What was thrown is copied to the span.
pub(super) fn own_fields<'f>(
    fields: &'f dyn Fields,
    span: &dyn Fields,
) -> Vec<(String, ValueRef<'f>)> {
    let mut names = Vec::new();
    fields.each(&mut |name, value| {
        let is_own = span.get(name) != Some(value) || name.starts_with("exception.");
        if is_own && !NOT_OWN.contains(&name) {
            names.push(name.to_owned());
        }
    });
    let names = names.into_iter();
    names
        .filter_map(|name| {
            let value = fields.get(&name)?;
            Some((name, value))
        })
        .collect()
}

/// What every document begins with.
fn begun(entity: &Entity) -> Object {
    let mut document = Object::default();
    put_text(&mut document, "name", &entity.name);
    put_text(&mut document, "id", &entity.id.to_string());
    put(&mut document, "start_time", seconds(entity.start_ns));
    match entity.end_ns {
        Some(end_ns) => put(&mut document, "end_time", seconds(end_ns)),
        None => put(&mut document, "in_progress", Json::Bool(true)),
    }
    document
}

fn put(document: &mut Object, name: &str, value: Json) {
    document.members.push((name.into(), value));
}

fn put_text(document: &mut Object, name: &str, text: &str) {
    put(document, name, string(text));
}

fn put_flags(document: &mut Object, entity: &Entity) {
    let flags = [
        ("error", entity.is_error),
        ("fault", entity.is_fault),
        ("throttle", entity.is_throttle),
    ];
    for (name, is_set) in flags {
        if is_set {
            put(document, name, Json::Bool(true));
        }
    }
}

fn string(text: &str) -> Json {
    Json::String(text.into())
}

fn number(number: i64) -> Json {
    Json::Number(number.to_string().into())
}

fn object(members: Vec<(Box<str>, Json)>) -> Json {
    Json::Object(Object { members })
}

/// Whether a column has the value of an annotation.
fn is_same(annotation: &Annotation, value: ValueRef<'_>) -> bool {
    match (annotation, value) {
        (Annotation::Text(known), ValueRef::String(text)) => **known == *text,
        (Annotation::Number(known), ValueRef::Float(number)) => *known == number,
        #[expect(
            clippy::cast_precision_loss,
            reason = "the annotation was made the same way"
        )]
        (Annotation::Number(known), ValueRef::Int(number)) => *known == number as f64,
        (Annotation::Bool(known), ValueRef::Bool(truth)) => *known == truth,
        _ => false,
    }
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
        ValueRef::Int(value) => number(value),
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

#[cfg(test)]
pub(super) mod tests;
