/** The child's side of `child.ts`: runs the tasks of one module and says what each took. Ends with its parent. */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { run } = (await import(pathToFileURL(process.argv[2] ?? '').href)) as {
  run(args: unknown): Promise<unknown>;
};
/** A folder for the profile of every task. */
const profiles = process.env.BENCH_PROFILES;
let tasks = 0;

process.on('disconnect', () => process.exit());
process.on('message', async ({ args }: { args: unknown }) => {
  try {
    const session = profiles === undefined ? null : await startProfile();
    const cpu = process.cpuUsage();
    const start = performance.now();
    const result = await run(args);
    const wallMs = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    if (session !== null) await keepProfile(session);
    process.send?.({
      wallMs,
      cpuMs: (user + system) / 1_000,
      peakMb: process.resourceUsage().maxRSS / 1_024,
      result,
    });
  } catch (error) {
    process.send?.({ error: error instanceof Error ? error.stack : String(error) });
  }
});
process.send?.({});

async function startProfile(): Promise<Session> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 200 });
  await session.post('Profiler.start');
  return session;
}

async function keepProfile(session: Session): Promise<void> {
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  tasks += 1;
  const name = `${String(tasks).padStart(4, '0')}-${process.pid}.cpuprofile`;
  writeFileSync(join(profiles ?? '', name), JSON.stringify(profile));
}
