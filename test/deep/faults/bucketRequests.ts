/** Every request that calls and sweeps send to the bucket, and every way in which it can fail. */
import { expect } from '@jest/globals';
import type { StoreFault, StoreRequest } from '../../support/faultyStore.ts';
import { type PartsService, type PartsServiceParts, startPartsService } from './partsService.ts';

export const FAULTS = {
  '500': { status: 500, code: 'InternalError' },
  '503 SlowDown': { status: 503, code: 'SlowDown' },
  timeout: 'hang',
  RST: 'resetBefore',
  'RST once it was applied': 'resetAfter',
} as const satisfies Record<string, StoreFault>;
export type FaultName = keyof typeof FAULTS;
export const FAULT_NAMES = Object.keys(FAULTS) as readonly FaultName[];

export type Method = 'POST' | 'PUT' | 'GET';

export interface Case {
  readonly method: Method;
  /** The requests of an undisturbed call by kind, in the order in which they begin. */
  readonly requests: readonly string[];
  /** Requests that may fail for good without changing the response, since they only tidy up. */
  readonly dispensable: readonly string[];
}

export const CASES: readonly Case[] = [
  {
    method: 'POST',
    requests: [
      'GET record 1',
      'GET mark 1',
      'LIST 1',
      'GET check 1',
      'PUT check 1',
      'PUT check 2',
      'GET check 2',
      'PUT check 3',
      'GET check 3',
      'GET check 4',
      'PUT check 4',
      'GET check 5',
      'PUT check 5',
      'GET check 6',
      'LIST 2',
      // Of what killed checks have left behind.
      'LIST 3',
      'PUT burst 1',
      'DELETE 1',
      'GET mark 2',
      'PUT mark 1',
      'PUT image 1',
      'PUT image 2',
      'PUT record 1',
    ],
    // Of the check's own objects. Listings may be forbidden.
    dispensable: ['LIST 1', 'LIST 2', 'LIST 3', 'DELETE 1', 'PUT burst 1'],
  },
  {
    method: 'PUT',
    requests: ['GET record 1', 'PUT image 1', 'PUT record 1', 'DELETE 1'],
    dispensable: ['DELETE 1'],
  },
  // A look-up of an image: no page has that URL; then the listing, and the record of the page that has the image.
  { method: 'GET', requests: ['GET record 1', 'LIST 1', 'GET record 2'], dispensable: [] },
];

/** The requests of a sweep of one page with a record and one without, each with an object that no record names. */
export const SWEEP_REQUESTS: readonly string[] = [
  'GET mark 1',
  'GET place 1',
  'LIST 1',
  // Of both pages, since the second cannot be told from another attempt.
  'PUT place 1',
  'GET record 1',
  'PUT record 1',
  'DELETE 1',
  'GET record 2',
  'PUT record 2',
  'DELETE 2',
];

export const REQUESTS = CASES.flatMap(({ method, requests, dispensable }) =>
  requests.map((request) => [method, request, dispensable.includes(request)] as const),
);

/** Tries each fault with a separate service, all concurrently, since they mostly wait. */
export async function inEveryWay(attempt: (fault: FaultName) => Promise<void>): Promise<void> {
  // The log spies of several services would print each other's lines.
  const { log } = console;
  console.log = () => undefined;
  try {
    const results = await Promise.allSettled(FAULT_NAMES.map((fault) => attempt(fault)));
    for (const [index, result] of results.entries()) {
      if (result.status === 'rejected') {
        throw new Error(`with ${FAULT_NAMES[index]}: ${result.reason}`, { cause: result.reason });
      }
    }
  } finally {
    console.log = log;
  }
}

/** A service in the state before the call. For GET and PUT the page is harvested; for PUT it has then changed. */
export async function prepared(method: Method, parts: PartsServiceParts = {}): Promise<PartsService> {
  const service = await startPartsService(parts);
  if (method !== 'POST') {
    expect((await service.post(service.page)).status).toBe(201);
    service.show(2, 3);
  }
  service.redis.entries.clear();
  return service;
}

export const call = (service: PartsService, method: Method) => {
  if (method === 'GET') return service.get(service.url('/2.png'));
  return method === 'POST' ? service.post(service.page) : service.put(service.page);
};

/** Numbers the requests of each kind from now on. A retry has the number of the first attempt. */
export function watch(
  service: PartsService,
  decide: (name: string, attempt: number) => StoreFault,
): readonly string[] {
  const names: string[] = [];
  const attempts = new Map<string, string>();
  const tries = new Map<string, number>();
  service.breakStore((request: StoreRequest) => {
    const id = identityOf(request);
    let name = attempts.get(id);
    if (name === undefined) {
      const earlier = names.filter((one) => one.startsWith(`${request.kind} `)).length;
      name = `${request.kind} ${earlier + 1}`;
      names.push(name);
      attempts.set(id, name);
    }
    const attempt = (tries.get(name) ?? 0) + 1;
    tries.set(name, attempt);
    return decide(name, attempt);
  });
  return names;
}

/** The identity of a request, which is the same for each attempt. The SDK's retries keep the id of the call. */
function identityOf({ kind, path, headers }: StoreRequest): string {
  const key = path.replace(/\?.*/, '');
  // These have unique names. The check repeats its own writes with different texts.
  if (['PUT image', 'PUT mark', 'PUT place'].includes(kind)) return key;
  // Simultaneous writes cannot be told apart.
  if (kind === 'PUT burst') return kind;
  if (kind === 'PUT check') return `${key} ${headers['if-match']} ${headers['content-length']}`;
  return String(headers['amz-sdk-invocation-id']);
}

export async function expectRecovered(service: PartsService, method: Method) {
  service.mendStore();
  service.redis.entries.clear();
  const present = await service.recordOf();
  expect((await service.compare()).missing).toEqual([]);
  const again = await service.put(service.page);
  expect(again.code).toBe('OK');
  expect(again.status).toBe(present === null ? 201 : 200);
  expect((await service.compare()).missing).toEqual([]);
  expect((await service.get(service.page)).body.count).toBe(2);
  if (method === 'GET') expect((await call(service, 'GET')).code).toBe('OK');
}
