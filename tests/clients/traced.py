"""One span through whatever the OTEL_* variables ask for; `opentelemetry-instrument` reads them. Prints what the exporter said."""

import json
import logging

from opentelemetry import trace

complaints = []


class Complaints(logging.Handler):
    def emit(self, record):
        if record.name.startswith("opentelemetry"):
            complaints.append(record.getMessage())


logging.getLogger().addHandler(Complaints(logging.WARNING))
with trace.get_tracer("reports").start_as_current_span("nightly-report") as span:
    span.set_attribute("report.rows", 12)
provider = trace.get_tracer_provider()
flushed = provider.force_flush(10_000)
provider.shutdown()
print(json.dumps({"flushed": flushed, "complaints": complaints}))
