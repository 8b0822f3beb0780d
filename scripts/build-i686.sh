#!/usr/bin/env bash
# From a fresh clone to dist/vz. Needs no root: scripts/setup.sh installs what this misses. Does only what has changed.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/build/lib.sh
. scripts/build/lib.sh

for program in node npm gcc make ar xz tar awk sha256sum flock; do need "$program"; done
[ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] || die "node is $(node --version)" 'Node 20 or newer is needed'
if ! [ -f "$(gcc -m32 -print-libgcc-file-name 2>/dev/null)" ] || ! echo 'int x;' | gcc -m32 -c -x c -o /dev/null - 2>/dev/null; then
  die 'gcc -m32 does not compile here' 'sudo bash scripts/setup.sh installs gcc-multilib'
fi
for package in esbuild @yao-pkg/pkg; do
  [ -d "node_modules/$package" ] || die "the npm package $package is missing" 'npm ci'
done

mkdir -p build
exec 9>build/lock
flock -n 9 || { say 'waiting for another build of this tree' && flock 9; }
bash scripts/build/sources.sh
bash scripts/build/native.sh
node scripts/bundle.mjs
node scripts/pack.mjs
