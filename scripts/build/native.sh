#!/usr/bin/env bash
# Compiles musl, QuickJS, zlib, libmd, zstd and runtime/native to build/base-i686 (the static i686 program that pkg packs into),
# build/vzqjsc (bundle -> bytecode) and build/vzpack (packs what no slave reads). Only what changed is compiled again: each object has a stamp of its text, headers and
# flags. Sources are named relative to the tree, since assert() writes the name it was compiled under into the program.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/build/lib.sh
. scripts/build/lib.sh

obj=build/obj
musl=build/musl
cores=$(nproc)
compiler=$(gcc -m32 --version | head -n 1)
# -fcf-protection: no instructions newer than an i686; no unwind tables: nothing here unwinds, and they are 15 % of the size
target=(-m32 -march=i686 -fno-pie -fcf-protection=none -fno-stack-protector -fno-asynchronous-unwind-tables -fno-unwind-tables)
gcc_include=$(gcc -m32 -print-file-name=include)
libgcc=$(gcc -m32 -print-libgcc-file-name)
flags=("${target[@]}" -Os -std=gnu11 -D_GNU_SOURCE -ffunction-sections -fdata-sections
  -nostdinc -isystem "$musl/include" -isystem "$gcc_include")

build_musl() {
  local key
  key=$(hash "$compiler" "${target[@]}" "$(sha256_of_tree build/src/musl)" < <(declare -f build_musl))
  is_fresh "$musl.stamp" "$key" && return
  say 'compiling musl'
  rm -rf "$musl" "$musl.stamp" "$obj/musl"
  mkdir -p "$musl" "$obj/musl"
  (
    cd "$obj/musl"
    # target = build: no prefix before the names of ar and ranlib; make takes no blanks in names, so they are relative
    run_logged ../musl-configure.log env CC=gcc CFLAGS="${target[*]}" ../../src/musl/configure \
      --target=i386 --build=i386 --disable-shared --prefix=../../musl
    run_logged ../musl-make.log make -j "$cores" install-headers lib/libc.a lib/crt1.o lib/crti.o lib/crtn.o
    mkdir -p ../../musl/lib
    cp lib/libc.a lib/crt?.o ../../musl/lib/
    # Debian patches holes in these two (CVE-2026-40200, CVE-2025-26519). Nothing here calls them; now nothing can.
    ar d ../../musl/lib/libc.a qsort.o qsort_nr.o iconv.o iconv_close.o
  )
  rm -rf "$obj/musl"
  echo "$key" >"$musl.stamp"
}

# sha256_of_tree DIR: of an unpacked archive its pin, of a directory of the user's own all that is in it
sha256_of_tree() {
  if [ -f "$1.stamp" ]; then cat "$1.stamp"; else
    (cd "$1/" && find . -type f -print0 | sort -z | xargs -0 sha256sum) | hash
  fi
}

# object GROUP SOURCE: the name of its object
object() { echo "$obj/$1/$(basename "$2" .c).o"; }

