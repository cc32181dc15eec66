/** An S3 endpoint with faults that a test chooses: it responds itself, or forwards to a working store. */
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { SWEEP_KEY } from '../../lib/s3/sweepProgress.ts';
import './nodeErrors.ts';
import { signedHeaders } from './signedFetch.ts';

export interface StoreRequest {
  readonly method: string;
  /** `/bucket/key?query`, as sent. */
  readonly path: string;
  /**
   * Kind of request: `GET record`, `PUT record`, `PUT image`, `LIST`, `DELETE`, `GET mark`, `PUT mark`, `PUT check`,
   * `PUT burst`, or for the position of a sweep `GET place`, `PUT place`.
   */
  readonly kind: string;
  /** 1 for the first request with this method and path (without query). */
  readonly nth: number;
  /** 1 for the first request of its kind. */
  readonly nthOfKind: number;
  readonly headers: IncomingMessage['headers'];
}

export type StoreFault =
  /** Forwarded without a fault. Needs a target. */
  | 'pass'
  /** The connection is reset, and nothing was applied. */
  | 'resetBefore'
  /** The target applies it, and the connection is reset before the response. */
  | 'resetAfter'
  /** The target applies it, and the response never comes. */
  | 'hangAfter'
  /** There is no response. It is applied when the test calls `applyLate`. */
  | 'lateApply'
  /** Delayed, and then forwarded or subject to `next`. */
  | { readonly delayMs: number; readonly next?: StoreFault | (() => StoreFault) }
  /** Forwarded once this promise is settled. */
  | { readonly after: Promise<unknown> }
  /** Nothing is applied, and there is no response. */
  | 'hang'
  /** A proxy that sends each request on twice, and passes on the second response. */
  | 'repeat'
  /** The target does not get to see this header. */
  | { readonly without: 'if-match' | 'if-none-match' }
  /** Forwarded by a proxy that changes the response. */
  | { readonly rewriting: Rewriting }
  /** The response of DeleteObjects says that this key could not be removed. */
  | { readonly notRemoved: string; readonly code: string }
  /** The response has half of the announced body, and then hangs. */
  | 'hangInBody'
  /** An error response of an S3 server, or of a proxy before it. */
  | { readonly status: number; readonly code?: string; readonly html?: true }
  /** Exactly this response. */
  | {
      readonly reply: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Buffer;
    };

interface Rewriting {
  readonly withoutETag?: true;
  readonly weakETag?: true;
  /** Replaces the body of every object that is read. */
  readonly altered?: string;
  /** Instead of the target's own. */
  readonly date?: Date;
  /** What AWS adds to the refusal of a time. */
  readonly serverTime?: Date;
}

