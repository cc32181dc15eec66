/** Checks what the engine enforces on each container and network. */
import { isolated, masqueraded, waysOut } from './routes.ts';
import { run, SERVICES, type Stack } from './stack.ts';
import { check } from './steps.ts';

interface Inspected {
  readonly Config: { readonly User: string };
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean;
    readonly CapDrop: readonly string[] | null;
    readonly CapAdd: readonly string[] | null;
    readonly SecurityOpt: readonly string[] | null;
    readonly Memory: number;
    readonly NanoCpus: number;
    readonly PidsLimit: number | null;
    readonly Privileged: boolean;
    readonly Init: boolean | null;
    readonly RestartPolicy: { readonly Name: string };
    readonly LogConfig: { readonly Config: Readonly<Record<string, string>> };
  };
  readonly NetworkSettings: {
    readonly Ports: Readonly<Record<string, readonly { readonly HostIp: string }[] | null>>;
  };
}

const RULES: Readonly<Record<string, (container: Inspected) => boolean>> = {
  'does not run as root': ({ Config }) => /^[1-9]\d*(:\d+)?$/.test(Config.User),
  'has a read-only root': ({ HostConfig }) => HostConfig.ReadonlyRootfs,
  'has no capability': ({ HostConfig }) =>
    HostConfig.CapDrop?.includes('ALL') === true && (HostConfig.CapAdd ?? []).length === 0,
  'gains no privileges': ({ HostConfig }) =>
    HostConfig.SecurityOpt?.some((option) => /^no-new-privileges(:true)?$/.test(option)) === true &&
    !HostConfig.Privileged,
  'has a limit of memory': ({ HostConfig }) => HostConfig.Memory > 0,
  'has a limit of CPU': ({ HostConfig }) => HostConfig.NanoCpus > 0,
  'has a limit of processes': ({ HostConfig }) => (HostConfig.PidsLimit ?? 0) > 0,
  'has an init': ({ HostConfig }) => HostConfig.Init === true,
  'is restarted': ({ HostConfig }) => HostConfig.RestartPolicy.Name === 'unless-stopped',
  'rotates its log': ({ HostConfig }) => HostConfig.LogConfig.Config['max-size'] !== undefined,
  'is published on loopback alone': ({ NetworkSettings }) =>
    Object.values(NetworkSettings.Ports)
      .flatMap((ports) => ports ?? [])
      .every(({ HostIp }) => HostIp === '127.0.0.1'),
};

/** @throws Error that lists each container that breaks rules, and the rules */
export async function checkBounds(stack: Stack): Promise<string> {
  const faults: string[] = [];
  for (const service of SERVICES) {
    const id = await stack.container(service);
    const [inspected] = JSON.parse(await stack.docker('inspect', id)) as Inspected[];
    check(inspected !== undefined, `${service} is not there`);
    for (const [rule, holds] of Object.entries(RULES)) {
      if (!holds(inspected)) faults.push(`${service} not: ${rule}`);
    }
    // What the kernel reports for the service's process, or for its init.
    const status = await stack.docker('exec', id, 'cat', '/proc/1/status');
    if (!/^CapEff:\s*0+$/m.test(status)) faults.push(`${service} has capabilities in force`);
    if (!/^NoNewPrivs:\s*1$/m.test(status)) faults.push(`${service} may gain privileges`);
    if (!/^Uid:\s*[1-9]/m.test(status)) faults.push(`${service} runs as root`);
  }
  check(faults.length === 0, faults.join('; '));
  return `${SERVICES.length} containers, ${Object.keys(RULES).length + 3} rules each`;
}

/**
 * Checks the routes in the kernel's tables, without sending a packet. Only `app` may have a route out over a network
 * that masquerades. Services with a published port have one over a network that does not masquerade. All others only
 * have routes into networks that nothing can leave.
 */
export async function checkNetworks(stack: Stack): Promise<string> {
  const isMasked = masqueraded(await iptables('-t', 'nat', '-S', 'POSTROUTING'));
  const isIsolated = isolated(await iptables('-S'));
  const faults: string[] = [];
  const told: string[] = [];
  for (const service of SERVICES) {
    const id = await stack.container(service);
    const table = await stack.docker('exec', id, 'cat', '/proc/net/route');
    const ways = waysOut(table).filter((network) => !isIsolated(network));
    const open = ways.filter(isMasked);
    const wanted = service === 'app' ? 1 : 0;
    if (open.length !== wanted) faults.push(`${service} has ${open.length} ways out: ${open.join(', ')}`);
    const isPublished = PUBLISHED.includes(service);
    if (ways.length !== (isPublished ? 1 : 0)) faults.push(`${service} has the routes ${ways.join(', ')}`);
    if (isPublished) told.push(`${service} by ${ways.join(', ')}${open.length > 0 ? ', masqueraded' : ''}`);
  }
  check(faults.length === 0, faults.join('; '));
  return `${told.join('; ')}; ${SERVICES.length - told.length} others have no route`;
}

async function iptables(...words: readonly string[]): Promise<string> {
  const { code, text } = await run('iptables', words, process.env);
  check(code === 0, `iptables: ${text}`);
  return text;
}

/** Services with a published port. Each is on one network that is not internal. */
const PUBLISHED: readonly string[] = ['app', 'minio', 'nginx', 'prometheus'];
