/**
 * U, D, R with the real policy and real servers, in a network namespace without a way out. The servers listen on
 * loopback, metadata, private and special addresses, and on two public ones.
 */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { findNamespace } from '../../../support/namespace.ts';
import { report } from '../support/figures.ts';
import { CASES, CLOSED, type Outcome, PUBLIC } from './cases.ts';

const ADDRESSES = [...CLOSED, ...PUBLIC].filter((address) => address !== '127.0.0.1' && address !== '::1');

/** Proxy settings that name a listening address. A client that honours one of them connects there. */
const PROXY = 'http://10.0.0.5:80';
const PROXIES = {
  NODE_USE_ENV_PROXY: '1',
  ...Object.fromEntries(
    ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'].map((name) => [
      name,
      PROXY,
    ]),
  ),
};

interface Printed {
  readonly control: readonly string[];
  readonly outcomes: readonly Outcome[];
}

async function runInside([program, ...options]: readonly [string, ...string[]]): Promise<Printed> {
  const script = [
    'ip link set lo up',
    // `nodad`: a server cannot listen on an address while duplicate address detection runs.
    ...ADDRESSES.map((one) => `ip addr add ${one}/${one.includes(':') ? '128 dev lo nodad' : '32 dev lo'}`),
    'exec "$0" --no-warnings "$1"',
  ].join(' && ');
  const inside = path.join(import.meta.dirname, 'inside.ts');
  const { stdout } = await promisify(execFile)(
    program,
    [...options, 'sh', '-c', script, process.execPath, inside],
    {
      env: { PATH: process.env.PATH, ...PROXIES },
      timeout: 150_000,
    },
  );
  return JSON.parse(stdout) as Printed;
}

const namespace = findNamespace();

describe('the guard in a network of its own', () => {
  if (namespace === null) {
    it('is left out only where REQUIRE_SERVICES does not ask for it', () => {
      expect(process.env.REQUIRE_SERVICES).not.toBe('1');
    });
    return;
  }

  let printed: Printed;
  beforeAll(async () => {
    printed = await runInside(namespace);
  });

  it('has a listener on every address, which answers whoever asks without the guard', () => {
    expect(printed.control).toEqual([...CLOSED, ...PUBLIC]);
    expect(printed.outcomes).toHaveLength(CASES.length);
  });

  it.each(CASES.map((one, index) => [one.title, index, one.expected] as const))(
    '%s',
    (_title, index, expected) => {
      expect(printed.outcomes[index]).toEqual(expected);
    },
  );

  it('was met inside in no case but those of the allow list, whatever the proxy variables say', () => {
    const inside = printed.outcomes.filter(({ met }) =>
      met.some((one) => CLOSED.some((closed) => closed === one)),
    );
    expect(inside).toHaveLength(2);
    report({ inputs: CASES.length, said: `${CASES.length} cases among ${CLOSED.length} closed listeners.` });
  });
});
