/** What an update keeps for a source that was not read whole, through the whole story. */
import { describe, expect, it } from '@jest/globals';
import { pageIdOf } from '../../../lib/domain/identity.ts';
import type { PageRecord } from '../../../lib/domain/model.ts';
import type { MemoryResource } from '../../fakes/memoryWeb.ts';
import { pngOf } from '../../support/pictures.ts';
import { createWorld, PAGE } from '../../support/world.ts';

const html = (body: string, more: Partial<MemoryResource> = {}): MemoryResource => ({
  type: 'text/html',
  body: `<!doctype html><body>${body}</body></html>`,
  ...more,
});
const link = (href: string) => `<link rel=stylesheet href="${href}">`;
const css = (...names: readonly string[]): MemoryResource => ({
  type: 'text/css',
  body: names.map((name) => `p{background:url(/${name})}`).join(''),
});
const IMAGES = Object.fromEntries(
  ['a.png', 'b.png', 'c.png'].map((name, seed) => [PAGE + name, { type: 'image/png', body: pngOf(seed) }]),
);
const DOWN: MemoryResource = { fault: 'status', status: 503 };

type Site = Readonly<Record<string, MemoryResource>>;

/** A POST of the first site, a PUT of each further one, with what each PUT says; `null` takes a resource away. */
async function updates(...sites: readonly Site[]) {
  const world = createWorld({ site: IMAGES });
  const harvests = [];
  for (const [index, site] of sites.entries()) {
    for (const [url, resource] of Object.entries(site)) world.web.set(new URL(url, PAGE).href, resource);
    harvests.push(index === 0 ? await world.post() : await world.put());
  }
  const last = harvests.at(-1);
  if (last === undefined) throw new Error('There is no site.');
  const names = last.record.items.map(({ url }) => url.replace(PAGE, '')).toSorted();
  return { world, harvests, record: last.record, changes: last.changes, names };
}

const long = (length: number) => `/s.css?${'x'.repeat(length - PAGE.length - 6)}`;
const many = (count: number) =>
  Array.from({ length: count }, (_, index) => link(`/many/${index}.css`)).join('');
const manySheets = (count: number): Site =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`/many/${index}.css`, css()]));
const tooLongJsonLd = `<script type="application/ld+json">"${'x'.repeat(1024 * 1024)}"</script>`;

