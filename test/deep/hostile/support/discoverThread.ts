/** The thread of `discoverInThread.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { discoverHtml } from '../../../lib/discovery/discoverHtml.ts';
import type { DiscoverTask, DiscoverValue } from './discoverInThread.ts';
import { measureWithin } from './meter.ts';

const { html, stylesheets, stallMs } = workerData as DiscoverTask;
const { value, cost } = await measureWithin({ stallMs }, () => discoverHtml(html, { stylesheets }));
const message: DiscoverValue = { urls: value.candidates.map(({ url }) => url), cost };
parentPort?.postMessage(message);
