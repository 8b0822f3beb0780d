/**
 * What has to be done for a container, worked out of its config.json alone. Every field of the specification is either
 * planned for here or in a part (Parts of model.ts), or refused, or put on the list of what falls short; none is passed over.
 */

import { badConfig as bad, type OciConfig, type OciNamespace } from "../../../common/oci/oci.ts";
import { lookup, MS, NAMESPACES } from "../../system/linux.ts";
import { planDevices } from "../devices/plan.ts";
import type { Form, Join, MountStep, Plan, PlanOptions } from "../model.ts";
import defer * as rareOptions from "../mounts/option-table.ts";
import { parseMountOptions } from "../mounts/options.ts";
import defer * as utsNames from "../namespaces/uts-names.ts";
import { planCredentials } from "../process/plan.ts";
import type { Shortfalls } from "../shortfalls.ts";

/** @throws VzError 78 for a config.json that cannot be run, 125 in strict for what cannot be had */
export function makePlan(config: OciConfig, options: PlanOptions, short: Shortfalls): Plan {
  const { process, root, linux = {} } = config;
  if (process === undefined) throw bad("process", "missing");
  if (root === undefined) throw bad("root", "missing");
  const args = process.args ?? [];
  if (args.length === 0) throw bad("process.args", "empty");
  if (!process.cwd.startsWith("/")) throw bad("process.cwd", "not an absolute path");
  checkEnvironment(process.env ?? []);
  const made = planNamespaces(linux.namespaces ?? [], options.form, short);
  if (process.user?.username) throw bad("process.user.username", "only Windows has it");
  return {
    bundle: options.bundle,
    rootfs: absolute(options.bundle, root.path),
    readonlyRoot: root.readonly ?? false,
    namespaces: made.namespaces,
    joins: made.joins,
    propagation: rootPropagation(linux.rootfsPropagation ?? ""),
    hostname: config.hostname ? utsNames.planUtsName("hostname", config, made, short) : undefined,
    domainname: config.domainname ? utsNames.planUtsName("domainname", config, made, short) : undefined,
    mounts: planMounts(config, options.bundle),
    devices: planDevices(linux.devices ?? []),
    maskedPaths: absolutePaths(linux.maskedPaths, "linux.maskedPaths"),
    readonlyPaths: absolutePaths(linux.readonlyPaths, "linux.readonlyPaths"),
    args,
    env: process.env ?? [],
    cwd: process.cwd,
    credentials: planCredentials(process, linux, short, config.annotations),
  };
}

/** @throws VzError 78 */
export function checkEnvironment(env: readonly string[]): void {
  env.forEach((line, i) => {
    if (!/^[^=]+=/s.test(line)) throw bad(`process.env[${i}]`, "not NAME=value");
  });
}

/** `path` as seen from "/", relative ones taken from `base`. */
export function absolute(base: string, path: string): string {
  const whole = path.startsWith("/") ? path : `${base}/${path}`;
  return `/${whole
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/")}`;
}

function absolutePaths(paths: readonly string[] = [], at: string): readonly string[] {
  for (const path of paths) if (!path.startsWith("/")) throw bad(at, `${path}: not an absolute path`);
  return paths;
}

function planNamespaces(asked: readonly OciNamespace[], form: Form, short: Shortfalls) {
  const namespaces: string[] = [];
  const joins: Join[] = [];
  const seen = new Set<string>();
  asked.forEach(({ type, path = "" }, i) => {
    const at = `linux.namespaces[${i}]`;
    if (lookup(NAMESPACES, type) === undefined)
      throw bad(at, `${JSON.stringify(type)} is no type of namespace`);
    if (seen.has(type)) throw bad(at, `${type} is there twice`);
    seen.add(type);
    const needsParent = form === "exec" && (type === "pid" || type === "time");
    if (path !== "") {
      if (!path.startsWith("/")) throw bad(`${at}.path`, "not an absolute path");
      if (needsParent) throw bad(at, `a ${type} namespace cannot be entered without a fork`);
      joins.push({ type, path });
    } else if (short.isolation === "chroot") {
      // the user's own choice, so nothing falls short
    } else if (needsParent) {
      short.add(`${type} namespace`, "it needs a parent that waits, and start BUNDLE-DIR leaves none");
    } else {
      namespaces.push(type);
    }
  });
  return { namespaces, joins };
}

function rootPropagation(name: string): number {
  if (name === "") return MS.PRIVATE | MS.REC;
  const flags = rareOptions.propagationOf(name);
  if (flags === undefined) throw bad("linux.rootfsPropagation", `${JSON.stringify(name)} is no propagation`);
  return flags;
}

function planMounts(config: OciConfig, bundle: string): MountStep[] {
  return (config.mounts ?? []).map((mount, i) => {
    const at = `mounts[${i}] (${mount.destination})`;
    const options = parseMountOptions(mount.options ?? [], at);
    const { destination, uidMappings, gidMappings } = mount;
    const isBind = (options.flags & MS.BIND) !== 0 || mount.type === "bind";
    if (destination === "") throw bad(at, "without a destination");
    if (!isBind && !mount.type) throw bad(at, "neither a type nor the option bind");
    if (isBind && !mount.source) throw bad(at, "a bind mount without a source");
    const { source = "", type = "" } = mount;
    return {
      flags: isBind ? options.flags | MS.BIND : options.flags,
      propagation: options.propagation,
      data: options.data,
      extended: options.extended,
      at,
      destination,
      type: isBind ? "bind" : type,
      source: isBind ? absolute(bundle, source) : source || type,
      uidMappings,
      gidMappings,
    };
  });
}
