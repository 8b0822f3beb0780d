import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addPort,
  bridgeName,
  configureBridge,
  configureVps,
  freeOctet,
  hardwareAddress,
  labLinks,
  MAX_VPSES,
  octetsInUse,
  plugIn,
  plugOut,
  portName,
  vpsAddress,
} from "../../../src/lab/host/network.ts";

test("octets in use are those of addresses and routes of 10.213.0.0/16 and no other", () => {
  const output = [
    "2: eth0    inet 10.2.213.7/24 brd 10.2.213.255 scope global eth0",
    "3: vzlab0    inet 10.213.0.1/24 scope global vzlab0",
    "10.213.17.0/24 dev tun0 scope link",
    "110.213.5.1 dev eth0",
  ].join("\n");
  assert.deepEqual([...octetsInUse(output)].sort(), [0, 17]);
});

test("the lowest free octet is chosen, and there are 256", () => {
  assert.equal(freeOctet(new Set([0, 1, 3])), 2);
  assert.equal(freeOctet(new Set(Array.from({ length: 256 }, (_, i) => i))), undefined);
});

test("names of links fit the kernel's 15 characters and addresses their /24, at the far end too", () => {
  assert.ok(portName(255, MAX_VPSES).length <= 15);
  assert.ok(bridgeName(255).length <= 15);
  assert.equal(vpsAddress(255, MAX_VPSES), "10.213.255.250");
});

test("no two ends of any two labs have one hardware address, and all are local unicast", () => {
  const seen = new Set<string>();
  for (const octet of [0, 1, 16, 255])
    for (let i = 0; i <= MAX_VPSES; i++) seen.add(hardwareAddress(octet, i));
  assert.equal(seen.size, 4 * (MAX_VPSES + 1));
  for (const address of seen) assert.match(address, /^02(:[0-9a-f]{2}){5}$/);
});

test("the host knows each VPS without asking", () => {
  const lines = configureBridge(4, 2);
  assert.ok(lines.includes("neigh replace 10.213.4.11 lladdr 02:76:7a:04:00:01 nud permanent dev vzlab4"));
  assert.ok(lines.includes("neigh replace 10.213.4.12 lladdr 02:76:7a:04:00:02 nud permanent dev vzlab4"));
  assert.ok(lines.includes("addr replace 10.213.4.1/24 dev vzlab4"));
});

test("a VPS knows the host and the others but not itself, and has no default route", () => {
  const lines = configureVps(4, 2, 3);
  const known = lines.flatMap((line) => /^neigh replace (\S+)/.exec(line)?.[1] ?? []);
  assert.deepEqual(known, ["10.213.4.1", "10.213.4.11", "10.213.4.13"]);
  assert.ok(lines.includes("addr add 10.213.4.12/24 dev eth0"));
  assert.ok(!lines.some((line) => line.includes("route")));
});

test("a VPS's link has its fixed address and goes to the process's namespace", () => {
  assert.equal(
    addPort(4, 2, 77)[0],
    "link add vzl4-2 type veth peer name eth0 address 02:76:7a:04:00:02 netns 77",
  );
});

test("cut takes the port from the bridge without taking it down, mend gives it back", () => {
  assert.deepEqual(plugOut(4, 2), ["link", "set", "vzl4-2", "nomaster"]);
  assert.deepEqual(plugIn(4, 2), ["link", "set", "vzl4-2", "master", "vzlab4"]);
});

test("a lab's links are found among all, another lab's are not, and the bridge is last", () => {
  const links = ["lo", "vzlab1", "vzlab11", "vzl1-1", "vzl1-12", "vzl11-1", "vzl1-x", "eth0"];
  assert.deepEqual(labLinks(1, links), ["vzl1-1", "vzl1-12", "vzlab1"]);
  assert.deepEqual(labLinks(2, links), []);
});
