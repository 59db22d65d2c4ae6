//! Whole documents: as the rows queries see, and as rows that wait until it is known where they belong.

use super::entity::{Context, put_entity, put_exception, put_link};
use super::fields::Fields;
use crate::row::{Row, cut};
use crate::xray::{Document, Entity, EntityId, TraceId};
use waggle_model::{EventBatch, EventLimits, RejectReason};

/// The dataset of subsegments whose segment never came.
pub const DATASET_UNKNOWN: &str = "unknown_service:xray";

/// Most bytes of a name where a dataset is called by it. Source: spec/xray.md section 2.1.
const SERVICE_BYTES_MAX: usize = 200;

/// Most rows of exceptions and links that a document becomes: a few bytes each would otherwise make it tens of thousands. The text has all.
const PART_ROWS_MAX: usize = 1_000;

/// How a document came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A datagram.
    Udp,
    /// `PutTraceSegments`.
    Api,
}

/// What is known about a document besides what it says.
#[derive(Clone, Copy, Debug)]
pub struct DocumentFacts<'a> {
    /// The service a subsegment belongs to; `None` when its segment is not known. Of no matter for a segment.
    pub service: Option<&'a str>,
    /// When it came, nanoseconds since the Unix epoch: of two complete documents of one entity the later counts.
    pub received_ns: i64,
    /// How it came.
    pub source: Source,
}

/// The dataset that a document's rows belong to, which is also the `service.name` of each of them.
pub fn dataset_name<'a>(document: &'a Document, service: Option<&'a str>) -> &'a str {
    let entity = document.entity();
    let name = match (entity.is_subsegment(), service) {
        (false, _) => entity.name(),
        (true, Some(service)) => service,
        (true, None) => DATASET_UNKNOWN,
    };
    let name = cut(name, SERVICE_BYTES_MAX).trim();
    if is_pending_name(name) {
        return DATASET_UNKNOWN;
    }
    // No dataset can have these names.
    match name.is_empty() || name.chars().any(char::is_control) || name == "__all__" {
        true => "unknown_service",
        false => name,
    }
}

/// True for a name that addresses [`PENDING_DATASET`](waggle_model::PENDING_DATASET), whose rows are written by the server alone: in any
/// case, and with any character in place of `-` that a slug can't have.
pub fn is_pending_name(name: &str) -> bool {
    let slug = name.to_lowercase();
    let slug = slug.chars().map(|c| match c {
        'a'..='z' | '0'..='9' | '_' | '~' | '.' => c,
        _ => '-',
    });
    slug.eq(waggle_model::PENDING_DATASET.chars())
}

/// Writes a document's rows into the batch of its dataset ([`dataset_name`]): the document's own entity with its text first, and returns the
/// number of that row.
///
/// # Errors
/// The limit that even the row of the document's own entity breaks: nothing of the document can be stored. Other rows that break a limit
/// are left out, since the text holds what they say.
pub fn map_document(
    document: &Document,
    facts: DocumentFacts<'_>,
    limits: &EventLimits,
    batch: &mut EventBatch,
) -> Result<usize, RejectReason> {
    let trace_id = document.trace_id().to_column();
    let context = Context {
        trace_id: &trace_id,
        service: dataset_name(document, facts.service),
    };
    // Before the others: when it is refused, nothing is written.
    let own_row = write_row(batch, limits, |row| {
        let entity = document.entity();
        put_kept(row, document, facts);
        let mut fields = Fields::new(row);
        put_entity(&mut fields, context, entity);
        fields.end();
        entity.start_ns()
    })?;
    let mut part_count = 0_usize;
    let mut has_room = || {
        part_count = part_count.saturating_add(1);
        part_count <= PART_ROWS_MAX
    };
    for entity in document.entities() {
        // Of these rows one that breaks a limit is left out: its values are in the text.
        if entity.is_embedded() {
            _ = write_row(batch, limits, |row| {
                let mut fields = Fields::new(row);
                put_entity(&mut fields, context, entity);
                fields.end();
                entity.start_ns()
            });
        }
        for exception in entity.exceptions().take_while(|_| has_room()) {
            _ = write_row(batch, limits, |row| {
                put_exception(&mut Fields::new(row), context, entity, exception);
                entity.start_ns()
            });
        }
        for link in entity.links().take_while(|_| has_room()) {
            _ = write_row(batch, limits, |row| {
                put_link(&mut Fields::new(row), context, entity, link);
                entity.start_ns()
            });
        }
    }
    Ok(own_row)
}

