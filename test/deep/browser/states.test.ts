/** The console in states that a real run seldom has: much, little, late, broken. The answers are made up. */
import { expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { Place, SkippedLine } from '../../../lib/domain/model.ts';
import { IMAGE_CODES } from '../../../lib/domain/problem.ts';
import { ask, axeViolations, drawnWidths, NARROW, resultTitle, WIDE, wish } from './support/browser.ts';
import {
  itemNumber,
  linkedWith,
  PAGE_URL,
  recordWith,
  STORE,
  startStubbedSite,
  stub,
} from './support/stubbed.ts';
import { consoleSuite } from './support/suite.ts';

const place: Place = { element: 'img', attribute: 'srcset', slot: 0, descriptor: '2x' };

/** What is wider than its place or the window: it is cut off, or hangs out at the side. The gallery may, by 4 pixels. */
function cutOff(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`[document.documentElement, ...document.querySelectorAll('main *')]
    .filter((element) => element.checkVisibility() && !element.matches('input, .chip, .unseen, .gallery'))
    .filter(({ scrollWidth, clientWidth }) => clientWidth > 0 && scrollWidth > clientWidth + 4)
    .map((element) => element.tagName + '.' + element.className + ' ' + (element.scrollWidth - element.clientWidth))`);
}

consoleSuite('the console', startStubbedSite, (opened) => {
  const { texts, focused } = opened;

  it('shows a thousand images, and loads only those that somebody looks at', async () => {
    const { page, requests } = opened;
    const items = Array.from({ length: 1000 }, (_, index) => itemNumber(index));
    await stub(page, { GET: { body: linkedWith(items) } });
    // How many cards were built before the browser got its turn; all thousand at once took 157 ms.
    await page.evaluate(`window.most = 0; new MutationObserver((changes) => {
      const built = changes.flatMap(({ addedNodes }) => [...addedNodes]).filter((node) => node.matches?.('.card'));
      window.most = Math.max(window.most, built.length);
    }).observe(document.body, { childList: true, subtree: true })`);
    expect(await ask(page, 'Look up', PAGE_URL)).toBe('1,000 images stored');
    expect(await page.locator('.card').count()).toBe(1000);
    const asked = requests.filter((url) => url.startsWith(STORE)).length;
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThan(200);
    const most = await page.evaluate<number>('window.most');
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(50);
    const last = page.locator('.card').nth(999).locator('img');
    expect(await drawnWidths(last)).toEqual([64]);
    expect(await last.getAttribute('alt')).toBe('picture-999.png');
  });

  it('has words for every reason, and says when the list is cut', async () => {
    const { page } = opened;
    const skipped: SkippedLine[] = IMAGE_CODES.map((code, index) => ({
      url: `https://site.test/skipped-${index}`,
      code,
      detail: `The detail of ${code}.`,
      foundIn: [place],
    }));
    const many = Array.from(
      { length: 30 },
      (_, index): SkippedLine => ({
        url: `https://site.test/more-${index}`,
        code: 'NOT_CHOSEN',
        detail: 'Smaller.',
        foundIn: [place],
      }),
    );
    const byCode = { ...Object.fromEntries(IMAGE_CODES.map((code) => [code, 1])), NOT_CHOSEN: 5000 };
    const counts = { discovered: 5013, items: 1, skipped: 5012, byCode };
    const record = recordWith([itemNumber(0)], { skipped: [...skipped, ...many], counts });
    await stub(page, {
      POST: { status: 201, body: record },
      GET: { body: linkedWith([itemNumber(0)]) },
    });
    await ask(page, 'Harvest', PAGE_URL);
    expect(await page.locator('#skipped-title').textContent()).toBe('5,012 images skipped');
    expect(await texts('.skipped > p')).toEqual(['43 of them are listed. The numbers count all of them.']);
    expect((await texts('.reason .code')).sort()).toEqual([...IMAGE_CODES].sort());
    const long = page.locator('.reason', { hasText: 'NOT_CHOSEN' });
    expect(await long.locator('.reason-count').textContent()).toBe('5,000');
    expect(await long.locator('li').count()).toBe(0);
    await long.locator('summary').click();
    await long.locator('li').first().waitFor();
    expect(await long.locator('li').count()).toBe(31);
    expect(await axeViolations(page)).toEqual([]);

    // A look-up does not say how many there are in all.
    const found = { ...linkedWith([itemNumber(0)]), skipped: record.skipped };
    await stub(page, { GET: { body: found } });
    await ask(page, 'Look up', PAGE_URL);
    expect(await page.locator('#skipped-title').textContent()).toBe('43 skipped images listed');
    expect(await texts('.facts dt')).toEqual(['Images', 'Total size', 'Skipped (listed)', 'Last change']);
    await stub(page, { GET: { body: { ...found, images: [], items: [], count: 0 } } });
    await ask(page, 'Look up', PAGE_URL);
    expect(await texts('#outcome .panel')).toEqual(['Every image was skipped; the reasons are below.']);
  });

  it('says that time ran out, and what to do', async () => {
    const { page } = opened;
    const record = recordWith([itemNumber(0)], { complete: false });
    await stub(page, {
      POST: { status: 201, body: record },
      PUT: {
        body: {
          ...record,
          complete: true,
          changes: { added: [], changed: [], unchanged: [itemNumber(0).name], removed: [], kept: [] },
        },
      },
      GET: { body: linkedWith([itemNumber(0)]) },
    });
    await ask(page, 'Harvest', PAGE_URL);
    expect(await page.locator('.note').textContent()).toContain('Update to continue');
    expect(await axeViolations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Update now' }).click();
    await page.locator('.changes').waitFor();
    expect(await resultTitle(page)).toBe('Nothing has changed');
    expect(await page.locator('.note').count()).toBe(0);
  });

  it('offers no update of an image whose copies are shown, complete or not', async () => {
    const { page } = opened;
    const url = 'https://site.test/shared.png';
    const copies = [itemNumber(0, { url }), itemNumber(1, { url })];
    await stub(page, { GET: { body: { ...linkedWith(copies), url, complete: false } } });
    expect(await ask(page, 'Look up', url)).toBe('2 copies of one image');
    expect(
      await page
        .locator('#outcome')
        .getByRole('button', { name: /update/i })
        .count(),
    ).toBe(0);
  });

  it('shows the copies of an image part by part', async () => {
    const { page } = opened;
    const url = 'https://site.test/shared.png';
    const parts = [[itemNumber(0, { url }), itemNumber(1, { url })], [], [itemNumber(2, { url })]];
    const bodyOf = (part: number) => ({
      ...linkedWith(parts[part] ?? []),
      url,
      ...(part < 2 && { next: `${part + 1}`.padStart(43, 'A') }),
      ...(part === 1 && { updatedAt: null }),
    });
    const buttons = () => page.locator('.note button').allTextContents();
    const next = async (part: number) => {
      await stub(page, { GET: { body: bodyOf(part) } });
      const asked = page.waitForRequest(/cursor=/);
      await page.getByRole('button', { name: 'Show the next copies' }).click();
      expect(new URL((await asked).url()).searchParams.get('cursor')).toBe(`${part}`.padStart(43, 'A'));
      await page.locator('.note').waitFor();
    };
    await stub(page, { GET: { body: bodyOf(0) } });
    expect(await ask(page, 'Look up', url)).toBe('2 copies of one image, in this part');
    expect(await buttons()).toEqual(['Show the next copies']);
    expect(await axeViolations(page)).toEqual([]);

    await next(1);
    expect(await resultTitle(page)).toBe('0 copies of one image, in this part');
    expect(await page.locator('#outcome .panel').first().textContent()).toBe('This part has no copy.');
    expect(await buttons()).toEqual(['Show the next copies', 'Show the first copies']);

    await next(2);
    expect(await resultTitle(page)).toBe('1 copy of one image, in this part');
    expect(await page.locator('.note').textContent()).toContain('These are the last copies');
    expect(await buttons()).toEqual(['Show the first copies']);
  });

  it('says of an update that makes a page of an image only what becomes of that page', async () => {
    const { page } = opened;
    const url = 'https://site.test/shared.png';
    const copies = [itemNumber(0, { url }), itemNumber(1, { url })];
    const own = itemNumber(2, { url, foundIn: [{ element: 'page', attribute: 'url', slot: 0 }] });
    const changes = { added: [own.name], changed: [], unchanged: [], removed: [], kept: [] };
    const answered = Promise.withResolvers<void>();
    await stub(page, {
      GET: { body: { ...linkedWith(copies), url } },
      PUT: { status: 201, body: recordWith([own], { url, changes }), after: answered.promise },
    });
    await wish(page, 'Update', url);
    await page.locator('.known').waitFor();
    expect(await texts('.known')).toEqual(['Stored so far only as an image of other pages.']);
    answered.resolve();
    expect(await resultTitle(page)).toBe('1 image harvested');
    expect(await page.locator('.changes').count()).toBe(0);
  });

  it('lets the older of two answers go that waits for the names of its pages', async () => {
    const { page } = opened;
    const url = 'https://site.test/shared.png';
    const copies = [itemNumber(0, { url }), itemNumber(1, { url })];
    await stub(page, { GET: { body: { ...linkedWith(copies), url } } });
    await page.evaluate(`{
      const held = new Promise((resolve) => { window.release = resolve; });
      crypto.subtle.digest = () => { window.isHeld = true; return held.then(() => new ArrayBuffer(32)); };
    }`);
    await wish(page, 'Look up', url);
    await page.waitForFunction('window.isHeld');
    await stub(page, { GET: { body: linkedWith([itemNumber(2)]) } });
    expect(await ask(page, 'Look up', PAGE_URL)).toBe('1 image stored');
    // Whatever hangs on it has had its turn when the timer comes.
    await page.evaluate('release(); new Promise((resolve) => setTimeout(resolve))');
    expect(await resultTitle(page)).toBe('1 image stored');
  });

  it('says why an old copy was kept, what is a duplicate, and which stylesheet is missing', async () => {
    const { page } = opened;
    const kept = itemNumber(1, {
      outcome: 'kept',
      reason: { code: 'IMAGE_STATUS', status: 503, detail: 'The server answered with status 503.' },
    });
    const twin = itemNumber(2, {
      duplicateOf: kept.name,
      foundIn: [
        { ...place, slot: 1 },
        { ...place, slot: 9, stylesheet: 'https://site.test/a/style.css?x' },
      ],
    });
    const changes = { added: [twin.name], changed: [], unchanged: [], removed: [], kept: [kept.name] };
    const warnings = [
      {
        url: 'https://site.test/missing.css',
        code: 'PAGE_UNREACHABLE',
        detail: 'It answered 404.',
        status: 404,
      },
    ];
    await stub(page, {
      PUT: { body: recordWith([kept, twin], { changes, warnings, finalUrl: 'https://site.test/moved' }) },
      GET: { body: linkedWith([kept, twin]) },
    });
    await ask(page, 'Update', PAGE_URL);
    expect(await resultTitle(page)).toBe('1 added; 1 image could not be checked');
    expect(await texts('.badge')).toEqual(['! kept', '+ added']);
    expect(await page.locator('.kept-reason').textContent()).toBe(
      'The server answered with status 503. (IMAGE_STATUS)',
    );
    expect(await page.locator('.card').nth(1).textContent()).toContain(
      'Same bytes as picture 1, version 1 of 2',
    );
    expect(await page.locator('.note').textContent()).toContain('1 stylesheet could not be read');
    expect(await texts('.slot')).toEqual(['Picture 1 · 1 of 2! kept', 'Picture 1 · 2 of 2+ added']);
    await page.locator('.found summary').click();
    expect(await texts('.found li')).toEqual(['img › srcset 2x in style.css']);
    expect(await page.locator('.result-head').textContent()).toContain(
      'redirected to https://site.test/moved',
    );
    expect(await axeViolations(page)).toEqual([]);
  });

  it.each([
    ['a phone', NARROW],
    ['a desk', WIDE],
  ])('has no text that is too long for %s', async (_, viewport) => {
    const { page } = opened;
    await page.setViewportSize(viewport);
    const long = 'long'.repeat(500);
    const url = `https://site.test/${long}`;
    const first = itemNumber(0, { name: `images/0/page/op/${long}.png`, url: `${url}.png` });
    const twin = itemNumber(1, {
      name: `images/1/page/op/${long}-1.png`,
      duplicateOf: first.name,
      outcome: 'kept',
      reason: { code: 'IMAGE_UNREACHABLE', detail: long },
      foundIn: [
        { element: long, attribute: long, slot: 1, alt: long, stylesheet: url },
        { element: 'img', attribute: long, slot: 1 },
      ],
    });
    const items = [first, twin];
    const gone = itemNumber(2, { name: `images/2/page/op/${long}-2.png`, url: `${url}-2.png` });
    const changes = {
      added: [first.name],
      changed: [],
      unchanged: [],
      removed: [gone.name],
      kept: [twin.name],
    };
    const skipped: SkippedLine[] = [{ url, code: 'IMAGE_UNREACHABLE', detail: long, foundIn: [place] }];
    const warnings = [{ url, code: 'PAGE_UNREACHABLE', detail: long }];
    const record = recordWith(items, { url, finalUrl: `${url}/moved`, changes, skipped, warnings });
    await stub(page, {
      PUT: { body: record },
      GET: { body: { ...linkedWith([...items, gone]), url } },
    });
    await ask(page, 'Update', url);
    await page.locator('.found summary').click();
    expect(await cutOff(page)).toEqual([]);
    const problem = { title: long, detail: long, code: 'PAGE_UNREACHABLE', reason: 'status' };
    await stub(page, { PUT: { status: 502, body: problem } });
    await ask(page, 'Update', url);
    expect(await cutOff(page)).toEqual([]);
  });

  it('does not say that nothing has changed where an image could not be looked at', async () => {
    const { page } = opened;
    const reason = { code: 'IMAGE_TIMEOUT', detail: 'It did not arrive in time.' } as const;
    const kept = [0, 1].map((index) => itemNumber(index, { outcome: 'kept', reason }));
    const changes = {
      added: [],
      changed: [],
      unchanged: [],
      removed: [],
      kept: kept.map(({ name }) => name),
    };
    await stub(page, {
      PUT: { body: recordWith(kept, { changes }) },
      GET: { body: linkedWith(kept) },
    });
    expect(await ask(page, 'Update', PAGE_URL)).toBe('Nothing has changed; 2 images could not be checked');
  });

  it('says of a dry run what an update would do', async () => {
    const { page } = opened;
    const [old, fresh, gone] = [itemNumber(0), itemNumber(1), itemNumber(2)];
    const none = { added: [], changed: [], unchanged: [old.name], removed: [], kept: [] };
    const GET = { body: linkedWith([old, gone]) };
    const changes = { ...none, added: [fresh.name], removed: [gone.name] };
    await stub(page, { PUT: { body: recordWith([old, fresh], { changes, dryRun: true }) }, GET });
    await page.locator('#dry-run-label').click();
    expect(await ask(page, 'Update', PAGE_URL)).toBe('Dry run: 1 to add, 1 to remove');
    expect(await texts('.change strong')).toEqual([
      '1 to add',
      '0 to change',
      '1 unchanged',
      '1 to remove',
      '0 to keep',
    ]);
    expect(await page.locator('.change.removed').textContent()).toContain('the copy would be deleted');
    expect(await texts('.badge')).toEqual(['= unchanged', '+ to add']);
    expect(await texts('.result-head button')).toEqual(['Update now']);
    await stub(page, { PUT: { body: recordWith([old], { changes: none, dryRun: true }) }, GET });
    expect(await ask(page, 'Update', PAGE_URL)).toBe('Dry run: nothing would change');
    await stub(page, { PUT: { body: recordWith([old], { changes: none }) }, GET });
    await page.getByRole('button', { name: 'Update now' }).click();
    await page.getByRole('button', { name: 'Update again' }).waitFor();
    expect(await texts('.curl')).not.toContainEqual(expect.stringContaining('dryRun'));
  });

  it.each([
    [0, 'No image was found. The service does not run scripts, so it misses images that only a script adds.'],
    [1, 'The only image was skipped; the reason is below.'],
    [1200, 'All 1,200 images were skipped; the reasons are below.'],
  ])('says why there is no picture where %d were skipped', async (count, words) => {
    const { page } = opened;
    const skipped = Array.from(
      { length: count },
      (_, index): SkippedLine => ({
        url: `https://site.test/${index}`,
        code: 'IMAGE_STATUS',
        status: 404,
        detail: 'The server answered with status 404.',
        foundIn: [place],
      }),
    );
    const changes = { added: [], changed: [], unchanged: [], removed: [], kept: [] };
    await stub(page, {
      PUT: { body: recordWith([], { changes, skipped }) },
      GET: { body: linkedWith([]) },
    });
    await ask(page, 'Update', PAGE_URL);
    expect(await texts('#outcome .panel')).toEqual([words]);
    // Five times nothing.
    expect(await page.locator('.changes').count()).toBe(0);
    if (count === 1) expect(await texts('.skipped li .quiet')).toEqual(['Status 404 · img › srcset 2x']);
    expect(await axeViolations(page)).toEqual([]);
  });

  it('says why a picture cannot be seen', async () => {
    const { page } = opened;
    const tiff = itemNumber(0, { contentType: 'image/tiff', width: null, height: null });
    const items = [tiff, itemNumber(1), itemNumber(2)];
    await stub(page, {
      POST: { status: 201, body: recordWith(items) },
      GET: { body: linkedWith(items.slice(0, 2)) },
    });
    await page.route(`${STORE}/**`, (route) => route.fulfill({ status: 403, body: 'AccessDenied' }));
    await ask(page, 'Harvest', PAGE_URL);
    await page.locator('.thumb p').nth(2).waitFor();
    expect(await texts('.thumb p')).toEqual([
      'This browser does not show TIFF images. The copy is fine.',
      'The image could not be loaded from the store. Check that the store runs, then look the page up again.',
      'No link to this picture',
    ]);
    expect(await page.locator('.card-facts').first().textContent()).toBe('TIFF · no fixed size · 1000 bytes');

    const expired = '?X-Amz-Date=20260101T100000Z&X-Amz-Expires=900';
    await page.route('**/api/images**', (route) =>
      route.fulfill({ json: linkedWith([itemNumber(1)], expired) }),
    );
    await ask(page, 'Look up', PAGE_URL);
    await page.locator('.thumb p').waitFor();
    expect(await texts('.thumb p')).toEqual(['The link has expired. Look the page up again to see it.']);
  });

  it('keeps the focus at a picture that cannot be loaded after all', async () => {
    const { page } = opened;
    const { promise: after, resolve: fail } = Promise.withResolvers<void>();
    await stub(page, { GET: { body: linkedWith([itemNumber(0)]) } });
    await page.route(`${STORE}/**`, async (route) => {
      await after;
      await route.fulfill({ status: 403, body: 'AccessDenied' });
    });
    await ask(page, 'Look up', PAGE_URL);
    await page.locator('.thumb a').focus();
    fail();
    await page.locator('.thumb p').waitFor();
    expect(await focused()).toBe(
      'The image could not be loaded from the store. Check that the store runs, then look the page up again.',
    );
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Copy name');
  });

  it('has no two buttons that a screen reader calls alike', async () => {
    const { page } = opened;
    const items = [0, 1, 2].map((index) =>
      itemNumber(index, {
        name: `images/${index}/page/op/photo.png`,
        foundIn: [{ ...place, slot: index % 2 }],
      }),
    );
    const changes = { added: [], changed: [], unchanged: [], removed: [], kept: [] };
    await stub(page, {
      PUT: { body: recordWith(items, { changes }) },
      GET: { body: linkedWith(items) },
    });
    await ask(page, 'Update', PAGE_URL);
    const names = await page
      .locator('#outcome button')
      .evaluateAll((buttons) => buttons.map((button) => button.ariaLabel ?? button.textContent));
    expect(names).toHaveLength(8);
    expect(names).toEqual([...new Set(names)]);
  });

  it('shows what was stored even when the links to it cannot be had', async () => {
    const { page } = opened;
    const problem = {
      title: 'The storage cannot be used',
      detail: 'Try again.',
      code: 'STORAGE_UNAVAILABLE',
    };
    await stub(page, {
      POST: { status: 201, body: recordWith([itemNumber(0)]) },
      GET: { status: 503, body: problem },
    });
    expect(await ask(page, 'Harvest', PAGE_URL)).toBe('1 image harvested');
    expect(await texts('.note')).toEqual(['The images cannot be shown now: Try again.']);
  });

  it.each([
    [
      'an error of what stands before the service',
      { status: 502, body: 'Bad Gateway' },
      'The service did not respond',
    ],
    ['an answer that is no JSON', { status: 200, body: '<html>' }, 'The service did not respond'],
    ['silence', undefined, 'No response'],
  ])('says in words what to do about %s', async (_name, GET, title) => {
    const { page } = opened;
    await stub(page, GET === undefined ? {} : { GET });
    expect(await ask(page, 'Look up', PAGE_URL)).toBe(title);
    expect(await page.getByRole('button', { name: 'Try again' }).isVisible()).toBe(true);
    expect(await page.locator('.fault .code').count()).toBe(0);
  });

  it.each([
    ['Look up', false],
    ['Harvest', true],
  ] as const)(
    'says after a %s without an answer whether something may have been done',
    async (action, isWrite) => {
      const { page } = opened;
      await stub(page, {});
      expect(await ask(page, action, PAGE_URL)).toBe('No response');
      const text = (await page.locator('.fault').textContent()) ?? '';
      expect(text.includes('the work may be done')).toBe(isWrite);
      expect(text).toContain('Check that it runs');
      expect(await texts('.fault button')).toEqual(isWrite ? ['Look it up', 'Try again'] : ['Try again']);
    },
  );

  it('says also of a write that whatever stands before the service gave up that it may be done', async () => {
    const { page } = opened;
    await stub(page, { POST: { status: 504, body: 'Gateway Timeout' } });
    expect(await ask(page, 'Harvest', PAGE_URL)).toBe('The service did not respond');
    expect(await page.locator('.fault').textContent()).toContain('look the page up: the work may be done');
    expect(await texts('.fault button')).toEqual(['Look it up', 'Try again']);
  });

  it('says after a dry run without an answer that nothing was changed', async () => {
    const { page } = opened;
    await stub(page, {});
    await page.locator('#dry-run-label').click();
    expect(await ask(page, 'Harvest', PAGE_URL)).toBe('No response');
    expect(await page.locator('.fault').textContent()).not.toContain('may be done');
    expect(await texts('.fault button')).toEqual(['Try again']);
  });

  it('offers to change the sample page of its own site, and no page elsewhere that is called alike', async () => {
    const { page } = opened;
    const button = page.getByRole('button', { name: 'Change the page, then update' });
    for (const [url, count] of [
      [`${opened.siteUrl}/sample/changing/`, 1],
      ['https://site.test/sample/changing/', 0],
      [`${opened.siteUrl}/sample/changing/?a=/sample/changing/`, 0],
    ] as const) {
      await stub(page, { GET: { body: { ...linkedWith([itemNumber(0)]), url } } });
      await ask(page, 'Look up', url);
      expect([url, await button.count()]).toEqual([url, count]);
    }
  });

  it('says that an answer is none it understands', async () => {
    const { page } = opened;
    await stub(page, { GET: { body: { items: 'none' } } });
    expect(await ask(page, 'Look up', PAGE_URL)).toBe('The response cannot be shown');
  });

  it('says at the address which rule it breaks, in the words of the service', async () => {
    const { page } = opened;
    const detail = 'The "url" cannot be used. It has 2100 characters; at most 2048 are accepted.';
    const problem = { title: 'The url cannot be used', detail, code: 'URL_INVALID', status: 400 };
    await stub(page, { POST: { status: 400, body: problem } });
    await ask(page, 'Harvest', PAGE_URL);
    expect(await texts('#url-fault')).toEqual([detail]);
  });

  it('adds no advice about the address to a page that is too dense or to a stylesheet of another type', async () => {
    const { page } = opened;
    const code = 'CONTENT_UNSUPPORTED';
    const problem = { title: 'The title', detail: 'It makes more than 300000 elements.', code, status: 422 };
    const warnings = [{ url: 'https://site.test/style.css', code, detail: 'Its Content-Type is text/html.' }];
    await stub(page, {
      POST: { status: 422, body: problem },
      PUT: { status: 201, body: recordWith([], { warnings }) },
      GET: { body: linkedWith([]) },
    });
    await ask(page, 'Harvest', PAGE_URL);
    expect(await texts('.fault > p')).toEqual([code, problem.detail]);
    await ask(page, 'Update', PAGE_URL);
    expect(await texts('.note li .quiet')).toEqual([`Its Content-Type is text/html. (${code})`]);
  });

  it.each([414, 431])('says of an address that gets the answer %d that it is too long', async (status) => {
    const { page } = opened;
    await stub(page, { GET: { status, body: '' } });
    expect(await ask(page, 'Look up', PAGE_URL)).toBe('The service did not respond');
    expect(await page.locator('.fault').textContent()).toContain('Use a shorter address.');
  });

  it('says when to try again', async () => {
    const { page } = opened;
    const problem = {
      title: 'Another call is working on this page',
      detail: 'Wait.',
      code: 'URL_IN_PROGRESS',
      status: 409,
    };
    await stub(page, {
      POST: { status: 409, body: problem, headers: { 'Retry-After': '7', 'X-Request-Id': 'the-id' } },
    });
    await ask(page, 'Harvest', PAGE_URL);
    expect(await texts('.fault dd')).toEqual(['409', '7 s', 'the-id']);
  });

  it('says which of a page’s failures it was', async () => {
    const { page } = opened;
    const problem = {
      title: 'The page could not be read',
      detail: 'It answered 500.',
      code: 'PAGE_UNREACHABLE',
      reason: 'status',
      upstreamStatus: 500,
    };
    await stub(page, { POST: { status: 502, body: problem } });
    await ask(page, 'Harvest', PAGE_URL);
    expect(await texts('.fault dd')).toEqual(['502', 'status: it responded with an error', '500']);
    expect(await axeViolations(page)).toEqual([]);
  });

  it('works where the browser keeps nothing, or something else', async () => {
    const { page } = opened;
    await page.evaluate(`localStorage.setItem('image-console.recent', '{"broken')`);
    await page.reload();
    expect(await page.locator('#recent').isHidden()).toBe(true);
    await page.evaluate(`localStorage.setItem('image-console.recent', '[1,{"a":2},"https://kept.test/"]')`);
    await page.reload();
    await page.locator('#recent').waitFor();
    expect(await texts('#recent-list button')).toEqual(['https://kept.test/']);
  });

  it('does without movement for those who asked for none', async () => {
    const { page } = opened;
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await stub(page, { GET: { body: {}, after: new Promise(() => {}) } });
    await wish(page, 'Look up', PAGE_URL);
    await page.locator('.bar').waitFor();
    expect(
      await page.evaluate(`getComputedStyle(document.querySelector('.bar'), '::after').animationName`),
    ).toBe('none');
  });
});
