/** Hooks of config.json ("POSIX-platform Hooks" of the specification): programs of the operator, run at six moments. */
import * as sys from "vz:sys";
import { hasCode, reason } from "../../../common/errors.ts";
import { badConfig, count, list, object, text, texts } from "../../../common/oci/oci-read.ts";
import { failure } from "../../system/failure.ts";
import type { HookPart } from "../model.ts";
import { HOOK_KINDS, type HookKind } from "./kinds.ts";

const { WNOHANG, POLLOUT } = sys.constants;
const { SIGKILL } = sys.signals;

const hook = object({ path: text }, { args: texts, env: texts, timeout: count });
const hookList = list(hook);
const hooks = object(
  {},
  Object.fromEntries(HOOK_KINDS.map((kind) => [kind, hookList])) as Record<HookKind, typeof hookList>,
);

interface Hook {
  readonly at: string;
  readonly path: string;
  readonly args: readonly string[];
  /** That of runch where config.json says nothing, as with runc and crun. */
  readonly env: readonly string[];
  /** Seconds. */
  readonly timeout: number | undefined;
}

export class Hooks implements HookPart {
  readonly #hooks: ReturnType<typeof hooks>;

  /** @throws VzError 78 */
  constructor(value: unknown, unknown: string[]) {
    this.#hooks = hooks(value, "hooks", unknown);
    for (const kind of Object.keys(this.#hooks) as HookKind[]) this.#list(kind);
  }

  #list(kind: HookKind): Hook[] {
    return (this.#hooks[kind] ?? []).map(({ path, args, env = sys.environ, timeout }, i) => {
      const at = `hooks.${kind}[${i}]`;
      if (!path.startsWith("/")) throw badConfig(`${at}.path`, "not an absolute path");
      if (timeout === 0) throw badConfig(`${at}.timeout`, "not above 0");
      return { at, path, args: args === undefined || args.length === 0 ? [path] : args, env, timeout };
    });
  }

  has(...kinds: readonly HookKind[]): boolean {
    return kinds.some((kind) => (this.#hooks[kind]?.length ?? 0) > 0);
  }

  run(kind: HookKind, state: string): void {
    for (const one of this.#list(kind)) runHook(one, state);
  }

  runAll(kind: HookKind, state: string): string[] {
    const failures: string[] = [];
    for (const one of this.#list(kind)) {
      try {
        runHook(one, state);
      } catch (error) {
        failures.push(reason(error));
      }
    }
    return failures;
  }
}

/** Writes what fits; a hook need not read its input, and one that has ended cannot. */
function feed(fd: number, bytes: Uint8Array): Uint8Array | null {
  try {
    const rest = bytes.subarray(sys.write(fd, bytes, 0, bytes.length));
    return rest.length === 0 ? null : rest;
  } catch (error) {
    if (hasCode(error, "EAGAIN")) return bytes;
    if (hasCode(error, "EPIPE")) return null;
    throw error;
  }
}

function runHook({ at, path, args, env, timeout }: Hook, state: string): void {
  const [input, output] = sys.pipe();
  let pid: number;
  try {
    pid = sys.spawn(path, args, { env, stdio: [input, 1, 2] });
  } catch (error) {
    sys.close(output);
    throw failure(`${at}: ${path}: ${reason(error)}`);
  } finally {
    sys.close(input);
  }
  sys.setNonblock(output, true);
  const end = timeout === undefined ? Number.POSITIVE_INFINITY : sys.now() + timeout * 1000;
  let rest = feed(output, sys.fsEncode(state));
  let open = true;
  for (let pause = 1; ; pause = Math.min(20, pause * 2)) {
    if (rest === null && open) {
      sys.close(output);
      open = false;
    }
    const ended = sys.waitpid(pid, WNOHANG);
    if (ended !== null) {
      if (open) sys.close(output);
      if (ended.code === 0) return;
      const how =
        ended.signal > 0 ? `was ended by signal ${ended.signal}` : `failed with status ${ended.code}`;
      throw failure(`${at}: ${path}: ${how}`);
    }
    if (sys.now() >= end) {
      sys.kill(pid, SIGKILL);
      sys.waitpid(pid);
      if (open) sys.close(output);
      throw failure(`${at}: ${path}: took longer than its ${timeout} s`);
    }
    sys.poll(
      rest === null ? [] : [[output, POLLOUT]],
      Math.ceil(Math.min(pause, Math.max(0, end - sys.now()))),
    );
    if (rest !== null) rest = feed(output, rest);
  }
}
