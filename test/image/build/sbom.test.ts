import assert from "node:assert/strict";
import { test } from "node:test";
import { formatManifest, type Manifest, type Provenance } from "../../../src/common/image/manifest.ts";
import { billOfMaterials } from "../../../src/image/build/sbom.ts";
import { directory, ENTRIES, file, manifestOf, PROVENANCE, sha256 } from "../../common/image/sample.ts";

type Json = Record<string, unknown>;

function billOf(manifest: Manifest, provenance?: Provenance, created?: string): Json {
  const bytes = Buffer.from(formatManifest(manifest));
  const bill = billOfMaterials(
    { manifest, bytes, id: `sha256:${sha256(bytes)}` },
    provenance,
    "1.2.3",
    created,
  );
  checkBill(bill);
  return JSON.parse(JSON.stringify(bill));
}

/** The keys that the schema of CycloneDX 1.5 allows in what is written here; all refuse any other. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  bom: ["$schema", "bomFormat", "specVersion", "serialNumber", "version", "metadata", "components"],
  metadata: ["timestamp", "lifecycles", "tools", "component"],
  component: ["bom-ref", "type", "name", "version", "description", "hashes", "purl"],
};
const TYPES = ["application", "container", "operating-system", "library", "file"];

/** What the JSON schema of CycloneDX 1.5 asks for. */
function checkBill(bill: Json): void {
  const only = (value: object, kind: string) => {
    for (const key of Object.keys(value)) assert.ok(KEYS[kind]?.includes(key), `${kind}: ${key}`);
  };
  const plain: Json = JSON.parse(JSON.stringify(bill));
  only(plain, "bom");
  assert.equal(plain["$schema"], "http://cyclonedx.org/schema/bom-1.5.schema.json");
  assert.equal(plain["bomFormat"], "CycloneDX");
  assert.equal(plain["specVersion"], "1.5");
  assert.equal(plain["version"], 1);
  const uuid = /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  assert.match(String(plain["serialNumber"]), uuid);
  const { metadata, components } = JSON.parse(JSON.stringify(bill));
  only(metadata, "metadata");
  if (metadata.timestamp !== undefined) assert.match(metadata.timestamp, /^\d{4}(-\d\d){2}T\d\d(:\d\d){2}Z$/);
  const all: Json[] = [metadata.component, ...metadata.tools.components, ...components];
  for (const one of all) {
    only(one, "component");
    assert.ok(TYPES.includes(String(one["type"])));
    assert.ok(typeof one["name"] === "string");
    for (const key of ["version", "description", "bom-ref", "purl"]) {
      if (key in one) assert.ok(typeof one[key] === "string" && one[key] !== "");
    }
  }
  const refs = all.flatMap((one) => ("bom-ref" in one ? [one["bom-ref"]] : []));
  assert.equal(new Set(refs).size, refs.length, "each bom-ref is there once");
  assert.equal(new Set(components.map((one: Json) => JSON.stringify(one))).size, components.length);
}

function componentsOf(bill: Json, type: string): Json[] {
  const components: Json[] = JSON.parse(JSON.stringify(bill["components"]));
  return components.filter((one) => one["type"] === type);
}

test("every regular file below the root is a component with its SHA-256, and nothing else is", () => {
  assert.deepEqual(billOf(manifestOf(ENTRIES))["components"], [
    { type: "file", name: "/bin/hello", hashes: [{ alg: "SHA-256", content: sha256("hello\n") }] },
    { type: "file", name: "/etc/motd", hashes: [{ alg: "SHA-256", content: sha256("welcome\n") }] },
  ]);
});

test("the system and its packages are components, packages with their URLs by the purl specification", () => {
  const bill = billOf(manifestOf(ENTRIES), PROVENANCE);
  assert.deepEqual(componentsOf(bill, "operating-system"), [
    {
      type: "operating-system",
      name: "debian",
      version: "12",
      description: "Debian GNU/Linux 12 (bookworm)",
    },
  ]);
  const [hello, ...more] = componentsOf(bill, "library");
  // "+" is escaped, ":" and "~" are not; the qualifiers are sorted.
  const purl = "pkg:deb/debian/hello@1:2.10-3%2Bb1~x?arch=i386&distro=debian-12";
  assert.deepEqual(hello, {
    "bom-ref": purl,
    type: "library",
    name: "hello",
    version: "1:2.10-3+b1~x",
    purl,
  });
  assert.deepEqual(
    more.map((one) => one["purl"]),
    [
      "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12",
      "pkg:deb/debian/libc6@2.36-9?arch=i386&distro=debian-12",
    ],
  );
});

test("the distribution is in a package's URL; one of an unknown host is Debian's", () => {
  const urlOf = (host: Provenance["host"]) =>
    componentsOf(billOf(manifestOf(ENTRIES), { ...PROVENANCE, host }), "library")[1]?.["purl"];
  assert.equal(urlOf(null), "pkg:deb/debian/libc6@2.36-9?arch=amd64");
  const alpine = { id: "alpine", version: "3.20.3", name: "Alpine Linux v3.20" };
  assert.equal(urlOf(alpine), "pkg:apk/alpine/libc6@2.36-9?arch=amd64&distro=alpine-3.20.3");
  const sid = { id: "debian", version: "", name: "Debian GNU/Linux trixie/sid" };
  assert.equal(urlOf(sid), "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian");
});

test("the bill is named after the image and dated as it is: the same image gives the same bill", () => {
  const manifest = manifestOf(ENTRIES);
  const bill = billOf(manifest, PROVENANCE);
  assert.deepEqual(bill, billOf(manifest, PROVENANCE));
  const { metadata }: { metadata?: { timestamp?: string; component: Json } } = bill;
  assert.ok(metadata !== undefined && !("timestamp" in metadata));
  assert.equal(metadata.component["version"], `sha256:${sha256(formatManifest(manifest))}`);
  assert.notEqual(billOf({ ...manifest, name: "other" })["serialNumber"], bill["serialNumber"]);
  const dated: { metadata?: { timestamp?: string } } = billOf(manifest, undefined, "2026-01-02T03:04:05Z");
  assert.equal(dated.metadata?.timestamp, "2026-01-02T03:04:05Z");
});

test("a name that is not UTF-8 stands in the bill as in the archive", () => {
  const bill = billOf(manifestOf([directory("rootfs"), file("rootfs/caf\udce9", "")]));
  assert.deepEqual(
    componentsOf(bill, "file").map((one) => one["name"]),
    ["/caf\\xe9"],
  );
});
