import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { precreate } from '../../../local-stack/exporter/precreate.ts';
import { createWorld } from './world.ts';

const metric = (Unit: string, Dimensions: unknown = {}) => [
  { Namespace: 'Shop', Metrics: [{ Name: 'Orders', Unit }], Dimensions },
];

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'emf-exporter-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function create(content: unknown, maxSeries = 100) {
  const { store, values } = createWorld({ maxSeries });
  const file = join(folder, 'series.json');
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  await precreate(file, store);
  return values();
}

describe('the file of series', () => {
  it('makes one series where there are no dimensions, none where one has no values', async () => {
    expect(await create(metric('Count'))).toEqual({ shop_orders_total: 0 });
    expect(await create(metric('Count', { Id: [] }))).toEqual({});
  });

  it.each<[string, unknown, RegExp]>([
    ['is not JSON', '[', /is not JSON/],
    ['is no list', {}, /must be a list of/],
    ['has a unit that nobody knows', metric('count'), /must be a list of/],
    ['has dimensions that are no lists', metric('Count', { Id: '1' }), /must be a list of/],
    ['has an empty value', metric('Count', { Id: [''] }), /must be a list of/],
    ['has a gauge', metric('None'), /Shop\/Orders .* it is a gauge/],
    [
      'has more than the limit',
      metric('Count', { Id: [...'abcdef'] }),
      /Shop\/Orders .* reason series_limit/,
    ],
  ])('is refused in one sentence when it %s', async (_, content, message) => {
    await expect(create(content, 5)).rejects.toThrow(message);
  });

  it('is refused at the limit even where it asks for 10^12 series', async () => {
    const many = Array.from({ length: 1_000 }, (_, index) => `${index}`);
    await expect(create(metric('Count', { A: many, B: many, C: many, D: many }))).rejects.toThrow(
      /series_limit/,
    );
  });
});
