#!/usr/bin/env bash
# runch where there is little: each system call that Linux 2.6.32 lacks answered ENOSYS, one at a time and all at once; without
# CAP_SYS_ADMIN; in 32 MB. Prints what each came to, and fails on what docs/runch.md does not say.
#   small.sh [--short]      --short: of the system calls only those that runch makes here
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ "$(id -u)" -ne 0 ]; then
  echo 'torture/small: needs root, for namespaces and mounts' >&2
  exit 77
fi
vz=$(node scripts/machine.mjs --executable)
[ -x "$vz" ] || { echo "torture/small: no $vz: npm run build" >&2; exit 1; }

# i386's system calls above 336, and amd64's above 298; strace passes over those that it does not know
newer=(
  recvmmsg fanotify_init fanotify_mark prlimit64 name_to_handle_at open_by_handle_at clock_adjtime syncfs sendmmsg setns
  getcpu process_vm_readv process_vm_writev kcmp finit_module sched_setattr sched_getattr renameat2 seccomp getrandom
  memfd_create kexec_file_load bpf execveat userfaultfd membarrier mlock2 copy_file_range preadv2 pwritev2 pkey_mprotect
  pkey_alloc pkey_free statx io_pgetevents rseq clock_gettime64 clock_settime64 clock_adjtime64 clock_getres_time64
  clock_nanosleep_time64 timer_gettime64 timer_settime64 timerfd_gettime64 timerfd_settime64 utimensat_time64
  pselect6_time64 ppoll_time64 io_pgetevents_time64 recvmmsg_time64 mq_timedsend_time64 mq_timedreceive_time64
  semtimedop_time64 rt_sigtimedwait_time64 futex_time64 sched_rr_get_interval_time64 pidfd_send_signal io_uring_setup
  io_uring_enter io_uring_register open_tree move_mount fsopen fsconfig fsmount fspick pidfd_open clone3 close_range
  openat2 pidfd_getfd faccessat2 process_madvise epoll_pwait2 mount_setattr quotactl_fd landlock_create_ruleset
  landlock_add_rule landlock_restrict_self memfd_secret process_mrelease futex_waitv set_mempolicy_home_node
)

work=$(mktemp -d)
state=$work/state
cgroup=vz-small-$$-container
memory=
failed=0

# processes of the containers: their root is the bundle's
left_processes() {
  local root pid
  root=$(stat -L -c %d:%i "$work/small/rootfs")
  for pid in /proc/[0-9]*; do
    [ "$(stat -L -c %d:%i "$pid/root" 2>/dev/null)" != "$root" ] || echo "${pid#/proc/}"
  done
}

clear_all() {
  local pid path
  for pid in $(left_processes); do kill -KILL "$pid" 2>/dev/null || true; done
  grep -o " $work/[^ ]*" /proc/self/mounts | sort -r | while read -r path; do umount -l "$path"; done || true
  rm -rf "$state"
}

finish() {
  clear_all
  [ -z "$memory" ] || rmdir "$memory" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

cp "$vz" "$work/runch"
mkdir -p "$work/small/rootfs/"{bin,proc,dev}
cp /bin/busybox "$work/small/rootfs/bin/busybox"
for applet in sh sleep hostname true mkdir touch; do ln -s busybox "$work/small/rootfs/bin/$applet"; done
bind=", {\"destination\": \"/host\", \"source\": \"$work\", \"options\": [\"rbind\", \"rro\"]}"
config() {
  cat >"$work/small/config.json" <<JSON
{
  "ociVersion": "1.0.2",
  "hostname": "inner",
  "root": {"path": "rootfs"},
  "process": {
    "args": $1, "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}, "oomScoreAdj": 100,
    "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 256, "hard": 256}], "noNewPrivileges": true,
    "scheduler": {"policy": "SCHED_BATCH"}
  },
  "mounts": [
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=64k"]}$bind
  ],
  "linux": {
    "namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "uts"}, {"type": "ipc"}],
    "cgroupsPath": "$cgroup", "resources": {"pids": {"limit": 32}},
    "seccomp": {
      "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
      "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]
    }
  }
}
JSON
}
answers='["sh", "-c", "hostname; mkdir /made 2>&1; touch /host/made 2>&1; true"]'
waits='["sleep", "1000"]'

# try OUT COMMAND...: its standard output and error in OUT.out and OUT.err; gives its status
try() {
  local name=$work/$1 status=0
  shift
  timeout -s KILL 20 "$@" </dev/null >"$name.out" 2>"$name.err" || status=$?
  echo "$status"
}

fault() {
  printf '  %s\n' "$*"
  failed=$((failed + 1))
}

has_exec=yes
"$work/runch" exec --help >/dev/null 2>&1 || has_exec=

# life CASE ALLOWED HOSTNAME PREFIX...: a container's whole life under PREFIX; ALLOWED is a pattern for what it may do without.
# HOSTNAME is a pattern for what the container reads as its own name.
life() {
  local case=$1 allowed=$2 hostname=$3 run create start exec=- delete without words left
  shift 3
  local runch=("$@" "$work/runch" --root "$state")
  config "$answers"
  run=$(try run "${runch[@]}" run -b "$work/small" one)
  config "$waits"
  create=$(try create "${runch[@]}" create -b "$work/small" two)
  start=$(try start "${runch[@]}" start two)
  : >"$work/exec.err"
  [ -z "$has_exec" ] || exec=$(try exec "${runch[@]}" exec two sh -c 'echo inside')
  delete=$(try delete "${runch[@]}" delete --force two)
  without=$(cat "$work/run.err" "$work/create.err" "$work/exec.err" | sed -n 's/^runch: [a-z]*: runs without //p' | sort -u)
  printf '%-30s %4s %6s %5s %4s %6s  %s\n' "$case" "$run" "$create" "$start" "$exec" "$delete" "$(sed 's/ (\([^)]*[a-z]\))$/ - \1/' <<<"${without:-everything applied}" | paste -sd ';')"
  for words in "run $run" "create $create" "start $start" "exec $exec" "delete $delete"; do
    case $words in *' 0' | *' -') continue ;; esac
    [[ "${words%% *}" =~ ^($allowed)$ ]] && continue
    fault "$words: $(cat "$work/${words%% *}.err")"
  done
  [[ "$(head -n 1 "$work/run.out")" =~ ^($hostname)$ ]] || fault "run wrote '$(cat "$work/run.out")'"
  [[ "$without" == *seccomp* ]] || grep -q '^mkdir: .* not supported$' "$work/run.out" || fault "no filter: $(cat "$work/run.out")"
  [[ -z "$bind" || "$without" == *rro* ]] || grep -q '^touch: .* Read-only' "$work/run.out" || fault "no rro: $(cat "$work/run.out")"
  [ "$exec" != 0 ] || [ "$(cat "$work/exec.out")" = inside ] || fault "exec wrote '$(cat "$work/exec.out")'"
  if [ -n "$without" ] && ! without_only "$without" "$allowed"; then fault "undocumented: runs without $without"; fi
  # strace, where it stands behind, takes a moment to let go
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    left=$(left_processes)
    [ -n "$left" ] || break
    sleep 0.05
  done
  left="$left $(find /sys/fs/cgroup -maxdepth 4 -name "$cgroup" 2>/dev/null || true) $(ls -A "$state" 2>/dev/null) $(grep -o " $work/[^ ]*" /proc/self/mounts || true)"
  [ -z "${left// /}" ] || fault "left: $left"
  clear_all
}

