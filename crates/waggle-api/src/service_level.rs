//! How a service level objective does: good and counted events of its datasets, asked of the query engine, and what they make of the
//! promise. Source: spec/honeycomb-api.md section 15.3 and spec/product.md section 6.2.
//!
//! An event counts when its indicator has a value, and is good when that is true. Everything is weighed by sample rates.

use crate::problem::Problem;
use crate::state::ApiState;
use std::collections::{BTreeMap, HashMap};
use waggle_expression::Expression;
use waggle_metastore::{ArtifactId, DerivedColumn, Slo, Stored};
use waggle_model::{
    CalculatedField, CalculationSpec, Cell, DatasetId, DatasetScope, FilterOp, FilterSpec,
    FilterValue, QueryOptions, QuerySpec, ResultTable, Tenant, TimeRange, Value,
};

const NS_PER_S: i64 = 1_000_000_000;
const NS_PER_HOUR: i64 = 3_600 * NS_PER_S;
const NS_PER_DAY: i64 = 24 * NS_PER_HOUR;
/// Over which time the burn rate is told.
const BURN_HOURS: i64 = 4;
/// Hours of one query of hourly counts: a query has at most a thousand buckets.
const QUERY_HOURS: i64 = 900;
/// The name under which the engine knows the indicator: no column is called so.
const INDICATOR: &str = "waggle.service_level_indicator";

/// Why an expression can't be an indicator; `None` when it can, or can't be read at all.
///
/// An indicator judges event by event, so that counts of hours add up to those of the period. What follows a metric through time has one
/// value per step of a question, and budget, burn rate and history ask with different steps.
pub(crate) fn refusal_of(expression: &str) -> Option<String> {
    let expression = Expression::parse(expression).ok()?;
    let function = expression.temporals().next()?.function.name();
    Some(format!(
        "{function} follows a metric through time; an SLO judges each event by itself, so its calculated field can't use it"
    ))
}

/// Events of a time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    /// Those whose indicator is true.
    pub(crate) good: f64,
    /// Those whose indicator has a value.
    pub(crate) counted: f64,
}

impl Counts {
    fn plus(self, other: Self) -> Self {
        Self {
            good: self.good + other.good,
            counted: self.counted + other.counted,
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            good: self.good - other.good,
            counted: self.counted - other.counted,
        }
    }

    /// Good events in percent of those that count; 100 when none counts.
    pub(crate) fn compliance(self) -> f64 {
        if self.counted <= 0.0 {
            return 100.0;
        }
        100.0 * self.good / self.counted
    }

    /// What is left of the failures that the promise allows, in percent of them; below 0 when there were more.
    pub(crate) fn budget_remaining(self, target_per_million: u32) -> f64 {
        let allowed = self.counted * allowed_share(target_per_million);
        if allowed <= 0.0 {
            return 100.0;
        }
        100.0 * (1.0 - (self.counted - self.good) / allowed)
    }

    /// How many times as fast as allowed events fail.
    pub(crate) fn burn_rate(self, target_per_million: u32) -> f64 {
        if self.counted <= 0.0 {
            return 0.0;
        }
        (self.counted - self.good) / self.counted / allowed_share(target_per_million)
    }
}

/// The share of events that may fail.
fn allowed_share(target_per_million: u32) -> f64 {
    1.0 - f64::from(target_per_million) / 1e6
}

/// How an objective does now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State {
    /// Over its whole period.
    pub(crate) period: Counts,
    /// Over the last hours.
    pub(crate) burn: Counts,
}

/// Counts the events of an objective up to now.
pub(crate) async fn state_of(
    state: &ApiState,
    tenant: Tenant,
    slo: &Stored<Slo>,
) -> Result<State, Problem> {
    let now_ns = state.clock.now_ns();
    let since = |length_ns: i64| TimeRange {
        start_ns: start_of(slo, now_ns.saturating_sub(length_ns)),
        end_ns: now_ns.saturating_add(1),
    };
    Ok(State {
        period: count(state, tenant, slo, since(period_ns(slo))).await?,
        burn: count(state, tenant, slo, since(BURN_HOURS * NS_PER_HOUR)).await?,
    })
}

/// What an objective's budget was at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) time_s: i64,
    /// Events of the period that ended then.
    pub(crate) period: Counts,
}

/// The state of an objective at every full hour of a range, each over the period before.
pub(crate) async fn history_of(
    state: &ApiState,
    tenant: Tenant,
    slo: &Stored<Slo>,
    range: TimeRange,
) -> Result<Vec<Moment>, Problem> {
    let first_hour = range.start_ns.div_euclid(NS_PER_HOUR);
    let last_hour = range.end_ns.div_euclid(NS_PER_HOUR);
    let period_hours = period_ns(slo) / NS_PER_HOUR;
    let by_hour = hourly(state, tenant, slo, first_hour - period_hours, last_hour).await?;
    let at = |hour: i64| by_hour.get(&hour).copied().unwrap_or_default();
    let mut period = (first_hour - period_hours..first_hour)
        .map(at)
        .fold(Counts::default(), Counts::plus);
    let mut moments = Vec::new();
    for hour in first_hour..=last_hour {
        moments.push(Moment {
            time_s: hour * (NS_PER_HOUR / NS_PER_S),
            period,
        });
        period = period.plus(at(hour)).minus(at(hour - period_hours));
    }
    Ok(moments)
}

