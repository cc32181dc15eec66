/** Suites of the console in a real browser. Without a browser they are skipped, and say so. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { findChromium } from '../../../support/services.ts';
import { type ConsolePage, launchChromium, openConsole } from './browser.ts';

/** The site that the browser opens. */
export interface Served {
  readonly siteUrl: string;
  stop(): Promise<unknown>;
}

/** The console in a running test: a new page with empty browser storage. */
export interface OpenedConsole extends Pick<ConsolePage, 'page' | 'requests'> {
  readonly siteUrl: string;
  /** The texts of all matching elements. */
  texts(selector: string): Promise<string[]>;
  /** The text of the focused element. */
  focused(): Promise<string>;
  /** Opens another page, such as one of another size. */
  open(options: BrowserContextOptions): Promise<ConsolePage>;
}

/** A suite with one browser and one site for all `tests`. After each test, its page must have no faults. */
export function consoleSuite(
  title: string,
  start: () => Promise<Served>,
  tests: (opened: OpenedConsole) => void,
): void {
  const program = findChromium();
  describe(title, () => {
    if (program === null) {
      it('is left out only where REQUIRE_SERVICES does not ask for it', () => {
        expect(process.env.REQUIRE_SERVICES).not.toBe('1');
      });
      return;
    }
    let served: Served | undefined;
    let browser: Browser | undefined;
    let opened: ConsolePage[] = [];

    const open = async (options?: BrowserContextOptions) => {
      if (served === undefined || browser === undefined) throw new Error('Nothing was started.');
      const console = await openConsole(browser, served.siteUrl, options);
      opened.push(console);
      return console;
    };
    const current = () => {
      const [first] = opened;
      if (first === undefined) throw new Error('A page is there only while a test runs.');
      return first;
    };

    beforeAll(async () => {
      const begun = await Promise.allSettled([start(), launchChromium(program)]);
      // Both are kept before a failure is thrown, so that the other one is still stopped.
      if (begun[0].status === 'fulfilled') served = begun[0].value;
      if (begun[1].status === 'fulfilled') browser = begun[1].value;
      for (const each of begun) if (each.status === 'rejected') throw each.reason;
    });
    afterAll(() => stopAll([() => browser?.close(), () => served?.stop()]));
    beforeEach(async () => {
      await open();
    });
    afterEach(async () => {
      const closing = opened;
      opened = [];
      await stopAll(closing.map((each) => each.close));
      // No exception, no dialog, no popup, no violation of the policy, no other host.
      expect(closing.flatMap(({ faults }) => faults)).toEqual([]);
    });

    tests({
      get page() {
        return current().page;
      },
      get requests() {
        return current().requests;
      },
      get siteUrl() {
        return served?.siteUrl ?? '';
      },
      texts: (selector) => current().page.locator(selector).allTextContents(),
      focused: () => current().page.evaluate('document.activeElement.textContent'),
      open,
    });
  });
}

/** Calls all `stops` in order, even after a failure. @throws the first failure */
export async function stopAll(stops: readonly (() => Promise<unknown> | undefined)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const stop of stops) await stop()?.catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}
