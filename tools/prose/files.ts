/** Which files have prose that is linted, and in which form. */

/** A whole document, or comments in slashes and stars, or comments behind hashes. */
export type ProseForm = 'document' | 'slashes' | 'hashes';

const FORMS: readonly (readonly [RegExp, ProseForm])[] = [
  [/\.md$/, 'document'],
  [/\.(?:[cm]?[jt]s|java|rs)$/, 'slashes'],
  [/\.(?:ya?ml|sh|py|toml)$/, 'hashes'],
  [/(?:^|\/)(?:Dockerfile|CODEOWNERS|\.env\.example|\.editorconfig|\.gitignore|\.gitattributes)$/, 'hashes'],
  [/^\.ci\/run$/, 'hashes'],
];

/** The changelog is history, and other authors wrote the licences. */
const NOT_LINTED = /^(?:CHANGELOG|docs\/licences)\.md$/;

/**
 * The form of a file's prose; null when it has none or is not linted.
 * @param path relative to the repository
 */
export function proseFormOf(path: string): ProseForm | null {
  if (NOT_LINTED.test(path)) return null;
  return FORMS.find(([pattern]) => pattern.test(path))?.[1] ?? null;
}
