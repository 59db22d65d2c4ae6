"""A counter, a gauge and two histograms of two hosts, by the SDK's instruments and its exporter, collected every minute of a clock that the arguments set:
endpoint, key, dataset, first minute (Unix seconds). Host b's process is started anew after the fifth minute. Prints what the exporter answered."""

import json
import sys

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics._internal import metric_reader_storage
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource

endpoint, key, dataset, start = sys.argv[1:5]
answers = []


class Exporter(OTLPMetricExporter):
    """Keeps what it answers."""

    def export(self, *arguments, **named):
        result = super().export(*arguments, **named)
        answers.append(result.name)
        return result


class Process:
    """One run of a program on a host: its counters begin at 0."""

    def __init__(self, host):
        headers = {"x-honeycomb-team": key, "x-honeycomb-dataset": dataset}
        exporter = Exporter(endpoint=f"{endpoint}/v1/metrics", headers=headers)
        self.reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
        resource = Resource.create({"service.name": "shop", "host.name": host})
        view = View(instrument_name="payload", aggregation=ExponentialBucketHistogramAggregation())
        self.provider = MeterProvider(
            resource=resource, metric_readers=[self.reader], views=[view], shutdown_on_exit=False
        )
        meter = self.provider.get_meter("python.tests", "1.0.0")
        self.requests = meter.create_counter("requests")
        self.queue = meter.create_gauge("queue")
        self.latency = meter.create_histogram("latency")
        self.payload = meter.create_histogram("payload")

    def minute(self, number, requests):
        self.requests.add(requests, {"route": "/cart", "code": 200})
        self.requests.add(1, {"route": "/cart", "code": 500})
        self.queue.set(number * 10)
        self.latency.record(3 if requests == 30 else 30)
        self.payload.record(100 if requests == 30 else 1_000)
        metric_reader_storage.time_ns = lambda: (int(start) + number * 60) * 1_000_000_000
        self.reader.force_flush()


a, b = Process("a"), Process("b")
for minute in range(11):
    a.minute(minute, 30)
    if minute == 6:
        b = Process("b")
    b.minute(minute, 60)
print(json.dumps(answers))
