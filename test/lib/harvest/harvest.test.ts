import { describe, expect, it } from '@jest/globals';
import { pngOf } from '../../support/pictures.ts';
import { settled } from '../../support/settled.ts';
import { until } from '../../support/until.ts';
import { codeOf, createWorld, PAGE, problemOf } from '../../support/world.ts';

const html = (...names: readonly string[]) => ({
  type: 'text/html',
  body: names.map((name) => `<img src="${name}">`).join('\n'),
});
const png = (seed: number) => ({ type: 'image/png', body: pngOf(seed), etag: `"${seed}"` });

const site = () => ({
  [PAGE]: html('a.png', 'b.png', 'c.png'),
  [`${PAGE}a.png`]: png(1),
  [`${PAGE}b.png`]: png(2),
  [`${PAGE}c.png`]: png(3),
});

describe('a POST', () => {
  it('stores every image under a name of its own and answers in page order', async () => {
    const world = createWorld({ site: site() });
    const { record, isNew } = await world.post();
    expect(isNew).toBe(true);
    expect(record.items.map((item) => item.url)).toEqual([`${PAGE}a.png`, `${PAGE}b.png`, `${PAGE}c.png`]);
    expect(record.items.map((item) => item.outcome)).toEqual(['stored', 'stored', 'stored']);
    expect(record.items.map(({ name }) => world.store.objects.get(name)?.bytes)).toEqual(
      [1, 2, 3].map((n) => pngOf(n)),
    );
    expect(record).toMatchObject({ complete: true, counts: { discovered: 3, items: 3, skipped: 0 } });
  });

  it('leaves no lock, no marker and no orphan, and the record in the cache', async () => {
    const world = createWorld({ site: site() });
    await world.post();
    expect([...world.cache.locks.keys()]).toEqual([]);
    expect([...world.cache.entries.values()]).toMatchObject([{ value: { kind: 'record' } }]);
    expect(world.orphans()).toEqual([]);
  });

  it('goes on when an image fails, and says why', async () => {
    const world = createWorld({
      site: {
        ...site(),
        [`${PAGE}a.png`]: { fault: 'status', status: 404 },
        [`${PAGE}b.png`]: { type: 'image/png', body: '<html>' },
      },
    });
    const { record } = await world.post();
    expect(record.items.map((item) => item.url)).toEqual([`${PAGE}c.png`]);
    expect(record.skipped).toMatchObject([
      { url: `${PAGE}a.png`, code: 'IMAGE_STATUS', status: 404 },
      { url: `${PAGE}b.png`, code: 'NOT_AN_IMAGE' },
    ]);
    expect(record.counts).toEqual({
      discovered: 3,
      items: 1,
      skipped: 2,
      byCode: { IMAGE_STATUS: 1, NOT_AN_IMAGE: 1 },
    });
  });

  it('on a harvested page is refused before anything is fetched', async () => {
    const world = createWorld({ site: site() });
    await world.post();
    const asked = world.web.asked.length;
    expect(await codeOf(world.post())).toBe('URL_ALREADY_PROCESSED');
    expect(world.web.asked).toHaveLength(asked);
    expect([...world.cache.locks.keys()]).toEqual([]);
  });

  it('refuses while another call works on the page', async () => {
    const gate = Promise.withResolvers<void>();
    const world = createWorld({ site: { ...site(), [PAGE]: { ...html('a.png'), after: gate.promise } } });
    const first = world.post();
    expect(await settled(first)).toBe(false);
    expect(await problemOf(world.post())).toMatchObject({ code: 'URL_IN_PROGRESS', retryAfterSeconds: 2 });
    gate.resolve();
    await first;
  });

  it.each([2, 50])('of %i at once: one wins, the page is fetched once', async (count) => {
    const world = createWorld({ site: site() });
    const codes = await Promise.all(
      Array.from({ length: count }, () =>
        world.post().then(
          () => 'CREATED',
          (error) => error.code,
        ),
      ),
    );
    expect(codes.filter((code) => code === 'CREATED')).toHaveLength(1);
    expect(codes.filter((code) => /^URL_(IN_PROGRESS|ALREADY_PROCESSED)$/.test(code))).toHaveLength(
      count - 1,
    );
    expect(world.web.asked.filter((url) => url === PAGE)).toHaveLength(1);
  });

  it.each([2, 50])(
    'of %i at once without Redis: one wins, and nothing is left of the others',
    async (count) => {
      const world = createWorld({ site: site() });
      world.cache.setDown(true);
      const codes = await Promise.all(
        Array.from({ length: count }, () =>
          world.post().then(
            () => 'CREATED',
            (error) => error.code,
          ),
        ),
      );
      expect(codes.filter((code) => code === 'CREATED')).toHaveLength(1);
      expect(codes.filter((code) => code === 'URL_ALREADY_PROCESSED')).toHaveLength(count - 1);
      expect(world.orphans()).toEqual([]);
      expect(world.missing()).toEqual([]);
    },
  );

  it.each([
    ['forbidden', 'ADDRESS_FORBIDDEN', undefined],
    ['dns', 'PAGE_UNREACHABLE', 'dns'],
    ['connect', 'PAGE_UNREACHABLE', 'connect'],
    ['tls', 'PAGE_UNREACHABLE', 'tls'],
    ['protocol', 'PAGE_UNREACHABLE', 'protocol'],
    ['encoding', 'PAGE_UNREACHABLE', 'encoding'],
    ['redirects', 'PAGE_UNREACHABLE', 'redirects'],
    ['status', 'PAGE_UNREACHABLE', 'status'],
    ['truncated', 'PAGE_UNREACHABLE', 'protocol'],
    ['timeout', 'PAGE_TIMEOUT', undefined],
    ['tooLarge', 'PAGE_TOO_LARGE', undefined],
  ] as const)(
    'of a page with fault %s is %s, leaves nothing, and works once it is repaired',
    async (fault, code, reason) => {
      const world = createWorld({ site: { ...site(), [PAGE]: { fault } } });
      expect(await problemOf(world.post())).toMatchObject({ code, reason });
      expect(world.store.kept.size + world.store.objects.size).toBe(0);
      expect(world.cache.entries.size + world.cache.locks.size).toBe(0);
      world.web.set(PAGE, html('a.png'));
      expect((await world.post()).record.items).toHaveLength(1);
    },
  );

  it.each([
    ['JSON', 'application/json', '{}'],
    ['a PDF', 'application/pdf', '%PDF-1.7'],
    ['plain text', 'text/plain', 'hello'],
    ['nothing', 'text/html', ''],
  ])('of %s is CONTENT_UNSUPPORTED', async (_, type, body) => {
    const world = createWorld({ site: { [PAGE]: { type, body } } });
    expect(await codeOf(world.post())).toBe('CONTENT_UNSUPPORTED');
    expect(world.store.kept.size).toBe(0);
  });

  it.each([
    ['its own type', 'image/png'],
    ['HTML’s type', 'text/html'],
    ['no type', undefined],
  ])('of an image sent with %s is a record of that one image, fetched once', async (_, type) => {
    const url = `${PAGE}pic.png`;
    const world = createWorld({ site: { [url]: { body: pngOf(1), ...(type && { type }) } } });
    const { record } = await world.post(url);
    expect(record.items).toMatchObject([
      { url, foundIn: [{ element: 'page', attribute: 'url', slot: 0 }], width: 2 },
    ]);
    expect(world.web.asked).toEqual([url]);
    expect((await world.get(url)).items).toHaveLength(1);
  });

  it('of an image that was cut off is an unreachable page, not a broken copy', async () => {
    const url = `${PAGE}pic.png`;
    const cut = pngOf(1).subarray(0, -12);
    const world = createWorld({ site: { [url]: { type: 'image/png', body: cut, isDelimited: false } } });
    expect(await problemOf(world.post(url))).toMatchObject({ code: 'PAGE_UNREACHABLE', reason: 'protocol' });
  });

  it.each([
    ['at once', ''],
    ['after blanks', '\n'.repeat(80)],
    ['after a byte order mark', '\ufeff'],
  ])('of markup sent as HTML is a page, though it begins like an SVG (%s)', async (_, before) => {
    const body = `${before}<svg xmlns="http://www.w3.org/2000/svg"><image href="a.png"/></svg>`;
    const world = createWorld({ site: { ...site(), [PAGE]: { type: 'text/html', body } } });
    expect((await world.post()).record.items).toMatchObject([{ url: `${PAGE}a.png` }]);
  });

  it('stores inline images, and two images with the same bytes twice', async () => {
    const data = `data:image/png;base64,${pngOf(1).toString('base64')}`;
    const world = createWorld({ site: { ...site(), [PAGE]: html('a.png', data) } });
    const { record } = await world.post();
    const [first, second] = record.items;
    expect(second?.url).toMatch(/^data:image\/png;sha256,[0-9a-f]{32}$/);
    expect(second?.duplicateOf).toBe(first?.name);
    expect(world.store.objects.size).toBe(2);
  });

  it('skips a fetched pixel on a lazily loaded element', async () => {
    const world = createWorld({
      site: {
        ...site(),
        [PAGE]: { type: 'text/html', body: '<img src="pixel.png" data-src="a.png"><img src="dot.png">' },
        [`${PAGE}pixel.png`]: { body: pngOf(7, 1, 1) },
        [`${PAGE}dot.png`]: { body: pngOf(8, 1, 1) },
      },
    });
    const { record } = await world.post();
    expect(record.skipped).toMatchObject([{ url: `${PAGE}pixel.png`, code: 'PLACEHOLDER' }]);
    expect(record.items.map((item) => item.url)).toEqual([`${PAGE}a.png`, `${PAGE}dot.png`]);
  });

  it('of the best variants fetches the largest of each picture only', async () => {
    const body = '<img src="a.png" srcset="b.png 2x, c.png 3x">';
    const world = createWorld({ site: { ...site(), [PAGE]: { type: 'text/html', body } } });
    const { record } = await world.post(PAGE, { variants: 'best' });
    expect(record.items.map((item) => item.url)).toEqual([`${PAGE}c.png`]);
    expect(record.counts.byCode).toEqual({ NOT_CHOSEN: 2 });
    expect(world.web.asked).toEqual([PAGE, `${PAGE}c.png`]);
  });

  it('reports a stylesheet that cannot be read, and finds what is in the others', async () => {
    const body = '<link rel=stylesheet href="a.css"><link rel=stylesheet href="gone.css">';
    const world = createWorld({
      site: {
        ...site(),
        [PAGE]: { type: 'text/html', body },
        [`${PAGE}a.css`]: { type: 'text/css', body: 'p{background:url(a.png)}' },
      },
    });
    const { record } = await world.post();
    expect(record.warnings).toMatchObject([
      { url: `${PAGE}gone.css`, code: 'PAGE_UNREACHABLE', status: 404 },
    ]);
    expect(record.items).toMatchObject([
      { url: `${PAGE}a.png`, foundIn: [{ element: 'link', stylesheet: `${PAGE}a.css` }] },
    ]);
  });

  it.each([
    ['requestMaxBytes', pngOf(1).length * 2],
    ['imagesMaxCount', 2],
  ] as const)('stops at %s, and a limit is no error', async (name, limit) => {
    const world = createWorld({ site: site(), limits: { [name]: limit } });
    const { record } = await world.post();
    expect(record.counts).toMatchObject({ items: 2, skipped: 1, byCode: { LIMIT_REACHED: 1 } });
    expect(record.complete).toBe(true);
  });

  it.each([
    ['imageMaxBytes', pngOf(1).length - 1, 'IMAGE_TOO_LARGE'],
    ['requestMaxBytes', pngOf(1).length - 1, 'LIMIT_REACHED'],
    ['imageMaxBytes', pngOf(1).length, undefined],
    ['requestMaxBytes', pngOf(1).length, undefined],
  ] as const)('holds an inline image to %s of %i: %s', async (name, limit, code) => {
    const data = `data:image/png;base64,${pngOf(1).toString('base64')}`;
    const world = createWorld({ site: { [PAGE]: html(data) }, limits: { [name]: limit } });
    const { record } = await world.post();
    expect(record.skipped.map((line) => line.code)).toEqual(code ? [code] : []);
  });

  it('uploads so many at a time and no more, inline images too', async () => {
    let running = 0;
    let peak = 0;
    const gate = Promise.withResolvers<void>();
    const inline = Array.from(
      { length: 60 },
      (_, i) => `data:image/png;base64,${pngOf(i).toString('base64')}`,
    );
    const world = createWorld({
      site: { [PAGE]: html(...inline) },
      storeIntercept: async (call, apply) => {
        if (call.method !== 'put') return apply();
        running += 1;
        peak = Math.max(peak, running);
        await gate.promise;
        running -= 1;
        return apply();
      },
    });
    const posted = world.post();
    await until(() => running === 32);
    expect(await settled(posted)).toBe(false);
    gate.resolve();
    expect((await posted).record.counts.items).toBe(60);
    expect(peak).toBe(32);
  });

  it('gives stylesheets that hang a third of the time, and the images the rest', async () => {
    const world = createWorld({
      site: {
        ...site(),
        [PAGE]: { type: 'text/html', body: '<link rel=stylesheet href=slow.css><img src=a.png>' },
        [`${PAGE}slow.css`]: { type: 'text/css', body: '', after: new Promise(() => {}) },
      },
      limits: { requestReserveMs: 28_700 },
    });
    const { record } = await world.post();
    expect(record.items.map((item) => item.url)).toEqual([`${PAGE}a.png`]);
    expect(record).toMatchObject({ complete: false, warnings: [{ code: 'OUT_OF_TIME' }] });
  });

  it('keeps what it has when time runs out, and a PUT goes on from there', async () => {
    const world = createWorld({
      site: { ...site(), [`${PAGE}b.png`]: { ...png(2), after: new Promise(() => {}) } },
      limits: { requestReserveMs: 28_800 },
    });
    const { record } = await world.post();
    expect(record.complete).toBe(false);
    expect(record.skipped).toMatchObject([{ url: `${PAGE}b.png`, code: 'OUT_OF_TIME' }]);
    world.web.set(`${PAGE}b.png`, png(2));
    const { record: after, changes } = await world.put();
    expect(after.complete).toBe(true);
    expect(changes).toMatchObject({
      added: [after.items[1]?.name],
      unchanged: [after.items[0]?.name, after.items[2]?.name],
    });
  });

  it('of a page that does not arrive before the end is PAGE_TIMEOUT', async () => {
    const world = createWorld({
      site: { [PAGE]: { ...html(), after: new Promise(() => {}) } },
      limits: { requestReserveMs: 28_950 },
    });
    expect(await codeOf(world.post())).toBe('PAGE_TIMEOUT');
    expect(world.cache.entries.size + world.cache.locks.size).toBe(0);
  });
});

