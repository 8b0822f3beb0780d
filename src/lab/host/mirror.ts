/** Debian as this machine itself gets it: its mirror, and its proxies. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { Status, VzError } from "../../common/errors.ts";
import { findMirror, type Mirror, parseDeb822, parseOneLine } from "./apt-sources.ts";
import { list } from "./state.ts";
import { TOOL_PATH } from "./tool.ts";

/** @throws VzError 71 when apt's configuration names none */
export function hostMirror(releases: readonly string[]): Mirror {
  const parts = "/etc/apt/sources.list.d";
  const oneLine = ["/etc/apt/sources.list", ...list(parts).map((name) => `${parts}/${name}`)]
    .filter((path) => path.endsWith(".list") && existsSync(path))
    .flatMap((path) => parseOneLine(readFileSync(path, "utf8")));
  const deb822 = list(parts)
    .filter((name) => name.endsWith(".sources"))
    .flatMap((name) => parseDeb822(readFileSync(`${parts}/${name}`, "utf8")));
  const mirror = findMirror([...oneLine, ...deb822], releases);
  if (mirror !== undefined) return mirror;
  throw new VzError(Status.osError, `/etc/apt: names no Debian mirror for ${releases.join(" or ")}`, {
    hint: `a line 'deb URI ${releases[0]} main' in /etc/apt/sources.list.d/lab.list gives one`,
  });
}

/** Proxies of this machine's apt, as lines of apt.conf(5): mmdebstrap does not read them itself. */
export function proxyLines(): string[] {
  const dump = spawnSync("apt-config", ["dump"], { encoding: "utf8", env: { PATH: TOOL_PATH } });
  const lines = (dump.stdout ?? "").split("\n");
  return lines.filter((line) => /^Acquire::https?::Proxy(::\S+)? "[^"]+";$/.test(line));
}
