//! The sample rate that attributes say.

use crate::honeycomb::{sample_rate_from_float, sample_rate_from_text};
pub(super) use crate::otlp::sample_rate::from_trace_state;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};

/// True for an attribute that says the sample rate and so is no column.
pub(super) fn is_rate(attribute: &KeyValue) -> bool {
    // Nearly every key has another length.
    attribute.key.len() == 10 && matches!(&*attribute.key, "sampleRate" | "SampleRate")
}

/// The rate that attributes say. The lists come in order of precedence; `sampleRate` in any of them beats `SampleRate` in all.
pub(super) fn from_attributes(lists: &[&[KeyValue]]) -> Option<u32> {
    let mut upper = None;
    for attribute in lists.iter().copied().flatten().filter(|a| is_rate(a)) {
        let Some(value) = attribute
            .value
            .as_ref()
            .and_then(|value| value.value.as_ref())
        else {
            continue;
        };
        if attribute.key == "sampleRate" {
            return Some(from_value(value));
        }
        upper.get_or_insert_with(|| from_value(value));
    }
    upper
}

fn from_value(value: &Value) -> u32 {
    match value {
        Value::StringValue(text) => sample_rate_from_text(text),
        #[expect(
            clippy::cast_precision_loss,
            reason = "integers a float can't hold exactly lie far above the largest rate"
        )]
        Value::IntValue(rate) => sample_rate_from_float(*rate as f64),
        Value::DoubleValue(rate) => sample_rate_from_float(*rate),
        _ => 1,
    }
}
