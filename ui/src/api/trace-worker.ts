// Fetches and decodes a trace away from the main thread. Its columns stay here; the page gets the arrays, and the fields of one
// span when it asks for them.
import { valueText } from '../model/format';
import { buildTrace, traceBuffers } from '../model/trace';
import { TraceTable } from '../model/trace-table';
import { getTrace } from './calls';
import { ApiError } from './http';
import type { TraceReply, TraceRequest } from './trace-client';

let table: TraceTable | null = null;
let nodeRows = new Int32Array();
let eventRows = new Int32Array();
let eventNodes = new Int32Array();

const send = (reply: TraceReply, transfer: Transferable[] = []) =>
  (self as unknown as { postMessage(m: unknown, t: Transferable[]): void }).postMessage(reply, transfer);

self.onmessage = async (message: MessageEvent<TraceRequest>) => {
  const request = message.data;
  if (request.ask === 'load') {
    try {
      const { env, traceId, start, end, around } = request;
      const answer = await getTrace(env, traceId, { start, end, around });
      table = new TraceTable(answer);
      const trace = buildTrace(answer, table);
      nodeRows = trace.row.slice();
      eventRows = trace.eventRow.slice();
      eventNodes = trace.eventNode.slice();
      send({ id: request.id, trace }, traceBuffers(trace));
    } catch (cause) {
      const error =
        cause instanceof ApiError ? cause : new ApiError(0, cause instanceof Error ? cause.message : String(cause));
      send({ id: request.id, error: { status: error.status, message: error.message, requestId: error.requestId } });
    }
  } else if (!table) {
    send({ id: request.id, error: { status: 0, message: 'The trace has not been loaded' } });
  } else if (request.ask === 'rows') {
    const held = table;
    send({ id: request.id, rows: request.rows.map((row) => held.row(row)) });
  } else if (request.ask === 'values') {
    const all = table.valuesOf(request.field);
    const rows = table.indexOf(request.field);
    // Only the values that nodes have, in the order of the nodes: events and links have others.
    const known = new Int32Array(all.length).fill(-1);
    const values: string[] = [];
    const index = Int32Array.from(nodeRows, (row) => {
      const value = row < 0 ? -1 : rows[row]!;
      if (value >= 0 && known[value] === -1) known[value] = values.push(valueText(all[value])) - 1;
      return value < 0 ? -1 : known[value]!;
    });
    send({ id: request.id, index, values }, [index.buffer]);
  } else if (request.ask === 'fields') {
    const marks = new Uint8Array(table.count);
    for (const row of nodeRows) if (row >= 0) marks[row] = 1;
    send({ id: request.id, values: table.fields(marks) });
  } else {
    const rows = table.find(request.text);
    const matches = Uint8Array.from(nodeRows, (row) => (row < 0 ? 0 : rows[row]!));
    for (let i = 0; i < eventRows.length; i++)
      if (eventNodes[i]! >= 0 && rows[eventRows[i]!]) matches[eventNodes[i]!] = 1;
    send({ id: request.id, matches }, [matches.buffer]);
  }
};
