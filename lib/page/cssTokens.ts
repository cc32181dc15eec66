import { type CSSToken, TokenType, tokenizer } from '@csstools/css-tokenizer';

/** What reading images needs of a CSS token. `value` is unescaped; `closer` is the kind that closes a bracket. */
export type CssToken =
  | { readonly kind: 'ident' | 'atKeyword' | 'string' | 'url'; readonly value: string }
  | { readonly kind: 'function'; readonly value: string; readonly closer: CssCloser }
  | { readonly kind: 'dimension'; readonly number: number; readonly unit: string; readonly text: string }
  | { readonly kind: '(' | '[' | '{'; readonly closer: CssCloser }
  | { readonly kind: CssCloser | ':' | ';' | ',' | 'bad' | 'blank' | 'other' };

export type CssCloser = ')' | ']' | '}';

/** Shared by all CSS of a page. Each fault costs an Error in the tokenizer, so a flood of them would cost a minute. */
export interface CssBudget {
  faultsLeft: number;
}

/** Tokens of CSS Syntax section 4; ends early when the budget is used up. Never throws for what the text holds. */
export function* cssTokens(css: string, budget: CssBudget): Generator<CssToken, void, undefined> {
  const tokens = tokenizer(
    { css },
    {
      onParseError: () => {
        budget.faultsLeft -= 1;
      },
    },
  );
  while (!tokens.endOfFile() && budget.faultsLeft > 0) yield simplify(tokens.nextToken());
}

const PLAIN: Readonly<Partial<Record<TokenType, CssToken>>> = {
  [TokenType.OpenParen]: { kind: '(', closer: ')' },
  [TokenType.OpenSquare]: { kind: '[', closer: ']' },
  [TokenType.OpenCurly]: { kind: '{', closer: '}' },
  [TokenType.CloseParen]: { kind: ')' },
  [TokenType.CloseSquare]: { kind: ']' },
  [TokenType.CloseCurly]: { kind: '}' },
  [TokenType.Colon]: { kind: ':' },
  [TokenType.Semicolon]: { kind: ';' },
  [TokenType.Comma]: { kind: ',' },
  [TokenType.BadString]: { kind: 'bad' },
  [TokenType.BadURL]: { kind: 'bad' },
  [TokenType.Whitespace]: { kind: 'blank' },
  [TokenType.Comment]: { kind: 'blank' },
  // Only HTML's comment marks at the top of a stylesheet, which CSS skips.
  [TokenType.CDO]: { kind: 'blank' },
  [TokenType.CDC]: { kind: 'blank' },
};
const OTHER: CssToken = { kind: 'other' };

function simplify(token: CSSToken): CssToken {
  switch (token[0]) {
    case TokenType.Ident:
      return { kind: 'ident', value: token[4].value };
    case TokenType.AtKeyword:
      return { kind: 'atKeyword', value: token[4].value.toLowerCase() };
    case TokenType.String:
      return { kind: 'string', value: token[4].value };
    case TokenType.URL:
      return { kind: 'url', value: token[4].value };
    case TokenType.Function:
      return { kind: 'function', value: token[4].value.toLowerCase(), closer: ')' };
    case TokenType.Dimension:
      return {
        kind: 'dimension',
        number: token[4].value,
        unit: token[4].unit.toLowerCase(),
        text: token[1],
      };
    default:
      return PLAIN[token[0]] ?? OTHER;
  }
}
