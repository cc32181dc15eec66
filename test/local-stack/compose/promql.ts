/** What can be read off PromQL without a parser of it. */

/** The names in a PromQL expression: what is left without labels, texts, ranges, functions and operators. */
export function metricsIn(expr: string): string[] {
  const bare = expr
    .replace(/"[^"]*"/g, '')
    .replace(/\{[^}]*\}|\[[^\]]*\]/g, '')
    .replace(/\boffset\s+\w+/g, '')
    .replace(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, '');
  const names = bare.match(/(?<![\w:.])[a-zA-Z_:][\w:]*(?!\w*\s*\()/g) ?? [];
  return names.filter((name) => !['and', 'or', 'unless', 'bool'].includes(name));
}

/** Without what it shows where there is nothing: then it finds what it names, or nothing. */
export const withoutFallback = (expr: string) => expr.replace(/\s+or\s+vector\(0\)/g, '');
