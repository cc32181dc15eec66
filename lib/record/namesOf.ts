import type { StoredRecord } from '../domain/model.ts';

/** Names of the objects that a record refers to. These must exist; other objects of the page may be removed. */
export function namesOf(record: StoredRecord | null | undefined): ReadonlySet<string> {
  return new Set(record?.kind === 'page' ? record.items.map((item) => item.name) : []);
}
