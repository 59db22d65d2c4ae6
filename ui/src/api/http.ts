// The one place that talks to the server. Every call takes an abort signal and fails with an ApiError.

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

export async function call<T>(
  method: string,
  path: string,
  options: { body?: unknown; signal?: AbortSignal } = {},
): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      signal: options.signal,
      credentials: 'same-origin',
      headers: {
        accept: 'application/json',
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
    });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, 'The server does not answer. Is waggle running?');
  }
  if (response.status === 204) return undefined as T;
  const requestId = response.headers.get('x-request-id') ?? undefined;
  const text = await response.text();
  let body: unknown;
  try {
    body = text === '' ? undefined : JSON.parse(text);
  } catch {
    throw new ApiError(
      response.status,
      `The server answered ${response.status} with something that is not JSON`,
      undefined,
      requestId,
    );
  }
  if (!response.ok) {
    const { error, field } = (body ?? {}) as { error?: unknown; field?: unknown };
    throw new ApiError(
      response.status,
      typeof error === 'string' && error !== ''
        ? error
        : `The server answered ${response.status} ${response.statusText}`,
      typeof field === 'string' ? field : undefined,
      requestId,
    );
  }
  return body as T;
}
