/** Wrong copies of the order of writing, each wrong in one thing: a check that lets one pass proves nothing. */
import type { HarvestServices } from '../../../../lib/harvest/harvest.ts';
import { namesOf } from '../../../../lib/record/namesOf.ts';

interface Mutant {
  readonly harvest?: (services: HarvestServices) => HarvestServices;
  readonly sweep?: (services: HarvestServices) => HarvestServices;
}

export const MUTANTS = {
  /** What the new record will no longer name is deleted first. */
  deleteBeforeCommit: {
    harvest: (services) => ({
      ...services,
      records: {
        ...services.records,
        write: async (pageId, record, condition) => {
          const next = namesOf(record);
          const old = namesOf((await services.records.read(pageId))?.record);
          await services.images.remove([...old].filter((name) => !next.has(name)));
          return services.records.write(pageId, record, condition);
        },
      },
    }),
  },
  /** The record is replaced whatever it is by now. */
  commitWithoutCondition: {
    harvest: (services) => ({
      ...services,
      records: {
        ...services.records,
        write: async (pageId, record) => {
          const now = await services.records.read(pageId);
          const condition = now === null ? { ifAbsent: true as const } : { ifMatch: now.etag };
          return services.records.write(pageId, record, condition);
        },
      },
    }),
  },
  /** A sweep deletes without rewriting the record. */
  noFence: {
    sweep: (services) => ({
      ...services,
      records: { ...services.records, write: async () => ({ kind: 'written', etag: '' }) },
    }),
  },
  /** A sweep rewrites the record as it is: the ETag comes back. */
  fenceKeepsEtag: {
    sweep: (services) => ({
      ...services,
      records: {
        ...services.records,
        write: async (pageId, record, condition) => {
          const now = await services.records.read(pageId);
          return services.records.write(pageId, now?.record ?? record, condition);
        },
      },
    }),
  },
  /** A lock that a killed writer leaves for an hour. */
  lockOutlivesCall: {
    harvest: (services) => ({
      ...services,
      lock: {
        ...services.lock,
        take: (pageId, token, ttlMs) => services.lock.take(pageId, token, ttlMs + 3_600_000),
      },
    }),
  },
  /** The record is committed before its images are there. */
  commitBeforeUpload: {
    harvest: (services) => {
      const late: (() => Promise<void>)[] = [];
      return {
        ...services,
        images: {
          ...services.images,
          put: async (...image) => {
            late.push(() => services.images.put(...image));
          },
        },
        records: {
          ...services.records,
          write: async (...commit) => {
            const written = await services.records.write(...commit);
            for (const upload of late.splice(0)) await upload();
            return written;
          },
        },
      };
    },
  },
  /** A sweep believes the age of an object alone. */
  deleteByAge: {
    sweep: (services) => ({
      ...services,
      records: {
        ...services.records,
        read: async () => null,
        write: async () => ({ kind: 'written', etag: '' }),
      },
    }),
  },
} as const satisfies Readonly<Record<string, Mutant>> as Readonly<Record<MutantName, Mutant>>;

export type MutantName =
  | 'deleteBeforeCommit'
  | 'commitWithoutCondition'
  | 'noFence'
  | 'fenceKeepsEtag'
  | 'lockOutlivesCall'
  | 'commitBeforeUpload'
  | 'deleteByAge';
