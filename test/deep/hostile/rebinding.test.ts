/** D: rebinding. The address that was judged is the address that is dialled, every time. */
import { describe, expect, it } from '@jest/globals';
import { pageIdOf } from '../../../lib/domain/identity.ts';
import type { ResolvedAddress } from '../../../lib/web/guard/resolve.ts';
import { answer, type Respond } from '../../lib/web/rawServer.ts';
import { report } from './support/figures.ts';
import { startHostileService, VERSIONS } from './support/hostileService.ts';
import { codesOf, PRIVATE, PUBLIC, resolved, siteOf } from './support/resolving.ts';

/** A connection over TLS takes its time. */
const RUNS_OF = { 'HTTP/1.1': 1_000, 'HTTP/2': 100 } as const;

interface Form {
  readonly respond: Respond;
  /** What the name resolves to, by how often it was asked for within one call. */
  readonly answerOf: (turn: number, run: number) => readonly ResolvedAddress[];
  readonly codeOf: (run: number) => string;
  readonly skipped: readonly string[];
  /** Requests that the public site sees, of each call. */
  readonly hits: number;
  /** Images that are stored, of each call. */
  readonly stored: number;
}

const PAGE_WITH_IMAGE = siteOf('<img src="/i.png">');
const mapped: ResolvedAddress = resolved('::ffff:127.0.0.1');

const FORMS: readonly (readonly [string, Form])[] = [
  [
    'D02 public for the page, private for its image',
    {
      respond: PAGE_WITH_IMAGE,
      answerOf: (turn) => (turn === 0 ? [PUBLIC] : [PRIVATE]),
      codeOf: () => 'OK',
      skipped: ['ADDRESS_FORBIDDEN'],
      hits: 1,
      stored: 0,
    },
  ],
  [
    'D03 public and private in turns',
    {
      respond: siteOf('<p>'),
      answerOf: (_, run) => (run % 2 === 0 ? [PUBLIC] : [PRIVATE]),
      codeOf: (run) => (run % 2 === 0 ? 'OK' : 'ADDRESS_FORBIDDEN'),
      skipped: [],
      hits: 0.5,
      stored: 0,
    },
  ],
  [
    'D04 both at once, in both orders',
    {
      respond: PAGE_WITH_IMAGE,
      answerOf: (turn, run) =>
        (turn + run) % 2 === 0 ? [PUBLIC, PRIVATE, mapped] : [mapped, PRIVATE, PUBLIC],
      codeOf: () => 'OK',
      skipped: [],
      hits: 2,
      stored: 1,
    },
  ],
  [
    'D05 a redirect to the same name, which has moved inside',
    {
      respond: (socket) => socket.end(answer(302, { Location: '/page', Connection: 'close' })),
      answerOf: (turn) => (turn === 0 ? [PUBLIC] : [PRIVATE]),
      codeOf: () => 'ADDRESS_FORBIDDEN',
      skipped: [],
      hits: 1,
      stored: 0,
    },
  ],
  [
    'D06 plain and mapped in turns, from lookup to lookup',
    {
      respond: PAGE_WITH_IMAGE,
      answerOf: (turn) => (turn % 2 === 0 ? [PUBLIC] : [mapped]),
      codeOf: () => 'OK',
      skipped: ['ADDRESS_FORBIDDEN'],
      hits: 1,
      stored: 0,
    },
  ],
];

describe.each(VERSIONS)('D: rebinding, over %s', (version) => {
  const RUNS = RUNS_OF[version];

  it.each(FORMS)(`%s: ${RUNS} calls never come inside, and keep what is public alone`, async (_row, form) => {
    let run = 0;
    let turn = 0;
    await using service = await startHostileService({
      version,
      respond: form.respond,
      web: { resolve: async () => form.answerOf(turn++, run) },
    });
    const pages: string[] = [];
    for (; run < RUNS; run += 1) {
      turn = 0;
      // For good: what comes of it is in the bucket and in the cache.
      const url = service.url(`/page?${run}`);
      const { code, body } = await service.post(url);
      expect([code, body.reason]).toEqual([form.codeOf(run), undefined]);
      if (code !== 'OK') continue;
      pages.push(pageIdOf(url));
      expect(codesOf(body.skipped)).toEqual(form.skipped);
    }
    expect(service.site.heads).toHaveLength(form.hits * RUNS);
    expect(service.inside.accepted()).toBe(0);
    const { store, cache } = service;
    expect(store.objects.size).toBe(form.stored * RUNS);
    expect([[...store.kept.keys()], [...cache.entries.keys()], [...cache.locks.keys()]]).toEqual([
      pages,
      pages,
      [],
    ]);
    report({ inputs: RUNS });
  });

  it(`D09 a connection that is kept stays where it was judged: ${RUNS} calls, one question`, async () => {
    let turn = 0;
    await using service = await startHostileService({
      version,
      respond: (socket) => socket.write(answer(200, { 'Content-Type': 'text/html' }, '<p>')),
      config: { connectionsPerHost: 1 },
      web: { resolve: async () => (turn++ === 0 ? [PUBLIC] : [PRIVATE]) },
    });
    for (let i = 0; i < RUNS; i += 1) {
      expect((await service.post(service.url(`/page?${i}`))).code).toBe('OK');
    }
    expect([turn, service.site.accepted(), service.site.heads.length]).toEqual([1, 1, RUNS]);
    expect([service.inside.accepted(), service.store.kept.size, service.store.objects.size]).toEqual([
      0,
      RUNS,
      0,
    ]);
    report({ inputs: RUNS });
  });

  it('D05 a second attempt after a lost connection asks and judges anew', async () => {
    let turn = 0;
    await using service = await startHostileService({
      version,
      respond: (socket) => socket.resetAndDestroy(),
      web: { resolve: async () => (turn++ === 0 ? [PUBLIC] : [PRIVATE]) },
    });
    expect((await service.post(service.url('/page'))).code).toBe('ADDRESS_FORBIDDEN');
    expect([turn, service.site.heads.length]).toEqual([2, 1]);
    service.expectNothing();
  });
});
