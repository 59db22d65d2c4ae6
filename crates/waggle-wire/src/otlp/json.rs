//! OTLP/JSON to the structs that protobuf decodes to, as lenient as the clients are various: ids as hex or base64, 64-bit integers as
//! numbers or strings, enums as numbers or names, members in camelCase or snake_case, unknown members ignored, null for unset.
//! A record nested too deeply is refused alone. Source: spec/honeycomb-api.md section 6.6.

use super::{Place, Refusal, RefusedPart};
use crate::json::JsonReader;
use crate::token::{DEPTH_MAX, DEPTH_READ_MAX, Malformed, Reader, Token};
use base64::Engine as _;
use base64::alphabet::STANDARD as STANDARD_ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs, SeverityNumber};
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::summary_data_point::ValueAtQuantile;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram,
    HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary,
    SummaryDataPoint, metric, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link, SpanKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use std::ops::{Deref, DerefMut};
use waggle_model::RejectReason;

/// Decodes one document, without the records that are nested too deeply, and says which these were.
pub(crate) fn decode<M: JsonMessage + Default>(
    body: &[u8],
) -> Result<(M, Vec<Refusal>), Malformed> {
    let mut reader = Document {
        reader: JsonReader::new(body, DEPTH_READ_MAX),
        path: Vec::new(),
        refusals: Vec::new(),
    };
    if reader.next()? != Token::Map {
        return Err(reader.malformed("expected an object"));
    }
    let mut message = M::default();
    read_members(&mut reader, &mut message)?;
    reader.finish()?;
    Ok((message, reader.refusals))
}

/// A document on its way.
pub(crate) struct Document<'a> {
    reader: JsonReader<'a>,
    /// Where in its list each open message stands.
    path: Vec<usize>,
    refusals: Vec<Refusal>,
}

impl Document<'_> {
    fn refuse(&mut self, part: RefusedPart) {
        let at = |level: usize| self.path.get(level).copied().unwrap_or_default();
        let place = Place {
            resource: at(0),
            scope: at(1),
            record: at(2),
            part,
        };
        self.refusals.push(Refusal {
            place,
            reason: RejectReason::Malformed,
        });
    }

    /// Reads the rest of a message. What lies deeper than any client means is left out, so that no document takes the stack; the record
    /// it belongs to is refused.
    fn message<M: JsonMessage + Default>(&mut self) -> Result<M, Malformed> {
        let mut message = M::default();
        if self.reader.depth() > DEPTH_MAX {
            self.reader.skip_container()?;
        } else {
            read_members(self, &mut message)?;
        }
        Ok(message)
    }
}

impl<'a> Deref for Document<'a> {
    type Target = JsonReader<'a>;

    fn deref(&self) -> &JsonReader<'a> {
        &self.reader
    }
}

impl DerefMut for Document<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.reader
    }
}

/// What a message becomes by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Nothing.
    None,
    /// A span or log record.
    Record,
    /// A data point.
    Point,
}

/// A message whose members can be read one by one.
pub(crate) trait JsonMessage {
    /// What one becomes that is nested too deeply, to be refused alone.
    const PART: Part = Part::None;

