/**
 * Runs in a network namespace and listens on all of its addresses. The web room reads each case with the real policy.
 * Then this prints the outcomes, and the addresses that were reached, as JSON.
 */
import { connect, createServer, type Socket } from 'node:net';
import type { FetchConfig } from '../../../../lib/config.ts';
import { createWeb } from '../../../../lib/web/createWeb.ts';
import type { Resolve } from '../../../../lib/web/guard/resolve.ts';
import { CASES, CLOSED, type Outcome, PUBLIC } from './cases.ts';

const CONFIG: FetchConfig = {
  allowHosts: [],
  isLoopbackAllowed: true,
  ownEndpoints: [],
  ports: [80, 8080],
  redirectsMax: 5,
  connectTimeoutMs: 10_000,
  pageTimeoutMs: 20_000,
  imageTimeoutMs: 20_000,
  connectionsPerHost: 8,
  streamsPerHost: 100,
  connectionsMax: 32,
};

const met: string[] = [];
/** Responds to `/to?URL` with a redirect to URL, and to every other path with a secret. */
const serve = (socket: Socket): void => {
  met.push((socket.localAddress ?? '').replace(/^::ffff:/, ''));
  socket.on('error', () => {});
  socket.once('data', (data) => {
    const target = /^GET \/to\?(\S+)/.exec(data.toString('latin1'))?.[1];
    socket.end(
      target === undefined
        ? 'HTTP/1.1 200 X\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret'
        : `HTTP/1.1 302 X\r\nLocation: ${target}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    );
  });
};
const servers = await Promise.all(
  [80, 8080].map(async (port) => {
    const server = createServer(serve);
    // All addresses of both families.
    await new Promise<void>((resolve) => server.listen(port, '::', resolve));
    return server;
  }),
);

/** The control: every address can be reached without the guard, so that it is the guard that refuses them below. */
async function reach(host: string): Promise<void> {
  const socket = connect({ host, port: 80 });
  socket.write('GET / HTTP/1.1\r\n\r\n');
  for await (const _ of socket) break;
  socket.destroy();
}
for (const address of [...CLOSED, ...PUBLIC]) await reach(address);
const control = met.splice(0);

const outcomes: Outcome[] = [];
for (const { url, names = {}, allow = [], own = [] } of CASES) {
  let asked = 0;
  const resolve: Resolve = async (name) => {
    const responses = names[name];
    const addresses = responses?.[Math.min(asked, responses.length - 1)];
    asked += 1;
    if (addresses === undefined) throw Object.assign(new Error(name), { code: 'ENOTFOUND' });
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  const web = createWeb({ ...CONFIG, allowHosts: allow, ownEndpoints: own }, { resolve });
  const signal = new AbortController().signal;
  const result = await web.read({ url: new URL(url), kind: 'page', maxBytes: 1_024, signal });
  await web.close();
  outcomes.push({ result: result.kind === 'failed' ? result.fault : result.kind, met: met.splice(0) });
}
for (const server of servers) server.close();
console.log(JSON.stringify({ control, outcomes }));
