/** The scenarios of the challenge: one page from its first harvest to its change. */
import { createHash, randomUUID } from 'node:crypto';
import { call, expectThat, followLink, jsonOf, type Reply } from './calls.ts';
import type { SmokeOptions } from './options.ts';
import type { Scenario } from './scenario.ts';

const GALLERY = '/sample/';
const CHANGING = '/sample/changing/';

interface Item {
  readonly name: string;
  readonly url: string;
  readonly sha256: string;
  readonly contentType: string;
  readonly outcome: string;
  readonly href?: string;
}

interface Body {
  readonly images: readonly string[];
  readonly items: readonly Item[];
  /** In a look-up by an image's URL, the cursor of the next part. */
  readonly next?: string;
  readonly code: string;
  readonly upstreamStatus?: number;
  readonly complete: boolean;
  readonly counts: { readonly discovered: number; readonly items: number; readonly skipped: number };
  readonly changes: Readonly<
    Record<'added' | 'changed' | 'unchanged' | 'removed' | 'kept', readonly string[]>
  >;
}

/** Parts of a look-up that are read, of a thousand pages each. */
const PARTS_MAX = 100;

export function apiScenarios(options: SmokeOptions): readonly Scenario[] {
  // With a unique query, the page is new on every stack.
  const run = `?smoke=${randomUUID()}`;
  const gallery = `${options.siteFromApi}${GALLERY}${run}`;
  const changing = `${options.siteFromApi}${CHANGING}${run}`;
  let first: Body;

  const harvest = (method: 'POST' | 'PUT', url: string) =>
    call(`${options.api}/images`, { method, json: { url } });
  const lookUp = (url: string, query = '', base = options.api, headers = {}) =>
    call(`${base}/images?url=${encodeURIComponent(url)}${query}`, { headers });

  return [
    {
      name: `the site shows ${GALLERY}`,
      async run() {
        const { status, headers, bytes } = await call(`${options.site}${GALLERY}${run}`);
        expectThat(status === 200, `status ${status} instead of 200`);
        expectThat(headers.get('content-type')?.startsWith('text/html') === true, 'it is not sent as HTML');
        expectThat(bytes.includes('<img '), 'it has no images');
      },
    },
    {
      name: 'the console is served, and its policy allows only its own script',
      async run() {
        const { status, headers } = await call(`${options.site}/console/`);
        expectThat(status === 200, `status ${status} instead of 200`);
        const policy = headers.get('content-security-policy') ?? '';
        const isStrict = policy.includes("default-src 'none'") && policy.includes("script-src 'self'");
        expectThat(isStrict, `its policy is "${policy}"`);
      },
    },
    {
      name: 'POST of this page is 201, and every image is stored',
      async run() {
        first = bodyOf(await harvest('POST', gallery), 201);
        const { discovered, items, skipped } = first.counts;
        expectThat(discovered > 0 && items === discovered && skipped === 0, JSON.stringify(first.counts));
        expectThat(
          first.complete && first.items.every(({ outcome }) => outcome === 'stored'),
          'not all stored',
        );
      },
    },
    {
      name: 'GET returns the same names in the same order, and 304 to its ETag',
      async run() {
        const reply = await lookUp(gallery);
        expectSame(bodyOf(reply, 200).images, first.images);
        const etag = reply.headers.get('etag') ?? '';
        const again = await lookUp(gallery, '', options.api, { 'if-none-match': etag });
        expectThat(again.status === 304, `status ${again.status} instead of 304`);
      },
    },
    {
      name: 'each link leads to the same bytes as on the site',
      async run() {
        const { items } = bodyOf(await lookUp(gallery, '&include=links,details'), 200);
        expectSame(
          items.map(({ name }) => name),
          first.images,
        );
        await Promise.all(items.map((item) => checkObject(item, options)));
      },
    },
    {
      name: 'GET with the URL of one image returns its copy from this page',
      async run() {
        const [{ url, name } = { url: '', name: '' }] = first.items;
        const ask = async (cursor: string) => bodyOf(await lookUp(url, `&limit=1000${cursor}`), 200);
        let part = await ask('');
        // On a stack in use, more pages may have the picture than one part lists.
        for (
          let parts = 1;
          parts < PARTS_MAX && part.next !== undefined && !part.images.includes(name);
          parts += 1
        )
          part = await ask(`&cursor=${encodeURIComponent(part.next)}`);
        expectThat(part.images.includes(name), `${name} is not among them`);
      },
    },
    {
      name: 'POST again is 409',
      async run() {
        const { code } = bodyOf(await harvest('POST', gallery), 409);
        expectThat(code === 'URL_ALREADY_PROCESSED', `code ${code}`);
      },
    },
    {
      name: 'PUT of an unchanged page changes nothing',
      async run() {
        const { changes } = bodyOf(await harvest('PUT', gallery), 200);
        expectSame(changes.unchanged, first.images);
        expectThat(changes.added.length + changes.changed.length + changes.removed.length === 0, 'changes');
      },
    },
    {
      name: 'after a change of the page PUT reports what was added, changed and removed, and GET shows it',
      async run() {
        const before = bodyOf(await harvest('POST', changing), 201);
        const next = await call(`${options.site}${CHANGING}next`, { method: 'POST' });
        expectThat(next.status === 200, `POST ${CHANGING}next of the site: status ${next.status}`);
        const { changes, images } = bodyOf(await harvest('PUT', changing), 200);
        for (const kind of ['added', 'changed', 'unchanged', 'removed'] as const) {
          expectThat(changes[kind].length > 0, `nothing ${kind}: ${JSON.stringify(changes)}`);
        }
        expectThat(
          changes.removed.every((name) => before.images.includes(name)),
          'a removed name is new',
        );
        expectSame(bodyOf(await lookUp(changing), 200).images, images);
      },
    },
    {
      name: 'a page that was never harvested is 404, an invalid URL is 400',
      async run() {
        const { code } = bodyOf(await lookUp(`${gallery}&never`), 404);
        expectThat(code === 'PAGE_NOT_FOUND', `code ${code}`);
        expectThat(bodyOf(await harvest('POST', 'ftp://a/'), 400).code === 'URL_INVALID', 'another code');
      },
    },
    ...options.forbidden.map((url) => ({
      name: `${url} is 403`,
      async run() {
        const { code } = bodyOf(await harvest('POST', url), 403);
        expectThat(code === 'ADDRESS_FORBIDDEN', `code ${code}`);
      },
    })),
    {
      name: 'a page cannot lead the API back to itself through the site',
      async run() {
        // A site without a proxy has no such path: 404.
        const url = `${options.siteFromApi}/api/images?url=${encodeURIComponent(gallery)}`;
        const { code, upstreamStatus } = bodyOf(await harvest('POST', url), 502);
        expectThat(
          code === 'PAGE_UNREACHABLE' && (upstreamStatus === 403 || upstreamStatus === 404),
          `${code}, status ${upstreamStatus}`,
        );
      },
    },
    {
      name: 'the proxy of the site gives the same responses',
      leftOut: options.proxiedApi === null ? 'this stack has no proxy' : null,
      async run() {
        const { images } = bodyOf(await lookUp(gallery, '', options.proxiedApi ?? ''), 200);
        expectSame(images, first.images);
      },
    },
  ];
}

const bodyOf = (reply: Reply, status: number) => jsonOf(reply, status) as unknown as Body;

async function checkObject({ name, url, href, sha256, contentType }: Item, options: SmokeOptions) {
  const object = await followLink(href ?? '', options.store);
  expectThat(object.status === 200, `${name}: status ${object.status}`);
  const type = object.headers.get('content-type');
  expectThat(type === contentType, `${name}: type ${type} instead of ${contentType}`);
  const original = await call(url.replace(options.siteFromApi, options.site));
  expectThat(original.bytes.equals(object.bytes), `${name} differs from the bytes at ${url}`);
  expectThat(hashOf(object.bytes) === sha256, `${name}: its bytes do not have the SHA-256 of the record`);
}

const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

function expectSame(actual: readonly string[], wanted: readonly string[]): void {
  const isSame = actual.length === wanted.length && actual.every((name, index) => name === wanted[index]);
  expectThat(isSame, `${JSON.stringify(actual)} instead of ${JSON.stringify(wanted)}`);
}