# compile GROUP "HEADERS' HASH" FLAGS... -- FILE...: objects to build/obj/GROUP, as many at once as there are cores
compile() {
  local group=$1 headers=$2 own=() file object key jobs=() pid
  shift 2
  while [ "$1" != -- ]; do own+=("$1") && shift; done
  shift
  mkdir -p "$obj/$group"
  for file in "$@"; do
    object=$(object "$group" "$file")
    key=$(hash "$compiler" "$(<"$musl.stamp")" "$headers" "${flags[@]}" "${own[@]}" <"$file")
    ! is_fresh "$object.stamp" "$key" || continue
    [ ${#jobs[@]} -gt 0 ] || say "compiling $group"
    if [ ${#jobs[@]} -ge "$cores" ]; then
      wait "${jobs[0]}" || die "$group does not compile"
      jobs=("${jobs[@]:1}")
    fi
    { rm -f "$object.stamp" && gcc "${flags[@]}" "${own[@]}" -c "$file" -o "$object" && echo "$key" >"$object.stamp"; } &
    jobs+=($!)
  done
  for pid in "${jobs[@]}"; do wait "$pid" || die "$group does not compile"; done
}

# link PROGRAM OBJECT...
link() {
  local program=$1 key
  shift
  key=$(cat "$@" | hash "$compiler" "$(<"$musl.stamp")" "${target[@]}" "$libgcc" "$(declare -f link)")
  is_fresh "$program.stamp" "$key" && return
  rm -f "$program.stamp"
  # -m elf_i386: else gcc looks among the 64-bit libraries first; noseparate-code: half as many mappings to make at each start
  gcc "${target[@]}" -static -no-pie -nostdlib -s -Wl,-m,elf_i386 -Wl,--gc-sections -Wl,--build-id=none -Wl,-z,noexecstack -Wl,-z,noseparate-code \
    "$musl"/lib/crt1.o "$musl"/lib/crti.o "$@" "$musl"/lib/libc.a "$libgcc" "$musl"/lib/libc.a "$musl"/lib/crtn.o \
    -o "$program" || die "$program does not link"
  echo "$key" >"$program.stamp"
}

quickjs=build/src/quickjs zlib=build/src/zlib libmd=build/src/libmd zstd=build/src/libzstd/lib native=runtime/native
engine_rest=("$quickjs"/{libregexp,libunicode,cutils,dtoa}.c) engine=("$quickjs/quickjs.c" "${engine_rest[@]}")
deflate=("$zlib"/{adler32,crc32,deflate,inflate,inffast,inftrees,trees,zutil}.c)
# zstd: the decoder, and of the encoder what levels 1 to 7 need; what the time goes into by itself
zstd_hot=("$zstd"/common/xxhash.c "$zstd"/compress/{huf_compress,zstd_compress_sequences,zstd_lazy}.c
  "$zstd"/decompress/{huf_decompress,zstd_decompress_block}.c)
zstd_rest=("$zstd"/common/{entropy_common,error_private,fse_decompress,zstd_common}.c "$zstd"/decompress/{zstd_ddict,zstd_decompress}.c
  "$zstd"/compress/{fse_compress,hist,zstd_compress,zstd_compress_literals,zstd_compress_superblock,zstd_fast,zstd_ldm,zstd_preSplit}.c)
base=() engine_objects=() zlib_objects=() calls=()
mkdir -p "$obj"
build_musl
version=$(<"$quickjs/VERSION")
quickjs_key=$(sha256_of_tree "$quickjs")
# Where limbs have 32 bits, QuickJS asks for the leading zeros of 0 when it prints a BigInt between 2^31 and 2^32, or 2^63 and
# 2^64: gcc leaves the answer open, and the engine runs out of memory. So give the one it counts on.
clz='-D__builtin_clz(x)=((x)?__builtin_clz(x):32)'
# other people's warnings are not ours to mend
# The engine is what a start spends its time in. Speed where it costs little: without padding, without loops unrolled for
# vectors, and tuned for processors of today, for which gcc happens to write shorter code as well.
fast=(-O2 -mtune=generic -fno-align-functions -fno-align-jumps -fno-align-loops -fno-align-labels
  -fno-tree-vectorize -freorder-blocks-algorithm=simple)
engine_flags=(-w "$clz" "-DCONFIG_VERSION=\"$version\"")
compile quickjs "$quickjs_key" "${engine_flags[@]}" "${fast[@]}" -- "$quickjs/quickjs.c"
compile quickjs "$quickjs_key" "${engine_flags[@]}" -- "${engine_rest[@]}"
compile zlib "$(sha256_of_tree "$zlib")" -w "${fast[@]}" -- "${deflate[@]}"
# lib/README.md of zstd, "Minimal build"; where the strategies that are left out would be asked for, it takes a simpler one
zstd_flags=(-w -DNDEBUG -DDEBUGLEVEL=0 -DZSTD_LEGACY_SUPPORT=0 -DZSTD_NO_TRACE -DZSTD_DISABLE_ASM=1 -DDYNAMIC_BMI2=0
  -DHUF_FORCE_DECOMPRESS_X1 -DZSTD_FORCE_DECOMPRESS_SEQUENCES_SHORT -DZSTD_NO_INLINE -DZSTD_STRIP_ERROR_STRINGS
  -DZSTD_EXCLUDE_{DFAST,GREEDY,LAZY2,BTLAZY2,BTOPT,BTULTRA}_BLOCK_COMPRESSOR)
zstd_key=$(sha256_of_tree build/src/libzstd)
compile zstd "$zstd_key" "${zstd_flags[@]}" "${fast[@]}" -- "${zstd_hot[@]}"
compile zstd "$zstd_key" "${zstd_flags[@]}" -- "${zstd_rest[@]}"
# its configure would only find out what -std and musl already say
mkdir -p "$obj/empty" && : >"$obj/empty/config.h"
compile libmd "$(sha256_of_tree "$libmd")" -w "${fast[@]}" -I "$obj/empty" -I "$libmd/include" -I "$libmd/src" -- "$libmd/src/sha2.c"
native_key=$(cat "$native"/*.h | hash "$quickjs_key" "$(sha256_of_tree "$zlib")" "$(sha256_of_tree "$libmd")" "$zstd_key")
native_flags=(-Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -Wno-sign-compare -Wno-cast-function-type
  "-DENGINE_VERSION=\"$version\"" -isystem "$quickjs" -isystem "$zlib" -isystem "$libmd/include" -isystem "$zstd")
compile native "$native_key" "${native_flags[@]}" "${fast[@]}" -- "$native/heap.c"
for file in "$native"/*.c; do [ "$file" = "$native/heap.c" ] || calls+=("$file"); done
compile native "$native_key" "${native_flags[@]}" -- "${calls[@]}"
# every object of runtime/native, but those of the build tools' own main
for file in "$native"/*.c; do
  case $file in */compile.c | */pack.c) ;; *) base+=("$(object native "$file")") ;; esac
done
for file in "${engine[@]}"; do engine_objects+=("$(object quickjs "$file")"); done
for file in "${deflate[@]}"; do zlib_objects+=("$(object zlib "$file")"); done
base+=("${zlib_objects[@]}")
base+=("$(object libmd sha2.c)")
for file in "${zstd_hot[@]}" "${zstd_rest[@]}"; do base+=("$(object zstd "$file")"); done
link build/base-i686 "${base[@]}" "${engine_objects[@]}"
# the waiter alone: a few functions of musl, nothing of the engine
compile waiter "$(cat "$native"/*.h | hash "$quickjs_key")" -DVZ_WAIT_ALONE -Wall -Wextra -isystem "$quickjs" -- "$native/waiter.c"
link build/vz-wait "$(object waiter waiter.c)"
link build/vzqjsc "$(object native compile.c)" "${engine_objects[@]}"
link build/vzpack "$(object native pack.c)" "${zlib_objects[@]}"
