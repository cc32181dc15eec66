/** Starts a real Chromium without a network, and opens pages that record what a console must not do. */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { ROOT } from '../../../support/startApp.ts';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** No connection may leave the machine: only localhost resolves, and the browser does not call its vendor. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const OWN_HOSTS = ['MAP * ~NOTFOUND', 'EXCLUDE localhost', 'EXCLUDE 127.0.0.1'];

export const WIDE = { width: 1600, height: 1000 };
/** For the pictures in docs/. */
const PICTURED = { width: 1100, height: 1800 };
export const NARROW = { width: 360, height: 740 };

/** @param rebound names that lead to this machine, as if an attacker's name server said so */
export function launchChromium(program: string, rebound: readonly string[] = []): Promise<Browser> {
  const rules = [...rebound.map((name) => `MAP ${name} 127.0.0.1`), ...OWN_HOSTS].join(', ');
  const args = [...ARGUMENTS, `--host-resolver-rules=${rules}`];
  // Recent browsers ask the user before a page may reach this machine. Others do not.
  if (rebound.length > 0) args.push('--disable-features=LocalNetworkAccessChecks');
  return chromium.launch({ executablePath: program, headless: true, args, timeout: 90_000 });
}

export interface ConsolePage {
  readonly page: Page;
  /** What went wrong so far: exceptions, policy violations, dialogs, other hosts. Empty in a good run. */
  readonly faults: readonly string[];
  /** Every address that was asked for. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Opens the console as a new user does: at the root of the site, with empty browser storage. */
export async function openConsole(
  browser: Browser,
  siteUrl: string,
  options: BrowserContextOptions = {},
): Promise<ConsolePage> {
  const context = await browser.newContext({
    viewport: WIDE,
    colorScheme: 'light',
    locale: 'en-GB',
    timezoneId: 'UTC',
    permissions: ['clipboard-read', 'clipboard-write'],
    ...options,
  });
  // A call takes at most 29 s. Its outcome says more than an earlier timeout.
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const faults: string[] = [];
  const requests: string[] = [];
  page.on('pageerror', (error) => faults.push(`exception: ${error.message}`));
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('popup', (popup) => faults.push(`popup: ${popup.url()}`));
  page.on('console', (message) => {
    // The page shows 4xx responses of the API, and the browser logs them too, which is not a fault.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      faults.push(`console: ${message.text()}`);
    }
  });
  page.on('request', (request) => {
    requests.push(request.url());
    const { protocol, hostname } = new URL(request.url());
    if (protocol === 'data:' || protocol === 'blob:') return;
    if (hostname !== 'localhost' && hostname !== '127.0.0.1') faults.push(`request to ${request.url()}`);
  });
  await page.goto(`${siteUrl}/`);
  await page.locator('#samples').waitFor();
  return { page, faults, requests, close: () => context.close() };
}

type Action = 'Harvest' | 'Update' | 'Look up';

/** Fills in the form for `url` and submits it, with the mouse. */
export async function wish(page: Page, action: Action, url: string): Promise<void> {
  await page.locator('#form .segments label', { hasText: new RegExp(`^${action}$`) }).click();
  await page.getByLabel('Address of a page or an image').fill(url);
  await page.locator('#go').click();
}

/** Fills in and submits the form for `url`; resolves with the heading of the result. */
export async function ask(page: Page, action: Action, url: string): Promise<string> {
  await wish(page, action, url);
  return resultTitle(page);
}

/** The heading of the result, once there is one and nothing is under way. */
export async function resultTitle(page: Page): Promise<string> {
  await page.locator('#progress').waitFor({ state: 'hidden' });
  const heading = page.locator('#outcome h2');
  await heading.waitFor();
  await page.locator('.gallery[aria-busy]').waitFor({ state: 'detached' });
  return (await heading.textContent()) ?? '';
}

/** The heading that replaces the present one after `act`, which may take a while. */
export async function nextTitle(page: Page, act: () => Promise<void>): Promise<string> {
  const old = await page.locator('#outcome h2').elementHandle();
  await act();
  await page.waitForFunction(
    (heading) => (heading as { isConnected: boolean } | null)?.isConnected === false,
    old,
  );
  return resultTitle(page);
}

/** The members of an `img` element that are used here. */
interface Picture {
  readonly complete: boolean;
  readonly naturalWidth: number;
  scrollIntoView(): void;
  addEventListener(event: string, listener: () => void): void;
}

/** Brings every picture into view, one by one; resolves with the widths of those that were drawn. */
export async function drawnWidths(pictures: Locator): Promise<number[]> {
  const widths = await pictures.evaluateAll(async (elements) => {
    const found: number[] = [];
    for (const element of elements) {
      const picture = element as unknown as Picture;
      picture.scrollIntoView();
      if (!picture.complete) {
        await new Promise<void>((resolve) => {
          picture.addEventListener('load', resolve);
          picture.addEventListener('error', resolve);
        });
      }
      found.push(picture.naturalWidth);
    }
    return found;
  });
  return widths.filter((width) => width > 0);
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary?: string }[];
  }[];
  readonly passes: readonly unknown[];
}

/** Violations that axe-core finds on the page (WCAG 2.2 AA and its best practices): one line for each element. */
export async function axeViolations(page: Page): Promise<string[]> {
  // The debugger bypasses the page's content security policy, which would refuse the script.
  const source = await readAxe();
  await page.evaluate(source);
  const result = await page.evaluate<AxeResult>(
    "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })",
  );
  if (result.passes.length < 10) throw new Error('axe-core has hardly looked at anything.');
  return result.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary ?? ''}`),
  );
}

let axe: Promise<string> | undefined;
function readAxe(): Promise<string> {
  axe ??= readFile(AXE, 'utf8');
  return axe;
}

/** Pixels around the pictured elements. */
const MARGIN = 16;
/** Size of a picture in the README at most. */
const SCREENSHOT_MAX_BYTES = 300_000;

/**
 * Takes a screenshot from the top of one element to the end of another, over the whole width. Every run takes it, which
 * shows that it works. Only with UPDATE_SCREENSHOTS=1 it is written to docs/, since tests must not change the tree.
 */
export async function makeScreenshot(page: Page, name: string, from: Locator, to: Locator): Promise<void> {
  const isKept = process.env.UPDATE_SCREENSHOTS === '1';
  // The window must contain everything, since the browser draws nothing beyond it.
  await page.setViewportSize(PICTURED);
  await page.evaluate('scrollTo(0, 0)');
  const [first, last] = await Promise.all([from.boundingBox(), to.boundingBox()]);
  if (first === null || last === null) throw new Error(`There is nothing to see for ${name}.`);
  const y = first.y - MARGIN;
  const height = last.y + last.height + MARGIN - y;
  if (y < 0 || y + height > PICTURED.height) throw new Error(`${name} does not fit the window.`);
  const folder = isKept ? join(ROOT, 'docs') : await mkdtemp(join(tmpdir(), 'image-api-screenshots-'));
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path, clip: { x: 0, y, width: PICTURED.width, height } });
  if (!isKept) return rm(folder, { recursive: true });
  // The fonts of another machine change the size, so the limit counts where the picture is kept.
  const { size } = await stat(path);
  if (size > SCREENSHOT_MAX_BYTES) throw new Error(`${name}.png has ${size} bytes.`);
}
