#!/usr/bin/env bash
# Everything: set-up, build, static checks, unit tests, conformance of the bases, end-to-end tests of the executables.
# Runs on a bare Debian 12 or 13, amd64 or arm64, with Node >= 20, and again at once. Without root it runs what it can, and fails.
# VZ_TEST_NO32=1 has any machine tested as one that runs no 32-bit programs.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p build
export VZ_TEST_TIMES=$PWD/build/test-times
: >"$VZ_TEST_TIMES"
failed=()
skipped=()
begin=$SECONDS

# step TITLE COMMAND...: goes on after a failure, so that one run shows all that is wrong
step() {
  local title=$1 start=$SECONDS status=0
  shift
  printf '\n== %s\n' "$title"
  "$@" || status=$?
  printf -- '-- %s, %d s\n' "$([ "$status" -eq 0 ] && echo passed || echo "FAILED with status $status")" $((SECONDS - start))
  [ "$status" -eq 0 ] || failed+=("$title")
  return 0
}

# must TITLE COMMAND...: what all that follows stands on
must() {
  step "$@"
  [ ${#failed[@]} -eq 0 ] || finish
}

finish() {
  if [ -s "$VZ_TEST_TIMES" ]; then
    printf '\nthe ten slowest tests:\n'
    # awk reads to the end: a reader that stops early (head) ends sort by SIGPIPE, and with pipefail all of this
    sort -rn "$VZ_TEST_TIMES" | awk -F '\t' 'NR <= 10 { printf "%7.1f s  %s\n", $1 / 1000, $2 }'
  fi
  printf '\n'
  for title in "${skipped[@]}"; do printf 'not run: %s\n' "$title"; done
  for title in "${failed[@]}"; do printf 'FAILED: %s\n' "$title"; done
  printf 'test: %s after %d s\n' "$([ ${#failed[@]}${#skipped[@]} = 00 ] && echo passed || echo failed)" $((SECONDS - begin))
  [ ${#failed[@]}${#skipped[@]} = 00 ]
  exit
}

node scripts/machine.mjs
root=
[ "$(id -u)" -ne 0 ] || root=yes
if [ -n "$root" ]; then must 'Debian packages' bash scripts/setup.sh; else step 'Debian packages' bash scripts/setup.sh --check; fi
must 'npm packages' bash scripts/npm-ci.sh
must 'build dist/vz, dist/vz-x86_64, dist/vz-aarch64' bash scripts/build-i686.sh
step 'shell scripts' bash -c 'shellcheck -x -S warning scripts/*.sh scripts/*/*.sh .ci/run'
step 'types, lint, unit tests' npm run --silent check
step 'size budget' node scripts/bundle.mjs --budget
step 'Node API of the base' node scripts/conformance.mjs
step 'bytecode does not depend on the machine' node scripts/check-bytecode.mjs
step 'two builds, the same bytes' bash scripts/check-reproducible.sh
if [ -n "$root" ]; then
  step 'OCI runtimes: runch in three profiles, runc and crun; runch for other architectures, emulated' node scripts/oci-test.mjs
  step 'end to end' node scripts/e2e-test.mjs
else
  skipped+=('OCI runtimes: containers need root (sudo npm test)')
  skipped+=('end to end: the lab needs root (sudo npm test)')
fi
finish
