#!/usr/bin/env bash
# Builds HEAD twice, in two clones of different names and under two umasks, and compares dist/vz byte for byte.
# VZ_SOURCE_CACHE: archives of sources to share, this tree's by default.
set -euo pipefail
cd "$(dirname "$0")/.."

# asked for once: somebody may commit while this runs
commit=$(git rev-parse HEAD)
export VZ_SOURCE_CACHE=${VZ_SOURCE_CACHE:-$PWD/build/sources}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# build NAME UMASK
build() {
  echo "check-reproducible: building in a folder called $1 under umask $2" >&2
  umask "$2"
  git clone --quiet . "$work/$1"
  (cd "$work/$1" && git checkout --quiet --detach "$commit" && bash scripts/npm-ci.sh && bash scripts/build-i686.sh)
}

(build one 022)
(build 'the other' 077)
sha256sum "$work"/*/dist/vz
cmp "$work/one/dist/vz" "$work/the other/dist/vz"
echo 'check-reproducible: the same bytes' >&2
