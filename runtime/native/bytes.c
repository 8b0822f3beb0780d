/* Hashing and compression: thin classes over libmd's SHA-256 and zlib. */
#include <sha2.h>
#include <zlib.h>

#include "vz.h"

static JSClassID sha256_class, deflate_class, inflate_class;

/* --- Sha256 --- */

static void sha256_free(JSRuntime *rt, JSValue value)
{
    js_free_rt(rt, JS_GetOpaque(value, sha256_class));
}

static JSValue sha256_new(JSContext *ctx, JSValueConst target, int argc, JSValueConst *argv)
{
    JSValue object = JS_NewObjectClass(ctx, sha256_class);
    SHA2_CTX *state = js_mallocz(ctx, sizeof *state);
    if (!state) return JS_EXCEPTION;
    SHA256Init(state);
    JS_SetOpaque(object, state);
    return object;
}

static JSValue sha256_update(ARGS)
{
    SHA2_CTX *state = JS_GetOpaque2(ctx, this_value, sha256_class);
    uint8_t *bytes;
    size_t length;
    if (!state || !vz_bytes(ctx, argv[0], &bytes, &length)) return JS_EXCEPTION;
    SHA256Update(state, bytes, length);
    return JS_UNDEFINED;
}

static JSValue sha256_digest(ARGS)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA2_CTX *state = JS_GetOpaque2(ctx, this_value, sha256_class);
    if (!state) return JS_EXCEPTION;
    SHA256Final(digest, state);
    return vz_new_bytes(ctx, digest, sizeof digest);
}

/* --- zlib --- */

typedef struct {
    z_stream z;
    /* inflate: the last member has ended, and nothing came after it yet; only gzip has more than one */
    bool ended, single;
} Stream;

