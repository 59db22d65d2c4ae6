//! Questions that make no sense are refused with the clause that is wrong, before anything is read.
//! Source: spec/honeycomb-api.md section 11.1.

use super::formula::Formula;
use super::{Buckets, condition_filters, granularity};
use crate::calculation::{CALCULATIONS, ColumnRule, calculation};
use crate::derived::DerivedColumns;
use crate::filter::FilterSet;
use crate::temporal::Steps;
use waggle_model::{AnswerIndex, CalculationSpec, OrderSpec, QueryError, QuerySpec, TimeRange};

/// Most entries in one clause.
const CLAUSE_MAX: usize = 100;
/// A range may have this many buckets.
const BUCKETS_MAX: i128 = 1_000;

/// Checks every clause. `range` is the range that will be read, if it is known yet; its length may differ a little from that of the
/// query's own window, because the results endpoint truncates both ends to whole minutes.
///
/// # Errors
/// [`QueryError::Invalid`] with the clause.
pub(crate) fn validate(
    spec: &QuerySpec,
    range: Option<TimeRange>,
    limit_max: usize,
) -> Result<(), QueryError> {
    check_clause("calculations", spec.calculations.len())?;
    check_clause("breakdowns", spec.breakdowns.len())?;
    check_clause("filters", spec.filters.len())?;
    check_clause("orders", spec.orders.len())?;
    check_clause("havings", spec.havings.len())?;
    check_clause("formulas", spec.formulas.len())?;
    for (index, calculation) in spec.calculations.iter().enumerate() {
        check_calculation(calculation, &format!("calculations[{index}]"))?;
        condition_filters(calculation, index)?;
    }
    check_names(spec)?;
    check_formulas(spec)?;
    for (index, breakdown) in spec.breakdowns.iter().enumerate() {
        if breakdown.is_empty() {
            return invalid(format!("breakdowns[{index}]"), "a breakdown needs a column");
        }
    }
    FilterSet::new(&spec.filters, spec.filter_combination)?;
    DerivedColumns::new(&spec.calculated_fields)?;
    for (index, order) in spec.orders.iter().enumerate() {
        check_order(spec, order, &format!("orders[{index}]"))?;
    }
    for (index, having) in spec.havings.iter().enumerate() {
        let field = format!("havings[{index}]");
        let answer = (having.calculate_op.as_str(), having.column.as_deref());
        check_chosen(spec, answer, &field, "calculate_op")?;
        if !having.value.is_finite() {
            return invalid(format!("{field}.value"), "a having needs a number");
        }
    }
    match spec.limit {
        Some(0) => return invalid("limit", "the limit must be at least 1"),
        Some(limit) if limit > limit_max => {
            return invalid("limit", format!("the limit must be at most {limit_max}"));
        }
        _ => {}
    }
    check_window(spec)?;
    check_granularity(spec, range)
}

fn check_clause(field: &str, count: usize) -> Result<(), QueryError> {
    if count > CLAUSE_MAX {
        return invalid(field, format!("there may be at most {CLAUSE_MAX}"));
    }
    Ok(())
}

fn check_calculation(spec: &CalculationSpec, field: &str) -> Result<(), QueryError> {
    let Some(calculation) = calculation(&spec.op) else {
        let known: Vec<&str> = CALCULATIONS.iter().map(|known| known.name()).collect();
        return invalid(
            format!("{field}.op"),
            format!(
                "unknown operation {:?}; known are {}",
                spec.op,
                known.join(", ")
            ),
        );
    };
    match (&spec.column, calculation.column_rule()) {
        (None, ColumnRule::Fixed(_)) => Ok(()),
        (Some(_), ColumnRule::Fixed(_)) => invalid(
            format!("{field}.column"),
            format!("{} takes no column", spec.op),
        ),
        (Some(column), _) if !column.is_empty() => Ok(()),
        (None, ColumnRule::Optional) => Ok(()),
        _ => invalid(
            format!("{field}.column"),
            format!("{} needs a column", spec.op),
        ),
    }
}

/// Names tell answers apart from each other and from breakdowns, because all are keys of the same rows.
fn check_names(spec: &QuerySpec) -> Result<(), QueryError> {
    for (index, calculation) in spec.calculations.iter().enumerate() {
        let field = |member: &str| format!("calculations[{index}].{member}");
        match &calculation.name {
            None if !calculation.filters.is_empty() => {
                return invalid(field("name"), "a calculation with filters needs a name");
            }
            Some(name) if name.is_empty() => {
                return invalid(field("name"), "the name of a calculation can't be empty");
            }
            Some(name) if spec.breakdowns.contains(name) => {
                return invalid(
                    field("name"),
                    format!("{name} is a breakdown of this query"),
                );
            }
            _ => {}
        }
        let label = calculation.label();
        let has_name = calculation.name.is_some();
        let is_taken =
            |other: &CalculationSpec| (has_name || other.name.is_some()) && other.label() == label;
        if spec.calculations[..index].iter().any(is_taken) {
            return invalid(
                field(if has_name { "name" } else { "op" }),
                format!("another calculation is called {label}"),
            );
        }
    }
    Ok(())
}

