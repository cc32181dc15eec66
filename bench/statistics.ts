/** Figures of several rounds. */

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Round by round, since the two of one round have met the same machine; then the median. */
export function ratioOf(subject: readonly number[], reference: readonly number[]): number {
  return median(subject.map((value, round) => value / (reference[round] ?? Number.NaN)));
}

export function differenceOf(subject: readonly number[], reference: readonly number[]): number {
  return median(subject.map((value, round) => value - (reference[round] ?? Number.NaN)));
}

/** The slope of log y over log x, by least squares: 1 is linear growth. */
export function exponentOf(points: readonly (readonly [x: number, y: number])[]): number {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const mean = (pick: 0 | 1) => logs.reduce((sum, point) => sum + point[pick], 0) / logs.length;
  const [x0, y0] = [mean(0), mean(1)];
  const covariance = logs.reduce((sum, [x, y]) => sum + (x - x0) * (y - y0), 0);
  return covariance / logs.reduce((sum, [x]) => sum + (x - x0) ** 2, 0);
}
