"""boto3 puts six documents and reads them back by every reading operation; prints what it saw as JSON."""

import json
import os
import time
import urllib.request

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

# Unknown ids of every page, by the paginator too, which keeps the list of the first. One of them has log records and no span.
logged = "6a000000000000000000000000000099"
record = {"data": {"trace.trace_id": logged, "meta.signal_type": "log", "body": "hello"}}
batch = urllib.request.Request(
    os.environ["WAGGLE_ENDPOINT"] + "/1/batch/logs",
    json.dumps([record] * 20).encode(),
    {"content-type": "application/json", "x-honeycomb-team": os.environ["WAGGLE_KEY"]},
)
urllib.request.urlopen(batch).close()
strangers = [f"1-6a000000-0000000000000000000001{number:02d}" for number in range(13)]
friends = [f"1-6a001500-{number:024}" for number in range(7)]
put = [
    json.dumps({"name": "friend.example", "id": f"d{number:015}", "trace_id": friend, "start_time": 1778390200, "end_time": 1778390201})
    for number, friend in enumerate(friends)
]
assert client.put_trace_segments(TraceSegmentDocuments=put)["UnprocessedTraceSegments"] == []
asked = strangers[:6] + friends[:3] + [logged] + strangers[6:] + friends[3:]
paginator = client.get_paginator("batch_get_traces")
pages = list(paginator.paginate(TraceIds=asked))
whole = paginator.paginate(TraceIds=asked).build_full_result()
unknown = strangers[:6] + ["1-6a000000-000000000000000000000099"] + strangers[6:]
seen["all_unknown"] = [page["UnprocessedTraceIds"] == unknown for page in pages] + [whole["UnprocessedTraceIds"] == unknown]
seen["all_known"] = [trace["Id"] for trace in whole["Traces"]] == friends
# A page has five traces, however many ids nobody knows.
many = client.batch_get_traces(TraceIds=strangers + [T1, T2, T3])
seen["few_known"] = [len(many["Traces"]), len(many["UnprocessedTraceIds"]), "NextToken" in many]
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

# A segment in progress is in every graph, by whichever way it is made, and is counted in none.
SLOW = "1-6a001400-000000000000000000000001"
FAST = "1-6a001400-000000000000000000000002"
later = {"StartTime": 1778390000, "EndTime": 1778390060}
unfinished = [
    {"name": "slow.example", "id": "c100000000000001", "trace_id": SLOW, "start_time": 1778390010, "in_progress": True,
     "subsegments": [{"name": "bank.example", "id": "c100000000000002", "namespace": "remote", "start_time": 1778390011, "in_progress": True}]},
    {"name": "fast.example", "id": "c200000000000001", "trace_id": FAST, "start_time": 1778390010, "end_time": 1778390011},
]
client.put_trace_segments(TraceSegmentDocuments=[json.dumps(document) for document in unfinished])
client.create_group(GroupName="both", FilterExpression='service("slow.example") OR service("fast.example")')


def shown(services):
    names = {node["ReferenceId"]: node["Name"] + "/" + node["Type"] for node in services}
    return {
        names[node["ReferenceId"]]: [
            node.get("SummaryStatistics", {}).get("TotalCount"),
            {names[edge["ReferenceId"]]: edge["SummaryStatistics"]["TotalCount"] for edge in node["Edges"]},
        ]
        for node in services
    }


deadline = time.time() + 20
while len(client.get_service_graph(**later)["Services"]) < 5:
    assert time.time() < deadline, client.get_service_graph(**later)["Services"]
    time.sleep(0.05)
seen["unfinished"] = [
    shown(client.get_service_graph(**later)["Services"]),
    shown(client.get_service_graph(GroupName="both", **later)["Services"]),
    shown(client.get_trace_graph(TraceIds=[SLOW, FAST])["Services"]),
]
seen["unfinished_series"] = [
    [point["EdgeSummaryStatistics"]["TotalCount"] for point in answer["TimeSeriesServiceStatistics"]]
    for answer in [
        client.get_time_series_service_statistics(**later),
        client.get_time_series_service_statistics(GroupName="both", **later),
    ]
]
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
