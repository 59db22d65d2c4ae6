//! What a list of traces says of each. Source: spec/xray.md section 4.2.

use crate::cause::{Causes, RootCause};
use crate::seconds::Seconds;
use crate::trace::{Annotation, Entity, Trace};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most keys of annotations in a summary. Source: spec/xray.md section 3.3.
pub(crate) const ANNOTATIONS_MAX: usize = 50;

/// `TraceSummary`
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the members are those of X-Ray's TraceSummary")]
pub struct TraceSummary {
    pub id: String,
    pub start_time: Seconds,
    pub duration: Seconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_time: Option<Seconds>,
    pub has_fault: bool,
    pub has_error: bool,
    pub has_throttle: bool,
    pub is_partial: bool,
    /// Always there, if only empty: Grafana looks into it.
    pub http: Http,
    pub annotations: BTreeMap<Arc<str>, Vec<ValueWithServiceIds>>,
    pub users: Vec<TraceUser>,
    pub service_ids: Vec<ServiceId>,
    #[serde(rename = "ResourceARNs")]
    pub resource_arns: Vec<ResourceArn>,
    pub instance_ids: Vec<InstanceId>,
    pub availability_zones: Vec<AvailabilityZone>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_point: Option<ServiceId>,
    pub fault_root_causes: Vec<RootCause>,
    pub error_root_causes: Vec<RootCause>,
    pub response_time_root_causes: Vec<RootCause>,
    pub revision: usize,
    /// When the entity ended that a range of events was met by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matched_event_time: Option<Seconds>,
}

/// `Http`
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the members are those of X-Ray's Http")]
pub struct Http {
    #[serde(rename = "HttpURL", skip_serializing_if = "Option::is_none")]
    pub url: Option<Arc<str>>,
    #[serde(rename = "HttpStatus", skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
    #[serde(rename = "HttpMethod", skip_serializing_if = "Option::is_none")]
    pub method: Option<Arc<str>>,
    #[serde(rename = "UserAgent", skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<Arc<str>>,
    #[serde(rename = "ClientIp", skip_serializing_if = "Option::is_none")]
    pub client_ip: Option<Arc<str>>,
}

/// `ServiceId`
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the members are those of X-Ray's ServiceId")]
pub struct ServiceId {
    pub name: Arc<str>,
    pub names: [Arc<str>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<Arc<str>>,
    #[serde(rename = "Type")]
    pub node_type: Arc<str>,
}

/// `ValueWithServiceIds`
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the members are those of X-Ray's shape")]
pub struct ValueWithServiceIds {
    pub annotation_value: AnnotationValue,
    pub service_ids: Vec<ServiceId>,
}

/// `AnnotationValue`: exactly one of its members.
#[derive(Clone, Debug, PartialEq)]
pub struct AnnotationValue(pub Annotation);

/// `TraceUser`
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the members are those of X-Ray's TraceUser")]
pub struct TraceUser {
    pub user_name: Arc<str>,
    pub service_ids: Vec<ServiceId>,
}

/// `ResourceARNDetail`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ResourceArn {
    /// The resource.
    #[serde(rename = "ARN")]
    pub arn: Arc<str>,
}

/// `InstanceIdDetail`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InstanceId {
    /// The virtual machine.
    #[serde(rename = "Id")]
    pub id: Arc<str>,
}

/// `AvailabilityZoneDetail`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AvailabilityZone {
    /// The zone.
    #[serde(rename = "Name")]
    pub name: Arc<str>,
}

impl Serialize for AnnotationValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut value = BTreeMap::new();
        match &self.0 {
            Annotation::Text(text) => {
                value.insert("StringValue", serde_json::Value::from(&**text));
            }
            Annotation::Number(number) => {
                value.insert("NumberValue", serde_json::Value::from(*number));
            }
            Annotation::Bool(truth) => {
                value.insert("BooleanValue", serde_json::Value::from(*truth));
            }
        }
        value.serialize(serializer)
    }
}

impl ServiceId {
    pub(crate) fn of(segment: &Entity) -> Self {
        let node = segment.node();
        Self {
            name: Arc::clone(&node.name),
            names: [node.name],
            account_id: node.account_id,
            node_type: node.node_type,
        }
    }
}

