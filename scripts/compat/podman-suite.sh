#!/usr/bin/env bash
# podman-suite.sh RUNTIME: drives podman with a runtime and prints one line of TAP a check, grouped like crun-suite.sh's; what
# a failed check printed goes to standard error. To be run by sandbox.sh: podman keeps all that it has in /run.
# shellcheck disable=SC2016 # what is quoted is for the container's shell
set -uo pipefail

runtime=$1
root=/run/rootfs
export HOME=/run/home XDG_RUNTIME_DIR=/run/xdg CONTAINERS_CONF=/run/podman/containers.conf
unset NOTIFY_SOCKET LISTEN_FDS LISTEN_PID

mkdir -p /run/podman /run/home /run/xdg /run/volume "$root"/{bin,dev,etc,proc,root,run,sys,tmp}
cp /bin/busybox "$root/bin/"
"$root/bin/busybox" --install -s "$root/bin"
# the links name the path that busybox has here
find "$root/bin" -type l -exec ln -sf busybox {} ';'
echo 'root:x:0:0::/root:/bin/sh' >"$root/etc/passwd"
echo text >"$root/bin/text"
chmod 644 "$root/bin/text"
echo seen >/run/volume/file
# podman knows by name which runtimes can do without cgroups
printf '[engine]\nruntime_supports_nocgroup = ["crun", "runch"]\n' >"$CONTAINERS_CONF"

podman() {
  timeout --foreground --kill-after=5 60 podman --root /run/podman/root --runroot /run/podman/runroot --tmpdir /run/podman/tmp --storage-driver vfs \
    --runtime "$runtime" --cgroup-manager cgroupfs --events-backend file "$@"
}
# run OPTIONS... -- COMMAND...: a container that is removed when it ends
run() {
  local options=()
  while [ "$1" != -- ]; do options+=("$1") && shift; done
  shift
  [[ ${options[*]} == *--network* ]] || options+=(--network none)
  podman run --rm "${options[@]}" --rootfs "$root" "$@"
}
# where nobody types, and nobody hangs up either: at the end of its input script(1) ends the terminal's, at whatever moment
mkfifo /run/typed
# on_tty COMMAND...: with a terminal of 30 lines of 100 columns
on_tty() {
  local words
  printf -v words '%q ' "$@"
  script --quiet --return --command "stty rows 30 cols 100; bash -c ${words@Q}" /dev/null <>/run/typed | tr -d '\r'
}

export -f podman run
export runtime root
number=0
# soon NAME...: as check, for what becomes true a little later than the command before it ended
soon() {
  for _ in {1..40}; do
    matches "$2" "$3" "${@:4}" && break
    sleep 0.25
  done
  check "$@"
}
# matches STATUS PATTERN COMMAND...
matches() {
  local status=$1 pattern=$2 output got
  shift 2
  output=$("$@" 2>&1)
  got=$?
  [ "$got" -eq "$status" ] && grep -qE -- "$pattern" <<<"$output"
}
# check NAME STATUS PATTERN COMMAND...: the command's status, and an extended regular expression for one line of its output;
# an empty one wants no output at all
check() {
  local name=$1 status=$2 pattern=$3 output got verdict=ok
  shift 3
  output=$("$@" 2>&1)
  got=$?
  [ "$got" -eq "$status" ] || verdict='not ok'
  if [ -z "$pattern" ]; then [ -z "$output" ] || verdict='not ok'; else grep -qE -- "$pattern" <<<"$output" || verdict='not ok'; fi
  number=$((number + 1))
  echo "$verdict $number - $name"
  [ "$verdict" = ok ] || printf '%s: status %s, wanted %s and /%s/:\n%s\n' "$name" "$got" "$status" "$pattern" "$output" >&2
}

