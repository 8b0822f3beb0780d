/* Arguments and results: names, bytes and numbers between JavaScript and C. */
#include <math.h>

#include "vz.h"

bool vz_bytes(JSContext *ctx, JSValueConst value, uint8_t **bytes, size_t *length)
{
    size_t offset, unit, whole;
    JSValue buffer = JS_GetTypedArrayBuffer(ctx, value, &offset, length, &unit);
    if (JS_IsException(buffer)) return false;
    uint8_t *start = JS_GetArrayBuffer(ctx, &whole, buffer);
    JS_FreeValue(ctx, buffer);
    if (!start) return false;
    *bytes = start + offset;
    return true;
}

char *vz_path(JSContext *ctx, JSValueConst value)
{
    size_t length;
    char *path;
    if (JS_IsString(value)) {
        path = (char *)vz_string_bytes(ctx, value, true, &length);
    } else {
        uint8_t *bytes;
        if (!vz_bytes(ctx, value, &bytes, &length)) return NULL;
        path = js_malloc(ctx, length + 1);
        if (path) {
            memcpy(path, bytes, length);
            path[length] = 0;
        }
    }
    if (path && memchr(path, 0, length)) {
        js_free(ctx, path);
        JS_ThrowTypeError(ctx, "a name must not hold a NUL byte");
        return NULL;
    }
    return path;
}

static int64_t array_length(JSContext *ctx, JSValueConst array)
{
    JSValue length = JS_GetPropertyStr(ctx, array, "length");
    int64_t count = -1;
    if (!JS_IsException(length) && JS_ToInt64(ctx, &count, length)) count = -1;
    JS_FreeValue(ctx, length);
    return count;
}

void vz_free_list(JSContext *ctx, char **list)
{
    if (!list) return;
    for (char **at = list; *at; at++) js_free(ctx, *at);
    js_free(ctx, list);
}

char **vz_path_list(JSContext *ctx, JSValueConst array)
{
    int64_t count = array_length(ctx, array);
    if (count < 0) return NULL;
    char **list = js_mallocz(ctx, (count + 1) * sizeof *list);
    for (int64_t i = 0; list && i < count; i++) {
        JSValue item = JS_GetPropertyUint32(ctx, array, i);
        list[i] = JS_IsException(item) ? NULL : vz_path(ctx, item);
        JS_FreeValue(ctx, item);
        if (!list[i]) {
            vz_free_list(ctx, list);
            return NULL;
        }
    }
    return list;
}

int vz_int_list(JSContext *ctx, JSValueConst array, int **items)
{
    *items = NULL;
    if (JS_IsUndefined(array) || JS_IsNull(array)) return 0;
    int64_t count = array_length(ctx, array);
    if (count < 0) return -1;
    *items = js_mallocz(ctx, (count + 1) * sizeof **items);
    if (!*items) return -1;
    for (int64_t i = 0; i < count; i++) {
        JSValue item = JS_GetPropertyUint32(ctx, array, i);
        bool ok = vz_int(ctx, item, *items + i);
        JS_FreeValue(ctx, item);
        if (!ok) {
            js_free(ctx, *items);
            *items = NULL;
            return -1;
        }
    }
    return count;
}

static void free_bytes(JSRuntime *rt, void *opaque, void *bytes)
{
    js_free_rt(rt, bytes);
}

JSValue vz_wrap_bytes(JSContext *ctx, uint8_t *bytes, size_t length, JSFreeArrayBufferDataFunc *release)
{
    JSValue buffer = JS_NewArrayBuffer(ctx, bytes, length, release, NULL, false);
    if (JS_IsException(buffer)) return buffer;
    /* the constructor reads all three arguments, whatever their number */
    JSValueConst args[] = {buffer, JS_UNDEFINED, JS_UNDEFINED};
    JSValue array = JS_NewTypedArray(ctx, 3, args, JS_TYPED_ARRAY_UINT8);
    JS_FreeValue(ctx, buffer);
    return array;
}

JSValue vz_adopt_bytes(JSContext *ctx, uint8_t *bytes, size_t length)
{
    return vz_wrap_bytes(ctx, bytes, length, free_bytes);
}

JSValue vz_new_bytes(JSContext *ctx, const void *bytes, size_t length)
{
    uint8_t *copy = js_malloc(ctx, length ? length : 1);
    if (!copy) return JS_EXCEPTION;
    if (length) memcpy(copy, bytes, length);
    return vz_adopt_bytes(ctx, copy, length);
}

bool vz_int64(JSContext *ctx, JSValueConst value, int64_t *result)
{
    double number;
    /* nearly all: without the floating point unit, whose state some emulators lose when a signal comes */
    if (JS_VALUE_GET_TAG(value) == JS_TAG_INT) {
        *result = JS_VALUE_GET_INT(value);
        return true;
    }
    if (JS_ToFloat64(ctx, &number, value)) return false;
    if (!(number >= -MAX_SAFE && number <= MAX_SAFE) || number != trunc(number)) {
        JS_ThrowRangeError(ctx, "not a whole number within 2^53");
        return false;
    }
    *result = (int64_t)number;
    return true;
}

bool vz_int(JSContext *ctx, JSValueConst value, int *result)
{
    int64_t wide;
    if (!vz_int64(ctx, value, &wide)) return false;
    /* ids and flags are unsigned in C, descriptors signed: both ranges are let through */
    if (wide < INT32_MIN || wide > UINT32_MAX) {
        JS_ThrowRangeError(ctx, "not a 32-bit number");
        return false;
    }
    *result = (int)(uint32_t)wide;
    return true;
}

JSValue vz_exact(JSContext *ctx, uint64_t value)
{
    return value <= (uint64_t)MAX_SAFE ? JS_NewFloat64(ctx, (double)value) : JS_NewBigUint64(ctx, value);
}
