/**
 * Loads a bundle and calls it once: `coldStart.js BUNDLE EVENT STATUS`. Says what all that took since the process
 * began. JavaScript, so that nothing has to strip types.
 */
import { pathToFileURL } from 'node:url';

const [bundle, event, status] = process.argv.slice(2);
const { handler } = await import(pathToFileURL(bundle).href);
const loaded = process.cpuUsage();
const end = performance.now() + 29_000;
const answer = await handler(JSON.parse(event), {
  awsRequestId: 'bench',
  getRemainingTimeInMillis: () => end - performance.now(),
});
if (answer.statusCode !== Number(status)) throw new Error(`${answer.statusCode} ${answer.body}`);
const { user, system } = process.cpuUsage();
const message = {
  cpuMs: (user + system) / 1_000,
  loadCpuMs: (loaded.user + loaded.system) / 1_000,
  wallMs: performance.now(),
};
process.send(message, () => process.exit());
