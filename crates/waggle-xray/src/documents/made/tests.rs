//! Both directions of the field table of spec/xray.md section 8.3: documents become rows and come back from rows alone; spans of
//! OpenTelemetry become documents.

use crate::documents::segment_documents;
use crate::documents::tests::{parsed, with_rows};
use crate::trace::tests::{StoredRow, T1, rows_of_batch};
use serde_json::{Value as Json, json};
use waggle_model::{EventBatch, EventLimits, Value};
use waggle_wire::otlp::{Encoding, OtlpHeaders, decode_traces};
use waggle_wire::xray::{Document, DocumentFacts, Source, map_document};

const SEGMENT: &str = "a100000000000001";
const SUBSEGMENT: &str = "a100000000000002";

fn merged(mut base: Json, more: &Json) -> Json {
    for (name, value) in more.as_object().unwrap() {
        base[name] = value.clone();
    }
    base
}

/// A segment with these members.
fn segment(more: &Json) -> Json {
    let mut base =
        json!({"name": "shop", "id": SEGMENT, "trace_id": T1, "start_time": 1.5, "end_time": 1.75});
    if more.get("in_progress").is_some() {
        base.as_object_mut().unwrap().remove("end_time");
    }
    merged(base, more)
}

/// A segment with a subsegment with these members.
fn subsegment(more: &Json) -> Json {
    let base = json!({"name": "part", "id": SUBSEGMENT, "start_time": 1.5, "end_time": 1.75});
    segment(&json!({"subsegments": [merged(base, more)]}))
}

/// The document as it is made of the rows of one, without the text that is kept beside them.
fn come_back(document: &Json) -> Json {
    let document = Document::parse(document.to_string().as_bytes()).unwrap();
    let facts = DocumentFacts {
        service: None,
        received_ns: 1,
        source: Source::Api,
    };
    let mut batch = EventBatch::new("shop");
    map_document(&document, facts, &EventLimits::default(), &mut batch).unwrap();
    batch.end_shared();
    let mut rows: Vec<StoredRow> = rows_of_batch(&batch);
    for (_, fields) in &mut rows {
        fields.retain(|(name, _)| name != "xray.document");
    }
    let documents = with_rows(&rows, segment_documents);
    documents
        .iter()
        .map(parsed)
        .find(|made| made["id"] == SEGMENT)
        .unwrap()
}

