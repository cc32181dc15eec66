import { setTimeout as delay } from 'node:timers/promises';

/** Resolves once `holds` returns true, which is called again and again. Fails after half a minute. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error('it never came to hold');
    await delay(1);
  }
}