describe('an update keeps what only an unread source may still name', () => {
  it.each<[string, Site, Site, string]>([
    ...[2_047, 2_048, 2_049, 8_000, 8_192].map((length): [string, Site, Site, string] => [
      `a stylesheet at a URL of ${length} characters fails`,
      { '/': html(link(long(length))), [long(length)]: css('a.png') },
      { [long(length)]: DOWN },
      'IMAGE_UNREACHABLE',
    ]),
    [
      'a stylesheet has a new address, which fails',
      { '/': html(link('/s.css')), '/s.css': css('a.png') },
      { '/': html(link('/s.css?v=2')), '/s.css?v=2': DOWN },
      'IMAGE_UNREACHABLE',
    ],
    [
      'what it was imported by is replaced by one that fails',
      {
        '/': html(link('/top.css')),
        '/top.css': { type: 'text/css', body: '@import "/s.css"' },
        '/s.css': css('a.png'),
      },
      { '/': html(link('/bundle.css')), '/bundle.css': { fault: 'timeout' } },
      'IMAGE_TIMEOUT',
    ],
    ...[{}, { type: 'text/css' }, { type: 'text/plain' }].flatMap((more) =>
      ['<!DOCTYPE html><p>down', '\n<!-- a --> <html lang=en>', '\ufeff<h1>Not found</h1>'].map(
        (body): [string, Site, Site, string] => [
          `a stylesheet is ${JSON.stringify(body)} as ${more.type}`,
          { '/': html(link('/s.css')), '/s.css': css('a.png') },
          { '/s.css': { ...more, body } },
          'IMAGE_UNREACHABLE',
        ],
      ),
    ),
    [
      'other stylesheets come first, and more than fifty are linked',
      { '/': html(link('/s.css')), '/s.css': css('a.png') },
      { '/': html(many(50) + link('/s.css')), ...manySheets(50) },
      'LIMIT_REACHED',
    ],
    [
      'more than ten thousand stylesheets are linked before it',
      { '/': html(link('/s.css')), '/s.css': css('a.png') },
      { '/': html(many(10_060) + link('/s.css')), ...manySheets(50) },
      'LIMIT_REACHED',
    ],
    [
      'a data: stylesheet is beyond the fiftieth',
      { '/': html(link('data:text/css,p{background:url(https://site.test/a.png)}')) },
      {
        '/': html(many(50) + link('data:text/css,p{background:url(https://site.test/a.png)}')),
        ...manySheets(50),
      },
      'LIMIT_REACHED',
    ],
    [
      'a block of JSON-LD has become too long',
      { '/': html('<script type="application/ld+json">{"image":"/a.png"}</script>') },
      { '/': html(tooLongJsonLd) },
      'LIMIT_REACHED',
    ],
    [
      'it was imported below one that fails',
      {
        '/': html(link('/top.css')),
        '/top.css': { type: 'text/css', body: '@import "/s.css"' },
        '/s.css': css('a.png'),
      },
      { '/top.css': { fault: 'timeout' } },
      'IMAGE_TIMEOUT',
    ],
    [
      'the page no longer links it, but one that fails imported it too',
      {
        '/': html(link('/s.css') + link('/top.css')),
        '/top.css': { type: 'text/css', body: '@import "/s.css"' },
        '/s.css': css('a.png'),
      },
      { '/': html(link('/top.css')), '/top.css': DOWN },
      'IMAGE_UNREACHABLE',
    ],
    [
      'its twenty-first place is the only one in it',
      {
        '/': html(link('/first.css') + link('/s.css')),
        '/first.css': css(...Array<string>(20).fill('a.png')),
        '/s.css': css('a.png'),
      },
      { '/first.css': css(), '/s.css': DOWN },
      'IMAGE_UNREACHABLE',
    ],
    [
      'it was imported too deep this time',
      { '/': html(link('/s.css')), '/s.css': css('a.png') },
      {
        '/': html(link('/1.css')),
        ...Object.fromEntries(
          [1, 2, 3, 4].map((n): [string, MemoryResource] => [
            `/${n}.css`,
            { type: 'text/css', body: `@import "/${n === 4 ? 's' : n + 1}.css";` },
          ]),
        ),
      },
      'LIMIT_REACHED',
    ],
  ])('when %s', async (_, first, second, code) => {
    const { record, changes, world } = await updates(first, second);
    expect(record.items).toMatchObject([{ url: `${PAGE}a.png`, outcome: 'kept', reason: { code } }]);
    expect(record.warnings.length).toBeGreaterThan(0);
    expect(changes).toMatchObject({ removed: [], kept: [record.items[0]?.name] });
    expect(world.missing()).toEqual([]);
  });

  it('of a thousand images in twenty places each, whatever is listed of them', async () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `${index}.png`);
    const site: Record<string, MemoryResource> = {
      '/': html(link(long(2_000))),
      [long(2_000)]: css(...Array<string[]>(20).fill(names).flat()),
    };
    for (const name of names) site[`/${name}`] = { type: 'image/png', body: pngOf(1) };
    const { record } = await updates(site, { [long(2_000)]: DOWN });
    expect(record.items).toHaveLength(1_000);
    expect(record.items.every(({ outcome }) => outcome === 'kept')).toBe(true);
  });

  it('under a new address, until all was read whole', async () => {
    const first = {
      '/': html(link('/s.css') + link('/t.css')),
      '/s.css': css('a.png', 'b.png'),
      '/t.css': css(),
    };
    const moved = { '/': html(link('/s.css?v=2') + link('/t.css')), '/s.css?v=2': DOWN };
    const back = { '/s.css?v=2': css('b.png') };
    expect((await updates(first, moved, moved, moved)).names).toEqual(['a.png', 'b.png']);
    expect((await updates(first, moved, { ...back, '/t.css': DOWN })).names).toEqual(['a.png', 'b.png']);
    expect((await updates(first, moved, back)).names).toEqual(['b.png']);
    // It came beside the old one, and was not read before that went.
    const beside = { '/': html(link('/s.css') + link('/s.css?v=2')), '/s.css?v=2': DOWN };
    expect((await updates(first, beside, moved)).names).toEqual(['a.png', 'b.png']);
  });

  it('over many updates, until it is read without them', async () => {
    const first = { '/': html(link('/s.css')), '/s.css': css('a.png', 'b.png') };
    const down = { '/s.css': DOWN };
    expect((await updates(first, ...Array<Site>(9).fill(down))).names).toEqual(['a.png', 'b.png']);
    expect((await updates(first, down, down, { '/s.css': css('b.png') })).names).toEqual(['b.png']);
    expect((await updates(first, down, down, { '/': html('') })).names).toEqual([]);
  });

  it('though it was found in the page meanwhile, or had no copy when the source was read', async () => {
    const page = html(`<img src=a.png>${link('/s.css')}`);
    const first = { '/': page, '/s.css': css('a.png') };
    const gone = { '/': html(link('/s.css')), '/s.css': DOWN };
    expect((await updates(first, { '/s.css': DOWN }, gone)).names).toEqual(['a.png']);
    const late = await updates(
      { ...first, '/a.png': DOWN },
      { '/a.png': { type: 'image/png', body: pngOf(1) }, '/s.css': DOWN },
      gone,
    );
    expect(late.names).toEqual(['a.png']);
  });

  it('though the page has it where it is not wanted', async () => {
    const world = createWorld({ site: IMAGES });
    const srcset = '<img srcset="a.png 1w, b.png 2w">';
    world.web.set(PAGE, html(srcset + link('/s.css')));
    world.web.set(`${PAGE}s.css`, css('a.png'));
    await world.post(PAGE, { variants: 'best' });
    world.web.set(`${PAGE}s.css`, DOWN);
    const { record } = await world.put();
    expect(record.items).toMatchObject([
      { url: `${PAGE}a.png`, outcome: 'kept', reason: { code: 'IMAGE_UNREACHABLE' } },
      { url: `${PAGE}b.png`, outcome: 'unchanged' },
    ]);
  });

  it('and takes what is new beside it', async () => {
    const { names } = await updates(
      { '/': html(link('/s.css')), '/s.css': css('a.png') },
      { '/': html(`<img src=b.png>${link('/s.css')}`), '/s.css': DOWN },
    );
    expect(names).toEqual(['a.png', 'b.png']);
  });
});

