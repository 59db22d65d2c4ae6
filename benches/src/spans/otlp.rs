//! Spans as OTLP trace requests, protobuf by hand: the client shares the machine with the server, so attributes with few values
//! are encoded once and copied. The test decodes what comes out with prost.

use super::field::{self, Sink};
use super::table::{Column, Tables};
use super::{Block, DATASET, Row, Spans, Sparse};

const TAG_ATTRIBUTE: u8 = 9 << 3 | 2;
const TAG_KEY: u8 = 1 << 3 | 2;
const TAG_VALUE: u8 = 2 << 3 | 2;
const TAG_STRING: u8 = 1 << 3 | 2;
const TAG_BOOL: u8 = 2 << 3;
const TAG_INT: u8 = 3 << 3;
const TAG_DOUBLE: u8 = 4 << 3 | 1;

/// The block as requests of so many spans each, with the number of spans.
pub(crate) fn requests(
    block: &Block,
    spans: &Spans,
    spans_per_request: usize,
) -> Vec<(usize, Vec<u8>)> {
    let mut requests = Vec::new();
    let mut scope_spans = scope();
    let (mut one, mut count) = (Vec::with_capacity(2_048), 0);
    let row_count = block.rows.len();
    for (index, (row, sparse)) in block.rows().enumerate() {
        one.clear();
        write_span(&mut one, &spans.tables, row, sparse);
        bytes(&mut scope_spans, 2, &one);
        count += 1;
        if count == spans_per_request || index + 1 == row_count {
            let whole = std::mem::replace(&mut scope_spans, scope());
            requests.push((count, request(&whole)));
            count = 0;
        }
    }
    requests
}

/// The beginning of a ScopeSpans message.
fn scope() -> Vec<u8> {
    let mut scope = Vec::new();
    bytes(&mut scope, 1, b"waggle-bench");
    let mut scope_spans = Vec::with_capacity(600 * 1_024);
    bytes(&mut scope_spans, 1, &scope);
    scope_spans
}

/// A whole ExportTraceServiceRequest around a ScopeSpans message.
fn request(scope_spans: &[u8]) -> Vec<u8> {
    // In Resource, attributes are field 1 as in no other message here, so the pair is written out.
    let mut value = Vec::new();
    bytes(&mut value, 1, DATASET.as_bytes());
    let mut pair = Vec::new();
    bytes(&mut pair, 1, b"service.name");
    bytes(&mut pair, 2, &value);
    let mut resource = Vec::new();
    bytes(&mut resource, 1, &pair);
    let mut resource_spans = Vec::with_capacity(scope_spans.len() + 64);
    bytes(&mut resource_spans, 1, &resource);
    bytes(&mut resource_spans, 2, scope_spans);
    let mut request = Vec::with_capacity(resource_spans.len() + 8);
    bytes(&mut request, 1, &resource_spans);
    request
}

fn write_span(out: &mut Vec<u8>, tables: &Tables, row: &Row, sparse: &[Sparse]) {
    bytes(out, 1, &row.trace_id.to_be_bytes());
    bytes(out, 2, &row.span_id.to_be_bytes());
    if row.parent_id != 0 {
        bytes(out, 4, &row.parent_id.to_be_bytes());
    }
    bytes(out, 5, &tables.names[row.name]);
    out.push(6 << 3);
    varint(out, row.kind);
    fixed64(out, 7, row.time_ns as u64);
    fixed64(out, 8, row.time_ns as u64 + row.duration_ns);
    field::attributes(&mut Attributes(out), tables, row, sparse);
    if row.exception.is_some() {
        // Status { code: ERROR }.
        bytes(out, 15, &[3 << 3, 2]);
    }
}

/// The attributes of a span message.
struct Attributes<'a>(&'a mut Vec<u8>);

impl Sink for Attributes<'_> {
    fn coded(&mut self, column: &Column, code: usize) {
        self.0.extend_from_slice(column.attribute(code));
    }

    fn text(&mut self, key: &str, value: &str) {
        string_attribute(self.0, key, value);
    }

    fn int(&mut self, key: &str, value: i64) {
        attribute_head(self.0, key, 1 + varint_bytes(value as u64));
        self.0.push(TAG_INT);
        varint(self.0, value as u64);
    }

    fn float(&mut self, key: &str, value: f64) {
        attribute_head(self.0, key, 9);
        self.0.push(TAG_DOUBLE);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn claim(&mut self, key: &str) {
        attribute_head(self.0, key, 2);
        self.0.extend_from_slice(&[TAG_BOOL, 1]);
    }
}

/// Appends a varint.
fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a length-delimited field.
fn bytes(out: &mut Vec<u8>, field: u8, value: &[u8]) {
    out.push(field << 3 | 2);
    varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

/// Appends a fixed 64-bit field.
fn fixed64(out: &mut Vec<u8>, field: u8, value: u64) {
    out.push(field << 3 | 1);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Appends a span attribute with a string.
pub(crate) fn string_attribute(out: &mut Vec<u8>, key: &str, value: &str) {
    let value_bytes = 1 + varint_bytes(value.len() as u64) + value.len();
    attribute_head(out, key, value_bytes);
    out.push(TAG_STRING);
    varint(out, value.len() as u64);
    out.extend_from_slice(value.as_bytes());
}

fn attribute_head(out: &mut Vec<u8>, key: &str, value_bytes: usize) {
    let key_bytes = 1 + varint_bytes(key.len() as u64) + key.len();
    let pair_bytes = key_bytes + 1 + varint_bytes(value_bytes as u64) + value_bytes;
    out.push(TAG_ATTRIBUTE);
    varint(out, pair_bytes as u64);
    out.push(TAG_KEY);
    varint(out, key.len() as u64);
    out.extend_from_slice(key.as_bytes());
    out.push(TAG_VALUE);
    varint(out, value_bytes as u64);
}

fn varint_bytes(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}
