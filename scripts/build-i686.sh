#!/usr/bin/env bash
# From a fresh clone to dist/vz, dist/vz-x86_64 and dist/vz-aarch64. Needs no root: scripts/setup.sh installs what this misses. Does
# only what has changed, on any amd64 or arm64 machine, whatever programs its kernel runs.
#   build-i686.sh [--arch ARCH]   makes all, or only the one for ARCH: i686, x86_64 or aarch64
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/build/lib.sh
. scripts/build/lib.sh
# shellcheck source=scripts/build/architectures.sh
. scripts/build/architectures.sh

mapfile -t known < <(architectures)
asked=("${known[@]}")
while [ $# -gt 0 ]; do
  case $1 in
    --arch=*) set -- --arch "${1#*=}" "${@:2}" ;;
    --arch)
      [[ " ${known[*]} " = *" ${2:-} "* ]] || die "--arch ${2:-}: not one of ${known[*]}"
      asked=("$2")
      shift 2
      ;;
    *) die "$1: not an option" 'build-i686.sh [--arch ARCH]' ;;
  esac
done

for program in node npm gcc make xz tar awk sha256sum flock; do need "$program"; done
[ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] || die "node is $(node --version)" 'Node 20 or newer is needed'
[ -n "$(own_architecture)" ] || die "this machine's compiler is for $(gcc -dumpmachine)" "build on ${known[*]}"
# the slaves' files for all are in each executable
for name in "${known[@]}"; do need "$(field "$name" triplet)-gcc"; done
for package in esbuild @yao-pkg/pkg; do
  [ -d "node_modules/$package" ] || die "the npm package $package is missing" 'npm ci'
done

mkdir -p build
exec 9>build/lock
flock -n 9 || { say 'waiting for another build of this tree' && flock 9; }
bash scripts/build/sources.sh
bash scripts/build/native.sh "${known[@]}"
# the commit, too, stands in a bundle
commit="$(git rev-parse HEAD 2>/dev/null) $(git status --porcelain --untracked-files=no 2>/dev/null)"
inputs=$(find src runtime scripts package.json package-lock.json -type f -print0 | LC_ALL=C sort -z | xargs -0 cat | hash "$commit")
if ! is_fresh build/bundles.stamp "$inputs" || ! [ -f build/bundles.json ]; then
  rm -f build/bundles.stamp
  node scripts/bundle.mjs
  # what is left out so is no whole
  [ "${VZ_PARTIAL:-}" = 1 ] || echo "$inputs" >build/bundles.stamp
fi
node scripts/pack.mjs "${asked[@]}"
