//! What spans of OpenTelemetry are called in X-Ray's answers; names that are too long are cut where an entity takes them. Source:
//! spec/xray.md section 8.4.

use super::{Fields, int, text};
use std::sync::Arc;

/// A segment is called by its service, so that it is one node whatever it answers.
pub(super) fn segment_name(fields: &dyn Fields) -> String {
    let names = ["aws.local.service", "service.name"];
    match first(fields, &names) {
        Some(name) => name.to_owned(),
        None => "unknown_service".to_owned(),
    }
}

/// A subsegment is called by what it calls, or else by its own name.
pub(super) fn subsegment_name(fields: &dyn Fields) -> String {
    let is_call = matches!(
        text(fields, "span.kind"),
        Some("client" | "producer" | "consumer")
    );
    if is_call && let Some(name) = first(fields, &["aws.remote.service"]) {
        let name = name.strip_prefix("AWS.SDK.").unwrap_or(name);
        return name.strip_prefix("AWS::").unwrap_or(name).to_owned();
    }
    if let Some(name) = first(fields, &["peer.service", "aws.service"]) {
        return name.to_owned();
    }
    if let Some(database) = first(fields, &["db.name", "db.namespace"]) {
        let host = text(fields, "db.connection_string").and_then(host_of);
        return match host {
            Some(host) => format!("{database}@{host}"),
            None => database.to_owned(),
        };
    }
    let names = [
        "rpc.service",
        "http.host",
        "net.peer.name",
        "server.address",
    ];
    match first(fields, &names).filter(|_| is_call) {
        Some(name) => name.to_owned(),
        None => cleaned(text(fields, "name").unwrap_or_default()),
    }
}

/// The type of resource that a segment ran on.
pub(super) fn origin_of(fields: &dyn Fields) -> Option<Arc<str>> {
    if text(fields, "cloud.provider") != Some("aws") {
        return None;
    }
    let origin = match text(fields, "cloud.platform")? {
        "aws_app_runner" => "AWS::AppRunner::Service",
        "aws_eks" => "AWS::EKS::Container",
        "aws_elastic_beanstalk" => "AWS::ElasticBeanstalk::Environment",
        "aws_ecs" => match text(fields, "aws.ecs.launchtype") {
            Some(kind) if kind.eq_ignore_ascii_case("ec2") => "AWS::ECS::EC2",
            Some(kind) if kind.eq_ignore_ascii_case("fargate") => "AWS::ECS::Fargate",
            _ => "AWS::ECS::Container",
        },
        "aws_ec2" => "AWS::EC2::Instance",
        _ => return None,
    };
    Some(origin.into())
}

/// The URL of a request: as sent, or put together from its parts.
pub(super) fn url_of(fields: &dyn Fields) -> Option<String> {
    if let Some(url) = first(fields, &["url.full", "http.url"]) {
        return Some(url.to_owned());
    }
    let path = match first(fields, &["http.target"]) {
        Some(target) => Some(target.to_owned()),
        None => first(fields, &["url.path"]).map(|path| match first(fields, &["url.query"]) {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        }),
    };
    let names = [
        "http.host",
        "http.server_name",
        "net.host.name",
        "server.address",
        "net.peer.name",
    ];
    let Some(host) = first(fields, &names).filter(|_| path.is_some() || is_http(fields)) else {
        return path;
    };
    let scheme = first(fields, &["url.scheme", "http.scheme"]).unwrap_or("http");
    let ports = ["net.host.port", "server.port", "net.peer.port"];
    let port = ports.iter().find_map(|column| int(fields, column));
    let is_usual = matches!((scheme, port), ("http", Some(80)) | ("https", Some(443)));
    let path = path.unwrap_or_else(|| "/".to_owned());
    Some(match port.filter(|_| !is_usual && !host.contains(':')) {
        Some(port) => format!("{scheme}://{host}:{port}{path}"),
        None => format!("{scheme}://{host}{path}"),
    })
}

fn is_http(fields: &dyn Fields) -> bool {
    first(fields, &["http.request.method", "http.method"]).is_some()
}

/// The key under which filters find an attribute: characters that keys can't have become `_`.
pub fn annotation_key(key: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    key.chars()
        .map(|c| if allowed(c) { c } else { '_' })
        .collect()
}

/// A name with only the characters X-Ray's names have.
fn cleaned(name: &str) -> String {
    let is_allowed = |c: &char| {
        c.is_alphanumeric()
            || c.is_whitespace()
            || matches!(
                c,
                '_' | '.' | ':' | '/' | '%' | '&' | '#' | '=' | '+' | '\\' | '-' | '@'
            )
    };
    let name: String = name.chars().filter(is_allowed).collect();
    match name.is_empty() {
        true => "span".to_owned(),
        false => name,
    }
}

/// The host of a URL.
fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#', ';']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = host.split(':').next()?;
    (!host.is_empty()).then_some(host)
}

fn first<'a>(fields: &'a dyn Fields, columns: &[&str]) -> Option<&'a str> {
    let mut texts = columns.iter().filter_map(|column| text(fields, column));
    texts.find(|text| !text.is_empty())
}
