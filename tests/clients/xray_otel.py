"""OpenTelemetry with X-Ray's id generator and propagator, whose callee is traced by X-Ray's SDK: one trace from both worlds.

Prints as JSON the id of the trace and what the SDKs complained of. OTLP goes to OTEL_EXPORTER_OTLP_ENDPOINT, documents to
AWS_XRAY_DAEMON_ADDRESS.
"""

import json
import logging

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.models.trace_header import TraceHeader
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagators.aws import AwsXRayPropagator
from opentelemetry.sdk.extension.aws.trace import AwsXRayIdGenerator
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


class Complaints(logging.Handler):
    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


complaints = Complaints()
logging.getLogger().addHandler(complaints)

provider = TracerProvider(id_generator=AwsXRayIdGenerator())
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("shop.caller")
xray_recorder.configure(service="shop.callee", sampling=False)

with tracer.start_as_current_span("call", kind=trace.SpanKind.CLIENT):
    carrier = {}
    AwsXRayPropagator().inject(carrier)
    header = TraceHeader.from_header_str(carrier["X-Amzn-Trace-Id"])
    segment = xray_recorder.begin_segment("shop.callee", traceid=header.root, parent_id=header.parent)
    # A subsegment that is sent alone, because its parent is another program's span.
    xray_recorder.end_segment()
provider.shutdown()
print(json.dumps({"trace": header.root, "parent": header.parent, "complaints": complaints.lines}))
