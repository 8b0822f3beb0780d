# Which programs run here, found by starting one of each kind. Prints "vz: tried NAME STATUS" for each, the first choice first;
# 42 where the kernel itself runs it, 43 where an emulator of user programs does, anything else where it does not run.
# Runs behind vz_raw's prelude. It leaves nothing behind, so it runs under --check too.
# Variables: directory, where the programs are tried: what lies elsewhere may be mounted noexec
# shellcheck shell=sh disable=SC2154

# The programs are those of src/common/elf/probe.ts, which tells how they are made and what they do.
i686() {
  printf '\177\105\114\106\001\001\001\000\000\000\000\000\000\000\000\000\002\000\003\000\001\000\000\000'
  printf '\124\000\001\000\064\000\000\000\000\000\000\000\000\000\000\000\064\000\040\000\001\000\000\000'
  printf '\000\000\000\000\001\000\000\000\000\000\000\000\000\000\001\000\000\000\001\000\151\000\000\000'
  printf '\151\000\000\000\005\000\000\000\000\020\000\000\152\032\130\061\333\315\200\152\052\133\203\370'
  printf '\332\165\001\103\152\001\130\315\200'
}
x86_64() {
  printf '\177\105\114\106\002\001\001\000\000\000\000\000\000\000\000\000\002\000\076\000\001\000\000\000'
  printf '\170\000\001\000\000\000\000\000\100\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000'
  printf '\000\000\000\000\100\000\070\000\001\000\000\000\000\000\000\000\001\000\000\000\005\000\000\000'
  printf '\000\000\000\000\000\000\000\000\000\000\001\000\000\000\000\000\000\000\001\000\000\000\000\000'
  printf '\216\000\000\000\000\000\000\000\216\000\000\000\000\000\000\000\000\020\000\000\000\000\000\000'
  printf '\152\145\130\061\377\017\005\152\052\137\203\370\332\165\002\377\307\152\074\130\017\005'
}
aarch64() {
  printf '\177\105\114\106\002\001\001\000\000\000\000\000\000\000\000\000\002\000\267\000\001\000\000\000'
  printf '\170\000\001\000\000\000\000\000\100\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000'
  printf '\000\000\000\000\100\000\070\000\001\000\000\000\000\000\000\000\001\000\000\000\005\000\000\000'
  printf '\000\000\000\000\000\000\000\000\000\000\001\000\000\000\000\000\000\000\001\000\000\000\000\000'
  printf '\230\000\000\000\000\000\000\000\230\000\000\000\000\000\000\000\000\020\000\000\000\000\000\000'
  printf '\250\016\200\322\000\000\200\322\001\000\000\324\037\230\000\261\100\005\200\322\000\024\200\232'
  printf '\250\013\200\322\001\000\000\324'
}

# Below a directory that is still to be made, the programs are tried beside it.
while [ ! -d "${directory:-/}" ]; do directory=${directory%/*}; done
# A directory of its own: a shell reads what execve(2) refuses as a script, and a redirection in that makes a file.
scratch=$directory/.vz-probe.$$
trap 'cd / && rm -rf "$scratch"' EXIT
why=$(mkdir -m 700 "$scratch" 2>&1) || die "${directory:-/}: no program can be tried there: $why"
cd "$scratch" || exit

# written NAME SIZE: what the function NAME prints is now the program NAME.
# shellcheck disable=SC2094
written() {
  if why=$({ "$1" > "$1"; } 2>&1) && [ "$(wc -c < "$1")" -eq "$2" ]; then
    chmod 700 "$1"
  else
    die "${directory:-/}: no program can be tried there: ${why:-is the disk full?}"
  fi
}

# status NAME: how the program ends. What a filter of system calls ends must not leave a core file.
status() {
  (
    # shellcheck disable=SC3045
    ulimit -c 0 || :
    "./$1" < /dev/null > /dev/null && status=0 || status=$?
    echo "$status"
  ) 2> /dev/null
}

script() { printf '#!/bin/sh\nexit 42\n'; }
written script 18
status=$(status script)
if [ "$status" -ne 42 ]; then
  die "${directory:-/}: no program can be started there, a script ends with $status: is it mounted noexec?"
fi

# try NAME SIZE
try() {
  written "$1" "$2"
  echo "vz: tried $1 $(status "$1")"
}
try i686 105
try x86_64 142
try aarch64 152
