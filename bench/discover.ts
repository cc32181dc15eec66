/**
 * Reports what discovery finds in a folder of saved pages: `npm run bench:discover -- FOLDER [BASE]`.
 *
 * Every .html file is taken as the answer of BASE (default http://fakehost/test/). Linked stylesheets are not read:
 * nothing is fetched. Ends with 1 when a page fails. The cost beside parse5 is the scenario `discovery` of `npm run bench`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StylesheetResult } from '../lib/discovery/css/stylesheets.ts';
import { discoverImages } from '../lib/discovery/discoverImages.ts';

const ROUNDS = 5;

const [folder, base = 'http://fakehost/test/'] = process.argv.slice(2);
if (folder === undefined || !existsSync(folder)) {
  console.error('Name the folder of saved pages: npm run bench:discover -- FOLDER [BASE]');
  process.exit(1);
}
const url = new URL(base);
const pages = readdirSync(folder)
  .filter((name) => name.endsWith('.html'))
  .sort()
  .map((name) => ({ name, html: readFileSync(join(folder, name)) }));

const discover = (html: Buffer) =>
  discoverImages(
    { html, contentType: undefined, url, finalUrl: url },
    {
      readStylesheet: async (): Promise<StylesheetResult> => ({
        kind: 'failed',
        warning: { code: 'PAGE_UNREACHABLE', detail: 'The benchmark reads no stylesheets.' },
      }),
    },
  );

const channels = new Map<string, number>();
const errors: string[] = [];
let candidates = 0;
for (const { name, html } of pages) {
  try {
    const found = await discover(html);
    candidates += found.candidates.length;
    for (const candidate of found.candidates) {
      const channel = channelOf(candidate.places[0]?.element, candidate.places[0]?.attribute);
      channels.set(channel, (channels.get(channel) ?? 0) + 1);
    }
  } catch (error) {
    errors.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

// The fastest of several rounds: a busy machine only adds time.
let slowest = { name: '', ms: Number.POSITIVE_INFINITY };
let discoveryMs = Number.POSITIVE_INFINITY;
for (let round = 0; round < ROUNDS; round += 1) {
  let slowestNow = { name: '', ms: 0 };
  const start = performance.now();
  for (const { name, html } of pages) {
    const pageStart = performance.now();
    await discover(html).catch(() => undefined);
    const ms = performance.now() - pageStart;
    if (ms > slowestNow.ms) slowestNow = { name, ms };
  }
  discoveryMs = Math.min(discoveryMs, performance.now() - start);
  if (slowestNow.ms < slowest.ms) slowest = slowestNow;
}

console.log(`pages              ${pages.length}`);
console.log(`errors             ${errors.length}`);
for (const error of errors) console.log(`  ${error}`);
console.log(`candidates         ${candidates}`);
console.log(`pages per second   ${((pages.length * 1_000) / discoveryMs).toFixed(0)}`);
console.log(`slowest page       ${slowest.name} ${slowest.ms.toFixed(0)} ms`);
console.log(`all pages          ${discoveryMs.toFixed(0)} ms, the fastest of ${ROUNDS} rounds`);
console.log('Linked stylesheets were not read. Candidates by their first place:');
for (const [channel, count] of [...channels].sort((a, b) => b[1] - a[1])) {
  console.log(`${String(count).padStart(7)}  ${channel}`);
}
process.exitCode = errors.length > 0 ? 1 : 0;

/** Element and attribute; a property of a style counts as CSS. */
function channelOf(element = '', attribute = ''): string {
  return /^(?:-|background|border|list|mask|content|cursor|shape)/.test(attribute)
    ? `${element} CSS`
    : `${element}[${attribute}]`;
}
