import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { serveMetrics } from '../../../local-stack/exporter/httpServer.ts';
import { until } from '../../support/until.ts';

/** A server whose scrapes wait for `gate`; `begun` counts them, `pass` moves its clock. */
async function startServer(gate: Promise<void>) {
  let begun = 0;
  let ms = 0;
  const server = await serveMetrics({
    host: '127.0.0.1',
    port: 0,
    pieces: async function* () {
      begun += 1;
      await gate;
      yield 'a 1\n';
    },
    onFault: () => {},
    clock: () => ms,
  });
  const pass = (milliseconds: number) => {
    ms += milliseconds;
  };
  return { ...server, begun: () => begun, pass, [Symbol.asyncDispose]: () => server.close() };
}

describe('the HTTP side of the exporter', () => {
  it('begins one scrape for a client that sends a thousand requests and reads nothing', async () => {
    const gate = Promise.withResolvers<void>();
    await using server = await startServer(gate.promise);
    const client = connect(server.port, '127.0.0.1').on('error', () => {});
    client.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1_000));
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
