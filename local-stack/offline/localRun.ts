/**
 * Serverless plugin for this machine: `offline start` and `invoke local` run the functions with the environment of
 * the local stack instead of the deployed one; `invoke local` builds first and ends by itself.
 */
import { readConfig } from '../../lib/config.ts';
import { createRequestGuard } from '../front/requestGuard.ts';
import { type JoinedEnvironment, joinRunning } from '../settings/environment.ts';
import { readLocalSettings } from '../settings/settings.ts';
import { guardServers } from './gateway.ts';
import { startHeartbeat } from './heartbeat.ts';

/** The part of the framework that is used here. */
interface Serverless {
  /** Its own kind of error is shown without a stack. */
  readonly classes: { readonly Error: new (message: string, code: string) => Error };
  readonly processedInput: { readonly commands: readonly string[] };
  readonly service: {
    readonly provider: { environment?: Readonly<Record<string, unknown>> };
    readonly functions: Readonly<Record<string, { environment?: unknown }>>;
  };
}

interface Log {
  notice(text: string): void;
}

type Hooks = Readonly<Record<string, () => void | Promise<void>>>;

/** The API, and the Lambda port. */
const SERVERS = 2;

/** What the parent is told once the API listens. */
export const READY = 'api-ready';

export default function localRun(serverless: Serverless, _options: unknown, { log }: { readonly log: Log }) {
  const command = serverless.processedInput.commands.join(' ');
  if (command === 'invoke local') return { hooks: invokeLocalHooks(serverless, log) };
  if (command === 'offline' || command === 'offline start') return { hooks: offlineHooks(serverless, log) };
  return { hooks: {} };
}

function invokeLocalHooks(serverless: Serverless, log: Log): Hooks {
  return {
    initialize: () => useLocalEnvironment(serverless, log),
    'before:invoke:local:loadEnvVars': async () => {
      // Here alone: no other command waits for the bundler to be loaded.
      const { buildFunctions } = await import('../../tools/bundler/build.ts');
      await buildFunctions();
    },
    // An open connection to Redis or the store would keep the process for ever.
    'after:invoke:local:invoke': endProcess,
  };
}

function offlineHooks(serverless: Serverless, log: Log): Hooks {
  let guardedServers = () => 0;
  return {
    initialize: async () => {
      // However the parent ends, this process must not outlive it.
      process.once('disconnect', () => process.exit(1));
      await useLocalEnvironment(serverless, log);
      const { corsOrigins } = readConfig(process.env);
      const { host, allowedHosts } = readLocalSettings(process.env);
      guardedServers = guardServers(createRequestGuard({ host, allowedHosts, corsOrigins }), corsOrigins);
    },
    'after:offline:start:init': () => {
      // Should Node no longer tell of them: better none than one that every web page can call.
      if (guardedServers() < SERVERS) throw new Error('The servers of serverless-offline are not guarded.');
      startHeartbeat(readConfig(process.env).metrics.receiver);
      process.send?.(READY);
    },
  };
}

async function useLocalEnvironment(serverless: Serverless, log: Log): Promise<void> {
  process.setSourceMapsEnabled(true);
  // aws-embedded-metrics calls url.parse for the agent's address, which is no news to whoever runs this.
  process.noDeprecation = true;
  const { environment, isRunning } = await findEnvironment().catch((error: Error) => {
    throw new serverless.classes.Error(error.message, 'LOCAL_STACK');
  });
  if (!isRunning && !process.env.S3_ENDPOINT) {
    log.notice(
      'No local stack is running here: trying its usual ports. To start it, run "npm start" in another terminal.',
    );
  }
  Object.assign(process.env, environment);
  // The framework would look for credentials of the named profile, perhaps over the network.
  delete process.env.AWS_PROFILE;
  serverless.service.provider.environment = environment;
  for (const definition of Object.values(serverless.service.functions)) delete definition.environment;
}

async function findEnvironment(): Promise<JoinedEnvironment> {
  return joinRunning(process.env, readLocalSettings(process.env));
}

function endProcess(): Promise<never> {
  // Whatever was written last has been handed over once this callback runs.
  return new Promise(() => process.stdout.write('', () => process.exit()));
}
