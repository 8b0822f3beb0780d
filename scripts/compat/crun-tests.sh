#!/usr/bin/env bash
# Runs crun's own tests (of Debian's source package, which is fetched, pinned and kept under build/) with crun and with runch
# in the same environment, prints the tests that differ and the totals, and fails where runch fails a test that
# scripts/compat/crun-tests.expected does not name. Needs root.
#   crun-tests.sh [FILE...]   only these files of tests (exec for tests/test_exec.py)
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/compat/lib.sh
. scripts/compat/lib.sh

for program in crun gcc script /usr/bin/python3; do need "$program"; done
source=build/compat/crun
if unpack_tests crun || [ ! -x $source/tests/init ]; then
  # init.c includes what configure makes
  touch $source/config.h
  run_logged build/compat/init.log gcc -w -I $source -D_GNU_SOURCE -static -o $source/tests/init $source/tests/init.c
fi
compare crun-tests crun crun-suite.sh "$PWD/$source" RUNTIME "$@"