export interface FaultyStore {
  readonly endpoint: string;
  readonly requests: readonly StoreRequest[];
  /** Forwards all requests that `lateApply` holds; resolves when they are applied. */
  applyLate(): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param choose chooses the fault of every request, including retries
 * @param target endpoint of a store that accepts any Host; absent without a store
 */
export async function startFaultyStore(
  choose: (request: StoreRequest) => StoreFault,
  target?: string,
): Promise<FaultyStore> {
  const requests: StoreRequest[] = [];
  const late: (() => Promise<unknown>)[] = [];
  const server = createServer(async (incoming, response) => {
    const body = await readAll(incoming);
    const call = describe(incoming, requests);
    requests.push(call);
    const fault = choose(call);
    if (fault === 'lateApply') late.push(() => passOn(incoming, body, target));
    // The target or the client may disconnect meanwhile.
    else await act(fault, incoming, body, response, target).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    applyLate: async () => {
      for (const apply of late.splice(0)) await apply();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function describe(incoming: IncomingMessage, earlier: readonly StoreRequest[]): StoreRequest {
  const { method = '', url: path = '', headers } = incoming;
  const bare = (full: string) => full.split('?')[0];
  const nth = 1 + earlier.filter((one) => one.method === method && bare(one.path) === bare(path)).length;
  const kind = kindOf(method, path);
  const nthOfKind = 1 + earlier.filter((one) => one.kind === kind).length;
  return { method, path, kind, nth, nthOfKind, headers };
}

function kindOf(method: string, path: string): string {
  if (path.includes('list-type=')) return 'LIST';
  if (method === 'POST') return 'DELETE';
  if (path.includes('/pages/')) return `${method} record`;
  if (path.includes('/images/')) return `${method} image`;
  if (path.includes(`/${SWEEP_KEY}`)) return `${method} place`;
  if (path.includes('/checks/burst-')) return `${method} burst`;
  return `${method} ${path.includes('/checks/conditional-writes') ? 'mark' : 'check'}`;
}

async function act(
  fault: StoreFault,
  incoming: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
  target: string | undefined,
): Promise<void> {
  if (typeof fault === 'object' && 'delayMs' in fault) {
    await wait(fault.delayMs);
    const next = typeof fault.next === 'function' ? fault.next() : fault.next;
    return act(next ?? 'pass', incoming, body, response, target);
  }
  if (typeof fault === 'object' && 'after' in fault) {
    await fault.after;
    return act('pass', incoming, body, response, target);
  }
  if (fault === 'hang') return;
  if (typeof fault === 'object' && 'reply' in fault) {
    const { reply, headers, body: text = '' } = fault;
    response.writeHead(reply, { 'content-length': String(Buffer.byteLength(text)), ...headers });
    response.end(text);
    return;
  }
  if (fault === 'resetBefore') {
    incoming.socket.resetAndDestroy();
    return;
  }
  if (fault === 'hangInBody') {
    response.writeHead(200, { etag: '"half"', 'content-length': '100' });
    response.write('{"schema":1');
    return;
  }
  if (typeof fault === 'object' && 'status' in fault) {
    const xml = `<?xml version="1.0"?><Error><Code>${fault.code ?? ''}</Code><Message>Secret host 10.1.2.3</Message></Error>`;
    response.writeHead(fault.status, { 'content-type': fault.html ? 'text/html' : 'application/xml' });
    response.end(fault.html ? '<html>Bad gateway' : xml);
    return;
  }
  if (typeof fault === 'object' && 'notRemoved' in fault) {
    const line = `<Error><Key>${fault.notRemoved}</Key><Code>${fault.code}</Code></Error>`;
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(`<?xml version="1.0"?><DeleteResult>${line}</DeleteResult>`);
    return;
  }
  if (typeof fault === 'object' && 'rewriting' in fault) {
    const result = rewritten(await passOn(incoming, body, target), fault.rewriting);
    response.writeHead(result.status, result.headers);
    response.end(result.body);
    return;
  }
  if (typeof fault === 'object') await signWithout(fault.without, incoming, body, target);
  if (fault === 'repeat') await passOn(incoming, body, target);
  const answer = await passOn(incoming, body, target);
  if (fault === 'hangAfter') return;
  if (fault === 'resetAfter') {
    incoming.socket.resetAndDestroy();
    return;
  }
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
}

/** Signs a request again without a field that was signed, with the keys of the embedded store. */
async function signWithout(
  name: 'if-match' | 'if-none-match',
  incoming: IncomingMessage,
  body: Buffer,
  target: string | undefined,
): Promise<void> {
  const { host, 'content-type': type = '' } = incoming.headers;
  const url = new URL(incoming.url ?? '/', target);
  if (incoming.headers[name] === undefined) return;
  const headers = { host: host ?? url.host, 'content-type': type };
  const signed = await signedHeaders(url.href, { method: incoming.method ?? 'GET', headers, body });
  incoming.headers = { host, 'content-length': String(body.length), ...signed };
}

type Passed = Awaited<ReturnType<typeof passOn>>;

function rewritten({ status, headers, body: given }: Passed, rewriting: Rewriting): Passed {
  const { withoutETag, weakETag, altered, date, serverTime } = rewriting;
  const { etag, 'content-length': length, ...others } = headers;
  const isSkewed = serverTime !== undefined && given.includes('RequestTimeTooSkewed');
  const body = isSkewed
    ? Buffer.from(
        String(given).replace('</Error>', `<ServerTime>${serverTime.toISOString()}</ServerTime></Error>`),
      )
    : given;
  const isAltered = altered !== undefined && etag !== undefined && body.length > 0;
  return {
    status,
    headers: {
      ...others,
      ...(date !== undefined && { date: date.toUTCString() }),
      ...(etag !== undefined && !withoutETag && { etag: weakETag ? `W/${etag}` : etag }),
      ...(length !== undefined && {
        'content-length': String((isAltered ? Buffer.from(altered) : body).length),
      }),
    },
    body: isAltered ? Buffer.from(altered) : body,
  };
}

async function passOn({ method, url, headers }: IncomingMessage, body: Buffer, target: string | undefined) {
  if (target === undefined) throw new Error('This fault needs a target.');
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    httpRequest(new URL(url ?? '/', target), { ...(method && { method }), headers }, resolve)
      .on('error', reject)
      .end(body);
  });
  return { status: response.statusCode ?? 502, headers: response.headers, body: await readAll(response) };
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces);
}
