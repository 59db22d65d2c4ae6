//! Answers as tables that can be compared, whoever gave them. A fast wrong answer is worth nothing, so every run compares.

#[cfg(test)]
mod tests;

use crate::scenario::{AnswerPart, Compared, Engine, Is, Query, RowRule};
use anyhow::{Context, bail, ensure};
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Rows by their key: the values of the columns that are no key, in the order of the query's columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Answer {
    rows: BTreeMap<Vec<String>, Vec<f64>>,
}

/// What comparing two answers found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Agreement {
    pub(crate) rows: usize,
    /// Greatest relative error of a percentile or distinct count.
    pub(crate) error: f64,
}

/// Two sums of the same decimals in different orders.
const AVERAGE_ERROR_MAX: f64 = 1e-6;
/// One bin of a sketch with 64 bins for each doubling is 1/128 wide to either side.
const PERCENTILE_ERROR_MAX: f64 = 0.008;
/// Two and a half standard errors of a sketch with 2^14 registers.
const DISTINCT_ERROR_MAX: f64 = 0.02;

impl Answer {
    /// From Waggle's answers to the parts of a query.
    ///
    /// # Errors
    /// When a body is not as the door promises.
    pub(crate) fn of_waggle(query: &Query, bodies: &[Vec<u8>]) -> anyhow::Result<Self> {
        let mut answer = Self::default();
        for body in bodies {
            let body: Value = serde_json::from_slice(body)?;
            for row in waggle_rows(query.waggle.answer, &body)? {
                answer.add(query, |column| waggle_cell(column, &row), false)?;
            }
        }
        Ok(answer)
    }

    /// From the rows that SQL gave.
    ///
    /// # Errors
    /// When a column is missing.
    pub(crate) fn of_peer(
        query: &Query,
        engine: Engine,
        rows: &[Map<String, Value>],
    ) -> anyhow::Result<Self> {
        let mut answer = Self::default();
        for row in rows {
            // Without percentiles in it, a row of bins lacks their columns.
            let cell = |column: &Compared| Ok(row.get(&column.peer).cloned());
            answer.add(query, cell, engine == Engine::ClickHouse)?;
        }
        Ok(answer)
    }

    fn add(
        &mut self,
        query: &Query,
        cell: impl Fn(&Compared) -> anyhow::Result<Option<Value>>,
        has_defaults: bool,
    ) -> anyhow::Result<()> {
        let (mut key, mut values) = (Vec::new(), Vec::new());
        for column in &query.columns {
            let value = cell(column)?;
            match column.is {
                Is::Key => key.push(key_text(value, has_defaults && column.bucket_s.is_none())),
                _ => values.push(number(value.as_ref())),
            }
        }
        let row = self
            .rows
            .entry(key)
            .or_insert_with(|| vec![0.0; values.len()]);
        let columns = query.columns.iter().filter(|column| column.is != Is::Key);
        for ((sum, value), column) in row.iter_mut().zip(values).zip(columns) {
            // Rows with the same key are parts of one; only counts can be added.
            *sum = if column.is == Is::Exact {
                *sum + value
            } else {
                value
            };
        }
        Ok(())
    }

    /// Compares with the exact answer.
    ///
    /// # Errors
    /// When they differ by more than the query allows; it says where.
    pub(crate) fn compare(
        &self,
        query: &Query,
        exact: &Self,
        what: What,
    ) -> anyhow::Result<Agreement> {
        let (mine, other) = (self.rows.len(), exact.rows.len());
        match query.rows {
            RowRule::All => ensure!(mine == other, "{mine} rows in place of {other}"),
            RowRule::Ties => {
                ensure!(
                    self.first_values() == exact.first_values(),
                    "the counts differ"
                );
            }
            RowRule::Part => {
                let limit = query.waggle.limit.filter(|_| what == What::Everything);
                let expected = limit.map_or(other, |limit| other.min(limit));
                ensure!(mine == expected, "{mine} rows in place of {expected}");
            }
            RowRule::Common => {
                let common = self.rows.keys().filter(|key| exact.rows.contains_key(*key));
                let common = common.count();
                ensure!(
                    common * 2 >= other,
                    "only {common} of {other} rows are in both"
                );
            }
        }
        let least = exact.first_values().into_iter().reduce(f64::min);
        let mut agreement = Agreement {
            rows: mine,
            error: 0.0,
        };
        for (key, values) in &self.rows {
            let Some(expected) = exact.rows.get(key) else {
                let may_miss = match query.rows {
                    RowRule::Ties => values.first().copied() == least,
                    RowRule::Common => true,
                    RowRule::All | RowRule::Part => false,
                };
                ensure!(may_miss, "{key:?} should not be there");
                continue;
            };
            let columns = query.columns.iter().filter(|column| column.is != Is::Key);
            for ((column, value), expected) in columns.zip(values).zip(expected) {
                let error = relative_error(*value, *expected);
                let error_max = match column.is {
                    Is::Percentile | Is::Distinct if what == What::Counts => continue,
                    Is::Percentile => PERCENTILE_ERROR_MAX,
                    Is::Distinct => DISTINCT_ERROR_MAX,
                    Is::Average => AVERAGE_ERROR_MAX,
                    Is::Exact | Is::Key => 0.0,
                };
                ensure!(
                    error <= error_max,
                    "{} of {key:?} is {value} in place of {expected}",
                    column.waggle
                );
                if matches!(column.is, Is::Percentile | Is::Distinct) {
                    agreement.error = agreement.error.max(error);
                }
            }
        }
        Ok(agreement)
    }

