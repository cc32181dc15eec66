/** Reads what the exporter exposes, strictly. */

const LINE =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (\S+)$/;

/** Values by `name{labels}` as written. Throws for a malformed line and for a series that is there twice. */
export function parseExposed(text: string): Map<string, number> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const match = LINE.exec(line);
    if (match === null) throw new Error(`no line of the text format: ${line}`);
    const series = `${match[1]}${match[2] ?? ''}`;
    if (values.has(series)) throw new Error(`twice: ${series}`);
    values.set(series, Number(match[3]));
  }
  return values;
}

/** The sum over all label combinations of one name. */
export function totalOf(values: ReadonlyMap<string, number>, name: string): number {
  let total = 0;
  for (const [series, value] of values) if (series === name || series.startsWith(`${name}{`)) total += value;
  return total;
}
