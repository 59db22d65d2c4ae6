//! The same spans as events of `POST /1/batch`, as JSON and as MessagePack under zstd: what libhoney and its relatives send.

use super::field::{self, KINDS, Sink};
use super::table::{Column, Tables};
use super::{Block, Row, Spans, Sparse};
use anyhow::Context;
use jiff::Timestamp;

/// The zstd level of Honeycomb's own libraries.
const ZSTD_LEVEL: i32 = 1;

/// The block as JSON arrays of so many events each, with the number of events.
pub(crate) fn json(
    block: &Block,
    spans: &Spans,
    events_per_request: usize,
) -> Vec<(usize, Vec<u8>)> {
    let rows: Vec<_> = block.rows().collect();
    rows.chunks(events_per_request)
        .map(|rows| {
            let mut out = Vec::with_capacity(rows.len() * 1_600);
            for (row, sparse) in rows {
                out.push(if out.is_empty() { b'[' } else { b',' });
                json_event(&mut out, &spans.tables, row, sparse);
            }
            out.push(b']');
            (rows.len(), out)
        })
        .collect()
}

/// The block as compressed MessagePack arrays of so many events each, with the number of events.
///
/// # Errors
/// When compression fails.
pub(crate) fn msgpack_zstd(
    block: &Block,
    spans: &Spans,
    events_per_request: usize,
) -> anyhow::Result<Vec<(usize, Vec<u8>)>> {
    let rows: Vec<_> = block.rows().collect();
    rows.chunks(events_per_request)
        .map(|rows| {
            let mut out = Vec::with_capacity(rows.len() * 1_400);
            rmp::encode::write_array_len(&mut out, u32::try_from(rows.len())?)?;
            for (row, sparse) in rows {
                msgpack_event(&mut out, &spans.tables, row, sparse)?;
            }
            let body = zstd::bulk::compress(&out, ZSTD_LEVEL).context("zstd")?;
            Ok((rows.len(), body))
        })
        .collect()
}

fn json_event(out: &mut Vec<u8>, tables: &Tables, row: &Row, sparse: &[Sparse]) {
    out.extend_from_slice(b"{\"time\":");
    put_json_text(out, &time_text(row.time_ns));
    out.extend_from_slice(b",\"data\":{");
    let mut fields = JsonFields { out };
    own_fields(&mut fields, tables, row);
    field::attributes(&mut fields, tables, row, sparse);
    // The comma after the last field gives way to the end.
    out.pop();
    out.extend_from_slice(b"}}");
}

fn msgpack_event(
    out: &mut Vec<u8>,
    tables: &Tables,
    row: &Row,
    sparse: &[Sparse],
) -> anyhow::Result<()> {
    let mut fields = MsgpackFields {
        out: Vec::with_capacity(1_400),
        count: 0,
    };
    own_fields(&mut fields, tables, row);
    field::attributes(&mut fields, tables, row, sparse);
    rmp::encode::write_map_len(out, 2)?;
    rmp::encode::write_str(out, "time")?;
    rmp::encode::write_str(out, &time_text(row.time_ns))?;
    rmp::encode::write_str(out, "data")?;
    rmp::encode::write_map_len(out, fields.count)?;
    out.extend_from_slice(&fields.out);
    Ok(())
}

/// What OTLP says in a span's own fields, under the names its mapping gives them.
fn own_fields(sink: &mut impl Sink, tables: &Tables, row: &Row) {
    sink.text("trace.trace_id", &format!("{:032x}", row.trace_id));
    sink.text("trace.span_id", &format!("{:016x}", row.span_id));
    if row.parent_id != 0 {
        sink.text("trace.parent_id", &format!("{:016x}", row.parent_id));
    }
    sink.text("name", &String::from_utf8_lossy(&tables.names[row.name]));
    sink.text("span.kind", KINDS[row.kind as usize % KINDS.len()]);
    sink.float("duration_ms", row.duration_ms());
    if row.exception.is_some() {
        sink.claim("error");
    }
}

fn time_text(time_ns: i64) -> String {
    // Every i64 of nanoseconds lies within jiff's years, so the fallback never shows.
    let time = Timestamp::from_nanosecond(i128::from(time_ns)).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{time:.9}")
}

struct JsonFields<'a> {
    out: &'a mut Vec<u8>,
}

impl JsonFields<'_> {
    fn member(&mut self, key: &str, value: &[u8]) {
        put_json_text(self.out, key);
        self.out.push(b':');
        self.out.extend_from_slice(value);
        self.out.push(b',');
    }
}

impl Sink for JsonFields<'_> {
    fn coded(&mut self, column: &Column, code: usize) {
        self.text(&column.key, &String::from_utf8_lossy(column.value(code)));
    }

    fn text(&mut self, key: &str, value: &str) {
        put_json_text(self.out, key);
        self.out.push(b':');
        put_json_text(self.out, value);
        self.out.push(b',');
    }

    fn int(&mut self, key: &str, value: i64) {
        self.member(key, value.to_string().as_bytes());
    }

    fn float(&mut self, key: &str, value: f64) {
        self.member(key, value.to_string().as_bytes());
    }

    fn claim(&mut self, key: &str) {
        self.member(key, b"true");
    }
}

/// The data has neither quotes nor control characters, which the test checks by reading it back.
fn put_json_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

struct MsgpackFields {
    out: Vec<u8>,
    count: u32,
}

impl MsgpackFields {
    fn key(&mut self, key: &str) {
        self.count += 1;
        put_msgpack_text(&mut self.out, key);
    }
}

impl Sink for MsgpackFields {
    fn coded(&mut self, column: &Column, code: usize) {
        self.text(&column.key, &String::from_utf8_lossy(column.value(code)));
    }

    fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        put_msgpack_text(&mut self.out, value);
    }

    fn int(&mut self, key: &str, value: i64) {
        self.key(key);
        // Writing to memory does not fail.
        drop(rmp::encode::write_sint(&mut self.out, value));
    }

    fn float(&mut self, key: &str, value: f64) {
        self.key(key);
        drop(rmp::encode::write_f64(&mut self.out, value));
    }

    fn claim(&mut self, key: &str) {
        self.key(key);
        drop(rmp::encode::write_bool(&mut self.out, true));
    }
}

fn put_msgpack_text(out: &mut Vec<u8>, text: &str) {
    // Writing to memory does not fail.
    drop(rmp::encode::write_str(out, text));
}
