/** Words that the prose of this project avoids, and what to write instead. CONTRIBUTING.md has the glossary. */

export interface Wording {
  readonly found: RegExp;
  readonly better: string;
}

/** The patterns match lower-case prose without code in backquotes. Its words may be on two lines. */
export const WORDINGS: readonly Wording[] = [
  { found: /\bwho(?:so)?ever\b/g, better: 'name the actor' },
  { found: /\bnobody\b/g, better: 'name the actor' },
  { found: /\bthose\s+who\b/g, better: 'name the actor' },
  { found: /\banew\b/g, better: 'again' },
  { found: /\bof\s+(?:its|their|his|her|our|your)\s+own\b/g, better: '"its own …"' },
  { found: /\ball\s+the\s+same\b/g, better: 'say what happens' },
  { found: /\bbut\s+for\b/g, better: '"except"' },
  { found: /\b(?:is|are|was|were)\s+none\b/g, better: 'say what it is' },
  { found: /\bthat\s+is\s+no\b/g, better: '"that is not a"' },
  { found: /\b(?:became|becomes?)\s+of\b/g, better: '"the outcome of"' },
  { found: /\bblanks?\b/g, better: '"whitespace"' },
  { found: /\bstand-ins?\b/g, better: '"placeholder"' },
];
