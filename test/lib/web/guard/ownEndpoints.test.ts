import { describe, expect, it } from '@jest/globals';
import { createOwnEndpoints } from '../../../../lib/web/guard/ownEndpoints.ts';
import type { Resolve } from '../../../../lib/web/guard/resolve.ts';

const NAMES: Readonly<Record<string, readonly string[]>> = {
  minio: ['172.18.0.4', 'fd12::4'],
  localhost: ['127.0.0.1', '::1'],
  'mapped.test': ['::ffff:172.18.0.4'],
  's3.cloud.test': ['93.184.216.34'],
  'vpc.cloud.test': ['10.0.0.7', '93.184.216.34'],
};
const resolve: Resolve = async (name) => {
  const addresses = NAMES[name];
  if (addresses === undefined) throw Object.assign(new Error(name), { code: 'ENOTFOUND' });
  return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
};
/** This machine: loopback, a private and a public address. */
const machine = () => ['127.0.0.1', '::1', '10.1.1.1', '2606:4700::9', '1.2.3.4'];

describe('an own endpoint', () => {
  it.each([
    ['minio', '172.18.0.4', true],
    ['minio', '::ffff:172.18.0.4', true],
    ['minio', '::ffff:ac12:4', true],
    ['minio', 'fd12:0:0::4', true],
    ['minio', '172.18.0.5', false],
    ['minio', '127.0.0.1', false],
    ['minio', 'garbage', false],
    ['mapped.test', '172.18.0.4', true],
    ['localhost', '127.0.0.1', true],
    ['localhost', '127.9.9.9', true],
    ['localhost', '::1', true],
    ['localhost', '::ffff:127.0.0.1', true],
    ['localhost', '0.0.0.0', true],
    ['localhost', '::', true],
    ['localhost', '10.1.1.1', true], // it may listen on all addresses of the machine
    ['localhost', '::ffff:10.1.1.1', true],
    ['localhost', '1.2.3.4', true],
    ['localhost', '2606:4700:0::9', true],
    ['localhost', '1.2.3.5', false],
    ['0.0.0.0', '127.0.0.1', true],
    ['[::]', '10.1.1.1', true],
    ['[::1]', '127.0.0.1', true],
    ['127.0.0.1', '::1', true],
    ['10.1.1.1', '127.0.0.1', true],
    ['172.18.0.4', '172.18.0.4', true],
    ['172.18.0.4', '172.18.0.5', false],
    ['93.184.216.34', '93.184.216.34', true], // given by its address, it is nobody else's
    ['[2606:4700::1]', '2606:4700:0:0::1', true],
    ['s3.cloud.test', '93.184.216.34', false], // shared with others: refused by its name alone
    ['vpc.cloud.test', '10.0.0.7', true],
    ['vpc.cloud.test', '93.184.216.34', false],
    ['nobody.test', '172.18.0.4', true], // cannot be found out
    ['nobody.test', '93.184.216.34', false],
  ])('%s, met at %s: %s', async (hostname, address, expected) => {
    const isOwn = createOwnEndpoints([{ hostname, port: 9000 }], { resolve, elapsed: () => 0, machine });
    expect(await isOwn(address, 9000)).toBe(expected);
    expect(await isOwn(address, 9001)).toBe(false);
  });

  it('is one of several', async () => {
    const endpoints = ['minio', '10.0.0.9'].map((hostname) => ({ hostname, port: 9000 }));
    const isOwn = createOwnEndpoints(endpoints, { resolve, elapsed: () => 0, machine });
    expect(await isOwn('10.0.0.9', 9000)).toBe(true);
    expect(await isOwn('10.0.0.8', 9000)).toBe(false);
  });

  it('is asked for again after 30 seconds, and at once after a failure', async () => {
    let now = 0;
    let response: 'fails' | string = 'fails';
    const asked: number[] = [];
    const moving: Resolve = async () => {
      asked.push(now);
      if (response === 'fails') throw new Error('no name server');
      return [{ address: response, family: 4 }];
    };
    const isOwn = createOwnEndpoints([{ hostname: 'minio', port: 9000 }], {
      resolve: moving,
      elapsed: () => now,
      machine,
    });
    expect(await isOwn('10.0.0.1', 9000)).toBe(true);
    response = '10.0.0.2';
    expect(await isOwn('10.0.0.1', 9000)).toBe(false);
    response = '10.0.0.1';
    now = 29_999;
    expect(await isOwn('10.0.0.1', 9000)).toBe(false);
    now = 30_000;
    expect(await isOwn('10.0.0.1', 9000)).toBe(true);
    expect(asked).toEqual([0, 0, 30_000]);
  });

  it('knows the addresses of the machine that it runs on', async () => {
    const isOwn = createOwnEndpoints([{ hostname: 'localhost', port: 9000 }], { resolve, elapsed: () => 0 });
    expect(await isOwn('127.0.0.1', 9000)).toBe(true);
    expect(await isOwn('1.1.1.1', 9000)).toBe(false);
  });
});
