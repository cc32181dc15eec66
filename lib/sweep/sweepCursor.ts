/** The position of a sweep, which is kept in the bucket for the next sweep. */
import type { SweepPosition, SweepProgress } from '../domain/ports.ts';
import { Problem } from '../domain/problem.ts';

export interface SweepCursor {
  /** Where this sweep begins; null for the first key. */
  readonly start: SweepPosition | null;
  /** Call it before a page is swept. */
  enter(page: SweepPosition): Promise<void>;
  /** Call it when the page has been swept or has failed. */
  leave(): void;
  /** Call it when all pages up to `position` have been swept. */
  pass(position: SweepPosition): void;
  /** Whether the bucket has the position at which the next sweep begins; writes it if need be. */
  save(): Promise<boolean>;
}

/**
 * The place of this sweep, which starts at the position that the previous sweep saved.
 *
 * Before the first, second, fourth, eighth page and so on, the position after that page is saved. So a killed sweep
 * loses at most half of its work, and the next sweep passes a page that kills each sweep which reaches it. When time
 * ends while a page is swept, the next sweep begins with that page. If it was the sweep's only page, the next sweep
 * passes it.
 */
export async function openCursor(progress: SweepProgress): Promise<SweepCursor> {
  const start = await progress.read().catch(ignoreProblem(null));
  let entered = 0;
  let current = start;
  let next = start;
  let written = start;
  let isWritable = true;

  const write = async (position: SweepPosition) => {
    isWritable = await progress.write(position).then(() => true, ignoreProblem(false));
    if (isWritable) written = position;
  };
  return {
    start,
    async enter(page) {
      entered += 1;
      next = page;
      if (entered === 1) current = page;
      const isPowerOfTwo = (entered & (entered - 1)) === 0;
      if (isPowerOfTwo && isWritable) await write(page);
    },
    leave() {
      current = next;
    },
    pass(position) {
      current = position;
    },
    async save() {
      if (current === null || current === written) return isWritable;
      await write(current);
      return isWritable;
    },
  };
}

/** Returns `instead` for a `Problem`, since a sweep works without a saved position. Rethrows any other error. */
function ignoreProblem<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof Problem) return instead;
    throw error;
  };
}
