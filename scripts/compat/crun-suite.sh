#!/usr/bin/env bash
# crun-suite.sh SOURCE RUNTIME [FILE...]: runs crun's tests (all, or those files: exec for tests/test_exec.py) with a runtime
# and prints their TAP, each file's behind a line "# NAME". What the tests say beside it goes to standard error.
# To be run by sandbox.sh: it works in /run, and ends what a test leaves frozen.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
source=$1 runtime=$2
shift 2

mkdir -p /run/crun /run/bin
cp -r "$source/tests" /run/crun/
# the tests find the runtime's kind in its name
ln -s "$(realpath "$runtime")" "/run/bin/$(basename "$runtime")"
cd /run/crun
# these ask for a runtime built with libsystemd, which is crun's way to notify and not what they test
sed -i "/'SYSTEMD' not in get_crun_feature_string()/,+1d" tests/test_start.py
OCI_RUNTIME=/run/bin/$(basename "$runtime")
export OCI_RUNTIME INIT=$PWD/tests/init
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1
unset NOTIFY_SOCKET LISTEN_FDS LISTEN_PID

# a test may leave its container, frozen even, and the next one makes a cgroup of the same name
clear_away() {
  local file pid
  while read -r file; do echo THAWED >"$file"; done < <(find /sys/fs/cgroup -mindepth 3 -name freezer.state)
  while read -r pid; do kill -KILL "$pid" || true; done < <(
    find /sys/fs/cgroup -mindepth 3 -name cgroup.procs -exec cat {} + | sort -u | grep -vxF 0
  )
  sleep 0.1
  find /sys/fs/cgroup -mindepth 2 -depth -type d -exec rmdir {} +
} 2>/dev/null

names=("$@")
[ $# -gt 0 ] || for file in tests/test_*.py; do names+=("$(basename "$file" .py | cut -c 6-)"); done
for name in "${names[@]}"; do
  echo "# $name"
  echo "# $name" >&2
  run=(timeout --kill-after=5 60 /usr/bin/python3 "tests/test_$name.py")
  case $name in
  # these skip where there is no terminal
  tty) script --quiet --return --command "${run[*]}" /dev/null </dev/null | tr -d '\r' ;;
  *) "${run[@]}" </dev/null ;;
  esac || echo "# $name ended with status $?" >&2
  clear_away || true
done
