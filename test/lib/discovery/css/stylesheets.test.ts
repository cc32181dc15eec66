import { describe, expect, it } from '@jest/globals';
import { discoverImages, STYLESHEET_LIMITS } from '../../../../lib/discovery/discoverImages.ts';
import { shortHash } from '../../../../lib/domain/identity.ts';
import { discoverHtml, type FakeWorld, PAGE, urlsIn } from '../discoverHtml.ts';

const at = (path: string) => new URL(path, PAGE).href;
const link = (href: string) => `<link rel=stylesheet href="${href}">`;
const rule = (image: string) => `.x{background:url(${image})}`;
const sheets = (world: Readonly<Record<string, string>>): FakeWorld => ({
  stylesheets: Object.fromEntries(Object.entries(world).map(([path, css]) => [at(path), css])),
});

describe('stylesheets', () => {
  it('are read where they are linked, and resolved against themselves', async () => {
    const html = `<img src=1>${link('/css/a.css#x')}<img src=3>`;
    const { candidates, sources } = await discoverHtml(html, sheets({ '/css/a.css': rule('2') }));
    expect(candidates.map(({ url }) => url)).toEqual([at('1'), at('/css/2'), at('3')]);
    expect(candidates[1]?.places).toEqual([
      { element: 'link', attribute: 'background', slot: 1, stylesheet: at('/css/a.css') },
    ]);
    expect(sources).toMatchObject([
      { id: 'page', url: PAGE, links: new Set([1]) },
      { id: shortHash(at('/css/a.css')), url: at('/css/a.css'), links: new Set() },
    ]);
    expect(candidates.map((candidate) => candidate.sources)).toEqual([[0], [1], [0]]);
  });

  it('are resolved against where a redirect led', async () => {
    const finalUrl = new URL('http://cdn.test/x/b.css');
    const response = {
      kind: 'read' as const,
      bytes: Buffer.from(rule('i')),
      contentType: 'text/css',
      finalUrl,
    };
    const world = { stylesheets: { [at('a.css')]: response } };
    const { candidates } = await discoverHtml(link('a.css'), world);
    expect(candidates[0]?.url).toBe('http://cdn.test/x/i');
    expect(candidates[0]?.places[0]?.stylesheet).toBe(at('a.css'));
  });

  it.each([
    ['alternate ones', '<link rel="alternate stylesheet" href=a.css>', true],
    ['disabled ones', '<link rel=stylesheet href=a.css disabled>', true],
    ['those of any medium', '<link rel=stylesheet href=a.css media=print>', true],
    ['preloaded ones', '<link rel=preload as=style href=a.css>', true],
    ['those in noscript', '<noscript><link rel=stylesheet href=a.css></noscript>', true],
    ['those in the body', '<p><link rel=STYLESHEET href=a.css>', true],
    ['those under a base', '<base href=/dir/><link rel=stylesheet href=a.css>', true],
    ['imports of a style element', '<style>@import "a.css";</style>', true],
    ['other types', '<link rel=stylesheet type=text/less href=a.css>', false],
    ['templates', '<template><link rel=stylesheet href=a.css></template>', false],
    ['other relations', '<link rel=prefetch href=a.css>', false],
    ['imports of style attributes', '<p style="@import url(a.css);">', false],
  ])('%s: %s', async (_what, html, isRead) => {
    const world = sheets({ 'a.css': rule('i') });
    expect(await urlsIn(html, world)).toEqual(isRead ? [at('i')] : []);
  });

  it('import others, before their own rules, to a depth of three', async () => {
    const world = sheets({
      'a.css': `@import "b/b.css";${rule('1')}`,
      'b/b.css': `@import "c.css";${rule('2')}`,
      'b/c.css': `@import "d.css";${rule('3')}`,
      'b/d.css': `@import "e.css";${rule('4')}`,
      'b/e.css': rule('5'),
    });
    const { candidates, warnings } = await discoverHtml(link('a.css'), world);
    expect(candidates.map(({ url }) => url)).toEqual(['b/4', 'b/3', 'b/2', '1'].map(at));
    expect(warnings).toMatchObject([{ url: at('b/e.css'), code: 'LIMIT_REACHED' }]);
  });

  it('are read once each, however often they are named, and in a circle', async () => {
    const asked: { url: string; referrer: string }[] = [];
    const world = sheets({
      'a.css': `@import "b.css";${rule('1')}`,
      'b.css': `@import "a.css";${rule('2')}`,
    });
    const html = `${link('a.css')}${link('a.css#x')}<style>@import "b.css";@import "page.html";</style>`;
    expect(await urlsIn(html, { ...world, asked })).toEqual([at('1'), at('2')]);
    expect(asked).toEqual([
      { url: at('a.css'), referrer: PAGE },
      { url: at('b.css'), referrer: PAGE },
    ]);
  });

  it('send the importing stylesheet as the referrer', async () => {
    const asked: { url: string; referrer: string }[] = [];
    await urlsIn(link('a.css'), { ...sheets({ 'a.css': '@import "b.css"' }), asked });
    expect(asked[1]).toEqual({ url: at('b.css'), referrer: at('a.css') });
  });

  it('that cannot be read are warnings, and the rest goes on', async () => {
    const { candidates, warnings } = await discoverHtml(
      `${link('gone.css')}${link('a.css')}`,
      sheets({ 'a.css': rule('i') }),
    );
    expect(candidates.map(({ url }) => url)).toEqual([at('i')]);
    expect(warnings).toEqual([
      { url: at('gone.css'), code: 'PAGE_UNREACHABLE', detail: 'It is not there.', status: 404 },
    ]);
  });

  it.each(['text/html; charset=utf-8', 'image/png', 'application/json'])(
    'answered as %s are warnings',
    async (contentType) => {
      const finalUrl = new URL(at('a.css'));
      const response = { kind: 'read' as const, bytes: Buffer.from(rule('i')), contentType, finalUrl };
      const { candidates, warnings } = await discoverHtml(link('a.css'), {
        stylesheets: { [at('a.css')]: response },
      });
      expect(candidates).toEqual([]);
      expect(warnings).toMatchObject([{ code: 'CONTENT_UNSUPPORTED' }]);
    },
  );

  it('with credentials are not read, and the warning does not tell them', async () => {
    const asked: { url: string; referrer: string }[] = [];
    const { warnings } = await discoverHtml(link('http://u:p@x.test/a.css'), { asked });
    expect(warnings).toMatchObject([{ url: 'http://x.test/a.css', code: 'ADDRESS_FORBIDDEN' }]);
    expect(asked).toEqual([]);
  });

  it.each([
    [STYLESHEET_LIMITS.stylesheetsMax, 0],
    [STYLESHEET_LIMITS.stylesheetsMax + 1, 1],
    [STYLESHEET_LIMITS.stylesheetsMax + 9, 1],
  ])('%d of them make %d warnings', async (count, warned) => {
    const names = Array.from({ length: count }, (_, index) => `${index}.css`);
    const world = sheets(Object.fromEntries(names.map((name) => [name, rule(`${name}.png`)])));
    const { candidates, warnings } = await discoverHtml(names.map(link).join(''), world);
    expect(candidates).toHaveLength(Math.min(count, STYLESHEET_LIMITS.stylesheetsMax));
    expect(warnings.map(({ code }) => code)).toEqual(Array(warned).fill('LIMIT_REACHED'));
  });

  it('that are refused by the thousand make no thousand warnings', async () => {
    const html = Array.from({ length: 2_000 }, (_, index) => link(`http://u:p@x.test/${index}`)).join('');
    const { warnings } = await discoverHtml(html);
    expect(warnings).toHaveLength(STYLESHEET_LIMITS.stylesheetsMax + 1);
  });

  it('are read several at a time, and no more than the limit', async () => {
    let running = 0;
    let most = 0;
    const html = Array.from({ length: 20 }, (_, index) => link(`${index}.css`)).join('');
    await discoverImages(
      { html: Buffer.from(html), contentType: undefined, url: new URL(PAGE), finalUrl: new URL(PAGE) },
      {
        readStylesheet: async (url) => {
          running += 1;
          most = Math.max(most, running);
          await new Promise(setImmediate);
          running -= 1;
          return { kind: 'read', bytes: Buffer.alloc(0), contentType: undefined, finalUrl: url };
        },
      },
    );
    expect(most).toBe(STYLESHEET_LIMITS.stylesheetsAtATime);
  });

  it('inherit the encoding of the page, and pass theirs on', async () => {
    const bytes = (text: string) => Buffer.from(text, 'latin1');
    const read = (css: string, path: string) => ({
      kind: 'read' as const,
      bytes: bytes(css),
      contentType: undefined,
      finalUrl: new URL(at(path)),
    });
    const world = {
      contentType: 'text/html; charset=iso-8859-2',
      stylesheets: {
        [at('a.css')]: read(rule('\xb9'), 'a.css'),
        [at('b.css')]: read(`@charset "windows-1251";@import "c.css";`, 'b.css'),
        [at('c.css')]: read(rule('\xe9'), 'c.css'),
      },
    };
    expect(await urlsIn(`${link('a.css')}${link('b.css')}`, world)).toEqual(['š', 'й'].map(at));
  });

  it('may be data: URLs', async () => {
    const { candidates, sources } = await discoverHtml(
      link('data:text/css,.x{background:url(http://x.test/i)}'),
    );
    expect(candidates.map(({ url }) => url)).toEqual(['http://x.test/i']);
    expect(sources[1]?.url).toMatch(/^data:text\/css;sha256,[0-9a-f]{32}$/);
  });

  it('do not name themselves as images', async () => {
    const world = sheets({
      'a.css': `${rule('')}${rule('#x')}${rule('a.css')}${rule('a.css#x')}${rule('i')}`,
    });
    expect(await urlsIn(link('a.css'), world)).toEqual([at('i')]);
  });
});
