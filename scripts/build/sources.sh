#!/usr/bin/env bash
# Puts the sources of QuickJS, musl, zlib, libmd and zstd into build/src/NAME. They are Debian's source packages, taken from the
# host's own mirror through a private apt state, so that the host's apt configuration stays as it is and no root is needed.
# Every archive is checked against scripts/build/sources.sha256, the cached ones too.
#
# QUICKJS_SRC, MUSL_SRC, ZLIB_SRC, LIBMD_SRC, LIBZSTD_SRC: directories to use instead.  VZ_SOURCE_CACHE: where the archives are kept.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/build/lib.sh
. scripts/build/lib.sh
# shellcheck source=scripts/build/debian-sources.sh
. scripts/build/debian-sources.sh

# Debian 13 has all five; Debian 12's keyring verifies it.
suite=trixie
pins=$PWD/scripts/build/sources.sha256
cache=${VZ_SOURCE_CACHE:-build/sources}
by_hand="put the files named in scripts/build/sources.sha256 into $cache, or set QUICKJS_SRC, MUSL_SRC, ZLIB_SRC, LIBMD_SRC, LIBZSTD_SRC"

# unpack NAME: archive -> build/src/NAME
unpack() {
  local file to=build/src/$1 key
  file=$cache/$(archive_of "$1")
  key=$(pin_of "$(basename "$file")")
  is_fresh "$to.stamp" "$key" && return
  rm -rf "$to" "$to.stamp"
  mkdir -p "$to"
  tar -xf "$file" -C "$to" --strip-components=1 --no-same-owner --no-same-permissions
  echo "$key" >"$to.stamp"
}

missing=()
names=(quickjs musl zlib libmd libzstd)
for name in "${names[@]}"; do
  override=${name^^}_SRC
  if [ -n "${!override:-}" ]; then
    [ -d "${!override}" ] || die "$override=${!override}: no such directory"
  elif ! is_good "$cache/$(archive_of "$name")"; then
    missing+=("$name")
  fi
done
mkdir -p build/src
[ ${#missing[@]} -eq 0 ] || fetch "${missing[@]}"
for name in "${names[@]}"; do
  override=${name^^}_SRC
  if [ -n "${!override:-}" ]; then
    # a link, so that everything behind this step has one place to look at
    rm -rf "build/src/$name" "build/src/$name.stamp"
    ln -s "$(realpath "${!override}")" "build/src/$name"
  else
    [ ! -L "build/src/$name" ] || rm "build/src/$name"
    unpack "$name"
  fi
done
