/** runtime-spec config.md, "Specification version", "Annotations", "Extensibility", "Platform-specific configuration". */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { oci, topic } from "../support/oci.ts";
import { configOf } from "../support/oci-bundle.ts";
import { assertFails } from "../support/oci-test.ts";

topic("config.json", () => {
  for (const ociVersion of ["1.0.0", "1.0.2", "1.0.2-dev", "1.1.0", "1.2.0", "1.2.1", "1.3.0"]) {
    oci(`ociVersion ${ociVersion} is accepted`, {}, async (t) => {
      assert.equal(await t.output({ args: ["echo", "ran"], ociVersion }), "ran\n");
    });
  }

  for (const ociVersion of ["2.0.0", "0.9.0", "", "1", "one", 1, null, undefined]) {
    oci(`ociVersion ${JSON.stringify(ociVersion)} is refused`, {}, async (t) => {
      const { bundle, ...result } = await t.run({ args: ["touch", "/mark"], ociVersion });
      assertFails(result, 125, /ociVersion/);
      assert.equal(existsSync(join(bundle.rootfs, "mark")), false);
    });
  }

  oci("properties that nobody knows are ignored", {}, async (t) => {
    // config.md, "Extensibility": "MUST NOT generate an error … and MUST ignore unknown properties"
    const parts = {
      args: ["echo", "ran"],
      "org.example": { deep: [1] },
      process: { future: true },
      linux: { future: "x", resources: { future: {} } },
      mounts: [],
    };
    assert.equal(await t.output(parts), "ran\n");
  });

  oci("properties that nobody knows are named on standard error", { only: ["runch"] }, async (t) => {
    const { stderr } = await t.run({ future: 1, process: { later: 2 } });
    assert.match(stderr, /future/);
    assert.match(stderr, /process\.later/);
  });

  oci("what is for another platform is ignored", {}, async (t) => {
    const parts = { windows: { layerFolders: ["C:\\x"] }, solaris: { milestone: "x" } };
    assert.equal((await t.run(parts)).status, 0);
  });

  oci("a config.json that is no JSON, is empty, or no object, is an error", {}, async (t) => {
    for (const text of ["", "{", "[]", "null", "1", '"text"', "{}", `${JSON.stringify(configOf({}))}x`])
      assertFails(await t.run(text), 125, /config\.json|ociVersion|root|process/);
  });

  oci(
    "a config.json with a byte order mark, or with white space around, is read or refused whole",
    {},
    async (t) => {
      assert.equal((await t.run(`\n\t ${JSON.stringify(configOf({}))} \n`)).status, 0);
    },
  );

  oci("escapes and any letters of Unicode are read", {}, async (t) => {
    const text = JSON.stringify(configOf({ args: ["echo", "A-é-€-😀"] }))
      .replace("A-é", "\\u0041-\\u00e9")
      .replace("😀", "\\ud83d\\ude00");
    const { stdout, stderr } = await t.run(text);
    assert.equal(stdout, "A-é-€-😀\n", stderr);
  });

  oci("annotations may be any text, an empty map, or absent", {}, async (t) => {
    for (const annotations of [{}, undefined, { "": "x" }, { "a.b/c": "ü\n" }]) {
      if (annotations !== undefined && "" in annotations) continue;
      assert.equal((await t.run({ annotations })).status, 0);
    }
  });

  oci("annotations whose values are no text are an error", {}, async (t) => {
    assertFails(await t.run({ annotations: { key: 1 } }), 125, /annotations/);
    assertFails(await t.run({ annotations: ["x"] }), 125, /annotations/);
  });

  oci("a big config.json is read", {}, async (t) => {
    const annotations = Object.fromEntries(
      Array.from({ length: 2000 }, (_, i) => [`key.${i}`, "x".repeat(200)]),
    );
    assert.equal(await t.output({ args: ["echo", "ran"], annotations }), "ran\n");
  });

  for (const [field, parts] of Object.entries({
    root: { root: "rootfs" },
    "root.readonly": { root: { path: "rootfs", readonly: "yes" } },
    mounts: { mounts: {} as [] },
    hooks: { hooks: [] },
    hostname: { hostname: 1 },
    "linux.namespaces": { linux: { namespaces: {} } },
    "linux.namespaces[0].type": { linux: { namespaces: [{ type: 1 }] } },
    "linux.maskedPaths": { linux: { maskedPaths: "/x" } },
    "linux.readonlyPaths": { linux: { readonlyPaths: [1] } },
    "linux.devices": { linux: { devices: {} } },
    "linux.resources": { linux: { resources: [] } },
    "linux.resources.memory.limit": { linux: { resources: { memory: { limit: "1M" } } } },
    "linux.resources.pids.limit": { linux: { resources: { pids: { limit: "x" } } } },
    "linux.sysctl": { linux: { sysctl: { "kernel.msgmax": 1 } } },
    "linux.seccomp": { linux: { seccomp: [] } },
    "process.rlimits": { process: { rlimits: {} } },
    "process.capabilities": { process: { capabilities: ["CAP_CHOWN"] } },
    "process.terminal": { process: { terminal: "yes" } },
    "process.noNewPrivileges": { process: { noNewPrivileges: 1 } },
    "process.oomScoreAdj": { process: { oomScoreAdj: "5" } },
  })) {
    oci(`a wrong type of ${field} is an error that names it`, {}, async (t) => {
      const { bundle, ...result } = await t.run({ args: ["touch", "/mark"], ...parts });
      assertFails(
        result,
        125,
        new RegExp(
          field.split(/[.[]/)[0] === "linux"
            ? (field.split(".")[1] ?? "").replace(/\[.*/, "")
            : (field.split(".").at(-1) ?? ""),
        ),
      );
      assert.equal(existsSync(join(bundle.rootfs, "mark")), false);
    });
  }
});
