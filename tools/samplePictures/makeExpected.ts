/**
 * Writes static/sample/expected.json: what a harvest of each sample page must find. It does not use the service's code.
 * The lists are written by hand, in page order. Types follow from the extension, sizes from the package image-size.
 *
 *   node tools/samplePictures/makeExpected.ts
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { imageSize } from 'image-size';

const SITE = join(import.meta.dirname, '../../static');

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.avif': 'image/avif',
  '.gif': 'image/gif',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webp': 'image/webp',
};

/** Sizes of SVGs with a ratio but no size: browsers fit them into 300 by 150 pixels, image-size returns the ratio. */
const BY_HAND: Readonly<Record<string, { width: number; height: number }>> = {
  'sample/channels/mask-icon.svg': { width: 150, height: 150 },
};

/** A path in the page's folder, `/…` from the site's root, or `{ dataOf: page }`: the page's first PNG `data:` URL. */
type Reference = string | { readonly dataOf: string };

interface Page {
  /** Path of the harvested URL. */
  readonly page: string;
  /** Folder of its files, when it is not that of the URL. */
  readonly folder?: string;
  readonly images: readonly Reference[];
  readonly skipped?: readonly { readonly url: string; readonly code: string; readonly status?: number }[];
}

const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

const PAGES: Readonly<Record<string, Page>> = {
  index: {
    page: '/sample/',
    images: [
      'image1.jpg',
      'image2.png',
      'image3.webp',
      'image4.avif',
      'image5.gif',
      'image6.jpg',
      'image7.svg',
      'image8.jpg',
    ],
  },
  channels: {
    page: '/sample/channels.html',
    images: [
      'channels/og.jpg',
      'channels/og-url.jpg',
      'channels/og-secure.jpg',
      'channels/twitter.jpg',
      'channels/tile.png',
      'channels/itemprop.jpg',
      'channels/favicon.ico',
      'channels/icon.png',
      'channels/touch-icon.png',
      'channels/mask-icon.svg',
      'channels/image-src.jpg',
      'channels/preload.webp',
      'channels/preload-small.webp',
      'channels/imported.png',
      'channels/linked.jpg',
      'channels/set-1x.png',
      'channels/set-2x.png',
      'channels/style-element.jpg',
      'channels/ld-image.jpg',
      'channels/ld-logo.png',
      'channels/ld-thumbnail.webp',
      'channels/img.jpg',
      'channels/img.jpg?size=small',
      'channels/srcset-small.jpg',
      'channels/srcset-large.jpg',
      'channels/density-1x.png',
      'channels/density-2x.png',
      'channels/source.avif',
      'channels/source.webp',
      'channels/source-fallback.jpg',
      { dataOf: 'sample/channels.html' },
      'channels/lazy.jpg',
      'channels/noscript.jpg',
      'channels/lazy-original.jpg',
      'channels/lazy-small.jpg',
      'channels/lazy-large.jpg',
      'channels/lazy-background.webp',
      'channels/amp.jpg',
      'channels/input.png',
      'channels/poster.jpg',
      'channels/object.png',
      'channels/object-untyped.jpg',
      'channels/embed.jpg',
      'channels/svg-href.png',
      'channels/svg-xlink.png',
      'channels/background.jpg',
      'channels/style-attribute.webp',
    ],
    skipped: [
      { url: dataUrl('image/gif', PIXEL), code: 'PLACEHOLDER' },
      { url: '/sample/channels/pixel.gif', code: 'PLACEHOLDER' },
      { url: '/sample/channels/missing.jpg', code: 'IMAGE_STATUS', status: 404 },
      { url: '/sample/channels/page.png', code: 'NOT_AN_IMAGE' },
    ],
  },
  based: {
    page: '/sample/based.html',
    images: ['based/tree.png', 'channels/based.jpg', '/sample/image1.jpg'],
  },
  changingV1: {
    page: '/sample/changing/',
    folder: 'sample/changing/v1/',
    images: ['same.jpg', 'altered.jpg', 'gone.png', '/sample/image1.jpg'],
  },
  changingV2: {
    page: '/sample/changing/',
    folder: 'sample/changing/v2/',
    images: ['same.jpg', 'altered.jpg', 'fresh.webp', '/sample/image1.jpg'],
  },
};

const expected = Object.fromEntries(Object.entries(PAGES).map(([name, page]) => [name, describe(page)]));
writeFileSync(join(SITE, 'sample/expected.json'), `${JSON.stringify(expected, null, 2)}\n`);

function describe({ page, folder = 'sample/', images, skipped = [] }: Page) {
  const base = page.slice(0, page.lastIndexOf('/') + 1);
  return {
    page,
    images: images.map((reference) => {
      if (typeof reference !== 'string') {
        const bytes = dataIn(reference.dataOf);
        return { url: dataUrl('image/png', bytes), ...factsOf('data.png', bytes) };
      }
      const isRooted = reference.startsWith('/');
      const [file = ''] = (isRooted ? reference.slice(1) : folder + reference).split('?');
      const url = isRooted ? reference : base + reference;
      return { url, file, ...factsOf(file, readFileSync(join(SITE, file))) };
    }),
    skipped,
  };
}

function factsOf(file: string, bytes: Buffer) {
  const { width, height } = BY_HAND[file] ?? imageSize(bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { contentType: CONTENT_TYPES[extname(file)], bytes: bytes.length, width, height, sha256 };
}

function dataIn(file: string): Buffer {
  const page = readFileSync(join(SITE, file), 'utf8');
  return Buffer.from(/data:image\/png;base64,([\w+/=]+)/.exec(page)?.[1] ?? '', 'base64');
}

function dataUrl(contentType: string, bytes: Buffer): string {
  return `data:${contentType};sha256,${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}`;
}
