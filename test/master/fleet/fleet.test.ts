import assert from "node:assert/strict";
import { test } from "node:test";
import { isVzError } from "../../../src/common/errors.ts";
import { chooseHosts, findService, parseFleet } from "../../../src/master/fleet/fleet.ts";
import { parseSize } from "../../../src/master/fleet/sizes.ts";

const whole = `fleet: example
ssh: {user: root, key: ~/.ssh/id_ed25519, known_hosts: hosts.txt}
hosts:
  web1: {address: 192.0.2.10, port: 2222, vendor: alpha, memory: 512M}
  10: {address: "2001:db8::1", vendor: beta}
services:
  hello:
    image: images/hello.tar.gz
    replicas: 2
    spread: vendor
    memory: 64M
    env: {GREETING: hi, PORT: 8080}
    volumes: ["data:/var/lib/data"]
    restart: never
    health: {tcp: 8080}
  pinned:
    image: [/abs/p.tar, images/p-amd64.tar]
    hosts: ["10", web1]
`;

test("the whole shape is read, with paths relative to the file and ~ expanded", () => {
  assert.deepEqual(parseFleet(whole, "/srv/fleet.yaml", "/home/op"), {
    name: "example",
    file: "/srv/fleet.yaml",
    stateDir: "/srv/.vz",
    user: "root",
    rootKey: "/home/op/.ssh/id_ed25519",
    dailyKey: "/srv/.vz/daily_ed25519",
    knownHosts: "/srv/hosts.txt",
    hosts: [
      { name: "web1", address: "192.0.2.10", port: 2222, vendor: "alpha", memory: 512 * 1024 * 1024 },
      { name: "10", address: "2001:db8::1", port: 22, vendor: "beta", memory: undefined },
    ],
    services: [
      {
        name: "hello",
        images: ["/srv/images/hello.tar.gz"],
        replicas: 2,
        hosts: undefined,
        memory: 64 * 1024 * 1024,
        env: { GREETING: "hi", PORT: "8080" },
        volumes: ["data:/var/lib/data"],
        restart: "never",
        healthPort: 8080,
      },
      {
        name: "pinned",
        images: ["/abs/p.tar", "/srv/images/p-amd64.tar"],
        replicas: undefined,
        hosts: ["10", "web1"],
        memory: null,
        env: {},
        volumes: [],
        restart: "always",
        healthPort: undefined,
      },
    ],
  });
});

const head = "fleet: x\nssh: {key: k}\nhosts:\n  a: {address: h, vendor: v}\n";

/** Text of a file; message; hint. */
const refused: readonly (readonly [title: string, text: string, message: string, hint?: string])[] = [
  [
    "an unknown key at the top",
    `${head}servces: {}\n`,
    "5:1: servces: unknown key",
    "did you mean services?",
  ],
  [
    "an unknown key of ssh",
    "fleet: x\nssh: {key: k, usr: r}\nhosts: {}\n",
    "2:15: ssh.usr: unknown key",
    "did you mean user?",
  ],
  [
    "an unknown key of a host",
    "fleet: x\nssh: {key: k}\nhosts:\n  a:\n    address: h\n    vendor: v\n    prot: 22\n",
    "7:5: hosts.a.prot: unknown key",
    "did you mean port?",
  ],
  [
    "an unknown key of a service",
    `${head}services:\n  s:\n    image: i\n    replica: 2\n`,
    "8:5: services.s.replica: unknown key",
    "did you mean replicas?",
  ],
  [
    "an unknown key of health",
    `${head}services: {s: {image: i, health: {http: 1}}}\n`,
    "5:35: services.s.health.http: unknown key",
    "known here: tcp",
  ],
  ["a key that objects are born with", `${head}constructor: 1\n`, "5:1: constructor: cannot be a name here"],
  ["a missing key", "fleet: x\nssh: {user: root}\nhosts: {}\n", "2:1: ssh: key is missing"],
  ["a missing section", "fleet: x\nssh: {key: k}\n", "1:1: hosts is missing"],
  ["an empty file", "", "1:1: not a map"],
  ["a list in the place of a map", "fleet: x\nssh: []\nhosts: {}\n", "2:1: ssh: not a map"],
  ["a number in the place of a map", "fleet: x\nssh: 5\nhosts: {}\n", "2:1: ssh: not a map"],
  ["no hosts", "fleet: x\nssh: {key: k}\nhosts: {}\n", "3:1: hosts: no hosts"],
  [
    "a port that is none",
    head.replace("vendor: v", "vendor: v, port: 0"),
    "4:30: hosts.a.port: not a port number: 1 to 65535",
  ],
  [
    "a size without a unit",
    head.replace("vendor: v", "vendor: v, memory: 512"),
    "4:30: hosts.a.memory: 512 is not a size: a number and K, M or G, as in 512M",
  ],
  [
    "an address that ssh would take for an option",
    head.replace("address: h", "address: -oProxyCommand=x"),
    "4:7: hosts.a.address: not a host name or address",
  ],
  [
    "a user that is an option",
    "fleet: x\nssh: {key: k, user: -l}\nhosts: {a: {address: h, vendor: v}}\n",
    "2:15: ssh.user: not a user name",
  ],
  [
    "a service on a host that is not there",
    `${head}services: {s: {image: i, hosts: [b]}}\n`,
    "5:34: services.s.hosts.0: b is not among the hosts",
    "did you mean a?",
  ],
  [
    "a service twice on a host",
    `${head}services: {s: {image: i, hosts: [a, a]}}\n`,
    "5:37: services.s.hosts.1: a is listed twice",
  ],
  [
    "hosts beside replicas",
    `${head}services: {s: {image: i, hosts: [a], replicas: 1}}\n`,
    "5:12: services.s: hosts and replicas exclude each other",
  ],
  ["an empty list of images", `${head}services: {s: {image: []}}\n`, "5:16: services.s.image: an empty list"],
  [
    "an image that is listed twice",
    `${head}services: {s: {image: [i/j, k, ./i//j]}}\n`,
    "5:32: services.s.image.2: is listed twice",
  ],
  [
    "an image that is neither a text nor a list",
    `${head}services: {s: {image: {i386: j}}}\n`,
    "5:16: services.s.image: not an image or a list of images",
  ],
  [
    "a list of images with something else in it",
    `${head}services: {s: {image: [i, 5]}}\n`,
    "5:27: services.s.image.1: not a text",
  ],
  ["an image without a name", `${head}services: {s: {image: [i, ""]}}\n`, "5:27: services.s.image.1: empty"],
  [
    "a volume that climbs",
    `${head}services: {s: {image: i, volumes: ["d:/a/../b"]}}\n`,
    "5:36: services.s.volumes.0: not NAME:/PATH, where NAME is a name and PATH has no '..'",
  ],
  [
    "two volumes at one place",
    `${head}services: {s: {image: i, volumes: ["d:/a", "e:/a"]}}\n`,
    "5:44: services.s.volumes.1: two volumes at one place",
  ],
  [
    "a variable that YAML takes for something else",
    `${head}services: {s: {image: i, env: {A: true}}}\n`,
    "5:32: services.s.env.A: neither a text nor a whole number: put it in quotes",
  ],
  [
    "a service's name that leaves no room for the number",
    `${head}services: {${"s".repeat(58)}: {image: i}}\n`,
    `5:12: services.${"s".repeat(58)}: longer than 57 characters`,
  ],
  ["a key given twice", `${head}fleet: y\n`, "5:1: Map keys must be unique"],
  [
    "text that is no YAML",
    "fleet: [\n",
    "2:1: Flow sequence in block collection must be sufficiently indented and end with a ]",
  ],
];

