/** Changes that know nothing of the input but its words: as small as a bit, as large as another input's half. */
import type { Random } from '../../support/random.ts';
import { INPUT_MAX_BYTES } from './target.ts';

const BYTES = [
  0, 1, 7, 0x7f, 0x80, 0xfe, 0xff, 0x20, 0x0a, 0x22, 0x27, 0x3c, 0x3e, 0x26, 0x2c, 0x28, 0x29,
] as const;
const NUMBERS = [
  '0',
  '1',
  '-1',
  '255',
  '65535',
  '2147483648',
  '9007199254740993',
  '1e999',
  '.5',
  '00',
] as const;
const STACKED_MAX = 6;
/** Once in so many changes a piece is repeated until the input is long: what is not linear shows then. */
const LONG_ONE_IN = 400;

export interface Material {
  readonly words: readonly Buffer[];
  /** Another input, to take a part of. */
  readonly other: Buffer;
}

export function mutate(input: Buffer, { words, other }: Material, random: Random): Buffer {
  if (random.oneIn(LONG_ONE_IN)) return lengthen(input, words, random);
  let changed = input;
  for (let left = 1 + random.below(STACKED_MAX); left > 0; left -= 1) {
    changed = random.of(CHANGES)(changed, { words, other }, random);
  }
  return changed.subarray(0, INPUT_MAX_BYTES);
}

type Change = (input: Buffer, material: Material, random: Random) => Buffer;

const CHANGES: readonly [Change, ...Change[]] = [
  flipBit,
  setByte,
  remove,
  repeat,
  insertBytes,
  insertWord,
  insertWord,
  replaceByWord,
  changeNumber,
  takePart,
  swap,
  cutOff,
];

function flipBit(input: Buffer, _: Material, random: Random): Buffer {
  const changed = Buffer.from(input);
  const at = random.below(input.length);
  changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8));
  return changed;
}

function setByte(input: Buffer, _: Material, random: Random): Buffer {
  const changed = Buffer.from(input);
  changed[random.below(input.length)] = random.oneIn(2) ? random.of(BYTES) : random.below(256);
  return changed;
}

function remove(input: Buffer, _: Material, random: Random): Buffer {
  const [from, to] = rangeIn(input, random);
  return spliced(input, from, to, Buffer.alloc(0));
}

function repeat(input: Buffer, _: Material, random: Random): Buffer {
  const [from, to] = rangeIn(input, random);
  const times = 1 + random.below(random.oneIn(10) ? 100 : 4);
  return spliced(input, to, to, Buffer.concat(Array<Buffer>(times).fill(input.subarray(from, to))));
}

function insertBytes(input: Buffer, _: Material, random: Random): Buffer {
  const at = random.below(input.length + 1);
  const bytes = Array.from({ length: 1 + random.below(8) }, () =>
    random.oneIn(2) ? random.of(BYTES) : random.below(256),
  );
  return spliced(input, at, at, Buffer.from(bytes));
}

function insertWord(input: Buffer, { words }: Material, random: Random): Buffer {
  const at = random.below(input.length + 1);
  return spliced(input, at, at, random.anyOf(words) ?? Buffer.from('a'));
}

function replaceByWord(input: Buffer, { words }: Material, random: Random): Buffer {
  const [from, to] = rangeIn(input, random);
  return spliced(input, from, to, random.anyOf(words) ?? Buffer.from('a'));
}

/** Digits in text, or a few bytes as a number of a binary format. */
function changeNumber(input: Buffer, _: Material, random: Random): Buffer {
  const numbers = [...input.toString('latin1', 0, 4_096).matchAll(/\d+/g)];
  const number = random.anyOf(numbers);
  if (number === undefined || random.oneIn(3)) {
    const at = random.below(input.length);
    const bytes = Buffer.alloc(random.of([1, 2, 4, 8]), random.of([0, 0xff, 0x7f, 1]));
    return spliced(input, at, at + bytes.length, bytes);
  }
  return spliced(input, number.index, number.index + number[0].length, Buffer.from(random.of(NUMBERS)));
}

function takePart(input: Buffer, { other }: Material, random: Random): Buffer {
  const [from, to] = rangeIn(other, random);
  const at = random.below(input.length + 1);
  return spliced(input, at, random.oneIn(2) ? at : at + to - from, other.subarray(from, to));
}

function swap(input: Buffer, _: Material, random: Random): Buffer {
  const [from, to] = rangeIn(input, random);
  const rest = spliced(input, from, to, Buffer.alloc(0));
  const at = random.below(rest.length + 1);
  return spliced(rest, at, at, input.subarray(from, to));
}

function cutOff(input: Buffer, _: Material, random: Random): Buffer {
  return input.subarray(0, random.below(input.length + 1));
}

function lengthen(input: Buffer, words: readonly Buffer[], random: Random): Buffer {
  const [from, to] = rangeIn(input, random);
  const word = random.anyOf(words);
  const piece = word !== undefined && random.oneIn(2) ? word : input.subarray(from, to);
  if (piece.length === 0) return input;
  const room = random.of([INPUT_MAX_BYTES / 4, INPUT_MAX_BYTES]) - input.length;
  const times = Math.max(1, Math.floor(room / piece.length));
  const at = random.below(input.length + 1);
  return spliced(input, at, at, Buffer.concat(Array<Buffer>(times).fill(piece))).subarray(0, INPUT_MAX_BYTES);
}

/** Mostly short. */
function rangeIn(input: Buffer, random: Random): readonly [from: number, to: number] {
  const from = random.below(input.length);
  const longest = random.oneIn(4) ? input.length : 16;
  return [from, Math.min(input.length, from + 1 + random.below(longest))];
}

function spliced(input: Buffer, from: number, to: number, piece: Buffer): Buffer {
  return Buffer.concat([input.subarray(0, from), piece, input.subarray(to)]);
}
