/** Calls a Lambda handler again and again. */
export interface Invocations {
  readonly event: object;
  readonly times: number;
  /** Calls at once. */
  readonly atOnce: number;
  readonly status: number;
}

export interface Invoked {
  /** The first answer's, to go on with. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: number;
  readonly body?: string;
}

type Handler = (
  event: object,
  context: object,
) => Promise<{
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}>;

const CALL_MS = 170_000;

/** @throws Error with the answer when one has another status than `status` */
export async function invoke(
  handler: Handler,
  { event, times, atOnce, status }: Invocations,
): Promise<Invoked> {
  let left = times;
  let first: Invoked | undefined;
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      const end = performance.now() + CALL_MS;
      const context = { awsRequestId: 'bench', getRemainingTimeInMillis: () => end - performance.now() };
      const response = await handler(event, context);
      if (response.statusCode !== status)
        throw new Error(`${response.statusCode} ${response.body.slice(0, 400)}`);
      first ??= { headers: response.headers, bytes: Buffer.byteLength(response.body) };
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, times) }, caller));
  if (first === undefined) throw new Error('nothing was called');
  return first;
}
