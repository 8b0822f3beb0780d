#!/usr/bin/env bash
# Compiles musl, QuickJS, zlib, libmd, zstd and runtime/native, for each architecture that is named, to build/base-ARCH and build/base-ARCH-slave
# (the static programs that pkg packs into), build/vz-wait-ARCH, and the tools of the build to build/tools/ARCH: vzqjsc (bundle -> bytecode,
# which is the same for all) and vzpack (packs what no slave reads). build/tools/own are this machine's.
#   native.sh ARCH...   this machine's own among them
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/build/lib.sh
. scripts/build/lib.sh
# shellcheck source=scripts/build/architectures.sh
. scripts/build/architectures.sh
# shellcheck source=scripts/build/compile.sh
. scripts/build/compile.sh

quickjs=build/src/quickjs zlib=build/src/zlib libmd=build/src/libmd zstd=build/src/libzstd/lib native=runtime/native
engine_rest=("$quickjs"/{libregexp,libunicode,cutils,dtoa}.c) engine=("$quickjs/quickjs.c" "${engine_rest[@]}")
deflate=("$zlib"/{adler32,crc32,deflate,inflate,inffast,inftrees,trees,zutil}.c)
# zstd: the decoder, and of the encoder what levels 1 to 7 need; what the time goes into by itself
zstd_hot=("$zstd"/common/xxhash.c "$zstd"/compress/{huf_compress,zstd_compress_sequences,zstd_lazy}.c
  "$zstd"/decompress/{huf_decompress,zstd_decompress_block}.c)
zstd_rest=("$zstd"/common/{entropy_common,error_private,fse_decompress,zstd_common}.c "$zstd"/decompress/{zstd_ddict,zstd_decompress}.c
  "$zstd"/compress/{fse_compress,hist,zstd_compress,zstd_compress_literals,zstd_compress_superblock,zstd_fast,zstd_ldm,zstd_preSplit}.c)

version=$(<"$quickjs/VERSION")
quickjs_key=$(sha256_of_tree "$quickjs")
zlib_key=$(sha256_of_tree "$zlib")
libmd_key=$(sha256_of_tree "$libmd")
zstd_key=$(sha256_of_tree build/src/libzstd)
native_key=$(cat "$native"/*.h | hash "$quickjs_key" "$zlib_key" "$libmd_key" "$zstd_key")
# QuickJS asks for the leading zeros of 0 when it prints a BigInt whose highest limb has its highest bit set: gcc leaves the answer
# open, and the engine runs out of memory or prints a 0 too many. So give the one it counts on, for limbs of either size.
clz=('-D__builtin_clz(x)=((x)?__builtin_clz(x):32)' '-D__builtin_clzll(x)=((x)?__builtin_clzll(x):64)')
# The engine is what a start spends its time in. Speed where it costs little: without padding, without loops unrolled for
# vectors, and tuned for processors of today, for which gcc happens to write shorter code as well.
fast=(-O2 -mtune=generic -fno-align-functions -fno-align-jumps -fno-align-loops -fno-align-labels
  -fno-tree-vectorize -freorder-blocks-algorithm=simple)
# other people's warnings are not ours to mend
engine_flags=(-w "${clz[@]}" "-DCONFIG_VERSION=\"$version\"")
# lib/README.md of zstd, "Minimal build"; where the strategies that are left out would be asked for, it takes a simpler one
zstd_flags=(-w -DNDEBUG -DDEBUGLEVEL=0 -DZSTD_LEGACY_SUPPORT=0 -DZSTD_NO_TRACE -DZSTD_DISABLE_ASM=1 -DDYNAMIC_BMI2=0
  -DHUF_FORCE_DECOMPRESS_X1 -DZSTD_FORCE_DECOMPRESS_SEQUENCES_SHORT -DZSTD_NO_INLINE -DZSTD_STRIP_ERROR_STRINGS
  -DZSTD_EXCLUDE_{DFAST,GREEDY,LAZY2,BTLAZY2,BTOPT,BTULTRA}_BLOCK_COMPRESSOR)
native_flags=(-Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -Wno-sign-compare -Wno-cast-function-type
  "-DENGINE_VERSION=\"$version\"" -isystem "$quickjs" -isystem "$zlib" -isystem "$libmd/include" -isystem "$zstd")

compile_base() {
  local file calls=()
  compile quickjs "$quickjs_key" "${engine_flags[@]}" "${fast[@]}" -- "$quickjs/quickjs.c"
  compile quickjs "$quickjs_key" "${engine_flags[@]}" -- "${engine_rest[@]}"
  compile zlib "$zlib_key" -w "${fast[@]}" -- "${deflate[@]}"
  compile zstd "$zstd_key" "${zstd_flags[@]}" "${fast[@]}" -- "${zstd_hot[@]}"
  compile zstd "$zstd_key" "${zstd_flags[@]}" -- "${zstd_rest[@]}"
  # its configure would only find out what -std and musl already say
  mkdir -p "$obj/empty" && : >"$obj/empty/config.h"
  compile libmd "$libmd_key" -w "${fast[@]}" -I "$obj/empty" -I "$libmd/include" -I "$libmd/src" -- "$libmd/src/sha2.c"
  compile native "$native_key" "${native_flags[@]}" "${fast[@]}" -- "$native/heap.c"
  for file in "$native"/*.c; do
    case $file in */heap.c | */main.c) ;; *) calls+=("$file") ;; esac
  done
  compile native "$native_key" "${native_flags[@]}" -- "${calls[@]}"
  compile operator "$native_key" "${native_flags[@]}" -DVZ_OPERATOR -- "$native/main.c"
  compile slave "$native_key" "${native_flags[@]}" -- "$native/main.c"
  # the waiter alone: a few functions of musl, nothing of the engine
  compile waiter "$native_key" -DVZ_WAIT_ALONE -Wall -Wextra -isystem "$quickjs" -- "$native/waiter.c"
}

