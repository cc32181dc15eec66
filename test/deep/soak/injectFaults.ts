/** One fault after another, each for a moment, until the load is over; then everything is well again. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Random } from '../../support/random.ts';
import type { LineFault } from '../faults/faultProxy.ts';
import type { SiteMood } from './changingSite.ts';
import type { SoakWorld } from './soakWorld.ts';

interface Fault {
  readonly name: string;
  begin(): Promise<void> | void;
  end(): Promise<void> | void;
}

const LINE_FAULTS: readonly LineFault[] = [
  'hang',
  'reset',
  'refuse',
  'halfOpen',
  { delayMs: 100 },
  { resetAfterBytes: 300 },
];
const MOODS: readonly SiteMood[] = ['failing', 'resetting', 'truncating', 'hanging'];

type Part = 'store' | 'cache' | 'flush' | 'site' | 'process';

const PARTS: readonly Part[] = ['store', 'site', 'process'];

/** Longest that one fault stays, and that all is well between two. */
const FAULT_MAX_MS = 2_500;
const QUIET_MAX_MS = 1_500;

/** @returns how often each fault was there */
export async function injectFaults(
  world: SoakWorld,
  random: Random,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  while (!signal.aborted) {
    const fault = chooseFault(world, random);
    counts.set(fault.name, (counts.get(fault.name) ?? 0) + 1);
    await fault.begin();
    await pause(random.next() * FAULT_MAX_MS, signal);
    await fault.end();
    await pause(random.next() * QUIET_MAX_MS, signal);
  }
  return counts;
}

function chooseFault({ storeLine, cacheLine, site, apiPid, flushCache }: SoakWorld, random: Random): Fault {
  switch (random.of<Part>(cacheLine === null ? PARTS : [...PARTS, 'cache', 'flush'])) {
    case 'store': {
      const fault = random.of(LINE_FAULTS);
      return {
        name: `store ${nameOf(fault)}`,
        begin: () => storeLine.set(fault),
        end: () => storeLine.set('pass'),
      };
    }
    case 'cache': {
      const fault = random.of(LINE_FAULTS);
      return {
        name: `cache ${nameOf(fault)}`,
        begin: () => cacheLine?.set(fault),
        end: () => cacheLine?.set('pass'),
      };
    }
    case 'site': {
      const mood = random.of(MOODS);
      return { name: `site ${mood}`, begin: () => site.setMood(mood), end: () => site.setMood('well') };
    }
    case 'flush':
      return { name: 'cache flushed', begin: flushCache, end: () => undefined };
    case 'process':
      return {
        name: 'process paused',
        begin: () => void process.kill(apiPid, 'SIGSTOP'),
        end: () => void process.kill(apiPid, 'SIGCONT'),
      };
  }
}

function nameOf(fault: LineFault): string {
  if (typeof fault === 'string') return fault;
  return 'delayMs' in fault ? 'delayed' : 'cut in the middle';
}

/** Ends early with the signal. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined);
}
