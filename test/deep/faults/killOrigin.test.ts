/** What the kill sweep's web promises the sweep itself. */
import { createServer } from 'node:net';
import { expect, it } from '@jest/globals';
import { createGate } from './kill/gate.ts';
import { startOrigin } from './kill/origin.ts';

// Seen in CI: the bucket had got the site's port at another address of loopback, and the guard refused the site as the bucket.
it("keeps its port from the bucket, whose port is another with every run, so that the guard's 403 means an attack", async () => {
  const origin = await startOrigin(createGate());
  try {
    const bucket = createServer();
    const code = await new Promise((resolve) => {
      bucket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
      bucket.listen(origin.port, '127.0.0.1', () => bucket.close(() => resolve('it listens')));
    });
    expect(code).toBe('EADDRINUSE');
  } finally {
    await origin.close();
  }
});
