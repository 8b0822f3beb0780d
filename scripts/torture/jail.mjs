/**
 * Runs bundles with any config.json at all through dist/vz, and keeps what they may do to themselves: a small root filesystem
 * in memory, in namespaces of its own, without the machine's mounts, network and cgroups.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeWork, needRoot, run } from "./support.mjs";

/** The program's own; the container cannot be set up; its program cannot be executed; there is none. */
const ALLOWED = [0, 125, 126, 127];

/**
 * Runs in the new namespaces: makes the root in a tmpfs, then takes the texts one after another. A bundle that leaves mounts
 * behind (no mount namespace) is undone by `delete --force`; the next one gets a new root filesystem.
 */
const INSIDE = `
set -e
cd "$1"
mount -t tmpfs -o size=128m jail jail
mkdir -p jail/bin jail/proc jail/dev jail/tmp jail/run jail/etc jail/texts jail/old
cp runch busybox jail/bin/
cp -R texts/. jail/texts/
mknod -m 666 jail/dev/null c 1 3
mount -t proc proc jail/proc
cd jail
pivot_root . old
exec ./bin/busybox chroot . /bin/busybox sh -c '
  busybox=/bin/busybox
  $busybox umount -l /old
  cd /run
  for text in /texts/*.json; do
    $busybox rm -rf one
    $busybox mkdir -p one/rootfs/bin
    $busybox ln $busybox one/rootfs/bin/busybox
    $busybox ln -s busybox one/rootfs/bin/true
    $busybox cp "$text" one/config.json
    status=0
    $busybox timeout -s KILL 10 /bin/runch --root /run/state start /run/one </dev/null >/dev/null 2>"$text.err" || status=$?
    echo $status >"$text.status"
    $busybox timeout -s KILL 10 /bin/runch --root /run/state delete --force one </dev/null >/dev/null 2>"$text.delete" || echo $? >>"$text.delete"
  done
  cd /texts
  exec $busybox tar -c -f - .
'
`;

/** A signal that the container's own filter sends. */
function byItsFilter(status, text) {
  return status >= 129 && text.includes('"seccomp"');
}

/**
 * @param texts config.json files; @param fault is told of what must not be
 * @returns {Promise<Record<number, number>>} how often there was which status
 */
export async function runMutations(texts, fault) {
  needRoot("torture/mutate");
  const work = makeWork("mutate");
  for (const name of ["jail", "texts", "out"]) mkdirSync(join(work.dir, name));
  const width = String(texts.length).length;
  const name = (i) => `${String(i).padStart(width, "0")}.json`;
  for (const [i, text] of texts.entries()) writeFileSync(join(work.dir, "texts", name(i)), text);
  const tar = join(work.dir, "out.tar");
  const namespaces = ["-m", "--propagation", "private", "-p", "-f", "-i", "-u", "-n", "-C"];
  const line = ["unshare", ...namespaces, "sh", "-c", INSIDE, "sh", work.dir];
  const { status, stderr } = await run(["sh", "-c", 'exec "$@" >"$0"', tar, ...line], { timeout: 900_000 });
  if (status !== 0) throw new Error(`the jail: status ${status} ${stderr}`);
  execFileSync("tar", ["-x", "-f", tar, "-C", join(work.dir, "out")]);
  const counts = {};
  for (const [i, text] of texts.entries()) {
    const read = (suffix) => readFileSync(join(work.dir, "out", `${name(i)}.${suffix}`), "utf8").trim();
    const own = Number(read("status"));
    counts[own] = (counts[own] ?? 0) + 1;
    if (!ALLOWED.includes(own) && !byItsFilter(own, text))
      fault(`runch start: status ${own}: ${read("err")}`, text);
    const deletion = read("delete");
    if (/^\d+$/m.test(deletion)) fault(`runch delete --force: ${deletion}`, text);
  }
  return counts;
}
