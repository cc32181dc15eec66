/** Figures of the tests, for the table that `npm run test:hostile` prints. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';

export interface Figures {
  /** Inputs tried, where a test tries more than one. */
  readonly inputs?: number;
  readonly stallMs?: number;
  readonly grownBytes?: number;
  /** Connections that this process tried to open, and those of them that did not lead to loopback. */
  readonly connections?: number;
  readonly astray?: number;
  /** A sentence below the table: what was searched and what was found. */
  readonly said?: string;
}

/** Passes figures to the reporter; without a reporter they are dropped. */
export function report(figures: Figures): void {
  const folder = process.env.HOSTILE_FIGURES;
  const { testPath, currentTestName } = expect.getState();
  if (folder === undefined || testPath === undefined) return;
  const line = { testPath, test: currentTestName, ...figures };
  appendFileSync(join(folder, `${process.pid}.jsonl`), `${JSON.stringify(line)}\n`);
}
