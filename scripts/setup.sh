#!/usr/bin/env bash
# Installs the Debian packages that build, lab, demo and tests need and that are missing. The only script that needs root.
#   setup.sh [PACKAGE...]   installs them, and PACKAGE... beside
#   setup.sh --check        only says what is missing; status 1 if anything is
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/build/architectures.sh
. scripts/build/architectures.sh

build=(gcc libc6-dev make xz-utils git ca-certificates debian-archive-keyring)
# the master drives slaves with these
master=(ansible-core openssh-client)
# the lab makes its slaves with these
lab=(mmdebstrap eatmydata busybox-static iproute2 qemu-system-x86 e2fsprogs)
trace=(strace)
# programs of everyday that the builder's tests make images of, and others' tools that must read these
images=(nginx-light redis-server sqlite3 openssh-server openssl curl ca-certificates netbase tzdata zstd skopeo umoci)
# what tests and benchmarks trace, compare with or look through
# also: what is not this machine's runs under qemu-user, and a probe of 32 bits is linked with its libc
tests=(crun runc bubblewrap podman conmon bats gawk jq python3 file procps perl libhttp-date-perl shellcheck qemu-user-static libc6-dev-i386-cross)

say() { printf 'setup: %s\n' "$*" >&2; }

node_version() { node -p 'parseInt(process.versions.node)' 2>/dev/null || echo 0; }

check=
[ "${1:-}" != --check ] || { check=yes && shift; }
packages=("${build[@]}" "${master[@]}" "${lab[@]}" "${trace[@]}" "${images[@]}" "${tests[@]}" "$@")
command -v dpkg-query >/dev/null || { say 'this is not Debian: no dpkg-query here'; exit 1; }
own=$(dpkg --print-architecture)
# what 32-bit programs of the tests are linked with when they run
[ "$own" != amd64 ] || packages+=(libc6-i386)
# compilers for all architectures; Debian's exclude gcc-multilib
for name in $(architectures); do
  compiler=$(compiler_package "$name" "$own")
  [[ " ${packages[*]} " = *" $compiler "* ]] || packages+=("$compiler")
done

installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null | sed -n 's/^installed //p') || true
missing=()
for package in "${packages[@]}"; do
  grep -qxF "$package" <<<"$installed" || missing+=("$package")
done

if [ -n "$check" ]; then
  [ ${#missing[@]} -eq 0 ] || say "missing: ${missing[*]}"
elif [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" -ne 0 ]; then
    say "installing ${missing[*]} needs root: sudo bash scripts/setup.sh"
    exit 1
  fi
  say "installing ${missing[*]}"
  ! dpkg-query -W -f '${db:Status-Status}' gcc-multilib 2>/dev/null | grep -qx installed ||
    say "gcc-multilib gives way to the cross compilers: Debian's packages exclude each other, and gcc -m32 needs lib32gcc-VERSION-dev then"
  # RUNLEVEL=1 keeps invoke-rc.d from starting services: the programs are wanted, not their daemons
  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
  apt-get update -q
  apt-get install -q -y --no-install-recommends "${missing[@]}"
  missing=()
fi

if [ "$(node_version)" -lt 20 ]; then
  say "Node 20 or newer is needed, $(node --version 2>/dev/null || echo none) is here; Debian 13 has it as nodejs and npm, see also https://nodejs.org/en/download"
  exit 1
fi
[ ${#missing[@]} -eq 0 ]
