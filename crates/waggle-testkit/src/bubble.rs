//! BubbleUp by loops over a list of rows. Source: spec/product.md section 2.

use crate::event::Event;
use crate::oracle::{key_text, matching};
use std::collections::{BTreeMap, BTreeSet};
use waggle_model::{BubbleUpRequest, FilterCombination, Value};

/// So many different numbers are told apart; with more of them a column is a measure.
const NUMBERS_MAX: usize = 64;

/// The comparison of a selection with its baseline.
pub struct BubbleOracle {
    /// Weighted rows of the selection and of the baseline.
    pub counts: [u64; 2],
    /// Every column of the request or of the query's rows.
    pub fields: BTreeMap<String, BubbleOracleField>,
}

/// One column.
pub struct BubbleOracleField {
    /// `dimension`, `measure` or `unique`.
    pub kind: &'static str,
    /// Rows with a value, selection and baseline.
    pub present: [u64; 2],
    /// What decides the place among the others.
    pub score: f64,
    /// In less than 1 % of both sides.
    pub is_rare: bool,
    /// Of each value as [`key_text`] writes it, "no value" included, the rows of selection and baseline.
    pub values: BTreeMap<String, [u64; 2]>,
}

impl BubbleOracle {
    /// Compares every column that is asked for, or that an event has.
    pub fn new(events: &[Event], request: &BubbleUpRequest) -> Self {
        let BubbleUpRequest {
            range,
            filters,
            filter_combination,
            selection,
            ..
        } = request;
        let rows = matching(events, *range, filters, *filter_combination);
        let selected_range = selection.range.unwrap_or(*range);
        let selected = matching(
            events,
            selected_range,
            &selection.filters,
            FilterCombination::And,
        );
        let is_selected = |row: &Event| selected.iter().any(|other| std::ptr::eq(*other, row));
        let sides: Vec<(&Event, usize)> = rows
            .into_iter()
            .map(|row| (row, usize::from(!is_selected(row))))
            .collect();
        let mut counts = [0; 2];
        for (row, side) in &sides {
            counts[*side] += u64::from(row.sample_rate);
        }
        let columns: BTreeSet<String> = match &request.columns {
            Some(columns) => columns.iter().cloned().collect(),
            None => events
                .iter()
                .flat_map(|event| event.fields.keys().cloned())
                .collect(),
        };
        let fields = columns
            .into_iter()
            .map(|column| (column.clone(), field(&column, &sides, counts)))
            .collect();
        Self { counts, fields }
    }
}

fn field(column: &str, sides: &[(&Event, usize)], counts: [u64; 2]) -> BubbleOracleField {
    let mut values: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    let mut rows_with_value = 0;
    let mut present = [0; 2];
    for (row, side) in sides {
        let value = row.fields.get(column);
        let weight = u64::from(row.sample_rate);
        values.entry(key_text(value)).or_default()[*side] += weight;
        if value.is_some() {
            rows_with_value += 1;
            present[*side] += weight;
        }
    }
    let share = |count: u64, side: usize| count as f64 / counts[side].max(1) as f64;
    let difference = |pair: [u64; 2]| (share(pair[0], 0) - share(pair[1], 1)).abs();
    let of_kind = |kind: &str| values.keys().filter(|key| key.starts_with(kind)).count();
    let distinct = values.keys().filter(|key| *key != "-").count();
    let (kind, score) =
        if of_kind("s:") == distinct && distinct == rows_with_value && rows_with_value > 1 {
            ("unique", difference(present))
        } else if of_kind("n:") > NUMBERS_MAX {
            ("measure", largest_gap(column, sides, &difference))
        } else {
            let differences = values.values().map(|pair| difference(*pair));
            ("dimension", differences.fold(0.0, f64::max))
        };
    BubbleOracleField {
        kind,
        present,
        score,
        is_rare: share(present[0], 0) < 0.01 && share(present[1], 1) < 0.01,
        values,
    }
}

/// Kolmogorov and Smirnov's distance of the numbers cut to seven binary digits; rows without a finite number come first.
fn largest_gap(
    column: &str,
    sides: &[(&Event, usize)],
    difference: &dyn Fn([u64; 2]) -> f64,
) -> f64 {
    let mut sorted: Vec<(f64, usize, u64)> = sides
        .iter()
        .map(|(row, side)| {
            let number = match row.fields.get(column) {
                Some(Value::Int(value)) => *value as f64,
                Some(Value::Float(value)) => *value,
                _ => f64::NAN,
            };
            let number = if number.is_finite() {
                cut(number)
            } else {
                f64::NEG_INFINITY
            };
            (number, *side, u64::from(row.sample_rate))
        })
        .collect();
    sorted.sort_by(|left, right| left.0.total_cmp(&right.0));
    let mut below = [0; 2];
    let mut largest = 0.0_f64;
    for equal in sorted.chunk_by(|left, right| left.0 == right.0) {
        for (_, side, weight) in equal {
            below[*side] += weight;
        }
        largest = largest.max(difference(below));
    }
    largest
}

fn cut(value: f64) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    let step = 2_f64.powi(value.abs().log2().floor() as i32 - 6);
    (value / step).trunc() * step
}
