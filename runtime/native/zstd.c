/*
 * zstd (RFC 8878): thin classes over libzstd. What was pushed is kept, and its output given in pieces: four bytes of input may
 * stand for 128 KB.
 */
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
#include <zstd_errors.h>

#include "vz.h"

static JSClassID compress_class, decompress_class;

typedef struct {
    /* one of them */
    ZSTD_CCtx *packer;
    ZSTD_DCtx *unpacker;
    uint8_t *input;
    ZSTD_inBuffer in;
    /* unpacking: the last frame has ended, and nothing came after it yet; packing: no more input comes */
    bool ended;
    /* there may be output without more input */
    bool full;
} Zstd;

static uint8_t piece[64 * 1024];

/* Named as Node names them; the library's own texts are left out of the build. */
static const struct {
    int code;
    const char *name, *text;
} errors[] = {
    {ZSTD_error_prefix_unknown, "ZSTD_error_prefix_unknown", "Unknown frame descriptor"},
    {ZSTD_error_frameParameter_windowTooLarge, "ZSTD_error_frameParameter_windowTooLarge",
     "Frame requires too much memory for decoding"},
    {ZSTD_error_corruption_detected, "ZSTD_error_corruption_detected", "Data corruption detected"},
    {ZSTD_error_checksum_wrong, "ZSTD_error_checksum_wrong", "Restored data doesn't match checksum"},
    {ZSTD_error_dictionary_wrong, "ZSTD_error_dictionary_wrong", "Dictionary mismatch"},
    {ZSTD_error_memory_allocation, "ZSTD_error_memory_allocation", "Allocation error : not enough memory"},
};

