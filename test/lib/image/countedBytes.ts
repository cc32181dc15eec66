/** Bytes that count how many of them are looked at. */
export interface CountedBytes {
  readonly bytes: Buffer;
  /** Each byte as often as it is read. */
  reads(): number;
}

export function countedBytes(whole: Buffer): CountedBytes {
  let reads = 0;
  const counted = (target: Buffer): Buffer =>
    new Proxy(target, {
      get(_, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') {
          if (typeof key === 'string' && /^\d+$/.test(key)) reads += 1;
          return value;
        }
        return (...args: unknown[]) => {
          const result: unknown = value.apply(target, args);
          if (key === 'subarray') return counted(result as Buffer);
          reads += readsOf(String(key), target, args, result);
          return result;
        };
      },
    });
  return { bytes: counted(whole), reads: () => reads };
}

/** Too many rather than too few: a method that is not known here reads everything. */
function readsOf(name: string, { length }: Buffer, args: readonly unknown[], result: unknown): number {
  if (/^read\w*\d/.test(name)) return 4;
  if (name === 'indexOf') return (result === -1 ? length : Number(result)) - Number(args[1] ?? 0);
  if (name === 'toString') return Number(args[2] ?? length) - Number(args[1] ?? 0);
  return length;
}
