// Fetches and decodes a trace away from the main thread. The rows stay here; the page gets the arrays, and the fields of one
// span when it asks for them.
import { valueText } from '../model/format';
import type { EventRow } from '../model/result';
import { buildTrace, traceBuffers } from '../model/trace';
import { getTrace } from './calls';
import { ApiError } from './http';
import type { TraceReply, TraceRequest } from './trace-client';

let rows: EventRow[] = [];
let nodeRows = new Int32Array();
let eventRows = new Int32Array();
let eventNodes = new Int32Array();

const send = (reply: TraceReply, transfer: Transferable[] = []) =>
  (self as unknown as { postMessage(m: unknown, t: Transferable[]): void }).postMessage(reply, transfer);

self.onmessage = async (message: MessageEvent<TraceRequest>) => {
  const request = message.data;
  if (request.ask === 'load') {
    try {
      const answer = await getTrace(request.env, request.traceId, request.start, request.end, request.limit);
      rows = answer.rows;
      const trace = buildTrace(answer.trace_id, rows, answer.total_rows);
      nodeRows = trace.row.slice();
      eventRows = trace.eventRow.slice();
      eventNodes = trace.eventNode.slice();
      send({ id: request.id, trace }, traceBuffers(trace));
    } catch (cause) {
      const error =
        cause instanceof ApiError ? cause : new ApiError(0, cause instanceof Error ? cause.message : String(cause));
      send({ id: request.id, error: { status: error.status, message: error.message, requestId: error.requestId } });
    }
  } else if (request.ask === 'rows') {
    send({ id: request.id, rows: request.rows.map((i) => rows[i]!) });
  } else {
    const wanted = request.text.toLowerCase();
    const matches = new Uint8Array(nodeRows.length);
    const has = (row: number) =>
      row >= 0 &&
      Object.entries(rows[row]!.data).some(
        ([, value]) => value !== null && valueText(value).toLowerCase().includes(wanted),
      );
    for (let node = 0; node < nodeRows.length; node++) if (has(nodeRows[node]!)) matches[node] = 1;
    for (let i = 0; i < eventRows.length; i++)
      if (eventNodes[i]! >= 0 && has(eventRows[i]!)) matches[eventNodes[i]!] = 1;
    send({ id: request.id, matches }, [matches.buffer]);
  }
};
