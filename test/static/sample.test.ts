import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { inspectImage } from '../../lib/image/inspectImage.ts';

interface ExpectedImage {
  readonly url: string;
  /** Path under static/; absent for a `data:` image. */
  readonly file?: string;
  readonly contentType: string;
  readonly bytes: number;
  readonly width: number;
  readonly height: number;
  readonly sha256: string;
}

interface ExpectedPage {
  readonly page: string;
  readonly images: readonly ExpectedImage[];
  readonly skipped: readonly { readonly url: string; readonly code: string }[];
}

const root = join(import.meta.dirname, '../../static');
const expected: Readonly<Record<string, ExpectedPage>> = JSON.parse(
  readFileSync(join(root, 'sample/expected.json'), 'utf8'),
);
const files = globSync('sample/**/*', { cwd: root }).filter((file) => statSync(join(root, file)).isFile());
const filesOf = (name: string): readonly (string | undefined)[] =>
  (expected[name]?.images ?? []).map(({ file }) => file);
const listed = new Map(
  Object.values(expected)
    .flatMap(({ images }) => images)
    .flatMap((image) => (image.file === undefined ? [] : [[image.file, image] as const])),
);
const pages = files.filter((file) => file.endsWith('.html'));
const text = (file: string): string => readFileSync(join(root, file), 'utf8');

describe('expected.json', () => {
  it.each([...listed])('tells the truth about %s', async (file, image) => {
    const bytes = readFileSync(join(root, file));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(image.sha256);
    expect(bytes.length).toBe(image.bytes);
    const { contentType, width, height } = image;
    const result = await inspectImage(bytes, { maxPixels: 1e6, isDelimited: false });
    expect(result).toMatchObject({ ok: true, facts: { contentType, width, height } });
  });

  it('lists every picture of the site but the placeholder', () => {
    const pictures = files.filter(
      (file) => /\.(avif|gif|ico|jpg|png|svg|webp)$/.test(file) && !/\/(pixel\.gif|page\.png)$/.test(file),
    );
    expect([...listed.keys()].sort()).toEqual(pictures.sort());
  });

  it('lists each URL of a page once', () => {
    for (const { images, skipped } of Object.values(expected)) {
      const urls = [...images, ...skipped].map(({ url }) => url);
      expect(new Set(urls).size).toBe(urls.length);
    }
  });

  it('has every kind of skipped image of a page that is served as it is', async () => {
    const { skipped = [] } = expected.channels ?? {};
    expect(skipped.map(({ code }) => code)).toEqual([
      'PLACEHOLDER',
      'PLACEHOLDER',
      'IMAGE_STATUS',
      'NOT_AN_IMAGE',
    ]);
    const inspect = (file: string) =>
      inspectImage(readFileSync(join(root, 'sample/channels', file)), { maxPixels: 1e6, isDelimited: true });
    expect(await inspect('pixel.gif')).toMatchObject({ ok: true, isOnePixel: true });
    expect(await inspect('page.png')).toMatchObject({ ok: false, code: 'NOT_AN_IMAGE' });
    expect(existsSync(join(root, 'sample/channels/missing.jpg'))).toBe(false);
  });
});

describe('the changing page', () => {
  const hashes = (name: string) =>
    new Map((expected[name]?.images ?? []).map(({ url, sha256 }) => [url, sha256]));
  const [before, after] = [hashes('changingV1'), hashes('changingV2')];

  it('keeps one image, alters one under its name, loses one and gains one', () => {
    const both = [...before.keys()].filter((url) => after.has(url));
    expect(both.filter((url) => before.get(url) === after.get(url))).toEqual([
      '/sample/changing/same.jpg',
      '/sample/image1.jpg',
    ]);
    expect(both.filter((url) => before.get(url) !== after.get(url))).toEqual([
      '/sample/changing/altered.jpg',
    ]);
    expect([...before.keys()].filter((url) => !after.has(url))).toEqual(['/sample/changing/gone.png']);
    expect([...after.keys()].filter((url) => !before.has(url))).toEqual(['/sample/changing/fresh.webp']);
  });

  it('shares an image with the gallery', () => {
    expect(filesOf('index')).toContain('sample/image1.jpg');
    expect(before.has('/sample/image1.jpg') && after.has('/sample/image1.jpg')).toBe(true);
  });
});

describe('the sample site', () => {
  it('needs no other host', () => {
    for (const file of files.filter((each) => /\.(html|css|svg)$/.test(each))) {
      const urls = text(file).matchAll(/(?:https?:|["'(=\s])\/\/([\w.-]+)/g);
      const hosts = [...urls].map(([, host]) => host);
      expect(hosts.filter((host) => host !== 'www.w3.org' && host !== 'schema.org')).toEqual([]);
    }
  });

  it('has no comment and no script that a browser would run', () => {
    for (const page of pages) expect(text(page)).not.toMatch(/<!--|<script(?! type="application\/ld\+json")/);
  });

  it('is small', () => {
    const bytes = files.reduce((sum, file) => sum + statSync(join(root, file)).size, 0);
    expect(bytes).toBeLessThanOrEqual(700_000);
  });
});
