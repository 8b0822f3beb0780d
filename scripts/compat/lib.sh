# shellcheck shell=bash
# What the comparisons of runch with other runtimes share. Source it from the root of the tree.
# shellcheck source=scripts/build/lib.sh
. scripts/build/lib.sh
# shellcheck source=scripts/build/debian-sources.sh
. scripts/build/debian-sources.sh

# what debian-sources.sh asks for; Debian 12 has the versions that the lists of expected failures speak of
# shellcheck disable=SC2034
{
  suite=bookworm
  pins=$PWD/scripts/compat/sources.sha256
  cache=${VZ_SOURCE_CACHE:-build/sources}
  by_hand="put the files named in scripts/compat/sources.sha256 into $cache"
}

# unpack_tests NAME: puts the tests of a source package into build/compat/NAME; true if they were not there before
unpack_tests() {
  local archive key to=build/compat/$1
  archive=$cache/$(archive_of "$1")
  is_good "$archive" || fetch "$1"
  key=$(pin_of "$(basename "$archive")")
  is_fresh "$to.stamp" "$key" && return 1
  rm -rf "$to" "$to.stamp"
  mkdir -p "$to"
  tar -xf "$archive" -C "$to" --strip-components=1 --no-same-owner --no-same-permissions --wildcards '*/tests'
  echo "$key" >"$to.stamp"
}

# compare NAME REFERENCE SUITE [ARGUMENT...]: runs scripts/compat/SUITE with the reference runtime and with runch, RUNTIME among
# the arguments standing for each, and compares what they print. It is left in build/compat/NAME-RUNTIME.{tap,log}.
compare() {
  local name=$1 reference=$2 suite=$3 runtime path status=0
  shift 3
  [ "$(id -u)" -eq 0 ] || die 'only root can run containers with all of their namespaces'
  local vz
  vz=$(node scripts/machine.mjs --executable)
  [ -x "$vz" ] || die "$vz is missing" 'npm run build'
  mkdir -p build/compat
  ln -sfn "$vz" build/compat/runch
  for runtime in "$reference" runch; do
    path=$PWD/build/compat/runch
    [ "$runtime" = runch ] || path=$(command -v "$runtime")
    say "$name with $runtime"
    # ends with this script, even one that is killed
    setpriv --pdeathsig TERM bash scripts/compat/sandbox.sh "$PWD/scripts/compat/$suite" "${@/#RUNTIME/$path}" \
      >"build/compat/$name-$runtime.tap" 2>"build/compat/$name-$runtime.log"
  done
  awk -v reference="$reference" -v machine="${machine:-}" -f scripts/compat/compare.awk "scripts/compat/$name.expected" \
    "build/compat/$name-$reference.tap" "build/compat/$name-runch.tap" || status=$?
  # the log may be all that is left of a machine that was used once
  [ "$status" -eq 0 ] || tail -n 60 "build/compat/$name-runch.log"
  return "$status"
}
