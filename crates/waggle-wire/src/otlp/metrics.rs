//! Data points to rows: those that share their second, their resource's attributes, their scope and their own attributes become one row,
//! with a column per metric. Source: spec/honeycomb-api.md section 7, and for scopes and delta points docs/adr/0013-series-over-time.md.
//!
//! Every row also says which series its points belong to, so that whoever looks at a metric over time needs one column for it, and need not
//! know which columns are attributes.
//!
//! A request is read once. Every point is put down as the columns it becomes, under the row it belongs to; the rows are written when all
//! is read, so that no row has to be found again in a batch. Nothing of a point is lost to another one: a column that its row has
//! already, as when a metric has two points in one second, or a row that is full, makes another row.

mod buckets;
mod delimited;
mod percentile;
mod point;

pub(crate) use delimited::decode_delimited_metrics;
pub(super) use percentile::PERCENTILES;

use super::attribute::{SharedFields, for_each_field, put_attributes, shared_fields};
use super::mapping::{
    Decoded, Inherited, Mapping, Place, RefusedPart, put_inherited, scope_fields, text_field,
    timestamp_ns,
};
use super::protobuf::{Broken, Message};
use super::sample_rate::Rates;
use super::view::{Attribute, ResourceView, ScopeView, for_each_resource};
use super::{Body, Encoding, OtlpError, OtlpHeaders, Signal, check_headers, dataset};
use crate::row::Row;
use point::{Kind, MetricView, Number, PointView};
use std::collections::HashMap;
use std::ops::Range;
use waggle_model::{EventLimits, RejectReason, ValueRef};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Decodes the decompressed body of an export of metrics. `now_ns` is the time of receipt, for points without a time.
///
/// # Errors
/// [`OtlpError::MissingDataset`] and [`OtlpError::Malformed`]: nothing of the request can be stored.
pub fn decode_metrics(
    body: &[u8],
    encoding: Encoding,
    headers: &OtlpHeaders<'_>,
    limits: &EventLimits,
    now_ns: i64,
) -> Result<Decoded, OtlpError> {
    check_headers(Signal::Metrics, headers)?;
    let body = Body::new(Signal::Metrics, body, encoding)?;
    let mapped = map_metrics(body.message(), headers, limits, now_ns).map_err(|broken| {
        OtlpError::Malformed {
            signal: Signal::Metrics,
            cause: broken.to_string(),
        }
    })?;
    Ok(body.with_refusals(mapped))
}

/// The last column of a metric event's own, which all of them have.
const SIGNAL_TYPE: (&str, &str) = ("meta.signal_type", "metrics");

/// What tells a row's series from others: the same text for the same resource, scope and attributes of the point.
const SERIES: &str = "meta.series";

/// The end of that text where the row's points say what was added since the point before.
const DELTA: &str = "-delta";

/// A point with this flag says that there is no value.
const NO_RECORDED_VALUE: u32 = 1;

/// Most data points of one request; those beyond are refused as too large. A point of two bytes may cost a hundred in memory.
const POINTS_MAX: usize = 1_000_000;

fn map_metrics<'a>(
    request: Message<'a>,
    headers: &OtlpHeaders<'a>,
    limits: &EventLimits,
    now_ns: i64,
) -> Result<Decoded, Broken> {
    let mut mapping = Mapping::new(limits);
    let mut events = Events::new(limits, now_ns);
    let mut scope = ScopeView::default();
    let mut metric = MetricView::default();
    let mut point = PointView::default();
    let mut resource_index = 0_usize;
    for_each_resource(request, |resource| {
        events.begin_resource(resource);
        for (scope_index, entry) in resource.scopes.iter().enumerate() {
            scope.read(*entry)?;
            events.begin_scope(&scope);
            for (metric_index, message) in scope.records.iter().enumerate() {
                metric.read(*message)?;
                let mut is_taken = false;
                for (point_index, message) in metric.points.iter().enumerate() {
                    let Some(kind) = metric.kind else {
                        continue;
                    };
                    point.read(kind, *message)?;
                    let place = Place {
                        resource: resource_index,
                        scope: scope_index,
                        record: metric_index,
                        part: RefusedPart::Point(point_index),
                    };
                    let is_delta = metric.is_delta();
                    if let Err(reason) = events.add(metric.name, kind, is_delta, &mut point, place)
                    {
                        mapping.refuse(place, reason);
                    } else {
                        is_taken = true;
                    }
                }
                if is_taken && let Some(kind) = metric.metric_type() {
                    mapping.note_metric(metric.name, kind);
                }
            }
        }
        resource_index = resource_index.saturating_add(1);
        Ok(())
    })?;
    if resource_index > 0 {
        mapping.begin_batch(dataset::of_metrics(headers));
        events.write(&mut mapping);
    }
    Ok(mapping.finish())
}

