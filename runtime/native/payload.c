/*
 * The files that pkg appended to this executable. pkg finds the placeholders below in the base binary and writes decimal
 * numbers over them. The "prelude" behind the payload ends in five lines of JSON parted by "\n,\n", the first of which is
 * the file table: {"/snapshot/vz/NAME": {"1": [offset, size], ...}, ...}, offsets counted from the payload's start.
 * Files that no slave reads are packed (packed.h).
 */
#include <fcntl.h>
#include <sys/auxv.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "packed.h"
#include "vz.h"

#define ROOT "\"/snapshot/vz/"
#define SEPARATOR "\n,\n"

/* volatile: the compiler must not fold values that pkg changes later */
__attribute__((used)) static const volatile char bakery[] =
    "\0"
    "// BAKERY // BAKERY // BAKERY // BAKERY // BAKERY // BAKERY // BAKERY // BAKERY // BAKERY // BAKERY "
    "// BAKERY // BAKERY // BAKERY // BAKERY // BAKERY // BAKERY // BAKERY // BAKERY // BAKERY // BAKERY ";
__attribute__((used)) static const volatile char payload_position[] = "// PAYLOAD_POSITION //";
__attribute__((used)) static const volatile char payload_size[] = "// PAYLOAD_SIZE //";
__attribute__((used)) static const volatile char prelude_position[] = "// PRELUDE_POSITION //";
__attribute__((used)) static const volatile char prelude_size[] = "// PRELUDE_SIZE //";

static int self = -1;
static int64_t base;
static char *table;

/* The number pkg wrote, or -1 in a base that it has not touched. */
static int64_t patched(const volatile char *text)
{
    int64_t number = 0;
    if (*text < '0' || *text > '9') return -1;
    for (; *text >= '0' && *text <= '9'; text++) number = number * 10 + (*text - '0');
    return number;
}

static bool read_at(void *buffer, size_t length, int64_t position)
{
    size_t done = 0;
    while (done < length) {
        ssize_t n;
        RETRY(n, pread(self, (char *)buffer + done, length - done, position + done));
        if (n <= 0) return false;
        done += n;
    }
    return true;
}

/* The file table inside the prelude's tail: the line that the fourth separator from the end closes. */
static char *cut_table(char *tail, size_t length)
{
    int separators = 0;
    for (char *at = tail + length - 3; at >= tail; at--) {
        if (separators < 4 && memcmp(at, SEPARATOR, 3) == 0 && ++separators == 4) *at = 0;
        else if (separators == 4 && *at == '\n') return at + 1;
    }
    return NULL;
}

bool vz_payload_open(void)
{
    int64_t position = patched(prelude_position), size = patched(prelude_size);
    base = patched(payload_position);
    /* pkg wants to find this one too; without a use the linker would drop it */
    (void)bakery[0];
    if (base < 0 || position < 0 || size < 3 || patched(payload_size) < 0) return false;
    RETRY(self, open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    /* a chroot may hold no /proc; the kernel also tells by what name it was executed */
    if (self == -1) RETRY(self, open((const char *)getauxval(AT_EXECFN), O_RDONLY | O_CLOEXEC));
    if (self == -1) return false;
    static char usual[8192];
    for (int64_t want = sizeof usual;; want *= 4) {
        int64_t length = want < size ? want : size;
        char *tail = want == sizeof usual ? usual : malloc(length);
        if (!tail || !read_at(tail, length, position + size - length)) return false;
        table = cut_table(tail, length);
        if (table) return true;
        if (tail != usual) free(tail);
        if (length == size) return false;
    }
}

static bool by_deflate(uint8_t *whole, size_t size, uint8_t *packed, size_t length)
{
    z_stream z = {.next_in = packed, .avail_in = length, .next_out = whole, .avail_out = size};
    if (inflateInit2(&z, PACKED_WINDOW) != Z_OK) return false;
    bool good = inflate(&z, Z_FINISH) == Z_STREAM_END && z.avail_out == 0;
    inflateEnd(&z);
    return good;
}

static bool by_zstd(uint8_t *whole, size_t size, uint8_t *packed, size_t length)
{
    return ZSTD_decompress(whole, size, packed, length) == size;
}

static bool is_packed(const uint8_t *bytes, size_t length, const char *magic)
{
    return length > PACKED_HEADER && !memcmp(bytes, magic, PACKED_MAGIC);
}

/* What is packed in `bytes`, which is freed; or NULL. */
static uint8_t *unpacked(JSContext *ctx, uint8_t *bytes, size_t *length)
{
    uint32_t size;
    memcpy(&size, bytes + PACKED_MAGIC, 4);
    bool far = is_packed(bytes, *length, PACKED_ZSTD);
    uint8_t *whole = js_malloc(ctx, size ? size : 1);
    if (whole && !(far ? by_zstd : by_deflate)(whole, size, bytes + PACKED_HEADER, *length - PACKED_HEADER)) {
        js_free(ctx, whole);
        whole = NULL;
    }
    js_free(ctx, bytes);
    *length = size;
    return whole;
}

uint8_t *vz_payload_read(JSContext *ctx, const char *name, size_t *length)
{
    char key[256];
    int64_t offset, size;
    if (!table || strlen(name) + sizeof ROOT + 3 > sizeof key) return NULL;
    stpcpy(stpcpy(stpcpy(key, ROOT), name), "\":{");
    char *entry = strstr(table, key);
    entry = entry ? strstr(entry, "\"1\":[") : NULL;
    if (!entry) return NULL;
    offset = strtoll(entry + 5, &entry, 10);
    size = strtoll(entry + 1, NULL, 10);
    uint8_t *bytes = js_malloc(ctx, size ? size : 1);
    if (bytes && !read_at(bytes, size, base + offset)) {
        js_free(ctx, bytes);
        return NULL;
    }
    *length = size;
    bool packed = bytes && (is_packed(bytes, size, PACKED_DEFLATE) || is_packed(bytes, size, PACKED_ZSTD));
    return packed ? unpacked(ctx, bytes, length) : bytes;
}

int vz_payload_fd(void)
{
    return self;
}

void vz_payload_each(void (*fn)(const char *name, void *opaque), void *opaque)
{
    for (char *at = table; at && (at = strstr(at, ROOT)); at++) {
        char *name = at + strlen(ROOT), *end = strchr(name, '"');
        /* directories have no content */
        char *next = end ? strstr(end, ROOT) : NULL, *content = end ? strstr(end, "\"1\":[") : NULL;
        if (!content || (next && content > next)) continue;
        *end = 0;
        fn(name, opaque);
        *end = '"';
    }
}