#[test]
fn documents_come_back_from_their_rows() {
    let segments = [
        json!({}),
        json!({"parent_id": "f100000000000001"}),
        json!({"in_progress": true}),
        json!({"user": "u-17", "resource_arn": "arn:aws:r", "origin": "AWS::AppRunner::Service"}),
        json!({"error": true, "throttle": true}),
        json!({"fault": true}),
        json!({"service": {"version": "1.4.2", "runtime": "CPython", "runtime_version": "3.12"}}),
        json!({"http": {
            "request": {"method": "GET", "url": "http://shop/x?y=1", "user_agent": "probe/1", "client_ip": "10.0.0.9", "x_forwarded_for": true},
            "response": {"status": 503, "content_length": 512},
        }}),
        json!({"origin": "AWS::EC2::Instance", "aws": {"account_id": "000000000001", "ec2": {
            "instance_id": "i-0aa", "instance_size": "m", "ami_id": "a", "availability_zone": "eu-x-1a"}}}),
        json!({"aws": {"ecs": {
            "container": "c", "container_id": "c0ffee", "container_arn": "arn:c", "task_arn": "arn:t", "task_family": "f",
            "cluster_arn": "arn:cl", "launch_type": "FARGATE", "availability_zone": "eu-x-1a", "more": 1}}}),
        json!({"aws": {"eks": {"pod": "p", "cluster_name": "k", "container_id": "c0ffee"}}}),
        json!({"service": {"version": "v7"}, "aws": {"elastic_beanstalk": {
            "environment_name": "e", "version_label": "v7", "deployment_id": 32}}}),
        json!({"aws": {"cloudwatch_logs": [{"log_group": "/a", "arn": "arn:a"}, {"log_group": "/b", "arn": "arn:b"}]}}),
        json!({"aws": {"xray": {
            "sdk": "X-Ray for Python", "sdk_version": "2.15.0", "auto_instrumentation": false, "package": "p",
            "sampling_rule_name": "Default"}}}),
        json!({"aws": {"operation": "own", "list": [1, {"a": "b"}]}}),
        json!({"annotations": {"tier": "gold", "items": 3, "ratio": 0.5, "vip": true, "error": "mine", "aws.x": 1, "odd key!": "k"}}),
        json!({"metadata": {"default": {"k": "v", "n": 1.5, "list": [1]}, "AWS": {"x": true}}}),
        json!({"links": [{"trace_id": "1-6a00003c-000000000000000000000002", "id": "b100000000000001",
            "attributes": {"referenceType": "parent"}}, {"trace_id": T1}]}),
        json!({"cause": "e200000000000001"}),
        json!({"fault": true, "cause": {"working_directory": "/srv", "paths": ["/srv/lib"], "exceptions": [
            {"id": "e100000000000001", "type": "KeyError", "message": "no cart", "remote": true, "truncated": 2, "skipped": 1,
             "cause": "e100000000000002", "stack": [{"path": "cart.py", "line": 7, "label": "find"}, {"path": "app.py", "label": "main"}]},
            {"id": "e100000000000002", "message": "first", "remote": false}]}}),
    ];
    for more in &segments {
        let document = segment(more);
        assert_eq!(come_back(&document), document);
    }
    let subsegments = [
        json!({}),
        json!({"precursor_ids": ["a100000000000009"]}),
        json!({"name": "DynamoDB", "namespace": "aws", "aws": {
            "operation": "GetItem", "table_name": "carts", "region": "eu-x-1", "request_id": "R1", "retries": 2,
            "account_id": "000000000002", "resource_names": ["a", "b"], "id_2": "x", "status_code": 200}}),
        json!({"name": "DynamoDB", "namespace": "aws", "aws": {"table_names": ["a", "b"]}}),
        json!({"name": "SQS", "namespace": "aws", "aws": {"queue_url": "https://sqs/q", "operation": "SendMessage"}}),
        json!({"name": "S3", "namespace": "aws", "aws": {"bucket_name": "b", "key": "k"}}),
        json!({"name": "Lambda", "namespace": "aws", "aws": {"function_name": "f", "invocation_type": "Event"}}),
        json!({"name": "SNS", "namespace": "aws", "aws": {"topic_arn": "arn:t"}}),
        json!({"namespace": "remote", "http": {
            "request": {"method": "POST", "url": "https://bank/charge", "traced": true}, "response": {"status": 429}}, "error": true}),
        json!({"namespace": "remote", "sql": {
            "url": "postgresql://db1:5432/ledger", "sanitized_query": "SELECT 1", "database_type": "PostgreSQL",
            "database_version": "16", "driver_version": "3", "user": "app", "preparation": "call"}}),
        json!({"annotations": {"tier": "gold"}, "metadata": {"default": {"k": "v"}}}),
        json!({"namespace": "remote", "fault": true, "cause": {"exceptions": [{"id": "e100000000000001", "message": "late"}]}}),
    ];
    for more in &subsegments {
        let document = subsegment(more);
        assert_eq!(come_back(&document), document);
    }
}

#[test]
fn what_rows_say_otherwise_comes_back_so() {
    let http =
        |length: Json| json!({"http": {"response": {"status": 200, "content_length": length}}});
    let segments = [
        (http(json!("512")), http(json!(512))),
        (
            http(json!(-1)),
            json!({"http": {"response": {"status": 200}}}),
        ),
        (
            json!({"error": false, "fault": true}),
            json!({"fault": true}),
        ),
        (
            json!({"aws": {"xray": {"rule_name": "Default"}}}),
            json!({"aws": {"xray": {"sampling_rule_name": "Default"}}}),
        ),
        (
            json!({"aws": {"elastic_beanstalk": {"environment_name": "e", "version_label": "v7"}}}),
            json!({"service": {"version": "v7"}, "aws": {"elastic_beanstalk": {"environment_name": "e", "version_label": "v7"}}}),
        ),
        (
            json!({"aws": {"cloudwatch_logs": [{"log_group": "/a", "arn": "arn:a"}, {"log_group": "/b"}]}}),
            json!({"aws": {"cloudwatch_logs": [{"log_group": "/a"}, {"log_group": "/b"}, {"arn": "arn:a"}]}}),
        ),
        (
            json!({"metadata": {"default": {"a": {"b": 1}}, "flat": 7}}),
            json!({"metadata": {"default": {"a.b": 1, "flat": 7}}}),
        ),
        (
            json!({"cause": {"id": "e200000000000001"}}),
            json!({"cause": "e200000000000001"}),
        ),
    ];
    for (sent, back) in &segments {
        assert_eq!(come_back(&segment(sent)), segment(back));
    }
    let subsegments = [
        (json!({"namespace": "local"}), json!({})),
        (
            json!({"namespace": "remote", "traced": true}),
            json!({"namespace": "remote", "http": {"request": {"traced": true}}}),
        ),
        (
            json!({"namespace": "remote", "sql": {"connection_string": "mysql://db/x"}}),
            json!({"namespace": "remote", "sql": {"url": "mysql://db/x"}}),
        ),
    ];
    for (sent, back) in &subsegments {
        assert_eq!(come_back(&subsegment(sent)), subsegment(back));
    }
}

