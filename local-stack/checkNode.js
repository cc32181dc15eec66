/**
 * Ends the process with one sentence when Node is too old for these scripts.
 *
 * npm installs Node into node_modules/.bin as an optional package of the platform. When it has none for the platform,
 * or could not fetch it, the scripts run on the machine's Node. The least version is the first of Node 24 with
 * long-term support, which is the line of AWS Lambda. This file runs on every Node that has ES modules.
 */
const LEAST = [24, 11];

/** The platforms of the `node-*` packages in package.json; test/local-stack/checkNode.test.ts compares them. */
const PLATFORMS = ['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64', 'win32-arm64', 'win32-x64'];

/**
 * The sentence for a user; null when the version is enough.
 * @param {string} version such as `24.11.0`
 * @param {string} platform such as `linux-x64`; `linux-x64-musl` for Alpine and its like
 * @returns {string | null}
 */
export function judgeNode(version, platform) {
  const [major, minor] = version.split('.').map(Number);
  if (major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1])) return null;
  const wanted = `Node ${LEAST.join('.')} or later`;
  const found = `This project needs ${wanted}, but these scripts run on v${version}: `;
  return PLATFORMS.includes(platform)
    ? `${found}run "npm ci" again (an optional package installs Node), or install ${wanted} yourself.`
    : `${found}npm has no Node for ${platform}, so install ${wanted} yourself.`;
}

/** Node's name of the platform, with `-musl` when its C library is musl, for which npm has no Node. */
function platformHere() {
  const name = `${process.platform}-${process.arch}`;
  if (process.platform !== 'linux') return name;
  const { glibcVersionRuntime } = process.report.getReport().header;
  return glibcVersionRuntime === undefined ? `${name}-musl` : name;
}

// The platform is needed only for the sentence, and finding it takes some milliseconds.
if (judgeNode(process.versions.node, '') !== null) {
  console.error(judgeNode(process.versions.node, platformHere()));
  process.exit(1);
}
