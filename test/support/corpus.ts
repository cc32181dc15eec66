import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A folder of saved pages beside the project; nothing of it belongs to the project. `CORPUS` names another one. */
export const CORPUS = process.env.CORPUS ?? join(import.meta.dirname, '../../../shared/corpus/readability');

export const hasCorpus = existsSync(CORPUS);
