import { afterAll, beforeAll, jest } from '@jest/globals';
import { TIMEOUT_MS } from './extent.ts';
import { type KillRange, openKillRange } from './killRange.ts';

/** The kill range of the suite that asks: opened before its first test, closed after its last; nothing is logged. */
export function openSuiteRange(): Omit<KillRange, 'close'> {
  let opened: KillRange | undefined;
  beforeAll(async () => {
    jest.spyOn(console, 'log').mockImplementation(() => {});
    opened = await openKillRange();
  }, TIMEOUT_MS);
  afterAll(() => opened?.close(), TIMEOUT_MS);

  const range = (): KillRange => {
    if (opened === undefined) throw new Error('The kill range was not opened.');
    return opened;
  };
  return {
    kills: async (...order) => range().kills(...order),
    pauses: async (...order) => range().pauses(...order),
  };
}
