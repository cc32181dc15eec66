/** What can be attacked, by name. */
export const TARGETS = ['url', 'html', 'srcset', 'css', 'image', 'event', 'emf'] as const;
export type TargetName = (typeof TARGETS)[number];

export const isTarget = (name: string): name is TargetName => TARGETS.some((known) => known === name);

export const moduleOf = (name: TargetName): URL => new URL(`./targets/${name}.ts`, import.meta.url);
