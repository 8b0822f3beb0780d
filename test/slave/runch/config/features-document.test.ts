import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "../../../../src/common/oci/oci.ts";
import { featuresDocument, grantedNames } from "../../../../src/slave/runch/config/features-document.ts";
import { parseMountOptions } from "../../../../src/slave/runch/mounts/options.ts";
import { capabilitySets } from "../../../../src/slave/runch/process/capabilities.ts";
import { Shortfalls } from "../../../../src/slave/runch/shortfalls.ts";

const document = JSON.parse(
  JSON.stringify(
    featuresDocument({
      version: "1.2.3",
      commit: "abc",
      seccomp: { enabled: true },
      kernel: { namespaces: "mount,uts" },
    }),
  ),
);

/** A config.json as small as the specification allows, with these fields. */
const config = (fields: object) => JSON.stringify({ ociVersion: "1.0.0", ...fields });

test("what is listed is recognized where it stands in config.json, as features.md demands", () => {
  for (const ociVersion of [document.ociVersionMin, document.ociVersionMax])
    readConfig(config({ ociVersion }));
  const hooks = Object.fromEntries(document.hooks.map((name: string) => [name, [{ path: "/bin/true" }]]));
  assert.deepEqual(readConfig(config({ hooks })).unknown, []);
  assert.equal(Object.keys(hooks).length, 6);
  const short = new Shortfalls("strict");
  capabilitySets({ bounding: document.linux.capabilities }, short);
  for (const option of document.mountOptions) {
    assert.equal(parseMountOptions([option], "mounts[0]").data, "", `${option} goes to the filesystem`);
  }
});

test("annotations are text, and what the kernel grants is among them", () => {
  for (const value of Object.values(document.annotations)) assert.equal(typeof value, "string");
  assert.equal(document.annotations["vz.kernel.namespaces"], "mount,uts");
  assert.equal(document.annotations["vz.version"], "1.2.3");
});

test("names of what is granted are sorted, and what is refused is left out", () => {
  assert.equal(grantedNames({ uts: null, time: "invalid argument", mount: null }), "mount,uts");
  assert.equal(grantedNames({}), "");
});
