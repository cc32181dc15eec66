import { describe, expect, it } from '@jest/globals';
import { createConnectionSlots } from '../../../lib/harvest/connectionSlots.ts';
import { settled } from '../../support/settled.ts';

const never = new AbortController().signal;

describe('connection slots', () => {
  it('admit as many as one host may have, and the next when one leaves', async () => {
    const slots = createConnectionSlots({ connectionsPerHost: 2, connectionsMax: 10 });
    const first = await slots.take('a', never);
    await slots.take('a', never);
    const third = slots.take('a', never);
    expect(await settled(third)).toBe(false);
    first?.();
    expect(await settled(third)).toBe(true);
  });

  it('admit as many as there may be in all', async () => {
    const slots = createConnectionSlots({ connectionsPerHost: 5, connectionsMax: 2 });
    const first = await slots.take('a', never);
    await slots.take('b', never);
    const third = slots.take('c', never);
    expect(await settled(third)).toBe(false);
    first?.();
    expect(await settled(third)).toBe(true);
  });

  it('let another host pass a full one', async () => {
    const slots = createConnectionSlots({ connectionsPerHost: 1, connectionsMax: 2 });
    const a = await slots.take('a', never);
    const b = await slots.take('b', never);
    const waitingForA = slots.take('a', never);
    const waitingForB = slots.take('b', never);
    b?.();
    expect(await settled(waitingForB)).toBe(true);
    expect(await settled(waitingForA)).toBe(false);
    a?.();
    expect(await settled(waitingForA)).toBe(true);
  });

  it('give nothing once the time is over, to a newcomer or to one who waits', async () => {
    const slots = createConnectionSlots({ connectionsPerHost: 1, connectionsMax: 1 });
    const end = new AbortController();
    const first = await slots.take('a', end.signal);
    const waiting = slots.take('a', end.signal);
    end.abort();
    expect(await waiting).toBeNull();
    expect(await slots.take('a', end.signal)).toBeNull();
    first?.();
    expect(await slots.take('a', never)).not.toBeNull();
  });

  it('never run more than allowed under a crowd', async () => {
    const slots = createConnectionSlots({ connectionsPerHost: 3, connectionsMax: 7 });
    const running = new Map<string, number>();
    let total = 0;
    let peak = 0;
    await Promise.all(
      Array.from({ length: 300 }, async (_, index) => {
        const host = `host${index % 5}`;
        const leave = await slots.take(host, never);
        total += 1;
        peak = Math.max(peak, total);
        running.set(host, (running.get(host) ?? 0) + 1);
        expect(running.get(host)).toBeLessThanOrEqual(3);
        await Promise.resolve();
        total -= 1;
        running.set(host, (running.get(host) ?? 0) - 1);
        leave?.();
      }),
    );
    expect(peak).toBe(7);
  });
});
