//! One calculation over some rows, exactly.

use super::{key_text, number};
use crate::event::Event;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use waggle_model::{CalculationSpec, Cell, Value};

/// The exact answer, and how far from it another may be.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The exact answer.
    pub cell: Cell,
    /// Most absolute difference of a right answer; 0 when it must be this one.
    pub slack: f64,
}

impl Answer {
    fn exact(cell: Cell) -> Self {
        Self { cell, slack: 0.0 }
    }

    /// True when `cell` is this answer, or a number near enough to it.
    pub fn allows(&self, cell: &Cell) -> bool {
        if self.slack.is_infinite() && !matches!(cell, Cell::Text(_)) {
            return true;
        }
        match (&self.cell, cell) {
            (Cell::Float(exact), Cell::Float(given)) => {
                exact == given
                    || (exact.is_nan() && given.is_nan())
                    || (exact - given).abs() <= self.slack
            }
            (Cell::Int(exact), Cell::Int(given)) => exact.abs_diff(*given) as f64 <= self.slack,
            (exact, given) => exact == given,
        }
    }
}

/// A sum is exact to twelve digits of the sum of its parts' sizes.
const SUM_SLACK: f64 = 1e-12;
/// Percentiles are within this share of the exact value.
const PERCENTILE_SLACK: f64 = 1.0 / 128.0;
/// Distinct counts are exact up to here; beyond, six standard errors.
const DISTINCT_EXACT: usize = 2_000;
const DISTINCT_SLACK: f64 = 6.0 * 0.0081;

pub(super) fn answer(spec: &CalculationSpec, rows: &[&Event]) -> Answer {
    let Some(column) = &spec.column else {
        return Answer::exact(Cell::Int(
            rows.iter().map(|row| i64::from(row.sample_rate)).sum(),
        ));
    };
    let values: Vec<(&Value, u32)> = rows
        .iter()
        .filter_map(|row| Some((row.fields.get(column)?, row.sample_rate)))
        .collect();
    match spec.op.as_str() {
        "COUNT" => Answer::exact(Cell::Int(
            values.iter().map(|(_, weight)| i64::from(*weight)).sum(),
        )),
        "SUM" => sum(&values).0,
        "AVG" => {
            let (sum, weight) = sum(&values);
            match sum.cell.as_f64() {
                None => sum,
                Some(value) => Answer {
                    cell: Cell::Float(value / weight),
                    slack: (sum.slack + SUM_SLACK * value.abs()) / weight,
                },
            }
        }
        "MIN" => extreme(&values, Ordering::Less),
        "MAX" => extreme(&values, Ordering::Greater),
        "COUNT_DISTINCT" => {
            let keys: BTreeSet<String> = values
                .iter()
                .map(|(value, _)| key_text(Some(value)))
                .collect();
            Answer {
                cell: Cell::Int(keys.len() as i64),
                slack: match keys.len() > DISTINCT_EXACT {
                    true => keys.len() as f64 * DISTINCT_SLACK,
                    false => 0.0,
                },
            }
        }
        "HEATMAP" => Answer::exact(Cell::Null),
        percentile => percentile_of(percentile, &values),
    }
}

/// The sum and the weight of what was added.
fn sum(values: &[(&Value, u32)]) -> (Answer, f64) {
    let (mut ints, mut floats, mut sizes, mut weight) = (0_i128, 0.0, 0.0, 0_u64);
    let mut has_float = false;
    for (value, rate) in values {
        match value {
            Value::Int(value) => ints += i128::from(*value) * i128::from(*rate),
            Value::Bool(value) => ints += i128::from(*value) * i128::from(*rate),
            Value::Float(value) if !value.is_nan() => {
                has_float = true;
                floats += value * f64::from(*rate);
                sizes += value.abs() * f64::from(*rate);
            }
            Value::Float(_) | Value::String(_) => continue,
        }
        weight += u64::from(*rate);
    }
    let answer = match i64::try_from(ints) {
        _ if weight == 0 => Answer::exact(Cell::Null),
        Ok(sum) if !has_float => Answer::exact(Cell::Int(sum)),
        _ => Answer {
            cell: Cell::Float(ints as f64 + floats),
            slack: (sizes + ints.abs() as f64) * SUM_SLACK,
        },
    };
    (answer, weight as f64)
}

fn extreme(values: &[(&Value, u32)], wanted: Ordering) -> Answer {
    let mut number: Option<Value> = None;
    let mut text: Option<&String> = None;
    for (value, _) in values {
        match value {
            Value::String(value)
                if text.is_none_or(|text| value.as_bytes().cmp(text.as_bytes()) == wanted) =>
            {
                text = Some(value);
            }
            Value::Int(_) | Value::Float(_) if !number::is_nan(value) => {
                // Of equal numbers the integer is shown.
                let is_further = match &number {
                    None => true,
                    Some(current) => match number::compare(value, current) {
                        Some(Ordering::Equal) => matches!(value, Value::Int(_)),
                        ordering => ordering == Some(wanted),
                    },
                };
                if is_further {
                    number = Some((*value).clone());
                }
            }
            _ => {}
        }
    }
    Answer::exact(match (number, text) {
        (Some(Value::Int(value)), _) => Cell::Int(value),
        (Some(Value::Float(value)), _) => Cell::Float(value),
        (_, Some(text)) => Cell::Text(text.clone()),
        _ => Cell::Null,
    })
}

/// The value of nearest rank: the smallest one that at least this share of the weight is not above.
fn percentile_of(op: &str, values: &[(&Value, u32)]) -> Answer {
    // P95 is 95 %, P999 and P001 have one decimal more.
    let per_mille: u64 = match op {
        "P999" => 999,
        "P001" => 1,
        _ => op[1..].parse::<u64>().map_or(0, |percent| percent * 10),
    };
    let mut numbers: Vec<(f64, u32)> = values
        .iter()
        .filter_map(|(value, weight)| match value {
            Value::Int(value) => Some((*value as f64, *weight)),
            Value::Float(value) if !value.is_nan() => Some((*value, *weight)),
            _ => None,
        })
        .collect();
    numbers.sort_by(|left, right| left.0.total_cmp(&right.0));
    let total: u64 = numbers.iter().map(|(_, weight)| u64::from(*weight)).sum();
    let mut seen = 0;
    for (value, weight) in numbers {
        seen += u64::from(weight);
        if seen * 1_000 >= total * per_mille {
            return Answer {
                cell: Cell::Float(value),
                slack: value.abs() * PERCENTILE_SLACK,
            };
        }
    }
    Answer::exact(Cell::Null)
}
