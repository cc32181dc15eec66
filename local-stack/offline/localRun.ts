/**
 * A Serverless plugin for local runs. `offline start` and `invoke local` run the functions with the environment of the
 * local stack instead of the deployed one. `invoke local` also builds first, and ends the process afterwards.
 */
import { readConfig } from '../../lib/config.ts';
import { createRequestGuard } from '../front/requestGuard.ts';
import { type JoinedEnvironment, joinRunning } from '../settings/environment.ts';
import { readLocalSettings } from '../settings/settings.ts';
import { guardServers } from './gateway.ts';
import { startHeartbeat } from './heartbeat.ts';

/** The part of the Serverless framework that is used here. */
interface Serverless {
  /** The framework shows its own errors without a stack. */
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

/** Number of servers: the API and the Lambda port. */
const SERVERS = 2;

/** Message to the parent process when the API listens. */
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
      // Imported here, so that other commands do not load the bundler.
      const { buildFunctions } = await import('../../tools/bundler/build.ts');
      await buildFunctions();
    },
    // An open connection to Redis or the store would keep the process alive.
    'after:invoke:local:invoke': endProcess,
  };
}

function offlineHooks(serverless: Serverless, log: Log): Hooks {
  let guardedServers = () => 0;
  return {
    initialize: async () => {
      // This process must not outlive its parent, even if the parent is killed.
      process.once('disconnect', () => process.exit(1));
      await useLocalEnvironment(serverless, log);
      const { corsOrigins } = readConfig(process.env);
      const { host, allowedHosts } = readLocalSettings(process.env);
      guardedServers = guardServers(createRequestGuard({ host, allowedHosts, corsOrigins }), corsOrigins);
    },
    'after:offline:start:init': () => {
      // A future Node may not announce new servers. An unguarded server, which every web page could call, must not run.
      if (guardedServers() < SERVERS) throw new Error('The servers of serverless-offline are not guarded.');
      startHeartbeat(readConfig(process.env).metrics.receiver);
      process.send?.(READY);
    },
  };
}

async function useLocalEnvironment(serverless: Serverless, log: Log): Promise<void> {
  process.setSourceMapsEnabled(true);
  // aws-embedded-metrics uses the deprecated url.parse, and users of the stack cannot change that.
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
  // The framework would look for the credentials of the named profile, perhaps over the network.
  delete process.env.AWS_PROFILE;
  serverless.service.provider.environment = environment;
  for (const definition of Object.values(serverless.service.functions)) delete definition.environment;
}

async function findEnvironment(): Promise<JoinedEnvironment> {
  return joinRunning(process.env, readLocalSettings(process.env));
}

function endProcess(): Promise<never> {
  // All earlier output has been written once this callback runs.
  return new Promise(() => process.stdout.write('', () => process.exit()));
}
