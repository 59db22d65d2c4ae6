// The page's side of the trace worker.
import type { EventRow } from '../model/result';
import type { Trace } from '../model/trace';
import { ApiError } from './http';

export type TraceRequest =
  | { id: number; ask: 'load'; env: string; traceId: string; start?: number; end?: number; around?: string }
  | { id: number; ask: 'rows'; rows: number[] }
  | { id: number; ask: 'values'; field: string }
  | { id: number; ask: 'fields' }
  | { id: number; ask: 'find'; text: string };
export interface TraceReply {
  id: number;
  trace?: Trace;
  rows?: EventRow[];
  matches?: Uint8Array<ArrayBuffer>;
  /** Per node which of `values`, -1 for none. */
  index?: Int32Array<ArrayBuffer>;
  values?: string[];
  error?: { status: number; message: string; requestId?: string };
}
type Ask<T> = T extends { id: number } ? Omit<T, 'id'> : never;

export class TraceSession {
  readonly #worker = new Worker(new URL('./trace-worker.ts', import.meta.url), { type: 'module' });
  readonly #waiting = new Map<number, { resolve: (r: TraceReply) => void; reject: (e: Error) => void }>();
  #next = 1;

  constructor() {
    this.#worker.onmessage = (message: MessageEvent<TraceReply>) => {
      const { id, error } = message.data;
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) waiting?.reject(new ApiError(error.status, error.message, undefined, error.requestId));
      else waiting?.resolve(message.data);
    };
    this.#worker.onerror = (event) => {
      for (const { reject } of this.#waiting.values())
        reject(new ApiError(0, event.message || 'The trace could not be decoded'));
      this.#waiting.clear();
    };
  }
  #ask(request: Ask<TraceRequest>): Promise<TraceReply> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ ...request, id });
    });
  }
  /** `around` is the id of a span that is there however large the trace is. */
  async load(env: string, traceId: string, start?: number, end?: number, around?: string): Promise<Trace> {
    return (await this.#ask({ ask: 'load', env, traceId, start, end, around })).trace!;
  }
  async rows(rows: number[]): Promise<EventRow[]> {
    return rows.length === 0 ? [] : (await this.#ask({ ask: 'rows', rows })).rows!;
  }
  /** One byte per node: 1 where a name or a field value holds the text. */
  async find(text: string): Promise<Uint8Array> {
    return (await this.#ask({ ask: 'find', text })).matches!;
  }
  /** What each node has for a field. */
  async values(field: string): Promise<{ field: string; index: Int32Array; values: string[] }> {
    const { index, values } = await this.#ask({ ask: 'values', field });
    return { field, index: index!, values: values! };
  }
  /** The fields that the spans of the trace have, those of most spans first. */
  async fields(): Promise<string[]> {
    return (await this.#ask({ ask: 'fields' })).values!;
  }
  close(): void {
    this.#worker.terminate();
    this.#waiting.clear();
  }
}
