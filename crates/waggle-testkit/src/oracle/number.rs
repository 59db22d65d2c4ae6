//! Numbers of two types as one kind, by way of 128-bit integers.

use std::cmp::Ordering;
use waggle_model::Value;

/// The whole number a float is, if it is one that 128 bits hold.
fn whole(value: f64) -> Option<i128> {
    (value.fract() == 0.0 && value.abs() < 1e30).then_some(value as i128)
}

/// Text that equal numbers share.
pub(super) fn number_text(value: f64) -> String {
    match whole(value) {
        _ if value.is_nan() => "n:NaN".to_owned(),
        Some(whole) => format!("n:{whole}"),
        None => format!("n:{value:e}"),
    }
}

/// The number, if the value is one and not NaN or infinite.
pub(super) fn finite(value: Option<&Value>) -> Option<f64> {
    match value {
        Some(Value::Int(value)) => Some(*value as f64),
        Some(Value::Float(value)) if value.is_finite() => Some(*value),
        _ => None,
    }
}

pub(super) fn is_nan(value: &Value) -> bool {
    matches!(value, Value::Float(value) if value.is_nan())
}

/// Compares two numbers exactly; `None` for NaN and for values that are no numbers.
pub(crate) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => Some(left.cmp(right)),
        (Value::Float(left), Value::Float(right)) => left.partial_cmp(right),
        (Value::Int(left), Value::Float(right)) => against(i128::from(*left), *right),
        (Value::Float(left), Value::Int(right)) => {
            against(i128::from(*right), *left).map(Ordering::reverse)
        }
        _ => None,
    }
}

fn against(left: i128, right: f64) -> Option<Ordering> {
    if right.is_nan() {
        return None;
    }
    if right.abs() >= 1e30 {
        return Some(if right > 0.0 {
            Ordering::Less
        } else {
            Ordering::Greater
        });
    }
    let below = right.floor() as i128;
    let is_between = right.fract() != 0.0;
    Some(match left.cmp(&below) {
        Ordering::Equal if is_between => Ordering::Less,
        ordering => ordering,
    })
}
