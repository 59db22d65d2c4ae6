"""OpenTelemetry as AWS distributes it: X-Ray's remote sampler, id generator and propagator, spans and metrics over the daemon's UDP port.

Prints as JSON what the SDK sampled by which rule, the id of a trace, and what it complained of. Everything goes to
AWS_XRAY_DAEMON_ADDRESS.
"""

import json
import logging
import os
import random
import sys
import time
import urllib.request

sys.path.append(os.path.join(sys.prefix, "adot"))

from amazon.opentelemetry.distro.otlp_udp_exporter import OTLPUdpMetricExporter, OTLPUdpSpanExporter
from amazon.opentelemetry.distro.sampler.aws_xray_remote_sampler import AwsXRayRemoteSampler
from opentelemetry import trace
from opentelemetry.propagators.aws import AwsXRayPropagator
from opentelemetry.sdk.extension.aws.trace import AwsXRayIdGenerator
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor


class Complaints(logging.Handler):
    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


daemon = os.environ["AWS_XRAY_DAEMON_ADDRESS"]
complaints = Complaints()
logging.getLogger().addHandler(complaints)
resource = Resource.create({"service.name": "adot-shop", "cloud.platform": "aws_ec2"})


def call(path, body):
    request = urllib.request.Request(f"http://{daemon}{path}", json.dumps(body).encode(), {"content-type": "application/json"})
    return json.load(urllib.request.urlopen(request))


def rule(name, priority, **members):
    anything = {"ServiceName": "*", "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*", "ResourceARN": "*"}
    call("/CreateSamplingRule", {"SamplingRule": {
        "RuleName": name, "Priority": priority, "FixedRate": 1, "ReservoirSize": 0, "Version": 1, **anything, **members,
    }})


rule("ready", 1, URLPath="/ready")
rule("never", 2, URLPath="/health*", FixedRate=0)
rule("machines", 3, ServiceType="AWS::EC2::Instance", HTTPMethod="POST", Attributes={"tier": "go?d"})
rule("others", 4, ServiceName="another-shop")
rule("half", 5, ServiceName="adot-*", HTTPMethod="GET", FixedRate=0.5)

sampler = AwsXRayRemoteSampler(resource=resource, endpoint=f"http://{daemon}", polling_interval=10)
deadline = time.time() + 60
# Before the rules have come one a second and one in twenty are sampled.
in_a_row = 0
while in_a_row < 20:
    assert time.time() < deadline, "no rules came"
    decision = sampler.should_sample(None, random.getrandbits(128), "probe", attributes={"url.path": "/ready"}).decision
    in_a_row = in_a_row + 1 if decision.is_sampled() else 0
    time.sleep(0.002)

provider = TracerProvider(sampler=sampler, id_generator=AwsXRayIdGenerator(), resource=resource)
provider.add_span_processor(SimpleSpanProcessor(OTLPUdpSpanExporter(endpoint=daemon)))
tracer = provider.get_tracer("shop")
sampled = {}


def requests(name, count, **attributes):
    for _ in range(count):
        with tracer.start_as_current_span(name, kind=trace.SpanKind.SERVER, attributes=attributes) as span:
            sampled[name] = sampled.get(name, 0) + span.get_span_context().trace_flags.sampled


requests("health", 40, **{"url.path": "/health/live", "http.request.method": "GET"})
requests("pay", 40, **{"url.path": "/pay", "http.request.method": "POST", "tier": "gold"})
requests("cart", 200, **{"url.path": "/cart", "http.request.method": "GET"})

# A callee in the same trace, over X-Ray's header.
with tracer.start_as_current_span("caller", attributes={"url.path": "/ready"}) as caller:
    carrier = {}
    AwsXRayPropagator().inject(carrier)
context = AwsXRayPropagator().extract(carrier)
with tracer.start_as_current_span("callee", context=context, attributes={"url.path": "/ready"}) as callee:
    same = callee.get_span_context().trace_id == caller.get_span_context().trace_id
trace_id = format(caller.get_span_context().trace_id, "032x")

# Spans that the sampler dropped travel too, marked; the metrics reader sends on shutdown.
dropped = TracerProvider(resource=resource)
dropped.add_span_processor(SimpleSpanProcessor(OTLPUdpSpanExporter(endpoint=daemon, sampled=False)))
with dropped.get_tracer("shop").start_as_current_span("dropped"):
    pass
meters = MeterProvider([PeriodicExportingMetricReader(OTLPUdpMetricExporter(endpoint=daemon), 3_600_000)], resource=resource)
meters.get_meter("shop").create_counter("adot.orders").add(3, {"tier": "gold"})
meters.shutdown()

# The sampler reports ten seconds after its start.
known = {}
while [known.get(name, {}).get("RequestCount") for name in ("never", "machines", "half")] != [40, 40, 200]:
    assert time.time() < deadline, known
    known = {}
    for summary in call("/SamplingStatisticSummaries", {})["SamplingStatisticSummaries"]:
        counts = known.setdefault(summary["RuleName"], {"RequestCount": 0, "SampledCount": 0})
        for name in counts:
            counts[name] += summary[name]
    time.sleep(0.2)
print(json.dumps({
    "sampled": sampled, "reported": known, "trace": f"1-{trace_id[:8]}-{trace_id[8:]}", "header": carrier["X-Amzn-Trace-Id"],
    "same": same, "complaints": complaints.lines,
}))
