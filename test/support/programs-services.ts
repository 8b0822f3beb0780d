/** Real programs that stay and answer: all in the foreground, on ports of their own. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { run } from "./lab.ts";
import type { Place, Program } from "./program.ts";

/** Sends `request` and gives all that comes until the server closes. @throws what connect(2) says */
function converse(address: string, port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, address, () => socket.write(request));
    let text = "";
    socket.setTimeout(5000, () => socket.destroy(new Error(`${address}:${port}: silent for 5 s`)));
    socket.setEncoding("utf8").on("data", (data) => {
      text += data;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
}

async function askForPage(address: string, port: number): Promise<void> {
  const answer = await converse(address, port, "GET /page.html HTTP/1.0\r\n\r\n");
  assert.match(answer, /^HTTP\/1\.[01] 200 OK\r\n/);
  assert.match(answer, /^content-type: text\/html/im);
  assert.match(answer, /\r\n\r\nhello from the page\n$/);
}

/** Status 0 where a page comes. */
const curl = (port: number) => `curl -sfo /dev/null http://127.0.0.1:${port}/page.html`;

function makeSite(dir: string): string {
  const site = join(dir, "site");
  mkdirSync(site);
  writeFileSync(join(site, "page.html"), "hello from the page\n");
  return site;
}

const PYTHON_PORT = 47_831;

const python: Program = {
  name: "python3",
  exercise: "http.server, one GET",
  file: "/usr/bin/python3",
  from: "python3",
  reference: () => 20_139,
  prepare: ({ dir }) => void makeSite(dir),
  command: ({ dir }) => [
    "/usr/bin/python3",
    ...["-m", "http.server", String(PYTHON_PORT)],
    ...["--directory", join(dir, "site")],
  ],
  service: {
    ask: (address) => askForPage(address, PYTHON_PORT),
    answers: () => curl(PYTHON_PORT),
    stop: "SIGINT",
  },
};

const NGINX_PORT = 47_832;

function nginxConfig(dir: string): string {
  const buffers = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `daemon off;
worker_processes 1;
pid ${dir}/nginx.pid;
error_log stderr;
events { worker_connections 64; }
http {
  ${buffers.map((name) => `${name}_temp_path ${dir}/${name};`).join("\n  ")}
  types { text/html html; }
  access_log off;
  server { listen ${NGINX_PORT}; root ${dir}/site; }
}
`;
}

export const nginx: Program = {
  name: "nginx",
  exercise: "one GET, SIGQUIT",
  file: "/usr/sbin/nginx",
  from: "nginx-light",
  reference: () => 10_881,
  prepare({ dir }) {
    makeSite(dir);
    writeFileSync(join(dir, "nginx.conf"), nginxConfig(dir));
  },
  command: ({ dir }) => ["nginx", "-e", "stderr", "-c", join(dir, "nginx.conf")],
  service: {
    ask: (address) => askForPage(address, NGINX_PORT),
    answers: () => curl(NGINX_PORT),
    stop: "SIGQUIT",
  },
};

const REDIS_PORT = 47_833;

/** A command in redis's own protocol, RESP: https://redis.io/docs/latest/develop/reference/protocol-spec/ */
function resp(...words: string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
}

const redis: Program = {
  name: "redis-server",
  exercise: "SET, GET, SHUTDOWN",
  file: "/usr/bin/redis-server",
  from: "redis-server",
  reference: () => 17_206,
  prepare: ({ dir }) =>
    writeFileSync(
      join(dir, "redis.conf"),
      `port ${REDIS_PORT}\nbind 0.0.0.0\nprotected-mode no\nsave ""\ndir ${dir}\n`,
    ),
  command: ({ dir }) => ["redis-server", join(dir, "redis.conf")],
  service: {
    async ask(address) {
      const talk = [resp("SET", "answer", "forty-two"), resp("GET", "answer"), resp("QUIT")];
      assert.equal(await converse(address, REDIS_PORT, talk.join("")), "+OK\r\n$9\r\nforty-two\r\n+OK\r\n");
      assert.equal(await converse(address, REDIS_PORT, resp("SHUTDOWN", "SAVE")), "");
    },
    answers: () => `redis-cli -p ${REDIS_PORT} get answer`,
    stop: null,
  },
};

const SSH_PORT = 47_834;

/** The empty directory that Debian's sshd shuts its unprivileged half into. */
function makePrivilegeSeparation(): void {
  const directory = "/run/sshd";
  if (existsSync(directory)) return;
  mkdirSync(directory);
  chmodSync(directory, 0o755);
  process.on("exit", () => rmdirSync(directory));
}

function makeKeys(dir: string): void {
  for (const name of ["host_key", "client_key"]) {
    const args = ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", join(dir, name)];
    const { status, stderr } = spawnSync("ssh-keygen", args, { encoding: "utf8" });
    assert.equal(status, 0, stderr);
  }
  writeFileSync(join(dir, "authorized_keys"), readFileSync(join(dir, "client_key.pub")));
  writeFileSync(join(dir, "known_hosts"), `programs ${readFileSync(join(dir, "host_key.pub"), "utf8")}`);
}

/** HOME is set lest root's own .bashrc is run, which may do anything. */
function sshdConfig(dir: string): string {
  return `Port ${SSH_PORT}
HostKey ${dir}/host_key
AuthorizedKeysFile ${dir}/authorized_keys
StrictModes no
PermitRootLogin prohibit-password
SetEnv HOME=${dir}
UsePAM yes
PidFile none
`;
}

/** Arguments of ssh(1) that log in at `address`. */
function sshArgs(address: string, { dir }: Place): string[] {
  const options = {
    BatchMode: "yes",
    ConnectTimeout: "5",
    HostKeyAlias: "programs",
    IdentitiesOnly: "yes",
    StrictHostKeyChecking: "yes",
    UserKnownHostsFile: join(dir, "known_hosts"),
  };
  const given = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  const key = ["-i", join(dir, "client_key")];
  return ["-F", "none", ...given, "-p", String(SSH_PORT), ...key, `root@${address}`];
}

async function logIn(address: string, place: Place): Promise<void> {
  const script = `sh -c 'id -un; cat ${place.dir}/poem | head -n 2 | wc -l'`;
  const { status, stdout, stderr } = await run("ssh", [...sshArgs(address, place), script]);
  assert.equal(status, 0, stderr);
  assert.equal(stdout, "root\n2\n");
}

const sshd: Program = {
  name: "sshd",
  exercise: "one login by key: sh, id, cat, head, wc",
  file: "/usr/sbin/sshd",
  from: "openssh-server",
  reference: () => 18_691,
  prepare({ dir }) {
    makeKeys(dir);
    writeFileSync(join(dir, "sshd_config"), sshdConfig(dir));
    writeFileSync(join(dir, "poem"), "one\ntwo\nthree\n");
    makePrivilegeSeparation();
  },
  command: ({ dir }) => ["/usr/sbin/sshd", "-D", "-e", "-f", join(dir, "sshd_config")],
  service: {
    ask: logIn,
    answers: (place) => `ssh ${sshArgs("127.0.0.1", place).join(" ")} true`,
    stop: "SIGTERM",
  },
};

export const services: readonly Program[] = [python, nginx, redis, sshd];
