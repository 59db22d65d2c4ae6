//! What the mappings of spans and log records share: the shape of their result, and the facts that hold for all records of a resource
//! and of a scope.

use super::attribute::{SharedFields, put_shared, shared_fields};
use super::sample_rate;
use crate::row::Row;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use waggle_model::{EventBatch, EventLimits, RejectReason};

/// A decoded request.
#[derive(Clone, Debug, Default)]
pub struct Decoded {
    /// One batch per `ResourceSpans` or `ResourceLogs` entry, in the order sent, also where two name the same dataset. A batch may be
    /// empty.
    pub batches: Vec<EventBatch>,
    /// The rows refused, in the order sent.
    pub refusals: Vec<Refusal>,
    /// The rows of `batches` that are span events and links, as (batch, row), ascending. All others are spans or log records.
    pub annotations: Vec<(usize, usize)>,
}

/// One row that broke a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Where it stood in the request.
    pub place: Place,
    /// Why it was refused.
    pub reason: RejectReason,
}

/// A place in a request; all numbers count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which resource entry.
    pub resource: usize,
    /// Which scope entry of the resource.
    pub scope: usize,
    /// Which span or log record of the scope.
    pub record: usize,
    /// Which part of it.
    pub part: RefusedPart,
}

/// What of a record became the refused row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedPart {
    /// The span or the log record itself.
    Record,
    /// The span's event of this number.
    SpanEvent(usize),
    /// The span's link of this number.
    Link(usize),
}

/// Most values that one request may become. Resource attributes are sent once and stored with every record: without a bound, a body of
/// twenty megabytes could ask for a billion values. Records beyond it are refused as too large.
const VALUES_MAX: usize = 10_000_000;

/// Most bytes of names and values that one request may become, for the same reason: an attribute of a megabyte, shared by a million
/// records, is stored once but looked at a million times.
const BYTES_MAX: u64 = 4 << 30;

/// Collects the rows of a request.
pub(super) struct Mapping<'a> {
    limits: &'a EventLimits,
    decoded: Decoded,
    values: usize,
    bytes: u64,
}

impl<'a> Mapping<'a> {
    pub(super) fn new(limits: &'a EventLimits) -> Self {
        Self {
            limits,
            decoded: Decoded::default(),
            values: 0,
            bytes: 0,
        }
    }

    pub(super) fn begin_batch(&mut self, dataset: &str) {
        self.decoded.batches.push(EventBatch::new(dataset));
    }

    /// Adds one row to the last batch: `write` fills it and returns its time.
    pub(super) fn row(
        &mut self,
        place: Place,
        sample_rate: u32,
        write: impl FnOnce(&mut Row<'_>) -> i64,
    ) {
        let batch_index = self.decoded.batches.len().saturating_sub(1);
        let Some(batch) = self.decoded.batches.last_mut() else {
            return;
        };
        let mut row = Row::begin(batch, self.limits);
        let timestamp_ns = if self.values < VALUES_MAX && self.bytes < BYTES_MAX {
            write(&mut row)
        } else {
            row.refuse(RejectReason::TooLarge);
            0
        };
        self.values = self.values.saturating_add(row.column_count());
        let row_bytes = u64::try_from(row.bytes()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(row_bytes);
        match row.end(timestamp_ns, sample_rate) {
            Err(reason) => self.decoded.refusals.push(Refusal { place, reason }),
            Ok(row) if place.part != RefusedPart::Record => {
                self.decoded.annotations.push((batch_index, row));
            }
            Ok(_) => {}
        }
    }

    pub(super) fn finish(self) -> Decoded {
        self.decoded
    }
}

/// What all records of a resource entry share.
pub(super) struct ResourceFields<'a> {
    pub(super) attributes: &'a [KeyValue],
    pub(super) schema_url: &'a str,
    fields: SharedFields,
}

/// What all records of a scope entry share.
pub(super) struct ScopeFields<'a> {
    pub(super) attributes: &'a [KeyValue],
    schema_url: &'a str,
    name: &'a str,
    version: &'a str,
    is_instrumentation_library: bool,
    fields: SharedFields,
}

impl<'a> ResourceFields<'a> {
    pub(super) fn new(resource: Option<&'a Resource>, schema_url: &'a str) -> Self {
        let attributes = resource.map_or(&[][..], |resource| &resource.attributes);
        Self {
            attributes,
            schema_url,
            fields: shared_fields(attributes.iter().filter(|a| !sample_rate::is_rate(a))),
        }
    }
}

impl<'a> ScopeFields<'a> {
    pub(super) fn new(scope: Option<&'a InstrumentationScope>, schema_url: &'a str) -> Self {
        let attributes = scope.map_or(&[][..], |scope| &scope.attributes);
        let name = scope.map_or("", |scope| &scope.name);
        Self {
            attributes,
            schema_url,
            name,
            version: scope.map_or("", |scope| &scope.version),
            is_instrumentation_library: INSTRUMENTATION_LIBRARIES
                .iter()
                .any(|prefix| name.starts_with(prefix)),
            fields: shared_fields(attributes.iter().filter(|a| !sample_rate::is_rate(a))),
        }
    }
}

/// Writes what a row inherits: schema URLs, then scope attributes and library, then resource attributes.
pub(super) fn put_inherited(
    row: &mut Row<'_>,
    scope: &ScopeFields<'_>,
    resource: &ResourceFields<'_>,
) {
    put_unless_empty(row, "resource.schema_url", resource.schema_url);
    put_unless_empty(row, "scope.schema_url", scope.schema_url);
    put_shared(row, &scope.fields);
    put_unless_empty(row, "library.name", scope.name);
    put_unless_empty(row, "library.version", scope.version);
    if scope.is_instrumentation_library {
        row.put_bool("telemetry.instrumentation_library", true);
    }
    put_shared(row, &resource.fields);
}

pub(super) fn put_unless_empty(row: &mut Row<'_>, name: &str, value: &str) {
    if !value.is_empty() {
        row.put_str(name, value);
    }
}

/// Nanoseconds as sent to nanoseconds as stored: beyond the year 2262 they are clamped.
pub(super) fn timestamp_ns(unix_nano: u64) -> i64 {
    i64::try_from(unix_nano).unwrap_or(i64::MAX)
}

/// Nanoseconds from `start` to `end` as milliseconds; `None` when `end` lies before `start`.
pub(super) fn milliseconds_between(start: u64, end: u64) -> Option<f64> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "exact up to 104 days, and beyond that nobody reads nanoseconds"
    )]
    let nanoseconds = end.checked_sub(start)? as f64;
    Some(nanoseconds / 1e6)
}

/// How the names of OpenTelemetry's own instrumentation start. Source: spec/honeycomb-api.md section 6.1.
const INSTRUMENTATION_LIBRARIES: &[&str] = &[
    "io.opentelemetry",
    "opentelemetry.instrumentation",
    "OpenTelemetry.Instrumentation",
    "OpenTelemetry::Instrumentation",
    "go.opentelemetry.io/contrib/instrumentation",
    "@opentelemetry/instrumentation",
    "io.opentelemetry.contrib.php",
    "github.com/open-telemetry/opentelemetry-collector",
    "@honeycombio/",
];

#[cfg(test)]
mod tests;
