// Loads a trace through a worker of its own; leaving the page or asking again ends the worker and with it the request.
import { useEffect, useState } from 'react';
import { ApiError } from '../../api/http';
import { TraceSession } from '../../api/trace-client';
import type { Trace } from '../../model/trace';
import type { NodeValues } from '../../waterfall/draw';

export type Loaded = { key: string; trace?: Trace; session?: TraceSession; error?: ApiError };

/** `around`: id of a span that is there however large the trace is. */
export function useTrace(env: string, id: string | undefined, start?: number, end?: number, around?: string) {
  const [turn, setTurn] = useState(0);
  const key = JSON.stringify([env, id, start, end, around, turn]);
  const [state, setState] = useState<Loaded | null>(null);
  useEffect(() => {
    if (!id) return;
    const session = new TraceSession();
    let isCurrent = true;
    session.load(env, id, start, end, around).then(
      (trace) => isCurrent && setState({ key, trace, session }),
      (cause: unknown) =>
        isCurrent && setState({ key, error: cause instanceof ApiError ? cause : new ApiError(0, String(cause)) }),
    );
    return () => {
      isCurrent = false;
      session.close();
    };
  }, [env, id, start, end, around, key]);
  return { loaded: state?.key === key ? state : null, reload: () => setTurn((t) => t + 1) };
}

/** Of a very large trace the server sends what is around one span: the one that the link to the trace names, whatever is chosen later. */
export function useLinked(id: string | undefined, span: string | undefined): string | undefined {
  const [linked, setLinked] = useState({ id, span });
  if (linked.id === id) return linked.span;
  setLinked({ id, span });
  return span;
}
/** The fields that spans of the trace have, those of most spans first. */
export function useFields(session: TraceSession): readonly string[] {
  const [fields, setFields] = useState<readonly string[]>([]);
  useEffect(() => {
    let isCurrent = true;
    void session.fields().then((list) => isCurrent && setFields(list));
    return () => {
      isCurrent = false;
    };
  }, [session]);
  return fields;
}
/** What each span has for some fields; those that are still being read are left out. */
export function useValues(session: TraceSession, fields: readonly string[]): readonly NodeValues[] {
  const [known, setKnown] = useState<ReadonlyMap<string, NodeValues>>(new Map());
  const wanted = fields.join('\u0000');
  useEffect(() => {
    let isCurrent = true;
    const names = wanted === '' ? [] : wanted.split('\u0000');
    void Promise.all(names.map((field) => session.values(field))).then((all) => {
      if (isCurrent) setKnown(new Map(all.map((values) => [values.field, values])));
    });
    return () => {
      isCurrent = false;
    };
  }, [session, wanted]);
  return fields.map((field) => known.get(field)).filter((values) => values !== undefined);
}
