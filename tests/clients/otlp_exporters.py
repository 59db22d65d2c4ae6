"""Spans, log records and metrics with the SDK's exporters as they are. Arguments: protocol (proto, json or grpc), endpoint, key. Prints what
each exporter answered."""

import importlib
import json
import logging
import sys

from opentelemetry.metrics import Observation
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

protocol, endpoint, key = sys.argv[1:4]
headers = {"x-honeycomb-team": key, "x-honeycomb-dataset": f"python-metrics-{protocol}"}
package = {
    "proto": "opentelemetry.exporter.otlp.proto.http",
    "json": "opentelemetry.exporter.otlp.json.http",
    "grpc": "opentelemetry.exporter.otlp.proto.grpc",
}[protocol]
results = {"traces": [], "logs": [], "metrics": []}


def exporter(module, name, signal):
    """Makes an exporter that also keeps what it answers."""
    make = getattr(importlib.import_module(f"{package}.{module}"), name)
    if protocol == "grpc":
        made = make(endpoint=endpoint, insecure=True, headers=tuple(headers.items()))
    else:
        made = make(endpoint=f"{endpoint}/v1/{signal}", headers=headers)
    inner = made.export

    def export(*arguments, **named):
        result = inner(*arguments, **named)
        results[signal].append(result.name)
        return result

    made.export = export
    return made


resource = Resource.create({"service.name": f"python-{protocol}"})
provider = TracerProvider(resource=resource)
provider.add_span_processor(SimpleSpanProcessor(exporter("trace_exporter", "OTLPSpanExporter", "traces")))
for number in range(5):
    provider.get_tracer("python.tests", "1.0.0").start_span("work", attributes={"number": number}).end()
provider.shutdown()

loggers = LoggerProvider(resource=resource)
loggers.add_log_record_processor(SimpleLogRecordProcessor(exporter("_log_exporter", "OTLPLogExporter", "logs")))
logger = logging.getLogger("python.tests")
logger.addHandler(LoggingHandler(logger_provider=loggers))
for number in range(5):
    logger.warning("stock is low for item-%d", number, extra={"number": number})
loggers.shutdown()

reader = PeriodicExportingMetricReader(
    exporter("metric_exporter", "OTLPMetricExporter", "metrics"), export_interval_millis=3_600_000
)
meters = MeterProvider(
    resource=resource,
    metric_readers=[reader],
    views=[
        View(instrument_name="latency", aggregation=ExplicitBucketHistogramAggregation([10, 20, 40])),
        View(instrument_name="payload", aggregation=ExponentialBucketHistogramAggregation()),
    ],
    shutdown_on_exit=False,
)
meter = meters.get_meter("python.tests", "1.0.0")
requests = meter.create_counter("requests")
open_now = meter.create_up_down_counter("open")
latency = meter.create_histogram("latency", unit="ms")
payload = meter.create_histogram("payload", unit="By")
meter.create_observable_gauge("temperature", [lambda options: [Observation(21.5, {"route": "/cart"})]])
for number in range(40):
    requests.add(1, {"route": "/cart"})
    open_now.add(-1 if number % 2 else 2, {"route": "/cart"})
    latency.record(number, {"route": "/cart"})
    payload.record(2 ** (number % 8), {"route": "/cart"})
requests.add(7, {"route": "/home"})
reader.force_flush()
print(json.dumps(results))
