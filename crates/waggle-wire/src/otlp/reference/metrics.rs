//! Data points to rows, over messages that have the fields of today's protocol and of its version 0.7.

use super::attribute::{put_attributes, shared_fields};
use super::dataset;
use crate::otlp::mapping::{
    Decoded, INSTRUMENTATION_LIBRARIES, Inherited, Mapping, Place, RefusedPart, put_inherited,
    timestamp_ns,
};
use crate::otlp::sample_rate::Rates;
use crate::otlp::{OtlpHeaders, metrics::PERCENTILES};
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use std::collections::BTreeSet;
use waggle_model::{EventLimits, MetricType, RejectReason, Temporality, Value};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Request {
    #[prost(message, repeated, tag = "1")]
    resource_metrics: Vec<ResourceMetrics>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ResourceMetrics {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_metrics: Vec<ScopeMetrics>,
    #[prost(string, tag = "3")]
    schema_url: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ScopeMetrics {
    #[prost(message, optional, tag = "1")]
    scope: Option<InstrumentationScope>,
    #[prost(message, repeated, tag = "2")]
    metrics: Vec<Metric>,
    #[prost(string, tag = "3")]
    schema_url: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Metric {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    description: String,
    #[prost(string, tag = "3")]
    unit: String,
    #[prost(message, repeated, tag = "12")]
    metadata: Vec<KeyValue>,
    #[prost(oneof = "Data", tags = "4, 5, 6, 7, 8, 9, 10, 11")]
    data: Option<Data>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Data {
    #[prost(message, tag = "4")]
    IntGauge(Gauge),
    #[prost(message, tag = "5")]
    Gauge(Gauge),
    #[prost(message, tag = "6")]
    IntSum(Sum),
    #[prost(message, tag = "7")]
    Sum(Sum),
    #[prost(message, tag = "8")]
    IntHistogram(Histogram),
    #[prost(message, tag = "9")]
    Histogram(Histogram),
    #[prost(message, tag = "10")]
    ExponentialHistogram(ExponentialHistogram),
    #[prost(message, tag = "11")]
    Summary(Summary),
}

#[derive(Clone, PartialEq, prost::Message)]
struct Gauge {
    #[prost(message, repeated, tag = "1")]
    data_points: Vec<NumberPoint>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Sum {
    #[prost(message, repeated, tag = "1")]
    data_points: Vec<NumberPoint>,
    #[prost(int32, tag = "2")]
    temporality: i32,
    #[prost(bool, tag = "3")]
    is_monotonic: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Histogram {
    #[prost(message, repeated, tag = "1")]
    data_points: Vec<HistogramPoint>,
    #[prost(int32, tag = "2")]
    temporality: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ExponentialHistogram {
    #[prost(message, repeated, tag = "1")]
    data_points: Vec<ExponentialPoint>,
    #[prost(int32, tag = "2")]
    temporality: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    data_points: Vec<SummaryPoint>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Label {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Exemplar {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(fixed64, tag = "2")]
    time: u64,
    #[prost(fixed64, tag = "3")]
    value: u64,
    #[prost(bytes, tag = "4")]
    span_id: Vec<u8>,
    #[prost(bytes, tag = "5")]
    trace_id: Vec<u8>,
    #[prost(fixed64, tag = "6")]
    int_value: u64,
    #[prost(message, repeated, tag = "7")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct NumberPoint {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(fixed64, tag = "2")]
    start: u64,
    #[prost(fixed64, tag = "3")]
    time: u64,
    #[prost(message, repeated, tag = "5")]
    exemplars: Vec<Exemplar>,
    #[prost(message, repeated, tag = "7")]
    attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "8")]
    flags: u32,
    #[prost(oneof = "NumberValue", tags = "4, 6")]
    value: Option<NumberValue>,
}

#[derive(Clone, Copy, PartialEq, prost::Oneof)]
enum NumberValue {
    #[prost(fixed64, tag = "4")]
    Eight(u64),
    #[prost(sfixed64, tag = "6")]
    Int(i64),
}

#[derive(Clone, PartialEq, prost::Message)]
struct HistogramPoint {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(fixed64, tag = "2")]
    start: u64,
    #[prost(fixed64, tag = "3")]
    time: u64,
    #[prost(fixed64, tag = "4")]
    count: u64,
    #[prost(fixed64, optional, tag = "5")]
    sum: Option<u64>,
    #[prost(fixed64, repeated, tag = "6")]
    counts: Vec<u64>,
    #[prost(double, repeated, tag = "7")]
    bounds: Vec<f64>,
    #[prost(message, repeated, tag = "8")]
    exemplars: Vec<Exemplar>,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "10")]
    flags: u32,
    #[prost(double, optional, tag = "11")]
    min: Option<f64>,
    #[prost(double, optional, tag = "12")]
    max: Option<f64>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ExponentialPoint {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
    #[prost(fixed64, tag = "2")]
    start: u64,
    #[prost(fixed64, tag = "3")]
    time: u64,
    #[prost(fixed64, tag = "4")]
    count: u64,
    #[prost(double, optional, tag = "5")]
    sum: Option<f64>,
    #[prost(sint32, tag = "6")]
    scale: i32,
    #[prost(fixed64, tag = "7")]
    zero_count: u64,
    #[prost(message, optional, tag = "8")]
    positive: Option<Buckets>,
    #[prost(message, optional, tag = "9")]
    negative: Option<Buckets>,
    #[prost(uint32, tag = "10")]
    flags: u32,
    #[prost(message, repeated, tag = "11")]
    exemplars: Vec<Exemplar>,
    #[prost(double, optional, tag = "12")]
    min: Option<f64>,
    #[prost(double, optional, tag = "13")]
    max: Option<f64>,
    #[prost(double, tag = "14")]
    zero_threshold: f64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Buckets {
    #[prost(sint32, tag = "1")]
    offset: i32,
    #[prost(uint64, repeated, tag = "2")]
    counts: Vec<u64>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct SummaryPoint {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(fixed64, tag = "2")]
    start: u64,
    #[prost(fixed64, tag = "3")]
    time: u64,
    #[prost(fixed64, tag = "4")]
    count: u64,
    #[prost(double, tag = "5")]
    sum: f64,
    #[prost(message, repeated, tag = "6")]
    quantiles: Vec<Quantile>,
    #[prost(message, repeated, tag = "7")]
    attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "8")]
    flags: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Quantile {
    #[prost(double, tag = "1")]
    quantile: f64,
    #[prost(double, tag = "2")]
    value: f64,
}

type Fields = Vec<(String, Value)>;

/// A point of any kind.
struct Point {
    place: Place,
    attributes: Vec<KeyValue>,
    time: u64,
    fields: Fields,
    resource: usize,
    scope: usize,
    is_delta: bool,
}

/// The rows of points that share their second, resource, scope and attributes, and whether they are delta.
struct Group {
    key: String,
    resource: usize,
    scope: usize,
    is_delta: bool,
    second_ns: i64,
    attributes: Vec<KeyValue>,
    base: (usize, usize),
    open: usize,
    rows: Vec<Row>,
}

struct Row {
    order: usize,
    points: Vec<Point>,
    names: BTreeSet<String>,
    columns: usize,
    bytes: usize,
}

/// Maps an export of metrics.
pub(super) fn map_metrics(
    request: &Request,
    headers: &OtlpHeaders<'_>,
    limits: &EventLimits,
    now_ns: i64,
) -> Decoded {
    let mut mapping = Mapping::new(limits);
    let mut resources: Vec<(String, Fields, String)> = Vec::new();
    let mut scopes: Vec<Fields> = Vec::new();
    let mut scope_keys: Vec<Vec<u8>> = Vec::new();
    let mut groups: Vec<Group> = Vec::new();
    let mut row_count = 0;
    for (resource_index, entry) in request.resource_metrics.iter().enumerate() {
        let attributes = entry.resource.as_ref().map(|r| r.attributes.clone());
        let attributes = attributes.unwrap_or_default();
        let key = key(&attributes);
        let resource = match resources.iter().position(|(known, ..)| *known == key) {
            Some(known) => known,
            None => {
                let fields = shared_fields(&attributes);
                resources.push((key, fields, entry.schema_url.clone()));
                resources.len() - 1
            }
        };
        for (scope_index, entry) in entry.scope_metrics.iter().enumerate() {
            let mut names = BTreeSet::new();
            let mut fields = scope_fields(entry);
            fields.retain(|(name, _)| names.insert(name.clone()));
            let key = sorted(&fields);
            let known = scope_keys.iter().position(|known| *known == key);
            let scope = known.unwrap_or(scopes.len());
            if known.is_none() {
                scopes.push(fields);
                scope_keys.push(key);
            }
            for (metric_index, metric) in entry.metrics.iter().enumerate() {
                let kind = kind_of(metric);
                let mut is_taken = false;
                let is_delta = matches!(
                    kind,
                    Some(
                        MetricType::Histogram(Temporality::Delta)
                            | MetricType::Sum {
                                temporality: Temporality::Delta,
                                ..
                            }
                    )
                );
                for (point_index, mut point) in points(metric).into_iter().enumerate() {
                    point.place = Place {
                        resource: resource_index,
                        scope: scope_index,
                        record: metric_index,
                        part: RefusedPart::Point(point_index),
                    };
                    point.resource = resource;
                    point.scope = scope;
                    point.is_delta = is_delta;
                    point.fields.retain(|(_, value)| match value {
                        Value::String(text) => text.len() <= limits.string_bytes_max,
                        _ => true,
                    });
                    if point.fields.is_empty() {
                        is_taken = true;
                        continue;
                    }
                    let longest = point.fields.iter().map(|(name, _)| name.len()).max();
                    if longest > Some(limits.column_name_bytes_max) {
                        mapping.refuse(point.place, RejectReason::Malformed);
                        continue;
                    }
                    let shared = [&resources[resource].1, &scopes[scope]];
                    let group = group(&mut groups, &point, shared, now_ns);
                    put(group, point, limits, &mut row_count);
                    is_taken = true;
                }
                if is_taken && let Some(kind) = kind {
                    mapping.note_metric(&metric.name, kind);
                }
            }
        }
    }
    if !request.resource_metrics.is_empty() {
        mapping.begin_batch(dataset::from_header(headers).unwrap_or("unknown_metrics"));
    }
    for (resource, (_, fields, schema_url)) in resources.iter().enumerate() {
        let mut shared = vec![("meta.signal_type".to_owned(), text("metrics"))];
        if !schema_url.is_empty() {
            shared.push(("resource.schema_url".to_owned(), text(schema_url)));
        }
        shared.extend(fields.iter().cloned());
        let inherited = Inherited::of_fields(shared.into_iter(), Rates::default(), limits);
        let groups = groups.iter().filter(|group| group.resource == resource);
        let mut rows: Vec<_> = groups
            .flat_map(|group| group.rows.iter().map(move |row| (row, group)))
            .collect();
        rows.sort_by_key(|(row, _)| row.order);
        mapping.begin_scope(&inherited, rows.len());
        for (row, group) in rows {
            let places = row.points.iter().map(|point| point.place);
            let series = series(fields, &scopes[group.scope], &group.attributes);
            let series = match group.is_delta {
                true => format!("{series:016x}-delta"),
                false => format!("{series:016x}"),
            };
            mapping.row_of_points(places, |open| {
                open.put("meta.series", text(&series).as_ref());
                let fields = row.points.iter().flat_map(|point| &point.fields);
                for (name, value) in fields {
                    open.put(name, value.as_ref());
                }
                put_attributes(open, &group.attributes);
                for (name, value) in &scopes[group.scope] {
                    open.put(name, value.as_ref());
                }
                put_inherited(open, &inherited);
                group.second_ns
            });
        }
    }
    mapping.finish()
}

/// Where what the point's row shares is known already, its group; else a new one.
fn group<'a>(
    groups: &'a mut Vec<Group>,
    point: &Point,
    shared: [&Fields; 2],
    now_ns: i64,
) -> &'a mut Group {
    let time_ns = match point.time {
        0 => now_ns,
        time => timestamp_ns(time),
    };
    let second_ns = time_ns / 1_000_000_000 * 1_000_000_000;
    let key = key(&point.attributes);
    let found = groups.iter().position(|group| {
        (group.resource, group.scope, group.is_delta)
            == (point.resource, point.scope, point.is_delta)
            && (group.second_ns, &group.key) == (second_ns, &key)
    });
    let found = found.unwrap_or_else(|| {
        let fields = shared_fields(&point.attributes);
        groups.push(Group {
            key,
            resource: point.resource,
            scope: point.scope,
            is_delta: point.is_delta,
            second_ns,
            attributes: point.attributes.clone(),
            base: (
                fields.len() + shared[0].len() + shared[1].len(),
                25 + bytes_of(&fields) + bytes_of(shared[0]) + bytes_of(shared[1]),
            ),
            open: 0,
            rows: Vec::new(),
        });
        groups.len() - 1
    });
    &mut groups[found]
}

/// Puts a point behind the last row that has one of its columns, if there is room.
fn put(group: &mut Group, point: Point, limits: &EventLimits, row_count: &mut usize) {
    let names: BTreeSet<String> = point.fields.iter().map(|(name, _)| name.clone()).collect();
    let last = group
        .rows
        .iter()
        .rposition(|row| !row.names.is_disjoint(&names));
    let mut index = last.map_or(0, |last| last + 1).max(group.open);
    let columns = point.fields.len();
    let fields = point.fields.iter();
    let bytes: usize = fields
        .map(|(name, value)| {
            name.len()
                + match value {
                    Value::String(text) => text.len(),
                    _ => 8,
                }
        })
        .sum();
    if let Some(row) = group.rows.get(index)
        && (row.columns + columns > limits.columns_max
            || row.bytes + bytes > limits.event_bytes_max)
    {
        index = group.rows.len();
        group.open = index;
    }
    if index == group.rows.len() {
        group.rows.push(Row {
            order: *row_count,
            points: Vec::new(),
            names: BTreeSet::new(),
            columns: 3 + group.base.0,
            bytes: group.base.1,
        });
        *row_count += 1;
    }
    let row = &mut group.rows[index];
    row.columns += columns;
    row.bytes += bytes;
    row.names.extend(names);
    row.points.push(point);
}

/// The same text for attributes that become the same columns.
fn key(attributes: &[KeyValue]) -> String {
    let mut fields: Vec<_> = shared_fields(attributes)
        .into_iter()
        .map(|(name, value)| match value {
            Value::Float(value) => (name, format!("float {:x}", value.to_bits())),
            value => (name, format!("{value:?}")),
        })
        .collect();
    fields.sort();
    format!("{fields:?}")
}

/// The hash of the point's fields, with that of the two hashes of resource and scope as its seed.
fn series(resource: &[(String, Value)], scope: &[(String, Value)], point: &[KeyValue]) -> u64 {
    let [resource, scope] = [resource, scope].map(|fields| xxh3_64(&sorted(fields)).to_le_bytes());
    let seed = xxh3_64(&[resource, scope].concat());
    xxh3_64_with_seed(&sorted(&shared_fields(point)), seed)
}

fn sorted(fields: &[(String, Value)]) -> Vec<u8> {
    let mut fields: Vec<&(String, Value)> = fields.iter().collect();
    fields.sort_by(|left, right| left.0.cmp(&right.0));
    let mut bytes = Vec::new();
    for (name, value) in fields {
        let value = match value {
            Value::String(text) => [&[0], text.as_bytes()].concat(),
            Value::Int(value) => [&[1][..], &value.to_le_bytes()].concat(),
            Value::Float(value) => [&[2][..], &value.to_bits().to_le_bytes()].concat(),
            Value::Bool(value) => vec![3, u8::from(*value)],
        };
        bytes.extend_from_slice(&(name.len() + value.len()).to_le_bytes());
        bytes.extend_from_slice(&name.len().to_le_bytes());
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(&value);
    }
    bytes
}

/// Lengths, name, type and value of each.
fn bytes_of(fields: &[(String, Value)]) -> usize {
    let bytes = fields.iter().map(|(name, value)| {
        let value = match value {
            Value::String(text) => text.len(),
            Value::Int(_) | Value::Float(_) => 8,
            Value::Bool(_) => 1,
        };
        16 + name.len() + 1 + value
    });
    bytes.sum()
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn scope_fields(entry: &ScopeMetrics) -> Fields {
    let mut fields = Vec::new();
    if !entry.schema_url.is_empty() {
        fields.push(("scope.schema_url".to_owned(), text(&entry.schema_url)));
    }
    let Some(scope) = &entry.scope else {
        return fields;
    };
    fields.extend(shared_fields(&scope.attributes));
    for (name, value) in [
        ("library.name", &scope.name),
        ("library.version", &scope.version),
    ] {
        if !value.is_empty() {
            fields.push((name.to_owned(), text(value)));
        }
    }
    let mut prefixes = INSTRUMENTATION_LIBRARIES.iter();
    if prefixes.any(|prefix| scope.name.starts_with(prefix)) {
        let name = "telemetry.instrumentation_library".to_owned();
        fields.push((name, Value::Bool(true)));
    }
    fields
}

/// What the metric says it is; nothing without points.
fn kind_of(metric: &Metric) -> Option<MetricType> {
    let of = |temporality: i32| match temporality {
        1 => Temporality::Delta,
        _ => Temporality::Cumulative,
    };
    let (count, kind) = match metric.data.as_ref()? {
        Data::IntGauge(gauge) | Data::Gauge(gauge) => (gauge.data_points.len(), MetricType::Gauge),
        Data::IntSum(sum) | Data::Sum(sum) => {
            let kind = MetricType::Sum {
                temporality: of(sum.temporality),
                is_monotonic: sum.is_monotonic,
            };
            (sum.data_points.len(), kind)
        }
        Data::IntHistogram(histogram) | Data::Histogram(histogram) => {
            let kind = MetricType::Histogram(of(histogram.temporality));
            (histogram.data_points.len(), kind)
        }
        Data::ExponentialHistogram(histogram) => {
            let kind = MetricType::Histogram(of(histogram.temporality));
            (histogram.data_points.len(), kind)
        }
        Data::Summary(summary) => (summary.data_points.len(), MetricType::Summary),
    };
    (count > 0).then_some(kind)
}

fn points(metric: &Metric) -> Vec<Point> {
    let name = &metric.name;
    match &metric.data {
        None => Vec::new(),
        Some(Data::IntGauge(Gauge { data_points }) | Data::IntSum(Sum { data_points, .. })) => {
            data_points.iter().map(|p| p.point(name, true)).collect()
        }
        Some(Data::Gauge(Gauge { data_points }) | Data::Sum(Sum { data_points, .. })) => {
            data_points.iter().map(|p| p.point(name, false)).collect()
        }
        Some(Data::IntHistogram(histogram)) => {
            let points = histogram.data_points.iter();
            points.map(|p| p.point(name, true)).collect()
        }
        Some(Data::Histogram(histogram)) => {
            let points = histogram.data_points.iter();
            points.map(|p| p.point(name, false)).collect()
        }
        Some(Data::ExponentialHistogram(histogram)) => histogram
            .data_points
            .iter()
            .map(|p| p.point(name))
            .collect(),
        Some(Data::Summary(summary)) => summary.data_points.iter().map(|p| p.point(name)).collect(),
    }
}

fn point(
    flags: u32,
    time: u64,
    attributes: &[KeyValue],
    labels: &[Label],
    fields: Fields,
) -> Point {
    let labels = labels.iter().map(|label| KeyValue {
        key: label.key.clone(),
        value: Some(AnyValue {
            value: Some(any_value::Value::StringValue(label.value.clone())),
        }),
        ..KeyValue::default()
    });
    Point {
        place: Place {
            resource: 0,
            scope: 0,
            record: 0,
            part: RefusedPart::Record,
        },
        attributes: attributes.iter().cloned().chain(labels).collect(),
        time,
        fields: if flags & 1 == 1 { Vec::new() } else { fields },
        resource: 0,
        scope: 0,
        is_delta: false,
    }
}

impl NumberPoint {
    fn point(&self, name: &str, is_int: bool) -> Point {
        let value = self.value.map(|value| match value {
            NumberValue::Int(value) => Value::Int(value),
            NumberValue::Eight(bits) if is_int => Value::Int(bits as i64),
            NumberValue::Eight(bits) => Value::Float(f64::from_bits(bits)),
        });
        let fields = value.map(|value| (name.to_owned(), value)).into_iter();
        point(
            self.flags,
            self.time,
            &self.attributes,
            &self.labels,
            fields.collect(),
        )
    }
}

/// The fields that all but numbers have.
fn totals(name: &str, count: u64, sum: Option<f64>, min: Option<f64>, max: Option<f64>) -> Fields {
    let whole = Value::Int(i64::try_from(count).unwrap_or(i64::MAX));
    let mut fields = vec![(format!("{name}.count"), whole)];
    for (ending, value) in [("sum", sum), ("min", min), ("max", max)] {
        fields.extend(value.map(|value| (format!("{name}.{ending}"), Value::Float(value))));
    }
    if let (Some(sum), 1..) = (sum, count) {
        fields.push((format!("{name}.avg"), Value::Float(sum / count as f64)));
    }
    fields
}

/// All values in one bucket that nothing bounds.
fn unbounded(count: u64) -> String {
    match count {
        0 => "hist".to_owned(),
        count => format!("hist -inf..inf:{count}"),
    }
}

/// A bound in as few digits as give it back.
fn bound(value: f64) -> String {
    match value.fract() == 0.0 && value.abs() < 1e15 {
        true => format!("{value}"),
        false => format!("{value:?}"),
    }
}

/// Words for the buckets that are not empty, those next to one another in one.
fn runs(side: char, buckets: &Buckets) -> Option<String> {
    let mut words = String::new();
    let mut is_open = false;
    for (index, count) in buckets.counts.iter().enumerate() {
        let index = i64::from(buckets.offset) + index as i64;
        if *count == 0 {
            is_open = false;
            continue;
        }
        i32::try_from(index).ok()?;
        match is_open {
            true => words += &format!(",{count}"),
            false => words += &format!(" {side}{index}:{count}"),
        }
        is_open = true;
    }
    Some(words)
}

impl HistogramPoint {
    fn point(&self, name: &str, is_int: bool) -> Point {
        let sum = match self.sum {
            None => is_int.then_some(0.0),
            Some(bits) if is_int => Some(bits as i64 as f64),
            Some(bits) => Some(f64::from_bits(bits)),
        };
        let mut fields = totals(name, self.count, sum, self.min, self.max);
        for (ending, quantile) in PERCENTILES {
            let value = self.quantile(quantile).map(Value::Float);
            fields.extend(value.map(|value| (format!("{name}{ending}"), value)));
        }
        fields.push((name.to_owned(), text(&self.buckets())));
        point(
            self.flags,
            self.time,
            &self.attributes,
            &self.labels,
            fields,
        )
    }

    fn buckets(&self) -> String {
        let mut edges = vec![f64::NEG_INFINITY];
        edges.extend(&self.bounds);
        edges.push(f64::INFINITY);
        if self.counts.len() + 1 != edges.len() || !edges.is_sorted_by(|one, next| one < next) {
            return unbounded(self.count);
        }
        let mut words = "hist".to_owned();
        for (edges, count) in edges.windows(2).zip(&self.counts) {
            if *count > 0 {
                words += &format!(" {}..{}:{count}", bound(edges[0]), bound(edges[1]));
            }
        }
        words
    }

    fn quantile(&self, quantile: f64) -> Option<f64> {
        if self.counts.len() != self.bounds.len() + 1 {
            return None;
        }
        let (bucket, part) = find(quantile, &self.counts)?;
        let mut lower = (bucket > 0).then(|| self.bounds[bucket - 1]);
        let mut upper = self.bounds.get(bucket).copied();
        if let Some(min) = self.min {
            lower = Some(lower.map_or(min, |lower| lower.max(min)));
        }
        if let Some(max) = self.max {
            upper = Some(upper.map_or(max, |upper| upper.min(max)));
        }
        match (lower, upper) {
            (Some(lower), Some(upper)) => Some(lower + (upper - lower).max(0.0) * part),
            (None, Some(upper)) => Some(if upper > 0.0 { upper * part } else { upper }),
            (lower, None) => lower,
        }
    }
}

impl ExponentialPoint {
    fn point(&self, name: &str) -> Point {
        let mut fields = totals(name, self.count, self.sum, self.min, self.max);
        for (ending, quantile) in PERCENTILES {
            let value = self.quantile(quantile).map(Value::Float);
            fields.extend(value.map(|value| (format!("{name}{ending}"), value)));
        }
        fields.push((name.to_owned(), text(&self.buckets())));
        point(self.flags, self.time, &self.attributes, &[], fields)
    }

    fn buckets(&self) -> String {
        let side = |side, buckets: &Option<Buckets>| match buckets {
            Some(buckets) => runs(side, buckets),
            None => Some(String::new()),
        };
        let (Some(negative), Some(positive)) =
            (side('-', &self.negative), side('+', &self.positive))
        else {
            return unbounded(self.count);
        };
        let zero = match self.zero_count {
            0 => String::new(),
            count => format!(" zero={count}"),
        };
        format!("hist scale={}{zero}{negative}{positive}", self.scale)
    }

    fn quantile(&self, quantile: f64) -> Option<f64> {
        let positive = self.positive.clone().unwrap_or_default();
        let negative = self.negative.clone().unwrap_or_default();
        let mut counts: Vec<u64> = negative.counts.iter().rev().copied().collect();
        let zero = counts.len();
        counts.push(self.zero_count);
        counts.extend(&positive.counts);
        let (bucket, part) = find(quantile, &counts)?;
        let power = |offset: i32, index: usize, part: f64| {
            let exponent = f64::from(offset) + index as f64 + part;
            (exponent * (-f64::from(self.scale)).exp2()).exp2()
        };
        let mut value = match bucket.cmp(&zero) {
            std::cmp::Ordering::Less => -power(negative.offset, zero - 1 - bucket, 1.0 - part),
            std::cmp::Ordering::Equal => 0.0,
            std::cmp::Ordering::Greater => power(positive.offset, bucket - zero - 1, part),
        };
        if let Some(min) = self.min {
            value = value.max(min);
        }
        if let Some(max) = self.max {
            value = value.min(max);
        }
        Some(value)
    }
}

impl SummaryPoint {
    fn point(&self, name: &str) -> Point {
        let mut fields = totals(name, self.count, Some(self.sum), None, None);
        for Quantile { quantile, value } in &self.quantiles {
            let digits = format!("{quantile:.9}");
            let ending = match &*digits {
                "0.000000000" | "-0.000000000" => "min".to_owned(),
                "1.000000000" => "max".to_owned(),
                digits if digits.starts_with("0.") => {
                    let digits = digits[2..].trim_end_matches('0');
                    format!("p{digits}{}", if digits.len() < 2 { "0" } else { "" })
                }
                _ => format!("q{quantile}"),
            };
            fields.push((format!("{name}.{ending}"), Value::Float(*value)));
        }
        point(
            self.flags,
            self.time,
            &self.attributes,
            &self.labels,
            fields,
        )
    }
}

fn find(quantile: f64, counts: &[u64]) -> Option<(usize, f64)> {
    let total: f64 = counts.iter().map(|&count| count as f64).sum();
    let rank = quantile * total;
    let mut before = 0.0;
    let mut found = None;
    for (bucket, &count) in counts.iter().enumerate() {
        let count = count as f64;
        if count == 0.0 {
            continue;
        }
        if before + count >= rank {
            return Some((bucket, (rank - before) / count));
        }
        before += count;
        found = Some((bucket, 1.0));
    }
    found
}
