/** Real programs that do something and end. */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { ENVIRONMENT, eventually, type Place, type Program } from "./program.ts";

const perl: Program = {
  name: "perl",
  exercise: "time2str of HTTP::Date",
  file: "/usr/share/perl5/HTTP/Date.pm",
  from: "libhttp-date-perl",
  reference: () => 7041,
  command: () => ["perl", "-MHTTP::Date", "-e", 'print time2str(0), "\\n"'],
  prints: () => "Thu, 01 Jan 1970 00:00:00 GMT\n",
};

const sqlite: Program = {
  name: "sqlite3",
  exercise: "create, insert and select in a file",
  file: "/usr/bin/sqlite3",
  from: "sqlite3",
  command: ({ dir }) => [
    "sqlite3",
    join(dir, "numbers.db"),
    "create table n (i integer, t text); insert into n values (1, 'one'), (41, 'more'); select sum(i), max(t) from n;",
  ],
  prints: () => "42|one\n",
};

const GIT_SCRIPT = `set -e
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_AUTHOR_DATE='1700000000 +0000'
export GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.org GIT_COMMITTER_DATE='1700000000 +0000'
work=$(mktemp -d)
cd "$work"
git -c init.defaultBranch=main init -q .
echo hello >file
git add file
git commit -q -m First
git log --format='%H %an: %s'
cd /
rm -rf "$work"
`;

/** The id of the commit that GIT_SCRIPT makes: SHA-1 of each object, as gitformat-pack(5) and git-hash-object(1) tell. */
function commitId(): string {
  const id = (type: string, body: Buffer): Buffer =>
    createHash("sha1")
      .update(Buffer.concat([Buffer.from(`${type} ${body.length}\0`), body]))
      .digest();
  const blob = id("blob", Buffer.from("hello\n"));
  const tree = id("tree", Buffer.concat([Buffer.from("100644 file\0"), blob]));
  const who = "A <a@example.org> 1700000000 +0000";
  const text = `tree ${tree.toString("hex")}\nauthor ${who}\ncommitter ${who}\n\nFirst\n`;
  return id("commit", Buffer.from(text)).toString("hex");
}

const git: Program = {
  name: "git",
  exercise: "init, add, commit and log",
  file: "/usr/bin/git",
  from: "git",
  prepare: ({ dir }) => writeFileSync(join(dir, "commit.sh"), GIT_SCRIPT),
  command: ({ dir }) => ["sh", join(dir, "commit.sh")],
  prints: () => `${commitId()} A: First\n`,
};

const SHELL_SCRIPT = `cd "$(dirname "$0")"
cut -d: -f2 people | sort | uniq -c | sort -rn | head -n 1 | tr -s ' '
wc -l <people
ls people
seq 1 4 | paste -sd+ | sed 's/+/ /g'
tail -n 1 people | basename "$(cat)" :north
date -u -d @0 +%F
`;

const bash: Program = {
  name: "bash",
  exercise: "a script with cut, sort, wc and others",
  file: "/bin/bash",
  from: "bash",
  prepare({ dir }) {
    writeFileSync(join(dir, "people"), "ann:north\nbea:south\ncid:north\n");
    writeFileSync(join(dir, "people.sh"), SHELL_SCRIPT);
  },
  command: ({ dir }) => ["bash", join(dir, "people.sh")],
  prints: () => " 2 north\n3\npeople\n1 2 3 4\ncid\n1970-01-01\n",
};

const NODE = "/usr/bin/node";
/** KB of the node whose image was measured as 101,942 KB: what a build is larger or smaller by, its image may be too. */
const MEASURED_NODE = 96_612;

const node: Program = {
  name: "node",
  exercise: "SHA-256 by node:crypto",
  file: NODE,
  from: "nodejs",
  reference: () => 101_942 - MEASURED_NODE + Math.ceil(statSync(NODE).size / 1024),
  command: () => [
    NODE,
    "-e",
    'console.log(require("node:crypto").createHash("sha256").update("vz").digest("hex"))',
  ],
  prints: () => `${createHash("sha256").update("vz").digest("hex")}\n`,
};

const TLS_PORT = 47_836;

function openssl(dir: string, ...args: string[]): void {
  const { status, stderr } = spawnSync("openssl", args, { cwd: dir, encoding: "utf8" });
  if (status !== 0) throw new Error(`openssl ${args.join(" ")}: ${stderr}`);
}

/** An authority, and a certificate by it for `place.address`. */
function makeCertificates({ dir, address }: Place): void {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const authority = ["-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem"];
  openssl(dir, "req", "-x509", "-days", "2", ...key, ...authority);
  const names = ["-subj", "/CN=server", "-addext", `subjectAltName=IP:${address}`];
  const signer = ["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "basicConstraints=critical,CA:FALSE"];
  const files = ["-keyout", "server.key", "-out", "server.pem"];
  openssl(dir, "req", "-x509", "-days", "2", ...key, ...names, ...signer, ...files);
  writeFileSync(join(dir, "page.txt"), "over TLS\n");
}

async function serveTls({ dir, address }: Place): Promise<() => void> {
  const files = ["-cert", "server.pem", "-key", "server.key"];
  const args = ["s_server", "-quiet", "-WWW", "-accept", `${address}:${TLS_PORT}`, ...files];
  const server = spawn("openssl", args, { cwd: dir, env: ENVIRONMENT, stdio: "ignore" });
  await eventually(5000, () => connects(address, TLS_PORT));
  return () => server.kill();
}

function connects(address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, address, () => resolve(void socket.destroy()));
    socket.on("error", reject);
  });
}

const curl: Program = {
  name: "curl",
  exercise: "one page by HTTPS, own authority",
  file: "/usr/bin/curl",
  from: "curl",
  prepare: makeCertificates,
  server: serveTls,
  command: ({ dir, address }) => [
    "curl",
    "-sS",
    "--cacert",
    join(dir, "ca.pem"),
    `https://${address}:${TLS_PORT}/page.txt`,
  ],
  prints: () => "over TLS\n",
};

/** Not among the ten: the two smallest that there is a reference for. */
const ls: Program = {
  name: "ls",
  exercise: "ls FILE",
  file: "/bin/ls",
  from: "coreutils",
  reference: () => 3065,
  prepare: ({ dir }) => writeFileSync(join(dir, "file"), ""),
  command: ({ dir }) => ["/bin/ls", join(dir, "file")],
  prints: ({ dir }) => `${dir}/file\n`,
};

const builtins: Program = {
  name: "bash-builtins",
  exercise: "bash -c with built-in commands",
  file: "/bin/bash",
  from: "bash",
  reference: () => 3570,
  command: () => ["bash", "-c", 'printf "%s\\n" "$((6 * 7))"'],
  prints: () => "42\n",
};

export const once: readonly Program[] = [perl, sqlite, git, bash, node, curl];
export const smallest: readonly Program[] = [ls, builtins];
