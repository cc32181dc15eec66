import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../lib/concurrency/waiting.ts';
import { until } from '../../support/until.ts';
import { answer, headerOf, pathOf, startRawServer } from './rawServer.ts';
import { createTestWeb, faultOf } from './testWeb.ts';

/** By which every response comes at once, however busy the machine is. */
const STILL = { ...systemClock, elapsed: () => 0 };

describe('the connections of a process', () => {
  it('are never waited for with one in hand: readings that redirect to each other’s host all end', async () => {
    await using server = await startRawServer((socket, head) => {
      const host = headerOf(head, 'host') ?? '';
      const other = host.startsWith('good') ? 'other' : 'good';
      if (pathOf(head) === '/end') socket.write(answer(200, {}, 'x'));
      else socket.write(answer(302, { Location: `http://${other}.test:${server.port}/end` }));
    });
    await using web = createTestWeb({ ports: [server.port], connectionsPerHost: 1, connectionsMax: 1 });
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        web.read(`http://${index % 2 ? 'good' : 'other'}.test:${server.port}/`, { caller: `c${index % 5}` }),
      ),
    );
    expect(new Set(results.map(faultOf))).toEqual(new Set(['read']));
  });

  it('are waited for until the call ends, and the time of the reading stands still meanwhile', async () => {
    await using server = await startRawServer(() => {});
    await using web = createTestWeb({ ports: [server.port], connectionsPerHost: 1, pageTimeoutMs: 200 });
    const stop = new AbortController();
    const url = `http://good.test:${server.port}/`;
    const holding = web.read(url, { kind: 'image', signal: stop.signal });
    await until(() => server.heads.length === 1);
    const waiting = web.read(url);
    let isOver = false;
    void waiting.then(() => {
      isOver = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(isOver).toBe(false);
    const leaving = new AbortController();
    const left = web.read(url, { signal: leaving.signal });
    leaving.abort();
    expect(faultOf(await left)).toBe('aborted');
    stop.abort();
    expect(faultOf(await holding)).toBe('aborted');
    // Its own time begins now.
    expect(faultOf(await waiting)).toBe('timeout');
    expect(server.heads).toHaveLength(2);
  });

  it('that are given to readings whose call has ended meanwhile are released', async () => {
    await using server = await startRawServer((socket, head) => {
      if (pathOf(head) === '/end') socket.write(answer(200, {}, 'x'));
    });
    await using web = createTestWeb({ ports: [server.port], connectionsPerHost: 2 });
    const stop = new AbortController();
    const url = `http://good.test:${server.port}`;
    const all = Array.from({ length: 100 }, (_, index) =>
      web.read(`${url}/${index}`, { kind: 'image', caller: 'me', signal: stop.signal }),
    );
    await until(() => server.heads.length === 2);
    stop.abort();
    expect(new Set((await Promise.all(all)).map(faultOf))).toEqual(new Set(['aborted']));
    expect(faultOf(await web.read(`${url}/end`))).toBe('read');
  });

  it('of a host are shared by http, redirects and second attempts, and are no more than allowed', async () => {
    let running = 0;
    let most = 0;
    await using server = await startRawServer((socket, head, index) => {
      running += 1;
      most = Math.max(most, running);
      setTimeout(() => {
        running -= 1;
        if (pathOf(head) === '/') socket.write(answer(302, { Location: '/next' }));
        else if (index % 5 === 0) socket.write(answer(503, { 'Retry-After': '0' }));
        else socket.write(answer(200, {}, 'x'));
      }, 5);
    });
    await using web = createTestWeb({ ports: [server.port], connectionsPerHost: 3 });
    await Promise.all(Array.from({ length: 60 }, () => web.read(`http://good.test:${server.port}/`)));
    expect(most).toBe(3);
    expect(server.accepted()).toBe(3);
  });

  it('of a host are eight at first, double while it keeps up, and are no more than the setting allows', async () => {
    const waves = [8, 16, 32, 32];
    let wave = 0;
    const waiting: (() => void)[] = [];
    await using server = await startRawServer((socket, head) => {
      if (pathOf(head) === '/page') return void socket.write(answer(200, {}, 'x'));
      waiting.push(() => socket.write(answer(200, {}, 'x')));
      // Were there fewer, none would be answered; were there more, they would come in the wave before their own.
      if (waiting.length < (waves[wave] ?? 1)) return;
      wave += 1;
      for (const send of waiting.splice(0)) setImmediate(send);
    });
    await using web = createTestWeb({ ports: [server.port], connectionsPerHost: 32 }, { clock: STILL });
    const url = `http://good.test:${server.port}`;
    await web.read(`${url}/page`);
    const all = await Promise.all(Array.from({ length: 88 }, (_, index) => web.read(`${url}/${index}`)));
    expect(new Set(all.map(faultOf))).toEqual(new Set(['read']));
    expect([wave, server.accepted()]).toEqual([waves.length, 32]);
  });

  it.each([
    [429, 1],
    [503, 1],
    [500, 8],
  ])('of a host that answers %i are down to %i in the end', async (status, expected) => {
    let running = 0;
    const seen: number[] = [];
    await using server = await startRawServer((socket) => {
      running += 1;
      seen.push(running);
      setImmediate(() => {
        running -= 1;
        socket.write(answer(status));
      });
    });
    await using web = createTestWeb({ ports: [server.port], connectionsPerHost: 32 }, { clock: STILL });
    const url = `http://good.test:${server.port}`;
    const all = await Promise.all(Array.from({ length: 100 }, (_, index) => web.read(`${url}/${index}`)));
    expect(new Set(all.map(faultOf))).toEqual(new Set(['status']));
    expect(Math.max(...seen.slice(-40))).toBeLessThanOrEqual(expected);
    expect(server.accepted()).toBeLessThanOrEqual(8);
  });

  it('that died while they were kept cost no reading, no attempt and no wait', async () => {
    const requests = new Map<object, number>();
    let isClosing = false;
    let unavailable = 8;
    await using server = await startRawServer((socket) => {
      const count = (requests.get(socket) ?? 0) + 1;
      requests.set(socket, count);
      if (isClosing && count > 1) socket.resetAndDestroy();
      // The one attempt that a reading has is still there.
      else if (isClosing && unavailable-- > 0)
        socket.end(answer(503, { 'Retry-After': '0', Connection: 'close' }));
      else setImmediate(() => socket.write(answer(200, {}, 'x')));
    });
    await using web = createTestWeb({ ports: [server.port] });
    const url = `http://good.test:${server.port}`;
    const readEight = () =>
      Promise.all(Array.from({ length: 8 }, (_, index) => web.read(`${url}/${index}`, { kind: 'image' })));
    await readEight();
    const kept = server.accepted();
    expect(kept).toBeGreaterThan(1);
    isClosing = true;
    expect((await readEight()).map(faultOf)).toEqual(Array(8).fill('read'));
  });
});
