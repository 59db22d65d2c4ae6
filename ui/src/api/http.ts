// The one place that talks to the server. Every call takes an abort signal and fails with an ApiError.
import createClient from 'openapi-fetch';
import type { paths } from './schema';

export class ApiError extends Error {
  readonly status: number;
  /** The clause the server objects to, as `filters[0].op`. */
  readonly field: string | undefined;
  readonly requestId: string | undefined;
  constructor(status: number, message: string, field?: string, requestId?: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.field = field;
    this.requestId = requestId;
  }
}

/** Paths, parameters and bodies are checked against the server's own description of itself. */
export const server = createClient<paths>({ credentials: 'same-origin', headers: { accept: 'application/json' } });

/** The body of an answer, or an ApiError that says why there is none. */
export async function answerOf<T>(asked: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let answer: { data?: T; error?: unknown; response: Response };
  try {
    answer = await asked;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    if (cause instanceof SyntaxError) throw new ApiError(0, 'The server answered with something that is not JSON');
    throw new ApiError(0, 'The server does not answer. Is waggle running?');
  }
  const { response } = answer;
  if (response.ok) return answer.data as T;
  const { error, field } = (typeof answer.error === 'object' && answer.error !== null ? answer.error : {}) as {
    error?: unknown;
    field?: unknown;
  };
  const said = typeof error === 'string' && error !== '' ? error : null;
  // The field is shown beside the message; it need not be in it too.
  const message = typeof field === 'string' && said?.startsWith(`${field}: `) ? said.slice(field.length + 2) : said;
  throw new ApiError(
    response.status,
    message ?? `The server answered ${response.status} ${response.statusText}`,
    typeof field === 'string' ? field : undefined,
    response.headers.get('x-request-id') ?? undefined,
  );
}
