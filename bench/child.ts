/** A separate process for everything that is measured or measured against, so that none pays for another. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

/** What one task took the process that did it. */
export interface Cost {
  readonly wallMs: number;
  /** User and system time of all its threads. */
  readonly cpuMs: number;
  /** The most memory the process ever had, MB. */
  readonly peakMb: number;
  /** What the task itself has to say. */
  readonly result: unknown;
}

export interface Child {
  /** Runs the module's `run(args)`; one at a time. */
  run(args: unknown): Promise<Cost>;
  close(): Promise<void>;
}

export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
}

const HOST = join(import.meta.dirname, 'host.ts');
/** No task takes longer; a process that hangs must not hang the others. */
const TASK_MAX_MS = 180_000;

/** @param module path of a module that exports `run(args)` */
export async function startChild(module: string, options: ChildOptions = {}): Promise<Child> {
  const child = fork(HOST, [module], {
    env: { ...plainEnvironment(), ...options.env },
    execArgv: [...(options.nodeOptions ?? [])],
    // Writing the log is part of the measured work, but the log is not read.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await answerOf(child);
  return {
    run: async (args) => {
      child.send({ args });
      const response = (await answerOf(child)) as Cost | { readonly error: string };
      if ('error' in response) throw new Error(response.error);
      return response;
    },
    close: () => endOf(child),
  };
}

/** A server in a separate process. Its first message is its port. */
export async function startServer(module: string, args: readonly string[]): Promise<Server> {
  const child = fork(module, [...args], {
    env: plainEnvironment(),
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const { port } = (await answerOf(child)) as { readonly port: number };
  return { port, close: () => endOf(child) };
}

export interface Server {
  readonly port: number;
  close(): Promise<void>;
}

function answerOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
    }, TASK_MAX_MS);
    const settle = (act: () => void) => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
      act();
    };
    const onMessage = (message: unknown) => settle(() => resolve(message));
    const onExit = () => settle(() => reject(new Error('A process of the benchmark ended by itself.')));
    child.once('message', onMessage);
    child.once('exit', onExit);
  });
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

/** Nothing of the caller's own configuration: what is measured depends on the parameters alone. */
export function plainEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'SystemRoot'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(kept);
}
