/** What every `PageLock` promises. */
import { randomBytes } from 'node:crypto';
import { expect, it } from '@jest/globals';
import type { PageLock } from '../../lib/domain/ports.ts';
import { until } from '../support/until.ts';

const LOCK_MS = 3_600_000;

/** Holds where there is no Redis too. */
export function testAnyPageLock(lock: () => PageLock): void {
  const pageId = () => randomBytes(16).toString('hex');

  it('never says that a lock is held which nobody took', async () => {
    const id = pageId();
    expect(await lock().isHeld(id)).toBe(false);
    expect(await lock().take(id, 'mine', LOCK_MS)).not.toBe('held');
  });

  it('lets go of what nobody took', async () => {
    const id = pageId();
    await lock().release(id, 'mine');
    expect(await lock().isHeld(id)).toBe(false);
  });

  it('can be taken by the next after it was released', async () => {
    const id = pageId();
    await lock().take(id, 'mine', LOCK_MS);
    await lock().release(id, 'mine');
    expect(await lock().isHeld(id)).toBe(false);
    expect(await lock().take(id, 'theirs', LOCK_MS)).not.toBe('held');
  });
}

/** Holds for a lock that works. */
export function testPageLock(lock: () => PageLock): void {
  const pageId = () => randomBytes(16).toString('hex');

  it('is held by the first who takes it', async () => {
    const id = pageId();
    expect(await lock().take(id, 'mine', LOCK_MS)).toBe('taken');
    expect(await lock().take(id, 'theirs', LOCK_MS)).toBe('held');
    expect(await lock().isHeld(id)).toBe(true);
  });

  it('gives each page its own lock', async () => {
    await lock().take(pageId(), 'mine', LOCK_MS);
    expect(await lock().take(pageId(), 'mine', LOCK_MS)).toBe('taken');
  });

  it.each(['theirs', 'min', 'mine and more', ''])('is not released by %j', async (token) => {
    const id = pageId();
    await lock().take(id, 'mine', LOCK_MS);
    await lock().release(id, token);
    expect(await lock().isHeld(id)).toBe(true);
  });

  it('goes to exactly one of 50 who want it at once', async () => {
    const id = pageId();
    const responses = await Promise.all(
      Array.from({ length: 50 }, (_, n) => lock().take(id, `token ${n}`, LOCK_MS)),
    );
    expect(responses.filter((response) => response === 'taken')).toHaveLength(1);
    expect(responses.filter((result) => result === 'held')).toHaveLength(49);
  });

  it('ends by itself after its time', async () => {
    const id = pageId();
    await lock().take(id, 'mine', 20.5);
    await until(async () => !(await lock().isHeld(id)));
    expect(await lock().take(id, 'theirs', LOCK_MS)).toBe('taken');
  });

  it('is not released by the one whose time was over', async () => {
    const id = pageId();
    await lock().take(id, 'mine', 20);
    await until(async () => (await lock().take(id, 'theirs', LOCK_MS)) === 'taken');
    await lock().release(id, 'mine');
    expect(await lock().isHeld(id)).toBe(true);
  });
}
