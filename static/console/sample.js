/** The sample pages of this site, if it has any, and the one that changes on request. */

/**
 * @typedef {object} SiteFacts
 * @property {string} sampleBase the address of the sample pages, as the service reaches them
 */

const CHANGING = 'changing/';
/** The site has only to remember a number. */
const TURN_MS = 5_000;

/** Label of each sample, and its path below `sampleBase`. */
const SAMPLES = {
  'A plain gallery': '',
  'Every way to use an image': 'channels.html',
  'A page that changes': CHANGING,
};

/** The page that changes, once it is known. @type {string | null} */
let changingUrl = null;

/** @returns {Promise<readonly (readonly [name: string, url: string])[]>} none where the site has none */
export async function sampleUrls() {
  const facts = await readSiteFacts();
  if (facts === null) return [];
  changingUrl = new URL(CHANGING, facts.sampleBase).href;
  return Object.entries(SAMPLES).map(([name, path]) => [name, new URL(path, facts.sampleBase).href]);
}

/** Whether it is the page that `turnPage` changes. @param {string} url */
export function isChangingPage(url) {
  return url === changingUrl;
}

/** Shows the next version of the page that changes. @param {AbortSignal} signal @returns {Promise<boolean>} whether it does */
export async function turnPage(signal) {
  const response = await fetch('/sample/changing/next', {
    method: 'POST',
    signal: AbortSignal.any([signal, AbortSignal.timeout(TURN_MS)]),
  }).catch(() => null);
  return response?.ok === true;
}

/** @returns {Promise<SiteFacts | null>} */
async function readSiteFacts() {
  try {
    const response = await fetch('site.json');
    const facts = response.ok ? await response.json() : null;
    return typeof facts?.sampleBase === 'string' ? facts : null;
  } catch {
    // Another server serves the console: it has no samples.
    return null;
  }
}