    fn first_values(&self) -> Vec<f64> {
        let mut values: Vec<f64> = self
            .rows
            .values()
            .filter_map(|row| row.first().copied())
            .collect();
        values.sort_by(f64::total_cmp);
        values
    }
}

/// Which columns are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Everything,
    /// Approximations of other engines are their own affair; counts and keys are not.
    Counts,
}

/// The rows of a body, each as an object of its values.
fn waggle_rows(part: AnswerPart, body: &Value) -> anyhow::Result<Vec<Map<String, Value>>> {
    // Honeycomb's door has its tables one level down.
    let tables = body.get("data").unwrap_or(body);
    let list = |name: &str| -> anyhow::Result<&Vec<Value>> {
        let list = tables.get(name).and_then(Value::as_array);
        list.with_context(|| format!("no {name} in the answer"))
    };
    let with_data = |row: &Value, also: &str| {
        let mut data = row["data"].as_object().cloned().unwrap_or_default();
        if let Some(value) = row.get(also) {
            data.insert(also.to_owned(), value.clone());
        }
        data
    };
    match part {
        AnswerPart::Results => Ok(list("results")?
            .iter()
            .map(|row| with_data(row, ""))
            .collect()),
        AnswerPart::Series => Ok(list("series")?
            .iter()
            .map(|row| with_data(row, "time"))
            .collect()),
        AnswerPart::Rows => Ok(list("rows")?
            .iter()
            .map(|row| with_data(row, "timestamp_ns"))
            .collect()),
        AnswerPart::Heatmap => heatmap_rows(tables),
        AnswerPart::BubbleUp => Ok(bubble_up_rows(list("fields")?)),
    }
}

/// A row for each bucket of the first heat map, with the events in all its cells.
fn heatmap_rows(tables: &Value) -> anyhow::Result<Vec<Map<String, Value>>> {
    let maps = tables["heatmaps"].as_object().context("no heatmaps")?;
    let map = maps.values().next().context("no heat map")?;
    let times = map["times"].as_array().context("no times")?;
    let counts = map["counts"].as_array().context("no counts")?;
    let rows = times.iter().zip(counts).map(|(time, bins)| {
        let bins = bins.as_array().into_iter().flatten();
        let count: u64 = bins.filter_map(Value::as_u64).sum();
        let row = [("time", time.clone()), ("COUNT", count.into())];
        row.map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect()
    });
    Ok(rows
        .filter(|row: &Map<String, Value>| row["COUNT"] != 0)
        .collect())
}

/// A row for each value of each dimension.
fn bubble_up_rows(fields: &[Value]) -> Vec<Map<String, Value>> {
    let mut rows = Vec::new();
    for field in fields {
        for value in field["values"].as_array().into_iter().flatten() {
            let selection = value["selection_count"].as_u64().unwrap_or(0);
            let baseline = value["baseline_count"].as_u64().unwrap_or(0);
            let row = [
                ("field", field["column"].clone()),
                ("value", value.get("value").cloned().unwrap_or(Value::Null)),
                ("selection", selection.into()),
                ("all", (selection + baseline).into()),
            ];
            rows.push(
                row.map(|(name, value)| (name.to_owned(), value))
                    .into_iter()
                    .collect(),
            );
        }
    }
    rows
}

fn waggle_cell(column: &Compared, row: &Map<String, Value>) -> anyhow::Result<Option<Value>> {
    let value = row.get(&column.waggle);
    match (column.bucket_s, value) {
        (Some(bucket_s), Some(Value::String(time))) => {
            let time: Timestamp = time.parse()?;
            Ok(Some(time.as_second().div_euclid(bucket_s).into()))
        }
        (Some(_), _) => bail!("no {} in a row", column.waggle),
        (None, value) => Ok(value.cloned()),
    }
}

/// One spelling of a value, whichever engine gave it. No value is the empty text; ClickHouse stores defaults in its place.
fn key_text(value: Option<Value>, has_defaults: bool) -> String {
    let text = match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text,
        Some(Value::Number(number)) => match number.as_f64() {
            Some(float) if float.fract() == 0.0 && float.abs() < 1e15 => format!("{float:.0}"),
            _ => number.to_string(),
        },
        Some(other) => other.to_string(),
    };
    if has_defaults && matches!(text.as_str(), "0" | "false") {
        return String::new();
    }
    text
}

/// Zero where there is none: a group without a value has no average either.
fn number(value: Option<&Value>) -> f64 {
    match value {
        Some(Value::Number(number)) => number.as_f64().unwrap_or(f64::NAN),
        // A time in nanoseconds, which JavaScript's numbers can't hold. Two that differ by less than a microsecond count as equal.
        Some(Value::String(text)) => text.parse().unwrap_or(f64::NAN),
        _ => 0.0,
    }
}

fn relative_error(value: f64, expected: f64) -> f64 {
    if value == expected {
        return 0.0;
    }
    let error = (value - expected).abs() / expected.abs().max(f64::MIN_POSITIVE);
    // NaN compares as if it were equal; it is as wrong as can be.
    if error.is_nan() { f64::INFINITY } else { error }
}
