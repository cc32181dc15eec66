/** From the press of a button to the result: what is seen meanwhile, where the keyboard is, what comes to the top. */
import { expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import {
  ask,
  axeViolations,
  drawnWidths,
  NARROW,
  nextTitle,
  resultTitle,
  WIDE,
  wish,
} from './support/browser.ts';
import { itemNumber, linkedWith, PAGE_URL, recordWith, startStubbedSite, stub } from './support/stubbed.ts';
import { consoleSuite } from './support/suite.ts';

const items = Array.from({ length: 8 }, (_, index) => itemNumber(index));
const NO_CHANGES = { added: [], changed: [], unchanged: [], removed: [], kept: [] };
const never = new Promise(() => {});
const FOUND = { body: linkedWith(items) };

consoleSuite('while the console waits', startStubbedSite, (opened) => {
  const { texts, focused } = opened;
  /** How many pixels of an element are outside the window. */
  const outside = (page: Page, selector: string) =>
    page.evaluate<number>(`(({ top, bottom }) => Math.max(0, -top) + Math.max(0, bottom - innerHeight))(
      document.querySelector('${selector}').getBoundingClientRect())`);
  /** Stops the clock of the page, which then only moves with `runFor`. */
  const stopClock = async (page: Page) => {
    await page.clock.install({ time: '2026-01-02T12:00:00Z' });
    await page.clock.pauseAt('2026-01-02T12:01:00Z');
  };
  const topOf = (selector: string) =>
    opened.page.evaluate<number>(`document.querySelector('${selector}').getBoundingClientRect().top`);

  it.each([
    ['a phone', NARROW],
    ['a desk', WIDE],
  ])('the progress is on the screen of %s, and its heading has the focus', async (_, viewport) => {
    const { page } = opened;
    await page.setViewportSize(viewport);
    await stub(page, { GET: FOUND, PUT: { body: {}, after: never } });
    await wish(page, 'Update', PAGE_URL);
    await page.locator('.known').waitFor();
    await page.locator('.steps li').nth(1).waitFor();
    expect(await outside(page, '#progress')).toBe(0);
    expect(await focused()).toBe('Working');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Stop waiting');
  });

  it.each([
    ['many pictures on a desk', WIDE, 200],
    ['eight pictures on a desk', WIDE, 8],
    ['one picture on a desk', WIDE, 1],
    ['eight pictures on a phone', NARROW, 8],
    ['none on a phone', NARROW, 0],
  ])('the result of %s comes to the top', async (_, viewport, count) => {
    const { page } = opened;
    const many = Array.from({ length: count }, (_, index) => itemNumber(index));
    await page.setViewportSize(viewport);
    await stub(page, {
      POST: { status: 201, body: recordWith(many) },
      GET: { body: linkedWith(many) },
    });
    const title = await ask(page, 'Harvest', PAGE_URL);
    expect(await topOf('.result-title')).toBeGreaterThanOrEqual(0);
    expect(await topOf('.result-title')).toBeLessThan(60);
    expect(await focused()).toBe(title);
  });

  it('the focus stays in a form to which the reader has gone back, and the result is said', async () => {
    const { page } = opened;
    const { promise: after, resolve: response } = Promise.withResolvers<void>();
    await stub(page, { GET: { ...FOUND, after } });
    await wish(page, 'Look up', PAGE_URL);
    await page.locator('.steps li').waitFor();
    await page.getByLabel('Address of a page or an image').focus();
    response();
    expect(await resultTitle(page)).toBe('8 images stored');
    expect(await page.evaluate('document.activeElement.id')).toBe('url');
    expect(await texts('#announcement')).toEqual(['8 images stored']);
  });

  it('a recent address that was chosen by the keyboard keeps a place for the focus', async () => {
    const { page } = opened;
    await stub(page, { GET: FOUND });
    await ask(page, 'Look up', PAGE_URL);
    await stub(page, { GET: { ...FOUND, after: never } });
    await page.locator('#recent-list button').focus();
    await page.keyboard.press('Enter');
    await page.locator('.steps li').waitFor();
    expect(await focused()).toBe('Working');
  });

  it('the clock of a call that nobody waits for any more stands still', async () => {
    const { page } = opened;
    await stub(page, {
      POST: { status: 201, body: recordWith(items), after: never },
      GET: FOUND,
    });
    await stopClock(page);
    await wish(page, 'Harvest', PAGE_URL);
    await page.locator('.steps li').waitFor();
    await ask(page, 'Look up', PAGE_URL);
    const said = await texts('#announcement');
    await page.clock.runFor(20_400);
    expect(await texts('#announcement')).toEqual(said);
  });

  const posts = () => opened.requests.filter((url) => url.includes('/api/images') && !url.includes('?'));

  it('the same wish once more is no other wish', async () => {
    const { page } = opened;
    const { promise: after, resolve: response } = Promise.withResolvers<void>();
    await stub(page, { POST: { status: 201, body: recordWith(items), after }, GET: FOUND });
    await wish(page, 'Harvest', PAGE_URL);
    await page.locator('.steps li').waitFor();
    await page.locator('#go').click();
    await page.locator('#go').press('Enter');
    response();
    expect(await resultTitle(page)).toBe('8 images harvested');
    expect(posts()).toHaveLength(1);
    await ask(page, 'Harvest', PAGE_URL);
    expect(posts()).toHaveLength(2);
  });

  it('a double click is one wish, also where the answer comes between its halves', async () => {
    const { page } = opened;
    await stub(page, { POST: { status: 201, body: recordWith(items) }, GET: FOUND });
    await page.getByLabel('Address of a page or an image').fill(PAGE_URL);
    await page.locator('#go').hover();
    await page.mouse.down({ clickCount: 1 });
    await page.mouse.up({ clickCount: 1 });
    await resultTitle(page);
    await page.evaluate('scrollTo(0, 0)');
    await page.mouse.down({ clickCount: 2 });
    await page.mouse.up({ clickCount: 2 });
    expect(await resultTitle(page)).toBe('8 images harvested');
    await page.waitForFunction('document.querySelectorAll(".calls li").length === 2');
    expect(posts()).toHaveLength(1);
  });

  it('the page that changes is turned once by a double click, or by an Enter that is held down', async () => {
    const { page, requests } = opened;
    const record = recordWith(items, { url: `${opened.siteUrl}/sample/changing/` });
    const changes = { added: [], changed: [], unchanged: record.images, removed: [], kept: [] };
    await stub(page, {
      POST: { status: 201, body: record },
      PUT: { body: { ...record, changes } },
      GET: FOUND,
    });
    await ask(page, 'Harvest', record.url);
    const button = page.getByRole('button', { name: 'Change the page, then update' });
    const turns = () => requests.filter((url) => url.endsWith('/sample/changing/next'));
    expect(await nextTitle(page, () => button.dblclick())).toBe('Nothing has changed');
    expect(turns()).toHaveLength(1);
    // Each of these is an Enter, as a key that is held down repeats itself.
    const hold = () =>
      button.evaluate((element) => {
        for (let press = 0; press < 3; press += 1) (element as unknown as { click(): void }).click();
      });
    expect(await nextTitle(page, hold)).toBe('Nothing has changed');
    expect(turns()).toHaveLength(2);
  });

  it('a page that has changed late is not updated any more when something else is wished for meanwhile', async () => {
    const { page } = opened;
    const record = recordWith(items, { url: `${opened.siteUrl}/sample/changing/` });
    await stub(page, { POST: { status: 201, body: record }, GET: FOUND });
    await ask(page, 'Harvest', record.url);
    const turned = Promise.withResolvers<void>();
    await page.route('**/sample/changing/next', async (route) => {
      await turned.promise;
      await route.fulfill({ json: {} }).catch(() => undefined);
    });
    const asked = page.waitForRequest('**/sample/changing/next');
    await page.getByRole('button', { name: 'Change the page, then update' }).click();
    const ended = page.waitForEvent('requestfailed', {
      predicate: (request) => request.url().endsWith('/next'),
    });
    await asked;
    expect(await ask(page, 'Look up', PAGE_URL)).toBe('8 images stored');
    await ended;
    turned.resolve();
    expect(await resultTitle(page)).toBe('8 images stored');
    expect(posts()).toHaveLength(1);
  });

  it.each([
    ['cannot be changed', { status: 500 }],
    ['does not answer', null],
  ])('a sample page that %s is a failure that is shown', async (_, response) => {
    const { page } = opened;
    const record = recordWith(items, { url: `${opened.siteUrl}/sample/changing/` });
    await stub(page, { POST: { status: 201, body: record }, GET: FOUND });
    await ask(page, 'Harvest', record.url);
    // The test must not wait as long as a reader would.
    await page.evaluate(`{
      const timeout = AbortSignal.timeout.bind(AbortSignal);
      AbortSignal.timeout = (ms) => timeout(ms / 50);
    }`);
    await page.route('**/sample/changing/next', (route) =>
      response === null ? never : route.fulfill(response),
    );
    const change = page.getByRole('button', { name: 'Change the page, then update' });
    expect(await nextTitle(page, () => change.click())).toBe('The sample page could not be changed');
    expect(await focused()).toBe('The sample page could not be changed');
    await page.unroute('**/sample/changing/next');
    await stub(page, { PUT: { body: { ...record, url: PAGE_URL, changes: NO_CHANGES } }, GET: FOUND });
    const retry = page.getByRole('button', { name: 'Try again' });
    expect(await nextTitle(page, () => retry.click())).toBe('Nothing has changed');
  });

  it('the newer of two answers is shown, whichever comes last', async () => {
    const { page } = opened;
    const { promise: after, resolve: response } = Promise.withResolvers<void>();
    await stub(page, {
      POST: { status: 201, body: recordWith([itemNumber(0)]), after },
      GET: { body: linkedWith([itemNumber(1), itemNumber(2)]) },
    });
    await wish(page, 'Harvest', PAGE_URL);
    await page.locator('.steps li').waitFor();
    expect(await ask(page, 'Look up', PAGE_URL)).toBe('2 images stored');
    response();
    expect(await drawnWidths(page.locator('.thumb img'))).toEqual([64, 64]);
    expect(await resultTitle(page)).toBe('2 images stored');
    expect(await page.locator('#progress').isHidden()).toBe(true);
  });

  it('it tells how long it takes and what is known, and stops when told to', async () => {
    const { page } = opened;
    await stub(page, {
      GET: { body: linkedWith([itemNumber(0), itemNumber(1)]) },
      PUT: { body: {}, after: never },
    });
    await stopClock(page);
    await wish(page, 'Update', PAGE_URL);
    await page.locator('.known').waitFor();
    expect(await texts('.known')).toEqual(['Stored: 2 images, as of 2 Jan 2026, 11:30.']);
    await page.locator('.steps li').nth(1).waitFor();
    expect(await texts('#announcement')).toEqual([
      expect.stringMatching(/^Stored: 2 images, as of 2 Jan 2026, 11:30\. The service reads the page/),
    ]);
    await page.clock.runFor(10_400);
    expect(await texts('.clock')).toEqual(['10 s']);
    expect(await texts('#announcement')).toEqual(['Still working, 10 seconds so far.']);
    expect(await texts('.steps')).not.toEqual([expect.stringContaining('%')]);
    await page.clock.resume();
    expect(await axeViolations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Stop waiting' }).click();
    expect(await resultTitle(page)).toBe('You stopped waiting');
    expect(await page.locator('.fault').textContent()).toContain('may still finish the work');
    expect(await page.title()).toBe('Image harvest console');
    expect(await texts('#announcement')).toEqual(['']);
  });

  /** Asks for an update, and stops waiting for it in this step. */
  const stopAt = async (step: number) => {
    const { page } = opened;
    await wish(page, 'Update', PAGE_URL);
    await page.locator('.steps li').nth(step).waitFor();
    await page.getByRole('button', { name: 'Stop waiting' }).click();
    return resultTitle(page);
  };

  it('nothing was changed by an update that was stopped before it was asked for', async () => {
    await stub(opened.page, { GET: { ...FOUND, after: never } });
    expect(await stopAt(0)).toBe('You stopped waiting');
    expect(await texts('.fault > p')).toEqual(['Nothing was changed.']);
    expect(await texts('.fault button')).toEqual(['Try again']);
    expect(await texts('.calls .method')).toEqual(['GET']);
  });

  it('an update that was stopped may still be done, so that the page is looked up first', async () => {
    const { page } = opened;
    await stub(page, { GET: FOUND, PUT: { body: {}, after: never } });
    expect(await stopAt(1)).toBe('You stopped waiting');
    expect(await page.locator('.fault').textContent()).toContain('may still finish the work');
    expect(await texts('.calls .method')).toEqual(['GET', 'PUT']);
    await page.getByRole('button', { name: 'Look it up' }).click();
    expect(await resultTitle(page)).toBe('8 images stored');
  });

  it('what was answered is shown, though nobody waited for the links to it', async () => {
    const { page } = opened;
    const record = recordWith(items, { changes: NO_CHANGES });
    await stub(page, { GET: FOUND, PUT: { body: record } });
    await page.route(/include=links/, () => never);
    expect(await stopAt(2)).toBe('Nothing has changed');
    expect(await page.locator('.card').count()).toBe(8);
    expect(await texts('.note')).toEqual([
      'You stopped waiting for the links to the images. Look the page up to see them.',
    ]);
  });
});
