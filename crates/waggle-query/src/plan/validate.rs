//! Questions that make no sense are refused with the clause that is wrong, before anything is read.
//! Source: spec/honeycomb-api.md section 11.1.

use super::{calculations_of, granularity};
use crate::calculation::{CALCULATIONS, ColumnRule, calculation};
use crate::filter::FilterSet;
use waggle_model::{CalculationSpec, OrderSpec, QueryError, QuerySpec, TimeRange};

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
    for (index, calculation) in spec.calculations.iter().enumerate() {
        check_calculation(calculation, &format!("calculations[{index}]"))?;
    }
    for (index, breakdown) in spec.breakdowns.iter().enumerate() {
        if breakdown.is_empty() {
            return invalid(format!("breakdowns[{index}]"), "a breakdown needs a column");
        }
    }
    FilterSet::new(&spec.filters, spec.filter_combination)?;
    for (index, order) in spec.orders.iter().enumerate() {
        check_order(spec, order, &format!("orders[{index}]"))?;
    }
    for (index, having) in spec.havings.iter().enumerate() {
        let field = format!("havings[{index}]");
        check_chosen(spec, &having.calculation, &field, "calculate_op")?;
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
        (Some(column), _) if !column.is_empty() => Ok(()),
        (None, ColumnRule::Optional) => Ok(()),
        _ => invalid(
            format!("{field}.column"),
            format!("{} needs a column", spec.op),
        ),
    }
}

fn check_order(spec: &QuerySpec, order: &OrderSpec, field: &str) -> Result<(), QueryError> {
    match (&order.op, &order.column) {
        (Some(op), column) => {
            let calculation = CalculationSpec {
                op: op.clone(),
                column: column.clone(),
            };
            check_chosen(spec, &calculation, field, "op")
        }
        (None, Some(column)) if spec.breakdowns.contains(column) => Ok(()),
        (None, Some(column)) => invalid(
            format!("{field}.column"),
            format!("{column} is neither a breakdown nor a calculation of this query"),
        ),
        (None, None) => invalid(field, "an order must name a breakdown or a calculation"),
    }
}

/// Orders and havings may only speak of calculations that the query makes.
fn check_chosen(
    spec: &QuerySpec,
    wanted: &CalculationSpec,
    field: &str,
    member: &str,
) -> Result<(), QueryError> {
    let field = format!("{field}.{member}");
    match calculation(&wanted.op) {
        None => invalid(field, format!("unknown operation {:?}", wanted.op)),
        Some(known) if !known.is_scalar() => {
            invalid(field, format!("{} can't be used here", wanted.op))
        }
        Some(_) if !calculations_of(spec).contains(wanted) => invalid(
            field,
            format!("{} is not a calculation of this query", wanted.label()),
        ),
        Some(_) => Ok(()),
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
        // A tenth of leeway for the truncation above.
        Some(read) => (asked.max(read), read * 10 / (BUCKETS_MAX * 11)),
    };
    if width > widest {
        return invalid(
            "granularity",
            "the granularity must not be longer than the time range",
        );
    }
    if width < narrowest {
        return invalid(
            "granularity",
            "the granularity must be at least a thousandth of the time range",
        );
    }
    Ok(())
}

fn invalid(field: impl Into<String>, message: impl Into<String>) -> Result<(), QueryError> {
    Err(QueryError::Invalid {
        field: field.into(),
        message: message.into(),
    })
}