echo '# run'
check echo 0 '^hello$' run -- echo hello
check exit-status 7 '' run -- sh -c 'exit 7'
check killed 137 '' run --pid host -- sh -c 'kill -KILL $$'
check not-found 127 'not.here' run -- /not.here
check not-executable 126 'ermission denied' run -- /bin/text
check stdin 0 '^typed$' eval 'echo typed | run -i -- cat'
check environment 0 '^a b$' run -e 'GREETING=a b' -- sh -c 'echo "$GREETING"'
check user 0 '^1000:100 /tmp 27$' run -u 1000:100 -w /tmp --umask 0027 -- sh -c 'echo "$(id -u):$(id -g) $(pwd) $(umask | tail -c 3)"'
check groups 0 '\b432\b' run --group-add 432 -- id -G
check hostname 0 '^there$' run --hostname there -- hostname
check network-host 0 'lo' run --network host -- ls /sys/class/net
check limits 0 '^77$' run --ulimit nofile=77:77 --ulimit nproc=99:99 -- sh -c 'ulimit -n'
check sysctl 0 '^1$' run --sysctl net.ipv4.ip_forward=1 -- cat /proc/sys/net/ipv4/ip_forward
check volume 0 '^seen$' run -v /run/volume:/tmp -- cat /tmp/file
check volume-read-only 1 'ead-only file system' run -v /run/volume:/tmp:ro -- touch /tmp/new
check volume-shared 0 ' /tmp .*shared:' run -v /run/volume:/tmp:rshared -- cat /proc/self/mountinfo
check tmpfs 0 '^tmpfs .*size=1024k' run --tmpfs /tmp:size=1m -- grep ' /tmp ' /proc/mounts
check read-only 1 'ead-only file system' run --read-only --read-only-tmpfs=false -- touch /new
check device 0 '^5:1 6[0-9]0$' run --device /dev/console:/dev/mine -- stat -c '%t:%T %a' /dev/mine
check default-devices 0 '^(core )?fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero$' run -- sh -c 'echo $(ls /dev)'
check masked 0 '^0$' run -- sh -c 'cat /proc/kcore | wc -c'
check read-only-paths 1 'ead-only file system' run -- sh -c 'echo 1 >/proc/sys/kernel/printk'
check capabilities-none 0 'CapEff:.0000000000000000' run --cap-drop all -- grep CapEff /proc/self/status
check capability-added 0 'CapEff:.0000000000001000' run --cap-drop all --cap-add net_admin -- grep CapEff /proc/self/status
check privileged 0 '^ok$' run --privileged -- sh -c 'mount -t tmpfs none /tmp && echo ok'
check no-new-privileges 0 'NoNewPrivs:.1' run --security-opt no-new-privileges -- grep NoNewPrivs /proc/self/status
check seccomp 0 'Seccomp:.2' run -- grep Seccomp: /proc/self/status
check seccomp-unconfined 0 'Seccomp:.0' run --security-opt seccomp=unconfined -- grep Seccomp: /proc/self/status
check oom-score 0 '^100$' run --oom-score-adj 100 -- cat /proc/self/oom_score_adj
check pid-namespace 0 '^1$' run -- sh -c 'echo $$'
check pid-host 0 '^bash$' run --pid host -- cat /proc/1/comm
check ipc-uts-host 0 "$(readlink /proc/self/ns/uts | tr -dc 0-9)" run --ipc host --uts host -- readlink /proc/self/ns/uts
check user-namespace 0 '^ *0 +10000 +500$' run --uidmap 0:10000:500 --gidmap 0:10000:500 -- cat /proc/self/uid_map
check cgroup-namespace 0 '^[0-9]+:memory:/$' run --cgroupns private -- cat /proc/self/cgroup
check memory-limit 0 '^67108864$' run --memory 64m -- cat /sys/fs/cgroup/memory/memory.limit_in_bytes
check pids-limit 0 '^33$' run --pids-limit 33 -- cat /sys/fs/cgroup/pids/pids.max
check cpu-limit 0 '^50000$' run --cpus 0.5 -- cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us
check cgroups-disabled 0 '^ok$' run --cgroups disabled -- echo ok
check preserve-fds 0 '^given$' eval 'run --preserve-fds 1 -- sh -c "cat <&3" 3<<<given'
check terminal 0 '^/dev/pts/0 30 100$' on_tty run -it -- sh -c 'echo $(tty) $(stty size)'
check terminal-status 5 '' on_tty run -it -- sh -c 'exit 5'

echo '# service'
check run-detached 0 '^[0-9a-f]{64}$' podman run -d --network none --name web --rootfs "$root" \
  sh -c 'trap "echo bye; exit 5" TERM; trap "echo usr" USR1; echo started; while :; do sleep 0.1; done'
