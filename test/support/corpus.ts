import { existsSync } from 'node:fs';

/** A folder of saved pages (`CORPUS`), which is not part of the project; empty when it is not set. */
export const CORPUS = process.env.CORPUS ?? '';

export const hasCorpus = CORPUS !== '' && existsSync(CORPUS);
