//! From the question to what will be done: every name resolved, every limit checked, shared work shared.

mod formula;
mod granularity;
mod validate;

use crate::calculation::{Calculation, ColumnRule, Partial, Reach, calculation};
use crate::derived::DerivedColumns;
use crate::engine::EngineConfig;
use crate::exec::{ExecError, Watch};
use crate::filter::{FilterSet, Remembered};
use crate::reading::{is_defined, meant_name, with_meant};
use crate::relation::{self, is_relational, may_relate, relate};
use crate::temporal::Steps;
use crate::usage;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use waggle_model::{
    AnswerIndex, ByDefinition, CalculationSpec, FilterCombination, FilterSpec, FilterValue,
    HavingOp, Meaning, QueryError, QueryOptions, QuerySpec, SortOrder, TimeRange,
};
use waggle_store::Snapshot;

use formula::Formula;
pub(crate) use granularity::Buckets;
pub(crate) use validate::{steps_of, validate};

/// A query that makes sense, ready to run over any sources.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) range: TimeRange,
    pub(crate) buckets: Buckets,
    /// Columns that the clauses below may name besides the stored ones.
    pub(crate) derived: DerivedColumns,
    pub(crate) filters: FilterSet,
    /// Conditions of single calculations, which rows that passed the filters meet or not.
    pub(crate) conditions: Vec<Condition>,
    /// Columns read for rows that passed the filters; the clauses below point into it.
    pub(crate) columns: Vec<String>,
    pub(crate) breakdowns: Vec<usize>,
    pub(crate) states: Vec<StatePlan>,
    /// One per calculation of the query, then one per formula, then those that only serve the order.
    pub(crate) outputs: Vec<Output>,
    /// Every row counts once.
    pub(crate) usage_mode: bool,
    by_definition: ByDefinition,
    /// Which of the outputs are in the answer: the calculations that no formula uses, then the formulas.
    pub(crate) answers: Vec<usize>,
    pub(crate) orders: Vec<OrderKey>,
    pub(crate) havings: Vec<Having>,
    pub(crate) limit: usize,
    pub(crate) has_series: bool,
    pub(crate) has_total: bool,
    pub(crate) has_other: bool,
    filter_text: String,
    /// Tells the filters from others; `None` when it depends on other blocks which rows of one they select.
    pub(crate) filter_key: Option<String>,
}

/// Which rows some calculations look at.
#[derive(Clone)]
pub(crate) struct Condition {
    pub(crate) filters: FilterSet,
    text: String,
    /// As [`Plan::filter_key`].
    pub(crate) key: Option<String>,
}

/// State to keep per cell.
#[derive(Clone, Copy)]
pub(crate) struct StatePlan {
    /// Any of the calculations that share it.
    pub(crate) calculation: &'static dyn Calculation,
    pub(crate) column: Option<usize>,
    /// Index into the conditions; `None` looks at all rows of the query.
    pub(crate) condition: Option<usize>,
    range: TimeRange,
    granularity_ns: i64,
}

impl StatePlan {
    /// Makes the state, without cells.
    pub(crate) fn start(&self) -> Box<dyn Partial> {
        self.calculation.start_in(self.range, self.granularity_ns)
    }

    /// True when it asks for the times of rows, and for nothing outside of the range.
    pub(crate) fn needs_times(&self) -> bool {
        self.calculation.reach() == Reach::Onward
    }
}

/// One calculation or formula of the query.
#[derive(Clone)]
pub(crate) struct Output {
    pub(crate) label: String,
    pub(crate) by: OutputBy,
}

/// Where an output comes from.
#[derive(Clone)]
pub(crate) enum OutputBy {
    /// A calculation over a state.
    Calculation {
        calculation: &'static dyn Calculation,
        /// Index into the states.
        state: usize,
    },
    /// A formula over other outputs, by their indexes.
    Formula(Formula),
}

impl Output {
    /// The state of a calculation.
    pub(crate) fn state(&self) -> Option<usize> {
        match self.by {
            OutputBy::Calculation { state, .. } => Some(state),
            OutputBy::Formula(_) => None,
        }
    }

