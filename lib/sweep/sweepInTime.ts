/** A sweep that returns its report in time, even when the bucket is slow. */
import { within } from '../concurrency/waiting.ts';
import type { Clock, SweepProgress } from '../domain/ports.ts';
import { SWEEP_NOTE_MS, SWEEP_REPORT_MS } from '../domain/times.ts';
import { boundedStorage, tooLate } from '../invocation/boundedStorage.ts';
import { type SweepReport, type SweepServices, sweep } from './sweep.ts';

/**
 * The report of a sweep, before `end` (on `clock.elapsed()`, ms). A storage call that takes longer is given up.
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
