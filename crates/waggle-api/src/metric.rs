//! Datasets of type metrics: what kinds of metrics they have, and what that means for queries.
//!
//! There, a calculation over a metric follows each series through time first, as its kind asks for: the column is hidden by a calculated
//! field of its name, unless the query brings one of its own. Operations that count rows are refused with what to ask instead. In all
//! other datasets metrics are events, and nothing is added. Source: spec/product.md QM-01 to QM-04, spec/honeycomb-api.md section 7.

use crate::problem::{Detail, DetailCode, Problem};
use crate::state::ApiState;
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap};
use waggle_expression::{TemporalFunction, column_text};
use waggle_model::{
    CalculatedField, CalculationSpec, DatasetId, DatasetScope, MetricType, QuerySpec, Temporality,
    Tenant,
};

/// Most metrics of a dataset whose kinds are remembered.
const METRICS_MAX: usize = 10_000;
/// Most datasets whose metrics are known to have been noted; beyond, all are noted anew.
const KNOWN_MAX: usize = 1_000;

/// Kinds of metrics that the metastore has, so that not every request writes them.
#[derive(Default)]
pub(crate) struct KnownMetrics(Mutex<HashMap<DatasetId, BTreeMap<String, MetricType>>>);

impl KnownMetrics {
    /// Writes down those that are new or have changed. What can't be written is tried again with the next request.
    pub(crate) async fn note(
        &self,
        state: &ApiState,
        dataset: DatasetId,
        mut metrics: BTreeMap<String, MetricType>,
    ) {
        if let Some(known) = self.0.lock().get(&dataset) {
            metrics.retain(|name, kind| known.get(name) != Some(kind));
        }
        if metrics.is_empty() {
            return;
        }
        let noted = state
            .metastore
            .note_metrics(dataset, &metrics, METRICS_MAX)
            .await;
        if let Err(error) = noted {
            tracing::warn!(%error, "kinds of metrics not written");
            return;
        }
        let mut all = self.0.lock();
        if all.len() >= KNOWN_MAX {
            all.clear();
        }
        let known = all.entry(dataset).or_default();
        if known.len() >= METRICS_MAX {
            known.clear();
        }
        known.append(&mut metrics);
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
    let mut details = Vec::new();
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
        // Buckets are not kept: what they tell was estimated when they came.
        _ if is_parted => {
            "a histogram or summary is kept as .count, .sum, .min, .max and percentiles; ask for MAX(metric.p99)"
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

/// Whether a metric is columns below its name and none of it.
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
    column == SERIES || metrics.contains_key(column) || default_function(metrics, column).is_some()
}

/// The column that tells series apart. Source: docs/wire/otlp.md.
const SERIES: &str = "meta.series";

/// How a metric, or a column that a histogram or a summary becomes, is followed through time.
fn default_function(
    metrics: &BTreeMap<String, MetricType>,
    column: &str,
) -> Option<TemporalFunction> {
    let of_total = |temporality: Temporality| match temporality {
        Temporality::Cumulative => TemporalFunction::Increase,
        Temporality::Delta => TemporalFunction::Summarize,
    };
    let own = metrics.get(column).copied();
    let parent = || {
        let (parent, part) = column.rsplit_once('.')?;
        let kind = *metrics.get(parent)?;
        is_parted(kind).then_some((kind, part))
    };
    match own {
        Some(MetricType::Gauge) => Some(TemporalFunction::Last),
        Some(MetricType::Sum {
            temporality,
            is_monotonic,
        }) => Some(match (temporality, is_monotonic) {
            (Temporality::Cumulative, false) => TemporalFunction::Last,
            (temporality, _) => of_total(temporality),
        }),
        // They are no columns themselves.
        Some(MetricType::Histogram(_) | MetricType::Summary) => None,
        None => Some(match parent()? {
            (MetricType::Histogram(temporality), "count" | "sum") => of_total(temporality),
            (MetricType::Summary, "count" | "sum") => TemporalFunction::Increase,
            _ => TemporalFunction::Last,
        }),
    }
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
