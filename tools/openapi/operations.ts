/** The requests and responses of each method of `/images`: the part of the description that schemas do not have. */
import { PROBLEM_CODES, type ProblemCode } from '../../lib/domain/problem.ts';
import { PROBLEMS } from '../../lib/http/problems.ts';
import type { Method } from './rehearsal.ts';

interface Success {
  readonly description: string;
  /** Name in the registry of schemas; absent for a response without a body. */
  readonly schema?: 'Record' | 'LookUp';
  /** Names in `HEADERS`, beside those of every response. */
  readonly headers: readonly HeaderName[];
}

export interface OperationFacts {
  readonly id: string;
  readonly summary: string;
  readonly description: string;
  readonly takes: 'body' | 'query' | 'nothing';
  readonly successes: Readonly<Record<number, Success>>;
  readonly codes: readonly ProblemCode[];
}

export const HEADERS = {
  'X-Request-Id': { description: 'The id of the call. Its log line has the same id.' },
  'Cache-Control': { description: 'Whether the response may be cached.' },
  ETag: { description: 'The validator of the content: send it as `If-None-Match`.' },
  Location: { description: 'Where the page can be looked up, as a path of the API.' },
  'Retry-After': { description: 'Seconds to wait before the next try.' },
  Allow: { description: 'The methods of `/images`.' },
} as const;
export type HeaderName = keyof typeof HEADERS;

const isOfHarvests = (code: ProblemCode) => code !== 'PAGE_NOT_FOUND';
/** Codes of local servers only. On AWS the gateway checks its names, and browsers send a preflight. */
const OF_LOCAL_SERVERS = ['ORIGIN_FORBIDDEN', 'HOST_UNKNOWN'] as const satisfies readonly ProblemCode[];
const LOOK_UP_CODES = [
  'OPTION_INVALID',
  'URL_REQUIRED',
  'URL_INVALID',
  'PAGE_NOT_FOUND',
  'STORAGE_UNAVAILABLE',
  'INTERNAL',
  ...OF_LOCAL_SERVERS,
] as const satisfies readonly ProblemCode[];

const LOOK_UP: Pick<OperationFacts, 'takes' | 'codes'> = { takes: 'query', codes: LOOK_UP_CODES };

export const OPERATIONS: Readonly<Record<Method, OperationFacts>> = {
  get: {
    id: 'lookUpImages',
    summary: 'Look a page or an image up',
    description:
      'Reads what was harvested, and never sends a request to the web. `url` is the URL of a harvested page, or of an image that a page holds. For an image the names are those of its copies in all pages, at most `limit` in one response. While the response has `next`, ask again with `cursor`. A response may have fewer copies than `limit`, even none. A URL that is both is treated as the page; with `cursor` as the image.',
    ...LOOK_UP,
    successes: {
      200: {
        description: 'The stored images. The response has an `ETag` if it has no links.',
        schema: 'LookUp',
        headers: ['Cache-Control', 'ETag'],
      },
      304: {
        description: 'Not modified: the caller has the current state.',
        headers: ['Cache-Control', 'ETag'],
      },
    },
  },
  head: {
    id: 'headImages',
    summary: 'Look up without the body',
    description: 'Responds as GET does, without the body.',
    ...LOOK_UP,
    successes: {
      200: { description: 'The URL has stored images.', headers: ['Cache-Control', 'ETag'] },
      304: {
        description: 'Not modified: the caller has the current state.',
        headers: ['Cache-Control', 'ETag'],
      },
    },
  },
  post: {
    id: 'harvestImages',
    summary: 'Harvest a page for the first time',
    description:
      'Finds every image that the page uses, downloads it, stores the original bytes, and reports the outcome of each image. `url` may also be the URL of a single image.',
    takes: 'body',
    successes: {
      200: {
        description: 'A dry run: the record as it would be. Nothing is stored.',
        schema: 'Record',
        headers: ['Cache-Control'],
      },
      201: { description: 'Harvested.', schema: 'Record', headers: ['Cache-Control', 'Location'] },
    },
    codes: PROBLEM_CODES.filter(isOfHarvests),
  },
  put: {
    id: 'updateImages',
    summary: 'Update a page',
    description:
      'Harvests the page again. An image that its server confirms as unchanged is not downloaded again. The old copy of an image that fails now is kept. `changes` lists the differences. A new page is harvested as by POST.',
    takes: 'body',
    successes: {
      200: {
        description: 'Updated, or a dry run.',
        schema: 'Record',
        headers: ['Cache-Control'],
      },
      201: { description: 'The page was new.', schema: 'Record', headers: ['Cache-Control', 'Location'] },
    },
    codes: PROBLEM_CODES.filter((code) => isOfHarvests(code) && code !== 'URL_ALREADY_PROCESSED'),
  },
  options: {
    id: 'imagesOptions',
    summary: 'List the methods',
    description:
      'Also responds to the preflight of a browser, for the origins in the setting `CORS_ORIGINS`. It never needs a signature.',
    takes: 'nothing',
    successes: { 204: { description: 'The methods.', headers: ['Allow', 'Cache-Control'] } },
    codes: OF_LOCAL_SERVERS,
  },
};

/** The codes by status, in ascending order. */
export function codesByStatus(codes: readonly ProblemCode[]): ReadonlyMap<number, readonly ProblemCode[]> {
  const statuses = [...new Set(codes.map((code) => PROBLEMS[code].status))].sort((a, b) => a - b);
  return new Map(
    statuses.map((status) => [status, codes.filter((code) => PROBLEMS[code].status === status)]),
  );
}

/** Codes whose responses have `Retry-After`. */
export const RETRIED: readonly ProblemCode[] = [
  'URL_IN_PROGRESS',
  'TOO_MANY_REQUESTS',
  'STORAGE_UNAVAILABLE',
];
