import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "../../../../src/common/oci/oci.ts";
import {
  type DefaultConfigOptions,
  defaultConfig,
} from "../../../../src/slave/runch/config/default-config.ts";
import { parseMountOptions } from "../../../../src/slave/runch/mounts/options.ts";

const PROFILES: Readonly<Record<string, DefaultConfigOptions>> = {
  default: { unified: false },
  unified: { unified: true },
  rootless: { unified: false, rootless: { uid: 1000, gid: 100 } },
  chroot: { unified: false, isolation: "chroot" },
};

function read(options: DefaultConfigOptions) {
  return readConfig(JSON.stringify(defaultConfig(options)));
}

test("every profile is a document that runch itself reads, with no field that the specification lacks", () => {
  for (const [name, options] of Object.entries(PROFILES)) {
    const { config, unknown } = read(options);
    assert.deepEqual(unknown, [], name);
    for (const { destination, options: words = [] } of config.mounts ?? [])
      parseMountOptions(words, destination);
  }
});

test("a cgroup namespace is asked for where cgroups are unified", () => {
  const types = (options: DefaultConfigOptions) =>
    read(options).config.linux?.namespaces?.map((one) => one.type);
  assert.deepEqual(types({ unified: false }), ["pid", "network", "ipc", "uts", "mount"]);
  assert.deepEqual(types({ unified: true }), ["pid", "network", "ipc", "uts", "mount", "cgroup"]);
});

test("the rootless profile maps the caller alone, and asks for nothing that takes another id", () => {
  const { config } = read({ unified: false, rootless: { uid: 1000, gid: 100 } });
  assert.deepEqual(config.linux?.uidMappings, [{ containerID: 0, hostID: 1000, size: 1 }]);
  assert.deepEqual(config.linux?.gidMappings, [{ containerID: 0, hostID: 100, size: 1 }]);
  assert.ok(config.linux?.namespaces?.some((one) => one.type === "user"));
  assert.ok(!config.linux?.namespaces?.some((one) => one.type === "network"));
  assert.ok(
    !(config.mounts ?? []).flatMap((mount) => mount.options ?? []).some((word) => /^[ug]id=/.test(word)),
  );
  assert.equal(config.linux?.resources, undefined);
});

test("the chroot profile asks for nothing that takes a namespace or a mount, and says its isolation", () => {
  const { config } = read({ unified: false, isolation: "chroot" });
  for (const field of ["hostname", "mounts", "linux"] as const) assert.equal(config[field], undefined, field);
  assert.equal(config.root?.readonly ?? false, false);
  assert.equal(config.process?.terminal, false);
  assert.deepEqual(config.annotations, { "vz.isolation": "chroot" });
});
