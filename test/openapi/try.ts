/**
 * Runs Schemathesis against `npm start`. It invents URLs, which the service would fetch. So this program refuses to run
 * with any network except loopback.
 *
 *   node test/openapi/try.ts PROGRAM [CASES [DESCRIPTION]]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT, startApp } from '../support/startApp.ts';

const [program = 'schemathesis', cases = '300', description = 'static/openapi.yaml'] = process.argv.slice(2);

/** Outcomes that a trial must have seen. Without one of them, it was too narrow to prove anything. */
const MUST_BE_SEEN = [
  'get 200 OK',
  'get 400 URL_INVALID',
  'get 404 PAGE_NOT_FOUND',
  'post 200 OK',
  'post 201 OK',
  'post 403 ADDRESS_FORBIDDEN',
  'post 409 URL_ALREADY_PROCESSED',
  'post 422 CONTENT_UNSUPPORTED',
  'post 502 PAGE_UNREACHABLE',
  'put 200 OK',
  'put 201 OK',
  'options 204 OK',
];

const others = Object.keys(networkInterfaces()).filter((name) => name !== 'lo');
if (others.length > 0) throw new Error(`This machine's network is within reach (${others.join(', ')}).`);

const app = await startApp({
  // The ports of schemathesis.toml. No other program uses this network.
  env: { PORT: '8080', SITE_PORT: '8081', PAGE_TIMEOUT_MS: '2000', CONNECT_TIMEOUT_MS: '1000' },
});
try {
  const args = [
    ...['--config-file', join(ROOT, 'test/openapi/schemathesis.toml')],
    ...['run', join(ROOT, description), '--url', app.apiUrl],
    // With several workers, a bug in the parser of Python 3.11 fails (recursion in a thread).
    ...['--max-examples', cases, '--workers', '1', '--request-timeout', '30'],
    ...['--generation-database', 'none', '--suppress-health-check', 'all', '--warnings', 'off'],
  ];
  // Schemathesis writes `.schemathesis` into its working folder, which must not be among the sources.
  const cwd = dirname(program);
  const child = spawn(program, args, { cwd, stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
} finally {
  await app.stop();
}

/** Number of calls by `operation status code`, from the service's log. */
const seen = new Map<string, number>();
for (const line of app.output().split('\n')) {
  if (!line.startsWith('{"level"')) continue;
  const call = JSON.parse(line) as Readonly<Record<string, unknown>>;
  const kind = `${call.operation} ${call.status} ${call.code}`;
  seen.set(kind, (seen.get(kind) ?? 0) + 1);
  if (call.code === 'INTERNAL') fail(`The service logged a bug: ${line}`);
}
for (const [kind, count] of [...seen].sort(([a], [b]) => (a < b ? -1 : 1))) console.log(`${count} × ${kind}`);
const missing = MUST_BE_SEEN.filter((kind) => !seen.has(kind));
if (missing.length > 0) fail(`Never seen: ${missing.join(', ')}.`);

function fail(sentence: string): void {
  process.exitCode = 1;
  process.stderr.write(`${sentence}\n`);
}
