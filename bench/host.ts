/** The child's side of `child.ts`: runs the tasks of one module and says what each took. Ends with its parent. */
import { pathToFileURL } from 'node:url';

const { run } = (await import(pathToFileURL(process.argv[2] ?? '').href)) as {
  run(args: unknown): Promise<unknown>;
};

process.on('disconnect', () => process.exit());
process.on('message', async ({ args }: { args: unknown }) => {
  try {
    const cpu = process.cpuUsage();
    const start = performance.now();
    const result = await run(args);
    const wallMs = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
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
