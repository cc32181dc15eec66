import type { StoredRecord } from '../domain/model.ts';

/** The objects that a record names: these must exist, every other object of the page may be removed. */
export function namesOf(record: StoredRecord | null | undefined): ReadonlySet<string> {
  return new Set(record?.kind === 'page' ? record.items.map((item) => item.name) : []);
}
