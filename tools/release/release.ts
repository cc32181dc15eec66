/** The changes of a release to the changelog and to version numbers. */

/** Files with the project's version. The exporter is released with the service. */
export const VERSIONED = ['package.json', 'package-lock.json', 'local-stack/exporter/package.json'] as const;

/** A version (semver.org) without pre-release and build, which this project does not use. */
const VERSION = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/;
const UNRELEASED = '## [Unreleased]';

/**
 * The changelog, with the unreleased part under `version` and `date` (ISO 8601).
 * @throws Error with one sentence when the version is malformed or not above the latest, or nothing is unreleased
 */
export function releaseChangelog(text: string, version: string, date: string): string {
  if (!VERSION.test(version)) throw new Error(`Give the version as 1.2.3, not ${version || 'nothing'}.`);
  const [, latest] = /^## \[(\d+\.\d+\.\d+)\]/m.exec(text) ?? [];
  if (latest !== undefined && !isAbove(version, latest))
    throw new Error(`${version} is not above ${latest}.`);
  const start = text.indexOf(UNRELEASED);
  if (start < 0) throw new Error(`CHANGELOG.md has no section ${UNRELEASED}.`);
  const body = start + UNRELEASED.length;
  const [unreleased = ''] = text.slice(body).split(/^## /m, 1);
  if (!/^- /m.test(unreleased))
    throw new Error('Nothing is unreleased: there is no line in the changelog for it.');
  return `${text.slice(0, body)}\n\n## [${version}] - ${date}${text.slice(body)}`;
}

/**
 * The text of a package.json or lock file with another version. A lock file has the version twice.
 * @throws Error when the text has no version
 */
export function releaseVersion(text: string, version: string): string {
  const { version: before, name } = JSON.parse(text) as { readonly version?: string; readonly name?: string };
  if (before === undefined) throw new Error(`The package.json of ${name ?? 'the project'} has no version.`);
  let left = text.includes('"lockfileVersion"') ? 2 : 1;
  return text.replaceAll(`"version": "${before}"`, (found) => {
    left -= 1;
    return left < 0 ? found : `"version": "${version}"`;
  });
}

function isAbove(version: string, other: string): boolean {
  const [a, b] = [version, other].map((text) => text.split('.').map(Number)) as [number[], number[]];
  for (const [index, part] of a.entries()) {
    const difference = part - (b[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