# without_only LINES PATTERN: whether each line "what (why)" is of the pattern
without_only() {
  local item
  while read -r item; do
    [[ "${item%% (*}" =~ ^($2)$ ]] || return 1
  done <<<"$1"
}

own=$(hostname)
printf '%-30s %4s %6s %5s %4s %6s  %s\n' 'case' run create start exec delete 'degraded to'
life nothing '' inner

refuse() { printf '%s' "strace -D -f -qq -o /dev/null -e inject=$1:error=ENOSYS"; }
# what the documentation says of single calls: before Linux 3.0 no namespace can be entered, before 5.12 no mount is made
# read-only with those below it
declare -A single=([setns]='exec' [mount_setattr]='mounts\[2\]')
wanted=("${newer[@]}")
if [ "${1:-}" = --short ]; then
  config "$answers"
  strace -f -qq -o "$work/trace" "$work/runch" --root "$state" run -b "$work/small" one >/dev/null
  mapfile -t wanted < <(sed -n 's/^[0-9]* *\([a-z0-9_]*\)(.*/\1/p' "$work/trace" | sort -u | grep -xF "$(printf '%s\n' "${newer[@]}")" || true)
  # exec makes it, run does not
  wanted+=(setns)
fi
for name in "${wanted[@]}"; do
  # shellcheck disable=SC2046 # words, on purpose
  life "$name" "${single[$name]:-}" inner $(refuse "?$name")
done
all=$(printf '?%s,' "${newer[@]}")
# shellcheck disable=SC2046
life 'all of these' "exec|mounts\\[2\\]" inner $(refuse "${all%,}")
# without mounts there is no bind mount, which no container is started without
bind='' life 'no CAP_SYS_ADMIN' '(mount|pid|uts|ipc) namespace|hostname|mounts\[[0-9]\]|exec' "$own" setpriv --bounding-set=-sys_admin

if [ -d /sys/fs/cgroup/memory ]; then
  memory=/sys/fs/cgroup/memory/vz-small-$$
  limit=memory.limit_in_bytes peak=memory.max_usage_in_bytes
elif [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  memory=/sys/fs/cgroup/vz-small-$$
  limit=memory.max peak=memory.peak
fi
if [ -n "$memory" ] && mkdir "$memory" && echo 32M >"$memory/$limit"; then
  # shellcheck disable=SC2016 # the inner shell's
  life 'in 32 MB (cgroup)' '' inner sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$memory"
  [ ! -r "$memory/$peak" ] || printf '  peak of all: %d kB\n' $(($(cat "$memory/$peak") / 1024))
else
  memory=
  echo 'not run: 32 MB by cgroup: no memory controller here'
fi
# shellcheck disable=SC2016
life 'in 32 MB (ulimit -v)' '' inner sh -c 'ulimit -v 32768; exec "$@"' sh
printf 'small: %d faults\n' "$failed"
[ "$failed" -eq 0 ]
