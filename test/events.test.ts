import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { PROBLEM_CODES } from '../lib/domain/problem.ts';

const FOLDER = join(import.meta.dirname, '../events');
const readme = readFileSync(join(FOLDER, 'README.md'), 'utf8');
const rows = [...readme.matchAll(/^\| `([\w-]+\.json)` \| `(\w+)` \| (.*) \|$/gm)].map(
  ([, file = '', name = '', response = '']) => ({ file, name, response }),
);
const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));
const calls = rows.filter(({ name }) => name !== 'sweepImages');

describe('the events', () => {
  it('are each in the table, and the table has no others', () => {
    expect(rows.map(({ file }) => file).sort()).toEqual(files.sort());
  });

  it('are answered by codes that exist', () => {
    const codes = rows.flatMap(({ response }) =>
      [...response.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code),
    );
    expect(PROBLEM_CODES).toEqual(expect.arrayContaining(codes));
  });

  it.each(calls)('$file has the whole shape of payload 2.0, in itself consistent', ({ file, name }) => {
    const event = JSON.parse(readFileSync(join(FOLDER, file), 'utf8'));
    const method = name.replace('Images', '').toUpperCase();
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: `${method} /images`,
      rawPath: '/images',
      requestContext: { http: { method, path: '/images' }, routeKey: `${method} /images` },
      isBase64Encoded: false,
    });
    expect(Object.fromEntries(new URLSearchParams(event.rawQueryString))).toEqual(
      event.queryStringParameters ?? {},
    );
    expect(event.headers['content-length']).toBe(
      event.body === undefined ? undefined : String(Buffer.byteLength(event.body)),
    );
  });
});
