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
 * Runs in the new namespaces: makes the root in a tmpfs, then takes the texts one after another, each other one by `run`. What
 * is left behind `delete --force` goes into the file of its errors. The tmpfs and /proc are the only mounts that stay, and
 * what watches over timeout, which busybox leaves running, the only processes.
 */
const INSIDE = `
set -e
cd "$1"
mount -t tmpfs -o size=128m jail jail
mkdir -p jail/bin jail/proc jail/dev jail/tmp jail/run jail/etc jail/texts jail/old
cp runch busybox jail/bin/
ln -s busybox jail/bin/true
cp -R texts/. jail/texts/
mknod -m 666 jail/dev/null c 1 3
mount -t proc proc jail/proc
cd jail
pivot_root . old
exec ./bin/busybox chroot . /bin/busybox sh -c '
  busybox=/bin/busybox
  $busybox umount -l /old
  cd /run
  words="start /run/one"
  for text in /texts/*.json; do
    $busybox rm -rf one
    $busybox mkdir -p one/rootfs/bin
    $busybox ln $busybox one/rootfs/bin/busybox
    $busybox ln -s busybox one/rootfs/bin/true
    $busybox cp "$text" one/config.json
    status=0
    $busybox timeout -s KILL 10 /bin/runch --root /run/state $words </dev/null >/dev/null 2>"$text.err" || status=$?
    echo $status >"$text.status"
    $busybox timeout -s KILL 10 /bin/runch --root /run/state delete --force one </dev/null >/dev/null 2>"$text.delete" ||
      echo "status $?" >>"$text.delete"
    for state in /run/state/*; do [ ! -e "$state" ] || echo "left $state" >>"$text.delete"; done
    for pid in /proc/[0-9]*; do
      [ "$pid" != /proc/1 ] && read -r _ name state _ <"$pid/stat" || continue
      [ "$state" = Z ] || [ "$name" = "(busybox)" ] || echo "left $name" >>"$text.delete"
    done 2>/dev/null
    [ $($busybox wc -l </proc/mounts) = 2 ] || $busybox sed "1,2d; s/^/left mount /" /proc/mounts >>"$text.delete"
    case $words in start*) words="run -b /run/one one" ;; *) words="start /run/one" ;; esac
  done
  cd /texts
  exec $busybox tar -c -f - .
'
`;

/**
 * Ends that a container's own filter brings about: SIGSYS by its word; SIGSEGV or SIGILL of a program that is let neither work
 * nor exit.
 */
function byItsFilter(status, text) {
  return [128 + 31, 128 + 11, 128 + 4].includes(status) && text.includes('"seccomp"');
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
    if (!ALLOWED.includes(own) && !byItsFilter(own, text)) fault(`status ${own}: ${read("err")}`, text);
    const deletion = read("delete");
    if (/^(status|left) /m.test(deletion))
      fault(`delete --force: ${deletion.split("\n").slice(0, 5).join("; ")}`, text);
  }
  return counts;
}
