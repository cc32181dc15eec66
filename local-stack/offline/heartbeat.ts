/**
 * Reports to the metrics exporter that this process is alive, with figures about it. An alert fires when the reports
 * stop. Each server needs its own exporter: two servers would hide each other's silence. Lambda has no heartbeat, since
 * a process without calls is normal there.
 */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface Receiver {
  readonly hostname: string;
  readonly port: number;
}

const INTERVAL_MS = 10_000;
/** Pause after a failure. An unanswered DNS query blocks a thread that resolves names for the whole process. */
const AFTER_FAULT_MS = 30_000;
const NANOSECONDS_PER_MS = 1e6;
/** Interval of the event loop probe, in ms, which is included in the delays that it measures. */
const PROBE_MS = 10;
const METRICS = [
  { Name: 'Heartbeats', Unit: 'Count' },
  { Name: 'CpuTime', Unit: 'Milliseconds' },
  { Name: 'EventLoopDelay', Unit: 'Milliseconds' },
  { Name: 'ResidentMemory', Unit: 'Bytes' },
];

/**
 * Sends one EMF document at once and one every interval, until the returned function is called. Never throws, and never
 * keeps the process alive. `CpuTime` (processor time) and `EventLoopDelay` (the longest delay) are in ms, since the
 * previous document. `ResidentMemory` is in bytes.
 * @param receiver absent: nothing is sent, since metrics go to the log
 */
export function startHeartbeat(
  receiver: Receiver | undefined,
  intervalMs = INTERVAL_MS,
  open: () => Socket = () => createSocket(isIPv6(receiver?.hostname ?? '') ? 'udp6' : 'udp4'),
): () => void {
  if (receiver === undefined) return () => {};
  const { hostname, port } = receiver;
  const socket = open().unref();
  socket.on('error', ignore);
  const delays = monitorEventLoopDelay({ resolution: PROBE_MS });
  delays.enable();
  let before = process.cpuUsage();
  let isSending = false;
  let pausedUntil = Number.NEGATIVE_INFINITY;
  const sent = (error: Error | null) => {
    isSending = false;
    if (error) pausedUntil = performance.now() + AFTER_FAULT_MS;
  };
  const beat = () => {
    if (isSending || performance.now() < pausedUntil) return;
    isSending = true;
    const { user, system } = process.cpuUsage(before);
    before = process.cpuUsage();
    const document = {
      _aws: {
        Timestamp: Date.now(),
        CloudWatchMetrics: [{ Namespace: 'ImageApi', Dimensions: [[]], Metrics: METRICS }],
      },
      Heartbeats: 1,
      CpuTime: (user + system) / 1_000,
      EventLoopDelay: Math.max(0, delays.max / NANOSECONDS_PER_MS - PROBE_MS),
      ResidentMemory: process.memoryUsage.rss(),
    };
    delays.reset();
    socket.send(`${JSON.stringify(document)}\n`, port, hostname, sent);
  };
  beat();
  const timer = setInterval(beat, intervalMs).unref();
  return () => {
    clearInterval(timer);
    delays.disable();
    socket.close();
  };
}

/** For socket errors, which each send reports too. */
const ignore = () => {};
