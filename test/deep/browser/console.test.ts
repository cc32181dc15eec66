/** The console on the whole application, in a real browser: what a newcomer does. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { startApp } from '../../support/startApp.ts';
import {
  ask,
  axeViolations,
  drawnWidths,
  makeScreenshot,
  NARROW,
  resultTitle,
  WIDE,
} from './support/browser.ts';
import { consoleSuite, type Served } from './support/suite.ts';

/** For `evaluateAll` of radio buttons. */
const VALUES = (inputs: unknown) => (inputs as { value: string }[]).map(({ value }) => value);

/** What a screen reader is told of the address field. */
function fieldState(page: Page): Promise<unknown> {
  return page.evaluate(`(({ activeElement }, field) => ({
    focus: activeElement.id,
    invalid: field.getAttribute('aria-invalid'),
    description: field.getAttribute('aria-describedby').split(' ')
      .map((id) => document.getElementById(id).textContent).join(' '),
  }))(document, document.querySelector('#url'))`);
}

/** Resolves when what `press` asks for has been copied. The button says so too, but only for a moment. */
async function copied(page: Page, press: () => Promise<void>): Promise<void> {
  const announcement = page.locator('#announcement');
  await announcement.evaluate((element) => element.replaceChildren());
  await press();
  await announcement.filter({ hasText: /^Copied\.$/ }).waitFor();
}

const clipboard = (page: Page) => page.evaluate<string>('navigator.clipboard.readText()');

async function start(): Promise<Served> {
  // In the pictures for the README the site has its usual port.
  const env = process.env.UPDATE_SCREENSHOTS === '1' ? { SITE_PORT: '8081' } : {};
  const { siteUrl, stop } = await startApp({ env });
  return { siteUrl, stop: () => stop('SIGTERM') };
}

