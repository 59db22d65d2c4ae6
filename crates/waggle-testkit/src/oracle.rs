//! The exact answer to a query, by loops over a list of rows. Written from the specification, for clarity and nothing else.
//!
//! The rules it holds an engine to: integers and floats are one kind of number, all other types are apart; a value that is absent is a
//! group of its own; negative filters match rows without the column; COUNT, SUM, AVG and percentiles weigh rows by their sample rate;
//! the total and the rest ignore havings; what is not listed is the rest.

mod calculation;
mod filter;
mod formula;
mod number;
mod relation;
mod window;

use crate::event::Event;
use number::number_text;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use waggle_model::{
    AnswerIndex, CalculationSpec, Cell, FilterCombination, FilterSpec, HavingOp, QuerySpec,
    SortOrder, TimeRange, Value,
};

pub use calculation::Answer;
pub(crate) use number::compare as compare_numbers;

/// A query over some events, ready to be asked about any part of its answer.
pub struct Oracle<'a> {
    spec: &'a QuerySpec,
    calculations: Vec<CalculationSpec>,
    /// The events in the range.
    inside: Vec<&'a Event>,
    range: TimeRange,
    granularity_ns: i64,
    /// What is answered, in its order.
    shown: Vec<AnswerIndex>,
    matched: Vec<&'a Event>,
    groups: BTreeMap<Vec<String>, Vec<&'a Event>>,
}

/// The events inside a range that pass the filters, in their order. Filters with the prefix of a relation are about other spans, and
/// must all hold whatever the combination.
pub fn matching<'a>(
    events: &'a [Event],
    range: TimeRange,
    filters: &[FilterSpec],
    combination: FilterCombination,
) -> Vec<&'a Event> {
    let inside = inside(events, range);
    let is_match = |event: &&&Event| passes(&inside, event, filters, combination);
    inside.iter().filter(is_match).copied().collect()
}

/// The events with more columns: those that clauses of a query other than filters name with a prefix, as `root.name`. No two events may be
/// of the same time.
pub fn with_other_spans(events: &[Event], range: TimeRange, spec: &QuerySpec) -> Vec<Event> {
    let inside = inside(events, range);
    let calculations = spec.calculations.iter();
    let of_calculations = calculations.filter_map(|calculation| calculation.column.as_ref());
    let columns: Vec<&String> = spec.breakdowns.iter().chain(of_calculations).collect();
    let extended = events.iter().map(|event| {
        let mut extended = event.clone();
        for column in &columns {
            if let Some(value) = relation::value(&inside, event, column, &spec.filters) {
                extended.fields.insert((*column).clone(), value.clone());
            }
        }
        extended
    });
    extended.collect()
}

/// The events as usage mode takes them: each once, with its sample rate as a column.
pub fn by_rows(events: &[Event]) -> Vec<Event> {
    let plain = events.iter().map(|event| {
        let mut plain = event.clone();
        let rate = Value::Int(i64::from(event.sample_rate));
        plain.fields.insert("sample_rate".to_owned(), rate);
        plain.sample_rate = 1;
        plain
    });
    plain.collect()
}

fn inside(events: &[Event], range: TimeRange) -> Vec<&Event> {
    let is_inside = |event: &&Event| range.contains(event.timestamp_ns);
    events.iter().filter(is_inside).collect()
}

/// Whether an event passes filters, given all events that count as its other spans.
fn passes(
    inside: &[&Event],
    event: &Event,
    filters: &[FilterSpec],
    combination: FilterCombination,
) -> bool {
    let (related, own): (Vec<FilterSpec>, Vec<FilterSpec>) =
        filters.iter().cloned().partition(relation::is_related);
    let passes = |spec: &FilterSpec| filter::passes(spec, event.fields.get(&spec.column));
    let passes_own = match combination {
        FilterCombination::And => own.iter().all(passes),
        FilterCombination::Or => own.is_empty() || own.iter().any(passes),
    };
    passes_own && (related.is_empty() || relation::holds(inside, event, &related))
}

/// A breakdown value as text that is equal exactly when the values are the same group: `n:5` for 5 and 5.0, `s:5` for the text.
pub fn key_text(value: Option<&Value>) -> String {
    match value {
        None => "-".to_owned(),
        Some(Value::String(text)) => format!("s:{text}"),
        Some(Value::Bool(value)) => format!("b:{value}"),
        Some(Value::Int(value)) => format!("n:{value}"),
        Some(Value::Float(value)) => number_text(*value),
    }
}

