import { mkdir, mkdtemp, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHostsFile } from '../../../../lib/web/guard/hostsFile.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hosts-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const TEXT = `# A comment
127.0.0.1\tlocalhost
::1 localhost ip6-localhost   # another one
192.0.2.7  One.test two.test\r
192.0.2.8 one.test
not-an-address three.test
192.0.2.9
# 192.0.2.10 four.test
fe80::1%lo zone.test`;

describe('the hosts file', () => {
  it.each([
    ['localhost', ['127.0.0.1', '::1']],
    ['ip6-localhost', ['::1']],
    ['one.test', ['192.0.2.7', '192.0.2.8']],
    ['ONE.test.', ['192.0.2.7', '192.0.2.8']],
    ['two.test', ['192.0.2.7']],
    ['zone.test', ['fe80::1%lo']],
    ['three.test', []],
    ['four.test', []],
    ['another', []],
    ['test', []],
    ['__proto__', []],
  ])('has for %s the addresses %j', async (name, expected) => {
    const file = join(folder, 'hosts');
    await writeFile(file, TEXT);
    const found = await createHostsFile(file)(name);
    expect(found.map(({ address }) => address)).toEqual(expected);
    for (const { address, family } of found) expect(family).toBe(address.includes(':') ? 6 : 4);
  });

  it('is read once as long as it seems to be the same', async () => {
    const file = join(folder, 'hosts');
    const look = createHostsFile(file);
    const time = new Date(1_000_000_000_000);
    for (const text of ['192.0.2.1 a.test', '192.0.2.2 a.test']) {
      await writeFile(file, text);
      await utimes(file, time, time);
      expect(await look('a.test')).toEqual([{ address: '192.0.2.1', family: 4 }]);
    }
  });

  it('is read again when it has changed', async () => {
    const file = join(folder, 'hosts');
    const look = createHostsFile(file);
    const addressesOf = async (name: string) => (await look(name)).map(({ address }) => address);
    expect(await addressesOf('a.test')).toEqual([]);
    await writeFile(file, '192.0.2.1 a.test');
    expect(await addressesOf('a.test')).toEqual(['192.0.2.1']);
    await writeFile(file, '192.0.2.2 a.test');
    await utimes(file, new Date(), new Date(Date.now() + 5_000));
    expect(await addressesOf('a.test')).toEqual(['192.0.2.2']);
    await rm(file);
    expect(await addressesOf('a.test')).toEqual([]);
  });

  it('is read again after it could not be', async () => {
    const file = join(folder, 'hosts');
    await mkdir(file);
    const look = createHostsFile(file);
    expect(await look('a.test')).toEqual([]);
    const { mtime, size } = await stat(file);
    await rmdir(file);
    // What there is then looks the same from outside.
    await writeFile(file, '192.0.2.1 a.test\n'.padEnd(size, '#').slice(0, size));
    await utimes(file, mtime, mtime);
    expect(await look('a.test')).toEqual([{ address: '192.0.2.1', family: 4 }]);
  });

  it('with one name on very many lines is read in linear time', async () => {
    const file = join(folder, 'hosts');
    await writeFile(file, '192.0.2.1 a.test\n'.repeat(200_000));
    expect(await createHostsFile(file)('a.test')).toHaveLength(200_000);
  });

  it('is the system’s own by default', async () => {
    const addresses = (await createHostsFile()('localhost')).map(({ address }) => address);
    expect(addresses).toEqual(expect.arrayContaining([expect.stringMatching(/^(127\.0\.0\.1|::1)$/)]));
  });
});
