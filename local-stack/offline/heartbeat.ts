/**
 * Tells the metrics exporter that this process is alive, and how it does: an alert fires once it falls silent. One for
 * each exporter: the heartbeats of two servers behind one exporter would hide each other. On Lambda there is none,
 * where a process without a call is no fault.
 */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface Receiver {
  readonly hostname: string;
  readonly port: number;
}

const INTERVAL_MS = 10_000;
/** A name that is not answered holds a thread that resolves names for the whole process. */
const AFTER_FAULT_MS = 30_000;
const NANOSECONDS_PER_MS = 1e6;
/** The probe looks so often, in ms; what it measures includes the time between two looks. */
const PROBE_MS = 10;
const METRICS = [
  { Name: 'Heartbeats', Unit: 'Count' },
  { Name: 'CpuTime', Unit: 'Milliseconds' },
  { Name: 'EventLoopDelay', Unit: 'Milliseconds' },
  { Name: 'ResidentMemory', Unit: 'Bytes' },
];

/**
 * Sends one EMF document at once and one every interval, until the returned function is called. Never throws, and
 * never keeps the process. `CpuTime` is what the process took since the one before, `EventLoopDelay` the longest delay
 * since then, in ms; `ResidentMemory` is in bytes.
 * @param receiver absent: metrics go to the log, and nothing is sent
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

/** Its sends report their faults themselves. */
const ignore = () => {};