impl<'a> Oracle<'a> {
    /// Finds the rows and groups of a query whose buckets have this width.
    pub fn new(
        spec: &'a QuerySpec,
        events: &'a [Event],
        range: TimeRange,
        granularity_ns: i64,
    ) -> Self {
        let matched = matching(events, range, &spec.filters, spec.filter_combination);
        let mut groups: BTreeMap<Vec<String>, Vec<&Event>> = BTreeMap::new();
        if spec.breakdowns.is_empty() {
            groups.insert(Vec::new(), Vec::new());
        }
        for event in &matched {
            let key = spec
                .breakdowns
                .iter()
                .map(|column| key_text(event.fields.get(column)))
                .collect();
            groups.entry(key).or_default().push(event);
        }
        let mut calculations = spec.calculations.clone();
        if calculations.is_empty() {
            calculations.push(CalculationSpec::count());
        }
        let formulas = spec.formulas.iter();
        let used: Vec<String> = formulas
            .flat_map(|formula| formula::names(&formula.expression))
            .collect();
        let is_used = |name: &Option<String>| name.as_ref().is_some_and(|name| used.contains(name));
        let mut shown: Vec<AnswerIndex> = (0..calculations.len())
            .filter(|index| !is_used(&calculations[*index].name))
            .map(AnswerIndex::Calculation)
            .collect();
        shown.extend((0..spec.formulas.len()).map(AnswerIndex::Formula));
        Self {
            spec,
            range,
            granularity_ns,
            shown,
            calculations,
            inside: inside(events, range),
            matched,
            groups,
        }
    }

    /// Rows that passed the filters.
    pub fn matched(&self) -> &[&'a Event] {
        &self.matched
    }

    /// The keys of all groups, before havings.
    pub fn keys(&self) -> Vec<Vec<String>> {
        self.groups.keys().cloned().collect()
    }

    /// The answers of one group; `None` when there is no such group.
    pub fn group(&self, key: &[String]) -> Option<Vec<Answer>> {
        Some(self.answers(self.groups.get(key)?))
    }

    /// The answers over all rows.
    pub fn total(&self) -> Vec<Answer> {
        self.answers(&self.matched)
    }

    /// The answers over the rows of all groups but these; `None` when there is no other group.
    pub fn other(&self, listed: &[Vec<String>]) -> Option<Vec<Answer>> {
        let others: Vec<_> = self
            .groups
            .iter()
            .filter(|(key, _)| !listed.contains(key))
            .collect();
        let rows: Vec<&Event> = others
            .iter()
            .flat_map(|(_, rows)| (*rows).clone())
            .collect();
        (!others.is_empty()).then(|| self.answers(&rows))
    }

    /// The points of a group, or of the total for `None`: start of each bucket with rows, and the answers in it.
    pub fn series(&self, key: Option<&[String]>) -> Vec<(i64, Vec<Answer>)> {
        let rows = match key {
            None => &self.matched,
            Some(key) => &self.groups[key],
        };
        let mut buckets = self.series_of(rows).buckets();
        for calculation in self
            .calculations
            .iter()
            .filter(|known| known.op == "CONCURRENCY")
        {
            for start in self.series_of(&self.looked_at(calculation, rows)).flown() {
                buckets.entry(start).or_default();
            }
        }
        let all_rows = self.calculations.iter().map(|spec| match spec.op.as_str() {
            "COUNT" => Vec::new(),
            _ => self.looked_at(spec, rows),
        });
        let all_rows: Vec<Vec<&Event>> = all_rows.collect();
        let all_rates = self.calculations.iter().zip(&all_rows).map(|(spec, rows)| {
            let of = window::rate_of(spec)?;
            Some(self.series_of(rows).numbers(&of))
        });
        let all_rates: Vec<Option<Vec<(i64, Answer)>>> = all_rates.collect();
        buckets
            .into_iter()
            .map(|(start, in_bucket)| {
                let all = self.calculations.iter().zip(&all_rows).zip(&all_rates);
                let answers = all.map(|((spec, rows), rates)| {
                    let series = self.series_of(rows);
                    match rates {
                        Some(numbers) => window::rate(numbers, Some(start)),
                        None if spec.op == "CONCURRENCY" => series.concurrency(Some(start)),
                        None => calculation::answer(spec, &self.looked_at(spec, &in_bucket)),
                    }
                });
                (start, self.shown(&answers.collect::<Vec<_>>()))
            })
            .collect()
    }

    /// Whether a group passes every having; `None` when an approximation may fall on either side.
    pub fn passes_havings(&self, answers: &[Answer]) -> Option<bool> {
        let mut is_sure = true;
        for having in &self.spec.havings {
            let answer = &answers[self.index_of(&having.calculate_op, having.column.as_deref())];
            let passes = |cell: &Cell| holds(having.op, cell.as_f64(), having.value);
            let distance = answer
                .cell
                .as_f64()
                .map(|value| (value - having.value).abs());
            if answer.slack > 0.0 && distance.is_some_and(|distance| distance <= answer.slack) {
                is_sure = false;
            } else if !passes(&answer.cell) {
                return Some(false);
            }
        }
        is_sure.then_some(true)
    }