for (const [title, text, message, hint] of refused) {
  test(`${title} is an error with its place`, () => {
    assert.throws(
      () => parseFleet(text, "f.yaml", "/home/op"),
      (error: unknown) => {
        assert.ok(isVzError(error));
        assert.equal(error.message, `f.yaml:${message}`);
        assert.equal(error.hint, hint);
        assert.equal(error.status, 78);
        return true;
      },
    );
  });
}

test("a service that gives no number is one container", () => {
  assert.equal(parseFleet(`${head}services: {s: {image: i}}\n`, "f", "/").services[0]?.replicas, 1);
});

test("hosts are chosen by name in the order of the file, and all when none is named", () => {
  const fleet = parseFleet(whole, "f.yaml", "/");
  assert.deepEqual(
    chooseHosts(fleet, []).map((host) => host.name),
    ["web1", "10"],
  );
  assert.deepEqual(
    chooseHosts(fleet, ["10", "web1"]).map((host) => host.name),
    ["web1", "10"],
  );
});

test("a host or service that is not in the file is an error, never a silent nothing", () => {
  const fleet = parseFleet(whole, "f.yaml", "/");
  assert.throws(() => chooseHosts(fleet, ["web2"]), {
    message: "web2: no such host in f.yaml",
    hint: "did you mean web1?",
  });
  assert.throws(() => findService(fleet, "helo"), {
    message: "helo: no such service in f.yaml",
    hint: "did you mean hello?",
  });
});

test("sizes are numbers with a unit, powers of 1024", () => {
  const cases: readonly (readonly [string, number | undefined])[] = [
    ["64M", 67_108_864],
    ["1.5G", 1_610_612_736],
    ["512 MB", 536_870_912],
    ["4KiB", 4096],
    ["0M", undefined],
    ["512", undefined],
    ["-1M", undefined],
    ["1T", undefined],
    ["M", undefined],
    ["1e3M", undefined],
  ];
  for (const [text, bytes] of cases) assert.equal(parseSize(text), bytes, text);
});

const twice = (a: string, b: string) =>
  `fleet: f\nssh: {key: k}\nhosts:\n  a: {${a}, vendor: v}\n  b: {${b}, vendor: v}\n`;

test("two hosts with one address and port are refused: each would remove the other's containers", () => {
  assert.throws(() => parseFleet(twice("address: Vps.example", "address: vps.example"), "f.yaml", "/root"), {
    status: 78,
    message: "f.yaml:5:7: hosts.b.address: is that of a, with the same port",
  });
  const nat = parseFleet(twice("address: 192.0.2.1, port: 2201", "address: 192.0.2.1, port: 2202"), "f.yaml");
  assert.deepEqual(
    nat.hosts.map(({ name, port }) => [name, port]),
    [
      ["a", 2201],
      ["b", 2202],
    ],
  );
});

test("a host cannot be named as Ansible names a group of hosts", () => {
  const text = "fleet: f\nssh: {key: k}\nhosts:\n  all: {address: h, vendor: v}\n";
  assert.throws(() => parseFleet(text, "f.yaml", "/root"), {
    status: 78,
    message: "f.yaml:4:3: hosts.all: means a group of hosts: give it another name",
  });
});
