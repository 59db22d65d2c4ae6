//! Whether a value passes a filter. Source: spec/honeycomb-api.md sections 10.2 and 11.3.

use super::{key_text, number};
use std::cmp::Ordering;
use waggle_model::{FilterOp, FilterSpec, FilterValue, Value};

pub(super) fn passes(spec: &FilterSpec, value: Option<&Value>) -> bool {
    match spec.op {
        FilterOp::Exists => value.is_some(),
        FilterOp::DoesNotExist => value.is_none(),
        FilterOp::Equal | FilterOp::In => is_any(value, &spec.value),
        FilterOp::NotEqual | FilterOp::NotIn => !is_any(value, &spec.value),
        FilterOp::Greater => compares(value, &spec.value, &[Ordering::Greater]),
        FilterOp::GreaterOrEqual => {
            compares(value, &spec.value, &[Ordering::Greater, Ordering::Equal])
        }
        FilterOp::Less => compares(value, &spec.value, &[Ordering::Less]),
        FilterOp::LessOrEqual => compares(value, &spec.value, &[Ordering::Less, Ordering::Equal]),
        FilterOp::StartsWith => text(value, &spec.value, |text, part| text.starts_with(part)),
        FilterOp::DoesNotStartWith => {
            !text(value, &spec.value, |text, part| text.starts_with(part))
        }
        FilterOp::EndsWith => text(value, &spec.value, |text, part| text.ends_with(part)),
        FilterOp::DoesNotEndWith => !text(value, &spec.value, |text, part| text.ends_with(part)),
        FilterOp::Contains => text(value, &spec.value, |text, part| text.contains(part)),
        FilterOp::DoesNotContain => !text(value, &spec.value, |text, part| text.contains(part)),
    }
}

fn is_any(value: Option<&Value>, wanted: &FilterValue) -> bool {
    let wanted = match wanted {
        FilterValue::None => &[],
        FilterValue::One(one) => std::slice::from_ref(one),
        FilterValue::Many(many) => many.as_slice(),
    };
    value.is_some()
        && wanted
            .iter()
            .any(|wanted| key_text(Some(wanted)) == key_text(value))
}

fn compares(value: Option<&Value>, bound: &FilterValue, wanted: &[Ordering]) -> bool {
    let (Some(value), FilterValue::One(bound)) = (value, bound) else {
        return false;
    };
    let ordering = match (value, bound) {
        (Value::String(value), Value::String(bound)) => {
            Some(value.as_bytes().cmp(bound.as_bytes()))
        }
        _ => number::compare(value, bound),
    };
    ordering.is_some_and(|ordering| wanted.contains(&ordering))
}

fn text(value: Option<&Value>, part: &FilterValue, test: impl Fn(&str, &str) -> bool) -> bool {
    match (value, part) {
        (Some(Value::String(text)), FilterValue::One(part)) => test(text, &part.to_string()),
        _ => false,
    }
}