/// Writes a document into the batch of [`PENDING_DATASET`](waggle_model::PENDING_DATASET), to wait there or, when `is_settled`, only to be kept.
///
/// # Errors
/// The limit that the row breaks.
pub fn map_pending(
    document: &Document,
    facts: DocumentFacts<'_>,
    is_settled: bool,
    limits: &EventLimits,
    batch: &mut EventBatch,
) -> Result<usize, RejectReason> {
    let trace_id = document.trace_id().to_column();
    write_row(batch, limits, |row| {
        let entity = document.entity();
        put_kept(row, document, facts);
        put_ids(row, &trace_id, entity);
        if is_settled {
            row.put_bool("xray.settled", true);
        }
        entity.start_ns()
    })
}

/// Writes into the batch of [`PENDING_DATASET`](waggle_model::PENDING_DATASET) that what waits there for an entity, and came no later than `received_ns`, waits no more:
/// its rows are written by the same append, or a complete document took its place.
///
/// # Errors
/// The limit that the row breaks.
pub fn map_settled(
    trace_id: TraceId,
    entity_id: EntityId,
    start_ns: i64,
    received_ns: i64,
    limits: &EventLimits,
    batch: &mut EventBatch,
) -> Result<usize, RejectReason> {
    write_row(batch, limits, |row| {
        row.put_str("trace.trace_id", &trace_id.to_column());
        row.put_str("trace.span_id", &entity_id.to_string());
        row.put_bool("xray.settled", true);
        row.put_int("xray.received_ns", received_ns);
        start_ns
    })
}

/// Writes into the batch of [`PENDING_DATASET`](waggle_model::PENDING_DATASET) that documents of a trace were refused because it is over its
/// limit.
///
/// # Errors
/// The limit that the row breaks.
pub fn map_trace_full(
    trace_id: TraceId,
    now_ns: i64,
    limits: &EventLimits,
    batch: &mut EventBatch,
) -> Result<usize, RejectReason> {
    write_row(batch, limits, |row| {
        row.put_str("trace.trace_id", &trace_id.to_column());
        row.put_bool("xray.limit_exceeded", true);
        now_ns
    })
}

/// Writes into the batch of [`PENDING_DATASET`](waggle_model::PENDING_DATASET) that some of a document's rows were refused, so that a
/// search which goes by rows can't tell whether its trace is meant. The same column says so of a row that had no room for all its values.
///
/// # Errors
/// The limit that the row breaks.
pub fn map_left_out(
    trace_id: TraceId,
    start_ns: i64,
    limits: &EventLimits,
    batch: &mut EventBatch,
) -> Result<usize, RejectReason> {
    write_row(batch, limits, |row| {
        row.put_str("trace.trace_id", &trace_id.to_column());
        row.put_int("xray.left_out", 1);
        start_ns
    })
}

/// Writes into the batch of [`PENDING_DATASET`](waggle_model::PENDING_DATASET) that nothing waits any more that came before a time: there
/// the next start begins to read.
///
/// # Errors
/// The limit that the row breaks.
pub fn map_settled_through(
    through_ns: i64,
    now_ns: i64,
    limits: &EventLimits,
    batch: &mut EventBatch,
) -> Result<usize, RejectReason> {
    write_row(batch, limits, |row| {
        row.put_int("xray.settled_through_ns", through_ns);
        now_ns
    })
}

/// The text as it came, whatever the limit on one value: a document that was cut could not be given back.
fn put_kept(row: &mut Row<'_>, document: &Document, facts: DocumentFacts<'_>) {
    row.put_str_whole("xray.document", document.text());
    row.put_int("xray.received_ns", facts.received_ns);
    row.put_str(
        "xray.source",
        match facts.source {
            Source::Udp => "udp",
            Source::Api => "api",
        },
    );
}

fn put_ids(row: &mut Row<'_>, trace_id: &str, entity: Entity<'_>) {
    row.put_str("trace.trace_id", trace_id);
    row.put_str("trace.span_id", &entity.id().to_string());
    if let Some(parent) = entity.parent_id() {
        row.put_str("trace.parent_id", &parent.to_string());
    }
}

fn write_row(
    batch: &mut EventBatch,
    limits: &EventLimits,
    write: impl FnOnce(&mut Row<'_>) -> i64,
) -> Result<usize, RejectReason> {
    let mut row = Row::begin(batch, limits);
    let timestamp_ns = write(&mut row);
    row.end(timestamp_ns, 1)
}
