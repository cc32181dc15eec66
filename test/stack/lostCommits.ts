/** Several writers of one page compete for the commit: one wins, and the others remove their uploads. */
import { jsonOf } from '../../local-stack/smoke/calls.ts';
import { namesIn, write } from './load.ts';
import type { Stack } from './stack.ts';
import { check } from './steps.ts';
import { BUCKET, type StoreClient, storeClient } from './storeClient.ts';

const WRITERS = 4;

/**
 * Redis must be down: its lock would keep the writers apart.
 * @param url of a page that was never harvested
 */
export async function loseCommits(stack: Stack, url: string): Promise<string> {
  const client = await storeClient(stack);
  const before = new Set(await objectsIn(client));
  const replies = await Promise.all(Array.from({ length: WRITERS }, () => write(stack.api, 'POST', url)));
  const winners = replies.filter(({ status }) => status === 201);
  const losers = replies.filter((reply) => !winners.includes(reply));
  check(winners.length === 1, `${winners.length} of ${WRITERS} were answered 201`);
  for (const reply of losers) {
    const { code } = jsonOf(reply, 409);
    check(code === 'URL_ALREADY_PROCESSED', `a loser was answered ${code}`);
  }
  const promised = winners.flatMap(namesIn);
  const added = (await objectsIn(client)).filter((name) => !before.has(name));
  check(promised.length > 0, 'the page has no picture');
  check(
    String([...promised].sort()) === String(added.sort()),
    `${promised.length} objects were promised, ${added.length} were added`,
  );
  return `1 committed, ${losers.length} lost; ${added.length} objects, each promised`;
}

/** The names of all images. */
async function objectsIn(client: StoreClient): Promise<string[]> {
  const { code, text } = await client('ls', '--recursive', `app/${BUCKET}/images/`);
  check(code === 0, text);
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => `images/${(JSON.parse(line) as { readonly key: string }).key}`);
}
