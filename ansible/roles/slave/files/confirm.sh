# The master has logged in again: the new sshd_config stays.
# Variables: data config
# shellcheck shell=sh disable=SC2154

if [ ! -e "$data/sshd-unconfirmed" ]; then die "the slave has put its old $config back before the master could log in"; fi
rm -f "$data/sshd-unconfirmed" "$config.vz-old"