    /// Order of two groups, each a key and a cell per calculation: the query's orders, then the keys themselves.
    pub fn compare(
        &self,
        left: (&[Option<Value>], &[Cell]),
        right: (&[Option<Value>], &[Cell]),
    ) -> Ordering {
        let mut ordering = Ordering::Equal;
        for (by, order) in self.order_keys() {
            ordering = ordering.then_with(|| match by {
                By::Breakdown(index) => {
                    compare_values(left.0[index].as_ref(), right.0[index].as_ref(), order)
                }
                By::Calculation(index) => compare_cells(&left.1[index], &right.1[index], order),
            });
        }
        for (left, right) in left.0.iter().zip(right.0) {
            ordering = ordering
                .then_with(|| compare_values(left.as_ref(), right.as_ref(), SortOrder::Ascending));
        }
        ordering
    }

    /// The calculations that decide the order of groups. Empty when the order is by COUNT but COUNT is not asked for.
    pub fn order_calculations(&self) -> Vec<usize> {
        self.order_keys()
            .into_iter()
            .filter_map(|(by, _)| match by {
                By::Calculation(index) => Some(index),
                By::Breakdown(_) => None,
            })
            .collect()
    }

    /// True when groups are ordered by something that the answer shows.
    pub fn shows_order(&self) -> bool {
        !self.order_keys().is_empty()
    }

    /// Per bucket with rows and per bin the weight of the finite numbers of a heat map, given the lower edge of each bin.
    pub fn heatmap(&self, calculation: &CalculationSpec, edges: &[f64]) -> BTreeMap<i64, Vec<u64>> {
        let mut counts: BTreeMap<i64, Vec<u64>> = BTreeMap::new();
        for row in self.looked_at(calculation, &self.matched) {
            let Some(value) = number::finite(value_of(calculation, row)) else {
                continue;
            };
            let mut bin = 0;
            for (index, edge) in edges.iter().enumerate() {
                if value >= *edge {
                    bin = index;
                }
            }
            let start = self.series_of(&[]).bucket_of(row.timestamp_ns);
            let bins = counts.entry(start).or_insert_with(|| vec![0; edges.len()]);
            bins[bin] += u64::from(row.sample_rate);
        }
        counts
    }

    /// Smallest and largest finite number that a calculation looks at.
    pub fn value_range(&self, calculation: &CalculationSpec) -> Option<(f64, f64)> {
        let mut values: Vec<f64> = self
            .looked_at(calculation, &self.matched)
            .iter()
            .filter_map(|row| number::finite(value_of(calculation, row)))
            .collect();
        values.sort_by(f64::total_cmp);
        Some((*values.first()?, *values.last()?))
    }

