#!/usr/bin/env bash
# Runs crun's own tests (of Debian's source package, which is fetched, pinned and kept under build/) with crun and with runch
# in the same environment, prints the tests that differ and the totals, and fails where runch fails a test that
# scripts/compat/crun-tests.expected does not name, or passes fewer than crun. Needs root.
#   crun-tests.sh [FILE...]   only these files of tests (exec for tests/test_exec.py)
# What the tests said is left in build/compat/{crun,runch}.{tap,log}.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/build/lib.sh
. scripts/build/lib.sh
# shellcheck source=scripts/build/debian-sources.sh
. scripts/build/debian-sources.sh

suite=bookworm
pins=$PWD/scripts/compat/crun.sha256
cache=${VZ_SOURCE_CACHE:-build/sources}
by_hand="put the file named in scripts/compat/crun.sha256 into $cache"
export by_hand suite pins

for program in crun gcc script /usr/bin/python3; do need "$program"; done
[ -x dist/vz ] || die 'dist/vz is missing' 'npm run build'
[ "$(id -u)" -eq 0 ] || die 'only root can run containers with all of their namespaces'

archive=$cache/$(archive_of crun)
source=build/compat/crun
mkdir -p build/compat
is_good "$archive" || fetch crun
key=$(pin_of "$(basename "$archive")")
if ! is_fresh "$source.stamp" "$key"; then
  rm -rf "$source" "$source.stamp"
  mkdir -p "$source"
  tar -xf "$archive" -C "$source" --strip-components=1 --no-same-owner --no-same-permissions --wildcards '*/tests'
  # init.c includes what configure makes
  touch "$source/config.h"
  run_logged build/compat/init.log gcc -w -I "$source" -D_GNU_SOURCE -static -o "$source/tests/init" "$source/tests/init.c"
  echo "$key" >"$source.stamp"
fi

ln -sfn ../../dist/vz build/compat/runch
for runtime in crun runch; do
  path=$PWD/build/compat/runch
  [ "$runtime" = runch ] || path=$(command -v crun)
  bash scripts/compat/sandbox.sh "$PWD/scripts/compat/crun-suite.sh" "$PWD/$source" "$path" "$@" \
    >"build/compat/$runtime.tap" 2>"build/compat/$runtime.log"
done
awk -f scripts/compat/compare.awk scripts/compat/crun-tests.expected build/compat/crun.tap build/compat/runch.tap
