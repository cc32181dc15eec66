/** The command: `node local-stack/exporter/main.ts --help`. */
import { type Exporter, startExporter } from './exporter.ts';
import { explainWriting } from './faults.ts';
import { HELP, readOptions } from './options.ts';
import manifest from './package.json' with { type: 'json' };

/** Rejects with one sentence when the output cannot be written. A closed pipe is not an error: its reader has enough. */
const write = (text: string) =>
  new Promise<void>((resolve, reject) => {
    process.stdout.write(text, (error) => {
      const fault = error ? explainWriting(error) : null;
      if (fault === null) resolve();
      else reject(fault);
    });
  });
const log = (line: string) => process.stderr.write(`emf-exporter: ${line}\n`);

/** Resolves on the first request to end; rejects when a part broke. */
function watchForEnd() {
  let onFault: (error: Error) => void = () => {};
  const ended = new Promise<void>((resolve, reject) => {
    onFault = reject;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
  // It may come before anybody waits for it.
  ended.catch(() => {});
  return { ended, onFault: (error: Error) => onFault(error) };
}

async function run(): Promise<void> {
  // The log's reader may end: `/metrics` goes on. Faults of the output are reported by `write`.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') return write(HELP);
  if (options === 'version') return write(`${manifest.version}\n`);
  const { ended, onFault } = watchForEnd();
  const exporter: Exporter = await startExporter(options, {
    input: process.stdin,
    log,
    now: () => new Date(),
    onFault,
  });
  try {
    if (options.prints) {
      await Promise.race([exporter.inputEnded, ended]);
      for await (const piece of exporter.metrics()) await write(piece);
      return;
    }
    log(`listening on ${exporter.places.join(', ')}`);
    await Promise.race(options.endsWithInput ? [exporter.inputEnded, ended] : [ended]);
  } finally {
    await exporter.close();
  }
}

try {
  await run();
  process.exit(0);
} catch (error) {
  log(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
