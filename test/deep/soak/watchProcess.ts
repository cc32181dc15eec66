/** Memory and sockets of another process, as the kernel counts them. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface ProcessFigures {
  readonly startMiB: number;
  readonly peakMiB: number;
  readonly endMiB: number;
  /** MiB a minute over the second half of the time, by least squares; null when there is too little to say. */
  readonly slope: number | null;
  readonly peakSockets: number;
}

const EVERY_MS = 500;
const SAMPLES_LEAST = 20;

/** Null where the kernel does not tell (anything but Linux). */
export function socketsOf(pid: number): number | null {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).filter((name) => linkOf(`${folder}/${name}`).startsWith('socket:')).length;
  } catch {
    return null;
  }
}

export function watchProcess(pid: number): { stop(): ProcessFigures | null } {
  const samples: { readonly minute: number; readonly mib: number }[] = [];
  let peakSockets = 0;
  const start = performance.now();
  const look = () => {
    const mib = residentMiB(pid);
    if (mib !== null) samples.push({ minute: (performance.now() - start) / 60_000, mib });
    peakSockets = Math.max(peakSockets, socketsOf(pid) ?? 0);
  };
  look();
  const timer = setInterval(look, EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      look();
      const [first] = samples;
      const last = samples.at(-1);
      if (first === undefined || last === undefined) return null;
      const later = samples.slice(Math.floor(samples.length / 2));
      return {
        startMiB: first.mib,
        peakMiB: Math.max(...samples.map(({ mib }) => mib)),
        endMiB: last.mib,
        slope: later.length < SAMPLES_LEAST ? null : slopeOf(later),
        peakSockets,
      };
    },
  };
}

function residentMiB(pid: number): number | null {
  try {
    const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return line === null ? null : Number(line[1]) / 1024;
  } catch {
    return null;
  }
}

/** A descriptor may be gone between the listing and the look. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function slopeOf(points: readonly { readonly minute: number; readonly mib: number }[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = mean(points.map(({ minute }) => minute));
  const y = mean(points.map(({ mib }) => mib));
  const over = points.reduce((sum, { minute, mib }) => sum + (minute - x) * (mib - y), 0);
  const under = points.reduce((sum, { minute }) => sum + (minute - x) ** 2, 0);
  return under === 0 ? 0 : over / under;
}
