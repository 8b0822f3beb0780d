/*
 * vzpack FILE [far]: packs it where it lies (packed.h): by deflate, or by zstd, for a large file that repeats itself far apart. A build
 * tool; nothing of it is in the executable. Not Node's zlib: what that makes of the same bytes depends on its release and on the processor.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "packed.h"

/* Memory that unpacking may take: as a power of two more than all that is packed so. */
#define FAR_WINDOW 22
/* The highest level that the build of zstd has (scripts/build/native.sh). */
#define FAR_LEVEL 7

static int fail(const char *what, const char *name)
{
    fprintf(stderr, "vzpack: %s: %s\n", what, name);
    return 1;
}

/* Bytes that `text` has packed, 0 where it cannot be. */
static size_t by_deflate(uint8_t *packed, size_t room, uint8_t *text, size_t length)
{
    z_stream z = {.next_in = text, .avail_in = length, .next_out = packed, .avail_out = room};
    if (deflateInit2(&z, 9, Z_DEFLATED, PACKED_WINDOW, 9, Z_DEFAULT_STRATEGY) != Z_OK) return 0;
    return deflate(&z, Z_FINISH) == Z_STREAM_END ? z.total_out : 0;
}

static size_t by_zstd(uint8_t *packed, size_t room, uint8_t *text, size_t length)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    if (!context) return 0;
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, FAR_LEVEL);
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, FAR_WINDOW);
    ZSTD_CCtx_setParameter(context, ZSTD_c_enableLongDistanceMatching, 1);
    size_t size = ZSTD_compress2(context, packed, room, text, length);
    return ZSTD_isError(size) ? 0 : size;
}

int main(int argc, char **argv)
{
    int far = argc == 3 && !strcmp(argv[2], "far");
    if (argc != 2 && !far) return fail("usage", "vzpack FILE [far]");
    FILE *file = fopen(argv[1], "r+b");
    if (!file || fseek(file, 0, SEEK_END)) return fail("cannot read", argv[1]);
    uint32_t length = ftell(file);
    rewind(file);
    /* more than what deflate may add to it, too: zlib's blocks of what cannot be packed have 5 bytes a 16 KB */
    size_t room = ZSTD_compressBound(length) + 64;
    uint8_t *text = malloc(length + 1), *packed = malloc(PACKED_HEADER + room);
    if (!text || !packed || fread(text, 1, length, file) != length) return fail("cannot read", argv[1]);
    memcpy(packed, far ? PACKED_ZSTD : PACKED_DEFLATE, PACKED_MAGIC);
    memcpy(packed + PACKED_MAGIC, &length, 4);
    size_t size = (far ? by_zstd : by_deflate)(packed + PACKED_HEADER, room, text, length);
    if (size == 0) return fail("cannot pack", argv[1]);
    size += PACKED_HEADER;
    file = freopen(argv[1], "wb", file);
    if (!file || fwrite(packed, 1, size, file) != size || fclose(file)) return fail("cannot write", argv[1]);
    return 0;
}