describe('an update removes', () => {
  it.each(['<!-- p{background:url(b.png)} -->', '<style>\np{}q{background:url(b.png)}</style>'])(
    'what a stylesheet no longer names that is written as %j',
    async (body) => {
      const first = { '/': html(link('/s.css')), '/s.css': css('a.png') };
      expect((await updates(first, { '/s.css': { type: 'text/css', body } })).names).toEqual(['b.png']);
    },
  );

  it('what the page named, though a stylesheet that never named it fails', async () => {
    const { names } = await updates(
      { '/': html(`<img src=a.png>${link('/s.css')}`), '/s.css': css('b.png') },
      { '/': html(link('/s.css')), '/s.css': DOWN },
    );
    expect(names).toEqual(['b.png']);
  });

  it('what a stylesheet named that is no longer linked, though it fails', async () => {
    const { names } = await updates(
      { '/': html(link('/s.css') + link('/t.css')), '/s.css': css('a.png'), '/t.css': css('b.png') },
      { '/': html(link('/t.css')), '/s.css': DOWN, '/t.css': DOWN },
    );
    expect(names).toEqual(['b.png']);
  });

  it('what a stylesheet named that is no longer linked, though one that was read and named nothing fails for long', async () => {
    const sheets = html(link('/s.css') + link('/t.css'));
    const plain: MemoryResource = { type: 'text/css', body: 'p{color:red}' };
    const { names } = await updates(
      { '/': sheets, '/s.css': css('a.png'), '/t.css': plain },
      { '/t.css': DOWN },
      {},
      { '/': html(link('/t.css')) },
    );
    expect(names).toEqual([]);
  });
});

