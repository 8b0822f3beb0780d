/* Errors and rejections that nobody caught end the process, with a readable line and status 70. */
#include <stdio.h>
#include <unistd.h>

#include "loop.h"

typedef struct {
    JSValue promise, reason;
} Rejection;

static LIST(Rejection) rejections;
static JSValue uncaught;

__attribute__((constructor)) static void start_empty(void)
{
    uncaught = JS_UNDEFINED;
}

static void print_error(JSContext *ctx, JSValueConst error)
{
    const char *text = JS_ToCString(ctx, error);
    dprintf(2, "vz: uncaught: %s\n", text ? text : "an error without text");
    JSValue stack = JS_IsObject(error) ? JS_GetPropertyStr(ctx, error, "stack") : JS_UNDEFINED;
    const char *trace = JS_IsString(stack) ? JS_ToCString(ctx, stack) : NULL;
    if (trace && getenv("VZ_DEBUG")) dprintf(2, "%s", trace);
}

static void fatal_value(JSContext *ctx, JSValue error, const char *kind)
{
    JSValue hook = uncaught;
    /* an error of the hook itself is printed here, not sent to the hook again */
    uncaught = JS_UNDEFINED;
    if (JS_IsFunction(ctx, hook)) {
        JSValue args[] = {error, JS_NewString(ctx, kind)};
        JSValue result = JS_Call(ctx, hook, JS_UNDEFINED, 2, (JSValueConst *)args);
        if (JS_IsException(result)) print_error(ctx, JS_GetException(ctx));
    } else {
        print_error(ctx, error);
    }
    _exit(70);
}

void vz_fatal(JSContext *ctx, const char *kind)
{
    fatal_value(ctx, JS_GetException(ctx), kind);
    _exit(70);
}

/* A rejection counts as unhandled only when the queues have run empty and nobody has taken it up. */
void vz_track_rejection(JSContext *ctx, JSValueConst promise, JSValueConst reason, JS_BOOL handled, void *opaque)
{
    if (!handled) {
        Rejection one = {JS_DupValue(ctx, promise), JS_DupValue(ctx, reason)};
        APPEND(rejections, one);
        return;
    }
    for (int i = 0; i < rejections.count; i++) {
        if (JS_VALUE_GET_PTR(rejections.items[i].promise) != JS_VALUE_GET_PTR(promise)) continue;
        JS_FreeValue(ctx, rejections.items[i].promise);
        JS_FreeValue(ctx, rejections.items[i].reason);
        REMOVE(rejections, i);
        return;
    }
}

void vz_check_rejections(JSContext *ctx)
{
    if (rejections.count > 0) fatal_value(ctx, rejections.items[0].reason, "rejection");
}

static JSValue on_uncaught(ARGS)
{
    JSValue before = uncaught;
    uncaught = JS_DupValue(ctx, argv[0]);
    return before;
}

const JSCFunctionListEntry vz_uncaught_functions[] = {JS_CFUNC_DEF("onUncaught", 1, on_uncaught)};
const int vz_uncaught_function_count = COUNT(vz_uncaught_functions);