fn period_ns(slo: &Stored<Slo>) -> i64 {
    i64::from(slo.value.time_period_days) * NS_PER_DAY
}

/// A start, or the moment of the reset when that is later.
fn start_of(slo: &Stored<Slo>, start_ns: i64) -> i64 {
    start_ns.max(slo.value.reset_at_ns.unwrap_or(i64::MIN))
}

/// Counts a range, all datasets together.
async fn count(
    state: &ApiState,
    tenant: Tenant,
    slo: &Stored<Slo>,
    range: TimeRange,
) -> Result<Counts, Problem> {
    let mut counts = Counts::default();
    for (dataset, expression) in indicators(state, tenant, slo).await? {
        let table = ask(state, tenant, dataset, expression, range, true).await?;
        counts = counts.plus(counts_of(&table.total));
    }
    Ok(counts)
}

/// Counts hour by hour, by the number of the hour since the Unix epoch.
async fn hourly(
    state: &ApiState,
    tenant: Tenant,
    slo: &Stored<Slo>,
    first_hour: i64,
    end_hour: i64,
) -> Result<BTreeMap<i64, Counts>, Problem> {
    let mut by_hour = BTreeMap::new();
    for (dataset, expression) in indicators(state, tenant, slo).await? {
        let mut start_hour = first_hour;
        while start_hour < end_hour {
            let hours = QUERY_HOURS.min(end_hour - start_hour);
            let range = TimeRange {
                start_ns: start_of(slo, start_hour * NS_PER_HOUR),
                end_ns: (start_hour + hours) * NS_PER_HOUR,
            };
            start_hour += hours;
            if range.start_ns >= range.end_ns {
                continue;
            }
            let table = ask(state, tenant, dataset, expression.clone(), range, false).await?;
            for point in &table.total_series {
                let hour = point.time_ns.div_euclid(NS_PER_HOUR);
                let counts: &mut Counts = by_hour.entry(hour).or_default();
                *counts = counts.plus(counts_of(&point.values));
            }
        }
    }
    Ok(by_hour)
}

/// The datasets of an objective, each with the expression of its indicator there.
async fn indicators(
    state: &ApiState,
    tenant: Tenant,
    slo: &Stored<Slo>,
) -> Result<Vec<(DatasetId, String)>, Problem> {
    let mut expressions: HashMap<Option<DatasetId>, String> = HashMap::new();
    for id in &slo.value.sli_field_ids {
        let id = ArtifactId(id.clone());
        if let Some(field) = state
            .metastore
            .artifact::<DerivedColumn>(tenant, &id)
            .await?
        {
            expressions.insert(field.place.dataset, field.value.expression);
        }
    }
    let datasets = slo.value.dataset_ids.iter().map(|id| DatasetId(*id));
    let indicators = datasets.filter_map(|dataset| {
        let expression = expressions
            .get(&Some(dataset))
            .or_else(|| expressions.get(&None))?;
        Some((dataset, expression.clone()))
    });
    Ok(indicators.collect())
}

async fn ask(
    state: &ApiState,
    tenant: Tenant,
    dataset: DatasetId,
    expression: String,
    range: TimeRange,
    disable_series: bool,
) -> Result<ResultTable, Problem> {
    let counting = |name: &str, op, value| CalculationSpec {
        name: Some(name.to_owned()),
        filters: vec![FilterSpec {
            column: INDICATOR.to_owned(),
            op,
            value,
        }],
        ..CalculationSpec::count()
    };
    let is_true = FilterValue::One(Value::Bool(true));
    let spec = QuerySpec {
        calculations: vec![
            counting("good", FilterOp::Equal, is_true),
            counting("counted", FilterOp::Exists, FilterValue::None),
        ],
        calculated_fields: vec![CalculatedField {
            name: INDICATOR.to_owned(),
            expression,
        }],
        granularity_s: (!disable_series).then_some(3_600),
        ..QuerySpec::default()
    };
    let options = QueryOptions {
        disable_series,
        ..QueryOptions::default()
    };
    let scope = DatasetScope::One(dataset);
    let answer = state.engine.query(tenant, scope, &spec, range, options);
    Ok(answer.await?)
}

fn counts_of(cells: &[Cell]) -> Counts {
    let number = |index: usize| match cells.get(index) {
        #[expect(clippy::cast_precision_loss, reason = "counts, shown as percent")]
        Some(Cell::Int(count)) => *count as f64,
        Some(Cell::Float(count)) => *count,
        Some(Cell::Null | Cell::Text(_)) | None => 0.0,
    };
    Counts {
        good: number(0),
        counted: number(1),
    }
}
