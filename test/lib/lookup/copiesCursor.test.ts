import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CURSOR, readCursor, writeCursor } from '../../../lib/lookup/copiesCursor.ts';

const id = fc.stringMatching(/^[0-9a-f]{32}$/);

describe('the cursor of an image look-up', () => {
  it('gives the page back, for its own image alone', () => {
    fc.assert(
      fc.property(id, id, id, (imageId, pageId, otherId) => {
        const cursor = writeCursor(imageId, pageId);
        expect(cursor).toMatch(CURSOR);
        expect(readCursor(cursor, imageId)).toBe(pageId);
        if (otherId !== imageId) expect(readCursor(cursor, otherId)).toBeNull();
      }),
    );
  });

  it('is refused in every other spelling', () => {
    fc.assert(
      fc.property(id, id, fc.string({ unit: 'binary' }), fc.nat(43), (imageId, pageId, text, at) => {
        const cursor = writeCursor(imageId, pageId);
        const others = [
          text,
          text + cursor,
          cursor + text,
          cursor.slice(0, at),
          `${cursor.slice(0, at)}${text}${cursor.slice(at)}`,
          `${cursor}=`,
          ` ${cursor}`,
        ];
        for (const other of others) if (other !== cursor) expect(readCursor(other, imageId)).toBeNull();
      }),
    );
  });

  it('has one spelling: the bits that say nothing are zero', () => {
    const imageId = '0'.repeat(32);
    const cursor = writeCursor(imageId, 'f'.repeat(32));
    const spellings = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
      .map((last) => cursor.slice(0, -1) + last)
      .filter((one) => readCursor(one, imageId) === 'f'.repeat(32));
    expect(spellings).toEqual([cursor]);
  });
});
