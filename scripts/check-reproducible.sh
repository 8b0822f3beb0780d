#!/usr/bin/env bash
# Builds HEAD in a clone of another name and under another umask, and compares what comes out byte for byte with what this tree
# builds, or, while this tree has changes, with a second clone: the operator's executables and the slaves' parts of all architectures.
#   check-reproducible.sh [SUM-FILE]   also compares with the sums of another machine's build, as sha256sum printed them there
# VZ_SOURCE_CACHE: archives of sources to share, this tree's by default.
set -euo pipefail
cd "$(dirname "$0")/.."

# asked for once: somebody may commit while this runs
commit=$(git rev-parse HEAD)
export VZ_SOURCE_CACHE=${VZ_SOURCE_CACHE:-$PWD/build/sources}
other=${1:+$(realpath "$1")}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# build NAME UMASK: in a clone
build() {
  echo "check-reproducible: building in a folder called $1 under umask $2" >&2
  umask "$2"
  git clone --quiet . "$work/$1"
  (cd "$work/$1" && git checkout --quiet --detach "$commit" && bash scripts/npm-ci.sh && bash scripts/build-i686.sh)
  sums "$work/$1" >"$work/$1.sums"
}

# sums DIRECTORY: of what was built there
sums() { (cd "$1" && sha256sum dist/* build/slaves/*); }

if [ -z "$(git status --porcelain --untracked-files=no)" ]; then
  bash scripts/build-i686.sh
  sums . >"$work/one.sums"
else
  build one 022
fi
build 'the other' 077
cat "$work/one.sums"
cmp "$work/one.sums" "$work/the other.sums"
[ -z "$other" ] || cmp "$work/one.sums" "$other"
echo 'check-reproducible: the same bytes' >&2
