//! `aws` of segments (where they run) and subsegments (what they called). Source: spec/xray.md sections 2.4 and 8.3.

use super::entity::put_others;
use super::fields::Fields;
use crate::xray::tree::{Json, Object};

/// Columns by member of `aws` itself.
pub const AWS_CALL_COLUMNS: &[(&str, &str)] = &[
    ("aws.operation", "operation"),
    ("rpc.method", "operation"),
    ("aws.region", "region"),
    ("aws.request_id", "request_id"),
    ("aws.queue_url", "queue_url"),
    ("aws.table_name", "table_name"),
    ("aws.dynamodb.table_names", "table_names"),
    ("aws.xray.retries", "retries"),
];

/// Columns by object inside of `aws` and its members.
pub const AWS_PLACE_COLUMNS: &[(&str, &[(&str, &str)])] = &[
    (
        "ec2",
        &[
            ("host.id", "instance_id"),
            ("host.type", "instance_size"),
            ("host.image.id", "ami_id"),
            ("cloud.availability_zone", "availability_zone"),
        ],
    ),
    (
        "ecs",
        &[
            ("container.name", "container"),
            ("container.id", "container_id"),
            ("aws.ecs.container.arn", "container_arn"),
            ("aws.ecs.task.arn", "task_arn"),
            ("aws.ecs.task.family", "task_family"),
            ("aws.ecs.cluster.arn", "cluster_arn"),
            ("aws.ecs.launchtype", "launch_type"),
            ("cloud.availability_zone", "availability_zone"),
        ],
    ),
    (
        "eks",
        &[
            ("k8s.cluster.name", "cluster_name"),
            ("k8s.pod.name", "pod"),
            ("container.id", "container_id"),
        ],
    ),
    (
        "elastic_beanstalk",
        &[
            ("service.namespace", "environment_name"),
            ("service.instance.id", "deployment_id"),
            ("service.version", "version_label"),
        ],
    ),
    (
        "xray",
        &[
            ("telemetry.sdk.name", "sdk"),
            ("telemetry.sdk.version", "sdk_version"),
            ("telemetry.auto", "auto_instrumentation"),
            ("aws.xray.sampling_rule", "sampling_rule_name"),
            ("aws.xray.sampling_rule", "rule_name"),
        ],
    ),
];

/// `cloud.platform` by what an origin starts with. Source: spec/xray.md sections 2.2 and 8.4.
const PLATFORMS: &[(&str, &str)] = &[
    ("AWS::AppRunner::", "aws_app_runner"),
    ("AWS::EKS::", "aws_eks"),
    ("AWS::ElasticBeanstalk::", "aws_elastic_beanstalk"),
    ("AWS::ECS::", "aws_ecs"),
    ("AWS::EC2::", "aws_ec2"),
];

pub(super) fn put(fields: &mut Fields<'_, '_>, aws: &Object, is_subsegment: bool) {
    for (column, member) in AWS_CALL_COLUMNS {
        fields.put_member(column, aws, member);
    }
    let account = match is_subsegment {
        true => "aws.account_id",
        false => "cloud.account.id",
    };
    fields.put_member(account, aws, "account_id");
    for (place, columns) in AWS_PLACE_COLUMNS {
        if let Some(object) = aws.object(place) {
            for (column, member) in *columns {
                fields.put_member(column, object, member);
            }
            let named: Vec<_> = columns.iter().map(|(_, member)| *member).collect();
            put_others(fields, &format!("aws.{place}"), object, &named);
        }
    }
    put_logs(fields, aws.array("cloudwatch_logs"));
    put_rest(fields, aws);
}

/// Where a segment runs, as OpenTelemetry names it.
pub(super) fn put_platform(fields: &mut Fields<'_, '_>, origin: &str) {
    let platform = PLATFORMS
        .iter()
        .find(|(prefix, _)| origin.starts_with(prefix));
    if let Some((_, platform)) = platform {
        fields.put_str("cloud.provider", "aws");
        fields.put_str("cloud.platform", platform);
    }
    match origin {
        "AWS::ECS::EC2" => fields.put_str("aws.ecs.launchtype", "ec2"),
        "AWS::ECS::Fargate" => fields.put_str("aws.ecs.launchtype", "fargate"),
        _ => {}
    }
}

fn put_logs(fields: &mut Fields<'_, '_>, logs: &[Json]) {
    for (column, member) in [
        ("aws.log.group.names", "log_group"),
        ("aws.log.group.arns", "arn"),
    ] {
        let values: Vec<_> = logs
            .iter()
            .filter_map(|log| log.as_object()?.get(member).cloned())
            .collect();
        if !values.is_empty() {
            fields.put_json(column, &Json::Array(values));
        }
    }
}

/// Members that no table names, under `aws.`: AWS's SDKs send whatever parameters a call has.
fn put_rest(fields: &mut Fields<'_, '_>, aws: &Object) {
    for (member, value) in &aws.members {
        let member = &**member;
        let is_named = matches!(member, "account_id" | "cloudwatch_logs" | "")
            || AWS_CALL_COLUMNS.iter().any(|(_, named)| *named == member)
            || AWS_PLACE_COLUMNS.iter().any(|(place, _)| *place == member)
                && value.as_object().is_some();
        if !is_named {
            fields.put_json(&format!("aws.{member}"), value);
        }
    }
}