# objects GROUP FILE...: names of their objects, a line each
objects() {
  local group=$1 file
  shift
  for file in "$@"; do object "$group" "$file"; done
}

link_base() {
  local base file
  mapfile -t base < <(
    for file in "$native"/*.c; do case $file in */main.c | */compile.c | */pack.c) ;; *) object native "$file" ;; esac; done
    objects zlib "${deflate[@]}"
    objects libmd sha2.c
    objects zstd "${zstd_hot[@]}" "${zstd_rest[@]}"
    objects quickjs "${engine[@]}"
  )
  link "build/base-$architecture" "$(object operator main.c)" "${base[@]}"
  link "build/base-$architecture-slave" "$(object slave main.c)" "${base[@]}"
  link "build/vz-wait-$architecture" "$(object waiter waiter.c)"
}

link_tools() {
  local engine_objects zlib_objects zstd_objects
  mapfile -t engine_objects < <(objects quickjs "${engine[@]}")
  mapfile -t zlib_objects < <(objects zlib "${deflate[@]}")
  mkdir -p "build/tools/$architecture"
  link "build/tools/$architecture/vzqjsc" "$(object native compile.c)" "${engine_objects[@]}"
  mapfile -t zstd_objects < <(objects zstd "${zstd_hot[@]}" "${zstd_rest[@]}")
  link "build/tools/$architecture/vzpack" "$(object native pack.c)" "${zlib_objects[@]}" "${zstd_objects[@]}"
}

results=()
for name in "$@"; do
  results+=("build/base-$name" "build/base-$name-slave" "build/vz-wait-$name" "build/tools/$name/vzqjsc" "build/tools/$name/vzpack")
done
# all inputs at once: asking for each object takes seconds
inputs=$(cat scripts/build/{native,compile,architectures,lib}.sh scripts/build/{architectures.tsv,musl-members} "$native"/*.[ch] |
  hash "$@" "$(gcc --version)" "$(for name in "$@"; do "$(field "$name" triplet)-gcc" --version; done)" \
    "$quickjs_key" "$zlib_key" "$libmd_key" "$zstd_key" "$(sha256_of_tree build/src/musl)")
if is_fresh build/native.stamp "$inputs"; then
  for file in "${results[@]}"; do [ -f "$file" ] || rm -f build/native.stamp; done
  [ ! -f build/native.stamp ] || exit 0
fi

mkdir -p build/obj build/musl build/tools
for name in "$@"; do for_architecture "$name" && build_musl; done
# the engine takes longest, and is begun for all before anything waits
for name in "$@"; do for_architecture "$name" && compile_base; done
compiled
for name in "$@"; do for_architecture "$name" && link_base && link_tools; done
ln -sfn "$(own_architecture)" build/tools/own
echo "$inputs" >build/native.stamp
