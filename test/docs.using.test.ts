/** Runs every block of docs/using.md, and compares what it prints with what the document shows. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findProgram } from '../local-stack/embedded/childService.ts';
import { type Site, startSite } from '../local-stack/front/site.ts';
import { type Block, blocksOf, readDocument } from './support/markdown.ts';
import { type App, cleanEnvironment, freePorts, ROOT, startApp } from './support/startApp.ts';
import { until } from './support/until.ts';

const RETRIES = 'Try again when it says so';

/** By what the language of a block is called; without its program a section is left out (globalSetup says so). */
const RUNNERS = {
  sh: { programs: ['sh', 'curl'], file: 'block.sh', command: 'sh' },
  js: { programs: [], file: 'block.mjs', command: process.execPath },
  python: { programs: ['python3'], file: 'block.py', command: 'python3' },
} as const;

type Language = keyof typeof RUNNERS;

const blocks = blocksOf(readDocument('docs/using.md'));
const SECTIONS = [
  { section: 'With curl', language: 'sh' },
  { section: 'With JavaScript', language: 'js' },
  { section: 'With Python', language: 'python' },
] as const;
const canRun = (language: Language) =>
  RUNNERS[language].programs.every((program) => findProgram([program], process.env.PATH) !== null);

/** What the gate before the API answers instead of the API, before it lets anything through again. */
let refusals: (readonly [status: number, code: string])[] = [];
let passed = 0;
/** Of the call that was let through last. */
let authorization: string | undefined;
let app: App;
let gate: Server;
const sites = new Map<Language, Site>();

beforeAll(async () => {
  const ports = await freePorts(SECTIONS.length);
  // A site for each language: none may find its pages harvested by another.
  const allowed = ports.map((port) => `localhost:${port}`).join(',');
  app = await startApp({ env: { FETCH_ALLOW_HOSTS: allowed } });
  for (const [index, { language }] of SECTIONS.entries()) {
    const port = ports[index] ?? 0;
    sites.set(language, await startSite({ folder: join(ROOT, 'static'), host: '127.0.0.1', port }));
  }
  gate = await openGate();
});
afterAll(async () => {
  for (const site of sites.values()) await site.close();
  await new Promise((resolve) => gate.close(resolve));
  await app.stop();
});

const gateUrl = () => `http://localhost:${(gate.address() as AddressInfo).port}`;

