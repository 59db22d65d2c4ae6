//! RATE and CONCURRENCY, from all rows of a series. Source: the pages of these calculations in the guide.

use super::calculation::{self, Answer};
use crate::event::Event;
use std::collections::BTreeMap;
use waggle_model::{CalculationSpec, Cell, TimeRange, Value};

const SLACK: f64 = 1e-9;

/// The rows of a series, and how they are cut into buckets.
#[derive(Clone, Copy)]
pub(super) struct Series<'a> {
    pub(super) rows: &'a [&'a Event],
    pub(super) range: TimeRange,
    pub(super) granularity_ns: i64,
}

/// The calculation whose changes a RATE is.
pub(super) fn rate_of(spec: &CalculationSpec) -> Option<CalculationSpec> {
    let op = spec.op.strip_prefix("RATE_")?;
    Some(CalculationSpec::new(op, spec.column.as_deref()))
}

impl<'a> Series<'a> {
    pub(super) fn bucket_of(&self, time_ns: i64) -> i64 {
        time_ns.div_euclid(self.granularity_ns) * self.granularity_ns
    }

    /// The rows of each bucket that has some.
    pub(super) fn buckets(&self) -> BTreeMap<i64, Vec<&'a Event>> {
        let mut buckets: BTreeMap<i64, Vec<&Event>> = BTreeMap::new();
        for row in self.rows {
            buckets
                .entry(self.bucket_of(row.timestamp_ns))
                .or_default()
                .push(row);
        }
        buckets
    }

    /// The answer of each bucket that has a number.
    pub(super) fn numbers(&self, of: &CalculationSpec) -> Vec<(i64, Answer)> {
        let answers = self.buckets().into_iter();
        let answers = answers.map(|(start, rows)| (start, calculation::answer(of, &rows)));
        answers
            .filter(|(_, answer)| answer.cell.as_f64().is_some())
            .collect()
    }

    /// How many spans are in flight on average in a bucket, or for `None` over all time.
    pub(super) fn concurrency(&self, bucket: Option<i64>) -> Answer {
        let (start, end) = match bucket {
            None => (self.range.start_ns, self.range.end_ns),
            Some(start) => (
                start.max(self.range.start_ns),
                (start + self.granularity_ns).min(self.range.end_ns),
            ),
        };
        let mut time_ns = 0.0;
        for row in self.rows {
            let end_ns = end_ns(row).min(end);
            let start_ns = row.timestamp_ns.max(start);
            time_ns += (end_ns - start_ns).max(0) as f64 * f64::from(row.sample_rate);
        }
        let value = time_ns / (end - start) as f64;
        Answer {
            cell: Cell::Float(value),
            slack: value * SLACK,
        }
    }

    /// The buckets in which some span is in flight.
    pub(super) fn flown(&self) -> Vec<i64> {
        let mut buckets = Vec::new();
        for row in self.rows {
            let end_ns = end_ns(row).min(self.range.end_ns);
            let mut bucket = self.bucket_of(row.timestamp_ns);
            while end_ns > row.timestamp_ns && bucket < end_ns {
                buckets.push(bucket);
                bucket += self.granularity_ns;
            }
        }
        buckets
    }
}

/// From the numbers of buckets: the rate in a bucket, or for `None` over all time.
pub(super) fn rate(numbers: &[(i64, Answer)], bucket: Option<i64>) -> Answer {
    let pair = match bucket {
        None => numbers.first().zip(numbers.last()),
        Some(bucket) => {
            let at = numbers.iter().position(|(start, _)| *start == bucket);
            at.filter(|at| *at > 0)
                .map(|at| (&numbers[at - 1], &numbers[at]))
        }
    };
    let Some(((from, before), (to, after))) = pair.filter(|(first, last)| first.0 < last.0) else {
        return Answer {
            cell: Cell::Null,
            slack: 0.0,
        };
    };
    let seconds = (to - from) as f64 / 1e9;
    let number = |answer: &Answer| answer.cell.as_f64().unwrap_or(f64::NAN);
    let (before_value, after_value) = (number(before), number(after));
    let size = before_value.abs() + after_value.abs();
    let slack = (before.slack + after.slack + size * SLACK) / seconds;
    match (after_value - before_value) / seconds {
        rate if rate.is_finite() => Answer {
            cell: Cell::Float(rate),
            slack,
        },
        _ => Answer {
            cell: Cell::Null,
            slack: f64::INFINITY,
        },
    }
}

fn end_ns(row: &Event) -> i64 {
    let duration_ms = match row.fields.get("duration_ms") {
        Some(Value::Int(value)) => *value as f64,
        Some(Value::Float(value)) => *value,
        _ => 0.0,
    };
    row.timestamp_ns
        .saturating_add((duration_ms * 1e6).round() as i64)
}
