"""A Flask application traced by the X-Ray SDK as its guide says, called over HTTP by a traced client, with a segment that is streamed.

Prints as JSON what the client side saw: answers, trace ids, complaints of the SDK. The SDK reads AWS_XRAY_DAEMON_ADDRESS itself.
"""

import json
import logging
import threading

import requests
from aws_xray_sdk.core import patch, xray_recorder
from aws_xray_sdk.ext.flask.middleware import XRayMiddleware
from flask import Flask
from werkzeug.serving import make_server


class Complaints(logging.Handler):
    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        if record.name.startswith("aws_xray_sdk"):
            self.lines.append(record.getMessage())


complaints = Complaints()
logging.getLogger().addHandler(complaints)

xray_recorder.configure(service="shop.flask", sampling=False, context_missing="LOG_ERROR")
patch(("requests",))

app = Flask(__name__)
XRayMiddleware(app, xray_recorder)


@app.get("/cart")
def cart():
    document = xray_recorder.current_segment()
    document.set_user("u-17")
    document.put_annotation("tier", "gold")
    document.put_annotation("items", 3)
    document.put_metadata("cart", {"lines": [{"sku": "a"}], "total": 12.5})
    requests.get(f"{address}/price", timeout=10)
    return "cart"


@app.get("/price")
def price():
    with xray_recorder.in_subsegment("look up") as subsegment:
        subsegment.put_annotation("kind", "table")
    return "price"


@app.get("/boom")
def boom():
    raise ValueError("planted failure")


@app.get("/many")
def many():
    for number in range(40):
        with xray_recorder.in_subsegment(f"step {number}"):
            pass
    return "many"


server = make_server("127.0.0.1", 0, app, threaded=True)
address = f"http://127.0.0.1:{server.server_port}"
threading.Thread(target=server.serve_forever, daemon=True).start()

statuses = []
traces = []
plain = requests.Session()
for path in ["/cart", "/boom", "/many"]:
    segment = xray_recorder.begin_segment("shop.client")
    statuses.append(plain.get(address + path, timeout=10).status_code)
    traces.append(segment.trace_id)
    xray_recorder.end_segment()
server.shutdown()
print(json.dumps({"statuses": statuses, "traces": traces, "complaints": complaints.lines}))
