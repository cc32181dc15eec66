/** What happens to a line, wherever it came from. */
import { readDocument } from './emfDocument.ts';
import type { LineReader } from './lineSplitter.ts';
import type { SeriesStore } from './seriesStore.ts';
import type { Tally, Transport } from './tally.ts';

export type Intake = (transport: Transport) => LineReader;

/** Never throws: no line, however made, ends the process or the connection. */
export function createIntake(store: SeriesStore, tally: Tally): Intake {
  return (transport) => ({
    line(text, isWhole) {
      try {
        const readings = readDocument(text, tally);
        if (typeof readings === 'string') {
          tally.lineRejected(transport, readings === 'json' && !isWhole ? 'cut_off' : readings, text);
          return;
        }
        tally.document(transport);
        for (const reading of readings) store.record(reading);
      } catch {
        tally.lineRejected(transport, 'internal', text);
      }
    },
    tooLong: () => tally.lineRejected(transport, 'too_long'),
  });
}