describe('a dry run', () => {
  it('fetches and checks as usual and writes nothing anywhere', async () => {
    const world = createWorld({ site: site() });
    const { record } = await world.post(PAGE, { isDryRun: true });
    expect(record.counts.items).toBe(3);
    expect(world.store.objects.size + world.store.kept.size).toBe(0);
    expect(world.cache.calls).toEqual([]);
    expect(world.store.calls).toEqual([]);
  });

  it('works on a harvested page, and a PUT’s says what would change', async () => {
    const world = createWorld({ site: site() });
    await world.post();
    const objects = [...world.store.objects.keys()];
    world.web.set(PAGE, html('a.png', 'd.png'));
    world.web.set(`${PAGE}d.png`, png(4));
    expect((await world.post(PAGE, { isDryRun: true })).record.counts.items).toBe(2);
    const { changes } = await world.put(PAGE, { isDryRun: true });
    expect([changes.added, changes.unchanged, changes.removed].map((names) => names.length)).toEqual([
      1, 1, 2,
    ]);
    expect([...world.store.objects.keys()]).toEqual(objects);
    expect((await world.get()).items).toHaveLength(3);
  });
});

describe('a PUT', () => {
  it('of a new page creates it', async () => {
    const { isNew, changes } = await createWorld({ site: site() }).put();
    expect(isNew).toBe(true);
    expect(changes.added).toHaveLength(3);
  });

  it('that finds nothing new downloads no image byte, commits nothing and moves nothing', async () => {
    const world = createWorld({ site: site() });
    const { record: before } = await world.post();
    const writes = world.store.calls.length;
    world.web.bytes.image = 0;
    const { record, changes } = await world.put();
    expect(world.web.bytes.image).toBe(0);
    expect(changes.unchanged).toEqual(before.items.map((item) => item.name));
    expect(record.updatedAt).toBe(before.updatedAt);
    const since = world.store.calls.slice(writes).map(({ method }) => method);
    expect(since).not.toContain('write');
    expect(since).not.toContain('put');
    // A look-up has no use for the validators.
    expect((await world.get()).items).toEqual(before.items.map(({ validators: _, ...item }) => item));
  });

  it('does not store an image again whose bytes are the same, whatever its validators', async () => {
    const world = createWorld({ site: site() });
    const { record: before } = await world.post();
    world.web.set(`${PAGE}a.png`, { ...png(1), etag: '"new"' });
    const { record } = await world.put();
    expect(record.items[0]).toMatchObject({ outcome: 'unchanged', name: before.items[0]?.name });
    expect(record.updatedAt).toBe(before.updatedAt);
    world.web.bytes.image = 0;
    await world.put();
    expect(world.web.bytes.image).toBe(0);
  });

  it('tells added, changed, unchanged and removed, and removes the old objects', async () => {
    const world = createWorld({ site: site() });
    const { record: before } = await world.post();
    world.web.set(PAGE, html('b.png', 'a.png', 'd.png'));
    world.web.set(`${PAGE}a.png`, png(11));
    world.web.set(`${PAGE}d.png`, png(4));
    const { record, changes } = await world.put();
    const [b, a, d] = record.items.map((item) => item.name);
    expect(changes).toEqual({
      added: [d],
      changed: [a],
      unchanged: [b],
      removed: [before.items[2]?.name],
      kept: [],
    });
    expect(new Set(world.store.objects.keys())).toEqual(new Set([a, b, d]));
    expect((await world.get()).items.map((item) => item.name)).toEqual([b, a, d]);
  });

  it('keeps the old copy of an image that fails now', async () => {
    const world = createWorld({ site: site() });
    const { record: before } = await world.post();
    world.web.set(`${PAGE}b.png`, { fault: 'status', status: 410 });
    const { record, changes } = await world.put();
    expect(changes.kept).toEqual([before.items[1]?.name]);
    expect(record.items[1]).toMatchObject({ outcome: 'kept', reason: { code: 'IMAGE_STATUS', status: 410 } });
    expect(world.missing()).toEqual([]);
  });

  it.each([
    ['fails', { fault: 'status', status: 500 } as const, { code: 'PAGE_UNREACHABLE', reason: 'status' }],
    ['meets the head of a GIF', { body: 'GIF89a' }, { code: 'CONTENT_UNSUPPORTED' }],
    ['meets the head of a PNG', { body: pngOf(1).subarray(0, 20) }, { code: 'CONTENT_UNSUPPORTED' }],
    ['meets a broken TIFF', { body: 'II*\0aaaa' }, { code: 'CONTENT_UNSUPPORTED' }],
    ['meets a cut image', { body: 'GIF89a', isDelimited: false }, { code: 'PAGE_UNREACHABLE' }],
  ])('that %s leaves the old record and all its objects', async (_, response, problem) => {
    const world = createWorld({ site: site() });
    await world.post();
    const [objects, records] = [new Map(world.store.objects), structuredClone([...world.store.kept])];
    world.web.set(PAGE, response);
    expect(await problemOf(world.put())).toMatchObject(problem);
    expect(world.store.objects).toEqual(objects);
    expect([...world.store.kept]).toEqual(records);
    expect((await world.get()).items).toHaveLength(3);
  });

  it('of a page without images any more empties it', async () => {
    const world = createWorld({ site: site() });
    await world.post();
    world.web.set(PAGE, { type: 'text/html', body: '<p>none' });
    expect((await world.put()).record.items).toEqual([]);
    expect(world.store.objects.size).toBe(0);
    expect((await world.get()).items).toEqual([]);
  });

  it('never touches the copy that another page has of the same image', async () => {
    const other = `${PAGE}other`;
    const world = createWorld({ site: { ...site(), [other]: html('a.png') } });
    await world.post();
    await world.post(other);
    expect((await world.get(`${PAGE}a.png`)).items).toHaveLength(2);
    world.web.set(PAGE, html('b.png'));
    await world.put();
    const left = await world.get(`${PAGE}a.png`);
    expect(left.items).toHaveLength(1);
    expect(world.store.objects.has(left.items[0]?.name ?? '')).toBe(true);
    expect(world.missing()).toEqual([]);
  });

  it('keeps the variants of the record unless told otherwise', async () => {
    const body = '<img src="a.png" srcset="b.png 2x">';
    const world = createWorld({ site: { ...site(), [PAGE]: { type: 'text/html', body } } });
    await world.post(PAGE, { variants: 'best' });
    expect((await world.put()).record).toMatchObject({ variants: 'best', counts: { items: 1 } });
    expect((await world.put(PAGE, { variants: 'all' })).record).toMatchObject({
      variants: 'all',
      counts: { items: 2 },
    });
  });
});
