/** A sweep that ends with its report, however long the bucket takes. */
import { within } from '../concurrency/waiting.ts';
import type { Clock, SweepProgress } from '../domain/ports.ts';
import { boundedStorage, tooLate } from '../invocation/boundedStorage.ts';
import { type SweepReport, type SweepServices, sweep } from './sweep.ts';

/** For the last note of the place. */
const NOTE_MS = 3_000;
/** For the report and its line in the log. */
const REPORT_MS = 2_000;

/**
 * Sweeps, and resolves before `leftMs` are over: every call to the bucket is given up at the end of its time.
 * @throws as `sweep` does
 */
export function sweepInTime(services: SweepServices, leftMs: number): Promise<SweepReport> {
  const { clock, sweepProgress } = services;
  const end = clock.elapsed() + leftMs - REPORT_MS;
  const deadline = end - NOTE_MS;
  const storage = boundedStorage(services, clock, deadline, Number.POSITIVE_INFINITY);
  return sweep(
    { ...services, ...storage, sweepProgress: boundedProgress(sweepProgress, clock, end) },
    deadline,
  );
}

function boundedProgress(progress: SweepProgress, clock: Clock, end: number): SweepProgress {
  const leftMs = () => Math.max(0, end - clock.elapsed());
  return {
    read: () => within(clock, leftMs(), progress.read(), tooLate),
    write: (position) => within(clock, leftMs(), progress.write(position), tooLate),
  };
}
