import { type CSSToken, ParseErrorMessage, TokenType, tokenizer } from '@csstools/css-tokenizer';

type CssCloser = ')' | ']' | '}';

/** What reading images needs of a CSS token (CSS Syntax section 4). */
export interface CssToken {
  readonly kind:
    | 'ident'
    | 'atKeyword'
    | 'string'
    | 'url'
    | 'function'
    | 'dimension'
    | '('
    | '['
    | '{'
    | CssCloser
    | ':'
    | ';'
    | ','
    | 'bad'
    | 'blank'
    | 'other';
  /** Unescaped name or text; of a dimension, as written. */
  readonly value: string;
  /** The kind that closes this bracket or function. */
  readonly closer: CssCloser | null;
}

/** Shared by all CSS of a page. Each fault costs an Error in the tokenizer, so a flood of them would cost a minute. */
export interface CssBudget {
  faultsLeft: number;
}

const PLAIN: ReadonlyMap<TokenType, CssToken> = new Map([
  [TokenType.OpenParen, { kind: '(', value: '', closer: ')' }],
  [TokenType.OpenSquare, { kind: '[', value: '', closer: ']' }],
  [TokenType.OpenCurly, { kind: '{', value: '', closer: '}' }],
  [TokenType.CloseParen, plain(')')],
  [TokenType.CloseSquare, plain(']')],
  [TokenType.CloseCurly, plain('}')],
  [TokenType.Colon, plain(':')],
  [TokenType.Semicolon, plain(';')],
  [TokenType.Comma, plain(',')],
  [TokenType.BadString, plain('bad')],
  [TokenType.BadURL, plain('bad')],
  [TokenType.Whitespace, plain('blank')],
  [TokenType.Comment, plain('blank')],
  // HTML's comment marks, which CSS skips where they are allowed.
  [TokenType.CDO, plain('blank')],
  [TokenType.CDC, plain('blank')],
]);
const OTHER = plain('other');

export interface CssTokens {
  /** null at the end, or when the budget is used up. Never throws for what the text holds. */
  next(): CssToken | null;
  /** The last token was a comment that the text does not close. */
  endsInComment(): boolean;
}

/** Gives the tokens of a text, one after the other. */
export function createCssTokens(css: string, budget: CssBudget): CssTokens {
  let endsInComment = false;
  const onParseError = ({ message }: Error) => {
    budget.faultsLeft -= 1;
    endsInComment ||= message === ParseErrorMessage.UnexpectedEOFInComment;
  };
  const tokens = tokenizer({ css }, { onParseError });
  return {
    next: () => (tokens.endOfFile() || budget.faultsLeft <= 0 ? null : simplify(tokens.nextToken())),
    endsInComment: () => endsInComment,
  };
}

function simplify(token: CSSToken): CssToken {
  switch (token[0]) {
    case TokenType.Ident:
      return { kind: 'ident', value: token[4].value, closer: null };
    case TokenType.Function:
      return { kind: 'function', value: token[4].value.toLowerCase(), closer: ')' };
    case TokenType.URL:
      return { kind: 'url', value: token[4].value, closer: null };
    case TokenType.String:
      return { kind: 'string', value: token[4].value, closer: null };
    case TokenType.Dimension:
      return { kind: 'dimension', value: token[1], closer: null };
    case TokenType.AtKeyword:
      return { kind: 'atKeyword', value: token[4].value.toLowerCase(), closer: null };
    default:
      return PLAIN.get(token[0]) ?? OTHER;
  }
}

function plain(kind: CssToken['kind']): CssToken {
  return { kind, value: '', closer: null };
}
