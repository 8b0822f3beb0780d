import assert from "node:assert/strict";
import { test } from "node:test";
import { playbookEnvironment } from "../../../src/master/ansible/environment.ts";
import { readEvent } from "../../../src/master/ansible/events.ts";
import { inventory, inventoryList, verbVariables } from "../../../src/master/ansible/inventory.ts";
import { parseFleet } from "../../../src/master/fleet/fleet.ts";

const fleet = parseFleet(
  `fleet: f
ssh: {key: /root.key}
hosts:
  a: {address: h1, port: 2222, vendor: my-vendor}
  b: {address: h2, vendor: other}
`,
  "/srv/fleet.yaml",
  "/root",
);

test("an inventory names the hosts that are asked for, with the key that is asked for", () => {
  assert.deepEqual(
    inventory(fleet, fleet.hosts.slice(0, 1), "/k", (host) => ({ x: host.name })),
    {
      all: {
        hosts: {
          a: {
            ansible_host: "h1",
            ansible_port: 2222,
            ansible_user: "root",
            ansible_ssh_private_key_file: "/k",
            vz_vendor: "my-vendor",
            x: "a",
          },
        },
      },
    },
  );
});

test("the dynamic inventory groups hosts by vendor, and tells all variables at once", () => {
  const listed = inventoryList(fleet) as Record<string, unknown>;
  assert.deepEqual(listed["all"], { children: ["ungrouped", "vendor_my_vendor", "vendor_other"] });
  assert.deepEqual(listed["vendor_my_vendor"], { hosts: ["a"] });
  assert.deepEqual(Object.keys((listed["_meta"] as { hostvars: object }).hostvars), ["a", "b"]);
});

test("the words of a verb hold nothing that Ansible could take for a template", () => {
  const { vz_actions } = verbVariables([
    { name: "start x", words: ["start", "x", "--env=A={{ lookup('pipe', 'id') }}"] },
  ]);
  assert.ok(Array.isArray(vz_actions));
  const [{ name, argv }] = vz_actions;
  assert.equal(name, "start x");
  assert.match(argv, /^[A-Za-z0-9+/=]+$/);
  assert.deepEqual(JSON.parse(Buffer.from(argv, "base64").toString()), [
    "vzexec",
    "start",
    "x",
    "--env=A={{ lookup('pipe', 'id') }}",
  ]);
});

test("Ansible runs with our settings and none of the operator's", () => {
  const env = playbookEnvironment(
    { PATH: "/bin", HOME: "/h", ANSIBLE_SSH_ARGS: "-C", ANSIBLE_CONFIG: "/evil", LC_ALL: "C", SECRET: "s" },
    { files: "/cache", scratch: "/scratch", knownHosts: "/k h", ssh: {} },
  );
  assert.equal(env["ANSIBLE_CONFIG"], "/cache/ansible.cfg");
  assert.equal(env["LC_ALL"], "C.UTF-8");
  assert.equal(env["ANSIBLE_SSH_USETTY"], "no");
  assert.equal(env["SECRET"], undefined);
  assert.equal(env["PATH"], "/bin");
  const args = env["ANSIBLE_SSH_ARGS"] ?? "";
  assert.match(args, /^-F none /);
  assert.match(args, / -o 'UserKnownHostsFile="\/k h"' /);
  assert.match(args, / -o ControlMaster=no -o ControlPath=none /);
  assert.doesNotMatch(args, / -C\b/);
});

test("an event is read, and whatever else Ansible prints is none", () => {
  const event = {
    event: "failed",
    host: "a",
    task: "slave : x",
    tags: ["daily_key"],
    item: 0,
    ignored: false,
    changed: false,
    changes: [],
    rc: 1,
    stdout: "",
    stderr: "vz: no",
    msg: "",
    hint: "",
  };
  assert.deepEqual(readEvent(JSON.stringify(event)), event);
  assert.deepEqual(readEvent('{"event":"start","host":"a","task":"t"}'), {
    event: "start",
    host: "a",
    task: "t",
  });
  for (const line of ["[WARNING]: x", "", "{", '{"event":"failed"}', '{"event":"other"}']) {
    assert.equal(readEvent(line), undefined, line);
  }
});
