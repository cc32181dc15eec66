/** Suites that need a browser: left out in plain words where there is none. */
import { describe, expect, it } from '@jest/globals';
import { findChromium } from '../../support/services.ts';

/** `suite` is given the browser's path. */
export function inChromium(title: string, suite: (program: string) => void): void {
  describe(title, () => {
    const program = findChromium();
    if (program !== null) {
      suite(program);
      return;
    }
    it('is left out only where REQUIRE_SERVICES does not ask for it', () => {
      expect(process.env.REQUIRE_SERVICES).not.toBe('1');
    });
  });
}
