#!/usr/bin/env bash
# Installs the npm packages that package-lock.json names, unless they are already there as it names them.
set -euo pipefail
cd "$(dirname "$0")/.."
stamp=node_modules/.vz-lock
if [ -f "$stamp" ] && cmp -s package-lock.json "$stamp"; then exit 0; fi
echo "npm ci: installing the npm packages"
npm ci --no-audit --no-fund
cp package-lock.json "$stamp"
