import { existsSync } from 'node:fs';

/** A folder of saved pages (`CORPUS`); empty when there is none. Nothing of it belongs to the project. */
export const CORPUS = process.env.CORPUS ?? '';

export const hasCorpus = CORPUS !== '' && existsSync(CORPUS);
