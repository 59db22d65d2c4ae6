"""Logs over OTLP/HTTP (protobuf, gzip) and spans with the exporters as they are. Arguments: endpoint, key."""

import json
import logging
import sys

from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

endpoint, key = sys.argv[1:3]
complaints = []


class Complaints(logging.Handler):
    def emit(self, record):
        if record.name.startswith("opentelemetry"):
            complaints.append(record.getMessage())


logging.getLogger().addHandler(Complaints(logging.WARNING))
provider = LoggerProvider(resource=Resource.create({"service.name": "http-logs"}))
exporter = OTLPLogExporter(
    endpoint=f"{endpoint}/v1/logs", headers={"x-honeycomb-team": key}, compression=Compression.Gzip
)
provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
logger = logging.getLogger("payments")
logger.setLevel(logging.INFO)
logger.addHandler(LoggingHandler(logger_provider=provider))
for number in range(40):
    logger.info("paid %d", number, extra={"amount": number * 1.25})
flushed = provider.force_flush()
provider.shutdown()
print(json.dumps({"flushed": flushed, "complaints": complaints}))