soon ps 0 '^web Up ' podman ps --format '{{.Names}} {{.Status}}'
check inspect 0 "^running [1-9][0-9]* $runtime\$" podman inspect --format '{{.State.Status}} {{.State.Pid}} {{.OCIRuntime}}' web
soon logs 0 '^started$' podman logs web
check top 0 'sleep 0.1|sh -c' podman top web args
check stats 0 '^web [1-9]' podman stats --no-stream --format '{{.Name}} {{.PIDs}}' web
check exec 0 '^inside$' podman exec web echo inside
check exec-status 9 '' podman exec web sh -c 'exit 9'
check exec-not-found 127 'not.here' podman exec web /not.here
check exec-not-executable 126 'ermission denied' podman exec web /bin/text
check exec-stdin 0 '^typed$' eval 'echo typed | podman exec -i web cat'
check exec-user 0 '^1000:100 /tmp b$' podman exec -u 1000:100 -w /tmp -e A=b web sh -c 'echo "$(id -u):$(id -g) $(pwd) $A"'
check exec-privileged 0 'CapEff:.0*[1-9a-f]' podman exec --privileged web grep CapEff /proc/self/status
check exec-detached 0 '^[0-9a-f]{64}$' podman exec -d web sh -c 'echo done >/tmp/mark'
soon exec-detached-ran 0 '^done$' cat "$root/tmp/mark"
check exec-terminal 0 '^/dev/pts/[0-9] 30 100$' on_tty podman exec -it web sh -c 'echo $(tty) $(stty size)'
check copy-in 0 '^seen$' eval 'podman cp /run/volume/file web:/tmp/copied && podman exec web cat /tmp/copied'
check pause 0 '^paused$' eval 'podman pause web >/dev/null && podman inspect --format "{{.State.Status}}" web'
check unpause 0 '^running$' eval 'podman unpause web >/dev/null && podman inspect --format "{{.State.Status}}" web'
check update 0 '^67108864$' eval 'podman update --memory 64m web >/dev/null && podman exec web cat /sys/fs/cgroup/memory/memory.limit_in_bytes'
podman kill --signal USR1 web >/dev/null
soon kill-usr1 0 '^usr$' podman logs web
check stop 0 '^exited 5$' eval 'podman stop -t 10 web >/dev/null && podman inspect --format "{{.State.Status}} {{.State.ExitCode}}" web'
soon stopped-logs 0 '^bye$' podman logs web
check start 0 '^running$' eval 'podman start web >/dev/null && podman inspect --format "{{.State.Status}}" web'
check restart 0 '^running$' eval 'podman restart -t 1 web >/dev/null && podman inspect --format "{{.State.Status}}" web'
check kill 0 '^exited 137$' eval 'podman kill web >/dev/null; podman wait web >/dev/null; podman inspect --format "{{.State.Status}} {{.State.ExitCode}}" web'
check remove 0 '^web$|^[0-9a-f]{64}$' podman rm web

echo '# steps'
check create 0 '^created$' eval 'podman create --network none --name steps --rootfs $root sh -c "exit 3" >/dev/null && podman inspect --format "{{.State.Status}}" steps'
check init 0 '^initialized [1-9]' eval 'podman init steps >/dev/null && podman inspect --format "{{.State.Status}} {{.State.Pid}}" steps'
check start-attached 3 '' podman start --attach steps
check wait 0 '^3$' podman wait steps
check remove-initialized 0 '' eval 'podman init steps >/dev/null && podman rm -f steps >/dev/null'
podman run -d --network none --name busy --rootfs "$root" sleep 1000 >/dev/null
check join-network 0 "$(readlink "/proc/$(podman inspect --format '{{.State.Pid}}' busy)/ns/net" | tr -dc 0-9)" run --network container:busy -- readlink /proc/self/ns/net
check remove-running-refused 2 'running|stop' podman rm busy
check remove-forced 0 '' eval 'podman rm -f -t 0 busy >/dev/null'

echo '# left'
check containers 0 '' podman ps -aq
check runtime-states 0 '' "$runtime" list -q
# conmon sees to the clean-up a little after podman has answered
soon processes 1 '' eval 'ps -e -o comm= | grep -xE "conmon|sleep|sh|cat|busybox"'
check cgroups 0 '' find /sys/fs/cgroup -mindepth 3 -type d -name '*libpod-*'
check mounts 1 '' grep -F "$root/" /proc/mounts
