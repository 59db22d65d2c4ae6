//! Datasets of type metrics: what kinds of metrics they have, and what that means for queries.
//!
//! There, a calculation over a metric follows each series through time first, as its kind asks for: the column is hidden by a calculated
//! field of its name, unless the query brings one of its own. Operations that count rows are refused with what to ask instead. In all
//! other datasets metrics are events, and nothing is added. Source: spec/product.md QM-01 to QM-04, spec/honeycomb-api.md section 7.

use crate::problem::{Detail, DetailCode, Problem};
use crate::state::ApiState;
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use waggle_expression::{Expression, Temporal, TemporalFunction, column_text};
use waggle_model::{
    CalculatedField, CalculationSpec, DatasetId, DatasetScope, MetricType, QuerySpec, Temporality,
    Tenant,
};

/// Most metrics of a dataset whose kinds are remembered.
const METRICS_MAX: usize = 10_000;
/// Most metrics of one request that are noted; the rest has its turn with the next.
const NOTED_MAX: usize = 1_000;
/// Most kinds of metrics, of all datasets together, that are known to have been noted; beyond, all are noted anew.
const KNOWN_MAX: usize = 200_000;

/// What the metastore was told of metrics, so that a request asks it only about those it sees for the first time.
#[derive(Default)]
pub(crate) struct KnownMetrics {
    known: Mutex<Known>,
    /// Names are as long as senders like: what is remembered of each is its hash with its kind.
    hasher: RandomState,
}

#[derive(Default)]
struct Known {
    datasets: HashMap<DatasetId, DatasetMetrics>,
    count: usize,
}

#[derive(Default)]
struct DatasetMetrics {
    seen: HashSet<u64>,
    /// No more are remembered.
    is_full: bool,
}

impl KnownMetrics {
    /// Writes down those that are new. What can't be written is tried again with the next request.
    pub(crate) async fn note(
        &self,
        state: &ApiState,
        dataset: DatasetId,
        metrics: BTreeMap<String, MetricType>,
    ) {
        let new = self.new_of(dataset, metrics);
        if new.is_empty() {
            return;
        }
        let noted = state
            .metastore
            .note_metrics(dataset, &new, METRICS_MAX)
            .await;
        let kept = match noted {
            Ok(kept) => kept,
            Err(error) => {
                tracing::warn!(%error, "kinds of metrics not written");
                return;
            }
        };
        for (name, kind) in &new {
            if let Some(first) = kept.get(name)
                && !is_same(*first, *kind)
            {
                let (first, kind) = (first.name(), kind.name());
                tracing::warn!(metric = %name, first, kind, "a metric came with another type than at first, which stays");
            }
        }
        let is_full = kept.len() < new.len();
        self.learn(dataset, &new, is_full);
    }

    /// Those that the metastore may not know yet, as many as are noted at once.
    fn new_of(
        &self,
        dataset: DatasetId,
        metrics: BTreeMap<String, MetricType>,
    ) -> BTreeMap<String, MetricType> {
        let known = self.known.lock();
        let Some(known) = known.datasets.get(&dataset) else {
            return metrics.into_iter().take(NOTED_MAX).collect();
        };
        if known.is_full {
            return BTreeMap::new();
        }
        let new = metrics
            .into_iter()
            .filter(|(name, kind)| !known.seen.contains(&self.hash(name, *kind)));
        new.take(NOTED_MAX).collect()
    }

    fn learn(&self, dataset: DatasetId, metrics: &BTreeMap<String, MetricType>, is_full: bool) {
        let mut known = self.known.lock();
        if known.count.saturating_add(metrics.len()) > KNOWN_MAX {
            *known = Known::default();
        }
        known.count = known.count.saturating_add(metrics.len());
        let of_dataset = known.datasets.entry(dataset).or_default();
        of_dataset.is_full |= is_full;
        let hashes = metrics.iter().map(|(name, kind)| self.hash(name, *kind));
        of_dataset.seen.extend(hashes);
    }

