/** A wall clock that can be set, as an operator or a time server does; what runs by elapsed time does not see it. */
let shiftMs = 0;
const RealDate = Date;

class SetDate extends RealDate {
  constructor(...parts: readonly unknown[]) {
    // Whatever Date takes, it gets.
    const given = parts.length === 0 ? [RealDate.now() + shiftMs] : parts;
    super(...(given as [number]));
  }

  static override now(): number {
    return RealDate.now() + shiftMs;
  }
}

/** The whole process sees the new time at once. */
export function setClock(byMs: number): void {
  shiftMs += byMs;
  globalThis.Date = SetDate as DateConstructor;
}
