#!/usr/bin/env bash
# Runs runc's integration tests (of Debian's source package, which is fetched, pinned and kept under build/) with runc and with
# runch in the same environment, prints the tests that differ and the totals, and fails where runch fails a test that
# scripts/compat/runc-tests.expected does not name. Needs root.
#   runc-tests.sh [FILE...]   only these files of tests (exec for tests/integration/exec.bats)
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/compat/lib.sh
. scripts/compat/lib.sh

for program in runc bats jq gawk gcc script /usr/bin/python3; do need "$program"; done
[ -x /bin/busybox ] || die 'busybox is missing' 'sudo bash scripts/setup.sh'
unpack_tests runc || true
compare runc-tests runc runc-suite.sh "$PWD/build/compat/runc" RUNTIME "$@"
