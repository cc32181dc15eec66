/** The exporter as a package: packed, installed where nothing else is, fed with a log, scraped by Prometheus. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findProgram } from '../../../local-stack/embedded/childService.ts';
import { blocksOf } from '../../support/markdown.ts';
import { ROOT } from './command.ts';
import { parseExposed } from './exposed.ts';
import { LOG_FORMS } from './logForms.ts';
import { documentOf } from './world.ts';

const SOURCE = join(ROOT, 'local-stack/exporter');
const MAX_PACKED_BYTES = 200_000;
const DEADLINE_MS = 60_000;
const PAUSE_MS = 50;

const folder = mkdtempSync(join(tmpdir(), 'emf-package-'));
const command = join(folder, 'node_modules/.bin/emf-exporter');
let tarball = '';

/** Nothing can be had from a registry. */
const npm = (args: readonly string[], cwd: string) => {
  const { status, stdout, stderr } = spawnSync('npm', [...args], {
    cwd,
    encoding: 'utf8',
    timeout: DEADLINE_MS,
  });
  if (status !== 0) throw new Error(`npm ${args.join(' ')}: ${stderr}`);
  return stdout;
};

beforeAll(() => {
  tarball = join(
    folder,
    npm(['pack', '--silent', '--pack-destination', folder], SOURCE).trim().split('\n').at(-1) ?? '',
  );
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  npm(['install', '--offline', '--no-audit', '--no-fund', tarball], folder);
}, DEADLINE_MS);
afterAll(() => rmSync(folder, { recursive: true }));

const order = JSON.stringify(documentOf({ sets: [['A']], members: { A: 'a', Orders: 2 } }));
const forms = Object.values(LOG_FORMS);
const inOtherLetters = JSON.stringify(documentOf({ units: { 注文: 'Count' }, members: { 注文: 7 } }));
const log = [
  inOtherLetters,
  'START RequestId: 8c9e Version: $LATEST',
  ...forms.flatMap((linesOf) => linesOf(order)),
  'END RequestId: 8c9e',
  '',
].join('\n');

