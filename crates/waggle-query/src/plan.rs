//! From the question to what will be done: every name resolved, every limit checked, shared work shared.

mod granularity;
mod validate;

use crate::calculation::{Calculation, calculation};
use crate::engine::EngineConfig;
use crate::exec::{ExecError, Watch};
use crate::filter::FilterSet;
use crate::relation::{may_relate, relate};
use granularity::automatic_granularity_ns;
use std::fmt;
use waggle_model::{
    CalculationSpec, FilterCombination, FilterValue, HavingOp, QueryError, QueryOptions, QuerySpec,
    SortOrder, TimeRange,
};
use waggle_store::Snapshot;

pub(crate) use granularity::Buckets;
pub(crate) use validate::validate;

/// A query that makes sense, ready to run over any sources.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) range: TimeRange,
    pub(crate) buckets: Buckets,
    pub(crate) filters: FilterSet,
    /// Columns read for rows that passed the filters; the clauses below point into it.
    pub(crate) columns: Vec<String>,
    pub(crate) breakdowns: Vec<usize>,
    pub(crate) states: Vec<StatePlan>,
    /// One per calculation of the query, then those that only serve the order.
    pub(crate) outputs: Vec<Output>,
    /// How many of `outputs` are in the answer.
    pub(crate) visible: usize,
    pub(crate) orders: Vec<OrderKey>,
    pub(crate) havings: Vec<Having>,
    pub(crate) limit: usize,
    pub(crate) has_series: bool,
    filter_text: String,
    /// Tells the filters from others; `None` when it depends on other blocks which rows of one they select.
    pub(crate) filter_key: Option<String>,
}

/// State to keep per cell.
#[derive(Clone, Copy)]
pub(crate) struct StatePlan {
    /// Any of the calculations that share it.
    pub(crate) calculation: &'static dyn Calculation,
    pub(crate) column: Option<usize>,
}

/// One calculation of the query.
#[derive(Clone)]
pub(crate) struct Output {
    pub(crate) calculation: &'static dyn Calculation,
    pub(crate) label: String,
    /// Index into the states.
    pub(crate) state: usize,
}

#[derive(Clone)]
pub(crate) struct OrderKey {
    pub(crate) by: OrderBy,
    pub(crate) order: SortOrder,
}

#[derive(Clone, Copy)]
pub(crate) enum OrderBy {
    /// Index into the breakdowns.
    Breakdown(usize),
    /// Index into the outputs.
    Output(usize),
}

#[derive(Clone)]
pub(crate) struct Having {
    /// Index into the outputs.
    pub(crate) output: usize,
    pub(crate) op: HavingOp,
    pub(crate) value: f64,
}

impl Plan {
    /// Resolves a query over a fixed range.
    pub(crate) fn new(
        spec: &QuerySpec,
        range: TimeRange,
        options: &QueryOptions,
    ) -> Result<Self, QueryError> {
        validate(spec, Some(range), options.limit_max)?;
        let granularity_ns = match spec.granularity_s {
            None | Some(0) => automatic_granularity_ns(range),
            Some(seconds) => i64::try_from(seconds)
                .ok()
                .and_then(|seconds| seconds.checked_mul(1_000_000_000))
                .unwrap_or(i64::MAX),
        };
        let filters = FilterSet::new(&spec.filters, spec.filter_combination)?;
        let filter_key = (!may_relate(&filters))
            .then(|| format!("{:?} {:?}", spec.filter_combination, spec.filters));
        let mut plan = Self {
            range,
            buckets: Buckets::new(range, granularity_ns),
            filters,
            columns: Vec::new(),
            breakdowns: Vec::new(),
            states: Vec::new(),
            outputs: Vec::new(),
            visible: 0,
            orders: Vec::new(),
            havings: Vec::new(),
            limit: spec.limit.unwrap_or(options.limit_default),
            has_series: !options.disable_series,
            filter_text: filter_text(spec),
            filter_key,
        };
        plan.breakdowns = spec
            .breakdowns
            .iter()
            .map(|column| plan.column(column))
            .collect();
        for calculation in &calculations_of(spec) {
            plan.add_output(calculation)?;
        }
        plan.visible = plan.outputs.len();
        plan.add_orders(spec)?;
        for having in &spec.havings {
            let output = plan.add_output(&having.calculation)?;
            plan.havings.push(Having {
                output,
                op: having.op,
                value: having.value,
            });
        }
        Ok(plan)
    }

    /// The same plan, with filters that know what they say of other spans of a row's trace in the sources the query will read.
    pub(crate) fn related(
        &self,
        snapshot: &Snapshot,
        config: &EngineConfig,
        watch: &Watch,
    ) -> Result<Self, ExecError> {
        Ok(Self {
            filters: relate(&self.filters, snapshot, self.range, config, watch)?,
            ..self.clone()
        })
    }

    fn column(&mut self, name: &str) -> usize {
        match self.columns.iter().position(|known| known == name) {
            Some(index) => index,
            None => {
                self.columns.push(name.to_owned());
                self.columns.len() - 1
            }
        }
    }

