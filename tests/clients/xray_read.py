"""boto3 puts six documents and reads them back by every reading operation; prints what it saw as JSON."""

import json
import os
import time

import boto3

client = boto3.client("xray", endpoint_url=os.environ["WAGGLE_ENDPOINT"], region_name="eu-x-1")
documents = json.load(open(os.environ["WAGGLE_DOCUMENTS"]))
T1 = "1-6a000000-000000000000000000000001"
T2 = "1-6a00003c-000000000000000000000002"
T3 = "1-6a000078-000000000000000000000003"
RANGE = {"StartTime": 1778384880, "EndTime": 1778385060}
FILTERS = [
    "fault", "error", "throttle", "ok", 'annotation.tier = "gold"', "annotation.items > 2", 'user = "u-17"',
    'service("bank.example") { fault }', 'edge("shop.example","bank.example")',
    'service(id(type: "AWS::DynamoDB::Table"))', "inferred AND ok", "service() { responsetime >= 0.24 }",
    'http.url ENDSWITH "/cart" !throttle', 'rootcause.fault.exception { name = "BankDown" }',
    "!annotation.tier", 'group.name = "faulty"', "annotation.items = \"3\"",
]


def summaries(**more):
    pages = client.get_paginator("get_trace_summaries").paginate(**RANGE | more)
    return [summary for page in pages for summary in page["TraceSummaries"]]


seen = {"unprocessed": client.put_trace_segments(TraceSegmentDocuments=documents)["UnprocessedTraceSegments"]}
deadline = time.time() + 20
while len(summaries()) < 3 or client.batch_get_traces(TraceIds=[T1])["Traces"][0]["Duration"] != 0.26:
    assert time.time() < deadline, summaries()
    time.sleep(0.05)

client.create_group(GroupName="faulty", FilterExpression="fault")
seen["summaries"] = summaries()
seen["filters"] = {text: [summary["Id"] for summary in summaries(FilterExpression=text)] for text in FILTERS}
seen["sampled_none"] = len(summaries(Sampling=True, SamplingStrategy={"Name": "FixedRate", "Value": 0.0}))
seen["quarters"] = {
    kind: [
        [summary["Id"] for summary in summaries(TimeRangeType=kind, StartTime=start, EndTime=end)]
        for start, end in [(1778384896, 1778384900), (1778384900.1, 1778384900.2)]
    ]
    for kind in ["TraceId", "Event", "Service"]
}
traces = client.batch_get_traces(TraceIds=[T1, T2, T3, "1-6a000000-0000000000000000000000ff"])
seen["unknown"] = traces["UnprocessedTraceIds"]
seen["traces"] = [
    {
        "id": trace["Id"],
        "duration": trace["Duration"],
        "segments": [segment["Id"] for segment in trace["Segments"]],
        "verbatim": [segment["Document"] in documents for segment in trace["Segments"]],
    }
    for trace in traces["Traces"]
]
graph = client.get_service_graph(**RANGE)
names = {node["ReferenceId"]: node["Name"] + "/" + node["Type"] for node in graph["Services"]}
seen["graph"] = {
    names[node["ReferenceId"]]: {
        "total": node.get("SummaryStatistics", {}).get("TotalCount"),
        "time": node.get("SummaryStatistics", {}).get("TotalResponseTime"),
        "edges": {names[edge["ReferenceId"]]: edge["SummaryStatistics"]["TotalResponseTime"] for edge in node["Edges"]},
    }
    for node in graph["Services"]
}
seen["traces_graph"] = len(client.get_trace_graph(TraceIds=[T1])["Services"])
seen["group_graph"] = sorted(node["Name"] for node in client.get_service_graph(GroupName="faulty", **RANGE)["Services"])
seen["series"] = [
    point["EdgeSummaryStatistics"]["TotalCount"]
    for point in client.get_time_series_service_statistics(**RANGE)["TimeSeriesServiceStatistics"]
]
seen["service_series"] = [
    point["ServiceSummaryStatistics"]["FaultStatistics"]["TotalCount"]
    for point in client.get_time_series_service_statistics(
        EntitySelectorExpression='service(id(name: "bank.example", type: "remote"))', **RANGE
    )["TimeSeriesServiceStatistics"]
]
token = client.start_trace_retrieval(TraceIds=[T1, T2], **RANGE)["RetrievalToken"]
retrieved = client.list_retrieved_traces(RetrievalToken=token)
seen["retrieved"] = [retrieved["RetrievalStatus"], [len(trace["Spans"]) for trace in retrieved["Traces"]]]
spans = client.list_retrieved_traces(RetrievalToken=token, TraceFormat="OTEL")["Traces"]
seen["retrieved_otel"] = [
    [
        [span["Id"], document["name"], document["kind"], document.get("parentSpanId"), document["status"]["code"]]
        for span in trace["Spans"]
        for document in [json.loads(span["Document"])]
        if document["spanId"] == span["Id"] and document["traceId"] == trace["Id"][2:].replace("-", "")
        and int(document["endTimeUnixNano"]) > int(document["startTimeUnixNano"]) and len(span["Document"]) <= 204_800
    ]
    for trace in spans
]
seen["retrieved_graph"] = len(client.get_retrieved_traces_graph(RetrievalToken=token)["Services"])
client.cancel_trace_retrieval(RetrievalToken=token)
seen["cancelled"] = client.list_retrieved_traces(RetrievalToken=token)["RetrievalStatus"]
try:
    summaries(FilterExpression="fault >")
except client.exceptions.InvalidRequestException as error:
    seen["refusal"] = error.response["Error"]["Message"]
try:
    client.list_retrieved_traces(RetrievalToken="nobody")
except client.exceptions.ResourceNotFoundException as error:
    seen["missing"] = error.response["Error"]["Code"]

# A trace that OpenTelemetry's SDK sends, seen with X-Ray's eyes.
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider(resource=Resource.create({"service.name": "otel-shop"}))
exporter = OTLPSpanExporter(os.environ["WAGGLE_ENDPOINT"] + "/v1/traces", headers={"x-honeycomb-team": os.environ["WAGGLE_KEY"]})
provider.add_span_processor(BatchSpanProcessor(exporter))
tracer = provider.get_tracer("test")
began = time.time()
server = {"http.request.method": "GET", "http.response.status_code": 503, "url.full": "http://shop/pay", "cart.size": 3}
start_ns = time.time_ns()
root = tracer.start_span("GET /pay", kind=trace.SpanKind.SERVER, attributes=server, start_time=start_ns)
context = trace.set_span_in_context(root)
charge = {"peer.service": "otel-bank"}
child = tracer.start_span("charge", context, trace.SpanKind.CLIENT, charge, start_time=start_ns + 1_000_000)
child.end(start_ns + 11_000_000)
root.end(start_ns + 12_000_000)
otel_id = format(root.get_span_context().trace_id, "032x")
provider.shutdown()
found = summaries(StartTime=began - 5, EndTime=time.time() + 5, TimeRangeType="Event", FilterExpression='annotation.cart.size = 3 AND fault')
seen["otel"] = [
    {
        "is_it": summary["Id"].replace("-", "")[1:] == otel_id,
        "entry": summary["EntryPoint"]["Name"],
        "services": [service["Name"] + "/" + service["Type"] for service in summary["ServiceIds"]],
        "http": summary["Http"],
    }
    for summary in found
]
document = json.loads(client.batch_get_traces(TraceIds=[otel_id])["Traces"][0]["Segments"][0]["Document"])
seen["otel_document"] = [document["name"], document["fault"], document["subsegments"][0]["name"], document["subsegments"][0]["namespace"]]
print(json.dumps(seen, default=str))
