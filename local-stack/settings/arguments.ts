/**
 * For commands whose only settings are environment variables.
 * @throws Error with one sentence when there are arguments
 */
export function refuseArguments(given: readonly string[]): void {
  const [first] = given;
  if (first === undefined) return;
  throw new Error(
    `"${first}" is not known: this command takes no arguments, only settings (README.md, "Settings").`,
  );
}