async function openGate(): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    const refusal = refusals.shift();
    if (refusal !== undefined) {
      const [status, code] = refusal;
      outgoing.writeHead(status, { 'content-type': 'application/problem+json', 'retry-after': '1' });
      outgoing.end(JSON.stringify({ status, code, title: code, detail: code }));
      return;
    }
    passed += 1;
    const { method, headers, url } = incoming;
    authorization = headers.authorization;
    const onward = request(`${app.apiUrl}${url}`, { method, headers, agent: false }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
    onward.once('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

describe('docs/using.md', () => {
  it('shows the same things in every language, and of each block what it prints', () => {
    const [first, ...others] = SECTIONS.map(({ section }) =>
      blocks
        .filter((block) => block.section === section && block.heading !== '')
        .map(({ heading, language }) => [heading, language === 'text']),
    );
    const headings = new Set(first?.map(([heading]) => heading));
    expect(headings.size).toBe(9);
    for (const other of others) expect(new Set(other.map(([heading]) => heading))).toEqual(headings);
    const known = new Set(['text', ...SECTIONS.map(({ language }) => language as string)]);
    expect(blocks.filter(({ language }) => !known.has(language))).toEqual([]);
    for (const [index, { info, language }] of blocks.entries()) {
      if (language !== 'text' && info === '') expect(blocks[index + 1]?.language).toBe('text');
    }
  });
});

describe.each(SECTIONS.filter(({ language }) => canRun(language)))('$section', ({ section, language }) => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'image-api-docs-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** The document's ports are those of a plain `npm start`; nothing else of it is changed. */
  const withPorts = (text: string) =>
    text
      .replaceAll('localhost:8080', `${new URL(gateUrl()).host}`)
      .replaceAll('http://localhost:8081', sites.get(language)?.url ?? '');

  const steps = blocks.flatMap((block, index) =>
    block.section === section && block.language === language ? [{ block, shown: blocks[index + 1] }] : [],
  );

  it.each(steps.map(({ block, shown }) => ({ heading: block.heading || block.info, block, shown })))(
    '$heading',
    async ({ block, shown }) => {
      if (block.info !== '') {
        await writeFile(join(folder, block.info), withPorts(block.text));
        return;
      }
      const isRetry = block.heading === RETRIES;
      refusals = isRetry
        ? [
            [503, 'STORAGE_UNAVAILABLE'],
            [409, 'URL_IN_PROGRESS'],
          ]
        : [];
      passed = 0;
      const printed = await run(block, withPorts(block.text), folder);
      expect(printed).toMatch(patternOf(withPorts(shown?.text ?? '')));
      expect(refusals).toEqual([]);
      if (isRetry) expect(passed).toBe(1);
    },
  );
});

/** On the sample site of `npm start` itself, where nothing has been harvested before. */
describe('the other documents', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'image-api-docs-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const portOf = (url: string) => new URL(url).port;
  const here = (text: string) =>
    text
      .replaceAll(/localhost(:|%3A)8080/g, `localhost$1${portOf(app.apiUrl)}`)
      .replaceAll(/localhost(:|%3A)8081/g, `localhost$1${portOf(app.siteUrl)}`);
  const blocksWith = (file: string, text: string) =>
    blocksOf(readDocument(file)).filter((block) => block.language === 'sh' && block.text.includes(text));
  /** curl draws its progress on standard error. */
  const silent = (text: string) => text.replaceAll(/^curl /gm, 'curl -s ');

  if (canRun('sh')) {
    it('the README harvests the sample page, looks it up, and brings it up to date', async () => {
      const responses = [];
      for (const block of blocksWith('README.md', 'curl ')) {
        responses.push(JSON.parse(await run(block, silent(here(block.text)), folder)));
      }
      expect(responses).toMatchObject([
        { counts: { discovered: 8, items: 8, skipped: 0 } },
        { count: 8, items: Array.from({ length: 8 }, () => ({ href: expect.any(String) })) },
        {
          changes: {
            added: [],
            changed: [],
            removed: [],
            kept: [],
            unchanged: Array(8).fill(expect.any(String)),
          },
        },
      ]);
    });

    it('the move from the Go service brings every URL of a list up to date', async () => {
      const urls = ['/sample/', '/sample/changing/'].map((path) => `${app.siteUrl}${path}`);
      await writeFile(join(folder, 'urls.txt'), `${urls.join('\n')}\n`);
      const [block] = blocksWith('docs/from-the-go-service.md', 'curl ');
      if (block === undefined) throw new Error('The loop is gone.');
      const printed = await run(block, here(block.text), folder);
      expect(printed).toBe(`200 ${urls[0]}\n201 ${urls[1]}\n`);
    });

    it('the signed call of docs/deploying.md is signed for the API of its region, and does what it says', async () => {
      const [block] = blocksWith('docs/deploying.md', '--aws-sigv4');
      if (block === undefined) throw new Error('The signed call is gone.');
      const text = block.text
        .replace(/https:\/\/API-ID[^/]+/, gateUrl())
        .replace('https://example.com/', `${app.siteUrl}/sample/based.html`)
        .replaceAll('$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY', 'AKIDEXAMPLE:secret');
      const record = JSON.parse(await run(block, silent(text), folder));
      expect(record).toMatchObject({ url: `${app.siteUrl}/sample/based.html`, complete: true });
      expect(authorization).toMatch(
        /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/execute-api\/aws4_request,/,
      );
    });
  }

  it('the sweep reports as docs/operating.md shows', async () => {
    const shown = blocksOf(readDocument('docs/operating.md')).find(({ language }) => language === 'text');
    const { stdout } = await promisify(execFile)(process.execPath, ['local-stack/sweep.ts'], {
      cwd: ROOT,
      env: { ...app.env },
      timeout: 150_000,
    });
    // The log line comes first.
    expect(stdout.slice(stdout.indexOf('{\n'))).toMatch(patternOf(shown?.text ?? ''));
  });

  it('a call is logged with the fields that docs/operating.md shows', async () => {
    const shown = blocksOf(readDocument('docs/operating.md')).find(({ language }) => language === 'json');
    const line = () => app.output().match(/^.*"operation":"post","code":"OK","status":201.*$/m)?.[0];
    await until(() => line() !== undefined);
    // In any order: of parts that run side by side either may end first.
    const fieldsOf = (text = '{}') => Object.keys(JSON.parse(text)).sort();
    expect(fieldsOf(line())).toEqual(fieldsOf(shown?.text));
  });
});

/** All that it prints; what it complains about must be nothing. */
async function run({ language }: Block, text: string, folder: string): Promise<string> {
  const { file, command } = RUNNERS[language as Language];
  await writeFile(join(folder, file), text);
  return new Promise((resolve, reject) => {
    const options = { cwd: folder, env: cleanEnvironment({ NO_PROXY: 'localhost' }), timeout: 150_000 };
    execFile(command, [file], options, (error, out, errors) => {
      if (error !== null || errors !== '') reject(new Error(`${errors}\n${out}\n${error?.message ?? ''}`));
      else resolve(out);
    });
  });
}

/** A pattern for shown output: `…` stands for any text in a line, and whitespace at the end of a line is ignored. */
function patternOf(shown: string): RegExp {
  const lines = shown.trimEnd().split('\n');
  const source = lines
    .map((line) => line.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll('…', '.+'))
    .join(' *\\n');
  return new RegExp(`^${source} *\\n*$`);
}
