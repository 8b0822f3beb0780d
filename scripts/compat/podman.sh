#!/usr/bin/env bash
# Drives podman with crun and then with runch in the same environment, prints the checks that differ and the totals, and
# fails where runch fails a check that scripts/compat/podman.expected does not name. Needs root.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/compat/lib.sh
. scripts/compat/lib.sh

for program in crun podman conmon script; do need "$program"; done
[ -x /bin/busybox ] || die 'busybox is missing' 'sudo bash scripts/setup.sh'
# a check that podman fails with both says nothing of runch
# shellcheck disable=SC2034 # compare reads it
machine=1
compare podman crun podman-suite.sh RUNTIME
