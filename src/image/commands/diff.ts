import type { Command } from "../../common/command/command.ts";
import { formatBytes, table } from "../../common/command/table.ts";
import { Status, VzError } from "../../common/errors.ts";
import { type Entry, insidePath, plainEntry } from "../../common/image/manifest.ts";
import { withImage } from "../../common/image/open.ts";
import { readManifest } from "../../common/image/read.ts";
import { printable } from "../../common/printable.ts";
import { quoteWords } from "../../common/shell-words.ts";
import { provenanceOf } from "../build/provenance.ts";
import { diffImages, type FileChange, type ImageDiff, type Side } from "../diff.ts";

interface Image extends Side {
  readonly file: string;
  readonly id: string;
}

export const diff: Command = {
  name: "vz image diff",
  summary: "tell what differs between two images",
  usage: ["vz image diff A B [--json]"],
  details:
    "Compares what the manifests say: name, command and origin, packages, and every file's type, mode, owner, " +
    "content and target. The last line is what a push of B costs where A is: the sizes of the objects that a slave with A " +
    "lacks. Ends with 0 where both are the same image, with 2 where they differ.",
  options: [{ name: "json", help: "say the same as one JSON object" }],
  examples: [
    {
      command: "vz image diff web-1.tar.gz web-2.tar.gz",
      does: "Shows what the new image brings and drops.",
    },
  ],
  async run(args, io) {
    const [fileA, fileB, ...more] = args.positional;
    if (fileA === undefined || fileB === undefined || more.length > 0) {
      throw new VzError(Status.usage, "vz image diff: takes two images", { hint: "vz help image diff" });
    }
    const [a, b] = [await open(fileA), await open(fileB)];
    const found = diffImages(a, b);
    io.out(args.flag("json") ? jsonOf(a, b, found) : pageOf(a, b, found, io.outColumns));
    return a.id === b.id ? Status.ok : Status.differs;
  },
};

async function open(file: string): Promise<Image> {
  const { manifest, id } = await withImage(file, readManifest);
  return { file, id, manifest, provenance: provenanceOf(manifest, file) };
}

function jsonOf(a: Image, b: Image, { facts, packages, files, send }: ImageDiff): string {
  const head = ({ file, id }: Image) => ({ file, id });
  const pair = <T>(change: { a: T | undefined; b: T | undefined }) => ({
    a: change.a ?? null,
    b: change.b ?? null,
  });
  const plain = (entry: Entry | undefined) => entry && plainEntry(entry);
  return `${JSON.stringify({
    a: head(a),
    b: head(b),
    facts: facts.map((fact) => ({ key: fact.key, ...pair(fact) })),
    packages: packages.map((one) => ({ name: one.name, architecture: one.architecture, ...pair(one) })),
    files: files.map(({ path, what, ...of }) => ({
      path,
      what,
      ...pair({ a: plain(of.a), b: plain(of.b) }),
    })),
    send,
  })}\n`;
}

function pageOf(a: Image, b: Image, { facts, packages, files, send }: ImageDiff, columns?: number): string {
  const head = [a, b].map(({ file, id }, i) => `${"AB"[i]}  ${id}  ${printable(file)}\n`).join("");
  if (a.id === b.id) return `${head}\nthe same image\n`;
  const part = (header: string[], rows: string[][]) =>
    rows.length === 0 ? "" : `\n${table(header, rows, columns)}`;
  const count = (test: (change: FileChange) => boolean) => files.filter(test).length;
  const added = count((change) => change.a === undefined);
  const removed = count((change) => change.b === undefined);
  return [
    head,
    part(
      ["FACT", "A", "B"],
      facts.map((fact) => [fact.key, wordsOf(fact.a), wordsOf(fact.b)]),
    ),
    part(
      ["PACKAGE", "A", "B"],
      packages.map((one) => [`${one.name}:${one.architecture}`, one.a ?? "-", one.b ?? "-"]),
    ),
    part(
      ["", "FILE", "A", "B", "CHANGED"],
      files.map((change) => [
        change.a === undefined ? "+" : change.b === undefined ? "-" : "~",
        insidePath(change.path),
        sizeOf(change.a),
        sizeOf(change.b),
        changeOf(change),
      ]),
    ),
    `\n${added} added, ${removed} removed, ${files.length - added - removed} changed\n`,
    `objects of B that a slave with A lacks: ${send.objects}, ${formatBytes(send.bytes)}\n`,
  ].join("");
}

function wordsOf(fact: unknown): string {
  if (Array.isArray(fact)) return quoteWords(fact.map(String));
  if (typeof fact === "object" && fact !== null && "name" in fact) return String(fact.name);
  return String(fact ?? "-");
}

function sizeOf(entry: Entry | undefined): string {
  if (entry === undefined) return "-";
  return entry.type === "file" ? formatBytes(entry.size) : entry.type;
}

/** "mode 0644 -> 0755, content" */
function changeOf({ a, b, what }: FileChange): string {
  if (a === undefined || b === undefined) return "";
  const [was, is] = [textsOf(a), textsOf(b)];
  return what.map((key) => (was[key] === undefined ? key : `${key} ${was[key]} -> ${is[key]}`)).join(", ");
}

function textsOf(entry: Entry): Readonly<Record<string, string>> {
  return {
    mode: entry.mode.toString(8).padStart(4, "0"),
    owner: `${entry.uid}:${entry.gid}`,
    ...(entry.type === "symlink" ? { target: entry.target } : {}),
    ...("major" in entry ? { device: `${entry.major}:${entry.minor}` } : {}),
  };
}
