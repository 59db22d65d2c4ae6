//! `aws` of a made document: what a call called, and where a segment ran. The columns are those that documents become
//! ([`AWS_CALL_COLUMNS`], [`AWS_PLACE_COLUMNS`]), and others that OpenTelemetry has for the same. Source: spec/xray.md section 8.3.

use super::{Made, json_of_field, object, string};
use crate::trace::{Entity, Namespace};
use waggle_model::ValueRef;
use waggle_wire::xray::{AWS_CALL_COLUMNS, AWS_PLACE_COLUMNS, Json};

type Members = Vec<(Box<str>, Json)>;

/// What calls of AWS say by other names.
const OTHER_CALL_COLUMNS: [(&str, &str); 10] = [
    ("operation", "rpc.method"),
    ("region", "cloud.region"),
    ("request_id", "aws.requestId"),
    ("queue_url", "aws.queue.url"),
    ("queue_url", "messaging.url"),
    ("table_name", "aws.table.name"),
    ("bucket_name", "aws.s3.bucket"),
    ("key", "aws.s3.key"),
    ("function_name", "faas.invoked_name"),
    ("topic_arn", "aws.sns.topic.arn"),
];

/// Columns `aws.<name>` that are no members of `aws`.
const NO_MEMBERS: [&str; 2] = ["account_id", "service"];
/// Columns `aws.xray.<name>` that are no members of `aws.xray`.
const NO_XRAY_MEMBERS: [&str; 6] = [
    "annotations",
    "resource_arn",
    "retries",
    "sampling_rule",
    "traced",
    "x_forwarded_for",
];

