/** Real servers whose conditional writes are not atomic, or that ignore conditions: the check of a bucket refuses them. */
import { describe, expect, it } from '@jest/globals';
import { CHECKED_KEY } from '../../../lib/s3/checkNote.ts';
import { createS3Store } from '../../../lib/s3/store.ts';
import { FIT_SERVERS, startS3Server, UNFIT_SERVERS } from '../../support/s3Servers.ts';

/** The check is a test and no proof: of these servers it lets one in about thirty tries pass. */
const TRIES_MAX = 5;

const NOT_ATOMIC =
  'The storage server applies several simultaneous writes on one condition: use one that docs/storages.md lists as fit.';

const here = UNFIT_SERVERS.flatMap(({ find, ...server }) => {
  const program = find();
  return program === null ? [] : [{ ...server, program }];
});

describe('the check of a bucket', () => {
  it('knows servers that it has to refuse', () => {
    expect(UNFIT_SERVERS.map(({ name }) => name)).toEqual(['s3proxy', 'S3Mock']);
  });

  for (const { name, program, ...server } of here) {
    it(`refuses ${name}`, async () => {
      const { config, close } = await startS3Server(server, program);
      try {
        const details: string[] = [];
        while (details.length < TRIES_MAX && details.at(-1) !== NOT_ATOMIC) {
          const store = createS3Store(config);
          const passed = store.records.verify().then(() => 'passed');
          details.push(await passed.catch((error: { readonly detail: string }) => error.detail));
          // What a check that passed leaves behind would be believed.
          await store.images.remove([CHECKED_KEY]);
          store.close();
        }
        expect(details.at(-1)).toBe(NOT_ATOMIC);
      } finally {
        await close();
      }
    });
  }

  const [versitygw] = FIT_SERVERS.filter(({ name }) => name === 'versitygw');
  const program = versitygw?.find() ?? null;
  if (versitygw !== undefined && program !== null) {
    it('refuses versitygw where it keeps no metadata', async () => {
      const { config, close } = await startS3Server(
        {
          ...versitygw,
          command: async (place) =>
            (await versitygw.command(place)).flatMap((word) =>
              word === 'posix' ? [word, '--nometa'] : [word],
            ),
        },
        program,
      );
      const store = createS3Store(config);
      try {
        await expect(store.records.verify()).rejects.toMatchObject({
          detail:
            'The storage server ignores If-None-Match on PUT: use one that docs/storages.md lists as fit.',
        });
      } finally {
        store.close();
        await close();
      }
    });
  }
});
