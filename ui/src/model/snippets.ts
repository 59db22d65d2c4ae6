// The copy-and-paste texts of the Send data screen, filled with this server's addresses, a key and a service name.

export interface SnippetInput {
  origin: string;
  grpc: string | null;
  key: string;
  service: string;
  dataset: string;
}
export interface Block {
  title: string;
  language: 'shell' | 'python' | 'javascript';
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
const python = (value: string): string => JSON.stringify(value);
/** Scheme and host of a gRPC listener as exporters want it. */
const grpcUrl = (address: string): string => (/^https?:/.test(address) ? address : `http://${address}`);

export const GUIDES: readonly Guide[] = [
  {
    id: 'flask',
    label: 'OpenTelemetry Python Flask',
    intro: 'Traces a Flask app and its outgoing HTTP calls with the OpenTelemetry packages from PyPI as they are.',
    blocks: ({ origin, key, service }) => [
      {
        title: 'Install the packages',
        language: 'shell',
        text: 'pip install flask requests \\\n  opentelemetry-api opentelemetry-sdk opentelemetry-exporter-otlp-proto-http \\\n  opentelemetry-instrumentation-flask opentelemetry-instrumentation-requests',
      },
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
    id: 'otel',
    label: 'OpenTelemetry, other languages',
    intro: 'Any OpenTelemetry SDK or Collector reads these variables. The service name becomes the dataset.',
    blocks: ({ origin, grpc, key, service }) => [
      {
        title: 'OTLP over HTTP',
        language: 'shell',
        text: exports([
          ['OTEL_EXPORTER_OTLP_ENDPOINT', origin],
          ['OTEL_EXPORTER_OTLP_PROTOCOL', 'http/protobuf'],
          ['OTEL_EXPORTER_OTLP_HEADERS', `x-honeycomb-team=${key}`],
          ['OTEL_SERVICE_NAME', service],
        ]),
      },
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
    id: 'libhoney-py',
    label: 'libhoney for Python',
    intro: 'The Honeycomb client library, pointed at this server.',
    blocks: ({ origin, key, dataset }) => [
      { title: 'Install', language: 'shell', text: 'pip install libhoney' },
      {
        title: 'send.py',
        language: 'python',
        text: `import libhoney

libhoney.init(writekey=${python(key)}, dataset=${python(dataset)}, api_host=${python(origin)})
event = libhoney.new_event()
event.add({"name": "checkout", "duration_ms": 153.12, "cart.items": 3})
event.send()
libhoney.close()`,
      },
    ],
  },
  {
    id: 'libhoney-js',
    label: 'libhoney for JavaScript',
    intro: 'The Honeycomb client library, pointed at this server.',
    blocks: ({ origin, key, dataset }) => [
      { title: 'Install', language: 'shell', text: 'npm install libhoney' },
      {
        title: 'send.mjs',
        language: 'javascript',
        text: `import Libhoney from 'libhoney';

const honey = new Libhoney({ writeKey: ${python(key)}, dataset: ${python(dataset)}, apiHost: ${python(origin)} });
const event = honey.newEvent();
event.add({ name: 'checkout', duration_ms: 153.12, 'cart.items': 3 });
event.send();
await honey.flush();`,
      },
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
