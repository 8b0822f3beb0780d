#!/usr/bin/env bash
# npm run bench [-- runch|architectures|trace [ROUNDS]]: what runch costs beside other runners, and on each architecture that this
# machine runs, and `vz trace` beside strace and no tracer. npm run bench -- builds OTHER-SLAVE-PART [ROUNDS]: beside another build.
# Needs root, and the packages of scripts/setup.sh.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ "$(id -u)" -ne 0 ]; then
  echo 'bench: needs root, for namespaces and mounts' >&2
  exit 77
fi
[ -x "$(node scripts/machine.mjs --executable)" ] || npm run --silent build

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gcc -O2 -static -o "$work/measure" scripts/bench/measure.c

which='runch architectures trace'
case ${1:-} in runch | architectures | trace | builds) which=$1 && shift ;; esac
status=0

for part in $which; do
  if [ "$part" = trace ]; then
    node scripts/bench/trace.mjs "$work" "$@" || status=$?
  else
    # In a mount namespace of its own: the states lie on a tmpfs, as /run is on a slave, and crun does not see the cgroup2 of a
    # hybrid host, which it refuses even when it is told to leave cgroups alone.
    mkdir "$work/$part" && ln "$work/measure" "$work/$part/"
    unshare -m --propagation private sh -c '
      mount -t tmpfs bench /run
      mountpoint -q /sys/fs/cgroup/unified && umount /sys/fs/cgroup/unified
      exec node "$@"' sh "scripts/bench/$part.mjs" "$work/$part" "$@" || status=$?
  fi
done
exit "$status"
