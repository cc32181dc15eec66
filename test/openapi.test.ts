/** The description of the API says what the service does: no status, code, header or member more or less. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { PROBLEMS } from '../lib/http/problems.ts';
import { makeFiles, ROOT } from '../tools/openapi/files.ts';
import { OPERATIONS } from '../tools/openapi/operations.ts';
import { METHODS, rehearse } from '../tools/openapi/rehearsal.ts';
import { readDescription } from './support/apiDescription.ts';

const { description, faultsOf } = readDescription();
const acts = await rehearse();
const files = await makeFiles();

interface Serverless {
  readonly functions: Readonly<Record<string, { readonly events: readonly { readonly httpApi?: string }[] }>>;
}

describe('the description', () => {
  it.each([...files])('is not stale: %s (npm run openapi writes it)', async (path, text) => {
    expect((await readFile(join(ROOT, path), 'utf8')) === text).toBe(true);
  });

  it('has exactly the routes of serverless.yml', async () => {
    const { functions } = parse(await readFile(join(ROOT, 'serverless.yml'), 'utf8')) as Serverless;
    const routes = Object.values(functions).flatMap(({ events }) =>
      events.flatMap(({ httpApi }) => httpApi ?? []),
    );
    const described = Object.entries(description.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.sort()).toEqual(routes.sort());
  });

  it('refers to nothing that is not there', () => {
    const text = JSON.stringify(description);
    for (const [, pointer = ''] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const target = pointer
        .split('/')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], description);
      expect([pointer, target]).not.toEqual([pointer, undefined]);
    }
  });
});

describe('an answer', () => {
  it.each(acts.map((act) => [`${act.method} ${act.status} ${act.code} (${act.name})`, act] as const))(
    'is as described: %s',
    (_, act) => {
      expect(faultsOf(act)).toEqual([]);
      if (act.code !== 'OK') expect(act.status).toBe(PROBLEMS[act.code as 'INTERNAL'].status);
    },
  );

  it('is seen for each status that is described, and no other', () => {
    for (const method of METHODS) {
      const described = Object.keys(description.paths['/images']?.[method]?.responses ?? {});
      const seen = new Set(acts.filter((act) => act.method === method).map(({ status }) => String(status)));
      expect([method, ...[...seen].sort()]).toEqual([method, ...described.sort()]);
    }
  });

  it('is seen for each code that is described, and no other', () => {
    for (const method of METHODS) {
      const seen = new Set(acts.filter((act) => act.method === method).map(({ code }) => code));
      seen.delete('OK');
      expect([method, ...[...seen].sort()]).toEqual([method, ...[...OPERATIONS[method].codes].sort()]);
    }
  });
});

describe('the check itself', () => {
  const good = acts.find((act) => act.method === 'put' && act.status === 201);
  const body = good?.body as Record<string, unknown>;
  const response = { method: 'put', status: 201, headers: good?.headers ?? {}, body };

  it.each<[string, object]>([
    ['a status', { status: 202 }],
    ['a method', { method: 'patch' }],
    ['a header', { headers: { ...good?.headers, 'x-new': '1' } }],
    ['a type', { headers: { ...good?.headers, 'content-type': 'text/html' } }],
    ['no body', { body: undefined }],
    ['a member more', { body: { ...body, more: 1 } }],
    ['a member less', { body: { ...body, counts: undefined } }],
    ['a member of another type', { body: { ...body, complete: 'yes' } }],
    ['a deep member more', { body: { ...body, items: [{ ...(body.items as object[])[0], more: 1 }] } }],
    ['an unknown outcome', { body: { ...body, items: [{ ...(body.items as object[])[0], outcome: 'x' }] } }],
  ])('finds %s that is not described', (_, wrong) => {
    expect(faultsOf(response)).toEqual([]);
    expect(faultsOf(JSON.parse(JSON.stringify({ ...response, ...wrong }))).length).toBeGreaterThan(0);
  });

  it('finds a code that belongs to another status', () => {
    const problem = acts.find((act) => act.code === 'PAGE_NOT_FOUND' && act.method === 'get');
    const wrong = { ...(problem?.body as object), code: 'URL_REQUIRED' };
    expect(
      faultsOf({ method: 'get', status: 404, headers: problem?.headers ?? {}, body: wrong }),
    ).toHaveLength(1);
  });
});
