import { describe, expect, it } from '@jest/globals';
import { createByteBudget } from '../../../lib/harvest/byteBudget.ts';
import { settled } from '../../support/settled.ts';

describe('the budget of bytes in flight', () => {
  it('is inclusive: exactly the budget is granted at once, one more byte waits', async () => {
    const budget = createByteBudget(100);
    const oldest = budget.open();
    const other = budget.open();
    await oldest.take(60);
    await other.take(40);
    const more = other.take(1);
    expect(await settled(more)).toBe(false);
    oldest.close();
    expect(await settled(more)).toBe(true);
  });

  it('never makes the oldest wait, so that nobody waits for ever', async () => {
    const budget = createByteBudget(100);
    const oldest = budget.open();
    const other = budget.open();
    await other.take(100);
    await oldest.take(1_000);
    oldest.close();
    await other.take(500);
  });

  it('admits those who wait in the order in which they opened', async () => {
    const budget = createByteBudget(10);
    const [first, second, third] = [budget.open(), budget.open(), budget.open()];
    await first.take(10);
    const late = third.take(10);
    const early = second.take(10);
    first.close();
    expect(await settled(early)).toBe(true);
    expect(await settled(late)).toBe(false);
    second.close();
    expect(await settled(late)).toBe(true);
  });

  it('lets a share that is closed while it waits go', async () => {
    const budget = createByteBudget(10);
    const [first, second] = [budget.open(), budget.open()];
    await first.take(10);
    const waiting = second.take(5);
    second.close();
    await waiting;
    first.close();
    await budget.open().take(10);
  });

  it('counts nothing for a share that is closed already', async () => {
    const budget = createByteBudget(10);
    const [closed, oldest, other] = [budget.open(), budget.open(), budget.open()];
    closed.close();
    await closed.take(10);
    await oldest.take(5);
    expect(await settled(other.take(5))).toBe(true);
  });
});
