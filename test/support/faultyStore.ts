/** An S3 endpoint whose faults a test writes down: it answers itself, or passes on to a store that works. */
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
   * What it asks for: `GET record`, `PUT record`, `PUT image`, `LIST`, `DELETE`, `GET mark`, `PUT mark`, `PUT check`, `PUT burst`,
   * or of a sweep's place `GET place`, `PUT place`.
   */
  readonly kind: string;
  /** 1 for the first request with this method and path (without query). */
  readonly nth: number;
  /** 1 for the first request of its kind. */
  readonly nthOfKind: number;
  readonly headers: IncomingMessage['headers'];
}

export type StoreFault =
  /** As if the fault were not there. Needs a target. */
  | 'pass'
  /** The connection is reset and nothing was applied. */
  | 'resetBefore'
  /** The target applies it; the answer is lost. */
  | 'resetAfter'
  /** The target applies it; the answer never comes. */
  | 'hangAfter'
  /** Never answered, and applied when the test calls `applyLate`. */
  | 'lateApply'
  /** Held up, then passed on, or what `next` says. */
  | { readonly delayMs: number; readonly next?: StoreFault | (() => StoreFault) }
  /** Passed on once this has come to pass. */
  | { readonly after: Promise<unknown> }
  /** Nothing is applied, nothing ever answered. */
  | 'hang'
  /** A proxy that sends each request on twice, and passes on the second response. */
  | 'repeat'
  /** The target does not get to see this header. */
  | { readonly without: 'if-match' | 'if-none-match' }
  /** A proxy between: what the target answers comes changed. */
  | { readonly rewriting: Rewriting }
  /** DeleteObjects is answered, and this key could not be removed. */
  | { readonly notRemoved: string; readonly code: string }
  /** Half of a body that was announced, then nothing. */
  | 'hangInBody'
  /** Whatever an S3 server, or a proxy before it, answers. */
  | { readonly status: number; readonly code?: string; readonly html?: true }
  /** This answer, word for word. */
  | {
      readonly reply: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Buffer;
    };

interface Rewriting {
  readonly withoutETag?: true;
  readonly weakETag?: true;
  /** The body of every object that is read. */
  readonly altered?: string;
  /** Instead of the target's own. */
  readonly date?: Date;
  /** What AWS adds to the refusal of a time. */
  readonly serverTime?: Date;
}

export interface FaultyStore {
  readonly endpoint: string;
  readonly requests: readonly StoreRequest[];
  /** Passes on what was held back by `lateApply`; resolves when all of it is applied. */
  applyLate(): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param choose asked for every request; called again for every retry.
 * @param target endpoint of a store that goes by the Host it is sent, or none.
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
    // The target, or whoever asked, may go away meanwhile.
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
    const answer = rewritten(await passOn(incoming, body, target), fault.rewriting);
    response.writeHead(answer.status, answer.headers);
    response.end(answer.body);
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

/** The header was signed: without it the request needs another signature, by the embedded store's keys. */
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
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    httpRequest(new URL(url ?? '/', target), { ...(method && { method }), headers }, resolve)
      .on('error', reject)
      .end(body);
  });
  return { status: answer.statusCode ?? 502, headers: answer.headers, body: await readAll(answer) };
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces);
}