consoleSuite('the console', start, (opened) => {
  const { texts } = opened;

  it('harvests the sample page and shows every picture of it', async () => {
    const { page } = opened;
    expect(await axeViolations(page)).toEqual([]);
    expect(await ask(page, 'Harvest', `${opened.siteUrl}/sample/`)).toBe('8 images harvested');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('8 images harvested');
    expect(await drawnWidths(page.locator('.thumb img'))).toHaveLength(8);
    expect(await texts('.card h4')).toEqual([
      'image1.jpg',
      'image2.png',
      'image3.webp',
      'image4.avif',
      'image5.gif',
      'image6.jpg',
      'image7.svg',
      'image8.jpg',
    ]);
    const first = page.locator('.card').first();
    expect(await first.locator('.card-facts').textContent()).toBe('JPEG · 960 × 640 · 24.9 KB');
    expect(await first.locator('.found').textContent()).toBe(
      'img › src“Mountain ranges behind a lake at dawn”',
    );
    expect(await axeViolations(page)).toEqual([]);
    await makeScreenshot(page, 'console', page.locator('#form'), page.locator('.card').nth(3));
  });

  it('has the sample pages one click away, however often', async () => {
    const { page } = opened;
    const sample = page.getByRole('button', { name: 'A plain gallery' });
    await sample.click();
    await resultTitle(page);
    expect(await page.locator('.card').count()).toBe(8);
    await page.reload();
    await sample.click();
    expect(await resultTitle(page)).toBe('Nothing has changed');
    expect(await page.locator('.card').count()).toBe(8);
  });

  it.each([
    ['light', NARROW],
    ['dark', NARROW],
    ['light', WIDE],
    ['dark', WIDE],
  ] as const)(
    'leads to the reference of the API and back, on a %s screen of %o',
    async (colorScheme, viewport) => {
      const { page } = opened;
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
      await page.getByRole('link', { name: 'API reference' }).click();
      await page.getByRole('heading', { level: 1, name: 'API reference' }).waitFor();
      expect(new URL(page.url()).pathname).toBe('/reference/');
      // Headings, so that a screen reader finds its way through the list.
      const contents = page.getByRole('navigation', { name: 'Contents' });
      expect(await contents.getByRole('heading').allTextContents()).toEqual(['Operations', 'Shapes']);
      await page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })");
      expect(await axeViolations(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
      await page.getByRole('link', { name: 'Console' }).click();
      await page.locator('#form').waitFor();
    },
  );

  it('copies the names, and the calls as commands that a shell can run', async () => {
    const { page } = opened;
    await ask(page, 'Update', `${opened.siteUrl}/sample/`);
    const copy = async (name: string) => {
      await copied(page, () => page.getByRole('button', { name }).click());
      return clipboard(page);
    };
    await page.evaluate(`window.said = []; new MutationObserver((changes) => {
      said.push(...changes.map(({ target }) => target.textContent));
    }).observe(document.querySelector('.result-head'), { childList: true, subtree: true })`);
    const names = (await copy('Copy all names')).split('\n');
    expect(await page.evaluate('said')).toContain('Copied');
    expect(names).toHaveLength(8);
    expect(names.every((name) => name.startsWith('images/'))).toBe(true);
    expect(await copy('Copy name of image3.webp')).toBe(names.find((name) => name.endsWith('/image3.webp')));

    const command = await copy('Copy curl of call 2, PUT');
    const { stdout } = await promisify(execFile)('sh', ['-c', `${command} --silent --show-error`]);
    expect(JSON.parse(stdout)).toMatchObject({ url: `${opened.siteUrl}/sample/`, images: names });
  });

  it('copies also where the browser has no clipboard for pages without HTTPS', async () => {
    const { page } = opened;
    await page.addInitScript("Object.defineProperty(navigator, 'clipboard', { value: undefined })");
    await page.reload();
    await ask(page, 'Update', `${opened.siteUrl}/sample/`);
    const button = page.getByRole('button', { name: 'Copy all names' });
    await button.focus();
    await copied(page, () => page.keyboard.press('Enter'));
    expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe(
      'Copy all names, 8',
    );
    await page.locator('#url').fill('');
    await page.locator('#url').press('Control+V');
    expect(await page.locator('#url').inputValue()).toMatch(/^images\/.*image8\.jpg$/);
  });

  it('groups the versions of one picture, and says what was skipped, why, and what to do', async () => {
    const { page } = opened;
    expect(await ask(page, 'Harvest', `${opened.siteUrl}/sample/channels.html`)).toBe('47 images harvested');
    expect(await drawnWidths(page.locator('.thumb img'))).toHaveLength(47);
    const grouped = page.getByRole('article', { name: /version 1 of \d/ });
    expect(await grouped.count()).toBeGreaterThan(5);
    expect(await texts('.reason-words')).toEqual([
      'A placeholder for another imagePLACEHOLDER',
      'The server responded with an errorIMAGE_STATUS',
      'It is not an imageNOT_AN_IMAGE',
    ]);
    expect(await page.locator('.todo').first().textContent()).toMatch(/^Nothing to do/);
    expect(await texts('.skipped .line-url')).toContain(`${opened.siteUrl}/sample/channels/missing.jpg`);
    const twin = page.getByRole('article', { name: 'Picture 21: img.jpg' });
    expect(await twin.textContent()).toContain('Same bytes as picture 20');
    const source = twin.locator('.source');
    expect(await source.textContent()).toBe('/sample/channels/img.jpg?size=small');
    expect(await source.getAttribute('title')).toBe(`${opened.siteUrl}/sample/channels/img.jpg?size=small`);
    expect(await axeViolations(page)).toEqual([]);
  });

  it('shows after an update what was added, changed, removed and left, in words', async () => {
    const { page } = opened;
    expect(await ask(page, 'Harvest', `${opened.siteUrl}/sample/changing/`)).toBe('4 images harvested');
    await page.getByRole('button', { name: 'Change the page, then update' }).click();
    await page.locator('.removed-list').waitFor();
    expect(await resultTitle(page)).toBe('1 added, 1 changed, 1 removed');
    expect(await texts('.change strong')).toEqual([
      '1 added',
      '1 changed',
      '2 unchanged',
      '1 removed',
      '0 kept',
    ]);
    expect(await texts('.removed-list li')).toEqual([`${opened.siteUrl}/sample/changing/gone.png`]);
    expect(await texts('.card .badge')).toEqual(['= unchanged', '≠ changed', '+ added', '= unchanged']);
    expect(await drawnWidths(page.locator('.thumb img'))).toHaveLength(4);
    expect(await axeViolations(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    await makeScreenshot(page, 'console-dark', page.locator('.result-head'), page.locator('.card').nth(3));
    expect(await ask(page, 'Update', `${opened.siteUrl}/sample/changing/`)).toBe('Nothing has changed');
  });

  it('keeps nothing of a dry run', async () => {
    const { page } = opened;
    await page.locator('#dry-run-label').click();
    expect(await page.locator('#go').textContent()).toBe('Dry run');
    const url = `${opened.siteUrl}/sample/based.html`;
    expect(await ask(page, 'Harvest', url)).toMatch(/^Dry run: \d+ images? found$/);
    expect(await texts('.thumb')).toContain('Not stored, so there is nothing to show');
    // Its names never existed.
    expect(await texts('.result-head button')).toEqual(['Harvest now']);
    expect(await axeViolations(page)).toEqual([]);
    expect(await ask(page, 'Look up', url)).toBe('The page has not been harvested');
    expect(await page.locator('.fault .code').textContent()).toBe('PAGE_NOT_FOUND');
    await page.getByRole('button', { name: 'Harvest it' }).click();
    expect(await resultTitle(page)).toMatch(/^\d+ images? harvested$/);
  });

  it('leaves out smaller versions when only the largest is asked for', async () => {
    const { page } = opened;
    await page.locator('#variants label', { hasText: 'Only the largest' }).click();
    await page.locator('#dry-run-label').click();
    await ask(page, 'Harvest', `${opened.siteUrl}/sample/channels.html`);
    expect(await texts('.reason-words')).toContain('A smaller version of a pictureNOT_CHOSEN');
  });

  it('finds all copies of one image', async () => {
    const { page } = opened;
    const url = `${opened.siteUrl}/sample/image1.jpg`;
    await ask(page, 'Update', `${opened.siteUrl}/sample/`);
    await ask(page, 'Update', `${opened.siteUrl}/sample/changing/`);
    const [, count = ''] = /^(\d+) copies of one image$/.exec(await ask(page, 'Look up', url)) ?? [];
    expect(Number(count)).toBeGreaterThanOrEqual(2);
    expect(await texts('.source')).toEqual(expect.arrayContaining(['of /sample/', 'of /sample/changing/']));
    expect(await drawnWidths(page.locator('.thumb img'))).toHaveLength(Number(count));
    // An update would make the image a page, which wins over its copies from then on.
    expect(await texts('.result-head button')).toEqual(['Copy all names']);
  });

  it('says an error with its title, its detail and its code', async () => {
    const { page } = opened;
    expect(await ask(page, 'Harvest', 'http://10.0.0.1/')).toBe('The address may not be fetched');
    const fault = page.locator('.fault');
    expect(await fault.locator('.code').textContent()).toBe('ADDRESS_FORBIDDEN');
    expect(await fault.locator('p').nth(1).textContent()).toContain('FETCH_ALLOW_HOSTS');
    expect(await texts('.fault code')).toEqual(['FETCH_ALLOW_HOSTS=10.0.0.1:80 npm start']);
    expect(await texts('.fault dt')).toEqual(['Status', 'Request id']);
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H2');
    expect(await axeViolations(page)).toEqual([]);

    expect(await ask(page, 'Harvest', '')).toBe('A url is required');
    expect(await fieldState(page)).toEqual({
      focus: 'url',
      invalid: 'true',
      description: expect.stringContaining('Enter an address first.'),
    });
    expect(await axeViolations(page)).toEqual([]);
    expect(await ask(page, 'Harvest', 'https://user:secret@example.com/')).toBe('The url cannot be used');
    expect(await fieldState(page)).toEqual({
      focus: 'url',
      invalid: 'true',
      description: expect.stringContaining('must not contain a user name or a password'),
    });
    await ask(page, 'Harvest', 'https://a..b/');
    expect(await fieldState(page)).toMatchObject({
      invalid: 'true',
      description: expect.stringContaining('Its host is not a well-formed name'),
    });
    await ask(page, 'Update', `${opened.siteUrl}/sample/`);
    expect(await ask(page, 'Harvest', `${opened.siteUrl}/sample/`)).toBe(
      'The page has been harvested already',
    );
    await page.getByRole('button', { name: 'Look it up' }).click();
    expect(await resultTitle(page)).toBe('8 images stored');
    expect(await page.locator('#url').getAttribute('aria-invalid')).toBeNull();
  });

  it('remembers addresses in this browser, and forgets them when told to', async () => {
    const { page } = opened;
    await ask(page, 'Update', `${opened.siteUrl}/sample/#top`);
    await ask(page, 'Look up', `${opened.siteUrl}/sample/image1.jpg`);
    await page.reload();
    expect(await texts('#recent-list button')).toEqual([
      `${opened.siteUrl}/sample/image1.jpg`,
      `${opened.siteUrl}/sample/`,
    ]);
    await page.locator('#recent-list button').nth(1).click();
    expect(await resultTitle(page)).toBe('8 images stored');
    await page.getByRole('button', { name: 'Clear' }).click();
    expect(await page.locator('#recent').isHidden()).toBe(true);
    expect(await page.evaluate('localStorage.length')).toBe(0);
  });

  it('remembers no address of which the service knows nothing, and never a password', async () => {
    const { page } = opened;
    const unknown = [
      'https://user:secret@example.com/',
      'no address',
      'http://10.0.0.1/',
      `${opened.siteUrl}/sample/missing`,
    ];
    for (const url of unknown) await ask(page, 'Harvest', url);
    await ask(page, 'Look up', `${opened.siteUrl}/sample/missing`);
    await page.locator('#form .segments label', { hasText: 'Harvest' }).click();
    await page.locator('#dry-run-label').click();
    await ask(page, 'Harvest', `${opened.siteUrl}/sample/channels.html?dry`);
    expect(await page.evaluate('localStorage.length')).toBe(0);
    expect(await page.locator('#recent').isHidden()).toBe(true);
  });

  it('leaves the choices in the form as they were made, whatever else is pressed', async () => {
    const { page } = opened;
    await page.locator('#form .segments label', { hasText: 'Only the largest' }).click();
    const chosen = () => page.locator('#form input:checked').evaluateAll(VALUES);
    expect(await chosen()).toEqual(['harvest', 'best']);
    await page.getByRole('button', { name: 'A plain gallery' }).click();
    await resultTitle(page);
    expect(await chosen()).toEqual(['harvest', 'best']);
    await page.locator('#recent-list button').click();
    expect(await resultTitle(page)).toBe('8 images stored');
    expect(await chosen()).toEqual(['harvest', 'best']);
    expect(await page.locator('#url').inputValue()).toBe(`${opened.siteUrl}/sample/`);
    await page.getByRole('button', { name: 'Update', exact: true }).click();
    expect(await resultTitle(page)).toBe('Nothing has changed');
    expect(await chosen()).toEqual(['harvest', 'best']);
  });

  it('needs no mouse: harvests, updates, looks up and copies', async () => {
    const { page } = opened;
    const press = async (...keys: readonly string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    const focused = () =>
      page.evaluate<string>('document.activeElement.id || document.activeElement.textContent');
    /** Presses `key` until the focus is there, or has been everywhere. */
    const reach = async (name: string, key = 'Tab') => {
      for (let step = 0; step < 60 && (await focused()) !== name; step += 1) await press(key);
      expect(await focused()).toBe(name);
    };
    const arrive = async (title: string) => {
      expect([await resultTitle(page), await focused()]).toEqual([title, title]);
    };
    // There is no result yet that a link could lead to.
    await press('Tab');
    expect(await focused()).toBe('API reference');
    await reach('url');
    await page.keyboard.type(`${opened.siteUrl}/sample/?keys`);
    await press('Enter');
    await arrive('8 images harvested');
    await reach('Update');
    await press('Enter');
    await arrive('Nothing has changed');

    await reach('url', 'Shift+Tab');
    await press('Control+A');
    await page.keyboard.type(`${opened.siteUrl}/sample/changing/`);
    await press('Tab', 'Tab', 'ArrowRight');
    expect(await page.locator('#go').textContent()).toBe('Update');
    await press('Enter');
    await resultTitle(page);
    await reach('Change the page, then update');
    await press('Enter');
    await page.locator('.removed-list').waitFor();
    await arrive('1 added, 1 changed, 1 removed');

    await reach('url', 'Shift+Tab');
    await press('Tab', 'Tab', 'ArrowRight');
    expect(await page.locator('#go').textContent()).toBe('Look up');
    await press('Enter');
    await arrive('4 images stored');
    await press('Tab');
    expect(await focused()).toBe('Copy all names');
    await copied(page, () => press('Enter'));
    expect((await clipboard(page)).split('\n')).toHaveLength(4);

    await reach('Skip to the result', 'Shift+Tab');
    await press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('outcome');
  });

  it.each([
    ['a phone', NARROW],
    ['a desk', WIDE],
  ])('has buttons on %s that a finger meets, and those of the cards in one line', async (_, viewport) => {
    const { page } = opened;
    await page.setViewportSize(viewport);
    await ask(page, 'Update', `${opened.siteUrl}/sample/channels.html`);
    const heights = (selector: string) =>
      page.evaluate<number[]>(`[...document.querySelectorAll('${selector}')]
        .map((element) => element.getBoundingClientRect().height).filter((height) => height > 0)`);
    expect(Math.min(...(await heights('button')))).toBeGreaterThanOrEqual(32);
    expect(Math.min(...(await heights('summary, .segments label, .tick')))).toBeGreaterThanOrEqual(24);
    const rests = await page.evaluate<
      number[]
    >(`[...document.querySelectorAll('.card')].filter((card) => card.getBoundingClientRect().top < innerHeight).map((card) =>
      card.getBoundingClientRect().bottom - card.querySelector('button').getBoundingClientRect().bottom)`);
    expect(Math.max(...rests) - Math.min(...rests)).toBeLessThan(1);
  });

  it('fits a small dark screen', async () => {
    const { page } = await opened.open({ viewport: NARROW, colorScheme: 'dark' });
    const overflow = () => page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    expect([await overflow(), await axeViolations(page)]).toEqual([0, []]);
    await ask(page, 'Update', `${opened.siteUrl}/sample/channels.html`);
    expect(await ask(page, 'Look up', `${opened.siteUrl}/sample/channels.html`)).toBe('47 images stored');
    expect([await overflow(), await axeViolations(page)]).toEqual([0, []]);
    await ask(page, 'Update', `${opened.siteUrl}/sample/changing/`);
    await page.getByRole('button', { name: 'Change the page, then update' }).click();
    await page.locator('.removed-list').waitFor();
    expect([await resultTitle(page), await overflow()]).toEqual(['1 added, 1 changed, 1 removed', 0]);
    expect(await axeViolations(page)).toEqual([]);
    expect(await drawnWidths(page.locator('.thumb img'))).toHaveLength(4);
    await ask(page, 'Harvest', 'http://10.0.0.1/');
    expect([await overflow(), await axeViolations(page)]).toEqual([0, []]);
  });
});
