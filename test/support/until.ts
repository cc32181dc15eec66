/** Lets everything that is ready run until `holds`; fails when that takes over five seconds. */
export async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error('it never came to hold');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
