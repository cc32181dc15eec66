/** Milliseconds of processor time that `work` takes: unlike the clock it does not count what else the machine does. */
export function cpuTimeOf(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}
