/** Checks what the API's user may do in the object store, with the server's client. */
import type { Stack } from './stack.ts';
import { check } from './steps.ts';
import { BUCKET, storeClient } from './storeClient.ts';

const OTHER_BUCKET = 'not-of-the-api';

/** A file that every container has. */
const FILE = '/etc/hostname';

/** The requests of the handlers, in this order. */
const ALLOWED: readonly (readonly string[])[] = [
  ['ls', `app/${BUCKET}/`],
  ['cp', FILE, `app/${BUCKET}/pages/rights.json`],
  ['cat', `app/${BUCKET}/pages/rights.json`],
  ['cp', FILE, `app/${BUCKET}/images/rights/one`],
  ['cat', `app/${BUCKET}/images/rights/one`],
  ['rm', `app/${BUCKET}/images/rights/one`],
  ['cp', FILE, `app/${BUCKET}/checks/rights`],
  ['cat', `app/${BUCKET}/checks/rights`],
  ['rm', `app/${BUCKET}/checks/rights`],
];

const REFUSED: readonly (readonly string[])[] = [
  ['rm', `app/${BUCKET}/pages/rights.json`],
  ['cp', FILE, `app/${BUCKET}/elsewhere/new`],
  ['cat', `app/${BUCKET}/elsewhere/secret`],
  ['rm', `app/${BUCKET}/elsewhere/secret`],
  ['anonymous', 'set', 'public', `app/${BUCKET}`],
  ['version', 'enable', `app/${BUCKET}`],
  ['ls', `app/${OTHER_BUCKET}`],
  ['cat', `app/${OTHER_BUCKET}/secret`],
  ['cp', FILE, `app/${OTHER_BUCKET}/new`],
  ['rm', `app/${OTHER_BUCKET}/secret`],
  ['mb', 'app/made-by-the-api'],
  ['admin', 'info', 'app'],
  ['admin', 'config', 'get', 'app', 'api'],
  ['admin', 'user', 'list', 'app'],
  ['admin', 'user', 'add', 'app', 'made-by-the-api', 'a-password'],
  // By default, MinIO allows every user these about itself.
  ['admin', 'user', 'add', 'app', 'minioadmin', 'minioadmin'],
  ['admin', 'accesskey', 'create', 'app/'],
  ['admin', 'policy', 'list', 'app'],
  ['admin', 'policy', 'attach', 'app', 'consoleAdmin', '--user', 'minioadmin'],
];

/** @throws Error that names rights which the user lacks, and rights which it should not have */
export async function checkRights(stack: Stack): Promise<string> {
  const client = await storeClient(stack);
  const byRoot = async (...args: readonly string[]) => {
    const { code, text } = await client(...args);
    check(code === 0, `root: ${args.join(' ')}: ${text}`);
  };
  await byRoot('mb', '--ignore-existing', `root/${OTHER_BUCKET}`);
  await byRoot('cp', FILE, `root/${OTHER_BUCKET}/secret`);
  await byRoot('cp', FILE, `root/${BUCKET}/elsewhere/secret`);

  const faults: string[] = [];
  for (const args of ALLOWED) {
    const { code, text } = await client(...args);
    if (code !== 0) faults.push(`may not ${args.join(' ')}: ${text.trim().slice(-200)}`);
  }
  for (const args of REFUSED) {
    // The output decides: `admin info` has exit code 0 even when it is denied.
    const { code, text } = await client(...args);
    if (/Access ?Denied|Insufficient permissions/i.test(text)) continue;
    faults.push(code === 0 ? `may ${args.join(' ')}` : `${args.join(' ')}: ${text.trim().slice(-200)}`);
  }
  const { text: seen } = await client('ls', 'app');
  if (!seen.includes(BUCKET) || seen.includes(OTHER_BUCKET)) faults.push(`sees the buckets ${seen.trim()}`);
  for (const path of ['', '/pages/rights.json', '/elsewhere/secret', '/images/']) {
    const { status } = await fetch(`${stack.store}/${BUCKET}${path}`);
    if (status !== 403) faults.push(`whoever has no keys gets ${status} for ${path || 'the list'}`);
  }

  await byRoot('rm', `root/${BUCKET}/pages/rights.json`);
  await byRoot('rm', `root/${BUCKET}/elsewhere/secret`);
  await byRoot('rb', '--force', `root/${OTHER_BUCKET}`);
  check(faults.length === 0, faults.join('; '));
  return `${ALLOWED.length} things allowed, ${REFUSED.length} denied, nothing without keys`;
}

/** @throws Error with an origin that gets another response than expected */
export async function checkOrigins(stack: Stack): Promise<string> {
  const origins = { 'http://localhost:8081': true, 'http://evil.test': false, null: false };
  for (const [origin, isAllowed] of Object.entries(origins)) {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const headers = { origin, 'access-control-request-method': method };
      const response = await fetch(`${stack.store}/${BUCKET}/images/x`, { method: 'OPTIONS', headers });
      const allowed = response.headers.get('access-control-allow-origin');
      check(allowed === (isAllowed ? origin : null), `${method} from ${origin}: ${allowed}`);
    }
  }
  return Object.keys(origins).join(', ');
}