/// The rows of a request while it is read.
struct Events<'a> {
    limits: &'a EventLimits,
    now_ns: i64,
    resources: Vec<Resource>,
    /// The resources' numbers by what they say.
    resources_by_identity: HashMap<Box<[u8]>, usize>,
    resource: usize,
    scopes: Vec<Scope>,
    /// The scopes' numbers by what they say.
    scopes_by_identity: HashMap<Box<[u8]>, usize>,
    scope: usize,
    groups: Vec<Group<'a>>,
    groups_by_identity: HashMap<Box<[u8]>, usize>,
    rows: Vec<EventRow>,
    point_count: usize,
    fields: Vec<Field>,
    columns: Columns,
    /// For each group and column, the first of the group's rows without the column.
    free: HashMap<(usize, usize), usize>,
    identity: Identity,
}

/// What all points of equal resources share.
struct Resource {
    fields: SharedFields,
    schema_url: String,
    bytes: usize,
    identity_hash: u64,
}

/// What all points of equal scopes share.
struct Scope {
    fields: SharedFields,
    columns: usize,
    bytes: usize,
    identity_hash: u64,
}

/// What points of one row share.
struct Group<'a> {
    resource: usize,
    scope: usize,
    second_ns: i64,
    series: u64,
    is_delta: bool,
    attributes: Vec<Attribute<'a>>,
    /// Columns and bytes that every row of it has whatever its points are.
    columns: usize,
    bytes: usize,
    rows: Vec<usize>,
    /// The first of the rows that is not full.
    open: usize,
}

/// A row to be.
struct EventRow {
    group: usize,
    points: Vec<Point>,
    columns: usize,
    bytes: usize,
}

/// A data point as the columns it becomes.
struct Point {
    fields: Range<usize>,
    place: Place,
}

struct Field {
    column: usize,
    value: FieldValue,
}

enum FieldValue {
    Number(Number),
    Text(Box<str>),
}

impl FieldValue {
    fn bytes(&self) -> usize {
        match self {
            Self::Number(_) => 8,
            Self::Text(text) => text.len(),
        }
    }
}

impl<'a> Events<'a> {
    fn new(limits: &'a EventLimits, now_ns: i64) -> Self {
        Self {
            limits,
            now_ns,
            resources: Vec::new(),
            resources_by_identity: HashMap::new(),
            resource: 0,
            scopes: Vec::new(),
            scopes_by_identity: HashMap::new(),
            scope: 0,
            groups: Vec::new(),
            groups_by_identity: HashMap::new(),
            rows: Vec::new(),
            point_count: 0,
            fields: Vec::new(),
            columns: Columns::default(),
            free: HashMap::new(),
            identity: Identity::default(),
        }
    }

    fn begin_resource(&mut self, view: &ResourceView<'a>) {
        let (identity, _) = self.identity.of(&[], &view.attributes);
        if let Some(known) = self.resources_by_identity.get(identity) {
            self.resource = *known;
            return;
        }
        self.resource = self.resources.len();
        self.resources.push(Resource {
            fields: shared_fields(&view.attributes),
            schema_url: view.schema_url.to_owned(),
            bytes: identity.len(),
            identity_hash: xxh3_64(identity),
        });
        self.resources_by_identity
            .insert(identity.into(), self.resource);
    }

    fn begin_scope(&mut self, view: &ScopeView<'a>) {
        let fields: SharedFields = scope_fields(view, view.attributes.iter()).collect();
        let (identity, columns) = self.identity.of_fields(&[], |emit| {
            for (name, value) in &fields {
                emit(name, value.as_ref());
            }
        });
        if let Some(known) = self.scopes_by_identity.get(identity) {
            self.scope = *known;
            return;
        }
        self.scope = self.scopes.len();
        self.scopes_by_identity.insert(identity.into(), self.scope);
        self.scopes.push(Scope {
            fields,
            columns,
            bytes: identity.len(),
            identity_hash: xxh3_64(identity),
        });
    }

