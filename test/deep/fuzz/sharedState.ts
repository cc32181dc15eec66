/** What the worker is at, in memory that stays readable when the worker has to be ended in the middle of it. */
import { INPUT_MAX_BYTES } from './target.ts';

/** Places in the head, of 32 bits each. */
const PLACES = ['turn', 'isChecking', 'length', 'inputs', 'stretches', 'corpus'] as const;
type Place = (typeof PLACES)[number];

const HEAD_BYTES = PLACES.length * 4;

export interface SharedState {
  readonly memory: SharedArrayBuffer;
  get(place: Place): number;
  set(place: Place, value: number): void;
  /** Remembers the input and that it is being checked. */
  begin(input: Buffer): void;
  end(): void;
  /** The input last begun. */
  input(): Buffer;
}

export function shareState(
  memory: SharedArrayBuffer = new SharedArrayBuffer(HEAD_BYTES + INPUT_MAX_BYTES),
): SharedState {
  const head = new Int32Array(memory, 0, PLACES.length);
  const bytes = new Uint8Array(memory, HEAD_BYTES);
  const get = (place: Place) => Atomics.load(head, PLACES.indexOf(place));
  const set = (place: Place, value: number) => void Atomics.store(head, PLACES.indexOf(place), value);
  return {
    memory,
    get,
    set,
    begin(input) {
      bytes.set(input);
      set('length', input.length);
      set('turn', get('turn') + 1);
      set('isChecking', 1);
    },
    end: () => set('isChecking', 0),
    input: () => Buffer.from(bytes.slice(0, get('length'))),
  };
}
