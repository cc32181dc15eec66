/** The sample pages of this site, if it has them. One of them changes on request. */

/**
 * @typedef {object} SiteFacts
 * @property {string} sampleBase the URL under which the service reaches the sample pages
 */

const CHANGING = 'changing/';
/** The site only has to store a number. */
const TURN_MS = 5_000;

/** The samples by their name, with their path below `sampleBase`. */
const SAMPLES = {
  'A plain gallery': '',
  'Every way to use an image': 'channels.html',
  'A page that changes': CHANGING,
};

/** The page that changes, once it is known. @type {string | null} */
let changingUrl = null;

/** @returns {Promise<readonly (readonly [name: string, url: string])[]>} empty when the site has no samples */
export async function sampleUrls() {
  const facts = await readSiteFacts();
  if (facts === null) return [];
  changingUrl = new URL(CHANGING, facts.sampleBase).href;
  return Object.entries(SAMPLES).map(([name, path]) => [name, new URL(path, facts.sampleBase).href]);
}

/** Whether this is the page that `turnPage` changes. @param {string} url */
export function isChangingPage(url) {
  return url === changingUrl;
}

/** Makes the changing page show its next version. @param {AbortSignal} signal @returns {Promise<boolean>} whether it worked */
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
    // Another server has the console, so it has no samples.
    return null;
  }
}
