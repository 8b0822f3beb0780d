# shellcheck shell=bash
# Archives of Debian's source packages, taken from the host's own mirror through a private apt state, so that the host's apt
# configuration stays as it is and no root is needed. Source it after lib.sh, from the root of the tree. Who sources it sets
#   suite    Debian's release
#   pins     file of SHA-256 sums, as sha256sum prints them: only what it names is taken
#   cache    directory that the archives are kept in
#   by_hand  how to do without (a hint's words)
# shellcheck disable=SC2154

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
  command -v apt-get >/dev/null || die 'no apt-get here to fetch Debian source packages with' "build on Debian 12 or 13, or $by_hand"
  mirror=$(host_mirror)
  [ -n "$mirror" ] || die "this host's apt configuration names no Debian mirror" "add one, or $by_hand"
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
    [ -f "$work/get/$file" ] || die "Debian $suite has no $file any more: $(cd "$work/get" && ls)" "$by_hand"
    is_good "$work/get/$file" || die "$file: not the file that was pinned (SHA-256 $(sha256sum <"$work/get/$file" | cut -d ' ' -f 1))"
    mv "$work/get/$file" "$cache/$file"
  done
  rm -rf "$work"
}
