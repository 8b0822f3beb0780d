#!/usr/bin/env bash
# npm run torture: everything that tortures runch and images, to the end, some fifteen minutes. Needs root, and the packages of scripts/setup.sh.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -x "$(node scripts/machine.mjs --executable)" ] || npm run --silent build

failed=()
part() {
  printf '\n== %s\n' "$*"
  "$@" || failed+=("$*")
}

part node scripts/torture/parallel.mjs --crun
part node scripts/torture/contest.mjs
part node scripts/torture/kill-at.mjs
part node scripts/torture/mutate.mjs
part node scripts/torture/images.mjs
part bash scripts/torture/small.sh
printf '\n'
for one in "${failed[@]}"; do printf 'FAILED: %s\n' "$one"; done
[ ${#failed[@]} -eq 0 ]
