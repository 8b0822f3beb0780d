#!/usr/bin/env bash
# Drives podman with crun and then with runch in the same environment, prints the checks that differ and the totals, and
# fails where runch fails a check that scripts/compat/podman.expected does not name, or passes fewer than crun. Needs root.
# What the checks said is left in build/compat/podman-{crun,runch}.{tap,log}.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/build/lib.sh
. scripts/build/lib.sh

for program in crun podman conmon script; do need "$program"; done
[ -x /bin/busybox ] || die 'busybox is missing' 'sudo bash scripts/setup.sh'
[ -x dist/vz ] || die 'dist/vz is missing' 'npm run build'
[ "$(id -u)" -eq 0 ] || die 'only root can run containers with all of their namespaces'

mkdir -p build/compat
ln -sfn ../../dist/vz build/compat/runch
for runtime in crun runch; do
  path=$PWD/build/compat/runch
  [ "$runtime" = runch ] || path=$(command -v crun)
  bash scripts/compat/sandbox.sh "$PWD/scripts/compat/podman-suite.sh" "$path" \
    >"build/compat/podman-$runtime.tap" 2>"build/compat/podman-$runtime.log"
done
awk -f scripts/compat/compare.awk scripts/compat/podman.expected build/compat/podman-crun.tap build/compat/podman-runch.tap
