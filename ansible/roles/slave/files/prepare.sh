# Directories, the upload account, the daily key, the links. Runs behind vz_raw's prelude; changes only what is not so yet.
# Variables: vz_path data user fleet daily
# shellcheck shell=sh disable=SC2154

# What stands on the left of a name in `ls -ldn`: type and permissions, owner, group. The mark of an ACL or a label goes.
owned_mode() {
  # shellcheck disable=SC2012
  ls -ldn "$1" | sed -e 's/^\(..........\)[^ ]* *[0-9]* *\([0-9]*\) *\([0-9]*\) .*/\1 \2 \3/'
}

# directory PATH MODE LETTERS OWNER
directory() {
  if [ ! -d "$1" ]; then
    if changing "directory $1"; then
      mkdir -p "$1"
      chown "$4:$4" "$1"
      chmod "$2" "$1"
    fi
  elif [ "$(owned_mode "$1")" != "$3 $4 $4" ]; then
    if changing "mode of $1"; then
      chown "$4:$4" "$1"
      chmod "$2" "$1"
    fi
  fi
}

# append FILE LINE: under another name and renamed, so that no reader sees a part.
append() {
  cp -p "$1" "$1.vz-new"
  if [ -n "$(tail -c 1 "$1.vz-new")" ]; then echo >> "$1.vz-new"; fi
  printf '%s\n' "$2" >> "$1.vz-new"
  mv -f "$1.vz-new" "$1"
}

in_field() { grep -q "^[^:]*:[^:]*:$2:" "$1"; }

# The highest number below 1000 that is no user's and no group's: where systems put accounts of services.
free_id() {
  id=999
  while in_field /etc/passwd "$id" || in_field /etc/group "$id"; do
    id=$((id - 1))
    if [ "$id" -lt 100 ]; then die "no number is free for the user $user"; fi
  done
  echo "$id"
}

# By hand, since neither useradd nor adduser is everywhere. `*` is no password at all; a `!` would lock the account, and an
# sshd without PAM lets no locked account in, whatever its key.
account() {
  home=$data/$user
  if grep -q "^$user:" /etc/passwd; then
    if [ -f /etc/shadow ] && grep -q "^$user:!" /etc/shadow; then
      if changing "unlocked $user"; then
        cp -p /etc/shadow /etc/shadow.vz-new
        sed -e "s/^$user:[^:]*:/$user:*:/" /etc/shadow > /etc/shadow.vz-new
        mv -f /etc/shadow.vz-new /etc/shadow
      fi
    fi
    return
  fi
  if changing "user $user"; then
    shell=/bin/false
    for one in /sbin/nologin /usr/sbin/nologin; do if [ -x "$one" ]; then shell=$one; fi; done
    number=$(free_id)
    if ! grep -q "^$user:" /etc/group; then append /etc/group "$user:x:$number:"; fi
    if [ -f /etc/shadow ] && ! grep -q "^$user:" /etc/shadow; then append /etc/shadow "$user:*:1::::::"; fi
    if [ -f /etc/gshadow ] && ! grep -q "^$user:" /etc/gshadow; then append /etc/gshadow "$user:*::"; fi
    # Last: whoever finds this line finds all of it.
    append /etc/passwd "$user:x:$number:$number:vz uploads:$home:$shell"
  fi
}

# content FILE MODE TEXT: the file holds just this text.
content() {
  if [ -f "$1" ] && [ "$(cat "$1")" = "$3" ]; then return; fi
  if changing "$1"; then
    printf '%s\n' "$3" > "$1.vz-new"
    chmod "$2" "$1.vz-new"
    mv -f "$1.vz-new" "$1"
  fi
}

# What an sshd of version $1 (9.2) takes to allow a key one command and nothing else: `restrict` came with 7.2.
restrictions() {
  major=${1%%.*}
  minor=${1#*.}
  case $major.$minor in
    .* | *[!0-9.]*) echo restrict ;;
    *)
      if [ "$major" -lt 7 ] || { [ "$major" -eq 7 ] && [ "$minor" -lt 2 ]; }; then
        echo no-port-forwarding,no-X11-forwarding,no-agent-forwarding,no-pty,no-user-rc
      else
        echo restrict
      fi
      ;;
  esac
}

# Where sshd looks for root's keys: the first name that it gives, below root's home unless absolute.
authorized_keys() {
  home=$(sed -n -e 's/^root:[^:]*:[^:]*:[^:]*:[^:]*:\([^:]*\):.*/\1/p' /etc/passwd | head -n 1)
  name=$("$sshd" -T -C user=root,host=localhost,addr=127.0.0.1 2>/dev/null |
    sed -n -e 's/^authorizedkeysfile  *\([^ ]*\).*/\1/p' | head -n 1)
  case $name in
    '' | none) name=.ssh/authorized_keys ;;
  esac
  name=$(printf '%s\n' "$name" | sed -e "s|%h|$home|g" -e 's|%u|root|g' -e 's|%%|%|g')
  case $name in
    /*) echo "$name" ;;
    *) echo "$home/$name" ;;
  esac
}

# The daily key in root's file, restricted to vzexec. A former daily key of this fleet goes, and so does this key wherever it
# stands with other rights.
root_key() {
  file=$(authorized_keys)
  options=$(restrictions "$("$sshd" -V 2>&1 | sed -n -e 's/.*OpenSSH_\([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)")
  # shellcheck disable=SC2086
  set -- $daily
  line="$options,command=\"${vz_path%/*}/vzexec\" $1 $2 vz-daily-$fleet"
  if [ -f "$file" ]; then
    if grep -qxF "$line" "$file" && [ "$(grep -cF "$2" "$file")" -eq 1 ] &&
      [ "$(grep -c " vz-daily-$fleet\$" "$file")" -eq 1 ]; then return; fi
  fi
  if changing "daily key"; then
    mkdir -p "${file%/*}"
    if [ -f "$file" ]; then cp -p "$file" "$file.vz-new"; else (umask 077 && : > "$file.vz-new"); fi
    {
      if [ -f "$file" ]; then grep -vF "$2" "$file" | grep -v " vz-daily-$fleet\$" || true; fi
      printf '%s\n' "$line"
    } > "$file.vz-new"
    sync
    mv -f "$file.vz-new" "$file"
  fi
}

# link NAME: beside vz, to vz.
link() {
  place=${vz_path%/*}/$1
  if [ "$(readlink "$place" 2>/dev/null || true)" = "${vz_path##*/}" ]; then return; fi
  if changing "link $place"; then
    rm -f "$place.vz-new"
    ln -s "${vz_path##*/}" "$place.vz-new"
    mv -f "$place.vz-new" "$place"
  fi
}

sshd=$(command -v sshd || echo /usr/sbin/sshd)
if [ ! -x "$sshd" ]; then die "no sshd is found here"; fi

link vzexec
link runch
account
uid=$(sed -n -e "s/^$user:[^:]*:\([0-9]*\):.*/\1/p" /etc/passwd)
directory "$data" 755 drwxr-xr-x 0
for name in objects images containers logs; do directory "$data/$name" 700 drwx------ 0; done
# sshd wants every directory on the way to be root's.
directory "$data/upload" 755 drwxr-xr-x 0
# Before the account there is no number to compare with: under --check it is root's.
directory "$data/upload/incoming" 700 drwx------ "${uid:-0}"
directory "$data/$user" 755 drwxr-xr-x 0
directory "$data/$user/.ssh" 755 drwxr-xr-x 0
content "$data/$user/.ssh/authorized_keys" 644 "$daily"
root_key
