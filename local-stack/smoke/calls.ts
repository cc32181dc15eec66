/** HTTP calls of the smoke test, each with a timeout, and errors for unexpected responses. */
import { request } from 'node:http';

/** A harvest may take as long as the timeouts of the page and of its pictures together. */
const CALL_TIMEOUT_MS = 60_000;

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
}

export interface CallOptions {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
}

/**
 * The response to one request.
 * @throws Error that names the URL when there is no response
 */
export async function call(url: string, { method = 'GET', headers, json }: CallOptions = {}): Promise<Reply> {
  try {
    const response = await fetch(url, {
      method,
      headers: { ...headers, ...(json !== undefined && { 'content-type': 'application/json' }) },
      ...(json !== undefined && { body: JSON.stringify(json) }),
      redirect: 'manual',
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    return { status: response.status, headers: response.headers, bytes };
  } catch (error) {
    throw new Error(`${method} ${url}: no response (${reasonOf(error)})`);
  }
}

/** Why `fetch` failed: it has the reason in its cause, and those of several addresses in a list below. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const first = cause instanceof AggregateError ? cause.errors[0] : cause;
  return first instanceof Error ? first.message : String(first);
}

/**
 * The response to a presigned link, requested from another address. In the compose stack the link's host is a name that
 * only containers know, and the signature includes it.
 */
export async function followLink(href: string, store: string | null): Promise<Reply> {
  if (store === null) return call(href);
  const link = new URL(href);
  const target = new URL(store);
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(new Error(`GET ${store} (for ${link.host}): ${error.message}`));
    const sent = request(
      {
        host: target.hostname,
        port: target.port || 80,
        path: link.pathname + link.search,
        headers: { host: link.host },
        signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      },
      (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', fail);
        response.on('end', () => {
          const { 'content-type': type = '' } = response.headers;
          resolve({
            status: response.statusCode ?? 0,
            headers: new Headers({ 'content-type': type }),
            bytes: Buffer.concat(pieces),
          });
        });
      },
    );
    sent.on('error', fail);
    sent.end();
  });
}

/** The JSON object in a response. Throws when the status is another one. */
export function jsonOf(reply: Reply, status: number): Readonly<Record<string, unknown>> {
  const text = reply.bytes.toString('utf8');
  expectThat(reply.status === status, `status ${reply.status} instead of ${status}: ${text.slice(0, 300)}`);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {
    // The error below reports it.
  }
  throw new Error(`not a JSON object: ${text.slice(0, 300)}`);
}

export function expectThat(isTrue: boolean, message: string): asserts isTrue {
  if (!isTrue) throw new Error(message);
}