    fn hash(&self, name: &str, kind: MetricType) -> u64 {
        self.hasher.hash_one((name, kind.name()))
    }
}

/// Whether two types are one but for their temporality, which each series tells of itself.
fn is_same(one: MetricType, other: MetricType) -> bool {
    use MetricType::{Histogram, Sum};
    match (one, other) {
        (Histogram(_), Histogram(_)) => true,
        (
            Sum { is_monotonic, .. },
            Sum {
                is_monotonic: other,
                ..
            },
        ) => is_monotonic == other,
        _ => one == other,
    }
}

/// Makes of a query what it means in its dataset.
///
/// # Errors
/// Each operation that can't be asked of such a dataset, with its substitute.
pub(crate) async fn with_metrics(
    state: &ApiState,
    tenant: Tenant,
    scope: &DatasetScope,
    spec: &mut QuerySpec,
) -> Result<(), Problem> {
    let dataset = match scope {
        DatasetScope::One(dataset) => state.metastore.dataset(tenant, *dataset).await?,
        DatasetScope::All => None,
    };
    let details = match dataset {
        Some(dataset) if dataset.is_metrics => {
            let metrics = state.metastore.metrics(tenant, dataset.id).await?;
            follow(&metrics, spec)
        }
        _ => refuse_metric_ops(spec),
    };
    match details.is_empty() {
        true => Ok(()),
        false => Err(Problem::invalid(details)),
    }
}

/// Adds to the calculated fields of a request for rows of a chart those that hide the metrics it names, so that a box over a chart of
/// a metric holds the rows that were drawn. Metrics that it does not name show what was sent.
pub(crate) async fn add_defaults(
    state: &ApiState,
    tenant: Tenant,
    scope: &DatasetScope,
    named: &HashSet<String>,
    fields: &mut Vec<CalculatedField>,
) -> Result<(), Problem> {
    let DatasetScope::One(dataset) = scope else {
        return Ok(());
    };
    let dataset = state.metastore.dataset(tenant, *dataset).await?;
    if let Some(dataset) = dataset.filter(|dataset| dataset.is_metrics) {
        let metrics = state.metastore.metrics(tenant, dataset.id).await?;
        for column in named {
            add_default(&metrics, column, fields);
        }
    }
    Ok(())
}

const DATAPOINTS: &str = "COUNT_DATAPOINTS";
const HISTOGRAM_COUNT: &str = "HISTOGRAM_COUNT";

/// Operations whose rows are points of metrics.
fn refuse_metric_ops(spec: &QuerySpec) -> Vec<Detail> {
    let calculations = spec.calculations.iter().enumerate();
    let refused =
        calculations.filter(|(_, known)| [DATAPOINTS, HISTOGRAM_COUNT].contains(&&*known.op));
    refused
        .map(|(index, known)| {
            let text = format!(
                "{} is for datasets of type metrics; here it is COUNT(column)",
                known.op
            );
            Detail::new(
                format!("calculations[{index}].op"),
                DetailCode::Invalid,
                text,
            )
        })
        .collect()
}

/// The same in a dataset of type metrics; returns what is wrong.
fn follow(metrics: &BTreeMap<String, MetricType>, spec: &mut QuerySpec) -> Vec<Detail> {
    if spec.calculations.is_empty() {
        let text = "metrics datasets require at least one calculation";
        return vec![Detail::new("calculations", DetailCode::Missing, text)];
    }
    let mut details = rates_of_histograms(metrics, &spec.calculated_fields);
    for index in 0..spec.calculations.len() {
        let calculation = &spec.calculations[index];
        if let Some(substitute) = substitute(metrics, calculation) {
            details.push(Detail::new(
                format!("calculations[{index}].op"),
                DetailCode::Invalid,
                format!(
                    "operation not allowed in metrics dataset: {}; {substitute}",
                    calculation.op
                ),
            ));
            continue;
        }
        let Some(column) = calculation.column.clone() else {
            continue;
        };
        let (op, column) = match calculation.op.as_str() {
            DATAPOINTS => {
                // Every point of a histogram has a count.
                let has_parts = metric_of(metrics, calculation).is_some_and(is_parted);
                let counted = match has_parts {
                    true => format!("{column}.count"),
                    false => column,
                };
                let stored = stored_column(&counted, &mut spec.calculated_fields);
                ("COUNT", stored)
            }
            HISTOGRAM_COUNT => ("SUM", format!("{column}.count")),
            _ => {
                add_default(metrics, &column, &mut spec.calculated_fields);
                continue;
            }
        };
        add_default(metrics, &column, &mut spec.calculated_fields);
        replace(spec, index, op, column);
    }
    details
}

