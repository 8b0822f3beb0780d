#!/usr/bin/env bash
# runc-suite.sh SOURCE RUNTIME [FILE...]: runs runc's integration tests (all that need neither systemd nor Go, or those files:
# exec for tests/integration/exec.bats) with a runtime and prints their TAP, each file's behind a line "# NAME". What failed
# tests printed goes to standard error. To be run by sandbox.sh: it works in /run.
# The images that the tests would download are busybox here, and a program that says hello.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
source=$1 runtime=$2
shift 2

cp -r "$source" /run/runc
cd /run/runc
export RUNC=$runtime PATH=/run/runc/bin:$PATH
unset NOTIFY_SOCKET LISTEN_FDS LISTEN_PID

mkdir -p bin contrib/cmd/recvtty image/{bin,dev,etc,home,root,tmp,usr/bin,usr/sbin,var}
printf '#!/bin/sh\necho amd64\n' >bin/go
printf '#!/bin/sh\nexec /usr/bin/python3 %s/recvtty.py "$@"\n' "$here" >contrib/cmd/recvtty/recvtty
chmod +x bin/go contrib/cmd/recvtty/recvtty
# the tests go on before the socket is there
# shellcheck disable=SC2016 # it is the tests' variable
sed -i '/RECVTTY.*--pid-file/a while [ ! -S "$CONSOLE_SOCKET" ]; do sleep 0.01; done' tests/integration/helpers.bash
# a test that fails leaves its cgroup, even a frozen one, and another may draw the same number
# shellcheck disable=SC2016
sed -i 's/local rnd="$RANDOM"/local rnd="$BASHPID-$RANDOM"/' tests/integration/helpers.bash
# this one clones a repository
sed -i '/^@test "spec validator"/,/^}/d' tests/integration/spec.bats

cp /bin/busybox image/bin/
chroot image /bin/busybox --install -s /bin
printf 'root:x:0:0:root:/root:/bin/sh\n' >image/etc/passwd
printf 'root:x:0:\n' >image/etc/group
data=tests/integration/testdata
tar -C image -cJf $data/busybox-amd64.tar.xz .
mkdir image/{lib,proc,sbin,sys}
cp /sbin/ldconfig image/sbin/
tar -C image -cJf $data/debian-amd64.tar.xz .
printf '#include <stdio.h>\nint main(void) { return puts("Hello") < 0; }\n' | gcc -x c -static -o bin/hello -
tar -C bin -cf $data/hello-world-amd64.tar hello

names=("$@")
[ $# -gt 0 ] || for file in tests/integration/*.bats; do
  case $(basename "$file" .bats) in
  # a Go program as seccomp agent, a systemd that delegates, sshfs
  seccomp-notify* | cgroup_delegation | mounts_sshfs) ;;
  *) names+=("$(basename "$file" .bats)") ;;
  esac
done
for name in "${names[@]}"; do
  echo "# $name"
  echo "# $name" >&2
  # containers have terminals unless a test says otherwise, and runc then wants one itself
  script --quiet --command "timeout --foreground --kill-after=5 120 bats --tap tests/integration/$name.bats >/run/tap 2>&1" \
    /dev/null </dev/null >/dev/null || true
  grep -E '^(not )?ok ' /run/tap || true
  grep -vE '^ok ' /run/tap >&2 || true
done
