import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { serveMetrics } from '../../../local-stack/exporter/httpServer.ts';
import { until } from '../../support/until.ts';

/** A server whose scrapes wait for `gate`; `begun` counts them, `pass` moves its clock. */
async function startServer(gate: Promise<void>, host = '127.0.0.1') {
  let begun = 0;
  let ms = 0;
  let evicted = 0;
  const server = await serveMetrics({
    host,
    port: 0,
    pieces: async function* () {
      begun += 1;
      await gate;
      yield 'a 1\n';
    },
    onFault: () => {},
    clock: () => ms,
    allowHosts: ['metrics.lan'],
    onEvicted: () => {
      evicted += 1;
    },
  });
  const pass = (milliseconds: number) => {
    ms += milliseconds;
  };
  return {
    ...server,
    begun: () => begun,
    evicted: () => evicted,
    pass,
    [Symbol.asyncDispose]: () => server.close(),
  };
}

describe('the HTTP side of the exporter', () => {
  it('begins one scrape for a client that sends a thousand requests and reads nothing', async () => {
    const gate = Promise.withResolvers<void>();
    await using server = await startServer(gate.promise);
    const client = connect(server.port, '127.0.0.1').on('error', () => {});
    client.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(1_000));
    await until(() => server.begun() > 0);
    expect((await fetch(`http://127.0.0.1:${server.port}/healthz`)).status).toBe(200);
    expect(server.begun()).toBe(1);
    gate.resolve();
    client.destroy();
  });

  it('answers a fifth scrape at once with 503, and the next one when there is room', async () => {
    const gate = Promise.withResolvers<void>();
    await using server = await startServer(gate.promise);
    const url = `http://127.0.0.1:${server.port}/metrics`;
    const four = Array.from({ length: 4 }, () => fetch(url).then((response) => response.text()));
    await until(() => server.begun() === 4);
    expect((await fetch(url)).status).toBe(503);
    gate.resolve();
    expect(await Promise.all(four)).toEqual(Array(4).fill('a 1\n'));
    expect((await fetch(url)).status).toBe(200);
  });

  it('gives the place of the slowest of four readers to a fifth, once it had three seconds', async () => {
    const gate = Promise.withResolvers<void>();
    await using server = await startServer(gate.promise);
    const url = `http://127.0.0.1:${server.port}/metrics`;
    const read = () =>
      fetch(url).then(
        (response) => response.text(),
        () => 'cut off',
      );
    const first = read().catch(() => 'cut off');
    await until(() => server.begun() === 1);
    server.pass(1);
    const others = [read(), read(), read()];
    await until(() => server.begun() === 4);
    server.pass(2_998);
    expect((await fetch(url)).status).toBe(503);
    server.pass(1);
    const fifth = read();
    expect(await first).toBe('cut off');
    await until(() => server.begun() === 5);
    expect((await fetch(url)).status).toBe(503);
    gate.resolve();
    expect(await Promise.all([...others, fifth])).toEqual(Array(4).fill('a 1\n'));
  });

  it.each([
    ['say nothing', ''],
    ['stop in the middle of a header', 'GET /metrics HTTP/1.1\r\nHost: loc'],
    ['ask for the health and read nothing', 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ])('answers a scrape at once beside a thousand connections that %s', async (_, request) => {
    await using server = await startServer(Promise.resolve());
    const clients: Socket[] = [];
    for (let count = 0; count < 1_000; count += 1) {
      const client = connect(server.port, '127.0.0.1').on('error', () => {});
      clients.push(client);
      await once(client, 'connect');
      client.write(request);
    }
    const answered = await fetch(`http://127.0.0.1:${server.port}/metrics`);
    expect([answered.status, await answered.text()]).toEqual([200, 'a 1\n']);
    // What reads its answer is let go by itself.
    if (!request.includes('healthz')) expect(server.evicted()).toBeGreaterThan(900);
    for (const client of clients) client.destroy();
  });

  it('lets a scrape end that is under way, however many connections come meanwhile', async () => {
    const gate = Promise.withResolvers<void>();
    await using server = await startServer(gate.promise);
    const scrape = fetch(`http://127.0.0.1:${server.port}/metrics`).then((response) => response.text());
    await until(() => server.begun() === 1);
    const clients: Socket[] = [];
    for (let count = 0; count < 200; count += 1) {
      const client = connect(server.port, '127.0.0.1').on('error', () => {});
      clients.push(client);
      await once(client, 'connect');
    }
    await until(() => server.evicted() >= 136);
    gate.resolve();
    expect(await scrape).toBe('a 1\n');
    for (const client of clients) client.destroy();
  });

  const hosts = [
    ['localhost', 200],
    ['LOCALHOST:9464', 200],
    ['localhost.', 200],
    ['127.0.0.1:1', 200],
    ['[::1]:9464', 200],
    ['emf-exporter:9464', 200],
    ['metrics.lan', 200],
    ['evil.example', 421],
    ['evil.example:9464', 421],
    ['localhost.evil.example', 421],
    ['127.0.0.1.evil.example', 421],
    ['10.0.0.1', 421],
    ['', 421],
  ] as const;
  it.each(hosts)('answers a client who calls it "%s" with %i', async (host, status) => {
    await using server = await startServer(Promise.resolve());
    for (const path of ['/metrics', '/healthz', '/']) {
      const client = connect(server.port, '127.0.0.1');
      client.end(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      expect((await text(client)).slice(9, 12)).toBe(String(status));
    }
  });

  it('knows any address, and no other name, where it listens on all of them', async () => {
    await using server = await startServer(Promise.resolve(), '0.0.0.0');
    for (const [name, status] of [
      ['10.0.0.1:9464', 200],
      ['[fd00::1]', 200],
      ['evil.example', 421],
      ['10.0.0.1.evil.example', 421],
    ] as const) {
      const client = connect(server.port, '127.0.0.1');
      client.end(`GET /healthz HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`);
      expect((await text(client)).slice(9, 12)).toBe(String(status));
    }
  });

  it('answers a client of HTTP/1.0, which may name no host', async () => {
    await using server = await startServer(Promise.resolve());
    const client = connect(server.port, '127.0.0.1');
    client.end('GET /healthz HTTP/1.0\r\n\r\n');
    expect(await text(client)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('lets a client go that drips its header', async () => {
    await using server = await startServer(Promise.resolve());
    const client = connect(server.port, '127.0.0.1').on('error', () => {});
    client.write('GET /metrics HTTP/1.1\r\nX-Drip: ');
    const drip = setInterval(() => client.write('x'), 200);
    client.resume();
    // By an end or by a reset, where a byte was under way.
    await new Promise((resolve) => client.once('close', resolve));
    clearInterval(drip);
  });
});
