/**
 * The bill of materials of an image, as CycloneDX 1.5 JSON (cyclonedx.org/docs/1.5/json). Not SPDX 2.3: that asks for a SHA-1
 * of every file, which no manifest has. The same image gives the same bytes.
 */
import { archiveName } from "../../common/image/file-names.ts";
import {
  CONFIG_NAME,
  type FileEntry,
  insidePath,
  type PackageVersion,
  type Provenance,
} from "../../common/image/manifest.ts";
import type { ImageHead } from "../../common/image/read.ts";

/** @param vz the version of the program that writes it */
export function billOfMaterials(
  { id, manifest }: ImageHead,
  provenance: Provenance | undefined,
  vz: string,
  created: string | undefined,
): Record<string, unknown> {
  const host = provenance?.host ?? null;
  const files = manifest.files.filter(
    (entry): entry is FileEntry => entry.type === "file" && entry.path !== CONFIG_NAME,
  );
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.5.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    serialNumber: `urn:uuid:${uuidOf(id)}`,
    version: 1,
    metadata: {
      timestamp: created,
      lifecycles: [{ phase: "post-build" }],
      tools: { components: [{ type: "application", name: "vz", version: vz }] },
      component: { "bom-ref": id, type: "container", name: manifest.name, version: id },
    },
    components: [
      ...(host === null ? [] : [systemOf(host)]),
      ...(provenance?.packages ?? []).map((one) => packageOf(one, host)),
      ...files.map((entry) => ({
        type: "file",
        name: archiveName(insidePath(entry.path)),
        hashes: [{ alg: "SHA-256", content: entry.sha256 }],
      })),
    ],
  };
}

type Host = NonNullable<Provenance["host"]>;

function systemOf({ id, version, name }: Host): Record<string, unknown> {
  return {
    type: "operating-system",
    name: id || name || "unknown",
    version: version || undefined,
    description: name || undefined,
  };
}

function packageOf(one: PackageVersion, host: Host | null): Record<string, unknown> {
  const purl = purlOf(one, host);
  return { "bom-ref": purl, type: "library", name: one.name, version: one.version, purl };
}

/** Distributions with apk's packages; all others that a provenance tells of have dpkg's. */
const APK = /^(alpine|chainguard|postmarketos|wolfi)$/;

/** The package's name by the purl specification: vendor is the distribution, and the qualifiers are sorted. */
function purlOf({ name, version, architecture }: PackageVersion, host: Host | null): string {
  const vendor = host?.id || "debian";
  const release = host === null ? "" : `&distro=${escaped([vendor, host.version].filter(Boolean).join("-"))}`;
  return `pkg:${APK.test(vendor) ? "apk" : "deb"}/${escaped(vendor.toLowerCase())}/${escaped(name.toLowerCase())}@${escaped(version)}?arch=${escaped(architecture)}${release}`;
}

/** Escapes as in a URL, except for the colon, as the purl specification has it. */
function escaped(text: string): string {
  return encodeURIComponent(text).replace(/%3A/g, ":");
}

/** A UUID of version 8 (RFC 9562, section 5.8: of one's own making) out of the first digits of an image's id. */
function uuidOf(id: string): string {
  const hex = id.slice("sha256:".length);
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join("-");
}
