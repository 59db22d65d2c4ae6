//! Attributes as the semantic conventions of OpenTelemetry name them, one function for each kind of span.

use super::random::Random;
use super::shop::{FieldValue, Shop, StoreSystem};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};

/// A string attribute.
pub(crate) fn text(key: &str, value: impl Into<String>) -> KeyValue {
    attribute(key, Value::StringValue(value.into()))
}

/// A whole-number attribute.
pub(crate) fn integer(key: &str, value: i64) -> KeyValue {
    attribute(key, Value::IntValue(value))
}

/// A true-or-false attribute.
pub(crate) fn boolean(key: &str, value: bool) -> KeyValue {
    attribute(key, Value::BoolValue(value))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

/// What a server knows of an HTTP request.
pub(crate) fn http_server(
    method: &str,
    route: &str,
    status: i64,
    agent: &str,
    random: &mut Random,
) -> Vec<KeyValue> {
    let path = concrete(route, random);
    vec![
        text("http.request.method", method),
        text("http.route", route),
        text("url.path", path),
        text("url.scheme", "http"),
        integer("http.response.status_code", status),
        integer(
            "http.response.body.size",
            random.spread(5_200.0, 1.1) as i64,
        ),
        text("network.protocol.version", "1.1"),
        text("user_agent.original", agent),
        text("client.address", address(random)),
    ]
}

/// What a client knows of an HTTP request. `status` is absent when no answer came.
pub(crate) fn http_client(
    method: &str,
    host: &str,
    port: i64,
    path: &str,
    status: Option<i64>,
    random: &mut Random,
) -> Vec<KeyValue> {
    let mut attributes = vec![
        text("http.request.method", method),
        text(
            "url.full",
            format!("http://{host}:{port}{}", concrete(path, random)),
        ),
        text("url.template", path),
        text("server.address", host),
        integer("server.port", port),
    ];
    match status {
        Some(status) => attributes.push(integer("http.response.status_code", status)),
        None => attributes.push(text("error.type", "timeout")),
    }
    attributes
}

/// What both sides know of a gRPC call.
pub(crate) fn rpc(service: &str, method: &str, grpc_status: i64, server: &str) -> Vec<KeyValue> {
    vec![
        text("rpc.system", "grpc"),
        text("rpc.service", service),
        text("rpc.method", method),
        integer("rpc.grpc.status_code", grpc_status),
        text("server.address", format!("{server}.shop.svc")),
        integer("server.port", 50_051),
    ]
}

/// What a client knows of a database call.
pub(crate) fn store(
    system: StoreSystem,
    verb: &str,
    object: &str,
    random: &mut Random,
) -> Vec<KeyValue> {
    let mut attributes = vec![
        text("db.system.name", system_name(system)),
        text("db.operation.name", verb),
    ];
    match system {
        StoreSystem::Postgres => attributes.extend([
            text("db.namespace", "shop"),
            text("db.collection.name", object),
            text("db.query.text", statement(verb, object)),
            integer("db.response.returned_rows", random.skewed(400, 4.0) as i64),
            text("server.address", format!("pg-{}.shop.svc", random.index(3))),
            integer("server.port", 5_432),
        ]),
        StoreSystem::Redis => attributes.extend([
            text("db.query.text", format!("{verb} {object}:?")),
            text(
                "server.address",
                format!("redis-{}.shop.svc", random.index(6)),
            ),
            integer("server.port", 6_379),
        ]),
        StoreSystem::Elasticsearch => attributes.extend([
            text("db.collection.name", object),
            integer("db.elasticsearch.took_ms", random.spread(6.0, 0.7) as i64),
            text("server.address", "elastic.shop.svc"),
            integer("server.port", 9_200),
        ]),
        StoreSystem::S3 => {
            return vec![
                text("rpc.system", "aws-api"),
                text("rpc.service", "S3"),
                text("rpc.method", verb),
                text("aws.s3.bucket", format!("shop-{object}")),
                text(
                    "aws.s3.key",
                    format!("{object}/{:08x}", random.next() as u32),
                ),
            ];
        }
    }
    attributes
}

/// Name of a database span.
pub(crate) fn store_span_name(system: StoreSystem, verb: &str, object: &str) -> String {
    match system {
        StoreSystem::Postgres | StoreSystem::Elasticsearch => format!("{verb} {object}"),
        StoreSystem::Redis => verb.to_owned(),
        StoreSystem::S3 => format!("S3.{verb}"),
    }
}

/// Median time of a database call in milliseconds.
pub(crate) fn store_ms(system: StoreSystem, verb: &str) -> f64 {
    match (system, verb) {
        (StoreSystem::Redis, _) => 0.35,
        (StoreSystem::Postgres, "BEGIN" | "COMMIT") => 0.7,
        (StoreSystem::Postgres, "SELECT") => 2.4,
        (StoreSystem::Postgres, _) => 3.4,
        (StoreSystem::Elasticsearch, "search") => 11.0,
        (StoreSystem::Elasticsearch, _) => 45.0,
        (StoreSystem::S3, _) => 22.0,
    }
}

/// What both sides know of a message.
pub(crate) fn message(topic: &str, operation: &str, random: &mut Random) -> Vec<KeyValue> {
    vec![
        text("messaging.system", "kafka"),
        text("messaging.destination.name", topic),
        text("messaging.operation.name", operation),
        text(
            "messaging.operation.type",
            if operation == "publish" {
                "send"
            } else {
                "process"
            },
        ),
        text(
            "messaging.destination.partition.id",
            random.index(24).to_string(),
        ),
        integer(
            "messaging.message.body.size",
            random.spread(900.0, 0.6) as i64,
        ),
        integer(
            "messaging.kafka.offset",
            40_000_000 + random.index(9_000_000) as i64,
        ),
    ]
}

/// One of the fields of the shop's table.
pub(crate) fn field(shop: &Shop, index: usize, random: &mut Random) -> Option<KeyValue> {
    let field = shop.fields.get(index)?;
    if !random.chance(field.presence) {
        return None;
    }
    let value = match &field.value {
        FieldValue::Int([min, max]) => {
            Value::IntValue(min + random.skewed((max - min + 1) as u64, 1.8) as i64)
        }
        FieldValue::Float([min, max]) => {
            let value = min + (max - min) * random.share().powf(1.7);
            Value::DoubleValue((value * 100.0).round() / 100.0)
        }
        FieldValue::Choice(choices) => Value::StringValue(random.pick(choices)?.clone()),
        FieldValue::Flag(probability) => Value::BoolValue(random.chance(*probability)),
        FieldValue::Id(prefix, count) => {
            Value::StringValue(format!("{prefix}{}", random.skewed(*count, 1.5)))
        }
    };
    Some(attribute(&field.name, value))
}

fn system_name(system: StoreSystem) -> &'static str {
    match system {
        StoreSystem::Postgres => "postgresql",
        StoreSystem::Redis => "redis",
        StoreSystem::Elasticsearch => "elasticsearch",
        StoreSystem::S3 => "s3",
    }
}