    /// Puts a point under its row. A point without a value becomes nothing.
    fn add(
        &mut self,
        name: &str,
        kind: Kind,
        is_delta: bool,
        point: &mut PointView<'a>,
        place: Place,
    ) -> Result<(), RejectReason> {
        if point.flags & NO_RECORDED_VALUE != 0 {
            return Ok(());
        }
        if self.point_count >= POINTS_MAX {
            return Err(RejectReason::TooLarge);
        }
        self.point_count = self.point_count.saturating_add(1);
        let first_field = self.fields.len();
        let (columns, fields) = (&mut self.columns, &mut self.fields);
        for_each_value(kind, point, |ending, value| {
            let column = columns.number(name, ending);
            let value = FieldValue::Number(value);
            fields.push(Field { column, value });
        });
        if let Some(counts) = buckets::counts(kind, point) {
            let text = counts.to_string();
            // A part of it would be no histogram.
            if text.len() <= self.limits.string_bytes_max {
                fields.push(Field {
                    column: columns.number(name, ""),
                    value: FieldValue::Text(text.into()),
                });
            }
        }
        let fields = first_field..self.fields.len();
        if fields.is_empty() {
            return Ok(());
        }
        if self.has_long_name(fields.clone()) {
            self.fields.truncate(first_field);
            return Err(RejectReason::Malformed);
        }
        let group = self.group(point, is_delta);
        let row = self.row(group, fields.clone());
        if let Some(row) = self.rows.get_mut(row) {
            row.points.push(Point { fields, place });
        }
        Ok(())
    }

    /// A name no column can have, which would cost the other points of the row.
    fn has_long_name(&self, fields: Range<usize>) -> bool {
        let mut fields = self.fields.get(fields).into_iter().flatten();
        fields
            .any(|field| self.columns.name_bytes(field.column) > self.limits.column_name_bytes_max)
    }

    /// The group of a point; it takes the point's attributes if it is new.
    fn group(&mut self, point: &mut PointView<'a>, is_delta: bool) -> usize {
        const SECOND_NS: i64 = 1_000_000_000;
        let time_ns = match point.unix_nano {
            0 => self.now_ns,
            time => timestamp_ns(time),
        };
        let second_ns = time_ns.saturating_sub(time_ns.rem_euclid(SECOND_NS));
        let key = [
            &self.resource.to_le_bytes()[..],
            &self.scope.to_le_bytes(),
            &second_ns.to_le_bytes(),
            &[u8::from(is_delta)],
        ]
        .concat();
        let (identity, columns) = self.identity.of(&key, &point.attributes);
        if let Some(group) = self.groups_by_identity.get(identity) {
            return *group;
        }
        let group = self.groups.len();
        let attributes = std::mem::take(&mut point.attributes);
        let resource = self.resources.get(self.resource);
        let scope = self.scopes.get(self.scope);
        let hashes = [
            resource.map_or(0, |resource| resource.identity_hash),
            scope.map_or(0, |scope| scope.identity_hash),
        ];
        let shared = xxh3_64(hashes.map(u64::to_le_bytes).as_flattened());
        let of_point = identity.get(key.len()..).unwrap_or_default();
        self.groups.push(Group {
            resource: self.resource,
            scope: self.scope,
            second_ns,
            series: xxh3_64_with_seed(of_point, shared),
            is_delta,
            attributes,
            columns: columns
                .saturating_add(resource.map_or(0, |resource| resource.fields.len()))
                .saturating_add(scope.map_or(0, |scope| scope.columns)),
            bytes: identity
                .len()
                .saturating_add(resource.map_or(0, |resource| resource.bytes))
                .saturating_add(scope.map_or(0, |scope| scope.bytes)),
            rows: Vec::new(),
            open: 0,
        });
        self.groups_by_identity.insert(identity.into(), group);
        group
    }