/// Histograms count in whole numbers, so there is none of so many values per second.
fn rates_of_histograms(
    metrics: &BTreeMap<String, MetricType>,
    fields: &[CalculatedField],
) -> Vec<Detail> {
    let is_of_histogram = |temporal: &Temporal| {
        temporal.function == TemporalFunction::Rate
            && matches!(
                metrics.get(&temporal.metric),
                Some(MetricType::Histogram(_))
            )
    };
    let mut details = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        // What can't be read is refused by whoever reads it.
        let Ok(expression) = Expression::parse(&field.expression) else {
            continue;
        };
        if let Some(temporal) = expression
            .temporals()
            .find(|temporal| is_of_histogram(temporal))
        {
            let metric = &temporal.metric;
            let text = format!(
                "{metric} is a histogram, which has no RATE; take INCREASE of it, or RATE of {metric}.count or {metric}.sum"
            );
            let place = format!("calculated_fields[{index}].expression");
            details.push(Detail::new(place, DetailCode::Invalid, text));
        }
    }
    details
}

/// What to ask instead of an operation that has no meaning where a row is a point of a metric.
fn substitute(
    metrics: &BTreeMap<String, MetricType>,
    calculation: &CalculationSpec,
) -> Option<&'static str> {
    let kind = metric_of(metrics, calculation);
    let is_parted = kind.is_some_and(is_parted);
    Some(match (calculation.op.as_str(), &calculation.column) {
        ("COUNT", None) => "ask for COUNT_DATAPOINTS(metric) or COUNT(column)",
        (DATAPOINTS | HISTOGRAM_COUNT, None) => "it needs the column of a metric",
        ("RATE_SUM", _) => "ask for SUM of a calculated field with RATE($metric)",
        ("RATE_AVG", _) => "ask for AVG of a calculated field with RATE($metric)",
        ("RATE_MAX", _) => "ask for MAX of a calculated field with RATE($metric)",
        ("CONCURRENCY", _) => "points have no duration; ask for MAX or SUM of a gauge",
        (HISTOGRAM_COUNT, _) if kind.is_some() && !is_parted => {
            "it counts the values of a histogram; ask for COUNT_DATAPOINTS(metric)"
        }
        (DATAPOINTS | HISTOGRAM_COUNT, _) => return None,
        ("COUNT_DISTINCT", _) if is_parted => {
            "its values are not kept one by one; ask for a percentile or HEATMAP"
        }
        // What the sender has computed is all there is of a summary.
        _ if kind == Some(MetricType::Summary) => {
            "a summary is kept as .count, .sum, .avg, .min, .max and percentiles; ask for MAX(metric.p99)"
        }
        _ => return None,
    })
}

/// The kind of the metric that a calculation names.
fn metric_of(
    metrics: &BTreeMap<String, MetricType>,
    calculation: &CalculationSpec,
) -> Option<MetricType> {
    metrics.get(calculation.column.as_ref()?).copied()
}

/// Whether a metric has columns below its name.
fn is_parted(kind: MetricType) -> bool {
    matches!(kind, MetricType::Histogram(_) | MetricType::Summary)
}

/// A column as it is stored, whatever hides it.
fn stored_column(column: &str, fields: &mut Vec<CalculatedField>) -> String {
    // No event has such a column.
    let name = format!("\0{column}");
    add(
        fields,
        &name,
        format!("RAW_METRIC({})", column_text(column)),
    );
    name
}