    fn answers(&self, rows: &[&'a Event]) -> Vec<Answer> {
        let answers = self.calculations.iter().map(|spec| {
            let rows = self.looked_at(spec, rows);
            let series = self.series_of(&rows);
            match window::rate_of(spec) {
                Some(of) => window::rate(&series.numbers(&of), None),
                None if spec.op == "CONCURRENCY" => series.concurrency(None),
                None => calculation::answer(spec, &rows),
            }
        });
        self.shown(&answers.collect::<Vec<_>>())
    }

    /// From the answers of all calculations to those that are shown.
    fn shown(&self, calculated: &[Answer]) -> Vec<Answer> {
        let named = |name: &str| {
            let mut calculations = self.calculations.iter();
            let index = calculations.position(|known| known.name.as_deref() == Some(name));
            calculated[index.unwrap_or_default()].clone()
        };
        self.shown
            .iter()
            .map(|shown| match shown {
                AnswerIndex::Calculation(index) => calculated[*index].clone(),
                AnswerIndex::Formula(index) => {
                    formula::answer(&self.spec.formulas[*index].expression, &named)
                }
            })
            .collect()
    }

    fn series_of<'b>(&self, rows: &'b [&'b Event]) -> window::Series<'b> {
        window::Series {
            rows,
            range: self.range,
            granularity_ns: self.granularity_ns,
        }
    }

    /// Those of the rows that pass the calculation's own filters.
    fn looked_at(&self, spec: &CalculationSpec, rows: &[&'a Event]) -> Vec<&'a Event> {
        if spec.filters.is_empty() {
            return rows.to_vec();
        }
        let is_looked_at =
            |row: &&&Event| passes(&self.inside, row, &spec.filters, spec.filter_combination);
        rows.iter().filter(is_looked_at).copied().collect()
    }

    /// Where the answer that an order or a having means is shown: unnamed calculations first, then any of that operation and column, then
    /// names.
    fn index_of(&self, op: &str, column: Option<&str>) -> usize {
        let of_op = |known: &CalculationSpec| known.op == op && known.column.as_deref() == column;
        let all = || self.calculations.iter();
        let unnamed = all().position(|known| of_op(known) && known.name.is_none());
        let named = all().position(|known| column.is_none() && known.name.as_deref() == Some(op));
        let calculation = unnamed.or_else(|| all().position(of_op)).or(named);
        let mut formulas = self.spec.formulas.iter();
        let mut formula = || {
            formulas
                .position(|formula| formula.name == op)
                .unwrap_or_default()
        };
        let answer = calculation.map(AnswerIndex::Calculation);
        let answer = answer.unwrap_or_else(|| AnswerIndex::Formula(formula()));
        match self.shown.iter().position(|shown| *shown == answer) {
            Some(index) => index,
            None => unreachable!("a random query goes by what it does not show"),
        }
    }

    fn order_keys(&self) -> Vec<(By, SortOrder)> {
        if self.spec.orders.is_empty() {
            let is_scalar = |shown: &AnswerIndex| match shown {
                AnswerIndex::Calculation(index) => self.calculations[*index].op != "HEATMAP",
                AnswerIndex::Formula(_) => true,
            };
            let scalar = self.shown.iter().position(is_scalar);
            return scalar
                .map(|index| (By::Calculation(index), SortOrder::Descending))
                .into_iter()
                .collect();
        }
        self.spec
            .orders
            .iter()
            .map(|order| {
                let column = order.column.as_deref();
                let breakdown = |name| self.spec.breakdowns.iter().position(|known| known == name);
                let by = match (&order.op, column) {
                    (Some(op), column) => By::Calculation(self.index_of(op, column)),
                    (None, Some(name)) => match breakdown(name) {
                        Some(index) => By::Breakdown(index),
                        None => By::Calculation(self.index_of(name, None)),
                    },
                    (None, None) => By::Breakdown(0),
                };
                (by, order.order)
            })
            .collect()
    }
}

/// The value of a calculation's column.
fn value_of<'a>(calculation: &CalculationSpec, row: &'a Event) -> Option<&'a Value> {
    row.fields.get(calculation.column.as_ref()?)
}

#[derive(Clone, Copy)]
enum By {
    Breakdown(usize),
    Calculation(usize),
}

fn holds(op: HavingOp, value: Option<f64>, bound: f64) -> bool {
    let Some(value) = value else {
        return false;
    };
    match op {
        HavingOp::Equal => value == bound,
        HavingOp::NotEqual => value != bound,
        HavingOp::Greater => value > bound,
        HavingOp::GreaterOrEqual => value >= bound,
        HavingOp::Less => value < bound,
        HavingOp::LessOrEqual => value <= bound,
    }
}

/// Absent last in either direction; booleans, then numbers, then text.
fn compare_values(left: Option<&Value>, right: Option<&Value>, order: SortOrder) -> Ordering {
    let kind = |value: &Value| match value {
        Value::Bool(_) => 0,
        Value::Int(_) | Value::Float(_) => 1,
        Value::String(_) => 2,
    };
    let (left, right) = match (left, right) {
        (Some(left), Some(right)) => (left, right),
        _ => return left.is_none().cmp(&right.is_none()),
    };
    let ordering = match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::String(left), Value::String(right)) => left.as_bytes().cmp(right.as_bytes()),
        _ if kind(left) == 1 && kind(right) == 1 => number::compare(left, right)
            .unwrap_or_else(|| number::is_nan(left).cmp(&number::is_nan(right))),
        _ => kind(left).cmp(&kind(right)),
    };
    match order {
        SortOrder::Ascending => ordering,
        SortOrder::Descending => ordering.reverse(),
    }
}

/// Nothing last in either direction; numbers before text.
fn compare_cells(left: &Cell, right: &Cell, order: SortOrder) -> Ordering {
    let ordering = match (left, right) {
        (Cell::Null, _) | (_, Cell::Null) => {
            return (*left == Cell::Null).cmp(&(*right == Cell::Null));
        }
        (Cell::Text(left), Cell::Text(right)) => left.as_bytes().cmp(right.as_bytes()),
        (Cell::Text(_), _) => Ordering::Greater,
        (_, Cell::Text(_)) => Ordering::Less,
        (Cell::Int(left), Cell::Int(right)) => left.cmp(right),
        _ => {
            // Adding zero makes one of the two zeros.
            let value = |cell: &Cell| cell.as_f64().unwrap_or(f64::NAN) + 0.0;
            value(left).total_cmp(&value(right))
        }
    };
    match order {
        SortOrder::Ascending => ordering,
        SortOrder::Descending => ordering.reverse(),
    }
}