    /// Reads the value of the member of this camelCase name; false, with nothing read, for a member it does not have.
    fn read_member(&mut self, name: &str, reader: &mut Document<'_>) -> Result<bool, Malformed>;
}

fn read_members<M: JsonMessage>(
    reader: &mut Document<'_>,
    message: &mut M,
) -> Result<(), Malformed> {
    let mut name = String::new();
    loop {
        match reader.next()? {
            Token::Text(key) => set_camel_case(&mut name, key),
            // After a map's opening token there are only names and the end.
            _ => return Ok(()),
        }
        if !message.read_member(&name, reader)? {
            reader.skip_value()?;
        }
    }
}

fn set_camel_case(name: &mut String, key: &str) {
    name.clear();
    let mut is_after_underscore = false;
    for character in key.chars() {
        match character {
            '_' => is_after_underscore = true,
            character if is_after_underscore => {
                name.push(character.to_ascii_uppercase());
                is_after_underscore = false;
            }
            character => name.push(character),
        }
    }
}

/// Declares how the members of a message are read: camelCase name, field, function.
macro_rules! json_message {
    ($message:ident { $($name:literal => $read:ident $field:ident,)* }) => {
        json_message!($message as None { $($name => $read $field,)* });
    };
    ($message:ident as $part:ident { $($name:literal => $read:ident $field:ident,)* }) => {
        impl JsonMessage for $message {
            const PART: Part = Part::$part;

            fn read_member(&mut self, name: &str, reader: &mut Document<'_>) -> Result<bool, Malformed> {
                match name {
                    $($name => $read(reader, &mut self.$field)?,)*
                    _ => return Ok(false),
                }
                Ok(true)
            }
        }
    };
}

json_message!(ExportTraceServiceRequest {
    "resourceSpans" => messages resource_spans,
});
json_message!(ExportLogsServiceRequest {
    "resourceLogs" => messages resource_logs,
});
json_message!(ExportMetricsServiceRequest {
    "resourceMetrics" => messages resource_metrics,
});
json_message!(ResourceSpans {
    "resource" => message resource,
    "scopeSpans" => messages scope_spans,
    "schemaUrl" => text schema_url,
});
json_message!(ResourceLogs {
    "resource" => message resource,
    "scopeLogs" => messages scope_logs,
    "schemaUrl" => text schema_url,
});
json_message!(Resource {
    "attributes" => messages attributes,
});
json_message!(ScopeSpans {
    "scope" => message scope,
    "spans" => messages spans,
    "schemaUrl" => text schema_url,
});
json_message!(ScopeLogs {
    "scope" => message scope,
    "logRecords" => messages log_records,
    "schemaUrl" => text schema_url,
});
json_message!(InstrumentationScope {
    "name" => text name,
    "version" => text version,
    "attributes" => messages attributes,
});
json_message!(Span as Record {
    "traceId" => id trace_id,
    "spanId" => id span_id,
    "traceState" => text trace_state,
    "parentSpanId" => id parent_span_id,
    "name" => text name,
    "kind" => span_kind kind,
    "startTimeUnixNano" => unsigned start_time_unix_nano,
    "endTimeUnixNano" => unsigned end_time_unix_nano,
    "attributes" => messages attributes,
    "events" => messages events,
    "links" => messages links,
    "status" => message status,
});
json_message!(Event {
    "timeUnixNano" => unsigned time_unix_nano,
    "name" => text name,
    "attributes" => messages attributes,
});
json_message!(Link {
    "traceId" => id trace_id,
    "spanId" => id span_id,
    "traceState" => text trace_state,
    "attributes" => messages attributes,
});
json_message!(Status {
    "message" => text message,
    "code" => status_code code,
});
json_message!(LogRecord as Record {
    "timeUnixNano" => unsigned time_unix_nano,
    "observedTimeUnixNano" => unsigned observed_time_unix_nano,
    "severityNumber" => severity severity_number,
    "severityText" => text severity_text,
    "body" => message body,
    "attributes" => messages attributes,
    "flags" => unsigned32 flags,
    "traceId" => id trace_id,
    "spanId" => id span_id,
    "eventName" => text event_name,
});
json_message!(ResourceMetrics {
    "resource" => message resource,
    "scopeMetrics" => messages scope_metrics,
    "schemaUrl" => text schema_url,
});
json_message!(ScopeMetrics {
    "scope" => message scope,
    "metrics" => messages metrics,
    "schemaUrl" => text schema_url,
});
json_message!(Gauge {
    "dataPoints" => messages data_points,
});
json_message!(Sum {
    "dataPoints" => messages data_points,
    "aggregationTemporality" => temporality aggregation_temporality,
    "isMonotonic" => boolean is_monotonic,
});
json_message!(Histogram {
    "dataPoints" => messages data_points,
    "aggregationTemporality" => temporality aggregation_temporality,
});
json_message!(ExponentialHistogram {
    "dataPoints" => messages data_points,
    "aggregationTemporality" => temporality aggregation_temporality,
});
json_message!(Summary {
    "dataPoints" => messages data_points,
});
json_message!(HistogramDataPoint as Point {
    "attributes" => messages attributes,
    "timeUnixNano" => unsigned time_unix_nano,
    "count" => unsigned count,
    "sum" => optional_float sum,
    "bucketCounts" => unsigned_list bucket_counts,
    "explicitBounds" => float_list explicit_bounds,
    "flags" => unsigned32 flags,
    "min" => optional_float min,
    "max" => optional_float max,
});
json_message!(ExponentialHistogramDataPoint as Point {
    "attributes" => messages attributes,
    "timeUnixNano" => unsigned time_unix_nano,
    "count" => unsigned count,
    "sum" => optional_float sum,
    "scale" => signed32 scale,
    "zeroCount" => unsigned zero_count,
    "positive" => message positive,
    "negative" => message negative,
    "flags" => unsigned32 flags,
    "min" => optional_float min,
    "max" => optional_float max,
});
json_message!(Buckets {
    "offset" => signed32 offset,
    "bucketCounts" => unsigned_list bucket_counts,
});
json_message!(SummaryDataPoint as Point {
    "attributes" => messages attributes,
    "timeUnixNano" => unsigned time_unix_nano,
    "count" => unsigned count,
    "sum" => float sum,
    "quantileValues" => messages quantile_values,
    "flags" => unsigned32 flags,
});
json_message!(ValueAtQuantile {
    "quantile" => float quantile,
    "value" => float value,
});
json_message!(KeyValue {
    "key" => text key,
    "value" => message value,
});
json_message!(ArrayValue {
    "values" => messages values,
});
json_message!(KeyValueList {
    "values" => messages values,
});

impl JsonMessage for AnyValue {
    fn read_member(&mut self, name: &str, reader: &mut Document<'_>) -> Result<bool, Malformed> {
        let value = match name {
            "stringValue" => string_value(reader)?,
            "boolValue" => bool_value(reader)?,
            "intValue" => int_value(reader)?,
            "doubleValue" => double_value(reader)?,
            "arrayValue" => optional(reader)?.map(Value::ArrayValue),
            "kvlistValue" => optional(reader)?.map(Value::KvlistValue),
            "bytesValue" => bytes_value(reader)?,
            _ => return Ok(false),
        };
        if value.is_some() {
            self.value = value;
        }
        Ok(true)
    }
}

impl JsonMessage for Metric {
    fn read_member(&mut self, name: &str, reader: &mut Document<'_>) -> Result<bool, Malformed> {
        let data = match name {
            "name" => {
                text(reader, &mut self.name)?;
                return Ok(true);
            }
            "gauge" => optional(reader)?.map(metric::Data::Gauge),
            "sum" => optional(reader)?.map(metric::Data::Sum),
            "histogram" => optional(reader)?.map(metric::Data::Histogram),
            "exponentialHistogram" => optional(reader)?.map(metric::Data::ExponentialHistogram),
            "summary" => optional(reader)?.map(metric::Data::Summary),
            _ => return Ok(false),
        };
        if data.is_some() {
            self.data = data;
        }
        Ok(true)
    }
}

impl JsonMessage for NumberDataPoint {
    const PART: Part = Part::Point;