impl Made<'_> {
    pub(super) fn aws(&mut self, entity: &Entity) {
        let mut members = Members::new();
        self.account(entity, &mut members);
        self.call(entity, &mut members);
        if entity.is_segment() || self.is_xray {
            self.places(&mut members);
        }
        self.rest(entity, &mut members);
        if !members.is_empty() {
            self.put("aws", object(members));
        }
    }

    fn account(&mut self, entity: &Entity, members: &mut Members) {
        // That of a call is the account that was called.
        let columns: &[&str] = match entity.is_segment() {
            true => &["cloud.account.id", "aws.account_id"],
            false => &["aws.account_id"],
        };
        members.extend(
            self.take(columns)
                .map(|account| ("account_id".into(), account)),
        );
    }

    fn call(&mut self, entity: &Entity, members: &mut Members) {
        for (column, member) in AWS_CALL_COLUMNS {
            // Calls of anything have a method.
            if *column != "rpc.method" {
                self.member(members, member, column);
            }
        }
        if entity.namespace == Namespace::Aws {
            for (member, column) in OTHER_CALL_COLUMNS {
                self.member(members, member, column);
            }
        }
    }

    /// Puts a member unless it is there.
    fn member(&mut self, members: &mut Members, member: &str, column: &str) {
        if members.iter().any(|(name, _)| &**name == member) {
            return;
        }
        if let Some(value) = self.take_parsed(column) {
            members.push((member.into(), value));
        }
    }

    fn places(&mut self, members: &mut Members) {
        let platform = self.text_of("cloud.platform").unwrap_or_default();
        let is_aws = self.is_xray || self.text_of("cloud.provider") == Some("aws");
        let has = |columns: &[&str]| columns.iter().any(|column| self.has(column));
        let has_ecs = !self.names_after("aws.ecs.").is_empty();
        let is_eks = is_aws && has(&["k8s.cluster.name", "k8s.pod.name"]);
        let is_ecs = has_ecs
            || platform == "aws_ecs"
            || self.is_xray && (has(&["container.name"]) || !is_eks && has(&["container.id"]));
        let is_ec2 = has(&["host.id", "host.type", "host.image.id"])
            || !is_ecs && has(&["cloud.availability_zone"]);
        let is_beanstalk = platform == "aws_elastic_beanstalk"
            || self.is_xray && has(&["service.namespace", "service.instance.id"]);
        for (place, columns) in AWS_PLACE_COLUMNS {
            let is_there = match *place {
                "ec2" => is_aws && is_ec2,
                "ecs" => is_aws && is_ecs,
                "eks" => is_eks,
                "elastic_beanstalk" => is_beanstalk,
                "xray" => true,
                _ => false,
            };
            if !is_there {
                continue;
            }
            let mut inner = Members::new();
            for (column, member) in *columns {
                let is_known = inner.iter().any(|(name, _)| &**name == *member);
                // Two members have the same column: one name of a rule is enough.
                if is_known || *member == "rule_name" {
                    continue;
                }
                let value = match *member {
                    "deployment_id" => self.deployment(column),
                    "sdk" => self.sdk(column),
                    "auto_instrumentation" => self.auto_instrumentation(column),
                    // Both say it.
                    "version_label" => self.value_of(column).map(json_of_field),
                    _ => self.take(&[column]),
                };
                inner.extend(value.map(|value| (Box::from(*member), value)));
            }
            if self.is_xray {
                self.rest_of_place(place, &mut inner);
            }
            if !inner.is_empty() {
                members.push(((*place).into(), object(inner)));
            }
        }
        self.logs(members);
    }

    /// A number, which OpenTelemetry has as text.
    fn deployment(&mut self, column: &'static str) -> Option<Json> {
        let value = self.value_of(column)?;
        let number = match value {
            ValueRef::Int(number) => number,
            ValueRef::String(text) => text.trim().parse().ok()?,
            ValueRef::Float(_) | ValueRef::Bool(_) => return None,
        };
        self.mark(column);
        Some(Json::Number(number.to_string().into()))
    }

    /// As OpenTelemetry's exporter names it: `opentelemetry for python`.
    fn sdk(&mut self, column: &'static str) -> Option<Json> {
        let name = self.text_of(column)?.to_owned();
        self.mark(column);
        Some(match self.text_of("telemetry.sdk.language") {
            Some(language) if !self.is_xray => string(&format!("{name} for {language}")),
            _ => string(&name),
        })
    }

    fn auto_instrumentation(&mut self, column: &'static str) -> Option<Json> {
        if let Some(ValueRef::Bool(_)) = self.value_of(column) {
            return self.take(&[column]);
        }
        let agents = ["telemetry.distro.name", "telemetry.auto.version"];
        let is_there = agents.iter().any(|agent| self.has(agent));
        is_there.then_some(Json::Bool(true))
    }

    fn logs(&mut self, members: &mut Members) {
        let mut list = |column: &'static str| match self.take_parsed(column) {
            Some(Json::Array(values)) => values,
            value => value.into_iter().collect(),
        };
        let names = list("aws.log.group.names");
        let arns = list("aws.log.group.arns");
        let name = |name| (Box::from("log_group"), name);
        let arn = |arn| (Box::from("arn"), arn);
        let logs: Vec<Json> = match names.len() == arns.len() {
            true => {
                let pairs = names.into_iter().zip(arns);
                pairs
                    .map(|(one, other)| object(vec![name(one), arn(other)]))
                    .collect()
            }
            // Which belongs to which is not known.
            false => {
                let names = names.into_iter().map(|value| object(vec![name(value)]));
                let arns = arns.into_iter().map(|value| object(vec![arn(value)]));
                names.chain(arns).collect()
            }
        };
        if !logs.is_empty() {
            members.push(("cloudwatch_logs".into(), Json::Array(logs)));
        }
    }

    /// Members that no table names: calls have whatever parameters they have.
    fn rest(&mut self, entity: &Entity, members: &mut Members) {
        if !self.is_xray && entity.namespace != Namespace::Aws {
            return;
        }
        for name in self.names_after("aws.") {
            if !name.contains('.') && !NO_MEMBERS.contains(&name.as_str()) {
                self.member(members, &name, &format!("aws.{name}"));
            }
        }
    }

    /// The same within one place.
    fn rest_of_place(&mut self, place: &str, members: &mut Members) {
        let named = AWS_PLACE_COLUMNS.iter().flat_map(|(_, columns)| *columns);
        let named: Vec<&str> = named.map(|(column, _)| *column).collect();
        for name in self.names_after(&format!("aws.{place}.")) {
            let column = format!("aws.{place}.{name}");
            let is_other = name.contains('.')
                || named.contains(&column.as_str())
                || place == "xray" && NO_XRAY_MEMBERS.contains(&name.as_str());
            if !is_other {
                self.member(members, &name, &column);
            }
        }
    }

    /// What comes after a prefix in the names of columns that are not used yet.
    pub(super) fn names_after(&self, prefix: &str) -> Vec<String> {
        let mut names = Vec::new();
        self.fields.each(&mut |column, _| {
            if let Some(name) = column.strip_prefix(prefix)
                && !name.is_empty()
                && !self.is_used(column)
            {
                names.push(name.to_owned());
            }
        });
        names
    }
}
