#!/usr/bin/env bash
# Puts the sources of QuickJS, musl, zlib and libmd into build/src/NAME. They are Debian's source packages, taken from the
# host's own mirror through a private apt state, so that the host's apt configuration stays as it is and no root is needed.
# Every archive is checked against scripts/build/sources.sha256, the cached ones too.
#
# QUICKJS_SRC, MUSL_SRC, ZLIB_SRC, LIBMD_SRC: directories to use instead.  VZ_SOURCE_CACHE: where the archives are kept.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/build/lib.sh
. scripts/build/lib.sh

# Debian 13 has all four; Debian 12's keyring verifies it.
suite=trixie
pins=$PWD/scripts/build/sources.sha256
cache=${VZ_SOURCE_CACHE:-build/sources}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

archive_of() { awk -v name="$1" 'index($2, name "_") == 1 { print $2 }' "$pins"; }
pin_of() { awk -v file="$1" '$2 == file { print $1 }' "$pins"; }
is_good() { [ -f "$1" ] && [ "$(sha256sum <"$1" | cut -d ' ' -f 1)" = "$(pin_of "$(basename "$1")")" ]; }

# The mirror of the host's own release. indextargets reads both of apt's formats and needs no "apt-get update" before.
host_mirror() {
  local codename
  # shellcheck source=/dev/null
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  # shellcheck disable=SC2016 # apt fills these in
  apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
    awk -v own="$codename" '$2 == own || $2 == "stable" || $2 == "oldstable" || $2 == "trixie" { print $1; exit }'
}

# fetch NAME...: downloads their archives into the cache
fetch() {
  local mirror work name file
  local by_hand="or put the files named in scripts/build/sources.sha256 into $cache, or set QUICKJS_SRC, MUSL_SRC, ZLIB_SRC, LIBMD_SRC"
  command -v apt-get >/dev/null || die 'no apt-get here to fetch Debian source packages with' "build on Debian 12 or 13, $by_hand"
  mirror=$(host_mirror)
  [ -n "$mirror" ] || die "this host's apt configuration names no Debian mirror" "add one, $by_hand"
  [ -f "$keyring" ] || die "$keyring is missing" 'apt-get install debian-archive-keyring'
  work=$PWD/build/apt
  rm -rf "$work"
  mkdir -p "$work"/{state/lists/partial,cache/archives/partial,get}
  printf 'deb-src [signed-by=%s] %s %s main\n' "$keyring" "$mirror" "$suite" >"$work/sources.list"
  # the host's proxies and the like hold here too, but not what it wants to do after an update of its own
  cat >"$work/apt.conf" <<CONF
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::State "$work/state";
Dir::State::status "/dev/null";
Dir::Cache "$work/cache";
Dir::Etc::sourcelist "$work/sources.list";
Dir::Etc::sourceparts "-";
APT::Sandbox::User "root";
Acquire::Languages "none";
CONF
  say "fetching the sources of $* from this host's Debian mirror"
  run_logged build/apt-update.log apt-get -c "$work/apt.conf" -q update
  (cd "$work/get" && run_logged ../../apt-source.log apt-get -c "$work/apt.conf" -q source --download-only --tar-only "$@")
  mkdir -p "$cache"
  for name in "$@"; do
    file=$(archive_of "$name")
    [ -f "$work/get/$file" ] || die "Debian $suite has no $file any more: $(cd "$work/get" && ls)" "${by_hand#or }"
    is_good "$work/get/$file" || die "$file: not the file that was pinned (SHA-256 $(sha256sum <"$work/get/$file" | cut -d ' ' -f 1))"
    mv "$work/get/$file" "$cache/$file"
  done
  rm -rf "$work"
}

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
names=(quickjs musl zlib libmd)
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