/// Attributes as OTLP/JSON has them.
fn attributes(attributes: &Json) -> Json {
    let attributes = attributes.as_object().unwrap().iter();
    let attributes = attributes.map(|(key, value)| {
        let value = match value {
            Json::String(text) => json!({"stringValue": text}),
            Json::Bool(truth) => json!({"boolValue": truth}),
            Json::Array(values) => {
                let values: Vec<Json> = values
                    .iter()
                    .map(|text| json!({"stringValue": text}))
                    .collect();
                json!({"arrayValue": {"values": values}})
            }
            number => json!({"intValue": number.to_string()}),
        };
        json!({"key": key, "value": value})
    });
    attributes.collect()
}

/// The rows of spans of OpenTelemetry.
pub(crate) fn rows_of_spans(resource: &Json, spans: &[Json]) -> Vec<StoredRow> {
    let request = json!({"resourceSpans": [{
        "resource": {"attributes": attributes(resource)},
        "scopeSpans": [{"scope": {"name": "lib"}, "spans": spans}],
    }]});
    let limits = EventLimits::default();
    let headers = OtlpHeaders::default();
    let body = request.to_string();
    let decoded = decode_traces(body.as_bytes(), Encoding::Json, &headers, &limits).unwrap();
    let mut batches = decoded.batches;
    batches.iter_mut().for_each(EventBatch::end_shared);
    batches.iter().flat_map(rows_of_batch).collect()
}

/// A span with these attributes; kinds are those of OTLP.
pub(crate) fn otlp_span(id: &str, parent: Option<&str>, kind: u8, own: &Json) -> Json {
    let mut span = json!({
        "traceId": "6a000000000000000000000000000001", "spanId": id, "name": "own name", "kind": kind,
        "startTimeUnixNano": "1500000000", "endTimeUnixNano": "1750000000", "attributes": attributes(own),
    });
    if let Some(parent) = parent {
        span["parentSpanId"] = parent.into();
    }
    span
}

/// The document of a server span with these attributes.
fn server(resource: &Json, own: &Json) -> Json {
    let resource = merged(json!({"service.name": "shop"}), resource);
    let rows = rows_of_spans(&resource, &[otlp_span(SEGMENT, None, 2, own)]);
    parsed(&with_rows(&rows, segment_documents)[0])
}

/// The document of a client span with these attributes, and that of the segment inferred from it.
fn client(own: &Json) -> (Json, Json) {
    let spans = [
        otlp_span(SEGMENT, None, 2, &json!({})),
        otlp_span(SUBSEGMENT, Some(SEGMENT), 3, own),
    ];
    let rows = rows_of_spans(
        &json!({"service.name": "shop", "cloud.region": "eu-x-1"}),
        &spans,
    );
    let documents = with_rows(&rows, segment_documents);
    let documents: Vec<Json> = documents.iter().map(parsed).collect();
    let segment = documents.iter().find(|made| made["id"] == SEGMENT).unwrap();
    let inferred = documents.iter().find(|made| made["inferred"] == true);
    let inferred = inferred.cloned().unwrap_or_default();
    (segment["subsegments"][0].clone(), inferred)
}

#[test]
fn spans_say_the_same_in_newer_and_older_words() {
    let newer = server(
        &json!({}),
        &json!({
            "http.request.method": "GET", "url.full": "http://shop/x", "user_agent.original": "probe/1", "client.address": "10.0.0.9",
            "http.response.status_code": 503, "http.response.body.size": 512, "enduser.id": "u-17",
        }),
    );
    let mut http = json!({
        "request": {"method": "GET", "url": "http://shop/x", "user_agent": "probe/1", "client_ip": "10.0.0.9"},
        "response": {"status": 503, "content_length": 512},
    });
    assert_eq!(newer["http"], http);
    assert_eq!(
        (&newer["user"], &newer["fault"]),
        (&json!("u-17"), &json!(true))
    );
    let older = server(
        &json!({}),
        &json!({
            "http.method": "GET", "http.url": "http://shop/x", "http.user_agent": "probe/1", "http.client_ip": "10.0.0.9",
            "http.status_code": 503, "http.response_content_length": 512, "user.id": "u-17",
        }),
    );
    http["request"]["x_forwarded_for"] = true.into();
    assert_eq!(older["http"], http);
    assert_eq!(older["user"], "u-17");
    for made in [&newer, &older] {
        let default = json!({"default": {
            "library.name": "lib", "name": "own name", "span.kind": "server", "otel.resource.service.name": "shop"}});
        assert_eq!(made["metadata"], default, "nothing is said twice");
    }
}

