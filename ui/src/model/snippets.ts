// The copy-and-paste texts of the Send data screen, filled with this server's addresses, a key and a service name.

export interface SnippetInput {
  origin: string;
  grpc: string | null;
  /** Where X-Ray's daemon protocol is taken. */
  xray: string | null;
  /** Slugs of the team and the environment. */
  team: string;
  environment: string;
  key: string;
  service: string;
  dataset: string;
}
export interface Block {
  title: string;
  language: 'shell' | 'python' | 'javascript' | 'yaml' | 'go';
  text: string;
}
export interface Guide {
  id: string;
  label: string;
  intro: string;
  blocks: (input: SnippetInput) => Block[];
}

const exports = (pairs: [string, string][]): string =>
  pairs.map(([name, value]) => `export ${name}=${quote(value)}`).join('\n');
const quote = (value: string): string =>
  /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
/** A text in quotation marks, as Python, JavaScript and YAML read it. */
const quoted = (value: string): string => JSON.stringify(value);
/** Scheme and host of a gRPC listener as exporters want it. */
const grpcUrl = (address: string): string => (/^https?:/.test(address) ? address : `http://${address}`);
const otlpHttp = ({ origin, key, service }: SnippetInput): string =>
  exports([
    ['OTEL_EXPORTER_OTLP_ENDPOINT', origin],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'http/protobuf'],
    ['OTEL_EXPORTER_OTLP_HEADERS', `x-honeycomb-team=${key}`],
    ['OTEL_SERVICE_NAME', service],
  ]);
/** Installs Python packages where no system forbids it: Debian, Ubuntu and Homebrew refuse `pip install` outside of an environment. */
const pip = (...packages: string[]): Block => ({
  title: 'Install the packages',
  language: 'shell',
  text: `python3 -m venv .venv && . .venv/bin/activate\npip install ${packages.join(' \\\n  ')}`,
});
/** The Flask app of the X-Ray guide, sending to a daemon's address. */
const flaskToDaemon = (address: string, service: string): string =>
  `${exports([
    ['AWS_XRAY_DAEMON_ADDRESS', address],
    ['AWS_XRAY_TRACING_NAME', service],
  ])}\nflask run --port 5000`;

