/**
 * Fails a test that opens a connection to another machine: the service must refuse such URLs before it opens a socket.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { afterAll, afterEach, expect } from '@jest/globals';
import { report } from '../deep/hostile/support/figures.ts';

const strayed: string[] = [];
let connections = 0;
let astray = 0;

const isLoopback = (address: string) => address.startsWith('127.') || /^::1$|^::ffff:127\./.test(address);

const watch = (message: unknown) => {
  const { socket } = message as { readonly socket: Socket };
  socket.on('connectionAttempt', (address: string, port: number) => {
    connections += 1;
    if (isLoopback(address)) return;
    astray += 1;
    strayed.push(`${address} port ${port}`);
  });
};

subscribe('net.client.socket', watch);
afterAll(() => {
  unsubscribe('net.client.socket', watch);
  report({ connections, astray });
});
afterEach(() => {
  expect(strayed.splice(0)).toEqual([]);
});