#[test]
fn where_a_span_ran_is_in_aws() {
    let aws = |more: Json| {
        let resource = merged(
            json!({"cloud.provider": "aws", "cloud.account.id": "000000000001"}),
            &more,
        );
        let mut aws = server(&resource, &json!({}))["aws"].take();
        assert_eq!(aws["account_id"], "000000000001");
        aws.as_object_mut().unwrap().remove("account_id");
        aws
    };
    assert_eq!(
        aws(
            json!({"cloud.platform": "aws_ec2", "host.id": "i-0aa", "host.type": "m", "host.image.id": "a", "cloud.availability_zone": "z"})
        ),
        json!({"ec2": {"instance_id": "i-0aa", "instance_size": "m", "ami_id": "a", "availability_zone": "z"}})
    );
    assert_eq!(
        aws(json!({
            "cloud.platform": "aws_ecs", "container.name": "c", "container.id": "c0ffee", "aws.ecs.container.arn": "arn:c",
            "aws.ecs.task.arn": "arn:t", "aws.ecs.task.family": "f", "aws.ecs.cluster.arn": "arn:cl", "aws.ecs.launchtype": "fargate",
            "cloud.availability_zone": "z", "aws.log.group.names": ["/a"], "aws.log.group.arns": ["arn:a"],
        })),
        json!({
            "ecs": {"container": "c", "container_id": "c0ffee", "container_arn": "arn:c", "task_arn": "arn:t", "task_family": "f",
                "cluster_arn": "arn:cl", "launch_type": "fargate", "availability_zone": "z"},
            "cloudwatch_logs": [{"log_group": "/a", "arn": "arn:a"}],
        })
    );
    assert_eq!(
        aws(
            json!({"cloud.platform": "aws_eks", "k8s.cluster.name": "k", "k8s.pod.name": "p", "container.id": "c0ffee"})
        ),
        json!({"eks": {"cluster_name": "k", "pod": "p", "container_id": "c0ffee"}})
    );
    assert_eq!(
        aws(json!({
            "cloud.platform": "aws_elastic_beanstalk", "service.namespace": "e", "service.instance.id": "32", "service.version": "v7"})),
        json!({"elastic_beanstalk": {"environment_name": "e", "deployment_id": 32, "version_label": "v7"}})
    );
    assert_eq!(
        aws(
            json!({"telemetry.sdk.name": "opentelemetry", "telemetry.sdk.language": "python", "telemetry.sdk.version": "1.30",
            "telemetry.auto.version": "0.5"})
        ),
        json!({"xray": {"sdk": "opentelemetry for python", "sdk_version": "1.30", "auto_instrumentation": true}})
    );
    let elsewhere = server(
        &json!({"host.id": "h", "container.id": "c", "process.runtime.name": "cpython", "process.runtime.version": "3",
        "service.version": "1"}),
        &json!({}),
    );
    assert_eq!(
        elsewhere.get("aws"),
        None,
        "a machine of one's own is no instance of EC2"
    );
    let default = &elsewhere["metadata"]["default"];
    assert_eq!(
        (
            &default["otel.resource.host.id"],
            &default["otel.resource.container.id"]
        ),
        (&json!("h"), &json!("c"))
    );
    assert_eq!(
        elsewhere["service"],
        json!({"version": "1", "compiler": "cpython", "compiler_version": "3"})
    );
}

