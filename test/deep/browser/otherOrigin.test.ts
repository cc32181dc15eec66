/**
 * What a web page of another origin can do to `npm start`, in a real browser: nothing that writes, nothing that reads.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { findChromium } from '../../support/services.ts';
import { type App, startApp } from '../../support/startApp.ts';
import { until } from '../../support/until.ts';
import { launchChromium } from './support/browser.ts';

const program = findChromium();
/** A name that the attacker's name server leads to this machine. */
const REBOUND = 'evil.test';
const INVOCATION = '/2015-03-31/functions/image-processing-api-dev-postImages/invocations';
const JSON_TYPE = { 'content-type': 'application/json' };

/** Starts `npm start`, a page of another origin, and a browser that shows it. */
async function createScene(chromium: string, env: Readonly<Record<string, string>> = {}) {
  await using begun = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'image-api-'));
  begun.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const app = await startApp({ dataFolder: folder, env });
  begun.defer(async () => void (await app.stop()));
  const elsewhere = await listen(
    createServer((_, response) => response.setHeader('content-type', 'text/html').end('<p>elsewhere')),
  );
  begun.defer(() => void elsewhere.closeAllConnections());
  begun.defer(() => void elsewhere.close());
  const browser = await launchChromium(chromium, [REBOUND]);
  begun.defer(() => browser.close());
  await fetch(`${app.apiUrl}/images`, {
    method: 'POST',
    headers: JSON_TYPE,
    body: JSON.stringify({ url: `${app.siteUrl}/sample/` }),
  });
  const parts = begun.move();
  const { port } = elsewhere.address() as AddressInfo;
  return { app, browser, port, folder, end: () => parts.disposeAsync() };
}
type Scene = Awaited<ReturnType<typeof createScene>>;

