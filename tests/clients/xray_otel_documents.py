"""A span of OpenTelemetry with what went wrong in it, a call of AWS and one of a database, read back by boto3 as X-Ray's documents.

Prints as JSON the documents, the summary, and what was retrieved in both forms. OTLP goes to OTEL_EXPORTER_OTLP_ENDPOINT.
"""

import json
import os
import time

import boto3
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.extension.aws.trace import AwsXRayIdGenerator
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

resource = Resource.create({
    "service.name": "shop", "service.version": "1.4.2", "cloud.provider": "aws", "cloud.platform": "aws_ec2", "host.id": "i-0aa",
    "cloud.region": "eu-x-1", "team": "carts",
})
provider = TracerProvider(resource=resource, id_generator=AwsXRayIdGenerator())
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), max_queue_size=4_096))
tracer = provider.get_tracer("shop")


def find_cart():
    try:
        raise KeyError("cart 7")
    except KeyError as error:
        raise RuntimeError("no cart") from error


other = trace.SpanContext(0x6A00003C000000000000000000000002, 0xB100000000000001, True)
server = {"http.request.method": "GET", "url.full": "http://shop/cart", "http.response.status_code": 500}
with tracer.start_as_current_span("GET /cart", kind=trace.SpanKind.SERVER, attributes=server) as root:
    aws = {"rpc.system": "aws-api", "aws.service": "DynamoDB", "rpc.method": "GetItem", "aws.table.name": "carts"}
    with tracer.start_as_current_span("DynamoDB.GetItem", kind=trace.SpanKind.CLIENT, attributes=aws):
        pass
    sql = {"db.system": "postgresql", "db.name": "ledger", "db.statement": "SELECT 1"}
    with tracer.start_as_current_span("SELECT", kind=trace.SpanKind.CLIENT, attributes=sql):
        pass
    try:
        with tracer.start_as_current_span("find", links=[trace.Link(other, {"why": "retry"})]) as span:
            span.add_event("looked up", {"try": 2})
            find_cart()
    except RuntimeError:
        root.set_status(trace.StatusCode.ERROR)
with tracer.start_as_current_span("wide", kind=trace.SpanKind.SERVER) as wide:
    for number in range(400):
        with tracer.start_as_current_span("part", attributes={"note": "x" * 1_000}):
            pass
    # Every queue has an end.
    provider.force_flush()
provider.shutdown()

text = format(root.get_span_context().trace_id, "032x")
trace_id = f"1-{text[:8]}-{text[8:]}"
client = boto3.client("xray", endpoint_url=os.environ["WAGGLE_ENDPOINT"], region_name="eu-x-1")
now = time.time()
found = {"StartTime": now - 600, "EndTime": now + 60, "TimeRangeType": "Event"}
deadline = now + 20
while len(summaries := client.get_trace_summaries(**found)["TraceSummaries"]) < 2:
    assert time.time() < deadline
    time.sleep(0.05)
segments = client.batch_get_traces(TraceIds=[trace_id])["Traces"][0]["Segments"]
token = client.start_trace_retrieval(TraceIds=[trace_id], StartTime=now - 600, EndTime=now)["RetrievalToken"]


def retrieved(form):
    traces = client.list_retrieved_traces(RetrievalToken=token, TraceFormat=form)["Traces"]
    return [json.loads(span["Document"]) for span in traces[0]["Spans"]]


def all_retrieved(form):
    """How many documents each page of the wide trace has, and how many spans are in them."""
    pages, more, spans = [], {}, 0
    while True:
        answer = client.list_retrieved_traces(RetrievalToken=wide_token, TraceFormat=form, **more)
        documents = [span["Document"] for found in answer["Traces"] for span in found["Spans"]]
        assert all(len(document) <= 204_800 for document in documents)
        pages.append(len(documents))
        spans += sum(document.count('"note"') for document in documents)
        if "NextToken" not in answer:
            return [pages, spans]
        more = {"NextToken": answer["NextToken"]}


text = format(wide.get_span_context().trace_id, "032x")
wide_id = f"1-{text[:8]}-{text[8:]}"
wide_token = client.start_trace_retrieval(TraceIds=[wide_id], StartTime=now - 600, EndTime=now)["RetrievalToken"]

print(json.dumps({
    "file": __file__,
    "wide": {form: all_retrieved(form) for form in ["XRAY", "OTEL"]},
    "segments": [json.loads(segment["Document"]) for segment in segments],
    "causes": [cause for summary in summaries if summary["Id"] == trace_id for cause in summary["FaultRootCauses"]],
    "xray": retrieved("XRAY"),
    "otel": retrieved("OTEL"),
}))
