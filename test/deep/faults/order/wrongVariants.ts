/**
 * Tempting ways to do it wrong, each as little of a change as a wrapper around an operation's ports. The search has
 * to find what each of them loses; a search that does not find it would prove nothing about the right one either.
 */

import type { StoredRecord, VersionedRecord } from '../../../../lib/domain/model.ts';
import type { RecordStore } from '../../../../lib/domain/ports.ts';
import { Problem } from '../../../../lib/domain/problem.ts';
import type { HarvestServices } from '../../../../lib/harvest/harvest.ts';
import { namesOf } from '../../../../lib/record/namesOf.ts';
import { CACHE_TTL_MS, type WrongVariant } from './stage.ts';

/** Changes what a writer (POST, PUT) does. */
const ofWriter =
  (change: WrongVariant): WrongVariant =>
  (parts) =>
    parts.kind === 'post' || parts.kind === 'put' ? change(parts) : parts.services;

const ofSweep =
  (change: WrongVariant): WrongVariant =>
  (parts) =>
    parts.kind === 'sweep' ? change(parts) : parts.services;

const withWrite = (services: HarvestServices, write: RecordStore['write']): HarvestServices => ({
  ...services,
  records: { ...services.records, write },
});

/** The record last read, which is the one a writer starts from. */
function remembering(services: HarvestServices): {
  readonly services: HarvestServices;
  readonly last: () => VersionedRecord | null;
} {
  let last: VersionedRecord | null = null;
  const read = async (pageId: string) => {
    last = await services.records.read(pageId);
    return last;
  };
  return { services: { ...services, records: { ...services.records, read } }, last: () => last };
}

const conditionOn = (version: VersionedRecord | null) =>
  version === null ? ({ ifAbsent: true } as const) : { ifMatch: version.etag };

/** Whatever the bucket holds by now is replaced. */
const unconditional: WrongVariant = ({ services, gate, store }) =>
  withWrite(services, (pageId, record) =>
    gate('bucket', 'write', async () => {
      store.kept.set(pageId, structuredClone(record));
      return { kind: 'written', etag: '' } as const;
    }),
  );

export const WRONG_VARIANTS: Readonly<Record<string, WrongVariant>> = {
  'deleting on an unclear answer': ofWriter(({ services }) =>
    withWrite(services, async (pageId, record, condition) => {
      const written = await services.records.write(pageId, record, condition);
      if (written.kind === 'written') return written;
      throw new Problem('STORAGE_UNAVAILABLE', { detail: 'taken for not applied', retryAfterSeconds: 5 });
    }),
  ),

  'a loser deleting without looking at what the record names': ofWriter(({ services }) => {
    let own: StoredRecord | null = null;
    return {
      ...services,
      records: {
        ...services.records,
        write: (pageId, record, condition) => {
          own = record;
          return services.records.write(pageId, record, condition);
        },
        read: async (pageId) => {
          const read = await services.records.read(pageId);
          if (own === null || read === null || read.record.opId === own.opId) return read;
          const { schema, opId } = read.record;
          return { ...read, record: { schema, opId, kind: 'fence', predecessors: [] } };
        },
      },
    };
  }),

  'an unconditional record': ofWriter(unconditional),
  'an unconditional fence': ofSweep(unconditional),

  'no fence': ofSweep(({ services }) =>
    withWrite(services, async () => ({ kind: 'written', etag: '' }) as const),
  ),

  'LIST after the fence': ofSweep(({ services }) => {
    let fence: StoredRecord | null = null;
    return {
      ...withWrite(services, (pageId, record, condition) => {
        fence = record;
        return services.records.write(pageId, record, condition);
      }),
      images: {
        ...services.images,
        remove: async () => {
          const named = namesOf(fence);
          const names: string[] = [];
          for await (const { name } of services.images.list('images/'))
            if (!named.has(name)) names.push(name);
          await services.images.remove(names);
        },
      },
    };
  }),

  'a fence that keeps the ETag': ofSweep((parts) => {
    const { services, last } = remembering(parts.services);
    return withWrite(services, (pageId, record, condition) =>
      services.records.write(pageId, last()?.record ?? record, condition),
    );
  }),

  'reading e0 after uploading': ofWriter(({ services }) =>
    withWrite(services, async (pageId, record) => {
      const now = await services.records.read(pageId);
      return services.records.write(pageId, record, conditionOn(now));
    }),
  ),

  'deleting before committing': ofWriter((parts) => {
    const { services, last } = remembering(parts.services);
    return withWrite(services, async (pageId, record, condition) => {
      const named = namesOf(record);
      await services.images.remove([...namesOf(last()?.record)].filter((name) => !named.has(name)));
      return services.records.write(pageId, record, condition);
    });
  }),

  'committing again on a new ETag': ofWriter(({ services }) =>
    withWrite(services, async (pageId, record, condition) => {
      const first = await services.records.write(pageId, record, condition);
      if (first.kind === 'written') return first;
      const now = await services.records.read(pageId);
      if (now?.record.opId === record.opId || now?.record.predecessors.includes(record.opId)) return first;
      return services.records.write(pageId, record, conditionOn(now));
    }),
  ),

  'answering before committing': ofWriter(({ services }) =>
    withWrite(services, async (pageId, record, condition) => {
      void services.records.write(pageId, record, condition).catch(() => undefined);
      return { kind: 'written', etag: '' };
    }),
  ),

  'a reader that replaces what is cached': (parts) =>
    parts.kind === 'get'
      ? {
          ...parts.services,
          cache: {
            ...parts.services.cache,
            fill: (pageId, record) =>
              parts.gate('redis', 'fill', async () => {
                const value = { kind: 'record' as const, record };
                parts.cache.entries.set(pageId, { value, endsAt: parts.elapsed() + CACHE_TTL_MS });
              }),
          },
        }
      : parts.services,

  'no busy marker': ofWriter(({ services }) => ({
    ...services,
    cache: { ...services.cache, markBusy: async () => undefined },
  })),

  'a lock without an end': ofWriter(({ services }) => ({
    ...services,
    lock: {
      ...services.lock,
      take: (pageId, token) => services.lock.take(pageId, token, Number.POSITIVE_INFINITY),
    },
  })),
};

/** A sweep would hide it: only a schedule in which nothing was broken tells. */
export const leavingWhatIsReplaced: WrongVariant = ofWriter(({ services }) => ({
  ...services,
  images: { ...services.images, remove: async () => undefined },
}));
