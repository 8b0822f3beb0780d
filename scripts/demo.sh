#!/usr/bin/env bash
# The whole of vz in one run: a fleet of fake VPSes, an image made by tracing, a deployment, a crash, a recovery.
# Sets up all that it needs, and leaves nothing behind but the caches; can be run again at once.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
vz=$(node scripts/machine.mjs --executable)
work=$root/build/demo
site=/srv/vz-demo
export VZ_LAB=demo

chapter() { printf '\n\033[1m== %s\033[0m\n' "$*" | if [ -t 1 ]; then cat; else sed 's/\x1b\[[0-9;]*m//g'; fi; }
say() { printf '%s\n' "$*" | fold -s -w 100 | sed 's/^/   /'; }
# Shows a command as it would be typed, then runs it.
run() {
  printf '$ %s\n' "${*/#$vz/vz}"
  "$@"
}

if [ "$(id -u)" -ne 0 ]; then
  echo "demo: needs root, for the network and process namespaces of the fake VPSes: sudo npm run demo" >&2
  exit 77
fi

tidy() {
  status=$?
  trap - EXIT
  [ -n "${tracer:-}" ] && kill "$tracer" 2>/dev/null
  [ -x "$vz" ] && (cd "$work" 2>/dev/null && "$vz" lab down >/dev/null 2>&1)
  rm -rf "$site"
  [ "$status" -eq 0 ] || echo "demo: failed with status $status" >&2
  exit "$status"
}
trap tidy EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

chapter "Setting up: Debian packages, npm packages, the executable"
bash scripts/setup.sh lighttpd curl
bash scripts/npm-ci.sh
npm run --silent build
run "$vz" --version
say "One static file of $(stat -c %s "$vz") bytes: master, slave, tracer and lab in one, and the slaves' parts of it for" \
  "three architectures. $(node scripts/machine.mjs)"

mkdir -p "$work"
cd "$work"
"$vz" lab down >/dev/null 2>&1 || true
rm -rf .vz fleet.yaml hello.tar.gz spec

chapter "Renting three VPSes from two vendors"
say "Each has its own processes, mounts, network address, init and OpenSSH, and 128 MB of RAM. The first time," \
  "Debian's packages for them are fetched, which takes half a minute."
run "$vz" lab up 3 --vendors 2 --mem 128 --force

chapter "Making an image by watching a program run"
say "lighttpd is a web server from a Debian package. It runs here once, under the tracer, while one page is asked" \
  "of it; the files that it touched become the image."
mkdir -p "$site"
echo 'Hello from a container without a daemon.' >"$site/index.html"
cat >"$site/lighttpd.conf" <<CONF
server.document-root = "$site"
server.port = 8080
index-file.names = ("index.html")
CONF
printf '$ vz trace --image hello.tar.gz -- lighttpd -D -f %s/lighttpd.conf &\n' "$site"
"$vz" trace --image hello.tar.gz -- lighttpd -D -f "$site/lighttpd.conf" >trace.log 2>&1 &
tracer=$!
for _ in $(seq 50); do
  curl -sf http://127.0.0.1:8080/ >/dev/null && break
  sleep 0.1
done
run curl -sf http://127.0.0.1:8080/
printf '$ kill %%1\n'
kill "$tracer"
wait "$tracer" || { cat trace.log; exit 1; }
tracer=
run "$vz" image inspect hello.tar.gz

chapter "Writing down what should run where"
cat >>fleet.yaml <<'YAML'
services:
  hello:
    image: hello.tar.gz
    replicas: 3
    spread: vendor
    memory: 16M
    health: {tcp: 8080}
YAML
run cat fleet.yaml

chapter "Preparing the slaves: one file, two accounts, over SSH"
say "The slaves have no Python, no Perl, no agent: Ansible needs nothing there but sshd and a shell."
run "$vz" master deploy

chapter "Making the fleet match the file"
run "$vz" master apply
run "$vz" master ps

chapter "Asking the service on each slave"
addresses=$(sed -n 's/.*address: *\([0-9.]*\).*/\1/p' fleet.yaml)
for address in $addresses; do
  run curl -sf "http://$address:8080/"
done

chapter "What a slave runs now: its init, its sshd, and the container"
run "$vz" lab ssh 1 'ps -eo pid,ppid,rss,args | grep -v "ps -eo"'

chapter "Killing the container on vps1"
pid_of() { "$vz" master ps --json | node -e 'let s="";process.stdin.on("data",d=>s+=d).on("end",()=>{const r=JSON.parse(s).find(r=>r.host==="vps1");console.log(r.state==="running"?r.pid:"")})'; }
before=$(pid_of)
run "$vz" lab ssh 1 kill -9 "$before"
for _ in $(seq 50); do
  after=$(pid_of)
  [ -n "$after" ] && [ "$after" != "$before" ] && break
  sleep 0.2
done
if [ -z "$after" ] || [ "$after" = "$before" ]; then
  echo "demo: init did not bring it back" >&2
  exit 1
fi
say "Process $before is gone. Nobody but the slave's own init noticed, and it started process $after."
run curl -sf "http://${addresses%%$'\n'*}:8080/"
run "$vz" master ps

chapter "Giving the VPSes back"
run "$vz" lab down
say "" "That was it: no daemon, no agent, no registry. README.md tells how to do the same with real VPSes."
