/** A slave of a lab with `vz` on it, without the master: for tests of what runs on a slave. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quoteWords } from "../../src/common/shell-words.ts";
import { type Lab, okOutput, type Result } from "./lab.ts";
import { vzBinary } from "./machine.ts";

export class Slave {
  readonly lab: Lab;

  private constructor(lab: Lab) {
    this.lab = lab;
  }

  /** Puts dist/vz on the first VPS of `lab`, as `deploy` does. */
  static async installed(lab: Lab): Promise<Slave> {
    const slave = new Slave(lab);
    const install =
      "mkdir -p /usr/local/bin /var/lib/vz/upload/incoming && cat >/usr/local/bin/vz.new && cd /usr/local/bin && " +
      "chmod 755 vz.new && mv vz.new vz && ln -sf vz vzexec && ln -sf vz runch";
    await lab.sshOk(1, install, { input: readFileSync(vzBinary) });
    return slave;
  }

  /** Standard output of a shell command. */
  shell(command: string): Promise<string> {
    return this.lab.sshOk(1, command);
  }

  /** Runs a verb, any status. */
  run(...words: string[]): Promise<Result> {
    return this.lab.ssh(1, `vzexec ${quoteWords(words)}`);
  }

  async ok(...words: string[]): Promise<string> {
    return okOutput(words.join(" "), await this.run(...words));
  }

  async json<T>(...words: string[]): Promise<T> {
    return JSON.parse(await this.ok(...words, "--json")) as T;
  }

  /** Uploads an image and loads it; gives the LoadAnswer as text. */
  async load(image: Uint8Array): Promise<string> {
    await this.lab.sshOk(1, "cat >/var/lib/vz/upload/incoming/image.tar.gz", { input: image });
    return this.ok("load", "image.tar.gz", "--json");
  }
}

export interface ImageOptions {
  readonly args: readonly string[];
  /** User and group of the container; root when absent. */
  readonly uid?: number;
  readonly readonly?: boolean;
  /** A busybox of another architecture than this machine's. */
  readonly busybox?: Uint8Array;
  readonly mounts?: readonly object[];
}

/** An image of busybox. Its /etc/plain is a file that is no program. */
export function makeImage(
  name: string,
  { args, uid = 0, readonly = false, busybox, mounts = [] }: ImageOptions,
): Uint8Array {
  const directory = mkdtempSync(join(tmpdir(), "vz-image-"));
  try {
    const bundle = join(directory, name);
    for (const part of ["bin", "etc", "data", "tmp"])
      mkdirSync(join(bundle, "rootfs", part), { recursive: true });
    const bin = join(bundle, "rootfs/bin");
    if (busybox === undefined) cpSync("/bin/busybox", join(bin, "busybox"), { dereference: true });
    else writeFileSync(join(bin, "busybox"), busybox);
    chmodSync(join(bin, "busybox"), 0o755);
    for (const applet of ["sh", "sleep", "cat", "setsid", "nc", "id"])
      symlinkSync("busybox", join(bin, applet));
    writeFileSync(join(bundle, "rootfs/etc/plain"), "no program\n", { mode: 0o644 });
    const config = {
      ociVersion: "1.0.2",
      root: { path: "rootfs", readonly },
      process: { args, cwd: "/", env: ["PATH=/bin", "GREETING=nobody"], user: { uid, gid: uid } },
      mounts,
    };
    writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
    const file = join(directory, `${name}.tar.gz`);
    execFileSync(vzBinary, ["image", "build", bundle, "-o", file], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    return readFileSync(file);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** @throws unless `result` is a refusal: a status that is neither success nor ssh's own, and a line that says so */
export function assertRefused(what: string, result: Result, ...statuses: number[]): void {
  assert.ok(statuses.includes(result.status), `${what}: status ${result.status}: ${result.stderr}`);
  assert.notEqual(result.stderr, "", what);
}
