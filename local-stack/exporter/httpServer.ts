/** `/metrics` for Prometheus, `/healthz` for the program that supervises the process. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setImmediate as othersTurn } from 'node:timers/promises';
import { constants, createGzip } from 'node:zlib';
import type { Naming } from './exposition.ts';
import { explainListening } from './faults.ts';
import { createHostCheck } from './ownHosts.ts';
import { createPlaces } from './places.ts';
import type { Receiver } from './receivers.ts';

export interface HttpOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** The whole answer in pieces of whole lines. */
  readonly pieces: (naming: Naming) => AsyncIterable<string>;
  readonly onFault: (error: Error) => void;
  /** Milliseconds, never going back. */
  readonly clock: () => number;
  /** Names beside its own by which clients call it, without a port. */
  readonly allowHosts?: Iterable<string>;
  /** Told of each connection that gave its place up. */
  readonly onEvicted?: () => void;
}

/** Prometheus' scrape protocols (prometheus.io, "Scrape protocol content negotiation"). */
const CONTENT_TYPES: Readonly<Record<Naming, string>> = {
  plain: 'text/plain; version=0.0.4; charset=utf-8',
  utf8: 'text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8',
};
const PLAIN = 'text/plain; charset=utf-8';
/** Connections that have not asked for the metrics yet: of more than these the oldest is let go. */
const MAX_WAITING = 64;
const REQUEST_TIMEOUT_MS = 10_000;
/** Who drips a header is let go soon, so that it keeps no place from a scraper for long. */
const HEADERS_TIMEOUT_MS = 3_000;
const CHECK_INTERVAL_MS = 1_000;
/** Each holds a part of its answer while its reader is slow. */
const MAX_SCRAPES = 4;
/** A reader that takes longer loses its place to the next one when all are taken. A usual scrape takes 20 ms. */
const SLOW_MS = 3_000;
/** How long a scrape that is under way may take once the end was asked for. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Rejects with one sentence when it cannot listen. */
export async function serveMetrics(options: HttpOptions): Promise<Receiver> {
  const { host, port, pieces, onFault, clock, allowHosts = [], onEvicted } = options;
  const scrapes = createPlaces<ServerResponse>({ count: MAX_SCRAPES, keptMs: SLOW_MS, clock });
  const times = {
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
  };
  const isOwnHost = createHostCheck(host, allowHosts);
  const waiting = createPlaces<Socket>({ count: MAX_WAITING, keptMs: 0, clock });
  const server = createServer(times, (request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0];
    const isHead = request.method === 'HEAD';
    if (!isOwnHost(request.headers.host)) {
      respond(response, 421, 'This server has another name: --allow-hosts adds one.\n');
    } else if (request.method !== 'GET' && !isHead) {
      respond(response, 405, 'Only GET and HEAD are answered.\n', { Allow: 'GET, HEAD' });
    } else if (path === '/healthz') {
      respond(response, 200, 'ok\n');
    } else if (path === '/metrics' && !isHead && !scrapes.makeRoom()) {
      respond(response, 503, 'Too many scrapes at once.\n', { 'Retry-After': '1' });
    } else if (path === '/metrics') {
      const naming = namingFor(request.headers.accept);
      const isZipped = takesGzip(request.headers['accept-encoding']);
      response.writeHead(200, {
        'Content-Type': CONTENT_TYPES[naming],
        Vary: 'Accept, Accept-Encoding',
        ...(isZipped && { 'Content-Encoding': 'gzip' }),
      });
      if (isHead) response.end();
      else {
        scrapes.hear(response);
        waiting.leave(request.socket);
        // The client may close the connection half way.
        const text = withTurns(pieces(naming));
        (isZipped ? pipeline(text, createGzip(GZIP), response) : pipeline(text, response))
          .catch(() => response.destroy())
          .finally(() => scrapes.leave(response));
      }
    } else {
      respond(
        response,
        path === '/' ? 200 : 404,
        'The metrics are at /metrics, the health check is at /healthz.\n',
      );
    }
  });
  server.on('connection', (socket: Socket) => {
    waiting.makeRoom(onEvicted);
    waiting.hear(socket);
    socket.once('close', () => waiting.leave(socket));
  });
  // Requests sent ahead of their answers would each be begun, and nothing bounds how many a client sends.
  server.maxRequestsPerSocket = 1;
  // A reader that stops reading is let go.
  server.setTimeout(REQUEST_TIMEOUT_MS);
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (error) {
    throw explainListening(error, { what: 'HTTP', host, port, flag: '--http-port' });
  }
  server.on('error', onFault);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    async close() {
      const timer = setTimeout(() => server.closeAllConnections(), CLOSE_TIMEOUT_MS);
      await new Promise((resolve) => server.close(resolve));
      clearTimeout(timer);
    },
  };
}

/** The text is of few words: the fastest level leaves a tenth of it. */
const GZIP = { level: constants.Z_BEST_SPEED };

/** RFC 9110, section 12.5.3; a weight of 0 refuses. */
const takesGzip = (accepted: string | string[] | undefined): boolean =>
  listOf(accepted).some(({ name, parameters }) => name === 'gzip' && Number(parameters.get('q') ?? 1) > 0);

/** Prometheus 3 asks for names in UTF-8. */
function namingFor(accept: string | undefined): Naming {
  const knowsUtf8 = listOf(accept).some(
    ({ name, parameters }) =>
      name === 'text/plain' &&
      parameters.get('version') === '1.0.0' &&
      /^allow-utf-?8$/.test(parameters.get('escaping') ?? '') &&
      Number(parameters.get('q') ?? 1) > 0,
  );
  return knowsUtf8 ? 'utf8' : 'plain';
}

/** The entries of a header field such as `gzip;q=0.5, br`. */
const listOf = (field: string | string[] | undefined) =>
  String(field ?? '')
    .toLowerCase()
    .split(',')
    .map((entry) => {
      const [name = '', ...parameters] = entry.split(';').map((part) => part.trim());
      return { name, parameters: new Map(parameters.map((part) => pairOf(part))) };
    });

function pairOf(parameter: string): [string, string] {
  const [name = '', value = ''] = parameter.split('=', 2);
  return [name.trim(), value.trim().replace(/^"(.*)"$/, '$1')];
}

function respond(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
) {
  response.writeHead(status, {
    'Content-Type': PLAIN,
    'Content-Length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

/** Yields to the receivers after each piece: datagrams that are not read in time are lost. */
async function* withTurns(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const piece of pieces) {
    yield piece;
    await othersTurn();
  }
}
