"""Traces and logs over OTLP/gRPC with the SDK's exporters as they are. Arguments: endpoint, key, compression (none or gzip)."""

import json
import logging
import sys

import grpc
from opentelemetry._logs import set_logger_provider
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult, SimpleSpanProcessor

endpoint, key, compression = sys.argv[1:4]
options = {
    "endpoint": endpoint,
    "insecure": True,
    "headers": (("x-honeycomb-team", key),),
    "compression": grpc.Compression.Gzip if compression == "gzip" else grpc.Compression.NoCompression,
}
resource = Resource.create({"service.name": f"grpc-{compression}", "deployment.environment": "test"})
results = []


class Watched(SpanExporter):
    """Passes everything on and keeps what the exporter answered."""

    def __init__(self, inner):
        self.inner = inner

    def export(self, spans):
        result = self.inner.export(spans)
        results.append(result.name)
        return result

    def shutdown(self):
        self.inner.shutdown()


provider = TracerProvider(resource=resource)
provider.add_span_processor(SimpleSpanProcessor(Watched(OTLPSpanExporter(**options))))
tracer = provider.get_tracer("grpc.tests", "1.2.3")

logs = LoggerProvider(resource=resource)
set_logger_provider(logs)
logs.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter(**options)))
logger = logging.getLogger("shop")
logger.setLevel(logging.INFO)
logger.addHandler(LoggingHandler(logger_provider=logs))

for number in range(10):
    with tracer.start_as_current_span("root") as root:
        root.set_attribute("number", number)
        with tracer.start_as_current_span("child"):
            logger.warning("stock is low for %s", f"item-{number}", extra={"item": number})

logs.force_flush()
logs.shutdown()
provider.shutdown()
print(json.dumps({"results": results}))
