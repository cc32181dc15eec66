import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { S3Api } from '../../../lib/s3/api.ts';
import { createSweepProgress, SWEEP_KEY } from '../../../lib/s3/sweepProgress.ts';
import { codeOf } from '../../support/world.ts';

/** A bucket with this note, or that fails so. */
function noted(note: string | null | Error) {
  const asked: unknown[] = [];
  const s3 = {
    get: async (...args: unknown[]) => {
      asked.push(args);
      if (note instanceof Error) throw note;
      return { text: note, etag: '"1"' };
    },
    put: async () => {
      if (note instanceof Error) throw note;
    },
  } as unknown as S3Api;
  return { ...createSweepProgress(s3), asked };
}

const position = { after: 'images/a', until: 'images/b', pageId: '0123456789abcdef'.repeat(2) };
const noteOf = (rest: object) => JSON.stringify({ schema: 1, ...position, ...rest });

describe('the place of a sweep', () => {
  it('is what the note says', async () => {
    const { read, asked } = noted(noteOf({ more: 'of a later version' }));
    expect(await read()).toEqual(position);
    expect(asked).toEqual([[SWEEP_KEY, 16 * 1024]]);
    expect(await noted(noteOf({ after: '', until: '', pageId: '' })).read()).toEqual({
      after: '',
      until: '',
      pageId: '',
    });
    expect((await noted(noteOf({ until: `images/${'x'.repeat(1_017)}` })).read())?.until).toHaveLength(1_024);
    // Another program may have written such an object. The next sweep must still begin behind it.
    for (const until of ['images/a\u00adb', 'images/a\u200db', 'images/\ue000'])
      expect((await noted(noteOf({ until })).read())?.until).toBe(until);
  });

  it.each<[string, string | null | Error]>([
    ['absent', Object.assign(new Error('absent'), { name: 'NoSuchKey' })],
    ['larger than a note', null],
    ['empty', ''],
    ['cut', noteOf({}).slice(0, -1)],
    ['not an object', '[]'],
    ['nothing', 'null'],
    ['of another version', noteOf({ schema: 2 })],
    ['without a member', noteOf({ until: undefined })],
    ['a number for a key', noteOf({ after: 7 })],
    ['a list for a page', noteOf({ pageId: [] })],
    ['a key from elsewhere', noteOf({ after: 'pages/a' })],
    ['a key of no bucket', noteOf({ after: `images/${'x'.repeat(1_018)}` })],
    ['a key of no bucket, in bytes', noteOf({ after: `images/${'ä'.repeat(600)}` })],
    ['a key with a control character', noteOf({ until: 'images/\u0000' })],
    ['a key with half a character', noteOf({ until: 'images/\ud83d' })],
    ['a page that is none', noteOf({ pageId: '0'.repeat(31) })],
    ['a page in capitals', noteOf({ pageId: 'A'.repeat(32) })],
  ])('that is %s is none', async (_, note) => {
    expect(await noted(note).read()).toBeNull();
  });

  it('is none or one that can be listed from, whatever the note is', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.jsonValue().map((after) => noteOf({ after })),
    );
    await fc.assert(
      fc.asyncProperty(text, async (note) => {
        const read = await noted(note).read();
        if (read !== null) expect(read.after).toMatch(/^(?:images\/.*)?$/su);
      }),
    );
  });

  it('that the bucket refuses is a failed storage', async () => {
    const refused = Object.assign(new Error('AccessDenied'), { name: 'AccessDenied' });
    expect(await codeOf(noted(refused).read())).toBe('STORAGE_UNAVAILABLE');
    expect(await codeOf(noted(refused).write(position))).toBe('STORAGE_UNAVAILABLE');
  });
});
