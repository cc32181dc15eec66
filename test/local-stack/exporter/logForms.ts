/** How a document stands in the logs of others: the lines that each form makes of the text of one. */

const TIME = '2026-11-30T21:00:00.123Z';
const ID = '8c9e2f5c-6f0a-4a55-9bb5-1f0e7b1f9c11';
const STREAM = '2026/11/30/[$LATEST]5a1e7a9c1f0e4b0c9d3a';

/** Docker's json-file driver cuts what a program wrote into entries of 16 KiB; the last one has the line end. */
const DOCKER_BYTES = 16 * 1024;

type Form = (document: string) => readonly string[];

function dockerLines(document: string): readonly string[] {
  const characters = Array.from(`${document}\n`);
  const entries: string[] = [];
  let [entry, bytes] = ['', 0];
  for (const character of characters) {
    const size = Buffer.byteLength(character);
    if (bytes + size > DOCKER_BYTES) {
      entries.push(entry);
      [entry, bytes] = ['', 0];
    }
    entry += character;
    bytes += size;
  }
  return [...entries, entry].map((log) => JSON.stringify({ log, stream: 'stdout', time: TIME }));
}

/** Kubernetes' runtimes cut as well, and mark a piece with P. */
function kubernetesLines(document: string): readonly string[] {
  const characters = Array.from(document);
  const lines: string[] = [];
  for (let at = 0; at < characters.length; at += 8_000) {
    const flag = at + 8_000 < characters.length ? 'P' : 'F';
    lines.push(`${TIME} stdout ${flag} ${characters.slice(at, at + 8_000).join('')}`);
  }
  return lines;
}

export const LOG_FORMS: Readonly<Record<string, Form>> = {
  'the line itself': (document) => [document],
  "Lambda's text": (document) => [`${TIME}\t${ID}\tINFO\t${document}`],
  "Lambda's text of Python": (document) => [`[INFO]\t${TIME}\t${ID}\t${document}`],
  "Lambda's JSON, message as text": (document) => [
    JSON.stringify({ timestamp: TIME, level: 'INFO', requestId: ID, message: document }),
  ],
  "Lambda's JSON, message as object": (document) => [
    JSON.stringify({ timestamp: TIME, level: 'INFO', requestId: ID, message: parsed(document) }),
  ],
  'aws logs tail': (document) => [`2026-11-30T21:00:00.123000+00:00 ${STREAM} ${document}`],
  'aws logs tail --format short': (document) => [`2026-11-30T21:00:00 ${document}`],
  'aws logs get-log-events --output text': (document) => [
    `EVENTS\t1796072400456\t${document}\t1796072400123`,
  ],
  'a coloured line': (document) => [`\u001b[32mINFO\u001b[0m ${document}\u001b[0m`],
  'docker json-file': dockerLines,
  'docker compose logs': (document) => [`app-1  | ${document}`],
  kubernetes: kubernetesLines,
  'journalctl --output json': (document) => [JSON.stringify({ PRIORITY: '6', MESSAGE: document })],
  'journalctl --output json, a coloured line': (document) => [
    JSON.stringify({ MESSAGE: [...Buffer.from(`\u001b[32m${document}\u001b[0m`)], PRIORITY: '6' }),
  ],
  "CloudWatch's subscriptions": (document) => [
    JSON.stringify({
      messageType: 'DATA_MESSAGE',
      logEvents: [{ id: '1', timestamp: 1, message: document }],
    }),
  ],
  'aws logs get-log-events --output json | jq -c': (document) => [
    JSON.stringify({
      events: [{ timestamp: 1, message: document, ingestionTime: 2 }],
      nextForwardToken: 'f/1',
    }),
  ],
  'a list': (document) => [JSON.stringify([{ level: 'info' }, parsed(document)])],
  'a list behind a prefix': (document) => [
    `${TIME} INFO [ ${JSON.stringify({ message: document })}, 7] done`,
  ],
  'a list inside a message': (document) => [JSON.stringify({ message: [parsed(document)] })],
  "Lambda's telemetry, record as text": (document) => [
    JSON.stringify({ time: TIME, type: 'function', record: document }),
  ],
  "Lambda's telemetry, record as object": (document) => [
    JSON.stringify({ time: TIME, type: 'function', record: { level: 'INFO', message: parsed(document) } }),
  ],
  'a logger that says msg': (document) => [JSON.stringify({ level: 30, time: 1796072400456, msg: document })],
  'a prefix with braces': (document) => [`{req-7} [{"id":1}] INFO ${document}`],
  'a wider prefix': (document) => [`{ 'a': 1 } ${document.replace('{"', '{ "')}`],
  syslog: (document) => [`<14>1 ${TIME} host app 77 - [x@1 a="b"] ${document}`],
};

function parsed(document: string): unknown {
  try {
    return JSON.parse(document);
  } catch {
    return document;
  }
}
