import { describe, expect, it } from '@jest/globals';
import { until } from '../../support/until.ts';
import { answer, headerOf, pathOf, startRawServer } from './rawServer.ts';
import { createTestWeb, faultOf } from './testWeb.ts';

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
});