    /// True when there is one answer per group.
    fn is_scalar(&self) -> bool {
        match self.by {
            OutputBy::Calculation { calculation, .. } => calculation.is_scalar(),
            OutputBy::Formula(_) => true,
        }
    }
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
        let granularity_s = spec.granularity_s.filter(|seconds| *seconds > 0);
        let granularity_ns = granularity_s.map(|seconds| {
            let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
            seconds.saturating_mul(1_000_000_000)
        });
        let filters = FilterSet::new(&spec.filters, spec.filter_combination)?;
        let derived = DerivedColumns::new(&spec.calculated_fields)?;
        let filter_key = filter_key(&filters, spec.filter_combination, &spec.filters)
            .map(|key| format!("{key}{}", derived.key()))
            .map(|key| match spec.usage_mode {
                true => format!("{key} by rows"),
                false => key,
            });
        let mut plan = Self {
            range,
            buckets: Buckets::asked(range, granularity_ns),
            derived,
            filters,
            conditions: Vec::new(),
            columns: Vec::new(),
            breakdowns: Vec::new(),
            states: Vec::new(),
            outputs: Vec::new(),
            answers: Vec::new(),
            orders: Vec::new(),
            havings: Vec::new(),
            limit: spec.limit.unwrap_or(options.limit_default),
            usage_mode: spec.usage_mode,
            by_definition: options.by_definition,
            has_series: !options.disable_series,
            has_total: !options.disable_total,
            has_other: !options.disable_other,
            filter_text: filter_text(spec.filter_combination, &spec.filters),
            filter_key,
        };
        plan.breakdowns = spec
            .breakdowns
            .iter()
            .map(|column| plan.column(column))
            .collect();
        for (index, calculation) in calculations_of(spec).iter().enumerate() {
            plan.add_output(calculation, index)?;
        }
        plan.add_formulas(spec)?;
        plan.add_orders(spec)?;
        for having in &spec.havings {
            let answer = spec.find_answer(&having.calculate_op, having.column.as_deref());
            plan.havings.push(Having {
                output: output_of(spec, answer),
                op: having.op,
                value: having.value,
            });
        }
        if plan.columns.iter().any(|name| is_relational(name))
            || plan.derived.may_relate()
            || plan.derived.looks_back()
        {
            // What another block says of a trace or a series can change what this one gives.
            plan.filter_key = None;
        }
        Ok(plan)
    }

    /// What the query reads, with the columns that its clauses may name besides the stored ones, and the same plan with filters that know
    /// what they say of other spans of a row's trace in there.
    pub(crate) fn related(
        &self,
        snapshot: &Snapshot,
        config: &EngineConfig,
        watch: &Arc<Watch>,
    ) -> Result<(Snapshot, Self), ExecError> {
        let range = self.range;
        let remembered = self.filters.remembered();
        let steps = Steps::new(range, self.buckets);
        let by_rows = self.usage_mode.then(|| usage::by_rows(snapshot));
        let snapshot = by_rows.as_ref().unwrap_or(snapshot);
        let defined = self.by_definition == ByDefinition::Everything;
        let defined = defined.then(|| snapshot.by_definition(None));
        let snapshot = defined.as_ref().unwrap_or(snapshot);
        let mut plan = self.clone();
        let meant = plan.columns_meant(snapshot);
        let meant = (!meant.is_empty()).then(|| with_meant(snapshot, &meant));
        let snapshot = meant.as_ref().unwrap_or(snapshot);
        let snapshot = &self
            .derived
            .extend(snapshot, steps, config, remembered, watch)?;
        plan.filters = relate(&self.filters, snapshot, range, config, watch)?;
        for condition in &mut plan.conditions {
            condition.filters = relate(&condition.filters, snapshot, range, config, watch)?;
        }
        // Last: filters that begin like these are about all such spans, and not about a column of the first of them.
        let names = self.columns.iter().map(String::as_str);
        let field_of = |name: &str| self.field_of(name);
        let filters = &self.filters;
        let snapshot = relation::extend(snapshot, names, field_of, filters, range, config, watch)?;
        Ok((snapshot, plan))
    }

    /// The first clause of the query that reads a column.
    fn field_of(&self, name: &str) -> String {
        let is_it = |column: usize| self.columns[column] == name;
        let mut breakdowns = self.breakdowns.iter();
        if let Some(index) = breakdowns.position(|column| is_it(*column)) {
            return format!("breakdowns[{index}]");
        }
        let mut outputs = self.outputs.iter();
        let of_output = |output: &Output| self.states[output.state()?].column;
        let index = outputs.position(|output| of_output(output).is_some_and(is_it));
        format!("calculations[{}].column", index.unwrap_or_default())
    }

    /// Shares what is known from other queries.
    pub(crate) fn remember(&mut self, remembered: &Arc<Remembered>) {
        self.filters.remember(remembered);
        for condition in &mut self.conditions {
            condition.filters.remember(remembered);
        }
    }

    /// Appends what tells a condition from others; `None` when nothing does, as with [`filter_key`](Self::filter_key).
    pub(crate) fn write_condition(
        &self,
        condition: Option<usize>,
        text: &mut String,
    ) -> Option<()> {
        if let Some(condition) = condition {
            text.push_str(" where ");
            text.push_str(self.conditions[condition].key.as_ref()?);
        }
        Some(())
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

    /// The usual names of columns that are read by their meaning in each dataset: what calculations read without being told to, and
    /// what the query asks for by definition. Where no dataset has another name for one of these, it is read as it is.
    fn columns_meant(&mut self, snapshot: &Snapshot) -> Vec<&'static str> {
        let rules = self
            .states
            .iter()
            .map(|state| state.calculation.column_rule());
        let mut meant: Vec<&'static str> = rules
            .filter_map(|rule| match rule {
                ColumnRule::Fixed(column) => Some(column),
                ColumnRule::Optional | ColumnRule::Required => None,
            })
            .collect();
        if self.by_definition == ByDefinition::Result {
            let usual = Meaning::ALL.iter().map(|meaning| meaning.column());
            for usual in usual.filter(|usual| !self.derived.has(usual)) {
                let column = self.columns.iter().position(|known| known == usual);
                if let Some(column) = column.filter(|_| is_defined(snapshot, usual)) {
                    self.columns[column] = meant_name(usual);
                    meant.push(usual);
                }
            }
        }
        meant
    }

    /// Adds a calculation, the one of this index in the query; returns its index here.
    fn add_output(&mut self, spec: &CalculationSpec, index: usize) -> Result<usize, QueryError> {
        let calculation = calculation(&spec.op).ok_or_else(|| QueryError::Invalid {
            field: format!("calculations[{index}].op"),
            message: format!("unknown operation {}", spec.op),
        })?;
        let column = match calculation.column_rule() {
            ColumnRule::Fixed(column) => Some(Cow::Owned(meant_name(column))),
            ColumnRule::Optional | ColumnRule::Required => {
                spec.column.as_deref().map(Cow::Borrowed)
            }
        };
        let column = column.map(|column| self.column(&column));
        let condition = self.condition(spec, index)?;
        let name = calculation.state_name();
        let is_shared = |state: &StatePlan| {
            state.calculation.state_name() == name
                && state.column == column
                && state.condition == condition
        };
        let state = match self.states.iter().position(is_shared) {
            Some(state) => state,
            None => {
                self.states.push(StatePlan {
                    calculation,
                    column,
                    condition,
                    range: self.range,
                    granularity_ns: self.buckets.granularity_ns,
                });
                self.states.len() - 1
            }
        };
        self.outputs.push(Output {
            label: spec.label(),
            by: OutputBy::Calculation { calculation, state },
        });
        Ok(self.outputs.len() - 1)
    }

    fn add_formulas(&mut self, spec: &QuerySpec) -> Result<(), QueryError> {
        let mut used = vec![false; self.outputs.len()];
        for (index, formula) in spec.formulas.iter().enumerate() {
            let resolved = Formula::new(spec, formula, index)?;
            for calculation in &resolved.calculations {
                used[*calculation] = true;
            }
            self.outputs.push(Output {
                label: formula.name.clone(),
                by: OutputBy::Formula(resolved),
            });
        }
        used.resize(self.outputs.len(), false);
        self.answers = (0..used.len()).filter(|index| !used[*index]).collect();
        Ok(())
    }

    /// The states that an output is made of.
    pub(crate) fn states_of(&self, output: &Output) -> impl Iterator<Item = usize> {
        let inputs = match &output.by {
            OutputBy::Calculation { state, .. } => vec![*state],
            OutputBy::Formula(formula) => {
                let inputs = formula.calculations.iter();
                inputs
                    .filter_map(|index| self.outputs[*index].state())
                    .collect()
            }
        };
        inputs.into_iter()
    }

    /// True when an answer for a bucket depends on other buckets.
    pub(crate) fn is_windowed(&self) -> bool {
        let mut outputs = self.outputs.iter();
        outputs.any(|output| match output.by {
            OutputBy::Calculation { calculation, .. } => calculation.reach() != Reach::Cell,
            OutputBy::Formula(_) => false,
        })
    }

    /// The condition of a calculation, which others may share.
    fn condition(
        &mut self,
        spec: &CalculationSpec,
        index: usize,
    ) -> Result<Option<usize>, QueryError> {
        if spec.filters.is_empty() {
            return Ok(None);
        }
        let filters = condition_filters(spec, index)?;
        let key = filter_key(&filters, spec.filter_combination, &spec.filters);
        let mut conditions = self.conditions.iter();
        let known = conditions.position(|known| key.is_some() && known.key == key);
        let condition = known.unwrap_or_else(|| {
            self.conditions.push(Condition {
                key,
                filters,
                text: filter_text(spec.filter_combination, &spec.filters),
            });
            self.conditions.len() - 1
        });
        Ok(Some(condition))
    }

    /// Without orders the first calculation that is a number decides, largest first; a query of heat maps goes by COUNT.
    fn add_orders(&mut self, spec: &QuerySpec) -> Result<(), QueryError> {
        for order in &spec.orders {
            let by = match (&order.op, order.column.as_deref()) {
                (Some(op), column) => {
                    OrderBy::Output(output_of(spec, spec.find_answer(op, column)))
                }
                (None, column) => {
                    let name = column.unwrap_or_default();
                    match spec.breakdowns.iter().position(|known| known == name) {
                        Some(index) => OrderBy::Breakdown(index),
                        None => OrderBy::Output(output_of(spec, spec.find_named(name))),
                    }
                }
            };
            self.orders.push(OrderKey {
                by,
                order: order.order,
            });
        }
        if self.orders.is_empty() {
            let mut answers = self.answers.iter();
            let output = match answers.find(|index| self.outputs[**index].is_scalar()) {
                Some(index) => *index,
                None => self.add_output(&CalculationSpec::count(), 0)?,
            };
            self.orders.push(OrderKey {
                by: OrderBy::Output(output),
                order: SortOrder::Descending,
            });
        }
        Ok(())
    }
}