fn statement(verb: &str, table: &str) -> String {
    match verb {
        "SELECT" => format!(
            "SELECT * FROM {table} WHERE id = $1 AND shop_id = $2 ORDER BY updated_at DESC LIMIT 200"
        ),
        "INSERT" => format!(
            "INSERT INTO {table} (id, shop_id, body, updated_at) VALUES ($1, $2, $3, now())"
        ),
        "UPDATE" => format!(
            "UPDATE {table} SET body = $3, updated_at = now() WHERE id = $1 AND shop_id = $2"
        ),
        "DELETE" => format!("DELETE FROM {table} WHERE updated_at < $1"),
        other => other.to_owned(),
    }
}

/// A path with its `{placeholders}` filled in.
fn concrete(route: &str, random: &mut Random) -> String {
    let mut path = String::with_capacity(route.len() + 8);
    for piece in route.split_inclusive('/') {
        if piece.starts_with('{') {
            path.push_str(&random.skewed(90_000, 1.6).to_string());
            if piece.ends_with('/') {
                path.push('/');
            }
        } else {
            path.push_str(piece);
        }
    }
    path
}

fn address(random: &mut Random) -> String {
    let number = random.next();
    format!(
        "{}.{}.{}.{}",
        11 + number % 180,
        number >> 8 & 255,
        number >> 16 & 255,
        number >> 24 & 255
    )
}