impl TraceSummary {
    /// Sums a trace up. `matched_ns` is the end of what lay in a range of events.
    pub fn of(trace: &Trace, matched_ns: Option<i64>) -> Self {
        let root = trace.root().map(|root| &trace.entities[root]);
        let causes = Causes::of(trace);
        let mut service_ids: Vec<ServiceId> = Vec::new();
        let (mut resource_arns, mut instance_ids) = (Vec::new(), Vec::new());
        let (mut zones, mut users) = (Vec::new(), Vec::new());
        for index in trace.segments() {
            let segment = &trace.entities[index];
            add_service(&mut service_ids, segment);
            resource_arns.extend(segment.resource_arn.clone().map(|arn| ResourceArn { arn }));
            instance_ids.extend(segment.instance_id.clone().map(|id| InstanceId { id }));
            let names = segment.zones.iter().cloned();
            zones.extend(names.map(|name| AvailabilityZone { name }));
            if let Some(user) = &segment.user {
                add_user(&mut users, user, segment);
            }
        }
        distinct(&mut resource_arns);
        distinct(&mut instance_ids);
        distinct(&mut zones);
        Self {
            id: trace.id.to_xray(),
            start_time: Seconds(trace.start_ns()),
            duration: Seconds(trace.duration_ns()),
            response_time: trace.response_ns().map(Seconds),
            has_fault: trace.has_fault(),
            has_error: trace.has_error(),
            has_throttle: trace.has_throttle(),
            is_partial: trace.is_partial(),
            http: root.map_or_else(Http::default, http_of),
            annotations: annotations_of(trace),
            users,
            service_ids,
            resource_arns,
            instance_ids,
            availability_zones: zones,
            entry_point: root.map(ServiceId::of),
            fault_root_causes: causes.fault,
            error_root_causes: causes.error,
            response_time_root_causes: causes.response_time,
            revision: trace.revision,
            matched_event_time: matched_ns.map(Seconds),
        }
    }
}

fn http_of(root: &Entity) -> Http {
    let http = root.http.clone();
    Http {
        url: http.url,
        // More than 32 bits make SDKs of typed languages drop the whole answer.
        status: http.status.filter(|status| i32::try_from(*status).is_ok()),
        method: http.method,
        user_agent: http.user_agent,
        client_ip: http.client_ip,
    }
}

fn distinct<T: PartialEq>(items: &mut Vec<T>) {
    let mut kept = Vec::with_capacity(items.len());
    for item in items.drain(..) {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    *items = kept;
}

/// Adds a service unless it is there; one of the same name and type whose account is not known counts as the one that is known.
fn add_service(services: &mut Vec<ServiceId>, segment: &Entity) {
    let new = ServiceId::of(segment);
    let mut same = services
        .iter_mut()
        .filter(|known| known.name == new.name && known.node_type == new.node_type);
    match (same.next(), &new.account_id) {
        (None, _) => services.push(new),
        (Some(_), None) => {}
        (Some(known), Some(account)) => {
            let is_known = |service: &ServiceId| service.account_id.as_ref() == Some(account);
            if known.account_id.is_none() {
                known.account_id = new.account_id;
            } else if !is_known(known) && !same.any(|service| is_known(service)) {
                services.push(new);
            }
        }
    }
}

fn add_user(users: &mut Vec<TraceUser>, name: &Arc<str>, segment: &Entity) {
    let place = match users.iter().position(|user| user.user_name == *name) {
        Some(place) => place,
        None => {
            users.push(TraceUser {
                user_name: Arc::clone(name),
                service_ids: Vec::new(),
            });
            users.len() - 1
        }
    };
    add_service(&mut users[place].service_ids, segment);
}

/// The first keys by start of their segment, then by name; per key the distinct values in the order they were met.
fn annotations_of(trace: &Trace) -> BTreeMap<Arc<str>, Vec<ValueWithServiceIds>> {
    let mut order: Vec<(i64, &Arc<str>, usize, &Annotation)> = Vec::new();
    for (index, entity) in trace.entities.iter().enumerate() {
        let owner = trace.owner(index).unwrap_or(index);
        let start_ns = trace.entities[owner].start_ns;
        for (key, value) in &entity.annotations {
            order.push((start_ns, key, owner, value));
        }
    }
    order.sort_by_key(|(start_ns, key, _, _)| (*start_ns, *key));
    let mut annotations: BTreeMap<Arc<str>, Vec<ValueWithServiceIds>> = BTreeMap::new();
    for (_, key, owner, value) in order {
        if !annotations.contains_key(key) && annotations.len() >= ANNOTATIONS_MAX {
            continue;
        }
        let values = annotations.entry(Arc::clone(key)).or_default();
        let place = values
            .iter()
            .position(|known| known.annotation_value.0 == *value);
        let place = match place {
            Some(place) => place,
            None => {
                values.push(ValueWithServiceIds {
                    annotation_value: AnnotationValue(value.clone()),
                    service_ids: Vec::new(),
                });
                values.len() - 1
            }
        };
        let owner = &trace.entities[owner];
        if owner.is_segment() {
            add_service(&mut values[place].service_ids, owner);
        }
    }
    annotations
}

#[cfg(test)]
mod tests;