static JSValue zlib_error(JSContext *ctx, int code, const char *text)
{
    const char *name = code == Z_DATA_ERROR ? "Z_DATA_ERROR" : code == Z_BUF_ERROR ? "Z_BUF_ERROR" : "Z_STREAM_ERROR";
    JSValue error = JS_NewError(ctx);
    JS_DefinePropertyValueStr(ctx, error, "message", JS_NewString(ctx, text ? text : name),
                              JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
    JS_DefinePropertyValueStr(ctx, error, "code", JS_NewString(ctx, name), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, error, "errno", JS_NewInt32(ctx, code), JS_PROP_C_W_E);
    return JS_Throw(ctx, error);
}

static void deflate_free(JSRuntime *rt, JSValue value)
{
    Stream *stream = JS_GetOpaque(value, deflate_class);
    if (stream) deflateEnd(&stream->z);
    js_free_rt(rt, stream);
}

static void inflate_free(JSRuntime *rt, JSValue value)
{
    Stream *stream = JS_GetOpaque(value, inflate_class);
    if (stream) inflateEnd(&stream->z);
    js_free_rt(rt, stream);
}

/* zlib's windowBits for a format; 0 for an unknown one. */
static int window_bits(JSContext *ctx, JSValueConst format)
{
    const char *text = JS_ToCString(ctx, format);
    if (!text) return 0;
    int bits = !strcmp(text, "gzip") ? 15 + 16
               : !strcmp(text, "zlib") ? 15
               : !strcmp(text, "raw")  ? -15
               : !strcmp(text, "auto") ? 15 + 32
                                       : 0;
    JS_FreeCString(ctx, text);
    if (!bits) JS_ThrowTypeError(ctx, "unknown compression format");
    return bits;
}

static JSValue stream_new(JSContext *ctx, JSValueConst target, int argc, JSValueConst *argv, int inflating)
{
    int bits = window_bits(ctx, argv[0]), level = -1;
    if (!bits || (!inflating && !vz_int(ctx, argv[1], &level))) return JS_EXCEPTION;
    Stream *stream = js_mallocz(ctx, sizeof *stream);
    if (!stream) return JS_EXCEPTION;
    stream->single = bits <= 15;
    int code = inflating ? inflateInit2(&stream->z, bits)
                         : deflateInit2(&stream->z, level, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY);
    if (code != Z_OK) {
        js_free(ctx, stream);
        return zlib_error(ctx, code, NULL);
    }
    JSValue object = JS_NewObjectClass(ctx, inflating ? inflate_class : deflate_class);
    JS_SetOpaque(object, stream);
    return object;
}

/* A growing output block. */
typedef struct {
    uint8_t *bytes;
    size_t used, room;
} Output;

static bool make_room(JSContext *ctx, Output *out, z_stream *z)
{
    if (out->room - out->used < 16384) {
        size_t room = out->room ? out->room * 2 : 32768;
        uint8_t *bytes = js_realloc(ctx, out->bytes, room);
        if (!bytes) return false;
        out->bytes = bytes;
        out->room = room;
    }
    z->next_out = out->bytes + out->used;
    z->avail_out = out->room - out->used;
    return true;
}

static JSValue take_output(JSContext *ctx, Output *out)
{
    JSValue bytes = vz_new_bytes(ctx, out->bytes, out->used);
    js_free(ctx, out->bytes);
    return bytes;
}

static JSValue deflate_push(ARGS)
{
    Stream *stream = JS_GetOpaque2(ctx, this_value, deflate_class);
    Output out = {0};
    size_t length;
    if (!stream || !vz_bytes(ctx, argv[0], &stream->z.next_in, &length)) return JS_EXCEPTION;
    stream->z.avail_in = length;
    int flush = JS_ToBool(ctx, argv[1]) ? Z_FINISH : Z_NO_FLUSH, code;
    do {
        if (!make_room(ctx, &out, &stream->z)) return JS_EXCEPTION;
        code = deflate(&stream->z, flush);
        out.used = out.room - stream->z.avail_out;
    } while (stream->z.avail_out == 0 || (flush == Z_FINISH && code == Z_OK));
    return take_output(ctx, &out);
}

static JSValue inflate_push(ARGS)
{
    Stream *stream = JS_GetOpaque2(ctx, this_value, inflate_class);
    Output out = {0};
    size_t length;
    if (!stream || !vz_bytes(ctx, argv[0], &stream->z.next_in, &length)) return JS_EXCEPTION;
    z_stream *z = &stream->z;
    z->avail_in = length;
    do {
        /* RFC 1952: a gzip file may hold many members, one behind the other */
        if (stream->ended && z->avail_in > 0) {
            /* and be padded with zeros */
            if (stream->single || z->next_in[0] == 0 || inflateReset(z) != Z_OK) break;
            stream->ended = false;
        }
        if (stream->ended) break;
        if (!make_room(ctx, &out, z)) return JS_EXCEPTION;
        int code = inflate(z, Z_NO_FLUSH);
        out.used = out.room - z->avail_out;
        if (code == Z_STREAM_END) {
            stream->ended = true;
        } else if (code != Z_OK && code != Z_BUF_ERROR) {
            js_free(ctx, out.bytes);
            return zlib_error(ctx, code == Z_NEED_DICT ? Z_DATA_ERROR : code, z->msg);
        }
    } while (z->avail_in > 0 || z->avail_out == 0);
    return take_output(ctx, &out);
}

static JSValue inflate_finish(ARGS)
{
    Stream *stream = JS_GetOpaque2(ctx, this_value, inflate_class);
    if (!stream) return JS_EXCEPTION;
    return stream->ended ? JS_UNDEFINED : zlib_error(ctx, Z_BUF_ERROR, "unexpected end of file");
}

/* --- registration --- */

static const JSCFunctionListEntry sha256_methods[] = {
    JS_CFUNC_DEF("update", 1, sha256_update),
    JS_CFUNC_DEF("digest", 0, sha256_digest),
};
static const JSCFunctionListEntry deflate_methods[] = {JS_CFUNC_DEF("push", 2, deflate_push)};
static const JSCFunctionListEntry inflate_methods[] = {
    JS_CFUNC_DEF("push", 1, inflate_push),
    JS_CFUNC_DEF("finish", 0, inflate_finish),
};

static JSValue new_sha256(ARGS, int magic)
{
    return sha256_new(ctx, this_value, argc, argv);
}

JSValue vz_new_class(JSContext *ctx, const Class *class)
{
    JS_NewClassID(class->id);
    if (JS_NewClass(JS_GetRuntime(ctx), *class->id, &class->definition)) return JS_EXCEPTION;
    JSValue prototype = JS_NewObject(ctx);
    JS_SetPropertyFunctionList(ctx, prototype, class->methods, class->method_count);
    JSValue constructor = JS_NewCFunctionMagic(ctx, class->constructor, class->definition.class_name, class->arity,
                                               JS_CFUNC_constructor_magic, class->magic);
    JS_SetConstructor(ctx, constructor, prototype);
    JS_SetClassProto(ctx, *class->id, prototype);
    return constructor;
}

JSValue vz_sha256(JSContext *ctx)
{
    static const Class class = {&sha256_class, {"Sha256", .finalizer = sha256_free}, new_sha256, 0, 0, sha256_methods,
                                COUNT(sha256_methods)};
    return vz_new_class(ctx, &class);
}

JSValue vz_deflate(JSContext *ctx)
{
    static const Class class = {&deflate_class, {"Deflate", .finalizer = deflate_free}, stream_new, 2, 0,
                                deflate_methods, COUNT(deflate_methods)};
    return vz_new_class(ctx, &class);
}

JSValue vz_inflate(JSContext *ctx)
{
    static const Class class = {&inflate_class, {"Inflate", .finalizer = inflate_free}, stream_new, 1, 1,
                                inflate_methods, COUNT(inflate_methods)};
    return vz_new_class(ctx, &class);
}