    /// Adds a calculation, or after the visible ones finds the one that is there; returns its index.
    fn add_output(&mut self, spec: &CalculationSpec) -> Result<usize, QueryError> {
        let label = spec.label();
        if self.visible > 0
            && let Some(index) = self.outputs.iter().position(|output| output.label == label)
        {
            return Ok(index);
        }
        let calculation = calculation(&spec.op).ok_or_else(|| QueryError::Invalid {
            field: "calculations".to_owned(),
            message: format!("unknown operation {}", spec.op),
        })?;
        let column = spec.column.as_ref().map(|column| self.column(column));
        let name = calculation.state_name();
        let shared = self
            .states
            .iter()
            .position(|state| state.calculation.state_name() == name && state.column == column);
        let state = shared.unwrap_or_else(|| {
            self.states.push(StatePlan {
                calculation,
                column,
            });
            self.states.len() - 1
        });
        self.outputs.push(Output {
            calculation,
            label,
            state,
        });
        Ok(self.outputs.len() - 1)
    }

    /// Without orders the first calculation that is a number decides, largest first; a query of heat maps goes by COUNT.
    fn add_orders(&mut self, spec: &QuerySpec) -> Result<(), QueryError> {
        for order in &spec.orders {
            let by = match (&order.op, &order.column) {
                (Some(op), column) => OrderBy::Output(self.add_output(&CalculationSpec {
                    op: op.clone(),
                    column: column.clone(),
                })?),
                (None, column) => {
                    let name = column.as_deref().unwrap_or_default();
                    let index = spec.breakdowns.iter().position(|known| known == name);
                    OrderBy::Breakdown(index.unwrap_or_default())
                }
            };
            self.orders.push(OrderKey {
                by,
                order: order.order,
            });
        }
        if self.orders.is_empty() {
            let scalar = self
                .outputs
                .iter()
                .position(|output| output.calculation.is_scalar());
            let output = match scalar {
                Some(index) => index,
                None => self.add_output(&count_of_rows())?,
            };
            self.orders.push(OrderKey {
                by: OrderBy::Output(output),
                order: SortOrder::Descending,
            });
        }
        Ok(())
    }
}

/// The calculations of a query: none means one COUNT.
pub(crate) fn calculations_of(spec: &QuerySpec) -> Vec<CalculationSpec> {
    if spec.calculations.is_empty() {
        vec![count_of_rows()]
    } else {
        spec.calculations.clone()
    }
}

fn count_of_rows() -> CalculationSpec {
    CalculationSpec {
        op: "COUNT".to_owned(),
        column: None,
    }
}

fn filter_text(spec: &QuerySpec) -> String {
    let between = match spec.filter_combination {
        FilterCombination::And => " AND ",
        FilterCombination::Or => " OR ",
    };
    let filters: Vec<String> = spec
        .filters
        .iter()
        .map(|filter| {
            let (column, op) = (&filter.column, filter.op.name());
            match &filter.value {
                FilterValue::None => format!("{column} {op}"),
                FilterValue::One(value) => format!("{column} {op} {value:?}"),
                FilterValue::Many(values) => format!("{column} {op} {values:?}"),
            }
        })
        .collect();
    filters.join(between)
}

/// One clause a line, what is absent left out: read by people and compared by tests.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TimeRange { start_ns, end_ns } = self.range;
        writeln!(f, "range {start_ns}..{end_ns}")?;
        if self.has_series {
            writeln!(
                f,
                "buckets {} of {} ns from {}",
                self.buckets.count,
                self.buckets.granularity_ns,
                self.buckets.start_ns(0)
            )?;
        }
        if !self.filter_text.is_empty() {
            writeln!(f, "filter {}", self.filter_text)?;
        }
        let column = |index: usize| self.columns[index].as_str();
        if !self.breakdowns.is_empty() {
            let names: Vec<&str> = self.breakdowns.iter().map(|index| column(*index)).collect();
            writeln!(f, "group by {}", names.join(", "))?;
        }
        for (index, state) in self.states.iter().enumerate() {
            write!(f, "state {index} {}", state.calculation.state_name())?;
            writeln!(f, "({})", state.column.map_or("", column))?;
        }
        for (index, output) in self.outputs.iter().enumerate() {
            let hidden = if index < self.visible { "" } else { ", hidden" };
            writeln!(
                f,
                "answer {} from state {}{hidden}",
                output.label, output.state
            )?;
        }
        for having in &self.havings {
            let label = &self.outputs[having.output].label;
            writeln!(f, "having {label} {:?} {}", having.op, having.value)?;
        }
        for order in &self.orders {
            let by = match order.by {
                OrderBy::Breakdown(index) => column(self.breakdowns[index]),
                OrderBy::Output(index) => &self.outputs[index].label,
            };
            writeln!(f, "order {by} {:?}", order.order)?;
        }
        writeln!(f, "limit {}", self.limit)
    }
}

#[cfg(test)]
mod tests;