async function listen(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** The names of all objects in the store. */
const contents = async ({ folder }: Scene) =>
  (await readdir(join(folder, 'objects'), { recursive: true })).sort();

/** A browser page of that origin. The attacker serves it, even when its name now leads elsewhere. */
async function openPage(browser: Browser, origin: string): Promise<Page> {
  const page = await browser.newPage();
  const address = `${origin}/attack.html`;
  await page.route(address, (route) => route.fulfill({ contentType: 'text/html', body: '<p>attack' }));
  await page.goto(address);
  return page;
}

/**
 * The statuses of the responses to what `script` sends to `urls`, in their order, preflights included. They come from
 * the debugger, since a browser keeps most of them from the page.
 */
async function statusesOf(page: Page, urls: readonly string[], script: string): Promise<number[]> {
  const debugging = await page.context().newCDPSession(page);
  const urlOf = new Map<string, string>();
  const statusOf = new Map<string, number>();
  const seen = () => urls.map((url) => [...urlOf].find(([id, its]) => its === url && statusOf.has(id))?.[0]);
  debugging.on('Network.requestWillBeSent', ({ requestId, request }) => urlOf.set(requestId, request.url));
  debugging.on('Network.responseReceivedExtraInfo', ({ requestId, statusCode }) =>
    statusOf.set(requestId, statusCode),
  );
  await debugging.send('Network.enable');
  await page.evaluate(script);
  await until(() => seen().every((id) => id !== undefined));
  return seen().map((id) => statusOf.get(id ?? '') ?? 0);
}

const quoted = (value: unknown) => JSON.stringify(value);

/** Ways to send a request, with and without a preflight. */
const WRITES: Readonly<Record<string, (scene: Scene) => { readonly url: string; readonly script: string }>> =
  {
    'a fetch of text': ({ app }) => byFetch(`${app.apiUrl}/images`, bodyFor(app), 'text/plain'),
    'a fetch of a Blob without a type': ({ app }) => byFetch(`${app.apiUrl}/images`, bodyFor(app)),
    'a beacon': ({ app }) => ({
      url: `${app.apiUrl}/images`,
      script: `navigator.sendBeacon(${quoted(`${app.apiUrl}/images`)}, new Blob([${quoted(bodyFor(app))}])), 0`,
    }),
    'a form': ({ app }) => {
      const name = `{"url":${quoted(victim(app))},"x":"`;
      const script = `(() => {
      const form = document.createElement('form');
      Object.assign(form, { method: 'post', enctype: 'text/plain', action: ${quoted(`${app.apiUrl}/images`)} });
      const field = Object.assign(document.createElement('input'), { name: ${quoted(name)}, value: '"}' });
      form.append(field);
      document.body.append(form);
      form.submit();
    })()`;
      return { url: `${app.apiUrl}/images`, script };
    },
    "the site's way to the API": ({ app }) => byFetch(`${app.siteUrl}/api/images`, bodyFor(app)),
    "the site's own page": ({ app }) => byFetch(`${app.siteUrl}/sample/changing/next`, ''),
    'an invocation by the Lambda port': ({ app }) =>
      byFetch(
        `http://localhost:${app.env.LAMBDA_PORT}${INVOCATION}`,
        JSON.stringify({ headers: JSON_TYPE, body: bodyFor(app) }),
      ),
    'a PUT to the store': ({ app }) => byStore(`${app.s3Endpoint}/images/images/a`, 'PUT'),
    'a DELETE in the store': ({ app }) => byStore(`${app.s3Endpoint}/images/pages/a.json`, 'DELETE'),
  };

const victim = (app: App) => `${app.siteUrl}/sample/channels.html`;
const bodyFor = (app: App) => JSON.stringify({ url: victim(app) });

function byFetch(url: string, body: string, type = '') {
  const blob = `new Blob([${quoted(body)}], { type: ${quoted(type)} })`;
  return { url, script: `fetch(${quoted(url)}, { method: 'POST', mode: 'no-cors', body: ${blob} }), 0` };
}

function byStore(url: string, method: string) {
  const options = { method, headers: { authorization: 'AWS4-HMAC-SHA256 x' } };
  return { url, script: `fetch(${quoted(url)}, ${quoted(options)}).catch(() => 0), 0` };
}

/** Elements that load a URL, each with its attribute. */
const ELEMENTS = { script: 'src', img: 'src', iframe: 'src', link: 'href', object: 'data', video: 'src' };

if (program === null) {
  it('is left out only where REQUIRE_SERVICES does not ask for it', () => {
    expect(process.env.REQUIRE_SERVICES).not.toBe('1');
  });
} else {
  describe('a page of another origin', () => {
    let scene: Scene;
    beforeAll(async () => {
      scene = await createScene(program);
    });
    afterAll(() => scene?.end());

    const origins = () => ({
      'another port': `http://localhost:${scene.port}`,
      'another site': `http://127.0.0.1:${scene.port}`,
      'another name': `http://${REBOUND}:${scene.port}`,
    });
    const places = ['another port', 'another site', 'another name'] as const;

    describe.each(places)('at %s', (place) => {
      let page: Page;
      beforeEach(async () => {
        page = await openPage(scene.browser, origins()[place]);
      });
      afterEach(() => page.close());

      it.each(Object.keys(WRITES))('writes nothing by %s', async (way) => {
        const before = await contents(scene);
        const { url, script } = WRITES[way]?.(scene) ?? { url: '', script: '' };
        expect(await statusesOf(page, [url], script)).toEqual([403]);
        expect(await contents(scene)).toEqual(before);
        const query = new URLSearchParams({ url: victim(scene.app) });
        expect((await fetch(`${scene.app.apiUrl}/images?${query}`)).status).toBe(404);
      });

      it('takes nothing of API, site and store into itself', async () => {
        const { apiUrl, siteUrl, s3Endpoint } = scene.app;
        const query = `?url=${encodeURIComponent(`${siteUrl}/sample/`)}`;
        const urls = [
          `${apiUrl}/images${query}`,
          `${siteUrl}/api/images${query}`,
          `${siteUrl}/console/${query}`,
          `${s3Endpoint}/images/?list-type=2&${presigned()}`,
        ];
        const wanted = Object.entries(ELEMENTS)
          .flatMap(([element, attribute]) =>
            urls.map((url) => ({ element, attribute, url: `${url}&by=${element}` })),
          )
          // With a link of the store, any page may show its picture, but cannot read it.
          .filter(({ element, url }) => element !== 'img' || !url.startsWith(s3Endpoint));
        const script = `for (const { element, attribute, url } of ${quoted(wanted)}) {
          const added = document.createElement(element);
          if (element === 'link') added.rel = 'stylesheet';
          added[attribute] = url;
          document.body.append(added);
        }`;
        const addresses = wanted.map(({ url }) => url);
        const statuses = await statusesOf(page, addresses, script);
        expect(addresses.filter((_, index) => statuses[index] !== 403)).toEqual([]);
      });
    });

    /** With DNS rebinding, the server has the page's origin, under the page's name. */
    const READS = (): Readonly<Record<string, string>> => ({
      PORT: `/images?url=${encodeURIComponent(`${scene.app.siteUrl}/sample/`)}&include=links`,
      SITE_PORT: `/api/images?url=${encodeURIComponent(`${scene.app.siteUrl}/sample/`)}`,
      LAMBDA_PORT: INVOCATION,
      S3_PORT: `/images/?list-type=2&${presigned()}`,
    });

    it.each(['PORT', 'SITE_PORT', 'LAMBDA_PORT', 'S3_PORT'])(
      'reads, lists and writes nothing by DNS rebinding: %s',
      async (port) => {
        const before = await contents(scene);
        const origin = `http://${REBOUND}:${scene.app.env[port]}`;
        const page = await openPage(scene.browser, origin);
        const responses = await page.evaluate<[number, string][]>(`Promise.all(
          ['GET', 'POST', 'PUT', 'DELETE'].map(async (method) => {
            const headers = { 'content-type': 'application/json', authorization: 'AWS4-HMAC-SHA256 x' };
            const body = method === 'GET' ? undefined : ${quoted(bodyFor(scene.app))};
            const response = await fetch(${quoted(READS()[port])}, { method, headers, body });
            return [response.status, await response.text()];
          }),
        )`);
        await page.close();
        expect(responses.map(([status]) => status)).toEqual([421, 421, 421, 421]);
        for (const [, text] of responses) expect(text).toContain('HOST_UNKNOWN');
        expect(await contents(scene)).toEqual(before);
      },
    );

    it('reads no object by DNS rebinding, even with its link', async () => {
      const link = new URL(await linkOf(scene.app));
      const origin = `http://${REBOUND}:${link.port}`;
      const page = await openPage(scene.browser, origin);
      const response = await page.evaluate<[number, string]>(
        `fetch(${quoted(link.pathname + link.search)}).then(async (r) => [r.status, await r.text()])`,
      );
      await page.close();
      expect(response).toEqual([421, expect.stringContaining('HOST_UNKNOWN')]);
    });

    it('may have links to the console and to a picture, which a person follows', async () => {
      const link = await linkOf(scene.app);
      for (const url of [`${scene.app.siteUrl}/console/`, link]) {
        const page = await openPage(scene.browser, origins()['another name']);
        const response = page.waitForResponse((each) => each.url() === url);
        await page.evaluate(`(() => {
          const link = document.body.appendChild(document.createElement('a'));
          link.href = ${quoted(url)};
          link.click();
        })()`);
        expect([url, (await response).status()]).toEqual([url, 200]);
        await page.close();
      }
    });

    it('shows a picture by its link, as the console does', async () => {
      const url = await linkOf(scene.app);
      const page = await openPage(scene.browser, origins()['another site']);
      const width = await page.evaluate(`new Promise((resolve) => {
        const image = Object.assign(new Image(), { src: ${quoted(url)} });
        image.onload = () => resolve(image.naturalWidth);
        image.onerror = () => resolve(0);
      })`);
      await page.close();
      expect(width).toBe(960);
    });
  });

  it('the same pages do it where the settings let everybody', async () => {
    const scene = await createScene(program, { CORS_ORIGINS: '*', ALLOWED_HOSTS: REBOUND });
    try {
      const { app, browser, port } = scene;
      const before = await contents(scene);
      const { url, script } = WRITES['an invocation by the Lambda port']?.(scene) ?? { url: '', script: '' };
      const attacker = await openPage(browser, `http://${REBOUND}:${port}`);
      expect(await statusesOf(attacker, [url], script)).toEqual([200]);
      expect((await contents(scene)).length).toBeGreaterThan(before.length);
      const rebound = await openPage(browser, `http://${REBOUND}:${app.env.PORT}`);
      const query = new URLSearchParams({ url: `${app.siteUrl}/sample/` });
      const found = await rebound.evaluate(`fetch(${quoted(`/images?${query}`)}).then((r) => r.json())`);
      expect(found).toMatchObject({ count: 8 });
    } finally {
      await scene.end();
    }
  });
}

/** The query of a presigned link that is valid for some minutes, but not signed. */
function presigned(): string {
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  return new URLSearchParams({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Date': date,
    'X-Amz-Expires': '900',
    'X-Amz-Signature': 'x',
  }).toString();
}

async function linkOf(app: App): Promise<string> {
  const query = new URLSearchParams({ url: `${app.siteUrl}/sample/`, include: 'links' });
  const { items } = (await (await fetch(`${app.apiUrl}/images?${query}`)).json()) as {
    readonly items: readonly { readonly href: string }[];
  };
  return items[0]?.href ?? '';
}
