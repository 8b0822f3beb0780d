/** Ansible's inventories of a fleet: with the root key for `deploy`, with the daily key for all else. Pure. */
import type { Fleet, Host } from "../fleet/fleet.ts";

type Variables = Record<string, unknown>;

function hostVariables(fleet: Fleet, host: Host, key: string): Variables {
  return {
    ansible_host: host.address,
    ansible_port: host.port,
    ansible_user: fleet.user,
    ansible_ssh_private_key_file: key,
    vz_vendor: host.vendor,
  };
}

/** As a static inventory file (YAML's shape, which JSON has too). `extra` gives a host more variables. */
export function inventory(
  fleet: Fleet,
  hosts: readonly Host[],
  key: string,
  extra: (host: Host) => Variables = () => ({}),
): unknown {
  const entries = hosts.map(
    (host) => [host.name, { ...hostVariables(fleet, host, key), ...extra(host) }] as const,
  );
  return { all: { hosts: Object.fromEntries(entries) } };
}

/** What a dynamic inventory answers to `--list`; with `_meta`, so that Ansible asks once and not once a host. */
export function inventoryList(fleet: Fleet): unknown {
  const vendors = [...new Set(fleet.hosts.map((host) => host.vendor))];
  const groups = vendors.map((vendor) => {
    const hosts = fleet.hosts.filter((host) => host.vendor === vendor).map((host) => host.name);
    return [groupName(vendor), { hosts }] as const;
  });
  const variables = fleet.hosts.map(
    (host) => [host.name, hostVariables(fleet, host, fleet.rootKey)] as const,
  );
  return {
    all: { children: ["ungrouped", ...groups.map(([name]) => name)] },
    ...Object.fromEntries(groups),
    _meta: { hostvars: Object.fromEntries(variables) },
  };
}

/** Ansible takes letters, digits and "_" in a group's name. */
function groupName(vendor: string): string {
  return `vendor_${vendor.replace(/[^A-Za-z0-9_]/g, "_")}`;
}

/** One verb of vzexec for `ansible/apply.yml`. */
export interface VerbAction {
  /** For people. */
  readonly name: string;
  /** Words of the command, without `vzexec`. */
  readonly words: readonly string[];
}

/** The host variable that `ansible/apply.yml` reads. */
export function verbVariables(actions: readonly VerbAction[]): Variables {
  const encoded = actions.map(({ name, words }, id) => ({
    id,
    name,
    argv: Buffer.from(JSON.stringify(["vzexec", ...words])).toString("base64"),
  }));
  return { vz_actions: encoded };
}