export const GUIDES: readonly Guide[] = [
  {
    id: 'flask',
    label: 'OpenTelemetry Python Flask',
    intro: 'Traces a Flask app and its outgoing HTTP calls with the OpenTelemetry packages from PyPI as they are.',
    blocks: ({ origin, key, service }) => [
      pip(
        'flask requests',
        'opentelemetry-api opentelemetry-sdk opentelemetry-exporter-otlp-proto-http',
        'opentelemetry-instrumentation-flask opentelemetry-instrumentation-requests',
      ),
      {
        title: 'app.py',
        language: 'python',
        text: `from flask import Flask
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)

app = Flask(__name__)
FlaskInstrumentor().instrument_app(app)
RequestsInstrumentor().instrument()


@app.get("/")
def index():
    return "hello\\n"`,
      },
      {
        title: 'Run it',
        language: 'shell',
        text: `${exports([
          ['OTEL_EXPORTER_OTLP_ENDPOINT', origin],
          ['OTEL_EXPORTER_OTLP_HEADERS', `x-honeycomb-team=${key}`],
          ['OTEL_SERVICE_NAME', service],
        ])}\nflask run --port 5000`,
      },
      { title: 'Send it a request, from another terminal', language: 'shell', text: 'curl http://127.0.0.1:5000/' },
    ],
  },
  {
    id: 'node',
    label: 'OpenTelemetry Node.js',
    intro:
      'Begin in an empty folder. Traces the HTTP server, outgoing calls and many libraries of an app without a line of code in it.',
    blocks: ({ origin, key, service }) => [
      {
        title: 'Install the packages',
        language: 'shell',
        text: 'npm install express @opentelemetry/api @opentelemetry/auto-instrumentations-node',
      },
      {
        title: 'app.js',
        language: 'javascript',
        text: `const express = require('express');

const app = express();
app.get('/', (request, response) => response.send('hello\\n'));
app.listen(3000);`,
      },
      {
        title: 'Run it',
        language: 'shell',
        text: `${exports([
          ['OTEL_EXPORTER_OTLP_ENDPOINT', origin],
          ['OTEL_EXPORTER_OTLP_HEADERS', `x-honeycomb-team=${key}`],
          ['OTEL_SERVICE_NAME', service],
        ])}\nnode --require @opentelemetry/auto-instrumentations-node/register app.js`,
      },
      { title: 'Send it a request, from another terminal', language: 'shell', text: 'curl http://127.0.0.1:3000/' },
    ],
  },
  {
    id: 'otel',
    label: 'OpenTelemetry, other languages',
    intro: 'Any OpenTelemetry SDK reads these variables. The service name becomes the dataset.',
    blocks: ({ grpc, key, service, ...input }) => [
      { title: 'OTLP over HTTP', language: 'shell', text: otlpHttp({ grpc, key, service, ...input }) },
      ...(grpc
        ? [
            {
              title: 'OTLP over gRPC',
              language: 'shell' as const,
              text: exports([
                ['OTEL_EXPORTER_OTLP_ENDPOINT', grpcUrl(grpc)],
                ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
                ['OTEL_EXPORTER_OTLP_HEADERS', `x-honeycomb-team=${key}`],
                ['OTEL_SERVICE_NAME', service],
              ]),
            },
          ]
        : []),
    ],
  },
  {
    id: 'go',
    label: 'OpenTelemetry Go',
    intro: 'Begin in an empty folder. The exporter reads the variables; the program names no address and no key.',
    blocks: (input) => [
      {
        title: 'Install the packages',
        language: 'shell',
        text: `go mod init example.com/checkout
go get go.opentelemetry.io/otel \\
  go.opentelemetry.io/otel/sdk \\
  go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp`,
      },
      {
        title: 'main.go',
        language: 'go',
        text: `package main

import (
	"context"
	"log"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

func main() {
	ctx := context.Background()
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		log.Fatal(err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter))
	otel.SetTracerProvider(provider)

	_, span := otel.Tracer("checkout").Start(ctx, "checkout")
	span.End()

	if err := provider.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
}`,
      },
      { title: 'Run it', language: 'shell', text: `${otlpHttp(input)}\ngo run .` },
    ],
  },
  {
    id: 'collector',
    label: 'OpenTelemetry Collector',
    intro:
      'Takes OTLP from the apps beside it and passes it on; otelcol-contrib reads the same file. The ports are not 4317 and 4318, so that it can share a machine with this server.',
    blocks: ({ origin, key, service }) => [
      {
        title: 'config.yaml',
        language: 'yaml',
        text: `receivers:
  otlp:
    protocols:
      grpc:
        endpoint: 127.0.0.1:14317
      http:
        endpoint: 127.0.0.1:14318

processors:
  batch:

exporters:
  # Every version knows this name; those from 0.144 on prefer otlp_http.
  otlphttp:
    endpoint: ${quoted(origin)}
    headers:
      x-honeycomb-team: ${quoted(key)}

service:
  pipelines:
    traces:
      receivers: [otlp]
      processors: [batch]
      exporters: [otlphttp]
    metrics:
      receivers: [otlp]
      processors: [batch]
      exporters: [otlphttp]
    logs:
      receivers: [otlp]
      processors: [batch]
      exporters: [otlphttp]`,
      },
      { title: 'Run it', language: 'shell', text: 'otelcol --config config.yaml' },
      {
        title: 'For each app that sends to it',
        language: 'shell',
        text: exports([
          ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:14318'],
          ['OTEL_EXPORTER_OTLP_PROTOCOL', 'http/protobuf'],
          ['OTEL_SERVICE_NAME', service],
        ]),
      },
    ],
  },
  {
    id: 'xray',
    label: 'AWS X-Ray SDKs',
    intro:
      'X-Ray’s SDKs send to a daemon, by UDP. This server takes its place, or a relay on another machine does. Every SDK reads these variables.',
    blocks: ({ origin, xray, key, service }) => [
      pip('flask aws-xray-sdk'),
      {
        title: 'app.py',
        language: 'python',
        text: `from aws_xray_sdk.core import patch_all, xray_recorder
from aws_xray_sdk.ext.flask.middleware import XRayMiddleware
from flask import Flask

app = Flask(__name__)
patch_all()
XRayMiddleware(app, xray_recorder)


@app.get("/")
def index():
    return "hello\\n"`,
      },
      ...(xray
        ? [
            {
              title: 'Run it on the machine of this server',
              language: 'shell' as const,
              text: flaskToDaemon(xray, service),
            },
          ]
        : []),
      {
        title: 'On another machine: a relay in the place of AWS’s daemon',
        language: 'shell',
        text: `waggle xray-relay --endpoint ${quote(origin)} --api-key ${quote(key)}`,
      },
      {
        title: 'Run it beside the relay',
        language: 'shell',
        text: flaskToDaemon('127.0.0.1:2000', service),
      },
      { title: 'Send it a request, from another terminal', language: 'shell', text: 'curl http://127.0.0.1:5000/' },
    ],
  },
  {
    id: 'aws',
    label: 'AWS CLI and boto3',
    intro:
      'AWS’s own tools read and write traces at this server. They sign with an AWS key that this server made, not with the API key above.',
    blocks: ({ origin, team, environment, service }) => [
      pip('awscli boto3'),
      {
        title: 'Make a key, in the folder of the server',
        language: 'shell',
        text: `waggle key create ${quote(service)} --kind aws --team ${quote(team)} --environment ${quote(environment)}`,
      },
      {
        title: 'Name the endpoint and the key; any region will do',
        language: 'shell',
        text: exports([
          ['AWS_ENDPOINT_URL_XRAY', origin],
          ['AWS_ACCESS_KEY_ID', 'YOUR_ACCESS_KEY_ID'],
          ['AWS_SECRET_ACCESS_KEY', 'YOUR_SECRET_ACCESS_KEY'],
          ['AWS_DEFAULT_REGION', 'us-east-1'],
        ]),
      },
      {
        title: 'send.py',
        language: 'python',
        text: `import json
import secrets
import time

import boto3

xray = boto3.client("xray", endpoint_url=${quoted(origin)})
now = time.time()
segment = {
    "name": ${quoted(service)},
    "id": secrets.token_hex(8),
    "trace_id": f"1-{int(now):08x}-{secrets.token_hex(12)}",
    "start_time": now - 0.15312,
    "end_time": now,
}
refused = xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(segment)])["UnprocessedTraceSegments"]
assert not refused, refused`,
      },
      { title: 'Run it', language: 'shell', text: 'python send.py' },
      {
        title: 'Traces of the last hour',
        language: 'shell',
        text: `aws xray get-trace-summaries \\
  --start-time $(($(date +%s) - 3600)) --end-time $(date +%s)`,
      },
    ],
  },
  {
    id: 'libhoney-py',
    label: 'libhoney for Python',
    intro: 'The Honeycomb client library, pointed at this server.',
    blocks: ({ origin, key, dataset }) => [
      pip('libhoney'),
      {
        title: 'send.py',
        language: 'python',
        text: `import libhoney

libhoney.init(writekey=${quoted(key)}, dataset=${quoted(dataset)}, api_host=${quoted(origin)})
event = libhoney.new_event()
event.add({"name": "checkout", "duration_ms": 153.12, "cart.items": 3})
event.send()
libhoney.close()`,
      },
      { title: 'Run it', language: 'shell', text: 'python send.py' },
    ],
  },
  {
    id: 'libhoney-js',
    label: 'libhoney for JavaScript',
    intro: 'The Honeycomb client library, pointed at this server.',
    blocks: ({ origin, key, dataset }) => [
      { title: 'Install the packages', language: 'shell', text: 'npm install libhoney' },
      {
        title: 'send.mjs',
        language: 'javascript',
        text: `import Libhoney from 'libhoney';

const honey = new Libhoney({ writeKey: ${quoted(key)}, dataset: ${quoted(dataset)}, apiHost: ${quoted(origin)} });
const event = honey.newEvent();
event.add({ name: 'checkout', duration_ms: 153.12, 'cart.items': 3 });
event.send();
await honey.flush();`,
      },
      { title: 'Run it', language: 'shell', text: 'node send.mjs' },
    ],
  },
  {
    id: 'curl',
    label: 'curl',
    intro: 'One event, or many at once, as JSON.',
    blocks: ({ origin, key, dataset }) => [
      {
        title: 'One event',
        language: 'shell',
        text: `curl ${quote(`${origin}/1/events/${encodeURIComponent(dataset)}`)} \\
  -H ${quote(`X-Honeycomb-Team: ${key}`)} \\
  -H 'Content-Type: application/json' \\
  -d '{"name": "checkout", "duration_ms": 153.12, "cart.items": 3}'`,
      },
      {
        title: 'A batch',
        language: 'shell',
        text: `curl ${quote(`${origin}/1/batch/${encodeURIComponent(dataset)}`)} \\
  -H ${quote(`X-Honeycomb-Team: ${key}`)} \\
  -H 'Content-Type: application/json' \\
  -d '[{"data": {"name": "checkout", "duration_ms": 153.12}},
       {"data": {"name": "checkout", "duration_ms": 98.4}, "samplerate": 2}]'`,
      },
    ],
  },
];