static JSValue failure(JSContext *ctx, int number, const char *name, const char *text)
{
    JSValue error = JS_NewError(ctx);
    JS_DefinePropertyValueStr(ctx, error, "message", JS_NewString(ctx, text), JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
    JS_DefinePropertyValueStr(ctx, error, "code", JS_NewString(ctx, name), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, error, "errno", JS_NewInt32(ctx, number), JS_PROP_C_W_E);
    return JS_Throw(ctx, error);
}

static JSValue zstd_error(JSContext *ctx, size_t result)
{
    int code = ZSTD_getErrorCode(result);
    for (int i = 0; i < COUNT(errors); i++)
        if (errors[i].code == code) return failure(ctx, -code, errors[i].name, errors[i].text);
    return failure(ctx, -code, "ZSTD_error_GENERIC", "Error (generic)");
}

static void release(JSRuntime *rt, Zstd *zstd)
{
    if (!zstd) return;
    ZSTD_freeCCtx(zstd->packer);
    ZSTD_freeDCtx(zstd->unpacker);
    js_free_rt(rt, zstd->input);
    js_free_rt(rt, zstd);
}

static void compress_free(JSRuntime *rt, JSValue value)
{
    release(rt, JS_GetOpaque(value, compress_class));
}

static void decompress_free(JSRuntime *rt, JSValue value)
{
    release(rt, JS_GetOpaque(value, decompress_class));
}

static JSValue wrap(JSContext *ctx, Zstd *zstd, size_t result, JSClassID class)
{
    if (ZSTD_isError(result)) {
        release(JS_GetRuntime(ctx), zstd);
        return zstd_error(ctx, result);
    }
    JSValue object = JS_NewObjectClass(ctx, class);
    JS_SetOpaque(object, zstd);
    return object;
}

static JSValue compress_new(JSContext *ctx, JSValueConst target, int argc, JSValueConst *argv, int magic)
{
    int level, window;
    if (!vz_int(ctx, argv[0], &level) || !vz_int(ctx, argv[1], &window)) return JS_EXCEPTION;
    Zstd *zstd = js_mallocz(ctx, sizeof *zstd);
    if (!zstd) return JS_EXCEPTION;
    zstd->packer = ZSTD_createCCtx();
    if (!zstd->packer) return wrap(ctx, zstd, -ZSTD_error_memory_allocation, compress_class);
    size_t result = ZSTD_CCtx_setParameter(zstd->packer, ZSTD_c_compressionLevel, level);
    if (!ZSTD_isError(result)) result = ZSTD_CCtx_setParameter(zstd->packer, ZSTD_c_windowLog, window);
    if (!ZSTD_isError(result)) result = ZSTD_CCtx_setParameter(zstd->packer, ZSTD_c_checksumFlag, JS_ToBool(ctx, argv[2]));
    return wrap(ctx, zstd, result, compress_class);
}

static JSValue decompress_new(JSContext *ctx, JSValueConst target, int argc, JSValueConst *argv, int magic)
{
    int window;
    if (!vz_int(ctx, argv[0], &window)) return JS_EXCEPTION;
    Zstd *zstd = js_mallocz(ctx, sizeof *zstd);
    if (!zstd) return JS_EXCEPTION;
    zstd->unpacker = ZSTD_createDCtx();
    if (!zstd->unpacker) return wrap(ctx, zstd, -ZSTD_error_memory_allocation, decompress_class);
    return wrap(ctx, zstd, ZSTD_DCtx_setParameter(zstd->unpacker, ZSTD_d_windowLogMax, window), decompress_class);
}

/* All of what was pushed before has been pulled. */
static bool keep_input(JSContext *ctx, Zstd *zstd, JSValueConst value)
{
    uint8_t *bytes;
    size_t length;
    if (!vz_bytes(ctx, value, &bytes, &length)) return false;
    uint8_t *copy = js_realloc(ctx, zstd->input, length ? length : 1);
    if (!copy) return false;
    memcpy(copy, bytes, length);
    zstd->input = copy;
    zstd->in = (ZSTD_inBuffer){copy, length, 0};
    return true;
}

static JSValue compress_push(ARGS)
{
    Zstd *zstd = JS_GetOpaque2(ctx, this_value, compress_class);
    if (!zstd || !keep_input(ctx, zstd, argv[0])) return JS_EXCEPTION;
    zstd->ended = JS_ToBool(ctx, argv[1]);
    zstd->full = true;
    return JS_UNDEFINED;
}

static JSValue compress_pull(ARGS)
{
    Zstd *zstd = JS_GetOpaque2(ctx, this_value, compress_class);
    if (!zstd) return JS_EXCEPTION;
    ZSTD_outBuffer out = {piece, sizeof piece, 0};
    while (zstd->full && out.pos < out.size) {
        size_t left = ZSTD_compressStream2(zstd->packer, &out, &zstd->in, zstd->ended ? ZSTD_e_end : ZSTD_e_continue);
        if (ZSTD_isError(left)) return zstd_error(ctx, left);
        zstd->full = zstd->ended ? left != 0 : zstd->in.pos < zstd->in.size;
    }
    return out.pos ? vz_new_bytes(ctx, piece, out.pos) : JS_NULL;
}

static JSValue decompress_push(ARGS)
{
    Zstd *zstd = JS_GetOpaque2(ctx, this_value, decompress_class);
    return zstd && keep_input(ctx, zstd, argv[0]) ? JS_UNDEFINED : JS_EXCEPTION;
}

static JSValue decompress_pull(ARGS)
{
    Zstd *zstd = JS_GetOpaque2(ctx, this_value, decompress_class);
    if (!zstd) return JS_EXCEPTION;
    ZSTD_outBuffer out = {piece, sizeof piece, 0};
    /* at the end of a frame the library would take a call without input for the start of another one */
    while (out.pos < out.size && (zstd->full || zstd->in.pos < zstd->in.size)) {
        size_t left = ZSTD_decompressStream(zstd->unpacker, &out, &zstd->in);
        if (ZSTD_isError(left)) return zstd_error(ctx, left);
        zstd->ended = left == 0;
        zstd->full = left != 0 && out.pos == out.size;
    }
    return out.pos ? vz_new_bytes(ctx, piece, out.pos) : JS_NULL;
}

static JSValue decompress_finish(ARGS)
{
    Zstd *zstd = JS_GetOpaque2(ctx, this_value, decompress_class);
    if (!zstd) return JS_EXCEPTION;
    /* zlib's Z_BUF_ERROR, which Node has for this too */
    return zstd->ended ? JS_UNDEFINED : failure(ctx, -5, "Z_BUF_ERROR", "unexpected end of file");
}

static const JSCFunctionListEntry compress_methods[] = {
    JS_CFUNC_DEF("push", 2, compress_push),
    JS_CFUNC_DEF("pull", 0, compress_pull),
};
static const JSCFunctionListEntry decompress_methods[] = {
    JS_CFUNC_DEF("push", 1, decompress_push),
    JS_CFUNC_DEF("pull", 0, decompress_pull),
    JS_CFUNC_DEF("finish", 0, decompress_finish),
};

JSValue vz_zstd_compress(JSContext *ctx)
{
    static const Class class = {&compress_class, {"ZstdCompress", .finalizer = compress_free}, compress_new, 3, 0,
                                compress_methods, COUNT(compress_methods)};
    return vz_new_class(ctx, &class);
}

JSValue vz_zstd_decompress(JSContext *ctx)
{
    static const Class class = {&decompress_class, {"ZstdDecompress", .finalizer = decompress_free}, decompress_new, 1, 0,
                                decompress_methods, COUNT(decompress_methods)};
    return vz_new_class(ctx, &class);
}
