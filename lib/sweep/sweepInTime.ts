/** A sweep that ends with its report, however long the bucket takes. */
import { within } from '../concurrency/waiting.ts';
import type { Clock, SweepProgress } from '../domain/ports.ts';
import { SWEEP_NOTE_MS, SWEEP_REPORT_MS } from '../domain/times.ts';
import { boundedStorage, tooLate } from '../invocation/boundedStorage.ts';
import { type SweepReport, type SweepServices, sweep } from './sweep.ts';

/**
 * Sweeps, and resolves before `end` (on `clock.elapsed()`, ms): every call to the bucket is given up at the end of its time.
 * @throws as `sweep` does
 */
export function sweepInTime(services: SweepServices, end: number): Promise<SweepReport> {
  const { clock, sweepProgress } = services;
  const noteEnd = end - SWEEP_REPORT_MS;
  const deadline = noteEnd - SWEEP_NOTE_MS;
  const storage = boundedStorage(services, clock, deadline, Number.POSITIVE_INFINITY);
  return sweep(
    { ...services, ...storage, sweepProgress: boundedProgress(sweepProgress, clock, noteEnd) },
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