describe('the packed exporter', () => {
  it('is small, and has nothing but what it runs on, its licence and how to use it', () => {
    expect(statSync(tarball).size).toBeLessThan(MAX_PACKED_BYTES);
    const installed = join(folder, 'node_modules/emf-prometheus-exporter');
    expect(readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'emf-prometheus-exporter',
    ]);
    expect(readdirSync(installed).sort()).toEqual([
      'LICENSE',
      'README.md',
      'THIRD-PARTY-LICENCES.txt',
      'dist',
      'package.json',
    ]);
    expect(readFileSync(join(installed, 'LICENSE'), 'utf8')).toBe(
      readFileSync(join(ROOT, 'LICENSE'), 'utf8'),
    );
  });

  it('names the licence of every package that is in it', () => {
    const licences = readFileSync(join(SOURCE, 'THIRD-PARTY-LICENCES.txt'), 'utf8');
    const metafile = join(folder, 'inputs.json');
    const esbuild = join(ROOT, 'node_modules/.bin/esbuild');
    const outdir = `--outdir=${join(folder, 'again')}`;
    const args = ['command.js', '--bundle', '--splitting', '--platform=node', '--format=esm', outdir];
    expect(
      spawnSync(esbuild, [...args, `--metafile=${metafile}`], { cwd: SOURCE, timeout: DEADLINE_MS }).status,
    ).toBe(0);
    const { inputs } = JSON.parse(readFileSync(metafile, 'utf8')) as { inputs: Record<string, unknown> };
    const packages = new Set(
      Object.keys(inputs).flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []),
    );
    expect(packages.size).toBeGreaterThan(1);
    for (const name of packages) expect(licences).toMatch(new RegExp(`^${name} \\(\\S+\\)$`, 'm'));
  });

  it('counts what cat pours into it, in every form of a log', () => {
    const file = join(folder, 'lambda.log');
    writeFileSync(file, log);
    const line = `cat lambda.log | npx --no -- emf-exporter --stdin --print`;
    const { stdout, status } = spawnSync('sh', ['-c', line], {
      cwd: folder,
      encoding: 'utf8',
      timeout: DEADLINE_MS,
    });
    expect(status).toBe(0);
    const values = parseExposed(stdout);
    expect(values.get('shop_orders_total{a="a"}')).toBe(2 * forms.length);
    expect(values.get('emf_exporter_lines_rejected_total{transport="stdin",reason="not_emf"}')).toBe(2);
    expect(values.get('emf_exporter_lines_rejected_total{transport="stdin",reason="json"}')).toBe(0);
  });

  it('has a README whose first example works as it stands', () => {
    const readme = readFileSync(join(folder, 'node_modules/emf-prometheus-exporter/README.md'), 'utf8');
    const [logged, command, expected] = blocksOf(readme).map((block) => block.text);
    writeFileSync(join(folder, 'lambda.log'), logged ?? '');
    const { stdout, status } = spawnSync('sh', ['-c', command ?? ''], {
      cwd: folder,
      encoding: 'utf8',
      timeout: DEADLINE_MS,
    });
    expect(status).toBe(0);
    const [shown] = stdout.split('# HELP emf_exporter_');
    expect(shown?.trim()).toBe(expected?.trim());
  });

  it('has a README that names no file outside it', () => {
    const installed = join(folder, 'node_modules/emf-prometheus-exporter');
    const readme = readFileSync(join(installed, 'README.md'), 'utf8');
    const links = [...readme.matchAll(/\]\((?!https:|#)([^)]+)\)/g)].map(([, target]) => target);
    const paths = [...readme.matchAll(/[\w./-]*\/[\w.-]+\.(?:js|ts|json|md)\b|[\w-]+\.(?:ts|md)\b/g)].map(
      ([path]) => path,
    );
    const missing = [...links, ...paths].filter((path) => !existsSync(join(installed, path ?? '')));
    expect(missing).toEqual([]);
  });

  it.each(['18.20.8', '16.0.0', '12.22.12'])('says in one sentence that Node %s is too old', (version) => {
    const older = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'${version}'})`;
    const { stderr, status } = spawnSync(process.execPath, ['--import', older, command, '--version'], {
      encoding: 'utf8',
    });
    expect([stderr, status]).toEqual([
      `emf-exporter needs Node 20 or later, but this is v${version}: install a newer one from nodejs.org.\n`,
      1,
    ]);
  });

  const oldest = findProgram(
    ['node'],
    process.env.PATH?.split(':')
      .filter((path) => !path.includes('node_modules'))
      .join(':'),
  );
  if (oldest !== null)
    it("runs on the machine's own Node as well", () => {
      const { stdout, status } = spawnSync(oldest, [command, '--stdin', '--print'], {
        input: log,
        encoding: 'utf8',
        timeout: DEADLINE_MS,
      });
      expect(status).toBe(0);
      expect(parseExposed(stdout).get('shop_orders_total{a="a"}')).toBe(2 * forms.length);
    });

  /** Debian's, of a version before UTF-8 names, and the one that the stack names, where both are there. */
  const servers = (process.env.PATH ?? '')
    .split(':')
    .flatMap((path) => findProgram(['prometheus'], path) ?? []);
  if (servers.length > 0)
    it.each([...new Set(servers)])('is scraped by Prometheus: %s', async (prometheus) => {
      const children: ChildProcess[] = [];
      try {
        const exporter = spawn(
          process.execPath,
          [command, '--stdin', '--udp-port=off', '--tcp-port=off', '--http-port=0'],
          {
            stdio: ['pipe', 'ignore', 'pipe'],
          },
        );
        children.push(exporter);
        exporter.stdin.write(log);
        const target = /http:\/\/(\S+)\/metrics/.exec(await firstLine(exporter))?.[1];
        const port = await freePort();
        const job = { job_name: 'emf', scrape_interval: '1s', static_configs: [{ targets: [target] }] };
        // JSON is YAML.
        writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify({ scrape_configs: [job] }));
        const server = spawn(
          prometheus,
          [
            '--config.file=prometheus.yml',
            `--storage.tsdb.path=${mkdtempSync(join(folder, 'data-'))}`,
            `--web.listen-address=127.0.0.1:${port}`,
          ],
          { cwd: folder, stdio: 'ignore' },
        );
        children.push(server);
        const sumOf = (query: string) =>
          sampleOf(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`);
        expect(await eventually(() => sumOf('shop_orders_total{job="emf"}'))).toBe(String(2 * forms.length));
        expect(await sumOf('{__name__=~"U__shop___6ce8__6587___total|shop_注文_total"}')).toBe('7');
      } finally {
        for (const child of children) {
          if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit');
        }
      }
    });
});

async function firstLine(child: ChildProcess): Promise<string> {
  let seen = '';
  for await (const piece of child.stderr ?? []) {
    seen += String(piece);
    if (seen.includes('/metrics')) break;
  }
  return seen;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function sampleOf(query: string): Promise<string | undefined> {
  const response = await fetch(query).catch(() => null);
  if (!response?.ok) return undefined;
  const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
  return data.result[0]?.value[1];
}

/** Asks until there is an answer; fails after a minute. */
async function eventually<T>(ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const response = await ask();
    if (response !== undefined) return response;
    if (performance.now() > deadline) throw new Error('it never came');
    await delay(PAUSE_MS);
  }
}