fn check_formulas(spec: &QuerySpec) -> Result<(), QueryError> {
    for (index, formula) in spec.formulas.iter().enumerate() {
        let field = format!("formulas[{index}].name");
        let name = &formula.name;
        if name.is_empty() {
            return invalid(field, "a formula needs a name");
        }
        let mut earlier = spec.formulas[..index].iter();
        let mut calculations = spec.calculations.iter();
        if earlier.any(|other| other.name == *name)
            || calculations.any(|calculation| calculation.label() == *name)
        {
            return invalid(
                field,
                format!("another calculation or formula is called {name}"),
            );
        }
        if spec.breakdowns.contains(name) {
            return invalid(field, format!("{name} is a breakdown of this query"));
        }
        Formula::new(spec, formula, index)?;
    }
    Ok(())
}

fn check_order(spec: &QuerySpec, order: &OrderSpec, field: &str) -> Result<(), QueryError> {
    match (&order.op, &order.column) {
        (Some(op), column) => check_chosen(spec, (op, column.as_deref()), field, "op"),
        (None, Some(column)) if spec.breakdowns.contains(column) => Ok(()),
        (None, Some(column)) if spec.find_named(column).is_some() => {
            check_chosen(spec, (column, None), field, "column")
        }
        (None, Some(column)) => invalid(
            format!("{field}.column"),
            format!("{column} is neither a breakdown nor a calculation of this query"),
        ),
        (None, None) => invalid(field, "an order must name a breakdown or a calculation"),
    }
}

/// Orders and havings may only speak of what the query answers.
fn check_chosen(
    spec: &QuerySpec,
    (op, column): (&str, Option<&str>),
    field: &str,
    member: &str,
) -> Result<(), QueryError> {
    let field = format!("{field}.{member}");
    let label = || CalculationSpec::label_of(op, column);
    match spec.find_answer(op, column) {
        Some(AnswerIndex::Calculation(index)) => {
            let chosen = spec.calculations.get(index);
            let chosen = chosen.and_then(|chosen| calculation(&chosen.op));
            match chosen {
                Some(known) if !known.is_scalar() => {
                    invalid(field, format!("{} can't be used here", known.name()))
                }
                _ => Ok(()),
            }
        }
        Some(AnswerIndex::Formula(_)) => Ok(()),
        None => invalid(
            field,
            format!("{} is not a calculation of this query", label()),
        ),
    }
}

fn check_window(spec: &QuerySpec) -> Result<(), QueryError> {
    let window = spec.window;
    if window.range_s.is_some_and(|range| range <= 0) {
        return invalid("time_range", "the time range must be at least 1 second");
    }
    match (window.start_s, window.end_s, window.range_s) {
        (Some(_), Some(_), Some(_)) => invalid(
            "time_range",
            "start_time, end_time and time_range can't be given all three",
        ),
        (Some(start), Some(end), None) if start > end => {
            invalid("start_time", "start_time must not be after end_time")
        }
        _ => Ok(()),
    }
}

fn check_granularity(spec: &QuerySpec, range: Option<TimeRange>) -> Result<(), QueryError> {
    let Some(seconds) = spec.granularity_s.filter(|seconds| *seconds > 0) else {
        return Ok(());
    };
    let width = i128::from(seconds) * 1_000_000_000;
    let asked = granularity::length_ns(spec.window.resolve(0));
    let (widest, narrowest) = match range.map(granularity::length_ns) {
        None => (asked, asked / BUCKETS_MAX),
        Some(read) => (asked.max(read), narrowest_of(read)),
    };
    if width > widest {
        return invalid(
            "granularity",
            "the granularity must not be longer than the time range",
        );
    }
    check_narrow(width, narrowest)
}

/// The narrowest buckets of a range that is read, with a tenth of leeway for the truncation of what was asked.
fn narrowest_of(read: i128) -> i128 {
    read * 10 / (BUCKETS_MAX * 11)
}

fn check_narrow(width: i128, narrowest: i128) -> Result<(), QueryError> {
    if width < narrowest {
        return invalid(
            "granularity",
            "the granularity must be at least a thousandth of the time range",
        );
    }
    Ok(())
}

/// The steps of a request that answers rows of a chart, and may look at less than one of them.
pub(crate) fn steps_of(range: TimeRange, granularity_ns: Option<i64>) -> Result<Steps, QueryError> {
    if let Some(width) = granularity_ns {
        check_narrow(width.into(), narrowest_of(granularity::length_ns(range)))?;
    }
    Ok(Steps::new(range, Buckets::asked(range, granularity_ns)))
}

fn invalid(field: impl Into<String>, message: impl Into<String>) -> Result<(), QueryError> {
    Err(QueryError::Invalid {
        field: field.into(),
        message: message.into(),
    })
}
