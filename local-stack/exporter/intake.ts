/** What happens to a line, wherever it came from. */

import { createPieceJoiner, wholeLines } from './containerLog.ts';
import { readDocument } from './emfDocument.ts';
import type { LineReader } from './lineSplitter.ts';
import type { SeriesStore } from './seriesStore.ts';
import type { LineReason, Tally, Transport } from './tally.ts';

export type Intake = (transport: Transport) => LineReader;

/** Of the pieces that Docker and Kubernetes make of a long line. */
const MAX_JOINED = 1_048_576;

/** Never throws: no line, however made, ends the process or the connection. */
export function createIntake(store: SeriesStore, tally: Tally, maxLineBytes = MAX_JOINED): Intake {
  return (transport) => {
    // Logs come by standard input; many TCP senders would keep many pieces.
    const finder = transport === 'stdin' ? createPieceJoiner(maxLineBytes) : wholeLines;
    return {
      line(text, isWhole) {
        try {
          const { documents, reason } = finder.find(text);
          for (const { root, directives } of documents) {
            tally.document(transport);
            for (const reading of readDocument(root, directives, tally)) store.record(reading);
          }
          if (reason === undefined) return;
          tally.lineRejected(transport, isWhole ? reason : endOf(text, reason), text);
        } catch {
          tally.lineRejected(transport, 'internal', text);
        }
      },
      tooLong: () => tally.lineRejected(transport, 'too_long'),
      end() {
        for (let left = finder.end(); left > 0; left -= 1) tally.lineRejected(transport, 'cut_off');
      },
    };
  };
}

/** Why what a stream ends with is no document: JSON without its end was cut off. */
function endOf(text: string, reason: LineReason): LineReason {
  const isCut = /^\s*\{"/.test(text) && !text.trimEnd().endsWith('}');
  const isOther = reason === 'not_emf' || reason === 'unreachable';
  return reason === 'json' || (isOther && isCut) ? 'cut_off' : reason;
}
