#!/usr/bin/env bash
# npm ci, when node_modules is not what package-lock.json says.
set -euo pipefail
cd "$(dirname "$0")/.."

stamp=node_modules/.lock-sha256
lock=$(sha256sum <package-lock.json)
[ -f "$stamp" ] && [ "$(<"$stamp")" = "$lock" ] && exit 0
echo 'npm-ci: installing the npm packages of package-lock.json' >&2
npm ci --no-audit --no-fund --loglevel=error
echo "$lock" >"$stamp"