#[test]
fn calls_say_what_they_called_and_so_does_what_is_inferred() {
    let (call, inferred) = client(&json!({
        "rpc.system": "aws-api", "aws.service": "DynamoDB", "rpc.method": "GetItem", "aws.requestId": "R1", "aws.table.name": "carts",
        "aws.xray.retries": 2, "http.status_code": 200,
    }));
    let aws = json!({"operation": "GetItem", "region": "eu-x-1", "request_id": "R1", "table_name": "carts", "retries": 2});
    assert_eq!((&call["namespace"], &call["aws"]), (&json!("aws"), &aws));
    assert_eq!(
        (&inferred["origin"], &inferred["aws"]),
        (&json!("AWS::DynamoDB::Table"), &aws)
    );
    assert_eq!(inferred["http"], json!({"response": {"status": 200}}));
    let (call, inferred) = client(&json!({
        "db.system": "postgresql", "db.name": "ledger", "db.connection_string": "postgresql://db1/ledger", "db.user": "app",
        "db.statement": "SELECT 1", "aws.xray.traced": false,
    }));
    let sql = json!({"url": "postgresql://db1/ledger", "database_type": "postgresql", "user": "app", "sanitized_query": "SELECT 1"});
    assert_eq!((&call["name"], &call["sql"]), (&json!("ledger@db1"), &sql));
    assert_eq!(
        (&inferred["origin"], &inferred["sql"]),
        (&json!("Database::SQL"), &sql)
    );
    assert_eq!(call["http"], json!({"request": {"traced": false}}));
    assert_eq!(call.get("aws"), None, "the region is that of the caller");
    let (call, _) = client(
        &json!({"db.system": "mongodb", "db.name": "ledger", "db.statement": "find", "messaging.url": "amqp://q"}),
    );
    assert_eq!((call.get("sql"), call.get("aws")), (None, None));
    let default = &call["metadata"]["default"];
    assert_eq!(
        (
            &default["db.system"],
            &default["db.statement"],
            &default["messaging.url"]
        ),
        (&json!("mongodb"), &json!("find"), &json!("amqp://q"))
    );
    assert_eq!(default.get("service.name"), None, "its segment says it");
}

#[test]
fn what_was_thrown_in_a_span_has_a_stack() {
    let exception = |more: Json| json!({"timeUnixNano": "1600000000", "name": "exception", "attributes": attributes(&more)});
    let mut failed = otlp_span(
        SUBSEGMENT,
        Some(SEGMENT),
        3,
        &json!({"peer.service": "bank"}),
    );
    failed["status"] = json!({"code": 2, "message": "it failed"});
    failed["events"] = json!([
        {"timeUnixNano": "1550000000", "name": "retry", "attributes": attributes(&json!({"try": 2}))},
        exception(json!({"exception.type": "shop.Gone", "exception.message": "gone", "exception.stacktrace":
            "shop.Gone: gone\n\tat shop.Db.query(Db.java:7)\nCaused by: java.io.IOException: reset\n\tat shop.Net.read(Net.java:3)"})),
        exception(json!({"exception.type": "Late", "exception.message": "later", "exception.stacktrace": "not to be read"})),
    ]);
    failed["links"] = json!([{"traceId": "6a00003c000000000000000000000002", "spanId": "b100000000000001",
        "attributes": attributes(&json!({"why": "batch"}))}]);
    let mut silent = otlp_span("a100000000000003", Some(SEGMENT), 1, &json!({}));
    silent["status"] = json!({"code": 2, "message": "it failed"});
    let spans = [otlp_span(SEGMENT, None, 2, &json!({})), failed, silent];
    let rows = rows_of_spans(
        &json!({"service.name": "shop", "telemetry.sdk.language": "java"}),
        &spans,
    );
    let (documents, thrown) = with_rows(&rows, |trace, rows| {
        let thrown = trace.entities.iter().flat_map(|entity| &entity.exceptions);
        let thrown = thrown.map(|exception| format!("{}: {}", exception.name, exception.message));
        (segment_documents(trace, rows), thrown.collect::<Vec<_>>())
    });
    let made = documents
        .iter()
        .map(parsed)
        .find(|made| made["id"] == SEGMENT)
        .unwrap();
    let failed = &made["subsegments"][0];
    let exceptions = &failed["cause"]["exceptions"];
    assert_eq!(exceptions[0]["cause"], exceptions[1]["id"]);
    let mut shown = exceptions.clone();
    for exception in shown.as_array_mut().unwrap() {
        assert_eq!(exception["id"].as_str().unwrap().len(), 16);
        exception
            .as_object_mut()
            .unwrap()
            .retain(|name, _| !["id", "cause"].contains(&name.as_str()));
    }
    assert_eq!(
        shown,
        json!([
            {"type": "shop.Gone", "message": "gone", "remote": true, "stack": [{"path": "Db.java", "line": 7, "label": "shop.Db.query"}]},
            {"type": "java.io.IOException", "message": "reset", "remote": true, "stack": [{"path": "Net.java", "line": 3, "label": "shop.Net.read"}]},
            {"type": "Late", "message": "later", "remote": true},
        ])
    );
    assert_eq!(
        failed["links"],
        json!([{"trace_id": "1-6a00003c-000000000000000000000002", "id": "b100000000000001", "attributes": {"why": "batch"}}])
    );
    let default = &failed["metadata"]["default"];
    assert_eq!(
        default["otel.events"],
        json!([{"name": "retry", "time": 1.55, "attributes": {"try": 2}}])
    );
    assert_eq!(default["status_message"], "it failed");
    assert_eq!(default.get("exception.message"), None, "the cause says it");
    let silent = &made["subsegments"][1];
    assert_eq!(silent["cause"]["exceptions"][0]["message"], "it failed");
    assert_eq!(silent["metadata"]["default"].get("status_message"), None);
    assert_eq!(
        thrown,
        [
            "shop.Gone: gone",
            "java.io.IOException: reset",
            "Late: later",
            ": it failed"
        ]
    );
}