    /// The row for a point with these fields: the first of its group that has none of its columns yet, and room.
    fn row(&mut self, group_number: usize, fields: Range<usize>) -> usize {
        let fields = self.fields.get(fields).unwrap_or_default();
        let Some(group) = self.groups.get_mut(group_number) else {
            return 0;
        };
        let taken = fields
            .iter()
            .filter_map(|field| self.free.get(&(group_number, field.column)));
        let mut index = taken.copied().fold(group.open, usize::max);
        let columns = fields.len();
        let bytes = fields
            .iter()
            .map(|field| {
                let name_bytes = self.columns.name_bytes(field.column);
                name_bytes.saturating_add(field.value.bytes())
            })
            .fold(0, usize::saturating_add);
        if let Some(&number) = group.rows.get(index)
            && let Some(row) = self.rows.get_mut(number)
        {
            let columns = row.columns.saturating_add(columns);
            let bytes = row.bytes.saturating_add(bytes);
            if columns <= self.limits.columns_max && bytes <= self.limits.event_bytes_max {
                (row.columns, row.bytes) = (columns, bytes);
            } else {
                index = group.rows.len();
                group.open = index;
            }
        }
        for field in fields {
            let next = index.saturating_add(1);
            self.free.insert((group_number, field.column), next);
        }
        // Rows are made one by one: nothing is free behind the first new one.
        if let Some(&number) = group.rows.get(index) {
            return number;
        }
        let number = self.rows.len();
        group.rows.push(number);
        // The series, the signal's type and the resource's schema.
        let own = 3_usize;
        self.rows.push(EventRow {
            group: group_number,
            points: Vec::new(),
            columns: own.saturating_add(group.columns).saturating_add(columns),
            bytes: group.bytes.saturating_add(bytes),
        });
        number
    }

    /// Writes all rows, those of equal resources one after another.
    fn write(self, mapping: &mut Mapping<'_>) {
        let mut by_resource = vec![Vec::new(); self.resources.len()];
        for row in &self.rows {
            let group = self.groups.get(row.group);
            if let Some(group) = group
                && let Some(rows) = by_resource.get_mut(group.resource)
            {
                rows.push((row, group));
            }
        }
        for (resource, rows) in self.resources.iter().zip(by_resource) {
            let (name, value) = SIGNAL_TYPE;
            let shared = text_field(name, value)
                .into_iter()
                .chain(text_field("resource.schema_url", &resource.schema_url))
                .chain(resource.fields.iter().cloned());
            let inherited = Inherited::of_fields(shared, Rates::default(), self.limits);
            mapping.begin_scope(&inherited, rows.len());
            for (row, group) in rows {
                let places = row.points.iter().map(|point| point.place);
                mapping.row_of_points(places, |open| {
                    self.write_row(open, row, group);
                    put_inherited(open, &inherited);
                    group.second_ns
                });
            }
        }
    }

    fn write_row(&self, open: &mut Row<'_>, row: &EventRow, group: &Group<'_>) {
        let kind = if group.is_delta { DELTA } else { "" };
        let series = format!("{:016x}{kind}", group.series);
        open.put(SERIES, ValueRef::String(&series));
        for point in &row.points {
            let fields = self.fields.get(point.fields.clone()).unwrap_or_default();
            for field in fields {
                let Some(name) = self.columns.names.get(field.column) else {
                    continue;
                };
                match &field.value {
                    FieldValue::Number(Number::Int(value)) => open.put_int(name, *value),
                    FieldValue::Number(Number::Float(value)) => open.put_float(name, *value),
                    FieldValue::Text(text) => open.put_str_whole(name, text),
                }
            }
        }
        put_attributes(open, &group.attributes);
        let scope = self.scopes.get(group.scope);
        for (name, value) in scope.into_iter().flat_map(|scope| &scope.fields) {
            open.put(name, value.as_ref());
        }
    }
}

/// Hands out what a point becomes, by the end of the column's name.
fn for_each_value(kind: Kind, point: &PointView<'_>, mut emit: impl FnMut(&str, Number)) {
    if matches!(
        kind,
        Kind::IntGauge | Kind::Gauge | Kind::IntSum | Kind::Sum
    ) {
        if let Some(number) = point.number {
            emit("", number);
        }
        return;
    }
    let count = i64::try_from(point.count).unwrap_or(i64::MAX);
    emit(".count", Number::Int(count));
    for (ending, value) in [
        (".sum", point.sum),
        (".min", point.min),
        (".max", point.max),
    ] {
        if let Some(value) = value {
            emit(ending, Number::Float(value));
        }
    }
    if let Some(sum) = point.sum.filter(|_| point.count > 0) {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a mean needs no more digits than a float has"
        )]
        let mean = sum / point.count as f64;
        emit(".avg", Number::Float(mean));
    }
    let estimate = match kind {
        Kind::ExponentialHistogram => percentile::exponential,
        _ => percentile::explicit,
    };
    for (ending, quantile) in PERCENTILES {
        if let Some(value) = estimate(quantile, point) {
            emit(ending, Number::Float(value));
        }
    }
    for &(quantile, value) in &point.quantiles {
        emit(&quantile_ending(quantile), Number::Float(value));
    }
}

