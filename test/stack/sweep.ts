/** Runs the sweep by hand, as in docs/docker.md. */
import { lookUp } from './load.ts';
import type { Stack } from './stack.ts';
import { check } from './steps.ts';
import { BUCKET, storeClient } from './storeClient.ts';
import { SITE } from './survival.ts';

const COMMAND = ['run', '--rm', '--no-deps', '-T', 'app', 'node'];
const PROGRAM = 'local-stack/sweep.ts';

/** An object of a page without a record, as a killed call leaves it. */
const ORPHAN = `app/${BUCKET}/images/${'a'.repeat(32)}/${'b'.repeat(32)}/killed-${'c'.repeat(8)}/left.png`;

/** Makes `new Date()` two days late, since only objects older than a day are swept. Signatures use `Date.now()`. */
const AHEAD = `data:text/javascript,${encodeURIComponent(
  'globalThis.Date = class extends Date {' +
    'constructor(...given) { super(...(given.length > 0 ? given : [Date.now() + 172800000])); } };',
)}`;

interface Report {
  readonly listed: number;
  readonly removed: number;
  readonly failed: number;
  readonly finished: boolean;
}

/**
 * Checks that confirmed copies stay unchanged, that an upload without a record is removed, and that young ones stay.
 */
export async function trySweep(stack: Stack): Promise<string> {
  const page = `${SITE}/sample/?known`;
  const response = async () => {
    const { status, bytes } = await lookUp(stack.api, page, '&include=details');
    check(status === 200, `the page is answered ${status}`);
    return bytes.toString('utf8');
  };
  const before = await response();
  const client = await storeClient(stack);
  const isThere = async () => (await client('stat', ORPHAN)).code === 0;
  const { code, text } = await client('cp', '/etc/hostname', ORPHAN);
  check(code === 0, text);

  const young = await runSweep(stack, [PROGRAM]);
  check(young.removed === 0 && (await isThere()), `it removed ${young.removed} young objects`);
  const old = await runSweep(stack, ['--import', AHEAD, PROGRAM]);
  check(old.removed >= 1 && !(await isThere()), 'the upload that no record names is still there');
  check((await response()) === before, 'the page answers otherwise');
  return `${old.listed} objects listed, ${old.removed} removed`;
}

async function runSweep(stack: Stack, args: readonly string[]): Promise<Report> {
  const text = await stack.compose(...COMMAND, ...args);
  // The report is followed by Compose's messages and the log line, which are on standard error.
  const report = JSON.parse(/^\{$.*?^\}$/ms.exec(text)?.[0] ?? 'null') as Report | null;
  check(report !== null, `it prints no report: ${text}`);
  check(report.finished && report.failed === 0, text);
  return report;
}
