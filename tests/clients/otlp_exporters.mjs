// Spans, log records and metrics with OpenTelemetry's JavaScript exporters as they are. Arguments: protocol (proto, json or grpc), endpoint,
// key. Prints what each exporter answered.
import { SeverityNumber } from '@opentelemetry/api-logs';
import { OTLPLogExporter as GrpcLogs } from '@opentelemetry/exporter-logs-otlp-grpc';
import { OTLPLogExporter as JsonLogs } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtoLogs } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter as GrpcMetrics } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPMetricExporter as JsonMetrics } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtoMetrics } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as GrpcTraces } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonTraces } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtoTraces } from '@opentelemetry/exporter-trace-otlp-proto';
import { createRequire } from 'node:module';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { AggregationType, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';

const [protocol, endpoint, key] = process.argv.slice(2);
const exporters = {
  proto: [ProtoTraces, ProtoLogs, ProtoMetrics],
  json: [JsonTraces, JsonLogs, JsonMetrics],
  grpc: [GrpcTraces, GrpcLogs, GrpcMetrics],
}[protocol];

function options(path) {
  const headers = { 'x-honeycomb-team': key, 'x-honeycomb-dataset': `node-metrics-${protocol}` };
  if (protocol !== 'grpc') return { url: `${endpoint}${path}`, headers };
  const { Metadata } = createRequire(createRequire(import.meta.url).resolve('@opentelemetry/exporter-trace-otlp-grpc'))('@grpc/grpc-js');
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return { url: endpoint, metadata };
}

const results = { traces: [], logs: [], metrics: [] };
function watch(exporter, signal) {
  const inner = exporter.export.bind(exporter);
  exporter.export = (items, done) =>
    inner(items, (result) => {
      results[signal].push([result.code, result.error ? String(result.error) : null]);
      done(result);
    });
  return exporter;
}

const resource = resourceFromAttributes({ 'service.name': `node-${protocol}` });
const traces = watch(new exporters[0](options('/v1/traces')), 'traces');
const provider = new BasicTracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor(traces)] });
for (let number = 0; number < 5; number++)
  provider.getTracer('node.tests', '1.0.0').startSpan('work', { attributes: { number } }).end();
await provider.forceFlush();

const logs = watch(new exporters[1](options('/v1/logs')), 'logs');
const loggers = new LoggerProvider({ resource, processors: [new SimpleLogRecordProcessor({ exporter: logs })] });
for (let number = 0; number < 5; number++)
  loggers.getLogger('node.tests').emit({
    severityNumber: SeverityNumber.WARN,
    severityText: 'WARN',
    body: `stock is low for item-${number}`,
    attributes: { number },
  });
await loggers.forceFlush();

const metrics = watch(new exporters[2](options('/v1/metrics')), 'metrics');
const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 3_600_000 });
const meters = new MeterProvider({
  resource,
  readers: [reader],
  views: [{ instrumentName: 'payload', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
});
const meter = meters.getMeter('node.tests', '1.0.0');
const requests = meter.createCounter('requests');
const open = meter.createUpDownCounter('open');
const latency = meter.createHistogram('latency', { unit: 'ms', advice: { explicitBucketBoundaries: [10, 20, 40] } });
const payload = meter.createHistogram('payload', { unit: 'By' });
meter.createObservableGauge('temperature').addCallback((result) => result.observe(21.5, { route: '/cart' }));
for (let number = 0; number < 40; number++) {
  requests.add(1, { route: '/cart' });
  open.add(number % 2 ? -1 : 2, { route: '/cart' });
  latency.record(number, { route: '/cart' });
  payload.record(2 ** (number % 8), { route: '/cart' });
}
requests.add(7, { route: '/home' });
await reader.forceFlush();
await provider.shutdown();
await loggers.shutdown();
// The meters are not shut down: they would send everything once more.
console.log(JSON.stringify(results));
process.exit(0);
