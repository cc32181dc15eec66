/** Discovery over a folder of saved pages, or the bare parse of the same. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'parse5';
import type { StylesheetResult } from '../../lib/discovery/css/stylesheets.ts';
import { discoverImages } from '../../lib/discovery/discoverImages.ts';
import { decodeHtml } from '../../lib/discovery/markup/decodeHtml.ts';

const folder = process.env.BENCH_CORPUS ?? '';
const pages = readdirSync(folder)
  .filter((name) => name.endsWith('.html'))
  .map((name) => readFileSync(join(folder, name)));
const url = new URL('http://site.example/test/');

const readStylesheet = async (): Promise<StylesheetResult> => ({
  kind: 'failed',
  warning: { code: 'PAGE_UNREACHABLE', detail: 'The benchmark reads no stylesheets.' },
});

export async function run(what: 'discover' | 'parse'): Promise<number> {
  for (const html of pages) {
    if (what === 'parse') parse(decodeHtml(html, undefined).text);
    else await discoverImages({ html, contentType: undefined, url, finalUrl: url }, { readStylesheet });
  }
  return pages.length;
}
