"""Sends requests of three services as X-Ray's documents and of three as OpenTelemetry's spans; prints X-Ray's graph of them as JSON."""

import json
import os
import secrets
import time

import boto3
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

END = int(time.time())
START = END - 600
BEGAN = START + 60
client = boto3.client("xray", endpoint_url=os.environ["WAGGLE_ENDPOINT"], region_name="eu-x-1")


def of(status):
    """What a document says of a request with this status."""
    flags = {"throttle": status == 429, "error": 400 <= status < 500, "fault": status >= 500}
    return {"http": {"response": {"status": status}}} | {flag: True for flag, is_set in flags.items() if is_set}


def call(name, namespace, began, rest):
    return {"id": secrets.token_hex(8), "name": name, "namespace": namespace, "start_time": began, "end_time": began + 0.02} | rest


def documents():
    for number, status in enumerate([200] * 4 + [502] * 3 + [429] * 2 + [404]):
        began = BEGAN + number
        trace_id = f"1-{began:08x}-{secrets.token_hex(12)}"
        segment = {"id": secrets.token_hex(8), "name": "shop", "trace_id": trace_id, "start_time": began, "end_time": began + 0.1}
        segment |= {"origin": "AWS::EC2::Instance"} | of(status)
        if status == 200:
            price = call("pricing", "remote", began, of(200))
            segment["subsegments"] = [
                price,
                call("DynamoDB", "aws", began, {"aws": {"table_name": "carts"}}),
                call("SQS", "aws", began, {"aws": {"queue_url": "https://queue.example/parcels"}}),
                call("count", "local", began, {}),
            ]
            yield {"id": secrets.token_hex(8), "parent_id": price["id"], "name": "pricing", "trace_id": trace_id, "start_time": began, "end_time": began + 0.01}
        elif status == 502:
            segment["subsegments"] = [call("bank.example", "remote", began, of(503))]
        elif status == 404:
            segment["subsegments"] = [call("ledger@db1", "remote", began, {"sql": {"url": "postgresql://db1:5432/ledger"}})]
        yield segment


refused = client.put_trace_segments(TraceSegmentDocuments=[json.dumps(document) for document in documents()])
assert refused["UnprocessedTraceSegments"] == [], refused

providers = {name: TracerProvider(resource=Resource.create({"service.name": name})) for name in ["web", "orders", "nightly"]}
for provider in providers.values():
    endpoint, key = os.environ["WAGGLE_ENDPOINT"], os.environ["WAGGLE_KEY"]
    exporter = OTLPSpanExporter(f"{endpoint}/v1/traces", headers={"x-honeycomb-team": key})
    provider.add_span_processor(BatchSpanProcessor(exporter))


def span(service, parent, kind, began, attributes=None, is_failed=False):
    context = trace.set_span_in_context(parent) if parent else None
    start_ns = int(began * 1e9)
    made = providers[service].get_tracer("test").start_span("work", context, kind, attributes, start_time=start_ns)
    if is_failed:
        made.set_status(Status(StatusCode.ERROR))
    made.end(start_ns + 20_000_000)
    return made


for number, status in enumerate([200] * 5 + [503] * 2 + [429, 404]):
    began = BEGAN + 30 + number
    http = {"http.response.status_code": status}
    root = span("web", None, SpanKind.SERVER, began, http, status >= 500)
    asked = span("web", root, SpanKind.CLIENT, began, http | {"server.address": "orders.internal"}, status >= 400)
    served = span("orders", asked, SpanKind.SERVER, began, http, status >= 500)
    span("orders", served, SpanKind.INTERNAL, began)
    if status == 200:
        span("orders", served, SpanKind.CLIENT, began, {"db.system.name": "postgresql", "db.namespace": "stock"})
        span("orders", served, SpanKind.CLIENT, began, {"db.system": "redis", "server.address": "cache.internal"})
        span("orders", served, SpanKind.CLIENT, began, {"rpc.system": "aws-api", "rpc.service": "S3", "aws.s3.bucket": "receipts"})
    elif status == 503:
        span("orders", served, SpanKind.CLIENT, began, {"peer.service": "mailer"}, True)
        span("orders", served, SpanKind.CLIENT, began, {"net.peer.name": "old.example", "http.status_code": 500})
for number in range(3):
    span("nightly", None, SpanKind.INTERNAL, BEGAN + 50 + number, None, number == 2)
for provider in providers.values():
    provider.shutdown()


def graph():
    services = client.get_service_graph(StartTime=START, EndTime=END)["Services"]
    return {service["ReferenceId"]: service for service in services}


def counts(figures):
    statistics = figures.get("SummaryStatistics", {})
    errors = statistics.get("ErrorStatistics", {})
    return {
        "count": statistics.get("TotalCount", 0),
        "fault": statistics.get("FaultStatistics", {}).get("TotalCount", 0),
        "error": errors.get("OtherCount", 0),
        "throttle": errors.get("ThrottleCount", 0),
    }


WANTED = {"shop": 10, "pricing": 4, "web": 9, "orders": 9, "nightly": 3, "mailer": 2}
deadline = time.time() + 20
while True:
    services = graph()
    seen = {node["Name"]: counts(node)["count"] for node in services.values() if node["Type"] != "client"}
    if WANTED.items() <= seen.items():
        break
    assert time.time() < deadline, seen
    time.sleep(0.1)
print(
    json.dumps(
        {
            "start": START,
            "end": END,
            "nodes": [{"name": node["Name"], "type": node["Type"]} | counts(node) for node in services.values()],
            "edges": [
                {"from": node["Name"], "type": node["Type"], "to": services[edge["ReferenceId"]]["Name"]} | counts(edge)
                for node in services.values()
                for edge in node["Edges"]
            ],
        }
    )
)
