/** The size of an image is what a browser gives as `naturalWidth` and `naturalHeight`. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { inspectImage } from '../../../lib/image/inspectImage.ts';
import { ENCODED, encodedBytes } from '../../lib/image/encoded.ts';
import { ODD_IMAGES } from '../../lib/image/oddImages.ts';
import { findChromium } from '../../support/services.ts';
import { launchChromium } from './support/browser.ts';

/** Formats that Chromium does not support. Only the standards say what a browser shows of them. */
const NOT_IN_CHROMIUM = /\.(?:heic|tiff|jp2|j2c|jxr)$/;

/** Formats that only a recent Chromium supports. With an older one they are not a failure. */
const LATELY = /\.jxl$|^AVIF: in one box/;

/** The natural size, as `width×height`; null when the browser cannot show the image. */
function naturalSize(page: Page, bytes: Buffer, type: string): Promise<string | null> {
  return page.evaluate<string | null, { data: string; type: string }>(
    async ({ data, type }) => {
      const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
      const image = new (globalThis as unknown as { Image: new () => BrowserImage }).Image();
      image.src = URL.createObjectURL(new Blob([bytes], { type }));
      // A picture whose pixels cannot be decoded still has a size.
      const hasSize = await new Promise<boolean>((resolve) => {
        image.onload = () => resolve(true);
        image.onerror = () => resolve(false);
      });
      return hasSize ? `${image.naturalWidth}x${image.naturalHeight}` : null;
    },
    { data: bytes.toString('base64'), type },
  );
}

interface BrowserImage {
  src: string;
  onload: () => void;
  onerror: () => void;
  readonly naturalWidth: number;
  readonly naturalHeight: number;
}

async function ourSize(bytes: Buffer): Promise<{ size: string | null; type: string }> {
  const result = await inspectImage(bytes, { maxPixels: 1e9, isDelimited: true });
  if (!result.ok) return { size: null, type: '' };
  const { width, height, contentType } = result.facts;
  return { size: `${width ?? 0}x${height ?? 0}`, type: contentType };
}

const program = findChromium();
describe('the size of an image, beside Chromium', () => {
  if (program === null) {
    it('is left out only where REQUIRE_SERVICES does not ask for it', () => {
      expect(process.env.REQUIRE_SERVICES).not.toBe('1');
    });
    return;
  }
  let browser: Browser | undefined;
  let page: Page;
  beforeAll(async () => {
    browser = await launchChromium(program);
    page = await browser.newPage();
  });
  afterAll(() => browser?.close());

  async function expectSize(name: string, bytes: Buffer, expected: string): Promise<void> {
    const { size, type } = await ourSize(bytes);
    const shown = await naturalSize(page, bytes, type);
    const isUnknown = shown === null && LATELY.test(name) && process.env.REQUIRE_SERVICES !== '1';
    expect([size, isUnknown ? expected : shown]).toEqual([expected, expected]);
  }

  it.each(ENCODED.filter(({ file }) => !NOT_IN_CHROMIUM.test(file)))('$file by $encoder', async (row) => {
    const bytes = encodedBytes(row);
    await expectSize(row.file, bytes, row.size);
  });

  it.each(ODD_IMAGES)('$name', async ({ name, bytes, size: expected }) => {
    await expectSize(name, bytes, expected);
  });
});
