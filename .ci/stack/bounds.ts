/** What the engine really enforces on each container and network. */

import { SERVICES, type Stack } from './stack.ts';
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
    readonly Networks: Readonly<Record<string, unknown>>;
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

/** @throws Error that lists each container and the rules it breaks */
export async function checkBounds(stack: Stack): Promise<string> {
  const faults: string[] = [];
  for (const service of SERVICES) {
    const id = await stack.container(service);
    const [inspected] = JSON.parse(await stack.docker('inspect', id)) as Inspected[];
    check(inspected !== undefined, `${service} is not there`);
    for (const [rule, holds] of Object.entries(RULES)) {
      if (!holds(inspected)) faults.push(`${service} not: ${rule}`);
    }
    // The kernel's own word for the process that is the service, or for its init.
    const status = await stack.docker('exec', id, 'cat', '/proc/1/status');
    if (!/^CapEff:\s*0+$/m.test(status)) faults.push(`${service} has capabilities in force`);
    if (!/^NoNewPrivs:\s*1$/m.test(status)) faults.push(`${service} may gain privileges`);
    if (!/^Uid:\s*[1-9]/m.test(status)) faults.push(`${service} runs as root`);
  }
  check(faults.length === 0, faults.join('; '));
  return `${SERVICES.length} containers, ${Object.keys(RULES).length + 3} rules each`;
}

/** Only `app` is on a network with a way out; the others' networks are internal, or publish a port and no more. */
export async function checkNetworks(stack: Stack): Promise<string> {
  const faults: string[] = [];
  const names = new Set<string>();
  for (const service of SERVICES) {
    const [inspected] = JSON.parse(
      await stack.docker('inspect', await stack.container(service)),
    ) as Inspected[];
    for (const name of Object.keys(inspected?.NetworkSettings.Networks ?? {})) {
      names.add(name);
      const [network] = JSON.parse(await stack.docker('network', 'inspect', name)) as {
        Internal: boolean;
        Options: Readonly<Record<string, string>>;
        Containers: Readonly<Record<string, unknown>>;
      }[];
      const isMasked = network?.Options['com.docker.network.bridge.enable_ip_masquerade'] !== 'false';
      const isWayOut = network?.Internal === false && isMasked;
      if (isWayOut !== (service === 'app' && name.endsWith('_outside')) && isWayOut)
        faults.push(`${service} has a way out by ${name}`);
    }
  }
  check(faults.length === 0, faults.join('; '));
  return `${names.size} networks`;
}
