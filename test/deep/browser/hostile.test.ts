/** A page whose every word is an attack: the console shows it as text, and nothing of it ever runs. */
import { createServer } from 'node:http';
import { expect, it } from '@jest/globals';
import { pngOf } from '../../support/pictures.ts';
import { startApp } from '../../support/startApp.ts';
import { ask, axeViolations, drawnWidths, resultTitle } from './support/browser.ts';
import { consoleSuite, type Served, stopAll } from './support/suite.ts';

const MARKUP = `"'><img src=x onerror=alert(1)><script>alert(2)</script><svg onload=alert(3)>{{7*7}}\${alert(4)}`;
const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
const FILE = `/${encodeURIComponent(MARKUP)}.png`;
const SCRIPTED_SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20" onload="alert('svg')">
  <script>alert('svg script'); fetch('/stolen')</script>
  <foreignObject width="30" height="20"><body xmlns="http://www.w3.org/1999/xhtml" onload="alert(5)"><iframe src="javascript:alert(6)"/></body></foreignObject>
  <image href="/from-svg.png" width="5" height="5"/><a href="javascript:alert(7)"><rect width="30" height="20" fill="red"/></a></svg>`;

const PAGE = `<!doctype html><html><head><title>${escaped(MARKUP)}</title>
<link rel="stylesheet" href="/${encodeURIComponent(MARKUP)}.css">
<meta property="og:image" content="/missing-${encodeURIComponent(MARKUP)}">
<base target="_top"></head><body>
<img src="${FILE}" alt="${escaped(MARKUP)}">
<img src="/scripted.svg" alt="\u202Egnp.exe">
<img src="/sly.png" alt="javascript:alert(8)">
<img src="javascript:alert(9)"><img src="data:text/html,<script>alert(10)</script>">
<img src="data:image/svg+xml,${encodeURIComponent(SCRIPTED_SVG)}">
<script>alert(11)</script></body></html>`;

const asked: string[] = [];
let hostile = '';
const pageUrl = () => `${hostile}/?${encodeURIComponent(MARKUP)}`;

/** The application, and the site that it may harvest. */
async function startBoth(): Promise<Served> {
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    asked.push(path);
    const send = (type: string, body: string | Buffer, status = 200) =>
      response.writeHead(status, { 'Content-Type': type }).end(body);
    if (path.startsWith('/?')) send('text/html; charset=utf-8', PAGE);
    else if (path === '/scripted.svg') send('image/svg+xml', SCRIPTED_SVG);
    // HTML that says it is a picture.
    else if (path === '/sly.png') send('image/png', '<html><script>alert(12)</script></html>');
    else if (path === FILE) send('image/png', pngOf(1, 20, 10));
    else send('text/html', MARKUP, 404);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const host = `localhost:${typeof address === 'object' ? address?.port : ''}`;
  hostile = `http://${host}`;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  try {
    const { siteUrl, stop } = await startApp({ env: { FETCH_ALLOW_HOSTS: host } });
    return { siteUrl, stop: () => stopAll([() => stop('SIGTERM'), close]) };
  } catch (error) {
    await close();
    throw error;
  }
}

consoleSuite('a hostile page', startBoth, (opened) => {
  /** Elements that only markup could have brought, and attributes that could run. */
  const strangers = () =>
    opened.page.evaluate<string[]>(`[...document.querySelectorAll('*')].filter((element) =>
      (element.tagName === 'SCRIPT' && !element.src.endsWith('/console/console.js')) ||
      ['IFRAME', 'OBJECT', 'EMBED', 'SVG', 'BASE', 'STYLE'].includes(element.tagName.toUpperCase()) ||
      [...element.attributes].some(({ name, value }) => name.startsWith('on') || ['href', 'src', 'action', 'formaction', 'srcdoc'].includes(name) && /^\\s*(?:javascript|data):/i.test(value))
    ).map((element) => element.outerHTML.slice(0, 200))`);

  it('is shown as text', async () => {
    const { page, requests } = opened;
    expect(await ask(page, 'Harvest', pageUrl())).toBe('3 images harvested');
    const fetchedByService = [...asked];
    expect(await page.locator('.alt').allTextContents()).toEqual([`“${MARKUP}”`, '“\u202Egnp.exe”']);
    expect(await page.locator('.address-shown').textContent()).toContain(encodeURIComponent('<script>'));
    expect(await page.locator('.source').first().getAttribute('title')).toBe(hostile + FILE);
    expect(await page.locator('.code').allTextContents()).toEqual(
      expect.arrayContaining(['IMAGE_STATUS', 'NOT_AN_IMAGE']),
    );
    expect(await drawnWidths(page.locator('.thumb img'))).toEqual([20, 30, 30]);
    expect(await page.locator('.thumb img').first().getAttribute('alt')).toBe(MARKUP);
    expect(await strangers()).toEqual([]);
    expect(await axeViolations(page)).toEqual([]);
    // The browser itself has nothing to do with the hostile site, and what an SVG asks for is not fetched.
    expect(requests.filter((each) => each.startsWith(hostile))).toEqual([]);
    expect(asked).toEqual(fetchedByService);
    expect(asked).not.toContain('/from-svg.png');
    expect(requests.filter((each) => each.endsWith('/stolen'))).toEqual([]);
  });

  it('is text among the recent addresses, in errors and in commands too', async () => {
    const { page } = opened;
    const url = `https://site.test/?${MARKUP}`;
    const recent = JSON.stringify([url, 'javascript:alert(1)', MARKUP]);
    await page.evaluate(`localStorage.setItem('image-console.recent', ${JSON.stringify(recent)})`);
    await page.reload();
    await page.locator('#recent').waitFor();
    expect(await page.locator('#recent-list button').allTextContents()).toEqual([url]);
    await page.locator('#recent-list button').click();
    expect(await resultTitle(page)).toBe('The page has not been harvested');
    expect(await page.locator('.curl').textContent()).toContain(encodeURIComponent('<script>'));
    for (const text of ['javascript:alert(1)', MARKUP]) {
      expect(await ask(page, 'Look up', text)).toBe('The url cannot be used');
      expect(await strangers()).toEqual([]);
    }
  });

  it('has a stored SVG that is handed out to be saved, not to be opened', async () => {
    const { page } = opened;
    await ask(page, 'Update', pageUrl());
    expect(await ask(page, 'Look up', `${hostile}/scripted.svg`)).toBe('One copy of one image');
    const link = page.locator('.thumb a');
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer');
    const response = await fetch((await link.getAttribute('href')) ?? '');
    expect(await response.text()).toBe(SCRIPTED_SVG);
    expect(response.headers.get('content-disposition')).toMatch(/^attachment/);
  });
});
