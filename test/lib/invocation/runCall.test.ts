/** A trigger that is not HTTP: the schedule of the sweep, and a queue whose message asks for a harvest. */
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { InvocationFacts } from '../../../lib/domain/ports.ts';
import { Problem } from '../../../lib/domain/problem.ts';
import { harvest } from '../../../lib/harvest/harvest.ts';
import { runCall } from '../../../lib/invocation/runCall.ts';
import { hang } from '../../fakes/intercept.ts';
import { createMemoryStore } from '../../fakes/memoryStore.ts';
import { pngOf } from '../../support/pictures.ts';
import { codeOf, createWorld, PAGE } from '../../support/world.ts';

const contextOf = (leftMs: number) =>
  ({ getRemainingTimeInMillis: () => leftMs, awsRequestId: 'the-message' }) as never;

afterEach(() => {
  jest.restoreAllMocks();
});

const SITE = {
  [PAGE]: { type: 'text/html', body: '<img src="a.png">' },
  [`${PAGE}a.png`]: { type: 'image/png', body: pngOf(1) },
};

/** What was written to the log, line by line. */
function listen(): () => readonly Record<string, unknown>[] {
  const logged = jest.spyOn(console, 'log').mockImplementation(() => {});
  return () => logged.mock.calls.map(([line]) => JSON.parse(String(line)));
}

describe('a message of a queue that asks for a harvest', () => {
  it('is harvested as a POST is, with its line in the log and its metrics', async () => {
    const lines = listen();
    const emitted: InvocationFacts[] = [];
    const world = createWorld({ site: SITE });
    const services = {
      ...world.services,
      metrics: {
        emit: async (facts: InvocationFacts) => {
          emitted.push(facts);
        },
      },
    };
    const message = { url: new URL(PAGE), mode: 'update', isDryRun: false } as const;
    await runCall('queue', services, contextOf(29_000), async (its, call) => {
      call.urlHost = message.url.host;
      const { record } = await harvest(its, message, call);
      return { items: record.items.length };
    });
    expect(world.store.objects.size).toBe(1);
    expect(lines()).toEqual([
      expect.objectContaining({
        level: 'info',
        operation: 'queue',
        code: 'OK',
        items: 1,
        requestId: 'the-message',
        urlHost: new URL(PAGE).host,
        stored: 1,
      }),
    ]);
    expect(emitted).toEqual([
      expect.objectContaining({
        operation: 'queue',
        outcome: 'OK',
        measures: expect.objectContaining({ storageMs: expect.any(Number) }),
      }),
    ]);
  });
});

describe('a call that fails', () => {
  it('says so in the log and the metrics, and to its trigger', async () => {
    const lines = listen();
    const { services } = createWorld();
    const emit = jest.fn(async (_: InvocationFacts) => {});
    const failing = runCall('sweep', { ...services, metrics: { emit } }, contextOf(29_000), async () => {
      throw new Problem('STORAGE_UNAVAILABLE', {
        detail: 'The storage is down.',
        cause: new Error('refused'),
      });
    });
    expect(await codeOf(failing)).toBe('STORAGE_UNAVAILABLE');
    expect(lines()).toEqual([
      expect.objectContaining({
        level: 'error',
        code: 'STORAGE_UNAVAILABLE',
        cause: expect.stringContaining('refused'),
      }),
    ]);
    expect(emit).toHaveBeenCalledWith(expect.objectContaining({ outcome: 'STORAGE_UNAVAILABLE' }));
  });

  it('ends with the time that its trigger gives it, whatever the storage does', async () => {
    listen();
    const { services } = createWorld();
    const hanging = {
      ...services,
      ...createMemoryStore({ intercept: hang }),
      metrics: { emit: async () => {} },
    };
    const reading = runCall('queue', hanging, contextOf(320), async ({ records }) => ({
      record: await records.read('page'),
    }));
    expect(await codeOf(reading)).toBe('STORAGE_UNAVAILABLE');
  });
});
