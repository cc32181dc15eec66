/** Words that the prose of this project avoids, and what to write instead. CONTRIBUTING.md has the glossary. */

export interface Wording {
  readonly found: RegExp;
  readonly better: string;
}

/** The patterns match lower-case prose without code in backquotes. */
export const WORDINGS: readonly Wording[] = [
  { found: /\bwho(?:so)?ever\b/g, better: 'name the actor' },
  { found: /\bnobody\b/g, better: 'name the actor' },
  { found: /\bthose who\b/g, better: 'name the actor' },
  { found: /\banew\b/g, better: 'again' },
  { found: /\bof (?:its|their|his|her|our|your) own\b/g, better: '"its own …"' },
  { found: /\ball the same\b/g, better: 'say what happens' },
  { found: /\bbut for\b/g, better: '"except"' },
  { found: /\b(?:is|are|was|were) none\b/g, better: 'say what it is' },
  { found: /\bthat is no\b/g, better: '"that is not a"' },
  { found: /\bbecame of\b/g, better: '"the outcome of"' },
  { found: /\bblanks?\b/g, better: '"whitespace"' },
  { found: /\bstand-ins?\b/g, better: '"placeholder"' },
];
