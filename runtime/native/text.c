/*
 * Text and names. A name is "surrogateescape" (PEP 383): each byte that is no part of well-formed UTF-8 is the lone
 * surrogate U+DC80 + (byte - 0x80), so that every name survives the way there and back.
 */
#include "vz.h"

/* Length of the well-formed UTF-8 sequence at p (Unicode 15, table 3-7), 0 if there is none. */
static int sequence(const uint8_t *p, size_t left)
{
    static const struct { uint8_t first, last, low, high, length; } forms[] = {
        {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (int i = 0; i < COUNT(forms); i++) {
        if (p[0] < forms[i].first || p[0] > forms[i].last) continue;
        if (forms[i].length == 1) return 1;
        if (left < forms[i].length || p[1] < forms[i].low || p[1] > forms[i].high) return 0;
        for (int k = 2; k < forms[i].length; k++)
            if ((p[k] & 0xc0) != 0x80) return 0;
        return forms[i].length;
    }
    return 0;
}

/*
 * How many bytes a decoder replaces by one U+FFFD (WHATWG: the longest prefix of a well-formed sequence, else one).
 */
static size_t malformed(const uint8_t *p, size_t left)
{
    uint8_t padded[4] = {0};
    for (size_t known = left < 3 ? left : 3; known > 1; known--) {
        memcpy(padded, p, known);
        for (int next = 0x80; next <= 0xbf; next += 0x10) {
            for (size_t k = known; k < 4; k++) padded[k] = k == known ? next : 0x80;
            if ((size_t)sequence(padded, 4) > known) return known;
        }
    }
    return 1;
}

static bool is_utf8(const uint8_t *p, size_t length)
{
    for (size_t i = 0; i < length;) {
        while (i < length && p[i] < 0x80) i++;
        if (i == length) break;
        int n = sequence(p + i, length - i);
        if (n == 0) return false;
        i += n;
    }
    return true;
}

/* Rewrites bytes to UTF-8 that QuickJS takes as it is: escape stands a bad byte as a surrogate, else U+FFFD. */
static JSValue decode(JSContext *ctx, const uint8_t *p, size_t length, bool escape)
{
    if (is_utf8(p, length)) return JS_NewStringLen(ctx, (const char *)p, length);
    uint8_t *out = js_malloc(ctx, length * 3 + 1);
    if (!out) return JS_EXCEPTION;
    size_t used = 0;
    for (size_t i = 0; i < length;) {
        int n = sequence(p + i, length - i);
        if (n > 0) {
            memcpy(out + used, p + i, n);
            used += n;
            i += n;
        } else if (escape) {
            out[used++] = 0xed;
            out[used++] = 0xb0 | (p[i] >> 6);
            out[used++] = 0x80 | (p[i] & 0x3f);
            i++;
        } else {
            memcpy(out + used, "\xef\xbf\xbd", 3);
            used += 3;
            i += malformed(p + i, length - i);
        }
    }
    JSValue value = JS_NewStringLen(ctx, (const char *)out, used);
    js_free(ctx, out);
    return value;
}

JSValue vz_name(JSContext *ctx, const char *bytes, size_t length)
{
    return decode(ctx, (const uint8_t *)bytes, length, true);
}

/*
 * Turns what JS_ToCStringLen gives (surrogates stand as three bytes) into bytes, in place: U+DC80..U+DCFF become a byte
 * when escape is set, every other lone surrogate U+FFFD, which has three bytes as well. Gives the new length.
 */
static size_t encode(uint8_t *p, size_t length, bool escape)
{
    size_t used = 0;
    for (size_t i = 0; i < length;) {
        if (i + 2 < length && p[i] == 0xed && p[i + 1] >= 0xa0) {
            bool byte = escape && (p[i + 1] == 0xb2 || p[i + 1] == 0xb3);
            if (byte) p[used++] = (uint8_t)((p[i + 1] & 3) << 6 | (p[i + 2] & 0x3f));
            else {
                memmove(p + used, "\xef\xbf\xbd", 3);
                used += 3;
            }
            i += 3;
        } else {
            p[used++] = p[i++];
        }
    }
    return used;
}

uint8_t *vz_string_bytes(JSContext *ctx, JSValueConst value, bool escape, size_t *length)
{
    const char *text = JS_ToCStringLen(ctx, length, value);
    if (!text) return NULL;
    uint8_t *copy = js_malloc(ctx, *length + 1);
    if (copy) {
        memcpy(copy, text, *length);
        *length = encode(copy, *length, escape);
        copy[*length] = 0;
    }
    JS_FreeCString(ctx, text);
    return copy;
}

/* Bounds of an optional (start, end) pair behind a byte argument. */
static bool range(JSContext *ctx, JSValueConst *argv, size_t length, size_t *start, size_t *end)
{
    int64_t from = 0, to = (int64_t)length;
    if (!JS_IsUndefined(argv[0]) && !vz_int64(ctx, argv[0], &from)) return false;
    if (!JS_IsUndefined(argv[1]) && !vz_int64(ctx, argv[1], &to)) return false;
    if (from < 0) from = 0;
    if (to > (int64_t)length) to = (int64_t)length;
    *start = (size_t)from;
    *end = to < from ? (size_t)from : (size_t)to;
    if (*start > length) *start = *end = length;
    return true;
}

enum { UTF8, NAME, LATIN1 };

/* From UTF-8, as the engine gives it, to the low bytes of UTF-16's units, in place. Gives the new length. */
static size_t low_bytes(uint8_t *p, size_t length)
{
    size_t used = 0;
    for (size_t i = 0; i < length;) {
        uint8_t c = p[i];
        if (c < 0x80) {
            p[used++] = p[i++];
        } else if (c < 0xe0) {
            p[used++] = c << 6 | (p[i + 1] & 0x3f);
            i += 2;
        } else if (c < 0xf0) {
            p[used++] = p[i + 1] << 6 | (p[i + 2] & 0x3f);
            i += 3;
        } else {
            uint32_t code = (c & 7) << 18 | (p[i + 1] & 0x3f) << 12 | (p[i + 2] & 0x3f) << 6 | (p[i + 3] & 0x3f);
            p[used++] = (code - 0x10000) >> 10;
            p[used++] = code;
            i += 4;
        }
    }
    return used;
}

static JSValue latin1_encode(ARGS)
{
    size_t length;
    const char *text = JS_ToCStringLen(ctx, &length, argv[0]);
    uint8_t *copy = text ? js_malloc(ctx, length + 1) : NULL;
    if (copy) memcpy(copy, text, length);
    JS_FreeCString(ctx, text);
    return copy ? vz_adopt_bytes(ctx, copy, low_bytes(copy, length)) : JS_EXCEPTION;
}

static JSValue text_encode(ARGS, int kind)
{
    if (!JS_IsString(argv[0])) return JS_ThrowTypeError(ctx, "not a string");
    size_t length;
    uint8_t *bytes = vz_string_bytes(ctx, argv[0], kind == NAME, &length);
    return bytes ? vz_adopt_bytes(ctx, bytes, length) : JS_EXCEPTION;
}

static JSValue latin1(JSContext *ctx, const uint8_t *p, size_t length)
{
    uint8_t *out = js_malloc(ctx, length * 2 + 1);
    if (!out) return JS_EXCEPTION;
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        if (p[i] >= 0x80) out[used++] = 0xc0 | p[i] >> 6;
        out[used++] = p[i] < 0x80 ? p[i] : 0x80 | (p[i] & 0x3f);
    }
    JSValue value = JS_NewStringLen(ctx, (const char *)out, used);
    js_free(ctx, out);
    return value;
}

static JSValue text_decode(ARGS, int kind)
{
    uint8_t *bytes;
    size_t length, start, end;
    if (!vz_bytes(ctx, argv[0], &bytes, &length)) return JS_EXCEPTION;
    if (!range(ctx, argv + 1, length, &start, &end)) return JS_EXCEPTION;
    if (kind == LATIN1) return latin1(ctx, bytes + start, end - start);
    return decode(ctx, bytes + start, end - start, kind == NAME);
}

const JSCFunctionListEntry vz_text_functions[] = {
    JS_CFUNC_MAGIC_DEF("utf8Encode", 1, text_encode, UTF8),
    JS_CFUNC_MAGIC_DEF("utf8Decode", 3, text_decode, UTF8),
    JS_CFUNC_MAGIC_DEF("fsEncode", 1, text_encode, NAME),
    JS_CFUNC_MAGIC_DEF("fsDecode", 3, text_decode, NAME),
    JS_CFUNC_DEF("latin1Encode", 1, latin1_encode),
    JS_CFUNC_MAGIC_DEF("latin1Decode", 3, text_decode, LATIN1),
};
const int vz_text_function_count = COUNT(vz_text_functions);
