# The upload account's block and the subsystem in sshd_config. The new file takes effect only when sshd finds it good, and the
# old one comes back by itself unless confirm.sh comes within $guard seconds.
# Variables: vz_path data user config guard
# shellcheck shell=sh disable=SC2154

sshd=$(command -v sshd || echo /usr/sbin/sshd)
new=$config.vz-new
old=$config.vz-old
mark=$data/sshd-unconfirmed
vzexec=${vz_path%/*}/vzexec

# What was there but for our own blocks, without blank lines at its end.
theirs() { sed -e '/^# vz: begin/,/^# vz: end/d' "$config"; }

# Uploads ask for the subsystem sftp. A slave that has none gets sshd's own, which needs no program.
subsystems() {
  echo "Subsystem vzexec $vzexec subsystem"
  if [ "$own_sftp" = yes ]; then echo 'Subsystem sftp internal-sftp'; fi
}

# A Match block reaches to the end of the file, so ours stands last; a subsystem must stand before any Match.
compose() {
  printf '%s\n' '# vz: begin' "$(subsystems)" '# vz: end'
  printf '%s\n' "$(theirs)"
  sftp=internal-sftp
  if [ "$1" = modern ]; then sftp='internal-sftp -d /incoming -u 0077'; fi
  printf '%s\n' '# vz: begin' "Match User $user" "  ChrootDirectory $data/upload" "  ForceCommand $sftp" \
    '  PasswordAuthentication no' '  AllowTcpForwarding no' '  AllowAgentForwarding no' '  X11Forwarding no'
  if [ "$1" = modern ]; then
    printf '%s\n' "  AuthorizedKeysFile $data/$user/.ssh/authorized_keys" '  PermitTTY no' '  PermitTunnel no' \
      '  DisableForwarding yes' 'Match all'
  fi
  echo '# vz: end'
}

write() {
  cp -p "$config" "$new"
  compose "$1" > "$new"
}

# Whether process $1 is the sshd that listens, and not one of its sessions or of a container's.
listens() {
  [ -r "/proc/$1/cmdline" ] && [ "$(readlink "/proc/$1/root")" = / ] || return 1
  case $(tr '\000' ' ' < "/proc/$1/cmdline") in
    /*sshd* | sshd:*'[listener]'*) return 0 ;;
    *) return 1 ;;
  esac
}

# Has sshd read its configuration again. None listens where a super-server starts one for each login: then it reads it anyway.
reload() {
  for file in /run/sshd.pid /var/run/sshd.pid; do
    if [ -r "$file" ] && read -r pid < "$file" && listens "$pid"; then
      kill -HUP "$pid"
      return
    fi
  done
  for dir in /proc/[0-9]*; do
    if listens "${dir#/proc/}"; then kill -HUP "${dir#/proc/}"; fi
  done
}

restore() {
  mv -f "$old" "$config"
  reload
  rm -f "$mark"
}

if why=$("$sshd" -t -f "$config" 2>&1); then :; else die "$config is not good as it is: $(echo "$why" | head -n 1)"; fi
trap 'rm -f "$new"' EXIT
cp -p "$config" "$new"
printf '%s\n' "$(theirs)" > "$new"
own_sftp=yes
if "$sshd" -T -f "$new" -C user=root,host=localhost,addr=127.0.0.1 2>/dev/null | grep -qi '^subsystem sftp '; then own_sftp=no; fi
write modern
# An sshd before 7.4 does not know all of these.
if "$sshd" -t -f "$new" 2>/dev/null; then :; else
  write plain
  if why=$("$sshd" -t -f "$new" 2>&1); then :; else die "sshd refuses its new configuration: $(echo "$why" | head -n 1)"; fi
fi
if cmp -s "$new" "$config"; then exit 0; fi
if changing "$config"; then
  cp -p "$config" "$old"
  : > "$mark"
  sync
  mv -f "$new" "$config"
  # Looks every second, so that nothing is left of it once all is well.
  (
    trap '' HUP
    trap - EXIT
    exec < /dev/null > /dev/null 2>&1
    left=$guard
    while [ "$left" -gt 0 ]; do
      [ -e "$mark" ] || exit 0
      sleep 1
      left=$((left - 1))
    done
    if [ -e "$mark" ]; then restore; fi
  ) &
  reload
fi
