"""The Flask application of the README, instrumented as a user would, called a few times over HTTP.

Prints as JSON what the client side saw: answers, exporter warnings, whether the flush went through.
"""

import json
import logging
import threading

import requests
from flask import Flask
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from werkzeug.serving import make_server


class Complaints(logging.Handler):
    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        if record.name.startswith("opentelemetry"):
            self.lines.append(record.getMessage())


complaints = Complaints()
logging.getLogger().addHandler(complaints)

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("shop.backend")

app = Flask(__name__)
FlaskInstrumentor().instrument_app(app)
RequestsInstrumentor().instrument()


@app.route("/api/home")
def home():
    with tracer.start_as_current_span("home-activities") as span:
        span.set_attribute("app.user_id", "user-17")
        span.set_attribute("app.result_length", 3)
        span.set_attribute("app.cached", False)
        span.set_attribute("app.tags", ["a", "b"])
        span.add_event("cache miss", {"app.key": "home:17"})
    return {"inner": requests.get(f"http://127.0.0.1:{port}/api/inner", timeout=10).json()}


@app.route("/api/inner")
def inner():
    return {"ok": True}


@app.route("/api/boom")
def boom():
    raise ValueError("planted failure")


server = make_server("127.0.0.1", 0, app, threaded=True)
port = server.server_port
threading.Thread(target=server.serve_forever, daemon=True).start()

statuses = [requests.get(f"http://127.0.0.1:{port}/api/home", timeout=10).status_code for _ in range(20)]
statuses += [requests.get(f"http://127.0.0.1:{port}/api/boom", timeout=10).status_code for _ in range(3)]
server.shutdown()
flushed = provider.force_flush(10_000)
provider.shutdown()
print(json.dumps({"statuses": statuses, "flushed": flushed, "complaints": complaints.lines}))
