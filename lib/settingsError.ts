/** The error for settings that cannot be used. Each fault is one sentence that begins with the setting's name. */
export class SettingsError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The settings cannot be used:\n- ${faults.join('\n- ')}`);
    this.faults = faults;
  }
}

/**
 * The results of two functions that read settings.
 * @throws SettingsError with the faults of both; for a setting that both read, only the fault of the first
 */
export function readTogether<First, Second>(
  readFirst: () => First,
  readSecond: () => Second,
): readonly [First, Second] {
  const faults = new Map<string, string>();
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      for (const fault of error.faults) {
        const [name = ''] = fault.split(' ');
        if (!faults.has(name)) faults.set(name, fault);
      }
      return undefined;
    }
  };
  const read = [attempt(readFirst), attempt(readSecond)] as const;
  if (faults.size > 0) throw new SettingsError([...faults.values()]);
  return read as readonly [First, Second];
}