describe('a page whose length nobody says', () => {
  const open = { isDelimited: false };
  const whole: Site = { '/': html('<img src=a.png><img src=b.png>', open) };
  const cut: Site = { '/': { type: 'text/html', body: '<!doctype html><body><img src=a.png>', ...open } };
  const noEnd = (body: string, more = open): Site => ({ '/': { type: 'text/html', body, ...more } });

  it('and that lacks the end tag which it had is perhaps cut: it keeps, and warns, each time', async () => {
    const { record, names } = await updates(whole, cut, cut);
    expect(names).toEqual(['a.png', 'b.png']);
    expect(record.items[1]).toMatchObject({ outcome: 'kept', reason: { code: 'IMAGE_UNREACHABLE' } });
    expect(record.warnings).toMatchObject([{ url: PAGE, code: 'PAGE_UNREACHABLE' }]);
    expect((await updates(whole, cut, { '/': html('<img src=a.png>', open) })).names).toEqual(['a.png']);
  });

  it('had its end tag, though it named nothing then', async () => {
    const more: Site = { '/': { type: 'text/html', body: '<body><img src=a.png><img src=b.png>', ...open } };
    expect((await updates({ '/': html('', open) }, more, cut)).names).toEqual(['a.png', 'b.png']);
  });

  it('and that never has an end tag loses what it no longer names', async () => {
    const { names, record } = await updates(
      noEnd('<p><img src=a.png><img src=b.png>'),
      noEnd('<p><img src=a.png>'),
    );
    expect(names).toEqual(['a.png']);
    expect(record.warnings).toEqual([]);
  });

  it('has no end tag in a comment or a script', async () => {
    const body =
      '<!doctype html><body><img src=a.png><!-- </body></html> --><script>"</body></html>"</script>';
    expect((await updates(whole, noEnd(body))).names).toEqual(['a.png', 'b.png']);
  });

  it('and that ends in a tag was cut, and says so from the first', async () => {
    const inTag = noEnd('<p><img src=a.png><img src="b.p');
    const { harvests, names } = await updates(noEnd('<p><img src=a.png><img src=b.png>'), inTag);
    expect(names).toEqual(['a.png', 'b.png']);
    expect(harvests[1]?.record.warnings).toMatchObject([{ url: PAGE, code: 'PAGE_UNREACHABLE' }]);
    expect((await updates(inTag)).record.warnings).toHaveLength(1);
  });

  it.each([
    '<img sr',
    '<img alt="a > b" s',
    "<img alt='</body>' src=\"b.p",
    '<img alt="R&am',
    '<img src=b.png',
    '<',
    '</',
    '<!-- a > b',
    '<!-- <img src=b.png> --',
    '<!DOCTYPE',
    '<script type=application/ld+json>{"image":"/b.p',
    '<script>if (a > b) "</p>"',
    '<script><!-- <script> </script> -->',
    '<style>p > a{background:url(/b.p',
    '<style>p{}</styl',
    '<title>a > b',
    '<textarea><p></p>',
    '<noframes>',
    '<svg><![CDATA[ > ',
  ])('and that ends inside %j was cut, behind an end tag too', async (end) => {
    const start = '<!doctype html><body><img src=a.png>';
    const ends = ['', '</body>', '<template></body></template>', '<svg></svg></html>', 'x'.repeat(170_000)];
    for (const before of ends) {
      const { names, record } = await updates(
        noEnd(`${start}<p><img src=b.png>`),
        noEnd(`${start}${before}${end}`),
      );
      expect(names).toEqual(['a.png', 'b.png']);
      expect(record.warnings).toMatchObject([{ url: PAGE, code: 'PAGE_UNREACHABLE' }]);
    }
  });

  it.each([
    'a < b',
    'R&',
    'R&am',
    '&#12',
    '<p>a > b',
    '<!-- > -->',
    '<script>"<a"</script>',
    '<plaintext><a',
    '<title><a</title>',
    '\r',
    '\ud800',
    '<svg><![CDATA[<a]]></svg>',
    '<style>a{b:"<c"}</style>',
  ])('and that ends behind %j was not cut for that', async (end) => {
    const { names, record } = await updates(
      noEnd('<p><img src=a.png><img src=b.png>'),
      noEnd(`<p><img src=a.png>${end}`),
    );
    expect(names).toEqual(['a.png']);
    expect(record.warnings).toEqual([]);
  });

  it('is whole where the transport says so, end tag or not', async () => {
    expect((await updates(whole, noEnd('<p><img src=a.png>', { isDelimited: true }))).names).toEqual([
      'a.png',
    ]);
  });

  it('is not known by a stylesheet that failed until now', async () => {
    const sheet = (body: string): Site => ({ '/s.css': { type: 'text/css', body, isDelimited: false } });
    const first = { '/': html(link('/s.css')), '/s.css': DOWN };
    const { record, names } = await updates(
      first,
      sheet('p{background:url(a.png)'),
      sheet('p{background:url(b.png)'),
    );
    expect(names).toEqual(['b.png']);
    expect(record.warnings).toEqual([]);
  });

  it('is whole where a stylesheet only has the marks of a comment in a string or an address', async () => {
    const sheet = (body: string): Site => ({ '/s.css': { type: 'text/css', body, isDelimited: false } });
    for (const text of [
      'q{content:"/*"}',
      'q{background:url(c/*.png)}',
      'q{}/* " */',
      `q{content:"/*${'x'.repeat(9_000)}"}`,
    ]) {
      const first = {
        '/': html(link('/s.css')),
        ...sheet(`p{background:url(a.png)}r{background:url(b.png)}${text}`),
      };
      const cut = sheet('p{background:url(a.png)}r{backgr');
      expect((await updates(first, cut)).names).toEqual(['a.png', 'b.png']);
      const { names, record } = await updates(first, cut, sheet(`p{background:url(a.png)}${text}`));
      expect(names).toEqual(['a.png']);
      expect(record.warnings).toEqual([]);
    }
    const first = { '/': html(link('/s.css')), ...sheet('p{background:url(a.png)}q{content:"/*"}') };
    for (const end of ['/* c', '/**', `/*${'x'.repeat(9_000)}`, 'q{content:"*/"}/*', '"/*'])
      expect((await updates(first, sheet(end))).names).toEqual(['a.png']);
  });

  it('is no stylesheet without a byte, unless it never had one', async () => {
    const sheet = (body: string): Site => ({ '/s.css': { type: 'text/css', body, isDelimited: false } });
    const first = { '/': html(link('/s.css')), ...sheet('p{background:url(a.png)}') };
    for (const nothing of ['', '\n', '\ufeff']) {
      const { names, record } = await updates(first, sheet(nothing), sheet(nothing));
      expect(names).toEqual(['a.png']);
      expect(record.warnings).toMatchObject([{ url: `${PAGE}s.css`, code: 'PAGE_UNREACHABLE' }]);
      const always = await updates({ ...first, ...sheet(nothing) }, sheet(nothing));
      expect(always.record.warnings).toEqual([]);
    }
    expect((await updates(first, { '/s.css': { type: 'text/css', body: '' } })).names).toEqual([]);
  });

  it('is what a stylesheet may be too: one that ends in a rule is perhaps cut', async () => {
    const sheet = (body: string): Site => ({ '/s.css': { type: 'text/css', body, isDelimited: false } });
    const first = { '/': html(link('/s.css')), ...sheet('p{background:url(a.png)}q{background:url(b.png)}') };
    const cutSheet = sheet('p{background:url(a.png)}q{backgr');
    const { record, names } = await updates(first, cutSheet, cutSheet);
    expect(names).toEqual(['a.png', 'b.png']);
    expect(record.warnings).toMatchObject([{ url: `${PAGE}s.css`, code: 'PAGE_UNREACHABLE' }]);
    for (const end of ['/* c', '.x[y="']) {
      expect((await updates(first, sheet(`p{background:url(a.png)}${end}`))).names).toEqual([
        'a.png',
        'b.png',
      ]);
    }
    const never = { '/': html(link('/s.css')), ...sheet('p{background:url(a.png)}q{background:url(b.png)') };
    expect((await updates(never, sheet('q{background:url(b.png)'))).names).toEqual(['b.png']);
  });
});

