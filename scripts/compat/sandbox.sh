#!/usr/bin/env bash
# sandbox.sh COMMAND...: runs it with mount, pid and cgroup namespaces of its own, so that whatever it leaves (processes,
# mounts, cgroups, frozen ones too) is gone afterwards. What it finds there:
#   /sys/fs/cgroup   this machine's hierarchies of version 1, each beginning at a cgroup of ours; none of version 2 beside
#                    them, since crun refuses the mixture. A machine with version 2 alone keeps what it has.
#   /run, /dev/shm   empty; TMPDIR is a directory in /run
#   pids             from 20000 on: one of crun's tests wants five digits
# Needs root. Its status is the command's.
set -euo pipefail

name=vz-compat-$$

# the mounted hierarchies of version 1: MOUNT-POINT OPTIONS, the options being what mount(8) needs to mount it again
hierarchies() {
  local point type options
  while read -r _ point type options _; do
    [ "$type" = cgroup ] || continue
    printf '%s %s\n' "$point" "$(tr , '\n' <<<"$options" | grep -vxE 'rw|ro|relatime|no(suid|dev|exec|atime)|xattr|clone_children|release_agent=.*' |
      paste -sd , | sed 's/^name=/none,name=/')"
  done </proc/self/mounts
}

# makes our cgroup in a hierarchy and prints its directory
make_cgroup() {
  local file
  mkdir "$1/$name"
  for file in cpuset.cpus cpuset.mems; do
    # a cpuset takes no process before it has both
    [ ! -f "$1/$file" ] || cat "$1/$file" >"$1/$name/$file"
  done
  printf '%s\n' "$1/$name"
}

# thaw DIR: what lies frozen there can be killed again
thaw() {
  local file
  find "$1" -mindepth 2 -name freezer.state | while read -r file; do echo THAWED >"$file"; done
}

clean_up() {
  local dir file pid tries
  for dir in "${cgroups[@]}"; do thaw "$dir"; done
  for dir in "${cgroups[@]}"; do
    for tries in 1 2 3 4 5; do
      find "$dir" -name cgroup.procs | while read -r file; do
        while read -r pid; do kill -KILL "$pid" || true; done <"$file"
      done
      # a killed process leaves its cgroup a little later
      find "$dir" -depth -type d -exec rmdir {} + && break
      sleep "0.$tries"
    done
  done 2>/dev/null
}

inside() {
  local point options dir
  if [ $# -gt 0 ] && [ "$1" = --hierarchies ]; then
    umount --lazy --recursive /sys/fs/cgroup
    mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
    while read -r point options; do
      dir=/sys/fs/cgroup/$(basename "$point")
      mkdir "$dir"
      mount -t cgroup -o "$options" cgroup "$dir"
    done <<<"$2"
    shift 2
  fi
  mount -t tmpfs -o mode=755 tmpfs /run
  mount -t tmpfs -o mode=1777 tmpfs /dev/shm
  mkdir -m 1777 /run/tmp
  export TMPDIR=/run/tmp
  echo 20000 >/proc/sys/kernel/ns_last_pid
  # the first process of a pid namespace ends only when all others have, and what is frozen never does
  trap 'thaw /sys/fs/cgroup' EXIT
  "$@"
}

if [ "${1:-}" = --inside ]; then
  shift
  inside "$@"
  exit
fi

cgroups=()
trap clean_up EXIT
trap 'exit 130' INT TERM
found=$(hierarchies)
given=()
if [ -n "$found" ]; then
  given=(--hierarchies "$found")
  while read -r point _; do cgroups+=("$(make_cgroup "$point")"); done <<<"$found"
fi
(
  for dir in "${cgroups[@]}"; do echo "$BASHPID" >"$dir/cgroup.procs"; done
  exec unshare --mount --pid --cgroup --fork --kill-child --mount-proc --propagation private -- "$0" --inside "${given[@]}" "$@"
) <&0 &
wait "$!"
