//! What all records of a resource and of a scope share.

use super::attribute::{SharedFields, put_shared, shared_fields};
use super::sample_rate;
use crate::otlp::mapping::{INSTRUMENTATION_LIBRARIES, put_unless_empty};
use crate::row::Row;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;

/// What all records of a resource entry share.
pub(super) struct ResourceFields<'a> {
    pub(super) attributes: &'a [KeyValue],
    pub(super) schema_url: &'a str,
    fields: SharedFields,
}

/// What all records of a scope entry share.
pub(super) struct ScopeFields<'a> {
    pub(super) attributes: &'a [KeyValue],
    schema_url: &'a str,
    name: &'a str,
    version: &'a str,
    is_instrumentation_library: bool,
    fields: SharedFields,
}

impl<'a> ResourceFields<'a> {
    pub(super) fn new(resource: Option<&'a Resource>, schema_url: &'a str) -> Self {
        let attributes = resource.map_or(&[][..], |resource| &resource.attributes);
        Self {
            attributes,
            schema_url,
            fields: shared_fields(attributes.iter().filter(|a| !sample_rate::is_rate(a))),
        }
    }
}

impl<'a> ScopeFields<'a> {
    pub(super) fn new(scope: Option<&'a InstrumentationScope>, schema_url: &'a str) -> Self {
        let attributes = scope.map_or(&[][..], |scope| &scope.attributes);
        let name = scope.map_or("", |scope| &scope.name);
        Self {
            attributes,
            schema_url,
            name,
            version: scope.map_or("", |scope| &scope.version),
            is_instrumentation_library: INSTRUMENTATION_LIBRARIES
                .iter()
                .any(|prefix| name.starts_with(prefix)),
            fields: shared_fields(attributes.iter().filter(|a| !sample_rate::is_rate(a))),
        }
    }
}

/// Writes what a row inherits: schema URLs, then scope attributes and library, then resource attributes.
pub(super) fn put_inherited(
    row: &mut Row<'_>,
    scope: &ScopeFields<'_>,
    resource: &ResourceFields<'_>,
) {
    put_unless_empty(row, "resource.schema_url", resource.schema_url);
    put_unless_empty(row, "scope.schema_url", scope.schema_url);
    put_shared(row, &scope.fields);
    put_unless_empty(row, "library.name", scope.name);
    put_unless_empty(row, "library.version", scope.version);
    if scope.is_instrumentation_library {
        row.put_bool("telemetry.instrumentation_library", true);
    }
    put_shared(row, &resource.fields);
}
