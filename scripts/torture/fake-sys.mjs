/**
 * A stand-in for `vz:sys` that makes no system call and remembers what it was asked for, so that a start can be planned and
 * played through with any config.json. Its functions are those of runtime/vz-sys.d.ts.
 */
import { constants as fsConstants, readFileSync } from "node:fs";
import { constants as osConstants } from "node:os";
import { join } from "node:path";

const CONTROLLERS = [
  "memory",
  "cpu",
  "cpuset",
  "pids",
  "blkio",
  "hugetlb",
  "net_cls",
  "net_prio",
  "rdma",
  "devices",
];

/** A machine with every controller in version 1, and version 2 beside them. */
const FILES = new Map([
  ["/proc/self/cgroup", [...CONTROLLERS.map((name, i) => `${i + 1}:${name}:/`), "0::/", ""].join("\n")],
  [
    "/proc/self/mountinfo",
    [
      ...CONTROLLERS.map(
        (name, i) => `${i + 30} 29 0:${i + 30} / /sys/fs/cgroup/${name} rw - cgroup cgroup rw,${name}`,
      ),
      "60 29 0:60 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
      "",
    ].join("\n"),
  ],
]);

function systemError(code, syscall, path) {
  return Object.assign(new Error(`${code}: ${syscall} '${path}'`), { code, errno: -1, syscall, path });
}

const log = [];
const open = new Map();
let lastDescriptor = 10;

/** What differs from "it went well". */
const ANSWERS = {
  open(path, flags = 0) {
    if (!FILES.has(path) && (flags & 3) === 0 && !String(path).startsWith("/proc/self/ns"))
      throw systemError("ENOENT", "open", path);
    open.set(++lastDescriptor, { text: FILES.get(path) ?? "", path });
    return lastDescriptor;
  },
  read(fd, buffer, offset, length) {
    const file = open.get(fd);
    const bytes = new TextEncoder().encode(file?.text ?? "").subarray(0, length);
    buffer.set(bytes, offset);
    if (file !== undefined) file.text = "";
    return bytes.length;
  },
  write: (_fd, _buffer, _offset, length) => length,
  close() {},
  stat(path) {
    const at = CONTROLLERS.indexOf(String(path).replace("/sys/fs/cgroup/", ""));
    return { dev: at >= 0 ? at + 30 : 60, ino: 1, mode: 0o40755 };
  },
  readdir: () => [],
  pipe: () => [++lastDescriptor, ++lastDescriptor],
  spawn: () => 100,
  waitpid: (pid) => ({ pid, code: 0, signal: 0 }),
  now: () => 0,
  poll: () => [],
  geteuid: () => 0,
  getuid: () => 0,
  getpid: () => 1,
  clone: () => 100,
  fork: () => 100,
  unixConnect: () => ++lastDescriptor,
  // a kernel that has filters finds no program; one that gets a program takes it
  seccomp(program) {
    if (program === null) throw systemError("EFAULT", "seccomp", "");
    return 5;
  },
  seccompHasAction: () => true,
  fsEncode: (text) => new TextEncoder().encode(text),
  utf8Encode: (text) => new TextEncoder().encode(text),
  fsDecode: (bytes, start, end) => new TextDecoder().decode(bytes.subarray(start, end)),
  utf8Decode: (bytes, start, end) => new TextDecoder().decode(bytes.subarray(start, end)),
};

/** Ways of bytes, and questions: nothing is changed by them. */
const SILENT = /^(fs|utf8|latin1)(En|De)code$|^(read|close|now|pipe|poll|get\w+)$/;

function call(name, args) {
  if (!SILENT.test(name)) log.push([name, ...args]);
  return ANSWERS[name]?.(...args) ?? 0;
}

/** What was asked for since the last time, as values that JSON can hold. */
export function takeLog() {
  return log.splice(0);
}

/** esbuild's plugin that puts the stand-in in the place of `vz:sys`. */
export function fakeSys(project) {
  globalThis.vzFakeSys = { call, constants: fsConstants, signals: osConstants.signals };
  const declared = readFileSync(join(project, "runtime/vz-sys.d.ts"), "utf8");
  const names = [...declared.matchAll(/^ {2}export function (\w+)/gm)].map(([, name]) => name);
  const contents = [
    "const fake = globalThis.vzFakeSys;",
    "export const { constants, signals } = fake;",
    'export const argv = ["runch"], environ = [], engine = "", arch = "ia32", part = "operator";',
    ...[...new Set(names)].map((name) => `export const ${name} = (...args) => fake.call("${name}", args);`),
  ].join("\n");
  return {
    name: "fake-sys",
    setup(build) {
      build.onResolve({ filter: /^vz:sys$/ }, () => ({ path: "vz:sys", namespace: "fake-sys" }));
      build.onLoad({ filter: /.*/, namespace: "fake-sys" }, () => ({ contents, loader: "js" }));
    },
  };
}