describe('a record', () => {
  const recordIn = (world: ReturnType<typeof createWorld>): PageRecord => {
    const record = world.store.kept.get(pageIdOf(PAGE));
    if (record?.kind !== 'page') throw new Error('There is no record.');
    return record;
  };
  const without = ({ provenance: _, ...record }: PageRecord): PageRecord => record;

  it('learns where an image is without moving updatedAt when no reader sees it', async () => {
    const sheets = { '/first.css': css(...Array<string>(20).fill('a.png')) };
    const first = { '/': html(link('/first.css') + link('/s.css')), ...sheets, '/s.css': css() };
    const { world, harvests, record } = await updates(first, { '/s.css': css('a.png') }, {});
    expect(record.updatedAt).toBe(harvests[0]?.record.updatedAt);
    expect(recordIn(world).provenance?.sources.map(({ names }) => names)).toEqual([[], [0], [0]]);
    expect(world.store.calls.filter(({ method }) => method === 'write')).toHaveLength(2);
  });

  it('of before has its places alone: these decide, and where they do not tell, the copy stays', async () => {
    const { world } = await updates({
      '/': html(`<img src=c.png>${link('/s.css')}${link(long(3_000))}`),
      '/s.css': css('a.png'),
      [long(3_000)]: css('b.png'),
    });
    world.store.kept.set(pageIdOf(PAGE), without(recordIn(world)));
    world.web.set(PAGE, html(link('/s.css') + link(new URL(long(3_000), PAGE).href)));
    world.web.set(`${PAGE}s.css`, DOWN);
    world.web.set(new URL(long(3_000), PAGE).href, DOWN);
    expect((await world.put()).record.items.map(({ url }) => url)).toEqual([`${PAGE}a.png`, `${PAGE}b.png`]);
    for (const url of [`${PAGE}s.css`, new URL(long(3_000), PAGE).href]) world.web.set(url, css());
    expect((await world.put()).record.items).toEqual([]);
  });

  it.each([undefined, { sources: 'of a later shape' }])(
    'of before without imports (provenance %j) does not tell which stylesheet led to another',
    async (provenance) => {
      const { world } = await updates({
        '/': html(link('/top.css')),
        '/top.css': { type: 'text/css', body: '@import "/s.css";p{background:url(b.png)}' },
        '/s.css': css('a.png'),
      });
      const old = { ...without(recordIn(world)), ...(provenance && { provenance }) };
      world.store.kept.set(pageIdOf(PAGE), old as unknown as PageRecord);
      world.web.set(`${PAGE}top.css`, DOWN);
      expect((await world.put()).record.items).toMatchObject([{ outcome: 'kept' }, { outcome: 'kept' }]);
      world.web.set(`${PAGE}top.css`, css());
      expect((await world.put()).record.items).toEqual([]);
    },
  );

  it('of before does not say how its page ended: the first that may be cut counts as cut', async () => {
    const page = (body: string) => ({ type: 'text/html', body, isDelimited: false });
    const { world } = await updates({ '/': page('<img src=a.png><img src=b.png>') });
    world.store.kept.set(pageIdOf(PAGE), without(recordIn(world)));
    world.web.set(PAGE, page('<img src=a.png>'));
    expect((await world.put()).record.items).toHaveLength(2);
    expect((await world.put()).record.items).toHaveLength(1);
  });
});
