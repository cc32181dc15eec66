/** The command: `node local-stack/exporter/main.ts --help`. */
import { type Exporter, startExporter } from './exporter.ts';
import { HELP, readOptions } from './options.ts';

const write = (text: string) => new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));
const log = (line: string) => process.stderr.write(`emf-exporter: ${line}\n`);

/** Resolves on the first request to end; rejects when a part broke. */
function watchForEnd() {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  // Whoever read the log is gone: what is counted is still to be had.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  // It may come before anybody waits for it.
  promise.catch(() => {});
  return { ended: promise, onFault: reject };
}

async function run(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') return write(HELP);
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
