/**
 * The HTML standard's "parse a srcset attribute" (section 4.8.4.2.2), step by step and as slow as it is written there.
 * It checks the parser of the service independently.
 */

export interface CandidateByTheBook {
  readonly url: string;
  readonly width: number | undefined;
  readonly density: number | undefined;
}

const isBlank = (c: string | undefined) => c !== undefined && ' \t\n\f\r'.includes(c);

export function srcsetByTheBook(input: string): CandidateByTheBook[] {
  let position = 0;
  const candidates: CandidateByTheBook[] = [];
  for (;;) {
    // Splitting loop.
    while (position < input.length && (isBlank(input[position]) || input[position] === ',')) position += 1;
    if (position >= input.length) return candidates;
    let url = '';
    while (position < input.length && !isBlank(input[position])) {
      url += input[position];
      position += 1;
    }
    let descriptors: string[] = [];
    if (url.endsWith(',')) {
      while (url.endsWith(',')) url = url.slice(0, -1);
    } else {
      ({ descriptors, position } = tokenize(input, position));
    }
    const described = parseDescriptors(descriptors);
    if (described !== null) candidates.push({ url, ...described });
  }
}

/** Descriptor tokenizer: steps 1 to 4 under it. */
function tokenize(input: string, from: number): { descriptors: string[]; position: number } {
  let position = from;
  while (position < input.length && isBlank(input[position])) position += 1;
  const descriptors: string[] = [];
  let current = '';
  let state: 'in descriptor' | 'in parens' | 'after descriptor' = 'in descriptor';
  for (;;) {
    const c = input[position];
    if (state === 'in descriptor') {
      if (isBlank(c)) {
        if (current !== '') {
          descriptors.push(current);
          current = '';
          state = 'after descriptor';
        }
      } else if (c === ',') {
        position += 1;
        if (current !== '') descriptors.push(current);
        return { descriptors, position };
      } else if (c === '(') {
        current += c;
        state = 'in parens';
      } else if (c === undefined) {
        if (current !== '') descriptors.push(current);
        return { descriptors, position };
      } else {
        current += c;
      }
    } else if (state === 'in parens') {
      if (c === ')') {
        current += c;
        state = 'in descriptor';
      } else if (c === undefined) {
        descriptors.push(current);
        return { descriptors, position };
      } else {
        current += c;
      }
    } else if (isBlank(c)) {
      // Stay in this state.
    } else if (c === undefined) {
      return { descriptors, position };
    } else {
      state = 'in descriptor';
      position -= 1;
    }
    position += 1;
  }
}

/** Descriptor parser; null where the standard says "error: yes". */
function parseDescriptors(descriptors: readonly string[]): Omit<CandidateByTheBook, 'url'> | null {
  let width: number | undefined;
  let density: number | undefined;
  let height: number | undefined;
  for (const descriptor of descriptors) {
    const value = descriptor.slice(0, -1);
    if (descriptor.endsWith('w') && isWholeNumber(value)) {
      if (width !== undefined || density !== undefined) return null;
      if (Number(value) === 0) return null;
      width = Number(value);
    } else if (descriptor.endsWith('x') && isFloat(value)) {
      if (width !== undefined || density !== undefined || height !== undefined) return null;
      if (Number(value) < 0) return null;
      density = Number(value);
    } else if (descriptor.endsWith('h') && isWholeNumber(value)) {
      if (height !== undefined || density !== undefined) return null;
      if (Number(value) === 0) return null;
      height = Number(value);
    } else {
      return null;
    }
  }
  return height !== undefined && width === undefined ? null : { width, density };
}

const isDigits = (text: string) => text !== '' && [...text].every((c) => c >= '0' && c <= '9');

/** Section 2.3.4.2: valid non-negative integer. */
const isWholeNumber = isDigits;

/** Section 2.3.4.3: valid floating-point number. */
function isFloat(text: string): boolean {
  const rest = text.startsWith('-') ? text.slice(1) : text;
  const e = rest.search(/[eE]/);
  const mantissa = e === -1 ? rest : rest.slice(0, e);
  const exponent = e === -1 ? null : rest.slice(e + 1).replace(/^[+-]/, '');
  if (exponent !== null && !isDigits(exponent)) return false;
  const point = mantissa.indexOf('.');
  if (point === -1) return isDigits(mantissa);
  const before = mantissa.slice(0, point);
  return (before === '' || isDigits(before)) && isDigits(mantissa.slice(point + 1));
}
