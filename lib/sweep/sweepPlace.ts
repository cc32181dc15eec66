/** Where a sweep is, kept in the bucket for the next one. */
import type { SweepPosition, SweepProgress } from '../domain/ports.ts';
import { Problem } from '../domain/problem.ts';

export interface Place {
  /** Where this sweep begins; null: at the first key. */
  readonly start: SweepPosition | null;
  /** Before a page is swept. */
  enter(page: SweepPosition): Promise<void>;
  /** The page has been swept, or it cannot be. */
  leave(): void;
  /** All pages up to there have been swept. */
  pass(position: SweepPosition): void;
  /** Writes down where the next sweep begins; false when the bucket does not take it. */
  save(): Promise<boolean>;
}

/**
 * Opens the place that the sweep before this one has left.
 *
 * Before the first, second, fourth, eighth page and so on, the place behind that page is written down. So a sweep that
 * is killed has lost at most half of its way, and a page that kills every sweep which comes to it is passed by the next
 * one. A page that was under way when the time ended is the next sweep's first; it is passed when it was the only page.
 */
export async function openPlace(progress: SweepProgress): Promise<Place> {
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

/** The place is an aid. A bug passes on. */
function ignoreProblem<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof Problem) return instead;
    throw error;
  };
}
