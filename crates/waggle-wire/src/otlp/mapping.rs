//! What the mappings of spans and log records share: the shape of their result, and the facts that hold for all records of a resource
//! and of a scope.

use super::attribute::{SharedFields, shared_fields};
use super::sample_rate::{Rates, is_rate};
use super::view::{Attribute, ResourceView, ScopeView};
use crate::row::{Row, cut};
use std::collections::{BTreeMap, HashSet};
use waggle_model::{EventBatch, EventLimits, MetricType, RejectReason, Value};

/// A decoded request.
#[derive(Clone, Debug, Default)]
pub struct Decoded {
    /// One batch per `ResourceSpans` or `ResourceLogs` entry, in the order sent, also where two name the same dataset; of metrics one
    /// for all. A batch may be empty.
    pub batches: Vec<EventBatch>,
    /// The rows refused, in the order sent.
    pub refusals: Vec<Refusal>,
    /// The rows of `batches` that are span events and links, as (batch, row), ascending. All others are spans or log records.
    pub annotations: Vec<(usize, usize)>,
    /// Metrics only: how many data points each row of the batch is made of.
    pub points: Vec<usize>,
    /// Metrics only: what kind each is, by name. Of one that came with several kinds, the last.
    pub metrics: BTreeMap<String, MetricType>,
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
    /// Which span, log record or metric of the scope.
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
    /// The metric's data point of this number.
    Point(usize),
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
        self.end_scope();
        self.decoded.batches.push(EventBatch::new(dataset));
    }

    /// From here on every row of the last batch has these values unless it has its own.
    pub(super) fn begin_scope(&mut self, inherited: &Inherited, row_count: usize) {
        if let Some(batch) = self.decoded.batches.last_mut() {
            batch.expect_rows(row_count);
            batch.begin_shared(&inherited.fields);
        }
    }

    fn end_scope(&mut self) {
        if let Some(batch) = self.decoded.batches.last_mut() {
            batch.end_shared();
        }
    }

    /// Adds one row of a span or a log record to the last batch: `write` fills it and returns its time.
    pub(super) fn row(
        &mut self,
        place: Place,
        sample_rate: u32,
        write: impl FnOnce(&mut Row<'_>) -> i64,
    ) {
        match self.write(sample_rate, write) {
            Err(reason) => self.decoded.refusals.push(Refusal { place, reason }),
            Ok(row) if place.part != RefusedPart::Record => {
                let batch = self.decoded.batches.len().saturating_sub(1);
                self.decoded.annotations.push((batch, row));
            }
            Ok(_) => {}
        }
    }

    /// Adds one row of data points, which stood at these places.
    pub(super) fn row_of_points(
        &mut self,
        places: impl ExactSizeIterator<Item = Place>,
        write: impl FnOnce(&mut Row<'_>) -> i64,
    ) {
        match self.write(1, write) {
            Err(reason) => {
                let refusals = places.map(|place| Refusal { place, reason });
                self.decoded.refusals.extend(refusals);
            }
            Ok(_) => self.decoded.points.push(places.len()),
        }
    }

    /// Notes what kind of metric a name is, if it can be a column.
    pub(super) fn note_metric(&mut self, name: &str, kind: MetricType) {
        if !name.is_empty() && name.len() <= self.limits.column_name_bytes_max {
            self.decoded.metrics.insert(name.to_owned(), kind);
        }
    }

    /// Notes a data point that is refused before it has a row.
    pub(super) fn refuse(&mut self, place: Place, reason: RejectReason) {
        self.decoded.refusals.push(Refusal { place, reason });
    }

    /// Returns the number of the row, or takes it back and says why.
    fn write(
        &mut self,
        sample_rate: u32,
        write: impl FnOnce(&mut Row<'_>) -> i64,
    ) -> Result<usize, RejectReason> {
        let Some(batch) = self.decoded.batches.last_mut() else {
            return Err(RejectReason::UnknownDataset);
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
        row.end(timestamp_ns, sample_rate)
    }

    pub(super) fn finish(mut self) -> Decoded {
        self.end_scope();
        self.decoded
    }
}

/// What all records of a resource entry share.
pub(super) struct ResourceFields<'a> {
    schema_url: &'a str,
    fields: SharedFields,
    rates: Rates,
}

/// What all records of a scope entry inherit from it and from its resource.
pub(super) struct Inherited {
    fields: SharedFields,
    /// After these fields comes one whose name is longer than a column's may be: no record can be stored.
    is_name_too_long: bool,
    pub(super) rates: Rates,
}

impl<'a> ResourceFields<'a> {
    pub(super) fn new(resource: &ResourceView<'a>) -> Self {
        let attributes = &resource.attributes;
        Self {
            schema_url: resource.schema_url,
            fields: shared_fields(attributes.iter().filter(|a| !is_rate(a))),
            rates: Rates::of(attributes),
        }
    }
}

impl Inherited {
    /// Puts together what a row inherits, the first of a name before the others: `first`, then schema URLs, then scope attributes and library, then
    /// resource attributes. A value that no row would take is left out.
    pub(super) fn new(
        first: Option<(&str, &str)>,
        scope: &ScopeView<'_>,
        resource: &ResourceFields<'_>,
        limits: &EventLimits,
    ) -> Self {
        let attributes = scope.attributes.iter().filter(|a| !is_rate(a));
        let fields = first
            .and_then(|(name, value)| text_field(name, value))
            .into_iter()
            .chain(text_field("resource.schema_url", resource.schema_url))
            .chain(scope_fields(scope, attributes))
            .chain(resource.fields.iter().cloned());
        Self::of_fields(
            fields,
            Rates::of(&scope.attributes).or(resource.rates),
            limits,
        )
    }

    /// Takes the first of each name.
    pub(super) fn of_fields(
        fields: impl Iterator<Item = (String, Value)>,
        rates: Rates,
        limits: &EventLimits,
    ) -> Self {
        let mut inherited = Self {
            fields: SharedFields::new(),
            is_name_too_long: false,
            rates,
        };
        let mut names = HashSet::new();
        for (name, value) in fields {
            if name.len() > limits.column_name_bytes_max {
                inherited.is_name_too_long = true;
                break;
            }
            let value = match value {
                Value::String(text) => {
                    Value::String(cut(&text, limits.string_bytes_max).to_owned())
                }
                Value::Float(number) if !number.is_finite() => continue,
                value => value,
            };
            if names.insert(name.clone()) {
                inherited.fields.push((name, value));
            }
        }
        inherited
    }
}

/// What a scope says of its records, its `attributes` being those that become columns.
pub(super) fn scope_fields<'a>(
    scope: &ScopeView<'a>,
    attributes: impl Iterator<Item = &'a Attribute<'a>>,
) -> impl Iterator<Item = (String, Value)> {
    let is_instrumentation_library = INSTRUMENTATION_LIBRARIES
        .iter()
        .any(|prefix| scope.name.starts_with(prefix));
    let flag = "telemetry.instrumentation_library";
    let flag = is_instrumentation_library.then(|| (flag.to_owned(), Value::Bool(true)));
    text_field("scope.schema_url", scope.schema_url)
        .into_iter()
        .chain(shared_fields(attributes))
        .chain(text_field("library.name", scope.name))
        .chain(text_field("library.version", scope.version))
        .chain(flag)
}

/// A field, unless its text is empty.
pub(super) fn text_field(name: &str, text: &str) -> Option<(String, Value)> {
    (!text.is_empty()).then(|| (name.to_owned(), Value::String(text.to_owned())))
}

/// Writes what a row inherits.
pub(super) fn put_inherited(row: &mut Row<'_>, inherited: &Inherited) {
    row.take_shared();
    if inherited.is_name_too_long {
        row.refuse(RejectReason::Malformed);
    }
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
pub(super) const INSTRUMENTATION_LIBRARIES: &[&str] = &[
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
