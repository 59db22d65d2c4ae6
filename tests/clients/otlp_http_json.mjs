// Spans over OTLP/HTTP as JSON with OpenTelemetry's JavaScript exporter as it is. Arguments: origin, key, compression (none or gzip).
// Prints what the exporter answered and the spans as the SDK held them.
import { SpanKind, SpanStatusCode, context, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

const [origin, key, compression] = process.argv.slice(2);
const exporter = new OTLPTraceExporter({
  url: `${origin}/v1/traces`,
  headers: { 'x-honeycomb-team': key },
  compression,
});
const results = [];
const sent = [];
const nanoseconds = ([seconds, rest]) => String(BigInt(seconds) * 1_000_000_000n + BigInt(rest));
const watched = {
  export(spans, done) {
    for (const span of spans) {
      sent.push({
        trace_id: span.spanContext().traceId,
        span_id: span.spanContext().spanId,
        parent_id: span.parentSpanContext?.spanId ?? null,
        name: span.name,
        start_ns: nanoseconds(span.startTime),
        duration_ns: nanoseconds(span.duration),
      });
    }
    exporter.export(spans, (result) => {
      results.push([result.code, result.error ? String(result.error) : null]);
      done(result);
    });
  },
  forceFlush: () => exporter.forceFlush(),
  shutdown: () => exporter.shutdown(),
};
const provider = new BasicTracerProvider({
  resource: defaultResource().merge(
    resourceFromAttributes({ 'service.name': `javascript-${compression}`, 'deployment.environment': 'test' }),
  ),
  spanProcessors: [new BatchSpanProcessor(watched)],
});
const tracer = provider.getTracer('checkout.tests', '4.5.6');

// Times a clock of milliseconds or doubles cannot hold, so that a lost digit shows.
const second = Math.floor(Date.now() / 1000) - 60;
for (let number = 0; number < 20; number++) {
  const root = tracer.startSpan('POST /checkout', { kind: SpanKind.SERVER, startTime: [second, 123_456_700 + number] });
  root.setAttributes({
    'cart.items': number,
    'cart.total': number + 0.25,
    'user.vip': number % 2 === 0,
    'user.id': `user-${number} "ü"`,
    'cart.skus': ['a', 'b'],
  });
  const child = tracer.startSpan('charge', { startTime: [second, 200_000_001] }, trace.setSpan(context.active(), root));
  child.addEvent('declined', { 'card.kind': 'visa' }, [second, 200_000_002]);
  child.setStatus({ code: SpanStatusCode.ERROR, message: 'card declined' });
  child.end([second, 300_000_003]);
  root.end([second + 1, 123_456_701 + number]);
}
await provider.forceFlush();
await provider.shutdown();
console.log(JSON.stringify({ results, sent }));
