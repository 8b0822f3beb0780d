/*
 * vzpack FILE: packs it where it lies (packed.h). A build tool; nothing of it is in the executable. Not Node's zlib: what
 * that makes of the same bytes depends on its release and on the processor.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "packed.h"

static int fail(const char *what, const char *name)
{
    fprintf(stderr, "vzpack: %s: %s\n", what, name);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc != 2) return fail("usage", "vzpack FILE");
    FILE *file = fopen(argv[1], "r+b");
    if (!file || fseek(file, 0, SEEK_END)) return fail("cannot read", argv[1]);
    uint32_t length = ftell(file);
    rewind(file);
    z_stream z = {0};
    if (deflateInit2(&z, 9, Z_DEFLATED, PACKED_WINDOW, 9, Z_DEFAULT_STRATEGY) != Z_OK) return fail("no memory", argv[1]);
    uint32_t room = deflateBound(&z, length);
    uint8_t *text = malloc(length + 1), *packed = malloc(PACKED_HEADER + room);
    if (!text || !packed || fread(text, 1, length, file) != length) return fail("cannot read", argv[1]);
    memcpy(packed, PACKED_MAGIC, PACKED_HEADER - 4);
    memcpy(packed + PACKED_HEADER - 4, &length, 4);
    z.next_in = text;
    z.avail_in = length;
    z.next_out = packed + PACKED_HEADER;
    z.avail_out = room;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END) return fail("cannot pack", argv[1]);
    size_t size = PACKED_HEADER + z.total_out;
    file = freopen(argv[1], "wb", file);
    if (!file || fwrite(packed, 1, size, file) != size || fclose(file)) return fail("cannot write", argv[1]);
    return 0;
}