    fn read_member(&mut self, name: &str, reader: &mut Document<'_>) -> Result<bool, Malformed> {
        use number_data_point::Value::{AsDouble, AsInt};
        match name {
            "attributes" => messages(reader, &mut self.attributes)?,
            "timeUnixNano" => unsigned(reader, &mut self.time_unix_nano)?,
            "flags" => unsigned32(reader, &mut self.flags)?,
            "asDouble" => self.value = read_float(reader)?.map(AsDouble).or(self.value),
            "asInt" => self.value = read_int(reader)?.map(AsInt).or(self.value),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn optional<M: JsonMessage + Default>(reader: &mut Document<'_>) -> Result<Option<M>, Malformed> {
    match reader.next()? {
        Token::Null => Ok(None),
        Token::Map => reader.message().map(Some),
        _ => Err(reader.malformed("expected an object")),
    }
}

fn message<M: JsonMessage + Default>(
    reader: &mut Document<'_>,
    field: &mut Option<M>,
) -> Result<(), Malformed> {
    *field = optional(reader)?;
    Ok(())
}

fn messages<M: JsonMessage + Default>(
    reader: &mut Document<'_>,
    field: &mut Vec<M>,
) -> Result<(), Malformed> {
    match reader.next()? {
        Token::Null => return Ok(()),
        Token::Array => {}
        _ => return Err(reader.malformed("expected an array")),
    }
    let mut index = 0;
    loop {
        match reader.next()? {
            Token::End => return Ok(()),
            Token::Map => {
                if M::PART != Part::None {
                    reader.take_deepest();
                }
                reader.path.push(index);
                let message = reader.message()?;
                let part = match M::PART {
                    Part::None => None,
                    Part::Record => Some(RefusedPart::Record),
                    Part::Point => Some(RefusedPart::Point(index)),
                };
                match part {
                    Some(part) if reader.take_deepest() > DEPTH_MAX => reader.refuse(part),
                    _ => field.push(message),
                }
                reader.path.pop();
            }
            Token::Null => field.push(M::default()),
            _ => return Err(reader.malformed("expected an object")),
        }
        index = index.saturating_add(1);
    }
}

fn text(reader: &mut Document<'_>, field: &mut String) -> Result<(), Malformed> {
    match reader.next()? {
        Token::Text(text) => {
            field.clear();
            field.push_str(text);
            Ok(())
        }
        Token::Null => Ok(()),
        _ => Err(reader.malformed("expected a string")),
    }
}

/// Reads an id: an even number of hex digits is hex, anything else base64. A base64 id of 16 or 8 bytes has 24 or 12 characters, a hex
/// one 32 or 16, so the two never meet.
fn id(reader: &mut Document<'_>, field: &mut Vec<u8>) -> Result<(), Malformed> {
    let decoded = match reader.next()? {
        Token::Text(text) => hex(text).or_else(|| base64(text)),
        Token::Null => return Ok(()),
        _ => None,
    };
    *field = decoded.ok_or_else(|| reader.malformed("expected an id in hex or base64"))?;
    Ok(())
}

fn hex(text: &str) -> Option<Vec<u8>> {
    // Twelve or twenty-four hex digits are far likelier a base64 id that happens to have only such characters.
    if !text.len().is_multiple_of(2) || matches!(text.len(), 12 | 24) {
        return None;
    }
    let (pairs, _) = text.as_bytes().as_chunks::<2>();
    pairs
        .iter()
        .map(|&[high, low]| Some((hex_digit(high)? << 4) | hex_digit(low)?))
        .collect()
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

fn base64(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &STANDARD_ALPHABET,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    LENIENT
        .decode(text.replace('-', "+").replace('_', "/"))
        .ok()
}

/// An integer as a number or as its decimal text; `None` for null.
fn integer<I: std::str::FromStr + TryFrom<i64>>(
    reader: &mut Document<'_>,
    from_float: fn(f64) -> Option<I>,
) -> Result<Option<I>, Malformed> {
    let value = match reader.next()? {
        Token::Null => return Ok(None),
        Token::Int(value) => I::try_from(value).ok(),
        Token::Float(value) if value.fract() == 0.0 => from_float(value),
        Token::Text(text) => text.parse().ok(),
        _ => None,
    };
    value
        .map(Some)
        .ok_or_else(|| reader.malformed("expected an integer"))
}

fn unsigned(reader: &mut Document<'_>, field: &mut u64) -> Result<(), Malformed> {
    *field = integer(reader, whole)?.unwrap_or(*field);
    Ok(())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be in range and whole"
)]
fn whole(value: f64) -> Option<u64> {
    ((0.0..1.9e19).contains(&value) && value.fract() == 0.0).then_some(value as u64)
}

fn signed32(reader: &mut Document<'_>, field: &mut i32) -> Result<(), Malformed> {
    *field = integer(reader, |_| None)?.unwrap_or(*field);
    Ok(())
}

fn unsigned32(reader: &mut Document<'_>, field: &mut u32) -> Result<(), Malformed> {
    *field = integer(reader, |_| None)?.unwrap_or(*field);
    Ok(())
}

/// An enum as its number or name. A name nobody knows is a number nobody knows: 0.
fn enumeration(
    reader: &mut Document<'_>,
    field: &mut i32,
    from_name: fn(&str) -> Option<i32>,
) -> Result<(), Malformed> {
    let number = match reader.next()? {
        Token::Null => return Ok(()),
        Token::Int(value) => i32::try_from(value).ok(),
        Token::Text(text) => Some(
            text.parse()
                .ok()
                .or_else(|| from_name(text))
                .unwrap_or_default(),
        ),
        _ => None,
    };
    *field = number.ok_or_else(|| reader.malformed("expected an enum's number or name"))?;
    Ok(())
}

fn span_kind(reader: &mut Document<'_>, field: &mut i32) -> Result<(), Malformed> {
    enumeration(reader, field, |name| {
        SpanKind::from_str_name(name).map(i32::from)
    })
}

fn status_code(reader: &mut Document<'_>, field: &mut i32) -> Result<(), Malformed> {
    enumeration(reader, field, |name| {
        StatusCode::from_str_name(name).map(i32::from)
    })
}

fn severity(reader: &mut Document<'_>, field: &mut i32) -> Result<(), Malformed> {
    enumeration(reader, field, |name| {
        SeverityNumber::from_str_name(name).map(i32::from)
    })
}

fn temporality(reader: &mut Document<'_>, field: &mut i32) -> Result<(), Malformed> {
    enumeration(reader, field, |name| {
        AggregationTemporality::from_str_name(name).map(i32::from)
    })
}

fn boolean(reader: &mut Document<'_>, field: &mut bool) -> Result<(), Malformed> {
    if let Some(value) = read_bool(reader)? {
        *field = value;
    }
    Ok(())
}

fn string_value(reader: &mut Document<'_>) -> Result<Option<Value>, Malformed> {
    match reader.next()? {
        Token::Text(text) => Ok(Some(Value::StringValue(text.to_owned()))),
        Token::Null => Ok(None),
        _ => Err(reader.malformed("expected a string")),
    }
}

fn bool_value(reader: &mut Document<'_>) -> Result<Option<Value>, Malformed> {
    Ok(read_bool(reader)?.map(Value::BoolValue))
}

fn read_bool(reader: &mut Document<'_>) -> Result<Option<bool>, Malformed> {
    match reader.next()? {
        Token::Bool(value) => Ok(Some(value)),
        Token::Text("true") => Ok(Some(true)),
        Token::Text("false") => Ok(Some(false)),
        Token::Null => Ok(None),
        _ => Err(reader.malformed("expected a boolean")),
    }
}

fn int_value(reader: &mut Document<'_>) -> Result<Option<Value>, Malformed> {
    Ok(read_int(reader)?.map(Value::IntValue))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "checked to be in range, and whole by the caller"
)]
fn read_int(reader: &mut Document<'_>) -> Result<Option<i64>, Malformed> {
    integer(reader, |value: f64| {
        (value.abs() < 9.2e18).then_some(value as i64)
    })
}

fn double_value(reader: &mut Document<'_>) -> Result<Option<Value>, Malformed> {
    Ok(read_float(reader)?.map(Value::DoubleValue))
}

fn float(reader: &mut Document<'_>, field: &mut f64) -> Result<(), Malformed> {
    *field = read_float(reader)?.unwrap_or(*field);
    Ok(())
}

fn optional_float(reader: &mut Document<'_>, field: &mut Option<f64>) -> Result<(), Malformed> {
    *field = read_float(reader)?.or(*field);
    Ok(())
}

/// Reads a list of numbers, each by `read`; `None` is null, which stands for zero.
fn list<T: Default>(
    reader: &mut Document<'_>,
    field: &mut Vec<T>,
    read: fn(Token<'_>) -> Option<T>,
) -> Result<(), Malformed> {
    match reader.next()? {
        Token::Null => return Ok(()),
        Token::Array => {}
        _ => return Err(reader.malformed("expected an array")),
    }
    loop {
        let number = match reader.next()? {
            Token::End => return Ok(()),
            Token::Null => Some(T::default()),
            token => read(token),
        };
        field.push(number.ok_or_else(|| reader.malformed("expected a number"))?);
    }
}

fn unsigned_list(reader: &mut Document<'_>, field: &mut Vec<u64>) -> Result<(), Malformed> {
    list(reader, field, |token| match token {
        Token::Int(value) => u64::try_from(value).ok(),
        Token::Float(value) => whole(value),
        Token::Text(text) => text.parse().ok(),
        _ => None,
    })
}

fn float_list(reader: &mut Document<'_>, field: &mut Vec<f64>) -> Result<(), Malformed> {
    list(reader, field, |token| float_of(&token))
}

fn read_float(reader: &mut Document<'_>) -> Result<Option<f64>, Malformed> {
    let value = match reader.next()? {
        Token::Null => return Ok(None),
        token => float_of(&token),
    };
    value
        .map(Some)
        .ok_or_else(|| reader.malformed("expected a number"))
}

fn float_of(token: &Token<'_>) -> Option<f64> {
    match *token {
        Token::Float(value) => Some(value),
        #[expect(
            clippy::cast_precision_loss,
            reason = "the sender wrote a float without a point"
        )]
        Token::Int(value) => Some(value as f64),
        // NaN, Infinity and -Infinity have no number in JSON.
        Token::Text(text) => text.parse().ok(),
        _ => None,
    }
}

fn bytes_value(reader: &mut Document<'_>) -> Result<Option<Value>, Malformed> {
    let decoded = match reader.next()? {
        Token::Null => return Ok(None),
        Token::Text(text) => base64(text),
        _ => None,
    };
    decoded
        .map(|bytes| Some(Value::BytesValue(bytes)))
        .ok_or_else(|| reader.malformed("expected base64"))
}
