//! A row of an entity that takes what it has room for, and the names that annotations may not take.

use crate::row::{JSON_TEXT_BYTES_MAX, Row};
use crate::xray::tree::{Json, Object};
use waggle_model::ValueRef;

/// Columns that the mapping writes, besides those below [`PREFIXES`]. An annotation of such a name becomes `annotation.<name>`.
const COLUMNS: &[&str] = &[
    "client.address",
    "cloud.account.id",
    "cloud.availability_zone",
    "cloud.platform",
    "cloud.provider",
    "container.id",
    "container.name",
    "db.connection_string",
    "db.name",
    "db.query.text",
    "db.system",
    "db.user",
    "duration_ms",
    "enduser.id",
    "error",
    "exception.message",
    "exception.stacktrace",
    "exception.type",
    "host.id",
    "host.image.id",
    "host.type",
    "http.request.method",
    "http.response.body.size",
    "http.response.status_code",
    "k8s.cluster.name",
    "k8s.pod.name",
    "name",
    "parent_name",
    "peer.service",
    "rpc.method",
    "rpc.service",
    "rpc.system",
    "server.address",
    "server.port",
    "service.instance.id",
    "service.name",
    "service.namespace",
    "service.version",
    "span.kind",
    "status_code",
    "telemetry.auto",
    "telemetry.sdk.name",
    "telemetry.sdk.version",
    "url.full",
    "url.path",
    "url.query",
    "user_agent.original",
];

/// What the names of the mapping's other columns start with.
const PREFIXES: &[&str] = &["annotation.", "aws.", "meta.", "trace.", "xray."];

/// Columns of a row kept free for what every row has.
const COLUMNS_RESERVED: usize = 4;
/// Bytes of a row kept free for the same.
const BYTES_RESERVED: usize = 256;

/// Levels of nested metadata that become dotted names; deeper values are JSON text.
const DEPTH_MAX: usize = 5;

/// True for a column that the mapping writes itself.
pub(crate) fn is_mapped(name: &str) -> bool {
    COLUMNS.binary_search(&name).is_ok() || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// A row that leaves out what it has no room for.
pub(in crate::xray) struct Fields<'r, 'b> {
    row: &'r mut Row<'b>,
    left_out_count: i64,
}

impl<'r, 'b> Fields<'r, 'b> {
    pub(in crate::xray) fn new(row: &'r mut Row<'b>) -> Self {
        Self {
            row,
            left_out_count: 0,
        }
    }

    /// Says in the row how many values are missing from it, or are there in part.
    pub(in crate::xray) fn end(self) {
        if self.left_out_count > 0 {
            self.row.put_int("xray.left_out", self.left_out_count);
        }
    }

    pub(in crate::xray) fn put(&mut self, name: &str, value: ValueRef<'_>) {
        let text_bytes_max = self.row.limits().string_bytes_max;
        let is_cut = matches!(value, ValueRef::String(text) if text.len() > text_bytes_max);
        let bytes = match value {
            ValueRef::String(text) => text.len().min(text_bytes_max),
            ValueRef::Int(_) | ValueRef::Float(_) => 8,
            ValueRef::Bool(_) => 1,
        };
        let has_room = self.has_room(name, bytes);
        if has_room {
            self.row.put(name, value);
        }
        if is_cut || !has_room {
            self.left_out_count = self.left_out_count.saturating_add(1);
        }
    }

    pub(in crate::xray) fn put_str(&mut self, name: &str, value: &str) {
        self.put(name, ValueRef::String(value));
    }

    pub(in crate::xray) fn put_int(&mut self, name: &str, value: i64) {
        self.put(name, ValueRef::Int(value));
    }

    pub(in crate::xray) fn put_bool(&mut self, name: &str, value: bool) {
        self.put(name, ValueRef::Bool(value));
    }

    /// Writes text that is there.
    pub(in crate::xray) fn put_text(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.put_str(name, value);
        }
    }

    /// Writes a scalar as it is and anything else as JSON text; null is nothing.
    pub(in crate::xray) fn put_json(&mut self, name: &str, value: &Json) {
        match value {
            Json::Null => {}
            Json::Bool(value) => self.put_bool(name, *value),
            Json::String(value) => self.put_str(name, value),
            Json::Number(text) => self.put_number(name, text),
            Json::Array(_) | Json::Object(_) => {
                self.put_str(name, &value.to_text_within(JSON_TEXT_BYTES_MAX));
            }
        }
    }

    /// Writes a member under a column's name, if there is one.
    pub(in crate::xray) fn put_member(&mut self, name: &str, object: &Object, member: &str) {
        if let Some(value) = object.get(member) {
            self.put_json(name, value);
        }
    }

    /// Writes an object with one column per scalar, dotted names for what is nested.
    pub(in crate::xray) fn put_flat(&mut self, name: &str, value: &Json, depth: usize) {
        match value {
            Json::Object(object) if depth <= DEPTH_MAX => {
                for (key, value) in &object.members {
                    if !key.is_empty() {
                        self.put_flat(&format!("{name}.{key}"), value, depth.saturating_add(1));
                    }
                }
            }
            value => self.put_json(name, value),
        }
    }

    /// Writes a number: an integer where it is written as one and fits, else a float.
    fn put_number(&mut self, name: &str, text: &str) {
        if let Ok(value) = text.parse() {
            self.put_int(name, value);
        } else if let Ok(value) = text.parse::<f64>() {
            self.put(name, ValueRef::Float(value));
        }
    }

    fn has_room(&self, name: &str, value_bytes: usize) -> bool {
        let limits = self.row.limits();
        let columns = self.row.column_count().saturating_add(COLUMNS_RESERVED);
        let bytes = self.row.bytes().saturating_add(BYTES_RESERVED);
        let bytes = bytes.saturating_add(name.len()).saturating_add(value_bytes);
        columns < limits.columns_max
            && name.len() <= limits.column_name_bytes_max
            && bytes <= limits.event_bytes_max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_sorted_and_outside_of_the_prefixes() {
        assert!(COLUMNS.is_sorted());
        for column in COLUMNS {
            assert!(!PREFIXES.iter().any(|prefix| column.starts_with(prefix)));
        }
        assert!(is_mapped("error") && is_mapped("xray.anything") && !is_mapped("tier"));
    }
}
