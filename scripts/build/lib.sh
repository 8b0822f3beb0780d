# shellcheck shell=bash
# What the build's scripts share: messages, checks and stamps. Source it from the root of the tree.

say() { printf 'build: %s\n' "$*" >&2; }

# die WHAT [HINT]
die() {
  printf 'build: %s\n' "$1" >&2
  [ $# -lt 2 ] || printf 'hint: %s\n' "$2" >&2
  exit 1
}

# need PROGRAM: a program that setup.sh installs
need() {
  command -v "$1" >/dev/null || die "$1 is missing" 'sudo bash scripts/setup.sh'
}

# hash WORD...: one hash of the words and of the standard input
hash() {
  { printf '%s\0' "$@" && cat; } | sha256sum | cut -d ' ' -f 1
}

# is_fresh STAMP HASH: what the stamp stands for was made from inputs of this hash
is_fresh() { [ -f "$1" ] && [ "$(<"$1")" = "$2" ]; }

# run_logged LOG COMMAND...: runs it silently; what it said is shown when it fails
run_logged() {
  local log=$1
  shift
  if ! "$@" >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    die "$1 failed; all of its output is in $(realpath "$log")"
  fi
}