/// Hides a metric by what its kind asks for.
fn add_default(
    metrics: &BTreeMap<String, MetricType>,
    column: &str,
    fields: &mut Vec<CalculatedField>,
) {
    if let Some(function) = default_function(metrics, column) {
        let expression = format!("{}({})", function.name(), column_text(column));
        add(fields, column, expression);
    }
}

/// Whether a column holds what metrics measured, and is no attribute of theirs.
pub(crate) fn is_value(metrics: &BTreeMap<String, MetricType>, column: &str) -> bool {
    let is_of_parted = || {
        let (parent, part) = column.rsplit_once('.')?;
        let kind = *metrics.get(parent)?;
        Some(is_parted(kind) && is_part(part))
    };
    column == SERIES || metrics.contains_key(column) || is_of_parted().unwrap_or(false)
}

/// The column that tells series apart. Source: docs/wire/otlp.md.
const SERIES: &str = "meta.series";

/// How a metric, or a column that a histogram or a summary becomes, is followed through time.
pub(crate) fn default_function(
    metrics: &BTreeMap<String, MetricType>,
    column: &str,
) -> Option<TemporalFunction> {
    let Some(own) = metrics.get(column) else {
        let (parent, part) = column.rsplit_once('.')?;
        return function_of_part(*metrics.get(parent)?, part);
    };
    match own {
        MetricType::Gauge => Some(TemporalFunction::Last),
        // Of series of deltas it is their sum.
        MetricType::Sum {
            is_monotonic: true, ..
        } => Some(TemporalFunction::Increase),
        MetricType::Sum { temporality, .. } => Some(match temporality {
            Temporality::Cumulative => TemporalFunction::Last,
            Temporality::Delta => TemporalFunction::Summarize,
        }),
        // Of series of deltas it is all of them together.
        MetricType::Histogram(_) => Some(TemporalFunction::Increase),
        // It is no column itself.
        MetricType::Summary => None,
    }
}

/// The same of a column that a histogram or a summary becomes. Where deltas have an extreme or percentile for each export, all of them
/// count: the last of a step says nothing of the others.
fn function_of_part(kind: MetricType, part: &str) -> Option<TemporalFunction> {
    if !is_parted(kind) || !is_part(part) {
        return None;
    }
    match (kind, part) {
        (_, "count" | "sum") => Some(TemporalFunction::Increase),
        (MetricType::Histogram(Temporality::Delta), _) => None,
        _ => Some(TemporalFunction::Last),
    }
}

/// Whether a name's end is one that histograms and summaries have: `db.query.text` is no part of a histogram `db.query`.
fn is_part(part: &str) -> bool {
    let digits = part.strip_prefix('p').unwrap_or_default();
    let is_percentile = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_percentile || matches!(part, "count" | "sum" | "avg" | "min" | "max")
}

fn add(fields: &mut Vec<CalculatedField>, name: &str, expression: String) {
    if fields.iter().all(|field| field.name != name) {
        fields.push(CalculatedField {
            name: name.to_owned(),
            expression,
        });
    }
}

/// Computes an answer by another operation under the name it has.
fn replace(spec: &mut QuerySpec, index: usize, op: &str, column: String) {
    let calculation = &mut spec.calculations[index];
    let label = calculation.label();
    let (old_op, old_column) = (calculation.op.clone(), calculation.column.clone());
    calculation.name = Some(label.clone());
    calculation.op = op.to_owned();
    calculation.column = Some(column);
    for order in &mut spec.orders {
        if order.op.as_ref() == Some(&old_op) && order.column == old_column {
            (order.op, order.column) = (Some(label.clone()), None);
        }
    }
    for having in &mut spec.havings {
        if having.calculate_op == old_op && having.column == old_column {
            (having.calculate_op, having.column) = (label.clone(), None);
        }
    }
}

#[cfg(test)]
mod tests;
