//! Which dataset a resource's records go to. Source: spec/honeycomb-api.md section 5.4.

use super::OtlpHeaders;
use super::view::{Attribute, Value};

/// What SDKs call a service nobody named; often followed by the name of the program.
const UNKNOWN_SERVICE: &str = "unknown_service";

/// The dataset of spans: with a classic key the header's, else the service's.
pub(super) fn of_spans<'a>(resource: &[Attribute<'a>], headers: &OtlpHeaders<'a>) -> &'a str {
    match from_header(headers) {
        Some(dataset) if headers.classic_key => dataset,
        _ => service_name(resource).unwrap_or(UNKNOWN_SERVICE),
    }
}

/// The dataset of log records: the service's, else the header's.
pub(super) fn of_logs<'a>(resource: &[Attribute<'a>], headers: &OtlpHeaders<'a>) -> &'a str {
    service_name(resource)
        .or_else(|| from_header(headers))
        .unwrap_or("unknown_log_source")
}

/// The dataset of metrics: the header's.
pub(super) fn of_metrics<'a>(headers: &OtlpHeaders<'a>) -> &'a str {
    from_header(headers).unwrap_or("unknown_metrics")
}

/// The dataset header, unless it is blank.
pub(super) fn from_header<'a>(headers: &OtlpHeaders<'a>) -> Option<&'a str> {
    headers
        .dataset
        .map(str::trim)
        .filter(|dataset| !dataset.is_empty())
}

/// The service's name; `None` where it is absent, blank, not text, or one that an SDK made up.
fn service_name<'a>(resource: &[Attribute<'a>]) -> Option<&'a str> {
    let attribute = resource
        .iter()
        .find(|attribute| attribute.key.as_bytes() == b"service.name")?;
    match attribute.value {
        Value::String(name) => {
            let name = name.as_str().trim();
            (!name.is_empty() && !name.starts_with(UNKNOWN_SERVICE)).then_some(name)
        }
        _ => None,
    }
}
