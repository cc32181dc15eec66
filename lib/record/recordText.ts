/** The text of a record, as the bucket and the cache keep it. */
import { parseObjectName } from '../image/objectName.ts';
import type { PageRecord, StoredRecord } from '../model.ts';
import { pageIdOf } from '../page/identity.ts';

/**
 * Of a record's text. The fullest one that this program writes has about half: 1,000 items with an address and
 * validators of 8 KiB each, and the 5 MiB that an answer may have.
 */
export const RECORD_MAX_BYTES = 32 * 1024 * 1024;

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

/**
 * Whether the record is this page's own and names nothing but this page's own objects. A record that was put in the
 * wrong place would else be answered for another page's, and a PUT would remove what it names.
 */
export function isRecordOf(pageId: string, record: StoredRecord): boolean {
  if (record.kind === 'fence') return true;
  return (
    pageIdOf(record.url) === pageId &&
    record.items.every(({ name }) => parseObjectName(name)?.pageId === pageId)
  );
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
