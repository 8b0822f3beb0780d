# shellcheck shell=bash
# Reads architectures.tsv. Source it from the root of the tree.

# Names of all, in the table's order.
architectures() { awk -F '\t' '!/^#/ { print $1 }' scripts/build/architectures.tsv; }

# field NAME COLUMN: what the table says of an architecture; COLUMN is debian, triplet, musl, pkg, file or flags
field() {
  awk -F '\t' -v name="$1" -v column="$2" '
    BEGIN { at["debian"] = 2; at["triplet"] = 3; at["musl"] = 4; at["pkg"] = 5; at["file"] = 6; at["flags"] = 8 }
    $1 == name { print $at[column] }' scripts/build/architectures.tsv
}

# The architecture of this machine's own compiler; nothing where it is none of the table's.
own_architecture() {
  awk -F '\t' -v triplet="$(gcc -dumpmachine)" '$3 == triplet { print $1 }' scripts/build/architectures.tsv
}

# The Debian package with the compiler for an architecture, on a machine of Debian architecture $2.
compiler_package() {
  local triplet
  triplet=$(field "$1" triplet)
  if [ "$(field "$1" debian)" = "$2" ]; then echo gcc; else echo "gcc-${triplet//_/-}"; fi
}