/// Where an answer of a query is among the outputs. What does not exist was refused before.
fn output_of(spec: &QuerySpec, answer: Option<AnswerIndex>) -> usize {
    match answer {
        Some(AnswerIndex::Calculation(index)) => index,
        Some(AnswerIndex::Formula(index)) => calculations_of(spec).len() + index,
        None => 0,
    }
}

fn invalid(field: &str, message: impl Into<String>) -> QueryError {
    QueryError::Invalid {
        field: field.to_owned(),
        message: message.into(),
    }
}

/// The calculations of a query: none means one COUNT.
pub(crate) fn calculations_of(spec: &QuerySpec) -> Vec<CalculationSpec> {
    if spec.calculations.is_empty() {
        vec![CalculationSpec::count()]
    } else {
        spec.calculations.clone()
    }
}

/// The filters of the calculation of this index.
fn condition_filters(spec: &CalculationSpec, index: usize) -> Result<FilterSet, QueryError> {
    let filters = FilterSet::new(&spec.filters, spec.filter_combination);
    filters.map_err(|error| match error {
        QueryError::Invalid { field, message } => QueryError::Invalid {
            field: format!("calculations[{index}].{field}"),
            message,
        },
        other => other,
    })
}

fn filter_key(
    filters: &FilterSet,
    combination: FilterCombination,
    specs: &[FilterSpec],
) -> Option<String> {
    (!may_relate(filters)).then(|| format!("{combination:?} {specs:?}"))
}

fn filter_text(combination: FilterCombination, filters: &[FilterSpec]) -> String {
    let between = match combination {
        FilterCombination::And => " AND ",
        FilterCombination::Or => " OR ",
    };
    let filters: Vec<String> = filters
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
            write!(f, "({})", state.column.map_or("", column))?;
            match state.condition {
                Some(condition) => writeln!(f, " where {}", self.conditions[condition].text)?,
                None => writeln!(f)?,
            }
        }
        for (index, output) in self.outputs.iter().enumerate() {
            let hidden = match self.answers.contains(&index) {
                true => "",
                false => ", hidden",
            };
            match &output.by {
                OutputBy::Calculation { state, .. } => {
                    writeln!(f, "answer {} from state {state}{hidden}", output.label)?;
                }
                OutputBy::Formula(formula) => writeln!(f, "answer {} = {formula}", output.label)?,
            }
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
