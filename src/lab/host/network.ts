/**
 * The address plan of labs, and the `ip` commands for it. Every lab has a bridge and a /24 of 10.213.0.0/16 of its own, known
 * by its third octet. Hardware addresses are fixed and every neighbour entry is permanent: with ARP a dead VPS would answer
 * "no route to host" after three seconds, where across a WAN there is only silence.
 */

/** Third octets in use, found in the output of `ip addr` or `ip route`. */
export function octetsInUse(ipOutput: string): Set<number> {
  return new Set([...ipOutput.matchAll(/\b10\.213\.(\d{1,3})\.\d/g)].map((match) => Number(match[1])));
}

/** The lowest third octet that is not taken, or undefined when all 256 are. */
export function freeOctet(taken: ReadonlySet<number>): number | undefined {
  for (let octet = 0; octet < 256; octet++) if (!taken.has(octet)) return octet;
  return undefined;
}

/** Most VPSes of one lab: addresses .11 to .250. */
export const MAX_VPSES = 240;

export function bridgeName(octet: number): string {
  return `vzlab${octet}`;
}

/** The host's end of VPS `i`'s link. At most 15 characters, as the kernel asks. */
export function portName(octet: number, i: number): string {
  return `vzl${octet}-${i}`;
}

export function hostAddress(octet: number): string {
  return `10.213.${octet}.1`;
}

export function vpsAddress(octet: number, i: number): string {
  return `10.213.${octet}.${10 + i}`;
}

/** Locally administered; VPS 0 stands for the host's own end, the bridge. */
export function hardwareAddress(octet: number, i: number): string {
  const hex = (n: number) => n.toString(16).padStart(2, "0");
  return `02:76:7a:${hex(octet)}:00:${hex(i)}`;
}

function neighbour(octet: number, i: number, device: string): string {
  const address = i === 0 ? hostAddress(octet) : vpsAddress(octet, i);
  return `neigh replace ${address} lladdr ${hardwareAddress(octet, i)} nud permanent dev ${device}`;
}

/** Lines for `ip -batch`: the bridge. Fails where it exists already. */
export function addBridge(octet: number): string[] {
  const bridge = bridgeName(octet);
  return [`link add ${bridge} address ${hardwareAddress(octet, 0)} type bridge stp_state 0 forward_delay 0`];
}

/** Lines for `ip -batch`: the bridge's address, and what the host knows of its neighbours. Can be run again. */
export function configureBridge(octet: number, count: number): string[] {
  const bridge = bridgeName(octet);
  return [
    `link set ${bridge} addrgenmode none`,
    `addr replace ${hostAddress(octet)}/24 dev ${bridge}`,
    `link set ${bridge} up`,
    ...range(1, count).map((i) => neighbour(octet, i, bridge)),
  ];
}

/** Lines for `ip -batch`: VPS `i`'s link, from the host to the network namespace of process `pid`. */
export function addPort(octet: number, i: number, pid: number): string[] {
  const port = portName(octet, i);
  return [
    `link add ${port} type veth peer name eth0 address ${hardwareAddress(octet, i)} netns ${pid}`,
    `link set ${port} addrgenmode none`,
    `link set ${port} up`,
  ];
}

/** Lines for `ip -batch`: the link of VPS `i` where that is a machine: a tap device, which qemu opens by its name. */
export function addTap(octet: number, i: number): string[] {
  const port = portName(octet, i);
  return [`tuntap add dev ${port} mode tap`, `link set ${port} addrgenmode none`, `link set ${port} up`];
}

/** Lines for `ip -batch` in the namespace of VPS `i`: no default route, so that nothing leaves the lab. */
export function configureVps(octet: number, i: number, count: number): string[] {
  return [
    "link set lo up",
    "link set eth0 addrgenmode none",
    `addr add ${vpsAddress(octet, i)}/24 dev eth0`,
    "link set eth0 up",
    ...range(0, count)
      .filter((other) => other !== i)
      .map((other) => neighbour(octet, other, "eth0")),
  ];
}

/** `ip` arguments that plug VPS `i` in. */
export function plugIn(octet: number, i: number): string[] {
  return ["link", "set", portName(octet, i), "master", bridgeName(octet)];
}

/** `ip` arguments that cut VPS `i` off: the carrier stays, packets vanish both ways, open sessions stay open. */
export function plugOut(octet: number, i: number): string[] {
  return ["link", "set", portName(octet, i), "nomaster"];
}

/** Names among `links` that belong to the lab of `octet`, the bridge last. */
export function labLinks(octet: number, links: readonly string[]): string[] {
  const ports = links.filter((name) => new RegExp(`^vzl${octet}-[0-9]+$`).test(name));
  return links.includes(bridgeName(octet)) ? [...ports, bridgeName(octet)] : ports;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
