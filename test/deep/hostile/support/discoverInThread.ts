/**
 * Runs discovery in a thread without Jest, as it is deployed. Jest runs code in a separate context, where each use of a
 * global such as `Math` costs a look-up. A tokenizer that uses one for every escape is eight times slower there.
 */
import { Worker } from 'node:worker_threads';
import type { Cost } from './meter.ts';

export interface DiscoverTask {
  readonly html: string;
  readonly stylesheets: Readonly<Record<string, string>>;
  /** The bound for `measureWithin`. */
  readonly stallMs: number;
}

export interface DiscoverValue {
  /** URLs of the candidates. */
  readonly urls: readonly string[];
  readonly cost: Cost;
}

export async function discoverInThread(task: DiscoverTask): Promise<DiscoverValue> {
  const worker = new Worker(new URL('./discoverThread.ts', import.meta.url), { workerData: task });
  const outcome = Promise.withResolvers<DiscoverValue>();
  worker.once('message', outcome.resolve);
  worker.once('error', outcome.reject);
  worker.once('exit', (code) => outcome.reject(new Error(`the thread ended with ${code} and said nothing`)));
  try {
    return await outcome.promise;
  } finally {
    await worker.terminate();
  }
}
