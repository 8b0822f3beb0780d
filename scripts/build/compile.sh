# shellcheck shell=bash
# Compiles and links for one architecture after the other, on all cores. Only what changed is compiled again: each object has a stamp
# of its text, headers and flags. Source it after lib.sh and architectures.sh. Sources are named relative to the tree, since
# assert() writes the name that it was compiled under into the program.

cores=$(nproc)
jobs=()

# for_architecture NAME: what follows is for this one
for_architecture() {
  local extra
  architecture=$1
  triplet=$(field "$1" triplet)
  musl_target=$(field "$1" musl)
  obj=build/obj/$1
  musl=build/musl/$1
  read -ra extra <<<"$(field "$1" flags)"
  # no unwind tables: nothing here unwinds, and they are 15 % of the size; no ident: the compiler's release would stand in the program
  target=("${extra[@]}" -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables -fno-unwind-tables -fno-ident)
  compiler=$("$triplet-gcc" --version | sed -n 1p)
  libgcc=$("$triplet-gcc" -print-libgcc-file-name)
  flags=("${target[@]}" -Os -std=gnu11 -D_GNU_SOURCE -ffunction-sections -fdata-sections
    -nostdinc -isystem "$musl/include" -isystem "$("$triplet-gcc" -print-file-name=include)")
}

# sha256_of_tree DIR: of an unpacked archive its pin, of a directory of the user's own all that is in it
sha256_of_tree() {
  if [ -f "$1.stamp" ]; then cat "$1.stamp"; else
    (cd "$1/" && find . -type f -print0 | sort -z | xargs -0 sha256sum) | hash
  fi
}

build_musl() {
  local key members
  read -ra members <<<"$(grep -v '^#' scripts/build/musl-members | tr '\n' ' ')"
  key=$(hash "$compiler" "${target[@]}" "${members[@]}" "$(sha256_of_tree build/src/musl)" < <(declare -f build_musl))
  ! is_fresh "$musl.stamp" "$key" || return 0
  say "compiling musl for $architecture"
  rm -rf "$musl" "$musl.stamp" "$obj/musl"
  mkdir -p "$musl" "$obj/musl"
  (
    cd "$obj/musl" || exit
    # make takes no blanks in names, so they are relative
    run_logged ../musl-configure.log env CC="$triplet-gcc" CFLAGS="${target[*]}" AR="$triplet-ar" RANLIB="$triplet-ranlib" \
      ../../../src/musl/configure --target="$musl_target" --disable-shared --prefix="../../../musl/$architecture"
    printf 'AOBJS = $(filter %s,$(LIBC_OBJS))\n' "$(printf '%%/%s.o ' "${members[@]}")" >>config.mak
    run_logged ../musl-make.log make -j "$cores" install-headers lib/libc.a lib/crt1.o lib/crti.o lib/crtn.o
    mkdir -p "../../../musl/$architecture/lib"
    cp lib/libc.a lib/crt?.o "../../../musl/$architecture/lib/"
  )
  rm -rf "$obj/musl"
  echo "$key" >"$musl.stamp"
}

# object GROUP SOURCE: the name of its object
object() { echo "$obj/$1/$(basename "$2" .c).o"; }

# compile GROUP "HEADERS' HASH" FLAGS... -- FILE...: begins to make their objects, as many at once as there are cores
compile() {
  local group=$1 headers=$2 own=() file object key told=
  shift 2
  while [ "$1" != -- ]; do own+=("$1") && shift; done
  shift
  mkdir -p "$obj/$group"
  for file in "$@"; do
    object=$(object "$group" "$file")
    key=$(hash "$compiler" "$(<"$musl.stamp")" "$headers" "${flags[@]}" "${own[@]}" <"$file")
    ! is_fresh "$object.stamp" "$key" || continue
    [ -n "$told" ] || say "compiling $group for $architecture"
    told=yes
    while [ "$(jobs -rp | wc -l)" -ge "$cores" ]; do wait -n 2>/dev/null || break; done
    { rm -f "$object.stamp" && "$triplet-gcc" "${flags[@]}" "${own[@]}" -c "$file" -o "$object" && echo "$key" >"$object.stamp"; } &
    jobs+=($!)
  done
}

# Waits for all that compile() has begun.
compiled() {
  local pid
  for pid in "${jobs[@]}"; do wait "$pid" || die 'the sources do not compile'; done
  jobs=()
}

# link PROGRAM OBJECT...
link() {
  local program=$1 key
  shift
  key=$(cat "$@" | hash "$compiler" "$(<"$musl.stamp")" "${target[@]}" "$libgcc" "$(declare -f link)")
  ! is_fresh "$program.stamp" "$key" || return 0
  rm -f "$program.stamp"
  # noseparate-code: half as many mappings to make at each start; norelro: what it would protect is not there in a static program,
  # and its page of 64 KB on aarch64 would be filled up
  "$triplet-gcc" "${target[@]}" -static -no-pie -nostdlib -s -Wl,--gc-sections -Wl,--build-id=none -Wl,-z,noexecstack \
    -Wl,-z,noseparate-code -Wl,-z,norelro "$musl"/lib/crt1.o "$musl"/lib/crti.o "$@" "$musl"/lib/libc.a "$libgcc" "$musl"/lib/libc.a \
    "$musl"/lib/crtn.o -o "$program" || die "$program does not link"
  # what libgcc's objects say of their compiler
  "$triplet-strip" --remove-section=.comment "$program"
  echo "$key" >"$program.stamp"
}
