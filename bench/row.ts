/** One line of the table. */
import { differenceOf, ratioOf } from './statistics.ts';

export interface Row {
  readonly scenario: string;
  readonly what: string;
  readonly unit: string;
  /** One a round. */
  readonly subject: readonly number[];
  /** What it is compared with, in the same rounds. */
  readonly reference: readonly number[];
  /** What the aim is about. */
  readonly figure: number;
  readonly figureKind: 'ratio' | 'difference' | 'value' | 'exponent';
  readonly aim: { readonly atMost: number } | { readonly atLeast: number } | null;
  /** Its figure is shown beside its aim, and no margin is asked of it. */
  readonly isOnlyShown?: true;
  /** Where its subject, and its reference if it is named, stand in the plots. */
  readonly point?: Point;
}

export interface Point {
  readonly plot: 'images' | 'time' | 'memory';
  readonly line: string;
  readonly reference?: string;
  readonly x: number;
}

type Compared = Omit<Row, 'figure' | 'figureKind'>;

export function ratioRow(row: Compared): Row {
  return { ...row, figure: ratioOf(row.subject, row.reference), figureKind: 'ratio' };
}

export function differenceRow(row: Compared): Row {
  return { ...row, figure: differenceOf(row.subject, row.reference), figureKind: 'difference' };
}

/** @param margin 2: an aim of at most 3 is kept with 6, one of at least 8 with 4 */
export function isMet({ aim, figure }: Row, margin = 1): boolean {
  if (aim === null) return true;
  return 'atMost' in aim ? figure <= aim.atMost * margin : figure >= aim.atLeast / margin;
}

/** Whether something is broken. */
export function isFarOff(row: Row, margin: number): boolean {
  return row.isOnlyShown !== true && !isMet(row, margin);
}