/// The end of the name of a summary's quantile: `.min` for 0, `.max` for 1, else its digits after the point, two at least.
fn quantile_ending(quantile: f64) -> String {
    let text = format!("{quantile:.9}");
    match text.split_once('.') {
        Some(("0", digits)) if digits.bytes().any(|digit| digit != b'0') => {
            let digits = digits.trim_end_matches('0');
            format!(".p{digits:0<2}")
        }
        Some(("0" | "-0", _)) => ".min".to_owned(),
        Some(("1", _)) => ".max".to_owned(),
        // No quantile, but a value all the same.
        _ => format!(".q{quantile}"),
    }
}

/// The names of columns, each kept once.
#[derive(Default)]
struct Columns {
    names: Vec<String>,
    numbers: HashMap<String, usize>,
    name: String,
}

impl Columns {
    fn name_bytes(&self, number: usize) -> usize {
        self.names.get(number).map_or(0, String::len)
    }

    fn number(&mut self, name: &str, ending: &str) -> usize {
        self.name.clear();
        self.name.push_str(name);
        self.name.push_str(ending);
        if let Some(number) = self.numbers.get(&self.name) {
            return *number;
        }
        let number = self.names.len();
        self.names.push(self.name.clone());
        self.numbers.insert(self.name.clone(), number);
        number
    }
}

/// Tells whether two lists of attributes become the same columns, in whatever order they were sent.
#[derive(Default)]
struct Identity {
    fields: Vec<u8>,
    /// Where each field lies, and how long its name is.
    places: Vec<(Range<usize>, usize)>,
    bytes: Vec<u8>,
}

impl Identity {
    /// The bytes that are the same for the same columns, behind `key`, and how many columns.
    fn of(&mut self, key: &[u8], attributes: &[Attribute<'_>]) -> (&[u8], usize) {
        self.of_fields(key, |emit| for_each_field(attributes, emit))
    }

    /// The same for the columns that `each` hands out.
    fn of_fields(
        &mut self,
        key: &[u8],
        each: impl FnOnce(&mut dyn FnMut(&str, ValueRef<'_>)),
    ) -> (&[u8], usize) {
        let Self {
            fields,
            places,
            bytes,
        } = self;
        fields.clear();
        places.clear();
        each(&mut |name, value| {
            let start = fields.len();
            fields.extend_from_slice(name.as_bytes());
            write_value(fields, value);
            places.push((start..fields.len(), name.len()));
        });
        let name = |place: &(Range<usize>, usize)| {
            let field = fields.get(place.0.clone()).unwrap_or_default();
            field.get(..place.1).unwrap_or_default()
        };
        // Of a repeated name the first counts.
        places.sort_by(|one, other| name(one).cmp(name(other)));
        places.dedup_by(|later, first| name(later) == name(first));
        bytes.clear();
        bytes.extend_from_slice(key);
        for (place, name_bytes) in places.iter() {
            let field = fields.get(place.clone()).unwrap_or_default();
            bytes.extend_from_slice(&field.len().to_le_bytes());
            bytes.extend_from_slice(&name_bytes.to_le_bytes());
            bytes.extend_from_slice(field);
        }
        (bytes, places.len())
    }
}

fn write_value(bytes: &mut Vec<u8>, value: ValueRef<'_>) {
    match value {
        ValueRef::String(value) => {
            bytes.push(0);
            bytes.extend_from_slice(value.as_bytes());
        }
        ValueRef::Int(value) => {
            bytes.push(1);
            bytes.extend_from_slice(&value.to_le_bytes());
        }
        ValueRef::Float(value) => {
            bytes.push(2);
            bytes.extend_from_slice(&value.to_bits().to_le_bytes());
        }
        ValueRef::Bool(value) => bytes.extend_from_slice(&[3, u8::from(value)]),
    }
}

#[cfg(test)]
mod tests;