#[test]
fn metadata_that_clients_marked_comes_back_in_its_namespace() {
    let made = server(
        &json!({}),
        &json!({"aws.xray.metadata.billing": "{\"plan\":{\"seats\":3}}", "aws.xray.annotations": ["tier"], "tier": "gold", "odd": "k",
            "aws.xray.sampling_rule": "Default"}),
    );
    assert_eq!(made["metadata"]["billing"], json!({"plan": {"seats": 3}}));
    assert_eq!(made["annotations"], json!({"tier": "gold"}));
    assert_eq!(
        made["aws"],
        json!({"xray": {"sampling_rule_name": "Default"}})
    );
    let default = &made["metadata"]["default"];
    assert_eq!((default.get("tier"), &default["odd"]), (None, &json!("k")));
}

#[test]
fn what_honeycombs_libraries_say_by_the_same_names_stays() {
    let text = |text: &str| Value::String(text.to_owned());
    let fields = [
        ("duration_ms", Value::Float(250.0)),
        ("error", text("no cart")),
        ("service.name", text("shop")),
        ("status_code", Value::Int(404)),
        ("trace.span_id", text("not hex")),
        ("type", text("http_server")),
    ];
    let fields = fields.map(|(name, value)| (name.to_owned(), value));
    let rows = [(1_500_000_000, fields.to_vec())];
    let made = parsed(&with_rows(&rows, segment_documents)[0]);
    let expected = json!({
        "default": {"error": "no cart", "status_code": 404, "type": "http_server", "otel.resource.service.name": "shop"},
        "waggle": {"span_id": "not hex"},
    });
    assert_eq!(made["metadata"], expected);
}

#[test]
fn no_value_is_lost_on_the_way() {
    let text = |text: &str| Value::String(text.to_owned());
    let large = 1_234_567_890_123_456_789_i64;
    let fields = [
        ("a-b", text("one")),
        ("a_b", text("two")),
        ("annotation.k", Value::Int(large)),
        ("aws.xray.annotations", text("[\"k\",\"a-b\",\"a_b\"]")),
        ("aws.xray.metadata.default", text("{\"note\":\"mine\"}")),
        ("duration_ms", Value::Float(250.0)),
        ("http.status_code", text("404 Not Found")),
        ("http.url", text("http://other/")),
        ("k", Value::Int(7)),
        ("note", text("its")),
        ("service.name", text("shop")),
        ("status_code", Value::Int(1)),
        ("trace.parent_id", text("nobody")),
        ("trace.span_id", text(SEGMENT)),
        ("url.full", text("http://shop/")),
    ];
    let fields = fields.map(|(name, value)| (name.to_owned(), value));
    let mut fields = fields.to_vec();
    fields.sort_by(|one, other| one.0.cmp(&other.0));
    let made = with_rows(&[(1_500_000_000, fields)], segment_documents);
    assert!(
        made[0].text.contains(&format!("\"k\":{large}")),
        "every digit"
    );
    let made = parsed(&made[0]);
    assert_eq!(made["annotations"], json!({"k": large, "a_b": "one"}));
    let default = json!({
        "a_b": "two", "http.status_code": "404 Not Found", "http.url": "http://other/", "k": 7, "note": "mine",
        "service.name": "shop",
    });
    assert_eq!(
        made["metadata"],
        json!({"default": default, "waggle": {"parent_id": "nobody"}})
    );
}
