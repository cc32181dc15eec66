/** What every `SweepProgress` promises. */
import { expect, it } from '@jest/globals';
import type { SweepProgress } from '../../lib/domain/ports.ts';

/** Defines the suite. There is one place in a bucket, so the tests follow each other. */
export function testSweepProgress(progress: () => SweepProgress): void {
  it('has the place that was written last', async () => {
    const first = { after: '', until: 'images/ä \u{1f5bc}&<>".png', pageId: '' };
    const second = { after: first.until, until: `images/${'x'.repeat(1_017)}`, pageId: '0'.repeat(32) };
    for (const position of [first, second, first]) {
      await progress().write(position);
      expect(await progress().read()).toEqual(position);
    }
  });
}
