/** The text of a record, as the bucket and the cache keep it. */
import type { PageRecord, StoredRecord } from '../model.ts';

export function writeRecord(record: StoredRecord): string {
  return JSON.stringify(record);
}

/**
 * Reads a record back. Looks as deep as the answers depend on it: what this program wrote passes, anything else
 * (another schema, a truncated text, a file that somebody put there) does not.
 * @returns null when the text is not a record that this program understands.
 */
export function readRecord(text: string): StoredRecord | null {
  const value = parse(text);
  if (
    !isObject(value) ||
    value.schema !== 1 ||
    !isText(value.opId) ||
    !isListOf(value.predecessors, isText)
  ) {
    return null;
  }
  if (value.kind === 'fence') return value as unknown as StoredRecord;
  return isPage(value) ? (value as unknown as PageRecord) : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isPage(value: Readonly<Record<string, unknown>>): boolean {
  return (
    value.kind === 'page' &&
    [value.url, value.finalUrl, value.createdAt, value.updatedAt].every(isText) &&
    typeof value.complete === 'boolean' &&
    (value.variants === 'all' || value.variants === 'best') &&
    isObject(value.counts) &&
    isListOf(value.items, isItem) &&
    isListOf(value.skipped, isLine) &&
    isListOf(value.warnings, isObject)
  );
}

function isItem(value: unknown): boolean {
  return isObject(value) && isText(value.name) && isText(value.sha256) && isLine(value);
}

function isLine(value: unknown): boolean {
  return isObject(value) && isText(value.url) && Array.isArray(value.foundIn);
}

function isListOf(value: unknown, isMember: (member: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every((member) => isMember(member));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}
