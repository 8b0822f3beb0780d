/**
 * Interpreters that binfmt_misc starts: the kernel opens them itself, so that no trace shows them. See
 * Documentation/admin-guide/binfmt-misc.rst of the kernel.
 */

import { toFs } from "../../common/byte-strings.ts";
import { printable } from "../../common/printable.ts";
import { HostFiles } from "../elf/host-files.ts";
import type { Selection } from "../names/selection.ts";
import { baseOf, Walker } from "../names/walk.ts";

export interface Format {
  readonly interpreter: string;
  /** Ending of names, with its dot; undefined where the file's first bytes decide. */
  readonly extension: string | undefined;
  readonly offset: number;
  /** Byte strings of the same length. */
  readonly magic: string;
  readonly mask: string;
}

/** How the kernel's entries are read. */
export interface BinfmtEntries {
  text(path: string): string | null;
  list(directory: string): string[];
}

export const BINFMT = "/proc/sys/fs/binfmt_misc";
/** Only within these first bytes does the kernel look (BINPRM_BUF_SIZE). */
const HEAD = 256;

/** Reads an entry; undefined where it is disabled, or kept open by the kernel (flag F), so that no root needs its file. */
export function parseFormat(text: string): Format | undefined {
  const field = (name: string) => new RegExp(`^${name}:? (.*)$`, "m").exec(text)?.[1];
  const interpreter = field("interpreter");
  if (!/^enabled$/m.test(text) || interpreter === undefined || field("flags")?.includes("F"))
    return undefined;
  const magic = bytesOf(field("magic") ?? "");
  const mask = bytesOf(field("mask") ?? "") || "\xff".repeat(magic.length);
  const extension = field("extension");
  if (extension === undefined && (magic === "" || mask.length !== magic.length)) return undefined;
  return { interpreter, extension, offset: Number(field("offset") ?? 0), magic, mask };
}

function bytesOf(hex: string): string {
  return Buffer.from(hex, "hex").toString("latin1");
}

/** @param head first bytes of the file */
export function isOf(format: Format, name: string, head: string): boolean {
  if (format.extension !== undefined) return baseOf(name).endsWith(format.extension);
  if (head.length < format.offset + format.magic.length) return false;
  for (let i = 0; i < format.magic.length; i++) {
    const differs = head.charCodeAt(format.offset + i) ^ format.magic.charCodeAt(i);
    if ((differs & format.mask.charCodeAt(i)) !== 0) return false;
  }
  return true;
}

/**
 * Each of these executed files that binfmt_misc started, with its interpreter.
 * @param headOf first bytes of a file
 */
export function binfmtInterpreters(
  executed: Iterable<string>,
  entries: BinfmtEntries,
  headOf: (path: string) => string,
): Map<string, string> {
  const found = new Map<string, string>();
  const names = entries.list(BINFMT).filter((name) => name !== "register" && name !== "status");
  const formats = names.flatMap((name) => parseFormat(entries.text(`${BINFMT}/${name}`) ?? "") ?? []);
  if (formats.length === 0) return found;
  for (const path of executed) {
    const head = headOf(path);
    const format = formats.find((one) => isOf(one, path, head));
    if (format !== undefined) found.set(path, format.interpreter);
  }
  return found;
}

/** Adds these interpreters, and says that the kernel where the files are to run must know them as well. */
export function addBinfmtInterpreters(
  selection: Selection,
  files: Pick<HostFiles, "part">,
  say: (line: string) => void,
): void {
  const kernel = new HostFiles(new Walker());
  const headOf = (path: string) => files.part(path, 0, HEAD);
  for (const [path, interpreter] of binfmtInterpreters(selection.executed, kernel, headOf)) {
    const real = selection.add(interpreter);
    if (real !== undefined) selection.executed.add(real);
    say(`${printable(toFs(path))} is run by binfmt_misc, which has to know it where it is to run`);
  }
}
