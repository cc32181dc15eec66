/** The site that is harvested: one name and port, at one address for the child and at another for all others. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Gate } from './gate.ts';
import { watchSockets } from './sockets.ts';

/** Bodies by path. Images have an ETag and honour If-None-Match. */
export type Site = Readonly<Record<string, string | Buffer>>;

export const SITE_NAME = 'site.test';
export const CHILD_ADDRESS = '127.0.0.2';
export const OTHERS_ADDRESS = '127.0.0.3';
/** The address at which a world's bucket and Redis listen. */
const PARTS_ADDRESS = '127.0.0.1';

export interface Origin {
  readonly port: number;
  /** Sets the site for the child, whose requests pass the gate. */
  show(site: Site): void;
  /** Sets the site for the others. */
  showOthers(site: Site): void;
  /** Resolves when the child is not connected. */
  alone(): Promise<void>;
  close(): Promise<void>;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export async function startOrigin(gate: Gate): Promise<Origin> {
  const sites: Record<'child' | 'others', Site> = { child: {}, others: {} };
  const guarded: Answer = (request, response) => {
    const call = gate.arrive(`web ${request.method} ${request.url}`);
    return gate.track(answer(sites.child, request, response, (moment) => gate.pass(call, moment)));
  };
  const open: Answer = (request, response) => answer(sites.others, request, response, async () => 'go');
  const servers = await listenEverywhere(guarded, open);
  const alone = watchSockets(servers[0]);
  return {
    port: portOf(servers[0]),
    alone,
    show: (site) => {
      sites.child = site;
    },
    showOthers: (site) => {
      sites.others = site;
    },
    close: async () => {
      await Promise.all(servers.map(close));
    },
  };
}

async function answer(
  site: Site,
  { method, url = '/', headers }: IncomingMessage,
  response: ServerResponse,
  pass: (moment: 'before' | 'after') => ReturnType<Gate['pass']>,
): Promise<void> {
  if ((await pass('before')) === 'drop') return void response.destroy();
  const content = method === 'GET' ? site[url] : undefined;
  const body = Buffer.from(content ?? '');
  const etag = `"${createHash('sha256').update(body).digest('hex')}"`;
  const isKnown = headers['if-none-match'] === etag;
  const type = typeof content === 'string' ? 'text/html' : 'image/png';
  const half = Math.floor(body.length / 2);
  if (content !== undefined && !isKnown) {
    response.writeHead(200, { etag, 'content-type': type, 'content-length': body.length });
    // The call is held in the middle of the response, of which half has arrived.
    response.write(body.subarray(0, half));
  }
  if ((await pass('after')) === 'drop') return void response.destroy();
  if (content === undefined) response.writeHead(404).end();
  else if (isKnown) response.writeHead(304, { etag }).end();
  else response.end(body.subarray(half));
}

/**
 * Two servers at one port of different addresses. A third one reserves this port at the address of the bucket, which
 * gets a new port in every run. Otherwise the bucket could get the site's port. The guard refuses all addresses of this
 * machine at the bucket's port, and so would refuse the site.
 */
async function listenEverywhere(
  forChild: Answer,
  forOthers: Answer,
): Promise<readonly [Server, ...Server[]]> {
  const nobody: Answer = async (_, response) => void response.destroy();
  for (let attempt = 0; ; attempt += 1) {
    const first = await listen(forChild, CHILD_ADDRESS, 0);
    const port = portOf(first);
    const others = await Promise.allSettled([
      listen(forOthers, OTHERS_ADDRESS, port),
      listen(nobody, PARTS_ADDRESS, port),
    ]);
    const refused = others.find((one) => one.status === 'rejected');
    const servers = [
      first,
      ...others.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
    ] as const;
    if (refused === undefined) return servers;
    await Promise.all(servers.map(close));
    if (attempt === 9) throw refused.reason;
  }
}

function listen(respond: Answer, host: string, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    respond(request, response).catch(() => response.destroy());
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
