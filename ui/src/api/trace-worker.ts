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
      const answer = await getTrace(request.env, request.traceId, request.start, request.end);
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
  } else if (request.ask === 'values') {
    const index = new Int32Array(nodeRows.length).fill(-1);
    const known = new Map<string, number>();
    for (let node = 0; node < nodeRows.length; node++) {
      const row = nodeRows[node]!;
      const value = row < 0 ? undefined : rows[row]!.data[request.field];
      if (value === undefined || value === null) continue;
      const text = valueText(value);
      let at = known.get(text);
      if (at === undefined) known.set(text, (at = known.size));
      index[node] = at;
    }
    send({ id: request.id, index, values: [...known.keys()] }, [index.buffer]);
  } else if (request.ask === 'fields') {
    const counts = new Map<string, number>();
    for (const row of nodeRows) {
      if (row < 0) continue;
      for (const [field, value] of Object.entries(rows[row]!.data))
        if (value !== null && value !== undefined) counts.set(field, (counts.get(field) ?? 0) + 1);
    }
    const fields = [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([field]) => field);
    send({ id: request.id, values: fields });
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
